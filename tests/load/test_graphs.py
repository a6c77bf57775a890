from __future__ import annotations

import contextlib
import gzip
import io
import sys
import warnings
import zipfile

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphemb import Graph, InputError, ParameterError, load_graph
from graphemb.errors import MissingInputError, MissingPackageError, UnknownNameError
from graphemb.load import GRAPH_LOADERS, _fields


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


# --- edge lists


def test_streets():
    g = load_graph("fixtures/graphs/streets.tsv")
    assert g.nodes == (
        "High Street", "Mill Lane", "Östra väg", "Dock Road", "Pier 7", "007", "Cul-de-sac",
    )  # fmt: skip
    assert edges(g)["Mill Lane", "Östra väg"] == 1.5
    assert g.neighbors("Cul-de-sac") == ()
    assert load_graph("fixtures/graphs/streets.tsv", directed=True).neighbors("007") == ()
    assert set(edges(load_graph("fixtures/graphs/streets.tsv", weighted=False)).values()) == {1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nb\tc\n", {("a", "b"): 1, ("b", "c"): 1}),
        ("a b\nb   c\n", {("a", "b"): 1, ("b", "c"): 1}),
        ("a b 2\n  b c 0.5 \n", {("a", "b"): 2, ("b", "c"): 0.5}),
        ("a,b,1e2\nb,c,3", {("a", "b"): 100, ("b", "c"): 3}),
        ("a;b\nb;c\n", {("a", "b"): 1, ("b", "c"): 1}),
        ("# SNAP\n% KONECT\na b\n\n# more\nb c\n", {("a", "b"): 1, ("b", "c"): 1}),
        ("source,target\n#a,%b\n", {("#a", "%b"): 1}),
        ("w\tTarget\tother\tSource\n2\tb\tx\ta\n", {("a", "b"): 2}),
        ('source,target,weight\n"x, y","new\nline",2\n"say ""hi""",#1,3\n',
         {("x, y", "new\nline"): 2, ('say "hi"', "#1"): 3}),
        ('a\t"b"\n', {("a", '"b"'): 1}),
        ("007\t7\nNA\t123456789012345678901\n",
         {("007", "7"): 1, ("NA", "123456789012345678901"): 1}),
        ("\ufeffa\tb\r\nc\td\r\n", {("a", "b"): 1, ("c", "d"): 1}),
        ("😀\tא ב\n", {("😀", "א ב"): 1}),
        ("a b\n c \nd e\n", {("a", "b"): 1, ("d", "e"): 1}),
    ],
)  # fmt: skip
def test_edge_lists_accepted(tmp_path, text, expected):
    g = quiet(put(tmp_path, text), directed=True)
    assert edges(g) == expected


