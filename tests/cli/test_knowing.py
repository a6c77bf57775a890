"""calibrate, and what map says beside its answers: --accept, --backoff, restrictions, --explain."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from graphemb import Taxonomy, load_mappings
from graphemb.cli import main
from graphemb.cli._picture import picture
from graphemb.map._reasons import GROUPS, described
from graphemb.map.explain import Explanation, Weighed, explain
from graphemb.map.rerank import FEATURES
from graphemb.mappings import FIELDS

from ..map.test_accept import reviewed


def run(*args):
    return CliRunner().invoke(main, [str(a) for a in args])


def rows_of(text, delimiter="\t"):
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.fixture(scope="module")
def table(kitchen, tmp_path_factory):
    """400 reviewed phrases with their ids and how often they occur."""
    phrases, right = reviewed(kitchen, 400)
    place = tmp_path_factory.mktemp("reviewed") / "reviewed.csv"
    lines = [f"{p},{min(r)},{1 + i % 7}" for i, (p, r) in enumerate(zip(phrases, right))]
    place.write_text("\n".join(["phrase,id,n", *lines]) + "\n")
    return place


@pytest.fixture(scope="module")
def policy(model, table, tmp_path_factory):
    place = tmp_path_factory.mktemp("policy") / "policy.json"
    done = run("calibrate", model, table, "--max-error", 0.05, "--coverage", 0.95, "-o", place)
    assert done.exit_code == 0, done.output
    assert "with 95% confidence at most 5.00% of the accepted rows is wrong" in done.stderr
    assert "candidates on average" in done.stderr
    assert done.stdout == ""
    return place


def test_a_policy_is_applied_after_the_eight_columns(model, table, policy, tmp_path):
    out = tmp_path / "out.csv"
    done = run("map", table, "--model", model, "--accept", policy, "-o", out, "--k", 3)
    assert done.exit_code == 0, done.output
    rows = rows_of(out.read_text(), ",")
    assert list(rows[0]) == ["phrase", "id", "n", *FIELDS, "accepted", "in_set"]
    facts = json.loads(policy.read_text())
    for row in rows:
        sure = float(row["probability"]) >= facts["threshold"]
        assert row["accepted"] == ("yes" if sure and row["rank"] == "1" else "no")
        assert row["in_set"] == (
            "yes" if float(row["probability"]) >= facts["set_threshold"] else "no"
        )
    taken = [r for r in rows if r["accepted"] == "yes"]
    assert len(taken) == facts["n_accepted"]
    assert sum(r["node"] != r["id"] for r in taken) == facts["n_wrong"]
    assert f"{len(taken)} of 400 phrases accepted" in done.stderr
    # Read back, the policy's word is not a person's.
    assert not load_mappings(out).reviewed
    without = run("map", table, "--model", model, "--format", "csv", "--k", 3).stdout
    assert [{k: r[k] for k in ("phrase", *FIELDS)} for r in rows] == [
        {k: r[k] for k in ("phrase", *FIELDS)} for r in rows_of(without, ",")
    ]


def test_json_lines_and_people_are_told_too(model, policy):
    given = ("--model", model, "--accept", policy, "-p", "kettle", "-p", "asdf qwer", "--k", 2)
    lines = run("map", *given, "--format", "jsonl").stdout.splitlines()
    first, nothing = map(json.loads, lines)
    assert [c["accepted"] for c in first["candidates"]] == ["yes", "no"]
    assert first["candidates"][0]["in_set"] == "yes"
    assert nothing["candidates"] == []
    people = run("map", *given, "--format", "table").stdout
    assert "verdict   accepted yes, in_set yes" in people
    assert "verdict   accepted no, in_set no" in people


def test_a_policy_holds_for_its_model_and_restriction_only(
    model, mapper, kitchen, table, policy, tmp_path
):
    done = run("map", "-p", "pan", "--model", model, "--accept", policy, "--leaves-only")
    assert done.exit_code == 65
    assert "was under no restriction, now there is leaves_only yes" in done.stderr
    content = json.loads(policy.read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(content | {"model": "0" * 16}))
    done = run("map", "-p", "pan", "--model", model, "--accept", other)
    assert done.exit_code == 65
    assert "it was on another" in done.stderr
    for more in (("--backoff", 0.9), ("--format", "sssom"), ("--format", "xlsx")):
        assert run("map", "-p", "x", "--model", model, "--accept", policy, *more).exit_code == 2
    assert run("map", "-p", "x", "--model", model, "--accept", "no.json").exit_code == 66
    same = ("--leaves-only", "--depth", "1:3", "--not-within", "K:001x")
    assert run("calibrate", model, table, *same).exit_code == 65
    leaves = tmp_path / "leaves.json"
    same = ("--leaves-only", "--depth", "1:3", "--not-within", "K:019")
    done = run("calibrate", model, table, "--max-error", 0.3, "-o", leaves, *same)
    assert done.exit_code == 0, done.output
    done = run("map", "-p", "kettle", "--model", model, "--accept", leaves, *same)
    assert rows_of(done.stdout)[0]["accepted"] == "yes"


def test_too_few_rows_are_refused_and_nothing_is_written(model, table, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("".join(table.read_text().splitlines(keepends=True)[:81]))
    out = tmp_path / "p.json"
    done = run("calibrate", model, few, "-o", out)
    assert done.exit_code == 65
    assert "got 80 reviewed phrases. Review 69 more" in done.stderr
    assert not out.exists()


def test_volume_columns_and_open_rows(model, table, tmp_path):
    other = tmp_path / "t.tsv"
    _, *lines = table.read_text().splitlines()
    cells = [line.split(",") for line in lines]
    text = "\n".join(["words\tcode\ttimes", *("\t".join(c) for c in cells), "\tK:001\t1"])
    other.write_text(text)
    how = ("--text-col", "words", "--id-col", "code", "--freq-col", "times", "--max-error", 0.1)
    done = run("calibrate", model, other, *how)
    assert done.exit_code == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["weighted"]
    assert content["n_reviewed"] == 400
    assert "1 rows without a decision are left out" in done.stderr
    assert "of the volume" in done.stderr
    done = run("calibrate", model, other, "--text-col", "words")
    assert done.exit_code == 65
    assert "Name it with --id-col" in done.stderr
    other.write_text(text.replace("K:", "Q:"))
    done = run("calibrate", model, other, *how)
    assert done.exit_code == 65
    assert "more than half of its ids" in done.stderr


def test_a_reviewed_output_calibrates(model, table, tmp_path):
    mapped = rows_of(run("map", table, "--model", model, "--k", 2).stdout)
    header = [*mapped[0], "review", "relation", "comment", "reviewer"]
    lines = ["\t".join(header)]
    for i, row in enumerate(mapped):
        said = "accepted" if row["node"] == row["id"] else "rejected" if i % 50 else ""
        lines.append("\t".join([*row.values(), said, "", "", "me"]))
    place = tmp_path / "back.tsv"
    place.write_text("\n".join(lines) + "\n")
    done = run("calibrate", model, place, "--max-error", 0.1)
    assert done.exit_code == 0, done.stderr
    assert 380 <= json.loads(done.stdout)["n_reviewed"] <= 400


def test_backing_off_adds_the_relation_that_exports_use(model, tmp_path):
    phrases = ("-p", "knife thing", "-p", "fry pan", "-p", "asdf qwer")
    out = run("map", "--model", model, "--backoff", 0.8, "--k", 2, *phrases)
    rows = rows_of(out.stdout)
    assert [(r["rank"], r["relation"]) for r in rows] == [
        ("1", "broadMatch"), ("2", ""), ("1", "exactMatch"), ("2", ""), ("1", "noMatch"),
    ]  # fmt: skip
    assert rows[0]["label"] == "Knives and cutters"
    assert rows[0]["evidence"].startswith("at or above ")
    place = tmp_path / "m.tsv"
    place.write_text(out.stdout)
    again = load_mappings(place)
    assert again.best(0).review.relation == "broadMatch"
    assert not again.reviewed
    for source in (("map", "--model", model, "--backoff", 0.8, *phrases, "--format", "sssom"),
                   ("export", place, "--to", "sssom")):  # fmt: skip
        text = run(*source).stdout
        assert "skos:broadMatch" in text
        assert "skos:exactMatch" in text
    lines = run("map", "--model", model, "--backoff", 0.8, *phrases, "--format", "jsonl").stdout
    assert json.loads(lines.splitlines()[0])["candidates"][0]["relation"] == "broadMatch"


def test_restrictions_of_the_command_line(model, kitchen, tmp_path):
    def nodes(*how):
        done = run("map", "-p", "knife", "--model", model, "--min-probability", 0, "--k", 60, *how)
        assert done.exit_code == 0, done.stderr
        return {r["node"] for r in rows_of(done.stdout)}

    below = {"K:019", *kitchen.descendants("K:019")}
    assert not nodes("--not-within", "K:019") & below
    assert nodes("--within", "K:019", "--leaves-only") == {
        n for n in below if not kitchen.children(n)
    }
    assert nodes("--depth", "0:0") == {"K:001"}
    assert nodes("--depth", ":0") == {"K:001"}
    assert "K:001" not in nodes("--depth", "1")
    listed = tmp_path / "ids.txt"
    listed.write_text("K:003\nK:021\n\n")
    assert nodes("--ids", listed) == {"K:003", "K:021"}
    listed.write_text("note\tid\nx\tK:004\n")
    assert nodes("--ids", listed) == {"K:004"}
    listed.write_text("K:003\nK:3\nnope\n")
    done = run("map", "-p", "x", "--model", model, "--ids", listed)
    assert done.exit_code == 65
    assert done.stderr.count("has no node") == 2
    for bad in ("a", "3:1", "", "-1", "1:2:3", "1e9", "٣"):
        assert run("map", "-p", "x", "--model", model, "--depth", bad).exit_code == 2, bad
    assert run("map", "-p", "x", "--model", model, "--depth", "9").exit_code == 65


def test_explain_says_what_map_answers(mapper, model):
    answer = mapper.map(["small sauce pot"], k=5)[0]
    found = explain(mapper, "small sauce pot", k=5)
    assert [(c.node, round(c.probability, 4), round(c.score, 4)) for c in found.candidates] == [
        (c.node, c.probability, c.score) for c in answer
    ]
    first = found.candidates[0]
    assert (first.matched, first.kind) == ("Sauce pot", "synonym")
    assert (first.held, first.missing, first.extra) == (("sauce", "pot"), ("small",), ())
    assert set(first.retrievers) == {"letters", "words", "meaning"}
    assert all(rank >= 1 for _, rank in first.retrievers.values())
    assert found.gap == pytest.approx(answer[0].score - answer[1].score, abs=1e-3)
    assert found.reasons
    assert sum(r.effect for r in found.reasons) > 0
    text = run("map", "--model", model, "--explain", "-p", "small sauce pot").stdout
    for part in ("“small sauce pot” → Saucepan", "missing: small", "why it lost", "runner-up"):
        assert part in text
    assert "for the winner: " in text


def test_explain_of_rules_readings_and_nothing(model, mapper):
    found = explain(mapper, "brew pot")
    assert found.candidates[0].read_as == "kettle"
    assert found.candidates[0].rule
    text = run("map", "--model", model, "--explain", "-p", "brew pot", "-p", "asdf qwer").stdout
    assert "read as     “kettle” by the lexicon" in text
    assert "by rule     the phrase is a name of the winner" in text
    assert "below the model's bar" in text
    done = run("map", "--model", model, "--explain", "-p", "???")
    assert done.exit_code == 65
    assert "must hold a letter or digit" in done.stderr
    only = run("map", "--model", model, "--explain", "-p", "pan", "--ids", "-")
    assert only.exit_code == 65


def test_explain_ends_with_the_safe_answer(model, mapper):
    asked = ("-p", "small sauce pot", "-p", "asdf qwer")
    text = run("map", "--model", model, "--explain", "--backoff", "0.9", *asked).stdout
    safe = [line.strip() for line in text.splitlines() if "safe answer at 90%" in line]
    best = mapper.map(["small sauce pot"], k=1, backoff=0.9).best(0)
    assert best is None or f"{best.node} {best.label} ({best.review.relation})" in safe[0]
    assert safe[1] == "safe answer at 90%: none; nothing is likely enough"


@pytest.mark.parametrize(
    "more",
    [("-o", "x"), ("--format", "tsv"), ("--accept", "p"), ("--min-probability", "0")],
)
def test_what_says_nothing_of_an_explanation_is_refused(model, more):
    done = run("map", "--model", model, "--explain", "-p", "x", *more)
    assert done.exit_code == 2
    assert f"--explain takes no {more[0]}" in done.stderr
    assert run("map", "fixtures/kitchen/nodes.tsv", "--model", model, "--explain").exit_code == 2


def test_every_feature_has_a_group_and_words():
    assert sorted(f for group in GROUPS.values() for f in group) == sorted(FEATURES)
    for feature in FEATURES:
        said = described(feature, 1.0, 0.5)
        assert "_" not in said, said


def test_the_picture_is_xml_and_escapes_all_it_was_given(model, tmp_path):
    place = tmp_path / "p.svg"
    done = run("map", "--model", model, "--explain-svg", place, "-p", "bread <knife> & \x01")
    assert done.exit_code == 0, done.stderr
    text = place.read_text()
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert "bread &lt;knife&gt; &amp; �" in text
    assert text.count("<g>") >= 6
    t = Taxonomy(
        ["r", "<a>", "b"], ["Root", 'x</text><script>"\u202e', "B" * 300],
        [("<a>", "r"), ("b", "r"), ("b", "<a>")],
    )  # fmt: skip
    weighed = [
        Weighed(i, n, t[n], "", p, 0.0, "", "label", "", {}, (), (), (), {}, False)
        for i, (n, p) in enumerate([("b", 0.7), ("<a>", 0.2)], 1)
    ]
    svg = picture(t, Explanation("'\"<&>", tuple(weighed), 0.0, (), 2, False))
    assert ET.fromstring(svg) is not None
    assert "<script" not in svg
    assert "\u202e" not in svg
    assert svg == picture(t, Explanation("'\"<&>", tuple(weighed), 0.0, (), 2, False))
    done = run("map", "--model", model, "--explain-svg", place, "-p", "a", "-p", "b")
    assert done.exit_code == 2


def test_evaluate_measures_back_off(model, table):
    done = run("evaluate", table, "--model", model, "--backoff", 0.8, "--format", "tsv")
    assert done.exit_code == 0, done.stderr
    splits = {r["split"] for r in rows_of(done.stdout) if r["metric"] == "information_kept"}
    assert splits == {"answer=first", "answer=parent", "backoff=0.8"}
    assert run("evaluate", table, "--model", model, "--backoff", 1.5).exit_code == 2


def test_calibrate_help_shows_examples():
    assert "graphemb calibrate my.model reviewed.csv" in run("calibrate", "--help").output
