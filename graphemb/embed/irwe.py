"""IRWE: inductive identity and position vectors from random walks, learned together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from graphemb.embed.base import NodeEmbedder
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, shown
from graphemb.estimator import Progress
from graphemb.graph import Graph

if TYPE_CHECKING:
    from graphemb.embed._irwe_training import Model

__all__ = ["IRWE"]

Array = np.ndarray[Any, Any]

_KINDS = ("both", "identity", "position")


class IRWE(NodeEmbedder):
    """Inductive random walk embedding (after Qin & Yeung, arXiv 2401.00651): [identity | position].

    With s(v) the frequencies of anonymous walks from v, d(v) the binned degrees along a walk, r(v)
    the projected co-occurrence with other nodes, V and V′ principal axes, turned at random::

        a_c(v) = softmax_c(q(v)·K·e_c / √h + log s_c(v))         q = MLP(s, d), e_c a walk's code
        ψ(v) = V·[s, d] + O·[Σ_c a_c·W·e_c ; q]                  identity: the role of v
        t_i = A·ψ(v_i) + sinusoid(i) + B·V′·r(v_i)               one self-attention layer a walk
        γ(v) = V′·r(v) + O′·Σ softmax(ψ(v)·K′·t)·W′·t            position: the community of v

    Identity loss: cross-entropies of s, of d, and of each anonymous walk, given back from ψ and e.
    Position loss: ``−log σ(γ(v)·c(u)) − n_negative·E[log σ(−γ(v)·c(u′))]``, u met on walks of v, u′
    drawn by degree^¾, c(u) linear in [V′·r(u) ; ψ(u)]. The two alternate, an epoch each.

    Parameters
    ----------
    dim : int
        Length of a vector, at least 1; of ``kind="both"`` at least 2, its first half the identity.
    kind : {"both", "identity", "position"}
        What ``embedding_`` holds.
    walk_length : int in [1, 8]
        Steps of a walk. There are Bell-number many anonymous walks (4140 of 8 steps).
    n_walks : int
        Walks from a node over which s is counted; not used where a graph has so few walks that s is
        enumerated.
    n_read : int
        Walks from a node that the position module reads.
    window : int
        Steps within which two nodes co-occur in r.
    projection_dim : int
        Length of r; at least `dim` is used.
    hidden : int
        Width h of the layers inside.
    n_negative : int
        Negatives a node met.
    n_epochs, batch_size, learning_rate
        Of Adam. An epoch sees at most 20,000 nodes, drawn anew. 0 epochs leave both skip terms.
    random_state : int

    Attributes
    ----------
    embedding_ : Embedding, float32 (n, dim)
    identity_ : Embedding
        ψ; for ``kind="position"`` of width ⌈dim/2⌉, as the position module reads it.
    position_ : Embedding
        γ; not there for ``kind="identity"``.
    fitted_with_ : dict
        The arguments that `fit` used, and `transform` uses.

    Notes
    -----
    The paper's text beyond its abstract was not available. The abstract gives: attention over
    random walks, identity and position learned jointly and inductively, walk statistics as
    features, no attributes. All else is our choice, above all: the skip terms V·[s, d] and V′·r,
    which make the start of training a principal component analysis, on labels already about as
    good as its end (``benchmarks/irwe.py``); exact expectations in place of counts over drawn
    walks, ``d_i = Pⁱ·B`` (B the binned degrees) and, as in FastRP, ``r = 0.3·R + Σ_i Pⁱ·R`` with
    rows scaled to unit length; ψ is read by the position module but not changed by its loss.

    Direction and self-loops are ignored. `transform` walks the graph it is given, so a node unseen
    in training must come with its edges. On a graph with other nodes, identities are comparable
    with those of training; positions are relative to a graph: comparable among nodes of one graph,
    and between graphs only as far as these share ids. Numbers are drawn per node id and all is
    computed in the order of ids: same seed, machine and thread count give the same bits, and
    renumbering nodes renumbers rows. Time O(window·m·projection_dim + n·n_walks·walk_length +
    n·n_read·walk_length·hidden²), memory O(n·(projection_dim + B)), B anonymous walks.

    Examples
    --------
    >>> from graphemb import Graph
    >>> path = Graph.from_edges([("a", "b"), ("b", "c"), ("c", "d")])
    >>> irwe = IRWE(dim=8, n_epochs=1, walk_length=3, projection_dim=16, hidden=8).fit(path)
    >>> irwe.embedding_.dim, irwe.identity_.dim, irwe.position_.dim
    (8, 4, 4)
    >>> bool(np.allclose(irwe.identity_["a"], irwe.identity_["d"], atol=1e-5))
    True

    """

    def __init__(
        self,
        dim: int = 128,
        kind: Literal["both", "identity", "position"] = "both",
        walk_length: int = 6,
        n_walks: int = 200,
        n_read: int = 8,
        window: int = 8,
        projection_dim: int = 1024,
        hidden: int = 64,
        n_negative: int = 5,
        n_epochs: int = 10,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.kind = kind
        self.walk_length = walk_length
        self.n_walks = n_walks
        self.n_read = n_read
        self.window = window
        self.projection_dim = projection_dim
        self.hidden = hidden
        self.n_negative = n_negative
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _check(self) -> None:
        if self.kind not in _KINDS:
            raise ParameterError(
                f"IRWE: kind must be one of {', '.join(_KINDS)}; got {shown(self.kind)}."
            )
        self._whole("dim", 2 if self.kind == "both" else 1)
        for name in ("walk_length", "n_walks", "n_read", "window", "projection_dim", "hidden"):
            self._whole(name, 1)
        for name, least in (("n_negative", 1), ("n_epochs", 0), ("batch_size", 1)):
            self._whole(name, least)
        if self.walk_length > 8:
            raise ParameterError(
                f"IRWE: walk_length must be at most 8; got {self.walk_length}. There are 21,147 "
                "anonymous walks of 9 steps, too many to count per node."
            )
        if not (np.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ParameterError(
                f"IRWE: learning_rate must be finite and above 0; got {shown(self.learning_rate)}."
            )

    def _widths(self) -> tuple[int, int]:
        """Return the widths of ψ and γ; 0 where γ is not wanted."""
        if self.kind == "identity":
            return self.dim, 0
        half = self.dim // 2
        return (half, self.dim - half) if self.kind == "both" else (self.dim - half, self.dim)

    def fit(self, graph: Any, progress: Progress | None = None) -> Self:
        """Learn from the walks of `graph` and embed its nodes.

        Parameters
        ----------
        graph : Graph, or what one can be made from
        progress : callable, optional
            Called as ``progress(stage, share)``.

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain, or the graph has no node.

        """
        self._check()
        known = _with_nodes(Graph.of(graph))
        from graphemb.embed._irwe_training import train

        self.model_: Model
        self.model_, identity, position = train(self, known, self._widths(), progress)
        self.fitted_with_ = self.get_params()
        self.identity_ = Embedding(known.nodes, identity)
        if position is not None:
            self.position_ = Embedding(known.nodes, position)
        else:
            self.__dict__.pop("position_", None)
        self.embedding_ = Embedding(known.nodes, self._joined(identity, position))
        return self

    def transform(self, graph: Any) -> Embedding:
        """Return vectors of `graph`'s nodes, by walking it; unseen nodes are welcome.

        One pass of the fitted networks, nothing is trained.

        Raises
        ------
        NotFittedError
            When `fit` has not been called.
        ParameterError
            When the graph has no node.

        """
        model = self._fitted("model_")
        other = _with_nodes(Graph.of(graph))
        from graphemb.embed._irwe_training import apply

        fitted = IRWE(**self.fitted_with_)  # arguments set since then change the next fit only
        return Embedding(other.nodes, fitted._joined(*apply(fitted, model, other)))

    def estimate(self, n_nodes: int, n_entries: int) -> tuple[int, float]:
        """Return about how many bytes and CPU seconds `fit` takes, counted from measured fits.

        `n_entries` is the number of stored entries of the adjacency, two an undirected edge.
        """
        self._check()
        from graphemb.embed._irwe_features import N_BINS
        from graphemb.embed._irwe_walks import patterns

        steps = self.walk_length + 1
        width = len(patterns(self.walk_length)) + 1 + steps * N_BINS
        r_dim = max(self.projection_dim, self.dim) if self.kind != "identity" else 0
        tokens = self.n_read * steps if r_dim else 0
        held = 4 * (width + r_dim + 3 * min(r_dim, 256) + 6 * self.dim)
        drawn = 32 * steps * min(n_nodes * self.n_walks, 500_000)
        size = 350e6 + n_nodes * held + 64 * n_entries + drawn + 24 * max(width, r_dim) ** 2
        trained = min(n_nodes, 20_000) * self.n_epochs + n_nodes / 3
        seconds = 3 + 3e-7 * n_nodes * self.n_walks * steps
        seconds += 1.5e-10 * n_entries * self.window * r_dim
        seconds += trained * (5e-6 * tokens * self.hidden / 64 + 3e-7 * width)
        return int(size), seconds

    def _joined(self, identity: Array, position: Array | None) -> Array:
        if position is None:
            return identity
        return position if self.kind == "position" else np.hstack([identity, position])


def _with_nodes(graph: Graph) -> Graph:
    if not graph.n_nodes:
        raise ParameterError("IRWE: the graph must have at least one node; it has none.")
    return graph
