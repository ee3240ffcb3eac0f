"""Special functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import (
    beta,
    dawsn,
    erfcx,
    erfinv,
    expit,
    gamma,
    hyperu,
    i0,
    i0e,
    i1,
    i1e,
    iv,
    j0,
    j1,
    jv,
    logsumexp,
    ndtri,
    polygamma,
    softmax,
    zeta,
)
from scipy.special import digamma as psi

import gradcheck
from gradcheck.functions import Array

_DLMF = "NIST Digital Library of Mathematical Functions, section "
_SCIPY = "SciPy Reference, scipy.special."

_SMOOTH = ["gradient", "hvp"]

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
    operators=["gradient", "hvp"],
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


# -- error functions, normal law --------------------------------------------------------------


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -0.7, 0.9, 0.05]),),
        "near zero": (np.array([1e-8, -1e-12, 1e-4, -1e-20]),),
        "near the ends": (np.array([0.999999, -0.9999, 0.99999999, -0.999]),),
    },
    operators=_SMOOTH,
    domain={"y": (-1, 1)},
    tags=["special", "scalar"],
    double_only=["near the ends"],
    source=_DLMF + "7.17",
    gradient=lambda y: _WEIGHTS * np.sqrt(np.pi) / 2 * np.exp(erfinv(y) ** 2),
)
def inverse_error_function(xp: Any, y: Any) -> Any:
    """The inverse of the error function, also near its poles."""
    return _weighted(xp, xp.special.erfinv(y))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.02, 0.3, 0.7, 0.95]),),
        "lower tail": (np.array([1e-3, 1e-8, 1e-5, 1e-4]),),
        "upper tail": (np.array([0.999, 0.99999, 0.9999999, 0.9]),),
    },
    operators=["gradient"],
    domain={"p": (0, 1)},
    tags=["special", "scalar"],
    source=_SCIPY + "ndtri",
    gradient=lambda p: _WEIGHTS * np.sqrt(2 * np.pi) * np.exp(ndtri(p) ** 2 / 2),
)
def normal_quantile(xp: Any, p: Any) -> Any:
    """Quantiles of the standard normal law, also far in the tails."""
    return _weighted(xp, xp.special.ndtri(p))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([-2.5, -0.3, 0.8, 1.9]),),
        "lower tail": (np.array([-30.0, -12.0, -5.5, -20.0]),),
        "far lower tail": (np.array([-100.0, -1e3, -38.5, -1e5]),),
        "upper tail": (np.array([6.0, 8.5, 4.0, 12.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_SCIPY + "log_ndtr",
    gradient=lambda x: _WEIGHTS * np.sqrt(2 / np.pi) / erfcx(-x / np.sqrt(2)),
)
def log_normal_distribution_function(xp: Any, x: Any) -> Any:
    """The logarithm of the normal distribution function, which is a parabola far in the tail."""
    return _weighted(xp, xp.special.log_ndtr(x))


def _erfcx_gradient(x: Array) -> Any:
    """Return the slope of erfcx, for large arguments as Tricomi's function, which does not cancel."""
    return np.where(x > 8, -hyperu(1, 0.5, x**2) / np.sqrt(np.pi), 2 * x * erfcx(x) - 2 / np.sqrt(np.pi))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 0.9, 2.0]),),
        "large": (np.array([30.0, 8.5, 100.0, 15.0]),),
        "very negative": (np.array([-5.0, -12.5, -20.0, -3.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    double_only=["very negative"],
    source=_DLMF + "7.2",
    gradient=lambda x: _WEIGHTS * _erfcx_gradient(x),
)
def scaled_complementary_error_function(xp: Any, x: Any) -> Any:
    """The complementary error function times exp(x^2), whose slope is a difference that cancels at large x."""
    return _weighted(xp, xp.special.erfcx(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 0.5, 2.0]),),
        "near zero": (np.array([1e-9, -1e-5, 0.0, 1e-3]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "7.2",
    gradient=lambda x: _WEIGHTS * (1 - 2 * x * dawsn(x)),
)
def dawson_integral(xp: Any, x: Any) -> Any:
    """Dawson's integral."""
    return _weighted(xp, xp.special.dawsn(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([12.0, -30.0, 8.5, 50.0]),)},
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "7.12",
)
def dawson_integral_tail(xp: Any, x: Any) -> Any:
    """Dawson's integral far out, where its slope 1 - 2 x F(x) cancels."""
    return _weighted(xp, xp.special.dawsn(x))


# -- entropies --------------------------------------------------------------------------------


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.1, 0.4, 0.7, 1.3]),),
        "near zero": (np.array([1e-3, 1e-4, 1e-5, 0.5]),),
        "large": (np.array([50.0, 12.0, 3.5, 300.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_SCIPY + "entr",
    gradient=lambda x: -_WEIGHTS * (np.log(x) + 1),
)
def entropy_terms(xp: Any, x: Any) -> Any:
    """The terms -x log x of an entropy, whose slope has no end at 0."""
    return _weighted(xp, xp.special.entr(x))


def _table(xp: Any) -> Any:
    """Return the weights as a matrix."""
    return xp.reshape(xp.asarray(_WEIGHTS), (2, 2))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5], [2.0]]), np.array([[0.7, 3.0], [1.2, 0.4]])),
        "near zero": (np.array([[1e-5], [1e-3]]), np.array([[0.7, 1e-3], [1e-4, 0.4]])),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf), "y": (0, np.inf)},
    tags=["special", "scalar", "broadcasting"],
    source=_SCIPY + "rel_entr",
    gradient=lambda x, y: (
        np.sum(_WEIGHTS.reshape(2, 2) * (np.log(x / y) + 1), axis=1, keepdims=True),
        -_WEIGHTS.reshape(2, 2) * x / y,
    ),
)
def relative_entropy_terms(xp: Any, x: Any, y: Any) -> Any:
    """The terms x log(x / y) of a relative entropy, x broadcast."""
    return xp.sum(_table(xp) * xp.special.rel_entr(x, y))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, 2.0, 1.1, 3.0]), np.array([0.7, 3.0, 1.2, 0.4])),
        "nearly equal": (np.array([1.0, 2.0, 0.5, 3.0]), np.array([1.000001, 1.9999, 0.50000001, 3.001])),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf), "y": (0, np.inf)},
    tags=["special", "scalar"],
    source=_SCIPY + "kl_div",
    gradient=lambda x, y: (_WEIGHTS * np.log1p((x - y) / y), _WEIGHTS * (y - x) / y),
)
def poisson_divergence(xp: Any, x: Any, y: Any) -> Any:
    """The terms x log(x / y) - x + y of a divergence, with slopes that vanish where x and y meet."""
    return _weighted(xp, xp.special.kl_div(x, y))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, 2.0, -1.1, 3.0]), np.array([0.7, -0.3, 1.2, 0.4])),
        "small": (np.array([0.5, 2.0, -1.1, 3.0]), np.array([1e-10, -1e-14, 1e-5, 1e-20])),
        "zero factor": (np.array([0.0, 2.0, 0.0, 3.0]), np.array([0.7, -0.3, 1.2, 0.4])),
    },
    operators=_SMOOTH,
    domain={"y": (-1, np.inf)},
    tags=["special", "scalar"],
    source=_SCIPY + "xlog1py",
    gradient=lambda x, y: (_WEIGHTS * np.log1p(y), _WEIGHTS * x / (1 + y)),
)
def x_log_one_plus_y(xp: Any, x: Any, y: Any) -> Any:
    """The product x log(1 + y), whose slope by x is log(1 + y) at x = 0 too."""
    return _weighted(xp, xp.special.xlog1py(x, y))


