"""A model on disk: a folder of a manifest, one file of arrays, and JSON documents. No code.

::

    model/
      manifest.json          format, version, kind, configuration, facts; sha256 and size of
                         the rest, and of itself
      arrays.safetensors     all arrays
      documents/NAME.json    what is not numbers

The bytes that are hashed are the bytes that are parsed: the array file is mapped into memory once,
hashed there, and its arrays are views of that map. A checksum is not a signature, so every parser
below stays bounded.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.errors import BundleError, InputError, MissingInputError, ParameterError, StorageError
from graphemb.files import atomic_folder, read_bytes, sha256_of

__all__ = [
    "FORMAT_VERSION",
    "Bundle",
    "kind_of",
    "pack_strings",
    "read_bundle",
    "under",
    "under_prefix",
    "unpack_strings",
    "write_bundle",
]

Array = np.ndarray[Any, Any]

FORMAT, FORMAT_VERSION = "graphemb-bundle", 1
_ARRAYS = "arrays.safetensors"
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_MAX_HEADER, _MAX_DOCUMENT = 16 << 20, 1 << 30


@dataclass(frozen=True)
class Bundle:
    """What `read_bundle` gives; arrays are read-only views of the mapped file."""

    path: Path
    kind: str
    config: Mapping[str, Any]
    facts: Mapping[str, Any]
    arrays: Mapping[str, Array]
    documents: Mapping[str, Any]


def under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return `arrays` with ``prefix.`` before their names; `under_prefix` is the way back."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def under_prefix(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return those of `arrays` whose names begin with ``prefix.``, by the rest of their names."""
    cut = len(prefix) + 1
    return {name[cut:]: array for name, array in arrays.items() if name.startswith(f"{prefix}.")}


def pack_strings(texts: Sequence[str]) -> Array:
    """Return `texts` as one uint8 array: UTF-8, each ended by NUL."""
    if any("\0" in text for text in texts):
        raise ParameterError("pack_strings: texts must not hold a NUL character.")
    joined = "".join(f"{text}\0" for text in texts).encode("utf-8", "surrogatepass")
    return np.frombuffer(joined, np.uint8)


def unpack_strings(array: Array) -> list[str]:
    """Return the texts that `pack_strings` packed."""
    try:
        return array.tobytes().decode("utf-8", "surrogatepass").split("\0")[:-1]
    except UnicodeDecodeError as error:
        raise BundleError(f"bundle: a table of texts is not UTF-8 ({error.reason}).") from None


