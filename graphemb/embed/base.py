"""NodeEmbedder: the contract of everything that turns a graph into vectors."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

from graphemb.embed._inductive import extended
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, UnknownNodeError, nearest, shown
from graphemb.estimator import Estimator
from graphemb.graph import Graph

__all__ = ["NodeEmbedder"]


class NodeEmbedder(Estimator):
    """Turns the nodes of a graph into vectors.

    ``fit`` takes a `Graph` or whatever one can be made from (`Graph.of`) and sets ``embedding_``,
    rows in the order of ``graph.nodes``.
    """

    embedding_: Embedding

    @abstractmethod
    def fit(self, graph: Any) -> Self:
        """Learn vectors of the nodes and return the embedder."""

    def transform(self, graph: Any) -> Embedding:
        """Return the vectors of `graph`'s nodes, rows in its order.

        A method with the parameter ``inductive="neighbours"`` gives unseen nodes vectors from
        their neighbours' (`graphemb.embed._inductive`).

        Raises
        ------
        UnknownNodeError
            When the method cannot embed nodes it was not fitted on; they are named.

        """
        embedding: Embedding = self._fitted("embedding_")
        nodes = Graph.of(graph).nodes
        unseen = [node for node in nodes if node not in embedding]
        if unseen and getattr(self, "inductive", "none") == "neighbours":
            return extended(embedding, Graph.of(graph))
        if unseen:
            other = " or set inductive='neighbours'" if hasattr(self, "inductive") else ""
            raise UnknownNodeError(
                f"{type(self).__name__}: cannot embed nodes it was not fitted on; {len(unseen)} "
                f"are new, the first {shown(unseen[0])}. Fit again{other}."
            )
        return Embedding(nodes, embedding.rows(nodes))

    def fit_transform(self, graph: Any) -> Embedding:
        """Return ``fit(graph).embedding_``."""
        return self.fit(graph).embedding_

    def estimate(self, n_nodes: int, n_entries: int) -> tuple[int, float]:
        """Return the peak memory in bytes and the time in seconds that ``fit`` will take.

        `n_entries` counts the stored entries of the adjacency matrix: twice the edges when
        undirected. This default is rough (a few copies of graph and vectors, a hundred passes
        over the edges on one processor); a method that knows better overrides it.
        """
        dim = int(getattr(self, "dim", 128))
        memory = 100_000_000 + 24 * n_entries + 16 * n_nodes * dim
        return memory, 1.0 + 100 * 1e-9 * n_entries * dim

    def _choice(self, name: str, options: tuple[str, ...]) -> str:
        """Return the parameter `name`, refusing what is not among `options`."""
        value = getattr(self, name)
        if not isinstance(value, str) or value not in options:
            raise ParameterError(
                f"{type(self).__name__}: {name} must be one of {', '.join(options)}; "
                f"got {shown(value)}.{nearest(str(value), options)}"
            )
        return value

    def _whole(self, name: str, least: int) -> int:
        """Return the integer parameter `name`, refusing values below `least`."""
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ParameterError(
                f"{type(self).__name__}: {name} must be an integer ≥ {least}; got {shown(value)}."
            )
        return value
