from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from graphemb import Catalog
from graphemb.cli import main
from graphemb.load import LOADERS, load_taxonomy
from tests.load import made


def run(*args):
    return CliRunner().invoke(main, [str(a) for a in args])


def test_show_prints_counts_and_warnings():
    done = run("taxonomies", "show", "fixtures/formats/small.obo")
    assert done.exit_code == 0
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines() if line[0] != " ")
    assert facts["nodes"] == "3"
    assert facts["roots"] == "T:1 thing; T:4 orphan of the gone"
    assert facts["synonyms"] == "EXACT 1, BROAD 1"
    assert facts["obsolete"] == "1"
    assert "warning" in done.stdout
    assert "fixtures/formats/small.obo:29: 'T:4' → 'T:99'" in done.stdout
    assert done.stderr == ""


def test_show_takes_options_and_gives_json(tmp_path):
    file = made.write(tmp_path / "t.ttl", made.SKOS_TTL)
    done = run("taxonomies", "show", file, "--set", "also=all", "--set", "base=http://ex.org/t/",
               "--json")  # fmt: skip
    facts = json.loads(done.stdout)
    assert facts["languages"] == {"en": 2, "de": 3, "en-gb": 1}
    assert facts["with heir"] == 1
    assert facts["warnings"] == {"no label in en, another taken": 1}
    wrong = run("taxonomies", "show", file, "--set", "langauge=de")
    assert wrong.exit_code == 2
    assert "Did you mean 'language'" in wrong.stderr
    assert run("taxonomies", "show", file, "--set", "de").exit_code == 2
    assert run("taxonomies", "show", file, "--loader", "skoss").exit_code == 2


def test_the_list_says_what_to_do():
    out = run("taxonomies").stdout
    assert out.index("icd10cm") < out.index("agrovoc")
    assert "--set base=http://zbw.eu/stw/" in out
    rows = {row["name"]: row for row in json.loads(run("taxonomies", "--json").stdout)}
    assert rows["naics"]["options"]["by_prefix"] is True
    assert not rows["snomedct"]["ready"]


def test_formats_lists_every_loader_with_its_options():
    out = run("taxonomies", "formats").stdout
    lines = out.splitlines()
    assert {line.split()[0] for line in lines if line[:1].strip()} >= set(LOADERS)
    assert "options: language='en', also='', base='', syntax=''" in out
    assert lines[-1].endswith("obo, skos, tsv.")


WANTED = [
    "icd10cm", "icd9cm", "hpo", "doid", "mondo", "go", "cl", "uberon", "snomedct", "umls", "mesh",
    "loinc", "rxnorm", "esco", "onet", "isco", "naics", "unspsc", "google_products", "wordnet",
    "stw", "agrovoc", "eurovoc",
]  # fmt: skip


@pytest.mark.parametrize("name", WANTED)
def test_every_known_taxonomy_can_be_read_as_it_says(name):
    entry = Catalog.default()[name]
    assert entry.homepage.startswith("https://")
    assert entry.prefix
    assert entry.ready or entry.missing
    loader = LOADERS[entry.loader](**entry.options)
    assert loader.get_params().keys() >= entry.options.keys()


def test_tables_of_the_catalogue_in_their_published_columns(tmp_path):
    catalog = Catalog.default()
    loinc = made.write(
        tmp_path / "ComponentHierarchyBySystem.csv",
        'PATH_TO_ROOT,SEQUENCE,IMMEDIATE_PARENT,CODE,CODE_TEXT\n"",1,"",LP1,"Made-up"\n'
        '"LP1",1,"LP1",LP2,"Toys"\n"LP1.LP2",1,"LP2",1-8,"Toy count"\n',
    )
    t = load_taxonomy(loinc, loader=catalog["loinc"].loader, **catalog["loinc"].options)
    assert t.path("1-8") == ("Made-up", "Toys", "Toy count")
    onet = made.write(
        tmp_path / "Occupation Data.txt",
        "O*NET-SOC Code\tTitle\tDescription\n"
        "11-1011.00\tToy makers\tx\n11-1011.03\tBall makers\ty\n",
    )
    t = load_taxonomy(onet, loader="delimited", **catalog["onet"].options)
    assert t.parents("11-1011.03") == ("11-1011.00",)


def test_convert(tmp_path):
    out = tmp_path / "k.ttl"
    done = run("convert", "fixtures/kitchen", out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "58 nodes" in done.stderr
    assert load_taxonomy(out).labels == load_taxonomy("fixtures/kitchen").labels
    assert run("convert", "fixtures/kitchen", out).exit_code == 74
    assert run("convert", "fixtures/kitchen", out, "--force", "-q").stderr == ""
    same = run("convert", out, out, "--force")
    assert same.exit_code == 65
    assert "is the input itself" in same.stderr
    folder = tmp_path / "mine"
    made.write(folder / "letter.txt", "dear")
    other = run("convert", out, folder, "--force")
    assert other.exit_code == 74
    assert "holds other things" in other.stderr
    assert (folder / "letter.txt").exists()
    assert run("convert", out, tmp_path / "x.doc").exit_code == 2
    assert run("convert", out, tmp_path / "no" / "x.obo").exit_code == 66
    assert run("convert", tmp_path / "none.obo", tmp_path / "x.obo").exit_code == 66


def test_control_characters_never_reach_the_terminal(tmp_path):
    file = made.write(tmp_path / "f.csv", "id,label\na,\x1b[31mred\u202e\n")
    done = run("taxonomies", "show", file)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
