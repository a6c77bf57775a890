from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from click.testing import CliRunner

from graphemb import Embedding, FastRP, Graph, load_embedding
from graphemb.cli import main
from graphemb.cli.embed import _duration, _fit, _size
from graphemb.embed.base import NodeEmbedder
from graphemb.files import sha256_of
from graphemb.registry import Registry

STREETS = "fixtures/graphs/streets.tsv"


def run(*args, data=None):
    return CliRunner().invoke(main, ["embed", *map(str, args)], input=data)


def graphemb(*args, data=None):
    """Run the command in a process of its own; return (code, stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", "graphemb", "embed", *map(str, args)], input=data,
        capture_output=True, env={**os.environ},
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Toy(NodeEmbedder):
    """Made up for tests.

    Parameters
    ----------
    dim : int
    sizes : sequence of int
        Two words on sizes.
    p, q : float
        Both of these.
    mode : {"fast", "slow"}
        How.

    """

    seen: dict = {}

    def __init__(
        self,
        dim: int = 8,
        sizes: Sequence[int] = (3, 4),
        p: float = 1.0,
        q: float | None = None,
        mode: Literal["fast", "slow"] = "fast",
        n_walks: int | Literal["auto"] = "auto",
        note: str | None = "x",
        deterministic: bool = True,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.dim, self.sizes, self.p, self.q, self.mode = dim, sizes, p, q, mode
        self.n_walks, self.note, self.deterministic = n_walks, note, deterministic
        self.n_jobs, self.random_state = n_jobs, random_state

    def fit(self, graph, progress=None):
        g = Graph.of(graph)
        Toy.seen = {**self.get_params(), "progress": progress is not None}
        if progress is not None:
            progress("half", 0.5)
        self.embedding_ = Embedding(g.nodes, np.zeros((g.n_nodes, self.dim)))
        return self


@pytest.fixture
def toy(monkeypatch):
    made = Registry("node embedding", {"toy": "tests.cli.test_embed:Toy"})
    monkeypatch.setattr("graphemb.embed.EMBEDDERS", made)
    from tests.cli.test_embed import Toy as Registered  # the registry's own import of this file

    return Registered


def test_embed_writes_vectors_and_how_they_came_about(tmp_path):
    out = tmp_path / "v.npz"
    code, stdout, err = graphemb(STREETS, "--method", "fastrp", "--dim", 6, "--seed", 3, "-o", out,
                                 "--weights", "1,1,0.5", "--no-normalise")  # fmt: skip
    assert (code, stdout) == (0, "")
    assert "7 vectors of 6 numbers by fastrp" in err
    from graphemb import load_graph

    expected = FastRP(dim=6, weights=(1, 1, 0.5), normalise=False, random_state=3)
    assert (
        load_embedding(out).vectors.tobytes()
        == expected.fit(load_graph(STREETS)).embedding_.vectors.tobytes()
    )
    about = json.loads((tmp_path / "v.npz.manifest.json").read_text())
    assert about["input"]["sha256"] == sha256_of(Path(STREETS).read_bytes())
    assert about["output"]["sha256"] == sha256_of(out.read_bytes())
    assert about["graph"] == {"n_nodes": 7, "n_edges": 6, "directed": False}
    assert about["parameters"]["weights"] == [1.0, 1.0, 0.5]
    assert about["parameters"]["random_state"] == 3
    assert {"graphemb", "numpy", "scipy", "python"} <= about["versions"].keys()
    assert about["method"] == "fastrp"


@pytest.mark.parametrize(
    "name", ["v.npz", "v.parquet", "v.safetensors", "v.vec", "v.bin", "v.tsv", "ü b\n.npz"]
)
def test_the_ending_gives_the_format(name, tmp_path):
    for _ in range(2):  # an older file is replaced
        assert run(STREETS, "--method", "fastrp", "--dim", 4, "-o", tmp_path / name).exit_code == 0
    assert load_embedding(tmp_path / name).keys[0] == "High Street"
    assert run(
        STREETS, "--method", "fastrp", "-o", tmp_path / "odd", "--format", "word2vec"
    ).exit_code == 0  # fmt: skip
    assert (tmp_path / "odd").read_bytes().startswith(b"7 128\nHigh%20Street ")


def test_graph_options(tmp_path):
    out = tmp_path / "v.npz"
    table = tmp_path / "g.csv"
    table.write_text("a,b,x\nu,v,3\n")
    args = ("--method", "fastrp", "-o", out)
    assert run(table, *args, "--columns", "a,b,x", "--directed").exit_code == 0
    assert json.loads((tmp_path / "v.npz.manifest.json").read_text())["graph"]["directed"]
    assert run(table, *args, "--graph-format", "mtx").exit_code == 65
    assert run("-", *args, data="a b\n").exit_code == 0
    assert json.loads((tmp_path / "v.npz.manifest.json").read_text())["input"]["sha256"] is None


def test_options_come_from_the_constructor(toy, tmp_path):
    args = (STREETS, "--method", "toy", "-o", tmp_path / "v.npz")
    assert run(*args).exit_code == 0
    assert toy.seen == {**Toy(dim=128).get_params(), "progress": False}
    done = run(
        *args, "--sizes", "5, 6,7", "--p", "0.25", "--q", "none", "--mode", "slow",
        "--n-walks", "3", "--note", "none", "--no-deterministic", "--n-jobs", "2", "--dim", "3",
        "--seed", "9",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    seen = {k: v for k, v in toy.seen.items() if k != "progress"}
    assert seen == {
        "dim": 3, "sizes": (5, 6, 7), "p": 0.25, "q": None, "mode": "slow", "n_walks": 3,
        "note": None, "deterministic": False, "n_jobs": 2, "random_state": 9,
    }  # fmt: skip
    assert run(*args, "--n-walks", "auto", "--q", "2").exit_code == 0
    assert (toy.seen["n_walks"], toy.seen["q"]) == ("auto", 2.0)
    for wrong in (("--p", "x"), ("--sizes", "1,x"), ("--mode", "medium"), ("--n-walks", "few")):
        done = run(*args, *wrong)
        assert done.exit_code == 2
        assert f"Invalid value for '{wrong[0]}': must be" in done.output


def test_help_lists_methods_and_a_methods_options(toy):
    out = run("--help").output
    assert "Methods:\n  toy" in out
    assert "--sizes" not in out
    out = " ".join(run("--method", "toy", "--help").output.split())
    assert "--sizes INTEGER,INTEGER,… Two words on sizes. [default: 3,4]" in out
    assert "--q NUMBER Both of these. [default: none]" in out
    assert "--mode fast|slow How. [default: fast]" in out
    assert "--deterministic / --no-deterministic" in out
    assert out.count("--seed") == 1


def test_help_imports_no_torch():
    code = (
        "import sys; from graphemb.cli import main\n"
        "try: main(['embed', '--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy','scipy','torch','sklearn','rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_progress_goes_to_methods_that_take_it(toy):
    told = []
    graph = Graph.from_edges([("a", "b")])
    _fit(Toy(), graph, lambda stage, share: told.append(stage))
    _fit(FastRP(dim=2), graph, lambda stage, share: told.append(stage))
    assert told == ["embedding 2 nodes", "half", "embedding 2 nodes"]


def test_estimate_says_and_stops(tmp_path, monkeypatch):
    done = run(STREETS, "--method", "fastrp", "--estimate")
    assert done.exit_code == 0
    assert "7 nodes, 6 edges, undirected" in done.output
    assert "memory: about" in done.output
    assert "time:   about" in done.output
    monkeypatch.setattr("graphemb.cli.embed._free_memory", lambda: None)
    assert "free" not in run(STREETS, "--method", "fastrp", "--estimate").output
    monkeypatch.setattr("graphemb.cli.embed._free_memory", lambda: 1_000_000)
    done = run(STREETS, "--method", "fastrp", "-o", tmp_path / "v.npz")
    assert done.exit_code == 0
    assert "of memory and 1 MB are free; it may be stopped" in done.stderr
    assert (_size(2_500_000), _size(3e13)) == ("2.5 MB", "30 TB")
    assert (_duration(3.21), _duration(600), _duration(9000)) == ("3.2 s", "10 min", "2.5 h")
    small, large = FastRP(dim=64).estimate(10, 10), FastRP(dim=64).estimate(10**6, 10**7)
    assert small[0] < large[0]
    assert small[1] < large[1]
    assert Toy().estimate(10, 10)[0] < Toy().estimate(10**6, 10**7)[0]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ([STREETS], 2, "give --method NAME, one of"),
        ([STREETS, "--method", "fastrp"], 2, "give -o OUT"),
        ([STREETS, "--method", "fastrq", "-o", "x.npz"], 2, "Did you mean 'fastrp'"),
        ([STREETS, "--method", "fastrp", "-o", "x.npz", "--weigths", "1"], 2,
         "--weigths: is no option of fastrp. Did you mean '--weights'?"),
        ([STREETS, "-o", "x.npz", "--beta", "1"], 2, "is no option of this command"),
        ([STREETS, "--method", "fastrp", "-o", "fixtures"], 74, "is a folder"),
        ([STREETS, "--method", "fastrp", "-o", "no/v.npz"], 74, "its folder must exist"),
        ([STREETS, "--method", "fastrp", "-o", "/dev/null", "--format", "npz"], 74, "plain file"),
        ([STREETS, "--method", "fastrp", "-o", "x.foo"], 2, "must end in one of"),
        ([STREETS, "--method", "fastrp", "-o", STREETS], 65, "is the input itself"),
        ([STREETS, "--method", "fastrp", "-o", "x.npz", "--format", "npx"], 2, "mean 'npz'"),
        ([STREETS, "--method", "fastrp", "-o", "x.npz", "--dim", "0"], 2, "--dim"),
        ([STREETS, "--method", "fastrp", "-o", "x.npz", "--weights", "nan"], 2, "finite"),
        (["nowhere.tsv", "--method", "fastrp", "-o", "x.npz"], 66, "must exist"),
        (["fixtures", "--method", "fastrp", "-o", "x.npz"], 65, "is a folder"),
        (["fixtures/formats/small.obo", "--method", "fastrp", "-o", "x.npz"], 65, "small.obo:"),
    ],
)  # fmt: skip
def test_failures_are_one_message_and_a_code(args, code, words):
    done = run(*args)
    assert done.exit_code == code, done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout == ""
    assert not os.path.exists("x.npz")


def test_n_jobs_that_has_no_effect_is_said(tmp_path):
    args = (STREETS, "--method", "hope", "-o", tmp_path / "v.npz", "--n-jobs", 2)
    assert "--n-jobs has no effect" in run(*args).output
    assert run(*args, "-q").output == ""
