"""Each format, on a small made-up file in the published layout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings

import pytest

from graphemb.errors import MissingInputError, MissingPackageError, ParameterError
from graphemb.load import LOADERS, _loader_of, load_taxonomy, read_taxonomy
from tests.load import made
from tests.load.made import write


def read(path, **options):
    """Return the taxonomy and the kinds of its notes."""
    taxonomy, notes, _ = read_taxonomy(path, **options)
    return taxonomy, set(notes.counts)


def texts(taxonomy, node):
    return [(s.text, s.scope, s.kind) for s in taxonomy.synonyms.get(node, ())]


def test_skos_turtle(tmp_path):
    file = write(tmp_path / "toys.ttl", made.SKOS_TTL)
    t, notes = read(file, base="http://ex.org/t/")
    assert t.ids == ("1", "2", "3", "4")
    assert t.labels == ("toy", "ball", "doll", "Nur Deutsch")
    assert t.parents("3") == ("1", "2")
    assert t.parents("4") == ("1",)
    assert texts(t, "2") == [
        ("bowl", "EXACT", "prefLabel@en-gb"), ("round toy", "EXACT", "altLabel@en"),
        ("sphere", "EXACT", "altLabel"), ("bal", "EXACT", "hiddenLabel@en"),
    ]  # fmt: skip
    assert t.obsolete == {"5": ("old ball", "2")}
    assert t.current("5") == "2"
    assert t.xrefs == {"2": ("http://other.org/ball",)}
    assert t.metadata["title"] == "Toys"
    assert notes == {"no label in en, another taken"}
    german, _ = read(file, language="de")
    assert german["http://ex.org/t/2"] == "Ball"
    assert ("Kugel", "EXACT", "altLabel@de") in texts(german, "http://ex.org/t/2")
    everything, _ = read(file, also="all", base="http://ex.org/t/")
    assert ("Kugel", "EXACT", "altLabel@de") in texts(everything, "2")


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.rdf", made.SKOS_XML), ("t.nt", made.SKOS_NT), ("t.jsonld", made.SKOS_JSONLD)],
)
def test_skos_in_other_syntaxes(tmp_path, name, content):
    file = write(tmp_path / name, content)
    assert _loader_of(file) == "skos"
    t, notes = read(file)
    assert t.labels == ("toy", "ball")
    assert t.parents("http://ex.org/t/2") == ("http://ex.org/t/1",)
    assert not notes
    syntax = {"t.rdf": "xml", "t.nt": "ntriples", "t.jsonld": "jsonld"}[name]
    assert load_taxonomy(file, syntax=syntax).sha256 == t.sha256
    with pytest.raises(ParameterError, match="Did you mean 'turtle'"):
        load_taxonomy(file, loader="skos", syntax="turtel")


def test_skos_rules_are_noted(tmp_path):
    file = write(tmp_path / "t.ttl", made.SKOS_TTL + """
