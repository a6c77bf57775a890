"""From a method to scores of node pairs: its own where it has them, else cosine or dot."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, UnknownNodeError, shown
from graphemb.estimator import Estimator
from graphemb.graph import Graph

__all__ = ["SCORES", "Scorer", "embedding_of", "fitted", "unfitted_copy"]

Array = np.ndarray[Any, Any]
ScoreName = Literal["auto", "own", "cosine", "dot", "distance"]
SCORES = ("auto", "own", "cosine", "dot", "distance")


def unfitted_copy(method: Any) -> Any:
    """Return an embedder of the same class and settings, fitted on nothing."""
    return type(method)(**method.get_params())


def fitted(graph: Graph, method: Any) -> Any:
    """Return `method` when it is an `Embedding` or fitted, else a copy fitted on `graph`."""
    if isinstance(method, Embedding) or "embedding_" in getattr(method, "__dict__", {}):
        return method
    if isinstance(method, Estimator) and hasattr(method, "fit"):
        return unfitted_copy(method).fit(graph)
    raise ParameterError(
        f"evaluate: method must be an Embedding or a node embedder; got {type(method).__name__}."
    )


def embedding_of(graph: Graph, method: Any) -> Embedding:
    """Return the vectors of `graph`'s nodes, rows in its order.

    Raises
    ------
    UnknownNodeError
        When nodes have no vector.

    """
    method = fitted(graph, method)
    found: Embedding = method if isinstance(method, Embedding) else method.embedding_
    if found.keys == graph.nodes:
        return found
    missing = [node for node in graph.nodes if node not in found]
    if missing:
        raise UnknownNodeError(
            f"evaluate: every node must have a vector; {len(missing)} of {graph.n_nodes} have "
            f"none, the first {shown(missing[0])}. Embed this graph, or measure on a subgraph."
        )
    return Embedding(graph.nodes, found.rows(graph.nodes))


class Scorer:
    """Scores of pairs of a graph's nodes: higher means nearer.

    Parameters
    ----------
    graph : Graph
    method : Embedding or node embedder
        One with ``scores(rows) → (b, n)`` scores as it does (HOPE: source · target; SDNE: decoder).
    score : {"auto", "own", "cosine", "dot", "distance"}
        ``auto``: the method's own scores where it has them, else cosine. ``distance``: minus the
        squared Euclidean distance.

    Attributes
    ----------
    name : str
        Which score it is.

    Notes
    -----
    Equal vectors get equal scores to the last bit, copied from the first of them: a matrix product
    may round one and the same pair differently by its place.

    """

    def __init__(self, graph: Graph, method: Any, score: str = "auto") -> None:
        if score not in SCORES:
            raise ParameterError(f"score: must be one of {', '.join(SCORES)}; got {shown(score)}.")
        self.method = fitted(graph, method)
        self.embedding = embedding_of(graph, self.method)
        own = callable(getattr(self.method, "scores", None))
        if score == "own" and not own:
            raise ParameterError(
                f"score: {type(self.method).__name__} has no scores of its own. Use 'cosine'."
            )
        self.name = ("own" if own else "cosine") if score == "auto" else score
        self.n = graph.n_nodes
        if self.name == "own":
            keys = self.method.embedding_.index
            order = np.array([keys[node] for node in graph.nodes], np.int64)
            same = np.array_equal(order, np.arange(len(keys)))
            self._order: Array | None = None if same else order
        else:
            self._prepare()

    def _prepare(self) -> None:
        vectors: Array = self.embedding.vectors
        if self.name == "cosine":
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = vectors / np.where(norms > 0, norms, 1.0)
        self._vectors = vectors
        self._copies, self._originals = _repeated(vectors)
        if self.name == "distance":
            self._squares = np.einsum("ij,ij->i", vectors, vectors)

    def __call__(self, rows: Array) -> Array:
        """Return the scores of `rows` with every node, a new float32 array (len(rows), n).

        Raises
        ------
        ParameterError
            When a method's own scores have another shape or are not finite.

        """
        if self.name == "own":
            return self._own(rows)
        block = self._vectors[rows] @ self._vectors.T
        if self.name == "distance":
            block *= 2.0
            block -= self._squares
        if len(self._copies):
            block[:, self._copies] = block[:, self._originals]
        return block

    def _own(self, rows: Array) -> Array:
        theirs = rows if self._order is None else self._order[rows]
        block = np.array(self.method.scores(theirs), np.float32)
        if self._order is not None:
            block = block[:, self._order]
        if block.shape != (len(rows), self.n) or not np.isfinite(block).all():
            raise ParameterError(
                f"{type(self.method).__name__}: scores(rows) must be finite, shape "
                f"({len(rows)}, {self.n}); got shape {block.shape}."
            )
        return block

    def pairs(self, pairs: Array, block: int = 1 << 22) -> Array:
        """Return the score of each (i, j) of `pairs`, float32 (m,)."""
        if self.name != "own":
            head, tail = pairs.T
            dot = np.einsum("ij,ij->i", self._vectors[head], self._vectors[tail])
            if self.name == "distance":
                dot = 2.0 * dot - self._squares[head] - self._squares[tail]
            return np.asarray(dot)
        out = np.empty(len(pairs), np.float32)
        heads, place = np.unique(pairs[:, 0], return_inverse=True)
        order = np.argsort(place, kind="stable")
        step = max(1, block // max(self.n, 1))
        for start in range(0, len(heads), step):
            part = self._own(heads[start : start + step])
            low, high = np.searchsorted(place[order], [start, start + step])
            chosen = order[low:high]
            out[chosen] = part[place[chosen] - start, pairs[chosen, 1]]
        return out


def _repeated(vectors: Array) -> tuple[Array, Array]:
    """Return the rows that repeat an earlier row, and those earlier rows.

    Found by a 64-bit sum a row and then compared, so that no second copy of the matrix is made.
    """
    n, dim = vectors.shape
    weights = np.random.default_rng(0).integers(1, 1 << 63, dim, np.uint64) | np.uint64(1)
    sums = np.empty(n, np.uint64)
    for start in range(0, n, 4096):
        part = vectors[start : start + 4096] + np.float32(0)  # -0.0 becomes 0.0
        bits = np.ascontiguousarray(part).view(np.uint32).astype(np.uint64)
        sums[start : start + 4096] = (bits * weights).sum(axis=1)
    _, first, place = np.unique(sums, return_index=True, return_inverse=True)
    original = first[place]
    copies = np.flatnonzero(original != np.arange(n))
    original = original[copies]
    equal = (vectors[copies] == vectors[original]).all(axis=1)
    return copies[equal], original[equal]
