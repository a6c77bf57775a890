"""Checks of what is given and of where to write, before the work is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from graphemb.errors import InputError, StorageError

__all__ = ["check_output", "refuse_terminal", "whole_texts"]


def whole_texts(phrases: Sequence[str]) -> list[str]:
    """Return `phrases` of the command line; refuse bytes that are no UTF-8."""
    found = []
    for number, phrase in enumerate(phrases, 1):
        try:  # the bytes as they were typed: a poor locale (LANG=C) does not know them for UTF-8
            found.append(os.fsencode(phrase).decode("utf-8"))
        except UnicodeError:
            raise click.UsageError(f"-p: phrases must be UTF-8; number {number} is not.") from None
    return found


def check_output(input_: str | None, output: str | None) -> None:
    """Refuse a folder, a place in a folder that is not there, and the input itself."""
    if output is None or output == "-":
        if sys.stdout is None:
            raise StorageError("standard output: must be open; it is closed. Name a file with -o.")
        return
    place = Path(output)
    if place.is_dir():
        raise StorageError(f"{output}: is a folder; the output must be a file. Name one in it.")
    if not place.parent.is_dir():
        raise StorageError(f"{output}: its folder must exist; {place.parent} does not. Make it.")
    here = input_ not in (None, "-") and place.exists() and Path(str(input_)).exists()
    if here and place.samefile(str(input_)):
        raise InputError(f"{output}: is the input itself. Name another output.")


def refuse_terminal(format_: str, output: str | None) -> None:
    """Refuse to print what is no text on a terminal."""
    if format_ in ("xlsx", "parquet") and output in (None, "-") and sys.stdout.isatty():
        raise click.UsageError(f"{format_} is no text: name a file with -o.")
