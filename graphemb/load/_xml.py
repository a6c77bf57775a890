"""XML, guarded: no external, nested or large entity reaches a parser; elements know their line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder  # builds; the parser is expat
from xml.parsers import expat

from graphemb.errors import InputError, shown
from graphemb.files import read_text

__all__ = ["guarded", "line_of", "records", "shallow", "text_of"]

#: The attribute under which an element keeps its line; no XML name can contain a blank.
_LINE = "line of file"
#: Bounds of what internal entities may do: their number, length, and text once expanded.
_ENTITIES, _LENGTH, _EXPANDED = 200, 1_000, 16 << 20
_LEVELS = 1_000


class _RootError(Exception):
    """Stops the guard at the root element; its name."""


def guarded(path: Path, *, entities: bool = False) -> bytes:
    """Return the UTF-8 content of `path` after its document type was looked at.

    The prolog is read with expat up to the root element; nothing outside the file is ever opened.
    A DTD named by its address is passed over. An entity that is external, contains another, or is
    large is refused; so is any entity where `entities` is false.

    Raises
    ------
    InputError
        For text that is not UTF-8, a refused entity, or a prolog that is not well-formed.

    """
    text = read_text(path)
    found: dict[str, str] = {}

    def declared(name: str, parameter: int, value: str | None, *_: Any) -> None:
        why = ""
        if not entities:
            why = "must not declare entities"
        elif parameter or value is None:
            why = "must not declare parameter or external entities"
        elif "&" in value or "%" in value or len(value) > _LENGTH or len(found) >= _ENTITIES:
            why = "must not declare nested, large or very many entities"
        if why:
            line = parser.CurrentLineNumber
            raise InputError(f"{path}:{line}: {why}; declares {shown(name)}. Remove it.")
        found[name] = value or ""

    def began(version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.casefold() not in ("utf-8", "utf8", "us-ascii", "ascii"):
            raise InputError(f"{path}:1: must be UTF-8; says {shown(encoding)}. Save it as UTF-8.")

    def rooted(name: str, attributes: dict[str, str]) -> None:
        raise _RootError(name)

    parser = expat.ParserCreate()
    parser.EntityDeclHandler, parser.StartElementHandler = declared, rooted
    parser.XmlDeclHandler = began
    data = text.encode()
    try:
        parser.Parse(data, True)
    except _RootError:
        pass
    except expat.ExpatError as error:
        raise _broken(path, error) from None
    if sum(text.count(f"&{name};") * len(value) for name, value in found.items()) > _EXPANDED:
        raise InputError(f"{path}:1: its entities expand to over 16 MiB. Remove them.")
    return data


def shallow(path: Path, data: bytes) -> bytes:
    """Return `data`, which `guarded` gave, when no element lies deeper than 1,000 levels.

    For parsers whose time grows with the square of the depth.
    """
    parser = expat.ParserCreate()
    depth = 0

    def start(tag: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _LEVELS:
            line = parser.CurrentLineNumber
            raise InputError(f"{path}:{line}: must be nested at most {_LEVELS:,} levels deep.")

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1

    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise _broken(path, error) from None
    return data


def _broken(path: Path, error: expat.ExpatError) -> InputError:
    return InputError(f"{path}:{error.lineno}: must be well-formed XML ({error}). Fetch it again.")


def records(path: Path, root: str, tags: Collection[str]) -> Iterator[Any]:
    """Yield the outermost elements named in `tags`, each a whole tree, in order of their ends.

    Memory is that of the file and one record. Prefixes are left in the names.

    Raises
    ------
    InputError
        When the file is refused by `guarded`, broken, or its root is not `root`.

    """
    data = guarded(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    builder: TreeBuilder | None = None
    depth, done, level = 0, [], 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal builder, level, depth
        depth += 1
        if depth == 1 and tag != root:
            raise InputError(f"{path}:1: must have the root <{root}>; it is <{tag[:40]}>.")
        if builder is None:
            if tag not in tags:
                return
            builder, level = TreeBuilder(), depth
            parser.CharacterDataHandler = builder.data
        attributes[_LINE] = str(parser.CurrentLineNumber)
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal builder, depth
        if builder is not None:
            element = builder.end(tag)
            if depth == level:
                done.append(element)
                builder, parser.CharacterDataHandler = None, None
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        for at in range(0, len(data), 1 << 16):
            parser.Parse(data[at : at + (1 << 16)], False)
            yield from done
            done.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _broken(path, error) from None


def line_of(element: Element) -> int:
    """Return the line on which an element of `records` begins."""
    return int(element.attrib[_LINE])


def text_of(element: Element | None) -> str:
    """Return all text inside an element, white space collapsed; '' for None."""
    return "" if element is None else " ".join("".join(element.itertext()).split())
