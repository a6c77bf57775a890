"""Edge lists as graphs: delimiters, quotes, weights, warnings, blocks."""

from __future__ import annotations

import gzip
import io
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphemb import Graph, InputError, ParameterError, load_graph
from graphemb.errors import MissingInputError, UnknownNameError
from graphemb.load import _fields

from .graph_files import edges, put, quiet, same


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
