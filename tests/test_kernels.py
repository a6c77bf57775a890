"""The compiled kernels equal their NumPy reference; and the reference equals what it stands for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from graphemb import ParameterError, kernels
from graphemb.kernels import SkipGramModel, WalkTable, _reference, alias_table

ROOT = Path(__file__).parent.parent
needs_compiled = pytest.mark.skipif(not kernels.compiled(), reason="built without a compiler")


def sparse(n, density=0.1, weighted=True, seed=0):
    rng = np.random.default_rng(seed)
    m = random_array((n, n), density=density, rng=rng, dtype=np.float32).tocsr()
    m = csr_array((m + m.T).astype(np.float32))
    m.indices = m.indices.astype(np.int32)
    m.sort_indices()
    if not weighted:
        m.data[:] = 1
    return m


@pytest.mark.parametrize("dim", [1, 15, 16, 33, 128, 150, 256])
@pytest.mark.parametrize("weighted", [True, False])
def test_sparse_times_dense(dim, weighted):
    m = sparse(70, weighted=weighted)
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(70, dim)).astype(np.float32)
    scale = rng.random(70).astype(np.float32)
    want = scale[:, None] * (m.toarray().astype(float) @ dense)
    for jobs in (1, 3):
        assert np.allclose(kernels.spmm(m, dense, scale, jobs), want, atol=1e-4)
    assert np.allclose(
        _reference.spmm(m, dense, scale, np.empty((70, dim), np.float32)), want, atol=1e-4
    )


def test_hashes_are_equal_and_scatter():
    texts = ["", "a", "b", "ab", "12345678", "123456789", "ü", "a\0b", "x" * 40, "\ud800"]
    assert np.array_equal(kernels.hashes(texts, 5), _reference.hashes(texts, 5))
    many = kernels.hashes([str(i) for i in range(20_000)], 1)
    assert len(np.unique(many)) == 20_000
    bits = (many[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.02


@pytest.mark.parametrize("kind", ["sparse", "gaussian", "uniform"])
def test_projections_are_equal(kind):
    hashes = np.arange(50, dtype=np.uint64) ** np.uint64(5)
    scale = np.linspace(0.5, 2, 50).astype(np.float32)
    one = kernels.projection(hashes, 37, kind, 9.0, scale)
    assert np.allclose(one, _reference.projection(hashes, 37, kind, 9.0, scale), rtol=1e-5)
    assert np.abs(one).max() > 0


@pytest.mark.parametrize(("dim", "density"), [(37, 9.0), (128, 1.0), (150, 40.0), (5, 1e9)])
def test_entries_are_those_of_the_dense_projection(dim, density):
    hashes = np.arange(500, dtype=np.uint64) ** np.uint64(5)
    scale = np.linspace(0.5, 2, 500).astype(np.float32)
    want = _reference.projection(hashes, dim, "sparse", density, scale)
    for made in (kernels.entries, _reference.entries):
        got = made(hashes, dim, density, scale)
        assert got.nnz == np.count_nonzero(want)
        assert np.allclose(got.toarray(), want, rtol=1e-6)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("density", [1.0, 4.0, 30.0])
def test_sparse_times_sparse_is_a_dense_product(weighted, density):
    m, scale = sparse(300, weighted=weighted), np.linspace(0.5, 2, 300).astype(np.float32)
    other = kernels.entries(np.arange(300, dtype=np.uint64) ** np.uint64(3), 33, density)
    want = scale[:, None] * (m.toarray().astype(float) @ other.toarray())
    for jobs in (1, 3):
        assert np.allclose(kernels.spmm(m, other, scale, jobs), want, atol=1e-3)
    out = np.empty((300, 33), np.float32)
    assert np.allclose(_reference.spmm(m, other, scale, out), want, atol=1e-3)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("kept", [True, False])
def test_products_are_added_as_rows_are(normalise, kept):
    m, rng = sparse(1100, 0.01), np.random.default_rng(1)
    dense = rng.normal(size=(1100, 24)).astype(np.float32)
    want = np.ones((1100, 24), np.float32)
    product = kernels.spmm(m, dense)
    kernels.add_rows(want, product, 0.5, normalise)
    for jobs in (1, 2):
        got, out = np.ones_like(want), np.empty_like(want) if kept else None
        kernels.spmm_added(m, dense, None, got, 0.5, normalise, jobs, out)
        assert np.array_equal(got, want)
        assert out is None or np.array_equal(out, product)


def test_moments_of_columns():
    rng = np.random.default_rng(3)
    rows = (rng.normal(size=(9000, 7)) * [1, 2, 3, 0, 0, 1, 1] + [0, 1, 1e3, 7.7, 0, 0, 0]).astype(
        np.float32
    )
    wide = rows.astype(float)
    for got in (kernels.column_moments(rows), kernels.column_moments(rows, 2)):
        assert np.allclose(got[0], wide.mean(axis=0), rtol=1e-12, atol=1e-12)
        assert np.allclose(got[1], wide.std(axis=0), rtol=1e-7, atol=0)
    assert kernels.column_moments(rows[:0])[1].tolist() == [0] * 7
    shift = rows[0]
    want = _reference.column_sums(rows, shift)
    assert np.allclose(kernels.column_moments(rows)[0], want[0] / 9000 + shift, rtol=1e-9)


def test_aligned_rows_begin_with_a_line_of_the_cache():
    for shape in ((3, 16), (1000, 128), (0, 4), (5, 7)):
        made = kernels.aligned(*shape)
        assert made.shape == shape and not made.any() and made.flags.c_contiguous
        assert made.ctypes.data % 64 == 0 or not made.size


def test_rows_are_added_at_unit_length():
    rows = np.array([[3e-25, 4e-25], [3e25, 4e25], [0, 0], [3, 4]], np.float32)
    total = np.ones((4, 2), np.float32)
    kernels.add_rows(total, rows, 2.0, True)
    assert np.allclose(total - 1, [[1.2, 1.6], [1.2, 1.6], [0, 0], [1.2, 1.6]])


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (0.25, 4.0), (4.0, 0.5), (1.0, 0.5), (2.0, 2.0)])
def test_walks_are_equal_to_the_bit(weighted, p, q):
    m = sparse(60, 0.04, weighted)
    table = WalkTable(m)
    starts = np.tile(np.arange(60, dtype=np.int32), 20)
    units = np.arange(1200, dtype=np.uint64)
    want = _reference.walks(table, starts, units, 15, p, q, 7)
    for jobs in (1, 2, 4):
        assert np.array_equal(kernels.walks(table, starts, units, 15, p, q, 7, jobs), want)
    steps = want[:, :-1], want[:, 1:]
    moved = steps[1] >= 0
    assert table.has_edge(steps[0][moved], steps[1][moved]).all()


def exact_second_order(m, t, v, p, q):
    """P(next | t → v): equation of section 3.2.2, by its definition."""
    row = m[[v], :].toarray().ravel().astype(float)
    near = m[[t], :].toarray().ravel() > 0
    alpha = np.where(near, 1.0, 1.0 / q)
    alpha[t] = 1.0 / p
    return row * alpha / (row * alpha).sum()


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("p", "q"), [(0.25, 0.25), (4.0, 0.5), (0.5, 2.0)])
def test_second_order_steps_follow_their_law(weighted, p, q):
    from scipy.stats import chisquare

    m = sparse(12, 0.25, weighted, seed=3)
    table = WalkTable(m)
    starts = np.zeros(60_000, np.int32)
    got = kernels.walks(table, starts, np.arange(60_000, dtype=np.uint64), 3, p, q, 5)
    first = m[[0], :].toarray().ravel().astype(float)
    counts = np.bincount(got[:, 1], minlength=12)
    assert chisquare(counts[first > 0], 60_000 * first[first > 0] / first.sum()).pvalue > 1e-4
    v = int(np.argmax(counts))
    want = exact_second_order(m, 0, v, p, q)
    counts = np.bincount(got[got[:, 1] == v, 2], minlength=12)
    assert counts[want == 0].sum() == 0
    kept = want > 0
    assert chisquare(counts[kept], counts.sum() * want[kept]).pvalue > 1e-4


def test_a_walk_ends_at_a_sink():
    m = csr_array((np.ones(2, np.float32), ([0, 1], [1, 2])), shape=(3, 3))
    got = kernels.walks(WalkTable(m), np.arange(3), np.arange(3), 4)
    assert got.tolist() == [[0, 1, 2, -1], [1, 2, -1, -1], [2, -1, -1, -1]]


def test_alias_tables_hold_their_distribution():
    weights = np.array([5.0, 1.0, 0.0, 3.0, 1.0])
    keep, alias = alias_table(weights)
    got = np.bincount(np.arange(5), keep, 5) + np.bincount(alias, 1.0 - keep, 5)
    assert np.allclose(got / 5, weights / weights.sum(), atol=1e-6)


def model(n, dim, share, n_negative=5, seed=0):
    rng = np.random.default_rng(seed)
    keep, alias = alias_table(rng.random(n) + 0.1)
    return SkipGramModel(
        rng.normal(size=(n, dim)).astype(np.float32) / 4,
        rng.normal(size=(n, dim)).astype(np.float32) / 4,
        keep, alias, (rng.random(n) + 0.4).astype(np.float32), 4, n_negative, share, 11,
    )  # fmt: skip


@pytest.mark.parametrize("share", [1, 3, 8])
@pytest.mark.parametrize("n_negative", [1, 5, 7, 12])
def test_skip_gram_is_equal(share, n_negative):
    walks = np.random.default_rng(2).integers(0, 30, (12, 9)).astype(np.int32)
    walks[3, 5:] = -1
    walks[4, 1:] = -1
    units = np.arange(12, dtype=np.uint64)
    one, two = model(30, 32, share, n_negative), model(30, 32, share, n_negative)
    kernels.skipgram(one, walks, units, (0.05, 0.01))
    _reference.skipgram(two, walks, units, (0.05, 0.01))
    assert np.allclose(one.input, two.input, atol=1e-4)
    assert np.allclose(one.output, two.output, atol=1e-4)
    assert np.abs(one.input - model(30, 32, share).input).max() > 0.01


def test_skip_gram_steps_along_the_gradient():
    """One window's movement is rate times the gradient of equation 4, taken by differences."""
    m = model(6, 16, share=64, n_negative=2)
    contexts, targets = [1, 2, 4], [0, 3, 5]
    start_in, start_out = m.input.astype(float), m.output.astype(float)

    def objective(rows_in, rows_out):
        logits = rows_in[contexts] @ rows_out[targets].T
        sign = np.array([1, -1, -1])
        return -np.logaddexp(0, -sign * logits).sum()

    _reference._run(m, contexts, targets, 1e-3)
    for matrix, moved, row in (("in", m.input, 2), ("out", m.output, 3), ("out", m.output, 0)):
        for column in (0, 7):
            pair = []
            for step in (1e-4, -1e-4):
                ins, outs = start_in.copy(), start_out.copy()
                (ins if matrix == "in" else outs)[row, column] += step
                pair.append(objective(ins, outs))
            slope = (pair[0] - pair[1]) / 2e-4
            before = (start_in if matrix == "in" else start_out)[row, column]
            assert (moved[row, column] - before) / 1e-3 == pytest.approx(slope, abs=2e-3)


