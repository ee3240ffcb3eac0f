"""Activation functions of neural networks, weighted and summed, away from their kinks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf, expit

import gradcheck
from gradcheck.functions import Array

_TORCH = "PyTorch documentation, torch.nn."

_WEIGHTS = np.array([0.5, -1.25, 2.0, -0.75, 1.5])
_POINT = np.array([-2.5, -0.7, 0.3, 1.1, 3.5])


def _weighted(xp: Any, y: Any) -> Any:
    """Sum of five elements, weighted unequally and with both signs."""
    return xp.sum(xp.asarray(_WEIGHTS) * y)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "large": (2.0 * _POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Sigmoid",
    gradient=lambda x: _WEIGHTS * expit(x) * expit(-x),
)
def sigmoid(xp: Any, x: Any) -> Any:
    """The logistic function."""
    return _weighted(xp, 1.0 / (1.0 + xp.exp(-x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Tanh",
    gradient=lambda x: _WEIGHTS / np.cosh(x) ** 2,
)
def tanh(xp: Any, x: Any) -> Any:
    """The hyperbolic tangent."""
    return _weighted(xp, xp.tanh(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,), "large": (10.0 * _POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Softplus",
    gradient=lambda x: _WEIGHTS * expit(x),
)
def softplus(xp: Any, x: Any) -> Any:
    """Smooth ramp, in the form that does not overflow."""
    return _weighted(xp, xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    operators=["gradient", "hessian", "hvp"],
    tags=["activations", "scalar"],
    source="Elfwing, Uchibe & Doya (2018), Neural Networks 107, 3-11",
    gradient=lambda x: _WEIGHTS * expit(x) * (1 + x * expit(-x)),
)
def silu(xp: Any, x: Any) -> Any:
    """SiLU, also called swish."""
    return _weighted(xp, x * xp.special.expit(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    operators=["gradient", "hessian", "hvp"],
    tags=["activations", "scalar"],
    source="Hendrycks & Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    gradient=lambda x: _WEIGHTS * (0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)),
)
def gelu(xp: Any, x: Any) -> Any:
    """GELU by the error function."""
    return _weighted(xp, 0.5 * x * (1.0 + xp.special.erf(x / math.sqrt(2.0))))


def _gelu_tanh_gradient(x: Array) -> Any:
    scale = np.sqrt(2 / np.pi)
    t = np.tanh(scale * (x + 0.044715 * x**3))
    return _WEIGHTS * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * scale * (1 + 3 * 0.044715 * x**2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source="Hendrycks & Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    gradient=_gelu_tanh_gradient,
)
def gelu_tanh(xp: Any, x: Any) -> Any:
    """GELU by its approximation with tanh."""
    return _weighted(xp, 0.5 * x * (1.0 + xp.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source="Clevert, Unterthiner & Hochreiter (2016), Exponential Linear Units, arXiv:1511.07289",
    gradient=lambda x: _WEIGHTS * np.where(x > 0, 1.0, 1.3 * np.exp(x)),
)
def elu(xp: Any, x: Any) -> Any:
    """ELU with alpha = 1.3."""
    return _weighted(xp, xp.where(x > 0.0, x, 1.3 * xp.expm1(x)))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
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
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source="Misra (2019), Mish, arXiv:1908.08681",
    gradient=_mish_gradient,
)
def mish(xp: Any, x: Any) -> Any:
    """Mish."""
    return _weighted(xp, x * xp.tanh(xp.log1p(xp.exp(x))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
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
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "Softsign",
    gradient=lambda x: _WEIGHTS / (1 + np.abs(x)) ** 2,
)
def softsign(xp: Any, x: Any) -> Any:
    """Softsign."""
    return _weighted(xp, x / (1.0 + xp.abs(x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
    tags=["activations", "scalar"],
    source=_TORCH + "LogSigmoid",
    gradient=lambda x: _WEIGHTS * expit(-x),
)
def log_sigmoid(xp: Any, x: Any) -> Any:
    """Logarithm of the logistic function."""
    return _weighted(xp, -xp.logaddexp(0.0, -x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_POINT,)},
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
    tags=["activations", "scalar", "matrix"],
    source="Dauphin, Fan, Auli & Grangier (2017), Gated Convolutional Networks, arXiv:1612.08083",
    gradient=_glu_gradient,
)
def gated_linear_unit(xp: Any, x: Any) -> Any:
    """One half of each row gates the other."""
    return xp.sum(xp.asarray([[1.0, -2.0], [3.0, -0.5]]) * x[:, :2] * xp.special.expit(x[:, 2:]))
