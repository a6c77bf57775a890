"""Nodes of which no text is known: answered by their place, beside the others."""

from __future__ import annotations

import numpy as np
import pytest

from graphemb import Addition, Additions, ParameterError, PhraseMapper, Synonym, Taxonomy
from graphemb.encode import normalise
from graphemb.map import _blind_fitting, _blind_judging, _blind_tuning
from graphemb.map._blind import nameless
from graphemb.map._blind_offset import COST
from graphemb.map._blind_tuning import hold_out
from graphemb.map._tuning import make_plan
from graphemb.map.index import relations
from graphemb.map.names import names_of


def robbed(taxonomy, gone, order=None):
    """Return the taxonomy without any text of the nodes `gone`, its rows in another order."""
    ids = list(taxonomy.ids) if order is None else [taxonomy.ids[i] for i in order]
    labels = ["" if node in gone else taxonomy[node] for node in ids]
    synonyms = {n: s for n, s in taxonomy.synonyms.items() if n not in gone}
    edges = [(c, p) for c in ids for p in taxonomy.parents(c)]
    return Taxonomy(ids, labels, edges, synonyms, name="robbed")


#: Saucepan; Bread knife and Paring knife (leaves under one parent: twins); Cutlery (inner).
GONE = ("K:003", "K:021", "K:022", "K:011")


@pytest.fixture(scope="module")
def small(kitchen):
    return robbed(kitchen, GONE)


@pytest.fixture(scope="module")
def blind_mapper(small):
    # General English moves what lies near what in so small a taxonomy.
    return PhraseMapper(fast=True, general="none").fit(small)


@pytest.mark.parametrize("general", ["none", "auto"])
def test_nonsense_means_no_place(small, general):
    mapper = PhraseMapper(fast=True, general=general).fit(small)
    for phrase in ("asdf qwer zxcv", "qwpo zxmn", "lorem ipsum dolor"):
        found = answers(mapper, phrase, min_probability=0.05)
        assert not found or found[0].node not in GONE


def test_which_nodes_have_no_name(small):
    t = Taxonomy(
        list("abcde"), ["A", "", "", "?!", "e"], [("b", "a"), ("c", "a")],
        {"c": [Synonym("see")], "d": [Synonym("--")]},
    )  # fmt: skip
    assert nameless(t, names_of(t)).tolist() == [False, True, False, True, False]
    assert set(np.array(small.ids)[nameless(small, names_of(small))]) == set(GONE)


def test_names_are_no_more_asked_of_nodes_without_any(small):
    every = relations(small)
    some = relations(small, nameless(small, names_of(small)))
    gone = {small.row(node) for node in GONE}
    for whole, part in zip(every, some, strict=True):
        want = [edge for edge in whole.T.tolist() if edge[0] not in gone]
        assert part.T.tolist() == want


@pytest.fixture
def lowered(monkeypatch):
    """Let the kitchen be large enough to learn from."""
    monkeypatch.setattr(_blind_tuning, "HELD", 0.3)
    monkeypatch.setattr(_blind_fitting, "FEWEST_GATE", 1)
    monkeypatch.setattr(_blind_judging, "FEWEST_TREES", 10)


def test_nothing_of_a_node_held_out_is_left(small, lowered):
    plan = make_plan(small, names_of(small), [], True, 0)
    found = hold_out(plan, small, 0)
    held = set(np.flatnonzero(found.held).tolist())
    assert held
    assert not (found.held & found.blind).any()
    left = {normalise(n.text) for n in found.plan.names if n.owner not in held}
    for name in found.plan.names:
        assert name.owner not in held or name.text == small.ids[name.owner]
    for query in found.asked:
        assert query.nodes <= held
        assert normalise(query.phrase) not in left
    assert not any(q.nodes & set(np.flatnonzero(found.blind)) for q in found.others)
    tuned = {(q.phrase, q.nodes) for q in found.plan.tuning}
    assert not any(q.nodes & held for q in found.plan.tuning)
    assert not tuned & {(q.phrase, q.nodes) for q in found.others}
    assert found.plan.final == plan.final
    again = hold_out(make_plan(small, names_of(small), [], True, 0), small, 0)
    assert np.array_equal(again.held, found.held)
    assert again.asked == found.asked


def answers(mapper, phrase, **how):
    return mapper.map([phrase], **{"k": 10, "min_probability": 0.0, **how})[0]


def test_a_node_without_names_is_answered_and_says_so(blind_mapper):
    assert "K:003" in {c.node for c in answers(blind_mapper, "saucepan", k=10)}
    first = answers(blind_mapper, "saucepan", ids=list(GONE))[0]
    assert (first.node, first.label, first.matched) == ("K:003", "", "")
    assert first.evidence.startswith("no name of it is known; its place speaks")
    assert first.path == "Kitchen things > Cookware > K:003"
    knives = answers(blind_mapper, "knife for loaves", leaves_only=True, ids=list(GONE))
    assert [c.node for c in knives[:2]] == ["K:021", "K:022"]
    # A phrase that is a name means the node that bears it.
    kettle = answers(blind_mapper, "kettle")[0]
    assert (kettle.label, kettle.evidence) == ("Kettle", "same as a label")
    facts = blind_mapper.facts_["nodes_without_names"]
    assert facts["nodes"] == len(GONE)


