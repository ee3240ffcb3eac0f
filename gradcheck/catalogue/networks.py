"""Layers and small networks, their parameters given as pytrees."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import expit, softmax

import gradcheck
from gradcheck.functions import Array

_XOR_INPUTS = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
_XOR_TARGETS = np.array([[-1.0], [1.0], [1.0], [-1.0]])
_TABLE = np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 2.5]])


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
    tags=["networks", "scalar", "matrix"],
    source="Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762",
    gradient=_attention_gradient,
)
def attention(xp: Any, query: Any, key: Any, value: Any) -> Any:
    """Scaled dot-product attention of three tokens, weighted."""
    shares = xp.special.softmax(query @ xp.transpose(key) / math.sqrt(2.0), axis=1)
    return xp.sum(xp.asarray(_TABLE) * (shares @ value))


_ROWS = np.array([[1.0, -2.0, 0.5, 3.0], [-1.5, 2.5, 1.0, -0.5]])


def _layer_norm_gradient(x: Array, gain: Array, bias: Array) -> Any:
    deviation = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    z = (x - x.mean(axis=1, keepdims=True)) / deviation
    up = _ROWS * gain
    inner = up - up.mean(axis=1, keepdims=True) - z * np.mean(up * z, axis=1, keepdims=True)
    return inner / deviation, np.sum(_ROWS * z, axis=0), _ROWS.sum(axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0, 2.0, 0.3], [1.5, 0.4, -0.8, 1.1]]),
            np.array([1.2, 0.8, -0.5, 1.0]),
            np.array([0.1, -0.3, 0.2, 0.4]),
        )
    },
    tags=["networks", "scalar", "matrix", "broadcasting"],
    source="Ba, Kiros & Hinton (2016), Layer Normalization, arXiv:1607.06450",
    gradient=_layer_norm_gradient,
)
def layer_norm(xp: Any, x: Any, gain: Any, bias: Any) -> Any:
    """Layer normalisation of two rows with gain and bias, weighted."""
    centred = x - xp.mean(x, axis=1, keepdims=True)
    z = centred / xp.sqrt(xp.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    return xp.sum(xp.asarray(_ROWS) * (z * gain + bias))


def _rms_norm_gradient(x: Array, gain: Array) -> Any:
    scale = np.sqrt(np.mean(x**2, axis=1, keepdims=True))
    up = _ROWS * gain
    return up / scale - x * np.mean(up * x, axis=1, keepdims=True) / scale**3, np.sum(_ROWS * x / scale, axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0, 2.0, 0.3], [1.5, 0.4, -0.8, 1.1]]),
            np.array([1.2, 0.8, -0.5, 1.0]),
        )
    },
    tags=["networks", "scalar", "matrix", "broadcasting"],
    source="Zhang & Sennrich (2019), Root Mean Square Layer Normalization, arXiv:1910.07467",
    gradient=_rms_norm_gradient,
)
def rms_norm(xp: Any, x: Any, gain: Any) -> Any:
    """Root mean square normalisation of two rows, weighted."""
    return xp.sum(xp.asarray(_ROWS) * x / xp.sqrt(xp.mean(x**2, axis=1, keepdims=True)) * gain)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4]]),)},
    tags=["networks", "scalar", "matrix"],
    source="Ioffe & Szegedy (2015), Batch Normalization, arXiv:1502.03167",
)
def batch_norm(xp: Any, x: Any) -> Any:
    """Squares of columns normalised over the batch, through a sigmoid and weighted."""
    z = (x - xp.mean(x, axis=0)) / xp.sqrt(xp.var(x, axis=0) + 1e-5)
    return xp.sum(xp.asarray(_TABLE) * xp.special.expit(z) ** 2)


def _correlation_gradient(image: Array, kernel: Array) -> Any:
    up = np.array([[1.0, -2.0], [0.5, 3.0]])
    in_image, in_kernel = np.zeros_like(image), np.zeros_like(kernel)
    for i in range(2):
        for j in range(2):
            window = image[i : i + 2, j : j + 2]
            slope = up[i, j] * 2 * np.sum(window * kernel)
            in_image[i : i + 2, j : j + 2] += slope * kernel
            in_kernel += slope * window
    return in_image, in_kernel


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0, 2.0], [0.3, 1.5, 0.4], [-0.8, 1.1, 0.6]]),
            np.array([[0.7, -0.2], [1.3, -0.5]]),
        )
    },
    tags=["networks", "scalar", "matrix"],
    source="LeCun, Bottou, Bengio & Haffner (1998), Proc. IEEE 86, 2278-2324",
    gradient=_correlation_gradient,
)
def convolution_layer(xp: Any, image: Any, kernel: Any) -> Any:
    """Squares of a valid 2 by 2 cross-correlation of a 3 by 3 image, weighted."""
    rows = [image[i : i + 2, j : j + 2] * kernel[i, j] for i in range(2) for j in range(2)]
    return xp.sum(xp.asarray([[1.0, -2.0], [0.5, 3.0]]) * (rows[0] + rows[1] + rows[2] + rows[3]) ** 2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0]),
            np.array([0.3, 0.8]),
            {"input": np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]), "state": np.array([[0.6], [-0.4], [1.1]])},
        )
    },
    tags=["networks", "scalar", "parameters", "broadcasting"],
    source="Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, arXiv:1406.1078",
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


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4]]), np.array([[0.7, -0.2], [1.3, -0.5]]))
    },
    tags=["networks", "scalar", "matrix", "parameters"],
    source="Mikolov, Sutskever, Chen, Corrado & Dean (2013), Distributed Representations of Words, arXiv:1310.4546",
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
    tags=["networks", "scalar", "parameters"],
    source="He, Zhang, Ren & Sun (2016), Deep Residual Learning for Image Recognition, arXiv:1512.03385",
    gradient=_residual_block_gradient,
)
def residual_block(xp: Any, x: Any, parameters: Any) -> Any:
    """A vector plus a small network of it, squared and weighted."""
    inside = xp.tanh(xp.matmul(parameters["w"], x))
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * (x + xp.matmul(parameters["v"], inside)) ** 2)
