"""Normalisation layers, their statistics differentiated through."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

import gradcheck
from gradcheck.functions import Array

_ROWS = np.array([[1.0, -2.0, 0.5, 3.0], [-1.5, 2.5, 1.0, -0.5]])
_COLUMNS = np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 2.5]])
_SMOOTH = ["gradient", "hvp"]
_ALL = ["jacobian", "jvp", "vjp"]


def _through_statistics(up: Array, z: Array, deviation: Array, axis: int | tuple[int, ...]) -> Any:
    """Backpropagate the slopes `up` of standardised numbers `z`."""
    inner = up - up.mean(axis=axis, keepdims=True) - z * np.mean(up * z, axis=axis, keepdims=True)
    return inner / deviation


def _layer_norm_gradient(x: Array, gain: Array, bias: Array) -> Any:
    deviation = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    z = (x - x.mean(axis=1, keepdims=True)) / deviation
    return _through_statistics(_ROWS * gain, z, deviation, 1), np.sum(_ROWS * z, axis=0), _ROWS.sum(axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0, 2.0, 0.3], [1.5, 0.4, -0.8, 1.1]]),
            np.array([1.2, 0.8, -0.5, 1.0]),
            np.array([0.1, -0.3, 0.2, 0.4]),
        ),
        "offset": (
            np.array([[1000.5, 999.0, 1002.0, 1000.25], [-498.5, -499.5, -501.0, -499.0]]),
            np.array([1.2, 0.8, -0.5, 1.0]),
            np.array([0.1, -0.3, 0.2, 0.4]),
        ),
    },
    operators=["gradient"],
    tags=["normalisation", "scalar", "matrix", "broadcasting"],
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
    operators=_SMOOTH,
    tags=["normalisation", "scalar", "matrix", "broadcasting"],
    source="Zhang & Sennrich (2019), Root Mean Square Layer Normalization, arXiv:1910.07467",
    gradient=_rms_norm_gradient,
)
def rms_norm(xp: Any, x: Any, gain: Any) -> Any:
    """Root mean square normalisation of two rows, weighted."""
    return xp.sum(xp.asarray(_ROWS) * x / xp.sqrt(xp.mean(x**2, axis=1, keepdims=True)) * gain)


def _batch_norm_gradient(x: Array) -> Any:
    deviation = np.sqrt(x.var(axis=0, keepdims=True) + 1e-5)
    z = (x - x.mean(axis=0)) / deviation
    return _through_statistics(_COLUMNS * 2 * expit(z) ** 2 * expit(-z), z, deviation, 0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4]]),),
        "offset": (np.array([[1000.5, -2001.0], [1002.0, -1999.75], [1001.5, -1999.5]]),),
    },
    operators=_SMOOTH,
    tags=["normalisation", "scalar", "matrix"],
    source="Ioffe & Szegedy (2015), Batch Normalization, arXiv:1502.03167",
    gradient=_batch_norm_gradient,
)
def batch_norm(xp: Any, x: Any) -> Any:
    """Squares of columns normalised over the batch, through a sigmoid and weighted."""
    z = (x - xp.mean(x, axis=0)) / xp.sqrt(xp.var(x, axis=0) + 1e-5)
    return xp.sum(xp.asarray(_COLUMNS) * xp.special.expit(z) ** 2)


def _inference_gradient(x: Array, mean: Array, variance: Array, gain: Array) -> Any:
    scale = 1 / np.sqrt(variance + 1e-3)
    in_x = _COLUMNS * gain * scale
    in_variance = -0.5 * np.sum(in_x * (x - mean), axis=0) * scale**2
    return in_x, -in_x.sum(axis=0), in_variance, np.sum(_COLUMNS * (x - mean) * scale, axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4]]),
            np.array([0.7, -0.2]),
            np.array([1.3, 0.4]),
            np.array([1.2, -0.8]),
        )
    },
    operators=_SMOOTH,
    domain={"variance": (0.0, np.inf)},
    tags=["normalisation", "scalar", "matrix", "broadcasting"],
    source="Ioffe & Szegedy (2015), Batch Normalization, arXiv:1502.03167",
    gradient=_inference_gradient,
)
def batch_norm_at_inference(xp: Any, x: Any, mean: Any, variance: Any, gain: Any) -> Any:
    """Columns normalised by running statistics, which are differentiated too."""
    return xp.sum(xp.asarray(_COLUMNS) * gain * (x - mean) / xp.sqrt(variance + 1e-3))


def _group_norm_gradient(x: Array, gain: Array, bias: Array) -> Any:
    groups, up = x.reshape(2, 4), (_ROWS.reshape(4, 2) * gain[:, None]).reshape(2, 4)
    deviation = np.sqrt(groups.var(axis=1, keepdims=True) + 1e-5)
    z = (groups - groups.mean(axis=1, keepdims=True)) / deviation
    in_x = _through_statistics(up, z, deviation, 1).reshape(4, 2)
    return in_x, np.sum(_ROWS.reshape(4, 2) * z.reshape(4, 2), axis=1), _ROWS.reshape(4, 2).sum(axis=1)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [2.0, 0.3], [1.5, 0.4], [-0.8, 1.1]]),
            np.array([1.2, 0.8, -0.5, 1.0]),
            np.array([0.1, -0.3, 0.2, 0.4]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["normalisation", "scalar", "matrix", "broadcasting"],
    source="Wu & He (2018), Group Normalization, arXiv:1803.08494",
    gradient=_group_norm_gradient,
)
def group_norm(xp: Any, x: Any, gain: Any, bias: Any) -> Any:
    """Four channels normalised in two groups, each with its own gain and bias."""
    groups = xp.reshape(x, (2, 4))
    centred = groups - xp.mean(groups, axis=1, keepdims=True)
    z = xp.reshape(centred / xp.sqrt(xp.mean(centred**2, axis=1, keepdims=True) + 1e-5), (4, 2))
    return xp.sum(xp.asarray(_ROWS.reshape(4, 2)) * (z * xp.expand_dims(gain, 1) + xp.expand_dims(bias, 1)))


_IMAGES = np.array([[[1.0, -2.0, 0.5], [3.0, -1.5, 2.5]], [[-0.5, 1.5, 2.0], [-1.0, 0.7, -0.3]]])


def _instance_norm_gradient(x: Array) -> Any:
    deviation = np.sqrt(x.var(axis=2, keepdims=True) + 1e-5)
    z = (x - x.mean(axis=2, keepdims=True)) / deviation
    return _through_statistics(3 * _IMAGES * z**2, z, deviation, 2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[[0.5, -1.0, 2.0], [0.3, 1.5, 0.4]], [[-0.8, 1.1, 0.6], [0.2, -0.7, 1.3]]]),),
        "of unlike scales": (
            np.array([[[500.0, -900.0, 200.0], [0.3, 1.5, 0.4]], [[-8.0, 11.0, 6.0], [0.2, -0.7, 1.3]]]),
        ),
    },
    operators=["gradient"],
    tags=["normalisation", "scalar", "matrix"],
    source="Ulyanov, Vedaldi & Lempitsky (2016), Instance Normalization, arXiv:1607.08022",
    gradient=_instance_norm_gradient,
)
def instance_norm(xp: Any, x: Any) -> Any:
    """Cubes of each image's channels, normalised alone and weighted."""
    z = (x - xp.mean(x, axis=2, keepdims=True)) / xp.sqrt(xp.var(x, axis=2, keepdims=True) + 1e-5)
    return xp.sum(xp.asarray(_IMAGES) * z**3)


