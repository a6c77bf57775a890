"""graphemb extend, and what graphemb info says of an extended model."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from click.testing import CliRunner

from graphemb import Text2Node
from graphemb.cli import main

ROWS = "id\tlabel\tparent\tsynonyms\nN:1\tFondue fork\tK:011\tlong fork\nK:003\t\t\tmilk heater\n"


def run(*args):
    return CliRunner().invoke(main, [str(a) for a in args])


@pytest.fixture
def table(tmp_path):
    place = tmp_path / "new.tsv"
    place.write_text(ROWS)
    return place


def test_a_model_is_extended_and_says_so(model, table, tmp_path):
    place = tmp_path / "more.model"
    done = run("extend", model, table, "-o", place)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "1 node and 2 more names added; 59 nodes now" in done.stderr
    rows = run("map", "-p", "fondue fork", "--model", place, "--within", "K:011", "--k", 1)
    assert "N:1" in rows.stdout
    told = run("info", place)
    sha256 = hashlib.sha256(ROWS.encode()).hexdigest()
    for part in ("extended:", "    nodes                    1", sha256, "had no part in it"):
        assert part in told.stdout
    facts = json.loads(run("info", place, "--json").stdout)
    assert facts["extended"] == [{"nodes": 1, "names": 3, "sha256": sha256}]
    assert "extended" not in run("info", model).stdout


def test_nothing_is_overwritten_unless_told(model, table, tmp_path):
    mine = tmp_path / "mine.model"
    shutil.copytree(model, mine)
    done = run("extend", mine, table)
    assert done.exit_code == 2
    assert "with --force" in done.stderr
    for args in ((mine, table, "-o", mine), (mine, table, "-o", tmp_path / "new.tsv")):
        assert run("extend", *args).exit_code == 74
    assert "extended" not in run("info", mine).stdout
    done = run("extend", mine, table, "--force", "-q")
    assert (done.exit_code, done.output) == (0, "")
    assert "extended" in run("info", mine).stdout
    again = run("extend", mine, table, "--force")
    assert "every row was there already" in again.stderr


def test_on_an_error_nothing_is_written(model, table, tmp_path):
    table.write_text(ROWS + "N:2\tX\tnope\t\n")
    done = run("extend", model, table, "-o", tmp_path / "more.model")
    assert done.exit_code == 65
    assert f"{table}:4: has no node 'nope' to be a parent." in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new.tsv"]
    assert run("extend", model, tmp_path / "no.tsv", "-o", tmp_path / "m").exit_code == 66
    assert run("extend", tmp_path / "no.model", table, "-o", tmp_path / "m").exit_code == 66
    table.write_text("id\tlabel\tparent\nN:1\tX\t\n")
    done = run("extend", model, table, "-o", tmp_path / "more.model")
    assert "note: new roots, as no parent is given: N:1" in done.stderr


def test_a_policy_of_the_model_before_is_refused(model, kitchen, table, tmp_path):
    from ..map.test_accept import reviewed

    phrases, right = reviewed(kitchen, 400)
    rows = "\n".join(f"{p}\t{min(r)}" for p, r in zip(phrases, right))
    (tmp_path / "reviewed.tsv").write_text(f"phrase\tid\n{rows}\n")
    policy = tmp_path / "policy.json"
    done = run("calibrate", model, tmp_path / "reviewed.tsv", "--max-error", 0.05, "-o", policy)
    assert done.exit_code == 0, done.output
    assert run("extend", model, table, "-o", tmp_path / "more.model").exit_code == 0
    done = run("map", "-p", "wok", "--model", tmp_path / "more.model", "--accept", policy)
    assert done.exit_code == 65
    assert "calibrate" in done.stderr.casefold()


def test_a_text2node_model_is_refused(kitchen, table, tmp_path):
    place = tmp_path / "t2n.model"
    Text2Node(network="linear", node_embedding="fastrp").fit(kitchen).save(place)
    done = run("extend", place, table, "-o", tmp_path / "more.model")
    assert done.exit_code == 65
    assert "must be a model of the default recipe; it is a text2node model" in done.stderr
