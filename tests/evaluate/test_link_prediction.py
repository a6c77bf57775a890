from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import graphemb as ge
from graphemb.errors import LeakError, ParameterError
from graphemb.evaluate._edges import NEGATIVES, negative_pairs
from graphemb.evaluate._logistic import one_vs_rest, standardised
from graphemb.evaluate.link_prediction import BASELINES, OPERATORS, _heuristic


@pytest.fixture(scope="module")
def blocks():
    return ge.Graph.from_networkx(nx.planted_partition_graph(3, 40, 0.25, 0.02, seed=0))


def as_set(pairs):
    return {tuple(p) for p in pairs.tolist()}


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("directed", [True, False])
def test_the_split_hides_what_it_says(blocks, keep, directed):
    g = blocks
    if directed:
        rng = np.random.default_rng(0)
        rows = zip(*g.adjacency.tocoo().coords)
        g = ge.Graph.from_edges([(i, j) for i, j in rows if rng.random() < 0.7], directed=True)
    split = ge.evaluate.split_edges(g, 0.4, random_state=3, keep_connected=keep)
    train, full = (h.adjacency.toarray() > 0 for h in (split.train, g))
    held = as_set(split.test)
    assert all(full[i, j] and not train[i, j] and not train[j, i] for i, j in held)
    both = held | {(j, i) for i, j in held}
    rest = {(i, j) for i, j in zip(*np.nonzero(full))} - both
    assert rest == {(i, j) for i, j in zip(*np.nonzero(train))}
    pairs = {tuple(sorted(p)) for p in both}
    everything = {tuple(sorted(p)) for p in zip(*np.nonzero(full)) if p[0] != p[1]}
    assert len(pairs) == round(0.4 * len(everything))
    if keep:
        parts = (
            nx.number_connected_components(nx.Graph(h.to_networkx())) for h in (g, split.train)
        )
        assert len(set(parts)) == 1
    again = ge.evaluate.split_edges(g, 0.4, random_state=3, keep_connected=keep)
    assert as_set(again.test) == held
    assert as_set(ge.evaluate.split_edges(g, 0.4, 4, keep).test) != held


def test_a_forest_is_never_broken():
    tree = ge.Graph.from_networkx(nx.random_labeled_tree(30, seed=1))
    with pytest.raises(ParameterError, match="keep_connected=False"):
        ge.evaluate.split_edges(tree, 0.3)
    assert len(ge.evaluate.split_edges(tree, 0.3, keep_connected=False).test) == 9
    ring = ge.Graph.from_edges([(i, (i + 1) % 9) for i in range(9)] + [(0, 0)])
    assert len(ge.evaluate.split_edges(ring, 0.5).test) == 1
    with pytest.raises(ParameterError, match=r"share must be within \(0, 1\); got 1"):
        ge.evaluate.split_edges(ring, 1)


def test_leaks_are_refused(blocks):
    split = ge.evaluate.split_edges(blocks, 0.3)
    with pytest.raises(LeakError, match="are in the graph to learn from"):
        replace(split, train=blocks).check()
    with pytest.raises(LeakError, match="same nodes"):
        replace(split, train=blocks.subgraph(blocks.nodes[::-1])).check()
    with pytest.raises(LeakError, match="must be edges"):
        replace(split, test=np.array([[0, 0]])).check()
    vectors = ge.FastRP(dim=8).fit_transform(blocks)
    for made_before in (vectors, ge.FastRP(dim=8).fit(blocks)):
        with pytest.raises(LeakError, match="made before the split"):
            ge.evaluate.link_prediction(blocks, made_before)
    with pytest.raises(LeakError):
        ge.evaluate.link_prediction(replace(split, train=blocks), vectors)
    own = ge.FastRP(dim=8).fit_transform(split.train)
    given = ge.evaluate.link_prediction(split, own, negatives=["uniform"])
    made = ge.evaluate.link_prediction(blocks, ge.FastRP(dim=8), 0.3, negatives=["uniform"])
    assert [r.value for r in given] == [r.value for r in made]


