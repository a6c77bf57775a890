"""Does `graphemb calibrate` keep its promise? Resampled reviewed rows on five taxonomies.

    python benchmarks/promise.py --data ../shared/data/taxonomies --cache /tmp/promise

Each set's mapper is trained on the train split alone and asked the phrases of dev and test: the
pool. Of every phrase the cache keeps the probability of the first answer and whether it was wrong,
so a second run needs seconds. The threshold is then chosen in two ways, so many times each:

    sample   on half as many rows as the pool has, drawn with replacement. The pool is the
             population these rows come from, so the error that was promised is known exactly: the
             pool's at that threshold. This is what the promise says, and what must exceed it in at
             most 1 - confidence of the runs.
    halves   on a random half of the pool; the other half is what a user maps next. The other half
             is a sample too: at a true error equal to the bound it exceeds it about every second
             time, so `halves, other` may exceed more often than promised. `halves, pool` judges
             the same thresholds by the whole pool.

Runs in which nothing could be promised accept nothing and count as kept.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphemb import PhraseMapper
from graphemb.evaluate._metrics import wilson
from graphemb.map.accept import choose_threshold
from graphemb.rng import stream

sys.path.insert(0, str(Path(__file__).parent))
from _sets import SETS, load_set

DEFAULT = ("hpo", "onet", "esco_occupations", "stw", "unspsc_onet")
PROMISES = (0.02, 0.05, 0.10)


@dataclass(frozen=True)
class Pool:
    """Reviewed rows: the probability of each first answer, and whether it is wrong."""

    probability: np.ndarray
    wrong: np.ndarray

    def __len__(self) -> int:
        return len(self.wrong)

    def error(self, threshold: float, rows: np.ndarray | None = None) -> float:
        """Return the share of errors among the accepted of `rows`; 0 where none is."""
        p, bad = self.probability, self.wrong
        if rows is not None:
            p, bad = p[rows], bad[rows]
        accepted = p >= threshold
        return float(bad[accepted].mean()) if accepted.any() else 0.0

    def share(self, threshold: float) -> float:
        return float((self.probability >= threshold).mean())


def pool_of(data: Path, name: str, cache: Path, seed: int, fast: bool = False) -> Pool:
    """Return the pool of a set, mapped once and then kept."""
    file = cache / f"{name}-{seed}{'-fast' if fast else ''}.json"
    if not file.is_file():
        kept = load_set(data, name, "dev+test")
        mapper = PhraseMapper(random_state=seed, fast=fast).fit(kept.taxonomy, kept.pairs)
        answers = mapper.map(kept.queries, k=1, min_probability=0.0)
        first = [row[0].probability if row else 0.0 for _, row in answers]
        wrong = [
            not row or row[0].node not in ids
            for (_, row), ids in zip(answers, kept.truth, strict=True)
        ]
        spent = resource.getrusage(resource.RUSAGE_SELF)
        seconds = round(spent.ru_utime + spent.ru_stime)
        content = {"set": name, "cpu_seconds": seconds, "probability": first, "wrong": wrong}
        cache.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
        print(f"<!-- {name}: {len(first)} phrases, {seconds} CPU s -->", flush=True)
    content = json.loads(file.read_text())
    return Pool(np.array(content["probability"]), np.array(content["wrong"], bool))


@dataclass(frozen=True)
class Run:
    """What one choice of a threshold came to; errors and share are 0 where nothing is accepted."""

    pool: float
    other: float
    share: float
    refused: bool


def one_run(pool: Pool, rows: np.ndarray, rest: np.ndarray | None, promise: tuple) -> Run:
    """Choose on `rows`; judge by the pool and, where given, by the `rest`."""
    choice = choose_threshold(pool.probability[rows], pool.wrong[rows], *promise)
    if choice is None:
        return Run(0.0, 0.0, 0.0, True)
    t = choice.threshold
    return Run(pool.error(t), 0.0 if rest is None else pool.error(t, rest), pool.share(t), False)


def resampled(pool: Pool, promise: tuple, n_runs: int, seed: int) -> dict[str, list[Run]]:
    n, found = len(pool), {"sample": [], "halves": []}
    for number in range(n_runs):
        rng = stream(seed, "promise", str(number))
        rows = rng.integers(0, n, n // 2)
        found["sample"].append(one_run(pool, rows, None, promise))
        order = rng.permutation(n)
        found["halves"].append(one_run(pool, order[: n // 2], order[n // 2 :], promise))
    return found


def exceeded(errors: list[float], promised: float) -> str:
    hits = sum(error > promised for error in errors)
    low, high = wilson(hits, len(errors))
    return f"{hits / len(errors):.1%} ({low:.1%}–{high:.1%})"


def row(name: str, pool: Pool, promised: float, found: dict[str, list[Run]]) -> str:
    sample, halves = found["sample"], found["halves"]
    shares = [run.share for run in sample]
    errors = [run.pool for run in sample if not run.refused]
    cells = [
        name, str(len(pool)), f"{pool.wrong.mean():.1%}", f"{promised:.0%}",
        exceeded([run.pool for run in sample], promised),
        f"{np.mean(errors):.1%}" if errors else "",
        f"{np.mean(shares):.1%} ({np.quantile(shares, 0.05):.1%}–{np.quantile(shares, 0.95):.1%})",
        f"{sum(run.refused for run in sample) / len(sample):.0%}",
        exceeded([run.other for run in halves], promised),
        exceeded([run.pool for run in halves], promised),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder of the pools")
    parser.add_argument("--sets", default=",".join(DEFAULT), help=f"of {', '.join(SETS)}")
    parser.add_argument("--fast", action="store_true", help="train fast mappers")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--confidence", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=0, help="of training and of resampling")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        "| set | pool | wrong | promise | sample: exceeded (95 %) | mean error | accepted (5–95 %) "
        "| refused | halves, other: exceeded | halves, pool: exceeded |"
    )
    print("|" + "---|" * 10, flush=True)
    every: dict[str, list[bool]] = {"sample": [], "other": [], "pool": []}
    for name in args.sets.split(","):
        pool = pool_of(args.data, name, args.cache, args.seed, args.fast)
        for promised in PROMISES:
            found = resampled(pool, (promised, args.confidence), args.runs, args.seed)
            print(row(name, pool, promised, found), flush=True)
            every["sample"] += [run.pool > promised for run in found["sample"]]
            every["other"] += [run.other > promised for run in found["halves"]]
            every["pool"] += [run.pool > promised for run in found["halves"]]
    shares = ", ".join(f"{name} {np.mean(hits):.1%}" for name, hits in every.items())
    print(f"\nOf all {len(every['sample'])} runs exceeded: {shares}.")


if __name__ == "__main__":
    main()
