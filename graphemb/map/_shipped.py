"""The reranker and calibration that ship with the package, for taxonomies without any pairs.

It is learned by ``benchmarks/default_reranker.py`` from the train and dev splits of several
taxonomies; only numbers that describe candidates went in, no name and no node.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from graphemb.bundle import read_bundle
from graphemb.map.rerank import FEATURES, Reranker

__all__ = ["SHIPPED", "shipped_reranker"]

SHIPPED = Path(__file__).with_name("default_reranker")


@lru_cache(maxsize=1)
def shipped_reranker() -> Reranker | None:
    """Return the shipped reranker; None when it was made for other features than today's."""
    if not SHIPPED.exists():
        return None
    bundle = read_bundle(SHIPPED, kind="reranker")
    if tuple(bundle.config["features"]) != FEATURES:
        return None
    return Reranker.from_arrays(bundle.arrays)
