"""What reading abbreviations gives, and what it costs on words that are none of the taxonomy's.

    python benchmarks/abbreviations.py --data ../shared/data/taxonomies --sets doid --protocols P2a

Trains on a split of `zero_shot.py` and answers its queries twice, with and without the readings of
`graphemb.map.abbreviations`: all phrases, and those whose first answer is a reading. Strangers are
words (three to ten letters) out of the names of taxonomies from other fields, none of them a word
of this one, those that stand there in capitals and ordinary ones put in capitals: how many get a
first answer above a probability, with and without; and behind a label ("asthma, NATO"): how often
the first answer is that label's node. Slips are names of one word with a typing error, in capitals:
how often their node is first. `--model` takes a trained model instead: then there are these only.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np

from graphemb import PhraseMapper, Taxonomy, load_taxonomy
from graphemb.encode import normalise, typo
from graphemb.map.abbreviations import Abbreviations

sys.path.insert(0, str(Path(__file__).parent))
from zero_shot import SETS, make_trial

STRANGERS = "esco_occupations,stw,onet,unspsc_onet,envo"
BARS = (0.05, 0.5, 0.9)
#: Ordinary words and slips at most.
MOST_WORDS = 1500


def strangers(data: Path, names: str) -> dict[str, list[str]]:
    """Return words of these taxonomies' names, as titled: in capitals, and put in capitals."""
    found = set()
    for name in names.split(","):
        for _, text, _ in load_taxonomy(data / name, loader="tsv").phrases():
            found |= set(re.findall(r"[A-Za-z0-9-]+", text))
    words = sorted(w for w in found if 3 <= len(w) <= 10 and sum(c.isalpha() for c in w) > 1)
    plain = sorted({w.upper() for w in words if w.isalpha() and w.islower()})
    chosen = np.random.default_rng(0).permutation(plain)[:MOST_WORDS].tolist()
    return {"in capitals": [w for w in words if w.isupper()], "ordinary words": chosen}


def slips(taxonomy: Taxonomy) -> tuple[list[str], list[str]]:
    """Return names of one word with a typing error, in capitals, and their nodes."""
    rng, found = np.random.default_rng(0), {}
    known = {word for _, text, _ in taxonomy.phrases() for word in normalise(text).split()}
    for node, text, _ in taxonomy.phrases():
        word = normalise(text)
        plain = word.isalpha() and word.isascii() and 4 <= len(word) <= 10
        if plain and (slip := typo(word, rng)) not in known:
            found[slip.upper()] = node
    some = rng.permutation(sorted(found))[:MOST_WORDS].tolist()
    return some, [found[word] for word in some]


def twice(mapper: PhraseMapper, phrases: list[str]):
    """Return the answers without readings and with them, and the phrases a CPU second of both."""
    found, speed = [], []
    for read in (lambda *_: [], Abbreviations.readings):
        with patch.object(Abbreviations, "readings", read):
            mapper.map([*phrases, "XQ1"])  # what is made once
            began = time.process_time()
            found.append([c for _, c in mapper.map(phrases, k=10, min_probability=0.0)])
            speed.append(len(phrases) / (time.process_time() - began))
    return (*found, speed)


def of_trial(mapper: PhraseMapper, trial, name: str) -> None:
    without, given, speed = twice(mapper, trial.queries)
    read = np.array([bool(c) and c[0].evidence.startswith(("read as", "short for")) for c in given])
    rows = (("all", np.ones(len(read), bool)), ("first answer is a reading", read))
    for title, chosen in rows:
        cells = []
        for answers in (without, given):
            for k in (1, 10):
                pairs = zip(answers, trial.truth, strict=True)
                right = np.array([any(c.node in truth for c in row[:k]) for row, truth in pairs])
                cells.append(f"{right[chosen].mean():.3f}")
        row = (
            name,
            trial.name,
            title,
            f"{chosen.sum()}",
            " / ".join(cells[:2]),
            " / ".join(cells[2:]),
        )
        print(f"| {' | '.join(row)} | {speed[0]:.0f} / {speed[1]:.0f} |", flush=True)
    p = np.array([c[0].probability if c else 0.0 for c in given])
    print(f"<!-- mean probability of readings {p[read].mean():.3f} -->", flush=True)


def of_others(mapper: PhraseMapper, words: dict[str, list[str]], name: str) -> None:
    known = mapper.index_.abbreviations.forms.words
    for title, phrases in words.items():
        unknown = [p for p in phrases if not set(normalise(p).split()) & known]
        of_strangers(mapper, unknown, f"{name}, {title}")
    phrases, nodes = slips(mapper.taxonomy_)
    right = [first_is(found, nodes) for found in twice(mapper, phrases)[:2]]
    print(f"<!-- {name}, {len(phrases)} slips, their node first, without / with: {right[0]:.3f} / "
          f"{right[1]:.3f} -->", flush=True)  # fmt: skip


def first_is(found, nodes: list[str]) -> float:
    return float(
        np.mean([bool(row) and row[0].node == node for row, node in zip(found, nodes, strict=True)])
    )


def of_strangers(mapper: PhraseMapper, phrases: list[str], name: str) -> None:
    without, given, speed = twice(mapper, phrases)
    p = [np.array([c[0].probability if c else 0.0 for c in rows]) for rows in (without, given)]
    shares = "; ".join(
        f"above {bar} {np.mean(p[0] >= bar):.3f} / {np.mean(p[1] >= bar):.3f}" for bar in BARS
    )
    t = mapper.taxonomy_
    rows = np.random.default_rng(0).integers(t.n_nodes, size=len(phrases)).tolist()
    behind = [f"{t.labels[row]}, {phrase}" for row, phrase in zip(rows, phrases, strict=True)]
    nodes = [t.ids[row] for row in rows]
    among = [first_is(found, nodes) for found in twice(mapper, behind)[:2]]
    print(f"<!-- {name}, {len(phrases)} strangers, without / with: {shares}; behind a label, that "
          f"label's node first {among[0]:.3f} / {among[1]:.3f}; "
          f"{speed[0]:.0f} / {speed[1]:.0f} phrases a CPU s -->", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--protocols", default="P1,P2a")
    parser.add_argument("--strangers", default=STRANGERS)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="of the split and of training")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    words = strangers(args.data, args.strangers)
    if args.model:
        of_others(PhraseMapper.load(args.model), words, args.model.name)
        return
    print("| set | split | phrases | n | without @1 / @10 | with @1 / @10 | phrases a CPU s |")
    print("|" + "---|" * 7, flush=True)
    for name in args.sets.split(","):
        whole = load_taxonomy(args.data / name, loader="tsv", synonyms=SETS[name])
        for protocol in args.protocols.split(","):
            trial = make_trial(whole, protocol, args.seed, None)
            mapper = PhraseMapper(random_state=args.seed).fit(trial.taxonomy)
            of_trial(mapper, trial, name)
            of_others(mapper, words, f"{name} {protocol}")


if __name__ == "__main__":
    main()
