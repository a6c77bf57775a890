"""HTML: one file that needs no network and no script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphemb.files import read_text
from graphemb.registry import imported
from graphemb.report import _sections as parts
from graphemb.report._charts import charts, pictures
from graphemb.report._compare import compare
from graphemb.report._costs import costs
from graphemb.report._drawing import cut, draw, plain
from graphemb.report._measures import measures
from graphemb.report._summary import findings, interval_text
from graphemb.report.base import Renderer, Results, reason, say

__all__ = ["HtmlRenderer"]

#: Methods whose cost is told; of more it is said how many are left out.
_COSTS = 100
_TEMPLATES = Path(__file__).parent / "templates"


class HtmlRenderer(Renderer):
    """A page to read: what is best for what in words, tables, plots as SVG, how it was run.

    Everything from the data is escaped. No script, no address is fetched: the page forbids both
    itself (Content-Security-Policy).

    Parameters
    ----------
    max_rows : int
        About how many figures, and at most how many differences, the tables hold; how many are
        left out is said. With the 4,000 of the default a page stays below 5 MB.

    """

    suffix = ".html"

    def __init__(self, max_rows: int = 4000) -> None:
        self.max_rows = max_rows

    def render(self, results: Results, before: Results | None = None) -> str:
        """Return the page."""
        jinja2 = imported("jinja2", "report", "the HTML report")
        environment = jinja2.Environment(
            loader=jinja2.FunctionLoader(_template), autoescape=True, trim_blocks=True,
            lstrip_blocks=True, undefined=jinja2.StrictUndefined, finalize=_printed,
        )  # fmt: skip
        environment.filters |= {"say": say, "interval": interval_text}
        text: str = environment.get_template("report.html.j2").render(
            **self._values(results, before)
        )
        return text if text.endswith("\n") else text + "\n"

    def _values(self, results: Results, before: Results | None) -> dict[str, Any]:
        found = measures(results.table)
        answers = findings(found)
        lines, lines_left = charts(found, answers, results)
        figures = [draw(chart, i) for i, chart in enumerate(lines)]
        drawn, left = pictures(results)
        comparison = None if before is None else compare(before, results)
        return {
            "results": results,
            "before": before,
            "comparison": comparison,
            "differences": comparison and parts.shown_differences(comparison, self.max_rows),
            "answers": answers,
            "graphs": tuple(dict.fromkeys(f.graph for f in answers)),
            "sections": parts.sections(found, self.max_rows),
            "figures": figures,
            "figures_left": lines_left,
            "pictures": [draw(chart, len(figures) + i) for i, chart in enumerate(drawn)],
            "pictures_left": left,
            "costs": costs(results)[:_COSTS],
            "costs_left": max(len(costs(results)) - _COSTS, 0),
            "errors": _errors(results),
            "facts": parts.facts(results),
            "inputs": parts.inputs(results),
            "told": (
                ("Failed cells", parts.few(map(reason, results.failed))),
                ("Left out", parts.few(results.skipped)),
                ("Said while measuring", parts.few(results.notes)),
            ),
            "notes": parts.honest(results, answers),
        }


def _template(name: str) -> str:
    return read_text(_TEMPLATES / name)


def _printed(value: Any) -> Any:
    """Return what a page may hold: None is nothing, no control character, no lone surrogate."""
    if value is None:
        return ""
    return plain(value) if type(value) is str else value


def _errors(results: Results, limit: int = 20) -> list[dict[str, Any]]:
    """Return the surest wrong answers of mapping cells, where they keep them under ``errors``."""
    found = [error for cell in results.cells for error in cell.get("errors") or ()]
    found = sorted(found, key=lambda e: -float(e["probability"]))[:limit]
    return [{k: cut(v, 300) if isinstance(v, str) else v for k, v in e.items()} for e in found]
