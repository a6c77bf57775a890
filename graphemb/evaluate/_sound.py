"""Whether what a run's files hold is what they must hold; a file that does not is named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, MissingInputError, shown
from graphemb.files import read_text
from graphemb.scores import Score

__all__ = ["SCHEMA", "checked_cell", "checked_info"]

SCHEMA = 1

_Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _keys(value: Any) -> bool:
    return _texts(value) and all(re.fullmatch(r"[0-9a-f]{1,64}", key) for key in value)


def _named(*fields: str) -> _Check:
    return lambda value: isinstance(value, dict) and all(_text(value.get(f)) for f in fields)


def _amounts(value: Any) -> bool:
    """Numbers by name, null where one was not measured."""
    return isinstance(value, dict) and all(v is None or _number(v) for v in value.values())


def _number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)


def _whole(value: Any) -> bool:
    return value is None or type(value) is int


def _picture(value: Any) -> bool:
    if not isinstance(value, dict):
        return value is None
    lists: list[Any] = [value.get(part) for part in ("nodes", "labels", "x", "y")]
    if not all(isinstance(v, list) for v in lists) or len({len(v) for v in lists}) != 1:
        return False
    return all(map(_text, lists[0] + lists[1])) and all(map(_number, lists[2] + lists[3]))


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(map(_row, value))


def _row(value: Any) -> bool:
    try:
        row = Score(**value)
    except TypeError:
        return False
    texts = (row.graph, row.method, row.task, row.metric, row.parameters, row.split)
    numbers = (v for v in (row.low, row.high, row.seconds) if v is not None)
    return (
        all(map(_text, texts)) and all(map(_whole, (row.k, row.seed, row.n)))
        and all(map(_number, (row.value, *numbers)))
    )  # fmt: skip


def _error(value: Any) -> bool:
    return value is None or _named("kind", "message")(value)


def _wrong(value: Any) -> bool:
    return isinstance(value, list) and all(
        _named("phrase", "answer", "right")(e) and _number(e.get("probability")) for e in value
    )


#: What each file must hold, and what it may.
_INFO = {"cells": _keys, "variants": lambda v: isinstance(v, dict) and _texts(list(v.values()))}
_MORE_INFO: dict[str, _Check] = {
    "graphemb": _text, "inputs": lambda v: isinstance(v, dict) and _texts(list(v.values())),
    "platform": _text, "seeds": lambda v: isinstance(v, list) and all(map(_whole, v)),
    "skipped": _texts, "versions": lambda v: isinstance(v, dict), "failed": _texts,
}  # fmt: skip
_CELL: dict[str, _Check] = {
    "status": lambda v: v in ("done", "failed"), "graph": _named("name"),
    "method": _named("name", "text"), "task": _named("name"), "rows": _rows, "seconds": _amounts,
}  # fmt: skip
_MORE_CELL: dict[str, _Check] = {
    "seed": _whole, "memory": _amounts, "notes": _texts, "picture": _picture, "error": _error,
    "errors": _wrong,
}  # fmt: skip


def checked_info(path: Path) -> dict[str, Any]:
    """Return what is in ``run.json``.

    Raises
    ------
    MissingInputError, InputError
        When it is not there; when it is damaged or of another schema.

    """
    remedy = "Run the plan again: it writes the file anew and keeps what is measured."
    return _read(path, _INFO, _MORE_INFO, remedy)


def checked_cell(path: Path, key: str) -> dict[str, Any]:
    """Return what is in a cell's file.

    Raises
    ------
    InputError
        When it is gone, damaged, of another schema or another cell's.

    """
    remedy = "Run the plan again: it measures this cell anew and keeps the others."
    try:
        content = _read(path, _CELL, _MORE_CELL, remedy)
    except MissingInputError:
        raise InputError(f"{path}: is gone, though run.json lists it. {remedy}") from None
    if content.get("key") != key:
        raise InputError(f"{path}: must hold cell {key}; got {shown(content.get('key'))}. {remedy}")
    return content


def _read(
    path: Path, must: Mapping[str, _Check], may: Mapping[str, _Check], remedy: str
) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        what = str(error) if isinstance(error, json.JSONDecodeError) else "nested too deep"
        raise InputError(f"{path}: is damaged, no JSON ({what}). {remedy}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: is damaged: must hold an object. {remedy}")
    schema = content.get("schema")
    if type(schema) is int and schema > SCHEMA:
        raise InputError(
            f"{path}: was written by a newer graphemb (schema {schema}; this one reads {SCHEMA}). "
            "Upgrade graphemb."
        )
    if type(schema) is not int or schema != SCHEMA:
        raise InputError(f"{path}: must have schema {SCHEMA}; got {shown(schema)}. {remedy}")
    wrong = [name for name, sound in must.items() if not sound(content.get(name))]
    wrong += [name for name, sound in may.items() if name in content and not sound(content[name])]
    if wrong:
        raise InputError(
            f"{path}: is damaged: {', '.join(wrong)} missing or not what must be there. {remedy}"
        )
    return content
