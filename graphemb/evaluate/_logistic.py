"""Logistic regression on standardised columns, as the papers of the field use it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["one_vs_rest", "standardised"]

Array = np.ndarray[Any, Any]


def standardised(train: Array, *others: Array) -> list[Array]:
    """Return all matrices with the mean and deviation of `train`'s columns taken out."""
    mean = train.mean(axis=0, dtype=np.float64)
    deviation = train.std(axis=0, dtype=np.float64)
    scale = np.where(deviation > 0, deviation, 1.0)
    return [((part - mean) / scale).astype(np.float64) for part in (train, *others)]


def one_vs_rest(train: Array, truth: Array, test: Array, c: float = 1.0) -> Array:
    """Return P(class) of each test row by one L2-regularised regression a class.

    `truth` is (m, n_classes) of 0 and 1; the answer (len(test), n_classes). A class that all or no
    training rows have is answered with that. The intercept is not regularised (scikit-learn's
    LogisticRegression, lbfgs).
    """
    from sklearn.linear_model import LogisticRegression

    found = np.empty((len(test), truth.shape[1]))
    for j in range(truth.shape[1]):
        mine = truth[:, j]
        if mine.min() == mine.max():
            found[:, j] = float(mine[0])
            continue
        model = LogisticRegression(C=c, max_iter=1000).fit(train, mine)
        found[:, j] = model.predict_proba(test)[:, 1]
    return found
