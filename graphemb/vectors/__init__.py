"""Vector formats: embeddings to files of other programs, and back.

Adding one is a file here and a line in `VECTOR_FORMATS`.
"""

from __future__ import annotations

from pathlib import Path

from graphemb.embedding import Embedding
from graphemb.errors import InputError, ParameterError, StorageError
from graphemb.files import read_bytes
from graphemb.registry import Registry
from graphemb.vectors.base import VectorFormat

__all__ = ["VECTOR_FORMATS", "format_of", "load_embedding", "write_embedding"]

VECTOR_FORMATS = Registry(
    "vector format",
    {
        "npz": "graphemb.vectors.npz:NpzVectors",
        "parquet": "graphemb.vectors.parquet:ParquetVectors",
        "projector": "graphemb.vectors.projector:ProjectorVectors",
        "safetensors": "graphemb.vectors.safetensors:SafetensorsVectors",
        "word2vec": "graphemb.vectors.word2vec:Word2vecVectors",
        "word2vec-binary": "graphemb.vectors.word2vec:Word2vecBinaryVectors",
    },
    extras={"parquet": "table"},
)


def format_of(path: str | Path) -> str:
    """Return the name of the format that the ending of `path` stands for.

    Examples
    --------
    >>> format_of("out/nodes.npz"), format_of("nodes.bin")
    ('npz', 'word2vec-binary')

    """
    ending = Path(path).suffix.lower()
    endings: dict[str, str] = {}
    for name in VECTOR_FORMATS:
        kind: type[VectorFormat] = VECTOR_FORMATS[name]
        endings |= dict.fromkeys(kind.suffixes, name)
    try:
        return endings[ending]
    except KeyError:
        raise ParameterError(
            f"{path}: must end in one of {', '.join(sorted(endings))}. Rename it, or name the "
            f"format: {', '.join(VECTOR_FORMATS)}."
        ) from None


def write_embedding(
    embedding: Embedding,
    path: str | Path,
    format: str | None = None,  # noqa: A002
) -> None:
    """Write `embedding` to the file `path`; the file is there whole or not at all.

    Parameters
    ----------
    embedding : Embedding
    path : str or Path
    format : {"npz", "parquet", "projector", "safetensors", "word2vec", "word2vec-binary"}, optional
        Found from the ending when left out: .npz, .parquet, .safetensors, .txt and .vec (word2vec
        text), .bin (word2vec binary), .tsv (projector).

    Raises
    ------
    ParameterError
        When the format cannot hold an id, or the ending names no format.
    StorageError
        When `path` is a folder or cannot be written.
    MissingPackageError

    Examples
    --------
    >>> import tempfile
    >>> vectors = Embedding(["my node", "ü"], [[1.0, 2.0], [3.0, 4.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_embedding(vectors, f"{folder}/nodes.vec")
    ...     load_embedding(f"{folder}/nodes.vec").keys
    ('my node', 'ü')

    """
    if Path(path).is_dir():
        raise StorageError(f"{path}: is a folder; the output must be a file. Name one in it.")
    kind: VectorFormat = VECTOR_FORMATS[format or format_of(path)]()
    for key in embedding.keys:
        kind.check(key)
    kind.write(embedding, Path(path))


def load_embedding(path: str | Path, format: str | None = None) -> Embedding:  # noqa: A002
    """Return the embedding that `write_embedding`, or another program, wrote to `path`.

    A folder is read as `Embedding.save` wrote it.

    Raises
    ------
    MissingInputError
    InputError
        When the file is cut, damaged or holds something else, with the place where known.

    """
    if Path(path).is_dir():
        return Embedding.load(path)
    kind: VectorFormat = VECTOR_FORMATS[format or format_of(path)]()
    data = read_bytes(path, zipped=True)
    try:
        return kind.parse(str(path), data)
    except ParameterError as error:  # keys that come twice, values that are not finite
        raise InputError(f"{path}: {error}") from None
