"""FhirLoader: a FHIR CodeSystem as JSON."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, shown
from graphemb.load._json import items, parsed_json, text_at
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["FhirLoader"]

_RETIRED = ("retired", "deprecated", "inactive")
_HEIRS = ("replacedBy", "successor", "replaced-by")


class FhirLoader(Loader):
    """Reads the concepts of a CodeSystem: nested, or linked by properties parent and child.

    Designations become EXACT synonyms, their kind tells use and language. Concepts that are
    ``inactive`` or have a status retired, deprecated or inactive become obsolete. A hierarchy that
    the code system itself calls other than is-a is noted; content ``not-present`` is refused.

    Parameters
    ----------
    language : str
        Language of designations to keep, regional forms included; ``all`` for each.

    References
    ----------
    HL7 FHIR R5 (and R4), resource CodeSystem; concept properties parent, child, inactive, status.

    """

    suffixes = (".json",)

    def __init__(self, language: str = "en") -> None:
        self.language = language

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file is JSON that names the resource CodeSystem."""
        return super().sniff(path, head) and b'"CodeSystem"' in head and b'"resourceType"' in head

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        system = parsed_json(path)
        kind = text_at(system, "resourceType")
        if kind != "CodeSystem":
            raise InputError(f"{path}:1: must be a CodeSystem; its resourceType is {shown(kind)}.")
        content = text_at(system, "content")
        if content == "not-present" or not items(system, "concept"):
            raise InputError(
                f"{path}: must hold concepts; its content is {shown(content)}. "
                "Fetch the complete code system."
            )
        draft = Draft(str(path))
        meaning = text_at(system, "hierarchyMeaning")
        if meaning not in ("", "is-a"):
            draft.note(f"hierarchy that means {meaning}, read as is-a", None)
        if content in ("example", "fragment"):
            draft.note(f"content is {content}: not all concepts are here", None)
        for key in ("title", "version", "url", "publisher", "copyright"):
            if text_at(system, key):
                draft.metadata[key] = text_at(system, key)
        waiting = deque((concept, "") for concept in items(system, "concept"))
        while waiting:
            concept, parent = waiting.popleft()
            self._concept(concept, parent, draft)
            below = [(child, text_at(concept, "code")) for child in items(concept, "concept")]
            waiting.extendleft(reversed(below))
        return draft.finish(text_at(system, "name") or path.name.split(".")[0])

    def _concept(self, concept: dict[str, Any], parent: str, draft: Draft) -> None:
        code, display = text_at(concept, "code"), text_at(concept, "display")
        values: dict[str, list[Any]] = {}
        for entry in items(concept, "property"):
            found = [value for key, value in entry.items() if key.startswith("value")]
            values.setdefault(text_at(entry, "code"), []).extend(found[:1])
        if parent:
            draft.edge(code, parent, None)
        for other in values.get("parent", []):
            draft.edge(code, _text(other), None)
        for other in values.get("child", []):
            draft.edge(_text(other), code, None)
        status = [_text(value) for value in values.get("status", [])]
        if True in values.get("inactive", []) or any(s in _RETIRED for s in status):
            heirs = [_text(v) for key in _HEIRS for v in values.get(key, [])]
            draft.retire(code, display, heirs[0] if heirs else None, None)
            return
        draft.node(code, display, None)
        for entry in items(concept, "designation"):
            language, text = text_at(entry, "language"), text_at(entry, "value")
            spoken = not language or language.casefold().split("-")[0] == self.language.casefold()
            if (spoken or self.language == "all") and text != display:
                use = text_at(entry, "use", "code") or "designation"
                shape = f"{use}@{language}" if language else use
                draft.synonym(code, Synonym(text, "EXACT", shape), None)
        for text in values.get("synonym", []):
            draft.synonym(code, Synonym(_text(text), "EXACT", "synonym"), None)


def _text(value: Any) -> str:
    """Return a property's value as text: a code, a string, or the code of a Coding."""
    return value.strip() if isinstance(value, str) else text_at(value, "code")
