"""What ``graphemb map`` wrote, read back: candidates, input columns, and what was reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphemb.errors import InputError, Problems, nearest, shown
from graphemb.load._contents import Content, read_content, table_of
from graphemb.load._jsonl import cell_of, jsonl_objects
from graphemb.mappings import (
    FIELDS,
    REVIEW_FIELDS,
    Candidate,
    Decision,
    MappingSet,
    Review,
    Source,
)  # fmt: skip
from graphemb.relations import RELATIONS
from graphemb.tables import Table, undefused

__all__ = ["is_mapped", "load_mappings", "mappings_of"]

_DECISIONS: dict[str, Decision] = {
    "": "", "accepted": "accepted", "accept": "accepted", "approved": "accepted",
    "yes": "accepted", "rejected": "rejected", "reject": "rejected", "no": "rejected",
}  # fmt: skip
_BARE = {codes.skos: name for name, codes in reversed(tuple(RELATIONS.items()))}


def load_mappings(
    path: str | Path, text_col: str | None = None, id_col: str | None = None,
    freq_col: str | None = None,
) -> MappingSet:  # fmt: skip
    """Return the mappings in `path`, as TSV, CSV, JSON lines, Parquet or a reviewed workbook.

    Parameters
    ----------
    path : str or Path
        An output of ``graphemb map``; ``-`` is standard input.
    text_col, id_col, freq_col : str, optional
        Columns with the phrase, its id and its frequency. A workbook of ours remembers them;
        elsewhere the phrase is in the column ``phrase`` unless it is said otherwise.

    Raises
    ------
    InputError
        With ``file:line``: no output of ours, a rank or probability that is no number, a word in
        ``review`` or ``relation`` that is not known.

    """
    return mappings_of(read_content(path), text_col, id_col, freq_col)


def is_mapped(content: Content) -> bool:
    """Return whether `content` looks like an output of ``graphemb map``."""
    if content.kind == "jsonl":
        first = content.text.lstrip().split("\n", 1)[0]
        return 'candidates": [' in first
    if content.kind == "text":
        first = content.text.split("\n", 1)[0]
        if not all(field in first for field in FIELDS):
            return False
    return _ours(table_of(content).header) is not None


def mappings_of(
    content: Content, text_col: str | None = None, id_col: str | None = None,
    freq_col: str | None = None,
) -> MappingSet:  # fmt: skip
    """Return the mappings in `content`, see `load_mappings`."""
    facts = content.facts
    text_col = text_col or facts.get("graphemb_text_col") or "phrase"
    id_col = id_col or facts.get("graphemb_id_col")
    freq_col = freq_col or facts.get("graphemb_freq_col")
    if content.kind == "jsonl":
        return _from_objects(content, text_col, id_col, freq_col)
    table = table_of(content)
    ours = _ours(table.header)
    if ours is None:
        raise InputError(
            f"{content.source}:1: must be what graphemb map wrote, with the columns "
            f"{', '.join(FIELDS)}; has {', '.join(map(shown, table.header[:12]))}."
        )
    n = min(ours.values())
    source = _source(content.source, table.header[:n], text_col, id_col, freq_col)
    return _from_rows(table, ours, source, escaped=content.kind == "text")


def _ours(header: Sequence[str]) -> dict[str, int] | None:
    """Return where each of our columns stands, or None when one of the eight is missing."""
    found = {}
    for name in (*FIELDS, *REVIEW_FIELDS):
        at = [i for i, column in enumerate(header) if _bare(column) == name]
        if at:
            found[name] = at[-1]
    if any(name not in found for name in FIELDS):
        return None
    first = min(found[name] for name in FIELDS)
    return {name: at for name, at in found.items() if at >= first}


def _bare(column: str) -> str:
    """Return our name of a column that was written under another because it was taken."""
    while column.startswith("mapped_"):
        column = column.removeprefix("mapped_")
    return column


def _source(
    name: str, header: Sequence[str], text_col: str, id_col: str | None, freq_col: str | None
) -> Source:
    for column, option in (
        (text_col, "--text-col"),
        (id_col, "--id-col"),
        (freq_col, "--freq-col"),
    ):
        if column is not None and column not in header:
            raise InputError(
                f"{name}:1: must have a column {shown(column)} before ours; has "
                f"{', '.join(map(shown, header[:20]))}.{nearest(column, header)} Name it with "
                f"{option}."
            )
    return Source(tuple(header), [], text_col, id_col, freq_col)


def _from_rows(table: Table, ours: dict[str, int], source: Source, escaped: bool) -> MappingSet:
    problems, n = Problems(table.source), len(source.header)
    at = source.header.index(source.text_col)
    phrases: list[str] = []
    rows: list[tuple[str, ...]] = []
    candidates: list[list[Candidate]] = []
    no_match: dict[int, Review] = {}
    last = 0
    for row, line in zip(table.rows, table.lines, strict=True):
        cells = {name: row[i] for name, i in ours.items()}
        if escaped:
            cells = {name: undefused(cell) for name, cell in cells.items()}
        review = _review(cells, problems, line)
        rank = _number(cells["rank"], "rank", problems, line)
        if rank <= last or not rows or row[:n] != rows[-1]:
            phrases.append(row[at])
            rows.append(row[:n])
            candidates.append([])
        last = int(rank)
        if cells["node"]:
            candidates[-1].append(_candidate(cells, review, problems, line))
        elif review != Review():
            no_match[len(rows) - 1] = review
    problems.raise_if_any()
    return MappingSet(phrases, candidates, replace(source, rows=rows), no_match)


def _candidate(cells: dict[str, str], review: Review, problems: Problems, line: int) -> Candidate:
    numbers = [_number(cells[n] or "0", n, problems, line) for n in ("probability", "score")]
    if not 0 <= numbers[0] <= 1:
        problems.add(line, f"probability must be 0 to 1; got {shown(cells['probability'])}.")
    return Candidate(
        int(_number(cells["rank"], "rank", problems, line)), cells["node"], cells["label"],
        numbers[0], numbers[1], cells["matched"], cells["evidence"], cells["path"], review,
    )  # fmt: skip


def _number(text: str, name: str, problems: Problems, line: int) -> float:
    try:
        value = float(text)
        if abs(value) < 1e12:
            return value
    except ValueError:
        pass
    problems.add(line, f"{name} must be a number; got {shown(text)}.")
    return 1.0


def _review(cells: dict[str, str], problems: Problems, line: int) -> Review:
    decision = cells.get("review", "").strip().casefold()
    relation = cells.get("relation", "").strip()
    relation = _BARE.get(relation, relation)
    if decision not in _DECISIONS:
        problems.add(
            line, f"review must be accepted, rejected or empty; got {shown(cells['review'])}."
        )
    if relation and relation not in RELATIONS:
        problems.add(
            line, f"relation must be one of {', '.join(RELATIONS)} or empty; got {shown(relation)}."
            f"{nearest(relation, RELATIONS)}",
        )  # fmt: skip
    return Review(
        _DECISIONS.get(decision, ""), relation, cells.get("comment", ""), cells.get("reviewer", "")
    )


def _from_objects(
    content: Content, text_col: str, id_col: str | None, freq_col: str | None
) -> MappingSet:
    objects, lines = jsonl_objects(content.source, content.text)
    problems = Problems(content.source)
    keys = dict.fromkeys(key for value in objects for key in value)
    name = ([k for k in keys if _bare(k) == "candidates"] or ["candidates"])[-1]
    nothing = ([k for k in keys if _bare(k) == "no_match"] or ["no_match"])[-1]

    header = tuple(key for key in keys if key not in (name, nothing))
    source = _source(content.source, header, text_col, id_col, freq_col)
    rows: list[tuple[str, ...]] = []
    candidates: list[list[Candidate]] = []
    no_match: dict[int, Review] = {}
    for position, (value, line) in enumerate(zip(objects, lines, strict=True)):
        rows.append(tuple(cell_of(value.get(key)) for key in header))
        found = value.get(name)
        if not isinstance(found, list) or not all(_complete(c) for c in found):
            problems.add(
                line, f"{name} must be a list of objects with {', '.join(FIELDS)}. "
                "Is this what graphemb map wrote?",
            )  # fmt: skip
            continue
        texts: list[dict[str, str]] = [{k: str(v) for k, v in c.items()} for c in found]
        candidates.append(
            [_candidate(c, _review(c, problems, line), problems, line) for c in texts]
        )
        if isinstance(said := value.get(nothing), dict):
            no_match[position] = _review({k: str(v) for k, v in said.items()}, problems, line)
    problems.raise_if_any()
    phrases = [row[header.index(text_col)] for row in rows]
    return MappingSet(phrases, candidates, replace(source, rows=rows), no_match)


def _complete(candidate: Any) -> bool:
    return isinstance(candidate, dict) and all(name in candidate for name in FIELDS)
