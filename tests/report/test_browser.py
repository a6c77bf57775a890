"""The page in a real browser: nothing is fetched, nothing is wrong, and it fits a phone.

Needs Chromium (Debian: ``apt-get install chromium``). The accessibility check, slow, needs axe-core
too: ``npm install --prefix /tmp/axe axe-core`` and
``GRAPHEMB_AXE=/tmp/axe/node_modules/axe-core/axe.min.js pytest -m slow tests/report``.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graphemb.report import RENDERERS
from tests.report.made import NASTY, results

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
AXE = os.environ.get("GRAPHEMB_AXE", "")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def page():
    text = " ".join(NASTY)
    return RENDERERS["html"]().render(
        results(("g", "h"), text=text), results(("g", "h"), shift=0.1, text=text)
    )


def browse(path, *more, size="1280,900"):
    """Open a file; return the page's DOM as text, and what Chromium logged."""
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--disable-gpu", "--no-first-run", f"--window-size={size}",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={path.parent / 'profile'}", "--enable-logging=stderr",
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            *more, "--dump-dom", path.as_uri(),
        ],
        capture_output=True, timeout=120,
    )  # fmt: skip
    return done.stdout.decode(), done.stderr.decode(errors="replace")


def fetched(net):
    """Return the addresses beyond this machine that Chromium's log says were asked for.

    Its own services, which it asks whatever the page is, are at Google's.
    """
    asked = set(re.findall(r'"url":"([^"]+)"', net.read_text(errors="replace")))
    beyond = {url for url in asked if not re.match("chrome|data:|file:|about:", url)}
    return {url for url in beyond if not re.match(r"https?://[a-z0-9.-]*google", url)}


def test_nothing_is_fetched_and_the_console_is_silent(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    net = tmp_path / "net.json"
    dom, log = browse(path, f"--log-net-log={net}")
    assert dom.count("<svg") == page.count("<svg")
    assert "</html>" in dom
    assert [line for line in log.splitlines() if "CONSOLE" in line] == []
    assert fetched(net) == set()


def test_the_check_sees_requests_and_errors(tmp_path):
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><img src='https://x.example/p.png'><script>bad()</script>")
    net = tmp_path / "net.json"
    _, log = browse(path, f"--log-net-log={net}")
    assert [line for line in log.splitlines() if "CONSOLE" in line]
    assert fetched(net) == {"https://x.example/p.png"}


def test_a_page_fits_a_phone(page, tmp_path):
    path = tmp_path / "phone.html"
    path.write_text(
        "<!doctype html><title>phone</title><iframe style='width:390px;height:900px;border:0' "
        f'srcdoc="{html.escape(page)}"></iframe><p id=out>none</p><script>onload = () => {{'
        "const d = document.querySelector('iframe').contentDocument;"
        "d.querySelectorAll('details').forEach(e => e.open = true);"
        "const wide = [...d.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && "
        "e.getBoundingClientRect().right > 391).map(e => e.outerHTML.slice(0, 80));"
        "document.getElementById('out').textContent = JSON.stringify("
        "[d.documentElement.scrollWidth, d.querySelectorAll('table').length, wide]);}</script>",
        encoding="utf-8",
    )
    dom, _ = browse(path)
    found = re.search(r'<p id="out">(.*?)</p>', dom, re.S)
    width, tables, wide = json.loads(html.unescape(found[1]))
    assert tables > 5
    assert (width <= 390, wide) == (True, [])


@pytest.mark.slow
@pytest.mark.skipif(not AXE, reason="GRAPHEMB_AXE does not name axe-core's axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["", " x"])
def test_axe_finds_nothing_serious(text, scheme, tmp_path):
    page = RENDERERS["html"]().render(results(text=text), results(text=text, shift=0.1))
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    page = page.replace("<details>", "<details open>")
    if scheme == "dark":
        page = page.replace("(prefers-color-scheme: dark)", "(min-width: 1px)")
    run = (
        "axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(r => {"
        "const pick = v => [v.id, v.impact, v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3)];"
        "document.body.innerHTML = '<pre id=out></pre>';"
        "document.getElementById('out').textContent = JSON.stringify("
        "[r.violations.map(pick), r.incomplete.map(pick), r.passes.length]);})"
    )
    script = f"<script>{Path(AXE).read_text()}</script><script>onload = () => {run}</script>"
    path = tmp_path / "axe.html"
    path.write_text(page.replace("</body>", f"{script}</body>"), encoding="utf-8")
    dom, log = browse(path, "--virtual-time-budget=60000")
    found = re.search(r'<pre id="out">(.*?)</pre>', dom, re.S)
    assert found, log
    violations, unsure, passes = json.loads(html.unescape(found[1]))
    assert violations == []
    assert {name for name, *_ in unsure} <= {"color-contrast"}  # text in SVG: drawn on white
    assert passes > 15
