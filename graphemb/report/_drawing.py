"""Lines and points as inline SVG: text alternatives, unique ids, the same bytes each time."""

from __future__ import annotations

import io
import math
import re
import warnings
from dataclasses import dataclass, field
from typing import Any

from graphemb.registry import imported
from graphemb.report.base import say

__all__ = ["Chart", "Plot", "Series", "cut", "draw", "plain"]

#: Dark enough on white to be told apart; markers and line styles say the same without colour.
_COLOURS = ("#0b5394", "#b45309", "#1e6b3a", "#7a1f5c", "#444444", "#9a1b1b", "#0f766e", "#5b3fa8")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Series:
    """Points of one name; `ends` are (low, high) a point or None; a reference has no marker.

    `joined` draws a line through them.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    ends: tuple[tuple[float, float] | None, ...] = ()
    reference: bool = False
    joined: bool = True


@dataclass(frozen=True)
class Chart:
    """What is to be drawn; `said` is the text alternative, left out: the points in words."""

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    note: str = ""
    said: str = ""
    y_range: tuple[float, float] | None = None
    log_x: bool = False
    ticks: tuple[float, ...] = ()
    diagonal: bool = False
    square: bool = False
    picture: bool = False


@dataclass(frozen=True)
class Plot:
    """A chart drawn: `svg` is markup that can stand in a page."""

    title: str
    note: str
    svg: str = field(repr=False)


def plain(text: str) -> str:
    """Return `text` without characters that XML cannot hold."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\x7f", "\ufffd", text)


def cut(text: str, limit: int = 44) -> str:
    """Return `text` on one line, at most `limit` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _said(chart: Chart) -> str:
    """Return the points of a chart in words, as a text alternative."""
    parts = []
    for s in chart.series[:12]:
        points = [f"{say(y)} at {x:g}" for x, y in zip(s.x[:12], s.y[:12], strict=True)]
        parts.append(f"{cut(s.name, 60)}: {', '.join(points)}")
    return f"{chart.y} by {chart.x}. " + "; ".join(parts) + "."


def draw(chart: Chart, number: int) -> Plot:
    """Return `chart` as SVG whose ids begin with ``f<number>-``.

    Raises
    ------
    MissingPackageError
        When matplotlib is not installed.

    """
    matplotlib = imported("matplotlib", "report", "the HTML report")
    settings = {
        "svg.hashsalt": f"graphemb-{number}", "svg.fonttype": "none", "text.parse_math": False,
        "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": "#555555", "lines.linewidth": 1.6,
        "axes.unicode_minus": True, "path.simplify": False,
    }  # fmt: skip
    with warnings.catch_warnings(), matplotlib.rc_context():
        warnings.simplefilter("ignore")  # glyphs that the measuring font lacks; the browser's has
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        text = _svg(chart)
    return Plot(chart.title, chart.note, _inline(text, chart, number))


def _svg(chart: Chart) -> str:
    figure_module = imported("matplotlib.figure", "report", "the HTML report")
    svg_backend = imported("matplotlib.backends.backend_svg", "report", "the HTML report")
    height = 3.3 + 0.19 * len(chart.series) + (1.0 if chart.square else 0.0)
    figure = figure_module.Figure(figsize=(4.8, height), layout="constrained")
    svg_backend.FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    if chart.diagonal:
        axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle="--")
    for i, series in enumerate(chart.series):
        (_scattered if chart.picture else _plotted)(axes, series, i)
    _framed(axes, chart)
    names = [s.name for s in chart.series]
    if len(names) > 1 or (names and not chart.picture):
        figure.legend(
            loc="outside lower left", fontsize=9, frameon=False, handlelength=3.2, borderpad=0,
            ncols=2 if chart.picture and max(map(len, names)) < 22 else 1,
        )  # fmt: skip
    out = io.BytesIO()
    figure.savefig(
        out, format="svg", facecolor="white",
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )  # fmt: skip
    return out.getvalue().decode("utf-8", "replace")


def _framed(axes: Any, chart: Chart) -> None:
    axes.set_xlabel(cut(chart.x, 60))
    axes.set_ylabel(cut(chart.y, 60))
    if chart.log_x:
        axes.set_xscale("log")
        low, high, ticks = _decades(chart)
        axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlim(low, high)
    if chart.ticks:
        axes.set_xticks(chart.ticks, [f"{t:g}" for t in chart.ticks])
    if chart.y_range is not None:
        axes.set_ylim(*chart.y_range)
    if chart.picture:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_aspect("equal", adjustable="datalim")
    else:
        axes.grid(axis="y", color="#dddddd", linewidth=0.8)
        axes.set_axisbelow(True)


def _decades(chart: Chart) -> tuple[float, float, list[float]]:
    """Return the ends of a logarithmic axis and at most six ticks, of 1, 2, 5 × 10ᵉ, between."""
    points = [x for s in chart.series for x in s.x]
    low, high = min(points) / 2, max(points) * 2
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1,)):
        ticks = [t for e in powers for m in steps if low <= (t := m * 10.0**e) <= high]
        if len(ticks) <= 6:
            break
    return low, high, ticks[:: -(-len(ticks) // 6)]


def _plotted(axes: Any, series: Series, i: int) -> None:
    name = cut(series.name, 58)
    if series.reference:
        axes.plot(series.x, series.y, color="#666666", linestyle=(0, (1, 2)), label=name)
        return
    colour = _COLOURS[i % len(_COLOURS)]
    style: dict[str, Any] = {
        "color": colour, "marker": _MARKERS[i % len(_MARKERS)], "markersize": 6.5, "label": name,
        "markerfacecolor": colour if i % 2 == 0 else "white",
        "linestyle": _LINES[i % len(_LINES)] if series.joined else "none",
    }  # fmt: skip
    axes.plot(series.x, series.y, **style)
    for x, ends in zip(series.x, series.ends, strict=False):
        if ends is not None:
            axes.plot([x, x], ends, color=colour, linewidth=1, alpha=0.7)


def _scattered(axes: Any, series: Series, i: int) -> None:
    if series.reference:
        style: dict[str, Any] = {"color": "#8a8a8a", "marker": ".", "markersize": 3}
    else:
        colour = _COLOURS[i % len(_COLOURS)]
        style = {
            "color": colour, "marker": _MARKERS[i % len(_MARKERS)], "markersize": 4.5,
            "markerfacecolor": colour if i % 2 == 0 else "white", "markeredgewidth": 0.9,
        }  # fmt: skip
    axes.plot(series.x, series.y, linestyle="none", label=cut(series.name, 30), **style)


_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r'(\bid="|href="#|url\(#)')


def _inline(text: str, chart: Chart, number: int) -> str:
    """Return matplotlib's file as markup for a page: prefixed ids, a title and a description."""
    import html

    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", text,
                  flags=re.S)  # fmt: skip
    prefix = f"f{number}-"
    text = _TAG.sub(lambda tag: _ID.sub(rf"\g<1>{prefix}", tag[0]), text)
    head, rest = text.split(">", 1)
    box = re.search(r'viewBox="([^"]+)"', head)
    view = box[1] if box else "0 0 346 260"
    said = html.escape(plain(chart.said or _said(chart)))
    return (
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view}" role="img" '
        f'aria-labelledby="{prefix}t {prefix}d"><title id="{prefix}t">'
        f'{html.escape(plain(chart.title))}</title><desc id="{prefix}d">{said}</desc>'
        + re.sub(r"\n\s*", "\n", rest).strip()
    )
