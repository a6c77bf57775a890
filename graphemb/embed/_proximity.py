"""Proximities of nodes as operators: a block of vectors times S, which is never formed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Proximity", "adamic_adar", "common_neighbours", "katz", "pagerank"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Matrix = Any
#: Share of the sum below which a further term of a power series is dropped.
PRECISION = 1e-8
#: A series with more terms gives way to a sparse factorisation, where one has little fill.
FEW_TERMS = 64
#: No series is longer: at 1 − 1/500 of the radius it has reached its precision.
MOST_TERMS = 12_000


def _same(values: Array) -> Array:
    return values


@dataclass(frozen=True)
class Proximity:
    """What a decomposition of S needs.

    ``apply`` multiplies a block (n, b) by S and ``adjoint`` by Sᵀ. Where ``adjoint`` is None,
    ``apply`` is symmetric and S is ``value`` of it: same eigenvectors, eigenvalues ``value(λ)``.
    """

    n: int
    apply: Callable[[Array], Array]
    adjoint: Callable[[Array], Array] | None = None
    value: Callable[[Array], Array] = _same


def product(matrix: Matrix, block: Array) -> Array:
    """Return ``matrix @ block``: the one place where a sparse matrix meets a block of vectors."""
    return np.asarray(matrix @ block)


def common_neighbours(matrix: Matrix, directed: bool) -> Proximity:
    """Return ``S = A²``, the weight of paths i → w → j (HOPE, section 3.2)."""
    n = matrix.shape[0]
    if not directed:
        return Proximity(n, lambda x: product(matrix, x), value=np.square)
    turned = matrix.T.tocsr()
    return Proximity(
        n,
        lambda x: product(matrix, product(matrix, x)),
        lambda x: product(turned, product(turned, x)),
    )


def adamic_adar(matrix: Matrix, directed: bool) -> Proximity:
    """Return ``S = A·D·A``, ``D_ii = 1 / Σ_j (A_ij + A_ji)`` (HOPE, section 3.2; no logarithm)."""
    n = matrix.shape[0]
    degree = np.asarray(matrix.sum(axis=0) + matrix.sum(axis=1)).ravel()
    weight = (1.0 / np.where(degree > 0, degree, np.inf))[:, None]
    turned = matrix.T.tocsr()

    def apply(x: Array) -> Array:
        return product(matrix, weight * product(matrix, x))

    def adjoint(x: Array) -> Array:
        return product(turned, weight * product(turned, x))

    return Proximity(n, apply, adjoint if directed else None)


def pagerank(matrix: Matrix, damping: float) -> Proximity:
    """Return ``S = (1 - α)(I - αP)⁻¹``, P the transition matrix; a walk ends at a sink."""
    from scipy.sparse import csr_array

    degree = np.asarray(matrix.sum(axis=1)).ravel()
    share = np.repeat(1.0 / np.where(degree > 0, degree, 1.0), np.diff(matrix.indptr))
    step = csr_array(
        (damping * matrix.data * share, matrix.indices, matrix.indptr), shape=matrix.shape
    )
    apply, adjoint = _resolvent(step, damping)
    return Proximity(
        matrix.shape[0],
        lambda x: (1 - damping) * (x + apply(x)),
        lambda x: (1 - damping) * (x + adjoint(x)),
    )


def katz(matrix: Matrix, directed: bool, beta: float, rate: float) -> Proximity:
    """Return ``S = Σ_{l≥1} β^l A^l = (I - βA)⁻¹ βA`` (HOPE, equation 3, where β lost its power).

    `rate` bounds β·ρ(A) from above; below 1 the series converges. An undirected graph needs no
    series: S has the eigenvectors of A and eigenvalues ``βλ / (1 - βλ)``.
    """
    n = matrix.shape[0]
    if directed:
        return Proximity(n, *_resolvent(beta * matrix, rate))

    def value(eigenvalues: Array) -> Array:
        x = np.minimum(beta * eigenvalues, rate)
        return np.asarray(x / (1.0 - x))

    return Proximity(n, lambda x: product(matrix, x), value=value)


def _resolvent(
    step: Matrix, rate: float
) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Return products with ``Σ_{l≥1} step^l`` and its transpose, by series or factorisation.

    A term costs one sparse product, a solve one pass over the factors. So the series is taken
    where few terms reach `PRECISION` (they shrink by `rate`); else one LU where its fill is small:
    an acyclic graph (none, in topological order), a nearly acyclic or a small one.
    """
    n = step.shape[0]
    terms = np.log(PRECISION) / np.log(min(max(rate, 1e-8), 1 - 1e-12))
    order = _topological(step) if rate >= 1 or terms > FEW_TERMS else None
    small = n <= 2000 or step.nnz <= 3 * n
    if order is not None or (terms > FEW_TERMS and small):
        return _factorised(step, order)
    turned = step.T.tocsr()
    return lambda x: _series(step, x), lambda x: _series(turned, x)


def _series(step: Matrix, block: Array) -> Array:
    """Return ``Σ_{l≥1} step^l · block``; ends when a term no longer counts, or is zero."""
    term = product(step, block)
    total = term.copy()
    for _ in range(MOST_TERMS):
        term = product(step, term)
        total += term
        if float(np.abs(term).max()) <= PRECISION * float(np.abs(total).max()):
            break
    return total


def _topological(step: Matrix) -> np.ndarray[Any, Any] | None:
    """Return an order of the rows that makes `step` strictly triangular, or None."""
    from scipy.sparse.csgraph import connected_components

    count, part = connected_components(step, directed=True, connection="strong")
    entries = step.tocoo()
    above = part[entries.row] > part[entries.col]
    if count < len(part) or not (above.all() or not above.any()):
        return None  # a cycle, or scipy no longer numbers components along the edges
    return None if (entries.row == entries.col).any() else np.argsort(part)


def _factorised(
    step: Matrix, order: np.ndarray[Any, Any] | None
) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    n = step.shape[0]
    if order is None:
        rows, options = np.arange(n), {}
    else:
        rows, options = order, {"permc_spec": "NATURAL", "diag_pivot_thresh": 0.0}
    inner = step.tocsr()[rows][:, rows]
    factors = splu((eye_array(n) - inner).tocsc(), **options)

    def solve(x: Array, trans: str) -> Array:
        out = np.empty_like(x)
        out[rows] = factors.solve(np.ascontiguousarray(x[rows]), trans)
        return out

    turned = step.T.tocsr()
    return lambda x: solve(product(step, x), "N"), lambda x: solve(product(turned, x), "T")
