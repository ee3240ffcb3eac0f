"""Classical test functions of optimisation: valleys, bowls and plates."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_SURVEY = "Jamil & Yang (2013), Int. J. Math. Model. Numer. Optim. 4, 150-194 (arXiv:1308.4008)"
_LIBRARY = "Surjanovic & Bingham (2013), Virtual Library of Simulation Experiments, Simon Fraser University"


def _tridiagonal(diagonal: Any, side: Any) -> Array:
    return np.diag(diagonal) + np.diag(side, 1) + np.diag(side, -1)


def _rosenbrock_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return gradient


def _rosenbrock_hessian(x: Array) -> Any:
    diagonal = np.zeros_like(x)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    return _tridiagonal(diagonal, -400 * x[:-1])


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.array([-1.2, 1.0]),),
        "chained": (np.array([-1.2, 1.0, 0.5, -0.7]),),
        "near the minimum": (np.array([1.001, 1.003, 1.005]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Rosenbrock (1960), Comput. J. 3, 175-184",
    gradient=_rosenbrock_gradient,
    hessian=_rosenbrock_hessian,
)
def rosenbrock(xp: Any, x: Any) -> Any:
    """Rosenbrock's banana valley, chained over the coordinates."""
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.8, 2.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x: 2 * np.arange(1.0, x.size + 1) * x,
    hessian=lambda x: np.diag(2 * np.arange(1.0, x.size + 1)),
)
def sum_squares(xp: Any, x: Any) -> Any:
    """Axis-parallel ellipsoid."""
    return xp.sum(xp.arange(1.0, x.shape[0] + 1.0) * x**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.0, -1.5]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Himmelblau (1972), Applied Nonlinear Programming, McGraw-Hill",
    gradient=lambda x: np.array(
        [
            4 * x[0] * (x[0] ** 2 + x[1] - 11) + 2 * (x[0] + x[1] ** 2 - 7),
            2 * (x[0] ** 2 + x[1] - 11) + 4 * x[1] * (x[0] + x[1] ** 2 - 7),
        ]
    ),
    hessian=lambda x: np.array(
        [
            [12 * x[0] ** 2 + 4 * x[1] - 42, 4 * (x[0] + x[1])],
            [4 * (x[0] + x[1]), 12 * x[1] ** 2 + 4 * x[0] - 26],
        ]
    ),
)
def himmelblau(xp: Any, x: Any) -> Any:
    """Himmelblau's function of four minima."""
    return (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-1.5, 4.0)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (10 * x + 8 * y - 34, 8 * x + 10 * y - 38),
    hessian=lambda x, y: ((10, 8), (8, 10)),
)
def booth(xp: Any, x: Any, y: Any) -> Any:
    """Booth's function, two lines."""
    return (x + 2.0 * y - 7.0) ** 2 + (2.0 * x + y - 5.0) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, -1.5)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x),
    hessian=lambda x, y: ((0.52, -0.48), (-0.48, 0.52)),
)
def matyas(xp: Any, x: Any, y: Any) -> Any:
    """Matyas's plate."""
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


def _zakharov_gradient(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    s = 0.5 * i @ x
    return 2 * x + i * (s + 2 * s**3)


def _zakharov_hessian(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    s = 0.5 * i @ x
    return 2 * np.eye(x.size) + (0.5 + 3 * s**2) * np.outer(i, i)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 0.75, 0.25]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=_zakharov_gradient,
    hessian=_zakharov_hessian,
)
def zakharov(xp: Any, x: Any) -> Any:
    """Zakharov's function."""
    s = xp.sum(0.5 * xp.arange(1.0, x.shape[0] + 1.0) * x)
    return xp.sum(x**2) + s**2 + s**4


def _dixon_price_gradient(x: Array) -> Any:
    i = np.arange(2.0, x.size + 1)
    inner = 2 * x[1:] ** 2 - x[:-1]
    gradient = np.zeros_like(x)
    gradient[0] = 2 * (x[0] - 1)
    gradient[1:] = 8 * i * inner * x[1:]
    gradient[:-1] -= 2 * i * inner
    return gradient


