"""Sums, products, means, moments and extrema along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_NUMPY = "NumPy Reference, numpy."
_MEANS = "Bullen (2003), Handbook of Means and Their Inequalities, Kluwer"
_HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, SIAM, section "

_MATRIX = np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0]])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[[1.5, -0.5, 2.0]], [[0.3, 4.0, -1.0]]]),)},
    tags=["reductions", "scalar"],
    source=_NUMPY + "sum",
    gradient=lambda x: np.array([2.0, -1.0, 3.0]) * 2 * x.sum(axis=(0, 1)) * np.ones_like(x),
)
def axis_sums(xp: Any, x: Any) -> Any:
    """Sums over two of three axes, squared and weighted."""
    return xp.sum(xp.asarray([2.0, -1.0, 3.0]) * xp.sum(x, axis=(0, 1)) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    operators=["gradient", "hessian", "hvp"],
    tags=["reductions", "scalar", "matrix"],
    source=_NUMPY + "prod",
    gradient=lambda x: np.array([[1.0], [-2.0]]) * np.prod(x, axis=1, keepdims=True) / x,
)
def products(xp: Any, x: Any) -> Any:
    """Products of rows."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.prod(x, axis=1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    tags=["reductions", "scalar", "matrix"],
    source=_HIGHAM + "1.9",
    gradient=lambda x: np.array([[1.5], [-1.0]]) * (x - x.mean(axis=1, keepdims=True)),
)
def sample_variance(xp: Any, x: Any) -> Any:
    """Variances of rows with Bessel's correction, weighted."""
    return xp.sum(xp.asarray([1.5, -1.0]) * xp.var(x, axis=1, ddof=1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.0, 4.0, 4.5, 5.0, 7.0, 9.0]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "std",
    gradient=lambda x: (x - x.mean()) / (x.size * x.std()),
)
def standard_deviation(xp: Any, x: Any) -> Any:
    """Standard deviation of a population."""
    return xp.std(x)


def _skewness_gradient(x: Array) -> Any:
    z = (x - x.mean()) / x.std()
    return 3 * (z**2 - 1 - z * np.mean(z**3)) / (x.size * x.std())


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.0, 1.5, 4.0, 2.2]),)},
    tags=["reductions", "scalar"],
    source="Joanes & Gill (1998), The Statistician 47, 183-189",
    gradient=_skewness_gradient,
)
def skewness(xp: Any, x: Any) -> Any:
    """Skewness g1 of a sample."""
    centred = x - xp.mean(x)
    return xp.mean(centred**3) / xp.mean(centred**2) ** 1.5


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, 0.4, 3.5, 2.0]),)},
    tags=["reductions", "scalar"],
    source=_MEANS,
    gradient=lambda x: np.prod(x) ** (1 / x.size) / (x.size * x),
)
def geometric_mean(xp: Any, x: Any) -> Any:
    """Geometric mean by logarithms."""
    return xp.exp(xp.mean(xp.log(x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, 0.4, 3.5, 2.0]),)},
    tags=["reductions", "scalar"],
    source=_MEANS,
    gradient=lambda x: x.size / (x * np.sum(1 / x)) ** 2,
)
def harmonic_mean(xp: Any, x: Any) -> Any:
    """Harmonic mean."""
    return x.shape[0] / xp.sum(1.0 / x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.6, 2.5]),)},
    tags=["reductions", "scalar"],
    source=_HIGHAM + "6.1",
    gradient=lambda x: np.sign(x) * x**2 * np.sum(np.abs(x) ** 3) ** (-2 / 3),
)
def cubic_norm(xp: Any, x: Any) -> Any:
    """The p-norm with p = 3."""
    return xp.sum(xp.abs(x) ** 3) ** (1.0 / 3.0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0]),)},
    tags=["reductions", "scalar"],
    source=_NUMPY + "cumsum",
    gradient=lambda x: np.cumsum((np.array([1.0, -2.0, 3.0, -4.0]) * 2 * np.cumsum(x))[::-1])[::-1],
)
def running_sums(xp: Any, x: Any) -> Any:
    """Squares of running sums, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, -4.0]) * xp.cumsum(x, axis=0) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 1.5, 2.0]),)},
    tags=["reductions", "scalar"],
    source=_NUMPY + "cumprod",
    gradient=lambda x: np.cumsum((np.array([1.0, -2.0, 3.0, -4.0]) * np.cumprod(x))[::-1])[::-1] / x,
)
def running_products(xp: Any, x: Any) -> Any:
    """Running products, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, -4.0]) * xp.cumprod(x, axis=0))


def _ranges_gradient(x: Array) -> Any:
    at = np.arange(x.shape[1])
    gradient = np.zeros_like(x)
    spread = np.array([1.0, -2.0, 0.5]) * 2 * np.ptp(x, axis=0)
    gradient[x.argmax(axis=0), at] = spread
    gradient[x.argmin(axis=0), at] = -spread
    return gradient


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0], [1.1, 1.9, 0.2]]),)},
    tags=["reductions", "scalar", "matrix"],
    source=_NUMPY + "ptp",
    gradient=_ranges_gradient,
)
def ranges(xp: Any, x: Any) -> Any:
    """Squares of the ranges of columns, no two elements tied."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * (xp.max(x, axis=0) - xp.min(x, axis=0)) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.5, -1.0, 0.7, 4.0, 1.6]),)},
    tags=["reductions", "scalar"],
    source=_NUMPY + "median",
    gradient=lambda x: 2 * np.median(x) * (x == np.median(x)) + 0.2 * x,
)
def squared_median(xp: Any, x: Any) -> Any:
    """Square of a median of five, with a small bowl."""
    return xp.median(x) ** 2 + 0.1 * xp.sum(x**2)


def _log_sum_exp_gradient(x: Array) -> Any:
    shares = np.exp(x - x.max(axis=1, keepdims=True))
    return np.array([[2.0], [-1.0]]) * shares / shares.sum(axis=1, keepdims=True)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,), "large": (1000.0 + _MATRIX,)},
    tags=["reductions", "scalar", "matrix"],
    source="Blanchard, Higham & Higham (2021), IMA J. Numer. Anal. 41, 2311-2330",
    gradient=_log_sum_exp_gradient,
)
def log_sum_exp(xp: Any, x: Any) -> Any:
    """Logarithms of sums of exponentials of rows, also where the exponentials would overflow."""
    return xp.sum(xp.asarray([2.0, -1.0]) * xp.special.logsumexp(x, axis=1))


def _coefficient_of_variation_gradient(x: Array) -> Any:
    mean, deviation = x.mean(), x.std(ddof=1)
    return (x - mean) / ((x.size - 1) * deviation * mean) - deviation / (x.size * mean**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[9.8, 10.4], [11.1, 8.9]]),)},
    tags=["reductions", "scalar", "matrix"],
    source="ISO 3534-1:2006, Statistics: Vocabulary and symbols",
    gradient=_coefficient_of_variation_gradient,
)
def coefficient_of_variation(xp: Any, x: Any) -> Any:
    """Sample standard deviation over the mean, over a whole matrix."""
    return xp.std(x, ddof=1) / xp.mean(x)
