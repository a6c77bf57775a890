from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphemb.errors import ParameterError
from graphemb.map.calibrate import logistic_fit
from graphemb.map.index import relations
from graphemb.map.linear import LinearNetwork
from graphemb.map.names import NameTable, names_of
from graphemb.map.retrieve import top_k
from graphemb.map.translate import learn_translation
from graphemb.map.trees import BoostedTrees


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 12), st.integers(0, 9))
def test_top_k_is_exact(n, k, seed):
    scores = np.random.default_rng(seed).integers(0, 50, (3, n)).astype(np.float32)
    got = top_k(scores, k, block=8)
    for row, columns in zip(scores, got, strict=True):
        assert sorted(row[columns], reverse=True) == sorted(row, reverse=True)[:k]
        assert len(set(columns.tolist())) == min(k, n)


def test_trees_equal_scikit_learn():
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 6)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] + X[:, 2] > 0.2).astype(int)
    ours = BoostedTrees.fit(X, y, None, 0, n_trees=40)
    theirs = HistGradientBoostingClassifier(
        max_iter=40, learning_rate=0.05, max_leaf_nodes=20, max_depth=5, min_samples_leaf=30,
        l2_regularization=5.0, early_stopping=False, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert np.allclose(ours.predict(X), theirs.decision_function(X), atol=1e-4)
    again = BoostedTrees.from_arrays(ours.to_arrays())
    assert again.predict(X[:7]).tobytes() == ours.predict(X[:7]).tobytes()
    assert ours.predict(X[:0]).shape == (0,)


def test_logistic_equals_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    y = (rng.random(400) < 1 / (1 + np.exp(-X @ [1.0, -2.0, 0.3] - 0.5))).astype(float)
    beta = logistic_fit(X, y, np.ones(400))
    theirs = LogisticRegression(C=1.0, tol=1e-10).fit(X, y)
    assert np.allclose(beta, np.r_[theirs.intercept_, theirs.coef_.ravel()], atol=1e-3)


def test_translation_finds_the_pairing():
    renal, kidney, stone, failure, cyst = range(5)
    pairs = [([renal, x], [kidney, x]) for x in (stone, failure, cyst)] * 3
    source, target, p = learn_translation(pairs, 5)
    found = {(int(s), int(t)): float(v) for s, t, v in zip(source, target, p, strict=True)}
    assert set(found) == {(renal, kidney), (kidney, renal)}
    assert min(found.values()) > 0.8
    assert all(len(a) == 0 for a in learn_translation([], 5))


def test_names_by_node(kitchen):
    table = NameTable.of(names_of(kitchen), kitchen.n_nodes)
    scores = np.random.default_rng(0).random((4, len(table))).astype(np.float32)
    want = np.stack(
        [scores[:, table.owners == i].max(axis=1) for i in range(kitchen.n_nodes)], axis=1
    )
    assert np.array_equal(table.by_node(scores), want)
    assert [table.texts[i] for i in table.labels] == list(kitchen.labels)


def test_relations_are_neighbours(kitchen):
    parents, children, siblings = relations(kitchen)
    assert {(kitchen.ids[a], kitchen.ids[b]) for a, b in parents.T} == {
        (p, c) for c in kitchen.ids for p in kitchen.parents(c)
    }
    assert np.array_equal(parents[::-1], children)
    for a, b in siblings.T:
        assert set(kitchen.parents(kitchen.ids[a])) & set(kitchen.parents(kitchen.ids[b]))
        assert a != b


def test_linear_network_recovers_and_refuses():
    rng = np.random.default_rng(0)
    X, M = rng.normal(size=(50, 4)), rng.normal(size=(4, 3))
    network = LinearNetwork(ridge=0.0).fit(X, X @ M)
    assert np.allclose(network.matrix_, M, atol=1e-4)
    with pytest.raises(ParameterError, match="ridge"):
        LinearNetwork(ridge=-1).fit(X, X)
    with pytest.raises(ParameterError, match="as many rows"):
        LinearNetwork().fit(X, X[:3])
