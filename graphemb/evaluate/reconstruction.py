"""ReconstructionTask: how much of the graph, hop by hop, can be read back from the vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.evaluate import _ranking as ranking
from graphemb.evaluate._hops import hops_of, pattern
from graphemb.evaluate._intervals import sample_interval
from graphemb.evaluate._scoring import Scorer
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.scores import ScoreTable

__all__ = ["ReconstructionTask"]

Array = np.ndarray[Any, Any]

#: Graphs of up to this many nodes are measured whole, larger ones by a sample of `_SAMPLE`.
_WHOLE, _SAMPLE = 200_000, 20_000
#: Scores held at a time: 80 MB.
_BLOCK = 20_000_000


class ReconstructionTask(GraphTask):
    """Mean average precision of finding the nodes k hops away (after RESTORE, arXiv 2308.14659).

    For a node i, all other nodes are ranked by ``score(i, ·)``; relevant are::

        exact   R_k(i) = {j : d(i, j) = k}         within  R_k(i) = {j : 1 ≤ d(i, j) ≤ k}
        AP(i)   = 1/|R| · Σ_{j ∈ R} precision at j's rank        MAP = mean over i with R ≠ ∅

    Parameters
    ----------
    hops : sequence of int
        The k, at least 1 each.
    precisions : sequence of int
        Where precision@k is reported, beside the average precision.
    score : {"auto", "own", "cosine", "dot", "distance"}
        ``auto``: the score that belongs to the method (HOPE: source · target, SDNE: decoder), else
        cosine. Another score moves MAP more than another method does.
    undirected : bool
        Whether direction is ignored in walking; else hops follow edges.
    n_queries : int, optional
        How many nodes are asked, drawn at random; intervals are given then. Left out: all up to
        200,000 nodes, 20,000 above.
    convention : {"exact", "gem"}
        ``gem``: MAP as the GEM toolkit computes it, hop 1 only, for comparing with figures
        published that way: pairs i < j of an undirected graph under their smaller end, scores ≤ 0
        dropped, and divided by the neighbours found, so that missed ones cost nothing.
    random_state : int
        Draws the sample.

    Notes
    -----
    Metrics: ``map_exact``, ``map_within``, ``precision@K_exact``, ``precision@K_within``, with the
    hop in column k; each with ``_random`` appended for the expectation under a random order
    (relevant sets grow with k, and so does chance). The definition of R_k and its two readings are
    ours: the paper's text was not available. Average precision is divided by the true number of
    relevant nodes, both directions of an edge are asked, equal scores count with their
    expectation over all orders, and the node itself is no candidate.
    Exact by blocks of matrix products: O(n²·dim) time, O(n · block) memory, block · n ≤ 20M.

    Examples
    --------
    >>> from graphemb import Embedding, Graph
    >>> chain = Graph.from_edges([("a", "b"), ("b", "c")])
    >>> line = Embedding(chain.nodes, [[0.0], [1.0], [2.1]])
    >>> table = ReconstructionTask(hops=[1], score="distance").run(chain, line)
    >>> table.value(metric="map_exact"), round(table.value(metric="map_exact_random"), 3)
    (1.0, 0.833)

    """

    def __init__(
        self,
        hops: Sequence[int] = (1, 2, 3),
        precisions: Sequence[int] = (10,),
        score: str = "auto",
        undirected: bool = False,
        n_queries: int | None = None,
        convention: Literal["exact", "gem"] = "exact",
        random_state: int = 0,
    ) -> None:
        self.hops = hops
        self.precisions = precisions
        self.score = score
        self.undirected = undirected
        self.n_queries = n_queries
        self.convention = convention
        self.random_state = random_state

    def _check(self) -> None:
        for name in ("hops", "precisions"):
            values = getattr(self, name)
            if not all(isinstance(v, int) and v >= 1 for v in values) or not len(self.hops):
                raise ParameterError(
                    f"ReconstructionTask: {name} must be integers ≥ 1; got {shown(values)}."
                )
        if max(self.hops) > 120:
            raise ParameterError(f"ReconstructionTask: hops must be ≤ 120; got {max(self.hops)}.")
        if self.convention not in ("exact", "gem"):
            raise ParameterError(
                f"ReconstructionTask: convention must be 'exact' or 'gem'; "
                f"got {shown(self.convention)}."
            )
        if self.n_queries is not None and self.n_queries < 1:
            raise ParameterError(
                f"ReconstructionTask: n_queries must be ≥ 1; got {shown(self.n_queries)}."
            )

    def run(self, graph: Any, method: Any, **_: Any) -> ScoreTable:
        """Return MAP and precision@k by hop, each with its random expectation.

        Raises
        ------
        ParameterError
            When a setting lies outside its domain, or no node has a relevant one.

        """
        self._check()
        known = Graph.of(graph)
        rows = Rows("reconstruction", method)
        scorer = Scorer(known, method, self.score)
        edges = pattern(known, self.undirected)
        if not edges.nnz:
            raise ParameterError("ReconstructionTask: the graph must have an edge; it has none.")
        asked = self._asked(known.n_nodes)
        if self.convention == "gem":
            self._gem(rows, scorer, edges, asked, known.directed and not self.undirected)
            return rows.table()
        harmonic = np.r_[0.0, np.cumsum(1.0 / np.arange(1, known.n_nodes + 1))]
        parts = [self._block(scorer, edges, b, harmonic) for b in _blocks(asked, known.n_nodes)]
        for name in parts[0]:
            values = np.concatenate([part[name] for part in parts])
            self._report(rows, name, values, len(asked), known.n_nodes, scorer.name)
        return rows.table()

    def _asked(self, n: int) -> Array:
        wanted = self.n_queries or (n if n <= _WHOLE else _SAMPLE)
        if wanted >= n:
            return np.arange(n)
        rng = stream(self.random_state, "reconstruction")
        return np.sort(rng.choice(n, wanted, replace=False))

    @staticmethod
    def _report(
        rows: Rows, name: tuple[str, int], values: Array, asked: int, n: int, score: str
    ) -> None:
        """Add the mean over the nodes with a relevant one; the sample's share scales N."""
        good = values[~np.isnan(values)]
        if not len(good):
            return
        population = round(len(good) * n / asked)
        low, high = sample_interval(good, population)
        rows.add(name[0], good.mean(), k=name[1], low=low, high=high, n=len(good), split=score)

    def _block(
        self, scorer: Scorer, edges: Any, asked: Array, harmonic: Array
    ) -> dict[tuple[str, int], Array]:
        """Return, by (metric, hop), a value for each node of the block; NaN without relevants."""
        n, b = edges.shape[0], len(asked)
        scores = scorer(asked)
        scores[np.arange(b), asked] = -np.inf
        query, column, hop = hops_of(edges, asked, max(self.hops))
        greater, equal = ranking.counts(scores, query, column)
        found: dict[tuple[str, int], Array] = {}
        for k in self.hops:
            for name, chosen in (("exact", hop == k), ("within", hop <= k)):
                q, g, e = query[chosen], greater[chosen], equal[chosen]
                number = np.bincount(q, minlength=b)
                none = np.where(number > 0, 0.0, np.nan)
                ap = ranking.average_precision(q, g, e, b, harmonic)
                chance = ranking.random_average_precision(number, n - 1, harmonic)
                found[f"map_{name}", k] = ap + none
                found[f"map_{name}_random", k] = chance + none
                for at in self.precisions:
                    value = ranking.precision_at(at, q, g, e, b)
                    most = min(at, n - 1) / at
                    found[f"precision@{at}_{name}", k] = value + none
                    found[f"precision@{at}_{name}_random", k] = number / (n - 1) * most + none
        return found

    def _gem(self, rows: Rows, scorer: Scorer, edges: Any, asked: Array, directed: bool) -> None:
        """GEM's computeMAP (palash1992/GEM, gem/evaluation/metrics.py), quirks and all."""
        n = edges.shape[0]
        values = []
        for block in _blocks(asked, n):
            for i, line in zip(block, scorer(block), strict=True):
                true = edges.indices[edges.indptr[i] : edges.indptr[i + 1]]
                if not len(true):
                    continue
                start = 0 if directed else int(i) + 1
                candidates = np.arange(start, n)
                candidates = candidates[(line[start:] > 0) & (candidates != i)]
                order = candidates[np.argsort(-line[candidates], kind="stable")]
                hit = np.isin(order, true)
                precision = np.cumsum(hit) / np.arange(1, len(order) + 1)
                values.append(float(precision[hit].mean()) if hit.any() else 0.0)
        found = np.array(values)
        low, high = sample_interval(found, round(len(found) * n / len(asked)))
        rows.add("map_gem", found.mean(), k=1, low=low, high=high, n=len(found), split=scorer.name)


def _blocks(asked: Array, n: int) -> Iterator[Array]:
    step = max(1, _BLOCK // max(n, 1))
    for start in range(0, len(asked), step):
        yield asked[start : start + step]
