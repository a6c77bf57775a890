"""MappingSet: phrases and their ranked candidate nodes. Pair: a phrase whose nodes are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from graphemb.errors import ParameterError

__all__ = [
    "FIELDS", "REVIEW_FIELDS", "Candidate", "MappingSet", "Pair", "Review", "Source", "Split",
]  # fmt: skip

Split = Literal["train", "dev"]

Decision = Literal["accepted", "rejected", ""]

FIELDS = ("rank", "node", "label", "probability", "score", "matched", "evidence", "path")
REVIEW_FIELDS = ("review", "relation", "comment", "reviewer")
#: What the last part of the evidence begins with where the phrase is a name of the node.
_SAME = "same as a "


@dataclass(frozen=True, slots=True)
class Pair:
    """A phrase and the nodes it means: any of them is right.

    `split` is ``train`` (the mapper learns from it) or ``dev`` (tunes and calibrates). Rows of a
    test split have no Pair: they are dropped by the reader and refused by ``fit``.
    """

    phrase: str
    nodes: tuple[str, ...]
    split: Split = "train"


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said about one row: accepted, rejected, or nothing yet ('').

    `relation` is a name of `graphemb.relations.RELATIONS`, or '' where none was chosen.
    """

    decision: Decision = ""
    relation: str = ""
    comment: str = ""
    reviewer: str = ""


@dataclass(frozen=True)
class Source:
    """The table that phrases came in: every column as text, and the roles some of them have."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    text_col: str = "phrase"
    id_col: str | None = None
    freq_col: str | None = None
    context_cols: tuple[str, ...] = ()

    def cell(self, position: int, column: str | None) -> str:
        """Return the text in `column` of row `position`; '' where there is no such column."""
        if column is None or column not in self.header:
            return ""
        return self.rows[position][self.header.index(column)]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of a mapping; see `MappingSet` for units. `review` is empty until a person acts."""

    rank: int
    node: str
    label: str
    probability: float
    score: float
    matched: str
    evidence: str
    path: str
    review: Review = Review()

    @property
    def same_as(self) -> str:
        """What the phrase is by its evidence: ``label``, ``synonym``, ``known phrase``, else ''.

        That is the last part of the evidence; a reading, which stands before it, is the user's
        text and may hold anything.
        """
        said = self.evidence.rpartition("; ")[2]
        return said.removeprefix(_SAME) if said.startswith(_SAME) else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the row's fields by name, in the order of `FIELDS`."""
        return {name: getattr(self, name) for name in FIELDS}


class MappingSet:
    """The answer to ``PhraseMapper.map``: for each phrase, candidates from best to worst.

    Parameters
    ----------
    phrases : sequence of str
        As the user gave them, in the user's order.
    candidates : sequence of sequences of Candidate
        One a phrase; empty means that the phrase means nothing in this taxonomy. Ranks run from 1.
    source : Source, optional
        The table that the phrases came in, one row a phrase.
    no_match : mapping of int to Review, optional
        By position: what a person said about "this phrase means nothing here".

    Notes
    -----
    ``probability`` is calibrated, in [0, 1]: of the rows with p ≈ 0.8, about 80 % are right, as
    far as the phrases are like those the mapper was calibrated on. ``score`` is the reranker's
    raw output in log-odds: comparable within one phrase only. ``matched`` is the name of the node
    that fits best, ``evidence`` says in words why, ``path`` joins labels from the root by `` > ``.

    Examples
    --------
    >>> row = Candidate(1, "a", "Flu", 0.9, 2.2, "Grippe", "exact name", "Disease > Flu")
    >>> answer = MappingSet(["grippe", "xyz"], [[row], []])
    >>> answer[0][0].node, answer.best(1)
    ('a', None)

    """

    def __init__(
        self, phrases: Sequence[str], candidates: Sequence[Sequence[Candidate]],
        source: Source | None = None, no_match: Mapping[int, Review] | None = None,
    ) -> None:  # fmt: skip
        self.phrases = tuple(phrases)
        self.candidates = tuple(tuple(rows) for rows in candidates)
        self.source = source or Source(("phrase",), [(p,) for p in self.phrases])
        self.no_match = dict(no_match or {})
        if len(self.phrases) != len(self.candidates):
            raise ParameterError(
                f"MappingSet: needs one list of candidates a phrase; got {len(self.phrases)} "
                f"phrases and {len(self.candidates)} lists."
            )
        if len(self.source.rows) != len(self.phrases):
            raise ParameterError(
                f"MappingSet: source needs one row a phrase; got {len(self.phrases)} phrases and "
                f"{len(self.source.rows)} rows."
            )

    @property
    def reviewed(self) -> bool:
        """Whether a person has accepted or rejected anything here."""
        reviews = [c.review for rows in self.candidates for c in rows]
        return any(r.decision for r in (*reviews, *self.no_match.values()))

    def __len__(self) -> int:
        return len(self.phrases)

    def __getitem__(self, position: int) -> tuple[Candidate, ...]:
        return self.candidates[position]

    def __iter__(self) -> Iterator[tuple[str, tuple[Candidate, ...]]]:
        return iter(zip(self.phrases, self.candidates, strict=True))

    def best(self, position: int) -> Candidate | None:
        """Return the first candidate of the phrase at `position`, None for a no-match."""
        rows = self.candidates[position]
        return rows[0] if rows else None

    def to_records(self) -> list[dict[str, Any]]:
        """Return one dict a candidate (``phrase`` and `FIELDS`); a no-match has an empty node."""
        nothing = dict.fromkeys(FIELDS, "") | {"rank": 1, "probability": 0.0, "score": 0.0}
        return [
            {"phrase": phrase, **row}
            for phrase, rows in self
            for row in ([c.as_dict() for c in rows] or [nothing])
        ]

    def __repr__(self) -> str:
        matched = sum(map(bool, self.candidates))
        return f"MappingSet({len(self)} phrases, {matched} with candidates)"
