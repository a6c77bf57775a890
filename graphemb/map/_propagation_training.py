"""How the graph layer over a frozen encoder is trained: torch lives here."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from graphemb.map._propagation import WEIGHTS
from graphemb.rng import seed_of, stream

__all__ = ["train_layer"]

Array = np.ndarray[Any, Any]

#: Nodes whose names are asked for in a step, and how many other nodes stand beside them.
BATCH, BESIDE = 512, 1024
TEMPERATURE, DECAY, DROPOUT = 0.07, 0.05, 0.2


def train_layer(
    context: Array, vectors: Array, owners: Array, random_state: int, n_epochs: int = 4,
    learning_rate: float = 1e-3,
) -> Array:  # fmt: skip
    """Return W, float32 (3·d, d), learned so that a node's relatives foretell its names.

    A node is seen by its relatives alone, all names dropped::

        z(v) = normalise(Σ_r w_r·c_r(v) + [c_1; c_2; c_3]·W)

    W starts at 0, so training starts from the propagation by hand. The loss is InfoNCE (van den
    Oord et al. 2018, arXiv 1807.03748, eq. 4) of a name x_i of node v against the nodes of its
    batch and `BESIDE` random ones. A share of the contexts' columns is dropped while training.

    Parameters
    ----------
    context : float32 (3, n, d)
    vectors : float32 (m, d)
        Unit vectors of names.
    owners : int (m,)
        Their nodes; names of nodes without known relatives teach nothing.
    random_state : int
    n_epochs, learning_rate
        Of AdamW with linear decay.

    Notes
    -----
    O(m·(1 + BESIDE/BATCH)·d²) time an epoch. The layout is our own.

    """
    n, d = context.shape[1:]
    rng = stream(random_state, "propagation")
    flat = torch.from_numpy(np.ascontiguousarray(context.transpose(1, 0, 2)).reshape(n, 3 * d))
    by_hand = torch.from_numpy(np.tensordot(np.array(WEIGHTS, np.float32), context, axes=1))
    names = torch.from_numpy(np.ascontiguousarray(vectors, np.float32))
    described = np.abs(context).max(axis=(0, 2)) > 0
    asked = np.flatnonzero(described[owners])
    others = np.unique(owners[asked])
    weight = torch.zeros(3 * d, d, requires_grad=True)
    adam = torch.optim.AdamW([weight], lr=learning_rate, weight_decay=DECAY)
    total = max(n_epochs * -(-len(asked) // BATCH), 1)
    step = 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(random_state, "propagation", "dropout") % 2**63)
        for _ in range(n_epochs):
            order = rng.permutation(asked)
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                beside = rng.choice(others, min(BESIDE, len(others)), replace=False)
                nodes = np.concatenate([owners[rows], beside])
                at = torch.from_numpy(nodes)
                seen = F.dropout(flat[at], DROPOUT)
                z = F.normalize(by_hand[at] + seen @ weight, dim=1)
                logits = names[torch.from_numpy(rows)] @ z.T / TEMPERATURE
                same = torch.from_numpy(owners[rows][:, None] == nodes[None, :])
                same[torch.arange(len(rows)), torch.arange(len(rows))] = False
                loss = F.cross_entropy(logits.masked_fill(same, -1e4), torch.arange(len(rows)))
                adam.param_groups[0]["lr"] = learning_rate * min(1.0, 1.05 * (1 - step / total))
                adam.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                adam.step()
                step += 1
    return np.ascontiguousarray(weight.detach().numpy())
