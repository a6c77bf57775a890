"""WordVectors: words, their vectors, and where there are subwords, vectors of any word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from graphemb.bundle import pack_strings, unpack_strings
from graphemb.embedding import Embedding
from graphemb.encode._glove_text import parse_glove
from graphemb.encode._subwords import Subwords
from graphemb.errors import InputError, ParameterError, shown
from graphemb.files import read_bytes

__all__ = ["WordVectors", "load_word_vectors"]

Array = np.ndarray[Any, Any]


class WordVectors:
    """Distinct words with one float32 vector each.

    Parameters
    ----------
    words : sequence of str
        Most frequent first, where that is known.
    vectors : array-like (n, dim)
    subwords : Subwords, optional
        Give a vector to words that are not among `words`.

    Attributes
    ----------
    index : mapping of str to int
        Row of each word; of a word that only stands there with capitals, in lower case too.

    Examples
    --------
    >>> found = WordVectors(["heart", "Lung"], [[1.0, 0.0], [0.0, 1.0]])
    >>> found.vector("lung").tolist(), found.vector("liver")
    ([0.0, 1.0], None)

    """

    def __init__(
        self, words: Sequence[str], vectors: Any, subwords: Subwords | None = None
    ) -> None:
        self.words = tuple(words)
        self.vectors: Array = np.asarray(vectors, np.float32)
        self.subwords = subwords
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words):
            raise ParameterError(
                f"WordVectors: needs one vector a word, shape ({len(self.words)}, dim); "
                f"got shape {self.vectors.shape}."
            )
        self.index: dict[str, int] = {word: row for row, word in enumerate(self.words)}
        if len(self.index) != len(self.words):
            raise ParameterError("WordVectors: words must be unique; some came twice.")
        for row, word in enumerate(self.words):
            self.index.setdefault(word.lower(), row)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def vector(self, word: str) -> Array | None:
        """Return the vector of `word`; None where neither word nor subwords are known."""
        row = self.index.get(word)
        if row is not None:
            return np.asarray(self.vectors[row])
        return None if self.subwords is None else self.subwords.vector(word)

    def gather(self, texts: Sequence[Sequence[str]]) -> tuple[Array, Array, Array]:
        """Return the vectors of all known words of `texts`, one after the other.

        Returns
        -------
        values : float32 (m, dim)
        rows : int64 (m,), the row of each word, -1 for one that has subwords only
        ptr : int64 (n + 1,): the words of text i are ``values[ptr[i]:ptr[i + 1]]``

        """
        rows: list[int] = []
        made: list[Array] = []
        ptr = np.zeros(len(texts) + 1, np.int64)
        for i, text in enumerate(texts):
            for word in text:
                row = self.index.get(word)
                if row is not None:
                    rows.append(row)
                elif self.subwords is not None and (own := self.subwords.vector(word)) is not None:
                    rows.append(-1)
                    made.append(own)
            ptr[i + 1] = len(rows)
        at = np.array(rows, np.int64)
        values = np.zeros((len(at), self.dim), np.float32)
        if len(self.words):
            values[at >= 0] = self.vectors[at[at >= 0]]
        if made:
            values[at < 0] = np.stack(made)
        return values, at, ptr

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the value from."""
        found = {"words": pack_strings(self.words), "vectors": self.vectors}
        if self.subwords is not None:
            found |= {f"subwords.{k}": v for k, v in self.subwords.to_arrays().items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore the value that `to_arrays` gave."""
        own = {k.removeprefix("subwords."): v for k, v in arrays.items() if k[:9] == "subwords."}
        subwords = Subwords.from_arrays(own) if own else None
        return cls(unpack_strings(arrays["words"]), arrays["vectors"], subwords)

    def __repr__(self) -> str:
        more = "" if self.subwords is None else f", {len(self.subwords.hashes)} n-grams"
        return f"WordVectors({len(self)} words, dim={self.dim}{more})"


#: How the files begin that gensim and fastText write for themselves.
_PICKLES = tuple(bytes([0x80, version]) for version in range(2, 6))
_FASTTEXT = (793712314).to_bytes(4, "little")


def load_word_vectors(path: str | Path, max_words: int | None = None) -> WordVectors:
    """Read word vectors that another program wrote; what the file is, is told from its content.

    Read are word2vec's text and binary formats, fastText's ``.vec`` (the same text) and GloVe's
    text (no first line of sizes); gzip is undone.

    Parameters
    ----------
    path : str or Path
    max_words : int, optional
        Keep the first so many: such files are ordered by frequency.

    Raises
    ------
    InputError
        When the file is cut or damaged (with its line), or of a kind that holds code: gensim's own
        ``.kv`` and ``.model`` are pickles and are never opened.
    MissingInputError
    ParameterError
        When `max_words` is below 1.

    """
    from graphemb.vectors.word2vec import Word2vecBinaryVectors, Word2vecVectors

    if max_words is not None and (not isinstance(max_words, int) or max_words < 1):
        raise ParameterError(f"max_words: must be an integer ≥ 1; got {shown(max_words)}.")
    data = read_bytes(path)
    if data[:2] in _PICKLES:
        raise InputError(
            f"{path}: is gensim's own format, a pickle, which can run code and is never opened. "
            "Export it: KeyedVectors.load(file).save_word2vec_format('words.bin', binary=True)."
        )
    if data[:4] == _FASTTEXT:
        raise InputError(
            f"{path}: is a whole fastText model. Give its word vectors, the .vec file beside it, "
            "or export them: gensim.models.fasttext.load_facebook_vectors(file)"
            ".save_word2vec_format('words.vec')."
        )
    first = data[:64].split(b"\n", 1)[0].split()
    parse: Callable[[str, bytes], Embedding] = parse_glove
    if len(first) == 2 and all(field.isdigit() for field in first):
        kind = Word2vecVectors if _is_text(data) else Word2vecBinaryVectors
        parse = kind(unescape=False).parse
    try:
        found = parse(str(path), data)
    except ParameterError as error:  # words that come twice, values that are not finite
        raise InputError(f"{path}: {error}") from None
    return WordVectors(found.keys[:max_words], found.vectors[:max_words])


def _is_text(data: bytes) -> bool:
    """Return whether what follows the first line is a word and decimal numbers."""
    line = data.split(b"\n", 2)[1][: 1 << 16] if b"\n" in data else b""
    try:
        return all(float(field) or True for field in line.split()[1:4])
    except ValueError:
        return False
