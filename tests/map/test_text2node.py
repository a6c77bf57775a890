from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from graphemb import BundleError, InputError, Pair, ParameterError, Synonym, Taxonomy, Text2Node
from graphemb.errors import LeakError, NotFittedError, UnknownNameError, UnknownNodeError
from graphemb.map._loading import load_mapper, mapper_kind
from graphemb.map._twins import Places, twin_leaves

SETTINGS = {
    "node_embedding": "fastrp", "node_options": {"dim": 32},
    "encoder_options": {"dim": 24, "sample": 0.0}, "network": "mlp",
    "network_options": {"hidden": 64, "n_epochs": 60, "learning_rate": 5e-3},
}  # fmt: skip


@pytest.fixture(scope="module")
def fitted(kitchen):
    return Text2Node(**SETTINGS).fit(kitchen)


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "t2n.model"
    fitted.save(path)
    return path


def test_known_names_find_their_place(fitted, kitchen):
    labels = list(kitchen.labels)
    points = fitted.points(labels)
    places = fitted.index_.places
    cosines = points @ places.vectors.T
    assert (cosines.argmax(axis=1) == places.place).mean() > 0.7
    # At the right place, the very name tells a node from its siblings.
    answers = fitted.map(labels, k=1)
    right = [answers.best(i).node == node for i, node in enumerate(kitchen.ids)]
    assert np.mean(right) > 0.7


def test_rows_say_what_they_are(fitted, kitchen):
    answers = fitted.map(["bread knife", "qqqq", ""], k=60)
    assert [len(rows) for _, rows in answers] == [58, 0, 0]
    rows = answers[0]
    p, cosines = [r.probability for r in rows], [r.score for r in rows]
    assert [r.rank for r in rows] == list(range(1, 59))
    assert len({r.node for r in rows}) == 58
    assert cosines == sorted(cosines, reverse=True)
    assert p[0] == max(p)
    assert 0 <= min(p) <= sum(p) <= 1.01
    assert rows[0].evidence.startswith("near in node space: cosine ")
    assert rows[0].path == " > ".join(kitchen.path(rows[0].node))


def test_unknown_words_are_named(fitted):
    assert "unknown words: qqqq" in fitted.map(["bread qqqq"]).best(0).evidence


def test_one_by_one_equals_all_together(fitted):
    phrases = ["fry pan", "egg beter", "", "dinner fork", "x"] * 60
    together = fitted.map(phrases, k=3)
    for i in (0, 1, 2, 3, 299):
        alone = fitted.map([phrases[i]], k=3)
        assert [c.node for c in alone[0]] == [c.node for c in together[i]]
        got, want = ([c.probability for c in rows] for rows in (alone[0], together[i]))
        assert np.allclose(got, want, atol=1e-3)


def test_within_and_bar(fitted, kitchen):
    rows = fitted.map(["knife"], k=50, within=["K:011"])[0]
    assert {row.node for row in rows} == {"K:011", *kitchen.descendants("K:011")}
    assert len(fitted.map(["knife"], min_probability=1.0)[0]) == 0
    with pytest.raises(UnknownNodeError, match="has no node 'nope'"):
        fitted.map(["knife"], within=["nope"])


def twins_taxonomy(order):
    """Two parents with three leaves each; the order of the rows is `order`."""
    nodes = {
        "r": "Thing", "a": "Animal", "c": "Colour", "a1": "grey wolf", "a2": "brown bear",
        "a3": "", "a4": "", "c1": "deep red", "c2": "light green",
    }  # fmt: skip
    edges = [("a", "r"), ("c", "r")]
    edges += [(node, node[0]) for node in nodes if len(node) == 2]
    synonyms = {
        "a": [Synonym("beast"), Synonym("wild animal")],
        "c": [Synonym("hue"), Synonym("shade of paint")],
    }
    ids = [list(nodes)[i] for i in order]
    return Taxonomy(ids, [nodes[i] for i in ids], edges, synonyms, name="twins")


