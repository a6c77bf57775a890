"""The reranker's features in words: groups that people know, and a line for a difference."""

from __future__ import annotations

import math
from collections.abc import Mapping

from graphemb.map.features import GRAPH_FEATURES
from graphemb.map.rerank import FEATURES

__all__ = ["GROUPS", "WORDS", "described"]

_PLACE = ("information", "depth", "n_children", "is_leaf")
_NAME = ("is_synonym", "is_other_name", "name_words", "exact", "query_words", "query_unknown")
_LETTERS = ("char", "ratio", "token_sort", "token_set", "length_ratio")
_MEANING = ("dense", "soft")
_TOGETHER = ("fused",)
#: The group of words held, missing and too many.
WORDS = "words"


def _group(feature: str) -> str:
    if feature in _PLACE:
        return "place in the hierarchy"
    if feature in GRAPH_FEATURES:
        return "neighbours"
    if feature in _NAME:
        return "kind and length of the name"
    head = feature.split("_", 1)[0]
    if feature in _LETTERS or head == "char":
        return "letters"
    if head in _MEANING:
        return "meaning"
    return "retrievers together" if head in _TOGETHER else WORDS


#: Features by group, each of `FEATURES` in one of them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    title: tuple(f for f in FEATURES if _group(f) == title)
    for title in dict.fromkeys(map(_group, FEATURES))
}

_SAID = {
    "char": "likeness of letters", "char_label": "likeness of letters to the label",
    "char_name": "likeness of letters to the matched name",
    "word": "words shared, translations counted", "word_label": "words shared with the label",
    "word_name": "words shared with the matched name",
    "dense": "likeness of meaning", "dense_label": "likeness of meaning to the label",
    "dense_name": "likeness of meaning to the matched name",
    "fused": "all retrievers together",
    "query_coverage": "share of the phrase's words that the name holds",
    "name_coverage": "share of the name's words that the phrase holds",
    "node_coverage": "share of the phrase's words in any of its names",
    "family_coverage": "share of the phrase's words in its or its neighbours' names",
    "family_gain": "words found only at its neighbours",
    "rarest_missing": "rarity of the rarest word missing",
    "number_missing": "numbers missing", "number_extra": "numbers too many",
    "side_missing": "sides or places missing", "side_extra": "sides or places too many",
    "pole_missing": "modifiers missing", "pole_extra": "modifiers too many",
    "ratio": "likeness of spelling", "token_sort": "likeness of spelling, words sorted",
    "token_set": "likeness of spelling, words as a set", "length_ratio": "length, phrase to name",
    "soft_query": "how well each word of the phrase is met",
    "soft_name": "how well each word of the name is met",
    "soft_worst": "how well the worst word of the phrase is met",
    "soft_last": "how well the last word of the phrase is met",
    "parent_dense": "likeness of meaning to the best parent",
    "children_dense": "likeness of meaning to the best child",
    "parent_char": "likeness of letters to the best parent",
    "children_char": "likeness of letters to the best child",
    "sibling_gap": "lead over its best sibling", "centroid": "nearness to the other candidates",
    "node_point": "nearness to where the phrase is expected",
    "vote_parent": "known phrases of its siblings", "vote_grandparent": "known phrases of cousins",
    "vote_related": "known phrases of its parents and children",
    "vote_nearest": "nearest known phrase of a sibling",
    "information": "how specific it is", "depth": "depth", "n_children": "children (log)",
    "is_leaf": "has no children", "is_synonym": "matched by a synonym",
    "is_other_name": "matched by a looser name", "name_words": "words in the name",
    "exact": "is the phrase itself",
}  # fmt: skip


def described(feature: str, winner: float, runner_up: float) -> str:
    """Return a feature's difference in words: what it is, and both values.

    >>> described("depth", 3.0, 2.0), described("char_rank", 0.0, 0.6931472)
    ('depth 3 against 2', 'rank by letters 1 against 2')
    """
    title = _SAID.get(feature)
    channels = {"char": "letters", "word": "words", "dense": "meaning", "fused": "all retrievers"}
    head, _, part = feature.rpartition("_")
    if title is None and part == "rank" and head in channels:
        ranks = [f"{round(math.expm1(v)) + 1}" for v in (winner, runner_up)]
        return f"rank by {channels[head]} {ranks[0]} against {ranks[1]}"
    if title is None and part == "gap":
        names = {**channels, "soft": "words met", "node_point": "expected place"}
        title = f"distance to the best by {names.get(head, head)}"
    values = [f"{v:.2f}".rstrip("0").rstrip(".") if v else "0" for v in (winner, runner_up)]
    return f"{title or feature.replace('_', ' ')} {values[0]} against {values[1]}"
