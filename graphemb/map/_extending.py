"""A trained mapper with more nodes and names: everything learned stays, what is counted is not."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.additions import Additions
from graphemb.encode import WordTerms, normalise, stem, stems
from graphemb.errors import shown
from graphemb.map._blind import BlindNodes, BlindParts
from graphemb.map._blind_fitting import node_space
from graphemb.map._fitting import place_nodes
from graphemb.map._words import WordBook
from graphemb.map.index import MappingIndex, Parts
from graphemb.map.names import LABEL, OTHER, SYNONYM, Name, NameTable
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["extended_mapper"]

Array = np.ndarray[Any, Any]


def extended_mapper(mapper: PhraseMapper, additions: Additions) -> PhraseMapper:
    """Return a mapper that also answers `additions`; `mapper` stays as it is.

    The index is made anew from all names with the frozen encoder, as `fit` does at its end:
    neighbours of new nodes have new neighbours. What was learned (encoder, translation, map to node
    space, trees, calibration) and the weights of known words and n-grams are taken over.
    """
    old: MappingIndex = mapper.index_
    taxonomy = additions.onto(old.taxonomy)
    fresh = _new_names(additions, taxonomy, old.names)
    _note_twins(fresh, old, taxonomy)
    blind = _still_blind(old, taxonomy, fresh)
    # The id stands in for a label only as long as there is none.
    called = {name.owner for name in fresh if name.kind == LABEL}
    kept = [n for n in _names(old.names) if n.kind != LABEL or n.owner not in called]
    names = NameTable.of([*kept, *fresh], taxonomy.n_nodes, blind)
    parts = _widened(mapper, taxonomy, [normalise(name.text) for name in fresh])
    voters = old.tables.phrase_vectors, old.tables.phrase_nodes
    index = MappingIndex(taxonomy, names, parts, voters=voters)
    if old.blind is not None and blind is not None and blind.any():
        places = BlindParts(old.blind.parts.layer, node_space(taxonomy, mapper.random_state))
        index.blind = BlindNodes(index, blind, places, old.blind.judge)
    new = type(mapper)(**mapper.get_params())
    new._set(index, mapper.reranker_, mapper.rewriter_, _facts(mapper, index, additions))
    new.seconds_ = {}
    return new


def _still_blind(old: MappingIndex, taxonomy: Taxonomy, fresh: list[Name]) -> Array | None:
    """Return the mask of nodes of which still no text is known; None where there was none."""
    if old.blind is None:
        return None
    blind = np.zeros(taxonomy.n_nodes, bool)
    blind[: len(old.blind.blind)] = old.blind.blind
    blind[[name.owner for name in fresh]] = False
    return blind


def _note_twins(fresh: list[Name], old: MappingIndex, taxonomy: Taxonomy) -> None:
    """Warn of new nodes that are called what known ones are: they may be one thing."""
    twins = [
        (name.owner, int(old.names.owners[rows[0]]))
        for name in fresh
        if name.kind == LABEL and (rows := old.exact.find(normalise(name.text)))
    ]
    if twins:
        new, known = (taxonomy.ids[row] for row in twins[0])
        warnings.warn(
            f"{len(twins)} × new node with a name of a known one (first: {new}, "
            f"{shown(taxonomy[new])}, as {known})", UserWarning, stacklevel=4,
        )  # fmt: skip


def _names(table: NameTable) -> list[Name]:
    columns = table.texts, table.owners.tolist(), table.kinds.tolist()
    return [Name(*row) for row in zip(*columns, strict=True)]


def _new_names(additions: Additions, taxonomy: Taxonomy, table: NameTable) -> list[Name]:
    """Return names that their nodes do not have: as `names_of` would."""
    known = set(zip(table.owners.tolist(), table.normalised, strict=True))
    found: list[Name] = []
    for row in additions.rows:
        at = taxonomy.index[row.node]
        own = [Name(s.text, at, SYNONYM if s.scope == "EXACT" else OTHER) for s in row.synonyms]
        if at >= table.n_nodes:
            own.insert(0, Name(row.label if normalise(row.label) else row.node, at, LABEL))
        elif normalise(row.label):
            own.insert(0, Name(row.label, at, LABEL))
        for name in own:
            key = at, normalise(name.text)
            new = at >= table.n_nodes and name.kind == LABEL
            if new or (key[1] and key not in known):
                known.add(key)
                found.append(name)
    return found


def _widened(mapper: PhraseMapper, taxonomy: Taxonomy, texts: list[str]) -> Parts:
    """Return the parts with the words and n-grams of `texts`, and places of the new nodes."""
    parts: Parts = mapper.index_.parts
    grams, terms = parts.grams.widened(texts), parts.terms.widened(stems(texts))
    at = _columns(parts.terms, terms)
    translation = parts.translation
    if translation is not None and len(translation[0]):
        source, target, p = translation
        translation = at[source].astype(np.int32), at[target].astype(np.int32), p
    nodes = np.zeros((taxonomy.n_nodes, 0), np.float16)
    if parts.node_vectors.shape[1]:
        nodes = place_nodes(taxonomy, mapper.random_state).astype(np.float16)
    return dataclasses.replace(
        parts, grams=grams, terms=terms, translation=translation, node_vectors=nodes,
        word_vectors=_word_vectors(parts, terms, at, texts),
    )  # fmt: skip


def _columns(old: WordTerms, new: WordTerms) -> Array:
    """Return the new column of each old term."""
    return np.array([new.vocabulary[term] for term in old.terms], np.int64)


def _word_vectors(parts: Parts, terms: WordTerms, at: Array, texts: list[str]) -> Array:
    """Return the vectors of all stems; a new one is seen as the first of its words in `texts`."""
    said = {stem(word): word for text in texts[::-1] for word in text.split()[::-1]}
    fresh = [term for term in terms.terms if term not in parts.terms.vocabulary]
    vectors = np.zeros((max(len(terms.terms), 1), parts.word_vectors.shape[1]), np.float16)
    vectors[at] = parts.word_vectors[: len(at)]
    rows = [terms.vocabulary[term] for term in fresh]
    vectors[rows] = WordBook.new_vectors(
        [said[term] for term in fresh], parts.encoder, parts.word_basis
    )
    return vectors


def _facts(mapper: PhraseMapper, index: MappingIndex, additions: Additions) -> dict[str, Any]:
    """Return the facts with what was added; quality stays that of the nodes trained on."""
    t, old = index.taxonomy, mapper.index_
    added = {
        "nodes": t.n_nodes - old.taxonomy.n_nodes, "names": len(index.names) - len(old.names),
        "sha256": additions.sha256,
    }  # fmt: skip
    about = {**mapper.facts_["taxonomy"], "nodes": t.n_nodes, "edges": t.n_edges}
    facts = {
        **mapper.facts_,
        "taxonomy": {**about, "sha256": t.sha256},
        "names": len(index.names),
        "extended": [*mapper.facts_.get("extended", ()), added],
    }
    if "nodes_without_names" in facts:
        left = int(index.blind.blind.sum()) if index.blind else 0
        facts["nodes_without_names"] = {**facts["nodes_without_names"], "nodes": left}
    return facts
