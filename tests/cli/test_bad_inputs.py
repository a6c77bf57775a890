"""Every bad phrase file, pair file and command line of the reliability table."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from graphemb.bundle import FORMAT_VERSION
from tests.cli.test_cli import graphemb, run


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return path


WIDE = ",".join(f"c{i}" for i in range(100_000)) + "\n"

#: name → (file, content, more arguments, what the message must match): all are exit 65.
REFUSED = {
    # nothing there
    "empty csv": ("f.csv", "", (), r"f\.csv:1: must have a header and rows; the file is empty"),
    "empty txt": ("f.txt", "", (), r"f\.txt:1: must hold at least one phrase; it is empty"),
    "blank txt": ("f.txt", "\n \n", (), r"f\.txt:1: must hold at least one phrase"),
    "empty jsonl": ("f.jsonl", "\n", (), r"f\.jsonl:1: must hold JSON objects"),
    "header only": ("f.csv", "id,phrase\n", (), r"f\.csv:1: must have rows below the header"),
    "header only, one column": ("f.txt", "phrase\n", (), r"f\.txt:1: must have rows below"),
    # columns
    "no such column": ("f.csv", "id,phrases\n1,a\n", (), r"f\.csv:1: must have a column 'phrase'; has 'id', 'phrases'\. Did you mean 'phrases'\? Name it with --text-col"),
    "no such id column": ("f.csv", "phrase\na\n", ("--id-col", "nr"), r"f\.csv:1: must have a column 'nr'"),
    "columns of a list": ("f.txt", "a\nb\n", ("--id-col", "nr"), r"f\.txt:1: must be a table with a column 'phrase'"),
    "doubled column": ("f.csv", "phrase,phrase\na,b\n", (), r"f\.csv:1: columns must differ; 'phrase'"),
    "100k columns": ("f.csv", "phrase," + WIDE, (), r"f\.csv:1: must have at most 1000 columns"),
    "100k keys": ("f.jsonl", json.dumps({f"k{i}": 1 for i in range(100_000)}), (), r"f\.jsonl:1: (must have|lines must be) at most"),
    "ragged": ("f.csv", "id,phrase\n1,a\n2\n3,c,d\n", (), r"f\.csv:3: must have 2 fields like the header; has 1\.\n.*f\.csv:4: .*has 3"),
    "ragged tsv": ("f.tsv", "id\tphrase\n1\ta\tb\n", (), r"f\.tsv:2: must have 2 fields"),
    "many problems": ("f.csv", "id,phrase\n" + "1\n" * 50, (), r"f\.csv:21: .*\n… and 30 more"),
    # values
    "doubled id": ("f.csv", "id,phrase\n1,a\n2,b\n1,c\n", ("--id-col", "id"), r"f\.csv:4: id must differ from row to row; '1' stands on line 2 too"),
    "text for a number": ("f.csv", "phrase,n\na,2\nb,many\n", ("--freq-col", "n"), r"f\.csv:3: 'n' must be a whole number from 0; got 'many'"),
    "negative": ("f.csv", "phrase,n\na,-2\n", ("--freq-col", "n"), r"f\.csv:2: 'n' must be a whole number"),
    "nan": ("f.csv", "phrase,n\na,nan\n", ("--freq-col", "n"), r"f\.csv:2: 'n' must be a whole number"),
    "infinite": ("f.csv", "phrase,n\na,inf\n", ("--freq-col", "n"), r"f\.csv:2: 'n' must be a whole number"),
    "decimal comma": ("f.csv", 'phrase,n\na,"1,5"\n', ("--freq-col", "n"), r"f\.csv:2: 'n' must be a whole number from 0; got '1,5'"),
    # encodings
    "utf-16": ("f.csv", "phrase\na\n".encode("utf-16"), (), r"f\.csv:1: must be UTF-8; this is UTF-16"),
    "latin-1": ("f.csv", b"phrase\na\n\xe9t\xe9\n", (), r"f\.csv:3: must be UTF-8; byte 0xe9"),
    "latin-1 txt": ("f.txt", b"a\n\xe9t\xe9\n", (), r"f\.txt:2: must be UTF-8; byte 0xe9"),
    "lone surrogate": ("f.csv", "phrase\na\ud800\n", (), r"f\.csv:2: must be UTF-8; byte 0xed"),
    "half a character": ("f.jsonl", '{"phrase": "a\\ud800"}\n', (), r"f\.jsonl:1: must be whole text; it holds half"),
    "cr only": ("f.csv", "phrase\ra\rb\r", (), r"f\.csv:1: (lines must end in LF|holds a NUL or a lone CR)"),
    "nul": ("f.csv", "phrase\na\nb\0\n", (), r"f\.csv:3: .*NUL"),
    "binary": ("f.csv", bytes(range(256)) * 9, (), r"f\.csv:\d+: "),
    "binary txt": ("f", b"\x7fELF\x02\x01\x01\0\0\xff", (), r"f:1: must be UTF-8"),
    "zstd": ("f.csv", b"\x28\xb5\x2f\xfd123", (), r"f\.csv: is a zip or zstd|f\.csv:1: must be UTF-8"),
    "line of 10 MB": ("f.txt", "a\n" + "x" * 10_000_000, (), r"f\.txt:2: lines must be at most 1 MiB"),
    "line of 10 MB csv": ("f.csv", 'phrase\n"' + "x" * 10_000_000 + '"\n', (), r"f\.csv:2: lines must be at most 1 MiB"),
    # cut
    "unclosed quote": ("f.csv", 'phrase,n\na,1\n"b,2\nc,3\n', (), r"f\.csv:3: must be well-formed CSV .*not closed"),
    "unclosed quote in a large file": ("f.csv", 'phrase,n\na,1\n"b,2\n' + "c,3\n" * 400_000, (), r"f\.csv:3: must be well-formed CSV"),
    "cut gzip": ("f.csv", gzip.compress(os.urandom(99).hex().encode() * 9)[:90], (), r"f\.csv: is a damaged gzip"),
    "gzip with a wrong sum": ("f.csv", gzip.compress(b"phrase\nkettle\n")[:-8] + bytes(8), (), r"f\.csv: is a damaged gzip"),
    "cut jsonl": ("f.jsonl", '{"phrase": "a"}\n{"phra', (), r"f\.jsonl:2: must be a JSON object"),
    "no object": ("f.jsonl", '{"phrase": "a"}\n[1]\n', (), r"f\.jsonl:2: must be a JSON object; got"),
    "nan in jsonl": ("f.jsonl", '{"phrase": "a", "n": NaN}\n', (), r"f\.jsonl:1: .*NaN is not JSON"),
    "deep jsonl": ("f.jsonl", '{"phrase": ' + "[" * 200_000 + "}\n", (), r"f\.jsonl:1: must be a JSON object"),
    "damaged xlsx": ("f.xlsx", b"PK\x03\x04" + b"x" * 50, (), r"f\.xlsx: is a damaged workbook"),
    "damaged parquet": ("f.parquet", b"PAR1" + b"x" * 50, (), r"f\.parquet: must be an intact Parquet file"),
}  # fmt: skip


@pytest.mark.parametrize("way", ["whole", "parts"])
@pytest.mark.parametrize("case", REFUSED)
def test_refused(model, tmp_path, case, way):
    name, data, more, words = REFUSED[case]
    out = tmp_path / "out"
    parts = ["--parts"] if way == "parts" else []
    start = time.monotonic()
    got = run("map", put(tmp_path / name, data), "--model", model, "-o", out, *more, *parts)
    assert got.exit_code == 65, got.output
    assert re.search(words, got.stderr, re.S), got.stderr
    assert len(got.stderr) < 5000
    assert got.stdout == ""
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert time.monotonic() - start < 20


#: name → (file, content, notes).
WARNED = {
    "empty phrase": ("f.csv", "id,phrase\n1,\n2,kettle\n3,\n", "note: 2 × row whose phrase has no letter or digit (first: 1)"),
    "blank line": ("f.txt", "kettle\n\nkettle\n", "note: 1 × row whose phrase has no letter or digit (first: 2)"),
    "punctuation only": ("f.tsv", "id\tphrase\n1\t?!\n", "note: 1 × row whose phrase has no letter or digit (first: 1)"),
    "100,000 characters": ("f.txt", "kettle " * 14_286, "note: 1 × row whose phrase has over 1,000 characters; its first 64 words count (first: 1)"),
    "tab in a cell": ("f.csv", 'phrase\n"fry\tpan"\n', "note: 1 × tab or line end in a cell became a blank (first: 'fry\\tpan')"),
}  # fmt: skip


@pytest.mark.parametrize("case", WARNED)
def test_warned_about(model, tmp_path, case):
    name, data, note = WARNED[case]
    source = put(tmp_path / name, data)
    got = run("map", source, "--model", model, "-o", tmp_path / "o.tsv", "--k", "1")
    assert got.exit_code == 0
    assert got.stderr == f"{note}\n"
    assert (tmp_path / "o.tsv").read_text().count("\n") > 1
    assert run("map", source, "--model", model, "-q", "-o", tmp_path / "o.tsv").stderr == ""


#: name → (file, content, the first cells that must come back).
ACCEPTED = {
    "bom": ("f.csv", "\ufeffphrase\nkettle\n", ["kettle"]),
    "crlf": ("f.csv", "phrase\r\nkettle\r\n", ["kettle"]),
    "no last line end": ("f.txt", "kettle\npan", ["kettle", "pan"]),
    "gzip under another name": ("f.csv", gzip.compress(b"phrase\nkettle\n"), ["kettle"]),
    "semicolons": ("f.csv", "phrase;n\na, b;1\n", ["a, b"]),
    "emoji": ("f.txt", "🍳 pan\n", ["🍳 pan"]),
    "right to left": ("f.txt", "קומקום\n", ["קומקום"]),
    "ids as text": ("f.csv", "id,phrase\n007,a\nNA,b\n123456789012345678901,c\n1.0,d\n", ["007", "NA", "123456789012345678901", "1.0"]),
    "html": ("f.txt", "<b>pan</b>\n", ["<b>pan</b>"]),
    "a formula": ("f.txt", "=1+1\n", ["=1+1"]),
    "newline in a cell": ("f.csv", 'phrase\n"fry\npan"\n', ["fry\npan"]),
    "a raw quote in tsv": ("f.tsv", 'phrase\tn\n5" pan\t1\n', ['5" pan']),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(model, tmp_path, case):
    import csv

    name, data, cells = ACCEPTED[case]
    out = tmp_path / "o.csv"
    got = run("map", put(tmp_path / name, data), "--model", model, "-o", out, "--k", "1")
    assert (got.exit_code, got.stderr) == (0, ""), got.output
    with out.open(newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)][1:] == cells


#: name → (content, what the message must match): pair files, exit 65.
PAIRS = {
    "empty": ("", r"p\.tsv:1: must have a header and rows"),
    "no id column": ("phrase\tcode\na\tK:004\n", r"p\.tsv:1: must have a column 'id'"),
    "unknown split": ("phrase\tid\tsplit\na\tK:004\ttrian\n", r"p\.tsv:2: split must be train, dev or test; got 'trian'"),
    "empty phrase": ("phrase\tid\n \tK:004\n", r"p\.tsv:2: a phrase must not be empty"),
    "no id": ("phrase\tid\na\t\n", r"p\.tsv:2: the phrase 'a' needs an id"),
    "ids of nothing": ("phrase\tid\na\tK-004\nb\tzz\n", r"p\.tsv: most ids must be nodes of the taxonomy kitchen; 2 of 2 rows name none, first 'K-004'\. Did you mean 'K:004'"),
    "ragged": ("phrase\tid\na\n", r"p\.tsv:2: must have 2 fields"),
    "latin-1": (b"phrase\tid\n\xe9\tK:004\n", r"p\.tsv:2: must be UTF-8"),
    "nobody accepted": ("rank\tphrase\tnode\treview\n1\ta\tK:004\trejected\n", r"p\.tsv"),
    "all at once": ("phrase\tid\tsplit\na\t\t\n\tK:004\tdev\nb\tK:004\tx\n", r"p\.tsv:2.*\n.*p\.tsv:3.*\n.*p\.tsv:4|p\.tsv:2.*p\.tsv:3"),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_bad_pairs(tmp_path, case):
    data, words = PAIRS[case]
    pairs = put(tmp_path / "p.tsv", data)
    got = run("train", "fixtures/kitchen", "--fast", "--pairs", pairs, "-o", tmp_path / "m", "-q")
    assert got.exit_code == 65, got.output
    assert re.search(words, got.stderr, re.S), got.stderr
    assert not (tmp_path / "m").exists()


def newer(model, place):
    """Copy `model` as a version to come would have written it."""
    shutil.copytree(model, place)
    file = place / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["format_version"] = FORMAT_VERSION + 1
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return place


#: name → (arguments after "map", made from the test's folder and the model; exit; message).
LINES = {
    "input is a folder": (lambda p, m: [p, "--model", m], 74, "is a folder and cannot be read"),
    "input is missing": (lambda p, m: [p / "no.csv", "--model", m], 66, "must exist"),
    "output is a folder": (lambda p, m: ["-p", "a", "--model", m, "-o", p], 74, "is a folder"),
    "output's folder is missing": (lambda p, m: ["-p", "a", "--model", m, "-o", p / "x" / "y"], 74, "Make it."),
    "output's folder is a file": (lambda p, m: ["-p", "a", "--model", m, "-o", put(p / "f", "x") / "y"], 74, "its folder must exist"),
    "output cannot be written": (lambda p, m: ["-p", "a", "--model", m, "-o", "/proc/x"], 74, "/proc/x: could not be written"),
    "output is the input": (lambda p, m: [put(p / "f.txt", "a"), "--model", m, "-o", p / "f.txt"], 65, "is the input itself"),
    "output is a full device": (lambda p, m: ["-p", "a", "--model", m, "-o", "/dev/full"], 74, "/dev/full: could not be written (No space left"),
    "parts into the input": (lambda p, m: [put(p / "f.txt", "a"), "--model", m, "--parts", "-o", p / "f.txt"], 74, "must be a folder to write to"),
    "unknown format": (lambda p, m: ["-p", "a", "--model", m, "--format", "xml"], 2, "'xml' is not one of"),
    "unknown option": (lambda p, m: ["-p", "a", "--model", m, "--kk", "3"], 2, "No such option"),
    "k is 0": (lambda p, m: ["-p", "a", "--model", m, "--k", "0"], 2, "'--k'"),
    "k is text": (lambda p, m: ["-p", "a", "--model", m, "--k", "ten"], 2, "'ten' is not a valid integer"),
    "probability above 1": (lambda p, m: ["-p", "a", "--model", m, "--min-probability", "1.5"], 2, "'--min-probability'"),
    "probability is nan": (lambda p, m: ["-p", "a", "--model", m, "--min-probability", "nan"], 2, "min"),
    "unknown node": (lambda p, m: ["-p", "a", "--model", m, "--within", "K:9999"], 65, "has no node 'K:9999'"),
    "jobs is 0": (lambda p, m: [put(p / "f.txt", "a"), "--model", m, "--parts", "-o", p / "o", "--jobs", "0"], 2, "'--jobs'"),
    "phrase is no utf-8": (lambda p, m: ["-p", "a\udcff", "--model", m], 2, "phrases must be UTF-8; number 1"),
    "newer bundle": (lambda p, m: ["-p", "a", "--model", newer(m, p / "n")], 65, "Upgrade graphemb"),
    "newer bundle, parts": (lambda p, m: [put(p / "f.txt", "a"), "--model", newer(m, p / "n"), "--parts", "-o", p / "o"], 65, "Upgrade graphemb"),
    "no model": (lambda p, m: ["-p", "a", "--model", p / "none"], 66, "there is nothing"),
    "model is a file": (lambda p, m: ["-p", "a", "--model", put(p / "f", "x")], 65, "is no intact model"),
    "unknown taxonomy": (lambda p, m: ["-p", "a", "--taxonomy", "icd10"], 2, "Did you mean 'icd10cm'"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_bad_command_lines(model, tmp_path, case):
    made, code, words = LINES[case]
    got = run("map", *made(tmp_path, model))
    assert (got.exit_code, words in got.output) == (code, True), got.output
    assert "bug" not in got.output
    assert got.stdout == ""


def test_k_above_the_nodes_gives_them_all(model):
    every = run("map", "-p", "kettle", "--model", model, "--k", "1000000")
    assert every.exit_code == 0
    assert 1 < len(every.stdout.splitlines()) <= 59


def test_an_output_that_is_there_is_replaced_and_links_stay_links(model, tmp_path):
    put(tmp_path / "real.tsv", "old")
    (tmp_path / "link.tsv").symlink_to("real.tsv")
    assert run("map", "-p", "kettle", "--model", model, "-o", tmp_path / "link.tsv").exit_code == 0
    assert (tmp_path / "link.tsv").is_symlink()
    assert "Kettle" in (tmp_path / "real.tsv").read_text()
    assert run("map", "-p", "kettle", "--model", model, "-o", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["a b.txt", "two\nlines.txt", "🍳.txt", "-p", "[x]*?.txt"])
def test_any_file_name(model, tmp_path, name, monkeypatch):
    put(tmp_path / name, "kettle\n")
    model = str(model)
    monkeypatch.chdir(tmp_path)
    args = ["--model", model, "-o", f"./{name}.out.tsv", "--k", "1", "--", name]
    assert run("map", *args).exit_code == 0
    assert "Kettle" in Path(f"./{name}.out.tsv").read_text()
    put(tmp_path / name, b"\xff")
    refused = run("map", *args)
    assert (refused.exit_code, f"{name}:1: must be UTF-8" in refused.stderr) == (65, True)


def test_a_pipe_is_read_once_and_refused_for_parts(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=put, args=(tmp_path / "pipe", "kettle\n"))
    writer.start()
    got = run("map", tmp_path / "pipe", "--model", model, "--k", "1")
    writer.join()
    assert "Kettle" in got.stdout
    refused = run("map", tmp_path / "pipe", "--model", model, "--parts", "-o", tmp_path / "o")
    assert refused.exit_code == 65
    assert "must be a file, to be read in parts" in refused.stderr


def test_standard_input_by_its_path(model):
    code, out, _ = graphemb("map", "/dev/stdin", "--model", model, "--k", "1", data=b"kettle\n")
    assert (code, "Kettle" in out) == (0, True)


@pytest.mark.parametrize(
    ("closed", "code", "words"),
    [
        (">&-", 74, "standard output: must be open"),
        (">/dev/full", 74, "could not be written"),
        ("<&-", 66, "must exist"),
        ("2>&- </dev/null", 65, ""),
    ],
)
def test_closed_and_full_streams(model, closed, code, words):
    command = f"{sys.executable} -m graphemb map - --model '{model}' {closed}"
    done = subprocess.run(["bash", "-c", command], input=b"kettle\n", capture_output=True)
    err = done.stderr.decode()
    assert (done.returncode, words in err) == (code, True), err
    assert len(err.splitlines()) <= 1


def test_poor_surroundings(model, tmp_path):
    """No terminal, LANG=C, NO_COLOR, no home: the same answers, and nothing but them."""
    plain = graphemb("map", "-p", "kettle 🍳", "--model", model)
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for env in ({"LANG": "C", "LC_ALL": "C"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, bare):
        assert graphemb("map", "-p", "kettle 🍳", "--model", model, env=env) == plain
    assert plain[0] == 0
    assert "\x1b" not in plain[1] + plain[2]
    assert graphemb("map", "--help", env=bare)[0] == 0
    home = {"HOME": "/proc/nobody", "GRAPHEMB_CACHE": "", "XDG_CACHE_HOME": ""}
    code, out, err = graphemb("map", "-p", "kettle", "--taxonomy", "fixtures/kitchen", env=home)
    assert (code, "Kettle" in out) == (0, True), err
    assert "cannot be written; the model is not kept" in err
    source = put(tmp_path / "f.txt", "kettle\n")
    asked = ["map", source, "--taxonomy", "fixtures/kitchen", "--parts", "-q", "-o", tmp_path / "o"]
    code, _, err = graphemb(*asked, env=home)
    assert (code, "needs a model that is kept" in err) == (2, True), err
