"""FastRP: random projection of the powers of the transition matrix."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np

from graphemb.embed.base import NodeEmbedder
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, shown
from graphemb.graph import Graph
from graphemb.rng import seed_of

__all__ = ["FastRP"]

Array = np.ndarray[Any, Any]


class FastRP(NodeEmbedder):
    """Fast random projection (Chen et al., CIKM 2019, arXiv 1908.11512).

    With adjacency S, degrees D, transition matrix ``P = D⁻¹S``, projection R (n, dim)::

        L = diag(degree^β)            N₀ = L·R           N_i = P·N_{i-1}
        N = Σ_i α_i · rownorm(N_i)    i = 0 … q

    Parameters
    ----------
    dim : int
        Length of a vector, at least 1; may exceed the number of nodes.
    weights : sequence of float
        α₀ … α_q. α₀ weighs the self term, without which leaves under one parent get one and the
        same vector.
    beta : float
        Degree exponent β; below 0 it damps hubs.
    projection : {"sparse", "gaussian"}
        ``sparse``: entries ±√s with probability 1/(2s) each, else 0, s = √n.
    normalise : bool
        Whether each N_i has its rows scaled to unit length.
    standardise : bool
        Whether columns of N end with mean 0 and variance 1, as in the authors' code. Their means
        and deviations are kept for `transform`.
    random_state : int

    Attributes
    ----------
    embedding_ : Embedding, float32 (n, dim)

    Notes
    -----
    The steps are the paper's section 3.2 (very sparse projection), equation 6 (degree
    normalisation) and algorithm 1 (iteration). Departures: the self term α₀, after Neo4j's
    ``nodeSelfInfluence``; direction is ignored; the rows of R come from a hash of the node's id,
    so that renumbering nodes renumbers rows, and an unseen node has a row. Time O(q·m·dim),
    memory O(m + n·dim). Same seed: the same bits.

    Examples
    --------
    >>> from graphemb import Graph
    >>> ring = Graph.from_edges([("a", "b"), ("b", "c"), ("c", "a")])
    >>> FastRP(dim=8).fit_transform(ring).vectors.shape
    (3, 8)

    """

    def __init__(
        self,
        dim: int = 128,
        weights: Sequence[float] = (0.3, 1.0, 1.0, 1.0, 1.0),
        beta: float = -0.5,
        projection: Literal["sparse", "gaussian"] = "sparse",
        normalise: bool = True,
        standardise: bool = False,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.weights = weights
        self.beta = beta
        self.projection = projection
        self.normalise = normalise
        self.standardise = standardise
        self.random_state = random_state

    def _check(self) -> None:
        self._whole("dim", 1)
        weights = np.asarray(self.weights, np.float64)
        if weights.ndim != 1 or not len(weights) or not np.isfinite(weights).all():
            raise ParameterError(
                f"FastRP: weights must be at least one finite number; got {shown(self.weights)}."
            )
        if not np.isfinite(self.beta):
            raise ParameterError(f"FastRP: beta must be finite; got {shown(self.beta)}.")
        if self.projection not in ("sparse", "gaussian"):
            raise ParameterError(
                f"FastRP: projection must be 'sparse' or 'gaussian'; got {shown(self.projection)}."
            )

    def fit(self, graph: Any) -> Self:
        """Embed the nodes of `graph`.

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain.

        """
        self._check()
        known = Graph.of(graph)
        self.density_ = float(np.sqrt(max(known.n_nodes, 1)))
        raw = self._raw(known)
        if self.standardise:
            self.mean_ = raw.mean(axis=0, dtype=np.float64).astype(np.float32)
            deviation = raw.std(axis=0, dtype=np.float64)
            self.scale_ = np.where(deviation > 0, deviation, 1.0).astype(np.float32)
        self.embedding_ = Embedding(known.nodes, self._finished(raw))
        return self

    def transform(self, graph: Any) -> Embedding:
        """Return vectors of `graph`'s nodes, computed in it; unseen nodes are welcome."""
        self._fitted("embedding_")
        other = Graph.of(graph)
        return Embedding(other.nodes, self._finished(self._raw(other)))

    def estimate(self, n_nodes: int, n_entries: int) -> tuple[int, float]:
        """Return peak memory in bytes and time in seconds of ``fit``.

        Fitted to seven measured runs of 20k to 1M nodes, 0.4M to 10M entries, 32 and 128
        dimensions on one Zen 4 core: memory within 5 %, time within a factor of two.
        """
        cells, passes = n_nodes * int(self.dim), len(self.weights) - 1
        gaussian = self.projection == "gaussian"
        drawing = 4 * cells + min(n_nodes, 65_536) * int(self.dim) * (44 if gaussian else 21)
        memory = 75e6 + 340 * n_nodes + 21 * n_entries + max(14.5 * cells, drawing)
        each = (40 + 16 * passes + 75 * gaussian) * 1e-9
        return int(memory), 0.2 + each * cells + 0.8e-9 * passes * n_entries * int(self.dim)

    def _finished(self, raw: Array) -> Array:
        return (raw - self.mean_) / self.scale_ if self.standardise else raw

    def _raw(self, graph: Graph) -> Array:
        from scipy.sparse import csr_array

        matrix = graph.to_undirected().adjacency
        degree = np.asarray(matrix.sum(axis=1, dtype=np.float64)).ravel()
        safe = np.where(degree > 0, degree, 1.0)
        scale = np.repeat(1.0 / safe, np.diff(matrix.indptr)).astype(np.float32)
        step = csr_array((matrix.data * scale, matrix.indices, matrix.indptr), shape=matrix.shape)
        current = self._projection(graph.nodes) * (safe**self.beta)[:, None].astype(np.float32)
        total = np.zeros((graph.n_nodes, self.dim), np.float32)
        for order, weight in enumerate(self.weights):
            if order:
                current = np.asarray(step @ current, np.float32)
            if weight:
                total += np.float32(weight) * (_unit(current) if self.normalise else current)
        return total

    def _projection(self, nodes: Sequence[str]) -> Array:
        """Return the rows of R: a function of the seed and each node's id alone."""
        seed = seed_of(self.random_state, "fastrp").to_bytes(8, "little")
        ids = [
            hashlib.blake2b(n.encode("utf-8", "surrogatepass"), key=seed, digest_size=8)
            for n in nodes
        ]
        start = np.frombuffer(b"".join(i.digest() for i in ids), np.uint64)
        step = np.arange(1, self.dim + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        out = np.empty((len(nodes), self.dim), np.float32)
        for first in range(0, len(nodes), 65_536):
            rows = slice(first, first + 65_536)
            bits = _mixed(start[rows, None] + step)
            out[rows] = self._entries(bits)
        return out

    def _entries(self, bits: Array) -> Array:
        uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
        if self.projection == "gaussian":
            other = (_mixed(bits) >> np.uint64(11)).astype(np.float64) / 2.0**53
            normal = np.sqrt(-2.0 * np.log(uniform)) * np.cos(2.0 * np.pi * other)
            return np.asarray(normal, np.float32)
        half = 0.5 / self.density_
        size = np.float32(np.sqrt(self.density_))
        return np.where(uniform < half, size, np.where(uniform > 1 - half, -size, np.float32(0)))


def _mixed(x: Array) -> Array:
    """Return the finalizer of splitmix64 (Steele et al., OOPSLA 2014, figure 16), wrapping."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _unit(rows: Array) -> Array:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0), np.float32)
