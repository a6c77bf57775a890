"""Phrases of a file of any size, a part at a time: checked whole, before the first is mapped."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from graphemb.errors import InputError, MissingInputError, Problems, shown
from graphemb.files import head_of, sha256_file, streamed_lines
from graphemb.load._contents import is_jsonl
from graphemb.load._jsonl import cell_of, jsonl_rows
from graphemb.load._phrases import (
    LONGEST,
    Phrases,
    frequencies_of,
    is_table,
    read_phrases,
    refuse_columns,
    text_column,
)
from graphemb.tables import MAX_COLUMNS, Table, delimiter_of, table_rows

__all__ = ["PhraseFile"]

#: Rows checked at a time.
_CHECKED = 10_000

Row = tuple[str, ...]


@dataclass
class PhraseFile:
    """What `read_phrases` gives, cut into parts, of which one is in memory at a time.

    CSV, TSV, JSON lines and text with a phrase a line are streamed; XLSX and Parquet, which
    cannot be, are held in memory. `check` reads the whole file once; `parts` may be called again
    and again, and raises `InputError` when the file has changed since.

    Attributes
    ----------
    n_rows : int
        Phrases in the file; 0 before `check`.
    sha256 : str
        Of the file as it lies on disk.

    """

    path: str
    text_col: str = "phrase"
    id_col: str | None = None
    freq_col: str | None = None
    context_cols: tuple[str, ...] = ()
    n_rows: int = 0
    sha256: str = ""
    header: Row = ()
    _kind: str = "text"
    _delimiter: str = ""
    _whole: Phrases | None = None
    _state: tuple[int, ...] = field(default=())

    def check(self) -> None:
        """Read the file once: refuse what `read_phrases` refuses, count rows, take the hash.

        Memory is that of one block; with `id_col` about 100 bytes a row more.

        Raises
        ------
        MissingInputError
            When there is no such file.
        InputError
            As `read_phrases`; and for what cannot be read again, a pipe or standard input.

        """
        self._state = self._now()
        self.sha256 = sha256_file(self.path) or ""
        roles = (self.text_col, self.id_col, self.freq_col, self.context_cols)
        if head_of(self.path) in (b"PK\x03\x04", b"PAR1"):
            self._whole = read_phrases(self.path, *roles)
            self.header, self.n_rows = self._whole.header, len(self._whole.texts)
        else:
            self._look()
            self._check_rows()
        self._check_state()

    def parts(self, size: int, every: int = 1) -> Iterator[Phrases]:
        """Yield the phrases, `size` a part, in order; of `every` rows only the first is given."""
        if self._whole is not None:
            whole = self._whole
            rows = [*range(0, self.n_rows, every)]
            for start in range(0, len(rows), size):
                chosen = rows[start : start + size]
                yield Phrases(
                    whole.header, [whole.rows[i] for i in chosen], [whole.texts[i] for i in chosen],
                    whole.text_col, whole.id_col, whole.freq_col, whole.context_cols,
                    tuple(whole.frequencies[i] for i in chosen),
                )  # fmt: skip
            return
        read, rows_left = 0, islice(self._rows(Problems(self.path)), 0, None, every)
        while part := list(islice(rows_left, size)):
            read += len(part)
            yield self._phrases(part)
        self._check_state()
        if read != len(range(0, self.n_rows, every)):
            raise self._changed()

    def _now(self) -> tuple[int, ...]:
        try:
            about = os.stat(self.path)
        except FileNotFoundError:
            raise MissingInputError(
                f"{self.path}: must exist, to be read. Check the path."
            ) from None
        except OSError as error:
            raise InputError(f"{self.path}: could not be read ({error.strerror}).") from None
        if not stat.S_ISREG(about.st_mode):
            raise InputError(
                f"{self.path}: must be a file, to be read in parts and again; "
                "a folder, a pipe or standard input cannot be. Save it as a file."
            )
        return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns

    def _changed(self) -> InputError:
        return InputError(
            f"{self.path}: must stay as it is while it is read; it has changed. "
            "Begin again, in a new folder."
        )

    def _check_state(self) -> None:
        if self._state != self._now():
            raise self._changed()

    def _look(self) -> None:
        """Find out what the file is, and its header."""
        first = next((line for _, line in streamed_lines(self.path)), "")
        ending = self.path.lower().removesuffix(".gz").rsplit(".", 1)[-1]
        if ending in ("jsonl", "ndjson") or is_jsonl(self._first_object(), ending):
            self._kind = "jsonl"
            self.header = self._keys()
        elif is_table(self.path, first, self.text_col):
            self._kind, self._delimiter = "table", delimiter_of(first)
            self.header = self._columns()
        else:
            self.header = ("phrase",)
            refuse_columns(
                self.path, self.text_col, (self.id_col, self.freq_col, *self.context_cols)
            )
        if self._kind != "text":
            table = self._table([], [])
            text_column(table, self.text_col)
            for column in (self.id_col, self.freq_col, *self.context_cols):
                if column is not None:
                    table.column(column)

    def _first_object(self) -> str:
        return next((line for _, line in streamed_lines(self.path) if line.strip()), "")

    def _keys(self) -> Row:
        problems, keys = Problems(self.path), dict[str, None]()
        for _, value in jsonl_rows(streamed_lines(self.path), problems):
            keys |= dict.fromkeys(value)
            if len(keys) > MAX_COLUMNS:
                raise InputError(f"{self.path}:1: must have at most {MAX_COLUMNS} keys.")
        problems.raise_if_any()
        if not keys:
            raise InputError(f"{self.path}:1: must hold JSON objects with keys; there are none.")
        return tuple(keys)

    def _columns(self) -> Row:
        found = table_rows(self.path, streamed_lines(self.path), self._delimiter)
        header = tuple(cell.strip() for cell in next(found, (0, []))[1])
        if not any(header):
            raise InputError(f"{self.path}:1: must have a header and rows; the file is empty.")
        if len(header) > MAX_COLUMNS:
            raise InputError(
                f"{self.path}:1: must have at most {MAX_COLUMNS} columns; has {len(header)}."
            )
        for name in header:
            if header.count(name) > 1:
                raise InputError(f"{self.path}:1: columns must differ; {shown(name)} comes twice.")
        return header

    def _rows(self, problems: Problems) -> Iterator[tuple[int, Row]]:
        """Yield (line, cells); rows that are wrong are noted in `problems` and left out."""
        lines = streamed_lines(self.path)
        if self._kind == "jsonl":
            for number, value in jsonl_rows(lines, problems):
                yield number, tuple(cell_of(value.get(key)) for key in self.header)
        elif self._kind == "table":
            n = len(self.header)
            for number, row in islice(table_rows(self.path, lines, self._delimiter), 1, None):
                if len(row) == n:
                    yield number, tuple(row)
                else:
                    problems.add(number, f"must have {n} fields like the header; has {len(row)}.")
        else:
            yield from ((number, (line,)) for number, line in lines)

    def _check_rows(self) -> None:
        problems, ids, blank = Problems(self.path), _Ids(self), True
        rows, self.n_rows = self._rows(problems), 0
        while part := list(islice(rows, _CHECKED)):
            self.n_rows += len(part)
            table = self._table(part, [line for line, _ in part])
            frequencies_of(self.path, table, self.freq_col)
            ids.check(table)
            blank = blank and self._kind == "text" and not any(row[0].strip() for _, row in part)
        problems.raise_if_any()
        if self._kind == "text" and blank:
            raise InputError(f"{self.path}:1: must hold at least one phrase; it is empty.")
        if not self.n_rows:
            raise InputError(f"{self.path}:1: must have rows below the header; there are none.")

    def _table(self, rows: Sequence[tuple[int, Row]], lines: list[int]) -> Table:
        return Table(self.path, self.header, [row for _, row in rows], lines, self._delimiter)

    def _phrases(self, part: list[tuple[int, Row]]) -> Phrases:
        table = self._table(part, [line for line, _ in part])
        if self._kind == "text":
            texts = [row[0][:LONGEST] for row in table.rows]
            return Phrases(self.header, table.rows, texts)
        at = table.column(self.text_col)
        return Phrases(
            table.header, table.rows, [row[at] for row in table.rows], self.text_col, self.id_col,
            self.freq_col, self.context_cols, frequencies_of(self.path, table, self.freq_col),
        )  # fmt: skip


class _Ids:
    """Whether the ids of a file differ; of each, 16 bytes are remembered."""

    def __init__(self, file: PhraseFile) -> None:
        self.file = file
        self.seen: set[bytes] = set()

    def check(self, table: Table) -> None:
        column = self.file.id_col
        if column is None:
            return
        at = table.column(column)
        for row, line in zip(table.rows, table.lines, strict=True):
            digest = hashlib.blake2b(row[at].encode("utf-8", "surrogatepass"), digest_size=16)
            if digest.digest() in self.seen:
                before = next(n for n, r in self.file._rows(Problems("")) if r[at] == row[at])
                raise InputError(
                    f"{self.file.path}:{line}: {column} must differ from row to row; "
                    f"{shown(row[at])} stands on line {before} too."
                )
            self.seen.add(digest.digest())
