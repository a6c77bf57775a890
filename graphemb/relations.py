"""How a phrase relates to a node, in SKOS's words and in those of the exchange formats.

Direction: always read "the phrase has … the node". ``broadMatch`` says that the node is broader
than the phrase, as in SKOS; Usagi's WIDER, FHIR R4's ``wider`` and Snap2SNOMED's TARGET_BROADER say
the same of the target, FHIR R5 says it of the source: ``source-is-narrower-than-target``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphemb.errors import ParameterError, nearest, shown

__all__ = ["NO_MATCH", "RELATIONS", "Codes", "code_of", "relation_of"]

NO_MATCH = "noMatch"


@dataclass(frozen=True, slots=True)
class Codes:
    """One relation in each format. R5 and Snap2SNOMED have no code for a no-match but a flag."""

    skos: str
    usagi: str
    r4: str
    r5: str
    snap2snomed: str


#: By our name; the sources are the SKOS Reference, section 10; OHDSI Usagi's Equivalence.java
#: (which pairs its codes with SKOS itself); FHIR R4 CodeSystem concept-map-equivalence; FHIR R5
#: CodeSystem concept-map-relationship; Snap2SNOMED's MappingRelationship.java.
RELATIONS: Mapping[str, Codes] = {
    "exactMatch": Codes(
        "skos:exactMatch", "EQUAL", "equal", "equivalent", "TARGET_EQUIVALENT"
    ),
    "closeMatch": Codes(
        "skos:closeMatch", "EQUIVALENT", "equivalent", "equivalent", "TARGET_EQUIVALENT"
    ),
    "broadMatch": Codes(
        "skos:broadMatch", "WIDER", "wider", "source-is-narrower-than-target", "TARGET_BROADER"
    ),
    "narrowMatch": Codes(
        "skos:narrowMatch", "NARROWER", "narrower", "source-is-broader-than-target",
        "TARGET_NARROWER",
    ),
    "relatedMatch": Codes(
        "skos:relatedMatch", "INEXACT", "inexact", "related-to", "TARGET_INEXACT"
    ),
    NO_MATCH: Codes("skos:exactMatch", "UNMATCHED", "unmatched", "", ""),
}  # fmt: skip

#: Codes that are read but never written, and what they say.
_ALSO = {
    "r4": {"subsumes": "broadMatch", "specializes": "narrowMatch", "relatedto": "relatedMatch",
           "disjoint": NO_MATCH},
    "r5": {"not-related-to": NO_MATCH},
}  # fmt: skip


def code_of(relation: str, style: str) -> str:
    """Return the code of `relation` in ``skos``, ``usagi``, ``r4``, ``r5`` or ``snap2snomed``.

    Examples
    --------
    >>> code_of("broadMatch", "r5"), code_of("broadMatch", "usagi")
    ('source-is-narrower-than-target', 'WIDER')

    """
    if relation not in RELATIONS:
        raise ParameterError(
            f"relation: must be one of {', '.join(RELATIONS)}; got {shown(relation)}."
            f"{nearest(relation, RELATIONS)}"
        )
    return str(getattr(RELATIONS[relation], style))


def relation_of(code: str, style: str) -> str | None:
    """Return our name of a format's `code`, None for a code that says nothing of the relation.

    Where a format has one code for two relations, the first of `RELATIONS` is meant.

    Examples
    --------
    >>> relation_of("wider", "r4"), relation_of("UNREVIEWED", "usagi")
    ('broadMatch', None)

    """
    for name, codes in RELATIONS.items():
        if code and getattr(codes, style) == code:
            return name
    return _ALSO.get(style, {}).get(code)
