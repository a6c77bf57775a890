"""Word2vec's text and binary formats, with ids that survive them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, Problems, shown
from graphemb.files import MAX_LINE, atomic_write
from graphemb.utf8 import utf8_bytes
from graphemb.vectors._escape import escaped, unescaped
from graphemb.vectors.base import VectorFormat

__all__ = ["Word2vecBinaryVectors", "Word2vecVectors"]

Array = np.ndarray[Any, Any]


class Word2vecVectors(VectorFormat):
    """Text: a line ``n dim``, then a line ``id x₁ … x_dim`` a node, separated by blanks.

    Blanks, control characters and ``%`` in an id become ``%XX``, the bytes of their UTF-8 (``my
    node`` is ``my%20node``), so that gensim and others read as many ids as there are; reading
    here undoes it. Numbers have nine significant digits: float32 comes back bit for bit.

    Parameters
    ----------
    unescape : bool
        Whether reading turns ``%XX`` back; False for files of programs that do not write it.

    """

    suffixes = (".txt", ".vec", ".emb")

    def __init__(self, unescape: bool = True) -> None:
        self.unescape = unescape

    def write(self, embedding: Embedding, path: Path) -> None:
        """Write `embedding` to `path`, atomically."""
        row = " ".join(["%.9g"] * embedding.dim)
        with atomic_write(path) as file:
            file.write(f"{len(embedding)} {embedding.dim}\n".encode())
            for key, vector in zip(embedding.keys, embedding.vectors, strict=True):
                file.write(f"{escaped(key)} {row % tuple(vector.tolist())}\n".encode())

    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data`."""
        content = utf8_bytes(source, data)
        n, dim, start = _head(source, content)
        keys: list[str] = []
        vectors = np.empty((n, dim), np.float32)
        problems = Problems(source)
        for number, line in _lines(content, start):
            if len(keys) == n:
                problems.add(number, f"must end after {n:,} vectors, as the first line says.")
                break
            key, *fields = line.rstrip(b" \t").split(b" ") if len(line) <= 64 * MAX_LINE else [b""]
            if len(fields) != dim or not key:
                problems.add(number, f"must hold an id and {dim} numbers; holds {len(fields)}.")
                keys.append("")
                continue
            keys.append(unescaped(key.decode()) if self.unescape else key.decode())
            try:
                with np.errstate(over="ignore"):  # infinite then, and refused below
                    vectors[len(keys) - 1] = [float(x) for x in fields]
            except ValueError:
                wrong = next(x.decode() for x in fields if not _is_number(x))
                problems.add(number, f"must hold numbers; got {shown(wrong)}.")
        if len(keys) < n and not len(problems):
            problems.add(len(keys) + 2, f"must be followed by {n:,} vectors; the file is cut.")
        problems.raise_if_any()
        return Embedding(keys, vectors)


class Word2vecBinaryVectors(VectorFormat):
    """Binary: a line ``n dim``, then ``id``, a blank and dim little-endian float32 a node.

    Ids are escaped as in the text format; nothing separates one vector from the next id.

    Parameters
    ----------
    unescape : bool
        Whether reading turns ``%XX`` back; False for files of programs that do not write it.

    """

    suffixes = (".bin",)

    def __init__(self, unescape: bool = True) -> None:
        self.unescape = unescape

    def write(self, embedding: Embedding, path: Path) -> None:
        """Write `embedding` to `path`, atomically."""
        with atomic_write(path) as file:
            file.write(f"{len(embedding)} {embedding.dim}\n".encode())
            for key, vector in zip(embedding.keys, embedding.vectors, strict=True):
                file.write(f"{escaped(key)} ".encode() + vector.astype("<f4").tobytes())

    def parse(self, source: str, data: bytes) -> Embedding:
        """Return the embedding in `data`."""
        n, dim, at = _head(source, data)
        size = 4 * dim
        keys = []
        vectors = np.empty((n, dim), np.float32)
        for row in range(n):
            while data[at : at + 1] == b"\n":  # the original program ends vectors with a newline
                at += 1
            blank = data.find(b" ", at, at + MAX_LINE)
            if blank <= at or blank + 1 + size > len(data):
                raise InputError(
                    f"{source}: vector {row + 1:,} of {n:,} must be there; the file is cut or "
                    f"damaged at byte {at:,}."
                )
            try:
                key = data[at:blank].decode("utf-8")
            except UnicodeDecodeError:
                raise InputError(
                    f"{source}: the id of vector {row + 1:,}, at byte {at:,}, must be UTF-8."
                ) from None
            keys.append(unescaped(key) if self.unescape else key)
            vectors[row] = np.frombuffer(data, "<f4", dim, blank + 1)
            at = blank + 1 + size
        if data[at:].strip(b"\n"):
            raise InputError(f"{source}: must end at byte {at:,}, after {n:,} vectors; it goes on.")
        return Embedding(keys, vectors)


def _head(source: str, content: bytes) -> tuple[int, int, int]:
    """Return n, dim and where the vectors begin, when a file of this size can hold them."""
    first, newline, _ = content[:64].partition(b"\n")
    numbers = first.split()
    if not newline or len(numbers) != 2 or not all(x.isdigit() for x in numbers):
        raise InputError(
            f"{source}:1: must give the number of vectors and their length; "
            f"got {shown(first.decode('utf-8', 'replace'))}."
        )
    n, dim = map(int, numbers)
    if n * max(2 * dim, 1) > len(content):
        raise InputError(
            f"{source}:1: cannot hold {n:,} vectors of {dim:,} numbers in {len(content):,} bytes. "
            "The file may be cut."
        )
    return n, dim, len(first) + 1


def _lines(content: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    number = 2
    while start < len(content):
        stop = content.find(b"\n", start)
        stop = len(content) if stop < 0 else stop
        if stop > start:
            yield number, content[start:stop]
        start, number = stop + 1, number + 1


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
