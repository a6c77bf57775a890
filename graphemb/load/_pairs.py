"""Phrases whose nodes are known: what a mapper learns from. Test rows never leave this file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from graphemb.errors import InputError, Problems, nearest, shown
from graphemb.files import Table, read_table
from graphemb.mappings import Pair, Split
from graphemb.taxonomy import Taxonomy

__all__ = ["PairFile", "load_pairs"]

_SPLITS = (*get_args(Split), "test")


@dataclass(frozen=True)
class PairFile:
    """What `load_pairs` found: the pairs, counts by split, and ids the taxonomy does not have."""

    pairs: tuple[Pair, ...]
    rows: dict[str, int]
    unknown_ids: tuple[str, ...]


def load_pairs(path: str | Path, taxonomy: Taxonomy | None = None) -> PairFile:
    """Read pairs from a TSV or CSV with the columns ``phrase``, ``id`` and, optionally, ``split``.

    Several right ids stand in one cell joined by ``|``, or in several rows of one phrase. Rows of
    split ``test`` are counted and dropped. Alternate ids become primary ids.

    Raises
    ------
    InputError
        For an unknown split or an empty phrase (with its line), and when more than half of the
        rows name ids that the taxonomy does not have.

    """
    table = read_table(path, required=("phrase", "id"))
    nodes: dict[tuple[str, str], dict[str, None]] = {}
    rows = dict.fromkeys(_SPLITS, 0)
    unknown: dict[str, None] = {}
    problems = Problems(str(path))
    usable = 0
    for row, line, split in _rows(table, problems):
        rows[split] += 1
        if split == "test":
            continue
        phrase, ids = row
        known = [i for i in (_primary(i, taxonomy) for i in ids) if i is not None]
        unknown.update(dict.fromkeys(i for i in ids if _primary(i, taxonomy) is None))
        usable += bool(known)
        if known:
            nodes.setdefault((phrase, split), {}).update(dict.fromkeys(known))
        if not ids:
            problems.add(
                line, f"the phrase {shown(phrase)} needs an id. Give one or remove the row."
            )
    problems.raise_if_any()
    read = rows["train"] + rows["dev"]
    if taxonomy is not None and unknown and usable * 2 < read:
        first = next(iter(unknown))
        raise InputError(
            f"{path}: most ids must be nodes of the taxonomy {taxonomy.name}; {read - usable} of "
            f"{read} rows name none, first {shown(first)}.{nearest(first, taxonomy.ids)}"
        )
    pairs = tuple(
        Pair(phrase, tuple(ids), "dev" if split == "dev" else "train")
        for (phrase, split), ids in nodes.items()
    )
    return PairFile(pairs, rows, tuple(unknown))


def _primary(node: str, taxonomy: Taxonomy | None) -> str | None:
    if taxonomy is None or node in taxonomy:
        return node
    return taxonomy.alternates.get(node)


def _rows(table: Table, problems: Problems) -> Sequence[tuple[tuple[str, list[str]], int, str]]:
    phrase_at, id_at = table.column("phrase"), table.column("id")
    split_at = table.header.index("split") if "split" in table.header else None
    found = []
    for row, line in zip(table.rows, table.lines, strict=True):
        split = row[split_at].strip() if split_at is not None else "train"
        if split not in _SPLITS:
            problems.add(line, f"split must be train, dev or test; got {shown(split)}.")
        elif not row[phrase_at].strip():
            problems.add(line, "a phrase must not be empty. Give one or remove the row.")
        else:
            ids = [part.strip() for part in row[id_at].split("|") if part.strip()]
            found.append(((row[phrase_at], ids), line, split))
    return found
