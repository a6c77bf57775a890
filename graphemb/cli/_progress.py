"""Progress of long work on standard error: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from graphemb.estimator import Progress

__all__ = ["noted_warnings", "progress_bar"]


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress | None]:
    """Give a callable that shows stage, share and remaining time; None off a terminal."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<32}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def show(stage: str, share: float) -> None:
            bar.update(task, description=stage, completed=share)

        yield show


@contextmanager
def noted_warnings(quiet: bool = False) -> Iterator[None]:
    """Print warnings as single lines on standard error instead of Python's two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if quiet else "always", UserWarning)
        warnings.showwarning = lambda message, *_a, **_k: print(  # noqa: T201
            f"note: {message}", file=sys.stderr
        )
        yield
