from __future__ import annotations

from collections import Counter
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from graphemb import Graph, ParameterError
from graphemb.embed import EMBEDDERS
from graphemb.embed import _irwe_features as features
from graphemb.embed._irwe_walks import WalkGraph, anonymous, every_walk, patterns, walks
from graphemb.embed.irwe import IRWE

SMALL = {"n_epochs": 2, "walk_length": 4, "projection_dim": 64, "hidden": 16, "n_walks": 50}

#: Weighted, with a self-loop, a triangle, a tail, an isolated node; ids not in order.
ODD = Graph.from_edges(
    [("d", "b", 2.0), ("b", "a", 0.5), ("a", "d"), ("a", "c", 3.0), ("c", "c", 9.0)],
    nodes=["d", "z", "b", "a", "c"],
)


def first_visits(walk):
    """The anonymous walk, from its definition."""
    met = list(dict.fromkeys(walk))
    return tuple(met.index(node) for node in walk)


def walks_by_hand(graph, root, length):
    """Every walk from `root` with its probability, without self-loops: a plain recursion."""
    if not length:
        return {(root,): 1.0}
    edges = {v: w for v, w in graph.to_networkx()[root].items() if v != root}
    if not edges:
        return {(root,) * (length + 1): 1.0}
    total = sum(data["weight"] for data in edges.values())
    return {
        (root, *rest): p * data["weight"] / total
        for v, data in edges.items()
        for rest, p in walks_by_hand(graph, v, length - 1).items()
    }


def s_by_hand(graph, length):
    known = [tuple(row) for row in patterns(length).tolist()]
    out = np.zeros((graph.n_nodes, len(known) + 1))
    for row, node in enumerate(sorted(graph.nodes)):
        for walk, p in walks_by_hand(graph, node, length).items():
            still = len(set(walk)) == 1
            out[row, -1 if still else known.index(first_visits(walk))] += p
    return out


@pytest.mark.parametrize(
    ("length", "bell"), [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52), (6, 203), (7, 877), (8, 4140)]
)
def test_anonymous_walks_are_bell_number_many(length, bell):
    rows = [tuple(row) for row in patterns(length).tolist()]
    assert len(set(rows)) == len(rows) == bell
    assert rows == sorted(rows)
    assert all(first_visits(row) == row and all(a != b for a, b in pairwise(row)) for row in rows)


def test_anonymous_walks_are_told_apart():
    rng = np.random.default_rng(0)
    walked = rng.integers(0, 5, (500, 6))
    walked = walked[(np.diff(walked) != 0).all(axis=1)]
    found = patterns(5)[anonymous(walked)]
    assert [tuple(row) for row in found.tolist()] == [first_visits(w) for w in walked.tolist()]
    assert anonymous(np.zeros((1, 6), np.int64))[0] == len(patterns(5))


@pytest.mark.parametrize("length", [1, 3, 5])
def test_enumerated_frequencies_equal_the_definition(length):
    s = features.anonymous_frequencies(WalkGraph.of(ODD, 0), 10, length)
    assert np.allclose(s, s_by_hand(ODD, length), atol=1e-6)


def test_drawn_frequencies_tend_to_the_enumerated_ones(monkeypatch):
    graph = WalkGraph.of(ODD, 0)
    exact = features.anonymous_frequencies(graph, 10, 4)
    monkeypatch.setattr(features, "_ENUMERABLE", 0)
    drawn = features.anonymous_frequencies(graph, 20_000, 4)
    assert not np.array_equal(drawn, exact)
    assert np.abs(drawn - exact).max() < 0.015  # 4 deviations of a share of 20,000


def test_degree_profile_is_the_expectation_over_all_walks():
    graph = WalkGraph.of(ODD, 0)
    walked, weight = every_walk(graph, 3)
    assert np.isclose(weight.sum(), ODD.n_nodes)
    level = np.log2(graph.degrees + 1.0)
    d = features.degree_profile(graph, 3).reshape(ODD.n_nodes, 4, features.N_BINS)
    assert np.allclose(d.sum(axis=2), 1, atol=1e-6)
    for position in range(4):  # shared linearly between bins: the mean bin is the mean level
        want = np.bincount(walked[:, 0], weight * level[walked[:, position]])
        assert np.allclose(d[:, position] @ np.arange(features.N_BINS), want, atol=1e-5)


def test_walks_step_by_weight_and_do_not_depend_on_who_else_walks():
    graph = WalkGraph.of(ODD, 0)
    a = sorted(ODD.nodes).index("a")
    drawn = walks(graph, np.array([a]), 30_000, 1, 0)
    share = Counter(sorted(ODD.nodes)[v] for v in drawn[:, 1].tolist())
    assert {k: pytest.approx(v / 30_000, abs=0.012) for k, v in share.items()} == {
        "b": 0.5 / 4.5, "c": 3.0 / 4.5, "d": 1.0 / 4.5,
    }  # fmt: skip
    every = walks(graph, np.arange(graph.n_nodes), 7, 4, 3)
    assert np.array_equal(
        every.reshape(graph.n_nodes, 7, 5)[a], walks(graph, np.array([a]), 7, 4, 3)
    )
    assert not np.array_equal(every, walks(graph, np.arange(graph.n_nodes), 7, 4, 4))
    lonely = sorted(ODD.nodes).index("z")
    assert (every[every[:, 0] == lonely] == lonely).all()


