"""How places are ordered, and weighed against nodes with names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graphemb.bundle import under, under_prefix
from graphemb.map._blind_features import FEATURES, PlacePairs
from graphemb.map.backoff import is_exact
from graphemb.map.calibrate import CONFIDENCE_FEATURES, Calibrator, Ranked, logistic
from graphemb.map.features import ALIKE
from graphemb.map.ranker import Ranker
from graphemb.map.rerank import FEATURES as NAMED_FEATURES
from graphemb.map.rerank import ordered
from graphemb.map.trees import BoostedTrees
from graphemb.mappings import Candidate

__all__ = [
    "GATE_FEATURES", "Judge", "Listed", "Named", "first_chances", "firsts", "gate_inputs",
    "in_order", "outcome_inputs",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Facts of the best place that the gate looks at, beside scores and probabilities.
GATE_FEATURES = (
    "text", "layer", "near", "fused", "family_coverage", "known_dense", "known_char",
    "query_words", "query_unknown",
)  # fmt: skip
#: Raised when the numbers of a judge mean something else.
VERSION = 2
#: Names of the arrays of the two forests, and how wide the rows are that they look at.
OUTCOMES = ("place_right", "name_right")
N_OUTCOME_INPUTS = 7 + len(NAMED_FEATURES) + len(FEATURES)
#: Log-odds of the fused score where too few nodes could be held out to learn trees from.
FUSED_SCALE = 2.0
#: A phrase without one known word and no name of like letters, or none of like meaning, means a
#: place by chance only: its probability is cut to this share, below the default bar even where
#: there is no other place.
NEAR, CHANCE = 0.3, 0.05


@dataclass(frozen=True)
class Named:
    """What was found of some phrases by names.

    Attributes
    ----------
    candidates : of each phrase, best first
    features : float32 (phrases, len(FEATURES)): of each first candidate; 0 where there is none

    """

    candidates: list[list[Candidate]]
    features: Array


@dataclass(frozen=True)
class Listed:
    """The pairs of a batch in order; `p` is the chance of one node at each pair's place.

    Chances hold where some blind node is meant.
    """

    scores: Array
    order: Array
    p: Array


def firsts(pairs: PlacePairs, order: Array) -> Array:
    """Return the first pair of each query in `order`; of one without places any pair."""
    return np.asarray(order[np.minimum(pairs.ptr[:-1], max(len(order) - 1, 0))])


def gate_inputs(pairs: PlacePairs, listed: Listed, named: Named) -> Array:
    """Return what tells whether a phrase means a node without names, float64 (b, f).

    Of the nodes with names: log-odds and score of the first, its lead, and whether it bears the
    phrase; of the places: score of the first, its lead, and `GATE_FEATURES`.
    """
    scores, order = listed.scores, listed.order
    p = np.array([[*(c.probability for c in row[:2]), 0.0, 0.0][:2] for row in named.candidates])
    p = np.clip(p.reshape(-1, 2), 1e-3, 1 - 1e-3)
    logit = np.log(p[:, 0] / (1 - p[:, 0]))
    score = [row[0].score if row else -6.0 for row in named.candidates]
    exact = [float(bool(row) and is_exact(row[0])) for row in named.candidates]
    counts = np.diff(pairs.ptr)
    best = firsts(pairs, order)
    second = order[np.minimum(pairs.ptr[:-1] + (counts > 1), max(len(order) - 1, 0))]
    columns = [
        logit, np.clip(score, -6.0, 6.0), p[:, 0] - p[:, 1], exact,
        scores[best], np.where(counts > 1, np.minimum(scores[best] - scores[second], 6.0), 6.0),
        *(pairs.columns[name][best] for name in GATE_FEATURES),
    ]  # fmt: skip
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def outcome_inputs(pairs: PlacePairs, listed: Listed, named: Named) -> Array:
    """Return what tells whether the first of either kind is right, float32 (b, f).

    The first inputs of the gate, the chance of the first place, and all that the reranker sees of
    the first candidate with a name and the judge of the first place.
    """
    best = firsts(pairs, listed.order)
    plain = gate_inputs(pairs, listed, named)[:, : -len(GATE_FEATURES)]
    found = np.column_stack([plain, listed.p[best], named.features, pairs.matrix[best]])
    return np.ascontiguousarray(found, np.float32)


def first_chances(named: Named) -> Array:
    """Return the probability of each first candidate with a name, at least 1e-4."""
    first = [row[0].probability if row else 0.0 for row in named.candidates]
    return np.maximum(np.array(first, np.float64), 1e-4)


@dataclass(frozen=True)
class Judge:
    """Orders places, and weighs them against nodes with names; learned on nodes held out.

    Ranker and calibrator work among places as the reranker's do among nodes, a place of m nodes
    being m times less likely for each: scores are ``s - log m``. Of one list, two forests tell the
    chances a that the first blind node and b that the first with a name is right, and
    ``a·e^δ / (a·e^δ + b)`` is the first's part of a + b. Where too little could be held out to grow
    them, a gate gives ``P(blind | q) = σ(β·x(q) + δ)``, x being `gate_inputs`.

    Attributes
    ----------
    ranker : Ranker or None
        None where too few nodes could be held out: then the fused score orders.
    calibrator : Calibrator
        P(first blind node is right) where a phrase means some blind node.
    gate : Calibrator
    offset : float
        δ trades phrases that mean blind nodes for phrases that mean others.
    outcomes : (BoostedTrees, BoostedTrees) or None
        Log-odds of a and of b.

    """

    ranker: Ranker | None
    calibrator: Calibrator
    gate: Calibrator
    offset: float = 0.0
    outcomes: tuple[BoostedTrees, BoostedTrees] | None = None

    def scores(self, pairs: PlacePairs) -> Array:
        """Return the score of each place, float32."""
        if self.ranker is None:
            return np.asarray(FUSED_SCALE * pairs.columns["fused"] - 4.0, np.float32)
        return self.ranker.scores(pairs.matrix, None)

    def listed(self, pairs: PlacePairs, size: Array) -> Listed:
        """Return the pairs in order; `size` (pairs,) tells how many nodes each place has."""
        shared, order = in_order(pairs, self.scores(pairs), size)
        if self.ranker:
            ranked = self.ranker.ranked(pairs.matrix, shared, order, pairs.ptr)
        else:
            ranked = Ranked(shared, order, pairs.ptr)
        return Listed(shared, order, self.calibrator.probabilities(ranked, pairs.columns))

    def chances(
        self, pairs: PlacePairs, size: Array, named: Named, *, alone: bool = False
    ) -> tuple[Listed, Array]:
        """Return the pairs in order, and the shares (b, 3) of `Ranked` in `_blind`."""
        listed = self.listed(pairs, size)
        first = firsts(pairs, listed.order)
        shares = np.ones((len(first), 3))
        if not alone and self.outcomes is None:
            logit = self.gate.logits(gate_inputs(pairs, listed, named)) + self.offset
            shares[:, 1] = logistic(logit)
            shares[:, 0] = 1.0 - shares[:, 1]
        elif not alone:
            place, name = self._firsts(outcome_inputs(pairs, listed, named))
            shares[:, 0], shares[:, 2] = name / first_chances(named), name
            shares[:, 1] = place / np.maximum(listed.p[first], 1e-9)
        facts = ("query_unknown", "known_char", "known_dense")
        unknown, letters, meaning = (pairs.columns[name][first] for name in facts)
        foreign = (unknown == 1) & ((letters < ALIKE) | (meaning < NEAR))
        shares[:, 1] *= np.where(foreign, CHANCE, 1.0)
        return listed, shares

    def _firsts(self, inputs: Array) -> tuple[Array, Array]:
        """Return the chances that the first blind node and the first with a name are right."""
        place, name = (
            logistic(trees.predict(inputs).astype(np.float64)) for trees in self.outcomes or ()
        )
        both = np.minimum(place + name, 1.0)
        part = place * np.exp(self.offset)
        part /= part + name
        return both * part, both * (1.0 - part)

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes it from."""
        found = under("calibrator", self.calibrator.to_arrays())
        found |= under("gate", self.gate.to_arrays())
        if self.ranker is not None:
            found |= under("ranker", self.ranker.to_arrays())
        for name, trees in zip(OUTCOMES, self.outcomes or (), strict=False):
            found |= under(name, trees.to_arrays())
        numbers = {"offset": np.array([self.offset], np.float64), "version": np.array([VERSION])}
        return found | numbers

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore what `to_arrays` gave.

        Raises
        ------
        ValueError
            When the arrays do not go together.

        """
        if int(arrays.get("version", np.ones(1))[0]) != VERSION:
            raise ValueError("Judge: it is of a graphemb that weighed places otherwise")
        ranker, *grown = (under_prefix(name, arrays) for name in ("ranker", *OUTCOMES))
        forests = [BoostedTrees.from_arrays(trees) for trees in grown if trees]
        if len(forests) not in (0, len(OUTCOMES)):
            raise ValueError("Judge: needs two forests or none")
        if any(trees.n_features > N_OUTCOME_INPUTS for trees in forests):
            raise ValueError(f"Judge: its forests must look at {N_OUTCOME_INPUTS} features")
        found = cls(
            Ranker.from_arrays(ranker, len(FEATURES)) if ranker else None,
            Calibrator.from_arrays(under_prefix("calibrator", arrays)),
            Calibrator.from_arrays(under_prefix("gate", arrays)),
            float(arrays["offset"][0]),
            (forests[0], forests[1]) if forests else None,
        )
        found._check()
        return found

    def _check(self) -> None:
        wide = (self.calibrator, 3 + len(CONFIDENCE_FEATURES)), (self.gate, 6 + len(GATE_FEATURES))
        for model, n in wide:
            if not len(model.mean) == len(model.scale) == len(model.beta) - 1 == n:
                raise ValueError(f"Judge: a regression must have {n} inputs")
        if not np.isfinite(self.offset):
            raise ValueError(f"Judge: the offset must be finite; got {self.offset}")
        if (self.outcomes and not self.ranker) or (self.ranker and not self.ranker.level):
            raise ValueError("Judge: forests need a ranker, and that needs trees for the level")


def in_order(pairs: PlacePairs, scores: Array, size: Array) -> tuple[Array, Array]:
    """Return the scores, a place's shared by its `size` nodes, and the order of the pairs."""
    shared = np.asarray(scores - np.log(np.maximum(size, 1)), np.float32)
    return shared, ordered(shared, pairs.query, pairs.place)
