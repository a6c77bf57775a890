from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, f1_score, normalized_mutual_info_score

import graphemb as ge
from graphemb.errors import ParameterError, UnknownNodeError
from graphemb.evaluate import _metrics as metrics
from graphemb.evaluate._intervals import sample_interval, split_interval
from graphemb.evaluate._labels import label_matrix, single_labels
from graphemb.evaluate.classification import _first
from graphemb.rng import stream

BITS = st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(BITS, st.integers(0, 2**24))
def test_f1_is_scikit_learns(truth, bits):
    t = np.array(truth, np.int8)
    a = np.array([bits >> i & 1 for i in range(t.size)], np.int8).reshape(t.shape)
    micro, macro = metrics.f1_scores(t, a)
    assert micro == pytest.approx(f1_score(t, a, average="micro", zero_division=0))
    named = (t.sum(axis=0) + a.sum(axis=0)) > 0
    each = f1_score(t, a, average=None, zero_division=0)[named]
    assert macro == pytest.approx(each.mean() if named.any() else 0.0)


def test_first_gives_as_many_as_wanted():
    p = np.array([[0.1, 0.9, 0.5], [0.3, 0.3, 0.2], [0.1, 0.2, 0.3]])
    found = _first(p, np.array([2, 1, 0])).tolist()
    assert found == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]


def test_modularity_and_spearman():
    g = nx.karate_club_graph()
    groups = np.array([g.nodes[n]["club"] == "Officer" for n in g], int)
    sides = [{n for n in g if groups[n] == k} for k in (0, 1)]
    found = metrics.modularity(ge.Graph.from_networkx(g).adjacency, groups)
    assert found == pytest.approx(nx.community.modularity(g, sides))
    from scipy.stats import spearmanr

    a, b = np.array([1.0, 2, 2, 5, 0]), np.array([3.0, 1, 4, 4, 9])
    assert metrics.spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert metrics.spearman(a, np.zeros(5)) == 0.0


def test_intervals():
    values = np.array([0.5, 0.6, 0.7])
    low, high = split_interval(values)
    assert high - low == pytest.approx(2 * 4.302653 * values.std(ddof=1) / np.sqrt(3))
    assert split_interval(values[:1]) == (None, None)
    assert sample_interval(values, 3) == (None, None)
    low, high = sample_interval(values, 10**9)
    assert high - low == pytest.approx(2 * 1.959964 * values.std(ddof=1) / np.sqrt(3))


def test_labels():
    g = ge.Graph.from_edges([("a", "b"), ("b", "c")])
    rows, classes, matrix = label_matrix(g, {"c": ["y", "x"], "a": "x"})
    assert (rows.tolist(), classes, matrix.tolist()) == ([0, 2], ("x", "y"), [[1, 0], [1, 1]])
    rows, numbers = single_labels(g, {"c": ["y", "x"], "a": "x", "b": "y"})
    assert (rows.tolist(), numbers.tolist()) == ([0, 1], [0, 1])
    with pytest.raises(UnknownNodeError, match="1 of 2 are of no node of the graph, the first 'z'"):
        label_matrix(g, {"z": "x", "a": "y"})
    with pytest.raises(ParameterError, match="at least two classes; got 1"):
        label_matrix(g, {"a": "y"})
    with pytest.raises(ParameterError, match="must be given"):
        label_matrix(g, {})


