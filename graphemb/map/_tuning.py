"""What the mapper learns from and what it is tuned on; and that the two stay apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.encode import disturb, normalise, typo
from graphemb.errors import InputError, LeakError, shown
from graphemb.map.names import LABEL, PAIR, Name
from graphemb.map.rerank import Query
from graphemb.mappings import Pair
from graphemb.rng import stream
from graphemb.taxonomy import Taxonomy

__all__ = ["Plan", "make_plan", "n_folds", "strangers"]

#: Share of the training pairs kept back to learn ranking from: as much as makes `ENOUGH` tuning
#: phrases together with the dev rows, between these bounds.
LEAST_HELD, HELD = 0.1, 0.25
ENOUGH = 2_500
MOST_HELD = 4_000
#: Tuning phrases worth another fold, and the most folds.
MANY, FOLDS = 8_000, 3
#: Disturbed names and phrases without a meaning added to the tuning phrases.
NOISED, FOREIGN = 600, 160

_EVERYDAY = (
    "see you tomorrow at the station", "invoice number 2231", "the quick brown fox", "lorem ipsum",
    "thanks for your help", "turn left at the second light", "weather in lisbon on friday",
    "my favourite song is on the radio", "please reset my password", "two tickets to the opera",
    "what time does the shop close", "chess opening theory", "stock market closed higher",
    "the train to berlin is late", "happy birthday grandma", "a bottle of red wine and cheese",
    "football results from saturday", "how do i bake sourdough bread", "blue cotton curtains",
    "hello world", "to be confirmed", "n a", "see attached", "test test test", "same as above",
    "not applicable", "asap", "meeting moved to thursday afternoon", "page 4 of 12",
    "delivery address unknown", "the cat sat on the mat", "once upon a time", "press any key",
    "terms and conditions apply", "click here to subscribe", "free shipping over 50 euro",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The split of what is known.

    Attributes
    ----------
    names : list of Name
        Names of the tuning index: nothing of the tuning phrases is among them.
    taught : list of (phrase, node rows)
        Pairs the encoder and the word translation learn from.
    tuning : list of Query
    final : list of Name
        Names of the finished index: the held-out names and, when wanted, the pairs' phrases.
    voters : list of (phrase, node rows)
        All pairs: they vote in the finished index; `taught` alone votes while tuning.
    withheld : bool
        Whether tuning phrases were taken out of `names`, labels apart.
    held : int
        How many tuning phrases another fold would replace: train pairs or, without pairs, names.
    by_node : bool
        Whether pairs were held back by node, because the dev phrases mean nodes that no training
        phrase means.

    """

    names: list[Name]
    taught: list[tuple[str, tuple[int, ...]]]
    tuning: list[Query]
    final: list[Name]
    voters: list[tuple[str, tuple[int, ...]]]
    withheld: bool
    held: int
    by_node: bool = False


def make_plan(
    taxonomy: Taxonomy, names: Sequence[Name], pairs: Sequence[Pair], index_pairs: bool,
    random_state: int, fold: int = 0,
) -> Plan:  # fmt: skip
    """Split names and pairs into what teaches, what tunes and what is indexed at the end.

    Each `fold` below `n_folds` holds back other pairs; the dev rows, disturbed names and phrases
    without a meaning tune in fold 0 alone.

    Raises
    ------
    LeakError
        When a pair is of another split than train or dev, or a tuning phrase is taught.
    InputError
        When no pair names a node of the taxonomy.

    """
    known = _resolved(taxonomy, pairs)
    rng = stream(random_state, "tuning")
    if known:
        plan = _with_pairs(taxonomy, list(names), known, index_pairs, rng, fold)
    else:
        plan = _without_pairs(list(names), rng, fold)
    _assert_apart(plan)
    if fold == 0:
        plan.tuning.extend(_noised(plan.names, rng, short=not known))
        plan.tuning.extend(strangers(plan.names, rng))
    return plan


