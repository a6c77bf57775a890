from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import graphemb as ge
from graphemb.errors import ParameterError, UnknownNameError, UnknownNodeError
from graphemb.evaluate import reconstruction as reconstruction_module
from graphemb.evaluate._scoring import Scorer
from graphemb.evaluate.reconstruction import ReconstructionTask
from tests.evaluate import oracles


def random_graph(n=40, share=0.06, directed=False, seed=0):
    rng = np.random.default_rng(seed)
    there = rng.random((n, n)) < share
    if not directed:
        there = np.triu(there, 1)
        there = there | there.T
    return ge.Graph(csr_array(there.astype(float)), [f"n{i}" for i in range(n)], directed)


def vectors(graph, dim=7, seed=1):
    rng = np.random.default_rng(seed)
    return ge.Embedding(graph.nodes, rng.normal(size=(graph.n_nodes, dim)))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("score", ["cosine", "dot", "distance"])
def test_equals_loops_over_nodes(directed, score):
    g = random_graph(directed=directed)
    e = vectors(g)
    by = {
        "cosine": lambda i, j: e[i] @ e[j] / np.linalg.norm(e[i]) / np.linalg.norm(e[j]),
        "dot": lambda i, j: e[i] @ e[j],
        "distance": lambda i, j: -((e[i].astype(float) - e[j]) ** 2).sum(),
    }[score]
    table = ge.evaluate.reconstruction(g, e, hops=(1, 2, 3, 4), score=score)
    for hop in (1, 2, 3, 4):
        for exact, name in ((True, "map_exact"), (False, "map_within")):
            wanted = oracles.reconstruction_map(g, by, hop, exact)
            row = table.filter(metric=name, k=hop).rows[0]
            assert row.value == pytest.approx(wanted, abs=1e-6)
            assert (row.split, row.low, row.task) == (score, None, "reconstruction")


def test_chance_is_what_random_vectors_get():
    g = random_graph(60, 0.05)
    table = [ge.evaluate.reconstruction(g, vectors(g, seed=s)) for s in range(40)]
    for metric in ("map_exact", "map_within", "precision@10_within"):
        for hop in (1, 2, 3):
            found = np.array([t.value(metric=metric, k=hop) for t in table])
            chance = table[0].value(metric=f"{metric}_random", k=hop)
            assert abs(found.mean() - chance) < 4 * found.std() / np.sqrt(len(found)) + 1e-3


def test_the_best_vectors_reconstruct_all():
    ring = ge.Graph.from_edges([(i, (i + 1) % 30) for i in range(30)])
    angle = 2 * np.pi * np.arange(30) / 30
    e = ge.Embedding(ring.nodes, np.c_[np.cos(angle), np.sin(angle)])
    table = ge.evaluate.reconstruction(ring, e, hops=(1, 2, 5))
    assert table.value(metric="map_within", k=5) == pytest.approx(1.0)
    assert table.value(metric="map_exact", k=1) == pytest.approx(1.0)
    assert table.value(metric="precision@10_within", k=5) == pytest.approx(1.0)
    # Exactly two hops away: behind the two at one hop, at ranks 3 and 4.
    assert table.value(metric="map_exact", k=2) == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_ties_are_averaged():
    g = random_graph(30, 0.1)
    same = ge.Embedding(g.nodes, np.ones((30, 3)))
    table = ge.evaluate.reconstruction(g, same, hops=(1, 2))
    for metric in ("map_exact", "map_within", "precision@10_exact"):
        chance = table.value(metric=f"{metric}_random", k=2)
        assert table.value(metric=metric, k=2) == pytest.approx(chance)


def test_equal_vectors_get_equal_scores():
    rng = np.random.default_rng(3)
    distinct = rng.normal(size=(37, 33))
    g = ge.Graph(csr_array((148, 148)))
    score = Scorer(g, ge.Embedding(g.nodes, np.tile(distinct, (4, 1))), "dot")
    block = score(np.arange(148)).reshape(148, 4, 37)
    assert (block == block[:, :1]).all()


def test_blocks_do_not_matter(monkeypatch):
    g = random_graph(50)
    e = ge.FastRP(dim=16).fit_transform(g)
    whole = ge.evaluate.reconstruction(g, e)
    import sys

    module = sys.modules["graphemb.evaluate.reconstruction"]
    monkeypatch.setattr(module, "_BLOCK", 7 * 50)
    parts = ge.evaluate.reconstruction(g, e)
    for one, two in zip(whole, parts):
        assert one.value == pytest.approx(two.value, abs=1e-6)
    assert callable(reconstruction_module)  # the function, whatever was imported before


@pytest.mark.parametrize("directed", [False, True])
def test_gem_convention(directed):
    g = random_graph(25, 0.15, directed)
    e = vectors(g)
    scores = Scorer(g, e, "dot")(np.arange(25))
    wanted = oracles.gem_map(g.adjacency.toarray() > 0, scores, directed)
    table = ge.evaluate.reconstruction(g, e, convention="gem", score="dot")
    assert table.value(metric="map_gem") == pytest.approx(wanted)


