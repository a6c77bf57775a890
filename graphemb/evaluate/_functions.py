"""One function a task: ``TASKS[name](**settings).run(…)`` in one call.

`settings` are the constructor arguments of the task's class, which documents them with the
metrics; `method` is an `Embedding` (yours, or read from a file) or a node embedder, fitted or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from graphemb.scores import ScoreTable

__all__ = [
    "classification", "clustering", "hierarchy", "limit", "link_prediction", "mapping",
    "reconstruction", "semantic",
]  # fmt: skip

Labels = Mapping[str, str | Collection[str]]


def _run(task: str, settings: Mapping[str, Any], *args: Any, **given: Any) -> ScoreTable:
    found: ScoreTable = _task(task, settings).run(*args, **given)
    return found


def _task(name: str, settings: Mapping[str, Any]) -> Any:
    from graphemb.evaluate import TASKS

    # set_params, because it names an unknown setting and suggests the nearest.
    return TASKS[name]().set_params(**settings)


def reconstruction(
    graph: Any, method: Any, hops: Sequence[int] = (1, 2, 3), **settings: Any
) -> ScoreTable:
    """Return MAP and precision of finding the nodes k hops away (`ReconstructionTask`).

    Examples
    --------
    >>> import graphemb as ge
    >>> ring = ge.Graph.from_edges([(i, (i + 1) % 8) for i in range(8)])
    >>> table = ge.evaluate.reconstruction(ring, ge.FastRP(dim=16), hops=(1, 2))
    >>> table.value(metric="map_exact", k=1) > table.value(metric="map_exact_random", k=1)
    True

    """
    return _run("reconstruction", {"hops": hops, **settings}, graph, method)


def link_prediction(graph: Any, method: Any, share: float = 0.5, **settings: Any) -> ScoreTable:
    """Return AUC, average precision and hits@k of held-out edges (`LinkPredictionTask`).

    `graph` is split here and `method`, an unfitted embedder, fitted on the rest; or `graph` is what
    `split_edges` returned and `method` vectors of its ``train`` graph.
    """
    return _run("link_prediction", {"share": share, **settings}, graph, method)


def classification(graph: Any, method: Any, labels: Labels, **settings: Any) -> ScoreTable:
    """Return micro and macro F1 by training share (`ClassificationTask`)."""
    return _run("classification", settings, graph, method, labels=labels)


def clustering(
    graph: Any, method: Any, labels: Labels | None = None, **settings: Any
) -> ScoreTable:
    """Return NMI, ARI and modularity of k-means clusters (`ClusteringTask`)."""
    return _run("clustering", settings, graph, method, labels=labels)


def hierarchy(taxonomy: Any, method: Any, **settings: Any) -> ScoreTable:
    """Return what of ancestors, siblings, depth and path length is kept (`HierarchyTask`)."""
    return _run("hierarchy", settings, taxonomy, method)


def semantic(
    graph: Any, method: Any, texts: Mapping[str, str] | None = None, **settings: Any
) -> ScoreTable:
    """Return word similarity, analogies, and distances by hop (`SemanticTask`)."""
    return _run("semantic", settings, graph, method, texts=texts)


def limit(graph: Any, method: Any, **settings: Any) -> ScoreTable:
    """Return which pairs of nodes one query vector can single out (`LimitTask`)."""
    return _run("limit", settings, graph, method)


def mapping(
    mapper: Any, phrases: Sequence[str], truth: Sequence[Collection[str]],
    groups: Mapping[str, Sequence[str]] | None = None, noise: Sequence[str] = (),
    **settings: Any,
) -> ScoreTable:  # fmt: skip
    """Return how good a mapper's answers to `phrases` are (`MappingTask.run_mapper`)."""
    task = _task("mapping", {"by_depth": True, **settings})
    found: ScoreTable = task.run_mapper(mapper, phrases, truth, groups=groups, noise=noise)
    return found
