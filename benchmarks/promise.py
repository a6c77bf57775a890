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

sys.path.insert(0, str(Path(__file__).parent))
from _sets import load_set

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


def pool_of(data: Path, name: str, cache: Path, seed: int) -> Pool:
    """Return the pool of a set, mapped once and then kept."""
    file = cache / f"{name}-{seed}.json"
    if not file.is_file():
        kept = load_set(data, name, "dev+test")
        mapper = PhraseMapper(random_state=seed).fit(kept.taxonomy, kept.pairs)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(DEFAULT))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in args.sets.split(","):
        pool = pool_of(args.data, name, args.cache, 0)
        print(name, len(pool), float(pool.wrong.mean()))
