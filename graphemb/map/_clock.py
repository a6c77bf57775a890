"""Clock: how long the stages of training take, and how far it has come."""

from __future__ import annotations

import time
from typing import ClassVar

from graphemb.estimator import Progress

__all__ = ["Clock"]


class Clock:
    """Seconds by stage, and the share of the whole that a stage's own progress means."""

    #: Where each stage starts and ends in the whole, roughly.
    SHARES: ClassVar = {
        "reading names": (0.0, 0.01), "training the phrase encoder": (0.01, 0.72),
        "learning word translation": (0.72, 0.74), "embedding the taxonomy": (0.74, 0.76),
        "indexing": (0.76, 0.82), "collecting candidates": (0.82, 0.90),
        "learning to rank": (0.90, 0.96), "learning of nodes without names": (0.96, 0.97),
    }  # fmt: skip

    def __init__(self, progress: Progress | None, n_passes: int = 1) -> None:
        self.progress = progress
        self.n_passes, self.done_passes = n_passes, 0
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", time.perf_counter()

    def __call__(self, stage: str, share: float = 0.0) -> None:
        """Note that `stage` is at `share` of itself."""
        if stage != self._stage:
            self.stop()
            self._stage, self._since = stage, time.perf_counter()
        if self.progress:
            low, high = self.SHARES.get(stage, (0.0, 1.0))
            within = low + (high - low) * min(max(share, 0.0), 1.0)
            self.progress(stage, (self.done_passes + within) / self.n_passes)

    def stop(self) -> None:
        """End the running stage."""
        if self._stage:
            spent = time.perf_counter() - self._since
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + spent
            self._stage = ""