# -- gamma and its kin ------------------------------------------------------------------------


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, 1.5, 2.5, 4.2]),),
        "negative": (np.array([-0.5, -1.3, -2.7, -3.4]),),
        "large": (np.array([3.5, 7.2, 12.5, 9.9]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "5.2",
    gradient=lambda x: _WEIGHTS * gamma(x) * psi(x),
)
def gamma_function(xp: Any, x: Any) -> Any:
    """The gamma function, on both sides of its poles."""
    return _weighted(xp, xp.special.gamma(x))


@gradcheck.case(
    inputs=lambda rng: {
        "near poles": (np.array([1e-6, -0.999, -2.00001, 1e-3]),),
        "large": (np.array([30.5, 70.2, 20.5, 140.5]),),
    },
    operators=["gradient"],
    tags=["special", "scalar"],
    double_only=["large"],
    source=_DLMF + "5.2",
)
def gamma_function_edges(xp: Any, x: Any) -> Any:
    """The gamma function beside its poles and near overflow."""
    return _weighted(xp, xp.special.gamma(x))


@gradcheck.case(
    inputs=lambda rng: {
        "negative": (np.array([-0.5, -1.3, -2.7, -30.4]),),
        "near poles": (np.array([1e-8, -0.999, -2.00001, 1e-300]),),
        "near its zeros": (np.array([1.000001, 1.9999, 1.0000000001, 2.001]),),
        "large": (np.array([1e3, 1e6, 1e10, 1e15]),),
    },
    operators=["gradient"],
    tags=["special", "scalar"],
    double_only=["near poles"],
    source=_DLMF + "5.5",
)
def log_gamma_edges(xp: Any, x: Any) -> Any:
    """The logarithm of the gamma function left of 0, beside poles and zeros, and far out."""
    return _weighted(xp, xp.special.gammaln(x))


@gradcheck.case(
    inputs=lambda rng: {
        "very large": (np.array([1e3, 1e6, 250.0, 1e8]),),
        "ordinary": (np.array([0.4, 1.5, 2.5, 7.0]),),
        "negative": (np.array([-0.5, -1.3, -2.7, -3.4]),),
        "near poles": (np.array([1e-5, -0.9999, -2.0001, 1e-3]),),
        "far below 0": (np.array([-6.6, -8.93, -12.4, -30.3]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "5.15",
)
def digamma_edges(xp: Any, x: Any) -> Any:
    """The digamma function at small arguments, left of 0 and beside its poles."""
    return _weighted(xp, xp.special.digamma(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, 1.5, 2.5, 7.0]),),
        "near zero": (np.array([1e-3, 1e-5, 0.02, 1e-8]),),
        "large": (np.array([50.0, 1e3, 1e6, 250.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "5.15",
    gradient=lambda x: _WEIGHTS * polygamma(2, x),
)
def trigamma(xp: Any, x: Any) -> Any:
    """The first derivative of digamma."""
    return _weighted(xp, xp.special.polygamma(1, x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, 1.5, 2.5, 7.0]),),
        "near zero": (np.array([1e-3, 1e-5, 0.02, 0.1]),),
        "large": (np.array([50.0, 1e3, 1e4, 250.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "5.15",
    gradient=lambda x: _WEIGHTS * polygamma(4, x),
)
def pentagamma(xp: Any, x: Any) -> Any:
    """The third derivative of digamma."""
    return _weighted(xp, xp.special.polygamma(3, x))


def _beta_gradient(a: Array, b: Array) -> Any:
    values = _WEIGHTS * beta(a, b)
    return values * (psi(a) - psi(a + b)), values * (psi(b) - psi(a + b))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 1.2, 2.5, 3.0]), np.array([1.3, 0.4, 2.0, 0.9])),
        "near zero": (np.array([1e-3, 1e-6, 0.5, 2.0]), np.array([1e-4, 0.7, 1e-5, 1e-3])),
        "large": (np.array([2.0, 60.0, 25.0, 80.0]), np.array([50.0, 3.0, 45.0, 20.0])),
    },
    operators=["gradient"],
    domain={"a": (0, np.inf), "b": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "5.12",
    gradient=_beta_gradient,
)
def beta_function(xp: Any, a: Any, b: Any) -> Any:
    """The beta function."""
    return _weighted(xp, xp.special.beta(a, b))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 12.0, 2.5, 30.0]), np.array([1.3, 0.4, 20.0, 0.9])),
        "one large": (np.array([1e4, 1e6, 1e3, 1e5]), np.array([0.5, 1.5, 0.25, 2.5])),
    },
    operators=["gradient"],
    domain={"a": (0, np.inf), "b": (0, np.inf)},
    tags=["special", "scalar"],
    source=_SCIPY + "betaln",
)
def log_beta_function(xp: Any, a: Any, b: Any) -> Any:
    """The logarithm of the beta function, whose slope is a difference of two digammas."""
    return _weighted(xp, xp.special.betaln(a, b))


