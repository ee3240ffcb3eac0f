"""Convolution, pooling and resampling layers, written out by slices."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_SMOOTH = ["gradient", "hvp"]


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
    operators=["gradient", "hvp"],
    tags=["convolution", "scalar", "matrix"],
    source="LeCun, Bottou, Bengio & Haffner (1998), Proc. IEEE 86, 2278-2324",
    gradient=_correlation_gradient,
)
def convolution_layer(xp: Any, image: Any, kernel: Any) -> Any:
    """Squares of a valid 2 by 2 cross-correlation of a 3 by 3 image, weighted."""
    rows = [image[i : i + 2, j : j + 2] * kernel[i, j] for i in range(2) for j in range(2)]
    return xp.sum(xp.asarray([[1.0, -2.0], [0.5, 3.0]]) * (rows[0] + rows[1] + rows[2] + rows[3]) ** 2)


_OUTPUTS = np.array([[1.0, -2.0, 0.5], [3.0, -1.5, 2.5]])
_SIGNALS = np.array([[0.5, -1.0, 2.0, 0.3, 1.5], [0.4, -0.8, 1.1, 0.6, -0.2]])


def _strided_gradient(x: Array, kernel: Array, bias: Array) -> Any:
    padded = np.pad(x, ((0, 0), (1, 1)))
    in_padded, in_kernel = np.zeros_like(padded), np.zeros_like(kernel)
    in_bias = np.zeros_like(bias)
    for out in range(2):
        for place in range(3):
            window = padded[:, 2 * place : 2 * place + 3]
            slope = 2 * _OUTPUTS[out, place] * (np.sum(kernel[out] * window) + bias[out])
            in_padded[:, 2 * place : 2 * place + 3] += slope * kernel[out]
            in_kernel[out] += slope * window
            in_bias[out] += slope
    return in_padded[:, 1:-1], in_kernel, in_bias


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            _SIGNALS,
            np.array([[[0.7, -0.2, 1.3], [-0.5, 0.9, 0.1]], [[0.6, 0.4, -1.1], [0.8, -0.3, 0.2]]]),
            np.array([0.3, -0.6]),
        )
    },
    operators=["gradient"],
    tags=["convolution", "scalar", "matrix"],
    source="PyTorch documentation, torch.nn.Conv1d",
    gradient=_strided_gradient,
)
def strided_convolution(xp: Any, x: Any, kernel: Any, bias: Any) -> Any:
    """Two channels into two with padding 1 and stride 2, squared and weighted."""
    padded = xp.pad(x, ((0, 0), (1, 1)))
    taps = xp.stack([padded[:, k : k + 5 : 2] for k in range(3)], axis=2)
    y = xp.einsum("ilk,oik->ol", taps, kernel) + xp.expand_dims(bias, 1)
    return xp.sum(xp.asarray(_OUTPUTS) * y**2)


def _dilated_gradient(x: Array, kernel: Array) -> Any:
    matrix = sum(kernel[k] * np.eye(3, 7, 2 * k) for k in range(3))
    slope = 3 * _OUTPUTS[0] * (matrix @ x) ** 2
    return slope @ matrix, np.array([slope @ x[2 * k : 2 * k + 3] for k in range(3)])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.0, 2.0, 0.3, 1.5, -0.8, 1.1]), np.array([0.7, -0.2, 1.3])),
    },
    operators=_SMOOTH,
    tags=["convolution", "scalar", "vector"],
    source="Yu & Koltun (2016), Multi-Scale Context Aggregation by Dilated Convolutions, arXiv:1511.07122",
    gradient=_dilated_gradient,
)
def dilated_convolution(xp: Any, x: Any, kernel: Any) -> Any:
    """Cubes of a convolution with every second element, weighted."""
    y = kernel[0] * x[:3] + kernel[1] * x[2:5] + kernel[2] * x[4:]
    return xp.sum(xp.asarray(_OUTPUTS[0]) * y**3)


def _separable_gradient(x: Array, depth: Array, point: Array) -> Any:
    matrices = [sum(channel[k] * np.eye(5, 5, k - 1) for k in range(3)) for channel in depth]
    middle = np.array([matrix @ row for matrix, row in zip(matrices, x, strict=True)])
    slope = 2 * np.array([[1.0, -2.0, 0.5, 3.0, -1.5], [0.4, 2.5, -0.7, 1.2, -0.3]]) * (point @ middle)
    back = point.T @ slope
    padded = np.pad(x, ((0, 0), (1, 1)))
    in_depth = np.array([[back[c] @ padded[c, k : k + 5] for k in range(3)] for c in range(2)])
    return np.array([row @ matrix for matrix, row in zip(matrices, back, strict=True)]), in_depth, slope @ middle.T


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            _SIGNALS,
            np.array([[0.7, -0.2, 1.3], [-0.5, 0.9, 0.1]]),
            np.array([[0.6, -1.1], [0.8, 0.3]]),
        )
    },
    operators=["gradient"],
    tags=["convolution", "scalar", "matrix"],
    source="Howard et al. (2017), MobileNets, arXiv:1704.04861",
    gradient=_separable_gradient,
)
def separable_convolution(xp: Any, x: Any, depth: Any, point: Any) -> Any:
    """Each channel by its own kernel, then all channels mixed at each place."""
    padded = xp.pad(x, ((0, 0), (1, 1)))
    middle = sum(padded[:, k : k + 5] * xp.expand_dims(depth[:, k], 1) for k in range(3))
    up = xp.asarray([[1.0, -2.0, 0.5, 3.0, -1.5], [0.4, 2.5, -0.7, 1.2, -0.3]])
    return xp.sum(up * (point @ middle) ** 2)


_SPREAD = np.array([1.0, -2.0, 0.5, 3.0, -1.5, 2.5, 0.7])


def _transposed_gradient(x: Array, kernel: Array) -> Any:
    y = sum(x[i] * np.pad(kernel, (2 * i, 4 - 2 * i)) for i in range(3))
    slope = 2 * _SPREAD * y
    windows = np.array([slope[2 * i : 2 * i + 3] for i in range(3)])
    return windows @ kernel, x @ windows


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 2.0]), np.array([0.7, -0.2, 1.3]))},
    operators=_SMOOTH,
    tags=["convolution", "scalar", "vector"],
    source="Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, arXiv:1603.07285",
    gradient=_transposed_gradient,
)
def transposed_convolution(xp: Any, x: Any, kernel: Any) -> Any:
    """Three numbers spread by a kernel with stride 2, squared and weighted."""
    y = sum(xp.pad(x[i] * kernel, (2 * i, 4 - 2 * i)) for i in range(3))
    return xp.sum(xp.asarray(_SPREAD) * y**2)


_IMAGE = np.array([[0.5, -1.0, 2.0, 0.3], [1.5, 0.4, -0.8, 1.1], [0.6, 2.4, -0.2, 0.9], [-1.3, 0.1, 1.8, 0.7]])
_WINDOWS = np.array([[1.0, -2.0, 0.5], [3.0, -1.5, 2.5], [0.7, -0.4, 1.2]])


def _max_pooling_gradient(image: Array) -> Any:
    slope = np.zeros_like(image)
    for i in range(3):
        for j in range(3):
            window = image[i : i + 2, j : j + 2]
            row, column = np.unravel_index(np.argmax(window), (2, 2))
            slope[i + row, j + column] += 2 * _WINDOWS[i, j] * window.max()
    return slope


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=["gradient", "hvp"],
    tags=["convolution", "scalar", "matrix"],
    source="PyTorch documentation, torch.nn.MaxPool2d",
    gradient=_max_pooling_gradient,
)
def max_pooling(xp: Any, image: Any) -> Any:
    """Squares of the greatest of overlapping 2 by 2 windows, of which one pixel wins several."""
    top = xp.maximum(image[:-1, :-1], image[:-1, 1:])
    return xp.sum(xp.asarray(_WINDOWS) * xp.maximum(top, xp.maximum(image[1:, :-1], image[1:, 1:])) ** 2)


def _block_pooling_gradient(image: Array) -> Any:
    slope = np.zeros_like(image)
    for i in range(2):
        for j in range(2):
            window = image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            slope[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = _WINDOWS[i, j] * (
                np.where(window == window.max(), window.mean(), 0.0) + window.max() / 4
            )
    return slope


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=["gradient", "hvp"],
    tags=["convolution", "scalar", "matrix"],
    source="Goodfellow, Bengio & Courville (2016), Deep Learning, MIT Press, section 9.3",
    gradient=_block_pooling_gradient,
)
def block_pooling(xp: Any, image: Any) -> Any:
    """Greatest times mean of each 2 by 2 block, by reductions over two axes of a reshaped image."""
    blocks = xp.reshape(image, (2, 2, 2, 2))
    return xp.sum(xp.asarray(_WINDOWS[:2, :2]) * xp.max(blocks, axis=(1, 3)) * xp.mean(blocks, axis=(1, 3)))


_BINS = ((0, 2), (1, 4), (3, 5))


def _adaptive_gradient(x: Array) -> Any:
    matrix = np.array([[(start <= k < end) / (end - start) for k in range(5)] for start, end in _BINS])
    return 2 * np.einsum("co,ok,co->ck", _OUTPUTS, matrix, x @ matrix.T)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SIGNALS,)},
    operators=_SMOOTH,
    tags=["convolution", "scalar", "matrix"],
    source="PyTorch documentation, torch.nn.AdaptiveAvgPool1d",
    gradient=_adaptive_gradient,
)
def adaptive_average_pooling(xp: Any, x: Any) -> Any:
    """Five places averaged into three uneven bins that overlap, squared and weighted."""
    bins = xp.stack([xp.mean(x[:, start:end], axis=1) for start, end in _BINS], axis=1)
    return xp.sum(xp.asarray(_OUTPUTS) * bins**2)


def _generalised_mean_gradient(x: Array, power: Array) -> Any:
    up = np.array([1.0, -2.0])
    mean = np.mean(x**power, axis=1)
    value = mean ** (1 / power)
    in_x = (up * value / mean)[:, None] * x ** (power - 1) / x.shape[1]
    bend = np.mean(x**power * np.log(x), axis=1) / (mean * power) - np.log(mean) / power**2
    return in_x, np.sum(up * value * bend)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.abs(_SIGNALS), 3.0),
        "nearly the greatest": (np.abs(_SIGNALS), 40.0),
        "harmonic": (np.abs(_SIGNALS), -1.0),
    },
    operators=_SMOOTH,
    domain={"x": (0.0, np.inf)},
    tags=["convolution", "scalar", "matrix", "parameters"],
    source="Radenović, Tolias & Chum (2019), Fine-tuning CNN Image Retrieval, arXiv:1711.02512",
    gradient=_generalised_mean_gradient,
)
def generalised_mean_pooling(xp: Any, x: Any, power: Any) -> Any:
    """Power means of two channels, with a learned exponent."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.mean(x**power, axis=1) ** (1.0 / power))


