"""Logarithms of densities and mass functions of one variable, in the observations and the parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma as psi
from scipy.special import erfcx, expit, factorial, hyp2f1, i0e, i1e, ndtr, polygamma

import gradcheck
from gradcheck.functions import Array

_JOHNSON = "Johnson, Kotz & Balakrishnan (1994-95), Continuous Univariate Distributions, 2nd ed., Wiley, chapter "
_COUNTING = "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, 3rd ed., Wiley, chapter "
_COUNTS = np.array([2.0, 0.0, 5.0])
_DATA = np.array([0.8, 2.1, 1.3])


def _symmetric(*rows: tuple[Any, ...]) -> Any:
    """Blocks of a Hessian by those on and right of its diagonal, where only the first argument is an array."""
    size = range(len(rows))
    return tuple(tuple(rows[min(i, j)][abs(i - j)] for j in size) for i in size)


def _location_scale_hessian(z: Array, s: Array, slope: Array, bend: Array, mixed: Any = None, own: Any = None) -> Any:
    """Hessian of a sum of g(z, k) - log(s), z = (x - m) / s, by g_z, g_zz and, where there is a shape k, g_zk, g_kk."""
    tilt = slope + z * bend
    rows = (np.diag(bend), -bend, -tilt), (np.sum(bend), np.sum(tilt)), (np.sum(1 + z * (slope + tilt)),)
    (xx, xm, xs), (mm, ms), (ss,) = (tuple(block / s**2 for block in row) for row in rows)
    if mixed is None:
        return _symmetric((xx, xm, xs), (mm, ms), (ss,))
    xk = mixed / s
    return _symmetric((xx, xm, xs, xk), (mm, ms, -np.sum(xk)), (ss, -np.sum(z * xk)), (np.sum(own),))


def _normal_hessian(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    return _location_scale_hessian(z, s, -z, -np.ones_like(z))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4),
        "far tail": (np.array([40.0, -35.5, 12.0]), 0.3, 1.4),
        "narrow": (np.array([0.301, 0.2995, 0.3004]), 0.3, 0.001),
    },
    operators=["gradient", "hessian"],
    domain={"deviation": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "13",
    gradient=lambda x, m, s: (
        (m - x) / s**2,
        np.sum(x - m) / s**2,
        np.sum((x - m) ** 2) / s**3 - x.size / s,
    ),
    hessian=_normal_hessian,
)
def normal_log_density(xp: Any, x: Any, mean: Any, deviation: Any) -> Any:
    """Log density of a normal sample."""
    z = (x - mean) / deviation
    return xp.sum(-0.5 * z**2 - xp.log(deviation) - 0.5 * math.log(2.0 * math.pi))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 2.5, 1.7),
        "near the edge": (np.array([0.001, 0.02, 0.3]), 0.5, 1.7),
        "large shape": (np.array([950.0, 1010.0, 1052.0]), 1000.0, 1.1),
    },
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "shape": (0, np.inf), "rate": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "17",
    gradient=lambda x, a, b: (
        (a - 1) / x - b,
        np.sum(np.log(x)) + x.size * (np.log(b) - psi(a)),
        x.size * a / b - np.sum(x),
    ),
    hessian=lambda x, a, b: _symmetric(
        (np.diag((1 - a) / x**2), 1 / x, -np.ones_like(x)),
        (-x.size * polygamma(1, a), x.size / b),
        (-x.size * a / b**2,),
    ),
)
def gamma_log_density(xp: Any, x: Any, shape: Any, rate: Any) -> Any:
    """Log density of a gamma sample."""
    return xp.sum(shape * xp.log(rate) - xp.special.gammaln(shape) + (shape - 1.0) * xp.log(x) - rate * x)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.2, 0.65]), 2.5, 1.7),
        "near the edges": (np.array([0.001, 0.998]), 0.5, 1.7),
        "large parameters": (np.array([0.38, 0.41]), 400.0, 600.0),
    },
    operators=["gradient", "hessian"],
    domain={"x": (0, 1), "a": (0, np.inf), "b": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "25",
    gradient=lambda x, a, b: (
        (a - 1) / x - (b - 1) / (1 - x),
        np.sum(np.log(x)) + x.size * (psi(a + b) - psi(a)),
        np.sum(np.log(1 - x)) + x.size * (psi(a + b) - psi(b)),
    ),
    hessian=lambda x, a, b: _symmetric(
        (np.diag((1 - a) / x**2 + (1 - b) / (1 - x) ** 2), 1 / x, -1 / (1 - x)),
        (x.size * (polygamma(1, a + b) - polygamma(1, a)), x.size * polygamma(1, a + b)),
        (x.size * (polygamma(1, a + b) - polygamma(1, b)),),
    ),
)
def beta_log_density(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """Log density of a beta sample."""
    constant = xp.special.gammaln(a + b) - xp.special.gammaln(a) - xp.special.gammaln(b)
    return xp.sum(constant + (a - 1.0) * xp.log(x) + (b - 1.0) * xp.log1p(-x))


def _student_hessian(t: Array, n: Array) -> Any:
    square = n + t**2
    mixed = t * (1 - t**2) / square**2
    constant = (polygamma(1, (n + 1) / 2) - polygamma(1, n / 2)) / 4 + 1 / (2 * n**2)
    own = np.sum(constant + t**2 * ((n - 1) * t**2 - 2 * n) / (2 * (n * square) ** 2))
    return (np.diag((n + 1) * (t**2 - n) / square**2), mixed), (mixed, own)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]), 4.5),
        "far tail": (np.array([30.0, -120.0, 8.0]), 1.5),
        "nearly normal": (np.array([0.5, -1.2, 2.0]), 60.0),
    },
    operators=["gradient", "hessian"],
    domain={"freedom": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "28",
    gradient=lambda t, n: (
        -(n + 1) * t / (n + t**2),
        np.sum(
            0.5 * (psi((n + 1) / 2) - psi(n / 2) - 1 / n - np.log1p(t**2 / n)) + (n + 1) * t**2 / (2 * n * (n + t**2))
        ),
    ),
    hessian=_student_hessian,
)
def student_log_density(xp: Any, t: Any, freedom: Any) -> Any:
    """Log density of Student's t, in the degrees of freedom too."""
    half = (freedom + 1.0) / 2.0
    constant = xp.special.gammaln(half) - xp.special.gammaln(freedom / 2.0) - 0.5 * xp.log(xp.pi * freedom)
    return xp.sum(constant - half * xp.log1p(t**2 / freedom))


