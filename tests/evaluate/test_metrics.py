from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphemb.errors import ParameterError
from graphemb.evaluate import TASKS
from graphemb.evaluate import _metrics as metrics
from graphemb.evaluate.mapping import MappingTask, distances
from tests.oracles import coverage, rank_of, undirected_distance


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1, width=32), st.booleans()),
        min_size=1,
        max_size=40,
        unique_by=lambda t: t[0],
    )
)
def test_coverage_equals_brute_force(rows):
    p, y = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    for precision in (0.5, 0.95):
        assert metrics.coverage_at(p, y, precision) == pytest.approx(coverage(p, y, precision))


def test_known_values():
    assert metrics.ranks([["a", "b"], [], ["c"]], [{"b"}, {"x"}, {"c"}]).tolist() == [2, 0, 1]
    assert [rank_of(["a", "b"], {"b"}), rank_of([], {"x"})] == [2, 0]
    low, high = metrics.wilson(50, 100)
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)
    assert metrics.wilson(0, 0) == (0.0, 1.0)
    p = np.array([0.9] * 10 + [0.1] * 10)
    y = np.array([1.0] * 9 + [0] + [1.0] + [0] * 9)
    assert metrics.expected_calibration_error(p, y, 2) == pytest.approx(0.0, abs=1e-9)
    assert metrics.expected_calibration_error(p, 1 - y, 2) == pytest.approx(0.8)
    assert metrics.aurc(np.array([0.9, 0.1]), np.array([1.0, 0.0])) == pytest.approx(0.25)
    mean, low, high = metrics.paired_interval(np.ones(50), np.zeros(50))
    assert (mean, low, high) == (1, 1, 1)


def test_distance_equals_breadth_first_search(kitchen):
    ids = kitchen.ids[::4]
    for a in ids:
        got = distances(kitchen, [[a]] * len(ids), [{b} for b in ids])
        assert got.tolist() == [undirected_distance(kitchen, a, b) for b in ids]
    assert distances(kitchen, [[]], [{"K:003"}]).tolist() == [kitchen.depth[kitchen.row("K:003")]]


def test_task_table(kitchen):
    t = TASKS["mapping"]().run(
        [["K:003", "K:004"], ["K:005"]],
        [{"K:004"}, {"K:005"}],
        kitchen,
        np.array([0.4, 0.9]),
        "g",
        "m",
    )
    assert t.value(metric="accuracy", k=1) == 0.5
    assert t.value(metric="accuracy", k=5) == 1.0
    assert t.value(metric="mrr") == 0.75
    assert t.value(metric="coverage@95") == 0.5
    with pytest.raises(ParameterError):
        MappingTask().run([], [])
