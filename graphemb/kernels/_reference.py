"""The kernels in NumPy: what the compiled ones are held equal to, and what runs without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "SkipGramModel", "WalkTable", "add_rows", "alias_table", "column_sums", "entries", "hashes",
    "projection", "skipgram", "spmm", "walks",
]  # fmt: skip

Array = np.ndarray[Any, Any]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def mixed(x: Array) -> Array:
    """Return the finalizer of splitmix64 (Steele et al., OOPSLA 2014, figure 16), wrapping."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _streams(seed: int, units: Array) -> Array:
    """Return the starting state of each unit's random stream, uint64."""
    return mixed(np.uint64(seed & _MASK) + mixed(units + np.uint64(_GOLDEN)))


def _next(state: Array) -> Array:
    """Move each stream on, in place, and return its draw."""
    state += np.uint64(_GOLDEN)
    return mixed(state)


def _upper(draw: Array) -> Array:
    return (draw >> np.uint64(32)).astype(np.float64) / 2.0**32


def _lower(draw: Array) -> Array:
    return (draw & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2.0**32


def _below(draw: Array, n: Array) -> Array:
    product = (draw >> np.uint64(32)) * np.asarray(n).astype(np.uint64)
    return (product >> np.uint64(32)).astype(np.int64)


def spmm(matrix: Any, dense: Any, scale: Array | None, out: Array) -> Array:
    """Return ``diag(scale) · matrix · dense`` in `out`."""
    product = matrix @ dense
    out[:] = product.toarray() if hasattr(product, "toarray") else product
    if scale is not None:
        out *= scale[:, None]
    return out


def hashes(texts: Sequence[str], seed: int) -> Array:
    """Return a 64-bit hash of each text: its UTF-8 bytes, eight at a time, through `mixed`."""
    out = np.empty(len(texts), np.uint64)
    for i, text in enumerate(texts):
        data, state, word = text.encode("utf-8", "surrogatepass"), seed & _MASK, 0
        whole = len(data) // 8 * 8
        for at in range(0, whole, 8):
            word = int.from_bytes(data[at : at + 8], "little")
            state = (_mixed_int(state ^ word) + _GOLDEN) & _MASK
        rest = len(data) - whole
        word = int.from_bytes(data[whole:], "little")
        out[i] = _mixed_int((_mixed_int(state ^ word) + rest * _GOLDEN) & _MASK)
    return out


def _mixed_int(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def projection(hashes: Array, dim: int, kind: str, density: float, scale: Array | None) -> Array:
    """Return the rows of a random projection, made 65,536 at a time."""
    step = np.arange(1, dim + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    out = np.empty((len(hashes), dim), np.float32)
    for first in range(0, len(hashes), 65_536):
        rows = slice(first, first + 65_536)
        bits = mixed(hashes[rows, None] + step)
        uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
        if kind == "gaussian":
            other = (mixed(bits) >> np.uint64(11)).astype(np.float64) / 2.0**53
            out[rows] = np.sqrt(-2.0 * np.log(uniform)) * np.cos(2.0 * np.pi * other)
        elif kind == "uniform":
            out[rows] = uniform - 0.5
        else:
            half, size = 0.5 / density, np.float32(np.sqrt(density))
            out[rows] = np.where(
                uniform < half, size, np.where(uniform > 1 - half, -size, np.float32(0))
            )
    if scale is not None:
        out *= scale[:, None]
    return out


def entries(hashes: Array, dim: int, density: float, scale: Array | None) -> Any:
    """Return the sparse projection as a CSR array."""
    from scipy.sparse import csr_array

    return csr_array(projection(hashes, dim, "sparse", density, scale))


def column_sums(rows: Array, shift: Array) -> Array:
    """Return each column's sum of ``x - shift`` and of its square, float64 (2, dim)."""
    moved = rows - shift.astype(np.float64)
    return np.stack([moved.sum(axis=0), np.einsum("ij,ij->j", moved, moved)])


def add_rows(total: Array, rows: Array, weight: float, normalise: bool) -> None:
    """Add weighted rows to `total`."""
    if normalise:
        norms = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        rows = rows / np.where(norms > 0, norms, 1.0)
    total += np.float32(weight) * rows.astype(np.float32)


class WalkTable:
    """A graph's rows made ready for walking.

    Parameters
    ----------
    adjacency : scipy CSR array (n, n), columns sorted
        Entries of weight 0 are left out.

    Attributes
    ----------
    ptr : int64 (n + 1,); columns : int32 (entries,)
    cumulative : float64 (entries,), or None where all weights of each row are equal
        Share of a row's weight up to and with each entry; the last is above 1.

    """

    def __init__(self, adjacency: Any) -> None:
        kept = adjacency.data > 0
        if not kept.all():
            adjacency = adjacency.copy()
            adjacency.eliminate_zeros()
        self.ptr = adjacency.indptr.astype(np.int64)
        self.columns = np.ascontiguousarray(adjacency.indices, np.int32)
        self.n_nodes = adjacency.shape[0]
        self.cumulative: Array | None = None
        data = adjacency.data
        counts = np.diff(self.ptr)
        firsts = self.ptr[:-1][counts > 0]
        if len(data) and (data != np.repeat(data[firsts], counts[counts > 0])).any():
            self.cumulative = self._cumulative(data.astype(np.float64), counts, firsts)

    def _cumulative(self, data: Array, counts: Array, firsts: Array) -> Array:
        filled = counts[counts > 0]
        share = data / np.repeat(np.maximum.reduceat(data, firsts), filled)
        share /= np.repeat(np.add.reduceat(share, firsts), filled)
        running = np.cumsum(share)
        before = np.repeat(running[firsts] - share[firsts], filled)
        found = running - before
        found[self.ptr[1:][counts > 0] - 1] = 2.0
        return np.ascontiguousarray(found)

    def has_edge(self, tails: Array, heads: Array) -> Array:
        """Return for each pair whether the graph has the edge, by binary search."""
        rows = np.repeat(np.arange(self.n_nodes), np.diff(self.ptr))
        keys = rows * np.int64(self.n_nodes) + self.columns
        wanted = tails.astype(np.int64) * self.n_nodes + heads
        at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        return np.asarray(keys[at] == wanted) if len(keys) else np.zeros(len(wanted), bool)


def _proposals(table: WalkTable, nodes: Array, draws: Array) -> Array:
    first, last = table.ptr[nodes], table.ptr[nodes + 1]
    if table.cumulative is None:
        return np.asarray(table.columns[first + _below(draws, last - first)])
    u, low, high = _upper(draws), first.copy(), last - 1
    while (low < high).any():
        middle = low + ((high - low) >> 1)
        above = table.cumulative[middle] > u
        open_ = low < high
        high = np.where(open_ & above, middle, high)
        low = np.where(open_ & ~above, middle + 1, low)
    return np.asarray(table.columns[low])


def walks(
    table: WalkTable, starts: Array, units: Array, length: int, p: float, q: float, seed: int
) -> Array:
    """Return walks, all of them a step at a time."""
    out = np.full((len(starts), length), -1, np.int32)
    if not length:
        return out
    out[:, 0] = starts
    state = _streams(seed, units)
    degree = np.diff(table.ptr)
    going = np.arange(len(starts))
    for step in range(1, length):
        going = going[degree[out[going, step - 1]] > 0]
        if not len(going):
            break
        before = out[going, step - 2] if step > 1 else None
        if (p == 1.0 and q == 1.0) or before is None:
            moved = state[going]
            out[going, step] = _proposals(table, out[going, step - 1], _next(moved))
            state[going] = moved
        else:
            _second_order(table, out, state, going, step, (1.0 / p, 1.0 / q))
    return out


def _second_order(
    table: WalkTable, out: Array, state: Array, going: Array, step: int,
    chances: tuple[float, float],
) -> None:  # fmt: skip
    """Take one step of the walks `going`: propose, accept, again for those refused."""
    back, away = chances
    most = max(back, away, 1.0)
    while len(going):
        moved = state[going]
        draws = _next(moved)
        state[going] = moved
        t = out[going, step - 2]
        x = _proposals(table, out[going, step - 1], draws)
        chance = np.where(x == t, back, np.where(table.has_edge(t, x), 1.0, away))
        accepted = _lower(draws) * most < chance
        out[going[accepted], step] = x[accepted]
        going = going[~accepted]


def alias_table(weights: Array) -> tuple[Array, Array]:
    """Return (keep float32, alias int32): Walker's table of a distribution (Vose 1991).

    A slot drawn uniformly is kept with its chance, else replaced by its alias. O(n).
    """
    n = len(weights)
    share = np.asarray(weights, np.float64)
    share = (share / share.sum() * n).tolist()
    keep, alias = [1.0] * n, list(range(n))
    small = [i for i, s in enumerate(share) if s < 1.0]
    large = [i for i, s in enumerate(share) if s >= 1.0]
    while small and large:
        less, more = small.pop(), large.pop()
        keep[less], alias[less] = share[less], more
        share[more] -= 1.0 - share[less]
        (small if share[more] < 1.0 else large).append(more)
    return np.array(keep, np.float32), np.array(alias, np.int32)


@dataclass
class SkipGramModel:
    """Vectors in training and how they are trained.

    Attributes
    ----------
    input, output : float32 (n, width), width a multiple of 16, changed in place
    noise_keep, noise_alias : table of the noise distribution (`alias_table`)
    sample : float32 (n,) or None: chance to keep an occurrence of each node
    window, n_negative : int
    share : int: contexts that share their negatives; 1 is word2vec's way
    seed : int

    """

    input: Array
    output: Array
    noise_keep: Array
    noise_alias: Array
    sample: Array | None
    window: int
    n_negative: int
    share: int
    seed: int


class _Stream:
    """One unit's random stream, draw by draw."""

    def __init__(self, seed: int, unit: int) -> None:
        self.state = int(_streams(seed, np.array([unit], np.uint64))[0])

    def draw(self) -> int:
        self.state = (self.state + _GOLDEN) & _MASK
        return _mixed_int(self.state)

    def below(self, n: int) -> int:
        return ((self.draw() >> 32) * n) >> 32

    def unit(self) -> float:
        return (self.draw() & 0xFFFFFFFF) / 2.0**32


def _noise(model: SkipGramModel, stream: _Stream) -> int:
    draw = stream.draw()
    slot = ((draw >> 32) * len(model.noise_keep)) >> 32
    kept = (draw & 0xFFFFFFFF) / 2.0**32 < model.noise_keep[slot]
    return slot if kept else int(model.noise_alias[slot])


def skipgram(model: SkipGramModel, walks: Array, units: Array, rates: tuple[float, float]) -> None:
    """Train on one walk after the other, window by window: see `graphemb.kernels.skipgram`."""
    n = len(walks)
    for w, walk in enumerate(walks):
        stream = _Stream(model.seed, int(units[w]))
        rate = rates[0] + (rates[1] - rates[0]) * (w / n)
        tokens: list[int] = []
        for node in walk.tolist():
            if node < 0:
                break
            kept = 1.0 if model.sample is None else float(model.sample[node])
            if kept >= 1.0 or stream.unit() < kept:
                tokens.append(node)
        if len(tokens) < 2:
            continue
        plan = _plan(model, len(tokens), 0, stream)
        for centre in range(len(tokens)):
            low, high, noise = plan
            if centre + 1 < len(tokens):
                plan = _plan(model, len(tokens), centre + 1, stream)
            contexts = [tokens[i] for i in range(low, high) if i != centre]
            for run, first in enumerate(range(0, len(contexts), model.share)):
                at = run * model.n_negative
                part = contexts[first : first + model.share]
                _run(model, part, [tokens[centre], *noise[at : at + model.n_negative]], rate)


def _plan(
    model: SkipGramModel, n_tokens: int, centre: int, stream: _Stream
) -> tuple[int, int, list[int]]:
    """Return a window's span and the noise nodes of its runs."""
    reach = 1 + stream.below(model.window)
    low, high = max(0, centre - reach), min(n_tokens, centre + reach + 1)
    n_runs = -(-(high - low - 1) // model.share)
    return low, high, [_noise(model, stream) for _ in range(n_runs * model.n_negative)]


def _run(model: SkipGramModel, contexts: Sequence[int], targets: list[int], rate: float) -> None:
    """Move contexts and targets along the gradient of equation 4.

    A noise node that is the centre, or was drawn before in this run, is left out; a context that
    comes twice moves twice, the second time from where the first left it.
    """
    out = model.output[targets]
    logits = model.input[list(contexts)] @ out.T
    g = -rate / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
    g[:, 0] += rate
    for k, target in enumerate(targets):
        if target in targets[:k]:
            g[:, k] = 0.0
    moved = out.copy()
    for i, context in enumerate(contexts):
        moved += g[i][:, None] * model.input[context]
        model.input[context] += g[i] @ out
    for k in range(len(targets) - 1, -1, -1):
        model.output[targets[k]] = moved[k]
