"""Checks of where to write, before the work is done."""

from __future__ import annotations

from pathlib import Path

from graphemb.errors import InputError, StorageError

__all__ = ["check_output"]


def check_output(input_: str | None, output: str | None) -> None:
    """Refuse a folder, a place in a folder that is not there, and the input itself."""
    if output is None or output == "-":
        return
    place = Path(output)
    if place.is_dir():
        raise StorageError(f"{output}: is a folder; the output must be a file. Name one in it.")
    if not place.parent.is_dir():
        raise StorageError(f"{output}: its folder must exist; {place.parent} does not. Make it.")
    here = input_ not in (None, "-") and place.exists() and Path(str(input_)).exists()
    if here and place.samefile(str(input_)):
        raise InputError(f"{output}: is the input itself. Name another output.")