def test_nodes_stand_in_order_of_appearance_isolated_ones_too(tmp_path):
    g = load_graph(put(tmp_path, "9\t2\nalone\n1\t9\nsolo\n"))
    assert g.nodes == ("9", "2", "alone", "1", "solo")
    assert load_graph(put(tmp_path, "only\n9 2 5\n")).nodes == ("only", "9", "2")
    assert load_graph(put(tmp_path, "my node\na b\tc\n")).nodes == ("my node", "a b", "c")
    assert load_graph(put(tmp_path, "only\na,b\n")).nodes == ("only", "a", "b")
    assert load_graph(put(tmp_path, "only\na b,c\n")).nodes == ("only", "a b", "c")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("\n\n# c\n", "must hold edges"),
        ("source\ttarget\n", ":1: must hold edges; there is only a header"),
        ("a\nb\n", "at least one edge"),
        ("a\tb\na\tb\tc\n", ":2: must have 2 fields like the rows before"),
        ("a\tb\tc\td\n", ":1: must have 2 or 3 fields"),
        ("source\tsource\ttarget\na\tb\tc\n", "'source' comes twice"),
        ("a\tb\tnan\n", ":1: a weight must be from 0 to 3.4e38; got nan"),
        ("a\tb\t1\na\tc\tinf\n", ":2: a weight must be from 0"),
        ("a\tb\t1\na\tc\t-1\n", ":2: a weight must be from 0 to 3.4e38; got -1"),
        ("a\tb\t1e39\n", "got 1e.39"),
        ("a\tb\t1\nb\tc\theavy\n", ":2: a weight must be a number; got 'heavy'"),
        ("a\tb\t1\nb\tc\t1_0\n", ":2: a weight must be a number; got '1_0'"),
        ("a\tb\t1,5\n", "got '1,5'. Write a decimal point"),
        ("a\t\nb\tc\n", ":1: an edge needs two ids; one is empty"),
        ("a\tb\n\tc\n", ":2: an edge needs two ids; one is empty"),
        ("a\ta\nb\tb\n", ":1: must hold an edge between two nodes; all 2 edges are self-loops"),
        ('a,"b\nc,d\n', "quote that is not closed"),
        ("a\tb\0\n", "NUL"),
        ("a\tb\rc\td\r", "lone CR"),
        ("a\tb\nc".encode("utf-16"), "UTF-16"),
        ("a\tb\nc\té\n".encode("latin-1"), ":2: must be UTF-8"),
        (b"a\tb\nc\t\xed\xa0\x80\n", ":2: must be UTF-8"),
        (b"a\tb\n" + b"x" * (10 << 20) + b"\ty\n", ":2: lines must be at most 1 MiB"),
        (b"x" * (10 << 20), ":1: lines must be at most 1 MiB"),
        (",".join(["c"] * 100_000), "must have 2 or 3 fields"),
        (gzip.compress(b"a\tb\n" * 99)[:-9], "damaged gzip"),
    ],
)
def test_edge_lists_refused(tmp_path, text, words):
    file = put(tmp_path, text)
    with pytest.raises(InputError, match=words) as caught:
        quiet(file)
    assert str(file) in str(caught.value)


def test_all_problems_come_at_once_with_their_lines(tmp_path):
    rows = [f"n{i}\tm{i}\t{'x' if i % 100 == 7 else i}" for i in range(3000)]
    with pytest.raises(InputError) as caught:
        quiet(put(tmp_path, "\n".join(rows)))
    said = str(caught.value).splitlines()
    assert len(said) == 21
    assert said[0].startswith(f"{tmp_path}/g.tsv:8: a weight must be a number")
    assert said[-1] == "… and 10 more"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\tb\na\ta\nb\ta\n", ["1 × self-loop, kept (first: {f}:2)",
                                "1 × doubled edge, weights summed (first: {f}:3)"]),
        ("a \tb\nb\tc\n", ["1 × blanks around an id, dropped (first: {f}:1)"]),
        ("1\t1.0\n", ["id as whole number and as decimal (first: {f}: 1 and 1.0)"]),
        ("é\te\u0301\n", ["Unicode form only"]),
        ("a\tb\t1e-308\n", ["weight below 1e-45, kept as 0 (first: {f}:1)"]),
    ],
)  # fmt: skip
def test_edge_lists_warn(tmp_path, text, words):
    file = put(tmp_path, text)
    with pytest.warns(UserWarning) as noted:
        load_graph(file)
    said = "\n".join(str(w.message) for w in noted)
    for word in words:
        assert word.format(f=file) in said


def test_doubled_edges_are_summed_as_from_edges_does(tmp_path):
    rows = [("a", "b", 0.1), ("b", "a", 0.2), ("a", "b", 0.3), ("c", "c", 1), ("c", "c", 2)]
    text = "".join(f"{u}\t{v}\t{w}\n" for u, v, w in rows)
    for directed in (False, True):
        g = quiet(put(tmp_path, text), directed=directed)
        same(g, Graph.from_edges(rows, directed=directed))
    assert edges(g)["c", "c"] == 3


