"""Normalisation layers and the moments under them, by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jax, jnp, tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_BATCH = "Ioffe and Szegedy (2015), Batch Normalization, arXiv:1502.03167"
_LAYER = "Ba, Kiros and Hinton (2016), Layer Normalization, arXiv:1607.06450"

_TAGS = ("native", "normalisation", "scalar")
_OPERATORS = ("gradient", "hvp")

_X = np.array([[0.3, -1.2, 2.9], [2.1, 0.4, -0.6], [-0.5, 1.4, 0.8], [0.9, -2.2, 1.9]])
_WEIGHTS = np.array([[0.5, -1.25, 2.0], [-0.75, 1.5, 0.8], [1.1, -0.3, 0.7], [-1.4, 0.6, 0.9]])
_SCALE = np.array([1.2, 0.7, -0.9])
_SHIFT = np.array([0.1, -0.4, 0.3])
_IMAGE = np.array([[[0.3, -1.2], [2.9, 0.7], [1.6, 2.1], [0.4, -0.6]]])  # one image of four channels and two pixels
_IMAGE_WEIGHTS = np.array([[[0.5, -1.25], [2.0, -0.75], [1.5, 0.8], [1.1, -0.3]]])
_EPSILON = 1e-5


def _normalised(xp: Any, x: Any, axis: Any, epsilon: float = _EPSILON) -> Any:
    """Return x without its mean, over its standard deviation."""
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    return centred / xp.sqrt(xp.mean(centred**2, axis=axis, keepdims=True) + epsilon)


# -- moments -----------------------------------------------------------------------------------


@gradcheck.case(
    name="native.variance_and_mean",
    inputs=lambda rng: {
        "ordinary": (_X[:, 0], np.array([0.7, -1.3])),
        "far from zero": (1000.0 + _X[:, 0], np.array([0.7, -1.3])),
    },
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="TensorFlow documentation, tf.nn.moments",
    native={
        "torch": lambda x, w: torch.dot(w, torch.stack(torch.var_mean(x, correction=0))),
        "jax": lambda x, w: jnp.dot(w, jnp.stack([jnp.var(x), jnp.mean(x)])),
        "tensorflow": lambda x, w: tf.reduce_sum(w * tf.stack(tf.nn.moments(x, axes=[0])[::-1])),
    },
)
def variance_and_mean(xp: Any, x: Any, w: Any) -> Any:
    """Weighted sum of the variance and the mean."""
    mean = xp.mean(x)
    return w[0] * xp.mean((x - mean) ** 2) + w[1] * mean


@gradcheck.case(
    name="native.weighted_moments",
    inputs=lambda rng: {"ordinary": (_X[:, 0], np.array([0.5, 1.25, 2.0, 0.75]))},
    operators=_OPERATORS,
    tags=_TAGS,
    source="TensorFlow documentation, tf.nn.weighted_moments",
    native={
        "tensorflow": lambda x, w: tf.nn.weighted_moments(x, [0], w)[1],
        "torch": lambda x, w: torch.cov(x, aweights=w, correction=0),
        "jax": lambda x, w: jnp.average((x - jnp.average(x, weights=w)) ** 2, weights=w),
    },
)
def weighted_moments(xp: Any, x: Any, w: Any) -> Any:
    """Variance with weights."""
    mean = xp.sum(w * x) / xp.sum(w)
    return xp.sum(w * (x - mean) ** 2) / xp.sum(w)


# -- layers ------------------------------------------------------------------------------------


@gradcheck.case(
    name="native.layer_norm",
    inputs=lambda rng: {
        "ordinary": (_X[:2], _SCALE, _SHIFT, _WEIGHTS[:2]),
        "nearly constant": (0.5 + 1e-4 * _X[:2], _SCALE, _SHIFT, _WEIGHTS[:2]),
        "far from zero": (1e4 + _X[:2], _SCALE, _SHIFT, _WEIGHTS[:2]),
    },
    argnums=(0, 1, 2),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_LAYER,
    native={
        "torch": lambda x, a, b, w: torch.sum(w * F.layer_norm(x, (3,), a, b, eps=_EPSILON)),
        "jax": lambda x, a, b, w: jnp.sum(w * (a * jax.nn.standardize(x, epsilon=_EPSILON) + b)),
        "tensorflow": lambda x, a, b, w: tf.reduce_sum(w * tf.keras.ops.layer_normalization(x, a, b, epsilon=_EPSILON)),
    },
)
def layer_norm(xp: Any, x: Any, a: Any, b: Any, w: Any) -> Any:
    """Rows normalised, scaled and shifted."""
    return xp.sum(w * (a * _normalised(xp, x, -1) + b))


@gradcheck.case(
    name="native.standardize",
    inputs=lambda rng: {"ordinary": (_X, _WEIGHTS), "far from zero": (1e4 + _X, _WEIGHTS)},
    argnums=0,
    operators=["gradient"],
    tags=_TAGS,
    source="JAX documentation, jax.nn.standardize",
    native={
        "torch": lambda x, w: torch.sum(w * F.layer_norm(x.T, (4,), eps=_EPSILON).T),
        "jax": lambda x, w: jnp.sum(w * jax.nn.standardize(x, axis=0, epsilon=_EPSILON, algorithm="stable")),
    },
)
def standardize(xp: Any, x: Any, w: Any) -> Any:
    """Columns normalised, the variance taken in two passes."""
    return xp.sum(w * _normalised(xp, x, 0))


@gradcheck.case(
    name="native.batch_norm_in_training",
    inputs=lambda rng: {"ordinary": (_X, _SCALE, _SHIFT, _WEIGHTS)},
    argnums=(0, 1, 2),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_BATCH,
    native={
        "torch": lambda x, a, b, w: torch.sum(w * F.batch_norm(x, None, None, a, b, training=True, eps=_EPSILON)),
        "jax": lambda x, a, b, w: jnp.sum(w * (a * jax.nn.standardize(x, axis=0, epsilon=_EPSILON) + b)),
        "tensorflow": lambda x, a, b, w: tf.reduce_sum(
            w * tf.nn.batch_normalization(x, *tf.nn.moments(x, [0]), b, a, _EPSILON)
        ),
    },
)
def batch_norm_in_training(xp: Any, x: Any, a: Any, b: Any, w: Any) -> Any:
    """Columns normalised by the batch's own moments."""
    return xp.sum(w * (a * _normalised(xp, x, 0) + b))


