"""EdgeListLoader: an edge a line, as TSV, CSV or separated by blanks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphemb.errors import InputError, ParameterError, shown
from graphemb.files import MAX_LINE
from graphemb.graph import Graph
from graphemb.load._edges import EdgeDraft, GraphLoader, named_columns
from graphemb.load._fields import blocks, each, fields_of
from graphemb.load.base import Notes
from graphemb.utf8 import utf8_bytes

__all__ = ["EdgeListLoader"]

Array = np.ndarray[Any, Any]

#: Headers that are known as such: the two ends, then the weight.
_ENDS = (("source", "target"), ("src", "dst"), ("from", "to"), ("child", "parent"))
_WEIGHTS = ("weight", "weights", "w")


@dataclass
class _Layout:
    """How a file is laid out: what separates, how many fields, which are ends and weight."""

    delimiter: bytes
    comments: bytes
    weighted: bool
    fields: int = 0
    u: int = 0
    v: int = 1
    w: int | None = None
    quoted: bool = False

    def settle(self, where: str, fields: int) -> None:
        """Take the length of the first row that is an edge for that of all."""
        if fields > 3:
            raise InputError(
                f"{where}: must have 2 or 3 fields (u, v, weight); has {fields}. Put a line above "
                "that names source and target, or say which character separates."
            )
        self.fields, self.w = fields, 2 if fields == 3 and self.weighted else None


class EdgeListLoader(GraphLoader):
    """Reads ``u v [weight]`` a line; a line with one id alone is an isolated node.

    Separated by tabs where the first line has one, else by commas or semicolons, else by blanks
    (a first line without commas leaves it to the next 64 KiB whether there are tabs).
    Ids are text as it stands (``007`` is not ``7``), blanks around them dropped; ids with blanks
    need TSV or CSV. In CSV, a cell in double quotes may hold anything; elsewhere quotes are plain
    characters. A first line ``source, target[, weight]`` (src dst, from to, child parent; in any
    place among other columns) is a header. Before a header, or without one, a line that begins
    with one of `comments` is left out; after a header every line is an edge.

    Parameters
    ----------
    delimiter : str, optional
        One character; found from the first line when left out. A blank stands for any run of
        blanks and tabs.
    comments : str
        Characters that begin a comment.
    columns : sequence of str, optional
        Names that the header gives to the two ends and, if there is a third, the weight.

    Notes
    -----
    Blocks of 8 MiB are split and numbered at C speed; only a block with something unusual in it
    (a comment, an isolated node, a quote, a ragged row) is walked line by line. Time O(bytes).

    """

    suffixes = ("",)

    def __init__(
        self, delimiter: str | None = None, comments: str = "#%",
        columns: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        self.delimiter = delimiter
        self.comments = comments
        self.columns = columns

    def read(
        self, source: str, data: bytes, directed: bool | None, weighted: bool
    ) -> tuple[Graph, Notes]:
        """Return the graph in the edge list `data` and the warnings."""
        content = utf8_bytes(source, data)
        del data
        draft = EdgeDraft(source)
        layout, start, line = self._layout(source, content, weighted)
        if layout.quoted:
            _csv_rows(draft, layout, content, start, line)
        else:
            for at, stop in blocks(source, content, start):
                block = content[at:stop]
                if not _regular(draft, layout, block, line):
                    _walk(draft, layout, _split_lines(layout, block), line)
                line += block.count(b"\n")
            del block
        del content
        if not draft.n_edges and not len(draft.problems):
            raise InputError(
                f"{source}: must hold at least one edge, two ids a line; found none. "
                "Check the delimiter."
            )
        names = [key.decode("utf-8") for key in draft.index]  # type: ignore[attr-defined]
        return draft.finish(names, bool(directed))

    def _layout(self, source: str, content: bytes, weighted: bool) -> tuple[_Layout, int, int]:
        """Return the layout, and where and on which line the first row begins."""
        comments = self.comments.encode()
        start, line = 0, 1
        while start < len(content):
            stop = content.find(b"\n", start)
            stop = len(content) if stop < 0 else stop
            if stop - start > MAX_LINE:
                raise InputError(f"{source}:{line}: lines must be at most 1 MiB long.")
            first = content[start:stop]
            if first.strip() and first[:1] not in each(comments):
                break
            start, line = stop + 1, line + 1
        else:
            raise InputError(f"{source}:1: must hold edges, one a line; the file is empty.")
        delimiter = self._delimiter_of(first, content[start : start + 65_536])
        layout = _Layout(delimiter, comments, weighted)
        layout.quoted = layout.delimiter in b",;" and b'"' in content
        if self._header(f"{source}:{line}", first, layout):
            layout.comments = b""
            start, line = min(stop + 1, len(content)), line + 1
            if not content[start:].strip():
                raise InputError(f"{source}:{line - 1}: must hold edges; there is only a header.")
        elif not layout.quoted and len(cells := _split(layout, first)) > 1:
            layout.settle(f"{source}:{line}", len(cells))
        return layout, start, line

    def _delimiter_of(self, first: bytes, sample: bytes) -> bytes:
        if self.delimiter is not None:
            chosen = self.delimiter.encode()
            if len(chosen) != 1 or chosen in b'\n\r"':
                raise ParameterError(
                    f"EdgeListLoader: delimiter must be one ASCII character; "
                    f"got {shown(self.delimiter)}."
                )
            return chosen
        if len(first.split()) == 1 and not any(x in first for x in (b",", b";")):
            # An isolated node says nothing; the first line that has something between does.
            first = next((x for x in sample.split(b"\n") if len(x.strip().split()) > 1), sample)
        comma, semicolon = first.count(b","), first.count(b";")
        if b"\t" in first or (not comma + semicolon and b"\t" in sample):
            return b"\t"
        return b" " if not comma + semicolon else b";" if semicolon > comma else b","

    def _header(self, where: str, first: bytes, layout: _Layout) -> bool:
        """Return whether the line names columns; then the layout takes them."""
        cells = [cell.strip().strip(b'"').decode() for cell in _split(layout, first)]
        if self.columns is not None:
            wanted = named_columns(self.columns)
            for name in wanted:
                if name not in cells:
                    raise InputError(
                        f"{where}: must be a header with the column {shown(name)}; has "
                        f"{', '.join(map(shown, cells[:20]))}."
                    )
        else:
            cells = [cell.casefold() for cell in cells]
            ends = next((x for x in _ENDS if set(x) <= set(cells)), None)
            if ends is None:
                return False
            wanted = [*ends, *[name for name in _WEIGHTS if name in cells][:1]]
        for name in wanted:
            if cells.count(name) > 1:
                raise InputError(f"{where}: columns must differ; {shown(name)} comes twice.")
        layout.fields = len(cells)
        layout.u, layout.v, *weight = map(cells.index, wanted)
        layout.w = weight[0] if weight and layout.weighted else None
        return True


def _split(layout: _Layout, line: bytes) -> list[bytes]:
    return line.split() if layout.delimiter == b" " else line.split(layout.delimiter)


def _regular(draft: EdgeDraft, layout: _Layout, block: bytes, line: int) -> bool:
    """Add the rows of `block` at once and return True, or add nothing and return False."""
    if not layout.fields or any(
        block.startswith(c) or b"\n" + c in block for c in each(layout.comments)
    ):
        return False
    block = block if block.endswith(b"\n") else block + b"\n"
    fields = fields_of(block, layout.delimiter, layout.fields)
    if fields is None:
        return False
    numbers = fields.whole_numbers((layout.u, layout.v))
    k, m = layout.fields, len(fields.starts)
    texts = fields.texts() if numbers is None or layout.w is not None else []
    weights = None
    if layout.w is not None:
        if b"_" in block:
            return False  # Python reads 1_0 as a number
        try:
            weights = np.fromiter(map(float, texts[layout.w :: k]), np.float64, m)
        except ValueError:
            return False
    if numbers is not None and draft.add_numbers(numbers, weights, line):
        return True
    texts = texts or fields.texts()
    if k == 2 and layout.u == 0:
        ids = texts
    else:
        ids = [b""] * (2 * m)
        ids[0::2], ids[1::2] = texts[layout.u :: k], texts[layout.v :: k]
    draft.add(ids, weights, line)
    return True


def _split_lines(layout: _Layout, block: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (line counted from 0, fields) of each line that is neither empty nor a comment."""
    comments = each(layout.comments)
    for offset, line in enumerate(block.split(b"\n")):
        if len(line) > MAX_LINE:
            yield offset, [line]
        elif line.strip() and line[:1] not in comments:
            yield offset, _split(layout, line)


