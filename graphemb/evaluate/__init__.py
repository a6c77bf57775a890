"""Evaluation: pure metrics, and tasks that return a ScoreTable. A task is a file and a line here."""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["TASKS"]

TASKS = Registry("task", {"mapping": "graphemb.evaluate.mapping:MappingTask"})