@gradcheck.case(
    name="native.batch_norm_in_inference",
    inputs=lambda rng: {
        "ordinary": (_X[:2], np.array([0.2, -0.1, 0.4]), np.array([1.5, 0.6, 2.2]), _SCALE, _SHIFT, _WEIGHTS[:2]),
        "far from zero": (
            1e4 + _X[:2],
            1e4 + np.array([0.2, -0.1, 0.4]),
            np.array([1.5, 0.6, 2.2]),
            _SCALE,
            _SHIFT,
            _WEIGHTS[:2],
        ),
    },
    argnums=(0, 3, 4),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_BATCH,
    native={
        "torch": lambda x, m, v, a, b, w: torch.sum(w * F.batch_norm(x, m, v, a, b, training=False, eps=_EPSILON) ** 2),
        "jax": lambda x, m, v, a, b, w: jnp.sum(
            w * (a * jax.nn.standardize(x, mean=m, variance=v, epsilon=_EPSILON) + b) ** 2
        ),
        "tensorflow": lambda x, m, v, a, b, w: tf.reduce_sum(
            w * tf.nn.batch_normalization(x, m, v, b, a, _EPSILON) ** 2
        ),
    },
)
def batch_norm_in_inference(xp: Any, x: Any, m: Any, v: Any, a: Any, b: Any, w: Any) -> Any:
    """Columns normalised by moments that were kept from training, squared."""
    return xp.sum(w * (a * (x - m) / xp.sqrt(v + _EPSILON) + b) ** 2)  # fmt: skip


@gradcheck.case(
    name="native.group_norm",
    inputs=lambda rng: {"ordinary": (_IMAGE, _IMAGE_WEIGHTS)},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="Wu and He (2018), Group Normalization, arXiv:1803.08494",
    native={
        "torch": lambda x, w: torch.sum(w * F.group_norm(x, 2, eps=_EPSILON)),
        "jax": lambda x, w: jnp.sum(
            w * jax.nn.standardize(x.reshape(1, 2, 4), axis=-1, epsilon=_EPSILON).reshape(x.shape)
        ),
        "tensorflow": lambda x, w: tf.reduce_sum(
            tf.reshape(w, (2, 4)) * tf.keras.ops.layer_normalization(tf.reshape(x, (2, 4)), epsilon=_EPSILON)
        ),
    },
)
def group_norm(xp: Any, x: Any, w: Any) -> Any:
    """Two groups of channels, each normalised."""
    return xp.sum(w * xp.reshape(_normalised(xp, xp.reshape(x, (1, 2, 4)), -1), x.shape))


