"""ClusteringTask: do vectors fall into the communities that labels or edges tell of."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.evaluate._intervals import split_interval
from graphemb.evaluate._labels import single_labels
from graphemb.evaluate._metrics import modularity
from graphemb.evaluate._scoring import embedding_of
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.graph import Graph
from graphemb.rng import seed_of
from graphemb.scores import ScoreTable

__all__ = ["ClusteringTask"]

Array = np.ndarray[Any, Any]


class ClusteringTask(GraphTask):
    """k-means on unit-length vectors: NMI and ARI against labels, modularity against edges.

    Parameters
    ----------
    n_clusters : int, optional
        Left out: the number of classes; without labels, the nearest integer to √(n/2).
    n_splits : int
        Independent starts, each the best of ten initialisations; intervals are over them.
    random_state : int

    Notes
    -----
    NMI is normalised by the arithmetic mean of the entropies; NMI and ARI take the nodes with
    exactly one class. ``modularity`` is that of the clusters of all nodes in the undirected graph,
    ``modularity_labels`` that of the classes where every node has exactly one. A random answer has
    ARI 0 and modularity 0.

    """

    takes: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(
        self, n_clusters: int | None = None, n_splits: int = 5, random_state: int = 0
    ) -> None:
        self.n_clusters = n_clusters
        self.n_splits = n_splits
        self.random_state = random_state

    def run(self, graph: Any, method: Any, labels: Any = None, **_: Any) -> ScoreTable:
        """Return NMI and ARI (with `labels`) and modularity.

        Raises
        ------
        ParameterError
            When there are more clusters than nodes, or settings lie outside their domain.

        """
        known = Graph.of(graph)
        rows, classes = single_labels(known, labels) if labels else (np.zeros(0, int),) * 2
        k = self.n_clusters or len(np.unique(classes)) or max(2, round((known.n_nodes / 2) ** 0.5))
        if not 1 <= k <= known.n_nodes or self.n_splits < 1:
            raise ParameterError(
                f"ClusteringTask: n_clusters must be 1 … {known.n_nodes} and n_splits ≥ 1; "
                f"got {shown(k)} and {shown(self.n_splits)}."
            )
        table = Rows("clustering", method)
        vectors = embedding_of(known, method).normalised().vectors
        edges = known.to_undirected().adjacency
        found: dict[str, list[float]] = {"modularity": []}
        for split in range(self.n_splits):
            groups = _k_means(vectors, k, seed_of(self.random_state, "clustering", split))
            found["modularity"].append(modularity(edges, groups))
            if len(rows):
                for name, value in _agreement(classes, groups[rows]).items():
                    found.setdefault(name, []).append(value)
        for name, values in found.items():
            n = known.n_nodes if name == "modularity" else len(rows)
            low, high = split_interval(np.array(values))
            table.add(name, float(np.mean(values)), k=k, low=low, high=high, n=n)
        if len(rows) == known.n_nodes:
            groups = np.empty(len(rows), np.int64)
            groups[rows] = classes
            table.add("modularity_labels", modularity(edges, groups), k=k, n=len(rows))
        return table.table()


def _k_means(vectors: Array, k: int, seed: int) -> Array:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # Fewer distinct vectors than clusters: empty clusters are an answer, not a fault.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(KMeans(k, n_init=10, random_state=seed % (1 << 32)).fit_predict(vectors))


def _agreement(classes: Array, groups: Array) -> dict[str, float]:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    nmi = float(normalized_mutual_info_score(classes, groups))
    return {"nmi": nmi, "ari": float(adjusted_rand_score(classes, groups))}
