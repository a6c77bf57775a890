"""Abbreviations: what short forms stand for, and when they stand for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from graphemb.map.abbreviations import LEAST, MOST, SURE, Abbreviations, _initials, _numbers
from graphemb.map.explain import explain
from graphemb.map.names import LABEL, SYNONYM, Name, NameTable
from graphemb.map.restriction import Restriction


def table(*nodes, nameless=None):
    """Make a table of which each argument holds the names of one node, its label first."""
    names = [
        Name(text, row, SYNONYM if i else LABEL)
        for row, texts in enumerate(nodes)
        for i, text in enumerate(texts)
    ]
    return NameTable.of(names, len(nodes), nameless)


def read(short, phrase, **how):
    return [text for text, _ in short.readings(phrase, **how)]


@pytest.fixture(scope="module")
def short():
    return Abbreviations(
        table(
            ["chronic obstructive pulmonary disease"],
            ["spinocerebellar ataxia type 2", "SCA2"],
            ["spinocerebellar ataxia type 17"],
            ["congenital disorder of glycosylation type IIa", "CDG2A"],
            ["congenital disorder of glycosylation type 2c"],
            ["renal cysts and diabetes syndrome"],
            ["MAPP", "maple syrup"],
            ["dish, red oval plain"],
        )
    )


def test_initials_with_and_without_small_words():
    words = ["inflammation", "of", "the", "left", "ventricle", "type", "2b"]
    assert _initials(words) == {"iotlvt2b", "ilvt2b", "ilv2b"}
    assert _initials(["heart", "failure"]) == set()


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("COPD", ["chronic obstructive pulmonary disease"]),
        ("C.O.P.D.", ["chronic obstructive pulmonary disease"]),
        ("severe COPD in winter", ["severe chronic obstructive pulmonary disease in winter"]),
        ("RCAD", ["renal cysts and diabetes syndrome"]),
        ("copd", []),  # small letters are a word
        ("Copd", []),
        ("SEVERE COPD", []),  # all in capitals: they say nothing
        ("severe cough", []),
        ("MAPP", []),  # a name holds this word
        ("DROP", []),  # behind a comma words are turned round
        ("COPQ", []),
        ("", []),
        ("??? !!", []),
    ],
)
def test_initials_of_a_name(short, phrase, meaning):
    assert read(short, phrase) == meaning


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("SCA17", ["spinocerebellar ataxia type 17"]),
        ("sca17", ["spinocerebellar ataxia type 17"]),
        ("ATAXIA, SCA17", ["ataxia spinocerebellar ataxia type 17"]),
        ("CDG2C", ["congenital disorder of glycosylation type 2c"]),  # learned of IIa
        ("SCA18", []),  # that meaning with that number is no name
        ("SCB17", []),
        ("17", []),
    ],
)
def test_numbered_short_forms(short, phrase, meaning):
    assert read(short, phrase) == meaning


def test_numbers_in_roman_and_arabic():
    assert _numbers("iv") == ["iv", "4"]
    assert _numbers("xiib") == ["xiib", "12b"]
    assert _numbers("2b") == ["2b", "iib"]
    assert _numbers("39") == ["39", "xxxix"]
    assert _numbers("c") == ["c"]
    assert _numbers("40") == ["40"]
    assert _numbers("cat") == _numbers("") == _numbers("12345") == _numbers("iiii") == []


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("Spinocerebellar ataxia type XVII", ["spinocerebellar ataxia type 17"]),
        ("Congenital disorder of glycosylation, type 2a",
         ["congenital disorder of glycosylation type iia"]),
        ("spinocerebellar ataxia type 17", []),  # a name as it is
        ("spinocerebellar ataxia type XVIII", []),
        ("XVII", []),
    ],
)  # fmt: skip
def test_numerals_of_the_other_kind(short, phrase, meaning):
    assert read(short, phrase) == meaning


def test_a_weight_falls_with_the_names_that_chance_would_give():
    letters = "abcdefgh"
    few = [[f"{a}one {b}two {c}three {d}four"] for a, b, c, d in ["abcd", "efgh"]]
    many = [
        [" ".join(f"{x}{i}{j}word" for j, x in enumerate(np.roll(list(letters), i)[:4]))]
        for i in range(400)
    ]
    [(_, alone)] = Abbreviations(table(*few)).readings("ABCD")
    [(_, crowded)] = Abbreviations(table(*few, *many[1:7])).readings("ABCD")
    assert SURE > alone > crowded >= LEAST
    # Fifty nodes have these very initials: they stand for nothing.
    assert Abbreviations(table(*few, *many)).readings("ABCD") == []


def test_names_that_share_initials_share_the_weight():
    two = Abbreviations(table(["hip joint pain now"], ["hot jam pan new"]))
    found = two.readings("HJPN")
    assert {text for text, _ in found} == {"hip joint pain now", "hot jam pan new"}
    assert sum(weight for _, weight in found) <= SURE
    assert read(two, "HJPN", allowed=np.array([False, True])) == ["hot jam pan new"]
    crowd = table(*([f"h{i} j{i} p{i} n{i}"] for i in range(MOST + 1)))
    assert Abbreviations(crowd).readings("HJPN") == []


def test_ids_of_nameless_nodes_are_no_names():
    nodes = ["Q one two three"], ["real plain old name"]
    nameless = np.array([True, False])
    assert Abbreviations(table(*nodes, nameless=nameless)).readings("QOTT") == []
    assert read(Abbreviations(table(*nodes)), "QOTT") == ["q one two three"]


def test_a_taxonomy_without_names_reads_nothing():
    assert Abbreviations(table(["x"])).readings("COPD or SCA17") == []


def test_a_mapper_reads_initials_and_says_so(mapper):
    first = mapper.map(["OTHS"]).best(0)
    assert first.label == "Roasting tin"
    assert first.evidence == "read as “oven tray with high sides”; same as a synonym"
    assert 0.5 < first.probability < SURE


def test_the_explanation_shows_the_same_reading(mapper):
    shown = explain(mapper, "OTHS").candidates[0]
    first = mapper.map(["OTHS"]).best(0)
    assert shown.label == first.label
    assert shown.read_as == "oven tray with high sides"
    assert shown.probability == pytest.approx(first.probability, abs=1e-4)


def test_initials_stand_for_allowed_nodes_only(mapper):
    bakes = Restriction.of(within=["K:029"])
    found = mapper.map(["OTHS"], within=["K:029"], min_probability=0.0).best(0)
    assert bakes.mask(mapper.taxonomy_)[mapper.taxonomy_.row(found.node)]
    assert not found.evidence.startswith("read as")


def test_the_lexicon_goes_first(mapper):
    found = mapper.map(["lg OTHS"], min_probability=0.0).best(0)
    assert "oven tray" not in found.evidence
