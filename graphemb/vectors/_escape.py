"""Ids in formats that separate by blanks: a reversible escape."""

from __future__ import annotations

import re

__all__ = ["LINES", "WORDS", "escaped", "unescaped"]

#: What ends a word in word2vec files: white space and control characters; and the escape itself.
WORDS = re.compile(r"[%\s\x00-\x1f\x7f-\x9f]")
#: What ends a cell or a line of a TSV; blanks stay.
LINES = re.compile(r"[%\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WRITTEN = re.compile(r"(?:%[0-9A-F]{2})+")


def escaped(key: str, what: re.Pattern[str] = WORDS) -> str:
    """Return `key` with the characters of `what` as the bytes of their UTF-8, each as ``%XX``.

    Examples
    --------
    >>> escaped("100 % ü"), unescaped("100%20%25%20ü")
    ('100%20%25%20ü', '100 % ü')

    """
    return what.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), key)


def unescaped(word: str) -> str:
    """Return the key that was escaped; a ``%`` that begins no escape stays as it is."""
    if "%" not in word:
        return word
    return _WRITTEN.sub(_decoded, word)


def _decoded(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[0].replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
