"""Which charts a run has, from its measures and cells alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from graphemb.report._costs import costs
from graphemb.report._drawing import Chart, Series, cut
from graphemb.report._measures import Measure
from graphemb.report._summary import Finding
from graphemb.report.base import Results, method_text

__all__ = ["charts", "pictures"]

#: Lines of a chart, and charts of one kind, that are drawn; more are said to be left out.
_LINES, _KIND = 8, 6
#: Points of a picture, classes told apart in it, and pictures.
_POINTS, _CLASSES, _PICTURES = 400, 7, 12

#: A field of `Cost`: the chart's title, its axis, and the least that is drawn.
_COSTS = {
    "seconds": ("Quality against seconds", "seconds to make the vectors (log)", 1e-4),
    "memory": ("Quality against memory", "MiB needed to make the vectors (log)", 0.5),
}


def charts(
    found: Sequence[Measure], answers: Sequence[Finding], results: Results
) -> tuple[tuple[Chart, ...], int]:
    """Return the charts that `found` has rows for, six of a kind at most, and those left."""
    out: list[Chart] = []
    left = 0
    makers: tuple[Callable[[str], Iterator[Chart]], ...] = (
        lambda g: _by_k(found, g, "reconstruction", "map_exact", "map_exact_random",
                        "Mean average precision by hop", "hop", "mAP"),
        lambda g: _by_k(found, g, "classification", "macro_f1", "macro_f1_majority",
                        "Macro F1 by share of nodes that train", "% of nodes that train",
                        "macro F1"),
        lambda g: _cost(answers, g, results, "seconds"),
        lambda g: _cost(answers, g, results, "memory"),
        lambda g: _reliability(found, g),
        lambda g: _by_depth(found, g),
    )  # fmt: skip
    graphs = dict.fromkeys(m.graph for m in found)
    for make in makers:
        drawn = [chart for graph in graphs for chart in make(graph)]
        out += drawn[:_KIND]
        left += len(drawn[_KIND:])
    return tuple(out), left


def _named(found: Sequence[Measure]) -> dict[str, list[Measure]]:
    """Return measures by method, the best mean first."""
    groups: dict[str, list[Measure]] = {}
    for m in found:
        groups.setdefault(m.method, []).append(m)
    order = sorted(groups, key=lambda name: (-fmean(m.value for m in groups[name]), name))
    return {name: sorted(groups[name], key=lambda m: m.k or 0) for name in order}


def _ends(m: Measure) -> tuple[float, float] | None:
    return None if m.low is None or m.high is None else (m.low, m.high)


def _note(left: int) -> str:
    bars = "Bars: 95 % intervals, cut at the frame."
    return f"{bars} The {_LINES} best of {left + _LINES} methods are drawn." if left > 0 else bars


def _by_k(
    found: Sequence[Measure], graph: str, task: str, metric: str, beside: str, title: str, x: str,
    y: str,
) -> Iterator[Chart]:  # fmt: skip
    here = [m for m in found if m.graph == graph and m.task == task and m.k is not None]
    named = _named([m for m in here if m.metric == metric])
    if not named:
        return
    ticks = sorted({float(m.k or 0) for group in named.values() for m in group})
    # Methods stand beside each other, or their bars would lie on one another.
    step = min([b - a for a, b in pairwise(ticks)] or [1.0]) * 0.04
    shift = (min(len(named), _LINES) - 1) / 2
    series = [
        Series(
            name, tuple((m.k or 0) + (i - shift) * step for m in group),
            tuple(m.value for m in group), tuple(_ends(m) for m in group),
        )
        for i, (name, group) in enumerate(list(named.items())[:_LINES])
    ]  # fmt: skip
    chance: dict[int, list[float]] = {}
    for m in here:
        if m.metric == beside:
            chance.setdefault(m.k or 0, []).append(m.value)
    if chance:
        name = "a random order" if beside.endswith("random") else "always the most common"
        at = sorted(chance)
        series.append(
            Series(name, tuple(map(float, at)), tuple(fmean(chance[k]) for k in at), reference=True)
        )
    said = _words(y, x, named, chance)
    yield Chart(
        f"{title}, {cut(graph, 40)}", x, y, tuple(series), _note(len(named) - _LINES), said,
        (0.0, 1.02), ticks=tuple(ticks),
    )  # fmt: skip


def _words(y: str, x: str, named: dict[str, list[Measure]], chance: dict[int, list[float]]) -> str:
    """Return a chart's points in words, at their true places."""
    parts = [
        f"{cut(name, 60)}: " + ", ".join(f"{m.value:.3f} at {m.k}" for m in group[:12])
        for name, group in list(named.items())[:_LINES]
    ]
    if chance:
        parts.append("chance: " + ", ".join(f"{fmean(v):.3f} at {k}" for k, v in chance.items()))
    return f"{y} by {x}. " + "; ".join(parts) + "."


