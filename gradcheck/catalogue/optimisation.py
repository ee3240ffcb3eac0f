"""Classical test functions of optimisation.

"MGH" numbers a problem of Moré, Garbow and Hillstrom; their sums of squares are written as such,
and their points are the starting points of the paper unless a derivative vanishes there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_MGH = "Moré, Garbow & Hillstrom (1981), ACM Trans. Math. Softw. 7, 17-41, problem "
_SURVEY = "Jamil & Yang (2013), Int. J. Math. Model. Numer. Optim. 4, 150-194"
_SZEGO = "Dixon & Szegö (1978), Towards Global Optimisation 2, North-Holland"
_LIBRARY = "Surjanovic & Bingham (2013), Virtual Library of Simulation Experiments, Simon Fraser University"


def _of_squares(residuals: Array, jacobian: Array) -> Any:
    """Gradient of a sum of squared residuals."""
    return 2 * jacobian.T @ residuals


# -- valleys and bowls ------------------------------------------------------------------------


def _rosenbrock_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return gradient


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([-1.2, 1.0]),), "chained": (np.array([-1.2, 1.0, 0.5, -0.7]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["optimisation", "scalar"],
    source="Rosenbrock (1960), Comput. J. 3, 175-184",
    gradient=_rosenbrock_gradient,
)
def rosenbrock(xp: Any, x: Any) -> Any:
    """Rosenbrock's banana valley, chained over the coordinates."""
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.8, 2.0]),)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x: 2 * np.arange(1.0, x.size + 1) * x,
)
def sum_squares(xp: Any, x: Any) -> Any:
    """Axis-parallel ellipsoid."""
    return xp.sum(xp.arange(1.0, x.shape[0] + 1.0) * x**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.2, 0.7)},
    tags=["optimisation", "scalar"],
    source=_MGH + "5; Beale (1958)",
    gradient=lambda x, y: (
        2 * ((1.5 - x + x * y) * (y - 1) + (2.25 - x + x * y**2) * (y**2 - 1) + (2.625 - x + x * y**3) * (y**3 - 1)),
        2 * x * ((1.5 - x + x * y) + 2 * y * (2.25 - x + x * y**2) + 3 * y**2 * (2.625 - x + x * y**3)),
    ),
)
def beale(xp: Any, x: Any, y: Any) -> Any:
    """Beale's function."""
    return (1.5 - x * (1.0 - y)) ** 2 + (2.25 - x * (1.0 - y**2)) ** 2 + (2.625 - x * (1.0 - y**3)) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.0, -1.5]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["optimisation", "scalar"],
    source="Himmelblau (1972), Applied Nonlinear Programming, McGraw-Hill",
    gradient=lambda x: np.array(
        [
            4 * x[0] * (x[0] ** 2 + x[1] - 11) + 2 * (x[0] + x[1] ** 2 - 7),
            2 * (x[0] ** 2 + x[1] - 11) + 4 * x[1] * (x[0] + x[1] ** 2 - 7),
        ]
    ),
)
def himmelblau(xp: Any, x: Any) -> Any:
    """Himmelblau's function of four minima."""
    return (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-1.5, 4.0)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (10 * x + 8 * y - 34, 8 * x + 10 * y - 38),
)
def booth(xp: Any, x: Any, y: Any) -> Any:
    """Booth's function, two lines."""
    return (x + 2.0 * y - 7.0) ** 2 + (2.0 * x + y - 5.0) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, -1.5)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x),
)
def matyas(xp: Any, x: Any, y: Any) -> Any:
    """Matyas's plate."""
    return 0.26 * (x**2 + y**2) - 0.48 * x * y


def _zakharov_gradient(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    s = 0.5 * i @ x
    return 2 * x + i * (s + 2 * s**3)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 0.75, 0.25]),)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=_zakharov_gradient,
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


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.5, 0.8, 2.0]),)},
    tags=["optimisation", "scalar"],
    source="Dixon & Price (1989), J. Optim. Theory Appl. 60, 261-275",
    gradient=_dixon_price_gradient,
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


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -2.0, 3.0, 0.5]),)},
    tags=["optimisation", "scalar"],
    source=_LIBRARY,
    gradient=_trid_gradient,
)
def trid(xp: Any, x: Any) -> Any:
    """Neumaier's tridiagonal quadratic."""
    return xp.sum((x - 1.0) ** 2) - xp.sum(x[1:] * x[:-1])