def test_siblings_are_told_apart_by_text_or_answered_as_a_tie_never_by_row_order():
    settings = {**SETTINGS, "network_options": {**SETTINGS["network_options"], "held_out": 0}}
    found = []
    for order in (range(9), [8, 7, 6, 5, 4, 3, 2, 1, 0], [4, 6, 2, 0, 8, 1, 5, 3, 7]):
        mapper = Text2Node(**settings).fit(twins_taxonomy(order))
        rows = {r.node: r for r in mapper.map(["brown bear"], k=9)[0]}
        assert mapper.map(["brown bear"]).best(0).node == "a2"
        assert "told from 3 other nodes at the same place" in rows["a2"].evidence
        assert rows["a1"].score == rows["a2"].score == rows["a3"].score
        blind = [rows["a3"], rows["a4"]]
        assert blind[0].probability == blind[1].probability
        assert all("tied with 1 of 3 other nodes" in row.evidence for row in blind)
        found.append([r.node for r in mapper.map(["brown bear"], k=9)[0]])
        assert found[-1].index("a3") < found[-1].index("a4")
    # The embedding and the training see the rows in another order; the twins' order is the same.
    assert {tuple(n for n in nodes if n[0] == "a" and len(n) == 2) for nodes in found} == {
        tuple(n for n in found[0] if n[0] == "a" and len(n) == 2)
    }


def test_places_and_twin_leaves():
    taxonomy = twins_taxonomy(range(9))
    groups = twin_leaves(taxonomy)
    assert len({groups[taxonomy.row(n)] for n in ("a1", "a2", "a3", "a4")}) == 1
    assert len(set(groups.tolist())) == 5
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(9, 4))
    merged = Places.of(taxonomy, vectors, centre=False, merge=True)
    assert len(merged.vectors) == 5
    a = [taxonomy.row(n) for n in ("a1", "a2", "a3", "a4")]
    want = vectors[a].mean(axis=0)
    assert np.allclose(merged.vectors[merged.place[a[0]]], want / np.linalg.norm(want), atol=1e-5)
    assert [taxonomy.ids[i] for i in merged.members[merged.place[a[0]]]] == ["a1", "a2", "a3", "a4"]
    assert len(Places.of(taxonomy, vectors, centre=False, merge=False).vectors) == 9
    same = Places.of(taxonomy, np.ones((9, 4)), centre=True, merge=False)
    assert len(same.vectors) == 1
    assert np.isfinite(same.vectors).all()


def test_a_node_without_names_is_answered():
    """Zero-shot: the phrase is like names near the blind node's place."""
    mapper = Text2Node(**SETTINGS).fit(twins_taxonomy(range(9)))
    blind = np.isin(np.array(mapper.taxonomy_.ids), ["a3", "a4"])
    rows = mapper.map_among(["brown wolf"], blind)[0]
    assert [r.node for r in rows] == ["a3", "a4"]
    assert rows[0].label == ""


