"""Long jobs that go wrong: signals, disks that fill, workers that die."""

from __future__ import annotations

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
from graphemb.errors import BusyError, StorageError
from graphemb.files import atomic_write
from tests.cli.jobs import content, given_up, table
from tests.cli.test_cli import run


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


def test_too_many_jobs_for_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr("graphemb.cli._workers.free_memory", lambda: 1 << 20)
    with pytest.raises(ValueError, match="--jobs: 3 processes need .* Give --jobs 1"):
        list(work(enumerate([1]), doubling, (Path("x"),), 3))


def test_parts_that_are_not_there_are_what_merge_speaks_of(tmp_path):
    from click.testing import CliRunner

    from graphemb.cli import main

    (tmp_path / "parts").mkdir()
    done = CliRunner().invoke(main, ["merge", str(tmp_path / "parts"), "-o", str(tmp_path / "m")])
    assert done.exit_code == 66
    assert "parts" in done.stderr
    assert "None" not in done.stderr
    assert not (tmp_path / "m").exists()
