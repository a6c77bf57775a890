"""MappingIndex: a taxonomy made ready for retrieval; and the candidates of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb import kernels
from graphemb.encode import CharGrams, SparseRows, WordTerms, stems
from graphemb.encode.contrastive import ContrastiveEncoder
from graphemb.kernels import mapping
from graphemb.map._words import WordBook
from graphemb.map.abbreviations import Abbreviations
from graphemb.map.names import NameTable
from graphemb.map.retrieve import (
    Batch,
    CharRetriever,
    DenseRetriever,
    ExactDictionary,
    NodeScores,
    WordRetriever,
    settled,
    top_k,
)
from graphemb.map.votes import Neighbours, PhraseVotes
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.map._blind import BlindNodes

__all__ = [
    "Candidates", "MappingIndex", "Parts", "Tables", "information", "ranges", "relations",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Fixed weights of the fused list; the reranker weighs anew.
FUSION = {"char": 0.35, "word": 0.20, "dense": 0.45}
EACH, FUSED, VOTED = 18, 40, 25
#: What all votes for a parent add to the fused score, where phrases vote.
VOTE = 0.25
#: Nodes looked at beyond the end of a list where scores are rough.
SPARE = 16


@dataclass(frozen=True)
class Parts:
    """What was learned before an index is built: shared by the tuning and the final index."""

    encoder: ContrastiveEncoder | None
    grams: CharGrams
    terms: WordTerms
    translation: tuple[Array, Array, Array] | None
    word_vectors: Array
    word_basis: Array
    node_vectors: Array
    node_map: Array


@dataclass(frozen=True)
class Candidates:
    """Flat (query, node) pairs of a batch, ordered by query then node, with their scores.

    ``ptr`` (b + 1,) cuts them by query; ``names`` holds the (b, n_names) scores of each retriever,
    ``nodes`` and ``fused`` answer for nodes.
    """

    ptr: Array
    query: Array
    node: Array
    names: Mapping[str, Array]
    nodes: Mapping[str, NodeScores]
    fused: NodeScores
    near: Neighbours | None


def ranges(starts: Array, counts: Array) -> Array:
    """Return ``start … start + count - 1`` of each row, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def information(t: Taxonomy) -> Array:
    """Return 1 - log(1 + descendants)/log(n) of each node: Seco's intrinsic information content."""
    below = np.zeros(t.n_nodes)
    order = np.argsort(t.depth, kind="stable")
    levels = np.split(order, np.flatnonzero(np.diff(t.depth[order])) + 1)
    for rows in levels[:0:-1]:
        counts = np.diff(t.parent_ptr)[rows]
        parents = t.parent_rows[ranges(t.parent_ptr[rows], counts)]
        np.add.at(below, parents, np.repeat(below[rows] + 1, counts))
    below = np.minimum(below, t.n_nodes - 1)
    scale = np.log(max(t.n_nodes, 2))
    return np.asarray(1.0 - np.log1p(below) / scale, np.float32)


@dataclass(frozen=True)
class Tables:
    """Arrays of an index that are stored with a model rather than made again.

    ``phrase_vectors`` and ``phrase_nodes`` are the training phrases that vote (`PhraseVotes`).
    ``char`` and ``word`` are postings with float16 weights; ``documents`` (n_names, dim) float32
    is stored as it is, so that a loaded model maps the file instead of converting it.
    """

    char: SparseRows
    word: SparseRows
    documents: Array
    name_ptr: Array
    name_words: Array
    node_keys: Array
    family_keys: Array
    phrase_vectors: Array
    phrase_nodes: Array


