"""Propagation: what the names around a node say of it, without its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphemb.taxonomy import Taxonomy

__all__ = ["WEIGHTS", "contexts", "propagated", "unit_or_zero"]

Array = np.ndarray[Any, Any]

#: How much parents, children and siblings count.
WEIGHTS = (1.0, 1.0, 0.7)


def _sums(ptr: Array, rows: Array, values: Array) -> Array:
    """Return the sums of `values` (n, d) over ``rows[ptr[i]:ptr[i + 1]]``; zeros for none."""
    out = np.zeros_like(values)
    filled = np.diff(ptr) > 0
    if filled.any():
        out[filled] = np.add.reduceat(values[rows], ptr[:-1][filled], axis=0)
    return out


def contexts(taxonomy: Taxonomy, vectors: Array, known: Array) -> Array:
    """Return float32 (3, n, d): mean vectors of each node's parents, children and siblings.

    For node v with relatives R_r(v) that are known::

        c_r(v) = 1/|R_r(v)| · Σ_{u in R_r(v)} x_u        r = parents, children, siblings

    zeros where there are none. A sibling counts once for each parent in common; v is not its own.

    Parameters
    ----------
    taxonomy : Taxonomy
    vectors : float (n, d), x above
    known : bool (n,)
        The nodes that have a vector; rows of others are not read.

    Notes
    -----
    O(e·d) time and O(n·d) memory: siblings are summed by way of their parents.

    """
    t = taxonomy
    # A last column counts.
    own = np.column_stack([vectors, np.ones(len(vectors))]) * known[:, None]
    down = _sums(t.child_ptr, t.child_rows, own)
    up = _sums(t.parent_ptr, t.parent_rows, own)
    n_parents = np.diff(t.parent_ptr)[:, None]
    beside = _sums(t.parent_ptr, t.parent_rows, down) - n_parents * own
    found = []
    for total in (up, down, beside):
        count = np.rint(total[:, -1:])
        found.append(np.where(count > 0, total[:, :-1] / np.maximum(count, 1), 0.0))
    return np.stack(found).astype(np.float32)


def propagated(
    context: Array, layer: Array | None = None,
    weights: tuple[float, float, float] = WEIGHTS,
) -> Array:  # fmt: skip
    """Return ``normalise(Σ_r w_r·c_r(v) + [c_1; c_2; c_3]·W)``, float32 (n, d).

    A node as its relatives describe it: `context` (3, n, d) are the means of `contexts`, W the
    `layer` (3·d, d) that `train_layer` learned; without it propagation is by hand. A node without
    known relatives gets zeros.
    """
    total = np.tensordot(np.array(weights, np.float32), context, axes=1)
    if layer is not None:
        total = total + np.concatenate(list(context), axis=1) @ layer
    return unit_or_zero(total)


def unit_or_zero(rows: Array) -> Array:
    """Return `rows` scaled to unit length, float32; rows of (nearly) no length become zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 1e-9, norms, np.inf), np.float32)
