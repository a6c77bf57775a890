"""Block Lanczos with thick restarts: the leading eigenpairs of a symmetric operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["eigenpairs"]

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Width of a block: copies of an eigenvalue that one start block tells apart.
BLOCK = 8
#: Restarts before the best found is taken as it is.
CYCLES = 200


def eigenpairs(
    apply: Callable[[Array], Array],
    n: int,
    k: int,
    rank: Callable[[Array], Array],
    fresh: Callable[[int], Array],
    tolerance: float = 2e-4,
) -> tuple[Array, Array]:
    """Return eigenvalues and eigenvectors of a symmetric operator, those of largest `rank` first.

    Parameters
    ----------
    apply : function, float64 (n, b) → (n, b)
        Multiplies a block by the operator.
    n, k : int
        Rows of the operator; pairs wanted. A few more than k come back, at most n.
    rank : function, eigenvalues → numbers ≥ 0
        Says which pairs lead, and how much each weighs in the energy ``Σ rank²``.
    fresh : function, b → float64 (n, b)
        Gives the next b random columns.
    tolerance : float
        Stops the search once the energy still missing, as the shrinking gains of the last two
        restarts foretell it, is below this share, and residuals, weighed by energy, are below
        five times this share of the operator's norm.

    Raises
    ------
    OverflowError
        When a product with the operator is not finite.

    Notes
    -----
    Wu & Simon, SIAM J. Matrix Anal. 22 (2000), section 4, with blocks (so copies of an eigenvalue
    are found) and with every block orthogonalised against the whole basis. A basis that would
    hold all n directions is taken whole: the answer is then exact. Time O(basis) products and
    O(n·basis²) a restart, memory O(n·basis), basis = 2k + 5 blocks.

    """
    keep = (k + 2 * BLOCK - 1) // BLOCK * BLOCK
    most = keep + max(keep, 5 * BLOCK) - BLOCK
    if n <= most + BLOCK:
        return _whole(apply, n, rank, fresh)
    basis = np.empty((n, most + BLOCK), np.float64, order="F")
    basis[:, :BLOCK] = np.linalg.qr(fresh(BLOCK))[0]
    projected = np.zeros((most, most))
    start, energy, gain = 0, 0.0, np.inf
    for cycle in range(CYCLES):
        coupling = _grow(apply, basis, projected, start, most, fresh)
        values, turn = _decomposed(projected)
        order = np.argsort(-rank(values), kind="stable")[:keep]
        values, turn = values[order], turn[:, order]
        weight = rank(values[:k]) ** 2
        residual = np.linalg.norm(coupling @ turn[-BLOCK:, :k], axis=0)
        last, gain, energy = gain, float(weight.sum()) - energy, float(weight.sum())
        norm = float(np.abs(values).max())
        error = np.sqrt(float(weight @ residual**2))
        missing = gain**2 / (last - gain) if 0 < gain < last else abs(gain)
        # The first energy is no gain. Late comers can make a gain less than what is to come.
        near = cycle > 1 and max(missing, gain / 2) <= tolerance * energy
        if (near and error <= 5 * tolerance * norm * np.sqrt(energy)) or cycle == CYCLES - 1:
            break
        _turn(basis, turn)
        basis[:, keep : keep + BLOCK] = basis[:, most:]
        projected[:] = 0.0
        projected[np.arange(keep), np.arange(keep)] = values
        start = keep
    _turn(basis, turn)
    return values, basis[:, :keep]


def _whole(
    apply: Callable[[Array], Array],
    n: int,
    rank: Callable[[Array], Array],
    fresh: Callable[[int], Array],
) -> tuple[Array, Array]:
    """Return all pairs by one projection on a basis of the whole space."""
    basis = np.linalg.qr(fresh(n))[0]
    image = basis.T @ apply(basis)
    values, turn = _decomposed((image + image.T) / 2)
    order = np.argsort(-rank(values), kind="stable")
    return values[order], basis @ turn[:, order]


def _decomposed(projected: Array) -> tuple[Array, Array]:
    if not np.isfinite(projected).all():
        raise OverflowError("products with the operator leave float64")
    values, turn = np.linalg.eigh(projected)
    return values, turn


def _grow(
    apply: Callable[[Array], Array],
    basis: Array,
    projected: Array,
    start: int,
    stop: int,
    fresh: Callable[[int], Array],
) -> Array:
    """Extend the basis from column `start` to `stop` and return what couples the next block."""
    for first in range(start, stop, BLOCK):
        end = first + BLOCK
        block = np.array(apply(np.ascontiguousarray(basis[:, first:end])), order="F")
        # Lanczos' recurrence names the few directions that matter; the second pass, over all of
        # the basis, only takes rounding away. After a restart every kept vector matters.
        low = 0 if first == start else first - BLOCK
        near = basis[:, low:end].T @ block
        block -= basis[:, low:end] @ near
        every = basis[:, :end].T @ block
        block -= basis[:, :end] @ every
        every[low:] += near
        every[first:] = (every[first:] + every[first:].T) / 2
        projected[:end, first:end] = every
        projected[first:end, :end] = every.T
        norm = float(np.abs(projected[:end, :end]).max())
        basis[:, end : end + BLOCK], coupling = _orthonormal(block, basis[:, :end], norm, fresh)
    return coupling


def _orthonormal(
    block: Array, basis: Array, norm: float, fresh: Callable[[int], Array]
) -> tuple[Array, Array]:
    """Return ``Q, R`` of `block`; columns that vanished are drawn anew, outside the basis.

    A column of length far below the operator's `norm` is what rounding left of one that lies in
    the basis: the space reached so far is closed under the operator.
    """
    q, r = _factored(block)
    size = np.abs(np.diagonal(r))
    gone = size <= 1e-13 * norm
    if gone.any():
        q[:, gone] = fresh(int(gone.sum()))
    if float(size.min()) <= 1e-8 * norm:
        for _ in range(3):
            q -= basis @ (basis.T @ q)
            q = np.linalg.qr(q)[0]
        r = q.T @ block
    return q, r


def _factored(block: Array) -> tuple[Array, Array]:
    """Return ``Q, R``: by Cholesky, twice, which is all matrix products; else by reflections."""
    try:
        first = np.linalg.cholesky(block.T @ block).T
        size = np.diagonal(first)
        if not size.min() > 1e-4 * size.max():
            return np.linalg.qr(block)
        q = block @ np.linalg.inv(first)
        second = np.linalg.cholesky(q.T @ q).T
    except np.linalg.LinAlgError:
        return np.linalg.qr(block)
    return q @ np.linalg.inv(second), second @ first


def _turn(basis: Array, turn: Array) -> None:
    """Replace the first columns of the basis by ``basis @ turn``, in place."""
    rows, columns = turn.shape
    for first in range(0, len(basis), 8192):
        part = slice(first, first + 8192)
        basis[part, :columns] = basis[part, :rows] @ turn
