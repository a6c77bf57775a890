"""JSON lines as a table of text that remembers how each value was spelt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from graphemb.errors import InputError, Problems, shown
from graphemb.files import numbered_lines
from graphemb.tables import MAX_COLUMNS, Table

__all__ = ["JsonText", "cell_of", "jsonl_objects", "jsonl_rows", "jsonl_table"]


class JsonText(str):
    """The text of a cell that was no JSON string: ``1.0``, ``true``, ``["a"]``; '' for null.

    As text it is what is written; as JSON it goes out as it came in.
    """

    __slots__ = ()


def jsonl_objects(path: object, text: str) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the object of each line and the lines' numbers; blank lines are passed over.

    Numbers are `JsonText`, so that 1.0 is not 1.

    Raises
    ------
    InputError
        With ``file:line``: no object, NaN, a repeated key, half a character (lone surrogate).

    """
    problems = Problems(str(path))
    read = list(jsonl_rows(numbered_lines(str(path), text), problems))
    problems.raise_if_any()
    return [value for _, value in read], [number for number, _ in read]


def jsonl_rows(
    lines: Iterable[tuple[int, str]], problems: Problems
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, object) as `jsonl_objects` gives them; what is wrong is noted in `problems`."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            value = json.loads(
                line, parse_int=JsonText, parse_float=JsonText, parse_constant=_constant,
                object_pairs_hook=_no_twice,
            )  # fmt: skip
            line.encode("utf-8")
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            problems.add(number, "must be whole text; it holds half a character (a surrogate).")
            continue
        except (ValueError, RecursionError) as error:
            problems.add(number, f"must be a JSON object ({shown(str(error))}).")
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            problems.add(number, f"must be a JSON object; got {shown(line)}.")


def jsonl_table(path: object, text: str) -> Table:
    """Return JSON lines as a table; its columns are all keys, in the order they first come."""
    objects, lines = jsonl_objects(path, text)
    header = tuple(dict.fromkeys(key for value in objects for key in value))
    if not header:
        raise InputError(f"{path}:1: must hold JSON objects with keys; there are none.")
    if len(header) > MAX_COLUMNS:
        raise InputError(f"{path}:1: must have at most {MAX_COLUMNS} keys; has {len(header)}.")
    rows = [tuple(cell_of(value.get(key)) for key in header) for value in objects]
    return Table(str(path), header, rows, lines, "json")


def cell_of(value: Any) -> str:
    """Return a JSON value as the text of a cell."""
    if isinstance(value, JsonText):
        return value
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return JsonText("" if value is None else _spelt(value))


def _spelt(value: Any) -> str:
    """Return a nested value as JSON, numbers as they were written."""
    if isinstance(value, JsonText):
        return value
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k, ensure_ascii=False)}: {_spelt(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spelt, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found
