"""LimitTask: where one vector a node stops being enough (after LIMIT, arXiv 2508.21038)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.evaluate._hops import pattern
from graphemb.evaluate._metrics import wilson
from graphemb.evaluate._scoring import embedding_of
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.scores import ScoreTable

__all__ = ["LimitTask"]

Array = np.ndarray[Any, Any]

#: A query separates when the two it wants lead all others by this share of the vectors' length.
_MARGIN = 1e-4
#: Steps of the perceptron; rows whose constraints join the program at a time, and how often.
_STEPS, _ADDED, _ROUNDS = 300, 32, 60


class LimitTask(GraphTask):
    """Which pairs of nodes can be the first two answers to any query vector at all.

    A query q with answers {a, b} is solvable among m nodes with vectors v when::

        ∃ q :  q · v_a > q · v_c  and  q · v_b > q · v_c   for all c ∉ {a, b}

    however q is made, so the share of solvable pairs bounds every encoder that looks up these
    vectors by dot product. The dimension bounds it (sign rank), and so do equal vectors.

    Parameters
    ----------
    sizes : sequence of int
        The m: so many nodes, drawn at random; sizes above the number of nodes mean all of them.
        46 is the smallest with over 1,000 pairs, as in the paper's small set.
    n_queries : int
        Pairs tried a size, drawn at random.
    ks : sequence of int
        The k of recall@k.
    random_state : int

    Notes
    -----
    Metrics, the size in column k: ``solvable``, the share of random pairs that some query solves,
    decided exactly by linear programming (constraints added as they are violated), vectors at
    unit length; ``recall@2_mean``, how many of the two the mean of their own vectors brings up
    first: the naive query. The same pairs of nodes come for every method. ``critical_size`` is
    the largest size at which, as at all smaller ones, every tried pair is solvable (0: none).
    From the graph itself, among all nodes: pairs that are both parents (neighbours, where
    undirected) of one node, as a phrase about two things would ask: ``solvable_pairs`` and
    ``recall@K_pairs`` of the mean of the two. Ours: LIMIT itself trains free vectors and asks in
    words. Where ``solvable`` falls, fuse with a lexical index or keep several vectors a node.

    """

    def __init__(
        self,
        sizes: Sequence[int] = (16, 46, 128, 512),
        n_queries: int = 50,
        ks: Sequence[int] = (2, 10, 100),
        random_state: int = 0,
    ) -> None:
        self.sizes = sizes
        self.n_queries = n_queries
        self.ks = ks
        self.random_state = random_state

    def run(self, graph: Any, method: Any, **_: Any) -> ScoreTable:
        """Return the measurements.

        Raises
        ------
        ParameterError
            When a setting lies outside its domain, or the graph has fewer than four nodes.

        """
        known = Graph.of(graph)
        whole = all(isinstance(s, int) and s >= 4 for s in self.sizes) and self.n_queries >= 1
        if not whole or known.n_nodes < 4:
            raise ParameterError(
                f"LimitTask: needs sizes ≥ 4, n_queries ≥ 1 and four nodes; got "
                f"{shown(self.sizes)}, {shown(self.n_queries)} and {known.n_nodes} nodes."
            )
        rows = Rows("limit", method)
        unit = embedding_of(known, method).normalised().vectors.astype(np.float64)
        order = stream(self.random_state, "limit").permutation(known.n_nodes)
        critical = 0
        for size in sorted({min(s, known.n_nodes) for s in self.sizes}):
            chosen = unit[order[:size]]
            pairs = _pairs(size, self.n_queries, stream(self.random_state, "limit", size))
            solved = self._add(rows, "", chosen, pairs, size, (2,))
            if solved and critical == _below(self.sizes, size):
                critical = size
        rows.add("critical_size", critical, n=known.n_nodes)
        pairs = self._from_graph(known)
        if len(pairs):
            self._add(rows, "_pairs", unit, pairs, known.n_nodes, self.ks)
        return rows.table()

    def _add(
        self, rows: Rows, name: str, vectors: Array, pairs: Array, size: int, ks: Sequence[int]
    ) -> bool:
        """Report one set of pairs; return whether all are solvable."""
        n = len(pairs)
        solved = sum(_solvable(vectors, pair) for pair in pairs)
        low, high = wilson(solved, n)
        rows.add(f"solvable{name}", solved / n, k=size, low=low, high=high, n=n)
        scores = (vectors[pairs[:, 0]] + vectors[pairs[:, 1]]) @ vectors.T
        for k in ks:
            share = float(np.mean([_recall(s, p, k) for s, p in zip(scores, pairs, strict=True)]))
            rows.add(f"recall@{k}{name or '_mean'}", share, k=size, n=n)
        return solved == n

    def _from_graph(self, graph: Graph) -> Array:
        """Return up to `n_queries` distinct pairs of out-neighbours of one node."""
        edges = pattern(graph)
        rng = stream(self.random_state, "limit", "pairs")
        able = np.flatnonzero(np.diff(edges.indptr) >= 2)
        found: dict[tuple[int, int], None] = {}
        for i in rng.permutation(able):
            mine = edges.indices[edges.indptr[i] : edges.indptr[i + 1]]
            a, b = sorted(rng.choice(mine, 2, replace=False).tolist())
            found[a, b] = None
            if len(found) == self.n_queries:
                break
        return np.array(list(found), np.int64).reshape(-1, 2)


def _below(sizes: Sequence[int], size: int) -> int:
    return max((s for s in sizes if s < size), default=0)


def _pairs(n: int, wanted: int, rng: np.random.Generator) -> Array:
    """Return up to `wanted` distinct pairs i < j of n, drawn at random."""
    total = n * (n - 1) // 2
    codes = np.sort(rng.choice(total, min(wanted, total), replace=False))
    i = np.floor(n - 0.5 - np.sqrt((n - 0.5) ** 2 - 2.0 * codes)).astype(np.int64)
    j = codes - i * (2 * n - i - 1) // 2 + i + 1
    return np.stack([i, j], axis=1)


def _recall(scores: Array, pair: Array, k: int) -> float:
    """Return the expected share of the pair among the first k, equal scores in random order."""
    values = scores[pair][:, None]
    above, equal = (scores > values).sum(axis=1), (scores == values).sum(axis=1)
    return float((np.clip(k - above, 0, equal) / equal).mean())


def _solvable(vectors: Array, pair: Array) -> bool:
    """Return whether some query ranks both of `pair` above all other rows.

    A perceptron that steps at the most violated constraint finds most such queries; what it does
    not find is decided by linear programming.
    """
    others = np.ones(len(vectors), bool)
    others[pair] = False
    query = vectors[pair].sum(axis=0)
    for _ in range(_STEPS):
        scores = vectors @ query
        lead = _lead(scores, pair, others)
        if lead.min() > _MARGIN * np.abs(query).max():
            return True
        lower = pair[scores[pair].argmin()]
        query = query + vectors[lower] - vectors[lead.argmin()]
    return _by_program(vectors, pair, others, query)


def _lead(scores: Array, pair: Array, others: Array) -> Array:
    """Return by how much the lower of the pair leads each other row; infinity at the pair."""
    return np.where(others, scores[pair].min() - scores, np.inf)


def _by_program(vectors: Array, pair: Array, others: Array, query: Array) -> bool:
    """Maximise t with ``q · (v_a - v_c) ≥ t``, ``|q_i| ≤ 1``; solvable when t is above 0.

    Rows c join the program when its solution violates them, so that it stays small.
    """
    from scipy.optimize import linprog

    wanted, dim = vectors[pair], vectors.shape[1]
    used = np.zeros(0, np.int64)
    for _ in range(_ROUNDS):
        lead = _lead(vectors @ query, pair, others)
        if lead.min() > _MARGIN * np.abs(query).max():
            return True
        worst = np.argsort(lead, kind="stable")[:_ADDED]
        new = np.setdiff1d(worst[lead[worst] <= _MARGIN * np.abs(query).max()], used)
        if not len(new):
            return False
        used = np.r_[used, new]
        gaps = (vectors[used][None] - wanted[:, None]).reshape(-1, dim)
        limits = np.c_[gaps, np.ones(len(gaps))]
        bounds = [(-1.0, 1.0)] * dim + [(None, 1.0)]
        goal = np.r_[np.zeros(dim), -1.0]
        answer = linprog(goal, A_ub=limits, b_ub=np.zeros(len(gaps)), bounds=bounds)
        if answer.x is None or answer.x[-1] <= _MARGIN:
            return False
        query = answer.x[:-1]
    return False
