"""Loaders: files to taxonomies, phrases and pairs.

Adding one is a file here and a line in `LOADERS`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from graphemb.catalog import Catalog
from graphemb.errors import InputError, MissingInputError, UnknownNameError, nearest
from graphemb.load._jsonl import JsonText
from graphemb.load._mapped import load_mappings
from graphemb.load._pairs import PairFile, load_pairs
from graphemb.load._phrases import Phrases, read_phrases
from graphemb.registry import Registry
from graphemb.taxonomy import Taxonomy

__all__ = [
    "LOADERS", "JsonText", "PairFile", "Phrases", "load_mappings", "load_pairs", "load_taxonomy",
    "read_phrases",
]  # fmt: skip

LOADERS = Registry(
    "loader",
    {
        "delimited": "graphemb.load.delimited:DelimitedLoader",
        "icd10cm": "graphemb.load.icd10cm:Icd10cmLoader",
        "obo": "graphemb.load.obo:OboLoader",
        "tsv": "graphemb.load.tsv:TsvFolderLoader",
    },
)

#: Asked in this order whether they know a file: the particular before the general.
_ORDER = ("tsv", "obo", "icd10cm", "delimited")


def load_taxonomy(source: str | Path, *, loader: str | None = None, **options: Any) -> Taxonomy:
    """Return the taxonomy at `source`.

    Parameters
    ----------
    source : str or Path
        A name of the catalogue ("icd10cm"), a file, or a folder of TSV tables. A path that exists
        goes before a name.
    loader : str, optional
        Name of the loader; found from the file when left out.
    **options
        Arguments of the loader.

    Warns
    -----
    UserWarning
        One line a kind of untidiness found, with a count and the first place.

    Raises
    ------
    MissingInputError, InputError, MissingPackageError, UnknownNameError

    Examples
    --------
    >>> load_taxonomy("fixtures/kitchen").n_nodes > 50
    True

    """
    path, name = Path(source), str(source)
    if not path.exists() and _is_name(name):
        entry = Catalog.default()[name]
        path, loader = entry.path(), loader or entry.loader
        options = {**entry.options, **options}
        facts = {"title": entry.title, "licence": entry.licence, "publisher": entry.publisher}
    else:
        facts = {}
        if not path.exists():
            raise MissingInputError(
                f"{source}: must be a file, a folder, or one of {', '.join(Catalog.default())}; "
                f"there is no such file.{nearest(name, Catalog.default())}"
            )
    reader = LOADERS[loader or _loader_of(path)](**options)
    taxonomy: Taxonomy
    taxonomy, notes = reader.read(path)
    for line in notes.lines():
        warnings.warn(f"{path}: {line}", UserWarning, stacklevel=2)
    taxonomy.metadata.update(facts)
    if facts:
        taxonomy.name = name
    return taxonomy


def _is_name(name: str) -> bool:
    """Return whether `name` can only be meant as a catalogue name."""
    if name in Catalog.default():
        return True
    if any(c in name for c in "./\\"):
        return False
    if nearest(name, Catalog.default()):
        raise UnknownNameError(
            f"{name}: is neither a file nor a known taxonomy.{nearest(name, Catalog.default())}"
        )
    return False


def _loader_of(path: Path) -> str:
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(4096)
        if head[:2] == b"\x1f\x8b":
            from graphemb.files import read_bytes

            head = read_bytes(path)[:4096]
    for name in _ORDER:
        if LOADERS[name]().sniff(path, head):
            return name
    raise InputError(
        f"{path}: no loader knows this file; tried {', '.join(_ORDER)}. "
        "Name one with loader=…, or make a table with the columns id, label, parent, synonyms."
    )
