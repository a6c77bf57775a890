"""Reports: a run's measurements as text for people and programs.

Adding a format is a file here and a line in `RENDERERS`.
"""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["RENDERERS"]

RENDERERS = Registry(
    "report",
    {
        "csv": "graphemb.report.delimited:CsvRenderer",
        "html": "graphemb.report.html:HtmlRenderer",
        "jsonl": "graphemb.report.jsonl:JsonlRenderer",
        "markdown": "graphemb.report.markdown:MarkdownRenderer",
    },
    extras={"html": "report"},
)
