"""What a plan names, read: graphs with their labels and texts, and vectors made elsewhere."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, Problems, shown
from graphemb.files import numbered_lines, read_bytes
from graphemb.graph import Graph

__all__ = ["GraphSource", "Loaded", "digest", "load_source"]


@dataclass(frozen=True)
class GraphSource:
    """A graph of a plan: where it lies and what comes with it.

    One of `edges` (a file that `load_graph` reads) and `taxonomy` (what `load_taxonomy` takes) is
    given. `labels` holds a class a line, `texts` a text, each after the node's id and a tab.
    `directed` is as the file says where it is None.
    """

    name: str
    edges: str = ""
    taxonomy: str = ""
    labels: str = ""
    texts: str = ""
    directed: bool | None = None

    @property
    def has(self) -> frozenset[str]:
        """Resources that tasks may need: ``labels``, ``texts``, ``taxonomy``."""
        return frozenset(n for n in ("labels", "texts", "taxonomy") if getattr(self, n))


@dataclass(frozen=True)
class Loaded:
    """A graph or taxonomy with its labels and texts, None where there are none."""

    graph: Any
    labels: dict[str, list[str]] | None
    texts: dict[str, str] | None

    @property
    def given(self) -> dict[str, Any]:
        """Keyword arguments for `GraphTask.run`, by the name of the resource."""
        return {"labels": self.labels, "texts": self.texts}


def load_source(source: GraphSource) -> Loaded:
    """Return what `source` names.

    Labelled nodes without an edge become isolated nodes, with a warning that counts them.

    Raises
    ------
    InputError, MissingInputError
        With ``file:line`` for rows that cannot be used.

    """
    labels: dict[str, list[str]] | None = None
    if source.labels:
        labels = {}
        for _, node, value in _two_columns(source.labels):
            labels.setdefault(node, []).append(value)
    texts = None
    if source.texts:
        texts = {node: value for _, node, value in _two_columns(source.texts)}
    if source.taxonomy:
        from graphemb.load import load_taxonomy

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # told when the taxonomy is looked at
            return Loaded(load_taxonomy(source.taxonomy), labels, texts)
    return Loaded(_graph(source.edges, source.directed, labels), labels, texts)


def _graph(path: str, directed: bool | None, labels: dict[str, list[str]] | None) -> Graph:
    """Return the graph of a file, and with it the labelled nodes that have no edge."""
    from graphemb.load import load_graph

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # told when the graph is looked at
        graph = load_graph(path, directed=directed)
    alone = [node for node in labels or () if node not in graph.index]
    if len(alone) * 2 > len(labels or ()):
        raise InputError(
            f"{path}: {len(alone)} of {len(labels or ())} labelled nodes have no edge, the first "
            f"{shown(alone[0])}. Check that ids are written alike in both files."
        )
    if not alone:
        return graph
    warnings.warn(
        f"{path}: {len(alone)} labelled nodes have no edge and stand alone.",
        UserWarning, stacklevel=2,
    )  # fmt: skip
    return Graph.from_edges(graph.to_edges(), [*graph.nodes, *alone], graph.directed)


def _two_columns(path: str) -> Iterator[tuple[int, str, str]]:
    problems = Problems(path)
    rows = []
    for number, line in numbered_lines(path):
        if not line.strip() or line[0] == "#":
            continue
        cells = line.split("\t") if "\t" in line else line.split(None, 1)
        if len(cells) == 2 and all(cells):
            rows.append((number, cells[0], cells[1].strip()))
        else:
            problems.add(number, f"must be a node and a value; got {shown(line)}.")
    problems.raise_if_any()
    return iter(rows)


def digest(*paths: str) -> str:
    """Return the sha256 of the bytes of files, and of all files of folders, in order of name.

    A name of the catalogue of taxonomies stands for its file.
    """
    total = hashlib.sha256()
    for name in paths:
        place = Path(name)
        if not place.exists():
            place = _of_catalogue(name) or place
        files = sorted(f for f in place.rglob("*") if f.is_file()) if place.is_dir() else [place]
        for file in files:
            total.update(f"{file.name}\0".encode("utf-8", "surrogatepass"))
            total.update(hashlib.sha256(read_bytes(file)).digest())
    return total.hexdigest()


def _of_catalogue(name: str) -> Path | None:
    from graphemb.catalog import Catalog

    catalog = Catalog.default()
    return catalog[name].path() if name in catalog else None
