"""Each format against its published model, its exact columns, and its own no-match."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from graphemb.errors import InputError, ParameterError
from graphemb.export import EXPORTERS
from graphemb.mappings import MappingSet, Review
from tests.export.cases import candidate, plain, reviewed, suggested

OMOP = ("100", "200", "300", "400", "500", "600")


def bytes_of(name, mappings, **options):
    return EXPORTERS[name](**options).encoded(mappings)


def rows_of(content, delimiter=","):
    return list(csv.DictReader(io.StringIO(content.decode()), delimiter=delimiter))


@pytest.fixture
def sssom(monkeypatch, tmp_path):
    monkeypatch.setenv("PYSTOW_HOME", str(tmp_path))
    return pytest.importorskip("sssom_pydantic")


def test_same_mappings_same_bytes_and_atomic(tmp_path):
    for name in EXPORTERS:
        mappings = reviewed(OMOP)
        first = bytes_of(name, mappings)
        assert first == bytes_of(name, reviewed(OMOP)), name
        path = tmp_path / f"a{EXPORTERS[name].suffix}"
        assert EXPORTERS[name]().write(mappings, path) == first[1]
        assert path.read_bytes() == first[0]
        assert EXPORTERS[name].__doc__
    assert all(f.name.startswith("a.") for f in tmp_path.iterdir())


def test_a_lone_surrogate_is_refused_and_nothing_written(tmp_path):
    mappings = MappingSet(["\ud800"], [[candidate(1, "1")]])
    for name in EXPORTERS:
        path = tmp_path / name
        with pytest.raises(InputError, match="lone surrogate"):
            EXPORTERS[name]().write(mappings, path)
        assert not path.exists()


def test_sssom_is_read_by_sssom_pydantic(sssom, tmp_path):
    for made in (suggested(), reviewed()):
        for rows in ("best", "all"):
            path = tmp_path / "m.sssom.tsv"
            EXPORTERS["sssom"](rows=rows, date="2026-01-31", licence="https://x.org/l").write(
                made, path
            )
            found, _, mapping_set, errors = sssom.read(path, return_errors=True)
            assert errors == []
            assert len(found) == sum(max(1, len(c)) for c in made.candidates) or rows == "best"
            assert str(mapping_set.license) == "https://x.org/l"
    by_phrase = {m.subject.name: m for m in found}
    assert by_phrase["phrase 2"].predicate.curie == "skos:broadMatch"
    assert by_phrase["phrase 2"].justification.curie == "semapv:ManualMappingCuration"
    assert by_phrase["phrase 2"].reviewers[0].curie == "orcid:0000-0001"
    assert by_phrase["phrase 10"].object.curie == "sssom:NoTermFound"
    rejected = [m for m in found if m.predicate_modifier == "Not"]
    assert [m.subject.name for m in rejected] == ["phrase 6"]
    assert found[0].confidence == 0.9
    assert found[0].similarity_score == pytest.approx(0.7311)
    assert str(found[0].mapping_date) == "2026-01-31"


def test_sssom_justifies_and_hypothesises():
    content, _ = bytes_of("sssom", suggested())
    body = content.decode().split("#", 99)[-1].split("\n", 1)[1]
    rows = list(csv.DictReader(io.StringIO(body), delimiter="\t"))
    assert [r["subject_id"] for r in rows] == ["source:001", "source:002", "source:003"]
    assert [r["predicate_id"] for r in rows] == [
        "skos:exactMatch",
        "skos:closeMatch",
        "skos:exactMatch",
    ]
    assert [r["mapping_justification"] for r in rows] == [
        "semapv:LexicalMatching", "semapv:SemanticSimilarityThresholdMatching",
        "semapv:SemanticSimilarityThresholdMatching",
    ]  # fmt: skip
    assert [r["object_id"] for r in rows] == ["K:1", "K:3", "sssom:NoTermFound"]
    assert "mapping_date" not in content.decode()


def test_sssom_literals_have_a_type_and_no_id():
    content, _ = bytes_of("sssom", suggested(), literal=True)
    rows = rows_of(re.sub(rb"^#.*\n", b"", content, flags=re.M), "\t")
    assert {(r["subject_id"], r["subject_type"]) for r in rows} == {("", "rdfs literal")}
    assert rows[0]["subject_label"] == "heart attack"


def test_sssom_mints_curies_that_are_curies(sssom, tmp_path):
    nodes = [[candidate(1, "E11.9")], [candidate(1, "a b/c")], [candidate(1, "HP:1")]]
    mappings = MappingSet(["x y", "é\t=1", "z" * 500], nodes)
    EXPORTERS["sssom"](target_prefix="ICD10CM", target_iri="http://i/").write(
        mappings, tmp_path / "m"
    )
    found, converter, _, errors = sssom.read(tmp_path / "m", return_errors=True)
    assert errors == []
    assert [m.subject.identifier for m in found][:2] == ["x%20y", "%C3%A9%09%3D1"]
    assert len(found[2].subject.identifier) == 32
    assert [m.object.curie for m in found] == ["ICD10CM:E11.9", "ICD10CM:a%20b%2Fc", "HP:1"]
    assert converter.bimap["ICD10CM"] == "http://i/"


def test_concept_maps_validate():
    r4 = pytest.importorskip("fhir.resources.R4B.conceptmap").ConceptMap
    r5 = pytest.importorskip("fhir.resources.conceptmap").ConceptMap
    for made in (suggested(), reviewed(), plain([], [])):
        for rows in ("auto", "best"):
            for name, model in (("conceptmap-r4", r4), ("conceptmap-r5", r5)):
                content, _ = bytes_of(
                    name, made, rows=rows, source_system="http://a", target_system="http://b",
                    target_version="7", set_id="http://c", date="2026-01-31",
                )  # fmt: skip
                resource = model.model_validate_json(content)
                assert resource.url == "http://c"


def test_r4_wants_comments_and_says_unmatched():
    content, _ = bytes_of("conceptmap-r4", reviewed(), rows="best")
    elements = json.loads(content)["group"][0]["element"]
    targets = [t for e in elements for t in e["target"]]
    for target in targets:  # constraint cmd-1, for all
        assert target["comment"].strip()
    assert [t["equivalence"] for t in targets] == [
        "equal", "equivalent", "wider", "narrower", "inexact", "equivalent", "relatedto",
        "relatedto", "unmatched", "unmatched", "unmatched",
    ]  # fmt: skip
    assert "code" not in targets[-1]
    assert json.loads(content)["status"] == "draft"
    assert json.loads(bytes_of("conceptmap-r4", reviewed())[0])["status"] == "active"


def test_r5_says_no_map_and_turns_the_direction_round():
    content, losses = bytes_of("conceptmap-r5", reviewed(), rows="best")
    elements = json.loads(content)["group"][0]["element"]
    assert [e.get("noMap") for e in elements][-3:] == [True] * 3
    assert not any("noMap" in e and "target" in e for e in elements)  # constraint cmd-5
    said = [t["relationship"] for e in elements for t in e.get("target", ())]
    assert said == [
        "equivalent", "equivalent", "source-is-narrower-than-target",
        "source-is-broader-than-target", "related-to", "equivalent", "related-to", "related-to",
    ]  # fmt: skip
    assert elements[0]["target"][0]["property"][0] == {"code": "probability", "valueDecimal": 0.9}
    assert [line[:16] for line in losses] == ["no source system", "no target system"]


def test_one_phrase_twice_is_one_element():
    mappings = MappingSet(["a", "a"], [[candidate(1, "1")], []])
    elements = json.loads(bytes_of("conceptmap-r5", mappings)[0])["group"][0]["element"]
    assert len(elements) == 1
    assert "noMap" not in elements[0]


def test_stcm_columns_and_no_map():
    content, losses = bytes_of("stcm", suggested(OMOP[:3]), source_vocabulary="LABS")
    assert content.decode().split("\n")[0] == (
        "source_code,source_concept_id,source_vocabulary_id,source_code_description,"
        "target_concept_id,target_vocabulary_id,valid_start_date,valid_end_date,invalid_reason"
    )
    rows = rows_of(content)
    assert [tuple(r.values()) for r in rows] == [
        ("001", "0", "LABS", "heart attack", "100", "", "1970-01-01", "2099-12-31", ""),
        ("002", "0", "LABS", "bad knee", "300", "", "1970-01-01", "2099-12-31", ""),
        ("003", "0", "LABS", "zzz", "0", "None", "1970-01-01", "2099-12-31", ""),
    ]
    assert losses == (
        "2 × suggestion that nobody accepted stands here as a fact (first: 'heart attack')",
    )
    assert len(rows_of(bytes_of("stcm", reviewed(OMOP))[0])) == 8  # accepted only


def test_stcm_refuses_what_the_table_cannot_hold(tmp_path):
    with pytest.raises(InputError, match=r"must have a concept id; 'K:1' has none.*\n.*'K:3'"):
        bytes_of("stcm", suggested())
    long = MappingSet(["x" * 51, "y"], [[candidate(1, "1")], []])
    with pytest.raises(InputError, match="at most 50 characters"):
        bytes_of("stcm", long)
    for wrong in ({"rows": "all"}, {"date": "today"}, {"source_vocabulary": "x" * 21}):
        with pytest.raises(ParameterError):
            bytes_of("stcm", suggested(OMOP[:3]), **wrong)


def test_concept_ids_from_athena(tmp_path):
    file = tmp_path / "CONCEPT.csv"
    head = (
        "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tstandard_concept\tconcept_code\t"
        "invalid_reason\n"
    )
    file.write_text(
        head + "1\tOld\tCondition\tV\tS\tE1\tD\n2\tNew “x”\tCondition\tV\t\tE1\t\n"
        "3\tKnee\tCondition\tV\tS\tE3\t\n4\tOther\tDrug\tW\tS\tE3\t\n"
    )
    made = suggested(("E1", "E2", "X:E3"))
    with pytest.raises(InputError, match="'X:E3' has concepts in V and W"):
        bytes_of("stcm", made, concepts=str(file))
    options = {"concepts": str(file), "target_vocabulary": "V"}
    rows = rows_of(bytes_of("stcm", made, **options)[0])
    assert [(r["target_concept_id"], r["target_vocabulary_id"]) for r in rows] == [
        ("2", "V"), ("3", "V"), ("0", "None"),
    ]  # fmt: skip
    usagi = rows_of(bytes_of("usagi", made, **options)[0])
    assert (usagi[1]["conceptName"], usagi[1]["domainId"]) == ("Knee", "Condition")
    file.write_text("a\tb\n")
    with pytest.raises(InputError, match=r"CONCEPT.csv:1: must be Athena's"):
        bytes_of("stcm", made, **options)


def test_usagi_columns_and_statuses():
    content, _ = bytes_of("usagi", reviewed(OMOP), date="1970-01-02", author="me")
    assert content.decode().split("\n")[0] == (
        "sourceCode,sourceName,sourceFrequency,sourceAutoAssignedConceptIds,ADD_INFO:note,"
        "matchScore,mappingStatus,equivalence,statusSetBy,statusSetOn,conceptId,conceptName,"
        "domainId,mappingType,comment,createdBy,createdOn,assignedReviewer"
    )
    rows = rows_of(content)
    assert [r["equivalence"] for r in rows] == [
        "EQUAL", "EQUIVALENT", "WIDER", "NARROWER", "INEXACT", "EQUIVALENT", "UNREVIEWED",
        "UNREVIEWED", "UNMATCHED", "UNMATCHED", "UNREVIEWED",
    ]  # fmt: skip
    assert [r["mappingStatus"] for r in rows].count("APPROVED") == 8
    assert rows[6]["conceptId"] == "200"  # the rejected first candidate is passed over
    assert (rows[9]["conceptId"], rows[9]["statusSetBy"]) == ("0", "Ann")
    assert (rows[0]["sourceCode"], rows[0]["sourceFrequency"]) == ("001", "1")
    assert rows[0]["ADD_INFO:note"] == "note 1"
    assert {r["createdOn"] for r in rows} == {"86400000"}


def test_snap2snomed_columns():
    content, _ = bytes_of("snap2snomed", reviewed(), rows="all")
    rows = rows_of(content, "\t")
    assert list(rows[0]) == [
        "Source code", "Source display", "n", "note", "Target code", "Target display",
        "Relationship type code", "Relationship type display", "No map flag", "Status",
    ]  # fmt: skip
    assert [r["Relationship type code"] for r in rows][:6] == [
        "TARGET_EQUIVALENT", "TARGET_EQUIVALENT", "TARGET_BROADER", "TARGET_NARROWER",
        "TARGET_INEXACT", "TARGET_EQUIVALENT",
    ]  # fmt: skip
    assert [(r["No map flag"], r["Status"]) for r in rows][-2:] == [
        ("true", "ACCEPTED"), ("false", "UNMAPPED"),
    ]  # fmt: skip
    assert [r["Status"] for r in rows].count("REJECTED") == 1


def test_workbook_has_lists_a_frozen_head_and_no_formulas():
    openpyxl = pytest.importorskip("openpyxl")
    mappings = MappingSet(
        ["=1+1", "a"], [[candidate(1, "@x", label="-1+2"), candidate(2, "y")], []]
    )
    content, _ = bytes_of("xlsx", mappings)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["review"]
    names = [c.value for c in sheet[1]]
    assert names[-4:] == ["review", "relation", "comment", "reviewer"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:M4"
    lists = {d.sqref.ranges.pop().coord: d.formula1 for d in sheet.data_validations.dataValidation}
    assert lists["J2:J4"] == '"accepted,rejected"'
    assert lists["K2:K4"].startswith('"exactMatch,closeMatch')
    assert [(c.value, c.data_type, c.quotePrefix) for c in sheet["A"][1:2]] == [("=1+1", "s", True)]
    assert sheet["C2"].data_type == "s"
    assert sheet["D2"].value == "-1+2"
    assert sheet["E2"].value == 0.9
    assert sheet.row_dimensions[3].outlineLevel == 1
    assert sheet.row_dimensions[4].outlineLevel == 0


def test_workbook_says_what_it_cut():
    mappings = MappingSet(["x" * 40_000, "a\x0bb"], [[], []])
    _, losses = bytes_of("xlsx", mappings)
    assert [line[:30] for line in losses] == [
        "1 × cell cut to 32,767 charact", "1 × control character in a cel",
    ]  # fmt: skip


def test_parquet_is_typed():
    pq = pytest.importorskip("pyarrow.parquet")
    content, _ = bytes_of("parquet", reviewed())
    table = pq.read_table(io.BytesIO(content))
    types = {f.name: str(f.type) for f in table.schema}
    assert (types["code"], types["rank"], types["probability"]) == ("string", "int32", "double")
    assert table.column("n").to_pylist()[:2] == ["1", "2"]
    assert table.column("score").to_pylist()[-1] is None
    assert EXPORTERS["parquet"]().encoded(plain([], []))[0][:4] == b"PAR1"


def test_formats_without_a_choice_say_so():
    for name in ("usagi", "conceptmap-r4", "conceptmap-r5", "stcm"):
        with pytest.raises(ParameterError, match="got 'all'"):
            bytes_of(name, suggested(OMOP[:3]), rows="all")
    with pytest.raises(ParameterError, match="rows: must be auto"):
        bytes_of("sssom", suggested(), rows="some")
    with pytest.raises(ParameterError, match="source_prefix must be"):
        bytes_of("sssom", suggested(), source_prefix="a:b")
    with pytest.raises(ParameterError, match="YYYY-MM-DD"):
        bytes_of("usagi", suggested(OMOP[:3]), date="31.1.2026")


def test_rejecting_all_is_not_saying_that_nothing_is_right():
    made = plain(["a", "b"], [[candidate(1, "7", Review("rejected"))], [candidate(1, "8")]])
    for name in ("sssom", "stcm", "conceptmap-r4", "conceptmap-r5"):
        content, losses = bytes_of(name, made, rows="best")
        assert b"001" not in content
        assert any("every candidate rejected" in line for line in losses)
    for name in ("usagi", "snap2snomed"):  # work lists keep every phrase
        assert b"001" in bytes_of(name, made)[0]


def test_accepted_without_a_candidate_named_noMatch_is_a_no_match():
    made = plain(["a"], [[candidate(1, "7", Review("accepted", "noMatch"))]])
    assert rows_of(bytes_of("stcm", made)[0])[0]["target_concept_id"] == "0"
