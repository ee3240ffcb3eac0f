"""Special functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma as psi
from scipy.special import erfcx, expit, polygamma, softmax

import gradcheck
from gradcheck.functions import Array

_DLMF = "NIST Digital Library of Mathematical Functions, section "
_SCIPY = "SciPy Reference, scipy.special."

_WEIGHTS = np.array([1.0, -2.0, 3.0, -1.5])


def _weighted(xp: Any, y: Any) -> Any:
    """Sum of four elements, weighted unequally and with both signs."""
    return xp.sum(xp.asarray(_WEIGHTS) * y)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 0.9, 2.0]),)},
    tags=["special", "scalar"],
    source=_DLMF + "7.2",
    gradient=lambda x: _WEIGHTS * 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
)
def error_function(xp: Any, x: Any) -> Any:
    """The error function."""
    return _weighted(xp, xp.special.erf(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 0.9, 2.0]),), "tail": (np.array([4.0, 4.5, 5.2, 3.7]),)},
    tags=["special", "scalar"],
    source=_DLMF + "7.2",
    gradient=lambda x: -_WEIGHTS * 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
)
def complementary_error_function(xp: Any, x: Any) -> Any:
    """The complementary error function, also in its tail."""
    return _weighted(xp, xp.special.erfc(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, 2.5, 7.0, 30.5]),)},
    tags=["special", "scalar"],
    source=_DLMF + "5.2",
    gradient=lambda x: _WEIGHTS * psi(x),
)
def log_gamma(xp: Any, x: Any) -> Any:
    """The logarithm of the gamma function."""
    return _weighted(xp, xp.special.gammaln(x))


@gradcheck.case(
    inputs=lambda rng: {"large": (np.array([45.0, 60.0, 80.0, 120.0]),)},  # below, torch's trigamma has 9 digits
    tags=["special", "scalar"],
    source=_DLMF + "5.15",
    gradient=lambda x: _WEIGHTS * polygamma(1, x),
)
def digamma(xp: Any, x: Any) -> Any:
    """The digamma function."""
    return _weighted(xp, xp.special.digamma(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.7, np.array([0.6, 3.2]))},
    tags=["special", "scalar", "broadcasting"],
    source=_DLMF + "5.12",
    gradient=lambda a, b: (
        np.sum(np.array([1.0, -2.0]) * (psi(a) - psi(a + b))),
        np.array([1.0, -2.0]) * (psi(b) - psi(a + b)),
    ),
)
def log_beta(xp: Any, a: Any, b: Any) -> Any:
    """The logarithm of the beta function."""
    logs = xp.special.gammaln(a) + xp.special.gammaln(b) - xp.special.gammaln(a + b)
    return xp.sum(xp.asarray([1.0, -2.0]) * logs)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-3.0, 0.4, 1.5, 2.5]),)},
    tags=["special", "scalar"],
    source=_SCIPY + "expit",
    gradient=lambda x: _WEIGHTS * expit(x) * expit(-x),
)
def logistic(xp: Any, x: Any) -> Any:
    """The logistic function expit."""
    return _weighted(xp, xp.special.expit(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.1, 0.45, 0.7, 0.95]),)},
    tags=["special", "scalar"],
    source=_SCIPY + "logit",
    gradient=lambda p: _WEIGHTS / (p * (1 - p)),
)
def logit(xp: Any, p: Any) -> Any:
    """The logit."""
    return _weighted(xp, xp.special.logit(p))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5], [2.0]]), np.array([[0.7, 3.0], [1.2, 0.4]]))},
    tags=["special", "scalar", "broadcasting"],
    source=_SCIPY + "xlogy",
    gradient=lambda x, y: (
        np.sum(_WEIGHTS.reshape(2, 2) * np.log(y), axis=1, keepdims=True),
        _WEIGHTS.reshape(2, 2) * x / y,
    ),
)
def x_log_y(xp: Any, x: Any, y: Any) -> Any:
    """The product x log y with x broadcast."""
    return xp.sum(xp.reshape(xp.asarray(_WEIGHTS), (2, 2)) * xp.special.xlogy(x, y))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-2.5, -0.3, 0.8, 1.9]),)},
    tags=["special", "scalar"],
    source=_SCIPY + "ndtr",
    gradient=lambda x: _WEIGHTS * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
)
def normal_distribution_function(xp: Any, x: Any) -> Any:
    """The distribution function of the standard normal law."""
    return _weighted(xp, xp.special.ndtr(x))


def _mills_gradient(x: Array) -> Any:
    ratio = np.sqrt(np.pi) / 2 * erfcx(x)
    return _WEIGHTS * (2 * x * ratio - 1)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.0, 0.2, 1.5, 3.0]),)},
    tags=["special", "scalar"],
    source=_DLMF + "7.8",
    gradient=_mills_gradient,
)
def mills_ratio(xp: Any, x: Any) -> Any:
    """Mills' ratio of the tail of a bell curve to its ordinate."""
    return _weighted(xp, math.sqrt(math.pi) / 2.0 * xp.exp(x**2) * xp.special.erfc(x))


def _softmax_gradient(x: Array) -> Any:
    shares = softmax(x, axis=0)
    return 2 * shares * (_WEIGHTS * shares - np.sum(_WEIGHTS * shares**2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0, 0.9]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["special", "scalar"],
    source=_SCIPY + "softmax",
    gradient=_softmax_gradient,
)
def softmax_squares(xp: Any, x: Any) -> Any:
    """Squares of a softmax, weighted."""
    return _weighted(xp, xp.special.softmax(x, axis=0) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.2], [2.0, 0.9]]),)},
    tags=["special", "scalar", "matrix"],
    source=_SCIPY + "log_softmax",
    gradient=lambda x: _WEIGHTS.reshape(2, 2) - softmax(x, axis=0) * _WEIGHTS.reshape(2, 2).sum(axis=0),
)
def log_softmax_columns(xp: Any, x: Any) -> Any:
    """Log-softmax of columns, weighted."""
    return xp.sum(xp.reshape(xp.asarray(_WEIGHTS), (2, 2)) * xp.special.log_softmax(x, axis=0))
