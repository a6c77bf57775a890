"""Learning to order candidates, and how good that order is on phrases not learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.estimator import Progress
from graphemb.map.calibrate import Calibrator
from graphemb.map.features import GRAPH_FEATURES, feature_table
from graphemb.map.index import MappingIndex
from graphemb.map.retrieve import Batch
from graphemb.map.trees import BoostedTrees

__all__ = ["FEATURES", "Examples", "Query", "Reranker", "collect", "judge", "learn", "ordered"]

Array = np.ndarray[Any, Any]

#: What the reranker sees, in this order. Nothing here tells how many names a node has.
FEATURES = tuple(sorted({
    *GRAPH_FEATURES, "soft_gap", "soft_query", "soft_name", "soft_worst", "soft_last",
    *(f"{c}{part}" for c in ("char", "word", "dense")
      for part in ("", "_gap", "_rank", "_name", "_label")),
    "fused", "fused_gap", "fused_rank", "is_synonym", "is_other_name",
    "query_coverage", "name_coverage", "node_coverage", "rarest_missing",
    *(f"{c}_{part}" for c in ("number", "side", "pole") for part in ("missing", "extra")),
    "ratio", "token_sort", "token_set", "length_ratio", "name_words", "exact",
    "query_words", "query_unknown",
}))  # fmt: skip


@dataclass(frozen=True)
class Query:
    """A phrase and the rows of its nodes; `weight` in calibration; none right when empty."""

    phrase: str
    nodes: frozenset[int]
    weight: float = 1.0


@dataclass(frozen=True)
class Examples:
    """Pairs of many queries: features, query number, node row, and whether the node is right."""

    X: Array
    query: Array
    node: Array
    right: Array
    columns: Mapping[str, Array]
    n_queries: int
    weight: Array
    answerable: Array

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """Return the examples of all `parts` as one; their queries are numbered on."""
        if len(parts) == 1:
            return parts[0]
        shift = np.cumsum([0, *(p.n_queries for p in parts)])
        columns = set.intersection(*(set(p.columns) for p in parts))
        every = [np.concatenate([getattr(p, name) for p in parts])
                 for name in ("X", "node", "right", "weight", "answerable")]  # fmt: skip
        query = np.concatenate([p.query + s for p, s in zip(parts, shift, strict=False)])
        both = {c: np.concatenate([p.columns[c] for p in parts]) for c in sorted(columns)}
        return cls(every[0], query, every[1], every[2], both, int(shift[-1]), every[3], every[4])


@dataclass(frozen=True)
class Reranker:
    """The trees and the calibrator learned together.

    `exact_wins`: whether a name equal to the phrase goes first by rule. With pairs this is
    learned instead: targets may be leaf codes, say, while a category bears the phrase as label.
    """

    trees: BoostedTrees
    calibrator: Calibrator
    exact_wins: bool = True


def ordered(scores: Array, query: Array, node: Array) -> Array:
    """Return the order by query, best score first, ties by node row."""
    return np.lexsort((node, -scores, query))


def collect(
    index: MappingIndex, queries: Sequence[Query], progress: Progress | None = None, size: int = 128
) -> Examples:
    """Return the candidates of `queries` with features and truth."""
    tables, keys, nodes, right = [], [], [], []
    for start in range(0, len(queries), size):
        part = queries[start : start + size]
        batch = Batch([q.phrase for q in part], index.parts.encoder)
        c = index.candidates(batch)
        tables.append(feature_table(index, batch, c).columns)
        keys.append(c.query + start)
        nodes.append(c.node)
        truth = [part[q].nodes for q in c.query.tolist()]
        right.append(np.array([n in t for n, t in zip(c.node.tolist(), truth, strict=True)], bool))
        if progress:
            progress("collecting candidates", start / len(queries))
    names = sorted({name for table in tables for name in table})
    columns = {name: np.concatenate([table[name] for table in tables]) for name in names}
    query = np.concatenate(keys)
    zero = np.zeros(len(query), np.float32)
    X = np.stack([columns.get(name, zero) for name in FEATURES], axis=1).astype(np.float32)
    weight = np.array([q.weight for q in queries])
    answerable = np.array([bool(q.nodes) for q in queries])
    return Examples(
        X, query, np.concatenate(nodes), np.concatenate(right), columns, len(queries), weight,
        answerable,
    )  # fmt: skip


def learn(
    e: Examples, random_state: int, n_trees: int, exact_wins: bool, n_folds: int = 3,
    progress: Progress | None = None,
) -> tuple[Reranker, dict[str, float]]:  # fmt: skip
    """Return the reranker and its quality, measured on folds of queries it had not seen.

    The calibrator learns from out-of-fold scores; its own quality is measured out of fold too.
    """
    fold = (np.arange(e.n_queries) * 7919) % n_folds
    scores = np.zeros(len(e.query), np.float32)
    for number in range(n_folds):
        if progress:
            progress("learning to rank", number / (n_folds + 1))
        inside = fold[e.query] != number
        trees = BoostedTrees.fit(e.X[inside], e.right[inside], None, random_state, n_trees)
        scores[~inside] = trees.predict(e.X[~inside])
    if progress:
        progress("learning to rank", n_folds / (n_folds + 1))
    trees = BoostedTrees.fit(e.X, e.right, None, random_state, n_trees)
    calibrator, quality = _calibrate(e, scores, fold)
    return Reranker(trees, calibrator, exact_wins), quality


def judge(reranker: Reranker, e: Examples) -> dict[str, float]:
    """Return the quality of a reranker that was learned elsewhere, on queries new to it."""
    scores = reranker.trees.predict(e.X)
    order, ptr, inputs = _ranked(e, scores)
    filled = np.diff(ptr) > 0
    right = e.right[order[ptr[:-1][filled]]]
    plain = (e.weight >= 1.0)[filled]
    return _quality(e, order, ptr, reranker.calibrator.first(inputs), right, plain)


def _ranked(e: Examples, scores: Array) -> tuple[Array, Array, Array]:
    """Return the order of the pairs, where each query's begin, and the calibrator's inputs."""
    order = ordered(scores, e.query, e.node)
    ptr = np.searchsorted(e.query[order], np.arange(e.n_queries + 1))
    return order, ptr, Calibrator.inputs(scores, ptr, order, e.columns)


def _calibrate(e: Examples, scores: Array, fold: Array) -> tuple[Calibrator, dict[str, float]]:
    order, ptr, inputs = _ranked(e, scores)
    filled = np.diff(ptr) > 0
    right = e.right[order[ptr[:-1][filled]]]
    found = np.bincount(e.query, e.right, e.n_queries)[filled] > 0
    weight, plain = e.weight[filled], (e.weight >= 1.0)[filled]
    in_list = float((found & ~right)[plain].sum() / max((~right)[plain].sum(), 1))
    confidence = np.zeros(len(right))
    part = fold[filled]
    for number in np.unique(part):
        inside = part != number
        model = Calibrator.fit(inputs[inside], right[inside], weight[inside], in_list)
        confidence[~inside] = model.first(inputs[~inside])
    calibrator = Calibrator.fit(inputs, right, weight, in_list)
    return calibrator, _quality(e, order, ptr, confidence, right, plain)


def _quality(
    e: Examples, order: Array, ptr: Array, confidence: Array, right: Array, plain: Array
) -> dict[str, float]:
    """Return accuracy@k, calibration error and coverage of the real tuning phrases."""
    filled = np.flatnonzero(np.diff(ptr) > 0)
    position = np.arange(len(order)) - ptr[:-1][e.query[order]]
    rank = np.full(e.n_queries, len(order))
    hits = e.right[order]
    np.minimum.at(rank, e.query[order][hits], position[hits])
    rank = rank[filled][plain]
    n = max(int(plain.sum()), 1)
    p, y = confidence[plain], right[plain].astype(float)
    ece = 0.0
    for part in np.array_split(np.argsort(p, kind="stable"), 15):
        if len(part):
            ece += abs(p[part].mean() - y[part].mean()) * len(part) / n
    precision = np.cumsum(y[np.argsort(-p, kind="stable")]) / np.arange(1, len(y) + 1)
    good = np.flatnonzero(precision >= 0.95)
    return {
        "n": int(plain.sum()),
        "accuracy@1": float((rank < 1).mean()) if len(rank) else 0.0,
        "accuracy@5": float((rank < 5).mean()) if len(rank) else 0.0,
        "accuracy@10": float((rank < 10).mean()) if len(rank) else 0.0,
        "candidates_hold_truth": float((rank < len(order)).mean()) if len(rank) else 0.0,
        "ece": float(ece),
        "coverage@95": float((good[-1] + 1) / n) if len(good) else 0.0,
    }
