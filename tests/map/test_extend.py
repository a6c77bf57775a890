"""Nodes and names added to a trained mapper."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings

import numpy as np
import pytest

from graphemb import Addition, Additions, InputError, PhraseMapper, Synonym, load_additions
from graphemb.encode import CharGrams, WordTerms, stems
from graphemb.errors import CycleError, MissingInputError, NotFittedError, ParameterError
from graphemb.map._fitting import place_nodes

FIRST = """\
id\tlabel\tparent\tsynonyms
N:1\tParty things\tK:001\tFestive zubwear
N:2\tFondue fork\tK:011|N:1\tcheese dipping fork|long fork
K:003\t\t\tmilk heater
"""
SECOND = """\
id\tlabel\tparent\tsynonyms
N:3\tQuirl beater\tN:1\tOld-fashioned quirl
N:2\t\t\tfork for a caquelon|long fork
K:020\tChef's knife\tK:019\tgyuto|Cook's knife
"""
ASKED = ["fork for fondue", "caquelon fork", "milk heater", "old quirl", "zubwear", "gyuto"]


@pytest.fixture
def table(tmp_path):
    def written(text, name="new.tsv"):
        place = tmp_path / name
        place.write_text(text)
        return place

    return written


def nodes(mapper, phrases, **how):
    return [rows[0].node if rows else None for _, rows in mapper.map(phrases, **how)]


def test_new_nodes_and_names_are_mapped(mapper, table):
    more = mapper.extend(load_additions(table(FIRST)))
    assert nodes(more, ["Fondue fork", "cheese dipping forks", "milk heater", "party thing"]) == [
        "N:2", "N:2", "K:003", "N:1",
    ]  # fmt: skip
    assert more.map(["fondue fork"]).best(0).path == "Kitchen things > Cutlery > Fondue fork"
    # The old mapper is as it was, and so are its answers in the new one.
    assert "N:1" not in mapper.taxonomy_
    assert nodes(mapper, ["milk heater"]) != ["K:003"]
    old = ["Saucepan", "dinner knfe", "electric ketle", "asdf qwer zxcv", "brew pot"]
    assert nodes(more, old) == nodes(mapper, old)


def test_place_follows_from_the_grown_hierarchy(mapper, table):
    more = mapper.extend(load_additions(table(FIRST)))
    t, index = more.taxonomy_, more.index_
    assert t.children("N:1") == ("N:2",)
    assert (t.depth[t.row("N:1")], t.depth[t.row("N:2")]) == (1, 2)
    assert "N:2" in t.leaves
    assert "N:1" not in t.leaves
    assert index.information[t.row("N:1")] == pytest.approx(1 - np.log(2) / np.log(t.n_nodes))
    assert nodes(more, ["fork"], within=["N:1"], min_probability=0.0) == ["N:2"]
    found = more.map(["fork"], k=99, within=["N:1"], leaves_only=True, min_probability=0.0)
    assert {row.node for row in found[0]} == {"N:2"}
    # Vectors are those that a fit on the whole would give.
    assert np.array_equal(index.parts.node_vectors, place_nodes(t, 0).astype(np.float16))


def test_words_not_seen_in_training_are_known_then(mapper, table):
    more = mapper.extend(load_additions(table(FIRST + SECOND.partition("\n")[2])))
    old, new = mapper.index_.parts, more.index_.parts
    assert "zubwear" not in old.terms.vocabulary
    for word, column in old.terms.vocabulary.items():
        there = new.terms.vocabulary[word]
        assert new.terms.idf[there] == old.terms.idf[column]
        assert np.array_equal(new.word_vectors[there], old.word_vectors[column])
    assert new.terms.idf[new.terms.vocabulary["zubwear"]] == old.terms.idf.max()
    for one, other in zip(old.translation[:2], new.translation[:2], strict=True):
        assert [old.terms.terms[i] for i in one] == [new.terms.terms[i] for i in other]
    assert nodes(more, ["zubwear", "quirl", "gyuto"]) == ["N:1", "N:3", "K:020"]


def test_learned_parts_stay(mapper, table):
    more = mapper.extend(load_additions(table(FIRST)))
    assert more.reranker_ is mapper.reranker_
    assert more.rewriter_ is mapper.rewriter_
    for part in ("encoder", "node_map", "word_basis"):
        assert getattr(more.index_.parts, part) is getattr(mapper.index_.parts, part)
    assert more.get_params() == mapper.get_params()
    assert (
        more.facts_["quality_on_held_out_phrases"] == mapper.facts_["quality_on_held_out_phrases"]
    )


def test_a_name_that_is_there_changes_nothing(mapper, table):
    same = "id\tlabel\tparent\tsynonyms\nK:004\tFrying pan\tK:002\tSkillet|FRYING PAN\n"
    more = mapper.extend(load_additions(table(same)))
    assert more.facts_["extended"][-1]["names"] == 0
    assert more.taxonomy_.n_nodes == mapper.taxonomy_.n_nodes
    for one, other in zip(
        more.index_.tables.__dict__.items(), mapper.index_.tables.__dict__.items()
    ):
        assert one[0] == other[0]
        if isinstance(one[1], np.ndarray):
            assert np.allclose(one[1], other[1], atol=1e-6), one[0]


def files_of(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_twice_is_once_with_all_rows_and_saved_is_loaded(mapper, table, tmp_path):
    first, second = load_additions(table(FIRST)), load_additions(table(SECOND, "second.tsv"))
    whole = load_additions(table(FIRST + SECOND.partition("\n")[2], "whole.tsv"))
    twice, once = mapper.extend(first).extend(second), mapper.extend(whole)
    records = twice.facts_["extended"]
    assert [(r["nodes"], r["names"]) for r in records] == [(2, 6), (1, 4)]
    assert [r["sha256"] for r in records] == [first.sha256, second.sha256]
    assert once.facts_["extended"] == [{"nodes": 3, "names": 10, "sha256": whole.sha256}]
    twice.facts_ = once.facts_
    paths = [tmp_path / name for name in ("twice.model", "once.model", "again.model")]
    for path, each in zip(paths, (twice, once, mapper.extend(whole)), strict=True):
        each.save(path)
    assert files_of(paths[0]) == files_of(paths[1]) == files_of(paths[2])
    loaded = PhraseMapper.load(paths[1])
    assert list(loaded.map(ASKED, k=5)) == list(once.map(ASKED, k=5))
    # A loaded model grows as the one in memory does.
    grown = PhraseMapper.load(tmp_path / "twice.model").extend(first)
    assert grown.facts_["extended"][-1]["names"] == 0


def test_pairs_go_on_voting(kitchen, table):
    from graphemb import Pair

    pairs = [Pair(f"{label} thing", (node,)) for node, label in zip(kitchen.ids, kitchen.labels)]
    taught = PhraseMapper(fast=True, n_epochs=1).fit(kitchen, pairs)
    more = taught.extend(load_additions(table(FIRST)))
    for name in ("phrase_vectors", "phrase_nodes"):
        one, other = (getattr(m.index_.tables, name) for m in (taught, more))
        assert np.array_equal(one, other)
        assert len(one)
    asked = ["Wok thing", "long fork"]
    assert nodes(more, asked, min_probability=0.0) == ["K:006", "N:2"]


@pytest.mark.parametrize(
    "off", [{"graph": False}, {"encoder": False}, {"translation": False, "reranker": False}]
)
def test_with_parts_switched_off(kitchen, table, off, tmp_path):
    plain = PhraseMapper(fast=True, n_epochs=1, **off).fit(kitchen)
    more = plain.extend(load_additions(table(FIRST)))
    assert nodes(more, ["Fondue fork", "milk heater"]) == ["N:2", "K:003"]
    more.save(tmp_path / "m.model")
    assert list(PhraseMapper.load(tmp_path / "m.model").map(ASKED)) == list(more.map(ASKED))


PROBLEMS = {
    "N:1\tX\tK:0111\t": "new.tsv:2: has no node 'K:0111' to be a parent. Did you mean 'K:011'?",
    "N:1\tX\tCutlery\t": "It is the label of K:011: give the id.",
    "N:1\t \tK:011\t": "new.tsv:2: the new node 'N:1' needs a label.",
    "\tX\tK:011\t": "new.tsv:2: a node needs an id; it is empty",
    "K:003\tPan\t\t": "new.tsv:2: the id 'K:003' is taken by 'Saucepan'; got the label 'Pan'.",
    "K:003\t\tK:011\t": "'K:003' is there, not below 'K:011'",
    "N:1\tX\tN:1\t": "new.tsv:2: 'N:1' is its own parent.",
    "N:1\tX\tK:001\t\nN:1\tY\tK:001\t": "new.tsv:3: the id 'N:1' comes twice, as 'X' and as 'Y'.",
    "N:1\tX\tN:2\t\nN:2\tY\tN:1\t": "new.tsv:2: must be acyclic; found N:1 → N:2 → N:1.",
    "": "new.tsv:2: must hold at least one row",
}


@pytest.mark.parametrize("rows", PROBLEMS)
def test_what_does_not_fit_is_named(mapper, table, rows):
    with pytest.raises(InputError) as caught:
        mapper.extend(load_additions(table(f"id\tlabel\tparent\tsynonyms\n{rows}\n")))
    assert PROBLEMS[rows] in str(caught.value)
    assert isinstance(caught.value, CycleError) == ("acyclic" in PROBLEMS[rows])


def test_all_problems_are_named_at_once(kitchen, table):
    rows = "\n".join(f"N:{i}\tX{i}\tnope\t" for i in range(30))
    with pytest.raises(InputError, match="… and 10 more"):
        load_additions(table(f"id\tlabel\tparent\tsynonyms\n{rows}\n")).onto(kitchen)


def test_old_and_other_ids_are_told_apart(kitchen):
    from graphemb import Taxonomy

    t = Taxonomy(
        ["r", "a"], ["R", "A"], [("a", "r")], alternates={"b": "a"}, obsolete={"o": ("Old", "a")}
    )
    grown = Additions([Addition("n", "N", ("b",), alternates=("m",))]).onto(t)
    assert grown.parents("n") == ("a",)
    assert grown.current("m") == "n"
    wrong = {
        "'Old' is obsolete; use a.": Addition("n", "N", ("o",)),
        "'o' is obsolete ('Old')": Addition("o", "O", ("r",)),
        "'b' is an alternate id of a": Addition("b", "B", ("r",)),
        "the alternate id 'r' is taken": Addition("n", "N", ("r",), alternates=("r",)),
        "the alternate id 'b' is taken": Addition("n", "N", ("r",), alternates=("b",)),
    }
    for message, row in wrong.items():
        with pytest.raises(InputError) as caught:
            Additions([row]).onto(t)
        assert message in str(caught.value)
    with pytest.raises(InputError, match="comes twice"):
        Additions([Addition("n", "N"), Addition("n", "N")]).onto(t)
    assert Additions([Addition("a", synonyms=(Synonym("A"), Synonym("AA", "BROAD")))]).onto(
        t
    ).synonyms == {"a": (Synonym("AA", "BROAD"),)}


def test_tables_of_other_kinds(kitchen, table, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    wanted = load_additions(table(FIRST))
    comma = FIRST.replace("\t", ",").replace("label", "Name")
    assert load_additions(table(comma, "new.csv")).rows == wanted.rows
    book = openpyxl.Workbook()
    for line in FIRST.splitlines():
        book.active.append(line.split("\t"))
    book.save(tmp_path / "new.xlsx")
    found = load_additions(tmp_path / "new.xlsx")
    assert [dataclasses.replace(row, line=None) for row in found.rows] == [
        dataclasses.replace(row, line=None) for row in wanted.rows
    ]
    other = FIRST.replace("|", ";")
    assert load_additions(table(other, "o.tsv"), joiner=";").rows == wanted.rows
    few = load_additions(table("id,synonyms\nK:003,milk heater|small pot\n", "few.csv"))
    assert [s.text for s in few.onto(kitchen).synonyms["K:003"][-2:]] == [
        "milk heater",
        "small pot",
    ]
    path = "id\tpath\nN:9\tKitchen things > Cutlery > Ladle\n"
    assert load_additions(table(path, "p.tsv")).rows[-1].label
    for options in ({"loader": "obo"}, {"by_prefix": True}, {"jioner": ";"}):
        with pytest.raises(ParameterError):
            load_additions(table(FIRST), **options)
    with pytest.raises(MissingInputError):
        load_additions(tmp_path / "none.tsv")
    with pytest.raises(InputError, match="must be a file"):
        load_additions(tmp_path)
    with pytest.raises(InputError, match="only nodes in use are added"):
        load_additions(table("id\tlabel\tparent\tobsolete\nN:1\tX\tK:001\tyes\n", "old.tsv"))


def test_no_damage_ends_in_anything_but_an_input_error(kitchen, tmp_path):
    rng, place = np.random.default_rng(3), tmp_path / "new.tsv"
    grown = 0
    for _ in range(300):
        data = bytearray((FIRST + SECOND.partition("\n")[2]).encode())
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            data[at] = rng.choice([0, 9, 10, 34, 44, 58, 75, 124, 255, rng.integers(256)])
        place.write_bytes(bytes(data))
        with contextlib.suppress(InputError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            t = load_additions(place).onto(kitchen)
            assert t.ids[: kitchen.n_nodes] == kitchen.ids
            grown += t.n_nodes > kitchen.n_nodes
    assert grown > 20


def test_a_new_node_with_a_known_name_is_noted_and_shares_it(mapper, table):
    rows = load_additions(table("id\tlabel\tparent\nN:1\tFry-pan\tK:029\nN:2\tTin\tK:029\n"))
    with pytest.warns(UserWarning, match="1 × new node .*first: N:1, 'Fry-pan', as K:004"):
        more = mapper.extend(rows)
    first, second = more.map(["fry pan"])[0][:2]
    assert {first.node, second.node} == {"K:004", "N:1"}


def test_an_unfitted_mapper_says_so():
    with pytest.raises(NotFittedError):
        PhraseMapper().extend(Additions([]))


def test_widened_vocabularies_do_not_depend_on_the_steps():
    texts = ["kettle pot", "pot lid", "zubwear kettle", "gyuto"]
    grams = CharGrams.fit(texts[:2], min_df=1)
    one, other = grams.widened(texts[2:]), grams.widened(texts[2:3]).widened(texts[3:])
    assert np.array_equal(one.keys, other.keys)
    assert np.array_equal(one.idf, other.idf)
    terms = WordTerms.fit(stems(texts[:2]), bigrams=False, min_df=1)
    one = terms.widened(stems(texts[2:]))
    other = terms.widened(stems(texts[3:])).widened(stems(texts[2:3]))
    assert one.terms == other.terms == sorted(one.terms)
    assert np.array_equal(one.idf, other.idf)
