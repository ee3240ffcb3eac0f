"""Layers and small networks, their parameters given as pytrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, softmax

import gradcheck
from gradcheck.functions import Array

_XOR_INPUTS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
_XOR_TARGETS = np.array([[-1.0], [1.0], [1.0], [-1.0]])
_TABLE = np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 2.5]])
_SMOOTH = ["gradient", "hvp"]


def _mlp_gradient(parameters: dict[str, Array]) -> Any:
    hidden = np.tanh(_XOR_INPUTS @ parameters["w1"] + parameters["b1"])
    error = 2 * (hidden @ parameters["w2"] + parameters["b2"] - _XOR_TARGETS) / len(_XOR_TARGETS)
    back = error @ parameters["w2"].T * (1 - hidden**2)
    return {
        "b1": back.sum(axis=0),
        "b2": error.sum(axis=0),
        "w1": _XOR_INPUTS.T @ back,
        "w2": hidden.T @ error,
    }


@gradcheck.case(
    inputs=lambda rng: {
        "initial": (
            {
                "w1": np.array([[0.5, -0.3, 0.8, -0.6], [-0.4, 0.7, 0.2, -0.9]]),
                "b1": np.array([0.1, -0.2, 0.3, 0.05]),
                "w2": np.array([[0.6], [-0.5], [0.4], [0.9]]),
                "b2": np.array([-0.1]),
            },
        )
    },
    operators=["gradient", "hvp"],
    tags=["networks", "scalar", "parameters"],
    source="Rumelhart, Hinton & Williams (1986), Nature 323, 533-536",
    gradient=_mlp_gradient,
)
def mlp(xp: Any, parameters: Any) -> Any:
    """Training loss on exclusive or of a perceptron with one hidden layer of four."""
    hidden = xp.tanh(xp.asarray(_XOR_INPUTS) @ parameters["w1"] + parameters["b1"])
    return xp.mean((hidden @ parameters["w2"] + parameters["b2"] - xp.asarray(_XOR_TARGETS)) ** 2)


def _linear_layer_gradient(x: Array, weight: Array, bias: Array) -> Any:
    slope = 2 * _TABLE * (x @ weight + bias)
    return slope @ weight.T, x.T @ slope, slope.sum(axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.4], [-0.8, 1.1, 0.6]]),
            np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]),
            np.array([0.1, -0.3]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["networks", "scalar", "matrix", "broadcasting"],
    source="Goodfellow, Bengio & Courville (2016), Deep Learning, MIT Press, section 6.5",
    gradient=_linear_layer_gradient,
)
def linear_layer(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    """Squares of the outputs of a linear layer, weighted."""
    return xp.sum(xp.asarray(_TABLE) * (x @ weight + bias) ** 2)


def _attention_gradient(query: Array, key: Array, value: Array) -> Any:
    shares = softmax(query @ key.T / np.sqrt(2), axis=1)
    back = _TABLE @ value.T
    scores = shares * (back - np.sum(shares * back, axis=1, keepdims=True)) / np.sqrt(2)
    return scores @ key, scores.T @ query, shares.T @ _TABLE


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [1.5, 0.3], [-0.8, 1.1]]),
            np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]),
            np.array([[1.0, 0.6], [-0.4, 2.0], [0.7, -1.2]]),
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "matrix"],
    source="Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762",
    gradient=_attention_gradient,
)
def attention(xp: Any, query: Any, key: Any, value: Any) -> Any:
    """Scaled dot-product attention of three tokens, weighted."""
    shares = xp.special.softmax(query @ xp.transpose(key) / math.sqrt(2.0), axis=1)
    return xp.sum(xp.asarray(_TABLE) * (shares @ value))


def _gated_unit_gradient(x: Array, state: Array, weights: dict[str, Array]) -> Any:
    driven, recurrent = weights["input"] @ x, weights["state"][:, 0]
    reset, update = expit(driven[0] + recurrent[0] * state), expit(driven[1] + recurrent[1] * state)
    candidate = np.tanh(driven[2] + recurrent[2] * reset * state)
    up = np.array([1.0, -2.0])
    in_update = up * (state - candidate) * update * (1 - update)
    in_candidate = up * (1 - update) * (1 - candidate**2)
    in_reset = in_candidate * recurrent[2] * state * reset * (1 - reset)
    in_driven = np.array([in_reset.sum(), in_update.sum(), in_candidate.sum()])
    in_recurrent = np.array([in_reset @ state, in_update @ state, in_candidate @ (reset * state)])
    in_state = up * update + in_update * recurrent[1] + in_reset * recurrent[0] + in_candidate * recurrent[2] * reset
    return in_driven @ weights["input"], in_state, {"input": np.outer(in_driven, x), "state": in_recurrent[:, None]}


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0]),
            np.array([0.3, 0.8]),
            {"input": np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]), "state": np.array([[0.6], [-0.4], [1.1]])},
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters", "broadcasting"],
    source="Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, arXiv:1406.1078",
    gradient=_gated_unit_gradient,
)
def gated_recurrent_unit(xp: Any, x: Any, state: Any, weights: Any) -> Any:
    """New state of a gated recurrent unit with elementwise recurrence, weighted."""
    driven = xp.matmul(weights["input"], x)
    reset = xp.special.expit(driven[0] + weights["state"][0] * state)
    update = xp.special.expit(driven[1] + weights["state"][1] * state)
    candidate = xp.tanh(driven[2] + weights["state"][2] * reset * state)
    return xp.sum(xp.asarray([1.0, -2.0]) * (update * state + (1.0 - update) * candidate))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": ([np.array([0.5, -1.0, 2.0, 0.3]), (0.4, -0.9)],)},
    operators=_SMOOTH,
    tags=["networks", "scalar", "parameters"],
    source="Hochreiter & Schmidhuber (1997), Neural Computation 9, 1735-1780",
    gradient=lambda parameters: _lstm_gradient(*parameters),
)
def long_short_term_memory(xp: Any, parameters: Any) -> Any:
    """One cell with a forget gate, its gates in a list with a tuple of cell and output offset."""
    gates, (cell, offset) = parameters
    kept = xp.special.expit(gates[0]) * cell + xp.special.expit(gates[1]) * xp.tanh(gates[2])
    return xp.special.expit(gates[3]) * xp.tanh(kept) + offset * cell


def _lstm_gradient(gates: Array, pair: tuple[Array, Array]) -> Any:
    cell, offset = pair
    forget, write, show = expit(gates[0]), expit(gates[1]), expit(gates[3])
    content = np.tanh(gates[2])
    kept = forget * cell + write * content
    down = show * (1 - np.tanh(kept) ** 2)
    in_gates = [
        down * cell * forget * (1 - forget),
        down * content * write * (1 - write),
        down * write * (1 - content**2),
        np.tanh(kept) * show * (1 - show),
    ]
    return [np.array(in_gates), (down * forget + offset, cell)]


def _embedding_gradient(table: Array, projection: Array) -> Any:
    chosen = [2, 0, 2, 1]
    rows = table[chosen] @ projection
    slope = np.array([1.0, 2.0, -0.5]) * -expit(-np.sum(rows[:-1] * rows[1:], axis=1))
    in_rows, in_table = np.zeros_like(rows), np.zeros_like(table)
    in_rows[:-1] += slope[:, None] * rows[1:]
    in_rows[1:] += slope[:, None] * rows[:-1]
    np.add.at(in_table, chosen, in_rows @ projection.T)
    return in_table, table[chosen].T @ in_rows


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4]]), np.array([[0.7, -0.2], [1.3, -0.5]]))
    },
    operators=_SMOOTH,
    tags=["networks", "scalar", "matrix", "parameters"],
    source="Mikolov, Sutskever, Chen, Corrado & Dean (2013), Distributed Representations of Words, arXiv:1310.4546",
    gradient=_embedding_gradient,
)
def embedding(xp: Any, table: Any, projection: Any) -> Any:
    """Rows looked up in a table, one of them twice, projected and scored against the next."""
    rows = xp.take(table, xp.asarray([2, 0, 2, 1], dtype=int), axis=0) @ projection
    return -xp.sum(xp.asarray([1.0, 2.0, -0.5]) * xp.log(xp.special.expit(xp.sum(rows[:-1] * rows[1:], axis=1))))


def _residual_block_gradient(x: Array, parameters: dict[str, Array]) -> Any:
    inside = parameters["w"] @ x
    slope = 2 * np.array([1.0, -2.0, 0.5]) * (x + parameters["v"] @ np.tanh(inside))
    down = (slope @ parameters["v"]) * (1 - np.tanh(inside) ** 2)
    return slope + down @ parameters["w"], {"v": np.outer(slope, np.tanh(inside)), "w": np.outer(down, x)}


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 2.0]),
            {
                "v": np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]),
                "w": np.array([[0.6, -0.4, 0.3], [0.1, 0.8, -0.2]]),
            },
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="He, Zhang, Ren & Sun (2016), Deep Residual Learning for Image Recognition, arXiv:1512.03385",
    gradient=_residual_block_gradient,
)
def residual_block(xp: Any, x: Any, parameters: Any) -> Any:
    """A vector plus a small network of it, squared and weighted."""
    inside = xp.tanh(xp.matmul(parameters["w"], x))
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * (x + xp.matmul(parameters["v"], inside)) ** 2)


# -- attention ---------------------------------------------------------------------------------

_TOKENS = np.array([[0.5, -1.0], [1.5, 0.3], [-0.8, 1.1]])
_KEYS = np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]])
_VALUES = np.array([[1.0, 0.6], [-0.4, 2.0], [0.7, -1.2]])
_CAUSAL = np.triu(np.full((3, 3), -1e9), 1)


def _attended(projected: Sequence[Array], mask: Array, up: Array) -> Any:
    """Return masked attention of query, key and value, and the slopes of these three."""
    query, key, value = projected
    scale = np.sqrt(query.shape[1])
    shares = softmax(query @ key.T / scale + mask, axis=1)
    back = up @ value.T
    scores = shares * (back - np.sum(shares * back, axis=1, keepdims=True))
    return shares @ value, scores @ key / scale, scores.T @ query / scale, shares.T @ up


def _multi_head_gradient(x: Array, weights: dict[str, Array]) -> Any:
    query, key, value = (x @ weights[name] for name in ("query", "key", "value"))
    up = _TABLE @ weights["out"].T
    heads = [_attended([z[:, [k]] for z in (query, key, value)], _CAUSAL, up[:, [k]]) for k in range(2)]
    mixed, in_query, in_key, in_value = (np.concatenate(parts, axis=1) for parts in zip(*heads, strict=True))
    slopes = {"key": in_key, "query": in_query, "value": in_value}
    in_weights = {name: x.T @ slope for name, slope in slopes.items()}
    in_x = sum(slope @ weights[name].T for name, slope in slopes.items())
    return in_x, {**in_weights, "out": mixed.T @ _TABLE}


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            _TOKENS,
            {
                "key": np.array([[0.2, -0.7], [1.3, 0.4]]),
                "out": np.array([[0.6, -0.5], [0.3, 0.8]]),
                "query": np.array([[-0.5, 0.9], [0.1, 1.1]]),
                "value": np.array([[1.0, 0.6], [-0.4, 2.0]]),
            },
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762",
    gradient=_multi_head_gradient,
)
def causal_multi_head_attention(xp: Any, x: Any, weights: Any) -> Any:
    """Two heads over three tokens that see no later one, by a large negative mask."""
    query, key, value = (x @ weights[name] for name in ("query", "key", "value"))
    scores = xp.einsum("ih,jh->hij", query, key) + xp.asarray(_CAUSAL)
    mixed = xp.einsum("hij,jh->ih", xp.special.softmax(scores, axis=2), value)
    return xp.sum(xp.asarray(_TABLE) * (mixed @ weights["out"]))


def _turned(x: Array, back: bool = False) -> Any:
    angles = np.array([0.0, 0.7, 1.4]) * (-1 if back else 1)
    c, s = np.cos(angles), np.sin(angles)
    return np.stack([c * x[:, 0] - s * x[:, 1], s * x[:, 0] + c * x[:, 1]], axis=1)


def _rotary_gradient(query: Array, key: Array, value: Array) -> Any:
    _, in_query, in_key, in_value = _attended((_turned(query), _turned(key), value), np.zeros((3, 3)), _TABLE)
    return _turned(in_query, back=True), _turned(in_key, back=True), in_value


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_TOKENS, _KEYS, _VALUES)},
    operators=["gradient"],
    tags=["networks", "scalar", "matrix"],
    source="Su, Lu, Pan, Murtadha, Wen & Liu (2021), RoFormer, arXiv:2104.09864",
    gradient=_rotary_gradient,
)
def rotary_attention(xp: Any, query: Any, key: Any, value: Any) -> Any:
    """Attention whose queries and keys are turned by angles that grow with their places."""
    angles = 0.7 * xp.arange(3.0)
    c, s = xp.cos(angles), xp.sin(angles)
    turned = [xp.stack([c * x[:, 0] - s * x[:, 1], s * x[:, 0] + c * x[:, 1]], axis=1) for x in (query, key)]
    shares = xp.special.softmax(turned[0] @ xp.transpose(turned[1]) / math.sqrt(2.0), axis=1)
    return xp.sum(xp.asarray(_TABLE) * (shares @ value))


_DISTANCES = np.subtract.outer(np.arange(3), np.arange(3)) + 2


def _relative_gradient(scores: Array, bias: Array, value: Array) -> Any:
    shares = softmax(scores + bias[_DISTANCES], axis=1)
    back = _TABLE @ value.T
    in_scores = shares * (back - np.sum(shares * back, axis=1, keepdims=True))
    return in_scores, np.bincount(_DISTANCES.ravel(), in_scores.ravel()), shares.T @ _TABLE


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0, 0.3], [1.5, 0.4, -0.8], [-0.6, 1.1, 0.2]]),
            np.array([0.6, -0.4, 0.3, 0.1, -0.9]),
            np.array([[1.0, 0.6], [-0.4, 2.0], [0.7, -1.2]]),
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "matrix", "parameters"],
    source="Raffel et al. (2020), Exploring the Limits of Transfer Learning, arXiv:1910.10683",
    gradient=_relative_gradient,
)
def attention_with_relative_bias(xp: Any, scores: Any, bias: Any, value: Any) -> Any:
    """Attention scores plus a bias that pairs of tokens at the same distance share."""
    shared = xp.reshape(xp.take(bias, xp.asarray(_DISTANCES.ravel(), dtype=int), axis=0), (3, 3))
    return xp.sum(xp.asarray(_TABLE) * (xp.special.softmax(scores + shared, axis=1) @ value))


def _linear_attention_gradient(query: Array, key: Array, value: Array) -> Any:
    def feature(x: Array) -> Any:
        return np.where(x > 0, x + 1, np.exp(x)), np.where(x > 0, 1.0, np.exp(x))

    (q, q_slope), (k, k_slope) = feature(query), feature(key)
    weights = np.tril(q @ k.T)
    total = weights.sum(axis=1, keepdims=True)
    mixed = weights @ value / total
    up = _TABLE / total
    in_weights = np.tril(up @ value.T - np.sum(up * mixed, axis=1, keepdims=True))
    return in_weights @ k * q_slope, in_weights.T @ q * k_slope, weights.T @ up


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_TOKENS, _KEYS, _VALUES)},
    operators=["gradient"],
    tags=["networks", "scalar", "matrix"],
    source="Katharopoulos, Vyas, Pappas & Fleuret (2020), Transformers are RNNs, arXiv:2006.16236",
    gradient=_linear_attention_gradient,
)
def linear_attention(xp: Any, query: Any, key: Any, value: Any) -> Any:
    """Causal attention without softmax, by running sums of outer products."""
    q, k = (xp.where(x > 0.0, x + 1.0, xp.exp(xp.minimum(x, 0.0))) for x in (query, key))
    memory = xp.cumsum(xp.einsum("ti,tj->tij", k, value), axis=0)
    mixed = xp.einsum("ti,tij->tj", q, memory) / xp.sum(q * xp.cumsum(k, axis=0), axis=1, keepdims=True)
    return xp.sum(xp.asarray(_TABLE) * mixed)


def _transformer_gradient(x: Array, weights: dict[str, Array]) -> Any:
    def normalised(z: Array) -> Any:
        return z / np.sqrt(np.mean(z**2, axis=1, keepdims=True))

    def through_norm(up: Array, z: Array) -> Any:
        unit, scale = normalised(z), np.sqrt(np.mean(z**2, axis=1, keepdims=True))
        return (up - unit * np.mean(up * unit, axis=1, keepdims=True)) / scale

    names, up = ("query", "key", "value"), _TABLE[:2]
    first = normalised(x)
    projected = [first @ weights[name] for name in names]
    mixed = _attended(projected, np.zeros((2, 2)), np.zeros((2, 2)))[0]
    middle = x + mixed @ weights["out"]
    second = normalised(middle)
    inside = second @ weights["up"]
    active = inside * ndtr(inside)
    in_inside = up @ weights["down"].T * (ndtr(inside) + inside * np.exp(-(inside**2) / 2) / np.sqrt(2 * np.pi))
    in_middle = up + through_norm(in_inside @ weights["up"].T, middle)
    back = _attended(projected, np.zeros((2, 2)), in_middle @ weights["out"].T)[1:]
    in_first = np.sum([slope @ weights[name].T for name, slope in zip(names, back, strict=True)], axis=0)
    in_weights = {name: first.T @ slope for name, slope in zip(names, back, strict=True)}
    in_weights.update(down=active.T @ up, out=mixed.T @ in_middle, up=second.T @ in_inside)
    return in_middle + through_norm(in_first, x), in_weights


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [1.5, 0.3]]),
            {
                "down": np.array([[0.9, -0.2], [0.4, -0.6]]),
                "key": np.array([[0.2, -0.7], [1.3, 0.4]]),
                "out": np.array([[0.6, -0.5], [0.3, 0.8]]),
                "query": np.array([[-0.5, 0.9], [0.1, 1.1]]),
                "up": np.array([[0.7, 0.5], [-1.2, 0.3]]),
                "value": np.array([[1.0, 0.6], [-0.4, 2.0]]),
            },
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="Xiong et al. (2020), On Layer Normalization in the Transformer Architecture, arXiv:2002.04745",
    gradient=_transformer_gradient,
)
def transformer_block(xp: Any, x: Any, weights: Any) -> Any:
    """Attention and a small network over two tokens, each normalised before and added to its input."""
    first = x / xp.sqrt(xp.mean(x**2, axis=1, keepdims=True))
    query, key, value = (first @ weights[name] for name in ("query", "key", "value"))
    shares = xp.special.softmax(query @ xp.transpose(key) / math.sqrt(2.0), axis=1)
    middle = x + shares @ value @ weights["out"]
    inside = middle / xp.sqrt(xp.mean(middle**2, axis=1, keepdims=True)) @ weights["up"]
    return xp.sum(xp.asarray(_TABLE[:2]) * (middle + inside * xp.special.ndtr(inside) @ weights["down"]))


# -- gates and graphs --------------------------------------------------------------------------

_SIDE = np.array([1.0, -2.0, 0.5])


def _peephole_gradient(gates: Array, cell: Array, peepholes: Array) -> Any:
    up = _SIDE[:2]
    forget, write = expit(gates[0] + peepholes[0] * cell), expit(gates[1] + peepholes[1] * cell)
    content = np.tanh(gates[2])
    kept = forget * cell + write * content
    show = expit(gates[3] + peepholes[2] * kept)
    in_show = up * np.tanh(kept) * show * (1 - show)
    in_kept = up * show * (1 - np.tanh(kept) ** 2) + in_show * peepholes[2]
    in_forget = in_kept * cell * forget * (1 - forget)
    in_write = in_kept * content * write * (1 - write)
    in_gates = np.array([in_forget, in_write, in_kept * write * (1 - content**2), in_show])
    in_cell = in_kept * forget + in_forget * peepholes[0] + in_write * peepholes[1]
    return in_gates, in_cell, np.array([in_forget * cell, in_write * cell, in_show * kept])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4], [-0.8, 1.1]]),
            np.array([0.4, -0.9]),
            np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]),
        ),
        "saturated gates": (
            np.array([[40.0, -30.0], [35.0, 0.3], [1.5, 0.4], [-0.8, 1.1]]),
            np.array([0.4, -0.9]),
            np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]),
        ),
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="Gers & Schmidhuber (2000), Recurrent nets that time and count, Proceedings of IJCNN 3, 189-194",
    gradient=_peephole_gradient,
)
def long_short_term_memory_with_peepholes(xp: Any, gates: Any, cell: Any, peepholes: Any) -> Any:
    """One step of two cells whose gates see the cell, the last one its new state."""
    forget = xp.special.expit(gates[0] + peepholes[0] * cell)
    write = xp.special.expit(gates[1] + peepholes[1] * cell)
    kept = forget * cell + write * xp.tanh(gates[2])
    return xp.sum(xp.asarray(_SIDE[:2]) * xp.special.expit(gates[3] + peepholes[2] * kept) * xp.tanh(kept))


def _highway_gradient(x: Array, weights: dict[str, Array]) -> Any:
    gate, change = expit(weights["gate"] @ x - 1), np.maximum(weights["change"] @ x, 0)
    in_gate = _SIDE * (change - x) * gate * (1 - gate)
    in_change = _SIDE * gate * (change > 0)
    in_x = _SIDE * (1 - gate) + in_gate @ weights["gate"] + in_change @ weights["change"]
    return in_x, {"change": np.outer(in_change, x), "gate": np.outer(in_gate, x)}


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 2.0]),
            {
                "change": np.array([[0.2, -0.7, 0.3], [1.3, 0.4, -0.6], [-0.5, 0.9, 0.8]]),
                "gate": np.array([[0.6, -0.4, 0.3], [0.1, 0.8, -0.2], [-0.7, 0.5, 0.9]]),
            },
        )
    },
    operators=["gradient", "hvp"],
    tags=["networks", "scalar", "parameters"],
    source="Srivastava, Greff & Schmidhuber (2015), Highway Networks, arXiv:1505.00387",
    gradient=_highway_gradient,
)
def highway_layer(xp: Any, x: Any, weights: Any) -> Any:
    """A gate between a rectified linear map of a vector and the vector itself."""
    gate = xp.special.expit(xp.matmul(weights["gate"], x) - 1.0)
    change = xp.maximum(xp.matmul(weights["change"], x), 0.0)
    return xp.sum(xp.asarray(_SIDE) * (gate * change + (1.0 - gate) * x))


def _experts_gradient(x: Array, gate: Array, experts: Array) -> Any:
    shares, answers = softmax(gate @ x), np.tanh(experts @ x)
    mixed = shares @ answers
    in_gate = 2 * mixed * shares * (answers - mixed)
    in_experts = 2 * mixed * shares * (1 - answers**2)
    return in_gate @ gate + in_experts @ experts, np.outer(in_gate, x), np.outer(in_experts, x)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0]),
            np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]),
            np.array([[0.6, -0.4], [0.1, 0.8], [-0.7, 0.5]]),
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="Jacobs, Jordan, Nowlan & Hinton (1991), Neural Computation 3, 79-87",
    gradient=_experts_gradient,
)
def mixture_of_experts(xp: Any, x: Any, gate: Any, experts: Any) -> Any:
    """Square of three experts' answers, mixed by a softmax gate."""
    shares = xp.special.softmax(xp.matmul(gate, x), axis=0)
    return xp.sum(shares * xp.tanh(xp.matmul(experts, x))) ** 2


