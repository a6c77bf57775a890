"""Processes that do numbered pieces of work; one that dies costs nothing but the time."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from graphemb.errors import BusyError, GraphembError, ParameterError

__all__ = ["MOST_DEATHS", "Died", "free_memory", "peak_memory", "work"]

#: A piece is given up when this many workers died of it: one try and three more.
MOST_DEATHS = 4

Piece = tuple[int, Any]


@dataclass(frozen=True)
class Died:
    """What comes instead of an answer where every worker that tried `index` died."""

    index: int


def work(
    pieces: Iterator[Piece], begin: Callable[..., Any], given: tuple[Any, ...], n_jobs: int,
    died: Callable[[int], None] = lambda index: None,
) -> Generator[Any, None, None]:  # fmt: skip
    """Yield the answer to each piece, or `Died`, as they come.

    Each of `n_jobs` processes calls ``begin(*given)`` once and then, for each of its pieces, what
    that returned, with (index, content). At most `n_jobs` pieces are held at a time. Numerical
    libraries have one thread in a worker, so that answers do not depend on how many there are.

    Parameters
    ----------
    died : callable
        Told the index of a piece whose worker died, before the piece is tried again.

    Raises
    ------
    BusyError
        When workers die before they begin.
    Exception
        What a piece raised; the workers are stopped.

    """
    crew = [_Worker(begin, given)]
    again: deque[Piece] = deque()
    deaths: Counter[int] = Counter()
    try:
        while _hand_out(crew, again, pieces):
            for worker in _spoke(crew):
                piece, answer = worker.piece, worker.answer()
                if answer is None:
                    again += _after_death(worker, piece, deaths, died)
                    if piece is not None and deaths[piece[0]] == MOST_DEATHS:
                        yield Died(piece[0])
                elif isinstance(answer, Exception):
                    raise answer
                elif piece is not None:
                    yield answer
                elif len(crew) < n_jobs:  # the first is ready, and says what each will need
                    _check_room(answer, n_jobs)
                    crew += [_Worker(begin, given) for _ in range(n_jobs - 1)]
    finally:
        for child in active_children():  # also one whose start was interrupted
            child.kill()
        for child in active_children():
            child.join()


def _hand_out(crew: list[_Worker], again: deque[Piece], pieces: Iterator[Piece]) -> bool:
    """Give idle workers what there is; return whether anything is still to be waited for."""
    for worker in crew:
        if worker.idle and (piece := again.popleft() if again else next(pieces, None)):
            worker.give(piece)
    return any(worker.piece for worker in crew) or not any(worker.idle for worker in crew)


def _spoke(crew: list[_Worker]) -> list[_Worker]:
    """Wait for workers that have work or begin; return those that sent something, or died."""
    ready = wait([worker.pipe for worker in crew if not worker.idle])
    return [worker for worker in crew if worker.pipe in ready]


def _check_room(each: int, n_jobs: int) -> None:
    room = free_memory()
    if each and room is not None and (n_jobs - 1) * each > room:
        raise ParameterError(
            f"--jobs: {n_jobs} processes need {each >> 20:,} MB each; {room >> 20:,} MB are free. "
            f"Give --jobs {1 + room // each}."
        )


def _after_death(
    worker: _Worker, piece: Piece | None, deaths: Counter[int], died: Callable[[int], None]
) -> list[Piece]:
    """Start the worker anew; return its piece, when it is to be tried again."""
    index = -1 if piece is None else piece[0]
    deaths[index] += 1
    if piece is None and deaths[index] == MOST_DEATHS:
        raise BusyError(
            "workers: must be able to begin; the last four died at once. There may be too little "
            "memory: try fewer --jobs."
        )
    worker.start()
    if piece is None:
        return []
    died(index)
    return [piece] if deaths[index] < MOST_DEATHS else []


class _Worker:
    """One process and this end of its pipe; `piece` is what it has in hand."""

    def __init__(self, begin: Callable[..., Any], given: tuple[Any, ...]) -> None:
        self.begin, self.given = begin, given
        self.start()

    def start(self) -> None:
        """Start the process, anew where it died."""
        context = get_context("spawn")
        self.piece: Piece | None = None
        self.ready = False
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, self.begin, self.given), daemon=True
        )
        with _one_thread():
            self.process.start()
        theirs.close()

    @property
    def idle(self) -> bool:
        return self.ready and self.piece is None

    def give(self, piece: Piece) -> None:
        self.piece = piece
        try:
            self.pipe.send(piece)
        except OSError:
            return  # it died; reading its pipe says so

    def answer(self) -> Any:
        """Return what it sent: an answer, or what was raised; None when it died."""
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.ready, self.piece = True, None
        return answer


def _serve(pipe: Connection, begin: Callable[..., Any], given: tuple[Any, ...]) -> None:
    """Do pieces until the pipe closes. Interrupts are the main process's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        do = begin(*given)
        pipe.send(peak_memory())
        while True:
            try:
                index, content = pipe.recv()
            except EOFError:
                return
            pipe.send(do(index, content))
    except GraphembError as error:
        pipe.send(error)
    except MemoryError:
        os._exit(1)  # as if the system had ended us: another try may find room
    except Exception as error:
        if os.environ.get("GRAPHEMB_DEBUG"):
            traceback.print_exc()
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let numerical libraries of processes started here use one thread each."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes; 0 where nobody says."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").split("\n"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def free_memory() -> int | None:
    """Return how many bytes can still be had, None where nobody says (other than on Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").split("\n")
    except OSError:
        return None
    return next((int(x.split()[1]) << 10 for x in lines if x.startswith("MemAvailable:")), None)
