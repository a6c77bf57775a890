"""Bounds of the spectral radius of a non-negative sparse matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["radius", "spectral_norm"]

Matrix = Any
#: Relative distance of the two bounds that is near enough, and least gain of `PATIENCE` rounds.
ENOUGH, PATIENCE = 1e-5, 25


def radius(matrix: Matrix) -> tuple[float, float]:
    """Return ``low ≤ ρ(A) ≤ high`` of a non-negative CSR matrix; an acyclic one has (0, 0).

    Notes
    -----
    ρ is the largest radius of a strongly connected component. In one, for any vector x > 0,
    ``min (Ax)_i/x_i ≤ ρ ≤ max (Ax)_i/x_i`` (Collatz & Wielandt; Horn & Johnson, Matrix Analysis,
    theorem 8.1.26), and ``x ← Ax + sx`` draws the bounds together. The first upper bound is the
    largest degree. ``high`` holds whenever the search stops, after at most 1,000 products.

    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, part = connected_components(matrix, directed=True, connection="strong")
    entries = matrix.tocoo()
    inside = (part[entries.row] == part[entries.col]) & (entries.data > 0)
    if not inside.any():
        return 0.0, 0.0
    nodes, row = np.unique(entries.row[inside], return_inverse=True)
    column = np.searchsorted(nodes, entries.col[inside])
    shape = (len(nodes), len(nodes))
    inner = coo_array((entries.data[inside], (row, column)), shape=shape).tocsr()
    order = np.argsort(part[nodes], kind="stable")
    inner = inner[order][:, order]
    starts = np.flatnonzero(np.r_[True, np.diff(part[nodes][order]) > 0])
    return _bounds(inner, starts)


def _bounds(inner: Matrix, starts: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the bounds; the strongly connected components are the row ranges from `starts`."""
    sizes = np.diff(np.r_[starts, inner.shape[0]])
    x = np.ones(inner.shape[0])
    low, high, mark = 0.0, np.inf, np.inf
    for turn in range(1000):
        y = inner @ x
        ratio = y / x
        low = max(low, float(np.minimum.reduceat(ratio, starts).max()))
        high = min(high, float(ratio.max()))
        if high - low <= ENOUGH * high:
            break
        if turn % PATIENCE == PATIENCE - 1:
            if mark - high <= ENOUGH * high:
                break
            mark = high
        x = y + np.sqrt(low * high) * x
        x /= np.repeat(np.maximum.reduceat(x, starts), sizes)
        np.maximum(x, 1e-100, out=x)  # any positive x bounds; far from the peak it would underflow
    return low, high


def spectral_norm(matrix: Matrix) -> float:
    """Return an upper bound of ‖A‖₂, at most a little above: the radius of ``[0 A; Aᵀ 0]``."""
    from scipy.sparse import block_array

    return radius(block_array([[None, matrix], [matrix.T, None]], format="csr"))[1]
