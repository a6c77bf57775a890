"""Means, intervals, findings, differences and gates against figures worked out by hand."""

from __future__ import annotations

import pytest

from graphemb.errors import InputError, ParameterError
from graphemb.report._compare import compare
from graphemb.report._gate import broken, parse_gate, read_gates
from graphemb.report._measures import measures
from graphemb.report._sections import sections
from graphemb.report._summary import findings
from graphemb.report.base import Results
from graphemb.scores import Score, ScoreTable
from tests.report.made import results


def score(value, method="a", seed=0, metric="map_exact", k=1, task="reconstruction", **more):
    return Score("g", method, task, metric, value, k=k, seed=seed, **more)


def test_the_interval_over_seeds_is_students():
    (m,) = measures([score(v, seed=i, metric="depth_r2") for i, v in enumerate((1.0, 2.0, 4.0))])
    # t(0.975, 2) = 4.30265; s = 1.527525; s/√3 = 0.881917
    assert m.value == pytest.approx(7 / 3)
    assert (m.low, m.high) == pytest.approx((7 / 3 - 3.794576, 7 / 3 + 3.794576), abs=1e-5)
    assert m.n_seeds == 3


def test_of_two_intervals_the_wider_counts_within_a_shares_bounds():
    rows = [score(v, seed=i, low=v - 0.2, high=v + 0.01) for i, v in enumerate((0.50, 0.51))]
    (m,) = measures(rows)
    # over seeds: 0.505 ± 12.7062 · 0.0070711 / √2 = ± 0.063531
    assert (m.low, m.high) == pytest.approx((0.305, 0.568531), abs=1e-5)
    (m,) = measures([score(v, seed=i) for i, v in enumerate((0.1, 0.9))])
    assert (m.low, m.high) == (0.0, 1.0)
    (m,) = measures([score(0.4)])
    assert (m.low, m.high) == (None, None)
    (one, two) = measures([score(0.4, low=0.3, high=0.5), score(0.4, seed=1, k=2)])
    assert (one.low, one.high, two.low) == (0.3, 0.5, None)


def test_findings_say_what_is_told_apart_and_what_not():
    def finding(a, b, c=0.1):
        rows = [score(m, "abc"[i], low=m - 0.05, high=m + 0.05) for i, m in enumerate((a, b, c))]
        rows.append(score(0.2, metric="map_exact_random"))
        (found,) = findings(measures(rows))
        return found

    ahead = finding(0.5, 0.3)
    assert ahead.sentence == (
        "a is best at finding the nodes 1 hop away: mAP 0.500 (0.450 to 0.550; 1 seed). "
        "Ahead of all 2 others: no interval overlaps. A random order: 0.200."
    )
    tied = finding(0.5, 0.42)
    assert "a leads at" in tied.sentence
    assert "Not told apart from b (0.420): the intervals overlap." in tied.sentence
    assert "more than any method here" in finding(0.15, 0.1).sentence
    (blind,) = findings(measures([score(0.5), score(0.4, "b")]))
    assert "one seed, so it is not known whether the order would hold" in blind.sentence
    (alone,) = findings(measures([score(0.5)]))
    assert alone.sentence.startswith("a, the only method measured, at finding the nodes 1 hop")


def test_less_is_better_where_it_is():
    rows = [score(v, m, task="mapping", metric="ece", k=None) for m, v in (("a", 0.2), ("b", 0.02))]
    (found,) = findings(measures(rows))
    assert found.best.method == "b"


def test_link_prediction_asks_a_methods_own_score_and_names_the_best_heuristic():
    def lp(metric, value, method):
        return score(value, method, metric=metric, k=None, task="link_prediction", split="uniform")

    rows = [
        lp("auc_cosine", 0.9, "a"), lp("auc_own", 0.6, "a"), lp("auc_cosine", 0.7, "b"),
        lp("auc_jaccard", 0.65, "a"), lp("auc_adamic_adar", 0.75, "a"),
    ]  # fmt: skip
    (found,) = findings(measures(rows))
    assert [(m.method, m.metric) for m in found.ranked] == [("b", "auc_cosine"), ("a", "auc_own")]
    assert found.reference.metric == "auc_adamic_adar"


def test_differences_are_paired_by_seed():
    def table(values):
        return Results(
            ScoreTable([score(v, seed=i, metric="depth_r2") for i, v in enumerate(values)])
        )

    # Seeds differ much, every seed rises by about 0.1: paired, that is told apart.
    (d,) = compare(table((0.2, 0.5, 0.8)), table((0.30, 0.61, 0.89))).differences
    assert d.value == pytest.approx(0.1)
    assert (d.low, d.high) == pytest.approx((0.1 - 0.024841, 0.1 + 0.024841), abs=1e-5)
    assert d.verdict == "higher"
    (d,) = compare(table((0.2, 0.5, 0.8)), table((0.3, 0.4, 0.9))).differences
    assert d.verdict == "not told apart"
    (d,) = compare(table((0.5,)), table((0.6,))).differences
    assert (d.verdict, d.low) == ("no interval", None)
    (d,) = compare(table((0.5, 0.6, 0.1)), table((0.5, 0.6))).differences
    assert (d.old, d.new) == (0.55, 0.55)  # means over the seeds in common
    assert d.verdict == "the same"


