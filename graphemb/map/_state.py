"""A fitted mapper as a bundle, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
from graphemb.encode import CharGrams, SparseRows, WordTerms
from graphemb.encode.contrastive import ContrastiveEncoder
from graphemb.errors import BundleError, GraphembError
from graphemb.map import KIND
from graphemb.map._blind_state import blind_arrays, blind_from
from graphemb.map.index import MappingIndex, Parts, Tables
from graphemb.map.names import NameTable
from graphemb.map.rerank import FEATURES, Reranker
from graphemb.map.rewrite import Rewriter
from graphemb.taxonomy import Synonym, Taxonomy

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["load_mapper", "save_mapper"]

Array = np.ndarray[Any, Any]
Arrays = dict[str, Array]


def _sparse(rows: SparseRows) -> Arrays:
    return {
        "ptr": rows.ptr.astype(np.int64), "columns": rows.columns.astype(np.int32),
        "weights": rows.weights.astype(np.float16), "n_columns": np.array([rows.n_columns]),
    }  # fmt: skip


def _from_sparse(a: Mapping[str, Array]) -> SparseRows:
    return SparseRows(a["ptr"], a["columns"], a["weights"], int(a["n_columns"][0]))


def save_mapper(mapper: PhraseMapper, path: str | Path) -> None:
    """Write `mapper` at `path`; see `graphemb.bundle` for the layout."""
    index: MappingIndex = mapper.index_
    t, names, parts, tables = index.taxonomy, index.names, index.parts, index.tables
    children = np.repeat(np.arange(t.n_nodes, dtype=np.int32), np.diff(t.parent_ptr))
    arrays: Arrays = {
        "taxonomy.ids": pack_strings(t.ids), "taxonomy.labels": pack_strings(t.labels),
        "taxonomy.children": children, "taxonomy.parents": t.parent_rows,
        "names.texts": pack_strings(names.texts),
        "names.normalised": pack_strings(names.normalised),
        "names.owners": names.owners, "names.kinds": names.kinds,
        "grams.keys": parts.grams.keys, "grams.idf": parts.grams.idf,
        "terms.texts": pack_strings(parts.terms.terms), "terms.idf": parts.terms.idf,
        "words.vectors": parts.word_vectors, "words.basis": parts.word_basis,
        "nodes.vectors": parts.node_vectors, "nodes.map": parts.node_map,
        "tables.documents": tables.documents,
        "tables.name_ptr": tables.name_ptr, "tables.name_words": tables.name_words.astype(np.int32),
        "tables.node_keys": tables.node_keys, "tables.family_keys": tables.family_keys,
        "tables.phrase_vectors": tables.phrase_vectors,
        "tables.phrase_nodes": tables.phrase_nodes,
        **under("char", _sparse(tables.char)), **under("word", _sparse(tables.word)),
        **mapper.reranker_.to_arrays(),
    }  # fmt: skip
    if parts.translation is not None:
        for name, array in zip(("source", "target", "p"), parts.translation, strict=True):
            arrays[f"translation.{name}"] = array
    if parts.encoder is not None:
        encoder, terms = parts.encoder.to_arrays()
        arrays |= under("encoder", encoder) | {"encoder_terms": pack_strings(terms)}
    arrays |= under("blind", blind_arrays(index.blind))
    synonyms = {n: [[s.text, s.scope, s.kind] for s in group] for n, group in t.synonyms.items()}
    about = {
        "name": t.name, "metadata": t.metadata, "alternates": t.alternates, "obsolete": t.obsolete,
    }  # fmt: skip
    write_bundle(
        path, kind=KIND, arrays=arrays, config={**mapper.get_params(), "features": list(FEATURES)},
        documents={"taxonomy": about, "synonyms": synonyms, "lexicon": mapper.rewriter_.rows,
                   "ranking": {"exact_wins": mapper.reranker_.exact_wins},
                   "encoder": {"general": parts.encoder and parts.encoder.general}},
        facts=mapper.facts_,
    )  # fmt: skip


def load_mapper(cls: type[PhraseMapper], path: str | Path) -> PhraseMapper:
    """Read the mapper that `save_mapper` wrote at `path`."""
    bundle = read_bundle(path, kind=KIND)
    with usable(path):
        return _mapper(cls, bundle)


@contextmanager
def usable(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong while a model is put together from its bundle into a `BundleError`."""
    try:
        yield
    except GraphembError as error:
        raise BundleError(f"{path}: holds a model that cannot be used: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(
            f"{path}: holds a model that this graphemb cannot use "
            f"({type(error).__name__}: {error}). Train it again."
        ) from error


def _mapper(cls: type[PhraseMapper], bundle: Bundle) -> PhraseMapper:
    config = dict(bundle.config)
    if tuple(config.pop("features")) != FEATURES:
        raise BundleError("it was trained with other features. Train it again")
    mapper = cls(**config)
    a = bundle.arrays
    taxonomy = _taxonomy(bundle)
    names = NameTable(
        unpack_strings(a["names.texts"]), a["names.owners"], a["names.kinds"], taxonomy.n_nodes
    )
    names.set_normalised(unpack_strings(a["names.normalised"]))
    tables = Tables(
        _from_sparse(under_prefix("char", a)), _from_sparse(under_prefix("word", a)),
        a["tables.documents"], a["tables.name_ptr"],
        a["tables.name_words"].astype(np.int64), a["tables.node_keys"], a["tables.family_keys"],
        a["tables.phrase_vectors"], a["tables.phrase_nodes"],
    )  # fmt: skip
    general = bundle.documents.get("encoder", {}).get("general")
    index = MappingIndex(taxonomy, names, _parts(mapper, a, general), tables)
    index.blind = blind_from(index, under_prefix("blind", a))
    if index.blind is not None:
        names.nameless = index.blind.blind
    reranker = Reranker.from_arrays(a, bool(bundle.documents["ranking"]["exact_wins"]))
    rewriter = Rewriter([tuple(row) for row in bundle.documents["lexicon"]])
    mapper._set(index, reranker, rewriter, dict(bundle.facts))
    return mapper


def _taxonomy(bundle: Bundle) -> Taxonomy:
    a, about = bundle.arrays, bundle.documents["taxonomy"]
    ids = unpack_strings(a["taxonomy.ids"])
    synonyms = {
        node: [Synonym(*entry) for entry in group]
        for node, group in bundle.documents["synonyms"].items()
    }
    edges = zip(
        (ids[i] for i in a["taxonomy.children"].tolist()),
        (ids[i] for i in a["taxonomy.parents"].tolist()),
        strict=True,
    )
    return Taxonomy(
        ids, unpack_strings(a["taxonomy.labels"]), edges, synonyms,
        alternates=about["alternates"],
        obsolete={node: (label, heir) for node, (label, heir) in about.get("obsolete", {}).items()},
        name=about["name"], metadata=about["metadata"],
    )  # fmt: skip


def _parts(mapper: PhraseMapper, a: Mapping[str, Array], general: str | None) -> Parts:
    encoder = None
    if mapper.encoder:
        encoder = ContrastiveEncoder(dim=mapper.dim, general=general)
        encoder.from_arrays(under_prefix("encoder", a), unpack_strings(a["encoder_terms"]))
    translation = None
    if mapper.translation:
        translation = (a["translation.source"], a["translation.target"], a["translation.p"])
    return Parts(
        encoder, CharGrams(a["grams.keys"], a["grams.idf"]),
        WordTerms(unpack_strings(a["terms.texts"]), a["terms.idf"], bigrams=False),
        translation, a["words.vectors"], a["words.basis"], a["nodes.vectors"], a["nodes.map"],
    )  # fmt: skip
