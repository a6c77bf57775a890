"""graphemb: map phrases to a taxonomy, and turn graphs into vectors.

Public names are imported when first touched, so that ``graphemb --help`` stays instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphemb.additions import Addition, Additions
    from graphemb.catalog import Catalog
    from graphemb.embed.fastrp import FastRP
    from graphemb.embed.hope import HOPE
    from graphemb.embed.irwe import IRWE
    from graphemb.embed.node2vec import Node2Vec
    from graphemb.embed.sdne import SDNE
    from graphemb.embedding import Embedding
    from graphemb.encode.contrastive import ContrastiveEncoder
    from graphemb.errors import BundleError, GraphembError, InputError, ParameterError
    from graphemb.graph import Graph
    from graphemb.load import (
        load_additions,
        load_graph,
        load_mappings,
        load_pairs,
        load_taxonomy,
    )
    from graphemb.map.accept import AcceptancePolicy
    from graphemb.map.mapper import PhraseMapper
    from graphemb.map.text2node import Text2Node
    from graphemb.mappings import Candidate, MappingSet, Pair
    from graphemb.scores import ScoreTable
    from graphemb.taxonomy import Synonym, Taxonomy
    from graphemb.vectors import load_embedding, write_embedding

__version__ = "0.1.0"

_PUBLIC = {
    "AcceptancePolicy": "map.accept",
    "Addition": "additions",
    "Additions": "additions",
    "BundleError": "errors",
    "Candidate": "mappings",
    "Catalog": "catalog",
    "ContrastiveEncoder": "encode.contrastive",
    "Embedding": "embedding",
    "FastRP": "embed.fastrp",
    "Graph": "graph",
    "GraphembError": "errors",
    "HOPE": "embed.hope",
    "IRWE": "embed.irwe",
    "InputError": "errors",
    "MappingSet": "mappings",
    "Node2Vec": "embed.node2vec",
    "Pair": "mappings",
    "ParameterError": "errors",
    "PhraseMapper": "map.mapper",
    "SDNE": "embed.sdne",
    "ScoreTable": "scores",
    "Synonym": "taxonomy",
    "Taxonomy": "taxonomy",
    "Text2Node": "map.text2node",
    "load_additions": "load",
    "load_embedding": "vectors",
    "load_graph": "load",
    "load_mappings": "load",
    "load_pairs": "load",
    "load_taxonomy": "load",
    "write_embedding": "vectors",
}

__all__ = [
    "HOPE",
    "IRWE",
    "SDNE",
    "AcceptancePolicy",
    "Addition",
    "Additions",
    "BundleError",
    "Candidate",
    "Catalog",
    "ContrastiveEncoder",
    "Embedding",
    "FastRP",
    "Graph",
    "GraphembError",
    "InputError",
    "MappingSet",
    "Node2Vec",
    "Pair",
    "ParameterError",
    "PhraseMapper",
    "ScoreTable",
    "Synonym",
    "Taxonomy",
    "Text2Node",
    "__version__",
    "evaluate",
    "load_additions",
    "load_embedding",
    "load_graph",
    "load_mappings",
    "load_pairs",
    "load_taxonomy",
    "write_embedding",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"graphemb.{_PUBLIC[name]}"), name)
    if name == "evaluate":
        return import_module("graphemb.evaluate")
    raise AttributeError(f"module 'graphemb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
