"""Selecting, moving, joining and repeating elements."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_NUMPY = "NumPy Reference, numpy."
_GUIDE = "NumPy User Guide, Indexing on ndarrays"
_BROADCASTING = "NumPy User Guide, Broadcasting"

_MATRIX = np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0]])


def _strided_gradient(x: Array) -> Any:
    gradient = 3 * x**2
    gradient[1::2] = -np.array([x[3], x[1] + x[5], x[3]])
    return gradient


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0, -0.7, 0.9, 1.2]),)},
    tags=["indexing", "scalar"],
    source=_GUIDE,
    gradient=_strided_gradient,
)
def strided(xp: Any, x: Any) -> Any:
    """Cubes of even elements less products of neighbouring odd ones."""
    odd = x[1::2]
    return xp.sum(x[::2] ** 3) - xp.sum(odd[:-1] * odd[1:])


def _gathered_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    np.add.at(gradient, [0, 2, 2, 3], np.array([1.0, -2.0, 3.0, 0.5]) * 2 * x[[0, 2, 2, 3]])
    return gradient + np.cos(x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_NUMPY + "take",
    gradient=_gathered_gradient,
)
def gathered(xp: Any, x: Any) -> Any:
    """Elements taken by index, one of them twice and one never."""
    taken = xp.take(x, xp.asarray([0, 2, 2, 3], dtype=int), axis=0)
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, 0.5]) * taken**2) + xp.sum(xp.sin(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    tags=["indexing", "scalar", "matrix"],
    source=_NUMPY + "take_along_axis",
    gradient=lambda x: 0.5 * x + np.array([[0, 0, -2 * 2 * x[0, 2]], [3 * 2 * x[1, 0], 0, 0]]),
)
def one_of_each_row(xp: Any, x: Any) -> Any:
    """One element of each row, squared and weighted, with a small bowl."""
    chosen = xp.take_along_axis(x, xp.asarray([[2], [0]], dtype=int), axis=1)
    return xp.sum(xp.asarray([[-2.0], [3.0]]) * chosen**2) + 0.25 * xp.sum(x**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0, 0.3]), np.array([2.0, 0.4, -0.6, 1.0, -1.7]))},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_NUMPY + "flip",
    gradient=lambda x, y: (2 * x * y[::-1], (x**2)[::-1]),
)
def reversal(xp: Any, x: Any, y: Any) -> Any:
    """Squares times another vector from its end."""
    return xp.sum(x**2 * xp.flip(y, axis=0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0, -0.7]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source="Oppenheim & Schafer (2010), Discrete-Time Signal Processing, 3rd ed., Pearson, section 8.6",
    gradient=lambda x: np.roll(x, 1) + np.roll(x, -1) - 3 * (np.roll(x, 2) + np.roll(x, -2)),
)
def circular_autocorrelation(xp: Any, x: Any) -> Any:
    """Circular autocorrelation at lags 1 and 2."""
    return xp.sum(x * xp.roll(x, 1, axis=0)) - 3.0 * xp.sum(x * xp.roll(x, 2, axis=0))


def _padded_convolution_gradient(x: Array, kernel: Array) -> Any:
    padded = np.pad(x, 1)
    windows = np.stack([padded[k : k + x.size] for k in range(3)])
    slope = 2 * np.array([1.0, -2.0, 0.5, 3.0]) * (kernel @ windows)
    spread = np.pad(slope, 1)
    return np.stack([spread[k : k + x.size] for k in range(3)]).T @ kernel[::-1], windows @ slope


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0]), np.array([0.25, 0.6, -0.4]))},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source="Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, arXiv:1603.07285",
    gradient=_padded_convolution_gradient,
)
def padded_convolution(xp: Any, x: Any, kernel: Any) -> Any:
    """Convolution with a kernel of three over a zero-padded signal, squared and weighted."""
    padded = xp.pad(x, (1, 1))
    smooth = kernel[0] * padded[:-2] + kernel[1] * padded[1:-1] + kernel[2] * padded[2:]
    return xp.sum(xp.asarray([1.0, -2.0, 0.5, 3.0]) * smooth**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2]), np.array([1.5, 0.7, -0.9]))},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "broadcasting"],
    source=_BROADCASTING,
    gradient=lambda x, y: (
        np.cos(np.add.outer(x, y**2)).sum(axis=1),
        2 * y * np.cos(np.add.outer(x, y**2)).sum(axis=0),
    ),
)
def outer_by_newaxis(xp: Any, x: Any, y: Any) -> Any:
    """A table of sines of sums, by new axes."""
    return xp.sum(xp.sin(x[:, None] + y[None, :] ** 2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0], [1.1, -0.9, 0.2]]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source=_NUMPY + "tril, numpy.triu",
    gradient=lambda x: 2 * np.tril(x) - 3 * np.triu(x, 1) ** 2,
)
def triangles(xp: Any, x: Any) -> Any:
    """Squares of the lower triangle less cubes of the strict upper one."""
    return xp.sum(xp.tril(x) ** 2) - xp.sum(xp.triu(x, 1) ** 3)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0], [1.1, -0.9, 0.2]]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source=_NUMPY + "diagonal, numpy.trace",
    gradient=lambda x: np.diag(np.array([1.0, -2.0, 3.0]) * np.exp(np.diag(x)) + 2 * np.trace(x)),
)
def diagonals(xp: Any, x: Any) -> Any:
    """Exponentials of a diagonal, weighted, and the square of the trace."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * xp.exp(xp.diagonal(x))) + xp.trace(x) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2]), np.array([1.5, 0.7, -0.9]), 0.4)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_NUMPY + "concatenate, numpy.stack",
    gradient=lambda x, y, z: (
        np.array([1.0, 2.0]) * 3 * x**2,
        np.array([3.0, 4.0, 5.0]) * 3 * y**2 + np.array([-z, 0, 0]),
        -y[0],
    ),
)
def joined(xp: Any, x: Any, y: Any, z: Any) -> Any:
    """Two vectors end to end, and two numbers stacked."""
    both = xp.concatenate([x, y], axis=0)
    return xp.sum(xp.arange(1.0, 6.0) * both**3) - xp.prod(xp.stack([z, y[0]], axis=0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.5, -1.0, 0.7, 4.0]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source="David & Nagaraja (2003), Order Statistics, 3rd ed., Wiley",
    gradient=lambda x: np.array([1.0, -2.0, 3.0, 5.0])[np.argsort(np.argsort(x))] * 2 * x,
)
def order_statistics(xp: Any, x: Any) -> Any:
    """Squares of the sorted elements, weighted by rank."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, 5.0]) * xp.sort(x, axis=0) ** 2)


def _roughness_gradient(x: Array) -> Any:
    second = np.diff(np.eye(x.size), 2, axis=0)
    return 2 * second.T @ (np.array([1.0, 0.5, 2.0]) * (second @ x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0, -0.7]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source="Whittaker (1922), Proc. Edinburgh Math. Soc. 41, 63-75",
    gradient=_roughness_gradient,
)
def roughness(xp: Any, x: Any) -> Any:
    """Squares of second differences, weighted."""
    return xp.sum(xp.asarray([1.0, 0.5, 2.0]) * xp.diff(xp.diff(x, axis=0), axis=0) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.5]),)},
    tags=["indexing", "scalar"],
    source=_NUMPY + "tile, numpy.repeat",
    gradient=lambda x: np.array([1 + 3, 2 + 4]) * 2 * x - np.array([1 + 2, 3 + 4]) * np.sin(x),
)
def tiled_and_repeated(xp: Any, x: Any) -> Any:
    """A vector twice over, against each of its elements twice."""
    weights = xp.arange(1.0, 5.0)
    return xp.sum(weights * xp.tile(x, 2) ** 2) + xp.sum(weights * xp.cos(xp.repeat(x, 2, axis=0)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.arange(1.0, 13.0).reshape(2, 3, 2) / 8 - 0.6,)},
    tags=["indexing", "scalar"],
    source=_NUMPY + "transpose, numpy.moveaxis, numpy.swapaxes",
    gradient=lambda x: (
        3 * x**2 * np.arange(12.0).reshape(2, 2, 3).transpose(1, 2, 0)
        - np.exp(x) * np.arange(12.0).reshape(3, 2, 2).transpose(1, 0, 2)
    ),
)
def axes_moved(xp: Any, x: Any) -> Any:
    """Cubes and exponentials of three axes in other orders, weighted."""
    weights = xp.arange(0.0, 12.0)
    first = xp.reshape(weights, (2, 2, 3)) * xp.transpose(x, (2, 0, 1)) ** 3
    second = xp.reshape(weights, (3, 2, 2)) * xp.swapaxes(xp.moveaxis(xp.exp(x), 0, 2), 1, 2)
    return xp.sum(first) - xp.sum(second)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[[0.5], [-1.2], [0.8]], [[1.5], [0.7], [-0.9]]]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "broadcasting"],
    source=_NUMPY + "squeeze, numpy.expand_dims, numpy.broadcast_to",
    gradient=lambda x: 2 * x * np.arange(1.0, 7.0).reshape(2, 3, 1) + 4 * np.sum(x, axis=1, keepdims=True) ** 3,
)
def axes_of_one(xp: Any, x: Any) -> Any:
    """Axes of length one dropped, added and stretched."""
    flat = xp.squeeze(x, axis=2)
    square = xp.sum(xp.reshape(xp.arange(1.0, 7.0), (2, 3)) * flat**2)
    wide = xp.broadcast_to(xp.expand_dims(xp.sum(flat, axis=1), 0), (3, 2))
    return square + xp.sum(xp.prod(wide, axis=0) * wide[1])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source=_GUIDE,
    gradient=lambda x: (
        np.array(
            [
                [0, x[1, 2], x[1, 1] * 2 * x[0, 2]],
                [0, x[0, 2] ** 2, x[0, 1]],
            ]
        )
        + 2 * np.arange(6.0).reshape(2, 3) * x
    ),
)
def from_the_end(xp: Any, x: Any) -> Any:
    """Negative indices, an ellipsis and a flattened matrix."""
    corner = x[0, -2] * x[-1, -1] + x[-1, 1] * x[..., -1][0] ** 2
    return corner + xp.sum(xp.arange(0.0, 6.0) * xp.ravel(x) ** 2)


_PAIR = np.array([[0.5, -1.5], [2.5, 1.0]])
_BATCH = np.array([[[1.2, 0.4], [-0.8, 2.0]], [[0.3, -1.1], [0.9, 0.6]]])


def _einsum_patterns_gradient(a: Array, b: Array) -> Any:
    to_a = np.diag(2 * np.array([1.0, -2.0]) * np.diag(a)) + b.sum(axis=2).T
    to_a = to_a + np.einsum("bjk,bkj->j", b, b)[:, None] * np.array([0.5, -1.0])
    mixed = a @ [0.5, -1.0]
    return to_a, (mixed[:, None] + mixed) * np.swapaxes(b, 1, 2) + a.T[:, :, None]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PAIR, _BATCH)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source=_NUMPY + "einsum",
    gradient=_einsum_patterns_gradient,
)
def einsum_patterns(xp: Any, a: Any, b: Any) -> Any:
    """Einstein's sums with a diagonal, a transposition and a batch of traces of products."""
    diagonal = xp.einsum("ii->i", a)
    transposed = xp.einsum("ij,jik->", a, b)
    traces = xp.einsum("ij,bik,bki,j->", a, b, b, xp.asarray([0.5, -1.0]))
    return xp.sum(xp.asarray([1.0, -2.0]) * diagonal**2) + transposed + traces


