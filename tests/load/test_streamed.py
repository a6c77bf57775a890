"""Phrase files read in parts are the files read whole."""

from __future__ import annotations

import pytest

from graphemb.errors import InputError
from graphemb.load import PhraseFile, read_phrases
from tests.cli.jobs import table


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'id,phrase\r\n1,"a ""b""\r\nc"\r\n\r\n2,x\r\n'),
        ("a.csv", "\ufeffid;phrase\n1;a,b\n2;NA"),
        ("a.tsv", 'id\tphrase\n1\tsay "ah\n\n007\t\n'),
        ("a.txt", "one\n\n two \nthree, four\n\n"),
        ("a.txt", "one"),
        ("a.txt", "phrase\none\n"),
        ("a.jsonl", '{"phrase": "a", "n": 1.0}\n\n{"phrase": null, "m": [1, true]}\n'),
        ("notes", '\n{"phrase": "a"}\n'),
    ],
)
def test_a_file_in_parts_is_the_file(tmp_path, name, data):
    import gzip

    for path, packed in ((tmp_path / name, False), (tmp_path / f"{name}.gz", True)):
        raw = data.encode()
        path.write_bytes(gzip.compress(raw) if packed else raw)
        whole, file = read_phrases(path), PhraseFile(str(path))
        file.check()
        for size in (1, 2, 99):
            parts = list(file.parts(size))
            assert [t for p in parts for t in p.texts] == whole.texts
            assert [r for p in parts for r in p.rows] == whole.rows
            kinds = [type(cell) for p in parts for row in p.rows for cell in row]
            assert kinds == [type(cell) for row in whole.rows for cell in row]
            assert {p.header for p in parts} == {whole.header}
        assert file.n_rows == len(whole.texts)


def test_a_workbook_in_parts(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("phrase", "uses"), ("a", 1), ("b", 2), ("c", 3)):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    file = PhraseFile(str(tmp_path / "b.xlsx"), freq_col="uses")
    file.check()
    assert [p.texts for p in file.parts(2)] == [["a", "b"], ["c"]]
    assert [p.frequencies for p in file.parts(2, 2)] == [(1, 3)]


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    file = PhraseFile(str(table(tmp_path / "in.csv", 9)))
    file.check()
    parts = file.parts(4)
    next(parts)
    with (tmp_path / "in.csv").open("a") as out:
        out.write("x,y,1\n")
    with pytest.raises(InputError, match="must stay as it is while it is read"):
        list(parts)
