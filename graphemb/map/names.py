"""NameTable: every name of every node, one row each, rows of one node side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphemb.encode import normalise
from graphemb.kernels.mapping import name_bounds
from graphemb.taxonomy import Taxonomy

__all__ = ["LABEL", "OTHER", "PAIR", "SYNONYM", "Name", "NameTable", "names_of"]

Array = np.ndarray[Any, Any]

#: Kinds of names, in order of trust.
LABEL, SYNONYM, OTHER, PAIR = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Name:
    """A text that stands for the node in row `owner`; `kind` is LABEL, SYNONYM, OTHER or PAIR."""

    text: str
    owner: int
    kind: int


def names_of(taxonomy: Taxonomy, extra: Iterable[Name] = ()) -> list[Name]:
    """Return the names of a taxonomy and `extra` ones; of equal texts of a node the first stays.

    Exact synonyms are SYNONYM, all other scopes OTHER. A node without any usable text is named
    by its id, so that every node has a row.
    """
    found: list[Name] = []
    for row, (node, label) in enumerate(zip(taxonomy.ids, taxonomy.labels, strict=True)):
        found.append(Name(label if normalise(label) else node, row, LABEL))
        for synonym in taxonomy.synonyms.get(node, ()):
            found.append(Name(synonym.text, row, SYNONYM if synonym.scope == "EXACT" else OTHER))
    found.extend(extra)
    seen: set[tuple[int, str]] = set()
    kept: list[Name] = []
    for name in found:
        key = name.owner, normalise(name.text)
        if name.kind == LABEL or (key[1] and key not in seen):
            seen.add(key)
            kept.append(name)
    return sorted(kept, key=lambda name: (name.owner, name.kind))


class NameTable:
    """Names sorted by owner.

    Attributes
    ----------
    texts, normalised : list of str, one a name
    owners : int32 (n_names,), ascending
    kinds : uint8 (n_names,)
    starts : int64 (n_nodes + 1,): the names of node i are rows ``starts[i]:starts[i + 1]``
    nameless : bool (n_nodes,) or None: nodes whose only row is their id, for want of a name; None
        where they are not told apart

    """

    nameless: Array | None = None

    def __init__(self, texts: Sequence[str], owners: Array, kinds: Array, n_nodes: int) -> None:
        self.texts = list(texts)
        self.owners, self.kinds, self.n_nodes = owners, kinds, n_nodes
        self.starts = np.searchsorted(owners, np.arange(n_nodes + 1))
        self._normalised: list[str] | None = None

    @classmethod
    def of(cls, names: Sequence[Name], n_nodes: int, nameless: Array | None = None) -> NameTable:
        """Make the table; of equal texts of a node only the most trusted stays.

        The order of `names` does not matter but for labels: a node's first one is its label.
        """
        distinct: dict[tuple[int, str], Name] = {}
        for name in sorted(names, key=lambda n: (n.owner, n.kind)):
            distinct.setdefault((name.owner, normalise(name.text)), name)
        names = list(distinct.values())
        owners = np.array([name.owner for name in names], np.int32)
        kinds = np.array([name.kind for name in names], np.uint8)
        table = cls([name.text for name in names], owners, kinds, n_nodes)
        table.nameless = nameless
        return table

    @property
    def normalised(self) -> list[str]:
        """The normalised texts, made when first asked for."""
        if self._normalised is None:
            self._normalised = [normalise(text) for text in self.texts]
        return self._normalised

    def set_normalised(self, texts: Sequence[str]) -> None:
        """Take over texts that were normalised before, as a stored model's are."""
        self._normalised = list(texts)

    @property
    def labels(self) -> Array:
        """Row of each node's label."""
        return self.starts[:-1]

    def __len__(self) -> int:
        return len(self.texts)

    def by_node(self, scores: Array) -> Array:
        """Return (b, n_nodes): the best of each node's names in `scores` (b, n_names)."""
        if len(self) == self.n_nodes:
            return scores
        best = np.take(scores, self.labels, axis=1)
        # Few nodes have further names: only those columns are looked at again.
        others, starts, nodes = self._others
        more = np.maximum.reduceat(np.take(scores, others, axis=1), starts, axis=1)
        best[:, nodes] = np.maximum(best[:, nodes], more)
        return best

    @cached_property
    def rows(self) -> tuple[Array, Array, Array]:
        """Starts, owners and bounds of the names, as `kernels.mapping.best_nodes` takes them."""
        starts, owners = self.starts.astype(np.int64), self.owners.astype(np.int32)
        return starts, owners, name_bounds(starts, owners, 3)

    @cached_property
    def _others(self) -> tuple[Array, Array, Array]:
        """Rows of the names that are no labels, where each node's begin, and those nodes."""
        others = np.setdiff1d(np.arange(len(self)), self.labels)
        nodes, starts = np.unique(self.owners[others], return_index=True)
        return others, starts, nodes
