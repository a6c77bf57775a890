"""What is held out so that answering nodes without names can be learned: never test, never dev."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.encode import normalise
from graphemb.errors import InputError
from graphemb.map._blind import nameless
from graphemb.map._tuning import Plan
from graphemb.map.names import LABEL, Name
from graphemb.map.rerank import Query
from graphemb.rng import stream
from graphemb.taxonomy import Taxonomy

__all__ = ["BlindPlan", "hold_out"]

Array = np.ndarray[Any, Any]

#: Share of the nodes with names and parents whose names are withheld, and how many at most.
HELD, MOST_HELD = 0.08, 900
#: Share of the tuning phrases that the judge learns from instead of the reranker, and how many.
SHARE, MOST = 0.25, 600


@dataclass(frozen=True)
class BlindPlan:
    """A plan for a taxonomy in which some nodes have no names.

    Attributes
    ----------
    plan : Plan
        Without the names of the nodes held out and the tuning phrases of the judge.
    blind : bool (n_nodes,)
        The nodes of which no text is known.
    held : bool (n_nodes,)
        Nodes that play blind while tuning.
    asked : list of Query
        The names of the nodes held out.
    others : list of Query
        Tuning phrases of nodes with names, and phrases without a meaning.

    """

    plan: Plan
    blind: Array
    held: Array
    asked: list[Query]
    others: list[Query]

    @property
    def hidden(self) -> Array:
        """Nodes without names while tuning."""
        return np.asarray(self.blind | self.held)


def hold_out(plan: Plan, taxonomy: Taxonomy, random_state: int, fold: int = 0) -> BlindPlan | None:
    """Return the plan for a taxonomy with nodes of which no text is known; None without any.

    So that what is learned about such nodes is learned on some whose names are known, nodes are
    drawn whose names, phrases and tuning phrases are all taken out of the tuning index and of
    training. Each `fold` draws other nodes.

    Raises
    ------
    InputError
        When no node has any text: there is nothing to learn from.

    """
    blind = nameless(taxonomy, plan.final)
    if not blind.any() or not taxonomy.n_edges:
        return None
    if blind.all():
        raise InputError(
            f"PhraseMapper.fit: {taxonomy.name or 'the taxonomy'} must have a node with a label, a "
            "synonym or a training phrase; has none. Give labels, or pairs."
        )
    rng = stream(random_state, "blind")
    held = np.zeros(taxonomy.n_nodes, bool)
    able = np.flatnonzero(~blind & (np.diff(taxonomy.parent_ptr) > 0))
    n = min(MOST_HELD, int(len(able) * HELD))
    held[rng.permutation(able)[fold * n : (fold + 1) * n]] = True
    kept = [n for n in plan.names if not held[n.owner]]
    kept += [Name(taxonomy.ids[row], row, LABEL) for row in np.flatnonzero(held).tolist()]
    asked = _names_of_held(plan, taxonomy, held, {"", *(normalise(name.text) for name in kept)})
    # Slips in the id of a node without a name tell nothing either.
    tuning = [q for q in plan.tuning if not any(held[n] or blind[n] for n in q.nodes)]
    real = np.array([i for i, q in enumerate(tuning) if q.weight >= 1.0], np.int64)
    taken = set(rng.permutation(real)[: min(MOST, int(len(real) * SHARE))].tolist())
    strangers = [i for i, q in enumerate(tuning) if not q.nodes]
    taken |= set(rng.permutation(np.array(strangers, np.int64))[: len(strangers) // 2].tolist())
    others = [tuning[i] for i in sorted(taken)]
    apart = {normalise(query.phrase) for query in others}
    tuning = [q for q in tuning if normalise(q.phrase) not in apart]
    taught = [(p, rows) for p, rows in plan.taught if not any(held[n] for n in rows)]
    smaller = dataclasses.replace(plan, names=kept, taught=taught, tuning=tuning)
    return BlindPlan(smaller, blind, held, asked, others)


def _names_of_held(plan: Plan, taxonomy: Taxonomy, held: Array, left: set[str]) -> list[Query]:
    """Return the texts of the nodes held out that no name still in the index equals."""
    nodes: dict[str, set[int]] = {}
    for name in plan.final:
        if held[name.owner] and normalise(name.text) not in left:
            nodes.setdefault(name.text, set()).add(name.owner)
    for phrase, rows in plan.voters:
        if any(held[row] for row in rows) and normalise(phrase) not in left:
            nodes.setdefault(phrase, set()).update(row for row in rows if held[row])
    return [Query(text, frozenset(rows)) for text, rows in nodes.items()]
