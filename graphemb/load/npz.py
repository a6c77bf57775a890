"""NpzGraphLoader: an adjacency matrix as scipy saves it, with the nodes' names beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphemb.errors import InputError
from graphemb.graph import Graph
from graphemb.load._edges import GraphLoader, checked_matrix
from graphemb.load.base import Notes
from graphemb.npz import parse_npz

__all__ = ["NpzGraphLoader"]

Array = np.ndarray[Any, Any]


class NpzGraphLoader(GraphLoader):
    """Reads what ``scipy.sparse.save_npz`` writes (CSR or COO), plus an optional array ``nodes``.

    CSR: ``data``, ``indices``, ``indptr``, ``shape``; COO: ``data``, ``row``, ``col``, ``shape``.
    ``nodes`` holds one id a row as text (whole numbers are read as text too); without it nodes are
    ``0 … n-1``. The graph is directed unless the matrix equals its transpose.

    Notes
    -----
    Nothing is unpickled: arrays of Python objects are refused. Every index is checked before a
    matrix is made of it. Time O(n + m).

    """

    suffixes = (".npz",)
    magic = (b"PK\x03\x04",)

    def read(
        self, source: str, data: bytes, directed: bool | None, weighted: bool
    ) -> tuple[Graph, Notes]:
        """Return the graph in the archive `data` and the warnings."""
        arrays = parse_npz(source, data)
        needed = {"data", "shape"} | ({"row", "col"} if "row" in arrays else {"indices", "indptr"})
        if needed - arrays.keys():
            raise InputError(
                f"{source}: must hold the arrays {', '.join(sorted(needed))} of a sparse matrix; "
                f"holds {', '.join(sorted(arrays)) or 'none'}. Write it with scipy.sparse.save_npz."
            )
        kind = str(arrays["format"].astype(str)) if "format" in arrays else "csr"
        if kind not in ("csr", "coo"):
            raise InputError(f"{source}: format must be csr or coo; got {kind[:20]!r}.")
        matrix = _matrix(source, arrays, weighted)
        return checked_matrix(source, matrix, _nodes(source, arrays), directed, Notes())


def _matrix(source: str, arrays: dict[str, Array], weighted: bool) -> Any:
    from scipy.sparse import coo_array, csr_array

    whole: list[str] = [
        name for name in ("shape", "indices", "indptr", "row", "col") if name in arrays
    ]
    for name in whole:
        if arrays[name].ndim != 1 or arrays[name].dtype.kind not in "iu":
            raise InputError(f"{source}: {name} must be a list of whole numbers.")
    shape = tuple(map(int, arrays["shape"]))
    if len(shape) != 2 or shape[0] != shape[1] or not 0 < shape[0] < 1 << 31:
        raise InputError(f"{source}: shape must be (n, n) with n ≥ 1; got {shape}.")
    n, data = shape[0], arrays["data"]
    if data.ndim != 1 or data.dtype.kind not in "biuf":
        raise InputError(f"{source}: data must be a list of real numbers.")
    fine = (data >= 0) & (data <= np.finfo(np.float32).max)
    if not fine.all():
        at = int(np.argmin(fine))
        raise InputError(
            f"{source}: data[{at}]: a weight must be from 0 to 3.4e38; got {data[at]}."
        )
    data = data.astype(np.float32) if weighted else np.ones(len(data), np.float32)
    ends: list[str] = ["row", "col"] if "row" in arrays else ["indices"]
    for name in ends:
        index = arrays[name]
        if len(index) != len(data):
            raise InputError(f"{source}: {name} must be as long as data, {len(data)}.")
        if len(index) and not 0 <= index.min() <= index.max() < n:
            raise InputError(f"{source}: {name} must be from 0 to {n - 1}.")
    if "row" in arrays:
        return coo_array((data, (arrays["row"], arrays["col"])), shape=shape).tocsr()
    starts = arrays["indptr"]
    if len(starts) != n + 1 or starts[0] != 0 or int(starts[-1]) != len(data):
        raise InputError(f"{source}: indptr must be {n + 1} numbers from 0 to {len(data)}.")
    if (starts[1:] < starts[:-1]).any():
        raise InputError(f"{source}: indptr must never fall.")
    return csr_array((data, arrays["indices"], starts), shape=shape)


def _nodes(source: str, arrays: dict[str, Array]) -> list[str] | None:
    if "nodes" not in arrays:
        return None
    nodes = arrays["nodes"]
    if nodes.ndim != 1 or nodes.dtype.kind not in "iuUS":
        raise InputError(f"{source}: nodes must be a list of texts.")
    if nodes.dtype.kind != "S":
        return [str(node) for node in nodes.tolist()]
    try:
        return [node.decode("utf-8") for node in nodes.tolist()]
    except UnicodeDecodeError:
        raise InputError(f"{source}: nodes must be UTF-8.") from None
