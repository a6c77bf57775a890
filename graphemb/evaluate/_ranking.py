"""Ranking metrics that take ties as they are: expectations over all orders of equal scores."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from graphemb.errors import ParameterError

__all__ = [
    "auc", "average_precision", "counts", "hits_at", "precision_at", "random_average_precision",
    "two_sample_average_precision",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Up to n/256 relevant columns, 128 at most, a row of n is compared with each; above, it is sorted
#: once: measured, the time that is least from 500 to 120,000 columns.
_SHARE, _MOST = 256, 128


def counts(scores: Array, query: Array, column: Array) -> tuple[Array, Array]:
    """Return how many scores of its row lie above each relevant one, and how many equal it.

    `scores` is (b, n), what is no candidate at -inf; ``(query[i], column[i])`` are the relevant
    entries, `query` ascending. Two int64 arrays (m,); a relevant one equals itself, so the second
    is at least 1. O(n) a relevant entry while a row has few, O(n log n) a row else.
    """
    greater, equal = np.empty(len(query), np.int64), np.empty(len(query), np.int64)
    bounds = np.searchsorted(query, np.arange(len(scores) + 1))
    flags = np.empty(scores.shape[1], bool)
    wanted = scores[query, column]
    few = min(scores.shape[1] // _SHARE, _MOST)
    for row, (start, stop) in zip(scores, pairwise(bounds), strict=True):
        if stop - start > few:
            line = np.sort(row)
            least = np.searchsorted(line, wanted[start:stop], "left")
            above = np.searchsorted(line, wanted[start:stop], "right")
            greater[start:stop] = len(line) - above
            equal[start:stop] = above - least
            continue
        for i in range(start, stop):
            greater[i] = np.count_nonzero(np.greater(row, wanted[i], out=flags))
            equal[i] = np.count_nonzero(np.equal(row, wanted[i], out=flags))
    return greater, equal


def _tie_groups(query: Array, greater: Array) -> tuple[Array, Array, Array]:
    """Return (index of the first, size, relevant ones before it) of each group of equal scores."""
    order = np.lexsort((greater, query))
    q, g = query[order], greater[order]
    new = np.flatnonzero(np.r_[True, (q[1:] != q[:-1]) | (g[1:] != g[:-1])])
    size = np.diff(np.r_[new, len(q)])
    start = np.searchsorted(q, q[new])
    return order[new], size, new - start


def average_precision(
    query: Array, greater: Array, equal: Array, n_queries: int, harmonic: Array
) -> Array:
    """Return the expected average precision of each query over random orders of equal scores.

    A group of t equal scores, r of them relevant, after n₀ candidates of which r₀ are relevant,
    adds ``r/t · [(r₀ + 1 - c(n₀ + 1)) · (H(n₀ + t) - H(n₀)) + c·t]`` with ``c = (r-1)/(t-1)``
    (McSherry and Najork, ECIR 2008, section 3); the sum is divided by the number of relevant
    ones, found early or not. ``harmonic[i]`` is H(i). Shape (n_queries,), NaN where none is
    relevant.
    """
    number = np.bincount(query, minlength=n_queries)
    if not len(query):
        return np.full(n_queries, np.nan)
    first, r, r0 = _tie_groups(query, greater)
    n0, t = greater[first], equal[first]
    c = np.where(t > 1, (r - 1) / np.maximum(t - 1, 1), 0.0)
    gain = r / t * ((r0 + 1 - c * (n0 + 1)) * (harmonic[n0 + t] - harmonic[n0]) + c * t)
    total = np.bincount(query[first], gain, n_queries)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / number)


def precision_at(k: int, query: Array, greater: Array, equal: Array, n_queries: int) -> Array:
    """Return the expected share of relevant ones among the first k, shape (n_queries,)."""
    share = np.clip(k - greater, 0, equal) / equal
    return np.asarray(np.bincount(query, share, n_queries) / k)


def random_average_precision(n_relevant: Array, n_candidates: int, harmonic: Array) -> Array:
    """Return E[AP] of a random order: ``(H(N) + (R-1)/(N-1) · (N - H(N))) / N``."""
    n, h = n_candidates, harmonic[n_candidates]
    return np.asarray((h + (n_relevant - 1) / max(n - 1, 1) * (n - h)) / n)


def _two_samples(who: str, positive: Array, negative: Array) -> None:
    if not len(positive) or not len(negative):
        raise ParameterError(
            f"{who}: needs positives and negatives; got {len(positive)} and {len(negative)}."
        )


def auc(positive: Array, negative: Array) -> tuple[float, float, float]:
    """Return P(positive > negative) + ½P(equal) and its 95 % interval (DeLong et al. 1988).

    O((m + n) log(m + n)).
    """
    _two_samples("auc", positive, negative)
    places = []
    for one, other in ((positive, negative), (negative, positive)):
        line = np.sort(other)
        below = np.searchsorted(line, one, "left")
        places.append((below + np.searchsorted(line, one, "right")) / (2.0 * len(line)))
    value = float(places[0].mean())
    variance = sum(p.var(ddof=1) / len(p) for p in places if len(p) > 1)
    half = 1.959964 * float(np.sqrt(variance))
    return value, max(0.0, value - half), min(1.0, value + half)


def two_sample_average_precision(positive: Array, negative: Array) -> float:
    """Return the expected average precision of the positives in one list with the negatives."""
    _two_samples("average precision", positive, negative)
    scores = np.r_[positive, negative]
    line = np.sort(scores)
    least = np.searchsorted(line, positive, "left")
    above = np.searchsorted(line, positive, "right")
    harmonic = np.r_[0.0, np.cumsum(1.0 / np.arange(1, len(line) + 1))]
    query = np.zeros(len(positive), np.int64)
    return float(average_precision(query, len(line) - above, above - least, 1, harmonic)[0])


def hits_at(k: int, positive: Array, negative: Array) -> float:
    """Return the share of positives above the k-th best negative (1 when there are fewer than k).

    Open Graph Benchmark's definition (Hu et al. 2020, section 4.2); a positive that equals that
    negative is no hit.
    """
    _two_samples("hits", positive, negative)
    if len(negative) < k:
        return 1.0
    bar = np.partition(negative, len(negative) - k)[len(negative) - k]
    return float((positive > bar).mean())
