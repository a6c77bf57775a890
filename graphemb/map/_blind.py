"""BlindNodes: nodes of which no text is known, answered by what is known around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.encode import normalise
from graphemb.encode.contrastive import ContrastiveEncoder
from graphemb.map._blind_features import PlacePairs, Places, place_pairs
from graphemb.map._blind_judge import Judge, Named
from graphemb.map._propagation import contexts, propagated
from graphemb.map._runs import unit_rows
from graphemb.map._twins import twin_leaves
from graphemb.map.index import MappingIndex
from graphemb.map.names import Name
from graphemb.map.retrieve import Batch
from graphemb.mappings import Candidate
from graphemb.taxonomy import Taxonomy

__all__ = [
    "TOLD",
    "BlindNodes",
    "BlindParts",
    "Placed",
    "Ranked",
    "encoder_of",
    "name_means",
    "nameless",
]

Array = np.ndarray[Any, Any]

#: Scores of names that are held at a time, in numbers, and phrases mapped at a time at most.
MOST_SCORES, BATCH = 1 << 22, 128
#: Candidates with names, of each phrase, that speak for the places around them.
TOLD = 20


def nameless(taxonomy: Taxonomy, names: Sequence[Name]) -> Array:
    """Return bool (n_nodes,): the nodes whose only name is their id, as no text of them is known.

    A node whose label is its id has a text, and so has one with a synonym or a training phrase.
    """
    counts = np.bincount([name.owner for name in names], minlength=taxonomy.n_nodes)
    empty = np.array([not normalise(label) for label in taxonomy.labels], bool)
    return np.asarray(empty & (counts == 1))


@dataclass(frozen=True)
class BlindParts:
    """What was learned of the graph: shared by the tuning and the final index.

    Attributes
    ----------
    layer : float32 (3·dim, dim): W of `train_layer`
    space : float32 (n_nodes, p): unit node2vec vectors, their mean taken out

    """

    layer: Array
    space: Array


@dataclass(frozen=True, slots=True)
class Placed:
    """A blind node that a phrase may mean.

    `probability` holds where the phrase means some blind node; `tied` counts the nodes that nothing
    tells it from; `pair` is its row in the `PlacePairs`.
    """

    node: int
    probability: float
    score: float
    tied: int
    pair: int


@dataclass(frozen=True)
class Ranked:
    """A phrase's blind nodes, best first.

    `shares` is what probabilities are multiplied by in one list: those of nodes with names, and
    those of blind nodes; and the most that a node with a name may get.
    """

    shares: tuple[float, float, float]
    entries: list[Placed]
    pairs: PlacePairs | None


class BlindNodes:
    """The nodes of one index that have no names, made ready to be answered.

    Parameters
    ----------
    index : MappingIndex
    blind : bool (n_nodes,)
    parts : BlindParts
    judge : Judge, optional
        Needed to answer; left out while it is being learned.
    vectors : mapping of str to array, optional
        Those of `Places`, as stored with a model; by default made from the names in `index`.

    """

    def __init__(
        self, index: MappingIndex, blind: Array, parts: BlindParts, judge: Judge | None = None,
        vectors: dict[str, Array] | None = None,
    ) -> None:  # fmt: skip
        self.index, self.blind, self.parts, self.judge = index, blind, parts, judge
        self.known = ~blind
        self.places = _places(index, blind, parts, vectors)
        nodes = np.flatnonzero(blind)
        order = np.lexsort((np.array(index.taxonomy.ids)[nodes], self.places.place[nodes]))
        cuts = np.cumsum(self.places.size)[:-1]
        self.ids = {normalise(index.taxonomy.ids[node]): node for node in nodes.tolist()}
        #: The nodes of each place, in the order of their ids.
        self.members = [part.tolist() for part in np.split(nodes[order], cuts)]

    def among_known(self, allowed: Array | None) -> Array:
        """Return the mask of the nodes with names that may be answered."""
        return self.known if allowed is None else np.asarray(allowed & self.known)

    def blocks(
        self, texts: Sequence[str], named: Named, allowed: Array | None = None
    ) -> list[PlacePairs]:
        """Return the places that may be meant, with features, for blocks of normalised texts.

        `named` is what was found of them by names, whatever is allowed.
        """
        open_places = None if allowed is None else self.places_of(allowed) > 0
        size = min(BATCH, max(1, MOST_SCORES // max(len(self.index.names), 1)))
        found = []
        for start in range(0, len(texts), size):
            batch = Batch(texts[start : start + size], self.index.parts.encoder)
            chances = self._chances(named.candidates[start : start + size])
            args = self.index, self.places, self.known, batch, chances, open_places
            found.append(place_pairs(*args))
        return found

    def _chances(self, named: Sequence[Sequence[Candidate]]) -> Array:
        """Return float32 (b, n_nodes): the probability of each node among the first `TOLD`."""
        rows = self.index.taxonomy.index
        out = np.zeros((len(named), len(self.known)), np.float32)
        for q, candidates in enumerate(named):
            for c in candidates[:TOLD]:
                out[q, rows[c.node]] = c.probability
        return out

    def places_of(self, allowed: Array | None) -> Array:
        """Return how many of each place's nodes may be answered, (n_places,)."""
        if allowed is None:
            return self.places.size
        m = len(self.places.first)
        return np.bincount(self.places.place[allowed & self.blind], minlength=m)

    def ranked(
        self, texts: Sequence[str], named: Named, allowed: Array | None, *, alone: bool = False
    ) -> list[Ranked]:
        """Return the blind nodes that each text may mean.

        `named`: see `blocks`. `alone`: no node with a name may be answered, so that the
        probabilities hold where some blind node is meant.
        """
        if self.judge is None:
            raise ValueError("BlindNodes.ranked: needs a judge")
        found: list[Ranked] = []
        sizes = self.places_of(allowed)
        for pairs in self.blocks(texts, named, allowed):
            here = slice(len(found), len(found) + len(pairs.ptr) - 1)
            part = Named(named.candidates[here], named.features[here])
            listed, shares = self.judge.chances(pairs, sizes[pairs.place], part, alone=alone)
            for q, (of_named, of_places, most) in enumerate(shares.tolist()):
                entries: list[Placed] = []
                for pair in listed.order[pairs.ptr[q] : pairs.ptr[q + 1]].tolist():
                    nodes = self.members[pairs.place[pair]]
                    if allowed is not None:
                        nodes = [node for node in nodes if allowed[node]]
                    chance, score = float(listed.p[pair]), float(listed.scores[pair])
                    entries += [Placed(n, chance, score, len(nodes) - 1, pair) for n in nodes]
                found.append(Ranked((of_named, of_places, most), entries, pairs))
        return found