def _cauchy_hessian(x: Array, m: Array, s: Array) -> Any:
    away = x - m
    square = s**2 + away**2
    bend, mixed = 2 * (away**2 - s**2) / square**2, 4 * s * away / square**2
    return _symmetric((np.diag(bend), -bend, mixed), (np.sum(bend), -np.sum(mixed)), (-np.sum(1 / s**2 + bend),))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4),
        "far tail": (np.array([500.0, -1200.0, 80.0]), 0.3, 1.4),
    },
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "16",
    gradient=lambda x, m, s: (
        -2 * (x - m) / (s**2 + (x - m) ** 2),
        np.sum(2 * (x - m) / (s**2 + (x - m) ** 2)),
        np.sum(1 / s - 2 * s / (s**2 + (x - m) ** 2)),
    ),
    hessian=_cauchy_hessian,
)
def cauchy_log_density(xp: Any, x: Any, centre: Any, scale: Any) -> Any:
    """Log density of a Cauchy sample."""
    return xp.sum(xp.log(scale) - math.log(math.pi) - xp.log(scale**2 + (x - centre) ** 2))


def _laplace_hessian(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    return _location_scale_hessian(z, s, -np.sign(z), np.zeros_like(z))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4)},
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "24",
    gradient=lambda x, m, s: (
        -np.sign(x - m) / s,
        np.sum(np.sign(x - m)) / s,
        np.sum(np.abs(x - m)) / s**2 - x.size / s,
    ),
    hessian=_laplace_hessian,
)
def laplace_log_density(xp: Any, x: Any, centre: Any, scale: Any) -> Any:
    """Log density of a Laplace sample, away from its kink."""
    return -xp.sum(xp.abs(x - centre) / scale + xp.log(2.0 * scale))


def _weibull_hessian(x: Array, k: Array, b: Array) -> Any:
    logs, power = np.log(x / b), (x / b) ** k
    mixed = 1 - power - k * logs * power
    return _symmetric(
        (np.diag((1 - k) * (1 + k * power) / x**2), mixed / x, k**2 * power / (x * b)),
        (-np.sum(1 / k**2 + logs**2 * power), -np.sum(mixed) / b),
        (k * np.sum(1 - (1 + k) * power) / b**2,),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 1.6, 2.2),
        "near the edge": (np.array([0.001, 0.02, 0.3]), 0.7, 2.2),
        "far tail": (np.array([8.0, 11.0, 14.0]), 3.1, 2.2),
    },
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "shape": (0, np.inf), "scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "21",
    gradient=lambda x, k, b: (
        (k - 1 - k * (x / b) ** k) / x,
        np.sum(1 / k + np.log(x / b) * (1 - (x / b) ** k)),
        np.sum(k / b * ((x / b) ** k - 1)),
    ),
    hessian=_weibull_hessian,
)
def weibull_log_density(xp: Any, x: Any, shape: Any, scale: Any) -> Any:
    """Log density of a Weibull sample."""
    z = x / scale
    return xp.sum(xp.log(shape / scale) + (shape - 1.0) * xp.log(z) - z**shape)


