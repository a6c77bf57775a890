"""How SDNE is trained: torch lives here; NumPy says which rows and columns a step reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F

from graphemb.estimator import Progress
from graphemb.rng import stream

if TYPE_CHECKING:
    from graphemb.embed.sdne import SDNE

__all__ = ["Batch", "Network", "plan", "row_loss", "train"]

Array = np.ndarray[Any, Any]

#: Steps over which the learning rate grows to its full size.
_WARM_UP = 20
#: Least batches an epoch, where there are as many rows: small graphs need steps too.
_BATCHES = 25
#: Output bias at the start: most entries of a row are zero, and sigmoid(-3) is 0.05.
_FIRST_BIAS = -3.0


def spans(indptr: Array, rows: Array) -> tuple[Array, Array]:
    """Return the places of the entries of `rows` in a CSR matrix, and how many each row has."""
    counts = (indptr[rows + 1] - indptr[rows]).astype(np.int64)
    ends = np.cumsum(counts)
    return np.repeat(indptr[rows] - (ends - counts), counts) + np.arange(counts.sum()), counts


@dataclass(frozen=True)
class Batch:
    """What one step reads: `rows` and, where drawn, one `neighbours` entry each.

    `columns` are those on which zeros count, each `column_weight` times (n / len(columns), so that
    the expected loss is that of all columns); `clashes` are (row of batch, place in `columns`)
    that hold an edge and so are no zeros. `heads`, `tails`, `values` are all edges of the rows:
    (row of batch, node, target). `pair_weights` is Σ_j s_ij of each row.
    """

    rows: Array
    neighbours: Array
    pair_weights: Array
    columns: Array
    column_weight: float
    clashes: tuple[Array, Array]
    heads: Array
    tails: Array
    values: Array


def plan(target: Any, rows: Array, n_columns: int, rng: np.random.Generator) -> Batch:
    """Draw the columns and neighbours that a step on `rows` of the CSR matrix `target` reads.

    Of n columns, `n_columns` are drawn without replacement; all are taken, and nothing is drawn,
    when that is at least n. A neighbour j of i is drawn with probability s_ij / Σ_j s_ij.
    """
    n = target.shape[0]
    at, counts = spans(target.indptr, rows)
    heads, tails = np.repeat(np.arange(len(rows)), counts), target.indices[at].astype(np.int64)
    if n_columns >= n:
        columns = np.arange(n)
    else:
        columns = np.sort(rng.choice(n, n_columns, replace=False, shuffle=False))
    place = np.minimum(np.searchsorted(columns, tails), len(columns) - 1)
    hit = columns[place] == tails
    values = target.data[at]
    mass = np.bincount(heads, values.astype(np.float64), len(rows))
    neighbours = rows.copy()
    drawn = np.flatnonzero(mass > 0)
    if len(drawn):
        upto = np.cumsum(values, dtype=np.float64)
        first = np.cumsum(counts) - counts
        aim = (upto[first[drawn]] - values[first[drawn]]) + rng.random(len(drawn)) * mass[drawn]
        pick = np.searchsorted(upto, aim, side="right")
        last = first[drawn] + counts[drawn] - 1
        neighbours[drawn] = tails[np.clip(pick, first[drawn], last)]
    clashes = (heads[hit], place[hit])
    weight = n / len(columns)
    return Batch(rows, neighbours, mass, columns, weight, clashes, heads, tails, values)


class Network:
    """Encoder and decoder: two tables with a row a node, small dense layers between them.

    ``tables``: ``encode`` (n, h₁), ``decode`` (n, h₁), ``bias`` (n, 1). ``inner``: W and b of the
    layers h₁ → … → dim → … → h₁ in order, b of the first encoder layer before them.
    """

    def __init__(self, n: int, sizes: Sequence[int], rng: np.random.Generator) -> None:
        self.sizes, self.n_layers = tuple(sizes), len(sizes) - 1
        width = sizes[0]

        def normal(*shape: int, scale: float) -> Any:
            return torch.from_numpy(rng.standard_normal(shape, np.float32) * np.float32(scale))

        self.tables = {
            "encode": normal(n, width, scale=0.5),
            "decode": normal(n, width, scale=0.5 / math.sqrt(width)),
            "bias": torch.full((n, 1), _FIRST_BIAS),
        }
        self.inner = [torch.zeros(width)]
        there = list(pairwise(sizes))
        for fan_in, fan_out in there + [(b, a) for a, b in reversed(there)]:
            glorot = math.sqrt(2.0 / (fan_in + fan_out))
            self.inner += [normal(fan_in, fan_out, scale=glorot), torch.zeros(fan_out)]
        for tensor in self.inner:
            tensor.requires_grad_(True)

    def encode(self, table: Any, ids: Array, starts: Array, weights: Array) -> Any:
        """Return the codes of rows given as bags of (place in `table`, weight)."""
        h = F.embedding_bag(
            torch.from_numpy(ids), table, torch.from_numpy(starts), mode="sum",
            per_sample_weights=torch.from_numpy(weights),
        )  # fmt: skip
        return self._through(torch.tanh(h + self.inner[0]), 1, 1 + 2 * self.n_layers)

    def decode(self, codes: Any) -> Any:
        """Return what the output layer reads, shape (rows, h₁)."""
        return self._through(codes, 1 + 2 * self.n_layers, len(self.inner))

    def _through(self, h: Any, first: int, last: int) -> Any:
        for at in range(first, last, 2):
            h = torch.tanh(torch.addmm(self.inner[at + 1], h, self.inner[at]))
        return h


class _LazyAdam:
    """AdamW (Loshchilov & Hutter 2019) on the rows of a table that a step touched.

    Every row counts its own steps, so a row first met late starts like one met at once.
    """

    def __init__(self, table: Any, decay: float) -> None:
        self.table, self.decay = table, decay
        self.mean, self.square = torch.zeros_like(table), torch.zeros_like(table)
        self.steps = torch.zeros(len(table), 1)

    def step(self, ids: Any, gradient: Any, rate: float) -> None:
        """Move the rows `ids`, each named once, against their `gradient`."""
        steps = self.steps.index_select(0, ids) + 1
        mean = self.mean.index_select(0, ids).lerp_(gradient, 0.1)
        square = self.square.index_select(0, ids).mul_(0.999)
        square.addcmul_(gradient, gradient, value=0.001)
        for whole, part in ((self.steps, steps), (self.mean, mean), (self.square, square)):
            whole.index_copy_(0, ids, part)
        size = rate * (1 - 0.999**steps).sqrt() / (1 - 0.9**steps)
        move = mean.div_(square.sqrt_().add_(1e-8)).mul_(size)
        rows = self.table.index_select(0, ids).mul_(1 - rate * self.decay)
        self.table.index_copy_(0, ids, rows.sub_(move))


def row_loss(
    batch: Batch, codes: Any, others: Any, z: Any, decode: Callable[[Array], tuple[Any, Any]],
    w_first: float, w_second: float, penalty: float,
) -> Any:  # fmt: skip
    """Return Σ over the rows of w_second·L_second + w_first·L_first of `SDNE`, one tensor.

    `codes` and `others` are y of the rows and of their neighbours, `z` what the output layer
    reads; ``decode(nodes)`` gives that layer's weights (len(nodes), h₁) and bias (len(nodes), 1).
    """
    weight, bias = decode(batch.columns)
    squares = torch.sigmoid(torch.addmm(bias.T, z, weight.T)).square()
    at = torch.from_numpy(batch.clashes[0] * len(batch.columns) + batch.clashes[1])
    zeros = squares.sum() - squares.flatten().index_select(0, at).sum()
    weight, bias = decode(batch.tails)
    dots = (z.index_select(0, torch.from_numpy(batch.heads)) * weight).sum(dim=1)
    off = torch.sigmoid(dots + bias.flatten()) - torch.from_numpy(batch.values)
    second = batch.column_weight * zeros + penalty**2 * off.square().sum()
    if not w_first:
        return w_second * second
    apart = (codes - others).square().sum(dim=1)
    mass = torch.from_numpy(batch.pair_weights.astype(np.float32))
    return w_second * second + w_first * (mass * apart).sum()


class _Trainer:
    """State of one training run; `run` goes through the epochs."""

    def __init__(self, params: SDNE, given: Any, target: Any) -> None:
        self.params, self.given, self.target = params, given, target
        self.n = given.shape[0]
        rng = stream(params.random_state, "sdne", "init")
        self.net = Network(self.n, [*params.hidden, params.dim], rng)
        decay = params.weight_decay
        self.adams = {
            name: _LazyAdam(table, 0.0 if name == "bias" else decay)
            for name, table in self.net.tables.items()
        }
        self.dense = torch.optim.AdamW(self.net.inner, lr=params.learning_rate, weight_decay=decay)

    def run(self, progress: Progress | None) -> list[float]:
        """Train; return the mean loss a row of each epoch."""
        losses: list[float] = []
        size = max(1, min(self.params.batch_size, -(-self.n // _BATCHES)))
        epochs = self.params.n_epochs
        total = epochs * -(-self.n // size)
        done, best, stale = 0, math.inf, 0
        for epoch in range(epochs):
            rng = stream(self.params.random_state, "sdne", "epoch", epoch)
            order, loss = rng.permutation(self.n), 0.0
            for start in range(0, self.n, size):
                rate = min(1.0, (done + 1) / _WARM_UP) * (1 + math.cos(math.pi * done / total)) / 2
                loss += self._step(order[start : start + size], rng, rate)
                done += 1
            losses.append(loss / max(self.n, 1))
            falling = losses[-1] < best * (1 - self.params.tolerance) or done <= _WARM_UP
            best, stale = (losses[-1], 0) if falling else (best, stale + 1)
            over = stale >= self.params.patience or not math.isfinite(loss)
            if progress:
                progress("training the autoencoder", 1.0 if over else (epoch + 1) / epochs)
            if over:
                break
        return losses

    def _step(self, rows: Array, rng: np.random.Generator, share: float) -> float:
        params, tables = self.params, self.net.tables
        batch = plan(self.target, rows, params.n_negative, rng)
        readers = np.concatenate([rows, batch.neighbours]) if params.w_first else rows
        at, counts = spans(self.given.indptr, readers)
        read, place = np.unique(self.given.indices[at], return_inverse=True)
        written = np.union1d(batch.columns, batch.tails)
        ids = {"encode": torch.from_numpy(read.astype(np.int64))}
        ids["decode"] = ids["bias"] = torch.from_numpy(written)
        leaves = {
            name: tables[name].index_select(0, at).requires_grad_(True) for name, at in ids.items()
        }

        def decode(nodes: Array) -> tuple[Any, Any]:
            where = torch.from_numpy(np.searchsorted(written, nodes))
            return leaves["decode"].index_select(0, where), leaves["bias"].index_select(0, where)

        starts = np.cumsum(counts) - counts
        y = self.net.encode(leaves["encode"], place, starts, self.given.data[at])
        codes, others = y[: len(rows)], y[len(rows) :]
        loss = row_loss(
            batch, codes, others, self.net.decode(codes), decode,
            params.w_first, params.w_second, params.penalty,
        )  # fmt: skip
        self.dense.zero_grad(set_to_none=True)
        (loss / len(rows)).backward()
        rate = params.learning_rate * share
        for group in self.dense.param_groups:
            group["lr"] = rate
        self.dense.step()
        with torch.no_grad():
            for name, leaf in leaves.items():
                self.adams[name].step(ids[name], leaf.grad, rate)
        return float(loss.detach())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run torch on one thread, so that sums have one order on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train(
    params: SDNE, given: Any, target: Any, progress: Progress | None
) -> tuple[dict[str, Array], list[Array], list[float]]:
    """Return the tables, the inner weights and the loss of each epoch; see `Network`."""
    with _one_thread():
        trainer = _Trainer(params, given, target)
        losses = trainer.run(progress)
    tables = {name: table.numpy() for name, table in trainer.net.tables.items()}
    return tables, [w.detach().numpy() for w in trainer.net.inner], losses
