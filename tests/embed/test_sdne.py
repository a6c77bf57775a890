from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from graphemb import Graph, ParameterError
from graphemb.embed import EMBEDDERS
from graphemb.embed._sdne_training import Batch, plan, row_loss
from graphemb.embed.sdne import SDNE, _row_scaled
from graphemb.errors import UnknownNodeError
from tests.oracles import sdne_loss_dense

WEIGHTED = Graph.from_edges(
    [("a", "b", 2.0), ("b", "c"), ("c", "d", 0.5), ("a", "d"), ("d", "d", 3.0), ("b", "e", 4.0)],
    nodes=["d", "a", "b", "z", "c", "e"],
)
N, DIM = 6, 3
TARGET = _row_scaled(WEIGHTED.adjacency)


def weights(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, DIM)), rng.normal(size=(N, DIM)), rng.normal(size=(N, 1))


def loss_of(batch, codes, decode, bias, grad=False, **of):
    """`row_loss` in float64 where z = y, with the decoder's tables given."""
    y, v, c = (torch.tensor(x, requires_grad=grad) for x in (codes, decode, bias))
    given = {"w_first": 0.0, "w_second": 1.0, "penalty": 4.0} | of
    rows, near = torch.from_numpy(batch.rows), torch.from_numpy(batch.neighbours)
    return (y, v, c), row_loss(batch, y[rows], y[near], y[rows], lambda at: (v[at], c[at]), **given)


def with_columns(columns):
    """The plan of all rows with these columns instead of drawn ones."""
    b = plan(TARGET, np.arange(N), N, np.random.default_rng(0))
    place = {int(c): i for i, c in enumerate(columns)}
    hits = [(h, place[t]) for h, t in zip(b.heads, b.tails.tolist()) if t in place]
    clashes = tuple(np.array(hits, np.int64).reshape(-1, 2).T)
    return Batch(
        b.rows, b.neighbours, b.pair_weights, np.array(columns), N / len(columns),
        clashes, b.heads, b.tails, b.values,
    )  # fmt: skip


def test_loss_of_all_columns_is_the_dense_formula():
    codes, decode, bias = weights()
    batch = plan(TARGET, np.arange(N), N, np.random.default_rng(0))
    _, got = loss_of(batch, codes, decode, bias, w_second=0.7)
    want, _ = sdne_loss_dense(WEIGHTED.adjacency.toarray(), codes, decode, bias[:, 0], 4.0)
    assert float(got) == pytest.approx(0.7 * want, rel=1e-6)


def test_sampled_columns_are_drawn_as_with_columns_says():
    for seed in range(20):
        b = plan(TARGET, np.arange(N), 3, np.random.default_rng(seed))
        assert len(set(b.columns.tolist())) == 3
        want = with_columns(b.columns)
        assert b.column_weight == want.column_weight == 2.0
        assert sorted(zip(*b.clashes)) == sorted(zip(*want.clashes))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_sampled_zeros_are_unbiased(size):
    # The mean over every possible draw, not over some: so it is equal, not near.
    codes, decode, bias = weights(1)
    want, _ = sdne_loss_dense(WEIGHTED.adjacency.toarray(), codes, decode, bias[:, 0], 4.0)
    draws = [
        float(loss_of(with_columns(c), codes, decode, bias)[1])
        for c in combinations(range(N), size)
    ]
    assert np.mean(draws) == pytest.approx(want, rel=1e-6)
    assert np.std(draws) > 0


def test_columns_are_drawn_evenly():
    rng = np.random.default_rng(0)
    counts = np.zeros(N)
    for _ in range(3000):
        counts[plan(TARGET, np.arange(2), 2, rng).columns] += 1
    assert np.allclose(counts / 3000, 2 / N, atol=0.04)


def test_first_order_loss_is_unbiased():
    codes, decode, bias = weights(2)
    _, want = sdne_loss_dense(WEIGHTED.adjacency.toarray(), codes, decode, bias[:, 0], 4.0)
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(1500):
        batch = plan(TARGET, np.arange(N), N, rng)
        draws.append(float(loss_of(batch, codes, decode, bias, w_first=1.0, w_second=0.0)[1]))
        assert batch.neighbours[3] == 3  # z has no neighbour, and weighs nothing
    assert np.mean(draws) == pytest.approx(want, rel=0.04)


