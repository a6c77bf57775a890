"""Large tables without quotes, a row at a time: what RF2, Athena and RRF folders are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

from graphemb.errors import InputError, Problems, shown
from graphemb.files import Archive

__all__ = ["Row", "stream_fields", "stream_table"]

#: Line number, and the cells asked for.
Row = tuple[int, tuple[str, ...]]


def stream_table(archive: Archive, name: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield two or more `columns` of a tab-separated member with a header, row by row.

    Every cell is text; quotes are plain characters. Ragged rows are collected and raised at the
    end.

    Raises
    ------
    InputError
        With ``file:line``, for a missing column or rows of another width.

    """
    lines = archive.lines(name)
    source = str(archive.path / name)
    header = next(lines, (1, ""))[1].split("\t")
    missing = [c for c in columns if c not in header]
    if missing:
        raise InputError(
            f"{source}:1: must have the columns {', '.join(map(shown, missing))}; has "
            f"{', '.join(map(shown, header[:20]))}."
        )
    yield from _picked(lines, "\t", [header.index(c) for c in columns], len(header), source)


def stream_fields(archive: Archive, name: str, at: Sequence[int], width: int) -> Iterator[Row]:
    """Yield the fields at two or more positions of a ``|``-separated member without a header."""
    source = str(archive.path / name)
    yield from _picked(archive.lines(name), "|", at, width, source)


def _picked(
    lines: Iterator[tuple[int, str]], delimiter: str, at: Sequence[int], width: int, source: str
) -> Iterator[Row]:
    pick, problems = itemgetter(*at), Problems(source)
    for number, line in lines:
        cells = line.split(delimiter)
        if len(cells) == width:
            yield number, pick(cells)
        elif line:
            problems.add(number, f"must have {width} fields like the header; has {len(cells)}.")
    problems.raise_if_any()
