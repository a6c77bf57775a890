"""The compiled loops over (query, candidate) pairs; their NumPy counterparts stand in `map`.

To be called only where `graphemb.kernels.compiled()`: each function says what it equals. Pairs are
``query`` and ``node``, int64 (n,), ordered by query; ``ptr``, int64 (b + 1,), cuts them by query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb import kernels

__all__ = [
    "PAIR_WORDS", "best_names", "pair_words", "relative_scores", "rival_gaps", "run_ranks",
    "space_scores", "text_ratios",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Rows of what `pair_words` returns.
PAIR_WORDS = (
    "query_coverage", "name_coverage", "node_coverage", "family_coverage", "family_gain",
    "rarest_missing", "number_missing", "number_extra", "side_missing", "side_extra",
    "pole_missing", "pole_extra", "soft_query", "soft_worst", "soft_last", "soft_name",
)  # fmt: skip


#: Vectors that `pair_words` works in: WORDS_MOST + WORDS_ABREAST of native/kernels.h.
_ROOM = 64 + 4


def _native() -> Any:
    return kernels._native_or_told()


def _letters(texts: Sequence[str]) -> tuple[Array, Array]:
    """Return the code points of texts, uint32, and where each text begins, int64 (n + 1,)."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    ptr = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=ptr[1:])
    return np.frombuffer(joined, np.uint32), ptr


def text_ratios(left: Sequence[str], query: Array, right: Sequence[str]) -> Array:
    """Return how alike ``left[query[i]]`` and ``right[i]`` are, float32 (5, n).

    The rows are rapidfuzz's ``ratio``, ``token_sort_ratio`` and ``token_set_ratio`` over 100, the
    length of the left over that of the right text, and whether both are equal. Words are what
    stands between blanks. O(letters of the right · (letters of the left / 64 + 1)) a pair.
    """
    a, b = _letters(left), _letters(right)
    out = np.empty((5, len(right)), np.float32)
    _native().text_ratios(*a, *b, query, out, len(right), len(left))
    return out


def pair_words(
    words: tuple[Array, ...], book: tuple[Array, ...], most: int, query: Array, node: Array,
    name: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Return what names, nodes and their families hold of the words of queries.

    `words` are (ptr, ids, slots, classes int32, idf, vectors), see `QueryWords`; `book` is (ptr,
    words, node ptr, node keys, family ptr, family keys, idf, totals, classes, vectors float16),
    see `WordBook`; `most` words of a name are compared by their vectors.

    Returns
    -------
    columns : float32 (len(PAIR_WORDS), n)
        Equal to the columns that `map/_text_features.py` makes, up to rounding in ``soft_…``.
    held : bool, flat over (pair, word of its query): whether the best name holds the word

    """
    counts = np.diff(words[0])
    held = np.empty(int(counts[query].sum()), np.uint8)
    out = np.empty((len(PAIR_WORDS), len(query)), np.float32)
    size = words[-1].shape[1]
    _native().pair_words(
        words, book, query, node, name, held, np.empty(_ROOM * size, np.float32), out, len(query),
        len(counts), size, most, len(held),
    )  # fmt: skip
    return out, held.view(bool)


def best_names(
    channels: Sequence[Array], starts: Array, query: Array, node: Array
) -> tuple[Array, Array]:
    """Return each node's name with the greatest sum of scores for its query, and its scores.

    `channels` are float32 (b, n_names); the names of node i are ``starts[i]:starts[i + 1]``. The
    scores, float32 (2·len(channels), n), are for each channel that of the name and that of the
    node's first name. O(names of the pairs).
    """
    b, n_names = channels[0].shape
    best = np.empty(len(query), np.int64)
    out = np.empty((2 * len(channels), len(query)), np.float32)
    _native().best_names(
        tuple(channels), starts, query, node, best, out, n_names, len(starts) - 1, len(query), b
    )
    return best, out


def run_ranks(values: Array, ptr: Array) -> tuple[Array, Array]:
    """Return how far float32 `values` lie below their run's largest, and how many lie above them.

    Both float32 (n,); O(n · longest run).
    """
    gap, rank = np.empty((2, len(values)), np.float32)
    _native().run_ranks(values, ptr, gap, rank, len(values), len(ptr) - 1)
    return gap, rank


def rival_gaps(values: Array, group: Array, ptr: Array) -> Array:
    """Return float32 `values` less the largest of the others of their run and `group` (int64).

    Less 0 where there is no other. O(n · longest run).
    """
    out = np.empty(len(values), np.float32)
    _native().rival_gaps(values, group, ptr, out, len(values), len(ptr) - 1)
    return out


def relative_scores(
    scores: Array, starts: Array, query: Array, node: Array, relatives: tuple[Array, Array],
    most: int, exact: tuple[Array, Array] | None = None,
) -> Array:  # fmt: skip
    """Return the best `node_scores` of the first `most` relatives of each node; 0 without any.

    `relatives` are (ptr, rows), int32; the rest as for `mapping.node_scores`.
    """
    out = np.empty(len(query), np.float32)
    vectors, documents = exact or (None, None)
    _native().relative_scores(
        scores, starts, query, node, *relatives, vectors, documents, out, scores.shape[1],
        len(starts) - 1, len(query), len(scores), most, 0 if vectors is None else vectors.shape[1],
    )  # fmt: skip
    return out


def space_scores(
    vectors: Array, points: Array | None, node: Array, weight: Array, ptr: Array
) -> Array:
    """Return agreement in node space, float32 (2, n).

    First the cosine of each node's unit vector, float16 (n_nodes, d), with its query's point,
    float32 (b, d), 0 without points; then that with ``Σ weight · vector`` over the rest of its run.
    """
    dim = vectors.shape[1]
    out = np.empty((2, len(node)), np.float32)
    _native().space_scores(
        vectors, points, node, weight, ptr, np.empty(dim, np.float32), out, dim, len(vectors),
        len(node), len(ptr) - 1,
    )  # fmt: skip
    return out
