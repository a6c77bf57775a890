"""graphemb export."""

from __future__ import annotations

from typing import Any

import click

from graphemb.cli._formats import exporter_of, format_by_name, format_options, write_export
from graphemb.cli._outputs import check_output, refuse_terminal
from graphemb.export import EXPORTERS

__all__ = ["export_command"]


@click.command(
    "export",
    epilog="Examples:  graphemb export mapped.tsv --to xlsx -o review.xlsx   ·   "
    "graphemb export review.xlsx --to sssom --taxonomy hpo -o labs.sssom.tsv",
)
@click.argument("mapped")
@click.option(
    "--to", "name", type=click.Choice(list(EXPORTERS)), help="Format. Default: by OUT's ending."
)
@click.option("-o", "--output", metavar="OUT", help="File to write; default: standard output.")
@click.option("--text-col", help="Column of MAPPED with the phrases. Default: phrase.")
@click.option("--id-col", help="Column of MAPPED with your ids: the source codes.")
@click.option("--freq-col", help="Column of MAPPED with frequencies (usagi).")
@click.option("--taxonomy", metavar="NAME", help="Catalogue name: gives prefix, IRI and system.")
@format_options
@click.option("-q", "--quiet", is_flag=True, help="No notes.")
def export_command(
    mapped: str, name: str | None, output: str | None, text_col: str | None, id_col: str | None,
    freq_col: str | None, taxonomy: str | None, quiet: bool, **given: Any,
) -> None:  # fmt: skip
    """Write mappings in the format of another tool.

    MAPPED is what `graphemb map` wrote (TSV, CSV, JSON lines, Parquet, XLSX), before or after a
    person filled in its columns review, relation, comment and reviewer; - is standard input. What
    the format cannot hold is said on standard error.
    """
    from graphemb.load import load_mappings

    chosen = name or format_by_name(output)
    if chosen is None:
        raise click.UsageError(f"name a format with --to: {', '.join(EXPORTERS)}.")
    check_output(mapped, output)
    refuse_terminal(chosen, output)
    if taxonomy is not None:
        from graphemb.catalog import Catalog

        Catalog.default()[taxonomy]  # raises the error that suggests the nearest name
    exporter = exporter_of(chosen, given, taxonomy)
    mappings = load_mappings(mapped, text_col, id_col, freq_col)
    write_export(exporter, mappings, output, chosen, quiet)
