from __future__ import annotations

import json
import random
import shutil

import numpy as np
import pytest

from graphemb import BundleError, PhraseMapper
from graphemb.bundle import (
    FORMAT_VERSION,
    pack_strings,
    read_bundle,
    unpack_strings,
    write_bundle,
)
from graphemb.errors import MissingInputError, ParameterError, StorageError


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "b"
    write_bundle(
        path, kind="test", config={"a": 1}, facts={"é": 0.5},
        arrays={"x": np.arange(6, dtype=np.float32).reshape(2, 3),
                "names": pack_strings(["a", "ü\n", ""])},
        documents={"d": {"k": [1, "z"]}},
    )  # fmt: skip
    return path


def test_round_trip_and_same_bytes(small, tmp_path):
    b = read_bundle(small, kind="test")
    assert b.arrays["x"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert unpack_strings(b.arrays["names"]) == ["a", "ü\n", ""]
    assert b.documents == {"d": {"k": [1, "z"]}}
    assert b.config == {"a": 1}
    assert b.facts == {"é": 0.5}
    with pytest.raises(ValueError, match="read-only"):
        b.arrays["x"][0, 0] = 1
    write_bundle(
        tmp_path / "again", kind="test", config=b.config, facts=b.facts, arrays=dict(b.arrays),
        documents=b.documents,
    )  # fmt: skip
    for file in sorted(p for p in small.rglob("*") if p.is_file()):
        assert (tmp_path / "again" / file.relative_to(small)).read_bytes() == file.read_bytes()


def test_every_bit_flip_and_truncation_is_a_bundle_error(small):
    checked = 0
    for file in [p for p in small.rglob("*") if p.is_file()]:
        good = file.read_bytes()
        for at in range(len(good)):
            for bit in range(8):
                file.write_bytes(good[:at] + bytes([good[at] ^ (1 << bit)]) + good[at + 1 :])
                with pytest.raises(BundleError):
                    read_bundle(small, kind="test")
                checked += 1
        for length in range(len(good)):
            file.write_bytes(good[:length])
            with pytest.raises(BundleError):
                read_bundle(small, kind="test")
        file.write_bytes(good)
    assert checked > 5000
    read_bundle(small, kind="test")


def test_other_damage(small, tmp_path):
    (small / "extra.txt").write_text("x")
    with pytest.raises(BundleError, match=r"not of the model: extra.txt"):
        read_bundle(small, kind="test")
    (small / "extra.txt").unlink()
    with pytest.raises(BundleError, match="of kind 'test', not 'mapper'"):
        read_bundle(small, kind="mapper")
    (small / "documents" / "d.json").unlink()
    with pytest.raises(BundleError, match="missing"):
        read_bundle(small, kind="test")
    with pytest.raises(MissingInputError):
        read_bundle(tmp_path / "none", kind="test")


def test_a_newer_format_is_refused_with_what_to_do(small):
    file = small / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["format_version"] = FORMAT_VERSION + 1  # a newer one may also hash differently
    file.write_text(json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1) + "\n")
    with pytest.raises(BundleError, match="Upgrade graphemb"):
        read_bundle(small, kind="test")


def test_what_is_not_a_bundle_is_not_overwritten(small, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="no model of ours"):
        write_bundle(tmp_path / "mine", kind="t", arrays={}, documents={}, config={}, facts={})
    assert (tmp_path / "mine" / "thesis.txt").exists()
    shutil.copytree(small, tmp_path / "other")
    write_bundle(tmp_path / "other", kind="t", arrays={}, documents={}, config={}, facts={})
    assert read_bundle(tmp_path / "other", kind="t").documents == {}


def test_strings_with_nul_are_refused():
    with pytest.raises(ParameterError, match="NUL"):
        pack_strings(["a\0b"])


def test_damage_of_a_real_model_is_a_bundle_error(model, tmp_path):
    """Bits and lengths from all over the files, those of the small ones all."""
    place = tmp_path / "m"
    shutil.copytree(model, place)
    rng = random.Random(0)
    for file in sorted(p for p in place.rglob("*") if p.is_file()):
        good = file.read_bytes()
        spots = [*range(8), len(good) - 1, *(rng.randrange(len(good)) for _ in range(40))]
        for at in {spot for spot in spots if spot < len(good)}:
            bad = bytearray(good)
            bad[at] ^= 1 << rng.randrange(8)
            file.write_bytes(bad)
            with pytest.raises(BundleError):
                PhraseMapper.load(place)
        for length in {0, 1, len(good) - 1, *(rng.randrange(len(good)) for _ in range(8))}:
            file.write_bytes(good[:length])
            with pytest.raises(BundleError):
                PhraseMapper.load(place)
        file.write_bytes(good)
    assert PhraseMapper.load(place).map(["kettle"]).best(0).label == "Kettle"
