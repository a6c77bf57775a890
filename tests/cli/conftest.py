"""A finished long job, for the tests of its parts and of its failures."""

from __future__ import annotations

import pytest

from tests.cli.jobs import table
from tests.cli.test_cli import run


@pytest.fixture(scope="module")
def job(model, tmp_path_factory):
    """A finished job: its input, its folder, and how it is asked for."""
    place = tmp_path_factory.mktemp("job")
    source = table(place / "in.csv", 50)
    asked = ["map", source, "--model", model, "--parts", "--part-rows", "8", "--k", "3"]
    done = run(*asked, "-o", place / "out")
    assert done.exit_code == 0, done.output
    return source, place / "out", asked
