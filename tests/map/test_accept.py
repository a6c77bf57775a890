from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import graphemb as ge
from graphemb import InputError, ParameterError, PhraseMapper
from graphemb.map._accepting import calibrate_acceptance, fingerprint, taught
from graphemb.map._bounds import binomial_cdf, fewest_rows, upper_bound, weighted_tail
from graphemb.map.accept import (
    AcceptancePolicy,
    choose_threshold,
    frequency_cap,
    set_threshold,
)


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(1, 400), st.floats(1e-6, 1 - 1e-6))
def test_binomial_cdf_is_scipys(k, n, p):
    assert binomial_cdf(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 200), (50, 60), (1900, 100_000)])
def test_upper_bound_is_clopper_and_pearsons(k, n):
    for level in (0.05, 0.01):
        exact = stats.beta.ppf(1 - level, k + 1, n - k)
        assert upper_bound(float(k), np.ones(n), level) == pytest.approx(exact, abs=1e-9)
        # Weights that are all alike are counts, whatever their unit.
        assert upper_bound(7.0 * k, np.full(n, 7.0), level) == pytest.approx(exact, abs=1e-9)


def test_fewest_rows_is_the_least_that_pass():
    for error in (0.01, 0.02, 0.05, 0.2):
        n = fewest_rows(error, 0.05)
        assert binomial_cdf(0, n, error) <= 0.05 < binomial_cdf(0, n - 1, error)


@pytest.mark.parametrize("heavy_first", [True, False, None])
def test_weighted_tail_is_valid_wherever_the_errors_sit(heavy_first):
    # The share of wrong weight is exactly 5 %: a test at 10 % may pass in at most 10 % of draws.
    rng = np.random.default_rng(3)
    passed = 0
    for _ in range(400):
        w = np.minimum(np.ceil(rng.pareto(1.5, 300)), 12.0)
        risk = np.full(300, 0.05)
        if heavy_first is not None:
            order = np.argsort(-w if heavy_first else w, kind="stable")
            left, risk = 0.05 * w.sum(), np.zeros(300)
            for i in order:
                risk[i] = min(0.6, left / w[i])
                left -= risk[i] * w[i]
        wrong = rng.random(300) < risk
        passed += weighted_tail(float(w[wrong].sum()), w, 0.05) <= 0.10
    assert passed <= 0.10 * 400 + 2


def draw(rng, n, risk, weights=False):
    p = rng.beta(2, 0.5, n)
    w = np.minimum(np.ceil(rng.pareto(2.0, n)), 30.0) if weights else None
    return p, rng.random(n) < risk(p), w


RISKS = {
    "calibrated": lambda p: 1 - p,
    "overconfident": lambda p: np.minimum(1.0, 2.5 * (1 - p)),
    "constant, just too high": lambda p: np.full(p.shape, 0.0501),
    "rising with probability": lambda p: np.where(p > 0.9, 0.07, 0.04),
    "a step": lambda p: np.where(p > 0.6, 0.01, 0.4),
}


@pytest.mark.parametrize(
    ("risk", "weights"),
    [*((r, False) for r in RISKS), ("overconfident", True), ("constant, just too high", True)],
)
def test_the_promise_is_broken_in_at_most_one_of_twenty_samples(risk, weights):
    """Brute force: 200 reviewed samples each, the true error of what would be accepted."""
    rng = np.random.default_rng(11)
    p_all, _, w_all = draw(rng, 100_000, RISKS[risk], weights)
    true = RISKS[risk](p_all)
    broken = given_up = 0
    for _ in range(200):
        p, wrong, w = draw(rng, 600, RISKS[risk], weights)
        cap = np.inf
        if w is not None:
            cap = frequency_cap(w, p, 0.05, 0.95)
            p = np.where(w <= cap, p, 0.0)
        choice = choose_threshold(p, wrong, 0.05, 0.95, w)
        if choice is None:
            given_up += 1
            continue
        assert choice.bound <= 0.05 + 1e-9
        taken = p_all >= choice.threshold
        weight = np.ones(len(p_all)) if w_all is None else w_all * (w_all <= cap)
        broken += (true * weight)[taken].sum() / weight[taken].sum() > 0.05
    assert broken <= 0.07 * 200
    if risk in ("calibrated", "a step") and not weights:
        assert given_up <= 0.2 * 200


