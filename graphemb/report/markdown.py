"""Markdown: the summary, the tables and how it was run, for a pull request or a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from graphemb.report._compare import Comparison, compare
from graphemb.report._costs import costs
from graphemb.report._measures import measures
from graphemb.report._sections import (
    Section,
    facts,
    few,
    honest,
    inputs,
    sections,
    shown_differences,
)
from graphemb.report._summary import Finding, findings, interval_text
from graphemb.report.base import Renderer, Results, reason, say

__all__ = ["MarkdownRenderer"]


class MarkdownRenderer(Renderer):
    """GitHub's Markdown. Text from the data is escaped: it cannot become markup, link or HTML.

    Parameters
    ----------
    max_rows : int
        About how many figures the tables hold in all; how many are left out is said.

    """

    suffix = ".md"

    def __init__(self, max_rows: int = 400) -> None:
        self.max_rows = max_rows

    def render(self, results: Results, before: Results | None = None) -> str:
        """Return the page."""
        found = measures(results.table)
        answers = findings(found)
        lines = [f"# Evaluation of {_safe(results.name)}", "", "## Summary", ""]
        lines += _summary(answers)
        if before is not None:
            lines += _comparison(before, results, compare(before, results), self.max_rows)
        for section in sections(found, self.max_rows):
            lines += _section(section)
        lines += _costs(results, self.max_rows // 4)
        lines += _run(results)
        lines += ["## Notes", "", *(f"- {_safe(line)}" for line in honest(results, answers))]
        return "\n".join(lines) + "\n"


def _safe(text: object) -> str:
    """Return text with everything that Markdown or HTML would act on escaped, on one line."""
    plain = re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", str(text))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = re.sub(r"([\\`*_{}\[\]|~$#!@])", r"\\\1", plain)
    return re.sub(
        r"://|(?<=www)\.", lambda m: m[0].replace(":", "&#58;").replace(".", "&#46;"), plain
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join("" if c is None else _safe(c) for c in row) + " |"
    yield ""


def _summary(answers: Sequence[Finding]) -> Iterator[str]:
    graph = None
    for finding in answers:
        if finding.graph != graph:
            yield from [""] if graph is not None else []
            graph = finding.graph
            yield from (f"On **{_safe(graph)}**:", "")
        yield f"- {_safe(finding.sentence)}"
        yield from ([""] if finding is answers[-1] else [])
    if not answers:
        yield from ("No row answers a question that the summary knows; see the tables.", "")


def _comparison(before: Results, after: Results, found: Comparison, limit: int) -> Iterator[str]:
    yield from (f"## {_safe(after.name)} against {_safe(before.name)}", "", _safe(found.words), "")
    yield from (f"- {_safe(line)}" for line in found.conditions)
    yield from [""] if found.conditions else []
    alone = len(found.only_before), len(found.only_after)
    if any(alone):
        yield from (f"{alone[0]:,} figures stand only before, {alone[1]:,} only after.", "")
    shown = shown_differences(found, limit)
    header = ("graph", "method", "metric", "k", "split", "before", "after", "difference",
              "95 % interval", "verdict")  # fmt: skip
    rows = (
        (
            d.after.graph, d.after.method, f"{d.after.task} {d.after.metric}", d.after.k,
            d.after.split, say(d.old), say(d.new), f"{d.value:+.4f}",
            "" if d.low is None or d.high is None else f"{d.low:+.4f} to {d.high:+.4f}", d.verdict,
        )
        for d in shown
    )  # fmt: skip
    yield from _table(header, rows) if shown else ()
    yield from _left(len(found.differences) - len(shown))


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {_safe(section.task)} on {_safe(section.graph)}", "")
    header = ("metric", section.k, "split", "method", "mean", "95 % interval", "seeds", "n")
    rows = (
        (m.metric, m.k, m.split, m.method, say(m.value), interval_text(m), m.n_seeds, m.n)
        for m in section.measures
    )
    yield from _table(header, rows)
    yield from _left(section.left)


def _left(number: int) -> Iterator[str]:
    if number:
        yield from (f"{number:,} more figures are in the CSV report.", "")


def _costs(results: Results, limit: int) -> Iterator[str]:
    found = costs(results)
    if not found:
        return
    yield from ("## What the vectors cost", "")
    rows = (
        (c.graph, c.method, say(c.seconds), None if c.memory is None else f"{c.memory:,.1f}",
         c.n_fits)
        for c in found[:limit]
    )  # fmt: skip
    yield from _table(("graph", "method", "seconds", "MiB", "seeds"), rows)
    if len(found) > limit:
        yield from (f"{len(found) - limit:,} more methods are in the cells of the run.", "")


def _run(results: Results) -> Iterator[str]:
    yield from ("## How it was run", "")
    yield from _table(("what", "value"), facts(results))
    if graphs := inputs(results):
        yield from _table(("graph", "size", "sha256 of the input"), graphs)
    for title, lines in (
        ("Failed cells", few(map(reason, results.failed))),
        ("Left out", few(results.skipped)),
        ("Said while measuring", few(results.notes)),
    ):
        if lines:
            yield from (f"### {title}", "", *(f"- {_safe(line)}" for line in lines), "")
