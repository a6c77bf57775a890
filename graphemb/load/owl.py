"""OwlLoader: ontologies in OWL, written as RDF/XML, Turtle, N-Triples or JSON-LD."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from graphemb.errors import InputError, shown
from graphemb.load._rdf import (
    DC_REPLACED,
    DEPRECATED,
    IMPORTS,
    OBO_IN_OWL,
    SYNONYMS,
    TYPE,
    Name,
    chosen,
    short,
    spoken,
    triples,
)
from graphemb.load._rdf_loader import RdfLoader, Said
from graphemb.load.base import Draft, Notes
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["OwlLoader"]

_OWL = "http://www.w3.org/2002/07/owl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OBO = "http://purl.obolibrary.org/obo/"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_THING = f"{_OWL}Thing"
#: Predicates that give another name, with its scope.
_NAMES: dict[str, Scope] = {
    **SYNONYMS, f"{_OBO}IAO_0000118": "RELATED", f"{_SKOS}altLabel": "EXACT",
}  # fmt: skip
_LABELS = (f"{_RDFS}label", f"{_SKOS}prefLabel")
_REPLACED = (f"{_OBO}IAO_0100001", DC_REPLACED)
_AXIOM = {f"{_OWL}annotatedSource": 0, f"{_OWL}annotatedProperty": 1, f"{_OWL}annotatedTarget": 2}


@dataclass
class _Found(Said):
    """What the triples say, by IRI."""

    classes: dict[str, None] = field(default_factory=dict)
    labels: dict[str, list[Name]] = field(default_factory=dict)
    parents: list[tuple[str, str]] = field(default_factory=list)
    names: list[tuple[str, str, str, str]] = field(default_factory=list)
    xrefs: list[tuple[str, str]] = field(default_factory=list)
    axioms: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def add(self, subject: str, predicate: str, value: str, language: str | None) -> None:
        """Keep one triple, if it is of use."""
        named = not subject.startswith("_:")
        if predicate == TYPE:
            if value == f"{_OWL}Class" and named:
                self.classes[subject] = None
        elif predicate == f"{_RDFS}subClassOf":
            if named and not value.startswith("_:") and value != _THING:
                self.parents.append((subject, value))
        elif predicate in _LABELS:
            self.labels.setdefault(subject, []).append((value, language or ""))
        elif predicate in _NAMES:
            self.names.append((subject, predicate, value, language or ""))
        elif predicate == DEPRECATED:
            if value in ("true", "1"):
                self.deprecated.add(subject)
        elif predicate in _AXIOM:
            self.axioms.setdefault(subject, ["", "", ""])[_AXIOM[predicate]] = value
        else:
            self._other(subject, predicate, value)

    def _other(self, subject: str, predicate: str, value: str) -> None:
        if predicate in _REPLACED:
            self.successors[subject] = value
        elif predicate == f"{OBO_IN_OWL}hasAlternativeId":
            self.alternates.append((subject, value))
        elif predicate == f"{OBO_IN_OWL}hasDbXref":
            self.xrefs.append((subject, value))
        elif predicate == f"{OBO_IN_OWL}hasSynonymType":
            self.kinds[subject] = value
        elif predicate == IMPORTS:
            self.imports.append(value)

    def types(self) -> dict[tuple[str, str, str], str]:
        """Return the synonym type of (class, predicate, text), from annotated axioms."""
        return {
            (axiom[0], axiom[1], axiom[2]): kind.rpartition("#")[2]
            for subject, kind in self.kinds.items()
            if (axiom := self.axioms.get(subject))
        }


class OwlLoader(RdfLoader):
    """Reads named classes, ``rdfs:subClassOf`` between them, labels, and synonyms of oboInOwl.

    Ids are ``HP:0000001`` for OBO PURLs, else IRIs. Classes marked ``owl:deprecated`` become
    obsolete, ``IAO:0100001`` (term replaced by) their successor. Restrictions and equivalent
    classes are passed over: run a reasoner first if the hierarchy is only implied. Imports are
    noted, never followed.

    Parameters
    ----------
    language : str
        Language of labels and synonyms; names without a language are always taken.
    prefix : str
        When given, only classes whose id begins with it are kept.
    base : str
        What to cut from the front of IRIs to make ids.
    syntax : str
        ``turtle xml ntriples jsonld``; told from the content when empty.

    Notes
    -----
    One pass, O(size). Needs pyoxigraph (``pip install 'graphemb[onto]'``).

    """

    suffixes = (".owl", ".rdf", ".ttl", ".xml", ".nt", ".jsonld", ".json", ".n3")

    def __init__(
        self, language: str = "en", prefix: str = "", base: str = "", syntax: str = ""
    ) -> None:
        self.language, self.prefix, self.base, self.syntax = language, prefix, base, syntax

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file ends in .owl or its first kilobytes speak of OWL classes."""
        if path.name.lower().removesuffix(".gz").endswith(".owl"):
            return True
        said = b"owl:Class", b"owl#Class", b"owl:Ontology", b"rdf-schema#subClassOf"
        return super().sniff(path, head) and any(words in head for words in said)

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        found = _Found()
        for triple in triples(path, self.syntax):
            found.add(*triple)
        draft = self._draft(path, found)
        for child, parent in found.parents:
            for node in (child, parent):
                if node in found.labels:
                    found.classes.setdefault(node)
        kept = [
            node for node in found.classes
            if node != _THING and self._id(node).startswith(self.prefix)
        ]  # fmt: skip
        if not kept:
            which = f" whose id begins with {shown(self.prefix)}" if self.prefix else ""
            raise InputError(f"{path}:1: must hold named OWL classes{which}; found none.")
        for node in kept:
            self._class(node, found, draft)
        self._facts(found, set(kept), draft)
        return draft.finish(path.name.split(".")[0])

    def _class(self, node: str, found: _Found, draft: Draft) -> None:
        labels = found.labels.get(node, [])
        label, name = chosen(labels, self.language), self._id(node)
        if self._retired(node, label[0], found, draft):
            return
        draft.node(name, label[0], None)
        for text, tag in labels:
            if (text, tag) != label and spoken(tag, self.language):
                draft.synonym(name, Synonym(text, "EXACT", "label"), None)

    def _facts(self, found: _Found, kept: set[str], draft: Draft) -> None:
        types = found.types()
        for node, predicate, text, tag in found.names:
            if node in kept and spoken(tag, self.language):
                scope = _NAMES[predicate]
                kind = types.get((node, predicate, text))
                shape = f"{scope.lower()}:{kind}" if kind else scope.lower()
                draft.synonym(self._id(node), Synonym(text, scope, shape), None)
        for child, parent in found.parents:
            if child in kept and (parent in kept or not self.prefix):
                draft.edge(self._id(child), self._id(parent), None)
        for node, other in found.alternates:
            if node in kept:
                draft.alternate(short(other, self.base), self._id(node), None)
        for node, other in found.xrefs:
            if node in kept:
                draft.xref(self._id(node), other)
