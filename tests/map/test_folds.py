"""Training in folds: what each holds back, when it pays, and what the one list of places learns."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from graphemb import PhraseMapper, Taxonomy
from graphemb.map import _blind_fitting, _blind_judging, _blind_tuning, _fitting
from graphemb.map._answers import Answers
from graphemb.map._blind import TOLD
from graphemb.map._blind_judge import Judge, Named
from graphemb.map._blind_judging import _sizes, unlearned
from graphemb.map._blind_tuning import hold_out
from graphemb.map._tuning import FOLDS, MANY, make_plan, n_folds
from graphemb.map.names import LABEL, names_of
from graphemb.map.rerank import FEATURES
from graphemb.mappings import Pair
from tests.map.test_blind import GONE, robbed


@pytest.fixture(scope="module")
def learned(kitchen):
    """A mapper of the kitchen that takes it for large enough, nodes without names among them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(_fitting, "FEWEST", 1)
    patch.setattr(_blind_tuning, "HELD", 0.2)
    patch.setattr(_blind_judging, "FEWEST_GATE", 1)
    patch.setattr(_blind_fitting, "FEWEST_GATE", 1)
    patch.setattr(_blind_judging, "FEWEST_TREES", 3)
    mapper = PhraseMapper(n_epochs=1, dim=16, general="none").fit(robbed(kitchen, GONE))
    patch.undo()
    return mapper


def test_every_fold_holds_back_other_names(kitchen: Taxonomy) -> None:
    names = names_of(kitchen)
    plans = [make_plan(kitchen, names, [], True, 5, fold) for fold in range(FOLDS)]
    asked = [{q.phrase for q in plan.tuning if q.weight == 1} for plan in plans]
    assert all(len(some) == plans[0].held > 0 for some in asked)
    assert len(set.union(*asked)) == FOLDS * plans[0].held
    for plan, some in zip(plans, asked, strict=True):
        assert not some & {name.text for name in plan.names if name.kind != LABEL}
        assert [name.text for name in plan.final] == [name.text for name in names]
    # Slips and phrases without a meaning tune once.
    assert any(q.weight < 1 for q in plans[0].tuning)
    assert all(q.weight == 1 for plan in plans[1:] for q in plan.tuning)
    assert n_folds(plans[0]) == FOLDS
    assert n_folds(dataclasses.replace(plans[0], held=MANY)) == 2
    assert n_folds(dataclasses.replace(plans[0], held=0)) == 1


def test_every_fold_draws_other_nodes_to_play_blind(kitchen: Taxonomy, monkeypatch) -> None:
    monkeypatch.setattr(_blind_tuning, "HELD", 0.2)
    small = robbed(kitchen, GONE)
    plan = make_plan(small, names_of(small), [], True, 0)
    found = [hold_out(plan, small, 0, fold) for fold in range(FOLDS)]
    held = np.array([part.held for part in found if part])
    assert held.shape[0] == FOLDS
    assert held.any(axis=1).all()
    assert held.sum(axis=0).max() == 1


@pytest.mark.parametrize(
    ("change", "patch", "again"),
    [
        ({}, {}, True),
        ({}, {"FEWEST": 10_000}, False),
        ({}, {"MOST_REPEATED": 10}, False),
        ({"fast": True}, {}, False),
        ({"encoder": False}, {}, False),
    ],
)
def test_when_training_is_repeated(kitchen: Taxonomy, monkeypatch, change, patch, again) -> None:
    for name, value in ({"FEWEST": 1} | patch).items():
        monkeypatch.setattr(_fitting, name, value)
    plan = make_plan(kitchen, names_of(kitchen), [], True, 0)
    assert _fitting._repeats(PhraseMapper(**change), plan) is again
    taught = dataclasses.replace(plan, voters=[("pan", (0,))])
    wanted = not change  # With pairs neither the size nor the number of tuning phrases matters.
    assert _fitting._repeats(PhraseMapper(**change), taught) is wanted


def test_the_last_training_hears_all_names_and_no_other_does(kitchen, monkeypatch) -> None:
    heard = []
    teach = _fitting.taught_texts

    def noted(table, *rest):
        found = teach(table, *rest)
        heard.append(set(found.texts))
        return found

    monkeypatch.setattr(_fitting, "taught_texts", noted)
    monkeypatch.setattr(_fitting, "FEWEST", 1)
    PhraseMapper(n_epochs=1, dim=16, general="none").fit(kitchen)
    names = names_of(kitchen)
    assert len(heard) == FOLDS + 1
    assert heard[-1] == {name.text for name in names}
    for fold, texts in enumerate(heard[:-1]):
        plan = make_plan(kitchen, names, [], True, 0, fold)
        assert not texts & {q.phrase for q in plan.tuning if q.weight == 1}


