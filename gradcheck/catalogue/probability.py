"""Logarithms of densities and mass functions, in the observations and the parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma as psi
from scipy.special import expit

import gradcheck
from gradcheck.functions import Array

_JOHNSON = "Johnson, Kotz & Balakrishnan (1994-95), Continuous Univariate Distributions, 2nd ed., Wiley, chapter "
_COUNTS = np.array([2.0, 0.0, 5.0])
_DATA = np.array([0.8, 2.1, 1.3])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4)},
    operators=["gradient", "hessian", "hvp"],
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "13",
    gradient=lambda x, m, s: (
        (m - x) / s**2,
        np.sum(x - m) / s**2,
        np.sum((x - m) ** 2) / s**3 - x.size / s,
    ),
)
def normal_log_density(xp: Any, x: Any, mean: Any, deviation: Any) -> Any:
    """Log density of a normal sample."""
    z = (x - mean) / deviation
    return xp.sum(-0.5 * z**2 - xp.log(deviation) - 0.5 * math.log(2.0 * math.pi))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 2.5, 1.7)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "17",
    gradient=lambda x, a, b: (
        (a - 1) / x - b,
        np.sum(np.log(x)) + x.size * (np.log(b) - psi(a)),
        x.size * a / b - np.sum(x),
    ),
)
def gamma_log_density(xp: Any, x: Any, shape: Any, rate: Any) -> Any:
    """Log density of a gamma sample."""
    return xp.sum(shape * xp.log(rate) - xp.special.gammaln(shape) + (shape - 1.0) * xp.log(x) - rate * x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.2, 0.65]), 2.5, 1.7)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "25",
    gradient=lambda x, a, b: (
        (a - 1) / x - (b - 1) / (1 - x),
        np.sum(np.log(x)) + x.size * (psi(a + b) - psi(a)),
        np.sum(np.log(1 - x)) + x.size * (psi(a + b) - psi(b)),
    ),
)
def beta_log_density(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """Log density of a beta sample."""
    constant = xp.special.gammaln(a + b) - xp.special.gammaln(a) - xp.special.gammaln(b)
    return xp.sum(constant + (a - 1.0) * xp.log(x) + (b - 1.0) * xp.log1p(-x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0]), 4.5)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "28",
    gradient=lambda t, n: (
        -(n + 1) * t / (n + t**2),
        np.sum(
            0.5 * (psi((n + 1) / 2) - psi(n / 2) - 1 / n - np.log1p(t**2 / n)) + (n + 1) * t**2 / (2 * n * (n + t**2))
        ),
    ),
)
def student_log_density(xp: Any, t: Any, freedom: Any) -> Any:
    """Log density of Student's t, in the degrees of freedom too."""
    half = (freedom + 1.0) / 2.0
    constant = xp.special.gammaln(half) - xp.special.gammaln(freedom / 2.0) - 0.5 * xp.log(xp.pi * freedom)
    return xp.sum(constant - half * xp.log1p(t**2 / freedom))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "16",
    gradient=lambda x, m, s: (
        -2 * (x - m) / (s**2 + (x - m) ** 2),
        np.sum(2 * (x - m) / (s**2 + (x - m) ** 2)),
        np.sum(1 / s - 2 * s / (s**2 + (x - m) ** 2)),
    ),
)
def cauchy_log_density(xp: Any, x: Any, centre: Any, scale: Any) -> Any:
    """Log density of a Cauchy sample."""
    return xp.sum(xp.log(scale) - math.log(math.pi) - xp.log(scale**2 + (x - centre) ** 2))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "24",
    gradient=lambda x, m, s: (
        -np.sign(x - m) / s,
        np.sum(np.sign(x - m)) / s,
        np.sum(np.abs(x - m)) / s**2 - x.size / s,
    ),
)
def laplace_log_density(xp: Any, x: Any, centre: Any, scale: Any) -> Any:
    """Log density of a Laplace sample, away from its kink."""
    return -xp.sum(xp.abs(x - centre) / scale + xp.log(2.0 * scale))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 1.6, 2.2)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "21",
    gradient=lambda x, k, b: (
        (k - 1 - k * (x / b) ** k) / x,
        np.sum(1 / k + np.log(x / b) * (1 - (x / b) ** k)),
        np.sum(k / b * ((x / b) ** k - 1)),
    ),
)
def weibull_log_density(xp: Any, x: Any, shape: Any, scale: Any) -> Any:
    """Log density of a Weibull sample."""
    z = x / scale
    return xp.sum(xp.log(shape / scale) + (shape - 1.0) * xp.log(z) - z**shape)


