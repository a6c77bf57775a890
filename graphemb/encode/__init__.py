"""Phrase encoders: text to vectors. Adding one is a file here and a line in `ENCODERS`."""

from __future__ import annotations

from graphemb.encode._noise import disturb, disturb_all, typo
from graphemb.encode._sparse import CharGrams, SparseRows, WordTerms, group_rows
from graphemb.encode._text import normalise, normalise_all, stem, stems, words
from graphemb.registry import Registry

__all__ = [
    "ENCODERS",
    "CharGrams",
    "SparseRows",
    "WordTerms",
    "disturb",
    "disturb_all",
    "group_rows",
    "normalise",
    "normalise_all",
    "stem",
    "stems",
    "typo",
    "words",
]

ENCODERS = Registry(
    "phrase encoder",
    {
        "contrastive": "graphemb.encode.contrastive:ContrastiveEncoder",
    },
)
