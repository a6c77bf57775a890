"""Abbreviations: what short forms stand for, and when they stand for nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest

import graphemb as ge
from graphemb import Addition, Additions, Synonym
from graphemb.export.base import suggested
from graphemb.map._answers import Answers
from graphemb.map._short_forms import _spells, initials, numbers_of
from graphemb.map.abbreviations import LEAST, LOOSELY, MEANT, MOST, SHORT, SURE, Abbreviations
from graphemb.map.backoff import is_exact
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
    return [wording.text for wording in short.readings(phrase, **how)]


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
            ["vitamin c", "group o", "part p", "grade d"],  # single letters are words too
            ["maturity onset diabetes type 3", "sugar type 3"],
            ["maturity onset diabetes type 4", "sugar type 4", "MODY4"],
        )
    )


def test_initials_with_and_without_small_words():
    words = ["inflammation", "of", "the", "left", "ventricle", "type", "2b"]
    assert initials(words) == {"iotlvt2b", "ilvt2b", "ilv2b"}
    assert initials(["heart", "failure"]) == set()


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
        ("重度 COPD", ["重度 chronic obstructive pulmonary disease"]),
        ("RCAD/COPD", []),
        ("rCAD/COPD",
         ["renal cysts and diabetes syndrome chronic obstructive pulmonary disease"]),
        ("severe cough", []),
        ("MAPP", []),  # a name holds this word
        ("DROP", []),  # behind a comma words are turned round
        ("COPQ", []),
        ("", []),
        ("??? !!", []),
    ],
)  # fmt: skip
def test_initials_of_a_name(short, phrase, meaning):
    assert read(short, phrase) == meaning


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("SCA17", ["spinocerebellar ataxia type 17"]),
        ("sca17", ["spinocerebellar ataxia type 17"]),
        ("ATAXIA, SCA17", ["ataxia spinocerebellar ataxia type 17"]),
        ("CDG2C", ["congenital disorder of glycosylation type 2c"]),  # learned of IIa
        ("SCA-17", ["spinocerebellar ataxia type 17"]),
        ("X-SCA17", ["x spinocerebellar ataxia type 17"]),
        ("SCA17/COPD", ["spinocerebellar ataxia type 17 copd"]),  # all in capitals
        ("MODY3", ["maturity onset diabetes type 3"]),  # one name a node
        ("SCA18", []),  # that meaning with that number is no name
        ("SCB17", []),
        ("17", []),
    ],
)
def test_numbered_short_forms(short, phrase, meaning):
    assert read(short, phrase) == meaning


def test_numbers_in_roman_and_arabic():
    assert numbers_of("iv") == ["iv", "4"]
    assert numbers_of("xiib") == ["xiib", "12b"]
    assert numbers_of("2b") == ["2b", "iib"]
    assert numbers_of("39") == ["39", "xxxix"]
    assert numbers_of("c") == ["c"]
    assert numbers_of("40") == ["40"]
    assert numbers_of("cat") == numbers_of("") == numbers_of("12345") == numbers_of("iiii") == []


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


def test_a_lone_letter_is_a_number_only_behind_a_word_that_is_numbered():
    names = Abbreviations(table(["trisomy 10"], ["monosomy 5"], ["gout type 5"], ["ataxia 17"]))
    assert read(names, "trisomy X") == read(names, "monosomy V") == []
    assert read(names, "gout type V") == ["gout type 5"]
    assert read(names, "ataxia XVII") == ["ataxia 17"]


def test_a_node_with_thousands_of_phrases_is_read_in_no_time():
    phrases = [f"word{i} other{i} 7" for i in range(3000)] + [f"xyz{i}abc7" for i in range(3000)]
    began = time.process_time()
    assert read(Abbreviations(table(["a node 7", *phrases])), "QQ7") == []
    assert time.process_time() - began < 2.0


def test_a_weight_falls_with_the_names_that_chance_would_give():
    letters = "abcdefgh"
    few = [[f"{a}one {b}two {c}three {d}four"] for a, b, c, d in ["abcd", "efgh"]]
    many = [
        [" ".join(f"{x}{i}{j}word" for j, x in enumerate(np.roll(list(letters), i)[:4]))]
        for i in range(400)
    ]
    [(_, alone, _)] = Abbreviations(table(*few)).readings("ABCD")
    [(_, crowded, _)] = Abbreviations(table(*few, *many[1:7])).readings("ABCD")
    assert SURE > alone > crowded >= LEAST
    # Fifty nodes have these very initials: they stand for nothing.
    assert Abbreviations(table(*few, *many)).readings("ABCD") == []


@pytest.mark.parametrize(
    ("words", "key", "spelled"),
    [
        ("amyotrophic lateral sclerosis", "als", True),
        ("amyotrophic lateral sclerosis", "amls", True),
        ("amyotrophic lateral sclerosis", "asls", False),  # no s within the first word
        ("amyotrophic lateral sclerosis", "al", False),  # a word is left
        ("amyotrophic lateral sclerosis", "lals", False),
        ("aaa", "aa", True),
        ("", "", True),
    ],
)
def test_letters_within_words(words, key, spelled):
    assert _spells(words.split(), key) is spelled


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("XLTT", ["x linked thrombocytopenia with beta thalassemia"]),  # without "beta"
        ("XLTB", ["x linked thrombocytopenia with beta thalassemia"]),  # without the last
        ("LTBT", []),  # never without the first
        ("ALSFTD", ["amyotrophic lateral sclerosis and frontotemporal dementia"]),
        ("ALSFD", ["amyotrophic lateral sclerosis and frontotemporal dementia"]),  # exact
        ("AYLSFD", ["amyotrophic lateral sclerosis and frontotemporal dementia"]),
        ("XLT", []),  # three letters say too little
        ("XLT7", []),  # numbers are read as numbers
        ("alsftd", []),
        (
            "a case of ALSFTD",
            ["a case of amyotrophic lateral sclerosis and frontotemporal dementia"],
        ),
    ],
)
def test_initials_more_loosely(phrase, meaning):
    names = table(
        ["X-linked thrombocytopenia with beta-thalassemia"],
        ["amyotrophic lateral sclerosis and frontotemporal dementia"],
        ["x linked tiny old 7"],
    )
    assert read(Abbreviations(names), phrase) == meaning


def test_exact_initials_go_before_loose_ones():
    names = table(
        ["hip joint pain now"], ["hot jam pan in new tin"], ["hip joint pain nova scotia"]
    )
    assert read(Abbreviations(names), "HJPN") == ["hip joint pain now"]
    assert read(Abbreviations(names), "HJPS") == ["hip joint pain nova scotia"]


@pytest.mark.parametrize("number", ["7", "iv", "b", "2c", "X"])
def test_no_number_is_left_out_of_a_name(number):
    names = Abbreviations(table([f"disorder of joint and glass type {number}"],
                                [f"x linked {number} tiny old"]))  # fmt: skip
    assert read(names, "DOJAGT") == read(names, "XLTO") == []


def test_loose_initials_of_many_names_stand_for_nothing():
    crowd = [[f"hip joint p{i} new s{i}"] for i in range(MOST + 1)]
    assert Abbreviations(table(*crowd)).readings("HJPS") == []
    # Nor for another name, to which they are even looser.
    assert Abbreviations(table(*crowd, ["hip jop shin"])).readings("HJPS") == []


def test_of_a_node_the_first_name_is_read():
    names = table(["hip joint pain now soon", "hip joint able pain now"])
    assert read(Abbreviations(names), "HJPN") == ["hip joint pain now soon"]


def test_at_most_three_letters_are_inside_words():
    names = Abbreviations(table(["kahula bemo cedi"]))
    assert read(names, "KHBMCD") == ["kahula bemo cedi"]
    assert read(names, "KHLBMCD") == []


def test_a_slip_in_a_word_is_no_initials():
    names = Abbreviations(table(["neoplasm"], ["net of lips and mouth"], ["nest olap mux"]))
    assert read(names, "NEOLMU") == ["nest olap mux"]
    assert read(names, "NEOLPASM") == read(names, "NEOPLSM") == read(names, "NEOPLAXSM") == []


def test_weights_of_loose_initials_are_those_of_the_formula():
    names = table(
        ["ab cd ef gh jk"], ["lm no pq rs"], ["tu vw xy"]
    )  # 12 initials, of three lengths
    [(_, skipped, _)] = Abbreviations(names).readings("ACEG")
    meant = MEANT * LOOSELY
    odds = (1 - meant) / meant
    assert skipped == pytest.approx(SURE / (1 + odds * 1 * 4 / 12**4), abs=1e-4)
    [(_, inside, _)] = Abbreviations(names).readings("TUVX")
    # One name has five initials, so one more word was looked for first; a letter of the three
    # behind the first is inside: of 12 words none have v or x there, and one has u.
    chance = 1 * 4 * 0 + 1 / 12**3 * (1 / 12)
    assert inside == pytest.approx(SURE / (1 + odds * chance), abs=1e-4)


def test_loose_initials_take_no_time_whatever_the_names():
    alike = table(*([f"alpha{i} albab almond"] for i in range(20000)))
    signs = [chr(0x4E00 + i) for i in range(8000)]
    many = table(*([" ".join(signs[i : i + 4])] for i in range(8000 - 4)))
    # Few words hold a j or a q, so chance does not end the search.
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("klmnoprstu"), 6)) for _ in range(4000)]
    skewed = table(
        *([f"a{i} b{i} c{i}"] for i in range(10000)),
        *([" ".join(rng.choice(words, 4))] for _ in range(10000)),
        *([f"quiz jaqz xyloqj{i}"] for i in range(20)),
    )
    for names, phrase in (
        (alike, "x " + " ".join(["AAAAAB"] * 8)),
        (many, "x " + " ".join(["QWERTZUIOP"] * 26)),
        (skewed, "see ABCJ ABJC AJBC ABCQ"),
    ):
        short = Abbreviations(names)
        short.readings("QQQQ ABXY")  # the tables are made once
        began = time.process_time()
        assert short.readings(phrase) == []
        assert time.process_time() - began < 0.5


def test_a_name_of_signs_alone_breaks_nothing():
    assert read(Abbreviations(table(["??", "abc d2", "AB2"], ["cold hot dry"])), "QX7") == []


def test_names_that_share_initials_share_the_weight():
    two = Abbreviations(table(["hip joint pain now"], ["hot jam pan new"]))
    found = two.readings("HJPN")
    assert {text for text, _, _ in found} == {"hip joint pain now", "hot jam pan new"}
    assert sum(weight for _, weight, _ in found) <= SURE
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
    assert first.evidence == "short for “oven tray with high sides”; a synonym"
    assert 0.5 < first.probability < SURE


def test_what_a_short_form_stands_for_does_not_pass_for_the_name(mapper):
    first = mapper.map(["OTHS"]).best(0)
    assert not is_exact(first)
    assert suggested(first) == "closeMatch"
    safe = mapper.map(["OTHS"], backoff=0.5).best(0)
    assert safe.review.relation == "closeMatch"
    assert is_exact(mapper.map(["oven tray with high sides"]).best(0))


def test_the_explanation_shows_the_same_reading(mapper):
    shown = explain(mapper, "OTHS").candidates[0]
    first = mapper.map(["OTHS"]).best(0)
    assert shown.label == first.label
    assert (shown.read_as, shown.how) == ("oven tray with high sides", SHORT)
    assert shown.probability == pytest.approx(first.probability, abs=1e-4)


def test_what_a_phrase_says_is_no_evidence(mapper):
    first = mapper.map(["same as a label OTHS"], min_probability=0.0).best(0)
    assert first.evidence.startswith("short for “same as a label oven")
    assert suggested(first) == "closeMatch"


def test_initials_stand_for_allowed_nodes_only(mapper):
    bakes = Restriction.of(within=["K:029"])
    found = mapper.map(["OTHS"], within=["K:029"], min_probability=0.0).best(0)
    assert bakes.mask(mapper.taxonomy_)[mapper.taxonomy_.row(found.node)]
    assert not found.evidence.startswith("short for")


def test_the_lexicon_and_short_forms_read_one_phrase(mapper):
    [(_, found)] = mapper.map(["lg OTHS"], min_probability=0.0)
    assert found[0].evidence.startswith("short for “lg oven tray with high sides”")
    assert [c for c in found if c.evidence.startswith("read as “large oths”")]
    known = mapper.map(["brew pot"]).best(0)
    assert known.evidence == "read as “kettle”; same as a label"


def test_a_name_is_itself_and_nothing_else(mapper):
    more = mapper.extend(Additions([Addition("K:044", synonyms=(Synonym("O.T.H.S."),))]))
    first = more.map(["O.T.H.S."]).best(0)
    assert (first.node, first.evidence) == ("K:044", "same as a synonym")


def test_a_guess_costs_the_written_phrase_less_than_a_sure_reading(mapper):
    answers = Answers(mapper.index_, mapper.reranker_, mapper.rewriter_, True)
    written, reading = answers.readings("OTHS")
    assert written.weight == pytest.approx(1 - 0.2 * reading.weight)
    assert answers.readings("lg pan")[0].weight == 0.8
    assert answers.readings("frying pan") == [("frying pan", 1.0, "")]


def test_the_weight_is_the_chance_that_it_is_meant():
    names = [["alpha beta gamma"], ["alpha beta"], ["delta beta gamma"], ["alpha gamma beta"]]
    [(_, weight, _)] = Abbreviations(table(*names)).readings("ABG")
    by_chance = 3 * (2 / 9) * (3 / 9) * (3 / 9)  # three nodes; letters abg, dbg, agb
    assert weight == pytest.approx(SURE / (1 + by_chance * (1 - MEANT) / MEANT), abs=1e-4)


def test_two_short_forms_weigh_their_product(short):
    [alone], [first] = short.readings("COPD"), short.readings("old COPD")
    assert alone.weight > first.weight  # among other words fewer are meant so
    [second] = short.readings("old RCAD")
    [both] = short.readings("COPD and RCAD")
    assert both.weight == pytest.approx(first.weight * second.weight, abs=1e-3)


def test_words_beyond_those_read_do_not_count(short):
    assert read(short, " ".join(["word"] * 80) + " COPD") == []
    [long] = read(short, "COPD " + " ".join(["word"] * 80))
    assert len(long.split()) == 64


def test_what_series_mean_depends_on_no_order_of_sets():
    nodes = [[f"{a} rash type {i}", f"RR{i}"] for i, a in enumerate("abcd" * 3, 1)]
    meanings = Abbreviations(table(*nodes)).forms.meanings["rr"]
    assert meanings == sorted(meanings)
    assert len(meanings) == 4


def test_a_loaded_model_knows_which_names_are_ids(kitchen, tmp_path):
    bare = [n for i, n in enumerate(kitchen.ids) if not kitchen.children(n) and i % 4 == 0]
    called = {n: f"OTHS-of-the-house-{n[2:]}" if n in bare else n for n in kitchen.ids}
    labels = ["" if n in bare else kitchen.labels[kitchen.row(n)] for n in kitchen.ids]
    edges = [(called[c], called[p]) for c in kitchen.ids for p in kitchen.parents(c)]
    synonyms = {called[n]: s for n, s in kitchen.synonyms.items() if n not in bare}
    ids = [called[n] for n in kitchen.ids]
    fitted = ge.PhraseMapper(fast=True).fit(ge.Taxonomy(ids, labels, edges, synonyms))
    fitted.save(tmp_path / "m")
    loaded = ge.PhraseMapper.load(tmp_path / "m")
    assert fitted.index_.abbreviations.forms.rows == loaded.index_.abbreviations.forms.rows
    assert len(fitted.index_.abbreviations.forms.rows) < len(fitted.index_.names)
    for phrase in ("OTHS", "OOTH", "lg pan"):
        assert list(fitted.map([phrase])) == list(loaded.map([phrase]))
