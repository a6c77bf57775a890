"""Training by the recipe text2node, from the command line's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from graphemb.estimator import Progress

if TYPE_CHECKING:
    from graphemb.map.text2node import Text2Node

__all__ = ["RECIPES", "refuse_others", "train_text2node"]

RECIPES = ("default", "text2node")

#: What only one of the recipes takes, by parameter.
_OF_TEXT2NODE = {
    "encoder": "--encoder", "network": "--network", "node_embedding": "--node-embedding",
    "corpus": "--corpus", "word_vectors": "--word-vectors",
}  # fmt: skip
_OF_DEFAULT = {"lexicon": "--lexicon", "companions": "--companion"}


def refuse_others(recipe: str, given: dict[str, Any]) -> None:
    """Refuse an option that belongs to the other recipe, rather than leave it without effect."""
    others = _OF_DEFAULT if recipe == "text2node" else _OF_TEXT2NODE
    wrong = [flag for name, flag in others.items() if given.get(name)]
    if wrong:
        hint = "" if recipe == "text2node" else " Add --recipe text2node."
        raise click.UsageError(f"{', '.join(wrong)}: not an option of the recipe {recipe}.{hint}")
    if given.get("word_vectors") and (given.get("encoder") or "pretrained") != "pretrained":
        raise click.UsageError("give either --encoder or --word-vectors.")
    if given.get("encoder") == "pretrained" and not given.get("word_vectors"):
        raise click.UsageError("--encoder pretrained: give the file by --word-vectors.")


def train_text2node(
    taxonomy: str, pairs: str | None, text_col: str | None, seed: int, fast: bool,
    options: dict[str, Any], progress: Progress | None,
) -> Text2Node:  # fmt: skip
    """Return a Text2Node trained on what the command line names."""
    from graphemb.cli._models import taught_pairs
    from graphemb.encode import TextLines
    from graphemb.load import load_taxonomy
    from graphemb.map.text2node import Text2Node

    loaded = load_taxonomy(taxonomy)
    taught = taught_pairs(pairs, loaded, text_col)
    parts = {k: options[k] for k in ("encoder", "network", "node_embedding") if options.get(k)}
    if options.get("word_vectors"):
        parts |= {"encoder": "pretrained", "encoder_options": {"path": options["word_vectors"]}}
    corpus = TextLines(options["corpus"]) if options.get("corpus") else None
    mapper = Text2Node(**parts, fast=fast, random_state=seed)
    return mapper.fit(loaded, taught, corpus=corpus, progress=progress)
