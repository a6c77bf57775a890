"""ListNet: what it reads, that it learns from words alone, and how it joins the reranker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphemb import Pair, PhraseMapper, load_taxonomy
from graphemb.encode import stem
from graphemb.map._runs import unit_rows
from graphemb.map._shipped import shipped_reranker
from graphemb.map._text_features import word_sums
from graphemb.map.calibrate import Ranked
from graphemb.map.features import feature_table
from graphemb.map.listnet import ListNet, Reading
from graphemb.map.ranker import Ranker
from graphemb.map.rerank import FEATURES, Examples, Reranker, learn
from graphemb.map.retrieve import Batch
from graphemb.taxonomy import Taxonomy


def lists(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features of no use, words of which one direction tells, and truth; 5 pairs a list."""
    X = rng.standard_normal((5 * n, 3)).astype(np.float32)
    words = rng.standard_normal((5 * n, 6)).astype(np.float32)
    right = np.zeros(5 * n, bool)
    right[words[:, 4].reshape(n, 5).argmax(axis=1) + np.arange(n) * 5] = True
    return X, words, right


def test_learns_from_words_what_features_do_not_tell() -> None:
    X, words, right = lists(600, np.random.default_rng(0))
    query = np.repeat(np.arange(600), 5)
    read = Reading.of(X, query, words)
    net = ListNet.fit(X, read, right, query, 0)
    first = net.predict(X, read).reshape(600, 5).argmax(axis=1)
    assert (first == right.reshape(600, 5).argmax(axis=1)).mean() > 0.9


def test_learning_and_restoring_are_reproducible() -> None:
    X, words, right = lists(40, np.random.default_rng(1))
    query = np.repeat(np.arange(40), 5)
    read = Reading.of(X, query, words)
    scores = ListNet.fit(X, read, right, query, 7).predict(X, read)
    again = ListNet.fit(X, read, right, query, 7)
    assert np.array_equal(again.predict(X, read), scores)
    restored = ListNet.from_arrays(again.to_arrays())
    assert np.array_equal(restored.predict(X, read), scores)


def test_lists_without_a_right_row_teach_nothing() -> None:
    X, words, right = lists(40, np.random.default_rng(2))
    query = np.repeat(np.arange(40), 5)
    taught = query < 30
    right[~taught] = False
    read = Reading.of(X, query, words)
    net = ListNet.fit(X, read, right, query, 0)
    nothing = ListNet.fit(X, read, np.zeros(len(X), bool), query, 0)
    assert np.isfinite(net.predict(X, read)).all()
    assert np.isfinite(nothing.predict(X, read)).all()


def test_a_feature_never_seen_to_vary_never_counts() -> None:
    X, words, right = lists(40, np.random.default_rng(2))
    X[:, 1] = 0.3
    query = np.repeat(np.arange(40), 5)
    net = ListNet.fit(X, Reading.of(X, query, words), right, query, 0)
    other = X.copy()
    other[::5, 1] = 1.0
    scores = [net.predict(x, Reading.of(x, query, words)) for x in (X, other)]
    assert np.array_equal(*scores)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("weight0", lambda a: a[:-80]),
        ("weight2", lambda a: np.repeat(a, 2, axis=1)),
        ("weight1", lambda a: a * np.nan),
        ("weight1", lambda a: a.astype(np.int32)),
        ("mean", lambda a: a[:1]),
        ("scale", lambda a: a * 0),
        ("bias0", lambda a: a[:-1]),
    ],
)
def test_arrays_that_make_no_network_are_refused(name: str, change: Any) -> None:
    X, words, right = lists(10, np.random.default_rng(2))
    query = np.repeat(np.arange(10), 5)
    arrays = ListNet.fit(X, Reading.of(X, query, words), right, query, 0).to_arrays()
    with pytest.raises(ValueError, match="must fit each other"):
        ListNet.from_arrays({**arrays, name: change(arrays[name])})


def test_reading_knows_the_best_and_the_mean_of_each_list() -> None:
    X = np.array([[1.0, 5.0], [3.0, 1.0], [2.0, 2.0]], np.float32)
    read = Reading.of(X, np.array([4, 4, 9]), np.zeros((3, 0), np.float32))
    assert read.most.tolist() == [[3, 5], [3, 5], [2, 2]]
    assert read.average.tolist() == [[2, 3], [2, 3], [2, 2]]
    none = Reading.of(X[:0], np.zeros(0, np.int64), np.zeros((0, 6), np.float32))
    assert none.most.shape == (0, 2)


@pytest.fixture(scope="module")
def kitchen() -> Taxonomy:
    return load_taxonomy("fixtures/kitchen")


def pairs_of(taxonomy: Taxonomy) -> list[Pair]:
    return [
        Pair(f"{label} {word}", (node,), "train")
        for node, label in zip(taxonomy.ids, taxonomy.labels, strict=True)
        for word in ("big", "old", "for the home")
    ]


