"""Mappings for the tests of exporters: every verdict, every relation, awkward text."""

from __future__ import annotations

from graphemb.mappings import Candidate, MappingSet, Review, Source


def candidate(rank, node, review=None, label="Label", evidence="letters 0.50", matched="Name"):
    path = f"Root > {label}"
    score = 2.0 - rank
    chance = 0.9 / rank
    return Candidate(rank, node, label, chance, score, matched, evidence, path, review or Review())


def plain(phrases, candidates, no_match=None):
    """One id, phrase, frequency and note a row, ids 001, 002, …"""
    header = ("code", "phrase", "n", "note")
    rows = [(f"{i:03}", p, str(i), f"note {i}") for i, p in enumerate(phrases, 1)]
    source = Source(header, rows, "phrase", "code", "n", ("note",))
    return MappingSet(phrases, candidates, source, no_match)


def suggested(nodes=("K:1", "K:2", "K:3")):
    """Nothing reviewed: a label, a likeness, nothing."""
    a, b, c = nodes
    same = candidate(1, a, evidence="same as a label")
    return plain(
        ["heart attack", "bad knee", "zzz"], [[same, candidate(2, b)], [candidate(1, c)], []]
    )


def reviewed(nodes=("K:1", "K:2", "K:3", "K:4", "K:5", "K:6")):
    """Every relation accepted once; one rejected; one not looked at; both kinds of no-match."""
    relations = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch", "")
    rows = [
        [candidate(1, node, Review("accepted", relation, "", "orcid:0000-0001"))]
        for node, relation in zip(nodes, relations)
    ]
    rows += [
        [candidate(1, nodes[0], Review("rejected")), candidate(2, nodes[1])],
        [candidate(1, nodes[0])],
        [candidate(1, nodes[2], Review("accepted", "noMatch"))],
        [], [],
    ]  # fmt: skip
    phrases = [f"phrase {i}" for i in range(len(rows))]
    return plain(phrases, rows, {len(rows) - 2: Review("accepted", reviewer="Ann")})


def accepted(mappings):
    """What reading back must give: (phrase, node) of every accepted row."""
    return [
        (phrase, c.node)
        for phrase, rows in mappings
        for c in rows
        if c.review.decision == "accepted" and c.review.relation != "noMatch"
    ]
