"""Loaders: files to taxonomies, graphs, phrases and pairs.

Adding one is a file here and a line in `LOADERS` (taxonomies) or `GRAPH_LOADERS`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphemb.catalog import Catalog
from graphemb.errors import (
    InputError,
    MissingInputError,
    MissingPackageError,
    ParameterError,
    UnknownNameError,
    nearest,
    shown,
)
from graphemb.files import read_bytes
from graphemb.graph import Graph
from graphemb.load._additions import load_additions
from graphemb.load._jsonl import JsonText
from graphemb.load._mapped import load_mappings
from graphemb.load._pairs import PairFile, load_pairs
from graphemb.load._phrases import Phrases, read_phrases
from graphemb.load._streamed import PhraseFile
from graphemb.load._write import WRITERS, write_taxonomy
from graphemb.load.base import Notes
from graphemb.registry import Registry
from graphemb.taxonomy import Taxonomy

__all__ = [
    "GRAPH_LOADERS", "LOADERS", "WRITERS", "JsonText", "PairFile", "PhraseFile", "Phrases",
    "load_additions", "load_graph", "load_mappings", "load_pairs", "load_taxonomy",
    "read_phrases", "read_taxonomy", "write_taxonomy",
]  # fmt: skip

_EXTRAS = {"owl": "onto", "skos": "onto", "xlsx": "xlsx"}

LOADERS = Registry(
    "loader",
    {
        "claml": "graphemb.load.claml:ClamlLoader",
        "delimited": "graphemb.load.delimited:DelimitedLoader",
        "esco": "graphemb.load.esco:EscoLoader",
        "fhir": "graphemb.load.fhir:FhirLoader",
        "icd10cm": "graphemb.load.icd10cm:Icd10cmLoader",
        "mesh": "graphemb.load.mesh:MeshLoader",
        "obo": "graphemb.load.obo:OboLoader",
        "obographs": "graphemb.load.obographs:ObographsLoader",
        "omop": "graphemb.load.omop:OmopLoader",
        "owl": "graphemb.load.owl:OwlLoader",
        "paths": "graphemb.load.paths:PathsLoader",
        "rf2": "graphemb.load.rf2:Rf2Loader",
        "skos": "graphemb.load.skos:SkosLoader",
        "tsv": "graphemb.load.tsv:TsvFolderLoader",
        "umls": "graphemb.load.umls:UmlsLoader",
        "wordnet": "graphemb.load.wordnet:WordnetLoader",
        "xlsx": "graphemb.load.xlsx:XlsxLoader",
    },
    extras=_EXTRAS,
)

GRAPH_LOADERS = Registry(
    "graph loader",
    {
        "edgelist": "graphemb.load.edgelist:EdgeListLoader",
        "graphml": "graphemb.load.graphml:GraphmlLoader",
        "mtx": "graphemb.load.mtx:MatrixMarketLoader",
        "npz": "graphemb.load.npz:NpzGraphLoader",
        "parquet": "graphemb.load.parquet:ParquetGraphLoader",
    },
    extras={"parquet": "table"},
)

#: Asked in this order whether they know a file: the particular before the general.
_GRAPH_ORDER = ("parquet", "npz", "mtx", "graphml", "edgelist")
_ORDER = (
    "tsv", "rf2", "umls", "omop", "esco", "wordnet", "obo", "icd10cm", "claml", "mesh", "fhir",
    "obographs", "xlsx", "skos", "owl", "paths", "delimited",
)  # fmt: skip


#: How much of a file is looked at to know its format, in bytes.
_HEAD = 1 << 16
#: Endings that only loaders with an extra know: without it, say so.
_EXTRA_SUFFIXES = (".ttl", ".rdf", ".owl", ".nt", ".jsonld", ".xlsx", ".xlsm")
#: Endings of tables and plain text, for which no loader with an extra need be imported.
_PLAIN_SUFFIXES = (".csv", ".tsv", ".txt", ".obo")


def load_taxonomy(source: str | Path, *, loader: str | None = None, **options: Any) -> Taxonomy:
    """Return the taxonomy at `source`.

    Parameters
    ----------
    source : str or Path
        A name of the catalogue ("icd10cm"), a file, or a folder of tables. A path that exists goes
        before a name.
    loader : str, optional
        Name of the loader; found from the file when left out.
    **options
        Arguments of the loader.

    Warns
    -----
    UserWarning
        One line a kind of untidiness found, with a count and the first place.

    Raises
    ------
    MissingInputError, InputError, MissingPackageError, UnknownNameError, ParameterError

    Examples
    --------
    >>> load_taxonomy("fixtures/kitchen").n_nodes > 50
    True

    """
    taxonomy, notes, expected = read_taxonomy(source, loader=loader, **options)
    for line in notes.lines(without=expected):
        warnings.warn(f"{source}: {line}", UserWarning, stacklevel=2)
    return taxonomy


def read_taxonomy(
    source: str | Path, *, loader: str | None = None, **options: Any
) -> tuple[Taxonomy, Notes, Sequence[str]]:
    """Return the taxonomy at `source`, what was noted, and which notes its publisher's file has.

    As `load_taxonomy`, which turns the notes into warnings.
    """
    path, name = Path(source), str(source)
    facts: dict[str, str] = {}
    expected: Sequence[str] = ()
    if not path.exists() and _is_name(name):
        entry = Catalog.default()[name]
        path, loader, expected = entry.path(), loader or entry.loader, entry.expected
        options = {**entry.options, **options}
        facts = {"title": entry.title, "licence": entry.licence, "publisher": entry.publisher}
    elif not path.exists():
        raise MissingInputError(
            f"{source}: must be a file, a folder, or one of {', '.join(Catalog.default())}; "
            f"there is no such file.{nearest(name, Catalog.default())}"
        )
    chosen = loader or _loader_of(path)
    kind = LOADERS[chosen]
    known = kind().get_params()
    for option in options.keys() - known.keys():
        raise ParameterError(
            f"loader {chosen}: takes {', '.join(known) or 'no options'}; got {shown(option)}."
            f"{nearest(option, known)}"
        )
    taxonomy, notes = kind(**options).read(path)
    taxonomy.metadata.update(facts)
    if facts:
        taxonomy.name = name
    return taxonomy, notes, expected


def load_graph(
    source: str | Path, *, format: str | None = None, directed: bool | None = None,  # noqa: A002
    weighted: bool = True, **options: Any,
) -> Graph:  # fmt: skip
    """Return the graph in the file `source`.

    Nodes stand in order of first appearance, whatever their ids look like; formats that list
    nodes or rows (GraphML, Matrix Market, npz) keep that order.

    Parameters
    ----------
    source : str or Path
        A file, maybe gzipped; ``-`` is standard input.
    format : {"edgelist", "graphml", "mtx", "npz", "parquet"}, optional
        Found from the file's first bytes and its name when left out.
    directed : bool, optional
        Left out, it is as the file says; edge lists and tables, which say nothing, are
        undirected.
    weighted : bool
        Whether weights are read where the file has them; False makes them all 1.
    **options
        Arguments of the loader: ``delimiter`` of edge lists, ``weight`` of GraphML …

    Warns
    -----
    UserWarning
        One line a kind of untidiness, with a count and the first place: self-loops (kept),
        doubled edges (their weights are summed) and more.

    Raises
    ------
    MissingInputError, StorageError, InputError, UnknownNameError, MissingPackageError

    Examples
    --------
    >>> load_graph("fixtures/graphs/streets.tsv")
    Graph(7 nodes, 6 edges, undirected)

    """
    if str(source) != "-" and Path(source).is_dir():
        raise InputError(f"{source}: must be a file with a graph; it is a folder. Name a file.")
    data = read_bytes(source, zipped=True)
    if not data:
        raise InputError(f"{source}:1: must hold a graph; the file is empty.")
    if format is None:
        head = data[:4096]
        format = next(  # noqa: A001
            name for name in _GRAPH_ORDER if GRAPH_LOADERS[name]().sniff(str(source), head)
        )
    reader = GRAPH_LOADERS[format]().set_params(**options)
    graph: Graph
    content = [data]
    del data  # so that the reader alone holds it, and can let go of it before it makes a graph
    graph, notes = reader.read(str(source), content.pop(), directed, weighted)
    for line in notes.lines():
        warnings.warn(f"{source}: {line}", UserWarning, stacklevel=2)
    return graph


def _is_name(name: str) -> bool:
    """Return whether `name` can only be meant as a catalogue name."""
    if name in Catalog.default():
        return True
    if any(c in name for c in "./\\"):
        return False
    if nearest(name, Catalog.default()):
        raise UnknownNameError(
            f"{name}: is neither a file nor a known taxonomy.{nearest(name, Catalog.default())}"
        )
    return False


def _loader_of(path: Path) -> str:
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if head[:2] == b"\x1f\x8b":
            head = read_bytes(path)[:_HEAD]
        if not head.strip():
            raise InputError(f"{path}:1: must hold a taxonomy; the file is empty.")
    elif not path.is_dir():
        raise InputError(f"{path}: must be a file or folder; a pipe cannot be read twice. Save it.")
    name = path.name.lower().removesuffix(".gz")
    plain = path.is_dir() or name.endswith(_PLAIN_SUFFIXES)
    missing: MissingPackageError | None = None
    for loader in _ORDER:
        if plain and loader in _EXTRAS:
            continue
        try:
            if LOADERS[loader]().sniff(path, head):
                return loader
        except MissingPackageError as error:
            missing = missing or error
    if missing is not None and name.endswith(_EXTRA_SUFFIXES):
        raise missing
    raise InputError(
        f"{path}: no loader knows this file; tried {', '.join(_ORDER)}. "
        "Name one with loader=…, or make a table with the columns id, label, parent, synonyms."
    )
