"""TensorFlow's own functions at the edge points of `gradcheck.conventions`; it has no hardtanh and no cummax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, alpha=0.01),
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "round": tf.round,
    "softplus": tf.nn.softplus,
    "largest": lambda x: tf.reduce_max(x, axis=0),
    "remainder": lambda x: tf.math.floormod(x, tf.constant(3.0, x.dtype)),
}
"""By the keys of the edge points; slopes and limits are PyTorch's defaults where TensorFlow's differ."""
