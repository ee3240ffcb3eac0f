"""Sums of squares: the collection of Moré, Garbow and Hillstrom.

"MGH" numbers a problem of theirs; their points are the starting points of the paper unless a
derivative vanishes there, and points near a minimum, where the residuals cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebval

import gradcheck
from gradcheck.functions import Array

_MGH = "Moré, Garbow & Hillstrom (1981), ACM Trans. Math. Softw. 7, 17-41, problem "


_Squares = tuple[Array, Array, Mapping[tuple[Any, Any], Array]]
"""Residuals, their Jacobian, and their second derivatives by row and column, each on one side of the diagonal only."""


def _gradient(squares: Callable[[Array], _Squares]) -> Callable[[Array], Array]:
    """Return the gradient of a sum of squared residuals."""

    def gradient(x: Array) -> Any:
        residuals, jacobian, _ = squares(x)
        return 2 * jacobian.T @ residuals

    return gradient


def _hessian(squares: Callable[[Array], _Squares]) -> Callable[[Array], Array]:
    """Return the Hessian of a sum of squared residuals."""

    def hessian(x: Array) -> Any:
        residuals, jacobian, seconds = squares(x)
        curvature = np.zeros((x.size, x.size))
        for (row, column), second in seconds.items():
            curvature[row, column] = curvature[column, row] = residuals @ second
        return 2 * (jacobian.T @ jacobian + curvature)

    return hessian


def _freudenstein_roth(x: Array) -> _Squares:
    a, b = x
    residuals = np.array([-13 + a - 2 * b + 5 * b**2 - b**3, -29 + a - 14 * b + b**2 + b**3])
    jacobian = np.array([[1, -2 + 10 * b - 3 * b**2], [1, -14 + 2 * b + 3 * b**2]])
    return residuals, jacobian, {(1, 1): np.array([10 - 6 * b, 2 + 6 * b])}


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.5, -2.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "2; Freudenstein & Roth (1963), J. ACM 10, 550-556",
    gradient=_gradient(_freudenstein_roth),
    hessian=_hessian(_freudenstein_roth),
)
def freudenstein_roth(xp: Any, x: Any) -> Any:
    """Freudenstein and Roth's two cubics."""
    first = -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1]
    second = -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]
    return first**2 + second**2


@gradcheck.case(
    inputs=lambda rng: {"near the minimum": (np.array([999990.0, 3e-6]),), "start": (np.array([1.0, 1.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "4",
    gradient=lambda x: np.array(
        [
            2 * (x[0] - 1e6) + 2 * x[1] * (x[0] * x[1] - 2),
            2 * (x[1] - 2e-6) + 2 * x[0] * (x[0] * x[1] - 2),
        ]
    ),
    hessian=lambda x: np.array(
        [[2 + 2 * x[1] ** 2, 4 * (x[0] * x[1] - 1)], [4 * (x[0] * x[1] - 1), 2 + 2 * x[0] ** 2]]
    ),
)
def brown_badly_scaled(xp: Any, x: Any) -> Any:
    """Brown's badly scaled function."""
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2.0) ** 2


def _beale_hessian(x: Array, y: Array) -> Any:
    powers, slopes = np.array([y, y**2, y**3]), np.array([1, 2 * y, 3 * y**2])
    residuals = np.array([1.5, 2.25, 2.625]) + x * (powers - 1)
    mixed = 2 * slopes @ (residuals + x * (powers - 1))
    return (2 * np.sum((powers - 1) ** 2), mixed), (mixed, 2 * x * (x * slopes @ slopes + residuals @ [0, 2, 6 * y]))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.2, 0.7)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "5; Beale (1958)",
    gradient=lambda x, y: (
        2 * ((1.5 - x + x * y) * (y - 1) + (2.25 - x + x * y**2) * (y**2 - 1) + (2.625 - x + x * y**3) * (y**3 - 1)),
        2 * x * ((1.5 - x + x * y) + 2 * y * (2.25 - x + x * y**2) + 3 * y**2 * (2.625 - x + x * y**3)),
    ),
    hessian=_beale_hessian,
)
def beale(xp: Any, x: Any, y: Any) -> Any:
    """Beale's function."""
    return (1.5 - x * (1.0 - y)) ** 2 + (2.25 - x * (1.0 - y**2)) ** 2 + (2.625 - x * (1.0 - y**3)) ** 2


def _jennrich_sampson(x: Array) -> _Squares:
    i = np.arange(1.0, 11)[:, None]
    growth = np.exp(i * x)
    return 2 + 2 * i[:, 0] - growth.sum(axis=1), -i * growth, {((0, 1), (0, 1)): -(i**2) * growth}


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.3, 0.4]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "6; Jennrich & Sampson (1968), Technometrics 10, 63-72",
    gradient=_gradient(_jennrich_sampson),
    hessian=_hessian(_jennrich_sampson),
)
def jennrich_sampson(xp: Any, x: Any) -> Any:
    """Jennrich and Sampson's exponential fit, m = 10."""
    i = xp.arange(1.0, 11.0)
    return xp.sum((2.0 + 2.0 * i - (xp.exp(i * x[0]) + xp.exp(i * x[1]))) ** 2)


