"""HOPE: a source and a target vector per node, whose products give a proximity of nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np

from graphemb.embed._lanczos import BLOCK, eigenpairs
from graphemb.embed._proximity import Proximity, adamic_adar, common_neighbours, katz, pagerank
from graphemb.embed._radius import radius, spectral_norm
from graphemb.embed.base import NodeEmbedder
from graphemb.embedding import Embedding
from graphemb.errors import ParameterError, shown
from graphemb.graph import Graph
from graphemb.rng import stream

__all__ = ["HOPE"]

Array = np.ndarray[Any, Any]

#: β of the Katz proximity when none is given, as a share of 1/‖A‖₂.
SHARE = 0.5
#: Singular values below this share of the largest are rounding, and zero.
ROUNDING = 1e-7
PROXIMITIES = ("katz", "pagerank", "common_neighbours", "adamic_adar")


class HOPE(NodeEmbedder):
    """High-order proximity preserved embedding (Ou et al., KDD 2016).

    With the k leading singular triplets of a proximity S, ``S ≈ U·diag(σ)·Vᵀ``::

        source = U·√σ      target = V·√σ      score(i → j) = source_i · target_j

        katz               S = Σ_{l≥1} β^l A^l            pagerank     S = (1 - α)(I - αP)⁻¹
        common_neighbours  S = A²                         adamic_adar  S = A·D·A

    A the weighted adjacency, P its rows scaled to sum 1, ``D_ii = 1/Σ_j (A_ij + A_ji)``.

    Parameters
    ----------
    dim : int
        Length of a vector of ``embedding_``: ``k = ⌈dim/2⌉`` of source, then ``⌊dim/2⌋`` of
        target. May exceed the number of nodes: the rest is zero.
    proximity : {"katz", "pagerank", "common_neighbours", "adamic_adar"}
    beta : float, optional
        Decay β of katz, above 0 and below 1/ρ(A), ρ the spectral radius. None takes
        0.5/‖A‖₂, which is 0.5/ρ(A) on an undirected graph.
    damping : float
        Chance α of pagerank to walk on, in (0, 1).
    inductive : {"none", "neighbours"}
        How `transform` treats nodes it was not fitted on: refuses them, or gives each a vector
        from its neighbours' (`graphemb.embed._inductive`).
    random_state : int
        Names the start of the iteration and the signs.

    Attributes
    ----------
    embedding_ : Embedding, float32 (n, dim)
        ``[source | target]``; with an odd dim the last column of the target is left out.
    source_, target_ : Embedding, float32 (n, k)
        On an undirected graph they agree up to the sign of each column (pagerank excepted,
        whose S is not symmetric).
    singular_values_ : float64 (k,)
        Of S, largest first; ``Σσ²`` is the energy kept.
    beta_ : float
        β that was used; 0 on a graph without edges. Katz only.

    Raises
    ------
    ParameterError
        From `fit`: an argument is outside its domain; β is at or above 1/ρ(A), where Katz's
        series has no sum; or weights so large that a vector leaves float32.

    Notes
    -----
    The definitions are those of section 3.2; Theorem 1 gives the optimum. Of its printed errors,
    equation 3 has β·A^l for β^l·A^l, β must lie below 1/ρ and not below ρ, and the jump back of
    rooted PageRank has chance 1 - α. Choices of ours: the paper's generalised SVD (section 4.2)
    is replaced by block Lanczos on S as an operator, and on an undirected graph by Lanczos on A
    itself where S is a function of A; a walk of pagerank ends at a node without outgoing edges;
    the default β. Signs (of equal singular values: the basis) are fixed by products with a
    random matrix whose rows belong to node ids, so that renumbering nodes renumbers rows.

    S of pagerank has an identity part: leave i = j out when ranking. A node without outgoing
    edges has a zero source vector, one without incoming edges a zero target vector (katz), and
    leaves under one parent share their vectors.

    The default share 0.5 of β's bound: MAP of reconstruction on ca-GrQc at dim 128 is .249 for
    0.05, .256 for 0.3 to 0.5, .255 for 0.7, .246 for 0.95.

    Energy is within 0.1 % of the best possible, 10⁻⁴ on networks measured (4·10⁻⁴ on a ring,
    whose σ hardly fall off). Time O(products·m + n·k²) per restart, some 6·k products and a few
    restarts; memory O(m + n·k). A product is one pass over the edges on an undirected graph, two
    or four for the local proximities, and for a directed katz and pagerank twice the terms of a
    series (27 at β‖A‖ or α = 0.5) or two triangular solves.

    Examples
    --------
    >>> from graphemb import Graph
    >>> path = Graph.from_edges([("a", "b"), ("b", "c")], directed=True)
    >>> hope = HOPE(dim=4, beta=0.5).fit(path)
    >>> (hope.scores([0]) + 0).round(2).tolist()  # a → b once, a → c over b
    [[0.0, 0.5, 0.25]]

    """

    def __init__(
        self,
        dim: int = 128,
        proximity: Literal["katz", "pagerank", "common_neighbours", "adamic_adar"] = "katz",
        beta: float | None = None,
        damping: float = 0.5,
        inductive: Literal["none", "neighbours"] = "none",
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.proximity = proximity
        self.beta = beta
        self.damping = damping
        self.inductive = inductive
        self.random_state = random_state

    def _check(self) -> None:
        self._whole("dim", 1)
        self._choice("proximity", PROXIMITIES)
        self._choice("inductive", ("none", "neighbours"))
        if self.beta is not None and not (_number(self.beta) and 0 < self.beta < np.inf):
            raise ParameterError(
                f"HOPE: beta must be a finite number above 0, or None; got {shown(self.beta)}."
            )
        if not (_number(self.damping) and 0 < self.damping < 1):
            raise ParameterError(
                f"HOPE: damping must be a number in (0, 1); got {shown(self.damping)}."
            )

    def fit(self, graph: Any) -> Self:
        """Embed the nodes of `graph`."""
        self._check()
        known = Graph.of(graph)
        fresh = _columns(known.nodes, self.random_state)
        k = (self.dim + 1) // 2
        matrix = known.adjacency.astype(np.float64)
        matrix.eliminate_zeros()
        unit = float(matrix.data.max()) if matrix.nnz else 1.0
        matrix.data /= unit
        source, target = np.zeros((2, known.n_nodes, k), np.float32)
        self.singular_values_ = np.zeros(k)
        proximity = self._operator(matrix, known.directed, unit)
        if proximity is not None:
            # Both halves carry the root of what weights do to S: A² grows with their square.
            power = {"common_neighbours": 1.0, "adamic_adar": 0.5}.get(self.proximity, 0.0)
            try:
                with np.errstate(over="ignore", invalid="ignore"):
                    sigma = _decompose(proximity, fresh, unit**power, source, target)
            except OverflowError:
                raise ParameterError(
                    "HOPE: the proximity must stay within float32; it overflows. "
                    "Divide the weights, or give a smaller beta."
                ) from None
            self.singular_values_[: len(sigma)] = sigma
        if self.proximity != "pagerank":  # these rows and columns of S are zero: so, exactly
            source[np.diff(matrix.indptr) == 0] = 0.0
            target[np.bincount(matrix.indices, minlength=known.n_nodes) == 0] = 0.0
        self.source_, self.target_ = Embedding(known.nodes, source), Embedding(known.nodes, target)
        both = np.hstack([source, target[:, : self.dim // 2]])
        self.embedding_ = Embedding(known.nodes, both)
        return self

    def scores(self, rows: Any) -> Array:
        """Return ``source_i · target_j`` of the nodes in `rows` with all: float32 (len(rows), n).

        Raises
        ------
        ParameterError
            When a row is none of the fitted graph's.

        """
        source: Embedding = self._fitted("source_")
        wanted = np.asarray(rows, np.int64).reshape(-1)
        if wanted.size and not 0 <= int(wanted.min()) <= int(wanted.max()) < len(source):
            raise ParameterError(
                f"HOPE: rows must lie in 0 … {len(source) - 1}; "
                f"got {int(wanted.min())} … {int(wanted.max())}."
            )
        return source.vectors[wanted] @ self.target_.vectors.T

    def _operator(self, matrix: Any, directed: bool, unit: float) -> Proximity | None:
        """Return S of `matrix`, whose largest weight was `unit` and is 1; None where S is zero."""
        if self.proximity == "katz":
            rate, step = self._beta(matrix, directed, unit)
            return katz(matrix, directed, step, rate) if matrix.nnz else None
        if self.proximity == "pagerank":
            return pagerank(matrix, self.damping) if matrix.shape[0] else None
        if not matrix.nnz:
            return None
        make = common_neighbours if self.proximity == "common_neighbours" else adamic_adar
        return make(matrix, directed)

    def _beta(self, matrix: Any, directed: bool, unit: float) -> tuple[float, float]:
        """Set ``beta_``; return a bound of the rate at which Katz's terms shrink, and β·unit."""
        if not matrix.nnz:
            self.beta_ = 0.0
            return 0.0, 0.0
        norm = spectral_norm(matrix) if directed else radius(matrix)[1]
        step = SHARE / norm if self.beta is None else float(self.beta) * unit
        self.beta_ = float(step / unit)
        if step * norm < 1:
            return float(step * norm), step
        high = radius(matrix)[1] if directed else norm
        if step * high >= 1:
            bound, safe = 1 / high / unit, SHARE / norm / unit
            digits = 3 if step * high > 1.01 else 7  # so that a near miss does not read as none
            raise ParameterError(
                f"HOPE: beta must lie below 1/ρ(A) = {bound:.{digits}g} of this graph, from where "
                f"on Katz's series has no sum; got {shown(self.beta)}. "
                f"Give less, or None, which takes {safe:.3g}."
            )
        return float(step * high) or 1.0, step


