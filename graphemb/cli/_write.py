"""Answers as rows: tables for machines, a table for people."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from graphemb.cli._failures import printable
from graphemb.cli._progress import progress_bar
from graphemb.estimator import Progress
from graphemb.export._rows import Delimited as _Delimited
from graphemb.export._rows import JsonLines as _JsonLines
from graphemb.files import atomic_write
from graphemb.load import Phrases
from graphemb.mappings import Candidate

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["write_answers"]

#: Phrases mapped between two writes.
CHUNK = 2048


def write_answers(
    mapper: PhraseMapper, rows: Phrases, output: str | None, format_: str, k: int,
    within: Sequence[str], bar: float | None, quiet: bool,
) -> None:  # fmt: skip
    """Map `rows` in chunks and write each as it is ready; an output file appears when all is."""
    writer = _WRITERS[format_](rows.header)
    n = len(rows.texts)
    show: Progress | None
    with progress_bar(quiet or n <= CHUNK) as show, _sink(output) as out:
        out.write(writer.head().encode("utf-8", "surrogatepass"))
        for start in range(0, n, CHUNK):
            texts = rows.texts[start : start + CHUNK]
            answers = mapper.map(texts, k=k, within=list(within) or None, min_probability=bar)
            part = "".join(
                writer.rows(row, text, found)
                for row, (text, found) in zip(
                    rows.rows[start : start + CHUNK], answers, strict=True
                )
            )
            out.write(part.encode("utf-8", "surrogatepass"))
            if show is not None:
                show(f"mapping, {start + len(texts):,} of {n:,}", (start + len(texts)) / n)


@contextmanager
def _sink(output: str | None) -> Iterator[IO[bytes]]:
    if output is None or output == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
    else:
        with atomic_write(output) as file:
            yield file


class _ForPeople:
    """A block a phrase, fitted to the terminal's width."""

    def __init__(self, header: Sequence[str]) -> None:
        self.width = max(60, min(shutil.get_terminal_size().columns, 160))

    def head(self) -> str:
        return ""

    def rows(self, row: Sequence[str], text: str, found: Sequence[Candidate]) -> str:
        lines = [printable(text)]
        if not found:
            lines.append("    no match: nothing in this taxonomy is likely enough")
        for c in found:
            lines.append(f"  {c.probability:4.0%}  {c.node:<10} {c.label}")
            if c.rank == 1:
                lines.append(f"        path      {c.path}")
                lines.append(f"        why       {c.evidence}; name “{c.matched}”")
        return "\n".join(self._cut(line) for line in lines) + "\n\n"

    def _cut(self, line: str) -> str:
        line = printable(line)
        return line if len(line) <= self.width else line[: self.width - 1] + "…"


_WRITERS: dict[str, Any] = {
    "tsv": lambda header: _Delimited(header, "\t"),
    "csv": lambda header: _Delimited(header, ","),
    "jsonl": _JsonLines,
    "table": _ForPeople,
}
