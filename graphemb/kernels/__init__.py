"""The hot loops: compiled where the package was built with a compiler, else NumPy.

Both faces are the same functions with the same random numbers: walks are equal to the bit, sums of
floating point numbers up to rounding. The compiled ones release the GIL, so `n_jobs` threads work
on blocks of rows or walks; the number of threads never changes a result, except in `skipgram`,
which says so.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.kernels import _reference

__all__ = [
    "SkipGramModel", "WalkTable", "add_rows", "aligned", "alias_table", "checked_jobs", "compiled",
    "hashes", "mixed", "projection", "skipgram", "spmm", "walks",
]  # fmt: skip

Array = np.ndarray[Any, Any]

try:
    from graphemb.kernels import _native  # type: ignore[attr-defined]
except ImportError:  # built without a compiler
    _native = None
if os.environ.get("GRAPHEMB_KERNELS") == "numpy":
    _native = None

WalkTable = _reference.WalkTable
SkipGramModel = _reference.SkipGramModel
alias_table = _reference.alias_table
mixed = _reference.mixed

#: Rows or walks that a thread takes at a time.
_BLOCK = 4096
_told = False


def compiled() -> bool:
    """Return whether the compiled kernels are in use."""
    return _native is not None


def _native_or_told() -> Any:
    """Return the compiled module; without one, say once that NumPy does the work."""
    global _told
    if _native is None and not _told and os.environ.get("GRAPHEMB_KERNELS") != "numpy":
        _told = True
        warnings.warn(
            "graphemb was installed without its compiled kernels; NumPy does the work, slower. "
            "Install a C compiler and run: pip install --force-reinstall --no-deps graphemb",
            UserWarning, stacklevel=3,
        )  # fmt: skip
    return _native


def checked_jobs(n_jobs: int) -> int:
    """Return the number of threads that `n_jobs` means: -1 stands for one a processor."""
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0 or n_jobs < -1:
        raise ParameterError(f"n_jobs: must be an integer ≥ 1, or -1 for all; got {shown(n_jobs)}.")
    return n_jobs if n_jobs > 0 else len(os.sched_getaffinity(0)) if hasattr(
        os, "sched_getaffinity") else os.cpu_count() or 1  # fmt: skip


def _in_blocks(work: Callable[[int, int], object], n: int, n_jobs: int, block: int) -> None:
    """Call ``work(first, last)`` for blocks of ``range(n)``, `n_jobs` at a time."""
    spans = [(first, min(first + block, n)) for first in range(0, n, block)]
    if n_jobs == 1 or len(spans) < 2:
        for span in spans:
            work(*span)
        return
    with ThreadPoolExecutor(n_jobs) as pool:
        for _ in pool.map(lambda span: work(*span), spans):
            pass


def aligned(rows: int, columns: int) -> Array:
    """Return a matrix of zeros, float32 (rows, columns), that begins with a line of the cache.

    NumPy's own begin anywhere: with rows of whole lines (16 columns), each vector that is read or
    written then lies in two of them.
    """
    size = rows * columns
    memory = np.zeros(size + 15, np.float32)
    skipped = -memory.ctypes.data % 64 // 4
    return memory[skipped : skipped + size].reshape(rows, columns)


def spmm(
    matrix: Any, dense: Array, scale: Array | None = None, n_jobs: int = 1,
    out: Array | None = None,
) -> Array:  # fmt: skip
    """Return ``diag(scale) · matrix · dense``, float32 (rows, dim).

    Parameters
    ----------
    matrix : scipy CSR array (rows, n), float32 data, int32 indices
    dense : float32 (n, dim), C order
    scale : float32 (rows,), optional
    n_jobs : int
    out : float32 (rows, dim), C order, optional
        Written to instead of a new array; must not overlap `dense`.

    Notes
    -----
    O(entries · dim) time, no memory beside the result. Where all weights are 1 they are not read.

    """
    rows = matrix.shape[0]
    dense = np.ascontiguousarray(dense, np.float32)
    if out is None:
        out = np.empty((rows, dense.shape[1]), np.float32)
    native = _native_or_told()
    if native is None:
        return _reference.spmm(matrix, dense, scale, out)
    ptr = matrix.indptr.astype(np.int64)
    columns = np.ascontiguousarray(matrix.indices, np.int32)
    weights = None if (matrix.data == 1).all() else np.ascontiguousarray(matrix.data, np.float32)
    factor = None if scale is None else np.ascontiguousarray(scale, np.float32)
    dim, target = dense.shape[1], out
    _in_blocks(
        lambda first, last: native.spmm(
            ptr, columns, weights, factor, dense, target, dim, first, last
        ),
        rows, checked_jobs(n_jobs), _BLOCK,
    )  # fmt: skip
    return out


def hashes(texts: Sequence[str], seed: int) -> Array:
    """Return a 64-bit hash of each text, uint64 (n,): the same on every machine; O(bytes).

    Not for secrets: it scatters well and can be undone.
    """
    native = _native_or_told()
    if native is None or any("\0" in text for text in texts):
        return _reference.hashes(texts, seed)
    joined = "".join(f"{text}\0" for text in texts).encode("utf-8", "surrogatepass")
    out = np.empty(len(texts), np.uint64)
    native.hashes(joined, out, len(texts), seed)
    return out


def projection(
    hashes: Array, dim: int, kind: str, density: float = 1.0, scale: Array | None = None
) -> Array:
    """Return rows of a random projection, float32 (n, dim): a function of each hash alone.

    Parameters
    ----------
    hashes : uint64 (n,)
    dim : int
    kind : {"sparse", "gaussian", "uniform"}
        ``sparse``: ±√density with probability 1/(2·density) each, else 0; ``gaussian``: variance
        1; ``uniform``: in ±1/2.
    density : float
    scale : float32 (n,), optional
        Factor of each row.

    """
    native = _native_or_told()
    if native is None:
        return _reference.projection(hashes, dim, kind, density, scale)
    out = np.empty((len(hashes), dim), np.float32)
    code = ("sparse", "gaussian", "uniform").index(kind)
    native.projection(np.ascontiguousarray(hashes, np.uint64), scale, out, len(hashes), dim, code,
                      density)  # fmt: skip
    return out


def add_rows(total: Array, rows: Array, weight: float, normalise: bool) -> None:
    """Add ``weight · rows`` to `total` in place, each row scaled to unit length if asked."""
    native = _native_or_told()
    if native is None:
        _reference.add_rows(total, rows, weight, normalise)
    else:
        native.add_rows(total, rows, len(rows), rows.shape[1], weight, int(normalise))


def walks(
    table: WalkTable, starts: Array, units: Array, length: int, p: float = 1.0, q: float = 1.0,
    seed: int = 0, n_jobs: int = 1,
) -> Array:  # fmt: skip
    """Return random walks, int32 (len(starts), length); -1 after the end of a walk at a sink.

    Parameters
    ----------
    table : WalkTable
    starts : int32 (w,): the row each walk starts from
    units : uint64 (w,): the number of each walk's random stream
    length : int: nodes of a walk
    p, q : float > 0
        A step t → v → x is proposed by weight and accepted with 1/p where x is t, 1 where t has an
        edge to x, 1/q elsewhere, over the largest of these (Grover & Leskovec 2016, section 3.2.2).
    seed : int
    n_jobs : int

    """
    starts = np.ascontiguousarray(starts, np.int32)
    units = np.ascontiguousarray(units, np.uint64)
    native = _native_or_told()
    if native is None:
        return _reference.walks(table, starts, units, length, p, q, seed)
    out = np.empty((len(starts), length), np.int32)

    def work(first: int, last: int) -> None:
        native.walks(table.ptr, table.columns, table.cumulative, starts[first:last],
                     units[first:last], out[first:last], length, p, q, seed)  # fmt: skip

    _in_blocks(work, len(starts), checked_jobs(n_jobs), _BLOCK)
    return out


def skipgram(
    model: SkipGramModel, walks: Array, units: Array, rates: tuple[float, float], n_jobs: int = 1
) -> None:
    """Train `model` in place on walks; the rate falls from ``rates[0]`` to ``rates[1]``.

    With one job the result depends on the order of the walks alone. With more, threads write to
    the same vectors without locks (Niu et al. 2011, HOGWILD!), and results differ from run to run.
    """
    walks = np.ascontiguousarray(walks, np.int32)
    units = np.ascontiguousarray(units, np.uint64)
    native = _native_or_told()
    if native is None:
        _reference.skipgram(model, walks, units, rates)
        return
    first_rate, last_rate = rates
    n = len(walks)

    def work(first: int, last: int) -> None:
        low = first_rate + (last_rate - first_rate) * first / n
        high = first_rate + (last_rate - first_rate) * last / n
        native.skipgram(
            model.input, model.output, model.noise_keep, model.noise_alias, model.sample,
            walks[first:last], units[first:last], len(model.input), model.input.shape[1],
            last - first, walks.shape[1], model.window, model.n_negative, model.share, low, high,
            model.seed,
        )  # fmt: skip

    jobs = checked_jobs(n_jobs)
    _in_blocks(work, n, jobs, max(1, min(1024, -(-n // jobs))) if jobs > 1 else max(n, 1))
