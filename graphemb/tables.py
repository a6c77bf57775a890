"""Tables as text: CSV and TSV with a header, and cells that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphemb.errors import InputError, Problems, shown
from graphemb.files import MAX_LINE, numbered_lines, read_text

__all__ = [
    "FORMULA", "MAX_COLUMNS", "Table", "defused", "delimiter_of", "read_table", "table_rows",
    "undefused",
]  # fmt: skip

MAX_COLUMNS = 1_000
#: What a spreadsheet would run as a formula, at the head of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """A table as text: nothing is guessed or converted.

    ``lines[i]`` is the line on which row i begins; `delimiter` is what was found or given.
    """

    source: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: list[int]
    delimiter: str

    def column(self, name: str) -> int:
        """Return the position of a column, or raise `InputError` listing those there."""
        try:
            return self.header.index(name)
        except ValueError:
            raise InputError(
                f"{self.source}:1: must have a column {shown(name)}; has "
                f"{', '.join(map(shown, self.header[:20]))}."
            ) from None


def read_table(
    path: str | Path, required: Sequence[str] = (), delimiter: str | None = None,
    text: str | None = None, quoted: bool = False,
) -> Table:  # fmt: skip
    """Return a CSV or TSV file with a header, every cell as the text it is.

    The delimiter is a tab when the first line has one, else a semicolon when it has more of them
    than commas, else a comma. In a TSV, quotes are plain characters unless `quoted` says that
    they quote there too, as SSSOM has it. All problems (ragged rows, an unclosed quote) are
    collected and raised once.

    Raises
    ------
    InputError
        With ``file:line`` for each problem.

    """
    content = read_text(path) if text is None else text
    if not content.strip():
        raise InputError(f"{path}:1: must have a header and rows; the file is empty.")
    first = content.split("\n", 1)[0]
    if delimiter is None:
        delimiter = delimiter_of(first)
    if delimiter != "\t" or quoted:
        for _ in numbered_lines(str(path), content):
            pass  # a line that is too long is named before a quote that is not closed
    found = list(table_rows(path, numbered_lines(str(path), content), delimiter, quoted))
    lines, rows = [line for line, _ in found], [row for _, row in found]
    header = tuple(cell.strip() for cell in rows[0])
    problems = Problems(str(path))
    if len(header) > MAX_COLUMNS:
        raise InputError(f"{path}:1: must have at most {MAX_COLUMNS} columns; has {len(header)}.")
    for name in {n for n in header if header.count(n) > 1}:
        problems.add(1, f"columns must differ; {shown(name)} comes twice.")
    for name in required:
        if name not in header:
            problems.add(1, f"must have a column {shown(name)}; has {', '.join(header[:20])}.")
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(header):
            problems.add(line, f"must have {len(header)} fields like the header; has {len(row)}.")
    problems.raise_if_any()
    return Table(str(path), header, [tuple(r) for r in rows[1:]], lines[1:], delimiter)


def delimiter_of(first: str) -> str:
    """Return the delimiter that the first line of a table speaks for."""
    return "\t" if "\t" in first else ";" if first.count(";") > first.count(",") else ","


def table_rows(
    path: object, lines: Iterable[tuple[int, str]], delimiter: str, quoted: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line on which it begins, cells) of each row that is not blank, the header first.

    Raises
    ------
    InputError
        For a quote that is not closed.

    """
    if delimiter == "\t" and not quoted:
        yield from ((number, line.split("\t")) for number, line in lines if line)
        return
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader((line + "\n" for _, line in lines), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            if row:
                yield before + 1, row
            before = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"{path}:{before + 1}: must be well-formed CSV ({error}). "
            "Look for a quote that is not closed."
        ) from None


def defused(cell: str) -> str:
    """Return `cell` with ``'`` before it where a spreadsheet would run it.

    One more is put before those that begin with it already, so that `undefused` undoes this.

    >>> defused("=1+1"), undefused(defused("'=1"))
    ("'=1+1", "'=1")
    """
    return "'" + cell if cell.lstrip("'").startswith(FORMULA) else cell


def undefused(cell: str) -> str:
    """Return what `defused` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell
