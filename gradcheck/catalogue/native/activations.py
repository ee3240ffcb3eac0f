"""Activations of neural networks, by each framework's own kernel.

Each is a sum with weights that are arguments too, so that the gradient holds the activation itself
beside its slope, and the product with the Hessian the curvature, for which the kernels have rules of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jax, jnp, tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_JAX = "JAX documentation, jax.nn."

_TAGS = ("native", "activations", "scalar")
_OPERATORS = ("gradient", "hvp")
_X = np.array([-2.5, -0.7, 0.3, 1.1])
_WEIGHTS = np.array([0.5, -1.25, 2.0, -0.75])
_MATRIX = np.array([[0.3, -1.2, 0.9], [2.1, 0.4, -0.6]])
_MATRIX_WEIGHTS = np.array([[0.5, -1.25, 2.0], [-0.75, 1.5, 0.8]])
_LOGITS = np.array([[800.0, -800.0, 799.0], [-2.0, 730.0, 731.5]])


def _weighted(**native: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
    """Return each framework's sum of an activation's outputs, weighted by the second argument."""
    sums: Mapping[str, Callable[[Any], Any]] = {
        "torch": lambda y: torch.sum(y),
        "jax": lambda y: jnp.sum(y),
        "tensorflow": lambda y: tf.reduce_sum(y),
    }
    return {name: _summed(f, sums[name]) for name, f in native.items()}


def _summed(f: Callable[[Any], Any], total: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x, w: total(w * f(x))


def _points(**points: list[float]) -> Callable[[Any], dict[str, tuple[Any, ...]]]:
    """Return the ordinary point and others of four numbers each, with the weights."""
    return lambda rng: {
        "ordinary": (_X, _WEIGHTS),
        **{name.replace("_", " "): (np.array(x), _WEIGHTS) for name, x in points.items()},
    }


# -- ramps -------------------------------------------------------------------------------------


@gradcheck.case(
    name="native.relu",
    inputs=_points(large=[-1e20, -50.0, 75.0, 1e20]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "ReLU",
    native=_weighted(
        torch=lambda x: F.relu(x),
        jax=lambda x: jax.nn.relu(x),
        tensorflow=lambda x: tf.nn.relu(x),
    ),
)
def relu(xp: Any, x: Any, w: Any) -> Any:
    """Ramp."""
    return xp.sum(w * xp.maximum(x, 0.0))


@gradcheck.case(
    name="native.relu6",
    inputs=_points(saturated=[-30.0, 5.5, 6.5, 40.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "ReLU6",
    native=_weighted(
        torch=lambda x: F.relu6(x),
        jax=lambda x: jax.nn.relu6(x),
        tensorflow=lambda x: tf.nn.relu6(x),
    ),
)
def relu6(xp: Any, x: Any, w: Any) -> Any:
    """Ramp from 0 to 6."""
    return xp.sum(w * xp.clip(x, 0.0, 6.0))


@gradcheck.case(
    name="native.leaky_relu",
    inputs=_points(large=[-1e20, -50.0, 75.0, 1e20]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "LeakyReLU",
    native=_weighted(
        torch=lambda x: F.leaky_relu(x, negative_slope=0.1),
        jax=lambda x: jax.nn.leaky_relu(x, negative_slope=0.1),
        tensorflow=lambda x: tf.nn.leaky_relu(x, alpha=0.1),
    ),
)
def leaky_relu(xp: Any, x: Any, w: Any) -> Any:
    """Ramp with slope 1/10 on the left."""
    return xp.sum(w * xp.where(x > 0.0, x, 0.1 * x))


@gradcheck.case(
    name="native.leaky_relu_of_a_quarter",
    inputs=_points(),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "LeakyReLU",
    native=_weighted(
        torch=lambda x: F.leaky_relu(x, negative_slope=0.25),
        jax=lambda x: jax.nn.leaky_relu(x, negative_slope=0.25),
        tensorflow=lambda x: tf.nn.leaky_relu(x, alpha=0.25),
    ),
)
def leaky_relu_of_a_quarter(xp: Any, x: Any, w: Any) -> Any:
    """Ramp whose left slope is a number of single precision."""
    return xp.sum(w * xp.where(x > 0.0, x, 0.25 * x))


@gradcheck.case(
    name="native.prelu",
    inputs=lambda rng: {"ordinary": (_MATRIX, np.array([0.1, 0.25, -0.3]), _MATRIX_WEIGHTS)},
    operators=["gradient", "hvp"],
    tags=["native", "activations", "scalar", "broadcasting"],
    source=_TORCH + "PReLU",
    native={
        "torch": lambda x, a, w: torch.sum(w * F.prelu(x, a)),
        "jax": lambda x, a, w: jnp.sum(w * jax.nn.leaky_relu(x, negative_slope=a)),
    },
)
def prelu(xp: Any, x: Any, a: Any, w: Any) -> Any:
    """Ramp whose left slope is learnt for each channel."""
    return xp.sum(w * xp.where(x > 0.0, x, a * x))


@gradcheck.case(
    name="native.threshold",
    inputs=_points(),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Threshold",
    native=_weighted(
        torch=lambda x: F.threshold(x, threshold=0.2, value=-1.5),
        tensorflow=lambda x: tf.keras.ops.threshold(x, 0.2, -1.5),
    ),
)
def threshold(xp: Any, x: Any, w: Any) -> Any:
    """Identity above a threshold, a constant below."""
    return xp.sum(w * xp.where(x > 0.2, x, -1.5))


# -- smooth ramps ------------------------------------------------------------------------------


@gradcheck.case(
    name="native.elu",
    inputs=_points(deep=[-0.3, -8.0, -36.0, -745.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Clevert, Unterthiner and Hochreiter (2016), Exponential Linear Units, arXiv:1511.07289",
    native=_weighted(
        torch=lambda x: F.elu(x, alpha=1.3),
        jax=lambda x: jax.nn.elu(x, alpha=1.3),
        tensorflow=lambda x: tf.keras.ops.elu(x, alpha=1.3),
    ),
)
def elu(xp: Any, x: Any, w: Any) -> Any:
    """ELU with alpha = 1.3."""
    return xp.sum(w * xp.where(x > 0.0, x, 1.3 * xp.expm1(xp.minimum(x, 0.0))))


@gradcheck.case(
    name="native.selu",
    inputs=_points(deep=[-0.3, -8.0, -36.0, -745.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-Normalizing Neural Networks, arXiv:1706.02515",
    native=_weighted(
        torch=lambda x: F.selu(x),
        jax=lambda x: jax.nn.selu(x),
        tensorflow=lambda x: tf.nn.selu(x),
    ),
)
def selu(xp: Any, x: Any, w: Any) -> Any:
    """ELU scaled to keep mean 0 and variance 1."""
    scale, alpha = 1.0507009873554804934, 1.6732632423543772848
    return xp.sum(w * scale * xp.where(x > 0.0, x, alpha * xp.expm1(xp.minimum(x, 0.0))))


@gradcheck.case(
    name="native.celu",
    inputs=_points(deep=[-0.3, -16.0, -72.0, -1490.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Barron (2017), Continuously Differentiable Exponential Linear Units, arXiv:1704.07483",
    native=_weighted(
        torch=lambda x: F.celu(x, alpha=2.0),
        jax=lambda x: jax.nn.celu(x, alpha=2.0),
        tensorflow=lambda x: tf.keras.ops.celu(x, alpha=2.0),
    ),
)
def celu(xp: Any, x: Any, w: Any) -> Any:
    """CELU with alpha = 2, of which the first derivative is continuous."""
    return xp.sum(w * xp.where(x > 0.0, x, 2.0 * xp.expm1(xp.minimum(x, 0.0) / 2.0)))


@gradcheck.case(
    name="native.softplus",
    inputs=_points(
        saturated=[-745.0, -50.0, 50.0, 800.0],
        middling=[-19.5, -12.0, 19.5, 15.0],
        above_torch_threshold=[20.5, 21.0, 25.0, 30.0],
        small=[1e-8, -3e-5, 1e-300, 0.0],
    ),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Dugas, Bengio, Belisle, Nadeau and Garcia (2001), NIPS 13, 472-478",
    native=_weighted(
        torch=lambda x: F.softplus(x),
        jax=lambda x: jax.nn.softplus(x),
        tensorflow=lambda x: tf.nn.softplus(x),
    ),
)
def softplus(xp: Any, x: Any, w: Any) -> Any:
    """Logarithm of 1 + exp(x)."""
    return xp.sum(w * xp.logaddexp(x, 0.0))


@gradcheck.case(
    name="native.softplus_sharpened",
    inputs=_points(middling=[-6.5, -4.0, 6.5, 5.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Softplus",
    native=_weighted(
        torch=lambda x: F.softplus(x, beta=3.0, threshold=60.0),
        jax=lambda x: jax.nn.softplus(3.0 * x) / 3.0,
        tensorflow=lambda x: tf.nn.softplus(3.0 * x) / 3.0,
    ),
)
def softplus_sharpened(xp: Any, x: Any, w: Any) -> Any:
    """Softplus with beta = 3."""
    return xp.sum(w * xp.logaddexp(3.0 * x, 0.0)) / 3.0


@gradcheck.case(
    name="native.silu",
    inputs=_points(saturated=[-745.0, -40.0, 40.0, 800.0], small=[1e-8, -3e-5, 1e-300, 0.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Elfwing, Uchibe and Doya (2018), Neural Networks 107, 3-11, arXiv:1702.03118",
    native=_weighted(
        torch=lambda x: F.silu(x),
        jax=lambda x: jax.nn.silu(x),
        tensorflow=lambda x: tf.nn.silu(x),
    ),
)
def silu(xp: Any, x: Any, w: Any) -> Any:
    """x times the logistic function of x."""
    return xp.sum(w * x * xp.special.expit(x))


@gradcheck.case(
    name="native.swish_with_slope",
    inputs=lambda rng: {"ordinary": (_X, np.array(1.7), _WEIGHTS)},
    operators=_OPERATORS,
    tags=_TAGS,
    source="Ramachandran, Zoph and Le (2017), Searching for Activation Functions, arXiv:1710.05941",
    native={
        "torch": lambda x, beta, w: torch.sum(w * F.silu(beta * x) / beta),
        "jax": lambda x, beta, w: jnp.sum(w * jax.nn.silu(beta * x) / beta),
        "tensorflow": lambda x, beta, w: tf.reduce_sum(w * tf.nn.silu(x, beta)),
    },
)
def swish_with_slope(xp: Any, x: Any, beta: Any, w: Any) -> Any:
    """Swish whose slope beta is learnt."""
    return xp.sum(w * x * xp.special.expit(beta * x))


@gradcheck.case(
    name="native.gelu",
    inputs=_points(
        small=[-1e-5, 1e-4, 2e-8, 1e-300],
        tail=[-5.5, -4.5, 5.0, 6.5],
        saturated=[-9.5, 8.0, 12.5, -8.5],
        deep_tail=[-20.0, -36.0, 40.0, -14.0],
    ),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Hendrycks and Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    native=_weighted(
        torch=lambda x: F.gelu(x),
        jax=lambda x: jax.nn.gelu(x, approximate=False),
        tensorflow=lambda x: tf.nn.gelu(x),
    ),
)
def gelu(xp: Any, x: Any, w: Any) -> Any:
    """x times the normal distribution function."""
    return xp.sum(w * x * xp.special.ndtr(x))


@gradcheck.case(
    name="native.gelu_by_tanh",
    inputs=_points(small=[-1e-5, 1e-4, 2e-8, 1e-300], tail=[-4.5, -3.5, 4.0, 5.0], saturated=[-9.5, 8.0, 12.5, -40.0]),
    operators=["gradient"],
    tags=_TAGS,
    source="Hendrycks and Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    native=_weighted(
        torch=lambda x: F.gelu(x, approximate="tanh"),
        jax=lambda x: jax.nn.gelu(x, approximate=True),
        tensorflow=lambda x: tf.nn.gelu(x, approximate=True),
    ),
)
def gelu_by_tanh(xp: Any, x: Any, w: Any) -> Any:
    """GELU by its approximation with tanh."""
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
    return xp.sum(w * x * xp.special.expit(2.0 * inner))


@gradcheck.case(
    name="native.gelu_tail",
    inputs=lambda rng: {
        "ordinary": (np.array([-5.5, -1.3, 0.4, 2.1]),),
        "saturated": (np.array([-7.0, -9.5, 8.0, 12.5]),),
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["native", "activations", "vector"],
    source="Hendrycks and Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    native={
        "torch": lambda x: F.gelu(x),
        "jax": lambda x: jax.nn.gelu(x, approximate=False),
        "tensorflow": lambda x: tf.nn.gelu(x),
    },
)
def gelu_tail(xp: Any, x: Any) -> Any:
    """GELU element by element, so that no other hides what is lost far out on the left."""
    return x * xp.special.ndtr(x)


@gradcheck.case(
    name="native.gelu_by_tanh_tail",
    inputs=lambda rng: {
        "ordinary": (np.array([-4.5, -1.3, 0.4, 2.1]),),
        "saturated": (np.array([-7.0, -9.5, 8.0, 12.5]),),
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["native", "activations", "vector"],
    source="Hendrycks and Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    native={
        "torch": lambda x: F.gelu(x, approximate="tanh"),
        "jax": lambda x: jax.nn.gelu(x, approximate=True),
        "tensorflow": lambda x: tf.nn.gelu(x, approximate=True),
    },
)
def gelu_by_tanh_tail(xp: Any, x: Any) -> Any:
    """The approximation with tanh element by element."""
    return x * xp.special.expit(2.0 * math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))


@gradcheck.case(
    name="native.mish",
    inputs=_points(
        saturated=[-740.0, -40.0, 40.0, 800.0], middling=[-15.0, -8.0, 9.0, 18.0], small=[1e-8, -3e-5, 1e-300, 0.0]
    ),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Misra (2019), Mish: A Self Regularized Non-Monotonic Activation Function, arXiv:1908.08681",
    native=_weighted(
        torch=lambda x: F.mish(x),
        jax=lambda x: jax.nn.mish(x),
        tensorflow=lambda x: tf.keras.activations.mish(x),
    ),
)
def mish(xp: Any, x: Any, w: Any) -> Any:
    """x times tanh of softplus."""
    return xp.sum(w * x * xp.tanh(xp.logaddexp(x, 0.0)))


@gradcheck.case(
    name="native.squareplus",
    inputs=_points(large=[-3e4, -200.0, 200.0, 3e4], larger=[-3e9, -2e8, 2e8, 3e9]),
    operators=["gradient"],
    tags=_TAGS,
    source="Barron (2021), Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687",
    native=_weighted(
        jax=lambda x: jax.nn.squareplus(x, b=4.0),
        tensorflow=lambda x: tf.keras.ops.squareplus(x, b=4.0),
    ),
)
def squareplus(xp: Any, x: Any, w: Any) -> Any:
    """Half of x + sqrt(x^2 + 4)."""
    return xp.sum(w * (x + xp.sqrt(x**2 + 4.0)) / 2.0)


@gradcheck.case(
    name="native.sparse_plus",
    inputs=_points(),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_JAX + "sparse_plus",
    native=_weighted(
        jax=lambda x: jax.nn.sparse_plus(x),
        tensorflow=lambda x: tf.keras.ops.sparse_plus(x),
    ),
)
def sparse_plus(xp: Any, x: Any, w: Any) -> Any:
    """Ramp that is joined by a parabola."""
    return xp.sum(w * xp.where(x <= -1.0, 0.0, xp.where(x >= 1.0, x, (x + 1.0) ** 2 / 4.0)))


# -- sigmoids ----------------------------------------------------------------------------------


@gradcheck.case(
    name="native.sigmoid",
    inputs=_points(
        saturated=[-745.0, -40.0, 36.0, 700.0], middling=[-15.0, -8.0, 8.0, 15.0], small=[1e-8, -3e-5, 1e-300, 0.0]
    ),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Sigmoid",
    native=_weighted(
        torch=lambda x: torch.sigmoid(x),
        jax=lambda x: jax.nn.sigmoid(x),
        tensorflow=lambda x: tf.nn.sigmoid(x),
    ),
)
def sigmoid(xp: Any, x: Any, w: Any) -> Any:
    """The logistic function."""
    return xp.sum(w * xp.special.expit(x))


@gradcheck.case(
    name="native.log_sigmoid",
    inputs=_points(
        saturated=[-800.0, -40.0, 36.0, 700.0],
        middling=[-15.0, -8.0, 8.0, 15.0],
        from_20_to_30=[20.5, 21.0, 25.0, 30.0],
        small=[1e-8, -3e-5, 1e-300, 0.0],
    ),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "LogSigmoid",
    native=_weighted(
        torch=lambda x: F.logsigmoid(x),
        jax=lambda x: jax.nn.log_sigmoid(x),
        tensorflow=lambda x: tf.math.log_sigmoid(x),
    ),
)
def log_sigmoid(xp: Any, x: Any, w: Any) -> Any:
    """Logarithm of the logistic function."""
    return -xp.sum(w * xp.logaddexp(-x, 0.0))


@gradcheck.case(
    name="native.tanh",
    inputs=_points(saturated=[-40.0, -19.5, 17.0, 400.0], small=[1e-8, -3e-5, 1e-300, 0.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Tanh",
    native=_weighted(
        torch=lambda x: torch.tanh(x),
        jax=lambda x: jax.nn.tanh(x),
        tensorflow=lambda x: tf.nn.tanh(x),
    ),
)
def tanh(xp: Any, x: Any, w: Any) -> Any:
    """The hyperbolic tangent."""
    return xp.sum(w * xp.tanh(x))


@gradcheck.case(
    name="native.softsign",
    inputs=_points(large=[-1e9, -300.0, 300.0, 1e9]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Softsign",
    native=_weighted(
        torch=lambda x: F.softsign(x),
        jax=lambda x: jax.nn.soft_sign(x),
        tensorflow=lambda x: tf.nn.softsign(x),
    ),
)
def softsign(xp: Any, x: Any, w: Any) -> Any:
    """x / (1 + |x|)."""
    return xp.sum(w * x / (1.0 + xp.abs(x)))


@gradcheck.case(
    name="native.hard_sigmoid",
    inputs=_points(saturated=[-30.0, -3.5, 2.5, 40.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Hardsigmoid",
    native=_weighted(
        torch=lambda x: F.hardsigmoid(x),
        jax=lambda x: jax.nn.hard_sigmoid(x),
        tensorflow=lambda x: tf.keras.ops.hard_sigmoid(x),
    ),
)
def hard_sigmoid(xp: Any, x: Any, w: Any) -> Any:
    """Piecewise linear sigmoid, from -3 to 3."""
    return xp.sum(w * xp.clip(x + 3.0, 0.0, 6.0)) / 6.0


@gradcheck.case(
    name="native.hard_silu",
    inputs=_points(saturated=[-30.0, -3.5, 2.5, 40.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source="Howard et al. (2019), Searching for MobileNetV3, arXiv:1905.02244",
    native=_weighted(
        torch=lambda x: F.hardswish(x),
        jax=lambda x: jax.nn.hard_silu(x),
        tensorflow=lambda x: tf.keras.ops.hard_silu(x),
    ),
)
def hard_silu(xp: Any, x: Any, w: Any) -> Any:
    """x times the piecewise linear sigmoid."""
    return xp.sum(w * x * xp.clip(x + 3.0, 0.0, 6.0)) / 6.0


@gradcheck.case(
    name="native.hard_tanh",
    inputs=_points(saturated=[-30.0, -1.5, 0.9, 40.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Hardtanh",
    native=_weighted(
        torch=lambda x: F.hardtanh(x),
        jax=lambda x: jax.nn.hard_tanh(x),
        tensorflow=lambda x: tf.keras.ops.hard_tanh(x),
    ),
)
def hard_tanh(xp: Any, x: Any, w: Any) -> Any:
    """Identity from -1 to 1, flat outside."""
    return xp.sum(w * xp.clip(x, -1.0, 1.0))


@gradcheck.case(
    name="native.sparse_sigmoid",
    inputs=_points(),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_JAX + "sparse_sigmoid",
    native=_weighted(
        jax=lambda x: jax.nn.sparse_sigmoid(x),
        tensorflow=lambda x: tf.keras.ops.sparse_sigmoid(x),
    ),
)
def sparse_sigmoid(xp: Any, x: Any, w: Any) -> Any:
    """Half of x + 1, from 0 to 1."""
    return xp.sum(w * 0.5 * xp.clip(x + 1.0, 0.0, 2.0))


# -- shrinkage ---------------------------------------------------------------------------------


@gradcheck.case(
    name="native.tanh_shrink",
    inputs=_points(small=[-0.02, 0.004, 0.1, -0.003], large=[-30.0, 12.0, 40.0, 400.0]),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Tanhshrink",
    native=_weighted(
        torch=lambda x: F.tanhshrink(x),
        tensorflow=lambda x: tf.keras.ops.tanh_shrink(x),
    ),
)
def tanh_shrink(xp: Any, x: Any, w: Any) -> Any:
    """x - tanh(x)."""
    return xp.sum(w * (x - xp.tanh(x)))


@gradcheck.case(
    name="native.soft_shrink",
    inputs=_points(large=[-1e9, -3.0, 0.1, 1e9]),
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "Softshrink",
    native=_weighted(
        torch=lambda x: F.softshrink(x, 0.6),
        tensorflow=lambda x: tf.keras.ops.soft_shrink(x, threshold=0.6),
    ),
)
def soft_shrink(xp: Any, x: Any, w: Any) -> Any:
    """x drawn towards 0 by 0.6, which is the proximal operator of |x|."""
    return xp.sum(w * xp.sign(x) * xp.maximum(xp.abs(x) - 0.6, 0.0))


@gradcheck.case(
    name="native.hard_shrink",
    inputs=_points(),
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Hardshrink",
    native=_weighted(
        torch=lambda x: F.hardshrink(x, 0.6),
        tensorflow=lambda x: tf.keras.ops.hard_shrink(x, threshold=0.6),
    ),
)
def hard_shrink(xp: Any, x: Any, w: Any) -> Any:
    """x where it is further than 0.6 from 0."""
    return xp.sum(w * xp.where(xp.abs(x) > 0.6, x, 0.0))


# -- gates and distributions -------------------------------------------------------------------


@gradcheck.case(
    name="native.glu",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 0.9, 2.1], [0.4, -0.6, 1.3, -0.8]]), np.array([[0.5, -1.25], [2.0, -0.75]])),
        "saturated": (
            np.array([[3.0, -2.0, 40.0, -745.0], [0.5, 8.0, 800.0, -36.0]]),
            np.array([[0.5, -1.25], [2.0, -0.75]]),
        ),
    },
    operators=["gradient"],
    tags=_TAGS,
    source="Dauphin, Fan, Auli and Grangier (2017), Gated Convolutional Networks, arXiv:1612.08083",
    native=_weighted(
        torch=lambda x: F.glu(x, dim=-1),
        jax=lambda x: jax.nn.glu(x, axis=-1),
        tensorflow=lambda x: tf.keras.ops.glu(x, axis=-1),
    ),
)
def glu(xp: Any, x: Any, w: Any) -> Any:
    """One half of the channels, gated by the other."""
    return xp.sum(w * x[:, :2] * xp.special.expit(x[:, 2:]))


@gradcheck.case(
    name="native.softmax",
    inputs=lambda rng: {
        "ordinary": (_MATRIX, _MATRIX_WEIGHTS),
        "saturated": (_LOGITS, _MATRIX_WEIGHTS),
        "equal": (np.full((2, 3), 0.7), _MATRIX_WEIGHTS),
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Softmax",
    native=_weighted(
        torch=lambda x: F.softmax(x, dim=-1),
        jax=lambda x: jax.nn.softmax(x, axis=-1),
        tensorflow=lambda x: tf.nn.softmax(x, axis=-1),
    ),
)
def softmax(xp: Any, x: Any, w: Any) -> Any:
    """Softmax of each row."""
    return xp.sum(w * xp.special.softmax(x, axis=-1))


@gradcheck.case(
    name="native.softmax_of_columns",
    inputs=lambda rng: {"ordinary": (_MATRIX, _MATRIX_WEIGHTS), "saturated": (_LOGITS, _MATRIX_WEIGHTS)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Softmax",
    native=_weighted(
        torch=lambda x: F.softmax(x, dim=0),
        jax=lambda x: jax.nn.softmax(x, axis=0),
        tensorflow=lambda x: tf.nn.softmax(x, axis=0),
    ),
)
def softmax_of_columns(xp: Any, x: Any, w: Any) -> Any:
    """Softmax along the first axis, for which the kernels transpose or stride."""
    return xp.sum(w * xp.special.softmax(x, axis=0))


@gradcheck.case(
    name="native.log_softmax",
    inputs=lambda rng: {
        "ordinary": (_MATRIX, _MATRIX_WEIGHTS),
        "saturated": (_LOGITS, _MATRIX_WEIGHTS),
        "equal": (np.full((2, 3), 0.7), _MATRIX_WEIGHTS),
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "LogSoftmax",
    native=_weighted(
        torch=lambda x: F.log_softmax(x, dim=-1),
        jax=lambda x: jax.nn.log_softmax(x, axis=-1),
        tensorflow=lambda x: tf.nn.log_softmax(x, axis=-1),
    ),
)
def log_softmax(xp: Any, x: Any, w: Any) -> Any:
    """Logarithm of the softmax of each row."""
    return xp.sum(w * xp.special.log_softmax(x, axis=-1))


_MASK = np.array([[True, False, True], [True, True, False]])


@gradcheck.case(
    name="native.masked_softmax",
    inputs=lambda rng: {"ordinary": (_MATRIX, _MATRIX_WEIGHTS), "saturated": (_LOGITS, _MATRIX_WEIGHTS)},
    operators=["gradient"],
    tags=_TAGS,
    source=_JAX + "softmax",
    native=_weighted(
        torch=lambda x: F.softmax(x.masked_fill(~torch.tensor(_MASK), -torch.inf), dim=-1),
        jax=lambda x: jax.nn.softmax(x, axis=-1, where=_MASK),
        tensorflow=lambda x: tf.nn.softmax(tf.where(_MASK, x, tf.constant(-np.inf, x.dtype)), axis=-1),
    ),
)
def masked_softmax(xp: Any, x: Any, w: Any) -> Any:
    """Softmax of each row over the elements of a mask."""
    kept = xp.asarray(_MASK.astype(float))
    unnormalised = kept * xp.exp(kept * (x - xp.max(xp.where(kept > 0.0, x, -1e300), axis=-1, keepdims=True)))
    return xp.sum(w * unnormalised / xp.sum(unnormalised, axis=-1, keepdims=True))