@pytest.fixture(scope="module")
def blocks():
    g = ge.Graph.from_networkx(nx.planted_partition_graph(3, 30, 0.4, 0.01, seed=0))
    return g, {node: "abc"[int(node) // 30] for node in g.nodes}


def test_classification_of_blocks():
    g = ge.Graph.from_networkx(nx.planted_partition_graph(3, 30, 0.25, 0.06, seed=0))
    labels = {node: "abc"[int(node) // 30] for node in g.nodes}
    table = ge.evaluate.classification(g, ge.FastRP(dim=32), labels, train_shares=(0.2, 0.8))
    assert table.value(metric="micro_f1", k=80) > 0.8
    assert table.value(metric="micro_f1", k=20) < table.value(metric="micro_f1", k=80)
    assert table.value(metric="micro_f1_majority", k=80) < 0.5
    row = table.filter(metric="macro_f1", k=20).rows[0]
    assert row.low < row.value < row.high
    assert (row.n, row.split) == (72, "20 % train")
    again = ge.evaluate.classification(g, ge.FastRP(dim=32), labels, train_shares=(0.2, 0.8))
    assert [r.value for r in again] == [r.value for r in table]


def test_classification_knows_nothing_of_shuffled_labels(blocks):
    g, labels = blocks
    shuffled = dict(zip(g.nodes, np.random.default_rng(1).permutation(list(labels.values()))))
    table = ge.evaluate.classification(g, ge.FastRP(dim=8), shuffled, train_shares=(0.5,))
    assert table.value(metric="micro_f1") < 0.5


def test_several_classes_a_node(blocks):
    g, labels = blocks
    both = {n: [c, "odd"] if int(n) % 2 else [c] for n, c in labels.items()}
    table = ge.evaluate.classification(g, ge.FastRP(dim=32), both, train_shares=(0.5,))
    assert table.value(metric="micro_f1") > table.value(metric="micro_f1_threshold") > 0.5


def test_classification_of_vectors_as_they_are(blocks):
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    graph, labels = blocks
    rng = np.random.default_rng(0)
    drawn = np.eye(3)[[ord(labels[n]) - 97 for n in graph.nodes]] + rng.normal(size=(90, 3))
    made = ge.Embedding(graph.nodes, (drawn * (0.05, 1.0, 3.0)).astype(np.float32))
    how = {"train_shares": (0.5,), "n_splits": 1, "c": 0.1}

    def f1(scale, **more):
        scaled = ge.Embedding(made.keys, made.vectors * np.float32(scale))
        table = ge.evaluate.classification(graph, scaled, labels, **how, **more)
        return table.value(metric="micro_f1"), table.value(metric="macro_f1")

    assert f1(1) == f1(4) == f1(0.25)  # standardised: no unit counts
    raw = {scale: f1(scale, standardise=False) for scale in (0.25, 1, 4)}
    assert len(set(raw.values())) > 1
    order = stream(0, "classification", "0.5", 0).permutation(90)
    truth = np.array([labels[node] for node in graph.nodes])
    train, test = order[:45], order[45:]
    peer = OneVsRestClassifier(LogisticRegression(C=0.1, max_iter=1000))
    peer.fit(made.vectors[train].astype(float), truth[train])
    answer = peer.classes_[peer.predict_proba(made.vectors[test].astype(float)).argmax(axis=1)]
    assert raw[1][0] == pytest.approx(f1_score(truth[test], answer, average="micro"))


def test_classification_refuses(blocks):
    g, labels = blocks
    with pytest.raises(ParameterError, match="train_shares must lie"):
        ge.evaluate.classification(g, ge.FastRP(dim=4), labels, train_shares=(1.0,))
    with pytest.raises(ParameterError, match="n_splits must be"):
        ge.evaluate.classification(g, ge.FastRP(dim=4), labels, n_splits=0)
    few = {"0": "a", "40": "b"}
    with pytest.raises(ParameterError, match="cannot be split at 0.1"):
        ge.evaluate.classification(g, ge.FastRP(dim=4), few)


def test_clustering_of_blocks(blocks):
    g, labels = blocks
    table = ge.evaluate.clustering(g, ge.FastRP(dim=32), labels, n_splits=2)
    assert table.value(metric="nmi") > 0.9
    assert table.value(metric="ari") > 0.9
    truth = [{n for n in g.nodes if labels[n] == c} for c in "abc"]
    wanted = nx.community.modularity(g.to_networkx(), truth)
    assert table.value(metric="modularity_labels") == pytest.approx(wanted, abs=1e-6)
    assert table.value(metric="modularity") == pytest.approx(wanted, abs=0.05)
    perfect = ge.Embedding(g.nodes, np.eye(3)[[int(n) // 30 for n in g.nodes]])
    assert ge.evaluate.clustering(g, perfect, labels).value(metric="ari") == 1.0
    assert normalized_mutual_info_score([0, 1], [1, 0]) == adjusted_rand_score([0, 1], [1, 0]) == 1


def test_clustering_without_labels_and_with_equal_vectors(blocks):
    g, _ = blocks
    table = ge.evaluate.clustering(g, ge.Embedding(g.nodes, np.zeros((90, 2))), n_clusters=4)
    assert [(r.metric, r.value) for r in table] == [("modularity", pytest.approx(0.0, abs=1e-6))]
    with pytest.raises(ParameterError, match="n_clusters must be 1 … 90"):
        ge.evaluate.clustering(g, ge.FastRP(dim=4), n_clusters=91)
