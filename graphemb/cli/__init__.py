"""The command line. One thin file a command; a command is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from graphemb import __version__
from graphemb.cli._failures import Guarded

__all__ = ["main"]

_COMMANDS = {
    "calibrate": "Prove from reviewed phrases which answers need no person.",
    "convert": "Rewrite a taxonomy as OBO, SKOS or TSV tables.",
    "embed": "Turn the nodes of a graph into vectors.",
    "evaluate": "Measure graph embeddings, one or a whole plan of them.",
    "export": "Write mappings as SSSOM, FHIR ConceptMap, OMOP, Usagi, XLSX to review, ….",
    "extend": "Add nodes and names to a trained model.",
    "info": "Show what a model is, what it was trained on, and how good it was.",
    "map": "Map phrases to the nodes of a taxonomy.",
    "merge": "Join the parts of a long job to one file.",
    "report": "Report a run, compare two, or hold one against bounds.",
    "taxonomies": "List the known taxonomies, or show what is in one.",
    "train": "Train a mapper for a taxonomy.",
}


class _Lazy(Guarded):
    """A group that imports a command's module only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"graphemb.cli.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  graphemb map -p 'sugar diabetes' --taxonomy icd10cm",
)
@click.version_option(__version__, prog_name="graphemb")
def main(**_: Any) -> None:
    """Map phrases to a taxonomy: offline, calibrated, explained."""
