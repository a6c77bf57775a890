"""graphemb report."""

from __future__ import annotations

import sys
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from graphemb.report._gate import Gate
    from graphemb.report.base import Results
    from graphemb.scores import ScoreTable

__all__ = ["report_command"]

_EPILOG = """\b
Examples:
  graphemb report out/run -o report.html
  graphemb report out/run --format markdown
  graphemb report out/last-week out/today -o changes.html
  graphemb report out/run --gate "reconstruction map_exact k=1 method=fastrp >= 0.5" --quiet

A file of bounds holds tables like this one:

\b
  [[gate]]
  task = "reconstruction"
  metric = "map_exact"
  k = 1
  at_least = 0.5
"""

_ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".csv": "csv", ".jsonl": "jsonl"}


@click.command("report", epilog=_EPILOG)
@click.argument("runs", nargs=-1, required=True, metavar="RUN [NEWER]")
@click.option(
    "--format", "format_", type=click.Choice(["html", "markdown", "csv", "jsonl"]),
    help="Default: by the ending of -o, else markdown.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="Default: standard output.")
@click.option(
    "--gate", "gates", multiple=True, metavar="EXPR|FILE.toml",
    help="A bound to keep, or a TOML file of them; repeatable. Exit code 3 when one is broken.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="With --gate: check the bounds, print no report.")
def report_command(
    runs: tuple[str, ...], format_: str | None, output: str | None, gates: tuple[str, ...],
    quiet: bool,
) -> None:  # fmt: skip
    """Report what RUN measured; with NEWER, also how that differs from RUN.

    RUN is a folder that "graphemb evaluate -o" wrote, or a file of "graphemb evaluate --format
    json". Bounds are checked on NEWER where there are two.
    """
    from graphemb.cli._outputs import check_output
    from graphemb.report import RENDERERS
    from graphemb.report._gate import broken

    if len(runs) > 2:
        raise click.UsageError(f"takes one run, or two to compare; got {len(runs)}.")
    if quiet and not gates:
        raise click.UsageError("--quiet without --gate leaves nothing to do.")
    ending = Path(output).suffix.lower() if output else ""
    renderer = RENDERERS[format_ or _ENDINGS.get(ending, "markdown")]()
    for run in runs:
        check_output(run, output)
    bounds = [bound for text in gates for bound in _gates(text)]
    found = [_read(run) for run in runs]
    before = found[0] if len(found) == 2 else None
    if output not in (None, "-") or not quiet:
        _write(renderer.render(found[-1], before), output)
    lines = broken(bounds, found[-1].table)
    _told(lines, len(bounds))
    if lines:
        sys.exit(3)


def _gates(text: str) -> tuple[Gate, ...]:
    from graphemb.report._gate import parse_gate, read_gates

    return read_gates(text) if text.endswith(".toml") else (parse_gate(text),)


def _read(name: str) -> Results:
    """Return what is in a run's folder, or in a table of scores as JSON."""
    from graphemb.errors import GraphembError, InputError
    from graphemb.evaluate import read_run
    from graphemb.files import read_text
    from graphemb.report.base import Results
    from graphemb.scores import ScoreTable

    place = Path(name)
    label = place.resolve().name or name
    try:
        if name == "-" or place.is_file():
            label = "standard input" if name == "-" else place.name
            return Results(_checked(ScoreTable.from_json(read_text(name))), label)
        run = read_run(place)
        return Results(_checked(run.table), label, run.cells, run.info)
    except GraphembError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise InputError(
            f"{name}: is no run and no table of scores, or is damaged ({what}). Name a folder that "
            "'graphemb evaluate -o' wrote."
        ) from error


def _checked(table: ScoreTable) -> ScoreTable:
    """Return the table when every row holds text, whole and finite numbers where it must."""
    for row in table:
        texts = (row.graph, row.method, row.task, row.metric, row.parameters, row.split)
        wholes = [v for v in (row.k, row.seed, row.n) if v is not None]
        numbers = [row.value, *(v for v in (row.low, row.high, row.seconds) if v is not None)]
        sound = all(isinstance(v, str) for v in texts)
        sound = sound and all(type(v) is int for v in wholes)
        if not sound or not all(type(v) in (int, float) and isfinite(v) for v in numbers):
            raise ValueError(f"a row of {row.task!r} must hold text and finite numbers")
    return table


def _write(text: str, output: str | None) -> None:
    from graphemb.files import atomic_write

    data = text.encode("utf-8", "replace")
    if output is None or output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        with atomic_write(output) as file:
            file.write(data)


def _told(lines: tuple[str, ...], bounds: int) -> None:
    from graphemb.cli._failures import printable

    for line in lines:
        click.echo(printable(line), err=True)
    if bounds and not lines:
        click.echo(f"{bounds} {'bound' if bounds == 1 else 'bounds'} kept", err=True)