@needs_compiled
@pytest.mark.parametrize("level", ["base", "v3", "v4"])
def test_every_level_of_processor_is_equal(level):
    """Each build of the loops passes this file; a level above the processor's falls back."""
    env = {**os.environ, "GRAPHEMB_LEVEL": level}
    tests = "sparse_times or skip_gram_is_equal or unit_length or entries or added or moments"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "tests/test_kernels.py", "-k", tests],
        env=env, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip


def test_without_a_compiler_numpy_does_the_work_and_says_so_once(tmp_path):
    code = (
        "import sys, warnings; sys.modules['graphemb.kernels._native'] = None\n"
        "import graphemb as ge\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    g = ge.Graph.from_edges([('a', 'b'), ('b', 'c')])\n"
        "    ge.FastRP(dim=4).fit(g); ge.Node2Vec(dim=4, n_walks=1, walk_length=4).fit(g)\n"
        "print(len([w for w in told if 'compiled kernels' in str(w.message)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "1"


def test_refuses_odd_numbers_of_jobs():
    for jobs in (0, -2, 1.5, True):
        with pytest.raises(ParameterError, match="n_jobs"):
            kernels.checked_jobs(jobs)
    assert kernels.checked_jobs(-1) >= 1


@pytest.mark.slow
def test_sanitizers_find_nothing(tmp_path):
    """The kernel tests pass under the address and undefined-behaviour sanitizers."""
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.')\n"
        "from hatch_build import compile_kernels\n"
        f"print(compile_kernels(Path('.').resolve(), Path({str(tmp_path)!r})))\n"
    )
    env = {**os.environ, "GRAPHEMB_SANITIZE": "1"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
    run = (
        "import sys, importlib.util as u, pytest\n"
        f"s = u.spec_from_file_location('graphemb.kernels._native', {str(tmp_path)!r} + "
        "'/_native.abi3.so')\n"
        "m = u.module_from_spec(s); s.loader.exec_module(m)\n"
        "sys.modules['graphemb.kernels._native'] = m\n"
        "sys.exit(pytest.main(['-q', 'tests/test_kernels.py', 'tests/test_kernels_mapping.py', "
        "'tests/test_kernels_pairs.py', '-k', "
        "'not levels and not level and not sanitizers and not compiler']))\n"
    )
    env = {**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "runtime error" not in done.stderr
