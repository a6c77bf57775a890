"""Shared fixtures; and a guard: no test may open a network connection."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import graphemb as ge

ROOT = Path(__file__).parent.parent
# More threads than free cores wait for each other; small data gain nothing by them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_watching = False


def _audit(event: str, args: tuple) -> None:
    if _watching and event in ("socket.connect", "socket.getaddrinfo"):
        raise RuntimeError(f"a test tried to reach the network: {event} {args[1:]!r}")


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _no_network():
    global _watching
    _watching = True
    yield
    _watching = False


@pytest.fixture(autouse=True)
def _at_root(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("GRAPHEMB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def kitchen():
    return ge.load_taxonomy(ROOT / "fixtures" / "kitchen")


@pytest.fixture(scope="session")
def mapper(kitchen):
    """A real mapper on the small taxonomy, trained once for all tests."""
    return ge.PhraseMapper(fast=True).fit(
        kitchen, lexicon=[("brew pot", "kettle", "lay"), ("lg", "large", "shorthand")]
    )


@pytest.fixture(scope="session")
def model(mapper, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "kitchen.model"
    mapper.save(path)
    return path
