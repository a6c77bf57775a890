"""Evaluation: pure metrics, and tasks that return a ScoreTable.

Adding a task is a file here, a line in `TASKS`, and a function of its name in `_functions`.
``ge.evaluate.reconstruction(graph, embedding, hops=(1, 2))`` and its like are those functions.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from graphemb.evaluate._functions import (
    classification,
    clustering,
    hierarchy,
    limit,
    link_prediction,
    mapping,
    reconstruction,
    semantic,
)
from graphemb.registry import Registry

if TYPE_CHECKING:
    from graphemb.evaluate._batch import run_plan
    from graphemb.evaluate._cells import Run, read_run
    from graphemb.evaluate._edges import EdgeSplit, split_edges
    from graphemb.evaluate._mapped import run_mapper
    from graphemb.evaluate._noise import disturbed
    from graphemb.evaluate._plan import Plan, read_plan
    from graphemb.evaluate._truth import Truth, read_truth

__all__ = [
    "TASKS", "EdgeSplit", "Plan", "Run", "Truth", "classification", "clustering", "disturbed",
    "hierarchy", "limit", "link_prediction", "mapping", "read_plan", "read_run", "read_truth",
    "reconstruction", "run_mapper", "run_plan", "semantic", "split_edges",
]  # fmt: skip

TASKS = Registry(
    "task",
    {
        "classification": "graphemb.evaluate.classification:ClassificationTask",
        "clustering": "graphemb.evaluate.clustering:ClusteringTask",
        "hierarchy": "graphemb.evaluate.hierarchy:HierarchyTask",
        "limit": "graphemb.evaluate.limit:LimitTask",
        "link_prediction": "graphemb.evaluate.link_prediction:LinkPredictionTask",
        "mapping": "graphemb.evaluate.mapping:MappingTask",
        "reconstruction": "graphemb.evaluate.reconstruction:ReconstructionTask",
        "semantic": "graphemb.evaluate.semantic:SemanticTask",
    },
)

_LAZY = {
    "EdgeSplit": "_edges",
    "Plan": "_plan",
    "Run": "_cells",
    "disturbed": "_noise",
    "read_plan": "_plan",
    "read_run": "_cells",
    "run_mapper": "_mapped",
    "Truth": "_truth",
    "read_truth": "_truth",
    "run_plan": "_batch",
    "split_edges": "_edges",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"graphemb.evaluate.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'graphemb.evaluate' has no attribute {name!r}")


class _Package(ModuleType):
    """Keeps a task's function where the import of the file of that name would put the module."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and name in TASKS):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
