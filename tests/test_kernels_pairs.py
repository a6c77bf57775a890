"""The compiled loops over pairs equal what they stand for, at every level of processor."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz

from graphemb import kernels
from graphemb.kernels import pairs
from graphemb.map._runs import best_of_run, rank_in_run
from graphemb.map._text_features import MAX_WORDS
from graphemb.map.features import feature_table
from graphemb.map.retrieve import Batch

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not kernels.compiled(), reason="built without a compiler")


def sentences(letters, n, most):
    rng = random.Random(n + most)
    words = ["".join(rng.choices(letters, k=rng.randint(1, 6))) for _ in range(9)]
    return [" ".join(rng.choices(words, k=rng.randint(0, most))) for _ in range(n)]


@pytest.mark.parametrize("most", [3, 12, 60])
@pytest.mark.parametrize("letters", ["ab", "abcdefgh0123", "aé日本中ж𝔸b"])
def test_text_ratios_are_those_of_rapidfuzz(letters, most):
    left, right = sentences(letters, 20, most), sentences(letters, 200, most)
    query = np.sort(np.arange(200) % 20)
    right[::7] = [left[q] for q in query[::7]]
    got = pairs.text_ratios(left, query, right)
    for a, b, found in zip([left[q] for q in query], right, got.T, strict=True):
        want = [fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b), fuzz.token_set_ratio(a, b)]
        assert np.array_equal(found[:3], np.float32(want) / np.float32(100)), (a, b)
        assert found[3:].tolist() == [np.float32(len(a) / max(len(b), 1)), a == b]


def test_text_ratios_of_long_texts_and_of_none():
    left = ["é" * 300, "x y " * 500, ""]
    got = pairs.text_ratios(left, np.array([0, 1, 2]), ["é" * 5000, "y x", ""])
    assert got[4].tolist() == [0, 0, 1]
    assert got[2].tolist() == pytest.approx([600 / 5300, 1.0, 0.0], abs=0.01)
    assert pairs.text_ratios([], np.zeros(0, np.int64), []).shape == (5, 0)


def test_ranks_and_rivals():
    rng = np.random.default_rng(0)
    ptr = np.array([0, 0, 1, 40, 40, 100])
    run = np.repeat(np.arange(5), np.diff(ptr))
    values = np.round(rng.normal(size=100), 1).astype(np.float32)
    gap, rank = pairs.run_ranks(values, ptr)
    assert np.array_equal(gap, values - best_of_run(values, ptr))
    assert np.array_equal(rank, rank_in_run(values, run, ptr))
    group = rng.integers(-1, 9, 100)
    for i, lead in enumerate(pairs.rival_gaps(values, group, ptr)):
        others = values[(run == run[i]) & (group == group[i]) & (np.arange(100) != i)]
        assert lead == values[i] - (others.max() if len(others) else 0)


def test_features_are_the_same_without_kernels(mapper, monkeypatch):
    index = mapper.index_
    texts = [text.replace("e", "a", 1) for text in index.names.normalised]
    texts += ["asdf qwer", "brew pot lg", "2 knives for the bread " * 9, "second left é", ""]

    def table():
        batch = Batch(texts, index.parts.encoder)
        return feature_table(index, batch, index.candidates(batch))

    one = table()
    monkeypatch.setattr(kernels, "_native", None)
    two = table()
    assert set(one.columns) == set(two.columns)
    for name, column in two.columns.items():
        # The centroid is a difference of sums, and of little where one candidate outweighs all.
        close = 2e-3 if name == "centroid" else 2e-5
        assert np.allclose(one.columns[name], column, atol=close), name
    assert np.array_equal(one.best_name, two.best_name)
    assert np.array_equal(one.match.held, two.match.held)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_cosines_of_words(size):
    """Late interaction of random words is what a product of matrices makes of it."""
    rng = np.random.default_rng(size)
    n_words, n = 50, 30
    sides = [rng.integers(0, 40, 7), rng.integers(1, 40, n)]  # words of queries, of names
    ptr, name_ptr = (np.concatenate([[0], np.cumsum(counts)]) for counts in sides)
    ids, words = rng.integers(0, n_words, ptr[-1]), rng.integers(0, n_words, name_ptr[-1])
    vectors = rng.normal(size=(n_words, size)).astype(np.float16)
    idf = rng.random(n_words).astype(np.float32) + 1
    none = np.zeros(0, np.int64)
    book = (
        name_ptr, words, np.zeros(2, np.int64), none, np.zeros(2, np.int64), none, idf,
        np.ones(n, np.float32), np.zeros(n_words, np.int8), vectors,
    )  # fmt: skip
    said = (ptr, ids, ids, np.zeros(len(ids), np.int32), idf[ids], vectors.astype(np.float32))
    query, name = np.sort(np.arange(n) % 7), np.arange(n)
    out, held = pairs.pair_words(said, book, MAX_WORDS, query, np.zeros(n, np.int64), name)
    found = dict(zip(pairs.PAIR_WORDS, out, strict=True))
    assert len(held) == np.diff(ptr)[query].sum()
    alike = np.maximum(vectors.astype(np.float32) @ vectors.astype(np.float32).T, 0)
    for i, q in enumerate(query):
        mine = ids[ptr[q] : ptr[q + 1]]
        theirs = words[name_ptr[i] : name_ptr[i + 1]][:MAX_WORDS]
        met = alike[np.ix_(mine, theirs)]
        if len(mine):
            want = np.average(met.max(axis=1), weights=idf[mine])
            assert found["soft_query"][i] == pytest.approx(want, rel=1e-4)
            assert found["soft_worst"][i] == pytest.approx(met.max(axis=1).min(), abs=1e-4)
            want = np.average(met.max(axis=0), weights=idf[theirs])
            assert found["soft_name"][i] == pytest.approx(want, rel=1e-4)


@pytest.mark.parametrize("level", ["base", "v3", "v4"])
def test_every_level_of_processor_is_equal(level):
    env = {**os.environ, "GRAPHEMB_LEVEL": level}
    code = [sys.executable, "-m", "pytest", "-q", "-x", __file__, "-k", "not every_level"]
    subprocess.run(code, env=env, cwd=ROOT, check=True, capture_output=True)
