"""A run's files when they are torn, edited, another version's or gone."""

from __future__ import annotations

import json

import pytest

import graphemb as ge
from graphemb.errors import InputError


def values(run):
    return [(r.method, r.seed, r.metric, r.k, r.value) for r in run.table]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A run of one cell."""
    from tests.conftest import ROOT

    folder = tmp_path_factory.mktemp("small")
    plan = folder / "plan.toml"
    plan.write_text(
        f"[graphs.g]\nedges = '{ROOT}/fixtures/planted/edges.tsv'\n[methods.fastrp]\ndim = 4\n"
        "[tasks.reconstruction]\nhops = [1]\n"
    )
    run = ge.evaluate.run_plan(plan, folder / "run")
    return plan, folder / "run", folder / "run" / "cells" / f"{run.cells[0]['key']}.json"


@pytest.fixture
def damaged(small):
    """Change a file of the run; it is whole again after the test."""
    plan, folder, cell = small
    before = {f: f.read_bytes() for f in (folder / "run.json", cell)}

    def change(which, **content):
        path = cell if which == "cell" else folder / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | content))
        return path

    yield plan, folder, cell, change
    for file, data in before.items():
        file.write_bytes(data)


def refused(folder, path, *words):
    with pytest.raises(InputError) as error:
        ge.evaluate.read_run(folder)
    assert type(error.value) is InputError
    message = str(error.value)
    assert message.startswith(f"{path}: ") and len(message.splitlines()) == 1
    for word in words:
        assert word in message, message
    return message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "[" * 100_000, '{"schema": 1}'])
@pytest.mark.parametrize("which", ["cell", "run"])
def test_a_damaged_file_is_named(damaged, which, text):
    _, folder, _, change = damaged
    path = change(which)
    path.write_text(text)
    refused(folder, path, "is damaged", "Run the plan again")


@pytest.mark.parametrize("which", ["cell", "run"])
def test_other_schemas_are_refused(damaged, which):
    _, folder, _, change = damaged
    refused(folder, change(which, schema=2), "newer graphemb (schema 2; this one reads 1)",
            "Upgrade graphemb.")  # fmt: skip
    for schema in (0, None, "1", True, 1.0):
        refused(folder, change(which, schema=schema), "must have schema 1")


@pytest.mark.parametrize(
    ("which", "content"),
    [
        ("run", {"cells": "abc"}), ("run", {"cells": [3]}), ("run", {"cells": ["../x"]}),
        ("run", {"variants": {"a": 1}}), ("run", {"seeds": ["a"]}), ("run", {"inputs": []}),
        ("run", {"skipped": "none"}), ("run", {"versions": None}),
        ("cell", {"status": "half"}), ("cell", {"graph": {}}), ("cell", {"method": {"name": "a"}}),
        ("cell", {"task": []}), ("cell", {"rows": {}}), ("cell", {"rows": [{}]}),
        ("cell", {"rows": [{"graph": "g"}]}), ("cell", {"rows": [3]}),
        ("cell", {"seconds": {"fit": "long"}}), ("cell", {"memory": {"fit": "much"}}),
        ("cell", {"memory": 3}), ("cell", {"notes": [1]}), ("cell", {"error": "none"}),
        ("cell", {"picture": {"nodes": ["a"], "x": [0.0], "y": [], "labels": ["b"]}}),
        ("cell", {"picture": {"nodes": ["a"], "x": ["0"], "y": [0.0], "labels": ["b"]}}),
        ("cell", {"picture": 3}), ("cell", {"errors": [{"phrase": "p"}]}), ("cell", {"seed": "0"}),
    ],
)  # fmt: skip
def test_what_is_damaged_is_named(damaged, which, content):
    _, folder, _, change = damaged
    refused(folder, change(which, **content), "is damaged", *content, "Run the plan again")


def test_rows_hold_finite_numbers(damaged):
    _, folder, cell, change = damaged
    row = json.loads(cell.read_text())["rows"][0]
    for wrong in ({"value": float("nan")}, {"k": 1.5}, {"metric": None}, {"low": "a"}, {"x": 1}):
        refused(folder, change("cell", rows=[row | wrong]), "rows missing or not")


def test_a_cell_that_is_gone_or_anothers(damaged):
    _, folder, cell, change = damaged
    refused(folder, change("cell", key="ab"), f"must hold cell {cell.stem}; got 'ab'")
    cell.unlink()
    refused(folder, cell, "is gone, though run.json lists it", "Run the plan again")


@pytest.mark.parametrize("content", [{"rows": 3}, {"schema": 2}, {"memory": {"fit": "much"}}])
def test_what_is_damaged_is_measured_anew(damaged, content):
    plan, folder, _, change = damaged
    change("cell", **content)
    change("run", cells=7)
    told = []
    run = ge.evaluate.run_plan(plan, folder, progress=lambda *a: told.append(a))
    assert len(told) == 1
    assert values(run) == values(ge.evaluate.read_run(folder))


def test_runs_from_before_memory_was_measured(damaged):
    plan, folder, cell, _ = damaged
    content = json.loads(cell.read_text())
    assert set(content.pop("memory")) == {"fit", "task"}
    cell.write_text(json.dumps(content))
    assert "memory" not in ge.evaluate.read_run(folder).cells[0]
    told = []
    ge.evaluate.run_plan(plan, folder, progress=lambda *a: told.append(a))
    assert not told  # measured is measured
