from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import graphemb as ge
from graphemb.errors import InputError, MissingInputError, ParameterError
from graphemb.evaluate import _memory
from graphemb.evaluate._memory import PeakMemory
from graphemb.evaluate._sources import GraphSource, load_source

PLAN = """
seeds = [0, 1]
[graphs.planted]
edges = "{root}/fixtures/planted/edges.tsv"
labels = "{root}/fixtures/planted/labels.tsv"
[graphs.tree]
taxonomy = "{root}/fixtures/tree"
[methods.fastrp]
dim = [4, 8]
[tasks.reconstruction]
hops = [1, 2]
[tasks.classification]
train_shares = [0.5]
n_splits = 1
[tasks.hierarchy]
"""


@pytest.fixture
def plan(tmp_path):
    from tests.conftest import ROOT

    def write(text=PLAN, **more):
        path = tmp_path / "plan.toml"
        path.write_text(text.format(root=ROOT, **more))
        return path

    return write


def test_a_plan_is_spelled_out(plan):
    found = ge.evaluate.read_plan(plan())
    assert len(found.cells) == 2 * 2 * (2 + 2)
    assert [(c.source.name, c.parameters["dim"], c.seed, c.task) for c in found.cells[:4]] == [
        ("planted", 4, 0, "reconstruction"), ("planted", 4, 0, "classification"),
        ("planted", 4, 1, "reconstruction"), ("planted", 4, 1, "classification"),
    ]  # fmt: skip
    assert len({c.key for c in found.cells}) == len(found.cells)
    assert found.skipped == (
        "hierarchy on planted with fastrp: the graph has no taxonomy",
        "classification on tree with fastrp: the graph has no labels",
    )


def test_lists_of_lists_and_task_sweeps(plan):
    text = PLAN + "[tasks.clustering]\nn_clusters = [2, 3]\n[methods.w]\nmethod = 'fastrp'\n"
    found = ge.evaluate.read_plan(plan(text + "weights = [0.0, 1.0]\n"))
    assert {tuple(c.parameters["weights"]) for c in found.cells if c.method == "w"} == {(0.0, 1.0)}
    found = ge.evaluate.read_plan(plan(text + "weights = [[0.0, 1.0], [1.0]]\n"))
    cells = [c for c in found.cells if c.method == "w" and c.task == "clustering"]
    assert {(c.text, c.variant) for c in cells} == {
        (f"weights={w}", f"n_clusters={k}") for w in ("[0.0, 1.0]", "[1.0]") for k in (2, 3)
    }
    named = plan(PLAN + "[tasks.by_dot]\ntask = 'reconstruction'\nscore = 'dot'\n")
    cells = ge.evaluate.read_plan(named).cells
    assert {c.variant for c in cells if c.task == "reconstruction"} == {"", "by_dot"}


def test_tasks_of_one_kind_are_told_apart(plan, tmp_path):
    text = "[graphs.t]\ntaxonomy = '{root}/fixtures/tree'\n[methods.fastrp]\ndim = 4\n"
    text += "[tasks.reconstruction]\nhops = [1]\nscore = "
    one = ge.evaluate.run_plan(plan(text + "'dot'"), tmp_path / "a")
    assert {r.parameters for r in one.table} == {"dim=4"}
    told = []
    wider = plan(text + "['cosine', 'dot']")
    two = ge.evaluate.run_plan(wider, tmp_path / "a", progress=lambda *a: told.append(a))
    assert len(told) == 1  # 'dot' was measured
    names = {f'dim=4 [score="{s}"]' for s in ("cosine", "dot")}
    assert {r.parameters for r in two.table} == names
    header, *lines = (tmp_path / "a" / "scores.tsv").read_text().splitlines()
    at = header.split("\t").index("parameters")
    assert {line.split("\t")[at] for line in lines} == names


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[methods.fastrp]\ndims = 3", "got 'dims'. Did you mean 'dim'?"),
        ("[methods.fastrq]", "got 'fastrq'. Did you mean 'fastrp'?"),
        ("[tasks.reconstructio]", "Did you mean 'reconstruction'?"),
        ("[tasks.mapping]", "task mapping: must be one of"),
        ("[tasks.limit]\nrandom_state = 1", "seeds of the plan stand for random_state"),
        ("[tasks.limit]\nn_queries = []", "the list is empty"),
        ("[graphs.g]\nedge = 'x'", "got 'edge'. Did you mean 'edges'?"),
        ("[graphs.g]\nedges = 'nowhere.tsv'", "there is no file"),
        ("[graphs.g]\nlabels = 'nowhere.tsv'", "needs one of edges and taxonomy"),
        ("[methods.mine]\nvectors = 'nowhere'", "there are no vectors"),
        ("[task.limit]", "keys are graphs, methods, seeds, tasks; got 'task'"),
        ("[graphs.g", "must be TOML"),
    ],
)
def test_what_is_wrong_is_named(plan, line, message):
    text = PLAN.replace("[methods.fastrp]\ndim = [4, 8]\n", "") if "methods.f" in line else PLAN
    with pytest.raises(InputError) as error:
        ge.evaluate.read_plan(plan(text + line))
    assert message in str(error.value)