def test_blocks_and_lines_give_the_same_graph(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    rows = [f"n {a}\tm{b}\t{c / 8}" for a, b, c in rng.integers(0, 60, (4000, 3))]
    plain = quiet(put(tmp_path, "\n".join(rows)))
    monkeypatch.setattr(_fields, "BLOCK", 500)
    same(plain, quiet(put(tmp_path, "\n".join(rows))))
    rows.insert(2000, "# a comment")
    same(plain, quiet(put(tmp_path, "\n".join(rows) + "\n\n")))
    rows[100] += "x"
    rows.insert(3000, "1\t2")
    with pytest.raises(InputError, match=r"g.tsv:101: .*\n.*g.tsv:3001: must have 3 fields"):
        quiet(put(tmp_path, "\n".join(rows)))


@pytest.mark.parametrize("line", ["{} {}", "{}\t{}", " {}   {} "])
def test_whole_numbers_in_blocks_are_texts_like_any_other(tmp_path, monkeypatch, line):
    rng = np.random.default_rng(2)
    names = [*map(str, range(300)), "007", "+7", "1e3", "-0", "00", "999999999", "1234567890", "٣"]
    rows = [(names[a], names[b]) for a, b in rng.integers(0, len(names), (3000, 2)) if a != b]
    expected = Graph.from_edges(rows, directed=True)
    for block in (100, 1000, 1 << 20):
        monkeypatch.setattr(_fields, "BLOCK", block)
        file = put(tmp_path, "\n".join(line.format(*row) for row in rows))
        same(quiet(file, directed=True), expected)


def test_options_and_names(tmp_path, monkeypatch):
    file = put(tmp_path, "a|b\n~ c\nb|c\n", "x.edges")
    assert load_graph(file, format="edgelist", delimiter="|", comments="~").n_edges == 2
    with pytest.raises(ParameterError, match="one ASCII character"):
        load_graph(file, delimiter="||")
    with pytest.raises(UnknownNameError, match="delimiter"):
        load_graph(file, delimeter="|")
    with pytest.raises(UnknownNameError, match="Did you mean 'graphml'"):
        load_graph(file, format="graphm")
    with pytest.raises(MissingInputError):
        load_graph(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder"):
        load_graph(tmp_path)
    rated = put(tmp_path, "user,item,stars,when\nu1,i 1,5,x\n", "r.csv")
    assert edges(load_graph(rated, columns=("user", "item", "stars"))) == {("u1", "i 1"): 5}
    assert edges(load_graph(rated, columns=("user", "item"))) == {("u1", "i 1"): 1}
    with pytest.raises(InputError, match="r.csv:1: must be a header with the column 'thing'"):
        load_graph(rated, columns=("user", "thing"))
    with pytest.raises(ParameterError, match="two or three different names"):
        load_graph(rated, columns="user")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a b\n")))
    assert load_graph("-").nodes == ("a", "b")
    packed = put(tmp_path, gzip.compress(b"a b\n"), "any.name")
    assert load_graph(packed).n_edges == 1


ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1)
ids = ids.map(lambda s: s.encode().strip().decode()).filter(bool)
weights = st.floats(0, 2.0**100, width=32)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.dictionaries(st.tuples(ids, ids).filter(lambda e: e[0] != e[1]), weights, min_size=1),
    alone=st.lists(ids, max_size=3),
    comma=st.booleans(),
)
def test_edge_list_written_and_read_is_the_same(tmp_path, rows, alone, comma):
    import csv

    g = Graph.from_edges([(u, v, w) for (u, v), w in rows.items()], directed=True)
    nodes = list(dict.fromkeys([*g.nodes, *alone]))
    g = Graph.from_edges([(u, v, w) for (u, v), w in rows.items()], nodes, directed=True)
    if not comma and any("\t" in n or "\n" in n for n in nodes):
        comma = True
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter="," if comma else "\t", lineterminator="\n",
        quoting=csv.QUOTE_MINIMAL if comma else csv.QUOTE_NONE, quotechar='"' if comma else None,
    )  # fmt: skip
    writer.writerow(["source", "target", "weight"])
    for (u, v), w in rows.items():
        writer.writerow([u, v, repr(w)])
    for node in nodes:
        writer.writerow([node])
    same(quiet(put(tmp_path, out.getvalue()), directed=True), g)


# --- Matrix Market


def test_matrix_market_from_scipy(tmp_path):
    half = sp.random_array((30, 30), density=0.1, rng=np.random.default_rng(0))
    for matrix, directed in ((half + half.T, False), (half, True)):
        scipy.io.mmwrite(tmp_path / "m.mtx", sp.coo_array(matrix), precision=9)
        g = quiet(tmp_path / "m.mtx")
        assert g.directed is directed
        assert g.nodes[0] == "1"
        assert np.allclose(g.adjacency.toarray(), matrix.toarray(), atol=1e-7)


