"""Which encoder of general language a mapper starts from."""

from __future__ import annotations

from graphemb.encode import ENCODERS

__all__ = ["GENERAL", "general_encoder"]

#: What "auto" takes where it is installed.
GENERAL = "wordllama"


def general_encoder(name: str) -> str | None:
    """Return the encoder of general language that `name` means on this machine, if any.

    Raises
    ------
    UnknownNameError
        When there is none of that name.
    MissingPackageError
        When its package is not installed.

    """
    if name == "auto":
        return GENERAL if ENCODERS[GENERAL].available() else None
    if name != "none":
        ENCODERS[name]().fit([])
    return None if name == "none" else name
