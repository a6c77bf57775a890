from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from graphemb import InputError, ParameterError
from graphemb.encode import ENCODERS, TextLines, WordVectors, load_word_vectors
from graphemb.encode._cooccurrence import cooccurrences
from graphemb.encode._glove_training import train
from graphemb.encode._subwords import gram_hash, grams
from graphemb.errors import NotFittedError

NAMES = ("fasttext", "glove", "word2vec")
COLOURS, ANIMALS = ("red", "green", "blue"), ("cat", "dog", "fox")
TEXTS = [f"{c} paint pot" for c in COLOURS] + [f"wild {a} hunts mice" for a in ANIMALS]
PHRASES = [t for t in TEXTS for _ in range(40)]
QUICK = {"dim": 16, "n_epochs": 20}
#: Every word is frequent here: thinning frequent ones out would leave nothing.
ALL = {"sample": 0.0, "learning_rate": 0.05}


@pytest.fixture(scope="module", params=NAMES)
def encoder(request):
    more = {} if request.param == "glove" else ALL
    return ENCODERS[request.param](**QUICK, **more).fit(PHRASES)


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_words_of_one_use_lie_together(encoder):
    v = encoder.word_vectors_.vector
    inside = np.mean([cosine(v("red"), v("green")), cosine(v("cat"), v("dog"))])
    across = np.mean([cosine(v("red"), v("cat")), cosine(v("green"), v("fox"))])
    assert inside > across + 0.1


def test_vectors_are_unit_rows_whatever_the_grouping(encoder):
    asked = ["Red paint!", "", "???", "hunts", "wild fox", "wild fox"]
    rows = encoder.vectors(asked)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), [1, 0, 0, 1, 1, 1])
    for i, phrase in enumerate(asked):
        assert encoder.vectors([phrase])[0].tobytes() == rows[i].tobytes()
    assert encoder.vectors([]).shape == (0, 16)
    assert encoder.encode(asked).keys == ("Red paint!", "", "???", "hunts", "wild fox")


def test_sequences_are_the_words_in_order(encoder):
    one, none = encoder.sequence(["pot, RED", ""])
    assert one.shape == (2, 16)
    assert none.shape == (0, 16)
    assert np.array_equal(one[1], encoder.word_vectors_.vector("red"))


def test_stored_arrays_give_the_same_vectors(encoder):
    again = type(encoder)(**encoder.get_params()).from_arrays(encoder.to_arrays())
    asked = ["red dog", "reddish foxes", ""]
    assert again.vectors(asked).tobytes() == encoder.vectors(asked).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bytes(name):
    def once(seed):
        found = ENCODERS[name](**QUICK, random_state=seed).fit(TEXTS)
        return found.word_vectors_.vectors.tobytes()

    assert once(3) == once(3) != once(4)


@pytest.mark.parametrize("name", NAMES)
def test_corpus_teaches_words_and_is_streamed(name, tmp_path):
    file = tmp_path / "corpus.txt"
    file.write_text("A purple,  heron.\n\n" * 5 + "word " * 3000 + "\n")
    found = ENCODERS[name](**QUICK).fit(TEXTS, TextLines(file)).word_vectors_
    assert {"purple", "heron", "word", "red"} <= set(found.words)
    (tmp_path / "corpus.gz").write_bytes(gzip.compress(file.read_bytes()))
    again = ENCODERS[name](**QUICK).fit(TEXTS, TextLines(tmp_path / "corpus.gz")).word_vectors_
    assert again.vectors.tobytes() == found.vectors.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_learn_from(name):
    empty = ENCODERS[name](**QUICK).fit(["", "!"])
    assert empty.vectors(["red", ""]).tolist() == [[0.0] * 16] * 2
    assert [len(rows) for rows in empty.sequence(["red"])] == [0]


def test_fasttext_hashes_and_vectors_are_gensims():
    from gensim.models.fasttext import FastText
    from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes

    for word in ("heart", "ü", "naïve", "日本語", "a", "😀x"):
        theirs = compute_ngrams_bytes(word, 2, 5)
        assert [g.encode() for g in grams(word, 2, 5)] == list(theirs)
        assert [gram_hash(g.decode()) for g in theirs] == [ft_hash_bytes(g) for g in theirs]
    model = FastText(
        [t.split() for t in TEXTS], vector_size=8, min_count=1, bucket=500, epochs=2, seed=1,
        workers=1,
    )  # fmt: skip
    from graphemb.encode._subwords import Subwords

    every = Subwords.of(["redfox"], model.wv.vectors_ngrams, 3, 6)
    assert np.allclose(every.vector("redfox"), model.wv["redfox"], atol=1e-6)


