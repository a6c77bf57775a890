"""CSV: a row a measurement, or a row a difference between two runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields

from graphemb.report._compare import compare
from graphemb.report.base import Renderer, Results
from graphemb.scores import Score
from graphemb.tables import defused

__all__ = ["CsvRenderer"]

#: Columns of a comparison.
DIFFERENCE = (
    "graph", "method", "task", "metric", "k", "split", "before", "after", "difference", "low",
    "high", "verdict", "seeds_before", "seeds_after",
)  # fmt: skip


class CsvRenderer(Renderer):
    """Every row as it was measured, figures in full; RFC 4180 with LF line ends.

    Text that a spreadsheet would run as a formula gets a ``'`` before it. With a run to compare, a
    row a figure that both have: both means, the difference, its interval and the verdict.
    """

    suffix = ".csv"

    def render(self, results: Results, before: Results | None = None) -> str:
        """Return the table."""
        if before is None:
            return _written([f.name for f in fields(Score)], (astuple(r) for r in results.table))
        rows = (
            (
                d.after.graph, d.after.method, d.after.task, d.after.metric, d.after.k,
                d.after.split, d.old, d.new, d.value, d.low, d.high, d.verdict,
                d.before.n_seeds, d.after.n_seeds,
            )
            for d in compare(before, results).differences
        )  # fmt: skip
        return _written(DIFFERENCE, rows)


def _written(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if c is None else _cell(c) for c in row])
    return out.getvalue()


def _cell(value: object) -> object:
    return defused(value) if isinstance(value, str) else value
