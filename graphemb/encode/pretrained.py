"""PretrainedEncoder: word vectors out of a file, pooled into phrase vectors."""

from __future__ import annotations

from collections import Counter

from graphemb.encode._sentences import Sentences
from graphemb.encode._word_encoder import Pooling, WordEncoder
from graphemb.encode._word_vectors import WordVectors, load_word_vectors
from graphemb.errors import ParameterError
from graphemb.estimator import Progress

__all__ = ["PretrainedEncoder"]


class PretrainedEncoder(WordEncoder):
    """Phrase vectors (`WordEncoder`) from word vectors that another program trained.

    Fitting learns nothing but what SIF pooling needs: word frequencies and the common direction.

    Parameters
    ----------
    path : str
        A file that `load_word_vectors` reads: word2vec text or binary, GloVe, fastText ``.vec``.
    max_words : int or None
        Keep the first so many words, the most frequent ones.
    pooling : {"mean", "sif"}
    smoothing : float
        a of SIF pooling.

    """

    def __init__(
        self, path: str = "", max_words: int | None = None, pooling: Pooling = "mean",
        smoothing: float = 1e-3,
    ) -> None:  # fmt: skip
        self.path = path
        self.max_words = max_words
        self.pooling = pooling
        self.smoothing = smoothing

    def _train(
        self, sentences: Sentences, counts: Counter[str], progress: Progress | None
    ) -> WordVectors:
        if not self.path:
            raise ParameterError("PretrainedEncoder: path must name a file of word vectors.")
        return load_word_vectors(self.path, self.max_words)
