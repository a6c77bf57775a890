"""ParquetGraphLoader: a table of edges in Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb.errors import InputError, shown
from graphemb.graph import Graph
from graphemb.load._edges import EdgeDraft, GraphLoader, named_columns
from graphemb.load.base import Notes
from graphemb.registry import imported

__all__ = ["ParquetGraphLoader"]


class ParquetGraphLoader(GraphLoader):
    """Reads the columns source, target and, where it is there, weight.

    Ids are text or whole numbers (read as text); a missing one is refused, naming its row. Row
    numbers in messages count from 1.

    Parameters
    ----------
    columns : sequence of str, optional
        Names of the columns of the two ends and, if there is a third, of the weight.

    Notes
    -----
    Checksums of pages are verified where the file has them. Needs pyarrow:
    ``pip install 'graphemb[table]'``. Time O(m).

    """

    suffixes = (".parquet", ".pq")
    magic = (b"PAR1",)

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self.columns = columns

    def read(
        self, source: str, data: bytes, directed: bool | None, weighted: bool
    ) -> tuple[Graph, Notes]:
        """Return the graph in the table `data` and the warnings."""
        arrow = imported("pyarrow", "table", "Parquet")
        imported("pyarrow.parquet", "table", "Parquet")
        draft = EdgeDraft(source)
        try:
            file = arrow.parquet.ParquetFile(
                arrow.BufferReader(data), page_checksum_verification=True
            )
            columns = self._columns(source, file.schema_arrow, arrow, weighted)
            for batch in file.iter_batches(batch_size=1 << 18, columns=columns):
                _add(draft, batch, columns, arrow)
        except (arrow.ArrowException, OSError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"{source}: is a damaged Parquet file ({shown(str(error))}). Fetch it again."
            ) from None
        if not draft.n_edges and not len(draft.problems):
            raise InputError(f"{source}: must hold at least one edge; the table is empty.")
        names: Any = list(draft.index)
        return draft.finish(names, bool(directed))

    def _columns(self, source: str, schema: Any, arrow: Any, weighted: bool) -> list[str]:
        columns = named_columns(self.columns)
        if not weighted or (self.columns is None and "weight" not in schema.names):
            columns = columns[:2]
        for name in columns:
            if schema.names.count(name) != 1:
                raise InputError(
                    f"{source}: must have one column {shown(name)}; has "
                    f"{', '.join(map(shown, schema.names[:20]))}. Rename it, or name the columns: "
                    "columns=(…, …)"
                )
        types = arrow.types
        for name in columns[:2]:
            kind = schema.field(name).type
            kind = kind.value_type if types.is_dictionary(kind) else kind
            text = types.is_string(kind) or types.is_large_string(kind)
            if not (text or types.is_integer(kind)):
                raise InputError(
                    f"{source}: column {shown(name)} must hold text or whole numbers; "
                    f"it is of type {kind}. Convert it."
                )
        return columns


def _add(draft: EdgeDraft, batch: Any, columns: list[str], arrow: Any) -> None:
    first = draft.n_edges + 1
    ends = [batch.column(name).cast(arrow.string()) for name in columns[:2]]
    fine = True
    for name, column in zip(columns, ends, strict=False):
        empty = arrow.compute.equal(column, "").fill_null(True).to_numpy(zero_copy_only=False)
        for at in np.flatnonzero(empty):
            fine = False
            draft.problems.add(first + int(at), f"column {shown(name)}: an id is missing.")
    weights = None
    if len(columns) > 2:
        kind = batch.column(columns[2]).type
        if not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind)):
            raise InputError(
                f"{draft.source}: column {shown(columns[2])} must hold numbers; it is {kind}."
            )
        column = batch.column(columns[2])
        weights = column.cast(arrow.float64()).to_numpy(zero_copy_only=False)  # null: NaN, refused
    if not fine:
        return
    ids: list[str] = [""] * (2 * len(batch))
    ids[0::2], ids[1::2] = ends[0].to_pylist(), ends[1].to_pylist()
    draft.add(ids, weights, first)
