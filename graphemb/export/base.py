"""Exporter: the contract of everything that writes mappings for another tool."""

from __future__ import annotations

import datetime
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from graphemb.errors import InputError, ParameterError, shown
from graphemb.estimator import Estimator
from graphemb.files import atomic_write
from graphemb.mappings import Candidate, MappingSet, Review
from graphemb.relations import NO_MATCH

__all__ = [
    "Exporter",
    "Losses",
    "Row",
    "Rows",
    "check_date",
    "rows_of",
    "settled",
    "suggested",
]

Rows = Literal["auto", "best", "accepted", "all"]


class Losses:
    """What one file could not hold: counted by kind, the first case kept; and remarks."""

    def __init__(self) -> None:
        self.remarks: dict[str, None] = {}
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def add(self, kind: str, case: object = "") -> None:
        """Note that `kind` happened, to `case`."""
        self.counts[kind] += 1
        self.first.setdefault(kind, shown(case) if case != "" else "")

    def say(self, remark: str) -> None:
        """Note something about the whole file, once."""
        self.remarks[remark] = None

    def lines(self) -> tuple[str, ...]:
        """Return the remarks, and one line a kind: how often, and the first case."""
        return *self.remarks, *(
            f"{n} × {kind}" + (f" (first: {self.first[kind]})" if self.first[kind] else "")
            for kind, n in self.counts.items()
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One statement to write: the phrase at `position` means `candidate`, or nothing (None).

    It is `open` where a person rejected every candidate and did not say that nothing is right.
    """

    position: int
    phrase: str
    candidate: Candidate | None
    review: Review
    open: bool = False

    @property
    def relation(self) -> str:
        """The relation that a person chose, else the one that the evidence suggests."""
        if self.candidate is None:
            return NO_MATCH
        chosen = self.review.relation
        return chosen if chosen not in ("", NO_MATCH) else suggested(self.candidate)


class Exporter(Estimator):
    """Writes one format. The constructor's arguments are the format's options.

    Formats that other programs read carry text as it is; only `TsvExporter` and `CsvExporter`,
    which people open in spreadsheets, put ``'`` before what would run there as a formula.

    Attributes
    ----------
    suffix : str
        The ending of the files it writes.
    cannot_hold : tuple of str
        What is lost in this format, in words, whatever the mappings are.
    rows : {"auto", "best", "accepted", "all"}
        Which candidates go out, see `rows_of`; formats that hold every candidate have no choice.

    Examples
    --------
    >>> from graphemb.export import EXPORTERS
    >>> content, losses = EXPORTERS["csv"]().encoded(MappingSet(["flu"], [[]]))
    >>> content.decode().splitlines()[1]
    'flu,1,,,0,,,nothing here is likely enough,'

    """

    suffix: ClassVar[str] = ""
    cannot_hold: ClassVar[tuple[str, ...]] = ()

    def write(self, mappings: MappingSet, path: str | Path) -> tuple[str, ...]:
        """Write `mappings` to `path`, all or nothing, and return what this file could not hold.

        The same mappings and options give the same bytes. Time and memory grow with the number of
        cells; the whole file is held in memory.

        Raises
        ------
        ParameterError, InputError
            When an option or a mapping cannot be written in this format; nothing is written.
        StorageError
            When the disk refuses.

        """
        content, losses = self.encoded(mappings)
        with atomic_write(path) as file:
            file.write(content)
        return losses

    def encoded(self, mappings: MappingSet) -> tuple[bytes, tuple[str, ...]]:
        """Return the file's bytes and what they could not hold."""
        losses = Losses()
        try:
            return self.render(mappings, losses), losses.lines()
        except UnicodeEncodeError as error:
            near = error.object[max(0, error.start - 20) : error.end + 20]
            raise InputError(
                f"mappings: must be whole characters; {shown(near)} holds a lone surrogate."
            ) from None

    def check(self, nodes: Sequence[str]) -> None:
        """Refuse a taxonomy whose ids cannot be written, before any phrase is mapped to it.

        Raises
        ------
        InputError
            When none of `nodes` can.

        """

    @abstractmethod
    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes; note in `losses` what they cannot hold."""


def check_date(who: str, date: str | None) -> None:
    """Refuse a `date` that is no day as YYYY-MM-DD."""
    try:
        if date is not None and datetime.date.fromisoformat(date).isoformat() != date:
            raise ValueError
    except ValueError:
        raise ParameterError(f"{who}: date must be a day, YYYY-MM-DD; got {shown(date)}.") from None


def suggested(candidate: Candidate) -> str:
    """Return the relation that the evidence suggests, where no person has chosen one.

    A phrase that is the node's own label: ``exactMatch``; anything else: ``closeMatch``, for a
    synonym may be broad or narrow and likeness proves nothing.
    """
    return "exactMatch" if candidate.same_as == "label" else "closeMatch"


def rows_of(mappings: MappingSet, rows: Rows) -> Iterator[Row]:
    """Yield what to write of each phrase, in order.

    ``best``: what a person accepted, else the first candidate that none rejected, else that the
    phrase means nothing. ``accepted``: only what a person accepted. ``all``: every candidate.
    ``auto``: ``accepted`` once anything was reviewed, ``best`` before.
    """
    if rows not in ("auto", "best", "accepted", "all"):
        raise ParameterError(f"rows: must be auto, best, accepted or all; got {shown(rows)}.")
    if rows == "auto":
        rows = "accepted" if mappings.reviewed else "best"
    for position, (phrase, candidates) in enumerate(mappings):
        review = mappings.no_match.get(position, Review())
        said = [c for c in candidates if c.review.decision == "accepted"]
        nothing = [c for c in said if c.review.relation == NO_MATCH]
        if nothing:
            said, review = [], nothing[0].review
        if rows == "all" and candidates:
            yield from (Row(position, phrase, c, c.review) for c in candidates)
        elif said:
            yield from (Row(position, phrase, c, c.review) for c in said)
        elif review.decision == "accepted" or (rows != "accepted" and not candidates):
            yield Row(position, phrase, None, review)
        elif rows != "accepted":
            left = [c for c in candidates if c.review.decision != "rejected"]
            first = left[0] if left else None
            yield Row(position, phrase, first, first.review if first else Review(), first is None)


def settled(mappings: MappingSet, rows: Rows, losses: Losses) -> Iterator[Row]:
    """Yield `rows_of` without the open ones, which are no statement that a map could hold."""
    for row in rows_of(mappings, rows):
        if row.open:
            losses.add(
                "phrase left out: every candidate rejected, no match not confirmed", row.phrase
            )
        else:
            yield row