_PROBE = np.array([1.0, -2.0, 0.5])


def _weight_norm_gradient(direction: Array, size: Array) -> Any:
    norms = np.linalg.norm(direction, axis=1, keepdims=True)
    unit = direction / norms
    up = np.outer(2 * np.array([1.5, -0.5]) * size * (unit @ _PROBE), _PROBE)
    in_direction = size[:, None] / norms * (up - unit * np.sum(up * unit, axis=1, keepdims=True))
    return in_direction, np.sum(up * unit, axis=1)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.0, 2.0], [1.5, 0.4, -0.8]]), np.array([1.2, -0.7]))},
    operators=_SMOOTH,
    tags=["normalisation", "scalar", "matrix", "parameters"],
    source="Salimans & Kingma (2016), Weight Normalization, arXiv:1602.07868",
    gradient=_weight_norm_gradient,
)
def weight_norm(xp: Any, direction: Any, size: Any) -> Any:
    """Squares of a linear layer whose rows are given by their directions and sizes."""
    rows = xp.expand_dims(size, 1) * direction / xp.linalg.norm(direction, axis=1, keepdims=True)
    return xp.sum(xp.asarray([1.5, -0.5]) * xp.matmul(rows, xp.asarray(_PROBE)) ** 2)


def _spectral_normalisation_gradient(weights: Array) -> Any:
    left, sizes, right = np.linalg.svd(weights)
    up = np.array([[1.0, -2.0, 0.5], [-1.5, 2.5, 3.0]])
    return up / sizes[0] - np.sum(up * weights) / sizes[0] ** 2 * np.outer(left[:, 0], right[0])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[1.9, 0.4, -1.1], [-0.9, -0.1, 0.6]]),)},
    operators=["gradient"],
    tags=["normalisation", "scalar", "matrix"],
    source="Miyato, Kataoka, Koyama & Yoshida (2018), Spectral Normalization, arXiv:1802.05957",
    gradient=_spectral_normalisation_gradient,
)
def spectral_normalisation(xp: Any, weights: Any) -> Any:
    """A matrix over its greatest singular value, found by six steps of power iteration."""
    right = xp.asarray([1.0, 0.2, -0.5])
    for _ in range(6):
        left = xp.matmul(weights, right)
        right = xp.matmul(left, weights)
        right = right / xp.sqrt(xp.sum(right**2))
    size = xp.sqrt(xp.sum(xp.matmul(weights, right) ** 2))
    return xp.sum(xp.asarray([[1.0, -2.0, 0.5], [-1.5, 2.5, 3.0]]) * weights) / size


