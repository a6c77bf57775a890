"""Writing taxonomies: the formats that hold all of one, so that what is written is what is read."""

from __future__ import annotations

from pathlib import Path

from graphemb.errors import ParameterError
from graphemb.registry import Registry
from graphemb.taxonomy import Taxonomy

__all__ = ["TABLES", "WRITERS", "write_taxonomy"]

#: The files of a folder of TSV tables.
TABLES = frozenset(
    f"{name}.tsv" for name in ("nodes", "edges", "synonyms", "alt_ids", "obsolete", "xrefs")
)

WRITERS = Registry(
    "writer",
    {
        "obo": "graphemb.load._write_obo:write_obo",
        "skos": "graphemb.load._write_skos:write_skos",
        "tsv": "graphemb.load._write_tsv:write_tsv",
    },
)
_BY_SUFFIX = {".obo": "obo", ".ttl": "skos", "": "tsv"}


def write_taxonomy(taxonomy: Taxonomy, path: str | Path, *, writer: str | None = None) -> str:
    """Write `taxonomy` at `path` and return the writer's name.

    Labels, parents in order, synonyms with scope, alternate ids, obsolete nodes with successor and
    xrefs come back as they were when the file is loaded again. A synonym's kind comes back in the
    format's own words. A file appears whole or not at all.

    Parameters
    ----------
    taxonomy : Taxonomy
    path : str or Path
        ``x.obo``, ``x.ttl`` (SKOS) or a folder for TSV tables.
    writer : {"obo", "skos", "tsv"}, optional
        Told from the path's ending when left out.

    Raises
    ------
    ParameterError
        When the ending tells no format.
    InputError
        When a name cannot stand in the format (a tab in a TSV).

    """
    suffix = Path(path).suffix.lower()
    chosen = writer or _BY_SUFFIX.get(suffix)
    if chosen is None:
        raise ParameterError(
            f"{path}: must end in .obo or .ttl, or be a folder for TSV tables; ends in {suffix}. "
            f"Name one of {', '.join(WRITERS)}."
        )
    WRITERS[chosen](taxonomy, Path(path))
    return chosen
