"""ListNet: a small network that reads which words a phrase and a name share, and which not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

__all__ = ["CLIP", "ListNet", "Reading", "WordSums"]

Array = np.ndarray[Any, Any]

#: Standardised features are cut to this, so that one wild value decides nothing.
CLIP = 4.0
#: A feature whose standard deviation in training is below this tells nothing.
LEAST_SPREAD = 1e-4


@dataclass(frozen=True)
class WordSums:
    """Sums of idf · word vector, for pairs of a phrase and the best name of a candidate.

    Attributes
    ----------
    phrase : float32 (b, r): over all words of each phrase
    query : int (n,): the phrase of each pair
    name : float32 (n, r): over all words of the pair's name
    held : float32 (n, r): over the words that both have

    """

    phrase: Array
    query: Array
    name: Array
    held: Array

    def matrix(self) -> Array:
        """Return what only the phrase has, what only the name has, and what both, (n, 3r)."""
        lacking = self.phrase[self.query] - self.held
        return np.concatenate([lacking, self.name - self.held, self.held], axis=1)


@dataclass(frozen=True)
class Reading:
    """What the network reads of pairs beside their features.

    Attributes
    ----------
    words : float (n, 3r): `WordSums.matrix`
    most, average : float32 (n, f): of each feature among the candidates of the phrase

    """

    words: Array
    most: Array
    average: Array

    @classmethod
    def of(cls, X: Array, query: Array, words: Array) -> Self:
        """Return the reading of pairs with features `X`; pairs of one query stand together."""
        starts = np.flatnonzero(np.diff(query, prepend=-1))
        if not len(starts):
            return cls(words, X, X)
        counts = np.diff(np.append(starts, len(query)))
        most = np.maximum.reduceat(X, starts, axis=0)
        average = np.add.reduceat(X, starts, axis=0) / counts[:, None].astype(np.float32)
        of = np.repeat(np.arange(len(counts)), counts)
        return cls(words, most[of], average[of])

    def __getitem__(self, rows: Any) -> Reading:
        """Return the reading of some pairs."""
        return Reading(self.words[rows], self.most[rows], self.average[rows])


class ListNet:
    """Scores of pairs by ``w₃·relu(W₂·relu(W₁·[x; x - x*; x̄; m; e; h] + b₁) + b₂)``, for lists.

    x are the pair's standardised features, x* and x̄ the largest and the mean of each in its list;
    m, e and h sum the vectors of the words that only the phrase has, that only the name has, and
    that both have (`WordSums`). So it learns what no likeness tells: that a name may say
    “unspecified” where the phrase does not, but not “left”.

    Attributes
    ----------
    mean, scale : float32 (f,): standardisation of x
    weights, biases : float32, of three layers; the last has one output and no bias

    Notes
    -----
    The loss is ListNet's top-one cross-entropy (Cao et al. 2007, eq. 4 and 5), as in
    `BoostedTrees.fit_lists`. O((3f + 3r)·h) a pair.

    """

    def __init__(
        self, mean: Array, scale: Array, weights: tuple[Array, ...], biases: tuple[Array, ...]
    ) -> None:
        self.mean, self.scale, self.weights, self.biases = mean, scale, weights, biases

    @classmethod
    def fit(cls, X: Array, read: Reading, y: Array, query: Array, random_state: int) -> Self:
        """Learn to put the right rows of each `query` first.

        Queries without a right row teach nothing.
        """
        from graphemb.map._listnet_training import train

        mean: Array = np.asarray(np.mean(X, axis=0, dtype=np.float64), np.float32)
        spread = np.std(X, axis=0, dtype=np.float64)
        # Of a feature that was always the same nothing was learned: it must never count.
        scale = np.where(spread > LEAST_SPREAD, spread, np.inf).astype(np.float32)

        def inputs(rows: Array) -> Array:
            return cls._inputs(X[rows], read[rows], mean, scale)

        width = 3 * X.shape[1] + read.words.shape[1]
        return cls(mean, scale, *train(inputs, width, y, query, random_state))

    @staticmethod
    def _inputs(X: Array, read: Reading, mean: Array, scale: Array) -> Array:
        (n, f), r = X.shape, read.words.shape[1]
        inputs = np.empty((n, 3 * f + r), np.float32)
        for part, (a, b) in enumerate(((X, mean), (X, read.most), (read.average, mean))):
            inputs[:, part * f : (part + 1) * f] = np.clip((a - b) / scale, -CLIP, CLIP)
        inputs[:, 3 * f :] = read.words
        return inputs

    def predict(self, X: Array, read: Reading) -> Array:
        """Return the scores of rows of features, float32 (n,)."""
        layer = self._inputs(X, read, self.mean, self.scale)
        *inner, last = self.weights
        for weight, bias in zip(inner, self.biases, strict=True):
            layer = layer @ weight
            layer += bias
            np.maximum(layer, 0.0, out=layer)
        return np.asarray(layer @ last, np.float32).ravel()

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the network from."""
        return {
            "mean": self.mean, "scale": self.scale,
            **{f"weight{i}": weight for i, weight in enumerate(self.weights)},
            **{f"bias{i}": bias for i, bias in enumerate(self.biases)},
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore the network that `to_arrays` gave.

        Raises
        ------
        ValueError
            When the arrays do not make a network.

        """
        weights = tuple(arrays[f"weight{i}"] for i in range(3))
        biases = tuple(arrays[f"bias{i}"] for i in range(2))
        mean, scale = arrays["mean"], arrays["scale"]
        shapes = [w.shape for w in weights]
        chained = all(len(shape) == 2 for shape in shapes) and (
            shapes[0][0] >= 3 * len(mean) and scale.shape == mean.shape == (len(mean),)
            and biases[0].shape == (shapes[0][1],) == (shapes[1][0],)
            and biases[1].shape == (shapes[1][1],) == (shapes[2][0],) and shapes[2][1] == 1
        )  # fmt: skip
        every = (mean, *weights, *biases)
        sound = all(a.dtype == np.float32 and np.isfinite(a).all() for a in every)
        if not (chained and sound and scale.dtype == np.float32 and (scale > 0).all()):
            raise ValueError("ListNet: arrays of three layers must fit each other and be finite")
        return cls(mean, scale, weights, biases)
