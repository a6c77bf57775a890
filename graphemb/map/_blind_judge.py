"""How places are ordered, and weighed against nodes with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graphemb.bundle import under, under_prefix
from graphemb.map._blind_features import PlacePairs
from graphemb.map.backoff import is_exact
from graphemb.map.calibrate import Calibrator, Ranked
from graphemb.map.features import ALIKE
from graphemb.map.rerank import ordered
from graphemb.map.trees import BoostedTrees
from graphemb.mappings import Candidate

__all__ = ["GATE_FEATURES", "Judge", "gate_inputs", "gate_logits"]

Array = np.ndarray[Any, Any]

#: Facts of the best place that the gate looks at, beside scores and probabilities.
GATE_FEATURES = (
    "text", "layer", "near", "fused", "family_coverage", "known_dense", "known_char",
    "query_words", "query_unknown",
)  # fmt: skip
#: Log-odds of the fused score where too few nodes could be held out to learn trees from.
FUSED_SCALE = 2.0
#: A phrase without one known word and no name of like letters, or none of like meaning, means a
#: place by chance only: its probability is cut to this share, below the default bar even where
#: there is no other place.
NEAR, CHANCE = 0.3, 0.05


def gate_inputs(
    pairs: PlacePairs, scores: Array, order: Array, named: Sequence[Sequence[Candidate]]
) -> Array:
    """Return what tells whether a phrase means a node without names, float64 (b, f).

    Of the nodes with names: log-odds and score of the first, its lead, and whether it bears the
    phrase; of the places: score of the first, its lead, and `GATE_FEATURES`.
    """
    named = named[: len(pairs.ptr) - 1]
    p = np.array([[*(c.probability for c in row[:2]), 0.0, 0.0][:2] for row in named])
    p = np.clip(p.reshape(-1, 2), 1e-3, 1 - 1e-3)
    logit = np.log(p[:, 0] / (1 - p[:, 0]))
    score = [row[0].score if row else -6.0 for row in named]
    exact = [float(bool(row) and is_exact(row[0])) for row in named]
    counts = np.diff(pairs.ptr)
    best = order[np.minimum(pairs.ptr[:-1], max(len(order) - 1, 0))]
    second = order[np.minimum(pairs.ptr[:-1] + (counts > 1), max(len(order) - 1, 0))]
    columns = [
        logit, np.clip(score, -6.0, 6.0), p[:, 0] - p[:, 1], exact,
        scores[best], np.where(counts > 1, np.minimum(scores[best] - scores[second], 6.0), 6.0),
        *(pairs.columns[name][best] for name in GATE_FEATURES),
    ]  # fmt: skip
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def gate_logits(gate: Calibrator, inputs: Array) -> Array:
    """Return ``β·x`` of each row of `inputs`."""
    return np.asarray(((inputs - gate.mean) / gate.scale) @ gate.beta[1:] + gate.beta[0])


@dataclass(frozen=True)
class Judge:
    """Orders places, and weighs them against nodes with names; learned on nodes held out.

    Trees and calibrator work among places as the reranker's do among nodes; the gate gives
    ``P(blind | q) = σ(β·x(q) + offset)``, x being `gate_inputs`.

    Attributes
    ----------
    trees : BoostedTrees or None
        None where too few nodes could be held out: then the fused score orders.
    calibrator : Calibrator
        P(first place is right) where a phrase means some blind node.
    gate : Calibrator
    offset : float
        Trades phrases that mean blind nodes for phrases that mean others.

    """

    trees: BoostedTrees | None
    calibrator: Calibrator
    gate: Calibrator
    offset: float = 0.0

    def scores(self, pairs: PlacePairs) -> Array:
        """Return the log-odds of each pair, float32."""
        if self.trees is None:
            return np.asarray(FUSED_SCALE * pairs.columns["fused"] - 4.0, np.float32)
        return self.trees.predict(pairs.matrix())

    def chances(
        self, pairs: PlacePairs, named: Sequence[Sequence[Candidate]]
    ) -> tuple[Array, Array, Array, Array]:
        """Return the pairs' scores; P(blind) (b,); the pairs' order; their P(place | blind)."""
        scores = self.scores(pairs)
        order = ordered(scores, pairs.query, pairs.place)
        p = self.calibrator.probabilities(Ranked(scores, order, pairs.ptr), pairs.columns)
        logit = gate_logits(self.gate, gate_inputs(pairs, scores, order, named)) + self.offset
        gate = 1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30)))
        first = np.minimum(pairs.ptr[:-1], max(len(order) - 1, 0))
        facts = ("query_unknown", "known_char", "known_dense")
        unknown, letters, meaning = (pairs.columns[name][first] for name in facts)
        foreign = (unknown == 1) & ((letters < ALIKE) | (meaning < NEAR))
        return scores, gate * np.where(foreign, CHANCE, 1.0), order, p

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays that `from_arrays` makes it from."""
        found = under("calibrator", self.calibrator.to_arrays())
        found |= under("gate", self.gate.to_arrays())
        if self.trees is not None:
            found |= under("trees", self.trees.to_arrays())
        return found | {"offset": np.array([self.offset], np.float64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Restore what `to_arrays` gave."""
        trees = under_prefix("trees", arrays)
        return cls(
            BoostedTrees.from_arrays(trees) if trees else None,
            Calibrator.from_arrays(under_prefix("calibrator", arrays)),
            Calibrator.from_arrays(under_prefix("gate", arrays)),
            float(arrays["offset"][0]),
        )
