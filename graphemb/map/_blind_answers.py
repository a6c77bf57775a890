"""One list of candidates: nodes with names, and nodes of which only the place is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.map._blind import TOLD, BlindNodes, Placed, Ranked
from graphemb.map._blind_features import RELATIVES
from graphemb.map.abbreviations import is_guess
from graphemb.map.backoff import is_exact
from graphemb.mappings import Candidate

if TYPE_CHECKING:
    from graphemb.map._answers import Answers

__all__ = ["answered", "weighed"]

Array = np.ndarray[Any, Any]
#: Probability, 1 for a blind node, number among the candidates of its kind.
_Entry = tuple[float, int, int]

#: Candidates with names of a phrase that are weighed against places, at least.
LISTED = 50
#: How sure we are of a node whose very id was asked for.
SURE = 0.99


def answered(
    answers: Answers, blind: BlindNodes, phrases: Sequence[str], k: int, allowed: Array | None,
    bar: float,
) -> list[list[Candidate]]:  # fmt: skip
    """Return the candidates of each phrase among all nodes, none for a phrase below `bar`.

    With u and v the shares of both kinds (`Judge`)::

        p(node with names) = u·p_named        p(blind node) = v·p_place

    what follows the first and its twins being scaled down to what these leave. u·p_named is at most
    the chance of the first name whatever is allowed, v·p_place at most one by the twins. A phrase
    that is a name has u = 1 and v = 0. Twins have the same probability and are ordered by id.
    """
    if allowed is not None and not (allowed & blind.blind).any():
        return answers.of_named(phrases, k, allowed, bar)
    return [
        _merged(answers, blind, text, named, places, allowed, k, bar) if text else []
        for text, named, places in weighed(answers, blind, phrases, max(k, LISTED), allowed)
    ]


def weighed(
    answers: Answers, blind: BlindNodes, phrases: Sequence[str], k: int, allowed: Array | None
) -> Iterator[tuple[str, list[Candidate], Ranked]]:
    """Return each phrase as read, its `k` candidates with names, and the blind nodes beside them.

    What a phrase means does not depend on what is `allowed`: all names speak for the places.
    """
    heard = answers.named(phrases, max(k, TOLD), blind.known)
    known = blind.among_known(allowed)
    named = heard.candidates
    if not np.array_equal(known, blind.known):
        named = answers.of_named(phrases, k, known, 0.0)
    texts = [answers.read(phrase) for phrase in phrases]
    ranked = blind.ranked(texts, heard, allowed, alone=not known.any())
    return zip(texts, (row[:k] for row in named), ranked, strict=True)


def _merged(
    answers: Answers, blind: BlindNodes, text: str, named: list[Candidate], places: Ranked,
    allowed: Array | None, k: int, bar: float,
) -> list[Candidate]:  # fmt: skip
    """Return one phrase's list."""
    called = blind.ids.get(text, -1)
    if called >= 0 and (allowed is None or allowed[called]):
        # The id is all that such a node can be called by.
        places = Ranked((1.0 - SURE, SURE, 1.0), [Placed(called, 1.0, SURE, 0, -1)], None)
    exact = bool(places.pairs and named) and is_exact(named[0])
    of_named, of_places, most = (1.0, 0.0, 1.0) if exact else places.shares
    if named and is_guess(named[0]):
        # The judge sees a name that fits; how likely that is what was meant, it does not.
        of_named, most = min(of_named, 1.0), min(most, named[0].probability)
    entries = [(min(of_named * c.probability, most), 0, i) for i, c in enumerate(named)]
    entries += [
        (min(of_places * entry.probability, 1.0 / (entry.tied + 1)), 1, i)
        for i, entry in enumerate(places.entries)
    ]
    # Of equals the node with a name goes first; the sort keeps the order of ids among twins.
    entries.sort(key=lambda entry: (-round(entry[0], 9), entry[1]))
    if not entries or entries[0][0] < bar:
        return []
    entries = _scaled(entries, places)
    found = []
    for rank, (p, kind, i) in enumerate(entries[:k], 1):
        if kind:
            found.append(_candidate(answers, places, places.entries[i], rank, p))
        else:
            found.append(dataclasses.replace(named[i], rank=rank, probability=round(p, 4)))
    return found


def _scaled(entries: list[_Entry], places: Ranked) -> list[_Entry]:
    """Return the entries, what follows the first and its twins scaled down to what these leave."""

    def place(entry: _Entry) -> int:
        return places.entries[entry[2]].pair

    first = entries[0]
    together = [e is first or (e[1] == first[1] == 1 and place(e) == place(first)) for e in entries]
    left = max(0.0, 1.0 - sum(together) * first[0])
    rest = sum(e[0] for e, kept in zip(entries, together, strict=True) if not kept)
    if rest <= left:
        return entries
    return [
        e if kept else (e[0] * left / rest, e[1], e[2])
        for e, kept in zip(entries, together, strict=True)
    ]


def _candidate(answers: Answers, places: Ranked, entry: Placed, rank: int, p: float) -> Candidate:
    """Return the answer that a node without names is; what spoke for it is its evidence."""
    t, node = answers.index.taxonomy, entry.node
    parts = ["no name of it is known"]
    if places.pairs is None:
        parts.append("same as its id")
    else:
        columns = places.pairs.columns
        near = {title: float(columns[f"{title}_dense"][entry.pair]) for title in RELATIVES}
        said = [f"{title} {value:.2f}" for title, value in near.items() if value >= 0.005]
        parts.append(
            f"its place speaks: meaning of the best {', '.join(said)}"
            if said
            else "its place speaks"
        )
        if columns["family_coverage"][entry.pair] > 0.005:
            share = columns["family_coverage"][entry.pair]
            parts.append(f"words around it {share:.0%}")
    if entry.tied:
        others = "1 other node" if entry.tied == 1 else f"{entry.tied} other nodes"
        parts.append(f"tied with {others} at the same place")
    return Candidate(
        rank, t.ids[node], t.labels[node], round(p, 4), round(entry.score, 4), "",
        "; ".join(parts), answers.path(node),
    )  # fmt: skip
