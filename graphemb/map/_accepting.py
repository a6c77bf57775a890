"""From a mapper and reviewed phrases to a policy, or a refusal that says what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphemb.encode import normalise
from graphemb.errors import InputError, ParameterError
from graphemb.map._bounds import fewest_rows
from graphemb.map.accept import (
    AcceptancePolicy,
    Choice,
    choose_threshold,
    frequency_cap,
    set_threshold,
)
from graphemb.map.names import PAIR
from graphemb.map.restriction import Restriction

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["SET_DEPTH", "calibrate_acceptance", "fingerprint", "taught"]

Array = np.ndarray[Any, Any]

#: Candidates of a phrase among which a conformal set is looked for.
SET_DEPTH = 100
#: Points of the distribution of probabilities that a policy keeps.
_QUANTILES = 201
#: Shares of errors that are tried, so that a refusal can say what the rows would support.
_OFFERS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3)


def fingerprint(mapper: PhraseMapper) -> str:
    """Return a hash of what makes a mapper's probabilities: settings, data, ranking, calibration.

    Equal for a mapper and its saved copy; 16 hexadecimal digits.
    """
    about = [mapper.get_params(), mapper.facts_, mapper.rewriter_.rows]
    text = json.dumps(about, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    # In this order, and without prefixes: thresholds set before there were networks stay valid.
    ranker, calibrator = mapper.reranker_.ranker, mapper.reranker_.calibrator
    parts = [ranker.trees.to_arrays(), calibrator.to_arrays()]
    parts += [part.to_arrays() for part in (ranker.network, ranker.level) if part]
    for arrays in parts:
        for name in sorted(arrays):
            digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()[:16]


def taught(mapper: PhraseMapper, phrases: Sequence[str]) -> Array:
    """Return whether the mapper was taught each phrase: such an answer proves nothing, bool (n,).

    Found are the pairs that became names (``index_pairs``).
    """
    names, exact = mapper.index_.names, mapper.index_.exact
    return np.array(
        [any(names.kinds[row] == PAIR for row in exact.find(normalise(p))) for p in phrases], bool
    )


def calibrate_acceptance(
    mapper: PhraseMapper, phrases: Sequence[str], right: Sequence[Collection[str]],
    max_error: float = 0.02, confidence: float = 0.95, *,
    frequencies: Sequence[int] | None = None, answerable: Sequence[bool] | None = None,
    coverage: float | None = None, restriction: Mapping[str, Any] | None = None,
) -> AcceptancePolicy:  # fmt: skip
    """Map reviewed phrases and return the policy that their right nodes prove.

    Parameters
    ----------
    mapper : PhraseMapper
        Fitted, and not on these phrases (see `taught`).
    phrases : sequence of str
        Distinct, drawn like those to be mapped: a sample of them, not the easy ones.
    right : sequence of collections of str
        Node ids of which any is right; empty where no answer would be.
    max_error, confidence : float
        See `choose_threshold`.
    frequencies : sequence of int, optional
        How often each phrase occurs: the promise is then one of volume.
    answerable : sequence of bool, optional
        Whether some node is right at all; phrases for which none is do not count for sets.
    coverage : float, optional
        Of the conformal candidate sets.
    restriction : mapping, optional
        The arguments of ``map`` that restrict its answers: `within`, `depth`, ….

    Raises
    ------
    InputError
        When these rows cannot prove that promise; it says how many rows would be needed.

    """
    if not (len(phrases) == len(right) and len(phrases)):
        raise ParameterError(
            f"calibrate: needs as many right answers as phrases, at least one; got {len(phrases)} "
            f"and {len(right)}."
        )
    options = dict(restriction or {})
    answers = mapper.map(phrases, k=SET_DEPTH, min_probability=0.0, **options)
    first = np.array([row[0].probability if row else 0.0 for _, row in answers])
    wrong = np.array(
        [not row or row[0].node not in ids for (_, row), ids in zip(answers, right, strict=True)]
    )
    weight = None if frequencies is None else np.asarray(frequencies, np.float64)
    choice, cap = _chosen(first, wrong, weight, max_error, confidence)
    if choice is None:
        raise InputError(_refusal(first, wrong, weight, max_error, confidence))
    some = np.ones(len(phrases), bool) if answerable is None else np.asarray(answerable, bool)
    of_right = np.array([
        max((c.probability for c in row if c.node in ids), default=0.0)
        for (_, row), ids in zip(answers, right, strict=True)
    ])  # fmt: skip
    least = None if coverage is None else set_threshold(of_right[some], coverage)
    size = None
    if least is not None:
        size = float(np.mean([sum(c.probability >= least for c in row) for _, row in answers]))
    return AcceptancePolicy(
        choice.threshold, max_error, confidence, choice.bound, weight is not None, cap,
        len(phrases), choice.n_accepted, choice.n_wrong, choice.share, choice.volume,
        coverage if least is not None else None, least, size, fingerprint(mapper),
        Restriction.of(**options).facts(),
        tuple(np.round(np.quantile(first, np.linspace(0, 1, _QUANTILES)), 4).tolist()),
    )  # fmt: skip


def _chosen(
    first: Array, wrong: Array, weight: Array | None, max_error: float, confidence: float
) -> tuple[Choice | None, float | None]:
    """Return the threshold and, with weights, the largest frequency that it holds for."""
    if weight is None:
        return choose_threshold(first, wrong, max_error, confidence), None
    cap = frequency_cap(weight, first, max_error, confidence)
    within = np.where(weight <= cap, first, 0.0)
    return choose_threshold(within, wrong, max_error, confidence, weight), cap


def _refusal(
    first: Array, wrong: Array, weight: Array | None, max_error: float, confidence: float
) -> str:
    """Say why nothing can be promised, how many rows it takes, and what could be promised."""
    n, least = len(first), fewest_rows(max_error, 1.0 - confidence)
    head = (
        f"calibrate: to promise at most {max_error:.2%} wrong with {confidence:.0%} confidence "
        f"takes at least {least:,} accepted rows without an error, or more rows with some"
    )
    if weight is not None:
        head += "; by volume, as much weight as that many of the heaviest accepted rows"
    if n < least:
        return f"{head}; got {n:,} reviewed phrases. Review {least - n:,} more, or allow more."
    got = f"; {int((~wrong).sum()):,} of {n:,} first answers are right"
    for offer in _OFFERS:
        if offer > max_error:
            found, _ = _chosen(first, wrong, weight, offer, confidence)
            if found is not None:
                part = found.share if weight is None else found.volume
                what = "rows" if weight is None else "the volume"
                return (
                    f"{head}{got}. Review more, or allow more: these would support --max-error "
                    f"{offer:g} for {part:.0%} of {what}."
                )
    return f"{head}{got}, and no share up to {_OFFERS[-1]:.0%} is supported. Review more."