class MappingIndex:
    """Names, retrievers and structure of one taxonomy.

    Parameters
    ----------
    taxonomy : Taxonomy
    names : NameTable
    parts : Parts
    tables : Tables, optional
        Made here when not given.
    phrases : sequence of (phrase, node rows), optional
        Training phrases that vote, when the tables are made here.
    voters : (vectors, node rows), optional
        The same, encoded before.

    """

    def __init__(
        self, taxonomy: Taxonomy, names: NameTable, parts: Parts, tables: Tables | None = None,
        phrases: Sequence[tuple[str, tuple[int, ...]]] = (),
        voters: tuple[Array, Array] | None = None,
    ) -> None:  # fmt: skip
        self.taxonomy, self.names, self.parts = taxonomy, names, parts
        self.tables = tables or self._tables(*(voters or self._encoded(phrases)))
        self.exact = ExactDictionary(names.normalised)
        self.char = CharRetriever(parts.grams, self.tables.char)
        self.word = WordRetriever(parts.terms, self.tables.word, parts.translation)
        documents = self.tables.documents
        self.dense = None if parts.encoder is None else DenseRetriever(documents)
        self.book = WordBook(
            parts.terms, names.owners, (self.tables.name_ptr, self.tables.name_words),
            (self.tables.node_keys, self.tables.family_keys),
            (parts.word_vectors, parts.word_basis),
        )  # fmt: skip
        self.votes = PhraseVotes(taxonomy, self.tables.phrase_vectors, self.tables.phrase_nodes)
        self.information = information(taxonomy)
        self.blind: BlindNodes | None = None

    @cached_property
    def abbreviations(self) -> Abbreviations:
        """What short forms stand for among the names; its tables are made when they are needed."""
        return Abbreviations(self.names, self.exact)

    def _encoded(self, phrases: Sequence[tuple[str, tuple[int, ...]]]) -> tuple[Array, Array]:
        """Return the vectors of phrases that vote and the row of each one's first node."""
        if self.parts.encoder is None or not phrases:
            return np.zeros((0, 0), np.float32), np.zeros(0, np.int32)
        vectors = self.parts.encoder.vectors([phrase for phrase, _ in phrases])
        return vectors, np.array([rows[0] for _, rows in phrases], np.int32)

    def _tables(self, voters: Array, nodes: Array) -> Tables:
        """Make what takes time to make: postings, word keys, document vectors."""
        names, parts = self.names, self.parts
        rows = parts.terms.transform(stems(names.normalised))
        book = WordBook.build(
            parts.terms, names, rows, self._relatives(), (parts.word_vectors, parts.word_basis)
        )
        documents = np.zeros((len(names), 0), np.float32)
        if parts.encoder is not None:
            documents = self._documents(parts.encoder)
        char = parts.grams.transform(names.normalised).transposed().halved()
        return Tables(
            char, rows.transposed().halved(), documents, book.ptr, book.words, book.node_keys,
            book.family_keys, voters, nodes,
        )  # fmt: skip

    def _documents(self, encoder: ContrastiveEncoder) -> Array:
        plain = encoder.vectors_of_normalised(self.names.normalised)
        if encoder.graph_weight_ is None:
            return plain
        labels = plain[self.names.labels]
        context = np.concatenate(
            [self._mean(labels, edges) for edges in relations(self.taxonomy, self.names.nameless)],
            1,
        )
        return encoder.documents(plain, context[self.names.owners])

    def _mean(self, rows: Array, edges: Array) -> Array:
        """Return the mean of `rows` over the neighbours (edges[0]) of each node (edges[1])."""
        order = np.argsort(edges[1], kind="stable")
        source, target = edges[0][order], edges[1][order]
        out = np.zeros_like(rows)
        nodes, starts, counts = np.unique(target, return_index=True, return_counts=True)
        if len(nodes):
            out[nodes] = np.add.reduceat(rows[source], starts, axis=0) / counts[:, None]
        return out

    def _relatives(self) -> tuple[Array, Array]:
        """Return (node, relative) rows: parents, grandparents and children of every node."""
        t = self.taxonomy
        node = np.repeat(np.arange(t.n_nodes), np.diff(t.parent_ptr))
        up = t.parent_rows
        counts = np.diff(t.parent_ptr)[up]
        second = t.parent_rows[ranges(t.parent_ptr[up], counts)]
        nodes = np.concatenate([node, np.repeat(node, counts), up])
        return nodes, np.concatenate([up, second, node])

    def candidates(
        self, batch: Batch, allowed: Array | None = None, depth: float = 1.0
    ) -> Candidates:
        """Return the union of each retriever's best nodes above 0 and the best of their fusion.

        `allowed` (n_nodes,) masks the nodes that may be answered; `depth` scales the list's length.
        """
        names = {"char": self.char.scores(batch), "word": self.word.scores(batch)}
        for row, text in enumerate(batch.texts):
            names["char"][row, list(self.exact.find(text))] = 1.0
        rough = None
        if self.dense is not None:
            rough = self.dense.rough(batch)
            names["dense"] = self.dense.scores(batch) if rough is None else rough
        near = self.votes.neighbours(batch)
        lists = max(1, int(EACH * depth)), max(1, int(FUSED * depth))
        if kernels.compiled() and max(lists) + SPARE <= mapping.MOST_NODES:
            nodes, fused, best = self._nodes_compiled(
                names, None if rough is None else batch.vectors, allowed, *lists
            )
        else:
            nodes, fused, best = self._nodes(names, allowed, *lists)
        chosen = [best]
        if near is not None:
            chosen.append(self.votes.nominated(near, fused.at, VOTE, VOTED))
        return self._flat(np.concatenate(chosen, axis=1), names, nodes, fused, near, allowed)

    def _nodes_compiled(
        self, names: Mapping[str, Array], vectors: Array | None, allowed: Array | None,
        each: int, fused: int,
    ) -> tuple[dict[str, NodeScores], NodeScores, Array]:  # fmt: skip
        """Return what `_nodes` does; with `vectors`, the dense scores are rough.

        Then `SPARE` more nodes are taken, and the best of these by exact scores stay.
        """
        starts, weights = self.names.starts, [FUSION[channel] for channel in names]
        good = None if vectors is None else (vectors, self.tables.documents)
        exact = {channel: good if channel == "dense" else None for channel in names}
        nodes = {c: NodeScores([s], starts, exact=[exact[c]]) for c, s in names.items()}
        total = NodeScores(list(names.values()), starts, weights, exact=list(exact.values()))
        spare = 0 if vectors is None else SPARE
        best = mapping.best_nodes(
            self.names.rows, list(names.values()), weights, allowed, each + spare, fused + spare
        )
        if not spare:
            return nodes, total, best
        parts = np.split(best, (each + spare) * np.arange(1, len(names) + 1), axis=1)
        kept = [
            settled(part, nodes[c], each, 0.0) if exact[c] else part[:, :each]
            for c, part in zip(names, parts, strict=False)
        ]
        return nodes, total, np.concatenate([*kept, settled(parts[-1], total, fused, -1e38)], 1)

    def _nodes(
        self, names: Mapping[str, Array], allowed: Array | None, each: int, fused: int
    ) -> tuple[dict[str, NodeScores], NodeScores, Array]:
        """Return the scores of all nodes and the best of them, as `mapping.best_nodes` does."""
        found = {channel: self.names.by_node(scores) for channel, scores in names.items()}
        total = np.zeros_like(next(iter(found.values())))
        for channel, scores in found.items():
            total += FUSION[channel] * scores
        best = []
        for scores, k, least in [*((s, each, 0.0) for s in found.values()), (total, fused, -1.5)]:
            if allowed is not None:
                scores = np.where(allowed, scores, np.float32(-2.0))
            top = top_k(scores, k)
            best.append(np.where(np.take_along_axis(scores, top, axis=1) > least, top, -1))
        starts = self.names.starts
        nodes = {c: NodeScores([], starts, matrix=scores) for c, scores in found.items()}
        return nodes, NodeScores([], starts, matrix=total), np.concatenate(best, axis=1)

    def _flat(
        self, chosen: Array, names: Mapping[str, Array], nodes: Mapping[str, NodeScores],
        fused: NodeScores, near: Neighbours | None, allowed: Array | None,
    ) -> Candidates:  # fmt: skip
        b, n = len(chosen), self.taxonomy.n_nodes
        keys = np.unique((chosen + np.arange(b)[:, None] * np.int64(n))[chosen >= 0])
        query, node = keys // n, keys % n
        if allowed is not None:
            keep = allowed[node]
            query, node = query[keep], node[keep]
        ptr = np.searchsorted(query, np.arange(b + 1))
        return Candidates(ptr, query, node, names, nodes, fused, near)


def relations(taxonomy: Taxonomy, nameless: Array | None = None, most: int = 12) -> list[Array]:
    """Return the edges (neighbour, node) to parents, to children and to siblings.

    Of many siblings `most` are kept: those that stand nearest in the parent's list of children.
    Neighbours that `nameless` (n_nodes,) marks have nothing to say and are left out.
    """
    t = taxonomy
    child = np.repeat(np.arange(t.n_nodes), np.diff(t.parent_ptr))
    up = np.stack([t.parent_rows.astype(np.int64), child])
    order = np.argsort(up[0], kind="stable")
    parent, kid = up[0][order], up[1][order]
    pairs = []
    for step in range(1, most // 2 + 1):
        same = parent[step:] == parent[:-step]
        near = np.stack([kid[step:][same], kid[:-step][same]])
        pairs += [near, near[::-1]]
    siblings = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.int64)
    found = [up, up[::-1].copy(), siblings]
    return found if nameless is None else [e[:, ~nameless[e[0]]] for e in found]
