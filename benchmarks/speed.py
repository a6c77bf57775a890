"""How fast a trained mapper starts and maps, in processes of their own.

    python benchmarks/speed.py --model MODEL \\
        --phrases ../shared/data/taxonomies/icd10cm/truth_inclusion.tsv

Prints wall seconds of a cold ``graphemb map -p``, of ``graphemb --help``, and phrases a second in
batch with one process, with one process and two BLAS threads, with two processes, and with one
process without the compiled kernels: a second of wall time, and a CPU second (which other work on
the machine disturbs less).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from graphemb.tables import read_table

_BATCH = """
import sys, time, resource
from graphemb import PhraseMapper
mapper = PhraseMapper.load(sys.argv[1])
phrases = open(sys.argv[2], encoding="utf-8").read().split("\\n")
mapper.map(phrases[:128])
began, worked = time.perf_counter(), time.process_time()
mapper.map(phrases)
spent, worked = time.perf_counter() - began, time.process_time() - worked
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
heavy = (name in sys.modules for name in ("torch", "sklearn", "scipy"))
print(len(phrases) / spent, len(phrases) / worked, peak, *heavy)
"""


def command(*args: str, threads: int = 1, n: int = 5) -> float:
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    times = []
    for _ in range(n):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "graphemb", *args], env=env, check=True, capture_output=True
        )
        times.append(time.perf_counter() - began)
    return sorted(times)[n // 2]


def batch(model: str, file: Path, threads: int, **more: str) -> list[str]:
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    env |= more
    done = subprocess.run(
        [sys.executable, "-c", _BATCH, model, str(file)],
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--phrases", type=Path, required=True)
    parser.add_argument("--n", type=int, default=2000)
    args = parser.parse_args()
    table = read_table(args.phrases, required=("phrase", "split"))
    p, s = table.column("phrase"), table.column("split")
    phrases = [row[p] for row in table.rows if row[s] == "train"][: args.n]
    file = Path("out/speed.txt")
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(phrases), encoding="utf-8")
    size = sum(f.stat().st_size for f in Path(args.model).rglob("*") if f.is_file())
    print(f"model on disk: {size / 2**20:.0f} MiB")
    print(f"graphemb --help, median of 5: {command('--help'):.2f} s")
    one = command("map", "-p", "sugar diabetes", "--model", args.model)
    print(f"graphemb map -p …, cold process, median of 5: {one:.2f} s")
    for threads, kernels in ((1, ""), (2, ""), (1, "numpy")):
        speed, cpu, peak, *heavy = batch(args.model, file, threads, GRAPHEMB_KERNELS=kernels)
        print(
            f"batch, one process, {threads} BLAS threads{', NumPy only' * bool(kernels)}: "
            f"{float(speed):.0f} phrases/s, {float(cpu):.0f} a CPU second, peak "
            f"{float(peak):.0f} MiB; torch, sklearn, scipy imported: {', '.join(heavy)}"
        )
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: batch(args.model, file, 1), range(2)))
    print(
        f"batch, two processes: {sum(float(b[0]) for b in both):.0f} phrases/s in all, "
        f"{sum(float(b[1]) for b in both):.0f} by CPU seconds"
    )


if __name__ == "__main__":
    main()
