"""Abbreviations: reads initials, numbered short forms and numerals as the names they stand for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from graphemb.encode import normalise
from graphemb.map.names import NameTable

__all__ = ["Abbreviations"]

Array = np.ndarray[Any, Any]

#: Letters of initials; those of fewer stand for too much.
SHORTEST, LONGEST = 3, 10
#: Words that initials may leave out.
_SMALL = frozenset("a an and at by due for from in of on or the to with".split())  # noqa: SIM905
_KIND = _SMALL | {"disease", "disorder", "type"}
_LEFT_OUT = (frozenset[str](), _SMALL, _KIND, _KIND | {"syndrome"}, frozenset({"syndrome"}))
#: Signs of a name whose words do not stand in the order in which they are said.
_BROKEN = re.compile(r"[,;:/()\[\]]")
#: How much a reading counts at most; and how many of the unknown words in capitals are meant as
#: the initials of a name (of 590 of DOID's held-out synonyms one in three).
SURE, MEANT = 0.97, 0.33
#: Initials of which each name weighs less are chance and stand for nothing.
LEAST = 0.2
#: Other readings that a phrase may have, and names that initials may stand for.
MOST = 3
_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN = {str(n): n // 10 * "x" + _UNITS[n % 10] for n in range(1, 40)}
_ARABIC = {roman: arabic for arabic, roman in _ROMAN.items()}
_NUMBERED = re.compile(r"(\d{1,2}|[ivx]{1,6})([a-z]?)")


def _numbers(word: str) -> list[str]:
    """Return the ways to write a word that numbers a series; none if it does not (4, 2b, iv, c)."""
    if split := _NUMBERED.fullmatch(word):
        number, letter = split.groups()
        if other := _ROMAN.get(number) or _ARABIC.get(number):
            return [word, other + letter]
    numbers = len(word) == 1 or word[:1].isdigit() or word[-1:].isdigit()
    return [word] if numbers and len(word) <= 4 else []


def _initials(words: list[str]) -> set[str]:
    """Return the initials of a name, numbers in full, with and without words of little weight."""
    found = set()
    for left_out in _LEFT_OUT:
        kept = [word if word[0].isdigit() else word[0] for word in words if word not in left_out]
        key = "".join(kept)
        if len(kept) > 2 and SHORTEST <= len(key) <= LONGEST:
            found.add(key)
    return found


class Abbreviations:
    """Reads words that no name holds as abbreviations of names.

    *Initials*: a word with two capitals or more, three letters or more, that spells the first
    letters of a name in running order ("COPD"). *Series*: a short form with a number behind it
    whose meaning other nodes tell ("SCA17", if some node is both "SCA2" and "spinocerebellar
    ataxia 2"), where that meaning with that number is a name. *Numerals*: what is a name once a
    number is written in Roman or Arabic instead.

    Parameters
    ----------
    names : NameTable

    Examples
    --------
    >>> from graphemb.map.names import LABEL, SYNONYM, Name
    >>> texts = [("chronic obstructive pulmonary disease", 0, LABEL), ("ataxia type 2", 1, LABEL),
    ...          ("AX2", 1, SYNONYM), ("ataxia type 17", 2, LABEL)]
    >>> short = Abbreviations(NameTable.of([Name(*text) for text in texts], 3))
    >>> short.readings("COPD in old age")
    [('chronic obstructive pulmonary disease in old age', 0.9692)]
    >>> short.readings("AX17")
    [('ataxia type 17', 0.97)]

    """

    def __init__(self, names: NameTable) -> None:
        self.names = names

    def readings(self, phrase: str, allowed: Array | None = None) -> list[tuple[str, float]]:
        """Return up to `MOST` (normalised text, weight) of a phrase as typed, best first.

        Of initials of k letters that n names have, each weighs ``SURE / (n + λ (1 − a) / a)``:
        of unknown words in capitals a share a = `MEANT` is meant so, and of the others the letters
        are random: λ = (names with k initials) · ∏ (share of each letter) names are expected to
        have them by chance. Capitals say nothing in a phrase all in capitals: of several words
        only series are read then.

        Parameters
        ----------
        phrase : str
        allowed : bool (n_nodes,), optional
            Nodes that initials may stand for.

        Notes
        -----
        The tables are made when the first unknown word with capitals or digits is met: O(words of
        all names). A phrase costs O(words).

        """
        if text := self._renumbered(normalise(phrase).split()):
            return [(text, SURE)]
        several = len(phrase.split()) > 1
        cased = not several or any(c.islower() for c in phrase)
        parts: list[list[tuple[str, float]]] = []
        for raw in phrase.split():
            words = normalise(raw).split()
            marked = cased and sum(c.isupper() for c in raw) > 1
            parts.extend(self._read(words, marked, allowed))
        n = min(MOST, max((len(part) for part in parts), default=0))
        if all(part[0][1] == 1.0 for part in parts):
            return []
        chosen = [[part[min(i, len(part) - 1)] for part in parts] for i in range(n)]
        return [(" ".join(t for t, _ in row), min(w for _, w in row)) for row in chosen]

    def _read(
        self, words: list[str], marked: bool, allowed: Array | None
    ) -> Iterator[list[tuple[str, float]]]:
        """Yield the readings of what one typed word was normalised to; 1.0 weighs the unread."""
        short = [w for w in words if (marked or any(c.isdigit() for c in w)) and len(w) <= LONGEST]
        if not short or all(word in self._words for word in words):
            yield from ([(word, 1.0)] for word in words)
            return
        read = {w: found for w in short if w not in self._words and (found := self._series(w))}
        joined = "".join(words)
        able = not read and marked and joined not in self._words
        if able and (found := self._of_initials(joined, allowed)):
            yield found
            return
        yield from (read.get(word, [(word, 1.0)]) for word in words)

    def _of_initials(self, letters: str, allowed: Array | None) -> list[tuple[str, float]]:
        """Return the names with these initials, of each node the first, if they are few."""
        rows: dict[int, int] = {}
        for row in self._by_initials.get(letters, ()):
            owner = int(self.names.owners[row])
            if allowed is None or allowed[owner]:
                rows.setdefault(owner, row)
        if not 0 < len(rows) <= MOST:
            return []
        of_length, share = self._chances
        by_chance = of_length[len(letters)] * prod(share[c] for c in letters)
        texts = dict.fromkeys(self.names.normalised[row] for row in rows.values())
        weight = SURE / (len(texts) + by_chance * (1.0 - MEANT) / MEANT)
        return [(text, round(weight, 4)) for text in texts] if weight >= LEAST else []

    def _renumbered(self, words: list[str]) -> str:
        """Return the name that the words are with one number written otherwise, or ''."""
        other = [(i, number) for i, word in enumerate(words) for number in _numbers(word)[1:]]
        if len(words) > 1 and other and " ".join(words) not in self._texts:
            for i, number in other:
                text = " ".join([*words[:i], number, *words[i + 1 :]])
                if text in self._texts:
                    return text
        return ""

    def _series(self, word: str) -> list[tuple[str, float]]:
        """Return what a short form with a number behind it stands for, if that is a name."""
        for cut in range(len(word) - 1, 1, -1):
            ranked = self._meanings.get(word[:cut], Counter()).most_common()
            told = [meaning for meaning, count in ranked if 4 * count >= ranked[0][1]]
            made = [f"{meaning} {number}" for meaning in told for number in _numbers(word[cut:])]
            if found := [text for text in made if text in self._texts][:MOST]:
                return [(text, SURE / len(found)) for text in found]
        return []

    @cached_property
    def _named(self) -> list[int]:
        """Rows of names that are no ids."""
        nameless, owners = self.names.nameless, self.names.owners
        return list(range(len(owners)) if nameless is None else np.flatnonzero(~nameless[owners]))

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(self.names.normalised[row] for row in self._named)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for text in self._texts for word in text.split())

    @cached_property
    def _by_initials(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for row in self._named:
            if not _BROKEN.search(self.names.texts[row]):
                for key in _initials(self.names.normalised[row].split()):
                    found[key].append(row)
        return dict(found)

    @cached_property
    def _chances(self) -> tuple[Counter[int], dict[str, float]]:
        """Count initials by length, one of a node; and return the share of each letter in them."""
        of_length: Counter[int] = Counter()
        letters: Counter[str] = Counter()
        for key, rows in self._by_initials.items():
            n = len(set(self.names.owners[rows].tolist()))
            of_length[len(key)] += n
            for letter in key:
                letters[letter] += n
        total = letters.total() or 1
        return of_length, {letter: n / total for letter, n in letters.items()}

    @cached_property
    def _meanings(self) -> dict[str, Counter[str]]:
        """Count by short form the nodes that give it each meaning, both without their number."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        by_node: dict[int, list[str]] = defaultdict(list)
        for row in self._named:
            by_node[int(self.names.owners[row])].append(self.names.normalised[row])
        for texts in by_node.values():
            for short, meaning in set(_pairs(texts)) if len(texts) > 1 else ():
                found[short][meaning] += 1
        return dict(found)


def _pairs(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (short form, meaning) of one node's names, the number they end with taken off."""
    split = [text.split() for text in texts]
    shorts = [words[0] for words in split if len(words) == 1]
    shorts += ["".join(words) for words in split if len(words) == 2 and _numbers(words[1])]
    for *meaning, last in split:
        for number in _numbers(last) if meaning else ():
            for short in shorts:
                rest = short.removesuffix(number)
                if 2 <= len(rest) < len(short) and rest != "".join(meaning):
                    yield rest, " ".join(meaning)
