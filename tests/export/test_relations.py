from __future__ import annotations

import pytest

from graphemb.errors import ParameterError
from graphemb.relations import NO_MATCH, RELATIONS, code_of, relation_of

#: What each code says of the target, as its standard words it: the trap is who is wider.
TARGET_IS = {
    "wider": ["skos:broadMatch", "WIDER", "wider", "source-is-narrower-than-target",
              "TARGET_BROADER"],
    "narrower": ["skos:narrowMatch", "NARROWER", "narrower", "source-is-broader-than-target",
                 "TARGET_NARROWER"],
}  # fmt: skip
STYLES = ("skos", "usagi", "r4", "r5", "snap2snomed")


@pytest.mark.parametrize(("name", "meant"), [("broadMatch", "wider"), ("narrowMatch", "narrower")])
def test_direction(name, meant):
    assert [code_of(name, style) for style in STYLES] == TARGET_IS[meant]
    assert {relation_of(c, s) for c, s in zip(TARGET_IS[meant], STYLES)} == {name}


def test_codes_read_back():
    for style in ("skos", "usagi", "r4"):
        for name in RELATIONS:
            if (name, style) != (NO_MATCH, "skos"):
                assert relation_of(code_of(name, style), style) == name
    for style in ("r5", "snap2snomed"):
        # One code for exact and close: the documented loss.
        back = {n: relation_of(code_of(n, style), style) for n in RELATIONS if n != NO_MATCH}
        assert back == {n: n if n != "closeMatch" else "exactMatch" for n in back}


def test_older_codes_and_unknown_ones():
    assert relation_of("subsumes", "r4") == "broadMatch"  # the source is-a target
    assert relation_of("specializes", "r4") == "narrowMatch"
    assert relation_of("disjoint", "r4") == relation_of("not-related-to", "r5") == NO_MATCH
    assert relation_of("UNREVIEWED", "usagi") is None
    assert relation_of("", "r5") is None
    with pytest.raises(ParameterError, match="Did you mean 'broadMatch'"):
        code_of("broadmatch", "r4")
