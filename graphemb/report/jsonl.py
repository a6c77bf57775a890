"""JSON lines: what the run was, then an object a measurement or a difference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from graphemb.report._compare import compare
from graphemb.report._costs import costs
from graphemb.report._measures import Measure, measures
from graphemb.report._summary import findings
from graphemb.report.base import Renderer, Results, reason

__all__ = ["JsonlRenderer"]

_LONE = re.compile("[\ud800-\udfff]")


class JsonlRenderer(Renderer):
    """Objects told apart by ``kind``.

    ``run``: name and ``run.json`` without its cells. ``finding``: the summary's sentences and what
    they stand on. ``score``: a row as it was measured. ``cost``: seconds and MiB (null where it was
    not measured) that a method's vectors took, means over ``n_fits``. ``failed``, ``skipped``:
    reasons. With a run to compare also ``comparison`` (counts and conditions) and a ``difference``
    a figure.
    """

    suffix = ".jsonl"

    def render(self, results: Results, before: Results | None = None) -> str:
        """Return the lines."""
        lines = (json.dumps(o, ensure_ascii=False) for o in _objects(results, before))
        # UTF-8 cannot hold a lone surrogate; JSON can spell it.
        return _LONE.sub(lambda c: f"\\u{ord(c[0]):04x}", "".join(f"{line}\n" for line in lines))


def _objects(results: Results, before: Results | None) -> Iterator[dict[str, Any]]:
    info = {k: v for k, v in results.info.items() if k not in ("cells", "failed", "skipped")}
    yield {"kind": "run", "name": results.name, **info}
    for f in findings(measures(results.table)):
        yield {
            "kind": "finding", "graph": f.graph, "task": f.headline.task, "words": f.sentence,
            "best": _measure(f.best), "not_told_apart": [m.method for m in f.tied],
            "reference": None if f.reference is None else f.reference.value,
        }  # fmt: skip
    for row in results.table:
        yield {"kind": "score", **asdict(row)}
    yield from ({"kind": "cost", **asdict(cost)} for cost in costs(results))
    yield from ({"kind": "failed", "reason": reason(cell)} for cell in results.failed)
    yield from ({"kind": "skipped", "reason": line} for line in results.skipped)
    if before is None:
        return
    found = compare(before, results)
    yield {
        "kind": "comparison", "before": before.name, "after": results.name, "words": found.words,
        "conditions": found.conditions, "only_before": len(found.only_before),
        "only_after": len(found.only_after),
    }  # fmt: skip
    for d in found.differences:
        yield {
            "kind": "difference", **_measure(d.after), "before": d.old,
            "after": d.new, "value": d.value, "low": d.low, "high": d.high,
            "verdict": d.verdict,
        }  # fmt: skip


def _measure(m: Measure) -> dict[str, Any]:
    return {
        "graph": m.graph, "task": m.task, "metric": m.metric, "k": m.k, "split": m.split,
        "method": m.method, "value": m.value, "low": m.low, "high": m.high, "seeds": m.n_seeds,
    }  # fmt: skip
