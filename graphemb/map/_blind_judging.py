"""How the judge of places is learned from phrases whose node is known: see `Judge`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from graphemb.map._answers import Answers
from graphemb.map._blind import TOLD, BlindNodes
from graphemb.map._blind_features import PlacePairs
from graphemb.map._blind_judge import (
    GATE_FEATURES,
    Judge,
    Listed,
    Named,
    first_chances,
    firsts,
    gate_inputs,
    in_order,
    outcome_inputs,
)
from graphemb.map._blind_offset import Outcomes, best_offset, harmonic
from graphemb.map.backoff import is_exact
from graphemb.map.calibrate import Calibrator, Level, Ranked
from graphemb.map.ranker import Ranker, unseen_scores
from graphemb.map.rerank import Query
from graphemb.map.trees import BoostedTrees

__all__ = ["FEWEST_GATE", "FEWEST_TREES", "Sample", "learn_judge", "unlearned"]

Array = np.ndarray[Any, Any]
#: From rows of inputs to log-odds.
Model = Callable[[Array], Array]

#: Fewer phrases than the first, of nodes held out or of others, grow no trees; with fewer than the
#: second, the gate is not learned either.
FEWEST_TREES, FEWEST_GATE = 300, 60
TREES = 200
FOLDS = 3


@dataclass(frozen=True)
class Sample:
    """Phrases, the places they may mean, and what was found of them by names.

    Attributes
    ----------
    queries : list of Query
    named : Named
    pairs : PlacePairs
    right : bool (pairs,): whether the place holds a right node
    size : int (pairs,): how many nodes will share the place
    named_right : float (queries,): whether the first candidate with a name is right

    """

    queries: list[Query]
    named: Named
    pairs: PlacePairs
    right: Array
    size: Array
    named_right: Array

    @classmethod
    def of(
        cls, nodes: BlindNodes, answers: Answers, queries: Sequence[Query], blind: Array
    ) -> Self:
        """Ask for `queries`; the nodes that will stay without names are `blind`."""
        named = answers.named([query.phrase for query in queries], TOLD, nodes.known)
        rows = nodes.index.taxonomy.index
        first = [rows[row[0].node] if row else -1 for row in named.candidates]
        hits = [float(node in q.nodes) for node, q in zip(first, queries, strict=True)]
        pairs, right = _asked(nodes, answers, queries, named)
        size = _sizes(nodes, blind)[pairs.place]
        return cls(list(queries), named, pairs, right, size, np.array(hits))

    def beside(self, nodes: BlindNodes, answers: Answers, those: Array) -> Self:
        """Return the same where `those` (n_nodes,) are the only nodes without names."""
        pairs, right = _asked(nodes, answers, self.queries, self.named, those)
        size = nodes.places_of(those)[pairs.place]
        return dataclasses.replace(self, pairs=pairs, right=right, size=size)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the phrases of all `parts` as one sample."""
        named = Named(
            [row for part in parts for row in part.named.candidates],
            np.concatenate([part.named.features for part in parts]),
        )
        return cls(
            queries=[query for part in parts for query in part.queries], named=named,
            pairs=_joined([part.pairs for part in parts if part.queries]),
            right=np.concatenate([part.right for part in parts]),
            size=np.concatenate([part.size for part in parts]),
            named_right=np.concatenate([part.named_right for part in parts]),
        )  # fmt: skip

    def outcomes(self, listed: Listed, lead: Array) -> Outcomes:
        """Return what `best_offset` needs of every phrase."""
        first = firsts(self.pairs, listed.order)
        sure = [bool(row) and is_exact(row[0]) for row in self.named.candidates]
        right = self.right[first] / self.size[first]
        return Outcomes(lead, self.named_right, right, np.array(sure, bool))


def _asked(
    nodes: BlindNodes, answers: Answers, queries: Sequence[Query], named: Named,
    those: Array | None = None,
) -> tuple[PlacePairs, Array]:  # fmt: skip
    """Return the places that `queries` may mean, of `those` nodes, and which of them are right."""
    texts = [answers.read(query.phrase) for query in queries]
    pairs = _joined(nodes.blocks(texts, named, those))
    truth = [set(nodes.places.place[list(q.nodes)].tolist()) - {-1} for q in queries]
    asked = zip(pairs.query.tolist(), pairs.place.tolist(), strict=True)
    return pairs, np.array([place in truth[query] for query, place in asked], bool)


