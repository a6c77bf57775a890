"""The batch engine: measures the cells of a plan that are not measured yet."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, ParameterError, StorageError, shown
from graphemb.estimator import Progress
from graphemb.evaluate._cells import Run, read_cell, write_cell, write_run
from graphemb.evaluate._memory import PeakMemory, warm_up
from graphemb.evaluate._plan import Cell, Plan, read_plan, units_of
from graphemb.evaluate._sources import GraphSource, Loaded, load_source
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.taxonomy import Taxonomy

__all__ = ["run_plan"]

#: Nodes in the picture of a cell.
_DRAWN = 1000


def run_plan(
    plan: Plan | str | Path, folder: str | Path, n_jobs: int = 1, progress: Progress | None = None
) -> Run:
    """Measure what `folder` does not hold yet, and return the whole run.

    A cell that fails is recorded with its error and tried again by the next run; the others go on.
    A run that is stopped at any moment loses at most the cells in work. Values depend on the plan
    alone, not on `n_jobs`: cells share nothing.

    Parameters
    ----------
    plan : Plan, or the path of a TOML file
    folder : path
        Made when it is not there. Cells of other plans in it stay.
    n_jobs : int
        Processes; each has its share of the processor's threads.
    progress : callable, optional
        Called with the cell just measured and the share of cells done.

    Raises
    ------
    ParameterError
        When `n_jobs` is below 1.
    InputError, StorageError
        When the plan or a file it names is wrong; when `folder` cannot be written.

    """
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs < 1:
        raise ParameterError(f"run_plan: n_jobs must be an integer ≥ 1; got {shown(n_jobs)}.")
    known = plan if isinstance(plan, Plan) else read_plan(plan)
    place = Path(folder)
    try:
        (place / "cells").mkdir(parents=True, exist_ok=True)
        _sweep_up(place)
    except OSError as error:
        raise StorageError(f"{place}: cannot be written ({error.strerror}).") from error
    open_ = [cell for cell in known.cells if not _is_done(place, cell)]
    show = _Shown(progress, len(known.cells), len(known.cells) - len(open_))
    units = list(units_of(open_))
    try:
        if n_jobs == 1 or len(units) < 2:
            for unit in units:
                measure(place, unit, show)
        else:
            _in_processes(place, units, min(n_jobs, len(units)), show)
    finally:
        _sweep_up(place)
    return write_run(place, known)


def _sweep_up(folder: Path) -> None:
    """Remove what a killed process had not finished writing."""
    for torn in (folder / "cells").glob(".*.json.*"):
        torn.unlink(missing_ok=True)


def _is_done(folder: Path, cell: Cell) -> bool:
    content = read_cell(folder, cell.key)
    return content is not None and content["status"] == "done"


class _Shown:
    """Counts measured cells for a progress callable."""

    def __init__(self, progress: Progress | None, total: int, done: int) -> None:
        self.progress, self.total, self.done = progress, total, done

    def __call__(self, cell: Cell) -> None:
        self.done += 1
        if self.progress is not None:
            name = f"{cell.task}, {cell.method}, {cell.source.name}"
            self.progress(name, self.done / self.total)


def measure(folder: Path, unit: Sequence[Cell], show: Any = None) -> None:
    """Fit the vectors that the cells of `unit` share, once, and measure and write each cell."""
    fit = _Fit(unit[0])
    for cell in unit:
        content = _described(cell)
        start = time.perf_counter()
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                content.update(fit.measure(cell))
            content["notes"] = list(dict.fromkeys(str(w.message) for w in told))
        except Exception as error:
            content["status"] = "failed"
            content["error"] = {"kind": type(error).__name__, "message": str(error)[:2000]}
            content["seconds"] = {"fit": fit.seconds, "task": time.perf_counter() - start}
            content["memory"] = {"fit": fit.memory, "task": None}
        write_cell(folder, cell.key, content)
        if show is not None:
            show(cell)


def _described(cell: Cell) -> dict[str, Any]:
    from graphemb import __version__

    return {
        "graphemb": __version__,
        "status": "done",
        "graph": {"name": cell.source.name, "sha256": cell.input_sha256},
        "method": {
            "name": cell.method, "kind": cell.kind, "parameters": cell.parameters,
            "text": cell.text,
        },
        "seed": cell.seed,
        "task": {"name": cell.task, "settings": cell.settings},
        "rows": [], "seconds": {}, "memory": {}, "picture": None, "notes": [], "error": None,
    }  # fmt: skip


class _Fit:
    """A graph and a method on it, made when the first cell needs them."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.seconds = 0.0
        self.memory: float | None = None
        self._method: Any = None
        self._error: Exception | None = None
        self._picture: dict[str, Any] | None = None

    @property
    def loaded(self) -> Loaded:
        return _loaded(self.cell.source, self.cell.input_sha256)

    def unfitted(self) -> Any:
        from graphemb.embed import EMBEDDERS

        cls = EMBEDDERS[self.cell.kind]
        seeded = {"random_state": self.cell.seed} if "random_state" in cls.parameters() else {}
        return cls(**self.cell.parameters, **seeded)

    def method(self) -> Any:
        """Return the fitted embedder, or the vectors made elsewhere; what failed, fails again."""
        if self._error is not None:
            raise self._error
        if self._method is None:
            graph, peak = Graph.of(self.loaded.graph), PeakMemory()
            start = time.perf_counter()
            try:
                with peak:
                    start = time.perf_counter()
                    self._method = self._made(graph)
            except Exception as error:
                self._error = error
                raise
            finally:
                self.seconds = time.perf_counter() - start
                self.memory = peak.mib
        return self._method

    def _made(self, graph: Graph) -> Any:
        if self.cell.vectors:
            from graphemb.vectors import load_embedding

            return load_embedding(self.cell.vectors)
        return self.unfitted().fit(graph)

    def measure(self, cell: Cell) -> dict[str, Any]:
        """Return what a measured cell adds to its description."""
        from dataclasses import asdict

        from graphemb.evaluate import TASKS

        cls = TASKS[cell.task]
        seeded = {"random_state": cell.seed} if "random_state" in cls.parameters() else {}
        task = cls(**cell.settings, **seeded)
        known = Graph.of(self.loaded.graph)
        if cell.kind:
            warm_up(cell.kind)
        method = self.unfitted() if cls.refits else self.method()
        given = {name: self.loaded.given.get(name) for name in cls.takes}
        with PeakMemory(collect=False) as peak:
            start = time.perf_counter()
            table = task.run(self.loaded.graph, method, **given)
            seconds = time.perf_counter() - start
        table = table.stamped(
            graph=cell.source.name, method=cell.method, parameters=cell.text, seed=cell.seed
        )
        wrong = [row.metric for row in table if not np.isfinite(row.value)]
        if wrong:
            raise InputError(f"{cell.task}: {wrong[0]} is not a number on this graph.")
        graph = {
            "name": cell.source.name, "sha256": cell.input_sha256, "n_nodes": known.n_nodes,
            "n_edges": known.n_edges, "directed": known.directed,
        }  # fmt: skip
        return {
            "graph": graph,
            "rows": [asdict(row) for row in table],
            "seconds": {"fit": self.seconds, "task": seconds},
            "memory": {"fit": self.memory, "task": peak.mib},
            "picture": None if cls.refits else self._drawn(known),
        }

    def _drawn(self, graph: Graph) -> dict[str, Any]:
        """Return the first two principal components of the vectors, at most 1,000 nodes."""
        if self._picture is None:
            method = self.method()
            vectors = method if isinstance(method, Embedding) else method.embedding_
            chosen = np.arange(graph.n_nodes)
            if len(chosen) > _DRAWN:
                chosen = np.sort(stream(0, "picture").choice(chosen, _DRAWN, replace=False))
            nodes = [graph.nodes[i] for i in chosen]
            x, y = _components(vectors.vectors, vectors.rows(nodes))
            self._picture = {"nodes": nodes, "x": x, "y": y, "labels": self._colours(nodes)}
        return self._picture

    def _colours(self, nodes: Sequence[str]) -> list[str]:
        """Return what tells nodes apart in a picture: their classes, else their top branch."""
        classes, graph = self.loaded.labels, self.loaded.graph
        if classes is None and isinstance(graph, Taxonomy):
            ways = (graph.path_rows(graph.row(node))[:2] for node in nodes)
            return [graph.labels[way[1]] if len(way) > 1 else "" for way in ways]
        return [", ".join((classes or {}).get(node, [])) for node in nodes]


