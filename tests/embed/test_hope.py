from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import block_diag, csr_array

from graphemb import Graph, ParameterError
from graphemb.embed import EMBEDDERS
from graphemb.embed._lanczos import eigenpairs
from graphemb.embed._proximity import katz
from graphemb.embed._radius import radius, spectral_norm
from graphemb.embed.hope import HOPE, PROXIMITIES
from tests.oracles import proximity_dense


def matrix(kind, n, degree=5, seed=0):
    """A random weighted adjacency matrix: undirected, directed (with cycles, loops), or a DAG."""
    rng = np.random.default_rng(seed)
    A = np.where(rng.random((n, n)) < degree / n, rng.integers(1, 9, (n, n)) / 8, 0.0)
    if kind == "undirected":
        return np.triu(A) + np.triu(A, 1).T
    if kind == "directed":
        return A
    order = rng.permutation(n)
    return np.triu(A, 1)[order][:, order]


def graph(kind, n, **options):
    return Graph(csr_array(matrix(kind, n, **options)), directed=kind != "undirected")


def all_scores(hope):
    return hope.scores(np.arange(len(hope.source_))).astype(float)


@pytest.mark.parametrize("n", [30, 250])
@pytest.mark.parametrize("proximity", PROXIMITIES)
@pytest.mark.parametrize("kind", ["undirected", "directed", "dag"])
def test_as_good_as_the_dense_decomposition(kind, proximity, n):
    k = 10
    hope = HOPE(dim=2 * k, proximity=proximity, damping=0.7).fit(graph(kind, n))
    S = proximity_dense(matrix(kind, n), proximity, getattr(hope, "beta_", None), 0.7)
    U, sigma, Vt = np.linalg.svd(S)
    best = (U[:, :k] * sigma[:k]) @ Vt[:k]
    assert np.abs(all_scores(hope) - best).max() < 2e-3 * sigma[0]
    energy = (sigma[:k] ** 2).sum()
    assert (hope.singular_values_**2).sum() == pytest.approx(energy, rel=1e-5)
    assert (all_scores(hope) ** 2).sum() == pytest.approx(energy, rel=1e-5)
    missed = np.linalg.norm(S - all_scores(hope))
    assert missed == pytest.approx(np.linalg.norm(S - best), rel=1e-5)


@pytest.mark.parametrize("kind", ["undirected", "directed"])
def test_katz_close_to_the_bound(kind):
    A = matrix(kind, 250)
    beta = float(0.99 / np.abs(np.linalg.eigvals(A)).max())
    hope = HOPE(dim=40, beta=beta).fit(graph(kind, 250))
    U, sigma, Vt = np.linalg.svd(proximity_dense(A, "katz", beta))
    assert np.abs(all_scores(hope) - (U[:, :20] * sigma[:20]) @ Vt[:20]).max() < 1e-3 * sigma[0]


@pytest.mark.parametrize("kind", ["directed", "dag"])
def test_series_and_factorisation_agree(kind):
    A = csr_array(matrix(kind, 60, degree=3))
    beta = 0.5 / spectral_norm(A)
    X = np.random.default_rng(0).standard_normal((60, 4))
    series, factors = katz(A, True, beta, 0.5), katz(A, True, beta, 0.999999)
    S = proximity_dense(A.toarray(), "katz", beta)
    for one in (series, factors):
        assert np.allclose(one.apply(X), S @ X, atol=1e-9)
        assert np.allclose(one.adjoint(X), S.T @ X, atol=1e-9)


def test_an_acyclic_graph_takes_any_beta():
    A = matrix("dag", 40)
    hope = HOPE(dim=80, beta=3.0).fit(graph("dag", 40))
    S = proximity_dense(A, "katz", 3.0)
    assert np.allclose(all_scores(hope), S, atol=1e-5 * np.abs(S).max())


