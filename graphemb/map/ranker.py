"""Ranker: what orders the candidates of a phrase, and tells how good the best of them is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graphemb.bundle import under, under_prefix
from graphemb.map.calibrate import Level, Ranked
from graphemb.map.listnet import ListNet, Reading
from graphemb.map.trees import BoostedTrees

__all__ = ["Ranker", "unseen_scores"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Ranker:
    """Scores of pairs: by trees alone, or learned for the list by trees and a network.

    Attributes
    ----------
    trees : BoostedTrees
        Log-odds that a pair is right or, beside a `level`, scores that compare within a list.
    network : ListNet, optional
        Orders with the trees: a score is the mean of both.
    level : BoostedTrees, optional
        Log-odds that a pair is right. What is learned for the list says which candidate is best
        and not how good it is: by that alone, a phrase that means nothing would be answered.

    """

    trees: BoostedTrees
    network: ListNet | None = None
    level: BoostedTrees | None = None

    @classmethod
    def pairwise(cls, X: Array, right: Array, random_state: int, n_trees: int) -> Self:
        """Learn log-odds from pairs, each looked at alone."""
        return cls(BoostedTrees.fit(X, right, None, random_state, n_trees))

    @classmethod
    def listwise(
        cls, X: Array, read: Reading | None, right: Array, query: Array, random_state: int,
        n_trees: int,
    ) -> Self:  # fmt: skip
        """Learn order from whole lists, and the level apart; without `read` there is no network."""
        return cls(
            BoostedTrees.fit_lists(X, right, query, random_state, n_trees),
            ListNet.fit(X, read, right, query, random_state) if read else None,
            BoostedTrees.fit(X, right, None, random_state, n_trees),
        )

    def scores(self, X: Array, read: Reading | None) -> Array:
        """Return the scores of pairs with features `X`, float32 (n,).

        Raises
        ------
        ValueError
            When there is a network and nothing for it to read.

        """
        scores = self.trees.predict(X)
        if self.network is None:
            return scores
        if read is None:
            raise ValueError("Ranker: its network needs to read the pairs; got features alone")
        return np.asarray((scores + self.network.predict(X, read)) / 2.0, np.float32)

    def ranked(self, X: Array, scores: Array, order: Array, ptr: Array) -> Ranked:
        """Return the pairs with features `X` in `order`, as the calibrator reads them."""
        level = self.level
        return Ranked(scores, order, ptr, (lambda rows: level.predict(X[rows])) if level else None)

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the ranker from."""
        parts = {"trees": self.trees, "network": self.network, "level": self.level}
        found: dict[str, Array] = {}
        for name, part in parts.items():
            found |= under(name, part.to_arrays()) if part else {}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], n_features: int) -> Self:
        """Restore the ranker that `to_arrays` gave, of rows with `n_features`.

        Raises
        ------
        ValueError
            When the parts do not go together.

        """
        level, network = (under_prefix(part, arrays) for part in ("level", "network"))
        found = cls(
            BoostedTrees.from_arrays(under_prefix("trees", arrays)),
            ListNet.from_arrays(network) if network else None,
            BoostedTrees.from_arrays(level) if level else None,
        )
        if found.network and not found.level:
            raise ValueError("Ranker: a network needs trees that tell the level")
        looked_at = [trees.n_features for trees in (found.trees, found.level) if trees]
        read = len(found.network.mean) if found.network else n_features
        if max(looked_at) > n_features or read != n_features:
            raise ValueError(f"Ranker: its parts must look at {n_features} features")
        return found


def unseen_scores(
    grow: Callable[[Array], Ranker], X: Array, reading: Callable[[Array], Reading | None],
    fold: Array, n_folds: int, progress: Callable[[int], object] = int,
) -> tuple[Array, Level | None]:  # fmt: skip
    """Return scores and level of the pairs of each `fold` by a ranker that had not seen it.

    `grow` learns from a mask of pairs; `reading` returns what a network reads of them; `progress`
    is told each fold as it begins.
    """
    scores, levels = np.zeros((2, len(X)), np.float32)
    levelled = False
    for number in range(n_folds):
        progress(number)
        outside = fold == number
        ranker = grow(~outside)
        scores[outside] = ranker.scores(X[outside], reading(outside))
        if ranker.level:
            levelled = True
            levels[outside] = ranker.level.predict(X[outside])
    return scores, levels.__getitem__ if levelled else None
