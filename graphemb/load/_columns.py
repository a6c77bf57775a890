"""From any table to nodes: columns found by name, hierarchy from parents, paths or codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphemb.errors import InputError, shown
from graphemb.load.base import Draft
from graphemb.tables import Table
from graphemb.taxonomy import Synonym

__all__ = ["Layout", "Paths", "add_table"]

#: Deepest path accepted, in levels.
_LEVELS = 1_000
#: Roles whose cell may hold several values, and what one of them adds.
_ADD: dict[str, Callable[[Draft, str, str, int], None]] = {
    "parent": lambda draft, node, text, line: draft.edge(node, text, line),
    "synonyms": lambda draft, node, text, line: draft.synonym(node, Synonym(text), line),
    "alt_ids": lambda draft, node, text, line: draft.alternate(text, node, line),
    "xrefs": lambda draft, node, text, _: draft.xref(node, text),
}
_YES = frozenset(("1", "true", "yes", "y"))
_RANGE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")

_ALIASES = {
    "id": ("id", "code", "identifier", "concept_id", "uri", "iri"),
    "label": ("label", "name", "title", "term", "preflabel", "preferredlabel", "description"),
    "parent": ("parent", "parents", "parent_id", "parent_code", "broader"),
    "synonyms": ("synonyms", "synonym", "alt_labels", "altlabels", "altlabel"),
    "path": ("path", "full_path", "full path", "category path", "breadcrumb"),
    "alt_ids": ("alt_ids", "alt_id"),
    "xrefs": ("xrefs", "xref"),
    "obsolete": ("obsolete", "is_obsolete", "deprecated"),
    "successor": ("successor", "replaced_by"),
}


@dataclass(frozen=True)
class Layout:
    """How a table is laid out: names of columns that differ, joiners, hierarchy from codes."""

    columns: Mapping[str, str]
    joiner: str = "|"
    separator: str = ">"
    by_prefix: bool = False
    padding: str = ""

    def find(self, table: Table) -> dict[str, int]:
        """Return the position of each role's column, where there is one."""
        header = [_folded(name) for name in table.header]
        at: dict[str, int] = {}
        for role, aliases in _ALIASES.items():
            wanted = self.columns.get(role, "")
            if wanted:
                same = _folded(wanted) in header
                at[role] = header.index(_folded(wanted)) if same else table.column(wanted)
            else:
                found = [header.index(name) for name in aliases if name in header]
                free = [i for i in found if i not in at.values()]
                if free:
                    at[role] = free[0]
        return at

    def stems(self, code: str) -> list[str]:
        """Return what a code covers: itself without padding; each number of a range ``31-33``."""
        found = _RANGE.fullmatch(code)
        if found and 0 < int(found[2]) - int(found[1]) < 20:
            return [str(n).zfill(len(found[1])) for n in range(int(found[1]), int(found[2]) + 1)]
        while self.padding and code.endswith(self.padding) and len(code) > len(self.padding):
            code = code[: -len(self.padding)]
        return [code]


class Paths:
    """Nodes named by their whole path, ``Food > Fruit > Apple``; levels above are made if absent.

    Parameters
    ----------
    separator : str
        What stands between two levels.
    draft : Draft
        What `place` fills.

    """

    def __init__(self, separator: str, draft: Draft) -> None:
        self.separator, self.draft = separator, draft
        self._nodes: dict[tuple[str, ...], tuple[str, int]] = {}

    def add(self, path: str, node: str, line: int) -> str:
        """Keep one path; return its node's id: the one given, else the path itself."""
        levels = tuple(part.strip() for part in path.split(self.separator))
        if not all(levels) or len(levels) > _LEVELS:
            self.draft.problem(
                line, f"a path must have 1 to {_LEVELS} levels with names between "
                f"{shown(self.separator)}; got {shown(path)}.",
            )  # fmt: skip
            return node
        node = node or f" {self.separator} ".join(levels)
        known = self._nodes.setdefault(levels, (node, line))[0]
        if known != node:
            self.draft.problem(
                line, f"the path {shown(path)} comes twice, as {shown(known)} and {shown(node)}."
            )
        return node

    def place(self) -> None:
        """Add a node a path, and the edge to the path one level shorter."""
        for levels, (_, line) in list(self._nodes.items()):
            while len(levels) > 1 and levels[:-1] not in self._nodes:
                levels = levels[:-1]
                self._nodes[levels] = (f" {self.separator} ".join(levels), line)
        for levels, (node, line) in self._nodes.items():
            self.draft.node(node, levels[-1], line)
            if len(levels) > 1:
                self.draft.edge(node, self._nodes[levels[:-1]][0], line)


def add_table(table: Table, layout: Layout, draft: Draft) -> None:
    """Add the rows of `table`; either an id and a label column or a path column must be there.

    Raises
    ------
    InputError
        When neither is found.

    """
    at = layout.find(table)
    needed = {"id", "label"} if draft.needs_labels else {"id"}
    if "path" not in at and not needed <= at.keys():
        raise InputError(
            f"{table.source}:1: must have an id and a label column, or a path column; has "
            f"{', '.join(map(shown, table.header[:20]))}. Rename them, or name them with "
            "id_column=… and label_column=…"
        )
    paths = Paths(layout.separator, draft) if "path" in at else None
    several = [(role, at[role]) for role in _ADD if role in at and (role != "parent" or not paths)]
    gone, heir = at.get("obsolete"), at.get("successor")
    stems: dict[str, tuple[str, int]] = {}
    for row, line in zip(table.rows, table.lines, strict=True):
        node = row[at["id"]].strip() if "id" in at else ""
        label = row[at["label"]] if "label" in at else ""
        if paths is not None:
            node = paths.add(row[at["path"]], node, line)
        elif gone is not None and row[gone].strip().casefold() in _YES:
            draft.retire(node, label, row[heir] if heir is not None else None, line)
            continue
        else:
            draft.node(row[at["id"]], label, line)
        if layout.by_prefix:
            stems |= dict.fromkeys(layout.stems(node), (node, line))
        for role, i in several:
            for part in row[i].split(layout.joiner) if row[i] else ():
                if text := part.strip():
                    _ADD[role](draft, node, text, line)
    if paths is not None:
        paths.place()
    _nest(stems, draft)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _nest(stems: Mapping[str, tuple[str, int]], draft: Draft) -> None:
    """Add an edge from each code to the longest code that it begins with."""
    for stem, (node, line) in stems.items():
        shorter = (stem[:cut] for cut in range(min(len(stem), 64) - 1, 0, -1))
        parent = next((stems[s][0] for s in shorter if s in stems), node)
        if parent != node:
            draft.edge(node, parent, line)
