"""What it cost to make the vectors, by graph and method."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from graphemb.report.base import Results, method_text

__all__ = ["Cost", "costs"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and MiB of a method's fit, means over `n_fits` seeds; None where not measured."""

    graph: str
    method: str
    seconds: float
    memory: float | None
    n_fits: int


def costs(results: Results) -> tuple[Cost, ...]:
    """Return the costs of what was fitted, in the order of the run.

    Cells that share a fit count once; vectors made elsewhere cost nothing here and are left out.
    """
    fits: dict[tuple[str, str], dict[object, tuple[float, float | None]]] = {}
    for cell in results.cells:
        seconds = cell.get("seconds", {}).get("fit")
        if cell.get("status") == "done" and seconds:
            name = method_text(cell["method"]["name"], cell["method"]["text"])
            by_seed = fits.setdefault((cell["graph"]["name"], name), {})
            by_seed.setdefault(cell.get("seed"), (seconds, cell.get("memory", {}).get("fit")))
    out = []
    for (graph, method), by_seed in fits.items():
        memory = [mib for _, mib in by_seed.values() if mib is not None]
        seconds = fmean(seconds for seconds, _ in by_seed.values())
        out.append(Cost(graph, method, seconds, fmean(memory) if memory else None, len(by_seed)))
    return tuple(out)
