"""Backoff: where no node is sure enough, the most specific node that is sure to lie above."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.mappings import Candidate, Review
from graphemb.taxonomy import Taxonomy

__all__ = ["SUPPORT", "Backoff", "check_level"]

Array = np.ndarray[Any, Any]

#: Candidates of a phrase whose probabilities are added up, at least.
SUPPORT = 100


def check_level(level: float, who: str) -> float:
    """Return `level` when it lies in (0, 1]."""
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level <= 1.0:
        raise ParameterError(f"{who}: backoff must lie in (0, 1]; got {shown(level)}.")
    return float(level)


class Informed(Protocol):
    """What back-off needs of an index."""

    @property
    def taxonomy(self) -> Taxonomy:
        """Whose nodes are answered."""

    @property
    def information(self) -> Array:
        """Information content of each node, float32 (n_nodes,): `index.information`."""


class Backoff:
    """Answers with the most specific node below which the right one lies with `level`.

    ``P(a) = Σ p_c over the distinct candidates c at or below a``: over several ways down a
    candidate counts once. Of the nodes with P ≥ level, one is answered that no other such node lies
    below; of several, which only more than one parent makes possible, the one of the highest
    information content (Seco 2004: fewest descendants), then of the larger P, then the earlier
    row. A root says nothing, so it is answered only where it is itself a candidate of that
    probability.

    The answer's relation says what it is: ``exactMatch`` where it bears the phrase as a name,
    ``closeMatch`` where it is a candidate that is sure enough by itself, else ``broadMatch``.
    Where nothing reaches the level there is no answer. O(candidates · ancestors) a phrase.

    Parameters
    ----------
    index : MappingIndex or PlaceIndex
    level : float in (0, 1]
    allowed : bool (n_nodes,), optional
        The nodes that may be answered.
    leaves_only : bool
        Whether the caller wants leaves only, which contradicts answering what is above them.
    who : str
        The caller, for errors.

    Raises
    ------
    ParameterError
        When `level` is outside its domain, or `leaves_only` is true.

    """

    def __init__(
        self, index: Informed, level: float, allowed: Array | None = None,
        *, leaves_only: bool = False, who: str = "PhraseMapper.map",
    ) -> None:  # fmt: skip
        if leaves_only:
            raise ParameterError(
                f"{who}: backoff answers nodes above leaves; give it or leaves_only."
            )
        self.taxonomy: Taxonomy = index.taxonomy
        self.information, self.level = index.information, check_level(level, who)
        self.inner = np.diff(self.taxonomy.parent_ptr) > 0
        self.allowed = np.ones(len(self.inner), bool) if allowed is None else allowed
        self._above = lru_cache(maxsize=1 << 14)(self._ancestors)

    def _ancestors(self, row: int) -> Array:
        """Return the rows of `row` and all above it."""
        return np.array(self._ascended([row]), np.int64)

    def _ascended(self, rows: list[int]) -> list[int]:
        """Return `rows` and all above them, each once."""
        seen, waiting = set(rows), list(rows)
        ptr, parents = self.taxonomy.parent_ptr, self.taxonomy.parent_rows
        for node in waiting:  # grows while it is walked
            for parent in parents[ptr[node] : ptr[node + 1]].tolist():
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return waiting

    def _parents(self, rows: Array) -> list[int]:
        ptr, parents = self.taxonomy.parent_ptr, self.taxonomy.parent_rows
        return [p for row in rows.tolist() for p in parents[ptr[row] : ptr[row + 1]].tolist()]

    def accumulated(self, rows: Sequence[int], p: Sequence[float]) -> tuple[Array, Array]:
        """Return (nodes, P): every node at or above a candidate, with its probability."""
        if not rows:
            return np.zeros(0, np.int64), np.zeros(0)
        above = [self._above(int(row)) for row in rows]
        nodes, at = np.unique(np.concatenate(above), return_inverse=True)
        shares = np.repeat(np.asarray(p, np.float64), [len(a) for a in above])
        return nodes, np.minimum(np.bincount(at, shares, len(nodes)), 1.0)

    def choose(self, rows: Sequence[int], p: Sequence[float]) -> tuple[int, float] | None:
        """Return the answered row and its probability, None where nothing is sure enough."""
        nodes, total = self.accumulated(rows, p)
        own = {int(row): share for row, share in zip(rows, p, strict=True)}
        alone = np.array([own.get(int(node), 0.0) for node in nodes])
        # Probabilities come rounded to four places: sums of them are given as much room.
        least = self.level - 1e-4
        good = (total >= least) & (self.inner[nodes] | (alone >= least)) & self.allowed[nodes]
        if not good.any():
            return None
        nodes, total = nodes[good], total[good]
        over = self._ascended(list(dict.fromkeys(self._parents(nodes))))
        lowest = ~np.isin(nodes, over)
        nodes, total = nodes[lowest], total[lowest]
        best = np.lexsort((nodes, -total, -self.information[nodes]))[0]
        return int(nodes[best]), float(total[best])

    def apply(self, found: Sequence[Candidate], k: int) -> list[Candidate]:
        """Return the answer as the first of `k` candidates, the others after it; or nothing."""
        rows = [self.taxonomy.row(c.node) for c in found]
        answer = self.choose(rows, [c.probability for c in found])
        if answer is None:
            return []
        row, total = answer
        first = self._candidate(row, total, found, rows)
        others = [c for c in found if c.node != first.node][: k - 1]
        return [first, *(_ranked(c, rank, Review()) for rank, c in enumerate(others, 2))]

    def _candidate(
        self, row: int, total: float, found: Sequence[Candidate], rows: Sequence[int]
    ) -> Candidate:
        t = self.taxonomy
        for c, at in zip(found, rows, strict=True):
            if at == row and c.probability >= self.level - 1e-4:
                relation = "exactMatch" if is_exact(c) else "closeMatch"
                return _ranked(c, 1, Review(relation=relation))
        below = [c for c, at in zip(found, rows, strict=True) if row in self._above(int(at))]
        parts = [f"{c.label} {c.probability:.0%}" for c in below[:3] if c.probability >= 0.005]
        more = f" and {len(below) - len(parts)} more" if len(below) > len(parts) else ""
        return Candidate(
            1, t.ids[row], t.labels[row], round(min(total, 1.0), 4), below[0].score, t.labels[row],
            f"at or above {', '.join(parts)}{more}",
            t.path_text(row), Review(relation="broadMatch"),
        )  # fmt: skip


def is_exact(candidate: Candidate) -> bool:
    """Return whether an answer bears the phrase, as written or as the lexicon reads it, as name."""
    return bool(candidate.same_as)


def _ranked(c: Candidate, rank: int, review: Review) -> Candidate:
    return Candidate(
        rank, c.node, c.label, c.probability, c.score, c.matched, c.evidence, c.path, review
    )
