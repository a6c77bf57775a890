"""VectorFormat: the contract of everything that writes and reads embeddings."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, ParameterError, shown
from graphemb.estimator import Estimator

__all__ = ["VectorFormat", "matrix_of"]

Array = np.ndarray[Any, Any]


class VectorFormat(Estimator):
    """Writes and reads one format.

    What is read is what was written: the same keys in the same order, the same float32 bits.

    Attributes
    ----------
    suffixes : tuple of str
        File endings that stand for this format.

    """

    suffixes: tuple[str, ...] = ()

    def check(self, key: str) -> None:
        """Refuse a key that the format cannot hold."""
        if not key or "\0" in key or not _unicode(key):
            raise ParameterError(
                f"{type(self).__name__}: ids must be non-empty Unicode text without NUL; "
                f"got {shown(key)}. Save the embedding with Embedding.save instead."
            )

    @abstractmethod
    def write(self, embedding: Embedding, path: Path) -> None:
        """Write `embedding` to `path`, atomically."""

    @abstractmethod
    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data`, the content of the file `source`.

        Raises
        ------
        InputError
            When it is cut, damaged or of another format.

        """


def _unicode(key: str) -> bool:
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def matrix_of(source: str, array: Array, n: int) -> Array:
    """Return a matrix of vectors as float32, refusing other shapes than (n, dim)."""
    if array.ndim != 2 or array.dtype.kind not in "fiu" or len(array) != n:
        raise InputError(
            f"{source}: must hold one vector of numbers an id, shape ({n}, dim); "
            f"got shape {array.shape} of {array.dtype}."
        )
    with np.errstate(over="ignore"):  # infinite then, and refused by Embedding
        return array.astype(np.float32)
