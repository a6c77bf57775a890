"""Damaged files: whatever a byte does, a loader gives a taxonomy or one of our errors."""

from __future__ import annotations

import json
import random
import shutil
import warnings
import zipfile

import pytest

from graphemb.errors import GraphembError
from graphemb.load import load_taxonomy
from tests.load import made
from tests.load.made import write


def _workbook(path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("id", "label", "parent"), ("a", "A", ""), ("b", "B", "a")):
        book.active.append(row)
    book.save(path)
    return path


#: name → a maker of (what to load, the file in it to damage).
SOURCES = {
    "obo": lambda p: (shutil.copy("fixtures/formats/small.obo", p / "f.obo"),) * 2,
    "tabular": lambda p: (shutil.copy("fixtures/formats/small_tabular.xml", p / "f.xml"),) * 2,
    "csv": lambda p: (write(p / "f.csv", 'id,label,parent\na,"A, x",\nb,B,a\n'),) * 2,
    "paths": lambda p: (write(p / "f.txt", "1 - A\n2 - A > B\n3 - A > B > C\n"),) * 2,
    "turtle": lambda p: (write(p / "f.ttl", made.SKOS_TTL),) * 2,
    "rdf": lambda p: (write(p / "f.rdf", made.SKOS_XML),) * 2,
    "ntriples": lambda p: (write(p / "f.nt", made.SKOS_NT),) * 2,
    "jsonld": lambda p: (write(p / "f.jsonld", made.SKOS_JSONLD),) * 2,
    "owl": lambda p: (write(p / "f.owl", made.OWL_XML),) * 2,
    "obographs": lambda p: (write(p / "f.json", made.OBOGRAPHS),) * 2,
    "fhir": lambda p: (write(p / "f.json", made.FHIR),) * 2,
    "claml": lambda p: (write(p / "f.xml", made.CLAML),) * 2,
    "mesh": lambda p: (write(p / "f.xml", made.MESH),) * 2,
    "wordnet": lambda p: (write(p / "data.noun", made.WORDNET),) * 2,
    "rf2": lambda p: (made.rf2(p / "r"), next((p / "r").rglob("sct2_Description*"))),
    "umls": lambda p: (made.umls(p / "u"), p / "u" / "MRCONSO.RRF"),
    "omop": lambda p: (made.omop(p / "o"), p / "o" / "CONCEPT.csv"),
    "esco": lambda p: (made.esco(p / "e"), p / "e" / "occupations_en.csv"),
    "xlsx": lambda p: (_workbook(p / "f.xlsx"),) * 2,
}


def damaged(data, rng):
    """Return `data` cut, with bytes changed, or with a piece doubled or lost."""
    out = bytearray(data)
    way = rng.randrange(5)
    if way == 0:
        return bytes(out[: rng.randrange(len(out))])
    if way == 1:
        for _ in range(rng.randint(1, 4)):
            out[rng.randrange(len(out))] = rng.randrange(256)
    elif way == 2:
        for _ in range(rng.randint(1, 4)):
            out[rng.randrange(len(out))] = rng.choice(b"\"<>{}[]&;\\\t\n |,:#@'")
    else:
        start = rng.randrange(len(out))
        piece = out[start : start + rng.randint(1, 60)]
        out[start:start] = piece * 2 if way == 3 else b""
        if way == 4:
            del out[start : start + len(piece)]
    return bytes(out)


def attempt(source, **options):
    """Return the taxonomy, or the message and exit code of an error of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return load_taxonomy(source, **options)
        except GraphembError as error:
            found = str(error), error.exit_code
    assert found[1] in (65, 66), found
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_a_damaged_file_gives_a_taxonomy_or_an_error_of_ours(tmp_path, name):
    source, file = SOURCES[name](tmp_path)
    assert not isinstance(attempt(source), tuple)
    with open(file, "rb") as opened:
        whole = opened.read()
    rng = random.Random(name)
    for _ in range(TRIES):
        write(tmp_path / "x", damaged(whole, rng)).replace(file)
        found = attempt(source)
        assert found, name


#: Damaged versions a format; 1,500 of each were tried once.
TRIES = 40


@pytest.mark.parametrize("name", ["obographs", "fhir", "jsonld"])
def test_json_of_another_shape(tmp_path, name):
    """Every value in turn becomes a number, a list, an object, null."""
    whole = {"obographs": made.OBOGRAPHS, "fhir": made.FHIR, "jsonld": made.SKOS_JSONLD}[name]
    file = tmp_path / ("f.jsonld" if name == "jsonld" else "f.json")
    loader = {"obographs": "obographs", "fhir": "fhir", "jsonld": "skos"}[name]
    places = list(_places(whole, ()))
    assert len(places) > 10
    for place in places:
        for other in (3, [], {}, None, [[1]], True):
            changed = json.loads(json.dumps(whole))
            _put(changed, place, other)
            write(file, changed)
            assert attempt(file, loader=loader)


def _places(value, way):
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, below in entries:
        yield (*way, key)
        yield from _places(below, (*way, key))


def _put(value, place, other):
    for key in place[:-1]:
        value = value[key]
    value[place[-1]] = other


def test_every_truncation_of_a_zip(tmp_path):
    folder = made.rf2(tmp_path / "r")
    packed = tmp_path / "r.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.rglob("*.txt")):
            out.write(file, file.relative_to(folder).as_posix())
    whole = packed.read_bytes()
    for cut in range(0, len(whole), 37):
        packed.write_bytes(whole[:cut])
        assert isinstance(attempt(packed), tuple)
