"""graphemb map."""

from __future__ import annotations

import sys
from typing import Any

import click

from graphemb.cli._explaining import Explaining, explaining_options
from graphemb.cli._formats import format_by_name
from graphemb.cli._long_job import LongJob, long_job_options
from graphemb.cli._outputs import check_output, refuse_terminal, whole_texts
from graphemb.cli._restricting import restricting_options
from graphemb.cli._verdict_options import Wanted, verdict_options
from graphemb.export import EXPORTERS

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
    "--format", "format_", type=click.Choice([*EXPORTERS, "table"]),
    help="Default: by OUT's ending, table for -p on a terminal, else tsv. Options of a format: "
    "map to jsonl, then graphemb export.",
)  # fmt: skip
@click.option(
    "--text-col", default="phrase", show_default=True, help="Column that holds the phrases."
)
@click.option("--id-col", help="Column with your ids; they must differ from row to row.")
@click.option("--freq-col", help="Column that says how often a phrase occurs: a whole number.")
@click.option(
    "--context-col", "context_cols", multiple=True,
    help="Column to show beside the phrase; repeatable. It is kept and shown only: the answer does "
    "not depend on it.",
)  # fmt: skip
@click.option(
    "--min-probability", type=click.FloatRange(0, 1),
    help="Below this a phrase means nothing here (empty node). Default: the model's, 0.05.",
)  # fmt: skip
@long_job_options
@restricting_options
@verdict_options
@explaining_options
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
def map_command(
    input_: str | None, phrases: tuple[str, ...], model: str | None, taxonomy: str | None,
    output: str | None, k: int, within: tuple[str, ...], format_: str | None, text_col: str,
    id_col: str | None, freq_col: str | None, context_cols: tuple[str, ...],
    min_probability: float | None, quiet: bool, long_job: LongJob | None,
    restriction: dict[str, Any], wanted: Wanted, explaining: Explaining | None,
) -> None:  # fmt: skip
    """Map phrases to the nodes of a taxonomy.

    INPUT is a table with a header (CSV, TSV, XLSX: its first sheet, Parquet, JSON lines), a text
    file with a phrase a line, or - for standard input. The output keeps every input column and adds
    rank, node, label, probability, score, matched, evidence and path, one row a candidate; a phrase
    that means nothing in the taxonomy has one row with an empty node. Typed cells become text.
    """
    from graphemb.load import Phrases, read_phrases

    if (model is None) == (taxonomy is None):
        raise click.UsageError("give either --model or --taxonomy.")
    if bool(phrases) == (input_ is not None):
        raise click.UsageError("give either INPUT (or - for standard input) or -p PHRASE.")
    if explaining is not None:
        explaining.run(
            lambda: _mapper(model, taxonomy, quiet), phrases, k, within, restriction,
            wanted.backoff,
        )  # fmt: skip
        return
    if long_job is not None:
        wanted.refuse("--parts")
        settings = {"k": k, "within": list(within) or None, "min_probability": min_probability}
        columns = (text_col, id_col, freq_col, context_cols)
        settings |= restriction
        long_job.run(input_, output, columns, format_, (model, taxonomy), settings, quiet)
        return
    check_output(input_, output)
    if input_ is None:
        texts = whole_texts(phrases)
        rows = Phrases(("phrase",), [(text,) for text in texts], texts)
    else:
        rows = read_phrases(input_, text_col, id_col, freq_col, context_cols)
    chosen = format_ or _format_of(output, bool(phrases))
    refuse_terminal(chosen, output)
    wanted.check(chosen)
    if chosen in EXPORTERS:
        EXPORTERS[chosen]  # a package that is missing is named now, not after training
    mapper = _mapper(model, taxonomy, quiet)
    from graphemb.cli._write import write_answers

    more = restriction | wanted.settings()
    write_answers(
        mapper, rows, output, chosen, k, within, min_probability, quiet, more=more, wanted=wanted
    )


def _format_of(output: str | None, from_options: bool) -> str:
    if output not in (None, "-"):
        return format_by_name(output) or "tsv"
    return "table" if from_options and sys.stdout.isatty() else "tsv"


def _mapper(model: str | None, taxonomy: str | None, quiet: bool):  # type: ignore[no-untyped-def]
    if model is not None:
        from graphemb.map._loading import load_mapper

        return load_mapper(model)
    from graphemb.cli._models import cached_model

    return cached_model(str(taxonomy), quiet)
