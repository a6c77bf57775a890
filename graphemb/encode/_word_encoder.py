"""WordEncoder: phrases as bags or sequences of word vectors; what its backends share."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np

from graphemb.encode._sentences import Sentences
from graphemb.encode._text import normalise_all
from graphemb.encode._word_vectors import WordVectors
from graphemb.encode.base import PhraseEncoder, checked_phrases
from graphemb.errors import ParameterError, nearest, shown
from graphemb.estimator import Progress

__all__ = ["Pooling", "WordEncoder"]

Array = np.ndarray[Any, Any]
Pooling = Literal["mean", "sif"]


class WordEncoder(PhraseEncoder):
    """``z = normalise(u - (u·c)·c)`` with ``u = mean over the words w of s(w)·v(w)``.

    With ``pooling="mean"`` s = 1 and c = 0. With ``"sif"`` s(w) = a/(a + p(w)), a the `smoothing`
    and p(w) the word's share of all words fitted on, and c the first right singular vector of the
    matrix of all fitted phrases' u: Arora, Liang & Ma 2017, "A simple but tough-to-beat baseline
    for sentence embeddings", algorithm 1. Words without a vector are left out of the mean.

    Backends give `_train`. Everything fitted is plain arrays.

    Attributes
    ----------
    word_vectors_ : WordVectors
    weights_ : float32 (n_words,), s of each word
    common_ : float32 (dim,), c

    """

    pooling: Pooling
    smoothing: float

    @abstractmethod
    def _train(
        self, sentences: Sentences, counts: Counter[str], progress: Progress | None
    ) -> WordVectors:
        """Return word vectors learned from `sentences`; `counts` are their words."""

    def _check(self) -> None:
        for name in ("dim", "window", "min_count", "n_negative", "n_epochs"):
            value = getattr(self, name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(
                    f"{type(self).__name__}: {name} must be an integer ≥ 1; got {shown(value)}."
                )
        if self.pooling not in ("mean", "sif"):
            raise ParameterError(
                f"{type(self).__name__}: pooling must be 'mean' or 'sif'; got "
                f"{shown(self.pooling)}.{nearest(str(self.pooling), ('mean', 'sif'))}"
            )
        for name in ("smoothing", "learning_rate"):
            value = getattr(self, name, 1.0)
            if not (isinstance(value, int | float) and 0 < value < np.inf):
                raise ParameterError(
                    f"{type(self).__name__}: {name} must be a finite number above 0; "
                    f"got {shown(value)}."
                )

    def fit(
        self, phrases: Sequence[str], corpus: Iterable[str] | None = None, *,
        progress: Progress | None = None,
    ) -> Self:  # fmt: skip
        """Learn word vectors from `phrases` and, where given, the texts of `corpus`.

        Parameters
        ----------
        phrases : sequence of str
        corpus : iterable of str, optional
            Gone through several times, a text at a time: a list, or `TextLines` of a file.
        progress : callable, optional

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain, or `corpus` is a generator.

        """
        self._check()
        texts = [t.split() for t in normalise_all(checked_phrases(phrases, type(self).__name__))]
        sentences = Sentences(texts, corpus)
        counts = sentences.counts()
        self.word_vectors_ = self._train(sentences, counts, progress)
        self._fit_pooling(texts, counts)
        return self

    def _fit_pooling(self, texts: Sequence[list[str]], counts: Counter[str]) -> None:
        found = self.word_vectors_
        self.weights_: Array = np.ones(len(found), np.float32)
        self.common_: Array = np.zeros(found.dim, np.float32)
        if self.pooling == "mean":
            return
        share = np.zeros(len(found))
        for word, n in counts.items():
            row = found.index.get(word)
            if row is not None:  # of a file, "heart" may be the row of "Heart"
                share[row] += n
        share /= max(sum(counts.values()), 1)
        self.weights_ = (self.smoothing / (self.smoothing + share)).astype(np.float32)
        distinct = [list(t) for t in dict.fromkeys(map(tuple, texts))]
        rows = self._pooled(distinct).astype(np.float64)
        if rows.any():
            self.common_ = np.linalg.eigh(rows.T @ rows)[1][:, -1].astype(np.float32)

    def _pooled(self, texts: Sequence[Sequence[str]]) -> Array:
        """Return the weighted means u, float32 (n, dim); zeros for a text without known words."""
        values, rows, ptr = self._fitted("word_vectors_").gather(texts)
        if len(self.weights_):
            values *= np.where(rows >= 0, self.weights_[rows], np.float32(1))[:, None]
        means = np.zeros((len(texts), values.shape[1]), np.float32)
        counts = np.diff(ptr)
        filled = counts > 0
        if filled.any():
            sums = np.add.reduceat(values, ptr[:-1][filled], axis=0)
            means[filled] = sums / counts[filled][:, None]
        return means

    def vectors(self, phrases: Sequence[str]) -> Array:
        """Return unit float32 rows (n, dim); phrases without a known word give zeros."""
        listed = checked_phrases(phrases, type(self).__name__)
        means = self._pooled([t.split() for t in normalise_all(listed)])
        if self.common_.any():  # einsum adds each row alone: BLAS would depend on the grouping
            means -= np.einsum("ij,j->i", means, self.common_)[:, None] * self.common_
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.where(norms > 1e-12, norms, np.inf), np.float32)

    def sequence(self, phrases: Sequence[str]) -> list[Array]:
        """Return the word vectors of each phrase in order, float32 (n_words, dim) each.

        Words without a vector are left out; a phrase without any gives shape (0, dim).
        """
        listed = checked_phrases(phrases, type(self).__name__)
        texts = [t.split() for t in normalise_all(listed)]
        values, _, ptr = self._fitted("word_vectors_").gather(texts)
        return [values[ptr[i] : ptr[i + 1]] for i in range(len(texts))]

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the encoder from."""
        found = {f"words.{k}": v for k, v in self._fitted("word_vectors_").to_arrays().items()}
        return found | {"weights": self.weights_, "common": self.common_}

    def from_arrays(self, arrays: Mapping[str, Array]) -> Self:
        """Restore the fitted state that `to_arrays` gave."""
        own = {k.removeprefix("words."): v for k, v in arrays.items() if k.startswith("words.")}
        self.word_vectors_ = WordVectors.from_arrays(own)
        self.weights_, self.common_ = arrays["weights"], arrays["common"]
        return self


def gensim_settings(encoder: Any, n_words: int) -> dict[str, Any]:
    """Return what Word2Vec and FastText of gensim call `encoder`'s parameters.

    One thread: with more, gensim's result differs from run to run.
    """
    from graphemb.rng import seed_of

    return {
        "sg": 1, "hs": 0, "vector_size": encoder.dim, "window": encoder.window,
        "min_count": encoder.min_count, "negative": encoder.n_negative, "epochs": encoder.n_epochs,
        "alpha": encoder.learning_rate, "min_alpha": encoder.learning_rate / 250,
        "sample": encoder.sample, "workers": 1,
        "seed": seed_of(encoder.random_state, "words", n_words) % 2**31,
    }  # fmt: skip


def kept_words(counts: Counter[str], min_count: int) -> list[str]:
    """Return the words that occur often enough, most frequent first, ties by alphabet."""
    kept = [(word, n) for word, n in counts.items() if n >= min_count]
    return [word for word, _ in sorted(kept, key=lambda item: (-item[1], item[0]))]