def _helical_valley(x: Array) -> _Squares:
    a, b, c = x
    r = np.hypot(a, b)
    turn = 50 / (np.pi * r**2)
    residuals = np.array([10 * (c - 5 * np.arctan2(b, a) / np.pi), 10 * (r - 1), c])
    jacobian = np.array([[turn * b, -turn * a, 10], [10 * a / r, 10 * b / r, 0], [0, 0, 1]])
    seconds = {
        (0, 0): np.array([-2 * turn * a * b / r**2, 10 * b**2 / r**3, 0]),
        (0, 1): np.array([turn * (a - b) * (a + b) / r**2, -10 * a * b / r**3, 0]),
        (1, 1): np.array([2 * turn * a * b / r**2, 10 * a**2 / r**3, 0]),
    }
    return residuals, jacobian, seconds


@gradcheck.case(
    inputs=lambda rng: {
        "right": (np.array([0.8, -0.5, 0.3]),),
        "left": (np.array([-1.0, 0.6, 0.2]),),
        "near the axis": (np.array([0.001, -0.002, 0.3]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "7; Fletcher & Powell (1963), Comput. J. 6, 163-168",
    gradient=_gradient(_helical_valley),
    hessian=_hessian(_helical_valley),
)
def helical_valley(xp: Any, x: Any) -> Any:
    """Fletcher and Powell's helical valley."""
    turns = xp.arctan2(x[1], x[0]) / (2.0 * xp.pi)
    radius = xp.sqrt(x[0] ** 2 + x[1] ** 2)
    return 100.0 * (x[2] - 10.0 * turns) ** 2 + 100.0 * (radius - 1.0) ** 2 + x[2] ** 2


_BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]


def _bard(x: Array) -> _Squares:
    u = np.arange(1.0, 16)
    v, w = 16 - u, np.minimum(u, 16 - u)
    bottom = v * x[1] + w * x[2]
    columns = [-np.ones(15), u * v / bottom**2, u * w / bottom**2]
    bend = -2 * u / bottom**3
    seconds = {(1, 1): bend * v**2, (1, 2): bend * v * w, (2, 2): bend * w**2}
    return np.array(_BARD) - x[0] - u / bottom, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([1.0, 1.0, 1.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "8; Bard (1970), SIAM J. Numer. Anal. 7, 157-186",
    gradient=_gradient(_bard),
    hessian=_hessian(_bard),
)
def bard(xp: Any, x: Any) -> Any:
    """Bard's rational fit to 15 observations."""
    u = xp.arange(1.0, 16.0)
    w = xp.minimum(u, 16.0 - u)
    return xp.sum((xp.asarray(_BARD) - x[0] - u / ((16.0 - u) * x[1] + w * x[2])) ** 2)


_GAUSSIAN = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989]
_GAUSSIAN = [*_GAUSSIAN, *_GAUSSIAN[-2::-1]]


def _gaussian_fit(x: Array) -> _Squares:
    t = (8 - np.arange(1.0, 16)) / 2 - x[2]
    bell = np.exp(-x[1] * t**2 / 2)
    columns = [bell, -x[0] * bell * t**2 / 2, x[0] * bell * x[1] * t]
    seconds = {
        (0, 1): -bell * t**2 / 2,
        (0, 2): bell * x[1] * t,
        (1, 1): x[0] * bell * t**4 / 4,
        (1, 2): x[0] * bell * t * (1 - x[1] * t**2 / 2),
        (2, 2): x[0] * bell * x[1] * (x[1] * t**2 - 1),
    }
    return x[0] * bell - np.array(_GAUSSIAN), np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.2, 0.3]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "9",
    gradient=_gradient(_gaussian_fit),
    hessian=_hessian(_gaussian_fit),
)
def gaussian_fit(xp: Any, x: Any) -> Any:
    """A bell curve fitted to 15 rounded ordinates of the normal density."""
    t = (8.0 - xp.arange(1.0, 16.0)) / 2.0
    return xp.sum((x[0] * xp.exp(-x[1] * (t - x[2]) ** 2 / 2.0) - xp.asarray(_GAUSSIAN)) ** 2)


