"""Features from the place of a candidate in the hierarchy."""

from __future__ import annotations

from typing import Any

import numpy as np

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
    columns["sibling_gap"] = own - _best_sibling(index, own, c)
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
    counts = np.minimum(np.diff(ptr)[c.node], _MOST_CHILDREN)
    other = rows[ranges(ptr[c.node], counts)].astype(np.int64)
    values = scores.at(np.repeat(c.query, counts), other)
    return gathered(np.maximum, values, counts)


def _best_sibling(index: MappingIndex, own: Array, c: Candidates) -> Array:
    """Return the best score among the other candidates with the same primary parent, else 0."""
    t = index.taxonomy
    has_parent = np.diff(t.parent_ptr) > 0
    parent = np.full(t.n_nodes, -1, np.int64)
    parent[has_parent] = t.parent_rows[t.parent_ptr[:-1][has_parent]]
    key = c.query * np.int64(t.n_nodes + 1) + parent[c.node] + 1
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
    mine = vectors[c.node].astype(np.float32)
    if index.parts.encoder is not None and index.parts.node_map.size:
        point = unit_rows(batch.vectors @ index.parts.node_map)
        agreement = np.einsum("ij,ij->i", mine, point[c.query])
        columns["node_point"] = agreement
        columns["node_point_gap"] = agreement - best_of_run(agreement, c.ptr)
    fused = columns["fused"]
    weight = np.exp(12.0 * columns["fused_gap"]) * (columns["fused_rank"] < np.log(21.0))
    total = np.zeros((len(c.ptr) - 1, vectors.shape[1]), np.float32)
    filled = np.diff(c.ptr) > 0
    if len(fused):
        total[filled] = np.add.reduceat(mine * weight[:, None], c.ptr[:-1][filled], axis=0)
    # A candidate must not agree with itself: its own share is taken out of the centroid.
    rest = total[c.query] - mine * weight[:, None]
    columns["centroid"] = np.einsum("ij,ij->i", mine, unit_rows(rest))
