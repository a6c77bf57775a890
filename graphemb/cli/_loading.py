"""A taxonomy from the command line: its loader, its options, and its warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

__all__ = ["loader_options", "options_of"]


def loader_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--loader`` and ``--set`` to a command."""
    command = click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE",
        help="An option of the loader, as --set language=de; may be given several times.",
    )(command)  # fmt: skip
    return click.option(
        "--loader", metavar="NAME", help="Name of the format; told from the file when left out."
    )(command)


def options_of(settings: tuple[str, ...]) -> Mapping[str, Any]:
    """Return ``NAME=VALUE`` settings as a mapping; true and false become bool.

    Raises
    ------
    click.UsageError
        For a setting without ``=``.

    """
    options: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set must be NAME=VALUE; got {setting[:80]!r}.")
        options[name.strip()] = {"true": True, "false": False}.get(value.casefold(), value)
    return options
