"""Long jobs: parts, resume, locks, workers that die, disks that fill, signals."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphemb.cli._job import Job
from graphemb.cli._workers import MOST_DEATHS, Died, work
from graphemb.errors import BusyError, InputError, StorageError
from graphemb.files import atomic_write, locked_folder
from graphemb.load import PhraseFile, read_phrases
from tests.cli.test_cli import run

WORDS = ("fry pan", "kettel", "", "?!", "sauce pan big", "asdf qwer", "tea\tspoon", "two\nlines")


def table(path, n, ending="\n"):
    """Write `n` rows with everything that a cell may hold."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator=ending)
        out.writerow(["id", "phrase", "uses"])
        out.writerows([f"{i:03}", WORDS[i % len(WORDS)], i] for i in range(n))
    return path


def content(folder):
    """Return the folder's files by name, the lock left out."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != ".lock"}


@pytest.fixture(scope="module")
def job(model, tmp_path_factory):
    """A finished job: its input, its folder, and how it is asked for."""
    place = tmp_path_factory.mktemp("job")
    source = table(place / "in.csv", 50)
    asked = ["map", source, "--model", model, "--parts", "--part-rows", "8", "--k", "3"]
    done = run(*asked, "-o", place / "out")
    assert done.exit_code == 0, done.output
    return source, place / "out", asked


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


def started(asked, out, *, parts=1, more=()):
    """Start the command and wait until `parts` are there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "graphemb", *map(str, [*asked, "-o", out, *more])],
        stderr=subprocess.PIPE, start_new_session=True,
        # A job in the background of a shell inherits that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    end = time.monotonic() + 60
    while len(list(Path(out).glob("part-*"))) < parts and time.monotonic() < end:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_quickly_and_leaves_nothing(model, tmp_path, number, code):
    source = table(tmp_path / "in.csv", 4000)
    asked = ["map", source, "--model", model, "--parts", "--part-rows", "100", "--k", "1"]
    process = started(asked, tmp_path / "out", more=("--jobs", "2"))
    start = time.monotonic()
    process.send_signal(number)
    err = process.communicate(timeout=20)[1]
    assert process.returncode == code, err
    assert time.monotonic() - start < 5
    left = content(tmp_path / "out")
    assert "job.json" in left
    assert "_DONE.json" not in left
    assert not [name for name in left if name.startswith(".")]
    assert not (tmp_path / "out" / ".lock").exists()


