"""graphemb train."""

from __future__ import annotations

import click

__all__ = ["train_command"]


@click.command(
    "train",
    epilog="Example:  graphemb train hpo -o hpo.model --pairs my_lay_terms.tsv",
)
@click.argument("taxonomy")
@click.option(
    "-o", "--output", required=True, metavar="MODEL", help="Folder of the model to write."
)
@click.option(
    "--pairs", metavar="FILE",
    help="Table with the columns phrase and id (several ids joined by |), optional split: rows of "
    "split train teach, dev tunes and calibrates, test is never read. Also what people accepted in "
    "an output of graphemb map, SSSOM, Usagi, source_to_concept_map, ConceptMap, Snap2SNOMED.",
)  # fmt: skip
@click.option("--pairs-text-col", metavar="COLUMN", help="Phrases of FILE, where not in phrase.")
@click.option(
    "--lexicon", metavar="FILE", help="TSV with phrase, means, kind; default: the catalogue's."
)
@click.option(
    "--companion", "companions", multiple=True, metavar="NAME",
    help="Another vocabulary whose synonyms teach wording; repeatable. Default: the catalogue's.",
)  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--fast", is_flag=True, help="Train in a third of the time, a little less accurate.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
def train_command(
    taxonomy: str, output: str, pairs: str | None, lexicon: str | None, companions: tuple[str, ...],
    seed: int, fast: bool, quiet: bool, pairs_text_col: str | None,
) -> None:  # fmt: skip
    """Train a mapper for TAXONOMY: a name from `graphemb taxonomies`, a file, or a TSV folder."""
    from graphemb.cli._models import check_place, train_model
    from graphemb.cli._progress import noted_warnings, progress_bar

    check_place(output)
    with noted_warnings(quiet), progress_bar(quiet) as progress:
        mapper = train_model(
            taxonomy, pairs, lexicon, companions, seed, fast, progress, pairs_text_col
        )
        mapper.save(output)
    if not quiet:
        seconds = sum(mapper.seconds_.values())
        click.echo(
            f"{output}: trained in {seconds:.0f} s. See it: graphemb info {output}", err=True
        )
