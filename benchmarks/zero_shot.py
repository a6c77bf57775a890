"""Zero-shot mapping: Text2Node on nodes known less and less well.

    python benchmarks/zero_shot.py --data ../shared/data/taxonomies --sets doid \
        --methods fasttext+cnn+node2vec

Protocols, split by concept (a node's names are held out together; P1 by synonym):

    P1   held-out synonyms; label and other synonyms of the node are known
    P2a  nodes whose synonyms were never seen; the label is known
    P2b  blind nodes: no text is known, the place alone. `P2b` asks among blind nodes only,
         `P2b one list` among all nodes

Queries equal to a known name are dropped. A method is ENCODER+NETWORK+NODE_EMBEDDING, with
`@loss` behind it for another loss than cosine, or the peer `char TF-IDF` (which cannot know blind
nodes). Accuracy at 1 and 10, and the mean distance in edges from the first answer to the truth,
all roots joined by one above them.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphemb import Synonym, Taxonomy, Text2Node, load_taxonomy
from graphemb.encode import TextLines, normalise
from graphemb.evaluate.mapping import MappingTask
from graphemb.scores import Score, ScoreTable

sys.path.insert(0, str(Path(__file__).parent))
from _peers import Names, char_tfidf

#: Folder of a set and the synonyms file that holds no truth of another benchmark.
SETS = {"doid": "synonyms.tsv", "hpo": "synonyms_technical.tsv"}
PROTOCOLS = ("P1", "P2a", "P2b")
PEER = "char TF-IDF"
#: One in so many concepts (P1: synonyms) is held out.
ONE_IN = 10


@dataclass(frozen=True)
class Trial:
    """A taxonomy robbed of what is asked, the queries, and the nodes that are blind."""

    name: str
    taxonomy: Taxonomy
    queries: list[str]
    truth: list[frozenset[str]]
    blind: np.ndarray


def held(*keys: str, seed: int) -> bool:
    return zlib.crc32("\x1f".join((str(seed), *keys)).encode()) % ONE_IN == 0


def make_trial(whole: Taxonomy, protocol: str, seed: int, limit: int | None) -> Trial:
    """Hold out by a hash of ids and texts: the same split wherever it is made."""
    labels = dict(zip(whole.ids, whole.labels, strict=True))
    kept: dict[str, list[Synonym]] = {}
    asked: list[tuple[str, str]] = []
    blind = np.zeros(whole.n_nodes, bool)
    for node in whole.ids:
        synonyms = whole.synonyms.get(node, ())
        chosen = held(node, seed=seed) and bool(whole.parents(node))
        if protocol == "P1":
            out = [s for s in synonyms if held(node, s.text, seed=seed)]
        elif protocol == "P2a":
            out = list(synonyms) if chosen else []
        else:
            out = list(synonyms) if chosen else []
            if chosen:
                blind[whole.row(node)] = True
                asked.append((labels[node], node))
                labels[node] = ""
        asked += [(s.text, node) for s in out]
        kept[node] = [s for s in synonyms if s not in out]
    edges = [(c, p) for c in whole.ids for p in whole.parents(c)]
    taxonomy = Taxonomy(whole.ids, [labels[i] for i in whole.ids], edges, kept, name=whole.name)
    known = {normalise(text) for _, text, _ in taxonomy.phrases()}
    truth: dict[str, set[str]] = {}
    for text, node in asked:
        if normalise(text) and normalise(text) not in known:
            truth.setdefault(text, set()).add(node)
    queries = list(truth)
    if limit is not None and len(queries) > limit:
        queries = [queries[int(i * len(queries) / limit)] for i in range(limit)]
    return Trial(protocol, taxonomy, queries, [frozenset(truth[q]) for q in queries], blind)


def joined(taxonomy: Taxonomy) -> Taxonomy:
    """Put one root above all roots: else a distance between two trees would be the node count."""
    edges = [(c, p) for c in taxonomy.ids for p in taxonomy.parents(c)]
    edges += [(root, "(root)") for root in taxonomy.roots]
    return Taxonomy([*taxonomy.ids, "(root)"], [*taxonomy.labels, "(root)"], edges)


def text2node(method: str, seed: int, epochs: int | None) -> Text2Node:
    parts, _, loss = method.partition("@")
    encoder, network, embedding = parts.split("+")
    options = {"loss": loss} if loss else {}
    if epochs is not None and network != "linear":
        options["n_epochs"] = epochs
    return Text2Node(encoder, network, embedding, network_options=options, random_state=seed)


def answer(trial: Trial, method: str, args) -> dict[str, tuple[list[list[str]], float]]:
    """Return for each list of candidates the ranked ids and the seconds of training."""
    began = time.perf_counter()
    if method == PEER:
        if trial.blind.any():
            return {}
        return {trial.name: (char_tfidf(Names(trial.taxonomy), trial.queries), 0.0)}
    mapper = text2node(method, args.seed, args.epochs)
    mapper.fit(trial.taxonomy, corpus=TextLines(args.corpus) if args.corpus else None)
    seconds = time.perf_counter() - began
    print(f"<!-- {trial.name} {method}: {mapper.facts_['training']} "
          f"{ {k: round(v) for k, v in mapper.seconds_.items()} } -->", flush=True)  # fmt: skip
    found = {}
    lists = {trial.name: trial.blind, f"{trial.name} one list": None}
    if not trial.blind.any():
        lists = {trial.name: None}
    for name, allowed in lists.items():
        answers = mapper.map_among(trial.queries, allowed, k=10, min_probability=0.0)
        found[name] = ([[c.node for c in row] for _, row in answers], seconds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--protocols", default=",".join(PROTOCOLS))
    parser.add_argument("--methods", default=f"fasttext+cnn+node2vec,{PEER}")
    parser.add_argument("--epochs", type=int, help="of the mapping network; default: its own")
    parser.add_argument("--corpus", help="text for the word vectors")
    parser.add_argument("--limit", type=int, help="ask at most so many queries, evenly spaced")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of training")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    table = ScoreTable()
    print("| set | protocol | method | n | @1 (95 %) | @10 | distance | training s | GiB |")
    print("|" + "---|" * 9, flush=True)
    for name in args.sets.split(","):
        whole = load_taxonomy(args.data / name, loader="tsv", synonyms=SETS[name])
        whole_tree = joined(whole)
        for protocol in args.protocols.split(","):
            trial = make_trial(whole, protocol, args.seed, args.limit)
            for method in args.methods.split(","):
                for split, (ranked, seconds) in answer(trial, method, args).items():
                    part = MappingTask().run(
                        ranked, trial.truth, whole_tree, None, name, method, split
                    )
                    part += ScoreTable(
                        [Score(name, method, "mapping", "training_seconds", seconds, split=split)]
                    )
                    table += part
                    show(part, name, split, method, seconds)
                    if args.output:
                        args.output.write_text(table.to_json())


def show(part: ScoreTable, name: str, split: str, method: str, seconds: float) -> None:
    first, tenth = (part.filter(metric="accuracy", k=k).rows[0] for k in (1, 10))
    distance = part.filter(metric="distance").rows[0].value
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"| {name} | {split} | {method} | {first.n} | {first.value:.3f} ({first.low:.3f}–"
        f"{first.high:.3f}) | {tenth.value:.3f} | {distance:.2f} | {seconds:.0f} | {peak:.1f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