# -- many minima ------------------------------------------------------------------------------


def _goldstein_price_gradient(x: Array) -> Any:
    a, b = x
    s, t = a + b + 1, 2 * a - 3 * b
    p = 19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2
    q = 18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2
    left, right = 1 + s**2 * p, 30 + t**2 * q
    slope = 2 * s * p + s**2 * (-14 + 6 * a + 6 * b)
    return np.array(
        [
            slope * right + left * (4 * t * q + t**2 * (-32 + 24 * a - 36 * b)),
            slope * right + left * (-6 * t * q + t**2 * (48 - 36 * a + 54 * b)),
        ]
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -0.75]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["optimisation", "scalar"],
    source="Goldstein & Price (1971), Math. Comput. 25, 569-574",
    gradient=_goldstein_price_gradient,
)
def goldstein_price(xp: Any, x: Any) -> Any:
    """Goldstein and Price's product of quartics."""
    a, b = x[0], x[1]
    p = 19.0 - 14.0 * a + 3.0 * a**2 - 14.0 * b + 6.0 * a * b + 3.0 * b**2
    q = 18.0 - 32.0 * a + 12.0 * a**2 + 48.0 * b - 36.0 * a * b + 27.0 * b**2
    return (1.0 + (a + b + 1.0) ** 2 * p) * (30.0 + (2.0 * a - 3.0 * b) ** 2 * q)


def _ackley_gradient(x: Array) -> Any:
    r = np.sqrt(np.mean(x**2))
    waves = 2 * np.pi * np.sin(2 * np.pi * x) * np.exp(np.mean(np.cos(2 * np.pi * x)))
    return (4 * np.exp(-0.2 * r) * x / r + waves) / x.size


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.3, -0.6, 2.2]),)},
    tags=["optimisation", "scalar"],
    source="Ackley (1987), A Connectionist Machine for Genetic Hillclimbing, Kluwer",
    gradient=_ackley_gradient,
)
def ackley(xp: Any, x: Any) -> Any:
    """Ackley's function, whose only kink is its minimum at 0."""
    waves = xp.exp(xp.mean(xp.cos(2.0 * xp.pi * x)))
    return 20.0 + xp.e - 20.0 * xp.exp(-0.2 * xp.sqrt(xp.mean(x**2))) - waves


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.15]),)},
    tags=["optimisation", "scalar"],
    source="Rastrigin (1974), Systems of Extremal Control, Nauka",
    gradient=lambda x: 2 * x + 20 * np.pi * np.sin(2 * np.pi * x),
)
def rastrigin(xp: Any, x: Any) -> Any:
    """Rastrigin's function."""
    return 10.0 * x.shape[0] + xp.sum(x**2 - 10.0 * xp.cos(2.0 * xp.pi * x))


def _griewank_gradient(x: Array) -> Any:
    roots = np.sqrt(np.arange(1.0, x.size + 1))
    return x / 2000 + np.prod(np.cos(x / roots)) * np.tan(x / roots) / roots


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.0, -2.5, 4.0]),)},
    tags=["optimisation", "scalar"],
    source="Griewank (1981), J. Optim. Theory Appl. 34, 11-39",
    gradient=_griewank_gradient,
)
def griewank(xp: Any, x: Any) -> Any:
    """Griewank's function, a bowl with a product of waves."""
    return 1.0 + xp.sum(x**2) / 4000.0 - xp.prod(xp.cos(x / xp.sqrt(xp.arange(1.0, x.shape[0] + 1.0))))


