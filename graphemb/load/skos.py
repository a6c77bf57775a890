"""SkosLoader: thesauri in SKOS, from Turtle, RDF/XML, N-Triples or JSON-LD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
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
    spoken,
    triples,
)
from graphemb.load._rdf_loader import RdfLoader, Said
from graphemb.load.base import Draft, Notes
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["SkosLoader"]

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_XL = "http://www.w3.org/2008/05/skos-xl#"
_NAMES = ("prefLabel", "altLabel", "hiddenLabel")


@dataclass
class _Found(Said):
    """What the triples say, by IRI."""

    concepts: dict[str, None] = field(default_factory=dict)
    schemes: dict[str, None] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    names: dict[str, dict[str, list[Name]]] = field(default_factory=dict)
    broader: dict[tuple[str, str], None] = field(default_factory=dict)
    tops: dict[str, None] = field(default_factory=dict)
    related: list[tuple[str, str]] = field(default_factory=list)
    scoped: list[tuple[str, str, str, str]] = field(default_factory=list)
    matches: list[tuple[str, str]] = field(default_factory=list)
    title: str = ""
    nameless: int = 0
    forms: dict[str, Name] = field(default_factory=dict)
    reified: list[tuple[str, str, str]] = field(default_factory=list)

    def name(self, node: str, kind: str, text: str, language: str) -> None:
        """Keep a name of `kind` (prefLabel …)."""
        self.names.setdefault(node, {}).setdefault(kind, []).append((text, language))

    def settle(self, language: str) -> None:
        """Say which IRIs are concepts: those typed, and those with a place and a name."""
        for edge in self.broader:
            for node in edge:
                if node in self.names:
                    self.concepts.setdefault(node)
        for node in (*self.tops, *(() if self.concepts else self.names)):
            self.concepts.setdefault(node)
        nameless = [node for node in self.concepts if node.startswith("_:")]
        self.nameless = len(nameless)
        for node in (*nameless, *self.schemes, *self.others):
            self.concepts.pop(node, None)
        titles = [
            name
            for node in (*self.schemes, *self.others)
            for name in self.names.get(node, {}).get("prefLabel", [])
        ]
        self.title = chosen(titles, language)[0]


class SkosLoader(RdfLoader):
    """Reads concepts, their labels by language, and broader, narrower and top-concept statements.

    The label is the prefLabel in `language`; altLabel and hiddenLabel become EXACT synonyms whose
    kind tells property and language (``altLabel@de``). SKOS-XL labels are read alike. Concepts
    marked ``owl:deprecated`` become obsolete, ``dcterms:isReplacedBy`` their successor; exact and
    close matches become xrefs. What S13, S14 and S27 of the SKOS Reference forbid is noted.
    ``owl:imports`` are noted, never followed; a remote JSON-LD ``@context`` is refused.

    Parameters
    ----------
    language : str
        Language of labels and synonyms; where a concept has no label in it, another is taken and
        noted.
    also : str
        Further languages whose names become synonyms, with commas between; ``all`` for each.
    base : str
        What to cut from the front of IRIs to make ids; otherwise ids are whole IRIs.
    syntax : str
        ``turtle xml ntriples jsonld``; told from the content when empty.

    Notes
    -----
    One pass, O(size). Needs pyoxigraph (``pip install 'graphemb[onto]'``).

    References
    ----------
    SKOS Reference, W3C Recommendation 2009: sections 5 (S13, S14), 8 (S27).

    """

    suffixes = (".ttl", ".nt", ".jsonld", ".skos", ".rdf", ".xml", ".json", ".n3")

    def __init__(
        self, language: str = "en", also: str = "", base: str = "", syntax: str = ""
    ) -> None:
        self.language, self.also, self.base, self.syntax = language, also, base, syntax

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the first kilobytes use SKOS's namespace for a concept."""
        concept = b"skos:Concept" in head or b"skos/core#Concept>" in head
        classes = b"owl:Class" in head or b"owl#Class" in head
        return super().sniff(path, head) and (concept or (b"skos/core#" in head and not classes))

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        found = self._collect(path)
        draft = self._draft(path, found)
        for _ in range(found.nameless):
            draft.note("concept without an IRI, left out", None)
        if found.title:
            draft.metadata["title"] = found.title
        for node, kind, label in found.reified:
            if label in found.forms:
                found.name(node, kind, *found.forms[label])
        if not found.concepts:
            raise InputError(f"{path}:1: must hold SKOS concepts; found none. Is it OWL?")
        for node in found.concepts:
            self._concept(node, found, draft)
        self._relations(found, draft)
        return draft.finish(path.name.split(".")[0])

    def _collect(self, path: Path) -> _Found:
        found = _Found()
        steps = _steps(found)
        for subject, predicate, value, language in triples(path, self.syntax):
            if predicate == TYPE:
                if value == f"{_SKOS}Concept":
                    found.concepts[subject] = None
                elif value == f"{_SKOS}ConceptScheme":
                    found.schemes[subject] = None
                elif value.startswith(_SKOS) or value.endswith("#Ontology"):
                    found.others.add(subject)
            elif (step := steps.get(predicate)) is not None:
                step(subject, value, language)
        found.settle(self.language)
        return found

    def _concept(self, node: str, found: _Found, draft: Draft) -> None:
        names = found.names.get(node, {})
        labels = names.get("prefLabel", [])
        label = chosen(labels, self.language)
        name = self._id(node)
        if self._retired(node, label[0], found, draft):
            return
        if label[0] and not spoken(label[1], self.language):
            draft.note(f"no label in {self.language}, another taken", None, shown(name))
        for language, n in Counter(tag for _, tag in labels).items() if labels[1:] else ():
            if n > 1:
                draft.note("several prefLabels in one language (S14)", None, f"{name} @{language}")
        draft.node(name, label[0], None)
        taken = set(labels)
        for kind in _NAMES:
            for entry in names.get(kind, []):
                if kind != "prefLabel" and entry in taken:
                    draft.note("one name as two kinds of label (S13)", None, shown(entry[0]))
                taken.add(entry)
                if (kind != "prefLabel" or entry != label) and self._wanted(entry[1]):
                    shape = f"{kind}@{entry[1]}" if entry[1] else kind
                    draft.synonym(name, Synonym(entry[0], "EXACT", shape), None)

    def _relations(self, found: _Found, draft: Draft) -> None:
        above: dict[str, list[str]] = {}
        for child, parent in found.broader:
            above.setdefault(child, []).append(parent)
            draft.edge(self._id(child), self._id(parent), None)
        for node, kind, text, language in found.scoped:
            if self._wanted(language):
                scope = SYNONYMS[kind]
                shape = f"{scope.lower()}@{language}" if language else scope.lower()
                draft.synonym(self._id(node), Synonym(text, scope, shape), None)
        for node, other in found.alternates:
            draft.alternate(other, self._id(node), None)
        for node, other in found.matches:
            draft.xref(self._id(node), self._id(other))
        for node in found.tops:
            if node in above:
                draft.note("top concept with a broader one", None, shown(self._id(node)))
        for one, other in found.related:
            if _is_above(other, one, above) or _is_above(one, other, above):
                pair = f"{shown(self._id(one))} and {shown(self._id(other))}"
                draft.note("related and broader at once (S27)", None, pair)

    def _wanted(self, tag: str) -> bool:
        return (
            self.also == "all"
            or spoken(tag, self.language)
            or any(spoken(tag, other.strip()) for other in self.also.split(",") if other.strip())
        )


