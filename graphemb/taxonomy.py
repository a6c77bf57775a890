"""Taxonomy: named nodes, scoped synonyms, and an acyclic graph from child to parent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from graphemb.errors import CycleError, Problems, UnknownNodeError, nearest, shown
from graphemb.graph import Graph

__all__ = ["SCOPES", "Scope", "Synonym", "Taxonomy"]

Scope = Literal["EXACT", "BROAD", "NARROW", "RELATED"]
SCOPES: tuple[Scope, ...] = ("EXACT", "BROAD", "NARROW", "RELATED")
Ints = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name of a node; `scope` as in OBO, `kind` as the source calls it."""

    text: str
    scope: Scope = "EXACT"
    kind: str = ""


def _group(keys: Ints, values: Ints, n: int) -> tuple[Ints, Ints]:
    """Return (ptr, values) so that ``values[ptr[i]:ptr[i+1]]`` belong to key i, order kept."""
    order = np.argsort(keys, kind="stable")
    ptr = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(keys, minlength=n), out=ptr[1:])
    return ptr, values[order]


class Taxonomy:
    """What phrases are mapped to.

    Parameters
    ----------
    ids, labels : sequences of str
        One unique id and one preferred name a node.
    edges : iterable of (child id, parent id)
        The first parent given of a node is its primary parent: `path` goes through it.
        Poly-hierarchy is welcome; doubled edges are kept once; cycles are refused.
    synonyms : mapping of id to sequence of Synonym, optional
    alternates : mapping of alternate id to primary id, optional
    obsolete : mapping of id to (label, successor or None), optional
        Nodes that the source has retired: never candidates, kept for look-up by `current`.
    xrefs : mapping of id to sequence of str, optional
        Ids of the same thing elsewhere, as the source writes them.
    name : str
        Short name of the taxonomy, for messages and manifests.
    metadata : mapping, optional
        Free text facts about the source (title, version, licence, …).

    Attributes
    ----------
    parent_ptr, parent_rows : int32, shapes (n + 1,) and (e,)
        The parents of row i are ``parent_rows[parent_ptr[i]:parent_ptr[i + 1]]``.
    child_ptr, child_rows : the same for children.
    depth : int32, shape (n,)
        Edges on the shortest way up to a root; roots have 0.

    Raises
    ------
    InputError
        Empty, duplicate or unknown ids, missing labels.
    CycleError
        When the edges run in a circle (one is printed).

    Notes
    -----
    Construction takes O(n + e) time and memory. Nothing recurses over the hierarchy.

    Examples
    --------
    >>> t = Taxonomy(["r", "a"], ["Disease", "Flu"], [("a", "r")], {"a": [Synonym("Grippe")]})
    >>> t["a"], t.parents("a"), t.path("a")
    ('Flu', ('r',), ('Disease', 'Flu'))

    """

    def __init__(
        self,
        ids: Sequence[str],
        labels: Sequence[str],
        edges: Iterable[tuple[str, str]],
        synonyms: Mapping[str, Sequence[Synonym]] | None = None,
        *,
        alternates: Mapping[str, str] | None = None,
        obsolete: Mapping[str, tuple[str, str | None]] | None = None,
        xrefs: Mapping[str, Sequence[str]] | None = None,
        name: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.ids, self.labels, self.name = tuple(ids), tuple(labels), name
        self.metadata = dict(metadata or {})
        self._check_names()
        self._link(edges)
        problems = Problems(f"taxonomy {name}".strip())
        for node in (*(synonyms or {}), *(alternates or {}).values(), *(xrefs or {})):
            if node not in self.index:
                problems.add(
                    None, f"a synonym, alternate id or xref names the unknown node {shown(node)}."
                )
        for node in obsolete or {}:
            if node in self.index:
                problems.add(None, f"{shown(node)} must be a node or obsolete, not both.")
        problems.raise_if_any()
        self.synonyms = {k: tuple(v) for k, v in (synonyms or {}).items() if v}
        self.alternates = dict(alternates or {})
        self.obsolete = dict(obsolete or {})
        self.xrefs = {k: tuple(v) for k, v in (xrefs or {}).items() if v}
        self.depth = self._depths()

    def _check_names(self) -> None:
        problems = Problems(f"taxonomy {self.name}".strip())
        if not self.ids:
            problems.add(None, "must have at least one node; got none. Check the file and loader.")
        if len(self.ids) != len(self.labels):
            problems.add(
                None, f"needs one label a node; got {len(self.ids)} and {len(self.labels)}."
            )
        seen: set[str] = set()
        for node in self.ids:
            if not node or node in seen:
                problems.add(None, f"ids must be unique and not empty; got {shown(node)} again.")
            seen.add(node)
        problems.raise_if_any()

    def _link(self, edges: Iterable[tuple[str, str]]) -> None:
        problems = Problems(f"taxonomy {self.name}".strip())
        pairs: dict[tuple[int, int], None] = {}
        for child, parent in edges:
            ends = self.index.get(child), self.index.get(parent)
            if ends[0] is None or ends[1] is None:
                problems.add(None, f"edge {shown(child)} → {shown(parent)} names an unknown node.")
                continue
            pairs[ends[0], ends[1]] = None
        problems.raise_if_any()
        links = np.array(list(pairs), np.int32).reshape(-1, 2)
        self.parent_ptr, self.parent_rows = _group(links[:, 0], links[:, 1], self.n_nodes)
        self.child_ptr, self.child_rows = _group(links[:, 1], links[:, 0], self.n_nodes)
        for array in (self.parent_ptr, self.parent_rows, self.child_ptr, self.child_rows):
            array.setflags(write=False)

    @cached_property
    def primary_parents(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Row of each node's primary parent, int64 (n_nodes,); -1 for roots."""
        parents = np.full(self.n_nodes, -1, np.int64)
        some = np.diff(self.parent_ptr) > 0
        parents[some] = self.parent_rows[self.parent_ptr[:-1][some]]
        return parents

    def _depths(self) -> Ints:
        """Shortest distance to a root, by Kahn's algorithm; refuses cycles.

        Plain lists: a chain has as many levels as nodes, and arrays would cost 40 µs a level.
        """
        waiting = np.diff(self.parent_ptr).tolist()
        ptr, below = self.child_ptr.tolist(), self.child_rows.tolist()
        depth = [0 if n == 0 else self.n_nodes for n in waiting]
        order = [row for row, n in enumerate(waiting) if n == 0]
        for row in order:  # grows while it is walked
            under = depth[row] + 1
            for child in below[ptr[row] : ptr[row + 1]]:
                if under < depth[child]:
                    depth[child] = under
                waiting[child] -= 1
                if not waiting[child]:
                    order.append(child)
        if len(order) < self.n_nodes:
            ring = self._a_cycle(waiting)
            more = f" → … ({len(ring)} nodes)" if len(ring) > 10 else f" → {ring[0]}"
            raise CycleError(
                f"taxonomy {self.name}: must be acyclic; found {' → '.join(ring[:10])}{more}. "
                "Remove one of these edges.", ring,
            )  # fmt: skip
        depths = np.array(depth, np.int32)
        depths.setflags(write=False)
        return depths

    def _a_cycle(self, waiting: Sequence[int]) -> tuple[str, ...]:
        row = next(row for row, n in enumerate(waiting) if n > 0)
        seen: dict[int, int] = {}
        while row not in seen:
            seen[row] = len(seen)
            above = self.parent_rows[self.parent_ptr[row] : self.parent_ptr[row + 1]]
            row = int(next(p for p in above if waiting[p] > 0))
        return self._named(list(seen)[seen[row] :])

    @staticmethod
    def _spread(rows: Ints, ptr: Ints, values: Ints) -> tuple[Ints, Ints]:
        """Return (row repeated, neighbour) for all neighbours of `rows`."""
        counts = ptr[rows + 1] - ptr[rows]
        offsets = np.repeat(ptr[rows] - np.r_[0, np.cumsum(counts)[:-1]], counts)
        return np.repeat(rows, counts), values[offsets + np.arange(counts.sum(), dtype=np.int32)]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.ids)

    @property
    def n_edges(self) -> int:
        """Number of child → parent edges."""
        return int(self.parent_rows.size)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Row of each primary id."""
        return {node: row for row, node in enumerate(self.ids)}

    @cached_property
    def graph(self) -> Graph:
        """The directed graph child → parent."""
        from scipy.sparse import csr_array

        ones = np.ones(self.n_edges, np.float32)
        shape = (self.n_nodes, self.n_nodes)
        matrix = csr_array((ones, self.parent_rows, self.parent_ptr), shape=shape)
        return Graph(matrix, self.ids, directed=True)

    @property
    def roots(self) -> tuple[str, ...]:
        """Ids of the nodes without a parent."""
        return self._named(np.flatnonzero(np.diff(self.parent_ptr) == 0))

    @property
    def leaves(self) -> tuple[str, ...]:
        """Ids of the nodes without a child."""
        return self._named(np.flatnonzero(np.diff(self.child_ptr) == 0))

    def _named(self, rows: Iterable[Any]) -> tuple[str, ...]:
        return tuple(self.ids[r] for r in rows)

    def row(self, node: str) -> int:
        """Return the row of a primary id.

        Raises
        ------
        UnknownNodeError
            When `node` is not a primary id; the nearest id or the primary of an alternate is named.

        """
        try:
            return self.index[node]
        except (KeyError, TypeError):
            other = self.alternates.get(node) if isinstance(node, str) else None
            hint = f" It is an alternate id of {other}." if other else nearest(str(node), self.ids)
            if isinstance(node, str) and node in self.obsolete:
                label, heir = self.obsolete[node]
                hint = f" {shown(label)} is obsolete" + (f"; use {heir}." if heir else ".")
            raise UnknownNodeError(
                f"taxonomy {self.name}: has no node {shown(node)}.{hint}"
            ) from None

    def current(self, node: str) -> str:
        """Return the primary id that `node` stands for today.

        That is `node` itself, the primary of an alternate id, or the successor of an obsolete one,
        through as many successors as it takes.

        Raises
        ------
        UnknownNodeError
            When there is no such node, or an obsolete one has no living successor.

        """
        seen: set[str] = set()
        at: str | None = node
        while at is not None and at not in self.index and at not in seen:
            seen.add(at)
            heir = self.obsolete[at][1] if at in self.obsolete else None
            at = heir or self.alternates.get(at)
        return self.ids[self.row(node if at is None or at in seen else at)]

    def __getitem__(self, node: str) -> str:
        return self.labels[self.row(node)]

    def __contains__(self, node: object) -> bool:
        return node in self.index

    def __len__(self) -> int:
        return self.n_nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def parents(self, node: str) -> tuple[str, ...]:
        """Return the ids of the parents, the primary first."""
        row = self.row(node)
        return self._named(self.parent_rows[self.parent_ptr[row] : self.parent_ptr[row + 1]])

    def children(self, node: str) -> tuple[str, ...]:
        """Return the ids of the children."""
        row = self.row(node)
        return self._named(self.child_rows[self.child_ptr[row] : self.child_ptr[row + 1]])

    def closure(self, rows: Iterable[int], *, down: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return a mask (n,) of `rows` and all below (`down`) or above them; O(n + e)."""
        ptr, values = (
            (self.child_ptr, self.child_rows) if down else (self.parent_ptr, self.parent_rows)
        )
        mask = np.zeros(self.n_nodes, bool)
        level = np.unique(np.fromiter(rows, np.int32))
        while level.size:
            mask[level] = True
            below = np.unique(self._spread(level, ptr, values)[1])
            level = below[~mask[below]]
        return mask

    def ancestors(self, node: str) -> tuple[str, ...]:
        """Return all ids above `node`, itself left out, in row order."""
        row = self.row(node)
        mask = self.closure([row], down=False)
        mask[row] = False
        return self._named(np.flatnonzero(mask))

    def descendants(self, node: str) -> tuple[str, ...]:
        """Return all ids below `node`, itself left out, in row order."""
        row = self.row(node)
        mask = self.closure([row], down=True)
        mask[row] = False
        return self._named(np.flatnonzero(mask))

    def path_rows(self, row: int) -> list[int]:
        """Return the rows from the root to `row` through primary parents."""
        way = [row]
        while self.parent_ptr[way[-1]] < self.parent_ptr[way[-1] + 1]:
            way.append(int(self.parent_rows[self.parent_ptr[way[-1]]]))
        return way[::-1]

    def path(self, node: str) -> tuple[str, ...]:
        """Return the labels from the root to `node` through primary parents."""
        return tuple(self.labels[r] for r in self.path_rows(self.row(node)))

    def path_text(self, row: int) -> str:
        """Return the labels from the root to `row`, ids where there is no label, joined by `` > ``.

        >>> Taxonomy(["r", "a", "b"], ["Root", "", "Leaf"], [("a", "r"), ("b", "a")]).path_text(2)
        'Root > a > Leaf'
        """
        return " > ".join(self.labels[r] or self.ids[r] for r in self.path_rows(row))

    def phrases(self) -> Iterator[tuple[str, str, Scope | Literal["LABEL"]]]:
        """Yield (id, text, scope) of every name: the label first, then the synonyms."""
        for node, label in zip(self.ids, self.labels, strict=True):
            if label:
                yield node, label, "LABEL"
            for synonym in self.synonyms.get(node, ()):
                yield node, synonym.text, synonym.scope

    def with_synonyms(self, synonyms: Mapping[str, Sequence[Synonym]]) -> Taxonomy:
        """Return the same hierarchy with other synonyms."""
        pairs = [(c, p) for c in self.ids for p in self.parents(c)]
        return Taxonomy(
            self.ids, self.labels, pairs, synonyms,
            alternates=self.alternates, obsolete=self.obsolete, xrefs=self.xrefs,
            name=self.name, metadata=self.metadata,
        )  # fmt: skip

    @cached_property
    def sha256(self) -> str:
        """Hash of the content (ids, labels, edges, synonyms); names the cached model."""
        digest = hashlib.sha256()
        for text in (*self.ids, "\x1d", *self.labels):
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(self.parent_ptr.tobytes() + self.parent_rows.tobytes())
        for node in sorted(self.synonyms):
            for s in self.synonyms[node]:
                digest.update(f"{node}\x1f{s.text}\x1f{s.scope}\x1f{s.kind}\0".encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        synonyms = sum(map(len, self.synonyms.values()))
        size = f"{self.n_nodes} nodes, {self.n_edges} edges, {synonyms} synonyms"
        return f"Taxonomy({self.name!r}, {size})"
