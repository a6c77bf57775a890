from __future__ import annotations

from importlib import import_module
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path
from scipy.stats import spearmanr

import graphemb as ge
from graphemb.errors import InputError, ParameterError, UnknownNameError
from graphemb.evaluate._noise import NOISE
from graphemb.evaluate.hierarchy import _relatives
from graphemb.evaluate.mapping import MappingTask
from graphemb.mappings import Candidate, MappingSet
from tests.evaluate import oracles


@pytest.fixture(scope="module")
def tree():
    return ge.load_taxonomy("fixtures/tree")


def test_relatives(tree):
    for node in tree.ids[::7]:
        found = {
            n: {tree.ids[r] for r in rows} for n, rows in _relatives(tree, tree.row(node)).items()
        }
        siblings = {c for p in tree.parents(node) for c in tree.children(p)} - {node}
        assert found == {
            "ancestors": set(tree.ancestors(node)), "parents": set(tree.parents(node)),
            "children": set(tree.children(node)), "siblings": siblings,
        }  # fmt: skip


def test_hierarchy_equals_loops(tree):
    rng = np.random.default_rng(0)
    e = ge.Embedding(tree.ids, rng.normal(size=(len(tree), 12)))
    table = ge.evaluate.hierarchy(tree, e, score="dot")
    relations = {
        "ancestors": tree.ancestors, "parents": tree.parents, "children": tree.children,
        "siblings": lambda n: {c for p in tree.parents(n) for c in tree.children(p)} - {n},
    }  # fmt: skip
    for name, of in relations.items():
        values = []
        for i in tree.ids:
            ranked = sorted((j for j in tree.ids if j != i), key=lambda j: -float(e[i] @ e[j]))
            if of(i):
                values.append(oracles.precision_sum(ranked, set(of(i))))
        row = table.filter(metric=f"map_{name}").rows[0]
        assert row.value == pytest.approx(np.mean(values), abs=1e-6)
        assert row.n == len(values)
    steps = shortest_path(tree.graph.to_undirected().adjacency, unweighted=True)
    off = ~np.eye(len(tree), dtype=bool)
    far = np.linalg.norm(e.vectors[:, None].astype(float) - e.vectors[None], axis=2)
    wanted = spearmanr(far[off], steps[off]).statistic
    assert table.value(metric="distance_euclidean") == pytest.approx(wanted, abs=1e-6)
    assert table.value(metric="depth_r2") < 0.2


def test_vectors_of_places_keep_the_hierarchy(tree):
    """A node as the set of its ancestors and itself: what a hierarchy's vector should be."""
    rows = {node: r for r, node in enumerate(tree.ids)}
    vectors = np.eye(len(tree))
    for node in tree.ids:
        vectors[rows[node], [rows[a] for a in tree.ancestors(node)]] = 1.0
    e = ge.Embedding(tree.ids, vectors)
    table = ge.evaluate.hierarchy(tree, e)
    random = ge.evaluate.hierarchy(tree, ge.Embedding(tree.ids, np.random.default_rng(0).normal(
        size=(len(tree), 12))))  # fmt: skip
    least = {"map_siblings": 0.4, "distance_cosine": 0.7, "depth_norm": 0.7}
    for metric, bar in least.items():  # a parent is nearer than a sibling
        assert table.value(metric=metric) > bar, metric
        assert table.value(metric=metric) > random.value(metric=metric) + 0.3
    assert table.value(metric="map_ancestors") > 5 * table.value(metric="map_ancestors_random")
    assert table.value(metric="map_parents") > 3 * table.value(metric="map_parents_random")
    assert (
        abs(random.value(metric="map_siblings") - random.value(metric="map_siblings_random")) < 0.1
    )


def test_hierarchy_of_a_directed_graph(tree):
    e = ge.FastRP(dim=8).fit_transform(tree)
    one, two = ge.evaluate.hierarchy(tree, e), ge.evaluate.hierarchy(tree.graph, e)
    assert [r.value for r in one] == [r.value for r in two]
    few = ge.evaluate.hierarchy(tree, e, n_queries=40).filter(metric="map_ancestors").rows[0]
    assert few.low < few.value < few.high
    with pytest.raises(ParameterError, match="needs a Taxonomy"):
        ge.evaluate.hierarchy(tree.graph.to_undirected(), e)
    ring = ge.Graph.from_edges([("a", "b"), ("b", "a")], directed=True)
    with pytest.raises(InputError, match="must be acyclic"):
        ge.evaluate.hierarchy(ring, ge.FastRP(dim=2))


