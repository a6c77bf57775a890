"""The compiled loops of mapping equal what they stand for, at every level of processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graphemb import kernels
from graphemb.encode import SparseRows
from graphemb.kernels import mapping
from graphemb.map.retrieve import _Postings, top_k
from graphemb.map.trees import BoostedTrees

ROOT = Path(__file__).parent.parent
needs_compiled = pytest.mark.skipif(not kernels.compiled(), reason="built without a compiler")
pytestmark = needs_compiled


@pytest.fixture
def numpy_only(monkeypatch):
    """Return a switch to the NumPy side of a function that has both."""
    return lambda: monkeypatch.setattr(kernels, "_native", None)


@pytest.mark.parametrize("n", [1, 15, 64, 65, 200])
@pytest.mark.parametrize("n_trees", [0, 1, 30])
def test_trees(n, n_trees, numpy_only):
    rng = np.random.default_rng(n)
    thresholds = rng.normal(size=(n_trees, 31)).astype(np.float32)
    thresholds[rng.random(thresholds.shape) < 0.3] = np.inf
    trees = BoostedTrees(
        rng.integers(0, 7, (n_trees, 31)).astype(np.int16), thresholds,
        rng.normal(size=(n_trees, 32)).astype(np.float32), 0.5,
    )  # fmt: skip
    X = rng.normal(size=(n, 7)).astype(np.float32)
    X[::3, 2] = thresholds.ravel()[0] if n_trees else 0  # equality goes left
    one, two = trees.predict(X), trees.predict(np.asfortranarray(X))
    numpy_only()
    want = trees.predict(X)
    assert np.allclose(one, want, atol=1e-5)
    assert np.allclose(two, want, atol=1e-5)


def postings(rng, n_names, n_columns, dtype):
    filled = rng.random((n_columns, n_names)) < 0.2
    columns = np.nonzero(filled)[1].astype(np.int32)
    ptr = np.concatenate([[0], np.cumsum(filled.sum(1))])
    return SparseRows(ptr, columns, rng.random(len(columns)).astype(dtype), n_names)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("budget", [10_000, 60, 1])
def test_postings(dtype, budget, numpy_only):
    rng = np.random.default_rng(1)
    index = _Postings(postings(rng, 211, 40, dtype), budget)
    ptr = np.array([0, 0, 5, 25, 26])
    columns = np.concatenate([rng.permutation(40)[:5], np.arange(20), [3]]).astype(np.int32)
    queries = SparseRows(ptr, columns, rng.random(26).astype(np.float32), 40)
    got = index.scores(queries, np.full((4, 211), 9, np.float32))
    numpy_only()
    want = index.scores(queries, np.full((4, 211), 9, np.float32))
    assert np.allclose(got, want, atol=1e-6)
    assert (want[0] == 0).all()
    assert want[2].max() > 0


@pytest.mark.parametrize("dim", [1, 8, 33, 130, 256])
def test_rows_of_float16(dim):
    rng = np.random.default_rng(2)
    table = rng.normal(size=(50, dim)).astype(np.float16)
    table[0] = np.float16(6e-8)  # below the normal numbers
    columns = np.concatenate([[0], rng.integers(0, 50, 29)]).astype(np.int32)
    weights = rng.normal(size=30).astype(np.float32)
    got = mapping.half_rows((np.array([0, 1, 1, 30]), columns, weights), table)
    rows = table[columns].astype(float) * weights[:, None]
    assert np.allclose(got, [rows[0], 0 * rows[0], rows[1:].sum(0)], atol=1e-4)
    assert got[0] == pytest.approx(rows[0], rel=1e-6)


def names_of_nodes(rng, n_nodes):
    counts = rng.choice([1, 1, 1, 2, 5], n_nodes)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return starts, np.repeat(np.arange(n_nodes), counts).astype(np.int32)


@pytest.mark.parametrize("n_nodes", [3, 40, 700, 3000])
@pytest.mark.parametrize("kind", ["plain", "masked", "ties", "negative"])
def test_best_nodes(n_nodes, kind):
    rng = np.random.default_rng(n_nodes)
    starts, owners = names_of_nodes(rng, n_nodes)
    channels = [rng.normal(size=(4, starts[-1])).astype(np.float32) / 4 for _ in range(3)]
    if kind == "ties":
        channels = [np.round(np.maximum(c, 0) * 4) / 4 for c in channels]
    if kind == "negative":
        channels = [-np.abs(c) for c in channels]
    allowed = rng.random(n_nodes) < 0.3 if kind == "masked" else None
    weights = [0.35, 0.2, 0.45]
    bounds = mapping.name_bounds(starts, owners, 3)
    got = mapping.best_nodes((starts, owners, bounds), channels, weights, allowed, 5, 11)
    nodes = [np.maximum.reduceat(c, starts[:-1], axis=1) for c in channels]
    total = sum(np.float32(w) * c for w, c in zip(weights, nodes, strict=True))
    at = 0
    for scores, k, least in [*((s, 5, 0) for s in nodes), (total, 11, -9)]:
        for q in range(4):
            order = np.lexsort((np.arange(n_nodes), -scores[q]))
            order = order[(scores[q, order] > least)]
            order = order[allowed[order]] if allowed is not None else order
            mine = got[q, at : at + k]
            n = min(k, len(order))
            assert (mine[n:] == -1).all()
            assert np.allclose(scores[q, mine[:n]], scores[q, order[:n]], atol=1e-6)
            if kind != "ties" or scores is not total:
                assert np.array_equal(mine[:n], order[:n])
        at += k


def test_scores_of_single_nodes_are_made_good():
    rng = np.random.default_rng(3)
    starts, _ = names_of_nodes(rng, 30)
    vectors = rng.normal(size=(3, 37)).astype(np.float32)
    documents = rng.normal(size=(starts[-1], 37)).astype(np.float32)
    scores = vectors @ documents.T
    query, node = np.repeat(np.arange(3), 30), np.tile(np.arange(30), 3)
    want = np.maximum.reduceat(scores, starts[:-1], axis=1).ravel()
    assert np.array_equal(mapping.node_scores(scores, starts, query, node), want)
    rough = np.zeros_like(scores)
    got = mapping.node_scores(rough, starts, query, node, (vectors, documents))
    assert np.allclose(got, want, atol=1e-5)
    assert np.allclose(rough, scores, atol=1e-5)


@pytest.mark.parametrize(("n", "dim", "b"), [(1, 3, 1), (31, 64, 13), (100, 256, 40), (33, 9, 12)])
def test_cosines_in_eight_bits(n, dim, b):
    rng = np.random.default_rng(n)
    documents = rng.normal(size=(n, dim)).astype(np.float32)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    queries = rng.normal(size=(b, dim)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    queries[0] = 0
    out = np.full((b, n), 7, np.float32)
    if not mapping.ByteVectors(documents, block=32).cosines(queries, out):
        pytest.skip("the processor has no AVX-512 VNNI")
    assert np.abs(out - queries @ documents.T).max() < 0.02
    assert (out[0] == 0).all()


@pytest.mark.parametrize("n", [5, 400, 5000])
def test_equal_scores_go_by_column(n):
    scores = np.zeros((2, n), np.float32)
    scores[1, ::2] = 1
    got = top_k(scores, 3)
    assert got.tolist() == [[0, 1, 2], [0, 2, 4]]


@pytest.mark.parametrize("level", ["base", "v3", "v4"])
def test_every_level_of_processor_is_equal(level):
    env = {**os.environ, "GRAPHEMB_LEVEL": level}
    code = [sys.executable, "-m", "pytest", "-q", "-x", __file__, "-k", "not every_level"]
    subprocess.run(code, env=env, cwd=ROOT, check=True, capture_output=True)


def test_mapping_is_the_same_without_kernels(mapper, numpy_only):
    phrases = [text.replace("e", "a", 1) for text in mapper.index_.names.normalised] * 8
    phrases += ["asdf qwer", "brew pot", "lg pan", "knife for the bread", ""]
    with_kernels = mapper.map(phrases, min_probability=0.0)
    numpy_only()
    without = mapper.map(phrases, min_probability=0.0)
    for (_, one), (_, two) in zip(with_kernels, without, strict=True):
        assert [row.node for row in one] == [row.node for row in two]
        assert np.allclose([r.probability for r in one], [r.probability for r in two], atol=1e-4)
        assert [row.matched for row in one] == [row.matched for row in two]
