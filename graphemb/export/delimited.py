"""TSV and CSV: the input's columns, then rank, node, label, probability and the rest."""

from __future__ import annotations

from graphemb.export._rows import Delimited, rendered
from graphemb.export.base import Exporter, Losses
from graphemb.mappings import MappingSet

__all__ = ["CsvExporter", "TsvExporter"]


class TsvExporter(Exporter):
    """A row a candidate, a tab between cells, no quotes.

    Columns: the input's, as they came; `graphemb.mappings.FIELDS`; where anything was reviewed,
    `REVIEW_FIELDS` too. A name that the input has gets ``mapped_`` before it. A phrase that means
    nothing has one row with an empty node. Cells of ours that a spreadsheet would run get a ``'``.
    """

    suffix = ".tsv"
    cannot_hold = ("tabs and line ends inside a cell: they become blanks",)

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        writer = Delimited(mappings.source.header, "\t", mappings.reviewed, losses)
        return rendered(writer, mappings)


class CsvExporter(Exporter):
    """As `TsvExporter`, with commas and, where a cell needs them, quotes (RFC 4180, LF)."""

    suffix = ".csv"

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        writer = Delimited(mappings.source.header, ",", mappings.reviewed, losses)
        return rendered(writer, mappings)
