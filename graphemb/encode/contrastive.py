"""ContrastiveEncoder: our own phrase encoder, trained in minutes, run in plain NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from graphemb.encode._sparse import CharGrams, WordTerms
from graphemb.encode._text import normalise_all
from graphemb.encode.base import PhraseEncoder, checked_phrases
from graphemb.errors import InputError, ParameterError, shown
from graphemb.estimator import Progress

__all__ = ["ContrastiveEncoder"]

Array = np.ndarray[Any, Any]

#: What training hands over, apart from the two vocabularies.
_WEIGHTS = (
    "gram_table", "term_table", "norm_gain", "norm_shift",
    "in_weight", "in_bias", "out_weight", "out_bias",
)  # fmt: skip


class ContrastiveEncoder(PhraseEncoder):
    """Word table over a sub-word backbone, trained so that names of one thing lie together.

    For a phrase with character n-gram weights c and word weights w (both TF-IDF)::

        h = (c·R)·A + w·D + g·G    R fixed Gaussian, A (projection_dim, dim), D and G learned
        z = normalise(h + W2·gelu(W1·LayerNorm(h) + b1) + b2)

    trained with InfoNCE over pairs of names of one node: in-batch candidates and one mined hard
    negative each, names of one owner masked. With a graph, the document side is
    ``normalise(z + [parents; children; siblings]·V)``, the brackets holding the mean vectors of
    the neighbours' labels. g is the phrase's vector of an encoder of general language, where
    `general` names one: it knows that what is rented is leased, which no taxonomy need say.

    Parameters
    ----------
    dim : int
        Length of a vector.
    hidden : int
        Width of the hidden layer W1.
    projection_dim : int
        Columns of R.
    n_epochs, batch_size, learning_rate
        Of AdamW with a short warm-up and linear decay.
    temperature : float
        τ of InfoNCE, above 0.
    word_dropout, noise, name_dropout : float in [0, 1)
        Share of words dropped, of queries replaced by a disturbed copy, and of documents seen
        through their neighbours only.
    general : str or None
        Name in ``ENCODERS`` of an encoder that needs no fitting ("wordllama").
    general_scale : float
        Length of g before G, which starts as a rotation; with 1 it would hardly be heard.
    random_state : int
        Same seed, same machine and thread count: the same bytes.

    Attributes
    ----------
    grams_ : CharGrams
    terms_ : WordTerms
    weights_ : dict of str to array
        ``gram_table`` (n_grams, dim) float16 is R·A; ``term_table`` (n_terms, dim) float16 is D.
    graph_weight_ : float32, (3·dim, dim), or None
        V above.
    general_weight_ : float32, (general's length, dim), or None
        G above, `general_scale` folded in.

    Notes
    -----
    Training: about 100 CPU seconds for 50,000 names. Encoding: O(length·dim) a phrase.
    The objective is InfoNCE (van den Oord et al. 2018, arXiv 1807.03748, eq. 4); the layout is
    our own.

    """

    def __init__(
        self,
        dim: int = 256,
        hidden: int = 512,
        projection_dim: int = 512,
        n_epochs: int = 7,
        batch_size: int = 512,
        learning_rate: float = 2e-3,
        temperature: float = 0.1,
        word_dropout: float = 0.15,
        noise: float = 0.3,
        name_dropout: float = 0.1,
        general: str | None = None,
        general_scale: float = 8.0,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.hidden = hidden
        self.projection_dim = projection_dim
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.temperature = temperature
        self.word_dropout = word_dropout
        self.noise = noise
        self.name_dropout = name_dropout
        self.general = general
        self.general_scale = general_scale
        self.random_state = random_state

    def _check(self) -> None:
        for name in ("dim", "hidden", "projection_dim", "n_epochs", "batch_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ParameterError(
                    f"ContrastiveEncoder: {name} must be an integer ≥ 1; got {shown(value)}."
                )
        for name in ("word_dropout", "noise", "name_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(
                    f"ContrastiveEncoder: {name} must lie in [0, 1); "
                    f"got {shown(getattr(self, name))}."
                )
        for name in ("temperature", "general_scale"):
            if not getattr(self, name) > 0:
                raise ParameterError(
                    f"ContrastiveEncoder: {name} must be above 0; got {shown(getattr(self, name))}."
                )

    def fit(
        self,
        phrases: Sequence[str],
        owners: Sequence[Sequence[int]] | None = None,
        *,
        documents: Array | None = None,
        relations: Sequence[Array] | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from phrases of which some name the same thing.

        Parameters
        ----------
        phrases : sequence of str
        owners : sequence of sequences of int, optional
            The things each phrase names, numbered from 0; by default each phrase stands alone.
        documents : int array (n_owners,), optional
            The phrase that is each owner's label, -1 for owners without any; by default its first
            phrase.
        relations : three int arrays (2, e), optional
            Edges (neighbour, owner) to parents, children and siblings; without them no graph layer.
        progress : callable, optional

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain.

        """
        from graphemb.encode._contrastive_training import train

        self._check()
        self._speaker = self._general()
        texts = normalise_all(checked_phrases(phrases, "ContrastiveEncoder"))
        groups = owners if owners is not None else [(i,) for i in range(len(texts))]
        self.grams_ = CharGrams.fit(texts)
        self.terms_ = WordTerms.fit([t.split() for t in texts], bigrams=True)
        learned = train(self, texts, groups, documents, relations, progress)
        self.graph_weight_: Array | None = learned.pop("graph_weight", None)
        self.general_weight_: Array | None = learned.pop("general_weight", None)
        self.weights_ = learned
        return self

    def _general(self) -> Any:
        """Return the encoder of general language, ready to use; None without one."""
        if self.general is None:
            return None
        from graphemb.encode import ENCODERS

        return ENCODERS[self.general]().fit([])

    def vectors(self, phrases: Sequence[str]) -> Array:
        """Return unit float32 rows (n, dim); phrases without a known part give zeros."""
        return self.vectors_of_normalised(normalise_all(checked_phrases(phrases, "encode")))

    def vectors_of_normalised(self, texts: Sequence[str]) -> Array:
        """Return `vectors` of texts that went through ``normalise`` already."""
        weights = self._fitted("weights_")
        h = self.grams_.transform(texts).dot(weights["gram_table"])
        h += self.terms_.transform([t.split() for t in texts]).dot(weights["term_table"])
        if self.general_weight_ is not None:
            h += self._speaker.vectors_of_normalised(texts) @ self.general_weight_
        return self._finish(h)

    def _finish(self, h: Array) -> Array:
        """Apply the layers above h row by row and scale to unit length."""
        w = self.weights_
        known = np.abs(h).max(axis=1, initial=0.0) > 0
        mean = h.mean(axis=1, keepdims=True)
        deviation = np.sqrt(h.var(axis=1, keepdims=True) + 1e-5)
        x = (h - mean) / deviation * w["norm_gain"] + w["norm_shift"]
        x = x @ w["in_weight"] + w["in_bias"]
        x = 0.5 * x * (1.0 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
        z = h + x @ w["out_weight"] + w["out_bias"]
        z *= known[:, None]
        norms = np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)
        return np.asarray(z / norms, np.float32)

    def documents(self, vectors: Array, context: Array | None) -> Array:
        """Return the document-side vectors of names: `vectors` moved by their graph `context`.

        `context` (n, 3·dim) holds the mean label vectors of parents, children and siblings.
        """
        if self.graph_weight_ is None or context is None:
            return vectors
        moved = vectors + context @ self.graph_weight_
        norms = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        return np.asarray(moved / norms, np.float32)

    def to_arrays(self) -> tuple[dict[str, Array], list[str]]:
        """Return the arrays and the terms that `from_arrays` makes the encoder from."""
        arrays = {name: self._fitted("weights_")[name] for name in _WEIGHTS}
        arrays |= {"gram_keys": self.grams_.keys, "gram_idf": self.grams_.idf}
        arrays["term_idf"] = self.terms_.idf
        if self.graph_weight_ is not None:
            arrays["graph_weight"] = self.graph_weight_
        if self.general_weight_ is not None:
            arrays["general_weight"] = self.general_weight_
            arrays["general_digest"] = np.frombuffer(self._speaker.digest_, np.uint8)
        return arrays, self.terms_.terms

    def from_arrays(self, arrays: Mapping[str, Array], terms: Sequence[str]) -> Self:
        """Restore the fitted state that `to_arrays` gave."""
        self.weights_ = {name: arrays[name] for name in _WEIGHTS}
        self.grams_ = CharGrams(arrays["gram_keys"], arrays["gram_idf"])
        self.terms_ = WordTerms(terms, arrays["term_idf"], bigrams=True)
        self.graph_weight_ = arrays.get("graph_weight")
        self.general_weight_ = arrays.get("general_weight")
        self._speaker = None if self.general_weight_ is None else self._general()
        if self._speaker and self._speaker.digest_ != arrays["general_digest"].tobytes():
            raise InputError(
                f"ContrastiveEncoder: the weights of {self.general} must be those it was trained "
                "with; the installed ones differ. Install the version it names, or train again."
            )
        return self