def test_fasttext_gives_unseen_words_a_vector_and_others_do_not():
    fast, plain = (ENCODERS[n](**QUICK, **ALL).fit(PHRASES) for n in ("fasttext", "word2vec"))
    assert cosine(fast.word_vectors_.vector("greenish"), fast.word_vectors_.vector("green")) > 0.5
    assert fast.word_vectors_.vector("zzzz") is None
    assert plain.word_vectors_.vector("greenish") is None


def test_cooccurrences_equal_the_definition():
    rng = np.random.default_rng(0)
    words = list("abcde")
    texts = [[words[i] for i in rng.integers(0, 5, rng.integers(0, 9))] for _ in range(30)]
    texts = [[w if rng.random() > 0.1 else "rare" for w in t] for t in texts]
    want = np.zeros((5, 5))
    for text in texts:
        kept = [words.index(w) for w in text if w != "rare"]
        for i, a in enumerate(kept):
            for j, b in enumerate(kept):
                if 0 < abs(i - j) <= 3:
                    want[a, b] += 1 / abs(i - j)
    row, column, X = cooccurrences(texts, words, 3)
    got = np.zeros((5, 5))
    got[row, column] = X
    assert np.allclose(got, want)
    assert len(row) == np.count_nonzero(want)


def test_cooccurrences_in_blocks_are_the_same(monkeypatch):
    from graphemb.encode import _cooccurrence

    texts = [t.split() for t in PHRASES]
    words = sorted({w for t in texts for w in t})
    whole = cooccurrences(texts, words, 2)
    monkeypatch.setattr(_cooccurrence, "BLOCK", 7)
    for one, other in zip(whole, cooccurrences(texts, words, 2)):
        assert np.allclose(one, other)


def test_glove_reaches_the_logarithms_of_the_counts():
    """With room for all, w·c + b + d = log X (equation 7)."""
    encoder = ENCODERS["glove"](dim=12, n_epochs=300, batch_size=16)
    entries = cooccurrences([t.split() for t in PHRASES], sorted({*" ".join(TEXTS).split()}), 5)
    seen = []
    import graphemb.encode._glove_training as training

    class Kept(training._Side):
        def __init__(self, *args):
            super().__init__(*args)
            seen.append(self)

    original, training._Side = training._Side, Kept
    try:
        train(encoder, entries, len({*" ".join(TEXTS).split()}), None)
    finally:
        training._Side = original
    words, contexts = (side.values for side in seen)
    row, column, X = entries
    fitted = (words[row, :-1] * contexts[column, :-1]).sum(1)
    fitted += words[row, -1] + contexts[column, -1]
    assert np.abs(fitted - np.log(X)).mean() < 0.05


def test_sif_equals_its_algorithm():
    found = ENCODERS["word2vec"](**QUICK, pooling="sif", smoothing=0.01).fit(PHRASES)
    words = [w for t in PHRASES for w in t.split()]
    v = found.word_vectors_.vector
    u = {
        t: np.mean([v(w) * 0.01 / (0.01 + words.count(w) / len(words)) for w in t.split()], axis=0)
        for t in TEXTS
    }
    common = np.linalg.svd(np.stack(list(u.values())))[2][0]
    want = np.stack([x - (x @ common) * common for x in u.values()])
    want /= np.linalg.norm(want, axis=1, keepdims=True)
    assert np.allclose(found.vectors(TEXTS), want, atol=1e-4)


@pytest.fixture
def known():
    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    return ["heart", "New_York", "%20"], rows


def text_of(words, rows):
    return "".join(f"{w} {' '.join(f'{x:.9g}' for x in r)}\n" for w, r in zip(words, rows))


