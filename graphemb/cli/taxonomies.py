"""graphemb taxonomies, and graphemb taxonomies show."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from graphemb.cli._failures import printable
from graphemb.cli._loading import loader_options, options_of

if TYPE_CHECKING:
    from graphemb.catalog import Entry
    from graphemb.load.base import Notes
    from graphemb.taxonomy import Taxonomy

__all__ = ["taxonomies_command"]


@click.group(
    "taxonomies", invoke_without_command=True,
    epilog="Example:  graphemb taxonomies show hp.obo",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
@click.pass_context
def taxonomies_command(ctx: click.Context, as_json: bool) -> None:
    """List the known taxonomies: what is ready here, what needs a file, and the licence."""
    if ctx.invoked_subcommand is not None:
        return
    from graphemb.catalog import Catalog

    entries = list(Catalog.default().values())
    if as_json:
        rows = [
            {
                "name": e.name, "title": e.title, "publisher": e.publisher, "version": e.version,
                "licence": e.licence, "allows": e.allows, "homepage": e.homepage,
                "loader": e.loader, "options": dict(e.options), "prefix": e.prefix,
                "roots": list(e.roots), "ready": e.ready, "missing": e.missing,
            }
            for e in entries
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max(len(e.name) for e in entries)
    for e in sorted(entries, key=lambda e: (not e.ready, e.name)):
        click.echo(f"{e.name:<{width}}  {'ready' if e.ready else 'needs a file':<12}  {e.title}")
        pad = " " * (width + 16)
        click.echo(f"{pad}{e.publisher}; {e.licence}")
        click.echo(f"{pad}allows: {e.allows}")
        if not e.ready:
            click.echo(f"{pad}→ {e.missing}")
            click.echo(f"{pad}  {e.homepage}   read with:{_how(e)}")
    click.echo(
        "\nAny other taxonomy: give its file or folder where a name is asked for, and look at it\n"
        "with: graphemb taxonomies show FILE. What can be read: graphemb taxonomies formats"
    )


def _how(entry: Entry) -> str:
    """Return the options with which a downloaded file is read."""
    said = f" --loader {entry.loader}"
    for name, value in entry.options.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        said += f" --set {shlex.quote(f'{name}={text}')}"
    return said


@taxonomies_command.command("show", epilog="Example:  graphemb taxonomies show icd10cm")
@click.argument("source", metavar="NAME|FILE")
@loader_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def show_command(source: str, loader: str | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Read a taxonomy and print what is in it: counts, roots, depth, synonyms, warnings."""
    from graphemb.load import read_taxonomy

    taxonomy, notes, _ = read_taxonomy(source, loader=loader, **options_of(settings))
    facts = _facts(taxonomy)
    if as_json:
        facts["warnings"] = dict(notes.counts)
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {n:,}" for key, n in value.items()) or "none"
        elif isinstance(value, list):
            value = "; ".join(value)
        elif isinstance(value, int):
            value = f"{value:,}"
        click.echo(printable(f"{name:<{width}}  {value}"))
    _warn(notes)


@taxonomies_command.command(
    "formats", epilog="Example:  graphemb taxonomies formats | grep -A1 skos"
)
def formats_command() -> None:
    """List the formats that can be read, and the options of each (for --loader and --set)."""
    from graphemb.errors import MissingPackageError
    from graphemb.load import LOADERS, WRITERS

    width = max(map(len, LOADERS))
    for name in LOADERS:
        try:
            loader = LOADERS[name]
        except MissingPackageError as error:
            click.echo(f"{name:<{width}}  {str(error).rpartition('. ')[2]}")
            continue
        about = (sys.modules[loader.__module__].__doc__ or "").split("\n")[0]
        click.echo(f"{name:<{width}}  {about.partition(': ')[2]}")
        options = ", ".join(f"{k}={v!r}" for k, v in loader().get_params().items())
        if options:
            click.echo(f"{'':<{width}}  options: {options}")
    click.echo(f"\nWritten by graphemb convert: {', '.join(WRITERS)}.")


def _facts(t: Taxonomy) -> dict[str, Any]:
    from collections import Counter

    from graphemb.taxonomy import SCOPES

    synonyms = [s for group in t.synonyms.values() for s in group]
    scopes = Counter(s.scope for s in synonyms)
    languages = Counter(s.kind.rpartition("@")[2] for s in synonyms if "@" in s.kind)
    roots = [f"{node} {t[node]}" for node in t.roots]
    parents = (t.parent_ptr[1:] - t.parent_ptr[:-1]).max()
    facts: dict[str, Any] = {
        "name": t.name, "nodes": t.n_nodes, "edges": t.n_edges, "leaves": len(t.leaves),
        "depth": int(t.depth.max()), "most parents": int(parents),
        "roots": [*roots[:5], *([f"… {len(roots):,} in all"] if len(roots) > 5 else [])],
        "synonyms": {scope: scopes[scope] for scope in SCOPES if scopes[scope]},
        "languages": dict(languages.most_common(20)),
        "alternates": len(t.alternates), "obsolete": len(t.obsolete),
        "with heir": sum(heir is not None for _, heir in t.obsolete.values()),
        "xrefs": sum(map(len, t.xrefs.values())),
    }  # fmt: skip
    brief = {k: v for k, v in t.metadata.items() if not k.startswith("extensions:")}
    return {**facts, **{k: str(v)[:200] for k, v in list(brief.items())[:20] if v}}


def _warn(notes: Notes) -> None:
    for kind, count in notes.counts.items():
        click.echo(printable(f"warning       {count:,} × {kind}"))
        for place in notes.examples[kind][:3]:
            click.echo(printable(f"              {place}"))