def _box(x: Array) -> _Squares:
    t = 0.1 * np.arange(1.0, 11)
    first, second, third = np.exp(-t * x[0]), np.exp(-t * x[1]), np.exp(-t) - np.exp(-10 * t)
    columns = [-t * first, t * second, -third]
    seconds = {(0, 0): t**2 * first, (1, 1): -(t**2) * second}
    return first - second - x[2] * third, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.0, 10.0, 20.0]),), "near the valley": (np.array([5.0, 5.01, 0.02]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "12; Box (1966), Comput. J. 9, 67-77",
    gradient=_gradient(_box),
    hessian=_hessian(_box),
)
def box_three_dimensional(xp: Any, x: Any) -> Any:
    """Box's fit of exponentials, m = 10."""
    t = 0.1 * xp.arange(1.0, 11.0)
    residuals = xp.exp(-t * x[0]) - xp.exp(-t * x[1]) - x[2] * (xp.exp(-t) - xp.exp(-10.0 * t))
    return xp.sum(residuals**2)


def _powell_singular_gradient(x: Array) -> Any:
    a, b, c, d = x
    first, second, third, fourth = a + 10 * b, 10 * (c - d), 4 * (b - 2 * c) ** 3, 40 * (a - d) ** 3
    return np.array([2 * first + fourth, 20 * first + third, second - 2 * third, -second - fourth])


def _powell_singular_hessian(x: Array) -> Any:
    a, b, c, d = x
    directions = np.array([[1, 10, 0, 0], [0, 0, 1, -1], [0, 1, -2, 0], [1, 0, 0, -1]])
    return directions.T * np.array([2, 10, 12 * (b - 2 * c) ** 2, 120 * (a - d) ** 2]) @ directions


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.array([3.0, -1.0, 0.0, 1.0]),),
        "near the minimum": (np.array([0.1, -0.02, 0.05, 0.08]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "13; Powell (1962), Comput. J. 5, 147-151",
    gradient=_powell_singular_gradient,
    hessian=_powell_singular_hessian,
)
def powell_singular(xp: Any, x: Any) -> Any:
    """Powell's function with a singular Hessian at its minimum."""
    squares = (x[0] + 10.0 * x[1]) ** 2 + 5.0 * (x[2] - x[3]) ** 2
    return squares + (x[1] - 2.0 * x[2]) ** 4 + 10.0 * (x[0] - x[3]) ** 4


def _wood_gradient(x: Array) -> Any:
    a, b, c, d = x
    return np.array(
        [
            -400 * a * (b - a**2) - 2 * (1 - a),
            200 * (b - a**2) + 20 * (b + d - 2) + (b - d) / 5,
            -360 * c * (d - c**2) - 2 * (1 - c),
            180 * (d - c**2) + 20 * (b + d - 2) - (b - d) / 5,
        ]
    )


def _wood_hessian(x: Array) -> Any:
    a, b, c, d = x
    return np.array(
        [
            [400 * (3 * a**2 - b) + 2, -400 * a, 0, 0],
            [-400 * a, 220.2, 0, 19.8],
            [0, 0, 360 * (3 * c**2 - d) + 2, -360 * c],
            [0, 19.8, -360 * c, 200.2],
        ]
    )


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([-3.0, -1.0, -3.0, -1.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "14",
    gradient=_wood_gradient,
    hessian=_wood_hessian,
)
def wood(xp: Any, x: Any) -> Any:
    """Wood's function (also Colville's)."""
    valleys = 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2 + 90.0 * (x[3] - x[2] ** 2) ** 2 + (1.0 - x[2]) ** 2
    return valleys + 10.0 * (x[1] + x[3] - 2.0) ** 2 + 0.1 * (x[1] - x[3]) ** 2


_KOWALIK = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
_KOWALIK_TIMES = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]


def _kowalik_osborne(x: Array) -> _Squares:
    u = np.array(_KOWALIK_TIMES)
    top, bottom = u**2 + u * x[1], u**2 + u * x[2] + x[3]
    columns = [-top / bottom, -x[0] * u / bottom, x[0] * top * u / bottom**2, x[0] * top / bottom**2]
    bend = -2 * x[0] * top / bottom**3
    seconds = {
        (0, 1): -u / bottom,
        (0, 2): top * u / bottom**2,
        (0, 3): top / bottom**2,
        (1, 2): x[0] * u**2 / bottom**2,
        (1, 3): x[0] * u / bottom**2,
        (2, 2): bend * u**2,
        (2, 3): bend * u,
        (3, 3): bend,
    }
    return np.array(_KOWALIK) - x[0] * top / bottom, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.25, 0.39, 0.415, 0.39]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "15; Kowalik & Osborne (1968), Methods for Unconstrained Optimization Problems, Elsevier",
    gradient=_gradient(_kowalik_osborne),
    hessian=_hessian(_kowalik_osborne),
)
def kowalik_osborne(xp: Any, x: Any) -> Any:
    """Kowalik and Osborne's enzyme reaction fit."""
    u = xp.asarray(_KOWALIK_TIMES)
    return xp.sum((xp.asarray(_KOWALIK) - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])) ** 2)


