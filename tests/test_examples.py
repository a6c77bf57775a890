from __future__ import annotations

from collections import Counter

from graphemb.catalog import Catalog, read_lexicon
from graphemb.encode import normalise
from graphemb.map.rewrite import Rewriter
from graphemb.tables import read_table


def test_example_phrases_are_varied():
    table = read_table("examples/phrases.csv", required=("id", "phrase", "kind"))
    assert len(table.rows) == 200
    assert len({row[0] for row in table.rows}) == 200
    assert len({normalise(row[1]) for row in table.rows}) == 200
    kinds = Counter(row[2] for row in table.rows)
    assert set(kinds) == {"lay", "clinical", "shorthand", "typo", "ambiguous", "out_of_scope"}
    assert min(kinds.values()) >= 15


def test_lexicon_is_sound():
    rows = read_lexicon(Catalog.default()["icd10cm"].lexicon)
    assert len(rows) > 800
    assert len(set(rows)) == len(rows)
    assert rows == sorted(rows)
    assert all(normalise(phrase) != normalise(means) for phrase, means, _ in rows)
    rewriter = Rewriter(rows)
    assert rewriter.readings("heart attack") == ["acute myocardial infarction unspecified"]
    assert "cold hands" not in {p for p, _, _ in rows}


def test_examples_are_not_copies_of_the_lexicon():
    known = {normalise(p) for p, _, _ in read_lexicon(Catalog.default()["icd10cm"].lexicon)}
    phrases = [row[1] for row in read_table("examples/phrases.csv").rows]
    assert sum(normalise(p) in known for p in phrases) <= 90
