from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from graphemb import BundleError, InputError, Pair, ParameterError, PhraseMapper
from graphemb.errors import LeakError, NotFittedError, UnknownNodeError
from graphemb.map._tuning import make_plan
from graphemb.map.names import LABEL, names_of
from graphemb.map.rerank import FEATURES
from graphemb.map.rewrite import Rewriter


def best(mapper, phrase, **how):
    found = mapper.map([phrase], **how).best(0)
    return found.label if found else None


def test_names_typos_and_meaning(mapper):
    assert best(mapper, "Saucepan") == "Saucepan"
    assert best(mapper, "SKILLET!") == "Frying pan"
    assert best(mapper, "dinner knfe") == "Table knife"
    assert best(mapper, "electric ketle") == "Kettle"


def test_an_exact_name_is_nearly_certain_and_says_so(mapper):
    row = mapper.map(["cheese grater"]).best(0)
    assert row.label == "Box grater"
    assert row.probability > 0.9
    assert row.evidence == "same as a synonym"
    assert row.matched == "Cheese grater"
    assert row.path == "Kitchen things > Knives and cutters > Box grater"


def test_the_lexicon_is_read_and_named(mapper):
    row = mapper.map(["brew pot"]).best(0)
    assert row.label == "Kettle"
    assert row.evidence.startswith("read as “kettle”")


def test_nonsense_and_emptiness_have_no_candidates(mapper):
    answers = mapper.map(["asdf qwer zxcv", "", "???", "🙂"])
    assert [len(rows) for _, rows in answers] == [0, 0, 0, 0]
    everything = mapper.map(["asdf qwer"], min_probability=0.0)
    assert len(everything[0]) == 10


def test_ranks_probabilities_and_k(mapper):
    for _, rows in mapper.map(["pan", "knife for bread", "pot with lid"], k=7, min_probability=0):
        assert [row.rank for row in rows] == list(range(1, 8))
        p = [row.probability for row in rows]
        assert p == sorted(p, reverse=True)
        assert sum(p) <= 1.001
        assert min(p) >= 0


def test_within_answers_only_below(mapper, kitchen):
    rows = mapper.map(["knife"], k=50, within=["K:010"], min_probability=0)[0]
    below = {"K:010", *kitchen.descendants("K:010")}
    assert rows
    assert {row.node for row in rows} <= below
    with pytest.raises(UnknownNodeError, match="has no node 'nope'"):
        mapper.map(["knife"], within=["nope"])


def test_one_by_one_equals_all_together(mapper):
    phrases = ["fry pan", "egg beter", "thing for ice", "", "dinner fork", "x"] * 60
    together = mapper.map(phrases, k=3)
    for i in (0, 1, 2, 3, 4, 5, 200):
        alone = mapper.map([phrases[i]], k=3)
        assert [c.node for c in alone[0]] == [c.node for c in together[i]]
        assert np.allclose(
            [c.probability for c in alone[0]], [c.probability for c in together[i]], atol=2e-3
        )


def test_saved_and_loaded_answers_alike(mapper, model):
    phrases = ["sauce pot", "dinner knfe", "big spoon", "asdf", "lg spoon"]
    again = PhraseMapper.load(model)
    assert (
        again.map(phrases, min_probability=0).candidates
        == mapper.map(phrases, min_probability=0).candidates
    )
    assert again.facts_ == mapper.facts_
    assert again.get_params() == mapper.get_params()
    assert again.taxonomy_.sha256 == mapper.taxonomy_.sha256


