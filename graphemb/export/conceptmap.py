"""FHIR ConceptMap, R4 and R5, as JSON."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from graphemb import __version__
from graphemb.errors import ParameterError
from graphemb.export.base import Exporter, Losses, Row, Rows, check_date, settled
from graphemb.mappings import Candidate, MappingSet
from graphemb.relations import code_of

__all__ = ["ConceptMapR4Exporter", "ConceptMapR5Exporter"]

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class ConceptMapR4Exporter(Exporter):
    """A ConceptMap resource of FHIR R4 (4.0.1; R4B reads it too), one group.

    The source code is the id column, else the phrase; the phrase is its display. What nobody
    accepted has the equivalence ``relatedto`` ("the exact relationship is not known"), so that no
    suggestion passes for a decision; the resource is ``active`` when every row was accepted, else
    ``draft``. A phrase without a match has one target without a code, ``unmatched``. Every target
    has a comment, as constraint cmd-1 wants for ``narrower`` and ``inexact``.

    Parameters
    ----------
    rows : {"auto", "best", "accepted"}
        See `graphemb.export.base.rows_of`.
    source_system, target_system : str, optional
        URIs of the code systems; servers need them to translate.
    target_version : str, optional
        Version of the target system.
    set_id : str, optional
        Canonical URL of the map.
    title : str
        For people.
    date : str, optional
        YYYY-MM-DD; left out by default, so that the same input gives the same bytes on any day.

    """

    suffix = ".json"
    cannot_hold: ClassVar[tuple[str, ...]] = (
        "whether a row was reviewed and by whom, probability, path and rank",
        "input columns other than id and phrase; blanks at the ends of a code, or doubled",
    )

    def __init__(
        self, rows: Rows = "auto", source_system: str | None = None,
        target_system: str | None = None, target_version: str | None = None,
        set_id: str | None = None, title: str = "Phrases mapped by graphemb",
        date: str | None = None,
    ) -> None:  # fmt: skip
        self.rows = rows
        self.source_system = source_system
        self.target_system = target_system
        self.target_version = target_version
        self.set_id = set_id
        self.title = title
        self.date = date

    def render(self, mappings: MappingSet, losses: Losses) -> bytes:
        """Return the file's bytes."""
        self._check()
        elements: dict[str, dict[str, Any]] = {}
        decided = True
        for row in settled(mappings, self.rows, losses):
            code = mappings.source.cell(row.position, mappings.source.id_col) or row.phrase
            clean = " ".join(_clean(code).split())
            if not clean:
                losses.add("empty phrase left out: an element needs a code")
                continue
            if clean != code:
                losses.add("blanks or control characters taken out of a code", code)
            element = elements.setdefault(clean, {"code": clean})
            if display := _string(row.phrase):
                element.setdefault("display", display)
            self._add(element, row)
            decided &= row.review.decision == "accepted"
        for side in ("source", "target"):
            if getattr(self, f"{side}_system") is None:
                losses.say(f"no {side} system is named; servers need one (--{side}-system)")
        head = self._head(decided and bool(elements))
        if elements:
            head["group"] = [self._group() | {"element": list(elements.values())}]
        else:
            losses.say("there is nothing to write: the map has no group")
        return (json.dumps(head, ensure_ascii=False, indent=1) + "\n").encode("utf-8")

    def _check(self) -> None:
        if self.rows == "all":
            raise ParameterError(
                f"{type(self).__name__}: rows must be auto, best or accepted; got 'all'."
            )
        check_date(type(self).__name__, self.date)

    def _head(self, decided: bool) -> dict[str, Any]:
        facts = {
            "resourceType": "ConceptMap", "url": self.set_id, "name": "PhrasesMappedByGraphemb",
            "title": _string(self.title), "status": "active" if decided else "draft",
            "date": self.date, "description": f"Written by graphemb {__version__}.",
        }  # fmt: skip
        return {key: value for key, value in facts.items() if value}

    def _group(self) -> dict[str, Any]:
        facts = {
            "source": self.source_system, "target": self.target_system,
            "targetVersion": self.target_version if self.target_system else None,
        }  # fmt: skip
        return {key: value for key, value in facts.items() if value}

    def _add(self, element: dict[str, Any], row: Row) -> None:
        targets = element.setdefault("target", [])
        if row.candidate is None:
            target = {"equivalence": "unmatched", "comment": _comment(row)}
        else:
            target = _target(row.candidate)
            known = row.review.decision == "accepted"
            target["equivalence"] = code_of(row.relation, "r4") if known else "relatedto"
            target["comment"] = _comment(row)
        if target not in targets:
            targets.append(target)


class ConceptMapR5Exporter(ConceptMapR4Exporter):
    """A ConceptMap resource of FHIR R5 (5.0.0), one group.

    As R4, but: a phrase without a match has ``noMap``; what nobody accepted is ``related-to``
    ("the exact relationship is not known"); the probability and the review stand in the properties
    ``probability`` and ``review`` of each target.
    """

    cannot_hold = (
        "the difference between an exact and a close match: both are equivalent",
        "path, rank, and who reviewed",
        "input columns other than id and phrase; blanks at the ends of a code, or doubled",
    )

    def _head(self, decided: bool) -> dict[str, Any]:
        about = "How likely the target is right, calibrated."
        return super()._head(decided) | {
            "property": [
                {"code": "probability", "description": about, "type": "decimal"},
                {"code": "review", "description": "accepted or suggested", "type": "string"},
            ]
        }

    def _group(self) -> dict[str, Any]:
        version = f"|{self.target_version}" if self.target_version else ""
        target = f"{self.target_system}{version}" if self.target_system else None
        facts = {"source": self.source_system, "target": target}
        return {key: value for key, value in facts.items() if value}

    def _add(self, element: dict[str, Any], row: Row) -> None:
        if row.candidate is None:
            if "target" not in element:
                element["noMap"] = True
            return
        element.pop("noMap", None)
        known = row.review.decision == "accepted"
        target = _target(row.candidate)
        target["relationship"] = code_of(row.relation, "r5") if known else "related-to"
        target["comment"] = _comment(row)
        probability = round(row.candidate.probability, 4)
        target["property"] = [
            {"code": "probability", "valueDecimal": probability},
            {"code": "review", "valueString": "accepted" if known else "suggested"},
        ]
        targets = element.setdefault("target", [])
        if target not in targets:
            targets.append(target)


def _clean(text: str) -> str:
    return _CONTROLS.sub(" ", text)


def _string(text: str) -> str:
    """Return `text` as FHIR's string: no controls but tab and line end, not blank."""
    text = "".join(" " if c.isspace() and c not in "\t\n" else c for c in _clean(text))
    return text if text.strip() else ""


def _target(candidate: Candidate) -> dict[str, Any]:
    target = {"code": " ".join(_clean(candidate.node).split())}
    if label := _string(candidate.label):
        target["display"] = label
    return target


def _comment(row: Row) -> str:
    if row.review.comment:
        return _string(row.review.comment)
    if row.candidate is None:
        return "confirmed" if row.review.decision else "nothing here is likely enough"
    c = row.candidate
    return _string(f"p = {c.probability:.2f}; {c.evidence}; name “{c.matched}”")
