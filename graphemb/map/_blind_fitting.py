"""How answering nodes without names is learned: on nodes whose names were withheld."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from graphemb.estimator import Progress
from graphemb.map._answers import Answers
from graphemb.map._blind import BlindNodes, BlindParts, encoder_of, name_means
from graphemb.map._blind_features import PlacePairs
from graphemb.map._blind_judge import (
    GATE_FEATURES,
    Judge,
    gate_inputs,
    gate_logits,
)
from graphemb.map._blind_offset import Outcomes, best_offset, harmonic
from graphemb.map._blind_tuning import BlindPlan
from graphemb.map._propagation import contexts
from graphemb.map._runs import unit_rows
from graphemb.map.backoff import is_exact
from graphemb.map.calibrate import Calibrator, Ranked
from graphemb.map.index import MappingIndex
from graphemb.map.rerank import Query, Reranker, ordered
from graphemb.map.rewrite import Rewriter
from graphemb.map.trees import BoostedTrees
from graphemb.mappings import Candidate
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["LearnedPlaces", "learn_judge", "learn_places", "unlearned"]

Array = np.ndarray[Any, Any]

#: Fewer phrases of nodes held out than the first grow no trees; with fewer than the second, the
#: gate is not learned either.
FEWEST_TREES, FEWEST_GATE = 300, 60
TREES = 200
FOLDS = 3


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
    seed = mapper.random_state
    space = node_space(indexes[0].taxonomy, seed)
    clock("learning of nodes without names", 0.3)
    samples, layers = [], []
    for number, (plan, index) in enumerate(zip(plans, indexes, strict=True)):
        layers.append(learn_layer(index, plan.hidden, seed))
        nodes = BlindNodes(index, plan.hidden, BlindParts(layers[-1], space))
        samples.append(_samples(plan, nodes, Answers(index, reranker, rewriter, mapper.reranker)))
        clock("learning of nodes without names", 0.3 + 0.5 * (number + 1) / len(plans))
    judge, facts = learn_judge(plans, samples, mapper)
    return LearnedPlaces(plans[0].blind, BlindParts(layers[0], space), judge, facts, seed)


def _samples(plan: BlindPlan, nodes: BlindNodes, answers: Answers) -> tuple[_Sample, _Sample]:
    """Return the samples of the phrases of nodes held out and of the others."""
    asked, others = (
        _Sample.of(nodes, answers, queries, plan.blind) for queries in (plan.asked, plan.others)
    )
    return asked, others


@dataclass(frozen=True)
class _Sample:
    """Phrases, the places they may mean, and their candidates with names.

    `right` and `size` tell of every pair whether its place holds a right node and how many nodes
    share the place; `named_right` whether a query's first candidate with a name is right.
    """

    queries: list[Query]
    named: list[list[Candidate]]
    pairs: PlacePairs
    right: Array
    size: Array
    named_right: Array

    @classmethod
    def of(
        cls, nodes: BlindNodes, answers: Answers, queries: Sequence[Query], blind: Array
    ) -> Self:
        """Ask for `queries`; the nodes that will stay without names are `blind`."""
        named = answers.of_named([query.phrase for query in queries], 2, nodes.known, 0.0)
        pairs = _joined(nodes.blocks([answers.read(query.phrase) for query in queries]))
        truth = [set(nodes.places.place[list(q.nodes)].tolist()) - {-1} for q in queries]
        asked = zip(pairs.query.tolist(), pairs.place.tolist(), strict=True)
        right = np.array([place in truth[query] for query, place in asked], bool)
        index = nodes.index.taxonomy.index
        first = [index[row[0].node] if row else -1 for row in named]
        hits = [float(node in q.nodes) for node, q in zip(first, queries, strict=True)]
        size = _sizes(nodes, blind, pairs.place, right)
        return cls(list(queries), named, pairs, right, size, np.array(hits))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the phrases of all `parts` as one sample."""
        every = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("right", "size", "named_right")
        }
        return cls(
            queries=[query for part in parts for query in part.queries],
            named=[row for part in parts for row in part.named],
            pairs=_joined([part.pairs for part in parts]), **every,
        )  # fmt: skip

    def outcomes(self, judge: Judge, scores: Array, logit: Array) -> Outcomes:
        """Return what `best_offset` needs of every phrase."""
        pairs = self.pairs
        order = ordered(scores, pairs.query, pairs.place)
        first = order[pairs.ptr[:-1]]
        p = judge.calibrator.probabilities(Ranked(scores, order, pairs.ptr), pairs.columns)
        named = np.array([row[0].probability if row else 0.0 for row in self.named])
        sure = np.array([bool(row) and is_exact(row[0]) for row in self.named], bool)
        size = self.size[first]
        return Outcomes(
            logit, named, p[first] / size, self.named_right, self.right[first] / size, sure
        )

    def inputs(self, scores: Array) -> Array:
        """Return the gate's inputs."""
        order = ordered(scores, self.pairs.query, self.pairs.place)
        return gate_inputs(self.pairs, scores, order, self.named)


def _sizes(nodes: BlindNodes, blind: Array, place: Array, right: Array) -> Array:
    """Return how many nodes a place of each pair will hold when the nodes held out have names.

    More twins are blind while tuning than later. Of those held out none counts but the one that a
    right place is right for.
    """
    there = np.bincount(nodes.places.place[blind], minlength=len(nodes.places.size))[place]
    return np.asarray(np.maximum(there, 1) + (right & (there > 0)))