def test_analogies_and_similarity(monkeypatch, tmp_path):
    module = import_module("graphemb.evaluate.semantic")
    words = ["king", "queen", "man", "woman", "apple"]
    e = ge.Embedding(
        [f"n{i}" for i in range(5)], [[1, 1, 0], [1, -1, 0], [0, 1, 0.1], [0, -1, 0.1], [0, 0, 5]]
    )
    g = ge.Graph.from_edges([(f"n{i}", f"n{i + 1}") for i in range(4)])
    texts = {f"n{i}": w.upper() for i, w in enumerate(words)}
    quads = tmp_path / "q.txt"
    quads.write_text(
        ": family\nman king woman queen\nking man queen woman\nman king woman apple\nx a b c\n"
    )
    monkeypatch.setattr(module, "_place", lambda name: (quads, True))
    table = ge.evaluate.semantic(g, e, texts, sets=["any"], hops=())
    assert table.value(metric="analogy_any") == pytest.approx(2 / 3)
    assert (table.value(metric="coverage_any"), table.rows[0].n) == (0.75, 3)


def test_word_sets_of_gensim_are_read():
    from gensim.test.utils import datapath

    text = Path(datapath("wordsim353.tsv")).read_text()
    lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    words = sorted({w for a, b, _ in lines for w in (a, b)})
    g = ge.Graph.from_edges([(words[0], w) for w in words[1:]])
    vectors = np.random.default_rng(0).normal(size=(g.n_nodes, 20))
    e = ge.Embedding(g.nodes, vectors)
    table = ge.evaluate.semantic(g, e, sets=["wordsim353", "simlex999"], hops=())
    assert table.value(metric="coverage_wordsim353") == 1.0
    assert 0 < table.value(metric="coverage_simlex999") < 1
    unit = e.normalised()
    folded = {w.casefold(): w for w in reversed(words)}
    cosines = [float(unit[folded[a.casefold()]] @ unit[folded[b.casefold()]]) for a, b, _ in lines]
    wanted = spearmanr(cosines, [float(s) for *_, s in lines]).statistic
    assert table.value(metric="similarity_wordsim353") == pytest.approx(wanted, abs=0.02)
    with pytest.raises(UnknownNameError, match="Did you mean 'simlex999'"):
        ge.evaluate.semantic(g, e, sets=["simlex99"])


def test_distances_by_hop():
    chain = ge.Graph.from_edges([(i, i + 1) for i in range(9)])
    e = ge.Embedding(chain.nodes, np.c_[np.arange(10.0), np.zeros(10)])
    table = ge.evaluate.semantic(chain, e, sets=())
    for hop in (1, 2, 3):
        assert table.value(metric="distance", k=hop) == pytest.approx(hop)
    far = [abs(i - j) for i in range(10) for j in range(10) if i != j]
    assert table.value(metric="distance_random") == pytest.approx(np.mean(far))
    assert table.value(metric="distance_unit", k=1) == pytest.approx(
        0.15
    )  # node 0 has no direction


def test_limit_on_a_circle():
    """On a circle a line cuts off two points exactly when they are neighbours."""
    n = 12
    ring = ge.Graph.from_edges([(i, (i + 1) % n) for i in range(n)])
    angle = 2 * np.pi * np.arange(n) / n
    e = ge.Embedding(ring.nodes, np.c_[np.cos(angle), np.sin(angle)])
    table = ge.evaluate.limit(ring, e, sizes=[n], n_queries=n * n)
    assert table.value(metric="solvable") == pytest.approx(2 / (n - 1))
    assert table.value(metric="critical_size") == 0
    # Pairs of neighbours of one node lie two apart: never first together, whatever is asked.
    assert table.value(metric="solvable_pairs") == 0.0
    # The mean finds the one between them first, then both at once.
    assert table.value(metric="recall@2_pairs") == pytest.approx(1 / 2)
    assert table.value(metric="recall@10_pairs") == 1.0


def test_limit_falls_with_the_dimension_and_with_equal_vectors():
    g = ge.Graph.from_networkx(nx.path_graph(200))
    rng = np.random.default_rng(0)
    shares = []
    for dim in (2, 8, 32):
        e = ge.Embedding(g.nodes, rng.normal(size=(200, dim)))
        shares.append(ge.evaluate.limit(g, e, sizes=[200], n_queries=40).value(metric="solvable"))
    assert shares[0] < 0.1 < shares[1] < 0.9 < shares[2]
    twins = np.repeat(rng.normal(size=(100, 32)), 2, axis=0)
    table = ge.evaluate.limit(g, ge.Embedding(g.nodes, twins), sizes=[200], n_queries=40)
    assert table.value(metric="solvable") < 0.1
    with pytest.raises(ParameterError, match="sizes ≥ 4"):
        ge.evaluate.limit(g, e, sizes=[3])


def test_solvable_is_what_a_whole_program_says():
    from scipy.optimize import linprog

    module = import_module("graphemb.evaluate.limit")
    rng = np.random.default_rng(4)
    answers = []
    for _ in range(30):
        v = rng.normal(size=(25, 5))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        gaps = np.concatenate([v[2:] - v[0], v[2:] - v[1]])
        whole = linprog(np.zeros(5), A_ub=gaps, b_ub=-np.ones(len(gaps)), bounds=(None, None))
        found = module._solvable(v, np.array([0, 1]))
        others = np.arange(25) > 1
        assert found == module._by_program(v, np.array([0, 1]), others, v[0] + v[1])
        assert found == (whole.status == 0)
        answers.append(found)
    assert 3 < sum(answers) < 27


