"""A mapper measured into a run's folder: one cell, with its surest wrong answers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graphemb.errors import StorageError
from graphemb.evaluate._cells import Run, read_cell, write_cell, write_table
from graphemb.evaluate._memory import PeakMemory
from graphemb.evaluate._sources import digest
from graphemb.evaluate._truth import Truth
from graphemb.mappings import MappingSet
from graphemb.taxonomy import Taxonomy

__all__ = ["run_mapper"]

#: Wrong answers that a cell keeps.
_ERRORS = 50


def run_mapper(
    mapper: Any, truth: Truth, folder: str | Path, model: str, source: str,
    noise: Sequence[str] = (), backoffs: Sequence[float] = (),
) -> Run:  # fmt: skip
    """Measure `mapper`, loaded from `model`, on `truth`, read from `source`; return the run.

    The cell has the name of the mapper's class for a method, so that runs of two models compare.
    It holds the phrases of the wrong answers that were surest: take care where phrases are private.

    Raises
    ------
    StorageError
        When `folder` cannot be written.

    """
    from graphemb import __version__
    from graphemb.evaluate import TASKS

    place, seen, start = Path(folder), _Kept(mapper), time.perf_counter()
    taxonomy: Taxonomy = mapper.taxonomy_
    inputs = {"model": digest(model), "truth": digest(source), taxonomy.name: taxonomy.sha256}
    task = TASKS["mapping"](by_depth=True, backoffs=backoffs)
    with PeakMemory(collect=False) as peak:
        table = task.run_mapper(seen, truth.phrases, truth.nodes, truth.groups, noise, seen.name)
    text = "\0".join([__version__, *inputs.values(), *noise, *map(str, backoffs)])
    settings = {"noise": list(noise), "backoffs": list(backoffs)}
    key = hashlib.sha256(text.encode()).hexdigest()[:24]
    cell = {
        "graphemb": __version__, "status": "done",
        "graph": {
            "name": taxonomy.name, "sha256": taxonomy.sha256, "n_nodes": taxonomy.n_nodes,
            "n_edges": taxonomy.n_edges, "directed": True,
        },
        "method": {"name": seen.name, "kind": "", "parameters": {}, "text": ""},
        "seed": None, "task": {"name": "mapping", "settings": settings},
        "rows": [asdict(row) for row in table],
        "seconds": {"fit": 0.0, "task": time.perf_counter() - start},
        "memory": {"fit": None, "task": peak.mib},
        "picture": None, "notes": [], "error": None,
        "errors": _errors(taxonomy, seen.answers, truth),
    }  # fmt: skip
    try:
        (place / "cells").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{place}: cannot be written ({error.strerror}).") from error
    write_cell(place, key, cell)
    return write_table(place, [c for c in (read_cell(place, key),) if c is not None], inputs)


class _Kept:
    """A mapper that keeps its first answers, those to the phrases as they came."""

    def __init__(self, mapper: Any) -> None:
        self.mapper, self.taxonomy_ = mapper, mapper.taxonomy_
        self.name = type(mapper).__name__
        self.answers: MappingSet = MappingSet([], [])

    def map(self, phrases: Sequence[str], **settings: Any) -> MappingSet:
        """Answer as the mapper does."""
        answers: MappingSet = self.mapper.map(phrases, **settings)
        if not len(self.answers):
            self.answers = answers
        return answers


def _errors(taxonomy: Taxonomy, answers: MappingSet, truth: Truth) -> list[dict[str, Any]]:
    """Return the wrong first answers, the most probable first."""
    found: list[dict[str, Any]] = []
    for (phrase, candidates), right in zip(answers, truth.nodes, strict=True):
        if not candidates or candidates[0].node in right:
            continue
        first = candidates[0]
        known = sorted(node for node in right if node in taxonomy)
        wanted = known[0] if known else min(right)
        found.append(
            {
                "phrase": phrase, "answer": f"{first.node} {first.label}",
                "answer_path": first.path,
                "right": f"{wanted} {taxonomy[wanted]}" if known else wanted,
                "right_path": " > ".join(taxonomy.path(wanted)) if known else "",
                "probability": first.probability,
            }
        )  # fmt: skip
    found.sort(key=lambda e: (-e["probability"], e["phrase"]))
    return found[:_ERRORS]