def test_what_is_accepted_is_counted_right():
    rng = np.random.default_rng(0)
    p, wrong, _ = draw(rng, 2000, RISKS["calibrated"])
    p[:50] = 0.0
    p = np.round(p, 2)  # many ties
    choice = choose_threshold(p, wrong, 0.05, 0.95)
    taken = p >= choice.threshold
    assert choice.n_accepted == taken.sum()
    assert choice.n_wrong == wrong[taken].sum()
    assert choice.share == choice.volume == taken.mean()
    # A looser promise accepts more, a surer one less.
    assert choose_threshold(p, wrong, 0.10, 0.95).share >= choice.share
    assert choose_threshold(p, wrong, 0.05, 0.99).share <= choice.share


def test_without_enough_rows_nothing_is_promised():
    assert choose_threshold(np.full(148, 0.9), np.zeros(148, bool), 0.02, 0.95) is None
    assert choose_threshold(np.full(149, 0.9), np.zeros(149, bool), 0.02, 0.95).n_accepted == 149
    assert choose_threshold(np.zeros(500), np.zeros(500, bool), 0.02, 0.95) is None
    for bad in ({"max_error": 0.0}, {"max_error": 1.0}, {"confidence": 0.3}):
        how = {"max_error": 0.02, "confidence": 0.95} | bad
        with pytest.raises(ParameterError, match=next(iter(bad))):
            choose_threshold(np.ones(3), np.zeros(3, bool), **how)


def test_conformal_sets_cover():
    rng = np.random.default_rng(5)
    held = []
    for _ in range(400):
        scores = rng.beta(3, 1, 120)
        least = set_threshold(scores[:100], 0.9)
        held.append((scores[100:] >= least).mean())
    assert 0.89 <= np.mean(held) <= 0.925
    assert set_threshold(np.ones(18), 0.95) is None  # 19 rows is the least
    assert set_threshold(np.ones(19), 0.95) == 1.0
    assert set_threshold(np.r_[np.zeros(10), np.ones(90)], 0.95) is None


def reviewed(kitchen, n, seed=0, wrong=0.0):
    rng = np.random.default_rng(seed)
    names = [(node, text.lower()) for node, text, _ in kitchen.phrases()]
    words = ["big", "old", "small", "new", "metal", "my", "clean", "wooden", "good", "nice"]
    found: dict[str, str] = {}
    while len(found) < n:
        node, text = names[rng.integers(len(names))]
        text = " ".join([*rng.choice(words, rng.integers(1, 3)), text])
        found.setdefault(text, node if rng.random() >= wrong else "K:002")
    return list(found), [{node} for node in found.values()]


def test_a_mapper_is_calibrated_and_its_policy_is_kept(mapper, model, kitchen, tmp_path):
    phrases, right = reviewed(kitchen, 400)
    policy = calibrate_acceptance(mapper, phrases, right, 0.05, coverage=0.95)
    answers = mapper.map(phrases, k=100, min_probability=0)
    first = np.array([row[0].probability for _, row in answers])
    bad = np.array([row[0].node not in ids for (_, row), ids in zip(answers, right)])
    taken = policy.accepts(first)
    assert policy.n_accepted == taken.sum() > 100
    assert policy.n_wrong == bad[taken].sum()
    assert policy.bound <= 0.05
    inside = [
        any(c.node in ids and p for c, p in zip(row, policy.in_set([c.probability for c in row])))
        for (_, row), ids in zip(answers, right)
    ]
    assert np.mean(inside) >= 0.95
    again = AcceptancePolicy.from_json(policy.to_json())
    assert again == policy
    assert ge.AcceptancePolicy.calibrated(mapper, phrases, right, 0.05, coverage=0.95) == policy
    policy.save(tmp_path / "p.json")
    assert AcceptancePolicy.load(tmp_path / "p.json") == policy
    assert again.model == fingerprint(mapper) == fingerprint(PhraseMapper.load(model))
    assert not policy.unlike(first)
    assert policy.unlike(first / 2)
    assert policy.unlike(np.ones(200))
    assert not policy.unlike([0.0] * 99)