def _dixon_price_hessian(x: Array) -> Any:
    i = np.arange(2.0, x.size + 1)
    diagonal = np.zeros_like(x)
    diagonal[0] = 2
    diagonal[1:] = 8 * i * (6 * x[1:] ** 2 - x[:-1])
    diagonal[:-1] += 2 * i
    return _tridiagonal(diagonal, -8 * i * x[1:])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.5, 0.8, 2.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Dixon & Price (1989), J. Optim. Theory Appl. 60, 261-275",
    gradient=_dixon_price_gradient,
    hessian=_dixon_price_hessian,
)
def dixon_price(xp: Any, x: Any) -> Any:
    """Dixon and Price's chained valley."""
    i = xp.arange(2.0, x.shape[0] + 1.0)
    return (x[0] - 1.0) ** 2 + xp.sum(i * (2.0 * x[1:] ** 2 - x[:-1]) ** 2)


def _trid_gradient(x: Array) -> Any:
    gradient = 2 * (x - 1)
    gradient[1:] -= x[:-1]
    gradient[:-1] -= x[1:]
    return gradient


def _trid_hessian(x: Array) -> Any:
    return _tridiagonal(np.full(x.size, 2.0), np.full(x.size - 1, -1.0))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -2.0, 3.0, 0.5]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_LIBRARY,
    gradient=_trid_gradient,
    hessian=_trid_hessian,
)
def trid(xp: Any, x: Any) -> Any:
    """Neumaier's tridiagonal quadratic."""
    return xp.sum((x - 1.0) ** 2) - xp.sum(x[1:] * x[:-1])


def _perm_gradient(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    powers = i[:, None]
    residuals = (x**powers - i**-powers) @ (i + 10)
    return 2 * residuals @ ((i + 10) * powers * x ** (powers - 1))


def _perm_hessian(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    powers = i[:, None]
    residuals = (x**powers - i**-powers) @ (i + 10)
    slopes = (i + 10) * powers * x ** (powers - 1)
    bends = (i + 10) * powers * (powers - 1) * x ** np.maximum(powers - 2, 0)
    return 2 * (slopes.T @ slopes + np.diag(residuals @ bends))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, -0.6, 0.9]),), "with a zero": (np.array([0.7, 0.0, 0.3]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar", "broadcasting"],
    source=_LIBRARY + ", Perm function 0, d, beta",
    gradient=_perm_gradient,
    hessian=_perm_hessian,
)
def perm(xp: Any, x: Any) -> Any:
    """The perm function (beta = 10) of powers with an array of exponents."""
    i = xp.arange(1.0, x.shape[0] + 1.0)
    powers = i[:, None]
    return xp.sum(xp.sum((i + 10.0) * (x**powers - i ** (-powers)), axis=1) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.8, 2.0, -1.1]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Schwefel (1981), Numerical Optimization of Computer Models, Wiley",
    gradient=lambda x: 2 * np.cumsum(np.cumsum(x)[::-1])[::-1],
    hessian=lambda x: 2.0 * (x.size - np.maximum.outer(np.arange(x.size), np.arange(x.size))),
)
def schwefel_double_sum(xp: Any, x: Any) -> Any:
    """Schwefel's double sum (problem 1.2), a rotated ellipsoid by running sums."""
    return xp.sum(xp.cumsum(x) ** 2)


_POWER_SUMS = [8.0, 18.0, 44.0, 114.0]


def _power_sum_gradient(x: Array) -> Any:
    i = np.arange(1.0, 5)[:, None]
    return 2 * (np.sum(x**i, axis=1) - np.array(_POWER_SUMS)) @ (i * x ** (i - 1))


