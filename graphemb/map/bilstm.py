"""BiLSTMNetwork: a recurrent network that reads the words both ways, the maximum over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from graphemb.map._trained import Loss, TrainedNetwork

__all__ = ["BiLSTMNetwork"]

Array = np.ndarray[Any, Any]


@dataclass(eq=False, repr=False)
class BiLSTMNetwork(TrainedNetwork):
    """A bidirectional LSTM over word vectors w₁ … w_t.

    In each direction, with i, g, o, r the input, candidate, output and forget parts of
    ``U·w_s + V·h_{s-1} + a``::

        c_s = σ(r)⊙c_{s-1} + σ(i)⊙tanh(g)        h_s = σ(o)⊙tanh(c_s)
        f   = W·[max over s of h_s →; max over s of h_s ←] + b

    Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; both directions after
    Schuster & Paliwal 1997; the maximum over time as in Conneau et al. 2017 (InferSent), section
    3.2.2. Losses as in `TrainedNetwork`.

    Parameters
    ----------
    hidden : int
        Length of h in each direction.
    dropout : float in [0, 1)
        Share of the maxima dropped while training.
    loss : {"cosine", "mse", "softmax"}
    temperature : float
        τ of softmax.
    n_epochs, batch_size, learning_rate
        Of AdamW.
    held_out : float in [0, 1)
        Share of the nodes that decide when to stop; 0 trains to the end.
    patience : int
        Epochs without a better held-out loss before stopping.
    random_state : int
        Same seed, machine and thread count: the same bytes.

    Attributes
    ----------
    weights_ : dict of str to float32 array
    losses_ : list of (training loss, held-out loss)

    Notes
    -----
    O(n·t·hidden·(p + hidden)) time an epoch and to predict, in t steps one after the other.

    """

    takes: ClassVar[Literal["rows", "sequences"]] = "sequences"

    hidden: int = 128
    dropout: float = 0.1
    loss: Loss = "cosine"
    temperature: float = 0.05
    n_epochs: int = 60
    batch_size: int = 256
    learning_rate: float = 1e-3
    held_out: float = 0.1
    patience: int = 5
    random_state: int = 0

    def _module(self, n_inputs: int, n_outputs: int) -> Any:
        import torch
        from torch import nn
        from torch.nn import functional as F
        from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

        hidden, dropout = self.hidden, self.dropout

        class Module(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.lstm = nn.LSTM(n_inputs, hidden, batch_first=True, bidirectional=True)
                self.outer = nn.Linear(2 * hidden, n_outputs)

            def forward(self, values: Any, mask: Any) -> Any:
                lengths = mask.sum(dim=1)
                # A phrase without words is read as one zero vector, then counts as nothing.
                packed = pack_padded_sequence(
                    values, lengths.clamp_min(1), batch_first=True, enforce_sorted=False
                )
                states, _ = pad_packed_sequence(
                    self.lstm(packed)[0], batch_first=True, total_length=values.shape[1]
                )
                best = states.masked_fill(~mask[:, :, None], -torch.inf).amax(dim=1)
                best = torch.where((lengths > 0)[:, None], best, torch.zeros_like(best))
                return self.outer(F.dropout(best, dropout, self.training))

        return Module()

    def _run(self, weights: Mapping[str, Array], X: Any) -> Array:
        n, t, _ = X.values.shape
        at = np.arange(t)
        # Each phrase back to front within its own length; the padding stays behind it.
        turned = np.where(at < X.lengths[:, None], X.lengths[:, None] - 1 - at, at)
        found = [
            _direction(weights, "", X.values, X.lengths),
            _direction(weights, "_reverse", X.values[np.arange(n)[:, None], turned], X.lengths),
        ]
        best = np.concatenate(found, axis=1)
        return np.asarray(best @ weights["outer.weight"].T + weights["outer.bias"])


def _direction(weights: Mapping[str, Array], name: str, values: Array, lengths: Array) -> Array:
    """Return the largest h over each row's steps, (n, hidden); zeros for a row without any."""
    inputs = weights[f"lstm.weight_ih_l0{name}"].T
    states = weights[f"lstm.weight_hh_l0{name}"].T
    bias = weights[f"lstm.bias_ih_l0{name}"] + weights[f"lstm.bias_hh_l0{name}"]
    hidden = states.shape[0]
    h = np.zeros((len(values), hidden), np.float32)
    c, best = np.zeros_like(h), np.full_like(h, -np.inf)
    for step in range(values.shape[1]):
        gates = values[:, step] @ inputs + h @ states + bias
        i, r, o = (_sigmoid(gates[:, k * hidden : (k + 1) * hidden]) for k in (0, 1, 3))
        c = r * c + i * np.tanh(gates[:, 2 * hidden : 3 * hidden])
        h = o * np.tanh(c)
        best = np.where((step < lengths)[:, None], np.maximum(best, h), best)
    return np.where((lengths > 0)[:, None], best, np.float32(0))


def _sigmoid(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30, 30))))
