"""Skip-gram with negative sampling over walks: our kernel, and gensim as the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.embed._walks import Walker
from graphemb.errors import MissingPackageError
from graphemb.estimator import Progress
from graphemb.kernels import SkipGramModel, alias_table, aligned, projection, skipgram
from graphemb.rng import seed_of

__all__ = ["Settings", "train", "train_with_gensim"]

Array = np.ndarray[Any, Any]

#: The rate ends at this share of where it began, as in word2vec (0.025 to 0.0001).
LAST_RATE = 0.004
#: Exponent of the degrees in the noise distribution (Mikolov et al. 2013, section 2.2).
NOISE = 0.75


@dataclass(frozen=True)
class Settings:
    """How vectors are trained; the names are those of `Node2Vec`."""

    dim: int
    window: int
    n_negative: int
    n_epochs: int
    learning_rate: float
    sample: float
    share: int
    random_state: int
    n_jobs: int


def train(
    walker: Walker, degree: Array, hashes: Array, settings: Settings, progress: Progress | None
) -> Array:
    """Return vectors float32 (n, dim) trained on the walks of `walker`.

    Parameters
    ----------
    walker : Walker
    degree : float64 (n,)
        Weight that comes in at each node: how often walks come by, in proportion.
    hashes : uint64 (n,)
        Of the node ids: the vectors start from them, uniform in ±1/dim.
    settings : Settings
    progress : callable, optional

    """
    n = len(degree)
    if not n:
        return np.zeros((0, settings.dim), np.float32)
    model = _model(degree, hashes, settings)
    n_walks, done = walker.total * settings.n_epochs, 0
    for epoch in range(settings.n_epochs):
        for walks, numbers in walker.chunks():
            rates = [
                settings.learning_rate * max(1.0 - part / n_walks, LAST_RATE)
                for part in (done, done + len(walks))
            ]
            units = numbers + np.uint64(epoch * walker.total)
            skipgram(model, walks, units, (rates[0], rates[1]), settings.n_jobs)
            done += len(walks)
            if progress:
                progress(f"training on walks, {done:,} of {n_walks:,}", done / n_walks)
    return np.ascontiguousarray(model.input[:, : settings.dim])


def _model(degree: Array, hashes: Array, settings: Settings) -> SkipGramModel:
    n, width = len(degree), -(-settings.dim // 16) * 16
    start, output = aligned(n, width), aligned(n, width)
    start[:, : settings.dim] = projection(hashes, settings.dim, "uniform")
    # As gensim starts; half of that, as word2vec did, costs .2 points of F1 on BlogCatalog.
    start *= 2.0 / settings.dim
    counts = degree + degree[degree > 0].min(initial=1.0) * 1e-3
    keep, alias = alias_table((counts / counts.max()) ** NOISE)
    sample = None
    if settings.sample > 0:
        share = np.maximum(counts / counts.sum(), 1e-300)
        ratio = settings.sample / share
        sample = np.minimum(np.sqrt(ratio) + ratio, 1.0).astype(np.float32)
        sample = None if (sample >= 1.0).all() else sample
    seed = seed_of(settings.random_state, "skipgram")
    return SkipGramModel(
        start, output, keep, alias, sample, settings.window,
        settings.n_negative, settings.share, seed,
    )  # fmt: skip


def train_with_gensim(walker: Walker, settings: Settings) -> Array:
    """Return vectors that gensim's Word2Vec trains on the same walks with the same settings."""
    try:
        from gensim.models import Word2Vec
    except ImportError as error:
        raise MissingPackageError(
            "Node2Vec: engine='gensim' needs gensim. Run: pip install gensim"
        ) from error
    n = walker.table.n_nodes
    sentences = [
        [str(node) for node in walk if node >= 0]
        for walks, _ in walker.chunks()
        for walk in walks.tolist()
    ]
    if not sentences:
        return np.zeros((0, settings.dim), np.float32)
    model = Word2Vec(
        sentences, sg=1, hs=0, min_count=0, vector_size=settings.dim, window=settings.window,
        negative=settings.n_negative, epochs=settings.n_epochs, alpha=settings.learning_rate,
        min_alpha=settings.learning_rate * LAST_RATE, sample=settings.sample,
        workers=settings.n_jobs, seed=seed_of(settings.random_state, "gensim") % 2**31,
    )  # fmt: skip
    return np.stack([model.wv[str(node)] for node in range(n)]).astype(np.float32)