def _levy_gradient(x: Array) -> Any:
    w = 1 + (x - 1) / 4
    head, last = w[:-1], w[-1]
    gradient = np.zeros_like(x)
    gradient[:-1] = 2 * (head - 1) * (1 + 10 * np.sin(np.pi * head + 1) ** 2)
    gradient[:-1] += (head - 1) ** 2 * 10 * np.pi * np.sin(2 * np.pi * head + 2)
    gradient[0] += np.pi * np.sin(2 * np.pi * w[0])
    gradient[-1] += 2 * (last - 1) * (1 + np.sin(2 * np.pi * last) ** 2)
    gradient[-1] += (last - 1) ** 2 * 2 * np.pi * np.sin(4 * np.pi * last)
    return gradient / 4


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.5, 2.5, 3.7]),)},
    tags=["optimisation", "scalar"],
    source="Levy & Montalvo (1985), SIAM J. Sci. Stat. Comput. 6, 15-29; " + _LIBRARY,
    gradient=_levy_gradient,
)
def levy(xp: Any, x: Any) -> Any:
    """Levy's function."""
    w = 1.0 + (x - 1.0) / 4.0
    body = xp.sum((w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * xp.sin(xp.pi * w[:-1] + 1.0) ** 2))
    tail = (w[-1] - 1.0) ** 2 * (1.0 + xp.sin(2.0 * xp.pi * w[-1]) ** 2)
    return xp.sin(xp.pi * w[0]) ** 2 + body + tail


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-2.0, 0.7, 3.1]),)},
    tags=["optimisation", "scalar"],
    source="Styblinski & Tang (1990), Neural Networks 3, 467-483",
    gradient=lambda x: 2 * x**3 - 16 * x + 2.5,
)
def styblinski_tang(xp: Any, x: Any) -> Any:
    """Styblinski and Tang's function."""
    return 0.5 * xp.sum(x**4 - 16.0 * x**2 + 5.0 * x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.3, -0.4)},
    tags=["optimisation", "scalar"],
    source=_SZEGO,
    gradient=lambda x, y: (8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3),
)
def six_hump_camel(xp: Any, x: Any, y: Any) -> Any:
    """The six-hump camel back."""
    return (4.0 - 2.1 * x**2 + x**4 / 3.0) * x**2 + x * y + (4.0 * y**2 - 4.0) * y**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.2, -2.0)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y),
)
def three_hump_camel(xp: Any, x: Any, y: Any) -> Any:
    """The three-hump camel back."""
    return 2.0 * x**2 - 1.05 * x**4 + x**6 / 6.0 + x * y + y**2


def _easom_gradient(x: Array, y: Array) -> Any:
    bump = np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2)
    return (
        bump * np.cos(y) * (np.sin(x) + 2 * (x - np.pi) * np.cos(x)),
        bump * np.cos(x) * (np.sin(y) + 2 * (y - np.pi) * np.cos(y)),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, 3.75)},
    tags=["optimisation", "scalar"],
    source="Easom (1990), A Survey of Global Optimization Techniques, thesis, University of Louisville",
    gradient=_easom_gradient,
)
def easom(xp: Any, x: Any, y: Any) -> Any:
    """Easom's needle in a plain."""
    return -xp.cos(x) * xp.cos(y) * xp.exp(-((x - xp.pi) ** 2) - (y - xp.pi) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.8, -1.1)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (np.cos(x + y) + 2 * (x - y) - 1.5, np.cos(x + y) - 2 * (x - y) + 2.5),
)
def mccormick(xp: Any, x: Any, y: Any) -> Any:
    """McCormick's function."""
    return xp.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1.0


def _branin_gradient(x: Array, y: Array) -> Any:
    b, c = 5.1 / (4 * np.pi**2), 5 / np.pi
    inner = y - b * x**2 + c * x - 6
    return 2 * inner * (c - 2 * b * x) - 10 * (1 - 1 / (8 * np.pi)) * np.sin(x), 2 * inner


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-1.5, 4.0)},
    tags=["optimisation", "scalar"],
    source="Branin (1972), IBM J. Res. Dev. 16, 504-522; " + _SZEGO,
    gradient=_branin_gradient,
)
def branin(xp: Any, x: Any, y: Any) -> Any:
    """Branin's function of three equal minima."""
    inner = y - 5.1 / (4.0 * xp.pi**2) * x**2 + 5.0 / xp.pi * x - 6.0
    return inner**2 + 10.0 * (1.0 - 1.0 / (8.0 * xp.pi)) * xp.cos(x) + 10.0


def _michalewicz_gradient(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    s, c = np.sin(i * x**2 / np.pi), np.cos(i * x**2 / np.pi)
    return -np.cos(x) * s**20 - np.sin(x) * 20 * s**19 * c * 2 * i * x / np.pi


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.0, 1.4]),)},
    tags=["optimisation", "scalar"],
    source="Michalewicz (1992), Genetic Algorithms + Data Structures = Evolution Programs, Springer",
    gradient=_michalewicz_gradient,
)
def michalewicz(xp: Any, x: Any) -> Any:
    """Michalewicz's steep ridges, m = 10."""
    i = xp.arange(1.0, x.shape[0] + 1.0)
    return -xp.sum(xp.sin(x) * xp.sin(i * x**2 / xp.pi) ** 20)


