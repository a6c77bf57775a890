"""Icd10cmLoader: the CDC's tabular XML of ICD-10-CM."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from graphemb.errors import InputError
from graphemb.files import read_bytes
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

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
        root = _parsed(path)
        draft = Draft(str(path))
        draft.metadata["version"] = (root.findtext("version") or "").strip()
        draft.node(ROOT, "ICD-10-CM diseases and injuries", None)
        for chapter in root.iter("chapter"):
            self._chapter(chapter, draft)
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
        draft.node(node, label, None)
        draft.edge(node, parent, None)
        for tag, kind in (("inclusionTerm", "inclusion_term"), ("includes", "includes")):
            for note in element.findall(f"{tag}/note"):
                text = " ".join("".join(note.itertext()).split())
                draft.synonym(
                    node, Synonym(text, "EXACT" if tag != "includes" else "NARROW", kind), None
                )

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


def _parsed(path: Path) -> Any:
    """Return the root element; a document type declaration is refused before any parser sees it."""
    data = read_bytes(path, 256 << 20)
    if b"<!DOCTYPE" in data[:65_536] or b"<!ENTITY" in data:
        raise InputError(f"{path}:1: must not declare a document type or entities. Remove them.")
    try:
        tree = ElementTree.parse(io.BytesIO(data))  # noqa: S314 - entities were refused above
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise InputError(f"{path}:{line}: must be well-formed XML ({error}).") from None
    root = tree.getroot()
    if root.tag != "ICD10CM.tabular":
        raise InputError(f"{path}:1: must be the CDC's tabular XML; its root is <{root.tag[:40]}>.")
    return root