def _number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _columns(nodes: Sequence[str], random_state: int) -> Callable[[int], Array]:
    """Return a source of random columns; their rows go by node id, whatever the row order."""
    rng = stream(random_state, "hope")
    order = sorted(range(len(nodes)), key=nodes.__getitem__)

    def fresh(width: int) -> Array:
        out = np.empty((len(nodes), width))
        out[order] = rng.standard_normal((len(nodes), width))
        return out

    return fresh


def _decompose(
    proximity: Proximity, fresh: Callable[[int], Array], grown: float, source: Array, target: Array
) -> Array:
    """Fill the first columns of `source` and `target` and return the singular values of S.

    `grown` is the factor of both halves that was taken out of the weights.
    """
    apply, adjoint, value = proximity.apply, proximity.adjoint, proximity.value
    n, k = source.shape
    if adjoint is None:
        found, right = eigenpairs(apply, n, k, lambda w: np.abs(value(w)), fresh)
        signed = value(found)
    else:
        found, right = eigenpairs(lambda x: adjoint(apply(x)), n, k, _root, fresh)
        signed = _root(found)
    _settle(signed, right, fresh)
    signed, right = signed[:k], right[:, :k]
    sigma = np.abs(signed)
    counts = sigma > ROUNDING * sigma.max(initial=0.0)
    root = np.where(counts, np.sqrt(sigma), 0.0)
    _write(right, root * grown, target)
    if adjoint is None:
        _write(right, root * grown * np.sign(signed), source)
    else:  # U√σ = S·V/√σ, a few columns at a time
        scale = np.where(counts, grown / np.where(counts, root, 1.0), 0.0)
        for first in range(0, len(sigma), BLOCK):
            part = slice(first, first + BLOCK)
            left = apply(np.ascontiguousarray(right[:, part]))
            _write(left, scale[part], source[:, part])
    return np.where(counts, sigma, 0.0) * grown**2


