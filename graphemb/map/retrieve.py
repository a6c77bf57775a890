"""Retrievers: each scores every name for a batch of queries; and the union of their best.

A retriever has ``scores(batch) -> float32 (b, n_names)``, in [0, 1] for a non-negative cosine.
They share nothing, so one can be left out (`PhraseMapper(translation=False)`) or added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np

from graphemb import kernels
from graphemb.encode import CharGrams, SparseRows, WordTerms, normalise_all, stems
from graphemb.encode.contrastive import ContrastiveEncoder
from graphemb.kernels import mapping, pairs
from graphemb.map.translate import as_lookup

__all__ = [
    "Batch", "CharRetriever", "DenseRetriever", "ExactDictionary", "NodeScores", "Room",
    "WordRetriever", "settled", "top_k",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Queries from which on the dense scores are found in 8 bits first.
MANY = 384


class Room:
    """Memory that batch after batch writes its scores to; fresh pages cost as much as the sums."""

    def __init__(self) -> None:
        self._held: dict[str, Array] = {}

    def take(self, name: str, rows: int, columns: int) -> Array:
        """Return float32 (rows, columns) of any content: the same memory for the same name."""
        held = self._held.get(name)
        if held is None or held.size < rows * columns:
            held = self._held[name] = np.empty(rows * columns, np.float32)
        return held[: rows * columns].reshape(rows, columns)


class Batch:
    """Queries with what several stages need of them, each made once.

    Where batches share a `room`, the scores of one last until the next is scored.
    """

    def __init__(
        self, phrases: Sequence[str], encoder: ContrastiveEncoder | None, room: Room | None = None
    ) -> None:
        self.texts = normalise_all(phrases)
        self.room = room or Room()
        self._encoder = encoder

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def stems(self) -> list[list[str]]:
        """Stems of the words of each query."""
        return stems(self.texts)

    @cached_property
    def vectors(self) -> Array:
        """Encoder vectors (b, dim) of the queries."""
        if self._encoder is None:
            return np.zeros((len(self), 1), np.float32)
        return self._encoder.vectors_of_normalised(self.texts)


def top_k(scores: Array, k: int, block: int = 64) -> Array:
    """Return the columns of the k largest entries of each row, best first; exact.

    The k largest lie in the k blocks of largest maxima, so only those are searched:
    O(n + k·block) a row. A block is every (n // block)-th column, so that the maxima are taken
    along whole rows of memory. Ties go to the smaller column.
    """
    b, n = scores.shape
    k = min(k, n)
    n_blocks = n // block
    if n_blocks <= 2 * k:
        return _best(scores, np.broadcast_to(np.arange(n), (b, n)), k)
    maxima = scores[:, : n_blocks * block].reshape(b, block, n_blocks).max(axis=1)
    chosen = np.argpartition(_keys(maxima, np.arange(n_blocks)), k - 1, axis=1)[:, :k]
    columns = (chosen[:, :, None] + np.arange(block) * n_blocks).reshape(b, -1)
    tail = np.broadcast_to(np.arange(n_blocks * block, n), (b, n - n_blocks * block))
    columns = np.concatenate([columns, tail], axis=1)
    return _best(np.take_along_axis(scores, columns, axis=1), columns, k)


def _keys(values: Array, columns: Array) -> Array:
    """Return int64 keys that ascend as float32 `values` fall and, among equals, by column."""
    bits = (values.astype(np.float32) + np.float32(0)).view(np.int32).astype(np.int64)
    rising = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return np.asarray((-rising << 32) + columns)


def settled(columns: Array, scores: NodeScores, k: int, least: float) -> Array:
    """Return the `k` best of each query's `columns` with scores above `least`; -1 fills."""
    b, n = columns.shape
    query = np.repeat(np.arange(b), n)
    values = scores.at(query, np.maximum(columns, 0).ravel()).reshape(b, n)
    values = np.where((columns < 0) | (values <= least), np.float32(-3e38), values)
    order = np.argsort(_keys(values, columns), axis=1)[:, :k]
    best = np.take_along_axis(columns, order, axis=1)
    return np.where(np.take_along_axis(values, order, axis=1) > -3e38, best, -1)


def _best(values: Array, columns: Array, k: int) -> Array:
    """Return the k best of `columns` by `values`, best first, ties by column."""
    keys = _keys(values, columns)
    part = np.argpartition(keys, k - 1, axis=1)[:, :k] if k < keys.shape[1] else np.argsort(keys, 1)
    order = np.argsort(np.take_along_axis(keys, part, axis=1), axis=1)
    return np.take_along_axis(columns, np.take_along_axis(part, order, axis=1), axis=1)


class NodeScores:
    """Scores of nodes, each the best of its names' in `scores` (b, n_names), asked for by pairs.

    Several channels add up with `weights`. `matrix` may give what was worked out for all nodes;
    `exact`, (query vectors, documents) of a channel, what rough scores are made good from.
    """

    def __init__(
        self, channels: Sequence[Array], starts: Array, weights: Sequence[float] = (1.0,),
        matrix: Array | None = None, exact: Sequence[tuple[Array, Array] | None] = (),
    ) -> None:  # fmt: skip
        self.channels, self.starts, self.weights = channels, starts, weights
        self.matrix = matrix
        self.exact = exact or [None] * len(channels)

    def at(self, query: Array, node: Array) -> Array:
        """Return the scores of (query, node) pairs, float32."""
        if self.matrix is not None:
            flat = query.astype(np.int64) * self.matrix.shape[1] + node
            return np.asarray(self.matrix.ravel()[flat])
        total = np.zeros(len(query), np.float32)
        for scores, weight, exact in zip(self.channels, self.weights, self.exact, strict=True):
            total += weight * mapping.node_scores(scores, self.starts, query, node, exact)
        return total

    def of_relatives(
        self, query: Array, node: Array, relatives: tuple[Array, Array], most: int
    ) -> Array:
        """Return the best score of the first `most` relatives of each node; 0 without any.

        `relatives` are (ptr, rows) of all nodes; of compiled scores with one channel.
        """
        scores, exact = self.channels[0], self.exact[0]
        return pairs.relative_scores(scores, self.starts, query, node, relatives, most, exact)


class _Postings:
    """Inverted index over unit rows; scores a query by adding up the postings of its columns."""

    def __init__(self, index: SparseRows, budget: int) -> None:
        self.index, self.budget = index, budget
        self.lengths = np.diff(index.ptr)
        self.n_names = index.n_columns

    def scores(self, queries: SparseRows, out: Array) -> Array:
        """Return `out` (b, n_names) filled; over the budget the longest postings are left out."""
        ptr, names, weights = self.index.ptr, self.index.columns, self.index.weights
        if kernels.compiled():
            rows = queries.ptr, queries.columns, queries.weights
            mapping.postings_scores((ptr, names, weights), rows, self.budget, out)
            return out
        out[:] = 0
        for q in range(queries.n_rows):
            columns = queries.columns[queries.ptr[q] : queries.ptr[q + 1]]
            values = queries.weights[queries.ptr[q] : queries.ptr[q + 1]]
            lengths = self.lengths[columns]
            if lengths.sum() > self.budget:
                order = np.argsort(lengths, kind="stable")
                order = order[: max(1, int(np.searchsorted(lengths[order].cumsum(), self.budget)))]
                columns, values, lengths = columns[order], values[order], lengths[order]
            if not len(columns):
                continue
            ends = np.cumsum(lengths)
            at = np.arange(ends[-1]) + np.repeat(ptr[columns] - (ends - lengths), lengths)
            amounts = weights[at] * np.repeat(values, lengths)
            out[q] = np.bincount(names[at], amounts, self.n_names)
        return out


class CharRetriever:
    """Cosine of character n-gram TF-IDF rows; the rarest n-grams of a query are looked up.

    `budget` bounds the postings read for a query: the most frequent n-grams are left out first.
    """

    def __init__(self, grams: CharGrams, index: SparseRows, budget: int = 40_000) -> None:
        self.grams = grams
        self.postings = _Postings(index, budget)

    @classmethod
    def of(cls, grams: CharGrams, normalised: Sequence[str]) -> Self:
        """Index normalised names."""
        return cls(grams, grams.transform(normalised).transposed())

    def scores(self, batch: Batch) -> Array:
        """Return (b, n_names) cosines."""
        out = batch.room.take("char", len(batch), self.postings.n_names)
        return self.postings.scores(self.grams.transform(batch.texts), out)


class WordRetriever:
    """Cosine of stemmed word TF-IDF rows, the query widened by learned translations."""

    def __init__(
        self,
        terms: WordTerms,
        index: SparseRows,
        translation: tuple[Array, Array, Array] | None,
        weight: float = 1.2,
        budget: int = 40_000,
    ) -> None:
        self.terms = terms
        self.postings = _Postings(index, budget)
        self.weight = weight
        self.translation: Mapping[int, list[tuple[int, float]]] = (
            as_lookup(*translation) if translation is not None and len(translation[0]) else {}
        )

    def scores(self, batch: Batch) -> Array:
        """Return (b, n_names) cosines of the widened queries."""
        out = batch.room.take("word", len(batch), self.postings.n_names)
        return self.postings.scores(self._widened(self.terms.transform(batch.stems)), out)

    def _widened(self, queries: SparseRows) -> SparseRows:
        if not self.translation:
            return queries
        columns: list[int] = []
        weights: list[float] = []
        counts: list[int] = []
        for q in range(queries.n_rows):
            part = slice(queries.ptr[q], queries.ptr[q + 1])
            own = zip(queries.columns[part].tolist(), queries.weights[part].tolist(), strict=True)
            merged = dict(own)
            for column, amount in list(merged.items()):
                for target, p in self.translation.get(column, ()):
                    merged[target] = merged.get(target, 0.0) + self.weight * amount * p
            for column in sorted(merged):
                columns.append(column)
                weights.append(merged[column])
            counts.append(len(merged))
        ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        flat, values = np.array(columns, np.int32), np.array(weights, np.float32)
        return SparseRows(ptr, flat, values, queries.n_columns).normalised()


class DenseRetriever:
    """Cosine of encoder vectors: queries against the document side of every name."""

    def __init__(self, documents: Array) -> None:
        self.documents = documents
        self._seen = 0
        self._bytes: mapping.ByteVectors | None = None

    def scores(self, batch: Batch) -> Array:
        """Return (b, n_names) cosines."""
        out = batch.room.take("dense", len(batch), len(self.documents))
        return np.matmul(batch.vectors, self.documents.T, out=out)

    def rough(self, batch: Batch) -> Array | None:
        """Return (b, n_names) cosines that may be off by 0.005; None where that saves no time.

        The documents' coordinates in 8 bits are made when as many queries came as that pays for.
        """
        self._seen += len(batch)
        if not kernels.compiled() or self._seen < MANY or not self.documents.shape[1]:
            return None
        if self._bytes is None:
            self._bytes = mapping.ByteVectors(self.documents)
        out = batch.room.take("dense", len(batch), len(self.documents))
        return out if self._bytes.cosines(batch.vectors, out) else None


class ExactDictionary:
    """Normalised text → rows of the names that equal it."""

    def __init__(self, normalised: Sequence[str]) -> None:
        # Tuples of numbers, for the garbage collector looks at every list again and again.
        self.rows: dict[str, tuple[int, ...]] = {}
        for row, text in enumerate(normalised):
            self.rows[text] = (*self.rows.get(text, ()), row)

    def find(self, text: str) -> tuple[int, ...]:
        """Return the rows of the names equal to a normalised, non-empty `text`."""
        return self.rows.get(text, ()) if text else ()
