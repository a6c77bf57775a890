"""CNNNetwork: convolutions of several widths over word vectors, the maximum over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.map._trained import Loss, TrainedNetwork

__all__ = ["CNNNetwork"]

Array = np.ndarray[Any, Any]


@dataclass(eq=False, repr=False)
class CNNNetwork(TrainedNetwork):
    """A convolutional network over word vectors w₁ … w_t (zeros around them).

    For each width h and start i, then over all starts, then over all widths::

        c_h,i = relu(F_h·[w_i; …; w_{i+h-1}] + a_h)      m_h = max over i of c_h,i
        f     = W·[m_1; m_2; …] + b

    Kim 2014, "Convolutional neural networks for sentence classification", equations 2 to 4, with a
    linear read-out into node space. Windows reach over both ends of the phrase by h - 1 words, so
    that phrases shorter than h have windows too. Losses as in `TrainedNetwork`.

    Parameters
    ----------
    widths : sequence of int
        h, in words.
    n_filters : int
        Rows of each F_h.
    dropout : float in [0, 1)
        Share of the m dropped while training.
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
    O(n·t·p·n_filters·Σ widths) time an epoch and to predict.

    """

    takes: ClassVar[Literal["rows", "sequences"]] = "sequences"

    widths: Sequence[int] = (1, 2, 3, 4, 5)
    n_filters: int = 128
    dropout: float = 0.1
    loss: Loss = "cosine"
    temperature: float = 0.05
    n_epochs: int = 60
    batch_size: int = 256
    learning_rate: float = 1e-3
    held_out: float = 0.1
    patience: int = 5
    random_state: int = 0

    def _check(self) -> None:
        super()._check()
        widths = list(self.widths)
        if not widths or not all(isinstance(w, int) and 1 <= w <= 64 for w in widths):
            raise ParameterError(
                f"CNNNetwork: widths must be integers in [1, 64]; got {shown(self.widths)}."
            )

    def _module(self, n_inputs: int, n_outputs: int) -> Any:
        import torch
        from torch import nn
        from torch.nn import functional as F

        widths, n_filters, dropout = list(self.widths), self.n_filters, self.dropout

        class Module(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.filters = nn.ModuleList(
                    nn.Conv1d(n_inputs, n_filters, width, padding=width - 1) for width in widths
                )
                self.outer = nn.Linear(len(widths) * n_filters, n_outputs)

            def forward(self, values: Any, mask: Any) -> Any:
                words, lengths = values.transpose(1, 2), mask.sum(dim=1)
                found = []
                for width, conv in zip(widths, self.filters, strict=True):
                    scores = F.relu(conv(words))
                    # Windows of padding alone are none: what they hold depends on the batch.
                    real = torch.arange(scores.shape[2]) < (lengths + width - 1)[:, None]
                    found.append((scores * (real & (lengths > 0)[:, None])[:, None]).amax(dim=2))
                return self.outer(F.dropout(torch.cat(found, dim=1), dropout, self.training))

        return Module()

    def _run(self, weights: Mapping[str, Array], X: Any) -> Array:
        found = []
        for at, width in enumerate(self.widths):
            filters = weights[f"filters.{at}.weight"]
            # One product for all windows: (n·(t + h - 1), h·p) times (h·p, n_filters).
            padded = np.pad(X.values, ((0, 0), (width - 1, width - 1), (0, 0)))
            steps = padded.shape[1] - width + 1
            windows = np.concatenate([padded[:, i : i + steps] for i in range(width)], axis=2)
            table = filters.transpose(2, 1, 0).reshape(-1, filters.shape[0])
            scores = windows @ table + weights[f"filters.{at}.bias"]
            real = np.arange(steps) < (X.lengths + width - 1)[:, None]
            real &= (X.lengths > 0)[:, None]
            found.append((np.maximum(scores, 0.0) * real[:, :, None]).max(axis=1))
        m = np.concatenate(found, axis=1)
        return np.asarray(m @ weights["outer.weight"].T + weights["outer.bias"])
