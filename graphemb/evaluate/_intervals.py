"""95 % intervals of means."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["sample_interval", "split_interval"]

Array = np.ndarray[Any, Any]


def sample_interval(values: Array, population: int) -> tuple[float | None, float | None]:
    """Return the interval of the mean of a population of which `values` are a random sample.

    ``mean ± 1.96 · s/√m · √(1 - m/N)``; None twice when the whole population was measured.
    """
    m = len(values)
    if m >= population or m < 2:
        return None, None
    half = 1.959964 * float(values.std(ddof=1)) / np.sqrt(m) * np.sqrt(1.0 - m / population)
    mean = float(values.mean())
    return float(mean - half), float(mean + half)


def split_interval(values: Array) -> tuple[float | None, float | None]:
    """Return Student's t interval of the mean over splits; None twice for fewer than two.

    Splits of one data set overlap, so the true interval is wider; it bounds the noise of
    splitting, not that of another graph.
    """
    m = len(values)
    if m < 2:
        return None, None
    from scipy.special import stdtrit

    half = float(stdtrit(m - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(m))
    mean = float(np.mean(values))
    return mean - half, mean + half
