"""TrainedNetwork: what mapping networks that descend gradients share; run in NumPy."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np

from graphemb.errors import ParameterError, nearest, shown
from graphemb.estimator import Progress
from graphemb.map.base import MappingNetwork, Sequences

__all__ = ["LOSSES", "Loss", "TrainedNetwork", "gelu"]

Array = np.ndarray[Any, Any]
Loss = Literal["cosine", "mse", "softmax"]
LOSSES = ("cosine", "mse", "softmax")

#: Rows that predict holds at a time.
BLOCK = 1024


def gelu(x: Array) -> Array:
    """Return GELU in its tanh form (Hendrycks & Gimpel 2016, section 2)."""
    return np.asarray(0.5 * x * (1.0 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))))


class TrainedNetwork(MappingNetwork):
    """A network f trained by torch (AdamW) and run by NumPy.

    The loss of a phrase x with the unit node vector y is one of::

        cosine     1 - cos(f(x), y)
        mse        |f(x) - y|²
        softmax    -log softmax over the distinct training targets y' of cos(f(x), y')/τ, at y

    A share of the distinct targets (nodes) is held out with all its phrases; training stops when
    their loss has not fallen for `patience` epochs, and the best epoch's weights are kept. Their
    softmax runs over all targets. Where the share is fewer than ten nodes, none is held out.

    Backends give `_module` (torch) and `_run` (NumPy), which must agree.

    Attributes
    ----------
    weights_ : dict of str to float32 array
    losses_ : list of (training loss, held-out loss), an epoch each

    """

    loss: Loss
    temperature: float
    held_out: float
    patience: int
    dropout: float
    n_epochs: int
    batch_size: int
    learning_rate: float
    random_state: int

    @abstractmethod
    def _module(self, n_inputs: int, n_outputs: int) -> Any:
        """Return the torch module: (values, mask or None) to points (b, n_outputs)."""

    @abstractmethod
    def _run(self, weights: Mapping[str, Array], X: Any) -> Array:
        """Return what the module gives for X, by NumPy."""

    def _check(self) -> None:
        who = type(self).__name__
        for name in ("hidden", "n_filters", "n_epochs", "batch_size", "patience"):
            value = getattr(self, name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"{who}: {name} must be an integer ≥ 1; got {shown(value)}.")
        if self.loss not in LOSSES:
            raise ParameterError(
                f"{who}: loss must be one of {', '.join(LOSSES)}; got {shown(self.loss)}."
                f"{nearest(str(self.loss), LOSSES)}"
            )
        for name in ("temperature", "learning_rate"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 < value < np.inf):
                raise ParameterError(
                    f"{who}: {name} must be a finite number above 0; got {shown(value)}."
                )
        for name in ("held_out", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(
                    f"{who}: {name} must lie in [0, 1); got {shown(getattr(self, name))}."
                )

    def fit(
        self, X: Any, Y: Array, weight: Array | None = None, *, progress: Progress | None = None
    ) -> Self:
        """Train.

        Parameters
        ----------
        X : matrix (n, p), or Sequences where `takes` says so
        Y : float (n, d)
            Equal rows are one node; scaled to unit length here.
        weight : float (n,), optional
        progress : callable, optional

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain, or lengths differ.

        """
        from graphemb.map._network_training import train

        self._check()
        self._check_rows(X, Y, weight)
        if not len(X):
            raise ParameterError(f"{type(self).__name__}: needs at least one row to learn from.")
        self.weights_, self.losses_ = train(self, X, np.asarray(Y, np.float32), weight, progress)
        return self

    def predict(self, X: Any) -> Array:
        """Return points in node space, float32 (n, d)."""
        weights = self._fitted("weights_")
        self._check_rows(X, X if isinstance(X, np.ndarray) else X.lengths, None)
        parts = []
        for start in range(0, max(len(X), 1), BLOCK):
            part = X[start : start + BLOCK]
            if isinstance(part, Sequences):
                part = Sequences(part.values * weights["scale"], part.lengths)
            else:
                part = np.asarray(part, np.float32) * weights["scale"]
            parts.append(self._run(weights, part))
        return np.concatenate(parts).astype(np.float32)

    def to_arrays(self) -> dict[str, Array]:
        """Return the weights."""
        return dict(self._fitted("weights_"))

    def from_arrays(self, arrays: Mapping[str, Array]) -> Self:
        """Restore the weights that `to_arrays` gave."""
        self.weights_ = dict(arrays)
        return self
