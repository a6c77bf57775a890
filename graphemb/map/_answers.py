"""From a batch of phrases to candidates with probability, matched name, evidence and path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.encode import normalise, stem
from graphemb.map._blind_answers import answered
from graphemb.map._blind_judge import Named
from graphemb.map._text_features import word_sums
from graphemb.map._words import MAX_WORDS
from graphemb.map.abbreviations import FOREIGN, GUESSES, LEXICON, MOST_WORDS, Wording
from graphemb.map.calibrate import Ranked
from graphemb.map.features import ALIKE, Table, feature_table
from graphemb.map.index import Candidates, MappingIndex
from graphemb.map.listnet import Reading
from graphemb.map.names import LABEL, PAIR
from graphemb.map.rerank import FEATURES, Reranker, ordered
from graphemb.map.retrieve import Batch, Room
from graphemb.map.rewrite import Rewriter
from graphemb.mappings import Candidate

__all__ = ["Answers"]

Array = np.ndarray[Any, Any]

#: Phrases mapped at a time; letters of a phrase that are read.
BATCH, MOST_LETTERS = 128, 4000
#: A phrase equal to a name: log-odds added, so that no likeness outranks identity; and how sure
#: we are of a label or another name that one node alone bears.
EXACT_BONUS = 12.0
EXACT_LABEL, EXACT_OTHER = 0.99, 0.95
#: How much each reading counts: one made by the lexicon, the phrase as written beside such a
#: reading, and as written where the lexicon knows the whole phrase.
READING, WRITTEN, KNOWN = 0.97, 0.8, 0.4
#: And one by another vocabulary that has the phrase as a name: right in four of five on DOID.
ELSEWHERE = 0.82
#: A phrase without one known word, no name of like letters (cosine below `ALIKE`): whatever else
#: stands nearest is chance, and its probability is cut to this share.
CHANCE = 0.1


@dataclass(frozen=True)
class _Scored:
    """One batch: pairs in order of rank within each reading."""

    table: Table
    c: Candidates
    order: Array
    ptr: Array
    scores: Array
    probabilities: Array
    X: Array
    read: Reading | None = None


#: Number of the phrase, rank, probability, pair, number of the reading.
_Chosen = tuple[int, int, float, int, int]


def _numbered(text: str) -> list[tuple[str, int]]:
    """Return the distinct words of a text that are compared, with the number of their stem."""
    place: dict[str, int] = {}
    pairs = [(w, place.setdefault(stem(w), len(place))) for w in dict.fromkeys(text.split())]
    return [(word, at) for word, at in pairs if at < MAX_WORDS]


def _foreign(table: Table, c: Candidates) -> Array:
    """Return for each pair whether its query shares neither a word nor letters with any name."""
    alike = np.bincount(c.query, table.columns["char"] >= ALIKE, len(c.ptr) - 1) > 0
    return np.asarray((table.columns["query_unknown"] == 1.0) & ~alike[c.query])


class Answers:
    """Answers phrases with the fitted parts of a mapper."""

    def __init__(
        self, index: MappingIndex, reranker: Reranker, rewriter: Rewriter, use_trees: bool
    ) -> None:
        self.index, self.reranker, self.rewriter = index, reranker, rewriter
        self.use_trees = use_trees
        self._room = Room()
        # Not a cached method: that would hold this, and the room, until the next collection.
        self._paths: dict[int, str] = {}

    def of(
        self, phrases: Sequence[str], k: int, allowed: Array | None, bar: float
    ) -> list[list[Candidate]]:
        """Return the candidates of each phrase, none for a phrase below `bar`."""
        if self.index.blind is not None:
            return answered(self, self.index.blind, phrases, k, allowed, bar)
        return self.of_named(phrases, k, allowed, bar)

    def of_named(
        self, phrases: Sequence[str], k: int, allowed: Array | None, bar: float
    ) -> list[list[Candidate]]:
        """Return what `of` does, by names alone."""
        return self.named(phrases, k, allowed, bar).candidates

    def named(
        self, phrases: Sequence[str], k: int, allowed: Array | None, bar: float = 0.0
    ) -> Named:
        """Return what `of_named` does, with the features of each first candidate."""
        found: list[list[Candidate]] = []
        features = np.zeros((len(phrases), len(FEATURES)), np.float32)
        for start in range(0, len(phrases), BATCH):
            part = slice(start, start + BATCH)
            found.extend(self._batch(phrases[part], k, allowed, bar, features[part]))
        return Named(found, features)

    @staticmethod
    def read(phrase: str) -> str:
        """Return the normalised words of a phrase that are read."""
        return " ".join(normalise(phrase[:MOST_LETTERS]).split()[:MOST_WORDS])

    def readings(self, phrase: str, allowed: Array | None = None) -> list[Wording]:
        """Return the wordings of a phrase, the written one first.

        The others are what short forms may stand for, what other vocabularies tell, and the
        lexicon's. Where that knows the whole phrase, it is what the phrase means; what is a name
        here means neither anything else nor what it may be short for.
        """
        text = self.read(phrase)
        told = [Wording(other, READING, LEXICON) for other in self.rewriter.readings(text)]
        if self.rewriter.knows(text):
            return [Wording(text, KNOWN, ""), *told]
        made: list[Wording] = []
        if not self.index.exact.find(text):
            short = self.index.abbreviations
            made = short.readings(phrase[:MOST_LETTERS], allowed)
            if elsewhere := self.rewriter.elsewhere(text):
                meant = short.meant(elsewhere, allowed)
                made += [Wording(other, ELSEWHERE / len(meant), FOREIGN) for other in meant]
        best: dict[str, Wording] = {}
        for way in sorted([*made, *told], key=lambda way: -way.weight):
            if way.text != text:
                best.setdefault(way.text, way)
        # The surer the other readings, the less the phrase as written counts beside them.
        surest = max((way.weight for way in best.values()), default=0.0)
        written = WRITTEN if told else 1.0 - (1.0 - WRITTEN) * surest
        return [Wording(text, written, ""), *best.values()]

    def _batch(
        self, phrases: Sequence[str], k: int, allowed: Array | None, bar: float, features: Array
    ) -> list[list[Candidate]]:
        """Return the candidates of a batch; writes the features of the first of each."""
        found: list[list[Candidate]] = [[] for _ in phrases]
        if allowed is not None and not allowed.any():
            return found
        ways = [self.readings(phrase, allowed) for phrase in phrases]
        # The written ones come first: whatever the others are, these are scored in one order.
        readings = [(i, way[0]) for i, way in enumerate(ways) if way[0].text]
        readings += [(i, wording) for i, way in enumerate(ways) for wording in way[1:]]
        if not readings:
            return found
        scored = self._score([wording.text for _, wording in readings], allowed)
        by_phrase: dict[int, list[int]] = {}
        for row, (phrase, _) in enumerate(readings):
            by_phrase.setdefault(phrase, []).append(row)
        chosen: list[_Chosen] = []
        for phrase, rows in by_phrase.items():
            best = self._merged(scored, rows, [wording.weight for wording in ways[phrase]])
            if best and best[0][0] >= bar:
                features[phrase] = scored.X[best[0][1]]
                chosen.extend((phrase, rank, *entry) for rank, entry in enumerate(best[:k], 1))
        for (phrase, *_), candidate in zip(
            chosen, self._candidates(chosen, scored, [w for _, w in readings]), strict=True
        ):
            found[phrase].append(candidate)
        return found

    def _score(self, texts: list[str], allowed: Array | None) -> _Scored:
        batch = Batch(texts, self.index.parts.encoder, self._room)
        c = self.index.candidates(batch, allowed)
        table = feature_table(self.index, batch, c)
        X = table.matrix(list(FEATURES))
        if self.use_trees:
            read = self._read(table, c, X)
            scores = self.reranker.ranker.scores(X, read)
            order = ordered(scores, c.query, c.node)
            ranked = self.reranker.ranker.ranked(X, scores, order, c.ptr)
        else:
            read = None
            scores = (8.0 * table.columns["fused"] - 4.0).astype(np.float32)
            order = ordered(scores, c.query, c.node)
            ranked = Ranked(scores, order, c.ptr)
        probabilities = self.reranker.calibrator.probabilities(ranked, table.columns)
        scores = ranked.levelled()
        probabilities = probabilities * np.where(_foreign(table, c), CHANCE, 1.0)
        exact = table.columns["exact"] > 0
        if not self.reranker.exact_wins:
            # What the user has mapped before is answered as it was; other equality was learned.
            exact &= self.index.names.kinds[table.best_name] == PAIR
        if exact.any():
            scores = scores + np.where(exact, np.float32(EXACT_BONUS), np.float32(0))
            order = ordered(scores, c.query, c.node)
            probabilities = self._exact(table, c, exact, probabilities)
        return _Scored(table, c, order, c.ptr, scores, probabilities, X, read)

    def _read(self, table: Table, c: Candidates, X: Array) -> Reading | None:
        """Return what the reranker's network reads, if it has one."""
        if self.reranker.ranker.network is None:
            return None
        words = word_sums(self.index, table.match, c.query, table.best_name).matrix()
        return Reading.of(X, c.query, words)

    def _exact(self, table: Table, c: Candidates, exact: Array, p: Array) -> Array:
        """Share the probability of identity among the nodes that bear the very name."""
        kinds = self.index.names.kinds[table.best_name]
        sure = np.where((kinds == LABEL) | (kinds == PAIR), EXACT_LABEL, EXACT_OTHER)
        bearers = np.bincount(c.query, exact, len(c.ptr) - 1)
        labels = np.bincount(c.query, exact & (kinds == LABEL), len(c.ptr) - 1)
        # Where a label is among the names, it takes precedence over mere synonyms.
        single = exact & (kinds == LABEL) & (labels[c.query] == 1)
        shared = sure / np.maximum(bearers[c.query], 1)
        out = np.where(exact, np.where(single, sure, shared), p)
        rest = exact & ~single & (labels[c.query] == 1)
        out = np.where(rest, (1 - EXACT_LABEL) / np.maximum(bearers[c.query], 1), out)
        hit = bearers[c.query] > 0
        return np.where(hit & ~exact, np.minimum(out, (1 - EXACT_OTHER) * 0.5), out)

    def _merged(
        self, s: _Scored, rows: list[int], shares: list[float]
    ) -> list[tuple[float, int, int]]:
        """Return (probability, pair, reading) of each node's best reading, best first.

        The first keeps its probability; the others are scaled down to what it leaves.
        """
        best: dict[int, tuple[float, float, int, int]] = {}
        for row, share in zip(rows, shares, strict=True):
            pairs = s.order[s.ptr[row] : s.ptr[row + 1]]
            chances = (s.probabilities[pairs] * share).tolist()
            entries = zip(
                chances, s.scores[pairs].tolist(), s.c.node[pairs].tolist(), pairs.tolist(),
                strict=True,
            )  # fmt: skip
            for p, score, node, pair in entries:
                if node not in best or (p, score) > best[node][:2]:
                    best[node] = (p, score, pair, row)
        ranked = sorted(best.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
        rest = sum(entry[0] for _, entry in ranked[1:])
        scale = min(1.0, (1.0 - ranked[0][1][0]) / rest) if rest else 1.0
        return [
            (p if i == 0 else p * scale, pair, row)
            for i, (_, (p, _, pair, row)) in enumerate(ranked)
        ]

    def _candidates(
        self, chosen: list[_Chosen], s: _Scored, readings: Sequence[Wording]
    ) -> list[Candidate]:
        """Return the answers of a batch; what arrays hold of them is taken out in one go."""
        pairs = np.array([pair for _, _, _, pair, _ in chosen], np.int64)
        taxonomy, names = self.index.taxonomy, self.index.names
        nodes, scores = s.c.node[pairs].tolist(), s.scores[pairs].tolist()
        matched = s.table.best_name[pairs].tolist()
        reasons = self._evidence(pairs, [row for *_, row in chosen], s, readings)
        return [
            Candidate(
                rank, taxonomy.ids[node], taxonomy.labels[node], round(p, 4), round(score, 4),
                names.texts[name], evidence, self.path(node),
            )
            for (_, rank, p, _, _), node, score, name, evidence in zip(
                chosen, nodes, scores, matched, reasons, strict=True
            )
        ]  # fmt: skip

    def path(self, node: int) -> str:
        """Return the labels from a root to `node`; an id stands where there is no label."""
        if node not in self._paths:
            self._paths[node] = self.index.taxonomy.path_text(node)
        return self._paths[node]

    def _evidence(
        self, pairs: Array, rows: list[int], s: _Scored, readings: Sequence[Wording]
    ) -> list[str]:
        """Say in words why: identity, words held and missing, likeness of meaning or letters."""
        columns, match = s.table.columns, s.table.match
        kinds = self.index.names.kinds[s.table.best_name[pairs]].tolist()
        dense = columns["dense_name"][pairs].tolist() if "dense" in columns else None
        facts = zip(
            columns["exact"][pairs].tolist(), kinds, columns["char_name"][pairs].tolist(),
            columns["family_gain"][pairs].tolist(), match.ptr[pairs].tolist(),
            match.ptr[pairs + 1].tolist(), strict=True,
        )  # fmt: skip
        words = {row: _numbered(readings[row].text) for row in set(rows)}
        found = []
        for i, (exact, kind, letters, gain, first, last) in enumerate(facts):
            text, _, how = readings[rows[i]]
            parts = [f"{GUESSES.get(how, 'read as')} “{text}”"] if how else []
            if exact:
                title = "label" if kind == LABEL else "known phrase" if kind == PAIR else "synonym"
                # A guess must not pass for the very name.
                same = f"a {title}" if how in GUESSES else f"same as a {title}"
                found.append("; ".join([*parts, same]))
                continue
            here = match.held[first:last].tolist()
            held = [w for w, at in words[rows[i]] if here[at]]
            missing = [w for w, at in words[rows[i]] if not here[at]]
            if held:
                parts.append(f"words: {', '.join(held[:6])}")
            if missing:
                parts.append(f"not found: {', '.join(missing[:6])}")
            if dense is not None:
                parts.append(f"meaning {dense[i]:.2f}")
            parts.append(f"letters {letters:.2f}")
            if gain > 0.05:
                parts.append("more words at its parents or children")
            found.append("; ".join(parts))
        return found
