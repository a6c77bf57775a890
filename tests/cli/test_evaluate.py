from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.test_cli import graphemb, run

EDGES, LABELS = "fixtures/planted/edges.tsv", "fixtures/planted/labels.tsv"


@pytest.fixture
def plan(tmp_path):
    """A plan of many small cells: seconds long, so that it can be killed on the way."""
    path = tmp_path / "plan.toml"
    root = os.getcwd()
    path.write_text(
        f"seeds = {list(range(12))}\n[graphs.planted]\nedges = '{root}/{EDGES}'\n"
        f"labels = '{root}/{LABELS}'\n[methods.fastrp]\ndim = [8, 16]\n"
        "[tasks.reconstruction]\nscore = ['cosine', 'dot']\n"
    )
    return path


def test_one_graph(tmp_path):
    out = run(
        "evaluate", EDGES, "--method", "fastrp", "--task", "reconstruction", "--set", "dim=16",
        "--set", "reconstruction.hops=[1]", "--seed", "3",
    )  # fmt: skip
    assert out.exit_code == 0, out.output
    header, *rows = out.stdout.splitlines()
    assert header.split()[:6] == ["graph", "method", "seed", "task", "metric", "k"]
    assert "map_exact_random" in out.stdout
    assert {row.split()[2] for row in rows} == {"dim=16"} or "dim=16" in rows[0]
    table = run(
        "evaluate", EDGES, "--method", "fastrp", "--task", "classification", "--labels", LABELS,
        "--set", "classification.n_splits=2", "--format", "json", "-o", tmp_path / "run",
    )  # fmt: skip
    content = json.loads(table.stdout)
    assert {r["metric"] for r in content["rows"]} >= {"micro_f1", "macro_f1"}
    assert (tmp_path / "run" / "scores.tsv").exists()
    assert "1 of 1 cells measured" in table.stderr


def test_a_taxonomy(tmp_path):
    out = run("evaluate", "fixtures/tree", "--method", "fastrp", "--task", "hierarchy",
              "--format", "tsv", "-q")  # fmt: skip
    assert out.exit_code == 0
    assert out.stderr == ""
    assert "map_ancestors" in out.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([EDGES], "needs --method and --task"),
        ([EDGES, "--method", "fastrq", "--task", "limit"], "Did you mean 'fastrp'"),
        ([EDGES, "--method", "fastrp", "--task", "limit", "--set", "dims=3"], "Did you mean 'dim'"),
        ([EDGES, "--method", "fastrp", "--task", "limit", "--set", "x.y=3"], "must be KEY=VALUE"),
        (["none.tsv", "--method", "fastrp", "--task", "limit"], "there is no file"),
        (["examples/plan.toml"], "a plan needs -o RUN"),
        (["examples/plan.toml", "-o", "x", "--seed", "1"], "names its own methods"),
        ([EDGES, "--method", "fastrp", "--task", "hierarchy"], "nothing can be measured"),
        (["nowhere.toml", "-o", "x"], "must exist"),
    ],
)
def test_wrong_usage(args, message, tmp_path):
    code, out, err = graphemb("evaluate", *args)
    assert code in (2, 65, 66)
    assert (out, message in err, "Traceback" in err) == ("", True, False), err


