"""WordLlamaEncoder: general English, out of a pip package that carries its weights."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np

from graphemb.encode._text import normalise_all
from graphemb.encode.base import PhraseEncoder, checked_phrases
from graphemb.errors import InputError, MissingPackageError
from graphemb.files import read_bytes
from graphemb.registry import imported

__all__ = ["WordLlamaEncoder"]

Array = np.ndarray[Any, Any]

_WEIGHTS = ("weights", "l2_supercat_256.safetensors")
_TOKENIZER = ("tokenizers", "l2_supercat_tokenizer_config.json")
#: Distinct words whose tokens are remembered; further ones are cut anew each time.
_REMEMBERED = 1 << 17


class WordLlamaEncoder(PhraseEncoder):
    """Mean of the token vectors of a phrase, scaled to unit length.

    ::

        z = normalise(Σ_t E[t] / n)        t over the n sub-word tokens of the normalised phrase

    E (32,000, 256) are token embeddings of a large language model, retrained for this pooling by
    the authors of WordLlama (github.com/dleemiller/WordLlama, MIT) and part of their wheel: what
    is general knowledge of words here comes with pip, without a download at run time. Nothing is
    learned in `fit`. Of the package only the two data files are read: importing it would configure
    logging.

    Attributes
    ----------
    table_ : float16 (n_tokens, 256)
    digest_ : bytes
        SHA-256 of the weights: a model that was trained with others must not be mixed with these.

    Raises
    ------
    MissingPackageError
        On `fit`, without the extra ``graphemb[general]``.

    Notes
    -----
    About 30,000 phrases a second and core; 16 MB; O(n tokens · 256). English only.

    """

    def __init__(self) -> None:
        pass

    @staticmethod
    def available() -> bool:
        """Return whether the package that carries the weights is installed."""
        return find_spec("wordllama") is not None and find_spec("tokenizers") is not None

    def fit(self, phrases: Sequence[str] = ()) -> Self:
        """Read the weights; `phrases` are not looked at."""
        from safetensors.numpy import load

        spec = find_spec("wordllama")
        if spec is None or not spec.submodule_search_locations:
            raise MissingPackageError(
                "WordLlamaEncoder: needs the package 'wordllama', which is not installed. "
                "Run: pip install 'graphemb[general]'"
            )
        folder = Path(spec.submodule_search_locations[0])
        # Words are cut one at a time: a pool of threads would only be in the way of forks.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        tokenizers = imported("tokenizers", "general", "WordLlamaEncoder")
        weights, tokenizer = folder.joinpath(*_WEIGHTS), folder.joinpath(*_TOKENIZER)
        for file in (weights, tokenizer):
            if not file.is_file():
                raise InputError(
                    f"WordLlamaEncoder: {file} is not there: this wordllama is of another version "
                    "than graphemb knows. Run: pip install 'wordllama==0.4.*'"
                )
        data = read_bytes(weights)
        self.digest_ = hashlib.sha256(data).digest()
        self.table_: Array = next(iter(load(data).values()))
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokens: dict[str, list[int]] = {}
        return self

    def vectors(self, phrases: Sequence[str]) -> Array:
        """Return unit float32 rows (n, 256); a phrase without letters or digits gives zeros."""
        return self.vectors_of_normalised(normalise_all(checked_phrases(phrases, "encode")))

    def vectors_of_normalised(self, texts: Sequence[str]) -> Array:
        """Return `vectors` of texts that went through ``normalise`` already."""
        table = self._fitted("table_")
        tokens: list[int] = []
        counts = np.zeros(len(texts), np.int64)
        for row, text in enumerate(texts):
            before = len(tokens)
            for word in text.split():
                tokens += self._cut(word)
            counts[row] = len(tokens) - before
        out = np.zeros((len(texts), table.shape[1]), np.float32)
        filled = counts > 0
        if filled.any():
            starts = (np.cumsum(counts) - counts)[filled]
            out[filled] = np.add.reduceat(table[tokens].astype(np.float32), starts, axis=0)
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out / np.maximum(norms, 1e-9), np.float32)

    def _cut(self, word: str) -> list[int]:
        """Return the token rows of a word; no token reaches over a blank."""
        found = self._tokens.get(word)
        if found is None:
            ids = self._tokenizer.encode(word, add_special_tokens=False).ids
            found = [token for token in ids if token < len(self.table_)]
            if len(self._tokens) < _REMEMBERED:
                self._tokens[word] = found
        return found
