"""The stages of training a mapper, in order; each is a function of what came before."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.encode import CharGrams, WordTerms, normalise_all, stems
from graphemb.encode._general import general_encoder
from graphemb.encode.contrastive import ContrastiveEncoder
from graphemb.estimator import Progress
from graphemb.map._blind_fitting import learn_places
from graphemb.map._blind_tuning import BlindPlan, hold_out
from graphemb.map._clock import Clock
from graphemb.map._companions import foreign_names, meant_here
from graphemb.map._shipped import shipped_reranker
from graphemb.map._tuning import Plan, make_plan, n_folds
from graphemb.map._words import WordBook
from graphemb.map.index import MappingIndex, Parts, relations
from graphemb.map.names import Name, NameTable, names_of
from graphemb.map.rerank import Examples, Reranker, collect, judge, learn
from graphemb.map.rewrite import Rewriter
from graphemb.map.translate import learn_translation
from graphemb.mappings import Pair
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["Taught", "fit_mapper", "learn_parts", "place_nodes", "taught_texts"]

Array = np.ndarray[Any, Any]

#: With more names than this, and no pairs, the encoder is trained once: it would take too long.
MOST_REPEATED = 50_000

#: A plan, and what it holds back of nodes without names where there are any.
Fold = tuple[Plan, BlindPlan | None]

#: With fewer held-out phrases than this a reranker of its own would be worse than the shipped one.
FEWEST = 300


@dataclass(frozen=True)
class Taught:
    """Texts that name things: names, pairs and lexicon rows.

    Owners below `n_nodes` are nodes; a lexicon row is a thing of its own, numbered from there.
    `labels` is the text that stands for each owner.
    """

    texts: list[str]
    owners: list[tuple[int, ...]]
    labels: Array
    n_nodes: int


def taught_texts(
    table: NameTable, plan: Plan, lexicon: Sequence[tuple[str, str]],
    companions: Sequence[Taxonomy] = (),
) -> Taught:  # fmt: skip
    """Return all texts the encoder learns from, with their owners."""
    texts, owners, label_rows = _own_texts(table)
    labels = label_rows.tolist()
    for phrase, rows in plan.taught:
        # A node that only an id stands for has no text that a phrase could be likened to.
        if able := tuple(row for row in rows if labels[row] >= 0):
            texts.append(phrase)
            owners.append(able)
    for names in [
        *((means, phrase) for phrase, means in lexicon),
        *foreign_names(texts, plan.tuning, companions),
    ]:
        labels.append(len(texts))
        owners += [(len(labels) - 1,)] * len(names)
        texts += names
    return Taught(texts, owners, np.array(labels, np.int64), table.n_nodes)


def _own_texts(table: NameTable) -> tuple[list[str], list[tuple[int, ...]], Array]:
    """Return the names' texts and owners, and each node's label; -1 where an id stands for it."""
    owners: list[tuple[int, ...]] = [(int(owner),) for owner in table.owners]
    if table.nameless is None:
        return list(table.texts), owners, table.labels
    named = ~table.nameless[table.owners]
    labels = np.where(table.nameless, -1, (np.cumsum(named) - 1)[table.labels])
    kept = np.flatnonzero(named).tolist()
    return [table.texts[i] for i in kept], [owners[i] for i in kept], labels


def learn_parts(
    params: PhraseMapper, taxonomy: Taxonomy, table: NameTable, taught: Taught, clock: Clock,
    first: Parts | None = None,
) -> Parts:  # fmt: skip
    """Return everything an index needs beside the names themselves.

    Words are described in the space of the `first` parts, where ranking was learned.
    """
    encoder = _encoder(params, taxonomy, taught, clock) if params.encoder else None
    clock("learning word translation")
    grams = CharGrams.fit(table.normalised, min_df=1 if len(table) < 20_000 else 2)
    plain = normalise_all(taught.texts)
    tokens = stems(plain)
    terms = WordTerms.fit(tokens, bigrams=False, min_df=1)
    translation = _translation(terms, tokens, taught) if params.translation else None
    space = WordBook.word_vectors(terms, plain, encoder)
    if first is not None:
        target = first.word_vectors, first.word_basis
        space = WordBook.aligned(terms, space, first.terms, target)
    clock("embedding the taxonomy")
    nodes, node_map = _node_space(params, taxonomy, taught, encoder)
    return Parts(encoder, grams, terms, translation, *space, nodes, node_map)


def _encoder(
    params: PhraseMapper, taxonomy: Taxonomy, taught: Taught, clock: Clock
) -> ContrastiveEncoder:
    encoder = ContrastiveEncoder(
        dim=params.dim, hidden=2 * params.dim,
        n_epochs=max(1, params.n_epochs // 3) if params.fast else params.n_epochs,
        general=general_encoder(params.general), random_state=params.random_state,
    )  # fmt: skip
    clock("training the phrase encoder")
    nameless = taught.labels[: taxonomy.n_nodes] < 0
    edges = relations(taxonomy, nameless) if params.graph and taxonomy.n_edges else None
    return encoder.fit(
        taught.texts, taught.owners, documents=taught.labels, relations=edges,
        progress=lambda _, share: clock("training the phrase encoder", share),
    )  # fmt: skip


def _translation(
    terms: WordTerms, tokens: Sequence[Sequence[str]], taught: Taught
) -> tuple[Array, Array, Array]:
    ids = [[terms.vocabulary[word] for word in words] for words in tokens]
    pairs = [
        (ids[row], ids[label])
        for row, group in enumerate(taught.owners)
        for label in (int(taught.labels[owner]) for owner in group)
        if label != row
    ]
    return learn_translation(pairs, len(terms.terms))


def _node_space(
    params: PhraseMapper, taxonomy: Taxonomy, taught: Taught, encoder: ContrastiveEncoder | None
) -> tuple[Array, Array]:
    """Return unit node vectors (float16) and the ridge map from phrase space to node space."""
    if not params.graph or not taxonomy.n_edges:
        return np.zeros((taxonomy.n_nodes, 0), np.float16), np.zeros((0, 0), np.float32)
    vectors = place_nodes(taxonomy, params.random_state)
    if encoder is None:
        return vectors.astype(np.float16), np.zeros((0, 0), np.float32)
    from graphemb.map import NETWORKS

    rows = [(r, o) for r, group in enumerate(taught.owners) for o in group if o < taught.n_nodes]
    text, node = np.array(rows, np.int64).T
    weight = 1.0 / np.bincount(node, minlength=taught.n_nodes)[node]
    phrases = encoder.vectors(taught.texts)[text]
    network = NETWORKS["linear"](ridge=1.0).fit(phrases, vectors[node], weight=weight)
    return vectors.astype(np.float16), network.matrix_


def place_nodes(taxonomy: Taxonomy, random_state: int) -> Array:
    """Return unit node vectors by FastRP, float32 (n, 64).

    Its projection is a function of the seed and a node's id, so that nodes which come later are
    placed by the same rule (`FastRP.transform`), and known ones move as their surroundings do.
    """
    from graphemb.embed import EMBEDDERS

    embedder = EMBEDDERS["fastrp"](dim=64, projection="gaussian", random_state=random_state)
    vectors: Array = embedder.fit_transform(taxonomy.graph).normalised().vectors
    return vectors


def fit_mapper(
    mapper: PhraseMapper, taxonomy: Taxonomy, pairs: Sequence[Pair],
    lexicon: Sequence[tuple[str, str, str]], companions: Sequence[Taxonomy],
    progress: Progress | None,
) -> None:  # fmt: skip
    """Run all stages and hand the fitted parts to `mapper`.

    Where it `_repeats`, the encoder is trained several times: without the phrases that a fold
    holds back, so that ranking is learned on phrases it has not seen; then on all, which is what
    answers.
    """
    names = names_of(taxonomy)
    plan = make_plan(taxonomy, names, pairs, mapper.index_pairs, mapper.random_state)
    again = _repeats(mapper, plan)
    folds = list(_folds(mapper, taxonomy, names, pairs, plan, n_folds(plan) if again else 1))
    plan, blind = folds[0]
    clock = Clock(progress, n_passes=len(folds) + again)
    clock("reading names")
    rewriter = Rewriter([*lexicon, *meant_here(names, companions)])
    teach = _Teacher(mapper, taxonomy, [(p, means) for p, means, _ in lexicon], companions, clock)
    indexes, examples = teach.tuned(folds, read_words=again or bool(pairs))
    index = indexes[0]
    reranker, quality = _ranking(mapper, examples, plan, clock)
    places = None
    if blind:
        held = [part for _, part in folds if part]
        places = learn_places(held, indexes, reranker, rewriter, mapper, clock)
    if len(plan.final) != len(plan.names) or plan.voters or blind:
        clock.done_passes = clock.n_passes - 1
        parts = None if again else index.parts
        index = teach.index(plan, blind, final=True, parts=parts, first=index.parts)
    facts = _facts(index, plan, quality, lexicon, companions)
    if places:
        index.blind = places.of(index, again)
        facts["nodes_without_names"] = places.facts
    clock.stop()
    mapper._set(index, reranker, rewriter, facts)
    mapper.seconds_ = clock.seconds


@dataclass(frozen=True)
class _Teacher:
    """What stays the same from fold to fold."""

    mapper: PhraseMapper
    taxonomy: Taxonomy
    lexicon: list[tuple[str, str]]
    companions: Sequence[Taxonomy]
    clock: Clock

    def index(
        self, plan: Plan, blind: BlindPlan | None = None, *, final: bool = False,
        parts: Parts | None = None, first: Parts | None = None,
    ) -> MappingIndex:  # fmt: skip
        """Return the index of `plan` for tuning or the `final` one; parts not given are learned.

        The final one holds all names and hears all pairs. With pairs, what is learned from are
        the names of the tuning index either way: the others come as pairs, or are few; unless
        names of whole nodes were held back. `first`: `learn_parts`.
        """
        pairs = plan.voters if final else plan.taught
        n_nodes, phrases = self.taxonomy.n_nodes, pairs if self.mapper.graph else ()
        if final:
            table = NameTable.of(plan.final, n_nodes, blind.blind if blind else None)
        else:
            table = NameTable.of(plan.names, n_nodes, blind.hidden if blind else None)
        if parts is None:
            heard, tuning = table, plan.tuning
            if final and pairs and not blind:
                heard = NameTable.of(plan.names, n_nodes)
            elif final:
                tuning = []
            elif blind:
                tuning = [*plan.tuning, *blind.asked, *blind.others]
            plan = dataclasses.replace(plan, taught=pairs, tuning=tuning)
            taught = taught_texts(heard, plan, self.lexicon, self.companions)
            parts = learn_parts(self.mapper, self.taxonomy, heard, taught, self.clock, first)
        self.clock("indexing")
        return MappingIndex(self.taxonomy, table, parts, phrases=phrases)

    def tuned(
        self, folds: Sequence[Fold], *, read_words: bool
    ) -> tuple[list[MappingIndex], Examples]:  # fmt: skip
        """Return the tuning index and the candidates of what each of `folds` holds back.

        Only the first index is kept unless nodes without names are to be learned from all.
        """
        indexes: list[MappingIndex] = []
        found = []
        for number, (plan, blind) in enumerate(folds):
            self.clock.done_passes = number
            first = indexes[0].parts if indexes else None
            index = self.index(plan, blind, first=first)
            self.clock("collecting candidates")
            asks = {"read_words": read_words, "by_node": plan.by_node}
            found.append(collect(index, plan.tuning, self.clock, **asks))
            if blind or not indexes:
                indexes.append(index)
        return indexes, Examples.joined(found)


def _repeats(mapper: PhraseMapper, plan: Plan) -> bool:
    """Return whether the encoder is trained again for every fold and on all at the end.

    Without pairs that takes a taxonomy soon learned, and synonyms enough to learn ranking from.
    """
    if mapper.fast or not mapper.encoder:
        return False
    if plan.voters:
        return True
    real = sum(query.weight >= 1.0 for query in plan.tuning)
    return real >= FEWEST and len(plan.final) <= MOST_REPEATED


def _folds(
    mapper: PhraseMapper, taxonomy: Taxonomy, names: list[Name], pairs: Sequence[Pair], plan: Plan,
    n: int,
) -> Iterator[Fold]:  # fmt: skip
    """Yield `n` folds; `plan` is that of the first."""
    seed = mapper.random_state
    for fold in range(n):
        if fold:
            plan = make_plan(taxonomy, names, pairs, mapper.index_pairs, seed, fold)
        blind = None
        if mapper.graph and mapper.encoder:
            blind = hold_out(plan, taxonomy, seed, fold)
        part = blind.plan if blind else plan
        if part.tuning or not fold:
            yield part, blind


def _ranking(
    mapper: PhraseMapper, examples: Examples, plan: Plan, clock: Clock
) -> tuple[Reranker, dict[str, Any]]:
    """Learn the reranker, or take the shipped one where there is too little to learn from."""
    clock("learning to rank")
    real = int((examples.weight >= 1.0).sum())
    if real < FEWEST and (shipped := shipped_reranker()) is not None:
        shipped = dataclasses.replace(shipped, exact_wins=not plan.voters)
        return shipped, {"reranker": "shipped with graphemb", **judge(shipped, examples)}
    n_trees = 100 if mapper.fast else 300
    reranker, quality = learn(
        examples, mapper.random_state, n_trees, exact_wins=not plan.voters, progress=clock
    )
    return reranker, {"reranker": "learned here", **quality}


def _facts(
    index: MappingIndex, plan: Plan, quality: dict[str, Any], lexicon: Sequence[object],
    companions: Sequence[Taxonomy],
) -> dict[str, Any]:  # fmt: skip
    t = index.taxonomy
    return {
        "taxonomy": {
            "name": t.name, "nodes": t.n_nodes, "edges": t.n_edges, "sha256": t.sha256,
            **{k: str(v) for k, v in t.metadata.items() if not k.startswith("extensions:")},
        },
        "names": len(index.names),
        "training": {
            "pairs_taught": len(plan.taught), "lexicon_rows": len(lexicon),
            "companions": [companion.name for companion in companions],
            "general": index.parts.encoder.general if index.parts.encoder else None,
            "tuning_phrases": sum(q.weight >= 1.0 for q in plan.tuning),
        },
        "quality_on_held_out_phrases": quality,
    }  # fmt: skip
