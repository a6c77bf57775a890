"""Random numbers and row orders that belong to node ids, not to row numbers.

So renumbering a graph's nodes renumbers the rows of its embedding and changes nothing else, and an
unseen node has random numbers of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphemb.graph import Graph
from graphemb.kernels import hashes
from graphemb.rng import seed_of

__all__ = ["id_hashes", "id_order", "in_id_order"]

Array = np.ndarray[Any, Any]


def id_hashes(nodes: Sequence[str], random_state: int, *keys: str | int) -> Array:
    """Return a 64-bit hash of each id for the stream named by `random_state` and `keys`."""
    return hashes(nodes, seed_of(random_state, *keys))


def id_order(nodes: Sequence[str]) -> Array:
    """Return the rows in the order of their ids, int64 (n,)."""
    return np.array(sorted(range(len(nodes)), key=nodes.__getitem__), np.int64)


def in_id_order(graph: Graph) -> tuple[Any, Array]:
    """Return (adjacency with rows and columns in the order of the ids, that order).

    Row i of the result is row ``order[i]`` of the graph. O(m log m) for graphs not yet in order.
    """
    order = id_order(graph.nodes)
    if (order == np.arange(len(order))).all():
        return graph.adjacency, order
    turned = graph.adjacency[order][:, order]
    turned.sort_indices()
    return turned, order
