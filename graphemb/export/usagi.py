"""Usagi: the working file of OHDSI's mapping tool, to be opened there."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence

from graphemb.errors import InputError, ParameterError, Problems
from graphemb.export._omop import Concepts
from graphemb.export.base import Exporter, Losses, Row, Rows, check_date, rows_of
from graphemb.mappings import MappingSet
from graphemb.relations import code_of

__all__ = ["UsagiExporter"]

_BEFORE = ("sourceCode", "sourceName", "sourceFrequency", "sourceAutoAssignedConceptIds")
_AFTER = (
    "matchScore", "mappingStatus", "equivalence", "statusSetBy", "statusSetOn", "conceptId",
    "conceptName", "domainId", "mappingType", "comment", "createdBy", "createdOn",
    "assignedReviewer",
)  # fmt: skip


class UsagiExporter(Exporter):
    """A row a target, in the columns that Usagi 1.4 saves.

    Columns that are neither id, phrase nor frequency become ``ADD_INFO:`` columns. What a person
    accepted is APPROVED; the rest is UNCHECKED, with the equivalence UNREVIEWED. A confirmed
    no-match is APPROVED, UNMATCHED, concept 0. ``matchScore`` is our probability. A rejected
    candidate cannot stand in a Usagi file, so it is left out. Times are 0 (never set) unless `date`
    is given.

    Parameters
    ----------
    rows : {"best", "accepted", "auto"}
        See `graphemb.export.base.rows_of`; by default every phrase, that Usagi can go on with it.
    concepts : str, optional
        Athena's CONCEPT.csv, to find the concept id of a code. Without it, nodes must be concept
        ids, whole numbers.
    target_vocabulary : str
        OMOP vocabulary whose codes the nodes are.
    author : str
        ``createdBy`` of every row, and ``statusSetBy`` where no reviewer is named.
    date : str, optional
        YYYY-MM-DD, midnight UTC, for ``createdOn`` and ``statusSetOn``.

    """

    suffix = ".csv"
    cannot_hold = (
        "more than one suggestion a phrase: only the best or the accepted ones go out",
        "matched name and path; evidence goes into the comment",
    )

    def __init__(
        self, rows: Rows = "best", concepts: str | None = None, target_vocabulary: str = "",
        author: str = "graphemb", date: str | None = None,
    ) -> None:  # fmt: skip
        self.rows = rows
        self.concepts = concepts
        self.target_vocabulary = target_vocabulary
        self.author = author
        self.date = date

    def check(self, nodes: Sequence[str]) -> None:
        """Refuse a taxonomy of codes when there is nothing to find their concept ids in."""
        Concepts.check(self.concepts, nodes)

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        if self.rows == "all":
            raise ParameterError("UsagiExporter: rows must be auto, best or accepted; got 'all'.")
        when = self._millis()
        rows = list(rows_of(mappings, self.rows))
        problems = Problems("Usagi")
        nodes = {row.candidate.node for row in rows if row.candidate is not None}
        concepts = Concepts.of(self.concepts, nodes, self.target_vocabulary, problems)
        problems.raise_if_any(InputError)
        source = mappings.source
        roles = {source.text_col, source.id_col, source.freq_col}
        extra = [name for name in source.header if name not in roles]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*_BEFORE, *(f"ADD_INFO:{name}" for name in extra), *_AFTER])
        for row in rows:
            at = row.position
            code = source.cell(at, source.id_col) or row.phrase
            frequency = source.cell(at, source.freq_col).strip().removesuffix(".0")
            if not (frequency.isascii() and frequency.isdecimal()):
                if frequency:
                    losses.add("frequency that is no whole number became -1", frequency)
                frequency = "-1"
            info = [source.cell(at, name) for name in extra]
            writer.writerow(
                [code, row.phrase, frequency, "", *info, *self._target(row, concepts, when)]
            )
        return out.getvalue().encode("utf-8")

    def _target(self, row: Row, concepts: Concepts, when: str) -> list[str]:
        approved = row.review.decision == "accepted"
        c, none = row.candidate, Concepts.none
        concept = none if c is None else concepts.get(c.node)
        comment = row.review.comment or ("" if c is None else f"{c.evidence}; name “{c.matched}”")
        label = "Unmapped" if c is None else concept.name or c.label
        return [
            "0.00" if c is None else f"{c.probability:.2f}",
            "APPROVED" if approved else "UNCHECKED",
            code_of(row.relation, "usagi") if approved else "UNREVIEWED",
            (row.review.reviewer or self.author) if approved else "",
            when if approved else "0",
            concept.id, label, concept.domain, "MAPS_TO", comment, self.author, when, "",
        ]  # fmt: skip

    def _millis(self) -> str:
        if self.date is None:
            return "0"
        check_date("UsagiExporter", self.date)
        day = datetime.date.fromisoformat(self.date)
        return str((day - datetime.date(1970, 1, 1)).days * 86_400_000)