def _graph_convolution_gradient(edges: Array, x: Array, weights: Array) -> Any:
    adjacency = edges + np.eye(3)
    root = adjacency.sum(axis=1) ** -0.5
    message = adjacency * np.outer(root, root)
    hidden = np.tanh(message @ x @ weights)
    slope = _TABLE * (1 - hidden**2)
    in_message = slope @ (x @ weights).T
    in_root = (in_message * adjacency) @ root + (in_message * adjacency).T @ root
    in_edges = in_message * np.outer(root, root) + (-0.5 * in_root * root**3)[:, None]
    return in_edges, message.T @ slope @ weights.T, (message @ x).T @ slope


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.0, 1.0, 0.3], [1.0, 0.0, 0.6], [0.3, 0.6, 0.0]]),
            np.array([[0.5, -1.0], [1.5, 0.3], [-0.8, 1.1]]),
            np.array([[0.7, -0.2], [1.3, -0.5]]),
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "matrix"],
    source="Kipf & Welling (2017), Semi-Supervised Classification with Graph Convolutional Networks, arXiv:1609.02907",
    gradient=_graph_convolution_gradient,
)
def graph_convolution(xp: Any, edges: Any, x: Any, weights: Any) -> Any:
    """One layer over a graph of three nodes, its adjacency normalised by degrees and differentiated."""
    adjacency = edges + xp.eye(3)
    root = 1.0 / xp.sqrt(xp.sum(adjacency, axis=1))
    message = xp.expand_dims(root, 1) * adjacency * root
    return xp.sum(xp.asarray(_TABLE) * xp.tanh(message @ x @ weights))


