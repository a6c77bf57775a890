"""Fields of large text files: split in blocks at C speed, where all rows are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.errors import InputError
from graphemb.files import MAX_LINE

__all__ = ["BLOCK", "Fields", "blocks", "each", "fields_of"]

Array = np.ndarray[Any, Any]

#: Bytes looked at in one go.
BLOCK = 8 << 20
_BLANK = np.zeros(256, bool)
_BLANK[[9, 11, 12, 32]] = True


def each(characters: bytes) -> set[bytes]:
    """Return the single bytes of `characters`."""
    return {bytes([c]) for c in characters}


def blocks(source: str, content: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of about `BLOCK` bytes that end where a line ends."""
    while start < len(content):
        stop = len(content)
        if stop - start > BLOCK:
            stop = content.rfind(b"\n", start, start + BLOCK) + 1
            if not stop:
                line = content.count(b"\n", 0, start) + 1
                raise InputError(f"{source}:{line}: lines must be at most 1 MiB long.")
        yield start, stop
        start = stop


@dataclass(frozen=True)
class Fields:
    """The fields of a block in which all rows are alike: field (i, j) is ``data[starts:stops]``.

    Attributes
    ----------
    block : bytes
    delimiter : bytes
    data : uint8 (len(block),)
    starts, stops : int64 (n_rows, k)

    """

    block: bytes
    delimiter: bytes
    data: Array
    starts: Array
    stops: Array

    def texts(self) -> list[bytes]:
        """Return all fields, row after row."""
        if self.delimiter == b" ":
            return self.block.split()
        return self.block[:-1].replace(b"\n", self.delimiter).split(self.delimiter)

    def whole_numbers(self, columns: Sequence[int]) -> Array | None:
        """Return two or more columns as int32 (n_rows, len(columns)).

        None where a field is anything but a number below 10⁹ as Python would write it: ``007``
        and ``+7`` are texts of their own.
        """
        starts = self.starts[:, list(columns)].ravel()
        length = self.stops[:, list(columns)].ravel() - starts
        leading = self.data[starts] - np.uint8(48)  # below 48 wraps round to above 9
        if (leading > 9).any() or length.max() > 9 or ((leading == 0) & (length > 1)).any():
            return None
        value = leading.astype(np.int32)
        for k in range(1, int(length.max())):
            inside = length > k
            digit = self.data[np.minimum(starts + k, len(self.data) - 1)] - np.uint8(48)
            if (digit[inside] > 9).any():
                return None
            value = np.where(inside, value * np.int32(10) + digit, value)
        return value.reshape(-1, len(columns))


def fields_of(block: bytes, delimiter: bytes, k: int) -> Fields | None:
    """Return the fields of `block`, or None unless each row has `k` plain ones.

    `block` ends in a newline. A blank as `delimiter` stands for any run of blanks and tabs. Empty
    fields, fields with blanks around them, empty lines and lines over 1 MiB are for a slower
    reader.
    """
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == 10)
    if np.diff(ends, prepend=-1).max() > MAX_LINE:
        return None
    if delimiter == b" ":
        gap = _BLANK[data]
        gap[ends] = True
    else:
        beside = (b" " + delimiter, delimiter + b" ", b"\n ", b" \n")
        if any(x in block for x in beside) or block[:1] == b" ":
            return None
        if delimiter != b"\t" and b"\t" in block:
            return None
        gap = data == delimiter[0]
        if np.count_nonzero(gap) != (k - 1) * len(ends):
            return None  # an empty field would go unseen below
        gap[ends] = True
    turns = np.flatnonzero(gap[1:] != gap[:-1]) + 1
    begins = turns[int(not gap[0]) :: 2]  # fields begin where a gap ends
    starts = begins if gap[0] else np.r_[0, begins]
    stops = turns[int(gap[0]) :: 2]
    if len(starts) != k * len(ends) or len(stops) != len(starts):
        return None
    starts, stops = starts.reshape(-1, k), stops.reshape(-1, k)
    if (stops[:, -1] > ends).any() or (starts[1:, 0] < ends[:-1]).any():
        return None
    return Fields(block, delimiter, data, starts, stops)
