"""Peak memory of one step of a process, and what keeps the first such step comparable."""

from __future__ import annotations

import gc
import re
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["PeakMemory", "warm_up"]

_PROC = Path("/proc/self")


class PeakMemory:
    """How far the process's resident memory rose above where it stood, in MiB, at the worst moment.

    ::

        mib = max over the block of resident set - resident set when the block began

    Free memory is given back first, or a block would seem small that uses what an earlier one left.
    Everything the process does meanwhile counts, other threads too; memory of its children does
    not.

    Parameters
    ----------
    collect : bool
        Whether garbage is collected first too, which takes a tenth of a second in a large process.

    Attributes
    ----------
    mib : float or None
        None within the block, and where the system does not tell. It is the Linux kernel's own
        peak (VmHWM, right to about half a MiB), set back when the block begins
        (``/proc/self/clear_refs``), so that who watches from outside reads the peak since then.

    Examples
    --------
    >>> with PeakMemory() as peak:
    ...     grown = bytearray(50 << 20)
    >>> peak.mib is None or 49 < peak.mib < 60
    True

    """

    def __init__(self, collect: bool = True) -> None:
        self.collect = collect
        self.mib: float | None = None
        self._before: int | None = None

    def __enter__(self) -> Self:
        if self.collect:
            gc.collect()
        _trim()
        # Not a file but the kernel's switch: 5 sets the peak to what is resident now.
        with suppress(OSError):
            (_PROC / "clear_refs").write_bytes(b"5")
            self._before = _kib("VmRSS")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        peak = None if self._before is None else _kib("VmHWM")
        if peak is not None and self._before is not None:
            self.mib = round(max(peak - self._before, 0) / 1024, 2)


def _kib(name: str) -> int | None:
    with suppress(OSError):
        found = re.search(rf"^{name}:\s*(\d+) kB", (_PROC / "status").read_text("ascii"), re.M)
        return int(found[1]) if found else None
    return None


def _trim() -> None:
    """Give the allocator's free memory back to the system, where it is glibc's."""
    import ctypes
    import sys

    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


@lru_cache
def warm_up(kind: str) -> None:
    """Fit an embedder on a ring of 16 nodes, once a process, so that libraries are loaded.

    Loading them (torch: a second or more, 270 MiB) would count as the first cell's alone.
    """
    from graphemb.embed import EMBEDDERS
    from graphemb.graph import Graph

    cls = EMBEDDERS[kind]
    few = {"n_epochs": 1, "n_walks": 1}
    settings = {name: value for name, value in few.items() if name in cls.parameters()}
    ring = Graph.from_edges([(str(i), str((i + 1) % 16)) for i in range(16)])
    # What is wrong with a method, its own cells tell.
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        cls(dim=4, **settings).fit(ring)