def _gumbel_gradient(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    slope = (np.exp(-z) - 1) / s
    return slope, -np.sum(slope), -np.sum(1 / s + z * slope)


def _gumbel_hessian(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    return _location_scale_hessian(z, s, np.expm1(-z), -np.exp(-z))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 0.5, 1.2),
        "left tail": (np.array([-4.0, -6.5, -9.0]), 0.5, 1.2),
        "right tail": (np.array([30.0, 45.0, 60.0]), 0.5, 1.2),
    },
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "22",
    gradient=_gumbel_gradient,
    hessian=_gumbel_hessian,
)
def gumbel_log_density(xp: Any, x: Any, mode: Any, scale: Any) -> Any:
    """Log density of a Gumbel sample."""
    z = (x - mode) / scale
    return -xp.sum(z + xp.exp(-z) + xp.log(scale))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.7, 1.9, 3.2]),), "rare": (np.array([0.001, 0.02, 0.3]),)},
    operators=["gradient", "hessian"],
    domain={"rate": (0, np.inf)},
    tags=["probability", "scalar"],
    source=_COUNTING + "4",
    gradient=lambda rate: _COUNTS / rate - 1,
    hessian=lambda rate: np.diag(-_COUNTS / rate**2),
)
def poisson_log_mass(xp: Any, rate: Any) -> Any:
    """Log probability of three counts."""
    counts = xp.asarray(_COUNTS)
    return xp.sum(counts * xp.log(rate) - rate - xp.special.gammaln(counts + 1.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, 0.35), "nearly Poisson": (500.0, 0.995)},
    operators=["gradient", "hessian"],
    domain={"r": (0, np.inf), "p": (0, 1)},
    tags=["probability", "scalar"],
    source=_COUNTING + "5",
    gradient=lambda r, p: (
        np.sum(psi(_COUNTS + r) - psi(r) + np.log(p)),
        np.sum(r / p - _COUNTS / (1 - p)),
    ),
    hessian=lambda r, p: (
        (np.sum(polygamma(1, _COUNTS + r) - polygamma(1, r)), _COUNTS.size / p),
        (_COUNTS.size / p, -np.sum(r / p**2 + _COUNTS / (1 - p) ** 2)),
    ),
)
def negative_binomial_log_mass(xp: Any, r: Any, p: Any) -> Any:
    """Log probability of three counts."""
    counts = xp.asarray(_COUNTS)
    constant = xp.special.gammaln(counts + r) - xp.special.gammaln(r) - xp.special.gammaln(counts + 1.0)
    return xp.sum(constant + r * xp.log(p) + counts * xp.log1p(-p))


_OUTCOMES_OF_TRIALS = np.array([1.0, 0.0, 1.0])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 0.45, 0.8]),),
        "near the edges": (np.array([0.001, 0.9, 0.999]),),
    },
    operators=["gradient", "hessian"],
    domain={"p": (0, 1)},
    tags=["probability", "scalar"],
    source=_COUNTING + "3",
    gradient=lambda p: (_OUTCOMES_OF_TRIALS - p) / (p * (1 - p)),
    hessian=lambda p: -np.diag(_OUTCOMES_OF_TRIALS / p**2 + (1 - _OUTCOMES_OF_TRIALS) / (1 - p) ** 2),
)
def bernoulli_log_mass(xp: Any, p: Any) -> Any:
    """Log probability of three outcomes, by x log y where x is 0 or 1."""
    outcomes = xp.asarray(_OUTCOMES_OF_TRIALS)
    return xp.sum(xp.special.xlogy(outcomes, p) + xp.special.xlog1py(1.0 - outcomes, -p))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.7, 1.5]),),
        "saturated": (np.array([-2.0, -35.0, 40.0]),),
    },
    operators=["gradient", "hessian"],
    tags=["probability", "scalar"],
    source=_COUNTING + "3",
    gradient=lambda logit: _COUNTS - 7 * expit(logit),
    hessian=lambda logit: np.diag(-7 * expit(logit) * expit(-logit)),
)
def binomial_log_mass(xp: Any, logit: Any) -> Any:
    """Log probability of three counts out of seven, in the logit."""
    counts = xp.asarray(_COUNTS)
    choices = xp.special.gammaln(counts + 1.0) + xp.special.gammaln(8.0 - counts)
    return xp.sum(counts * logit - 7.0 * xp.logaddexp(xp.zeros_like(logit), logit) - choices) + 3.0 * math.lgamma(8.0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, 0.85, 0.4]),), "near the edge": (np.array([0.001, 0.999, 0.01]),)},
    operators=["gradient", "hessian"],
    domain={"p": (0, 1)},
    tags=["probability", "scalar"],
    source=_COUNTING + "5",
    gradient=lambda p: 1 / p - _COUNTS / (1 - p),
    hessian=lambda p: -np.diag(1 / p**2 + _COUNTS / (1 - p) ** 2),
)
def geometric_log_mass(xp: Any, p: Any) -> Any:
    """Log probability of three numbers of failures."""
    return xp.sum(xp.log(p) + xp.asarray(_COUNTS) * xp.log1p(-p))


def _beta_binomial_gradient(a: Array, b: Array) -> Any:
    shared = psi(a + b) - psi(7 + a + b)
    return np.sum(psi(_COUNTS + a) - psi(a) + shared), np.sum(psi(7 - _COUNTS + b) - psi(b) + shared)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.5, 2.7), "large parameters": (12.0, 16.0)},
    operators=["gradient"],
    domain={"a": (0, np.inf), "b": (0, np.inf)},
    tags=["probability", "scalar"],
    source=_COUNTING + "6",
    gradient=_beta_binomial_gradient,
)
def beta_binomial_log_mass(xp: Any, a: Any, b: Any) -> Any:
    """Log probability of three counts out of seven, up to a constant, by log beta functions."""
    counts = xp.asarray(_COUNTS)
    return xp.sum(xp.special.betaln(counts + a, 7.0 - counts + b) - xp.special.betaln(a, b))


