"""IRWE's two networks; torch and torch_geometric live here and in the training beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch_geometric.nn import MLP
from torch_geometric.nn.encoding import PositionalEncoding

from graphemb.embed._irwe_features import N_BINS
from graphemb.embed._irwe_walks import patterns

__all__ = ["IdentityModule", "PositionModule"]

Array = np.ndarray[Any, Any]


class _Projection(nn.Module):
    """(x − mean)·V·Q / scale: principal axes V of the rows fitted on, turned by a random Q.

    The turn spreads the large components over all columns, so that whoever standardises columns
    afterwards (a linear classifier does) does not blow up the small ones. The mean square of an
    entry is 1 over the rows fitted on. Fixed: never trained.
    """

    mean: torch.Tensor
    axes: torch.Tensor

    def __init__(self, n_features: int, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("axes", torch.zeros(n_features, width))

    def fit(self, rows: Array, rng: np.random.Generator) -> None:
        n_features, width = self.axes.shape
        mean = rows.mean(axis=0, dtype=np.float64)
        second = np.zeros((n_features, n_features))
        for first in range(0, len(rows), 8_192):
            part = rows[first : first + 8_192].astype(np.float64)
            second += part.T @ part
        values, vectors = np.linalg.eigh(second / len(rows) - np.outer(mean, mean))
        kept = min(n_features, width)
        turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
        axes = vectors[:, ::-1][:, :kept] @ turn[:kept]
        variance = float(np.maximum(values[::-1][:kept], 0).sum()) / width
        axes /= np.sqrt(variance) if variance > 1e-12 else 1.0
        self.mean = torch.from_numpy(mean.astype(np.float32))
        self.axes = torch.from_numpy(np.ascontiguousarray(axes, dtype=np.float32))

    def forward(self, x: Any) -> Any:
        return (x - self.mean) @ self.axes


class IdentityModule(nn.Module):
    """ψ = projection(s, d) + O·[Σ_c a_c·V·e_c ; q], a = softmax(q·K·e_c / √h + log s_c).

    e_c is the code of anonymous walk c in an autoencoder of all of them; q = MLP(s, d).
    """

    digits: torch.Tensor
    shapes: torch.Tensor

    def __init__(self, length: int, width: int, hidden: int) -> None:
        super().__init__()
        known = np.vstack([patterns(length), np.zeros((1, length + 1), np.int8)])
        shape = F.one_hot(torch.from_numpy(known.astype(np.int64)), length + 1).float()
        self.register_buffer("digits", torch.from_numpy(known.astype(np.int64)))
        self.register_buffer("shapes", shape.flatten(1))
        self.n_codes, self.n_positions = len(known), length + 1
        n_features = self.n_codes + self.n_positions * N_BINS
        self.skip = _Projection(n_features, width)
        self.fold = MLP([shape[0].numel(), hidden, hidden], act="gelu", norm=None)
        self.unfold = nn.Linear(hidden, shape[0].numel())
        self.query = MLP([n_features, hidden, hidden], act="gelu", norm=None)
        self.key = nn.Linear(hidden, hidden, bias=False)
        self.value = nn.Linear(hidden, hidden, bias=False)
        self.out = nn.Linear(2 * hidden, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.decode = MLP([width, hidden, n_features], act="gelu", norm=None)

    def forward(self, x: Any, codes: Any) -> Any:
        """Return ψ (b, width) of statistics `x` (b, n_features) under walk codes (K, hidden)."""
        query = self.query(x)
        logits = query @ self.key(codes).T / codes.shape[1] ** 0.5
        weight = torch.softmax(logits + torch.log(x[:, : self.n_codes] + 1e-9), dim=1)
        read = weight @ self.value(codes)
        return self.skip(x) + self.out(torch.cat([read, query], dim=1))

    def codes(self) -> Any:
        """Return (K, hidden), the code of each anonymous walk."""
        return self.fold(self.shapes)

    def loss(self, x: Any) -> Any:
        """Return cross-entropies of the walks' digits, of s, and of d, each given back from ψ."""
        codes = self.codes()
        digits = self.unfold(codes).view(self.n_codes, self.n_positions, -1)
        walk = F.cross_entropy(digits.flatten(0, 1), self.digits.flatten())
        s, d = x[:, : self.n_codes], x[:, self.n_codes :].view(len(x), self.n_positions, -1)
        given = self.decode(self(x, codes))
        s_loss = F.cross_entropy(given[:, : self.n_codes], s)
        d_given = given[:, self.n_codes :].view(len(x), self.n_positions, -1)
        return walk + s_loss + F.cross_entropy(d_given.flatten(0, 1), d.flatten(0, 1))


