"""Parquet tables as graphs."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from graphemb import InputError, load_graph
from graphemb.errors import MissingPackageError

from .graph_files import edges, parquet, put, quiet


def test_parquet_tables(tmp_path):
    file = parquet(tmp_path, weight=[2, 3], source=["a b", "é"], target=["é", "c"], note=["", ""])
    assert edges(load_graph(file)) == {("a b", "é"): 2, ("é", "c"): 3}
    file = parquet(tmp_path, u=pa.array([7, 9]), v=pa.array(["x", "y"]).dictionary_encode())
    g = load_graph(file, format="parquet", columns=("u", "v"), directed=True)
    assert g.nodes == ("7", "x", "9", "y")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"source": ["a"], "goal": ["b"]}, "one column 'target'; has 'source', 'goal'"),
        ({"source": ["a", None], "target": ["b", "c"]}, ":2: column 'source': an id is missing"),
        ({"source": ["a"], "target": [""]}, ":1: column 'target': an id is missing"),
        ({"source": [1.0], "target": [2.0]}, "must hold text or whole numbers"),
        ({"source": ["a"], "target": ["b"], "weight": ["1"]}, "must hold numbers"),
        ({"source": ["a"], "target": ["b"], "weight": [-1.0]}, ":1: a weight must be from 0"),
        (
            {"source": ["a"], "target": ["b"], "weight": pa.array([None], pa.float64())},
            ":1: a weight must be from 0 to 3.4e38; got nan",
        ),
        ({"source": pa.array([], "string"), "target": pa.array([], "string")}, "table is empty"),
    ],
)
def test_parquet_refused(tmp_path, columns, words):
    with pytest.raises(InputError, match=words):
        quiet(parquet(tmp_path, **columns))


def test_parquet_cut_and_missing_package(tmp_path, monkeypatch):
    whole = parquet(tmp_path, source=["a", "b"], target=["b", "c"]).read_bytes()
    for cut in range(4, len(whole), 13):
        with pytest.raises(InputError, match="damaged Parquet"):
            quiet(put(tmp_path, whole[:cut], "cut.parquet"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match=r"graphemb\[table\]"):
        load_graph(tmp_path / "g.parquet")
