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
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.kernels import _reference

__all__ = [
    "SkipGramModel", "SparseRows", "WalkTable", "add_rows", "alias_table", "aligned",
    "checked_jobs", "column_moments", "compiled", "entries", "hashes", "mixed", "projection",
    "skipgram", "spmm", "spmm_added", "walks",
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
#: Rows of a product that are still in the cache when they are added to a sum.
_FRESH = 512
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


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix as the kernels read it, made ready once for several products.

    Attributes
    ----------
    matrix : scipy CSR array (rows, n)
    ptr : int64 (rows + 1,); columns : int32 (entries,)
    weights : float32 (entries,), or None where all are 1

    """

    matrix: Any
    ptr: Array
    columns: Array
    weights: Array | None

    @classmethod
    def of(cls, matrix: Any) -> SparseRows:
        """Return the rows of a scipy CSR array, or what is already made ready."""
        if isinstance(matrix, SparseRows):
            return matrix
        data = np.ascontiguousarray(matrix.data, np.float32)
        return cls(
            matrix, matrix.indptr.astype(np.int64, copy=False),
            np.ascontiguousarray(matrix.indices, np.int32), None if (data == 1).all() else data,
        )  # fmt: skip


def spmm(
    matrix: Any, dense: Any, scale: Array | None = None, n_jobs: int = 1,
    out: Array | None = None,
) -> Array:  # fmt: skip
    """Return ``diag(scale) · matrix · dense``, float32 (rows, dim).

    Parameters
    ----------
    matrix : SparseRows, or scipy CSR array (rows, n), float32 data, int32 indices
    dense : float32 (n, dim), C order; or a scipy CSR array of this shape
    scale : float32 (rows,), optional
    n_jobs : int
    out : float32 (rows, dim), C order, optional
        Written to instead of a new array; must not overlap `dense`.

    Notes
    -----
    O(entries · dim) time, no memory beside the result. Where all weights are 1 they are not read.

    """
    ready = SparseRows.of(matrix)
    rows = len(ready.ptr) - 1
    if out is None:
        out = np.empty((rows, dense.shape[1]), np.float32)
    native = _native_or_told()
    if native is None:
        return _reference.spmm(ready.matrix, dense, scale, out)
    work, target = _product(native, ready, dense, scale), out
    _in_blocks(
        lambda first, last: work(first, last, target[first:last]), rows, checked_jobs(n_jobs),
        _BLOCK,
    )  # fmt: skip
    return out


def _product(
    native: Any, matrix: SparseRows, dense: Any, scale: Array | None
) -> Callable[[int, int, Array], None]:
    """Return what writes rows ``first … last - 1`` of the product to an array of their own."""
    factor = None if scale is None else np.ascontiguousarray(scale, np.float32)
    dim = dense.shape[1]
    if hasattr(dense, "indptr"):
        other = SparseRows.of(dense)
        data = np.ascontiguousarray(dense.data, np.float32)
        parts: tuple[Array, ...] = (other.ptr, other.columns, data)
        multiply = native.sparse_rows
    else:
        parts, multiply = (np.ascontiguousarray(dense, np.float32),), native.spmm

    def work(first: int, last: int, out: Array) -> None:
        some = None if factor is None else factor[first:last]
        multiply(
            matrix.ptr[first : last + 1], matrix.columns, matrix.weights, some, *parts, out, dim,
            0, last - first,
        )  # fmt: skip

    return work


def spmm_added(
    matrix: Any, dense: Any, scale: Array | None, total: Array, weight: float, normalise: bool,
    n_jobs: int = 1, out: Array | None = None,
) -> None:  # fmt: skip
    """Add ``weight`` times the rows of ``diag(scale) · matrix · dense`` to `total` in place.

    As `spmm` and `add_rows` one after the other, over rows that are still in the cache; the product
    is kept where `out` is given.
    """
    native = _native_or_told()
    if native is None:
        _reference.add_rows(total, spmm(matrix, dense, scale, 1, out), weight, normalise)
        return
    product, dim = _product(native, SparseRows.of(matrix), dense, scale), dense.shape[1]

    def work(first: int, last: int) -> None:
        size = last - first
        rows = np.empty((size, dim), np.float32) if out is None else out[first:last]
        product(first, last, rows)
        native.add_rows(total[first:last], rows, size, dim, weight, int(normalise))

    _in_blocks(work, len(total), checked_jobs(n_jobs), _FRESH)


def column_moments(rows: Array, n_jobs: int = 1) -> tuple[Array, Array]:
    """Return (mean, standard deviation) of each column, float64 (dim,); 0 where there is no row.

    Sums are taken around the first row, so a constant column has a deviation of exactly 0.
    """
    n, dim = rows.shape
    if not n:
        return np.zeros(dim), np.zeros(dim)
    native, shift = _native_or_told(), rows[0].copy()
    sums = np.zeros((-(-n // _BLOCK), 2, dim))

    def work(first: int, last: int) -> None:
        if native is None:
            sums[first // _BLOCK] = _reference.column_sums(rows[first:last], shift)
        else:
            native.column_sums(rows[first:last], shift, last - first, dim, sums[first // _BLOCK])

    _in_blocks(work, n, checked_jobs(n_jobs), _BLOCK)
    mean, square = sums.sum(axis=0) / n
    return mean + shift, np.sqrt(np.maximum(square - mean * mean, 0.0))


def hashes(texts: Sequence[str], seed: int) -> Array:
    """Return a 64-bit hash of each text, uint64 (n,): the same on every machine; O(bytes).

    Not for secrets: it scatters well and can be undone.
    """
    native = _native_or_told()
    joined = "\0".join([*texts, ""]).encode("utf-8", "surrogatepass")
    if native is None or joined.count(0) != len(texts):
        return _reference.hashes(texts, seed)
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


def entries(hashes: Array, dim: int, density: float, scale: Array | None = None) -> Any:
    """Return ``projection(hashes, dim, "sparse", density, scale)`` as a scipy CSR array.

    O(n · dim) time, memory O(n · dim / density).
    """
    from scipy.sparse import csr_array

    native = _native_or_told()
    if native is None:
        return _reference.entries(hashes, dim, density, scale)
    n = len(hashes)
    hashes = np.ascontiguousarray(hashes, np.uint64)
    ptr, found, expected = np.empty(n + 1, np.int64), -1, n * dim / density
    while found < 0:
        most = min(n * dim, int(expected + 10 * expected**0.5) + 64)
        columns, values = np.empty(most, np.int32), np.empty(most, np.float32)
        found = native.entries(hashes, scale, n, dim, density, most, ptr, columns, values)
        expected *= 2
    parts = values[:found], columns[:found], ptr if found >= 2**31 else ptr.astype(np.int32)
    return csr_array(parts, shape=(n, dim))


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