_SHAPES = np.array([1.7, 0.6, 3.2, 2.4])
_RATES = np.array([0.8, 2.1, 1.5, 3.6])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.9, 0.3, 4.0, 2.2]),),
        "lower tail": (np.array([1e-3, 1e-8, 0.05, 1e-5]),),
        "upper tail": (np.array([20.0, 3.5, 60.0, 45.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "8.2",
    gradient=lambda x: _WEIGHTS * x ** (_SHAPES - 1) * np.exp(-x) / gamma(_SHAPES),
)
def gamma_distribution_function(xp: Any, x: Any) -> Any:
    """The distribution functions of four gamma laws."""
    return _weighted(xp, xp.special.gammainc(xp.asarray(_SHAPES), x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.9, 0.3, 4.0, 2.2]),),
        "upper tail": (np.array([20.0, 3.5, 60.0, 300.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "8.2",
    gradient=lambda x: -_WEIGHTS * x ** (_SHAPES - 1) * np.exp(-x) / gamma(_SHAPES),
)
def gamma_survival_function(xp: Any, x: Any) -> Any:
    """The survival functions of four gamma laws, also where 1 minus the distribution function is 0."""
    return _weighted(xp, xp.special.gammaincc(xp.asarray(_SHAPES), x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 1.2, 2.5, 4.0]), np.array([0.9, 0.3, 4.0, 2.2])),
        "small order": (np.array([1e-3, 0.01, 1e-5, 0.1]), np.array([0.9, 0.3, 4.0, 2.2])),
        "large order": (np.array([30.0, 80.0, 200.0, 50.0]), np.array([32.0, 70.0, 210.0, 45.0])),
        "lower tail": (np.array([2.0, 5.0, 10.0, 3.0]), np.array([0.01, 0.5, 1.0, 1e-3])),
        "upper tail": (np.array([2.0, 5.0, 1.0, 3.0]), np.array([20.0, 30.0, 15.0, 25.0])),
    },
    operators=["gradient"],
    domain={"a": (0, np.inf), "x": (0, np.inf)},
    tags=["special", "scalar", "parameters"],
    source="Moore (1982), Algorithm AS 187: Derivatives of the incomplete gamma integral, Applied Statistics 31",
)
def incomplete_gamma_order(xp: Any, a: Any, x: Any) -> Any:
    """The lower incomplete gamma function, by its order too."""
    return _weighted(xp, xp.special.gammainc(a, x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 1.2, 2.5, 4.0]), np.array([0.9, 0.3, 4.0, 2.2])),
        "upper tail": (np.array([2.0, 5.0, 1.0, 3.0]), np.array([20.0, 30.0, 15.0, 25.0])),
    },
    operators=["gradient"],
    domain={"a": (0, np.inf), "x": (0, np.inf)},
    tags=["special", "scalar", "parameters"],
    source="Moore (1982), Algorithm AS 187: Derivatives of the incomplete gamma integral, Applied Statistics 31",
)
def incomplete_gamma_complement_order(xp: Any, a: Any, x: Any) -> Any:
    """The upper incomplete gamma function, by its order too."""
    return _weighted(xp, xp.special.gammaincc(a, x))


