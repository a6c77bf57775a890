"""What typing errors cost: labels of a taxonomy, disturbed with one and with three typos.

    python benchmarks/noise.py --data ../shared/data/taxonomies --set hpo

The generator below is not the product's: other slips, other code, other seed.
"""

from __future__ import annotations

import argparse
import random
import warnings
from pathlib import Path

from graphemb import PhraseMapper, load_taxonomy


def slip(text: str, rng: random.Random) -> str:
    """Replace, drop, insert or swap one character other than the first."""
    at = rng.randrange(1, max(len(text) - 1, 2))
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return rng.choice(
        [
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="hpo")
    parser.add_argument("--n", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=20261124)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    synonyms = "synonyms_technical.tsv" if args.set == "hpo" else "synonyms.tsv"
    taxonomy = load_taxonomy(args.data / args.set, loader="tsv", synonyms=synonyms)
    mapper = PhraseMapper().fit(taxonomy)
    rng = random.Random(args.seed)
    chosen = rng.sample([i for i in taxonomy.ids if len(taxonomy[i]) > 8], args.n)
    twins: dict[str, set[str]] = {}
    for node, text, _ in taxonomy.phrases():
        twins.setdefault(text.casefold(), set()).add(node)
    print("| set | typos | n | @1 | @10 |\n|---|---|---|---|---|")
    for typos in (0, 1, 3):
        asked = []
        for node in chosen:
            text = taxonomy[node]
            for _ in range(typos):
                text = slip(text, rng)
            asked.append(text)
        answers = mapper.map(asked, k=10, min_probability=0.0)
        right = [twins[taxonomy[node].casefold()] for node in chosen]
        first = sum(bool(r) and r[0].node in t for (_, r), t in zip(answers, right, strict=True))
        ten = sum(any(c.node in t for c in r) for (_, r), t in zip(answers, right, strict=True))
        print(f"| {args.set} | {typos} | {args.n} | {first / args.n:.3f} | {ten / args.n:.3f} |")


if __name__ == "__main__":
    main()
