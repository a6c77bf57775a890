from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphemb import ContrastiveEncoder, InputError, ParameterError
from graphemb.encode import CharGrams, SparseRows, WordTerms, disturb, normalise, stems
from graphemb.encode._pairing import Pairing
from graphemb.errors import NotFittedError
from tests.oracles import tfidf_cosine

NAMES = [
    f"{a} {b}"
    for a in ("red", "green", "blue", "kidney", "renal")
    for b in ("stone", "fish", "car", "failure")
]
OWNERS = [(i if i < 12 else 12 + (i - 12) % 4,) for i in range(20)]  # kidney x = renal x


@pytest.fixture(scope="module")
def encoder():
    return ContrastiveEncoder(dim=32, hidden=32, projection_dim=48, n_epochs=30, batch_size=16).fit(
        NAMES, OWNERS
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Crohn’s disease", "crohn disease"), ("β-blocker", "beta blocker"), ("Ménière", "meniere"),
        ("don't  STOP--now!", "dont stop now"), ("Straße", "strasse"), ("...", ""),
        ("日本 語", "日本 語"),
        ("type_2", "type 2"), ("½ dose", "1 2 dose"),
    ],
)  # fmt: skip
def test_normalise(text, want):
    assert normalise(text) == want


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_normalise_is_idempotent_and_clean(text):
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())


def test_stems_join_forms():
    assert stems(["fractures fractured", "b12 t2dm"]) == [["fractur", "fractur"], ["b12", "t2dm"]]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text("abc d", min_size=1, max_size=14), min_size=2, max_size=6),
    st.text("abc d", max_size=9),
)
def test_char_grams_equal_the_definition(texts, query):
    texts = [normalise(t) for t in texts]
    grams = CharGrams.fit(texts, min_df=1)
    rows, q = grams.transform(texts), grams.transform([normalise(query)])
    want = tfidf_cosine(texts, normalise(query))
    got = (rows.to_scipy() @ q.to_scipy().T).toarray().ravel()
    assert np.allclose(got, want, atol=1e-5)


def test_char_grams_equal_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)
    theirs = model.fit_transform(NAMES).toarray()
    grams = CharGrams.fit(NAMES)
    ours = grams.transform(NAMES).to_scipy().toarray()
    assert ours.shape == theirs.shape
    assert np.allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-6)


def test_sparse_rows_products():
    terms = WordTerms.fit([n.split() for n in NAMES], bigrams=True, min_df=1)
    rows = terms.transform([["red", "fish"], [], ["unknown"], ["blue", "car", "car"]])
    table = np.random.default_rng(0).normal(size=(rows.n_columns, 5)).astype(np.float32)
    dense = rows.to_scipy().toarray()
    assert np.allclose(rows.dot(table, block=2), dense @ table, atol=1e-6)
    assert np.allclose(np.linalg.norm(dense, axis=1), [1, 0, 0, 1])
    back: SparseRows = rows.transposed()
    assert np.allclose(back.to_scipy().toarray(), dense.T)


def test_encoder_brings_names_of_one_thing_together(encoder):
    z = encoder.vectors(NAMES)
    assert z.dtype == np.float32
    assert np.allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)
    same = [float(z[12 + i] @ z[16 + i]) for i in range(4)]
    other = [float(z[12 + i] @ z[16 + (i + 1) % 4]) for i in range(4)]
    assert min(same) > max(other)


def test_encoder_laws(encoder):
    phrases = ["red fish", "", "zzz", "kidney stnoe", "???"]
    z = encoder.vectors(phrases)
    assert (z[[1, 4]] == 0).all()
    for i, phrase in enumerate(phrases):
        assert np.allclose(encoder.vectors([phrase])[0], z[i], atol=1e-6)
    assert encoder.vectors([]).shape == (0, 32)
    assert encoder.encode(["a", "b", "a"]).keys == ("a", "b")
    for wrong, words in (
        (["a", None], "number 1 is None"),
        ([b"x"], "number 0"),
        ("abc", "sequence"),
    ):
        with pytest.raises(InputError, match=words):
            encoder.vectors(wrong)
    again = ContrastiveEncoder(dim=32).from_arrays(*encoder.to_arrays())
    assert again.vectors(phrases).tobytes() == z.tobytes()


def test_same_seed_same_bytes(encoder):
    again = ContrastiveEncoder(**encoder.get_params()).fit(NAMES, OWNERS)
    for name, array in encoder.to_arrays()[0].items():
        assert again.to_arrays()[0][name].tobytes() == array.tobytes(), name


def test_graph_layer_moves_documents():
    up = np.array([[0, 0, 0], [1, 2, 3]])
    e = ContrastiveEncoder(dim=16, hidden=16, projection_dim=16, n_epochs=3, batch_size=8)
    e.fit(NAMES, [(i,) for i in range(20)], relations=[up, up[::-1], np.zeros((2, 0), int)])
    assert e.graph_weight_.shape == (48, 16)
    z = e.vectors(NAMES[:2])
    assert not np.allclose(e.documents(z, np.ones((2, 48), np.float32)), z)
    assert e.documents(z, None) is z


@pytest.mark.parametrize(
    "wrong", [{"dim": 0}, {"temperature": 0}, {"noise": 1.0}, {"n_epochs": 1.5}]
)
def test_bad_parameters_name_themselves(wrong):
    with pytest.raises(ParameterError, match=f"ContrastiveEncoder: {next(iter(wrong))}"):
        ContrastiveEncoder(**wrong).fit(NAMES)


def test_unfitted():
    with pytest.raises(NotFittedError, match="ContrastiveEncoder: must be fitted"):
        ContrastiveEncoder().vectors(["a"])


def test_pairing_knows_shared_owners():
    p = Pairing([(0,), (0, 1), (1,), (2,)], np.array([0, 2, 3]))
    assert p.share_owner(np.array([[0]]), np.array([[1, 2, 3]])).tolist() == [[True, False, False]]
    assert p.owned_by(np.array([[1]]), np.array([[0, 1, 2]])).tolist() == [[True, True, False]]
    q, d, nodes = p.sample(np.random.default_rng(0), noise=0.0)
    assert set(zip(q.tolist(), d.tolist(), nodes.tolist(), strict=True)) >= {
        (1, 0, 0),
        (1, 2, 1),
        (7, 3, 2),
    }


def test_disturbed_copies_stay_words():
    rng = np.random.default_rng(1)
    made = {disturb("acute kidney failure", rng) for _ in range(200)}
    assert len(made) > 60
    assert all(made)
