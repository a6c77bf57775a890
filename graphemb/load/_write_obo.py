"""A taxonomy as OBO 1.4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from graphemb.files import atomic_write
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["write_obo"]

_SPECIAL = re.compile(r'[\\"!{}\[\]\n\t]')
_ESCAPES = {"\n": "\\n", "\t": "\\t"}
#: What may not stand in a synonym's type.
_UNTYPED = re.compile(r"[\s\[\]{}\"\\]+")


def write_obo(taxonomy: Taxonomy, path: Path) -> None:
    """Write a ``[Term]`` a node, then one a obsolete node."""
    with atomic_write(path) as file:
        file.write(("\n".join(_lines(taxonomy)) + "\n").encode())


def _lines(t: Taxonomy) -> Iterator[str]:
    yield "format-version: 1.4"
    if version := t.metadata.get("data_version") or t.metadata.get("version"):
        yield f"data-version: {_escaped(version)}"
    yield f"ontology: {_escaped(t.name or 'taxonomy')}"
    others: dict[str, list[str]] = {}
    for other, node in t.alternates.items():
        if other not in t.obsolete:
            others.setdefault(node, []).append(other)
    for node, label in zip(t.ids, t.labels, strict=True):
        yield from ("", "[Term]", f"id: {_escaped(node)}")
        if label:
            yield f"name: {_escaped(label)}"
        yield from (f"alt_id: {_escaped(other)}" for other in others.get(node, ()))
        yield from (_synonym(s) for s in t.synonyms.get(node, ()))
        yield from (f"xref: {_escaped(other)}" for other in t.xrefs.get(node, ()))
        yield from (f"is_a: {_escaped(p)} ! {_escaped(t[p])}" for p in t.parents(node))
    for node, (label, heir) in t.obsolete.items():
        yield from ("", "[Term]", f"id: {_escaped(node)}")
        if label:
            yield f"name: {_escaped(label)}"
        yield "is_obsolete: true"
        if heir:
            yield f"replaced_by: {_escaped(heir)}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda m: _ESCAPES.get(m[0], f"\\{m[0]}"), text)


def _synonym(synonym: Synonym) -> str:
    scope = synonym.scope
    kind = synonym.kind.removeprefix(scope.lower()).removeprefix(":")
    kind = _UNTYPED.sub("_", kind)
    return f'synonym: "{_escaped(synonym.text)}" {scope}{" " if kind else ""}{kind} []'
