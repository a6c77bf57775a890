"""Abbreviations: reads initials, numbered short forms and numerals as the names they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from graphemb.encode import normalise
from graphemb.map._short_forms import LONGEST, ShortForms, numbers_of
from graphemb.map.names import NameTable
from graphemb.map.retrieve import ExactDictionary
from graphemb.mappings import Candidate

__all__ = [
    "FOREIGN", "GUESSES", "LEXICON", "MOST_WORDS", "NUMERALS", "SHORT", "Abbreviations", "Wording",
    "is_guess",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: How a wording came about, '' being as typed; and how evidence puts those that are guesses.
LEXICON, NUMERALS = "by the lexicon", "in other numerals"
SHORT, FOREIGN = "as a short form", "by another vocabulary"
GUESSES = {SHORT: "short for", FOREIGN: "elsewhere called"}
#: How much a reading counts at most; and how many of the unknown words in capitals are meant as
#: the initials of a name: of 590 that are a whole synonym of DOID's one in three. Among other words
#: (“see ENT”) most are about something else; set by hand.
SURE, MEANT, MEANT_AMONG = 0.97, 0.33, 0.1
#: How much rarer initials are meant loosely; and letters of these, fewer say too little.
LOOSELY, FEWEST_LOOSE = 0.15, 4
#: Initials of which each name weighs less are chance and stand for nothing.
LEAST = 0.2
#: Other readings that a phrase may have, and names that one short form may stand for.
MOST = 3
#: Words of a phrase beyond this many are not read.
MOST_WORDS = 64
#: What stands before a number of one letter, which may else be a letter (“chromosome X”).
_NUMBERED = frozenset(
    ["class", "degree", "disease", "factor", "form", "grade", "group", "level", "phase", "stage",
     "syndrome", "type"]
)  # fmt: skip
_BETWEEN = re.compile(r"[\s/,;&+()]+")


class Wording(NamedTuple):
    """A normalised text that a phrase may mean, how much it counts in (0, 1], and how it came."""

    text: str
    weight: float
    how: str


def is_guess(candidate: Candidate) -> bool:
    """Return whether an answer is of a wording that may be meant, and weighs accordingly."""
    return candidate.evidence.startswith(tuple(f"{said} " for said in GUESSES.values()))


#: A typed word as its normalised words, and the other ways to read it.
_Part = tuple[str, list[Wording]]


class Abbreviations:
    """Reads words that no name holds as abbreviations of names.

    *Initials*: a word with two capitals or more, three letters or more, that spells the first
    letters of a name in running order ("COPD"); of four letters or more also more loosely, with a
    word left out or with letters inside words ("ALSFTD"). *Series*: a short form with a number
    behind it whose meaning other nodes tell ("SCA17", if some node is both "SCA2" and
    "spinocerebellar ataxia 2"), where that meaning with that number is a name. *Numerals*: what is
    a name once a number is written in Roman or Arabic instead.

    Parameters
    ----------
    names : NameTable
    exact : ExactDictionary, optional
        That of `names`, where there is one already.

    Examples
    --------
    >>> from graphemb.map.names import LABEL, SYNONYM, Name
    >>> texts = [("chronic obstructive pulmonary disease", 0, LABEL), ("ataxia type 2", 1, LABEL),
    ...          ("AX2", 1, SYNONYM), ("ataxia type 17", 2, LABEL)]
    >>> short = Abbreviations(NameTable.of([Name(*text) for text in texts], 3))
    >>> short.readings("COPD in old age")[0].text
    'chronic obstructive pulmonary disease in old age'
    >>> short.readings("AX17")
    [Wording(text='ataxia type 17', weight=0.97, how='as a short form')]

    """

    def __init__(self, names: NameTable, exact: ExactDictionary | None = None) -> None:
        self.names, self.forms = names, ShortForms(names, exact)

    def readings(self, phrase: str, allowed: Array | None = None) -> list[Wording]:
        """Return up to `MOST` readings of a phrase as typed, none of them the phrase itself.

        Numerals weigh `SURE`, and a series with n meanings ``SURE / n`` each. Of initials that n
        names have, each weighs ``SURE / (n + λ (1 − a) / a)``: of unknown words in capitals a share
        a = `MEANT` is meant so, of those among other words `MEANT_AMONG`, and of the rest the
        letters are random: λ = (nodes with k initials) · ∏ (share of each letter) nodes are
        expected to have them by chance. Loose initials are meant `LOOSELY` · a; chance is that of
        `ShortForms.loosely`. Several short forms in one phrase weigh their product.

        Capitals say nothing in a phrase of several words that is all in capitals: only series and
        numerals are read then.

        Parameters
        ----------
        phrase : str
        allowed : bool (n_nodes,), optional
            Nodes that a short form may stand for.

        Notes
        -----
        The tables are made when the first unknown word with capitals or digits is met. A phrase
        costs O(words · its numbers), and what `ShortForms.loosely` costs for each word in capitals
        that neither a name holds nor has as initials.

        """
        typed, words = _read_words(phrase)
        flat = [word for part in words for word in part]
        if text := self._renumbered(flat, allowed):
            return [Wording(text, SURE, NUMERALS)]
        cased = len(typed) == 1 or any(c.isalpha() and not c.isupper() for c in phrase)
        parts: list[_Part] = []
        read: dict[str, list[Wording]] = {}  # a word that comes again is read once
        for raw, part in zip(typed, words, strict=True):
            if raw not in read:
                marked = cased and sum(c.isupper() for c in raw) > 1
                meant = (MEANT_AMONG if len(typed) > 1 else MEANT) if marked else 0.0
                read[raw] = self._read(part, meant, allowed)
            parts.append((" ".join(part), read[raw]))
        return _combined(parts, " ".join(flat))

    def meant(self, texts: Sequence[str], allowed: Array | None = None) -> list[str]:
        """Return the names among `texts`, one a node, if they are of few nodes; else none."""
        return _few(((node, text) for text in texts for node in self.forms.owners(text)), allowed)

    def _read(self, words: list[str], meant: float, allowed: Array | None) -> list[Wording]:
        """Return what one typed word may stand for, which was normalised to `words`.

        `meant` is how likely it is meant as initials.
        """
        joined = "".join(words)
        if not meant and not any(c.isdigit() for c in joined):
            return []
        known = self.forms.words
        spelled = len(words) > 1 and all(len(word) == 1 for word in words)  # C.O.P.D.
        if joined in known or (not spelled and all(word in known for word in words)):
            return []
        if len(joined) <= LONGEST:
            found = self._series(joined, allowed)
            if found or (meant and (found := self._initials(joined, meant, allowed))):
                return found
        for i, word in enumerate(words if len(words) > 1 else ()):
            if word not in known and len(word) <= LONGEST:
                there = [" ".join(words[:i]), " ".join(words[i + 1 :])]
                if found := self._series(word, allowed):
                    return [
                        wording._replace(text=f"{there[0]} {wording.text} {there[1]}".strip())
                        for wording in found
                    ]
        return []

    def _initials(self, letters: str, meant: float, allowed: Array | None) -> list[Wording]:
        """Return the names with these initials, of each node the first, if they are few.

        Where no name has them, those that have them more loosely.
        """
        forms = self.forms
        if rows := forms.by_initials.get(letters, []):
            return self._spelled(rows, forms.by_chance(letters), meant, allowed)
        if len(letters) < FEWEST_LOOSE or not letters.isalpha():
            return []
        meant *= LOOSELY
        most = (SURE / LEAST - 1.0) * meant / (1.0 - meant)
        return self._spelled(*forms.loosely(letters, most), meant, allowed)

    def _spelled(
        self, rows: Sequence[int], chance: float, meant: float, allowed: Array | None
    ) -> list[Wording]:
        names = self.names
        texts = _few(((int(names.owners[row]), names.normalised[row]) for row in rows), allowed)
        weight = SURE / max(len(texts) + chance * (1.0 - meant) / meant, 1.0)
        return [Wording(text, weight, SHORT) for text in texts] if weight >= LEAST else []

    def _series(self, word: str, allowed: Array | None) -> list[Wording]:
        """Return what a short form with a number behind it stands for, if that is a name."""
        for cut in range(len(word) - 1, 1, -1):
            told = self.forms.meanings.get(word[:cut], ())
            made = [f"{meaning} {n}" for meaning in told for n in numbers_of(word[cut:])]
            if texts := self.meant(made, allowed):
                return [Wording(text, SURE / len(texts), SHORT) for text in texts]
        return []

    def _renumbered(self, words: list[str], allowed: Array | None) -> str:
        """Return the name that the words are with one number written otherwise, or ''."""
        for i, word in enumerate(words if len(words) > 1 else ()):
            for number in numbers_of(word)[1:]:
                lone = len(word) == 1 and len(number) == 1
                lone |= {word, number} == {"10", "x"}
                if lone and words[max(i - 1, 0)] not in _NUMBERED:
                    continue
                text = " ".join([*words[:i], number, *words[i + 1 :]])
                if self.meant([text], allowed):
                    return text
        return ""


def _few(named: Iterable[tuple[int, str]], allowed: Array | None) -> list[str]:
    """Return the texts of (node, text) rows, of each node the first; none if there are many."""
    found: dict[int, str] = {}
    for node, text in named:
        if allowed is None or allowed[node]:
            found.setdefault(node, text)
    texts = list(dict.fromkeys(found.values()))
    return texts if len(texts) <= MOST else []


def _read_words(phrase: str) -> tuple[list[str], list[list[str]]]:
    """Return the typed words of a phrase and what each is normalised to, of the words read."""
    typed: list[str] = []
    words: list[list[str]] = []
    left = MOST_WORDS
    for raw in _BETWEEN.split(phrase):
        if part := normalise(raw).split()[:left]:
            typed.append(raw)
            words.append(part)
            left -= len(part)
        if not left:
            break
    return typed, words


def _combined(parts: Sequence[_Part], written: str) -> list[Wording]:
    """Return the readings of a phrase: the i-th takes the i-th of each part, or its last."""
    n = min(MOST, max((len(ways) for _, ways in parts), default=0))
    found = []
    for i in range(n):
        chosen = [ways[min(i, len(ways) - 1)] if ways else None for _, ways in parts]
        texts = (way.text if way else text for way, (text, _) in zip(chosen, parts, strict=True))
        text = " ".join(" ".join(texts).split()[:MOST_WORDS])
        if text != written:
            weight = prod(way.weight for way in chosen if way)
            found.append(Wording(text, round(weight, 4), SHORT))
    return found
