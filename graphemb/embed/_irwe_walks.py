"""Walks of IRWE: a graph in the order of its ids, uniform numbers keyed by id, anonymous walks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from graphemb.graph import Graph
from graphemb.kernels import mixed
from graphemb.rng import seed_of

__all__ = ["WalkGraph", "anonymous", "every_walk", "mixed", "node_keys", "patterns", "walks"]

Array = np.ndarray[Any, Any]

_GOLDEN, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


@dataclass(frozen=True)
class WalkGraph:
    """A graph to walk: undirected, without self-loops and edges of weight 0, rows sorted by id.

    All of IRWE is computed in this order, so that renumbering nodes changes no bit of a vector.

    Attributes
    ----------
    order : int64 (n,)
        Row of the given graph that each row here is.
    indptr, indices : int64
        CSR of the neighbours.
    probability : float64, aligned with `indices`
        Weight of an edge over the sum of its row.
    ends : float64, aligned with `indices`, or None where all weights are equal
        Cumulative sums of `probability` over the whole array: row i ends at about i + 1.
    keys : uint64 (n,)
        Hash of each id under the seed.

    """

    order: Array
    indptr: Array
    indices: Array
    probability: Array
    ends: Array | None
    keys: Array

    @classmethod
    def of(cls, graph: Graph, random_state: int) -> WalkGraph:
        """Return `graph` ready to be walked under the streams of `random_state`."""
        from scipy.sparse import csr_array

        order = np.array(sorted(range(graph.n_nodes), key=graph.nodes.__getitem__), np.int64)
        matrix = csr_array(graph.to_undirected().adjacency[order][:, order], dtype=np.float64)
        rows = np.repeat(np.arange(len(order)), np.diff(matrix.indptr))
        matrix.data[rows == matrix.indices] = 0.0
        matrix.eliminate_zeros()
        matrix.sort_indices()
        count = np.diff(matrix.indptr)
        total = np.repeat(np.asarray(matrix.sum(axis=1)).ravel(), count)
        probability = matrix.data / total
        equal = len(matrix.data) == 0 or bool((matrix.data == matrix.data[0]).all())
        return cls(
            order=order,
            indptr=matrix.indptr.astype(np.int64),
            indices=matrix.indices.astype(np.int64),
            probability=probability,
            ends=None if equal else np.cumsum(probability),
            keys=node_keys([graph.nodes[i] for i in order], random_state, "irwe"),
        )

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.order)

    @property
    def degrees(self) -> Array:
        """Number of neighbours of each node, int64 (n,)."""
        return np.diff(self.indptr)


def node_keys(nodes: Sequence[str], random_state: int, purpose: str) -> Array:
    """Return uint64 (n,): a hash of each id, a function of the id, the seed and `purpose` alone."""
    seed = seed_of(random_state, purpose).to_bytes(8, "little")
    hashes = (
        hashlib.blake2b(n.encode("utf-8", "surrogatepass"), key=seed, digest_size=8) for n in nodes
    )
    return np.frombuffer(b"".join(h.digest() for h in hashes), np.uint64)


def walks(graph: WalkGraph, roots: Array, n_walks: int, length: int, turn: int) -> Array:
    """Return random walks, int64 (len(roots)·n_walks, length + 1), those of one root together.

    A step goes to a neighbour with probability proportional to the edge's weight; a node without
    neighbours is not left. Walk j of a root in draw `turn` depends on the root's id, j, `turn` and
    what lies around the root: not on rows, nor on which other roots are asked for.
    O(len(roots)·n_walks·length), times log m with unequal weights.
    """
    number = np.arange(n_walks, dtype=np.uint64) + np.uint64(turn) * np.uint64(1 << 32)
    state = mixed(
        graph.keys[roots][:, None] + mixed((number + np.uint64(1)) * np.uint64(_GOLDEN))
    ).ravel()
    out = np.empty((len(state), length + 1), np.int64)
    out[:, 0] = np.repeat(roots, n_walks)
    if not len(graph.indices):
        out[:] = out[:, :1]
        return out
    for step in range(1, length + 1):
        bits = mixed(state + np.uint64(step * _GOLDEN & _MASK))
        uniform = (bits >> np.uint64(11)).astype(np.float64) / 2.0**53
        out[:, step] = _stepped(graph, out[:, step - 1], uniform)
    return out


def _stepped(graph: WalkGraph, at: Array, uniform: Array) -> Array:
    first, last = graph.indptr[at], graph.indptr[at + 1] - 1
    if graph.ends is None:
        edge = first + (uniform * (last - first + 1)).astype(np.int64)
    else:
        before = np.where(first > 0, graph.ends[first - 1], 0.0)
        edge = np.searchsorted(graph.ends, before + uniform, side="right")
    edge = np.clip(edge, first, np.maximum(first, last))
    there = graph.indices[np.minimum(edge, len(graph.indices) - 1)]
    return np.where(last >= first, there, at)


@cache
def patterns(length: int) -> Array:
    """Return every anonymous walk of `length` steps, int8 (B, length + 1), in order of its digits.

    A node of a walk is replaced by how many distinct nodes were met before its first visit. No two
    digits in a row are equal, so there are Bell-number many: 1, 2, 5, 15, 52, 203, 877, 4140.

    Examples
    --------
    >>> patterns(2).tolist()
    [[0, 1, 0], [0, 1, 2]]

    """
    found: list[tuple[int, ...]] = [(0,)]
    for _ in range(length):
        found = [(*walk, nxt) for walk in found for nxt in range(max(walk) + 2) if nxt != walk[-1]]
    return np.array(found, np.int8)


def anonymous(walked: Array) -> Array:
    """Return the row in `patterns` of each walk, int64; their number for one that never moves."""
    length = walked.shape[1] - 1
    digits = np.zeros(walked.shape, np.int64)
    fresh = np.ones(len(walked), np.int64)
    for step in range(1, length + 1):
        same = walked[:, :step] == walked[:, step, None]
        seen = same.any(axis=1)
        first = np.take_along_axis(digits, same.argmax(axis=1)[:, None], axis=1).ravel()
        digits[:, step] = np.where(seen, first, fresh)
        fresh += ~seen
    known = patterns(length)
    place = (length + 1) ** np.arange(length, -1, -1, dtype=np.int64)
    row = np.searchsorted(known @ place, digits @ place)
    return np.where(fresh > 1, row, len(known))


def every_walk(graph: WalkGraph, length: int) -> tuple[Array, Array]:
    """Return all walks of `length` steps from all nodes and the probability of each, float64."""
    walked = np.arange(graph.n_nodes, dtype=np.int64)[:, None]
    weight = np.ones(graph.n_nodes)
    for _ in range(length):
        count = graph.degrees[walked[:, -1]]
        ways = np.maximum(count, 1)
        ends = np.cumsum(ways)
        nth = np.arange(ends[-1]) - np.repeat(ends - ways, ways)
        walked, weight = np.repeat(walked, ways, axis=0), np.repeat(weight, ways)
        reached = walked[:, -1].copy()
        moves = np.repeat(count > 0, ways)
        edge = graph.indptr[reached[moves]] + nth[moves]
        reached[moves] = graph.indices[edge]
        weight[moves] *= graph.probability[edge]
        walked = np.column_stack([walked, reached])
    return walked, weight
