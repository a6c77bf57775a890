"""SSSOM: the Simple Standard for Sharing Ontological Mappings, TSV with a YAML head."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import uuid
from urllib.parse import quote

from graphemb import __version__
from graphemb.errors import ParameterError, shown
from graphemb.export.base import Exporter, Losses, Row, Rows, check_date, settled
from graphemb.mappings import MappingSet
from graphemb.relations import code_of

__all__ = ["SssomExporter"]

_COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "predicate_modifier", "object_id",
    "object_label", "mapping_justification", "reviewer_id", "reviewer_label", "subject_type",
    "confidence", "similarity_score", "similarity_measure", "comment",
)  # fmt: skip
_CURIE = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*):([^\s/][^\s]*)")
#: An IRI, cut behind its last # or /.
_IRI = re.compile(r"(https?://[^\s]*[#/])([^\s#/]+)")
_MEASURE = "logistic of the reranker's log-odds"
#: Where sssom-py mints the ids of mapping sets too.
_MINTED = "https://w3id.org/sssom/mappings/"
_LONGEST_ID = 120


class SssomExporter(Exporter):
    """A row a mapping: subject, predicate, object, justification, confidence.

    ``confidence`` is our calibrated probability, ``similarity_score = 1 / (1 + exp(-score))``.
    Reviewed rows are justified by ``semapv:ManualMappingCuration`` and name the reviewer (as
    ``reviewer_id`` where that is a CURIE); the others by ``semapv:LexicalMatching`` where the
    phrase equals a name, else ``semapv:SemanticSimilarityThresholdMatching``. The predicate is the
    reviewer's, else the hypothesis that ``confidence`` is about: exactMatch for a label,
    closeMatch otherwise. A phrase without a match has the object ``sssom:NoTermFound``; a rejected
    candidate (``rows="all"``) the modifier Not.

    Parameters
    ----------
    rows : {"auto", "best", "accepted", "all"}
        See `graphemb.export.base.rows_of`.
    set_id : str, optional
        URI of the mapping set; by default one that is minted from its content.
    licence : str, optional
        URI of the licence of the mapping set. SSSOM requires one; without it, what sssom-py writes
        then stands there: https://w3id.org/sssom/license/unspecified.
    literal : bool
        Phrases become literals (``subject_type`` "rdfs literal", no ``subject_id``), as the
        standard has it. By default they get a CURIE made from the id column, or from the phrase
        itself where there is none: some readers (sssom-py 0.4) drop literals.
    source_prefix, target_prefix : str
        Prefixes of minted CURIEs: of subjects, and of nodes that are none (E11.9).
    source_iri, target_iri : str, optional
        What the prefixes stand for; by default names inside the mapping set.
    target_version : str, optional
        Version of the taxonomy.
    date : str, optional
        ``mapping_date``, YYYY-MM-DD; left out by default, so that the same input gives the same
        bytes on any day.

    """

    suffix = ".sssom.tsv"
    cannot_hold = (
        "paths in the taxonomy, ranks and input columns other than id and phrase",
        "the matched name, unless it is in the comment",
    )

    def __init__(
        self, rows: Rows = "auto", set_id: str | None = None, licence: str | None = None,
        literal: bool = False, source_prefix: str = "source", source_iri: str | None = None,
        target_prefix: str = "target", target_iri: str | None = None,
        target_version: str | None = None, date: str | None = None,
    ) -> None:  # fmt: skip
        self.rows = rows
        self.set_id = set_id
        self.licence = licence
        self.literal = literal
        self.source_prefix = source_prefix
        self.source_iri = source_iri
        self.target_prefix = target_prefix
        self.target_iri = target_iri
        self.target_version = target_version
        self.date = date

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        self._check()
        body = io.StringIO()
        writer = csv.writer(body, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        prefixes: dict[str, None] = {}
        spaces: dict[str, str] = {}
        for row in settled(mappings, self.rows, losses):
            if not row.phrase.strip():
                losses.add("empty phrase left out: SSSOM needs a subject", "")
                continue
            cells = self._cells(mappings, row, spaces)
            prefixes.update(dict.fromkeys(self._prefixes(cells)))
            writer.writerow([cells.get(name, "") for name in _COLUMNS])
        content = body.getvalue()
        iris = {prefix: base for base, prefix in spaces.items()}
        return (self._head(content, list(prefixes), iris) + content).encode("utf-8")

    def _check(self) -> None:
        check_date("SssomExporter", self.date)
        for name in ("source_prefix", "target_prefix"):
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", getattr(self, name)):
                raise ParameterError(
                    f"SssomExporter: {name} must be a letter, then letters, digits, _ . or -; "
                    f"got {shown(getattr(self, name))}."
                )

    def _cells(self, mappings: MappingSet, row: Row, spaces: dict[str, str]) -> dict[str, str]:
        cells = {
            "subject_label": row.phrase,
            "predicate_id": code_of(row.relation, "skos"),
            "object_id": "sssom:NoTermFound",
            "mapping_justification": _justification(row),
        }
        if self.literal:
            cells["subject_type"] = "rdfs literal"
        else:
            source = mappings.source
            own = source.cell(row.position, source.id_col) or _id_of(row.phrase)
            cells["subject_id"] = f"{self.source_prefix}:{quote(own, safe='-._~')}"
        if row.review.reviewer:
            kind = "reviewer_id" if _CURIE.fullmatch(row.review.reviewer) else "reviewer_label"
            cells[kind] = row.review.reviewer.replace("|", "/")
        if row.review.decision == "rejected":
            cells["predicate_modifier"] = "Not"
        cells["comment"] = row.review.comment
        if row.candidate is not None:
            c = row.candidate
            cells["object_id"], cells["object_label"] = self._curie(c.node, spaces), c.label
            cells["confidence"] = f"{min(max(c.probability, 0.0), 1.0):.4f}"
            cells["similarity_score"] = f"{_logistic(c.score):.4f}"
            cells["similarity_measure"] = _MEASURE
            cells["comment"] = row.review.comment or f"{c.evidence}; name “{c.matched}”"
        return cells

    def _curie(self, node: str, spaces: dict[str, str]) -> str:
        """Return a CURIE of `node`; `spaces` collects prefixes for the namespaces of IRIs."""
        if match := _IRI.fullmatch(node):
            base, local = match[1], match[2]
            given = self.target_prefix if base == self.target_iri else f"ns{len(spaces) + 1}"
            return f"{spaces.setdefault(base, given)}:{quote(local, safe='-._~')}"
        if match := _CURIE.fullmatch(node):
            return f"{match[1]}:{quote(match[2], safe='-._~')}"
        return f"{self.target_prefix}:{quote(node, safe='-._~')}"

    def _prefixes(self, cells: dict[str, str]) -> list[str]:
        ids = (cells.get(n, "") for n in ("subject_id", "object_id", "reviewer_id"))
        return [i.split(":", 1)[0] for i in ids if ":" in i]

    def _head(self, content: str, prefixes: list[str], iris: dict[str, str]) -> str:
        name = hashlib.sha256(content.encode("utf-8")).hexdigest()
        set_id = self.set_id or f"{_MINTED}{uuid.uuid5(uuid.NAMESPACE_OID, name)}"
        known = {
            "skos": "http://www.w3.org/2004/02/skos/core#", "sssom": "https://w3id.org/sssom/",
            "semapv": "https://w3id.org/semapv/vocab/", "orcid": "https://orcid.org/",
        }  # fmt: skip
        used = {p: iris.get(p) or self._iri(p, set_id) for p in prefixes if p not in known}
        used |= {p: i for p, i in known.items() if p != "orcid" or p in prefixes}
        facts = {
            "sssom_version": "1.1", "mapping_set_id": set_id,
            "license": self.licence or "https://w3id.org/sssom/license/unspecified",
            "mapping_tool": "graphemb", "mapping_tool_version": __version__,
            "object_source_version": self.target_version, "mapping_date": self.date,
        }  # fmt: skip
        lines = [f"#{key}: {json.dumps(value)}" for key, value in facts.items() if value]
        lines += ["#curie_map:", *(f"#  {p}: {json.dumps(used[p])}" for p in sorted(used))]
        return "\n".join(lines) + "\n"

    def _iri(self, prefix: str, set_id: str) -> str:
        given = {self.source_prefix: self.source_iri, self.target_prefix: self.target_iri}
        return given.get(prefix) or f"{set_id}#{prefix}_"


def _id_of(phrase: str) -> str:
    """Return an id for a phrase without one: itself, or its hash where it is long."""
    if len(quote(phrase, safe="-._~")) <= _LONGEST_ID:
        return phrase
    return hashlib.sha256(phrase.encode("utf-8")).hexdigest()[:32]


def _justification(row: Row) -> str:
    if row.review.decision:
        return "semapv:ManualMappingCuration"
    if row.candidate is not None and row.candidate.same_as:
        return "semapv:LexicalMatching"
    return "semapv:SemanticSimilarityThresholdMatching"


def _logistic(score: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(score, 500.0), -500.0)))
