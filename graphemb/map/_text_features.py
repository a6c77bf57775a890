"""Features from the words and letters of a query and a candidate's best name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb import kernels
from graphemb.kernels import pairs
from graphemb.map._runs import gathered, run_sums
from graphemb.map._words import MAX_WORDS, QueryWords, member
from graphemb.map.index import Candidates, MappingIndex, ranges
from graphemb.map.listnet import WordSums
from graphemb.map.retrieve import Batch

__all__ = ["TextMatch", "text_features", "word_sums"]

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]


@dataclass(frozen=True)
class TextMatch:
    """Which query words a pair's best name holds: flat over (pair, query word)."""

    ptr: Array
    held: Array
    words: QueryWords


def text_features(
    index: MappingIndex, batch: Batch, c: Candidates, best: Array, columns: Columns
) -> TextMatch:
    """Add coverage, soft coverage, modifier, string and query features to `columns`."""
    words = index.book.of(batch.texts, batch.stems, index.parts.encoder)
    if kernels.compiled():
        match = _words_compiled(index, words, c, best, columns)
    else:
        match = _coverage(index, words, c, best, columns)
        _soft(index, words, c, best, columns)
    _strings(index, batch, c, best, columns)
    _query(words, c, columns)
    return match


def _words_compiled(
    index: MappingIndex, words: QueryWords, c: Candidates, best: Array, columns: Columns
) -> TextMatch:
    """Add what `_coverage` and `_soft` add, in one pass over the pairs."""
    said = (
        words.ptr, words.ids, words.slots, words.classes.astype(np.int32), words.idf, words.vectors
    )  # fmt: skip
    found, held = pairs.pair_words(said, index.book.arrays, MAX_WORDS, c.query, c.node, best)
    columns |= zip(pairs.PAIR_WORDS, found, strict=True)
    ptr = np.concatenate([[0], np.cumsum(np.diff(words.ptr)[c.query])])
    return TextMatch(ptr, held, words)


def word_sums(index: MappingIndex, match: TextMatch, query: Array, best: Array) -> WordSums:
    """Return the sums of word vectors of pairs whose best names are `best`, for `ListNet`.

    O(words of the pairs · r).
    """
    book, words = index.book, match.words
    scale = 1.0 / book.idf.max(initial=1e-6)
    said = words.vectors[words.slots] * (words.idf * scale)[:, None]
    counts = np.diff(words.ptr)
    done = np.concatenate([[0], np.cumsum(match.held)])
    held = said[ranges(words.ptr[query], counts[query])[match.held]]
    names, at = np.unique(best, return_inverse=True)
    n_words = book.ptr[names + 1] - book.ptr[names]
    in_names = book.words[ranges(book.ptr[names], n_words)]
    weighed = book.vectors[in_names].astype(np.float32) * (book.idf[in_names] * scale)[:, None]
    return WordSums(
        run_sums(said, counts), query, run_sums(weighed, n_words)[at],
        run_sums(held, done[match.ptr[1:]] - done[match.ptr[:-1]]),
    )  # fmt: skip


def _per_pair(words: QueryWords, c: Candidates) -> tuple[Array, Array, Array]:
    """Return (counts, pair, word position) of every (pair, query word)."""
    counts = np.diff(words.ptr)[c.query]
    return counts, np.repeat(np.arange(len(c.node)), counts), ranges(words.ptr[c.query], counts)


def _sums(values: Array, pair: Array, n: int) -> Array:
    return np.bincount(pair, values, n).astype(np.float32)


def _coverage(
    index: MappingIndex, words: QueryWords, c: Candidates, best: Array, columns: Columns
) -> TextMatch:
    book, n = index.book, len(c.node)
    counts, pair, at = _per_pair(words, c)
    word, idf, kind = words.ids[at], words.idf[at], words.classes[at]
    known = word >= 0
    base = np.where(known, word, 0)
    total = np.maximum(_sums(idf, pair, n), 1e-6)
    held = member(book.name_keys, best[pair] * np.int64(book.n_words) + base) & known
    in_node = member(book.node_keys, c.node[pair] * np.int64(book.n_words) + base) & known
    in_family = member(book.family_keys, c.node[pair] * np.int64(book.n_words) + base) & known
    overlap = _sums(idf * held, pair, n)
    columns["query_coverage"] = overlap / total
    columns["name_coverage"] = overlap / np.maximum(book.totals[best], 1e-6)
    columns["node_coverage"] = _sums(idf * in_node, pair, n) / total
    columns["family_coverage"] = _sums(idf * in_family, pair, n) / total
    columns["family_gain"] = columns["family_coverage"] - columns["node_coverage"]
    columns["rarest_missing"] = gathered(np.maximum, np.where(held, 0, idf), counts)
    _modifiers(index, kind, held, pair, best, n, columns)
    return TextMatch(np.concatenate([[0], np.cumsum(counts)]), held, words)


