"""Published tables again: node2vec's Tables 2 and 4, and FastRP's notebook on BlogCatalog.

    python benchmarks/tables.py --graphs ../shared/data/graphs
    python benchmarks/tables.py --graphs ../shared/data/graphs --tables classes --names ppi

Prints Markdown: ours beside the published figure. Ours is the mean over seeds of the vectors, the
splits drawn anew with each, ± one standard deviation over the seeds.

``classes``, node2vec's Table 2: macro F1, half of the nodes train, 10 splits, walks of its section
4 (10 a node, 80 long, window 10, dim 128, one epoch) at the p and q it found. A test node is given
as many classes as it has, and vectors are taken as they are, C = 1; the paper says neither, and
standardised columns, our default, stand beside. Other: contexts share negatives by runs (our
`share`); PPI and Wikipedia are ProNE's copies, Wikipedia without the weights of its edges.

``links``, node2vec's Table 4: AUC of half of the edges, held out with the rest kept connected,
among as many random pairs that are no edge. p and q are chosen from ``--grid`` squared by the
Hadamard AUC of a tenth of the edges that are left, held out once more (the paper does not give its
own). Other: a logistic regression on edges and non-edges of the rest is ours; the paper does not
say how an edge's features become a score. ca_astroph is the largest component (17,903 of 18,722
nodes), ppi the small network of Table 2, not the 19,706 nodes of Table 4.

``fastrp``, the authors' notebook: their settings (d = 512, C = 0.1) beside node2vec (p = q = 0.25)
and DeepWalk as they ran them (80 walks of 40, window 10, dim 128), micro / macro F1 by share of
nodes that train, 5 splits. Other: their vectors come from one seed; DeepWalk's C there is unsure.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _graphs import read_graph, read_labels, spread, timed

import graphemb as ge

#: Table 2 of node2vec: graph → (p, q), macro F1 of node2vec and of DeepWalk.
CLASSES = {
    "ppi": ((4.0, 1.0), 0.1791, 0.1768),
    "blogcatalog": ((0.25, 0.25), 0.2581, 0.2110),
    "wikipedia_pos": ((4.0, 0.5), 0.1552, 0.1274),
}
OPERATORS = ("average", "hadamard", "weighted_l1", "weighted_l2")
#: Table 4 of node2vec: graph → AUC by operator of node2vec and of DeepWalk, then heuristics.
LINKS = {
    "facebook": {
        "node2vec": (0.7266, 0.9680, 0.9602, 0.9606), "DeepWalk": (0.7238, 0.9680, 0.9574, 0.9584),
        "heuristics": (0.8100, 0.8880, 0.8289, 0.7137),
    },
    "ca_astroph": {
        "node2vec": (0.7221, 0.9366, 0.8468, 0.8477), "DeepWalk": (0.7066, 0.9340, 0.8282, 0.8305),
        "heuristics": (0.8153, 0.8067, 0.8315, 0.6996),
    },
    "ppi": {},
}  # fmt: skip
HEURISTICS = ("common_neighbors", "jaccard", "adamic_adar", "preferential_attachment")
SHARES = (10, 20, 30, 40, 50, 60, 70, 80, 90)
#: The notebook of GTmac/FastRP: micro and macro F1, in ten-thousandths, at SHARES.
NOTEBOOK = {
    "FastRP 0,0,1,6.67": (
        (3723, 3907, 3998, 4074, 4122, 4163, 4204, 4187, 4257),
        (2281, 2494, 2587, 2692, 2753, 2746, 2801, 2805, 2801),
    ),
    "FastRP 1,1,7.81,45.28": (
        (3711, 3860, 3923, 3996, 4079, 4093, 4164, 4181, 4251),
        (2315, 2486, 2597, 2670, 2797, 2799, 2910, 2946, 2965),
    ),
    "node2vec": (
        (3591, 3827, 3991, 4079, 4164, 4206, 4251, 4351, 4429),
        (2119, 2413, 2610, 2704, 2771, 2842, 2893, 2952, 3017),
    ),
    "DeepWalk": (
        (3529, 3861, 3996, 4100, 4193, 4262, 4270, 4283, 4294),
        (1625, 1989, 2194, 2349, 2451, 2508, 2553, 2575, 2575),
    ),
}


def heading(*names: str) -> None:
    print("\n| " + " | ".join(names) + " |\n|" + "---|" * len(names), flush=True)


def row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def classes(args: argparse.Namespace) -> None:
    """Node2vec's Table 2."""
    heading("graph", "method", "seeds", "CPU s a fit", "macro F1, ours", "published",
            "standardised columns", "micro F1, ours", "standardised columns")  # fmt: skip
    for name in chosen(args, CLASSES):
        (p, q), theirs, deepwalk = CLASSES[name]
        graph, labels = read_graph(args.graphs / name), read_labels(args.graphs / name)
        for method, p_, q_, published in (
            (f"node2vec p={p:g} q={q:g}", p, q, theirs),
            ("DeepWalk", 1.0, 1.0, deepwalk),
        ):
            found: list[list[float]] = []
            for seed in range(args.seeds):
                fitted, cpu = timed(ge.Node2Vec(p=p_, q=q_, random_state=seed), graph)
                found.append([cpu])
                for standardise in (False, True):
                    table = ge.evaluate.classification(
                        graph, fitted, labels, train_shares=(0.5,), n_splits=10,
                        standardise=standardise, random_state=seed,
                    )  # fmt: skip
                    found[-1] += [table.value(metric=f"{m}_f1") for m in ("macro", "micro")]
            cpus, macro, micro, macro_s, micro_s = zip(*found, strict=True)
            row(name, method, args.seeds, spread(cpus, ".1f"), spread(macro), f"{published:.3f}",
                spread(macro_s), spread(micro), spread(micro_s))  # fmt: skip


