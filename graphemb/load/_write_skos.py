"""A taxonomy as SKOS in Turtle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from graphemb.files import atomic_write
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["write_skos"]

#: As in `graphemb.load._rdf`, which needs pyoxigraph; writing does not.
_URN = "urn:graphemb:"
_IRI = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~:/?#@!$&'()*+,;=-]*")
_PURL = re.compile(r"http://purl\.obolibrary\.org/obo/.*")
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TAG = re.compile(r"@([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)$")
_PREFIXES = """\
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix oio: <http://www.geneontology.org/formats/oboInOwl#> .
"""
_SCOPED = {
    "BROAD": "oio:hasBroadSynonym", "NARROW": "oio:hasNarrowSynonym",
    "RELATED": "oio:hasRelatedSynonym",
}  # fmt: skip


def write_skos(taxonomy: Taxonomy, path: Path) -> None:
    """Write a concept a node; what SKOS has no word for is said with oboInOwl, OWL and DC terms.

    Ids that are web addresses stay; any other becomes ``urn:graphemb:`` and the id
    percent-encoded, which `SkosLoader` undoes. Synonyms whose kind ends in a language
    (``altLabel@de``) carry it; to read all of them again, load with ``also="all"``.
    """
    with atomic_write(path) as file:
        file.write(("\n".join(_lines(taxonomy)) + "\n").encode())


def _lines(t: Taxonomy) -> Iterator[str]:
    scheme = f"<{_URN}{quote(t.name or 'taxonomy', safe='')}:scheme>"
    yield _PREFIXES
    yield f"{scheme} a skos:ConceptScheme ; skos:prefLabel "
    yield f"    {_literal(t.metadata.get('title') or t.name or 'taxonomy')} ."
    others: dict[str, list[str]] = {}
    for other, node in t.alternates.items():
        if other not in t.obsolete:
            others.setdefault(node, []).append(other)
    for node, label in zip(t.ids, t.labels, strict=True):
        parents = t.parents(node)
        facts = [f"a skos:Concept ; skos:inScheme {scheme}"]
        facts += [f"skos:prefLabel {_literal(label)}"] if label else []
        facts += [_synonym(s) for s in t.synonyms.get(node, ())]
        facts += [f"skos:broader {_iri(p)}" for p in parents]
        facts += [] if parents else [f"skos:topConceptOf {scheme}"]
        facts += [f"oio:hasAlternativeId {_literal(other)}" for other in others.get(node, ())]
        facts += [f"oio:hasDbXref {_literal(other)}" for other in t.xrefs.get(node, ())]
        yield f"\n{_iri(node)} " + " ;\n    ".join(facts) + " ."
    for node, (label, heir) in t.obsolete.items():
        facts = ["a skos:Concept ; owl:deprecated true"]
        facts += [f"skos:prefLabel {_literal(label)}"] if label else []
        facts += [f"dcterms:isReplacedBy {_iri(heir)}"] if heir else []
        yield f"\n{_iri(node)} " + " ;\n    ".join(facts) + " ."


def _iri(node: str) -> str:
    plain = _IRI.fullmatch(node) and not _PURL.fullmatch(node)
    return f"<{node}>" if plain else f"<{_URN}{quote(node, safe='')}>"


def _literal(text: str) -> str:
    return '"' + _SPECIAL.sub(lambda m: _ESCAPES.get(m[0], f"\\u{ord(m[0]):04X}"), text) + '"'


def _synonym(synonym: Synonym) -> str:
    if synonym.scope == "EXACT":
        word = "skos:hiddenLabel" if synonym.kind.startswith("hiddenLabel") else "skos:altLabel"
    else:
        word = _SCOPED[synonym.scope]
    tag = _TAG.search(synonym.kind)
    return f"{word} {_literal(synonym.text)}" + (f"@{tag[1]}" if tag else "")
