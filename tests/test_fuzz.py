"""The targets of fuzz/fuzz_loaders.py on made bytes: a value or an error of ours."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.fuzz_loaders import TARGETS
from graphemb.errors import GraphembError

#: Pieces of the formats, which random bytes would never hit.
PIECES = st.sampled_from([
    b"phrase", b"id", b"label", b"parent", b"\t", b",", b";", b"\n", b"\r\n", b"\n\n", b'"', b'""',
    b"a", b"b", b"kettle", b"0", b"1.5", b"-1", b"nan", b" ", b"\0", b"\r", b"\xff", b"\xc3\xa9",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1", b"{", b"}", b"[", b"]",
    b'{"phrase": "a"}', b"null", b":", b"[Term]\nid: a\nname: b\n", b"is_a: a\n", b"id: b\n",
    b"<?xml version='1.0'?>", b"<graphml>", b"<graph edgedefault='directed'>", b"</graph>", b"<a>",
    b"%%MatrixMarket matrix coordinate real general\n", b"2 2 1\n", b"1 2 1\n", b"<http://e/a> ",
    b"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n", b"a skos:Concept . ",
    b"\x10\0\0\0\0\0\0\0", b"1 - A\n2 - A > B\n", b"|", b'{"x":{"dtype":"F32","shape":[1],',
    b'"data_offsets":[0,4]}}', b"rank", b"node", b"review", b"accepted", b"# ", b"1 2\n",
])  # fmt: skip
BYTES = st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=24).map(b"".join)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_give_a_value_or_an_error_of_ours(name):
    @settings(
        max_examples=40, deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(BYTES)
    def go(data):
        TARGETS[name](data)

    go()


ROWS = st.lists(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=4), min_size=1, max_size=3), max_size=5
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(ROWS, st.sampled_from(["csv", "tsv", "txt"]))
def test_phrases_in_parts_are_phrases_whole(rows, ending):
    text = "phrase\n" if ending == "csv" else ""
    TARGETS[f"phrases.{ending}"]((text + "\n".join(",".join(row) for row in rows)).encode())


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.text("xé", max_size=2), st.sampled_from(["F32", "I64", "BOOL", "F99"]),
    st.lists(st.integers(-1, 1 << 62), max_size=3), st.integers(-4, 40), st.integers(-4, 1 << 63),
    st.binary(max_size=16),
)  # fmt: skip
def test_arrays_described_wrongly_are_refused(name, dtype, shape, start, stop, body):
    header = {name: {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}}
    head = json.dumps(header).encode()
    got = TARGETS["bundle"](len(head).to_bytes(8, "little") + head + body)
    if not isinstance(got, GraphembError):
        assert got.arrays[name].nbytes == stop - start <= len(body)
