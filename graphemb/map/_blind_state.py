"""Nodes without names as arrays of a bundle, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphemb.bundle import under, under_prefix
from graphemb.map._blind import BlindNodes, BlindParts
from graphemb.map._blind_judge import Judge
from graphemb.map.index import MappingIndex

__all__ = ["blind_arrays", "blind_from"]

Array = np.ndarray[Any, Any]


def blind_arrays(blind: BlindNodes | None) -> dict[str, Array]:
    """Return the arrays that `blind_from` reads; none where every node has a name."""
    if blind is None or blind.judge is None:
        return {}
    vectors, judge = blind.places.vectors, blind.judge.to_arrays()
    return under("vectors", vectors) | under("judge", judge) | {
        "nodes": np.flatnonzero(blind.blind).astype(np.int32),
        "layer": blind.parts.layer, "space": blind.parts.space,
    }  # fmt: skip


def blind_from(index: MappingIndex, arrays: Mapping[str, Array]) -> BlindNodes | None:
    """Return the nodes without names of `index`; None where `arrays` is empty."""
    if not arrays:
        return None
    blind = np.zeros(index.taxonomy.n_nodes, bool)
    blind[arrays["nodes"]] = True
    parts = BlindParts(arrays["layer"], arrays["space"])
    return BlindNodes(
        index,
        blind,
        parts,
        Judge.from_arrays(under_prefix("judge", arrays)),
        under_prefix("vectors", arrays),
    )
