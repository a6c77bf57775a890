"""The parts that the reports for people share: tables cut to size, how it was run, honest notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from graphemb.report._compare import Comparison, Difference
from graphemb.report._measures import Measure
from graphemb.report._summary import HEADLINES, Finding
from graphemb.report.base import Results

__all__ = [
    "K", "Section", "facts", "few", "honest", "inputs", "sections", "shown_differences",
]  # fmt: skip

#: What column k counts, by task.
K = {
    "classification": "% train", "clustering": "clusters", "limit": "nodes", "mapping": "k or bin",
    "reconstruction": "hop", "semantic": "hops apart",
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """The measures of one task on one graph, and how many more there are."""

    graph: str
    task: str
    measures: tuple[Measure, ...]
    left: int

    @property
    def k(self) -> str:
        """What its column k counts."""
        return K.get(self.task, "k")


def sections(found: Sequence[Measure], limit: int) -> tuple[Section, ...]:
    """Return a section a graph and task, in all about `limit` measures, at least ten a section.

    Metrics come whole, those that the summary speaks of first, as many as there is room for.
    """
    groups: dict[tuple[str, str], list[Measure]] = {}
    for m in _merged(found):
        groups.setdefault((m.graph, m.task), []).append(m)
    share = max(10, limit // max(len(groups), 1))
    out = []
    for (graph, task), group in groups.items():
        names = {name for h in HEADLINES if h.task == task for name in (*h.metrics, *h.references)}
        metrics = sorted(dict.fromkeys(m.metric for m in group), key=lambda name: name not in names)
        kept: list[Measure] = []
        for metric in metrics:
            of_metric = [m for m in group if m.metric == metric]
            if kept and len(kept) + len(of_metric) > share:
                continue
            of_metric.sort(key=lambda m: (m.split, m.k or 0, -m.value))
            kept += of_metric[:share]
        out.append(Section(graph, task, tuple(kept), len(group) - len(kept)))
    return tuple(out)


def _merged(found: Sequence[Measure]) -> Iterator[Measure]:
    """Yield one measure, of ``every method``, where all have the same: chance, heuristics."""
    groups: dict[tuple[object, ...], list[Measure]] = {}
    for m in found:
        groups.setdefault(m.key[:-1], []).append(m)
    for group in groups.values():
        same = {(m.seeds, m.low, m.high, m.n) for m in group}
        if len(group) > 1 and len(same) == 1:
            yield replace(group[0], method="every method")
        else:
            yield from group


def shown_differences(comparison: Comparison, limit: int) -> tuple[Difference, ...]:
    """Return at most `limit` differences: the summary's metrics first, of both what stands out."""
    chosen = {id(d) for d in comparison.headlines}
    order = sorted(
        comparison.differences,
        key=lambda d: (id(d) not in chosen, d.verdict not in ("higher", "lower")),
    )
    return tuple(order[:limit])


def facts(results: Results) -> tuple[tuple[str, str], ...]:
    """Return what was run with what, name and value."""
    info = results.info
    rows = [(name, str(version)) for name, version in info.get("versions", {}).items()]
    if "graphemb" in info:
        rows.insert(0, ("graphemb", str(info["graphemb"])))
    if "platform" in info:
        rows.append(("platform", str(info["platform"])))
    if info.get("seeds"):
        rows.append(("seeds", ", ".join(map(str, info["seeds"]))))
    if results.cells:
        done = len(results.cells) - len(results.failed)
        rows.append(("cells measured", f"{done:,} of {len(results.cells):,}"))
        fit = {(c["graph"]["name"], c["method"]["name"], c["method"]["text"], c["seed"]):
               c.get("seconds", {}).get("fit", 0.0) for c in results.cells}  # fmt: skip
        tasks = sum(c.get("seconds", {}).get("task", 0.0) for c in results.cells)
        rows.append(("seconds", f"{sum(fit.values()):.1f} fitting, {tasks:.1f} measuring"))
        most = [_most(results, step) for step in ("fit", "task")]
        if most[0] or most[1]:
            rows.append(("memory", f"at most {most[0]:,.0f} MiB fitting, {most[1]:,.0f} measuring"))
    rows.append(("rows", f"{len(results.table):,}"))
    return tuple(rows)


def _most(results: Results, step: str) -> float:
    """Return the most MiB that a step of a cell needed; 0 where none was measured."""
    return max((c.get("memory", {}).get(step) or 0.0 for c in results.cells), default=0.0)


def few(lines: Iterable[str], limit: int = 100) -> tuple[str, ...]:
    """Return at most `limit` lines, each cut to 500 characters, and how many more there are."""
    every = [line if len(line) <= 500 else line[:499] + "…" for line in lines]
    more = len(every) - limit
    return tuple(every[:limit] + ([f"… and {more:,} more"] if more > 0 else []))


def inputs(results: Results) -> tuple[tuple[str, str, str], ...]:
    """Return each graph: name, size in words, sha256 of what it was read from."""
    sizes: dict[str, str] = {}
    for cell in results.cells:
        g = cell["graph"]
        if "n_nodes" in g:
            kind = "directed" if g["directed"] else "undirected"
            sizes[g["name"]] = f"{g['n_nodes']:,} nodes, {g['n_edges']:,} edges, {kind}"
    known = results.info.get("inputs", {})
    return tuple((name, sizes.get(name, ""), str(sha)) for name, sha in known.items())


def honest(results: Results, found: Sequence[Finding]) -> tuple[str, ...]:
    """Return what a reader must know not to take too much from the figures."""
    numbers = {f.best.n_seeds for f in found}
    lines = [
        "A figure is the mean over seeds. Its 95 % interval is Student's t over the seeds, or that "
        "of the rows (what was asked is a sample), whichever is wider at each end.",
        "Overlapping intervals do not show that two methods are equal; they show that this run "
        "cannot tell which is better.",
        "Nothing is corrected for looking at many figures: of 20 true ties, one looks like a "
        "difference by chance.",
    ]
    if numbers and max(numbers) == 1:
        lines.append(
            "One seed: the noise of the method itself was not measured. Run five seeds or more."
        )
    elif numbers and min(numbers) < 4:
        lines.append(
            f"Few seeds: with {min(numbers)} the interval over seeds is wide. Five are a start."
        )
    tasks = {row.task for row in results.table}
    if "link_prediction" in tasks:
        lines.append(
            "Link prediction: the interval of one seed bounds the noise of the pairs drawn, not "
            "that of the split. Uniform pairs are easy: degree alone tells most of them."
        )
    if "reconstruction" in tasks:
        lines.append(
            "Reconstruction: what is relevant grows with the hop, and chance with it. Hold each "
            "figure against the random order at the same hop."
        )
    if "classification" in tasks:
        lines.append(
            "Classification: splits of one graph overlap, so the true intervals are wider. A test "
            "node is given as many classes as it has; the rows …_threshold need no such hint."
        )
    if results.cells:
        lines.append("Seconds are those of this machine as it was, with whatever else it did.")
    if _most(results, "fit"):
        lines.append(
            "Memory is how far the process rose, at the worst moment of making the vectors, above "
            "what it held before: the graph, and libraries, stand outside."
        )
    return tuple(lines)
