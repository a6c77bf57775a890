"""Disturbed copies of phrases: what training and tuning use to grow robust against real input."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["KINDS", "disturb", "disturb_all", "typo"]

Rng = np.random.Generator

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
_NEAR = {c: row[max(i - 1, 0) : i + 2].replace(c, "") for row in _ROWS for i, c in enumerate(row)}


def typo(text: str, rng: Rng) -> str:
    """Return `text` with one slip: a swap, a lost, a doubled, a neighbouring or a stray letter."""
    if len(text) < 3:
        return text
    at = int(rng.integers(0, len(text) - 1))
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    near = _NEAR.get(text[at]) or "aeiou"
    letter = near[int(rng.integers(0, len(near)))]
    return text[:at] + letter + text[at + (kind == 2) :]


def _typos(text: str, rng: Rng) -> str:
    for _ in range(int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2]))):
        text = typo(text, rng)
    return text


def _order(text: str, rng: Rng) -> str:
    tokens = text.split()
    if len(tokens) < 2:
        return text
    at = int(rng.integers(1, len(tokens)))
    return " ".join([*tokens[at:], *tokens[:at]])


def _abbreviation(text: str, rng: Rng) -> str:
    """Shorten one long word to its first letters, or a run of words to their initials."""
    tokens = text.split()
    if len(tokens) >= 3 and rng.random() < 0.4:
        n = int(rng.integers(2, min(len(tokens), 4) + 1))
        at = int(rng.integers(0, len(tokens) - n + 1))
        initials = "".join(token[0] for token in tokens[at : at + n])
        return " ".join([*tokens[:at], initials, *tokens[at + n :]])
    long = [i for i, token in enumerate(tokens) if len(token) > 5]
    if not long:
        return text
    at = long[int(rng.integers(0, len(long)))]
    tokens[at] = tokens[at][: int(rng.integers(3, 5))]
    return " ".join(tokens)


def _truncation(text: str, rng: Rng) -> str:
    tokens = text.split()
    if len(tokens) > 2:
        del tokens[int(rng.integers(0, len(tokens)))]
        return " ".join(tokens)
    return text[: max(4, int(len(text) * 0.75))]


KINDS: dict[str, Callable[[str, Rng], str]] = {
    "typos": _typos, "order": _order, "abbreviation": _abbreviation, "truncation": _truncation,
}  # fmt: skip


def disturb(text: str, rng: Rng) -> str:
    """Return a disturbed copy of a normalised text: typos (half of the time) or another kind."""
    kind = str(rng.choice(list(KINDS), p=[0.5, 0.15, 0.2, 0.15]))
    return " ".join(KINDS[kind](text, rng).split()) or text


def disturb_all(texts: Sequence[str], rng: Rng) -> list[str]:
    """Return `disturb` of each text; one generator, so the order of the texts matters."""
    return [disturb(text, rng) for text in texts]
