"""The four formats: laws of each, escaping, sizes, the same bytes."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from graphemb.errors import MissingPackageError, UnknownNameError
from graphemb.report import RENDERERS
from graphemb.report._costs import costs
from graphemb.report._drawing import Chart, Series, draw
from graphemb.report.base import Results
from graphemb.scores import Score, ScoreTable
from tests.report.made import NASTY, results


class Page(HTMLParser):
    """What the tests ask of a page: tags with their attributes, headings, text."""

    VOID = frozenset({"meta", "link", "br", "use", "path", "img"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.ids, self.text, self.open = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def having(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def alone():
    """A page of one run."""
    return RENDERERS["html"]().render(results())


@pytest.fixture(scope="module")
def page():
    return Page(RENDERERS["html"]().render(results(), results(shift=0.01)))


@pytest.mark.parametrize("name", list(RENDERERS))
def test_laws_of_every_renderer(name):
    renderer = RENDERERS[name]()
    run = results()
    text = renderer.render(run)
    assert text.endswith("\n") and renderer.suffix.startswith(".")
    assert RENDERERS[name](**renderer.get_params()).render(results()) == text
    assert renderer.render(run, results(shift=0.1)) != text
    for empty in (Results(ScoreTable()), Results(ScoreTable([Score("", "", "x", "y", -1e300)]))):
        assert renderer.render(empty, empty)


def test_the_same_bytes_in_another_process(alone):
    code = (
        "import hashlib; from graphemb.report import RENDERERS; from tests.report.made import "
        "results; print(hashlib.sha256(RENDERERS['html']().render(results()).encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    assert done.stdout.strip() == hashlib.sha256(alone.encode()).hexdigest()


def test_a_page_is_one_file_without_script(page, alone):
    assert not page.having("script") and not page.having("iframe") and not page.having("img")
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert attrs.get(name, "#").startswith(("#", "data:,")), (tag, attrs)
    assert "@import" not in alone
    assert set(re.findall(r"url\((.)", alone)) <= {"#"}
    assert {"default-src 'none'"} == {
        a["content"].split(";")[0] for a in page.having("meta") if "http-equiv" in a
    }


def test_a_page_can_be_read_by_all(page):
    assert page.having("html")[0]["lang"] == "en"
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:]))
    assert page.having("th") and all("scope" in attrs for attrs in page.having("th"))
    assert len(page.ids) == len(set(page.ids))
    drawn = page.having("svg")
    assert len(drawn) == 6 + 2
    for attrs in drawn:
        assert attrs["role"] == "img"
        assert set(attrs["aria-labelledby"].split()) <= set(page.ids)
    for attrs in (a for a in page.having("div") if a.get("class", "").startswith("scroll")):
        assert attrs["tabindex"] == "0" and attrs["role"] == "region" and attrs["aria-label"]


def test_references_inside_drawings_hold(page):
    wanted = [a.get("xlink:href", "#")[1:] for a in page.having("use")]
    wanted += [a["clip-path"][5:-1] for _, a in page.tags if "clip-path" in a]
    assert wanted and set(wanted) <= set(page.ids)


def test_charts_only_where_there_are_rows():
    rows = [row for row in results().table if row.task == "reconstruction"]
    page = Page(RENDERERS["html"]().render(Results(ScoreTable(rows))))
    text = "".join(page.text)
    assert len(page.having("svg")) == 1
    for absent in ("train", "Reliability", "Accuracy by depth", "two dimensions", "Quality",
                   "wrong answers", "Failed", "Inputs"):  # fmt: skip
        assert absent not in text.split("How it was run")[0] or absent == "train"
    assert "0.1" in text and "a random order" in text


def test_memory_is_drawn_where_it_was_measured():
    def page(change):
        run = results()
        for i, cell in enumerate(run.cells):
            change(cell, i)
        return Page(RENDERERS["html"]().render(run))

    def told(page):
        text = "".join(page.text)
        return "Quality against seconds, g" in text, "Quality against memory, g" in text, (
            "MiB fitting" in text)  # fmt: skip

    assert told(page(lambda cell, i: None)) == (True, True, True)
    # Runs from before memory was measured, and systems that do not tell it.
    assert told(page(lambda cell, i: cell.pop("memory"))) == (True, False, False)
    unknown = page(lambda cell, i: cell.update(memory={"fit": None, "task": None}))
    assert told(unknown) == (True, False, False)
    # Too little to see is drawn at the axis' least; vectors made elsewhere cost nothing here.
    assert told(page(lambda cell, i: cell.update(memory={"fit": 0.0, "task": 0.0}))) == (
        True, True, False)  # fmt: skip
    assert told(page(lambda cell, i: cell["seconds"].update(fit=0.0))) == (False, False, True)


def test_costs_are_told_once_a_fit():
    run = results(methods=("a", "b"), seeds=(0, 1))
    twice = Results(run.table, run.name, (*run.cells, *run.cells), run.info)
    assert costs(twice) == costs(run)
    made = costs(run)  # the last cell, of b's second seed, failed
    assert [(c.method, c.seconds, c.memory, c.n_fits) for c in made] == [
        ("a dim=0", 1.0, 18.75, 2), ("b dim=8", 0.5, 12.5, 1),
    ]  # fmt: skip
    assert "| g | a dim=0 | 1.000 | 18.8 | 2 |" in RENDERERS["markdown"]().render(run)
    lines = map(json.loads, RENDERERS["jsonl"]().render(run).splitlines())
    assert [o["memory"] for o in lines if o["kind"] == "cost"] == [18.75, 12.5]
    for cell in run.cells:
        cell["memory"] = {"fit": None, "task": None}
    assert "| g | a dim=0 | 1.000 |  | 2 |" in RENDERERS["markdown"]().render(run)
    many = results(methods=[f"m{i}" for i in range(103)], seeds=(0,))
    for name in ("html", "markdown"):
        # The last of all cells failed: 102 were fitted.
        assert "2 more methods are in the cells" in RENDERERS[name]().render(many)
    assert costs(Results(run.table)) == ()


def same_markup(nasty, mild):
    nasty.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", nasty)
    page, plain = Page(nasty), Page(mild)
    assert [t for t, _ in page.tags if t != "use"] == [t for t, _ in plain.tags if t != "use"]
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("nasty", NASTY, ids=lambda text: ascii(text)[:20])
def test_text_stays_text_in_a_drawing(nasty):
    def drawn(text):
        series = (Series(text, (1.0, 2.0), (0.1, 0.2)), Series(f"b{text}", (1.0,), (0.3,)))
        return draw(Chart(text, f"x{text}", f"y{text}", series, ticks=(1.0, 2.0)), 0).svg

    same_markup(drawn(nasty), drawn("x"))
    assert "DOCTYPE" not in drawn(nasty)


def test_text_stays_text_in_a_page():
    def rendered(text):
        run = results(text=text, seeds=(0, 1))
        return RENDERERS["html"]().render(run, results(text=text, seeds=(0, 1), shift=0.1))

    page = rendered(" ".join(NASTY))
    same_markup(page, rendered("x"))
    assert "{{ 7*7 }}" in page
    assert "http://x.example" in html.unescape(page)


@pytest.mark.slow
@pytest.mark.parametrize("nasty", NASTY, ids=lambda text: ascii(text)[:20])
def test_each_text_stays_text_in_a_page(nasty):
    same_markup(*(RENDERERS["html"]().render(results(text=text)) for text in (nasty, "x")))


@pytest.mark.parametrize("nasty", NASTY, ids=lambda text: ascii(text)[:20])
def test_text_stays_text_in_markdown(nasty):
    text = RENDERERS["markdown"]().render(results(text=nasty), results(text=nasty, shift=0.1))
    mild = RENDERERS["markdown"]().render(results(text="x"), results(text="x", shift=0.1))
    assert text.count("\n") == mild.count("\n")
    assert "<" not in text and "://" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    bare = re.sub(r"\\\|", "", text)
    assert bare.count("|") == mild.count("|")


@pytest.mark.parametrize("nasty", NASTY, ids=lambda text: ascii(text)[:20])
def test_csv_and_json_lines_can_be_read_back(nasty):
    run = results(text=nasty)
    rows = list(csv.DictReader(io.StringIO(RENDERERS["csv"]().render(run))))
    assert len(rows) == len(run.table)
    assert {r["graph"] for r in rows} == {"g" + nasty}
    assert [float(r["value"]) for r in rows] == [r.value for r in run.table]
    lines = [json.loads(line) for line in RENDERERS["jsonl"]().render(run).split("\n")[:-1]]
    scores = [o for o in lines if o["kind"] == "score"]
    assert [Score(**{k: v for k, v in o.items() if k != "kind"}) for o in scores] == list(run.table)
    assert {"run", "finding", "failed", "skipped"} <= {o["kind"] for o in lines}


def test_csv_runs_no_formula():
    table = ScoreTable([Score("=1+1", "-x", "@t", "+m", -0.5)])
    (row,) = list(csv.reader(io.StringIO(RENDERERS["csv"]().render(Results(table)))))[1:]
    assert row[:5] == ["'=1+1", "'-x", "'@t", "'+m", "-0.5"]


def test_a_comparison_in_every_format():
    new, old = results(shift=0.2), results()
    text = RENDERERS["markdown"]().render(new, old)
    assert re.search(r"Of \d+ figures in both runs \d+ higher, 0 lower", text)
    rows = list(csv.DictReader(io.StringIO(RENDERERS["csv"]().render(new, old))))
    first = rows[0]
    assert (first["metric"], first["verdict"]) == ("map_exact", "higher")
    assert float(first["difference"]) == pytest.approx(0.2)
    kinds = [json.loads(x)["kind"] for x in RENDERERS["jsonl"]().render(new, old).splitlines()]
    assert kinds.count("difference") == len(rows) and "comparison" in kinds


def test_a_thousand_cells_stay_below_5_mb():
    run = results(tuple("abcdefghij"), tuple("klmnopqrst"), tuple(range(10)), nodes=1000)
    assert len(run.cells) == 1000
    text = RENDERERS["html"]().render(run, results(tuple("abcdefghij"), tuple("klmnopqrst")))
    assert len(text.encode()) < 5_000_000
    assert "more methods are not drawn" in text


def test_what_is_missing_is_named(monkeypatch):
    for package in ("matplotlib", "jinja2"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingPackageError, match=rf"{package}.*graphemb\[report\]"):
            RENDERERS["html"]().render(results())
        monkeypatch.undo()
    with pytest.raises(UnknownNameError, match="Did you mean 'html'"):
        RENDERERS["htm"]
