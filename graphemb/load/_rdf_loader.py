"""What loaders of RDF share: what both vocabularies say, ids, imports, retired nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from graphemb.errors import shown
from graphemb.load._rdf import short
from graphemb.load.base import Draft, Loader

__all__ = ["RdfLoader", "Said"]


@dataclass
class Said:
    """What the triples say in OWL and SKOS alike, by IRI."""

    deprecated: set[str] = field(default_factory=set)
    successors: dict[str, str] = field(default_factory=dict)
    alternates: list[tuple[str, str]] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)


class RdfLoader(Loader):
    """A loader whose nodes are IRIs; `base` is cut from their front."""

    base: str

    def _draft(self, path: Path, said: Said) -> Draft:
        """Return an empty draft of `path`, the imports that are not followed noted."""
        draft = Draft(str(path))
        for iri in said.imports:
            draft.note("import not followed", None, shown(iri))
        return draft

    def _id(self, iri: str) -> str:
        return short(iri, self.base)

    def _retired(self, node: str, label: str, said: Said, draft: Draft) -> bool:
        """Retire `node` if it is deprecated; return whether it is."""
        if node in said.deprecated:
            heir = said.successors.get(node)
            draft.retire(self._id(node), label, self._id(heir) if heir else None, None)
        return node in said.deprecated
