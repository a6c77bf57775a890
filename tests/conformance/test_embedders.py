"""Laws that every node embedding keeps. A new one is tested before its author writes a test."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.sparse import csr_array

from graphemb import Embedding, Graph
from graphemb.embed import EMBEDDERS
from graphemb.embed.base import NodeEmbedder
from graphemb.errors import NotFittedError, ParameterError

#: Arguments under which a method keeps the laws in seconds, where its defaults are slow.
SETTINGS: dict[str, dict] = {
    "irwe": {"n_epochs": 2, "walk_length": 4, "projection_dim": 64, "hidden": 16, "n_walks": 50},
    "sdne": {"n_epochs": 10},
}
#: (method, law) → why the law does not hold. Strict: a law that holds after all fails the test.
EXCEPTIONS: dict[tuple[str, str], str] = {}

SHAPES = {
    "one node": Graph(csr_array((1, 1)), ["a"]),
    "two nodes": Graph.from_edges([("a", "b")]),
    "no edges": Graph(csr_array((4, 4))),
    "isolated": Graph.from_edges([("a", "b")], nodes=["a", "b", "c"]),
    "self-loop": Graph.from_edges([("a", "a"), ("a", "b")]),
    "sink": Graph.from_edges([("a", "b"), ("c", "b")], directed=True),
    "tiny weights": Graph.from_edges([("a", "b", 1e-30), ("b", "c", 1e30)]),
    "star": Graph.from_edges([("hub", str(i)) for i in range(300)]),
    "chain": Graph.from_edges([(str(i), str(i + 1)) for i in range(500)]),
    "blanks": Graph.from_edges([("my node", "ü x"), ("ü x", "z\tz")]),
}


def two_blocks(n=40):
    rng = np.random.default_rng(0)
    side = np.arange(n) < n // 2
    dense = rng.random((n, n)) < np.where(side[:, None] == side, 0.5, 0.04)
    upper = np.triu(dense, 1)
    return Graph(csr_array((upper | upper.T).astype(float))), side


@pytest.fixture(params=sorted(EMBEDDERS))
def embedder(request):
    """A class of the registry with its settings, marked to fail where an exception says so."""
    law = request.node.originalname.removeprefix("test_")
    if reason := EXCEPTIONS.get((request.param, law)):
        request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    made = partial(EMBEDDERS[request.param], **SETTINGS.get(request.param, {}))
    made.cls = EMBEDDERS[request.param]
    return made


def law_rows(cls, shape):
    e = cls(dim=7).fit_transform(SHAPES[shape])
    assert e.keys == SHAPES[shape].nodes
    assert e.vectors.shape == (len(e.keys), 7)
    assert e.vectors.dtype == np.float32
    assert np.isfinite(e.vectors).all()


def law_same_seed(cls, g):
    assert (
        cls(dim=5).fit_transform(g).vectors.tobytes()
        == cls(dim=5).fit_transform(g).vectors.tobytes()
    )
    assert (
        cls(dim=5, random_state=1).fit_transform(g).vectors.tobytes()
        != cls(dim=5).fit_transform(g).vectors.tobytes()
    )


def law_relabelling(cls, g):
    order = np.random.default_rng(3).permutation(g.n_nodes)
    turned = g.subgraph([g.nodes[i] for i in order])
    one, two = cls(dim=6).fit_transform(g), cls(dim=6).fit_transform(turned)
    assert np.allclose(one.vectors[order], two.vectors, atol=1e-5)


def law_better_than_random(cls):
    g, side = two_blocks()
    v = cls(dim=32).fit_transform(g).normalised().vectors
    sims = v @ v.T
    off = ~np.eye(len(v), dtype=bool)
    same = side[:, None] == side
    assert sims[same & off].mean() > sims[~same].mean() + 0.1


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_rows(embedder, shape):
    law_rows(embedder, shape)


def test_dim_may_exceed_nodes(embedder):
    assert embedder(dim=64).fit_transform(SHAPES["two nodes"]).dim == 64


def test_same_seed(embedder):
    law_same_seed(embedder, two_blocks()[0])


def test_relabelling(embedder):
    law_relabelling(embedder, two_blocks()[0])


def test_same_for_any_number_of_jobs(embedder):
    if "n_jobs" not in embedder.cls.parameters():
        return
    g = two_blocks()[0]
    one, *more = (embedder(dim=6, n_jobs=n).fit_transform(g).vectors.tobytes() for n in (1, 2, 4))
    assert more == [one, one]


def test_parameters_come_back(embedder):
    e = embedder(dim=9)
    again = embedder.cls(**e.get_params())
    assert again.get_params() == e.get_params()
    assert again.set_params(dim=4).dim == 4


def test_wrong_parameters_name_themselves(embedder):
    with pytest.raises(ParameterError, match=r"dim must be .*got 0"):
        embedder(dim=0).fit(SHAPES["two nodes"])
    with pytest.raises(ParameterError, match="random_state"):
        embedder(dim=4, random_state=-1).fit(SHAPES["two nodes"])


def test_fit_transform(embedder):
    g = two_blocks()[0]
    e = embedder(dim=6)
    assert e.fit_transform(g).vectors.tobytes() == e.transform(g).vectors.tobytes()


def test_unfitted(embedder):
    with pytest.raises(NotFittedError, match=embedder.cls.__name__):
        embedder().transform(SHAPES["two nodes"])


def test_save_and_load(embedder, tmp_path):
    e = embedder(dim=6).fit_transform(SHAPES["blanks"])
    e.save(tmp_path / "e")
    again = Embedding.load(tmp_path / "e")
    assert (again.keys, again.vectors.tobytes()) == (e.keys, e.vectors.tobytes())


def test_better_than_random(embedder):
    law_better_than_random(embedder)


class _Broken(NodeEmbedder):
    """Breaks every law: order of rows, dtype of nothing, seed, meaning."""

    def __init__(self, dim=8, random_state=0):
        self.dim, self.random_state = dim, random_state

    def fit(self, graph):
        g = Graph.of(graph)
        noise = np.random.default_rng().normal(size=(g.n_nodes, self.dim))
        self.embedding_ = Embedding(g.nodes[::-1], noise)
        return self


@pytest.mark.parametrize(
    "law",
    [
        lambda: law_rows(_Broken, "chain"),
        lambda: law_same_seed(_Broken, two_blocks()[0]),
        lambda: law_relabelling(_Broken, two_blocks()[0]),
        lambda: law_better_than_random(_Broken),
    ],
)
def test_each_law_can_fail(law):
    with pytest.raises(AssertionError):
        law()
