"""Word translation learned from pairs of names of one thing (renal ↔ kidney)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["learn_translation"]

Array = np.ndarray[Any, Any]


def learn_translation(
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    n_words: int,
    n_iterations: int = 8,
    min_probability: float = 0.05,
    min_count: float = 0.4,
) -> tuple[Array, Array, Array]:
    """Return (source word, target word, probability) of word translations.

    IBM model 1 (Brown et al. 1993, "The mathematics of statistical machine translation",
    section 4.2) by expectation maximisation over both directions of `pairs`; words that both
    sides have in common are taken out first, since they explain themselves. One is added to
    every source word's total (damping), so that a word seen once is not trusted.

    Parameters
    ----------
    pairs : pairs of word id sequences
    n_words : int
    n_iterations : int
    min_probability, min_count : float
        What is kept: p(target | source) and expected count above these.

    Returns
    -------
    source, target : int32 arrays; probability : float32 array, ordered by source

    Notes
    -----
    O(n_iterations · Σ |a|·|b|) time; the memory holds every co-occurring word pair once.

    """
    sources, targets, groups = _cooccurrences(pairs)
    if not len(sources):
        empty = np.zeros(0, np.int32)
        return empty, empty, np.zeros(0, np.float32)
    keys, entry = np.unique(sources * np.int64(n_words) + targets, return_inverse=True)
    source, target = keys // n_words, keys % n_words
    probability = np.ones(len(keys))
    counts: Array = probability
    for _ in range(n_iterations):
        weight = probability[entry]
        weight = weight / np.bincount(groups, weight)[groups]
        counts = np.bincount(entry, weight, len(keys))
        total = np.bincount(source, counts, n_words) + 1.0
        probability = counts / total[source]
    keep = (probability > min_probability) & (counts > min_count)
    return (
        source[keep].astype(np.int32),
        target[keep].astype(np.int32),
        probability[keep].astype(np.float32),
    )


def _cooccurrences(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[Array, ...]:
    """Return flat (source, target, group); one group is one target word of one pair."""
    sources: list[int] = []
    targets: list[int] = []
    groups: list[int] = []
    n_groups = 0
    for first, second in pairs:
        a, b = set(first), set(second)
        left, right = sorted(a - b), sorted(b - a)
        if not left or not right or len(left) * len(right) > 400:
            continue
        for one, other in ((left, right), (right, left)):
            for word in other:
                sources.extend(one)
                targets.extend([word] * len(one))
                groups.extend([n_groups] * len(one))
                n_groups += 1
    return np.array(sources, np.int64), np.array(targets, np.int64), np.array(groups, np.int64)


def as_lookup(source: Array, target: Array, weight: Array) -> Mapping[int, list[tuple[int, float]]]:
    """Return source word → [(target word, weight), …]."""
    cuts = np.flatnonzero(np.diff(source)) + 1
    return {
        int(s[0]): list(zip(t.tolist(), w.tolist(), strict=True))
        for s, t, w in zip(
            np.split(source, cuts), np.split(target, cuts), np.split(weight, cuts), strict=True
        )
        if len(s)
    }
