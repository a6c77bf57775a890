"""From phrases to points in node space, and from points to candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphemb.encode import normalise
from graphemb.encode._word_encoder import WordEncoder
from graphemb.map._twins import Places
from graphemb.map.base import MappingNetwork, Sequences
from graphemb.map.calibrate import Calibrator
from graphemb.map.index import information
from graphemb.map.names import NameTable
from graphemb.mappings import Candidate
from graphemb.taxonomy import Taxonomy

__all__ = ["LISTED", "PlaceIndex", "inputs_of"]

Array = np.ndarray[Any, Any]

#: Phrases answered at a time, words of a phrase that are read, candidates that share probability.
BATCH, MOST_WORDS, LISTED = 256, 64, 50
#: Names as like as this are equally like; and how much more than likeness equal text counts.
ALIKE, SAME = 1e-4, 1.0
#: Cosines are sharpened by this before what the first candidate leaves is shared out.
SHARPNESS = 20.0


@dataclass(frozen=True)
class _Entry:
    """A candidate before it has a probability; `tied` counts the nodes nothing tells it from."""

    node: int
    cosine: float
    likeness: float
    name: int
    twins: int
    tied: int


class PlaceIndex:
    """The fitted parts of a Text2Node, put to use.

    Parameters
    ----------
    taxonomy : Taxonomy
    names : NameTable
    name_vectors : float (n_names, p)
        Unit phrase vectors of the names, by which twins are told apart.
    places : Places
    encoder : WordEncoder
    network : MappingNetwork
    calibrator : Calibrator

    """

    def __init__(
        self, taxonomy: Taxonomy, names: NameTable, name_vectors: Array, places: Places,
        encoder: WordEncoder, network: MappingNetwork, calibrator: Calibrator,
    ) -> None:  # fmt: skip
        self.taxonomy, self.names, self.name_vectors = taxonomy, names, name_vectors
        self.places, self.encoder, self.network = places, encoder, network
        self.calibrator = calibrator
        self._paths: dict[int, str] = {}

    @cached_property
    def information(self) -> Array:
        """Information content of each node."""
        return information(self.taxonomy)

    def inputs(self, phrases: Sequence[str]) -> Any:
        """Return what the network reads of `phrases`."""
        return inputs_of(self.encoder, self.network, phrases)

    def points(self, phrases: Sequence[str]) -> Array:
        """Return unit points in node space; zeros for a phrase without known words."""
        found = np.zeros((len(phrases), self.places.vectors.shape[1]), np.float32)
        for start in range(0, len(phrases), BATCH):
            part = list(phrases[start : start + BATCH])
            X = self.inputs(part)
            known = X.lengths > 0 if isinstance(X, Sequences) else X.any(axis=1)
            rows = self.network.predict(X) * known[:, None]
            norms = np.linalg.norm(rows, axis=1, keepdims=True)
            found[start : start + BATCH] = rows / np.where(norms > 1e-12, norms, np.inf)
        return found

    def answers(
        self, phrases: Sequence[str], k: int, allowed: Array | None, bar: float
    ) -> list[list[Candidate]]:
        """Return the candidates of each phrase, none for a phrase below `bar`."""
        found: list[list[Candidate]] = []
        for start in range(0, len(phrases), BATCH):
            part = [p[:4000] for p in phrases[start : start + BATCH]]
            for text, entries in zip(part, self.ranked(part, max(k, LISTED), allowed), strict=True):
                chances = self._probabilities(entries, text) if entries else []
                if not chances or chances[0] < bar:
                    found.append([])
                    continue
                unknown = self._unknown(text)
                found.append(
                    [
                        self._candidate(rank, entry, p, unknown)
                        for rank, (entry, p) in enumerate(
                            zip(entries[:k], chances, strict=False), 1
                        )
                    ]
                )
        return found

    def ranked(
        self, phrases: Sequence[str], k: int, allowed: Array | None = None
    ) -> list[list[_Entry]]:
        """Return the `k` nearest nodes of each phrase; none for one without known words."""
        points, vectors = self.points(phrases), self.encoder.vectors(phrases)
        cosines = points @ self.places.vectors.T
        if allowed is not None:
            open_places = np.zeros(cosines.shape[1], bool)
            open_places[self.places.place[allowed]] = True
            cosines[:, ~open_places] = -2.0
        n = min(k, cosines.shape[1])
        near = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
        found: list[list[_Entry]] = []
        for row, phrase in enumerate(phrases):
            if not points[row].any():
                found.append([])
                continue
            order = near[row][np.lexsort((near[row], -cosines[row, near[row]]))]
            entries: list[_Entry] = []
            for place in order.tolist():
                cosine = float(cosines[row, place])
                if cosine < -1.5 or len(entries) >= k:
                    break
                entries += self._at(place, cosine, vectors[row], normalise(phrase), allowed)
            found.append(entries[:k])
        return found

    def _at(
        self, place: int, cosine: float, vector: Array, text: str, allowed: Array | None
    ) -> list[_Entry]:
        """Return the nodes of one place, those whose names are most like the phrase first."""
        nodes = [
            node for node in self.places.members[place] if allowed is None or bool(allowed[node])
        ]
        starts = self.names.starts
        found: list[tuple[int, float, int]] = []
        for node in nodes:
            rows = np.arange(starts[node], starts[node + 1])
            likeness = self.name_vectors[rows].astype(np.float32) @ vector
            likeness += [SAME * (self.names.normalised[i] == text) for i in rows.tolist()]
            at = int(likeness.argmax())
            found.append((node, float(likeness[at]), int(rows[at])))
        alike = Counter(round(value / ALIKE) for _, value, _ in found)
        # `members` stand in the order of their ids, and the sort is stable: ties go by id.
        found.sort(key=lambda entry: -round(entry[1] / ALIKE))
        return [
            _Entry(node, cosine, value, name, len(nodes) - 1, alike[round(value / ALIKE)] - 1)
            for node, value, name in found
        ]

    def calibration_inputs(self, entries: Sequence[_Entry], text: str) -> list[float]:
        """Return what the probability of the first candidate is computed from."""
        first = entries[0]
        other = next((e.cosine for e in entries if e.cosine < first.cosine - 1e-7), first.cosine)
        rest = [e.likeness for e in entries[1:] if e.cosine >= first.cosine - 1e-7]
        words = normalise(text).split()
        known = sum(self.encoder.word_vectors_.vector(w) is not None for w in words[:MOST_WORDS])
        return [
            first.cosine, first.cosine - other, float(np.log1p(first.tied)),
            float(np.log1p(first.twins)), first.likeness,
            first.likeness - max(rest) if rest else 1.0, known / max(len(words), 1),
        ]  # fmt: skip

    def _probabilities(self, entries: Sequence[_Entry], text: str) -> list[float]:
        """Return the probability of each candidate; ties share, and all sum to at most 1."""
        inputs = np.array([self.calibration_inputs(entries, text)])
        first = float(self.calibrator.first(inputs)[0])
        lead = 1 + entries[0].tied
        lead = min(lead, len(entries))
        first = min(first, 1.0 / (1 + entries[0].tied))
        cosines = np.array([entry.cosine for entry in entries[lead:]])
        share = np.exp(SHARPNESS * (cosines - entries[0].cosine))
        left = max(1.0 - first * lead, 0.0) * self.calibrator.in_list
        rest = share / max(float(share.sum()), 1e-12) * left
        return [*[first] * lead, *np.minimum(rest, first).tolist()]

    def _candidate(self, rank: int, entry: _Entry, p: float, unknown: str) -> Candidate:
        parts = [f"near in node space: cosine {entry.cosine:.2f}"]
        others = "1 other node" if entry.twins == 1 else f"{entry.twins} other nodes"
        if entry.tied:
            parts.append(f"tied with {entry.tied} of {others} at the same place")
        elif entry.twins:
            parts.append(f"told from {others} at the same place by its names")
        if unknown:
            parts.append(f"unknown words: {unknown}")
        t, node = self.taxonomy, entry.node
        return Candidate(
            rank, t.ids[node], t.labels[node], round(p, 4), round(entry.cosine, 4),
            self.names.texts[entry.name], "; ".join(parts), self._path(node),
        )  # fmt: skip

    def _unknown(self, text: str) -> str:
        words = dict.fromkeys(normalise(text).split())
        vector = self.encoder.word_vectors_.vector
        return ", ".join([word for word in words if vector(word) is None][:6])

    def _path(self, node: int) -> str:
        if node not in self._paths:
            t = self.taxonomy
            self._paths[node] = t.path_text(node)
        return self._paths[node]


def inputs_of(encoder: WordEncoder, network: MappingNetwork, phrases: Sequence[str]) -> Any:
    """Return `phrases` as the network takes them: phrase vectors, or word vectors in sequence."""
    if network.takes == "rows":
        return encoder.vectors(phrases)
    return Sequences.of(encoder.sequence(phrases), encoder.word_vectors_.dim, MOST_WORDS)
