"""What the tests of graph files share: writing small files, reading them, comparing graphs."""

from __future__ import annotations

import warnings

import pyarrow as pa
import pyarrow.parquet as pq

from graphemb import load_graph

HEAD = "%%MatrixMarket matrix coordinate "


def quiet(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_graph(source, **options)


def put(tmp_path, content, name="g.tsv"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def edges(graph):
    return {(u, v): w for u, v, w in graph.to_edges()}


def same(one, two):
    assert one.nodes == two.nodes
    assert one.directed == two.directed
    assert (one.adjacency != two.adjacency).nnz == 0


def parquet(tmp_path, **columns):
    pq.write_table(pa.table(columns), tmp_path / "g.parquet")
    return tmp_path / "g.parquet"
