"""graphemb convert."""

from __future__ import annotations

from pathlib import Path

import click

from graphemb.cli._failures import printable
from graphemb.cli._loading import loader_options, options_of

__all__ = ["convert_command"]


@click.command("convert", epilog="Example:  graphemb convert hp.obo hp.ttl")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@loader_options
@click.option("--to", "writer", metavar="NAME", help="obo, skos or tsv; told from OUT's ending.")
@click.option("--force", is_flag=True, help="Overwrite OUT when it is there.")
@click.option("-q", "--quiet", is_flag=True, help="Print no warnings and no summary.")
def convert_command(
    source: str, target: str, loader: str | None, settings: tuple[str, ...], writer: str | None,
    force: bool, quiet: bool,
) -> None:  # fmt: skip
    """Rewrite the taxonomy IN (a file, folder or known name) as OUT.

    OUT is NAME.obo, NAME.ttl (SKOS), or a folder for TSV tables. Labels, parents, synonyms with
    their scope, alternate ids, obsolete nodes and their successors, and xrefs are all kept.
    """
    from graphemb.errors import InputError, StorageError, shown
    from graphemb.load import read_taxonomy
    from graphemb.load._write import TABLES, write_taxonomy

    out = Path(target)
    if out.exists():
        if Path(source).exists() and out.resolve() == Path(source).resolve():
            raise InputError(f"{target}: is the input itself. Name another file.")
        if out.is_dir() and (others := {f.name for f in out.iterdir()} - TABLES):
            raise StorageError(
                f"{target}: is a folder that holds other things ({shown(min(others))}). "
                "Name a new one."
            )
        if not force:
            raise StorageError(f"{target}: is there already. Name a new file or give --force.")
    taxonomy, notes, expected = read_taxonomy(source, loader=loader, **options_of(settings))
    if not quiet:
        for line in notes.lines(without=expected):
            click.echo(printable(f"warning: {line}"), err=True)
    chosen = write_taxonomy(taxonomy, out, writer=writer)
    if not quiet:
        n = sum(map(len, taxonomy.synonyms.values()))
        click.echo(
            printable(
                f"{target}: {taxonomy.n_nodes:,} nodes, {taxonomy.n_edges:,} edges, {n:,} "
                f"synonyms, {len(taxonomy.obsolete):,} obsolete, as {chosen}"
            ),
            err=True,
        )
