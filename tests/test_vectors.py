from __future__ import annotations

import contextlib
import struct
import sys
import types

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphemb import Embedding, InputError, ParameterError, load_embedding, write_embedding
from graphemb.errors import MissingInputError, MissingPackageError, StorageError, UnknownNameError
from graphemb.vectors import VECTOR_FORMATS, format_of
from graphemb.vectors._escape import LINES, escaped, unescaped

KEYS = ["my node", "ü x", "100%", "a\tb", "c\nd", " lead", "%20", "007", "😀", "x\u2028y\xa0z"]
NAMES = {
    "npz": "v.npz", "parquet": "v.parquet", "projector": "v.tsv", "safetensors": "v.safetensors",
    "word2vec": "v.vec", "word2vec-binary": "v.bin",
}  # fmt: skip


@pytest.fixture
def odd():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(KEYS), 5)) * 10.0 ** rng.integers(-30, 30, (len(KEYS), 5))
    return Embedding(KEYS, vectors)


def test_an_embedding_takes_vectors_without_a_copy_and_checks_them_all_the_same():
    rows = np.full((2, 3), 3e38, np.float32)  # finite, though their sum is not
    keys, index = ("a", "b"), {"a": 0, "b": 1}
    taken = Embedding.taking(keys, index, rows)
    assert taken.vectors is rows and not rows.flags.writeable
    assert taken["b"].tolist() == rows[1].tolist()
    for wrong in (np.nan, np.inf, -np.inf):
        bad = np.zeros((2, 3), np.float32)
        bad[1, 2] = wrong
        with pytest.raises(ParameterError, match="must be finite"):
            Embedding.taking(keys, index, bad)
        with pytest.raises(ParameterError, match="must be finite"):
            Embedding(keys, bad)


def same(one, two):
    assert one.keys == two.keys
    assert one.vectors.tobytes() == two.vectors.tobytes()


@pytest.fixture(params=sorted(VECTOR_FORMATS))
def kind(request):
    return request.param


def test_every_format_gives_back_what_it_took(kind, odd, tmp_path):
    file = tmp_path / NAMES[kind]
    write_embedding(odd, file)
    same(load_embedding(file), odd)
    first = file.read_bytes()
    write_embedding(odd, file)
    assert file.read_bytes() == first
    same(load_embedding(file, kind), odd)


def test_empty_embeddings_and_a_folder(kind, odd, tmp_path):
    none = Embedding([], np.empty((0, 3), np.float32))
    write_embedding(none, tmp_path / NAMES[kind])
    assert load_embedding(tmp_path / NAMES[kind]).keys == ()
    odd.save(tmp_path / "folder")
    same(load_embedding(tmp_path / "folder"), odd)
    with pytest.raises(StorageError, match="is a folder"):
        write_embedding(odd, tmp_path / "folder", kind)
    with pytest.raises(MissingInputError):
        load_embedding(tmp_path / "none", kind)


keys = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
    unique=True, min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=keys, dim=st.integers(1, 4), data=st.data())
def test_written_and_read_is_the_same(kind, tmp_path, names, dim, data):
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    row = st.lists(number, min_size=dim, max_size=dim)
    rows = data.draw(st.lists(row, min_size=len(names), max_size=len(names)))
    e = Embedding(names, rows)
    write_embedding(e, tmp_path / NAMES[kind])
    same(load_embedding(tmp_path / NAMES[kind]), e)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_escape_is_reversible_and_leaves_no_blank(key):
    word = escaped(key)
    assert unescaped(word) == key
    assert not word or word.split() == [word]
    assert unescaped(escaped(key, LINES)) == key


@pytest.mark.parametrize("word", ["%", "100%", "%zz", "%2", "%ff", "50%-off", "%E9t%E9"])
def test_words_of_other_programs_stay(word):
    assert unescaped(word) == word


def test_ids_that_no_file_holds_are_refused_before_writing(kind, tmp_path):
    for key in ("", "a\0b", "\ud800"):
        with pytest.raises(ParameterError, match="ids must be non-empty Unicode"):
            write_embedding(Embedding([key], [[1.0]]), tmp_path / NAMES[kind])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("kind", "binary"), [("word2vec", False), ("word2vec-binary", True)])
def test_gensim_reads_as_many_keys_as_there_are(kind, binary, odd, tmp_path):
    from gensim.models import KeyedVectors

    write_embedding(odd, tmp_path / "v", kind)
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "v"), binary=binary)
    assert [unescaped(key) for key in read.index_to_key] == KEYS
    assert read["my%20node"].tobytes() == odd["my node"].tobytes()
    assert np.array_equal(read.vectors, odd.vectors)
    read.save_word2vec_format(str(tmp_path / "back"), binary=binary)
    again = load_embedding(tmp_path / "back", kind)
    assert again.keys == tuple(KEYS)
    assert np.allclose(again.vectors, odd.vectors, rtol=1e-6)


def test_keyed_vectors_in_memory_keep_ids(odd):
    found = odd.to_keyed_vectors()
    assert found.index_to_key == KEYS
    assert found["c\nd"].tobytes() == odd["c\nd"].tobytes()


