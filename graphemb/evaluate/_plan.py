"""Plans: graphs × methods × tasks × seeds, read from TOML and spelled out into cells."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, Problems, nearest, shown
from graphemb.evaluate._sources import GraphSource, digest
from graphemb.files import read_text

__all__ = ["Cell", "Plan", "read_plan"]

_TOP = ("graphs", "methods", "seeds", "tasks")
_GRAPH_KEYS = tuple(f.name for f in fields(GraphSource) if f.name != "name")
_PATHS = ("edges", "taxonomy", "labels", "texts")


@dataclass(frozen=True)
class Cell:
    """One measurement of a plan: one task on one method with one setting, graph and seed.

    `parameters` and `settings` are those of the method and the task that the plan names; `variant`
    tells tasks of one kind apart: the plan's name of it and what it sweeps; `vectors`
    is the path of vectors made elsewhere, '' where `kind`, a name of `EMBEDDERS`, makes them.
    """

    source: GraphSource
    method: str
    kind: str
    vectors: str
    parameters: dict[str, Any]
    task: str
    settings: dict[str, Any]
    seed: int
    input_sha256: str
    variant: str = ""
    key: str = field(default="", compare=False)

    @property
    def unit(self) -> str:
        """What cells with the same vectors share."""
        return _hash([self.source.name, self.method, self.parameters, self.seed])

    @property
    def text(self) -> str:
        """The method's parameters as a table shows them, ``dim=64 beta=-0.5``."""
        return _text(self.parameters)


def _text(values: Mapping[str, Any]) -> str:
    return " ".join(f"{k}={json.dumps(v, default=str)}" for k, v in sorted(values.items()))


def _hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True)
class Plan:
    """What is measured on what: `cells` in order, and `skipped`, a line a combination left out.

    Left out is what cannot be: a task that needs labels on a graph without, or a split before
    embedding of vectors made elsewhere.
    """

    cells: tuple[Cell, ...]
    skipped: tuple[str, ...]
    seeds: tuple[int, ...]


def read_plan(path: str | Path) -> Plan:
    """Return the plan in a TOML file; paths in it are relative to its folder.

    Raises
    ------
    InputError
        When the file is no TOML, or with every unknown key (the nearest is suggested), missing
        file and wrong type in it.

    """
    try:
        content = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: must be TOML; {error}.") from None
    return make_plan(content, str(path), Path(path).parent)


