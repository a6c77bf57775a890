"""Subwords: vectors of character n-grams, so that a word never seen has one too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Self

import numpy as np

__all__ = ["Subwords", "gram_hash", "grams"]

Array = np.ndarray[Any, Any]


def gram_hash(gram: str) -> int:
    """Return fastText's 32-bit hash of an n-gram: FNV-1a over UTF-8 bytes read as signed.

    Examples
    --------
    >>> gram_hash("<he")
    1133188580

    """
    value = 2166136261
    for byte in gram.encode("utf-8", "surrogatepass"):
        value ^= byte | 0xFFFFFF00 if byte > 127 else byte
        value = value * 16777619 & 0xFFFFFFFF
    return value


def grams(word: str, min_n: int, max_n: int) -> list[str]:
    """Return the n-grams of ``<word>``, n from `min_n` to `max_n`; the two marks alone are none.

    Examples
    --------
    >>> grams("as", 3, 4)
    ['<as', '<as>', 'as>']

    """
    text = f"<{word}>"
    n = len(text)
    return [
        text[start : start + size]
        for start in range(n)
        for size in range(min_n, min(max_n, n - start) + 1)
        if size > 1 or 0 < start < n - 1
    ]


class Subwords:
    """``v(word) = mean of the vectors of the word's known n-grams``.

    Bojanowski et al. 2017, "Enriching word vectors with subword information", section 3.2. Only
    n-grams of the words trained on are kept, told apart by their whole hash: an n-gram never seen
    counts nothing, where fastText would add the vector of whatever shares its bucket.

    Parameters
    ----------
    hashes : int64 (m,), ascending
        `gram_hash` of the known n-grams.
    vectors : float32 (m, dim)
    min_n, max_n : int

    """

    def __init__(self, hashes: Array, vectors: Array, min_n: int, max_n: int) -> None:
        self.hashes, self.vectors = hashes, vectors
        self.min_n, self.max_n = min_n, max_n
        self.vector = lru_cache(maxsize=1 << 16)(self._vector)

    @classmethod
    def of(cls, words: Iterable[str], buckets: Array, min_n: int, max_n: int) -> Self:
        """Take the n-grams of `words`, each with the vector of its bucket (hash modulo rows)."""
        seen = {gram for word in words for gram in grams(word, min_n, max_n)}
        hashes = np.unique(np.array([gram_hash(gram) for gram in seen], np.int64))
        return cls(hashes, np.asarray(buckets, np.float32)[hashes % len(buckets)], min_n, max_n)

    def _vector(self, word: str) -> Array | None:
        """Return the float32 vector of `word`, None where no n-gram is known."""
        ids = np.array([gram_hash(g) for g in grams(word, self.min_n, self.max_n)], np.int64)
        if not len(ids) or not len(self.hashes):
            return None
        at = np.minimum(np.searchsorted(self.hashes, ids), len(self.hashes) - 1)
        known = at[self.hashes[at] == ids]
        if not len(known):
            return None
        return np.asarray(self.vectors[known].mean(axis=0, dtype=np.float32))

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes them from."""
        sizes = np.array([self.min_n, self.max_n], np.int64)
        return {"hashes": self.hashes, "vectors": self.vectors, "sizes": sizes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore what `to_arrays` gave."""
        min_n, max_n = (int(x) for x in arrays["sizes"])
        return cls(arrays["hashes"], arrays["vectors"], min_n, max_n)