def test_no_pair_is_lost_though_its_phrase_stands_in_several_rows(kitchen: Taxonomy) -> None:
    ids = kitchen.ids
    pairs = [Pair(f"phrase {i // 2}", (ids[i % len(ids)],), "train") for i in range(200)]
    for fold in range(FOLDS):
        plan = make_plan(kitchen, names_of(kitchen), pairs, True, 0, fold)
        there = {(name.text, ids[name.owner]) for name in plan.final}
        assert all((pair.phrase, pair.nodes[0]) in there for pair in pairs)


def test_pairs_of_nodes_without_names_that_are_no_names(kitchen: Taxonomy) -> None:
    small = robbed(kitchen, GONE)
    pairs = [Pair(f"old thing {i}", (node,), "train") for i, node in enumerate(small.ids)]
    mapper = PhraseMapper(fast=True, dim=16, general="none", index_pairs=False).fit(small, pairs)
    assert mapper.map(["kettle"], min_probability=0.0).best(0) is not None


def test_ranking_without_pairs_is_learned_for_the_list(learned: PhraseMapper) -> None:
    ranker = learned.reranker_.ranker
    assert ranker.network is not None
    assert ranker.level is not None
    facts = learned.facts_["quality_on_held_out_phrases"]
    plan = make_plan(learned.taxonomy_, names_of(learned.taxonomy_), [], True, 0)
    one = [q for q in plan.tuning if q.weight == 1]
    assert facts["n"] > len(one) / 2  # more than one fold: what plays blind is not asked
    assert learned.facts_["nodes_without_names"]["judge"] == "learned here"
    assert learned.map(["sauce pan"]).best(0) is not None


def test_one_list_is_judged_by_two_forests(learned: PhraseMapper, tmp_path) -> None:
    blind = learned.index_.blind
    assert blind is not None and blind.judge is not None and blind.judge.outcomes is not None
    learned.save(tmp_path / "m")
    loaded = PhraseMapper.load(tmp_path / "m")
    phrases = ["saucepan", "knife for loaves", "kettle", "zzyzx"]
    assert (
        loaded.map(phrases, k=80, min_probability=0.0).candidates
        == learned.map(phrases, k=80, min_probability=0.0).candidates
    )
    for row in learned.map(phrases, k=80, min_probability=0.0).candidates:
        p = [c.probability for c in row]
        assert p == sorted(p, reverse=True)
        assert sum(p) <= 1.001


def test_the_offset_moves_chance_between_the_firsts_and_keeps_their_sum(
    learned: PhraseMapper,
) -> None:
    judge = learned.index_.blind.judge
    width = max(trees.n_features for trees in judge.outcomes)
    x = np.random.default_rng(0).normal(size=(50, width)).astype(np.float32)
    sums, parts = [], []
    for offset in (-3.0, 0.0, 3.0):
        place, name = dataclasses.replace(judge, offset=offset)._firsts(x)
        assert (place >= 0).all() and (name >= 0).all()
        sums.append(place + name)
        parts.append(place)
        if offset == 0.0:
            raw = [1 / (1 + np.exp(-trees.predict(x))) for trees in judge.outcomes]
            fits = raw[0] + raw[1] <= 1
            assert np.allclose(place[fits], raw[0][fits], atol=1e-6)
    assert np.allclose(sums[0], sums[1]) and np.allclose(sums[1], sums[2])
    assert (sums[0] <= 1 + 1e-9).all()
    assert (parts[0] < parts[1]).all() and (parts[1] < parts[2]).all()


def test_damaged_judges_are_refused(learned: PhraseMapper) -> None:
    arrays = learned.index_.blind.judge.to_arrays()
    assert Judge.from_arrays(arrays).outcomes is not None
    wrong = arrays | {"place_right.features": arrays["place_right.features"] + np.int16(500)}
    with pytest.raises(ValueError, match="features"):
        Judge.from_arrays(wrong)
    half = {name: a for name, a in arrays.items() if not name.startswith("name_right")}
    with pytest.raises(ValueError, match="two forests"):
        Judge.from_arrays(half)
    older = {name: a for name, a in arrays.items() if name != "version"}
    with pytest.raises(ValueError, match="weighed places otherwise"):
        Judge.from_arrays(older)
    for name, value, words in (
        ("gate.beta", arrays["gate.beta"][:3], "inputs"),
        ("calibrator.mean", arrays["calibrator.mean"][:3], "inputs"),
        ("offset", np.array([np.nan]), "finite"),
    ):
        with pytest.raises(ValueError, match=words):
            Judge.from_arrays(arrays | {name: value})
    bare = {name: a for name, a in arrays.items() if not name.startswith("ranker.")}
    with pytest.raises(ValueError, match="need a ranker"):
        Judge.from_arrays(bare)