def _segments_gradient(x: Array) -> Any:
    places = np.array([0, 2, 0, 1, 2])
    sums = np.bincount(places, x)
    return (np.array([1.0, -2.0, 3.0]) * 2 * sums)[places]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0, -0.7]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_NUMPY + "bincount",
    gradient=_segments_gradient,
)
def segment_sums(xp: Any, x: Any) -> Any:
    """Squares of the sums of three segments, scattered by rows of the identity."""
    rows = xp.take(xp.eye(3), xp.asarray([0, 2, 0, 1, 2], dtype=int), axis=0)
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * xp.matmul(x, rows) ** 2)


def _in_another_order_gradient(x: Array, y: Array) -> Any:
    order, weights = np.argsort(x), np.array([1.0, -2.0, 3.0, 0.5])
    to_y = np.zeros_like(y)
    to_y[order] = weights * 2 * y[order]
    return np.cos(x), to_y


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.5, -1.0, 0.7, 4.0]), np.array([0.5, 1.5, -2.0, 0.8]))},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_NUMPY + "argsort",
    gradient=_in_another_order_gradient,
)
def in_another_order(xp: Any, x: Any, y: Any) -> Any:
    """Squares of one vector in the order of another one, which has no part in it but by its order."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, 0.5]) * xp.take(y, xp.argsort(x)) ** 2) + xp.sum(xp.sin(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5, 0.9], [3.0, 0.7, -2.0, 1.1]]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source=_NUMPY + "sort",
    gradient=lambda x: (np.argsort(np.argsort(x)) >= 2) * np.array([[2.0], [-1.0]]) * np.exp(x),
)
def top_two_of_each_row(xp: Any, x: Any) -> Any:
    """Exponentials of the two largest elements of each row, weighted."""
    largest = xp.sort(x, axis=1)[:, 2:]
    return xp.sum(xp.asarray([[2.0], [-1.0]]) * xp.exp(largest))


def _margins_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    reflected, repeated = [2, 1, 0, 1, 2, 3, 2], [0, 0, 0, 1, 2, 3, 3]
    cyclic, symmetric = [2, 3, 0, 1, 2, 3, 0], [1, 0, 0, 1, 2, 3, 3]
    for source, weight in ((reflected, 1.0), (repeated, -2.0), (cyclic, 3.0), (symmetric, 0.5)):
        np.add.at(gradient, source, weight * np.arange(1.0, 8.0) * 2 * x[source])
    return gradient


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_NUMPY + "pad",
    gradient=_margins_gradient,
)
def margins(xp: Any, x: Any) -> Any:
    """Squares of a vector with reflected, repeated, cyclic and symmetric margins, weighted."""
    total = xp.sum(xp.arange(1.0, 8.0) * xp.pad(x, (2, 1), mode="reflect") ** 2)
    total = total - 2.0 * xp.sum(xp.arange(1.0, 8.0) * xp.pad(x, (2, 1), mode="edge") ** 2)
    total = total + 3.0 * xp.sum(xp.arange(1.0, 8.0) * xp.pad(x, (2, 1), mode="wrap") ** 2)
    return total + 0.5 * xp.sum(xp.arange(1.0, 8.0) * xp.pad(x, (2, 1), mode="symmetric") ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source=_NUMPY + "roll",
    gradient=lambda x: (
        np.roll(x, (1, -1), axis=(0, 1)) + np.roll(x, (-1, 1), axis=(0, 1)) - 2 * (np.roll(x, 2) + np.roll(x, -2))
    ),
)
def rolled_matrix(xp: Any, x: Any) -> Any:
    """Products with a matrix rolled along both axes, and along the flattened one."""
    return xp.sum(x * xp.roll(x, (1, -1), axis=(0, 1))) - 2.0 * xp.sum(x * xp.roll(x, 2))


def _stretched_gradient(a: Array, b: Array, c: Array, d: Array) -> Any:
    weights = np.arange(-3.0, 9.0).reshape(3, 4)
    slope = weights * np.cos(a + b * c * d)
    return (
        slope.sum(),
        (slope * c * d).sum(axis=1, keepdims=True),
        (slope * b * d).sum(axis=0, keepdims=True),
        (slope * b * c).sum(axis=0),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            0.4,
            np.array([[0.5], [-1.2], [0.8]]),
            np.array([[1.5, 0.7, -0.9, 0.3]]),
            np.array([0.6, -1.1, 2.0, 0.2]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "broadcasting"],
    source=_BROADCASTING,
    gradient=_stretched_gradient,
)
def stretched_in_every_direction(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Sines of a number plus the products of a column, a row and a vector, weighted."""
    return xp.sum(xp.reshape(xp.arange(-3.0, 9.0), (3, 4)) * xp.sin(a + b * c * d))


