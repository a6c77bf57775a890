"""Random walks alone: steps per CPU second, ours beside grape and PecanPy, first and second order.

    python benchmarks/walks.py --graphs ../shared/data/graphs --peer-python PEERS/bin/python

10 walks of 80 nodes from each node, on one thread, each library in a process of its own. PecanPy is
run twice and the second run counts: the first compiles. grape looks at 100 neighbours of a node at
most unless told otherwise (``grape, exact``). Peers give what their users get: lists of ids or
arrays. The best of three runs counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

WALKS, LENGTH = 10, 80


def read(path: str):
    import numpy as np

    return np.loadtxt(path, dtype=np.int64, delimiter="\t", usecols=(0, 1))


def graphemb(path: str, p: float, q: float):
    import numpy as np
    from scipy.sparse import coo_array

    import graphemb as ge

    edges = read(path)
    n = int(edges.max()) + 1
    matrix = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    graph = ge.Graph((matrix + matrix.T).tocsr())
    return lambda: ge.Node2Vec(n_walks=WALKS, walk_length=LENGTH, p=p, q=q).walks(graph).size


def grape(path: str, p: float, q: float, most: int | None = 100):
    import pandas as pd
    from ensmallen import Graph

    table = pd.DataFrame(read(path).astype(str), columns=["u", "v"])
    graph = Graph.from_pd(directed=False, edges_df=table, edge_src_column="u", edge_dst_column="v")
    return lambda: graph.complete_walks(
        walk_length=LENGTH, iterations=WALKS, return_weight=1 / p, explore_weight=1 / q,
        max_neighbours=most,
    ).size  # fmt: skip


def grape_exact(path: str, p: float, q: float):
    return grape(path, p, q, None)


def pecanpy(path: str, p: float, q: float):
    from pecanpy.pecanpy import FirstOrderUnweighted, SparseOTF

    kind = FirstOrderUnweighted if p == q == 1 else SparseOTF
    graph = kind(p=p, q=q, workers=1, random_state=0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.edg"
        file.write_text("".join(f"{u}\t{v}\n" for u, v in read(path)))
        graph.read_edg(str(file), weighted=False, directed=False)
    graph.simulate_walks(1, 10)
    return lambda: sum(len(walk) for walk in graph.simulate_walks(WALKS, LENGTH))


METHODS = {"graphemb": graphemb, "grape": grape, "grape, exact": grape_exact, "PecanPy": pecanpy}


def work(name: str, path: str, p: float, q: float) -> None:
    """Print the steps of the walks and the fewest CPU seconds of three runs as JSON."""
    run, best, steps = METHODS[name](path, p, q), float("inf"), 0
    for _ in range(3):
        began = time.process_time()
        steps = int(run())
        best = min(best, time.process_time() - began)
    print(json.dumps({"steps": steps, "cpu": best}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--names", default="blogcatalog")
    parser.add_argument("--methods", default=";".join(METHODS), help="semicolons between")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH")
    args = parser.parse_args()
    print("| graph | p, q | method | CPU s | million steps a CPU second | graphemb |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in args.names.split(","):
        for p, q in ((1.0, 1.0), (0.25, 0.25)):
            ours = None
            for method in args.methods.split(";"):
                python = sys.executable if method == "graphemb" else args.peer_python
                command = [
                    python,
                    __file__,
                    "--work",
                    method,
                    str(args.graphs / name / "edges.tsv"),
                ]
                done = subprocess.run([*command, str(p), str(q)], capture_output=True, text=True)
                if done.returncode:
                    print(f"<!-- {name}: {method}: {done.stderr.strip()[-100:]} -->", flush=True)
                    continue
                found = json.loads(done.stdout.splitlines()[-1])
                rate = found["steps"] / found["cpu"]
                ours = rate if method == "graphemb" else ours
                ratio = f"{ours / rate:.1f} ×" if ours else ""
                print(f"| {name} | {p:g}, {q:g} | {method} | {found['cpu']:.2f} | {rate / 1e6:.2f} "
                      f"| {ratio} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5]))
    else:
        main()
