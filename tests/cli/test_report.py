from __future__ import annotations

import json

import pytest

from graphemb.report import RENDERERS
from tests.cli.test_cli import graphemb, run
from tests.report.made import results, write

GATE = "reconstruction map_exact k=1 method=a >= 0.5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("report") / "run"
    write(results(), place)
    return place


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    place = tmp_path_factory.mktemp("report") / "newer"
    write(results(shift=-0.2), place)
    return place


@pytest.mark.parametrize(
    ("name", "ending"),
    [("html", ".html"), ("markdown", ".md"), ("csv", ".csv"), ("jsonl", ".jsonl")],
)
def test_formats_to_a_file_and_to_standard_output(name, ending, folder, tmp_path):
    path = tmp_path / f"out{ending}"
    done = run("report", folder, "-o", path)
    assert (done.exit_code, done.output) == (0, "")
    given = run("report", folder, "--format", name)
    assert given.exit_code == 0
    assert given.stdout_bytes == path.read_bytes()
    assert RENDERERS[name]().suffix == ending


def test_a_measured_run_can_be_reported(tmp_path):
    place = tmp_path / "run"
    done = run("evaluate", "fixtures/tree", "--method", "fastrp", "--task", "hierarchy", "--task",
               "reconstruction", "--seed", "0", "--seed", "1", "-o", place, "-q")  # fmt: skip
    assert done.exit_code == 0
    text = run("report", place).stdout
    assert "fastrp, the only method measured, at finding a node's parents: mAP" in text
    page = run("report", place, "--format", "html").stdout
    assert "Mean average precision by hop, tree" in page
    assert "node t a" in page  # the picture's colours are the top branches


def test_a_mappers_run_shows_its_errors(model, tmp_path):
    truth = tmp_path / "truth.tsv"
    lines = [f"kettle {i}\tK:001" for i in range(6)]
    truth.write_text("phrase\tid\nsauce pot\tK:003\n" + "\n".join(lines) + "\n")
    place = tmp_path / "run"
    done = run("evaluate", truth, "--model", model, "-o", place)
    assert (done.exit_code, done.output) == (0, "")
    page = run("report", place, "--format", "html").stdout
    assert "The surest wrong answers" in page
    assert "Kitchen things &gt; Electrical appliances &gt; Kettle" in page
    assert "Reliability of the probabilities, kitchen" in page
    kept = json.loads(
        run("evaluate", truth, "--model", model, "-o", place, "--format", "json").stdout
    )
    bare = json.loads(run("evaluate", truth, "--model", model, "--format", "json").stdout)
    for row in (*kept["rows"], *bare["rows"]):
        row.pop("seconds")
    assert kept == bare
    table = tmp_path / "scores.json"
    table.write_text(json.dumps(bare))
    assert "putting the right node first" in run("report", table).stdout
    assert (
        run("report", table, place, "--gate", "mapping accuracy k=1 split='' < 0.5").exit_code == 0
    )


def test_two_runs_are_compared(folder, newer):
    done = run("report", folder, newer)
    assert done.exit_code == 0
    assert "## newer against run" in done.stdout
    assert "| lower |" in done.stdout


def test_gates(folder, newer, tmp_path):
    kept = run("report", folder, "--gate", GATE, "-q")
    assert (kept.exit_code, kept.stdout, kept.stderr) == (0, "", "1 bound kept\n")
    code, out, err = graphemb("report", folder, newer, "--gate", GATE, "--format", "csv")
    assert code == 3
    assert out.startswith("graph,method,task")
    assert err.startswith(f"gate {GATE}: g, a dim=0, reconstruction map_exact k=1 is 0.3")
    assert err.count("\n") == 1
    bounds = tmp_path / "bounds.toml"
    bounds.write_text("[[gate]]\ntask = 'reconstruction'\nmetric = 'map_exakt'\nat_least = 0.1\n")
    path = tmp_path / "report.html"
    broken = run("report", folder, "--gate", bounds, "--gate", GATE, "-o", path)
    assert broken.exit_code == 3
    assert path.exists()
    assert "Did you mean 'map_exact'?" in broken.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["report"], 2, "Missing argument"),
        (["report", "a", "b", "c"], 2, "takes one run, or two"),
        (["report", "nowhere"], 66, "must exist"),
        (["report", "RUN", "-q"], 2, "--quiet without --gate"),
        (["report", "RUN", "--gate", "map >= x"], 2, "must be TASK METRIC"),
        (["report", "RUN", "--gate", "none.toml"], 66, "must exist"),
        (["report", "RUN", "-o", "/"], 74, "is a folder"),
        (["report", "RUN", "-o", "no/where.html"], 74, "its folder must exist"),
        (["report", "RUN", "--format", "pdf"], 2, "is not one of"),
        (["report", "fixtures/tree"], 66, "run.json: must exist"),
        (["report", "fixtures/planted/edges.tsv"], 65, "is no run and no table of scores"),
    ],
)
def test_wrong_usage(args, code, message, folder):
    done, out, err = graphemb(*[folder if a == "RUN" else a for a in args])
    assert (done, out, message in err, "Traceback" in err) == (code, "", True, False), err


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", 65), ("[]", 65), ('{"schema": 1}', 65), ('{"schema": 2, "cells": []}', 65), ("", 65),
     ('{"schema": 1, "cells": ["00"], "variants": {}}', 65)],
)  # fmt: skip
def test_damaged_runs(content, code, tmp_path):
    (tmp_path / "run.json").write_text(content)
    done = graphemb("report", tmp_path)
    assert done[0] == code, done
    assert "bug" not in done[2]


@pytest.mark.parametrize("change", [{"value": float("nan")}, {"value": "1"}, {"k": 0.5},
                                    {"graph": None}, {"low": float("inf")}, {"x": 1}])  # fmt: skip
def test_damaged_tables(change, tmp_path):
    row = {"graph": "g", "method": "m", "task": "t", "metric": "x", "value": 1.0, **change}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"schema": 1, "rows": [row]}))
    code, out, err = graphemb("report", path)
    assert (code, out, "is damaged" in err) == (65, "", True), err


def test_help_shows_examples():
    text = run("report", "--help").output
    assert "Examples:" in text
    assert "[[gate]]" in text
