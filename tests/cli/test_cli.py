from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from graphemb.cli import main
from graphemb.mappings import FIELDS


def run(*args, data=None):
    return CliRunner().invoke(main, [str(a) for a in args], input=data)


def graphemb(*args, data=None, env=None):
    """Run the command in a process of its own; return (code, stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", "graphemb", *map(str, args)], input=data, capture_output=True,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from graphemb.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy','scipy','torch','sklearn','rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("info", "map", "taxonomies", "train"):
        assert command in done.stdout
        out = run(command, "--help").output
        assert "Example" in out


def test_taxonomies_lists_and_gives_json():
    out = run("taxonomies").output
    assert "icd10cm" in out
    assert "needs a file" in out
    rows = json.loads(run("taxonomies", "--json").output)
    assert {"name", "ready", "licence", "missing"} <= set(rows[0])


def test_train_map_info(tmp_path):
    model = tmp_path / "m"
    code, out, err = graphemb("train", "fixtures/kitchen", "-o", model, "--fast", "--seed", 2)
    assert (code, out) == (0, "")
    assert "trained in" in err
    about = run("info", model)
    assert about.exit_code == 0
    assert "kitchen" in about.output
    assert "accuracy@1" in about.output
    assert json.loads(run("info", model, "--json").output)["settings"]["random_state"] == 2
    assert "Saucepan" in run("map", "-p", "sauce pan", "--model", model).output


def test_every_input_column_comes_back(model, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text('id,phrase,note\n007,"fry pan, big",NA\n1.0,asdf qwer,=1+1\n007b,kettle,\n')
    out = tmp_path / "out.csv"
    result = run("map", source, "--model", model, "-o", out, "--k", "2")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert list(rows[0]) == ["id", "phrase", "note", *FIELDS]
    assert [r["id"] for r in rows] == ["007", "007", "1.0", "007b", "007b"]
    assert rows[0]["phrase"] == "fry pan, big"
    assert rows[2]["node"] == ""
    assert rows[2]["note"] == "=1+1"
    assert rows[2]["rank"] == "1"
    assert rows[3]["label"] == "Kettle"


def test_lines_on_standard_input_as_json_lines(model):
    code, out, err = graphemb(
        "map", "-", "--model", model, "--format", "jsonl", data=b"fry pan\nbroken zzz qqq\n"
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [r["phrase"] for r in rows] == ["fry pan", "broken zzz qqq"]
    assert rows[0]["candidates"][0]["label"] == "Frying pan"
    assert list(rows[0]["candidates"][0]) == list(FIELDS)


def test_tsv_and_taken_names(model, tmp_path):
    f = tmp_path / "p.tsv"
    f.write_text("phrase\tlabel\nkettle\told\n")
    out = run("map", f, "--model", model, "--k", "1").output
    header, row = (line.split("\t") for line in out.splitlines())
    assert header[:3] == ["phrase", "label", "rank"]
    assert "mapped_label" in header
    assert row[1] == "old"


def test_formulas_of_ours_are_defused(mapper):
    from graphemb.cli._write import _Delimited
    from graphemb.mappings import Candidate

    row = Candidate(1, "=x", "@y", 0.5, -1.0, "+m", "e", "p")
    cells = next(csv.reader(io.StringIO(_Delimited(["phrase"], ",").rows(["=keep"], "", [row]))))
    assert cells == ["=keep", "1", "'=x", "'@y", "0.5000", "-1.0000", "'+m", "e", "p"]


def test_cached_taxonomy_is_trained_once(tmp_path):
    env = {"GRAPHEMB_CACHE": str(tmp_path / "c")}
    first = graphemb("map", "-p", "kettle", "--taxonomy", "fixtures/kitchen", env=env)
    second = graphemb("map", "-p", "kettle", "--taxonomy", "fixtures/kitchen", env=env)
    assert first[0] == second[0] == 0
    assert "Training" in first[2]
    assert second[2] == ""
    assert first[1] == second[1]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["map", "x.csv"], 2, "either --model or --taxonomy"),
        (["map", "--model", "M"], 2, "either INPUT"),
        (["map", "-p", "a", "--model", "no/such"], 66, "there is nothing"),
        (["map", "-p", "a", "--model", "fixtures"], 65, "is no intact model"),
        (["map", "-p", "a", "--taxonomy", "icd10"], 2, "Did you mean 'icd10cm'"),
        (["map", "-p", "a", "--taxonomy", "doid"], 2, "Download doid.obo"),
        (["map", "nowhere.csv", "--taxonomy", "icd10cm"], 66, "must exist"),
        (["map", "-p", "a", "--model", "M", "-o", "fixtures"], 74, "is a folder"),
        (["map", "-p", "a", "--model", "M", "-o", "no/where.tsv"], 74, "its folder must exist"),
        (["map", "-p", "a", "--model", "M", "--k", "0"], 2, "--k"),
        (["train", "fixtures/kitchen", "-o", "fixtures"], 74, "no model of ours"),
        (["train", "nowhere.obo", "-o", "out/x"], 66, "no such file"),
        (["info", "nowhere"], 66, "there is nothing"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_failures_are_one_message_and_a_code(args, code, words):
    got, out, err = graphemb(*args)
    assert got == code, err
    assert words in err
    assert "Traceback" not in err
    assert out == ""


def test_bad_input_names_the_line(model, tmp_path):
    f = tmp_path / "bad.csv"
    f.write_text("id,phrase\n1\n")
    code, _, err = graphemb("map", f, "--model", model)
    assert code == 65
    assert f"{f}:2: must have 2 fields" in err
    assert graphemb("map", f, "--model", model, "-o", f)[0] == 65
    assert f.read_text() == "id,phrase\n1\n"


def test_a_bug_is_said_to_be_one(model, monkeypatch):
    def boom(*_a, **_k):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("graphemb.map.mapper.PhraseMapper.map", boom)
    result = run("map", "-p", "x", "--model", model)
    assert result.exit_code == 70
    assert "a bug in graphemb (ZeroDivisionError: oh)" in result.output


def test_terminal_table_escapes_controls(model):
    result = run("map", "-p", "fry \x1b[31mpan\u202e", "--model", model, "--format", "table")
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
    assert "Frying pan" in result.output


def test_a_closed_pipe_is_quiet(model):
    command = f"{sys.executable} -m graphemb map - --model '{model}' | head -1"
    done = subprocess.run(
        ["bash", "-c", command], input=b"fry pan\n" * 3000, capture_output=True, check=False
    )
    assert done.stdout.startswith(b"phrase\trank")
    assert b"Traceback" not in done.stderr


def test_info_does_not_show_what_was_not_measured(tmp_path):
    words = "fork knife spoon whisk sieve ladle grater peeler"
    rows = [f"N{i}\t{word}" for i, word in enumerate(words.split())]
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "nodes.tsv").write_text("id\tlabel\nR\ttools\n" + "\n".join(rows) + "\n")
    edges = [f"N{i}\tR" for i in range(len(rows))]
    (tmp_path / "t" / "edges.tsv").write_text("child\tparent\n" + "\n".join(edges) + "\n")
    out = str(tmp_path / "m")
    assert (
        run("train", str(tmp_path / "t"), "-o", out, "--fast", "--general", "none").exit_code == 0
    )
    shown = run("info", out).output
    assert "not one phrase could be held back" in shown
    assert "ece" not in shown
