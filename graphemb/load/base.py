"""Loader: the contract of everything that turns a file into a Taxonomy."""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from graphemb.errors import CycleError, Problems, shown
from graphemb.estimator import Estimator
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["Draft", "Loader", "Notes", "scope_of"]


_BREAKS = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


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

    def lines(self, without: Iterable[str] = ()) -> list[str]:
        """Return one line a kind, but those in `without`: how often, and the first place."""
        return [
            f"{n} × {kind} (first: {self.examples[kind][0]})"
            for kind, n in self.counts.items() if kind not in without
        ]  # fmt: skip


class Draft:
    """Nodes, names and edges as they are read, before they become a Taxonomy.

    Problems that make a wrong answer likely are collected and raised by `finish`; untidiness is
    noted as a warning. Ids lose blanks around them; names lose those and line breaks.

    Attributes
    ----------
    source : str
        The file being read, put before line numbers; a loader of several files changes it.
    obsolete : dict of id to (label, successor id or None)
        Nodes that are kept for look-up only.
    needs_labels : bool
        Whether a table without a column of labels is refused.

    """

    needs_labels = True

    def __init__(self, source: str) -> None:
        self.source = source
        self.labels: dict[str, str] = {}
        self.edges: list[tuple[str, str, int | None, str]] = []
        self.synonyms: dict[str, list[Synonym]] = {}
        self.alternates: dict[str, str] = {}
        self.obsolete: dict[str, tuple[str, str | None]] = {}
        self.xrefs: dict[str, dict[str, None]] = {}
        self.metadata: dict[str, str] = {}
        self.problems, self.notes = Problems(source), Notes()

    def problem(self, line: int | None, text: str) -> None:
        """Collect what makes the input unusable; `finish` raises all of it."""
        self.problems.source = self.source
        self.problems.add(line, text)

    def note(self, kind: str, line: int | None, detail: str = "") -> None:
        """Note one untidiness of a `kind`, at `line` of the source."""
        where = self.source if line is None else f"{self.source}:{line}"
        self.notes.add(kind, f"{where}: {detail}" if detail else where)

    def node(self, node: str, label: str, line: int | None) -> None:
        """Add a node; an empty id and a second label for one id are problems."""
        node, label = self._id(node, line), self._name(label, line)
        if not node:
            self.problem(line, "a node needs an id; it is empty. Give one or remove the row.")
        elif node in self.labels:
            if self.labels[node] == label:
                self.note("node given twice", line, shown(node))
            else:
                self.problem(
                    line, f"the id {shown(node)} comes twice, as {shown(self.labels[node])} and as "
                    f"{shown(label)}. Keep one.",
                )  # fmt: skip
        else:
            if not label:
                self.note("node without a label", line, shown(node))
            elif not label[0].isalnum() and not any(map(str.isalnum, label)):
                self.note("label without a letter or digit", line, shown(label))
            self.labels[node] = label

    def edge(self, child: str, parent: str, line: int | None) -> None:
        """Add an edge; ends are checked by `finish`."""
        edge = self._id(child, line), self._id(parent, line), line, self.source
        self.edges.append(edge)

    def synonym(self, node: str, synonym: Synonym, line: int | None) -> None:
        """Add a synonym; an empty one is noted and left out."""
        text = self._name(synonym.text, line)
        if not text:
            self.note("empty synonym", line, shown(node))
            return
        if text is not synonym.text and text != synonym.text:
            synonym = Synonym(text, synonym.scope, synonym.kind)
        self.synonyms.setdefault(self._id(node, line), []).append(synonym)

    def retire(self, node: str, label: str, successor: str | None, line: int | None) -> None:
        """Add an obsolete node, and which one took its place if the source says."""
        node = self._id(node, line)
        if not node:
            self.problem(line, "an obsolete node needs an id; it is empty. Remove the row.")
        else:
            self.obsolete[node] = self._name(label, line), (successor or "").strip() or None

    def alternate(self, other: str, node: str, line: int | None) -> None:
        """Add another id of a node; the first node that claims it keeps it."""
        other = self._id(other, line)
        if other and self.alternates.setdefault(other, node) != node:
            pair = f"{shown(other)} of {shown(self.alternates[other])} and {shown(node)}"
            self.note("one alternate id on two nodes, the first keeps it", line, pair)

    def xref(self, node: str, other: str) -> None:
        """Add an id of the same thing elsewhere; kept once."""
        if other := self._name(other, None):
            self.xrefs.setdefault(node, {})[other] = None

    def _id(self, node: str, line: int | None) -> str:
        bare = node.strip()
        if bare != node:
            self.note("blanks around an id", line, shown(node))
        return bare

    def _name(self, text: str, line: int | None) -> str:
        if not text.isprintable() and _BREAKS.search(text.strip()):
            self.note("line break inside a name", line, shown(text))
            text = _BREAKS.sub(" ", text)
        return text.strip()

    def finish(self, name: str) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy and the warnings; edges to nodes that are not there are dropped.

        Raises
        ------
        InputError
            With all problems collected, or a cycle.

        """
        for node in self.obsolete.keys() & self.labels.keys():
            self.note("node both live and obsolete, kept live", None, shown(node))
            del self.obsolete[node]
        edges = self._edges_between()
        if not self.labels:
            self.problem(None, "must hold at least one node; found none. Check file and loader.")
        self.problems.raise_if_any()
        self._look_alikes({c for c, p in edges if self.labels[c] == self.labels[p]})
        for node in self.synonyms.keys() - self.labels.keys() - self.obsolete.keys():
            self.note("synonym of an unknown node", None, shown(node))
        for node, (label, heir) in self.obsolete.items():
            if heir is None and self.alternates.get(node) in self.labels:
                self.obsolete[node] = label, self.alternates[node]
        for other in self.alternates.keys() & self.labels.keys():
            self.note("alternate id that is a node, kept as node", None, shown(other))
        alternates = {a: n for a, n in self.alternates.items() if a not in self.labels}
        alternates |= {a: heir for a in self.obsolete if (heir := self._heir(a))}
        try:
            taxonomy = Taxonomy(
                list(self.labels), list(self.labels.values()), edges,
                {n: s for n, s in self.synonyms.items() if n in self.labels},
                alternates={a: n for a, n in alternates.items() if n in self.labels},
                obsolete=self.obsolete,
                xrefs={n: tuple(x) for n, x in self.xrefs.items() if n in self.labels},
                name=name, metadata=self.metadata,
            )  # fmt: skip
        except CycleError as error:
            text = str(error).partition(": ")[2]
            raise CycleError(f"{self._place_of(error.cycle)}: {text}", error.cycle) from None
        return taxonomy, self.notes

    def _edges_between(self) -> dict[tuple[str, str], None]:
        """Return the edges whose ends are nodes; a self-edge is a problem, the rest are notes."""
        edges: dict[tuple[str, str], None] = {}
        whole = self.source
        for child, parent, line, source in self.edges:
            self.source = source
            if child == parent:
                self.problem(line, f"{shown(child)} is its own parent. Remove the edge.")
            elif child in self.labels and parent in self.labels:
                if (child, parent) in edges:
                    self.note("edge given twice", line, f"{shown(child)} → {shown(parent)}")
                edges[child, parent] = None
            elif child not in self.obsolete:
                old = parent in self.obsolete
                kind = "obsolete parent" if old else "edge to an unknown node"
                self.note(kind, line, f"{shown(child)} → {shown(parent)}")
        self.source = whole
        return edges

    def _heir(self, node: str) -> str | None:
        """Return the live successor of an obsolete node, through obsolete ones."""
        seen: set[str] = set()
        at: str | None = node
        while at in self.obsolete and at not in seen:
            seen.add(at)
            at = self.obsolete[at][1]
        return at if at in self.labels else self.alternates.get(at or "")

    def _look_alikes(self, echoes: set[str]) -> None:
        """Note labels on two ids, unless one repeats its parent's (`echoes`), and twin ids."""
        named: dict[str, str] = {}
        folded: dict[str, str] = {}
        for node, label in self.labels.items():
            if node not in echoes and label and named.setdefault(label, node) != node:
                pair = f"{shown(label)} on {shown(named[label])} and {shown(node)}"
                self.note("one label on two ids", None, pair)
            if node.endswith(".0") and node[:-2].isdecimal() and node[:-2] in self.labels:
                self.note("ids that look alike", None, f"{shown(node[:-2])} and {shown(node)}")
            plain = node if node.isascii() else unicodedata.normalize("NFKC", node)
            other = folded.setdefault(plain.casefold(), node)
            if other != node:
                self.note("ids that look alike", None, f"{other!a} and {node!a}")

    def _place_of(self, cycle: tuple[str, ...]) -> str:
        ring = {(c, cycle[(i + 1) % len(cycle)]) for i, c in enumerate(cycle)}
        for child, parent, line, source in self.edges:
            if (child, parent) in ring:
                return source if line is None else f"{source}:{line}"
        return self.source


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