def _cost(answers: Sequence[Finding], graph: str, results: Results, kind: str) -> Iterator[Chart]:
    """Quality against what the vectors cost to make; `kind` is in `_COSTS`."""
    title, x, least = _COSTS[kind]
    values = {c.method: getattr(c, kind) for c in costs(results) if c.graph == graph}
    spent = {method: max(value, least) for method, value in values.items() if value is not None}
    for finding in answers:
        if finding.graph == graph and finding.headline.task in ("reconstruction", "classification"):
            drawn = [m for m in finding.ranked if m.method in spent]
            series = tuple(
                Series(m.method, (spent[m.method],), (m.value,), (_ends(m),), joined=False)
                for m in drawn[:_LINES]
            )
            if len(series) > 1:
                yield Chart(
                    f"{title}, {cut(graph, 40)}", x, f"{finding.headline.unit}, {finding.words}",
                    series, _note(len(drawn) - _LINES), y_range=(0.0, 1.02), log_x=True,
                )  # fmt: skip
            return


def _reliability(found: Sequence[Measure], graph: str) -> Iterator[Chart]:
    here = [m for m in found if m.graph == graph and m.task == "mapping" and not m.split]
    right = [m for m in here if m.metric == "reliability"]
    means = {(m.method, m.k): m.value for m in here if m.metric == "reliability_probability"}
    series = []
    for name, group in list(_named(right).items())[:_LINES]:
        kept = [m for m in group if (name, m.k) in means]
        series.append(
            Series(
                name, tuple(means[name, m.k] for m in kept), tuple(m.value for m in kept),
                tuple(_ends(m) for m in kept),
            )
        )  # fmt: skip
    if series:
        yield Chart(
            f"Reliability of the probabilities, {cut(graph, 40)}", "probability given",
            "share right", tuple(series),
            "On the diagonal a probability means what it says. Bars: 95 % intervals.",
            y_range=(0.0, 1.02), diagonal=True,
        )  # fmt: skip


def _by_depth(found: Sequence[Measure], graph: str) -> Iterator[Chart]:
    groups: dict[str, list[tuple[int, Measure]]] = {}
    for m in found:
        depth = re.fullmatch(r"depth=([0-9]{1,9})", m.split)
        if depth and (m.graph, m.task, m.metric, m.k) == (graph, "mapping", "accuracy", 1):
            groups.setdefault(m.method, []).append((int(depth[1]), m))
    series = []
    for name, pairs in list(groups.items())[:_LINES]:
        pairs.sort(key=lambda pair: pair[0])
        series.append(
            Series(
                name, tuple(float(d) for d, _ in pairs), tuple(m.value for _, m in pairs),
                tuple(_ends(m) for _, m in pairs),
            )
        )  # fmt: skip
    if series:
        ticks = tuple(sorted({x for s in series for x in s.x}))
        yield Chart(
            f"Accuracy by depth of the right node, {cut(graph, 40)}", "depth", "accuracy at 1",
            tuple(series), _note(len(groups) - _LINES), y_range=(0.0, 1.02), ticks=ticks,
        )  # fmt: skip


def pictures(results: Results) -> tuple[tuple[Chart, ...], int]:
    """Return a chart a graph and method, of the first cell that has a picture, and those left."""
    first: dict[tuple[str, str], Any] = {}
    for cell in results.cells:
        if cell.get("picture"):
            name = method_text(cell["method"]["name"], cell["method"]["text"])
            first.setdefault((cell["graph"]["name"], name), cell)
    chosen = list(first.items())[:_PICTURES]
    return tuple(_picture(*key, cell) for key, cell in chosen), len(first) - len(chosen)


def _picture(graph: str, method: str, cell: Any) -> Chart:
    drawing = cell["picture"]
    nodes = len(drawing["nodes"])
    step = max(1, -(-nodes // _POINTS))
    chosen = range(0, nodes, step)
    labels = [drawing["labels"][i] for i in chosen]
    counts = Counter(label for label in labels if label)
    common = [label for label, _ in counts.most_common(_CLASSES)]
    groups: dict[str, list[int]] = {label: [] for label in common}
    rest: list[int] = []
    for i, label in zip(chosen, labels, strict=True):
        groups.get(label, rest).append(i)
    x, y = drawing["x"], drawing["y"]
    series = [
        Series(label, tuple(x[i] for i in at), tuple(y[i] for i in at))
        for label, at in groups.items()
    ]
    name = "other or none" if common else "nodes"
    if rest:
        series.append(Series(name, tuple(x[i] for i in rest), tuple(y[i] for i in rest),
                             reference=True))  # fmt: skip
    by = f"by class: {', '.join(f'{cut(c, 30)} {counts[c]}' for c in common)}" if common else ""
    said = (
        f"{len(labels)} nodes of {cut(graph, 40)} at the first two principal components of their "
        f"vectors {by}".strip()
        + "."
    )
    drawn = f"{len(labels):,} of {cell['graph'].get('n_nodes', nodes):,} nodes, "
    return Chart(
        f"{cut(graph, 40)}: {cut(method, 60)}", "first component", "second component",
        tuple(series), f"{drawn}seed {cell['seed']}.", said, square=True, picture=True,
    )  # fmt: skip
