"""How mapping networks are trained: torch lives here and in their modules, nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F

from graphemb.estimator import Progress
from graphemb.map.base import Sequences
from graphemb.rng import seed_of, stream

if TYPE_CHECKING:
    from graphemb.map._trained import TrainedNetwork

__all__ = ["train"]

Array = np.ndarray[Any, Any]
Losses = list[tuple[float, float]]

#: With fewer held-out nodes chance would decide when to stop: all are trained on, to the end.
FEWEST_HELD = 10
#: Batches whose phrases are sorted by length together.
ALIKE = 16
#: With fewer rows threads wait for each other longer than they work.
FEW_ROWS = 4096


class _Trainer:
    """State of one training run."""

    def __init__(self, network: TrainedNetwork, X: Any, Y: Array, weight: Array | None) -> None:
        self.network, self.X = network, X
        unit = Y / np.maximum(np.linalg.norm(Y, axis=1, keepdims=True), 1e-12)
        targets, self.target = np.unique(unit, axis=0, return_inverse=True)
        self.targets = torch.from_numpy(targets)
        self.weight = np.ones(len(Y)) if weight is None else np.asarray(weight, np.float64)
        self.rng = stream(network.random_state, "network", "batches")
        self.train, self.held = self._split(len(targets))
        # Which targets are candidates of the softmax while training.
        seen = np.zeros(len(targets), bool)
        seen[self.target[self.train]] = True
        self.unseen = torch.from_numpy(~seen)
        values = X.values[X.mask] if isinstance(X, Sequences) else np.asarray(X)
        self.scale = np.float32(1.0 / max(float(values.std()) if values.size else 0.0, 1e-6))
        n_inputs = X.dim if isinstance(X, Sequences) else X.shape[1]
        self.module = network._module(n_inputs, Y.shape[1])
        self.adam = torch.optim.AdamW(
            self.module.parameters(), lr=network.learning_rate, weight_decay=0.01
        )

    def _split(self, n_targets: int) -> tuple[Array, Array]:
        """Return the rows to train on and the rows of held-out targets."""
        n = round(n_targets * self.network.held_out)
        if n < FEWEST_HELD:
            return np.arange(len(self.target)), np.zeros(0, np.int64)
        out = np.zeros(n_targets, bool)
        out[stream(self.network.random_state, "network", "held").permutation(n_targets)[:n]] = True
        held = out[self.target]
        return np.flatnonzero(~held), np.flatnonzero(held)

    def _loss(self, rows: Array, all_targets: bool) -> Any:
        """Return the weighted mean loss of `rows`."""
        part = self.X[rows]
        mask = None
        if isinstance(part, Sequences):
            mask = torch.from_numpy(part.mask)
            part = part.values
        points = self.module(torch.from_numpy(np.asarray(part, np.float32) * self.scale), mask)
        target = torch.from_numpy(self.target[rows])
        if self.network.loss == "mse":
            loss = ((points - self.targets[target]) ** 2).sum(dim=1)
        elif self.network.loss == "cosine":
            loss = 1.0 - F.cosine_similarity(points, self.targets[target], dim=1)
        else:
            logits = F.normalize(points, dim=1) @ self.targets.T / self.network.temperature
            if not all_targets:
                logits = logits.masked_fill(self.unseen, -1e4)
            loss = F.cross_entropy(logits, target, reduction="none")
        weight = torch.from_numpy(self.weight[rows].astype(np.float32))
        return (loss * weight).sum() / weight.sum().clamp_min(1e-12)

    def _batches(self) -> list[Array]:
        """Return the training rows in random batches; phrases of like length share a batch."""
        size, order = self.network.batch_size, self.rng.permutation(self.train)
        if isinstance(self.X, Sequences):  # less padding to compute
            spans = np.split(order, range(ALIKE * size, len(order), ALIKE * size))
            lengths = self.X.lengths
            order = np.concatenate([s[np.argsort(lengths[s], kind="stable")] for s in spans])
        batches = np.split(order, range(size, len(order), size))
        return [batches[i] for i in self.rng.permutation(len(batches))]

    def _epoch(self) -> float:
        self.module.train()
        total = 0.0
        for rows in self._batches():
            loss = self._loss(rows, all_targets=False)
            self.adam.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), 5.0)
            self.adam.step()
            total += float(loss.detach()) * len(rows)
        return total / max(len(self.train), 1)

    def _held_loss(self) -> float:
        self.module.eval()
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self.held), 1024):
                rows = self.held[start : start + 1024]
                total += float(self._loss(rows, all_targets=True)) * len(rows)
        return total / len(self.held)

    def _learned(self) -> dict[str, Array]:
        found = {
            name: np.ascontiguousarray(tensor.detach().numpy().astype(np.float32).copy())
            for name, tensor in self.module.state_dict().items()
        }
        return found | {"scale": np.array([self.scale], np.float32)}

    def run(self, progress: Progress | None) -> tuple[dict[str, Array], Losses]:
        """Train until the held-out loss stops falling; return the best epoch's weights."""
        losses: Losses = []
        best, learned, waited = np.inf, self._learned(), 0
        for epoch in range(self.network.n_epochs):
            trained = self._epoch()
            held = self._held_loss() if len(self.held) else trained
            losses.append((trained, held))
            if progress:
                progress("training the mapping network", (epoch + 1) / self.network.n_epochs)
            waited = 0 if held < best else waited + 1
            if waited == 0 or not len(self.held):
                best, learned = held, self._learned()
            elif waited >= self.network.patience:
                break
        return learned, losses


def train(
    network: TrainedNetwork, X: Any, Y: Array, weight: Array | None, progress: Progress | None
) -> tuple[dict[str, Array], Losses]:
    """Return the weights by name and the losses by epoch; torch's own random state is kept."""
    threads = torch.get_num_threads()
    if len(X) < FEW_ROWS:
        torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(network.random_state, "network", "init") % 2**63)
            return _Trainer(network, X, Y, weight).run(progress)
    finally:
        torch.set_num_threads(threads)
