"""ClamlLoader: WHO-FIC classifications in ClaML 2 and 3: ICD-10, ICD-10-GM, OPS, ICPC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphemb.load._xml import line_of, records, text_of
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["ClamlLoader"]

_XML_LANG = "xml:lang"
#: Kinds of rubric that are other names, and how wide they are.
_RUBRICS: dict[str, Scope] = {
    "preferredLong": "EXACT", "inclusion": "EXACT", "index": "EXACT", "synonym": "EXACT",
    "shortTitle": "EXACT", "inclusiva": "NARROW", "content": "NARROW",
}  # fmt: skip


class ClamlLoader(Loader):
    """Reads classes, their super- and subclasses, and rubrics.

    The rubric ``preferred`` is the label; ``preferredLong``, ``inclusion``, ``index`` and the like
    become synonyms whose kind is the rubric's. Exclusions and notes are passed over, as are
    modifiers (their number is noted: codes made with them are not nodes).

    Parameters
    ----------
    language : str
        Language of labels, where a rubric has several; else the first.

    References
    ----------
    ISO 13120:2019, Classification Markup Language: Class, SuperClass, SubClass, Rubric, Label.

    """

    suffixes = (".xml", ".claml")

    def __init__(self, language: str = "en") -> None:
        self.language = language

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file's first kilobytes name the root element ClaML."""
        return b"<ClaML" in head or b"<!DOCTYPE ClaML" in head

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        draft = Draft(str(path))
        for element in records(path, "ClaML", ("Title", "Class", "Modifier")):
            if element.tag == "Title":
                draft.metadata["title"] = element.get("name", "") or text_of(element)
                draft.metadata["version"] = element.get("version", "")
            elif element.tag == "Modifier":
                draft.note("modifier not expanded", line_of(element), element.get("code", ""))
            else:
                self._class(element, draft)
        return draft.finish(path.name.split(".")[0])

    def _class(self, element: Any, draft: Draft) -> None:
        code, line = element.get("code", ""), line_of(element)
        label, others = "", []
        for rubric in element.findall("Rubric"):
            kind, text = rubric.get("kind", ""), self._label(rubric)
            if kind == "preferred" and not label:
                label = text
            elif kind in _RUBRICS:
                others.append((Synonym(text, _RUBRICS[kind], kind), line_of(rubric)))
        draft.node(code, label, line)
        for synonym, at in others:
            if synonym.text != label:
                draft.synonym(code, synonym, at)
        known = {(child, parent) for child, parent, _, _ in draft.edges[-64:]}
        for upper in element.findall("SuperClass"):
            edge = (code, upper.get("code", ""))
            if edge not in known:
                draft.edge(*edge, line_of(upper))
        for lower in element.findall("SubClass"):
            draft.edge(lower.get("code", ""), code, line_of(lower))

    def _label(self, rubric: Any) -> str:
        labels = rubric.findall("Label")
        spoken = [x for x in labels if x.get(_XML_LANG, "").split("-")[0] == self.language]
        chosen = (spoken or labels)[:1]
        return text_of(chosen[0]) if chosen else ""