def _steps(found: _Found) -> dict[str, Callable[[str, str, str | None], None]]:
    """Return what to do with each predicate's subject, object and language."""

    def deprecated(s: str, o: str, _: str | None) -> None:
        if o in ("true", "1"):
            found.deprecated.add(s)

    steps: dict[str, Callable[[str, str, str | None], None]] = {
        f"{_SKOS}broader": lambda s, o, _: found.broader.setdefault((s, o)),
        f"{_SKOS}narrower": lambda s, o, _: found.broader.setdefault((o, s)),
        f"{_SKOS}topConceptOf": lambda s, o, _: found.tops.setdefault(s),
        f"{_SKOS}hasTopConcept": lambda s, o, _: found.tops.setdefault(o),
        f"{_SKOS}related": lambda s, o, _: found.related.append((s, o)),
        f"{_XL}literalForm": lambda s, o, tag: found.forms.__setitem__(s, (o, tag or "")),
        f"{OBO_IN_OWL}hasAlternativeId": lambda s, o, _: found.alternates.append((s, o)),
        DEPRECATED: deprecated,
        DC_REPLACED: lambda s, o, _: found.successors.__setitem__(s, o),
        IMPORTS: lambda s, o, _: found.imports.append(o),
    }
    for end in ("exactMatch", "closeMatch"):
        steps[f"{_SKOS}{end}"] = lambda s, o, _: found.matches.append((s, o))
    steps[f"{OBO_IN_OWL}hasDbXref"] = steps[f"{_SKOS}exactMatch"]
    for kind in _NAMES:
        steps[f"{_SKOS}{kind}"] = lambda s, o, tag, kind=kind: found.name(s, kind, o, tag or "")  # type: ignore[misc]
        steps[f"{_XL}{kind}"] = lambda s, o, _, kind=kind: found.reified.append((s, kind, o))  # type: ignore[misc]
    for kind in SYNONYMS:
        steps[kind] = lambda s, o, tag, kind=kind: found.scoped.append((s, kind, o, tag or ""))  # type: ignore[misc]
    return steps


def _is_above(top: str, node: str, above: dict[str, list[str]], most: int = 1_000) -> bool:
    """Return whether `top` is among the nearest `most` ancestors of `node`."""
    seen: set[str] = set()
    waiting = list(above.get(node, ()))
    while waiting and len(seen) < most:
        at = waiting.pop(0)
        if at == top:
            return True
        if at not in seen:
            seen.add(at)
            waiting += above.get(at, ())
    return False
