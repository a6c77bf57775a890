"""What the scripts on graphs share: reading them, timing a fit, writing a mean and its spread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphemb import Graph


def pairs_of(path: Path, n_columns: int = 2) -> list[tuple[str, ...]]:
    """Return the first columns of a file without a header, tabs between."""
    return [tuple(line.split("\t")[:n_columns]) for line in path.read_text("utf-8").splitlines()]


def read_labels(folder: Path) -> dict[str, list[str]]:
    """Return the classes of each node of ``labels.tsv``; none where there is no such file."""
    found: dict[str, list[str]] = {}
    if (folder / "labels.tsv").exists():
        for node, label in pairs_of(folder / "labels.tsv"):
            found.setdefault(node, []).append(label)
    return found


def read_graph(folder: Path) -> Graph:
    """Return the undirected graph of ``edges.tsv``; labelled nodes without an edge stand alone."""
    edges = pairs_of(folder / "edges.tsv")
    nodes = dict.fromkeys(end for edge in edges for end in edge)
    return Graph.from_edges(edges, list(nodes | dict.fromkeys(read_labels(folder))))


def timed(method: Any, graph: Graph) -> tuple[Any, float]:
    """Return `method` fitted on `graph`, and CPU seconds."""
    start = time.process_time()
    fitted = method.fit(graph)
    return fitted, time.process_time() - start


def spread(values: Sequence[float], form: str = ".3f") -> str:
    """Return the mean, and the standard deviation where there are several values."""
    mean = format(float(np.mean(values)), form)
    return f"{mean} ± {format(float(np.std(values)), form)}" if len(values) > 1 else mean
