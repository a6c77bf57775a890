from __future__ import annotations

import numpy as np
import pytest

from graphemb import (
    BundleError,
    ContrastiveEncoder,
    InputError,
    ParameterError,
    PhraseMapper,
    load_taxonomy,
)
from graphemb.encode.wordllama import WordLlamaEncoder
from graphemb.errors import MissingPackageError

SMALL = {"dim": 32, "hidden": 32, "projection_dim": 48, "n_epochs": 3, "batch_size": 16}


@pytest.fixture(scope="module")
def speaker():
    return WordLlamaEncoder().fit()


def test_vectors_are_mean_token_vectors(speaker):
    texts = ["heart attack", "myocardial infarction", "", "Kälte 12.5 °C"]
    for text, row in zip(texts, speaker.vectors(texts), strict=True):
        words = "kalte 12 5 c" if "12" in text else text
        ids = [
            token
            for word in words.split()
            for token in speaker._tokenizer.encode(word, add_special_tokens=False).ids
        ]
        mean = speaker.table_[ids].astype(np.float64).sum(axis=0) if ids else np.zeros(256)
        np.testing.assert_allclose(row, mean / max(np.linalg.norm(mean), 1e-9), atol=1e-6)


def test_words_alike_in_meaning_lie_close(speaker):
    a, b, c = speaker.vectors(["leasing of cars", "rental of automobiles", "kidney stone"])
    assert a @ b > a @ c + 0.2


def test_batching_changes_nothing(speaker):
    texts = ["frying pan", "x", "", "frying pan"]
    one_by_one = np.concatenate([WordLlamaEncoder().fit().vectors([text]) for text in texts])
    np.testing.assert_array_equal(speaker.vectors(texts), one_by_one)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("graphemb.encode.wordllama.find_spec", lambda name: None)
    assert not WordLlamaEncoder.available()
    with pytest.raises(MissingPackageError, match=r"pip install 'graphemb\[general\]'"):
        WordLlamaEncoder().fit()
    with pytest.raises(MissingPackageError):
        PhraseMapper(general="wordllama").fit(load_taxonomy("fixtures/kitchen"))


def test_encoder_starts_from_general_vectors(speaker):
    names = ["leasing of cars", "kidney stone", "frying pan", "wooden spoon"]
    plain = ContrastiveEncoder(**SMALL).fit(names)
    knowing = ContrastiveEncoder(**SMALL, general="wordllama").fit(names)
    assert plain.general_weight_ is None
    assert knowing.general_weight_.shape == (256, 32)

    def nearness(encoder):
        asked, meant = encoder.vectors(["automobile rentals", *names])[[0, 1]]
        return asked @ meant

    assert nearness(knowing) > nearness(plain)
    again = ContrastiveEncoder(dim=32, general="wordllama").from_arrays(*knowing.to_arrays())
    np.testing.assert_array_equal(again.vectors(names), knowing.vectors(names))


def test_other_weights_are_refused():
    encoder = ContrastiveEncoder(**SMALL, general="wordllama").fit(["frying pan", "ladle"])
    arrays, terms = encoder.to_arrays()
    arrays["general_digest"] = np.zeros(32, np.uint8)
    with pytest.raises(InputError, match="weights of wordllama must be those"):
        ContrastiveEncoder(dim=32, general="wordllama").from_arrays(arrays, terms)


@pytest.mark.parametrize("wrong", [{"general_scale": 0.0}, {"general_scale": -1.0}])
def test_parameters_are_checked(wrong):
    with pytest.raises(ParameterError, match="general_scale"):
        ContrastiveEncoder(**wrong).fit(["a"])


def test_mapper_says_what_it_started_from(tmp_path, monkeypatch):
    kitchen = load_taxonomy("fixtures/kitchen")
    with pytest.raises(ParameterError, match="general must be one of auto, none, wordllama"):
        PhraseMapper(general="wordlama").fit(kitchen)
    for general, want in (("auto", "wordllama"), ("none", None)):
        mapper = PhraseMapper(general=general, fast=True, dim=32).fit(kitchen)
        assert mapper.facts_["training"]["general"] == want
        mapper.save(tmp_path / general)
        again = PhraseMapper.load(tmp_path / general)
        asked = ["implement for frying", "colander"]
        assert again.map(asked).candidates == mapper.map(asked).candidates
    monkeypatch.setattr("graphemb.encode.wordllama.find_spec", lambda name: None)
    assert PhraseMapper.load(tmp_path / "none").map(["colander"]).best(0) is not None
    with pytest.raises(BundleError, match=r"pip install 'graphemb\[general\]'"):
        PhraseMapper.load(tmp_path / "auto")
