"""Node embeddings: graph to vectors. Adding one is a file here and a line in `EMBEDDERS`."""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["EMBEDDERS"]

EMBEDDERS = Registry(
    "node embedding",
    {
        "fastrp": "graphemb.embed.fastrp:FastRP",
        "hope": "graphemb.embed.hope:HOPE",
        "irwe": "graphemb.embed.irwe:IRWE",
        "node2vec": "graphemb.embed.node2vec:Node2Vec",
        "sdne": "graphemb.embed.sdne:SDNE",
    },
)
