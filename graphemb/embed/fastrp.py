"""FastRP: random projection of the powers of the transition matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np

from graphemb.embed._identity import id_hashes
from graphemb.embed.base import NodeEmbedder
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, shown
from graphemb.graph import Graph
from graphemb.kernels import (
    SparseRows,
    add_rows,
    aligned,
    checked_jobs,
    column_moments,
    entries,
    projection,
    spmm,
    spmm_added,
)  # fmt: skip

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
    n_jobs : int
        Threads; -1 for one a processor. Any number gives the same bits.

    Attributes
    ----------
    embedding_ : Embedding, float32 (n, dim)

    Notes
    -----
    The steps are the paper's section 3.2 (very sparse projection), equation 6 (degree
    normalisation) and algorithm 1 (iteration). Departures: the self term α₀, after Neo4j's
    ``nodeSelfInfluence``; direction is ignored; the rows of R come from a hash of the node's id,
    so that renumbering nodes renumbers rows, and an unseen node has a row. Time O(q·m·dim),
    memory three arrays (n, dim) beside the graph. Same seed: the same bits.

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
        n_jobs: int = 1,
    ) -> None:
        self.dim = dim
        self.weights = weights
        self.beta = beta
        self.projection = projection
        self.normalise = normalise
        self.standardise = standardise
        self.random_state = random_state
        self.n_jobs = n_jobs

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
        checked_jobs(self.n_jobs)

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
            mean, deviation = column_moments(raw, self.n_jobs)
            self.mean_ = mean.astype(np.float32)
            self.scale_ = np.where(deviation > 0, deviation, 1.0).astype(np.float32)
        self.embedding_ = Embedding.taking(known.nodes, known.index, self._finished(raw))
        return self

    def transform(self, graph: Any) -> Embedding:
        """Return vectors of `graph`'s nodes, computed in it; unseen nodes are welcome."""
        self._fitted("embedding_")
        other = Graph.of(graph)
        vectors = self._finished(self._raw(other))
        return Embedding.taking(other.nodes, other.index, vectors)

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
        """Standardise `raw` in place, where asked."""
        if self.standardise:
            for first in range(0, len(raw), 1024):  # rows that stay in the cache
                raw[first : first + 1024] -= self.mean_
                raw[first : first + 1024] /= self.scale_
        return raw

    def _raw(self, graph: Graph) -> Array:
        from scipy.sparse import csr_array

        matrix = graph.to_undirected().adjacency
        degree = np.asarray(matrix.sum(axis=1, dtype=np.float64)).ravel()
        safe = np.where(degree > 0, degree, 1.0)
        current = self._start(graph.nodes, (safe**self.beta).astype(np.float32))
        step: Array | None = (1.0 / safe).astype(np.float32)
        rows = SparseRows.of(matrix)
        if rows.weights is not None:
            # Entry by entry: a sum of large weights times large numbers might overflow first.
            shares = matrix.data * np.repeat(1.0 / safe, np.diff(matrix.indptr))
            parts = shares.astype(np.float32), matrix.indices, matrix.indptr
            rows, step = SparseRows.of(csr_array(parts, shape=matrix.shape)), None
        total = aligned(graph.n_nodes, self.dim)
        self._add_start(total, current)
        weights = np.trim_zeros(np.asarray(self.weights, np.float64), "b").tolist()
        spare: Array | None = None
        for order, weight in enumerate(weights[1:], 1):
            out = None
            if order < len(weights) - 1:
                out = aligned(*total.shape) if spare is None else spare
            if weight:
                spmm_added(rows, current, step, total, weight, self.normalise, self.n_jobs, out)
            else:
                spmm(rows, current, step, self.n_jobs, out)
            spare = None if hasattr(current, "indptr") else current
            current = out
        return total

    def _start(self, nodes: Sequence[str], scale: Array | None = None) -> Any:
        """Return the rows of R times `scale`: a function of the seed and each node's id alone.

        A CSR array where most entries are 0, else an array.
        """
        hashes = id_hashes(nodes, self.random_state, "fastrp")
        if self.projection == "sparse":
            return entries(hashes, self.dim, self.density_, scale)
        return projection(hashes, self.dim, self.projection, self.density_, scale)

    def _add_start(self, total: Array, start: Any) -> None:
        """Add the self term α₀·N₀ to `total`."""
        weight = float(self.weights[0])
        if not weight:
            return
        if not hasattr(start, "indptr"):
            add_rows(total, start, weight, self.normalise)
            return
        counts = np.diff(start.indptr)
        rows, values = np.repeat(np.arange(len(counts)), counts), start.data
        if self.normalise:  # the entries of a row are of one size
            values = np.sign(values) / np.sqrt(counts[rows])
        total[rows, start.indices] += np.float32(weight) * values.astype(np.float32)
