"""scikit-learn's estimator contract, without importing scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Self

from graphemb.errors import NotFittedError, UnknownNameError, nearest, shown

__all__ = ["Estimator", "Progress"]

#: Called as ``progress(stage, share)``: what is being done, and the share of the whole in [0, 1].
Progress = Callable[[str, float], None]


class Estimator:
    """Base of everything with ``fit``.

    A constructor only stores its keyword arguments, under their own names; ``fit`` sets
    attributes that end in ``_``. So `get_params`, `set_params`, cloning and the configuration
    that a bundle records need no further code. A constructor that does no more may be written as
    the fields of a ``@dataclass(eq=False, repr=False)``: the signature is the same.
    """

    @classmethod
    def parameters(cls) -> dict[str, inspect.Parameter]:
        """Return the constructor's parameters by name, in order."""
        found = inspect.signature(cls).parameters
        return {name: p for name, p in found.items() if p.kind is not p.VAR_KEYWORD}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {name: getattr(self, name) for name in self.parameters()}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments by name and return the estimator.

        Raises
        ------
        UnknownNameError
            When a name is no parameter of this class.

        """
        known = self.parameters()
        for name, value in params.items():
            if name not in known:
                raise UnknownNameError(
                    f"{type(self).__name__}: parameter must be one of {', '.join(known)}; "
                    f"got {shown(name)}.{nearest(name, known)}"
                )
            setattr(self, name, value)
        return self

    def _fitted(self, attribute: str) -> Any:
        """Return a fitted attribute, or raise `NotFittedError` naming what to call."""
        try:
            return self.__dict__[attribute]
        except KeyError:
            raise NotFittedError(
                f"{type(self).__name__}: must be fitted before use. Call fit(...) or load(...)."
            ) from None

    def __repr__(self) -> str:
        signature = self.parameters()
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not signature[name].default
        )
        return f"{type(self).__name__}({', '.join(changed)})"