def _modifiers(
    index: MappingIndex, kind: Array, held: Array, pair: Array, best: Array, n: int,
    columns: Columns,
) -> None:  # fmt: skip
    """Numbers, sides and opposing modifiers: missing from the name, or only in the name."""
    book = index.book
    counts = np.minimum(book.ptr[best + 1] - book.ptr[best], MAX_WORDS)
    name_kind = book.classes[book.words[ranges(book.ptr[best], counts)]]
    name_pair = np.repeat(np.arange(n), counts)
    for code, title in ((1, "number"), (2, "side"), (3, "pole")):
        missing = _sums((kind == code) & ~held, pair, n)
        shared = _sums((kind == code) & held, pair, n)
        columns[f"{title}_missing"] = missing
        columns[f"{title}_extra"] = _sums(name_kind == code, name_pair, n) - shared


def _soft(
    index: MappingIndex, words: QueryWords, c: Candidates, best: Array, columns: Columns
) -> None:
    """Late interaction: each word meets its most alike word of the other side (cosine)."""
    book, n = index.book, len(c.node)
    q_counts, pair, at = _per_pair(words, c)
    n_counts = np.minimum(book.ptr[best + 1] - book.ptr[best], MAX_WORDS)
    used, local = np.unique(book.words[ranges(book.ptr[best], n_counts)], return_inverse=True)
    alike = words.vectors @ book.vectors[used].astype(np.float32).T if len(used) else None
    if alike is None or not len(at):
        for title in ("soft_query", "soft_name", "soft_worst", "soft_last"):
            columns[title] = np.zeros(n, np.float32)
        return
    np.maximum(alike, 0.0, out=alike)
    starts = np.cumsum(n_counts) - n_counts
    # Flat over (pair, query word, name word), query words outside.
    inner = n_counts[pair]
    flat = local[ranges(starts[pair], inner)]
    sims = alike.ravel()[np.repeat(words.slots[at], inner) * np.int64(alike.shape[1]) + flat]
    per_query_word = gathered(np.maximum, sims, inner)
    idf = words.idf[at]
    total = np.maximum(_sums(idf, pair, n), 1e-6)
    columns["soft_query"] = _sums(idf * per_query_word, pair, n) / total
    columns["soft_worst"] = -gathered(np.maximum, -per_query_word + 1.0, q_counts) + 1.0
    ends = np.cumsum(q_counts) - 1
    columns["soft_last"] = np.where(q_counts > 0, per_query_word[np.maximum(ends, 0)], 0)
    columns["soft_name"] = _soft_name(index, words, c, best, alike, local, n_counts)


def _soft_name(
    index: MappingIndex, words: QueryWords, c: Candidates, best: Array, alike: Array,
    local: Array, n_counts: Array,
) -> Array:  # fmt: skip
    """Return the idf-weighted share of the name's words that the query's words come near."""
    n = len(c.node)
    pair = np.repeat(np.arange(n), n_counts)
    inner = np.diff(words.ptr)[c.query][pair]
    slots = words.slots[ranges(words.ptr[c.query][pair], inner)]
    sims = alike.ravel()[slots * np.int64(alike.shape[1]) + np.repeat(local, inner)]
    book = index.book
    idf = book.idf[book.words[ranges(book.ptr[best], n_counts)]]
    near = _sums(idf * gathered(np.maximum, sims, inner), pair, n)
    return np.asarray(near / np.maximum(_sums(idf, pair, n), 1e-6), np.float32)


def _strings(
    index: MappingIndex, batch: Batch, c: Candidates, best: Array, columns: Columns
) -> None:
    """Add how alike the texts are letter by letter, and in length."""
    texts = index.names.normalised
    right = [texts[i] for i in best.tolist()]
    titles = ("ratio", "token_sort", "token_set", "length_ratio", "exact")
    if kernels.compiled():
        columns |= zip(titles, pairs.text_ratios(batch.texts, c.query, right), strict=True)
    else:
        columns |= zip(titles, _text_ratios(batch, c, right), strict=True)
    lengths = index.book.ptr[best + 1] - index.book.ptr[best]
    columns["name_words"] = lengths.astype(np.float32)


def _text_ratios(batch: Batch, c: Candidates, right: list[str]) -> list[Array]:
    """Return what `pairs.text_ratios` does."""
    from rapidfuzz import fuzz
    from rapidfuzz.process import cpdist

    left = [batch.texts[q] for q in c.query.tolist()]
    found = []
    for scorer in (fuzz.ratio, fuzz.token_sort_ratio, fuzz.token_set_ratio):
        ratios: Any = cpdist(left, right, scorer=scorer, dtype=np.float32) if left else []
        found.append(np.asarray(ratios, np.float32) / 100.0)
    a = np.array([len(text) for text in batch.texts], np.float32)[c.query]
    found.append(a / np.maximum(np.array([len(t) for t in right], np.float32), 1.0))
    found.append(np.array([x == y for x, y in zip(left, right, strict=True)], np.float32))
    return found


def _query(words: QueryWords, c: Candidates, columns: Columns) -> None:
    n = np.diff(words.ptr)
    unknown = np.bincount(
        np.repeat(np.arange(len(n)), n), (words.ids < 0).astype(float), len(n)
    ) / np.maximum(n, 1)
    columns["query_words"] = n[c.query].astype(np.float32)
    columns["query_unknown"] = unknown[c.query].astype(np.float32)
