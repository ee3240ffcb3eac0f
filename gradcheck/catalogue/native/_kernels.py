"""What the chapters of kernels share: a scalar of many outputs, and TensorFlow's order of axes."""

from __future__ import annotations

from typing import Any

from gradcheck.frameworks import tf


def half_squares(library: Any, y: Any) -> Any:
    """Return half the sum of squares, in whose gradient every output has another cotangent."""
    return library.sum(y**2) / 2.0


def tensor_half_squares(y: Any) -> Any:
    """Return the same of a tensor of TensorFlow."""
    return tf.reduce_sum(y**2) / 2.0


def channels_last(x: Any) -> Any:
    """Move TensorFlow's channels from the second axis to the last."""
    return tf.transpose(x, [0, *range(2, len(x.shape)), 1])
