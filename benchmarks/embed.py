"""Node embeddings side by side: CPU seconds, peak memory and quality, ours and peers.

    python benchmarks/embed.py --graphs ../shared/data/graphs

Each method embeds each graph in a process of its own, on one thread, for each seed. F1 is the
classification task of `graphemb evaluate`: one-vs-rest logistic regression, standardised columns,
C = 1, half of the nodes train, as many classes as the truth has. ``--peer-python`` names the Python
of a virtual environment that holds peers (gensim, pycleora, scikit-network, fastnode2vec, pecanpy,
grape), and may be given again: pecanpy and grape need numpy below 2. A peer that none has is
left out and said.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from _graphs import read_labels, spread

from graphemb import Embedding, Graph
from graphemb.evaluate.classification import ClassificationTask

WORKER = Path(__file__).with_name("_embed_worker.py")
OURS = ("FastRP", "DeepWalk", "HOPE", "SDNE", "IRWE position")
PEERS = ("gensim", "FastRP authors, sparse", "FastRP authors, gaussian", "pycleora",
         "scikit-network", "fastnode2vec", "PecanPy", "grape")  # fmt: skip
#: Peers that run beside graphemb, which makes their walks or needs nothing of their own.
HERE = {"gensim", "FastRP authors, sparse", "FastRP authors, gaussian"}


def embed(method: str, edges: Path, seed: int, n: int, python: str, limit: int):
    """Return (vectors, cost), or (None, what went wrong)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "vectors.npy"
        try:
            done = subprocess.run(
                [python, str(WORKER), method, str(edges), str(out), str(seed), str(n)],
                capture_output=True, text=True, timeout=limit,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, f"not done in {limit} s"
        if done.returncode:
            return None, done.stderr.strip().splitlines()[-1][:100] if done.stderr else "failed"
        return np.load(out, allow_pickle=False), json.loads(done.stdout.splitlines()[-1])


def embed_somewhere(method: str, edges: Path, seed: int, n: int, pythons: list[str], limit: int):
    """As `embed`, by the first of `pythons` that has what the method needs."""
    vectors, cost = None, "no Python to run it"
    for python in pythons:
        vectors, cost = embed(method, edges, seed, n, python, limit)
        if vectors is not None or "ModuleNotFoundError" not in cost:
            break
    return vectors, cost


def quality(vectors: np.ndarray, labels: dict[str, list[str]], share: float) -> tuple[float, float]:
    keys = [str(i) for i in range(len(vectors))]
    graph = Graph.from_edges([(keys[0], keys[1])], nodes=keys)
    table = ClassificationTask(train_shares=(share,), n_splits=5).run(
        graph, Embedding(keys, vectors), labels=labels
    )
    return table.value(metric="micro_f1"), table.value(metric="macro_f1")


def row(graph: str, method: str, costs: list[dict], scores: list[tuple[float, float]]) -> str:
    cpu = sorted(cost["cpu"] for cost in costs)[len(costs) // 2]
    peak = max(cost["peak_mib"] for cost in costs)
    micro, macro = (spread([s[i] for s in scores]) for i in (0, 1)) if scores else ("", "")
    return f"| {graph} | {method} | {len(costs)} | {cpu:.2f} | {peak:.0f} | {micro} | {macro} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--names", default="ppi,blogcatalog,wikipedia_pos")
    parser.add_argument("--methods", default=";".join((*OURS, *PEERS)),
                        help="names, semicolons between")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--no-f1", action="store_true", help="costs only")
    parser.add_argument("--limit", type=int, default=900, help="seconds a run may take")
    parser.add_argument("--peer-python", action="append", metavar="PATH")
    args = parser.parse_args()
    print("| graph | method | seeds | CPU s (median) | peak MiB | micro F1 | macro F1 |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in args.names.split(","):
        edges = args.graphs / name / "edges.tsv"
        labels = read_labels(args.graphs / name)
        n = max(map(int, labels)) + 1
        for method in filter(None, (m.strip(" ,") for m in args.methods.split(";"))):
            mine = method not in PEERS or method in HERE
            pythons = [sys.executable] if mine else args.peer_python or [sys.executable]
            costs, scores = [], []
            for seed in range(args.seeds):
                vectors, cost = embed_somewhere(method, edges, seed, n, pythons, args.limit)
                if vectors is None:
                    print(f"<!-- {name}: {method}: {cost} -->", flush=True)
                    break
                costs.append(cost)
                if not args.no_f1:
                    scores.append(quality(vectors, labels, args.share))
            if costs:
                print(row(name, method, costs, scores), flush=True)


if __name__ == "__main__":
    main()
