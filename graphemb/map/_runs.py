"""Flat arrays cut into runs, as the candidates of each query are: one value or rank a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphemb import kernels
from graphemb.kernels import pairs

__all__ = ["best_of_run", "gap_and_rank", "gathered", "rank_in_run", "run_sums", "unit_rows"]

Array = np.ndarray[Any, Any]


def gathered(gather: np.ufunc, values: Array, counts: Array, dtype: Any = np.float32) -> Array:
    """Return `gather` over each run of `counts` values, of `dtype`; 0 for an empty run."""
    out = np.zeros(len(counts), dtype)
    filled = counts > 0
    if filled.any():
        out[filled] = gather.reduceat(values, (np.cumsum(counts) - counts)[filled])
    return out


def run_sums(rows: Array, counts: Array) -> Array:
    """Return the sum of each run of `counts` rows, float32 (len(counts), r)."""
    out = np.zeros((len(counts), rows.shape[1]), np.float32)
    filled = counts > 0
    if filled.any():
        out[filled] = np.add.reduceat(rows, (np.cumsum(counts) - counts)[filled], axis=0)
    return out


def best_of_run(values: Array, ptr: Array) -> Array:
    """Return the largest of `values` in each run ``ptr[q]:ptr[q + 1]``, for each of its members."""
    counts = np.diff(ptr)
    return np.repeat(gathered(np.maximum, values, counts, values.dtype), counts)


def rank_in_run(values: Array, run: Array, ptr: Array) -> Array:
    """Return each value's rank within its run, from 0, float32; equals share the best rank.

    `run` (ascending) is the number of each value's run.
    """
    order = np.lexsort((-values, run))
    position = np.arange(len(values)) - np.repeat(ptr[:-1], np.diff(ptr))
    ordered, whose = values[order], run[order]
    new = np.ones(len(values), bool)
    new[1:] = (ordered[1:] != ordered[:-1]) | (whose[1:] != whose[:-1])
    start = np.maximum.accumulate(np.where(new, np.arange(len(values)), 0))
    rank = np.empty(len(values), np.float32)
    rank[order] = position[start]
    return rank


def gap_and_rank(values: Array, run: Array, ptr: Array) -> tuple[Array, Array]:
    """Return ``values - best_of_run`` and `rank_in_run`, both float32, of float32 `values`."""
    if kernels.compiled():
        return pairs.run_ranks(values, ptr)
    return values - best_of_run(values, ptr), rank_in_run(values, run, ptr)


def unit_rows(rows: Array) -> Array:
    """Return `rows` scaled to unit length; rows of (nearly) no length stay short."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-9))