def test_same_seed_same_bytes(kitchen, tmp_path):
    for name in ("a", "b"):
        PhraseMapper(fast=True, dim=32, random_state=3).fit(kitchen).save(tmp_path / name)
    files = sorted(
        p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()
    )
    assert len(files) > 3
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_mapping_imports_neither_torch_nor_sklearn_nor_scipy(model):
    code = (
        "import sys; from graphemb import PhraseMapper; "
        f"m = PhraseMapper.load({str(model)!r}); assert m.map(['fry pan']).best(0); "
        "heavy = ('torch', 'sklearn', 'scipy', 'gensim', 'networkx'); "
        "print([n for n in heavy if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pairs_teach_words_the_taxonomy_lacks(kitchen):
    leaves = [n for n in kitchen.ids if not kitchen.children(n)]
    pairs = [Pair(f"zorg {kitchen[n]}", (n,)) for n in leaves]
    pairs += [Pair(f"blik {kitchen[n]}", (n,), "dev") for n in leaves]
    m = PhraseMapper(fast=True, dim=32).fit(kitchen, pairs)
    row = m.map(["zorg Kettle"]).best(0)
    assert row.label == "Kettle"
    assert row.evidence == "same as a known phrase"
    assert m.facts_["training"]["pairs_taught"] > 20


def test_what_was_mapped_before_is_answered_alike(kitchen):
    leaves = [n for n in kitchen.ids if not kitchen.children(n)]
    odd = ("zorg", "blik", "fremp", "qua", "tonk", "wib", "lorg", "snee", "plim", "drat")
    pairs = [
        Pair(f"{word} {kitchen[n]}", (n,), "train" if i < 2 else "dev")
        for n in leaves
        for i, word in enumerate(odd)
    ]
    pairs.append(Pair("frying pan of aunt", ("K:058",)))
    m = PhraseMapper(dim=32, n_epochs=1).fit(kitchen, pairs)
    assert not m.reranker_.exact_wins
    row = m.map(["Frying pan of aunt"]).best(0)
    assert (row.node, row.evidence) == ("K:058", "same as a known phrase")
    assert row.probability > 0.9


def test_a_phrase_of_two_nodes_is_found_at_both(kitchen):
    m = PhraseMapper(dim=32, n_epochs=1).fit(kitchen, [Pair("rattle pot", ("K:048", "K:003"))])
    rows = m.map(["rattle pot"], k=2)[0]
    assert {row.node for row in rows} == {"K:003", "K:048"}
    assert [row.evidence for row in rows] == ["same as a known phrase"] * 2


@pytest.mark.parametrize("off", ["graph", "encoder", "translation", "reranker"])
def test_each_part_can_be_left_out(kitchen, off, tmp_path):
    m = PhraseMapper(fast=True, dim=32, **{off: False}).fit(kitchen)
    assert best(m, "table knife") == "Table knife"
    m.save(tmp_path / "m")
    again = PhraseMapper.load(tmp_path / "m")
    assert again.map(["dinner knfe"]).candidates == m.map(["dinner knfe"]).candidates


def test_no_evaluation_row_reaches_training(kitchen):
    with pytest.raises(LeakError, match="split 'test'"):
        PhraseMapper().fit(kitchen, [Pair("x", ("K:003",), "test")])
    names = names_of(kitchen)
    drawn = [Pair(n.text, (kitchen.ids[n.owner],), "dev" if i % 4 == 0 else "train")
             for i, n in enumerate(names) if n.kind != LABEL]  # fmt: skip
    plan = make_plan(kitchen, names, drawn, True, 0)
    asked = {q.phrase.casefold() for q in plan.tuning if q.weight == 1}
    assert asked
    assert not asked & {p.casefold() for p, _ in plan.taught}
    assert not asked & {n.text.casefold() for n in plan.names if n.kind != LABEL}
    assert {n.text for n in plan.final} >= {n.text for n in names}


def test_no_feature_counts_names():
    assert not [f for f in FEATURES if "count" in f or "n_names" in f]


def test_bad_use_names_itself(mapper, kitchen):
    for wrong, words in ((["a", None], "number 1"), ("abc", "sequence")):
        with pytest.raises(InputError, match=words):
            mapper.map(wrong)
    for how in ({"k": 0}, {"k": True}, {"min_probability": 2}):
        with pytest.raises(ParameterError, match=next(iter(how))):
            mapper.map(["a"], **how)
    with pytest.raises(NotFittedError, match="PhraseMapper: must be fitted"):
        PhraseMapper().map(["a"])
    with pytest.raises(InputError, match="must name nodes of the taxonomy"):
        PhraseMapper().fit(kitchen, [Pair("x", ("nowhere",))])


def test_long_and_odd_phrases(mapper):
    answers = mapper.map(["pan " * 30_000, "=cmd()", "pan\nlid", "\x00\x1b[31m", "ﬁsh ﬀ", "\ud800"])
    assert len(answers) == 6


def test_a_model_of_other_features_is_refused(model, monkeypatch):
    monkeypatch.setattr("graphemb.map._state.FEATURES", ("other",))
    with pytest.raises(BundleError, match="other features"):
        PhraseMapper.load(model)


def test_readings():
    r = Rewriter([
        ("heart attack", "myocardial infarction", "lay"), ("cold", "nasopharyngitis", "lay"),
        ("ms", "multiple sclerosis", "shorthand"), ("ms", "mitral stenosis", "shorthand"),
    ])  # fmt: skip
    assert r.readings("old heart attack") == ["old myocardial infarction"]
    assert r.readings("cold hands") == []
    assert r.readings("cold") == ["nasopharyngitis"]
    assert r.readings("ms relapse") == ["multiple sclerosis relapse", "mitral stenosis relapse"]
    with pytest.raises(InputError, match="kind of"):
        Rewriter([("a", "b", "slang")])
