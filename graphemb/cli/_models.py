"""Training from names and files, and the models kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphemb.errors import BundleError, StorageError
from graphemb.estimator import Progress

if TYPE_CHECKING:
    from graphemb.load import PairFile
    from graphemb.map.mapper import PhraseMapper
    from graphemb.mappings import Pair
    from graphemb.taxonomy import Taxonomy

__all__ = ["cached_model", "cached_place", "check_place", "taught_pairs", "train_model"]


def check_place(output: str) -> None:
    """Refuse at once, not after minutes of training, to write over what is no model."""
    place = Path(output)
    if place.exists() and not (place / "manifest.json").is_file():
        raise StorageError(f"{output}: is there and is no model of ours. Name another place.")


def _lexicon(taxonomy: str, given: str | None) -> list[tuple[str, str, str]]:
    from graphemb.catalog import Catalog, read_lexicon

    if given is not None:
        return read_lexicon(Path(given))
    catalog = Catalog.default()
    if Path(taxonomy).exists() or taxonomy not in catalog:
        return []
    found = catalog[taxonomy].lexicon
    return read_lexicon(found) if found is not None else []


def _companions(taxonomy: str, given: Sequence[str]) -> list[str]:
    """Return what else teaches wording: what the user names, else the catalogue's that are here."""
    from graphemb.catalog import Catalog

    catalog = Catalog.default()
    if given or Path(taxonomy).exists() or taxonomy not in catalog:
        return list(given)
    return [name for name in catalog[taxonomy].companions if catalog[name].ready]


def train_model(
    taxonomy: str, pairs: str | None, lexicon: str | None, companions: Sequence[str], seed: int,
    fast: bool, progress: Progress | None, text_col: str | None = None, general: str = "auto",
) -> PhraseMapper:  # fmt: skip
    """Return a mapper trained on what the command line names."""
    from graphemb.load import load_taxonomy
    from graphemb.map.mapper import PhraseMapper

    loaded = load_taxonomy(taxonomy)
    rows = _lexicon(taxonomy, lexicon)
    taught = taught_pairs(pairs, loaded, text_col)
    teachers = [load_taxonomy(name) for name in _companions(taxonomy, companions)]
    mapper = PhraseMapper(general=general, fast=fast, random_state=seed)
    return mapper.fit(loaded, taught, lexicon=rows, companions=teachers, progress=progress)


def taught_pairs(
    pairs: str | None, taxonomy: Taxonomy, text_col: str | None
) -> tuple[Pair, ...] | None:
    """Return the pairs in the file that the user names, and say how it was read."""
    from graphemb.load import load_pairs

    if pairs is None:
        return None
    found = load_pairs(pairs, taxonomy, text_col)
    _say_pairs(pairs, found)
    if found.unknown_ids:
        n = len(found.unknown_ids)
        click.echo(f"note: {pairs}: {n} ids are not in {taxonomy.name} and were left out", err=True)
    return found.pairs


def _say_pairs(path: str, found: PairFile) -> None:
    """Say how a file of another tool was read: what taught, what nobody accepted."""
    if found.format == "pairs":
        return
    parts = [f"{sum(found.rows.values()):,} accepted rows"]
    parts += [f"{n:,} left out ({why})" for why, n in found.skipped.items()]
    if found.no_match:
        parts.append(f"{len(found.no_match):,} phrases without a match, which teach nothing")
    click.echo(f"note: {path}: read as {found.format}; {'; '.join(parts)}", err=True)


def cached_place(taxonomy: str) -> Path:
    """Return where the kept model of `taxonomy` is, or will be."""
    from graphemb.files import user_cache_dir

    return user_cache_dir() / f"{Path(taxonomy).name}-{_key(taxonomy)}.model"


def cached_model(taxonomy: str, quiet: bool) -> PhraseMapper:
    """Return the kept model of `taxonomy`; train and keep it when there is none.

    The key is a hash of the taxonomy's content, the lexicon, the seed and the model's format.
    """
    from graphemb.cli._progress import noted_warnings, progress_bar
    from graphemb.map.mapper import PhraseMapper

    place = cached_place(taxonomy)
    if place.exists():
        try:
            return PhraseMapper.load(place)
        except BundleError as error:
            click.echo(f"note: {error} Training anew.", err=True)
            shutil.rmtree(place, ignore_errors=True)
    keep = _can_keep(place.parent)
    if not quiet:
        if not keep:
            click.echo(f"note: {place.parent} cannot be written; the model is not kept.", err=True)
        click.echo(f"Training a mapper for {taxonomy}, once; it takes some minutes.", err=True)
    with noted_warnings(quiet), progress_bar(quiet) as progress:
        mapper = train_model(taxonomy, None, None, (), 0, False, progress)
    if keep:
        mapper.save(place)
        if not quiet:
            click.echo(f"Kept in {place}", err=True)
    return mapper


def _can_keep(folder: Path) -> bool:
    """Return whether models can be kept in `folder`: asked before training, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _key(taxonomy: str) -> str:
    """Return the cache key; of files only bytes are read, so that a cached start stays quick."""
    from graphemb import __version__
    from graphemb.bundle import FORMAT_VERSION
    from graphemb.catalog import Catalog
    from graphemb.encode._general import general_encoder
    from graphemb.files import read_bytes, sha256_of
    from graphemb.load import load_taxonomy

    if not Path(taxonomy).exists() and taxonomy not in Catalog.default():
        load_taxonomy(taxonomy)  # raises the error that says what would be right
    content = []
    for source in (taxonomy, *_companions(taxonomy, ())):
        path = Path(source) if Path(source).exists() else Catalog.default()[source].path()
        files = sorted(path.glob("*.tsv")) if path.is_dir() else [path]
        content += [sha256_of(read_bytes(file)) for file in files]
    general = general_encoder("auto")
    name = [__version__, FORMAT_VERSION, content, _lexicon(taxonomy, None), general]
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()[:16]