:2 skos:altLabel "ball"@en . :3 skos:prefLabel "puppet"@en . :3 skos:related :1 .
:1 skos:broader :9 . <http://ex.org/o> owl:imports <http://ex.org/more> .
""")  # fmt: skip
    _, notes = read(file)
    assert {
        "one name as two kinds of label (S13)", "several prefLabels in one language (S14)",
        "related and broader at once (S27)", "edge to an unknown node", "import not followed",
        "top concept with a broader one",
    } <= notes  # fmt: skip


def test_owl(tmp_path):
    file = write(tmp_path / "o.owl", made.OWL_XML)
    t, notes = read(file)
    assert t.ids == ("T:1", "T:2")
    assert t["T:2"] == "box"
    assert t.parents("T:2") == ("T:1",)
    assert texts(t, "T:2") == [
        ("crate", "EXACT", "exact:layperson"), ("container", "BROAD", "broad"),
    ]  # fmt: skip
    assert t.obsolete == {"T:3": ("obsolete tin", "T:2")}
    assert t.alternates == {"T:9": "T:2", "T:3": "T:2"}
    assert t.xrefs == {"T:2": ("X:7",)}
    assert notes == {"import not followed"}
    assert load_taxonomy_quietly(file, language="fr")["T:2"] == "boîte"


def load_taxonomy_quietly(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_taxonomy(source, **options)


def test_obographs_says_what_owl_says(tmp_path):
    file = write(tmp_path / "o.json", made.OBOGRAPHS)
    assert _loader_of(file) == "obographs"
    t, notes = read(file)
    same = load_taxonomy_quietly(write(tmp_path / "o.owl", made.OWL_XML))
    assert t.sha256 == same.sha256
    assert (t.obsolete, t.alternates, t.xrefs) == (same.obsolete, same.alternates, same.xrefs)
    assert not notes
    assert t.metadata["version"] == "v1"


def test_fhir(tmp_path):
    file = write(tmp_path / "c.json", made.FHIR)
    assert _loader_of(file) == "fhir"
    t, notes = read(file)
    assert t.ids == ("a", "b", "c")
    assert t.parents("c") == ("a", "b")
    assert texts(t, "b") == [("round toy", "EXACT", "designation@en-GB"), ("bl", "EXACT", "short")]
    assert t.current("z") == "b"
    assert not notes
    assert len(texts(read(file, language="all")[0], "b")) == 3
    part = {**made.FHIR, "hierarchyMeaning": "part-of", "content": "fragment"}
    assert len(read(write(tmp_path / "d.json", part))[1]) == 2


def test_rf2(tmp_path):
    folder = made.rf2(tmp_path / "SnomedCT")
    assert _loader_of(folder) == "rf2"
    t, notes = read(folder)
    assert t.ids == ("100", "200", "300")
    assert t.labels == ("Toy", "Ball toy", "Doll")
    assert t.parents("300") == ("100", "200")
    assert texts(t, "200") == [("Ball", "EXACT", "fsn"), ('Round "toy', "EXACT", "synonym")]
    assert t.obsolete == {"400": ("Old ball", "200")}
    assert not notes
    below, _ = read(folder, root="200")
    assert below.ids == ("200", "300")
    assert below.parents("300") == ("200",)
    with pytest.raises(ValueError, match="root must be an active concept"):
        read(folder, root="400")
    packed = shutil.make_archive(str(tmp_path / "release"), "zip", folder)
    assert load_taxonomy(packed).sha256 == t.sha256


def test_rf2_full_history_is_noted_and_its_last_version_wins(tmp_path):
    snapshot, full = made.rf2(tmp_path / "s"), made.rf2(tmp_path / "f", "Full")
    t, notes = read(full)
    assert t.sha256 == load_taxonomy(snapshot).sha256
    assert t.obsolete == {"400": ("Old ball", "200")}
    assert notes == {"full history read, the last version of each row wins"}


def test_umls(tmp_path):
    folder = made.umls(tmp_path / "META")
    assert _loader_of(folder) == "umls"
    t, notes = read(folder)
    assert t.labels == ("Toy", "Ball", "Doll")
    assert t.parents("C2") == t.parents("C3") == ("C1",)
    assert texts(t, "C2") == [("Globe", "EXACT", "SRC2:PT")]
    assert t.current("C9") == "C2"
    assert not notes
    codes, _ = read(folder, sab="SRC1", nodes="code")
    assert codes.ids == ("t1", "t2", "t3")
    assert codes.parents("t2") == ("t1",)
    with pytest.raises(ParameterError, match="'code' with one sab"):
        read(folder, nodes="code")


def test_omop(tmp_path):
    folder = made.omop(tmp_path / "athena")
    assert _loader_of(folder) == "omop"
    t, notes = read(folder)
    assert t.labels == ("Toy", '5" ball', "Doll")
    assert t.parents("2") == ("1",)
    assert texts(t, "2") == [("round toy", "EXACT", "synonym")]
    assert t.obsolete == {"4": ("Old ball", "2")}
    assert t.xrefs["2"] == ("VOC:t2",)
    assert notes == {"edge given twice"}
    codes, _ = read(folder, vocabulary="VOC", ids="concept_code", standard=True)
    assert codes.ids == ("t1", "t2")
    assert codes.current("t4") == "t2"
    other, _ = read(made.omop(tmp_path / "a", ancestors=True))
    assert other.parents("2") == ("1",)
    shutil.rmtree(tmp_path / "a")
    bare = made.omop(tmp_path / "a")
    (bare / "CONCEPT_RELATIONSHIP.csv").unlink()
    with pytest.raises(MissingInputError, match=r"CONCEPT_ANCESTOR.csv"):
        read(bare)


def test_claml(tmp_path):
    file = write(tmp_path / "icd.xml", made.CLAML)
    assert _loader_of(file) == "claml"
    t, notes = read(file)
    assert t.path("A00") == ("Toys", "Balls", "Rubber ball")
    assert t.n_edges == 2
    assert texts(t, "A00") == [("bouncing ball", "EXACT", "inclusion")]
    assert notes == {"modifier not expanded"}
    assert t.metadata["title"] == "Toys"
    assert read(file, language="de")[0]["A00-A09"] == "Bälle"


def test_mesh(tmp_path):
    file = write(tmp_path / "desc.xml", made.MESH)
    assert _loader_of(file) == "mesh"
    t, notes = read(file)
    assert t.path("D2") == ("Technology, Industry, and Agriculture", "Toy", "Ball")
    assert texts(t, "D1") == [("Plaything", "EXACT", "entry term")]
    assert texts(t, "D2") == [("Football", "NARROW", "entry term")]
    assert notes == {"tree number without one above it"}
    assert read(file, categories=False)[0].roots == ("D1",)


def test_wordnet(tmp_path):
    file = write(tmp_path / "dict" / "data.noun", made.WORDNET)
    assert _loader_of(file.parent) == _loader_of(file) == "wordnet"
    t, notes = read(file.parent)
    assert t.path("00000030-n") == ("entity", "toy", "ball", "My Ball")
    assert texts(t, "00000010-n") == [("play thing", "EXACT", "word")]
    assert not notes
    assert read(file)[0].sha256 == t.sha256
    assert read(file, instances=False)[0].parents("00000030-n") == ()
    with pytest.raises(MissingInputError, match=r"data\.verb"):
        read(file.parent, pos="nv")


def test_esco(tmp_path):
    folder = made.esco(tmp_path / "esco")
    assert _loader_of(folder) == "esco"
    t, notes = read(folder, short=True)
    assert t.path("aa") == ("Professionals", "Culture professionals", "toy maker")
    assert [s[0] for s in texts(t, "aa")] == ["doll maker", "ball maker", "toymakr"]
    assert t.obsolete == {"bb": ("old maker", None)}
    assert t.xrefs["C26"] == ("ISCO:26",)
    assert not notes
    bare, notes = read(made.esco(tmp_path / "bare", relations=False), short=True)
    assert bare.path("aa") == t.path("aa")
    assert notes == {"no table of relations: ISCO codes tell the hierarchy"}
    with pytest.raises(MissingInputError, match=r"skills_en\.csv"):
        read(folder, pillar="skills")


def test_paths(tmp_path):
    file = write(tmp_path / "g.txt", "# Made_Up_Version: 1\n1 - Food\n3 - Food > Fruit > Apple\n")
    assert _loader_of(file) == "paths"
    t, _ = read(file)
    assert t.path("3") == ("Food", "Fruit", "Apple")
    assert t.ids == ("1", "3", "Food > Fruit")
    plain, _ = read(write(tmp_path / "p.txt", "Food\nFood > Fruit\n"))
    assert plain.ids == ("Food", "Food > Fruit")
    with pytest.raises(ValueError, match=r"h.txt:2: must begin with an id as the first line"):
        read(write(tmp_path / "h.txt", "1 - Food > Nut\nFood > Fruit\n"))


def test_tables_with_paths_and_with_codes(tmp_path):
    t, _ = read(write(tmp_path / "p.csv", "path,synonyms\nA > B > C,see|sea\nA > B,\n"))
    assert t.path("A > B > C") == ("A", "B", "C")
    assert [s.text for s in t.synonyms["A > B > C"]] == ["see", "sea"]
    codes = write(tmp_path / "n.csv", "Code,Title\n31-33,Making\n311,Food\n3111,Feed\n42,Trade\n")
    t, _ = read(codes, by_prefix=True)
    assert t.path("3111") == ("Making", "Food", "Feed")
    assert t.roots == ("31-33", "42")
    padded = write(tmp_path / "u.csv", "code,title\n10000000,a\n10100000,b\n10101500,c\n")
    assert read(padded, by_prefix=True, padding="00")[0].path("10101500") == ("a", "b", "c")
    named = write(
        tmp_path / "s.csv",
        "Kod;Nazwa;old;obsolete;successor;alt_id\n1;jeden;x;;;I\n2;dwa;;yes;1;\n",
    )
    t, _ = read(named, id_column="Kod", label_column="Nazwa", synonyms_column="old")
    assert (t.labels, t.current("2"), t.current("I")) == (("jeden",), "1", "1")


def test_xlsx_reads_as_the_csv_does(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "first"
    for row in (None, ("id", "label", "parent", "synonyms"), (7, "thing", None, None),
                ("007", "apple", 7.0, "pome|Apple, red"), (None, None, None, None)):  # fmt: skip
        book.active.append(row or [])
    book.create_sheet("other").append(["id", "label"])
    book.save(tmp_path / "t.xlsx")
    assert _loader_of(tmp_path / "t.xlsx") == "xlsx"
    t, _ = read(tmp_path / "t.xlsx")
    csv = write(
        tmp_path / "t.csv", 'id,label,parent,synonyms\n7,thing,,\n007,apple,7,"pome|Apple, red"\n'
    )
    assert t.sha256 == read(csv)[0].sha256
    with pytest.raises(ValueError, match="'sheet'|has 'first', 'other'"):
        read(tmp_path / "t.xlsx", sheet="third")
    with pytest.raises(ValueError, match="at least one node"):
        read(tmp_path / "t.xlsx", sheet="other")


def test_options_of_a_loader_are_checked(tmp_path):
    file = write(tmp_path / "t.ttl", made.SKOS_TTL)
    with pytest.raises(ParameterError, match="Did you mean 'language'"):
        load_taxonomy(file, languag="de")


def test_every_loader_is_seen_here_or_beside():
    tested = {
        "claml", "delimited", "esco", "fhir", "mesh", "obographs", "omop", "owl", "paths", "rf2",
        "skos", "umls", "wordnet", "xlsx",
    }  # fmt: skip
    assert set(LOADERS) - tested == {"icd10cm", "obo", "tsv"}  # tests/load/test_loaders.py


@pytest.mark.parametrize(
    ("package", "extra", "file"),
    [("pyoxigraph", "onto", "t.ttl"), ("openpyxl", "xlsx", "t.xlsx")],
)
def test_a_missing_package_is_named(tmp_path, monkeypatch, package, extra, file):
    for module in [m for m in sys.modules if m.startswith("graphemb.load.")]:
        if module.rsplit(".", 1)[-1] in {"_rdf", "skos", "owl", "xlsx"}:
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"pip install 'graphemb\[{extra}\]'"):
        load_taxonomy(write(tmp_path / file, "x"))
    csv = write(tmp_path / "t.csv", "id,label\na,A\n")
    assert load_taxonomy(csv).labels == ("A",)


def test_a_table_is_read_without_the_libraries_of_other_formats(tmp_path):
    file = write(tmp_path / "t.csv", "id,label\na,A\n")
    code = (
        "import sys; from graphemb.load import load_taxonomy; load_taxonomy(sys.argv[1]);"
        "print([m for m in ('pyoxigraph', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_owl_in_turtle_is_no_skos(tmp_path):
    file = write(
        tmp_path / "o.ttl",
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "<http://e/a> a owl:Class ; rdfs:label 'a' ; skos:altLabel 'b' .\n",
    )
    assert _loader_of(file) == "owl"
    assert texts(load_taxonomy(file), "http://e/a") == [("b", "EXACT", "exact")]
