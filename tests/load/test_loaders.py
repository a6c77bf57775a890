from __future__ import annotations

import warnings

import pytest

from graphemb import Catalog, InputError, load_pairs, load_taxonomy
from graphemb.errors import MissingInputError, UnknownNameError
from graphemb.load import LOADERS, read_phrases

FORMATS = "fixtures/formats"


def quiet(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_taxonomy(source, **options)


def test_tsv_folder(kitchen):
    assert kitchen.n_nodes == 58
    assert kitchen.roots == ("K:001",)
    assert [s.text for s in kitchen.synonyms["K:003"]] == ["Sauce pot", "Small pot with handle"]
    assert kitchen.synonyms["K:003"][0].scope == "EXACT"


def test_obo_is_read_tolerantly():
    with pytest.warns(UserWarning) as noted:
        t = load_taxonomy(f"{FORMATS}/small.obo")
    said = "\n".join(str(w.message) for w in noted)
    for words in (
        "import not followed",
        "obsolete parent",
        "edge to an unknown node",
        "unknown tag 'strange_tag'",
    ):
        assert words in said
    assert "small.obo:29: 'T:4'" in said
    assert t.ids == ("T:1", "T:2", "T:4")
    assert t.labels[0] == "thing"
    assert t["T:2"] == 'left "big" thing'
    assert [(s.text, s.scope, s.kind) for s in t.synonyms["T:2"]] == [
        ("large thing, left", "EXACT", "exact:layperson"), ("biggish", "BROAD", "broad"),
    ]  # fmt: skip
    assert t.alternates == {"T:22": "T:2", "T:3": "T:2"}
    assert t.metadata["data_version"] == "test/1"


def test_obo_refuses_two_names_with_the_line(tmp_path):
    file = tmp_path / "x.obo"
    file.write_text("format-version: 1.2\n\n[Term]\nid: A\nname: one\n\n[Term]\nid: A\nname: two\n")
    with pytest.raises(InputError, match=r"x.obo:8: the id 'A' comes twice"):
        load_taxonomy(file)
    file.write_text("[Term]\nid: A\nname: a\nis_a: B\n\n[Term]\nid: B\nname: b\nis_a: A\n")
    with pytest.raises(InputError, match="acyclic"):
        load_taxonomy(file)


def test_delimited_keeps_ids_as_text():
    t = quiet(f"{FORMATS}/small.csv")
    assert t.ids == ("007", "NA", "1.0")
    assert t.parents("NA") == ("007",)
    assert [s.text for s in t.synonyms["NA"]] == ["Pome", "Apple, red"]


def test_delimited_needs_columns(tmp_path):
    (tmp_path / "f.csv").write_text("foo,bar\n1,2\n")
    with pytest.raises(InputError, match="f.csv:1: must have an id and a label column"):
        load_taxonomy(tmp_path / "f.csv")


def test_tabular_xml_and_its_seventh_characters():
    t = quiet(f"{FORMATS}/small_tabular.xml")
    assert t.ids == ("ICD10CM", "CH1", "A00-A01", "A00", "A00.1", "A01", "SEC:A02", "A02")
    assert t.path("A00.1")[1:] == (
        "Made-up diseases",
        "Imagined infections",
        "Glass fever",
        "Glass fever of the left thumb",
    )
    assert t.metadata["extensions:A00"] == "A=first visit | D=later visit"
    assert t.synonyms["A00"][0].text == "Transparent fever"
    full = quiet(f"{FORMATS}/small_tabular.xml", extensions=True)
    assert full["A00.1XXA"] == "Glass fever of the left thumb, first visit"
    assert full.parents("A00.1XXA") == ("A00.1",)


def test_xml_that_declares_entities_is_refused(tmp_path):
    file = tmp_path / "x.xml"
    file.write_text('<!DOCTYPE x [<!ENTITY a "b">]><ICD10CM.tabular>&a;</ICD10CM.tabular>')
    with pytest.raises(InputError, match="must not declare"):
        load_taxonomy(file, loader="icd10cm")
    file.write_text("<ICD10CM.tabular><chapter>")
    with pytest.raises(InputError, match=r"x.xml:1: must be well-formed"):
        load_taxonomy(file, loader="icd10cm")


def test_installed_icd10cm():
    t = load_taxonomy("icd10cm")
    assert t.n_nodes > 47_000
    assert t["I21"] == "Acute myocardial infarction"
    assert t.name == "icd10cm"
    assert "Cholera eltor" in [s.text for s in t.synonyms["A00.1"]]
    assert any(k.startswith("extensions:S52") for k in t.metadata)
    assert t.roots == ("ICD10CM",)


def test_installed_hpo():
    t = quiet("hpo")
    assert t.n_nodes > 19_000
    assert all(i.startswith("HP:") for i in t.ids)
    assert any(s.kind == "exact:layperson" for g in t.synonyms.values() for s in g)


def test_catalogue_says_what_is_missing():
    catalog = Catalog.default()
    assert {"icd10cm", "hpo", "doid", "mondo", "go"} <= set(catalog)
    assert catalog["icd10cm"].ready
    assert not catalog["doid"].ready
    assert "doid.obo" in catalog["doid"].missing
    with pytest.raises(UnknownNameError, match="Did you mean 'icd10cm'"):
        catalog["icd10"]
    with pytest.raises(UnknownNameError, match="Did you mean 'icd10cm'"):
        load_taxonomy("icd10")
    with pytest.raises(ImportError, match=r"Download doid.obo"):
        load_taxonomy("doid")
    with pytest.raises(MissingInputError, match="no such file"):
        load_taxonomy("nowhere/x.obo")


def test_every_catalogue_loader_is_registered():
    assert {e.loader for e in Catalog.default().values()} <= set(LOADERS)


def test_unknown_format(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match="no loader knows"):
        load_taxonomy(tmp_path / "x.bin")


def test_pairs_drop_test_rows_and_merge(kitchen, tmp_path):
    file = tmp_path / "p.tsv"
    file.write_text(
        "phrase\tid\tsplit\nskillet thing\tK:004|K:010\ttrain\nskillet thing\tK:003\ttrain\n"
        "secret\tK:004\ttest\ntea pot\tK:044\tdev\nodd\tZZ\ttrain\n"
    )
    found = load_pairs(file, kitchen)
    assert [(p.phrase, p.nodes, p.split) for p in found.pairs] == [
        ("skillet thing", ("K:004", "K:010", "K:003"), "train"), ("tea pot", ("K:044",), "dev"),
    ]  # fmt: skip
    assert found.rows == {"train": 3, "dev": 1, "test": 1}
    assert found.unknown_ids == ("ZZ",)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "phrase\tid\tsplit\na\tK:004\tvalid\n",
            r"p.tsv:2: split must be train, dev or test; got 'valid'",
        ),
        ("phrase\tid\n\tK:004\n", "p.tsv:2: a phrase must not be empty"),
        ("phrase\tid\na\t\n", "p.tsv:2: the phrase 'a' needs an id"),
        ("phrase\tid\na\tX1\nb\tX2\n", "most ids must be nodes"),
        ("text\tid\na\tK:004\n", "must have a column 'phrase'"),
    ],
)
def test_bad_pairs(kitchen, tmp_path, text, words):
    (tmp_path / "p.tsv").write_text(text)
    with pytest.raises(InputError, match=words):
        load_pairs(tmp_path / "p.tsv", kitchen)


def test_phrases_from_tables_and_lines(tmp_path):
    f = tmp_path / "a.csv"
    f.write_text('id,phrase,x\n007,"a, b",NA\n008,,1\n')
    p = read_phrases(f)
    assert p.header == ("id", "phrase", "x")
    assert p.texts == ["a, b", ""]
    g = tmp_path / "b.txt"
    g.write_text("one, two\n\nthree\n")
    assert read_phrases(g).texts == ["one, two", "", "three"]
    g.write_text("phrase\nx\n")
    assert read_phrases(g).texts == ["x"]
    f.write_text("id,phrase\n1,a\n1,b\n")
    with pytest.raises(InputError, match=r"a.csv:3: id must differ.*line 2"):
        read_phrases(f, id_col="id")
    with pytest.raises(InputError, match="must have a column 'name'"):
        read_phrases(f, text_col="name")
    for empty in ("", "\n\n", "phrase\n"):
        g.write_text(empty)
        with pytest.raises(InputError):
            read_phrases(g)
