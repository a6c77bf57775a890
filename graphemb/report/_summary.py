"""Findings: what is best for what, in words, and honest where it cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from graphemb.report._measures import Measure
from graphemb.report.base import say

__all__ = ["HEADLINES", "Finding", "Headline", "findings", "interval_text"]

_HEURISTICS = ("adamic_adar", "common_neighbors", "jaccard", "preferential_attachment")


@dataclass(frozen=True)
class Headline:
    """A question that a task answers: the metric that does, and what it is held against.

    Of several `metrics` a method is asked for the first that it has. `k` says which k counts where
    there are several; the best of `references` is what costs nothing.
    """

    task: str
    metrics: tuple[str, ...]
    words: str
    unit: str
    k: Literal["least", "most"] = "least"
    references: tuple[str, ...] = ()
    reference: str = "a random order"
    higher: bool = True


HEADLINES = (
    Headline("mapping", ("accuracy",), "putting the right node first", "accuracy"),
    Headline("mapping", ("ece",), "probabilities that mean what they say", "calibration error",
             higher=False),
    Headline("reconstruction", ("map_exact",), "finding the nodes {k} hop away", "mAP",
             references=("map_exact_random",)),
    Headline("link_prediction", ("auc_own", "auc_cosine", "auc_dot", "auc_distance"),
             "telling held-out edges from pairs that are none ({split})", "AUC",
             references=tuple(f"auc_{name}" for name in _HEURISTICS),
             reference="the best neighbourhood heuristic"),
    Headline("classification", ("macro_f1",), "naming a node's class when {k} % train", "macro F1",
             k="most", references=("macro_f1_majority",),
             reference="always the most common class"),
    Headline("clustering", ("nmi",), "finding the classes without labels", "NMI"),
    Headline("clustering", ("modularity",), "clusters that the edges agree with", "modularity",
             references=("modularity_labels",), reference="the true classes"),
    Headline("hierarchy", ("map_parents",), "finding a node's parents", "mAP",
             references=("map_parents_random",)),
    Headline("hierarchy", ("map_ancestors",), "finding a node's ancestors", "mAP",
             references=("map_ancestors_random",)),
    Headline("hierarchy", ("depth_r2",), "telling how deep a node lies", "R²"),
    Headline("semantic", ("similarity_wordsim353",), "agreeing with people (WordSim-353)", "ρ"),
    Headline("semantic", ("similarity_simlex999",), "agreeing with people (SimLex-999)", "ρ"),
    Headline("semantic", ("analogy_questions-words",), "solving analogies", "accuracy"),
    Headline("limit", ("solvable",), "any two of {k} nodes as first two answers",
             "share solvable", k="most"),
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """The answer to a headline on one graph: methods by falling quality, the best first."""

    headline: Headline
    graph: str
    words: str
    ranked: tuple[Measure, ...]
    reference: Measure | None

    @property
    def best(self) -> Measure:
        """The method with the best mean."""
        return self.ranked[0]

    @property
    def tied(self) -> tuple[Measure, ...]:
        """The others that cannot be told from the best: their intervals meet."""
        return tuple(m for m in self.ranked[1:] if self.best.overlaps(m))

    @property
    def unknown(self) -> tuple[Measure, ...]:
        """The others that have no interval, or that the best has none for."""
        return tuple(m for m in self.ranked[1:] if self.best.overlaps(m) is None)

    @property
    def verdict(self) -> str:
        """Whether the best is ahead, in words."""
        others = len(self.ranked) - 1
        if not others:
            return "The only method measured."
        if self.unknown:
            why = "one seed" if self.best.n_seeds == 1 else "an interval is missing"
            second = self.ranked[1]
            return (
                f"Next is {second.method} with {say(second.value)}; {why}, so it is not known "
                "whether the order would hold."
            )
        if not self.tied:
            return f"Ahead of {_count(others)}: no interval overlaps."
        names = ", ".join(f"{m.method} ({say(m.value)})" for m in self.tied[:3])
        more = f" and {len(self.tied) - 3} more" if len(self.tied) > 3 else ""
        return f"Not told apart from {names}{more}: the intervals overlap."

    @property
    def beside(self) -> str:
        """What the reference reaches, '' where there is none."""
        if self.reference is None:
            return ""
        text = f"{self.headline.reference[0].upper()}{self.headline.reference[1:]}"
        better = self.reference.value > self.best.value
        worse = " — more than any method here" if better and self.headline.higher else ""
        return f"{text}: {say(self.reference.value)}{worse}."

    @property
    def sentence(self) -> str:
        """The whole finding."""
        seeds = "1 seed" if self.best.n_seeds == 1 else f"{self.best.n_seeds} seeds"
        among = interval_text(self.best) or "no interval"
        best = self.best
        what = f"{self.words}: {self.headline.unit} {say(best.value)} ({among}; {seeds})."
        if len(self.ranked) == 1:
            text = f"{best.method}, the only method measured, at {what} {self.beside}"
        else:
            leads = "leads" if self.tied or self.unknown else "is best"
            text = f"{best.method} {leads} at {what} {self.verdict} {self.beside}"
        return text.strip()


def interval_text(measure: Measure) -> str:
    """Return ``0.41 to 0.47``, or '' where there is no interval."""
    if measure.low is None or measure.high is None:
        return ""
    return f"{say(measure.low)} to {say(measure.high)}"


def _count(others: int) -> str:
    return "the other method" if others == 1 else f"all {others} others"


def findings(found: Sequence[Measure]) -> tuple[Finding, ...]:
    """Return the answers that the measures hold, graph by graph."""
    graphs = dict.fromkeys(m.graph for m in found)
    return tuple(f for graph in graphs for h in HEADLINES for f in _answers(found, graph, h))


def _answers(found: Sequence[Measure], graph: str, headline: Headline) -> Iterable[Finding]:
    here = [m for m in found if m.graph == graph and m.task == headline.task]
    here = [m for m in here if "=" not in m.split or m.split.startswith("noise=")]
    chosen = [m for m in here if m.metric in headline.metrics]
    steps = [m.k for m in chosen if m.k is not None]
    if steps:
        wanted = min(steps) if headline.k == "least" else max(steps)
        if headline.metrics != ("modularity",) and headline.metrics != ("nmi",):
            chosen = [m for m in chosen if m.k == wanted]
    # A split of reconstruction and hierarchy is the score used: methods may use their own.
    by_split = headline.task in ("link_prediction", "mapping")
    for split in dict.fromkeys(m.split if by_split else "" for m in chosen):
        of_split = [m for m in chosen if not by_split or m.split == split]
        ranked = _one_a_method(of_split, headline)
        words = headline.words.format(k=ranked[0].k, split=split or "other")
        words += f" ({split})" if split and "{split}" not in headline.words else ""
        beside = [m for m in here if m.metric in headline.references]
        beside = [m for m in beside if m.k == ranked[0].k and (not by_split or m.split == split)]
        reference = max(beside, key=lambda m: m.value, default=None)
        yield Finding(headline, graph, words, ranked, reference)


def _one_a_method(found: Iterable[Measure], headline: Headline) -> tuple[Measure, ...]:
    """Return each method's first metric of the headline's, best value first."""
    first: dict[str, Measure] = {}
    for metric in headline.metrics:
        for m in found:
            if m.metric == metric:
                first.setdefault(m.method, m)
    sign = -1.0 if headline.higher else 1.0
    return tuple(sorted(first.values(), key=lambda m: (sign * m.value, m.method)))