def _zero_inflated_gradient(share: Array, rate: Array) -> Any:
    empty = share + (1 - share) * np.exp(-rate)
    return (1 - np.exp(-rate)) / empty - 2 / (1 - share), -(1 - share) * np.exp(-rate) / empty + 7 / rate - 2


def _zero_inflated_hessian(share: Array, rate: Array) -> Any:
    empty = share + (1 - share) * np.exp(-rate)
    mixed = np.exp(-rate) / empty**2
    return (
        (-((np.expm1(-rate) / empty) ** 2) - 2 / (1 - share) ** 2, mixed),
        (mixed, share * (1 - share) * mixed - 7 / rate**2),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.3, 2.4), "near the edge": (0.001, 0.05), "large rate": (0.2, 60.0)},
    operators=["gradient", "hessian"],
    domain={"share": (0, 1), "rate": (0, np.inf)},
    tags=["probability", "scalar"],
    source="Lambert (1992), Technometrics 34, 1-14",
    gradient=_zero_inflated_gradient,
    hessian=_zero_inflated_hessian,
)
def zero_inflated_poisson_log_mass(xp: Any, share: Any, rate: Any) -> Any:
    """Log probability of the counts 2, 0 and 5 where a share of the zeros is certain."""
    empty = xp.logaddexp(xp.log(share), xp.log1p(-share) - rate)
    counts = xp.asarray([2.0, 5.0])
    return empty + xp.sum(xp.log1p(-share) + counts * xp.log(rate) - rate - xp.special.gammaln(counts + 1.0))


def _conway_maxwell_weights(rate: Array, decay: Array) -> tuple[Array, Array]:
    """Return the counts and their probabilities."""
    j = np.arange(25.0)
    weights = rate**j / factorial(j) ** decay
    return j, weights / np.sum(weights)


def _conway_maxwell_gradient(rate: Array, decay: Array) -> Any:
    j, weights = _conway_maxwell_weights(rate, decay)
    return (
        np.sum(_COUNTS - weights @ j) / rate,
        np.sum(weights @ np.log(factorial(j)) - np.log(factorial(_COUNTS))),
    )


def _conway_maxwell_hessian(rate: Array, decay: Array) -> Any:
    j, weights = _conway_maxwell_weights(rate, decay)
    away, logs = j - weights @ j, np.log(factorial(j)) - weights @ np.log(factorial(j))
    mixed = _COUNTS.size * weights @ (away * logs) / rate
    own = np.sum(_COUNTS - weights @ j) + _COUNTS.size * weights @ away**2
    return (-own / rate**2, mixed), (mixed, -_COUNTS.size * weights @ logs**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.1, 1.3), "nearly geometric": (0.6, 0.05)},
    operators=["gradient", "hessian"],
    domain={"rate": (0, np.inf), "decay": (0, np.inf)},
    tags=["probability", "scalar"],
    source="Shmueli et al. (2005), J. R. Stat. Soc. C 54, 127-142",
    gradient=_conway_maxwell_gradient,
    hessian=_conway_maxwell_hessian,
)
def conway_maxwell_poisson_log_mass(xp: Any, rate: Any, decay: Any) -> Any:
    """Log probability of three counts, normalised by a series of 25 terms."""
    j, counts = xp.arange(0.0, 25.0), xp.asarray(_COUNTS)
    constant = xp.special.logsumexp(j * xp.log(rate) - decay * xp.special.gammaln(j + 1.0))
    return xp.sum(counts * xp.log(rate) - decay * xp.special.gammaln(counts + 1.0) - constant)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 1.7), "near the edge": (np.array([0.001, 0.02, 3.0]), 0.01)},
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "rate": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "19",
    gradient=lambda x, rate: (np.full(x.shape, -rate), np.sum(1 / rate - x)),
    hessian=lambda x, rate: _symmetric((np.zeros((x.size, x.size)), -np.ones_like(x)), (-x.size / rate**2,)),
)
def exponential_log_density(xp: Any, x: Any, rate: Any) -> Any:
    """Log density of an exponential sample."""
    return xp.sum(xp.log(rate) - rate * x)


