"""Phrase mapping side by side: ours and peers on the sets of ../shared/data/taxonomies.

    python benchmarks/mapping.py --data ../shared/data/taxonomies

Development runs (the default) ask the dev split and train on the train split alone; ``--split
test`` trains on train and dev and reads the test split: once, at the end. The table is printed as
Markdown; ``-o FILE`` keeps every measurement as JSON.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from graphemb import PhraseMapper, Taxonomy, load_taxonomy
from graphemb.encode import normalise
from graphemb.evaluate._metrics import paired_interval, ranks
from graphemb.evaluate.mapping import MappingTask
from graphemb.scores import Score, ScoreTable

sys.path.insert(0, str(Path(__file__).parent))
from _peers import PEERS, MiniLM, Names
from _sets import SETS, BenchSet, load_set

#: Constructor arguments of our variants; "no pairs" is fitted on the taxonomy alone.
OURS = {
    "graphemb": {},
    "no graph": {"graph": False},
    "no encoder": {"encoder": False},
    "no translation": {"translation": False},
    "no reranker": {"reranker": False},
    "no pairs": {},
    "with companions": {},
}
#: Vocabularies that teach wording in the variant "with companions", never the set's own taxonomy.
COMPANIONS = {"icd10cm": ["hpo", "doid"], "icd9_to_icd10cm": ["hpo", "doid"], "hpo": ["doid"]}
GENERAL = ["wordnet_noun"]


def without_queries(companion: Taxonomy, asked: set[str]) -> Taxonomy:
    """Return a companion that teaches nothing of the queries: names are copied between them."""
    kept = {
        node: []
        if normalise(companion[node]) in asked
        else [s for s in group if normalise(s.text) not in asked]
        for node, group in companion.synonyms.items()
    }
    return companion.with_synonyms(kept)


def run_ours(bench: BenchSet, variant: str, seed: int, data: Path):
    """Return (ranked ids, probability of the first, measurements of time)."""
    pairs = None if variant == "no pairs" else bench.pairs
    companions = []
    if variant == "with companions":
        asked = {normalise(query) for query in bench.queries}
        names = COMPANIONS.get(bench.name, GENERAL)
        companions = [without_queries(load_taxonomy(data / name), asked) for name in names]
    began = time.perf_counter()
    mapper = PhraseMapper(index_pairs=False, random_state=seed, **OURS[variant])
    mapper.fit(bench.taxonomy, pairs, companions=companions)
    trained = time.perf_counter()
    answers = mapper.map(bench.queries, k=10, min_probability=0.0)
    mapped = time.perf_counter()
    ranked = [[c.node for c in row] for _, row in answers]
    probability = np.array([row[0].probability if row else 0.0 for _, row in answers])
    return ranked, probability, trained - began, len(bench.queries) / (mapped - trained)


def measure(bench, method, ranked, probability, training, speed, split) -> ScoreTable:
    table = MappingTask().run(
        ranked, bench.truth, bench.taxonomy, probability, bench.name, method, split
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rest = {"training_seconds": training, "phrases_per_second": speed, "peak_gib": peak}
    extra = [
        Score(bench.name, method, "mapping", m, v, split=split)
        for m, v in rest.items()
        if v is not None
    ]
    if any(bench.trivial):
        hard = [i for i, t in enumerate(bench.trivial) if not t]
        part = ranks([ranked[i] for i in hard], [bench.truth[i] for i in hard])
        for k in (1, 10):
            value = float(((part > 0) & (part <= k)).mean())
            extra.append(
                Score(
                    bench.name,
                    method,
                    "mapping",
                    "accuracy_nontrivial",
                    value,
                    k=k,
                    split=split,
                    n=len(hard),
                )
            )
    return table + ScoreTable(extra)


def row(table: ScoreTable, set_name: str, method: str) -> str:
    mine = table.filter(graph=set_name, method=method)

    def show(metric: str, k=None, form="{:.3f}") -> str:
        found = mine.filter(metric=metric, k=k).rows
        return form.format(found[0].value) if found else ""

    first = mine.filter(metric="accuracy", k=1).rows[0]
    cells = [
        set_name, method, str(first.n), f"{first.value:.3f} ({first.low:.3f}–{first.high:.3f})",
        show("accuracy", 5), show("accuracy", 10), show("mrr"), show("distance", form="{:.2f}"),
        show("coverage@95"), show("ece"), show("phrases_per_second", form="{:.0f}"),
        show("training_seconds", form="{:.0f}"),
        " / ".join(filter(None, (show("accuracy_nontrivial", 1), show("accuracy_nontrivial", 10)))),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| set | method | n | @1 (95 %) | @5 | @10 | MRR | distance | coverage at 95 % | ECE "
    "| phrases/s | training s | non-trivial @1 / @10 |\n|" + "---|" * 13
)


def cell(args: argparse.Namespace, name: str, method: str) -> tuple[ScoreTable, np.ndarray]:
    """Return the measurements of one method on one set, and which queries it answered right."""
    warnings.simplefilter("ignore")
    bench = load_set(args.data, name, args.split, args.limit)
    probability, training = None, None
    if method in OURS:
        ranked, probability, training, speed = run_ours(bench, method, args.seed, args.data)
    else:
        names = Names(bench.taxonomy)
        began = time.perf_counter()
        peer = MiniLM(args.cache) if method == "MiniLM" else PEERS[method]
        ranked = peer(names, bench.queries)
        speed = len(bench.queries) / (time.perf_counter() - began)
    part = measure(bench, method, ranked, probability, training, speed, args.split)
    return part, (ranks(ranked, bench.truth) == 1).astype(float)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument(
        "--methods", default="graphemb," + ",".join(PEERS), help="also: MiniLM, " + ", ".join(OURS)
    )
    parser.add_argument("--split", choices=["dev", "test"], default="dev")
    parser.add_argument("--limit", type=int, help="ask at most so many queries, evenly spaced")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        help="cells at a time; seconds and speeds are then those of a busy machine",
    )
    parser.add_argument("--cache", type=Path, default=Path("out/bench-cache"))
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    sets, methods = args.sets.split(","), args.methods.split(",")
    table = ScoreTable()
    print(HEAD, flush=True)
    # A process a cell: its peak of memory is its own, and a method meets no other's warm caches.
    with ProcessPoolExecutor(
        args.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        cells = {pool.submit(cell, args, n, m): (n, m) for n in sets for m in methods}
        hits: dict[str, dict[str, np.ndarray]] = {name: {} for name in sets}
        for done in as_completed(cells):
            name, method = cells[done]
            part, hits[name][method] = done.result()
            table += part
            print(row(part, name, method), flush=True)
            if args.output:
                args.output.write_text(table.to_json())
            if len(hits[name]) == len(methods):
                compare(name, hits[name])


def compare(name: str, hits: dict[str, np.ndarray]) -> None:
    """Print ours minus each other method at rank 1, with paired 95 % intervals."""
    if "graphemb" not in hits:
        return
    for method, other in hits.items():
        if method != "graphemb":
            mean, low, high = paired_interval(hits["graphemb"], other)
            print(
                f"<!-- {name}: graphemb − {method}: {100 * mean:+.1f} "
                f"({100 * low:+.1f}, {100 * high:+.1f}) points @1 -->",
                flush=True,
            )


if __name__ == "__main__":
    main()
