"""How answering nodes without names is learned: on nodes whose names were withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.estimator import Progress
from graphemb.map._answers import Answers
from graphemb.map._blind import BlindNodes, BlindParts, encoder_of, name_means
from graphemb.map._blind_judge import Judge
from graphemb.map._blind_judging import FEWEST_GATE, Sample, learn_judge, unlearned
from graphemb.map._blind_tuning import BlindPlan
from graphemb.map._propagation import contexts
from graphemb.map._runs import unit_rows
from graphemb.map.index import MappingIndex
from graphemb.map.rerank import Reranker
from graphemb.map.rewrite import Rewriter
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["LearnedPlaces", "learn_places"]

Array = np.ndarray[Any, Any]


def learn_layer(index: MappingIndex, hidden: Array, random_state: int) -> Array:
    """Return the graph layer learned from the names in `index` of nodes that are not `hidden`."""
    from graphemb.map._propagation_training import train_layer

    names = index.names
    own = ~hidden[names.owners]
    texts = [text for text, mine in zip(names.normalised, own.tolist(), strict=True) if mine]
    vectors = encoder_of(index).vectors_of_normalised(texts)
    context = contexts(index.taxonomy, name_means(index), ~hidden)
    return train_layer(context, vectors, names.owners[own].astype(np.int64), random_state)


def node_space(taxonomy: Taxonomy, random_state: int) -> Array:
    """Return unit node2vec vectors of the undirected hierarchy, their mean taken out."""
    from graphemb.embed import EMBEDDERS

    # With edges from child to parent every walk would end at the root after a few steps.
    graph = taxonomy.graph.to_undirected()
    embedder = EMBEDDERS["node2vec"](dim=64, walk_length=40, random_state=random_state)
    vectors = embedder.fit_transform(graph).vectors
    return np.asarray(unit_rows(vectors - vectors.mean(axis=0)), np.float32)


@dataclass(frozen=True)
class LearnedPlaces:
    """What was learned of nodes without names while tuning, to be put to use in the final index."""

    blind: Array
    parts: BlindParts
    judge: Judge
    facts: dict[str, Any]
    random_state: int

    def of(self, index: MappingIndex, anew: bool) -> BlindNodes:
        """Return the nodes in the final `index`; with `anew` the encoder is another by now."""
        parts = self.parts
        if anew:
            parts = BlindParts(learn_layer(index, self.blind, self.random_state), parts.space)
        return BlindNodes(index, self.blind, parts, self.judge)


def learn_places(
    plans: Sequence[BlindPlan], indexes: Sequence[MappingIndex], reranker: Reranker,
    rewriter: Rewriter, mapper: PhraseMapper, clock: Progress,
) -> LearnedPlaces:  # fmt: skip
    """Learn all that nodes without names need.

    Each of `indexes` knows no name of the nodes that its plan holds out.
    """
    clock("learning of nodes without names", 0.0)
    seed, blind = mapper.random_state, plans[0].blind
    space = node_space(indexes[0].taxonomy, seed)
    clock("learning of nodes without names", 0.3)
    layers = [learn_layer(i, p.hidden, seed) for i, p in zip(indexes, plans, strict=True)]
    parts = [BlindParts(layer, space) for layer in layers]
    clock("learning of nodes without names", 0.6)
    facts: dict[str, Any] = {
        "nodes": int(blind.sum()), "phrases_held_out": sum(len(plan.asked) for plan in plans),
    }  # fmt: skip
    others = sum(bool(query.nodes) for plan in plans for query in plan.others)
    if min(facts["phrases_held_out"], others) < FEWEST_GATE:
        judge, learned = unlearned(), {"judge": "fixed: too few names could be held out"}
    else:
        found: tuple[list[Sample], list[Sample]] = ([], [])
        later: list[Sample] = []
        for plan, index, own in zip(plans, indexes, parts, strict=True):
            answers = Answers(index, reranker, rewriter, mapper.reranker)
            nodes = BlindNodes(index, plan.hidden, own)
            for some, queries in zip(found, (plan.asked, plan.others), strict=True):
                # A fold may hold back pairs of few nodes, and none of its own.
                some += [Sample.of(nodes, answers, queries, plan.blind)] if queries else []
            later += [found[1][-1].beside(nodes, answers, plan.blind)] if plan.others else []
        asked, rest, later_on = (Sample.joined(some) for some in (*found, later))
        judge, learned = learn_judge(asked, rest, later_on, mapper.random_state, mapper.fast)
    return LearnedPlaces(blind, parts[0], judge, facts | learned, seed)
