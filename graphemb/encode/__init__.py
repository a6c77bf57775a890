"""Phrase encoders: text to vectors. Adding one is a file here and a line in `ENCODERS`."""

from __future__ import annotations

from graphemb.encode._noise import disturb, disturb_all, typo
from graphemb.encode._sentences import TextLines
from graphemb.encode._sparse import CharGrams, SparseRows, WordTerms, group_rows
from graphemb.encode._text import normalise, normalise_all, stem, stems, words
from graphemb.encode._word_vectors import WordVectors, load_word_vectors
from graphemb.registry import Registry

__all__ = [
    "ENCODERS",
    "CharGrams",
    "SparseRows",
    "TextLines",
    "WordTerms",
    "WordVectors",
    "disturb",
    "disturb_all",
    "group_rows",
    "load_word_vectors",
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
        "fasttext": "graphemb.encode.fasttext:FastTextEncoder",
        "glove": "graphemb.encode.glove:GloVeEncoder",
        "pretrained": "graphemb.encode.pretrained:PretrainedEncoder",
        "word2vec": "graphemb.encode.word2vec:Word2VecEncoder",
        "wordllama": "graphemb.encode.wordllama:WordLlamaEncoder",
    },
    extras={"wordllama": "general"},
)