def test_co_occurrence_tends_to_the_cosines_of_the_dense_sum():
    graph = Graph.from_networkx(nx.karate_club_graph(), weight="none")
    walked = WalkGraph.of(graph, 0)
    ids = [graph.nodes[i] for i in walked.order]
    r = features.co_occurrence(walked, ids, 4096, 1, 0) / np.sqrt(4096 / features._BLOCK)
    A = graph.adjacency[walked.order][:, walked.order].toarray()
    L = np.diag(A.sum(axis=1) ** -0.5)
    one = A / A.sum(axis=1, keepdims=True) @ L
    want = 0.3 * np.eye(len(A)) + one / np.linalg.norm(one, axis=1, keepdims=True)
    assert np.abs(r @ r.T - want @ want.T).max() < 0.15


def test_automorphic_nodes_have_one_identity():
    # Two copies of a lollipop: each node's twin, and the exchangeable nodes of the clique.
    edges = [("1", "2"), ("1", "3"), ("2", "3"), ("3", "4"), ("4", "5")]
    graph = Graph.from_edges([(c + u, c + v) for c in "xy" for u, v in edges])
    irwe = IRWE(dim=12, **SMALL).fit(graph)
    psi = irwe.identity_
    for u, v in [("x1", "x2"), *(("x" + i, "y" + i) for i in "12345")]:
        assert np.allclose(psi[u], psi[v], atol=1e-5), (u, v)
    assert np.linalg.norm(psi["x1"] - psi["x4"]) > 0.1
    gamma = irwe.position_.normalised()
    assert gamma["x4"] @ gamma["x5"] > gamma["x4"] @ gamma["y5"] + 0.2


def test_drawn_walks_leave_automorphic_nodes_near(monkeypatch):
    monkeypatch.setattr(features, "_ENUMERABLE", 0)
    graph = Graph.from_networkx(nx.barbell_graph(8, 4))
    irwe = IRWE(dim=16, kind="identity", **{**SMALL, "n_walks": 2000}).fit(graph)
    psi = irwe.identity_
    twins = np.mean([np.linalg.norm(psi[str(i)] - psi[str(19 - i)]) for i in range(20)])
    others = np.mean(
        [np.linalg.norm(psi[str(i)] - psi[str(j)]) for i in range(10) for j in range(i)]
    )
    assert twins < 0.15 * others


@pytest.mark.parametrize("kind", ["both", "identity", "position"])
def test_kinds(kind):
    graph = Graph.from_networkx(nx.karate_club_graph())
    irwe = IRWE(dim=9, kind=kind, **SMALL).fit(graph)
    parts = {"identity": [irwe.identity_], "position": [getattr(irwe, "position_", None)]}
    wanted = parts.get(kind, parts["identity"] + parts["position"])
    assert np.array_equal(irwe.embedding_.vectors, np.hstack([p.vectors for p in wanted]))
    assert irwe.embedding_.dim == irwe.transform(graph).dim == 9
    assert hasattr(irwe, "position_") == (kind != "identity")
    before = irwe.transform(graph).vectors
    irwe.set_params(kind="identity", walk_length=3)
    assert np.array_equal(irwe.transform(graph).vectors, before)
    irwe.fit(graph)
    assert not hasattr(irwe, "position_")


def test_renumbering_changes_no_bit():
    graph = Graph.from_networkx(nx.karate_club_graph())
    turned = graph.subgraph(graph.nodes[::-1])
    one, two = (IRWE(dim=8, **SMALL).fit_transform(g).vectors for g in (graph, turned))
    assert np.array_equal(one, two[::-1])


def test_unseen_nodes_are_placed_with_those_they_are_tied_to():
    full = Graph.from_networkx(nx.planted_partition_graph(2, 30, 0.4, 0.02, seed=1))
    kept = full.subgraph([n for i, n in enumerate(full.nodes) if i % 5])
    irwe = IRWE(dim=16, kind="position", **SMALL).fit(kept)
    v = irwe.transform(full).normalised().vectors
    assert not np.array_equal(irwe.embedding_.vectors, irwe.transform(full).rows(kept.nodes))
    side, new = np.arange(60) < 30, np.arange(60) % 5 == 0
    sims = v[new] @ v[~new].T
    same = side[new][:, None] == side[~new]
    assert sims[same].mean() > sims[~same].mean() + 0.3


