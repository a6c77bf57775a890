"""Mapping a large file in parts: each part is one file, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphemb.cli._job import Job
from graphemb.cli._workers import Died, free_memory, peak_memory, work
from graphemb.errors import BundleError, BusyError, StorageError
from graphemb.files import atomic_write, sha256_file

if TYPE_CHECKING:
    from graphemb.load import PhraseFile, Phrases

__all__ = ["Wanted", "estimate", "map_parts"]

#: Phrases that an estimate maps, beside those that warm the process up.
_SAMPLE, _WARMING = 2048, 128


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the folder of the model, and what `PhraseMapper.map` is called with."""

    model: str
    format: str
    settings: dict[str, Any]
    part_rows: int = 10_000
    n_jobs: int = 1


@dataclass(frozen=True)
class _Made:
    """What a worker says of a part: bytes, sha256, what was lost, its seconds and peak memory."""

    index: int
    size: int
    sha256: str
    losses: tuple[dict[str, int], dict[str, str]]
    seconds: float
    memory: int


@dataclass
class _Told:
    """What the parts of this run lost, and how many rows it mapped."""

    show: Callable[[str, float], None] | None
    n_rows: int
    done: int
    rows: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, rows: int) -> None:
        """Show that `rows` more are mapped."""
        self.rows, self.done = self.rows + rows, self.done + rows
        if self.show is not None:
            rate = self.rows / max(time.monotonic() - self.started, 1e-9)
            text = f"{self.done:,} of {self.n_rows:,} rows, {rate:,.0f}/s"
            self.show(text, self.done / self.n_rows)


def map_parts(file: PhraseFile, folder: str, wanted: Wanted, quiet: bool) -> None:
    """Map `file`, checked, into `folder`, or go on with it; a killed run loses the parts in work.

    The bytes depend on the input, the model and the settings, not on `n_jobs` or on kills.

    Raises
    ------
    BusyError
        When another command is at work in `folder`; when parts were given up after four workers
        died at them (they are listed, the others are kept).
    InputError
        When `folder` was begun with something else.
    StorageError
        When writing fails: says how many parts are kept.

    """
    from graphemb.cli._formats import say_losses
    from graphemb.cli._progress import progress_bar
    from graphemb.export.base import Losses

    job = Job(folder, _about(file, wanted), wanted.format, file.n_rows, wanted.part_rows)
    losses = Losses()
    try:
        with job.held():
            if not job.done:
                with progress_bar(quiet) as show:
                    lost = _mapped(file, job, wanted, losses, show)
                if lost:
                    raise _given_up(job, lost)
                job.finish()
    except StorageError as error:
        if not job.begun:
            raise
        raise StorageError(
            f"{error} In {folder}, {job.kept()}. Make room and run the same command again."
        ) from None
    if not quiet:
        say_losses(losses.lines())
        click.echo(
            f"{folder}: {job.n_rows:,} rows in {job.n_parts:,} parts. "
            f"Join them: graphemb merge {folder} -o mapped.{wanted.format}", err=True,
        )  # fmt: skip


def _about(file: PhraseFile, wanted: Wanted) -> dict[str, Any]:
    """Return all that the bytes depend on; where the input lies is told, not compared."""
    from graphemb import __version__

    return {
        "graphemb": __version__,
        "input": {"name": Path(file.path).name, "sha256": file.sha256, "rows": file.n_rows},
        "model": {"sha256": _model_sha256(wanted.model)},
        "options": {
            "part_rows": wanted.part_rows, "format": wanted.format, "text_col": file.text_col,
            "id_col": file.id_col, "freq_col": file.freq_col, "context_cols": file.context_cols,
            **wanted.settings,
        },
    }  # fmt: skip


def _model_sha256(model: str) -> str:
    """Return the hash of the manifest, which holds those of all files of the model."""
    found = sha256_file(Path(model) / "manifest.json")
    if found is None:
        from graphemb.map._loading import load_mapper

        load_mapper(model)  # raises the error that says what is wrong
    return str(found)