def test_all_problems_come_at_once(plan):
    with pytest.raises(InputError) as error:
        ge.evaluate.read_plan(plan(PLAN + "[tasks.limit]\nx = 1\n[tasks.semantic]\ny = 1\n"))
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["seeds = [-1]", "seeds = 'x'", "", "graphs = 3"])
def test_a_plan_needs_its_parts(plan, text):
    with pytest.raises(InputError, match=r"seeds must be|needs tables \[graphs.NAME\]"):
        ge.evaluate.read_plan(plan(text))


def values(table):
    return [(r.graph, r.method, r.parameters, r.seed, r.metric, r.k, r.value) for r in table]


def test_run_resume_and_jobs(plan, tmp_path):
    path = plan()
    told = []
    run = ge.evaluate.run_plan(path, tmp_path / "a", progress=lambda *a: told.append(a))
    assert len(run.cells) == 16
    assert not run.failed
    assert told[-1][1] == 1.0
    assert len(told) == 16
    cells = sorted((tmp_path / "a" / "cells").iterdir())
    before = {c.name: c.read_bytes() for c in cells}
    cells[3].unlink()
    cells[5].write_text("{torn")
    told.clear()
    again = ge.evaluate.run_plan(path, tmp_path / "a", progress=lambda *a: told.append(a))
    assert len(told) == 2
    assert values(again.table) == values(run.table)
    after = {c.name: c.read_bytes() for c in (tmp_path / "a" / "cells").iterdir()}
    assert set(after) == set(before)
    assert sum(after[n] != before[n] for n in before) == 2  # seconds differ
    read = ge.evaluate.read_run(tmp_path / "a")
    assert values(read.table) == values(run.table)
    lines = (tmp_path / "a" / "scores.tsv").read_text().splitlines()
    assert len(lines) == len(run.table) + 1


def test_any_number_of_jobs(plan, tmp_path):
    path = plan(PLAN.replace("[tasks.classification]\ntrain_shares = [0.5]\nn_splits = 1\n", ""))
    one, two = (ge.evaluate.run_plan(path, tmp_path / str(n), n_jobs=n) for n in (1, 2))
    assert values(one.table) == values(two.table)


def test_a_wider_plan_keeps_what_is_measured(plan, tmp_path):
    ge.evaluate.run_plan(plan(), tmp_path / "a")
    told = []
    wider = plan(PLAN.replace("[4, 8]", "[4, 8, 16]"))
    run = ge.evaluate.run_plan(wider, tmp_path / "a", progress=lambda *a: told.append(a))
    assert (len(told), len(run.cells)) == (8, 24)
    narrow = ge.evaluate.run_plan(plan(PLAN.replace("[4, 8]", "4")), tmp_path / "a")
    assert {r.parameters for r in narrow.table} == {"dim=4"}
    assert len(list((tmp_path / "a" / "cells").iterdir())) == 24


def test_other_bytes_are_measured_again(plan, tmp_path):
    edges = tmp_path / "e.tsv"
    edges.write_text("a\tb\nb\tc\n")
    text = (
        "[graphs.g]\nedges = '{e}'\n[methods.fastrp]\ndim = 4\n[tasks.reconstruction]\nhops = [1]"
    )
    path = plan(text, e=edges)
    one = ge.evaluate.run_plan(path, tmp_path / "a").cells[0]
    edges.write_text("a\tb\nb\tc\nc\td\n")
    two = ge.evaluate.run_plan(path, tmp_path / "a").cells[0]
    assert one["key"] != two["key"]
    assert (one["graph"]["n_nodes"], two["graph"]["n_nodes"]) == (3, 4)


def test_layout_of_a_cell(plan, tmp_path):
    run = ge.evaluate.run_plan(plan(), tmp_path / "a")
    cell = next(c for c in run.cells if c["graph"]["name"] == "planted")
    assert cell["status"] == "done"
    assert cell["graph"]["n_nodes"] == 150
    assert cell["method"] == {
        "name": "fastrp", "kind": "fastrp", "parameters": {"dim": 4}, "text": "dim=4",
    }  # fmt: skip
    assert cell["seconds"]["task"] > 0
    assert set(cell["memory"]) == {"fit", "task"}
    picture = cell["picture"]
    assert {len(picture[k]) for k in ("nodes", "x", "y", "labels")} == {150}
    assert set(picture["labels"]) == {"red", "green", "blue"}
    tree = next(c for c in run.cells if c["graph"]["name"] == "tree" and c["picture"])["picture"]
    assert len(set(tree["labels"])) == 4  # three branches; '' is the root's
    assert tree["labels"][tree["nodes"].index("t")] == ""
    info = json.loads((tmp_path / "a" / "run.json").read_text())
    assert info["cells"] == [c["key"] for c in run.cells]
    assert info["seeds"] == [0, 1]
    assert set(info["inputs"]) == {"planted", "tree"}
    assert info["versions"]["numpy"]
    assert len(info["skipped"]) == 2


