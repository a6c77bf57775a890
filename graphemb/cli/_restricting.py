"""Options that restrict what may be answered, the same for every command that maps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

__all__ = ["restricting_options"]


def _span(
    _: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, int | None] | None:
    """Read ``MIN``, ``MIN:MAX`` or ``:MAX``."""
    if value is None:
        return None
    parts = [part.strip() for part in value.partition(":")[::2]]
    if not any(parts) or any(
        p and not (p.isascii() and p.isdecimal() and len(p) < 10) for p in parts
    ):
        raise click.BadParameter(
            f"must be MIN, MIN:MAX or :MAX, whole numbers; got {value[:40]!r}."
        )
    least, most = int(parts[0] or 0), int(parts[1]) if parts[1] else None
    if most is not None and most < least:
        raise click.BadParameter(f"MAX must be at least MIN; got {value[:40]!r}.")
    return least, most


def restricting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give `command` the options below; it gets them as ``restriction``, arguments of ``map``."""

    @functools.wraps(command)
    def run(
        *args: Any, not_within: tuple[str, ...], depth: tuple[int, int | None] | None,
        leaves_only: bool, ids: str | None, **given: Any,
    ) -> Any:  # fmt: skip
        restriction: dict[str, Any] = {}
        if not_within:
            restriction["not_within"] = list(not_within)
        if depth is not None:
            restriction["depth"] = depth
        if leaves_only:
            restriction["leaves_only"] = True
        if ids is not None:
            restriction["ids"] = _listed(ids)
        return command(*args, restriction=restriction, **given)

    for option in (
        click.option(
            "--ids", metavar="FILE",
            help="Answer only the nodes listed in FILE: an id a line, or a table's column id.",
        ),
        click.option("--leaves-only", is_flag=True, help="Answer only nodes without children."),
        click.option(
            "--depth", callback=_span, metavar="MIN[:MAX]",
            help="Answer only nodes at this depth: edges to the nearest root, which has 0.",
        ),
        click.option(
            "--not-within", multiple=True, metavar="NODE",
            help="Never answer this node or below; repeatable.",
        ),
    ):  # fmt: skip
        run = option(run)
    return run


def _listed(path: str) -> list[str]:
    from graphemb.load import read_phrases

    return [text.strip() for text in read_phrases(path, "id").texts if text.strip()]
