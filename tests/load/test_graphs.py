"""What holds of every graph loader, and of graphs made from arrays."""

from __future__ import annotations

import contextlib
import io

import networkx as nx
import numpy as np
import pytest

from graphemb import Graph, InputError, ParameterError
from graphemb.load import GRAPH_LOADERS

from .graph_files import HEAD, edges, parquet, put, quiet, same


@pytest.mark.parametrize("kind", sorted(GRAPH_LOADERS))
def test_no_damage_ends_in_anything_but_an_input_error(kind, tmp_path, monkeypatch):
    g = Graph.from_edges([("1", "2", 2.0), ("2", "3"), ("3", "4"), ("4", "é")])
    a = g.adjacency
    npz = io.BytesIO()
    np.savez(npz, data=a.data, indices=a.indices, indptr=a.indptr, shape=a.shape, nodes=g.nodes)
    nx.write_graphml(g.to_networkx(), tmp_path / "g.graphml")
    table = parquet(tmp_path, source=["1", "2"], target=["2", "3"], weight=[1.0, 2.0])
    whole = {
        "npz": npz.getvalue(),
        "edgelist": b'# c\nsource,target,weight\n1,2,2\n"2",3,1\n3,4,1\n4,\xc3\xa9,1\nx\n',
        "mtx": HEAD.encode() + b"real symmetric\n% c\n5 5 4\n2 1 2\n3 2 1\n4 3 1\n5 4 1\n",
        "graphml": (tmp_path / "g.graphml").read_bytes(),
        "parquet": table.read_bytes(),
    }[kind]
    rng = np.random.default_rng(5)
    for _ in range(400):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), rng.integers(1, 6)):
            data[at] = rng.choice([0, 9, 10, 34, 44, 45, 48, 57, 60, 62, 255, rng.integers(256)])
        if rng.random() < 0.3:
            del data[rng.integers(len(data)) :]
        with contextlib.suppress(InputError):
            quiet(put(tmp_path, bytes(data), "x"), format=kind)


def test_every_loader_says_what_it_reads():
    for name in GRAPH_LOADERS:
        loader = GRAPH_LOADERS[name]()
        assert loader.suffixes or loader.magic
        assert loader.get_params() == GRAPH_LOADERS[name](**loader.get_params()).get_params()


def test_arrays_make_graphs_and_edges_come_back():
    g = Graph.from_arrays([0, 1, 1], [1, 2, 0], [1, 2, 4], ["a", "b", "c"])
    assert edges(g) == {("a", "b"): 5, ("b", "c"): 2}
    same(Graph.from_edges(g.to_edges(), g.nodes), g)
    assert Graph.from_arrays([0], [1], nodes=2, directed=True).nodes == ("0", "1")
    with pytest.raises(ParameterError, match="one length"):
        Graph.from_arrays([0], [1, 2], nodes=3)
    with pytest.raises(ParameterError, match="rows from 0 to 1"):
        Graph.from_arrays([0], [2], nodes=2)
