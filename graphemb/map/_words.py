"""WordBook: which words every name, node and family holds, and how alike words are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from graphemb.encode import SparseRows, WordTerms, stem
from graphemb.encode.contrastive import ContrastiveEncoder
from graphemb.map._runs import unit_rows
from graphemb.map.names import NameTable

__all__ = ["QueryWords", "WordBook", "member", "word_class"]

Array = np.ndarray[Any, Any]

#: Words of a phrase beyond this many are not compared one by one.
MAX_WORDS = 24

_SIDES = (
    "left right bilateral unilateral upper lower anterior posterior proximal distal medial lateral"
)
_POLES = (
    "acute chronic with without not no non primary secondary open closed initial subsequent "
    "sequela benign malignant intractable partial complete congenital acquired increased "
    "decreased high low male female mother child type stage grade mild moderate severe "
    "unspecified other excluding except former current"
)
_NUMBER = re.compile(r"^(\d.*|i{1,3}|iv|vi{0,3}|ix|x|first|second|third|fourth|fifth)$")
_SIDE_STEMS = frozenset(stem(word) for word in _SIDES.split())
_POLE_STEMS = frozenset(stem(word) for word in _POLES.split())


def word_class(word: str) -> int:
    """Return 1 for numbers, 2 for sides and places, 3 for opposing modifiers, 0 for the rest."""
    if _NUMBER.match(word):
        return 1
    if word in _SIDE_STEMS:
        return 2
    return 3 if word in _POLE_STEMS else 0


def _usual_words(texts: Sequence[str]) -> dict[str, str]:
    """Return the most frequent word of each stem in `texts`, of equals the first by alphabet."""
    counts = Counter(word for text in texts for word in text.split())
    rare_first = sorted(counts, key=lambda word: (counts[word], [-ord(c) for c in word]))
    return {stem(word): word for word in rare_first}


def member(keys: Array, wanted: Array) -> Array:
    """Return whether each of `wanted` is among the ascending `keys`."""
    if not len(keys):
        return np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: Array = keys[at] == wanted
    return found


@dataclass(frozen=True)
class QueryWords:
    """The distinct words of a batch of queries, flat.

    ``ids[ptr[q]:ptr[q+1]]`` are query q's words: a vocabulary column, or -1 when unknown;
    ``slots`` numbers the batch's distinct words, ``vectors`` (n_slots, r) describes them.
    """

    ptr: Array
    ids: Array
    idf: Array
    slots: Array
    vectors: Array
    classes: Array


class WordBook:
    """Word facts of an index; see the attributes.

    Attributes
    ----------
    terms : WordTerms
        Stems of all names with their idf.
    ptr, words : names in CSR: the distinct stems of each name
    name_keys, node_keys, family_keys : int64, ascending
        ``row·V + stem`` for names, for nodes (all their names), and for nodes with the labels of
        their parents, grandparents and children.
    totals : float32 (n_names,): idf summed over each name's stems
    vectors : float16 (V, r): unit vectors of the stems
    basis : float32 (dim, r): encoder space → word space

    """

    def __init__(
        self, terms: WordTerms, owners: Array, rows: tuple[Array, Array],
        keys: tuple[Array, Array], space: tuple[Array, Array],
    ) -> None:  # fmt: skip
        self.terms = terms
        self.ptr, self.words = rows
        self.node_keys, self.family_keys = keys
        self.vectors, self.basis = space
        self.n_words = max(len(terms.terms), 1)
        owner = np.repeat(np.arange(len(self.ptr) - 1), np.diff(self.ptr))
        self.name_keys = owner * np.int64(self.n_words) + self.words
        self.idf = np.append(terms.idf, terms.idf.max(initial=1.0)).astype(np.float32)
        n_names, self._n_nodes = len(owners), int(owners.max(initial=-1)) + 1
        self.totals = np.bincount(owner, self.idf[self.words], n_names).astype(np.float32)
        self.classes = np.array([word_class(t) for t in terms.terms] or [0], np.int8)

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """What `kernels.pairs.pair_words` reads of the book."""
        nodes = np.arange(self._n_nodes + 1) * np.int64(self.n_words)
        return (
            self.ptr.astype(np.int64, copy=False), self.words.astype(np.int64, copy=False),
            np.searchsorted(self.node_keys, nodes), self.node_keys,
            np.searchsorted(self.family_keys, nodes), self.family_keys,
            self.idf[: self.n_words], self.totals, self.classes, self.vectors,
        )  # fmt: skip

    @classmethod
    def build(
        cls, terms: WordTerms, names: NameTable, rows: SparseRows,
        relatives: tuple[Array, Array], space: tuple[Array, Array],
    ) -> Self:  # fmt: skip
        """Make the book from the word rows of the names.

        `relatives` are (node, relative) rows whose label words join the node's family; `space`
        holds the word vectors and their basis.
        """
        n_words = max(len(terms.terms), 1)
        words = rows.columns.astype(np.int64)
        node = names.owners[rows.rows()].astype(np.int64)
        node_keys = np.unique(node * n_words + words)
        nodes, others = relatives
        labels = names.labels[others]
        counts = rows.ptr[labels + 1] - rows.ptr[labels]
        ends = np.cumsum(counts)
        at = np.repeat(rows.ptr[labels] - (ends - counts), counts) + np.arange(counts.sum())
        keys = np.repeat(nodes.astype(np.int64), counts) * n_words + words[at]
        family = np.union1d(node_keys, keys)
        return cls(terms, names.owners, (rows.ptr, words), (node_keys, family), space)

    @staticmethod
    def word_vectors(
        terms: WordTerms, texts: Sequence[str], encoder: ContrastiveEncoder | None, size: int = 64
    ) -> tuple[Array, Array]:
        """Return (vectors, basis): encoder vectors of the stems in their `size` main directions.

        A stem is seen as its most frequent word in the normalised `texts`: the encoder knows words.
        """
        if encoder is None or not terms.terms:
            return np.zeros((max(len(terms.terms), 1), 1), np.float16), np.ones((1, 1), np.float32)
        usual = _usual_words(texts)
        full = encoder.vectors_of_normalised([usual.get(term, term) for term in terms.terms])
        _, axes = np.linalg.eigh(full.T @ full)
        basis = np.ascontiguousarray(axes[:, ::-1][:, :size], dtype=np.float32)
        return unit_rows(full @ basis).astype(np.float16), basis

    @staticmethod
    def aligned(
        terms: WordTerms, space: tuple[Array, Array], first: WordTerms, target: tuple[Array, Array]
    ) -> tuple[Array, Array]:
        """Return `space`, (vectors, basis) of `terms`, turned towards `target`, that of `first`.

        The axes of `word_vectors` are each encoder's own. What was learned from coordinates in one
        space (`ListNet`) can be read in another after the rotation that brings the stems of both
        closest (orthogonal Procrustes, Schönemann 1966); cosines stay.
        """
        (vectors, basis), (others, _) = space, target
        shared = [term for term in terms.terms if term in first.vocabulary]
        if vectors.shape[1] != others.shape[1] or not shared:
            return space
        mine = vectors[[terms.vocabulary[t] for t in shared]].astype(np.float64)
        theirs = others[[first.vocabulary[t] for t in shared]].astype(np.float64)
        u, _, vt = np.linalg.svd(mine.T @ theirs)
        turn = (u @ vt).astype(np.float32)
        return (vectors.astype(np.float32) @ turn).astype(np.float16), basis @ turn

    @staticmethod
    def new_vectors(
        terms: Sequence[str], encoder: ContrastiveEncoder | None, basis: Array
    ) -> Array:
        """Return vectors of words that the book did not have, float32 (len(terms), r)."""
        if encoder is None or not terms:
            return np.zeros((len(terms), basis.shape[1]), np.float32)
        return unit_rows(encoder.vectors_of_normalised(terms) @ basis)

    def of(
        self, texts: Sequence[str], stems: Sequence[Sequence[str]],
        encoder: ContrastiveEncoder | None,
    ) -> QueryWords:  # fmt: skip
        """Return the distinct words of each query, the first `MAX_WORDS` of them.

        `stems` are those of the words of the normalised `texts`.
        """
        known = self.terms.vocabulary
        slots: dict[tuple[str, str], int] = {}
        flat: list[int] = []
        counts = []
        for text, tokens in zip(texts, stems, strict=True):
            # Of a stem without a vector the word itself is looked at, that of its own query.
            said = dict(zip(tokens[::-1], text.split()[::-1], strict=True))
            distinct = list(dict.fromkeys(tokens))[:MAX_WORDS]
            counts.append(len(distinct))
            pairs = [(token, "" if token in known else said[token]) for token in distinct]
            flat.extend(slots.setdefault(pair, len(slots)) for pair in pairs)
        words = list(slots)
        column = np.array([known.get(token, -1) for token, _ in words] or [-1], np.int64)
        if encoder is None or not words:
            vectors = np.zeros((max(len(words), 1), 1), np.float32)
        else:
            vectors = self.vectors[np.maximum(column, 0)].astype(np.float32)
            new = np.flatnonzero(column < 0)
            if len(new):
                vectors[new] = self.new_vectors([words[i][1] for i in new], encoder, self.basis)
        classes = np.array([word_class(token) for token, _ in words] or [0], np.int8)
        at = np.array(flat, np.int64)
        ids = column[at] if len(at) else at
        ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return QueryWords(ptr, ids, self.idf[ids], at, vectors, classes[at] if len(at) else at)
