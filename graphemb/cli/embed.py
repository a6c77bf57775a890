"""graphemb embed."""

from __future__ import annotations

import inspect
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphemb.cli._method_options import MethodCommand, given
from graphemb.errors import InputError, StorageError
from graphemb.registry import Registry

if TYPE_CHECKING:
    from graphemb.embed.base import NodeEmbedder
    from graphemb.estimator import Progress
    from graphemb.graph import Graph

__all__ = ["embed_command"]

#: Parameters that options common to all methods set.
_OWN = {"dim": "--dim", "random_state": "--seed", "n_jobs": "--n-jobs"}


def _methods() -> Registry:
    from graphemb.embed import EMBEDDERS

    return EMBEDDERS


@click.command(
    "embed", cls=MethodCommand, registry=_methods, own=_OWN,
    epilog="Example:  graphemb embed edges.tsv --method fastrp --dim 64 -o nodes.parquet",
)  # fmt: skip
@click.argument("graph", metavar="GRAPH")
@click.option("--method", metavar="NAME", help="How to embed; see Methods. Required.")
@click.option("-o", "--output", metavar="OUT", help="File to write; its ending gives the format.")
@click.option(
    "--format", "format_", metavar="NAME",
    help="npz, parquet, projector, safetensors, word2vec or word2vec-binary. Default: by OUT's "
    "ending (.npz .parquet .tsv .safetensors .txt .vec .bin).",
)  # fmt: skip
@click.option(
    "--dim", default=128, show_default=True, type=click.IntRange(min=1), help="Length of a vector."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--n-jobs", type=int, help="Processors to use, for methods that can use several.")
@click.option(
    "--directed/--undirected", default=None,
    help="Whether edges have a direction. Default: as the file says; edge lists: undirected.",
)  # fmt: skip
@click.option("--unweighted", is_flag=True, help="Take every weight as 1.")
@click.option(
    "--graph-format", metavar="NAME",
    help="edgelist, graphml, mtx, npz or parquet. Default: as the file looks.",
)  # fmt: skip
@click.option(
    "--columns", metavar="A,B[,W]",
    help="Columns of the two ends and the weight. Default: source,target,weight.",
)  # fmt: skip
@click.option("--estimate", is_flag=True, help="Say what memory and time it will take, and stop.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
def embed_command(
    graph: str, method: str | None, output: str | None, format_: str | None, dim: int, seed: int,
    n_jobs: int | None, directed: bool | None, unweighted: bool, graph_format: str | None,
    columns: str | None, estimate: bool, quiet: bool, **options: Any,
) -> None:  # fmt: skip
    """Turn the nodes of a graph into vectors.

    GRAPH is an edge list (TSV, CSV or blanks: u v [weight]; one id alone is an isolated node), a
    Matrix Market file, a scipy npz, GraphML or a Parquet table; - is standard input. Beside OUT,
    OUT.manifest.json records input, method, parameters, seed, versions and checksums.
    """
    from graphemb.cli._progress import noted_warnings, progress_bar
    from graphemb.load import load_graph

    if method is None:
        raise click.UsageError(f"give --method NAME, one of {', '.join(_methods())}.")
    cls = _methods()[method]
    common = {"dim": dim, "random_state": seed, "n_jobs": n_jobs}
    embedder = cls(**_accepted(method, cls, given(common), quiet), **given(options))
    if not estimate:
        _check_output(graph, output, format_)
    with noted_warnings(quiet), progress_bar(quiet) as progress:
        if progress is not None:
            progress("reading the graph", 0.0)
        how = {} if columns is None else {"columns": [name.strip() for name in columns.split(",")]}
        read = load_graph(
            graph, format=graph_format, directed=directed, weighted=not unweighted, **how
        )
        if not estimate:
            _warn_of_memory(embedder, read)
            start = time.perf_counter()
            _fit(embedder, read, progress)
    if estimate:
        click.echo(_estimate(method, embedder, read))
        return
    from graphemb.cli._embedded import keep

    seconds = time.perf_counter() - start
    keep(graph, str(output), format_, method, embedder, read, seconds, quiet)


def _accepted(method: str, cls: Any, common: dict[str, Any], quiet: bool) -> dict[str, Any]:
    """Return the common settings that `cls` has; say which have no effect."""
    known = cls.parameters()
    if "n_jobs" in common and "n_jobs" not in known and not quiet:
        click.echo(f"note: {method} uses one processor; --n-jobs has no effect.", err=True)
    return {name: value for name, value in common.items() if name in known}


def _check_output(graph: str, output: str | None, format_: str | None) -> None:
    """Refuse before the work, not after it, what cannot be written."""
    from graphemb.vectors import VECTOR_FORMATS, format_of

    if output is None:
        raise click.UsageError("give -o OUT, the file to write, or --estimate.")
    place = Path(output)
    if place.is_dir():
        raise StorageError(f"{output}: is a folder; the output must be a file. Name one in it.")
    if place.exists() and not place.is_file():
        raise StorageError(f"{output}: must be a plain file, to be replaced. Name another.")
    if not place.parent.is_dir():
        raise StorageError(f"{output}: its folder must exist; {place.parent} does not. Make it.")
    VECTOR_FORMATS[format_ or format_of(output)]
    if graph != "-" and place.exists() and Path(graph).exists() and place.samefile(graph):
        raise InputError(f"{output}: is the input itself. Name another output.")


def _fit(embedder: NodeEmbedder, graph: Graph, progress: Progress | None) -> None:
    """Fit, with progress where the method tells of it."""
    if progress is None:
        embedder.fit(graph)
        return
    progress(f"embedding {graph.n_nodes:,} nodes", 0.0)
    if "progress" in inspect.signature(embedder.fit).parameters:
        embedder.fit(graph, progress=progress)  # type: ignore[call-arg]
    else:
        embedder.fit(graph)


def _estimate(method: str, embedder: NodeEmbedder, graph: Graph) -> str:
    memory, seconds = embedder.estimate(graph.n_nodes, int(graph.adjacency.nnz))
    memory, free = max(memory, _peak_so_far()), _free_memory()
    left = f" ({_size(free)} are free)" if free is not None else ""
    kind = "directed" if graph.directed else "undirected"
    return (
        f"graph:  {graph.n_nodes:,} nodes, {graph.n_edges:,} edges, {kind}\n"
        f"method: {method}, {getattr(embedder, 'dim', '?')} dimensions\n"
        f"memory: about {_size(memory)}{left}\n"
        f"time:   about {_duration(seconds)}"
    )


def _peak_so_far() -> int:
    """Return the most memory that reading the graph took, where the system tells."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _free_memory() -> int | None:
    """Return the bytes of memory that can still be had, where the system tells."""
    try:
        rows = dict(x.split(":", 1) for x in Path("/proc/meminfo").read_text("ascii").splitlines())
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None


def _warn_of_memory(embedder: NodeEmbedder, graph: Graph) -> None:
    needed = embedder.estimate(graph.n_nodes, int(graph.adjacency.nnz))[0]
    free = _free_memory()
    if free is not None and needed > free:
        click.echo(
            f"note: this takes about {_size(needed)} of memory and {_size(free)} are free; it may "
            "be stopped by the system. A smaller --dim takes less.", err=True,
        )  # fmt: skip


def _size(n: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(seconds, 0.1):.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
