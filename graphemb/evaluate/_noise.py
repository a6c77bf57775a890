"""Disturbed copies of phrases for measuring.

Not the generator that training uses (`graphemb.encode`): a method should not be measured on the
very noise it was taught.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from graphemb.errors import UnknownNameError, nearest, shown
from graphemb.rng import stream

__all__ = ["NOISE", "disturbed"]

Rng = np.random.Generator
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _typo(text: str, rng: Rng) -> str:
    """Replace, drop, insert or swap one character, not the first."""
    if len(text) < 3:
        return text
    at = int(rng.integers(1, len(text) - 1))
    letter = _LETTERS[int(rng.integers(26))]
    return [
        text[:at] + letter + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + letter + text[at:],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
    ][int(rng.integers(4))]


def _typos(text: str, rng: Rng) -> str:
    for _ in range(3):
        text = _typo(text, rng)
    return text


def _order(text: str, rng: Rng) -> str:
    return " ".join(rng.permutation(text.split()).tolist())


def _abbreviation(text: str, rng: Rng) -> str:
    """Cut the longest word to its consonants after the first letter, at most four characters."""
    words = text.split()
    at = max(range(len(words)), key=lambda i: len(words[i]), default=0)
    if not words or len(words[at]) < 6:
        return text
    word = words[at]
    words[at] = (word[0] + "".join(c for c in word[1:] if c.casefold() not in "aeiouy"))[:4]
    return " ".join(words)


def _truncation(text: str, rng: Rng) -> str:
    """Keep the first two thirds, at least four characters."""
    return text[: max(4, round(len(text) * 2 / 3))].rstrip()


NOISE: dict[str, Callable[[str, Rng], str]] = {
    "abbreviation": _abbreviation, "order": _order, "truncation": _truncation,
    "typo": _typo, "typos": _typos,
}  # fmt: skip


def disturbed(phrases: Sequence[str], kind: str, random_state: int = 0) -> list[str]:
    """Return the phrases with one kind of noise; what is too short for it stays as it is.

    ``typo`` one slip, ``typos`` three, ``order`` words shuffled, ``abbreviation`` the longest word
    shortened, ``truncation`` the last third cut. The noise of a phrase depends on its place only.

    Raises
    ------
    UnknownNameError
        When `kind` is none of these.

    Examples
    --------
    >>> disturbed(["chronic kidney disease"], "abbreviation")
    ['chrn kidney disease']

    """
    if kind not in NOISE:
        raise UnknownNameError(
            f"noise: must be one of {', '.join(NOISE)}; got {shown(kind)}.{nearest(kind, NOISE)}"
        )
    return [NOISE[kind](p, stream(random_state, "noise", kind, i)) for i, p in enumerate(phrases)]
