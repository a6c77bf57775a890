"""PhraseMapper: from phrases to ranked nodes with probabilities and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from graphemb.encode.base import checked_phrases
from graphemb.errors import ParameterError, shown
from graphemb.estimator import Estimator, Progress
from graphemb.map._answers import Answers
from graphemb.map.backoff import SUPPORT, Backoff
from graphemb.map.index import MappingIndex
from graphemb.map.rerank import Reranker
from graphemb.map.restriction import Restriction
from graphemb.map.rewrite import Rewriter
from graphemb.mappings import MappingSet, Pair
from graphemb.taxonomy import Taxonomy

if TYPE_CHECKING:
    from graphemb.additions import Additions
    from graphemb.map.explain import Explanation

__all__ = ["PhraseMapper"]

Array = np.ndarray[Any, Any]


class PhraseMapper(Estimator):
    """Maps phrases to the nodes of a taxonomy; learns from the taxonomy alone, better with pairs.

    The parts, each of which can be switched off to see what it gives: names are retrieved by
    exact text, character n-grams, words with learned translation, and a contrastively trained
    phrase encoder; the union of the best is described by some seventy features, among them the
    candidate's place in the hierarchy; boosted trees order it, with pairs together with a small
    network that reads the words (`ListNet`); a logistic calibration turns scores into
    probabilities; a low bar answers "nothing here".

    Parameters
    ----------
    graph, encoder, translation, reranker : bool
        Whether the hierarchy, the phrase encoder, word translation and the learned order are used.
    index_pairs : bool
        Whether the phrases of the pairs become names that can be found again.
    general : {"auto", "none", "wordllama"}
        Knowledge of general English that the encoder starts from, a name in ``ENCODERS``; "auto"
        takes wordllama where ``graphemb[general]`` is installed. ``facts_`` tells what was taken;
        such a model needs the package to answer.
    fast : bool
        Train once and shorter, in a fraction of the time, at some cost in accuracy.
    dim, n_epochs : int
        Size and training length of the phrase encoder.
    min_probability : float in [0, 1]
        Bar below which a phrase is said to mean nothing in this taxonomy.
    random_state : int
        Same seed, machine and thread count: the same bytes.

    Attributes
    ----------
    taxonomy_ : Taxonomy
    facts_ : dict
        What was trained on what, and quality on held-out phrases; saved with the model.
    seconds_ : dict of str to float
        Seconds that each stage of `fit` took; not saved, so that equal models are equal bytes.

    Notes
    -----
    Training a taxonomy of 47,000 nodes takes minutes on two cores, two to four times as long with
    pairs, and so does one of up to 50,000 names with synonyms enough to learn from: the encoder is
    trained without what each fold holds back, then on all. Mapping takes about a millisecond a
    phrase, with what was learned in folds half as much again, and imports neither torch nor
    scikit-learn.

    Examples
    --------
    >>> from graphemb import PhraseMapper, load_taxonomy
    >>> mapper = PhraseMapper(fast=True).fit(load_taxonomy("fixtures/kitchen"))
    >>> mapper.map(["sauce pan"], k=3).best(0).label
    'Saucepan'

    """

    def __init__(
        self,
        graph: bool = True,
        encoder: bool = True,
        translation: bool = True,
        reranker: bool = True,
        index_pairs: bool = True,
        general: str = "auto",
        fast: bool = False,
        dim: int = 256,
        n_epochs: int = 7,
        min_probability: float = 0.05,
        random_state: int = 0,
    ) -> None:
        self.graph = graph
        self.encoder = encoder
        self.translation = translation
        self.reranker = reranker
        self.index_pairs = index_pairs
        self.general = general
        self.fast = fast
        self.dim = dim
        self.n_epochs = n_epochs
        self.min_probability = min_probability
        self.random_state = random_state

    def fit(
        self,
        taxonomy: Taxonomy,
        pairs: Iterable[Pair] | None = None,
        *,
        lexicon: Sequence[tuple[str, str, str]] | None = None,
        companions: Sequence[Taxonomy] = (),
        progress: Progress | None = None,
    ) -> Self:
        """Learn to map phrases to `taxonomy`.

        Parameters
        ----------
        taxonomy : Taxonomy
        pairs : iterable of Pair, optional
            Split ``train`` teaches (a share of it is held back to learn ranking from), split
            ``dev`` tunes and calibrates; any other split is refused.
        lexicon : sequence of (phrase, means, kind), optional
            Wordings that mean the same; see `Rewriter` for the kinds.
        companions : sequence of Taxonomy
            Other vocabularies of the field: from their synonyms the encoder and the translation
            learn which words mean the same; and a phrase that is a name of one of their nodes
            may be read as another of its names that is one here. Their nodes are never answered.
        progress : callable, optional
            Called with the stage's name and the share of the whole that is done.

        Raises
        ------
        LeakError
            When a pair of another split is given.
        InputError
            When no pair names a node of the taxonomy.

        """
        from graphemb.map._fitting import fit_mapper

        self._bar(self.min_probability)
        fit_mapper(
            self, taxonomy, list(pairs or ()), list(lexicon or ()), list(companions), progress
        )
        return self

    seconds_: dict[str, float]

    def _set(
        self, index: MappingIndex, reranker: Reranker, rewriter: Rewriter, facts: dict[str, Any]
    ) -> None:
        """Take over the fitted parts: one place for `fit` and `load`."""
        self.taxonomy_: Taxonomy = index.taxonomy
        self.index_, self.reranker_, self.rewriter_ = index, reranker, rewriter
        self.facts_ = facts

    @staticmethod
    def _bar(value: float) -> float:
        if not 0.0 <= value <= 1.0:
            raise ParameterError(
                f"PhraseMapper: min_probability must lie in [0, 1]; got {shown(value)}."
            )
        return value

    def map(
        self,
        phrases: Sequence[str],
        k: int = 10,
        within: Sequence[str] | None = None,
        min_probability: float | None = None,
        *,
        not_within: Sequence[str] | None = None,
        depth: tuple[int, int | None] | int | None = None,
        leaves_only: bool = False,
        ids: Sequence[str] | None = None,
        backoff: float | None = None,
    ) -> MappingSet:
        """Return up to `k` ranked candidates for each phrase.

        Parameters
        ----------
        phrases : sequence of str
        k : int
            How many candidates a phrase gets at most, at least 1.
        within, not_within : sequence of str, optional
            Node ids: only these and what lies below them may be answered; or all but those.
        min_probability : float, optional
            Instead of the constructor's.
        depth : int or (int, int or None), optional
            Least depth of an answer, or least and greatest: edges to the nearest root.
        leaves_only : bool
            Whether only nodes without children may be answered.
        ids : sequence of str, optional
            Only these nodes may be answered.
        backoff : float in (0, 1], optional
            Answer first the most specific node under which the right one lies with this
            probability, or nothing; ``review.relation`` tells how it relates (`Backoff`).

        Raises
        ------
        InputError
            When a phrase is not a string (its position is named); when no node may be answered.
        UnknownNodeError
            When a node of `within`, `not_within` or `ids` is not in the taxonomy.
        ParameterError
            When an argument is outside its domain, and for `backoff` with `leaves_only`.

        """
        index: MappingIndex = self._fitted("index_")
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise ParameterError(f"PhraseMapper.map: k must be an integer ≥ 1; got {shown(k)}.")
        bar = self._bar(self.min_probability if min_probability is None else min_probability)
        listed = checked_phrases(phrases, "PhraseMapper.map")
        answers = Answers(index, self.reranker_, self.rewriter_, self.reranker)
        allowed = Restriction.of(within, not_within, depth, leaves_only, ids).mask(index.taxonomy)
        if backoff is None:
            return MappingSet(listed, answers.of(listed, k, allowed, bar))
        safe = Backoff(index, backoff, allowed, leaves_only=leaves_only)
        wide = answers.of(listed, max(k, SUPPORT), allowed, bar)
        return MappingSet(listed, [safe.apply(found, k) for found in wide])

    def extend(self, additions: Additions) -> PhraseMapper:
        """Return a mapper that also answers nodes and names it was not trained with.

        Nothing is learned anew: new names are encoded with the frozen encoder and join every
        index; vectors, depth, information and children of nodes follow from the grown hierarchy;
        ranking and calibration stay. So probabilities hold as far as phrases for new nodes are
        like those for old ones.

        Parameters
        ----------
        additions : Additions
            See `load_additions`.

        Returns
        -------
        PhraseMapper
            `self` is not changed. Extending by two files, one after the other, gives the index
            that extending by their rows in one file gives.

        Warns
        -----
        UserWarning
            When new nodes have the name of a known one.

        Raises
        ------
        InputError
            When a row does not fit the taxonomy; all problems are named.
        ParameterError
            When `additions` is something else.

        Notes
        -----
        Time and memory as the last stage of `fit`: O(total length of all names), seconds for
        50,000 nodes.

        """
        from graphemb.additions import Additions
        from graphemb.map._extending import extended_mapper

        self._fitted("index_")
        if not isinstance(additions, Additions):
            raise ParameterError(
                f"PhraseMapper.extend: needs Additions; got {shown(additions)}. "
                "Read a file by load_additions, or make Additions([Addition(…), …])."
            )
        return extended_mapper(self, additions)

    def explain(self, phrase: str, k: int = 5, **restriction: Any) -> Explanation:
        """Return why `phrase` means its first node and not the next; see `graphemb.map.explain`.

        `restriction` are those arguments of `map` that restrict its answers: `within`, `depth`, ….
        """
        from graphemb.map.explain import explain

        self._fitted("index_")
        return explain(self, phrase, k, restriction)

    def save(self, path: str | Path) -> None:
        """Write the fitted mapper as a bundle folder at `path`."""
        from graphemb.map._state import save_mapper

        self._fitted("index_")
        save_mapper(self, path)

    @classmethod
    def load(cls, path: str | Path) -> PhraseMapper:
        """Read a mapper that `save` wrote.

        Raises
        ------
        BundleError
            When the bundle is damaged, incomplete or of a newer format.

        """
        from graphemb.map._state import load_mapper

        return load_mapper(cls, path)