def _mapped(file: PhraseFile, job: Job, wanted: Wanted, losses: Any, show: Any) -> list[int]:
    """Map the parts that are missing; return those that were given up."""
    missing, lost = set(job.missing()), list[int]()
    firsts: dict[str, tuple[int, str]] = {}
    if not missing:
        return []
    pieces = ((i, rows) for i, rows in enumerate(file.parts(job.size)) if i in missing)
    told = _Told(show, job.n_rows, job.n_rows - sum(map(job.rows_of, missing)))
    given = (wanted, job.about["model"]["sha256"], job.part)
    n_jobs = min(wanted.n_jobs, len(missing))
    with closing(work(pieces, begin, given, n_jobs, job.sweep)) as answers:
        for made in answers:
            if isinstance(made, Died):
                lost.append(made.index)
                continue
            job.written[made.index] = made.sha256
            losses.counts.update(made.losses[0])
            for kind, case in made.losses[1].items():
                firsts[kind] = min(firsts.get(kind, (made.index, case)), (made.index, case))
            told.add(job.rows_of(made.index))
    losses.first = {kind: case for kind, (_, case) in firsts.items()}
    return sorted(lost)


def _given_up(job: Job, lost: list[int]) -> BusyError:
    names = ", ".join(job.part(i).name for i in lost[:20])
    more = f" and {len(lost) - 20:,} more" if len(lost) > 20 else ""
    return BusyError(
        f"{job.folder}: four workers died at each of {names}{more}; {job.kept()}. There may be "
        "too little memory: run the same command again with fewer --jobs."
    )


def begin(
    wanted: Wanted, sha256: str, place: Callable[[int], Path] | None
) -> Callable[[int, Phrases], _Made]:
    """Load the model once in a worker; return what maps a part, and writes it when `place` says so.

    Raises
    ------
    BundleError
        When the model is not the one that the job was begun with.

    """
    from graphemb.cli._write import note_phrases, written_rows
    from graphemb.export.base import Losses
    from graphemb.map._loading import load_mapper

    mapper = load_mapper(wanted.model)
    if sha256_file(Path(wanted.model) / "manifest.json") != sha256:
        raise BundleError(f"{wanted.model}: must stay as it is while it is used; it has changed.")

    def part(index: int, rows: Phrases) -> _Made:
        start, digest, size, losses = time.monotonic(), hashlib.sha256(), 0, Losses()
        note_phrases(rows.texts, losses, index * wanted.part_rows)
        blocks = written_rows(mapper, rows, wanted.format, wanted.settings, losses, head=index == 0)
        if place is None:
            for block in blocks:
                size += len(block)
        else:
            with atomic_write(place(index)) as file:
                for block in blocks:
                    file.write(block)
                    digest.update(block)
                    size += len(block)
        seconds = time.monotonic() - start
        told = (dict(losses.counts), losses.first)
        return _Made(index, size, digest.hexdigest(), told, seconds, peak_memory())

    return part


def estimate(file: PhraseFile, wanted: Wanted) -> str:
    """Return what the job will need, measured on rows from all over the file."""
    n_parts = -(-file.n_rows // wanted.part_rows)
    n_jobs = min(wanted.n_jobs, n_parts)
    every = max(1, file.n_rows // wanted.part_rows)
    rows = next(file.parts(wanted.part_rows, every))
    sample = _every(rows, -(-len(rows.texts) // _SAMPLE))
    start = time.monotonic()
    given = (wanted, _model_sha256(wanted.model), None)
    pieces = iter([(0, _every(rows, -(-len(rows.texts) // _WARMING))), (1, sample)])
    with closing(work(pieces, begin, given, 1)) as answers:
        warm, made = answers
    if isinstance(warm, Died) or isinstance(made, Died):
        raise BusyError("--estimate: four workers died at the sample. There may be no memory left.")
    loading = time.monotonic() - start - warm.seconds - made.seconds
    n = len(sample.texts)
    at_once = min(n_jobs, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 99)
    seconds = loading + file.n_rows * made.seconds / n / at_once
    held = 2 * sum(len(cell) + 64 for row in rows.rows for cell in row)
    memory = peak_memory() + n_jobs * (made.memory + held)
    room = free_memory()
    free = "" if room is None else f"; {_amount(room)} is free"
    return (
        f"rows    {file.n_rows:,}, parts: {n_parts:,}\n"
        f"time    {_duration(seconds)} with --jobs {n_jobs} (measured on {n:,} rows: "
        f"{n / made.seconds:,.0f} a second a process, {loading:.1f} s to begin)\n"
        f"memory  {_amount(memory)} (a process {_amount(made.memory + held)}){free}\n"
        f"disk    {_amount(made.size / n * file.n_rows)}\n"
    )


def _every(rows: Phrases, step: int) -> Phrases:
    from dataclasses import replace

    return replace(
        rows, rows=rows.rows[::step], texts=rows.texts[::step],
        frequencies=rows.frequencies[::step],
    )  # fmt: skip


def _amount(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
