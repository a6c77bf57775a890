"""The one way to open a file: bounded, strictly decoded reading; atomic writing."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import socket
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from graphemb.errors import (
    BusyError,
    GraphembError,
    InputError,
    MissingInputError,
    Problems,
    StorageError,
    shown,
)
from graphemb.utf8 import utf8_bytes

__all__ = [
    "MAX_LINE", "Archive", "atomic_folder", "atomic_write", "head_of", "locked_folder",
    "numbered_lines", "read_bytes", "read_text", "sha256_file", "sha256_of", "streamed_lines",
    "user_cache_dir",
]  # fmt: skip

#: Longest accepted line, and largest accepted file once unpacked, in bytes.
MAX_LINE = 1 << 20
MAX_BYTES = 4 << 30
#: Most files in a folder or zip, and how much larger than packed one may be once unpacked.
MAX_MEMBERS = 10_000
MAX_RATIO = 200


#: What zipfile and gzip raise for content that is not what it should be.
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError)


@contextmanager
def _disk(path: object, doing: str) -> Iterator[None]:
    """Turn the operating system's refusals into our errors, naming `path`."""
    try:
        yield
    except GraphembError:  # what is written may be read from elsewhere: that has said its own
        raise
    except FileNotFoundError as error:
        if doing != "read" and Path(str(path)).parent.exists():
            raise StorageError(f"{path}: could not be {doing} ({error.strerror}).") from error
        raise MissingInputError(f"{path}: must exist, to be {doing}. Check the path.") from error
    except IsADirectoryError as error:
        raise StorageError(f"{path}: is a folder and cannot be {doing}. Name a file.") from error
    except OSError as error:
        raise StorageError(f"{path}: could not be {doing} ({error.strerror or error}).") from error


def read_bytes(path: str | Path, limit: int = MAX_BYTES, *, zipped: bool = False) -> bytes:
    """Return the content of `path` (``-`` is standard input), gzip undone wherever it is found.

    A zip is refused unless `zipped` says that the caller checks it (`Archive`) and wants it whole.

    Raises
    ------
    MissingInputError, StorageError
        When the file is not there or cannot be read.
    InputError
        When the content is larger than `limit` bytes or a damaged gzip.

    """
    with _disk(path, "read"):
        if str(path) == "-" and sys.stdin is not None:
            data = _all(sys.stdin.buffer, limit + 1)
        else:
            with open(path, "rb") as file:
                about = os.fstat(file.fileno())
                whole = stat.S_ISREG(about.st_mode) and about.st_size <= limit
                data = file.read(about.st_size + 1) if whole else _all(file, limit + 1)
    if data[:2] == b"\x1f\x8b" and len(data) <= limit:
        data = _gunzip(path, data, limit)
    if (data[:4] == b"PK\x03\x04" and not zipped) or data[:4] == b"\x28\xb5\x2f\xfd":
        raise InputError(f"{path}: is a zip or zstd archive. Unpack it first.")
    if len(data) > limit:
        raise InputError(f"{path}: must be at most {limit:,} bytes. Split the file.")
    return data


def _all(file: IO[bytes], limit: int) -> bytes:
    """Return at most `limit` bytes of a pipe; one read of so many would reserve them all."""
    blocks, left = [], limit
    while left and (block := file.read(min(left, 1 << 24))):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)


