"""Images resized and sampled, by each framework's own kernel.

TensorFlow stands only where it resizes in the image's own precision: its other methods return single precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.catalogue.native._kernels import half_squares
from gradcheck.frameworks import F, jax, jnp, tf, torch

_TORCH = "PyTorch documentation, torch.nn.functional."

_TAGS = ("native", "interpolation", "scalar")
_OPERATORS = ("gradient",)

_IMAGE = np.array([[0.3, -1.2, 2.9], [2.1, 0.4, -0.6], [-0.5, 1.4, 0.8]])


def _hat(x: Any) -> Any:
    return np.maximum(1.0 - np.abs(x), 0.0)


def _cubic(x: Any) -> Any:
    """Keys' kernel with a = -1/2."""
    x = np.abs(x)
    return np.where(x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, np.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0.0))


def _weights(kernel: Any, size: int, resized: int) -> Any:
    """Return the matrix that resizes an axis: pixels are half-open, a kernel is widened where the axis shrinks."""
    scale = size / resized
    centres = (np.arange(resized) + 0.5) * scale - 0.5
    weights = kernel((centres[:, None] - np.arange(size)) / max(scale, 1.0))
    return weights / np.sum(weights, axis=1, keepdims=True)


def _resized(xp: Any, x: Any, kernel: Any, shape: tuple[int, int]) -> Any:
    """Return half the sum of squares of a resized image."""
    rows, columns = _weights(kernel, x.shape[0], shape[0]), _weights(kernel, x.shape[1], shape[1])
    return xp.sum((xp.asarray(rows) @ x @ xp.asarray(columns.T)) ** 2) / 2.0


@gradcheck.case(
    name="native.resize_to_nearest",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "interpolate",
    native={
        "torch": lambda x: half_squares(torch, F.interpolate(x[None, None], size=(5, 7), mode="nearest-exact")),
        "jax": lambda x: half_squares(jnp, jax.image.resize(x, (5, 7), "nearest")),
        "tensorflow": lambda x: tf.reduce_sum(tf.image.resize(x[..., None], (5, 7), method="nearest") ** 2) / 2.0,
    },
)
def resize_to_nearest(xp: Any, x: Any) -> Any:
    """Image enlarged to 5 by 7 by its nearest pixels."""
    rows = np.eye(3)[((np.arange(5) + 0.5) * 3 / 5).astype(int)]
    columns = np.eye(3)[((np.arange(7) + 0.5) * 3 / 7).astype(int)]
    return xp.sum((xp.asarray(rows) @ x @ xp.asarray(columns.T)) ** 2) / 2.0


@gradcheck.case(
    name="native.resize_bilinear",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "interpolate",
    native={
        "torch": lambda x: half_squares(torch, F.interpolate(x[None, None], size=(5, 7), mode="bilinear")),
        "jax": lambda x: half_squares(jnp, jax.image.resize(x, (5, 7), "bilinear")),
    },
)
def resize_bilinear(xp: Any, x: Any) -> Any:
    """Image enlarged to 5 by 7 by straight lines."""
    return _resized(xp, x, _hat, (5, 7))


@gradcheck.case(
    name="native.shrink_bilinear",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(5, 4)).round(2),)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "interpolate",
    native={
        "torch": lambda x: half_squares(
            torch, F.interpolate(x[None, None], size=(3, 2), mode="bilinear", antialias=True)
        ),
        "jax": lambda x: half_squares(jnp, jax.image.resize(x, (3, 2), "bilinear", antialias=True)),
    },
)
def shrink_bilinear(xp: Any, x: Any) -> Any:
    """Image made smaller by a widened triangle."""
    return _resized(xp, x, _hat, (3, 2))


@gradcheck.case(
    name="native.resize_bicubic",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source="Keys (1981), IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1153-1160",
    native={
        "torch": lambda x: half_squares(
            torch, F.interpolate(x[None, None], size=(5, 7), mode="bicubic", antialias=True)
        ),
        "jax": lambda x: half_squares(jnp, jax.image.resize(x, (5, 7), "bicubic")),
    },
)
def resize_bicubic(xp: Any, x: Any) -> Any:
    """Image enlarged by cubic convolution with a = -1/2, which torch takes only where it smooths."""
    return _resized(xp, x, _cubic, (5, 7))


@gradcheck.case(
    name="native.resize_to_corners",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "interpolate",
    native={
        "torch": lambda x: half_squares(
            torch, F.interpolate(x[None, None], size=(4, 6), mode="bilinear", align_corners=True)
        ),
        "jax": lambda x: half_squares(
            jnp,
            jax.image.scale_and_translate(
                x, (4, 6), (0, 1), jnp.array([1.5, 2.5]), jnp.array([-0.25, -0.75]), "linear", antialias=False
            ),
        ),
    },
)
def resize_to_corners(xp: Any, x: Any) -> Any:
    """Image enlarged so that its outermost pixels stay at the corners."""
    rows = _hat(np.arange(4)[:, None] * 2 / 3 - np.arange(3))
    columns = _hat(np.arange(6)[:, None] * 2 / 5 - np.arange(3))
    return xp.sum((xp.asarray(rows) @ x @ xp.asarray(columns.T)) ** 2) / 2.0


@gradcheck.case(
    name="native.grid_sample",
    inputs=lambda rng: {"ordinary": (_IMAGE, np.array([[0.3, 1.6], [1.2, 0.4], [1.7, 1.1]]))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="Jaderberg, Simonyan, Zisserman and Kavukcuoglu (2015), Spatial Transformer Networks, arXiv:1506.02025",
    native={
        "torch": lambda x, at: half_squares(
            torch, F.grid_sample(x[None, None], (torch.flip(at, (1,)) - 1.0)[None, None], align_corners=True)
        ),
        "jax": lambda x, at: half_squares(jnp, jax.scipy.ndimage.map_coordinates(x, [at[:, 0], at[:, 1]], order=1)),
        "tensorflow": lambda x, at: (
            tf.reduce_sum(tf.keras.ops.image.map_coordinates(x, tf.transpose(at), order=1) ** 2) / 2.0
        ),
    },
)
def grid_sample(xp: Any, x: Any, at: Any) -> Any:
    """Image between its pixels, at rows and columns that are differentiated too."""
    pixels = xp.asarray([0.0, 1.0, 2.0])
    rows = xp.maximum(1.0 - xp.abs(at[:, 0:1] - pixels), 0.0)
    columns = xp.maximum(1.0 - xp.abs(at[:, 1:2] - pixels), 0.0)
    return xp.sum(xp.sum((rows @ x) * columns, axis=1) ** 2) / 2.0
