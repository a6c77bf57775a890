"""Slow, obvious twins of the tasks: loops over nodes, permutations of ties."""

from __future__ import annotations

import itertools

import numpy as np


def precision_sum(order, relevant):
    hits, total = 0, 0.0
    for place, item in enumerate(order, 1):
        if item in relevant:
            hits += 1
            total += hits / place
    return total / len(relevant)


def orders(scores):
    """Every order by falling score, equal scores in every order."""
    levels = [
        [i for i, s in enumerate(scores) if s == level] for level in sorted(set(scores))[::-1]
    ]
    for parts in itertools.product(*(itertools.permutations(level) for level in levels)):
        yield [i for part in parts for i in part]


def expected_ap(scores, relevant):
    return float(np.mean([precision_sum(order, relevant) for order in orders(scores)]))


def expected_precision(scores, relevant, k):
    return float(np.mean([sum(i in relevant for i in o[:k]) / k for o in orders(scores)]))


def distances(graph, node):
    far, level, steps = {node: 0}, [node], 0
    while level:
        steps += 1
        level = [m for n in level for m in dict.fromkeys(graph.neighbors(n)) if m not in far]
        far.update(dict.fromkeys(level, steps))
    return far


def reconstruction_map(graph, score, hop, exact):
    """MAP with scores that do not tie, a node at a time."""
    values = []
    for i in graph.nodes:
        far = distances(graph, i)
        others = [j for j in graph.nodes if j != i]
        relevant = {j for j in others if j in far and (far[j] == hop if exact else far[j] <= hop)}
        if relevant:
            ranked = sorted(others, key=lambda j: -score(i, j))
            values.append(precision_sum(ranked, relevant))
    return float(np.mean(values))


def gem_map(adjacency, scores, directed):
    """GEM's computeMAP over its list of predicted edges."""
    n = len(adjacency)
    total, count = 0.0, 0
    for i in range(n):
        if not adjacency[i].any():
            continue
        count += 1
        pairs = [
            (scores[i, j], j) for j in range(n)
            if j != i and scores[i, j] > 0 and (directed or i < j)
        ]  # fmt: skip
        pairs.sort(key=lambda p: p[0], reverse=True)
        hits, gains = 0, 0.0
        for place, (_, j) in enumerate(pairs, 1):
            if adjacency[i, j]:
                hits += 1
                gains += hits / place
        total += gains / hits if hits else 0.0
    return total / count
