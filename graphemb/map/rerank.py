"""Learning to order candidates, and how good that order is on phrases not learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graphemb.bundle import under, under_prefix
from graphemb.estimator import Progress
from graphemb.map._text_features import word_sums
from graphemb.map.calibrate import Calibrator, Ranked
from graphemb.map.features import GRAPH_FEATURES, feature_table
from graphemb.map.index import MappingIndex
from graphemb.map.listnet import Reading
from graphemb.map.ranker import Ranker, unseen_scores
from graphemb.map.retrieve import Batch

__all__ = [
    "FEATURES", "Examples", "Query", "Reranker", "collect", "judge", "learn", "ordered", "ranking",
    "right_ranks",
]  # fmt: skip

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
    """Pairs of many queries: features, query number, node row, and whether the node is right.

    `words` is what the network reads of each pair, float16. Queries of one `group` are held out
    together: their own numbers or, `by_node`, the row of their first node.
    """

    X: Array
    query: Array
    node: Array
    right: Array
    columns: Mapping[str, Array]
    n_queries: int
    weight: Array
    answerable: Array
    words: Array | None
    group: Array
    by_node: bool

    def reading(self, rows: Array | slice = slice(None)) -> Reading | None:
        """Return what a network reads of the pairs of whole queries, if that was collected."""
        if self.words is None:
            return None
        return Reading.of(self.X[rows], self.query[rows], self.words[rows])

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """Return the examples of all `parts` as one; their queries are numbered on."""
        if len(parts) == 1:
            return parts[0]
        shift = np.cumsum([0, *(p.n_queries for p in parts)])
        columns = set.intersection(*(set(p.columns) for p in parts))
        every = {
            name: np.concatenate([getattr(p, name) for p in parts])
            for name in ("X", "node", "right", "weight", "answerable")
        }
        by_node = parts[0].by_node
        groups = [p.group + (0 if by_node else s) for p, s in zip(parts, shift, strict=False)]
        words = [p.words for p in parts if p.words is not None]
        return cls(
            **every, n_queries=int(shift[-1]),
            query=np.concatenate([p.query + s for p, s in zip(parts, shift, strict=False)]),
            columns={c: np.concatenate([p.columns[c] for p in parts]) for c in sorted(columns)},
            words=np.concatenate(words) if len(words) == len(parts) else None,
            group=np.concatenate(groups), by_node=by_node,
        )  # fmt: skip


@dataclass(frozen=True)
class Reranker:
    """The ranker and the calibrator learned together.

    `exact_wins`: whether a name equal to the phrase goes first by rule. With pairs this is
    learned instead: targets may be leaf codes, say, while a category bears the phrase as label.
    """

    ranker: Ranker
    calibrator: Calibrator
    exact_wins: bool = True

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the reranker from."""
        return self.ranker.to_arrays() | under("calibrator", self.calibrator.to_arrays())

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], exact_wins: bool = True) -> Self:
        """Restore the reranker that `to_arrays` gave; see `Ranker.from_arrays`."""
        calibrator = Calibrator.from_arrays(under_prefix("calibrator", arrays))
        return cls(Ranker.from_arrays(arrays, len(FEATURES)), calibrator, exact_wins)


def ordered(scores: Array, query: Array, node: Array) -> Array:
    """Return the order by query, best score first, ties by node row."""
    return np.lexsort((node, -scores, query))


