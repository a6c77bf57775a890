"""Zero-shot mapping: nodes known less and less well.

    python benchmarks/zero_shot.py --data ../shared/data/taxonomies --sets doid \
        --methods graphemb,fasttext+cnn+node2vec

Protocols, split by concept (a node's names are held out together; P1 by synonym):

    P1   held-out synonyms; label and other synonyms of the node are known
    P2a  nodes whose synonyms were never seen; the label is known
    P2b  blind nodes: no text is known, the place alone; of the other nodes synonyms are held out
         as in P1. Splits: `P2b` asks among blind nodes only, `P2b one list` among all nodes;
         `P2b others` asks the held-out synonyms among the nodes with names only, `P2b others, one
         list` among all; `harmonic mean` is that of @1 of blind and others in one list

Queries equal to a known name are dropped. A method is `graphemb` (the default recipe),
ENCODER+NETWORK+NODE_EMBEDDING of Text2Node, with `@loss` behind it for another loss than cosine, or
a peer, `char TF-IDF` or `MiniLM` (which cannot know blind nodes). Accuracy at 1 and 10, and the
mean distance in edges from the first answer to the truth, all roots joined by one above them.
`ceiling`: blind leaves under the same parents cannot be told apart by place, so no method can be
right at 1 more often, on average. With `--backoff` the safe answers of `graphemb` on P1 and P2a,
beside the first answer and its parent. `--companions`: folders beside the set whose names teach
wording too. Choose hyper-parameters with `--seed 1`: another split.
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

from graphemb import PhraseMapper, Synonym, Taxonomy, Text2Node, load_taxonomy
from graphemb.encode import TextLines, normalise
from graphemb.evaluate.mapping import MappingTask
from graphemb.scores import Score, ScoreTable

sys.path.insert(0, str(Path(__file__).parent))
from _peers import MiniLM, Names, char_tfidf

#: Folder of a set and the synonyms file that holds no truth of another benchmark.
SETS = {"doid": "synonyms.tsv", "hpo": "synonyms_technical.tsv"}
PROTOCOLS = ("P1", "P2a", "P2b")
OURS, PEERS = "graphemb", ("char TF-IDF", "MiniLM")
#: Levels of back-off that are measured beside the one asked for, to compare at equal correctness.
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.95)
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
    others: tuple[list[str], list[frozenset[str]]] = ([], [])


def held(*keys: str, seed: int, one_in: int = ONE_IN) -> bool:
    return zlib.crc32("\x1f".join((str(seed), *keys)).encode()) % one_in == 0


def make_trial(
    whole: Taxonomy, protocol: str, seed: int, limit: int | None, one_in: int = ONE_IN
) -> Trial:
    """Hold out by a hash of ids and texts: the same split wherever it is made."""
    labels = dict(zip(whole.ids, whole.labels, strict=True))
    kept: dict[str, list[Synonym]] = {}
    asked: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    blind = np.zeros(whole.n_nodes, bool)
    for node in whole.ids:
        synonyms = whole.synonyms.get(node, ())
        chosen = held(node, seed=seed, one_in=one_in) and bool(whole.parents(node))
        if protocol == "P1":
            out = [s for s in synonyms if held(node, s.text, seed=seed)]
        elif protocol == "P2a":
            out = list(synonyms) if chosen else []
        elif chosen:
            out = list(synonyms)
            blind[whole.row(node)] = True
            asked.append((labels[node], node))
            labels[node] = ""
        else:
            out = [s for s in synonyms if held(node, s.text, seed=seed)]
        (asked if protocol != "P2b" or chosen else others).extend((s.text, node) for s in out)
        kept[node] = [s for s in synonyms if s not in out]
    edges = [(c, p) for c in whole.ids for p in whole.parents(c)]
    taxonomy = Taxonomy(whole.ids, [labels[i] for i in whole.ids], edges, kept, name=whole.name)
    known = {normalise(text) for _, text, _ in taxonomy.phrases()}
    mine, theirs = _asked(asked, known, limit), _asked(others, known, limit)
    return Trial(protocol, taxonomy, *mine, blind, theirs)


def _asked(
    asked: list[tuple[str, str]], known: set[str], limit: int | None
) -> tuple[list[str], list[frozenset[str]]]:
    truth: dict[str, set[str]] = {}
    for text, node in asked:
        if normalise(text) and normalise(text) not in known:
            truth.setdefault(text, set()).add(node)
    queries = list(truth)
    if limit is not None and len(queries) > limit:
        queries = [queries[int(i * len(queries) / limit)] for i in range(limit)]
    return queries, [frozenset(truth[q]) for q in queries]


def ceiling(trial: Trial) -> float:
    """Return the accuracy at 1 of a method that knows the place of every query."""
    alike: dict[object, int] = {}
    t = trial.taxonomy
    keys: dict[str, object] = {}
    for node in t.ids:
        if trial.blind[t.row(node)]:
            keys[node] = node if t.children(node) else frozenset(t.parents(node))
            alike[keys[node]] = alike.get(keys[node], 0) + 1
    return float(np.mean([max(1 / alike[keys[n]] for n in nodes) for nodes in trial.truth]))


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


def trained(trial: Trial, method: str, args) -> PhraseMapper | Text2Node:
    if method == OURS:
        folders = args.companions.split(",") if args.companions else ()
        teachers = [load_taxonomy(args.data / name, loader="tsv") for name in folders]
        mapper = PhraseMapper(random_state=args.seed).fit(trial.taxonomy, companions=teachers)
        facts = mapper.facts_.get("nodes_without_names", {})
    else:
        mapper = text2node(method, args.seed, args.epochs)
        mapper.fit(trial.taxonomy, corpus=TextLines(args.corpus) if args.corpus else None)
        facts = mapper.facts_["training"]
    print(f"<!-- {trial.name} {method}: {facts} "
          f"{ {k: round(v) for k, v in mapper.seconds_.items()} } -->", flush=True)  # fmt: skip
    return mapper


def among(mapper: PhraseMapper | Text2Node, queries: list[str], allowed: np.ndarray | None):
    """Return the ranked ids of each query; of the nodes that the mask allows."""
    if isinstance(mapper, Text2Node):
        answers = mapper.map_among(queries, allowed, k=10, min_probability=0.0)
    else:
        ids = mapper.taxonomy_.ids
        chosen = None if allowed is None else [ids[i] for i in np.flatnonzero(allowed)]
        answers = mapper.map(queries, k=10, min_probability=0.0, ids=chosen)
    return [[c.node for c in row] for _, row in answers]


def answer(trial: Trial, method: str, args):
    """Return the mapper; and of each split the ranked ids and the truth."""
    if method in PEERS:
        if trial.blind.any():
            return None, {}
        peer = MiniLM(args.cache) if method == "MiniLM" else char_tfidf
        return None, {trial.name: (peer(Names(trial.taxonomy), trial.queries), trial.truth)}
    mapper = trained(trial, method, args)
    if not trial.blind.any():
        return mapper, {trial.name: (among(mapper, trial.queries, None), trial.truth)}
    queries, truth = trial.others
    return mapper, {
        trial.name: (among(mapper, trial.queries, trial.blind), trial.truth),
        f"{trial.name} one list": (among(mapper, trial.queries, None), trial.truth),
        f"{trial.name} others": (among(mapper, queries, ~trial.blind), truth),
        f"{trial.name} others, one list": (among(mapper, queries, None), truth),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--protocols", default=",".join(PROTOCOLS))
    parser.add_argument("--methods", default=f"{OURS},fasttext+cnn+node2vec,{PEERS[0]}")
    parser.add_argument("--companions", default="", help="of graphemb: folders in --data")
    parser.add_argument("--cache", type=Path, default=Path("out/bench-cache"), help="of MiniLM")
    parser.add_argument("--epochs", type=int, help="of the mapping network; default: its own")
    parser.add_argument("--corpus", help="text for the word vectors")
    parser.add_argument("--limit", type=int, help="ask at most so many queries, evenly spaced")
    parser.add_argument(
        "--one-in", type=int, default=ONE_IN, help="hold out one concept in so many"
    )
    parser.add_argument("--backoff", type=float, help="level of the safe answers on P1 and P2a")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of training")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    table = ScoreTable()
    print("| set | protocol | method | n | @1 (95 %) | @10 | distance | training s | GiB |")
    print("|" + "---|" * 9, flush=True)
    for name in args.sets.split(","):
        whole = load_taxonomy(args.data / name, loader="tsv", synonyms=SETS[name])
        for protocol in args.protocols.split(","):
            trial = make_trial(whole, protocol, args.seed, args.limit, args.one_in)
            if trial.blind.any():
                print(f"<!-- {name} {protocol}: {int(trial.blind.sum())} blind nodes, ceiling of "
                      f"@1 among them {ceiling(trial):.3f} -->")  # fmt: skip
            for method in args.methods.split(","):
                table += run(trial, method, joined(whole), name, args)
                if args.output:
                    args.output.write_text(table.to_json())


def run(trial: Trial, method: str, tree: Taxonomy, name: str, args) -> ScoreTable:
    """Return the measurements of one method on one trial, and print them."""
    began = time.perf_counter()
    table, first = ScoreTable(), {}
    mapper, splits = answer(trial, method, args)
    seconds = sum(mapper.seconds_.values()) if mapper else time.perf_counter() - began
    for split, (ranked, truth) in splits.items():
        part = MappingTask().run(ranked, truth, tree, None, name, method, split)
        part += ScoreTable(
            [Score(name, method, "mapping", "training_seconds", seconds, split=split)]
        )
        first[split] = part.filter(metric="accuracy", k=1).rows[0].value
        table += part
        show(part, name, split, method, seconds)
    lists = f"{trial.name} one list", f"{trial.name} others, one list"
    if all(split in first for split in lists):
        a, b = (first[split] for split in lists)
        mean = 2 * a * b / max(a + b, 1e-9)
        print(f"| {name} | {trial.name} harmonic mean | {method} | | {mean:.3f} | | | | |")
        table += ScoreTable([Score(name, method, "mapping", "harmonic_mean", mean, split=lists[0])])
    if args.backoff and method == OURS and not trial.blind.any():
        task = MappingTask(ks=(1,), backoffs=[args.backoff, *LEVELS])
        table += show_backoff(task.run_mapper(mapper, trial.queries, trial.truth), name, trial.name)
    return table


def show_backoff(table: ScoreTable, name: str, split: str) -> ScoreTable:
    """Print how safe answers are and what they keep: with back-off, the first, its parent."""
    found = table.filter(metric="right_or_ancestor").rows
    for row in found:
        kept, there = (
            table.filter(metric=m, split=row.split).rows[0].value
            for m in ("information_kept", "answered")
        )
        print(f"<!-- {name} {split} {row.split}: answered {there:.3f}, right or ancestor "
              f"{row.value:.3f}, information kept {kept:.3f} -->", flush=True)  # fmt: skip
    return table


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
