"""AcceptancePolicy: which answers need no person, with a bound on how many of them are wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from graphemb.errors import InputError, ParameterError, shown
from graphemb.files import atomic_write, read_text
from graphemb.map._bounds import fewest_rows, tail, upper_bound, weighted_tail

if TYPE_CHECKING:
    from graphemb.map.mapper import PhraseMapper

__all__ = ["AcceptancePolicy", "Choice", "choose_threshold", "frequency_cap", "set_threshold"]

Array = np.ndarray[Any, Any]

FORMAT = "graphemb acceptance policy"
VERSION = 1
#: Thresholds go down the list of rows in steps of this factor; the sequence has at most so many
#: starts, each at twice the rows of the one before.
STEP, STARTS = 1.05, 4
#: Kolmogorov's constant of a one in a thousand chance; batches shorter than this are not judged.
_UNLIKE, _FEWEST_JUDGED = 1.95, 100


@dataclass(frozen=True)
class Choice:
    """A threshold and what the reviewed rows say of it.

    `bound` is the upper limit of the share of errors among what is accepted, at the level of the
    test that was passed; `share` and `volume` are accepted shares of rows and of weight.
    """

    threshold: float
    bound: float
    n_accepted: int
    n_wrong: int
    share: float
    volume: float


def _check(max_error: float, confidence: float) -> None:
    for name, value in (("max_error", max_error), ("confidence", confidence)):
        if not 0.0 < value < 1.0:
            raise ParameterError(
                f"AcceptancePolicy: {name} must lie between 0 and 1; got {shown(value)}."
            )
    if confidence < 0.5:
        raise ParameterError(
            f"AcceptancePolicy: confidence must be at least 0.5; got {shown(confidence)}."
        )


def _starts(n: int, max_error: float, level: float) -> dict[int, float]:
    """Return the rows at which the sequence starts, and the level that each start is given."""
    for number in range(STARTS, 0, -1):
        first = fewest_rows(max_error, level / number)
        ranks = [first << i for i in range(number)]
        if ranks[-1] <= n:
            return dict.fromkeys(ranks, level / number)
    return {}


def choose_threshold(
    probability: Array, wrong: Array, max_error: float, confidence: float,
    weight: Array | None = None,
) -> Choice | None:  # fmt: skip
    """Return the lowest threshold t with ``P(share wrong among p ≥ t exceeds ε) ≤ 1 - confidence``.

    Parameters
    ----------
    probability : float (n,)
        Of the first answer to each reviewed phrase; 0 where there was none: never accepted.
    wrong : bool (n,)
    max_error : float in (0, 1)
        ε: the share of accepted rows (of accepted weight, with `weight`) that may be wrong.
    confidence : float in [0.5, 1)
    weight : float (n,), optional
        How often each phrase occurs.

    Returns
    -------
    Choice or None
        None where no threshold can be promised.

    Notes
    -----
    Learn-then-test (Angelopoulos et al. 2021) with the fallback procedure (Wiens and Dmitrienko
    2005): thresholds are tested from high to low, each at the level that the one before passed on
    plus its own; levels stand at up to four starts, whose places depend on n alone, so a single
    early error does not end the search. A test is the exact binomial tail of the errors counted,
    or `weighted_tail` where weights differ. Order and places of the thresholds never look at
    `wrong`, so given the probabilities the promise holds for the mean risk of rows like these,
    whatever that risk looks like (Hoeffding 1956 on unequal Bernoulli trials), and for new rows of
    the same source where risk falls with probability. O(n log n + n · steps).

    Examples
    --------
    >>> p = np.linspace(0.5, 1.0, 400)
    >>> choice = choose_threshold(p, p < 0.6, 0.02, 0.95)
    >>> choice.n_wrong, choice.bound <= 0.02, 0.59 < choice.threshold < 0.65
    (1, True, True)

    """
    _check(max_error, confidence)
    usable = probability > 0 if weight is None else (probability > 0) & (weight > 0)
    order = np.argsort(-probability[usable], kind="stable")
    p, bad = probability[usable][order], wrong[usable][order].astype(bool)
    w = np.ones(len(p)) if weight is None else weight[usable][order].astype(np.float64)
    size = np.cumsum(w) / w.max(initial=1.0)  # rows, or what they weigh in heaviest rows
    equal = len(w) == 0 or bool(w.min() == w.max())
    # Rows of the same probability are accepted together: only the last of them can be an end.
    ends = np.flatnonzero(np.append(p[1:] != p[:-1], True)) + 1 if len(p) else np.zeros(0, int)
    level = 1.0 - confidence
    waiting = _starts(int(size[-1]) if len(p) else 0, max_error, level)
    best, carried, passed_on, next_size = 0, 0.0, 0.0, 0.0
    for end in ends.tolist():
        due = [rank for rank in waiting if rank <= size[end - 1]]
        if not due and not (passed_on > 0.0 and size[end - 1] >= next_size):
            continue
        here = passed_on + sum(waiting.pop(rank) for rank in due)
        lost = float(w[:end][bad[:end]].sum())
        if equal:
            chance = tail(int(bad[:end].sum()), end, max_error)
        else:
            chance = weighted_tail(lost, w[:end], max_error)
        passed_on = here if chance <= here else 0.0
        next_size = size[end - 1] * STEP
        if passed_on:
            best, carried = end, here
    if not best:
        return None
    everything = np.ones(len(probability)) if weight is None else weight
    return Choice(
        float(p[best - 1]), upper_bound(float(w[:best][bad[:best]].sum()), w[:best], carried),
        best, int(bad[:best].sum()), best / len(probability),
        float(w[:best].sum() / everything.sum()),
    )  # fmt: skip


def frequency_cap(
    weight: Array, probability: Array, max_error: float, confidence: float
) -> float:  # fmt: skip
    """Return the largest weight up to which rows can be accepted by rule.

    One wrong row of much weight breaks a promise on the volume alone, so rows above the cap are
    left to people: they are few. Of up to 24 caps the one is chosen that would let most weight be
    accepted if 1 - p of the rows were wrong, as the probabilities say; where they let nothing be
    accepted, the largest up to which all rows weigh three times `fewest_rows` of it. Which rows
    were wrong is never looked at, so the test that follows stays valid. O(n log n + 24² · n).
    """
    _check(max_error, confidence)
    order = np.argsort(-probability, kind="stable")
    order = order[(weight[order] > 0) & (probability[order] > 0)]
    p, w = probability[order], weight[order].astype(np.float64)
    if not len(w):
        return 0.0
    distinct = np.unique(w)
    places = np.unique(np.geomspace(1, len(distinct), 24).astype(int))
    enough = 3 * fewest_rows(max_error, 1.0 - confidence)
    heavy = [float(c) for c in distinct[places - 1] if w[w <= c].sum() / c >= enough]
    best, cap = 0.0, max(heavy, default=float(distinct[0]))
    for most in distinct[places - 1].tolist():
        kept = w <= most
        v, doubt = w[kept], w[kept] * (1.0 - p[kept])
        for end in np.unique(np.geomspace(1, len(v), 24).astype(int))[::-1].tolist():
            if v[:end].sum() <= best:
                break
            level = (1.0 - confidence) / STARTS
            if weighted_tail(float(doubt[:end].sum()), v[:end], max_error) <= level:
                best, cap = float(v[:end].sum()), most
                break
    return cap


def set_threshold(probability_of_right: Array, coverage: float) -> float | None:
    """Return τ so that the candidates with p ≥ τ hold the right node of a new phrase.

    ``P(p_right ≥ τ) ≥ coverage`` over reviewed and new phrases drawn alike: τ is the
    ⌊(n + 1)(1 - coverage)⌋-th smallest of `probability_of_right` (split conformal prediction;
    Vovk, Gammerman and Shafer 2005, proposition 4.1), which is 0 for a right node that is no
    candidate. None where that cannot be had: too few rows, or too many right nodes not found.
    """
    if not 0.0 < coverage < 1.0:
        raise ParameterError(f"coverage must lie between 0 and 1; got {shown(coverage)}.")
    rank = math.floor((len(probability_of_right) + 1) * (1.0 - coverage) + 1e-9)
    if rank < 1:
        return None
    found = float(np.sort(probability_of_right)[rank - 1])
    return found if found > 0 else None


@dataclass(frozen=True)
class AcceptancePolicy:
    """When an answer is accepted without a person: ``p ≥ threshold``, and how far that was proved.

    Attributes
    ----------
    threshold : float
        Least probability of an accepted first answer.
    max_error, confidence : float
        With `confidence`, at most `max_error` of what is accepted is wrong, as far as phrases are
        drawn like those reviewed.
    bound : float
        Upper limit of that share which the reviewed rows support, at most `max_error`.
    weighted : bool
        Whether the share is one of volume (frequency) rather than of rows.
    max_frequency : float or None
        Phrases that occur more often are left to people; see `frequency_cap`.
    n_reviewed, n_accepted, n_wrong, share, volume
        Of the reviewed phrases.
    coverage, set_threshold, mean_set_size : float or None
        The conformal candidate sets, see the function `set_threshold`.
    model : str
        Fingerprint of the mapper that was reviewed.
    options : mapping of str to str
        Restriction of the taxonomy under which it was reviewed.
    quantiles : tuple of float
        Of the first answers' probabilities, to notice phrases of another kind.

    """

    threshold: float
    max_error: float
    confidence: float
    bound: float
    weighted: bool
    max_frequency: float | None
    n_reviewed: int
    n_accepted: int
    n_wrong: int
    share: float
    volume: float
    coverage: float | None
    set_threshold: float | None
    mean_set_size: float | None
    model: str
    options: Mapping[str, str]
    quantiles: tuple[float, ...]

    def accepts(self, probability: Array, frequency: Array | None = None) -> Array:
        """Return for each first answer whether it needs no person, bool (n,)."""
        yes = np.asarray(probability) >= self.threshold
        if self.max_frequency is not None and frequency is not None:
            yes &= np.asarray(frequency) <= self.max_frequency
        return np.asarray(yes)

    def in_set(self, probability: Array) -> Array:
        """Return for each candidate whether it is in the conformal set of its phrase."""
        least = np.inf if self.set_threshold is None else self.set_threshold
        return np.asarray(np.asarray(probability) >= least)

    def unlike(self, probability: Sequence[float] | Array) -> bool:
        """Return whether first answers are less or more probable than the reviewed ones were.

        Kolmogorov and Smirnov's distance of the two samples, at a one in a thousand false alarm;
        never for fewer than 100 phrases.
        """
        new, old = np.sort(np.asarray(probability)), np.asarray(self.quantiles)
        if len(new) < _FEWEST_JUDGED or len(old) < 2:
            return False
        # The quantiles stand for n_reviewed rows; both curves are compared at all points of both.
        at = np.concatenate([new, old])
        theirs = np.interp(at, old, np.linspace(0.0, 1.0, len(old)))
        right = np.searchsorted(new, at, side="right") / len(new)
        left = np.searchsorted(new, at, side="left") / len(new)
        # Where many share one value the old curve jumps too: only what lies outside its jump.
        low = np.searchsorted(old, at, side="left") / len(old)
        high = np.searchsorted(old, at, side="right") / len(old)
        low, high = np.minimum(low, theirs), np.maximum(high, theirs)
        far = max(float((left - high).max()), float((low - right).max()), 0.0)
        limit = _UNLIKE * math.sqrt(1.0 / len(new) + 1.0 / self.n_reviewed)
        return far > limit + 1.0 / len(old)

    @classmethod
    def calibrated(
        cls, mapper: PhraseMapper, phrases: Sequence[str], right: Sequence[Collection[str]],
        max_error: float = 0.02, confidence: float = 0.95, **given: Any,
    ) -> AcceptancePolicy:  # fmt: skip
        """Return the policy that reviewed `phrases` prove for `mapper`.

        ``right[i]`` are the ids of which any is right for phrase i, none where no answer would be.
        `given` are `frequencies`, `coverage`, `answerable` and `restriction`; see
        ``graphemb.map._accepting.calibrate_acceptance``, which says more of each.

        Raises
        ------
        InputError
            When these phrases cannot prove the promise; it says how many would be needed.

        """
        from graphemb.map._accepting import calibrate_acceptance

        return calibrate_acceptance(mapper, phrases, right, max_error, confidence, **given)

    def save(self, path: str | Path) -> None:
        """Write the policy to `path` as JSON."""
        with atomic_write(path) as file:
            file.write(self.to_json().encode())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; see `from_json`."""
        return cls.from_json(read_text(path), str(path))

    def to_json(self) -> str:
        """Return the policy as JSON text."""
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "policy") -> Self:
        """Restore what `to_json` gave.

        Raises
        ------
        InputError
            When the text is no policy, one of a newer version, or holds a value out of its domain.

        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise InputError(f"{source}: must be JSON; {error}. Calibrate again.") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InputError(
                f"{source}: must be a policy that graphemb calibrate wrote; it is something else."
            )
        if content.get("version") != VERSION:
            raise InputError(
                f"{source}: must be of version {VERSION}; got {shown(content.get('version'))}. "
                "Calibrate again with this graphemb."
            )
        given = {field.name: content.get(field.name, ...) for field in fields(cls)}
        for name, value in given.items():
            if value is ... or not _fits(name, value):
                got = "nothing" if value is ... else shown(value)
                raise InputError(f"{source}: {name} is wrong; got {got}. Calibrate again.")
        return cls(**(given | {"quantiles": tuple(given["quantiles"])}))


def _fits(name: str, value: Any) -> bool:
    """Return whether `value` can be the field `name` of a policy."""
    if name in ("coverage", "set_threshold", "mean_set_size", "max_frequency") and value is None:
        return True
    if name == "weighted":
        return isinstance(value, bool)
    if name == "model":
        return isinstance(value, str)
    if name == "options":
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    if name == "quantiles":
        return isinstance(value, list) and all(_number(v, 1.0) for v in value)
    counts = ("n_reviewed", "n_accepted", "n_wrong", "max_frequency", "mean_set_size")
    return _number(value, math.inf if name in counts else 1.0)


def _number(value: Any, most: float) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value) and 0 <= value <= most
