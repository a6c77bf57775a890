"""MappingNetwork: the contract of what carries phrase space into node space."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from graphemb.errors import ParameterError
from graphemb.estimator import Estimator, Progress

__all__ = ["MappingNetwork", "Sequences"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sequences:
    """Rows of word vectors, padded with zeros: what networks that read word by word take as X.

    Attributes
    ----------
    values : float32 (n, t, p)
    lengths : int64 (n,), at most t

    Examples
    --------
    >>> X = Sequences.of([np.ones((2, 3)), np.zeros((0, 3))], dim=3)
    >>> len(X), X.values.shape, X.lengths.tolist()
    (2, (2, 2, 3), [2, 0])

    """

    values: Array
    lengths: Array

    @classmethod
    def of(cls, rows: Sequence[Array], dim: int, most: int = 64) -> Self:
        """Return the padded form of `rows`, (n_words, dim) each; words after `most` are cut."""
        lengths = np.array([min(len(row), most) for row in rows], np.int64)
        values = np.zeros((len(rows), int(lengths.max(initial=1)), dim), np.float32)
        for i, row in enumerate(rows):
            values[i, : lengths[i]] = row[:most]
        return cls(values, lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Any) -> Sequences:
        lengths = self.lengths[rows]
        return Sequences(self.values[rows, : lengths.max(initial=1)], lengths)

    @property
    def dim(self) -> int:
        """Length of a word vector, p."""
        return int(self.values.shape[2])

    @property
    def mask(self) -> Array:
        """Boolean (n, t): where a word stands."""
        return np.asarray(np.arange(self.values.shape[1]) < self.lengths[:, None])


class MappingNetwork(Estimator):
    """Learns a function from phrases X to node vectors Y (n, d).

    Attributes
    ----------
    takes : {"rows", "sequences"}
        What X is: a matrix (n, p) of phrase vectors, or `Sequences` of word vectors.

    """

    takes: ClassVar[Literal["rows", "sequences"]] = "rows"

    @abstractmethod
    def fit(
        self, X: Any, Y: Array, weight: Array | None = None, *, progress: Progress | None = None
    ) -> Self:
        """Learn from rows of X and Y, `weight` (n,) weighing them."""

    @abstractmethod
    def predict(self, X: Any) -> Array:
        """Return points in node space, float32 (n, d)."""

    @abstractmethod
    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the fitted network from."""

    @abstractmethod
    def from_arrays(self, arrays: Mapping[str, Array]) -> Self:
        """Restore the fitted state that `to_arrays` gave."""

    def _check_rows(self, X: Any, Y: Array, weight: Array | None) -> None:
        """Refuse X of the other kind, and X, Y and weight of different lengths."""
        who = type(self).__name__
        if isinstance(X, Sequences) != (self.takes == "sequences"):
            wanted = "Sequences of word vectors" if self.takes == "sequences" else "a matrix (n, p)"
            raise ParameterError(f"{who}: X must be {wanted}; got {type(X).__name__}.")
        if len(X) != len(Y):
            raise ParameterError(
                f"{who}: X and Y must have as many rows; got {len(X)} and {len(Y)}."
            )
        if weight is not None and np.shape(weight) != (len(Y),):
            raise ParameterError(
                f"{who}: weight must have a number a row, {len(Y)}; got shape {np.shape(weight)}."
            )