def test_a_failing_cell_is_listed(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(
        f"[graphs.planted]\nedges = '{os.getcwd()}/{EDGES}'\n[methods.fastrp]\ndim = [0, 8]\n"
        "[tasks.reconstruction]\nhops = [1]\n"
    )
    code, out, err = graphemb("evaluate", path, "-o", tmp_path / "run")
    assert code == 3
    assert out == ""
    assert "failed: reconstruction, fastrp dim=0, planted, seed 0: FastRP: dim must be" in err
    assert "1 of 2 cells measured" in err
    assert "dim=8" in (tmp_path / "run" / "scores.tsv").read_text()


def test_a_mapper(model, tmp_path):
    truth = tmp_path / "truth.tsv"
    rows = ["sauce pot\tK:003\ttest\t7", "kettle\tK:999|K:005\ttest\t120", "x\tK:001\ttrain\t1"]
    truth.write_text("phrase\tid\tsplit\tfrequency\n" + "\n".join(rows) + "\n")
    out = run("evaluate", truth, "--model", model, "--noise", "typo", "--format", "json")
    assert out.exit_code == 0, out.output
    found = json.loads(out.stdout)["rows"]
    assert {r["n"] for r in found if r["metric"] == "accuracy"} == {2}
    assert {r["split"] for r in found} == {"", "noise=typo"}
    truth.write_text("phrase\tid\tfrequency\na\t\t3\nb\tK:003\tmany\n")
    wrong = graphemb("evaluate", truth, "--model", model)
    assert wrong[0] == 65
    assert "truth.tsv:2: must have a phrase and an id" in wrong[2]
    assert "truth.tsv:3: frequency must be a whole number" in wrong[2]


def start(plan, folder, *more):
    return subprocess.Popen(
        [sys.executable, "-m", "graphemb", "evaluate", str(plan), "-o", str(folder), *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for(folder, number, process):
    cells = folder / "cells"
    for _ in range(3000):
        if cells.exists() and len(list(cells.glob("[!.]*.json"))) >= number:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("no cells came")


def columns(folder):
    return [line.split("\t")[:-1] for line in (folder / "scores.tsv").read_text().splitlines()]


def test_killed_runs_go_on(plan, tmp_path):
    whole = tmp_path / "whole"
    assert run("evaluate", plan, "-o", whole).exit_code == 0
    folder = tmp_path / "run"
    process = start(plan, folder)
    wait_for(folder, 5, process)
    process.kill()
    process.communicate()
    kept = {f.name: f.read_bytes() for f in (folder / "cells").glob("[!.]*.json")}
    assert 5 <= len(kept) < 48
    assert not (folder / "scores.tsv").exists()
    process = start(plan, folder)
    wait_for(folder, len(kept) + 3, process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert process.returncode == 143
    assert b"Traceback" not in err
    assert not list((folder / "cells").glob(".*"))
    assert run("evaluate", plan, "-o", folder).exit_code == 0
    assert columns(folder) == columns(whole)
    for name, data in kept.items():
        assert (folder / "cells" / name).read_bytes() == data


def test_killed_jobs_go_on(plan, tmp_path):
    folder = tmp_path / "run"
    process = start(plan, folder, "--jobs", "2")
    wait_for(folder, 3, process)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, time.monotonic() - started < 5) == (143, True)
    assert b"Traceback" not in err
    number = len(list((folder / "cells").iterdir()))
    time.sleep(0.5)
    assert len(list((folder / "cells").iterdir())) == number
    done = start(plan, folder, "--jobs", "2")
    assert (done.communicate()[0], done.returncode) == (b"", 0)
    assert len(list((folder / "cells").iterdir())) == 48


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux's /proc")
def test_a_killed_worker_costs_nothing(plan, tmp_path):
    folder = tmp_path / "run"
    process = start(plan, folder, "--jobs", "2")
    wait_for(folder, 3, process)
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        children = [int(pid) for pid in file.read().split()]
    commands = {}
    for pid in children:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            commands[pid] = file.read()
    os.kill(next(pid for pid, line in commands.items() if b"spawn_main" in line), signal.SIGKILL)
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert len(list((folder / "cells").iterdir())) == 48
    info = json.loads((folder / "run.json").read_text())
    assert (len(info["cells"]), info["failed"]) == (48, [])


def test_start_up_stays_light():
    code = (
        "import sys, graphemb as ge; ge.evaluate; ge.evaluate.reconstruction; "
        "print([m for m in ('sklearn', 'scipy', 'torch', 'gensim') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
