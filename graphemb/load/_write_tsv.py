"""A taxonomy as a folder of tab-separated tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from graphemb.errors import Problems, shown
from graphemb.files import atomic_folder, atomic_write
from graphemb.load.base import scope_of
from graphemb.taxonomy import Synonym, Taxonomy

__all__ = ["write_tsv"]

Rows = Iterable[Sequence[str]]


def write_tsv(taxonomy: Taxonomy, path: Path) -> None:
    """Write nodes, edges and, where there are any, synonyms, alt_ids, obsolete and xrefs."""
    t = taxonomy
    tables: dict[str, tuple[Sequence[str], Rows]] = {
        "nodes.tsv": (("id", "label"), zip(t.ids, t.labels, strict=True)),
        "edges.tsv": (("child", "parent"), ((c, p) for c in t.ids for p in t.parents(c))),
        "synonyms.tsv": (
            ("id", "synonym", "kind"),
            ((n, s.text, _kind(s)) for n in t.ids for s in t.synonyms.get(n, ())),
        ),
        "alt_ids.tsv": (
            ("alt_id", "id"),
            ((a, n) for a, n in t.alternates.items() if a not in t.obsolete),
        ),
        "obsolete.tsv": (
            ("id", "label", "successor"),
            ((n, label, heir or "") for n, (label, heir) in t.obsolete.items()),
        ),
        "xrefs.tsv": (("id", "xref"), ((n, x) for n in t.ids for x in t.xrefs.get(n, ()))),
    }
    problems = Problems(str(path))
    with atomic_folder(path) as folder:
        for name, (header, rows) in tables.items():
            lines = list(rows)
            if lines or name in ("nodes.tsv", "edges.tsv"):
                _write(folder / name, header, lines, problems)
        problems.raise_if_any()


def _write(file: Path, header: Sequence[str], rows: Rows, problems: Problems) -> None:
    text = ["\t".join(header)]
    for row in rows:
        line = "\t".join(row)
        if line.count("\t") != len(header) - 1 or "\n" in line or "\r" in line:
            problems.add(
                None, f"a cell of {file.name} must hold no tab or line break; {shown(row[0])} has "
                f"{shown(line)}. Write OBO or SKOS instead.",
            )  # fmt: skip
        text.append(line)
    with atomic_write(file) as out:
        out.write(("\n".join(text) + "\n").encode())


def _kind(synonym: Synonym) -> str:
    """Return the kind, with the scope before it where the kind does not tell it."""
    if synonym.kind and scope_of(synonym.kind) == synonym.scope:
        return synonym.kind
    scope = synonym.scope.lower()
    return f"{scope}:{synonym.kind}" if synonym.kind else scope
