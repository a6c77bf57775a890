"""Vectors kept, with a manifest beside them that says how they came about."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphemb import __version__

if TYPE_CHECKING:
    from graphemb.embed.base import NodeEmbedder
    from graphemb.graph import Graph

__all__ = ["keep"]


def keep(
    source: str, output: str, format_: str | None, method: str, embedder: NodeEmbedder,
    graph: Graph, seconds: float, quiet: bool,
) -> None:  # fmt: skip
    """Write the vectors to `output` and what made them to ``output.manifest.json``."""
    from graphemb.files import atomic_write, sha256_file
    from graphemb.vectors import format_of, write_embedding

    kind = format_ or format_of(output)
    write_embedding(embedder.embedding_, output, kind)
    used = ["numpy", "scipy", *(name for name in ("torch", "gensim") if name in sys.modules)]
    facts = {
        "format": "graphemb-run", "format_version": 1, "command": "embed",
        "input": {"path": source, "sha256": sha256_file(source)},
        "graph": {
            "n_nodes": graph.n_nodes, "n_edges": graph.n_edges, "directed": graph.directed,
        },
        "method": method,
        "parameters": {k: _plain(v) for k, v in embedder.get_params().items()},
        "output": {
            "path": output, "format": kind, "sha256": sha256_file(output),
            "n": len(embedder.embedding_), "dim": embedder.embedding_.dim,
        },
        "versions": {
            "graphemb": __version__, "python": platform.python_version(),
            **{name: metadata.version(name) for name in used},
        },
        "seconds": round(seconds, 2),
    }  # fmt: skip
    text = json.dumps(facts, ensure_ascii=False, indent=2, allow_nan=False, default=str)
    with atomic_write(f"{output}.manifest.json") as file:
        file.write(text.encode("utf-8", "surrogateescape") + b"\n")
    if not quiet:
        click.echo(
            f"{Path(output)}: {len(embedder.embedding_):,} vectors of {embedder.embedding_.dim} "
            f"numbers by {method} in {seconds:.1f} s ({kind}). How: {output}.manifest.json",
            err=True,
        )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
