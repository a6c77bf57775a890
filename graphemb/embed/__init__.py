"""Node embeddings: graph to vectors. Adding one is a file here and a line in `EMBEDDERS`."""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["EMBEDDERS"]

EMBEDDERS = Registry(
    "node embedding",
    {
        "fastrp": "graphemb.embed.fastrp:FastRP",
        "irwe": "graphemb.embed.irwe:IRWE",
    },
)