def test_one_list_of_probabilities(blind_mapper):
    for phrase in ("saucepan", "knife for loaves", "frying pan", "pot", "sharp thing"):
        rows = answers(blind_mapper, phrase, k=80)
        p = [c.probability for c in rows]
        assert p == sorted(p, reverse=True)
        assert sum(p) <= 1.001
        assert [c.rank for c in rows] == list(range(1, len(rows) + 1))
        assert len({c.node for c in rows}) == len(rows)
    assert answers(blind_mapper, "") == ()
    nonsense = answers(blind_mapper, "asdf qwer zxcv", min_probability=0.05)
    assert not {c.node for c in nonsense} & set(GONE)


def test_twins_tie_whatever_the_order_of_the_rows(kitchen):
    found = []
    for order in (range(58), range(57, -1, -1)):
        mapper = PhraseMapper(fast=True).fit(robbed(kitchen, GONE, order))
        rows = {c.node: c for c in answers(mapper, "knife for loaves", k=80)}
        twins = rows["K:021"], rows["K:022"]
        assert twins[0].probability == twins[1].probability > 0
        assert twins[0].score == twins[1].score
        for row in twins:
            assert row.evidence.endswith("tied with 1 other node at the same place")
        assert twins[0].rank + 1 == twins[1].rank
        assert "tied" not in rows["K:003"].evidence
        found.append([c.node for c in twins])
        # Where one of them may not be answered there is no tie.
        alone = {c.node: c for c in answers(mapper, "knife for loaves", ids=["K:021"])}
        assert list(alone) == ["K:021"]
        assert "tied" not in alone["K:021"].evidence
    assert found[0] == found[1]


def test_an_id_is_all_that_it_can_be_called_by(blind_mapper):
    first = answers(blind_mapper, "k:003")[0]
    assert (first.node, first.evidence) == ("K:003", "no name of it is known; same as its id")
    assert answers(blind_mapper, "k:003", not_within=["K:003"])[0].node != "K:003"


def test_restrictions_hold_for_both_kinds(blind_mapper, small):
    rows = answers(blind_mapper, "saucepan", within=["K:002"], k=50)
    below = {"K:002", *small.descendants("K:002")}
    assert "K:003" in {c.node for c in rows} <= below
    assert "K:003" not in {c.node for c in answers(blind_mapper, "saucepan", not_within=["K:002"])}
    only = answers(blind_mapper, "bread", ids=list(GONE))
    assert {c.node for c in only} == set(GONE)
    named = answers(blind_mapper, "saucepan", ids=["K:004", "K:005"])
    assert [c.node for c in named] == ["K:004", "K:005"] or len(named) == 2
    assert "K:011" not in {c.node for c in answers(blind_mapper, "fork", leaves_only=True, k=60)}


def test_one_by_one_equals_all_together(blind_mapper):
    phrases = ["saucepan", "knife for loaves", "", "kettle", "tea pot"] * 60
    together = blind_mapper.map(phrases, k=3, min_probability=0.0)
    for i in (0, 1, 2, 3, 299):
        alone = blind_mapper.map([phrases[i]], k=3, min_probability=0.0)[0]
        assert [c.node for c in alone] == [c.node for c in together[i]]
        got, want = ([c.probability for c in rows] for rows in (alone, together[i]))
        assert np.allclose(got, want, atol=2e-3)


def test_save_and_load_answer_alike_and_the_same_seed_gives_the_same_bytes(
    small, blind_mapper, tmp_path
):
    blind_mapper.save(tmp_path / "a")
    loaded = PhraseMapper.load(tmp_path / "a")
    phrases = ["saucepan", "knife for loaves", "kettle", "forks and spoons", "K:021"]
    assert loaded.map(phrases, k=20).candidates == blind_mapper.map(phrases, k=20).candidates
    PhraseMapper(fast=True, general="none").fit(small).save(tmp_path / "b")
    loaded.save(tmp_path / "c")
    files = [f.relative_to(tmp_path / "a") for f in (tmp_path / "a").rglob("*") if f.is_file()]
    assert files
    for other in "bc":
        for name in files:
            assert (tmp_path / other / name).read_bytes() == (tmp_path / "a" / name).read_bytes()


def test_learned_from_nodes_held_out(small, lowered, tmp_path):
    mapper = PhraseMapper(fast=True).fit(small)
    facts = mapper.facts_["nodes_without_names"]
    assert facts["judge"] == "learned here"
    assert facts["phrases_held_out"] >= 10
    assert 0 <= facts["accuracy@1_of_others"] <= 1
    assert facts["accuracy@1_of_others"] >= facts["accuracy@1_of_others_alone"] - COST - 1e-9
    assert len(answers(mapper, "saucepan", ids=list(GONE))) == len(GONE)
    mapper.save(tmp_path / "m")
    loaded = PhraseMapper.load(tmp_path / "m")
    phrases = ["saucepan", "knife"]
    assert loaded.map(phrases).candidates == mapper.map(phrases).candidates