_LINKS = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])


def _graph_attention_gradient(x: Array, own: Array, other: Array) -> Any:
    scores = (x @ own)[:, None] + x @ other
    bent = np.where(scores > 0, scores, 0.2 * scores)
    shares = softmax(np.where(_LINKS > 0, bent, -np.inf), axis=1)
    back = _TABLE @ x.T
    in_scores = shares * (back - np.sum(shares * back, axis=1, keepdims=True)) * np.where(scores > 0, 1.0, 0.2)
    rows, columns = in_scores.sum(axis=1), in_scores.sum(axis=0)
    return shares.T @ _TABLE + np.outer(rows, own) + np.outer(columns, other), rows @ x, columns @ x


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_TOKENS, np.array([0.7, -0.2]), np.array([1.3, -0.5]))},
    operators=["gradient"],
    tags=["networks", "scalar", "matrix"],
    source="Veličković et al. (2018), Graph Attention Networks, arXiv:1710.10903",
    gradient=_graph_attention_gradient,
)
def graph_attention(xp: Any, x: Any, own: Any, other: Any) -> Any:
    """Nodes mixed by attention over their links, all else masked before the softmax."""
    scores = xp.expand_dims(xp.matmul(x, own), 1) + xp.matmul(x, other)
    bent = xp.maximum(scores, 0.2 * scores)
    shares = xp.special.softmax(xp.where(xp.asarray(_LINKS) > 0.0, bent, -1e9), axis=1)
    return xp.sum(xp.asarray(_TABLE) * (shares @ x))