def _beta_density(x: Array) -> Any:
    return x ** (_SHAPES - 1) * (1 - x) ** (_RATES - 1) / beta(_SHAPES, _RATES)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.2, 0.45, 0.7, 0.55]),),
        "lower tail": (np.array([1e-3, 1e-8, 0.01, 1e-5]),),
        "upper tail": (np.array([0.999, 0.99, 0.9999, 0.95]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, 1)},
    tags=["special", "scalar"],
    source=_DLMF + "8.17",
    gradient=lambda x: _WEIGHTS * _beta_density(x),
)
def beta_distribution_function(xp: Any, x: Any) -> Any:
    """The distribution functions of four beta laws."""
    return _weighted(xp, xp.special.betainc(xp.asarray(_SHAPES), xp.asarray(_RATES), x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 1.2]), np.array([1.3, 2.4]), np.array([0.3, 0.6])),
        "lower tail": (np.array([2.0, 5.0]), np.array([3.0, 0.5]), np.array([0.01, 0.05])),
    },
    operators=["gradient", "hvp"],
    domain={"a": (0, np.inf), "b": (0, np.inf), "x": (0, 1)},
    tags=["special", "scalar", "parameters"],
    source="Boik and Robison-Cox (1998), Derivatives of the incomplete beta function, J. Statistical Software 3(1)",
)
def incomplete_beta_parameters(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The incomplete beta function, by its parameters too, for which no framework has a rule."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.special.betainc(a, b, x))


# -- zeta, Bessel, integrals ------------------------------------------------------------------


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.2, 2.7, 0.8]),),
        "near zero": (np.array([1e-3, 1e-5, 0.02, 0.1]),),
        "large": (np.array([50.0, 1e3, 1e6, 250.0]),),
    },
    operators=["gradient"],
    domain={"q": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "25.11",
    gradient=lambda q: -_WEIGHTS * (_SHAPES + 1) * zeta(_SHAPES + 2, q),
)
def hurwitz_zeta(xp: Any, q: Any) -> Any:
    """Hurwitz's zeta function, by its shift."""
    return _weighted(xp, xp.special.zeta(xp.asarray(_SHAPES + 1), q))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.5, 2.4, 3.7, 6.0]),),
        "near the pole": (np.array([1.001, 1.00001, 1.02, 1.1]),),
        "large": (np.array([30.0, 20.0, 45.0, 12.0]),),
    },
    operators=["gradient"],
    domain={"s": (1, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "25.2",
)
def riemann_zeta(xp: Any, s: Any) -> Any:
    """Riemann's zeta function, by its exponent."""
    return _weighted(xp, xp.special.zeta(s, xp.ones_like(s)))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.7, 0.8]),),
        "zero": (np.array([0.0, -0.25, 1e-2, 0.5]),),
        "large": (np.array([20.0, -9.0, 50.0, 35.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "10.29",
    gradient=lambda x: _WEIGHTS * i1(x),
)
def modified_bessel_i0(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 0, which is even and smooth at 0."""
    return _weighted(xp, xp.special.i0(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.7, 0.8]),),
        "zero": (np.array([0.0, -0.25, 1e-2, 0.5]),),
        "large": (np.array([20.0, -9.0, 50.0, 35.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "10.29",
    gradient=lambda x: _WEIGHTS * (i0(x) + iv(2, x)) / 2,
)
def modified_bessel_i1(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 1, whose slope at 0 is 1/2."""
    return _weighted(xp, xp.special.i1(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.7, 0.8]),),
        "large": (np.array([12.0, -9.0, 20.0, 15.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_SCIPY + "i0e",
    gradient=lambda x: _WEIGHTS * (i1e(x) - np.sign(x) * i0e(x)),
)
def scaled_bessel_i0e(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 0 without its growth."""
    return _weighted(xp, xp.special.i0e(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.7, 0.8]),),
        "zero": (np.array([0.0, -0.25, 1e-2, 0.5]),),
        "large": (np.array([20.0, -100.0, 60.0, 35.0]),),
    },
    operators=["gradient"],
    tags=["special", "scalar"],
    source=_SCIPY + "i1e",
)
def scaled_bessel_i1e(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 1 without its growth, which has a slope at 0 but no second one."""
    return _weighted(xp, xp.special.i1e(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.7, 8.0]),),
        "zero": (np.array([0.0, -0.25, 1e-2, 0.5]),),
        "large": (np.array([12.5, 20.0, 9.0, 15.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "10.6",
    gradient=lambda x: -_WEIGHTS * j1(x),
)
def bessel_j0(xp: Any, x: Any) -> Any:
    """The Bessel function of the first kind and order 0."""
    return _weighted(xp, xp.special.j0(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.7, 8.0]),),
        "zero": (np.array([0.0, -0.25, 1e-2, 0.5]),),
        "large": (np.array([12.5, 20.0, 9.0, 15.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "10.6",
    gradient=lambda x: _WEIGHTS * (j0(x) - jv(2, x)) / 2,
)
def bessel_j1(xp: Any, x: Any) -> Any:
    """The Bessel function of the first kind and order 1, whose slope at 0 is 1/2."""
    return _weighted(xp, xp.special.j1(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.2, 2.7, 0.8]),),
        "large": (np.array([20.0, 8.0, 50.0, 35.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "6.2",
    gradient=lambda x: -_WEIGHTS * np.exp(-x) / x,
)
def exponential_integral_e1(xp: Any, x: Any) -> Any:
    """The exponential integral E1."""
    return _weighted(xp, xp.special.exp1(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.2, 2.7, 0.8]),),
        "near its zero": (np.array([0.3725, 0.3724, 0.373, 0.37]),),
        "large": (np.array([20.0, 8.0, 50.0, 35.0]),),
        "negative": (np.array([-0.3, -1.2, -2.7, -10.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "6.2",
    gradient=lambda x: _WEIGHTS * np.exp(x) / x,
)
def exponential_integral_ei(xp: Any, x: Any) -> Any:
    """The exponential integral Ei on both sides of its pole."""
    return _weighted(xp, xp.special.expi(x))


def _dilogarithm_gradient(x: Array) -> Any:
    return _WEIGHTS * np.where(x == 1, -1.0, np.log(x) / np.where(x == 1, 1.0, 1 - x))


@gradcheck.case(
    inputs=lambda rng: {
        "below a half": (np.array([0.3, 0.45, 0.1, 0.02]),),
        "around one": (np.array([0.7, 1.3, 1.001, 0.99999]),),
        "one": (np.array([1.0, 0.4, 3.0, 0.2]),),
        "large": (np.array([2.5, 40.0, 1e3, 7.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["special", "scalar"],
    source=_DLMF + "25.12",
    gradient=_dilogarithm_gradient,
)
def dilogarithm(xp: Any, x: Any) -> Any:
    """The dilogarithm of 1 - x, which is smooth at x = 1."""
    return _weighted(xp, xp.special.spence(x))


# -- sums of exponentials ---------------------------------------------------------------------


@gradcheck.case(
    inputs=lambda rng: {
        "large offset": (np.array([1000.3, 1001.2, 999.5, 1000.9]),),
        "negative offset": (np.array([-1000.3, -1001.2, -999.5, -1000.9]),),
        "far apart": (np.array([0.3, -30.0, 2.0, -12.5]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_SCIPY + "logsumexp",
    gradient=lambda x: (2 * logsumexp(x) + 1) * softmax(x),
)
def log_sum_exp_offsets(xp: Any, x: Any) -> Any:
    """A log-sum-exp and its square where the exponentials overflow, vanish or differ by orders of magnitude."""
    total = xp.special.logsumexp(x)
    return total**2 + total


def _offset_softmax_gradient(x: Array) -> Any:
    shares = softmax(x)
    return shares * (_WEIGHTS - np.sum(_WEIGHTS * shares))


@gradcheck.case(
    inputs=lambda rng: {
        "large offset": (np.array([1000.3, 1001.2, 999.5, 1000.9]),),
        "far apart": (np.array([0.3, -30.0, 2.0, -12.5]),),
        "saturated": (np.array([12.0, 0.0, -3.0, 1.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_SCIPY + "softmax",
    gradient=_offset_softmax_gradient,
)
def softmax_offsets(xp: Any, x: Any) -> Any:
    """A weighted softmax with large offsets and with shares that all but vanish."""
    return _weighted(xp, xp.special.softmax(x))


@gradcheck.case(
    inputs=lambda rng: {
        "saturated": (np.array([40.0, -40.0, 25.0, -2.0]),),
        "far tail": (np.array([-700.0, -1.5, -300.0, -50.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_SCIPY + "expit",
    gradient=lambda x: _WEIGHTS * expit(x) * expit(-x),
)
def logistic_tails(xp: Any, x: Any) -> Any:
    """The logistic function where it is all but 0 or 1."""
    return _weighted(xp, xp.special.expit(x))


@gradcheck.case(
    inputs=lambda rng: {
        "near zero": (np.array([1e-5, 1e-3, 1e-4, 1e-6]),),
        "near one": (np.array([0.999, 0.99999, 0.9999999, 0.95]),),
    },
    operators=_SMOOTH,
    domain={"p": (0, 1)},
    tags=["special", "scalar"],
    source=_SCIPY + "logit",
    gradient=lambda p: _WEIGHTS / (p * (1 - p)),
)
def logit_edges(xp: Any, p: Any) -> Any:
    """The logit next to the ends of its domain."""
    return _weighted(xp, xp.special.logit(p))


@gradcheck.case(
    inputs=lambda rng: {
        "zero factor": (np.array([0.0, 2.0, 0.0, 3.0]), np.array([0.7, 0.3, 1.2, 0.4])),
        "near one": (np.array([0.5, 2.0, -1.1, 3.0]), np.array([1.0000001, 0.99999, 1.001, 0.9999999])),
    },
    operators=_SMOOTH,
    domain={"y": (0, np.inf)},
    tags=["special", "scalar"],
    source=_SCIPY + "xlogy",
    gradient=lambda x, y: (_WEIGHTS * np.log(y), _WEIGHTS * x / y),
)
def x_log_y_edges(xp: Any, x: Any, y: Any) -> Any:
    """The product x log y at x = 0, where its slope by x is log y, and near y = 1."""
    return _weighted(xp, xp.special.xlogy(x, y))


@gradcheck.case(
    inputs=lambda rng: {
        "far tail": (np.array([10.0, 1.5, 20.0, 26.0]),),
        "near one": (np.array([-4.0, -2.5, -3.0, -6.2]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_DLMF + "7.12",
    gradient=lambda x: -_WEIGHTS * 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
)
def error_function_tails(xp: Any, x: Any) -> Any:
    """The complementary error function down to 1e-295."""
    return _weighted(xp, xp.special.erfc(x))


@gradcheck.case(
    inputs=lambda rng: {
        "lower tail": (np.array([-8.0, -20.0, -37.0, -2.0]),),
        "upper tail": (np.array([6.0, 8.0, 4.0, 5.0]),),
    },
    operators=_SMOOTH,
    tags=["special", "scalar"],
    source=_SCIPY + "ndtr",
    gradient=lambda x: _WEIGHTS * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
)
def normal_distribution_tails(xp: Any, x: Any) -> Any:
    """The normal distribution function far in its tails."""
    return _weighted(xp, xp.special.ndtr(x))
