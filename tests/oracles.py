"""Slow, obvious twins of what the package does fast."""

from __future__ import annotations

import math

import numpy as np


def fastrp_dense(adjacency, projection, weights, beta):
    """FastRP by dense matrices: Σ α_i rownorm((D⁻¹S)^i · diag(d^β) · R)."""
    degree = adjacency.sum(axis=1)
    safe = np.where(degree > 0, degree, 1.0)
    step = adjacency / safe[:, None]
    current = np.diag(safe**beta) @ projection
    total = np.zeros_like(current)
    for i, weight in enumerate(weights):
        if i:
            current = step @ current
        norms = np.linalg.norm(current, axis=1, keepdims=True)
        total += weight * current / np.where(norms > 0, norms, 1.0)
    return total


def tfidf_cosine(texts, query):
    """Cosine of sublinear TF-IDF rows of char 3- to 5-grams within blank-padded words."""

    def grams(text):
        counts = {}
        for word in text.split():
            padded = f" {word} "
            for n in (3, 4, 5):
                for i in range(len(padded) - n + 1):
                    counts[padded[i : i + n]] = counts.get(padded[i : i + n], 0) + 1
        return counts

    rows = [grams(t) for t in texts]
    df = {}
    for row in rows:
        for g in row:
            df[g] = df.get(g, 0) + 1

    def vector(counts):
        v = {
            g: (1 + math.log(c)) * (math.log((1 + len(texts)) / (1 + df[g])) + 1)
            for g, c in counts.items()
            if g in df
        }
        norm = math.sqrt(sum(x * x for x in v.values())) or 1.0
        return {g: x / norm for g, x in v.items()}

    q = vector(grams(query))
    return [sum(q.get(g, 0.0) * x for g, x in vector(row).items()) for row in rows]


def rank_of(row, right):
    for i, node in enumerate(row, 1):
        if node in right:
            return i
    return 0


def coverage(probability, right, precision):
    pairs = sorted(zip(probability, right), key=lambda p: -p[0])
    best = 0
    for n in range(1, len(pairs) + 1):
        if sum(r for _, r in pairs[:n]) / n >= precision:
            best = n
    return best / len(pairs)


def undirected_distance(taxonomy, a, b):
    frontier, seen, steps = {a}, {a}, 0
    while frontier:
        if b in frontier:
            return steps
        frontier = {
            n for x in frontier for n in (*taxonomy.parents(x), *taxonomy.children(x))
        } - seen
        seen |= frontier
        steps += 1
    return taxonomy.n_nodes


def proximity_dense(A, name, beta=None, damping=0.5):
    """HOPE's four proximities by dense inverses and products."""
    eye = np.eye(len(A))

    def inverted(d):
        return np.where(d > 0, 1 / np.where(d > 0, d, 1), 0)

    if name == "katz":
        return np.linalg.inv(eye - beta * A) @ (beta * A)
    if name == "pagerank":
        return (1 - damping) * np.linalg.inv(eye - damping * inverted(A.sum(1))[:, None] * A)
    if name == "common_neighbours":
        return A @ A
    return A @ np.diag(inverted(A.sum(0) + A.sum(1))) @ A


def sdne_loss_dense(adjacency, codes, decode, bias, penalty):
    """(L_second, L_first) of SDNE by its equations, where the output layer reads the codes."""
    top = adjacency.max(axis=1, keepdims=True)
    s = adjacency / np.where(top > 0, top, 1.0)
    guess = 1 / (1 + np.exp(-(codes @ decode.T + bias)))
    b = np.where(s > 0, penalty, 1.0)
    apart = ((codes[:, None, :] - codes[None, :, :]) ** 2).sum(axis=2)
    return (((guess - s) * b) ** 2).sum(), (s * apart).sum()
