"""Random walks over a graph: many from each node, in rounds, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from graphemb.kernels import WalkTable, walks
from graphemb.rng import seed_of, stream

__all__ = ["CHUNK", "Walker"]

Array = np.ndarray[Any, Any]

#: Walks made at a time: bounds the memory, changes nothing else.
CHUNK = 65_536


class Walker:
    """Walks of `length` nodes, `n_walks` from each node of an adjacency matrix.

    Every round starts from each node once, in an order drawn anew. Walk w of round r has the random
    stream r·n + w, w the node's row: chunks and threads change nothing.
    """

    def __init__(
        self, adjacency: Any, length: int, n_walks: int, p: float, q: float, random_state: int,
        n_jobs: int,
    ) -> None:  # fmt: skip
        self.table = WalkTable(adjacency)
        self.length, self.n_walks, self.p, self.q = length, n_walks, p, q
        self.random_state, self.n_jobs = random_state, n_jobs
        self.seed = seed_of(random_state, "walks")

    @property
    def total(self) -> int:
        """Number of walks."""
        return int(self.n_walks * self.table.n_nodes)

    def chunks(self) -> Iterator[tuple[Array, Array]]:
        """Yield (walks int32 (w, length), their numbers uint64 (w,)) in order."""
        n = self.table.n_nodes
        for turn in range(self.n_walks):
            order = stream(self.random_state, "walks", "order", turn).permutation(n)
            for first in range(0, n, CHUNK):
                rows = order[first : first + CHUNK]
                units = rows.astype(np.uint64) + np.uint64(turn * n)
                yield (
                    walks(
                        self.table, rows, units, self.length, self.p, self.q, self.seed, self.n_jobs
                    ),
                    units,
                )