def _sizes(nodes: BlindNodes, blind: Array) -> Array:
    """Return how many nodes each place would hold if of those held out one alone stayed blind.

    More twins are blind while tuning than later; which place is right must not show in this.
    """
    m = len(nodes.places.size)
    there = np.bincount(nodes.places.place[blind], minlength=m)
    return np.asarray(there + (nodes.places.size > there))


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
    asked: Sample, others: Sample, later: Sample, random_state: int, fast: bool
) -> tuple[Judge, dict[str, Any]]:
    """Learn to order places, and when one outranks a node with names.

    `asked` are phrases of nodes held out, `others` phrases of nodes with names and phrases without
    a meaning; `later` are the same beside the nodes alone that stay without names: what answering
    these costs is measured there. Returns the judge and facts about it; the figures are of folds of
    nodes that nothing learned had seen.
    """
    _, numbers = np.unique([min(q.nodes) for q in asked.queries], return_inverse=True)
    fold = numbers % FOLDS
    folds = fold, np.arange(len(others.queries)) % FOLDS
    meaning = np.array([bool(query.nodes) for query in others.queries], bool)
    n_trees = TREES // 3 if fast else TREES
    ranker, scores, level = _grown(asked, fold, random_state, n_trees)
    judge = dataclasses.replace(unlearned(), ranker=ranker)
    judge, listed = _calibrated(judge, asked, scores, level)
    both = (asked, others), (listed, judge.listed(others.pairs, others.size))
    shown = (asked, later), (listed, judge.listed(later.pairs, later.size))
    if ranker and meaning.sum() >= FEWEST_TREES:
        judge, leads = _outcomes(judge, both, shown, folds, random_state, n_trees)
    else:
        judge, leads = _gate(judge, both, shown, folds)
    mine, theirs = (
        sample.outcomes(part, lead) for sample, part, lead in zip(*shown, leads, strict=True)
    )
    # At 0 a phrase is as likely to mean a node without names as one with: more is never granted,
    # however few such nodes there are to cost anything.
    offset, blind, named = best_offset(mine, theirs.only(meaning), most=0.0)
    return dataclasses.replace(judge, offset=offset), {
        "judge": "learned here" if ranker else "learned here, without trees", "offset": offset,
        "accuracy@1_among_blind": float(mine.place_right.mean()),
        "accuracy@1_in_one_list": blind, "accuracy@1_of_others": named,
        "accuracy@1_of_others_alone": float(theirs.named_right[meaning].mean()),
        "harmonic_mean": harmonic(blind, named),
    }  # fmt: skip


def _grown(
    sample: Sample, fold: Array, random_state: int, n_trees: int
) -> tuple[Ranker | None, Array, Level | None]:
    """Return the ranker; and every pair's score and level by one that had not seen its node."""
    pairs = sample.pairs
    if len(sample.queries) < FEWEST_TREES:
        return None, unlearned().scores(pairs), None
    X = pairs.matrix

    def grown(inside: Array) -> Ranker:
        right, query = sample.right[inside], pairs.query[inside]
        return Ranker.listwise(X[inside], None, right, query, random_state, n_trees)

    scores, level = unseen_scores(grown, X, lambda _: None, fold[pairs.query], FOLDS)
    return grown(np.ones(len(X), bool)), scores, level


def _calibrated(
    judge: Judge, sample: Sample, scores: Array, level: Level | None
) -> tuple[Judge, Listed]:
    """Return the judge with P(first node is right), learned from phrases that mean a blind node.

    Beside it, the sample's pairs in the order of `scores`.
    """
    pairs = sample.pairs
    shared, order = in_order(pairs, scores, sample.size)
    ranked = Ranked(shared, order, pairs.ptr, level)
    inputs = Calibrator.inputs(ranked, pairs.columns)
    first = firsts(pairs, order)
    right = sample.right[first] / sample.size[first]
    found = np.bincount(pairs.query, sample.right, len(right)) > 0
    wrong = ~sample.right[first]
    in_list = float((found & wrong).sum() / max(wrong.sum(), 1))
    calibrator = Calibrator.fit(inputs, right, np.ones(len(right)), in_list)
    p = calibrator.probabilities(ranked, pairs.columns)
    return dataclasses.replace(judge, calibrator=calibrator), Listed(shared, order, p)


#: The phrases of nodes held out and the others; and their pairs in order.
Both = tuple[tuple[Sample, Sample], tuple[Listed, Listed]]


