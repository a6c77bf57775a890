"""Reconstruction of whole graphs: SDNE's decoder beside Katz by SVD (HOPE) and DeepWalk.

    OMP_NUM_THREADS=1 python benchmarks/sdne.py --data ../shared/data/graphs ca_grqc ppi air_europe

MAP: every node ranks all other nodes; its average precision is divided by its true number of
neighbours, both directions count, ties fall by chance, nodes without a neighbour are left out.
Each method is scored its own way at equal dim: SDNE by ``scores``, HOPE by source · target (half
of dim each; β = 0.5 / ρ, dense and exact), DeepWalk (gensim, 10 walks of 80, window 10, 5
negatives) by dot and by cosine. "codes" is the cosine of SDNE's vectors. CPU seconds, user +
system. Above 10,000 nodes 2,000 of them rank.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array

from graphemb import Graph
from graphemb.embed.sdne import SDNE

Scores = Callable[[np.ndarray], np.ndarray]


def read(folder: Path) -> Graph:
    edges = np.fromfile(folder / "edges.tsv", sep=" ", dtype=np.int64).reshape(-1, 2)
    u, v = np.r_[edges, edges[:, ::-1]].T
    return Graph(coo_array((np.ones(len(u)), (u, v)), shape=2 * (int(u.max()) + 1,)))


def mean_average_precision(graph: Graph, scores: Scores) -> float:
    A, n, rng = graph.adjacency, graph.n_nodes, np.random.default_rng(0)
    shuffled = rng.permutation(n)  # a stable sort of shuffled columns breaks ties by chance
    place = np.argsort(shuffled)
    ranking = np.arange(n) if n <= 10_000 else rng.choice(n, 2000, replace=False)
    found = []
    for start in range(0, len(ranking), 256):
        rows = ranking[start : start + 256]
        block = np.array(scores(rows), np.float64)
        block[np.arange(len(rows)), rows] = -np.inf
        order = np.argsort(-block[:, shuffled], axis=1, kind="stable")
        for i, best in zip(rows, order, strict=True):
            near = A.indices[A.indptr[i] : A.indptr[i + 1]]
            if len(near := near[near != i]):
                rank = np.empty(n, np.int64)
                rank[best] = np.arange(1, n + 1)
                hits = np.sort(rank[place[near]])
                found.append((np.arange(1, len(hits) + 1) / hits).mean())
    return float(np.mean(found))


def cosine(vectors: np.ndarray) -> Scores:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return lambda rows: unit[rows] @ unit.T


def sdne(graph: Graph, dim: int, seed: int) -> dict[str, Scores]:
    fitted = SDNE(dim=dim, random_state=seed).fit(graph)
    return {"SDNE": fitted.scores, "SDNE, codes": cosine(fitted.embedding_.vectors)}


def hope(graph: Graph, dim: int, seed: int) -> dict[str, Scores]:
    size, vectors = np.linalg.eigh(graph.adjacency.toarray().astype(float))
    katz = 0.5 / size.max() * size / (1 - 0.5 / size.max() * size)  # A is symmetric: so is Katz
    top = np.argsort(-np.abs(katz))[: dim // 2]
    root = np.sqrt(np.abs(katz[top]))
    source, target = vectors[:, top] * root, vectors[:, top] * root * np.sign(katz[top])
    return {"HOPE": lambda rows: source[rows] @ target.T}


def deepwalk(graph: Graph, dim: int, seed: int) -> dict[str, Scores]:
    from gensim.models import Word2Vec

    A, rng = graph.adjacency, np.random.default_rng(seed)
    degree, walks = np.diff(A.indptr), []
    for _ in range(10):
        steps = [rng.permutation(np.flatnonzero(degree))]
        for _ in range(79):
            now = steps[-1]
            steps.append(
                A.indices[A.indptr[now] + (rng.random(len(now)) * degree[now]).astype(int)]
            )
        walks += [list(map(str, walk)) for walk in np.stack(steps, axis=1)]
    model = Word2Vec(
        walks, vector_size=dim, window=10, sg=1, negative=5, min_count=0, epochs=1, workers=1,
        seed=seed,
    )  # fmt: skip
    vectors = np.zeros((graph.n_nodes, dim), np.float32)
    for node in np.flatnonzero(degree):
        vectors[node] = model.wv[str(node)]
    return {
        "DeepWalk, dot": lambda rows: vectors[rows] @ vectors.T,
        "DeepWalk, cosine": cosine(vectors),
    }


def chance(graph: Graph, dim: int, seed: int) -> dict[str, Scores]:
    rng = np.random.default_rng(seed)
    return {"chance": lambda rows: rng.random((len(rows), graph.n_nodes))}


METHODS = {"chance": chance, "sdne": sdne, "hope": hope, "deepwalk": deepwalk}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("graphs", nargs="+")
    chosen = parser.parse_args()
    for name in chosen.graphs:
        graph = read(chosen.data / name)
        for method in chosen.methods:
            found: dict[str, list[float]] = {}
            spent = []
            for seed in range(1 if method == "hope" else chosen.seeds):
                began = time.process_time()
                made = METHODS[method](graph, chosen.dim, seed)
                spent.append(time.process_time() - began)
                for way, scores in made.items():
                    found.setdefault(way, []).append(mean_average_precision(graph, scores))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            for way, values in found.items():
                print(
                    f"{name:12} {way:18} MAP {np.mean(values):.4f} ± {np.std(values):.4f}  "
                    f"{np.mean(spent):6.1f} CPU s  peak so far {peak:.2f} GB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
