"""LinearNetwork: ridge regression from phrase space to node space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.estimator import Progress
from graphemb.map.base import MappingNetwork

__all__ = ["LinearNetwork"]

Array = np.ndarray[Any, Any]


class LinearNetwork(MappingNetwork):
    """``M = (XᵀWX + λI)⁻¹ XᵀWY``, the closed form of weighted ridge regression.

    Parameters
    ----------
    ridge : float
        λ, at least 0; above 0 when columns of X may depend on each other.

    Attributes
    ----------
    matrix_ : float32 (p, d), M

    Notes
    -----
    O(n·p² + p³) time, O(p² + p·d) memory beside the input. Hoerl & Kennard 1970, equation 2.1.

    Examples
    --------
    >>> network = LinearNetwork(ridge=0.0).fit(np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> network.predict(np.array([[1.0, 1.0]])).tolist()
    [[4.0, 6.0]]

    """

    def __init__(self, ridge: float = 1.0) -> None:
        self.ridge = ridge

    def fit(
        self, X: Array, Y: Array, weight: Array | None = None, *, progress: Progress | None = None
    ) -> Self:
        """Solve for M.

        Raises
        ------
        ParameterError
            When ridge is negative or X and Y have different numbers of rows.

        """
        if not self.ridge >= 0:
            raise ParameterError(f"LinearNetwork: ridge must be ≥ 0; got {shown(self.ridge)}.")
        self._check_rows(X, Y, weight)
        weighted = X if weight is None else X * np.asarray(weight)[:, None]
        left = weighted.T @ X + self.ridge * np.eye(X.shape[1])
        self.matrix_: Array = np.linalg.solve(left, weighted.T @ Y).astype(np.float32)
        return self

    def predict(self, X: Array) -> Array:
        """Return ``X·M``."""
        return np.asarray(X @ self._fitted("matrix_"), np.float32)

    def to_arrays(self) -> dict[str, Array]:
        """Return M."""
        return {"matrix": self._fitted("matrix_")}

    def from_arrays(self, arrays: Mapping[str, Array]) -> Self:
        """Restore M."""
        self.matrix_ = arrays["matrix"]
        return self