def _excitation_gradient(x: Array, squeeze: Array, excite: Array) -> Any:
    mean = x.mean(axis=1)
    middle = squeeze @ mean
    gate = expit(excite * np.maximum(middle, 0))
    up = _TABLE.T
    in_gate = np.sum(up * x, axis=1) * gate * (1 - gate)
    in_middle = (in_gate @ excite) * (middle > 0)
    return up * gate[:, None] + (in_middle * squeeze / 3)[:, None], in_middle * mean, in_gate * np.maximum(middle, 0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.4]]), np.array([0.7, 1.2]), np.array([1.3, -0.5]))
    },
    operators=_SMOOTH,
    tags=["networks", "scalar", "matrix", "broadcasting"],
    source="Hu, Shen & Sun (2018), Squeeze-and-Excitation Networks, arXiv:1709.01507",
    gradient=_excitation_gradient,
)
def squeeze_and_excitation(xp: Any, x: Any, squeeze: Any, excite: Any) -> Any:
    """Channels scaled by gates that see the means of all channels."""
    middle = xp.maximum(xp.sum(squeeze * xp.mean(x, axis=1)), 0.0)
    return xp.sum(xp.asarray(_TABLE.T) * x * xp.expand_dims(xp.special.expit(excite * middle), 1))


# -- embeddings and interactions ---------------------------------------------------------------

