"""The loss that puts the right candidate of a list first, and trees grown for it."""

from __future__ import annotations

import numpy as np

from graphemb.map._listwise import ListwiseSoftmax
from graphemb.map.trees import BoostedTrees


def test_gradient_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    sizes = np.array([3, 1, 4])
    y = np.array([0, 1, 0, 1, 0.5, 0, 0.5, 0])
    s = rng.standard_normal(8)

    def loss(scores: np.ndarray) -> float:
        lists = np.split(scores, np.cumsum(sizes)[:-1])
        log_p = np.concatenate([part - np.log(np.exp(part).sum()) for part in lists])
        return float(-(y * log_p).sum())

    gradient, hessian = ListwiseSoftmax(sizes).gradient_hessian(y, s[:, None])
    step = 1e-6 * np.eye(8)
    numeric = [(loss(s + d) - loss(s - d)) / 2e-6 for d in step]
    np.testing.assert_allclose(gradient.ravel(), numeric, atol=1e-7)
    assert (hessian > 0).all()


def test_trees_order_lists_whose_levels_differ() -> None:
    """The right row is the one above the others of its list; no threshold fits all lists."""
    rng = np.random.default_rng(1)
    query = np.repeat(np.arange(400), 5)
    X = rng.standard_normal((2000, 3)).astype(np.float32)
    best = X[:, 0].reshape(400, 5).argmax(axis=1) + np.arange(400) * 5
    y = np.zeros(2000, bool)
    y[best] = True
    y[-50:] = False  # lists without a right row teach nothing
    shuffled = rng.permutation(2000)
    trees = BoostedTrees.fit_lists(X[shuffled], y[shuffled], query[shuffled], 0, 100)
    first = trees.predict(X).reshape(400, 5).argmax(axis=1) + np.arange(400) * 5
    assert (first == best)[:390].mean() > 0.95


def test_nothing_right_gives_no_trees() -> None:
    trees = BoostedTrees.fit_lists(np.zeros((4, 2), np.float32), np.zeros(4, bool), np.zeros(4), 0)
    assert trees.predict(np.zeros((2, 2), np.float32)).tolist() == [0.0, 0.0]
