"""Snap2SNOMED: the map that this tool exports and imports, as TSV."""

from __future__ import annotations

from graphemb.export.base import Exporter, Losses, Row, Rows, rows_of
from graphemb.mappings import MappingSet
from graphemb.relations import code_of

__all__ = ["Snap2SnomedExporter"]

_BEFORE = ("Source code", "Source display")
_AFTER = (
    "Target code", "Target display", "Relationship type code", "Relationship type display",
    "No map flag", "Status",
)  # fmt: skip
_DISPLAY = {
    "TARGET_EQUIVALENT": "Target is equivalent to source",
    "TARGET_NARROWER": "Target is narrower than source",
    "TARGET_BROADER": "Target is broader than source",
    "TARGET_INEXACT": "Target is an inexact match to source",
}


class Snap2SnomedExporter(Exporter):
    """A row a target, in the columns of Snap2SNOMED's own export; other columns stand between.

    Accepted rows have the status ACCEPTED, suggestions DRAFT, rejected ones REJECTED
    (``rows="all"``). A no-match has the no-map flag; where nobody confirmed it, the status is
    UNMAPPED and the flag is off, for the flag is a person's.

    Parameters
    ----------
    rows : {"best", "accepted", "auto", "all"}
        See `graphemb.export.base.rows_of`; by default every phrase.

    """

    suffix = ".tsv"
    cannot_hold = (
        "the difference between an exact and a close match: both are TARGET_EQUIVALENT",
        "probability, evidence, matched name, path, comment and reviewer",
        "tabs and line ends inside a cell: they become blanks",
    )

    def __init__(self, rows: Rows = "best") -> None:
        self.rows = rows

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        source = mappings.source
        extra = [n for n in source.header if n not in (source.text_col, source.id_col)]
        lines = [[*_BEFORE, *extra, *_AFTER]]
        for row in rows_of(mappings, self.rows):
            code = source.cell(row.position, source.id_col) or row.phrase
            info = [source.cell(row.position, name) for name in extra]
            lines.append([code, row.phrase, *info, *_target(row)])
        for cells in lines:
            for at, cell in enumerate(cells):
                cells[at] = cell.replace("\t", " ").replace("\n", " ")
                if cells[at] != cell:
                    losses.add("tab or line end in a cell became a blank", cell)
        return "".join("\t".join(cells) + "\n" for cells in lines).encode("utf-8")


def _target(row: Row) -> list[str]:
    decided = row.review.decision
    if row.candidate is None:
        confirmed = decided == "accepted"
        status = "ACCEPTED" if confirmed else "UNMAPPED"
        return ["", "", "", "", str(confirmed).lower(), status]
    code = code_of(row.relation, "snap2snomed")
    status = {"accepted": "ACCEPTED", "rejected": "REJECTED"}.get(decided, "DRAFT")
    if not row.review.relation and decided != "accepted":
        code = "TARGET_INEXACT" if row.relation != "exactMatch" else code
    return [row.candidate.node, row.candidate.label, code, _DISPLAY.get(code, ""), "false", status]
