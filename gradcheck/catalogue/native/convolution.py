"""Convolutions, by each framework's own kernel: torch's axes, (batch, channels, space), are the definition's."""

from __future__ import annotations

from itertools import product
from typing import Any

import gradcheck
from gradcheck.catalogue.native._kernels import channels_last, half_squares, tensor_half_squares
from gradcheck.frameworks import F, jnp, lax, tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_DUMOULIN = "Dumoulin and Visin (2016), A guide to convolution arithmetic for deep learning, arXiv:1603.07285"

_TAGS = ("native", "convolution", "scalar")
_OPERATORS = ("gradient",)


def _second(x: Any) -> Any:
    """Move TensorFlow's channels from the last axis to the second."""
    return tf.transpose(x, [0, len(x.shape) - 1, *range(1, len(x.shape) - 1)])


def _kernel(w: Any) -> Any:
    """Move the outputs and inputs of a kernel from torch's first axes to TensorFlow's last."""
    return tf.transpose(w, [*range(2, len(w.shape)), 1, 0])


def _convolved(
    xp: Any,
    x: Any,
    w: Any,
    *,
    stride: int = 1,
    padding: tuple[tuple[int, int], ...] | None = None,
    dilation: int = 1,
    groups: int = 1,
) -> Any:
    """Return the cross-correlation of x, (batch, channels, space), with w, (outputs, channels of a group, space)."""
    axes = x.ndim - 2
    x = xp.pad(x, ((0, 0), (0, 0), *(padding or ((0, 0),) * axes)))
    reach = [x.shape[2 + a] - dilation * (w.shape[2 + a] - 1) for a in range(axes)]
    size = w.shape[0] // groups
    parts = []
    for group in range(groups):
        inputs = x[:, group * w.shape[1] : (group + 1) * w.shape[1]]
        kernel = w[group * size : (group + 1) * size]
        total: Any = 0.0
        for offset in product(*(range(w.shape[2 + a]) for a in range(axes))):
            window = tuple(slice(dilation * o, dilation * o + reach[a], stride) for a, o in enumerate(offset))
            seen = inputs[(slice(None), slice(None), *window)]
            weights = kernel[(slice(None), slice(None), *offset)]
            total = total + xp.einsum("oc,bcn->bon", weights, xp.reshape(seen, (*seen.shape[:2], -1)))
        parts.append(total)
    return xp.concatenate(parts, axis=1)


# -- one axis ----------------------------------------------------------------------------------


@gradcheck.case(
    name="native.conv1d",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 5)).round(2), rng.normal(size=(2, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Conv1d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv1d(x, w)),
        "jax": lambda x, w: half_squares(jnp, lax.conv(x, w, (1,), "VALID")),
        "tensorflow": lambda x, w: tensor_half_squares(tf.nn.conv1d(channels_last(x), _kernel(w), 1, "VALID")),
    },
)
def conv1d(xp: Any, x: Any, w: Any) -> Any:
    """Cross-correlation along one axis."""
    return half_squares(xp, _convolved(xp, x, w))


@gradcheck.case(
    name="native.conv1d_strided",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 7)).round(2), rng.normal(size=(2, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_DUMOULIN,
    native={
        "torch": lambda x, w: half_squares(torch, F.conv1d(x, w, stride=2, padding=1)),
        "jax": lambda x, w: half_squares(jnp, lax.conv_with_general_padding(x, w, (2,), [(1, 1)], None, None)),
        "tensorflow": lambda x, w: tensor_half_squares(tf.nn.conv1d(channels_last(x), _kernel(w), 2, "SAME")),
    },
)
def conv1d_strided(xp: Any, x: Any, w: Any) -> Any:
    """Stride 2 over a padded signal of odd length."""
    return half_squares(xp, _convolved(xp, x, w, stride=2, padding=((1, 1),)))


@gradcheck.case(
    name="native.conv1d_same_of_even_length",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 6)).round(2), rng.normal(size=(2, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="TensorFlow documentation, tf.nn, notes on padding",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv1d(F.pad(x, (0, 1)), w, stride=2)),
        "jax": lambda x, w: half_squares(jnp, lax.conv(x, w, (2,), "SAME")),
        "tensorflow": lambda x, w: tensor_half_squares(tf.nn.conv1d(channels_last(x), _kernel(w), 2, "SAME")),
    },
)
def conv1d_same_of_even_length(xp: Any, x: Any, w: Any) -> Any:
    """Stride 2 over an even length, where SAME pads on the right alone."""
    return half_squares(xp, _convolved(xp, x, w, stride=2, padding=((0, 1),)))


