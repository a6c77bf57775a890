"""Held-out edges, chosen before anything is embedded, and pairs that are no edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.errors import LeakError, ParameterError, shown
from graphemb.graph import Graph
from graphemb.rng import stream

__all__ = ["NEGATIVES", "EdgeSplit", "negative_pairs", "split_edges"]

Array = np.ndarray[Any, Any]
NEGATIVES = ("uniform", "degree", "two-hop")


@dataclass(frozen=True)
class EdgeSplit:
    """A graph, the part of it that a method may see, and the edges that it may not.

    Attributes
    ----------
    graph, train : Graph
        The same nodes; `train` has none of the held-out pairs, in no direction.
    test : int64 (m, 2)
        Rows of the held-out edges' ends, sorted.

    """

    graph: Graph
    train: Graph
    test: Array

    def check(self) -> EdgeSplit:
        """Return the split; raise `LeakError` when `train` knows a held-out pair."""
        if self.graph.nodes != self.train.nodes:
            raise LeakError("split: the graph to learn from must have the same nodes, in order.")
        known = _codes(_pairs(self.train.adjacency), self.graph.n_nodes)
        held = _codes(self.test, self.graph.n_nodes)
        back = _codes(self.test[:, ::-1], self.graph.n_nodes)
        leaked = int(np.isin(held, known).sum() + np.isin(back, known).sum())
        if leaked:
            raise LeakError(f"split: {leaked} held-out edges are in the graph to learn from.")
        full = _codes(_pairs(self.graph.adjacency), self.graph.n_nodes)
        if not np.isin(held, full).all():
            raise LeakError("split: held-out pairs must be edges of the graph; some are not.")
        return self


def _pairs(adjacency: Any) -> Array:
    entries = adjacency.tocoo()
    there = entries.data > 0
    return np.stack([entries.row[there], entries.col[there]], axis=1).astype(np.int64)


def _codes(pairs: Array, n: int) -> Array:
    return np.asarray(pairs[:, 0] * n + pairs[:, 1])


def split_edges(
    graph: Any, share: float = 0.5, random_state: int = 0, keep_connected: bool = True
) -> EdgeSplit:
    """Return `graph` with a random `share` of its edges held out.

    With `keep_connected`, a random spanning forest stays, so that no component falls apart
    (node2vec's protocol, Grover and Leskovec 2016, section 4.4). Two opposite arcs of a directed
    graph are held out or kept together; self-loops stay. Edges are drawn after the forest is:
    where fewer lie outside it than `share` asks for, all those are held out (see ``len(test)``).
    O(m log m).

    Raises
    ------
    ParameterError
        When `share` is not within (0, 1), or no edge can be held out.

    Examples
    --------
    >>> from graphemb import Graph
    >>> ring = Graph.from_edges([(i, (i + 1) % 5) for i in range(5)])
    >>> split = split_edges(ring, 0.2)
    >>> split.train.n_edges, len(split.test)
    (4, 1)

    """
    if not 0 < share < 1:
        raise ParameterError(f"split_edges: share must be within (0, 1); got {shown(share)}.")
    known = Graph.of(graph)
    rng = stream(random_state, "split_edges")
    pairs = _pairs(known.adjacency)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    ends = np.unique(np.sort(pairs, axis=1), axis=0)
    free = _outside_forest(ends, known.n_nodes, rng) if keep_connected else np.arange(len(ends))
    wanted = min(round(share * len(ends)), len(free))
    if not wanted:
        raise ParameterError(
            f"split_edges: no edge can be held out of {known!r} with share={share} and "
            f"keep_connected={keep_connected}. A forest needs keep_connected=False."
        )
    chosen = ends[rng.permutation(free)[:wanted]]
    both = _codes(np.r_[chosen, chosen[:, ::-1]], known.n_nodes)
    test = pairs[np.isin(_codes(pairs, known.n_nodes), both)]
    train = _without(known, both)
    if not known.directed:
        test = test[test[:, 0] < test[:, 1]]
    return EdgeSplit(known, train, test[np.lexsort(test.T[::-1])]).check()


def _without(graph: Graph, codes: Array) -> Graph:
    from scipy.sparse import coo_array

    entries = graph.adjacency.tocoo()
    at = entries.row.astype(np.int64) * graph.n_nodes + entries.col
    keep = ~np.isin(at, codes)
    left = (entries.data[keep], (entries.row[keep], entries.col[keep]))
    return Graph(coo_array(left, shape=entries.shape), graph.nodes, graph.directed)


def _outside_forest(ends: Array, n: int, rng: np.random.Generator) -> Array:
    """Return the edges outside a random spanning forest (least random weights)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    rank = rng.permutation(len(ends)) + 1.0
    tree = minimum_spanning_tree(csr_array((rank, (ends[:, 0], ends[:, 1])), shape=(n, n)))
    kept = np.asarray(tree.data, np.int64)
    return np.flatnonzero(~np.isin(rank.astype(np.int64), kept))


def negative_pairs(
    graph: Graph, like: Array, kind: str, n: int, random_state: int, purpose: str = "test"
) -> Array:
    """Return up to `n` distinct pairs that are no edge of `graph` in any direction, int64 (·, 2).

    ``uniform``: both ends at random. ``degree``: ends drawn from the ends of the pairs `like`, so
    that hubs are as common among negatives as among positives. ``two-hop``: ends with a common
    neighbour. Fewer come back where the graph has fewer (30 rounds are tried).

    Raises
    ------
    ParameterError
        When `kind` is unknown or no such pair is found.

    """
    if kind not in NEGATIVES:
        raise ParameterError(f"negatives: must be among {', '.join(NEGATIVES)}; got {shown(kind)}.")
    rng = stream(random_state, "negatives", purpose, kind)
    size = graph.n_nodes
    edges = _pairs(graph.adjacency)
    taken = np.unique(_codes(np.r_[edges, edges[:, ::-1]], size))
    found = np.zeros(0, np.int64)
    for _ in range(30):
        pairs = _DRAWS[kind](graph, like, 2 * n + 16, rng)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        if not graph.directed:
            pairs = np.sort(pairs, axis=1)
        codes = _codes(pairs, size)
        codes = codes[~np.isin(codes, taken)]
        _, first = np.unique(np.r_[found, codes], return_index=True)
        found = np.r_[found, codes][np.sort(first)][:n]
        if len(found) == n:
            break
    if not len(found):
        raise ParameterError(
            f"negatives: {graph!r} has no {kind} pair that is no edge. Leave {kind!r} out."
        )
    return np.stack(np.divmod(found, size), axis=1)


def _uniform(graph: Graph, _like: Array, n: int, rng: np.random.Generator) -> Array:
    return rng.integers(0, graph.n_nodes, (n, 2))


def _by_degree(graph: Graph, like: Array, n: int, rng: np.random.Generator) -> Array:
    heads, tails = rng.integers(0, len(like), (2, n))
    if graph.directed:
        return np.stack([like[heads, 0], like[tails, 1]], axis=1)
    sides = rng.integers(0, 2, (2, n))
    return np.stack([like[heads, sides[0]], like[tails, sides[1]]], axis=1)


def _two_hop(graph: Graph, _like: Array, n: int, rng: np.random.Generator) -> Array:
    """Draw a middle by its number of wedges, then two of its neighbours."""
    edges = graph.to_undirected().adjacency
    degree = np.diff(edges.indptr).astype(np.float64)
    wedges = degree * (degree - 1)
    if wedges.sum() == 0:
        return np.zeros((0, 2), np.int64)
    middle = rng.choice(graph.n_nodes, n, p=wedges / wedges.sum())
    offsets = np.floor(rng.random((2, n)) * degree[middle]).astype(np.int64)
    return np.stack(
        [edges.indices[edges.indptr[middle] + o].astype(np.int64) for o in offsets], axis=1
    )


_DRAWS = {"uniform": _uniform, "degree": _by_degree, "two-hop": _two_hop}
