from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from graphemb import Embedding, Graph
from graphemb.embed._inductive import extended
from graphemb.embed.hope import HOPE
from graphemb.errors import UnknownNodeError


def blocks(n=120, seed=0):
    """Four groups, dense within."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % 4
    dense = rng.random((n, n)) < np.where(group[:, None] == group, 0.3, 0.02)
    upper = np.triu(dense, 1)
    return Graph(csr_array((upper | upper.T).astype(float))), group


def hidden(graph, share=5):
    return graph.subgraph([v for i, v in enumerate(graph.nodes) if i % share])


def test_unknown_nodes_are_refused_with_the_way_out():
    g, _ = blocks()
    hope = HOPE(dim=8).fit(hidden(g))
    with pytest.raises(UnknownNodeError, match=r"24 are new, the first '0'.*'neighbours'"):
        hope.transform(g)


def test_known_nodes_keep_their_vectors_and_new_ones_join_their_group():
    g, group = blocks()
    hope = HOPE(dim=8, inductive="neighbours").fit(hidden(g))
    whole = hope.transform(g)
    assert whole.keys == g.nodes
    assert whole.rows(hope.embedding_.keys).tobytes() == hope.embedding_.vectors.tobytes()
    unit = whole.normalised().vectors
    new = np.arange(len(unit)) % 5 == 0
    near = np.where(new, -np.inf, unit[new] @ unit.T).argmax(axis=1)
    assert (group[near] == group[new]).mean() > 0.9
    sizes = np.linalg.norm(whole.vectors, axis=1)
    assert 0.7 < sizes[new].mean() / sizes[~new].mean() < 1.4


def test_a_new_node_gets_what_an_eigenvector_says():
    # Katz on an undirected graph: x = Σ_u x_u / λ column by column; a twin of a known node
    # must come out as that node, signs of negative eigenvalues included.
    g, _ = blocks()
    edges = [(g.nodes[i], g.nodes[j]) for i, j in zip(*g.adjacency.nonzero(), strict=True) if i < j]
    edges += [("twin", other) for other in g.neighbors("7")]
    hope = HOPE(dim=12, inductive="neighbours").fit(g)
    found = hope.transform(Graph.from_edges(edges, nodes=[*g.nodes, "twin"]))
    a, b = found["twin"], found["7"]
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.97


def test_weights_count_and_rounds_reach_far():
    known = Embedding(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
    g = Graph.from_edges([("x", "a", 3.0), ("x", "b", 1.0), ("x", "y"), ("y", "z"), ("z", "z")])
    found = extended(known, g)  # two known nodes: no regression, the mean stands
    for node in "xyz":
        assert np.allclose(found[node], [0.75, 0.25])


def test_a_long_tail_of_new_nodes_neither_grows_nor_recurses():
    g, _ = blocks()
    edges = [(g.nodes[i], g.nodes[j]) for i, j in zip(*g.adjacency.nonzero(), strict=True) if i < j]
    tail = Graph.from_edges([*edges, ("0", "t0"), *((f"t{i}", f"t{i + 1}") for i in range(3000))])
    hope = HOPE(dim=8, inductive="neighbours").fit(g)
    sizes = np.linalg.norm(hope.transform(tail).vectors, axis=1)
    assert np.isfinite(sizes).all()
    assert sizes.max() <= np.linalg.norm(hope.embedding_.vectors, axis=1).max() * (1 + 1e-6)


def test_nodes_without_a_path_are_zero_and_counted():
    known = Embedding(["a"], [[1.0, 2.0]])
    g = Graph.from_edges([("a", "b"), ("c", "d")], nodes=list("abcde"))
    with pytest.warns(UserWarning, match="3 new nodes, the first 'c', have no path"):
        found = extended(known, g)
    assert np.allclose(found["b"], [1.0, 2.0])
    assert not found.rows(["c", "d", "e"]).any()
    with pytest.warns(UserWarning, match="1 new nodes"):
        extended(known, Graph(csr_array((1, 1)), ["z"]))


@pytest.mark.parametrize("weight", [1e-30, 1e30])
def test_any_weights(weight):
    g, _ = blocks()
    scaled = Graph(g.adjacency * weight, g.nodes)
    for matrix in (g, scaled):
        hope = HOPE(dim=8, inductive="neighbours").fit(hidden(matrix))
        assert np.isfinite(hope.transform(matrix).vectors).all()


def test_equal_degrees_and_directed_graphs():
    ring = Graph.from_edges([(str(i), str((i + 1) % 40)) for i in range(40)], directed=True)
    hope = HOPE(dim=6, inductive="neighbours").fit(ring)
    edges = [(str(i), str((i + 1) % 40)) for i in range(40)]
    grown = Graph.from_edges([*edges, ("new", "3"), ("2", "new")], directed=True)
    assert hope.transform(grown)["new"].any()
