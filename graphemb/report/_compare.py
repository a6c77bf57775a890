"""Differences between two runs, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from graphemb.report._measures import Measure, half_width, measures
from graphemb.report._summary import HEADLINES
from graphemb.report.base import Results

__all__ = ["Comparison", "Difference", "compare"]


@dataclass(frozen=True, slots=True)
class Difference:
    """``value = new - old`` of one figure, and its 95 % interval, None twice without one.

    With two or more seeds in common all are means over those, and the interval is Student's t over
    the differences seed by seed. Else they are means over all seeds, and the interval comes from
    those of both sides: ``± √(h₁² + h₂²)``, h the half widths, as of independent figures.
    """

    before: Measure
    after: Measure
    old: float
    new: float
    low: float | None
    high: float | None

    @property
    def value(self) -> float:
        """How much the figure grew."""
        return self.new - self.old

    @property
    def verdict(self) -> str:
        """``higher``, ``lower``, ``not told apart``, ``the same``, or ``no interval``."""
        if self.value == 0 and self.low in (None, 0.0):
            return "the same"
        if self.low is None or self.high is None:
            return "no interval"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "not told apart"


@dataclass(frozen=True)
class Comparison:
    """What changed between two runs; `only_before` and `only_after` stand in one alone."""

    differences: tuple[Difference, ...]
    only_before: tuple[Measure, ...]
    only_after: tuple[Measure, ...]
    conditions: tuple[str, ...]

    @property
    def headlines(self) -> tuple[Difference, ...]:
        """Those of the metrics that the summary speaks of."""
        wanted = {(h.task, metric) for h in HEADLINES for metric in h.metrics}
        return tuple(d for d in self.differences if (d.after.task, d.after.metric) in wanted)

    def count(self, verdict: str) -> int:
        """Return how many differences have `verdict`."""
        return sum(d.verdict == verdict for d in self.differences)

    @property
    def words(self) -> str:
        """The whole comparison in words."""
        n = len(self.differences)
        if not n:
            return (
                "No figure stands in both runs: nothing can be compared. Graph, method, "
                "parameters, task, metric, k and split must be the same in both."
            )
        counts = ((self.count(v), v) for v in ("higher", "lower", "not told apart", "the same"))
        said = ", ".join(f"{number:,} {verdict}" for number, verdict in counts)
        blind = self.count("no interval")
        return (
            f"Of {n:,} figures in both runs {said}; {blind:,} have no interval. "
            "Where nothing changed, 1 in 20 with an interval would still stand out by chance."
        )


def compare(before: Results, after: Results) -> Comparison:
    """Return what differs between two runs, figure by figure, in the order of `after`."""
    old = {m.key: m for m in measures(before.table)}
    new = {m.key: m for m in measures(after.table)}
    return Comparison(
        tuple(_difference(old[key], m) for key, m in new.items() if key in old),
        tuple(m for key, m in old.items() if key not in new),
        tuple(m for key, m in new.items() if key not in old),
        tuple(_conditions(before.info, after.info)),
    )


def _difference(before: Measure, after: Measure) -> Difference:
    old, new = dict(before.seeds), dict(after.seeds)
    common = [seed for seed in new if seed in old and seed is not None]
    if len(common) > 1:
        means = fmean(old[seed] for seed in common), fmean(new[seed] for seed in common)
        half = half_width([new[seed] - old[seed] for seed in common])
    else:
        means = before.value, after.value
        if before.low is None or before.high is None or after.low is None or after.high is None:
            return Difference(before, after, *means, None, None)
        half = math.hypot((before.high - before.low) / 2, (after.high - after.low) / 2)
    value = means[1] - means[0]
    return Difference(before, after, *means, value - half, value + half)


def _conditions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return what else than the figures differs: inputs, versions, seeds, machine."""
    lines = []
    old, new = before.get("inputs", {}), after.get("inputs", {})
    changed = [name for name in new if name in old and new[name] != old[name]]
    if changed:
        lines.append(
            f"The input has changed: {', '.join(changed)}. Their differences compare other data."
        )
    versions = [{"graphemb": i.get("graphemb"), **i.get("versions", {})} for i in (before, after)]
    for name in versions[1]:
        if name in versions[0] and versions[0][name] != versions[1][name]:
            lines.append(f"{name}: {versions[0][name]} before, {versions[1][name]} after.")
    if before.get("seeds") != after.get("seeds"):
        lines.append(f"Seeds: {before.get('seeds')} before, {after.get('seeds')} after.")
    if before.get("platform") != after.get("platform"):
        lines.append("The machines differ: seconds do not compare.")
    return lines