def links(args: argparse.Namespace) -> None:
    """Node2vec's Table 4."""
    heading("graph", "method", "seeds", "edge features or score", "AUC, ours", "published")
    for name in chosen(args, LINKS):
        graph = read_graph(args.graphs / name)
        p, q = best_pq(graph, args.grid)
        methods = {f"node2vec p={p:g} q={q:g}": (p, q, "node2vec"), "DeepWalk": (1, 1, "DeepWalk")}
        for method, (p_, q_, key) in methods.items():
            tables = [linked(graph, p_, q_, seed, OPERATORS, True) for seed in range(args.seeds)]
            for i, feature in enumerate(OPERATORS):
                show_auc(name, method, feature, tables, LINKS[name].get(key), i)
            show_auc(name, method, "cosine", tables, None, 0)
        for i, feature in enumerate(HEURISTICS):
            show_auc(name, "heuristic", feature, tables, LINKS[name].get("heuristics"), i)


def show_auc(
    graph: str, method: str, feature: str, tables: Sequence[Any],
    published: Sequence[float] | None, place: int,
) -> None:  # fmt: skip
    values = [table.value(metric=f"auc_{feature}", split="uniform") for table in tables]
    row(graph, method, len(tables), feature, spread(values, ".4f"),
        f"{published[place]:.4f}" if published else "–")  # fmt: skip


def linked(
    graph: Any, p: float, q: float, seed: int, operators: Sequence[str], baselines: bool,
    share: float = 0.5,
) -> Any:  # fmt: skip
    """Return AUC with `share` of the edges held out."""
    return ge.evaluate.link_prediction(
        graph, ge.Node2Vec(p=p, q=q, random_state=seed), share, negatives=("uniform",),
        scores=("cosine",), operators=operators, baselines=baselines, random_state=seed,
    )  # fmt: skip


