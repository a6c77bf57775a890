"""Phrases to map: a table with a header, a text file with a phrase a line, or standard input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphemb.errors import InputError, shown
from graphemb.files import numbered_lines, read_table, read_text

__all__ = ["Phrases", "read_phrases"]

_TABLES = (".csv", ".tsv", ".tab")
_LONGEST = 100_000


@dataclass(frozen=True)
class Phrases:
    """Rows to map: `header` names the input's columns, ``texts[i]`` is the phrase of a row."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    texts: list[str]


def read_phrases(path: str | Path, text_col: str = "phrase", id_col: str | None = None) -> Phrases:
    """Return the phrases in `path` (``-`` is standard input), rows and columns unchanged.

    A file ending in .csv, .tsv or .tab is a table, and so is any text whose first line holds a
    tab, comma or semicolon and, as one of its cells, `text_col`. Anything else has a phrase a
    line; blank lines are kept, so that the row count is.

    Raises
    ------
    InputError
        With ``file:line``: no such column, a doubled id in `id_col`, ragged rows, no rows at all.

    """
    text = read_text(path)
    name = str(path).lower().removesuffix(".gz")
    first = text.split("\n", 1)[0]
    cells = {c.strip().strip('"') for d in "\t,;" if d in first for c in first.split(d)}
    if not name.endswith(_TABLES) and text_col not in cells and first.strip() != text_col:
        return _lines(path, text)
    table = read_table(path, text=text)
    at = table.column(text_col)
    if id_col is not None:
        _unique(path, [row[table.column(id_col)] for row in table.rows], table.lines, id_col)
    if not table.rows:
        raise InputError(f"{path}:1: must have rows below the header; there are none.")
    return Phrases(table.header, table.rows, [row[at] for row in table.rows])


def _lines(path: str | Path, text: str) -> Phrases:
    lines = [line for _, line in numbered_lines(str(path), text)]
    if lines and not lines[-1]:
        lines.pop()
    if not any(line.strip() for line in lines):
        raise InputError(f"{path}:1: must hold at least one phrase; it is empty.")
    return Phrases(("phrase",), [(line,) for line in lines], [line[:_LONGEST] for line in lines])


def _unique(path: str | Path, ids: list[str], lines: list[int], id_col: str) -> None:
    seen: dict[str, int] = {}
    for value, line in zip(ids, lines, strict=True):
        if value in seen:
            raise InputError(
                f"{path}:{line}: {id_col} must differ from row to row; {shown(value)} stands on "
                f"line {seen[value]} too."
            )
        seen[value] = line
