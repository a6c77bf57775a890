"""ParquetVectors: a table of ids and vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, shown
from graphemb.files import atomic_write
from graphemb.registry import imported
from graphemb.vectors.base import VectorFormat, matrix_of

__all__ = ["ParquetVectors"]


class ParquetVectors(VectorFormat):
    """Columns ``id`` (text) and ``vector`` (a list of dim float32 a row).

    pandas gives an array a row (``numpy.stack(frame["vector"])`` is the matrix), polars a column
    of type Array, DuckDB FLOAT[dim]. Pages carry checksums, verified on reading. Needs pyarrow:
    ``pip install 'graphemb[table]'``.
    """

    suffixes = (".parquet", ".pq")

    def write(self, embedding: Embedding, path: Path) -> None:
        """Write `embedding` to `path`, atomically."""
        arrow, parquet = _arrow()
        flat = arrow.array(np.ascontiguousarray(embedding.vectors).ravel())
        vectors = arrow.FixedSizeListArray.from_arrays(flat, max(embedding.dim, 1))
        ids = arrow.array(list(embedding.keys), arrow.large_string())
        table = arrow.table({"id": ids, "vector": vectors})
        with atomic_write(path) as file:
            parquet.write_table(table, file, write_page_checksum=True, use_dictionary=False)

    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data`."""
        arrow, parquet = _arrow()
        try:
            file = parquet.ParquetFile(arrow.BufferReader(data), page_checksum_verification=True)
            table = file.read(columns=["id", "vector"]).combine_chunks()
        except (arrow.ArrowException, OSError) as error:
            raise InputError(
                f"{source}: is a damaged Parquet file ({shown(str(error))}). Write it again."
            ) from None
        if table.column_names != ["id", "vector"]:
            raise InputError(f"{source}: must have the columns id and vector, and no second ones.")
        ids, vectors = table.column("id"), table.column("vector")
        for name, column in (("id", ids), ("vector", vectors)):
            if column.null_count:
                row = column.is_null().to_pylist().index(True) + 1
                raise InputError(f"{source}:{row}: column {name} must have a value in every row.")
        try:
            keys = ids.cast(arrow.large_string()).to_pylist()
        except arrow.ArrowException:
            raise InputError(f"{source}: ids must be text or whole numbers.") from None
        return Embedding(keys, matrix_of(source, _matrix(source, vectors, arrow), len(keys)))


def _matrix(source: str, vectors: Any, arrow: Any) -> Any:
    kind, n = vectors.type, len(vectors)
    lists = arrow.types.is_list(kind) or arrow.types.is_large_list(kind)
    if not (lists or arrow.types.is_fixed_size_list(kind)):
        raise InputError(f"{source}: column vector must hold lists of numbers; it is {kind}.")
    column = vectors.combine_chunks() if n else None
    if column is None:
        return np.empty((0, kind.list_size if not lists else 0), np.float32)
    lengths = arrow.compute.list_value_length(column)
    dim = lengths[0].as_py()
    if arrow.compute.min_max(lengths).as_py() != {"min": dim, "max": dim}:
        raise InputError(f"{source}: vectors must be of one length; they differ.")
    values = column.flatten()
    if not (arrow.types.is_floating(values.type) or arrow.types.is_integer(values.type)):
        raise InputError(f"{source}: vectors must hold numbers; they hold {values.type}.")
    return values.to_numpy(zero_copy_only=False).reshape(n, dim)


def _arrow() -> tuple[Any, Any]:
    who = "Parquet"
    return imported("pyarrow", "table", who), imported("pyarrow.parquet", "table", who)
