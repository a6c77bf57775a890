"""Workbooks and Parquet as tables of text, by one rule that is written down.

====================  =========================================================================
in the cell           as text
====================  =========================================================================
text                  as it is; CRLF and CR become LF
nothing, null         empty
whole number          its digits; in a workbook, a format of zeros only (``000``) pads it: 007
other number          the shortest decimal that reads back as the same number; a workbook keeps
                      no difference between 1 and 1.0 and gives 1, Parquet's 1.0 stays 1.0
true, false           TRUE, FALSE
date, time            ISO 8601: 2024-01-31, or 2024-01-31T09:30:00 where there is a time of day
formula               the value that was stored with it; empty where none was
list, struct          JSON
bytes                 UTF-8, else refused
====================  =========================================================================
"""

from __future__ import annotations

import datetime
import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from graphemb.errors import InputError, MissingPackageError, shown
from graphemb.tables import MAX_COLUMNS, Table

__all__ = ["as_text", "parquet_table", "workbook_table"]

#: Limits of a workbook, unpacked: members, bytes, and how far they may have been packed.
_MEMBERS, _BYTES, _RATIO = 10_000, 2 << 30, 200
#: What zipfile raises over damage, beside OSError and its like.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, ValueError)


def as_text(value: Any, number_format: str = "General") -> str:
    """Return a typed cell as text, by the table of this module.

    Examples
    --------
    >>> [as_text(v) for v in (None, "a", 1.5, True, datetime.date(2024, 1, 31))]
    ['', 'a', '1.5', 'TRUE', '2024-01-31']
    >>> as_text(7, "000")
    '007'

    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        zeros = len(number_format) if number_format.strip("0") == "" else 0
        return str(value).zfill(zeros)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str(value)


def workbook_table(path: object, data: bytes) -> tuple[Table, dict[str, str]]:
    """Return the first sheet of a workbook as text, and the workbook's custom properties.

    Of a workbook of ours, the sheet ``review`` is read, wherever it stands. The header is the first
    row; rows that are empty to the end are dropped, others kept.

    Raises
    ------
    InputError
        For a damaged or oversized workbook, a DTD in it, a ragged header.
    MissingPackageError
        When openpyxl is not installed.

    """
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise _missing(path, "openpyxl", "xlsx") from error
    _check_archive(path, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        facts = {str(p.name): str(p.value) for p in book.custom_doc_props.props}
        ours = "graphemb_text_col" in facts and "review" in book.sheetnames
        sheet = book["review"] if ours else book.worksheets[0]
        sheet.reset_dimensions()
        found = [tuple(map(_cell, row)) for row in sheet.iter_rows()]
    except Exception as error:  # openpyxl raises whatever a damaged part makes it stumble over
        raise InputError(
            f"{path}: must be an intact XLSX workbook ({type(error).__name__}: {shown(error)}). "
            "Save it again, or as CSV."
        ) from None
    return _table(path, found), facts


def _cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return as_text(value).replace("_x000D_\n", "\n")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    number_format = getattr(cell, "number_format", None) or "General"
    return as_text(value, number_format)


def _check_archive(path: object, data: bytes) -> None:
    """Refuse what only an attack would hold: a zip bomb, or XML that declares entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            size = sum(m.file_size for m in members)
            if len(members) > _MEMBERS or size > _BYTES or size > _RATIO * max(len(data), 1 << 20):
                raise InputError(f"{path}: unpacks to {size:,} bytes; a workbook must be smaller.")
            for member in members:
                content = archive.read(member)
                for mark in ("<!DOCTYPE", "<!ENTITY"):
                    if any(mark.encode(code) in content for code in ("utf-8", "utf-16-le")):
                        raise InputError(
                            f"{path}: a workbook must not declare entities; {member.filename} "
                            "does. Save it anew from a spreadsheet."
                        )
    except InputError:
        raise
    except (*_ZIP_ERRORS, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: is a damaged workbook ({error}). Fetch it again.") from None


def parquet_table(path: object, data: bytes) -> Table:
    """Return a Parquet file as text.

    Raises
    ------
    InputError
        For a damaged file, or bytes that are no UTF-8.
    MissingPackageError
        When pyarrow is not installed.

    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise _missing(path, "pyarrow", "table") from error
    try:
        content = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
        columns = [_column(pa, column) for column in content.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: must be an intact Parquet file ({shown(str(error))}).") from None
    names = tuple(content.column_names)
    return _table(path, [names, *zip(*columns, strict=True)])


def _column(pa: Any, column: Any) -> list[str]:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    return [as_text(value) for value in column.to_pylist()]


def _table(path: object, found: Sequence[tuple[str, ...]]) -> Table:
    """Return rows as a `Table`, padded to the header; refuse what has no header or is ragged."""
    while found and not any(found[-1]):
        found = found[:-1]
    if not found:
        raise InputError(f"{path}:1: must have a header and rows; the first sheet is empty.")
    header = tuple(cell.strip() for cell in found[0])
    while header and not header[-1]:
        header = header[:-1]
    n = len(header)
    if not 0 < n <= MAX_COLUMNS:
        raise InputError(f"{path}:1: must have 1 to {MAX_COLUMNS} columns; has {n}.")
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{path}:1: columns must differ; {shown(name)} comes twice.")
    rows, lines = [], []
    for line, row in enumerate(found[1:], 2):
        if any(row[n:]):
            raise InputError(
                f"{path}:{line}: must have {n} cells like the header; there is "
                f"{shown(next(filter(None, row[n:])))} to the right of them."
            )
        rows.append((*row[:n], *[""] * (n - len(row))))
        lines.append(line)
    for line, row in zip(lines, rows, strict=True):
        if any("\0" in cell for cell in row):
            raise InputError(f"{path}:{line}: must be text; it holds a NUL character.")
    return Table(str(path), header, rows, lines, "")


def _missing(path: object, package: str, extra: str) -> MissingPackageError:
    return MissingPackageError(
        f"{path}: reading it needs the package {package!r}, which is not installed. "
        f"Run: pip install 'graphemb[{extra}]'"
    )
