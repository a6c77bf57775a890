"""Renderer: the contract of everything that turns measurements into text; Results: what it gets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from graphemb.estimator import Estimator
from graphemb.scores import ScoreTable

__all__ = ["Renderer", "Results", "method_text", "reason", "say"]


@dataclass(frozen=True)
class Results:
    """What a report is made of: plain values, so that this stage needs no other.

    Parameters
    ----------
    table : ScoreTable
        Every row.
    name : str
        What the report calls it: the folder's name.
    cells : tuple of mapping
        The cells of a run as they stand on disk (`graphemb.evaluate`); none for a bare table.
    info : mapping
        The content of ``run.json``; empty for a bare table.

    """

    table: ScoreTable
    name: str = "run"
    cells: tuple[Mapping[str, Any], ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Mapping[str, Any], ...]:
        """The cells that could not be measured."""
        return tuple(cell for cell in self.cells if cell.get("status") == "failed")

    @property
    def skipped(self) -> tuple[str, ...]:
        """What the plan left out, a line each."""
        return tuple(self.info.get("skipped", ()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was said while measuring, each once."""
        return tuple(dict.fromkeys(n for cell in self.cells for n in cell.get("notes") or ()))


class Renderer(Estimator):
    """Makes one kind of report. The same results give the same text, byte for byte.

    Examples
    --------
    >>> from graphemb.report import RENDERERS
    >>> from graphemb.scores import Score
    >>> table = ScoreTable([Score("g", "m", "reconstruction", "map_exact", 0.5, k=1)])
    >>> RENDERERS["csv"]().render(Results(table)).splitlines()[1]
    'g,m,reconstruction,map_exact,0.5,,1,,,,,,'

    """

    suffix: ClassVar[str] = ""

    @abstractmethod
    def render(self, results: Results, before: Results | None = None) -> str:
        """Return the report of `results`; with `before`, of how they differ from it too.

        Raises
        ------
        MissingPackageError
            When the format needs a package that is not installed; the message names the extra.

        """


def say(value: float | None) -> str:
    """Return a figure as people read it: three decimals, four digits where it is large or small.

    Examples
    --------
    >>> say(0.98765), say(12345.6), say(0.00042), say(None)
    ('0.988', '1.235e+04', '0.00042', '')

    """
    if value is None:
        return ""
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:.4g}"


def method_text(method: str, parameters: str) -> str:
    """Return a method and its parameters as one name."""
    return f"{method} {parameters}".strip()


def reason(cell: Mapping[str, Any]) -> str:
    """Return which cell failed and why, in one line."""
    method = method_text(cell["method"]["name"], cell["method"]["text"])
    where = f"{cell['task']['name']} on {cell['graph']['name']} with {method}, seed {cell['seed']}"
    error = cell.get("error") or {}
    return f"{where}: {error.get('message', 'no reason given')} ({error.get('kind', 'unknown')})"