def _sampling_gradient(image: Array, places: Array) -> Any:
    up = np.array([1.0, -2.0, 0.5])
    in_image, in_places = np.zeros_like(image), np.zeros_like(places)
    for k, (y, x) in enumerate(places):
        i, j = int(y), int(x)
        down, right = y - i, x - j
        pixels = image[i : i + 2, j : j + 2]
        rows, columns = np.array([1 - down, down]), np.array([1 - right, right])
        in_image[i : i + 2, j : j + 2] += up[k] * np.outer(rows, columns)
        in_places[k] = up[k] * np.array([(pixels[1] - pixels[0]) @ columns, rows @ (pixels[:, 1] - pixels[:, 0])])
    return in_image, in_places


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_IMAGE[:3], np.array([[0.3, 1.6], [1.2, 0.7], [1.9, 2.4]]))},
    operators=["gradient", "hvp"],
    domain={"places": (0.0, 3.0)},
    tags=["convolution", "scalar", "matrix"],
    source="Jaderberg, Simonyan, Zisserman & Kavukcuoglu (2015), Spatial Transformer Networks, arXiv:1506.02025",
    gradient=_sampling_gradient,
)
def bilinear_sampling(xp: Any, image: Any, places: Any) -> Any:
    """An image between its pixels, differentiated by its pixels and by where it is looked at."""
    rows = xp.maximum(0.0, 1.0 - xp.abs(xp.expand_dims(places[:, 0], 1) - xp.arange(3.0)))
    columns = xp.maximum(0.0, 1.0 - xp.abs(xp.expand_dims(places[:, 1], 1) - xp.arange(4.0)))
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.einsum("ki,ij,kj->k", rows, image, columns))
