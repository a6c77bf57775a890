"""A run on disk: one JSON file a cell, the table of all, and what it was made from.

::

    RUN/run.json        schema, graphemb, versions, platform, seeds, cells (keys in order),
                        variants (key → what tells tasks of one kind apart, put in brackets after
                        the parameters of its rows), inputs (graph → sha256), failed, skipped
    RUN/scores.tsv      every row of every measured cell of the plan, in its order
    RUN/cells/KEY.json  status "done" or "failed"; graph {name, n_nodes, n_edges, directed, sha256};
                        method {name, kind, parameters, text}; seed; task {name, settings}; rows
                        (those of ScoreTable); seconds {fit, task}; memory {fit, task}: MiB that
                        the process's resident memory rose by at the worst moment of each, null
                        where the system does not tell (other than Linux), absent in old runs
                        (`_memory`); notes (warnings, a line each);
                        error {kind, message} or null;
                        picture {nodes, x, y, labels} or null: the first two principal components
                        of at most 1,000 nodes, labels their classes, in a taxonomy without any
                        their ancestor below the root, '' where a node has neither;
                        errors (of a mapper only, at most 50, the surest first) {phrase, answer,
                        answer_path, right, right_path, probability}

KEY is a hash of the input's bytes, the names, parameters, settings, seed and graphemb's version.
Cells of one unit share their fit, and with it what it cost. A method is fitted once on a tiny graph
before, in each process: what it costs to load libraries stands in no cell's fit.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphemb.errors import InputError
from graphemb.evaluate._plan import Plan
from graphemb.evaluate._sound import SCHEMA, checked_cell, checked_info
from graphemb.files import atomic_write
from graphemb.scores import Score, ScoreTable

__all__ = ["SCHEMA", "Run", "read_cell", "read_run", "write_cell", "write_run", "write_table"]


@dataclass(frozen=True)
class Run:
    """A run's table, its cells as they stand on disk in the plan's order, and ``run.json``."""

    folder: Path
    table: ScoreTable
    cells: tuple[dict[str, Any], ...]
    info: dict[str, Any]

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        """The cells that could not be measured; each tells why under ``error``."""
        return tuple(cell for cell in self.cells if cell["status"] == "failed")


def _place(folder: Path, key: str) -> Path:
    return folder / "cells" / f"{key}.json"


def _write(path: Path, content: Any) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    with atomic_write(path) as file:
        file.write(text.encode("utf-8", "surrogatepass") + b"\n")


def write_cell(folder: Path, key: str, content: dict[str, Any]) -> None:
    """Write one cell: whole or not at all."""
    _write(_place(folder, key), {"schema": SCHEMA, "key": key, **content})


def read_cell(folder: Path, key: str) -> dict[str, Any] | None:
    """Return a cell; None when it is gone, damaged or of another version: it is measured anew."""
    try:
        return checked_cell(_place(folder, key), key)
    except InputError:
        return None


def write_run(folder: Path, plan: Plan) -> Run:
    """Write ``scores.tsv`` and ``run.json`` from the cells on disk, and return the run."""
    found = [c for c in (read_cell(folder, cell.key) for cell in plan.cells) if c is not None]
    inputs = {cell.source.name: cell.input_sha256 for cell in plan.cells}
    return write_table(folder, found, inputs, plan.seeds, _variants(plan), plan.skipped)


def write_table(
    folder: Path, cells: Sequence[dict[str, Any]], inputs: Mapping[str, str],
    seeds: Sequence[int] = (), variants: Mapping[str, str] | None = None,
    skipped: Sequence[str] = (),
) -> Run:  # fmt: skip
    """Write ``scores.tsv`` and ``run.json`` of `cells`, and return the run."""
    with atomic_write(folder / "scores.tsv") as file:
        file.write(_table(cells, variants or {}).to_tsv().encode("utf-8", "surrogatepass"))
    content = {
        **_about(), "seeds": list(seeds), "inputs": dict(inputs),
        "cells": [cell["key"] for cell in cells], "variants": dict(variants or {}),
        "failed": [cell["key"] for cell in cells if cell["status"] == "failed"],
        "skipped": list(skipped),
    }  # fmt: skip
    _write(folder / "run.json", content)
    return read_run(folder)


def _about() -> dict[str, Any]:
    from importlib.metadata import version

    from graphemb import __version__

    packages = ("numpy", "scipy", "scikit-learn", "gensim", "torch")
    return {
        "schema": SCHEMA,
        "graphemb": __version__,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "platform": platform.platform(),
    }


def _variants(plan: Plan) -> dict[str, str]:
    return {cell.key: cell.variant for cell in plan.cells if cell.variant}


def _table(cells: Sequence[dict[str, Any]], variants: Mapping[str, str]) -> ScoreTable:
    rows: list[Score] = []
    for cell in cells:
        table = ScoreTable(Score(**row) for row in cell["rows"])
        if variant := variants.get(cell["key"]):
            text = f"{cell['method']['text']} [{variant}]".strip()
            table = table.stamped(parameters=text)
        rows += table.rows
    return ScoreTable(rows)


def read_run(folder: str | Path) -> Run:
    """Return the run in `folder`.

    Raises
    ------
    MissingInputError
        When there is no run.
    InputError
        When it or a cell it lists is damaged, gone, or was written by a newer graphemb; the file
        is named.

    """
    place = Path(folder)
    info = checked_info(place / "run.json")
    cells = tuple(checked_cell(_place(place, key), key) for key in info["cells"])
    return Run(place, _table(cells, info["variants"]), cells, info)
