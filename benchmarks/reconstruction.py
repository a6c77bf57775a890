"""Reconstruction MAP, exact over all pairs: loops over pairs as toolkits write them, and ours.

    export OMP_NUM_THREADS=1
    python benchmarks/reconstruction.py --data ../shared/data/graphs ppi blogcatalog
    python benchmarks/reconstruction.py --data ../shared/data/graphs wordnet --repeat 1

Both rank all nodes for each node by cosine of one and the same FastRP embedding. The loops are
timed on evenly spaced nodes and scaled up; ours is measured whole, three times, the least counts.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
from _graphs import read_graph

import graphemb as ge


def by_loops(graph: ge.Graph, unit: np.ndarray, n_asked: int) -> tuple[float, int]:
    """Return CPU seconds for all nodes, scaled from `n_asked`, and how many were asked."""
    n, edges = graph.n_nodes, graph.adjacency
    asked = range(0, n, max(1, n // n_asked))
    start = time.process_time()
    for i in asked:
        scores = unit[i] @ unit.T
        true = set(edges.indices[edges.indptr[i] : edges.indptr[i + 1]].tolist())
        pairs = sorted(((j, scores[j]) for j in range(n) if j != i), key=lambda p: -p[1])
        hits, gain = 0, 0.0
        for place, (j, _) in enumerate(pairs, 1):
            if j in true:
                hits += 1
                gain += hits / place
    return (time.process_time() - start) / len(asked) * n, len(asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--loops", type=int, default=300, help="nodes asked by loops; 0: none")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("names", nargs="+")
    args = parser.parse_args()
    print("| graph | nodes | MAP | random | ours, CPU s | loops, CPU s | ratio | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.names:
        graph = read_graph(args.data / name)
        embedding = ge.FastRP().fit_transform(graph)
        ours = float("inf")
        for _ in range(args.repeat):
            start = time.process_time()
            table = ge.evaluate.reconstruction(graph, embedding, hops=(1,), precisions=())
            ours = min(ours, time.process_time() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        loops, ratio = "–", "–"
        if args.loops:
            seconds, asked = by_loops(graph, embedding.normalised().vectors, args.loops)
            loops, ratio = f"{seconds:.0f} ({asked} nodes asked)", f"{seconds / ours:.0f}"
        found, chance = (table.value(metric=f"map_exact{s}") for s in ("", "_random"))
        print(
            f"| {name} | {graph.n_nodes:,} | {found:.3f} | {chance:.4f} | {ours:.2f} | {loops} | "
            f"{ratio} | {peak} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
