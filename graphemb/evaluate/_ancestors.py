"""Answers that may be ancestors of the right node: how often they are safe, and what they tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from graphemb.evaluate import _metrics as metrics
from graphemb.evaluate._closeness import ascent
from graphemb.evaluate.base import Rows
from graphemb.taxonomy import Taxonomy

__all__ = ["AncestorScores", "information", "parents_of_first"]

Array = np.ndarray[Any, Any]


def information(taxonomy: Taxonomy) -> Array:
    """Return ``1 - log(1 + d_i)/log n``, d_i the distinct descendants of node i, float64 (n,).

    Seco, Veale and Hayes 2004, equation 1: 1 for leaves, 0 for a root above everything. Over
    several ways down a descendant counts once. O(Σ ancestors) time.
    """
    below = np.zeros(taxonomy.n_nodes, np.int64)
    for row in range(taxonomy.n_nodes):
        above = list(ascent(taxonomy, row))[1:]
        below[above] += 1
    return np.asarray(1.0 - np.log1p(below) / np.log(max(taxonomy.n_nodes, 2)))


def parents_of_first(taxonomy: Taxonomy, answers: Sequence[str | None]) -> list[str | None]:
    """Return the primary parent of each answer, None where that is a root or there is none."""
    found: list[str | None] = []
    for node in answers:
        above = taxonomy.parents(node)[:1] if node is not None else ()
        found.append(above[0] if above and taxonomy.parents(above[0]) else None)
    return found


class AncestorScores:
    """Measures answers of which each is one node, or None, against the right nodes.

    ``answered``: share of queries with an answer. ``right_or_ancestor``: of those, the share that
    is a right node or lies above one. ``right``: of all queries, the share that is a right node.
    ``information_kept``: mean over all queries of the answer's information content as a share of
    the right node's (the best right node), 0 for no answer and for one that is neither right nor
    above. ``level_accuracy`` by k: of the queries whose right node lies at depth k or deeper, the
    share whose answer lies below, or is, the same node of depth k. Intervals are Wilson's.
    """

    def __init__(
        self, taxonomy: Taxonomy, truth: Sequence[Collection[str]], least: int = 5
    ) -> None:
        self.taxonomy, self.least = taxonomy, least
        self.information = information(taxonomy)
        known = [sorted(taxonomy.row(n) for n in right if n in taxonomy) for right in truth]
        self.goals = [{row: ascent(taxonomy, row) for row in right} for right in known]

    def add(self, rows: Rows, answers: Sequence[str | None], split: str) -> None:
        """Add the measurements of `answers` to `rows` under `split`."""
        n = len(answers)
        places = [None if a is None else self.taxonomy.row(a) for a in answers]
        there = np.array([p is not None for p in places], bool)
        safe, right, kept = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n)
        for i, (at, goals) in enumerate(zip(places, self.goals, strict=True)):
            above = [g for g, up in goals.items() if at in up]
            if at is None or not above:
                continue
            safe[i], right[i] = True, at in goals
            kept[i] = max(self._share(at, g) for g in above)
        _share(rows, "answered", there, split)
        if there.any():
            _share(rows, "right_or_ancestor", safe[there], split)
        _share(rows, "right", right, split)
        rows.add("information_kept", kept.mean(), split=split, n=n)
        self._levels(rows, places, split)

    def _share(self, answer: int, goal: int) -> float:
        if answer == goal:
            return 1.0
        whole = float(self.information[goal])
        return min(1.0, float(self.information[answer]) / whole) if whole > 0 else 0.0

    def _levels(self, rows: Rows, places: Sequence[int | None], split: str) -> None:
        depth = self.taxonomy.depth
        deepest = max((int(depth[g]) for goals in self.goals for g in goals), default=0)
        for level in range(1, deepest + 1):
            hits = []
            for at, goals in zip(places, self.goals, strict=True):
                wanted = {a for g, up in goals.items() if depth[g] >= level
                          for a in up if depth[a] == level}  # fmt: skip
                if wanted:
                    mine = () if at is None else ascent(self.taxonomy, at)
                    hits.append(any(a in wanted for a in mine))
            if len(hits) >= self.least:
                _share(rows, "level_accuracy", np.array(hits), split, level)


def _share(rows: Rows, name: str, hit: Array, split: str, k: int | None = None) -> None:
    hits, n = int(hit.sum()), len(hit)
    low, high = metrics.wilson(hits, n)
    rows.add(name, hits / n, k=k, split=split, low=low, high=high, n=n)
