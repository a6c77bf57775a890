"""SafetensorsVectors: the two arrays of an embedding in one safetensors file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.bundle import pack_strings, unpack_strings
from graphemb.embedding import Embedding
from graphemb.errors import InputError
from graphemb.files import atomic_write, sha256_of
from graphemb.vectors.base import VectorFormat, matrix_of

__all__ = ["SafetensorsVectors"]

_MAX_HEADER = 16 << 20
#: Name of the checksum in the metadata.
_MARK = "graphemb-embedding-sha256"


class SafetensorsVectors(VectorFormat):
    r"""Tensors ``vectors`` (float32, (n, dim)) and ``ids`` (uint8: UTF-8, each id ended by NUL).

    ``bytes(ids).decode().split("\0")[:-1]`` are the ids. The format has no checksum of its own:
    the metadata carries the SHA-256 of ids and vectors, verified on reading where it is there.
    """

    suffixes = (".safetensors",)

    def write(self, embedding: Embedding, path: Path) -> None:
        """Write `embedding` to `path`, atomically."""
        from safetensors.numpy import save

        arrays = {"ids": pack_strings(embedding.keys), "vectors": embedding.vectors}
        about = {_MARK: _checksum(arrays)}  # one entry: the library writes several in any order
        with atomic_write(path) as file:
            file.write(save({k: np.ascontiguousarray(a) for k, a in arrays.items()}, about))

    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data`."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            length = int.from_bytes(data[:8], "little")
            if length > min(_MAX_HEADER, len(data) - 8):
                raise ValueError("the header is longer than the file")
            about = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
            arrays: dict[str, Any] = load(data)
            ids, vectors = arrays["ids"], arrays["vectors"]
        except (SafetensorError, ValueError, AttributeError, RecursionError, TypeError) as error:
            raise InputError(f"{source}: is a damaged safetensors file ({error}).") from None
        except KeyError:
            raise InputError(f"{source}: must hold the tensors ids and vectors.") from None
        if _MARK in about and about[_MARK] != _checksum(arrays):
            raise InputError(f"{source}: has another checksum than when written. Write it again.")
        if ids.dtype != np.uint8 or ids.ndim != 1 or (len(ids) and ids[-1]):
            raise InputError(f"{source}: ids must be UTF-8 bytes, each id ended by NUL.")
        keys = unpack_strings(ids)
        return Embedding(keys, matrix_of(source, vectors, len(keys)))


def _checksum(arrays: dict[str, Any]) -> str:
    return sha256_of(arrays["ids"].tobytes() + np.ascontiguousarray(arrays["vectors"]).tobytes())
