"""XlsxLoader: a sheet of an Excel workbook, laid out like a CSV for `delimited`."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import openpyxl

from graphemb.errors import GraphembError, InputError, shown
from graphemb.files import Archive, read_bytes
from graphemb.load._columns import Layout, add_table
from graphemb.load.base import Draft, Loader, Notes
from graphemb.tables import Table
from graphemb.taxonomy import Taxonomy

__all__ = ["XlsxLoader"]

#: Most cells read, so that a small file cannot fill the memory.
_CELLS = 20_000_000


class XlsxLoader(Loader):
    """Reads the first sheet, or the one named; the first row that is not empty is the header.

    Cells become text: 7.0 reads ``7``, since Excel keeps no other trace of how a code was typed;
    codes that begin with 0 must be stored as text in the workbook. Formulas are not computed: the
    value Excel stored is taken. Columns and hierarchy are those of `DelimitedLoader`.

    Parameters
    ----------
    sheet : str
        Name of the sheet.
    joiner, id_column, label_column, parent_column, synonyms_column, path_column, separator,
    by_prefix, padding
        As in `DelimitedLoader`.

    """

    suffixes = (".xlsx", ".xlsm")

    def __init__(
        self, sheet: str = "", joiner: str = "|", id_column: str = "", label_column: str = "",
        parent_column: str = "", synonyms_column: str = "", path_column: str = "",
        separator: str = ">", by_prefix: bool = False, padding: str = "",
    ) -> None:  # fmt: skip
        self.sheet, self.joiner, self.separator = sheet, joiner, separator
        self.id_column, self.label_column = id_column, label_column
        self.parent_column, self.synonyms_column = parent_column, synonyms_column
        self.path_column, self.by_prefix, self.padding = path_column, by_prefix, padding

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the workbook `path` and the warnings."""
        draft = Draft(str(path))
        self.fill(path, draft)
        return draft.finish(path.name.split(".")[0])

    def fill(self, path: Path, draft: Draft) -> None:
        """Put the rows of the workbook `path` into `draft`."""
        columns = {
            "id": self.id_column, "label": self.label_column, "parent": self.parent_column,
            "synonyms": self.synonyms_column, "path": self.path_column,
        }  # fmt: skip
        layout = Layout(columns, self.joiner, self.separator, self.by_prefix, self.padding)
        add_table(self._table(path), layout, draft)

    def _table(self, path: Path) -> Table:
        Archive(path)  # refuses a bomb and links before any library sees the file
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and extensions that we do not read
                book = openpyxl.load_workbook(
                    io.BytesIO(read_bytes(path, zipped=True)), read_only=True, data_only=True
                )
                if self.sheet and self.sheet not in book.sheetnames:
                    raise InputError(
                        f"{path}: must have the sheet {shown(self.sheet)}; has "
                        f"{', '.join(map(shown, book.sheetnames))}."
                    )
                rows = self._rows(path, book[self.sheet or book.sheetnames[0]])
        except GraphembError:
            raise
        except Exception as error:  # openpyxl lets anything through that a broken part provokes
            raise InputError(f"{path}: must be an Excel workbook ({error}).") from None
        if not rows:
            raise InputError(f"{path}:1: must have a header and rows; the sheet is empty.")
        header = tuple(cell.strip() for cell in rows[0][1])
        while header and not header[-1]:
            header = header[:-1]
        width = len(header)
        for name in header:
            if header.count(name) > 1:
                raise InputError(f"{path}:{rows[0][0]}: columns must differ; {shown(name)} twice.")
        cells = [(row + ("",) * width)[:width] for _, row in rows[1:]]
        return Table(str(path), header, cells, [line for line, _ in rows[1:]], "")

    @staticmethod
    def _rows(path: Path, sheet: Any) -> list[tuple[int, tuple[str, ...]]]:
        rows: list[tuple[int, tuple[str, ...]]] = []
        n_cells = 0
        for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
            n_cells += len(row)
            if n_cells > _CELLS:
                raise InputError(f"{path}:{line}: must have at most {_CELLS:,} cells.")
            cells = tuple(_text(value) for value in row)
            if any(cells):
                rows.append((line, cells))
        return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