def make_plan(content: Mapping[str, Any], source: str, folder: Path) -> Plan:
    """Return the plan of a parsed TOML document; `source` names it in messages."""
    problems = Problems(source)
    _known(problems, "the plan", content, _TOP)
    seeds = content.get("seeds", [0])
    seeds = [seeds] if isinstance(seeds, int) else seeds
    if not isinstance(seeds, list) or not seeds or not all(_whole(s) for s in seeds):
        problems.add(None, f"seeds must be integers ≥ 0; got {shown(seeds)}.")
        seeds = [0]
    for name in ("graphs", "methods", "tasks"):
        value = content.get(name)
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            problems.add(None, f"needs tables [{name}.NAME], at least one; got {shown(value)}.")
    problems.raise_if_any()
    graphs = [_graph(problems, n, t, folder) for n, t in content["graphs"].items()]
    methods = [_method(problems, n, t, folder) for n, t in content["methods"].items()]
    tasks = [_task(problems, n, t) for n, t in content["tasks"].items()]
    problems.raise_if_any()
    return _spelled_out(graphs, methods, tasks, seeds)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _known(problems: Problems, where: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in table:
        if name not in known:
            problems.add(
                None,
                f"{where}: keys are {', '.join(known)}; got {shown(name)}.{nearest(name, known)}",
            )


def _graph(problems: Problems, name: str, table: dict[str, Any], folder: Path) -> GraphSource:
    where = f"graph {name}"
    _known(problems, where, table, _GRAPH_KEYS)
    given = {k: v for k, v in table.items() if k in _GRAPH_KEYS}
    if len({"edges", "taxonomy"} & set(given)) != 1:
        problems.add(None, f"{where}: needs one of edges and taxonomy.")
    for key in _PATHS:
        if key not in given:
            continue
        if not isinstance(given[key], str):
            problems.add(None, f"{where}: {key} must be a path; got {shown(given[key])}.")
            given[key] = ""
            continue
        place = folder / given[key]
        if place.exists() or key != "taxonomy":
            given[key] = str(place)
        if not place.exists() and key != "taxonomy":
            problems.add(None, f"{where}: {key}: there is no file {shown(str(place))}.")
    if not isinstance(given.get("directed", False), bool):
        problems.add(None, f"{where}: directed must be true or false.")
        given["directed"] = False
    return GraphSource(name, **given)


Method = tuple[str, str, str, list[dict[str, Any]]]
Tasks = tuple[str, str, list[dict[str, Any]]]


def _method(problems: Problems, name: str, table: dict[str, Any], folder: Path) -> Method:
    """Return (name, registered kind, path of vectors, settings of the sweep)."""
    from graphemb.embed import EMBEDDERS

    where, rest = f"method {name}", dict(table)
    if "vectors" in rest:
        vectors = str(folder / str(rest.pop("vectors")))
        if rest:
            problems.add(None, f"{where}: vectors take no parameters; got {', '.join(rest)}.")
        if not Path(vectors).exists():
            problems.add(None, f"{where}: there are no vectors at {shown(vectors)}.")
        return name, "", vectors, [{}]
    kind = str(rest.pop("method", name))
    if kind not in EMBEDDERS:
        problems.add(
            None,
            f"{where}: method must be one of {', '.join(EMBEDDERS)}; got {shown(kind)}."
            f"{nearest(kind, EMBEDDERS)}",
        )
        return name, kind, "", []
    return name, kind, "", _sweep(problems, where, EMBEDDERS[kind], rest)


def _task(problems: Problems, name: str, table: dict[str, Any]) -> Tasks:
    """Return (name, registered kind, settings of the sweep)."""
    from graphemb.evaluate import TASKS

    kind, rest = str(table.get("task", name)), {k: v for k, v in table.items() if k != "task"}
    if kind not in TASKS or kind == "mapping":
        known = [t for t in TASKS if t != "mapping"]
        problems.add(
            None,
            f"task {name}: must be one of {', '.join(known)}; got {shown(kind)}."
            f"{nearest(kind, known)}",
        )
        return name, kind, []
    return name, kind, _sweep(problems, f"task {name}", TASKS[kind], rest)


def _sweep(
    problems: Problems, where: str, cls: Any, table: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return every combination of the listed values, in the order of the keys.

    A list is a sweep; of a parameter that is itself a list, a list of lists is.
    """
    known = {n: p for n, p in cls.parameters().items() if n != "random_state"}
    if "random_state" in table:
        problems.add(None, f"{where}: seeds of the plan stand for random_state; remove it.")
    _known(problems, where, {k: v for k, v in table.items() if k != "random_state"}, list(known))
    choices: dict[str, list[Any]] = {}
    for name, value in table.items():
        if name in known:
            listed = isinstance(known[name].default, tuple | list)
            listed = listed or "Sequence" in str(known[name].annotation)
            swept = isinstance(value, list) and (
                not listed or (len(value) > 0 and all(isinstance(v, list) for v in value))
            )
            choices[name] = value if swept else [value]
            if not choices[name]:
                problems.add(None, f"{where}: {name} must have a value; the list is empty.")
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


def _spelled_out(
    graphs: Sequence[GraphSource], methods: Sequence[Method],
    tasks: Sequence[Tasks], seeds: Sequence[int],
) -> Plan:  # fmt: skip
    from graphemb.evaluate import TASKS

    cells: list[Cell] = []
    skipped: dict[str, None] = {}
    for source in graphs:
        paths = [p for p in (getattr(source, n) for n in _PATHS) if p]
        for method, kind, vectors, parameters in methods:
            sha256 = digest(*paths, *([vectors] if vectors else []))
            for mine, seed in itertools.product(parameters, seeds):
                for name, task, settings in tasks:
                    reason = _impossible(source, TASKS[task], vectors)
                    if reason:
                        skipped[f"{task} on {source.name} with {method}: {reason}"] = None
                        continue
                    for how in settings:
                        swept = {k: v for k, v in how.items() if any(s[k] != v for s in settings)}
                        cell = Cell(
                            source, method, kind, vectors, mine, task, how, seed, sha256,
                            f"{'' if name == task else name} {_text(swept)}".strip(),
                        )  # fmt: skip
                        cells.append(_keyed(cell))
    return Plan(tuple(cells), tuple(skipped), tuple(seeds))


def _impossible(source: GraphSource, task: Any, vectors: str) -> str:
    missing = [need for need in task.needs if need not in source.has]
    if missing:
        return f"the graph has no {' and no '.join(missing)}"
    if task.refits and vectors:
        return "vectors made elsewhere cannot be made again without the held-out edges"
    return ""


def _keyed(cell: Cell) -> Cell:
    """Return the cell with its key: a hash of input bytes, parameters, seed and version."""
    from dataclasses import replace

    from graphemb import __version__

    key = _hash(
        [
            __version__, cell.input_sha256, cell.source.directed, sorted(cell.source.has),
            cell.source.name, cell.method, cell.kind, cell.parameters, cell.task, cell.settings,
            cell.seed,
        ]
    )  # fmt: skip
    return replace(cell, key=key)


def units_of(cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """Yield the cells that share their vectors together, in order."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.unit, []).append(cell)
    yield from groups.values()
