from __future__ import annotations

import time

import numpy as np
import pytest

from graphemb import InputError, ParameterError, Taxonomy
from graphemb.errors import UnknownNodeError
from graphemb.map.restriction import Restriction

PHRASES = ["knife", "pan with lid", "thing for baking", "big spoon", "electric pot"]


def allowed_by_hand(t, within=(), not_within=(), depth=None, leaves_only=False, ids=None):
    """Go through the nodes one by one."""
    found = []
    for node in t.ids:
        lines = {node, *t.ancestors(node)}
        level, steps = {node}, 0
        while not any(not t.parents(n) for n in level):
            level, steps = {p for n in level for p in t.parents(n)}, steps + 1
        if within and not lines & set(within):
            continue
        if lines & set(not_within):
            continue
        if depth is not None and not depth[0] <= steps <= (depth[1] or 10**9):
            continue
        if leaves_only and t.children(node):
            continue
        if ids is None or node in ids:
            found.append(node)
    return found


CASES = [
    {"within": ["K:002", "K:019"]},
    {"not_within": ["K:019"]},
    {"within": ["K:001"], "not_within": ["K:002", "K:011"]},
    {"depth": (1, 1)},
    {"depth": (2, None)},
    {"depth": (0, 1)},
    {"leaves_only": True},
    {"ids": ["K:003", "K:021", "K:041"]},
    {"ids": ["K:003", "K:002", "K:041"], "leaves_only": True, "within": ["K:002"]},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_masks_and_answers_equal_a_walk_over_the_nodes(mapper, kitchen, case):
    wanted = allowed_by_hand(kitchen, **case)
    mask = Restriction.of(**case).mask(kitchen)
    assert [kitchen.ids[i] for i in np.flatnonzero(mask)] == wanted
    answers = mapper.map(PHRASES, k=200, min_probability=0, **case)
    for _, rows in answers:
        found = [c.node for c in rows]
        assert set(found) <= set(wanted)
        # Lists refill: with few nodes allowed, all of them are ranked.
        assert len(found) == len(wanted) if len(wanted) <= 20 else len(found) >= 20


def test_the_best_allowed_node_is_found_however_far_down_it_stands(mapper, kitchen):
    for node in kitchen.ids:
        rows = mapper.map(["saucepan"], min_probability=0, ids=[node])[0]
        assert [c.node for c in rows] == [node]


def test_a_depth_is_a_least_depth(mapper, kitchen):
    least = mapper.map(["knife"], k=99, depth=2, min_probability=0)
    assert least.candidates == mapper.map(["knife"], k=99, depth=(2, None), min_probability=0)[:]
    assert all(kitchen.depth[kitchen.row(c.node)] >= 2 for c in least[0])


def test_nothing_restricts_nothing(mapper, kitchen):
    assert Restriction.of(within=[], not_within=()).mask(kitchen) is None
    assert mapper.map(PHRASES, not_within=[]).candidates == mapper.map(PHRASES).candidates


def test_polyhierarchy_alternates_and_both_sides():
    t = Taxonomy(
        ["r", "a", "b", "c"], list("RABC"), [("a", "r"), ("b", "r"), ("c", "a"), ("c", "b")],
        alternates={"old": "a"}, obsolete={"gone": ("Gone", "b")}, name="t",
    )  # fmt: skip
    assert Restriction.of(within=["old"]).mask(t).tolist() == [False, True, False, True]
    # Below both an allowed and a forbidden node: forbidden.
    both = Restriction.of(within=["a"], not_within=["b"])
    assert both.mask(t).tolist() == [False, True, False, False]
    with pytest.raises(UnknownNodeError, match="is obsolete; use b"):
        Restriction.of(ids=["gone"]).mask(t)
    with pytest.raises(UnknownNodeError) as caught:
        Restriction.of(within=["aa"], not_within=["x"], ids=["y", "y"]).mask(t)
    assert str(caught.value).count("has no node") == 3
    with pytest.raises(InputError, match="none is within 'a' and not within 'r'"):
        Restriction.of(within=["a"], not_within=["r"]).mask(t)


@pytest.mark.parametrize("depth", [-1, (2, 1), (1, 2, 3), "1:2", (0, -1), True, (None, 2), 1.5])
def test_bad_depths(mapper, depth):
    with pytest.raises(ParameterError, match="depth must be"):
        mapper.map(["x"], depth=depth)


def test_a_text_is_no_list_of_ids(mapper):
    for name in ("within", "not_within", "ids"):
        with pytest.raises(ParameterError, match=f"{name} must be a sequence"):
            mapper.map(["x"], **{name: "K:001"})
    with pytest.raises(InputError, match="none is one of 0 listed"):
        mapper.map(["x"], ids=[])


def test_facts_do_not_depend_on_order():
    one = Restriction.of(ids=["a", "b"], within=["x", "y"], depth=2)
    assert one.facts() == Restriction.of(ids=["b", "a", "b"], within=["y", "x"], depth=2).facts()
    assert one.facts() != Restriction.of(ids=["a"], within=["x", "y"], depth=2).facts()
    assert Restriction().facts() == {}


def test_a_mask_of_a_large_taxonomy_takes_milliseconds():
    n = 100_000
    ids = [str(i) for i in range(n)]
    t = Taxonomy(ids, ids, [(str(i), str((i - 1) // 4)) for i in range(1, n)])
    restriction = Restriction.of(["1"], ["6"], (2, 20), True, ids[::2])
    restriction.mask(t)  # numbers the ids, once a taxonomy
    start = time.perf_counter()
    assert restriction.mask(t).sum() > 1000
    assert time.perf_counter() - start < 0.5
