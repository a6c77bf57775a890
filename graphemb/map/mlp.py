"""MLPNetwork: one hidden layer from phrase space to node space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from graphemb.map._trained import Loss, TrainedNetwork, gelu

__all__ = ["MLPNetwork"]

Array = np.ndarray[Any, Any]


@dataclass(eq=False, repr=False)
class MLPNetwork(TrainedNetwork):
    """``f(x) = W₂·gelu(W₁·x + b₁) + b₂`` on phrase vectors; losses as in `TrainedNetwork`.

    Parameters
    ----------
    hidden : int
        Rows of W₁.
    dropout : float in [0, 1)
        Share of hidden units dropped while training.
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
    O(n·(p + d)·hidden) time an epoch and to predict.

    Examples
    --------
    >>> X = np.eye(4, dtype=np.float32)
    >>> network = MLPNetwork(hidden=16, held_out=0, n_epochs=60, learning_rate=0.02).fit(X, X)
    >>> network.predict(X).argmax(axis=1).tolist()
    [0, 1, 2, 3]

    """

    takes: ClassVar[Literal["rows", "sequences"]] = "rows"

    hidden: int = 512
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
        from torch import nn
        from torch.nn import functional as F

        hidden, dropout = self.hidden, self.dropout

        class Module(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = nn.Linear(n_inputs, hidden)
                self.outer = nn.Linear(hidden, n_outputs)

            def forward(self, values: Any, mask: Any) -> Any:
                h = F.gelu(self.inner(values), approximate="tanh")
                return self.outer(F.dropout(h, dropout, self.training))

        return Module()

    def _run(self, weights: Mapping[str, Array], X: Any) -> Array:
        h = gelu(X @ weights["inner.weight"].T + weights["inner.bias"])
        return np.asarray(h @ weights["outer.weight"].T + weights["outer.bias"])
