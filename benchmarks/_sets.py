"""The benchmark's sets: a taxonomy without any truth phrase in it, training pairs, and queries."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from graphemb import Pair, Synonym, Taxonomy, load_taxonomy
from graphemb.encode import normalise
from graphemb.errors import LeakError
from graphemb.tables import read_table

#: name: (taxonomy folder, truth file, synonyms file, are truth phrases drawn from the synonyms?)
SETS = {
    "hpo": ("hpo", "hpo/truth_lay.tsv", "synonyms_technical.tsv", True),
    "icd10cm": ("icd10cm", "icd10cm/truth_inclusion.tsv", "synonyms.tsv", True),
    "icd9_to_icd10cm": ("icd10cm", "icd9_to_icd10cm/truth.tsv", "synonyms.tsv", False),
    "icd9_to_doid": ("doid", "icd_to_doid/truth_icd9_strict.tsv", "synonyms.tsv", False),
    "onet": ("onet", "onet/truth_alternate_titles.tsv", "synonyms.tsv", True),
    "esco_occupations": (
        "esco_occupations",
        "esco_occupations/truth_altlabels.tsv",
        "synonyms.tsv",
        True,
    ),
    "stw": ("stw", "stw/truth_altlabels.tsv", "synonyms.tsv", True),
    "unspsc_onet": ("unspsc_onet", "unspsc_onet/truth.tsv", "synonyms.tsv", True),
}


@dataclass(frozen=True)
class BenchSet:
    """What one row of the table is measured on.

    `queries` keeps phrases equal to a known name (`trivial` tells which) where the set is not
    drawn from the synonyms; elsewhere such phrases are dropped, as the published figures do.
    """

    name: str
    taxonomy: Taxonomy
    pairs: list[Pair]
    queries: list[str]
    truth: list[frozenset[str]]
    trivial: list[bool]
    n_before: int


def load_set(data: Path, name: str, split: str, limit: int | None = None) -> BenchSet:
    """Return a set with the queries of `split`; test rows are read only when it names ``test``.

    ``dev+test`` asks both and, as ``dev`` does, teaches the train rows alone.

    Names are equalised: every truth phrase, of train too, leaves the synonyms of every node, so
    that a node whose phrases are held out has no fewer names than others.
    """
    folder, truth_file, synonyms, drawn = SETS[name]
    rows = _truth(data / truth_file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        taxonomy = load_taxonomy(data / folder, loader="tsv", synonyms=synonyms)
    if drawn:
        # The only use of test rows here is to take their texts out of the names.
        taxonomy = _without(taxonomy, {normalise(phrase) for phrase, _, _ in rows})
    known = {normalise(text) for _, text, _ in taxonomy.phrases()}
    merged: dict[tuple[str, str], set[str]] = {}
    for phrase, ids, part in rows:
        merged.setdefault((phrase, part), set()).update(i for i in ids if i in taxonomy)
    pairs = _pairs(merged, split)
    asked_of: dict[str, set[str]] = {}
    for (phrase, part), ids in merged.items():
        if part in split.split("+") and ids:
            asked_of.setdefault(phrase, set()).update(ids)
    wanted = [(p, frozenset(v)) for p, v in asked_of.items()]
    n_before = len(wanted)
    trivial = [normalise(p) in known for p, _ in wanted]
    if drawn:
        wanted = [w for w, t in zip(wanted, trivial, strict=True) if not t]
        trivial = [False] * len(wanted)
    if limit is not None and len(wanted) > limit:
        step = len(wanted) / limit
        chosen = [int(i * step) for i in range(limit)]
        wanted, trivial = [wanted[i] for i in chosen], [trivial[i] for i in chosen]
    # One text may mean nodes of several splits: the query stays, the pair goes.
    asked = {normalise(phrase) for phrase, _ in wanted}
    pairs = [pair for pair in pairs if normalise(pair.phrase) not in asked]
    _assert_no_leak(pairs, [p for p, _ in wanted], known if drawn else set())
    return BenchSet(
        name, taxonomy, pairs, [p for p, _ in wanted], [v for _, v in wanted], trivial, n_before
    )


def _truth(path: Path) -> list[tuple[str, list[str], str]]:
    table = read_table(path, required=("phrase", "id", "split"))
    p, i, s = (table.column(c) for c in ("phrase", "id", "split"))
    return [(row[p], row[i].split("|"), row[s]) for row in table.rows]


def _without(taxonomy: Taxonomy, texts: set[str]) -> Taxonomy:
    kept: dict[str, list[Synonym]] = {
        node: [s for s in group if normalise(s.text) not in texts]
        for node, group in taxonomy.synonyms.items()
    }
    return taxonomy.with_synonyms(kept)


def _pairs(merged: dict[tuple[str, str], set[str]], split: str) -> list[Pair]:
    """On a development run an eighth of the train nodes stands in for the dev rows."""
    import zlib

    asks_dev = "dev" in split.split("+")
    found = []
    for (phrase, part), ids in merged.items():
        if not ids or part == "test" or (asks_dev and part == "dev"):
            continue
        stand_in = asks_dev and any(zlib.crc32(i.encode()) % 8 == 0 for i in ids)
        as_dev = part == "dev" or stand_in
        found.append(Pair(phrase, tuple(sorted(ids)), "dev" if as_dev else "train"))
    return found


def _assert_no_leak(pairs: list[Pair], queries: list[str], known: set[str]) -> None:
    asked = {normalise(q) for q in queries}
    taught = {normalise(pair.phrase) for pair in pairs}
    if asked & known:
        raise LeakError(f"benchmark: {len(asked & known)} queries are names in the dictionary.")
    if asked & taught:
        raise LeakError(f"benchmark: queries are training phrases, as {min(asked & taught)!r}.")
