"""Text to learn word vectors from, gone through as often as training needs, never held whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from graphemb.encode._text import normalise
from graphemb.errors import InputError, ParameterError, shown
from graphemb.files import streamed_lines

__all__ = ["Sentences", "TextLines"]

#: Words of a line that are read as one sentence; a longer line is several.
MOST_WORDS = 1000


class TextLines:
    """The lines of a text file, read anew each time they are gone through.

    Parameters
    ----------
    path : str or Path
        UTF-8, gzip undone; a line at most 1 MiB.

    """

    def __init__(self, path: str | Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[str]:
        return (line for _, line in streamed_lines(self.path))


class Sentences:
    """Normalised phrases, then normalised corpus lines, each a list of words.

    Text2Node's corpus options (US 10,949,456, claim 2: split into words, blanks around
    punctuation, lower case, one sentence a line, files joined) are what `normalise` does; it also
    drops punctuation and accents, which is ours.

    Parameters
    ----------
    phrases : sequence of lists of words
    corpus : iterable of str, optional
        A sentence or line each.

    Raises
    ------
    ParameterError
        When the corpus can be gone through only once.

    """

    def __init__(self, phrases: Sequence[list[str]], corpus: Iterable[str] | None = None) -> None:
        if isinstance(corpus, str) or (corpus is not None and iter(corpus) is corpus):
            raise ParameterError(
                "corpus: must be texts that can be gone through several times; got "
                f"{shown(type(corpus).__name__)}. Give a list, or TextLines('file.txt')."
            )
        self.phrases, self.corpus = phrases, corpus

    def __iter__(self) -> Iterator[list[str]]:
        yield from (words for words in self.phrases if words)
        for number, line in enumerate(self.corpus or (), 1):
            if not isinstance(line, str):
                raise InputError(
                    f"corpus: texts must be strings; number {number} is {shown(line)} "
                    f"({type(line).__name__}). Convert or remove it."
                )
            words = normalise(line).split()
            for start in range(0, len(words), MOST_WORDS):
                yield words[start : start + MOST_WORDS]

    def counts(self) -> Counter[str]:
        """Return how often each word occurs."""
        found: Counter[str] = Counter()
        for words in self:
            found.update(words)
        return found