def _inputs(look: Callable[..., Array], both: Both) -> list[Array]:
    return [look(sample.pairs, part, sample.named) for sample, part in zip(*both, strict=True)]


def _weights(rows: Sequence[Array]) -> Array:
    """Both kinds weigh the same: how often users mean which is not known; the offset shifts it."""
    n = sum(len(part) for part in rows)
    return np.concatenate([np.full(len(part), 0.5 * n / len(part)) for part in rows])


def _unseen(fit: Callable[[Array], Model], x: Array, fold: Array) -> Array:
    """Return what models say of the rows `x` of each fold that learned from the other folds."""
    found = np.zeros(len(x))
    for number in range(FOLDS):
        inside = fold != number
        found[~inside] = fit(inside)(x[~inside])
    return found


def _outcomes(
    judge: Judge, both: Both, shown: Both, folds: tuple[Array, Array], random_state: int,
    n_trees: int,
) -> tuple[Judge, list[Array]]:  # fmt: skip
    """Return the judge with its two forests, grown on `both`; and log a - log b of `shown`.

    These are by forests that had not seen the phrases of their fold.
    """
    rows = _inputs(outcome_inputs, both)
    x, weight, fold = np.concatenate(rows), _weights(rows), np.concatenate(folds)
    seen = np.concatenate(_inputs(outcome_inputs, shown))
    first = [firsts(sample.pairs, listed.order) for sample, listed in zip(*both, strict=True)]
    place = [s.right[at] / s.size[at] for s, at in zip(both[0], first, strict=True)]
    targets = np.concatenate(place), np.concatenate([s.named_right for s in both[0]])
    forests, logs = [], []
    for target in targets:

        def forest(inside: Array, target: Array = target) -> BoostedTrees:
            # One of m twins is right by 1/m: a row that is right, and one that is not.
            part, share = weight[inside], target[inside]
            w = np.concatenate([part * share, part * (1.0 - share)])
            y = np.repeat([1.0, 0.0], len(part))[w > 0]
            twice = np.concatenate([x[inside], x[inside]])[w > 0]
            return BoostedTrees.fit(twice, y, w[w > 0], random_state, n_trees)

        def model(inside: Array, grow: Callable[[Array], BoostedTrees] = forest) -> Model:
            return grow(inside).predict

        logit = _unseen(model, seen, fold)
        logs.append(-np.log1p(np.exp(-np.clip(logit, -30, 30))))
        forests.append(forest(np.ones(len(x), bool)))
    judge = dataclasses.replace(judge, outcomes=(forests[0], forests[1]))
    return judge, np.split(logs[0] - logs[1], [len(rows[0])])


def _gate(
    judge: Judge, both: Both, shown: Both, folds: tuple[Array, Array]
) -> tuple[Judge, list[Array]]:
    """Return the judge with its gate, of `both`; and by how much places lead in `shown`."""
    rows = _inputs(gate_inputs, both)
    x, weight, fold = np.concatenate(rows), _weights(rows), np.concatenate(folds)
    meant = np.repeat([1.0, 0.0], [len(part) for part in rows])

    def fit(inside: Array) -> Model:
        gate = Calibrator.fit(x[inside], meant[inside], weight[inside], 1.0)
        return gate.logits

    seen = np.concatenate(_inputs(gate_inputs, shown))
    logits = np.split(_unseen(fit, seen, fold), [len(rows[0])])
    leads = []
    for logit, sample, listed in zip(logits, *shown, strict=True):
        p = listed.p[firsts(sample.pairs, listed.order)]
        leads.append(logit + np.log(np.maximum(p, 1e-9)) - np.log(first_chances(sample.named)))
    return dataclasses.replace(judge, gate=Calibrator.fit(x, meant, weight, 1.0)), leads


def unlearned() -> Judge:
    """Return the judge where too few names could be held out; its numbers are set by hand."""
    n = 13  # inputs of Calibrator: score, lead, share; then what places have no columns for
    first = np.array([-1.0, 0.5, 0.5, 1.0, *[0.0] * (n - 3)])
    gate = np.zeros(7 + len(GATE_FEATURES))
    gate[:2] = -1.0, -0.8  # against a surer node with names
    gate[7 + GATE_FEATURES.index("query_unknown")] = -4.0
    return Judge(
        None, Calibrator(np.zeros(n), np.ones(n), first, 0.8),
        Calibrator(np.zeros(len(gate) - 1), np.ones(len(gate) - 1), gate, 1.0),
    )  # fmt: skip
