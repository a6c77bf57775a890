"""SDNE: a deep autoencoder over adjacency rows; the code of a row is the node's vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from graphemb.embed.base import NodeEmbedder
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, UnknownNodeError, shown
from graphemb.estimator import Progress
from graphemb.graph import Graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["SDNE"]

Array = np.ndarray[Any, Any]

#: Measured: importing torch; a step; a step per number it touches in E and V, in a W.
_SECONDS = (2.5, 2e-3, 18e-9, 40e-9)


class SDNE(NodeEmbedder):
    """Structural deep network embedding (Wang, Cui & Zhu, KDD 2016).

    Let s_ij be the weight of i—j divided by the largest weight of row i, and
    ``x_i = unit(s_i + e_i)`` (e_i, the self term, has 1 at i). Then::

        h = tanh(x_i·E + b)        y_i = tanh(… tanh(h·W₁ + b₁) …)       encoder, y_i the vector
        z_i = tanh(… y_i …)        ŝ_ij = sigmoid(z_i·V_j + c_j)         mirrored decoder
        L_second = Σ_ij (b_ij (ŝ_ij - s_ij))²     b_ij = penalty where i—j is an edge, else 1
        L_first  = Σ_ij s_ij ‖y_i - y_j‖²
        L = w_second · L_second + w_first · L_first + weight decay

    Parameters
    ----------
    dim : int
        Length of a vector, at least 1; may exceed the number of nodes.
    hidden : sequence of int
        Widths of the layers between row and code, widest first; none by default. E and V are
        as wide as the first (as `dim` when there is none).
    penalty : float
        β of the paper, at least 1. As in the authors' code it multiplies **before** squaring: a
        missed edge costs penalty², 25 by default. Some ports square first; give them √β.
    w_first, w_second : float
        Weights of the two losses, at least 0. (The paper's α is w_first with w_second = 1; the
        authors' code calls w_second alpha.)
    weight_decay : float
        L2, decoupled (AdamW): a step shrinks the weights it touches by learning rate times this.
    self_term : bool
        Whether a node sees itself in its row (A + I). Without it equal rows get equal vectors:
        all leaves under one parent.
    n_negative : int
        Columns, drawn anew for each batch, on which the zeros of its rows are reconstructed, each
        counted n / n_negative times; so the expected loss is L. With n_negative ≥ n all columns
        are taken and the loss is exact. Edges always take part, all of them.
    n_epochs, batch_size, learning_rate
        Of Adam, with a short warm-up and cosine decay. A batch has at most `batch_size` rows, and
        fewer where an epoch would have less than 25 batches.
    tolerance, patience : float, int
        Training ends before `n_epochs` when `patience` epochs in a row did not bring the loss
        below (1 - tolerance) times what it was before them.
    random_state : int

    Attributes
    ----------
    embedding_ : Embedding, float32 (n, dim)
        Codes, in [-1, 1].
    losses_ : tuple of float
        L of each epoch without weight decay, the mean over rows.
    encoder_ : list of (W, b)
        E (n, h₁) with b (h₁,), then the layers down to dim; float32.
    decoder_ : list of (W, b)
        Layers from dim up to h₁; then V (n, h₁) with c (n,).

    Notes
    -----
    After the authors' code and equations 44-45 of the survey "Deep Learning on Graphs" (Zhang,
    Cui & Zhu, TKDE 2020); the paper's own text was not at hand. Departures: no pre-training by
    restricted Boltzmann machines (Glorot weights and Adam instead); tanh inside, sigmoid only for
    the output, which keeps codes from dying; rows scaled as above, so that any weights fit the
    sigmoid; A + I; direction is ignored; zeros are sampled; L_first meets one neighbour a row and
    step, drawn in proportion to s_ij. Nodes are trained in the order of their ids, so that
    renumbering nodes renumbers rows.

    An epoch takes O(m·h₁ + n·n_negative·h₁) time; memory is O(m + n·h₁ + batch_size·n_negative).
    A batch also holds its own edges, O(h₁) each: a hub with a million neighbours costs gigabytes.
    Trained on one thread: same seed, same bits, whatever the number of cores.

    Examples
    --------
    >>> from graphemb import Graph
    >>> ring = Graph.from_edges([("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])
    >>> sdne = SDNE(dim=8).fit(ring)
    >>> nearest = sdne.scores([0])[0].argsort()[-2:]
    >>> sorted(ring.nodes[j] for j in nearest)
    ['b', 'd']

    """

    def __init__(
        self,
        dim: int = 128,
        hidden: Sequence[int] = (),
        penalty: float = 5.0,
        w_first: float = 0.01,
        w_second: float = 1.0,
        weight_decay: float = 1e-3,
        self_term: bool = True,
        n_negative: int = 1024,
        n_epochs: int = 30,
        batch_size: int = 64,
        learning_rate: float = 0.01,
        tolerance: float = 1e-3,
        patience: int = 5,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.hidden = hidden
        self.penalty = penalty
        self.w_first = w_first
        self.w_second = w_second
        self.weight_decay = weight_decay
        self.self_term = self_term
        self.n_negative = n_negative
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.tolerance = tolerance
        self.patience = patience
        self.random_state = random_state

    def _check(self) -> None:
        for name in ("dim", "n_negative", "n_epochs", "batch_size", "patience"):
            self._whole(name, 1)
        least = {"penalty": 1.0, "w_first": 0.0, "w_second": 0.0, "weight_decay": 0.0}
        for name, low in (least | {"learning_rate": 0.0, "tolerance": 0.0}).items():
            value = getattr(self, name)
            number = isinstance(value, (int, float, np.floating)) and not isinstance(value, bool)
            if not number or not low <= value < np.inf:
                raise ParameterError(
                    f"SDNE: {name} must be a finite number ≥ {low:g}; got {shown(value)}."
                )
        if not self.w_first + self.w_second > 0:
            raise ParameterError("SDNE: w_first or w_second must be above 0; got 0 and 0.")
        widths: Any = self.hidden
        whole = isinstance(widths, (list, tuple)) and all(type(w) is int for w in widths)
        if not whole or min(widths, default=1) < 1:
            raise ParameterError(
                f"SDNE: hidden must be a sequence of integers ≥ 1; got {shown(widths)}."
            )

    def fit(self, graph: Any, progress: Progress | None = None) -> Self:
        """Train on the rows of `graph` and keep its codes.

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain, or training diverges.

        """
        from graphemb.embed._sdne_training import train

        self._check()
        known = Graph.of(graph).to_undirected()
        n = known.n_nodes
        order = np.array(sorted(range(n), key=known.nodes.__getitem__), np.int64)
        canonical = known.adjacency[order][:, order]
        target = _row_scaled(canonical)
        itself = np.arange(n) if self.self_term else np.zeros(0, np.int64)
        tables, inner, losses = train(self, _inputs(target, itself, itself), target, progress)
        if not np.isfinite(losses).all() or not np.isfinite(tables["encode"]).all():
            raise ParameterError(
                f"SDNE: learning_rate must let the loss stay finite; {shown(self.learning_rate)} "
                f"gave a loss of {losses[-1]} in epoch {len(losses)}. Give a lower one."
            )
        back = np.argsort(order)
        layers = list(zip(inner[1::2], inner[2::2], strict=True))
        half = len(layers) // 2
        self.nodes_ = known.index
        self.encoder_ = [(tables["encode"][back], inner[0]), *layers[:half]]
        self.decoder_ = [*layers[half:], (tables["decode"][back], tables["bias"][back, 0])]
        self.losses_ = tuple(losses)
        self.embedding_ = Embedding(known.nodes, self._codes(known))
        return self

    def estimate(self, n_nodes: int, n_entries: int) -> tuple[int, float]:
        """Return peak memory in bytes and time in seconds of ``fit``, where no plateau ends it.

        Fitted to six measured runs of 4k to 51k nodes, 30k to 300k entries, 32 and 128
        dimensions on one Zen 4 core, no hidden layer: within a third in both.
        """
        widths = [*self.hidden, int(self.dim)]
        size = max(1, min(self.batch_size, -(-n_nodes // 25)))
        edges = size * n_entries / max(n_nodes, 1)
        read = min(n_nodes, 2 * (edges + size))
        written = min(n_nodes, self.n_negative + edges)
        cells = widths[0] * (read + written + edges)
        inner = sum(a * b for a, b in pairwise(widths))
        steps = self.n_epochs * -(-n_nodes // size)
        seconds = _SECONDS[0] + steps * (_SECONDS[1] + _SECONDS[2] * cells + _SECONDS[3] * inner)
        tables = 24 * n_nodes * widths[0] + 16 * n_nodes * widths[-1]
        return int(380e6 + 600 * n_nodes + 60 * n_entries + tables + 40 * cells), seconds

    def transform(self, graph: Any) -> Embedding:
        """Return the codes of the rows that `graph`'s nodes have in it.

        A row is cut to the nodes fitted on. So a new node is described by its known neighbours
        and has no self term; new nodes that have none all get the code of the empty row.
        """
        self._fitted("embedding_")
        other = Graph.of(graph).to_undirected()
        return Embedding(other.nodes, self._codes(other))

    def _codes(self, graph: Graph) -> Array:
        from scipy.sparse import csr_array

        column = np.array([self.nodes_.get(node, -1) for node in graph.nodes], np.int64)
        entries = graph.adjacency.tocoo()
        at = column[entries.col]
        kept = at >= 0
        size = (graph.n_nodes, len(self.nodes_))
        rows = csr_array((entries.data[kept], (entries.row[kept], at[kept])), shape=size)
        known = np.flatnonzero(column >= 0) if self.self_term else np.zeros(0, np.int64)
        h = _inputs(_row_scaled(rows), known, column[known])
        for weight, bias in self.encoder_:
            h = np.tanh(h @ weight + bias)
        return np.asarray(h, np.float32)

    def scores(self, rows: Any) -> Array:
        """Return ``(ŝ_ij + ŝ_ji) / 2`` for the nodes at `rows` against all nodes.

        Shape (len(rows), n_nodes), float32 in [0, 1], columns in the order of
        ``embedding_.keys``: how strongly the decoder believes in each edge. Memory O(rows · n).

        Raises
        ------
        UnknownNodeError
            When a row number is not in [0, n_nodes).

        """
        codes = self._fitted("embedding_").vectors
        at = np.asarray(rows, np.int64).reshape(-1)
        if len(at) and not (at.min() >= 0 and at.max() < len(codes)):
            wrong = int(at[(at < 0) | (at >= len(codes))][0])
            raise UnknownNodeError(
                f"SDNE: rows must lie in [0, {len(codes)}); got {wrong}. Give rows of embedding_."
            )
        z = codes
        for weight, bias in self.decoder_[:-1]:
            z = np.tanh(z @ weight + bias)
        weight, bias = self.decoder_[-1]
        there = _sigmoid(z[at] @ weight.T + bias)
        back = _sigmoid(weight[at] @ z.T + bias[at, None])
        return np.asarray((there + back) / 2, np.float32)


def _row_scaled(matrix: Any) -> csr_array:
    """Return the matrix with each row divided by its largest entry, stored zeros dropped."""
    from scipy.sparse import csr_array

    kept = csr_array(matrix, copy=True)
    kept.eliminate_zeros()
    kept.sort_indices()
    counts = np.diff(kept.indptr)
    top = np.zeros(len(counts))
    np.maximum.at(top, np.repeat(np.arange(len(counts)), counts), kept.data)
    data = kept.data / np.repeat(top, counts)
    return csr_array((data.astype(np.float32), kept.indices, kept.indptr), shape=kept.shape)


def _inputs(scaled: Any, rows: Array, columns: Array) -> csr_array:
    """Return `scaled` plus 1 at (rows, columns), each row divided by its length."""
    from scipy.sparse import csr_array

    ones = np.ones(len(rows), np.float32)
    whole = csr_array(scaled + csr_array((ones, (rows, columns)), shape=scaled.shape))
    whole.sort_indices()
    length = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1), np.float64).ravel())
    data = whole.data / np.repeat(np.where(length > 0, length, 1.0), np.diff(whole.indptr))
    return csr_array((data.astype(np.float32), whole.indices, whole.indptr), shape=whole.shape)


def _sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e^-x) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
