"""DelimitedLoader: one CSV or TSV with ids, labels and parents, or with whole paths."""

from __future__ import annotations

from pathlib import Path

from graphemb.load._columns import Layout, add_table
from graphemb.load.base import Draft, Loader, Notes
from graphemb.tables import read_table
from graphemb.taxonomy import Taxonomy

__all__ = ["DelimitedLoader"]


class DelimitedLoader(Loader):
    """Reads a table with a header; several parents or synonyms are joined by `joiner`.

    Columns are found by name, upper or lower case: id (code, identifier), label (name, title,
    term), parent (parents, broader), synonyms (synonym, alt_labels); also alt_ids, xrefs, obsolete
    and successor. A column path (full_path) holds ``Food > Fruit > Apple`` instead of label and
    parent; then the id may be missing and is the path.

    Parameters
    ----------
    joiner : str
        What separates several values in one cell.
    id_column, label_column, parent_column, synonyms_column, path_column : str
        Names of columns, where they are other than those above.
    separator : str
        What separates the levels of a path.
    by_prefix : bool
        Whether a code's parent is the longest other code that it begins with; ``31-33`` stands for
        31, 32 and 33.
    padding : str
        What fills codes up at their end and is no part of them: ``00`` for 10150000.

    """

    suffixes = (".csv", ".tsv", ".txt")

    def __init__(
        self, joiner: str = "|", id_column: str = "", label_column: str = "",
        parent_column: str = "", synonyms_column: str = "", path_column: str = "",
        separator: str = ">", by_prefix: bool = False, padding: str = "",
    ) -> None:  # fmt: skip
        self.joiner, self.separator = joiner, separator
        self.id_column, self.label_column = id_column, label_column
        self.parent_column, self.synonyms_column = parent_column, synonyms_column
        self.path_column, self.by_prefix, self.padding = path_column, by_prefix, padding

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the table `path` and the warnings."""
        draft = Draft(str(path))
        self.fill(path, draft)
        return draft.finish(path.name.split(".")[0])

    def fill(self, path: Path, draft: Draft) -> None:
        """Put the rows of the table `path` into `draft`."""
        columns = {
            "id": self.id_column, "label": self.label_column, "parent": self.parent_column,
            "synonyms": self.synonyms_column, "path": self.path_column,
        }  # fmt: skip
        layout = Layout(columns, self.joiner, self.separator, self.by_prefix, self.padding)
        add_table(read_table(path), layout, draft)
