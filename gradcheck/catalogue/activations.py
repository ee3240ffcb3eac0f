"""Activation functions of neural networks, away from their kinks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf, expit, ndtr, softmax

import gradcheck
from gradcheck.functions import Array

_TORCH = "PyTorch documentation, torch.nn."

_WEIGHTS = np.array([0.5, -1.25, 2.0, -0.75, 1.5])
_POINT = np.array([-2.5, -0.7, 0.3, 1.1, 3.5])
_NEAR_ZERO = np.array([-0.03, -0.02, 0.04, 0.02, 0.05])
_FAR = np.array([-40.0, -20.0, 0.3, 20.0, 40.0])
_SATURATED = np.array([-800.0, -40.0, 0.3, 40.0, 800.0])

_SMOOTH = ["gradient", "hvp"]
_ALL = ["jacobian", "jvp", "vjp"]


def _weighted(xp: Any, y: Any) -> Any:
    """Sum of five elements, weighted unequally and with both signs."""
    return xp.sum(xp.asarray(_WEIGHTS) * y)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "large": (2.0 * _POINT,), "saturated": (_FAR,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source=_TORCH + "Sigmoid",
    gradient=lambda x: _WEIGHTS * expit(x) * expit(-x),
)
def sigmoid(xp: Any, x: Any) -> Any:
    """The logistic function."""
    return _weighted(xp, 1.0 / (1.0 + xp.exp(-x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "near zero": (_NEAR_ZERO,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source=_TORCH + "Tanh",
    gradient=lambda x: _WEIGHTS * 4 * expit(2 * x) * expit(-2 * x),
)
def tanh(xp: Any, x: Any) -> Any:
    """The hyperbolic tangent."""
    return _weighted(xp, xp.tanh(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "large": (10.0 * _POINT,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source=_TORCH + "Softplus",
    gradient=lambda x: _WEIGHTS * expit(x),
)
def softplus(xp: Any, x: Any) -> Any:
    """Smooth ramp, in the form that does not overflow."""
    return _weighted(xp, xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "near zero": (_NEAR_ZERO,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Elfwing, Uchibe & Doya (2018), Neural Networks 107, 3-11",
    gradient=lambda x: _WEIGHTS * expit(x) * (1 + x * expit(-x)),
)
def silu(xp: Any, x: Any) -> Any:
    """SiLU, also called swish."""
    return _weighted(xp, x * xp.special.expit(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "left tail": (_POINT - 3.0,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Hendrycks & Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    gradient=lambda x: _WEIGHTS * (ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)),
)
def gelu(xp: Any, x: Any) -> Any:
    """GELU by the error function."""
    return _weighted(xp, 0.5 * x * (1.0 + xp.special.erf(x / math.sqrt(2.0))))


def _gelu_tanh_gradient(x: Array) -> Any:
    scale = np.sqrt(2 / np.pi)
    z = 2 * scale * (x + 0.044715 * x**3)
    return _WEIGHTS * expit(z) * (1 + 2 * x * expit(-z) * scale * (1 + 3 * 0.044715 * x**2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "left tail": (_POINT - 6.0,), "saturated": (_FAR,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Hendrycks & Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    gradient=_gelu_tanh_gradient,
)
def gelu_tanh(xp: Any, x: Any) -> Any:
    """GELU by its approximation with tanh."""
    return _weighted(xp, 0.5 * x * (1.0 + xp.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_FAR,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Clevert, Unterthiner & Hochreiter (2016), Exponential Linear Units, arXiv:1511.07289",
    gradient=lambda x: _WEIGHTS * np.where(x > 0, 1.0, 1.3 * np.exp(x)),
)
def elu(xp: Any, x: Any) -> Any:
    """ELU with alpha = 1.3."""
    return _weighted(xp, xp.where(x > 0.0, x, 1.3 * xp.expm1(x)))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_FAR,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Klambauer, Unterthiner, Mayr & Hochreiter (2017), Self-Normalizing Neural Networks, arXiv:1706.02515",
    gradient=lambda x: _WEIGHTS * _SELU_SCALE * np.where(x > 0, 1.0, _SELU_ALPHA * np.exp(x)),
)
def selu(xp: Any, x: Any) -> Any:
    """SELU."""
    return _weighted(xp, _SELU_SCALE * xp.where(x > 0.0, x, _SELU_ALPHA * xp.expm1(x)))


def _mish_gradient(x: Array) -> Any:
    t = np.tanh(np.log1p(np.exp(x)))
    return _WEIGHTS * (t + x * (1 - t**2) * expit(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_FAR,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Misra (2019), Mish, arXiv:1908.08681",
    gradient=_mish_gradient,
)
def mish(xp: Any, x: Any) -> Any:
    """Mish."""
    return _weighted(xp, x * xp.tanh(xp.log1p(xp.exp(x))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Nair & Hinton (2010), Proceedings of ICML 27, 807-814",
    gradient=lambda x: _WEIGHTS * 2 * x * (x > 0),
)
def relu_squared(xp: Any, x: Any) -> Any:
    """Square of a rectified linear unit."""
    return _weighted(xp, xp.maximum(x, 0.0) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 0.1)},
    tags=["activations", "scalar"],
    source="He, Zhang, Ren & Sun (2015), Delving Deep into Rectifiers, arXiv:1502.01852",
    gradient=lambda x, slope: (_WEIGHTS * np.where(x > 0, 1.0, slope), np.sum(_WEIGHTS * np.minimum(x, 0))),
)
def prelu(xp: Any, x: Any, slope: Any) -> Any:
    """Rectifier with a learned slope."""
    return _weighted(xp, xp.where(x > 0.0, x, slope * x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source="Howard et al. (2019), Searching for MobileNetV3, arXiv:1905.02244",
    gradient=lambda x: _WEIGHTS * np.where(x > 3, 1.0, (2 * x + 3) / 6),
)
def hard_swish(xp: Any, x: Any) -> Any:
    """Hard swish, on both sides of its upper kink."""
    return _weighted(xp, x * xp.clip(x + 3.0, 0.0, 6.0) / 6.0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "near zero": (_NEAR_ZERO,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source=_TORCH + "Softsign",
    gradient=lambda x: _WEIGHTS / (1 + np.abs(x)) ** 2,
)
def softsign(xp: Any, x: Any) -> Any:
    """Softsign."""
    return _weighted(xp, x / (1.0 + xp.abs(x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source=_TORCH + "LogSigmoid",
    gradient=lambda x: _WEIGHTS * expit(-x),
)
def log_sigmoid(xp: Any, x: Any) -> Any:
    """Logarithm of the logistic function."""
    return _weighted(xp, -xp.logaddexp(0.0, -x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "near zero": (_NEAR_ZERO,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source=_TORCH + "Tanhshrink",
    gradient=lambda x: _WEIGHTS * np.tanh(x) ** 2,
)
def tanh_shrink(xp: Any, x: Any) -> Any:
    """A number less its hyperbolic tangent."""
    return _weighted(xp, x - xp.tanh(x))


def _glu_gradient(x: Array) -> Any:
    left, right = x[:, :2], x[:, 2:]
    weights = np.array([[1.0, -2.0], [3.0, -0.5]])
    return np.concatenate([weights * expit(right), weights * left * expit(right) * expit(-right)], axis=1)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5, 0.2], [1.0, 0.7, -2.0, -0.4]]),)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "matrix"],
    source="Dauphin, Fan, Auli & Grangier (2017), Gated Convolutional Networks, arXiv:1612.08083",
    gradient=_glu_gradient,
)
def gated_linear_unit(xp: Any, x: Any) -> Any:
    """One half of each row gates the other."""
    return xp.sum(xp.asarray([[1.0, -2.0], [3.0, -0.5]]) * x[:, :2] * xp.special.expit(x[:, 2:]))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_SATURATED,)},
    tags=["activations", "scalar"],
    source=_TORCH + "ReLU",
    gradient=lambda x: _WEIGHTS * (x > 0),
)
def relu(xp: Any, x: Any) -> Any:
    """Rectified linear unit, on both sides of its kink."""
    return _weighted(xp, xp.maximum(x, 0.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "LeakyReLU",
    gradient=lambda x: _WEIGHTS * np.where(x > 0, 1.0, 0.01),
)
def leaky_relu(xp: Any, x: Any) -> Any:
    """Rectifier with slope 0.01 below zero, as a maximum of two lines."""
    return _weighted(xp, xp.maximum(x, 0.01 * x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.0 * _POINT,), "saturated": (_SATURATED,)},
    tags=["activations", "scalar"],
    source=_TORCH + "ReLU6",
    gradient=lambda x: _WEIGHTS * ((x > 0) & (x < 6)),
)
def relu6(xp: Any, x: Any) -> Any:
    """Rectifier capped at 6, a minimum of a maximum."""
    return _weighted(xp, xp.minimum(xp.maximum(x, 0.0), 6.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_SATURATED,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Hardsigmoid",
    gradient=lambda x: _WEIGHTS * (np.abs(x) < 3) / 6,
)
def hard_sigmoid(xp: Any, x: Any) -> Any:
    """Piecewise linear sigmoid, by clipping."""
    return _weighted(xp, xp.clip(x / 6.0 + 0.5, 0.0, 1.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_SATURATED,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Hardtanh",
    gradient=lambda x: _WEIGHTS * (np.abs(x) < 1),
)
def hard_tanh(xp: Any, x: Any) -> Any:
    """Clipping to [-1, 1] as a difference of absolute values, whose slopes cancel outside."""
    return _weighted(xp, 0.5 * (xp.abs(x + 1.0) - xp.abs(x - 1.0)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 0.6)},
    tags=["activations", "scalar", "parameters"],
    source=_TORCH + "Softshrink",
    gradient=lambda x, width: (
        _WEIGHTS * (np.abs(x) > width),
        -np.sum(_WEIGHTS * np.sign(x) * (np.abs(x) > width)),
    ),
)
def soft_shrink(xp: Any, x: Any, width: Any) -> Any:
    """Soft thresholding with a learned width."""
    return _weighted(xp, xp.sign(x) * xp.maximum(xp.abs(x) - width, 0.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Hardshrink",
    gradient=lambda x: _WEIGHTS * (np.abs(x) > 0.5),
)
def hard_shrink(xp: Any, x: Any) -> Any:
    """Hard thresholding at 0.5, which jumps there."""
    return _weighted(xp, xp.where(xp.logical_or(x > 0.5, x < -0.5), x, 0.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, -1.5)},
    tags=["activations", "scalar", "parameters"],
    source=_TORCH + "Threshold",
    gradient=lambda x, filler: (_WEIGHTS * (x > 0.2), np.sum(_WEIGHTS * (x <= 0.2))),
)
def threshold(xp: Any, x: Any, filler: Any) -> Any:
    """Numbers above 0.2, all others replaced by one learned value."""
    return _weighted(xp, xp.where(x > 0.2, x, filler))


def _celu_gradient(x: Array, alpha: Array) -> Any:
    z = np.minimum(x, 0) / alpha
    return _WEIGHTS * np.exp(z), np.sum(_WEIGHTS * (np.expm1(z) - z * np.exp(z)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 1.3), "saturated": (_SATURATED, 1.3), "sharp": (_POINT, 0.1)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source="Barron (2017), Continuously Differentiable Exponential Linear Units, arXiv:1704.07483",
    gradient=_celu_gradient,
)
def celu(xp: Any, x: Any, alpha: Any) -> Any:
    """CELU and its scale, the exponential kept from overflow."""
    return _weighted(xp, xp.maximum(x, 0.0) + alpha * xp.expm1(xp.minimum(x, 0.0) / alpha))


def _sharp_softplus_gradient(x: Array, sharpness: Array) -> Any:
    z = sharpness * x
    return _WEIGHTS * expit(z), np.sum(_WEIGHTS * (x * expit(z) - np.logaddexp(0, z) / sharpness)) / sharpness


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 2.0), "blunt": (_POINT, 0.05), "sharp": (_POINT, 30.0)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source=_TORCH + "Softplus",
    gradient=_sharp_softplus_gradient,
)
def softplus_with_sharpness(xp: Any, x: Any, sharpness: Any) -> Any:
    """Softplus that approaches the rectifier as its parameter grows."""
    return _weighted(xp, xp.logaddexp(0.0, sharpness * x) / sharpness)


def _swish_gradient(x: Array, beta: Array) -> Any:
    s = expit(beta * x)
    return _WEIGHTS * s * (1 + beta * x * expit(-beta * x)), np.sum(_WEIGHTS * x**2 * s * expit(-beta * x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 1.5), "linear": (_POINT, 0.0), "saturated": (_SATURATED, 1.5)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source="Ramachandran, Zoph & Le (2017), Searching for Activation Functions, arXiv:1710.05941",
    gradient=_swish_gradient,
)
def swish(xp: Any, x: Any, beta: Any) -> Any:
    """Swish with its trainable parameter."""
    return _weighted(xp, x * xp.special.expit(beta * x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Hendrycks & Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    gradient=lambda x: _WEIGHTS * expit(1.702 * x) * (1 + 1.702 * x * expit(-1.702 * x)),
)
def quick_gelu(xp: Any, x: Any) -> Any:
    """GELU by its approximation with a logistic function, written with tanh."""
    return _weighted(xp, 0.5 * x * (1.0 + xp.tanh(0.851 * x)))


def _serf_gradient(x: Array) -> Any:
    s = np.logaddexp(0, x)
    return _WEIGHTS * (erf(s) + x * 2 / np.sqrt(np.pi) * np.exp(-(s**2)) * expit(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "saturated": (_SATURATED,)},
    operators=_SMOOTH,
    tags=["activations", "scalar"],
    source="Nag & Bhattacharyya (2021), SERF, arXiv:2108.09598",
    gradient=_serf_gradient,
)
def serf(xp: Any, x: Any) -> Any:
    """x times the error function of softplus."""
    return _weighted(xp, x * xp.special.erf(xp.logaddexp(0.0, x)))


def _squareplus_gradient(x: Array, b: Array) -> Any:
    root = np.sqrt(x**2 + b)
    # b / (root - x) is root + x without cancellation
    slope = np.where(x > 0, root + x, b / (root - x)) / (2 * root)
    return _WEIGHTS * slope, np.sum(_WEIGHTS / (4 * root))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 4.0), "sharp": (_POINT, 0.01), "far out": (_FAR, 4.0)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source="Barron (2021), Squareplus, arXiv:2112.11687",
    gradient=_squareplus_gradient,
)
def squareplus(xp: Any, x: Any, b: Any) -> Any:
    """Algebraic softplus, which cancels far below zero."""
    return _weighted(xp, 0.5 * (x + xp.sqrt(x**2 + b)))


def _snake_gradient(x: Array, a: Array) -> Any:
    return _WEIGHTS * (1 + np.sin(2 * a * x)), np.sum(_WEIGHTS * (x * np.sin(2 * a * x) - np.sin(a * x) ** 2 / a)) / a


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 1.2), "slow": (_POINT, 0.05), "fast": (_POINT, 9.0)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source="Liu, Hartwig & Ueda (2020), Neural Networks Fail to Learn Periodic Functions, arXiv:2006.08195",
    gradient=_snake_gradient,
)
def snake(xp: Any, x: Any, a: Any) -> Any:
    """A line plus the square of a sine, with its trainable frequency."""
    return _weighted(xp, x + xp.sin(a * x) ** 2 / a)


def _smooth_relu_gradient(x: Array, width: Array) -> Any:
    inside = np.abs(x) < width
    slope = np.where(inside, (x + width) / (2 * width), x > 0)
    return _WEIGHTS * slope, np.sum(_WEIGHTS * inside * (1 / 4 - x**2 / (4 * width**2)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 1.4)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source="Shamir, Lin & Coviello (2020), Smooth activations and reproducibility in deep networks, arXiv:2010.09931",
    gradient=_smooth_relu_gradient,
)
def smooth_relu(xp: Any, x: Any, width: Any) -> Any:
    """Rectifier with a parabola of learned width around zero, by nested conditions."""
    parabola = (x + width) ** 2 / (4.0 * width)
    return _weighted(xp, xp.where(x >= width, x, xp.where(x <= -width, 0.0, parabola)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT, 0.8), "far out": (_FAR, 0.8), "linear": (_POINT, 0.0)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "parameters"],
    source="Carlile, Delamarter, Kinney, Marti & Whitney (2017), Inverse Square Root Linear Units, arXiv:1710.09967",
    gradient=lambda x, a: (
        _WEIGHTS * (1 + a * x**2) ** -1.5,
        -0.5 * np.sum(_WEIGHTS * x**3 * (1 + a * x**2) ** -1.5),
    ),
)
def inverse_square_root_unit(xp: Any, x: Any, a: Any) -> Any:
    """Algebraic sigmoid with its parameter."""
    return _weighted(xp, x / xp.sqrt(1.0 + a * x**2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-2.5, 0.3, 1.1]),)},
    operators=_ALL,
    tags=["activations", "vector"],
    source="Shang, Sohn, Almeida & Lee (2016), Concatenated Rectified Linear Units, arXiv:1603.05201",
    jacobian=lambda x: np.concatenate([np.diag(1.0 * (x > 0)), -np.diag(1.0 * (x < 0))]),
)
def concatenated_relu(xp: Any, x: Any) -> Any:
    """Positive and negative parts side by side."""
    return xp.concatenate([xp.maximum(x, 0.0), xp.maximum(-x, 0.0)], axis=0)


def _maxout_gradient(x: Array, weights: Array) -> Any:
    signs = np.array([1.0, -2.0])
    pieces = weights @ x
    chosen = signs[:, None] * (pieces == pieces.max(axis=1, keepdims=True))
    return np.einsum("uk,uki->i", chosen, weights), chosen[:, :, None] * x


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 2.0]),
            np.array([[[0.2, -0.7, 0.3], [1.3, 0.4, -0.6]], [[-0.5, 0.9, 0.1], [0.8, 0.6, 1.1]]]),
        )
    },
    tags=["activations", "scalar", "parameters"],
    source="Goodfellow, Warde-Farley, Mirza, Courville & Bengio (2013), Maxout Networks, arXiv:1302.4389",
    gradient=_maxout_gradient,
)
def maxout(xp: Any, x: Any, weights: Any) -> Any:
    """Greater of two linear maps for each of two units."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.max(xp.einsum("uki,i->uk", weights, x), axis=1))


def _geglu_gradient(x: Array) -> Any:
    left, right = x[:, :2], x[:, 2:]
    weights, share = np.array([[1.0, -2.0], [3.0, -0.5]]), ndtr(right)
    slope = share + right * np.exp(-(right**2) / 2) / np.sqrt(2 * np.pi)
    return np.concatenate([weights * right * share, weights * left * slope], axis=1)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5, 0.2], [1.0, 0.7, -2.0, -0.4]]),)},
    operators=_SMOOTH,
    tags=["activations", "scalar", "matrix"],
    source="Shazeer (2020), GLU Variants Improve Transformer, arXiv:2002.05202",
    gradient=_geglu_gradient,
)
def geglu(xp: Any, x: Any) -> Any:
    """One half of each row gated by the GELU of the other."""
    gate = x[:, 2:] * xp.special.ndtr(x[:, 2:])
    return xp.sum(xp.asarray([[1.0, -2.0], [3.0, -0.5]]) * x[:, :2] * gate)


def _swiglu_gradient(x: Array, weights: dict[str, Array]) -> Any:
    up = np.array([1.0, -2.0])
    gate, value = weights["gate"] @ x, weights["value"] @ x
    in_gate = up * value * expit(gate) * (1 + gate * expit(-gate))
    in_value = up * gate * expit(gate)
    return in_gate @ weights["gate"] + in_value @ weights["value"], {
        "gate": np.outer(in_gate, x),
        "value": np.outer(in_value, x),
    }


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 2.0]),
            {
                "gate": np.array([[0.2, -0.7, 0.3], [1.3, 0.4, -0.6]]),
                "value": np.array([[-0.5, 0.9, 0.1], [0.8, 0.6, 1.1]]),
            },
        )
    },
    operators=["gradient", "hvp"],
    tags=["activations", "scalar", "parameters"],
    source="Shazeer (2020), GLU Variants Improve Transformer, arXiv:2002.05202",
    gradient=_swiglu_gradient,
)
def swiglu(xp: Any, x: Any, weights: Any) -> Any:
    """A linear map gated by the SiLU of another."""
    gate = xp.matmul(weights["gate"], x)
    return xp.sum(xp.asarray([1.0, -2.0]) * gate * xp.special.expit(gate) * xp.matmul(weights["value"], x))


