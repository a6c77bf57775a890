"""Matrices as graphs: Matrix Market and npz."""

from __future__ import annotations

import contextlib
import zipfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from graphemb import Graph, InputError, load_graph

from .graph_files import HEAD, edges, put, quiet, same


def test_matrix_market_from_scipy(tmp_path):
    half = sp.random_array((30, 30), density=0.1, rng=np.random.default_rng(0))
    for matrix, directed in ((half + half.T, False), (half, True)):
        scipy.io.mmwrite(tmp_path / "m.mtx", sp.coo_array(matrix), precision=9)
        g = quiet(tmp_path / "m.mtx")
        assert g.directed is directed
        assert g.nodes[0] == "1"
        assert np.allclose(g.adjacency.toarray(), matrix.toarray(), atol=1e-7)


def test_matrix_market_kinds(tmp_path):
    file = put(tmp_path, HEAD + "pattern symmetric\n% c\n\n3 3 2\n2 1\n3 1\n")
    assert edges(load_graph(file)) == {("1", "2"): 1, ("1", "3"): 1}
    assert load_graph(file, directed=True).n_edges == 4
    file = put(tmp_path, HEAD + "integer general\n2 2 1\n1 2 7\n")
    assert load_graph(file).directed
    assert edges(load_graph(file, directed=False)) == {("1", "2"): 7}
    with pytest.warns(UserWarning, match="doubled entry"):
        load_graph(put(tmp_path, HEAD + "real general\n2 2 2\n1 2 7\n1 2 1\n"))
    with pytest.warns(UserWarning, match="no edges"):
        assert load_graph(put(tmp_path, HEAD + "real general\n2 2 0\n")).n_nodes == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%%MatrixMarket matrix array real general\n2 2\n", ":1: must be"),
        (HEAD + "complex general\n2 2 1\n1 1 1 1\n", ":1: must be"),
        (HEAD + "real skew-symmetric\n2 2 1\n2 1 1\n", ":1: must be"),
        (HEAD + "real general\n% nothing\n", "size line"),
        (HEAD + "real general\n2 2\n", ":2: must give rows, columns and entries"),
        (HEAD + "real general\n2 3 1\n1 1 1\n", ":2: must be square"),
        (HEAD + "real general\n2 2 999999999\n1 2 1\n", ":2: cannot have"),
        (HEAD + "real general\n2 2 2\n1 2 1\n", "holds 1. The file may be cut"),
        (HEAD + "real general\n2 2 1\n1 2\n", ":3: must have 3 numbers; has 2"),
        (HEAD + "real general\n2 2 2\n1 2 1\n1 3 1\n", ":4: rows and columns must be from 1"),
        (HEAD + "real general\n2 2 2\n1 2 1\n0 1 1\n", ":4: rows and columns must be from 1"),
        (HEAD + "real general\n2 2 1\n1 2 -4\n", ":3: a weight must be from 0"),
        (HEAD + "real general\n2 2 1\n1 2 nan\n", ":3: a weight must be from 0"),
        (HEAD + "real general\n2 2 1\n1 b 3\n", ":3: must hold numbers; got 'b'"),
        (HEAD + "real general\n2 2 1\n1 99999999999999999999 3\n", ":3: must hold numbers"),
        (HEAD + "real general\n2 2 1\n1 1 3\n", "all are self-loops"),
    ],
)
def test_matrix_market_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        quiet(put(tmp_path, text, "m.mtx"))


def test_npz_from_scipy_with_names(tmp_path):
    g = Graph.from_edges([("a b", "é", 2.0), ("é", "c")], nodes=["a b", "é", "c", "alone"])
    a = g.adjacency
    file = tmp_path / "g.npz"
    np.savez(file, data=a.data, indices=a.indices, indptr=a.indptr, shape=a.shape, nodes=g.nodes)
    same(load_graph(file), g)
    for layout in (sp.csr_array, sp.coo_array):
        sp.save_npz(file, layout(a))
        assert load_graph(file).nodes == ("0", "1", "2", "3")
    arc = Graph.from_edges([("0", "1")], directed=True)
    sp.save_npz(file, sp.csr_array(arc.adjacency))
    same(load_graph(file), arc)


GOOD = {
    "data": np.ones(2), "indices": np.array([1, 0]), "indptr": np.array([0, 1, 2]),
    "shape": np.array([2, 2]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": np.array([1, -1.0])}, r"data\[1\]: a weight must be from 0"),
        ({"data": np.array([1, np.nan])}, r"data\[1\]"),
        ({"data": np.array(["a", "b"])}, "real numbers"),
        ({"indices": np.array([1, 5])}, "from 0 to 1"),
        ({"indices": np.array([1, -1])}, "from 0 to 1"),
        ({"indices": np.array([1.0, 0.0])}, "whole numbers"),
        ({"indptr": np.array([0, 3, 2])}, "never fall"),
        ({"indptr": np.array([0, 2])}, "indptr must be 3 numbers"),
        ({"shape": np.array([2, 3])}, r"shape must be \(n, n\)"),
        ({"nodes": np.array(["a", "a"])}, "unique"),
        ({"nodes": np.array(["a"])}, "one id a row"),
        ({"nodes": np.array(["a", ""])}, "non-empty"),
        ({"nodes": np.array(["a", None], dtype=object)}, "Python objects, which are never loaded"),
        ({"nodes": np.zeros(2, dtype="i4,i4")}, "records"),
        ({"indptr": None}, "must hold the arrays"),
        ({"format": np.array("csc")}, "csr or coo"),
    ],
)
def test_npz_refused(tmp_path, change, words):
    arrays = {k: v for k, v in {**GOOD, **change}.items() if v is not None}
    np.savez(tmp_path / "g.npz", **arrays)
    with pytest.raises(InputError, match=words):
        quiet(tmp_path / "g.npz")


def test_npz_damaged_anywhere_is_an_input_error(tmp_path):
    file = tmp_path / "g.npz"
    np.savez_compressed(file, **GOOD)
    whole = file.read_bytes()
    for cut in range(0, len(whole), 7):
        with pytest.raises(InputError):
            quiet(put(tmp_path, whole[:cut], "cut.npz"), format="npz")
    for at in range(0, len(whole), 3):
        flipped = bytearray(whole)
        flipped[at] ^= 4
        with contextlib.suppress(InputError):
            quiet(put(tmp_path, bytes(flipped), "flip.npz"), format="npz")


def test_npz_bomb_link_and_strangers(tmp_path):
    file = tmp_path / "g.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("data.npy", b"\0" * (64 << 20))
    with pytest.raises(InputError, match="unpacks to over 200 times"):
        load_graph(file)
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("../evil.py", b"")
    with pytest.raises(InputError, match="npy members only"):
        load_graph(file)
    link = zipfile.ZipInfo("data.npy")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "w") as z:
        z.writestr(link, b"/etc/passwd")
    with pytest.raises(InputError, match="plain file"):
        load_graph(file)
