"""Decisions of people in the files of other tools: which phrase means which node.

Each reader returns every row of its file with a verdict; only accepted rows become pairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from graphemb.errors import InputError, shown
from graphemb.load._contents import Content, table_of
from graphemb.load._mapped import is_mapped, mappings_of
from graphemb.relations import NO_MATCH, relation_of
from graphemb.tables import Table, read_table

__all__ = ["Said", "decisions_in", "format_of"]


@dataclass(frozen=True, slots=True)
class Said:
    """One row: `nodes` are ways to write its node, likeliest first; none for a no-match.

    `why_not` says why the row was not accepted; '' when it was. `line` is None where the format
    has no lines.
    """

    phrase: str
    nodes: tuple[str, ...]
    line: int | None
    why_not: str = ""
    split: str = "train"


def format_of(content: Content) -> str:
    """Return the name of the format, told from the columns: "pairs" when it is our own."""
    if content.kind == "text" and _concept_map(content.text):
        return "conceptmap"
    if content.kind == "jsonl" and '"ConceptMap"' in content.text and _concept_map(content.text):
        return "conceptmap"
    if is_mapped(content):
        return "mapped"
    header = _header(content)
    for name, (needed, _) in _READERS.items():
        if needed <= header:
            return name
    return "pairs"


def decisions_in(content: Content, name: str, text_col: str | None) -> list[Said]:
    """Return the decisions in `content`, whose format is `name`.

    Raises
    ------
    InputError
        When the file is not well-formed.

    """
    if name == "conceptmap":
        return list(_from_concept_map(content))
    if name == "mapped":
        return list(_from_mapped(content, text_col))
    if name == "sssom":
        return list(_from_sssom(_sssom_table(content), _prefixes(content.text)))
    return list(_READERS[name][1](table_of(content)))


def _header(content: Content) -> set[str]:
    if content.kind == "text":
        lines = iter(content.text.split("\n"))
        first = next((line for line in lines if not line.startswith("#")), "")
        found = max((first.split(d) for d in "\t,;"), key=len)
        return {cell.strip().strip('"') for cell in found}
    return set(table_of(content).header)


def _cells(table: Table) -> Iterator[tuple[dict[str, str], int]]:
    for row, line in zip(table.rows, table.lines, strict=True):
        yield dict(zip(table.header, row, strict=True)), line


def _from_mapped(content: Content, text_col: str | None) -> Iterator[Said]:
    """Read what ``graphemb map`` wrote and a person filled in."""
    mappings = mappings_of(content, text_col)
    for position, (phrase, found) in enumerate(mappings):
        split = mappings.source.cell(position, "split").strip() or "train"
        for c in found:
            said = c.review.decision
            nothing = said == "accepted" and c.review.relation == NO_MATCH
            why = "" if said == "accepted" else said or "not reviewed"
            yield Said(phrase, () if nothing else (c.node,), None, why, split)
        if not found:
            said = mappings.no_match[position].decision if position in mappings.no_match else ""
            why = "" if said == "accepted" else said or "not reviewed"
            yield Said(phrase, (), None, why, split)


#: Justifications that say that a person decided.
_BY_HAND = {
    "semapv:ManualMappingCuration", "semapv:MappingReview", "semapv:UnspecifiedMatching",
}  # fmt: skip


def _sssom_table(content: Content) -> Table:
    """Return the table below the YAML head, line numbers as in the file; quotes quote."""
    if content.kind != "text":
        return table_of(content)
    lines = content.text.split("\n")
    n = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    body = "\n" * n + "\n".join(lines[n:])
    delimiter = "\t" if "\t" in lines[n] else ","
    return read_table(content.source, text=body, delimiter=delimiter, quoted=True)


def _prefixes(text: str) -> dict[str, str]:
    """Return the curie_map in the YAML head: the one part of it that is needed to read nodes."""
    found: dict[str, str] = {}
    inside = False
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        if match := re.fullmatch(r"#\s+([^\s:]+):\s*[\"']?([^\s\"']+)[\"']?\s*", line):
            if inside:
                found[match[1]] = match[2]
        else:
            inside = line[1:].strip() == "curie_map:"
    return found


def _node_forms(node: str, prefixes: dict[str, str]) -> tuple[str, ...]:
    """Return the ways to write an object: as CURIE, as IRI, as bare code; the likeliest first."""
    prefix, _, local = node.partition(":")
    code = unquote(local or node)
    iri = prefixes[prefix] + code if local and prefix in prefixes else node
    forms: tuple[str, ...]
    if prefix == "target":
        forms = (code, node, iri)
    elif re.fullmatch(r"ns\d+", prefix):
        forms = (iri, node, code)
    else:
        forms = (node, unquote(node), iri, code)
    return tuple(dict.fromkeys(forms))


def _from_sssom(table: Table, prefixes: dict[str, str]) -> Iterator[Said]:
    for row, line in _cells(table):
        phrase = row.get("subject_label", "") or row.get("subject_id", "")
        by_hand = row.get("mapping_justification") in _BY_HAND
        reviewed = row.get("reviewer_id") or row.get("reviewer_label")
        node = row["object_id"]
        if row.get("predicate_modifier"):
            yield Said(phrase, (node,), line, "rejected")
        elif not (by_hand or reviewed):
            yield Said(phrase, (node,), line, "not reviewed")
        elif node in ("sssom:NoTermFound", "semapv:NoTermFound"):
            yield Said(phrase, (), line)
        else:
            yield Said(phrase, _node_forms(node, prefixes), line)


def _from_usagi(table: Table) -> Iterator[Said]:
    for row, line in _cells(table):
        phrase = row["sourceName"] or row["sourceCode"]
        status, concept = row["mappingStatus"].strip(), row["conceptId"].strip()
        if status not in ("APPROVED", "IGNORED"):
            yield Said(phrase, (concept,), line, f"status {status}, not APPROVED")
        elif status == "IGNORED" or concept in ("", "0") or row.get("equivalence") == "UNMATCHED":
            yield Said(phrase, (), line)
        else:
            yield Said(phrase, (concept,), line)


def _from_stcm(table: Table) -> Iterator[Said]:
    for row, line in _cells(table):
        phrase = row["source_code_description"] or row["source_code"]
        concept = row["target_concept_id"].strip()
        why = "no longer valid" if row.get("invalid_reason", "").strip() else ""
        yield Said(phrase, () if concept in ("", "0") else (concept,), line, why)


def _from_snap2snomed(table: Table) -> Iterator[Said]:
    for row, line in _cells(table):
        phrase = row["Source display"] or row["Source code"]
        status, code = row["Status"].strip(), row["Target code"].strip()
        flagged = row.get("No map flag", "").strip().casefold() == "true"
        why = "" if status == "ACCEPTED" else f"status {status or 'empty'}, not ACCEPTED"
        if code or flagged or why:
            yield Said(phrase, () if flagged or not code else (code,), line, why)


def _concept_map(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{") or '"ConceptMap"' not in text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    found = isinstance(value, dict) and value.get("resourceType") == "ConceptMap"
    return value if found else None


def _from_concept_map(content: Content) -> Iterator[Said]:
    """Read FHIR R4's equivalence and R5's relationship; "relation not known" is no decision."""
    resource = _concept_map(content.text) or {}
    if resource.get("status") == "retired":
        raise InputError(f"{content.source}: must not be a retired ConceptMap.")
    for group in _objects(resource, "group", content):
        for element in _objects(group, "element", content):
            phrase = str(element.get("display") or element.get("code") or "")
            if element.get("noMap") is True:
                yield Said(phrase, (), None)
            for target in _objects(element, "target", content):
                yield _target(phrase, target)


def _target(phrase: str, target: Mapping[str, Any]) -> Said:
    style, key = ("r5", "relationship") if "relationship" in target else ("r4", "equivalence")
    said, code = str(target.get(key, "")), str(target.get("code", ""))
    relation = relation_of(said, style)
    review = {
        p.get("code"): p.get("valueString")
        for p in target.get("property") or ()
        if isinstance(p, dict)
    }.get("review")
    nodes = (code,) if code else ()
    if said in ("disjoint", "not-related-to"):
        return Said(phrase, nodes, None, "rejected")
    if relation == NO_MATCH:
        return Said(phrase, (), None)
    if review == "suggested" or (said in ("relatedto", "related-to") and review != "accepted"):
        return Said(phrase, nodes, None, "not reviewed")
    if relation is None or not code:
        return Said(phrase, nodes, None, f"{key} {shown(said)} is not known")
    return Said(phrase, nodes, None)


def _objects(value: Mapping[str, Any], key: str, content: Content) -> list[dict[str, Any]]:
    found = value.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InputError(f"{content.source}: {key} of a ConceptMap must be a list of objects.")
    return found


#: By format: the columns that tell it, and its reader.
_READERS: dict[str, tuple[set[str], Callable[[Table], Iterator[Said]]]] = {
    "sssom": ({"predicate_id", "object_id", "mapping_justification"}, lambda t: _from_sssom(t, {})),
    "usagi": ({"sourceCode", "sourceName", "mappingStatus", "conceptId"}, _from_usagi),
    "stcm": ({"source_code", "source_code_description", "target_concept_id"}, _from_stcm),
    "snap2snomed": ({"Source code", "Source display", "Target code", "Status"}, _from_snap2snomed),
}
