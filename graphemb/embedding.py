"""Embedding: keys and their vectors. Holds vectors, finds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.bundle import pack_strings, read_bundle, unpack_strings, write_bundle
from graphemb.errors import ParameterError, UnknownNodeError, shown
from graphemb.registry import imported

__all__ = ["Embedding"]

Array = np.ndarray[Any, np.dtype[np.float32]]


class Embedding:
    """Unique string keys with one float32 vector each.

    Parameters
    ----------
    keys : sequence of str
    vectors : array-like, shape (n, dim)
        Copied, turned into float32, then frozen.

    Attributes
    ----------
    keys : tuple of str
    vectors : float32 (n, dim), read-only

    Raises
    ------
    ParameterError
        When shapes differ, a key comes twice, or a value is not finite.

    Examples
    --------
    >>> e = Embedding(["a", "b"], [[3.0, 4.0], [0.0, 0.0]])
    >>> e.dim, e["a"].tolist(), e.normalised()["a"].tolist()
    (2, [3.0, 4.0], [0.6000000238418579, 0.800000011920929])

    """

    def __init__(self, keys: Sequence[str], vectors: Any) -> None:
        self.keys = tuple(keys)
        array = np.array(vectors, dtype=np.float32, ndmin=2)
        if array.ndim != 2 or len(array) != len(self.keys):
            if not self.keys and array.size == 0:
                array = array.reshape(0, array.shape[-1])
            else:
                raise ParameterError(
                    f"Embedding: needs one vector a key, shape ({len(self.keys)}, dim); "
                    f"got shape {array.shape}."
                )
        self._hold(array)

    def _hold(self, array: Array) -> None:
        """Check and freeze the vectors."""
        if len(self.index) != len(self.keys):
            raise ParameterError("Embedding: keys must be unique; some came twice.")
        # A finite sum has finite terms; an infinite one may have overflowed.
        with np.errstate(over="ignore", invalid="ignore"):
            finite = bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())
        if not finite:
            raise ParameterError("Embedding: vectors must be finite; got NaN or infinity.")
        array.setflags(write=False)
        self.vectors: Array = array

    @classmethod
    def taking(cls, keys: tuple[str, ...], index: Mapping[str, int], vectors: Array) -> Embedding:
        """Return an embedding that holds `vectors` and `index` themselves, without a copy.

        `vectors` is float32 (len(keys), dim) and frozen: whoever made it gives it up. `index` holds
        the row of each key.
        """
        made = cls.__new__(cls)
        made.keys = keys
        made.__dict__["index"] = index
        made._hold(vectors)
        return made

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self.index

    def __getitem__(self, key: str) -> Array:
        try:
            row: Array = self.vectors[self.index[key]]
        except KeyError:
            raise UnknownNodeError(f"Embedding: no key {shown(key)} among {len(self)}.") from None
        return row

    def rows(self, keys: Sequence[str]) -> Array:
        """Return the vectors of `keys`, shape (len(keys), dim)."""
        return np.stack([self[key] for key in keys]) if len(keys) else self.vectors[:0]

    def normalised(self) -> Embedding:
        """Return the embedding with rows of unit length; zero rows stay zero."""
        norms = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return Embedding(self.keys, self.vectors / np.maximum(norms, 1e-12))

    def save(self, path: str | Path) -> None:
        """Write the embedding as a bundle folder at `path`."""
        arrays = {"keys": pack_strings(self.keys), "vectors": self.vectors}
        facts = {"n": len(self), "dim": self.dim}
        write_bundle(path, kind="embedding", arrays=arrays, documents={}, config={}, facts=facts)

    @classmethod
    def load(cls, path: str | Path) -> Embedding:
        """Read an embedding that `save` wrote; a damaged one is a `BundleError`."""
        bundle = read_bundle(path, kind="embedding")
        return cls(unpack_strings(bundle.arrays["keys"]), bundle.arrays["vectors"])

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row a key (the index, named ``id``), a column a dimension.

        Raises
        ------
        MissingPackageError
            When pandas is not installed.

        """
        pandas = imported("pandas", "frame", "Embedding.to_frame")
        return pandas.DataFrame(self.vectors, index=pandas.Index(self.keys, name="id"))

    def to_keyed_vectors(self) -> Any:
        """Return gensim's KeyedVectors with the same keys, blanks and all, and vectors.

        To keep them, use `graphemb.write_embedding`: gensim's own word2vec files lose keys with
        blanks.
        """
        from gensim.models import KeyedVectors

        found = KeyedVectors(vector_size=self.dim)
        found.add_vectors(list(self.keys), self.vectors)
        return found

    def __repr__(self) -> str:
        return f"Embedding({len(self)} keys, dim={self.dim})"
