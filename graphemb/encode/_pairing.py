"""Which names are paired in an epoch of contrastive training, and which share an owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Pairing"]

Array = np.ndarray[Any, Any]

#: Owners of one phrase that are told apart; a phrase with more keeps the first ones.
_OWNERS = 6


class Pairing:
    """Names and their owners.

    A name whose owner has it as label, or that was there before the pairs, may be a document; a
    training phrase is only ever a query, but both are names here: `documents` tells which is the
    label of each owner, and an owner's label is the document of most of its pairs.

    Attributes
    ----------
    labels : int, (n_owners,): the name that is the owner's label, negative where it has none
    owners : int, (n_names, _OWNERS): owners, padded by negative numbers that equal nothing
    first_owner : int, (n_names,)
    indexed : int: names that may serve as hard negatives (all)

    """

    def __init__(self, owners: Sequence[Sequence[int]], documents: Array | None) -> None:
        self.n_names = len(owners)
        self.owners = -np.arange(1, self.n_names * _OWNERS + 1).reshape(self.n_names, _OWNERS)
        for row, group in enumerate(owners):
            kept = list(group)[:_OWNERS]
            self.owners[row, : len(kept)] = kept
        self.first_owner = self.owners[:, 0].copy()
        self.n_owners = int(self.first_owner.max()) + 1 if self.n_names else 0
        pair_rows, at = np.nonzero(self.owners >= 0)
        pair_nodes = self.owners[pair_rows, at]
        self.n_owners = max(self.n_owners, int(pair_nodes.max(initial=-1)) + 1)
        if documents is not None:
            self.n_owners = max(self.n_owners, len(documents))
        else:
            documents = np.zeros(self.n_owners, np.int64)
            documents[pair_nodes[::-1]] = pair_rows[::-1]
        self.labels = np.asarray(documents, np.int64)
        self.indexed = np.arange(self.n_names)
        other = self.labels[pair_nodes] != pair_rows
        self.other_rows, self.other_nodes = pair_rows[other], pair_nodes[other]
        has_other = np.bincount(self.other_nodes, minlength=self.n_owners) > 0
        self.alone = np.flatnonzero(~has_other & (self.labels >= 0))

    @property
    def pairs_an_epoch(self) -> int:
        """Number of pairs that `sample` gives."""
        return len(self.other_rows) + self._extra() + len(self.alone)

    def _extra(self) -> int:
        return len(self.other_rows) // 3

    def sample(self, rng: np.random.Generator, noise: float) -> tuple[Array, Array, Array]:
        """Return shuffled (query row, document row, document's owner) of one epoch.

        Every name but the labels meets a label; a third as many meet another name of the owner;
        a lonely label meets its disturbed copy. Rows from n_names on are disturbed copies; a
        `noise` share of the queries is replaced by theirs.
        """
        order = np.lexsort((rng.random(len(self.other_rows)), self.other_nodes))
        rows, nodes = self.other_rows[order], self.other_nodes[order]
        near = np.flatnonzero(nodes[:-1] == nodes[1:]) if len(nodes) > 1 else np.zeros(0, int)
        near = near[rng.permutation(len(near))[: self._extra()]]
        queries = np.concatenate([rows, rows[near]])
        documents = np.concatenate([self.labels[nodes], rows[near + 1]])
        owners = np.concatenate([nodes, nodes[near]])
        swap = rng.random(len(queries)) < noise
        queries = np.where(swap, queries + self.n_names, queries)
        own = self.labels[self.alone]
        queries = np.concatenate([queries, own + self.n_names])
        documents, owners = np.concatenate([documents, own]), np.concatenate([owners, self.alone])
        mixed = rng.permutation(len(queries))
        return queries[mixed], documents[mixed], owners[mixed]

    def share_owner(self, names: Array, others: Array) -> Array:
        """Return whether `names` and `others` (broadcast) have an owner in common."""
        found = np.zeros(np.broadcast_shapes(names.shape, others.shape), bool)
        for i in range(_OWNERS):
            for j in range(_OWNERS):
                if i == 0 or j == 0 or (self.owners[:, max(i, j)] >= 0).any():
                    found |= self.owners[names, i] == self.owners[others, j]
        return found

    def owned_by(self, names: Array, owners: Array) -> Array:
        """Return whether `names` (n, 1) belong to `owners` (1, m)."""
        found: Array = self.owners[names, 0] == owners
        for i in range(1, _OWNERS):
            column = self.owners[names, i]
            if (column >= 0).any():
                found |= column == owners
        return found
