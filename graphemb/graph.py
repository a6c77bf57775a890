"""Graph: an immutable sparse adjacency matrix whose rows have names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from graphemb.errors import InputError, ParameterError, UnknownNodeError, shown

if TYPE_CHECKING:
    import networkx
    from scipy.sparse import csr_array

__all__ = ["Graph"]


class Graph:
    """Nodes with string ids and weighted edges, held as one CSR matrix.

    Parameters
    ----------
    adjacency : scipy sparse array or matrix, shape (n, n)
        ``adjacency[i, j]`` is the weight of the edge i → j; finite and at least 0. Duplicate
        entries are summed. An undirected graph must be symmetric.
    nodes : sequence of str, optional
        One unique, non-empty id a row; ``"0" … "n-1"`` when left out.
    directed : bool
        Whether direction carries meaning.

    Attributes
    ----------
    adjacency : scipy.sparse.csr_array, shape (n, n), float32, int32 indices, sorted, read-only
    nodes : tuple of str
    directed : bool

    Raises
    ------
    ParameterError
        When shapes, ids or weights break the conditions above.

    Notes
    -----
    Memory: 8 bytes an entry plus 4 a row. The arrays are copied, then frozen.

    Examples
    --------
    >>> graph = Graph.from_edges([("a", "b"), ("b", "c", 2.0)])
    >>> graph.nodes, graph.n_edges
    (('a', 'b', 'c'), 2)

    """

    def __init__(
        self, adjacency: Any, nodes: Sequence[str] | None = None, directed: bool = False
    ) -> None:
        from scipy.sparse import csr_array

        matrix = csr_array(adjacency, dtype=np.float32, copy=True)
        if matrix.shape[0] != matrix.shape[1]:
            raise ParameterError(f"Graph: adjacency must be square; got shape {matrix.shape}.")
        matrix.sum_duplicates()
        if not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
            raise ParameterError("Graph: weights must be finite and at least 0.")
        n = matrix.shape[0]
        self.nodes = tuple(map(str, range(n))) if nodes is None else tuple(nodes)
        self._check_nodes(n)
        if not directed and matrix.nnz and not _symmetric(matrix):
            raise ParameterError(
                "Graph: the adjacency of an undirected graph must be symmetric. "
                "Pass directed=True, or add the transpose."
            )
        self.directed = bool(directed)
        matrix.indices = matrix.indices.astype(np.int32, copy=False)
        if matrix.nnz < 2**31:
            matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
        for array in (matrix.data, matrix.indices, matrix.indptr):
            array.setflags(write=False)
        self.adjacency: csr_array = matrix

    def _check_nodes(self, n: int) -> None:
        if len(self.nodes) != n:
            raise ParameterError(f"Graph: needs one id a row, {n}; got {len(self.nodes)} ids.")
        wrong = next((i for i in self.nodes if not isinstance(i, str) or not i), None)
        if wrong is not None:
            raise ParameterError(f"Graph: node ids must be non-empty strings; got {shown(wrong)}.")
        if len(self.index) != n:
            seen: set[str] = set()
            twice = next(i for i in self.nodes if i in seen or seen.add(i))  # type: ignore[func-returns-value]
            raise ParameterError(f"Graph: node ids must be unique; {shown(twice)} came twice.")

    @classmethod
    def from_edges(
        cls,
        edges: Iterable[Sequence[Any]],
        nodes: Sequence[str] | None = None,
        directed: bool = False,
    ) -> Self:
        """Make a graph from ``(u, v)`` or ``(u, v, weight)`` rows.

        `nodes` fixes the row order and may name isolated nodes; without it, nodes stand in order
        of first appearance. Ids are turned into strings. Doubled edges are summed.

        Raises
        ------
        InputError
            When a row has other than 2 or 3 fields, or an end is not in `nodes`.

        """
        index = {name: row for row, name in enumerate(nodes or ())}
        heads, tails, weights = [], [], []
        for number, edge in enumerate(edges, 1):
            if len(edge) not in (2, 3):
                raise InputError(
                    f"Graph: edge {number} must be (u, v[, weight]); got {shown(edge)}."
                )
            ends = [str(edge[0]), str(edge[1])]
            for end in ends:
                if end not in index:
                    if nodes is not None:
                        raise InputError(f"Graph: edge {number} names {shown(end)}, not in nodes.")
                    index[end] = len(index)
            heads.append(index[ends[0]])
            tails.append(index[ends[1]])
            weights.append(float(edge[2]) if len(edge) == 3 else 1.0)
        u, v = np.array(heads, np.int64), np.array(tails, np.int64)
        return cls.from_arrays(u, v, np.array(weights), tuple(index), directed)

    @classmethod
    def from_arrays(
        cls, heads: Any, tails: Any, weights: Any = None, nodes: Sequence[str] | int = 0,
        directed: bool = False,
    ) -> Self:  # fmt: skip
        """Make a graph from edges as arrays of rows: ``heads[i] → tails[i]``, ``weights[i]``.

        `nodes` are the ids, or how many nodes there are. Doubled edges are summed, in an
        undirected graph whichever way round they stand. Time O(n + m), memory 40 bytes an edge.

        Raises
        ------
        ParameterError
            When lengths differ or a row is outside ``0 … n-1``.

        Examples
        --------
        >>> Graph.from_arrays([0, 1, 1], [1, 0, 2], nodes=["a", "b", "c"])
        Graph(3 nodes, 2 edges, undirected)

        """
        from scipy.sparse import coo_array

        n = nodes if isinstance(nodes, int) else len(nodes)
        u, v = np.asarray(heads), np.asarray(tails)
        w = np.ones(len(u), np.float32) if weights is None else np.asarray(weights, np.float32)
        if not len(u) == len(v) == len(w):
            raise ParameterError(
                f"Graph: heads, tails and weights must be of one length; "
                f"got {len(u)}, {len(v)}, {len(w)}."
            )
        if len(u) and not 0 <= min(u.min(), v.min()) <= max(u.max(), v.max()) < n:
            raise ParameterError(f"Graph: heads and tails must be rows from 0 to {n - 1}.")
        if not directed:  # summed one way round first: both ways then hold the very same number
            u, v = np.minimum(u, v), np.maximum(u, v)
        matrix = coo_array((w, (u, v)), shape=(n, n)).tocsr()
        if not directed:
            half = matrix.tocoo()
            row, column = half.coords
            off = row != column
            u, v = np.r_[row, column[off]], np.r_[column, row[off]]
            w = np.r_[half.data, half.data[off]]
            del matrix, half, row, column, off
            matrix = coo_array((w, (u, v)), shape=(n, n)).tocsr()
        del u, v, w
        return cls(matrix, None if isinstance(nodes, int) else nodes, directed)

    @classmethod
    def from_scipy(
        cls, matrix: Any, nodes: Sequence[str] | None = None, directed: bool = False
    ) -> Self:
        """Make a graph from any scipy sparse array or matrix."""
        return cls(matrix, nodes, directed)

    @classmethod
    def from_networkx(cls, graph: networkx.Graph, weight: str = "weight") -> Self:
        """Make a graph from networkx; node keys become strings, missing weights 1."""
        rows = ((u, v, data.get(weight, 1.0)) for u, v, data in graph.edges(data=True))
        return cls.from_edges(rows, [str(node) for node in graph], graph.is_directed())

    @classmethod
    def from_pyg(cls, data: Any, directed: bool | None = None) -> Self:
        """Make a graph from torch_geometric ``Data`` (``edge_index``, maybe ``edge_weight``)."""
        from scipy.sparse import coo_array

        edge_index = data.edge_index.cpu().numpy()
        weight = getattr(data, "edge_weight", None)
        values = np.ones(edge_index.shape[1]) if weight is None else weight.cpu().numpy()
        n = int(data.num_nodes)
        matrix = coo_array((values, (edge_index[0], edge_index[1])), shape=(n, n))
        return cls(matrix, None, not data.is_undirected() if directed is None else directed)

    @classmethod
    def of(cls, source: Any) -> Graph:
        """Return `source` as a Graph: a Graph, a Taxonomy, networkx, scipy or PyG object.

        Raises
        ------
        ParameterError
            When `source` is none of these.

        """
        if isinstance(source, Graph):
            return source
        if isinstance(getattr(source, "graph", None), Graph):
            return source.graph  # type: ignore[no-any-return]
        if hasattr(source, "edge_index"):
            return cls.from_pyg(source)
        if hasattr(source, "edges") and hasattr(source, "is_directed"):
            return cls.from_networkx(source)
        if hasattr(source, "tocsr"):
            return cls.from_scipy(source, directed=bool((source != source.T).nnz))
        raise ParameterError(
            f"Graph: cannot be made from {type(source).__name__}. "
            "Give a Graph, a Taxonomy, networkx, scipy.sparse or torch_geometric data."
        )

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def n_edges(self) -> int:
        """Number of edges; an undirected edge and a self-loop count once."""
        if self.directed:
            return int(self.adjacency.nnz)
        loops = int(np.count_nonzero(self.adjacency.diagonal()))
        return (int(self.adjacency.nnz) + loops) // 2

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Row of each node id."""
        return {node: row for row, node in enumerate(self.nodes)}

    @cached_property
    def degrees(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Sum of the weights of each node's outgoing edges, shape (n,), float64."""
        return np.asarray(self.adjacency.sum(axis=1, dtype=np.float64)).ravel()

    def row(self, node: str) -> int:
        """Return the row of `node`, or raise `UnknownNodeError`."""
        try:
            return self.index[node]
        except KeyError:
            raise UnknownNodeError(f"Graph: no node {shown(node)} among {self.n_nodes}.") from None

    def neighbors(self, node: str) -> tuple[str, ...]:
        """Return the ids that `node` has an edge to, in row order."""
        start, stop = self.adjacency.indptr[self.row(node) : self.row(node) + 2]
        return tuple(self.nodes[j] for j in self.adjacency.indices[start:stop])

    def subgraph(self, nodes: Sequence[str]) -> Graph:
        """Return the graph on `nodes` (in that order) with the edges among them."""
        rows = np.array([self.row(node) for node in nodes], np.int64)
        return Graph(self.adjacency[rows][:, rows], nodes, self.directed)

    def reverse(self) -> Graph:
        """Return the graph with every edge turned round."""
        return Graph(self.adjacency.T, self.nodes, self.directed)

    def to_undirected(self) -> Graph:
        """Return the undirected graph; of two opposite edges the larger weight is kept."""
        if not self.directed:
            return self
        return Graph(self.adjacency.maximum(self.adjacency.T), self.nodes, False)

    def to_edges(self) -> Iterator[tuple[str, str, float]]:
        """Yield (u, v, weight), each edge once; `from_edges` makes the graph again."""
        entries = self.adjacency.tocoo()
        rows, columns = entries.coords
        for i, j, w in zip(rows.tolist(), columns.tolist(), entries.data.tolist(), strict=True):
            if self.directed or i <= j:
                yield self.nodes[i], self.nodes[j], w

    def to_scipy(self) -> csr_array:
        """Return a writable copy of the adjacency matrix."""
        return self.adjacency.copy()

    def to_networkx(self) -> networkx.Graph:
        """Return a networkx graph with ``weight`` on its edges."""
        import networkx

        graph = networkx.DiGraph() if self.directed else networkx.Graph()
        graph.add_nodes_from(self.nodes)
        entries = self.adjacency.tocoo()
        graph.add_weighted_edges_from(
            (self.nodes[i], self.nodes[j], float(w))
            for i, j, w in zip(entries.row, entries.col, entries.data, strict=True)
        )
        return graph

    def to_pyg(self) -> Any:
        """Return a torch_geometric ``Data`` with ``edge_index`` and ``edge_weight``."""
        import torch
        from torch_geometric.data import Data

        entries = self.adjacency.tocoo()
        index = torch.from_numpy(np.stack([entries.row, entries.col]).astype(np.int64))
        weight = torch.from_numpy(entries.data.astype(np.float32))
        return Data(edge_index=index, edge_weight=weight, num_nodes=self.n_nodes)

    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        return f"Graph({self.n_nodes} nodes, {self.n_edges} edges, {kind})"


def _symmetric(matrix: csr_array) -> bool:
    """Return whether a CSR matrix with sorted indices equals its transpose."""
    other = matrix.T.tocsr()
    pairs = ((getattr(matrix, a), getattr(other, a)) for a in ("indptr", "indices", "data"))
    if all(np.array_equal(one, two) for one, two in pairs):
        return True
    return not (matrix != other).nnz  # entries that are stored zeros may differ