_HARTMANN_WEIGHTS = [1.0, 1.2, 3.0, 3.2]
_HARTMANN_SCALES = [[3.0, 10.0, 30.0], [0.1, 10.0, 35.0], [3.0, 10.0, 30.0], [0.1, 10.0, 35.0]]
_HARTMANN_CENTRES = [
    [0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470], [0.1091, 0.8732, 0.5547], [0.0381, 0.5743, 0.8828],
]  # fmt: skip


def _hartmann3_gradient(x: Array) -> Any:
    scales, offsets = np.array(_HARTMANN_SCALES), x - np.array(_HARTMANN_CENTRES)
    wells = np.array(_HARTMANN_WEIGHTS) * np.exp(-np.sum(scales * offsets**2, axis=1))
    return 2 * wells @ (scales * offsets)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, 0.6, 0.7]),)},
    tags=["optimisation", "scalar"],
    source=_SZEGO,
    gradient=_hartmann3_gradient,
)
def hartmann3(xp: Any, x: Any) -> Any:
    """Hartmann's function of three variables and four wells."""
    squares = xp.asarray(_HARTMANN_SCALES) * (x - xp.asarray(_HARTMANN_CENTRES)) ** 2
    return -xp.sum(xp.asarray(_HARTMANN_WEIGHTS) * xp.exp(-xp.sum(squares, axis=1)))


_SHEKEL_DEPTHS = [0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5]
_SHEKEL_CENTRES = [
    [4.0, 4.0, 4.0, 4.0], [1.0, 1.0, 1.0, 1.0], [8.0, 8.0, 8.0, 8.0], [6.0, 6.0, 6.0, 6.0], [3.0, 7.0, 3.0, 7.0],
    [2.0, 9.0, 2.0, 9.0], [5.0, 5.0, 3.0, 3.0], [8.0, 1.0, 8.0, 1.0], [6.0, 2.0, 6.0, 2.0], [7.0, 3.6, 7.0, 3.6],
]  # fmt: skip


def _shekel_gradient(x: Array) -> Any:
    offsets = x - np.array(_SHEKEL_CENTRES)
    return 2 * (np.sum(offsets**2, axis=1) + np.array(_SHEKEL_DEPTHS)) ** -2 @ offsets


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([3.5, 4.5, 3.8, 4.4]),)},
    tags=["optimisation", "scalar"],
    source="Shekel (1971), Fifth Hawaii International Conference on System Sciences; " + _SZEGO,
    gradient=_shekel_gradient,
)
def shekel(xp: Any, x: Any) -> Any:
    """Shekel's foxholes, m = 10."""
    squares = xp.sum((x - xp.asarray(_SHEKEL_CENTRES)) ** 2, axis=1)
    return -xp.sum(1.0 / (squares + xp.asarray(_SHEKEL_DEPTHS)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.35, -0.6)},
    tags=["optimisation", "scalar"],
    source="Bohachevsky, Johnson & Stein (1986), Technometrics 28, 209-217",
    gradient=lambda x, y: (
        2 * x + 0.9 * np.pi * np.sin(3 * np.pi * x),
        4 * y + 1.6 * np.pi * np.sin(4 * np.pi * y),
    ),
)
def bohachevsky(xp: Any, x: Any, y: Any) -> Any:
    """Bohachevsky's first function."""
    return x**2 + 2.0 * y**2 - 0.3 * xp.cos(3.0 * xp.pi * x) - 0.4 * xp.cos(4.0 * xp.pi * y) + 0.7


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([5.2, 30.0, 121.0]),)},
    tags=["optimisation", "scalar"],
    source="Schwefel (1981), Numerical Optimization of Computer Models, Wiley",
    gradient=lambda x: -np.sin(np.sqrt(x)) - 0.5 * np.sqrt(x) * np.cos(np.sqrt(x)),
)
def schwefel(xp: Any, x: Any) -> Any:
    """Schwefel's function of sines of roots."""
    return 418.9829 * x.shape[0] - xp.sum(x * xp.sin(xp.sqrt(xp.abs(x))))


