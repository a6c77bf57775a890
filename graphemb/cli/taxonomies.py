"""graphemb taxonomies."""

from __future__ import annotations

import json

import click

__all__ = ["taxonomies_command"]


@click.command(
    "taxonomies", epilog="Example:  graphemb taxonomies --json | jq '.[] | select(.ready)'"
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def taxonomies_command(as_json: bool) -> None:
    """List the known taxonomies: what is ready here, what needs a file, and the licence."""
    from graphemb.catalog import Catalog

    entries = list(Catalog.default().values())
    if as_json:
        rows = [
            {
                "name": e.name, "title": e.title, "publisher": e.publisher, "version": e.version,
                "licence": e.licence, "allows": e.allows, "homepage": e.homepage,
                "loader": e.loader, "ready": e.ready, "missing": e.missing,
            }
            for e in entries
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max(len(e.name) for e in entries)
    for e in entries:
        click.echo(f"{e.name:<{width}}  {'ready' if e.ready else 'needs a file':<12}  {e.title}")
        pad = " " * (width + 16)
        click.echo(f"{pad}{e.publisher}; {e.licence}")
        click.echo(f"{pad}allows: {e.allows}")
        if not e.ready:
            click.echo(f"{pad}→ {e.missing}")
    click.echo(
        "\nAny other taxonomy: give an OBO file, a CSV (id, label, parent, synonyms) or a folder"
    )
    click.echo("with nodes.tsv, edges.tsv and synonyms.tsv where a name is asked for.")