def collect(
    index: MappingIndex, queries: Sequence[Query], progress: Progress | None = None,
    size: int = 128, *, read_words: bool = False, by_node: bool = False,
) -> Examples:  # fmt: skip
    """Return the candidates of `queries` with features and truth.

    `read_words` adds what a network reads; `by_node` groups queries by their (first) node.
    """
    tables, keys, nodes, right, words = [], [], [], [], []
    for start in range(0, len(queries), size):
        part = queries[start : start + size]
        batch = Batch([q.phrase for q in part], index.parts.encoder)
        c = index.candidates(batch)
        table = feature_table(index, batch, c)
        tables.append(table.columns)
        if read_words:
            sums = word_sums(index, table.match, c.query, table.best_name)
            words.append(sums.matrix().astype(np.float16))
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
    group = [min(q.nodes) if by_node and q.nodes else i for i, q in enumerate(queries)]
    return Examples(
        X=X, query=query, node=np.concatenate(nodes), right=np.concatenate(right),
        columns=columns, n_queries=len(queries), weight=weight, answerable=answerable,
        words=np.concatenate(words) if words else None, group=np.array(group, np.int64),
        by_node=by_node,
    )  # fmt: skip


def learn(
    e: Examples, random_state: int, n_trees: int, exact_wins: bool, n_folds: int = 3,
    progress: Progress | None = None,
) -> tuple[Reranker, dict[str, float]]:  # fmt: skip
    """Return the reranker and its quality, measured on folds of queries it had not seen.

    The calibrator learns from out-of-fold scores; its own quality is measured out of fold too.
    Examples with words are learned by `Ranker.listwise`.
    """
    fold = (e.group * 7919) % n_folds

    def grown(inside: Array) -> Ranker:
        X, right, read = e.X[inside], e.right[inside], e.reading(inside)
        if read is None:
            return Ranker.pairwise(X, right, random_state, n_trees)
        return Ranker.listwise(X, read, right, e.query[inside], random_state, n_trees)

    def begun(number: int) -> None:
        if progress:
            progress("learning to rank", number / (n_folds + 1))

    scores, level = unseen_scores(grown, e.X, e.reading, fold[e.query], n_folds, begun)
    begun(n_folds)
    ranker = grown(np.ones(len(e.query), bool))
    order, ptr = ranking(e, scores)
    ranked = Ranked(scores, order, ptr, level)
    calibrator, quality = _calibrate(e, ranked, ptr, fold)
    return Reranker(ranker, calibrator, exact_wins), quality


def judge(reranker: Reranker, e: Examples) -> dict[str, float]:
    """Return the quality of a reranker that was learned elsewhere, on queries new to it."""
    scores = reranker.ranker.scores(e.X, e.reading())
    order, ptr = ranking(e, scores)
    inputs = Calibrator.inputs(reranker.ranker.ranked(e.X, scores, order, ptr), e.columns)
    filled = np.diff(ptr) > 0
    right = e.right[order[ptr[:-1][filled]]]
    plain = (e.weight >= 1.0)[filled]
    return _quality(e, order, ptr, reranker.calibrator.first(inputs), right, plain)


def ranking(e: Examples, scores: Array) -> tuple[Array, Array]:
    """Return the order of the pairs by rank, and where each query's begin."""
    order = ordered(scores, e.query, e.node)
    return order, np.searchsorted(e.query[order], np.arange(e.n_queries + 1))


def right_ranks(e: Examples, order: Array, ptr: Array) -> Array:
    """Return the rank of each query's first right pair, from 0; ``len(order)`` without any."""
    position = np.arange(len(order)) - ptr[:-1][e.query[order]]
    rank = np.full(e.n_queries, len(order))
    hits = e.right[order]
    np.minimum.at(rank, e.query[order][hits], position[hits])
    return rank


def _calibrate(
    e: Examples, ranked: Ranked, ptr: Array, fold: Array
) -> tuple[Calibrator, dict[str, float]]:
    inputs = Calibrator.inputs(ranked, e.columns)
    filled = np.diff(ptr) > 0
    right = e.right[ranked.best]
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
    return calibrator, _quality(e, ranked.order, ptr, confidence, right, plain)


def _quality(
    e: Examples, order: Array, ptr: Array, confidence: Array, right: Array, plain: Array
) -> dict[str, float]:
    """Return accuracy@k, calibration error and coverage of the real tuning phrases."""
    filled = np.flatnonzero(np.diff(ptr) > 0)
    rank = right_ranks(e, order, ptr)[filled][plain]
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
