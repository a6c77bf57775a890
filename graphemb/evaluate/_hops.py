"""Which nodes lie how many edges away, a block of source rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["hops_of", "pattern"]

Array = np.ndarray[Any, Any]


def pattern(graph: Any, undirected: bool = False) -> Any:
    """Return the graph's edges as a float32 CSR of ones; zero weights and self-loops are none."""
    matrix = (graph.to_undirected() if undirected else graph).adjacency.copy()
    matrix.setdiag(0.0)
    matrix.eliminate_zeros()
    matrix.data = np.ones(matrix.nnz, np.float32)
    return matrix


def hops_of(edges: Any, rows: Array, most: int) -> tuple[Array, Array, Array]:
    """Return (position in `rows`, column, hop) of every node 1 … `most` edges from each source.

    Sorted by position. Level by level, O(edges of what is reached) a source; memory one byte a
    node and source, and 12 an entry of the widest level.
    """
    n = edges.shape[0]
    level = edges[rows]
    query = np.repeat(np.arange(len(rows)), np.diff(level.indptr))
    found = [(query, level.indices.astype(np.int64), np.ones(len(query), np.int8))]
    if most > 1:
        seen = np.zeros((len(rows), n), bool)
        seen[np.arange(len(rows)), rows] = True
        seen[query, level.indices] = True
        for hop in range(2, most + 1):
            level = level @ edges
            query = np.repeat(np.arange(len(rows)), np.diff(level.indptr))
            new = ~seen[query, level.indices]
            if not new.any():
                break
            query, column = query[new], level.indices[new].astype(np.int64)
            seen[query, column] = True
            found.append((query, column, np.full(len(query), hop, np.int8)))
            level = _frontier(query, column, level.shape)
    parts = [np.concatenate(part) for part in zip(*found, strict=True)]
    order = np.argsort(parts[0], kind="stable")
    return parts[0][order], parts[1][order], parts[2][order]


def _frontier(query: Array, column: Array, shape: tuple[int, int]) -> Any:
    from scipy.sparse import csr_array

    pointer = np.searchsorted(query, np.arange(shape[0] + 1))
    return csr_array((np.ones(len(query), np.float32), column, pointer), shape=shape)