@gradcheck.case(
    name="native.conv1d_causal",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 6)).round(2), rng.normal(size=(2, 2, 2)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="van den Oord et al. (2016), WaveNet, arXiv:1609.03499",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv1d(F.pad(x, (2, 0)), w, dilation=2)),
        "jax": lambda x, w: half_squares(
            jnp,
            lax.conv_general_dilated(x, w, (1,), [(2, 0)], rhs_dilation=(2,), dimension_numbers=("NCH", "OIH", "NCH")),
        ),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv1d(tf.pad(channels_last(x), [[0, 0], [2, 0], [0, 0]]), _kernel(w), 1, "VALID", dilations=2)
        ),
    },
)
def conv1d_causal(xp: Any, x: Any, w: Any) -> Any:
    """Dilated convolution of the past alone."""
    return half_squares(xp, _convolved(xp, x, w, padding=((2, 0),), dilation=2))


@gradcheck.case(
    name="native.signal_convolution",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(6,)).round(2), rng.normal(size=(3,)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="NumPy Reference, numpy.convolve",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv1d(x[None, None], torch.flip(w, (0,))[None, None], padding=2)),
        "jax": lambda x, w: half_squares(jnp, jnp.convolve(x, w, mode="full")),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv1d(tf.pad(x, [[2, 2]])[None, :, None], tf.reverse(w, [0])[:, None, None], 1, "VALID")
        ),
    },
)
def signal_convolution(xp: Any, x: Any, w: Any) -> Any:
    """Convolution of two signals in the sense of mathematics, which flips one."""
    return half_squares(xp, _convolved(xp, x[None, None, :], xp.flip(w, 0)[None, None, :], padding=((2, 2),)))


# -- two and three axes ------------------------------------------------------------------------


@gradcheck.case(
    name="native.conv2d",
    inputs=lambda rng: {
        "ordinary": (
            rng.normal(size=(1, 2, 3, 3)).round(2),
            rng.normal(size=(2, 2, 2, 1)).round(2),
            rng.normal(size=(2,)).round(2),
        )
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Conv2d",
    native={
        "torch": lambda x, w, b: half_squares(torch, F.conv2d(x, w, b)),
        "jax": lambda x, w, b: half_squares(jnp, lax.conv(x, w, (1, 1), "VALID") + b[:, None, None]),
        "tensorflow": lambda x, w, b: tensor_half_squares(
            tf.nn.bias_add(tf.nn.conv2d(channels_last(x), _kernel(w), 1, "VALID"), b)
        ),
    },
)
def conv2d(xp: Any, x: Any, w: Any, b: Any) -> Any:
    """Cross-correlation of an image, with a bias for each channel."""
    return half_squares(xp, _convolved(xp, x, w) + b[:, None])


@gradcheck.case(
    name="native.conv2d_strided",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 1, 4, 4)).round(2), rng.normal(size=(2, 1, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_DUMOULIN,
    native={
        "torch": lambda x, w: half_squares(torch, F.conv2d(x, w, stride=2, padding=(0, 1))),
        "jax": lambda x, w: half_squares(
            jnp, lax.conv_with_general_padding(x, w, (2, 2), [(0, 0), (1, 1)], None, None)
        ),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv2d(channels_last(x), _kernel(w), 2, [[0, 0], [0, 0], [1, 1], [0, 0]])
        ),
    },
)
def conv2d_strided(xp: Any, x: Any, w: Any) -> Any:
    """Stride 2 over an image padded on two sides."""
    return half_squares(xp, _convolved(xp, x, w, stride=2, padding=((0, 0), (1, 1))))


