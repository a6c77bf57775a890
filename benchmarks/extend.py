"""Nodes that come after training: a mapper extended by them beside one trained with them.

    python benchmarks/extend.py --data ../shared/data/taxonomies --set doid

One leaf in ten is taken out of the taxonomy, text and place. One mapper is trained without them and
then extended by them (label and parents, no synonyms); the other is trained with these rows from
the start. Both are asked the synonyms of the leaves taken out ("new") and, since old nodes get new
neighbours, one in ten synonyms of the other nodes ("old"), which neither has as a name; the mapper
before it was extended is asked those too. Queries equal to a known name are dropped. Splits are by
a hash of ids and texts.
"""

from __future__ import annotations

import argparse
import resource
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np

from graphemb import Addition, Additions, PhraseMapper, Taxonomy, load_taxonomy
from graphemb.encode import normalise
from graphemb.evaluate._metrics import paired_interval
from graphemb.evaluate.mapping import MappingTask

#: Folder of a set and the synonyms file that holds no truth of another benchmark.
SETS = {"doid": "synonyms.tsv", "hpo": "synonyms_technical.tsv", "onet": "synonyms.tsv"}
ONE_IN = 10


def held(*keys: str, seed: int) -> bool:
    return zlib.crc32("\x1f".join((str(seed), *keys)).encode()) % ONE_IN == 0


def split(whole: Taxonomy, seed: int) -> tuple[Taxonomy, Taxonomy, Additions, dict]:
    """Return the taxonomy with and without the new leaves, their rows, and the queries."""
    new = {n for n in whole.leaves if whole.parents(n) and held(n, seed=seed)}
    kept, asked = {}, {"new": {}, "old": {}}
    for node in whole.ids:
        part = "new" if node in new else "old"
        kept[node] = []
        for synonym in whole.synonyms.get(node, ()):
            if part == "new" or held(node, synonym.text, seed=seed):
                asked[part].setdefault(synonym.text, set()).add(node)
            else:
                kept[node].append(synonym)
    # Old nodes first, as an extended mapper has them: ties go to the first.
    ids = [n for n in whole.ids if n not in new] + [n for n in whole.ids if n in new]
    edges = [(c, p) for c in ids for p in whole.parents(c)]
    full = Taxonomy(ids, [whole[n] for n in ids], edges, kept, name=whole.name)
    old = [n for n in ids if n not in new]
    few = Taxonomy(
        old, [whole[n] for n in old], [(c, p) for c, p in edges if c not in new],
        {n: kept[n] for n in old}, name=whole.name,
    )  # fmt: skip
    rows = [Addition(n, whole[n], whole.parents(n)) for n in ids if n in new]
    known = {normalise(text) for _, text, _ in full.phrases()}
    queries = {
        part: {q: frozenset(nodes) for q, nodes in found.items() if normalise(q) not in known}
        for part, found in asked.items()
    }
    return full, few, Additions(rows), queries


def seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def timed(work):
    began = seconds()
    return work(), seconds() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="doid", choices=SETS)
    parser.add_argument("--seed", type=int, default=0, help="of the split and of training")
    parser.add_argument("--fast", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    whole = load_taxonomy(args.data / args.set, loader="tsv", synonyms=SETS[args.set])
    full, few, rows, queries = split(whole, args.seed)
    made = {"fast": args.fast, "random_state": args.seed}
    before, trained = timed(lambda: PhraseMapper(**made).fit(few))
    extended, grown = timed(lambda: before.extend(rows))
    start, both = timed(lambda: PhraseMapper(**made).fit(full))
    print(
        f"<!-- {args.set}: {few.n_nodes} nodes and {len(rows.rows)} new ones; CPU s: training "
        f"without {trained:.0f}, extending {grown:.1f}, training with {both:.0f} -->"
    )
    print("| set | queries | mapper | n | @1 (95 %) | @10 | MRR | ECE | vs trained with, @1 |")
    print("|" + "---|" * 9, flush=True)
    mappers = {"trained with": start, "extended": extended, "before": before}
    for part, found in queries.items():
        show(args.set, part, found, full, mappers)


def show(name: str, part: str, found: dict, full: Taxonomy, mappers: dict) -> None:
    first = None
    for method, mapper in mappers.items():
        if part == "new" and method == "before":
            continue
        answers = mapper.map(list(found), k=10, min_probability=0.0)
        ranked = [[c.node for c in row] for _, row in answers]
        p = np.array([row[0].probability if row else 0.0 for _, row in answers])
        table = MappingTask().run(ranked, list(found.values()), full, p, name, method, part)
        one, ten = (table.filter(metric="accuracy", k=k).rows[0] for k in (1, 10))
        mrr, ece = (table.filter(metric=m).rows[0].value for m in ("mrr", "ece"))
        hit = np.array([bool(r) and r[0] in t for r, t in zip(ranked, found.values(), strict=True)])
        first = hit if first is None else first
        low, high = paired_interval(hit.astype(float), first.astype(float))[-2:]
        gap = f"{100 * (hit.mean() - first.mean()):+.1f} ({100 * low:+.1f}, {100 * high:+.1f})"
        print(
            f"| {name} | {part} | {method} | {one.n} | {one.value:.3f} ({one.low:.3f}–"
            f"{one.high:.3f}) | {ten.value:.3f} | {mrr:.3f} | {ece:.3f} | "
            f"{'' if hit is first else gap} |",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
