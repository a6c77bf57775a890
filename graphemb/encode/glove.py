"""GloVeEncoder: word vectors from counts of words that stand together; our own training."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from graphemb.encode._cooccurrence import cooccurrences
from graphemb.encode._glove_training import train
from graphemb.encode._sentences import Sentences
from graphemb.encode._word_encoder import Pooling, WordEncoder, kept_words
from graphemb.encode._word_vectors import WordVectors
from graphemb.errors import ParameterError, shown
from graphemb.estimator import Progress

__all__ = ["GloVeEncoder"]


@dataclass(eq=False, repr=False)
class GloVeEncoder(WordEncoder):
    """Global vectors (Pennington, Socher & Manning 2014), pooled.

    Vectors w, c and biases b, d minimise, over word pairs with X_ij > 0::

        Σ f(X_ij)·(w_i·c_j + b_i + d_j - log X_ij)²        f(x) = min(x / x_max, 1)^power

    X_ij counts word j within `window` words of word i, each time as 1/distance. A word's vector is
    w + c. "GloVe: global vectors for word representation", equations 8 and 9, section 4.2; AdaGrad
    after Duchi et al. 2011. Departure: a step sums the gradients of a batch of entries of X, where
    the authors' threads step entry by entry without locks; so the same seed gives the same bytes.

    Parameters
    ----------
    dim : int
        Length of a vector.
    window : int
        Largest distance of a context word.
    min_count : int
        Rarer words get no vector, and are not counted as distance.
    x_max : float
        Above 0. The paper's 100 suits billions of words; names are few, so 10 here.
    power : float
        Of f, above 0; the paper's is 3/4.
    n_epochs : int
    learning_rate : float
    batch_size : int
    pooling : {"mean", "sif"}
    smoothing : float
        a of SIF pooling.
    random_state : int
        Same seed, same bytes.

    Notes
    -----
    O(words·window) time and O(entries of X) memory to count, O(n_epochs·entries·dim) to train.

    """

    dim: int = 100
    window: int = 10
    min_count: int = 1
    x_max: float = 10.0
    power: float = 0.75
    n_epochs: int = 25
    learning_rate: float = 0.05
    batch_size: int = 4096
    pooling: Pooling = "mean"
    smoothing: float = 1e-3
    random_state: int = 0

    def _check(self) -> None:
        super()._check()
        for name in ("x_max", "power"):
            if not 0 < getattr(self, name) < np.inf:
                raise ParameterError(
                    f"GloVeEncoder: {name} must be a finite number above 0; "
                    f"got {shown(getattr(self, name))}."
                )
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ParameterError(
                f"GloVeEncoder: batch_size must be an integer ≥ 1; got {shown(self.batch_size)}."
            )

    def _train(
        self, sentences: Sentences, counts: Counter[str], progress: Progress | None
    ) -> WordVectors:
        words = kept_words(counts, self.min_count)
        entries = cooccurrences(sentences, words, self.window)
        return WordVectors(words, train(self, entries, len(words), progress))