def _joined(blocks: Sequence[PlacePairs]) -> PlacePairs:
    ptr, query, done = [np.zeros(1, np.int64)], [], 0
    for block in blocks:
        ptr.append(block.ptr[1:] + ptr[-1][-1])
        query.append(block.query + done)
        done += len(block.ptr) - 1
    names = blocks[0].columns
    return PlacePairs(
        np.concatenate(ptr), np.concatenate(query),
        np.concatenate([block.place for block in blocks]),
        {name: np.concatenate([block.columns[name] for block in blocks]) for name in names},
    )  # fmt: skip


def learn_judge(
    plans: Sequence[BlindPlan], samples: Sequence[tuple[_Sample, _Sample]], mapper: PhraseMapper
) -> tuple[Judge, dict[str, Any]]:
    """Learn to order places, and when one outranks a node with names, on what `plans` held out.

    Returns the judge and facts about it; the figures are of folds of nodes that the trees and the
    gate had not seen.
    """
    asked, others = (_Sample.joined(parts) for parts in zip(*samples, strict=True))
    meaning = np.array([bool(query.nodes) for query in others.queries], bool)
    facts: dict[str, Any] = {
        "nodes": int(plans[0].blind.sum()), "phrases_held_out": len(asked.queries),
    }  # fmt: skip
    if min(len(asked.queries), int(meaning.sum())) < FEWEST_GATE:
        return unlearned(), facts | {"judge": "fixed: too few names could be held out"}
    fold = np.array([min(query.nodes) * 7919 % FOLDS for query in asked.queries])
    trees, scores = _grown(asked, fold, mapper)
    judge = Judge(trees, _calibrated(asked, scores), unlearned().gate)
    both = (asked, scores), (others, judge.scores(others.pairs))
    gate, logits = _gate(both, fold)
    outcomes = [
        sample.outcomes(judge, s, logit) for (sample, s), logit in zip(both, logits, strict=True)
    ]
    offset, blind, named = best_offset(outcomes[0], outcomes[1].only(meaning))
    return dataclasses.replace(judge, gate=gate, offset=offset), facts | {
        "judge": "learned here" if trees else "learned here, without trees", "offset": offset,
        "accuracy@1_among_blind": float(outcomes[0].place_right.mean()),
        "accuracy@1_in_one_list": blind, "accuracy@1_of_others": named,
        "accuracy@1_of_others_alone": float(outcomes[1].named_right[meaning].mean()),
        "harmonic_mean": harmonic(blind, named),
    }  # fmt: skip


def _grown(sample: _Sample, fold: Array, mapper: PhraseMapper) -> tuple[BoostedTrees | None, Array]:
    """Return the trees, and the scores of every pair by trees that had not seen its node."""
    pairs = sample.pairs
    if len(sample.queries) < FEWEST_TREES:
        return None, unlearned().scores(pairs)
    X, scores = pairs.matrix(), np.zeros(len(pairs.query), np.float32)
    seed, n_trees = mapper.random_state, TREES // 3 if mapper.fast else TREES
    for number in range(FOLDS):
        inside = fold[pairs.query] != number
        trees = BoostedTrees.fit(X[inside], sample.right[inside], None, seed, n_trees)
        scores[~inside] = trees.predict(X[~inside])
    return BoostedTrees.fit(X, sample.right, None, seed, n_trees), scores


def _calibrated(sample: _Sample, scores: Array) -> Calibrator:
    """Return P(first place is right), learned from phrases that mean some blind node."""
    pairs = sample.pairs
    order = ordered(scores, pairs.query, pairs.place)
    inputs = Calibrator.inputs(Ranked(scores, order, pairs.ptr), pairs.columns)
    right = sample.right[order[pairs.ptr[:-1]]]
    found = np.bincount(pairs.query, sample.right, len(right)) > 0
    in_list = float((found & ~right).sum() / max((~right).sum(), 1))
    return Calibrator.fit(inputs, right, np.ones(len(right)), in_list)


def _gate(
    both: tuple[tuple[_Sample, Array], tuple[_Sample, Array]], fold: Array
) -> tuple[Calibrator, list[Array]]:
    """Return the gate, and the log-odds of all phrases by gates that had not seen them."""
    rows = [sample.inputs(scores) for sample, scores in both]
    x = np.concatenate(rows)
    meant = np.repeat([1.0, 0.0], [len(part) for part in rows])
    # Both kinds weigh the same: how often users mean which is not known; the offset shifts it.
    weight = np.concatenate([np.full(len(part), 0.5 * len(x) / len(part)) for part in rows])
    fold = np.concatenate([fold, np.arange(len(rows[1])) % FOLDS])
    logits = np.zeros(len(x))
    for number in range(FOLDS):
        inside = fold != number
        gate = Calibrator.fit(x[inside], meant[inside], weight[inside], 1.0)
        logits[~inside] = gate_logits(gate, x[~inside])
    return Calibrator.fit(x, meant, weight, 1.0), np.split(logits, [len(rows[0])])


def unlearned() -> Judge:
    """Return the judge where too few names could be held out; its numbers are set by hand."""
    n = 13  # inputs of Calibrator: score, lead, share; then what places have no columns for
    first = np.array([-0.5, 0.5, 0.5, 1.0, *[0.0] * (n - 3)])
    gate = np.zeros(7 + len(GATE_FEATURES))
    gate[:2] = -1.0, -0.8  # against a surer node with names
    gate[7 + GATE_FEATURES.index("query_unknown")] = -4.0
    return Judge(
        None, Calibrator(np.zeros(n), np.ones(n), first, 0.8),
        Calibrator(np.zeros(len(gate) - 1), np.ones(len(gate) - 1), gate, 1.0),
    )  # fmt: skip
