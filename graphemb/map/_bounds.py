"""Bounds on a share of errors from counted errors: exact for equal weights, safe for unequal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["binomial_cdf", "fewest_rows", "tail", "upper_bound", "weighted_tail"]

Array = np.ndarray[Any, Any]


def binomial_cdf(k: int, n: int, p: float) -> float:
    """Return P(X ≤ k) of X ~ Binomial(n, p) by summing logarithms of its terms; O(k).

    >>> round(binomial_cdf(0, 149, 0.02), 4)
    0.0493
    """
    if k < 0:
        return 0.0
    if k >= n or p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    i = np.arange(1, k + 1, dtype=np.float64)
    steps = np.log((n - i + 1) / i) + math.log(p / (1.0 - p))
    terms = n * math.log1p(-p) + np.concatenate([[0.0], np.cumsum(steps)])
    top = float(terms.max())
    return min(1.0, math.exp(top + math.log(float(np.exp(terms - top).sum()))))


def tail(wrong: int, n: int, risk: float) -> float:
    """Return how likely at most `wrong` errors in `n` rows are if each is wrong with `risk`."""
    return binomial_cdf(wrong, n, risk)


def weighted_tail(wrong: float, weight: Array, risk: float) -> float:
    """Bound the chance that the wrong weight is at most `wrong` if its share is `risk` or more.

    With v = w / max w in [0, 1], s = wrong / Σw · mean v and μ = risk · mean v, the least of
    Hoeffding's ``exp(-n·kl(s, μ))`` (1963, theorem 1) and Bentkus's ``e·P(Bin(n, μ) ≤ ⌈n·s⌉)``
    (2004, theorem 1.2): both hold for independent, unequal terms, so nothing is assumed of which
    rows are wrong. It is the heaviest row that counts: few rows of much weight promise little.
    """
    heaviest = float(weight.max(initial=0.0))
    if heaviest <= 0.0:
        return 1.0
    n, total = len(weight), float(weight.sum()) / heaviest
    mean, seen = risk * total / n, min(max(wrong / heaviest / n, 0.0), 1.0)
    if seen >= mean:
        return 1.0
    kl = (1.0 - seen) * math.log((1.0 - seen) / (1.0 - mean))
    kl += seen * math.log(seen / mean) if seen > 0.0 else 0.0
    bentkus = math.e * binomial_cdf(math.ceil(n * seen - 1e-9), n, mean)
    return min(1.0, math.exp(-n * kl), bentkus)


def upper_bound(wrong: float, weight: Array, level: float) -> float:
    """Return the largest share of errors that `wrong` does not contradict at `level`, in [0, 1].

    For equal weights this is Clopper and Pearson's upper limit (1934) of confidence 1 - level.
    """
    equal = bool(len(weight)) and float(weight.min()) == float(weight.max())
    each = float(weight[0]) if equal else 1.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if equal and each > 0:
            chance = tail(round(wrong / each), len(weight), middle)
        else:
            chance = weighted_tail(wrong, weight, middle)
        low, high = (middle, high) if chance > level else (low, middle)
    return high


def fewest_rows(max_error: float, level: float) -> int:
    """Return how many rows without one error promise `max_error`: ⌈log level / log(1 - ε)⌉.

    >>> fewest_rows(0.02, 0.05), fewest_rows(0.05, 0.05)
    (149, 59)
    """
    return math.ceil(math.log(level) / math.log1p(-max_error) - 1e-9)