def _log_normal_hessian(x: Array, m: Array, s: Array) -> Any:
    away = np.log(x) - m
    return _symmetric(
        (np.diag((1 + (away - 1) / s**2) / x**2), 1 / (s**2 * x), 2 * away / (s**3 * x)),
        (-x.size / s**2, -2 * np.sum(away) / s**3),
        (np.sum(1 - 3 * (away / s) ** 2) / s**2,),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 0.4, 0.9),
        "near the edge": (np.array([1e-3, 0.02, 0.3]), 0.4, 0.9),
    },
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "deviation": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "14",
    gradient=lambda x, m, s: (
        -(1 + (np.log(x) - m) / s**2) / x,
        np.sum(np.log(x) - m) / s**2,
        np.sum((np.log(x) - m) ** 2) / s**3 - x.size / s,
    ),
    hessian=_log_normal_hessian,
)
def log_normal_log_density(xp: Any, x: Any, mean: Any, deviation: Any) -> Any:
    """Log density of a log-normal sample."""
    logs = xp.log(x)
    return -xp.sum(logs + 0.5 * ((logs - mean) / deviation) ** 2 + xp.log(deviation) + 0.5 * math.log(2.0 * math.pi))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 3.5),
        "near the edge": (np.array([0.001, 0.02, 0.3]), 1.2),
        "many degrees": (np.array([480.0, 510.0, 530.0]), 500.0),
    },
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "freedom": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "18",
    gradient=lambda x, k: (
        (k / 2 - 1) / x - 1 / 2,
        np.sum(np.log(x / 2) - psi(k / 2)) / 2,
    ),
    hessian=lambda x, k: _symmetric((np.diag((1 - k / 2) / x**2), 1 / (2 * x)), (-x.size * polygamma(1, k / 2) / 4,)),
)
def chi_square_log_density(xp: Any, x: Any, freedom: Any) -> Any:
    """Log density of a chi-square sample, in the degrees of freedom too."""
    half = freedom / 2.0
    return xp.sum(xp.special.xlogy(half - 1.0, x) - x / 2.0 - half * math.log(2.0) - xp.special.gammaln(half))


def _fisher_gradient(x: Array, m: Array, n: Array) -> Any:
    ratio = m * x / (m * x + n)
    shared = psi((m + n) / 2)
    return (
        (m / 2 - 1) / x - (m + n) / 2 * ratio / x,
        np.sum(np.log(ratio) + 1 - (m + n) / m * ratio + shared - psi(m / 2)) / 2,
        np.sum(np.log(1 - ratio) + 1 - (m + n) / n * (1 - ratio) + shared - psi(n / 2)) / 2,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 3.5, 5.2),
        "near the edge": (np.array([0.001, 0.02, 0.3]), 0.8, 5.2),
        "far tail": (np.array([50.0, 200.0, 900.0]), 3.5, 5.2),
    },
    operators=["gradient", "hvp"],
    domain={"x": (0, np.inf), "first": (0, np.inf), "second": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "27",
    gradient=_fisher_gradient,
)
def fisher_log_density(xp: Any, x: Any, first: Any, second: Any) -> Any:
    """Log density of Fisher's F, in both degrees of freedom."""
    ratio = first / second
    powers = 0.5 * first * xp.log(ratio) + (0.5 * first - 1.0) * xp.log(x)
    return xp.sum(powers - 0.5 * (first + second) * xp.log1p(ratio * x) - xp.special.betaln(0.5 * first, 0.5 * second))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 2.5, 1.7), "near the edge": (np.array([0.02, 0.05, 0.3]), 2.5, 1.7)},
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "shape": (0, np.inf), "scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., CRC Press, appendix A",
    gradient=lambda x, a, b: (
        b / x**2 - (a + 1) / x,
        np.sum(np.log(b / x) - psi(a)),
        np.sum(a / b - 1 / x),
    ),
    hessian=lambda x, a, b: _symmetric(
        (np.diag((a + 1) / x**2 - 2 * b / x**3), -1 / x, 1 / x**2),
        (-x.size * polygamma(1, a), x.size / b),
        (-x.size * a / b**2,),
    ),
)
def inverse_gamma_log_density(xp: Any, x: Any, shape: Any, scale: Any) -> Any:
    """Log density of an inverse gamma sample."""
    return xp.sum(shape * xp.log(scale) - xp.special.gammaln(shape) - (shape + 1.0) * xp.log(x) - scale / x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 0.6, 1.8), "far tail": (np.array([80.0, 2100.0, 35.0]), 0.6, 0.4)},
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "least": (0, np.inf), "shape": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "20",
    gradient=lambda x, m, a: (-(a + 1) / x, x.size * a / m, np.sum(1 / a + np.log(m / x))),
    hessian=lambda x, m, a: _symmetric(
        (np.diag((a + 1) / x**2), np.zeros_like(x), -1 / x), (-x.size * a / m**2, x.size / m), (-x.size / a**2,)
    ),
)
def pareto_log_density(xp: Any, x: Any, least: Any, shape: Any) -> Any:
    """Log density of a Pareto sample above its least value."""
    return xp.sum(xp.log(shape) + shape * xp.log(least) - (shape + 1.0) * xp.log(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 1.3), "near the edge": (np.array([0.001, 0.02, 0.3]), 1.3)},
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "18",
    gradient=lambda x, s: (1 / x - x / s**2, np.sum(x**2 / s**3 - 2 / s)),
    hessian=lambda x, s: _symmetric(
        (np.diag(-1 / x**2 - 1 / s**2), 2 * x / s**3), (np.sum(2 - 3 * (x / s) ** 2) / s**2,)
    ),
)
def rayleigh_log_density(xp: Any, x: Any, scale: Any) -> Any:
    """Log density of a Rayleigh sample."""
    return xp.sum(xp.log(x) - 2.0 * xp.log(scale) - 0.5 * xp.square(x / scale))


