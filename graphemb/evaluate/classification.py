"""ClassificationTask: can the classes of nodes be read from their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from graphemb.errors import ParameterError, shown
from graphemb.evaluate._intervals import split_interval
from graphemb.evaluate._labels import label_matrix
from graphemb.evaluate._logistic import one_vs_rest, standardised
from graphemb.evaluate._metrics import f1_scores
from graphemb.evaluate._scoring import embedding_of
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.scores import ScoreTable

__all__ = ["ClassificationTask"]

Array = np.ndarray[Any, Any]


class ClassificationTask(GraphTask):
    """Micro and macro F1 of one-vs-rest logistic regression over node vectors.

    Parameters
    ----------
    train_shares : sequence of float
        Shares of the labelled nodes that train, within (0, 1).
    n_splits : int
        Random splits a share.
    c : float
        Inverse strength of the L2 penalty (scikit-learn's C), above 0.
    standardise : bool
        Whether columns get the training rows' mean 0 and deviation 1, so that the penalty weighs on
        all methods alike. Published tables mostly take vectors as they are: short ones are held
        back more, which helps where a class has few nodes (DeepWalk on PPI: macro F1 .18, not .15).
    random_state : int
        Draws the splits: they are the same for every method.

    Notes
    -----
    Each metric in two readings:
    ``micro_f1``, ``macro_f1`` give a test node as many classes as it truly has, the most probable
    ones (the protocol of DeepWalk, node2vec and FastRP); ``…_threshold`` give the classes above ½,
    which needs no truth and is much lower where nodes have several classes. ``…_majority`` is the
    first reading of always answering the most common classes. Macro F1 averages over the classes
    that a test node has or was given. k is the training share in per cent; intervals are Student's
    t over splits.
    Time O(splits · classes · n · dim · iterations).

    """

    needs: ClassVar[tuple[str, ...]] = ("labels",)
    takes: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(
        self,
        train_shares: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
        n_splits: int = 5,
        c: float = 1.0,
        standardise: bool = True,
        random_state: int = 0,
    ) -> None:
        self.train_shares = train_shares
        self.n_splits = n_splits
        self.c = c
        self.standardise = standardise
        self.random_state = random_state

    def _check(self) -> None:
        if not self.train_shares or not all(0 < s < 1 for s in self.train_shares):
            raise ParameterError(
                f"ClassificationTask: train_shares must lie within (0, 1); "
                f"got {shown(self.train_shares)}."
            )
        if self.n_splits < 1 or not self.c > 0:
            raise ParameterError(
                f"ClassificationTask: n_splits must be ≥ 1 and c above 0; "
                f"got {shown(self.n_splits)} and {shown(self.c)}."
            )

    def run(self, graph: Any, method: Any, labels: Any = None, **_: Any) -> ScoreTable:
        """Return F1 by training share; `labels` maps nodes to a class or several.

        Raises
        ------
        ParameterError, UnknownNodeError
            When settings or labels cannot be used.

        """
        self._check()
        known = Graph.of(graph)
        rows, _classes, truth = label_matrix(known, labels)
        table = Rows("classification", method)
        vectors = embedding_of(known, method).vectors[rows]
        for share in self.train_shares:
            n_train = round(share * len(rows))
            if not 0 < n_train < len(rows):
                raise ParameterError(
                    f"ClassificationTask: {len(rows)} labelled nodes cannot be split at {share}."
                )
            found: dict[str, list[float]] = {}
            for split in range(self.n_splits):
                rng = stream(self.random_state, "classification", f"{share}", split)
                order = rng.permutation(len(rows))
                one = self._split(vectors, truth, order[:n_train], order[n_train:])
                for name, value in one.items():
                    found.setdefault(name, []).append(value)
            for name, values in found.items():
                low, high = split_interval(np.array(values))
                table.add(
                    name, float(np.mean(values)), k=round(100 * share), low=low, high=high,
                    split=f"{round(100 * share)} % train", n=len(rows) - n_train,
                )  # fmt: skip
        return table.table()

    def _split(self, vectors: Array, truth: Array, train: Array, test: Array) -> dict[str, float]:
        x, y = vectors[train].astype(np.float64), vectors[test].astype(np.float64)
        if self.standardise:
            x, y = standardised(x, y)
        probability = one_vs_rest(x, truth[train], y, self.c)
        wanted = truth[test].sum(axis=1)
        common = np.tile(truth[train].mean(axis=0), (len(test), 1))
        answers = {
            "": _first(probability, wanted),
            "_threshold": (probability > 0.5).astype(np.int8),
            "_majority": _first(common, wanted),
        }
        found = {}
        for name, answer in answers.items():
            found[f"micro_f1{name}"], found[f"macro_f1{name}"] = f1_scores(truth[test], answer)
        return found


def _first(probability: Array, wanted: Array) -> Array:
    """Return a 0/1 matrix with the ``wanted[i]`` most probable classes of row i set."""
    order = np.argsort(-probability, axis=1, kind="stable")
    answer = np.zeros(probability.shape, np.int8)
    chosen = np.arange(probability.shape[1]) < wanted[:, None]
    np.put_along_axis(answer, order, chosen.astype(np.int8), axis=1)
    return answer
