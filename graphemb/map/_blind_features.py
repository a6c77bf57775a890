"""What speaks for a place of which no name is known: features of (query, place) pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphemb.map._propagation import unit_or_zero
from graphemb.map._runs import best_of_run, gathered, rank_in_run
from graphemb.map._words import member
from graphemb.map.index import MappingIndex, ranges
from graphemb.map.retrieve import Batch, top_k

__all__ = ["CHANNELS", "FEATURES", "RELATIVES", "PlacePairs", "Places", "place_pairs"]

Array = np.ndarray[Any, Any]

#: Scores of all places: text propagated by hand, by the layer learned on the frozen encoder, by the
#: encoder's own graph layer, and nearness in node space to where like phrases lie.
CHANNELS = ("text", "layer", "joint", "near")
#: Fixed weights of the fused list, in standard deviations of each channel.
FUSION = {"text": 0.3, "layer": 0.3, "joint": 0.2, "near": 0.2}
#: Places of a query that are looked at closely: so many of each channel and of their fusion.
EACH, FUSED = 20, 40
#: Phrases that vote on where a query lies, and how sharply nearness counts.
VOTERS, SHARPNESS = 20, 6.0
RELATIVES = ("parent", "child", "sibling")
#: What is looked at of relatives with names: scores, votes, and how likely they are meant.
AROUND = ("dense", "char", "word", "votes", "chance")

FEATURES = tuple(sorted({
    *(f"{c}{part}" for c in (*CHANNELS, "fused") for part in ("", "_gap", "_rank")),
    *(f"{r}_{c}" for r in RELATIVES for c in (*AROUND, "number")),
    "family_coverage", "information", "depth", "twins", "query_words", "query_unknown",
    "known_dense", "known_char",
}))  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where the blind nodes are: one row a place, which twins share.

    Attributes
    ----------
    place : int32 (n_nodes,): the place of each blind node, -1 for the others
    first : int64 (m,): a node of each place
    size : int64 (m,): how many nodes share it
    vectors : mapping of channel to float32 (m, d): what queries are compared with; without `near`
    space : float32 (n_nodes, p): unit vectors in node space

    """

    place: Array
    first: Array
    size: Array
    vectors: dict[str, Array]
    space: Array


@dataclass(frozen=True)
class PlacePairs:
    """Flat (query, place) pairs, ordered by query then place; ``ptr`` cuts them by query."""

    ptr: Array
    query: Array
    place: Array
    columns: dict[str, Array]

    @cached_property
    def matrix(self) -> Array:
        """The columns in the order of `FEATURES`, float32 (pairs, features)."""
        rows = [np.asarray(self.columns[name], np.float32) for name in FEATURES]
        return np.ascontiguousarray(np.stack(rows).T)


def place_pairs(
    index: MappingIndex, places: Places, known: Array, batch: Batch, chances: Array,
    allowed: Array | None,
) -> PlacePairs:  # fmt: skip
    """Return the places that may be meant by the queries of `batch`, with their features.

    `known` (n_nodes,) tells the nodes with names, `chances` (b, n_nodes) how likely each query
    means each of these; `allowed` (n_places,) masks the places.
    """
    named = known[index.names.owners]
    dense = np.where(named, index.dense.scores(batch), -1.0)  # type: ignore[union-attr]
    char = np.where(named, index.char.scores(batch), 0.0)
    voters, votes = _votes(index, dense)
    scores = {name: batch.vectors @ rows.T for name, rows in places.vectors.items()}
    points = np.einsum("bk,bkd->bd", votes, places.space[voters])
    scores["near"] = unit_or_zero(points) @ places.space[places.first].T
    zero = np.zeros_like(scores["near"])
    scores = {name: scores.get(name, zero) for name in CHANNELS}
    parts = [FUSION[c] * _standard(scores[c]) for c in CHANNELS]
    scores["fused"] = np.sum(parts, axis=0)
    ptr, query, place = _chosen(scores, allowed)
    columns: dict[str, Array] = {}
    for name, matrix in scores.items():
        value = matrix[query, place]
        columns[name] = value
        columns[f"{name}_gap"] = value - best_of_run(value, ptr)
        columns[f"{name}_rank"] = np.log1p(rank_in_run(value, query, ptr))
    node = places.first[place]
    by_node = {
        "dense": np.maximum(index.names.by_node(dense), 0.0), "char": index.names.by_node(char),
        "word": index.names.by_node(np.where(named, index.word.scores(batch), 0.0)),
        "votes": _spread(voters, votes, index.taxonomy.n_nodes), "chance": chances,
    }  # fmt: skip
    _around(index, by_node, query, node, columns)
    _facts(index, places, known, query, place, columns)
    _words(index, batch, query, node, columns)
    columns["known_dense"] = by_node["dense"].max(axis=1)[query]
    columns["known_char"] = by_node["char"].max(axis=1)[query]
    return PlacePairs(ptr, query, place, columns)