def test_gradient_is_the_slope():
    codes, decode, bias = weights(3)
    batch = plan(TARGET, np.arange(N), 4, np.random.default_rng(2))
    leaves, loss = loss_of(batch, codes, decode, bias, grad=True, w_first=0.3)
    loss.backward()
    for at, name in enumerate(("codes", "decode", "bias")):
        step = np.zeros_like(weights(3)[at])
        step[2, 0] = 1e-5
        ends = []
        for sign in (1, -1):
            moved = list(weights(3))
            moved[at] = moved[at] + sign * step
            ends.append(float(loss_of(batch, *moved, w_first=0.3)[1]))
        slope = (ends[0] - ends[1]) / 2e-5
        assert float(leaves[at].grad[2, 0]) == pytest.approx(slope, rel=1e-4), name


def cliques(n_groups=8, size=7):
    """Cliques in a ring, one edge between neighbours: 56 nodes."""
    edges = []
    for c in range(n_groups):
        members = [f"{c}.{i}" for i in range(size)]
        edges += combinations(members, 2)
        edges.append((members[-1], f"{(c + 1) % n_groups}.0"))
    return Graph.from_edges(edges)


def mean_average_precision(graph, scores):
    """AP over all other nodes, divided by the true number of neighbours."""
    dense = graph.adjacency.toarray() > 0
    found = []
    for i, row in enumerate(scores):
        order = [j for j in np.argsort(-row, kind="stable") if j != i]
        hits = dense[i][order]
        ranks = np.flatnonzero(hits) + 1
        found.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(found))


@pytest.mark.parametrize("of", [{}, {"n_negative": 20}, {"hidden": (24,), "n_epochs": 50}])
def test_reconstructs_far_better_than_chance(of):
    g = cliques()
    e = SDNE(dim=16, **of).fit(g)
    scores = e.scores(np.arange(g.n_nodes))
    assert scores.dtype == np.float32
    assert (scores.min(), scores.max()) >= (0, 0)
    assert scores.max() <= 1
    assert np.allclose(scores, scores.T, atol=1e-6)
    chance = mean_average_precision(g, np.random.default_rng(0).random(scores.shape))
    assert chance < 0.25
    assert mean_average_precision(g, scores) > 0.95
    assert e.losses_[-1] < e.losses_[0] / 3


def test_no_code_is_dead():
    v = SDNE(dim=4, n_epochs=20).fit_transform(cliques()).vectors
    assert (np.abs(v).max(axis=1) > 0.05).all()
    assert (v.std(axis=0) > 0.05).all()
    assert (np.abs(v) < 1).all()


def test_scores_are_the_decoder_on_the_codes():
    g = cliques()
    e = SDNE(dim=5, hidden=(9,), n_epochs=3).fit(g)
    (w, b), (v, c) = e.decoder_
    z = np.tanh(e.embedding_.vectors @ w + b)
    one_way = 1 / (1 + np.exp(-(z @ v.T + c)))
    want = (one_way + one_way.T) / 2
    assert np.allclose(e.scores(np.array([7, 0])), want[[7, 0]], atol=1e-5)
    assert e.scores([]).shape == (0, g.n_nodes)
    for wrong in (-1, g.n_nodes):
        with pytest.raises(UnknownNodeError, match=rf"rows must lie in \[0, 56\); got {wrong}"):
            e.scores([wrong])


def test_unseen_nodes_come_through_their_rows():
    g = cliques()
    e = SDNE(dim=16, n_epochs=20).fit(g)
    grown = Graph.from_edges(
        [("new", f"3.{i}", 5.0) for i in range(7)] + [("newer", "new"), ("lone", "lone")]
    )
    v = e.transform(grown)
    assert v.keys == grown.nodes
    own = e.embedding_.normalised()
    near = own.vectors @ v.normalised()["new"]
    assert {own.keys[i].split(".")[0] for i in np.argsort(-near)[:5]} == {"3"}
    # Neither has a known neighbour: both get the code of the empty row.
    assert np.array_equal(v["newer"], v["lone"])
    (_, b), *_ = e.encoder_
    assert np.allclose(v["lone"], np.tanh(b))


def test_siblings_differ_by_their_self_term_alone():
    star = Graph.from_edges([("hub", "a"), ("hub", "b"), ("hub", "c")])
    assert not np.allclose(*(SDNE(dim=4).fit(star).embedding_[x] for x in "ab"), atol=1e-2)
    same = SDNE(dim=4, self_term=False).fit(star).embedding_
    assert np.array_equal(same["a"], same["b"])


