"""The one way to open a file: bounded, strictly decoded reading; atomic writing."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from graphemb.errors import InputError, MissingInputError, Problems, StorageError, shown

__all__ = [
    "FORMULA", "MAX_COLUMNS", "MAX_LINE", "Table", "atomic_folder", "atomic_write", "defused",
    "numbered_lines", "read_bytes", "read_table", "read_text", "sha256_of", "undefused",
    "user_cache_dir",
]  # fmt: skip

#: Longest accepted line, and largest accepted file once unpacked, in bytes.
MAX_LINE = 1 << 20
MAX_BYTES = 4 << 30
MAX_COLUMNS = 1_000
#: What a spreadsheet would run as a formula, at the head of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def _disk(path: object, doing: str) -> Iterator[None]:
    """Turn the operating system's refusals into our errors, naming `path`."""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingInputError(f"{path}: must exist, to be {doing}. Check the path.") from error
    except IsADirectoryError as error:
        raise StorageError(f"{path}: is a folder and cannot be {doing}. Name a file.") from error
    except OSError as error:
        raise StorageError(f"{path}: could not be {doing} ({error.strerror or error}).") from error


def read_bytes(path: str | Path, limit: int = MAX_BYTES, *, archives: bool = False) -> bytes:
    """Return the content of `path` (``-`` is standard input), gzip undone wherever it is found.

    With `archives`, a zip is returned as it is: the caller unpacks it, within bounds.

    Raises
    ------
    MissingInputError, StorageError
        When the file is not there or cannot be read.
    InputError
        When the content is larger than `limit` bytes or a damaged gzip.

    """
    with _disk(path, "read"):
        if str(path) == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(limit + 1)
    if data[:2] == b"\x1f\x8b" and len(data) <= limit:
        data = _gunzip(path, data, limit)
    if (data[:4] == b"PK\x03\x04" and not archives) or data[:4] == b"\x28\xb5\x2f\xfd":
        raise InputError(f"{path}: is a zip or zstd archive. Unpack it first.")
    if len(data) > limit:
        raise InputError(f"{path}: must be at most {limit:,} bytes. Split the file.")
    return data


def _gunzip(path: object, data: bytes, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
            return unpacked.read(limit + 1)
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: is a damaged gzip file ({error}). Fetch it again.") from error


def read_text(path: str | Path, limit: int = MAX_BYTES, data: bytes | None = None) -> str:
    """Return `path` as strict UTF-8 text: BOM dropped, CRLF made LF; anything else refused.

    `data` is its content where that was read before (standard input can be read once).
    """
    data = read_bytes(path, limit) if data is None else data
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{path}:1: must be UTF-8; this is UTF-16. Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}:{line}: must be UTF-8; byte 0x{data[error.start]:02x} is not. "
            "It may be Latin-1 or Windows-1252: save it as UTF-8."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{path}:{line}: must be text; it holds a NUL character.")
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        raise InputError(f"{path}:{line}: lines must end in LF or CRLF; found a lone CR.")
    return text


def numbered_lines(path: str | Path, text: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line) of a text file; a line over 1 MiB is refused."""
    for number, line in enumerate((read_text(path) if text is None else text).split("\n"), 1):
        if len(line) > MAX_LINE:
            raise InputError(f"{path}:{number}: lines must be at most 1 MiB long.")
        yield number, line


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
    they quote there too, as SSSOM has it. All problems (ragged rows,
    an unclosed quote) are collected and raised once.

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
        delimiter = "\t" if "\t" in first else ";" if first.count(";") > first.count(",") else ","
    rows, lines = _cells(path, content, delimiter, quoted)
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


def _cells(
    path: object, content: str, delimiter: str, quoted: bool
) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    if delimiter == "\t" and not quoted:
        for number, line in numbered_lines(str(path), content):
            if line:
                rows.append(line.split("\t"))
                lines.append(number)
        return rows, lines
    csv.field_size_limit(MAX_LINE)
    for _ in numbered_lines(str(path), content):
        pass  # refuses a line that is too long
    reader = csv.reader(io.StringIO(content, newline="\n"), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"{path}:{before + 1}: must be well-formed CSV ({error}). "
            "Look for a quote that is not closed."
        ) from None
    return rows, lines


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


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[Any]]:
    """Give a binary file that takes the place of `path` when all went well, else vanishes.

    A temporary file in the same folder is written, synced and renamed; the folder is synced.
    """
    target = Path(path)
    with _disk(path, "written"):
        if target.is_dir():
            raise IsADirectoryError(str(path))
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with _disk(path, "written"):
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, target)
            _sync_folder(target.parent)
    except BaseException:
        if os.path.exists(name):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `path` when all went well, else vanishes."""
    target = Path(path)
    with _disk(path, "written"):
        target.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with _disk(path, "written"):
            yield new
            os.chmod(new, 0o777 & ~_umask())
            old = new.with_name(new.name + ".old")
            if target.exists():
                os.replace(target, old)
            os.replace(new, target)
            _sync_folder(target.parent)
            shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def sha256_of(data: bytes | memoryview) -> str:
    """Return the hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def user_cache_dir() -> Path:
    """Return the folder for kept models: $GRAPHEMB_CACHE, else the platform's cache folder."""
    if chosen := os.environ.get("GRAPHEMB_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "graphemb"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "graphemb"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "graphemb"