class PositionModule(nn.Module):
    """γ(v) = projection(r(v)) + O·read-out over the walks of v, with ψ(v) as the query.

    Tokens ``A·ψ(v_i) + sinusoid(i) + W·r(v_i)`` pass one self-attention layer inside their walk;
    the read-out attends over all tokens of all walks of v.
    """

    def __init__(self, r_dim: int, identity_width: int, width: int, hidden: int) -> None:
        super().__init__()
        self.heads = 4 if hidden % 4 == 0 else 1
        self.skip = _Projection(r_dim, width)
        self.of_identity = nn.Linear(identity_width, hidden, bias=False)
        self.of_position = nn.Linear(width, hidden, bias=False)
        self.sinusoid = PositionalEncoding(hidden + hidden % 2)
        self.norm = nn.LayerNorm(hidden)
        self.mix = nn.Linear(hidden, 3 * hidden, bias=False)
        self.mixed = nn.Linear(hidden, hidden)
        self.query = nn.Linear(identity_width, hidden)
        self.key_value = nn.Linear(hidden, 2 * hidden, bias=False)
        self.out = nn.Linear(hidden, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.context = nn.Linear(width + identity_width, width)

    def forward(self, base: Any, identity: Any, walked: Any) -> Any:
        """Return γ (b, width) of the roots of `walked` (b, walks, positions).

        `base` (n, width) is the projection of r and `identity` (n, identity_width) ψ of all nodes.
        """
        b, n_walks, n_positions = walked.shape
        nodes, place = torch.unique(walked, return_inverse=True)
        table = self.of_identity(identity[nodes]) + self.of_position(base[nodes])
        h = table.shape[1]
        tokens = table[place.view(b * n_walks, n_positions)]
        where = self.sinusoid(torch.arange(n_positions, dtype=torch.float32))[:, :h]
        tokens = tokens + where
        mix = self.mix(self.norm(tokens)).view(b * n_walks, n_positions, 3, self.heads, -1)
        q, k, v = mix.permute(2, 0, 3, 1, 4)
        heads = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        tokens = tokens + self.mixed(heads)
        key, value = self.key_value(tokens).view(b, n_walks * n_positions, 2 * h).split(h, dim=2)
        roots = walked[:, 0, 0]
        weight = torch.softmax(key @ self.query(identity[roots])[:, :, None] / h**0.5, dim=1)
        return base[roots] + self.out((weight * value).sum(dim=1))

    def contexts(self, base: Any, identity: Any, nodes: Any) -> Any:
        """Return (…, width), what γ is multiplied with where a node is met on a walk."""
        return self.context(torch.cat([base[nodes], identity[nodes]], dim=-1))

    def loss(self, gamma: Any, met: Any, negative: Any, n_negative: float) -> Any:
        """Return the walk loss: −log σ(γ·c) of nodes met, −log σ(−γ·c) of negatives drawn.

        `met` (b, m, width) are contexts of nodes met by each root, `negative` (k, width) contexts
        shared by the batch, together weighing `n_negative` per node met.
        """
        scale = gamma.shape[1] ** -0.5
        near = torch.einsum("bd,bmd->bm", gamma, met) * scale
        far = gamma @ negative.T * scale
        return F.softplus(-near).mean() + n_negative * F.softplus(far).mean()
