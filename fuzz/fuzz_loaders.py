"""Bytes at every reader: a value or an error of ours, nothing else.

    pip install atheris
    python fuzz/fuzz_loaders.py TARGET [CORPUS] [-max_total_time=600 -rss_limit_mb=2048 …]

TARGET is one of `TARGETS`; what follows goes to libFuzzer. `tests/test_fuzz.py` runs the same
targets on a few made inputs, without atheris.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from graphemb.bundle import read_bundle, sha256_of, write_bundle
from graphemb.errors import GraphembError, InputError
from graphemb.load import (
    PhraseFile,
    load_graph,
    load_mappings,
    load_pairs,
    load_taxonomy,
    read_phrases,
)
from graphemb.vectors import load_embedding

__all__ = ["TARGETS"]

#: Exit codes that a reader may answer bad bytes with: bad input, or a part of it missing.
ALLOWED = (2, 65, 66)

Target = Callable[[bytes], object]


def _file(name: str, read: Callable[[Path], object]) -> Target:
    """Return a target that lays its bytes down as `name` and reads them."""

    def target(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / name
            place.write_bytes(data)
            return _ours(lambda: read(place))

    return target


def _ours(read: Callable[[], object]) -> object:
    """Return what `read` returns, or the error of ours it raised; anything else escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read()
        except GraphembError as error:
            if error.exit_code not in ALLOWED:
                raise
            return error


def _in_parts(place: Path) -> object:
    """Read phrases whole and in parts: both refuse, or both give the same."""
    whole = _ours(lambda: read_phrases(place))
    file = PhraseFile(str(place))
    checked = _ours(file.check)
    if isinstance(whole, GraphembError) or isinstance(checked, GraphembError):
        same = isinstance(whole, InputError) and isinstance(checked, InputError)
        if not same:
            raise AssertionError(f"whole: {whole!r}; in parts: {checked!r}")
        return whole
    parts = list(file.parts(2))
    rows = [row for part in parts for row in part.rows]
    texts = [text for part in parts for text in part.texts]
    if (file.header, rows, texts) != (whole.header, whole.rows, whole.texts):
        raise AssertionError(f"whole: {whole!r}; in parts: {parts!r}")
    return whole


def _bundle(data: bytes) -> object:
    """Read a bundle whose array file is `data`, its checksum right."""
    import json

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        write_bundle(place, kind="fuzz", arrays={}, documents={}, config={}, facts={})
        manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        del manifest["manifest_sha256"]
        (place / "arrays.safetensors").write_bytes(data)
        manifest["files"]["arrays.safetensors"] = {"sha256": sha256_of(data), "size": len(data)}
        manifest["manifest_sha256"] = sha256_of(_dumped(manifest))
        (place / "manifest.json").write_bytes(_dumped(manifest))
        return _ours(lambda: read_bundle(place, kind="fuzz"))


def _dumped(value: object) -> bytes:
    import json

    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    return text.encode("utf-8") + b"\n"


TARGETS: dict[str, Target] = {
    **{
        f"taxonomy.{ending}": _file(f"f.{ending}", load_taxonomy)
        for ending in ("obo", "csv", "tsv", "txt", "xml", "ttl", "nt", "rdf", "json", "xlsx", "zip")
    },
    **{
        f"graph.{ending}": _file(f"f.{ending}", load_graph)
        for ending in ("edges", "csv", "mtx", "graphml", "npz")
    },
    **{
        f"phrases.{ending}": _file(f"f.{ending}", _in_parts)
        for ending in ("csv", "tsv", "txt", "jsonl", "gz", "xlsx", "parquet")
    },
    "pairs": _file("f.tsv", load_pairs),
    "mappings": _file("f.jsonl", load_mappings),
    **{
        f"vectors.{ending}": _file(f"f.{ending}", load_embedding)
        for ending in ("txt", "bin", "npz", "safetensors", "parquet")
    },
    "bundle": _bundle,
}


def main() -> None:
    """Fuzz the target that the first argument names."""
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"fuzz_loaders: TARGET must be one of {', '.join(TARGETS)}; got {name!r}.")
    atheris.instrument_all()
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
