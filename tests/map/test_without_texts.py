"""Taxonomies of which hardly any text, or none, is known."""

from __future__ import annotations

import pytest

from graphemb import InputError, PhraseMapper, Taxonomy
from graphemb.cli._explaining import _called


def bare(kitchen, keep):
    labels = [kitchen[node] if node in keep else "" for node in kitchen.ids]
    edges = [(c, p) for c in kitchen.ids for p in kitchen.parents(c)]
    return Taxonomy(kitchen.ids, labels, edges, name="bare")


def test_no_text_at_all_is_refused(kitchen):
    with pytest.raises(InputError, match="bare must have a node with a label, a synonym or a"):
        PhraseMapper(fast=True, general="none").fit(bare(kitchen, ()))


def test_one_label_is_enough_and_ids_stand_for_the_others(kitchen):
    mapper = PhraseMapper(fast=True, general="none").fit(bare(kitchen, ("K:006",)))
    label = kitchen["K:006"]
    row = mapper.map([label], k=2).candidates[0]
    found = mapper.explain(label, k=2)
    assert row[0].node == "K:006"
    assert [c.path for c in found.candidates] == [c.path for c in row]
    assert found.candidates[0].path == f"K:001 > K:002 > {label}"
    assert [_called(c) for c in found.candidates] == [f"{label} (K:006)", row[1].node]
