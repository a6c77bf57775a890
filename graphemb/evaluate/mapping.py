"""MappingTask: how good ranked answers are, given the truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.evaluate import _metrics as metrics
from graphemb.evaluate._ancestors import AncestorScores, parents_of_first
from graphemb.evaluate._closeness import Closeness, distances
from graphemb.evaluate._noise import disturbed
from graphemb.evaluate.base import Rows, Task
from graphemb.scores import ScoreTable
from graphemb.taxonomy import Taxonomy

__all__ = ["MappingTask", "distances"]

Array = np.ndarray[Any, Any]


class MappingTask(Task):
    """Accuracy@k, MRR, how near misses are, and calibration of the probability.

    Parameters
    ----------
    ks : sequence of int
        The k of accuracy@k.
    precisions : sequence of float
        Where coverage is reported.
    n_bins : int
        Bins of the reliability diagram.
    by_depth : bool
        Whether queries are also grouped by the depth of the right node.
    least : int
        Groups of fewer queries are left out.
    backoffs : sequence of float in (0, 1]
        Levels of `PhraseMapper.map`'s back-off that `run_mapper` also measures.
    random_state : int
        Draws the noise of `run_mapper`.

    Notes
    -----
    Any of several right nodes counts. Of the whole, and of every group with at least `least`
    queries (split names it, ``depth=3``, ``kind=trivial``): ``accuracy`` by k, ``mrr``. With a
    taxonomy also ``distance`` (edges, direction ignored, from the first answer to the nearest right
    node; a no-match counts as the distance from the root, ``n_nodes`` where the taxonomy falls
    apart), ``near`` (the first answer is right, or a parent or child of a right node),
    ``ancestor_f1`` (2·|A∩B| / (|A|+|B|), A and B the answer's and the right node's ancestors with
    themselves; the best right node; 0 for a no-match).
    With probabilities also ``ece``, ``aurc``, ``coverage@P`` (share of queries answered, most
    probable first, at precision P) and the reliability diagram: ``reliability`` is the share right
    in bin k from 1, ``reliability_probability`` its mean probability. Intervals are Wilson's.

    """

    takes: ClassVar[tuple[str, ...]] = ("taxonomy",)

    def __init__(
        self,
        ks: Sequence[int] = (1, 5, 10),
        precisions: Sequence[float] = (0.90, 0.95, 0.99),
        n_bins: int = 10,
        by_depth: bool = False,
        least: int = 5,
        backoffs: Sequence[float] = (),
        random_state: int = 0,
    ) -> None:
        self.ks = ks
        self.precisions = precisions
        self.n_bins = n_bins
        self.by_depth = by_depth
        self.least = least
        self.backoffs = backoffs
        self.random_state = random_state

    def run(
        self,
        ranked: Sequence[Sequence[str]],
        truth: Sequence[Collection[str]],
        taxonomy: Taxonomy | None = None,
        probability: Array | None = None,
        graph: str = "",
        method: str = "",
        split: str = "",
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> ScoreTable:
        """Return the measurements of `ranked` node ids against `truth`, one entry a query.

        `groups` names what each query is, a value a query under each heading: ``{"kind":
        ["exact", "trivial", …], "frequency": ["1-9", "10-99", …]}``.
        """
        if len(ranked) != len(truth) or not truth:
            raise ParameterError(
                f"MappingTask: needs as many answers as truths, at least one; got {len(ranked)} "
                f"and {len(truth)}."
            )
        rows = Rows("mapping", method)
        rank = metrics.ranks(ranked, truth)
        close = Closeness.of(taxonomy, ranked, truth) if taxonomy is not None else None
        self._accuracy(rows, rank, close, split)
        if probability is not None:
            self._calibration(rows, np.asarray(probability), (rank == 1).astype(float), split)
        for name, chosen in self._groups(groups or {}, close, len(rank)).items():
            part = None if close is None else close.part(chosen)
            self._accuracy(rows, rank[chosen], part, f"{split} {name}".strip())
        return rows.table().stamped(graph=graph)

    def run_mapper(
        self,
        mapper: Any,
        phrases: Sequence[str],
        truth: Sequence[Collection[str]],
        groups: Mapping[str, Sequence[str]] | None = None,
        noise: Sequence[str] = (),
        method: str = "",
    ) -> ScoreTable:
        """Return the measurements of `mapper`'s answers, and under each kind of `noise`.

        `noise` is any of ``abbreviation``, ``order``, ``truncation``, ``typo``, ``typos`` (three);
        split names it. Queries are asked without the bar below which a mapper answers nothing.
        With `backoffs` also what `AncestorScores` measures, of each level (``backoff=0.9``), of the
        first answer (``answer=first``) and of its parent (``answer=parent``).
        """
        taxonomy: Taxonomy = mapper.taxonomy_
        table = ScoreTable()
        for kind in ("", *noise):
            asked = disturbed(phrases, kind, self.random_state) if kind else list(phrases)
            answers = mapper.map(asked, k=max(self.ks), min_probability=0.0)
            found = [[c.node for c in row] for _, row in answers]
            sure = np.array([row[0].probability if row else 0.0 for _, row in answers])
            split = f"noise={kind}" if kind else ""
            name = method or type(mapper).__name__
            table += self.run(
                found, truth, taxonomy, sure, taxonomy.name, name, split, None if kind else groups
            )
        return table + self._safe(mapper, phrases, truth, method) if self.backoffs else table

    def _safe(
        self, mapper: Any, phrases: Sequence[str], truth: Sequence[Collection[str]], method: str
    ) -> ScoreTable:
        taxonomy: Taxonomy = mapper.taxonomy_
        rows = Rows("mapping", method or type(mapper).__name__)
        scores = AncestorScores(taxonomy, truth, self.least)
        for level in (None, *self.backoffs):
            answers = mapper.map(list(phrases), k=1, min_probability=0.0, backoff=level)
            nodes = [row[0].node if row else None for _, row in answers]
            scores.add(rows, nodes, "answer=first" if level is None else f"backoff={level:g}")
            if level is None:
                scores.add(rows, parents_of_first(taxonomy, nodes), "answer=parent")
        return rows.table().stamped(graph=taxonomy.name)

    def _accuracy(self, rows: Rows, rank: Array, close: Closeness | None, split: str) -> None:
        n = len(rank)
        for k in self.ks:
            _share(rows, "accuracy", (rank > 0) & (rank <= k), split, k)
        mrr = np.where(rank > 0, 1.0 / np.maximum(rank, 1), 0.0).mean()
        rows.add("mrr", mrr, split=split, n=n)
        if close is not None:
            rows.add("distance", close.distance.mean(), split=split, n=n)
            _share(rows, "near", close.near, split)
            rows.add("ancestor_f1", close.ancestor_f1.mean(), split=split, n=n)

    def _calibration(self, rows: Rows, probability: Array, right: Array, split: str) -> None:
        n = len(right)
        rows.add("ece", metrics.expected_calibration_error(probability, right), split=split, n=n)
        rows.add("aurc", metrics.aurc(probability, right), split=split, n=n)
        for precision in self.precisions:
            share = metrics.coverage_at(probability, right, precision)
            rows.add(f"coverage@{round(precision * 100)}", share, split=split, n=n)
        bins = metrics.reliability(probability, right, self.n_bins)
        for k, (mean, share, number) in enumerate(bins, 1):
            low, high = metrics.wilson(round(share * number), number)
            rows.add("reliability", share, k=k, split=split, low=low, high=high, n=number)
            rows.add("reliability_probability", mean, k=k, split=split, n=number)

    def _groups(
        self, groups: Mapping[str, Sequence[str]], close: Closeness | None, n: int
    ) -> dict[str, Array]:
        """Return the positions of each group's queries, by ``heading=value``."""
        headings = dict(groups)
        if close is not None and self.by_depth:
            headings["depth"] = [str(d) for d in close.depth]
        found: dict[str, Array] = {}
        for heading, values in headings.items():
            if len(values) != n:
                raise ParameterError(
                    f"MappingTask: groups need a value a query, {n}; {shown(heading)} has "
                    f"{len(values)}."
                )
            array = np.array([str(v) for v in values])
            for value in sorted(set(array.tolist())):
                chosen = np.flatnonzero(array == value)
                if len(chosen) >= self.least and value:
                    found[f"{heading}={value}"] = chosen
        return found


def _share(rows: Rows, name: str, hit: Array, split: str, k: int | None = None) -> None:
    hits, n = int(hit.sum()), len(hit)
    low, high = metrics.wilson(hits, n)
    rows.add(name, hits / n, k=k, split=split, low=low, high=high, n=n)
