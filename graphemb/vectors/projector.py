"""ProjectorVectors: the two tables that TensorBoard's Embedding Projector shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, Problems
from graphemb.files import atomic_write, read_text
from graphemb.utf8 import utf8_bytes
from graphemb.vectors._escape import LINES, escaped, unescaped
from graphemb.vectors.base import VectorFormat

__all__ = ["ProjectorVectors"]


class ProjectorVectors(VectorFormat):
    """A vector a line, numbers separated by tabs; and the ids beside it, one a line, no header.

    ``vectors.tsv`` has its ids in ``metadata.tsv``, ``NAME.tsv`` in ``NAME.metadata.tsv``. Load
    both at projector.tensorflow.org or in TensorBoard. Tabs, line ends, control characters and
    ``%`` in ids become ``%XX``; reading undoes it.
    """

    suffixes = (".tsv",)

    @staticmethod
    def metadata_of(path: Path) -> Path:
        """Return where the ids of the vectors in `path` are."""
        if path.name == "vectors.tsv":
            return path.with_name("metadata.tsv")
        return path.with_name(f"{path.name.removesuffix('.tsv')}.metadata.tsv")

    def write(self, embedding: Embedding, path: Path) -> None:
        """Write both tables, each atomically, the ids first."""
        with atomic_write(self.metadata_of(path)) as file:
            file.writelines(f"{escaped(key, LINES)}\n".encode() for key in embedding.keys)
        row = "\t".join(["%.9g"] * embedding.dim)
        with atomic_write(path) as file:
            file.writelines(f"{row % tuple(v.tolist())}\n".encode() for v in embedding.vectors)

    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data` and the metadata beside `source`."""
        lines = utf8_bytes(source, data).split(b"\n")
        lines = lines[:-1] if lines and not lines[-1] else lines
        beside = self.metadata_of(Path(source))
        ids = read_text(beside).split("\n")
        keys = [unescaped(key) for key in (ids[:-1] if ids and not ids[-1] else ids)]
        if len(keys) != len(lines):
            raise InputError(
                f"{beside}:{len(keys)}: must have a line for each of the {len(lines):,} vectors "
                f"in {source}; has {len(keys):,}."
            )
        dim = lines[0].count(b"\t") + 1 if lines else 0
        vectors = np.empty((len(lines), dim), np.float32)
        problems = Problems(source)
        for row, line in enumerate(lines):
            try:
                with np.errstate(over="ignore"):  # infinite then, and refused below
                    vectors[row] = [float(x) for x in line.split(b"\t")]
            except ValueError:
                problems.add(row + 1, f"must hold {dim} numbers separated by tabs.")
        problems.raise_if_any()
        return Embedding(keys, vectors)
