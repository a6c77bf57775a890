"""MatrixMarketLoader: a sparse matrix as text (NIST's Matrix Market exchange format)."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphemb.errors import InputError, Problems, shown
from graphemb.files import MAX_LINE
from graphemb.graph import Graph
from graphemb.load._edges import GraphLoader, checked_matrix
from graphemb.load._fields import blocks, fields_of
from graphemb.load.base import Notes
from graphemb.utf8 import utf8_bytes

__all__ = ["MatrixMarketLoader"]

Array = np.ndarray[Any, Any]

_FIELDS = ("real", "integer", "pattern")
_MAX_NODES = 1 << 30


class MatrixMarketLoader(GraphLoader):
    """Reads ``%%MatrixMarket matrix coordinate (real|integer|pattern) (general|symmetric)``.

    Row i is the node named ``i``, counted from 1 as the file does. A symmetric matrix is an
    undirected graph; a general one is directed unless it equals its transpose. Entries given
    twice are summed.

    Notes
    -----
    R. Boisvert, R. Pozo, K. Remington, "The Matrix Market Exchange Formats: Initial Design",
    NISTIR 5935 (1996), section 3. Dense ("array"), complex, Hermitian and skew-symmetric matrices
    are no graphs with weights and are refused. Time O(bytes).

    """

    suffixes = (".mtx",)
    magic = (b"%%MatrixMarket", b"%%matrixmarket")

    def read(
        self, source: str, data: bytes, directed: bool | None, weighted: bool
    ) -> tuple[Graph, Notes]:
        """Return the graph in the matrix `data` and the warnings."""
        from scipy.sparse import coo_array

        content = utf8_bytes(source, data)
        field, symmetric, n, m, start, line = _head(source, content)
        empty = np.empty(0, np.int32)
        parts, seen = [(empty, empty, empty.astype(np.float32))], 0
        for at, stop in blocks(source, content, start):
            block = content[at:stop] if content[stop - 1 : stop] == b"\n" else content[at:] + b"\n"
            parts.append(_entries(source, block, line, n, field != "pattern"))
            seen += len(parts[-1][0])
            line += block.count(b"\n")
        if seen != m:
            raise InputError(
                f"{source}:{line - 1}: must hold {m:,} entries as its size line says; holds "
                f"{seen:,}. The file may be cut: fetch it again."
            )
        row, column, weight = (np.concatenate(x) for x in zip(*parts, strict=True))
        if not weighted:
            weight = np.ones_like(weight)
        if symmetric:
            off = row != column
            row, column = np.r_[row, column[off]], np.r_[column, row[off]]
            weight = np.r_[weight, weight[off]]
        matrix = coo_array((weight, (row, column)), shape=(n, n)).tocsr()
        names = [str(i) for i in range(1, n + 1)]
        notes = Notes()
        if matrix.nnz < len(row):
            notes.add("doubled entry, values summed", source)
            notes.counts["doubled entry, values summed"] = len(row) - matrix.nnz
        if symmetric and directed is None:
            directed = False
        return checked_matrix(source, matrix, names, directed, notes)


def _head(source: str, content: bytes) -> tuple[str, bool, int, int, int, int]:
    """Return field, symmetry, n, number of entries, and where and on which line they begin."""
    first = content.partition(b"\n")[0]
    words = first[:200].decode("utf-8", "replace").casefold().split()
    known = len(words) == 5 and words[:3] == ["%%matrixmarket", "matrix", "coordinate"]
    if not known or words[3] not in _FIELDS or words[4] not in ("general", "symmetric"):
        raise InputError(
            f"{source}:1: must be %%MatrixMarket matrix coordinate, of real, integer or pattern "
            f"values, general or symmetric; got {shown(first[:200].decode('utf-8', 'replace'))}."
        )
    at, line = len(first) + 1, 2
    while at < len(content):
        stop = content.find(b"\n", at)
        stop = len(content) if stop < 0 else stop
        size = content[at : min(stop, at + MAX_LINE)]
        at, line = stop + 1, line + 1
        if size.strip() and not size.startswith(b"%"):
            break
    else:
        raise InputError(f"{source}:{line - 1}: must have a size line; the file ends before it.")
    numbers = size.split()
    if len(numbers) != 3 or not all(x.isdigit() and len(x) < 12 for x in numbers):
        raise InputError(
            f"{source}:{line - 1}: must give rows, columns and entries as three whole numbers; "
            f"got {shown(size.decode())}."
        )
    rows, columns, m = map(int, numbers)
    if rows != columns:
        raise InputError(f"{source}:{line - 1}: must be square; it is {rows:,} × {columns:,}.")
    if not 0 < rows <= _MAX_NODES or m > len(content):
        raise InputError(
            f"{source}:{line - 1}: cannot have {rows:,} nodes and {m:,} entries in "
            f"{len(content):,} bytes."
        )
    return words[3], words[4] == "symmetric", rows, m, min(at, len(content)), line


def _entries(
    source: str, block: bytes, line: int, n: int, valued: bool
) -> tuple[Array, Array, Array]:
    """Return rows and columns from 0, and values, of the entries in `block`."""
    k = 3 if valued else 2
    lines: range | list[int] = range(line, line + block.count(b"\n"))
    found = fields_of(block, b" ", k)
    fields = [] if found is None else found.texts()
    problems = Problems(source)
    if found is None:
        rows = [(i, x.split()) for i, x in zip(lines, block.split(b"\n"), strict=False)]
        rows = [(i, x) for i, x in rows if x]
        for i, x in rows:
            if len(x) != k:
                problems.add(i, f"must have {k} numbers; has {len(x)}.")
        problems.raise_if_any()
        lines, fields = [i for i, _ in rows], [field for _, x in rows for field in x]
    ends = [_numbers(fields[at::k], int, np.int64, lines, problems) for at in (0, 1)]
    values = _numbers(fields[2::k], float, np.float64, lines, problems) if valued else None
    problems.raise_if_any()
    for at in np.flatnonzero((ends[0] < 1) | (ends[0] > n) | (ends[1] < 1) | (ends[1] > n)):
        problems.add(lines[at], f"rows and columns must be from 1 to {n:,}.")
    if values is None:
        values = np.ones(len(ends[0]))
    for at in np.flatnonzero(~((values >= 0) & (values <= np.finfo(np.float32).max))):
        problems.add(lines[at], f"a weight must be from 0 to 3.4e38; got {values[at]:g}.")
    problems.raise_if_any()
    return ends[0].astype(np.int32) - 1, ends[1].astype(np.int32) - 1, values.astype(np.float32)


def _numbers(fields: list[bytes], kind: type, dtype: Any, lines: Any, problems: Problems) -> Array:
    try:
        return np.fromiter(map(kind, fields), dtype, len(fields))
    except (ValueError, OverflowError):
        for at, field in enumerate(fields):
            try:
                dtype(kind(field))
            except (ValueError, OverflowError):
                problems.add(lines[at], f"must hold numbers; got {shown(field.decode())}.")
        return np.zeros(len(fields), dtype)