def _tempered_softmax_jacobian(x: Array, temperature: Array) -> Any:
    p = softmax(x / temperature)
    return (np.diag(p) - np.outer(p, p)) / temperature, p * (p @ x - x) / temperature**2


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.0, 1.2, 0.3]), 0.7),
        "cold": (np.array([0.5, -1.0, 1.2, 0.3]), 0.05),
        "hot": (np.array([0.5, -1.0, 1.2, 0.3]), 50.0),
    },
    operators=_ALL,
    domain={"temperature": (0.0, np.inf)},
    tags=["activations", "vector", "parameters"],
    source="Hinton, Vinyals & Dean (2015), Distilling the Knowledge in a Neural Network, arXiv:1503.02531",
    jacobian=_tempered_softmax_jacobian,
)
def softmax_with_temperature(xp: Any, x: Any, temperature: Any) -> Any:
    """Softmax of scores divided by a temperature."""
    return xp.special.softmax(x / temperature, axis=0)


def _softmin_jacobian(x: Array) -> Any:
    p = softmax(-x, axis=0)
    columns = np.einsum("ij,kj->ikj", p, p) - np.einsum("ij,ik->ikj", p, np.eye(2))
    return np.einsum("ikj,jl->ijkl", columns, np.eye(2))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0], [1.2, 0.3]]),),
        "offset": (np.array([[800.5, -801.0], [801.2, -799.7]]),),
    },
    operators=_ALL,
    tags=["activations", "vector", "matrix"],
    source=_TORCH + "Softmin",
    jacobian=_softmin_jacobian,
)
def softmin(xp: Any, x: Any) -> Any:
    """Softmax of the negative of each column."""
    return xp.special.softmax(-x, axis=0)


