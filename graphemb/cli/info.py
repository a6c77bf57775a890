"""graphemb info."""

from __future__ import annotations

import json
from typing import Any

import click

__all__ = ["info_command"]


@click.command("info", epilog="Example:  graphemb info hpo.model --json")
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info_command(model: str, as_json: bool) -> None:
    """Show what MODEL is, what it was trained on, and its quality on held-out phrases."""
    from graphemb.bundle import read_bundle
    from graphemb.map._loading import mapper_kind

    kind = mapper_kind(model)
    bundle = read_bundle(model, kind=kind)
    settings = {k: v for k, v in bundle.config.items() if k != "features"}
    about = {"model": model, "kind": kind, **bundle.facts, "settings": settings}
    quality = about.get("quality_on_held_out_phrases", {})
    if quality.get("n") == 0:
        measured = "no: not one phrase could be held back"
        kept = {k: v for k, v in quality.items() if k in ("reranker", "n")}
        about["quality_on_held_out_phrases"] = {**kept, "measured": measured}
    if as_json:
        click.echo(json.dumps(about, ensure_ascii=False, indent=2))
        return
    _show(about, 0)
    click.echo(
        "\nQuality was measured on phrases held back from training; on other kinds of phrases\n"
        "probabilities may be off. Train with --pairs of your own phrases to calibrate on them."
    )
    if "extended" in about:
        click.echo("Nodes and names that were added later (extended) had no part in it.")


def _show(value: dict[str, Any], depth: int) -> None:
    for key, item in value.items():
        title = f"{'  ' * depth}{key.replace('_', ' ')}"
        if isinstance(item, list) and item and isinstance(item[0], dict):
            item = {str(number): entry for number, entry in enumerate(item, 1)}
        if isinstance(item, dict):
            click.echo(f"{title}:")
            _show(item, depth + 1)
        else:
            shown = f"{item:.3f}" if isinstance(item, float) else f"{item}"
            click.echo(f"{title:<28} {shown}")
