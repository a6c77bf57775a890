"""Measures: the rows of a table that differ in seed alone, taken together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from graphemb.report.base import method_text
from graphemb.scores import Score

__all__ = ["Key", "Measure", "half_width", "measures"]

#: graph, task, metric, k, split, method with its parameters.
Key = tuple[str, str, str, int | None, str, str]

#: How metrics begin that lie in [0, 1]; Student's t knows nothing of that.
_SHARES = (
    "accuracy", "analogy_", "ancestor_f1", "ap_", "auc_", "coverage", "ece", "hits@", "macro_f1",
    "map_", "micro_f1", "mrr", "near", "nmi", "precision@", "recall@", "reliability", "solvable",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: the mean over seeds, its 95 % interval, and what every seed gave.

    Where there are several seeds the interval is Student's t over them; where the rows bring
    intervals of their own (the noise of what was asked), their mean; of both the wider at each
    end, within [0, 1] for shares. None twice where there is neither.
    """

    graph: str
    task: str
    metric: str
    k: int | None
    split: str
    method: str
    value: float
    low: float | None
    high: float | None
    seeds: tuple[tuple[int | None, float], ...]
    n: int | None

    @property
    def key(self) -> Key:
        """What tells it apart from others of its run."""
        return self.graph, self.task, self.metric, self.k, self.split, self.method

    @property
    def n_seeds(self) -> int:
        """How many seeds it is the mean of."""
        return len(self.seeds)

    def overlaps(self, other: Measure) -> bool | None:
        """Return whether the intervals meet; None where one has no interval."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return None
        return self.low <= other.high and other.low <= self.high


def measures(rows: Iterable[Score]) -> tuple[Measure, ...]:
    """Return the measures of `rows`, in the order in which they first appear."""
    groups: dict[Key, list[Score]] = {}
    for row in rows:
        method = method_text(row.method, row.parameters)
        key = (row.graph, row.task, row.metric, row.k, row.split, method)
        groups.setdefault(key, []).append(row)
    return tuple(_measure(key, group) for key, group in groups.items())


def _measure(key: Key, rows: list[Score]) -> Measure:
    values = [row.value for row in rows]
    low, high = _interval(rows, values)
    seeds = tuple((row.seed, row.value) for row in rows)
    return Measure(*key, fmean(values), low, high, seeds, rows[0].n)


def _interval(rows: Sequence[Score], values: Sequence[float]) -> tuple[float | None, float | None]:
    mean = fmean(values)
    ends: list[tuple[float, float]] = []
    if len(values) > 1:
        half = half_width(values)
        ends.append((mean - half, mean + half))
    own = [(row.low, row.high) for row in rows if row.low is not None and row.high is not None]
    if own and len(own) == len(rows):
        ends.append((fmean(low for low, _ in own), fmean(high for _, high in own)))
    if not ends:
        return None, None
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if rows[0].metric.startswith(_SHARES) and 0.0 <= mean <= 1.0:
        return max(low, 0.0), min(high, 1.0)
    return low, high


def half_width(values: Sequence[float]) -> float:
    """Return half of Student's t interval of the mean, ``t(0.975, m-1) · s / √m``, m ≥ 2."""
    from scipy.special import stdtrit

    m = len(values)
    return float(stdtrit(m - 1, 0.975)) * stdev(values) / math.sqrt(m)