def test_truth_is_read(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("phrase,id,kind,frequency\na,1|2,exact,0\nb,3,near,12\na,4,exact,0\nc,5,,\n")
    truth = ge.evaluate.read_truth(file)
    assert truth.phrases == ("a", "b", "c")
    assert truth.nodes == (frozenset("124"), frozenset("3"), frozenset("5"))
    assert truth.groups == {"kind": ("exact", "near", ""), "frequency": ("0", "10-99", "")}
    file.write_text("phrase,id,split\na,1,dev\nb,2,test\n")
    assert ge.evaluate.read_truth(file).phrases == ("b",)
    assert ge.evaluate.read_truth(file, "dev").phrases == ("a",)
    with pytest.raises(InputError, match="must have rows of split 'x'"):
        ge.evaluate.read_truth(file, "x")


def test_near_and_ancestors(kitchen):
    leaf = next(i for i in kitchen.leaves if len(kitchen.ancestors(i)) >= 2)
    parent = kitchen.parents(leaf)[0]
    sibling = next(c for c in kitchen.children(parent) if c != leaf)
    table = MappingTask(ks=(1,), least=1, by_depth=True).run(
        [[leaf], [parent], [sibling], []], [{leaf}] * 4, kitchen,
        groups={"kind": ["exact", "trivial", "paraphrase", "paraphrase"]},
    )  # fmt: skip
    assert table.value(metric="near", split="") == 0.5
    assert table.value(metric="accuracy", split="") == 0.25
    depth = kitchen.depth[kitchen.row(leaf)]
    up = 2 * depth / (2 * depth + 1)
    beside = 2 * depth / (2 * (depth + 1))
    found = table.value(metric="ancestor_f1", split="")
    assert found == pytest.approx((1 + up + beside + 0) / 4)
    assert table.value(metric="accuracy", split="kind=exact") == 1.0
    assert table.value(metric="ancestor_f1", split="kind=paraphrase") == pytest.approx(beside / 2)
    assert table.value(metric="accuracy", split=f"depth={depth}") == 0.25
    with pytest.raises(ParameterError, match="'kind' has 1"):
        MappingTask().run([[leaf], []], [{leaf}] * 2, groups={"kind": ["x"]})


def test_reliability():
    p, right = np.linspace(0, 1, 100), (np.arange(100) >= 50).astype(float)
    table = MappingTask(n_bins=4).run(
        [["a"] if r else ["b"] for r in right], [{"a"}] * 100, probability=p
    )
    assert [r.value for r in table.filter(metric="reliability")] == [0, 0, 1, 1]
    means = [r.value for r in table.filter(metric="reliability_probability")]
    assert means == pytest.approx([p[i : i + 25].mean() for i in range(0, 100, 25)])


class _Echo:
    """Finds a label when it is written without fault."""

    def __init__(self, taxonomy):
        self.taxonomy_ = taxonomy

    def map(self, phrases, k, min_probability):
        by = dict(zip(self.taxonomy_.labels, self.taxonomy_.ids))
        rows = [
            [Candidate(1, by[p], p, 0.9, 1.0, p, "exact", "")] if p in by else [] for p in phrases
        ]
        return MappingSet(phrases, rows)


def test_noise_is_measured_apart(kitchen):
    kinds = ["a" if i % 2 else "b" for i in range(len(kitchen))]
    table = ge.evaluate.mapping(
        _Echo(kitchen), kitchen.labels, [{i} for i in kitchen.ids], {"kind": kinds}, tuple(NOISE)
    )
    assert table.value(metric="accuracy", k=1, split="") == 1.0
    assert table.value(metric="accuracy", k=1, split="kind=a") == 1.0
    assert table.value(metric="accuracy", k=1, split="noise=typo") < 0.3
    splits = {r.split for r in table if r.split.startswith("noise")}
    assert {s.split()[0] for s in splits} == {f"noise={n}" for n in NOISE}
    assert "noise=typo depth=2" in splits
    assert {r.graph for r in table} == {kitchen.name}
    assert ge.evaluate.disturbed(["ab", "some words here"], "order", 1)[0] == "ab"
    with pytest.raises(UnknownNameError, match="Did you mean 'typos'"):
        ge.evaluate.disturbed(["ab"], "typoss")
    once = ge.evaluate.disturbed(kitchen.labels, "typo")
    assert once[3:] == ge.evaluate.disturbed([*kitchen.labels[:3], *kitchen.labels[3:]], "typo")[3:]


def test_a_real_mapper_is_measured(mapper, kitchen):
    labels, truth = kitchen.labels[5:25], [{i} for i in kitchen.ids[5:25]]
    table = ge.evaluate.mapping(mapper, labels, truth, noise=["typo"])
    assert table.value(metric="accuracy", k=1, split="") > 0.9
    assert 0.3 < table.value(metric="accuracy", k=1, split="noise=typo") <= 1.0
