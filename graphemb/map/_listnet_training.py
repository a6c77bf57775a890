"""Training of ListNet with torch; never imported to map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from graphemb.map._listwise import taught_lists

__all__ = ["train"]

Array = np.ndarray[Any, Any]
#: Weights and biases, as `ListNet` keeps them.
Layers = tuple[tuple[Array, ...], tuple[Array, ...]]
#: From rows to what the network reads of them: the whole table would take gigabytes.
Inputs = Callable[[Array], Array]

#: Chosen on the tuning and dev phrases of ICD-10-CM, HPO, the STW and UNSPSC (RESULTS).
EPOCHS, LISTS, RATE, DECAY, DROPOUT = 8, 32, 3e-3, 0.05, 0.2
WIDTHS = (128, 64)


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
    lists = taught_lists(y, query)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state % 2**63)
        net = torch.nn.Sequential(
            torch.nn.Linear(width, WIDTHS[0]), torch.nn.ReLU(),
            torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(*WIDTHS), torch.nn.ReLU(), torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(WIDTHS[1], 1, bias=False),
        )  # fmt: skip
        if len(lists[1]):
            _run(net, inputs, torch.from_numpy(y.astype(np.float32)), *lists)
    layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    weights = tuple(np.ascontiguousarray(layer.weight.detach().numpy().T) for layer in layers)
    return weights, tuple(layer.bias.detach().numpy() for layer in layers[:-1])


def _run(
    net: torch.nn.Sequential, inputs: Inputs, right: torch.Tensor, order: Array, sizes: Array
) -> None:
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(sizes) // LISTS)
    ends = np.cumsum(sizes)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        shuffled = torch.randperm(len(sizes)).numpy()
        for first in range(0, len(shuffled), LISTS):
            some = shuffled[first : first + LISTS]
            rows = np.concatenate([order[ends[i] - sizes[i] : ends[i]] for i in some])
            scores = net(torch.from_numpy(inputs(rows))).ravel()
            loss = _loss(scores, right[rows], sizes[some])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
