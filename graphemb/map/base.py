"""MappingNetwork: the contract of what carries phrase space into node space."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np

from graphemb.estimator import Estimator

__all__ = ["MappingNetwork"]

Array = np.ndarray[Any, Any]


class MappingNetwork(Estimator):
    """Learns a function from phrase vectors X (n, p) to node vectors Y (n, d)."""

    @abstractmethod
    def fit(self, X: Array, Y: Array, weight: Array | None = None) -> Self:
        """Learn from rows of X and Y, `weight` (n,) weighing them."""

    @abstractmethod
    def predict(self, X: Array) -> Array:
        """Return points in node space, float32 (n, d)."""
