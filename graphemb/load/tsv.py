"""TsvFolderLoader: nodes.tsv, edges.tsv and, where they are, synonyms.tsv and alt_ids.tsv."""

from __future__ import annotations

from pathlib import Path

from graphemb.errors import MissingInputError
from graphemb.files import read_table
from graphemb.load.base import Draft, Loader, Notes, scope_of
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["TsvFolderLoader"]


class TsvFolderLoader(Loader):
    """Reads a folder of tab-separated tables, every cell as text.

    ``nodes.tsv`` (id, label), ``edges.tsv`` (child, parent), ``synonyms.tsv`` (id, synonym, kind;
    optional), ``alt_ids.tsv`` (alt_id, id; optional). A kind that begins with exact, broad, narrow
    or related gives the scope; any other is kept as kind, scope EXACT.

    Parameters
    ----------
    synonyms : str
        Name of the synonyms' file.

    """

    def __init__(self, synonyms: str = "synonyms.tsv") -> None:
        self.synonyms = synonyms

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether `path` is a folder with a nodes.tsv."""
        return path.is_dir() and (path / "nodes.tsv").is_file()

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the folder `path` and the warnings."""
        if not (path / "nodes.tsv").is_file():
            raise MissingInputError(f"{path}: must hold nodes.tsv (id, label); it does not.")
        draft = Draft(str(path / "nodes.tsv"))
        nodes = read_table(path / "nodes.tsv", required=("id", "label"))
        at, label = nodes.column("id"), nodes.column("label")
        for row, line in zip(nodes.rows, nodes.lines, strict=True):
            draft.node(row[at], row[label], line)
        self._edges(path / "edges.tsv", draft)
        self._synonyms(path / self.synonyms, draft)
        if (path / "alt_ids.tsv").is_file():
            table = read_table(path / "alt_ids.tsv", required=("alt_id", "id"))
            other, primary = table.column("alt_id"), table.column("id")
            draft.alternates |= {row[other]: row[primary] for row in table.rows}
        return draft.finish(path.resolve().name)

    def _edges(self, file: Path, draft: Draft) -> None:
        if not file.is_file():
            draft.notes.add("no edges.tsv: every node is a root", str(file))
            return
        draft.source = str(file)
        table = read_table(file, required=("child", "parent"))
        child, parent = table.column("child"), table.column("parent")
        for row, line in zip(table.rows, table.lines, strict=True):
            draft.edge(row[child], row[parent], line)

    def _synonyms(self, file: Path, draft: Draft) -> None:
        if not file.is_file():
            return
        draft.source = str(file)
        table = read_table(file, required=("id", "synonym"))
        at, text = table.column("id"), table.column("synonym")
        kind_at = table.header.index("kind") if "kind" in table.header else None
        for row, line in zip(table.rows, table.lines, strict=True):
            kind = row[kind_at] if kind_at is not None else ""
            draft.synonym(row[at], Synonym(row[text], scope_of(kind), kind), line)