def _brown_dennis(x: Array) -> _Squares:
    t = np.arange(1.0, 21) / 5
    first, second = x[0] + t * x[1] - np.exp(t), x[2] + np.sin(t) * x[3] - np.cos(t)
    columns = [2 * first, 2 * t * first, 2 * second, 2 * np.sin(t) * second]
    twos = np.full(20, 2.0)
    seconds = {
        (0, 0): twos,
        (0, 1): 2 * t,
        (1, 1): 2 * t**2,
        (2, 2): twos,
        (2, 3): 2 * np.sin(t),
        (3, 3): 2 * np.sin(t) ** 2,
    }
    return first**2 + second**2, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([25.0, 5.0, -5.0, -1.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "16; Brown & Dennis (1971), Yale University, report 71-14",
    gradient=_gradient(_brown_dennis),
    hessian=_hessian(_brown_dennis),
)
def brown_dennis(xp: Any, x: Any) -> Any:
    """Brown and Dennis's function, m = 20."""
    t = xp.arange(1.0, 21.0) / 5.0
    residuals = (x[0] + t * x[1] - xp.exp(t)) ** 2 + (x[2] + xp.sin(t) * x[3] - xp.cos(t)) ** 2
    return xp.sum(residuals**2)


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([1.0, 2.0, 3.0, 4.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "23",
    gradient=lambda x: 2e-5 * (x - 1) + 4 * x * (np.sum(x**2) - 0.25),
    hessian=lambda x: (2e-5 + 4 * (np.sum(x**2) - 0.25)) * np.eye(x.size) + 8 * np.outer(x, x),
)
def penalty(xp: Any, x: Any) -> Any:
    """The first penalty function."""
    return 1e-5 * xp.sum((x - 1.0) ** 2) + (xp.sum(x**2) - 0.25) ** 2


def _variably_dimensioned_gradient(x: Array) -> Any:
    j = np.arange(1.0, x.size + 1)
    s = j @ (x - 1)
    return 2 * (x - 1) + j * (2 * s + 4 * s**3)


def _variably_dimensioned_hessian(x: Array) -> Any:
    j = np.arange(1.0, x.size + 1)
    return 2 * np.eye(x.size) + (2 + 12 * (j @ (x - 1)) ** 2) * np.outer(j, j)


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.8, 0.6, 0.4, 0.2, 0.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "25",
    gradient=_variably_dimensioned_gradient,
    hessian=_variably_dimensioned_hessian,
)
def variably_dimensioned(xp: Any, x: Any) -> Any:
    """The variably dimensioned function."""
    s = xp.sum(xp.arange(1.0, x.shape[0] + 1.0) * (x - 1.0))
    return xp.sum((x - 1.0) ** 2) + s**2 + s**4


def _trigonometric(x: Array) -> _Squares:
    i, each = np.arange(1.0, x.size + 1), range(x.size)
    residuals = x.size - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)
    jacobian = np.tile(np.sin(x), (x.size, 1)) + np.diag(i * np.sin(x) - np.cos(x))
    seconds = {(each, each): np.tile(np.cos(x), (x.size, 1)) + np.diag(i * np.cos(x) + np.sin(x))}
    return residuals, jacobian, seconds


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, -0.4, 1.7]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "26; Spedicato (1975)",
    gradient=_gradient(_trigonometric),
    hessian=_hessian(_trigonometric),
)
def trigonometric(xp: Any, x: Any) -> Any:
    """Spedicato's trigonometric function."""
    n = x.shape[0]
    i = xp.arange(1.0, n + 1.0)
    return xp.sum((n - xp.sum(xp.cos(x)) + i * (1.0 - xp.cos(x)) - xp.sin(x)) ** 2)


def _broyden_tridiagonal(x: Array) -> _Squares:
    n, each = x.size, range(x.size)
    before, after = np.append(0.0, x[:-1]), np.append(x[1:], 0.0)
    residuals = (3 - 2 * x) * x - before - 2 * after + 1
    return residuals, np.diag(3 - 4 * x) - np.eye(n, k=-1) - 2 * np.eye(n, k=1), {(each, each): -4 * np.eye(n)}


