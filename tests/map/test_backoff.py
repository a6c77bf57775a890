from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphemb import ParameterError, Taxonomy
from graphemb.evaluate import TASKS, mapping
from graphemb.evaluate._ancestors import AncestorScores, information, parents_of_first
from graphemb.evaluate.base import Rows
from graphemb.map.backoff import Backoff
from graphemb.mappings import Candidate


def taxonomy(edges, n):
    ids = [f"n{i}" for i in range(n)]
    return Taxonomy(ids, [i.upper() for i in ids], [(f"n{c}", f"n{p}") for c, p in edges])


def backoff(t, level, allowed=None):
    return Backoff(SimpleNamespace(taxonomy=t, information=information(t)), level, allowed)


#: A diamond: 0 above 1 and 2, both above 3; 4 below 3, 5 below 1, 6 below 2.
DIAMOND = taxonomy([(1, 0), (2, 0), (3, 1), (3, 2), (4, 3), (5, 1), (6, 2)], 7)


def test_a_candidate_counts_once_over_several_ways():
    nodes, total = backoff(DIAMOND, 0.5).accumulated([4, 5, 6], [0.5, 0.2, 0.1])
    found = dict(zip(nodes.tolist(), np.round(total, 6).tolist()))
    assert found == {0: 0.8, 1: 0.7, 2: 0.6, 3: 0.5, 4: 0.5, 5: 0.2, 6: 0.1}


def test_the_most_specific_node_that_is_sure_enough():
    assert backoff(DIAMOND, 0.5).choose([4, 5, 6], [0.5, 0.2, 0.1])[0] == 4
    assert backoff(DIAMOND, 0.65).choose([4, 5, 6], [0.5, 0.2, 0.1]) == (1, pytest.approx(0.7))
    assert backoff(DIAMOND, 0.55).choose([4, 5, 6], [0.5, 0.1, 0.2]) == (2, pytest.approx(0.7))
    # Only the root reaches it: that is no answer, unless the root itself is the candidate.
    assert backoff(DIAMOND, 0.75).choose([4, 5, 6], [0.5, 0.2, 0.1]) is None
    assert backoff(DIAMOND, 0.75).choose([0, 4], [0.8, 0.1])[0] == 0
    assert backoff(DIAMOND, 0.5).choose([], []) is None


def test_only_allowed_nodes_are_answered():
    mask = np.array([True, True, True, False, False, True, True])
    assert backoff(DIAMOND, 0.5, mask).choose([4], [0.9])[0] in (1, 2)


def test_against_brute_force_on_random_dags():
    rng = np.random.default_rng(0)
    for _ in range(60):
        n = int(rng.integers(3, 25))
        edges = {(c, int(rng.integers(0, c))) for c in range(1, n) for _ in range(2)}
        t = taxonomy(sorted(edges), n)
        rows = rng.permutation(n)[: int(rng.integers(1, n))]
        p = rng.dirichlet(np.ones(len(rows)))
        level = float(rng.uniform(0.2, 0.95))
        below = {i: {t.row(d) for d in t.descendants(t.ids[i])} | {i} for i in range(n)}
        total = {i: sum(q for r, q in zip(rows, p) if r in below[i]) for i in range(n)}
        own = dict(zip(rows.tolist(), p.tolist()))
        roots = {t.row(r) for r in t.roots}
        good = [
            i for i in range(n)
            if total[i] >= level - 1e-4 and (i not in roots or own.get(i, 0) >= level - 1e-4)
        ]  # fmt: skip
        answer = backoff(t, level).choose(rows.tolist(), p.tolist())
        if not good:
            assert answer is None
            continue
        at, sure = answer
        assert at in good
        assert sure == pytest.approx(total[at])
        lowest = [i for i in good if not any(j != i and j in below[i] for j in good)]
        assert at in lowest
        assert len(below[at]) == min(len(below[i]) for i in lowest)


def candidate(row, p, evidence="words: x"):
    return Candidate(1, f"n{row}", f"N{row}", p, 0.0, "m", evidence, "path")


