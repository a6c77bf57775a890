from __future__ import annotations

import numpy as np
import pytest

from graphemb import ParameterError
from graphemb.errors import NotFittedError
from graphemb.map import NETWORKS
from graphemb.map.base import Sequences

RNG = np.random.default_rng(0)
N_WORDS, P, D = 40, 12, 6
WORDS = RNG.normal(size=(N_WORDS, P)).astype(np.float32)
MEANING = RNG.normal(size=(N_WORDS, D)).astype(np.float32)
QUICK = {
    "mlp": {"hidden": 32, "n_epochs": 60, "learning_rate": 1e-2},
    "cnn": {"widths": (1, 2, 3), "n_filters": 16, "n_epochs": 25, "learning_rate": 1e-2},
    "bilstm": {"hidden": 12, "n_epochs": 20, "learning_rate": 2e-2},
}
TRAINED = sorted(QUICK)


def phrases(n, seed=1):
    """Phrases of one to four words, meaning the sum of what their words mean."""
    rng = np.random.default_rng(seed)
    texts = [rng.integers(0, N_WORDS, rng.integers(1, 5)) for _ in range(n)]
    Y = np.stack([MEANING[t].sum(axis=0) for t in texts])
    return [WORDS[t] for t in texts], Y / np.linalg.norm(Y, axis=1, keepdims=True)


def inputs(name, rows):
    if NETWORKS[name].takes == "sequences":
        return Sequences.of(rows, P)
    return np.stack([r.sum(axis=0) for r in rows]).astype(np.float32)


def cosines(A, B):
    return (A * B).sum(axis=1) / np.linalg.norm(A, axis=1) / np.linalg.norm(B, axis=1)


@pytest.fixture(scope="module", params=TRAINED)
def fitted(request):
    rows, Y = phrases(400)
    network = NETWORKS[request.param](**QUICK[request.param])
    return request.param, network.fit(inputs(request.param, rows), Y)


def test_learns_what_phrases_never_seen_mean(fitted):
    name, network = fitted
    rows, Y = phrases(100, seed=2)
    assert cosines(network.predict(inputs(name, rows)), Y).mean() > 0.6
    assert network.losses_[-1][0] < network.losses_[0][0] / 2


def test_numpy_gives_what_torch_gives(fitted):
    import torch

    name, network = fitted
    X = inputs(name, phrases(50, seed=3)[0])
    module = network._module(P, D)
    weights = {k: torch.from_numpy(v) for k, v in network.weights_.items() if k != "scale"}
    module.load_state_dict(weights)
    module.eval()
    values, mask = X, None
    if isinstance(X, Sequences):
        values, mask = X.values, torch.from_numpy(X.mask)
    with torch.no_grad():
        want = module(torch.from_numpy(values * network.weights_["scale"]), mask).numpy()
    assert np.allclose(network.predict(X), want, atol=1e-5)


def test_neither_grouping_nor_padding_changes_a_point(fitted):
    name, network = fitted
    rows = phrases(30, seed=4)[0]
    together = network.predict(inputs(name, rows))
    for i in (0, 7, 29):
        assert np.allclose(network.predict(inputs(name, [rows[i]]))[0], together[i], atol=1e-5)


def test_stored_arrays_give_the_same_points(fitted):
    name, network = fitted
    X = inputs(name, phrases(10, seed=5)[0])
    again = NETWORKS[name](**network.get_params()).from_arrays(network.to_arrays())
    assert again.predict(X).tobytes() == network.predict(X).tobytes()


@pytest.mark.parametrize("name", TRAINED)
def test_same_seed_same_bytes_and_another_seed_others(name):
    rows, Y = phrases(60)
    how = {**QUICK[name], "n_epochs": 2}
    X = inputs(name, rows)

    def weights(seed):
        fitted = NETWORKS[name](**how, random_state=seed).fit(X, Y)
        return b"".join(v.tobytes() for _, v in sorted(fitted.weights_.items()))

    assert weights(1) == weights(1) != weights(2)


@pytest.mark.parametrize("loss", ["cosine", "mse", "softmax"])
def test_each_loss_finds_the_node(loss):
    rows, Y = phrases(30)
    how = {"hidden": 64, "n_epochs": 80, "learning_rate": 1e-2, "held_out": 0, "dropout": 0}
    X = inputs("mlp", rows)
    points = NETWORKS["mlp"](loss=loss, **how).fit(X, Y).predict(X)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    assert ((unit @ Y.T).argmax(axis=1) == np.arange(30)).mean() > 0.9


