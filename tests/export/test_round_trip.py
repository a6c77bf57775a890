"""Write, read back: accepted rows come back as pairs, mappings as mappings."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphemb.errors import InputError
from graphemb.export import EXPORTERS
from graphemb.load import load_mappings, load_pairs, read_phrases
from graphemb.mappings import MappingSet, Review, Source
from tests.export.cases import accepted, candidate, plain, reviewed, suggested

OMOP = ("100", "200", "300", "400", "500", "600")
OWN = ("csv", "jsonl", "parquet", "tsv", "xlsx")
RELAXED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

#: Text as users have it: formulas, quotes, tabs, line ends, emoji, right to left, look-alikes.
odd = st.text(
    st.one_of(
        st.sampled_from("=+-@'\"\t\n,;|\\:# 07aé日\u200f\u202e\u05d0😀\u00a0\u2028\u0085"),
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")),
    ),
    max_size=12,
)  # fmt: skip
phrase = odd.filter(lambda t: t.strip() != "")


def written(tmp_path, name, mappings, **options):
    path = tmp_path / f"m{EXPORTERS[name].suffix}"
    EXPORTERS[name](**options).write(mappings, path)
    return path


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_accepted_rows_come_back_as_pairs(tmp_path, name):
    made = reviewed(OMOP)
    found = load_pairs(written(tmp_path, name, made))
    assert [(p.phrase, n) for p in found.pairs for n in p.nodes] == accepted(made)
    assert found.format == {"conceptmap-r4": "conceptmap", "conceptmap-r5": "conceptmap"}.get(
        name, "mapped" if name in OWN else name
    )
    assert {"phrase 8", "phrase 9"} <= set(found.no_match)
    assert found.rows == {"train": 6, "dev": 0, "test": 0}


@pytest.mark.parametrize("name", sorted(set(EXPORTERS) - {"stcm"}))
def test_suggestions_are_no_pairs(tmp_path, name):
    path = written(tmp_path, name, suggested(OMOP[:3]))
    if name.startswith("conceptmap"):  # FHIR's no-match cannot say that nobody confirmed it
        assert load_pairs(path).pairs == ()
    else:
        with pytest.raises(InputError, match=r"at least one row must be accepted.*Accept some"):
            load_pairs(path)


@pytest.mark.parametrize("name", OWN)
def test_our_own_formats_come_back_whole(tmp_path, name):
    made = reviewed()
    back = load_mappings(written(tmp_path, name, made), "phrase", "code", "n")
    assert back.phrases == made.phrases
    assert back.candidates == made.candidates
    assert back.no_match == made.no_match
    assert back.source.header == made.source.header
    assert [tuple(r) for r in back.source.rows] == made.source.rows
    # … and so are the other formats made from what came back.
    for other in ("sssom", "conceptmap-r5", "snap2snomed"):
        assert EXPORTERS[other]().encoded(back) == EXPORTERS[other]().encoded(made)


@pytest.mark.parametrize("name", ["csv", "jsonl", "parquet", "xlsx"])
@RELAXED
@given(data=st.data())
def test_odd_text_comes_back_whole(tmp_path, name, data):
    phrases = data.draw(st.lists(phrase, min_size=1, max_size=4))
    texts = [data.draw(odd) for _ in range(5)]
    if name == "xlsx":
        texts = [t.replace("_x", "") for t in texts]
    one = candidate(1, "n" + texts[0], Review("accepted", "", texts[1], texts[2]), texts[3])
    made = MappingSet(phrases, [[one]] * len(phrases), Source(
        ("phrase", "rank"), [(p, texts[4]) for p in phrases]
    ))  # fmt: skip
    back = load_mappings(written(tmp_path, name, made))
    assert (back.phrases, back.candidates) == (made.phrases, made.candidates)
    assert [tuple(r) for r in back.source.rows] == made.source.rows


@pytest.mark.parametrize(
    "name", ["sssom", "usagi", "stcm", "conceptmap-r4", "conceptmap-r5", "snap2snomed"]
)
@RELAXED
@given(phrases=st.lists(phrase, min_size=1, max_size=4, unique=True), text=odd)
def test_odd_phrases_come_back_as_pairs(tmp_path, name, phrases, text):
    if name in ("conceptmap-r4", "conceptmap-r5"):  # no other blanks in FHIR's strings
        phrases = [
            "".join("_" if c.isspace() and c not in "\t\n" else c for c in p) for p in phrases
        ]
        phrases = list(dict.fromkeys(p for p in phrases if p.strip())) or ["p"]
    if name == "snap2snomed":
        phrases = list(dict.fromkeys(p.replace("\t", " ").replace("\n", " ") for p in phrases))
    rows = [[candidate(1, "100", Review("accepted", "broadMatch", text), text)] for _ in phrases]
    made = plain(phrases, rows)
    found = load_pairs(written(tmp_path, name, made))
    assert [(p.phrase, p.nodes) for p in found.pairs] == [(p, ("100",)) for p in phrases]


@RELAXED
@given(phrases=st.lists(phrase, min_size=1, max_size=4), text=odd)
def test_published_models_read_odd_text(tmp_path, monkeypatch, phrases, text):
    monkeypatch.setenv("PYSTOW_HOME", str(tmp_path))
    sssom = pytest.importorskip("sssom_pydantic")
    r4 = pytest.importorskip("fhir.resources.R4B.conceptmap").ConceptMap
    r5 = pytest.importorskip("fhir.resources.conceptmap").ConceptMap
    rows = [[candidate(1, "n" + text, Review("accepted", "", text), text)] for _ in phrases]
    for made in (plain(phrases, rows), MappingSet(phrases, rows)):
        path = written(tmp_path, "sssom", made)
        mappings, _, _, errors = sssom.read(path, return_errors=True)
        assert errors == []
        assert [m.subject.name for m in mappings] == [p.strip() for p in phrases]
        r4.model_validate_json(EXPORTERS["conceptmap-r4"]().encoded(made)[0])
        r5.model_validate_json(EXPORTERS["conceptmap-r5"]().encoded(made)[0])


def test_sssom_nodes_resolve_in_the_taxonomy(kitchen, tmp_path):
    made = plain(["pan", "kettle"], [
        [candidate(1, "K:004", Review("accepted"))], [candidate(1, "K:041", Review("accepted"))],
    ])  # fmt: skip
    found = load_pairs(written(tmp_path, "sssom", made), kitchen)
    assert [p.nodes for p in found.pairs] == [("K:004",), ("K:041",)]
    codes = MappingSet(["a"], [[candidate(1, "E11.9", Review("accepted"))]])
    assert load_pairs(written(tmp_path, "sssom", codes)).pairs[0].nodes == ("E11.9",)


def test_tsv_says_what_it_lost(tmp_path):
    made = MappingSet(["a\tb\nc"], [[]])
    assert EXPORTERS["tsv"]().write(made, tmp_path / "m.tsv") == (
        "1 × tab or line end in a cell became a blank (first: 'a\\tb\\nc')",
    )
    assert load_mappings(tmp_path / "m.tsv").phrases == ("a b c",)


@pytest.mark.parametrize("name", sorted(set(OWN)))
def test_an_output_mapped_again_and_again_stays_readable(tmp_path, name):
    made = reviewed()
    for _ in range(3):
        table = read_phrases(written(tmp_path, name, made))
        rows = [[candidate(1, "K:1", Review("accepted"))]] * len(table.rows)
        made = MappingSet(table.texts, rows, Source(table.header, table.rows))
    back = load_mappings(written(tmp_path, name, made))
    assert back.phrases == made.phrases
    assert back.candidates == made.candidates
    assert len(set(back.source.header)) == len(back.source.header)


def test_sssom_writes_iris_as_curies_and_reads_them(tmp_path, kitchen):
    nodes = ["http://a.org/x#1", "http://a.org/x#2", "https://b.org/é", "https://b.org/z"]
    made = plain(list("pqrs"), [[candidate(1, n, Review("accepted"))] for n in nodes])
    path = written(tmp_path, "sssom", made)
    assert '#  ns1: "http://a.org/x#"' in path.read_text()
    assert [p.nodes[0] for p in load_pairs(path).pairs] == [nodes[0], nodes[1], nodes[2], nodes[3]]
    path = written(tmp_path, "sssom", made, target_prefix="A", target_iri="http://a.org/x#")
    assert "\tA:1\t" in path.read_text()
