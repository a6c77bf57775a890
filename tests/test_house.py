"""The house's own rules: registration, sizes, names, no code from data, public surface, wheel."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import graphemb
from graphemb.embed import EMBEDDERS
from graphemb.encode import ENCODERS
from graphemb.estimator import Estimator
from graphemb.evaluate import TASKS
from graphemb.export import EXPORTERS
from graphemb.kernels import compiled
from graphemb.load import GRAPH_LOADERS, LOADERS
from graphemb.map import NETWORKS
from graphemb.report import RENDERERS
from graphemb.vectors import VECTOR_FORMATS

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "graphemb").rglob("*.py"))
#: Modules of map/ that are parts of the mapper, not backends of a registry.
PARTS_OF_MAP = {
    "abbreviations", "accept", "backoff", "calibrate", "explain", "features", "index", "listnet",
    "mapper", "names", "ranker", "rerank", "restriction", "retrieve", "rewrite", "text2node",
    "translate", "trees", "votes",
}  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "registries"),
    [
        ("load", [LOADERS, GRAPH_LOADERS]),
        ("embed", [EMBEDDERS]),
        ("encode", [ENCODERS]),
        ("map", [NETWORKS]),
        ("evaluate", [TASKS]),
        ("export", [EXPORTERS]),
        ("report", [RENDERERS]),
        ("vectors", [VECTOR_FORMATS]),
    ],
)
def test_every_backend_file_is_registered(stage, registries):
    files = {f.stem for f in (ROOT / "graphemb" / stage).glob("*.py")} - {"__init__", "base"}
    backends = {f for f in files if not f.startswith("_")}
    if stage == "map":
        backends -= PARTS_OF_MAP
    entries = [(registry, name) for registry in registries for name in registry]
    assert backends == {r.target(n).split(":")[0].rsplit(".", 1)[-1] for r, n in entries}
    for registry, name in entries:
        assert registry[name].__doc__


def test_sizes_and_names():
    lengths = []
    for file in FILES:
        text = file.read_text()
        assert text.count("\n") <= 400, file
        assert file.stem not in {"utils", "helpers", "common", "core", "misc"}, file
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = ast.get_docstring(node, clean=False)
                size = node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)
                lengths.append((size, f"{file.name}:{node.name}"))
    assert max(lengths)[0] <= 60, max(lengths)
    assert sum(size <= 40 for size, _ in lengths) >= 0.97 * len(lengths)


FORBIDDEN = {"pickle", "joblib", "dill", "shelve", "marshal", "cloudpickle"}


def test_no_code_from_data():
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [a.name.split(".")[0] for a in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [(node.module or "").split(".")[0]]
            assert not FORBIDDEN & set(names), file
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "torch.load", "yaml.load", "np.load"}, file
                assert not called.endswith(".extractall"), file
                opens = called == "open" or called.endswith(".open")
                allowed = {"files.py", "bundle.py", "_failures.py"}
                if opens and file.name not in allowed:
                    assert file.parts[-2:] == ("load", "__init__.py"), (file, called)


def test_public_surface():
    # Their order is ruff's to hold (RUF022).
    assert sorted(graphemb.__all__) == sorted([*graphemb._PUBLIC, "__version__", "evaluate"])
    for name in graphemb.__all__:
        thing = getattr(graphemb, name)
        if name != "__version__":
            assert thing.__doc__, name
    with pytest.raises(AttributeError):
        graphemb.nothing  # noqa: B018


def _modules():
    for info in pkgutil.walk_packages(graphemb.__path__, "graphemb."):
        if info.name not in {"graphemb.__main__"}:
            yield info.name


#: Words that ARCHITECTURE bans as parameter names.
BANNED = {
    "dimensions", "vector_size", "n_components", "num_nodes", "seed", "workers", "threads",
    "topn", "top_k", "alpha", "lr",
}  # fmt: skip


def test_public_things_are_documented_and_well_named():
    import inspect

    for name in _modules():
        module = importlib.import_module(name)
        assert module.__doc__, name
        for public in getattr(module, "__all__", []):
            thing = getattr(module, public)
            if inspect.isclass(thing) and thing.__module__ == name and ".cli" not in name:
                assert thing.__doc__, f"{name}.{public}"
                if issubclass(thing, Estimator):
                    assert not BANNED & set(inspect.signature(thing).parameters), public


def test_doctests_of_the_package():
    # Those of PhraseMapper train a model; the README's run below does the same once.
    failed = tried = 0
    for name in _modules():
        result = doctest.testmod(importlib.import_module(name), verbose=False)
        failed, tried = failed + result.failed, tried + result.attempted
    assert tried > 25
    assert failed == 0


def test_readme_examples_run():
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) >= 3
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    globs: dict = {}
    for i, block in enumerate(blocks):
        test = parser.get_doctest(block, globs, f"README block {i}", "README.md", 0)
        runner.run(test, clear_globs=False)
        globs.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0


def test_without_a_compiler_the_wheel_is_pure(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path, ROOT],
        check=True, capture_output=True, env={**os.environ, "GRAPHEMB_NO_COMPILER": "1"},
    )  # fmt: skip
    wheel = next(tmp_path.glob("*.whl"))
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith((".so", ".pyd"))]


def test_wheel_holds_the_catalogue_and_no_tests(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "graphemb/_taxonomies/icd10cm/taxonomy.toml" in names
    assert "graphemb/_taxonomies/icd10cm/lexicon.tsv" in names
    assert "graphemb/map/default_reranker/manifest.json" in names
    assert "graphemb/py.typed" in names
    assert [n for n in names if "_native" in n] == ["graphemb/kernels/_native.abi3.so"] * compiled()
    assert "graphemb/report/templates/report.html.j2" in names
    assert not [n for n in names if n.startswith(("tests", "fixtures", "benchmarks", "cli.py"))]
