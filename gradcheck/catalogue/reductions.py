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
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "sum",
    gradient=lambda x: np.array([2.0, -1.0, 3.0]) * 2 * x.sum(axis=(0, 1)) * np.ones_like(x),
)
def axis_sums(xp: Any, x: Any) -> Any:
    """Sums over two of three axes, squared and weighted."""
    return xp.sum(xp.asarray([2.0, -1.0, 3.0]) * xp.sum(x, axis=(0, 1)) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar", "matrix"],
    source=_NUMPY + "prod",
    gradient=lambda x: np.array([[1.0], [-2.0]]) * np.prod(x, axis=1, keepdims=True) / x,
)
def products(xp: Any, x: Any) -> Any:
    """Products of rows."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.prod(x, axis=1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar", "matrix"],
    source=_HIGHAM + "1.9",
    gradient=lambda x: np.array([[1.5], [-1.0]]) * (x - x.mean(axis=1, keepdims=True)),
)
def sample_variance(xp: Any, x: Any) -> Any:
    """Variances of rows with Bessel's correction, weighted."""
    return xp.sum(xp.asarray([1.5, -1.0]) * xp.var(x, axis=1, ddof=1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.0, 4.0, 4.5, 5.0, 7.0, 9.0]),)},
    operators=["gradient", "hvp"],
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
    operators=["gradient", "hvp"],
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
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_MEANS,
    gradient=lambda x: np.prod(x) ** (1 / x.size) / (x.size * x),
)
def geometric_mean(xp: Any, x: Any) -> Any:
    """Geometric mean by logarithms."""
    return xp.exp(xp.mean(xp.log(x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, 0.4, 3.5, 2.0]),)},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_MEANS,
    gradient=lambda x: x.size / (x * np.sum(1 / x)) ** 2,
)
def harmonic_mean(xp: Any, x: Any) -> Any:
    """Harmonic mean."""
    return x.shape[0] / xp.sum(1.0 / x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.6, 2.5]),)},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_HIGHAM + "6.1",
    gradient=lambda x: np.sign(x) * x**2 * np.sum(np.abs(x) ** 3) ** (-2 / 3),
)
def cubic_norm(xp: Any, x: Any) -> Any:
    """The p-norm with p = 3."""
    return xp.sum(xp.abs(x) ** 3) ** (1.0 / 3.0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 1.5, 2.0]),)},
    operators=["gradient", "hvp"],
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
    operators=["gradient", "hvp"],
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
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar", "matrix"],
    source="ISO 3534-1:2006, Statistics: Vocabulary and symbols",
    gradient=_coefficient_of_variation_gradient,
)
def coefficient_of_variation(xp: Any, x: Any) -> Any:
    """Sample standard deviation over the mean, over a whole matrix."""
    return xp.std(x, ddof=1) / xp.mean(x)


def _others(x: Array) -> Array:
    """Return for each element the product of all others."""
    return np.array([np.prod(np.delete(x, i)) for i in range(x.size)])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 1.5, 2.0]),),
        "with a zero": (np.array([0.5, 0.0, 1.5, 2.0]),),
        "with two zeros": (np.array([0.5, 0.0, 1.5, 0.0]),),
        "with a small one": (np.array([0.5, -1e-12, 1.5, 2.0]),),
    },
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "prod",
    gradient=lambda x: _others(x) + 0.2 * x,
)
def product(xp: Any, x: Any) -> Any:
    """A product, a polynomial where factors are 0 too, with a small bowl."""
    return xp.prod(x) + 0.1 * xp.sum(x**2)


