"""From reranker scores to probabilities that mean what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np

__all__ = ["CONFIDENCE_FEATURES", "Calibrator", "Level", "Ranked", "logistic", "logistic_fit"]

Array = np.ndarray[Any, Any]
#: From rows of pairs to their log-odds, each looked at alone.
Level = Callable[[Array], Array]

#: Columns of the best candidate that, beside its score and margin, tell how sure we may be.
CONFIDENCE_FEATURES = (
    "char", "dense", "soft_query", "soft_worst", "query_coverage", "name_coverage",
    "query_unknown", "query_words", "fused", "exact",
)  # fmt: skip


def logistic(z: Array) -> Array:
    """Return ``1/(1 + e^-z)``, z being cut to [-30, 30]."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -30, 30))))


def logistic_fit(X: Array, y: Array, weight: Array, penalty: float = 1.0) -> Array:
    """Return coefficients (intercept first) of L2-penalised logistic regression, by Newton steps.

    Minimises Σ w·log-loss + penalty/2·|β|² (the intercept is free); O(30·n·f²).
    """
    A = np.column_stack([np.ones(len(X)), X]).astype(np.float64)
    beta = np.zeros(A.shape[1])
    ridge = np.full(A.shape[1], penalty)
    ridge[0] = 1e-6
    for _ in range(30):
        p = logistic(A @ beta)
        gradient = A.T @ (weight * (p - y)) + ridge * beta
        hessian = (A * (weight * p * (1 - p) + 1e-9)[:, None]).T @ A + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        beta -= np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-8:
            break
    return beta


class Ranked:
    """The pairs of a batch in order of rank, of those queries that have candidates.

    Attributes
    ----------
    scores : float (pairs,)
    order : int (pairs,): sorts the pairs by query, best score first
    counts, starts : int (queries with candidates,): how many pairs a query has, where they begin
        in `order`
    best : int (queries with candidates,): the first pair of each
    level : float (queries with candidates,): log-odds of `best` alone
    listwise : bool, whether scores were learned for the list and so compare only within it

    """

    def __init__(self, scores: Array, order: Array, ptr: Array, level: Level | None = None) -> None:
        counts = np.diff(ptr)
        self.scores, self.order = scores, order
        self.counts, self.starts = counts[counts > 0], ptr[:-1][counts > 0]
        self.best = order[self.starts]
        self.listwise = level is not None
        self.level = scores[self.best] if level is None else level(self.best)

    @cached_property
    def weights(self) -> Array:
        """What each pair's score weighs within its query, float64 (pairs,)."""
        scores = self.scores.astype(np.float64)
        if not self.listwise:
            return np.asarray(1.0 / (1.0 + np.exp(-scores)))
        found = np.empty(len(scores))
        most = np.repeat(scores[self.best], self.counts)
        found[self.order] = np.exp(scores[self.order] - most)
        return found

    def levelled(self) -> Array:
        """Return the scores, those of each query shifted so that the best one's is its level."""
        if not self.listwise:
            return self.scores
        shifted = self.scores.copy()
        shift = np.repeat(self.level - self.scores[self.best], self.counts)
        shifted[self.order] += shift.astype(shifted.dtype)
        return shifted

    def totals(self, weights: Array) -> Array:
        """Return the sum of `weights` over the pairs of each query."""
        if not len(self.starts):
            return weights[:0]
        return np.asarray(np.add.reduceat(weights[self.order], self.starts))


class Calibrator:
    """P(the best candidate is right) by logistic regression over margins; the rest shares 1 - p.

    With scores s₁ ≥ s₂ ≥ … of a query's candidates, ``p₁ = σ(β·[l₁, s₁ - s₂, w₁/Σw, x₁])``,
    l₁ being the log-odds of the best candidate alone, x₁ its `CONFIDENCE_FEATURES`, and w what a
    score weighs: ``σ(s)`` where scores are log-odds (then l₁ = s₁), ``e^s`` where they were
    learned for the list. For the others ``pᵢ = (1 - p₁)·c·wᵢ/Σ_{j>1} wⱼ`` with c the share of
    queries, among those whose best candidate was wrong, whose right node was in the list at all.

    Attributes
    ----------
    mean, scale : float64 (f,): standardisation of the inputs
    beta : float64 (f + 1,)
    in_list : float, c above

    """

    def __init__(self, mean: Array, scale: Array, beta: Array, in_list: float) -> None:
        self.mean, self.scale, self.beta, self.in_list = mean, scale, beta, in_list

    @staticmethod
    def inputs(ranked: Ranked, columns: Mapping[str, Array]) -> Array:
        """Return the inputs (queries with candidates, f) of the regression."""
        scores, best = ranked.scores, ranked.best
        several = ranked.counts > 1
        second = ranked.order[np.where(several, ranked.starts + 1, ranked.starts)]
        margin = np.where(several, scores[best] - scores[second], 6.0)
        weights = ranked.weights
        share = weights[best] / np.maximum(ranked.totals(weights), 1e-12)
        rows = [ranked.level, np.minimum(margin, 6.0), share]
        zero = np.zeros(len(scores), np.float32)
        rows += [columns.get(name, zero)[best] for name in CONFIDENCE_FEATURES]
        return np.stack(rows, axis=1).astype(np.float64)

    @classmethod
    def fit(cls, inputs: Array, right: Array, weight: Array, in_list: float) -> Self:
        """Learn from queries whose best candidate is known to be `right` or not."""
        mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
        beta = logistic_fit((inputs - mean) / scale, right.astype(np.float64), weight)
        return cls(mean, scale, beta, in_list)

    def logits(self, inputs: Array) -> Array:
        """Return ``β·x`` of each query, float64."""
        return np.asarray(((inputs - self.mean) / self.scale) @ self.beta[1:] + self.beta[0])

    def first(self, inputs: Array) -> Array:
        """Return P(best candidate is right) of each query, float64."""
        return logistic(self.logits(inputs))

    def probabilities(self, ranked: Ranked, columns: Mapping[str, Array]) -> Array:
        """Return the probability of every pair; within a query they sum to at most 1."""
        first = self.first(self.inputs(ranked, columns))
        weights = ranked.weights.copy()
        weights[ranked.best] = 0.0
        rest = (1.0 - first) * self.in_list / np.maximum(ranked.totals(weights), 1e-12)
        found = np.empty(len(weights))
        found[ranked.order] = weights[ranked.order] * np.repeat(rest, ranked.counts)
        found[ranked.best] = first
        # No other candidate may look surer than the best one.
        most = np.repeat(first, ranked.counts)
        found[ranked.order] = np.minimum(found[ranked.order], most)
        return found

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes the calibrator from."""
        return {
            "mean": self.mean, "scale": self.scale, "beta": self.beta,
            "in_list": np.array([self.in_list], np.float64),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore the calibrator that `to_arrays` gave."""
        return cls(arrays["mean"], arrays["scale"], arrays["beta"], float(arrays["in_list"][0]))
