"""Training of ListNet with torch; never imported to map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

__all__ = ["train"]

Array = np.ndarray[Any, Any]
#: Weights and biases, as `ListNet` keeps them.
Layers = tuple[tuple[Array, ...], tuple[Array, ...]]
#: From rows to what the network reads of them: the whole table would take gigabytes.
Inputs = Callable[[Array], Array]

#: Chosen on the tuning and dev phrases of ICD-10-CM, HPO, the STW and UNSPSC (RESULTS).
EPOCHS, LISTS, RATE, DECAY, DROPOUT = 8, 32, 3e-3, 0.05, 0.2
WIDTHS = (128, 64)


def _lists(y: Array, query: Array) -> tuple[Array, Array, Array]:
    """Return an order of the rows by query, and where lists with a right row begin and end."""
    order = np.argsort(query, kind="stable")
    starts = np.flatnonzero(np.diff(query[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    taught = np.add.reduceat(y[order].astype(np.int64), starts) > 0 if len(starts) else starts > 0
    return order, starts[taught], ends[taught]


def _loss(scores: torch.Tensor, right: torch.Tensor, counts: Array) -> torch.Tensor:
    """Return the mean cross-entropy of the lists, which lie one after the other."""
    row = torch.from_numpy(np.repeat(np.arange(len(counts)), counts))
    at = torch.from_numpy(np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts))
    table = scores.new_full((len(counts), int(counts.max())), -1e9)
    table[row, at] = scores
    target = torch.zeros_like(table)
    target[row, at] = right
    target = target / target.sum(1, keepdim=True)
    return -(target * torch.log_softmax(table, 1)).sum(1).mean()


def train(inputs: Inputs, width: int, y: Array, query: Array, random_state: int) -> Layers:
    """Return weights and biases learned from rows of `inputs`, `width` wide (`ListNet.fit`)."""
    order, starts, ends = _lists(y, query)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state % 2**63)
        net = torch.nn.Sequential(
            torch.nn.Linear(width, WIDTHS[0]), torch.nn.ReLU(),
            torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(*WIDTHS), torch.nn.ReLU(), torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(WIDTHS[1], 1, bias=False),
        )  # fmt: skip
        if len(starts):
            _run(net, inputs, y.astype(np.float32), order, starts, ends)
    layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    weights = tuple(np.ascontiguousarray(layer.weight.detach().numpy().T) for layer in layers)
    return weights, tuple(layer.bias.detach().numpy() for layer in layers[:-1])


def _run(
    net: torch.nn.Sequential, inputs: Inputs, y: Array, order: Array, starts: Array, ends: Array
) -> None:
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(starts) // LISTS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    right = torch.from_numpy(y)
    for _ in range(EPOCHS):
        shuffled = torch.randperm(len(starts)).numpy()
        for first in range(0, len(shuffled), LISTS):
            some = shuffled[first : first + LISTS]
            rows = np.concatenate([order[starts[i] : ends[i]] for i in some])
            scores = net(torch.from_numpy(inputs(rows))).ravel()
            loss = _loss(scores, right[rows], ends[some] - starts[some])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
