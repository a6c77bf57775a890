"""A picture of the neighbourhood of a phrase's candidates: SVG, written by hand."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphemb.map.explain import Explanation
    from graphemb.taxonomy import Taxonomy

__all__ = ["picture"]

#: Ancestors drawn above a candidate, and children drawn below the first.
_UP, _DOWN = 4, 4
_WIDTH, _HEIGHT, _ACROSS, _ALONG = 210, 40, 54, 14
_MARGIN, _TOP = 16, 46
#: Colours: fill and line of candidates, of the first, and of the rest.
_FIRST, _OTHER, _REST = ("#d9ecff", "#1f5fa8"), ("#eef3f8", "#6b87a5"), ("#ffffff", "#b4b4b4")


def _clean(text: str, limit: int) -> str:
    """Return `text` as XML may hold it, at most `limit` characters."""
    kept = "".join(c if c.isprintable() else "�" for c in text)
    return escape(kept if len(kept) <= limit else kept[: limit - 1] + "…")


def _rows(taxonomy: Taxonomy, candidates: list[int]) -> list[int]:
    """Return the rows that are drawn: candidates, some ancestors, some children of the first."""
    drawn = dict.fromkeys(candidates)
    for row in candidates:
        level = [row]
        for _ in range(_UP):
            up = [
                int(p)
                for r in level
                for p in taxonomy.parent_rows[
                    taxonomy.parent_ptr[r] : taxonomy.parent_ptr[r + 1]
                ].tolist()[:3]
            ]
            drawn |= dict.fromkeys(up)
            level = list(dict.fromkeys(up))
    if candidates:
        first = candidates[0]
        start = taxonomy.child_ptr[first]
        below = taxonomy.child_rows[start : taxonomy.child_ptr[first + 1]].tolist()[:_DOWN]
        drawn |= dict.fromkeys(below)
    return list(drawn)


def _edges(taxonomy: Taxonomy, rows: list[int]) -> list[tuple[int, int]]:
    here = set(rows)
    return [
        (int(parent), row)
        for row in rows
        for parent in taxonomy.parent_rows[
            taxonomy.parent_ptr[row] : taxonomy.parent_ptr[row + 1]
        ].tolist()
        if parent in here
    ]


def _places(rows: list[int], edges: list[tuple[int, int]]) -> dict[int, tuple[int, float]]:
    """Return (column, line) of each row: column by the longest way down, line by its children."""
    below: dict[int, list[int]] = {row: [] for row in rows}
    waiting = dict.fromkeys(rows, 0)
    for parent, child in edges:
        below[parent].append(child)
        waiting[child] += 1
    column = dict.fromkeys(rows, 0)
    order = [row for row in rows if not waiting[row]]
    for row in order:  # grows while it is walked
        for child in below[row]:
            column[child] = max(column[child], column[row] + 1)
            waiting[child] -= 1
            if not waiting[child]:
                order.append(child)
    line: dict[int, float] = {}
    owner: dict[int, int] = {}
    for row in order:
        for child in below[row]:
            owner.setdefault(child, row)
    stack, seen, ends = [r for r in reversed(order) if r not in owner], [], 0
    while stack:
        row = stack.pop()
        seen.append(row)
        mine = [child for child in below[row] if owner[child] == row]
        stack += reversed(mine)
        if not mine:
            line[row] = float(ends)
            ends += 1
    for row in reversed(seen):
        if row not in line:
            mine_lines = [line[child] for child in below[row] if owner[child] == row]
            line[row] = sum(mine_lines) / len(mine_lines)
    return {row: (column[row], line[row]) for row in rows}


def picture(taxonomy: Taxonomy, found: Explanation) -> str:
    """Return an SVG document: roots to the left, candidates shaded, the first one strongest.

    All text is escaped and cut; the whole of it is in the boxes' titles. The same explanation gives
    the same bytes.
    """
    chances = {taxonomy.row(c.node): (c.rank, c.probability) for c in found.candidates}
    rows = _rows(taxonomy, list(chances))
    edges = _edges(taxonomy, rows)
    places = {
        row: (_MARGIN + column * (_WIDTH + _ACROSS), _TOP + line * (_HEIGHT + _ALONG))
        for row, (column, line) in _places(rows, edges).items()
    }
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="sans-serif" font-size="12">',
        f"<title>Candidates of {_clean(found.phrase, 200)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="26" font-size="15">“{_clean(found.phrase, 60)}”</text>',
    ]
    for parent, child in edges:
        (x1, y1), (x2, y2) = places[parent], places[child]
        x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT / 2, y2 + _HEIGHT / 2
        middle = (x1 + x2) / 2
        parts.append(
            f'<path d="M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}" '
            'fill="none" stroke="#b4b4b4"/>'
        )
    parts += [_box(taxonomy, row, *places[row], chances.get(row)) for row in rows]
    return "\n".join([*parts, "</svg>", ""])


def _box(taxonomy: Taxonomy, row: int, x: float, y: float, chance: tuple[int, float] | None) -> str:
    """Return the box of a node: label, id, and for a candidate its rank and probability."""
    fill, line = _REST if chance is None else _FIRST if chance[0] == 1 else _OTHER
    label, node = taxonomy.labels[row], taxonomy.ids[row]
    said = "" if chance is None else f" · no. {chance[0]}, {chance[1]:.0%}"
    bar = ""
    if chance is not None:
        bar = (
            f'<rect x="{x:g}" y="{y + _HEIGHT - 4:g}" width="{_WIDTH * chance[1]:.1f}" height="4" '
            f'fill="{line}"/>'
        )
    return (
        f"<g><title>{_clean(label, 500)} ({_clean(node, 200)}){said}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="4" fill="{fill}" '
        f'stroke="{line}"/>{bar}'
        f'<text x="{x + 8:g}" y="{y + 16:g}">{_clean(label, 32)}</text>'
        f'<text x="{x + 8:g}" y="{y + 31:g}" font-size="10" fill="#555555">'
        f"{_clean(node, 24)}{said}</text></g>"
    )
