"""``graphemb map --explain``: reasons in words, and a picture of the neighbourhood."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from graphemb.cli._failures import printable
from graphemb.cli._outputs import check_output

if TYPE_CHECKING:
    from graphemb.map.explain import Explanation, Weighed
    from graphemb.map.mapper import PhraseMapper

__all__ = ["Explaining", "explaining_options"]

#: Candidates that are listed below the two that are compared.
_LISTED = 5
#: Options that say nothing of an explanation.
_UNUSED = {
    "output": "-o", "format_": "--format", "accept": "--accept",
    "min_probability": "--min-probability",
}  # fmt: skip


def explaining_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give `command` the options below; it gets them as ``explaining``, None without them."""

    @functools.wraps(command)
    def run(*args: Any, explain: bool, explain_svg: str | None, **given: Any) -> Any:
        wanted = Explaining(explain, explain_svg) if explain or explain_svg is not None else None
        return command(*args, explaining=wanted, **given)

    run = click.option(
        "--explain-svg", metavar="FILE", help="Draw the candidates of -p in their hierarchy."
    )(run)
    return click.option(
        "--explain", is_flag=True, help="Say for each -p why this node and not the next best."
    )(run)


@dataclass(frozen=True)
class Explaining:
    """What is to be explained, and how."""

    text: bool
    svg: str | None

    def run(
        self, mapper: Callable[[], PhraseMapper], phrases: Sequence[str], k: int,
        within: Sequence[str], restriction: Mapping[str, Any], backoff: float | None = None,
    ) -> None:  # fmt: skip
        """Explain `phrases` on standard output, or draw the one that there is.

        With `backoff`, the safe answer at that level follows what is said of the first ones.
        """
        self._check(phrases)
        fitted = mapper()
        if not hasattr(fitted, "explain"):
            raise click.UsageError(
                "--explain says why the default recipe ranked so; this model is of the recipe "
                "text2node, whose column evidence says all. Give a model of the default recipe, or "
                "leave --explain out."
            )
        options = dict(restriction) | ({"within": list(within)} if within else {})
        for phrase in phrases:
            found = fitted.explain(phrase, min(k, 1 + _LISTED), **options)
            if self.text:
                lines = _lines(found)
                if backoff is not None:
                    lines.append(_safe(fitted, phrase, backoff, options))
                click.echo(printable("\n".join(lines)) + "\n")
            if self.svg is not None:
                from graphemb.cli._picture import picture
                from graphemb.files import atomic_write

                with atomic_write(self.svg) as file:
                    file.write(picture(fitted.taxonomy_, found).encode("utf-8"))

    def _check(self, phrases: Sequence[str]) -> None:
        if not phrases:
            raise click.UsageError("--explain needs -p PHRASE.")
        if self.svg is not None and len(phrases) > 1:
            raise click.UsageError("--explain-svg draws one phrase; give one -p.")
        context = click.get_current_context()
        for name, option in _UNUSED.items():
            if context.params.get(name) is not None:
                raise click.UsageError(f"--explain takes no {option}.")
        check_output(None, self.svg)


def _safe(mapper: PhraseMapper, phrase: str, level: float, options: Mapping[str, Any]) -> str:
    """Return what `--backoff` answers, in a line."""
    best = mapper.map([phrase], k=1, backoff=level, **options).best(0)
    if best is None:
        return f"  safe answer at {level:.0%}: none; nothing is likely enough"
    called = f"{best.node} {best.label}".strip()
    relation = best.review.relation if best.review else ""
    return f"  safe answer at {level:.0%}: {called} ({relation}), {best.probability:.0%}"


def _lines(found: Explanation) -> list[str]:
    if not found.candidates:
        return [f"“{found.phrase}”", "  no node is allowed or at hand"]
    first, *others = found.candidates
    lines = [f"“{found.phrase}” → {_called(first)}, {first.probability:.0%}"]
    if found.below_bar:
        lines.append("  below the model's bar: graphemb map answers that nothing is likely enough")
    lines += _about(first)
    if others:
        second = others[0]
        lines.append(f"  runner-up: {_called(second)}, {second.probability:.0%}")
        lines += _about(second)
        lines += _why(found, first, second)
        lines += ["  then"] * (len(others) > 1)
        lines += [f"    {c.probability:4.0%}  {c.node:<10} {c.label}" for c in others[1:]]
    return lines


def _kind(kind: str) -> str:
    return "its label" if kind == "label" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _about(c: Weighed) -> list[str]:
    """Return what was said of a candidate, a line a source."""
    lines = [f"    path        {c.path}"]
    if c.read_as:
        lines.append(f"    read as     “{c.read_as}” {c.how}")
    lines.append(f"    name        “{c.matched}”, {_kind(c.kind)}")
    scores = ", ".join(f"{name} {score:.2f} (no. {n})" for name, (score, n) in c.retrievers.items())
    lines.append(f"    retrieved   {scores}")
    words = [
        f"{title} {', '.join(words[:8])}"
        for title, words in (("found:", c.held), ("missing:", c.missing), ("only in it:", c.extra))
        if words
    ]
    lines.append(f"    words       {'; '.join(words)}")
    if c.neighbours:
        near = ", ".join(f"{title} {value:.2f}" for title, value in c.neighbours.items())
        lines.append(f"    neighbours  {near}")
    return lines


def _called(c: Weighed) -> str:
    return f"{c.label} ({c.node})" if c.label else c.node


def _why(found: Explanation, first: Weighed, second: Weighed) -> list[str]:
    scores = f"score {second.score:.2f} against {first.score:.2f}"
    from graphemb.map.explain import PLACE_REASON

    lines = [f"  why it lost: {scores}, log-odds of the reranker"]
    if found.reasons and found.reasons[0].group == PLACE_REASON:
        # Scores of names and of places are not on one scale.
        lines = ["  why it lost: nodes with names and places are weighed by probability"]
    if first.rule and not second.rule:
        so = ", as it was read" if first.read_as else ""
        lines.append(
            f"    by rule     the phrase is a name of the winner{so}; likeness comes after that"
        )
    if first.weight != second.weight:
        lines.append(
            f"    by reading  the winner's counts {first.weight:.0%}, the runner-up's "
            f"{second.weight:.0%}"
        )
    for reason in found.reasons[:4]:
        side = "for the winner" if reason.effect > 0 else "for the runner-up"
        lines.append(f"    {abs(reason.effect):4.2f} {side}: {reason.group} ({reason.detail})")
    if found.reasons:
        lines.append(
            "    Each is what changing this alone would do to the score; they need not add up."
        )
    else:
        lines.append("    no group of features sets them apart")
    return lines