def _places(
    index: MappingIndex, blind: Array, parts: BlindParts, vectors: dict[str, Array] | None
) -> Places:
    """Return where the `blind` nodes are, by the names of the others in `index`."""
    rows = np.flatnonzero(blind)
    _, first, place, size = np.unique(
        twin_leaves(index.taxonomy)[rows],
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    if vectors is None:
        vectors = _vectors(index, blind, parts, rows[first])
    # What node2vec's chance made of twins is taken out by their mean.
    space = np.array(parts.space, np.float32)
    sums = np.zeros((len(first), space.shape[1]), np.float32)
    np.add.at(sums, place, space[rows])
    space[rows] = unit_rows(sums)[place]
    places = np.full(len(blind), -1, np.int32)
    places[rows] = place
    return Places(places, rows[first], size, vectors, space)


def _vectors(
    index: MappingIndex, blind: Array, parts: BlindParts, first: Array
) -> dict[str, Array]:
    """Return the vectors of the nodes `first`, one of each place, by channel."""
    context = contexts(index.taxonomy, name_means(index), ~blind)[:, first]
    found = {"text": propagated(context), "layer": propagated(context, parts.layer)}
    encoder = encoder_of(index)
    if encoder.graph_weight_ is not None:
        flat = np.concatenate(list(context), axis=1)
        found["joint"] = encoder.documents(np.zeros_like(context[0]), flat)
    return found


def encoder_of(index: MappingIndex) -> ContrastiveEncoder:
    """Return the index's encoder, without which no place has a vector."""
    if index.parts.encoder is None:
        raise ValueError("BlindNodes: needs an index with an encoder")
    return index.parts.encoder


def name_means(index: MappingIndex) -> Array:
    """Return float32 (n_nodes, dim): the unit mean of the vectors of each node's names."""
    names = index.names
    vectors = encoder_of(index).vectors_of_normalised(names.normalised)
    sums = np.add.reduceat(vectors, names.starts[:-1], axis=0)
    return unit_rows(sums)