def _image_filter_gradient(x: Array, kernel: Array) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2))
    slope = np.array([[1.0, -2.0], [0.5, 3.0]]) * 2 * np.einsum("ijkl,kl->ij", windows, kernel)
    to_x = np.zeros_like(x)
    for i, j in np.ndindex(2, 2):
        to_x[i : i + 2, j : j + 2] += slope * kernel[i, j]
    return to_x, np.einsum("ijkl,ij->kl", windows, slope)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0], [1.1, 1.9, 0.2]]),
            np.array([[0.25, 0.6], [-0.4, 1.1]]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar", "matrix"],
    source="Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning, arXiv:1603.07285",
    gradient=_image_filter_gradient,
)
def image_filter(xp: Any, x: Any, kernel: Any) -> Any:
    """Cross-correlation of two axes by slices, squared and weighted."""
    upper = kernel[0, 0] * x[:-1, :-1] + kernel[0, 1] * x[:-1, 1:]
    lower = kernel[1, 0] * x[1:, :-1] + kernel[1, 1] * x[1:, 1:]
    return xp.sum(xp.asarray([[1.0, -2.0], [0.5, 3.0]]) * (upper + lower) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5]),), "one element": (np.array([1.7]),)},
    operators=["gradient", "hvp"],
    tags=["indexing", "scalar"],
    source=_GUIDE,
    gradient=lambda x: 3 * x**2 + 2 * np.sin(x) * np.cos(x),
)
def empty_slices(xp: Any, x: Any) -> Any:
    """Sums and products over nothing, and a vector with nothing before it."""
    whole = xp.concatenate([x[:0], x, x[5:]], axis=0)
    return xp.sum(whole**3) + xp.prod(x[3:]) * xp.sum(xp.sin(x) ** 2) + xp.sum(xp.exp(x[:0]))
