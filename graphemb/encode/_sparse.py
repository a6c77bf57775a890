"""Rows of (column, weight) pairs in plain NumPy, and the two vectorisers that make them.

`SparseRows` is CSR without scipy, since importing scipy.sparse takes longer than mapping a phrase.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graphemb import kernels
from graphemb.kernels import mapping

__all__ = ["CharGrams", "SparseRows", "WordTerms", "group_rows"]

Array = np.ndarray[Any, Any]

#: Bits a character takes in a packed n-gram key; five characters fit in an int64.
_BITS = 12
_BLANK = 32


@dataclass(frozen=True)
class SparseRows:
    """Sparse matrix by rows: row i has ``columns[ptr[i]:ptr[i+1]]`` with ``weights`` beside it."""

    ptr: Array
    columns: Array
    weights: Array
    n_columns: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.ptr) - 1

    def rows(self) -> Array:
        """Return the row number of every entry."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int64), np.diff(self.ptr))

    def normalised(self) -> SparseRows:
        """Return the rows scaled to unit Euclidean length (empty rows stay empty)."""
        norms = np.sqrt(np.bincount(self.rows(), self.weights**2, self.n_rows))
        scale = 1.0 / np.maximum(norms, 1e-12)
        weights = (self.weights * scale[self.rows()]).astype(np.float32)
        return SparseRows(self.ptr, self.columns, weights, self.n_columns)

    def transposed(self) -> SparseRows:
        """Return columns as rows: the postings of an inverted index, rows in ascending order."""
        order = np.argsort(self.columns, kind="stable")
        ptr = np.zeros(self.n_columns + 1, np.int64)
        np.cumsum(np.bincount(self.columns, minlength=self.n_columns), out=ptr[1:])
        rows = self.rows()[order].astype(np.int32)
        return SparseRows(ptr, rows, self.weights[order], self.n_rows)

    def halved(self) -> SparseRows:
        """Return the same entries with float16 weights."""
        return SparseRows(self.ptr, self.columns, self.weights.astype(np.float16), self.n_columns)

    def to_scipy(self) -> Any:
        """Return a scipy csr_array of the same content."""
        from scipy.sparse import csr_array

        shape = (self.n_rows, self.n_columns)
        return csr_array((self.weights, self.columns, self.ptr), shape=shape)

    def dot(self, table: Array, block: int = 1024) -> Array:
        """Return this matrix times a dense `table` (n_columns, dim) as float32.

        Many rows, as when an index is built, go through scipy: three times as fast, but slow to
        import, which a few queries should not pay.
        """
        if kernels.compiled() and table.dtype == np.float16 and table.flags.c_contiguous:
            return mapping.half_rows((self.ptr, self.columns, self.weights), table)
        if self.n_rows >= 4 * block:
            return np.asarray(self.to_scipy() @ table.astype(np.float32), np.float32)
        out = np.zeros((self.n_rows, table.shape[1]), np.float32)
        for start in range(0, self.n_rows, block):
            stop = min(start + block, self.n_rows)
            a, b = self.ptr[start], self.ptr[stop]
            filled = np.flatnonzero(np.diff(self.ptr[start : stop + 1]))
            if filled.size:
                part = table[self.columns[a:b]].astype(np.float32)
                part *= self.weights[a:b, None]
                out[start + filled] = np.add.reduceat(part, self.ptr[start + filled] - a, axis=0)
        return out


