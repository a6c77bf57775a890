"""How IRWE is trained and applied: features, the alternation of the two losses, inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from graphemb.embed._irwe_features import (
    N_BINS,
    anonymous_frequencies,
    co_occurrence,
    degree_profile,
)
from graphemb.embed._irwe_network import IdentityModule, PositionModule
from graphemb.embed._irwe_walks import WalkGraph, patterns, walks
from graphemb.estimator import Progress
from graphemb.rng import seed_of, stream

if TYPE_CHECKING:
    from graphemb.embed.irwe import IRWE
    from graphemb.graph import Graph

__all__ = ["Model", "apply", "train"]

Array = np.ndarray[Any, Any]

#: Nodes trained on in one epoch; the networks are inductive and need not see all of a large graph.
_EPOCH = 20_000
#: Nodes met on its walks that one root is trained on in an epoch, and negatives that share a batch.
_MET, _SHARED = 16, 512
#: Draw of walks that inference reads; training draws 1, 2, … and the statistics draw 0.
_INFERENCE = 1 << 20


@dataclass
class Model:
    """The fitted networks; `position` is None where only identities are wanted."""

    identity: IdentityModule
    position: PositionModule | None


@dataclass
class _Inputs:
    """A graph as the networks see it: statistics [s | d] (n, f), and r (n, k) or None."""

    graph: WalkGraph
    statistics: Any
    r: Array | None

    @classmethod
    def of(cls, params: IRWE, graph: Graph, positions: bool) -> _Inputs:
        walked = WalkGraph.of(graph, params.random_state)
        length, r = params.walk_length, None
        n_codes = len(patterns(length)) + 1
        both = np.empty((walked.n_nodes, n_codes + (length + 1) * N_BINS), np.float32)
        both[:, :n_codes] = anonymous_frequencies(walked, params.n_walks, length)
        both[:, n_codes:] = degree_profile(walked, length)
        if positions:
            ids = [graph.nodes[i] for i in walked.order]
            dim = max(params.projection_dim, params.dim)
            r = co_occurrence(walked, ids, dim, params.window, params.random_state)
        return cls(walked, torch.from_numpy(both), r)

    def read(self, roots: Array, params: IRWE, turn: int) -> Any:
        """Return the walks that the position module reads, int64 (b, n_read, walk_length + 1)."""
        drawn = walks(self.graph, roots, params.n_read, params.walk_length, turn)
        return torch.from_numpy(drawn.reshape(len(roots), params.n_read, -1))

    def in_given_order(self, rows: Any) -> Array:
        out = np.empty(tuple(rows.shape), np.float32)
        out[self.graph.order] = rows.numpy()
        return out


def train(
    params: IRWE, graph: Graph, widths: tuple[int, int], progress: Progress | None
) -> tuple[Model, Array, Array | None]:
    """Return the networks fitted to `graph`, and ψ and γ of its nodes in its order."""
    if progress:
        progress("statistics of walks", 0.0)
    inputs = _Inputs.of(params, graph, widths[1] > 0)
    model = _new(params, inputs, widths)
    optimisers = [
        torch.optim.Adam(m.parameters(), lr=params.learning_rate)
        for m in (model.identity, model.position)
        if m is not None
    ]
    for epoch in range(params.n_epochs):
        if progress:
            progress("training", epoch / params.n_epochs)
        rng = stream(params.random_state, "irwe", "epoch", epoch)
        nodes = rng.permutation(inputs.graph.n_nodes)[:_EPOCH]
        batches = np.array_split(nodes, -(-len(nodes) // params.batch_size)) if len(nodes) else []
        for rows in batches:
            _step(optimisers[0], model.identity.loss(inputs.statistics[torch.from_numpy(rows)]))
        if model.position is not None:
            _position_epoch(params, model, inputs, batches, epoch, optimisers[1])
    identity, position = _infer(params, model, inputs)
    if progress:
        progress("training", 1.0)
    return model, identity, position


def _new(params: IRWE, inputs: _Inputs, widths: tuple[int, int]) -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(params.random_state, "irwe", "weights"))
        identity = IdentityModule(params.walk_length, widths[0], params.hidden)
        position = None
        if inputs.r is not None:
            size = inputs.r.shape[1]
            position = PositionModule(size, widths[0], widths[1], params.hidden)
    if inputs.graph.n_nodes:
        rng = stream(params.random_state, "irwe", "axes")
        identity.skip.fit(inputs.statistics.numpy(), rng)
        if position is not None and inputs.r is not None:
            position.skip.fit(inputs.r, rng)
    return Model(identity, position)


def _step(optimiser: Any, loss: Any) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _position_epoch(
    params: IRWE, model: Model, inputs: _Inputs, batches: list[Array], epoch: int, optimiser: Any
) -> None:
    """Train the position module on walks drawn anew; ψ is read, not changed."""
    module = model.position
    if module is None or not len(inputs.graph.indices):
        return
    identity, base = _identities(model, inputs), _bases(module, inputs)
    rng = stream(params.random_state, "irwe", "negatives", epoch)
    share = np.cumsum(inputs.graph.degrees**0.75)
    for rows in batches:
        walked = inputs.read(rows, params, epoch + 1)
        steps = walked[:, :, 1:].flatten(1)
        met = torch.from_numpy(rng.integers(0, steps.shape[1], (len(rows), _MET)))
        drawn = np.searchsorted(share, rng.random(_SHARED) * share[-1], side="right")
        drawn = torch.from_numpy(np.minimum(drawn, len(share) - 1))
        loss = module.loss(
            module(base, identity, walked),
            module.contexts(base, identity, steps.gather(1, met)),
            module.contexts(base, identity, drawn),
            float(params.n_negative),
        )
        _step(optimiser, loss)


def _blocks(n: int, size: int) -> list[Any]:
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


def _identities(model: Model, inputs: _Inputs) -> Any:
    module = model.identity
    out = torch.empty(inputs.graph.n_nodes, module.skip.axes.shape[1])
    with torch.no_grad():
        codes = module.codes()
        for rows in _blocks(len(out), 8192):
            out[rows] = module(inputs.statistics[rows], codes)
    return out


def _bases(module: nn.Module, inputs: _Inputs) -> Any:
    if inputs.r is None:
        raise RuntimeError("IRWE: r was not computed")
    skip: Any = module.skip
    with torch.no_grad():
        parts = [skip(torch.from_numpy(inputs.r[rows])) for rows in _blocks(len(inputs.r), 8192)]
    return torch.cat(parts) if parts else torch.empty(0, skip.axes.shape[1])


def _infer(params: IRWE, model: Model, inputs: _Inputs) -> tuple[Array, Array | None]:
    identity = _identities(model, inputs)
    if model.position is None:
        return inputs.in_given_order(identity), None
    base = _bases(model.position, inputs)
    out = torch.empty_like(base)
    with torch.no_grad():
        for rows in _blocks(len(out), 1024):
            walked = inputs.read(np.arange(rows.start, rows.stop), params, _INFERENCE)
            out[rows] = model.position(base, identity, walked)
    return inputs.in_given_order(identity), inputs.in_given_order(out)


def apply(params: IRWE, model: Model, graph: Graph) -> tuple[Array, Array | None]:
    """Return ψ and γ of the nodes of `graph`, in its order."""
    return _infer(params, model, _Inputs.of(params, graph, model.position is not None))