def test_failures_are_recorded_and_tried_again(plan, tmp_path):
    path = plan(PLAN.replace("dim = [4, 8]", "dim = [0, 8]"))
    run = ge.evaluate.run_plan(path, tmp_path / "a")
    assert (len(run.cells), len(run.failed)) == (16, 8)
    cell = run.failed[0]
    assert cell["error"]["kind"] == "ParameterError"
    assert "dim must be an integer ≥ 1; got 0" in cell["error"]["message"]
    assert cell["rows"] == []
    assert {r.parameters for r in run.table} == {"dim=8"}
    told = []
    ge.evaluate.run_plan(path, tmp_path / "a", progress=lambda *a: told.append(a))
    assert len(told) == 8


def test_vectors_made_elsewhere(plan, tmp_path):
    g = load_source(GraphSource("g", edges="fixtures/planted/edges.tsv")).graph
    ge.FastRP(dim=4).fit_transform(g).save(tmp_path / "mine")
    text = PLAN + "[tasks.link_prediction]\n[methods.mine]\nvectors = 'mine'\n"
    text = text.replace('[graphs.tree]\ntaxonomy = "{root}/fixtures/tree"\n', "")
    run = ge.evaluate.run_plan(plan(text.replace("seeds = [0, 1]", "")), tmp_path / "a")
    assert not run.failed
    by = {m: run.table.filter(method=m, metric="map_exact", k=1).rows[0].value for m in ("mine",)}
    same = run.table.value(method="fastrp", parameters="dim=4", metric="map_exact", k=1)
    assert by["mine"] == same
    assert any("cannot be made again" in line for line in run.info["skipped"])


def test_memory_is_that_of_the_fit_alone(plan, tmp_path, monkeypatch):
    held = np.ones(200 << 17)  # 200 MiB that were there before

    def fit(self, graph):
        made = np.ones(60 << 17)  # 60 MiB
        del made
        return fit_as_before(self, graph)

    fit_as_before = ge.FastRP.fit
    monkeypatch.setattr(ge.FastRP, "fit", fit)
    text = "[graphs.g]\nedges = '{root}/fixtures/planted/edges.tsv'\n"
    text += "[methods.fastrp]\ndim = 4\n[tasks.reconstruction]\nhops = [1]\n"
    run = ge.evaluate.run_plan(plan(text + "[tasks.link_prediction]"), tmp_path / "a")
    assert held.sum() == len(held)
    fit_of, refit = (cell["memory"] for cell in run.cells)
    if not Path("/proc/self/clear_refs").exists():
        assert set(fit_of.values()) == {None}
        return
    assert 59 < fit_of["fit"] < 70
    assert fit_of["task"] < 59 < refit["task"]  # link prediction fits once more


def test_memory_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(_memory, "_PROC", tmp_path / "nowhere")
    with PeakMemory() as peak:
        assert peak.mib is None
    assert peak.mib is None


def test_warming_up_leaves_what_is_wrong_to_the_cells(monkeypatch):
    def fit(self, graph):
        raise RuntimeError("no")

    monkeypatch.setattr(ge.FastRP, "fit", fit)
    _memory.warm_up.cache_clear()
    _memory.warm_up("fastrp")
    _memory.warm_up.cache_clear()


def test_runs_that_cannot_be_read(plan, tmp_path):
    with pytest.raises(MissingInputError):
        ge.evaluate.read_run(tmp_path)
    with pytest.raises(ParameterError, match="n_jobs must be"):
        ge.evaluate.run_plan(plan(), tmp_path / "a", n_jobs=0)


def test_sources_name_their_lines(tmp_path):
    edges, labels = tmp_path / "e.tsv", tmp_path / "l.tsv"
    edges.write_text("# comment\na\tb\t1\nb\tc\t2.5\nb\tc\theavy\nx\ty\tz\n")
    with pytest.raises(InputError) as error:
        load_source(GraphSource("g", edges=str(edges)))
    assert [line.split(": ")[0][-2:] for line in str(error.value).splitlines()] == [":4", ":5"]
    edges.write_text("a b\nb c\n")
    labels.write_text("a\tx\nb\ty\nd\tx\n")
    with pytest.warns(UserWarning, match="1 labelled nodes have no edge"):
        loaded = load_source(GraphSource("g", edges=str(edges), labels=str(labels)))
    assert loaded.graph.nodes == ("a", "b", "c", "d")
    assert loaded.labels == {"a": ["x"], "b": ["y"], "d": ["x"]}
    labels.write_text("A\tx\nB\ty\n")
    with pytest.raises(InputError, match="2 of 2 labelled nodes have no edge"):
        load_source(GraphSource("g", edges=str(edges), labels=str(labels)))
    labels.write_text("a\n")
    with pytest.raises(InputError, match=r"l.tsv:1: must be a node and a value"):
        load_source(GraphSource("g", edges=str(edges), labels=str(labels)))
    edges.write_text("# nothing\n")
    with pytest.raises(InputError, match="must hold edges"):
        load_source(GraphSource("g", edges=str(edges)))
