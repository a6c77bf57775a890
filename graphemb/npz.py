"""Named arrays in a zip archive (NumPy's npz), read without pickle and written reproducibly."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from graphemb.errors import InputError, shown

__all__ = ["parse_npz", "write_npz"]

Array = np.ndarray[Any, Any]

#: Most members of an archive, and how many times its own size it may unpack to.
MAX_MEMBERS, MAX_RATIO = 10_000, 200
#: The header that numpy writes, and nothing else: a plain dtype, an order, a shape.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=][A-Za-z][0-9]{0,9})', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]{0,200})\), \} *\n"
)


def parse_npz(source: str | Path, data: bytes) -> dict[str, Array]:
    """Return the arrays in the npz file `data`, read from `source`, as read-only views.

    Booleans, numbers and texts are read; arrays of Python objects (which would run code when
    loaded) and records are refused.

    Raises
    ------
    InputError
        Naming the member that cannot be used.

    """
    found = {}
    for name, content in _members(source, data).items():
        if not name.endswith(".npy"):
            raise InputError(f"{source}: must hold .npy members only; has {shown(name)}.")
        found[name.removesuffix(".npy")] = _array(f"{source}: {name}", content)
    return found


def _members(source: str | Path, data: bytes) -> dict[str, bytes]:
    """Return the members of the zip archive `data` by name, within bounds."""
    budget = MAX_RATIO * max(len(data), 1 << 16)
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{source}: is a damaged zip archive ({error}). Write it again.") from None
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{source}: must have at most {MAX_MEMBERS:,} members.")
    for member in members:
        link = stat.S_ISLNK(member.external_attr >> 16)
        if member.flag_bits & 1 or link or member.filename in found:
            raise InputError(
                f"{source}: member {shown(member.filename)} must be a plain file that comes once; "
                "it is encrypted, a link or a second one of that name."
            )
        found[member.filename] = _unpacked(source, data, member, budget)
        budget -= len(found[member.filename])
    return found


def _unpacked(source: str | Path, data: bytes, member: zipfile.ZipInfo, budget: int) -> bytes:
    """Return a member's content: stored or deflated, never more than `budget`, checksum right.

    The library would unpack as much as the archive claims, and more before it looks.
    """
    name = f"{source}: member {shown(member.filename)}"
    head = data[member.header_offset : member.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise InputError(f"{name} is not where the archive says. Write it again.")
    lengths = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    start = member.header_offset + 30 + lengths
    content = data[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_DEFLATED:
        try:
            content = zlib.decompressobj(-15).decompress(content, budget + 1)
        except zlib.error as error:
            raise InputError(f"{name} is damaged ({error}). Write it again.") from None
    elif member.compress_type != zipfile.ZIP_STORED:
        raise InputError(f"{name} must be stored or deflated. Write it again.")
    if len(content) > budget:
        raise InputError(f"{source}: unpacks to over {MAX_RATIO} times its size.")
    if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        raise InputError(f"{name} has another size or checksum than when written.")
    return content


def _array(where: str, content: bytes) -> Array:
    if content[:6] != b"\x93NUMPY" or content[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise InputError(f"{where} must be an array of numpy; it has another beginning.")
    wide = 2 if content[6:7] == b"\x01" else 4
    start = 8 + wide
    stop = start + int.from_bytes(content[8:start], "little")
    match = _HEADER.fullmatch(content[start : min(stop, start + 10_000)])
    if match is None:
        raise InputError(f"{where} must be a plain array; it is damaged, or an array of records.")
    descr, fortran, sides = (part.decode("ascii") for part in match.groups())
    if descr[1] == "O":
        raise InputError(
            f"{where} must hold numbers or text; it holds Python objects, which are never loaded. "
            "Save it again as a plain array: numpy.asarray(x, dtype=str)."
        )
    try:
        dtype = np.dtype(descr)
        shape = tuple(int(side) for side in sides.split(",") if side.strip())
    except (TypeError, ValueError):
        raise InputError(f"{where} has a type or shape that cannot be: {shown(descr)}.") from None
    size = dtype.itemsize
    for side in shape:
        size *= side
    if dtype.kind not in "biufSU" or len(content) - stop != size:
        raise InputError(
            f"{where} must hold {size:,} bytes of numbers or text as its header says; "
            f"holds {len(content) - stop:,} of type {descr}. The file may be cut."
        )
    flat = np.frombuffer(content, dtype, offset=stop) if size else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if fortran == "True" else "C")


def write_npz(file: IO[bytes], arrays: Mapping[str, Array]) -> None:
    """Write an npz that ``numpy.load`` reads; equal arrays give equal bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            if array.dtype.kind not in "biufSU":
                raise TypeError(f"write_npz: {name} must hold numbers or text; got {array.dtype}.")
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getbuffer())
