"""Phrases whose right nodes are known, read to measure a mapper on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphemb.errors import InputError, Problems, shown
from graphemb.tables import read_table

__all__ = ["Truth", "read_truth"]

#: Columns that say what a query is; each value becomes a group of its own.
_GROUPS = ("kind", "trivial", "frequency")


@dataclass(frozen=True)
class Truth:
    """Distinct phrases, the nodes that are right for each, and what each query is.

    ``groups[heading][i]`` is the value of query i; '' where the file has none.
    """

    phrases: tuple[str, ...]
    nodes: tuple[frozenset[str], ...]
    groups: dict[str, tuple[str, ...]]


def read_truth(path: str | Path, split: str | None = None) -> Truth:
    """Read a TSV or CSV with the columns ``phrase`` and ``id`` and, optionally, others.

    Several right ids stand in one cell joined by ``|``, or in several rows of one phrase. With a
    column ``split``, only rows of `split` are read: left out, ``test`` where there are any, else
    all. The columns ``kind``, ``trivial`` and ``frequency`` become groups; frequencies are put
    into bands (0, 1-9, 10-99, …).

    Raises
    ------
    InputError
        For a row without phrase or id and a frequency that is no number (with its line), and when
        no row is left.

    """
    table = read_table(path, required=("phrase", "id"))
    phrase, ids = table.column("phrase"), table.column("id")
    at = table.header.index("split") if "split" in table.header else None
    if at is not None and split is None and any(row[at] == "test" for row in table.rows):
        split = "test"
    headings = [name for name in _GROUPS if name in table.header]
    problems = Problems(str(path))
    nodes: dict[str, set[str]] = {}
    groups: dict[str, dict[str, str]] = {name: {} for name in headings}
    for row, line in zip(table.rows, table.lines, strict=True):
        if at is not None and split is not None and row[at] != split:
            continue
        right = {i for i in row[ids].split("|") if i}
        if not row[phrase].strip() or not right:
            problems.add(line, "must have a phrase and an id. Give both or remove the row.")
            continue
        nodes.setdefault(row[phrase], set()).update(right)
        for name in headings:
            value = row[table.column(name)]
            if name == "frequency":
                value = _band(value, line, problems)
            groups[name].setdefault(row[phrase], value)
    if not nodes and not len(problems):
        raise InputError(f"{path}: must have rows of split {shown(split)}; has none.")
    problems.raise_if_any()
    return Truth(
        tuple(nodes), tuple(map(frozenset, nodes.values())),
        {name: tuple(values[p] for p in nodes) for name, values in groups.items()},
    )  # fmt: skip


def _band(text: str, line: int, problems: Problems) -> str:
    if not text.strip():
        return ""
    if not text.strip().isdecimal():
        problems.add(line, f"frequency must be a whole number ≥ 0; got {shown(text)}.")
        return ""
    digits = len(str(int(text)))
    low = 10 ** (digits - 1)
    return "0" if int(text) == 0 else f"{low}-{10 * low - 1}"
