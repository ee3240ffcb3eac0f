"""Pooling and the reshuffling of pixels, by each framework's own kernel; axes are (batch, channels, space)."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.catalogue.native._kernels import channels_last, half_squares, tensor_half_squares
from gradcheck.frameworks import F, jnp, lax, tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_TENSORFLOW = "TensorFlow documentation, tf.nn."

_TAGS = ("native", "pooling", "scalar")
_OPERATORS = ("gradient",)

_IMAGE = np.array(
    [
        [
            [
                [0.3, -1.2, 2.9, 0.7, 1.6],
                [2.1, 0.4, -0.6, -1.9, 0.2],
                [-0.5, 1.4, 0.8, 2.3, -1.1],
                [0.9, -2.2, 1.9, 0.1, 1.2],
            ]
        ]
    ]
)
_SIGNAL = np.array([[[0.3, -1.2, 2.9, 0.7, 1.6, -0.4], [2.1, 0.4, -0.6, -1.9, 0.2, 1.3]]])
_PIXELS = np.array(
    [[[[0.3, -1.2], [2.9, 0.7]], [[1.6, 2.1], [0.4, -0.6]], [[-1.9, 0.2], [-0.5, 1.4]], [[0.8, 2.3], [-1.1, 0.9]]]]
)


def _windows(xp: Any, x: Any, size: tuple[int, int], stride: tuple[int, int]) -> Any:
    """Return the windows of an image along a new first axis."""
    rows, columns = x.shape[2] - size[0] + 1, x.shape[3] - size[1] + 1
    return xp.stack(
        [
            x[:, :, i : i + rows : stride[0], j : j + columns : stride[1]]
            for i in range(size[0])
            for j in range(size[1])
        ],
        axis=0,
    )


@gradcheck.case(
    name="native.max_pool1d",
    inputs=lambda rng: {"ordinary": (_SIGNAL,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "MaxPool1d",
    native={
        "torch": lambda x: half_squares(torch, F.max_pool1d(x, 3, stride=1)),
        "jax": lambda x: half_squares(jnp, lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 3), (1, 1, 1), "VALID")),
        "tensorflow": lambda x: tensor_half_squares(tf.nn.max_pool1d(channels_last(x), 3, 1, "VALID")),
    },
)
def max_pool1d(xp: Any, x: Any) -> Any:
    """Largest of each three neighbours."""
    return xp.sum(xp.max(_windows(xp, x[:, :, None, :], (1, 3), (1, 1)), axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.max_pool2d",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "MaxPool2d",
    native={
        "torch": lambda x: half_squares(torch, F.max_pool2d(x, 2)),
        "jax": lambda x: half_squares(
            jnp, lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        ),
        "tensorflow": lambda x: tensor_half_squares(tf.nn.max_pool2d(channels_last(x), 2, 2, "VALID")),
    },
)
def max_pool2d(xp: Any, x: Any) -> Any:
    """Largest of each block of four, leaving out the odd column."""
    return xp.sum(xp.max(_windows(xp, x, (2, 2), (2, 2)), axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.max_pool2d_overlapping",
    inputs=lambda rng: {"ordinary": (_IMAGE,), "negative": (_IMAGE - 5.0,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "MaxPool2d",
    native={
        "torch": lambda x: half_squares(torch, F.max_pool2d(x, (2, 3), stride=1, padding=(0, 1))),
        "jax": lambda x: half_squares(
            jnp, lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 3), (1, 1, 1, 1), ((0, 0), (0, 0), (0, 0), (1, 1)))
        ),
        "tensorflow": lambda x: tensor_half_squares(
            tf.nn.max_pool2d(channels_last(x), (2, 3), 1, [[0, 0], [0, 0], [1, 1], [0, 0]])
        ),
    },
)
def max_pool2d_overlapping(xp: Any, x: Any) -> Any:
    """Largest of overlapping blocks, in which padding never wins."""
    padded = xp.pad(x + 100.0, ((0, 0), (0, 0), (0, 0), (1, 1))) - 100.0  # the border is below all pixels
    return xp.sum(xp.max(_windows(xp, padded, (2, 3), (1, 1)), axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.max_pool2d_dilated",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "MaxPool2d",
    native={
        "torch": lambda x: half_squares(torch, F.max_pool2d(x, 2, stride=1, dilation=2)),
        "jax": lambda x: half_squares(
            jnp,
            lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 1, 1), "VALID", window_dilation=(1, 1, 2, 2)),
        ),
        "tensorflow": lambda x: tensor_half_squares(
            tf.nn.pool(channels_last(x), (2, 2), "MAX", strides=(1, 1), padding="VALID", dilations=(2, 2))
        ),
    },
)
def max_pool2d_dilated(xp: Any, x: Any) -> Any:
    """Largest of four pixels two apart."""
    corners = xp.stack([x[:, :, i : i + 2, j : j + 3] for i in (0, 2) for j in (0, 2)], axis=0)
    return xp.sum(xp.max(corners, axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.max_pool3d",
    inputs=lambda rng: {"ordinary": (np.concatenate([_PIXELS, 1.1 - _PIXELS], axis=1)[:, None, :6],)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "MaxPool3d",
    native={
        "torch": lambda x: half_squares(torch, F.max_pool3d(x, 2)),
        "jax": lambda x: half_squares(
            jnp, lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2, 2), (1, 1, 2, 2, 2), "VALID")
        ),
        "tensorflow": lambda x: tensor_half_squares(tf.nn.max_pool3d(channels_last(x), 2, 2, "VALID")),
    },
)
def max_pool3d(xp: Any, x: Any) -> Any:
    """Largest of each block of a volume."""
    return xp.sum(xp.max(xp.reshape(x, (3, 8)), axis=1) ** 2) / 2.0


@gradcheck.case(
    name="native.avg_pool1d",
    inputs=lambda rng: {"ordinary": (_SIGNAL,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "AvgPool1d",
    native={
        "torch": lambda x: half_squares(torch, F.avg_pool1d(x, 3, stride=2)),
        "jax": lambda x: half_squares(jnp, lax.reduce_window(x, 0.0, lax.add, (1, 1, 3), (1, 1, 2), "VALID") / 3.0),
        "tensorflow": lambda x: tensor_half_squares(tf.nn.avg_pool1d(channels_last(x), 3, 2, "VALID")),
    },
)
def avg_pool1d(xp: Any, x: Any) -> Any:
    """Mean of each three neighbours, two apart."""
    return xp.sum(xp.mean(_windows(xp, x[:, :, None, :], (1, 3), (1, 2)), axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.avg_pool2d",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "AvgPool2d",
    native={
        "torch": lambda x: half_squares(torch, F.avg_pool2d(x, (2, 3), stride=1)),
        "jax": lambda x: half_squares(
            jnp, lax.reduce_window(x, 0.0, lax.add, (1, 1, 2, 3), (1, 1, 1, 1), "VALID") / 6.0
        ),
        "tensorflow": lambda x: tensor_half_squares(tf.nn.avg_pool2d(channels_last(x), (2, 3), 1, "VALID")),
    },
)
def avg_pool2d(xp: Any, x: Any) -> Any:
    """Means of overlapping blocks."""
    return xp.sum(xp.mean(_windows(xp, x, (2, 3), (1, 1)), axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.avg_pool2d_without_padding_counted",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "AvgPool2d",
    native={
        "torch": lambda x: half_squares(torch, F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)),
        "tensorflow": lambda x: tensor_half_squares(tf.nn.avg_pool2d(channels_last(x), 3, 1, "SAME")),
        "jax": lambda x: half_squares(
            jnp,
            lax.reduce_window(x, 0.0, lax.add, (1, 1, 3, 3), (1, 1, 1, 1), "SAME")
            / lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, (1, 1, 3, 3), (1, 1, 1, 1), "SAME"),
        ),
    },
)
def avg_pool2d_without_padding_counted(xp: Any, x: Any) -> Any:
    """Means over the part of each window that lies in the image."""
    around = ((0, 0), (0, 0), (1, 1), (1, 1))
    total = xp.sum(_windows(xp, xp.pad(x, around), (3, 3), (1, 1)), axis=0)
    return xp.sum((total / xp.asarray(np.outer([2.0, 3.0, 3.0, 2.0], [2.0, 3.0, 3.0, 3.0, 2.0]))) ** 2) / 2.0


@gradcheck.case(
    name="native.avg_pool2d_with_padding_counted",
    inputs=lambda rng: {"ordinary": (_IMAGE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "AvgPool2d",
    native={
        "torch": lambda x: half_squares(torch, F.avg_pool2d(x, 3, stride=2, padding=1)),
        "tensorflow": lambda x: tensor_half_squares(
            tf.nn.avg_pool2d(tf.pad(channels_last(x), [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2, "VALID")
        ),
        "jax": lambda x: half_squares(
            jnp, lax.reduce_window(x, 0.0, lax.add, (1, 1, 3, 3), (1, 1, 2, 2), ((0, 0), (0, 0), (1, 1), (1, 1))) / 9.0
        ),
    },
)
def avg_pool2d_with_padding_counted(xp: Any, x: Any) -> Any:
    """Means over whole windows, zeros of the padding included."""
    padded = xp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return xp.sum(xp.mean(_windows(xp, padded, (3, 3), (2, 2)), axis=0) ** 2) / 2.0


@gradcheck.case(
    name="native.adaptive_average_pool",
    inputs=lambda rng: {"ordinary": (np.concatenate([_SIGNAL, [[[1.7], [-0.9]]]], axis=2),)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "AdaptiveAvgPool1d",
    native={
        "torch": lambda x: half_squares(torch, F.adaptive_avg_pool1d(x, 3)),
        "tensorflow": lambda x: tensor_half_squares(
            tf.keras.ops.adaptive_average_pool(x, 3, data_format="channels_first")
        ),
    },
)
def adaptive_average_pool(xp: Any, x: Any) -> Any:
    """Means of three nearly equal, overlapping parts of seven."""
    parts = [x[:, :, 0:3], x[:, :, 2:5], x[:, :, 4:7]]
    return sum(xp.sum(xp.mean(part, axis=-1) ** 2) for part in parts) / 2.0


@gradcheck.case(
    name="native.adaptive_max_pool",
    inputs=lambda rng: {"ordinary": (np.concatenate([_SIGNAL, [[[1.7], [-0.9]]]], axis=2),)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "AdaptiveMaxPool1d",
    native={
        "torch": lambda x: half_squares(torch, F.adaptive_max_pool1d(x, 3)),
        "tensorflow": lambda x: tensor_half_squares(tf.keras.ops.adaptive_max_pool(x, 3, data_format="channels_first")),
    },
)
def adaptive_max_pool(xp: Any, x: Any) -> Any:
    """Largest of three nearly equal, overlapping parts of seven."""
    parts = [x[:, :, 0:3], x[:, :, 2:5], x[:, :, 4:7]]
    return sum(xp.sum(xp.max(part, axis=-1) ** 2) for part in parts) / 2.0


# -- pixels ------------------------------------------------------------------------------------


@gradcheck.case(
    name="native.pixel_shuffle",
    inputs=lambda rng: {"ordinary": (_PIXELS, _IMAGE[:, :, :, :4])},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="Shi et al. (2016), Real-Time Single Image and Video Super-Resolution, arXiv:1609.05158",
    native={
        "torch": lambda x, w: (w * F.pixel_shuffle(x, 2) ** 2).sum(),
        "tensorflow": lambda x, w: tf.reduce_sum(channels_last(w) * tf.nn.depth_to_space(channels_last(x), 2) ** 2),
    },
)
def pixel_shuffle(xp: Any, x: Any, w: Any) -> Any:
    """Four channels as one image of twice the size."""
    blocks = xp.transpose(xp.reshape(x, (2, 2, 2, 2)), (2, 0, 3, 1))
    return xp.sum(w * xp.reshape(blocks, (1, 1, 4, 4)) ** 2)


@gradcheck.case(
    name="native.pixel_unshuffle",
    inputs=lambda rng: {"ordinary": (_IMAGE[:, :, :, :4], _PIXELS)},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "PixelUnshuffle",
    native={
        "torch": lambda x, w: (w * F.pixel_unshuffle(x, 2) ** 2).sum(),
        "tensorflow": lambda x, w: tf.reduce_sum(channels_last(w) * tf.nn.space_to_depth(channels_last(x), 2) ** 2),
    },
)
def pixel_unshuffle(xp: Any, x: Any, w: Any) -> Any:
    """An image as four channels of half the size."""
    blocks = xp.transpose(xp.reshape(x, (2, 2, 2, 2)), (1, 3, 0, 2))
    return xp.sum(w * xp.reshape(blocks, (1, 4, 2, 2)) ** 2)
