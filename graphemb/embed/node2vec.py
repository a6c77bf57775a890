"""Node2Vec: skip-gram over biased random walks; DeepWalk at p = q = 1."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np

from graphemb.embed._identity import id_hashes, in_id_order
from graphemb.embed._skipgram import Settings, train, train_with_gensim
from graphemb.embed._walks import CHUNK, Walker
from graphemb.embed.base import NodeEmbedder
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, shown
from graphemb.estimator import Progress
from graphemb.graph import Graph
from graphemb.kernels import checked_jobs

__all__ = ["Node2Vec"]

Array = np.ndarray[Any, Any]


class Node2Vec(NodeEmbedder):
    """Node2vec (Grover & Leskovec, KDD 2016); DeepWalk (Perozzi et al., KDD 2014) at p = q = 1.

    A walk that came t → v goes on to x with probability proportional to ``w(v, x)·α(t, x)``::

        α = 1/p  where x = t          1  where t has an edge to x          1/q  elsewhere

    and vectors f (input) and g (output) maximise, over centres c and contexts x of the walks::

        log σ(g_c·f_x) + Σ_k log σ(-g_k·f_x)        k: n_negative draws ∝ degree^0.75

    Parameters
    ----------
    dim : int
        Length of a vector, at least 1.
    n_walks : int
        Walks from each node.
    walk_length : int
        Nodes of a walk.
    p : float
        Above 0; more makes a walk return less. On a tree only p/q matters: no neighbour of v
        neighbours t.
    q : float
        Above 0; more keeps a walk near its start, less leads it outward.
    window : int in [1, 32]
        Largest distance of a context; each centre's window shrinks to a random size up to it.
    n_negative : int in [1, 63]
        Draws of noise for each context.
    n_epochs : int
        Passes over the walks.
    learning_rate : float
        Falls linearly to a 250th of itself.
    sample : float
        Occurrences of a node whose share f of all steps is above `sample` are kept with probability
        ``√(sample/f) + sample/f``; 0 keeps all.
    share : int
        Contexts of a window that share their negatives. 1 is word2vec's way; more is faster.
    engine : {"kernel", "gensim"}
        ``gensim`` trains with gensim's Word2Vec on the same walks: the reference.
    deterministic : bool
        Same vectors for any `n_jobs`: walks are made by all threads, vectors trained by one. Else
        all threads train without locks, and results differ from run to run.
    inductive : {"none", "neighbours"}
        What `transform` does with nodes it was not fitted on (`NodeEmbedder.transform`).
    random_state : int
    n_jobs : int
        Threads; -1 for one a processor.

    Attributes
    ----------
    embedding_ : Embedding, float32 (n, dim)

    Notes
    -----
    Walks: section 3.2; objective: equation 2 with negative sampling after Mikolov et al. 2013,
    equation 4. Departures: "t has an edge to x" follows the paper's distance, where the authors'
    code asks for an edge from x to t; transitions are drawn by rejection, not from tables; degrees
    stand for counts in the walks; negatives are shared by `share` contexts; direction is followed,
    and a walk ends at a node without outgoing edges. Time O(n_walks·walk_length·n·window·dim);
    memory O(m + n·dim + 65,536·walk_length).

    Examples
    --------
    >>> from graphemb import Graph
    >>> ring = Graph.from_edges([("a", "b"), ("b", "c"), ("c", "a")])
    >>> method = Node2Vec(dim=8, n_walks=2, walk_length=5)
    >>> method.fit_transform(ring).vectors.shape, method.walks(ring).shape
    ((3, 8), (6, 5))

    """

    def __init__(
        self,
        dim: int = 128,
        n_walks: int = 10,
        walk_length: int = 80,
        p: float = 1.0,
        q: float = 1.0,
        window: int = 10,
        n_negative: int = 5,
        n_epochs: int = 1,
        learning_rate: float = 0.025,
        sample: float = 1e-3,
        share: int = 6,
        engine: Literal["kernel", "gensim"] = "kernel",
        deterministic: bool = True,
        inductive: Literal["none", "neighbours"] = "none",
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.dim = dim
        self.n_walks = n_walks
        self.walk_length = walk_length
        self.p = p
        self.q = q
        self.window = window
        self.n_negative = n_negative
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.sample = sample
        self.share = share
        self.engine = engine
        self.deterministic = deterministic
        self.inductive = inductive
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _check(self) -> None:
        for name in ("dim", "n_walks", "walk_length", "window", "n_negative", "n_epochs", "share"):
            self._whole(name, 1)
        for name, most in (("window", 32), ("n_negative", 63), ("share", 64)):
            if getattr(self, name) > most:
                raise ParameterError(
                    f"Node2Vec: {name} must be at most {most}; got {getattr(self, name)}."
                )
        for name in ("p", "q", "learning_rate"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 < value < np.inf):
                raise ParameterError(
                    f"Node2Vec: {name} must be a finite number above 0; got {shown(value)}."
                )
        if not (isinstance(self.sample, (int, float)) and 0 <= self.sample < np.inf):
            raise ParameterError(f"Node2Vec: sample must be at least 0; got {shown(self.sample)}.")
        if self.engine not in ("kernel", "gensim"):
            raise ParameterError(
                f"Node2Vec: engine must be 'kernel' or 'gensim'; got {shown(self.engine)}."
            )
        checked_jobs(self.n_jobs)

    def estimate(self, n_nodes: int, n_entries: int) -> tuple[int, float]:
        """Return the peak memory in bytes and the time in seconds that ``fit`` will take.

        Two matrices of vectors and their copies, the graph in order of its ids and a chunk of
        walks; a context takes as long as its targets are many and wide. Measured with the compiled
        kernels on one processor; without them it takes about a hundred times as long.
        """
        width = -(-self.dim // 16) * 16
        memory = 110_000_000 + 28 * n_entries + n_nodes * (16 * width + 200)
        memory += 8 * min(n_nodes, CHUNK) * self.walk_length
        windows = float(n_nodes) * self.n_walks * self.walk_length * self.n_epochs
        return memory, 1.0 + windows * (self.window + 1) * (1 + self.n_negative) * width * 1.2e-10

    def _walker(self, adjacency: Any) -> Walker:
        return Walker(
            adjacency, self.walk_length, self.n_walks, self.p, self.q, self.random_state,
            self.n_jobs,
        )  # fmt: skip

    def walks(self, graph: Any) -> Array:
        """Return the walks that `fit` trains on, int32 (n_walks·n, walk_length).

        Entries are rows of ``graph.nodes``; -1 fills a walk that ended at a sink. The same for any
        `n_jobs`. O(n_walks·n·walk_length) memory.
        """
        self._check()
        known = Graph.of(graph)
        adjacency, order = in_id_order(known)
        walker = self._walker(adjacency)
        found, done = np.empty((walker.total, self.walk_length), np.int32), 0
        rows = np.append(order, -1).astype(np.int32)
        for walks, _ in walker.chunks():
            part = found[done : done + len(walks)]
            np.take(rows, walks, out=part, mode="wrap")  # -1 is the last, which is -1
            done += len(walks)
        return found

    def fit(self, graph: Any, *, progress: Progress | None = None) -> Self:
        """Walk and train.

        Raises
        ------
        ParameterError
            When a constructor argument lies outside its domain.
        MissingPackageError
            When ``engine="gensim"`` and gensim is not installed.

        """
        self._check()
        known = Graph.of(graph)
        adjacency, order = in_id_order(known)
        settings = Settings(
            self.dim, self.window, self.n_negative, self.n_epochs, self.learning_rate, self.sample,
            self.share, self.random_state, 1 if self.deterministic else checked_jobs(self.n_jobs),
        )  # fmt: skip
        walker = self._walker(adjacency)
        if self.engine == "gensim":
            vectors = train_with_gensim(walker, settings)
        else:
            hashes = id_hashes([known.nodes[i] for i in order], self.random_state, "node2vec")
            degree = np.asarray(adjacency.sum(axis=0, dtype=np.float64)).ravel()
            vectors = train(walker, degree, hashes, settings, progress)
        back = np.empty_like(vectors)
        back[order] = vectors
        self.embedding_ = Embedding(known.nodes, back)
        return self
