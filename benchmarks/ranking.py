"""What orders candidates best: trees by log-loss, trees for lists, the network, both.

    python benchmarks/ranking.py --data ../shared/data/taxonomies --sets stw,hpo

Everything but the ranker is the same: one retrieval, one set of tuning phrases, the dev queries of
`benchmarks/mapping.py`. Accuracy @1 / @10, and points @1 over the first row with paired intervals.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from graphemb import PhraseMapper
from graphemb.evaluate._metrics import paired_interval
from graphemb.map._clock import Clock
from graphemb.map._fitting import _Teacher
from graphemb.map._tuning import make_plan, n_folds
from graphemb.map.names import names_of
from graphemb.map.ranker import Ranker
from graphemb.map.rerank import Examples, Query, collect, ranking, right_ranks

sys.path.insert(0, str(Path(__file__).parent))
from _sets import SETS, BenchSet, load_set


def examples(bench: BenchSet, seed: int) -> tuple[Examples, Examples]:
    """Return the pairs that tune, of all folds, and those of the queries."""
    t, names = bench.taxonomy, names_of(bench.taxonomy)
    mapper = PhraseMapper(index_pairs=False, random_state=seed)
    teach = _Teacher(mapper, t, [], [], Clock(None))

    plan = make_plan(t, names, bench.pairs, False, seed)
    others = [make_plan(t, names, bench.pairs, False, seed, i) for i in range(1, n_folds(plan))]
    (index,), tuning = teach.tuned([(part, None) for part in (plan, *others)], read_words=True)
    final = teach.index(plan, final=True, first=index.parts)
    queries = [
        Query(phrase, frozenset(t.index[node] for node in truth))
        for phrase, truth in zip(bench.queries, bench.truth, strict=True)
    ]
    return tuning, collect(final, queries, read_words=True)


def scores(tuning: Examples, asked: Examples, seed: int, n_trees: int = 300) -> dict:
    """Return the scores of the queries' pairs by each ranker."""
    ranker = Ranker.listwise(
        tuning.X, tuning.reading(), tuning.right, tuning.query, seed, n_trees
    )  # fmt: skip
    read = asked.reading()
    return {
        "trees, log-loss": ranker.level.predict(asked.X),
        "trees, listwise": ranker.trees.predict(asked.X),
        "network": ranker.network.predict(asked.X, read),
        "listwise trees and network": ranker.scores(asked.X, read),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| set | ranker | @1 | @10 | points @1 over the first (95 %) |\n|---|---|---|---|---|")
    for name in args.sets.split(","):
        tuning, asked = examples(load_set(args.data, name, "dev"), args.seed)
        first = None
        for ranker, s in scores(tuning, asked, args.seed).items():
            rank = right_ranks(asked, *ranking(asked, s))
            hit = (rank < 1).astype(float)
            first = hit if first is None else first
            mean, low, high = (100 * value for value in paired_interval(hit, first))
            gain = f"{mean:+.1f} ({low:+.1f}, {high:+.1f})"
            print(
                f"| {name} | {ranker} | {hit.mean():.3f} | {(rank < 10).mean():.3f} | {gain} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