@gradcheck.case(
    name="native.conv2d_dilated",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 1, 4, 5)).round(2), rng.normal(size=(2, 1, 2, 2)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="Yu and Koltun (2015), Multi-Scale Context Aggregation by Dilated Convolutions, arXiv:1511.07122",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv2d(x, w, dilation=2)),
        "jax": lambda x, w: half_squares(jnp, lax.conv_general_dilated(x, w, (1, 1), "VALID", rhs_dilation=(2, 2))),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv2d(channels_last(x), _kernel(w), 1, "VALID", dilations=2)
        ),
    },
)
def conv2d_dilated(xp: Any, x: Any, w: Any) -> Any:
    """Kernel with holes."""
    return half_squares(xp, _convolved(xp, x, w, dilation=2))


@gradcheck.case(
    name="native.atrous_convolution",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 1, 4, 4)).round(2), rng.normal(size=(1, 1, 3, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="TensorFlow documentation, tf.nn.atrous_conv2d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv2d(x, w, dilation=2, padding=2)),
        "jax": lambda x, w: half_squares(jnp, lax.conv_general_dilated(x, w, (1, 1), "SAME", rhs_dilation=(2, 2))),
        "tensorflow": lambda x, w: tensor_half_squares(tf.nn.atrous_conv2d(channels_last(x), _kernel(w), 2, "SAME")),
    },
)
def atrous_convolution(xp: Any, x: Any, w: Any) -> Any:
    """Dilated convolution that keeps the size, which TensorFlow makes of space_to_batch."""
    return half_squares(xp, _convolved(xp, x, w, padding=((2, 2), (2, 2)), dilation=2))


@gradcheck.case(
    name="native.conv2d_grouped",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 4, 2, 2)).round(2), rng.normal(size=(2, 2, 2, 1)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Conv2d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv2d(x, w, groups=2)),
        "jax": lambda x, w: half_squares(jnp, lax.conv_general_dilated(x, w, (1, 1), "VALID", feature_group_count=2)),
        "tensorflow": lambda x, w: tensor_half_squares(tf.nn.conv2d(channels_last(x), _kernel(w), 1, "VALID")),
    },
)
def conv2d_grouped(xp: Any, x: Any, w: Any) -> Any:
    """Two groups of channels, each with kernels of its own."""
    return half_squares(xp, _convolved(xp, x, w, groups=2))


@gradcheck.case(
    name="native.depthwise_conv2d",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 3, 3)).round(2), rng.normal(size=(4, 1, 2, 1)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="TensorFlow documentation, tf.nn.depthwise_conv2d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv2d(x, w, groups=2)),
        "jax": lambda x, w: half_squares(jnp, lax.conv_general_dilated(x, w, (1, 1), "VALID", feature_group_count=2)),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.depthwise_conv2d(
                channels_last(x), tf.transpose(tf.reshape(w, (2, 2, 2, 1)), (2, 3, 0, 1)), [1, 1, 1, 1], "VALID"
            )
        ),
    },
)
def depthwise_conv2d(xp: Any, x: Any, w: Any) -> Any:
    """Two kernels for each channel on its own."""
    return half_squares(xp, _convolved(xp, x, w, groups=2))