def _walk(
    draft: EdgeDraft, layout: _Layout, rows: Iterator[tuple[int, list[bytes]]], line: int
) -> None:
    """Add rows one by one, noting what is wrong with each."""
    ids: list[bytes] = []
    weights: list[float] = []
    lines: list[int] = []
    for offset, fields in rows:
        number = line + offset
        cells = [field.strip() for field in fields]
        edge = _edge(draft, layout, cells, number)
        if edge is None:
            continue
        for at in (layout.u, layout.v):
            if cells[at] != fields[at]:
                draft.notes.add("blanks around an id, dropped", f"{draft.source}:{number}")
            draft.index[cells[at]]  # numbered now, so that isolated nodes keep their place
        ids += (cells[layout.u], cells[layout.v])
        weights.append(edge)
        lines.append(number)
        if len(lines) == 1 << 18:
            draft.add(ids, np.array(weights), lines)
            ids, weights, lines = [], [], []
    draft.add(ids, np.array(weights), lines)


def _edge(draft: EdgeDraft, layout: _Layout, cells: Sequence[bytes], line: int) -> float | None:
    """Return the weight of an edge; None for an isolated node or a problem, both seen to."""
    if len(cells) == 1 and cells[0]:
        if len(cells[0]) > MAX_LINE:
            draft.problems.add(line, "lines must be at most 1 MiB long.")
        else:
            draft.index[cells[0]]
        return None
    if not layout.fields:
        layout.settle(f"{draft.source}:{line}", len(cells))
    if len(cells) != layout.fields:
        draft.problems.add(
            line, f"must have {layout.fields} fields like the rows before, or one id alone; "
            f"has {len(cells)}.",
        )  # fmt: skip
        return None
    if not cells[layout.u] or not cells[layout.v]:
        draft.problems.add(line, "an edge needs two ids; one is empty. Give it or remove the row.")
        return None
    return 1.0 if layout.w is None else _number(draft, cells[layout.w], line)


def _number(draft: EdgeDraft, cell: bytes, line: int) -> float | None:
    try:
        if b"_" not in cell:
            return float(cell)
    except ValueError:
        pass
    hint = "Write a decimal point." if b"," in cell else "Correct it, or pass weighted=False."
    draft.problems.add(line, f"a weight must be a number; got {shown(cell.decode())}. {hint}")
    return None


def _csv_rows(draft: EdgeDraft, layout: _Layout, content: bytes, start: int, line: int) -> None:
    """Add the rows of a CSV in which cells are quoted."""
    comments = each(layout.comments)

    def lines() -> Iterator[str]:
        for raw in io.BytesIO(content[start:]):
            yield "\n" if raw[:1] in comments else raw.decode("utf-8")

    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(lines(), delimiter=layout.delimiter.decode(), strict=True)

    def rows() -> Iterator[tuple[int, list[bytes]]]:
        before = 0
        try:
            for row in reader:
                if row:
                    yield before, [cell.encode() for cell in row]
                before = reader.line_num
        except csv.Error as error:
            raise InputError(
                f"{draft.source}:{line + before}: must be well-formed CSV ({error}). "
                "Look for a quote that is not closed."
            ) from None

    _walk(draft, layout, rows(), line)