@gradcheck.case(
    inputs=lambda rng: {"start": (np.full(5, -1.0),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "30; Broyden (1965), Math. Comput. 19, 577-593",
    gradient=_gradient(_broyden_tridiagonal),
    hessian=_hessian(_broyden_tridiagonal),
)
def broyden_tridiagonal(xp: Any, x: Any) -> Any:
    """Broyden's tridiagonal equations as a sum of squares."""
    padded = xp.pad(x, (1, 1))
    return xp.sum(((3.0 - 2.0 * x) * x - padded[:-2] - 2.0 * padded[2:] + 1.0) ** 2)


def _powell_badly_scaled(x: Array) -> _Squares:
    decays = np.exp(-x)
    residuals = np.array([1e4 * x[0] * x[1] - 1, np.sum(decays) - 1.0001])
    seconds = {
        (0, 0): np.array([0, decays[0]]),
        (0, 1): np.array([1e4, 0]),
        (1, 1): np.array([0, decays[1]]),
    }
    return residuals, np.array([1e4 * x[::-1], -decays]), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.0, 1.0]),), "near the minimum": (np.array([1.1e-5, 9.1]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "3; Powell (1970), Numerical Methods for Nonlinear Algebraic Equations, Gordon & Breach",
    gradient=_gradient(_powell_badly_scaled),
    hessian=_hessian(_powell_badly_scaled),
)
def powell_badly_scaled(xp: Any, x: Any) -> Any:
    """Powell's badly scaled function."""
    return (1e4 * x[0] * x[1] - 1.0) ** 2 + (xp.exp(-x[0]) + xp.exp(-x[1]) - 1.0001) ** 2


_MEYER = [
    34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0,
    8261.0, 7030.0, 6005.0, 5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
]  # fmt: skip


def _meyer(x: Array) -> _Squares:
    shifted = 45 + 5 * np.arange(1.0, 17) + x[2]
    growth = np.exp(x[1] / shifted)
    columns = [growth, x[0] * growth / shifted, -x[0] * x[1] * growth / shifted**2]
    seconds = {
        (0, 1): growth / shifted,
        (0, 2): -x[1] * growth / shifted**2,
        (1, 1): x[0] * growth / shifted**2,
        (1, 2): -x[0] * growth * (x[1] / shifted + 1) / shifted**2,
        (2, 2): x[0] * x[1] * growth * (x[1] / shifted + 2) / shifted**3,
    }
    return x[0] * growth - np.array(_MEYER), np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.array([0.02, 4000.0, 250.0]),),
        "near the minimum": (np.array([0.0056, 6181.0, 345.0]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "10; Meyer (1970), Nonlinear Programming, Academic Press",
    gradient=_gradient(_meyer),
    hessian=_hessian(_meyer),
)
def meyer(xp: Any, x: Any) -> Any:
    """Meyer's thermistor, whose parameters span six orders of magnitude."""
    temperatures = 45.0 + 5.0 * xp.arange(1.0, 17.0)
    return xp.sum((x[0] * xp.exp(x[1] / (temperatures + x[2])) - xp.asarray(_MEYER)) ** 2)


def _gulf_research(x: Array) -> _Squares:
    t = np.arange(1.0, 11) / 100
    distance = 25 + (-50 * np.log(t)) ** (2 / 3) - x[1]
    power, logs = distance ** x[2] / x[0], np.log(distance)
    survival = np.exp(-power)
    slopes = survival * power
    columns = [slopes / x[0], slopes * x[2] / distance, -slopes * logs]
    seconds = {
        (0, 0): slopes * (power - 2) / x[0] ** 2,
        (0, 1): slopes * (power - 1) * x[2] / (x[0] * distance),
        (0, 2): -slopes * (power - 1) * logs / x[0],
        (1, 1): slopes * x[2] * ((power - 1) * x[2] + 1) / distance**2,
        (1, 2): -slopes * ((power - 1) * x[2] * logs - 1) / distance,
        (2, 2): slopes * (power - 1) * logs**2,
    }
    return survival - t, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.array([5.0, 2.5, 0.15]),),
        "near the minimum": (np.array([40.0, 24.5, 1.45]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "11; Cox (1969), Gulf Research & Development Co.",
    gradient=_gradient(_gulf_research),
    hessian=_hessian(_gulf_research),
)
def gulf_research(xp: Any, x: Any) -> Any:
    """The Gulf Research and Development function, m = 10: a power of a variable exponent."""
    t = xp.arange(1.0, 11.0) / 100.0
    y = 25.0 + (-50.0 * xp.log(t)) ** (2.0 / 3.0)
    return xp.sum((xp.exp(-(xp.abs(y - x[1]) ** x[2]) / x[0]) - t) ** 2)


_OSBORNE_1 = [
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
    0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
    0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
]  # fmt: skip


def _osborne_1(x: Array) -> _Squares:
    t = 10 * np.arange(33.0)
    slow, fast = np.exp(-t * x[3]), np.exp(-t * x[4])
    columns = [-np.ones(33), -slow, -fast, t * x[1] * slow, t * x[2] * fast]
    seconds = {(1, 3): t * slow, (2, 4): t * fast, (3, 3): -(t**2) * x[1] * slow, (4, 4): -(t**2) * x[2] * fast}
    return np.array(_OSBORNE_1) - x[0] - x[1] * slow - x[2] * fast, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.array([0.5, 1.5, -1.0, 0.01, 0.02]),),
        "near the minimum": (np.array([0.3754, 1.9358, -1.4647, 0.0129, 0.0221]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "17; Osborne (1972), Numerical Methods for Nonlinear Optimization, Academic Press",
    gradient=_gradient(_osborne_1),
    hessian=_hessian(_osborne_1),
)
def osborne_1(xp: Any, x: Any) -> Any:
    """Osborne's fit of two decays to 33 observations."""
    t = 10.0 * xp.arange(0.0, 33.0)
    fit = x[0] + x[1] * xp.exp(-t * x[3]) + x[2] * xp.exp(-t * x[4])
    return xp.sum((xp.asarray(_OSBORNE_1) - fit) ** 2)


_OSBORNE_2 = [
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
    0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
    0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
    0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
    0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
]  # fmt: skip


def _osborne_2(x: Array) -> _Squares:
    t = np.arange(65.0)[:, None] / 10
    decay = np.exp(-t * x[4])
    offsets = t - x[8:]
    bells = np.exp(-x[5:8] * offsets**2)
    columns = [
        -decay,
        -bells,
        t * x[0] * decay,
        x[1:4] * offsets**2 * bells,
        -2 * x[1:4] * x[5:8] * offsets * bells,
    ]
    heights, rates, centres = range(1, 4), range(5, 8), range(8, 11)
    seconds = {
        (0, 4): t[:, 0] * decay[:, 0],
        (4, 4): -(t[:, 0] ** 2) * x[0] * decay[:, 0],
        (heights, rates): offsets**2 * bells,
        (heights, centres): -2 * x[5:8] * offsets * bells,
        (rates, rates): -x[1:4] * offsets**4 * bells,
        (rates, centres): 2 * x[1:4] * offsets * (x[5:8] * offsets**2 - 1) * bells,
        (centres, centres): 2 * x[1:4] * x[5:8] * (1 - 2 * x[5:8] * offsets**2) * bells,
    }
    fit = x[0] * decay[:, 0] + bells @ x[1:4]
    return np.array(_OSBORNE_2) - fit, np.concatenate(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "19; Osborne (1972), Numerical Methods for Nonlinear Optimization, Academic Press",
    gradient=_gradient(_osborne_2),
    hessian=_hessian(_osborne_2),
)
def osborne_2(xp: Any, x: Any) -> Any:
    """Osborne's fit of a decay and three bells to 65 observations."""
    t = xp.arange(0.0, 65.0)[:, None] / 10.0
    bells = xp.exp(-x[5:8] * (t - x[8:11]) ** 2)
    fit = x[0] * xp.exp(-t[:, 0] * x[4]) + xp.sum(x[1:4] * bells, axis=1)
    return xp.sum((xp.asarray(_OSBORNE_2) - fit) ** 2)


def _biggs(x: Array) -> _Squares:
    t = np.arange(1.0, 14) / 10
    decays = np.exp(-t[:, None] * x[[0, 1, 4]])
    weights = np.array([x[2], -x[3], x[5]])
    slopes = -t[:, None] * weights * decays
    columns = [slopes[:, 0], slopes[:, 1], decays[:, 0], -decays[:, 1], slopes[:, 2], decays[:, 2]]
    rates, signs = (0, 1, 4), np.array([1, -1, 1])
    seconds = {(rates, (2, 3, 5)): -t[:, None] * signs * decays, (rates, rates): -t[:, None] * slopes}
    observed = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return decays @ weights - observed, np.stack(columns, axis=1), seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "18; Biggs (1971), J. Inst. Math. Appl. 8, 315-327",
    gradient=_gradient(_biggs),
    hessian=_hessian(_biggs),
)
def biggs_exponential(xp: Any, x: Any) -> Any:
    """Biggs's fit of three exponentials (EXP6), m = 13."""
    t = xp.arange(1.0, 14.0) / 10.0
    observed = xp.exp(-t) - 5.0 * xp.exp(-10.0 * t) + 3.0 * xp.exp(-4.0 * t)
    fit = x[2] * xp.exp(-t * x[0]) - x[3] * xp.exp(-t * x[1]) + x[5] * xp.exp(-t * x[4])
    return xp.sum((fit - observed) ** 2)


