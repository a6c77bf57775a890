"""Pure metrics: arrays in, numbers out. Each has a brute-force twin in tests/oracles.py."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

__all__ = [
    "aurc", "coverage_at", "expected_calibration_error", "f1_scores", "modularity",
    "paired_interval", "ranks", "reliability", "spearman", "wilson",
]  # fmt: skip

Array = np.ndarray[Any, Any]


def ranks(ranked: Sequence[Sequence[str]], truth: Sequence[Collection[str]]) -> Array:
    """Return for each query the rank (from 1) of the first right answer; 0 when none is right."""
    return np.array(
        [
            next((i for i, node in enumerate(row, 1) if node in right), 0)
            for row, right in zip(ranked, truth, strict=True)
        ],
        np.int64,
    )


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's score interval of a share (Wilson 1927): 95 % by default."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # The ends are exact where rounding would leave the share itself outside its interval.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return float(low), 1.0 if hits == n else float(min(1.0, middle + half))


def paired_interval(
    first: Array, second: Array, random_state: int = 0, n_draws: int = 2000
) -> tuple[float, float, float]:
    """Return the mean of first - second and its 95 % bootstrap interval over paired queries."""
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    rng = np.random.default_rng(random_state)
    means = [
        difference[rng.integers(0, len(difference), len(difference))].mean() for _ in range(n_draws)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(difference.mean()), float(low), float(high)


def expected_calibration_error(probability: Array, right: Array, n_bins: int = 15) -> float:
    """Return Σ |bin|/n · |mean probability - share right| over bins of equal numbers of queries."""
    order = np.argsort(probability, kind="stable")
    total = 0.0
    for part in np.array_split(order, n_bins):
        if len(part):
            total += abs(probability[part].mean() - right[part].mean()) * len(part)
    return float(total / max(len(order), 1))


def coverage_at(probability: Array, right: Array, precision: float) -> float:
    """Return the largest share of queries, most probable first, of which `precision` are right."""
    order = np.argsort(-probability, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(reached >= precision)
    return float((good[-1] + 1) / len(order)) if len(good) else 0.0


def aurc(probability: Array, right: Array) -> float:
    """Return the area under the risk-coverage curve: mean error over all prefixes by confidence."""
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(1.0 - right[order]) / np.arange(1, len(order) + 1)
    return float(wrong.mean()) if len(order) else 0.0


def reliability(
    probability: Array, right: Array, n_bins: int = 10
) -> list[tuple[float, float, int]]:
    """Return (mean probability, share right, number) of bins of equal numbers of queries."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, n_bins) if len(part)]
    return [(float(probability[p].mean()), float(right[p].mean()), len(p)) for p in parts]


def f1_scores(truth: Array, answer: Array) -> tuple[float, float]:
    """Return (micro, macro) F1 of two 0/1 matrices (n, n_classes).

    ``F1 = 2·TP / (2·TP + FP + FN)``; macro averages over the classes that either matrix names.
    """
    both = (truth & answer).sum(axis=0, dtype=np.int64)
    named = truth.sum(axis=0, dtype=np.int64) + answer.sum(axis=0, dtype=np.int64)
    there = named > 0
    macro = 2.0 * both[there] / named[there]
    return float(2.0 * both.sum() / max(named.sum(), 1)), float(
        macro.mean()
    ) if there.any() else 0.0


def modularity(adjacency: Any, groups: Array) -> float:
    """Return Σ_c [w_cc / 2w - (d_c / 2w)²] of groups of an undirected graph (Newman 2006, eq. 1).

    `adjacency` is symmetric sparse, `groups` the group number of each row.
    """
    entries = adjacency.tocoo()
    total = float(entries.data.sum(dtype=np.float64))
    if total == 0:
        return 0.0
    inside = groups[entries.row] == groups[entries.col]
    degree = np.bincount(groups[entries.row], entries.data.astype(np.float64))
    return float(entries.data[inside].sum(dtype=np.float64) / total - ((degree / total) ** 2).sum())


def spearman(first: Array, second: Array) -> float:
    """Return the correlation of ranks, equal values at their mean rank; 0 where one is constant."""
    from scipy.stats import rankdata

    a, b = (rankdata(v) - (len(v) + 1) / 2 for v in (first, second))
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else 0.0