def best_pq(graph: Any, grid: Sequence[float]) -> tuple[float, float]:
    """Return the p, q whose Hadamard AUC is best on edges held out of what is left to learn from.

    What seed 0 holds out in the end is not there, neither to learn from nor to choose by.
    """
    rest = ge.evaluate.split_edges(graph, 0.5, 0, True).train
    found = {}
    for p, q in itertools.product(grid, grid):
        table = linked(rest, p, q, 0, ("hadamard",), False, share=0.1)
        found[p, q] = table.value(metric="auc_hadamard", split="uniform")
    best = max(found, key=lambda pq: found[pq])
    said = ", ".join(f"{p:g} {q:g}: {value:.4f}" for (p, q), value in found.items())
    print(f"<!-- AUC by p q on edges held out to choose: {said} -->", flush=True)
    return best


def fastrp(args: argparse.Namespace) -> None:
    """The notebook of FastRP's authors."""
    heading("graph", "% train", "method", "seeds", "CPU s a fit", "micro / macro F1, ours",
            "published")  # fmt: skip
    wanted = [m for m in NOTEBOOK if not args.methods or m.split()[0] in args.methods]
    for name in chosen(args, ("blogcatalog",)):
        graph, labels = read_graph(args.graphs / name), read_labels(args.graphs / name)
        for method in wanted:
            cpus, tables = [], []
            for seed in range(args.seeds):
                made, c = notebook_method(method, seed)
                fitted, cpu = timed(made, graph)
                cpus.append(cpu)
                shares = [share / 100 for share in args.shares]
                table = ge.evaluate.classification(
                    graph, fitted, labels, train_shares=shares, c=c, standardise=False,
                    random_state=seed,
                )  # fmt: skip
                tables.append(table)
            for share in args.shares:
                ours = (
                    spread([t.value(metric=f"{m}_f1", k=share) for t in tables])
                    for m in ("micro", "macro")
                )
                place = SHARES.index(share)
                theirs = (f"{column[place] / 10_000:.3f}" for column in NOTEBOOK[method])
                row(name, share, method, args.seeds, spread(cpus, ".1f"), " / ".join(ours),
                    " / ".join(theirs) if name == "blogcatalog" else "–")  # fmt: skip


def notebook_method(name: str, seed: int) -> tuple[Any, float]:
    """Return the unfitted method of a column of the notebook, and its classifier's C."""
    kind, _, weights = name.partition(" ")
    if kind == "FastRP":
        orders = (0.0, *(float(w) for w in weights.split(",")))  # ours begins with the node itself
        beta = -0.641 if orders[1] == 0 else -0.628
        method: Any = ge.FastRP(
            dim=512, weights=orders, beta=beta, standardise=True, random_state=seed
        )
        return method, 0.1
    p = 0.25 if kind == "node2vec" else 1.0
    method = ge.Node2Vec(p=p, q=p, n_walks=80, walk_length=40, random_state=seed)
    return method, 1.0 if kind == "node2vec" else 0.1


def chosen(args: argparse.Namespace, known: Sequence[str] | dict[str, Any]) -> list[str]:
    """Return the graphs of a table, or of those the ones asked for."""
    return [n for n in known if not args.names or n in args.names]


TABLES = {"fastrp": fastrp, "classes": classes, "links": links}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--names", nargs="*", default=[], help="of each table's graphs these alone")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shares", nargs="*", type=int, default=SHARES, choices=SHARES,
                        help="of fastrp, in per cent")  # fmt: skip
    kinds = ["FastRP", "node2vec", "DeepWalk"]
    parser.add_argument("--methods", nargs="*", default=[], choices=kinds,
                        help="of fastrp these alone")  # fmt: skip
    parser.add_argument("--grid", nargs="*", type=float, default=(0.25, 1.0, 4.0),
                        help="of links: values that p and q are chosen from")  # fmt: skip
    args = parser.parse_args()
    for name in args.tables:
        TABLES[name](args)


if __name__ == "__main__":
    main()