def _gumbel_gradient(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    slope = (np.exp(-z) - 1) / s
    return slope, -np.sum(slope), -np.sum(1 / s + z * slope)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 0.5, 1.2)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "22",
    gradient=_gumbel_gradient,
)
def gumbel_log_density(xp: Any, x: Any, mode: Any, scale: Any) -> Any:
    """Log density of a Gumbel sample."""
    z = (x - mode) / scale
    return -xp.sum(z + xp.exp(-z) + xp.log(scale))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.7, 1.9, 3.2]),)},
    tags=["probability", "scalar"],
    source="Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, 3rd ed., Wiley, chapter 4",
    gradient=lambda rate: _COUNTS / rate - 1,
)
def poisson_log_mass(xp: Any, rate: Any) -> Any:
    """Log probability of three counts."""
    counts = xp.asarray(_COUNTS)
    return xp.sum(counts * xp.log(rate) - rate - xp.special.gammaln(counts + 1.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, 0.35)},
    tags=["probability", "scalar"],
    source="Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, 3rd ed., Wiley, chapter 5",
    gradient=lambda r, p: (
        np.sum(psi(_COUNTS + r) - psi(r) + np.log(p)),
        np.sum(r / p - _COUNTS / (1 - p)),
    ),
)
def negative_binomial_log_mass(xp: Any, r: Any, p: Any) -> Any:
    """Log probability of three counts."""
    counts = xp.asarray(_COUNTS)
    constant = xp.special.gammaln(counts + r) - xp.special.gammaln(r) - xp.special.gammaln(counts + 1.0)
    return xp.sum(constant + r * xp.log(p) + counts * xp.log1p(-p))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.2, 0.5, 0.3]), np.array([1.5, 0.8, 3.0]))},
    tags=["probability", "scalar"],
    source="Kotz, Balakrishnan & Johnson (2000), Continuous Multivariate Distributions, 2nd ed., Wiley, chapter 49",
    gradient=lambda p, a: ((a - 1) / p, np.log(p) - psi(a) + psi(np.sum(a))),
)
def dirichlet_log_density(xp: Any, p: Any, concentration: Any) -> Any:
    """Log density of a point of the simplex, in each of its coordinates freely."""
    constant = xp.special.gammaln(xp.sum(concentration)) - xp.sum(xp.special.gammaln(concentration))
    return constant + xp.sum((concentration - 1.0) * xp.log(p))


def _multivariate_normal_gradient(x: Array, mean: Array, factor: Array) -> Any:
    covariance = factor @ factor.T
    whitened = np.linalg.solve(covariance, x - mean)
    return -whitened, whitened, (np.outer(whitened, whitened) - np.linalg.inv(covariance)) @ factor


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2]), np.array([0.3, 0.1]), np.array([[1.5, 0.4], [-0.6, 0.9]]))},
    operators=["gradient", "hessian", "hvp"],
    tags=["probability", "scalar", "matrix"],
    source="Kotz, Balakrishnan & Johnson (2000), Continuous Multivariate Distributions, 2nd ed., Wiley, chapter 45",
    gradient=_multivariate_normal_gradient,
)
def multivariate_normal_log_density(xp: Any, x: Any, mean: Any, factor: Any) -> Any:
    """Log density of a point, its covariance given by a factor."""
    covariance = factor @ xp.transpose(factor)
    difference = xp.reshape(x - mean, (2, 1))
    square = xp.sum(difference * xp.linalg.solve(covariance, difference))
    return -0.5 * (square + xp.linalg.slogdet(covariance)[1]) - math.log(2.0 * math.pi)


def _mixture_gradient(logits: Array, means: Array) -> Any:
    weights = np.exp(logits) / np.sum(np.exp(logits))
    joint = weights[:, None] * np.exp(-0.5 * (_DATA - means[:, None]) ** 2)
    shares = joint / joint.sum(axis=0)
    return shares.sum(axis=1) - _DATA.size * weights, np.sum(shares * (_DATA - means[:, None]), axis=1)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.3]), np.array([0.5, 2.5]))},
    tags=["probability", "scalar", "broadcasting"],
    source="Bishop (2006), Pattern Recognition and Machine Learning, Springer, section 9.2",
    gradient=_mixture_gradient,
)
def gaussian_mixture(xp: Any, logits: Any, means: Any) -> Any:
    """Log likelihood of three numbers under two normal components, up to a constant."""
    distances = (xp.asarray(_DATA)[None, :] - means[:, None]) ** 2
    logs = xp.special.log_softmax(logits, axis=0)[:, None] - 0.5 * distances
    return xp.sum(xp.special.logsumexp(logs, axis=0))


_DESIGN = np.array([[1.0, 0.5], [1.0, -1.2], [1.0, 2.0], [1.0, 0.3]])
_OUTCOMES = np.array([1.0, 0.0, 1.0, 0.0])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.7]),)},
    tags=["probability", "scalar"],
    source="McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., Chapman & Hall, chapter 4",
    gradient=lambda beta: _DESIGN.T @ (_OUTCOMES - expit(_DESIGN @ beta)),
)
def logistic_regression(xp: Any, beta: Any) -> Any:
    """Log likelihood of four outcomes."""
    eta = xp.matmul(xp.asarray(_DESIGN), beta)
    return xp.sum(xp.asarray(_OUTCOMES) * eta - xp.log1p(xp.exp(eta)))
