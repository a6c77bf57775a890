"""MappingTask: how good ranked answers are, given the truth."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from graphemb.errors import ParameterError
from graphemb.evaluate import _metrics as metrics
from graphemb.evaluate.base import Task
from graphemb.scores import Score, ScoreTable
from graphemb.taxonomy import Taxonomy

__all__ = ["MappingTask"]

Array = np.ndarray[Any, Any]


class MappingTask(Task):
    """Accuracy@k, MRR, graph distance of the first answer, and calibration of its probability.

    Parameters
    ----------
    ks : sequence of int
        The k of accuracy@k.
    precisions : sequence of float
        Where coverage is reported.

    Notes
    -----
    Any of several right nodes counts. Distance is the number of edges, direction ignored, from
    the first answer to the nearest right node; a no-match counts as the distance from the root
    (its depth), ``n_nodes`` where the taxonomy falls apart. Intervals are Wilson's.

    """

    def __init__(
        self, ks: Sequence[int] = (1, 5, 10), precisions: Sequence[float] = (0.90, 0.95, 0.99)
    ) -> None:
        self.ks = ks
        self.precisions = precisions

    def run(
        self,
        ranked: Sequence[Sequence[str]],
        truth: Sequence[Collection[str]],
        taxonomy: Taxonomy | None = None,
        probability: Array | None = None,
        graph: str = "",
        method: str = "",
        split: str = "",
    ) -> ScoreTable:
        """Return the measurements of `ranked` node ids against `truth`, one entry a query."""
        if len(ranked) != len(truth) or not truth:
            raise ParameterError(
                f"MappingTask: needs as many answers as truths, at least one; got {len(ranked)} "
                f"and {len(truth)}."
            )
        rank = metrics.ranks(ranked, truth)
        n = len(rank)
        rows = []

        def add(metric: str, value: float, k: int | None = None, hits: int | None = None) -> None:
            low, high = (None, None) if hits is None else metrics.wilson(hits, n)
            rows.append(
                Score(
                    graph,
                    method,
                    "mapping",
                    metric,
                    value,
                    k=k,
                    split=split,
                    low=low,
                    high=high,
                    n=n,
                )
            )

        for k in self.ks:
            hits = int(((rank > 0) & (rank <= k)).sum())
            add("accuracy", hits / n, k, hits)
        add("mrr", float(np.where(rank > 0, 1.0 / np.maximum(rank, 1), 0.0).mean()))
        if taxonomy is not None:
            add("distance", float(distances(taxonomy, ranked, truth).mean()))
        if probability is not None:
            right = (rank == 1).astype(float)
            add("ece", metrics.expected_calibration_error(probability, right))
            add("aurc", metrics.aurc(probability, right))
            for precision in self.precisions:
                share = metrics.coverage_at(probability, right, precision)
                add(f"coverage@{round(precision * 100)}", share)
        return ScoreTable(rows)


def distances(
    taxonomy: Taxonomy, ranked: Sequence[Sequence[str]], truth: Sequence[Collection[str]]
) -> Array:
    """Return the path length from each first answer to the nearest right node, int64 (n,).

    Through common ancestors, O(ancestors) a query: exact in a tree; in a DAG the shortest way
    over an ancestor, which a way over a common descendant may undercut.
    """
    found = np.zeros(len(truth), np.int64)
    ups: dict[int, dict[int, int]] = {}

    def up(row: int) -> dict[int, int]:
        if row not in ups:
            ups[row] = _ascent(taxonomy, row)
        return ups[row]

    for i, (row, right) in enumerate(zip(ranked, truth, strict=True)):
        goals = [taxonomy.row(node) for node in right if node in taxonomy]
        if not row or row[0] not in taxonomy:
            found[i] = min((int(taxonomy.depth[g]) for g in goals), default=taxonomy.n_nodes)
            continue
        mine = up(taxonomy.row(row[0]))
        found[i] = min(
            (mine[a] + d for g in goals for a, d in up(g).items() if a in mine),
            default=taxonomy.n_nodes,
        )
    return found


def _ascent(taxonomy: Taxonomy, row: int) -> dict[int, int]:
    """Return every ancestor of `row`, itself included, with the length of the shortest way up."""
    reached, level, steps = {row: 0}, [row], 0
    while level:
        steps += 1
        above: list[int] = []
        for node in level:
            parents = taxonomy.parent_rows[
                taxonomy.parent_ptr[node] : taxonomy.parent_ptr[node + 1]
            ]
            for parent in parents.tolist():
                if parent not in reached:
                    reached[parent] = steps
                    above.append(parent)
        level = above
    return reached
