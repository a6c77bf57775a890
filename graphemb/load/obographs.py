"""ObographsLoader: ontologies as OBOGraphs JSON (``hp.json``)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, shown
from graphemb.load._json import items, parsed_json, text_at
from graphemb.load.base import Draft, Loader, Notes
from graphemb.taxonomy import Scope, Synonym, Taxonomy

__all__ = ["ObographsLoader"]

_PURL = re.compile(r"http://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z0-9]*)_([A-Za-z0-9]+)")
_SCOPES: dict[str, Scope] = {
    "hasExactSynonym": "EXACT", "hasBroadSynonym": "BROAD", "hasNarrowSynonym": "NARROW",
    "hasRelatedSynonym": "RELATED",
}  # fmt: skip
_IS_A = ("is_a", "http://www.w3.org/2000/01/rdf-schema#subClassOf")


class ObographsLoader(Loader):
    """Reads the CLASS nodes and is_a edges of every graph in the document.

    Names, synonyms with scope and type, xrefs, alternate ids, deprecated nodes and their
    replacement (``IAO:0100001``) are read from ``meta``. Ids are ``HP:0000001`` for OBO PURLs.

    Parameters
    ----------
    prefix : str
        When given, only nodes whose id begins with it are kept.

    """

    suffixes = (".json",)

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file is JSON that begins with a list of graphs."""
        return super().sniff(path, head) and b'"graphs"' in head

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        graphs = items(parsed_json(path), "graphs")
        if not graphs:
            raise InputError(f"{path}:1: must be OBOGraphs JSON with a list 'graphs'; has none.")
        draft = Draft(str(path))
        for graph in graphs:
            version = text_at(graph, "meta", "version")
            if version:
                draft.metadata.setdefault("version", version)
            for node in items(graph, "nodes"):
                self._node(node, draft)
            for edge in items(graph, "edges"):
                child, parent = _id(text_at(edge, "sub")), _id(text_at(edge, "obj"))
                if text_at(edge, "pred") in _IS_A and child.startswith(self.prefix):
                    draft.edge(child, parent, None)
        return draft.finish(path.name.split(".")[0])

    def _node(self, node: dict[str, Any], draft: Draft) -> None:
        name, label = _id(text_at(node, "id")), text_at(node, "lbl")
        if node.get("type", "CLASS") != "CLASS" or not name.startswith(self.prefix):
            return
        meta = node.get("meta")
        values = [
            (re.split(r"[#/]", text_at(value, "pred"))[-1], text_at(value, "val"))
            for value in items(meta, "basicPropertyValues")
        ]
        if isinstance(meta, dict) and meta.get("deprecated") is True:
            heir = next((v for pred, v in values if pred == "IAO_0100001"), "")
            draft.retire(name, label, _id(heir) if heir else None, None)
            return
        draft.node(name, label, None)
        for synonym in items(meta, "synonyms"):
            scope = _SCOPES.get(re.split(r"[#/]", text_at(synonym, "pred"))[-1])
            if scope is None:
                draft.note("synonym of an unknown kind", None, shown(text_at(synonym, "pred")))
                continue
            kind = re.split(r"[#/]", text_at(synonym, "synonymType"))[-1]
            shape = f"{scope.lower()}:{kind}" if kind else scope.lower()
            draft.synonym(name, Synonym(text_at(synonym, "val"), scope, shape), None)
        for xref in items(meta, "xrefs"):
            draft.xref(name, text_at(xref, "val"))
        for pred, value in values:
            if pred == "hasAlternativeId":
                draft.alternate(_id(value), name, None)


def _id(iri: str) -> str:
    found = _PURL.fullmatch(iri)
    return f"{found[1]}:{found[2]}" if found else iri
