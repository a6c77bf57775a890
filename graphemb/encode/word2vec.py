"""Word2VecEncoder: skip-gram word vectors trained by gensim, pooled into phrase vectors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from graphemb.encode._sentences import Sentences
from graphemb.encode._word_encoder import Pooling, WordEncoder, gensim_settings, kept_words
from graphemb.encode._word_vectors import WordVectors
from graphemb.estimator import Progress

__all__ = ["Word2VecEncoder"]


@dataclass(eq=False, repr=False)
class Word2VecEncoder(WordEncoder):
    """Skip-gram with negative sampling (Mikolov et al. 2013), its word vectors pooled.

    Vectors v (input) and g (output) maximise, over words w and words c near them::

        log σ(g_c·v_w) + Σ_k log σ(-g_k·v_w)        k: n_negative words drawn ∝ count^0.75

    "Distributed representations of words and phrases", equation 4; trained by gensim, kept as
    arrays. A phrase's vector is `WordEncoder`'s; a word never seen has none.

    Parameters
    ----------
    dim : int
        Length of a vector.
    window : int
        Largest distance of a context word.
    min_count : int
        Rarer words get no vector.
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
    O(n_epochs·words·window·dim·n_negative) time; the corpus is streamed, the memory is that of
    the vocabulary.

    """

    dim: int = 100
    window: int = 5
    min_count: int = 1
    n_negative: int = 5
    n_epochs: int = 20
    learning_rate: float = 0.025
    sample: float = 1e-3
    pooling: Pooling = "mean"
    smoothing: float = 1e-3
    random_state: int = 0

    def _train(
        self, sentences: Sentences, counts: Counter[str], progress: Progress | None
    ) -> WordVectors:
        words = kept_words(counts, self.min_count)
        if not words:
            return WordVectors([], np.zeros((0, self.dim), np.float32))
        from gensim.models import Word2Vec

        model = Word2Vec(sentences, **gensim_settings(self, len(words)))
        return WordVectors(words, np.stack([model.wv[word] for word in words]))
