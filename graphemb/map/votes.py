"""PhraseVotes: known phrases like the query speak for the neighbourhood of their nodes.

A node that no training phrase has named can still be found this way: phrases of its siblings and
cousins lie near. The node's own phrases never vote for it, for then having any would betray it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.map.retrieve import Batch, top_k
from graphemb.taxonomy import Taxonomy

__all__ = ["Neighbours", "PhraseVotes"]

Array = np.ndarray[Any, Any]

#: Phrases that vote on a query, and how sharply nearness counts.
K, SHARPNESS = 20, 12.0


@dataclass(frozen=True)
class Neighbours:
    """The phrases nearest to each query: their nodes (b, k), weights that sum to 1, cosines."""

    nodes: Array
    weights: Array
    cosines: Array


class PhraseVotes:
    """Phrases with known nodes, as unit vectors.

    Attributes
    ----------
    vectors : float32 (m, dim)
    nodes : int32 (m,)
    parent, grandparent : int32 (n_nodes,): by primary parents; -1 - row where there is none, so
        that two nodes without one never agree

    """

    def __init__(self, taxonomy: Taxonomy, vectors: Array, nodes: Array) -> None:
        self.vectors, self.nodes = vectors, nodes
        self.child_ptr, self.child_rows = taxonomy.child_ptr, taxonomy.child_rows
        n = taxonomy.n_nodes
        above = taxonomy.primary_parents
        self.parent = np.where(above >= 0, above, -1 - np.arange(n))
        up = self.parent[np.maximum(self.parent, 0)]
        self.grandparent = np.where((self.parent >= 0) & (up >= 0), up, -1 - np.arange(n) - n)

    def __len__(self) -> int:
        return len(self.nodes)

    def neighbours(self, batch: Batch) -> Neighbours | None:
        """Return the nearest phrases of each query; None where there are no phrases at all."""
        if not len(self):
            return None
        cosines = batch.vectors @ self.vectors.T
        best = top_k(cosines, min(K, len(self)))
        near = np.take_along_axis(cosines, best, axis=1)
        weights = np.exp(SHARPNESS * (near - near[:, :1]))
        weights /= weights.sum(axis=1, keepdims=True)
        return Neighbours(self.nodes[best].astype(np.int64), weights, near)

    def nominated(
        self, near: Neighbours, fused: Callable[[Array, Array], Array], vote: float, k: int
    ) -> Array:
        """Return up to `k` columns a query, (b, k): children of voted parents, best first.

        A child counts its score, ``fused(query, node)``, and `vote` times its parent's share of
        the votes. Where there are fewer, the list is filled with its own first column.
        """
        b = len(near.nodes)
        above = self.parent[near.nodes]
        query = np.repeat(np.arange(b), above.shape[1])[above.ravel() >= 0]
        keys = query * np.int64(len(self.parent)) + above.ravel()[above.ravel() >= 0]
        voted, at = np.unique(keys, return_inverse=True)
        share = np.bincount(at, near.weights.ravel()[above.ravel() >= 0], len(voted))
        query, parent = voted // len(self.parent), voted % len(self.parent)
        counts = self.child_ptr[parent + 1] - self.child_ptr[parent]
        ends = np.cumsum(counts)
        if not counts.any():
            return np.zeros((b, k), np.int64)
        flat = np.repeat(self.child_ptr[parent] - (ends - counts), counts) + np.arange(counts.sum())
        child, row = self.child_rows[flat].astype(np.int64), np.repeat(query, counts)
        value = fused(row, child) + vote * np.repeat(share, counts)
        order = np.lexsort((child, -value, row))
        row, child = row[order], child[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        out = np.zeros((b, k), np.int64)
        first = child[np.minimum(np.searchsorted(row, np.arange(b)), len(child) - 1)]
        out[:] = first[:, None]
        keep = place < k
        out[row[keep], place[keep]] = child[keep]
        return out

    def features(self, near: Neighbours, query: Array, node: Array) -> dict[str, Array]:
        """Return the votes on (query, node) pairs; a node's own phrases are left out."""
        voters = near.nodes[query]
        weights, cosines = near.weights[query], near.cosines[query]
        other = voters != node[:, None]
        above = self.parent[node][:, None]
        same = (self.parent[voters] == above) & other
        cousin = (self.grandparent[voters] == self.grandparent[node][:, None]) & other
        related = ((voters == above) | (self.parent[voters] == node[:, None])) & other
        votes = {
            "vote_parent": (weights * same).sum(axis=1),
            "vote_grandparent": (weights * cousin).sum(axis=1),
            "vote_related": (weights * related).sum(axis=1),
            "vote_nearest": (cosines * same).max(axis=1),
        }
        # All votes for one family sum to 1, give or take rounding that differs from batch to
        # batch: a tree must not split there.
        return {name: np.round(vote, 4).astype(np.float32) for name, vote in votes.items()}