@gradcheck.case(
    name="native.separable_conv2d",
    inputs=lambda rng: {
        "ordinary": (
            rng.normal(size=(1, 2, 3, 3)).round(2),
            rng.normal(size=(2, 1, 2, 2)).round(2),
            rng.normal(size=(2, 2, 1, 1)).round(2),
        )
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source="Chollet (2016), Xception, arXiv:1610.02357",
    native={
        "torch": lambda x, w, v: half_squares(torch, F.conv2d(F.conv2d(x, w, groups=2), v)),
        "jax": lambda x, w, v: half_squares(
            jnp, lax.conv(lax.conv_general_dilated(x, w, (1, 1), "VALID", feature_group_count=2), v, (1, 1), "VALID")
        ),
        "tensorflow": lambda x, w, v: tensor_half_squares(
            tf.nn.separable_conv2d(
                channels_last(x), tf.transpose(w, (2, 3, 0, 1)), tf.transpose(v, (2, 3, 1, 0)), [1, 1, 1, 1], "VALID"
            )
        ),
    },
)
def separable_conv2d(xp: Any, x: Any, w: Any, v: Any) -> Any:
    """Depthwise convolution, then a mixture of the channels."""
    return half_squares(xp, xp.einsum("oc,bcn->bon", v[:, :, 0, 0], _convolved(xp, x, w, groups=2)))


@gradcheck.case(
    name="native.conv3d",
    inputs=lambda rng: {
        "ordinary": (rng.normal(size=(1, 1, 2, 3, 3)).round(2), rng.normal(size=(1, 1, 2, 2, 2)).round(2))
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Conv3d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv3d(x, w)),
        "jax": lambda x, w: half_squares(jnp, lax.conv(x, w, (1, 1, 1), "VALID")),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv3d(channels_last(x), _kernel(w), [1, 1, 1, 1, 1], "VALID")
        ),
    },
)
def conv3d(xp: Any, x: Any, w: Any) -> Any:
    """Cross-correlation of a volume."""
    return half_squares(xp, _convolved(xp, x, w))


# -- transposed --------------------------------------------------------------------------------


def _spread(xp: Any, x: Any, stride: int) -> Any:
    """Return an array (batch, channels, space) with stride - 1 zeros after each element of its last axis."""
    zeros = xp.zeros_like(x)
    return xp.reshape(xp.stack([x] + [zeros] * (stride - 1), axis=-1), (*x.shape[:-1], stride * x.shape[-1]))


@gradcheck.case(
    name="native.conv1d_transposed",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 4)).round(2), rng.normal(size=(2, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "ConvTranspose1d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv_transpose1d(x, w, stride=2)),
        "jax": lambda x, w: half_squares(
            jnp, lax.conv_transpose(x, w, (2,), "VALID", dimension_numbers=("NCH", "OIH", "NCH"), transpose_kernel=True)
        ),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv1d_transpose(channels_last(x), tf.transpose(w, (2, 1, 0)), (1, 9, 2), 2, "VALID")
        ),
    },
)
def conv1d_transposed(xp: Any, x: Any, w: Any) -> Any:
    """Adjoint of a convolution with stride 2."""
    kernel = xp.flip(xp.swapaxes(w, 0, 1), 2)
    return half_squares(xp, _convolved(xp, _spread(xp, x, 2)[:, :, :-1], kernel, padding=((2, 2),)))


@gradcheck.case(
    name="native.conv2d_transposed",
    inputs=lambda rng: {"ordinary": (rng.normal(size=(1, 2, 2, 2)).round(2), rng.normal(size=(2, 1, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "ConvTranspose2d",
    native={
        "torch": lambda x, w: half_squares(torch, F.conv_transpose2d(x, w)),
        "jax": lambda x, w: half_squares(
            jnp,
            lax.conv_transpose(
                x, w, (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"), transpose_kernel=True
            ),
        ),
        "tensorflow": lambda x, w: tensor_half_squares(
            tf.nn.conv2d_transpose(channels_last(x), tf.transpose(w, (2, 3, 1, 0)), (1, 3, 4, 1), 1, "VALID")
        ),
    },
)
def conv2d_transposed(xp: Any, x: Any, w: Any) -> Any:
    """Adjoint of a convolution of images."""
    kernel = xp.flip(xp.flip(xp.swapaxes(w, 0, 1), 2), 3)
    return half_squares(xp, _convolved(xp, x, kernel, padding=((1, 1), (2, 2))))


# -- windows -----------------------------------------------------------------------------------
