"""LinkPredictionTask: can edges that were held out before embedding be told from other pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import LeakError, ParameterError, shown
from graphemb.evaluate import _ranking as ranking
from graphemb.evaluate._edges import EdgeSplit, negative_pairs, split_edges
from graphemb.evaluate._logistic import one_vs_rest, standardised
from graphemb.evaluate._scoring import Scorer, embedding_of, fitted, unfitted_copy
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.scores import ScoreTable

__all__ = ["BASELINES", "OPERATORS", "LinkPredictionTask"]

Array = np.ndarray[Any, Any]

#: Edge features of node2vec (Grover and Leskovec 2016, table 1).
OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "average": lambda a, b: (a + b) / 2,
    "hadamard": lambda a, b: a * b,
    "weighted_l1": lambda a, b: np.abs(a - b),
    "weighted_l2": lambda a, b: (a - b) ** 2,
}
BASELINES = ("adamic_adar", "common_neighbors", "jaccard", "preferential_attachment")


class LinkPredictionTask(GraphTask):
    """AUC, average precision and hits@k of held-out edges among pairs that are none.

    Edges are held out first, the method is fitted on what is left, and the code refuses to go on
    when a held-out pair is found there (`LeakError`).

    Parameters
    ----------
    share : float
        Share of the edges held out, within (0, 1).
    keep_connected : bool
        Whether a spanning forest stays (see `split_edges`).
    negatives : sequence of {"uniform", "degree", "two-hop"}
        How pairs that are no edges are drawn, as many as held-out edges; each has rows of its own.
        Uniform ones are easy: most are far apart, and any notion of degree tells them.
    scores : sequence of str
        ``auto`` (the method's own or cosine), ``own``, ``cosine``, ``dot``, ``distance``.
    operators : sequence of {"average", "hadamard", "weighted_l1", "weighted_l2"}
        Edge features given to a logistic regression (standardised columns, C = 1), trained on
        edges and non-edges of the graph to learn from alone.
    ks : sequence of int
        The k of hits@k: share of held-out edges above the k-th best negative.
    baselines : bool
        Whether the four neighbourhood heuristics of the graph to learn from are measured too.
    n_train : int
        At most so many edges train the regression.
    random_state : int

    Notes
    -----
    Metrics: ``auc_S``, ``ap_S``, ``hits@k_S`` with S a score, operator or baseline; split holds
    the kind of negatives. A random score has AUC ½ and AP ``ap_random``. AUC's interval is
    DeLong's: it bounds the noise of the pairs drawn, not of the split; give several seeds for
    that. One vector pair has no direction under these operators; a directed method's own score
    has. Vectors made elsewhere: ``split_edges`` first, embed ``split.train``, then
    ``run(split, embedding)``.

    """

    refits: ClassVar[bool] = True

    def __init__(
        self,
        share: float = 0.5,
        keep_connected: bool = True,
        negatives: Sequence[str] = ("uniform", "degree", "two-hop"),
        scores: Sequence[str] = ("auto", "dot"),
        operators: Sequence[str] = ("average", "hadamard", "weighted_l1", "weighted_l2"),
        ks: Sequence[int] = (50,),
        baselines: bool = True,
        n_train: int = 50_000,
        random_state: int = 0,
    ) -> None:
        self.share = share
        self.keep_connected = keep_connected
        self.negatives = negatives
        self.scores = scores
        self.operators = operators
        self.ks = ks
        self.baselines = baselines
        self.n_train = n_train
        self.random_state = random_state

    def run(self, graph: Any, method: Any, **_: Any) -> ScoreTable:
        """Return the measurements; `graph` may be an `EdgeSplit` made by `split_edges`.

        Raises
        ------
        LeakError
            When an `Embedding` is given with a graph that was not split, or the split leaks.
        ParameterError
            When nothing can be held out or no negative pair exists.

        """
        for name in self.operators:
            if name not in OPERATORS:
                raise ParameterError(
                    f"LinkPredictionTask: operators are {', '.join(OPERATORS)}; got {shown(name)}."
                )
        rows = Rows("link_prediction", method)
        if isinstance(graph, EdgeSplit):
            split, learned = graph.check(), fitted(graph.train, method)
        else:
            split, learned = self._split(graph, method)
        rows.add("held_out_share", len(split.test) / _n_pairs(split.graph), n=len(split.test))
        negatives = {k: self._negatives(split, k) for k in self.negatives}
        for scored, held, others in self._scored(split, learned, negatives):
            for kind, low in others.items():
                self._report(rows, scored, kind, held, low)
        for kind, pairs in negatives.items():
            n = len(split.test) + len(pairs)
            rows.add("ap_random", len(split.test) / n, split=kind, n=n)
        return rows.table()

    def _split(self, graph: Any, method: Any) -> tuple[EdgeSplit, Any]:
        if isinstance(method, Embedding) or "embedding_" in vars(method):
            raise LeakError(
                "link_prediction: vectors made before the split may know the held-out edges. Give "
                "an unfitted embedder, or embed split_edges(graph).train and pass the split."
            )
        split = split_edges(graph, self.share, self.random_state, self.keep_connected)
        return split, unfitted_copy(method).fit(split.train)

    def _negatives(self, split: EdgeSplit, kind: str) -> Array:
        n = len(split.test)
        return negative_pairs(split.graph, split.test, kind, n, self.random_state)

    def _report(self, rows: Rows, scored: str, kind: str, held: Array, others: Array) -> None:
        n = len(held) + len(others)
        value, low, high = ranking.auc(held, others)
        rows.add(f"auc_{scored}", value, split=kind, low=low, high=high, n=n)
        ap = ranking.two_sample_average_precision(held, others)
        rows.add(f"ap_{scored}", ap, split=kind, n=n)
        for k in self.ks:
            hits = ranking.hits_at(k, held, others)
            rows.add(f"hits@{k}_{scored}", hits, k=k, split=kind, n=n)

    def _scored(
        self, split: EdgeSplit, method: Any, negatives: dict[str, Array]
    ) -> Iterator[tuple[str, Array, dict[str, Array]]]:
        """Yield (name, scores of the held-out edges, scores of each kind of negatives)."""
        for name in self.scores:
            scorer = Scorer(split.train, method, name)
            low = {kind: scorer.pairs(pairs) for kind, pairs in negatives.items()}
            yield scorer.name, scorer.pairs(split.test), low
        vectors = embedding_of(split.train, method).vectors
        for name in self.operators:
            yield name, *self._by_operator(split, vectors, OPERATORS[name], negatives)
        if self.baselines:
            for name in BASELINES:
                low = {k: _heuristic(name, split.train, pairs) for k, pairs in negatives.items()}
                yield name, _heuristic(name, split.train, split.test), low

    def _by_operator(
        self, split: EdgeSplit, vectors: Array, operator: Callable[[Array, Array], Array],
        negatives: dict[str, Array],
    ) -> tuple[Array, dict[str, Array]]:  # fmt: skip
        train = split.train.adjacency.tocoo()
        pairs = np.stack([train.row, train.col], axis=1).astype(np.int64)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        if not split.graph.directed:
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
        rng = stream(self.random_state, "link_prediction")
        pairs = pairs[rng.permutation(len(pairs))[: self.n_train]]
        none = negative_pairs(
            split.train, pairs, "uniform", len(pairs), self.random_state, purpose="train"
        )

        def features(some: Array) -> Array:
            return operator(vectors[some[:, 0]], vectors[some[:, 1]])

        truth = np.r_[np.ones(len(pairs)), np.zeros(len(none))][:, None]
        parts = [split.test, *negatives.values()]
        x, *tests = standardised(features(np.r_[pairs, none]), *(features(part) for part in parts))
        cuts = np.cumsum([len(part) for part in parts])[:-1]
        answers = one_vs_rest(x, truth, np.concatenate(tests))[:, 0]
        held, *others = np.split(answers, cuts)
        return held, dict(zip(negatives, others, strict=True))


def _n_pairs(graph: Graph) -> int:
    """Return the number of edges that are no self-loops."""
    return graph.n_edges - int(np.count_nonzero(graph.adjacency.diagonal()))


def _heuristic(name: str, graph: Graph, pairs: Array) -> Array:
    """Return a neighbourhood score of each pair, direction and weights ignored."""
    from scipy.sparse import csr_array

    from graphemb.evaluate._hops import pattern

    edges = pattern(graph, undirected=True)
    degree = np.diff(edges.indptr).astype(np.float64)
    heads, tails = pairs.T
    if name == "preferential_attachment":
        return np.asarray(degree[heads] * degree[tails])
    weight = 1.0 / np.log(np.maximum(degree, 2.0)) if name == "adamic_adar" else degree * 0 + 1
    n = graph.n_nodes
    scale = csr_array((weight, np.arange(n), np.arange(n + 1)), shape=(n, n))
    common = np.empty(len(pairs))
    for start in range(0, len(pairs), 4096):
        part = slice(start, start + 4096)
        common[part] = ((edges[heads[part]] @ scale) * edges[tails[part]]).sum(axis=1)
    if name == "jaccard":
        return np.asarray(common / np.maximum(degree[heads] + degree[tails] - common, 1.0))
    return common
