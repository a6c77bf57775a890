"""explain: why a phrase means a node, and why the next best does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.encode import stem
from graphemb.errors import InputError, shown
from graphemb.map._answers import Answers
from graphemb.map._blind_explaining import with_places
from graphemb.map._reasons import GROUPS, WORDS, described
from graphemb.map.abbreviations import Wording
from graphemb.map.listnet import Reading
from graphemb.map.names import LABEL, PAIR, SYNONYM
from graphemb.map.rerank import FEATURES
from graphemb.map.restriction import Restriction

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["PLACE_REASON", "Explanation", "Reason", "Weighed", "explain"]

Array = np.ndarray[Any, Any]

#: Group of the one reason where a node with names stands against one known by its place.
PLACE_REASON = "names against place"

_CHANNELS = {"char": "letters", "word": "words", "dense": "meaning"}
#: What neighbours may add: a feature and how it is said.
_NEIGHBOURS = {
    "parent_dense": "best parent, meaning", "children_dense": "best child, meaning",
    "parent_char": "best parent, letters", "children_char": "best child, letters",
    "vote_parent": "known phrases of its siblings", "vote_grandparent": "of its cousins",
    "vote_related": "of its parents and children",
}  # fmt: skip


@dataclass(frozen=True)
class Weighed:
    """A candidate and all that was said of it.

    ``retrievers`` gives (score, rank from 1 among the phrase's candidates) by retriever: cosines in
    [0, 1] of the node's best name. ``neighbours`` are scores of nodes beside it, those above 0.
    `read_as` is how the phrase was read, and `how` by what (`abbreviations.Wording`), both '' where
    it was taken as written; `weight` is how much that counts. `rule` says that identity with a name
    decided, not the score.
    """

    rank: int
    node: str
    label: str
    path: str
    probability: float
    score: float
    matched: str
    kind: str
    read_as: str
    retrievers: Mapping[str, tuple[float, int]]
    held: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    neighbours: Mapping[str, float]
    rule: bool
    how: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Reason:
    """A group of features: how far the runner-up would catch up, alone, with the winner's values.

    `effect` is in log-odds of the reranker; positive speaks for the winner. `detail` describes the
    feature of the group that counted most, with both values.
    """

    group: str
    effect: float
    detail: str


@dataclass(frozen=True)
class Explanation:
    """The candidates of one phrase, and why the second lost: `gap` in log-odds, and reasons."""

    phrase: str
    candidates: tuple[Weighed, ...]
    gap: float
    reasons: tuple[Reason, ...]
    n_candidates: int
    below_bar: bool


def explain(
    mapper: PhraseMapper, phrase: str, k: int = 5, restriction: Mapping[str, Any] | None = None
) -> Explanation:
    """Return what speaks for the first `k` candidates of `phrase`, with or without an answer.

    The reasons are counterfactuals: the reranker scores the runner-up with one group of features
    set to the winner's values, and the winner with that group set to the runner-up's; the mean of
    both gains is the effect. Groups act together, so effects need not add up to the gap. All
    numbers are the ones that the answer was made of.

    Raises
    ------
    InputError
        When the phrase holds no letter or digit.

    """
    if not Answers.read(phrase):
        raise InputError(f"explain: the phrase must hold a letter or digit; got {shown(phrase)}.")
    index = mapper.index_
    answers = Answers(index, mapper.reranker_, mapper.rewriter_, mapper.reranker)
    allowed = Restriction.of(**(restriction or {})).mask(index.taxonomy)
    if index.blind is None:
        return _of_named(mapper, answers, phrase, k, allowed)
    named = Explanation(phrase, (), 0.0, (), 0, False)
    if (mask := index.blind.among_known(allowed)).any():
        named = _of_named(mapper, answers, phrase, k, mask)
    return with_places(named, answers, index.blind, k, allowed, mapper.min_probability)


def _of_named(
    mapper: PhraseMapper, answers: Answers, phrase: str, k: int, allowed: Array | None
) -> Explanation:
    """Return the explanation by names alone."""
    ways = answers.readings(phrase, allowed)
    s = answers._score([way.text for way in ways], allowed)
    merged = answers._merged(s, list(range(len(ways))), [way.weight for way in ways])
    weighed = tuple(
        _weighed(mapper, s, rank, p, pair, ways[row], row)
        for rank, (p, pair, row) in enumerate(merged[:k], 1)
    )
    gap = 0.0
    reasons: tuple[Reason, ...] = ()
    if len(merged) > 1:
        first, second = merged[0][1], merged[1][1]
        gap = float(s.scores[first] - s.scores[second])
        if mapper.reranker:
            pair = [first, second]
            read = None if s.read is None else s.read[pair]
            reasons = _reasons(mapper, s.table.matrix(list(FEATURES))[pair], read)
    bar = bool(merged) and merged[0][0] < mapper.min_probability
    return Explanation(phrase, weighed, gap, reasons, len(merged), bar)


def _weighed(
    mapper: PhraseMapper, s: Any, rank: int, p: float, pair: int, way: Wording, row: int
) -> Weighed:
    index, columns = mapper.index_, s.table.columns
    t, node = index.taxonomy, int(s.c.node[pair])
    name = int(s.table.best_name[pair])
    kinds = {LABEL: "label", SYNONYM: "synonym", PAIR: "known phrase"}
    mine = slice(int(s.ptr[row]), int(s.ptr[row + 1]))
    # Pairs are ordered by query: those of this reading stand side by side.
    retrievers = {
        title: (float(columns[c][pair]), 1 + int((columns[c][mine] > columns[c][pair]).sum()))
        for c, title in _CHANNELS.items() if c in columns
    }  # fmt: skip
    words = list(dict.fromkeys(way.text.split()))
    others = list(dict.fromkeys(index.names.normalised[name].split()))
    in_name, in_query = {stem(w) for w in others}, {stem(w) for w in words}
    exact = bool(columns["exact"][pair])
    return Weighed(
        rank, t.ids[node], t.labels[node],
        t.path_text(node),
        float(p), float(s.scores[pair]), index.names.texts[name],
        kinds.get(int(index.names.kinds[name]), "other name"), way.text if way.how else "",
        retrievers,
        tuple(w for w in words if stem(w) in in_name),
        tuple(w for w in words if stem(w) not in in_name),
        tuple(w for w in others if stem(w) not in in_query),
        {title: float(columns[f][pair]) for f, title in _NEIGHBOURS.items()
         if f in columns and columns[f][pair] > 0.005},
        exact and (mapper.reranker_.exact_wins or int(index.names.kinds[name]) == PAIR), way.how,
        way.weight,
    )  # fmt: skip


def _reasons(mapper: PhraseMapper, pair: Array, read: Reading | None) -> tuple[Reason, ...]:
    """Return the groups by effect, largest first; `pair` (2, f) are winner and runner-up.

    `read` is what the reranker's network reads of them; its words go with the group "words".
    """
    ranker, place = mapper.reranker_.ranker, {f: i for i, f in enumerate(FEATURES)}
    groups = {title: [place[f] for f in features] for title, features in GROUPS.items()}
    columns = [*groups.values(), *([i] for i in range(len(FEATURES)))]
    rows = np.repeat(pair[None], len(columns), axis=0)  # (swaps, winner and runner-up, f)
    for swap, at in zip(rows, columns, strict=True):
        swap[:, at] = pair[::-1][:, at]
    plain = ranker.scores(pair, read)
    again = None
    if read is not None:
        again = read[np.tile([0, 1], len(columns))]
        first = 2 * list(groups).index(WORDS)
        again.words[first : first + 2] = read.words[::-1]
    swapped = ranker.scores(rows.reshape(-1, pair.shape[1]), again).reshape(-1, 2)
    # The winner loses and the runner-up gains by the swap of what speaks for the winner.
    effect = ((plain[0] - swapped[:, 0]) + (swapped[:, 1] - plain[1])) / 2
    alone = effect[len(groups) :]
    found = []
    for (title, at), gain in zip(groups.items(), effect, strict=False):
        most = max(
            at, key=lambda i: (float(alone[i]) * np.sign(gain), abs(pair[0, i] - pair[1, i]))
        )
        if abs(gain) >= 0.05:
            detail = described(FEATURES[most], float(pair[0, most]), float(pair[1, most]))
            found.append(Reason(title, float(gain), detail))
    return tuple(sorted(found, key=lambda reason: -abs(reason.effect)))