def test_identities_carry_over_to_another_graph():
    one, other = (Graph.from_networkx(nx.barabasi_albert_graph(n, 3, seed=n)) for n in (80, 60))
    irwe = IRWE(dim=16, kind="identity", **SMALL).fit(one)
    renamed = Graph(other.adjacency, ["new " + n for n in other.nodes])
    a, b = irwe.embedding_.vectors, irwe.transform(renamed).vectors
    degree = np.log(np.diff(one.adjacency.indptr))
    fit, *_ = np.linalg.lstsq(np.c_[a, np.ones(len(a))], degree, rcond=None)
    guess = np.c_[b, np.ones(len(b))] @ fit
    assert np.corrcoef(guess, np.log(np.diff(other.adjacency.indptr)))[0, 1] > 0.9


def test_training_lowers_both_losses():
    import torch

    from graphemb.embed import _irwe_training as training

    graph = Graph.from_networkx(nx.karate_club_graph())

    def losses(n_epochs):
        irwe = IRWE(dim=16, **{**SMALL, "n_epochs": n_epochs}, learning_rate=1e-2).fit(graph)
        inputs = training._Inputs.of(irwe, graph, True)
        identity = irwe.model_.identity.loss(inputs.statistics).item()
        psi = training._identities(irwe.model_, inputs)
        module = irwe.model_.position
        base = training._bases(module, inputs)
        walked = inputs.read(np.arange(34), irwe, 77)
        with torch.no_grad():
            met = module.contexts(base, psi, walked[:, :, 1:].flatten(1))
            noise = module.contexts(base, psi, torch.arange(34))
            return identity, module.loss(module(base, psi, walked), met, noise, 5.0).item()

    (identity_0, position_0), (identity_1, position_1) = losses(0), losses(40)
    assert identity_1 < 0.9 * identity_0
    assert position_1 < 0.9 * position_0


def test_progress_is_told():
    told = []
    graph = Graph.from_edges([("a", "b")])
    IRWE(dim=4, **SMALL).fit(graph, progress=lambda stage, share: told.append((stage, share)))
    assert told[0] == ("statistics of walks", 0.0)
    assert told[-1] == ("training", 1.0)
    shares = [share for stage, share in told if stage == "training"]
    assert shares == sorted(shares)


SHAPES = {
    "complete": Graph.from_networkx(nx.complete_graph(60)),
    "bipartite": Graph.from_networkx(nx.complete_bipartite_graph(5, 20)),
    "two components": Graph.from_edges([("a", "b"), ("c", "d"), ("d", "e")]),
    "all weights 0": Graph.from_edges([("a", "b", 0.0), ("b", "c", 0.0)]),
    "only self-loops": Graph.from_edges([("a", "a"), ("b", "b")]),
    "a far weight": Graph.from_edges([("a", "b", 1e-38), ("b", "c", 1e38), ("a", "c", 1.0)]),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_shapes(shape):
    v = IRWE(dim=70, **SMALL).fit_transform(SHAPES[shape]).vectors
    assert v.shape == (SHAPES[shape].n_nodes, 70)
    assert np.isfinite(v).all()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"dim": 1}, "dim must be an integer ≥ 2"),
        ({"kind": "roles"}, "kind must be one of both, identity, position; got 'roles'"),
        ({"walk_length": 9}, "walk_length must be at most 8; got 9"),
        ({"walk_length": 0}, "walk_length must be an integer ≥ 1"),
        ({"n_walks": 0}, "n_walks"),
        ({"n_read": 1.5}, "n_read"),
        ({"window": 0}, "window"),
        ({"projection_dim": 0}, "projection_dim"),
        ({"hidden": 0}, "hidden"),
        ({"n_negative": 0}, "n_negative"),
        ({"n_epochs": -1}, "n_epochs"),
        ({"batch_size": True}, "batch_size"),
        ({"learning_rate": 0}, "learning_rate must be finite and above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be finite"),
    ],
)
def test_bad_parameters(wrong, told):
    with pytest.raises(ParameterError, match=f"IRWE: {told}"):
        IRWE(**wrong).fit(Graph.from_edges([("a", "b")]))


def test_a_graph_without_nodes_is_refused():
    with pytest.raises(ParameterError, match="at least one node"):
        IRWE().fit(Graph.from_edges([]))


def test_one_column_and_no_epoch():
    graph = Graph.from_edges([("a", "b"), ("b", "c")])
    for kind in ("identity", "position"):
        settings = {**SMALL, "n_epochs": 0, "hidden": 5}
        assert IRWE(dim=1, kind=kind, **settings).fit_transform(graph).dim == 1


def test_estimate_grows_with_the_graph_and_counts_what_is_held():
    size, seconds = IRWE().estimate(1_000_000, 2_000_000)
    assert size > 1_000_000 * 4 * (1024 + 204)  # r and s alone
    alone, sooner = IRWE(kind="identity").estimate(1_000_000, 2_000_000)
    assert alone < size / 2
    assert sooner < seconds
    assert IRWE().estimate(1000, 2000)[0] < 0.6e9


def test_registry_names_it():
    assert EMBEDDERS["irwe"] is IRWE
