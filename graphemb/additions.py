"""Additions: nodes and names that a taxonomy did not have, checked against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphemb.errors import CycleError, ParameterError, Problems, nearest, shown
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["Addition", "Additions"]

#: Unknown parents for which the nearest id is looked for: that reads all ids.
_HINTS = 3


@dataclass(frozen=True, slots=True)
class Addition:
    """A new node, or more names of a known one.

    Attributes
    ----------
    node : str
    label : str
        Of a known node: empty, or the label that it has; one without a label may be given one.
    parents : tuple of str
        Ids of known or new nodes, the primary first. Of a known node: none, or some that it has.
    synonyms : tuple of Synonym
    alternates : tuple of str
        Other ids of the node.
    line : int or None
        Where it was read, for messages.

    """

    node: str
    label: str = ""
    parents: tuple[str, ...] = ()
    synonyms: tuple[Synonym, ...] = ()
    alternates: tuple[str, ...] = ()
    line: int | None = None

    def __post_init__(self) -> None:
        for name in ("parents", "synonyms", "alternates"):
            if isinstance(getattr(self, name), str):
                raise ParameterError(
                    f"Addition: {name} must be a sequence; got the text "
                    f"{shown(getattr(self, name))}. Put it in a tuple."
                )


@dataclass(frozen=True)
class Additions:
    """Rows to add to a taxonomy, in order; not yet checked against it.

    Parameters
    ----------
    rows : sequence of Addition
        Each id once.
    source : str
        What they were read from, for messages.
    sha256 : str
        Of that file.

    Examples
    --------
    >>> t = Taxonomy(["r"], ["Disease"], [])
    >>> Additions([Addition("a", "Flu", ("r",), (Synonym("Grippe"),))]).onto(t).path("a")
    ('Disease', 'Flu')

    """

    rows: Sequence[Addition]
    source: str = "additions"
    sha256: str = ""

    def onto(self, taxonomy: Taxonomy) -> Taxonomy:
        """Return `taxonomy` with these nodes behind its own, and these names.

        Raises
        ------
        InputError
            With the place of every problem: an unknown parent, no label, an id that is taken.
        CycleError
            When new nodes are above each other.

        """
        self._checked(taxonomy)
        t, new = taxonomy, [row for row in self.rows if row.node not in taxonomy]
        synonyms = {node: list(group) for node, group in t.synonyms.items()}
        for row in self.rows:
            group = synonyms.setdefault(row.node, [])
            known = {row.label, *(s.text for s in group)}
            if row.node in t:
                known.add(t[row.node])
            for synonym in row.synonyms:
                if synonym.text not in known:
                    group.append(synonym)
                    known.add(synonym.text)
        labels = dict(zip(t.ids, t.labels, strict=True))
        labels |= {row.node: row.label for row in self.rows if row.label}
        edges = [(child, parent) for child in t.ids for parent in t.parents(child)]
        edges += [(row.node, t.alternates.get(p, p)) for row in new for p in row.parents]
        others = {other: row.node for row in self.rows for other in row.alternates}
        try:
            return Taxonomy(
                [*t.ids, *(row.node for row in new)], [*labels.values()],
                edges, synonyms, alternates={**t.alternates, **others}, obsolete=t.obsolete,
                xrefs=t.xrefs, name=t.name, metadata=t.metadata,
            )  # fmt: skip
        except CycleError as error:
            first = next(row for row in new if row.node in error.cycle)
            place = self.source if first.line is None else f"{self.source}:{first.line}"
            text = str(error).partition(": ")[2]
            raise CycleError(f"{place}: {text}", error.cycle) from None

    def _checked(self, taxonomy: Taxonomy) -> None:
        problems = Problems(self.source)
        ids = {row.node for row in self.rows}
        taken = {other: row.node for row in self.rows for other in row.alternates}
        hints = _HINTS
        seen: set[str] = set()
        for row in self.rows:
            if row.node in taxonomy:
                self._known(row, taxonomy, problems)
            else:
                self._new(row, taxonomy, problems)
                for parent in row.parents:
                    if (
                        parent not in ids
                        and taxonomy.alternates.get(parent, parent) not in taxonomy
                    ):
                        hint = _hint(parent, taxonomy, ids) if hints > 0 else ""
                        hints -= 1
                        problems.add(row.line, f"has no node {shown(parent)} to be a parent.{hint}")
            if row.node in seen:
                problems.add(row.line, f"the id {shown(row.node)} comes twice. Keep one.")
            seen.add(row.node)
            for other in row.alternates:
                owner = taxonomy.alternates.get(other, taken[other])
                if other in taxonomy or other in ids or owner != row.node:
                    problems.add(row.line, f"the alternate id {shown(other)} is taken.")
        problems.raise_if_any()

    @staticmethod
    def _known(row: Addition, taxonomy: Taxonomy, problems: Problems) -> None:
        """Names may be added to a node that is there; label and place stay, where it has them."""
        label = taxonomy[row.node]
        if label and row.label not in ("", label):
            problems.add(
                row.line, f"the id {shown(row.node)} is taken by {shown(label)}; got the label "
                f"{shown(row.label)}. Leave the label empty to add synonyms, or give another id.",
            )  # fmt: skip
        above = taxonomy.parents(row.node)
        for parent in row.parents:
            if taxonomy.alternates.get(parent, parent) not in above:
                problems.add(
                    row.line, f"{shown(row.node)} is there, not below {shown(parent)}: what is "
                    "there stays in its place. Leave the parent empty, or train again.",
                )  # fmt: skip

    @staticmethod
    def _new(row: Addition, taxonomy: Taxonomy, problems: Problems) -> None:
        if not row.node:
            problems.add(row.line, "a node needs an id; it is empty. Give one or remove the row.")
        elif row.node in taxonomy.obsolete:
            label = shown(taxonomy.obsolete[row.node][0])
            problems.add(row.line, f"{shown(row.node)} is obsolete ({label}). Give another id.")
        elif row.node in taxonomy.alternates:
            primary = taxonomy.alternates[row.node]
            problems.add(row.line, f"{shown(row.node)} is an alternate id of {primary}. Use that.")
        elif not row.label:
            more = nearest(row.node, taxonomy.ids) if row.synonyms and not row.parents else ""
            problems.add(row.line, f"the new node {shown(row.node)} needs a label.{more}")
        if row.node and row.node in row.parents:
            problems.add(row.line, f"{shown(row.node)} is its own parent. Remove the edge.")


def _hint(parent: str, taxonomy: Taxonomy, ids: set[str]) -> str:
    """Return what may have been meant by an unknown parent."""
    if parent in taxonomy.obsolete:
        label, heir = taxonomy.obsolete[parent]
        return f" {shown(label)} is obsolete" + (f"; use {heir}." if heir else ".")
    if parent in taxonomy.labels:
        return f" It is the label of {taxonomy.ids[taxonomy.labels.index(parent)]}: give the id."
    return nearest(parent, [*taxonomy.ids, *ids])
