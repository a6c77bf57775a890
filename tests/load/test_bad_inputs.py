"""Every bad taxonomy file of the reliability table: its end, where it points, what it says."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

import gzip
import json
import os
import warnings
import zipfile

import pytest
from click.testing import CliRunner

from graphemb.cli import main
from graphemb.errors import GraphembError, InputError
from graphemb.load import load_taxonomy, read_taxonomy
from tests.load import made
from tests.load.made import write

CSV = "id,label,parent\n"
TERM = "[Term]\nid: {0}\nname: {1}\n"
LAUGHS = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha" * 10}">' for i in range(9))
BLOWUP = f'<!ENTITY big "{"x" * 900}">'
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:skos="http://www.w3.org/2004/02/skos/core#">{}</rdf:RDF>'
)
TTL = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"


def ring(n):
    return CSV + "".join(f"n{i},name {i},n{(i + 1) % n}\n" for i in range(n))


def zipped(path, members, *, link=False):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if link:
                info.external_attr = 0o120777 << 16
            out.writestr(info, data)
    return path


def skos_ring(n):
    lines = (
        f"<http://e/{i}> a skos:Concept ; skos:prefLabel 'n{i}' ; "
        f"skos:broader <http://e/{(i + 1) % n}> ."
        for i in range(n)
    )
    return TTL + "\n".join(lines)


def rf2_inactive(folder):
    made.rf2(folder)
    file = next(folder.rglob("sct2_Concept_*"))
    file.write_text(file.read_text().replace("\t1\tm\t", "\t0\tm\t"))
    return folder


def rf2_with(folder, pattern, change):
    made.rf2(folder)
    file = next(folder.rglob(pattern))
    file.write_bytes(change(file.read_bytes()))
    return folder


#: name → (file name, content or a maker of the path, exit code, what the message must match).
REFUSED = {
    # nothing there
    "empty csv": ("f.csv", b"", 65, r"f\.csv:1: must hold a taxonomy; the file is empty"),
    "blank obo": ("f.obo", b" \n\n", 65, r"f\.obo:1: .*empty"),
    "header only": ("f.csv", CSV, 65, r"f\.csv: must hold at least one node"),
    "obo without terms": ("f.obo", "format-version: 1.4\n", 65, r"f\.obo: must hold at least one"),
    "missing": (None, lambda p: p / "no.obo", 66, r"no\.obo: must be a file.*no such file"),
    "folder of nothing": ("d/readme.md", "x", 65, r"no loader knows"),
    "skos without concepts": ("f.ttl", TTL + "<http://e/a> skos:note 'x' .", 65, r"f\.ttl:1: .*SKOS con"),
    "owl without classes": ("f.owl", made.SKOS_XML, 65, r"f\.owl:1: must hold named OWL classes"),
    "fhir without content": ("f.json", {**made.FHIR, "content": "not-present"}, 65, r"not-present"),
    # circles
    "self-parent csv": ("f.csv", CSV + "a,A,a\n", 65, r"f\.csv:2: 'a' is its own parent. Remove"),
    "circle of 2": ("f.csv", ring(2), 65, r"f\.csv:2: must be acyclic; found n0 → n1 → n0\. Remove"),
    "circle of 500": ("f.csv", ring(500), 65, r"f\.csv:2: .*n8 → n9 → … \(500 nodes\)"),
    "circle in obo": ("f.obo", TERM.format("A", "a") + "is_a: B\n\n" + TERM.format("B", "b") + "is_a: A\n", 65, r"f\.obo:4: must be acyclic; found A → B → A"),
    "circle in skos": ("f.ttl", skos_ring(2), 65, r"f\.ttl: must be acyclic; found http://e/0 →"),
    "self-parent skos": ("f.ttl", skos_ring(1), 65, r"'http://e/0' is its own parent"),
    # ids and names
    "id with two names csv": ("f.csv", CSV + "a,A,\nb,B,\na,C,\n", 65, r"f\.csv:4: the id 'a' comes twice, as 'A' and as 'C'"),
    "id with two names fhir": ("f.json", {**made.FHIR, "concept": [{"code": "a", "display": "x"}, {"code": "a", "display": "y"}]}, 65, r"the id 'a' comes twice"),
    "id with two names xml": ("f.xml", made.CLAML.replace('code="A00" kind', 'code="I" kind'), 65, r"f\.xml:9: the id 'I' comes twice"),
    "two names in a stanza": ("f.obo", TERM.format("A", "a") + "name: b\n", 65, r"f\.obo:4: A has two names"),
    "stanza without id": ("f.obo", "[Term]\nname: a\n", 65, r"f\.obo:2: a \[Term\] needs an id"),
    "empty id": ("f.csv", CSV + "a,A,\n ,B,\n", 65, r"f\.csv:3: a node needs an id; it is empty"),
    "all problems at once": ("f.csv", CSV + ",A,\nb,B,b\nb,C,\n", 65, r"f\.csv:2.*\n.*f\.csv:4.*\n.*f\.csv:3: 'b' is its own"),
    # encodings
    "utf-16": ("f.csv", (CSV + "a,A,\n").encode("utf-16"), 65, r"f\.csv:1: must be UTF-8; this is UTF-16"),
    "utf-16 xml": ("f.xml", made.CLAML.encode("utf-16"), 65, r"no loader knows|UTF-16"),
    "latin-1": ("f.csv", CSV.encode() + b"a,\xe9t\xe9,\n", 65, r"f\.csv:2: must be UTF-8; byte 0xe9"),
    "latin-1 in rf2": (None, lambda p: rf2_with(p / "s", "sct2_Desc*", lambda b: b.replace(b"Doll", b"D\xe9")), 65, r"sct2_Description.*:8: must be UTF-8; byte 0xe9"),
    "latin-1 declared": ("f.xml", made.CLAML.replace("UTF-8", "ISO-8859-1"), 65, r"f\.xml:1: must be UTF-8; says 'ISO-8859-1'"),
    "cr only": ("f.csv", b"id,label\ra,A\r", 65, r"f\.csv:1: lines must end in LF or CRLF"),
    "nul": ("f.csv", CSV + "a,A\0,\n", 65, r"f\.csv:2: must be text; it holds a NUL"),
    "binary": ("f.bin", bytes(range(256)), 65, r"f\.bin: no loader knows"),
    "binary named obo": ("f.obo", b"\x89PNG\x00\xff", 65, r"f\.obo:1: must be UTF-8"),
    "half a character": ("f.json", '{"resourceType": "CodeSystem", "concept": [{"code": "a", "display": "\\ud800"}]}', 65, r"half a character"),
    "line of 10 MB": ("f.csv", CSV + "a," + "x" * 10_000_000 + ",\n", 65, r"f\.csv:2: lines must be at most 1 MiB"),
    "line of 2 MB in rf2": (None, lambda p: rf2_with(p / "s", "sct2_Desc*", lambda b: b.replace(b"Doll", b"D" * (2 << 20))), 65, r"sct2_Description.*:8: lines must be at most 1 MiB"),
    # tables
    "unclosed quote": ("f.csv", CSV + 'a,"A,\n', 65, r"f\.csv:2: must be well-formed CSV.*not closed"),
    "ragged": ("f.csv", CSV + "a,A,\nb,B\nc,C,,\n", 65, r"f\.csv:3: must have 3 fields.*\n.*f\.csv:4"),
    "ragged rf2": (None, lambda p: rf2_with(p / "s", "sct2_Rel*", lambda b: b + b"99\tx\n"), 65, r"sct2_Relationship.*:7: must have 10 fields like the header; has 2"),
    "doubled column": ("f.csv", "id,label,label\na,A,B\n", 65, r"f\.csv:1: columns must differ; 'label'"),
    "missing column": ("f.csv", "kod,nazwa\n1,2\n", 65, r"f\.csv:1: must have an id and a label column, or a path"),
    "missing column rf2": (None, lambda p: rf2_with(p / "s", "sct2_Desc*", lambda b: b.replace(b"typeId", b"typ", 1)), 65, r"sct2_Description.*:1: must have the columns 'typeId'"),
    "100k columns": ("f.csv", ",".join(f"c{i}" for i in range(100_000)) + "\n", 65, r"f\.csv:1: must have at most 1000 columns"),
    "umls of another width": (None, lambda p: write(p / "u" / "MRREL.RRF", "").parent and write(p / "u" / "MRCONSO.RRF", "a|b|\n").parent, 65, r"MRCONSO\.RRF:1: must have 19 fields.*has 3"),
    "no synset": ("data.noun", "00000001 03 n zz entity 0 000 | x\n", 65, r"data\.noun:1: must be a synset"),
    "empty level of a path": ("f.txt", "A > B\nA >  > C\n", 65, r"f\.txt:2: a path must have"),
    # cut
    "cut gzip": ("f.obo", gzip.compress(b"[Term]\nid: a\n" * 99)[:40], 65, r"f\.obo: is a damaged gzip"),
    "cut xml": ("f.xml", made.CLAML[:700], 65, r"f\.xml:\d+: must be well-formed XML"),
    "cut json": ("f.json", json.dumps(made.FHIR)[:200], 65, r"f\.json:1: must be JSON"),
    "cut turtle": ("f.ttl", made.SKOS_TTL[:500], 65, r"f\.ttl:\d+: must be well-formed RDF \(turtle\)"),
    "cut xlsx": ("f.xlsx", b"PK\x03\x04" + b"x" * 50, 65, r"f\.xlsx: is no folder or sound zip"),
    "zip that is no workbook": (None, lambda p: zipped(p / "f.xlsx", {"a": "b"}), 65, r"f\.xlsx: must be an Excel workbook"),
    # JSON
    "nan": ("f.json", '{"resourceType": "CodeSystem", "x": NaN}', 65, r"must be finite; found NaN"),
    "json nested 100k deep": ("f.json", '{"resourceType": "CodeSystem", "a": ' + "[" * 100_000, 65, r"nested too deeply"),
    "another resource": ("f.json", {"resourceType": "Patient", "note": "CodeSystem"}, 65, r'no loader|must be a CodeSystem'),
    # XML
    "billion laughs": ("f.xml", f"<!DOCTYPE ClaML [{LAUGHS}]><ClaML>&e8;</ClaML>", 65, r"f\.xml:1: must not declare entities; declares 'e0'"),
    "billion laughs in rdf": ("f.rdf", f"<!DOCTYPE r [{LAUGHS}]>" + RDF.format("<skos:Concept/>&e8;"), 65, r"f\.rdf:1: must not declare nested, large or very many entities"),
    "quadratic blow-up": ("f.rdf", f"<!DOCTYPE r [{BLOWUP}]>" + RDF.format("<skos:Concept/>" + "&big;" * 20_000), 65, r"f\.rdf:1: its entities expand to over 16 MiB"),
    "large entity": ("f.rdf", f'<!DOCTYPE r [<!ENTITY big "{"x" * 5000}">]>' + RDF.format("<skos:Concept/>"), 65, r"nested, large or very many entities; declares 'big'"),
    "external entity": ("f.rdf", '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + RDF.format("<skos:Concept/>&x;"), 65, r"parameter or external entities; declares 'x'"),
    "parameter entity": ("f.owl", '<!DOCTYPE r [<!ENTITY % x "y">]>' + made.OWL_XML.partition("?>")[2], 65, r"parameter or external entities"),
    "tags that do not match": ("f.xml", "<ICD10CM.tabular><a></ICD10CM.tabular>", 65, r"f\.xml:1: must be well-formed"),
    "tabular without chapters": ("f.xml", "<ICD10CM.tabular></ICD10CM.tabular>", 65, r"must hold chapters"),
    # RDF
    "rdf nested 50k deep": ("f.rdf", RDF.format("<skos:Concept><skos:note>" * 25_000 + "</skos:note></skos:Concept>" * 25_000), 65, r"f\.rdf:1: must be nested at most 1,000 levels"),
    "concepts without an iri": ("f.rdf", RDF.format("<skos:Concept/>"), 65, r"must hold SKOS concepts"),
    "bad iri": ("f.ttl", TTL + "<http://e/a b> a skos:Concept .", 65, r"f\.ttl:2: must be well-formed RDF"),
    "remote context": ("f.jsonld", {"@context": "http://e/c.json", "@type": "skos:Concept"}, 65, r"f\.jsonld: must carry its @context; 'http://e/c.json' is remote"),
    "remote context inside": ("f.jsonld", {"@graph": [{"@context": [{"@import": "http://e/c"}], "x": "skos:Concept"}]}, 65, r"'http://e/c' is remote"),
    "manchester": ("f.owl", "Prefix: : <http://e/>\nOntology: <http://e/o>\n", 65, r"functional or Manchester syntax. Save it as RDF/XML"),
    # archives
    "zip-slip": (None, lambda p: zipped(p / "f.zip", {"../sct2_Concept_Snapshot.txt": "x"}), 65, r"member '\.\./sct2.*' points outside"),
    "absolute member": (None, lambda p: zipped(p / "f.zip", {"/sct2_Concept_Snapshot.txt": "x"}), 65, r"points outside the archive"),
    "zip bomb": (None, lambda p: zipped(p / "f.zip", {"sct2_Concept_Snapshot.txt": b"0" * (30 << 20)}), 65, r"unpacks to more than 200 times"),
    "link in zip": (None, lambda p: zipped(p / "f.zip", {"sct2_Concept_Snapshot.txt": "/etc/passwd"}, link=True), 65, r"is a link"),
    "workbook that is a bomb": (None, lambda p: zipped(p / "f.xlsx", {"xl/workbook.xml": b" " * (30 << 20)}), 65, r"unpacks to more than 200 times"),
    "10,001 members": (None, lambda p: zipped(p / "f.zip", {f"f{i}": "" for i in range(10_001)}), 65, r"must hold at most 10,000 files"),
    # RF2
    "inactive rows only": (None, lambda p: rf2_inactive(p / "s"), 65, r"must hold active concepts; all 4 are inactive"),
    "rf2 without descriptions": (None, lambda p: rf2_with(p / "s", "sct2_Desc*", bytes) and ([f.unlink() for f in (p / "s").rglob("sct2_Desc*")], p / "s")[1], 66, r"must hold x\?sct2_Description_Snapshot"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path, case):
    name, content, code, words = REFUSED[case]
    path = write(tmp_path / name, content) if name else content(tmp_path)
    if path.name == "readme.md":
        path = path.parent
    with pytest.raises(GraphembError, match=words) as caught:
        load_taxonomy(path)
    assert caught.value.exit_code == code
    assert len(str(caught.value)) < 10_000
    shown = CliRunner().invoke(main, ["taxonomies", "show", str(path)])
    assert shown.exit_code == code
    assert "bug" not in shown.output
    assert shown.stdout == ""


#: name → (file name, content, kinds of notes that must be there).
WARNED = {
    "dangling parent": ("f.csv", CSV + "a,A,zz\n", {"edge to an unknown node"}),
    "obsolete parent": ("f.obo", TERM.format("A", "a") + "is_obsolete: true\n\n" + TERM.format("B", "b") + "is_a: A\n", {"obsolete parent"}),
    "same stanza twice": ("f.obo", TERM.format("A", "a") * 2, {"node given twice"}),
    "unknown tag": ("f.obo", TERM.format("A", "a") + "colour: red\n", {"unknown tag 'colour'"}),
    "one label on two ids": ("f.csv", CSV + "a,A,\nb,A,\n", {"one label on two ids"}),
    "nfc and nfd ids": ("f.csv", CSV + "\u00e9,A,\ne\u0301,B,\n", {"ids that look alike"}),
    "1 beside 1.0": ("f.csv", CSV + "1,A,\n1.0,B,\n", {"ids that look alike"}),
    "doubled edge": ("f.csv", CSV + "a,A,\nb,B,a|a\n", {"edge given twice"}),
    "blanks around an id": ("f.csv", CSV + "a ,A,\nb,B, a\n", {"blanks around an id"}),
    "one alternate id on two nodes": ("f.csv", "id,label,alt_id\na,A,x\nb,B,x\n", {"one alternate id on two nodes, the first keeps it"}),
    "alternate id that is a node": ("f.csv", "id,label,alt_id\na,A,b\nb,B,\n", {"alternate id that is a node, kept as node"}),
    "concept without an iri": ("f.ttl", made.SKOS_NT + "[] a <http://www.w3.org/2004/02/skos/core#Concept> .", {"concept without an IRI, left out"}),
    "import": ("f.obo", "import: http://e/x.obo\n\n" + TERM.format("A", "a"), {"import not followed"}),
    "no label": ("f.csv", CSV + "a,,\n", {"node without a label"}),
    "punctuation only": ("f.csv", CSV + "a,?!,\n", {"label without a letter or digit"}),
    "newline in a cell": ("f.csv", CSV + 'a,"A\nB",\n', {"line break inside a name"}),
    "synonym of nothing": ("d/synonyms.tsv", "id\tsynonym\nzz\tx\n", {"synonym of an unknown node"}),
    "no edges": ("d/nodes.tsv", "id\tlabel\na\tA\n", {"no edges.tsv: every node is a root"}),
}  # fmt: skip


@pytest.mark.parametrize("case", WARNED)
def test_warned_about(tmp_path, case):
    name, content, kinds = WARNED[case]
    path = write(tmp_path / name, content)
    if name.startswith("d/"):
        path = path.parent
        if not (path / "nodes.tsv").exists():
            write(path / "nodes.tsv", "id\tlabel\na\tA\n")
            write(path / "edges.tsv", "child\tparent\n")
    taxonomy, notes, _ = read_taxonomy(path)
    assert set(notes.counts) == kinds
    assert taxonomy.n_nodes
    for places in notes.examples.values():
        assert all(place.startswith(str(path)) for place in places)
    with pytest.warns(UserWarning, match="×"):
        load_taxonomy(path)


def test_many_notes_are_counted_and_20_are_kept(tmp_path):
    file = write(tmp_path / "f.csv", CSV + "".join(f"n{i},N{i},zz\n" for i in range(500)))
    _, notes, _ = read_taxonomy(file)
    assert notes.counts["edge to an unknown node"] == 500
    assert len(notes.examples["edge to an unknown node"]) == 20
    assert notes.examples["edge to an unknown node"][0].startswith(f"{file}:2: ")


def test_many_problems_are_counted_and_20_are_said(tmp_path):
    file = write(tmp_path / "f.csv", CSV + "".join(f"a,N{i},\n" for i in range(500)))
    with pytest.raises(InputError, match=r"… and 479 more") as caught:
        load_taxonomy(file)
    assert str(caught.value).count("comes twice") == 20


#: Unusual but right: name → (file name, content, ids).
ACCEPTED = {
    "byte order mark": ("f.csv", b"\xef\xbb\xbf" + CSV.encode() + b"a,A,\n", ("a",)),
    "crlf": ("f.csv", CSV.replace("\n", "\r\n") + "a,A,\r\nb,B,a\r\n", ("a", "b")),
    "gzip under any name": ("f.csv", gzip.compress((CSV + "a,A,\n").encode()), ("a",)),
    "gzip obo": ("f.obo.gz", gzip.compress(TERM.format("A", "a").encode()), ("A",)),
    "several roots": ("f.csv", CSV + "a,A,\nb,B,\n", ("a", "b")),
    "emoji and right-to-left": ("f.csv", CSV + "🦴,עצם,\n", ("🦴",)),
    "ids as text": ("f.csv", CSV + f"007,a,\nNA,b,\n{'9' * 21},c,\n", ("007", "NA", "9" * 21)),
    "html and formula labels": ("f.csv", CSV + "a,<b>=1+1</b>,\n", ("a",)),
    "last line without its end": ("f.obo", TERM.format("A", "a").rstrip("\n"), ("A",)),
    "entities of namespaces": ("f.rdf", made.SKOS_XML, ("http://ex.org/t/1", "http://ex.org/t/2")),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted_without_a_word(tmp_path, case):
    name, content, ids = ACCEPTED[case]
    assert load_taxonomy(write(tmp_path / name, content)).ids == ids


@pytest.mark.parametrize("form", ["csv", "obo", "ttl"])
def test_a_chain_of_100_000_levels(tmp_path, form):
    n = 100_000
    lines = {
        "csv": lambda i: f"n{i},name {i},{f'n{i - 1}' if i else ''}\n",
        "obo": lambda i: f"[Term]\nid: n{i}\nname: name {i}\n" + (f"is_a: n{i - 1}\n" if i else ""),
        "ttl": lambda i: (
            f"<http://e/n{i}> a skos:Concept; skos:prefLabel 'name {i}'"
            + (f"; skos:broader <http://e/n{i - 1}> .\n" if i else ".\n")
        ),
    }[form]
    head = {"csv": CSV, "obo": "", "ttl": TTL}[form]
    file = write(tmp_path / f"f.{form}", head + "".join(map(lines, range(n))))
    t = load_taxonomy(file, **({"base": "http://e/"} if form == "ttl" else {}))
    assert t.depth.max() == n - 1
    assert t.parents(f"n{n - 1}") == (f"n{n - 2}",)


@pytest.mark.slow
def test_a_star_of_a_million(tmp_path):
    rows = "".join(f"n{i},name {i},hub\n" for i in range(1_000_000))
    t = load_taxonomy(write(tmp_path / "f.csv", CSV + "hub,Hub,\n" + rows))
    assert t.n_edges == 1_000_000
    assert len(t.children("hub")) == 1_000_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "f.csv")
    with pytest.raises(InputError, match="a pipe cannot be read twice"):
        load_taxonomy(tmp_path / "f.csv")


def test_no_library_asks_the_network_or_other_files(tmp_path):
    """The audit hook of conftest ends the test at a connection; here files are watched too."""
    file = write(tmp_path / "o.owl", made.OWL_XML)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load_taxonomy(file).n_nodes == 2
        assert load_taxonomy(write(tmp_path / "d.xml", made.MESH)).n_nodes == 3