def test_direction_is_ignored_and_weights_are_relative():
    edges = [("a", "b", 2.0), ("b", "c", 1.0), ("c", "d", 4.0)]
    one = SDNE(dim=4, n_epochs=5).fit(Graph.from_edges(edges)).embedding_
    turned = Graph.from_edges(edges, directed=True)
    assert np.array_equal(one.vectors, SDNE(dim=4, n_epochs=5).fit(turned).embedding_.vectors)
    scaled = Graph.from_edges([(u, v, w * 2.0**60) for u, v, w in edges])
    assert np.array_equal(one.vectors, SDNE(dim=4, n_epochs=5).fit(scaled).embedding_.vectors)


def test_adding_zero_weights_changes_nothing():
    g = cliques()
    full = g.adjacency.tocoo()
    more = csr_array(
        (np.r_[full.data, 0, 0], (np.r_[full.row, 0, 20], np.r_[full.col, 20, 0])), shape=(56, 56)
    )
    one = SDNE(dim=4, n_epochs=3).fit(g).embedding_.vectors
    assert np.array_equal(one, SDNE(dim=4, n_epochs=3).fit(Graph(more, g.nodes)).embedding_.vectors)


def test_same_bits_for_any_number_of_threads():
    g, before = cliques(), torch.get_num_threads()
    found = []
    for threads in (1, 2, 4):
        torch.set_num_threads(threads)
        found.append(SDNE(dim=8, n_epochs=3).fit(g).embedding_.vectors.tobytes())
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert found[1:] == found[:-1]


def test_training_tells_how_far_it_is_and_stops_on_a_plateau():
    told = []
    e = SDNE(dim=4, n_epochs=7).fit(cliques(), progress=lambda stage, share: told.append(share))
    assert told[-1] == 1.0 and told == sorted(told) and len(told) == len(e.losses_) == 7
    quick = SDNE(dim=4, n_epochs=90, tolerance=0.5, patience=2)
    early = quick.fit(cliques(), progress=lambda stage, share: told.append(share))
    assert told[-1] == 1.0
    assert len(early.losses_) < 40
    assert min(early.losses_) == pytest.approx(early.losses_[-1], rel=0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dim": 0}, {"n_negative": 0}, {"n_epochs": True}, {"batch_size": 1.5}, {"patience": 0},
        {"penalty": 0.5}, {"w_first": -1}, {"w_second": np.nan}, {"weight_decay": np.inf},
        {"learning_rate": "x"}, {"tolerance": -1e-9}, {"hidden": 3}, {"hidden": (0,)},
        {"hidden": "12"}, {"hidden": (True,)},
    ],
)  # fmt: skip
def test_bad_parameters(wrong):
    with pytest.raises(ParameterError, match=f"SDNE: {next(iter(wrong))} must be"):
        SDNE(**wrong).fit(cliques())


def test_at_least_one_loss():
    with pytest.raises(ParameterError, match="w_first or w_second"):
        SDNE(w_first=0, w_second=0).fit(cliques())


def test_divergence_names_the_learning_rate():
    with pytest.raises(ParameterError, match=r"SDNE: learning_rate must let .* lower one"):
        SDNE(dim=4, n_epochs=5, learning_rate=1e38).fit(cliques())


@pytest.mark.parametrize(
    "graph",
    [
        Graph(csr_array((0, 0))),
        Graph.from_edges([("a", "a")]),
        Graph.from_edges([("a", "b", 0.0), ("b", "c", 0.0)]),
        Graph.from_edges([("a", "b", 1e-45), ("b", "c", 3e38), ("c", "c", 3e38)]),
        Graph.from_edges(combinations(range(120), 2)),
        Graph.from_edges([(f"l{i}", f"r{j}") for i in range(9) for j in range(20)]),
    ],
    ids=["no node", "loop", "zero weights", "extreme weights", "complete", "bipartite"],
)
def test_any_shape(graph):
    e = SDNE(dim=3, hidden=(5, 4), n_negative=7, n_epochs=2).fit(graph)
    n = graph.n_nodes
    assert e.embedding_.vectors.shape == (n, 3)
    scores = e.scores(np.arange(n))
    assert scores.shape == (n, n)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(("n", "entries"), [(1, 0), (500, 1000), (10**6, 10**7)])
def test_estimate_grows(n, entries):
    memory, seconds = SDNE().estimate(n, entries)
    more, longer = SDNE(dim=256, n_epochs=60).estimate(2 * n, 2 * entries)
    assert isinstance(memory, int)
    assert 1e8 < memory < more
    assert 0 < seconds < longer


def test_registry_names_it():
    assert EMBEDDERS["sdne"] is SDNE