@pytest.fixture(scope="module")
def taught(kitchen: Taxonomy) -> PhraseMapper:
    import graphemb.map._fitting as fitting

    patch = pytest.MonkeyPatch()
    patch.setattr(fitting, "FEWEST", 1)
    mapper = PhraseMapper(fast=True, dim=32).fit(kitchen, pairs_of(kitchen))
    patch.undo()
    return mapper


def test_word_sums_are_those_of_the_words(taught: PhraseMapper) -> None:
    index = taught.index_
    batch = Batch(["small sauce pan zzyzx", "pan"], index.parts.encoder)
    c = index.candidates(batch)
    table = feature_table(index, batch, c)
    sums = word_sums(index, table.match, c.query, table.best_name)
    book, top = index.book, index.book.idf.max()
    vector = {
        t: book.vectors[i].astype(np.float32) * book.idf[i] / top
        for i, t in enumerate(book.terms.terms)
    }
    for pair, (query, name) in enumerate(zip(c.query.tolist(), table.best_name, strict=True)):
        said = {stem(w) for w in batch.texts[query].split()} & set(vector)
        named = {stem(w) for w in index.names.normalised[name].split()} & set(vector)
        zero = np.zeros(book.vectors.shape[1])
        np.testing.assert_allclose(
            sums.held[pair], sum((vector[w] for w in said & named), zero), atol=1e-5
        )
        np.testing.assert_allclose(
            sums.name[pair], sum((vector[w] for w in named), zero), atol=1e-5
        )
    lacking, extra, held = np.split(sums.matrix(), 3, axis=1)
    np.testing.assert_allclose(lacking + held, sums.phrase[c.query], atol=1e-5)
    np.testing.assert_allclose(extra + held, sums.name, atol=1e-5)


def test_with_pairs_a_network_orders_and_trees_tell_the_level(
    taught: PhraseMapper, tmp_path: Path
) -> None:
    assert taught.reranker_.ranker.network is not None
    assert taught.reranker_.ranker.level is not None
    taught.save(tmp_path / "m")
    loaded = PhraseMapper.load(tmp_path / "m")
    phrases = ["sauce pan", "qwertyuiop", "old kettle", "see you tomorrow"]
    before = [[(c.node, c.probability) for c in row] for _, row in taught.map(phrases)]
    after = [[(c.node, c.probability) for c in row] for _, row in loaded.map(phrases)]
    assert before == after
    assert all(sum(p for _, p in row) <= 1.0 + 1e-3 for row in before)


def test_a_reranker_in_pieces_is_refused(taught: PhraseMapper) -> None:
    arrays = taught.reranker_.to_arrays()
    few = {k: v for k, v in arrays.items() if not k.startswith("level.")}
    with pytest.raises(ValueError, match="level"):
        Reranker.from_arrays(few)
    broad = {**arrays, "trees.features": arrays["trees.features"] + 100}
    with pytest.raises(ValueError, match="features"):
        Reranker.from_arrays(broad)
    short = {**arrays, "level.values": arrays["level.values"][:, :-1]}
    with pytest.raises(ValueError, match="depth"):
        Reranker.from_arrays(short)
    with pytest.raises(ValueError, match="read"):
        taught.reranker_.ranker.scores(np.zeros((1, len(FEATURES)), np.float32), None)


def test_words_keep_their_place_from_fold_to_fold(kitchen: Taxonomy) -> None:
    """The network learns from coordinates in the folds' spaces and reads those of the last."""
    import graphemb.map._fitting as fitting

    seen = []
    real = fitting.learn_parts

    def spy(*given: Any) -> Any:
        seen.append(real(*given))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "_ranking", lambda *_: (shipped_reranker(), {}))
        patch.setattr(fitting, "learn_parts", spy)
        PhraseMapper(dim=32, n_epochs=4).fit(kitchen, pairs_of(kitchen))
    first, last = seen[0], seen[-1]
    assert len(seen) > 1
    assert first.word_basis is not last.word_basis
    both = [t for t in first.terms.terms if t in last.terms.vocabulary]
    a, b = (
        p.word_vectors[[p.terms.vocabulary[t] for t in both]].astype(float) for p in (first, last)
    )
    assert (a * b).sum(axis=1).mean() > 0.9
    # A word without a name comes through the basis: it must land where its stem does.
    vector = last.encoder.vectors_of_normalised(["pan"]) @ last.word_basis
    place = last.word_vectors[last.terms.vocabulary["pan"]].astype(float)
    assert (unit_rows(vector) @ place).item() > 0.99