_WATSON_POWERS = np.vander(np.arange(1.0, 30) / 29, 6, increasing=True)
_WATSON_SLOPES = np.arange(6.0) * np.concatenate([np.zeros((29, 1)), _WATSON_POWERS[:, :-1]], axis=1)


def _watson_equations(x: Array) -> _Squares:
    values = _WATSON_POWERS @ x
    powers = _WATSON_POWERS.T
    seconds = {(i, j): -2 * powers[i] * powers[j] for i in range(6) for j in range(i + 1)}
    return _WATSON_SLOPES @ x - values**2 - 1, _WATSON_SLOPES - 2 * values[:, None] * _WATSON_POWERS, seconds


def _watson_gradient(x: Array) -> Any:
    end = x[1] - x[0] ** 2 - 1
    return _gradient(_watson_equations)(x) + np.append([2 * x[0] - 4 * x[0] * end, 2 * end], np.zeros(4))


def _watson_hessian(x: Array) -> Any:
    end = [[2 + 4 * (3 * x[0] ** 2 - x[1] + 1), -4 * x[0]], [-4 * x[0], 2]]
    return _hessian(_watson_equations)(x) + np.pad(end, (0, 4))


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.zeros(6),),
        "near the minimum": (np.array([-0.0157, 1.012, -0.233, 1.26, -1.51, 0.99]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "20; Kowalik & Osborne (1968), Methods for Unconstrained Optimization Problems, Elsevier",
    gradient=_watson_gradient,
    hessian=_watson_hessian,
)
def watson(xp: Any, x: Any) -> Any:
    """Watson's polynomial solution of a Riccati equation, of degree 5."""
    slopes, values = xp.matmul(xp.asarray(_WATSON_SLOPES), x), xp.matmul(xp.asarray(_WATSON_POWERS), x)
    return xp.sum((slopes - values**2 - 1.0) ** 2) + x[0] ** 2 + (x[1] - x[0] ** 2 - 1.0) ** 2


def _second_penalty_terms(x: Array) -> tuple[Array, Array, Array, Array]:
    """Return the exponentials, the residuals of pairs and of single ones, and the weights of the squares."""
    i = np.arange(1.0, x.size + 1)
    growth, targets = np.exp(x / 10), np.exp(i / 10)
    return growth, growth[1:] + growth[:-1] - targets[1:] - targets[:-1], growth[1:] - np.exp(-0.1), x.size + 1 - i


def _second_penalty_gradient(x: Array) -> Any:
    growth, pairs, singles, weights = _second_penalty_terms(x)
    gradient = 4 * weights * x * (np.sum(weights * x**2) - 1)
    gradient[0] += 2 * (x[0] - 0.2)
    gradient[1:] += 2e-6 * growth[1:] * (pairs + singles)
    gradient[:-1] += 2e-6 * growth[:-1] * pairs
    return gradient


def _second_penalty_hessian(x: Array) -> Any:
    growth, pairs, singles, weights = _second_penalty_terms(x)
    diagonal = 4 * weights * (np.sum(weights * x**2) - 1)
    diagonal[0] += 2
    diagonal[1:] += 2e-7 * growth[1:] * (pairs + singles + 2 * growth[1:])
    diagonal[:-1] += 2e-7 * growth[:-1] * (pairs + growth[:-1])
    beside = np.diag(2e-7 * growth[1:] * growth[:-1], k=1)
    return 8 * np.outer(weights * x, weights * x) + np.diag(diagonal) + beside + beside.T


@gradcheck.case(
    inputs=lambda rng: {"start": (np.full(4, 0.5),), "near the minimum": (np.array([0.2, 0.19, 0.48, 0.519]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "24; Gill, Murray & Pitfield (1972), National Physical Laboratory, report NAC 11",
    gradient=_second_penalty_gradient,
    hessian=_second_penalty_hessian,
)
def second_penalty(xp: Any, x: Any) -> Any:
    """The second penalty function, its terms five orders of magnitude apart."""
    n = x.shape[0]
    i = xp.arange(1.0, n + 1.0)
    growth, targets = xp.exp(x / 10.0), xp.exp(i / 10.0)
    pairs = growth[1:] + growth[:-1] - (targets[1:] + targets[:-1])
    small = xp.sum(pairs**2) + xp.sum((growth[1:] - math.exp(-0.1)) ** 2)
    return (x[0] - 0.2) ** 2 + 1e-5 * small + (xp.sum((n + 1.0 - i) * x**2) - 1.0) ** 2


def _brown_almost_linear(x: Array) -> _Squares:
    n, product = x.size, np.prod(x)
    jacobian = np.concatenate([(np.eye(n) + 1)[:-1], (product / x)[None]])
    seconds = {(i, j): product / (x[i] * x[j]) * np.eye(n)[-1] for i in range(n) for j in range(i)}
    return np.append(x[:-1] + np.sum(x) - (n + 1), product - 1), jacobian, seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (np.full(5, 0.5),), "ordinary": (np.array([0.9, -1.2, 0.4, 2.5, 1.1]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "27; Brown (1969), SIAM J. Numer. Anal. 6, 560-569",
    gradient=_gradient(_brown_almost_linear),
    hessian=_hessian(_brown_almost_linear),
)
def brown_almost_linear(xp: Any, x: Any) -> Any:
    """Brown's almost linear equations, whose last one is a product."""
    return xp.sum((x[:-1] + xp.sum(x) - (x.shape[0] + 1.0)) ** 2) + (xp.prod(x) - 1.0) ** 2


_NODES = np.arange(1.0, 6) / 6


def _boundary_value(x: Array) -> _Squares:
    shifted = x + _NODES + 1
    second = np.eye(5, k=1) + np.eye(5, k=-1) - 2 * np.eye(5)
    seconds = {(range(5), range(5)): np.diag(shifted / 12)}
    return shifted**3 / 72 - second @ x, np.diag(shifted**2 / 24) - second, seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (_NODES * (_NODES - 1),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "28; Moré & Cosnard (1979), ACM Trans. Math. Softw. 5, 64-85",
    gradient=_gradient(_boundary_value),
    hessian=_hessian(_boundary_value),
)
def discrete_boundary_value(xp: Any, x: Any) -> Any:
    """A two-point boundary value problem by differences."""
    padded = xp.pad(x, (1, 1))
    return xp.sum((2.0 * x - padded[:-2] - padded[2:] + (x + xp.asarray(_NODES) + 1.0) ** 3 / 72.0) ** 2)


def _integral_equation(x: Array) -> _Squares:
    shifted = x + _NODES + 1
    kernel = np.minimum.outer(_NODES, _NODES) - np.outer(_NODES, _NODES)
    seconds = {(range(5), range(5)): kernel * shifted / 2}
    return x + kernel @ shifted**3 / 12, np.eye(5) + kernel * shifted**2 / 4, seconds


@gradcheck.case(
    inputs=lambda rng: {"start": (_NODES * (_NODES - 1),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "29; Moré & Cosnard (1979), ACM Trans. Math. Softw. 5, 64-85",
    gradient=_gradient(_integral_equation),
    hessian=_hessian(_integral_equation),
)
def discrete_integral_equation(xp: Any, x: Any) -> Any:
    """The same boundary value problem as an integral equation, by running sums."""
    t = xp.asarray(_NODES)
    cubes = (x + t + 1.0) ** 3
    below, above = xp.cumsum(t * cubes), xp.cumsum((1.0 - t) * cubes)
    return xp.sum((x + ((1.0 - t) * below + t * (above[-1] - above)) / 12.0) ** 2)


_BAND = np.tri(7, k=1) - np.tri(7, k=-6) - np.eye(7)


def _broyden_banded(x: Array) -> _Squares:
    residuals = x * (2 + 5 * x**2) + 1 - _BAND @ (x * (1 + x))
    seconds = {(range(7), range(7)): np.diag(30 * x) - 2 * _BAND}
    return residuals, np.diag(2 + 15 * x**2) - _BAND * (1 + 2 * x), seconds


@gradcheck.case(
    inputs=lambda rng: {
        "start": (np.full(7, -1.0),),
        "near the minimum": (np.array([-0.43, -0.48, -0.52, -0.56, -0.59, -0.6, -0.6]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "31; Broyden (1971), Math. Comput. 25, 285-294",
    gradient=_gradient(_broyden_banded),
    hessian=_hessian(_broyden_banded),
)
def broyden_banded(xp: Any, x: Any) -> Any:
    """Broyden's banded equations, five below the diagonal and one above."""
    return xp.sum((x * (2.0 + 5.0 * x**2) + 1.0 - xp.matmul(xp.asarray(_BAND), x * (1.0 + x))) ** 2)


def _linear_full_rank(x: Array) -> _Squares:
    jacobian = np.eye(5, x.size) - 2 / 5
    return jacobian @ x - 1, jacobian, {}


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.0, -0.5, 2.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "32",
    gradient=_gradient(_linear_full_rank),
    hessian=lambda x: 2 * np.eye(x.size),
)
def linear_full_rank(xp: Any, x: Any) -> Any:
    """A linear function of full rank, m = 5 residuals."""
    shift = 0.4 * xp.sum(x) + 1.0
    return xp.sum((x - shift) ** 2) + (5.0 - x.shape[0]) * shift**2


def _linear_rank_one(x: Array) -> _Squares:
    jacobian = np.outer(np.arange(1.0, 6), np.arange(1.0, x.size + 1))
    return jacobian @ x - 1, jacobian, {}


@gradcheck.case(
    inputs=lambda rng: {"start": (np.full(4, 1.0),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "33",
    gradient=_gradient(_linear_rank_one),
    hessian=_hessian(_linear_rank_one),
)
def linear_rank_one(xp: Any, x: Any) -> Any:
    """A linear function of rank one, m = 5 residuals, whose Hessian is singular everywhere."""
    return xp.sum((xp.arange(1.0, 6.0) * xp.dot(xp.arange(1.0, x.shape[0] + 1.0), x) - 1.0) ** 2)


def _chebyquad(x: Array) -> _Squares:
    n, y, each = x.size, 2 * x - 1, range(x.size)
    polynomials = np.eye(n + 1)[:, 1:]
    residuals = np.mean(chebval(y, polynomials), axis=1)
    residuals[1::2] -= 1 / (1 - np.arange(2.0, n + 1, 2) ** 2)
    jacobian = chebval(y, chebder(polynomials, scl=2)) / n
    return residuals, jacobian, {(each, each): chebval(y, chebder(polynomials, 2, scl=2)) / n}


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.2, 0.4, 0.6, 0.8]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "least_squares", "scalar"],
    source=_MGH + "35; Fletcher (1965), Comput. J. 8, 33-41",
    gradient=_gradient(_chebyquad),
    hessian=_hessian(_chebyquad),
)
def chebyquad(xp: Any, x: Any) -> Any:
    """Fletcher's equations for the nodes of Chebyshev's quadrature, by recurrence."""
    before, polynomial, total = 1.0, 2.0 * x - 1.0, 0.0
    for degree in range(1, x.shape[0] + 1):
        integral = 0.0 if degree % 2 else 1.0 / (1.0 - degree**2)
        total = total + (xp.mean(polynomial) - integral) ** 2
        before, polynomial = polynomial, 2.0 * (2.0 * x - 1.0) * polynomial - before
    return total
