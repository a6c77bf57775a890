"""graphemb map."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from graphemb.errors import InputError, StorageError

__all__ = ["map_command"]


@click.command(
    "map",
    epilog="Examples:  graphemb map -p 'heart attack' --taxonomy icd10cm   ·   "
    "graphemb map notes.csv --text-col diagnosis --model my.model -o mapped.tsv",
)
@click.argument("input_", metavar="[INPUT]", required=False)
@click.option(
    "-p", "--phrase", "phrases", multiple=True, help="A phrase, instead of INPUT; repeatable."
)
@click.option("--model", help="Folder of a trained model.")
@click.option(
    "--taxonomy", metavar="NAME", help="Catalogue name, file or folder: trained once, then kept."
)
@click.option("-o", "--output", metavar="OUT", help="File to write; default: standard output.")
@click.option(
    "--k", default=10, show_default=True, type=click.IntRange(min=1), help="Candidates a phrase."
)
@click.option(
    "--within", multiple=True, metavar="NODE", help="Answer only this node or below; repeatable."
)
@click.option(
    "--format", "format_", type=click.Choice(["tsv", "csv", "jsonl", "table"]),
    help="Default: by OUT's ending, table for -p on a terminal, else tsv.",
)  # fmt: skip
@click.option(
    "--text-col", default="phrase", show_default=True, help="Column that holds the phrases."
)
@click.option("--id-col", help="Column whose values must differ from row to row.")
@click.option(
    "--min-probability", type=click.FloatRange(0, 1),
    help="Below this a phrase means nothing here (empty node). Default: the model's, 0.05.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
def map_command(
    input_: str | None, phrases: tuple[str, ...], model: str | None, taxonomy: str | None,
    output: str | None, k: int, within: tuple[str, ...], format_: str | None, text_col: str,
    id_col: str | None, min_probability: float | None, quiet: bool,
) -> None:  # fmt: skip
    """Map phrases to the nodes of a taxonomy.

    INPUT is a CSV or TSV with a header, a text file with a phrase a line, or - for standard
    input. The output keeps every input column and adds rank, node, label, probability, score,
    matched, evidence and path, one row a candidate; a phrase that means nothing in the taxonomy
    has one row with an empty node.
    """
    from graphemb.load import Phrases, read_phrases

    if (model is None) == (taxonomy is None):
        raise click.UsageError("give either --model or --taxonomy.")
    if bool(phrases) == (input_ is not None):
        raise click.UsageError("give either INPUT (or - for standard input) or -p PHRASE.")
    _check_output(input_, output)
    if input_ is None:
        rows = Phrases(("phrase",), [(p,) for p in phrases], list(phrases))
    else:
        rows = read_phrases(input_, text_col, id_col)
    chosen = format_ or _format_of(output, bool(phrases))
    mapper = _mapper(model, taxonomy, quiet)
    from graphemb.cli._write import write_answers

    write_answers(mapper, rows, output, chosen, k, within, min_probability, quiet)


def _check_output(input_: str | None, output: str | None) -> None:
    if output is None or output == "-":
        return
    place = Path(output)
    if place.is_dir():
        raise StorageError(f"{output}: is a folder; the output must be a file. Name one in it.")
    if not place.parent.is_dir():
        raise StorageError(f"{output}: its folder must exist; {place.parent} does not. Make it.")
    if input_ not in (None, "-") and place.exists() and place.samefile(str(input_)):
        raise InputError(f"{output}: is the input itself. Name another output.")


def _format_of(output: str | None, from_options: bool) -> str:
    if output not in (None, "-"):
        ending = Path(str(output)).suffix.lower()
        return {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(ending, "tsv")
    return "table" if from_options and sys.stdout.isatty() else "tsv"


def _mapper(model: str | None, taxonomy: str | None, quiet: bool):  # type: ignore[no-untyped-def]
    if model is not None:
        from graphemb.map.mapper import PhraseMapper

        return PhraseMapper.load(model)
    from graphemb.cli._models import cached_model

    return cached_model(str(taxonomy), quiet)
