"""graphemb calibrate."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from graphemb.cli._outputs import check_output
from graphemb.cli._restricting import restricting_options

if TYPE_CHECKING:
    from graphemb.load._reviewed import Reviewed
    from graphemb.map.accept import AcceptancePolicy
    from graphemb.map.mapper import PhraseMapper

__all__ = ["calibrate_command"]

_EPILOG = """\b
Examples:
  graphemb calibrate my.model reviewed.csv --max-error 0.02 -o policy.json
  graphemb calibrate my.model reviewed.tsv --freq-col n --coverage 0.95 -o policy.json
  graphemb map rest.csv --model my.model --accept policy.json -o mapped.tsv
"""


@click.command("calibrate", epilog=_EPILOG)
@click.argument("model")
@click.argument("reviewed")
@click.option(
    "-o", "--output", "--policy", "output", metavar="POLICY",
    help="File to write; default: standard output.",
)  # fmt: skip
@click.option(
    "--max-error", default=0.02, show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of accepted rows that may be wrong; with --freq-col, of their volume.",
)  # fmt: skip
@click.option(
    "--confidence", default=0.95, show_default=True, type=click.FloatRange(0.5, 1, max_open=True),
    help="How sure the promise is.",
)  # fmt: skip
@click.option(
    "--coverage", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE",
    help="Also find the set of candidates that holds the right node of this share of phrases.",
)  # fmt: skip
@click.option("--text-col", help="Column that holds the phrases. Default: phrase.")
@click.option(
    "--id-col", "id_cols", multiple=True,
    help="Column with the right ids, several joined by |, none for no match; repeatable. Default: "
    "id, or the column review in what graphemb map wrote.",
)  # fmt: skip
@click.option("--freq-col", help="Column that says how often a phrase occurs: a whole number.")
@click.option(
    "--within", multiple=True, metavar="NODE", help="Answer only this node or below; repeatable."
)
@restricting_options
@click.option("-q", "--quiet", is_flag=True, help="No notes, no summary.")
def calibrate_command(
    model: str, reviewed: str, output: str | None, text_col: str | None, id_cols: tuple[str, ...],
    freq_col: str | None, within: tuple[str, ...], restriction: dict[str, Any], quiet: bool,
    **promise: Any,
) -> None:  # fmt: skip
    """Prove from REVIEWED phrases which answers of MODEL need no person.

    REVIEWED is a table of phrases with their right ids, or an output of graphemb map whose column
    review was filled in. It must be a sample of the phrases to map: not the easy ones, and none
    that MODEL was taught. The answer is a least probability above which, with --confidence, at most
    --max-error of the rows are wrong; graphemb map --accept applies it. Where the rows cannot prove
    it, nothing is written, exit code 65, and how many rows would be needed.
    """
    from graphemb.load._reviewed import read_reviewed
    from graphemb.map._accepting import calibrate_acceptance
    from graphemb.map.mapper import PhraseMapper

    check_output(reviewed, output)
    mapper = PhraseMapper.load(model)
    rows = read_reviewed(reviewed, mapper.taxonomy_, text_col, id_cols, freq_col)
    if within:
        restriction["within"] = list(within)
    kept = _untaught(mapper, rows, reviewed, quiet)
    policy = calibrate_acceptance(
        mapper, [rows.phrases[i] for i in kept], [rows.nodes[i] for i in kept],
        frequencies=None if freq_col is None else [rows.frequencies[i] for i in kept],
        answerable=[rows.answerable[i] for i in kept], restriction=restriction, **promise,
    )  # fmt: skip
    _write(policy, output)
    if not quiet:
        for line in _summary(policy, promise["coverage"]):
            click.echo(line, err=True)


def _untaught(mapper: PhraseMapper, rows: Reviewed, path: str, quiet: bool) -> list[int]:
    """Return the positions of the phrases that prove something; say what was left out."""
    from graphemb.errors import InputError
    from graphemb.map._accepting import taught

    known = taught(mapper, rows.phrases)
    kept = [i for i, there in enumerate(known.tolist()) if not there]
    notes = []
    if len(kept) < len(rows):
        notes.append(f"{len(rows) - len(kept):,} phrases that the model was taught are left out")
    if rows.n_open:
        notes.append(f"{rows.n_open:,} rows without a decision are left out")
    if rows.unknown_ids:
        name = mapper.taxonomy_.name
        notes.append(f"{len(rows.unknown_ids):,} ids are not in {name}: no answer can be right")
    if not quiet:
        for note in notes:
            click.echo(f"note: {path}: {note}", err=True)
    if not kept:
        raise InputError(
            f"{path}: must hold phrases that the model was not taught; it was taught all "
            f"{len(rows):,}. Keep some out of its --pairs."
        )
    return kept


def _write(policy: AcceptancePolicy, output: str | None) -> None:
    if output is None or output == "-":
        sys.stdout.buffer.write(policy.to_json().encode())
        sys.stdout.flush()
    else:
        policy.save(output)


def _summary(policy: AcceptancePolicy, coverage: float | None) -> list[str]:
    """Return what was proved, in words."""
    what = "volume" if policy.weighted else "rows"
    lines = [
        f"accept from a probability of {policy.threshold:.4f}: with {policy.confidence:.0%} "
        f"confidence at most {policy.max_error:.2%} of the accepted {what} is wrong "
        f"(supported: {policy.bound:.2%})",
        f"of {policy.n_reviewed:,} reviewed phrases {policy.n_accepted:,} are accepted "
        f"({policy.share:.0%})"
        + (f", {policy.volume:.0%} of the volume" if policy.weighted else "")
        + f"; {policy.n_wrong:,} of them wrong",
    ]
    if policy.max_frequency is not None:
        lines.append(
            f"phrases that occur more than {policy.max_frequency:,.0f} times are left to people"
        )
    if policy.set_threshold is not None:
        lines.append(
            f"candidates from a probability of {policy.set_threshold:.4f} hold the right node for "
            f"{policy.coverage:.0%} of phrases; {policy.mean_set_size:.1f} candidates on average"
        )
    elif coverage is not None:
        lines.append(
            f"note: no set of candidates can hold the right node for {coverage:.0%} of phrases: "
            f"too few rows (at least {round(1 / (1 - coverage)) - 1:,}), or too many right nodes "
            "that are no candidate"
        )
    return lines
