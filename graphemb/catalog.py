"""Catalog: the known taxonomies, as the files taxonomies/*/taxonomy.toml say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from graphemb.errors import InputError, MissingPackageError, UnknownNameError, nearest, shown
from graphemb.files import read_text
from graphemb.tables import read_table

__all__ = ["Catalog", "Entry", "read_lexicon"]

_FIELDS = (
    "title", "publisher", "licence", "allows", "version", "homepage", "loader", "options",
    "prefix", "iri", "system", "package", "package_folder", "package_suffix", "extra",
    "file_hint", "lexicon", "companions", "expected", "roots",
)  # fmt: skip
_REQUIRED = ("title", "publisher", "licence", "allows", "loader")


@dataclass(frozen=True)
class Entry:
    """One taxonomy of the catalogue.

    `allows` says in words what the licence allows; `options` are the loader's; a taxonomy that
    arrives by pip names its `package`, the folder in it and the ending of its file; any other
    says in `file_hint` which file to fetch and point at. `prefix` stands for `iri` in CURIEs of its
    nodes, and `system` is its code system in FHIR. `lexicon` holds wordings that mean the same, or
    is None. `expected` names the kinds of untidiness that the publisher's file is known to have;
    they are not warned about. `roots` are the branches most users map to.
    """

    name: str
    folder: Path
    title: str
    publisher: str
    licence: str
    allows: str
    loader: str
    version: str = ""
    homepage: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    iri: str = ""
    system: str = ""
    package: str = ""
    package_folder: str = ""
    package_suffix: str = ""
    extra: str = ""
    file_hint: str = ""
    lexicon: Path | None = None
    companions: Sequence[str] = ()
    expected: Sequence[str] = ()
    roots: Sequence[str] = ()

    @property
    def installed(self) -> Path | None:
        """The taxonomy's file inside its installed package; None where there is none.

        Of several files the newest by the year at the end of its name is taken.
        """
        if not self.package:
            return None
        try:
            files = metadata.distribution(self.package).files or []
        except metadata.PackageNotFoundError:
            return None
        found = [
            f for f in files
            if f.as_posix().startswith(self.package_folder) and f.name.endswith(self.package_suffix)
        ]  # fmt: skip
        newest = max(found, key=lambda f: (f.stem.rsplit("-", 1)[-1], f.name), default=None)
        return None if newest is None else Path(str(newest.locate()))

    @property
    def ready(self) -> bool:
        """Whether the taxonomy can be loaded by its name alone, here and now."""
        return self.installed is not None

    @property
    def missing(self) -> str:
        """What to do to make it ready; '' when it is."""
        if self.ready:
            return ""
        if self.package:
            what = f"graphemb[{self.extra}]" if self.extra else self.package
            return f"pip install '{what}'"
        return self.file_hint

    def path(self) -> Path:
        """Return the file to load.

        Raises
        ------
        MissingPackageError
            When nothing is installed; the message says what to do.

        """
        found = self.installed
        if found is None:
            raise MissingPackageError(
                f"{self.name}: {self.title} is not on this machine. "
                + (f"Run: {self.missing}" if self.package else self.missing)
            )
        return found


class Catalog(Mapping[str, Entry]):
    """Known taxonomies by name, sorted.

    Examples
    --------
    >>> Catalog.default()["icd10cm"].publisher
    'CDC, National Center for Health Statistics'

    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(sorted(entries.items()))

    @classmethod
    def default(cls) -> Self:
        """Return the catalogue that ships with graphemb."""
        here = Path(__file__).parent
        shipped = here / "_taxonomies"
        return cls.of(shipped if shipped.is_dir() else here.parent / "taxonomies")

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the catalogue in `folder`: one folder a taxonomy, with a taxonomy.toml."""
        files = sorted(folder.glob("*/taxonomy.toml"))
        return cls({file.parent.name: _entry(file) for file in files})

    def __getitem__(self, name: str) -> Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownNameError(
                f"catalogue: must be one of {', '.join(self._entries)}; got {shown(name)}."
                f"{nearest(name, self._entries)}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries


def _entry(file: Path) -> Entry:
    try:
        facts = tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: must be TOML ({error}).") from None
    unknown = sorted(set(facts) - set(_FIELDS))
    absent = [name for name in _REQUIRED if not facts.get(name)]
    if unknown or absent:
        raise InputError(f"{file}: unknown keys {unknown}, missing keys {absent}.")
    lexicon = facts.pop("lexicon", "")
    return Entry(
        name=file.parent.name, folder=file.parent,
        lexicon=file.parent / lexicon if lexicon else None, **facts,
    )  # fmt: skip


def read_lexicon(path: Path) -> list[tuple[str, str, str]]:
    """Return the (phrase, means, kind) rows of a lexicon TSV."""
    table = read_table(path, required=("phrase", "means", "kind"))
    at = [table.column(name) for name in ("phrase", "means", "kind")]
    return [(row[at[0]], row[at[1]], row[at[2]]) for row in table.rows]
