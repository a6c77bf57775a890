"""What graph loaders share: their contract, and edges while they are read."""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from graphemb.errors import InputError, ParameterError, Problems, shown
from graphemb.estimator import Estimator
from graphemb.graph import Graph
from graphemb.load.base import Notes

__all__ = ["EdgeDraft", "GraphLoader", "checked_matrix", "named_columns"]

Array = np.ndarray[Any, Any]

#: Numbers below this are looked up in a table, of 4 bytes each.
_TABLE = 1 << 26
_LARGEST = float(np.finfo(np.float32).max)


class GraphLoader(Estimator):
    """Reads one format of graphs. The constructor's arguments are the format's options.

    Attributes
    ----------
    suffixes : tuple of str
        File endings that suggest this format.
    magic : tuple of bytes
        What a file of this format begins with.

    """

    suffixes: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()

    def sniff(self, name: str, head: bytes) -> bool:
        """Return whether a file called `name` that begins with `head` looks like this format."""
        ending = name.lower().removesuffix(".gz")
        return head.startswith(self.magic) or ending.endswith(self.suffixes)

    @abstractmethod
    def read(
        self, source: str, data: bytes, directed: bool | None, weighted: bool
    ) -> tuple[Graph, Notes]:
        """Return the graph in `data`, the content of `source`, and the warnings.

        Raises
        ------
        InputError
            With ``file:line`` for what cannot be used.

        """


