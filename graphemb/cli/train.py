"""graphemb train."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphemb.cli._text2node import RECIPES, refuse_others
from graphemb.embed import EMBEDDERS
from graphemb.map import NETWORKS

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper
    from graphemb.map.text2node import Text2Node

__all__ = ["train_command"]


@click.command(
    "train",
    epilog="Examples:  graphemb train hpo -o hpo.model --pairs my_lay_terms.tsv   ·   "
    "graphemb train doid -o doid.model --recipe text2node --network bilstm --corpus notes.txt",
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
@click.option(
    "--general", default="auto", show_default=True,
    type=click.Choice(["auto", "none", "wordllama"]),
    help="General English that the phrase encoder starts from; auto: wordllama "
    "where graphemb[general] is installed.",
)  # fmt: skip
@click.option(
    "--fast", is_flag=True, help="Train once: a third of the time or less, less accurate."
)
@click.option(
    "--recipe", default="default", show_default=True, type=click.Choice(RECIPES),
    help="default: names found again, ranked by what was learned. text2node: word vectors carried "
    "into the space of a graph embedding; also answers nodes without any name. The next five "
    "options are its.",
)  # fmt: skip
@click.option(
    "--encoder", type=click.Choice(["fasttext", "glove", "pretrained", "word2vec"]),
    help="Word vectors.  [default: fasttext]",
)  # fmt: skip
@click.option(
    "--network", type=click.Choice([*NETWORKS]), help="From words to node space.  [default: cnn]"
)
@click.option(
    "--node-embedding", type=click.Choice([*EMBEDDERS]), help="Node space.  [default: node2vec]"
)
@click.option("--corpus", metavar="FILE", help="Text of the field, for the word vectors; streamed.")
@click.option(
    "--word-vectors", metavar="FILE",
    help="Trained word vectors: word2vec text or binary, GloVe, fastText .vec.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
def train_command(
    taxonomy: str, output: str, pairs: str | None, lexicon: str | None, companions: tuple[str, ...],
    seed: int, general: str, fast: bool, quiet: bool, pairs_text_col: str | None, recipe: str,
    **options: str | None,
) -> None:  # fmt: skip
    """Train a mapper for TAXONOMY: a name from `graphemb taxonomies`, a file, or a TSV folder."""
    from graphemb.cli._models import check_place, train_model
    from graphemb.cli._progress import noted_warnings, progress_bar
    from graphemb.cli._text2node import train_text2node

    refuse_others(recipe, {"lexicon": lexicon, "companions": companions, **options})
    check_place(output)
    with noted_warnings(quiet), progress_bar(quiet) as progress:
        mapper: PhraseMapper | Text2Node
        if recipe == "text2node":
            mapper = train_text2node(taxonomy, pairs, pairs_text_col, seed, fast, options, progress)
        else:
            mapper = train_model(
                taxonomy, pairs, lexicon, companions, seed, fast, progress, pairs_text_col, general
            )
        mapper.save(output)
    if not quiet:
        seconds = sum(mapper.seconds_.values())
        click.echo(
            f"{output}: trained in {seconds:.0f} s. See it: graphemb info {output}", err=True
        )
