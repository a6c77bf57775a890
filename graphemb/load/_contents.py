"""Any table as text: CSV, TSV, JSON lines, XLSX, Parquet, told apart by content, then by name."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from graphemb.files import read_bytes, read_text
from graphemb.load._jsonl import jsonl_table
from graphemb.load._typed import parquet_table, workbook_table
from graphemb.tables import Table, read_table

__all__ = ["Content", "is_jsonl", "read_content", "table_of"]


@dataclass(frozen=True)
class Content:
    """A file as it was found: `kind` is xlsx, parquet, jsonl or text; one of the rest is filled.

    `facts` are a workbook's custom properties.
    """

    source: str
    kind: str
    text: str = ""
    table: Table | None = None
    facts: dict[str, str] = field(default_factory=dict)


def read_content(path: str | Path) -> Content:
    """Read `path` (``-`` is standard input) and find out what it is; JSON is not yet parsed."""
    data = read_bytes(path, zipped=True)
    name = str(path)
    if data[:4] == b"PK\x03\x04":
        table, facts = workbook_table(path, data)
        return Content(name, "xlsx", table=table, facts=facts)
    if data[:4] == b"PAR1":
        return Content(name, "parquet", table=parquet_table(path, data))
    text = read_text(path, data=data)
    ending = name.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    if ending in ("jsonl", "ndjson") or is_jsonl(text, ending):
        return Content(name, "jsonl", text=text)
    return Content(name, "text", text=text)


def table_of(content: Content) -> Table:
    """Return the table in `content`."""
    if content.table is not None:
        return content.table
    if content.kind == "jsonl":
        return jsonl_table(content.source, content.text)
    return read_table(content.source, text=content.text)


def is_jsonl(text: str, ending: str) -> bool:
    """Return whether text under another name is JSON lines: its first line is a whole object."""
    first = text.lstrip().split("\n", 1)[0].strip()
    if ending in ("csv", "tsv", "tab", "txt") or not (first.startswith("{") and first[-1] == "}"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
