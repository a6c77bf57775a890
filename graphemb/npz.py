"""Named arrays in a zip archive (NumPy's npz), read without pickle and written reproducibly."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from graphemb.errors import InputError, shown
from graphemb.files import read_members

__all__ = ["parse_npz", "write_npz"]

Array = np.ndarray[Any, Any]

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
    for name, content in read_members(source, data).items():
        if not name.endswith(".npy"):
            raise InputError(f"{source}: must hold .npy members only; has {shown(name)}.")
        found[name.removesuffix(".npy")] = _array(f"{source}: {name}", content)
    return found


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
