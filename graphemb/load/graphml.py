"""GraphmlLoader: GraphML, read as a stream, with nothing in the file that could do harm."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

import numpy as np

from graphemb.errors import InputError, shown
from graphemb.graph import Graph
from graphemb.load._edges import EdgeDraft, GraphLoader
from graphemb.load.base import Notes
from graphemb.utf8 import utf8_bytes

__all__ = ["GraphmlLoader"]

#: Deepest accepted nesting; graphml > graph > edge > data > extension is five.
_MAX_DEPTH = 64


class GraphmlLoader(GraphLoader):
    """Reads nodes, edges, their direction and one number an edge as its weight.

    A node is called by its ``id``. Direction is the graph's ``edgedefault``; edges that say
    otherwise for themselves are a problem unless the caller says which it is to be. Other data,
    ports and labels are left out. One graph a file; hyperedges and graphs inside nodes are
    refused, for they would be lost.

    Parameters
    ----------
    weight : str
        ``attr.name`` of the edges' weight; its default, else 1, holds where an edge has none.

    Notes
    -----
    U. Brandes et al., "GraphML Progress Report", GD 2001; schema http://graphml.graphdrawing.org.
    A document type or entity declaration is refused before the parser sees the file; the parser
    (expat) reads elements one after another without recursion. Time O(bytes), about 3 µs an edge.

    """

    suffixes = (".graphml",)

    def __init__(self, weight: str = "weight") -> None:
        self.weight = weight

    def sniff(self, name: str, head: bytes) -> bool:
        """Return whether the first bytes are XML with a graphml element, or the name says so."""
        if name.lower().removesuffix(".gz").endswith(self.suffixes):
            return True
        return b"<graphml" in head and head.lstrip(b"\xef\xbb\xbf \n\r\t").startswith(b"<")

    def read(
        self, source: str, data: bytes, directed: bool | None, weighted: bool
    ) -> tuple[Graph, Notes]:
        """Return the graph in the document `data` and the warnings."""
        content = utf8_bytes(source, data)
        for mark in (b"<!DOCTYPE", b"<!ENTITY"):
            if mark in content:
                line = content.count(b"\n", 0, content.index(mark)) + 1
                raise InputError(
                    f"{source}:{line}: must not declare a document type or entities. Remove them."
                )
        reading = _Reading(source, self.weight if weighted else None, directed)
        try:
            reading.parser.Parse(content, True)
        except expat.ExpatError as error:
            raise InputError(
                f"{source}:{error.lineno}: must be well-formed XML "
                f"({expat.ErrorString(error.code)}). The file may be cut."
            ) from None
        return reading.finish()


class _Reading:
    """One pass over a document: what expat calls, and what is known so far."""

    def __init__(self, source: str, weight: str | None, directed: bool | None) -> None:
        self.draft, self.weight, self.directed = EdgeDraft(source), weight, directed
        self.asked = directed is not None
        self.default = 1.0
        self.key: str | None = None
        self.depth, self.graphs = 0, 0
        self.ids: list[str] = []
        self.weights: list[float] = []
        self.lines: list[int] = []
        self.nodes: dict[str, int] = {}
        self.edge: float | None = None
        self.text: list[str] | None = None
        self.in_key = False
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    @property
    def line(self) -> int:
        return int(self.parser.CurrentLineNumber)

    def problem(self, text: str) -> None:
        self.draft.problems.add(self.line, text)

    def start(self, tag: str, about: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise InputError(
                f"{self.draft.source}:{self.line}: elements must be nested at most {_MAX_DEPTH} "
                "deep. This is no plain GraphML."
            )
        name = tag.rpartition(" ")[2]
        if self.depth == 1 and name != "graphml":
            raise InputError(
                f"{self.draft.source}:{self.line}: must be GraphML; its root is <{name[:40]}>."
            )
        handler = getattr(self, f"_{name}", None) if name in _ELEMENTS else None
        if handler is not None:
            handler(about)

    def _graph(self, about: dict[str, str]) -> None:
        self.graphs += 1
        if self.graphs > 1:
            raise InputError(
                f"{self.draft.source}:{self.line}: must hold one graph; a second one begins here. "
                "Put each in a file of its own."
            )
        default = about.get("edgedefault")
        if default not in ("directed", "undirected"):
            self.problem(f"edgedefault must be directed or undirected; got {shown(default)}.")
        elif not self.asked:
            self.directed = default == "directed"

    def _key(self, about: dict[str, str]) -> None:
        named = self.weight is not None and about.get("attr.name") == self.weight
        if named and about.get("for") in ("edge", "all"):
            self.in_key, self.key = True, about.get("id")

    def _node(self, about: dict[str, str]) -> None:
        node = about.get("id", "").strip()
        if not node:
            self.problem("a node needs an id; it is empty. Give one.")
        elif node in self.nodes:
            self.problem(f"the node {shown(node)} comes twice, first on line {self.nodes[node]}.")
        else:
            self.nodes[node] = self.line
            self.draft.index[node]

    def _edge(self, about: dict[str, str]) -> None:
        ends = (about.get("source", "").strip(), about.get("target", "").strip())
        if not all(ends):
            self.problem("an edge needs a source and a target. Give both.")
        own = about.get("directed")
        if own is not None and not self.asked and (own == "true") != self.directed:
            self.problem(
                "edges must be all directed or all undirected; this one says otherwise. "
                "Say which it is to be with directed=…"
            )
        self.ids += ends
        self.lines.append(self.line)
        self.edge = self.default

    def _hyperedge(self, about: dict[str, str]) -> None:
        self.problem("an edge must join two nodes; a hyperedge joins more. Expand it first.")

    def _data(self, about: dict[str, str]) -> None:
        if self.edge is not None and self.key is not None and about.get("key") == self.key:
            self.text = []

    def _default(self, about: dict[str, str]) -> None:
        if self.in_key:
            self.text = []

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        self.depth -= 1
        name = tag.rpartition(" ")[2]
        if name in ("data", "default") and self.text is not None:
            value, self.text = self._number("".join(self.text)), None
            if name == "data":
                self.edge = value
            else:
                self.default = value
        elif name == "key":
            self.in_key = False
        elif name == "edge" and self.edge is not None:
            self.weights.append(self.edge)
            self.edge = None

    def _number(self, text: str) -> float:
        try:
            if "_" not in text:
                return float(text)
        except ValueError:
            pass
        self.problem(f"a weight must be a number; got {shown(text.strip())}. Correct it.")
        return 1.0

    def finish(self) -> tuple[Graph, Notes]:
        draft = self.draft
        if not self.graphs:
            raise InputError(f"{draft.source}:1: must hold a graph element; there is none.")
        draft.problems.raise_if_any()
        unknown = [at for at, end in enumerate(self.ids) if end not in self.nodes]
        for at in unknown:
            where = f"{draft.source}:{self.lines[at // 2]}"
            draft.notes.add("edge to a node not declared, added", f"{where}: {shown(self.ids[at])}")
        draft.add(self.ids, np.array(self.weights, np.float64), self.lines)
        names: Any = list(draft.index)
        if not names:
            raise InputError(f"{draft.source}:1: must hold at least one node; found none.")
        return draft.finish(names, bool(self.directed))


_ELEMENTS = {"graph", "key", "node", "edge", "hyperedge", "data", "default"}
