"""Random streams: one per unit of work, never one per worker.

A stream is named by the user's seed and a path of keys, ``stream(7, "walks", 42)``. Two streams
with different names are independent, and the stream of a unit of work does not depend on how many
workers there are or on which of them does the work.
"""

from __future__ import annotations

import hashlib

import numpy as np

from graphemb.errors import ParameterError, shown

__all__ = ["seed_of", "stream"]


def seed_of(random_state: int, *keys: str | int) -> int:
    """Return a 63-bit seed for the stream named by `random_state` and `keys`.

    Raises
    ------
    ParameterError
        When `random_state` is not an integer of at least 0.

    """
    if isinstance(random_state, bool) or not isinstance(random_state, (int, np.integer)):
        raise ParameterError(
            f"random_state: must be an integer of at least 0; got {shown(random_state)}. "
            "Give a number, so that the result can be made again."
        )
    if random_state < 0:
        raise ParameterError(
            f"random_state: must be an integer of at least 0; got {int(random_state)}."
        )
    name = "\x1f".join(str(part) for part in (int(random_state), *keys))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") >> 1


def stream(random_state: int, *keys: str | int) -> np.random.Generator:
    """Return the generator of one unit of work (PCG64).

    Examples
    --------
    >>> bool(stream(0, "a").integers(1 << 30) == stream(0, "a").integers(1 << 30))
    True

    """
    return np.random.Generator(np.random.PCG64(seed_of(random_state, *keys)))
