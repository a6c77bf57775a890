"""Prints the best rows of a mapped TSV as a table that fits the terminal: `make map` calls it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

SHOWN = 40


def cut(text: str, width: int) -> str:
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= width else text[: width - 1] + "…"


def main(path: str) -> None:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t")
    rows = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]
    best = [row for row in rows if row["rank"] == "1"]
    width = max(80, min(shutil.get_terminal_size((120, 24)).columns, 180))
    text = (width - 22) // 3
    print(f"\n{'phrase':<{text}}  {'sure':>4}  {'code':<9} {'meaning':<{text}}  why")
    print("-" * width)
    step = max(1, len(best) // SHOWN)
    for row in best[::step][:SHOWN]:
        sure = f"{float(row['probability']):4.0%}" if row["node"] else "   –"
        label = row["label"] or "no match in this taxonomy"
        print(
            f"{cut(row['phrase'], text):<{text}}  {sure}  {row['node']:<9} "
            f"{cut(label, text):<{text}}  {cut(row['evidence'], text)}"
        )
    none = sum(not row["node"] for row in best)
    print("-" * width)
    print(
        f"{len(best)} phrases, {len(best) - none} mapped, {none} without a match; "
        f"every {step}th is shown."
    )
    print(f"All candidates with probability, evidence and path: {path}")


if __name__ == "__main__":
    main(sys.argv[1])