def _drop_wave_gradient(x: Array) -> Any:
    r = np.sqrt(np.sum(x**2))
    bowl = 0.5 * r**2 + 2
    return (12 * np.sin(12 * r) * x / r + (1 + np.cos(12 * r)) * x / bowl) / bowl


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.7]),)},
    tags=["optimisation", "scalar"],
    source=_LIBRARY,
    gradient=_drop_wave_gradient,
)
def drop_wave(xp: Any, x: Any) -> Any:
    """The drop-wave function, away from its centre."""
    square = xp.sum(x**2)
    return -(1.0 + xp.cos(12.0 * xp.sqrt(square))) / (0.5 * square + 2.0)


def _schaffer_gradient(x: Array, y: Array) -> Any:
    difference, scale = x**2 - y**2, 1 + 0.001 * (x**2 + y**2)
    wave = 2 * np.sin(2 * difference) / scale**2
    decay = 0.004 * (np.sin(difference) ** 2 - 0.5) / scale**3
    return x * (wave - decay), y * (-wave - decay)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, -0.9)},
    tags=["optimisation", "scalar"],
    source=_SURVEY,
    gradient=_schaffer_gradient,
)
def schaffer_n2(xp: Any, x: Any, y: Any) -> Any:
    """Schaffer's second function."""
    return 0.5 + (xp.sin(x**2 - y**2) ** 2 - 0.5) / (1.0 + 0.001 * (x**2 + y**2)) ** 2


# -- sums of squares --------------------------------------------------------------------------


def _freudenstein_roth_gradient(x: Array) -> Any:
    a, b = x
    residuals = np.array([-13 + a - 2 * b + 5 * b**2 - b**3, -29 + a - 14 * b + b**2 + b**3])
    return _of_squares(residuals, np.array([[1, -2 + 10 * b - 3 * b**2], [1, -14 + 2 * b + 3 * b**2]]))


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.5, -2.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "2; Freudenstein & Roth (1963), J. ACM 10, 550-556",
    gradient=_freudenstein_roth_gradient,
)
def freudenstein_roth(xp: Any, x: Any) -> Any:
    """Freudenstein and Roth's two cubics."""
    first = -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1]
    second = -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]
    return first**2 + second**2


@gradcheck.case(
    inputs=lambda rng: {"near the minimum": (np.array([999990.0, 3e-6]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "4",
    gradient=lambda x: np.array(
        [
            2 * (x[0] - 1e6) + 2 * x[1] * (x[0] * x[1] - 2),
            2 * (x[1] - 2e-6) + 2 * x[0] * (x[0] * x[1] - 2),
        ]
    ),
)
def brown_badly_scaled(xp: Any, x: Any) -> Any:
    """Brown's badly scaled function."""
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2.0) ** 2


def _jennrich_sampson_gradient(x: Array) -> Any:
    i = np.arange(1.0, 11)[:, None]
    growth = np.exp(i * x)
    return _of_squares(2 + 2 * i[:, 0] - growth.sum(axis=1), -i * growth)


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.3, 0.4]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "6; Jennrich & Sampson (1968), Technometrics 10, 63-72",
    gradient=_jennrich_sampson_gradient,
)
def jennrich_sampson(xp: Any, x: Any) -> Any:
    """Jennrich and Sampson's exponential fit, m = 10."""
    i = xp.arange(1.0, 11.0)
    return xp.sum((2.0 + 2.0 * i - (xp.exp(i * x[0]) + xp.exp(i * x[1]))) ** 2)


def _helical_valley_gradient(x: Array) -> Any:
    a, b, c = x
    r = np.hypot(a, b)
    residuals = np.array([10 * (c - 5 * np.arctan2(b, a) / np.pi), 10 * (r - 1), c])
    turn = 50 / (np.pi * r**2)
    return _of_squares(residuals, np.array([[turn * b, -turn * a, 10], [10 * a / r, 10 * b / r, 0], [0, 0, 1]]))


