"""Labels of nodes: none, one or several classes a node, as a 0/1 matrix."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from graphemb.errors import ParameterError, UnknownNodeError, shown
from graphemb.graph import Graph

__all__ = ["label_matrix", "single_labels"]

Array = np.ndarray[Any, Any]
Labels = Mapping[str, str | Collection[str]]


def label_matrix(graph: Graph, labels: Labels | None) -> tuple[Array, tuple[str, ...], Array]:
    """Return (rows of the labelled nodes, class names sorted, 0/1 matrix of their classes).

    Raises
    ------
    ParameterError
        When there are no labels, or fewer than two classes.
    UnknownNodeError
        When a label is given to a node that is not in the graph.

    """
    if not labels:
        raise ParameterError("labels: must be given, a mapping of node to class or classes.")
    unknown = [node for node in labels if node not in graph.index]
    if unknown:
        raise UnknownNodeError(
            f"labels: {len(unknown)} of {len(labels)} are of no node of the graph, the first "
            f"{shown(unknown[0])}. Check that ids are written alike in both files."
        )
    sets = {n: {c} if isinstance(c, str) else set(c) for n, c in labels.items()}
    classes = tuple(sorted({c for mine in sets.values() for c in mine}))
    if len(classes) < 2:
        raise ParameterError(f"labels: must name at least two classes; got {len(classes)}.")
    place = {c: j for j, c in enumerate(classes)}
    rows = np.array(sorted(graph.index[n] for n, mine in sets.items() if mine), np.int64)
    matrix = np.zeros((len(rows), len(classes)), np.int8)
    for i, row in enumerate(rows):
        matrix[i, [place[c] for c in sets[graph.nodes[row]]]] = 1
    return rows, classes, matrix


def single_labels(graph: Graph, labels: Labels | None) -> tuple[Array, Array]:
    """Return (rows of the nodes with exactly one class, their class numbers)."""
    rows, _, matrix = label_matrix(graph, labels)
    one = matrix.sum(axis=1) == 1
    return rows[one], matrix[one].argmax(axis=1)