def test_a_long_chain_is_solved_not_summed():
    n = 5000
    chain = Graph.from_edges([(str(i), str(i + 1)) for i in range(n)], directed=True)
    hope = HOPE(dim=8, beta=1.0).fit(chain)
    # S is the upper triangle of ones; its singular values are those of the discrete integral.
    want = 1 / (2 * np.sin((2 * np.arange(1, 5) - 1) * np.pi / (4 * n + 2)))
    assert np.allclose(hope.singular_values_, want, rtol=1e-4)
    assert np.isfinite(HOPE(dim=8).fit(chain).embedding_.vectors).all()


def test_beta_beyond_the_bound_is_refused_and_the_bound_named():
    star = Graph.from_edges([("hub", str(i)) for i in range(100)])  # ρ = 10
    with pytest.raises(ParameterError, match=r"1/ρ\(A\) = 0\.1 .*got 0\.102\. .*takes 0\.05"):
        HOPE(beta=0.102).fit(star)
    with pytest.raises(ParameterError, match=r"= 0\.(1|09999\d+) .*got 0\.1001\."):
        HOPE(beta=0.1001).fit(star)
    HOPE(dim=4, beta=0.0999).fit(star)
    loop = Graph.from_edges([("a", "b", 4.0), ("b", "a", 4.0), ("b", "c")], directed=True)
    with pytest.raises(ParameterError, match=r"= 0\.25 "):
        HOPE(dim=2, beta=0.26).fit(loop)
    assert HOPE(dim=2, beta=0.2499).fit(loop).beta_ == 0.2499
    assert HOPE().fit(star).beta_ == pytest.approx(0.05, rel=1e-4)


def test_overflow_is_refused():
    chain = Graph.from_edges([(str(i), str(i + 1)) for i in range(300)], directed=True)
    with pytest.raises(ParameterError, match="overflows"):
        HOPE(dim=4, beta=1e6).fit(chain)
    with pytest.raises(ParameterError, match="overflows"):
        HOPE(dim=4, beta=1e308).fit(Graph(chain.adjacency * 1e30, directed=True))
    heavy = Graph.from_edges([("a", "b", 3e38), ("b", "c", 3e38), ("a", "c", 3e38)])
    with pytest.raises(ParameterError, match="overflows"):
        HOPE(dim=4, proximity="common_neighbours").fit(heavy)
    assert np.isfinite(HOPE(dim=4).fit(heavy).embedding_.vectors).all()


def test_weights_scale_out():
    A = matrix("undirected", 30)
    heavy = Graph(csr_array(A * 2.0**100))
    for proximity, power in (("katz", 0), ("pagerank", 0), ("adamic_adar", 0.5)):
        one = HOPE(dim=6, proximity=proximity).fit(graph("undirected", 30)).embedding_.vectors
        two = HOPE(dim=6, proximity=proximity).fit(heavy).embedding_.vectors
        assert np.allclose(two, one * 2.0 ** (100 * power), rtol=1e-6)


@pytest.mark.parametrize("kind", ["undirected", "directed", "dag"])
def test_bounds_of_the_radius(kind):
    for seed in range(5):
        A = matrix(kind, 60, degree=2, seed=seed)
        low, high = radius(csr_array(A))
        true = np.abs(np.linalg.eigvals(A)).max() if kind != "dag" else 0.0
        assert low <= true + 1e-9 and true <= high + 1e-9
        assert high - true <= 1e-3 * high
        norm = np.linalg.norm(A, 2)
        assert norm <= spectral_norm(csr_array(A)) + 1e-9 <= 1.001 * norm


def test_copies_of_an_eigenvalue_are_all_found():
    triangle = np.ones((3, 3)) - np.eye(3)
    A = csr_array(block_diag([triangle * 2] * 6 + [matrix("undirected", 300, degree=1)]))
    rng = np.random.default_rng(0)
    values, vectors = eigenpairs(
        lambda x: A @ x, 318, 12, np.abs, lambda b: rng.standard_normal((318, b)), 1e-6
    )
    true = np.linalg.eigvalsh(A.toarray())
    true = true[np.argsort(-np.abs(true))]
    assert np.allclose(np.abs(values[:12]), np.abs(true[:12]), rtol=1e-6)
    assert np.allclose(vectors.T @ vectors, np.eye(vectors.shape[1]), atol=1e-10)


