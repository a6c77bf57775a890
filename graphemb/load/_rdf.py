"""RDF as a stream of triples, through pyoxigraph; no network, no imports followed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyoxigraph as ox

from graphemb.errors import InputError, ParameterError, nearest, shown
from graphemb.files import read_text
from graphemb.load._json import parsed_json
from graphemb.load._xml import guarded, shallow
from graphemb.taxonomy import Scope

__all__ = [
    "DC_REPLACED", "DEPRECATED", "IMPORTS", "OBO_IN_OWL", "SYNONYMS", "TYPE", "URN", "Name",
    "chosen", "short", "spoken", "triples",
]  # fmt: skip

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DEPRECATED = "http://www.w3.org/2002/07/owl#deprecated"
IMPORTS = "http://www.w3.org/2002/07/owl#imports"
DC_REPLACED = "http://purl.org/dc/terms/isReplacedBy"
OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
SYNONYMS: dict[str, Scope] = {
    f"{OBO_IN_OWL}hasExactSynonym": "EXACT", f"{OBO_IN_OWL}hasBroadSynonym": "BROAD",
    f"{OBO_IN_OWL}hasNarrowSynonym": "NARROW", f"{OBO_IN_OWL}hasRelatedSynonym": "RELATED",
}  # fmt: skip
#: Ids that are no IRIs are written behind this, percent-encoded.
URN = "urn:graphemb:"

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE, "xml": ox.RdfFormat.RDF_XML,
    "ntriples": ox.RdfFormat.N_TRIPLES, "jsonld": ox.RdfFormat.JSON_LD,
}  # fmt: skip
_OBO_PURL = re.compile(r"http://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z0-9]*)_([A-Za-z0-9]+)")

#: Subject, predicate, object; the language of a literal, None where the object is a node.
Triple = tuple[str, str, str, str | None]
#: A name and its language; '' where the source gives none.
Name = tuple[str, str]


def triples(path: Path, syntax: str = "") -> Iterator[Triple]:
    """Yield the triples of an RDF file; blank nodes read ``_:name``.

    Parameters
    ----------
    path : Path
        Turtle, RDF/XML, N-Triples or JSON-LD.
    syntax : str
        ``turtle xml ntriples jsonld``; told from the content when empty.

    Raises
    ------
    InputError
        With ``file:line`` for a syntax error or a bad IRI; for a remote ``@context``.

    """
    if syntax and syntax not in _FORMATS:
        raise ParameterError(
            f"syntax: must be one of {', '.join(_FORMATS)}; got {shown(syntax)}."
            f"{nearest(syntax, _FORMATS)}"
        )
    text = read_text(path)
    syntax = syntax or _syntax(path, text)
    if syntax == "jsonld":
        _refuse_remote(path, parsed_json(path))
    xml = syntax == "xml"
    data = shallow(path, guarded(path, entities=True)) if xml else text.encode()
    del text
    try:
        base = f"file:///{path.name.replace(' ', '_')}"
        for quad in ox.parse(data, _FORMATS[syntax], base_iri=base):
            yield _triple(quad)
    except SyntaxError as error:
        raise InputError(
            f"{path}:{error.lineno or 1}: must be well-formed RDF ({syntax}); {error.msg}. "
            "Repair it, or name the syntax=…"
        ) from None
    except (ValueError, UnicodeError) as error:
        raise InputError(f"{path}: must be well-formed RDF ({syntax}); {error}.") from None


def _triple(quad: Any) -> Triple:
    subject, value = quad.subject, quad.object
    left = subject.value if isinstance(subject, ox.NamedNode) else str(subject)
    if isinstance(value, ox.Literal):
        return left, quad.predicate.value, value.value, value.language or ""
    right = value.value if isinstance(value, ox.NamedNode) else str(value)
    return left, quad.predicate.value, right, None


def _syntax(path: Path, text: str) -> str:
    name = path.name.casefold().removesuffix(".gz")
    head = text[:4096].lstrip()
    if head.startswith(("{", "[{")) or name.endswith((".jsonld", ".json")):
        return "jsonld"
    if head.startswith("<") and re.match(r"<(\?xml|!|rdf:RDF|[A-Za-z]+:RDF)", head):
        return "xml"
    if name.endswith(".nt"):
        return "ntriples"
    if re.match(r"(Prefix\s*:|Prefix\s*\(|Ontology\s*[(:])", head):
        raise InputError(
            f"{path}:1: is OWL in functional or Manchester syntax. Save it as RDF/XML or Turtle."
        )
    return "turtle"


def _refuse_remote(path: Path, document: Any) -> None:
    """Refuse a ``@context`` or ``@import`` that is an address; walks with a stack of its own."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            context = value.get("@context")
            for part in [*(context if isinstance(context, list) else [context])]:
                remote = part if isinstance(part, str) else None
                if isinstance(part, dict) and isinstance(part.get("@import"), str):
                    remote = part["@import"]
                if remote is not None:
                    raise InputError(
                        f"{path}: must carry its @context; {shown(remote)} is remote and is not "
                        "fetched. Put the content of that file in its place."
                    )
            waiting += value.values()


def short(iri: str, base: str = "") -> str:
    """Return the id that an IRI stands for.

    What follows `base` or ``urn:graphemb:``, percent-decoded; ``HP:0000001`` for an OBO PURL; any
    other IRI as it is.
    """
    for space in (URN, base):
        if space and iri.startswith(space) and len(iri) > len(space):
            return unquote(iri[len(space) :])
    found = _OBO_PURL.fullmatch(iri)
    return f"{found[1]}:{found[2]}" if found else iri


def spoken(tag: str, language: str) -> bool:
    """Return whether a language tag is `language` or a regional form of it; untagged always is."""
    return not tag or tag.casefold().split("-")[0] == language.casefold().split("-")[0]


def chosen(names: Iterable[Name], language: str) -> Name:
    """Return the name to show: in `language`, in a regional form, untagged, then any."""
    entries = list(names)
    if len(entries) < 2:
        return entries[0] if entries else ("", "")

    def rank(name: Name) -> tuple[bool, bool, bool]:
        tag = name[1]
        other = not tag or not spoken(tag, language)
        return tag.casefold() != language.casefold(), other, bool(tag)

    return min(entries, key=rank)