def _rice_gradient(x: Array, distance: Array, s: Array) -> Any:
    z = x * distance / s**2
    ratio = i1e(z) / i0e(z)
    return (
        1 / x - x / s**2 + ratio * distance / s**2,
        np.sum(ratio * x - distance) / s**2,
        np.sum((x**2 + distance**2) / s**3 - 2 / s - 2 * ratio * z / s),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 1.1, 0.8),
        "nearly Rayleigh": (_DATA, 0.01, 0.8),
        "nearly normal": (np.array([5.5, 4.2, 6.3]), 5.0, 0.8),
    },
    operators=["gradient", "hvp"],
    domain={"x": (0, np.inf), "distance": (0, np.inf), "scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Rice (1945), Bell Syst. Tech. J. 24, 46-156",
    gradient=_rice_gradient,
)
def rice_log_density(xp: Any, x: Any, distance: Any, scale: Any) -> Any:
    """Log density of a Rice sample, by the scaled Bessel function."""
    bessel = xp.log(xp.special.i0e(x * distance / scale**2))
    return xp.sum(xp.log(x) - 2.0 * xp.log(scale) - 0.5 * ((x - distance) / scale) ** 2 + bessel)


def _von_mises_hessian(x: Array, m: Array, k: Array) -> Any:
    cosines, sines, ratio = np.cos(x - m), np.sin(x - m), i1e(k) / i0e(k)
    return _symmetric(
        (np.diag(-k * cosines), k * cosines, -sines),
        (-k * np.sum(cosines), np.sum(sines)),
        (-x.size * (1 - ratio**2 - ratio / k),),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -2.1, 1.3]), 0.5, 1.7),
        "nearly uniform": (np.array([0.4, -2.1, 1.3]), 0.5, 0.001),
        "concentrated": (np.array([0.51, 0.47, 0.55]), 0.5, 900.0),
    },
    operators=["gradient", "hessian"],
    domain={"concentration": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Mardia & Jupp (2000), Directional Statistics, Wiley, section 3.5",
    gradient=lambda x, m, k: (
        -k * np.sin(x - m),
        k * np.sum(np.sin(x - m)),
        np.sum(np.cos(x - m) - i1e(k) / i0e(k)),
    ),
    hessian=_von_mises_hessian,
)
def von_mises_log_density(xp: Any, angle: Any, mean: Any, concentration: Any) -> Any:
    """Log density of angles, by the scaled Bessel function."""
    bessel = xp.log(2.0 * xp.pi * xp.special.i0e(concentration))
    return xp.sum(concentration * (xp.cos(angle - mean) - 1.0) - bessel)


def _mills(u: Array) -> Array:
    """Return the slope of the logarithm of the normal distribution function, by the scaled error function."""
    slope: Array = np.sqrt(2 / np.pi) / erfcx(-u / np.sqrt(2))
    return slope


def _skew_normal_gradient(x: Array, m: Array, s: Array, skew: Array) -> Any:
    z = (x - m) / s
    ratio = _mills(skew * z)
    slope = -z + skew * ratio
    return slope / s, -np.sum(slope) / s, -np.sum(1 + slope * z) / s, np.sum(ratio * z)


def _skew_normal_hessian(x: Array, m: Array, s: Array, skew: Array) -> Any:
    z = (x - m) / s
    ratio = _mills(skew * z)
    turn = -ratio * (skew * z + ratio)
    slope, bend = -z + skew * ratio, -1 + skew**2 * turn
    return _location_scale_hessian(z, s, slope, bend, ratio + skew * z * turn, z**2 * turn)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4, -1.8),
        "far tail": (np.array([6.5, -3.2, 9.0]), 0.3, 1.4, -3.5),
    },
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Azzalini (1985), Scand. J. Stat. 12, 171-178",
    gradient=_skew_normal_gradient,
    hessian=_skew_normal_hessian,
)
def skew_normal_log_density(xp: Any, x: Any, centre: Any, scale: Any, skew: Any) -> Any:
    """Log density of a skew normal sample, by the logarithm of the normal distribution function."""
    z = (x - centre) / scale
    constant = math.log(2.0) - 0.5 * math.log(2.0 * math.pi)
    return xp.sum(constant - xp.log(scale) - 0.5 * z**2 + xp.special.log_ndtr(skew * z))


def _logistic_density_gradient(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    slope = -np.tanh(z / 2) / s
    return slope, -np.sum(slope), -np.sum(1 / s + z * slope)


def _logistic_density_hessian(x: Array, m: Array, s: Array) -> Any:
    z = (x - m) / s
    return _location_scale_hessian(z, s, -np.tanh(z / 2), -2 * expit(z) * expit(-z))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4),
        "far tail": (np.array([60.0, -75.0, 900.0]), 0.3, 1.4),
    },
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "23",
    gradient=_logistic_density_gradient,
    hessian=_logistic_density_hessian,
)
def logistic_log_density(xp: Any, x: Any, centre: Any, scale: Any) -> Any:
    """Log density of a logistic sample."""
    z = (x - centre) / scale
    return xp.sum(-z - xp.log(scale) - 2.0 * xp.logaddexp(xp.zeros_like(z), -z))


