"""Answers as rows: tables for machines, a table for people."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from graphemb.cli._failures import printable
from graphemb.cli._formats import exporter_of, say_losses, write_export
from graphemb.cli._progress import progress_bar
from graphemb.cli._verdict_options import Wanted
from graphemb.estimator import Progress
from graphemb.export._rows import Delimited as _Delimited
from graphemb.export._rows import JsonLines as _JsonLines
from graphemb.export.base import Losses
from graphemb.files import atomic_write
from graphemb.load import Phrases
from graphemb.mappings import Candidate, MappingSet

if TYPE_CHECKING:
    from graphemb.cli._verdicts import Verdicts
    from graphemb.map.mapper import PhraseMapper

__all__ = ["note_phrases", "write_answers", "written_rows"]

#: Phrases mapped between two writes.
CHUNK = 2048


def write_answers(
    mapper: PhraseMapper, rows: Phrases, output: str | None, format_: str, k: int,
    within: Sequence[str], bar: float | None, quiet: bool, more: Mapping[str, Any] | None = None,
    wanted: Wanted | None = None,
) -> None:  # fmt: skip
    """Map `rows` in chunks and write them; an output file appears when all is done.

    Formats of rows are written chunk by chunk; for the others all answers are held in memory.
    """
    n = len(rows.texts)
    settings: dict[str, Any] = {"k": k, "within": list(within) or None, "min_probability": bar}
    settings |= more or {}
    verdicts = wanted.of(mapper, rows, settings) if wanted is not None else None
    losses, seen = Losses(), _Seen()
    note_phrases(rows.texts, losses)
    exporter = exporter_of("tsv" if format_ == "table" else format_, {}, mapper.taxonomy_.name)
    exporter.check(mapper.taxonomy_.ids)
    with progress_bar(quiet or n <= CHUNK) as show:
        if format_ in _WRITERS:
            with _sink(output) as out:
                for part in written_rows(
                    mapper, rows, format_, settings, losses, show, seen, verdicts=verdicts
                ):
                    out.write(part)
        else:
            found = [c for part in _chunks(mapper, rows, settings, show, seen) for c in part]
            mappings = MappingSet(rows.texts, [c for _, c in found], rows.source())
            write_export(exporter, mappings, output, format_, quiet)
    if not quiet:
        say_losses(losses.lines())
        seen.say(rows)
        if verdicts is not None:
            verdicts.say()


def note_phrases(texts: Sequence[str], losses: Losses, start: int = 0) -> None:
    """Note phrases that can hardly be meant, by row from 1: never what they say."""
    for row, text in enumerate(texts, start + 1):
        if len(text) > 1000:
            losses.add("row whose phrase has over 1,000 characters; its first 64 words count", row)
        if not any(map(str.isalnum, text)):
            losses.add("row whose phrase has no letter or digit", row)


def written_rows(
    mapper: PhraseMapper, rows: Phrases, format_: str, settings: dict[str, Any], losses: Losses,
    show: Progress | None = None, seen: _Seen | None = None, head: bool = True,
    verdicts: Verdicts | None = None,
) -> Iterator[bytes]:  # fmt: skip
    """Yield `rows` and their answers as a format of rows has them, a chunk at a time."""
    writer = _WRITERS[format_](rows, losses)
    writer = verdicts.around(writer) if verdicts is not None else writer
    before = writer.head() if head else ""  # goes with the first answers: none, no header
    for answers in _chunks(mapper, rows, settings, show, seen or _Seen()):
        part = "".join(
            writer.rows(answers.source.rows[i], text, found)
            for i, (text, found) in enumerate(answers)
        )
        yield (before + part).encode("utf-8", "surrogatepass")
        before = ""


def _chunks(
    mapper: PhraseMapper, rows: Phrases, settings: dict[str, Any], show: Progress | None,
    seen: _Seen,
) -> Iterator[MappingSet]:  # fmt: skip
    n = len(rows.texts)
    for start in range(0, n, CHUNK):
        texts = rows.texts[start : start + CHUNK]
        answers = mapper.map(texts, **settings)
        seen.add(rows.frequencies[start : start + CHUNK], answers)
        yield MappingSet(texts, answers.candidates, rows.source(start, start + CHUNK))
        if show is not None:
            show(f"mapping, {start + len(texts):,} of {n:,}", (start + len(texts)) / n)


class _Seen:
    """How many phrases got an answer, and how many uses they stand for."""

    def __init__(self) -> None:
        self.phrases = self.matched = self.uses = self.matched_uses = 0

    def add(self, frequencies: Sequence[int], answers: MappingSet) -> None:
        for uses, found in zip(frequencies, answers.candidates, strict=False):
            self.phrases += 1
            self.uses += uses
            self.matched += bool(found)
            self.matched_uses += uses * bool(found)

    def say(self, rows: Phrases) -> None:
        if rows.freq_col is not None and self.uses:
            click.echo(
                f"{self.matched:,} of {self.phrases:,} phrases have a candidate; by {rows.freq_col}"
                f" {self.matched_uses / self.uses:.1%} of {self.uses:,}",
                err=True,
            )


@contextmanager
def _sink(output: str | None) -> Iterator[IO[bytes]]:
    if output is None or output == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
    else:
        with atomic_write(output) as file:
            yield file


class _ForPeople:
    """A block a phrase, its context below it, fitted to the terminal's width."""

    def __init__(self, header: Sequence[str], context: Sequence[str] = ()) -> None:
        self.context = [(name, list(header).index(name)) for name in context]
        self.width = max(60, min(shutil.get_terminal_size().columns, 160))

    def head(self) -> str:
        return ""

    def rows(self, row: Sequence[str], text: str, found: Sequence[Candidate]) -> str:
        lines = [printable(text)]
        lines += [f"        {name}: {row[at]}" for name, at in self.context if row[at]]
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


_WRITERS: dict[str, Callable[[Phrases, Losses], Any]] = {
    "tsv": lambda rows, losses: _Delimited(rows.header, "\t", losses=losses),
    "csv": lambda rows, losses: _Delimited(rows.header, ",", losses=losses),
    "jsonl": lambda rows, losses: _JsonLines(rows.header),
    "table": lambda rows, losses: _ForPeople(rows.header, rows.context_cols),
}
