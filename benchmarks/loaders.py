"""How fast taxonomies load, and how much memory that takes, each in a process of its own.

    python benchmarks/loaders.py --data ../shared/data/taxonomies/raw
    python benchmarks/loaders.py --rf2 350000 --descriptions 1500000

``--rf2`` makes a SNOMED-like release of so many concepts (random names, 1.5 parents each, two
language reference sets) in a temporary folder, since SNOMED CT itself cannot be shipped. Prints a
table: wall and CPU seconds (median of three; one for RF2), peak memory in MB, nodes, synonyms.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

_LOAD = """
import resource, sys, time, json
from graphemb.load import read_taxonomy
wall, cpu = time.perf_counter(), time.process_time()
taxonomy, notes, _ = read_taxonomy(sys.argv[1], **json.loads(sys.argv[2]))
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
print(wall, cpu, peak, taxonomy.n_nodes, sum(map(len, taxonomy.synonyms.values())))
"""
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "ki", "lo", "mu", "ne")
_WORDS = [a + b for a in _SYLLABLES for b in ("rt", "sal", "men", "tic", "vok")]
_MODULE, _FSN, _SYNONYM = "900000000000207008", "900000000000003001", "900000000000013009"
_US, _GB = "900000000000509007", "900000000000508004"
_PREFERRED, _ACCEPTABLE = "900000000000548007", "900000000000549004"


def measured(source: Path, options: str = "{}", n: int = 3) -> list[float]:
    """Return wall, CPU, peak MB, nodes and synonyms of one load; the median run by wall time."""
    runs = []
    for _ in range(n):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _LOAD, str(source), options],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        runs.append([float(x) for x in done.stdout.split()])
    return sorted(runs)[n // 2]


def make_rf2(folder: Path, n_concepts: int, n_descriptions: int, seed: int = 0) -> Path:
    """Write a Snapshot in the published layout: one concept in ten is inactive."""
    rng = random.Random(seed)
    ids = [str(10_000_000 + i) for i in range(n_concepts)]
    live = ["0" if i % 10 == 9 else "1" for i in range(n_concepts)]

    def name() -> str:
        return " ".join(rng.choices(_WORDS, k=rng.randint(2, 6)))

    def table(file: str, header: str, rows) -> None:
        with (folder / file).open("w", encoding="utf-8", newline="\r\n") as out:
            out.write(header.replace(" ", "\t") + "\n")
            out.writelines("\t".join(row) + "\n" for row in rows)

    table("sct2_Concept_Snapshot_INT_20260101.txt",
          "id effectiveTime active moduleId definitionStatusId",
          ((concept, "20200101", on, _MODULE, "900000000000074008")
           for concept, on in zip(ids, live, strict=True)))  # fmt: skip
    terms = []

    def descriptions():
        for i in range(n_descriptions):
            concept = ids[i % n_concepts]
            kind, text = (_FSN, f"{name()} (finding)") if i < n_concepts else (_SYNONYM, name())
            terms.append((str(50_000_000 + i), kind))
            yield (terms[-1][0], "20200101", "1", _MODULE, concept, "en", kind, text, "ci")

    table("sct2_Description_Snapshot-en_INT_20260101.txt",
          "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId",
          descriptions())  # fmt: skip

    def relationships():
        for i in range(1, n_concepts):
            for parent in {rng.randrange(i) for _ in range(rng.randint(1, 2))}:
                if live[i] == "1" and live[parent] == "1":
                    yield (f"r{i}.{parent}", "20200101", "1", _MODULE, ids[i], ids[parent], "0",
                           "116680003", "900000000000011006", "900000000000451002")  # fmt: skip
            for _ in range(2):
                yield (f"a{i}", "20200101", "1", _MODULE, ids[i], ids[rng.randrange(i)], "1",
                       "363698007", "900000000000011006", "900000000000451002")  # fmt: skip

    table("sct2_Relationship_Snapshot_INT_20260101.txt",
          "id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId "
          "characteristicTypeId modifierId", relationships())  # fmt: skip
    table("der2_cRefset_LanguageSnapshot-en_INT_20260101.txt",
          "id effectiveTime active moduleId refsetId referencedComponentId acceptabilityId",
          ((f"u{term}{refset[-4]}", "20200101", "1", _MODULE, refset, term,
            _PREFERRED if i < 2 * n_concepts else _ACCEPTABLE)
           for refset in (_US, _GB) for i, (term, _) in enumerate(terms)))  # fmt: skip
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with hp.obo and stw-skos.ttl")
    parser.add_argument("--rf2", type=int, default=0, metavar="CONCEPTS")
    parser.add_argument("--descriptions", type=int, default=1_500_000)
    args = parser.parse_args()
    if not args.data and not args.rf2:
        parser.error("give --data or --rf2")
    print(f"{'file':<28}{'wall s':>8}{'cpu s':>8}{'MB':>8}{'nodes':>10}{'synonyms':>11}")

    def line(name: str, found: list[float]) -> None:
        wall, cpu, peak, nodes, synonyms = found
        print(f"{name:<28}{wall:>8.2f}{cpu:>8.2f}{peak:>8.0f}{nodes:>10.0f}{synonyms:>11.0f}")

    if args.data:
        line("hp.obo", measured(args.data / "hp.obo"))
        base = '{"base": "http://zbw.eu/stw/"}'
        line("stw-skos.ttl", measured(args.data / "stw-skos.ttl", base))
    if args.rf2:
        with tempfile.TemporaryDirectory() as made:
            folder = make_rf2(Path(made), args.rf2, args.descriptions)
            line(f"RF2, {args.rf2:,} concepts", measured(folder, n=1))


if __name__ == "__main__":
    main()
