"""Features from the place of a candidate in the hierarchy."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphemb import kernels
from graphemb.kernels import pairs
from graphemb.map._runs import best_of_run, gathered, unit_rows
from graphemb.map.index import Candidates, MappingIndex, ranges
from graphemb.map.retrieve import Batch, NodeScores

__all__ = ["graph_features"]

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]

#: Children looked at for a candidate's best child.
_MOST_CHILDREN = 40


def graph_features(index: MappingIndex, batch: Batch, c: Candidates, columns: Columns) -> None:
    """Add neighbours' scores, node-space agreement and facts of place to `columns`."""
    t = index.taxonomy
    for channel in ("dense", "char"):
        if channel not in c.nodes:
            continue
        scores = c.nodes[channel]
        columns[f"parent_{channel}"] = _relatives(scores, c, t.parent_ptr, t.parent_rows)
        columns[f"children_{channel}"] = _relatives(scores, c, t.child_ptr, t.child_rows)
    own = columns.get("dense", columns["char"])
    parent = t.primary_parents[c.node]
    if kernels.compiled():
        columns["sibling_gap"] = pairs.rival_gaps(own, parent, c.ptr)
    else:
        columns["sibling_gap"] = own - _best_sibling(parent, own, c)
    _node_space(index, batch, c, columns)
    if c.near is not None:
        columns |= index.votes.features(c.near, c.query, c.node)
    n_children = np.diff(t.child_ptr)[c.node]
    columns["information"] = index.information[c.node]
    columns["depth"] = t.depth[c.node].astype(np.float32)
    columns["n_children"] = np.log1p(n_children).astype(np.float32)
    columns["is_leaf"] = (n_children == 0).astype(np.float32)


def _relatives(scores: NodeScores, c: Candidates, ptr: Array, rows: Array) -> Array:
    """Return the best score among each candidate's parents (or children); 0 without any."""
    if scores.channels:
        return scores.of_relatives(c.query, c.node, (ptr, rows), _MOST_CHILDREN)
    counts = np.minimum(np.diff(ptr)[c.node], _MOST_CHILDREN)
    other = rows[ranges(ptr[c.node], counts)].astype(np.int64)
    values = scores.at(np.repeat(c.query, counts), other)
    return gathered(np.maximum, values, counts)


def _best_sibling(parent: Array, own: Array, c: Candidates) -> Array:
    """Return the best score among the other candidates with the same primary parent, else 0."""
    key = c.query * np.int64(parent.max(initial=0) + 2) + parent + 1
    order = np.lexsort((-own, key))
    key, value = key[order], own[order]
    n = len(key)
    first = np.ones(n, bool)
    first[1:] = key[1:] != key[:-1]
    start = np.maximum.accumulate(np.where(first, np.arange(n), 0))
    second = np.minimum(start + 1, max(n - 1, 0))
    has_second = (key[second] == key) & (second > start) if n else np.zeros(0, bool)
    other = np.where(first, np.where(has_second, value[second], 0.0), value[start])
    out = np.zeros(n, np.float32)
    out[order] = other
    return out


def _node_space(index: MappingIndex, batch: Batch, c: Candidates, columns: Columns) -> None:
    """Agreement with the point predicted for the query and with the centroid of its top 20."""
    vectors = index.parts.node_vectors
    if vectors.shape[1] == 0:
        return
    points = None
    if index.parts.encoder is not None and index.parts.node_map.size:
        points = unit_rows(batch.vectors @ index.parts.node_map)
    weight = np.exp(12.0 * columns["fused_gap"]) * (columns["fused_rank"] < np.log(21.0))
    if kernels.compiled() and vectors.dtype == np.float16:
        agreement, centroid = pairs.space_scores(vectors, points, c.node, weight, c.ptr)
    else:
        agreement, centroid = _space_scores(vectors, points, c, weight)
    if points is not None:
        columns["node_point"] = agreement
        columns["node_point_gap"] = agreement - best_of_run(agreement, c.ptr)
    columns["centroid"] = centroid


def _space_scores(
    vectors: Array, points: Array | None, c: Candidates, weight: Array
) -> tuple[Array, Array]:
    """Return what `pairs.space_scores` does."""
    mine = vectors[c.node].astype(np.float32)
    agreement = np.zeros(len(mine), np.float32)
    if points is not None:
        agreement = np.einsum("ij,ij->i", mine, points[c.query])
    total = np.zeros((len(c.ptr) - 1, vectors.shape[1]), np.float32)
    filled = np.diff(c.ptr) > 0
    if len(mine):
        total[filled] = np.add.reduceat(mine * weight[:, None], c.ptr[:-1][filled], axis=0)
    # A candidate must not agree with itself: its own share is taken out of the centroid.
    rest = total[c.query] - mine * weight[:, None]
    return agreement, np.einsum("ij,ij->i", mine, unit_rows(rest))
