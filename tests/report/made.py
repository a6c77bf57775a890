"""Runs made for tests: cells as `graphemb evaluate` writes them, of any size and with any text."""

from __future__ import annotations

import json
import random
from functools import lru_cache

from graphemb.report.base import Results
from graphemb.scores import Score, ScoreTable

#: Text that would be markup, script, a formula, a link, an order reversed, or no XML.
NASTY = (
    "<script>alert(1)</script>", "<img src=http://x.example/p.png onerror=alert(1)>",
    "=HYPERLINK(1)", "[a](http://x.example)", "\u202eright to left", "a\x00b\x1b[2J", "$x^{$",
    '" onmouseover="alert(1)', "{{ 7*7 }}", "]]>--><style>*{display:none}</style>", "表🚀é",
    "\ud800", "| a | b |", "</title></svg>", 'id="f0-t" href="#x" url(#x)',
)  # fmt: skip


def rows_of(graph, method, parameters, seed, shift=0.0):
    """Rows of four tasks, as the tasks write them."""
    rng = random.Random(ascii(f"{graph}{method}{parameters}{seed}"))
    value = 0.5 + shift + rng.random() / 100
    common = {"graph": graph, "method": method, "parameters": parameters, "seed": seed}
    rows = []
    for k in (1, 2, 3):
        rows += [
            Score(task="reconstruction", metric="map_exact", value=value / k, k=k, n=10, **common),
            Score(task="reconstruction", metric="map_exact_random", value=0.1, k=k, **common),
        ]
    for k in (10, 50):
        rows.append(
            Score(task="classification", metric="macro_f1", value=value, k=k, low=value - 0.1,
                  high=value + 0.1, split=f"{k} % train", **common)
        )  # fmt: skip
    for k in (1, 2, 3):
        p = k / 3 - 0.1
        rows += [
            Score(task="mapping", metric="reliability", value=p, k=k, low=p - 0.1, high=p + 0.1,
                  n=30, **common),
            Score(task="mapping", metric="reliability_probability", value=p, k=k, **common),
        ]  # fmt: skip
        rows.append(
            Score(task="mapping", metric="accuracy", value=p, k=1, split=f"depth={k}", **common)
        )
    return rows


def results(graphs=("g",), methods=("a", "b"), seeds=(0, 1, 2), *, shift=0.0, text="", nodes=30):
    """A run of graphs × methods × seeds; `text` stands wherever a user's text may."""
    cells, rows = [], []
    for graph in graphs:
        for i, method in enumerate(methods):
            for seed in seeds:
                made = rows_of(graph + text, method + text, f"dim={8 * i}", seed, shift + i / 5)
                rows += made
                cells.append(_cell(graph + text, method + text, f"dim={8 * i}", seed, nodes, text))
    info = {
        "schema": 1, "graphemb": "0.1.0", "versions": {"python": "3.11" + text},
        "platform": "here" + text, "seeds": list(seeds),
        "inputs": {graph + text: "ab" * 32 for graph in graphs},
        "skipped": ["hierarchy on g with a: the graph has no taxonomy" + text],
    }  # fmt: skip
    cells[-1] |= {
        "status": "failed", "error": {"kind": "InputError", "message": "why" + text},
    }  # fmt: skip
    return Results(ScoreTable(rows), "run" + text, tuple(cells), info)


@lru_cache
def _picture(nodes, text):
    rng = random.Random(0)
    return {
        "nodes": [f"n{i}" for i in range(nodes)],
        "x": [rng.random() for _ in range(nodes)], "y": [rng.random() for _ in range(nodes)],
        "labels": [f"c{i % 12}{text}" for i in range(nodes)],
    }  # fmt: skip


def _cell(graph, method, parameters, seed, nodes, text):
    return {
        "status": "done", "graph": {"name": graph, "n_nodes": nodes, "n_edges": 9,
                                    "directed": False, "sha256": "ab" * 32},
        "method": {"name": method, "text": parameters}, "task": {"name": "reconstruction"},
        "seed": seed, "seconds": {"fit": 0.5 + seed, "task": 1.0},
        "memory": {"fit": 12.5 * (seed + len(method)), "task": 3.0}, "notes": ["a note" + text],
        "error": None,
        "picture": _picture(nodes, text),
        "errors": [{"phrase": "p" + text, "answer": "a" + text, "answer_path": "r > a" + text,
                    "right": "b" + text, "right_path": "r > b" + text, "probability": 0.9}],
    }  # fmt: skip


def write(results_, folder):
    """Write results as a run's folder."""
    from dataclasses import asdict

    (folder / "cells").mkdir(parents=True)
    keys = []
    for i, cell in enumerate(results_.cells):
        key = f"{i:024x}"
        keys.append(key)
        mine = [
            asdict(row) for row in results_.table
            if (row.graph, row.method, row.parameters, row.seed)
            == (cell["graph"]["name"], cell["method"]["name"], cell["method"]["text"], cell["seed"])
        ]  # fmt: skip
        content = {"schema": 1, "key": key, **cell, "rows": mine}
        (folder / "cells" / f"{key}.json").write_text(json.dumps(content))
    info = {**results_.info, "cells": keys, "variants": {}, "failed": keys[-1:]}
    (folder / "run.json").write_text(json.dumps(info))
