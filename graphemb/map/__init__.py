"""Mapping phrases to nodes: retrieval, ranking, calibration, and mapping networks.

Adding a mapping network is a file here and a line in `NETWORKS`.
"""

from __future__ import annotations

from graphemb.registry import Registry

__all__ = ["KIND", "NETWORKS"]

#: The kind of bundle a saved mapper is.
KIND = "phrase-mapper"

NETWORKS = Registry("mapping network", {"linear": "graphemb.map.linear:LinearNetwork"})
