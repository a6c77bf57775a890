"""Gates: bounds that the figures of a run must keep."""

from __future__ import annotations

import math
import operator
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, ParameterError, Problems, nearest, shown
from graphemb.files import read_text
from graphemb.report._measures import measures
from graphemb.scores import Score, ScoreTable

__all__ = ["Gate", "broken", "parse_gate", "read_gates"]

_SIGNS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_COLUMNS = ("graph", "method", "parameters", "k", "split", "seed")
_FORM = "must be TASK METRIC [k=1 method=NAME …] >= NUMBER"


@dataclass(frozen=True)
class Gate:
    """A bound: every figure of `task` and `metric` that has all of `where` must keep it.

    Figures are means over seeds, unless `where` names a seed.
    """

    task: str
    metric: str
    where: tuple[tuple[str, Any], ...]
    sign: str
    bound: float

    def __str__(self) -> str:
        where = " ".join(f"{key}={shlex.quote(str(value))}" for key, value in self.where)
        return " ".join(filter(None, (self.task, self.metric, where, self.sign, f"{self.bound:g}")))


def parse_gate(text: str) -> Gate:
    """Return the gate that ``reconstruction map_exact k=1 method=fastrp >= 0.5`` spells.

    Columns are graph, method, parameters, k, split and seed; a value with blanks is quoted. Signs
    are ``>= <= > <``.

    Raises
    ------
    ParameterError
        When `text` is no such expression.

    Examples
    --------
    >>> str(parse_gate("mapping accuracy k=1 >= 0.9"))
    'mapping accuracy k=1 >= 0.9'

    """
    found = re.fullmatch(r"(.*?)\s*(>=|<=|>|<)\s*(\S+)\s*", text, re.S)
    if found is None:
        raise ParameterError(f"--gate {shown(text)}: {_FORM}.")
    try:
        words = shlex.split(found[1])
        bound = float(found[3])
    except ValueError:
        raise ParameterError(f"--gate {shown(text)}: {_FORM}.") from None
    pairs = [word.partition("=") for word in words[2:]]
    if len(words) < 2 or "=" in words[0] or not all(equals for _, equals, _ in pairs):
        raise ParameterError(f"--gate {shown(text)}: {_FORM}.")
    where = {key: value for key, _, value in pairs}
    return _gate(f"--gate {shown(text)}", words[0], words[1], where, found[2], bound)


def _gate(
    who: str, task: str, metric: str, where: Mapping[str, Any], sign: str, bound: float
) -> Gate:
    typed: list[tuple[str, Any]] = []
    for key, value in where.items():
        if key not in _COLUMNS:
            raise ParameterError(
                f"{who}: columns are {', '.join(_COLUMNS)}; got {shown(key)}."
                f"{nearest(key, _COLUMNS)}"
            )
        try:
            typed.append((key, int(value) if key in ("k", "seed") else str(value)))
        except (TypeError, ValueError):
            raise ParameterError(
                f"{who}: {key} must be a whole number; got {shown(value)}."
            ) from None
    if not math.isfinite(bound):
        raise ParameterError(f"{who}: the bound must be a finite number; got {bound}.")
    return Gate(task, metric, tuple(typed), sign, bound)


def read_gates(path: str | Path) -> tuple[Gate, ...]:
    """Return the gates of a TOML file, one table ``[[gate]]`` each.

    Keys are task and metric, any of the columns of `parse_gate`, and ``at_least`` or ``at_most``.

    Raises
    ------
    MissingInputError, InputError
        When the file is not there or says something else; all of its problems at once.

    """
    try:
        content = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is no TOML ({error}).") from None
    problems, gates = Problems(str(path)), []
    tables = content.get("gate")
    unknown = sorted(set(content) - {"gate"})
    if unknown or not isinstance(tables, list) or not tables:
        raise InputError(f"{path}: must hold tables [[gate]] and nothing else.")
    for number, table in enumerate(tables, 1):
        try:
            gates += _of_table(f"gate {number}", table)
        except ParameterError as error:
            problems.add(None, str(error))
    problems.raise_if_any()
    return tuple(gates)


def _of_table(who: str, table: Any) -> list[Gate]:
    if not isinstance(table, dict) or not {"task", "metric"} <= set(table):
        raise ParameterError(f"{who}: must have a task and a metric.")
    where = {k: v for k, v in table.items() if k not in ("task", "metric", "at_least", "at_most")}
    gates = []
    for name, sign in (("at_least", ">="), ("at_most", "<=")):
        bound = table.get(name)
        if bound is None:
            continue
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise ParameterError(f"{who}: {name} must be a number; got {shown(bound)}.")
        task, metric = str(table["task"]), str(table["metric"])
        gates.append(_gate(who, task, metric, where, sign, float(bound)))
    if not gates:
        raise ParameterError(f"{who}: must have at_least or at_most.")
    return gates


def broken(gates: Iterable[Gate], table: ScoreTable) -> tuple[str, ...]:
    """Return a line for each figure that breaks a bound, and for each gate that nothing answers.

    A gate without a figure is broken: what was not measured has kept no bound.
    """
    lines: list[str] = []
    for gate in gates:
        rows = [row for row in table if _meant(gate, row)]
        if not rows:
            lines.append(f"gate {gate}: no figure answers it.{_hint(gate, table)}")
        for m in measures(rows):
            if not _SIGNS[gate.sign](m.value, gate.bound):
                at = "" if m.k is None else f" k={m.k}"
                split = f" split={shlex.quote(m.split)}" if m.split else ""
                seeds = "1 seed" if m.n_seeds == 1 else f"mean of {m.n_seeds} seeds"
                lines.append(
                    f"gate {gate}: {m.graph}, {m.method}, {m.task} {m.metric}{at}{split} is "
                    f"{m.value:.4f} ({seeds})."
                )
    return tuple(lines)


def _meant(gate: Gate, row: Score) -> bool:
    same = row.task == gate.task and row.metric == gate.metric
    return same and all(getattr(row, key) == value for key, value in gate.where)


def _hint(gate: Gate, table: ScoreTable) -> str:
    """Return what the run has instead, the first thing that does not fit."""
    tasks = sorted({row.task for row in table})
    if gate.task not in tasks:
        return f" The run has the tasks {', '.join(tasks) or '(none)'}.{nearest(gate.task, tasks)}"
    rows = [row for row in table if row.task == gate.task]
    names = sorted({row.metric for row in rows})
    if gate.metric not in names:
        return f" {gate.task} has {len(names)} other metrics.{nearest(gate.metric, names)}"
    rows = [row for row in rows if row.metric == gate.metric]
    for key, value in gate.where:
        known = sorted({str(getattr(row, key)) for row in rows})
        rows = [row for row in rows if getattr(row, key) == value]
        if not rows:
            return f" There {key} is {shown(', '.join(known))}."
    return ""