_BAGS = ((2, 0), (1, 2, 2))


def _embedding_bag_gradient(table: Array, weights: Array) -> Any:
    parts = [weights[:2], weights[2:]]
    bags = np.array([part @ table[list(bag)] for part, bag in zip(parts, _BAGS, strict=True)])
    slope = 2 * _TABLE[:2] * bags
    in_table = np.zeros_like(table)
    for part, bag, up in zip(parts, _BAGS, slope, strict=True):
        np.add.at(in_table, list(bag), np.outer(part, up))
    return in_table, np.concatenate([table[list(bag)] @ up for bag, up in zip(_BAGS, slope, strict=True)])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_TOKENS, np.array([0.7, -0.2, 1.3, 0.4, -0.9]))},
    operators=_SMOOTH,
    tags=["networks", "scalar", "matrix", "parameters"],
    source="PyTorch documentation, torch.nn.EmbeddingBag",
    gradient=_embedding_bag_gradient,
)
def embedding_bag(xp: Any, table: Any, weights: Any) -> Any:
    """Squares of two weighted sums of looked up rows, one row twice in a bag."""
    rows = xp.take(table, xp.asarray([2, 0, 1, 2, 2], dtype=int), axis=0) * xp.expand_dims(weights, 1)
    bags = xp.stack([xp.sum(rows[:2], axis=0), xp.sum(rows[2:], axis=0)], axis=0)
    return xp.sum(xp.asarray(_TABLE[:2]) * bags**2)


