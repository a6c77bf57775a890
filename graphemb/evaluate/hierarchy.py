"""HierarchyTask: do vectors keep ancestors, parents, siblings, depth and path length."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.evaluate import _ranking as ranking
from graphemb.evaluate._hops import pattern
from graphemb.evaluate._intervals import sample_interval
from graphemb.evaluate._metrics import spearman
from graphemb.evaluate._scoring import Scorer, embedding_of
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.scores import ScoreTable
from graphemb.taxonomy import Taxonomy

__all__ = ["HierarchyTask"]

Array = np.ndarray[Any, Any]
_RELATIONS = ("ancestors", "parents", "children", "siblings")


class HierarchyTask(GraphTask):
    """What of a taxonomy can be read back from the vectors of its nodes.

    Parameters
    ----------
    score : {"auto", "own", "cosine", "dot", "distance"}
        Ranks the other nodes for the first four metrics.
    n_queries : int
        Nodes asked, drawn at random (all when there are fewer).
    random_state : int

    Notes
    -----
    Metrics: ``map_ancestors``, ``map_parents``, ``map_children``, ``map_siblings`` (other children
    of a parent), each mean average precision over the asked nodes that have any, with its
    ``_random`` expectation; ``depth_r2``, the share of depth's variance explained by ridge
    regression on the vectors (five folds, penalty dim on standardised columns; 0 is the mean, less
    is worse); ``depth_norm``, Spearman's ρ of depth and vector length; ``distance_cosine`` and
    ``distance_euclidean``, Spearman's ρ of the vectors' distance with path length (direction
    ignored) over all pairs of an asked and another node that are connected.
    Time O(queries · (n · dim + edges)).

    """

    needs: ClassVar[tuple[str, ...]] = ("taxonomy",)

    def __init__(self, score: str = "auto", n_queries: int = 500, random_state: int = 0) -> None:
        self.score = score
        self.n_queries = n_queries
        self.random_state = random_state

    def run(self, graph: Any, method: Any, **_: Any) -> ScoreTable:
        """Return the measurements; `graph` is a `Taxonomy`, or a directed acyclic child → parent.

        Raises
        ------
        ParameterError, InputError
            When `graph` is no hierarchy, or `n_queries` is below 1.

        """
        if self.n_queries < 1:
            raise ParameterError(
                f"HierarchyTask: n_queries must be ≥ 1; got {shown(self.n_queries)}."
            )
        taxonomy = _taxonomy(graph)
        known = taxonomy.graph
        rows = Rows("hierarchy", method)
        rng = stream(self.random_state, "hierarchy")
        n = known.n_nodes
        asked = np.sort(rng.choice(n, min(self.n_queries, n), replace=False))
        self._relations(rows, taxonomy, Scorer(known, method, self.score), asked)
        vectors = embedding_of(known, method).vectors.astype(np.float64)
        depth = taxonomy.depth.astype(np.float64)
        if n >= 5 and np.ptp(depth) > 0:
            rows.add("depth_r2", _ridge_r2(vectors, depth, rng), n=n)
            rows.add("depth_norm", spearman(np.linalg.norm(vectors, axis=1), depth), n=n)
        self._distances(rows, known, vectors, asked[: max(1, 2_000_000 // n)])
        return rows.table()

    @staticmethod
    def _relations(rows: Rows, taxonomy: Taxonomy, scorer: Scorer, asked: Array) -> None:
        n = taxonomy.n_nodes
        harmonic = np.r_[0.0, np.cumsum(1.0 / np.arange(1, n + 1))]
        values: dict[str, list[float]] = {}
        for i in asked:
            scores = scorer(np.array([i]))
            scores[0, i] = -np.inf
            for name, relevant in _relatives(taxonomy, int(i)).items():
                if not len(relevant):
                    continue
                query = np.zeros(len(relevant), np.int64)
                greater, equal = ranking.counts(scores, query, relevant)
                ap = ranking.average_precision(query, greater, equal, 1, harmonic)[0]
                number = np.array([len(relevant)])
                chance = ranking.random_average_precision(number, n - 1, harmonic)[0]
                values.setdefault(f"map_{name}", []).append(float(ap))
                values.setdefault(f"map_{name}_random", []).append(float(chance))
        for name, found in values.items():
            array = np.array(found)
            low, high = sample_interval(array, round(len(array) * n / len(asked)))
            rows.add(name, array.mean(), low=low, high=high, n=len(array), split=scorer.name)

    @staticmethod
    def _distances(rows: Rows, graph: Graph, vectors: Array, asked: Array) -> None:
        from scipy.sparse.csgraph import dijkstra

        steps = dijkstra(pattern(graph, undirected=True), unweighted=True, indices=asked)
        steps[np.arange(len(asked)), asked] = np.inf
        there = np.isfinite(steps)
        if not there.any():
            return
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        squares = (vectors**2).sum(axis=1)
        cosine = 1.0 - unit[asked] @ unit.T
        euclidean = squares[asked][:, None] + squares - 2.0 * (vectors[asked] @ vectors.T)
        for name, far in (("cosine", cosine), ("euclidean", euclidean)):
            rows.add(f"distance_{name}", spearman(far[there], steps[there]), n=int(there.sum()))


def _taxonomy(graph: Any) -> Taxonomy:
    if isinstance(graph, Taxonomy):
        return graph
    known = Graph.of(graph)
    if not known.directed:
        raise ParameterError(
            "HierarchyTask: needs a Taxonomy, or a directed graph from child to parent; "
            "got an undirected graph."
        )
    entries = known.adjacency.tocoo()
    pairs = (
        (known.nodes[i], known.nodes[j]) for i, j in zip(entries.row, entries.col, strict=True)
    )
    return Taxonomy(known.nodes, known.nodes, pairs)


def _relatives(taxonomy: Taxonomy, row: int) -> dict[str, Array]:
    """Return the rows that stand in each relation to `row`, itself left out."""
    parents = taxonomy.parent_rows[taxonomy.parent_ptr[row] : taxonomy.parent_ptr[row + 1]]
    children = taxonomy.child_rows[taxonomy.child_ptr[row] : taxonomy.child_ptr[row + 1]]
    ancestors: set[int] = set()
    level = parents.tolist()
    while level:
        ancestors.update(level)
        above: list[int] = []
        for r in level:
            span = slice(taxonomy.parent_ptr[r], taxonomy.parent_ptr[r + 1])
            above += [p for p in taxonomy.parent_rows[span].tolist() if p not in ancestors]
        level = list(dict.fromkeys(above))
    spans = [
        taxonomy.child_rows[taxonomy.child_ptr[p] : taxonomy.child_ptr[p + 1]] for p in parents
    ]
    siblings = np.setdiff1d(np.concatenate(spans), [row]) if spans else np.zeros(0, np.int64)
    found = (np.array(sorted(ancestors), np.int64), parents, children, siblings)
    return {name: np.asarray(r, np.int64) for name, r in zip(_RELATIONS, found, strict=True)}


def _ridge_r2(vectors: Array, depth: Array, rng: np.random.Generator) -> float:
    """Return ``1 - Σ(y - ŷ)² / Σ(y - ȳ)²`` of depth over five folds, ŷ from the other four."""
    n = len(depth)
    fold = rng.permutation(n) % 5
    guess = np.empty(n)
    for k in range(5):
        train, test = fold != k, fold == k
        mean, scale = vectors[train].mean(axis=0), vectors[train].std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        x, level = (vectors[train] - mean) / scale, depth[train].mean()
        gram = x.T @ x + x.shape[1] * np.eye(x.shape[1])
        weight = np.linalg.solve(gram, x.T @ (depth[train] - level))
        guess[test] = (vectors[test] - mean) / scale @ weight + level
    return float(1.0 - ((depth - guess) ** 2).sum() / ((depth - depth.mean()) ** 2).sum())