class EdgeDraft:
    """Edges as they are read, before they become a Graph.

    Ids become rows in order of first appearance. Nothing here loops over edges in Python: ids go
    through a dictionary that numbers what it has not seen, at C speed. Problems that make a wrong
    answer likely are collected and raised by `finish`; untidiness is noted.

    Attributes
    ----------
    index : dict
        Row of each id; asking for an unknown one gives it the next row.

    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems, self.notes = Problems(source), Notes()
        self.index: defaultdict[Hashable, int] = defaultdict()
        self.index.default_factory = self.index.__len__
        self._rows = np.empty(0, np.int32)
        self._ends: list[Array] = []
        self._weights: list[Array] = []
        self._firsts: list[int] = []
        self._lines: list[int | Sequence[int]] = []
        self.n_edges = 0

    def add(
        self, ids: Sequence[Hashable], weights: Array | None, lines: int | Sequence[int]
    ) -> None:
        """Add edges: `ids` is u, v, u, v …; `lines` the line of each, or of the first of a run."""
        rows = np.fromiter(map(self.index.__getitem__, ids), np.int32, len(ids))
        self._add_rows(rows, weights, lines)

    def add_numbers(self, ids: Array, weights: Array | None, line: int) -> bool:
        """Add edges (m, 2) between ids that are whole numbers; False when one is too large.

        The rows of numbers seen before come from a table, so that only new ones are asked of the
        dictionary, in order of first appearance: ids here are bytes.
        """
        flat = ids.ravel()
        largest = int(flat.max(initial=0))
        if largest >= _TABLE:
            return False
        if largest >= len(self._rows):
            room = np.full(min(_TABLE, 2 * largest + 1024), -1, np.int32)
            room[: len(self._rows)] = self._rows
            self._rows = room
        rows = self._rows[flat]
        unknown = flat[rows < 0]
        if len(unknown):
            values, first = np.unique(unknown, return_index=True)
            for value in values[np.argsort(first)].tolist():
                self._rows[value] = self.index[b"%d" % value]
            rows = self._rows[flat]
        self._add_rows(rows, weights, line)
        return True

    def _add_rows(self, rows: Array, weights: Array | None, lines: int | Sequence[int]) -> None:
        m = len(rows) // 2
        self._firsts.append(self.n_edges)
        self._lines.append(lines)
        self._ends.append(rows.reshape(m, 2))
        if weights is not None and m:
            self._check_weights(weights)
            with np.errstate(over="ignore"):
                self._weights.append(weights.astype(np.float32))
        else:
            self._weights.append(np.ones(m, np.float32))
        self.n_edges += m

    def _check_weights(self, weights: Array) -> None:
        fine = (weights >= 0) & (weights <= _LARGEST)
        for at in np.flatnonzero(~fine):
            self.problems.add(
                self.line(self.n_edges + int(at)),
                f"a weight must be from 0 to 3.4e38; got {weights[at]:g}. Correct the file.",
            )
        lost = np.flatnonzero((weights > 0) & (weights < np.finfo(np.float32).smallest_subnormal))
        for at in lost:
            where = self.line(self.n_edges + int(at))
            self.notes.add("weight below 1e-45, kept as 0", f"{self.source}:{where}")

    def line(self, edge: int) -> int:
        """Return the line of an edge, counted from 0."""
        block = bisect_right(self._firsts, edge) - 1
        lines, offset = self._lines[block], edge - self._firsts[block]
        return lines + offset if isinstance(lines, int) else lines[offset]

    def finish(self, names: Sequence[str], directed: bool) -> tuple[Graph, Notes]:
        """Return the graph on `names` (one an id, in their order) and the warnings.

        Raises
        ------
        InputError
            With all problems collected, or when no edge joins two nodes.

        """
        self.problems.raise_if_any()
        ends = np.concatenate(self._ends) if self._ends else np.empty((0, 2), np.int32)
        weights = np.concatenate(self._weights) if self._weights else np.empty(0, np.float32)
        self._ends, self._weights = [], []
        loops = np.flatnonzero(ends[:, 0] == ends[:, 1])
        if len(loops):
            if len(loops) == self.n_edges:
                raise InputError(
                    f"{self.source}:{self.line(0)}: must hold an edge between two nodes; "
                    f"all {self.n_edges:,} edges are self-loops. Check which columns are the ends."
                )
            self._count("self-loop, kept", len(loops), self.line(int(loops[0])))
        elif not self.n_edges:
            self.notes.add("no edges: every node is isolated", self.source)
        _note_odd_ids(names, self.index.__contains__, self.notes, self.source)
        self.index.clear()
        self._rows = np.empty(0, np.int32)
        try:
            graph = Graph.from_arrays(ends[:, 0], ends[:, 1], weights, names, directed)
        except ParameterError as error:
            raise InputError(f"{self.source}: {error}") from None
        doubled = self.n_edges - _stored_edges(graph)
        if doubled:
            first = self._first_doubled(ends, directed)
            self._count("doubled edge, weights summed", doubled, self.line(first))
        return graph, self.notes

    def _count(self, kind: str, n: int, line: int) -> None:
        self.notes.add(kind, f"{self.source}:{line}")
        self.notes.counts[kind] = n

    @staticmethod
    def _first_doubled(ends: Array, directed: bool) -> int:
        u, v = ends[:, 0].astype(np.int64), ends[:, 1].astype(np.int64)
        if not directed:
            u, v = np.minimum(u, v), np.maximum(u, v)
        keys = (u << 32) | v
        order = np.argsort(keys, kind="stable")
        again = keys[order][1:] == keys[order][:-1]
        return int(order[1:][again].min())


def _stored_edges(graph: Graph) -> int:
    """Return the number of edges, those of weight 0 among them."""
    if graph.directed:
        return int(graph.adjacency.nnz)
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.adjacency.indptr))
    loops = int(np.count_nonzero(rows == graph.adjacency.indices))
    return (int(graph.adjacency.nnz) + loops) // 2


_WHOLE = re.compile(r"-?[0-9]+\.0+")


def _note_odd_ids(names: Sequence[str], known: Any, notes: Notes, source: str) -> None:
    """Note ids that may be meant to be one: ``1`` beside ``1.0``, composed beside decomposed."""
    as_bytes = known(names[0].encode("utf-8", "surrogatepass")) if names else False
    folded: dict[str, str] = {}
    for name in names:
        if name.endswith("0") and _WHOLE.fullmatch(name):
            other = name.partition(".")[0]
            if known(other.encode() if as_bytes else other):
                notes.add("id as whole number and as decimal", f"{source}: {other} and {name}")
        if not name.isascii():
            form = unicodedata.normalize("NFC", name)
            if folded.setdefault(form, name) != name:
                notes.add(
                    "ids that differ in Unicode form only (NFC, NFD)", f"{source}: {shown(name)}"
                )


def checked_matrix(
    source: str, matrix: Any, nodes: Sequence[str] | None, directed: bool | None, notes: Notes
) -> tuple[Graph, Notes]:
    """Return the graph of an adjacency matrix, for the formats that hold one.

    Without a word on direction, a symmetric matrix is an undirected graph. Asked to be undirected,
    of two opposite entries the larger is kept.
    """
    values = matrix.tocoo()
    rows, columns = values.coords
    if matrix.nnz and (rows == columns).all():
        raise InputError(f"{source}: must hold an edge between two nodes; all are self-loops.")
    loops = int(np.count_nonzero(rows == columns))
    if loops:
        notes.add("self-loop, kept", source)
        notes.counts["self-loop, kept"] = loops
    if not matrix.nnz:
        notes.add("no edges: every node is isolated", source)
    try:
        graph = Graph(matrix, nodes, directed=True)
        if directed is None:
            directed = bool((graph.adjacency != graph.adjacency.T).nnz)
        return (graph if directed else graph.to_undirected()), notes
    except ParameterError as error:
        raise InputError(f"{source}: {error}") from None


def named_columns(columns: Sequence[str] | None) -> list[str]:
    """Return the names of the columns of the ends and the weight, when two or three are given."""
    if columns is None:
        return ["source", "target", "weight"]
    if isinstance(columns, str) or len(columns) not in (2, 3) or len(set(columns)) < len(columns):
        raise ParameterError(
            f"columns: must be two or three different names (ends, weight); got {shown(columns)}."
        )
    return list(columns)
