"""DelimitedLoader: one CSV or TSV with id, label, parent and synonyms columns."""

from __future__ import annotations

from pathlib import Path

from graphemb.errors import InputError, shown
from graphemb.files import Table, read_table
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["DelimitedLoader"]

_ALIASES = {
    "id": ("id", "code", "identifier", "concept_id"),
    "label": ("label", "name", "title", "term", "preflabel"),
    "parent": ("parent", "parents", "parent_id", "broader"),
    "synonyms": ("synonyms", "synonym", "alt_labels", "altlabels"),
}


class DelimitedLoader(Loader):
    """Reads a table with a header; several parents or synonyms are joined by `joiner`.

    Columns are found by name, upper or lower case: id (code, identifier), label (name, title,
    term), parent (parents, broader), synonyms (synonym, alt_labels). id and label must be there.

    Parameters
    ----------
    joiner : str
        What separates several values in one cell.

    """

    suffixes = (".csv", ".tsv", ".txt")

    def __init__(self, joiner: str = "|") -> None:
        self.joiner = joiner

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the table `path` and the warnings."""
        table = read_table(path)
        at = {role: self._find(table, role) for role in _ALIASES}
        if at["id"] is None or at["label"] is None:
            raise InputError(
                f"{path}:1: must have an id and a label column; has "
                f"{', '.join(map(shown, table.header[:20]))}. Rename two of them."
            )
        draft = Draft(str(path))
        for row, line in zip(table.rows, table.lines, strict=True):
            node = row[at["id"]].strip()
            draft.node(node, row[at["label"]].strip(), line)
            for parent in self._several(row, at["parent"]):
                draft.edge(node, parent, line)
            for text in self._several(row, at["synonyms"]):
                draft.synonym(node, Synonym(text), line)
        return draft.finish(path.name.split(".")[0])

    @staticmethod
    def _find(table: Table, role: str) -> int | None:
        header = [name.casefold().strip() for name in table.header]
        return next((header.index(name) for name in _ALIASES[role] if name in header), None)

    def _several(self, row: tuple[str, ...], at: int | None) -> list[str]:
        if at is None:
            return []
        return [part.strip() for part in row[at].split(self.joiner) if part.strip()]