def _products_so_far_gradient(x: Array) -> Any:
    weights = np.array([1.0, -2.0, 3.0, -4.0])
    return sum(np.pad(weights[k - 1] * _others(x[:k]), (0, x.size - k)) for k in range(1, x.size + 1))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 1.5, 2.0]),),
        "with a zero": (np.array([0.5, 0.0, 1.5, 2.0]),),
        "with two zeros": (np.array([0.5, 0.0, 0.0, 2.0]),),
        "beginning at zero": (np.array([0.0, -1.2, 1.5, 2.0]),),
    },
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "cumprod",
    gradient=_products_so_far_gradient,
)
def products_so_far(xp: Any, x: Any) -> Any:
    """Running products, a polynomial where factors are 0 too, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0, -4.0]) * xp.cumprod(x))


def _norms_gradient(x: Array) -> Any:
    largest = np.abs(x) == np.max(np.abs(x))
    smallest = np.abs(x) == np.min(np.abs(x))
    cubes = np.abs(x) ** 2 * np.sum(np.abs(x) ** 3) ** (-2 / 3)
    inverses = np.abs(x) ** -2.0 * np.sum(1 / np.abs(x)) ** -2.0
    return np.sign(x) * (2 - 3 * largest + 0.5 * smallest + 1.5 * cubes - inverses)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.6, 2.5, 0.9]),)},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "linalg.norm",
    gradient=_norms_gradient,
)
def norms_of_five_orders(xp: Any, x: Any) -> Any:
    """Norms of the orders 1, inf, -inf, 3 and -1, weighted."""
    norm = xp.linalg.norm
    return 2.0 * norm(x, 1) - 3.0 * norm(x, xp.inf) + 0.5 * norm(x, -xp.inf) + 1.5 * norm(x, 3) - norm(x, -1)


def _matrix_norms_gradient(x: Array) -> Any:
    columns, rows = np.abs(x).sum(axis=0), np.abs(x).sum(axis=1)
    gradient = np.sign(x) * (2.0 * (columns == columns.max()) - (rows == rows.max())[:, None])
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return gradient + 0.5 * x / np.linalg.norm(x) + np.array([[1.0], [-3.0]]) * x / lengths


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MATRIX,)},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar", "matrix"],
    source=_NUMPY + "linalg.norm",
    gradient=_matrix_norms_gradient,
)
def matrix_norms(xp: Any, x: Any) -> Any:
    """Largest column sum, largest row sum, Frobenius norm and the lengths of rows, weighted."""
    norm = xp.linalg.norm
    lengths = xp.sum(xp.asarray([[1.0], [-3.0]]) * norm(x, axis=1, keepdims=True))
    return 2.0 * norm(x, 1) - norm(x, xp.inf) + 0.5 * norm(x, "fro") + lengths


def _quantiles_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    for weight, q in ((1.0, 0.1), (-2.0, 0.5), (3.0, 0.85)):
        place = q * (len(x) - 1)
        low = int(place)
        for column, order in enumerate(np.argsort(x, axis=0).T):
            slope = weight * 2 * np.quantile(x[:, column], q)
            gradient[order[low], column] += slope * (1 - place + low)
            gradient[order[low + 1], column] += slope * (place - low)
    return gradient


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.5], [3.0, 0.7], [1.1, 1.9], [-0.4, -2.3], [2.2, 0.1], [4.0, 1.2]]),)
    },
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar", "matrix"],
    source="Hyndman & Fan (1996), Sample Quantiles in Statistical Packages, The American Statistician 50, 361-365",
    gradient=_quantiles_gradient,
)
def quantiles(xp: Any, x: Any) -> Any:
    """Squares of interpolated quantiles of columns, weighted."""
    return xp.sum(xp.asarray([[1.0], [-2.0], [3.0]]) * xp.quantile(x, [0.1, 0.5, 0.85], axis=0) ** 2)


def _column_medians_gradient(x: Array) -> Any:
    ranks = np.argsort(np.argsort(x, axis=0), axis=0)
    return ((ranks == 1) | (ranks == 2)) / 2 * np.array([1.0, -2.0, 3.0]) * 2 * np.median(x, axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0], [1.1, 1.9, 0.2], [-0.4, 0.1, 1.6]]),),
    },
    tags=["reductions", "scalar", "matrix"],
    source=_NUMPY + "median",
    gradient=_column_medians_gradient,
)
def column_medians(xp: Any, x: Any) -> Any:
    """Squares of the medians of columns of four, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * xp.median(x, axis=0) ** 2)


def _running_log_sum_exp_gradient(x: Array) -> Any:
    so_far = np.logaddexp.accumulate(x)
    before = np.tri(x.size, dtype=bool)
    return np.array([1.0, -2.0, 3.0, -1.5]) @ np.exp(np.where(before, x - so_far[:, None], -np.inf))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 1.5, 0.3]),),
        "large": (np.array([900.0, 901.5, 899.2, 900.7]),),
        "far apart": (np.array([-800.0, 0.5, 800.0, 799.0]),),
    },
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "logaddexp",
    gradient=_running_log_sum_exp_gradient,
)
def running_log_sum_exp(xp: Any, x: Any) -> Any:
    """Running logarithms of sums of exponentials, one after the other and weighted."""
    total, loss = x[0], x[0]
    for k, weight in ((1, -2.0), (2, 3.0), (3, -1.5)):
        total = xp.logaddexp(total, x[k])
        loss = loss + weight * total
    return loss


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, 0.4, 3.5, 2.0]), np.array([0.5, 1.5, 2.0, 0.8]))},
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source=_NUMPY + "average",
    gradient=lambda x, w: (w / w.sum(), (x - (w @ x) / w.sum()) / w.sum()),
)
def weighted_mean(xp: Any, x: Any, w: Any) -> Any:
    """Mean with weights that are variables too."""
    return xp.sum(w * x) / xp.sum(w)


def _running_variance_gradient(x: Array) -> Any:
    pulls = [(x[:k] - x[:k].mean()) * 2 / (k - 1) for k in range(2, x.size + 1)]
    return sum(w * np.pad(pull, (0, x.size - pull.size)) for w, pull in zip((1.0, -2.0, 3.0), pulls, strict=True))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 1.5, 2.0]),),
        "far from zero": (1e4 + np.array([0.5, -1.25, 1.5, 2.0]),),
    },
    operators=["gradient", "hvp"],
    tags=["reductions", "scalar"],
    source="Welford (1962), Note on a method for calculating corrected sums of squares, Technometrics 4, 419-420",
    gradient=_running_variance_gradient,
)
def running_variance(xp: Any, x: Any) -> Any:
    """Sample variances of the first two, three and four numbers by Welford's updates, weighted."""
    mean, squares, loss = x[0], 0.0 * x[0], 0.0
    for k, weight in ((1, 1.0), (2, -2.0), (3, 3.0)):
        step = x[k] - mean
        mean = mean + step / (k + 1)
        squares = squares + step * (x[k] - mean)
        loss = loss + weight * squares / k
    return loss


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.0, 1.9, 4.0, 2.2]),)},
    tags=["reductions", "scalar"],
    source="ISO 3534-1:2006, Statistics: Vocabulary and symbols",
    gradient=lambda x: (np.sign(x - x.mean()) - np.mean(np.sign(x - x.mean()))) / x.size,
)
def mean_deviation(xp: Any, x: Any) -> Any:
    """Mean absolute deviation from the mean, no element being equal to it."""
    return xp.mean(xp.abs(x - xp.mean(x)))