def _bilinear_gradient(left: Array, right: Array, weights: Array) -> Any:
    up = 2 * np.array([1.0, -2.0]) * np.einsum("i,kij,j->k", left, weights, right)
    return (
        np.einsum("k,kij,j->i", up, weights, right),
        np.einsum("k,i,kij->j", up, left, weights),
        np.einsum("k,i,j->kij", up, left, right),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0]),
            np.array([1.5, 0.3, -0.8]),
            np.array([[[0.2, -0.7, 0.3], [1.3, 0.4, -0.6]], [[-0.5, 0.9, 0.1], [0.8, 0.6, 1.1]]]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["networks", "scalar", "parameters"],
    source="PyTorch documentation, torch.nn.Bilinear",
    gradient=_bilinear_gradient,
)
def bilinear_layer(xp: Any, left: Any, right: Any, weights: Any) -> Any:
    """Squares of two bilinear forms of two vectors, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.einsum("i,kij,j->k", left, weights, right) ** 2)


def _factorization_gradient(x: Array, weights: Array, factors: Array) -> Any:
    together = factors.T @ x
    score = weights @ x + 0.5 * (together @ together - x**2 @ np.sum(factors**2, axis=1))
    slope = -expit(-score)
    in_x = weights + factors @ together - x * np.sum(factors**2, axis=1)
    return slope * in_x, slope * x, slope * (np.outer(x, together) - (x**2)[:, None] * factors)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.2]), np.array([0.7, -0.2, 0.4]), _TOKENS)},
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="Rendle (2010), Factorization Machines, IEEE International Conference on Data Mining 10, 995-1000",
    gradient=_factorization_gradient,
)
def factorization_machine(xp: Any, x: Any, weights: Any, factors: Any) -> Any:
    """Logistic loss of all pairwise interactions, by the difference of two squares."""
    together = xp.matmul(x, factors) ** 2 - xp.matmul(x**2, factors**2)
    return xp.logaddexp(0.0, -(xp.dot(weights, x) + 0.5 * xp.sum(together)))


# -- generative models -------------------------------------------------------------------------


def _coupling_gradient(x: Array, weights: dict[str, Array]) -> Any:
    kept, changed = x[:2], x[2:]
    size = np.tanh(weights["scale"] @ kept)
    z = changed * np.exp(size) + weights["shift"] @ kept
    in_size = (z * changed * np.exp(size) - 1) * (1 - size**2)
    in_kept = kept + in_size @ weights["scale"] + z @ weights["shift"]
    return np.concatenate([in_kept, z * np.exp(size)]), {
        "scale": np.outer(in_size, kept),
        "shift": np.outer(z, kept),
    }


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 1.5, 0.3]),
            {"scale": np.array([[0.7, -0.2], [1.3, -0.5]]), "shift": np.array([[0.2, -0.7], [0.6, 0.4]])},
        )
    },
    operators=["gradient"],
    tags=["networks", "scalar", "parameters"],
    source="Dinh, Sohl-Dickstein & Bengio (2017), Density estimation using Real NVP, arXiv:1605.08803",
    gradient=_coupling_gradient,
)
def coupling_flow(xp: Any, x: Any, weights: Any) -> Any:
    """Negative log likelihood under an affine coupling layer and its log-determinant, up to a constant."""
    size = xp.tanh(xp.matmul(weights["scale"], x[:2]))
    z = x[2:] * xp.exp(size) + xp.matmul(weights["shift"], x[:2])
    return 0.5 * xp.sum(x[:2] ** 2) + 0.5 * xp.sum(z**2) - xp.sum(size)


_NOISE, _DATUM = np.array([0.6, -1.1]), np.array([1.0, 0.0, 1.0])


def _variational_gradient(mean: Array, log_variance: Array, decoder: Array) -> Any:
    deviation = np.exp(log_variance / 2)
    latent = mean + deviation * _NOISE
    slope = expit(decoder @ latent) - _DATUM
    in_latent = slope @ decoder
    in_log_variance = in_latent * _NOISE * deviation / 2 + (deviation**2 - 1) / 2
    return in_latent + mean, in_log_variance, np.outer(slope, latent)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0]),
            np.array([-0.6, 0.3]),
            np.array([[0.7, -0.2], [1.3, -0.5], [-0.4, 0.9]]),
        ),
        "certain": (
            np.array([0.5, -1.0]),
            np.array([-9.0, -7.5]),
            np.array([[0.7, -0.2], [1.3, -0.5], [-0.4, 0.9]]),
        ),
    },
    operators=_SMOOTH,
    tags=["networks", "scalar", "parameters"],
    source="Kingma & Welling (2014), Auto-Encoding Variational Bayes, arXiv:1312.6114",
    gradient=_variational_gradient,
)
def variational_autoencoder(xp: Any, mean: Any, log_variance: Any, decoder: Any) -> Any:
    """Negative evidence bound of a binary datum, its latent sample reparameterised by given noise."""
    latent = mean + xp.exp(0.5 * log_variance) * xp.asarray(_NOISE)
    logits = xp.matmul(decoder, latent)
    reconstruction = xp.sum(xp.logaddexp(0.0, logits) - xp.asarray(_DATUM) * logits)
    return reconstruction + 0.5 * xp.sum(xp.exp(log_variance) + mean**2 - 1.0 - log_variance)
