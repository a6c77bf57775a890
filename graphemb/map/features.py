"""Features of (query, candidate) pairs: what the reranker sees. No name counts among them.

Everything is an array over all pairs of a batch; nothing loops over pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphemb import kernels
from graphemb.kernels import pairs
from graphemb.map._graph_features import graph_features
from graphemb.map._runs import best_of_run, gap_and_rank
from graphemb.map._text_features import TextMatch, text_features
from graphemb.map.index import FUSION, Candidates, MappingIndex, ranges
from graphemb.map.names import OTHER, SYNONYM
from graphemb.map.retrieve import Batch

__all__ = ["GRAPH_FEATURES", "Table", "feature_table"]

Array = np.ndarray[Any, Any]

#: Cosine of character n-grams from which on a name has letters like the phrase's.
ALIKE = 0.2

#: Features that need the hierarchy; `PhraseMapper(graph=False)` leaves them out.
GRAPH_FEATURES = (
    "parent_dense", "children_dense", "sibling_gap", "parent_char", "children_char",
    "family_coverage", "family_gain", "node_point", "node_point_gap", "centroid",
    "vote_parent", "vote_grandparent", "vote_related", "vote_nearest",
    "information", "depth", "n_children", "is_leaf",
)  # fmt: skip


class Table:
    """Named columns over pairs, and for each pair the row of its best name."""

    def __init__(self, columns: dict[str, Array], best_name: Array, match: TextMatch) -> None:
        self.columns, self.best_name, self.match = columns, best_name, match

    def matrix(self, features: list[str]) -> Array:
        """Return float32 (pairs, len(features)), columns in a row; a missing column is zero."""
        n = len(self.best_name)
        zero = np.zeros(n, np.float32)
        columns = [self.columns.get(name, zero) for name in features]
        rows = [np.asarray(column, np.float32) for column in columns]
        return np.stack(rows).T if rows else np.zeros((n, 0), np.float32)


def _gather(matrix: Array, rows: Array, columns: Array) -> Array:
    taken: Array = matrix.ravel()[rows.astype(np.int64) * matrix.shape[1] + columns]
    return taken


def _best_names(index: MappingIndex, c: Candidates, columns: dict[str, Array]) -> Array:
    """Return for each pair the row of the candidate's name that fits the query best.

    Adds what each channel gives for that name and for the label to `columns`.
    """
    if kernels.compiled():
        starts = index.names.starts
        best, scores = pairs.best_names(list(c.names.values()), starts, c.query, c.node)
        for channel, of_best, of_label in zip(c.names, scores[::2], scores[1::2], strict=True):
            columns[f"{channel}_name"], columns[f"{channel}_label"] = of_best, of_label
        return best
    best, label = _best_name(index, c), index.names.labels[c.node]
    for channel, matrix in c.names.items():
        columns[f"{channel}_name"] = _gather(matrix, c.query, best)
        columns[f"{channel}_label"] = _gather(matrix, c.query, label)
    return best


def _best_name(index: MappingIndex, c: Candidates) -> Array:
    starts = index.names.starts[c.node]
    counts = index.names.starts[c.node + 1] - starts
    name = ranges(starts, counts)
    query = np.repeat(c.query, counts)
    score = sum(_gather(scores, query, name) for scores in c.names.values())
    pair = np.repeat(np.arange(len(c.node)), counts)
    order = np.lexsort((name, -np.asarray(score), pair))
    return np.asarray(name[order[np.concatenate([[0], np.cumsum(counts)[:-1]])]])


def feature_table(index: MappingIndex, batch: Batch, c: Candidates) -> Table:
    """Return the features of all pairs of `c`."""
    columns: dict[str, Array] = {channel: s.at(c.query, c.node) for channel, s in c.nodes.items()}
    columns["fused"] = np.zeros(len(c.node), np.float32)
    for channel in c.nodes:
        columns["fused"] += FUSION[channel] * columns[channel]
    for channel in (*c.nodes, "fused"):
        gap, rank = gap_and_rank(columns[channel], c.query, c.ptr)
        columns[f"{channel}_gap"], columns[f"{channel}_rank"] = gap, np.log1p(rank)
    best = _best_names(index, c, columns)
    kinds = index.names.kinds[best]
    columns["is_synonym"] = (kinds == SYNONYM).astype(np.float32)
    columns["is_other_name"] = (kinds >= OTHER).astype(np.float32)
    match = text_features(index, batch, c, best, columns)
    graph_features(index, batch, c, columns)
    columns["soft_gap"] = columns["soft_query"] - best_of_run(columns["soft_query"], c.ptr)
    return Table(columns, best, match)
