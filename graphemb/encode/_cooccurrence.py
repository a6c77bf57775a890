"""Which words stand near which, and how often: the matrix X of GloVe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["cooccurrences"]

Array = np.ndarray[Any, Any]

#: Word positions counted at a time.
BLOCK = 1 << 18


def cooccurrences(
    sentences: Iterable[Sequence[str]], words: Sequence[str], window: int
) -> tuple[Array, Array, Array]:
    """Return (row, column, X) of the pairs of `words` that stand within `window` of each other.

    ``X_ij = Σ 1/distance`` over all places, both directions; other words are taken out first.

    Returns
    -------
    row, column : int64, ordered by row, then column
    X : float64

    Examples
    --------
    >>> row, column, X = cooccurrences([["a", "b", "c"]], ["a", "b", "c"], window=2)
    >>> dict(zip(zip(row.tolist(), column.tolist()), X.tolist()))[0, 2]
    0.5

    """
    index = {word: row for row, word in enumerate(words)}
    keys, values = np.zeros(0, np.int64), np.zeros(0)
    ids: list[int] = []
    texts: list[int] = []
    for number, sentence in enumerate(sentences):
        known = [index[word] for word in sentence if word in index]
        ids += known
        texts += [number] * len(known)
        if len(ids) >= BLOCK:
            keys, values = _merged(keys, values, *_block(ids, texts, len(words), window))
            ids, texts = [], []
    keys, values = _merged(keys, values, *_block(ids, texts, len(words), window))
    n = max(len(words), 1)
    return keys // n, keys % n, values


def _block(
    ids: Sequence[int], texts: Sequence[int], n_words: int, window: int
) -> tuple[Array, Array]:
    """Return (row·n_words + column, 1/distance) of all pairs in some whole sentences."""
    at, text = np.array(ids, np.int64), np.array(texts, np.int64)
    keys: list[Array] = []
    values: list[Array] = []
    for distance in range(1, min(window, max(len(at) - 1, 0)) + 1):
        same = text[distance:] == text[:-distance]
        if not same.any():
            break  # no sentence is that long: none is longer
        left, right = at[:-distance][same], at[distance:][same]
        keys += [left * n_words + right, right * n_words + left]
        values += [np.full(2 * len(left), 1.0 / distance)]
    if not keys:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(keys), np.concatenate(values)


def _merged(keys: Array, values: Array, more: Array, weights: Array) -> tuple[Array, Array]:
    found, entry = np.unique(np.concatenate([keys, more]), return_inverse=True)
    return found, np.bincount(entry, np.concatenate([values, weights]), len(found))