@gradcheck.case(
    inputs=lambda rng: {"right": (np.array([0.8, -0.5, 0.3]),), "left": (np.array([-1.0, 0.6, 0.2]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["optimisation", "scalar"],
    source=_MGH + "7; Fletcher & Powell (1963), Comput. J. 6, 163-168",
    gradient=_helical_valley_gradient,
)
def helical_valley(xp: Any, x: Any) -> Any:
    """Fletcher and Powell's helical valley."""
    turns = xp.arctan2(x[1], x[0]) / (2.0 * xp.pi)
    radius = xp.sqrt(x[0] ** 2 + x[1] ** 2)
    return 100.0 * (x[2] - 10.0 * turns) ** 2 + 100.0 * (radius - 1.0) ** 2 + x[2] ** 2


_BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]


def _bard_gradient(x: Array) -> Any:
    u = np.arange(1.0, 16)
    v, w = 16 - u, np.minimum(u, 16 - u)
    bottom = v * x[1] + w * x[2]
    columns = [-np.ones(15), u * v / bottom**2, u * w / bottom**2]
    return _of_squares(np.array(_BARD) - x[0] - u / bottom, np.stack(columns, axis=1))


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([1.0, 1.0, 1.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "8; Bard (1970), SIAM J. Numer. Anal. 7, 157-186",
    gradient=_bard_gradient,
)
def bard(xp: Any, x: Any) -> Any:
    """Bard's rational fit to 15 observations."""
    u = xp.arange(1.0, 16.0)
    w = xp.minimum(u, 16.0 - u)
    return xp.sum((xp.asarray(_BARD) - x[0] - u / ((16.0 - u) * x[1] + w * x[2])) ** 2)


_GAUSSIAN = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989]
_GAUSSIAN = [*_GAUSSIAN, *_GAUSSIAN[-2::-1]]


def _gaussian_fit_gradient(x: Array) -> Any:
    t = (8 - np.arange(1.0, 16)) / 2 - x[2]
    bell = np.exp(-x[1] * t**2 / 2)
    columns = [bell, -x[0] * bell * t**2 / 2, x[0] * bell * x[1] * t]
    return _of_squares(x[0] * bell - np.array(_GAUSSIAN), np.stack(columns, axis=1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.2, 0.3]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "9",
    gradient=_gaussian_fit_gradient,
)
def gaussian_fit(xp: Any, x: Any) -> Any:
    """A bell curve fitted to 15 rounded ordinates of the normal density."""
    t = (8.0 - xp.arange(1.0, 16.0)) / 2.0
    return xp.sum((x[0] * xp.exp(-x[1] * (t - x[2]) ** 2 / 2.0) - xp.asarray(_GAUSSIAN)) ** 2)


def _box_gradient(x: Array) -> Any:
    t = 0.1 * np.arange(1.0, 11)
    first, second, third = np.exp(-t * x[0]), np.exp(-t * x[1]), np.exp(-t) - np.exp(-10 * t)
    return _of_squares(first - second - x[2] * third, np.stack([-t * first, t * second, -third], axis=1))


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.0, 10.0, 20.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "12; Box (1966), Comput. J. 9, 67-77",
    gradient=_box_gradient,
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


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([3.0, -1.0, 0.0, 1.0]),)},
    operators=["gradient", "hessian", "hvp"],
    tags=["optimisation", "scalar"],
    source=_MGH + "13; Powell (1962), Comput. J. 5, 147-151",
    gradient=_powell_singular_gradient,
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


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([-3.0, -1.0, -3.0, -1.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "14",
    gradient=_wood_gradient,
)
def wood(xp: Any, x: Any) -> Any:
    """Wood's function (also Colville's)."""
    valleys = 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2 + 90.0 * (x[3] - x[2] ** 2) ** 2 + (1.0 - x[2]) ** 2
    return valleys + 10.0 * (x[1] + x[3] - 2.0) ** 2 + 0.1 * (x[1] - x[3]) ** 2


_KOWALIK = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
_KOWALIK_TIMES = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]


def _kowalik_osborne_gradient(x: Array) -> Any:
    u = np.array(_KOWALIK_TIMES)
    top, bottom = u**2 + u * x[1], u**2 + u * x[2] + x[3]
    columns = [-top / bottom, -x[0] * u / bottom, x[0] * top * u / bottom**2, x[0] * top / bottom**2]
    return _of_squares(np.array(_KOWALIK) - x[0] * top / bottom, np.stack(columns, axis=1))


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.25, 0.39, 0.415, 0.39]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "15; Kowalik & Osborne (1968), Methods for Unconstrained Optimization Problems, Elsevier",
    gradient=_kowalik_osborne_gradient,
)
def kowalik_osborne(xp: Any, x: Any) -> Any:
    """Kowalik and Osborne's enzyme reaction fit."""
    u = xp.asarray(_KOWALIK_TIMES)
    return xp.sum((xp.asarray(_KOWALIK) - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])) ** 2)


