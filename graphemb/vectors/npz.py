"""NpzVectors: two plain arrays, ids and vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, ParameterError
from graphemb.files import atomic_write
from graphemb.npz import parse_npz, write_npz
from graphemb.vectors.base import VectorFormat, matrix_of

__all__ = ["NpzVectors"]

#: Largest table of ids: numpy gives each id the room of the longest.
_MAX_IDS = 1 << 30


class NpzVectors(VectorFormat):
    """Arrays ``ids`` (text, one an id) and ``vectors`` (float32, (n, dim)), without objects.

    ``numpy.load(path)["vectors"]`` reads it, with no ``allow_pickle``. The archive's CRC finds
    damage. Equal embeddings give equal bytes.
    """

    suffixes = (".npz",)

    def write(self, embedding: Embedding, path: Path) -> None:
        """Write `embedding` to `path`, atomically."""
        longest = max(map(len, embedding.keys), default=1)
        if 4 * longest * len(embedding) > _MAX_IDS:
            raise ParameterError(
                f"NpzVectors: ids must fit a table of 1 GiB; the longest has {longest:,} "
                "characters. Write safetensors or Parquet."
            )
        ids = np.array(embedding.keys, dtype=f"<U{longest}")
        with atomic_write(path) as file:
            write_npz(file, {"ids": ids, "vectors": embedding.vectors})

    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data`."""
        arrays = parse_npz(source, data)
        if not {"ids", "vectors"} <= arrays.keys():
            raise InputError(
                f"{source}: must hold the arrays ids and vectors; "
                f"holds {', '.join(sorted(arrays)) or 'none'}."
            )
        ids = arrays["ids"]
        if ids.ndim != 1 or ids.dtype.kind not in "Uiu":
            raise InputError(f"{source}: ids must be a list of texts; got {ids.dtype}.")
        try:
            keys = [str(key) for key in ids.tolist()]
        except ValueError:
            raise InputError(f"{source}: ids must be text; some are no Unicode.") from None
        return Embedding(keys, matrix_of(source, arrays["vectors"], len(keys)))
