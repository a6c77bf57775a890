"""Models of any kind that maps phrases, loaded by what they say they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphemb.bundle import kind_of
from graphemb.errors import BundleError, InputError, shown
from graphemb.map import KIND, MAPPERS

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["load_extensible", "load_mapper", "mapper_kind"]


def mapper_kind(path: str | Path) -> str:
    """Return the kind of the bundle at `path`, one of `MAPPERS`.

    Raises
    ------
    BundleError
        When it is no bundle, a damaged one, or of a kind that maps no phrases.
    MissingInputError

    """
    kind = kind_of(path)
    if kind not in MAPPERS:
        raise BundleError(
            f"{path}: must be a model that maps phrases ({', '.join(MAPPERS)}); it is of kind "
            f"{shown(kind)}. Train one: graphemb train."
        )
    return kind


def load_mapper(path: str | Path) -> Any:
    """Return the mapper saved at `path`, of whatever kind it is."""
    return MAPPERS[mapper_kind(path)].load(path)


def load_extensible(path: str | Path) -> PhraseMapper:
    """Return the mapper saved at `path`, if nodes can be added to its kind.

    Raises
    ------
    InputError
        When they cannot: what carries phrases to node space would have to be learned again.

    """
    kind = mapper_kind(path)
    if kind != KIND:
        raise InputError(
            f"{path}: must be a model of the default recipe; it is a {kind} model, which answers "
            "by a trained node space that has no place for new nodes. Train it again with them."
        )
    mapper: PhraseMapper = MAPPERS[kind].load(path)
    return mapper
