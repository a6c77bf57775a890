"""Rewriter: reads lay wording, shorthand and other spellings as the taxonomy's wording."""

from __future__ import annotations

from collections.abc import Sequence

from graphemb.encode import normalise
from graphemb.errors import InputError, shown

__all__ = ["COMPANION", "KINDS", "Rewriter"]

#: The kind of what another vocabulary calls so.
COMPANION = "companion"
KINDS = ("lay", "shorthand", "spelling", "word", COMPANION)


class Rewriter:
    """Replaces known wordings in normalised phrases.

    Parameters
    ----------
    rows : sequence of (phrase, means, kind)
        ``shorthand``, ``spelling`` and ``word`` rows apply wherever their words stand in a
        phrase, and so do ``lay`` rows of several words; a ``lay`` row of one word applies to a
        whole phrase only. A phrase with several rows has several readings. ``companion`` rows
        apply to a whole phrase and are kept apart (`elsewhere`): vocabularies mean the same name a
        little differently.

    Raises
    ------
    InputError
        When a row's kind is unknown or one of its texts is empty.

    Examples
    --------
    >>> Rewriter([("htn", "hypertension", "shorthand")]).readings("htn in pregnancy")
    ['hypertension in pregnancy']

    """

    def __init__(self, rows: Sequence[tuple[str, str, str]], most: int = 3) -> None:
        self.rows = [tuple(row) for row in rows]
        self.most = most
        self._anywhere: dict[str, list[str]] = {}
        self._whole: dict[str, list[str]] = {}
        self._elsewhere: dict[str, list[str]] = {}
        self._longest = 1
        for phrase, means, kind in self.rows:
            source, target = normalise(phrase), normalise(means)
            if kind not in KINDS or not source or not target:
                raise InputError(
                    f"lexicon: a row must be (phrase, means, kind of {', '.join(KINDS)}); "
                    f"got {shown((phrase, means, kind))}."
                )
            if kind == COMPANION:
                self._elsewhere.setdefault(source, []).append(target)
                continue
            self._whole.setdefault(source, []).append(target)
            if kind != "lay" or " " in source:
                self._anywhere.setdefault(source, []).append(target)
                self._longest = max(self._longest, source.count(" ") + 1)

    def knows(self, text: str) -> bool:
        """Return whether a row's phrase is the whole of a normalised text."""
        return text in self._whole

    def elsewhere(self, text: str) -> list[str]:
        """Return what other vocabularies call what they also call `text`."""
        return list(dict.fromkeys(self._elsewhere.get(text, ())))

    def readings(self, text: str) -> list[str]:
        """Return up to `most` other readings of a normalised phrase, the first row's first.

        O(words · longest entry); every position is replaced by its longest match, once.
        """
        if not self._whole:
            return []
        if text in self._whole:
            return list(dict.fromkeys(self._whole[text]))[: self.most]
        tokens = text.split()
        parts: list[list[str]] = []
        at, changed = 0, False
        while at < len(tokens):
            for size in range(min(self._longest, len(tokens) - at), 0, -1):
                found = self._anywhere.get(" ".join(tokens[at : at + size]))
                if found:
                    parts.append(found)
                    at, changed = at + size, True
                    break
            else:
                parts.append([tokens[at]])
                at += 1
        if not changed:
            return []
        several = max(len(part) for part in parts)
        made = (
            " ".join(part[min(i, len(part) - 1)] for part in parts)
            for i in range(min(several, self.most))
        )
        return [reading for reading in dict.fromkeys(made) if reading != text]