class _Own:
    """A method that scores as it likes: here, the graph itself."""

    def __init__(self, graph, order):
        self.embedding_ = ge.Embedding(order, np.zeros((len(order), 1)))
        self.dense = graph.adjacency.toarray()[[graph.index[n] for n in order]]
        self.dense = self.dense[:, [graph.index[n] for n in order]]

    def scores(self, rows):
        return self.dense[rows]


def test_own_scores_are_used_in_the_graphs_order():
    g = random_graph(30, 0.1)
    perfect = _Own(g, g.nodes[::-1])
    table = ge.evaluate.reconstruction(g, perfect, hops=(1,))
    row = table.filter(metric="map_exact", k=1).rows[0]
    assert (row.value, row.split) == (pytest.approx(1.0), "own")
    other = ge.evaluate.reconstruction(g, perfect, hops=(1,), score="cosine")
    assert other.value(metric="map_exact", k=1) < 0.5
    pairs = np.array([[0, 1], [5, 2], [0, 3], [29, 0]])
    dense = g.adjacency.toarray()
    wanted = dense[pairs[:, 0], pairs[:, 1]].tolist()
    assert Scorer(g, perfect, "own").pairs(pairs, block=60).tolist() == wanted


def test_a_sample_has_an_interval_that_covers():
    g = random_graph(300, 0.02)
    e = ge.FastRP(dim=16).fit_transform(g)
    true = ge.evaluate.reconstruction(g, e, hops=(1,)).value(metric="map_exact", k=1)
    covered = 0
    for seed in range(60):
        table = ge.evaluate.reconstruction(g, e, hops=(1,), n_queries=60, random_state=seed)
        row = table.filter(metric="map_exact").rows[0]
        assert row.n <= 60
        covered += row.low <= true <= row.high
    assert covered >= 52


def test_self_loops_and_zero_weights_are_no_edges():
    plain = ge.Graph.from_edges([("a", "b"), ("b", "c")])
    more = ge.Graph.from_edges([("a", "b"), ("b", "c"), ("a", "a"), ("a", "c", 0.0)])
    e = vectors(plain)
    one, two = (ge.evaluate.reconstruction(g, e, hops=(1, 2)) for g in (plain, more))
    assert [r.value for r in one] == [r.value for r in two]


def test_direction_can_be_ignored():
    arrow = ge.Graph.from_edges([("a", "b"), ("b", "c"), ("b", "d")], directed=True)
    e = vectors(arrow)
    one = ge.evaluate.reconstruction(arrow, e, undirected=True)
    two = ge.evaluate.reconstruction(arrow.to_undirected(), e)
    assert [r.value for r in one] == [r.value for r in two]


def test_refusals():
    g = random_graph(10, 0.3)
    e = vectors(g)
    with pytest.raises(ParameterError, match="hops must be integers ≥ 1; got"):
        ge.evaluate.reconstruction(g, e, hops=(0,))
    with pytest.raises(ParameterError, match="convention must be"):
        ge.evaluate.reconstruction(g, e, convention="gen")
    with pytest.raises(ParameterError, match="no scores of its own"):
        ge.evaluate.reconstruction(g, e, score="own")
    with pytest.raises(ParameterError, match="score: must be one of"):
        ge.evaluate.reconstruction(g, e, score="cosinus")
    with pytest.raises(ParameterError, match="must have an edge"):
        ge.evaluate.reconstruction(random_graph(3, 0.0), vectors(random_graph(3)))
    with pytest.raises(UnknownNodeError, match="1 of 10 have none, the first 'n9'"):
        ge.evaluate.reconstruction(g, ge.Embedding(g.nodes[:9], e.vectors[:9]))
    with pytest.raises(UnknownNameError, match="Did you mean 'hops'"):
        ReconstructionTask().set_params(hop=1)
    with pytest.raises(ParameterError, match="must be an Embedding or a node embedder; got str"):
        ge.evaluate.reconstruction(g, "fastrp")


def test_vectors_of_more_nodes_in_another_order():
    g = random_graph(20, 0.2)
    e = vectors(g)
    wider = ge.Embedding(["x", *g.nodes[::-1]], np.r_[e.vectors[:1], e.vectors[::-1]])
    one, two = (ge.evaluate.reconstruction(g, v) for v in (e, wider))
    assert [r.value for r in one] == [r.value for r in two]


def test_an_embedder_is_fitted_on_a_copy():
    g = random_graph(20, 0.2)
    method = ge.FastRP(dim=8)
    table = ge.evaluate.reconstruction(g, method)
    assert "embedding_" not in vars(method)
    assert {row.method for row in table} == {"FastRP"}
