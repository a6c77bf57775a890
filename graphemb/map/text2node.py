"""Text2Node: phrases to points in the space of a graph embedding, answered by the nodes nearby."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphemb.encode.base import checked_phrases
from graphemb.errors import ParameterError, shown
from graphemb.estimator import Estimator, Progress
from graphemb.map._text2node_answers import PlaceIndex
from graphemb.map.backoff import SUPPORT, Backoff
from graphemb.map.restriction import Restriction
from graphemb.mappings import MappingSet, Pair
from graphemb.taxonomy import Taxonomy

__all__ = ["Text2Node"]

Array = np.ndarray[Any, Any]
Options = Mapping[str, Any] | None


class Text2Node(Estimator):
    """Maps a phrase w₁ … w_t to the nodes n with the largest ``cos(f(v(w₁), …, v(w_t)), y_n)``.

    Three stages: (1) word vectors v from the names, and a corpus where given; (2) node vectors y
    from the hierarchy alone; (3) a network f from the sequence of word vectors to a point among
    the node vectors, learned from names of nodes. A node without any name can be answered.

    Soltani & Tomberg 2019, "Text2Node", arXiv 1905.01958, and claims 1 to 3 of US 10,949,456. The
    part of the paper available to us states the stages, GloVe and fastText as word vectors, CNN
    and Bi-LSTM as networks, node2vec as node vectors, and zero-shot training. Not stated there, so
    ours: all sizes, the losses (cosine by default), AdamW, stopping on held-out nodes, weighing
    every node alike whatever its number of names, walking on the undirected hierarchy, exact search
    by cosine, centring, twins, probabilities; word2vec, MLP, ridge regression and the other node
    embeddings.

    Parameters
    ----------
    encoder : str
        Word vectors: fasttext, glove, word2vec, or pretrained (with ``{"path": FILE}``).
    network : str
        cnn and bilstm read sequences; mlp and linear read the mean of the word vectors.
    node_embedding : str
        A name of `EMBEDDERS`.
    encoder_options, network_options, node_options : mapping or None
        Constructor arguments of the three.
    centre : bool
        Take the mean node vector out first: node2vec's share a direction, which would make all
        cosines alike.
    twins : bool
        Leaves with the same parents cannot be told apart by structure: put them at one place, and
        order them by likeness of their names to the phrase. Nodes that even so nothing tells apart
        are answered as a tie. False leaves them to chance.
    min_probability : float in [0, 1]
        Bar below which a phrase is said to mean nothing in this taxonomy.
    fast : bool
        Train in about a third of the time.
    random_state : int
        Same seed, machine and thread count: the same bytes.

    Attributes
    ----------
    taxonomy_ : Taxonomy
    facts_ : dict
        What was trained on what, and quality on held-out phrases; saved with the model.
    seconds_ : dict of str to float
        Seconds that each stage of `fit` took; not saved.

    Notes
    -----
    Answers' ``score`` is the cosine. Memory O(names·word dim + nodes·node dim); mapping takes
    O(nodes·node dim) a phrase and imports neither torch nor gensim.

    Examples
    --------
    >>> from graphemb import Text2Node, load_taxonomy
    >>> mapper = Text2Node(network="linear", node_embedding="fastrp")
    >>> answers = mapper.fit(load_taxonomy("fixtures/kitchen")).map(["stock pot"], k=3)
    >>> len(answers[0]), answers.best(0).path.split(" > ")[0]
    (3, 'Kitchen things')

    """

    def __init__(
        self,
        encoder: str = "fasttext",
        network: str = "cnn",
        node_embedding: str = "node2vec",
        encoder_options: Options = None,
        network_options: Options = None,
        node_options: Options = None,
        centre: bool = True,
        twins: bool = True,
        min_probability: float = 0.0,
        fast: bool = False,
        random_state: int = 0,
    ) -> None:
        self.encoder = encoder
        self.network = network
        self.node_embedding = node_embedding
        self.encoder_options = encoder_options
        self.network_options = network_options
        self.node_options = node_options
        self.centre = centre
        self.twins = twins
        self.min_probability = min_probability
        self.fast = fast
        self.random_state = random_state

    def fit(
        self,
        taxonomy: Taxonomy,
        pairs: Iterable[Pair] | None = None,
        *,
        corpus: Iterable[str] | None = None,
        progress: Progress | None = None,
    ) -> Text2Node:
        """Learn to map phrases to `taxonomy`.

        Parameters
        ----------
        taxonomy : Taxonomy
        pairs : iterable of Pair, optional
            Split ``train`` teaches, split ``dev`` calibrates; any other split is refused.
        corpus : iterable of str, optional
            Text of the field, for the word vectors; gone through several times (`TextLines`).
        progress : callable, optional

        Raises
        ------
        LeakError
            When a pair of another split is given.
        InputError
            When the taxonomy has no edges, or no pair names one of its nodes.
        ParameterError
            When an argument or option is unknown or outside its domain.

        """
        from graphemb.map._text2node_fitting import fit_text2node

        self._bar(self.min_probability)
        fit_text2node(self, taxonomy, list(pairs or ()), corpus, progress)
        return self

    seconds_: dict[str, float]

    def _set(self, index: PlaceIndex, facts: dict[str, Any]) -> None:
        """Take over the fitted parts: one place for `fit` and `load`."""
        self.taxonomy_: Taxonomy = index.taxonomy
        self.index_, self.facts_ = index, facts

    @staticmethod
    def _k(k: int) -> int:
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise ParameterError(f"Text2Node.map: k must be an integer ≥ 1; got {shown(k)}.")
        return k

    @staticmethod
    def _bar(value: float) -> float:
        if not 0.0 <= value <= 1.0:
            raise ParameterError(
                f"Text2Node: min_probability must lie in [0, 1]; got {shown(value)}."
            )
        return value

    def points(self, phrases: Sequence[str]) -> Array:
        """Return where phrases lie in node space: unit float32 rows (n, d).

        A phrase without a word that has a vector gives zeros.
        """
        index: PlaceIndex = self._fitted("index_")
        return index.points(checked_phrases(phrases, "Text2Node.points"))

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

        Parameters and errors are those of `PhraseMapper.map`.
        """
        index: PlaceIndex = self._fitted("index_")
        allowed = Restriction.of(within, not_within, depth, leaves_only, ids).mask(index.taxonomy)
        if backoff is None:
            return self.map_among(phrases, allowed, k=k, min_probability=min_probability)
        safe = Backoff(index, backoff, allowed, leaves_only=leaves_only, who="Text2Node.map")
        many = max(self._k(k), SUPPORT)
        wide = self.map_among(phrases, allowed, k=many, min_probability=min_probability)
        return MappingSet(wide.phrases, [safe.apply(found, k) for _, found in wide])

    def map_among(
        self, phrases: Sequence[str], allowed: Array | None, k: int = 10,
        min_probability: float | None = None,
    ) -> MappingSet:  # fmt: skip
        """Return what `map` does, answering only nodes where the mask `allowed` (n,) is true."""
        index: PlaceIndex = self._fitted("index_")
        k = self._k(k)
        bar = self._bar(self.min_probability if min_probability is None else min_probability)
        listed = checked_phrases(phrases, "Text2Node.map")
        return MappingSet(listed, index.answers(listed, k, allowed, bar))

    def save(self, path: str | Path) -> None:
        """Write the fitted mapper as a bundle folder at `path`."""
        from graphemb.map._text2node_state import save_text2node

        self._fitted("index_")
        save_text2node(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Text2Node:
        """Read a mapper that `save` wrote.

        Raises
        ------
        BundleError
            When the bundle is damaged, incomplete or of a newer format.

        """
        from graphemb.map._text2node_state import load_text2node

        return load_text2node(cls, path)
