"""A fitted Text2Node as a bundle, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.bundle import (
    Bundle,
    pack_strings,
    read_bundle,
    under,
    under_prefix,
    unpack_strings,
    write_bundle,
)
from graphemb.map._state import _taxonomy, usable
from graphemb.map._text2node_answers import PlaceIndex
from graphemb.map._text2node_parts import make_encoder, make_network
from graphemb.map._twins import Places
from graphemb.map.calibrate import Calibrator
from graphemb.map.names import NameTable

if TYPE_CHECKING:
    from graphemb.map.text2node import Text2Node

__all__ = ["TEXT2NODE", "load_text2node", "save_text2node"]

Array = np.ndarray[Any, Any]

#: The kind of bundle a saved Text2Node is.
TEXT2NODE = "text2node"


def save_text2node(mapper: Text2Node, path: str | Path) -> None:
    """Write `mapper` at `path`; see `graphemb.bundle` for the layout."""
    index: PlaceIndex = mapper.index_
    t, names = index.taxonomy, index.names
    arrays: dict[str, Array] = {
        "taxonomy.ids": pack_strings(t.ids), "taxonomy.labels": pack_strings(t.labels),
        "taxonomy.children": np.repeat(
            np.arange(t.n_nodes, dtype=np.int32), np.diff(t.parent_ptr)
        ),
        "taxonomy.parents": t.parent_rows,
        "names.texts": pack_strings(names.texts), "names.owners": names.owners,
        "names.kinds": names.kinds, "names.vectors": index.name_vectors,
        "places.vectors": index.places.vectors, "places.place": index.places.place,
        **under("encoder", index.encoder.to_arrays()),
        **under("network", index.network.to_arrays()),
        **under("calibrator", index.calibrator.to_arrays()),
    }  # fmt: skip
    synonyms = {n: [[s.text, s.scope, s.kind] for s in group] for n, group in t.synonyms.items()}
    about = {
        "name": t.name, "metadata": t.metadata, "alternates": t.alternates, "obsolete": t.obsolete,
    }  # fmt: skip
    write_bundle(
        path, kind=TEXT2NODE, arrays=arrays, config=mapper.get_params(),
        documents={"taxonomy": about, "synonyms": synonyms}, facts=mapper.facts_,
    )  # fmt: skip


def load_text2node(cls: type[Text2Node], path: str | Path) -> Text2Node:
    """Read the mapper that `save_text2node` wrote at `path`."""
    bundle = read_bundle(path, kind=TEXT2NODE)
    with usable(path):
        return _mapper(cls, bundle)


def _mapper(cls: type[Text2Node], bundle: Bundle) -> Text2Node:
    mapper = cls(**bundle.config)
    a, taxonomy = bundle.arrays, _taxonomy(bundle)
    names = NameTable(
        unpack_strings(a["names.texts"]), a["names.owners"], a["names.kinds"], taxonomy.n_nodes
    )
    places = Places(a["places.vectors"], a["places.place"], taxonomy.ids)
    encoder = make_encoder(mapper).from_arrays(under_prefix("encoder", a))
    network = make_network(mapper).from_arrays(under_prefix("network", a))
    calibrator = Calibrator.from_arrays(under_prefix("calibrator", a))
    mapper._set(
        PlaceIndex(taxonomy, names, a["names.vectors"], places, encoder, network, calibrator),
        dict(bundle.facts),
    )
    return mapper
