"""kill -9 at random moments, again and again: the job ends with the bytes of an unkilled run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.jobs import content, table

#: How many runs are killed before one is let through.
KILLS = int(os.environ.get("GRAPHEMB_KILLS", "50"))


def command(source, model, out, jobs):
    return [
        sys.executable, "-m", "graphemb", "map", str(source), "--model", str(model), "--parts",
        "--part-rows", "60", "--k", "3", "--jobs", str(jobs), "-o", str(out),
    ]  # fmt: skip


def children(pid):
    """Return the processes that `pid` has started."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="finds workers in /proc")
def test_kills_tear_lose_and_double_nothing(model, tmp_path):
    rng = random.Random(0)
    source, out = table(tmp_path / "in.csv", 60 * 80), tmp_path / "out"
    subprocess.run(command(source, model, tmp_path / "whole", 1), check=True, capture_output=True)
    whole = content(tmp_path / "whole")
    kills = moments = 0
    while kills < KILLS:
        process = subprocess.Popen(
            command(source, model, out, rng.choice([1, 2])), stderr=subprocess.DEVNULL
        )
        time.sleep(rng.uniform(0.05, 2.2))
        workers = children(process.pid)
        if workers and rng.random() < 0.4:  # a worker: the run goes on
            os.kill(rng.choice(workers), signal.SIGKILL)
            kills += 1
            time.sleep(rng.uniform(0.05, 1.0))
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        there = content(out) if out.exists() else {}
        parts = {name for name in there if name.startswith("part-")}
        assert all(there[name] == whole[name] for name in parts)
        moments = max(moments, len(parts))
        if "_DONE.json" in there:  # done before the kill: begin with some of it again
            assert {n: d for n, d in there.items() if not n.startswith(".")} == whole
            for name in rng.sample(sorted(parts), 60):
                (out / name).unlink()
    subprocess.run(command(source, model, out, 2), check=True, capture_output=True)
    assert content(out) == whole
    assert moments > 5  # kills came while parts were being written
