"""Loader: the contract of everything that turns a file into a Taxonomy."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from graphemb.errors import Problems, shown
from graphemb.estimator import Estimator
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["Draft", "Loader", "Notes", "scope_of"]


class Notes:
    """Warnings of one load: all counted, the first 20 of a kind kept."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, kind: str, where: str) -> None:
        """Note one occurrence of `kind` at `where` (``file:line: detail``)."""
        self.counts[kind] += 1
        if self.counts[kind] <= 20:
            self.examples.setdefault(kind, []).append(where)

    def lines(self) -> list[str]:
        """Return one line a kind: how often, and the first place."""
        return [
            f"{n} × {kind} (first: {self.examples[kind][0]})" for kind, n in self.counts.items()
        ]


class Draft:
    """Nodes, names and edges as they are read, before they become a Taxonomy.

    Problems that make a wrong answer likely are collected and raised by `finish`; untidiness is
    noted as a warning.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.labels: dict[str, str] = {}
        self.edges: list[tuple[str, str, int | None]] = []
        self.synonyms: dict[str, list[Synonym]] = {}
        self.alternates: dict[str, str] = {}
        self.metadata: dict[str, str] = {}
        self.problems, self.notes = Problems(source), Notes()

    def node(self, node: str, label: str, line: int | None) -> None:
        """Add a node; an empty id and a second label for one id are problems."""
        if not node.strip():
            self.problems.add(line, "a node needs an id; it is empty. Give one or remove the row.")
        elif node in self.labels:
            if self.labels[node] == label:
                self.notes.add("node given twice", f"{self.source}:{line}: {shown(node)}")
            else:
                self.problems.add(
                    line, f"the id {shown(node)} comes twice, as {shown(self.labels[node])} and as "
                    f"{shown(label)}. Keep one.",
                )  # fmt: skip
        else:
            if not label.strip():
                self.notes.add("node without a label", f"{self.source}:{line}: {shown(node)}")
            self.labels[node] = label

    def edge(self, child: str, parent: str, line: int | None) -> None:
        """Add an edge; ends are checked by `finish`."""
        self.edges.append((child, parent, line))

    def synonym(self, node: str, synonym: Synonym, line: int | None) -> None:
        """Add a synonym; an empty one is noted and left out."""
        if not synonym.text.strip():
            self.notes.add("empty synonym", f"{self.source}:{line}: {shown(node)}")
        else:
            self.synonyms.setdefault(node, []).append(synonym)

    def finish(self, name: str, retired: Iterable[str] = ()) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy and the warnings; edges to nodes that are not there are dropped.

        Raises
        ------
        InputError
            With all problems collected, or a cycle.

        """
        gone = set(retired)
        edges = []
        for child, parent, line in self.edges:
            if child == parent:
                self.problems.add(line, f"{shown(child)} is its own parent. Remove the edge.")
            elif child in self.labels and parent in self.labels:
                edges.append((child, parent))
            elif child not in gone:
                kind = "obsolete parent" if parent in gone else "edge to an unknown node"
                self.notes.add(kind, f"{self.source}:{line}: {shown(child)} → {shown(parent)}")
        if not self.labels:
            self.problems.add(None, "must hold at least one node; found none.")
        self.problems.raise_if_any()
        synonyms = {n: s for n, s in self.synonyms.items() if n in self.labels}
        for node in self.synonyms.keys() - self.labels.keys() - gone:
            self.notes.add("synonym of an unknown node", f"{self.source}: {shown(node)}")
        alternates = {a: n for a, n in self.alternates.items() if n in self.labels}
        taxonomy = Taxonomy(
            list(self.labels), list(self.labels.values()), edges, synonyms,
            alternates={a: n for a, n in alternates.items() if a not in self.labels},
            name=name, metadata=self.metadata,
        )  # fmt: skip
        return taxonomy, self.notes


class Loader(Estimator):
    """Reads one format. The constructor's arguments are the format's options.

    Attributes
    ----------
    suffixes : tuple of str
        File endings that suggest this format.

    """

    suffixes: tuple[str, ...] = ()

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether `path`, which begins with `head`, looks like this format."""
        return (
            path.name.lower().removesuffix(".gz").endswith(self.suffixes)
            if self.suffixes
            else False
        )

    @abstractmethod
    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy at `path` and the warnings.

        Raises
        ------
        InputError
            With ``file:line`` for what cannot be used.

        """


_SCOPES: dict[str, Scope] = {
    "exact": "EXACT", "broad": "BROAD", "narrow": "NARROW", "related": "RELATED",
}  # fmt: skip


def scope_of(kind: str) -> Scope:
    """Return the scope that a synonym's kind begins with (``exact:layperson``), else EXACT."""
    head: Sequence[str] = kind.casefold().replace(":", " ").split()
    return _SCOPES.get(head[0], "EXACT") if head else "EXACT"
