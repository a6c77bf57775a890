"""MeshLoader: Medical Subject Headings as NLM's descriptor XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphemb.load._xml import line_of, records, text_of
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["MeshLoader"]

#: How a further concept of a descriptor relates to its preferred one.
_RELATIONS: dict[str, Scope] = {"NRW": "NARROW", "BRD": "BROAD", "REL": "RELATED"}
#: The letters tree numbers begin with, which are no descriptors themselves.
_CATEGORIES = {
    "A": "Anatomy", "B": "Organisms", "C": "Diseases", "D": "Chemicals and Drugs",
    "E": "Analytical, Diagnostic and Therapeutic Techniques, and Equipment",
    "F": "Psychiatry and Psychology", "G": "Phenomena and Processes",
    "H": "Disciplines and Occupations",
    "I": "Anthropology, Education, Sociology, and Social Phenomena",
    "J": "Technology, Industry, and Agriculture", "K": "Humanities", "L": "Information Science",
    "M": "Named Groups", "N": "Health Care", "V": "Publication Characteristics",
    "Z": "Geographicals",
}  # fmt: skip


class MeshLoader(Loader):
    """Reads ``desc*.xml``: descriptors, their entry terms, and parents from the tree numbers.

    A descriptor stands at several places of the tree, so it has a parent for each tree number: the
    descriptor at the number cut at its last dot, or the category (``MeSH:C``) for a number without
    a dot. Terms of the preferred concept become EXACT synonyms, those of its other concepts
    NARROW, BROAD or RELATED as the descriptor says. Descriptors without a tree number are kept as
    roots.

    Parameters
    ----------
    categories : bool
        Whether the sixteen categories become nodes above the trees.

    References
    ----------
    NLM, MeSH XML data elements: DescriptorUI, TreeNumber, ConceptRelation, Term.

    """

    suffixes = (".xml",)

    def __init__(self, categories: bool = True) -> None:
        self.categories = categories

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file's first kilobytes name a set of descriptor records."""
        return b"<DescriptorRecordSet" in head

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        draft = Draft(str(path))
        places: dict[str, str] = {}
        numbers: list[tuple[str, str, int]] = []
        for record in records(path, "DescriptorRecordSet", ("DescriptorRecord",)):
            node, line = text_of(record.find("DescriptorUI")), line_of(record)
            draft.node(node, text_of(record.find("DescriptorName/String")), line)
            for concept in record.findall("ConceptList/Concept"):
                self._terms(node, concept, draft)
            for element in record.findall("TreeNumberList/TreeNumber"):
                number = text_of(element)
                if number in places:
                    draft.problem(line, f"tree number {number} is also that of {places[number]}.")
                places[number] = node
                numbers.append((node, number, line_of(element)))
        self._place(places, numbers, draft)
        return draft.finish("mesh")

    @staticmethod
    def _terms(node: str, concept: Any, draft: Draft) -> None:
        scope: Scope = "EXACT"
        if concept.get("PreferredConceptYN") != "Y":
            own, scope = text_of(concept.find("ConceptUI")), "RELATED"
            for relation in concept.findall("ConceptRelationList/ConceptRelation"):
                if text_of(relation.find("Concept2UI")) == own:
                    scope = _RELATIONS.get(relation.get("RelationName", ""), "RELATED")
        for term in concept.findall("TermList/Term"):
            text = text_of(term.find("String"))
            if text != draft.labels.get(node):
                draft.synonym(node, Synonym(text, scope, "entry term"), line_of(term))

    def _place(
        self, places: dict[str, str], numbers: list[tuple[str, str, int]], draft: Draft
    ) -> None:
        seen: set[tuple[str, str]] = set()
        for node, number, line in numbers:
            above = number.rpartition(".")[0]
            parent = places.get(above, "") if above else ""
            if not above and self.categories:
                letter = number[:1]
                parent = f"MeSH:{letter}"
                if parent not in draft.labels:
                    draft.node(parent, _CATEGORIES.get(letter, letter), line)
            elif above and not parent:
                draft.note("tree number without one above it", line, number)
            if parent and (node, parent) not in seen:
                seen.add((node, parent))
                draft.edge(node, parent, line)
