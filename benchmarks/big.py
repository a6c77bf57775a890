"""FastRP of a graph that no file of ours holds: R-MAT, 6.9M nodes and 103M edges, within 20 GB.

    python benchmarks/big.py [--nodes 6900000] [--edges 103000000] [--dim 128]

The graph is generated (R-MAT, Chakrabarti et al. 2004: a = .57, b = c = .19, d = .05), a block at
a time from seeds of their own, so it is the same on every machine; edges drawn twice count once.
Prints CPU seconds of each stage and the peak memory of the process so far.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

import graphemb as ge

QUADRANTS = (0.57, 0.19, 0.19, 0.05)
BLOCK = 1_000_000


def two_levels() -> tuple[np.ndarray, np.ndarray]:
    """Return, for each draw of 16 bits, two bits of the tail and two of the head."""
    chances = np.outer(QUADRANTS, QUADRANTS).ravel()
    found = np.searchsorted(np.cumsum(chances) * 65_536, np.arange(65_536), side="right")
    first, second = found // 4, found % 4
    return (
        (first // 2 * 2 + second // 2).astype(np.int32),
        (first % 2 * 2 + second % 2).astype(np.int32),
    )


def rmat(n: int, m: int, seed: int = 0) -> np.ndarray:
    """Return the edges of an R-MAT graph as sorted keys ``tail · n + head``, tail < head."""
    tails, heads = two_levels()
    levels = -(-int(n - 1).bit_length() // 2)
    keys = np.empty(m, np.int64)
    for block, start in enumerate(range(0, m, BLOCK)):
        size = min(BLOCK, m - start)
        draws = np.random.default_rng([seed, block]).integers(
            0, 65_536, (levels, size), dtype=np.uint16
        )
        u, v = np.zeros(size, np.int64), np.zeros(size, np.int64)
        for level in draws:
            u, v = u * 4 + tails[level], v * 4 + heads[level]
        u, v = u % n, v % n
        keys[start : start + size] = np.minimum(u, v) * n + np.maximum(u, v)
    keys.sort()
    fresh = np.append(True, keys[1:] != keys[:-1]) & (keys // n != keys % n)
    return keys[fresh]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=6_900_000)
    parser.add_argument("--edges", type=int, default=103_000_000, help="edges drawn")
    parser.add_argument("--dim", type=int, default=128)
    args = parser.parse_args()
    before = [time.process_time()]

    def told(what: str) -> None:
        now = time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"| {what} | {now - before[0]:.1f} | {peak:.2f} |", flush=True)
        before[0] = now

    print("| stage | CPU s | peak GiB so far |\n|---|---|---|", flush=True)
    keys = rmat(args.nodes, args.edges)
    told(f"generated {len(keys):,} edges")
    tails, heads = (keys // args.nodes).astype(np.int32), (keys % args.nodes).astype(np.int32)
    del keys
    graph = ge.Graph.from_arrays(tails, heads, nodes=args.nodes)
    del tails, heads
    filled = int((np.diff(graph.adjacency.indptr) > 0).sum())
    told(f"graph of {filled:,} nodes with edges and {args.nodes - filled:,} without")
    vectors = ge.FastRP(dim=args.dim).fit_transform(graph).vectors
    told(f"FastRP, dim {args.dim}")
    print(f"\nmean length of a vector: {np.linalg.norm(vectors[:100_000], axis=1).mean():.4f}")


if __name__ == "__main__":
    main()
