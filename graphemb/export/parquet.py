"""Parquet: a row a candidate, typed."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from graphemb.export._rows import columns_of
from graphemb.export.base import Exporter, Losses
from graphemb.mappings import Candidate, MappingSet, Review

__all__ = ["ParquetExporter"]


class ParquetExporter(Exporter):
    """The columns of `TsvExporter`; rank is int32, probability and score are float64.

    Input columns are text, as they were read. Texts of ours are not escaped: a Parquet file is no
    spreadsheet. Pages have checksums. Compression is zstd.
    """

    suffix = ".parquet"

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        reviewed = mappings.reviewed
        source = mappings.source
        rows: list[tuple[Any, ...]] = []
        for position, (_, found) in enumerate(mappings):
            said: list[tuple[Candidate | None, Review]] = [(c, c.review) for c in found]
            for c, review in said or [(None, mappings.no_match.get(position, Review()))]:
                cells = [*map(str, source.rows[position]), *_fields(c)]
                if reviewed:
                    cells += (review.decision, review.relation, review.comment, review.reviewer)
                rows.append(tuple(cells))
        names = columns_of(source.header, reviewed)
        n = len(source.header)
        types = [pa.string()] * len(names)
        types[n], types[n + 3], types[n + 4] = pa.int32(), pa.float64(), pa.float64()
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        arrays = [pa.array(c, t) for c, t in zip(columns, types, strict=True)]
        sink = pa.BufferOutputStream()
        pq.write_table(
            pa.table(arrays, names=names), sink, compression="zstd", write_page_checksum=True
        )
        return bytes(sink.getvalue())


def _fields(c: Candidate | None) -> tuple[Any, ...]:
    if c is None:
        return (1, "", "", 0.0, None, "", "nothing here is likely enough", "")
    return (c.rank, c.node, c.label, c.probability, c.score, c.matched, c.evidence, c.path)
