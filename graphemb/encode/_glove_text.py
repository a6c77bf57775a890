"""GloVe's text format: word2vec's without the first line that says how much there is."""

from __future__ import annotations

import warnings

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, Problems, shown
from graphemb.files import MAX_LINE
from graphemb.utf8 import utf8_bytes

__all__ = ["parse_glove"]


def parse_glove(source: str, data: bytes) -> Embedding:
    """Return the words and vectors in `data`: lines ``word x₁ … x_dim``, dim that of the first.

    Blanks in a word are read (the published 840B file has some): the last dim fields of a line
    are its numbers. A word that comes again is dropped, with a warning.

    Raises
    ------
    InputError
        Naming the lines that hold something else.

    """
    lines = utf8_bytes(source, data).split(b"\n")
    lines = lines[:-1] if not lines[-1] else lines
    dim = len(lines[0].split()) - 1 if lines else 0
    if dim < 1:
        first = lines[0][:200].decode("utf-8", "replace") if lines else ""
        raise InputError(f"{source}:1: must hold a word and its numbers; got {shown(first)}.")
    found: dict[str, int] = {}
    vectors = np.empty((len(lines), dim), np.float32)
    problems, again = Problems(source), 0
    for number, line in enumerate(lines, 1):
        key, *fields = line.rstrip(b" \t").rsplit(b" ", dim)
        try:
            if len(fields) != dim or not key or len(line) > 64 * MAX_LINE:
                raise ValueError
            with np.errstate(over="ignore"):  # infinite then, and refused by Embedding
                vectors[len(found)] = [float(x) for x in fields]
        except ValueError:
            problems.add(number, f"must hold a word and {dim} numbers.")
            continue
        word = key.decode()
        again += word in found
        found.setdefault(word, len(found))
    problems.raise_if_any()
    if again:
        warnings.warn(f"{source}: {again} words came again and were dropped.", stacklevel=2)
    return Embedding(list(found), vectors[: len(found)])
