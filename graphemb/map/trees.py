"""Boosted trees as plain arrays: grown by scikit-learn, stored without code, run by NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from graphemb import kernels
from graphemb.kernels.mapping import MOST_FEATURES, Forest

__all__ = ["BoostedTrees"]

Array = np.ndarray[Any, Any]

#: Every tree is stored as a complete binary tree of this depth.
DEPTH = 5


class BoostedTrees:
    """A sum of complete binary trees: scores for rows of features, log-odds where `fit` grew them.

    Attributes
    ----------
    features : int16 (n_trees, 2**DEPTH - 1): the feature an inner node looks at
    thresholds : float32, same shape: go left where ``x <= threshold``
    values : float32 (n_trees, 2**DEPTH): what a leaf adds
    baseline : float

    Notes
    -----
    Running costs O(n_trees · DEPTH) a row, without branches: a shallower tree is padded.

    """

    def __init__(self, features: Array, thresholds: Array, values: Array, baseline: float) -> None:
        self.features, self.thresholds, self.values = features, thresholds, values
        self.baseline = baseline
        self._forest: Forest | None = None

    @property
    def n_features(self) -> int:
        """How many columns a row must have at least."""
        return int(self.features.max(initial=-1)) + 1

    @classmethod
    def fit(
        cls, X: Array, y: Array, weight: Array | None, random_state: int, n_trees: int = 300
    ) -> Self:
        """Grow trees for the log-loss of binary `y` (histogram gradient boosting)."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            max_iter=n_trees, learning_rate=0.05, max_leaf_nodes=20, max_depth=DEPTH,
            min_samples_leaf=30, l2_regularization=5.0, early_stopping=False,
            random_state=random_state % 2**32,
        )  # fmt: skip
        model.fit(X, y, sample_weight=weight)
        grown = [stage[0].nodes for stage in model._predictors]
        return cls._complete(grown, float(model._baseline_prediction.ravel()[0]))

    @classmethod
    def fit_lists(
        cls, X: Array, y: Array, query: Array, random_state: int, n_trees: int = 300
    ) -> Self:
        """Grow trees that put the right rows of each `query` first (`ListwiseSoftmax`).

        Queries without a right row teach nothing. Sampled columns and a strong penalty keep
        the trees apart: on the tuning phrases of four sets that gave up to 1 point of
        accuracy@1, the loss itself .3 (HPO) to 1.7 points (ICD-10-CM) over the log-loss.
        """
        from sklearn.ensemble import HistGradientBoostingRegressor

        from graphemb.map._listwise import ListwiseSoftmax, taught_lists

        rows, sizes = taught_lists(y, query)
        if not len(rows):
            return cls._complete([], 0.0)
        n_right = np.add.reduceat(y[rows].astype(np.float64), np.cumsum(sizes) - sizes)
        target = y[rows] / np.repeat(n_right, sizes)
        model = HistGradientBoostingRegressor(
            loss=ListwiseSoftmax(sizes), max_iter=n_trees, learning_rate=0.1,
            max_leaf_nodes=20, max_depth=DEPTH, min_samples_leaf=30, l2_regularization=20.0,
            max_features=0.2, early_stopping=False, random_state=random_state % 2**32,
        )  # fmt: skip
        model.fit(X[rows], target)
        return cls._complete([stage[0].nodes for stage in model._predictors], 0.0)

    @classmethod
    def _complete(cls, grown: Sequence[Array], baseline: float) -> Self:
        n, inner, leaves = len(grown), 2**DEPTH - 1, 2**DEPTH
        features = np.zeros((n, inner), np.int16)
        thresholds = np.full((n, inner), np.inf, np.float32)
        values = np.zeros((n, leaves), np.float32)
        for tree, nodes in enumerate(grown):
            waiting = [(0, 0, 0)]  # (node of scikit-learn, place in the complete tree, depth)
            while waiting:
                node, place, depth = waiting.pop()
                if depth == DEPTH:
                    values[tree, place - inner] = nodes["value"][node]
                    continue
                children = 2 * place + 1, 2 * place + 2
                if nodes["is_leaf"][node]:
                    waiting += [(node, child, depth + 1) for child in children]
                    continue
                features[tree, place] = nodes["feature_idx"][node]
                thresholds[tree, place] = nodes["num_threshold"][node]
                waiting.append((int(nodes["left"][node]), children[0], depth + 1))
                waiting.append((int(nodes["right"][node]), children[1], depth + 1))
        return cls(features, thresholds, values, baseline)

    def predict(self, X: Array, block: int = 512) -> Array:
        """Return the log-odds of each row, float32 (n,)."""
        if kernels.compiled() and X.shape[1] <= MOST_FEATURES:
            if self._forest is None:
                self._forest = Forest(self.features, self.thresholds, self.values, self.baseline)
            return self._forest.sums(X)
        n_trees, inner = self.features.shape
        out = np.full(len(X), self.baseline, np.float32)
        if not n_trees:
            return out
        base = np.arange(n_trees) * inner
        feature, threshold = self.features.ravel().astype(np.intp), self.thresholds.ravel()
        leaf_base = np.arange(n_trees) * (inner + 1) - inner
        leaves = self.values.ravel()
        for start in range(0, len(X), block):
            rows = np.ascontiguousarray(X[start : start + block], np.float32)
            flat = rows.ravel()
            offset = (np.arange(len(rows)) * rows.shape[1])[:, None]
            place = np.zeros((len(rows), n_trees), np.intp)
            for _ in range(DEPTH):
                at = base + place
                right = flat[offset + feature[at]] > threshold[at]
                place = 2 * place + 1 + right
            out[start : start + block] += leaves[leaf_base + place].sum(axis=1)
        return out

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the trees from."""
        return {
            "features": self.features, "thresholds": self.thresholds, "values": self.values,
            "baseline": np.array([self.baseline], np.float64),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore the trees that `to_arrays` gave.

        Raises
        ------
        ValueError
            When the arrays do not make trees.

        """
        features, thresholds, values = (arrays[k] for k in ("features", "thresholds", "values"))
        n, inner = len(features), 2**DEPTH - 1
        shapes = features.shape, thresholds.shape, values.shape
        if shapes != ((n, inner), (n, inner), (n, inner + 1)) or features.min(initial=0) < 0:
            raise ValueError(f"BoostedTrees: arrays must be of complete trees of depth {DEPTH}")
        return cls(features, thresholds, values, float(arrays["baseline"][0]))
