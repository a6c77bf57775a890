"""Companion vocabularies: what they teach, and what they tell of a whole phrase."""

from __future__ import annotations

import numpy as np
import pytest

import graphemb as ge
from graphemb.export.base import suggested
from graphemb.map._answers import Answers
from graphemb.map._companions import foreign_names, meant_here
from graphemb.map.abbreviations import FOREIGN
from graphemb.map.explain import explain
from graphemb.map.names import names_of
from graphemb.map.rerank import Query
from graphemb.map.rewrite import Rewriter


@pytest.fixture(scope="module")
def pots():
    called = {
        "P:1": ["Schmortopf", "Casserole dish", "Cocotte"],
        "P:2": ["Wok", "Guo"],
        "P:3": ["Zester"],
        "P:4": ["Cocotte", "Pressure cooker"],
    }
    synonyms = {n: [ge.Synonym(t) for t in texts[1:]] for n, texts in called.items()}
    labels = [texts[0] for texts in called.values()]
    return ge.Taxonomy(list(called), labels, [], synonyms, name="pots")


def test_what_a_companion_calls_what_is_here_too(kitchen, pots):
    assert meant_here(names_of(kitchen), [pots]) == [
        ("schmortopf", "casserole dish", "companion"),
        ("cocotte", "casserole dish", "companion"),
        ("guo", "wok", "companion"),
        ("cocotte", "pressure cooker", "companion"),
    ]
    assert meant_here(names_of(kitchen), []) == []


def test_a_companion_teaches_no_phrase_that_ranking_is_learned_on(kitchen, pots):
    texts = [text for _, text, _ in kitchen.phrases()]
    told = foreign_names(texts, [Query("Guo", frozenset({1}))], [pots])
    assert told == [("Schmortopf", "Casserole dish", "Cocotte"), ("Cocotte", "Pressure cooker")]


def test_rows_of_a_companion_are_for_whole_phrases_and_no_lexicon():
    r = Rewriter([("cocotte", "casserole dish", "companion"), ("big", "large", "word")])
    assert r.elsewhere("cocotte") == ["casserole dish"]
    assert r.elsewhere("red cocotte") == []
    assert r.readings("cocotte") == []
    assert not r.knows("cocotte")
    assert r.readings("big cocotte") == ["large cocotte"]


def test_a_mapper_says_what_another_vocabulary_told(kitchen, pots, tmp_path):
    mapper = ge.PhraseMapper(fast=True).fit(kitchen, companions=[pots])
    first = mapper.map(["Schmortopf"]).best(0)
    assert first.label == "Casserole dish"
    assert first.evidence == "elsewhere called “casserole dish”; a label"
    assert 0.5 < first.probability <= 0.82
    assert suggested(first) == "closeMatch"
    two = mapper.map(["Cocotte"], min_probability=0.0)[0][1]
    assert mapper.facts_["training"]["lexicon_rows"] == 0
    shown = explain(mapper, "Schmortopf").candidates[0]
    assert (shown.read_as, shown.how) == ("casserole dish", FOREIGN)
    mapper.save(tmp_path / "m")
    again = ge.PhraseMapper.load(tmp_path / "m")
    assert list(again.map(["Schmortopf", "Cocotte"])) == list(mapper.map(["Schmortopf", "Cocotte"]))
    assert two.probability < first.probability


def test_own_names_come_before_what_others_say(kitchen, pots):
    mapper = ge.PhraseMapper(fast=True).fit(kitchen, companions=[pots])
    more = mapper.extend(ge.Additions([ge.Addition("K:010", synonyms=(ge.Synonym("Schmortopf"),))]))
    assert [c.node for c in (mapper.map(["Schmortopf"]).best(0),)] == ["K:008"]
    first = more.map(["Schmortopf"]).best(0)
    assert (first.node, first.evidence) == ("K:010", "same as a synonym")


def test_several_names_of_one_node_are_one_meaning(mapper):
    answers = Answers(mapper.index_, mapper.reranker_, mapper.rewriter_, True)
    rows = [("pfanne", text, "companion") for text in ("frying pan", "skillet", "fry pan")]
    answers.rewriter = Rewriter(rows)
    assert answers.readings("pfanne")[1:] == [("frying pan", 0.82, FOREIGN)]
    answers.rewriter = Rewriter([*rows, ("pfanne", "wok", "companion")])
    assert [w.weight for w in answers.readings("pfanne")[1:]] == [0.41, 0.41]
    most = [("pfanne", text, "companion") for text in ("wok", "griddle", "saucepan", "kettle")]
    answers.rewriter = Rewriter(most)
    assert answers.readings("pfanne")[1:] == []
    only = mapper.index_.taxonomy.row("K:006") == np.arange(mapper.taxonomy_.n_nodes)
    assert [w.text for w in answers.readings("pfanne", only)] == ["pfanne", "wok"]


def test_the_surer_of_two_ways_to_one_reading_counts(mapper):
    answers = Answers(mapper.index_, mapper.reranker_, mapper.rewriter_, True)
    alone = answers.readings("OTHS")
    answers.rewriter = Rewriter([("oths", "oven tray with high sides", "companion")])
    assert answers.readings("OTHS") == alone
    answers.rewriter = Rewriter([("zork", "zork", "companion")])
    assert answers.readings("zork") == [("zork", 1.0, "")]
