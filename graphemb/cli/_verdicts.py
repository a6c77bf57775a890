"""What is said of each answer beside the eight columns: its relation, whether it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from graphemb.errors import InputError
from graphemb.export._rows import Delimited, JsonLines, cells_of, free
from graphemb.mappings import Candidate, Review
from graphemb.relations import NO_MATCH

if TYPE_CHECKING:
    from graphemb.load import Phrases
    from graphemb.map.accept import AcceptancePolicy
    from graphemb.map.mapper import PhraseMapper

__all__ = ["Verdicts", "read_policy"]


def read_policy(path: str, mapper: PhraseMapper, settings: dict[str, Any]) -> AcceptancePolicy:
    """Read a policy, and refuse one that says nothing about these answers."""
    from graphemb.map._accepting import fingerprint
    from graphemb.map.accept import AcceptancePolicy
    from graphemb.map.restriction import Restriction

    policy = AcceptancePolicy.load(path)
    if policy.model != fingerprint(mapper):
        raise InputError(
            f"{path}: must be calibrated on this model; it was on another ({policy.model}). Run "
            "graphemb calibrate with this one."
        )
    names = ("within", "not_within", "depth", "leaves_only", "ids")
    here = Restriction.of(**{n: settings[n] for n in names if settings.get(n)}).facts()
    if here != dict(policy.options):
        was = ", ".join(f"{k} {v}" for k, v in policy.options.items()) or "no restriction"
        now = ", ".join(f"{k} {v}" for k, v in here.items()) or "no restriction"
        raise InputError(
            f"{path}: must be calibrated under the same restriction; it was under {was[:80]}, now "
            f"there is {now[:80]}. Calibrate with these options."
        )
    return policy


class Verdicts:
    """Says of each answer how it relates, whether it is accepted, whether it is in the set."""

    def __init__(self, rows: Phrases, policy: AcceptancePolicy | None, relation: bool) -> None:
        self.policy, self.relation = policy, relation
        names = ["relation"] if relation else []
        if policy is not None:
            names += ["accepted"] + (["in_set"] if policy.set_threshold is not None else [])
        self.names, self.header = names, rows.header
        self.at = None if rows.freq_col is None else list(rows.header).index(rows.freq_col)
        self.first: list[float] = []
        self.accepted = self.uses = self.accepted_uses = 0
        if policy is not None and policy.weighted and self.at is None:
            click.echo(
                "note: the policy is one of volume; without --freq-col every phrase counts once.",
                err=True,
            )

    def around(self, writer: Any) -> Any:
        """Return `writer` with the verdicts added to what it writes."""
        if isinstance(writer, Delimited):
            return _Delimited(writer, self)
        return _JsonLines(writer, self) if isinstance(writer, JsonLines) else _People(writer, self)

    def of(self, row: Sequence[str], found: Sequence[Candidate]) -> list[dict[str, str]]:
        """Return the verdicts on each candidate, or the one on a no-match."""
        verdicts: list[dict[str, str]] = [{} for _ in found] or [{}]
        if self.relation:
            for verdict, c in zip(verdicts, found, strict=False):
                verdict["relation"] = c.review.relation
            if not found:
                verdicts[0]["relation"] = NO_MATCH
        if self.policy is not None:
            self._accept(self.policy, row, found, verdicts)
        return verdicts

    def _accept(
        self, policy: AcceptancePolicy, row: Sequence[str], found: Sequence[Candidate],
        verdicts: list[dict[str, str]],
    ) -> None:  # fmt: skip
        import numpy as np

        p = np.array([c.probability for c in found])
        text = "1" if self.at is None else row[self.at].strip() or "1"
        uses = int(text.removesuffix(".0"))
        frequency = None if self.at is None else np.array([uses])
        yes = bool(found) and bool(policy.accepts(p[:1], frequency)[0])
        inside = policy.in_set(p) if found else np.zeros(1, bool)
        for rank, verdict in enumerate(verdicts):
            verdict["accepted"] = "yes" if yes and rank == 0 else "no"
            if "in_set" in self.names:
                verdict["in_set"] = "yes" if inside[rank] else "no"
        self.first.append(found[0].probability if found else 0.0)
        self.accepted += yes
        self.uses += uses
        self.accepted_uses += uses * yes

    def say(self) -> None:
        """Say on standard error how much was accepted, and whether the phrases look strange."""
        policy = self.policy
        if policy is None or not self.first:
            return
        n = len(self.first)
        share = f"{self.accepted:,} of {n:,} phrases accepted ({self.accepted / n:.0%})"
        if self.at is not None and self.uses:
            share += f", {self.accepted_uses / self.uses:.0%} of the volume"
        what = "that volume is" if policy.weighted else "them are"
        click.echo(
            f"{share}: at most {policy.max_error:.2%} of {what} wrong with {policy.confidence:.0%} "
            "confidence, where phrases are like those reviewed",
            err=True,
        )
        if policy.unlike(self.first):
            click.echo(
                "warning: these phrases are unlike those reviewed (their probabilities are "
                "distributed otherwise), so the promise may not hold. Review some of them and run "
                "graphemb calibrate again.",
                err=True,
            )


class _Delimited(Delimited):
    """Rows with the verdicts after our eight columns."""

    def __init__(self, writer: Delimited, verdicts: Verdicts) -> None:
        super().__init__((), writer.delimiter, losses=writer.losses)
        self.header = [*writer.header, *(free(name, writer.header) for name in verdicts.names)]
        self.verdicts = verdicts

    def rows(
        self, row: Sequence[str], text: str, found: Sequence[Candidate], said: Review | None = None
    ) -> str:
        cells = [cells_of(c) for c in found] or [cells_of(None)]
        return "".join(
            self._line([*row, *eight, *verdict.values()])
            for eight, verdict in zip(cells, self.verdicts.of(row, found), strict=True)
        )


class _JsonLines(JsonLines):
    """Objects whose candidates have the verdicts as further fields."""

    def __init__(self, writer: JsonLines, verdicts: Verdicts) -> None:
        super().__init__(writer.header)
        self.verdicts = verdicts
        self._more: list[dict[str, str]] = []

    def rows(
        self, row: Sequence[str], text: str, found: Sequence[Candidate], said: Review | None = None
    ) -> str:
        self._more = self.verdicts.of(row, found) if found else []
        if not found:
            self.verdicts.of(row, found)
        return super().rows(row, text, found, said)

    def _review(self, review: Review) -> dict[str, Any]:
        # Called once a candidate, in their order.
        return self._more.pop(0) if self._more else {}


class _People:
    """A block for people with a line of verdicts on the first answer."""

    def __init__(self, writer: Any, verdicts: Verdicts) -> None:
        self.writer, self.verdicts = writer, verdicts

    def head(self) -> str:
        return str(self.writer.head())

    def rows(self, row: Sequence[str], text: str, found: Sequence[Candidate]) -> str:
        block = str(self.writer.rows(row, text, found)).rstrip("\n")
        first = self.verdicts.of(row, found)[0]
        said = ", ".join(f"{name} {value}" for name, value in first.items() if value)
        return f"{block}\n        verdict   {said}\n\n"
