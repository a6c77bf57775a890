"""OmopLoader: the OMOP vocabulary as a folder of CSV files from Athena."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphemb.errors import InputError, MissingInputError, ParameterError, shown
from graphemb.files import Archive
from graphemb.load._tables import stream_table
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["OmopLoader"]

_ENGLISH = "4180186"
_SUCCESSION = ("Concept replaced by", "Concept same_as to", "Maps to")


class OmopLoader(Loader):
    """Reads CONCEPT, CONCEPT_SYNONYM, and CONCEPT_RELATIONSHIP or, without it, CONCEPT_ANCESTOR.

    Edges are "Is a" and "Subsumes" that are valid, or ancestors one level away. Concepts with an
    invalid_reason become obsolete; "Concept replaced by" names their successor, else a "Maps to"
    another concept. The source's own code is kept as xref (``SNOMED:22298006``).

    Parameters
    ----------
    vocabulary, domain : str
        What to keep, with commas between (``SNOMED,RxNorm``; ``Condition``); empty keeps all.
    standard : bool
        Whether only standard concepts (S) become nodes.
    ids : {"concept_id", "concept_code"}
        What becomes the id; ``concept_code`` needs one `vocabulary`.
    language : str
        Concept id of the synonyms' language; 4180186 is English; empty keeps all.

    References
    ----------
    OMOP Common Data Model 5.4, vocabulary tables.

    """

    def __init__(
        self, vocabulary: str = "", domain: str = "", standard: bool = False,
        ids: str = "concept_id", language: str = _ENGLISH,
    ) -> None:  # fmt: skip
        self.vocabulary, self.domain, self.standard = vocabulary, domain, standard
        self.ids, self.language = ids, language

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the folder or zip holds a CONCEPT.csv."""
        if not path.is_dir() and head[:4] != b"PK\x03\x04":
            return False
        return bool(Archive(path).find(r"(?i)concept\.csv(\.gz)?"))

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in the folder `path` and the warnings."""
        one = self.vocabulary and "," not in self.vocabulary
        if self.ids not in ("concept_id", "concept_code") or (self.ids != "concept_id" and not one):
            raise ParameterError(
                f"ids: must be 'concept_id', or 'concept_code' with one vocabulary; got "
                f"{shown(self.ids)} with {shown(self.vocabulary)}."
            )
        archive, draft = Archive(path), Draft(str(path))
        names, old = self._concepts(archive, draft)
        if not names:
            raise InputError(
                f"{path}: must hold valid concepts of vocabulary {shown(self.vocabulary)} and "
                f"domain {shown(self.domain)}; found none."
            )
        self._synonyms(archive, names, draft)
        self._edges(archive, names, old, draft)
        draft.source = str(path)
        return draft.finish(self.vocabulary.replace(",", "+").lower() or "omop")

    def _table(
        self, archive: Archive, name: str, columns: tuple[str, ...], draft: Draft
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        found = archive.find(rf"(?i){name}\.csv(\.gz)?")
        for file in found[:1]:
            draft.source = str(archive.path / file)
            yield from stream_table(archive, file, columns)

    def _concepts(
        self, archive: Archive, draft: Draft
    ) -> tuple[dict[str, str], dict[str, tuple[str, str, int]]]:
        """Add the nodes; return concept_id → node, and what is invalid with its name and line."""
        vocabularies, domains = _listed(self.vocabulary), _listed(self.domain)
        columns = (
            "concept_id", "concept_name", "domain_id", "vocabulary_id", "standard_concept",
            "concept_code", "invalid_reason",
        )  # fmt: skip
        names: dict[str, str] = {}
        old: dict[str, tuple[str, str, int]] = {}
        for line, cells in self._table(archive, "concept", columns, draft):
            concept, label, domain, vocabulary, standard, code, invalid = cells
            if (vocabularies and vocabulary not in vocabularies) or (
                domains and domain not in domains
            ):
                continue
            node = concept if self.ids == "concept_id" else code
            if invalid:
                old[concept] = (node, label, line)
            elif standard == "S" or not self.standard:
                names[concept] = node
                draft.node(node, label, line)
                draft.xref(node, f"{vocabulary}:{code}")
        return names, old

    def _synonyms(self, archive: Archive, names: dict[str, str], draft: Draft) -> None:
        columns = ("concept_id", "concept_synonym_name", "language_concept_id")
        for line, cells in self._table(archive, "concept_synonym", columns, draft):
            node = names.get(cells[0])
            spoken = not self.language or cells[2] == self.language
            if node and spoken and cells[1] != draft.labels[node]:
                draft.synonym(node, Synonym(cells[1], "EXACT", "synonym"), line)

    def _edges(
        self, archive: Archive, names: dict[str, str], old: dict[str, tuple[str, str, int]],
        draft: Draft,
    ) -> None:  # fmt: skip
        columns = ("concept_id_1", "concept_id_2", "relationship_id", "invalid_reason")
        heirs: dict[str, tuple[int, str]] = {}
        rows = 0
        for line, cells in self._table(archive, "concept_relationship", columns, draft):
            one, two, kind, invalid = cells
            rows += 1
            if invalid:
                continue
            if kind in _SUCCESSION and one in old and two != one:
                heirs[one] = min(heirs.get(one, (9, "")), (_SUCCESSION.index(kind), two))
            elif kind in ("Is a", "Subsumes"):
                child, parent = (one, two) if kind == "Is a" else (two, one)
                self._edge(child, parent, line, names, draft)
        if not rows:
            self._ancestors(archive, names, draft)
        for concept, (node, label, line) in old.items():
            heir = heirs.get(concept, (9, ""))[1]
            known = names.get(heir) or (old[heir][0] if heir in old else heir)
            draft.retire(node, label, known, line)

    def _ancestors(self, archive: Archive, names: dict[str, str], draft: Draft) -> None:
        columns = ("ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation")
        rows = 0
        for line, (parent, child, levels) in self._table(
            archive, "concept_ancestor", columns, draft
        ):
            rows += 1
            if levels == "1":
                self._edge(child, parent, line, names, draft)
        if not rows:
            raise MissingInputError(
                f"{archive.path}: must hold CONCEPT_RELATIONSHIP.csv or CONCEPT_ANCESTOR.csv "
                "with rows; has neither. Fetch them from Athena."
            )

    @staticmethod
    def _edge(child: str, parent: str, line: int, names: dict[str, str], draft: Draft) -> None:
        if child in names and parent in names:
            edge = (names[child], names[parent])
            draft.edges.append((*edge, line, draft.source))


def _listed(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}
