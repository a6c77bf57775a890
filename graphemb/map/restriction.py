"""Restriction: which nodes may be answered, as a mask over the taxonomy's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.errors import InputError, ParameterError, Problems, UnknownNodeError, nearest, shown
from graphemb.taxonomy import Taxonomy

__all__ = ["Restriction"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Restriction:
    """The nodes that may be answered: those that every given condition allows.

    The retrievers look for the best among these nodes, so lists are as long as without, and the
    best allowed node is found wherever it stands among all. Time and memory O(n + e) once a call
    of ``PhraseMapper.map``, nothing a phrase.

    Parameters
    ----------
    within, not_within : sequence of str
        Node ids: only these and what lies below them; not these nor what lies below them. A node
        below both is left out.
    depth : (int, int or None), optional
        Least and greatest number of edges to the nearest root; None for no limit.
    leaves_only : bool
        Only nodes without children.
    ids : sequence of str, optional
        Only these nodes; what lies below them is not meant.

    Examples
    --------
    >>> t = Taxonomy(["r", "a", "b"], ["R", "A", "B"], [("a", "r"), ("b", "a")])
    >>> Restriction(within=("a",), leaves_only=True).mask(t).tolist()
    [False, False, True]

    """

    within: tuple[str, ...] = ()
    not_within: tuple[str, ...] = ()
    depth: tuple[int, int | None] | None = None
    leaves_only: bool = False
    ids: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, within: Sequence[str] | None = None, not_within: Sequence[str] | None = None,
        depth: tuple[int, int | None] | int | None = None, leaves_only: bool = False,
        ids: Sequence[str] | None = None,
    ) -> Restriction:  # fmt: skip
        """Return the restriction that the arguments of a mapper's ``map`` mean."""
        for name, value in (("within", within), ("not_within", not_within), ("ids", ids)):
            if isinstance(value, str):
                raise ParameterError(
                    f"map: {name} must be a sequence of node ids; got the text "
                    f"{shown(value)}. Put it in a list."
                )
        return cls(
            tuple(within or ()), tuple(not_within or ()), _span(depth), bool(leaves_only),
            None if ids is None else tuple(ids),
        )  # fmt: skip

    def mask(self, taxonomy: Taxonomy) -> Array | None:
        """Return bool (n_nodes,), or None where everything may be answered.

        Raises
        ------
        UnknownNodeError
            When nodes are not in the taxonomy: all of them are named, up to twenty.
        InputError
            When no node fulfils all conditions.

        """
        if self == Restriction():
            return None
        mask = np.ones(taxonomy.n_nodes, bool)
        problems = Problems(f"taxonomy {taxonomy.name}".strip())
        if self.within:
            mask &= taxonomy.closure(_rows(taxonomy, self.within, problems), down=True)
        if self.not_within:
            mask &= ~taxonomy.closure(_rows(taxonomy, self.not_within, problems), down=True)
        if self.ids is not None:
            listed = np.zeros(taxonomy.n_nodes, bool)
            listed[_rows(taxonomy, self.ids, problems)] = True
            mask &= listed
        problems.raise_if_any(UnknownNodeError)
        if self.depth is not None:
            low, high = self.depth
            mask &= taxonomy.depth >= low
            if high is not None:
                mask &= taxonomy.depth <= high
        if self.leaves_only:
            mask &= np.diff(taxonomy.child_ptr) == 0
        if not mask.any():
            raise InputError(
                f"{problems.source}: some node must be allowed; none is {self}. Loosen a condition."
            )
        return mask

    def __str__(self) -> str:
        parts = []
        if self.within:
            parts.append(f"within {_listed(self.within)}")
        if self.not_within:
            parts.append(f"not within {_listed(self.not_within)}")
        if self.depth is not None:
            low, high = self.depth
            parts.append(f"at depth {low} or more" if high is None else f"at depth {low} to {high}")
        if self.leaves_only:
            parts.append("a leaf")
        if self.ids is not None:
            parts.append(f"one of {len(self.ids)} listed")
        return " and ".join(parts) or "anything"

    def facts(self) -> dict[str, str]:
        """Return the conditions as text by name, for what is stored with an answer."""
        import hashlib

        found = {name: " ".join(sorted(getattr(self, name))) for name in ("within", "not_within")}
        if self.depth is not None:
            low, high = self.depth
            found["depth"] = f"{low}:{'' if high is None else high}"
        if self.leaves_only:
            found["leaves_only"] = "yes"
        if self.ids is not None:
            joined = "\0".join(sorted(set(self.ids))).encode("utf-8", "surrogatepass")
            found["ids"] = f"sha256 {hashlib.sha256(joined).hexdigest()}"
        return {name: value for name, value in found.items() if value}


def _span(depth: Any) -> tuple[int, int | None] | None:
    if depth is None:
        return None
    span = (depth, None) if isinstance(depth, int) else depth
    whole = isinstance(span, tuple | list) and len(span) == 2
    low, high = span if whole else (-1, None)
    fine = [isinstance(d, int) and not isinstance(d, bool) and d >= 0 for d in (low, high)]
    if not fine[0] or not (high is None or (fine[1] and low <= high)):
        raise ParameterError(
            "map: depth must be the least depth, or (least, greatest or None), whole "
            f"numbers from 0; got {shown(depth)}."
        )
    return low, high


def _rows(taxonomy: Taxonomy, nodes: Sequence[str], problems: Problems) -> list[int]:
    """Return the rows of `nodes`, alternate ids included; those unknown become problems."""
    found, missing = [], 0
    for node in dict.fromkeys(nodes):
        row = taxonomy.index.get(taxonomy.alternates.get(node, node))
        if row is not None:
            found.append(row)
            continue
        missing += 1
        # Looking for the nearest id reads all of them: for the first few only.
        hint = nearest(str(node), taxonomy.ids) if missing <= 3 else ""
        if node in taxonomy.obsolete:
            label, heir = taxonomy.obsolete[node]
            hint = f" {shown(label)} is obsolete" + (f"; use {heir}." if heir else ".")
        problems.add(None, f"has no node {shown(node)}.{hint}")
    return found


def _listed(nodes: Sequence[str]) -> str:
    more = f" and {len(nodes) - 3} more" if len(nodes) > 3 else ""
    return ", ".join(map(shown, nodes[:3])) + more