_CHANNELS = np.array([1.0, -2.0, 0.5, 3.0, -1.5])
_NEIGHBOURS = np.tri(5, 5, 1) - np.tri(5, 5, -2)


def _response_gradient(x: Array) -> Any:
    base = 2 + 0.3 * _NEIGHBOURS @ x**2
    return _CHANNELS * base**-0.75 - 0.75 * 0.3 * 2 * x * (_NEIGHBOURS @ (_CHANNELS * x * base**-1.75))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 2.0, 0.3, 1.5]),)},
    operators=_SMOOTH,
    tags=["normalisation", "scalar", "vector"],
    source="PyTorch documentation, torch.nn.LocalResponseNorm",
    gradient=_response_gradient,
)
def local_response_norm(xp: Any, x: Any) -> Any:
    """Channels over a power of the squares of their neighbours, by padding and sliding."""
    squares = xp.pad(x**2, (1, 1))
    return xp.sum(xp.asarray(_CHANNELS) * x / (2.0 + 0.3 * (squares[:-2] + squares[1:-1] + squares[2:])) ** 0.75)


def _unit_jacobian(x: Array) -> Any:
    norm = np.linalg.norm(x)
    return np.eye(3) / norm - np.outer(x, x) / norm**3 if norm > 0.5 else np.eye(3) / 0.5


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]),),
        "short": (np.array([0.1, -0.2, 0.15]),),
        "far out": (np.array([500.0, -120.0, 20.0]),),
    },
    operators=_ALL,
    tags=["normalisation", "vector"],
    source="TensorFlow documentation, tf.math.l2_normalize",
    jacobian=_unit_jacobian,
)
def unit_vector(xp: Any, x: Any) -> Any:
    """A vector over its length, which is taken as 1/2 where it is less."""
    return x / xp.sqrt(xp.maximum(xp.sum(x**2), 0.25))


def _squash_jacobian(x: Array) -> Any:
    square = x @ x
    norm = np.sqrt(square)
    factor = norm / (1 + square)
    return factor * np.eye(3) + (1 - square) / (1 + square) ** 2 * np.outer(x, x) / norm


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]),),
        "short": (np.array([0.1, -0.2, 0.15]),),
        "long": (np.array([50.0, -12.0, 20.0]),),
    },
    operators=_ALL,
    tags=["normalisation", "vector"],
    source="Sabour, Frosst & Hinton (2017), Dynamic Routing Between Capsules, arXiv:1710.09829",
    jacobian=_squash_jacobian,
)
def capsule_squash(xp: Any, x: Any) -> Any:
    """A vector shrunk to less than unit length."""
    square = xp.sum(x**2)
    return square / (1.0 + square) * x / xp.sqrt(square)


def _whitening_gradient(x: Array) -> Any:
    centred = x - x.mean(axis=0)
    factor = np.linalg.cholesky(centred.T @ centred / 3)
    inverse = np.linalg.inv(factor)
    white = centred @ inverse.T
    up = 3 * _COLUMNS * white**2
    in_factor = -np.tril(inverse.T @ up.T @ white)
    inner = np.tril(factor.T @ in_factor)
    inner = inner - np.diag(np.diag(inner)) / 2
    in_covariance = inverse.T @ (inner + inner.T) @ inverse / 2
    in_centred = up @ inverse + 2 * centred @ in_covariance / 3
    return in_centred - in_centred.mean(axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.0], [2.0, 0.3], [-0.7, 1.4]]),)},
    operators=["gradient"],
    tags=["normalisation", "scalar", "matrix"],
    source="Siarohin, Sangineto & Sebe (2018), Whitening and Coloring Batch Transform for GANs, arXiv:1806.00420",
    gradient=_whitening_gradient,
)
def batch_whitening(xp: Any, x: Any) -> Any:
    """Cubes of a batch without correlation, by the Cholesky factor of its covariance."""
    centred = x - xp.mean(x, axis=0)
    factor = xp.linalg.cholesky(xp.transpose(centred) @ centred / 3.0)
    white = xp.transpose(xp.linalg.solve(factor, xp.transpose(centred)))
    return xp.sum(xp.asarray(_COLUMNS) * white**3)