def _dump(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def write_bundle(
    path: str | Path, *, kind: str, arrays: Mapping[str, Array], documents: Mapping[str, Any],
    config: Mapping[str, Any], facts: Mapping[str, Any],
) -> None:  # fmt: skip
    """Write a bundle folder at `path`, atomically; an older bundle there is replaced.

    Equal content gives equal bytes: nothing of time, machine or path is recorded.

    Raises
    ------
    StorageError
        When `path` holds something that is not a bundle, or cannot be written.

    """
    from safetensors.numpy import save

    target = Path(path)
    if target.exists() and not (target / "manifest.json").is_file():
        raise StorageError(f"{path}: is there and is no model of ours. Name another place.")
    plain = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    files = {_ARRAYS: save(plain)}
    files |= {f"documents/{name}.json": _dump(value) for name, value in documents.items()}
    manifest = {
        "format": FORMAT, "format_version": FORMAT_VERSION, "kind": kind,
        "config": dict(config), "facts": dict(facts),
        "files": {n: {"sha256": sha256_of(d), "size": len(d)} for n, d in sorted(files.items())},
    }  # fmt: skip
    manifest["manifest_sha256"] = sha256_of(_dump(manifest))
    with atomic_folder(target) as folder:
        (folder / "documents").mkdir()
        for name, data in {**files, "manifest.json": _dump(manifest)}.items():
            with open(folder / name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())


def kind_of(path: str | Path) -> str:
    """Return the kind of the bundle at `path`, of which only the manifest is read and verified.

    Raises
    ------
    BundleError
        When the manifest is missing, damaged or of a newer format.
    MissingInputError
        When there is nothing at `path`.

    """
    return str(_manifest(_folder(path), None)["kind"])


def read_bundle(path: str | Path, *, kind: str) -> Bundle:
    """Read and verify the bundle at `path`.

    Raises
    ------
    BundleError
        When a file is missing, extra, damaged or of a newer format, or the kind differs.
    MissingInputError
        When there is nothing at `path`.

    """
    folder = _folder(path)
    manifest = _manifest(folder, kind)
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    if present != {*manifest["files"], "manifest.json"}:
        odd = sorted(present ^ {*manifest["files"], "manifest.json"})
        raise _damaged(folder, f"files missing or not of the model: {', '.join(odd[:5])}")
    documents = {}
    arrays: dict[str, Array] = {}
    for name, entry in manifest["files"].items():
        if name == _ARRAYS:
            data = _mapped(folder / name)
            _verify(folder, name, data, entry)
            arrays = _parse_arrays(folder, data)
        else:
            content = read_bytes(folder / name, _MAX_DOCUMENT)
            _verify(folder, name, memoryview(content), entry)
            documents[name.removeprefix("documents/").removesuffix(".json")] = _json(
                folder, content
            )
    return Bundle(folder, kind, manifest["config"], manifest["facts"], arrays, documents)


def _folder(path: str | Path) -> Path:
    if not Path(path).exists():
        raise MissingInputError(
            f"{path}: must be a model folder; there is nothing. Check the path."
        )
    return Path(path)


def _damaged(folder: Path, what: str) -> BundleError:
    return BundleError(f"{folder}: is no intact model: {what}. Train it again, or copy it again.")


def _json(folder: Path, content: bytes) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key comes twice")
        return dict(pairs)

    try:
        return json.loads(content.decode("utf-8", "surrogatepass"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _damaged(folder, f"unreadable JSON ({error})") from None


def _manifest(folder: Path, kind: str | None) -> Any:
    try:
        content = read_bytes(folder / "manifest.json", 64 << 20)
    except (MissingInputError, StorageError, InputError) as error:
        raise _damaged(folder, "manifest.json cannot be read") from error
    manifest = _json(folder, content)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _damaged(folder, "manifest.json is not of our format")
    version = manifest.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise _damaged(folder, "manifest.json has no format version")
    if version > FORMAT_VERSION:
        raise BundleError(
            f"{folder}: has format version {version}; this graphemb reads up to {FORMAT_VERSION}. "
            "Upgrade graphemb: pip install -U graphemb."
        )
    checksum = manifest.pop("manifest_sha256", None)
    if (
        checksum != sha256_of(_dump(manifest))
        or _dump(manifest | {"manifest_sha256": checksum}) != content
    ):
        raise _damaged(folder, "manifest.json has another checksum than when it was written")
    expected = {"format", "format_version", "kind", "config", "facts", "files"}
    files = manifest.get("files")
    if set(manifest) != expected or not isinstance(files, dict) or _ARRAYS not in files:
        raise _damaged(folder, "manifest.json is incomplete")
    if kind is not None and manifest["kind"] != kind:
        raise BundleError(f"{folder}: holds a model of kind {manifest['kind']!r}, not {kind!r}.")
    for name, entry in files.items():
        fine = name == _ARRAYS or (name.startswith("documents/") and name.endswith(".json"))
        if not fine or ".." in name or not isinstance(entry, dict):
            raise _damaged(folder, "manifest.json names a file that cannot be part of a model")
    return manifest


def _mapped(file: Path) -> memoryview:
    with open(file, "rb") as handle:
        if os.fstat(handle.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))


def _verify(folder: Path, name: str, data: memoryview, entry: Mapping[str, Any]) -> None:
    if entry.get("size") != len(data) or entry.get("sha256") != sha256_of(data):
        raise _damaged(folder, f"{name} has another size or checksum than when it was written")


def _parse_arrays(folder: Path, data: memoryview) -> dict[str, Array]:
    """Return read-only views of the arrays in a safetensors file, every bound checked."""
    if len(data) < 8:
        raise _damaged(folder, f"{_ARRAYS} is cut off")
    length = int.from_bytes(data[:8], "little")
    if length > min(_MAX_HEADER, len(data) - 8):
        raise _damaged(folder, f"{_ARRAYS} has a header that cannot be")
    header = _json(folder, bytes(data[8 : 8 + length]))
    body = data[8 + length :]
    found = {}
    for name, entry in header.items() if isinstance(header, dict) else ():
        if name == "__metadata__":
            continue
        try:
            dtype = np.dtype(_DTYPES[entry["dtype"]])
            start, stop = (int(x) for x in entry["data_offsets"])
            shape = tuple(int(x) for x in entry["shape"])
            size = dtype.itemsize
            for side in shape:
                size *= side
            if min((0, *shape)) < 0 or not 0 <= start <= stop <= len(body) or stop - start != size:
                raise ValueError("bounds")
            array: Array = np.frombuffer(body[start:stop], dtype).reshape(shape)
        except (KeyError, TypeError, ValueError):
            raise _damaged(folder, f"{_ARRAYS} describes the array {name!r} wrongly") from None
        array.setflags(write=False)
        found[name] = array
    return found
