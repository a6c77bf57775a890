"""Options that ask for verdicts: ``--accept`` and ``--backoff``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from graphemb.cli._verdicts import Verdicts
    from graphemb.load import Phrases
    from graphemb.map.mapper import PhraseMapper

__all__ = ["Wanted", "verdict_options"]

#: Formats with room for the columns of a policy.
_ROOM = ("tsv", "csv", "jsonl", "table")


@dataclass(frozen=True)
class Wanted:
    """Which verdicts the command line asks for."""

    accept: str | None = None
    backoff: float | None = None

    def check(self, format_: str) -> None:
        """Refuse what cannot be had together, before the work is done."""
        if self.accept is not None and self.backoff is not None:
            raise click.UsageError(
                "give either --accept or --backoff: a policy is proved for first answers, not for "
                "their ancestors."
            )
        if self.accept is not None and format_ not in _ROOM:
            raise click.UsageError(
                f"{format_} has no column for what --accept says; write {', '.join(_ROOM[:3])}."
            )

    def refuse(self, option: str) -> None:
        """Refuse verdicts where `option` has no room for their columns."""
        if self.accept is not None or self.backoff is not None:
            raise click.UsageError(f"{option} goes without --accept and --backoff.")

    def settings(self) -> dict[str, Any]:
        """Return the arguments of ``PhraseMapper.map``."""
        return {} if self.backoff is None else {"backoff": self.backoff}

    def of(self, mapper: PhraseMapper, rows: Phrases, settings: dict[str, Any]) -> Verdicts | None:
        """Return what gives the verdicts, None where none is asked for."""
        from graphemb.cli._verdicts import Verdicts, read_policy

        if self.accept is None:
            return None if self.backoff is None else Verdicts(rows, None, relation=True)
        return Verdicts(rows, read_policy(self.accept, mapper, settings), relation=False)


def verdict_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give `command` the options ``--accept`` and ``--backoff``; it gets them as ``wanted``."""

    @functools.wraps(command)
    def run(*args: Any, accept: str | None, backoff: float | None, **given: Any) -> Any:
        return command(*args, wanted=Wanted(accept, backoff), **given)

    run = click.option(
        "--backoff", type=click.FloatRange(0, 1, min_open=True), metavar="P",
        help="Answer first the most specific node that the right one is, or lies below, with "
        "probability P, or nothing; a column relation says which.",
    )(run)  # fmt: skip
    return click.option(
        "--accept", metavar="POLICY",
        help="What graphemb calibrate wrote: adds a column accepted (yes, no), and in_set for "
        "candidates one of which is right.",
    )(run)  # fmt: skip