def test_same_seed_same_bytes_and_saved_and_loaded_answers_alike(fitted, kitchen, saved, tmp_path):
    Text2Node(**SETTINGS).fit(kitchen).save(tmp_path / "again")
    for name in ("manifest.json", "arrays.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()
    loaded = Text2Node.load(saved)
    phrases = ["fry pan", "knife for bread", "egg beater", ""]
    assert loaded.map(phrases).to_records() == fitted.map(phrases).to_records()
    assert loaded.get_params() == fitted.get_params()
    assert loaded.facts_ == json.loads(json.dumps(fitted.facts_))


@pytest.mark.parametrize(
    ("encoder", "network", "node_embedding"),
    [
        ("word2vec", "cnn", "node2vec"), ("glove", "bilstm", "hope"),
        ("fasttext", "linear", "fastrp"), ("fasttext", "cnn", "sdne"),
    ],
)  # fmt: skip
def test_every_part_can_be_another(kitchen, encoder, network, node_embedding, tmp_path):
    options = {"network_options": {} if network == "linear" else {"n_epochs": 3}}
    mapper = Text2Node(
        encoder, network, node_embedding, {"dim": 16, "n_epochs": 3}, node_options={"dim": 16},
        fast=True, **options,
    ).fit(kitchen, corpus=["a ladle lifts soup", "a kettle boils water"])  # fmt: skip
    mapper.save(tmp_path / "m")
    loaded = load_mapper(tmp_path / "m")
    asked = ["ladle", "soup spoon"]
    assert loaded.map(asked).to_records() == mapper.map(asked).to_records()
    assert len(loaded.map(asked)[0]) == 10


def test_pretrained_vectors(kitchen, tmp_path):
    words = sorted({w for _, text, _ in kitchen.phrases() for w in text.lower().split()})
    rows = np.random.default_rng(0).normal(size=(len(words), 12))
    (tmp_path / "w.txt").write_text(
        "".join(f"{w} {' '.join(map(str, r))}\n" for w, r in zip(words, rows))
    )
    settings = {**SETTINGS, "encoder": "pretrained"}
    settings["encoder_options"] = {"path": str(tmp_path / "w.txt")}
    mapper = Text2Node(**settings).fit(kitchen)
    mapper.save(tmp_path / "m")
    (tmp_path / "w.txt").unlink()
    assert Text2Node.load(tmp_path / "m").map(["wok"]).best(0) == mapper.map(["wok"]).best(0)


def test_pairs_teach_and_other_splits_are_refused(kitchen):
    pairs = [Pair(f"gizmo {w}", ("K:041",)) for w in ("one", "two", "three", "four")] * 3
    mapper = Text2Node(**SETTINGS).fit(kitchen, pairs)
    assert "K:041" in [r.node for r in mapper.map(["gizmo"], k=12)[0]]
    with pytest.raises(LeakError):
        Text2Node(**SETTINGS).fit(kitchen, [Pair("x", ("K:041",), "test")])


def test_a_damaged_or_other_model_is_refused(saved, model, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(saved, copy)
    data = bytearray((copy / "arrays.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "arrays.safetensors").write_bytes(data)
    with pytest.raises(BundleError, match="no intact model"):
        Text2Node.load(copy)
    with pytest.raises(BundleError, match="of kind 'phrase-mapper', not 'text2node'"):
        Text2Node.load(model)
    assert (mapper_kind(saved), mapper_kind(model)) == ("text2node", "phrase-mapper")
    assert type(load_mapper(model)).__name__ == "PhraseMapper"


def test_an_embedding_is_no_mapper(tmp_path):
    from graphemb import Embedding

    Embedding(["a"], [[1.0]]).save(tmp_path / "e")
    with pytest.raises(BundleError, match=r"must be a model that maps phrases .* 'embedding'"):
        load_mapper(tmp_path / "e")


def test_mapping_needs_neither_torch_nor_gensim(saved):
    code = (
        "import sys; from graphemb import Text2Node\n"
        f"Text2Node.load({str(saved)!r}).map(['fry pan', 'breadish'])\n"
        "print([m for m in ('torch', 'gensim', 'sklearn', 'networkx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"encoder": "fastext"}, UnknownNameError, "Did you mean 'fasttext'"),
        ({"encoder": "contrastive"}, ParameterError, "encoder must give word vectors"),
        ({"network": "rnn"}, UnknownNameError, "mapping network: must be one of bilstm, cnn"),
        ({"node_embedding": "deepwalk"}, UnknownNameError, "node embedding: must be one of"),
        ({"network_options": {"hiden": 3}}, UnknownNameError, "Did you mean 'hidden'"),
        ({"min_probability": 2.0}, ParameterError, "min_probability must lie in"),
    ],
)
def test_wrong_parameters_are_named(kitchen, how, error, words):
    with pytest.raises(error, match=words):
        Text2Node(**{**SETTINGS, **how}).fit(kitchen)


def test_wrong_uses_are_named(fitted):
    with pytest.raises(NotFittedError):
        Text2Node().map(["x"])
    with pytest.raises(ParameterError, match="k must be an integer"):
        fitted.map(["x"], k=0)
    with pytest.raises(InputError, match="number 1 is 7"):
        fitted.map(["x", 7])
    with pytest.raises(InputError, match="must have edges"):
        Text2Node(**SETTINGS).fit(Taxonomy(["a", "b"], ["A", "B"], []))
    with pytest.raises(InputError, match="must have names"):
        Text2Node(**SETTINGS).fit(Taxonomy(["a", "b"], ["", "-"], [("a", "b")]))


def graphemb(*args):
    from click.testing import CliRunner

    from graphemb.cli import main

    done = CliRunner().invoke(main, [str(a) for a in args])
    return done.exit_code, done.output


def test_command_line(saved, tmp_path):
    code, out = graphemb("map", "--model", saved, "-p", "fry pan", "--k", 2, "--format", "tsv")
    assert (code, out.count("\n")) == (0, 3), out
    assert "near in node space" in out
    code, out = graphemb("info", saved)
    assert (code, "text2node" in out) == (0, True), out
    (tmp_path / "corpus.txt").write_text("a kettle boils water\n")
    code, out = graphemb(
        "train", "fixtures/kitchen", "-o", tmp_path / "m", "--recipe", "text2node", "--encoder",
        "word2vec", "--network", "mlp", "--node-embedding", "fastrp", "--fast",
        "--corpus", tmp_path / "corpus.txt",
    )  # fmt: skip
    assert (code, "trained in" in out) == (0, True), out
    assert mapper_kind(tmp_path / "m") == "text2node"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--encoder", "glove"], "--encoder: not an option of the recipe default"),
        (["--recipe", "text2node", "--lexicon", "x"], "--lexicon: not an option of the recipe"),
        (["--recipe", "text2node", "--encoder", "pretrained"], "give the file by --word-vectors"),
        (
            ["--recipe", "text2node", "--encoder", "glove", "--word-vectors", "x"],
            "either --encoder or --word-vectors",
        ),
    ],
)
def test_options_of_the_other_recipe_are_refused(args, words, tmp_path):
    code, out = graphemb("train", "fixtures/kitchen", "-o", tmp_path / "n", *args)
    assert (code, words in out) == (2, True), out


def test_it_answers_what_the_default_recipe_is_asked_too(fitted, kitchen):
    found = fitted.map(["Saucepan"], min_probability=0.0, not_within=["K:002"]).best(0)
    assert "Cookware" not in found.path
    leaf = fitted.map(["Cookware"], min_probability=0.0, leaves_only=True).best(0)
    assert not kitchen.children(leaf.node)
    assert fitted.map(["pan"], min_probability=0.0, ids=["K:006"]).best(0).node == "K:006"
    assert {len(kitchen.parents(c.node)) for c in fitted.map(["pan"], depth=(0, 0))[0]} <= {0}


def test_back_off_climbs_to_a_node_that_is_sure_enough(fitted, kitchen):
    phrases = list(kitchen.labels)
    safe = fitted.map(phrases, backoff=0.9, min_probability=0.0)
    answered = [c for c in (safe.best(i) for i in range(len(phrases))) if c]
    assert answered
    assert all(c.probability >= 0.9 - 1e-3 for c in answered)
    assert {c.review.relation for c in answered} <= {"exactMatch", "closeMatch", "broadMatch"}
    with pytest.raises(ParameterError, match="or leaves_only"):
        fitted.map(phrases, backoff=0.9, leaves_only=True)
    with pytest.raises(ParameterError, match="k must be"):
        fitted.map(phrases, backoff=0.9, k=0)


def test_the_command_says_what_such_a_model_cannot_explain(saved):
    code, out = graphemb("map", "-p", "pan", "--model", saved, "--backoff", "0.9")
    assert (code, "bug" in out) == (0, False), out
    code, out = graphemb("map", "-p", "pan", "--model", saved, "--explain")
    assert (code, "of the recipe text2node" in " ".join(out.split())) == (2, True), out