def _gunzip(path: object, data: bytes, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
            return unpacked.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: is a damaged gzip file ({error}). Fetch it again.") from error


def read_text(path: str | Path, limit: int = MAX_BYTES, data: bytes | None = None) -> str:
    """Return `path` as strict UTF-8 text: BOM dropped, CRLF made LF; anything else refused.

    `data` is its content where that was read before (standard input can be read once).
    """
    content = read_bytes(path, limit) if data is None else data
    return utf8_bytes(path, content).decode("utf-8")


def numbered_lines(path: str | Path, text: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line) of a text file; a line over 1 MiB is refused."""
    for number, line in enumerate((read_text(path) if text is None else text).split("\n"), 1):
        if len(line) > MAX_LINE:
            raise InputError(f"{path}:{number}: lines must be at most 1 MiB long.")
        yield number, line


def head_of(path: str | Path, size: int = 4) -> bytes:
    """Return the first bytes of a file, gzip undone."""
    with _disk(path, "read"), open(path, "rb") as file:
        data = file.read(1 << 12)
    if data[:2] != b"\x1f\x8b":
        return data[:size]
    with suppress(OSError, zlib.error):
        return zlib.decompressobj(31).decompress(data, size)
    return b""


def streamed_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield what `numbered_lines` does, of a file of any size: a block of it is held at a time."""
    with _disk(path, "read"), open(path, "rb") as file:
        head = file.read(2)
        file.seek(0)
        if head in (b"\xff\xfe", b"\xfe\xff"):
            raise InputError(f"{path}:1: must be UTF-8; this is UTF-16. Save it as UTF-8.")
        try:
            yield from _decoded(gzip.GzipFile(fileobj=file) if head == b"\x1f\x8b" else file, path)
        except _DAMAGED as error:
            raise InputError(f"{path}: is a damaged gzip file ({error}). Fetch it again.") from None


class Archive:
    """The files in a folder or zip, by name, read a line at a time; nothing is unpacked to disk.

    Parameters
    ----------
    path : Path
        A folder, walked without following links, or a zip. `InputError` for more than 10,000
        members, one that unpacks to over 200 times its size, links, absolute names and ``..``.

    Attributes
    ----------
    names : tuple of str
        Names inside, with ``/``, sorted.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _disk(path, "read"):
            names = self._walked() if path.is_dir() else self._members()
        self.names = tuple(sorted(names))

    def _walked(self) -> list[str]:
        names: list[str] = []
        for folder, _, files in os.walk(self.path):
            names += [(Path(folder) / f).relative_to(self.path).as_posix() for f in files]
            if len(names) > MAX_MEMBERS:
                raise InputError(f"{self.path}: must hold at most {MAX_MEMBERS:,} files.")
        return names

    def _members(self) -> list[str]:
        try:
            with zipfile.ZipFile(self.path) as packed:
                members = [m for m in packed.infolist() if not m.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise InputError(f"{self.path}: is no folder or sound zip ({error}).") from None
        problems = Problems(str(self.path))
        if len(members) > MAX_MEMBERS:
            problems.add(None, f"must hold at most {MAX_MEMBERS:,} files; has {len(members):,}.")
        for m in members:
            parts = m.filename.replace("\\", "/").split("/")
            if ".." in parts or parts[0] == "" or ":" in parts[0]:
                problems.add(None, f"member {shown(m.filename)} points outside the archive.")
            elif stat.S_ISLNK(m.external_attr >> 16):
                problems.add(None, f"member {shown(m.filename)} is a link. Store the file itself.")
            elif m.flag_bits & 1:
                problems.add(None, f"member {shown(m.filename)} is encrypted. Unpack it first.")
            elif m.file_size > MAX_RATIO * max(m.compress_size, 1 << 12):
                problems.add(
                    None, f"member {shown(m.filename)} unpacks to more than {MAX_RATIO} times its "
                    "size. Unpack it yourself if you trust it.",
                )  # fmt: skip
        problems.raise_if_any()
        return [m.filename for m in members]

    def find(self, pattern: str) -> list[str]:
        """Return the names whose last part matches the regular expression `pattern` in whole."""
        return [n for n in self.names if re.fullmatch(pattern, n.rsplit("/", 1)[-1])]

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield (line number from 1, line) of a member, by the rules of `read_text`."""
        source = self.path / name
        if self.path.is_dir():
            yield from streamed_lines(source)
            return
        with _disk(source, "read"):
            try:
                with zipfile.ZipFile(self.path) as packed, packed.open(name) as member:
                    yield from _decoded(member, source)
            except _DAMAGED as error:
                raise InputError(f"{source}: is damaged ({error}). Fetch it again.") from None


def _decoded(file: Any, source: object) -> Iterator[tuple[int, str]]:
    """Yield numbered lines; works a block at a time, since most blocks have nothing to refuse."""
    number, rest = 1, b""
    while block := file.read(MAX_LINE):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if newline:
            yield from enumerate(_block(whole, source, number), number)
            number += whole.count(b"\n") + 1
        if len(rest) > MAX_LINE:
            raise InputError(f"{source}:{number}: lines must be at most 1 MiB long.")
    if rest:
        yield from enumerate(_block(rest, source, number), number)


def _block(data: bytes, source: object, number: int) -> list[str]:
    """Return the lines of a block that begins with line `number`."""
    try:
        text = data.decode("utf-8-sig" if number == 1 else "utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        at = number + data.count(b"\n", 0, error.start)
        byte = f"0x{error.object[error.start]:02x}"
        raise InputError(f"{source}:{at}: must be UTF-8; byte {byte} is not. Save so.") from None
    lines = text.removesuffix("\r").split("\n")
    if "\0" in text or "\r" in text.removesuffix("\r") or len(text) > MAX_LINE:
        for at, line in enumerate(lines, number):
            if "\0" in line or "\r" in line or len(line) > MAX_LINE:
                long = "lines must be at most 1 MiB long." if len(line) > MAX_LINE else ""
                raise InputError(f"{source}:{at}: {long or 'holds a NUL or a lone CR. Remove it.'}")
    return lines


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[Any]]:
    """Give a binary file that takes the place of `path` when all went well, else vanishes.

    A temporary file in the same folder is written, synced and renamed; the folder is synced. Links
    are followed; a device or a pipe is written to as it is.
    """
    target = Path(path)
    with _disk(path, "written"):
        if target.is_dir():
            raise IsADirectoryError(str(path))
        if target.exists() and not target.is_file():
            with open(target, "wb") as file:
                yield file
            return
        target = target.resolve()
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


@contextmanager
def locked_folder(folder: str | Path) -> Iterator[None]:
    """Hold `folder` for this process alone; the lock ends with the process, however that ends.

    It is ``flock`` on a file ``.lock`` in it, which says who holds it; without ``flock``
    (Windows) nothing is held.

    Raises
    ------
    BusyError
        When another process holds it.

    """
    place = Path(folder) / ".lock"
    with _disk(folder, "locked"):
        handle = _held(place)
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(place)  # still held, so nobody can have begun to rely on it
        os.close(handle)


def _held(place: Path) -> int:
    while True:
        handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if place.exists() and os.path.samestat(os.fstat(handle), place.stat()):
                with suppress(OSError):  # on a full disk it is held all the same
                    os.truncate(handle, 0)
                    os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
                return handle
            os.close(handle)  # its holder removed it meanwhile
        except BaseException as error:
            holder = os.read(handle, 200).decode("utf-8", "replace") or "another process"
            os.close(handle)
            if not isinstance(error, BlockingIOError):
                raise
            raise BusyError(
                f"{place.parent}: must be used by one command at a time; {holder} is at work "
                "there. Wait for it, or stop it."
            ) from None


def sha256_of(data: bytes | memoryview) -> str:
    """Return the hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | Path) -> str | None:
    """Return the SHA-256 of a regular file as it lies on disk; None for a pipe or ``-``."""
    if str(path) == "-" or not Path(path).is_file():
        return None
    with _disk(path, "read"), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def user_cache_dir() -> Path:
    """Return the folder for kept models: $GRAPHEMB_CACHE, else the platform's cache folder."""
    if chosen := os.environ.get("GRAPHEMB_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "graphemb"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "graphemb"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "graphemb"
