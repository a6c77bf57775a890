"""Which encoder of general language a mapper starts from."""

from __future__ import annotations

from graphemb.encode import ENCODERS
from graphemb.errors import ParameterError, nearest, shown

__all__ = ["GENERAL", "general_encoder"]

#: Encoders that need no fitting and tell the digest of their weights; "auto" takes the first.
GENERAL = ("wordllama",)


def general_encoder(name: str) -> str | None:
    """Return the encoder of general language that `name` means on this machine, if any.

    That its package is missing is said by the encoder, when it is fitted.

    Raises
    ------
    ParameterError
        When `name` is neither "auto", "none" nor in `GENERAL`.
    """
    if name == "none":
        return None
    if name == "auto":
        return next((each for each in GENERAL if ENCODERS[each].available()), None)
    if name not in GENERAL:
        known = ("auto", "none", *GENERAL)
        raise ParameterError(
            f"PhraseMapper: general must be one of {', '.join(known)}; got {shown(name)}."
            f"{nearest(str(name), known)}"
        )
    return name