def test_other_programs_read_the_files(odd, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq
    from safetensors.numpy import load_file

    write_embedding(odd, tmp_path / "v.npz")
    arrays = np.load(tmp_path / "v.npz")
    assert arrays["ids"].tolist() == KEYS
    write_embedding(odd, tmp_path / "v.parquet")
    table = pq.read_table(tmp_path / "v.parquet")
    assert pa.types.is_fixed_size_list(table.schema.field("vector").type)
    assert np.array_equal(np.stack(table["vector"].to_numpy()), odd.vectors)
    write_embedding(odd, tmp_path / "v.safetensors")
    tensors = load_file(tmp_path / "v.safetensors")
    assert bytes(tensors["ids"]).decode().split("\0")[:-1] == KEYS
    write_embedding(odd, tmp_path / "vectors.tsv")
    assert np.allclose(np.loadtxt(tmp_path / "vectors.tsv", delimiter="\t"), odd.vectors)
    assert len((tmp_path / "metadata.tsv").read_bytes().split(b"\n")) == len(KEYS) + 1


def test_frames_come_from_pandas_where_it_is(odd, monkeypatch):
    made = types.SimpleNamespace(
        DataFrame=lambda data, index: (data, index), Index=lambda keys, name: (keys, name)
    )
    monkeypatch.setitem(sys.modules, "pandas", made)
    data, index = odd.to_frame()
    assert data is odd.vectors
    assert index == (odd.keys, "id")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match=r"graphemb\[frame\]"):
        odd.to_frame()


def test_every_truncation_is_an_input_error(kind, odd, tmp_path):
    file = tmp_path / NAMES[kind]
    write_embedding(odd, file)
    whole = file.read_bytes()
    last = len(whole) - (1 if kind in ("word2vec", "projector") else 0)  # the last line end
    for cut in range(0, last, max(1, len(whole) // 150)):
        file.write_bytes(whole[:cut])
        if kind in ("word2vec", "projector"):
            with contextlib.suppress(InputError):  # cut inside its last number: a shorter number
                assert load_embedding(file).keys == odd.keys
        else:
            with pytest.raises(InputError, match=str(tmp_path)):
                load_embedding(file)


def test_flipped_bits_are_found_where_the_format_has_checksums(kind, odd, tmp_path):
    file = tmp_path / NAMES[kind]
    write_embedding(odd, file)
    whole = file.read_bytes()
    wrong = 0
    for at in range(0, len(whole), max(1, len(whole) // 200)):
        flipped = bytearray(whole)
        flipped[at] ^= 1
        file.write_bytes(flipped)
        with contextlib.suppress(InputError):
            read = load_embedding(file)
            wrong += (read.keys, read.vectors.tobytes()) != (odd.keys, odd.vectors.tobytes())
    assert not wrong or kind in ("word2vec", "word2vec-binary", "projector")


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("word2vec", b"", ":1: must give the number of vectors"),
        ("word2vec", b"the quick\n", ":1: must give the number of vectors"),
        ("word2vec", b"99999999999 9\na 1\n", ":1: cannot hold"),
        ("word2vec", b"2 2\na 1 2\n", ":3: must be followed by 2 vectors"),
        ("word2vec", b"1 2\na 1\n", ":2: must hold an id and 2 numbers; holds 1"),
        ("word2vec", b"1 2\na 1 x\n", ":2: must hold numbers; got 'x'"),
        ("word2vec", b"1 2\na 1 2\nb 1 2\n", ":3: must end after 1 vectors"),
        ("word2vec", b"2 1\na 1\na 2\n", "came twice"),
        ("word2vec", b"1 1\na nan\n", "must be finite"),
        ("word2vec", b"1 2\nmy node 1 2\n", ":2: must hold an id and 2 numbers; holds 3"),
        ("word2vec-binary", b"2 1\na \0\0\0\0", "vector 2 of 2 must be there"),
        ("word2vec-binary", b"1 1\n\xff \0\0\0\0", "must be UTF-8"),
        ("word2vec-binary", b"1 1\na \0\0\0\0more", "after 1 vectors; it goes on"),
        ("word2vec-binary", b"1 1\na " + struct.pack("<f", np.nan), "must be finite"),
        ("safetensors", b"\xff" * 8, "header is longer than the file"),
        ("safetensors", b"\2\0\0\0\0\0\0\0{}", "must hold the tensors|damaged"),
        ("npz", b"PK\3\4", "damaged zip"),
        ("parquet", b"PAR1", "damaged Parquet"),
        ("projector", b"1\t2\n", "must exist"),
    ],
)
def test_wrong_files_are_refused_with_the_place(tmp_path, kind, content, words):
    file = tmp_path / NAMES[kind]
    file.write_bytes(content)
    with pytest.raises((InputError, MissingInputError), match=words) as caught:
        load_embedding(file)
    assert str(tmp_path) in str(caught.value)


def test_the_original_binary_with_newlines_is_read(tmp_path):
    row = struct.pack("<2f", 1, 2) + b"\n"
    (tmp_path / "g.bin").write_bytes(b"2 2\na%20b " + row + b"c " + row)
    assert load_embedding(tmp_path / "g.bin").keys == ("a b", "c")


def test_endings_name_formats():
    assert {kind: format_of(name) for kind, name in NAMES.items()} == {k: k for k in NAMES}
    with pytest.raises(ParameterError, match=r"must end in one of .bin, .emb"):
        format_of("x.csv")
    with pytest.raises(UnknownNameError, match="Did you mean 'parquet'"):
        load_embedding("x", "parket")