def _votes(index: MappingIndex, dense: Array) -> tuple[Array, Array]:
    """Return the nodes (b, k) of the nearest names and their weights, which sum to 1."""
    best = top_k(dense, min(VOTERS, dense.shape[1]))
    near = np.take_along_axis(dense, best, axis=1)
    weights = np.exp(SHARPNESS * (near - near[:, :1]))
    return index.names.owners[best].astype(np.int64), weights / weights.sum(axis=1, keepdims=True)


def _spread(voters: Array, votes: Array, n: int) -> Array:
    out = np.zeros((len(voters), n), np.float32)
    np.add.at(out, (np.arange(len(voters))[:, None], voters), votes)
    return out


def _standard(scores: Array) -> Array:
    mean, scale = scores.mean(axis=1, keepdims=True), scores.std(axis=1, keepdims=True)
    return np.asarray((scores - mean) / np.maximum(scale, 1e-6))


def _chosen(scores: dict[str, Array], allowed: Array | None) -> tuple[Array, Array, Array]:
    """Return (ptr, query, place): the union of the best of each channel and of their fusion."""
    b, m = scores["fused"].shape
    best = []
    for name, matrix in scores.items():
        if allowed is not None:
            matrix = np.where(allowed, matrix, np.float32(-9.0))
        best.append(top_k(matrix, FUSED if name == "fused" else EACH))
    keys = np.unique(np.concatenate(best, axis=1) + np.arange(b)[:, None] * np.int64(m))
    if allowed is not None:
        keys = keys[allowed[keys % m]]
    query, place = keys // m, keys % m
    return np.searchsorted(query, np.arange(b + 1)), query, place


def _around(
    index: MappingIndex, by_node: dict[str, Array], query: Array, node: Array,
    columns: dict[str, Array],
) -> None:  # fmt: skip
    """Add what each kind of relatives scores: the best of them, of votes the sum."""
    t = index.taxonomy
    for channel, scores in by_node.items():
        gather = np.add if channel == "votes" else np.maximum
        down = _over(gather, t.child_ptr, t.child_rows, scores)
        columns[f"child_{channel}"] = down[query, node]
        counts = np.diff(t.parent_ptr)[node]
        up = t.parent_rows[ranges(t.parent_ptr[node], counts)]
        each = np.repeat(query, counts)
        for title, matrix in (("parent", scores), ("sibling", down)):
            columns[f"{title}_{channel}"] = gathered(gather, matrix[each, up], counts)


def _over(gather: np.ufunc, ptr: Array, rows: Array, scores: Array) -> Array:
    """Return (b, n): `gather` over the columns of each node's ``rows``; 0 for none."""
    out = np.zeros_like(scores)
    filled = np.diff(ptr) > 0
    if filled.any():
        out[:, filled] = gather.reduceat(scores[:, rows], ptr[:-1][filled], axis=1)
    return out


def _facts(
    index: MappingIndex, places: Places, known: Array, query: Array, place: Array,
    columns: dict[str, Array],
) -> None:  # fmt: skip
    t, node = index.taxonomy, places.first[place]
    here = known.astype(np.float32)[None]
    down = _over(np.add, t.child_ptr, t.child_rows, here)[0]
    columns["child_number"] = np.log1p(down[node])
    for title, of in (("parent", here[0]), ("sibling", down)):
        total = _over(np.add, t.parent_ptr, t.parent_rows, of[None])[0]
        columns[f"{title}_number"] = np.log1p(total[node])
    columns["information"] = index.information[node]
    columns["depth"] = t.depth[node].astype(np.float32)
    columns["twins"] = np.log(places.size[place]).astype(np.float32)


def _words(
    index: MappingIndex, batch: Batch, query: Array, node: Array, columns: dict[str, Array]
) -> None:
    """Add the share of the query's words, by rarity, that the names around the place hold."""
    book = index.book
    words = book.of(batch.texts, batch.stems, index.parts.encoder)
    counts = np.diff(words.ptr)[query]
    pair, at = np.repeat(np.arange(len(query)), counts), ranges(words.ptr[query], counts)
    known = words.ids[at] >= 0
    keys = node[pair] * np.int64(book.n_words) + np.where(known, words.ids[at], 0)
    held = member(book.family_keys, keys) & known
    total = np.maximum(np.bincount(pair, words.idf[at], len(query)), 1e-6)
    columns["family_coverage"] = np.bincount(pair, words.idf[at] * held, len(query)) / total
    size = np.diff(words.ptr)
    columns["query_words"] = size[query].astype(np.float32)
    whose = np.repeat(np.arange(len(size)), size)
    unknown = np.bincount(whose, words.ids < 0, len(size)) / np.maximum(size, 1)
    columns["query_unknown"] = unknown[query].astype(np.float32)
