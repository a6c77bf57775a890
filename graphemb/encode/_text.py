"""Text normalisation: what every encoder and retriever does to a phrase first.

The steps: compatibility decomposition (NFKD), accents dropped, case folded, Greek letters spelled,
possessive ``'s`` dropped, everything but letters and digits turned into one blank.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["normalise", "normalise_all", "stem", "stems", "words"]

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "σ": "sigma", "ω": "omega",
}  # fmt: skip
_SPECIAL = str.maketrans(
    _GREEK | {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "’": "'", "‘": "'"}
)
_POSSESSIVE = re.compile(r"'s\b")
_OTHER = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Return `text` folded for comparison: lower case, no accents, words joined by one blank.

    O(length). Text without any letter or digit gives "".

    Examples
    --------
    >>> normalise("  Crohn’s disease—É.R. (β-type) ")
    'crohn disease e r beta type'

    """
    text = text.casefold()
    if not text.isascii():
        text = text.translate(_SPECIAL)
        text = "".join(
            c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)
        )
        text = text.casefold().translate(_SPECIAL)
    if "'" in text:
        text = _POSSESSIVE.sub("", text).replace("'", "")
    return _OTHER.sub(" ", text).strip()


def normalise_all(phrases: Iterable[str]) -> list[str]:
    """Return `normalise` of each phrase."""
    return [normalise(phrase) for phrase in phrases]


def words(normalised: str) -> list[str]:
    """Return the words of an already normalised text."""
    return normalised.split()


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()


@lru_cache(maxsize=1 << 18)
def stem(word: str) -> str:
    """Return the Porter2 stem of a normalised word; words with digits stay as they are."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    return str(_stemmer().stemWord(word))


def stems(normalised: Sequence[str]) -> list[list[str]]:
    """Return the stems of each normalised text."""
    return [[stem(word) for word in text.split()] for text in normalised]
