"""SemanticTask: word similarity, analogies, and how far apart nodes k hops apart lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from graphemb.embedding import Embedding
from graphemb.errors import MissingPackageError, ParameterError, UnknownNameError, nearest, shown
from graphemb.evaluate._hops import hops_of, pattern
from graphemb.evaluate._intervals import sample_interval
from graphemb.evaluate._metrics import spearman, wilson
from graphemb.evaluate._scoring import embedding_of
from graphemb.evaluate.base import GraphTask, Rows
from graphemb.files import numbered_lines
from graphemb.graph import Graph
from graphemb.rng import stream
from graphemb.scores import ScoreTable
from graphemb.taxonomy import Taxonomy

__all__ = ["SemanticTask"]

Array = np.ndarray[Any, Any]

#: Test sets that gensim carries: name → (file, whether it holds analogies).
_SETS = {
    "questions-words": ("questions-words.txt", True),
    "simlex999": ("simlex999.txt", False),
    "wordsim353": ("wordsim353.tsv", False),
}


class SemanticTask(GraphTask):
    """Word-semantic and analogy tests on node texts, and RESTORE's average Euclidean distance.

    Parameters
    ----------
    sets : sequence of {"wordsim353", "simlex999", "questions-words"}
        Read from the installed gensim's test data.
    hops : sequence of int
        For the distances of pairs exactly k hops apart.
    n_queries : int
        Nodes whose pairs are measured for the distances.
    random_state : int

    Notes
    -----
    A word stands for all nodes whose text it is, letters folded, underscores as blanks. Metrics:
    ``similarity_SET``, Spearman's ρ of the cosine (greatest over the nodes of both words) with
    people's scores; ``analogy_SET``, share of a : b = c : ? answered by the nearest word to
    ``b - a + c`` (3CosAdd on unit vectors, a, b, c left out; Mikolov et al. 2013, the first node
    of a word, all texts as answers), its interval Wilson's; ``coverage_SET``, the share of the
    set whose words all are node texts, n the number: below 30 pairs no similarity is reported.
    ``distance`` and ``distance_unit``: mean Euclidean distance of vectors as they are and at unit
    length, over pairs exactly k hops apart (direction ignored), averaged per asked node, then
    over those; ``…_random`` over all pairs of an asked and another node. How RESTORE forms its
    average is not stated in the part of the paper available; this is our reading, and only
    ``distance_unit`` compares methods fairly.

    """

    takes: ClassVar[tuple[str, ...]] = ("texts",)

    def __init__(
        self,
        sets: Sequence[str] = ("wordsim353", "simlex999", "questions-words"),
        hops: Sequence[int] = (1, 2, 3),
        n_queries: int = 1000,
        random_state: int = 0,
    ) -> None:
        self.sets = sets
        self.hops = hops
        self.n_queries = n_queries
        self.random_state = random_state

    def run(
        self, graph: Any, method: Any, texts: Mapping[str, str] | None = None, **_: Any
    ) -> ScoreTable:
        """Return the measurements; `texts` maps nodes to words (a taxonomy has them as labels).

        Without texts, node ids are taken for them.

        Raises
        ------
        UnknownNameError
            When a set is unknown.
        MissingPackageError
            When a set is wanted and gensim is not installed.

        """
        if not all(isinstance(h, int) and h >= 1 for h in self.hops) or self.n_queries < 1:
            raise ParameterError(
                f"SemanticTask: hops and n_queries must be ≥ 1; got {shown(self.hops)} and "
                f"{shown(self.n_queries)}."
            )
        known = Graph.of(graph)
        rows = Rows("semantic", method)
        embedding = embedding_of(known, method)
        if texts is None and isinstance(graph, Taxonomy):
            texts = dict(zip(graph.ids, graph.labels, strict=True))
        words = _words(known, texts or {})
        for name in self.sets:
            place, analogies = _place(name)
            (_analogy if analogies else _similarity)(rows, name, place, words, embedding)
        if self.hops:
            self._distances(rows, known, embedding)
        return rows.table()

    def _distances(self, rows: Rows, graph: Graph, embedding: Embedding) -> None:
        n = graph.n_nodes
        rng = stream(self.random_state, "semantic")
        asked = np.sort(rng.choice(n, min(self.n_queries, n), replace=False))
        edges = pattern(graph, undirected=True)
        for name, e in (("distance", embedding), ("distance_unit", embedding.normalised())):
            sums: dict[int, list[float]] = {k: [] for k in (0, *self.hops)}
            for start in range(0, len(asked), 64):
                block = asked[start : start + 64]
                far = _euclidean(e.vectors, block)
                if n > 1:
                    sums[0] += (far.sum(axis=1) / (n - 1)).tolist()
                query, column, hop = hops_of(edges, block, max(self.hops))
                for k in self.hops:
                    q, d = query[hop == k], far[query[hop == k], column[hop == k]]
                    number = np.bincount(q, minlength=len(block))
                    total = np.bincount(q, d, len(block))
                    sums[k] += (total[number > 0] / number[number > 0]).tolist()
            for k, values in sums.items():
                if values:
                    array = np.array(values)
                    low, high = sample_interval(array, round(len(array) * n / len(asked)))
                    metric = name if k else f"{name}_random"
                    rows.add(metric, array.mean(), k=k or None, low=low, high=high, n=len(array))


def _euclidean(vectors: Array, rows: Array) -> Array:
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    product = (vectors[rows] @ vectors.T).astype(np.float64)
    far = np.sqrt(np.maximum(squares[rows][:, None] + squares - 2.0 * product, 0.0))
    far[np.arange(len(rows)), rows] = 0.0
    return np.asarray(far)


def _fold(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())


def _words(graph: Graph, texts: Mapping[str, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, node in enumerate(graph.nodes):
        found.setdefault(_fold(texts.get(node, node)), []).append(row)
    return found


def _place(name: str) -> tuple[Path, bool]:
    from importlib.util import find_spec

    if name not in _SETS:
        raise UnknownNameError(
            f"SemanticTask: sets are {', '.join(_SETS)}; got {shown(name)}.{nearest(name, _SETS)}"
        )
    spec = find_spec("gensim")
    if spec is None or spec.origin is None:
        raise MissingPackageError(
            f"SemanticTask: {name} lies in gensim's test data. Run: pip install gensim"
        )
    file, analogies = _SETS[name]
    return Path(spec.origin).parent / "test" / "test_data" / file, analogies


def _lines(place: Path) -> Iterator[list[str]]:
    """Yield the fields of each row; comments and the headings of sections are left out."""
    for _, line in numbered_lines(place):
        if line.strip() and line[0] not in "#:":
            yield line.split("\t") if "\t" in line else line.split()


def _similarity(
    rows: Rows, name: str, place: Path, words: dict[str, list[int]], embedding: Embedding
) -> None:
    unit = embedding.normalised().vectors
    found, people, total = [], [], 0
    for a, b, score in _lines(place):
        total += 1
        one, two = words.get(_fold(a)), words.get(_fold(b))
        if one and two:
            found.append(float((unit[one] @ unit[two].T).max()))
            people.append(float(score))
    rows.add(f"coverage_{name}", len(found) / max(total, 1), n=len(found))
    if len(found) >= 30:
        value = spearman(np.array(found), np.array(people))
        rows.add(f"similarity_{name}", value, n=len(found))


def _analogy(
    rows: Rows, name: str, place: Path, words: dict[str, list[int]], embedding: Embedding
) -> None:
    first = {word: mine[0] for word, mine in words.items()}
    names = list(first)
    place_of = {word: i for i, word in enumerate(names)}
    unit = embedding.normalised().vectors[list(first.values())]
    asked, total = [], 0
    for line in _lines(place):
        total += 1
        folded = [_fold(word) for word in line]
        if all(word in place_of for word in folded):
            asked.append([place_of[word] for word in folded])
    rows.add(f"coverage_{name}", len(asked) / max(total, 1), n=len(asked))
    if not asked:
        return
    quads, hits = np.array(asked), 0
    for start in range(0, len(quads), 256):
        a, b, c, d = quads[start : start + 256].T
        scores = (unit[b] - unit[a] + unit[c]) @ unit.T
        for given in (a, b, c):
            scores[np.arange(len(a)), given] = -np.inf
        hits += int((scores.argmax(axis=1) == d).sum())
    low, high = wilson(hits, len(quads))
    rows.add(f"analogy_{name}", hits / len(quads), low=low, high=high, n=len(quads))
