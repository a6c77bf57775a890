"""Time and memory of loading a large edge list: python benchmarks/graph_files.py [--edges N].

Writes files of random edges (whole numbers; texts with weights) in a temporary folder, loads each
in a process of its own and prints wall and processor seconds and the peak of memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

LOAD = """
import resource, sys, time, warnings
warnings.simplefilter("ignore")
start = time.perf_counter()
from graphemb import load_graph
graph = load_graph(sys.argv[1])
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"{graph}: {time.perf_counter() - start:.1f} s, "
      f"{used.ru_utime + used.ru_stime:.1f} processor s, {used.ru_maxrss / 1e6:.2f} GB")
"""


def write(path: Path, m: int, n: int, texts: bool) -> None:
    """Write m random edges between n nodes."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("source\ttarget\tweight\n" if texts else "")
        for _ in range(0, m, 1 << 18):
            ends = rng.integers(0, n, (1 << 18, 2)).tolist()
            if texts:
                file.writelines(f"ünit {u}\tnode:{v}\t{u % 97 / 8}\n" for u, v in ends)
            else:
                file.writelines(f"{u}\t{v}\n" for u, v in ends)


def main() -> None:
    """Write, load, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for texts in (False, True):
            path = Path(folder) / "edges.tsv"
            write(path, args.edges, args.nodes, texts)
            print("texts and weights" if texts else "whole numbers", path.stat().st_size, "bytes")
            subprocess.run([sys.executable, "-c", LOAD, str(path)], check=True)


if __name__ == "__main__":
    main()
