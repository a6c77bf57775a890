"""EscoLoader: ESCO's folder of CSV files, occupations or skills."""

from __future__ import annotations

import re
from pathlib import Path

from graphemb.errors import MissingInputError, ParameterError, shown
from graphemb.load.base import Draft, Loader, Notes
from graphemb.tables import Table, read_table
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["EscoLoader"]

#: Tables of groups, of concepts, and of relations, by pillar; * stands for the language.
_PILLARS = {
    "occupations": ("ISCOGroups_*.csv", "occupations_*.csv", "broaderRelationsOccPillar*.csv"),
    "skills": ("skillGroups_*.csv", "skills_*.csv", "broaderRelationsSkillPillar*.csv"),
}
_ISCO = "http://data.europa.eu/esco/isco/C"


class EscoLoader(Loader):
    """Reads ISCO groups and occupations (or skill groups and skills) and the broader relations.

    preferredLabel is the label; altLabels and hiddenLabels, one a line in their cell, become EXACT
    synonyms. Concepts whose status is not released become obsolete. Without the table of relations,
    ISCO groups are nested by their code and occupations hang on their iscoGroup.

    Parameters
    ----------
    pillar : {"occupations", "skills"}
    language : str
        Ending of the files' names (``occupations_en.csv``).
    short : bool
        Whether ids are the last part of the URI (``C2654``, a UUID) instead of all of it.

    References
    ----------
    ESCO 1.2, downloadable CSV files, European Commission.

    """

    def __init__(
        self, pillar: str = "occupations", language: str = "en", short: bool = False
    ) -> None:
        self.pillar, self.language, self.short = pillar, language, short

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether `path` is a folder with a table of occupations or skills."""
        return path.is_dir() and any(
            self._file(path, name) is not None for _, name, _ in _PILLARS.values()
        )

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the folder `path` and the warnings."""
        if self.pillar not in _PILLARS:
            raise ParameterError(
                f"pillar: must be one of {', '.join(_PILLARS)}; got {shown(self.pillar)}."
            )
        groups, concepts, relations = (self._file(path, name) for name in _PILLARS[self.pillar])
        if concepts is None:
            wanted = _PILLARS[self.pillar][1].replace("*", self.language)
            raise MissingInputError(f"{path}: must hold {wanted}; it does not.")
        draft = Draft(str(path))
        for file in (groups, concepts):
            if file is None:
                draft.note("no table of groups", None, _PILLARS[self.pillar][0])
                continue
            draft.source = str(file)
            self._concepts(read_table(file, required=("conceptUri", "preferredLabel")), draft)
        if relations is not None:
            draft.source = str(relations)
            table = read_table(relations, required=("conceptUri", "broaderUri"))
            child, parent = table.column("conceptUri"), table.column("broaderUri")
            for row, line in zip(table.rows, table.lines, strict=True):
                draft.edge(self._id(row[child]), self._id(row[parent]), line)
        elif self.pillar == "occupations":
            draft.note("no table of relations: ISCO codes tell the hierarchy", None)
            self._by_code(read_table(concepts), draft)
        draft.source = str(path)
        return draft.finish(f"esco_{self.pillar}")

    def _file(self, folder: Path, pattern: str) -> Path | None:
        """Return the file of `pattern`, in the language where its name has one."""
        for name in (pattern.replace("*", f"_{self.language}"), pattern.replace("*", "")):
            file = folder / re.sub("_+", "_", name)
            if file.is_file():
                return file
        return None

    def _concepts(self, table: Table, draft: Draft) -> None:
        at = {name: i for i, name in enumerate(table.header)}
        for row, line in zip(table.rows, table.lines, strict=True):
            node, label = self._id(row[at["conceptUri"]]), row[at["preferredLabel"]].strip()
            status = row[at["status"]].strip() if "status" in at else "released"
            if status not in ("released", ""):
                draft.retire(node, label, None, line)
                continue
            draft.node(node, label, line)
            if "code" in at and row[at["code"]]:
                draft.xref(node, f"{'ISCO' if '/isco/' in row[at['conceptUri']] else 'ESCO'}:"
                           f"{row[at['code']]}")  # fmt: skip
            for column, kind in (("altLabels", "altLabel"), ("hiddenLabels", "hiddenLabel")):
                for text in row[at[column]].split("\n") if column in at else ():
                    if text.strip() and text.strip() != label:
                        draft.synonym(node, Synonym(text, "EXACT", kind), line)

    def _by_code(self, occupations: Table, draft: Draft) -> None:
        stem = self._id(f"{_ISCO}0").removesuffix("0")
        for node in list(draft.labels):
            code = node.removeprefix(stem)
            if node.startswith(stem) and len(code) > 1:
                draft.edge(node, stem + code[:-1], None)
        at, group = occupations.column("conceptUri"), occupations.column("iscoGroup")
        for row, line in zip(occupations.rows, occupations.lines, strict=True):
            draft.edge(self._id(row[at]), f"{stem}{row[group].strip().removeprefix('C')}", line)

    def _id(self, uri: str) -> str:
        return uri.strip().rpartition("/")[2] if self.short else uri.strip()
