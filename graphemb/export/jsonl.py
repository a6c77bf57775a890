"""JSON lines: an object a phrase."""

from __future__ import annotations

from graphemb.export._rows import JsonLines, rendered
from graphemb.export.base import Exporter, Losses
from graphemb.mappings import MappingSet

__all__ = ["JsonlExporter"]


class JsonlExporter(Exporter):
    """The input's columns and ``candidates``, a list of objects with `graphemb.mappings.FIELDS`.

    Text columns are strings; what was a number, a list or null in JSON lines that came in goes out
    as it was spelt. Where anything was reviewed, candidates have `REVIEW_FIELDS` too, and a
    confirmed no-match stands under ``no_match``.
    """

    suffix = ".jsonl"

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        return rendered(JsonLines(mappings.source.header, mappings.reviewed), mappings)
