"""Phrases whose nodes are known: what a mapper learns from. Test rows never leave this file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from graphemb.errors import InputError, Problems, nearest, shown
from graphemb.load._contents import Content, read_content, table_of
from graphemb.load._decisions import Said, decisions_in, format_of
from graphemb.mappings import Pair, Split
from graphemb.tables import Table
from graphemb.taxonomy import Taxonomy

__all__ = ["PairFile", "load_pairs"]

_SPLITS = (*get_args(Split), "test")


@dataclass(frozen=True)
class PairFile:
    """What `load_pairs` found: the pairs, counts by split, and ids the taxonomy does not have.

    `format` is how the file was read. `no_match` are phrases that a person said mean nothing here;
    `skipped` counts rows that nobody accepted, by reason. Neither becomes a pair.
    """

    pairs: tuple[Pair, ...]
    rows: dict[str, int]
    unknown_ids: tuple[str, ...]
    format: str = "pairs"
    no_match: tuple[str, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)


def load_pairs(
    path: str | Path, taxonomy: Taxonomy | None = None, text_col: str | None = None
) -> PairFile:
    """Read pairs from a table with the columns ``phrase``, ``id`` and, optionally, ``split``.

    Several right ids stand in one cell joined by ``|``, or in several rows of one phrase. Rows of
    split ``test`` are counted and dropped. Alternate ids become primary ids.

    Also read, and known by their content: what ``graphemb map`` wrote once its column ``review``
    was filled in (TSV, CSV, JSON lines, Parquet, XLSX; `text_col` names the phrases' column), SSSOM
    (rows curated or reviewed by people), Usagi (APPROVED), OMOP source_to_concept_map, FHIR
    ConceptMap R4 and R5 (where the relation is known), Snap2SNOMED (ACCEPTED). Of these only what
    a person accepted becomes a pair.

    Raises
    ------
    InputError
        For an unknown split or an empty phrase (with its line), when more than half of the
        rows name ids that the taxonomy does not have, and when nothing in the file was accepted.

    """
    content = read_content(path)
    name = format_of(content)
    if name == "pairs":
        return _plain(path, content, taxonomy)
    found = decisions_in(content, name, text_col)
    rows, skipped = dict.fromkeys(_SPLITS, 0), Counter[str]()
    no_match: dict[str, None] = {}
    taught: list[tuple[str, list[str], str]] = []
    problems = Problems(str(path))
    for said in found:
        _sort(said, taxonomy, rows, skipped, no_match, taught, problems)
    problems.raise_if_any()
    if not taught and not no_match and not rows["test"]:
        reasons = ", ".join(f"{n} × {why}" for why, n in skipped.most_common())
        raise InputError(
            f"{path}: at least one row must be accepted; read as {name}, none is"
            f"{f' ({reasons})' if reasons else ''}. Accept some first."
        )
    pairs, unknown = _merged(path, taught, taxonomy)
    return PairFile(pairs, rows, unknown, name, tuple(no_match), dict(skipped))


def _sort(
    said: Said, taxonomy: Taxonomy | None, rows: dict[str, int], skipped: Counter[str],
    no_match: dict[str, None], taught: list[tuple[str, list[str], str]], problems: Problems,
) -> None:  # fmt: skip
    """Put one decision where it belongs."""
    if said.split not in _SPLITS:
        problems.add(said.line, f"split must be train, dev or test; got {shown(said.split)}.")
    elif said.split == "test":
        rows["test"] += 1
    elif said.why_not:
        skipped[said.why_not] += 1
    elif not said.phrase.strip():
        skipped["no phrase"] += 1
    elif not said.nodes:
        no_match[said.phrase] = None
    else:
        rows[said.split] += 1
        known = [n for n in said.nodes if _primary(n, taxonomy) is not None]
        taught.append((said.phrase, [(known or said.nodes)[0]], said.split))


def _plain(path: str | Path, content: Content, taxonomy: Taxonomy | None) -> PairFile:
    table = table_of(content)
    for name in ("phrase", "id"):
        table.column(name)
    rows = dict.fromkeys(_SPLITS, 0)
    problems = Problems(str(path))
    taught = []
    for (phrase, ids), line, split in _rows(table, problems):
        rows[split] += 1
        if split == "test":
            continue
        taught.append((phrase, ids, split))
        if not ids:
            problems.add(
                line, f"the phrase {shown(phrase)} needs an id. Give one or remove the row."
            )
    problems.raise_if_any()
    pairs, unknown = _merged(path, taught, taxonomy)
    return PairFile(pairs, rows, unknown)


def _merged(
    path: str | Path, taught: Sequence[tuple[str, list[str], str]], taxonomy: Taxonomy | None
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """Return pairs, a phrase once in each split, and the ids that are not in the taxonomy."""
    nodes: dict[tuple[str, str], dict[str, None]] = {}
    unknown: dict[str, None] = {}
    usable = 0
    for phrase, ids, split in taught:
        known = [i for i in (_primary(i, taxonomy) for i in ids) if i is not None]
        unknown.update(dict.fromkeys(i for i in ids if _primary(i, taxonomy) is None))
        usable += bool(known)
        if known:
            nodes.setdefault((phrase, split), {}).update(dict.fromkeys(known))
    if taxonomy is not None and unknown and usable * 2 < len(taught):
        first = next(iter(unknown))
        raise InputError(
            f"{path}: most ids must be nodes of the taxonomy {taxonomy.name}; "
            f"{len(taught) - usable} of {len(taught)} rows name none, first {shown(first)}."
            f"{nearest(first, taxonomy.ids)}"
        )
    pairs = tuple(
        Pair(phrase, tuple(ids), "dev" if split == "dev" else "train")
        for (phrase, split), ids in nodes.items()
    )
    return pairs, tuple(unknown)


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
