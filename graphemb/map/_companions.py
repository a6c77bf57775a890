"""What other vocabularies of the field tell about the names of a taxonomy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphemb.encode import normalise, normalise_all
from graphemb.map.names import Name
from graphemb.map.rerank import Query
from graphemb.map.rewrite import COMPANION
from graphemb.taxonomy import Taxonomy

__all__ = ["foreign_names", "meant_here"]

#: Names of one foreign node that are ours too, of those that are kept.
_SHARED = 8


def _groups(companions: Sequence[Taxonomy]) -> Iterator[dict[str, str]]:
    """Yield the names of each node of each companion: normalised text → text."""
    for companion in companions:
        groups: dict[str, dict[str, str]] = {}
        for node, text, _ in companion.phrases():
            if plain := normalise(text):
                groups.setdefault(node, {})[plain] = text
        yield from groups.values()


def foreign_names(
    texts: Sequence[str], tuning: Sequence[Query], companions: Sequence[Taxonomy]
) -> list[tuple[str, ...]]:
    """Return the name groups of companion nodes that speak of what the taxonomy speaks of.

    Wanted are nodes with several names of which one, at least, is made of words that are in
    `texts`. A name equal to a `tuning` phrase is left out: it would have been learned by heart.
    """
    known = {word for text in normalise_all(texts) for word in text.split()}
    tuned = {normalise(query.phrase) for query in tuning}
    found: list[tuple[str, ...]] = []
    for plain in _groups(companions):
        kept = [name for text, name in plain.items() if text not in tuned]
        if len(kept) > 1 and any(all(word in known for word in text.split()) for text in plain):
            found.append(tuple(kept))
    return found


def meant_here(names: Sequence[Name], companions: Sequence[Taxonomy]) -> list[tuple[str, str, str]]:
    """Return (phrase, means, kind) rows: names of companion nodes that have a name of ours too.

    The phrase is one that no node of ours bears; the meaning is what both vocabularies call it.
    """
    ours = {normalise(name.text) for name in names}
    rows: dict[tuple[str, str, str], None] = {}
    for plain in _groups(companions):
        shared = [text for text in plain if text in ours][:_SHARED]
        for text in plain if shared else ():
            if text not in ours:
                rows |= dict.fromkeys((text, here, COMPANION) for here in shared)
    return list(rows)
