"""PhraseEncoder: the contract of everything that turns phrases into vectors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import InputError, shown
from graphemb.estimator import Estimator

__all__ = ["PhraseEncoder", "checked_phrases"]


def checked_phrases(phrases: Sequence[str], who: str) -> list[str]:
    """Return `phrases` as a list, refusing anything that is not a string by its position."""
    if isinstance(phrases, str):
        raise InputError(f"{who}: needs a sequence of phrases; got one string. Put it in a list.")
    listed = list(phrases)
    for position, phrase in enumerate(listed):
        if not isinstance(phrase, str):
            raise InputError(
                f"{who}: phrases must be strings; number {position} is {shown(phrase)} "
                f"({type(phrase).__name__}). Convert or remove it."
            )
    return listed


class PhraseEncoder(Estimator):
    """Turns phrases into unit vectors; phrases alike in meaning lie close (cosine).

    Subclasses implement `fit` and `vectors`. The order and grouping of phrases in one call never
    changes their vectors.
    """

    @abstractmethod
    def fit(self, phrases: Sequence[str]) -> Self:
        """Learn from phrases and return the encoder."""

    @abstractmethod
    def vectors(self, phrases: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return one float32 row a phrase, shape (n, dim); a phrase without text gives zeros."""

    def encode(self, phrases: Sequence[str]) -> Embedding:
        """Return the vectors keyed by phrase; a phrase that occurs twice is kept once."""
        distinct = list(dict.fromkeys(checked_phrases(phrases, type(self).__name__)))
        return Embedding(distinct, self.vectors(distinct))
