"""explain, where nodes without names are among the candidates."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.encode import stem
from graphemb.map._blind_answers import LISTED, weighed
from graphemb.map._blind_features import RELATIVES

if TYPE_CHECKING:
    from graphemb.map._answers import Answers
    from graphemb.map._blind import BlindNodes, Placed, Ranked
    from graphemb.map.explain import Explanation, Weighed

__all__ = ["with_places"]

Array = np.ndarray[Any, Any]

_CHANNELS = {"text": "text around it", "layer": "graph layer", "near": "place of like phrases"}
_KIND = "id, for no name is known"


def with_places(
    named: Explanation, answers: Answers, blind: BlindNodes, k: int, allowed: Array | None,
    bar: float,
) -> Explanation:  # fmt: skip
    """Return the explanation `named` of the nodes with names, with blind nodes in their ranks.

    The reasons stand where both of the first two have names. Else there is one: what the
    probabilities say, whose log-ratio is its effect.
    """
    from graphemb.map.explain import PLACE_REASON, Reason

    found = answers.of([named.phrase], k, allowed, 0.0)[0]
    rows = {c.node: c for c in named.candidates}
    text = answers.read(named.phrase)
    ((_, _, ranked),) = weighed(answers, blind, [named.phrase], LISTED, allowed)
    index = answers.index.taxonomy.index
    places = {entry.node: entry for entry in ranked.entries}
    candidates = tuple(
        dataclasses.replace(rows[c.node], rank=c.rank, probability=c.probability)
        if c.node in rows else _placed(c, text, ranked, places.get(index[c.node]))
        for c in found
    )  # fmt: skip
    below = bool(candidates) and candidates[0].probability < bar
    whole = dataclasses.replace(
        named, candidates=candidates, below_bar=below,
        n_candidates=named.n_candidates + len(ranked.entries),
    )  # fmt: skip
    if len(candidates) < 2 or all(c.node in rows for c in candidates[:2]):
        return whole
    p = [max(c.probability, 1e-4) for c in candidates[:2]]
    reason = Reason(
        PLACE_REASON, math.log(p[0] / p[1]), f"probability {p[0]:.2f} against {p[1]:.2f}"
    )
    return dataclasses.replace(
        whole, gap=candidates[0].score - candidates[1].score, reasons=(reason,)
    )


def _placed(c: Any, text: str, ranked: Ranked, entry: Placed | None) -> Weighed:
    """Return what is said of the blind node that candidate `c` is."""
    from graphemb.map.explain import Weighed

    retrievers, neighbours = {}, {}
    if entry is not None and ranked.pairs is not None:
        columns = ranked.pairs.columns
        for name, title in _CHANNELS.items():
            rank = 1 + round(math.expm1(float(columns[f"{name}_rank"][entry.pair])))
            retrievers[title] = float(columns[name][entry.pair]), rank
        for name in RELATIVES:
            value = float(columns[f"{name}_dense"][entry.pair])
            if value > 0.005:
                neighbours[f"best {name}, meaning"] = value
    words = tuple(dict.fromkeys(text.split()))
    return Weighed(
        c.rank, c.node, c.label, c.path, c.probability, c.score, c.node, _KIND, "", retrievers,
        (), tuple(w for w in words if stem(w)), (), neighbours, False,
    )  # fmt: skip
