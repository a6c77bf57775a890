"""The three stages of Text2Node, and its calibration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphemb.encode import normalise
from graphemb.encode._word_encoder import WordEncoder
from graphemb.errors import InputError
from graphemb.estimator import Progress
from graphemb.map._clock import Clock
from graphemb.map._text2node_answers import LISTED, PlaceIndex, inputs_of
from graphemb.map._text2node_parts import make_embedder, make_encoder, make_network
from graphemb.map._tuning import make_plan
from graphemb.map._twins import Places
from graphemb.map.base import MappingNetwork
from graphemb.map.calibrate import Calibrator
from graphemb.map.names import LABEL, Name, NameTable, names_of
from graphemb.map.rerank import Query
from graphemb.mappings import Pair
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.map.text2node import Text2Node

__all__ = ["fit_text2node"]

Array = np.ndarray[Any, Any]

#: Held-out phrases that calibration uses at most, and below which names with slips help out.
MOST_CALIBRATING, FEWEST_CALIBRATING = 1500, 30


class _Clock(Clock):
    SHARES: ClassVar = {
        "reading names": (0.0, 0.01), "training word vectors": (0.01, 0.2),
        "embedding the taxonomy": (0.2, 0.45), "training the mapping network": (0.45, 0.95),
        "calibrating": (0.95, 1.0),
    }  # fmt: skip


def fit_text2node(
    mapper: Text2Node, taxonomy: Taxonomy, pairs: Sequence[Pair], corpus: Iterable[str] | None,
    progress: Progress | None,
) -> None:  # fmt: skip
    """Run the three stages, calibrate, and hand the parts to `mapper`."""
    if not taxonomy.n_edges:
        raise InputError(
            f"Text2Node.fit: taxonomy {taxonomy.name} must have edges, since nodes are known by "
            "their place; it has none. Use PhraseMapper."
        )
    encoder, network = make_encoder(mapper), make_network(mapper)
    clock = _Clock(progress)
    clock("reading names")
    plan = make_plan(taxonomy, names_of(taxonomy), pairs, True, mapper.random_state)
    taught = [name for name in plan.names if _is_text(name, taxonomy)]
    if not taught:
        raise InputError(f"Text2Node.fit: taxonomy {taxonomy.name} must have names; it has none.")
    texts = [name.text for name in taught]
    owners = np.array([name.owner for name in taught], np.int64)
    clock("training word vectors")
    encoder.fit(texts, corpus, progress=lambda _, x: clock("training word vectors", x))
    clock("embedding the taxonomy")
    places = _places(mapper, taxonomy)
    clock("training the mapping network")
    network.fit(
        inputs_of(encoder, network, texts), places.vectors[places.place[owners]],
        1.0 / np.bincount(owners, minlength=taxonomy.n_nodes)[owners],
        progress=lambda _, x: clock("training the mapping network", x),
    )  # fmt: skip
    clock("calibrating")
    names = NameTable.of(plan.names, taxonomy.n_nodes)
    blank = Calibrator(np.zeros(7), np.ones(7), np.zeros(8), 1.0)
    index = PlaceIndex(
        taxonomy, names, _vectors(encoder, names, taxonomy), places, encoder, network, blank
    )
    quality = _calibrate(index, plan.tuning, taught)
    names = NameTable.of(plan.final, taxonomy.n_nodes)
    index = PlaceIndex(
        taxonomy, names, _vectors(encoder, names, taxonomy), places, encoder, network,
        index.calibrator,
    )  # fmt: skip
    clock.stop()
    mapper._set(index, _facts(index, taught, network, quality))
    mapper.seconds_ = clock.seconds


def _is_text(name: Name, taxonomy: Taxonomy) -> bool:
    """Return whether a name is text: `names_of` names nodes without any by their id."""
    return name.kind != LABEL or bool(normalise(taxonomy.labels[name.owner]))


def _vectors(encoder: WordEncoder, names: NameTable, taxonomy: Taxonomy) -> Array:
    """Return the names' phrase vectors, float16; zeros where an id stands for a name."""
    rows = encoder.vectors(names.texts)
    blind = [not normalise(label) for label in taxonomy.labels]
    rows[names.labels[np.array(blind, bool)]] = 0.0
    return rows.astype(np.float16)


def _places(params: Text2Node, taxonomy: Taxonomy) -> Places:
    # With edges from child to parent every walk would end at the root after a few steps.
    graph = taxonomy.graph.to_undirected()
    vectors = make_embedder(params).fit_transform(graph).vectors
    return Places.of(taxonomy, vectors, centre=params.centre, merge=params.twins)


def _calibrate(
    index: PlaceIndex, tuning: Sequence[Query], taught: Sequence[Name]
) -> dict[str, Any]:
    """Set the index's calibrator and return the quality that it was fitted on."""
    about = "held-out phrases"
    queries = [query for query in tuning if query.weight >= 1.0]
    if len(queries) < FEWEST_CALIBRATING:
        about += " and names with slips"
        queries = [query for query in tuning if query.nodes]
    if not queries:
        about = "taught names, so probabilities are too high"
        queries = [Query(name.text, frozenset([name.owner])) for name in taught]
    step = max(1, -(-len(queries) // MOST_CALIBRATING))
    asked = queries[::step]
    found = index.ranked([query.phrase for query in asked], LISTED)
    rank = np.array(
        [
            next((i for i, entry in enumerate(entries, 1) if entry.node in query.nodes), 0)
            for entries, query in zip(found, asked, strict=True)
        ]
    )
    wrong = rank != 1
    in_list = float((rank[wrong] > 0).mean()) if wrong.any() else 1.0
    known = [i for i, entries in enumerate(found) if entries]
    if known:
        inputs = np.array([index.calibration_inputs(found[i], asked[i].phrase) for i in known])
        right = rank[known] == 1
        index.calibrator = Calibrator.fit(inputs, right, np.ones(len(known)), in_list)
    return {
        "measured_on": about, "phrases": len(rank),
        "accuracy@1": float((rank == 1).mean()),
        "accuracy@10": float(((rank > 0) & (rank <= 10)).mean()),
    }  # fmt: skip


def _facts(
    index: PlaceIndex, taught: Sequence[Name], network: MappingNetwork, quality: dict[str, Any]
) -> dict[str, Any]:
    t = index.taxonomy
    sizes = np.array([len(nodes) for nodes in index.places.members])
    return {
        "taxonomy": {
            "name": t.name, "nodes": t.n_nodes, "edges": t.n_edges, "sha256": t.sha256,
            **{k: str(v) for k, v in t.metadata.items() if not k.startswith("extensions:")},
        },
        "names": len(index.names),
        "training": {
            "names_taught": len(taught), "words": len(index.encoder.word_vectors_),
            "epochs": len(getattr(network, "losses_", ())),
            "nodes_that_share_a_place": int(sizes[sizes > 1].sum()),
        },
        "quality_on_held_out_phrases": quality,
    }  # fmt: skip
