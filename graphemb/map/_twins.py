"""Places: the distinct points of node space, and the nodes that share one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb.taxonomy import Taxonomy

__all__ = ["Places", "twin_leaves"]

Array = np.ndarray[Any, Any]

#: Unit vectors whose numbers agree to so many decimals are one place.
DECIMALS = 5


def twin_leaves(taxonomy: Taxonomy) -> Array:
    """Return a group number a node, int64 (n,): leaves with the same parents share theirs.

    Swapping two such leaves leaves the graph as it was, so no structural embedding can tell them
    apart but by chance. O(n + e).
    """
    ptr, rows = taxonomy.parent_ptr.tolist(), taxonomy.parent_rows.tolist()
    is_leaf = (np.diff(taxonomy.child_ptr) == 0).tolist()
    known: dict[object, int] = {}
    groups = np.empty(taxonomy.n_nodes, np.int64)
    for node, leaf in enumerate(is_leaf):
        above = tuple(sorted(rows[ptr[node] : ptr[node + 1]]))
        key: object = above if leaf and above else node
        groups[node] = known.setdefault(key, len(known))
    return groups


class Places:
    """Distinct unit vectors and which nodes lie at each.

    Attributes
    ----------
    vectors : float32 (n_places, d)
    place : int64 (n_nodes,)
    members : tuple of tuples of int, the nodes of each place in the order of their ids

    """

    def __init__(self, vectors: Array, place: Array, ids: Sequence[str]) -> None:
        self.vectors, self.place = vectors, place
        found: list[list[int]] = [[] for _ in range(len(vectors))]
        for node in sorted(range(len(ids)), key=ids.__getitem__):
            found[place[node]].append(node)
        self.members = tuple(tuple(nodes) for nodes in found)

    @classmethod
    def of(cls, taxonomy: Taxonomy, vectors: Array, *, centre: bool, merge: bool) -> Places:
        """Make the places out of one vector a node.

        With `merge`, twin leaves get the mean of their vectors, as what tells them apart is
        chance; with `centre`, the mean of all is taken out first. Then vectors of equal direction
        are one place.
        """
        rows = np.asarray(vectors, np.float64)
        if merge:
            groups = twin_leaves(taxonomy)
            sums = np.zeros((int(groups.max()) + 1, rows.shape[1]))
            np.add.at(sums, groups, rows)
            rows = (sums / np.bincount(groups)[:, None])[groups]
        if centre:
            rows = rows - rows.mean(axis=0)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = rows / np.where(norms > 1e-9, norms, np.inf)
        rounded = np.round(unit, DECIMALS) + 0.0  # -0 and 0 are one
        _, first, place = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
        return cls(unit[first].astype(np.float32), place.astype(np.int64), taxonomy.ids)
