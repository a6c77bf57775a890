"""Task: the contract of everything that measures."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar

from graphemb.estimator import Estimator
from graphemb.scores import Score, ScoreTable

__all__ = ["GraphTask", "Rows", "Task"]


class Task(Estimator):
    """Measures something and returns a `ScoreTable`; the constructor holds the settings."""

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> ScoreTable:
        """Return the measurements."""


class GraphTask(Task):
    """Measures vectors (or a method's own scores) against the graph they were made from.

    ``run(graph, method, **given)``: `graph` is whatever `Graph.of` takes; `method` an `Embedding`,
    or a node embedder (fitted here when it is not yet).

    Attributes
    ----------
    needs : tuple of str
        What a graph must bring besides its edges: ``labels`` (node → classes), ``taxonomy``.
    takes : tuple of str
        What `run` accepts by keyword when it is there: ``labels``, ``texts`` (node → text).
    refits : bool
        Whether the method is fitted on something other than the whole graph.

    """

    needs: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...]] = ()
    refits: ClassVar[bool] = False

    @abstractmethod
    def run(self, graph: Any, method: Any, **given: Any) -> ScoreTable:
        """Return the measurements of `method` on `graph`."""


class Rows:
    """Collects the rows of one task on one method, and the seconds since its making."""

    def __init__(self, task: str, method: Any = "", seed: int | None = None) -> None:
        self.task, self.seed = task, seed
        self.method = method if isinstance(method, str) else _name(method)
        self._rows: list[Score] = []
        self._start = time.perf_counter()

    def add(self, metric: str, value: float, **columns: Any) -> None:
        """Add one measurement; `columns` are those of `Score`."""
        row = Score("", self.method, self.task, metric, float(value), seed=self.seed, **columns)
        self._rows.append(row)

    def table(self) -> ScoreTable:
        """Return the rows, each with the seconds that the whole task took."""
        return ScoreTable(self._rows).stamped(seconds=time.perf_counter() - self._start)


def _name(method: Any) -> str:
    return type(method).__name__ if isinstance(method, Estimator) else ""