def group_rows(n_rows: int, rows: Array, columns: Array, n_columns: int) -> SparseRows:
    """Count equal (row, column) pairs into a `SparseRows` of counts, columns ascending."""
    keys, counts = np.unique(rows * np.int64(n_columns) + columns, return_counts=True)
    ptr = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(keys // n_columns, minlength=n_rows), out=ptr[1:])
    return SparseRows(
        ptr, (keys % n_columns).astype(np.int32), counts.astype(np.float32), n_columns
    )


def _tfidf(counts: SparseRows, idf: Array) -> SparseRows:
    weights = (1.0 + np.log(counts.weights)) * idf[counts.columns]
    return SparseRows(counts.ptr, counts.columns, weights, counts.n_columns).normalised()


def _idf(df: Array, n: int) -> Array:
    return (np.log((1.0 + n) / (1.0 + df)) + 1.0).astype(np.float32)


class CharGrams:
    """Character 3- to 5-grams within words (blank-padded), weighted by sublinear TF-IDF.

    ``weight = (1 + ln tf)·(ln((1 + n)/(1 + df)) + 1)``, rows of unit length; the formula and the
    word-boundary rule are those of scikit-learn's ``TfidfVectorizer(analyzer="char_wb")``.

    Attributes
    ----------
    keys : int64, (n_grams,), ascending: an n-gram packed 12 bits a character
    idf : float32, (n_grams,)

    """

    def __init__(self, keys: Array, idf: Array) -> None:
        self.keys, self.idf = keys, idf

    @classmethod
    def fit(cls, normalised: Sequence[str], min_df: int = 2, limit: int = 150_000) -> Self:
        """Learn the n-grams in at least `min_df` texts, the `limit` most frequent at most."""
        rows, grams = _packed_grams(normalised)
        distinct = np.unique(np.stack([grams, rows]), axis=1)[0] if len(grams) else grams
        keys, df = np.unique(distinct, return_counts=True)
        if len(keys) and df.max() < min_df:
            min_df = 1
        keep = df >= min_df
        keys, df = keys[keep], df[keep]
        if len(keys) > limit:
            most = np.sort(np.argsort(-df, kind="stable")[:limit])
            keys, df = keys[most], df[most]
        return cls(keys, _idf(df, len(normalised)))

    def widened(self, normalised: Sequence[str]) -> Self:
        """Return n-grams with those of further texts, each new one as rare as the rarest here.

        The weights of known n-grams stay, so it does not matter in how many steps texts come.
        """
        keys = np.union1d(self.keys, _packed_grams(normalised)[1])
        idf = np.full(len(keys), self.idf.max(initial=1.0), np.float32)
        idf[np.searchsorted(keys, self.keys)] = self.idf
        return type(self)(keys, idf)

    def transform(self, normalised: Sequence[str]) -> SparseRows:
        """Return unit rows of TF-IDF weights; unknown n-grams are left out."""
        rows, grams = _packed_grams(normalised)
        if not len(self.keys):
            empty = np.zeros(0, np.int32)
            ptr = np.zeros(len(normalised) + 1, np.int64)
            return SparseRows(ptr, empty, empty.astype(np.float32), 1)
        at = np.minimum(np.searchsorted(self.keys, grams), len(self.keys) - 1)
        known = self.keys[at] == grams
        counts = group_rows(len(normalised), rows[known], at[known], len(self.keys))
        return _tfidf(counts, self.idf)


def _packed_grams(normalised: Sequence[str]) -> tuple[Array, Array]:
    """Return (text number, packed n-gram) of all 3- to 5-grams of all texts."""
    joined = " " + "  ".join(normalised) + " "
    # A word is seen between its blanks: doubling inner blanks gives each word its own two.
    codes = np.frombuffer(joined.replace(" ", "  ").encode("utf-32-le", "replace"), np.uint32)
    codes = np.where(codes < (1 << _BITS), codes, 128 + (codes * 2654435761 >> 7) % 3968)
    codes = codes.astype(np.int64)
    blank = codes == _BLANK
    text = np.cumsum(_text_starts(normalised, len(codes)))
    rows, grams = [], []
    for n in (3, 4, 5):
        if len(codes) < n:
            break
        m = len(codes) - n + 1
        inner = np.zeros(m, bool)
        for i in range(1, n - 1):
            inner |= blank[i : i + m]
        good = np.flatnonzero(~inner)
        packed = np.zeros(len(good), np.int64)
        for i in range(n):
            packed = (packed << _BITS) | codes[good + i]
        rows.append(text[good + 1])
        grams.append(packed)
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(grams)


def _text_starts(normalised: Sequence[str], length: int) -> Array:
    """Mark with 1 the position at which each text but the first begins (blanks are doubled)."""
    starts = np.zeros(length, np.int64)
    widths = [len(t) + t.count(" ") + 4 for t in normalised]
    if len(widths) > 1:
        np.add.at(starts, np.cumsum(widths[:-1]), 1)
    return starts


class WordTerms:
    """Words and, optionally, pairs of neighbouring words, weighted by sublinear TF-IDF.

    Attributes
    ----------
    vocabulary : dict of term to column; a bigram is written ``"first second"``
    idf : float32, (n_terms,)
    bigrams : bool

    """

    def __init__(self, terms: Sequence[str], idf: Array, bigrams: bool) -> None:
        self.terms, self.idf, self.bigrams = list(terms), idf, bigrams
        self.vocabulary: Mapping[str, int] = {t: i for i, t in enumerate(self.terms)}

    @classmethod
    def fit(
        cls, texts: Sequence[Sequence[str]], bigrams: bool, min_df: int = 2, limit: int = 80_000
    ) -> Self:
        """Learn the terms in at least `min_df` of the word lists, the most frequent first."""
        df: dict[str, int] = {}
        for tokens in texts:
            for term in set(_terms(tokens, bigrams)):
                df[term] = df.get(term, 0) + 1
        kept = [(t, c) for t, c in df.items() if c >= min_df]
        kept = sorted(sorted(kept, key=lambda item: (-item[1], item[0]))[:limit])
        counts = np.array([c for _, c in kept], np.float64)
        return cls([t for t, _ in kept], _idf(counts, len(texts)), bigrams)

    def widened(self, texts: Sequence[Sequence[str]]) -> Self:
        """Return terms with those of further word lists; see `CharGrams.widened`."""
        new = {term for tokens in texts for term in _terms(tokens, self.bigrams)}
        terms = sorted(new.union(self.terms))
        rarest = self.idf.max(initial=1.0)
        idf = [self.idf[self.vocabulary[t]] if t in self.vocabulary else rarest for t in terms]
        return type(self)(terms, np.array(idf, np.float32), self.bigrams)

    def transform(self, texts: Sequence[Sequence[str]]) -> SparseRows:
        """Return unit rows of TF-IDF weights; unknown terms are left out."""
        rows: list[int] = []
        columns: list[int] = []
        get = self.vocabulary.get
        for row, tokens in enumerate(texts):
            for term in _terms(tokens, self.bigrams):
                column = get(term)
                if column is not None:
                    rows.append(row)
                    columns.append(column)
        n = max(len(self.terms), 1)
        counts = group_rows(len(texts), np.array(rows, np.int64), np.array(columns, np.int64), n)
        return _tfidf(counts, self.idf) if len(self.terms) else counts


def _terms(tokens: Sequence[str], bigrams: bool) -> list[str]:
    if not bigrams:
        return list(tokens)
    return [*tokens, *(f"{a} {b}" for a, b in itertools.pairwise(tokens))]
