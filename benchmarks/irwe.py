"""IRWE beside DeepWalk, FastRP and its own start, on labelled graphs, and what induction costs.

    python benchmarks/irwe.py --data ../shared/data/graphs --graphs air_brazil,ppi

Prints a tab-separated row a measurement: mean and standard deviation over seeds. Airports: accuracy
of a logistic regression, mean of 10 splits. Multi-label graphs: micro and macro F1, one-vs-rest, as
many labels predicted as the truth has. Columns standardised, C = 1, half the nodes train.
DeepWalk: gensim over uniform walks, 10 of length 80 a node, window 10, one epoch, dim 128.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from graphemb import FastRP, Graph
from graphemb.embed.irwe import IRWE
from graphemb.files import read_text

AIRPORTS = ("air_brazil", "air_europe", "air_usa")
Rows = np.ndarray


def load(folder: Path) -> tuple[Graph, Rows]:
    """Return a graph, and its labels as a boolean matrix (n, classes)."""
    edges, labels = (
        [tuple(line.split("\t")[:2]) for line in read_text(folder / name).splitlines()]
        for name in ("edges.tsv", "labels.tsv")
    )
    nodes = {v for edge in edges for v in edge} | {v for v, _ in labels}
    graph = Graph.from_edges(edges, sorted(nodes, key=lambda v: (len(v), v)))
    classes = sorted({label for _, label in labels})
    truth = np.zeros((graph.n_nodes, len(classes)), bool)
    for node, label in labels:
        truth[graph.row(node), classes.index(label)] = True
    return graph, truth


def deepwalk(graph: Graph, seed: int) -> Rows:
    from gensim.models import Word2Vec

    rng = np.random.default_rng(seed)
    adjacency, degree = graph.adjacency, np.diff(graph.adjacency.indptr)
    starts = np.concatenate([rng.permutation(np.flatnonzero(degree)) for _ in range(10)])
    walk = np.empty((len(starts), 80), np.int64)
    walk[:, 0] = starts
    for i in range(1, 80):
        at = walk[:, i - 1]
        step = (rng.random(len(at)) * degree[at]).astype(np.int64)
        walk[:, i] = adjacency.indices[adjacency.indptr[at] + step]
    model = Word2Vec(
        [[str(v) for v in row] for row in walk.tolist()],
        vector_size=128, window=10, min_count=0, sg=1, workers=1, epochs=1, seed=seed,
    )  # fmt: skip
    out = np.zeros((graph.n_nodes, 128), np.float32)
    for row in np.flatnonzero(degree):
        out[row] = model.wv[str(row)]
    return out


def _standard(x: Rows, train: Rows) -> Rows:
    deviation = x[train].std(axis=0)
    return (x - x[train].mean(axis=0)) / np.where(deviation > 1e-9, deviation, 1.0)


def _model():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=2000, tol=1e-3)


def accuracy(x: Rows, truth: Rows, train: Rows, test: Rows) -> tuple[float, ...]:
    z, y = _standard(x, train), truth.argmax(axis=1)
    return (float((_model().fit(z[train], y[train]).predict(z[test]) == y[test]).mean()),)


def f1(x: Rows, truth: Rows, train: Rows, test: Rows) -> tuple[float, ...]:
    from sklearn.metrics import f1_score

    z = _standard(x, train)
    scores = np.full((len(test), truth.shape[1]), -np.inf)
    for c in range(truth.shape[1]):
        if truth[train, c].any():
            scores[:, c] = _model().fit(z[train], truth[train, c]).decision_function(z[test])
    rank = np.argsort(np.argsort(-scores, axis=1), axis=1)
    guess = rank < truth[test].sum(axis=1)[:, None]
    return tuple(
        float(f1_score(truth[test], guess, average=how, zero_division=0))
        for how in ("micro", "macro")
    )


class Bench:
    """One graph, its labels, and how vectors of it are scored."""

    def __init__(self, data: Path, name: str, n_splits: int) -> None:
        self.name, self.airport, self.n_splits = name, name in AIRPORTS, n_splits
        self.graph, self.truth = load(data / name)

    def score(self, x: Rows, seen: Rows | None = None) -> tuple[float, ...]:
        """Mean over splits; with `seen`, half of the seen nodes train and the unseen are tested."""
        found = []
        for split in range(self.n_splits):
            pool = np.arange(len(x)) if seen is None else np.flatnonzero(seen)
            pool = np.random.default_rng(split).permutation(pool)
            train, rest = pool[: len(pool) // 2], pool[len(pool) // 2 :]
            test = rest if seen is None else np.flatnonzero(~seen)
            found.append((accuracy if self.airport else f1)(x, self.truth, train, test))
        return tuple(np.mean(found, axis=0))

    def row(self, what: str, make: Callable[[int], tuple[float, ...]], n_seeds: int) -> None:
        began = time.process_time()
        found = np.array([make(seed) for seed in range(n_seeds)])
        spent = (time.process_time() - began) / n_seeds
        cells = [
            f"{m:.3f} ± {s:.3f}" for m, s in zip(found.mean(axis=0), found.std(axis=0), strict=True)
        ]
        print(self.name, what, *cells, f"{spent:.1f} s with scoring", sep="\t", flush=True)

    def irwe(self, seed: int, **changed) -> IRWE:
        kind = "identity" if self.airport else "position"
        return IRWE(
            **{"dim": 64 if self.airport else 128, "kind": kind, **changed}, random_state=seed
        )

    def transductive(self, n_seeds: int, peers: bool) -> None:
        graph = self.graph

        def both(seed: int) -> tuple[float, ...]:
            fitted = self.irwe(seed, dim=128, kind="both").fit(graph)
            part = fitted.identity_ if self.airport else fitted.position_
            return self.score(part.vectors)

        if peers:
            fastrp = lambda seed: FastRP(random_state=seed).fit_transform(graph).vectors  # noqa: E731
            self.row("DeepWalk (gensim)", lambda s: self.score(deepwalk(graph, s)), n_seeds)
            self.row("FastRP", lambda s: self.score(fastrp(s)), n_seeds)
        start = lambda s: self.irwe(s, n_epochs=0).fit_transform(graph).vectors  # noqa: E731
        fitted = lambda s: self.irwe(s).fit_transform(graph).vectors  # noqa: E731
        self.row("start: principal axes, no epoch", lambda s: self.score(start(s)), n_seeds)
        self.row("IRWE", lambda s: self.score(fitted(s)), n_seeds)
        self.row("IRWE, its half of kind=both, dim 128", both, n_seeds)

    def inductive(self, n_seeds: int) -> None:
        """20 % of the nodes leave training with their edges; they are there at transform."""

        def seen(seed: int) -> Rows:
            return np.random.default_rng(1000 + seed).random(self.graph.n_nodes) >= 0.2

        def unseen(seed: int) -> tuple[float, ...]:
            kept = [n for n, keep in zip(self.graph.nodes, seen(seed), strict=True) if keep]
            fitted = self.irwe(seed).fit(self.graph.subgraph(kept))
            return self.score(fitted.transform(self.graph).vectors, seen(seed))

        def all_seen(seed: int) -> tuple[float, ...]:
            return self.score(self.irwe(seed).fit_transform(self.graph).vectors, seen(seed))

        self.row("the same unseen fifth, transductive", all_seen, n_seeds)
        self.row("a fifth unseen in training, inductive", unseen, n_seeds)

    def from_other(self, other: Bench, n_seeds: int) -> None:
        """Fit on `other`, embed this one; the ids share nothing."""
        renamed = Graph(self.graph.adjacency, [f"{self.name} {n}" for n in self.graph.nodes])

        def carried(seed: int) -> tuple[float, ...]:
            return self.score(self.irwe(seed).fit(other.graph).transform(renamed).vectors)

        self.row(f"networks fitted on {other.name}", carried, n_seeds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--graphs", default=",".join((*AIRPORTS, "ppi", "blogcatalog")))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-inductive", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    benches = [Bench(args.data, name, args.splits) for name in args.graphs.split(",")]
    for bench in benches:
        bench.transductive(args.seeds, not args.no_peers)
        if not args.no_inductive:
            bench.inductive(args.seeds)
            for other in benches:
                if other is not bench and other.airport and bench.airport:
                    bench.from_other(other, args.seeds)


if __name__ == "__main__":
    main()