def _power_sum_hessian(x: Array) -> Any:
    i = np.arange(1.0, 5)[:, None]
    residuals, slopes = np.sum(x**i, axis=1) - np.array(_POWER_SUMS), i * x ** (i - 1)
    bends = i * (i - 1) * x ** np.maximum(i - 2, 0)
    return 2 * (slopes.T @ slopes + np.diag(residuals @ bends))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.2, 2.5, 0.4, 3.1]),),
        "with a zero": (np.array([1.2, 0.0, 2.5, 3.1]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_LIBRARY + ", Power sum function",
    gradient=_power_sum_gradient,
    hessian=_power_sum_hessian,
)
def power_sum(xp: Any, x: Any) -> Any:
    """The power sum function, its powers by running products."""
    powers = xp.cumprod(xp.tile(x, (4, 1)), axis=0)
    return xp.sum((xp.sum(powers, axis=1) - xp.asarray(_POWER_SUMS)) ** 2)


def _powell_sum_gradient(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    return (i + 1) * np.sign(x) * np.abs(x) ** i


def _powell_sum_hessian(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    return np.diag((i + 1) * i * np.abs(x) ** (i - 1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.7, -0.4, 0.9]),), "with a zero": (np.array([0.7, -0.9, 0.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY + ", Powell sum function",
    gradient=_powell_sum_gradient,
    hessian=_powell_sum_hessian,
)
def powell_sum(xp: Any, x: Any) -> Any:
    """Sum of rising powers of absolute values."""
    return xp.sum(xp.abs(x) ** xp.arange(2.0, x.shape[0] + 2.0))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.6, -1.9, 1.1]),),
        "near the minimum": (np.array([1.0, -1.414, 1.732]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY + ", Qing function",
    gradient=lambda x: 4 * x * (x**2 - np.arange(1.0, x.size + 1)),
    hessian=lambda x: np.diag(12 * x**2 - 4 * np.arange(1.0, x.size + 1)),
)
def qing(xp: Any, x: Any) -> Any:
    """Qing's quartic of 2**n equal minima."""
    return xp.sum((x**2 - xp.arange(1.0, x.shape[0] + 1.0)) ** 2)


def _miele_cantrell_gradient(x: Array) -> Any:
    a, b, c, d = x
    first, second, third = 4 * (np.exp(-a) - b) ** 3, 600 * (b - c) ** 5, 4 * np.tan(c - d) ** 3 / np.cos(c - d) ** 2
    return np.array([8 * a**7 - np.exp(-a) * first, second - first, third - second, -third])


def _miele_cantrell_hessian(x: Array) -> Any:
    a, b, c, d = x
    fall, gap, tangent = np.exp(-a), np.exp(-a) - b, np.tan(c - d)
    first, second = 12 * gap**2, 3000 * (b - c) ** 4
    third = 4 * tangent**2 * (3 + 5 * tangent**2) / np.cos(c - d) ** 2
    start = 56 * a**6 + fall**2 * first + 4 * fall * gap**3
    return _tridiagonal([start, first + second, second + third, third], [fall * first, -second, -third])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, -0.5, 0.3, -0.4]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Miele & Cantrell (1969), J. Optim. Theory Appl. 3, 459-470; " + _SURVEY,
    gradient=_miele_cantrell_gradient,
    hessian=_miele_cantrell_hessian,
)
def miele_cantrell(xp: Any, x: Any) -> Any:
    """Miele and Cantrell's function, whose Hessian vanishes at its minimum."""
    start = (xp.exp(-x[0]) - x[1]) ** 4 + 100.0 * (x[1] - x[2]) ** 6
    return start + xp.tan(x[2] - x[3]) ** 4 + x[0] ** 8


def _mishra_gradient(x: Array) -> Any:
    root = np.prod(np.abs(x)) ** (1 / x.size)
    return 2 * (np.mean(np.abs(x)) - root) * (np.sign(x) - root / x) / x.size


