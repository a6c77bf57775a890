"""Rows of text for the formats that can be written while phrases are still being mapped."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from graphemb.export.base import Losses
from graphemb.load import JsonText
from graphemb.mappings import FIELDS, REVIEW_FIELDS, Candidate, MappingSet, Review
from graphemb.tables import defused

__all__ = ["Delimited", "JsonLines", "cells_of", "columns_of", "rendered"]

NOTHING = ("1", "", "", "0", "", "", "nothing here is likely enough", "")


def columns_of(header: Sequence[str], reviewed: bool) -> list[str]:
    """Return the input's columns, then ours; a name that is taken gets ``mapped_`` before it."""
    ours = (*FIELDS, *(REVIEW_FIELDS if reviewed else ()))
    return [*header, *(free(name, header) for name in ours)]


def free(name: str, header: Sequence[str]) -> str:
    """Return `name` with as many ``mapped_`` before it as `header` makes needful."""
    return free(f"mapped_{name}", header) if name in header else name


def cells_of(candidate: Candidate | None) -> list[str]:
    """Return the eight cells of a candidate, or of a no-match."""
    if candidate is None:
        return list(NOTHING)
    c = candidate
    return [
        str(c.rank), defused(c.node), defused(c.label), f"{c.probability:.4f}", f"{c.score:.4f}",
        defused(c.matched), defused(c.evidence), defused(c.path),
    ]  # fmt: skip


def _said(review: Review) -> list[str]:
    return [review.decision, review.relation, defused(review.comment), defused(review.reviewer)]


class Delimited:
    """Rows of text with a header. Input cells are repeated as they are."""

    def __init__(
        self, header: Sequence[str], delimiter: str, reviewed: bool = False,
        losses: Losses | None = None,
    ) -> None:  # fmt: skip
        self.delimiter, self.reviewed, self.losses = delimiter, reviewed, losses or Losses()
        self.header = columns_of(header, reviewed)

    def head(self) -> str:
        """Return the header line."""
        return self._line(self.header)

    def rows(
        self, row: Sequence[str], text: str, found: Sequence[Candidate], said: Review | None = None
    ) -> str:
        """Return the lines of one phrase; `said` is the review of a no-match."""
        parts: list[tuple[Candidate | None, Review]] = [(c, c.review) for c in found]
        return "".join(
            self._line([*row, *cells_of(c), *(_said(review) if self.reviewed else ())])
            for c, review in parts or [(None, said or Review())]
        )

    def _line(self, cells: Sequence[str]) -> str:
        if self.delimiter == "\t":
            plain = [c.replace("\t", " ").replace("\n", " ") for c in cells]
            for before, after in zip(cells, plain, strict=True):
                if before != after:
                    self.losses.add("tab or line end in a cell became a blank", before)
            return "\t".join(plain) + "\n"
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(cells)
        return out.getvalue()


class JsonLines:
    """One object a phrase: the input's columns and a list of candidates."""

    def __init__(self, header: Sequence[str], reviewed: bool = False) -> None:
        self.header, self.reviewed = header, reviewed
        self.name, self.nothing = free("candidates", header), free("no_match", header)

    def head(self) -> str:
        """Return nothing: JSON lines have no header."""
        return ""

    def rows(
        self, row: Sequence[str], text: str, found: Sequence[Candidate], said: Review | None = None
    ) -> str:
        """Return the line of one phrase; `said` is the review of a no-match."""
        values = {key: _json(cell) for key, cell in zip(self.header, row, strict=True)}
        values[self.name] = _json([c.as_dict() | self._review(c.review) for c in found])
        if said is not None and said.decision:
            values[self.nothing] = _json(self._review(said))
        pairs = (f"{_json(key)}: {value}" for key, value in values.items())
        return "{" + ", ".join(pairs) + "}\n"

    def _review(self, review: Review) -> dict[str, Any]:
        if not self.reviewed:
            return {}
        cells = (review.decision, review.relation, review.comment, review.reviewer)
        return dict(zip(REVIEW_FIELDS, cells, strict=True))


def _json(value: Any) -> str:
    if isinstance(value, JsonText):
        return str(value) or "null"
    return json.dumps(value, ensure_ascii=False)


def rendered(writer: Delimited | JsonLines, mappings: MappingSet) -> bytes:
    """Return all of `mappings` as `writer` writes them."""
    parts = [writer.head()]
    for position, (phrase, found) in enumerate(mappings):
        row = mappings.source.rows[position]
        parts.append(writer.rows(row, phrase, found, mappings.no_match.get(position)))
    return "".join(parts).encode("utf-8")
