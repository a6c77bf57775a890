"""XLSX: a workbook to review in, and to read back as pairs."""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

import xlsxwriter

from graphemb.errors import InputError
from graphemb.export._rows import NOTHING, columns_of
from graphemb.export.base import Exporter, Losses
from graphemb.mappings import FIELDS, REVIEW_FIELDS, Candidate, MappingSet, Review
from graphemb.relations import RELATIONS
from graphemb.tables import FORMULA

__all__ = ["XlsxExporter"]

_MOST_ROWS, _LONGEST = 1_048_575, 32_767
_BAD = re.compile(r"[\x00-\x08\x0b-\x0d\x0e-\x1f\ufffe\uffff]")
_WIDTHS = {
    "rank": 6, "node": 14, "label": 36, "probability": 11, "score": 9, "matched": 28,
    "evidence": 40, "path": 60, "review": 11, "relation": 14, "comment": 30, "reviewer": 14,
}  # fmt: skip
_HELP = (
    "How to review: for each phrase, set the column review to accepted on the row that is right;",
    "set rejected on rows that are wrong. More than one row may be accepted.",
    "relation says what the node is to the phrase: exactMatch, closeMatch (nearly), broadMatch",
    "(the node is broader), narrowMatch (the node is narrower), relatedMatch; noMatch, with",
    "accepted, says that nothing in the taxonomy is right.",
    "Left empty, it is read as exactMatch where the phrase is the node's label, else closeMatch.",
    "Leave other columns as they are: graphemb export and graphemb train --pairs read them back.",
)


class XlsxExporter(Exporter):
    """A sheet with the input's columns, ours, and four to fill in: review, relation, comment,
    reviewer. review and relation have drop-downs; the header is frozen and has filters; the
    candidates of a phrase after the first are an outline group, so that they fold away.

    Every cell of text is written as text: nothing runs as a formula, 007 stays 007, and what looks
    like a formula keeps its leading sign through Excel's own quote prefix. The workbook's
    properties say which columns are phrase and id, for reading back. Its date is fixed, so that
    the same mappings give the same bytes.
    """  # noqa: D205

    suffix = ".xlsx"
    cannot_hold = (
        "cells beyond 32,767 characters and control characters",
        "more than 1,048,575 rows",
    )

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        n = sum(max(1, len(rows)) for rows in mappings.candidates)
        if n > _MOST_ROWS:
            raise InputError(
                f"xlsx: a sheet has at most {_MOST_ROWS:,} rows below its header; this needs "
                f"{n:,}. Map with a smaller --k, or split the input."
            )
        out = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(out, options)
        book.set_properties({"created": datetime.datetime(1980, 1, 1), "author": "graphemb"})
        source = mappings.source
        for role in ("text_col", "id_col", "freq_col"):
            if value := getattr(source, role):
                book.set_custom_property(f"graphemb_{role}", value, "text")
        _Sheet(book, mappings, losses).fill(n)
        notes = book.add_worksheet("how to")
        for at, line in enumerate(_HELP):
            notes.write_string(at, 0, line)
        book.close()
        return out.getvalue()


class _Sheet:
    def __init__(self, book: Any, mappings: MappingSet, losses: Losses) -> None:
        self.mappings, self.losses = mappings, losses
        self.sheet = book.add_worksheet("review")
        self.names = columns_of(mappings.source.header, reviewed=True)
        base = {"valign": "top"}
        self.styles = {
            (first, quoted, edit): book.add_format(
                base
                | ({"top": 1, "top_color": "#999999"} if first else {"font_color": "#666666"})
                | ({"quote_prefix": True} if quoted else {})
                | ({"bg_color": "#FFF8DC"} if edit else {})
            )
            for first in (True, False)
            for quoted in (True, False)
            for edit in (True, False)
        }
        self.head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self.n_input = len(mappings.source.header)

    def fill(self, n: int) -> None:
        """Write header, rows, drop-downs, filter and widths."""
        sheet, names = self.sheet, self.names
        for at, name in enumerate(names):
            sheet.write_string(0, at, self._text(name), self.head)
            role = (*FIELDS, *REVIEW_FIELDS)[at - self.n_input] if at >= self.n_input else ""
            sheet.set_column(at, at, _WIDTHS.get(role, 24))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, n, len(names) - 1)
        review = self.n_input + len(FIELDS)
        for at, values in ((review, ["accepted", "rejected"]), (review + 1, list(RELATIONS))):
            sheet.data_validation(
                1, at, max(1, n), at,
                {"validate": "list", "source": values, "error_title": "Choose from the list",
                 "error_message": "One of: " + ", ".join(values)},
            )  # fmt: skip
        line = 1
        for position, (_, found) in enumerate(self.mappings):
            said: list[tuple[Candidate | None, Review]] = [(c, c.review) for c in found]
            nothing = self.mappings.no_match.get(position, Review())
            for c, review_ in said or [(None, nothing)]:
                first = c is None or c is found[0]
                self._row(line, position, c, review_, first)
                line += 1

    def _row(
        self, line: int, position: int, c: Candidate | None, review: Review, first: bool
    ) -> None:
        cells = list(self.mappings.source.rows[position])
        if c is None:
            cells += NOTHING
        else:
            cells += [
                str(c.rank), c.node, c.label, str(c.probability), str(c.score), c.matched,
                c.evidence, c.path,
            ]  # fmt: skip
        cells += [review.decision, review.relation, review.comment, review.reviewer]
        rank, last = self.n_input, len(cells) - len(REVIEW_FIELDS)
        for at, cell in enumerate(cells):
            style = self.styles[first, cell.startswith(FORMULA), at >= last]
            if at in (rank, rank + 3, rank + 4) and cell:
                self.sheet.write_number(line, at, float(cell), style)
            elif cell:
                self.sheet.write_string(line, at, self._text(cell), style)
            else:
                self.sheet.write_blank(line, at, None, style)
        if not first:
            self.sheet.set_row(line, None, None, {"level": 1})

    def _text(self, text: str) -> str:
        if _BAD.search(text):
            self.losses.add("control character in a cell became \ufffd", text)
            text = _BAD.sub("\ufffd", text)
        if len(text) > _LONGEST:
            self.losses.add("cell cut to 32,767 characters", text)
        return text[:_LONGEST]
