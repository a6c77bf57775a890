"""ScoreTable: tidy measurements, one row each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from graphemb.errors import InputError, ParameterError, shown

__all__ = ["SCHEMA_VERSION", "Score", "ScoreTable"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Score:
    """One measurement. `low` and `high` bound a 95 % interval; `n` counts what was measured on."""

    graph: str
    method: str
    task: str
    metric: str
    value: float
    parameters: str = ""
    k: int | None = None
    split: str = ""
    seed: int | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    seconds: float | None = None


_COLUMNS = tuple(f.name for f in fields(Score))


class ScoreTable:
    """An immutable list of `Score` rows.

    Examples
    --------
    >>> table = ScoreTable([Score("g", "m", "mapping", "accuracy", 0.5, k=1)])
    >>> table.value(metric="accuracy", k=1)
    0.5

    """

    def __init__(self, rows: Iterable[Score] = ()) -> None:
        self.rows = tuple(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Score]:
        return iter(self.rows)

    def __add__(self, other: ScoreTable) -> ScoreTable:
        return ScoreTable([*self.rows, *other.rows])

    def filter(self, **wanted: Any) -> ScoreTable:
        """Return the rows whose columns equal `wanted`."""
        _check_columns(wanted)
        return ScoreTable(
            row for row in self.rows if all(getattr(row, c) == v for c, v in wanted.items())
        )

    def stamped(self, **columns: Any) -> ScoreTable:
        """Return the same rows with some columns set to one value in all."""
        _check_columns(columns)
        return ScoreTable(replace(row, **columns) for row in self.rows)

    def value(self, **wanted: Any) -> float:
        """Return the value of the one row that equals `wanted`.

        Raises
        ------
        ParameterError
            When no row or several rows do.

        """
        found = self.filter(**wanted).rows
        if len(found) != 1:
            raise ParameterError(f"ScoreTable: one row must match {wanted}; {len(found)} do.")
        return found[0].value

    def to_json(self) -> str:
        """Return the table as JSON with its schema version."""
        content = {"schema": SCHEMA_VERSION, "rows": [asdict(row) for row in self.rows]}
        return json.dumps(content, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> ScoreTable:
        """Return the table that `to_json` wrote; a newer schema is refused."""
        content = json.loads(text)
        if content.get("schema") != SCHEMA_VERSION:
            raise InputError(
                f"ScoreTable: schema must be {SCHEMA_VERSION}; got {shown(content.get('schema'))}. "
                "Upgrade graphemb."
            )
        return cls(Score(**row) for row in content["rows"])

    def to_tsv(self) -> str:
        """Return the table as text with a header; empty cells stand for None."""
        lines = ["\t".join(_COLUMNS)]
        for row in self.rows:
            cells = (getattr(row, column) for column in _COLUMNS)
            lines.append("\t".join("" if cell is None else str(cell) for cell in cells))
        return "\n".join(lines) + "\n"


def _check_columns(names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(_COLUMNS))
    if unknown:
        raise ParameterError(f"ScoreTable: columns are {', '.join(_COLUMNS)}; got {unknown}.")
