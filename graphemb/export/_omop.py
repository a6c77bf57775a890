"""OMOP concepts: the whole number that Usagi and source_to_concept_map know a code by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from graphemb.errors import InputError, Problems, nearest, shown
from graphemb.files import numbered_lines

__all__ = ["Concept", "Concepts"]

_HINT = (
    "Map to jsonl and give Athena's CONCEPT.csv to graphemb export --concepts, or map to a "
    "taxonomy of concept ids."
)
_NEEDED = ("concept_id", "concept_code", "vocabulary_id")


@dataclass(frozen=True, slots=True)
class Concept:
    """One row of CONCEPT.csv."""

    id: str
    vocabulary: str
    name: str = ""
    domain: str = ""


class Concepts:
    """The concepts of some nodes."""

    #: What stands for "no concept".
    none = Concept("0", "None")

    def __init__(self, found: Mapping[str, Concept]) -> None:
        self.found = dict(found)

    def get(self, node: str) -> Concept:
        """Return the concept of `node`; one that is missing was noted as a problem before."""
        return self.found.get(node, self.none)

    @staticmethod
    def check(path: str | None, nodes: Sequence[str]) -> None:
        """Raise `InputError` when there is no `path` and no node is a concept id."""
        if path is None and nodes and not any(n.isascii() and n.isdecimal() for n in nodes):
            raise InputError(
                f"OMOP: targets must be concept ids, whole numbers; {shown(nodes[0])} is none. "
                f"{_HINT}"
            )

    @classmethod
    def of(
        cls, path: str | None, nodes: Collection[str], vocabulary: str, problems: Problems
    ) -> Self:
        """Return the concepts of `nodes`, noting as problems the nodes without one.

        Without `path` a node must be a concept id. With it, Athena's CONCEPT.csv (tabs, no
        quotes) is read line by line; of several concepts with one code the valid and standard one
        is taken, and two equally good ones are a problem.
        """
        if path is None:
            found = {n: Concept(n, vocabulary) for n in nodes if n.isascii() and n.isdecimal()}
            hint = _HINT
        else:
            found = _read(path, nodes, vocabulary, problems)
            hint = f"{path} has no such code" + (f" in {vocabulary}." if vocabulary else ".")
        for node in sorted(set(nodes) - found.keys()):
            problems.add(None, f"a target must have a concept id; {shown(node)} has none. {hint}")
        return cls(found)


def _read(
    path: str, nodes: Collection[str], vocabulary: str, problems: Problems
) -> dict[str, Concept]:
    lines = numbered_lines(path)
    header = next(lines)[1].rstrip("\r").split("\t")
    for name in _NEEDED:
        if name not in header:
            raise InputError(
                f"{path}:1: must be Athena's CONCEPT.csv with a column {name}, cells parted by "
                f"tabs; has {', '.join(map(shown, header[:12]))}.{nearest(name, header)}"
            )
    best: dict[str, tuple[int, Concept]] = {}
    twice: dict[str, tuple[str, str]] = {}
    wanted = {node.rsplit(":", 1)[-1]: node for node in nodes} | {node: node for node in nodes}
    for number, line in lines:
        if not line:
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            problems.add(number, f"must have {len(header)} cells; has {len(cells)}.")
            continue
        row = dict(zip(header, cells, strict=True))
        node = wanted.get(row["concept_code"])
        if node is None or (vocabulary and row["vocabulary_id"] != vocabulary):
            continue
        rank = 2 * (not row.get("invalid_reason")) + (row.get("standard_concept") == "S")
        concept = Concept(
            row["concept_id"], row["vocabulary_id"], row.get("concept_name", ""),
            row.get("domain_id", ""),
        )  # fmt: skip
        if node not in best or rank > best[node][0]:
            best[node] = (rank, concept)
            twice.pop(node, None)
        elif rank == best[node][0]:
            twice[node] = (best[node][1].vocabulary, concept.vocabulary)
    for node, (one, other) in sorted(twice.items()):
        problems.add(
            None, f"{path}: the code {shown(node)} has concepts in {one} and {other}. "
            "Choose with --target-vocabulary.",
        )  # fmt: skip
    return {node: concept for node, (_, concept) in best.items()}
