"""Options of the exchange formats, and the exporter that they make."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphemb.export import EXPORTERS
from graphemb.files import atomic_write

if TYPE_CHECKING:
    from graphemb.export.base import Exporter
    from graphemb.mappings import MappingSet

__all__ = ["exporter_of", "format_by_name", "format_options", "say_losses", "write_export"]

#: (option, what it sets, help); an exporter takes those that are among its parameters.
_OPTIONS = (
    ("--rows", "rows", "best, accepted or all candidates. Default: accepted once anything was "
     "reviewed, else best; usagi and snap2snomed: best."),
    ("--date", "date", "YYYY-MM-DD to write where the format has a date. Never today's by itself."),
    ("--set-id", "set_id", "URI of the mapping set or map (sssom, conceptmap)."),
    ("--title", "title", "Title for people (conceptmap)."),
    ("--licence", "licence", "URI of the licence of the mappings (sssom)."),
    ("--source-system", "source_system", "URI of your codes (conceptmap)."),
    ("--target-system", "target_system", "URI of the taxonomy (conceptmap); the catalogue's."),
    ("--target-version", "target_version", "Version of the taxonomy (conceptmap, sssom)."),
    ("--source-prefix", "source_prefix", "CURIE prefix of your codes (sssom)."),
    ("--source-iri", "source_iri", "What that prefix stands for (sssom)."),
    ("--target-prefix", "target_prefix", "CURIE prefix of the taxonomy (sssom). Default: the "
     "catalogue's."),
    ("--target-iri", "target_iri", "What that prefix stands for (sssom). Default: the "
     "catalogue's."),
    ("--concepts", "concepts", "Athena's CONCEPT.csv: concept ids of codes (usagi, stcm)."),
    ("--source-vocabulary", "source_vocabulary", "OMOP vocabulary id of your codes (stcm)."),
    ("--target-vocabulary", "target_vocabulary", "OMOP vocabulary id of the taxonomy (usagi, "
     "stcm)."),
    ("--author", "author", "Who made the mappings (usagi)."),
)  # fmt: skip
#: File endings and the formats they mean, the longest first.
_ENDINGS = {
    ".sssom.tsv": "sssom", ".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".xlsx": "xlsx",
}  # fmt: skip


def format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give `command` the options of all formats."""
    command = click.option(
        "--sssom-literal", "literal", is_flag=True,
        help="Phrases as SSSOM literals, without ids; some readers drop these.",
    )(command)  # fmt: skip
    for option, name, text in reversed(_OPTIONS):
        kind = click.Choice(["auto", "best", "accepted", "all"]) if name == "rows" else None
        command = click.option(option, name, type=kind, help=text)(command)
    return command


def format_by_name(output: str | None) -> str | None:
    """Return the format that the ending of `output` means, or None."""
    name = str(output or "").lower()
    return next((form for ending, form in _ENDINGS.items() if name.endswith(ending)), None)


def exporter_of(name: str, given: Mapping[str, Any], taxonomy: str | None = None) -> Exporter:
    """Return the exporter `name` with the options that were `given`; refuse those it lacks.

    What is not given of prefix, IRI and system comes from the catalogue's entry of `taxonomy`.
    """
    kind = EXPORTERS[name]
    known = kind.parameters()
    wanted = {key: value for key, value in given.items() if value not in (None, False)}
    options = {key: option for option, key, _ in _OPTIONS} | {"literal": "--sssom-literal"}
    for key in wanted:
        if key not in known:
            raise click.UsageError(f"{options[key]} is no option of {name}.")
    facts = {key: value for key, value in _facts(taxonomy).items() if key in known}
    exporter: Exporter = kind(**(facts | wanted))
    return exporter


def _facts(taxonomy: str | None) -> dict[str, str]:
    from graphemb.catalog import Catalog

    if taxonomy is None or taxonomy not in Catalog.default():
        return {}
    entry = Catalog.default()[taxonomy]
    facts = {
        "target_prefix": entry.prefix, "target_iri": entry.iri, "target_system": entry.system,
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value}


def write_export(
    exporter: Exporter, mappings: MappingSet, output: str | None, name: str, quiet: bool
) -> None:
    """Write `mappings`, and say on standard error what the format and this file cannot hold."""
    content, losses = exporter.encoded(mappings)
    if output in (None, "-"):
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        with atomic_write(Path(str(output))) as file:
            file.write(content)
    if not quiet:
        for line in exporter.cannot_hold:
            click.echo(f"note: {name} cannot hold {line}", err=True)
        say_losses(losses)


def say_losses(losses: tuple[str, ...]) -> None:
    """Say on standard error what was lost, a line each."""
    from graphemb.cli._failures import printable

    for line in losses:
        click.echo(printable(f"note: {line}"), err=True)
