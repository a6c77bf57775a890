"""Phrases from typed tables: what each cell becomes, and what is refused."""

from __future__ import annotations

import datetime
import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphemb.errors import InputError, MissingPackageError
from graphemb.load import JsonText, read_phrases
from graphemb.load._jsonl import jsonl_table
from graphemb.load._typed import as_text


def workbook(path, rows, formats=()):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            style = book.add_format({"num_format": dict(formats).get(j, "General")})
            if isinstance(value, datetime.datetime):
                sheet.write_datetime(
                    i, j, value, book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
                )
            else:
                sheet.write(i, j, value, style)
    book.close()
    return path


def test_a_workbook_becomes_text_by_the_rule(tmp_path):
    day, hour = datetime.datetime(2024, 1, 31), datetime.datetime(2024, 1, 31, 9, 30)
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["code", "phrase", "v", ""], ["007", "fry pan", 1.0], [7, "NA", 1.5], [21, "=x", True],
            [None, "two\nlines", day], [1, " kept ", hour], [2, None, 1e300], [None, None, None],
        ],
        {0: "000"},
    )  # fmt: skip
    found = read_phrases(path, id_col=None)
    assert found.header == ("code", "phrase", "v")
    assert found.rows == [
        ("007", "fry pan", "1"), ("007", "NA", "1.5"), ("021", "=x", "TRUE"),
        ("", "two\nlines", "2024-01-31"), ("001", " kept ", "2024-01-31T09:30:00"),
        ("002", "", "1e+300"),
    ]  # fmt: skip
    assert found.texts[3] == "two\nlines"
    with pytest.raises(InputError, match=r"a.xlsx:3: code must differ.*line 2"):
        read_phrases(path, id_col="code")


def test_parquet_becomes_text_by_the_rule(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "phrase": pa.array(["a", None, "NA"]), "i": pa.array([1, None, 2**62]),
            "f": pa.array([1.0, 0.1, float("nan")]), "b": pa.array([True, False, None]),
            "d": pa.array([datetime.date(2024, 1, 31)] * 3),
            "t": pa.array([datetime.datetime(2024, 1, 31, 9)] * 3, pa.timestamp("ns")),
            "l": pa.array([["x", "y"], [], None]),
            "c": pa.array(["p", "q", "p"]).dictionary_encode(),
            "s": pa.array([b"\xc3\xa9", b"", b"z"]),
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_phrases(tmp_path / "a.parquet").rows == [
        ("a", "1", "1.0", "TRUE", "2024-01-31", "2024-01-31T09:00:00", '["x", "y"]', "p", "é"),
        ("", "", "0.1", "FALSE", "2024-01-31", "2024-01-31T09:00:00", "[]", "q", ""),
        ("NA", str(2**62), "nan", "", "2024-01-31", "2024-01-31T09:00:00", "", "p", "z"),
    ]
    pq.write_table(pa.table({"phrase": ["a"], "s": [b"\xff"]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="intact Parquet"):
        read_phrases(tmp_path / "b.parquet")


def test_json_lines_keep_how_values_were_spelt(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"phrase": "a", "n": 1.0, "t": true}\n\n'
        '{"n": 10e2, "phrase": "b", "l": [1.50, {"k": null}]}\n'
    )
    found = read_phrases(path)
    assert found.header == ("phrase", "n", "t", "l")
    assert found.rows == [("a", "1.0", "true", ""), ("b", "10e2", "", '[1.50, {"k": null}]')]
    assert [type(c) is JsonText for c in found.rows[0]] == [False, True, True, True]
    path.rename(tmp_path / "stdin")
    assert read_phrases(tmp_path / "stdin") == found  # known without its name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"phrase": NaN}', r"1: must be a JSON object.*NaN"),
        ('{"phrase": "a"}\n[1]', "2: must be a JSON object; got"),
        ('{"phrase": "a"}\n{"phrase"', "2: must be a JSON object"),
        ('{"phrase": "a", "phrase": "b"}', "1: .*a key comes twice"),
        ('{"phrase": "\\ud800"}', "1: must be whole text"),
        ('{"text": "a"}', "must have a column 'phrase'.*--text-col"),
        ("{}", "there are none"),
        ('{"phrase": ' + "[" * 100_000, "1: must be a JSON object"),
    ],
)
def test_bad_json_lines_name_the_line(tmp_path, text, words):
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(InputError, match=words):
        read_phrases(tmp_path / "a.jsonl")