def _write(vectors: Array, scale: Array, out: Array) -> None:
    """Store ``vectors · scale`` in the float32 columns of `out`, refusing what does not fit."""
    largest = np.maximum(vectors.max(axis=0), -vectors.min(axis=0)) * scale
    if not (np.abs(largest) <= np.finfo(np.float32).max).all():
        raise OverflowError("vectors leave float32")
    np.multiply(vectors, scale, out=out[:, : len(scale)], casting="same_kind")


def _root(values: Array) -> Array:
    return np.asarray(np.sqrt(np.maximum(values, 0.0)))


def _settle(values: Array, vectors: Array, fresh: Callable[[int], Array]) -> None:
    """Turn the basis of each eigenspace, in place, to the one that node ids determine.

    An eigenspace E leaves its basis open, a single vector its sign. We take the basis whose
    product ``Eᵀ·R`` with random R is upper triangular with a positive diagonal.
    """
    top = float(np.abs(values).max(initial=0.0))
    cuts = np.flatnonzero(np.abs(np.diff(values)) > 1e-8 * top) + 1
    vectors *= np.where(fresh(1).T @ vectors < 0, -1.0, 1.0)
    for group in np.split(np.arange(len(values)), cuts):
        if len(group) > 1 and abs(values[group[0]]) > ROUNDING * top:
            q, r = np.linalg.qr(vectors[:, group].T @ fresh(len(group)))
            vectors[:, group] = vectors[:, group] @ (q * np.where(np.diagonal(r) < 0, -1.0, 1.0))
