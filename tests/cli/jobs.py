"""What the tests of long jobs share: an input of everything, and what is in a folder."""

from __future__ import annotations

import csv

from graphemb.cli._workers import Died

WORDS = ("fry pan", "kettel", "", "?!", "sauce pan big", "asdf qwer", "tea\tspoon", "two\nlines")


def table(path, n, ending="\n"):
    """Write `n` rows with everything that a cell may hold."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator=ending)
        out.writerow(["id", "phrase", "uses"])
        out.writerows([f"{i:03}", WORDS[i % len(WORDS)], i] for i in range(n))
    return path


def content(folder):
    """Return the folder's files by name, the lock left out."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != ".lock"}


def given_up(*_):
    yield from (Died(5), Died(2))
