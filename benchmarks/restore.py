"""RESTORE's comparison again: how much of a graph, hop by hop, can be read back from vectors.

    python benchmarks/restore.py --data ../shared/data
    python benchmarks/restore.py --data ../shared/data --graphs wordnet_noun --methods HOPE SDNE

Prints Markdown: for each graph mean average precision at 1 to 3 hops, then mean Euclidean distance
by hop and the word tests, then what RESTORE (Yip et al., arXiv 2308.14659) reports.

Graphs: ``wordnet_noun``, the hierarchy of WordNet's nouns, and ``wordnet``, all its synsets with
all pointers between them (hypernyms, parts, antonyms, derivations, …). The latter stands for the
commonsense graph: CSKG, which RESTORE used, joins seven sources (cskg.readthedocs.io); WordNet is
the one that is here. Both undirected. Any other folder of DATA/graphs or DATA/taxonomies does.

Each method runs in a process of its own, at dim 128 with the settings of the package, one seed;
SDNE with a third of its epochs too, for whom 30 take too long.
MAP asks ``--queries`` nodes drawn at random, each against all nodes; the interval is that of the
sample. ``--queries 0`` asks all. "Own" scores: HOPE source · target, SDNE its decoder. The second
way of each, and all others, are cosines. Distances are at unit length, of 1,000 nodes; a word is
a node whose first name it is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _graphs import pairs_of, read_graph, timed

import graphemb as ge

HOPS = (1, 2, 3)
#: Name → (family, an unfitted method); None: vectors drawn at random.
METHODS: dict[str, tuple[str, Callable[[int], Any] | None]] = {
    "random vectors": ("none", None),
    "FastRP": ("projection", lambda seed: ge.FastRP(random_state=seed)),
    "HOPE": ("factorisation", lambda seed: ge.HOPE(random_state=seed)),
    "DeepWalk": ("walks", lambda seed: ge.Node2Vec(random_state=seed)),
    "node2vec p=0.25 q=4": ("walks", lambda seed: ge.Node2Vec(p=0.25, q=4, random_state=seed)),
    "node2vec p=4 q=0.25": ("walks", lambda seed: ge.Node2Vec(p=4, q=0.25, random_state=seed)),
    "SDNE": ("deep", lambda seed: ge.SDNE(random_state=seed)),
    "SDNE, 10 epochs": ("deep", lambda seed: ge.SDNE(n_epochs=10, random_state=seed)),
    "IRWE position": ("deep", lambda seed: ge.IRWE(kind="position", random_state=seed)),
}
PUBLISHED = """
RESTORE reports, of its abstract the only figures that could be read: on CSKG, MAP of SDNE, the best
there, 0.54 at 2 hops and 0.35 at 3; average Euclidean distance in its semantic tests of HOPE, the
best there, 0.14, 0.17, 0.11 at 1, 2, 3 hops. Not stated there, so that the figures above are no
repetition: how much of CSKG was used, dimensions, settings, whether k hops means exactly k or up
to k, what is ranked against what, and how distances are formed (ours: at unit length, where
unrelated nodes lie at about 1.41). Chance grows with the hop and with the density of the graph.
"""


def read(data: Path, name: str) -> tuple[ge.Graph, dict[str, str]]:
    """Return a graph without directions, and the first name of each node where there is one."""
    place = data / "taxonomies" / name
    if place.exists():
        _, *nodes = pairs_of(place / "nodes.tsv")
        _, *edges = pairs_of(place / "edges.tsv")
        return ge.Graph.from_edges(edges, [node for node, _ in nodes]), dict(nodes)
    graph = read_graph(data / "graphs" / name)
    return graph, _noun_names(data, graph) if name == "wordnet" else {}


def _noun_names(data: Path, graph: ge.Graph) -> dict[str, str]:
    """Return the names of the first 82,115 nodes of ``wordnet``, which are the nouns, in order.

    Verified by their edges: every noun hierarchy edge must be an edge of the graph.
    """
    place = data / "taxonomies" / "wordnet_noun"
    if not place.exists():
        return {}
    _, *nodes = pairs_of(place / "nodes.tsv")
    _, *edges = pairs_of(place / "edges.tsv")
    number = {node: str(i) for i, (node, _) in enumerate(nodes)}
    heads, tails = (np.array([graph.row(number[e[end]]) for e in edges]) for end in (0, 1))
    if not (graph.adjacency[heads, tails] > 0).all():
        raise SystemExit(f"{place}: its order is not that of graphs/wordnet; no names are known.")
    return {number[node]: text for node, text in nodes}


def measure(data: Path, name: str, method: str, seed: int, n_queries: int, wire: Any) -> None:
    """Fit a method and measure it; send what was found, or what went wrong."""
    try:
        graph, texts = read(data, name)
        make = METHODS[method][1]
        if make is None:
            rng = np.random.default_rng(seed)
            drawn = rng.normal(size=(graph.n_nodes, 128)).astype(np.float32)
            fitted, cpu = ge.Embedding(graph.nodes, drawn), 0.0
        else:
            fitted, cpu = timed(make(seed), graph)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ways = ("own", "cosine") if hasattr(fitted, "scores") else ("cosine",)
        found = {
            way: ge.evaluate.reconstruction(
                graph, fitted, HOPS, precisions=(), score=way, n_queries=n_queries or graph.n_nodes
            )
            for way in ways
        }
        sets = {} if texts else {"sets": ()}
        words = ge.evaluate.semantic(graph, fitted, texts, hops=HOPS, **sets)
        wire.send((cpu, peak, found, words))
    except Exception:
        wire.send(traceback.format_exc(limit=-1).strip().splitlines()[-1])


def measured(args: argparse.Namespace, name: str, method: str) -> Any:
    """Return what `measure` found in a process of its own, or a line that says why not."""
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe(duplex=False)
    given = (args.data, name, method, args.seed, args.queries, theirs)
    child = spawn.Process(target=measure, args=given)
    child.start()
    theirs.close()
    try:
        found = mine.recv() if mine.poll(args.limit) else f"not done in {args.limit} s"
    except EOFError:
        found = "its process died (out of memory?)"
    child.kill()
    child.join()
    return found


def restored(name: str, method: str, found: Any) -> Iterator[str]:
    """Yield the rows of the first table."""
    cpu, peak, tables, _ = found
    for way, table in tables.items():
        cells = [method, METHODS[method][0], way, f"{cpu:.1f}", f"{peak:.0f}"]
        yield _line(name, *cells, *(_map(table, "", k, kind) for kind, k in COLUMNS))


FAR = ("distance_unit", "distance_unit_random")
TESTS = ("similarity_simlex999", "similarity_wordsim353", "analogy_questions-words")
COLUMNS = (*(("exact", k) for k in HOPS), *(("within", k) for k in HOPS[1:]))


def _map(table: Any, ending: str, k: int, kind: str) -> str:
    rows = table.filter(metric=f"map_{kind}{ending}", k=k).rows
    if not rows:
        return "–"
    row = rows[0]
    form = ".4f" if ending or row.value < 0.01 else ".3f"
    value, low, high = (format(x, form) for x in (row.value, row.low or 0.0, row.high or 0.0))
    return value if ending or row.low is None or row.low == row.high else f"{value} ({low}–{high})"


def told(name: str, method: str, words: Any) -> str:
    """Return the row of the second table."""

    def value(metric: str, **where: Any) -> str:
        rows = words.filter(metric=metric, **where).rows
        if not rows:
            return "–"
        return f"{rows[0].value:.3f}" + ("" if metric in FAR else f" ({rows[0].n})")

    far = (value(FAR[0], k=k) for k in HOPS)
    return _line(name, method, *far, value(FAR[1]), *map(value, TESTS))


def _line(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--graphs", nargs="*", default=["wordnet_noun", "wordnet"])
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--queries", type=int, default=5000, help="nodes asked; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=3600, help="seconds a method may take")
    args = parser.parse_args()
    kept = []
    heads = [f"{k} hop{'s' * (k > 1)}" if kind == "exact" else f"≤ {k}" for kind, k in COLUMNS]
    print(_line("graph", "method", "family", "score", "CPU s", "peak MiB", *heads))
    print("|---" * (6 + len(heads)) + "|", flush=True)
    for name in args.graphs:
        chance: Any = None
        for method in args.methods:
            start = time.perf_counter()
            found = measured(args, name, method)
            if isinstance(found, str):
                print(_line(name, method, METHODS[method][0], found), flush=True)
                continue
            kept.append((name, method, found[3]))
            chance = next(iter(found[2].values()))
            print(*restored(name, method, found), sep="\n", flush=True)
            wall = time.perf_counter() - start
            print(f"{name}, {method}: {wall:.0f} s with measuring", file=sys.stderr, flush=True)
        if chance is not None:
            cells = (_map(chance, "_random", k, kind) for kind, k in COLUMNS)
            print(_line(name, "a random order", "none", "", "", "", *cells), flush=True)
    heads = [f"distance, {k} hop{'s' * (k > 1)}" for k in HOPS]
    names = ("any two", "SimLex-999 ρ (pairs)", "WordSim-353 ρ (pairs)", "analogies (number)")
    print("\n" + _line("graph", "method", *heads, *names))
    print("|---" * (2 + len(heads) + len(names)) + "|")
    for entry in kept:
        print(told(*entry))
    print(PUBLISHED)


if __name__ == "__main__":
    main()
