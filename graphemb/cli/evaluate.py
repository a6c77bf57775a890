"""graphemb evaluate."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from graphemb.evaluate import Plan, Run
    from graphemb.scores import ScoreTable

__all__ = ["evaluate_command"]

_EPILOG = """\b
Examples:
  graphemb evaluate examples/plan.toml -o out/run --jobs 2
  graphemb evaluate edges.tsv --method fastrp --task reconstruction --set dim=64
  graphemb evaluate truth.tsv --model hpo.model --noise typo -o out/hpo
"""


@click.command("evaluate", epilog=_EPILOG)
@click.argument("target")
@click.option(
    "-o", "--output", metavar="RUN",
    help="Folder of the run: one file a cell, scores.tsv, run.json. What it holds is not measured "
    "again. Needed for a plan. With --model it holds the phrases of wrong answers too.",
)  # fmt: skip
@click.option("--method", "methods", multiple=True, metavar="NAME", help="For a graph; repeatable.")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="For a graph; repeatable.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="A parameter of the methods (dim=64) or of a task (reconstruction.hops=[1,2]).",
)  # fmt: skip
@click.option("--labels", metavar="FILE", help="Classes of a graph's nodes: node, tab, class.")
@click.option("--texts", metavar="FILE", help="Texts of a graph's nodes: node, tab, text.")
@click.option("--directed", is_flag=True, help="Edges of the list have a direction.")
@click.option("--seed", "seeds", multiple=True, type=click.IntRange(min=0), help="Default: 0.")
@click.option(
    "--model", metavar="MODEL",
    help="Measure this mapper; TARGET holds phrase, id and maybe split, kind, trivial, frequency.",
)  # fmt: skip
@click.option(
    "--noise", multiple=True, metavar="KIND",
    help="Also on disturbed phrases: typo, typos, order, abbreviation, truncation; repeatable.",
)  # fmt: skip
@click.option(
    "--backoff", "backoffs", multiple=True, type=click.FloatRange(0, 1, min_open=True), metavar="P",
    help="With --model: also the safe ancestor at this probability, the first answer, and its "
    "parent; repeatable.",
)  # fmt: skip
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--format", "format_", type=click.Choice(["table", "tsv", "json"]),
    help="Of the scores on standard output. Default: table; for a plan nothing, see RUN.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
def evaluate_command(
    target: str, output: str | None, jobs: int, format_: str | None, quiet: bool,
    model: str | None, noise: tuple[str, ...], backoffs: tuple[float, ...], **given: Any,
) -> None:  # fmt: skip
    """Measure graph embeddings: TARGET is a plan (PLAN.toml), an edge list or a taxonomy.

    A plan names graphs, methods, tasks and seeds; all combinations are measured, a list of values
    is a sweep, and a run that was stopped goes on where it was. With --model, TARGET is a table of
    phrases whose right nodes are known, and the mapper is measured on them.
    """
    from tempfile import TemporaryDirectory

    from graphemb.evaluate._plan import read_plan

    if model is not None:
        if given["methods"] or given["tasks"]:
            raise click.UsageError("--model takes no --method or --task.")
        table = _of_mapper(target, model, noise, backoffs, output, quiet)
        if output is None or format_ is not None:
            click.echo(_shown(table, format_ or "table"), nl=False)
        return
    if target.endswith(".toml"):
        asked = [name for name in ("methods", "tasks", "settings", "seeds") if given[name]]
        if asked or output is None:
            what = "needs -o RUN" if output is None else "names its own methods, tasks and seeds"
            raise click.UsageError(f"a plan {what}.")
        run = _measured(read_plan(target), output, jobs, quiet)
    else:
        format_ = format_ or "table"
        plan = _plan_of(target, **given)
        if output is not None:
            run = _measured(plan, output, jobs, quiet)
        else:
            with TemporaryDirectory() as folder:
                run = _measured(plan, folder, jobs, quiet)
    if format_ is not None:
        click.echo(_shown(run.table, format_), nl=False)
    _told(run, output, quiet)
    if run.failed:
        sys.exit(3)


def _measured(plan: Plan, output: str, jobs: int, quiet: bool) -> Run:
    from graphemb.cli._progress import progress_bar
    from graphemb.evaluate import run_plan

    if not plan.cells:
        raise click.UsageError("nothing can be measured: " + "; ".join(plan.skipped))
    with progress_bar(quiet) as progress:
        return run_plan(plan, output, jobs, progress)


def _plan_of(
    target: str, methods: tuple[str, ...], tasks: tuple[str, ...], settings: tuple[str, ...],
    labels: str | None, texts: str | None, directed: bool, seeds: tuple[int, ...],
) -> Plan:  # fmt: skip
    """Return the plan that the options stand for."""
    from graphemb.evaluate._plan import make_plan

    if not methods or not tasks:
        raise click.UsageError("a graph needs --method and --task, at least one each.")
    key = "taxonomy" if _is_taxonomy(target) else "edges"
    graph: dict[str, Any] = {key: target}
    graph |= {k: v for k, v in (("labels", labels), ("texts", texts)) if v is not None}
    if directed:
        graph["directed"] = True
    place = Path(target)
    name = place.parent.name if place.stem in ("edges", "graph") else place.stem
    content: dict[str, Any] = {
        "graphs": {name or target: graph},
        "methods": {name: {} for name in methods},
        "tasks": {name: {} for name in tasks},
        "seeds": list(seeds) or [0],
    }
    for setting in settings:
        path, equals, text = setting.partition("=")
        task, dot, parameter = path.rpartition(".")
        if not equals or not parameter or (dot and task not in tasks):
            raise click.UsageError(f"--set {setting}: must be KEY=VALUE or TASK.KEY=VALUE.")
        tables = [content["tasks"][task]] if dot else list(content["methods"].values())
        for table in tables:
            table[parameter] = _value(text)
    return make_plan(content, "graphemb evaluate", Path())


def _value(text: str) -> Any:
    """Return a TOML value; what is none is text."""
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def _is_taxonomy(target: str) -> bool:
    from graphemb.catalog import Catalog

    place = Path(target)
    if not place.exists():
        return target in Catalog.default()
    name = place.name.removesuffix(".gz")
    return place.is_dir() or name.endswith((".obo", ".csv", ".xml"))


def _of_mapper(
    target: str,
    model: str,
    noise: tuple[str, ...],
    backoffs: tuple[float, ...],
    output: str | None,
    quiet: bool,
) -> ScoreTable:
    """Return how good the mapper at `model` is on the phrases of `target`."""
    from graphemb.evaluate import mapping, read_truth, run_mapper
    from graphemb.map._loading import load_mapper

    truth, mapper = read_truth(target), load_mapper(model)
    unknown = sum(not any(n in mapper.taxonomy_ for n in right) for right in truth.nodes)
    if unknown and not quiet:
        name = mapper.taxonomy_.name
        click.echo(f"note: {unknown} phrases have no right node in {name}; all count.", err=True)
    if output is not None:
        return run_mapper(mapper, truth, output, model, target, noise, backoffs).table
    return mapping(mapper, truth.phrases, truth.nodes, truth.groups, noise, backoffs=backoffs)


def _shown(table: ScoreTable, format_: str) -> str:
    if format_ == "tsv":
        return table.to_tsv()
    if format_ == "json":
        return table.to_json() + "\n"
    rows = [("graph", "method", "seed", "task", "metric", "k", "split", "value", "interval", "n")]
    for r in table:
        method = f"{r.method} {r.parameters}".strip()
        between = "" if r.low is None or r.high is None else f"{r.low:.4f}–{r.high:.4f}"
        cells = (r.graph, method, r.seed, r.task, r.metric, r.k, r.split, f"{r.value:.4f}")
        rows.append(tuple("" if c is None else str(c) for c in (*cells, between, r.n)))  # type: ignore[arg-type]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "".join(line.rstrip() + "\n" for line in lines)


def _told(run: Run, output: str | None, quiet: bool) -> None:
    from graphemb.cli._failures import printable

    for cell in run.failed:
        where = f"{cell['task']['name']}, {cell['method']['name']} {cell['method']['text']}".strip()
        error = cell["error"]
        line = f"failed: {where}, {cell['graph']['name']}, seed {cell['seed']}: {error['message']}"
        click.echo(printable(f"{line} ({error['kind']})"), err=True)
    if quiet:
        return
    notes = dict.fromkeys(note for cell in run.cells for note in cell.get("notes", ()))
    for line in (*notes, *(f"left out: {reason}" for reason in run.info["skipped"])):
        click.echo(printable(f"note: {line}"), err=True)
    if output is not None:
        done = len(run.cells) - len(run.failed)
        click.echo(f"{output}: {done} of {len(run.cells)} cells measured", err=True)
