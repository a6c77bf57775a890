"""Long jobs: parts, resume, merge, locks, estimates."""

from __future__ import annotations

import json
import os

from graphemb.files import locked_folder
from tests.cli.jobs import content, given_up, table
from tests.cli.test_cli import run


def test_parts_are_the_whole_output(job, model, tmp_path):
    source, out, _ = job
    plain = run("map", source, "--model", model, "--k", "3").stdout_bytes
    names = [f"part-{i:06}.tsv" for i in range(7)]
    assert sorted(content(out)) == ["_DONE.json", "job.json", *names]
    assert b"".join((out / name).read_bytes() for name in names) == plain
    done = json.loads((out / "_DONE.json").read_text())
    assert done["rows"] == 50
    assert [part["rows"] for part in done["parts"]] == [8] * 6 + [2]
    assert run("merge", out).stdout_bytes == plain
    assert run("merge", out, "-o", tmp_path / "all.tsv").exit_code == 0
    assert (tmp_path / "all.tsv").read_bytes() == plain


def test_any_number_of_jobs_and_a_resume_give_the_same_bytes(job, tmp_path, monkeypatch):
    _, out, asked = job
    two = run(*asked, "-o", tmp_path / "two", "--jobs", "2")
    assert two.exit_code == 0, two.output
    assert content(tmp_path / "two") == content(out)
    for name in ("part-000000.tsv", "part-000004.tsv"):
        (tmp_path / "two" / name).unlink()
    (tmp_path / "two" / ".part-000004.tsv.torn").write_text("half a r")
    kept = (tmp_path / "two" / "part-000001.tsv").stat().st_mtime_ns
    assert run("merge", tmp_path / "two").exit_code == 66
    with monkeypatch.context() as m:  # a run that does nothing no longer says that all is done
        m.setattr("graphemb.cli._parts.work", given_up)
        assert run(*asked, "-o", tmp_path / "two").exit_code == 75
    assert "_DONE.json" not in content(tmp_path / "two")
    again = run(*asked, "-o", tmp_path / "two")
    assert "50 rows in 7 parts" in again.stderr
    assert content(tmp_path / "two") == content(out)
    assert (tmp_path / "two" / "part-000001.tsv").stat().st_mtime_ns == kept


def test_json_lines_come_back_as_they_were_in_parts_too(model, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"phrase": "kettle", "n": 1.0}\n{"phrase": null}\n{"m": [1, "é"]}\n')
    asked = ["map", source, "--model", model, "--format", "jsonl", "--k", "2"]
    got = run(*asked, "--parts", "--part-rows", "1", "-o", tmp_path / "out")
    assert "note: 2 × row whose phrase has no letter or digit (first: 2)\n" in got.stderr
    assert run("merge", tmp_path / "out").stdout_bytes == run(*asked).stdout_bytes


def test_what_differs_is_refused_and_named(job, model, tmp_path):
    source, out, asked = job
    before = content(out)
    for extra, words in (
        (["--k", "4"], "options.k (was 3, is 4)"),
        (["--part-rows", "9"], "options.part_rows (was 8, is 9)"),
        (["--within", "K:001"], "options.within (was None, is ['K:001'])"),
        (["--format", "csv"], "options.format (was 'tsv', is 'csv')"),
        (["--text-col", "id"], "options.text_col"),
    ):
        refused = run(*asked, "-o", out, *extra)
        assert refused.exit_code == 65, refused.output
        assert words in refused.output
    other = table(tmp_path / "other.csv", 51)
    refused = run("map", other, *asked[2:], "-o", out)
    assert "input.rows (was 50, is 51), input.sha256 (was" in refused.output
    moved = tmp_path / "moved.csv"
    moved.write_bytes(source.read_bytes())
    assert run("map", moved, *asked[2:], "-o", out).exit_code == 0
    assert content(out) == before


def test_places_that_cannot_be(job, tmp_path):
    source, _, asked = job
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years")
    (tmp_path / "file").write_text("x")
    for place, code, words in (
        (tmp_path / "thesis", 74, "holds no job of ours"),
        (tmp_path / "file", 74, "must be a folder to write to"),
        (tmp_path / "no" / "where", 74, "must be a folder to write to"),
    ):
        got = run(*asked, "-o", place)
        assert (got.exit_code, words in got.output) == (code, True), got.output
    for args, code, words in (
        ([*asked], 2, "--parts needs -o OUT"),
        ([*asked, "-o", tmp_path / "o", "--format", "xlsx"], 2, "must be written as tsv"),
        (["map", "-", *asked[2:], "-o", tmp_path / "o"], 2, "--parts needs INPUT"),
        (["map", source, "--model", "m", "--jobs", "2"], 2, "go with --parts"),
        (["map", source, "--model", tmp_path, "--parts", "-o", tmp_path / "o"], 65, "no intact"),
        (["map", tmp_path / "none", *asked[2:], "-o", tmp_path / "o"], 66, "must exist"),
        ([*asked, "-o", tmp_path / "o", "--within", "zz"], 65, "zz"),
        (["merge", tmp_path / "thesis"], 66, "no _DONE.json"),
        (["merge", tmp_path / "none"], 66, "there is none"),
    ):
        got = run(*args)
        assert (got.exit_code, words in got.output) == (code, True), got.output
    # Options of a job that has no part yet may be corrected.
    assert run(*asked, "-o", tmp_path / "o").exit_code == 0


def test_merge_refuses_what_was_changed(job, tmp_path):
    _, out, _ = job
    for name, data in content(out).items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "part-000003.tsv").write_bytes(b"other")
    got = run("merge", tmp_path, "-o", tmp_path / "all")
    assert got.exit_code == 65
    assert "part-000003.tsv: has another content" in got.output
    assert not (tmp_path / "all").exists()
    (tmp_path / "_DONE.json").write_text('{"parts": [{"name": "../x", "sha256": ""}]}')
    assert run("merge", tmp_path).exit_code == 65
    (tmp_path / "_DONE.json").write_text("{")
    assert run("merge", tmp_path).exit_code == 65


def test_one_command_a_folder(job, tmp_path):
    _, _, asked = job
    place = tmp_path / "out"
    place.mkdir()
    with locked_folder(place):
        got = run(*asked, "-o", place)
        assert got.exit_code == 75
        assert f"process {os.getpid()} on " in got.output
    assert content(place) == {}
    (place / ".lock").write_text("process 1 on a machine that died")  # nobody holds it
    assert run(*asked, "-o", place).exit_code == 0
    assert not (place / ".lock").exists()


def test_an_estimate_is_said_and_nothing_done(job, tmp_path):
    _, _, asked = job
    got = run(*asked, "--estimate", "-o", tmp_path / "out")
    assert got.exit_code == 0, got.output
    assert [line.split()[0] for line in got.stdout.splitlines()] == [
        "rows", "time", "memory", "disk",
    ]  # fmt: skip
    assert "rows    50, parts: 7" in got.stdout
    assert not (tmp_path / "out").exists()