def _brown_dennis_gradient(x: Array) -> Any:
    t = np.arange(1.0, 21) / 5
    first, second = x[0] + t * x[1] - np.exp(t), x[2] + np.sin(t) * x[3] - np.cos(t)
    columns = [2 * first, 2 * t * first, 2 * second, 2 * np.sin(t) * second]
    return _of_squares(first**2 + second**2, np.stack(columns, axis=1))


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([25.0, 5.0, -5.0, -1.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "16; Brown & Dennis (1971), Yale University, report 71-14",
    gradient=_brown_dennis_gradient,
)
def brown_dennis(xp: Any, x: Any) -> Any:
    """Brown and Dennis's function, m = 20."""
    t = xp.arange(1.0, 21.0) / 5.0
    residuals = (x[0] + t * x[1] - xp.exp(t)) ** 2 + (x[2] + xp.sin(t) * x[3] - xp.cos(t)) ** 2
    return xp.sum(residuals**2)


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([1.0, 2.0, 3.0, 4.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "23",
    gradient=lambda x: 2e-5 * (x - 1) + 4 * x * (np.sum(x**2) - 0.25),
)
def penalty(xp: Any, x: Any) -> Any:
    """The first penalty function."""
    return 1e-5 * xp.sum((x - 1.0) ** 2) + (xp.sum(x**2) - 0.25) ** 2


def _variably_dimensioned_gradient(x: Array) -> Any:
    j = np.arange(1.0, x.size + 1)
    s = j @ (x - 1)
    return 2 * (x - 1) + j * (2 * s + 4 * s**3)


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([0.8, 0.6, 0.4, 0.2, 0.0]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "25",
    gradient=_variably_dimensioned_gradient,
)
def variably_dimensioned(xp: Any, x: Any) -> Any:
    """The variably dimensioned function."""
    s = xp.sum(xp.arange(1.0, x.shape[0] + 1.0) * (x - 1.0))
    return xp.sum((x - 1.0) ** 2) + s**2 + s**4


def _trigonometric_gradient(x: Array) -> Any:
    n, i = x.size, np.arange(1.0, x.size + 1)
    residuals = n - np.sum(np.cos(x)) + i * (1 - np.cos(x)) - np.sin(x)
    return _of_squares(residuals, np.tile(np.sin(x), (n, 1)) + np.diag(i * np.sin(x) - np.cos(x)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, -0.4, 1.7]),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "26; Spedicato (1975)",
    gradient=_trigonometric_gradient,
)
def trigonometric(xp: Any, x: Any) -> Any:
    """Spedicato's trigonometric function."""
    n = x.shape[0]
    i = xp.arange(1.0, n + 1.0)
    return xp.sum((n - xp.sum(xp.cos(x)) + i * (1.0 - xp.cos(x)) - xp.sin(x)) ** 2)


def _broyden_tridiagonal_gradient(x: Array) -> Any:
    n = x.size
    before, after = np.append(0.0, x[:-1]), np.append(x[1:], 0.0)
    residuals = (3 - 2 * x) * x - before - 2 * after + 1
    return _of_squares(residuals, np.diag(3 - 4 * x) - np.eye(n, k=-1) - 2 * np.eye(n, k=1))


@gradcheck.case(
    inputs=lambda rng: {"start": (np.full(5, -1.0),)},
    tags=["optimisation", "scalar"],
    source=_MGH + "30; Broyden (1965), Math. Comput. 19, 577-593",
    gradient=_broyden_tridiagonal_gradient,
)
def broyden_tridiagonal(xp: Any, x: Any) -> Any:
    """Broyden's tridiagonal equations as a sum of squares."""
    padded = xp.pad(x, (1, 1))
    return xp.sum(((3.0 - 2.0 * x) * x - padded[:-2] - 2.0 * padded[2:] + 1.0) ** 2)
