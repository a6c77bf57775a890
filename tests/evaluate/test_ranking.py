from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from graphemb.errors import ParameterError
from graphemb.evaluate import _ranking as ranking
from tests.evaluate import oracles


def harmonic(n):
    return np.r_[0.0, np.cumsum(1.0 / np.arange(1, n + 1))]


ROWS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=2, max_size=7).filter(
    lambda rows: any(r for _, r in rows)
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 4))
def test_ties_count_with_their_expectation(rows, k):
    scores = np.array([[float(s) for s, _ in rows]], np.float32)
    column = np.flatnonzero([r for _, r in rows])
    query = np.zeros(len(column), np.int64)
    greater, equal = ranking.counts(scores, query, column)
    relevant = set(column.tolist())
    found = ranking.average_precision(query, greater, equal, 1, harmonic(len(rows)))[0]
    assert found == pytest.approx(oracles.expected_ap(scores[0].tolist(), relevant))
    at = ranking.precision_at(k, query, greater, equal, 1)[0]
    assert at == pytest.approx(oracles.expected_precision(scores[0].tolist(), relevant, k))


def test_without_ties_it_is_scikit_learns():
    rng = np.random.default_rng(0)
    scores, truth = rng.normal(size=(5, 200)), rng.random((5, 200)) < 0.1
    query, column = np.nonzero(truth)
    greater, equal = ranking.counts(scores, query, column)
    found = ranking.average_precision(query, greater, equal, 5, harmonic(200))
    wanted = [average_precision_score(t, s) for t, s in zip(truth, scores)]
    assert found == pytest.approx(wanted)


def test_sorted_and_compared_rows_count_alike(monkeypatch):
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 20, (4, 90)).astype(np.float32)
    query, column = np.nonzero(rng.random((4, 90)) < 0.4)
    monkeypatch.setattr(ranking, "_SHARE", 1)
    compared = ranking.counts(scores, query, column)
    monkeypatch.setattr(ranking, "_MOST", 0)
    by_sorting = ranking.counts(scores, query, column)
    for one, two in zip(compared, by_sorting):
        assert one.tolist() == two.tolist()
    assert compared[0][0] == (scores[query[0]] > scores[query[0], column[0]]).sum()


@pytest.mark.parametrize("number", [1, 2, 5, 6])
def test_random_order(number):
    wanted = oracles.expected_ap([0.0] * 6, set(range(number)))
    found = ranking.random_average_precision(np.array([number]), 6, harmonic(6))[0]
    assert found == pytest.approx(wanted)


def test_no_relevant_is_not_a_number():
    none = np.zeros(0, np.int64)
    assert np.isnan(ranking.average_precision(none, none, none, 2, harmonic(3))).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
)
def test_auc_is_scikit_learns(positive, negative):
    p, n = np.array(positive, float), np.array(negative, float)
    truth = np.r_[np.ones(len(p)), np.zeros(len(n))]
    value, low, high = ranking.auc(p, n)
    assert value == pytest.approx(roc_auc_score(truth, np.r_[p, n]))
    assert 0 <= low <= value <= high <= 1
    wins = [[(a > b) + 0.5 * (a == b) for b in n] for a in p]
    by_rows, by_columns = np.mean(wins, axis=1), np.mean(wins, axis=0)
    variance = by_rows.var(ddof=1) / len(p) + by_columns.var(ddof=1) / len(n)
    assert value - max(0.0, value - 1.959964 * variance**0.5) == pytest.approx(value - low)


def test_interval_of_auc_covers():
    rng = np.random.default_rng(5)
    truth = 0.760  # P(N(1, 1) > N(0, 1)) = Φ(1/√2)
    covered = 0
    for _ in range(300):
        _, low, high = ranking.auc(rng.normal(1, 1, 60), rng.normal(0, 1, 60))
        covered += low <= truth <= high
    assert 0.90 <= covered / 300 <= 0.99


def test_two_samples_and_hits():
    positive, negative = np.array([3.0, 1.0]), np.array([2.0, 1.0, 0.0])
    wanted = oracles.expected_ap([3.0, 1.0, 2.0, 1.0, 0.0], {0, 1})
    assert ranking.two_sample_average_precision(positive, negative) == pytest.approx(wanted)
    assert ranking.hits_at(1, positive, negative) == 0.5
    assert ranking.hits_at(2, positive, negative) == 0.5  # 1.0 equals the second best: no hit
    assert ranking.hits_at(3, positive, negative) == 1.0
    assert ranking.hits_at(4, positive, negative) == 1.0
    with pytest.raises(ParameterError, match="positives and negatives"):
        ranking.auc(positive, negative[:0])
