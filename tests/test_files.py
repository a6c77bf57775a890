from __future__ import annotations

import gzip
import os
import stat
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphemb import InputError
from graphemb.errors import MissingInputError, StorageError
from graphemb.files import (
    Archive,
    atomic_folder,
    atomic_write,
    read_bytes,
    read_text,
    user_cache_dir,
)
from graphemb.tables import read_table


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_accepted_text(tmp_path):
    assert read_text(write(tmp_path / "a", b"\xef\xbb\xbfx\r\ny\n")) == "x\ny\n"
    assert read_text(write(tmp_path / "b.txt", gzip.compress("é".encode()))) == "é"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a\tb\n".encode("utf-16"), "UTF-16"),
        (b"id\n\xe9t\xe9\n", r"f:2: must be UTF-8; byte 0xe9.*Latin-1"),
        (b"a\n\0b", "f:2: must be text; it holds a NUL"),
        (b"a\rb\rc", "f:1: lines must end in LF or CRLF"),
        (b"\x1f\x8b\x08broken", "damaged gzip"),
        (b"PK\x03\x04zip", "zip or zstd"),
    ],
)
def test_refused_text(tmp_path, data, words):
    with pytest.raises(InputError, match=words):
        read_text(write(tmp_path / "f", data))


def test_limits_and_absence(tmp_path):
    with pytest.raises(InputError, match="at most 3 bytes"):
        read_bytes(write(tmp_path / "f", b"12345"), limit=3)
    with pytest.raises(InputError, match="at most 50 bytes"):
        read_bytes(write(tmp_path / "g", gzip.compress(b"1" * 100)), limit=50)
    with pytest.raises(MissingInputError, match="must exist"):
        read_text(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="is a folder"):
        read_text(tmp_path)
    long = write(tmp_path / "long.tsv", b"id\n" + b"x" * (1 << 20) + b"y\n")
    with pytest.raises(InputError, match="long.tsv:2: lines must be at most 1 MiB"):
        read_table(long)


def test_tables_stay_text(tmp_path):
    t = read_table(write(tmp_path / "t.csv", 'id,v\n007,NA\n1.0,"a\nb, ""c"""\n\n9,x\n'))
    assert t.rows == [("007", "NA"), ("1.0", 'a\nb, "c"'), ("9", "x")]
    assert t.lines == [2, 3, 6]
    tsv = read_table(write(tmp_path / "t.tsv", 'id\tv\n1\tsay "ah\n'))
    assert tsv.rows == [("1", 'say "ah')]
    assert read_table(write(tmp_path / "s.csv", "id;v\n1;2\n")).delimiter == ";"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "f.csv:1: must have a header"),
        ("a,a\n1,2\n", "f.csv:1: columns must differ; 'a'"),
        ("a,b\n1\n1,2\n1,2,3\n", "f.csv:2: must have 2 fields.*\n.*f.csv:4: must have 2 fields"),
        ('a,b\n1,"open\n', "f.csv:2: must be well-formed CSV"),
        (",".join(f"c{i}" for i in range(2000)) + "\n", "at most 1000 columns"),
        ("x,y\n1,2\n", "must have a column 'id'"),
    ],
)
def test_refused_tables(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read_table(write(tmp_path / "f.csv", text), required=("id",) if text[:1] == "x" else ())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            *[st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=9)] * 2
        ),
        min_size=1,
        max_size=6,
    )
)
def test_csv_written_is_csv_read(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("h") / "h.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        w = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        w.writerow(("a", "b"))
        w.writerows(rows)
    assert read_table(path, delimiter=",").rows == rows


def test_atomic_write_replaces_or_leaves(tmp_path):
    target = write(tmp_path / "out.tsv", "old")
    with pytest.raises(RuntimeError), atomic_write(target) as file:
        file.write(b"half")
        raise RuntimeError
    assert target.read_text() == "old"
    with atomic_write(target) as file:
        file.write(b"new")
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["out.tsv"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_failing_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    target = write(tmp_path / "f", "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(os, call, fail)
        with (
            pytest.raises(StorageError, match="could not be written.*No space left"),
            atomic_write(target) as file,
        ):
            file.write(b"new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_atomic_folder(tmp_path):
    with atomic_folder(tmp_path / "m") as folder:
        (folder / "a").write_text("1")
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "m") as folder:
        (folder / "b").write_text("2")
        raise RuntimeError
    assert [p.name for p in (tmp_path / "m").iterdir()] == ["a"]
    assert os.listdir(tmp_path) == ["m"]


def test_cache_place_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAPHEMB_CACHE", str(tmp_path))
    assert user_cache_dir() == tmp_path


def test_archive_reads_folder_and_zip_alike(tmp_path):
    folder = tmp_path / "d"
    (folder / "sub").mkdir(parents=True)
    write(folder / "sub" / "a.txt", b"\xef\xbb\xbfone\r\ntwo")
    write(folder / "b.txt", gzip.compress(b"x\n"))
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as out:
        out.write(folder / "sub" / "a.txt", "sub/a.txt")
    for archive in (Archive(folder), Archive(tmp_path / "d.zip")):
        assert archive.find(r"a\.txt") == ["sub/a.txt"]
        assert list(archive.lines("sub/a.txt")) == [(1, "one"), (2, "two")]
    assert list(Archive(folder).lines("b.txt")) == [(1, "x")]
    with pytest.raises(MissingInputError):
        list(Archive(folder).lines("c.txt"))


def test_a_damaged_member_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as out:
        out.writestr("a.txt", "word " * 99)
    data = bytearray((tmp_path / "d.zip").read_bytes())
    data[60] ^= 1
    write(tmp_path / "d.zip", bytes(data))
    with pytest.raises(InputError, match="is damaged"):
        list(Archive(tmp_path / "d.zip").lines("a.txt"))
