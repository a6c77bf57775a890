"""OboLoader: a tolerant reader of OBO 1.2 and 1.4 files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from graphemb.errors import InputError, shown
from graphemb.files import numbered_lines
from graphemb.load.base import Draft, Loader, Notes, scope_of
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["OboLoader"]

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)\s*([^\[\s]*)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_USED = frozenset(
    [
        "id",
        "name",
        "synonym",
        "is_a",
        "alt_id",
        "is_obsolete",
        "replaced_by",
        "consider",
        "xref",
        "exact_synonym",
        "broad_synonym",
        "narrow_synonym",
        "related_synonym",
    ]
)
_IGNORED = frozenset(
    [
        "def",
        "comment",
        "subset",
        "namespace",
        "created_by",
        "creation_date",
        "property_value",
        "relationship",
        "intersection_of",
        "union_of",
        "disjoint_from",
        "equivalent_to",
        "xref_analog",
        "is_anonymous",
        "builtin",
    ]
)

Stanza = list[tuple[int, str, str]]


class OboLoader(Loader):
    """Reads ``[Term]`` stanzas: id, name, synonyms with scope and type, is_a, alt_id, xref.

    Obsolete terms become `Taxonomy.obsolete` with their ``replaced_by`` (else the only
    ``consider``) as successor. Imports named in the file are noted, never followed. What is
    untidy is noted with its line; a second name for one id and a cycle are refused.

    Parameters
    ----------
    prefix : str
        When given, only terms whose id begins with it are kept.

    Notes
    -----
    One pass, O(size); hp.obo (10 MB) takes about a second.

    """

    suffixes = (".obo",)

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    def sniff(self, path: Path, head: bytes) -> bool:
        """Return whether the file ends in .obo or begins with a format-version."""
        return super().sniff(path, head) or head.lstrip().startswith(b"format-version:")

    def read(self, path: Path) -> tuple[Taxonomy, Notes]:
        """Return the taxonomy in `path` and the warnings."""
        draft = Draft(str(path))
        seen_header = False
        for kind, stanza in self._stanzas(path):
            if kind == "":
                seen_header = True
                self._header(stanza, draft)
            elif kind == "Term":
                self._term(stanza, draft)
        if not seen_header and not draft.labels:
            raise InputError(f"{path}:1: must be an OBO file; no [Term] was found.")
        return draft.finish(path.name.split(".")[0])

    @staticmethod
    def _stanzas(path: Path) -> Iterator[tuple[str, Stanza]]:
        """Yield (kind, [(line, tag, value)]); the header has the kind ''."""
        kind = ""
        stanza: Stanza = []
        for number, line in numbered_lines(path):
            if line.startswith("[") and line.rstrip().endswith("]"):
                yield kind, stanza
                kind, stanza = line.strip()[1:-1], []
            elif line and not line.startswith("!"):
                tag, colon, value = line.partition(":")
                if colon:
                    stanza.append((number, tag.strip(), value.strip()))
        yield kind, stanza

    @staticmethod
    def _header(stanza: Stanza, draft: Draft) -> None:
        for number, tag, value in stanza:
            if tag == "import":
                draft.note("import not followed", number, shown(value))
            elif tag in ("data-version", "ontology", "format-version"):
                draft.metadata[tag.replace("-", "_")] = value

    def _term(self, stanza: Stanza, draft: Draft) -> None:
        fields: dict[str, list[tuple[int, str]]] = {}
        for number, tag, value in stanza:
            fields.setdefault(tag, []).append((number, value))
            if tag not in _USED and tag not in _IGNORED:
                draft.note(f"unknown tag {tag[:40]!r}", number)
        line = stanza[0][0] if stanza else None
        node = _plain(fields.get("id", [(0, "")])[0][1])
        names = fields.get("name", [])
        if not node:
            draft.problem(line, "a [Term] needs an id; there is none. Add it.")
            return
        if self.prefix and not node.startswith(self.prefix):
            return
        if len({_plain(value) for _, value in names}) > 1:
            draft.problem(names[1][0], f"{node} has two names. Keep one.")
        label = _text(names[0][1]) if names else ""
        if any(value.startswith("true") for _, value in fields.get("is_obsolete", [])):
            heirs = fields.get("replaced_by") or fields.get("consider") or []
            only = len(heirs) == 1 or "replaced_by" in fields
            draft.retire(node, label, _plain(heirs[0][1]) if heirs and only else None, line)
            return
        draft.node(node, label, line)
        for number, value in fields.get("is_a", []):
            draft.edge(node, _plain(value), number)
        for number, value in fields.get("alt_id", []):
            draft.alternate(_plain(value), node, number)
        for _, value in fields.get("xref", []):
            draft.xref(node, _text(value.partition(' "')[0].partition(" {")[0]))
        self._synonyms(node, fields, draft)

    @staticmethod
    def _synonyms(node: str, fields: dict[str, list[tuple[int, str]]], draft: Draft) -> None:
        for tag, entries in fields.items():
            if not tag.endswith("synonym"):
                continue
            old = tag.removesuffix("synonym").rstrip("_")
            for number, value in entries:
                found = _QUOTED.match(value)
                if found is None:
                    draft.note("synonym without quotes", number, shown(value))
                    continue
                scope = old or found[2] or "RELATED"
                text = _text(found[1], trim=False)
                kind = f"{scope.lower()}:{found[3]}" if found[3] else scope.lower()
                draft.synonym(node, Synonym(text, scope_of(scope), kind), number)


def _plain(value: str) -> str:
    """Return an id: what stands before a comment or trailing modifiers."""
    for cut in (" !", " {"):
        value = value.partition(cut)[0]
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), value.strip())


def _text(value: str, trim: bool = True) -> str:
    """Return a name with its escapes undone, without a trailing comment."""
    if trim:
        value = value.partition(" !")[0]
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), value).strip()
