"""The compiled loops of mapping; their NumPy counterparts stand where they are used, in `map`.

To be called only where `graphemb.kernels.compiled()`: each function says what it equals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb import kernels

__all__ = [
    "MOST_FEATURES", "MOST_NODES", "ByteVectors", "Forest", "best_nodes", "half_rows",
    "name_bounds", "node_scores", "postings_scores",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Features that a forest may see, and nodes that a list of `best_nodes` may hold, at most.
MOST_FEATURES, MOST_NODES = 128, 256


def _native() -> Any:
    return kernels._native_or_told()


class Forest:
    """Complete binary trees of up to 32 leaves, laid out for `sums`.

    Parameters
    ----------
    features : int (n_trees, inner): what each inner node looks at, root first, level by level
    thresholds : float32, same shape: left where ``x <= threshold``; nodes that always go left
        (infinite thresholds) are dropped
    values : float32 (n_trees, leaves), leaves = inner + 1, a power of two ≤ 32
    baseline : float

    """

    def __init__(self, features: Array, thresholds: Array, values: Array, baseline: float) -> None:
        n_trees, inner = features.shape
        used = np.isfinite(thresholds)
        self._ptr = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int64)
        self._features = np.ascontiguousarray(features[used], np.int32)
        self._thresholds = np.ascontiguousarray(thresholds[used], np.float32)
        keep = np.tile(self._masks(inner), (n_trees, 1))
        self._keep = np.ascontiguousarray(keep[used].view(np.int32))
        self._leaves = np.zeros((n_trees, 32), np.float32)
        self._leaves[:, : inner + 1] = values
        self.n_trees, self.baseline = n_trees, baseline
        self.n_features = int(features.max(initial=0)) + 1

    @staticmethod
    def _masks(inner: int) -> Array:
        """Return for each inner node the leaves that going right leaves over, uint32."""
        masks = []
        for place in range(inner):
            depth = (place + 1).bit_length() - 1
            span = (inner + 1) >> depth
            left = (place + 1 - (1 << depth)) * span
            masks.append(~(((1 << (span // 2)) - 1) << left) & 0xFFFFFFFF)
        return np.array(masks, np.uint32)

    def sums(self, X: Array) -> Array:
        """Return ``baseline + Σ over trees`` of each row of X, float32 (n,); O(n · inner nodes).

        X in Fortran order is used as it is. Equal to the sum in any order up to rounding.
        """
        columns = np.ascontiguousarray(X.T, np.float32)
        out = np.empty(columns.shape[1], np.float32)
        _native().trees(
            self._ptr, self._features, self._thresholds, self._keep, self._leaves, columns, out,
            self.n_trees, columns.shape[0], len(out), self.baseline,
        )  # fmt: skip
        return out


def half_rows(rows: tuple[Array, Array, Array], table: Array) -> Array:
    """Return sparse rows (ptr, columns, weights) times `table`, float16 (n, dim), as float32.

    O(entries · dim) time; the table stays as it is. Equal to the product up to rounding.
    """
    ptr, columns, weights = rows
    out = np.empty((len(ptr) - 1, table.shape[1]), np.float32)
    _native().half_rows(
        np.ascontiguousarray(ptr, np.int64), np.ascontiguousarray(columns, np.int32),
        np.ascontiguousarray(weights, np.float32), table, out, table.shape[1], len(out),
    )  # fmt: skip
    return out


def postings_scores(
    index: tuple[Array, Array, Array], queries: tuple[Array, Array, Array], budget: int, out: Array
) -> None:
    """Fill `out`, float32 (b, n_names), with ``Σ value · posting`` over each query's columns.

    `index` is (ptr, names, weights ≥ 0 of float16 or float32), `queries` (ptr, columns, values).
    Where a query's postings exceed `budget`, its longest lists are left out. Equal to
    ``numpy.bincount`` over the postings up to rounding (sums in float32, not float64).
    """
    ptr, names, weights = index
    rows, columns, values = queries
    _native().postings(
        np.ascontiguousarray(ptr, np.int64), np.ascontiguousarray(names, np.int32), weights,
        np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(columns, np.int32),
        np.ascontiguousarray(values, np.float32), out, int(weights.dtype == np.float16),
        out.shape[1], budget, len(out),
    )  # fmt: skip


def name_bounds(starts: Array, owners: Array, n_channels: int) -> Array:
    """Return how many times a name's sum its node's may reach: min(names, channels), a bit more."""
    counts = np.minimum(np.diff(starts), n_channels).astype(np.float32)
    return np.asarray(counts[owners] * np.float32(1.00001))


def best_nodes(
    names: tuple[Array, Array, Array], channels: Sequence[Array], weights: Sequence[float],
    allowed: Array | None, each: int, fused: int,
) -> Array:  # fmt: skip
    """Return the best nodes of each query, int32 (b, len(channels) · each + fused); -1 fills.

    Of every channel, float32 (b, n_names), the `each` best nodes with scores above 0, then the
    `fused` best of ``Σ weight · channel``, ties to the smaller node. A node's score is the best of
    its names': `names` is (starts, owners, bounds): int64 (n_nodes + 1,), int32 (n_names,) and
    float32 (n_names,), `name_bounds`. `allowed`, bool (n_nodes,), restricts the answers.
    """
    starts, owners, bounds = names
    b, n_names = channels[0].shape
    out = np.empty((b, each * len(channels) + fused), np.int32)
    _native().best_nodes(
        starts, owners, bounds, tuple(channels), np.array(weights, np.float32),
        None if allowed is None else np.ascontiguousarray(allowed, np.uint8), out,
        len(starts) - 1, n_names, b, each, fused,
    )  # fmt: skip
    return out


def node_scores(
    scores: Array, starts: Array, query: Array, node: Array,
    exact: tuple[Array, Array] | None = None,
) -> Array:  # fmt: skip
    """Return for each (query, node) the best of ``scores[query, starts[node]:starts[node + 1]]``.

    `scores` is float32 (b, n_names); O(names of the pairs). With `exact`, (vectors (b, dim),
    documents (n_names, dim)), these scores are worked out first, and `scores` takes them over.
    """
    out = np.empty(len(query), np.float32)
    vectors, documents = exact or (None, None)
    _native().node_scores(
        scores, starts, np.ascontiguousarray(query, np.int64),
        np.ascontiguousarray(node, np.int64), out, vectors, documents,
        scores.shape[1], len(starts) - 1, len(query), len(scores),
        0 if vectors is None else vectors.shape[1],
    )  # fmt: skip
    return out


class ByteVectors:
    """Vectors in 8 bits, for cosines off by about 0.001 in a quarter of the time of exact ones.

    Each coordinate is a multiple, -127 to 127, of its vector's largest over 127.
    """

    def __init__(self, vectors: Array, block: int = 4096) -> None:
        self.n, dim = vectors.shape
        self._steps = -(-dim // 4)
        filled = -(-self.n // 32) * 32
        self._codes = np.zeros((filled // 16, self._steps, 16, 4), np.int8)
        self._offsets, self._scales = np.zeros(filled, np.int32), np.zeros(filled, np.float32)
        for first in range(0, self.n, block):
            part = np.zeros((min(block, filled - first), self._steps * 4), np.float32)
            rows = vectors[first : first + block]
            part[: len(rows), :dim] = rows
            codes, scales = self._coded(part)
            last = first + len(part)
            self._offsets[first:last] = 128 * codes.sum(axis=1, dtype=np.int32)
            self._scales[first:last] = scales
            shaped = codes.reshape(-1, 16, self._steps, 4).transpose(0, 2, 1, 3)
            self._codes[first // 16 : last // 16] = shaped

    @staticmethod
    def _coded(rows: Array) -> tuple[Array, Array]:
        scales = np.maximum(np.abs(rows).max(axis=1), 1e-9) / 127.0
        return np.rint(rows / scales[:, None]).astype(np.int8), scales.astype(np.float32)

    def cosines(self, queries: Array, out: Array) -> bool:
        """Fill `out`, float32 (b, n), with dot products; False where the processor cannot."""
        rows = np.zeros((len(queries), self._steps * 4), np.float32)
        rows[:, : queries.shape[1]] = queries
        codes, scales = self._coded(rows)
        shifted = (codes.astype(np.int16) + 128).astype(np.uint8)
        return bool(
            _native().byte_scores(
                self._codes, self._offsets, self._scales, shifted, scales, out,
                self._steps, self.n, len(out),
            )
        )  # fmt: skip