def test_the_relation_says_what_the_answer_is():
    safe = backoff(DIAMOND, 0.8)
    first = safe.apply([candidate(4, 0.9, "read as “x”; same as a label")], 3)[0]
    assert (first.node, first.review.relation) == ("n4", "exactMatch")
    first = safe.apply([candidate(4, 0.9)], 3)[0]
    assert (first.node, first.review.relation, first.probability) == ("n4", "closeMatch", 0.9)
    rows = safe.apply([candidate(5, 0.5), candidate(4, 0.4), candidate(6, 0.1)], 3)
    assert [(c.rank, c.node) for c in rows] == [(1, "n1"), (2, "n5"), (3, "n4")]
    assert rows[0].review.relation == "broadMatch"
    assert rows[0].probability == pytest.approx(0.9)
    assert rows[0].evidence == "at or above N5 50%, N4 40%"
    assert rows[0].path == "N0 > N1"
    assert safe.apply([candidate(5, 0.4), candidate(6, 0.4)], 3) == []


def test_the_mapper_backs_off(mapper, kitchen):
    plain = mapper.map(["knife thing"]).best(0)
    assert plain.probability < 0.8
    rows = mapper.map(["knife thing", "fry pan", "asdf qwer"], k=3, backoff=0.8)
    first = rows.best(0)
    assert first.node in kitchen.ancestors(plain.node)
    assert first.probability >= 0.8 - 1e-4
    assert first.review.relation == "broadMatch"
    assert len(rows[0]) == 3
    assert rows[0][1].node == plain.node
    assert (rows.best(1).label, rows.best(1).review.relation) == ("Frying pan", "exactMatch")
    assert rows.best(2) is None
    assert not rows.reviewed
    for level in (0, 1.01, True, "x"):
        with pytest.raises(ParameterError, match="backoff"):
            mapper.map(["x"], backoff=level)
    with pytest.raises(ParameterError, match="leaves_only"):
        mapper.map(["x"], backoff=0.9, leaves_only=True)


def test_a_deep_chain_is_no_trouble():
    t = taxonomy([(i + 1, i) for i in range(3000)], 3001)
    index = SimpleNamespace(taxonomy=t, information=np.linspace(0, 1, 3001))
    assert Backoff(index, 0.9).choose([3000, 2000], [0.5, 0.45])[0] == 2000


def test_information_is_secos():
    found = information(DIAMOND)
    below = np.array([len(DIAMOND.descendants(n)) for n in DIAMOND.ids])
    assert np.allclose(found, 1 - np.log(1 + below) / np.log(7))
    assert found[0] == pytest.approx(0.0)


def test_ancestor_scores_by_hand():
    truth = [{"n4"}, {"n4"}, {"n4"}, {"n5"}, {"elsewhere"}]
    answers = ["n4", "n1", "n6", None, "n2"]
    rows = Rows("mapping", "m")
    AncestorScores(DIAMOND, truth, least=1).add(rows, answers, "s")
    table = rows.table()

    def value(metric, **how):
        return table.value(metric=metric, **how)

    assert value("answered") == 4 / 5
    assert value("right_or_ancestor") == 2 / 4
    assert value("right") == 1 / 5
    kept = (1 + information(DIAMOND)[1] / 1.0) / 5
    assert value("information_kept") == pytest.approx(kept)
    # Of four right nodes at depth 1 or deeper: n4 itself, n1, and n6 below n2, which n4 is too.
    assert value("level_accuracy", k=1) == 3 / 4
    assert value("level_accuracy", k=2) == 1 / 4
    assert value("level_accuracy", k=3) == 1 / 3
    assert parents_of_first(DIAMOND, ["n4", "n1", None]) == ["n3", None, None]


def test_backing_off_is_measured_beside_the_first_answer_and_its_parent(mapper, kitchen):
    phrases = [f"big old {text.lower()}" for _, text, _ in kitchen.phrases()]
    truth = [{node} for node, _, _ in kitchen.phrases()]
    table = mapping(mapper, phrases, truth, backoffs=(0.8,))
    value = table.value
    for split in ("answer=first", "answer=parent", "backoff=0.8"):
        assert 0 < value(metric="information_kept", split=split) <= 1
    safe = value(metric="right_or_ancestor", split="backoff=0.8")
    assert safe >= value(metric="right_or_ancestor", split="answer=first")
    kept = value(metric="information_kept", split="backoff=0.8")
    assert kept > value(metric="information_kept", split="answer=parent")
    assert TASKS["mapping"]().get_params()["backoffs"] == ()