def _gumbel_softmax_gradient(logits: Array, uniform: Array, temperature: Array) -> Any:
    scores = (logits - np.log(-np.log(uniform))) / temperature
    y, up = softmax(scores), np.array([1.0, -2.0, 0.5])
    inner = y * (up - up @ y) / temperature
    return inner, -inner / (uniform * np.log(uniform)), -np.sum(inner * scores)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.0, 1.2]), np.array([0.3, 0.8, 0.15]), 0.6),
        "cold": (np.array([0.5, -1.0, 1.2]), np.array([0.3, 0.8, 0.15]), 0.1),
    },
    operators=_SMOOTH,
    domain={"uniform": (0.0, 1.0), "temperature": (0.0, np.inf)},
    tags=["activations", "scalar", "parameters"],
    source="Jang, Gu & Poole (2017), Categorical Reparameterization with Gumbel-Softmax, arXiv:1611.01144",
    gradient=_gumbel_softmax_gradient,
)
def gumbel_softmax(xp: Any, logits: Any, uniform: Any, temperature: Any) -> Any:
    """Relaxed sample of a category from given uniform numbers, weighted."""
    noise = -xp.log(-xp.log(uniform))
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.special.softmax((logits + noise) / temperature, axis=0))


def _sparsemax_jacobian(x: Array) -> Any:
    shares = np.sort(x)[::-1]
    size = max(k for k in range(1, len(x) + 1) if 1 + k * shares[k - 1] > shares[:k].sum())
    support = 1.0 * (x >= shares[size - 1])
    return np.diag(support) - np.outer(support, support) / size


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, -1.0, 1.2, 0.6]),),
        "offset": (np.array([100.7, 99.0, 101.2, 100.6]),),
    },
    operators=_ALL,
    tags=["activations", "vector"],
    source="Martins & Astudillo (2016), From Softmax to Sparsemax, arXiv:1602.02068",
    jacobian=_sparsemax_jacobian,
)
def sparsemax(xp: Any, x: Any) -> Any:
    """Projection onto the simplex, by sorting."""
    ranked = xp.flip(xp.sort(x), axis=0)
    inside = 1.0 + xp.asarray(np.arange(1.0, 5.0)) * ranked > xp.cumsum(ranked, axis=0)
    size = xp.sum(xp.where(inside, xp.ones_like(x), 0.0))
    return xp.maximum(x - (xp.sum(xp.where(inside, ranked, 0.0)) - 1.0) / size, 0.0)
