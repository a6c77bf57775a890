"""Mapping phrases to nodes: retrieval, ranking, calibration, and mapping networks.

Adding a mapping network is a file here and a line in `NETWORKS`.
"""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["KIND", "MAPPERS", "NETWORKS"]

#: The kind of bundle a saved mapper is.
KIND = "phrase-mapper"

NETWORKS = Registry(
    "mapping network",
    {
        "bilstm": "graphemb.map.bilstm:BiLSTMNetwork",
        "cnn": "graphemb.map.cnn:CNNNetwork",
        "linear": "graphemb.map.linear:LinearNetwork",
        "mlp": "graphemb.map.mlp:MLPNetwork",
    },
)

#: Kinds of bundles that map phrases, and the classes that load them.
MAPPERS = Registry(
    "kind of model",
    {
        KIND: "graphemb.map.mapper:PhraseMapper",
        "text2node": "graphemb.map.text2node:Text2Node",
    },
)