@pytest.mark.parametrize("kind", NEGATIVES)
def test_negatives_are_no_edges(blocks, kind):
    split = ge.evaluate.split_edges(blocks, 0.3)
    pairs = negative_pairs(blocks, split.test, kind, 200, 0)
    dense = blocks.adjacency.toarray() > 0
    assert len(as_set(pairs)) == len(pairs) == 200
    assert all(i < j and not dense[i, j] for i, j in pairs)
    if kind == "two-hop":
        assert (dense @ dense)[pairs[:, 0], pairs[:, 1]].all()


def test_degree_negatives_have_the_ends_of_edges():
    star = nx.barabasi_albert_graph(400, 3, seed=2)
    g = ge.Graph.from_networkx(star)
    test = ge.evaluate.split_edges(g, 0.4).test
    degree = g.degrees
    wanted = degree[test].mean()
    means = {k: degree[negative_pairs(g, test, k, len(test), 0)].mean() for k in NEGATIVES}
    assert means["uniform"] < 0.6 * wanted
    assert abs(means["degree"] - wanted) < 0.2 * wanted


def test_no_negative_is_an_error():
    g = ge.Graph.from_networkx(nx.complete_graph(6))
    with pytest.raises(ParameterError, match="no uniform pair"):
        ge.evaluate.link_prediction(g, ge.FastRP(dim=4))
    with pytest.raises(ParameterError, match="must be among"):
        negative_pairs(g, np.array([[0, 1]]), "near", 3, 0)
    with pytest.raises(ParameterError, match="operators are"):
        ge.evaluate.link_prediction(g, ge.FastRP(dim=4), operators=["l1"])


def test_heuristics_are_networkx(blocks):
    g = blocks.to_networkx()
    pairs = np.array([[0, 1], [2, 70], [5, 6], [10, 100], [3, 4]])
    named = [(blocks.nodes[i], blocks.nodes[j]) for i, j in pairs]
    twins = {
        "adamic_adar": nx.adamic_adar_index,
        "jaccard": nx.jaccard_coefficient,
        "preferential_attachment": nx.preferential_attachment,
        "common_neighbors": lambda g, ps: [
            (u, v, len(list(nx.common_neighbors(g, u, v)))) for u, v in ps
        ],
    }
    assert set(twins) == set(BASELINES)
    for name, twin in twins.items():
        wanted = [value for _, _, value in twin(g, named)]
        assert _heuristic(name, blocks, pairs) == pytest.approx(wanted)


def test_operators_are_node2vecs():
    a, b = np.array([[1.0, -2.0]]), np.array([[3.0, 4.0]])
    found = {name: f(a, b).tolist() for name, f in OPERATORS.items()}
    assert found == {
        "average": [[2.0, 1.0]], "hadamard": [[3.0, -8.0]],
        "weighted_l1": [[2.0, 6.0]], "weighted_l2": [[4.0, 36.0]],
    }  # fmt: skip


def test_regression_is_scikit_learns():
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, (80, 5)), rng.normal(3, 2, (20, 5))
    truth = (x @ rng.normal(size=5) + rng.normal(size=80) > 3).astype(int)
    scale = StandardScaler().fit(x)
    model = LogisticRegression(max_iter=1000).fit(scale.transform(x), truth)
    a, b = standardised(x, y)
    assert a == pytest.approx(scale.transform(x))
    found = one_vs_rest(a, np.c_[truth, np.zeros(80, int)], b)
    assert found[:, 0] == pytest.approx(model.predict_proba(scale.transform(y))[:, 1], abs=1e-4)
    assert (found[:, 1] == 0).all()


def test_table(blocks):
    table = ge.evaluate.link_prediction(blocks, ge.FastRP(dim=32), 0.3)
    assert {r.split for r in table} == {"", *NEGATIVES}
    auc = {r.metric: r for r in table.filter(split="uniform")}
    assert auc["auc_hadamard"].value > 0.7
    assert auc["auc_cosine"].low < auc["auc_cosine"].value < auc["auc_cosine"].high
    assert {f"auc_{o}" for o in (*OPERATORS, *BASELINES, "dot")} <= set(auc)
    assert table.value(metric="held_out_share") == pytest.approx(0.3, abs=0.01)
    assert table.value(metric="ap_random", split="degree") == pytest.approx(0.5)
    assert {r.task for r in table} == {"link_prediction"}