def test_the_best_score_is_its_level(taught: PhraseMapper) -> None:
    """So that a score says how good a candidate is, not only that it is better than others."""
    index, ranker = taught.index_, taught.reranker_.ranker
    phrases = ["old sauce pan", "qwertyuiop"]
    batch = Batch(phrases, index.parts.encoder)
    c = index.candidates(batch)
    X = feature_table(index, batch, c).matrix(list(FEATURES))
    level = ranker.level.predict(X)
    for q, (_, row) in enumerate(taught.map(phrases, min_probability=0.0)):
        at = np.flatnonzero((c.query == q) & (c.node == index.taxonomy.index[row[0].node]))
        assert row[0].score == pytest.approx(float(level[at[0]]), abs=1e-3)


def test_one_by_one_equals_all_together(taught: PhraseMapper) -> None:
    phrases = [f"{label} {word}" for label in taught.taxonomy_.labels for word in ("old", "tiny")]
    together = [[(c.node, c.probability) for c in row] for _, row in taught.map(phrases)]
    alone = [[(c.node, c.probability) for c in taught.map([p])[0]] for p in phrases]
    assert [[n for n, _ in row] for row in together] == [[n for n, _ in row] for row in alone]
    for one, other in zip(together, alone, strict=True):
        assert [p for _, p in one] == pytest.approx([p for _, p in other], abs=2e-4)


def test_same_seed_same_bytes_and_no_torch_to_map(kitchen: Taxonomy, tmp_path: Path) -> None:
    import graphemb.map._fitting as fitting

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "FEWEST", 1)
        for name in "ab":
            PhraseMapper(fast=True, dim=16).fit(kitchen, pairs_of(kitchen)).save(tmp_path / name)
    files = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == other.read_bytes()
    code = (
        "import sys; from graphemb import PhraseMapper\n"
        f"m = PhraseMapper.load({str(tmp_path / 'a')!r}); m.map(['old sauce pan'])\n"
        "assert m.reranker_.ranker.network is not None\n"
        "assert not {'torch', 'sklearn', 'scipy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_pair_of_the_root_alone(kitchen: Taxonomy) -> None:
    root = kitchen.ids[0]
    mapper = PhraseMapper(fast=True, dim=16).fit(
        kitchen, [Pair("all for cooking", (root,), "train")]
    )
    assert mapper.map(["all for cooking"]).best(0).node == root


def test_without_pairs_a_small_taxonomy_has_no_network(kitchen: Taxonomy) -> None:
    ranker = PhraseMapper(fast=True, dim=32).fit(kitchen).reranker_.ranker
    assert ranker.network is None
    assert ranker.level is None


def test_explanation_is_of_the_scores_that_order(taught: PhraseMapper) -> None:
    found = taught.explain("old sauce pan")
    first, second = found.candidates[:2]
    assert found.gap == pytest.approx(first.score - second.score, abs=1e-4)
    assert "words" in {reason.group for reason in found.reasons}


def examples(n: int, group: np.ndarray) -> Examples:
    rng = np.random.default_rng(3)
    X, words, right = lists(n, rng)
    wide = np.zeros((5 * n, len(FEATURES)), np.float32)
    wide[:, :3] = X
    return Examples(
        wide, np.repeat(np.arange(n), 5), np.arange(5 * n), right, {}, n, np.ones(n),
        np.ones(n, bool), words.astype(np.float16), group, True,
    )  # fmt: skip


def test_queries_of_one_group_are_held_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fold measures must be of nodes that it has not seen, where the task is new nodes."""
    seen: list[set[int]] = []
    group = np.arange(90) // 3
    e = examples(90, group)
    real = Ranker.listwise

    def spy(X: np.ndarray, read: Reading, right: np.ndarray, query: np.ndarray, *rest: int) -> Any:
        seen.append(set(group[query].tolist()))
        return real(X, read, right, query, *rest)

    monkeypatch.setattr(Ranker, "listwise", spy)
    learn(e, 0, 5, True)
    *folds, whole = seen
    assert whole == set(range(30))
    assert len(folds) == 3
    # Each group is missing from exactly one fold, with all its queries.
    assert sorted(g for fold in folds for g in whole - fold) == sorted(whole)


def test_weights_of_listwise_scores_compare_only_within_the_list() -> None:
    scores = np.array([1.0, 0.0, 501.0, 500.0], np.float32)
    order, ptr = np.arange(4), np.array([0, 2, 4])
    ranked = Ranked(scores, order, ptr, lambda rows: rows * 0.5)
    np.testing.assert_allclose(ranked.weights, [1, np.exp(-1), 1, np.exp(-1)], rtol=1e-6)
    assert ranked.level.tolist() == [0.0, 1.0]
    plain = Ranked(scores, order, ptr)
    assert plain.level.tolist() == [1.0, 501.0]
    np.testing.assert_allclose(plain.weights[:2], 1 / (1 + np.exp([-1.0, 0.0])))
