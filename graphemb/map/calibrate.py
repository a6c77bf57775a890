"""From reranker scores to probabilities that mean what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

__all__ = ["CONFIDENCE_FEATURES", "Calibrator", "logistic_fit"]

Array = np.ndarray[Any, Any]

#: Columns of the best candidate that, beside its score and margin, tell how sure we may be.
CONFIDENCE_FEATURES = (
    "char", "dense", "soft_query", "soft_worst", "query_coverage", "name_coverage",
    "query_unknown", "query_words", "fused", "exact",
)  # fmt: skip


def logistic_fit(X: Array, y: Array, weight: Array, penalty: float = 1.0) -> Array:
    """Return coefficients (intercept first) of L2-penalised logistic regression, by Newton steps.

    Minimises Σ w·log-loss + penalty/2·|β|² (the intercept is free); O(30·n·f²).
    """
    A = np.column_stack([np.ones(len(X)), X]).astype(np.float64)
    beta = np.zeros(A.shape[1])
    ridge = np.full(A.shape[1], penalty)
    ridge[0] = 1e-6
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-np.clip(A @ beta, -30, 30)))
        gradient = A.T @ (weight * (p - y)) + ridge * beta
        hessian = (A * (weight * p * (1 - p) + 1e-9)[:, None]).T @ A + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        beta -= np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-8:
            break
    return beta


class Calibrator:
    """P(the best candidate is right) by logistic regression over margins; the rest shares 1 - p.

    With log-odds s₁ ≥ s₂ ≥ … of a query's candidates, ``p₁ = σ(β·[s₁, s₁ - s₂, σ(s₁)/Σσ, x₁])``,
    x₁ being `CONFIDENCE_FEATURES` of the best candidate, and for the others
    ``pᵢ = (1 - p₁)·c·σ(sᵢ)/Σ_{j>1} σ(sⱼ)`` with c the share of queries, among those whose best
    candidate was wrong, whose right node was in the list at all.

    Attributes
    ----------
    mean, scale : float64 (f,): standardisation of the inputs
    beta : float64 (f + 1,)
    in_list : float, c above

    """

    def __init__(self, mean: Array, scale: Array, beta: Array, in_list: float) -> None:
        self.mean, self.scale, self.beta, self.in_list = mean, scale, beta, in_list

    @staticmethod
    def inputs(scores: Array, ptr: Array, order: Array, columns: Mapping[str, Array]) -> Array:
        """Return the inputs (queries with candidates, f) of the regression.

        `order` sorts the pairs by query, best score first; `ptr` cuts it by query.
        """
        counts = np.diff(ptr)
        starts = ptr[:-1][counts > 0]
        best = order[starts]
        several = counts[counts > 0] > 1
        second = order[np.where(several, starts + 1, starts)]
        s1 = scores[best]
        margin = np.where(several, s1 - scores[second], 6.0)
        chance = 1.0 / (1.0 + np.exp(-scores.astype(np.float64)))
        total = np.add.reduceat(chance[order], starts) if len(starts) else chance[:0]
        share = chance[best] / np.maximum(total, 1e-12)
        rows = [s1, np.minimum(margin, 6.0), share]
        zero = np.zeros(len(scores), np.float32)
        rows += [columns.get(name, zero)[best] for name in CONFIDENCE_FEATURES]
        return np.stack(rows, axis=1).astype(np.float64)

    @classmethod
    def fit(cls, inputs: Array, right: Array, weight: Array, in_list: float) -> Self:
        """Learn from queries whose best candidate is known to be `right` or not."""
        mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
        beta = logistic_fit((inputs - mean) / scale, right.astype(np.float64), weight)
        return cls(mean, scale, beta, in_list)

    def first(self, inputs: Array) -> Array:
        """Return P(best candidate is right) of each query, float64."""
        z = ((inputs - self.mean) / self.scale) @ self.beta[1:] + self.beta[0]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -30, 30))))

    def probabilities(
        self, scores: Array, ptr: Array, order: Array, columns: Mapping[str, Array]
    ) -> Array:
        """Return the probability of every pair; within a query they sum to at most 1."""
        counts = np.diff(ptr)
        filled = counts > 0
        first = self.first(self.inputs(scores, ptr, order, columns))
        chance = 1.0 / (1.0 + np.exp(-scores.astype(np.float64)))
        best = order[ptr[:-1][filled]]
        chance[best] = 0.0
        totals = np.add.reduceat(chance[order], ptr[:-1][filled]) if len(best) else chance[:0]
        rest = (1.0 - first) * self.in_list / np.maximum(totals, 1e-12)
        found = np.empty(len(scores))
        found[order] = chance[order] * np.repeat(rest, counts[filled])
        found[best] = first
        # No other candidate may look surer than the best one.
        found[order] = np.minimum(found[order], np.repeat(first, counts[filled]))
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
