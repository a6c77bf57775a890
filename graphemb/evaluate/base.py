"""Task: the contract of everything that measures."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from graphemb.estimator import Estimator
from graphemb.scores import ScoreTable

__all__ = ["Task"]


class Task(Estimator):
    """Measures something and returns a `ScoreTable`; the constructor holds the settings."""

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> ScoreTable:
        """Return the measurements."""