def _components(vectors: Any, chosen: Any) -> tuple[list[float], list[float]]:
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = axes[:, ::-1][:, :2]
    # An eigenvector's sign is free: its greatest entry is made positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    places = (chosen - mean) @ axes
    if places.shape[1] < 2:
        places = np.c_[places, np.zeros(len(places))]
    x, y = places.round(6).T
    return x.tolist(), y.tolist()


@lru_cache(maxsize=2)
def _loaded(source: GraphSource, _sha256: str) -> Loaded:
    """Return what `source` names; the hash is part of what is remembered."""
    return load_source(source)


def _in_processes(folder: Path, units: list[list[Cell]], n_jobs: int, show: _Shown) -> None:
    """Measure units in worker processes.

    A worker that dies takes down its pool: what it left is tried in a second one, and what that
    leaves each by itself, so that a unit that kills its worker harms no other.
    """
    for _ in range(2):
        with _few_threads(n_jobs):
            died = _tried(folder, units, n_jobs, show)
        left = [[cell for cell in unit if not _is_done(folder, cell)] for unit in died]
        units = [unit for unit in left if unit]
        if not units:
            return
    for unit in units:
        if _tried(folder, [unit], 1, show):
            error = {"kind": "WorkerDied", "message": "three workers died at these cells."}
            for cell in unit:
                if not _is_done(folder, cell):
                    content = {**_described(cell), "status": "failed", "error": error}
                    write_cell(folder, cell.key, content)
                    show(cell)


@contextmanager
def _few_threads(n_jobs: int) -> Iterator[None]:
    """Let processes started here share the processor's threads, where nobody chose otherwise."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    chosen = [name for name in names if name not in os.environ]
    for name in chosen:
        os.environ[name] = str(max(1, (os.cpu_count() or 1) // n_jobs))
    try:
        yield
    finally:
        for name in chosen:
            del os.environ[name]


def _tried(folder: Path, units: list[list[Cell]], n_jobs: int, show: _Shown) -> list[list[Cell]]:
    """Measure units in one pool; return those not finished because a worker died."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_jobs, mp_context=spawn, initializer=_worker)
    died: list[list[Cell]] = []
    try:
        work = {pool.submit(measure, folder, unit): unit for unit in units}
        for done in as_completed(work):
            try:
                done.result()
            except BrokenProcessPool:
                died.append(work[done])
                continue
            for cell in work[done]:
                show(cell)
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return died


def _worker() -> None:
    """Leave interrupts to the main process, and end when it is gone."""
    import multiprocessing
    import threading

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()