def test_explained_in_the_same_order_with_the_same_numbers(blind_mapper):
    for phrase in ("sauce pan", "knife for loaves", "kettle"):
        rows = answers(blind_mapper, phrase, k=5)
        found = blind_mapper.explain(phrase, k=5)
        assert [c.node for c in found.candidates] == [c.node for c in rows]
        for said, row in zip(found.candidates, rows, strict=True):
            assert said.probability == pytest.approx(row.probability, abs=1e-4)
    alone = blind_mapper.explain("saucepan", ids=list(GONE))
    first = alone.candidates[0]
    assert (first.node, first.matched, first.kind) == ("K:003", "K:003", "id, for no name is known")
    assert first.neighbours["best sibling, meaning"] > 0.1
    assert first.retrievers["text around it"][1] == 1
    assert [reason.group for reason in alone.reasons] == ["names against place"]
    assert all(c.matched for c in blind_mapper.explain("kettle", k=9).candidates)


def test_nothing_changes_where_every_node_has_a_name(kitchen, monkeypatch):
    """No array more, no draw more: the fit never gets as far as places."""

    def never(*_):
        raise AssertionError("places were learned")

    monkeypatch.setattr("graphemb.map._fitting.learn_places", never)
    mapper = PhraseMapper(fast=True).fit(kitchen)
    assert mapper.index_.blind is None
    assert "nodes_without_names" not in mapper.facts_
    plan = make_plan(kitchen, names_of(kitchen), [], True, 0)
    assert hold_out(plan, kitchen, 0) is None


def test_parts_switched_off_answer_as_before(small):
    for off in ({"encoder": False}, {"graph": False}):
        mapper = PhraseMapper(fast=True, **off).fit(small)
        assert mapper.index_.blind is None
        assert mapper.map(["kettle"]).best(0).label == "Kettle"


def test_train_and_map_on_the_command_line(tmp_path):
    from click.testing import CliRunner

    from graphemb.cli import main

    def run(*args):
        done = CliRunner().invoke(main, [str(a) for a in args])
        assert done.exit_code == 0, done.output
        return done.output

    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "nodes.tsv").write_text(
        "id\tlabel\nT1\tGarden tool\nT2\tSpade\nT3\tGarden hoe\nT4\t\n"
    )
    (folder / "edges.tsv").write_text("child\tparent\nT2\tT1\nT3\tT1\nT4\tT1\n")
    run("train", folder, "-o", tmp_path / "m", "--fast")
    out = run("map", "--model", tmp_path / "m", "-p", "garden rake", "--k", 4, "--format", "tsv")
    assert "T4" in out
    assert "no name of it is known" in out


def test_extended_models_still_answer_places(blind_mapper, tmp_path):
    rows = [
        Addition("N:1", "Fondue fork", ("K:011",), ()),
        Addition("K:003", "", (), (Synonym("milk heater"),)),
    ]
    more = blind_mapper.extend(Additions(rows, "new nodes"))
    best = {c.node for c in answers(more, "knife for loaves", ids=["K:021", "K:022"])}
    assert best == {"K:021", "K:022"}
    assert answers(more, "fondue fork")[0].node == "N:1"
    # One name is enough to be found by it, and no longer by place.
    named = answers(more, "milk heater")[0]
    assert (named.node, named.matched) == ("K:003", "milk heater")
    more.save(tmp_path / "more")
    again = PhraseMapper.load(tmp_path / "more")
    asked = ["knife for loaves", "milk heater", "saucepan"]
    assert again.map(asked, k=20).candidates == more.map(asked, k=20).candidates


def test_a_node_without_label_can_be_given_one(blind_mapper):
    more = blind_mapper.extend(Additions([Addition("K:003", "Saucepan")], "new labels"))
    first = answers(more, "saucepan")[0]
    assert (first.node, first.label, first.evidence) == ("K:003", "Saucepan", "same as a label")
    assert first.probability > 0.9
    assert more.facts_["nodes_without_names"]["nodes"] == len(GONE) - 1
    assert not any("K:003" in answer.evidence for answer in answers(more, "K:003"))
    with pytest.raises(ParameterError, match="needs Additions"):
        blind_mapper.extend([])
    with pytest.raises(ParameterError, match="parents must be a sequence"):
        Addition("N:1", "A", "K:001")


def test_nonsense_does_not_pass_where_one_place_is_all(kitchen):
    mapper = PhraseMapper(fast=True, general="none").fit(robbed(kitchen, GONE[:1]))
    for phrase in ("xyzzy qqq", "asdf qwer zxcv"):
        found = answers(mapper, phrase, min_probability=0.05)
        assert not found or found[0].node != GONE[0]
