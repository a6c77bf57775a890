"""Names → classes: explicit, sorted, lazy. The only dispatch in the package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from graphemb.errors import MissingPackageError, UnknownNameError, nearest, shown

__all__ = ["Registry", "imported"]


class Registry(Mapping[str, Any]):
    """A read-only mapping from a backend's name to its class, imported when first asked for.

    Parameters
    ----------
    stage : str
        What the entries are, in the singular ("loader"); used in messages.
    entries : mapping of str to str
        ``name: "package.module:Class"``.
    extras : mapping of str to str, optional
        ``name: extra`` for backends that need an optional install.

    Raises
    ------
    UnknownNameError
        When a name is not registered; the nearest one is suggested.
    MissingPackageError
        When the backend's module needs a package that is not installed.

    Examples
    --------
    >>> shapes = Registry("shape", {"fraction": "fractions:Fraction"})
    >>> shapes["fraction"](1, 2)
    Fraction(1, 2)

    """

    def __init__(
        self, stage: str, entries: Mapping[str, str], extras: Mapping[str, str] | None = None
    ) -> None:
        self.stage = stage
        self._entries = dict(sorted(entries.items()))
        self._extras = dict(extras or {})

    def __getitem__(self, name: str) -> Any:
        try:
            module, _, attribute = self._entries[name].partition(":")
        except (KeyError, TypeError):
            raise UnknownNameError(
                f"{self.stage}: must be one of {', '.join(self._entries)}; got {shown(name)}."
                f"{nearest(str(name), self._entries)}"
            ) from None
        try:
            return getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("graphemb"):
                raise
            extra = self._extras.get(name)
            line = f"graphemb[{extra}]" if extra else str(error.name)
            raise MissingPackageError(
                f"{self.stage} {name}: needs the package {error.name!r}, which is not installed. "
                f"Run: pip install '{line}'"
            ) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def target(self, name: str) -> str:
        """Return the dotted ``module:Class`` of `name` without importing it."""
        return self._entries[name]


def imported(module: str, extra: str, who: str) -> Any:
    """Return an optional package's `module`, or raise `MissingPackageError` naming the extra."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{who}: needs the package {module.split('.')[0]!r}, which is not installed. "
            f"Run: pip install 'graphemb[{extra}]'"
        ) from error
