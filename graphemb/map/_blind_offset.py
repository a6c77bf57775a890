"""The offset between nodes with names and nodes without: chosen on phrases held out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

__all__ = ["COST", "Outcomes", "best_offset", "harmonic"]

Array = np.ndarray[Any, Any]

#: What answering nodes without names may cost the others at most while tuning, in accuracy@1. At
#: the end, when the encoder has heard all names, 70 to 74 % of it remained on DOID and HPO (seed 1
#: of benchmarks/zero_shot.py): 2.8 points on average, of the 3 that the user's phrases may lose.
COST = 0.039
#: Offsets tried, in log-odds.
OFFSETS = np.round(np.arange(-8.0, 8.01, 0.1), 1)


def harmonic(first: float, second: float) -> float:
    """Return ``2ab/(a + b)``, 0 where both are 0.

    >>> harmonic(0.5, 0.25)
    0.3333333333333333
    """
    return 2 * first * second / (first + second) if first + second else 0.0


@dataclass(frozen=True)
class Outcomes:
    """What is known of each of q phrases before the two lists become one, arrays (q,).

    Attributes
    ----------
    lead : by how much log-odds the first blind node leads the first with a name, without offset
    named_right, place_right : chance that the first is right: 0, 1, or 1 by the twins at a place
    sure : bool, the phrase is a name

    """

    lead: Array
    named_right: Array
    place_right: Array
    sure: Array

    def only(self, mask: Array) -> Outcomes:
        """Return the outcomes of the phrases where `mask` is true."""
        return Outcomes(*(getattr(self, field.name)[mask] for field in fields(self)))

    def right(self, offset: float) -> Array:
        """Return the chance that the first of the one list is right, with this offset."""
        wins = ~self.sure & (self.lead + offset > 0.0)
        return np.where(wins, self.place_right, self.named_right)


def best_offset(
    blind: Outcomes, others: Outcomes, cost: float = COST, most: float = float(OFFSETS[-1])
) -> tuple[float, float, float]:
    """Return (offset, accuracy of `blind`, accuracy of `others`): the best harmonic mean.

    `blind` are phrases that mean nodes without names, `others` phrases that mean nodes with names;
    only offsets count at which these lose at most `cost` against a list without places. Of equals
    the smallest is taken, and the smallest of all where none counts. None is above `most`.
    """
    least = float(others.named_right.mean()) - cost - 1e-9
    low = float(OFFSETS[0])
    best = low, float(blind.right(low).mean()), float(others.right(low).mean())
    top = -1.0
    for offset in OFFSETS[most >= OFFSETS].tolist():
        a, b = float(blind.right(offset).mean()), float(others.right(offset).mean())
        if b >= least and harmonic(a, b) > top + 1e-12:
            top, best = harmonic(a, b), (offset, a, b)
    return best
