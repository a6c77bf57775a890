"""What IRWE's networks are fed: anonymous walks s, degrees along the walk d, co-occurrence r."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb.embed._irwe_walks import (
    WalkGraph,
    anonymous,
    every_walk,
    mixed,
    node_keys,
    patterns,
    walks,
)

__all__ = ["N_BINS", "anonymous_frequencies", "co_occurrence", "degree_profile"]

Array = np.ndarray[Any, Any]

#: Bins of log₂(degree + 1); the last one takes all degrees from 2¹⁹ on.
N_BINS = 20
#: Up to so many walks of a graph are enumerated rather than drawn.
_ENUMERABLE = 400_000
#: Draws of walks are numbered from 1 in training; the statistics have a draw of their own.
_STATISTICS = 0
#: Columns of r that are computed, and scaled to unit length, together.
_BLOCK = 256
#: Weight of the node itself beside the steps 1 … window in r.
_SELF = 0.3
#: Exponent of the degree that damps hubs in r.
_BETA = -0.5


def anonymous_frequencies(graph: WalkGraph, n_walks: int, length: int) -> Array:
    """Return s, float32 (n, B + 1): the share of each anonymous walk among those from a node.

    Exact, by enumeration, where the graph has few walks of this length; else over `n_walks` drawn
    ones. The last column is the walk that never moves, of a node without neighbours.
    """
    width = len(patterns(length)) + 1
    if _n_walks_in(graph, length) <= _ENUMERABLE:
        walked, weight = every_walk(graph, length)
        at = walked[:, 0] * width + anonymous(walked)
        exact = np.bincount(at, weight, minlength=graph.n_nodes * width)
        return exact.reshape(-1, width).astype(np.float32)
    out = np.empty((graph.n_nodes, width), np.float32)
    size = max(1, 500_000 // n_walks)
    for first in range(0, graph.n_nodes, size):
        roots = np.arange(first, min(first + size, graph.n_nodes))
        drawn = anonymous(walks(graph, roots, n_walks, length, _STATISTICS))
        at = np.repeat(roots - first, n_walks) * width + drawn
        count = np.bincount(at, minlength=len(roots) * width)
        out[roots] = count.reshape(-1, width) / np.float32(n_walks)
    return out


def _n_walks_in(graph: WalkGraph, length: int) -> float:
    from scipy.sparse import csr_array

    n = graph.n_nodes
    links = csr_array((np.ones(len(graph.indices)), graph.indices, graph.indptr), shape=(n, n))
    count = np.ones(n)
    for _ in range(length):
        count = np.where(graph.degrees > 0, links @ count, 1.0)
    return float(count.sum())


def _steps(graph: WalkGraph) -> Any:
    """Return the float32 transition matrix; a node without neighbours stays."""
    from scipy.sparse import csr_array, diags_array

    n = graph.n_nodes
    moves = (graph.probability.astype(np.float32), graph.indices, graph.indptr)
    stay = diags_array((graph.degrees == 0).astype(np.float32))
    return csr_array(csr_array(moves, shape=(n, n)) + stay)


def degree_profile(graph: WalkGraph, length: int) -> Array:
    """Return d, float32 (n, (length + 1)·N_BINS): the degrees met at each position of a walk.

    The row of a node holds, for position i = 0 … length, the expected histogram of
    log₂(degree + 1), a degree's weight shared linearly between the two nearest bins:
    ``d_i = Pⁱ·B``. The expectation is exact, no walk is drawn.
    """
    level = np.minimum(np.log2(graph.degrees + 1.0), N_BINS - 1.0)
    low = np.minimum(level.astype(np.int64), N_BINS - 2)
    current = np.zeros((graph.n_nodes, N_BINS), np.float32)
    rows = np.arange(graph.n_nodes)
    current[rows, low] = 1.0 - (level - low)
    current[rows, low + 1] = level - low
    step = _steps(graph)
    out = np.empty((graph.n_nodes, (length + 1) * N_BINS), np.float32)
    for position in range(length + 1):
        out[:, position * N_BINS : (position + 1) * N_BINS] = current
        current = np.asarray(step @ current, np.float32)
    return out


def co_occurrence(
    graph: WalkGraph, nodes: Sequence[str], dim: int, window: int, random_state: int
) -> Array:
    """Return r, float32 (n, dim): whom a walk from v meets within `window` steps, projected.

    ``r = 0.3·u(L·R) + Σ_{i=1…window} u(Pⁱ·L·R)``, L = diag(degree^-½), R very sparse (Li et al.,
    KDD 2006) with a row from a hash of the node's id. u scales rows to unit length, 256 columns at
    a time, which bounds what is held beside r. `nodes` are the ids in the order of `graph`. The
    counts are in expectation: no walk is drawn. O(window·m·dim) time, O(n·dim) memory.
    """
    step = _steps(graph)
    damp = (np.maximum(graph.degrees, 1.0) ** _BETA).astype(np.float32)[:, None]
    keys = node_keys(nodes, random_state, "irwe rows")
    out = np.empty((graph.n_nodes, dim), np.float32)
    for first in range(0, dim, _BLOCK):
        columns = slice(first, min(first + _BLOCK, dim))
        current = _sparse_rows(keys, columns) * damp
        total = np.float32(_SELF) * _unit(current)
        for _ in range(window):
            current = np.asarray(step @ current, np.float32)
            total += _unit(current)
        out[:, columns] = total
    return out


def _sparse_rows(keys: Array, columns: slice) -> Array:
    """Return `columns` of the rows of R: ±√s with probability 1/(2s) each, else 0.

    s, the square root of how many columns are asked for, does not depend on the graph, so that a
    node's row is the same in each.
    """
    density = float(np.sqrt(columns.stop - columns.start))
    size = np.float32(np.sqrt(density))
    column = np.arange(columns.start + 1, columns.stop + 1, dtype=np.uint64)
    column *= np.uint64(0x9E3779B97F4A7C15)
    out = np.zeros((len(keys), len(column)), np.float32)
    for first in range(0, len(keys), 16_384):
        rows = slice(first, first + 16_384)
        bits = mixed(keys[rows, None] + column)
        uniform = (bits >> np.uint64(11)).astype(np.float64) / 2.0**53
        out[rows][uniform < 0.5 / density] = size
        out[rows][uniform >= 1 - 0.5 / density] = -size
    return out


def _unit(rows: Array) -> Array:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0), np.float32)
