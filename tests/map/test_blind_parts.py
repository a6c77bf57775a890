"""What answers for nodes without text are made of: propagation, the layer, the offset."""

from __future__ import annotations

import numpy as np
import pytest

from graphemb import Taxonomy
from graphemb.map._blind_offset import COST, Outcomes, best_offset, harmonic
from graphemb.map._propagation import WEIGHTS, contexts, propagated


def dag():
    """Diamonds, shared siblings, a lone node."""
    ids = list("rabcdefg")
    edges = ["ar", "br", "ca", "cb", "da", "db", "ea", "fc", "fd"]
    return Taxonomy(ids, [f"name {i}" for i in ids], [tuple(e) for e in edges])


def test_contexts_are_means_over_known_relatives():
    """Oracle: loops over parents, children and siblings, one node at a time."""
    t = dag()
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(t.n_nodes, 4)).astype(np.float32)
    known = np.array([node not in "ce" for node in t.ids])
    got = contexts(t, vectors, known)
    want = np.zeros((3, t.n_nodes, 4))
    for v, node in enumerate(t.ids):
        around = [
            list(t.parents(node)),
            list(t.children(node)),
            [c for p in t.parents(node) for c in t.children(p) if c != node],
        ]
        for r, relatives in enumerate(around):
            rows = [t.row(u) for u in relatives if known[t.row(u)]]
            if rows:
                want[r, v] = vectors[rows].mean(axis=0)
    assert np.allclose(got, want, atol=1e-6)
    # A sibling by two common parents counts twice, and what is not known is never read.
    vectors[~known] = np.nan
    with np.errstate(invalid="ignore"):
        again = contexts(t, np.nan_to_num(vectors), known)
    assert np.array_equal(again, got)


def test_propagation_by_hand_and_with_a_layer():
    t = dag()
    vectors = np.eye(t.n_nodes, dtype=np.float32)
    context = contexts(t, vectors, np.ones(t.n_nodes, bool))
    plain = propagated(context)
    e = t.row("e")
    total = WEIGHTS[0] * vectors[t.row("a")]
    total = total + WEIGHTS[2] * (vectors[t.row("c")] + vectors[t.row("d")]) / 2
    assert np.allclose(plain[e], total / np.linalg.norm(total), atol=1e-6)
    assert not plain[t.row("g")].any()  # nothing around it is known
    assert np.allclose(propagated(context, np.zeros((24, 8))), plain)
    layer = np.random.default_rng(0).normal(size=(24, 8)).astype(np.float32)
    rows = sum(w * c for w, c in zip(WEIGHTS, context, strict=True))
    rows = rows + np.concatenate(list(context), axis=1) @ layer
    norms = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    assert np.allclose(propagated(context, layer), rows / norms, atol=1e-5)


def test_the_layer_learns_what_the_mean_cannot_say():
    """A node is named like its parent's vector turned by a fixed rotation."""
    from graphemb.map._propagation_training import train_layer

    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(16, 16)))
    parents = rng.normal(size=(300, 16))
    names = (parents @ turn).astype(np.float32)
    names /= np.linalg.norm(names, axis=1, keepdims=True)
    context = np.zeros((3, 300, 16), np.float32)
    context[0] = parents / np.linalg.norm(parents, axis=1, keepdims=True)
    layer = train_layer(context, names, np.arange(300), 0, n_epochs=40, learning_rate=0.1)

    def hits(rows):
        return float(((names @ rows.T).argmax(axis=1) == np.arange(300)).mean())

    assert hits(propagated(context, layer)) > 0.8 > 0.1 > hits(propagated(context))
    again = train_layer(context, names, np.arange(300), 0, n_epochs=2)
    assert np.array_equal(again, train_layer(context, names, np.arange(300), 0, n_epochs=2))


def test_offset_is_the_best_harmonic_mean_at_the_cost_allowed():
    """Oracle: every offset of the grid, one phrase at a time."""
    rng = np.random.default_rng(1)

    def outcomes(n, lean):
        return Outcomes(
            rng.normal(lean, 2.0, n),
            (rng.random(n) < 0.7 * (lean < 0)).astype(float),
            rng.choice([0.0, 0.5, 1.0], n), rng.random(n) < 0.1,
        )  # fmt: skip

    blind, others = outcomes(150, 1.5), outcomes(200, -1.5)

    def right(o, offset):
        total = 0.0
        for i in range(len(o.lead)):
            wins = o.lead[i] > -offset and not o.sure[i]
            total += o.place_right[i] if wins else o.named_right[i]
        return total / len(o.lead)

    rows = [(x, right(blind, x), right(others, x)) for x in np.arange(-80, 81) / 10]
    kept = [row for row in rows if row[2] >= others.named_right.mean() - COST - 1e-9]
    want = max(kept, key=lambda row: harmonic(row[1], row[2]))
    offset, a, b = best_offset(blind, others)
    assert (a, b) == pytest.approx(want[1:], abs=1e-9)
    assert offset == pytest.approx(want[0])
    free = max(rows, key=lambda row: harmonic(row[1], row[2]))
    assert best_offset(blind, others, cost=1.0)[1:] == pytest.approx(free[1:], abs=1e-9)
    assert free[2] < want[2]
