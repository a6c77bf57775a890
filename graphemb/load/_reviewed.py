"""Phrases that people have mapped, to calibrate on: what is right, and how often each occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graphemb.errors import InputError, nearest, shown
from graphemb.load._contents import read_content
from graphemb.load._mapped import is_mapped, mappings_of
from graphemb.load._phrases import read_phrases
from graphemb.mappings import MappingSet
from graphemb.relations import NO_MATCH
from graphemb.taxonomy import Taxonomy

__all__ = ["Reviewed", "read_reviewed"]


@dataclass(frozen=True)
class Reviewed:
    """Distinct phrases, the nodes that are right for each, and how often each occurs.

    ``answerable[i]`` is False where a person said that phrase i means nothing here; its nodes are
    empty then, and also where every candidate was rejected. `unknown_ids` are not in the taxonomy,
    `n_open` rows nobody has decided on.
    """

    phrases: tuple[str, ...]
    nodes: tuple[frozenset[str], ...]
    frequencies: tuple[int, ...]
    answerable: tuple[bool, ...]
    unknown_ids: tuple[str, ...]
    n_open: int

    def __len__(self) -> int:
        return len(self.phrases)


class _Rows:
    """Rows put together by phrase: any right node of any row is right, frequencies add up."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy, self.open = taxonomy, 0
        self.nodes: dict[str, set[str]] = {}
        self.times: dict[str, int] = {}
        self.any: dict[str, bool] = {}
        self.unknown: dict[str, None] = {}

    def add(self, phrase: str, ids: Sequence[str], times: int, answerable: bool) -> None:
        phrase = phrase.strip()
        if not phrase:
            self.open += 1
            return
        known = self.nodes.setdefault(phrase, set())
        for node in ids:
            primary = self.taxonomy.alternates.get(node, node)
            known.add(primary)
            if primary not in self.taxonomy:
                self.unknown[node] = None
        self.times[phrase] = self.times.get(phrase, 0) + times
        self.any[phrase] = self.any.get(phrase, False) or answerable

    def all(self, path: str | Path) -> Reviewed:
        if not self.nodes:
            raise InputError(f"{path}: must have reviewed rows; has none. Decide on some first.")
        named = {i for ids in self.nodes.values() for i in ids}
        if named and 2 * sum(i not in self.taxonomy for i in named) > len(named):
            raise InputError(
                f"{path}: must name nodes of {self.taxonomy.name}; more than half of its ids are "
                f"not there, such as {shown(next(iter(self.unknown)))}. Is this its taxonomy?"
            )
        return Reviewed(
            tuple(self.nodes), tuple(map(frozenset, self.nodes.values())),
            tuple(self.times.values()), tuple(self.any.values()), tuple(self.unknown), self.open,
        )  # fmt: skip


def read_reviewed(
    path: str | Path, taxonomy: Taxonomy, text_col: str | None = None,
    id_cols: Sequence[str] = (), freq_col: str | None = None,
) -> Reviewed:  # fmt: skip
    """Read reviewed phrases: a table with the right ids, or a reviewed output of ``graphemb map``.

    In a table, `text_col` (``phrase``) holds the phrase and `id_cols` (``id``) the right ids:
    several stand in one cell joined by ``|``, in several columns, or in several rows. No id at all
    means that the phrase means nothing in the taxonomy. In an output of ours the column ``review``
    decides: accepted candidates are right; phrases that nobody decided on are left out.

    Raises
    ------
    InputError
        No such column, no reviewed row, more than half of the ids unknown; see `read_phrases`.

    """
    rows = _Rows(taxonomy)
    content = None if id_cols else read_content(path)
    if content is not None and is_mapped(content):
        _of_ours(mappings_of(content, text_col, None, freq_col), rows)
        return rows.all(path)
    if str(path) == "-" and not id_cols:
        raise InputError("-: from standard input, name the column of the ids with --id-col.")
    found = read_phrases(path, text_col or "phrase", None, freq_col)
    at = []
    for name in id_cols or ("id",):
        if name not in found.header:
            raise InputError(
                f"{path}:1: must have a column {shown(name)} with the right ids; has "
                f"{', '.join(map(shown, found.header[:20]))}.{nearest(name, found.header)} Name it "
                "with --id-col."
            )
        at.append(found.header.index(name))
    for row, text, times in zip(found.rows, found.texts, found.frequencies, strict=True):
        ids = [i.strip() for cell in at for i in row[cell].split("|") if i.strip()]
        rows.add(text, ids, times, bool(ids))
    return rows.all(path)


def _of_ours(mappings: MappingSet, rows: _Rows) -> None:
    column = mappings.source.freq_col
    for position, (phrase, found) in enumerate(mappings):
        cell = mappings.source.cell(position, column).strip().removesuffix(".0")
        times = int(cell) if cell.isascii() and cell.isdecimal() and len(cell) < 19 else 1
        said = mappings.no_match.get(position)
        right = [c for c in found if c.review.decision == "accepted"]
        nothing = any(c.review.relation == NO_MATCH for c in right)
        if nothing or (said is not None and said.decision == "accepted"):
            rows.add(phrase, (), times, False)
        elif right:
            rows.add(phrase, [c.node for c in right], times, True)
        elif (said and said.decision == "rejected") or (
            found and all(c.review.decision == "rejected" for c in found)
        ):
            rows.add(phrase, (), times, True)
        else:
            rows.open += 1
