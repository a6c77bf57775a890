"""The options of a job in parts, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from graphemb.errors import ParameterError

__all__ = ["LongJob", "long_job_options"]

#: Formats of rows: parts of the others could not be joined.
_PARTED = ("tsv", "csv", "jsonl")
_PART_ROWS = 10_000


@dataclass(frozen=True)
class LongJob:
    """A job in parts, as the options have it."""

    part_rows: int
    n_jobs: int
    only_estimate: bool

    def run(
        self, input_: str | None, output: str | None, columns: tuple[Any, ...],
        format_: str | None, model: tuple[str | None, str | None], settings: dict[str, Any],
        quiet: bool,
    ) -> None:  # fmt: skip
        """Map `input_` into the folder `output`, or say what that will need.

        `columns` are those of `PhraseFile`, `model` is the folder or the taxonomy that is given,
        `settings` are handed to `PhraseMapper.map`.
        """
        if input_ in (None, "-"):
            raise click.UsageError("--parts needs INPUT, a file that can be read again.")
        if output in (None, "-") and not self.only_estimate:
            raise click.UsageError("--parts needs -o OUT, the folder of the parts.")
        format_ = format_ or "tsv"
        if format_ not in _PARTED:
            raise ParameterError(
                f"--parts: must be written as {', '.join(_PARTED)}; got {format_}. Map to one of "
                "them, then graphemb merge and graphemb export."
            )
        from graphemb.cli._parts import Wanted, estimate, map_parts
        from graphemb.load import PhraseFile

        file = PhraseFile(str(input_), *columns)
        file.check()
        place = model[0] or _kept(str(model[1]), quiet)
        wanted = Wanted(place, format_, settings, self.part_rows, self.n_jobs)
        if self.only_estimate:
            click.echo(estimate(file, wanted), nl=False)
        else:
            map_parts(file, str(output), wanted, quiet)


def _kept(taxonomy: str, quiet: bool) -> str:
    """Return the folder of the taxonomy's kept model, trained now where there is none."""
    from graphemb.cli._models import cached_model, cached_place

    place = cached_place(taxonomy)
    if not place.exists():
        cached_model(taxonomy, quiet)
    if not place.exists():
        raise ParameterError(
            f"--parts: needs a model that is kept, and {place.parent} cannot be written. "
            f"Run: graphemb train {taxonomy} -o my.model, then give --model my.model"
        )
    return str(place)


def long_job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` ``--parts`` and what goes with it, as one argument `long_job`."""

    @click.option(
        "--parts", is_flag=True,
        help="OUT is a folder of parts: what is stopped, even killed, goes on where it was. "
        "See graphemb merge.",
    )  # fmt: skip
    @click.option(
        "--part-rows", type=click.IntRange(min=1), help=f"Rows a part. Default: {_PART_ROWS:,}."
    )
    @click.option("--jobs", type=click.IntRange(min=1), help="Processes for --parts. Default: 1.")
    @click.option(
        "--estimate", is_flag=True, help="Say what --parts will need, measured on a sample; stop."
    )
    @wraps(command)
    def with_long_job(
        parts: bool, part_rows: int | None, jobs: int | None, estimate: bool, **given: Any
    ) -> None:
        if not (parts or estimate) and (part_rows or jobs):
            raise click.UsageError("--jobs and --part-rows go with --parts.")
        asked = LongJob(part_rows or _PART_ROWS, jobs or 1, estimate)
        command(long_job=asked if parts or estimate else None, **given)

    return with_long_job
