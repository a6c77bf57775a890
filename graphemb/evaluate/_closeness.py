"""How near an answer is to the right node, in the hierarchy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.taxonomy import Taxonomy

__all__ = ["Closeness", "ascent", "distances"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Closeness:
    """Of each first answer: edges to the nearest right node, and what `MappingTask` calls near.

    `depth` is that of the shallowest right node, -1 where none is in the taxonomy.
    """

    distance: Array
    near: Array
    ancestor_f1: Array
    depth: Array

    @classmethod
    def of(
        cls, taxonomy: Taxonomy, ranked: Sequence[Sequence[str]], truth: Sequence[Collection[str]]
    ) -> Closeness:
        """Return the closeness of `ranked` to `truth`; O(ancestors) a query."""
        near, f1 = np.zeros(len(truth), bool), np.zeros(len(truth))
        depth = np.full(len(truth), -1, np.int64)
        for i, (row, right) in enumerate(zip(ranked, truth, strict=True)):
            goals = [taxonomy.row(node) for node in right if node in taxonomy]
            depth[i] = min((int(taxonomy.depth[g]) for g in goals), default=-1)
            if not row or row[0] not in taxonomy or not goals:
                continue
            first = row[0]
            beside = {first, *taxonomy.parents(first), *taxonomy.children(first)}
            near[i] = any(taxonomy.ids[g] in beside for g in goals)
            mine = set(ascent(taxonomy, taxonomy.row(first)))
            theirs = [set(ascent(taxonomy, g)) for g in goals]
            f1[i] = max(2.0 * len(mine & a) / (len(mine) + len(a)) for a in theirs)
        return cls(distances(taxonomy, ranked, truth), near, f1, depth)

    def part(self, rows: Array) -> Closeness:
        """Return the closeness of the queries at `rows`."""
        fields = (self.distance, self.near, self.ancestor_f1, self.depth)
        return Closeness(*(field[rows] for field in fields))


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
            ups[row] = ascent(taxonomy, row)
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


def ascent(taxonomy: Taxonomy, row: int) -> dict[int, int]:
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
