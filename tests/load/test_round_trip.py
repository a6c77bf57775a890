"""What is written is what is read, for every writer, on anything a loader can give."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphemb import InputError, Synonym, Taxonomy
from graphemb.errors import ParameterError
from graphemb.load import load_taxonomy
from graphemb.load._write import WRITERS, write_taxonomy
from graphemb.taxonomy import SCOPES

#: Names as a loader gives them: no blanks at the ends, no line breaks or other controls.
_PLAIN = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
NAMES = st.text(_PLAIN, min_size=1, max_size=12).map(str.strip).filter(bool)
FILES = {"obo": "t.obo", "skos": "t.ttl", "tsv": "t"}


@st.composite
def taxonomies(draw):
    ids = draw(st.lists(NAMES, min_size=2, max_size=8, unique=True))
    cut = draw(st.integers(1, len(ids)))
    nodes, gone = ids[:cut], ids[cut:]
    some = st.sampled_from(nodes)
    edges = [
        (nodes[a], nodes[b])
        for a in range(1, cut)
        for b in draw(st.lists(st.integers(0, a - 1), max_size=2, unique=True))
    ]
    synonyms = st.lists(
        st.builds(Synonym, NAMES, st.sampled_from(SCOPES)), max_size=3, unique_by=lambda s: s.text
    )
    heirs = [draw(st.one_of(st.none(), some)) for _ in gone]
    retired = {n: (draw(NAMES), heir) for n, heir in zip(gone, heirs)}
    others = draw(st.dictionaries(NAMES.filter(lambda n: n not in ids), some, max_size=2))
    return Taxonomy(
        nodes, [draw(st.one_of(NAMES, st.just(""))) for _ in nodes], edges,
        draw(st.dictionaries(some, synonyms, max_size=3)),
        alternates=others | {n: heir for n, heir in zip(gone, heirs) if heir},
        obsolete=retired,
        xrefs=draw(st.dictionaries(some, st.lists(NAMES, max_size=2, unique=True), max_size=2)),
    )  # fmt: skip


def facts(t):
    scoped = {n: sorted((s.text, s.scope) for s in group) for n, group in t.synonyms.items()}
    parents = [t.parents(node) for node in t.ids]
    return t.ids, t.labels, parents, scoped, t.alternates, t.obsolete, t.xrefs


def again(taxonomy, path):
    write_taxonomy(taxonomy, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_taxonomy(path, **({"also": "all"} if path.suffix == ".ttl" else {}))


@pytest.mark.parametrize("writer", sorted(WRITERS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(taxonomy=taxonomies())
def test_written_is_read(tmp_path_factory, writer, taxonomy):
    path = tmp_path_factory.mktemp("w") / FILES[writer]
    assert facts(again(taxonomy, path)) == facts(taxonomy)


def test_a_way_through_all_formats(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = load_taxonomy("fixtures/formats/small.obo")
    at = start
    for name in ("a.ttl", "b", "c.obo", "d", "e.ttl", "f.obo"):
        at = again(at, tmp_path / name)
        assert facts(at) == facts(start), name


def test_language_and_hidden_labels_survive_skos(tmp_path):
    names = [Synonym("Kugel", "EXACT", "altLabel@de"), Synonym("bal", "EXACT", "hiddenLabel@en")]
    t = Taxonomy(["http://ex.org/a b", "b"], ["x", "y"], [], {"b": names})
    at = again(t, tmp_path / "t.ttl")
    assert at.ids == t.ids
    assert at.synonyms == t.synonyms


def test_a_tab_in_a_name_is_refused_by_tsv_and_nothing_is_left(tmp_path):
    t = Taxonomy(["a", "b"], ["with\ttab", "line\nbreak"], [])
    with pytest.raises(InputError, match=r"no tab or line break; 'a'.*\n.*'b'"):
        write_taxonomy(t, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    assert again(t, Path(tmp_path / "t.obo")).labels == ("with tab", "line break")


def test_unknown_ending(tmp_path):
    with pytest.raises(ParameterError, match=r"must end in \.obo or \.ttl"):
        write_taxonomy(Taxonomy(["a"], ["x"], []), tmp_path / "t.xyz")
    assert write_taxonomy(Taxonomy(["a"], ["x"], []), tmp_path / "t.xyz", writer="obo") == "obo"