def test_differences_without_common_seeds_use_both_intervals():
    old = Results(ScoreTable([score(0.5, low=0.47, high=0.53)]))
    new = Results(ScoreTable([score(0.6, seed=7, low=0.56, high=0.64)]))
    (d,) = compare(old, new).differences
    assert (d.low, d.high) == pytest.approx((0.05, 0.15))
    alone = Results(ScoreTable([score(0.6, "other")]))
    found = compare(old, alone)
    assert (found.differences, len(found.only_before), len(found.only_after)) == ((), 1, 1)
    assert "nothing can be compared" in found.words


def test_a_comparison_says_what_else_differs():
    old, new = results(), results(shift=0.05)
    new.info["inputs"]["g"] = "cd" * 32
    new.info["versions"]["python"] = "3.12"
    lines = compare(old, new).conditions
    assert lines[0].startswith("The input has changed: g.")
    assert lines[1] == "python: 3.11 before, 3.12 after."


def test_sections_merge_what_all_methods_share_and_keep_to_their_size():
    found = measures(results(methods=tuple("abcdef")).table)
    (whole, *_) = sections(found, 10_000)
    chance = [m for m in whole.measures if m.metric == "map_exact_random"]
    assert [m.method for m in chance] == ["every method"] * 3
    cut = sections(found, 30)
    assert all(len(s.measures) <= 18 and s.measures for s in cut)
    assert cut[0].left == len(whole.measures) - len(cut[0].measures) > 0


TABLE = ScoreTable(
    [
        score(0.6, "fast rp", 0, split="10 % train", parameters="dim=64"),
        score(0.4, "fast rp", 1, split="10 % train", parameters="dim=64"),
        score(0.7, "hope"),
    ]
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("reconstruction map_exact k=1 method='fast rp' >= 0.5", 0),
        ("reconstruction map_exact >= 0.5", 0),
        ("reconstruction map_exact > 0.5", 1),
        ("reconstruction map_exact>=0.65", 1),
        ("reconstruction map_exact k=1 seed=1 method='fast rp' >= 0.5", 1),
        ("reconstruction map_exact <= 0.6", 1),
        ("reconstruction map_exact < 0.4", 2),
        ("reconstruction map_exact split='10 % train' parameters=dim=64 graph=g >= .1", 0),
        ("reconstruction map_exact k=2 >= 0.1", 1),
    ],
)
def test_gates(text, lines):
    found = broken([parse_gate(text)], TABLE)
    assert len(found) == lines, found


def test_a_broken_gate_names_the_figure():
    (line,) = broken([parse_gate("reconstruction map_exact method='fast rp' >= 0.55")], TABLE)
    assert line == (
        "gate reconstruction map_exact method='fast rp' >= 0.55: g, fast rp dim=64, "
        "reconstruction map_exact k=1 split='10 % train' is 0.5000 (mean of 2 seeds)."
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("recomstruction map_exact >= 0", "Did you mean 'reconstruction'?"),
        ("reconstruction map_exakt >= 0", "Did you mean 'map_exact'?"),
        ("reconstruction map_exact k=3 >= 0", "There k is '1'."),
        ("reconstruction map_exact method=x >= 0", "There method is 'fast rp, hope'."),
    ],
)
def test_a_gate_that_nothing_answers_is_broken(text, hint):
    (line,) = broken([parse_gate(text)], TABLE)
    assert "no figure answers it" in line
    assert hint in line


@pytest.mark.parametrize(
    "text",
    [
        "", "reconstruction", "reconstruction map_exact", "map_exact >= 0.5", "a b >= x",
        "a b k >= 1", "a b k=one >= 1", "a b >= nan", "a b hop=1 >= 1", "a b 'c >= 1", "a=1 b >= 1",
    ],
)  # fmt: skip
def test_no_gate(text):
    with pytest.raises(ParameterError, match="--gate"):
        parse_gate(text)


def test_a_file_of_gates(tmp_path):
    path = tmp_path / "bounds.toml"
    path.write_text(
        "[[gate]]\ntask = 'mapping'\nmetric = 'accuracy'\nk = 1\nat_least = 0.8\n"
        "[[gate]]\ntask = 'mapping'\nmetric = 'ece'\nat_most = 0.05\nat_least = 0\n"
    )
    assert [str(g) for g in read_gates(path)] == [
        "mapping accuracy k=1 >= 0.8", "mapping ece >= 0", "mapping ece <= 0.05",
    ]  # fmt: skip
    path.write_text(
        "[[gate]]\ntask = 'mapping'\n[[gate]]\ntask = 'a'\nmetric = 'b'\n"
        "[[gate]]\ntask = 'a'\nmetric = 'b'\nhop = 1\nat_least = 1\n"
        "[[gate]]\ntask = 'a'\nmetric = 'b'\nat_least = 'x'\n"
    )
    with pytest.raises(InputError) as error:
        read_gates(path)
    for line in ("gate 1: must have a task", "gate 2: must have at_least", "gate 3: columns are",
                 "gate 4: at_least must be a number"):  # fmt: skip
        assert line in str(error.value)
    for text in ("x = 1", "gate = 1", "gate = []", "not toml"):
        path.write_text(text)
        with pytest.raises(InputError):
            read_gates(path)