@gradcheck.case(
    name="native.instance_norm",
    inputs=lambda rng: {"ordinary": (_X.T[None], _WEIGHTS.T[None])},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="Ulyanov, Vedaldi and Lempitsky (2016), Instance Normalization, arXiv:1607.08022",
    native={
        "torch": lambda x, w: torch.sum(w * F.instance_norm(x, eps=_EPSILON)),
        "jax": lambda x, w: jnp.sum(w * jax.nn.standardize(x, axis=-1, epsilon=_EPSILON)),
        "tensorflow": lambda x, w: tf.reduce_sum(w * tf.keras.ops.layer_normalization(x, axis=-1, epsilon=_EPSILON)),
    },
)
def instance_norm(xp: Any, x: Any, w: Any) -> Any:
    """Each channel of each image normalised."""
    return xp.sum(w * _normalised(xp, x, -1))


@gradcheck.case(
    name="native.rms_norm",
    inputs=lambda rng: {
        "ordinary": (_X[:2], _SCALE, _WEIGHTS[:2]),
        "small": (1e-4 * _X[:2], _SCALE, _WEIGHTS[:2]),
        "large": (1e8 * _X[:2], _SCALE, _WEIGHTS[:2]),
    },
    argnums=(0, 1),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Zhang and Sennrich (2019), Root Mean Square Layer Normalization, arXiv:1910.07467",
    native={
        "torch": lambda x, a, w: torch.sum(w * F.rms_norm(x, (3,), a, eps=_EPSILON)),
        "jax": lambda x, a, w: jnp.sum(
            w * a * jax.nn.standardize(x, mean=0.0, variance=jnp.mean(x**2, axis=-1, keepdims=True), epsilon=_EPSILON)
        ),
        "tensorflow": lambda x, a, w: tf.reduce_sum(w * tf.keras.ops.rms_normalization(x, a, epsilon=_EPSILON)),
    },
)
def rms_norm(xp: Any, x: Any, a: Any, w: Any) -> Any:
    """Rows over their root mean squares."""
    return xp.sum(w * a * x / xp.sqrt(xp.mean(x**2, axis=-1, keepdims=True) + _EPSILON))


@gradcheck.case(
    name="native.l1_normalisation",
    inputs=lambda rng: {"ordinary": (_X, _WEIGHTS)},
    argnums=0,
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "functional.normalize",
    native={
        "torch": lambda x, w: torch.sum(w * F.normalize(x, p=1.0, dim=0)),
        "tensorflow": lambda x, w: tf.reduce_sum(w * tf.keras.ops.normalize(x, axis=0, order=1)),
    },
)
def l1_normalisation(xp: Any, x: Any, w: Any) -> Any:
    """Columns over the sums of their absolute values."""
    return xp.sum(w * x / xp.sum(xp.abs(x), axis=0, keepdims=True))


@gradcheck.case(
    name="native.local_response_norm",
    inputs=lambda rng: {"ordinary": (_IMAGE, _IMAGE_WEIGHTS)},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="Krizhevsky, Sutskever and Hinton (2012), NIPS 25, section 3.3",
    native={
        "torch": lambda x, w: torch.sum(w * F.local_response_norm(x, 3, alpha=0.6, beta=0.75, k=2.0)),
        "tensorflow": lambda x, w: tf.reduce_sum(
            tf.transpose(w, (0, 2, 1))[:, None]
            * tf.nn.local_response_normalization(
                tf.transpose(x, (0, 2, 1))[:, None], depth_radius=1, bias=2.0, alpha=0.2, beta=0.75
            )
        ),
    },
)
def local_response_norm(xp: Any, x: Any, w: Any) -> Any:
    """Channels over a power of the squares of their neighbours."""
    squares = xp.pad(x**2, ((0, 0), (1, 1), (0, 0)))
    total = squares[:, 0:4] + squares[:, 1:5] + squares[:, 2:6]
    return xp.sum(w * x / (2.0 + 0.2 * total) ** 0.75)
