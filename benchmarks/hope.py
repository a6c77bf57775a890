"""HOPE beside the dense way, its cost on large graphs, and what its rule for new nodes is worth.

    OMP_NUM_THREADS=1 python benchmarks/hope.py --data ../shared/data/graphs

Every figure of cost comes from a process of its own: CPU seconds (user + system) of the
decomposition alone, and the peak of resident memory of the whole process. "dense" is the usual
way: invert ``I - βA``, multiply, ``svds``. Energy is Σσ² at k = 64 and the same β. The rule: a
fifth of the nodes is hidden, the rest embedded, and logistic regression on the rest (C = 1,
standardised, as many labels as the truth has) labels the hidden by ``transform``; beside it, the
same split with all nodes embedded.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array, csr_array

from graphemb import Graph
from graphemb.embed.hope import HOPE, PROXIMITIES


def read(folder: Path) -> Graph:
    edges = np.fromfile(folder / "edges.tsv", sep=" ", dtype=np.int64).reshape(-1, 2)
    u, v = np.r_[edges, edges[:, ::-1]].T
    return Graph(coo_array((np.ones(len(u)), (u, v)), shape=2 * (int(u.max()) + 1,)))


def ours(graph: Graph, proximity: str) -> tuple[float, float]:
    began = time.process_time()
    hope = HOPE(dim=128, proximity=proximity).fit(graph)
    return time.process_time() - began, float((hope.singular_values_**2).sum())


def dense(graph: Graph) -> tuple[float, float]:
    from scipy.sparse.linalg import svds

    beta = HOPE(dim=2).fit(graph).beta_
    A = graph.adjacency.toarray().astype(float)
    began = time.process_time()
    S = np.linalg.inv(np.eye(len(A)) - beta * A) @ (beta * A)
    sigma = svds(S, k=64)[1]
    return time.process_time() - began, float((sigma**2).sum())


def alone(folder: Path, way: str) -> None:
    line = [sys.executable, __file__, "--data", str(folder), "--only", way]
    print(subprocess.run(line, check=True, capture_output=True, text=True).stdout, end="")


def labels(folder: Path, n: int) -> np.ndarray:
    pairs = np.fromfile(folder / "labels.tsv", sep=" ", dtype=np.int64).reshape(-1, 2)
    pairs[:, 1] = np.unique(pairs[:, 1], return_inverse=True)[1]
    return csr_array((np.ones(len(pairs)), pairs.T), shape=(n, pairs[:, 1].max() + 1)).toarray() > 0


def f1(X: np.ndarray, Y: np.ndarray, train: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = np.full((len(test), Y.shape[1]), -np.inf)
    for c in np.flatnonzero(Y[train].any(axis=0)):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=60))
        scores[:, c] = model.fit(X[train], Y[train, c]).decision_function(X[test])
    ranks = np.argsort(np.argsort(-scores, axis=1), axis=1)
    found, truth = ranks < Y[test].sum(axis=1)[:, None], Y[test]
    hit, size = (found & truth).sum(axis=0), found.sum(axis=0) + truth.sum(axis=0)
    return 200 * hit.sum() / size.sum(), 100 * float(np.mean(2 * hit / np.maximum(size, 1)))


def rule(folder: Path) -> None:
    graph = read(folder)
    n = graph.n_nodes
    order = np.random.default_rng(1).permutation(n)
    test, train = np.sort(order[: n // 5]), np.sort(order[n // 5 :])
    hope = HOPE(dim=64, inductive="neighbours").fit(graph.subgraph([str(i) for i in train]))
    Y = labels(folder, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # max_iter; nodes without an edge to the rest
        found = f1(hope.transform(graph).vectors, Y, train, test)
        whole = f1(HOPE(dim=64).fit_transform(graph).vectors, Y, train, test)
    print(f"{folder.name:12} hidden: micro/macro {found[0]:.1f}/{found[1]:.1f}", end="  ")
    print(f"embedded with the rest: {whole[0]:.1f}/{whole[1]:.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("dense", *PROXIMITIES))
    chosen = parser.parse_args()
    if chosen.only:
        graph = read(chosen.data)
        spent, energy = dense(graph) if chosen.only == "dense" else ours(graph, chosen.only)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        name = f"{chosen.data.name:12} {chosen.only:18}"
        print(f"{name} {spent:7.2f} CPU s  {peak:5.0f} MB  energy {energy:.8g}", flush=True)
        return
    alone(chosen.data / "ppi", "dense")
    for name in ("ppi", "blogcatalog", "wordnet"):
        for proximity in PROXIMITIES:
            if (name, proximity) != ("wordnet", "pagerank"):
                alone(chosen.data / name, proximity)
    for name in ("ppi", "blogcatalog"):
        rule(chosen.data / name)


if __name__ == "__main__":
    main()
