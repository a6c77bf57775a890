"""JSON, read strictly: one document, real numbers, text that can be written again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from graphemb.errors import InputError, shown
from graphemb.files import read_text

__all__ = ["items", "parsed_json", "text_at"]

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def parsed_json(path: Path) -> Any:
    """Return the JSON value in `path`.

    Raises
    ------
    InputError
        For a syntax error, NaN or Infinity, a lone surrogate, or nesting of about 1,000 levels.

    """
    text = read_text(path)

    def refuse(constant: str) -> NoReturn:
        raise InputError(f"{path}: numbers must be finite; found {constant}. Remove it.")

    try:
        value = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: must be JSON ({error.msg}).") from None
    except RecursionError:
        raise InputError(
            f"{path}: is nested too deeply for JSON. Name parents in properties instead."
        ) from None
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"{path}: holds half a character ({shown(error.object[error.start])}). Repair it."
            ) from None
    return value


def items(value: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects in the list ``value[key]``; [] where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []


def text_at(value: Any, *keys: str) -> str:
    """Return the text at ``value[key][key]…``; '' where it is not there or no text."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value.strip() if isinstance(value, str) else ""