HEAD = "%%MatrixMarket matrix coordinate "


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


# --- npz


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


# --- GraphML


def test_graphml_from_networkx(tmp_path):
    for kind in (nx.Graph, nx.DiGraph):
        g = kind()
        g.add_node("alone é")
        g.add_edge("a b", "c<&>", weight=2.5, colour="red")
        g.add_edge("c<&>", "d")
        nx.write_graphml(g, tmp_path / "g.graphml")
        same(load_graph(tmp_path / "g.graphml"), Graph.from_networkx(g))


def graphml(inside, default="undirected", before=""):
    return (
        f'<?xml version="1.0"?>{before}\n'
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        '<key id="k" for="edge" attr.name="weight"><default>3</default></key>\n'
        f'<graph edgedefault="{default}">\n<node id="a"/><node id="b"/>\n{inside}\n'
        "</graph></graphml>"
    )


EDGE = '<edge source="a" target="b"/>'


def test_graphml_weights(tmp_path):
    own = graphml(
        '<edge source="a" target="b"><data key="k"> 7 </data><data key="z">x</data></edge>'
    )
    assert edges(load_graph(put(tmp_path, own))) == {("a", "b"): 7}
    assert edges(load_graph(put(tmp_path, graphml(EDGE)))) == {("a", "b"): 3}
    assert edges(load_graph(put(tmp_path, own), weighted=False)) == {("a", "b"): 1}
    assert edges(load_graph(put(tmp_path, own), format="graphml", weight="mass")) == {("a", "b"): 1}
    assert load_graph(put(tmp_path, graphml(EDGE, "directed"))).directed
    assert not load_graph(put(tmp_path, graphml(EDGE, "directed")), directed=False).directed
    file = put(tmp_path, graphml('<edge source="a" target="z"/>'))
    with pytest.warns(UserWarning, match="not declared, added"):
        assert load_graph(file).nodes == ("a", "b", "z")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (graphml(EDGE, before='<!DOCTYPE x [<!ENTITY a "b">]>'), ":1: must not declare"),
        (graphml(EDGE, before='<!DOCTYPE x SYSTEM "http://a/b.dtd">'), ":1: must not declare"),
        (graphml("<edge source='a' target='b'>&xxe;</edge>"), "well-formed XML"),
        (graphml("</graph><graph edgedefault='directed'>"), ":6: must hold one graph"),
        (graphml("<node id='c'><graph edgedefault='directed'/></node>"), "must hold one graph"),
        (graphml(EDGE + "<node id='a'/>"), ":6: the node 'a' comes twice, first on line 5"),
        (graphml("<node id=''/>"), "a node needs an id"),
        (graphml("<hyperedge><endpoint node='a'/></hyperedge>"), "hyperedge"),
        (graphml("<edge source='a'/>"), "needs a source and a target"),
        (graphml("<edge source='a' target='b' directed='true'/>"), "this one says otherwise"),
        (graphml("<edge source='a' target='b'><data key='k'>x</data></edge>"), "must be a number"),
        (graphml("<edge source='a' target='b'><data key='k'>-2</data></edge>"), "from 0 to 3.4e38"),
        (graphml("<edge source='a' target='a'/>"), "self-loops"),
        (graphml(EDGE, "sideways"), "edgedefault must be"),
        (graphml(EDGE)[:-30], "well-formed XML"),
        ("<graphml>" + "<x>" * 50_000, "nested at most 64"),
        ("<graphml></graphml>", "must hold a graph element"),
        ("<html><graphml/></html>", "its root is <html>"),
    ],
)  # fmt: skip
def test_graphml_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words) as caught:
        quiet(put(tmp_path, text, "g.graphml"))
    assert "g.graphml:" in str(caught.value)


# --- Parquet


def parquet(tmp_path, **columns):
    pq.write_table(pa.table(columns), tmp_path / "g.parquet")
    return tmp_path / "g.parquet"


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


# --- all


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
