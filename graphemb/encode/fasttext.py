"""FastTextEncoder: word vectors out of character n-grams, so that every word has one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from graphemb.encode._sentences import Sentences
from graphemb.encode._subwords import Subwords
from graphemb.encode._word_encoder import Pooling, WordEncoder, gensim_settings, kept_words
from graphemb.encode._word_vectors import WordVectors
from graphemb.errors import ParameterError, shown
from graphemb.estimator import Progress

__all__ = ["FastTextEncoder"]


@dataclass(eq=False, repr=False)
class FastTextEncoder(WordEncoder):
    """Skip-gram over n-grams (Bojanowski et al. 2017), its word vectors pooled.

    Word2vec's objective, with a word's vector made of its own and its n-grams' vectors z::

        v(w) = (z_w + Σ z_g over the n-grams g of w) / (1 + number of n-grams)

    "Enriching word vectors with subword information", section 3.2 (a sum
    there, a mean in the authors' and gensim's code); trained by gensim, kept as arrays. A word
    never seen has the mean of its n-grams' vectors (`Subwords`).

    Parameters
    ----------
    dim : int
        Length of a vector.
    window : int
        Largest distance of a context word.
    min_count : int
        Rarer words get no vector of their own.
    min_n, max_n : int
        Lengths of the n-grams, at least 1.
    n_buckets : int
        The n-grams are hashed into so many vectors. The authors use 2,000,000: 800 MB at dim 100;
        a vocabulary of a taxonomy fills far fewer.
    n_negative, n_epochs : int
    learning_rate : float
        Falls linearly to a 250th of itself.
    sample : float
        Words more frequent than this share are thinned out; 0 thins none.
    pooling : {"mean", "sif"}
    smoothing : float
        a of SIF pooling.
    random_state : int
        Same seed, same bytes: gensim runs on one thread.

    Notes
    -----
    Time as word2vec's, times the n-grams of a word; memory that of the vocabulary and
    4·n_buckets·dim bytes.

    """

    dim: int = 100
    window: int = 5
    min_count: int = 1
    min_n: int = 3
    max_n: int = 6
    n_buckets: int = 200_000
    n_negative: int = 5
    n_epochs: int = 20
    learning_rate: float = 0.025
    sample: float = 1e-3
    pooling: Pooling = "mean"
    smoothing: float = 1e-3
    random_state: int = 0

    def _check(self) -> None:
        super()._check()
        if not 1 <= self.min_n <= self.max_n:
            raise ParameterError(
                "FastTextEncoder: 1 ≤ min_n ≤ max_n must hold; got "
                f"{shown(self.min_n)} and {shown(self.max_n)}."
            )
        if not isinstance(self.n_buckets, int) or self.n_buckets < 1:
            raise ParameterError(
                f"FastTextEncoder: n_buckets must be an integer ≥ 1; got {shown(self.n_buckets)}."
            )

    def _train(
        self, sentences: Sentences, counts: Counter[str], progress: Progress | None
    ) -> WordVectors:
        words = kept_words(counts, self.min_count)
        if not words:
            return WordVectors([], np.zeros((0, self.dim), np.float32))
        from gensim.models import FastText

        model = FastText(
            sentences, min_n=self.min_n, max_n=self.max_n, bucket=self.n_buckets,
            **gensim_settings(self, len(words)),
        )  # fmt: skip
        subwords = Subwords.of(words, model.wv.vectors_ngrams, self.min_n, self.max_n)
        return WordVectors(words, np.stack([model.wv[word] for word in words]), subwords)