def test_probabilities_of_a_restricted_list_stay_probabilities(learned: PhraseMapper) -> None:
    """The first of all names may be far less sure than the first of those allowed."""
    ids = learned.taxonomy_.ids
    phrases = ["pan", "tool", "sharp thing", "knife for loaves", "saucepan", "bread knife"]
    for allowed in (ids[:4], ids[1::7], [*GONE], [*GONE[1:3]], [GONE[0], ids[5]], ids):
        for row in learned.map(phrases, k=80, min_probability=0.0, ids=list(allowed)).candidates:
            p = [c.probability for c in row]
            assert all(0.0 <= value <= 1.0 for value in p)
            assert p == sorted(p, reverse=True)
            assert sum(p) <= 1.002


@pytest.mark.parametrize("mapper", ["learned", "by_hand"])
def test_twins_have_the_same_probability(kitchen, learned: PhraseMapper, mapper) -> None:
    if mapper == "by_hand":
        learned = PhraseMapper(fast=True, dim=16, general="none").fit(robbed(kitchen, GONE))
    twins = ["K:021", "K:022"]
    for phrase in ("bread knife", "knife for loaves", "saucepan", "paring"):
        for ids in (None, twins, [*GONE]):
            found = learned.map([phrase], k=80, min_probability=0.0, ids=ids)[0]
            one, other = ([c.probability for c in found if c.node == t] for t in twins)
            assert one == other
            assert one[0] <= 0.5


def test_pairs_may_name_nodes_that_play_blind(kitchen, monkeypatch) -> None:
    """Every node has pairs, so those held out have some too; folds may hold back few or none."""
    monkeypatch.setattr(_fitting, "FEWEST", 1)
    monkeypatch.setattr(_blind_tuning, "HELD", 0.3)
    monkeypatch.setattr(_blind_fitting, "FEWEST_GATE", 1)
    small = robbed(kitchen, GONE)
    for words in (("old", "big", "for the home"), ("old",)):
        pairs = [Pair(f"{label} {word}", (node,), "train") for word in words
                 for node, label in zip(small.ids, small.labels, strict=True) if label]  # fmt: skip
        mapper = PhraseMapper(n_epochs=1, dim=16, general="none").fit(small, pairs)
        assert mapper.map(["old kettle"]).best(0) is not None
    few = [Pair("old kettle", (small.ids[5],), "train"), Pair("big pot", (small.ids[6],), "train")]
    assert PhraseMapper(n_epochs=1, dim=16, general="none").fit(small, few).map(["x"]) is not None


def test_the_size_of_a_place_does_not_tell_which_is_right(learned: PhraseMapper) -> None:
    nodes = learned.index_.blind
    sizes = nodes.places.size
    # All stay blind: as many as there are. None does: each place would have the one held out.
    assert np.array_equal(_sizes(nodes, nodes.blind), sizes)
    assert (_sizes(nodes, np.zeros_like(nodes.blind)) == 1).all()
    one = np.zeros_like(nodes.blind)
    one[nodes.members[int(sizes.argmax())][0]] = True
    assert _sizes(nodes, one)[int(sizes.argmax())] == 2


def test_what_names_say_counts_though_they_may_not_be_answered(learned: PhraseMapper) -> None:
    """Restricted to nodes without names, places are ordered as in the one list."""
    for phrase in ("sauce pan", "knife for loaves"):
        free = learned.map([phrase], k=80, min_probability=0.0)[0]
        alone = learned.map([phrase], k=80, min_probability=0.0, ids=list(GONE))[0]
        assert [c.node for c in alone] == [c.node for c in free if c.node in GONE]


def test_features_of_the_first_name(learned: PhraseMapper) -> None:
    answers = Answers(learned.index_, learned.reranker_, learned.rewriter_, True)
    found = answers.named(["kettle", "", "sauce pan"], TOLD, learned.index_.blind.known)
    assert isinstance(found, Named)
    assert found.features.shape == (3, len(FEATURES))
    assert found.features[0, FEATURES.index("exact")] == 1
    assert not found.features[1].any() and not found.candidates[1]
    assert found.candidates[2]


def test_the_judge_by_hand_grows_nothing() -> None:
    judge = unlearned()
    assert judge.ranker is None and judge.outcomes is None
    again = Judge.from_arrays(judge.to_arrays())
    assert again.outcomes is None and np.array_equal(again.gate.beta, judge.gate.beta)
