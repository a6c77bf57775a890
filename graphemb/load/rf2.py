"""Rf2Loader: SNOMED CT in Release Format 2, a folder or zip of Snapshot (or Full) files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from graphemb.errors import InputError, MissingInputError, shown
from graphemb.files import Archive
from graphemb.load._tables import stream_table
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["Rf2Loader"]

_IS_A = "116680003"
_FSN, _SYNONYM = "900000000000003001", "900000000000013009"
_PREFERRED = "900000000000548007"
#: Association refsets that name a successor, the better first: SAME AS, REPLACED BY.
_SUCCESSION = ("900000000000527005", "900000000000526001")
_FILES = {
    "concepts": r"x?sct2_Concept_{}.*\.txt",
    "descriptions": r"x?sct2_Description_{}.*\.txt",
    "relationships": r"x?sct2_Relationship_{}.*\.txt",
    "languages": r"x?der2_cRefset_.*Language{}.*\.txt",
    "associations": r"x?der2_cRefset_.*Association.*{}.*\.txt",
}
_TAG = re.compile(r" \(([^()]*)\)$")


class Rf2Loader(Loader):
    """Reads active concepts, is-a relationships and descriptions, in the published column layout.

    The label is the synonym preferred in the language refset, else the fully specified name without
    its semantic tag; acceptable synonyms and the fully specified name become EXACT synonyms.
    Inactive concepts become obsolete, with the target of their SAME AS or REPLACED BY association
    as successor. Files of several editions in one folder are read together, later rows winning.
    Where there is no Snapshot the Full files are read, the last version of each row wins, and that
    is noted.

    Parameters
    ----------
    language : str
        Language code of descriptions.
    refset : str
        Id of the language reference set whose preferred term is the label; the default is US
        English, ``900000000000508004`` is GB English.
    root : str
        When given, only this concept and what is below it are kept: ``404684003`` keeps clinical
        findings.

    Notes
    -----
    One pass a file, O(rows) time; memory O(concepts + descriptions).

    References
    ----------
    SNOMED International, Release File Specifications: 4.2 component files, 5.2 reference sets.

    """

    def __init__(
        self, language: str = "en", refset: str = "900000000000509007", root: str = ""
    ) -> None:
        self.language, self.refset, self.root = language, refset, root

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the folder or zip holds RF2 concept files."""
        if not path.is_dir() and head[:4] != b"PK\x03\x04":
            return False
        return bool(Archive(path).find(r"x?sct2_Concept_(Snapshot|Full).*\.txt"))

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy at `path` and the warnings."""
        archive = Archive(path)
        draft = Draft(str(path))
        view = "Snapshot" if archive.find(_FILES["concepts"].format("Snapshot")) else "Full"
        files = {role: archive.find(form.format(view)) for role, form in _FILES.items()}
        for role in ("concepts", "descriptions", "relationships"):
            if not files[role]:
                raise MissingInputError(f"{path}: must hold {_FILES[role].format(view)}; has none.")
        if view == "Full":
            draft.note("full history read, the last version of each row wins", None)
        active = {
            key: cells[0] == "1"
            for key, cells, _ in self._rows(archive, files["concepts"], ("active",))
        }
        if not any(active.values()):
            raise InputError(f"{path}: must hold active concepts; all {len(active)} are inactive.")
        edges = self._edges(archive, files["relationships"])
        kept = self._below(edges, active, draft)
        self._names(archive, files, active, kept, draft)
        for child, parent, line, draft.source in edges:
            if active.get(child) and ((child in kept and parent in kept) or not self.root):
                draft.edge(child, parent, line)
        draft.source = str(path)
        return draft.finish("snomedct")

    @staticmethod
    def _rows(
        archive: Archive, names: Sequence[str], columns: tuple[str, ...]
    ) -> Iterator[tuple[str, tuple[str, ...], int]]:
        """Yield (id, cells, line) of each row's last version, over all files in `names`.

        A single Snapshot has one row an id and is streamed; otherwise rows are kept until the end.
        """
        wanted = ("id", "effectiveTime", *columns)
        one = len(names) == 1 and "Snapshot" in names[0]
        last: dict[str, tuple[str, tuple[str, ...], int]] = {}
        for name in names:
            for line, cells in stream_table(archive, name, wanted):
                if one:
                    yield cells[0], cells[2:], line
                elif cells[0] not in last or last[cells[0]][0] <= cells[1]:
                    last[cells[0]] = (cells[1], cells[2:], line)
        for key, (_, cells, line) in last.items():
            yield key, cells, line

    def _edges(
        self, archive: Archive, names: Sequence[str]
    ) -> list[tuple[str, str, int | None, str]]:
        columns = ("active", "typeId", "sourceId", "destinationId")
        one = len(names) == 1
        source = str(archive.path / names[0] if one else archive.path)
        return [
            (child, parent, line if one else None, source)
            for _, (on, kind, child, parent), line in self._rows(archive, names, columns)
            if on == "1" and kind == _IS_A
        ]

    def _below(
        self, edges: Sequence[tuple[str, str, int | None, str]], active: dict[str, bool],
        draft: Draft,
    ) -> set[str]:  # fmt: skip
        """Return the active concepts at and below `root`; all of them when it is empty."""
        if not self.root:
            return {c for c, on in active.items() if on}
        if not active.get(self.root):
            raise InputError(f"{draft.source}: root must be an active concept; got {self.root}.")
        children: dict[str, list[str]] = {}
        for child, parent, _, _ in edges:
            children.setdefault(parent, []).append(child)
        kept, waiting = {self.root}, [self.root]
        while waiting:
            for child in children.get(waiting.pop(), ()):
                if child not in kept and active.get(child):
                    kept.add(child)
                    waiting.append(child)
        return kept

    def _names(
        self, archive: Archive, files: dict[str, list[str]], active: dict[str, bool],
        kept: set[str], draft: Draft,
    ) -> None:  # fmt: skip
        preferred = self._preferred(archive, files["languages"], draft)
        full: dict[str, str] = {}
        labels: dict[str, str] = {}
        others: dict[str, list[tuple[str, int]]] = {}
        columns = ("active", "conceptId", "languageCode", "typeId", "term")
        for key, cells, line in self._rows(archive, files["descriptions"], columns):
            on, concept, language, kind, term = cells
            if on != "1" or language.split("-")[0] != self.language:
                continue
            if kind == _FSN:
                full[concept] = term
            elif kind == _SYNONYM and concept in kept:
                if key in preferred and concept not in labels:
                    labels[concept] = term
                else:
                    others.setdefault(concept, []).append((term, line))
        heirs = self._heirs(archive, files["associations"])
        for concept, alive in active.items():
            if concept in kept:
                self._concept(
                    concept, full.get(concept, ""), labels.get(concept),
                    others.get(concept, ()), draft,
                )  # fmt: skip
            elif not alive:
                draft.retire(concept, _bare(full.get(concept, "")), heirs.get(concept), None)

    @staticmethod
    def _concept(
        concept: str, full: str, label: str | None, others: Sequence[tuple[str, int]], draft: Draft
    ) -> None:
        bare = _bare(full)
        name = label or bare or (others[0][0] if others else "")
        draft.node(concept, name, None)
        known = {name}
        for text, line in ((bare, None), *others):
            if text and text not in known:
                known.add(text)
                kind = "fsn" if line is None else "synonym"
                draft.synonym(concept, Synonym(text, "EXACT", kind), line)

    def _preferred(self, archive: Archive, names: Sequence[str], draft: Draft) -> set[str]:
        if not names:
            draft.note("no language refset: fully specified names are the labels", None)
            return set()
        columns = ("active", "refsetId", "referencedComponentId", "acceptabilityId")
        found = {
            term
            for _, (on, refset, term, how), _ in self._rows(archive, names, columns)
            if on == "1" and refset == self.refset and how == _PREFERRED
        }
        if not found:
            draft.note("language refset without preferred terms", None, shown(self.refset))
        return found

    def _heirs(self, archive: Archive, names: Sequence[str]) -> dict[str, str]:
        columns = ("active", "refsetId", "referencedComponentId", "targetComponentId")
        found: dict[str, tuple[int, str]] = {}
        for _, (on, refset, old, new), _ in self._rows(archive, names, columns) if names else ():
            if on == "1" and refset in _SUCCESSION:
                rank = _SUCCESSION.index(refset)
                if old not in found or rank < found[old][0]:
                    found[old] = (rank, new)
        return {old: new for old, (_, new) in found.items()}


def _bare(full: str) -> str:
    """Return a fully specified name without its semantic tag."""
    return _TAG.sub("", full)
