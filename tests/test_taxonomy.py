from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphemb import InputError, Synonym, Taxonomy
from graphemb.errors import CycleError, UnknownNodeError


def make(edges, n=6):
    ids = [f"n{i}" for i in range(n)]
    return Taxonomy(ids, [f"label {i}" for i in range(n)], [(f"n{a}", f"n{b}") for a, b in edges])


def test_poly_hierarchy_keeps_order_of_parents_and_shortest_depth():
    t = make([(1, 0), (2, 1), (3, 2), (3, 0), (4, 3)])
    assert t.parents("n3") == ("n2", "n0")
    assert t.depth.tolist() == [0, 1, 2, 1, 2, 0]
    assert t.ancestors("n4") == ("n0", "n1", "n2", "n3")
    assert t.descendants("n1") == ("n2", "n3", "n4")
    assert t.path("n4") == ("label 0", "label 1", "label 2", "label 3", "label 4")
    assert t.roots == ("n0", "n5")
    assert set(t.leaves) == {"n4", "n5"}


def test_graph_runs_from_child_to_parent():
    g = make([(1, 0), (2, 0)]).graph
    assert g.directed
    assert g.neighbors("n1") == ("n0",)
    assert g.neighbors("n0") == ()


@pytest.mark.parametrize("ring", [[(0, 1), (1, 0)], [(i, (i + 1) % 500) for i in range(500)]])
def test_a_cycle_is_refused_and_printed(ring):
    with pytest.raises(InputError, match="acyclic.*n0 → n1.*Remove one"):
        make(ring, n=max(6, len(ring)))


def test_a_long_cycle_is_cut_in_the_message():
    with pytest.raises(InputError, match=r"… \(500 nodes\)"):
        make([(i, (i + 1) % 500) for i in range(500)], n=500)


def test_chain_of_100_000_levels():
    n = 100_000
    ids = [str(i) for i in range(n)]
    t = Taxonomy(ids, ids, zip(ids[1:], ids, strict=False))
    assert t.depth[-1] == n - 1
    assert len(t.path_rows(n - 1)) == n


@pytest.mark.parametrize(
    ("ids", "labels", "words"),
    [
        ([], [], "at least one node"),
        (["a", "a"], ["x", "y"], "unique"),
        (["a", ""], ["x", "y"], "not empty"),
        (["a"], ["x", "y"], "one label a node"),
    ],
)
def test_bad_nodes(ids, labels, words):
    with pytest.raises(InputError, match=words):
        Taxonomy(ids, labels, [])


def test_all_unknown_ends_are_reported_together():
    with pytest.raises(InputError) as caught:
        Taxonomy(["a"], ["x"], [("a", f"z{i}") for i in range(30)])
    assert str(caught.value).count("unknown node") == 20
    assert "… and 10 more" in str(caught.value)


def test_unknown_node_names_the_nearest_and_alternates():
    t = Taxonomy(["abc1"], ["x"], [], alternates={"old": "abc1"})
    with pytest.raises(UnknownNodeError, match="Did you mean 'abc1'"):
        t.row("abc2")
    with pytest.raises(UnknownNodeError, match="alternate id of abc1"):
        t.row("old")


def test_hash_follows_content():
    one = Taxonomy(["a", "b"], ["x", "y"], [("b", "a")], {"a": [Synonym("z")]})
    same = Taxonomy(["a", "b"], ["x", "y"], [("b", "a")], {"a": [Synonym("z")]})
    other = Taxonomy(["a", "b"], ["x", "y"], [("b", "a")], {"a": [Synonym("w")]})
    assert one.sha256 == same.sha256 != other.sha256
    assert one.with_synonyms({}).synonyms == {}


def test_current_follows_alternates_and_successors():
    t = Taxonomy(
        ["a", "b"], ["x", "y"], [], alternates={"alt": "a", "merged": "b"}, xrefs={"a": ["X:1"]},
        obsolete={"o1": ("old", "o2"), "o2": ("older", "alt"), "dead": ("gone", None),
                  "r1": ("ring", "r2"), "r2": ("ring", "r1"), "merged": ("m", None)},
    )  # fmt: skip
    assert [t.current(n) for n in ("a", "alt", "o1", "o2", "merged")] == ["a", "a", "a", "a", "b"]
    for node in ("dead", "r1", "nowhere"):
        with pytest.raises(UnknownNodeError):
            t.current(node)
    with pytest.raises(UnknownNodeError, match="'gone' is obsolete\\."):
        t.row("dead")
    with pytest.raises(UnknownNodeError, match="'old' is obsolete; use o2"):
        t["o1"]
    kept = t.with_synonyms({})
    assert (kept.obsolete, kept.xrefs) == (t.obsolete, {"a": ("X:1",)})


def test_obsolete_and_xrefs_are_checked():
    with pytest.raises(InputError, match="'a' must be a node or obsolete, not both"):
        Taxonomy(["a"], ["x"], [], obsolete={"a": ("x", None)})
    with pytest.raises(InputError, match="xref names the unknown node 'b'"):
        Taxonomy(["a"], ["x"], [], xrefs={"b": ["X:1"]})


def test_a_cycle_carries_its_nodes():
    with pytest.raises(CycleError) as caught:
        make([(0, 1), (1, 2), (2, 0), (3, 0)])
    assert set(caught.value.cycle) == {"n0", "n1", "n2"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40))
def test_closure_equals_a_walk(pairs):
    edges = [(max(a, b), min(a, b)) for a, b in pairs if a != b]
    t = make(edges, n=15)
    up = {i: {b for a, b in edges if a == i} for i in range(15)}
    for start in range(15):
        seen, todo = set(), [start]
        while todo:
            x = todo.pop()
            if x not in seen:
                seen.add(x)
                todo += up[x]
        assert set(np.flatnonzero(t.closure([start], down=False))) == seen
