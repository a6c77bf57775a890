"""graphemb extend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from graphemb.cli._loading import loader_options, options_of

__all__ = ["extend_command"]

_EPILOG = """\b
Examples:
  graphemb extend hpo.model new_nodes.tsv -o hpo-2.model
  graphemb extend my.model names.csv --set joiner=; --force
"""


@click.command("extend", epilog=_EPILOG)
@click.argument("model")
@click.argument("new_nodes")
@click.option("-o", "--output", metavar="NEW_MODEL", help="Folder of the model to write.")
@click.option(
    "--force", is_flag=True, help="Replace the model at NEW_MODEL; without -o, MODEL itself."
)
@loader_options
@click.option("-q", "--quiet", is_flag=True, help="No notes, no summary.")
def extend_command(
    model: str, new_nodes: str, output: str | None, force: bool, loader: str | None,
    settings: tuple[str, ...], quiet: bool,
) -> None:  # fmt: skip
    """Add nodes and names to MODEL without training it again.

    NEW_NODES is a table (CSV, TSV, XLSX) with the columns id, label, parent (ids of known or new
    nodes, several joined by |) and, if wanted, synonyms. A row with a known id adds synonyms to
    that node; its label and parent are left empty, or as they are; a label may be given to a node
    that has none. Ranking and calibration stay: a policy of graphemb calibrate has to be made anew.
    """
    from graphemb.cli._progress import noted_warnings
    from graphemb.load import load_additions
    from graphemb.map._loading import load_extensible

    place = _place(model, output, force)
    mapper = load_extensible(model)
    with noted_warnings(quiet):
        additions = load_additions(new_nodes, loader=loader, **options_of(settings))
        new = mapper.extend(additions)
    new.save(place)
    if not quiet:
        for line in _summary(place, mapper.taxonomy_.roots, new):
            click.echo(line, err=True)


def _place(model: str, output: str | None, force: bool) -> str:
    """Return where to write; refuse what is there unless told otherwise."""
    from graphemb.cli._models import check_place
    from graphemb.errors import StorageError

    if output is None and not force:
        raise click.UsageError(f"name the new model with -o, or replace {model} with --force.")
    place = model if output is None else output
    check_place(place)
    if Path(place).exists() and not force:
        raise StorageError(f"{place}: is there already. Name another place, or give --force.")
    return place


def _summary(place: str, roots: tuple[str, ...], new: Any) -> list[str]:
    """Return what was added, in words."""
    added = new.facts_["extended"][-1]
    n, more = added["nodes"], added["names"] - added["nodes"]
    lines = [
        f"{place}: {_counted(n, 'node')} and {_counted(more, 'more name')} added; "
        f"{new.taxonomy_.n_nodes:,} nodes now"
    ]
    if not added["names"]:
        lines.append("note: every row was there already")
    tops = [node for node in new.taxonomy_.roots if node not in set(roots)]
    if tops:
        listed = ", ".join(tops[:3]) + (" and others" if len(tops) > 3 else "")
        lines.append(f"note: new roots, as no parent is given: {listed}")
    return lines


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
