"""How the ContrastiveEncoder is trained: torch lives here and nowhere else in this stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from graphemb.encode._noise import disturb_all
from graphemb.encode._pairing import Pairing
from graphemb.encode._sparse import SparseRows
from graphemb.estimator import Progress
from graphemb.rng import seed_of, stream

if TYPE_CHECKING:
    from graphemb.encode.contrastive import ContrastiveEncoder

__all__ = ["train"]

Array = np.ndarray[Any, Any]

#: Names among which hard negatives are looked for; mining all pairs grows with the square.
_POOL = 12_000
_HARD = 6


class _Network(nn.Module):
    """h = B·A + D[w] + g·G; z = normalise(h + MLP(LayerNorm(h))); A and G are one matrix."""

    def __init__(self, params: ContrastiveEncoder, n_terms: int, n_general: int) -> None:
        super().__init__()
        k, d = params.projection_dim, params.dim
        self.project = nn.Linear(k + n_general, d, bias=False)
        with torch.no_grad():
            for part in (self.project.weight[:, :k], self.project.weight[:, k:]):
                if part.numel():
                    part.copy_(nn.init.orthogonal_(torch.empty_like(part)))
        self.terms = nn.EmbeddingBag(max(n_terms, 1), d, mode="sum", sparse=True)
        nn.init.normal_(self.terms.weight, std=0.01)
        self.norm = nn.LayerNorm(d)
        self.inner = nn.Linear(d, params.hidden)
        self.outer = nn.Linear(params.hidden, d)
        with torch.no_grad():
            self.outer.weight.mul_(0.1)

    def forward(self, backbone: Any, bags: tuple[Any, Any, Any]) -> Any:
        ids, offsets, weights = bags
        h = self.project(backbone) + self.terms(ids, offsets, per_sample_weights=weights)
        h = h + self.outer(F.gelu(self.inner(self.norm(h)), approximate="tanh"))
        return F.normalize(h, dim=1)


class _GraphLayer(nn.Module):
    """normalise(z + [parents; children; siblings]·V), neighbours averaged by torch_geometric."""

    def __init__(self, dim: int, relations: Sequence[Array], n_owners: int) -> None:
        super().__init__()
        from torch_geometric.nn import SimpleConv

        self.mean = SimpleConv(aggr="mean")
        self.edges = [torch.from_numpy(np.ascontiguousarray(r).astype(np.int64)) for r in relations]
        self.n_owners = n_owners
        self.mix = nn.Linear(3 * dim, dim, bias=False)
        nn.init.zeros_(self.mix.weight)

    def context(self, labels: Any) -> Any:
        """Return (n_owners, 3·dim) mean label vectors of the three kinds of neighbours."""
        return torch.cat([self.mean(labels, edges) for edges in self.edges], dim=1)

    def forward(self, z: Any, context: Any) -> Any:
        return F.normalize(z + self.mix(context), dim=1)


class _Features:
    """Backbone rows and word bags of the names (rows 0…n-1) and disturbed copies (n…2n-1)."""

    def __init__(self, params: ContrastiveEncoder, texts: Sequence[str]) -> None:
        noisy = disturb_all(texts, stream(params.random_state, "encoder", "noise"))
        every = [*texts, *noisy]
        grams = params.grams_.transform(every)
        rng = stream(params.random_state, "encoder", "projection")
        size = (grams.n_columns, params.projection_dim)
        self.projection = rng.standard_normal(size, dtype=np.float32) / np.sqrt(size[1])
        self.backbone = torch.from_numpy(
            np.ascontiguousarray(grams.to_scipy() @ self.projection, dtype=np.float32)
        )
        self.n_general = 0
        if params._speaker is not None:
            general = params._speaker.vectors_of_normalised(every) * params.general_scale
            self.n_general = general.shape[1]
            self.backbone = torch.cat([self.backbone, torch.from_numpy(general)], dim=1)
        self.bags = params.terms_.transform([t.split() for t in every])

    def take(self, rows: Array, dropout: float, rng: np.random.Generator) -> tuple[Any, Any]:
        """Return the backbone rows and the (ids, offsets, weights) of the bags of `rows`."""
        bags: SparseRows = self.bags
        counts = bags.ptr[rows + 1] - bags.ptr[rows]
        ends = np.cumsum(counts)
        at = np.repeat(bags.ptr[rows] - (ends - counts), counts) + np.arange(counts.sum())
        weights = bags.weights[at]
        if dropout:
            weights = weights * (rng.random(len(at), dtype=np.float32) >= dropout)
        bag = (
            torch.from_numpy(bags.columns[at].astype(np.int64)),
            torch.from_numpy(ends - counts),
            torch.from_numpy(weights),
        )
        return self.backbone[torch.from_numpy(rows)], bag


def _encode_all(net: _Network, features: _Features, rows: Array) -> Any:
    rng = np.random.default_rng(0)  # no dropout here: nothing is drawn
    parts = []
    with torch.no_grad():
        for start in range(0, len(rows), 4096):
            parts.append(net(*features.take(rows[start : start + 4096], 0.0, rng)))
    return torch.cat(parts)


def _mine(z: Any, pairing: Pairing, rng: np.random.Generator) -> Array:
    """Return (n_names, _HARD): for each name, near names of other owners in a random pool."""
    n = len(z)
    pool = np.sort(rng.choice(pairing.indexed, min(_POOL, len(pairing.indexed)), replace=False))
    pool_z = z[torch.from_numpy(pool)].T.contiguous()
    hard = np.zeros((n, _HARD), np.int64)
    for start in range(0, n, 2048):
        rows = np.arange(start, min(start + 2048, n))
        near = (z[start : start + 2048] @ pool_z).topk(min(_HARD + 6, len(pool)), dim=1).indices
        near = pool[near.numpy()]
        clash = pairing.share_owner(rows[:, None], near)
        order = np.argsort(clash, axis=1, kind="stable")[:, :_HARD]
        found = np.take_along_axis(near, order, axis=1)
        hard[rows] = np.resize(found.T, (_HARD, len(rows))).T
    return hard


class _Trainer:
    """State of one training run; `run` goes through the epochs."""

    def __init__(
        self,
        params: ContrastiveEncoder,
        texts: Sequence[str],
        pairing: Pairing,
        relations: Sequence[Array] | None,
    ) -> None:
        torch.manual_seed(seed_of(params.random_state, "encoder", "init") % 2**32)
        self.params, self.pairing = params, pairing
        self.rng = stream(params.random_state, "encoder", "batches")
        self.features = _Features(params, texts)
        self.net = _Network(params, self.features.bags.n_columns, self.features.n_general)
        self.graph = (
            None if relations is None else _GraphLayer(params.dim, relations, pairing.n_owners)
        )
        dense = [p for name, p in self.net.named_parameters() if not name.startswith("terms")]
        dense += list(self.graph.parameters()) if self.graph else []
        self.adam = torch.optim.AdamW(dense, lr=params.learning_rate, weight_decay=0.01)
        self.sparse = torch.optim.SparseAdam(
            list(self.net.terms.parameters()), lr=params.learning_rate
        )
        self.context: Any = None
        self.hard: Array = np.zeros((0, 0), np.int64)

    def run(self, progress: Progress | None) -> None:
        epochs = self.params.n_epochs
        per_epoch = -(-self.pairing.pairs_an_epoch // self.params.batch_size)
        total, step = max(epochs * per_epoch, 1), 0
        for epoch in range(epochs):
            if epoch in {0, 1, 3, 5}:
                self._refresh(mine=epoch != 5)
            queries, documents, nodes = self.pairing.sample(self.rng, self.params.noise)
            for start in range(0, len(queries), self.params.batch_size):
                part = slice(start, start + self.params.batch_size)
                rate = min(1.0, (step + 1) / (0.05 * total + 1), (total - step) / (total * 0.9))
                for optimiser in (self.adam, self.sparse):
                    for group in optimiser.param_groups:
                        group["lr"] = self.params.learning_rate * max(rate, 0.01)
                self._step(queries[part], documents[part], nodes[part])
                step += 1
                if progress and step % 10 == 0:
                    progress("training the phrase encoder", step / total)

    def _refresh(self, mine: bool) -> None:
        """Renew the neighbours' mean vectors and the hard negatives with the present encoder."""
        z = _encode_all(self.net, self.features, np.arange(self.pairing.n_names))
        if self.graph is not None:
            with torch.no_grad():
                self.context = self.graph.context(z[torch.from_numpy(self.pairing.labels)])
        if mine:
            self.hard = _mine(z, self.pairing, self.rng)

    def _document(self, rows: Array, nodes: Array) -> Any:
        z = self.net(*self.features.take(rows, self.params.word_dropout, self.rng))
        if self.graph is None:
            return z
        kept = self.rng.random((len(rows), 1), dtype=np.float32) >= self.params.name_dropout
        return self.graph(z * torch.from_numpy(kept), self.context[torch.from_numpy(nodes)])

    def _step(self, queries: Array, documents: Array, nodes: Array) -> None:
        names = queries % self.pairing.n_names
        choice = self.rng.integers(0, _HARD, len(queries))
        hard = self.hard[names, choice]
        rows = np.concatenate([documents, hard])
        owners = np.concatenate([nodes, self.pairing.first_owner[hard]])
        q = self.net(*self.features.take(queries, self.params.word_dropout, self.rng))
        d = self._document(rows, owners)
        clash = torch.from_numpy(self.pairing.owned_by(names[:, None], owners[None, :]))
        target = torch.arange(len(queries))
        clash[target, target] = False
        logits = (q @ d.T / self.params.temperature).masked_fill(clash, -1e4)
        back = logits[:, : len(queries)].T
        loss = F.cross_entropy(logits, target) + 0.5 * F.cross_entropy(back, target)
        self.adam.zero_grad(set_to_none=True)
        self.sparse.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        self.sparse.step()  # type: ignore[no-untyped-call]

    def learned(self) -> dict[str, Array]:
        """Return the weights in the layout that NumPy runs: rows times matrices."""
        net = self.net

        def of(tensor: Any) -> Array:
            return np.ascontiguousarray(tensor.detach().numpy().astype(np.float32))

        grams, general = np.split(of(net.project.weight).T, [self.params.projection_dim])
        table = self.features.projection @ grams
        found = {
            "gram_table": table.astype(np.float16),
            "term_table": of(net.terms.weight).astype(np.float16),
            "norm_gain": of(net.norm.weight),
            "norm_shift": of(net.norm.bias),
            "in_weight": of(net.inner.weight.T),
            "in_bias": of(net.inner.bias),
            "out_weight": of(net.outer.weight.T),
            "out_bias": of(net.outer.bias),
        }
        if len(general):
            found["general_weight"] = general * np.float32(self.params.general_scale)
        if self.graph is not None:
            found["graph_weight"] = of(self.graph.mix.weight.T)
        return found


def train(
    params: ContrastiveEncoder,
    texts: Sequence[str],
    owners: Sequence[Sequence[int]],
    documents: Array | None,
    relations: Sequence[Array] | None,
    progress: Progress | None,
) -> dict[str, Array]:
    """Return the learned weights; see `ContrastiveEncoder.fit` for the arguments."""
    pairing = Pairing(owners, documents)
    trainer = _Trainer(params, texts, pairing, relations)
    trainer.run(progress)
    return trainer.learned()
