"""A folder that holds a long job in parts: what it was begun with, what is done, and its end.

::

    OUT/
      job.json            sha256 of input and model, options, version: what the answers depend on
      part-000000.tsv     the header and the first rows; part-000001.tsv … go on without a header
      _DONE.json          last: rows in all, and of each part rows and sha256
      .lock               while a command is at work

A part that has its name is whole: it was written under another and renamed. `cat part-*` is the
whole output.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, MissingInputError, ParameterError, StorageError, shown
from graphemb.files import atomic_write, locked_folder, read_bytes, sha256_file, sha256_of

__all__ = ["MOST_PARTS", "Job", "joined"]

MOST_PARTS = 1_000_000
_DONE, _JOB = "_DONE.json", "job.json"


class Job:
    """The parts of one job in `folder`.

    Parameters
    ----------
    about : dict
        What the answers depend on, JSON: `held` refuses a folder begun with anything else.

    """

    def __init__(self, folder: str, about: dict[str, Any], ending: str, n_rows: int, size: int):
        self.folder, self.ending = Path(folder), ending
        self.about = json.loads(json.dumps(about, default=str))
        self.n_rows, self.size = n_rows, size
        self.n_parts = -(-n_rows // size)
        if self.n_parts > MOST_PARTS:
            raise ParameterError(
                f"{folder}: must have at most {MOST_PARTS:,} parts; {n_rows:,} rows make "
                f"{self.n_parts:,}. Give more --part-rows."
            )
        #: sha256 of parts that this run wrote.
        self.written: dict[int, str] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process; make it, or check that it is of this job."""
        try:
            self.folder.mkdir(exist_ok=True)
            found = {p.name for p in self.folder.iterdir()}
        except OSError as error:
            why = error.strerror or error
            raise StorageError(f"{self.folder}: must be a folder to write to ({why}).") from None
        if _JOB not in found and any(not name.startswith(".") for name in found):
            raise StorageError(
                f"{self.folder}: is there and holds no job of ours. Name a new folder."
            )
        with locked_folder(self.folder):
            self.sweep()
            try:
                self._begin()
                if not self.done:  # a part was removed since: it says so no longer
                    (self.folder / _DONE).unlink(missing_ok=True)
                yield
            finally:
                self.sweep()

    def _begin(self) -> None:
        place = self.folder / _JOB
        if not place.exists() or not any(self.folder.glob("part-*")):
            with atomic_write(place) as file:
                file.write(_dump(self.about))
            return
        before, now = _flat(_json(place)), _flat(self.about)
        differ = [
            f"{key} (was {shown(before.get(key))}, is {shown(now.get(key))})"
            for key in sorted({*before, *now})
            if before.get(key) != now.get(key) and key != "input.name"
        ]
        if differ:
            raise InputError(
                f"{place}: must go on with what the job was begun with; it differs in "
                f"{', '.join(differ)}. Give the same, or name a new folder."
            )

    def part(self, index: int) -> Path:
        """Return the final name of a part."""
        return self.folder / f"part-{index:06}.{self.ending}"

    def rows_of(self, index: int) -> int:
        """Return how many rows of the input a part has."""
        return min(self.size, self.n_rows - index * self.size)

    def missing(self) -> list[int]:
        """Return the parts that are not done."""
        there = {p.name for p in self.folder.glob(f"part-*.{self.ending}")}
        return [i for i in range(self.n_parts) if self.part(i).name not in there]

    def kept(self) -> str:
        """Say how many parts are there."""
        return f"{self.n_parts - len(self.missing()):,} of {self.n_parts:,} parts kept"

    def sweep(self, index: int | None = None) -> None:
        """Remove what a killed process had not finished writing: of all parts, or of one."""
        for torn in self.folder.glob(".part-*" if index is None else f".{self.part(index).name}.*"):
            with suppress(OSError):
                torn.unlink()
        if index is None:
            for torn in (*self.folder.glob(f".{_DONE}.*"), *self.folder.glob(f".{_JOB}.*")):
                with suppress(OSError):
                    torn.unlink()

    @property
    def begun(self) -> bool:
        """Whether the folder is a job's."""
        return (self.folder / _JOB).is_file()

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return (self.folder / _DONE).is_file() and not self.missing()

    def finish(self) -> None:
        """Write ``_DONE.json``, which says that all parts are there and what they must be."""
        parts = [
            {"name": self.part(i).name, "rows": self.rows_of(i),
             "sha256": self.written.get(i) or sha256_file(self.part(i))}
            for i in range(self.n_parts)
        ]  # fmt: skip
        with atomic_write(self.folder / _DONE) as file:
            file.write(_dump({"rows": self.n_rows, "parts": parts}))


def _dump(value: Any) -> bytes:
    return (
        json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode(
            "utf-8", "surrogatepass"
        )
        + b"\n"
    )


def _json(place: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_bytes(place).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: is damaged ({error}). Begin again in a new folder.") from None
    if not isinstance(value, dict):
        raise InputError(f"{place}: is damaged. Begin again in a new folder.")
    return value


def _flat(value: dict[str, Any], under: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, entry in value.items():
        found |= _flat(entry, f"{under}{key}.") if isinstance(entry, dict) else {under + key: entry}
    return found


def joined(folder: str) -> Iterator[bytes]:
    """Yield the parts of a finished job, in order, each checked against ``_DONE.json``.

    Raises
    ------
    MissingInputError
        When the job is not finished.
    InputError
        When a part is not what was written.

    """
    place = Path(folder) / _DONE
    if not Path(folder).is_dir():
        raise MissingInputError(f"{folder}: must be the folder of a job; there is none. Check it.")
    if not place.is_file():
        raise MissingInputError(
            f"{folder}: must hold a finished job; there is no {_DONE}. Run its graphemb map again."
        )
    done = _json(place)
    try:
        parts = [(str(p["name"]), str(p["sha256"])) for p in done["parts"]]
    except (KeyError, TypeError) as error:
        raise InputError(f"{place}: is damaged ({error!r}). Run its graphemb map again.") from None
    for name, sha256 in parts:
        if "/" in name or "\\" in name or not name.startswith("part-"):
            raise InputError(f"{place}: names {shown(name)}, which can be no part.")
        content = read_bytes(Path(folder) / name)
        if sha256_of(content) != sha256:
            raise InputError(
                f"{Path(folder) / name}: has another content than when it was written. Remove it "
                "and run its graphemb map again."
            )
        yield content