def n_folds(plan: Plan) -> int:
    """Return how many times to hold back: until `MANY` phrases tune, `FOLDS` at most.

    Every doubling of the tuning phrases is worth about one point of accuracy@1 on ICD-10-CM, and
    so is every fold on DOID and HPO.
    """
    if not plan.held:
        return 1
    real = sum(query.weight >= 1.0 for query in plan.tuning)
    return min(FOLDS, 1 + max(0, -(-(MANY - real) // plan.held)))


def _resolved(taxonomy: Taxonomy, pairs: Sequence[Pair]) -> list[tuple[str, tuple[int, ...], str]]:
    found: list[tuple[str, tuple[int, ...], str]] = []
    for pair in pairs:
        if pair.split not in ("train", "dev"):
            raise LeakError(
                f"PhraseMapper.fit: pairs must be of split 'train' or 'dev'; "
                f"{shown(pair.phrase)} is of split {shown(pair.split)}. Leave such rows out."
            )
        rows = tuple(
            taxonomy.index[n] for n in (taxonomy.alternates.get(n, n) for n in pair.nodes)
            if n in taxonomy.index
        )  # fmt: skip
        if rows and normalise(pair.phrase):
            found.append((pair.phrase, rows, pair.split))
    if pairs and not found:
        raise InputError(
            f"PhraseMapper.fit: pairs must name nodes of the taxonomy {taxonomy.name}; none of "
            f"{len(pairs)} does. Check the id column, for example {shown(pairs[0].nodes)}."
        )
    return found


def _with_pairs(
    taxonomy: Taxonomy, names: list[Name], known: list[tuple[str, tuple[int, ...], str]],
    index_pairs: bool, rng: np.random.Generator, fold: int,
) -> Plan:  # fmt: skip
    """Hold back a share of the train pairs, by node where the dev nodes are new too."""
    dev = [(p, rows) for p, rows, split in known if split == "dev"]
    train = [(p, rows) for p, rows, split in known if split == "train"]
    share = min(max((ENOUGH - len(dev)) / max(len(train), 1), LEAST_HELD), HELD)
    held_nodes = _between(rng.random(taxonomy.n_nodes), share, fold)
    by_phrase = _between(rng.random(len(train)), share, fold)
    by_node = _new_nodes(dev, train)
    if by_node:
        by_phrase = np.array([held_nodes[list(rows)].any() for _, rows in train], bool)
    held = [pair for pair, back in zip(train, by_phrase, strict=True) if back]
    if len(held) > MOST_HELD:
        keep = np.sort(rng.permutation(len(held))[:MOST_HELD])
        held = [held[i] for i in keep]
    back = {normalise(p) for p, _ in held} | {normalise(p) for p, _ in dev}
    taught = [pair for pair in train if normalise(pair[0]) not in back]
    drawn = _drawn_from(names, train)
    # Where the pairs were drawn from the taxonomy's synonyms, a tuning phrase would be looked up.
    kept = [n for n in names if not drawn or n.kind == LABEL or normalise(n.text) not in back]
    asked = [*held, *dev] if fold == 0 else held
    tuning = [Query(p, frozenset(rows)) for p, rows in asked]
    voters = [*train, *dev]
    if not index_pairs:
        return Plan(kept, taught, tuning, names, voters, drawn, len(held), by_node)
    extra = [Name(p, row, PAIR) for p, rows in taught for row in rows]
    # A phrase may stand in several rows of which one is held back: none of them is lost.
    asked_for = set(held)
    left = [pair for pair in train if normalise(pair[0]) in back and pair not in asked_for]
    late = [Name(p, row, PAIR) for p, rows in [*held, *left, *dev] for row in rows]
    final = [*names, *extra, *late]
    return Plan([*kept, *extra], taught, tuning, final, voters, drawn, len(held), by_node)


def _between(drawn: np.ndarray[Any, Any], share: float, fold: int) -> np.ndarray[Any, Any]:
    return (drawn >= fold * share) & (drawn < (fold + 1) * share)


def _drawn_from(names: Sequence[Name], train: Sequence[tuple[str, tuple[int, ...]]]) -> bool:
    """Return whether most training phrases already are synonyms of their nodes."""
    there = {(name.owner, normalise(name.text)) for name in names if name.kind != LABEL}
    found = [any((row, normalise(p)) in there for row in rows) for p, rows in train]
    return bool(found) and float(np.mean(found)) > 0.5


def _new_nodes(
    dev: Sequence[tuple[str, tuple[int, ...]]], train: Sequence[tuple[str, tuple[int, ...]]]
) -> bool:
    """Return whether the dev phrases mean nodes that no training phrase means."""
    seen = {row for _, rows in train for row in rows}
    return bool(dev) and float(np.mean([any(r in seen for r in rows) for _, rows in dev])) < 0.2


def _without_pairs(names: list[Name], rng: np.random.Generator, fold: int) -> Plan:
    """Hold back a fifth of the synonyms: they stand in for the phrases users will bring.

    Every fold holds back others.
    """
    owners: dict[str, set[int]] = {}
    for name in names:
        owners.setdefault(normalise(name.text), set()).add(name.owner)
    others = [
        i for i, n in enumerate(names) if n.kind != LABEL and len(owners[normalise(n.text)]) == 1
    ]
    n = min(MOST_HELD, len(others) // 5)
    drawn = rng.permutation(len(others))[fold * n : (fold + 1) * n]
    held = set(np.array(others, int)[drawn].tolist())
    tuning = [Query(names[i].text, frozenset([names[i].owner])) for i in sorted(held)]
    kept = [name for i, name in enumerate(names) if i not in held]
    return Plan(kept, [], tuning, names, [], True, len(held))


def _assert_apart(plan: Plan) -> None:
    tuned = {normalise(query.phrase) for query in plan.tuning}
    learned = {normalise(p) for p, _ in plan.taught}
    if plan.withheld:
        learned |= {normalise(name.text) for name in plan.names if name.kind != LABEL}
    if tuned & learned:
        raise LeakError(
            "PhraseMapper.fit: a phrase kept back for tuning reached training: "
            f"{shown(min(tuned & learned))}. This is a bug in graphemb."
        )


def _noised(names: Sequence[Name], rng: np.random.Generator, short: bool) -> list[Query]:
    """Return disturbed names, so that the reranker sees typing errors.

    With `short`, for mappers without phrases of a user, names of one or two words with a single
    slip are added: else a mistyped word alone would pass for letter salad.
    """
    texts = {normalise(name.text) for name in names}
    found = []
    for row in rng.choice(len(names), min(NOISED, len(names)), replace=False).tolist():
        found.append((disturb(normalise(names[row].text), rng), names[row].owner))
    few = [n for n in names if len(n.text) > 5 and n.text.count(" ") < 2] if short else []
    for at in rng.permutation(len(few))[: NOISED // 2].tolist():
        found.append((typo(normalise(few[at].text), rng), few[at].owner))
    return [Query(text, frozenset([owner]), 0.5) for text, owner in found if text not in texts]


def strangers(names: Sequence[Name], rng: np.random.Generator) -> list[Query]:
    """Return phrases that mean nothing here: letter salad, everyday phrases of unknown words."""
    words = {word for name in names for word in normalise(name.text).split()}
    found = [
        phrase for phrase in _EVERYDAY
        if sum(w in words for w in normalise(phrase).split()) * 2 < len(phrase.split())
    ]  # fmt: skip
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    rows = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
    while len(found) < FOREIGN:
        tokens = []
        for _ in range(int(rng.integers(1, 4))):
            size = int(rng.integers(3, 9))
            row = rows[int(rng.integers(0, 3))]
            at = int(rng.integers(0, 4))
            salad = "".join(rng.choice(letters, size))
            tokens.append(row[at : at + size] if rng.random() < 0.4 else salad)
        found.append(" ".join(tokens))
    return [Query(phrase, frozenset(), 0.5) for phrase in found]
