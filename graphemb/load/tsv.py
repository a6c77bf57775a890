"""TsvFolderLoader: nodes.tsv, edges.tsv and, where they are, tables of synonyms and other ids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphemb.errors import MissingInputError
from graphemb.load.base import Draft, Loader, Notes, scope_of
from graphemb.tables import read_table
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["TsvFolderLoader"]


class TsvFolderLoader(Loader):
    """Reads a folder of tab-separated tables, every cell as text.

    ``nodes.tsv`` (id, label), ``edges.tsv`` (child, parent); optional: ``synonyms.tsv`` (id,
    synonym, kind), ``alt_ids.tsv`` (alt_id, id), ``xrefs.tsv`` (id, xref), ``obsolete.tsv`` (id,
    label, successor). A kind that begins with exact, broad, narrow
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
        identity, name = nodes.column("id"), nodes.column("label")
        for row, line in zip(nodes.rows, nodes.lines, strict=True):
            draft.node(row[identity], row[name], line)
        self._edges(path / "edges.tsv", draft)
        self._synonyms(path / self.synonyms, draft)
        for other, primary, at in self._rows(path / "alt_ids.tsv", ("alt_id", "id"), draft):
            draft.alternate(other, primary, int(at))
        for node, other, _ in self._rows(path / "xrefs.tsv", ("id", "xref"), draft):
            draft.xref(node, other)
        file = path / "obsolete.tsv"
        for node, label, heir, at in self._rows(file, ("id", "label", "successor"), draft):
            draft.retire(node, label, heir, int(at))
        draft.source = str(path)
        return draft.finish(path.resolve().name)

    @staticmethod
    def _rows(file: Path, columns: tuple[str, ...], draft: Draft) -> Iterator[tuple[str, ...]]:
        """Yield the cells of `columns`, then the line, of a table that need not be there."""
        if file.is_file():
            draft.source = str(file)
            table = read_table(file, required=columns)
            at = [table.column(name) for name in columns]
            for row, line in zip(table.rows, table.lines, strict=True):
                yield *(row[i] for i in at), str(line)

    def _edges(self, file: Path, draft: Draft) -> None:
        if not file.is_file():
            draft.note("no edges.tsv: every node is a root", None)
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
