"""Every error that graphemb raises on purpose.

::

    GraphembError
    ├── ParameterError (ValueError)            an argument is outside its domain          exit 2
    │   └── UnknownNameError (LookupError)     a name is not registered; nearest given    exit 2
    ├── InputError (ValueError)                a file or value of the user is wrong       exit 65
    │   ├── CycleError                         a hierarchy runs in a circle               exit 65
    │   ├── LeakError                          evaluation data would reach training       exit 65
    │   └── BundleError                        a model on disk is damaged or too new      exit 65
    ├── MissingInputError (FileNotFoundError)  the input is not there                     exit 66
    ├── StorageError (OSError)                 reading or writing failed                  exit 74
    ├── BusyError                              another process holds it, or died: again   exit 75
    ├── NotFittedError (AttributeError)        used before ``fit``                        exit 70
    ├── UnknownNodeError (KeyError)            a node id is not in the graph              exit 65
    └── MissingPackageError (ImportError)      an optional package is not installed       exit 2

Messages follow one form: ``who: what must hold, what came. What to do next.`` Input errors carry
``file:line``. Values in messages are cut to 80 characters and escaped (`shown`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BundleError",
    "BusyError",
    "CycleError",
    "GraphembError",
    "InputError",
    "LeakError",
    "MissingInputError",
    "MissingPackageError",
    "NotFittedError",
    "ParameterError",
    "Problems",
    "StorageError",
    "UnknownNameError",
    "UnknownNodeError",
    "nearest",
    "shown",
]


class GraphembError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line answers."""

    exit_code = 70

    def __str__(self) -> str:  # KeyError and OSError would quote or re-order the message
        return str(self.args[0]) if self.args else ""


class ParameterError(GraphembError, ValueError):
    """An argument lies outside its documented domain."""

    exit_code = 2


class UnknownNameError(ParameterError, LookupError):
    """A name is not among those registered; the message suggests the nearest."""


class InputError(GraphembError, ValueError):
    """Content given by the user cannot be used; carries ``file:line`` where known."""

    exit_code = 65


class CycleError(InputError):
    """A hierarchy runs in a circle; `cycle` holds its nodes, each a child of the next."""

    def __init__(self, message: str, cycle: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.cycle = cycle


class LeakError(InputError):
    """Rows meant for evaluation would have reached training."""


class BundleError(InputError):
    """A saved model is damaged, incomplete, or written by a newer version."""


class MissingInputError(GraphembError, FileNotFoundError):
    """The named input does not exist."""

    exit_code = 66


class StorageError(GraphembError, OSError):
    """The operating system refused to read or write."""

    exit_code = 74


class BusyError(GraphembError):
    """Another process holds what is needed, or processes were lost: try again later."""

    exit_code = 75


class NotFittedError(GraphembError, AttributeError):
    """An estimator was used before ``fit``."""


class UnknownNodeError(GraphembError, KeyError):
    """A node id is not part of the graph or taxonomy."""

    exit_code = 65


class MissingPackageError(GraphembError, ImportError):
    """An optional package is needed; the message names the pip line."""

    exit_code = 2


def shown(value: object, limit: int = 80) -> str:
    """Return `value` as a message may show it: escaped, at most `limit` characters."""
    text = ascii(value) if not isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the registered name most like `name`, or ''."""
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""


class Problems:
    """Collect every problem of one input, then raise them once (the first 20, then a count).

    Parameters
    ----------
    source : str
        The input's name, put before each line number.
    limit : int
        How many problems are spelled out.

    Examples
    --------
    >>> problems = Problems("pairs.tsv")
    >>> problems.add(3, "no phrase. Give one or remove the row.")
    >>> len(problems)
    1

    """

    def __init__(self, source: str, limit: int = 20) -> None:
        self.source, self.limit, self._count = source, limit, 0
        self._lines: list[str] = []

    def __len__(self) -> int:
        return self._count

    def add(self, line: int | None, text: str) -> None:
        """Note one problem at `line` (1-based; None where the input has no lines)."""
        self._count += 1
        if len(self._lines) < self.limit:
            where = self.source if line is None else f"{self.source}:{line}"
            self._lines.append(f"{where}: {text}")

    def text(self) -> str:
        """Return the collected lines, one problem a line."""
        more = self._count - len(self._lines)
        return "\n".join([*self._lines, *([f"… and {more} more"] if more else [])])

    def raise_if_any(self, error: type[GraphembError] = InputError) -> None:
        """Raise `error` with all that was collected; do nothing when there is nothing."""
        if self._count:
            raise error(self.text())