def test_word_files_of_other_programs(known, tmp_path):
    words, rows = known
    files = {
        "w.vec": f"3 4\n{text_of(words, rows)}".encode(),
        "w.txt": text_of(words, rows).encode(),
        "w.txt.gz": gzip.compress(text_of(words, rows).encode()),
        "w.bin": b"3 4\n" + b"".join(w.encode() + b" " + r.tobytes() for w, r in zip(words, rows)),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        found = load_word_vectors(tmp_path / name)
        assert found.words == tuple(words), name
        assert found.vectors.tobytes() == rows.tobytes(), name
    assert np.array_equal(found.vector("new_york"), rows[1])
    assert len(load_word_vectors(tmp_path / "w.vec", max_words=2)) == 2


def test_word_files_written_by_gensim(known, tmp_path):
    from gensim.models import KeyedVectors

    words, rows = known
    made = KeyedVectors(4)
    made.add_vectors(words, rows)
    made.save_word2vec_format(str(tmp_path / "a.bin"), binary=True)
    made.save_word2vec_format(str(tmp_path / "a.txt"))
    assert load_word_vectors(tmp_path / "a.bin").vectors.tobytes() == rows.tobytes()
    assert load_word_vectors(tmp_path / "a.txt").words == tuple(words)
    made.save(str(tmp_path / "a.kv"))
    with pytest.raises(InputError, match=r"a pickle.*never opened.*save_word2vec_format"):
        load_word_vectors(tmp_path / "a.kv")


def test_glove_words_with_blanks_and_twice(tmp_path):
    file = tmp_path / "glove.txt"
    file.write_text("at 1 2\n. . . 3 4\nat 5 6\n")
    with pytest.warns(UserWarning, match="1 words came again"):
        found = load_word_vectors(file)
    assert found.words == ("at", ". . .")
    assert found.vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ":1: must hold a word and its numbers"),
        (b"alone\n", ":1: must hold a word and its numbers"),
        (b"a 1 2\nb 1\nc x 2\n", r":2: must hold a word and 2 numbers(.|\n)*:3: must hold"),
        (b"a 1 nan\n", "must be finite"),
        (b"a 1 2\n\xff 1 2\n", ":2: must be UTF-8"),
        (b"9999999 300\na 1\n", ":1: cannot hold"),
        (b"2 2\na 1 2\n", ":3: must be followed by 2 vectors"),
        (b"2 1\na " + struct.pack("<f", 1.5), "vector 2 of 2 must be there"),
        ((793712314).to_bytes(4, "little") + b"\0" * 60, "whole fastText model"),
    ],
)
def test_wrong_word_files_are_refused_with_the_place(tmp_path, content, words):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(InputError, match=words):
        load_word_vectors(tmp_path / "w")


def test_pretrained_vectors_encode(known, tmp_path):
    (tmp_path / "w.txt").write_text(text_of(*known))
    for pooling in ("mean", "sif"):
        encoder = ENCODERS["pretrained"](path=str(tmp_path / "w.txt"), pooling=pooling)
        rows = encoder.fit(["Heart", "heart x"]).vectors(["heart", "unknown"])
        assert rows.shape == (2, 4)
        assert not rows[1].any()
    with pytest.raises(ParameterError, match="path must name a file"):
        ENCODERS["pretrained"]().fit(["a"])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"dim": 0}, "dim must be an integer ≥ 1"),
        ({"pooling": "siff"}, "Did you mean 'sif'"),
        ({"smoothing": 0.0}, "smoothing must be a finite number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be"),
    ],
)
def test_wrong_parameters_are_named(how, words):
    for name in NAMES:
        with pytest.raises(ParameterError, match=words):
            ENCODERS[name](**how).fit(TEXTS)


def test_wrong_inputs_are_named():
    encoder = ENCODERS["word2vec"]()
    with pytest.raises(ParameterError, match=r"corpus: must be texts .* got 'generator'"):
        encoder.fit(TEXTS, (t for t in TEXTS))
    with pytest.raises(InputError, match="corpus: texts must be strings; number 2 is None"):
        encoder.fit(TEXTS, ["a", None])
    with pytest.raises(InputError, match="number 1 is 3"):
        encoder.fit(["a", 3])
    with pytest.raises(NotFittedError):
        encoder.vectors(["a"])
    with pytest.raises(ParameterError, match="min_n ≤ max_n"):
        ENCODERS["fasttext"](min_n=4, max_n=3).fit(TEXTS)
    with pytest.raises(ParameterError, match="x_max must be"):
        ENCODERS["glove"](x_max=0).fit(TEXTS)
    with pytest.raises(ParameterError, match="unique"):
        WordVectors(["a", "a"], np.ones((2, 3)))