def test_a_full_disk_keeps_what_is_done(job, tmp_path):
    _, out, asked = job
    sizes = sorted(p.stat().st_size for p in out.glob("part-*"))
    room = (sizes[0] + sizes[1]) // 2  # for the last part alone, which comes last
    (tmp_path / "small.py").write_text(
        "import resource, signal\nfrom graphemb.cli import main\nif __name__ == '__main__':\n"
        f"    resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n    main()\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "small.py", *map(str, [*asked, "-o", tmp_path / "out"])],
        capture_output=True, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    err = done.stderr.decode()
    assert done.returncode == 74, err
    assert len(err.splitlines()) == 1
    assert f"In {tmp_path / 'out'}, " in err
    assert "of 7 parts kept. Make room" in err
    assert not [n for n in content(tmp_path / "out") if n.startswith(".")]
    assert run(*asked, "-o", tmp_path / "out").exit_code == 0
    assert content(tmp_path / "out") == content(out)


#: What each step of a job of three parts is written through, and how often: job.json, the parts
#: and _DONE.json, the folder synced after each.
STEPS = {"fsync": 10, "replace": 5, "write": 5}


def failing(call, n):
    """Return (name in os, what stands in for it): call number `n` finds the disk full."""
    real, calls = getattr(os, call), iter(range(1000))

    def full(*args):
        if next(calls) == n:
            raise OSError(28, "No space left on device")
        return real(*args)

    class Torn(io.FileIO):
        def write(self, data):
            if next(calls) == n:
                super().write(data[: len(data) // 2])
                raise OSError(28, "No space left on device")
            return super().write(data)

    return ("fdopen", Torn) if call == "write" else (call, full)


@pytest.mark.parametrize(
    ("call", "n"), [(c, n) for c, steps in STEPS.items() for n in range(steps)]
)
def test_any_failing_call_leaves_the_old_or_the_new_state(tmp_path, monkeypatch, call, n):
    whole = {f"part-{i:06}.tsv": f"{i}\n".encode() * 9 for i in range(3)}
    folder = tmp_path / "out"

    def go():
        job = Job(str(folder), {"a": 1}, "tsv", 6, 2)
        with job.held():
            for i in job.missing():
                with atomic_write(job.part(i)) as file:
                    file.write(whole[job.part(i).name])
            job.finish()

    with monkeypatch.context() as m:
        m.setattr(os, *failing(call, n))
        with pytest.raises(StorageError, match="could not be written.*No space left"):
            go()
    for name, data in content(folder).items():
        assert data == whole.get(name, data)
        assert not name.startswith(".")
    go()
    assert {k: v for k, v in content(folder).items() if k in whole} == whole
    assert json.loads((folder / "_DONE.json").read_text())["rows"] == 6
    with monkeypatch.context() as m:  # and those were all the calls there are
        m.setattr(os, *failing(call, STEPS[call]))
        folder = tmp_path / "again"
        go()


def doubling(place):
    """Return what doubles a number; 7 kills its worker, 5 does so once."""

    def do(index, content):
        if content == 7 or (content == 5 and not place.exists()):
            place.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if content == 9:
            raise StorageError("no room")
        return index, 2 * content, os.environ["OMP_NUM_THREADS"]

    return do


def test_a_worker_that_dies_costs_nothing_and_one_that_always_dies_is_given_up(tmp_path):
    told = []
    pieces = enumerate([1, 5, 2, 7, 3])
    answers = list(work(pieces, doubling, (tmp_path / "x",), 2, told.append))
    assert {a for a in answers if not isinstance(a, Died)} == {
        (0, 2, "1"), (1, 10, "1"), (2, 4, "1"), (4, 6, "1"),
    }  # fmt: skip
    assert [a for a in answers if isinstance(a, Died)] == [Died(3)]
    assert sorted(told) == [1] + [3] * MOST_DEATHS
    with pytest.raises(StorageError, match="no room"):
        list(work(enumerate([1, 9]), doubling, (tmp_path / "x",), 1))


def dying(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_cannot_begin_are_said_to():
    with pytest.raises(BusyError, match="must be able to begin"):
        list(work(enumerate([1]), dying, (), 1))


def test_parts_that_are_given_up_are_listed(job, tmp_path, monkeypatch):
    _, out, asked = job
    monkeypatch.setattr("graphemb.cli._parts.work", given_up)
    got = run(*asked, "-o", tmp_path / "out")
    assert got.exit_code == 75
    assert "four workers died at each of part-000002.tsv, part-000005.tsv; 0 of 7" in got.output
    monkeypatch.undo()
    assert run(*asked, "-o", tmp_path / "out").exit_code == 0
    assert content(tmp_path / "out") == content(out)


def given_up(*_):
    yield from (Died(5), Died(2))


def test_an_estimate_is_said_and_nothing_done(job, tmp_path):
    _, _, asked = job
    got = run(*asked, "--estimate", "-o", tmp_path / "out")
    assert got.exit_code == 0, got.output
    assert [line.split()[0] for line in got.stdout.splitlines()] == [
        "rows", "time", "memory", "disk",
    ]  # fmt: skip
    assert "rows    50, parts: 7" in got.stdout
    assert not (tmp_path / "out").exists()


def test_too_many_jobs_for_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr("graphemb.cli._workers.free_memory", lambda: 1 << 20)
    with pytest.raises(ValueError, match="--jobs: 3 processes need .* Give --jobs 1"):
        list(work(enumerate([1]), doubling, (Path("x"),), 3))


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
