"""Learns the reranker and calibration that ship with the package.

    python benchmarks/default_reranker.py --data ../shared/data/taxonomies

Each taxonomy is handled as if there were no pairs: synonyms are held back and asked. Phrases of
dev and test splits leave the names first, so nothing of an evaluation reaches what is shipped.
Only features of candidates go into the result, no name and no node.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graphemb import PhraseMapper, load_taxonomy
from graphemb.bundle import write_bundle
from graphemb.encode import normalise
from graphemb.map._clock import Clock
from graphemb.map._fitting import learn_parts, taught_texts
from graphemb.map._shipped import SHIPPED
from graphemb.map._tuning import make_plan
from graphemb.map.index import MappingIndex
from graphemb.map.names import NameTable, names_of
from graphemb.map.rerank import FEATURES, Examples, collect, learn

sys.path.insert(0, str(Path(__file__).parent))
from _sets import SETS, _truth, _without

POOL = ("envo", "stw", "doid", "hpo", "esco_occupations", "onet")
MOST = 1500


def examples(data: Path, name: str, seed: int) -> Examples:
    taxonomy = load_taxonomy(data / name)
    evaluated = {
        normalise(phrase)
        for folder, truth, _, _ in SETS.values()
        for phrase, _, split in (_truth(data / truth) if folder == name else [])
        if split != "train"
    }
    taxonomy = _without(taxonomy, evaluated)
    mapper = PhraseMapper(random_state=seed, n_epochs=4)
    plan = make_plan(taxonomy, names_of(taxonomy), [], True, seed)
    table = NameTable.of(plan.names, taxonomy.n_nodes)
    parts = learn_parts(mapper, taxonomy, table, taught_texts(table, plan, []), Clock(None))
    index = MappingIndex(taxonomy, table, parts)
    step = max(1, len(plan.tuning) // MOST)
    return collect(index, plan.tuning[::step])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=SHIPPED)
    args = parser.parse_args()
    parts = []
    for name in POOL:
        parts.append(examples(args.data, name, args.seed))
        print(name, parts[-1].n_queries, "phrases", flush=True)
    reranker, quality = learn(Examples.joined(parts), args.seed, n_trees=300, exact_wins=True)
    write_bundle(
        args.output, kind="reranker", arrays=reranker.to_arrays(), documents={},
        config={"features": list(FEATURES), "pool": list(POOL), "random_state": args.seed},
        facts={"quality_on_held_out_phrases": quality},
    )  # fmt: skip
    print(quality)


if __name__ == "__main__":
    main()