def test_training_stops_when_held_out_nodes_get_no_better():
    X = RNG.normal(size=(80, 8)).astype(np.float32)
    Y = np.random.default_rng(9).normal(size=(80, 4)).astype(np.float32)  # nothing to learn
    network = NETWORKS["mlp"](n_epochs=200, patience=3, learning_rate=1e-2, held_out=0.2)
    network.fit(X, Y)
    held = [h for _, h in network.losses_]
    assert len(held) < 200
    assert int(np.argmin(held)) == len(held) - 4


def test_rows_of_one_node_are_held_out_together():
    from graphemb.map._network_training import _Trainer

    X, Y = RNG.normal(size=(150, 4)).astype(np.float32), np.repeat(np.eye(50), 3, axis=0)
    trainer = _Trainer(NETWORKS["mlp"](held_out=0.2), X, Y.astype(np.float32), None)
    assert len(trainer.held) == 30
    assert not len(_Trainer(NETWORKS["mlp"](held_out=0.1), X, Y.astype(np.float32), None).held)
    assert not set(trainer.target[trainer.held]) & set(trainer.target[trainer.train])


def test_weight_decides_between_contradictions():
    X = np.ones((2, 3), np.float32)
    Y = np.array([[1.0, 0.0], [0.0, 1.0]])
    network = NETWORKS["mlp"](hidden=8, n_epochs=50, learning_rate=1e-2, held_out=0)
    assert cosines(network.fit(X, Y, np.array([1.0, 0.0])).predict(X)[:1], Y[:1])[0] > 0.99


@pytest.mark.parametrize("name", ["bilstm", "cnn"])
def test_a_phrase_without_words_has_a_finite_point(name):
    rows, Y = phrases(20)
    rows[3] = rows[3][:0]
    network = NETWORKS[name](**{**QUICK[name], "n_epochs": 2}).fit(inputs(name, rows), Y)
    assert np.isfinite(network.predict(Sequences.of([rows[3]], P))).all()
    assert network.predict(Sequences.of([], P)).shape == (0, D)


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("mlp", {"hidden": 0}, "hidden must be an integer ≥ 1"),
        ("mlp", {"loss": "cosin"}, "Did you mean 'cosine'"),
        ("mlp", {"held_out": 1.0}, "held_out must lie in"),
        ("mlp", {"temperature": 0}, "temperature must be a finite number above 0"),
        ("cnn", {"widths": ()}, "widths must be integers in"),
        ("cnn", {"widths": (0,)}, "widths must be integers in"),
    ],
)
def test_wrong_parameters_are_named(name, how, words):
    rows, Y = phrases(5)
    with pytest.raises(ParameterError, match=words):
        NETWORKS[name](**how).fit(inputs(name, rows), Y)


def test_wrong_inputs_are_named():
    rows, Y = phrases(5)
    with pytest.raises(ParameterError, match="X must be Sequences"):
        NETWORKS["cnn"]().fit(np.ones((5, 3)), Y)
    with pytest.raises(ParameterError, match=r"X must be a matrix \(n, p\); got Sequences"):
        NETWORKS["linear"]().fit(Sequences.of(rows, P), Y)
    with pytest.raises(ParameterError, match="as many rows; got 5 and 4"):
        NETWORKS["mlp"]().fit(inputs("mlp", rows), Y[:4])
    with pytest.raises(ParameterError, match="weight must have a number a row"):
        NETWORKS["mlp"]().fit(inputs("mlp", rows), Y, np.ones(3))
    with pytest.raises(ParameterError, match="at least one row"):
        NETWORKS["mlp"]().fit(np.zeros((0, 3)), np.zeros((0, 2)))
    with pytest.raises(NotFittedError):
        NETWORKS["bilstm"]().predict(Sequences.of(rows, P))


def test_linear_restores():
    X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=(20, 3))
    network = NETWORKS["linear"]().fit(X, Y)
    again = NETWORKS["linear"]().from_arrays(network.to_arrays())
    assert again.predict(X).tobytes() == network.predict(X).tobytes()
