"""graphemb export, graphemb map to every format, and pairs from the files of other tools."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from graphemb.export import EXPORTERS
from graphemb.load import load_mappings, load_pairs
from graphemb.mappings import FIELDS
from tests.cli.test_cli import run

SOURCE = (
    "code,phrase,n,dept,note\n007,fry pan,12,kitchen,NA\n1.0,kettle,100,tea,=1+1\n"
    'x,"wok, big",1,,\n'
)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def mapped(source, model, tmp_path):
    out = tmp_path / "mapped.jsonl"
    done = run("map", source, "--model", model, "-o", out, "--k", 2, "--id-col", "code")
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.parametrize("name", sorted(set(EXPORTERS) - {"stcm", "usagi"}))
def test_map_writes_every_format_and_export_the_same(source, model, mapped, tmp_path, name):
    direct, later = tmp_path / "direct", tmp_path / "later"
    roles = ("--id-col", "code", "--freq-col", "n")
    done = run(
        "map", source, "--model", model, "--k", 2, "--format", name, "-o", direct, *roles,
        "--context-col", "dept",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "3 of 3 phrases have a candidate; by n 100.0% of 113" in done.stderr
    done = run("export", mapped, "--to", name, "-o", later, *roles)
    assert done.exit_code == 0, done.output
    assert direct.read_bytes() == later.read_bytes()
    for line in EXPORTERS[name].cannot_hold:
        assert f"note: {name} cannot hold {line}" in done.stderr
    assert run("export", mapped, "--to", name, "-o", later, *roles, "-q").stderr == ""


@pytest.mark.parametrize("name", ["xlsx", "parquet", "jsonl", "tsv", "csv"])
def test_phrases_in_every_format_give_the_same_answers(source, model, mapped, tmp_path, name):
    # Any of our outputs is a table of phrases too: map it again, its columns come back.
    table = tmp_path / f"again.{name}"
    assert run("export", mapped, "-o", table, "--id-col", "code", "-q").exit_code == 0
    out = tmp_path / "out.csv"
    done = run("map", table, "--model", model, "--k", 1, "-o", out)
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert rows[0]["code"] == "007"
    assert {r["note"] for r in rows} == {"NA", "=1+1", ""}
    ours = {f"mapped_{f}" if name != "jsonl" else f for f in FIELDS}
    assert ours <= set(rows[0])


def test_standard_input_and_output(model):
    done = run("map", "-", "--model", model, "--k", 1, data='{"phrase": "kettle", "n": 1.0}\n')
    assert done.stdout.splitlines()[1].startswith("kettle\t1.0\t1\tK:041")
    again = run("map", "-", "--model", model, "--k", 1, "--format", "jsonl",
                data='{"phrase": "kettle", "n": 1.0}\n')  # fmt: skip
    assert again.stdout.startswith('{"phrase": "kettle", "n": 1.0, "candidates": [')
    done = run("export", "-", "--to", "sssom", data=again.stdout)
    assert done.exit_code == 0
    assert "source:kettle\tkettle\tskos:exactMatch\t\tK:041" in done.stdout
    assert "note: sssom cannot hold" in done.stderr


def test_review_in_a_workbook_then_train(mapped, model, tmp_path, kitchen):
    openpyxl = pytest.importorskip("openpyxl")
    review = tmp_path / "review.xlsx"
    assert run("export", mapped, "-o", review, "--id-col", "code", "-q").exit_code == 0
    done = run("train", "fixtures/kitchen", "-o", tmp_path / "m", "--fast", "--pairs", review)
    assert done.exit_code == 65
    assert "at least one row must be accepted; read as mapped, none is" in done.output
    book = openpyxl.load_workbook(review)
    sheet = book["review"]
    columns = {c.value: c.column for c in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        first = sheet.cell(row, columns["rank"]).value == 1
        sheet.cell(row, columns["review"]).value = "Accepted" if first else "rejected"
        sheet.cell(row, columns["reviewer"]).value = "Ann"
    sheet.cell(2, columns["relation"]).value = "broadMatch"
    book.save(review)
    found = load_pairs(review, kitchen)
    assert [p.phrase for p in found.pairs] == ["fry pan", "kettle", "wok, big"]
    assert load_mappings(review)[0][0].review.relation == "broadMatch"
    assert load_mappings(review).source.id_col == "code"
    done = run("train", "fixtures/kitchen", "-o", tmp_path / "m", "--fast", "--pairs", review)
    assert done.exit_code == 0, done.output
    assert re.search(r"read as mapped; 3 accepted rows; \d left out \(rejected\)", done.output)
    content = run("export", review, "--to", "conceptmap-r4", "--source-system", "http://s").stdout
    assert json.loads(content)["status"] == "active"
    assert json.loads(content)["group"][0]["element"][0]["target"][0]["equivalence"] == "wider"


def test_the_catalogue_gives_system_prefix_and_iri(mapped):
    done = run("export", mapped, "--to", "conceptmap-r5", "--taxonomy", "icd10cm")
    assert json.loads(done.stdout)["group"][0]["target"] == "http://hl7.org/fhir/sid/icd-10-cm"
    done = run("export", mapped, "--to", "sssom", "--taxonomy", "hpo", "--set-id", "http://x/y")
    assert '#mapping_set_id: "http://x/y"' in done.stdout


def test_options_go_to_the_formats_that_have_them(mapped):
    done = run("export", mapped, "--to", "stcm", "--sssom-literal")
    assert done.exit_code == 2
    assert "--sssom-literal is no option of stcm" in done.output
    assert run("export", mapped).exit_code == 2
    assert run("export", mapped, "--to", "sssom", "--taxonomy", "hpp").exit_code == 2
    assert "\t\tfry pan\t" not in run("export", mapped, "--to", "sssom", "--sssom-literal").stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\tb\n1\t2\n", "must be what graphemb map wrote"),
        ("phrase\t" + "\t".join(FIELDS) + "\nx\tone\tK\tl\t0.5\t1\tm\te\tp\n", "2: rank must be"),
        ("phrase\t" + "\t".join(FIELDS) + "\nx\t1\tK\tl\t7\t1\tm\te\tp\n", "2: probability must"),
        ("phrase\t" + "\t".join(FIELDS) + "\treview\nx\t1\tK\tl\t0\t1\tm\te\tp\tjes\n",
         "2: review must be accepted, rejected or empty; got 'jes'"),
        ("phrase\t" + "\t".join(FIELDS) + "\trelation\nx\t1\tK\tl\t0\t1\tm\te\tp\tbroadmatch\n",
         "Did you mean 'broadMatch'"),
        ("text\t" + "\t".join(FIELDS) + "\nx\t1\tK\tl\t0\t1\tm\te\tp\n", "--text-col"),
        ('{"phrase": "a", "candidates": [1]}\n', "1: candidates must be a list"),
    ],
)  # fmt: skip
def test_what_is_no_output_of_ours_is_refused(tmp_path, text, words):
    path = tmp_path / ("m.jsonl" if text.startswith("{") else "m.tsv")
    path.write_text(text)
    done = run("export", path, "--to", "csv")
    assert done.exit_code == 65
    assert words in done.output
    assert done.stdout == ""


def test_codes_without_concept_ids_are_refused_before_mapping(source, model, tmp_path):
    out = tmp_path / "o.csv"
    done = run("map", source, "--model", model, "--format", "usagi", "-o", out)
    assert done.exit_code == 65
    assert "graphemb export --concepts" in done.output
    assert not out.exists()


FOREIGN = {
    "usagi": (
        "sourceCode,sourceName,sourceFrequency,matchScore,mappingStatus,conceptId,comment\n"
        "1,pan,3,0.9,APPROVED,K:004,\n2,pot,3,0.9,UNCHECKED,K:003,\n3,junk,1,0,APPROVED,0,\n",
        {"status UNCHECKED, not APPROVED": 1}, ("junk",),
    ),
    "stcm": (
        "source_code,source_concept_id,source_vocabulary_id,source_code_description,"
        "target_concept_id,target_vocabulary_id,valid_start_date,valid_end_date,invalid_reason\n"
        "1,0,V,pan,K:004,V,a,b,\n2,0,V,pot,K:003,V,a,b,D\n3,0,V,junk,0,None,a,b,\n",
        {"no longer valid": 1}, ("junk",),
    ),
    "snap2snomed": (
        "\ufeffSource code\tSource display\tTarget code\tTarget display\tRelationship type code\t"
        "Relationship type display\tNo map flag\tStatus\n"
        "1\tpan\tK:004\tx\tTARGET_BROADER\ty\tfalse\tACCEPTED\n"
        "2\tpot\tK:003\tx\tTARGET_BROADER\ty\tfalse\tMAPPED\n3\tjunk\t\t\t\t\ttrue\tACCEPTED\n"
        "4\tnew\t\t\t\t\tfalse\tUNMAPPED\n",
        {"status MAPPED, not ACCEPTED": 1, "status UNMAPPED, not ACCEPTED": 1}, ("junk",),
    ),
    "sssom": (
        "#curie_map:\n#  K: http://k/\nsubject_id\tsubject_label\tpredicate_id\tobject_id\t"
        "mapping_justification\tpredicate_modifier\n"
        "s:1\tpan\tskos:exactMatch\tK:004\tsemapv:ManualMappingCuration\t\n"
        "s:2\tpot\tskos:exactMatch\tK:003\tsemapv:LexicalMatching\t\n"
        "s:4\tpot\tskos:exactMatch\tK:003\tsemapv:ManualMappingCuration\tNot\n"
        's:3\t"ju""nk\tx"\tskos:exactMatch\tsssom:NoTermFound\tsemapv:ManualMappingCuration\t\n',
        {"not reviewed": 1, "rejected": 1}, ('ju"nk\tx',),
    ),
    "conceptmap": (
        json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [{"element": [
            {"code": "1", "display": "pan", "target": [
                {"code": "K:004", "equivalence": "subsumes"}]},
            {"code": "pot", "target": [{"code": "K:003", "equivalence": "relatedto"}]},
            {"code": "3", "display": "junk", "target": [{"equivalence": "unmatched"}]},
        ]}]}),
        {"not reviewed": 1}, ("junk",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_only_what_people_accepted_becomes_a_pair(kitchen, tmp_path, name):
    text, skipped, nothing = FOREIGN[name]
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    found = load_pairs(path, kitchen)
    assert found.format == name
    assert [(p.phrase, p.nodes) for p in found.pairs] == [("pan", ("K:004",))]
    assert found.skipped == skipped
    assert found.no_match == nothing


def test_test_rows_of_a_mapped_file_stay_out(tmp_path):
    path = tmp_path / "m.tsv"
    head = "phrase\tsplit\t" + "\t".join(FIELDS) + "\treview\n"
    row = "\t1\tK:004\tl\t0.5\t1\tm\te\tp\taccepted\n"
    path.write_text(head + "secret\ttest" + row + "open\tdev" + row)
    found = load_pairs(path)
    assert [(p.phrase, p.split) for p in found.pairs] == [("open", "dev")]
    assert "secret" not in repr(found)