def test_volume_leaves_the_heaviest_to_people(mapper, kitchen):
    phrases, right = reviewed(kitchen, 500)
    n = [1] * 499 + [100_000]
    policy = calibrate_acceptance(mapper, phrases, right, 0.05, frequencies=n)
    assert policy.weighted
    assert policy.max_frequency == 1
    assert policy.accepts(np.ones(2), np.array([1, 2])).tolist() == [True, False]
    assert policy.volume < 0.01 < policy.share


def test_a_refusal_says_how_many_rows_it_takes(mapper, kitchen):
    phrases, right = reviewed(kitchen, 60)
    with pytest.raises(InputError, match=r"at least 149 accepted rows .* Review 89 more"):
        calibrate_acceptance(mapper, phrases, right)
    phrases, right = reviewed(kitchen, 300, wrong=0.15)
    with pytest.raises(InputError, match=r"of 300 first answers are right\. .*--max-error 0\.\d"):
        calibrate_acceptance(mapper, phrases, right, 0.02)
    with pytest.raises(InputError, match="no share up to 30% is supported"):
        calibrate_acceptance(mapper, phrases, [{"K:001"}] * 300, 0.02)


def test_phrases_that_were_taught_are_found(kitchen, mapper):
    from graphemb import Pair

    pairs = [Pair("bubble pan", ("K:003",)), Pair("ice blade", ("K:004",))]
    fitted = PhraseMapper(fast=True, encoder=False).fit(kitchen, pairs)
    assert taught(fitted, ["Bubble  PAN", "wok", "saucepan"]).tolist() == [True, False, False]
    assert not taught(mapper, ["saucepan"]).any()


def test_a_damaged_policy_names_what_is_wrong(mapper, kitchen):
    text = calibrate_acceptance(mapper, *reviewed(kitchen, 400), 0.05).to_json()
    content = json.loads(text)
    for change, said in (
        ({"threshold": 1.5}, "threshold is wrong; got 1.5"), ({"bound": None}, "bound is wrong"),
        ({"version": 2}, "must be of version 1"), ({"format": "x"}, "something else"),
        ({"options": {"within": 3}}, "options is wrong"), ({"quantiles": "ab"}, "quantiles"),
        ({"weighted": 1}, "weighted"), ({"n_wrong": True}, "n_wrong"), ({"model": 5}, "model"),
        ({"max_error": float("nan")}, "max_error"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            AcceptancePolicy.from_json(json.dumps(content | change), "p.json")
    for broken in (text[:-20], "[]", "", "null"):
        with pytest.raises(InputError, match=r"^p\.json: must be"):
            AcceptancePolicy.from_json(broken, "p.json")
    del content["share"]
    with pytest.raises(InputError, match="share is wrong; got nothing"):
        AcceptancePolicy.from_json(json.dumps(content))


def test_accepting_imports_no_scipy(model):
    code = (
        "import sys; from graphemb import PhraseMapper\n"
        "from graphemb.map._accepting import fingerprint\n"
        f"m = PhraseMapper.load({str(model)!r}); m.map(['pan'], backoff=0.8); fingerprint(m)\n"
        "from graphemb.map.explain import explain; explain(m, 'pan')\n"
        "print([x for x in ('scipy', 'torch', 'sklearn') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