def _log_logistic_gradient(x: Array, scale: Array, shape: Array) -> Any:
    tilt = np.tanh(shape * np.log(x / scale) / 2)
    return (
        -(1 + shape * tilt) / x,
        shape * np.sum(tilt) / scale,
        np.sum(1 / shape - np.log(x / scale) * tilt),
    )


def _log_logistic_hessian(x: Array, scale: Array, shape: Array) -> Any:
    logs = np.log(x / scale)
    tilt, turn = np.tanh(shape * logs / 2), 2 * expit(shape * logs) * expit(-shape * logs)
    mixed = tilt + shape * logs * turn
    return _symmetric(
        (np.diag((1 + shape * tilt - shape**2 * turn) / x**2), shape**2 * turn / (scale * x), -mixed / x),
        (-shape * np.sum(tilt + shape * turn) / scale**2, np.sum(mixed) / scale),
        (-np.sum(1 / shape**2 + logs**2 * turn),),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 1.6, 2.2), "near the edge": (np.array([0.001, 0.02, 0.3]), 1.6, 1.5)},
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "scale": (0, np.inf), "shape": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "23",
    gradient=_log_logistic_gradient,
    hessian=_log_logistic_hessian,
)
def log_logistic_log_density(xp: Any, x: Any, scale: Any, shape: Any) -> Any:
    """Log density of a log-logistic sample, by powers."""
    ratio = x / scale
    return xp.sum(xp.log(shape) - xp.log(x) + shape * xp.log(ratio) - 2.0 * xp.log1p(ratio**shape))


def _kumaraswamy_gradient(x: Array, a: Array, b: Array) -> Any:
    fall = (b - 1) * x**a / (1 - x**a)
    return (a - 1 - a * fall) / x, np.sum(1 / a + np.log(x) * (1 - fall)), np.sum(1 / b + np.log(1 - x**a))


def _kumaraswamy_hessian(x: Array, a: Array, b: Array) -> Any:
    logs, rest = np.log(x), -np.expm1(a * np.log(x))
    odds = x**a / rest
    fall, turn = (b - 1) * odds, (b - 1) * odds / rest
    return _symmetric(
        (np.diag((1 - a + a * fall - a**2 * turn) / x**2), (1 - fall - a * logs * turn) / x, -a * odds / x),
        (-np.sum(1 / a**2 + logs**2 * turn), -np.sum(logs * odds)),
        (-x.size / b**2,),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.2, 0.65, 0.4]), 2.5, 1.7),
        "near the edges": (np.array([0.001, 0.998, 0.02]), 0.6, 0.4),
    },
    operators=["gradient", "hessian"],
    domain={"x": (0, 1), "a": (0, np.inf), "b": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Kumaraswamy (1980), J. Hydrol. 46, 79-88",
    gradient=_kumaraswamy_gradient,
    hessian=_kumaraswamy_hessian,
)
def kumaraswamy_log_density(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """Log density of a Kumaraswamy sample."""
    return xp.sum(xp.log(a) + xp.log(b) + (a - 1.0) * xp.log(x) + (b - 1.0) * xp.log1p(-(x**a)))


def _truncated_gradient(x: Array, m: Array, s: Array) -> Any:
    z, low, high = (x - m) / s, (1 - m) / s, (3 - m) / s
    mass = ndtr(-low) - ndtr(-high)
    first, last = np.exp(-(low**2) / 2) / np.sqrt(2 * np.pi) / mass, np.exp(-(high**2) / 2) / np.sqrt(2 * np.pi) / mass
    return (
        -z / s,
        np.sum(z - (first - last)) / s,
        np.sum(z**2 - 1 - (low * first - high * last)) / s,
    )


def _truncated_hessian(x: Array, m: Array, s: Array) -> Any:
    z, ends = (x - m) / s, np.array([(1 - m) / s, (3 - m) / s])
    edges = np.exp(-(ends**2) / 2) / np.sqrt(2 * np.pi) / (ndtr(-ends[0]) - ndtr(-ends[1])) * np.array([1, -1])
    first, second, third, fourth = edges @ ends[:, None] ** np.arange(4)
    return _symmetric(
        (np.diag(np.full_like(x, -1 / s**2)), np.full_like(x, 1 / s**2), 2 * z / s**2),
        (-x.size * (1 + second - first**2) / s**2, -np.sum(2 * z + third - first - first * second) / s**2),
        (np.sum(1 - 3 * z**2 - (fourth - 2 * second - second**2)) / s**2,),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.2, 2.7, 1.9]), 1.5, 0.9),
        "far tail": (np.array([1.05, 1.2, 1.01]), -3.0, 0.5),
    },
    operators=["gradient", "hessian"],
    domain={"x": (1, 3), "deviation": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "13",
    gradient=_truncated_gradient,
    hessian=_truncated_hessian,
)
def truncated_normal_log_density(xp: Any, x: Any, mean: Any, deviation: Any) -> Any:
    """Log density of a normal sample between 1 and 3, its mass by logarithms."""
    z = (x - mean) / deviation
    above, beyond = xp.special.log_ndtr((mean - 1.0) / deviation), xp.special.log_ndtr((mean - 3.0) / deviation)
    mass = above + xp.log1p(-xp.exp(beyond - above))
    return xp.sum(-0.5 * z**2 - xp.log(deviation) - 0.5 * math.log(2.0 * math.pi) - mass)