def _mishra_hessian(x: Array) -> Any:
    root = np.prod(np.abs(x)) ** (1 / x.size)
    gap, slope = np.mean(np.abs(x)) - root, (np.sign(x) - root / x) / x.size
    bend = root * (np.outer(1 / x, 1 / x) / x.size - np.diag(1 / x**2)) / x.size
    return 2 * (np.outer(slope, slope) - gap * bend)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.5, -0.7, 2.2]),),
        "near the minimum": (np.array([1.5, 1.9, -1.2]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY + ", Mishra 11 function",
    gradient=_mishra_gradient,
    hessian=_mishra_hessian,
)
def arithmetic_geometric_mean(xp: Any, x: Any) -> Any:
    """Mishra's function of the gap between the arithmetic and the geometric mean."""
    size = xp.abs(x)
    return (xp.mean(size) - xp.prod(size) ** (1.0 / x.shape[0])) ** 2


def _happy_cat_gradient(x: Array) -> Any:
    excess = x @ x - x.size
    return np.sign(excess) * np.abs(excess) ** -0.75 * x / 2 + (x + 1) / x.size


def _happy_cat_hessian(x: Array) -> Any:
    excess = x @ x - x.size
    along = np.sign(excess) * np.abs(excess) ** -0.75 / 2 + 1 / x.size
    return along * np.eye(x.size) - 0.75 * np.abs(excess) ** -1.75 * np.outer(x, x)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.3, -0.5, 0.8]),),
        "near the minimum": (np.array([-0.99, -1.01, -1.005]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Beyer & Finck (2012), Parallel Problem Solving from Nature, Springer",
    gradient=_happy_cat_gradient,
    hessian=_happy_cat_hessian,
)
def happy_cat(xp: Any, x: Any) -> Any:
    """Beyer and Finck's ridge along a sphere, a cusp at its minimum."""
    n, square = x.shape[0], xp.sum(x**2)
    return ((square - n) ** 2) ** 0.125 + (0.5 * square + xp.sum(x)) / n + 0.5


def _paviani_hessian(x: Array) -> Any:
    low, high, root = x - 2, 10 - x, np.prod(x) ** 0.2
    own = 2 * (1 - np.log(low)) / low**2 + 2 * (1 - np.log(high)) / high**2 + 0.2 * root / x**2
    return np.diag(own) - 0.04 * root * np.outer(1 / x, 1 / x)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([2.5, 3.1, 4.2, 5.0, 5.7, 6.3, 7.4, 8.1, 8.8, 9.5]),),
        "near the edge": (np.array([2.01, 3.0, 4.0, 5.0, 9.99, 6.0, 7.0, 8.0, 9.0, 9.3]),),
    },
    operators=["gradient", "hessian"],
    domain={"x": (2.001, 9.999)},
    tags=["optimisation", "scalar"],
    source="Himmelblau (1972), Applied Nonlinear Programming, McGraw-Hill; " + _SURVEY,
    gradient=lambda x: 2 * np.log(x - 2) / (x - 2) - 2 * np.log(10 - x) / (10 - x) - 0.2 * np.prod(x) ** 0.2 / x,
    hessian=_paviani_hessian,
)
def paviani(xp: Any, x: Any) -> Any:
    """Paviani's logarithms and a root of a product."""
    return xp.sum(xp.log(x - 2.0) ** 2 + xp.log(10.0 - x) ** 2) - xp.prod(x) ** 0.2


def _adjiman_hessian(x: Array, y: Array) -> Any:
    mixed = 2 * y / (y**2 + 1) ** 2 - np.sin(x) * np.cos(y)
    own = 2 * x * (1 - 3 * y**2) / (y**2 + 1) ** 3 - np.cos(x) * np.sin(y)
    return (-np.cos(x) * np.sin(y), mixed), (mixed, own)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.4, -0.7)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source=_SURVEY + ", Adjiman function",
    gradient=lambda x, y: (
        -np.sin(x) * np.sin(y) - 1 / (y**2 + 1),
        np.cos(x) * np.cos(y) + 2 * x * y / (y**2 + 1) ** 2,
    ),
    hessian=_adjiman_hessian,
)
def adjiman(xp: Any, x: Any, y: Any) -> Any:
    """Adjiman's function."""
    return xp.cos(x) * xp.sin(y) - x / (y**2 + 1.0)


def _dekkers_aarts_hessian(x: Array, y: Array) -> Any:
    square = x**2 + y**2
    slope, bend = 4e-5 * square**3 - 2 * square, 1.2e-4 * square**2 - 2
    mixed = 4 * x * y * bend
    return (2 * (1e5 + slope) + 4 * x**2 * bend, mixed), (mixed, 2 * (1 + slope) + 4 * y**2 * bend)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (3.5, -12.0)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "scalar"],
    source="Ali, Khompatraporn & Zabinsky (2005), J. Glob. Optim. 31, 635-672",
    gradient=lambda x, y: (
        2 * x * (1e5 - 2 * (x**2 + y**2) + 4e-5 * (x**2 + y**2) ** 3),
        2 * y * (1 - 2 * (x**2 + y**2) + 4e-5 * (x**2 + y**2) ** 3),
    ),
    hessian=_dekkers_aarts_hessian,
)
def dekkers_aarts(xp: Any, x: Any, y: Any) -> Any:
    """Dekkers and Aarts's badly scaled polynomial of degree 8."""
    square = x**2 + y**2
    return 1e5 * x**2 + y**2 - square**2 + 1e-5 * square**4
