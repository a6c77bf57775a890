"""Phrases to map: a table of any kind, a text file with a phrase a line, or standard input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graphemb.errors import InputError, Problems, nearest, shown
from graphemb.files import numbered_lines
from graphemb.load._contents import read_content, table_of
from graphemb.mappings import Source
from graphemb.tables import Table

__all__ = [
    "LONGEST", "Phrases", "frequencies_of", "is_table", "read_phrases", "refuse_columns",
    "text_column",
]  # fmt: skip

_TABLES = (".csv", ".tsv", ".tab")
#: Characters of a phrase that are read, where a file has a phrase a line.
LONGEST = 100_000


@dataclass(frozen=True)
class Phrases:
    """Rows to map: `header` names the input's columns, ``texts[i]`` is the phrase of a row.

    The other fields name the columns with a role; ``frequencies[i]`` is 1 without `freq_col`.
    """

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    texts: list[str]
    text_col: str = "phrase"
    id_col: str | None = None
    freq_col: str | None = None
    context_cols: tuple[str, ...] = ()
    frequencies: tuple[int, ...] = ()

    def source(self, start: int = 0, stop: int | None = None) -> Source:
        """Return rows `start` to `stop` as what a `MappingSet` carries along."""
        return Source(
            self.header, self.rows[start:stop], self.text_col, self.id_col, self.freq_col,
            self.context_cols,
        )  # fmt: skip


def read_phrases(
    path: str | Path, text_col: str = "phrase", id_col: str | None = None,
    freq_col: str | None = None, context_cols: Sequence[str] = (),
) -> Phrases:  # fmt: skip
    """Return the phrases in `path` (``-`` is standard input), rows and columns unchanged.

    XLSX, Parquet and JSON lines are known by their content (how typed cells become text is said
    in `graphemb.load._typed`). A file ending in .csv, .tsv or .tab is a table, and so is any text
    whose first line holds a tab, comma or semicolon and, as one of its cells, `text_col`. Anything
    else has a phrase a line; blank lines are kept, so that the row count is.

    Raises
    ------
    InputError
        With ``file:line``: no such column, a doubled id in `id_col`, a frequency that is no whole
        number from 0, ragged rows, no rows at all.
    MissingPackageError
        When XLSX or Parquet is read without openpyxl or pyarrow.

    """
    content = read_content(path)
    first = content.text.split("\n", 1)[0]
    if content.kind == "text" and not is_table(path, first, text_col):
        refuse_columns(path, text_col, (id_col, freq_col, *context_cols))
        return _lines(path, content.text)
    table = table_of(content)
    at = text_column(table, text_col)
    for column in (c for c in (id_col, freq_col, *context_cols) if c is not None):
        table.column(column)
    if id_col is not None:
        _unique(path, [row[table.column(id_col)] for row in table.rows], table.lines, id_col)
    if not table.rows:
        raise InputError(f"{path}:1: must have rows below the header; there are none.")
    return Phrases(
        table.header, table.rows, [row[at] for row in table.rows], text_col, id_col,
        freq_col, tuple(context_cols), frequencies_of(path, table, freq_col),
    )  # fmt: skip


def is_table(path: str | Path, first: str, text_col: str) -> bool:
    """Return whether text is a table, told from its name and its first line."""
    name = str(path).lower().removesuffix(".gz")
    cells = {c.strip().strip('"') for d in "\t,;" if d in first for c in first.split(d)}
    return name.endswith(_TABLES) or text_col in cells or first.strip() == text_col


def refuse_columns(path: str | Path, text_col: str, columns: Sequence[str | None]) -> None:
    """Raise `InputError` where a file with a phrase a line is asked for columns."""
    if wanted := [c for c in columns if c is not None]:
        raise InputError(
            f"{path}:1: must be a table with a column {shown(text_col)} to have a column "
            f"{shown(wanted[0])}; its first line names none. Give --text-col, or a header."
        )


def text_column(table: Table, name: str) -> int:
    """Return where the phrases stand."""
    try:
        return table.column(name)
    except InputError as error:
        raise InputError(f"{error}{nearest(name, table.header)} Name it with --text-col.") from None


def _lines(path: str | Path, text: str) -> Phrases:
    lines = [line for _, line in numbered_lines(str(path), text)]
    if lines and not lines[-1]:
        lines.pop()
    if not any(line.strip() for line in lines):
        raise InputError(f"{path}:1: must hold at least one phrase; it is empty.")
    return Phrases(("phrase",), [(line,) for line in lines], [line[:LONGEST] for line in lines])


def frequencies_of(path: str | Path, table: Table, freq_col: str | None) -> tuple[int, ...]:
    """Return how often each phrase occurs; an empty cell counts once."""
    if freq_col is None:
        return (1,) * len(table.rows)
    at, problems, found = table.column(freq_col), Problems(str(path)), []
    for row, line in zip(table.rows, table.lines, strict=True):
        text = row[at].strip() or "1"
        whole = text.removesuffix(".0")
        if whole.isascii() and whole.isdecimal() and len(whole) < 19:
            found.append(int(whole))
        else:
            problems.add(
                line, f"{shown(freq_col)} must be a whole number from 0; got {shown(text)}."
            )
    problems.raise_if_any()
    return tuple(found)


def _unique(path: str | Path, ids: list[str], lines: list[int], id_col: str) -> None:
    seen: dict[str, int] = {}
    for value, line in zip(ids, lines, strict=True):
        if value in seen:
            raise InputError(
                f"{path}:{line}: {id_col} must differ from row to row; {shown(value)} stands on "
                f"line {seen[value]} too."
            )
        seen[value] = line
