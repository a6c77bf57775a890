"""Graph, Embedding, MappingSet, ScoreTable, registry, estimator, random streams, errors."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array

from graphemb import (
    Candidate,
    Embedding,
    FastRP,
    Graph,
    InputError,
    MappingSet,
    ParameterError,
    ScoreTable,
)
from graphemb.errors import NotFittedError, Problems, UnknownNameError, UnknownNodeError, shown
from graphemb.registry import Registry
from graphemb.rng import seed_of, stream
from graphemb.scores import Score


def test_graph_round_trips_and_counts():
    g = Graph.from_edges(
        [("a b", "é"), ("é", "c", 2.5), ("c", "c")], nodes=["a b", "é", "c", "alone"]
    )
    assert g.n_edges == 3
    assert g.neighbors("é") == ("a b", "c")
    again = Graph.from_networkx(g.to_networkx())
    assert again.nodes == g.nodes
    assert (again.adjacency != g.adjacency).nnz == 0
    pyg = Graph.from_pyg(g.to_pyg())
    assert (pyg.adjacency != g.adjacency).nnz == 0
    assert g.subgraph(["c", "é"]).n_edges == 2
    with pytest.raises(ValueError, match="read-only"):
        g.adjacency.data[0] = 9


def test_graph_direction_and_reverse():
    g = Graph.from_edges([("a", "b")], directed=True)
    assert g.reverse().neighbors("b") == ("a",)
    assert g.to_undirected().n_edges == 1
    assert Graph.of(nx.DiGraph([("x", "y")])).directed


@pytest.mark.parametrize(
    ("matrix", "nodes", "words"),
    [
        (np.ones((2, 3)), None, "square"),
        (np.eye(2), ["a"], "one id a row"),
        (np.eye(2), ["a", "a"], "unique"),
        (np.eye(2), ["a", ""], "non-empty"),
        (np.array([[0, -1], [-1, 0]]), None, "at least 0"),
        (np.array([[0, np.nan], [1, 0]]), None, "finite"),
        (np.array([[0, 1], [0, 0]]), None, "symmetric"),
    ],
)
def test_graph_refuses(matrix, nodes, words):
    with pytest.raises(ParameterError, match=words):
        Graph(csr_array(matrix), nodes)


def test_graph_edges_refused():
    with pytest.raises(InputError, match="edge 1 must be"):
        Graph.from_edges([("a",)])
    with pytest.raises(InputError, match="not in nodes"):
        Graph.from_edges([("a", "b")], nodes=["a"])
    with pytest.raises(UnknownNodeError):
        Graph.from_edges([("a", "b")]).row("z")
    with pytest.raises(ParameterError, match="cannot be made from int"):
        Graph.of(3)


def test_embedding_holds_and_keeps(tmp_path):
    e = Embedding(["a b", "ü"], [[1, 2], [3, 4]])
    e.save(tmp_path / "e")
    again = Embedding.load(tmp_path / "e")
    assert again.keys == e.keys
    assert again.vectors.tobytes() == e.vectors.tobytes()
    assert e.rows(["ü", "a b"]).tolist() == [[3, 4], [1, 2]]
    with pytest.raises(UnknownNodeError):
        e["z"]
    for keys, vectors in ((["a", "a"], [[1], [2]]), (["a"], [[1], [2]]), (["a"], [[np.inf]])):
        with pytest.raises(ParameterError):
            Embedding(keys, vectors)


def test_mapping_set_records_a_no_match():
    c = Candidate(1, "n", "L", 0.5, 1.0, "m", "e", "p")
    s = MappingSet(["x", "y"], [[c], []])
    records = s.to_records()
    assert [r["node"] for r in records] == ["n", ""]
    assert records[1]["rank"] == 1
    assert s.best(1) is None
    with pytest.raises(ParameterError):
        MappingSet(["x"], [])


def test_score_table_round_trip():
    t = ScoreTable([Score("g", "m", "t", "accuracy", 0.25, k=1, low=0.1, high=0.4, n=9)])
    assert ScoreTable.from_json(t.to_json()).rows == t.rows
    assert t.to_tsv().splitlines()[1].startswith("g\tm\tt\taccuracy\t0.25")
    assert (t + t).filter(k=1).rows == t.rows * 2
    with pytest.raises(ParameterError, match="one row"):
        t.value(k=5)
    with pytest.raises(InputError, match="schema"):
        ScoreTable.from_json('{"schema": 99, "rows": []}')


def test_registry_suggests_and_is_lazy():
    r = Registry("shape", {"circle": "no_such_module:X", "square": "fractions:Fraction"})
    assert list(r) == ["circle", "square"]
    with pytest.raises(UnknownNameError, match="Did you mean 'circle'"):
        r["cirle"]
    with pytest.raises(ImportError, match="pip install"):
        r["circle"]


def test_estimator_contract():
    e = FastRP(dim=7)
    assert FastRP(**e.get_params()).get_params() == e.get_params()
    assert e.set_params(dim=9) is e
    assert e.dim == 9
    assert repr(e) == "FastRP(dim=9)"
    with pytest.raises(UnknownNameError, match="Did you mean 'dim'"):
        e.set_params(dimm=3)
    with pytest.raises(NotFittedError, match="FastRP: must be fitted"):
        e.transform(Graph.from_edges([("a", "b")]))


def test_streams_are_named():
    a, b = stream(1, "x", 2), stream(1, "x", 3)
    assert a.integers(1 << 60) != b.integers(1 << 60)
    assert seed_of(1, "x") == seed_of(1, "x") != seed_of(2, "x")
    for wrong in (-1, 1.5, True, "1"):
        with pytest.raises(ParameterError, match="random_state"):
            seed_of(wrong)


def test_values_in_messages_are_cut_and_escaped():
    assert len(shown("x" * 500)) == 80
    assert "\x1b" not in shown("\x1b[31m")
    assert "\u202e" not in shown("a\u202eb")
    problems = Problems("f.tsv")
    for i in range(25):
        problems.add(i + 1, "bad")
    with pytest.raises(InputError, match=r"f.tsv:1: bad") as caught:
        problems.raise_if_any()
    assert "… and 5 more" in str(caught.value)