def test_frequencies(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("phrase,n,dept\na,3,x\nb,,y\nc,2.0,\n")
    found = read_phrases(path, freq_col="n", context_cols=["dept"])
    assert found.frequencies == (3, 1, 2)
    assert found.context_cols == ("dept",)
    assert read_phrases(path).frequencies == (1, 1, 1)
    path.write_text('phrase,n\na,-1\nb,nan\nc,"1,5"\nd,inf\n')
    with pytest.raises(InputError) as raised:
        read_phrases(path, freq_col="n")
    assert [line.split(": ")[0] for line in str(raised.value).split("\n")] == [
        f"{path}:{i}" for i in (2, 3, 4, 5)
    ]
    with pytest.raises(InputError, match="must have a column 'where'"):
        read_phrases(path, context_cols=["where"])
    (tmp_path / "a.txt").write_text("a\nb\n")
    with pytest.raises(InputError, match="must be a table"):
        read_phrases(tmp_path / "a.txt", id_col="id")


def test_bad_workbooks_are_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["phrase", "x"], ["a", 1]])
    content = path.read_bytes()
    for cut in (30, 200, len(content) // 2, len(content) - 10):
        (tmp_path / "cut.xlsx").write_bytes(content[:cut])
        with pytest.raises(InputError, match="workbook"):
            read_phrases(tmp_path / "cut.xlsx")
    for rows, words in (
        ([["phrase", "phrase"], ["a", "b"]], "comes twice"),
        ([["phrase"], ["a", "b"]], r"b.xlsx:2: must have 1 cells"),
        ([[""]], "must have a header"),
        ([["phrase"]], "must have rows below"),
    ):
        with pytest.raises(InputError, match=words):
            read_phrases(workbook(tmp_path / "b.xlsx", rows))


@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_a_workbook_with_entities_is_refused(tmp_path, code):
    path = workbook(tmp_path / "a.xlsx", [["phrase"], ["a"]])
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/sharedStrings.xml":
                data = '<!DOCTYPE x [<!ENTITY a "b">]>'.encode(code) + data
            new.writestr(name, data)
    path.write_bytes(out.getvalue())
    with pytest.raises(InputError, match="must not declare entities"):
        read_phrases(path)


def test_a_zip_bomb_and_another_zip_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("graphemb.load._typed._RATIO", 2)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", b" " * (3 << 20))
    with pytest.raises(InputError, match="unpacks to"):
        read_phrases(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        file.writestr("a.txt", "x")
    with pytest.raises(InputError, match="must be an intact XLSX"):
        read_phrases(tmp_path / "b.zip")


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    path = workbook(tmp_path / "a.xlsx", [["phrase"], ["a"]])
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for name in ("openpyxl", "pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingPackageError, match=r"pip install 'graphemb\[xlsx\]'"):
        read_phrases(path)
    with pytest.raises(MissingPackageError, match=r"pip install 'graphemb\[table\]'"):
        read_phrases(tmp_path / "a.parquet")


@pytest.mark.parametrize("name", ["xlsx", "parquet", "jsonl", "sssom", "conceptmap-r5"])
def test_damaged_files_raise_nothing_but_our_errors(tmp_path, name):
    import random

    from graphemb.errors import GraphembError
    from graphemb.export import EXPORTERS
    from graphemb.load import load_mappings, load_pairs
    from tests.export.cases import reviewed

    content = EXPORTERS[name]().encoded(reviewed())[0]
    draw, path, refused = random.Random(0), tmp_path / "f", 0
    for _ in range(40):
        data, at = bytearray(content), draw.randrange(len(content))
        kind = draw.randrange(4)
        if kind == 0:
            data[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del data[at : at + draw.randrange(1, 20)]
        elif kind == 2:
            del data[at:]
        else:
            data[at:at] = draw.randbytes(3)
        path.write_bytes(data)
        for read in (load_pairs, load_mappings, read_phrases):
            try:
                read(path)
            except GraphembError:
                refused += 1
    assert refused > 10


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(st.text("xyz", min_size=1), json_values, min_size=1), min_size=1))
def test_json_lines_go_out_as_they_came(objects):
    from graphemb.export._rows import JsonLines

    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in objects)
    table = jsonl_table("f", text)
    writer = JsonLines(table.header)
    for value, row in zip(objects, table.rows, strict=True):
        out = json.loads(writer.rows(row, "", []))
        assert out.pop("candidates") == []
        assert {k: v for k, v in out.items() if v is not None} == {
            k: v for k, v in value.items() if v is not None
        }


def test_as_text_of_what_is_left():
    assert as_text(datetime.time(9, 30)) == "09:30:00"
    assert as_text("a\r\nb\rc") == "a\nb\nc"
    assert as_text(7, "0.00") == "7"
