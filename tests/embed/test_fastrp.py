from __future__ import annotations

import numpy as np
import pytest

from graphemb import FastRP, Graph, ParameterError
from graphemb.embed import EMBEDDERS
from tests.oracles import fastrp_dense


def ring(n):
    return Graph.from_edges([(str(i), str((i + 1) % n)) for i in range(n)])


def dense(rows):
    return rows.toarray() if hasattr(rows, "toarray") else rows


@pytest.mark.parametrize("projection", ["sparse", "gaussian"])
def test_equals_the_dense_definition(projection):
    g = Graph.from_edges(
        [("a", "b", 2.0), ("b", "c"), ("c", "d"), ("a", "d"), ("d", "d")], nodes=list("abcdz")
    )
    e = FastRP(dim=16, projection=projection, beta=-0.7, weights=(0.5, 0, 1, 2)).fit(g)
    R = dense(e._start(g.nodes))
    want = fastrp_dense(g.adjacency.toarray().astype(float), R.astype(float), (0.5, 0, 1, 2), -0.7)
    assert np.allclose(e.embedding_.vectors, want, atol=1e-5)


def test_projections_have_their_moments():
    e = FastRP(dim=200, projection="gaussian").fit(ring(300))
    R = e._start(ring(300).nodes)
    assert abs(R.mean()) < 0.02
    assert abs(R.std() - 1) < 0.02
    s = FastRP(dim=200).fit(ring(300))
    S = dense(s._start(ring(300).nodes))
    assert set(np.unique(np.abs(S)).round(3)) == {0.0, np.float32(np.sqrt(np.sqrt(300))).round(3)}
    assert abs((S**2).mean() - 1) < 0.1


def test_sibling_leaves_differ_and_an_unseen_node_gets_a_row():
    star = Graph.from_edges([("hub", "a"), ("hub", "b")])
    e = FastRP(dim=32, projection="gaussian").fit(star)
    assert not np.allclose(e.embedding_["a"], e.embedding_["b"])
    grown = Graph.from_edges([("hub", "a"), ("hub", "b"), ("a", "new")])
    assert np.isfinite(e.transform(grown)["new"]).all()


def test_standardised_columns():
    v = FastRP(dim=8, projection="gaussian", standardise=True).fit_transform(ring(50)).vectors
    assert np.allclose(v.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(v.std(axis=0), 1, atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [{"dim": 0}, {"weights": ()}, {"weights": (np.nan,)}, {"beta": np.inf}, {"projection": "x"}],
)
def test_bad_parameters(wrong):
    with pytest.raises(ParameterError, match=f"FastRP: {next(iter(wrong))}"):
        FastRP(**wrong).fit(ring(3))


def test_registry_names_it():
    assert EMBEDDERS["fastrp"] is FastRP