def _generalised_normal_gradient(x: Array, m: Array, s: Array, b: Array) -> Any:
    z = (x - m) / s
    slope = -b * np.sign(z) * np.abs(z) ** (b - 1) / s
    return (
        slope,
        -np.sum(slope),
        -np.sum(1 / s + z * slope),
        np.sum(1 / b + psi(1 / b) / b**2 - np.abs(z) ** b * np.log(np.abs(z))),
    )


def _generalised_normal_hessian(x: Array, m: Array, s: Array, b: Array) -> Any:
    z = (x - m) / s
    size, logs = np.abs(z), np.log(np.abs(z))
    slope, bend = -b * np.sign(z) * size ** (b - 1), -b * (b - 1) * size ** (b - 2)
    own = -1 / b**2 - polygamma(1, 1 / b) / b**4 - 2 * psi(1 / b) / b**3 - size**b * logs**2
    return _location_scale_hessian(z, s, slope, bend, slope * (1 / b + logs), own)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0]), 0.3, 1.4, 1.5),
        "nearly uniform": (np.array([0.5, -0.8, 1.9]), 0.3, 1.4, 8.0),
    },
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf), "shape": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Nadarajah (2005), J. Appl. Stat. 32, 685-694",
    gradient=_generalised_normal_gradient,
    hessian=_generalised_normal_hessian,
)
def generalised_normal_log_density(xp: Any, x: Any, centre: Any, scale: Any, shape: Any) -> Any:
    """Log density of the exponential power distribution, in its exponent too."""
    z = xp.abs((x - centre) / scale)
    return xp.sum(xp.log(shape) - xp.log(2.0 * scale) - xp.special.gammaln(1.0 / shape) - z**shape)


def _extreme_value_gradient(x: Array, m: Array, s: Array, shape: Array) -> Any:
    z = (x - m) / s
    base = 1 + shape * z
    power = base ** (-1 / shape)
    slope = (power - 1 - shape) / (s * base)
    turn = z**2 / 2 * hyp2f1(2, 2, 3, -shape * z)
    return slope, -np.sum(slope), -np.sum(1 / s + z * slope), np.sum(turn * (1 - power) - z / base)


def _extreme_value_hessian(x: Array, m: Array, s: Array, shape: Array) -> Any:
    z = (x - m) / s
    base, power = 1 + shape * z, (1 + shape * z) ** (-1 / shape)
    turn, twist = z**2 / 2 * hyp2f1(2, 2, 3, -shape * z), 2 * z**3 / 3 * hyp2f1(3, 3, 4, -shape * z)
    slope, bend = (power - 1 - shape) / base, (1 + shape) * (shape - power) / base**2
    mixed, own = (power * turn - 1 - z * slope) / base, turn * (2 - power * turn) + slope * base * twist
    return _location_scale_hessian(z, s, slope, bend, mixed, own)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_DATA, 0.5, 1.2, 0.3),
        "bounded": (_DATA, 0.5, 1.2, -0.4),
        "nearly Gumbel": (_DATA, 0.5, 1.2, 0.01),
    },
    operators=["gradient", "hessian"],
    domain={"scale": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source="Coles (2001), An Introduction to Statistical Modeling of Extreme Values, Springer, section 3.1",
    gradient=_extreme_value_gradient,
    hessian=_extreme_value_hessian,
)
def extreme_value_log_density(xp: Any, x: Any, centre: Any, scale: Any, shape: Any) -> Any:
    """Log density of the generalised extreme value distribution, whose shape may tend to 0."""
    logs = xp.log1p(shape * (x - centre) / scale) / shape
    return -xp.sum(xp.log(scale) + (1.0 + shape) * logs + xp.exp(-logs))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_DATA, 1.7, 2.3), "near the edge": (np.array([0.01, 0.05, 0.3]), 1.4, 2.3)},
    operators=["gradient", "hessian"],
    domain={"x": (0, np.inf), "mean": (0, np.inf), "shape": (0, np.inf)},
    tags=["probability", "scalar", "broadcasting"],
    source=_JOHNSON + "15",
    gradient=lambda x, m, k: (
        -1.5 / x - k * (x**2 - m**2) / (2 * m**2 * x**2),
        k * np.sum(x - m) / m**3,
        np.sum(0.5 / k - (x - m) ** 2 / (2 * m**2 * x)),
    ),
    hessian=lambda x, m, k: _symmetric(
        (np.diag(1.5 / x**2 - k / x**3), np.full_like(x, k / m**3), (m - x) * (m + x) / (2 * (m * x) ** 2)),
        (k * np.sum(2 * m - 3 * x) / m**4, np.sum(x - m) / m**3),
        (-x.size / (2 * k**2),),
    ),
)
def inverse_gaussian_log_density(xp: Any, x: Any, mean: Any, shape: Any) -> Any:
    """Log density of an inverse Gaussian sample."""
    return xp.sum(0.5 * xp.log(shape / (2.0 * xp.pi * x**3)) - shape * (x - mean) ** 2 / (2.0 * mean**2 * x))