def test_a_basis_that_closes_early_goes_on():
    A = np.zeros((400, 400))  # rank 2: the first block exhausts what A reaches
    A[0, 1:] = A[1:, 0] = 1.0
    rng = np.random.default_rng(0)
    values, vectors = eigenpairs(
        lambda x: A @ x, 400, 10, np.abs, lambda b: rng.standard_normal((400, b))
    )
    assert np.allclose(sorted(values)[:: len(values) - 1], [-np.sqrt(399), np.sqrt(399)])
    assert np.allclose(vectors.T @ vectors, np.eye(vectors.shape[1]), atol=1e-10)


@pytest.mark.parametrize("proximity", PROXIMITIES)
@pytest.mark.parametrize("kind", ["ring", "undirected", "directed"])
def test_renumbering_nodes_renumbers_rows(kind, proximity):
    n = 24 if kind == "ring" else 120  # a ring's eigenvalues come in pairs
    ring = Graph.from_edges([(str(i), str((i + 1) % n)) for i in range(n)])
    g = ring if kind == "ring" else graph(kind, n)
    order = np.random.default_rng(1).permutation(n)
    one = HOPE(dim=10, proximity=proximity).fit_transform(g).vectors
    two = HOPE(dim=10, proximity=proximity).fit_transform(g.subgraph([g.nodes[i] for i in order]))
    assert np.allclose(one[order], two.vectors, atol=1e-5)


def test_halves():
    g = graph("undirected", 40)
    hope = HOPE(dim=9).fit(g)
    assert hope.source_.dim == hope.target_.dim == 5
    assert hope.embedding_.dim == 9
    assert np.array_equal(hope.embedding_.vectors[:, :5], hope.source_.vectors)
    assert np.array_equal(hope.embedding_.vectors[:, 5:], hope.target_.vectors[:, :4])
    assert np.allclose(np.abs(hope.source_.vectors), np.abs(hope.target_.vectors))
    assert HOPE(dim=1).fit(g).embedding_.dim == 1


def test_nodes_without_edges_and_sinks_are_zero():
    g = Graph.from_edges([("a", "b"), ("c", "b")], nodes=["a", "b", "c", "alone"], directed=True)
    hope = HOPE(dim=4).fit(g)
    assert not hope.embedding_["alone"].any()
    assert not hope.source_["b"].any() and hope.target_["b"].any()
    assert not hope.target_["a"].any() and hope.source_["a"].any()
    assert HOPE(dim=4).fit(Graph(csr_array((0, 0)))).embedding_.vectors.shape == (0, 4)


def test_scores_of_rows():
    hope = HOPE(dim=8).fit(graph("directed", 30))
    scores = hope.scores([3, 5])
    assert scores.shape == (2, 30) and scores.dtype == np.float32
    assert scores[1, 7] == pytest.approx(
        float(hope.source_.vectors[5] @ hope.target_.vectors[7]), abs=1e-6
    )
    assert hope.scores([]).shape == (0, 30)
    with pytest.raises(ParameterError, match=r"rows must lie in 0 … 29; got 3 … 30"):
        hope.scores([3, 30])


@pytest.mark.parametrize(
    "wrong",
    [
        {"dim": 0}, {"proximity": "kats"}, {"beta": 0.0}, {"beta": np.nan}, {"beta": "x"},
        {"damping": 1.0}, {"damping": None}, {"inductive": "yes"}, {"inductive": []},
    ],
)  # fmt: skip
def test_bad_parameters(wrong):
    with pytest.raises(ParameterError, match=f"HOPE: {next(iter(wrong))} must"):
        HOPE(**wrong).fit(graph("undirected", 10))


def test_the_nearest_proximity_is_suggested():
    with pytest.raises(ParameterError, match="Did you mean 'adamic_adar'"):
        HOPE(proximity="adamic-adar").fit(graph("undirected", 10))


def test_registry_names_it():
    assert EMBEDDERS["hope"] is HOPE
