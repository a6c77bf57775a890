"""Evaluation: pure metrics, and tasks that return a ScoreTable.

Adding a task is a file here and a line in `TASKS`.
"""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["TASKS"]

TASKS = Registry("task", {"mapping": "graphemb.evaluate.mapping:MappingTask"})
