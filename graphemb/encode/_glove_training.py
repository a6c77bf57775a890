"""AdaGrad over the entries of a co-occurrence matrix, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.estimator import Progress
from graphemb.rng import stream

if TYPE_CHECKING:
    from graphemb.encode.glove import GloVeEncoder

__all__ = ["train"]

Array = np.ndarray[Any, Any]


class _Side:
    """Vectors with their bias as the last column, and the sums of squared gradients."""

    def __init__(self, rng: np.random.Generator, n: int, dim: int) -> None:
        self.values = ((rng.random((n, dim + 1)) - 0.5) / dim).astype(np.float32)
        self.squares = np.full((n, dim + 1), 1e-8, np.float32)

    def step(self, rows: Array, gradient: Array, learning_rate: float) -> None:
        """Go down the summed `gradient` of each row that occurs in `rows`."""
        from scipy.sparse import csr_array

        found, entry = np.unique(rows, return_inverse=True)
        ones = np.ones(len(rows), np.float32)
        gather = csr_array((ones, (entry, np.arange(len(rows)))), (len(found), len(rows)))
        summed = gather @ gradient
        self.squares[found] += summed**2
        self.values[found] -= learning_rate * summed / np.sqrt(self.squares[found])


def train(
    params: GloVeEncoder, entries: tuple[Array, Array, Array], n_words: int,
    progress: Progress | None,
) -> Array:  # fmt: skip
    """Return word vectors w + c, float32 (n_words, dim), for `entries` (row, column, X)."""
    row, column, counts = entries
    rng = stream(params.random_state, "glove")
    words, contexts = _Side(rng, n_words, params.dim), _Side(rng, n_words, params.dim)
    logs = np.log(counts).astype(np.float32)
    weights = (np.minimum(counts / params.x_max, 1.0) ** params.power).astype(np.float32)
    for epoch in range(params.n_epochs):
        order = rng.permutation(len(row))
        for start in range(0, len(order), params.batch_size):
            part = order[start : start + params.batch_size]
            i, j = row[part], column[part]
            w, c = words.values[i], contexts.values[j]
            product = np.einsum("ij,ij->i", w[:, :-1], c[:, :-1])
            error = weights[part] * (product + w[:, -1] + c[:, -1] - logs[part])
            w[:, -1] = c[:, -1] = 1.0  # what each bias is multiplied by
            words.step(i, error[:, None] * c, params.learning_rate)
            contexts.step(j, error[:, None] * w, params.learning_rate)
        if progress:
            progress("training word vectors", (epoch + 1) / params.n_epochs)
    return words.values[:, :-1] + contexts.values[:, :-1]
