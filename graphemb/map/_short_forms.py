"""What the names of a taxonomy tell about how they are shortened."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from graphemb.map.names import PAIR, NameTable
from graphemb.map.retrieve import ExactDictionary

__all__ = ["LONGEST", "ShortForms", "numbers_of"]

Array = np.ndarray[Any, Any]

#: Letters of initials, those of fewer stand for too much; and letters of any short form.
SHORTEST, LONGEST = 3, 10
#: Words that initials may leave out.
_SMALL = frozenset("a an and at by due for from in of on or the to with".split())  # noqa: SIM905
_KIND = _SMALL | {"disease", "disorder", "type"}
_LEFT_OUT = (frozenset[str](), _SMALL, _KIND, _KIND | {"syndrome"}, frozenset({"syndrome"}))
#: Letters inside words that loose initials may have; letters tried for a word left out; names that
#: are looked at, if more would have to be none is meant; and letters that a word of a name must
#: have for a slip in it to count.
_MOST_WITHIN, _TRIED, _MOST_ROWS, _SLIPS = 3, 100, 300, 6
#: Signs of a name whose words do not stand in the order in which they are said.
_BROKEN = re.compile(r"[,;:/()\[\]]")
#: Names of one node, with the same number behind them, that are compared.
_COMPARED = 32
#: Meanings of one short form that are kept: so many, and none that one node gives where the most
#: frequent one is given by more than four.
_MEANINGS, _RARE = 8, 4
_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN = {str(n): n // 10 * "x" + _UNITS[n % 10] for n in range(1, 40)}
_ARABIC = {roman: arabic for arabic, roman in _ROMAN.items()}
_NUMBERED = re.compile(r"(\d{1,2}|[ivx]{1,6})([a-z]?)")


def numbers_of(word: str) -> list[str]:
    """Return the ways to write what may number a series, as given first: 4 or iv, 2b or iib, c.

    Numbers are up to four letters and digits that begin or end with a digit, Roman numerals up to
    39 with or without a letter, and single letters. No way is returned of any other word.

    >>> numbers_of("iib"), numbers_of("c"), numbers_of("cat")
    (['iib', '2b'], ['c'], [])
    """
    if split := _NUMBERED.fullmatch(word):
        number, letter = split.groups()
        if other := _ROMAN.get(number) or _ARABIC.get(number):
            return [word, other + letter]
    numbers = len(word) == 1 or word[:1].isdigit() or word[-1:].isdigit()
    return [word] if numbers and len(word) <= 4 else []


def initials(words: list[str]) -> set[str]:
    """Return the initials of a name, numbers in full, with and without words of little weight."""
    found = set()
    for left_out in _LEFT_OUT:
        kept = [word if word[0].isdigit() else word[0] for word in words if word not in left_out]
        key = "".join(kept)
        if len(kept) > 2 and SHORTEST <= len(key) <= LONGEST:
            found.add(key)
    return found


def _spells(words: list[str], key: str) -> bool:
    """Return whether `key` is made of letters of all words in their order, first letters first.

    O(letters · (letters + length of the words)) time.
    """
    ends = {0}  # letters of the key that the words so far may have spelled
    for word in words:
        begun, ends = ends, set()
        for start in begun:
            at = start if key.startswith(word[0], start) else len(key)
            here = 0
            while at < len(key) and (here := word.find(key[at], here)) >= 0:
                at, here = at + 1, here + 1
                ends.add(at)
    return len(key) in ends


def _taken_out(key: str, d: int) -> Iterator[tuple[str, str]]:
    """Yield what is left of a key without d letters but the first, and the letters taken out."""
    for inner in combinations(range(1, len(key)), d):
        yield (
            "".join(a for i, a in enumerate(key) if i not in inner),
            "".join(key[i] for i in inner),
        )


class ShortForms:
    """Tables over the names in `names` that are no ids, each made when first asked for.

    O(words of all names) time and memory each.
    """

    def __init__(self, names: NameTable, exact: ExactDictionary | None = None) -> None:
        self.names = names
        self._exact = exact or ExactDictionary(names.normalised)

    @cached_property
    def rows(self) -> list[int]:
        """Rows of names that are no ids."""
        nameless, owners = self.names.nameless, self.names.owners
        if nameless is None:
            return list(range(len(owners)))
        return [int(row) for row in np.flatnonzero(~nameless[owners])]

    def owners(self, text: str) -> list[int]:
        """Return the nodes that bear a normalised name, the smallest row first."""
        nodes = [int(self.names.owners[row]) for row in self._exact.find(text)]
        nameless = self.names.nameless
        return nodes if nameless is None else [node for node in nodes if not nameless[node]]

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of names."""
        return frozenset(w for row in self.rows for w in self.names.normalised[row].split())

    @cached_property
    def by_initials(self) -> dict[str, list[int]]:
        """Rows of the names with these initials; names not in running order have none."""
        found: dict[str, list[int]] = defaultdict(list)
        for row in self.rows:
            if not _BROKEN.search(self.names.texts[row]):
                for key in initials(self.names.normalised[row].split()):
                    found[key].append(row)
        return dict(found)

    @cached_property
    def _chances(self) -> tuple[Counter[int], dict[str, float]]:
        """Count the initials of each length, those that a node has twice once; and letters."""
        of_length: Counter[int] = Counter()
        letters: Counter[str] = Counter()
        for key, rows in self.by_initials.items():
            n = len(set(self.names.owners[rows].tolist()))
            of_length[len(key)] += n
            for letter in key:
                letters[letter] += n
        total = letters.total() or 1
        return of_length, {letter: n / total for letter, n in letters.items()}

    def by_chance(self, key: str, more: int = 0) -> float:
        """Return how many nodes are expected to have these initials by chance.

        The nodes with initials of that length, and `more`, times the share of each letter in all
        initials.
        """
        of_length, share = self._chances
        return of_length[len(key) + more] * prod(share.get(letter, 0.0) for letter in key)

    @cached_property
    def _inside(self) -> dict[str, float]:
        """The share of words that have a letter behind their first."""
        counts = Counter(letter for word in self.words for letter in set(word[1:]))
        return {letter: n / len(self.words) for letter, n in counts.items()}

    @cached_property
    def _letters(self) -> list[str]:
        """The letters of most words, no digits."""
        counts = Counter(letter for word in self.words for letter in set(word) if letter.isalpha())
        return sorted(counts, key=lambda letter: (-counts[letter], letter))[:_TRIED]

    def loosely(self, key: str, most: float) -> tuple[list[int], float]:
        """Return the rows of names that `key` may shorten more loosely, and how many chance gives.

        The first that there are of: names of one more word than the key has letters, no number
        ("XLTT", X-linked thrombocytopenia with beta thalassemia); names of d words less, where d
        letters of the key are behind the first of a word, d = 1, 2, 3 ("ALSFTD", amyotrophic
        lateral sclerosis and frontotemporal dementia). By chance there are, of k letters, ::

            (nodes with k + 1 initials) · k · ∏ (share of each letter)
            Σ over choices of d letters of
                (nodes with k − d initials) · ∏ (share of the others) · ∏ (words with a chosen one)

        and what was looked for before counts too. `key` is letters only. No rows where chance gives
        more than `most`, where more than `_MOST_ROWS` names would have to be looked at, and none of
        what is a long word of some name but for a slip. O(choices + `_MOST_ROWS` · letters²) time.
        """
        chance = 0.0
        for d in range(min(_MOST_WITHIN, len(key) - SHORTEST) + 1):
            split = list(_taken_out(key, d))
            chance += self._looser_by_chance(split) if d else len(key) * self.by_chance(key, 1)
            if chance > most:
                break
            rows = self._looser(key, split) if d else self._of_one_word_more(key)
            if rows is None:
                break
            if rows:
                return ([] if self._is_slip(key) else rows), chance
        return [], chance

    def _of_one_word_more(self, key: str) -> list[int] | None:
        """Return rows of names that have these initials when a word but the first is left out.

        No number is left out: it tells names apart. None if there are too many to look at.
        """
        found: dict[int, set[int]] = defaultdict(set)
        for at in range(1, len(key) + 1):
            for letter in self._letters:
                for row in self.by_initials.get(key[:at] + letter + key[at:], ())[: _MOST_ROWS + 1]:
                    found[row].add(at)
            if len(found) > _MOST_ROWS:
                return None
        return [row for row in sorted(found) if self._spares(row, key, found[row])]

    def _spares(self, row: int, key: str, places: set[int]) -> bool:
        """Return whether at one of `places` a name has a word, no number, that `key` lacks."""
        return any(
            "".join(word[0] for word in words) == key[:at] + words[at][0] + key[at:]
            and not numbers_of(words[at])
            for words in self._kept(row)
            if len(words) == len(key) + 1
            for at in places
        )

    def _looser(self, key: str, split: list[tuple[str, str]]) -> list[int] | None:
        """Return rows of names whose words have all letters of a key, split as by `_taken_out`.

        None if there are too many to look at.
        """
        found: set[int] = set()
        for kept, _ in split:
            found.update(self.by_initials.get(kept, ())[: _MOST_ROWS + 1])
            if len(found) > _MOST_ROWS:
                return None
        n = len(split[0][0])
        return [
            row for row in sorted(found)
            if any(len(words) == n and _spells(words, key) for words in self._kept(row))
        ]  # fmt: skip

    def _looser_by_chance(self, split: list[tuple[str, str]]) -> float:
        inside = self._inside
        return sum(
            self.by_chance(kept) * prod(inside.get(letter, 0.0) for letter in inner)
            for kept, inner in split
        )

    def _kept(self, row: int) -> Iterator[list[str]]:
        """Yield the words of a name, with and without words of little weight."""
        words = self.names.normalised[row].split()
        for left_out in _LEFT_OUT:
            yield [word for word in words if word not in left_out]

    def _is_slip(self, word: str) -> bool:
        """Return whether a long word of a name is one letter away, or two turned, from `word`."""
        cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
        near = {a + b[1:] for a, b in cuts if b}
        near |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
        near |= {a + c + rest for a, b in cuts for c in self._letters for rest in (b, b[1:])}
        return any(len(other) >= _SLIPS and other in self.words for other in near)

    @cached_property
    def meanings(self) -> dict[str, list[str]]:
        """What each short form means, both without their number; the most frequent first.

        If a node is both "SCA2" and "spinocerebellar ataxia type 2", it gives "sca" the meaning
        "spinocerebellar ataxia type".
        """
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        by_node: dict[int, list[str]] = defaultdict(list)
        for row in self.rows:
            if self.names.kinds[row] != PAIR:  # a node may have thousands of training phrases
                by_node[int(self.names.owners[row])].append(self.names.normalised[row])
        for texts in by_node.values():
            for short, meaning in set(_pairs(texts)) if len(texts) > 1 else ():
                counts[short][meaning] += 1
        return {short: _ranked(given) for short, given in counts.items()}


def _ranked(counts: Counter[str]) -> list[str]:
    """Return what is told often enough, the most frequent first, of equals by alphabet."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [text for text, n in ranked[:_MEANINGS] if _RARE * n >= ranked[0][1]]


def _pairs(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (short form, meaning) of one node's names, the number they end with taken off."""
    split = [words for text in texts if (words := text.split())]
    long: dict[str, list[str]] = defaultdict(list)
    for *before, last in split:
        if before and len(last) < LONGEST:
            for number in numbers_of(last):
                long[number].append(" ".join(before))
    if not long:
        return
    shorts = [words[0] for words in split if len(words) == 1]
    shorts += ["".join(words) for words in split if len(words) == 2 and numbers_of(words[1])]
    for short in shorts[:_COMPARED]:
        if len(short) <= LONGEST:
            for cut in range(2, len(short)):
                for meaning in long.get(short[cut:], ())[:_COMPARED]:
                    if short[:cut] != meaning.replace(" ", ""):
                        yield short[:cut], meaning
