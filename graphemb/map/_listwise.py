"""Learning from lists: which of them teach, and the loss of the right one against all others."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn._loss.loss import HalfSquaredError

__all__ = ["ListwiseSoftmax", "taught_lists"]

Array = np.ndarray[Any, Any]


def taught_lists(y: Array, query: Array) -> tuple[Array, Array]:
    """Return the rows of the queries with a right row, those of one together, and their numbers.

    The second array holds how many rows each of these queries has.
    """
    order = np.argsort(query, kind="stable")
    _, list_of, sizes = np.unique(query[order], return_inverse=True, return_counts=True)
    taught = np.bincount(list_of, y[order], len(sizes)) > 0
    return order[taught[list_of]], sizes[taught]


class ListwiseSoftmax(HalfSquaredError):  # type: ignore[misc]  # noqa: N818
    """-Σ over lists Σᵢ yᵢ·log(e^sᵢ / Σⱼ e^sⱼ), its gradient p - y and hessian p·(1 - p).

    ListNet's top-one loss (Cao et al. 2007, eq. 4 and 5) as a loss of scikit-learn's histogram
    boosting, of which it takes the interface alone. Rows of one list stand together; `sizes` are
    the lengths of the lists, and y sums to 1 in each.
    """

    def __init__(self, sizes: Array) -> None:
        super().__init__()
        self.constant_hessian = False
        self.sizes = sizes
        self.starts = np.cumsum(sizes) - sizes

    def fit_intercept_only(self, y_true: Array, sample_weight: Array | None = None) -> Array:
        """Return 0: a constant changes no order within a list."""
        return np.zeros(1)

    def gradient_hessian(
        self, y_true: Array, raw_prediction: Array, sample_weight: Array | None = None,
        gradient_out: Array | None = None, hessian_out: Array | None = None, n_threads: int = 1,
    ) -> tuple[Array, Array]:  # fmt: skip
        """Return (p - y, p·(1 - p)), written into `gradient_out` and `hessian_out`."""
        s = np.asarray(raw_prediction, np.float64).ravel()
        e = np.exp(s - np.repeat(np.maximum.reduceat(s, self.starts), self.sizes))
        p = e / np.repeat(np.add.reduceat(e, self.starts), self.sizes)
        gradient = np.empty_like(raw_prediction) if gradient_out is None else gradient_out
        hessian = np.empty_like(raw_prediction) if hessian_out is None else hessian_out
        gradient.ravel()[:] = p - np.asarray(y_true).ravel()
        hessian.ravel()[:] = np.maximum(p * (1.0 - p), 1e-6)
        return gradient, hessian
