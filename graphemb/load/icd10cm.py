"""Icd10cmLoader: the CDC's tabular XML of ICD-10-CM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphemb.load._xml import line_of, records, text_of
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["ROOT", "Icd10cmLoader"]

ROOT = "ICD10CM"


class Icd10cmLoader(Loader):
    """Reads chapters, sections and codes; inclusion terms and "includes" notes become synonyms.

    Ids: chapters ``CH1`` …, sections by their range (``SEC:C7A`` where the range is a single
    category of that id), codes with their dot. Seventh characters are kept: with
    ``extensions=True`` as child nodes (``S52.501A``, placeholder X where the code is short),
    otherwise as metadata ``extensions:CODE``, since a phrase rarely tells the encounter.

    Parameters
    ----------
    extensions : bool
        Whether codes with a seventh character become nodes; doubles the taxonomy.

    """

    suffixes = (".xml",)

    def __init__(self, extensions: bool = False) -> None:
        self.extensions = extensions

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file's first kilobytes name the tabular's root element."""
        return b"<ICD10CM.tabular" in head

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        draft = Draft(str(path))
        draft.node(ROOT, "ICD-10-CM diseases and injuries", None)
        for element in records(path, "ICD10CM.tabular", ("version", "chapter")):
            if element.tag == "version":
                draft.metadata["version"] = text_of(element)
            else:
                self._chapter(element, draft)
        if len(draft.labels) == 1:
            draft.problem(None, "must hold chapters with codes; found none. Fetch it again.")
        return draft.finish("icd10cm")

    def _chapter(self, chapter: Any, draft: Draft) -> None:
        node = f"CH{(chapter.findtext('name') or '').strip()}"
        self._node(node, ROOT, chapter, draft)
        for section in chapter.findall("section"):
            title = section.get("id", "")
            categories = {(d.findtext("name") or "").strip() for d in section.findall("diag")}
            name = f"SEC:{title}" if title in categories else title
            if not categories:
                continue
            self._node(name, node, section, draft)
            # Codes are walked with a stack of our own: (element, parent, inherited extensions).
            waiting: list[tuple[Any, str, list[tuple[str, str]] | None]] = [
                (d, name, None) for d in reversed(section.findall("diag"))
            ]
            while waiting:
                diag, parent, extensions = waiting.pop()
                code = (diag.findtext("name") or "").strip()
                self._node(code, parent, diag, draft)
                extensions = self._extensions(diag, code, draft) or extensions
                below = diag.findall("diag")
                if not below and extensions and self.extensions:
                    self._seventh(code, extensions, draft)
                waiting += [(d, code, extensions) for d in reversed(below)]

    @staticmethod
    def _node(node: str, parent: str, element: Any, draft: Draft) -> None:
        label = (element.findtext("desc") or "").strip()
        if node.startswith(("CH", "SEC:")) or "-" in node:
            label = label.rpartition(" (")[0] or label
        line = line_of(element)
        draft.node(node, label, line)
        draft.edge(node, parent, line)
        for tag, kind in (("inclusionTerm", "inclusion_term"), ("includes", "includes")):
            for note in element.findall(f"{tag}/note"):
                scope: Scope = "EXACT" if tag != "includes" else "NARROW"
                draft.synonym(node, Synonym(text_of(note), scope, kind), line_of(note))

    @staticmethod
    def _extensions(diag: Any, code: str, draft: Draft) -> list[tuple[str, str]] | None:
        found = [
            (e.get("char", ""), " ".join((e.text or "").split()))
            for e in diag.findall("sevenChrDef/extension")
        ]
        if found:
            draft.metadata[f"extensions:{code}"] = " | ".join(f"{c}={t}" for c, t in found)
        return found or None

    @staticmethod
    def _seventh(code: str, extensions: list[tuple[str, str]], draft: Draft) -> None:
        stem = code if "." in code else f"{code}."
        stem += "X" * (7 - len(stem))
        for character, text in extensions:
            draft.node(stem + character, f"{draft.labels[code]}, {text}", None)
            draft.edge(stem + character, code, None)
