"""Classical test functions of optimisation with many minima."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import spherical_jn

import gradcheck
from gradcheck.functions import Array

_SURVEY = "Jamil & Yang (2013), Int. J. Math. Model. Numer. Optim. 4, 150-194 (arXiv:1308.4008)"
_SZEGO = "Dixon & Szegö (1978), Towards Global Optimisation 2, North-Holland"
_LIBRARY = "Surjanovic & Bingham (2013), Virtual Library of Simulation Experiments, Simon Fraser University"


def _symmetric(xx: Any, xy: Any, yy: Any) -> Any:
    return (xx, xy), (xy, yy)


def _radial_hessian(x: Array, slope: Array, curvature: Array) -> Any:
    """Return the Hessian of a function of the norm, of its derivatives along the radius."""
    r = np.sqrt(x @ x)
    along = np.outer(x / r, x / r)
    return curvature * along + slope / r * (np.eye(x.size) - along)


def _product_hessian(product: Any, slopes: Array, curvatures: Array) -> Any:
    """Return the Hessian of a product of one factor p for each element, of p'/p and p''/p."""
    relative = np.outer(slopes, slopes)
    np.fill_diagonal(relative, curvatures)
    return product * relative


def _wells_hessian(slopes: Array, curvatures: Array, offsets: Array, scales: Any = 1.0) -> Any:
    """Return the Hessian of a sum over centres, of each term's derivatives by its weighted square."""
    halves = scales * offsets
    return 2 * np.diag(slopes @ (scales * np.ones_like(offsets))) + 4 * curvatures * halves.T @ halves


def _wavy_square_curvature(u: Array, phase: Array, rate: float, weight: float = 1.0) -> Any:
    """Return the second derivative of u**2 * (1 + weight * sin(phase)**2), where phase = rate * u + a constant."""
    waves = 2 * rate * u * np.sin(2 * phase) + (rate * u) ** 2 * np.cos(2 * phase)
    return 2 + 2 * weight * (np.sin(phase) ** 2 + waves)


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


def _goldstein_price_hessian(x: Array) -> Any:
    s, t = x[0] + x[1] + 1, 2 * x[0] - 3 * x[1]
    left, right = 1 + s**2 * (36 - 20 * s + 3 * s**2), 30 + t**2 * (18 - 16 * t + 3 * t**2)
    left_slope, right_slope = 12 * s * (s - 2) * (s - 3), 12 * t * (t - 1) * (t - 3)
    left_curvature, right_curvature = 12 * (6 - 10 * s + 3 * s**2), 12 * (3 - 8 * t + 3 * t**2)
    s_s, s_t, t_t = np.ones((2, 2)), np.array([[4.0, -1.0], [-1.0, -6.0]]), np.array([[4.0, -6.0], [-6.0, 9.0]])
    return left_curvature * right * s_s + left_slope * right_slope * s_t + left * right_curvature * t_t


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -0.75]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Goldstein & Price (1971), Math. Comput. 25, 569-574",
    gradient=_goldstein_price_gradient,
    hessian=_goldstein_price_hessian,
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


def _ackley_hessian(x: Array) -> Any:
    decay, waves = np.exp(-0.2 * np.sqrt(np.mean(x**2))), np.exp(np.mean(np.cos(2 * np.pi * x)))
    s, c = np.sin(2 * np.pi * x), np.cos(2 * np.pi * x)
    cusp = _radial_hessian(x, 4 * decay / np.sqrt(x.size), -0.8 * decay / x.size)
    return cusp + 4 * np.pi**2 * waves / x.size * (np.diag(c) - np.outer(s, s) / x.size)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.3, -0.6, 2.2]),), "near the cusp": (np.array([1e-3, -2e-3, 5e-4]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Ackley (1987), A Connectionist Machine for Genetic Hillclimbing, Kluwer",
    gradient=_ackley_gradient,
    hessian=_ackley_hessian,
)
def ackley(xp: Any, x: Any) -> Any:
    """Ackley's function, whose only kink is its minimum at 0."""
    waves = xp.exp(xp.mean(xp.cos(2.0 * xp.pi * x)))
    return 20.0 + xp.e - 20.0 * xp.exp(-0.2 * xp.sqrt(xp.mean(x**2))) - waves


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.15]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Rastrigin (1974), Systems of Extremal Control, Nauka",
    gradient=lambda x: 2 * x + 20 * np.pi * np.sin(2 * np.pi * x),
    hessian=lambda x: np.diag(2 + 40 * np.pi**2 * np.cos(2 * np.pi * x)),
)
def rastrigin(xp: Any, x: Any) -> Any:
    """Rastrigin's function."""
    return 10.0 * x.shape[0] + xp.sum(x**2 - 10.0 * xp.cos(2.0 * xp.pi * x))


def _griewank_gradient(x: Array) -> Any:
    roots = np.sqrt(np.arange(1.0, x.size + 1))
    return x / 2000 + np.prod(np.cos(x / roots)) * np.tan(x / roots) / roots


def _griewank_hessian(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    angles = x / np.sqrt(i)
    return np.eye(x.size) / 2000 - _product_hessian(np.prod(np.cos(angles)), np.tan(angles) / np.sqrt(i), -1 / i)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.0, -2.5, 4.0]),), "far": (np.array([120.0, -310.0, 555.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Griewank (1981), J. Optim. Theory Appl. 34, 11-39",
    gradient=_griewank_gradient,
    hessian=_griewank_hessian,
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


def _levy_hessian(x: Array) -> Any:
    w = 1 + (x - 1) / 4
    head, last = w[:-1], w[-1]
    diagonal = np.zeros_like(x)
    diagonal[:-1] = _wavy_square_curvature(head - 1, np.pi * head + 1, np.pi, 10.0)
    diagonal[0] += 2 * np.pi**2 * np.cos(2 * np.pi * w[0])
    diagonal[-1] += _wavy_square_curvature(last - 1, 2 * np.pi * last, 2 * np.pi)
    return np.diag(diagonal) / 16


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.5, 2.5, 3.7]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Levy & Montalvo (1985), SIAM J. Sci. Stat. Comput. 6, 15-29; " + _LIBRARY,
    gradient=_levy_gradient,
    hessian=_levy_hessian,
)
def levy(xp: Any, x: Any) -> Any:
    """Levy's function."""
    w = 1.0 + (x - 1.0) / 4.0
    body = xp.sum((w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * xp.sin(xp.pi * w[:-1] + 1.0) ** 2))
    tail = (w[-1] - 1.0) ** 2 * (1.0 + xp.sin(2.0 * xp.pi * w[-1]) ** 2)
    return xp.sin(xp.pi * w[0]) ** 2 + body + tail


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-2.0, 0.7, 3.1]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Styblinski & Tang (1990), Neural Networks 3, 467-483",
    gradient=lambda x: 2 * x**3 - 16 * x + 2.5,
    hessian=lambda x: np.diag(6 * x**2 - 16),
)
def styblinski_tang(xp: Any, x: Any) -> Any:
    """Styblinski and Tang's function."""
    return 0.5 * xp.sum(x**4 - 16.0 * x**2 + 5.0 * x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.3, -0.4)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SZEGO,
    gradient=lambda x, y: (8 * x - 8.4 * x**3 + 2 * x**5 + y, x - 8 * y + 16 * y**3),
    hessian=lambda x, y: _symmetric(8 - 25.2 * x**2 + 10 * x**4, 1, -8 + 48 * y**2),
)
def six_hump_camel(xp: Any, x: Any, y: Any) -> Any:
    """The six-hump camel back."""
    return (4.0 - 2.1 * x**2 + x**4 / 3.0) * x**2 + x * y + (4.0 * y**2 - 4.0) * y**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.2, -2.0)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y),
    hessian=lambda x, y: _symmetric(4 - 12.6 * x**2 + 5 * x**4, 1, 2),
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


def _easom_hessian(x: Array, y: Array) -> Any:
    u, v = x - np.pi, y - np.pi
    bump = np.exp(-(u**2) - v**2)
    return _symmetric(
        -bump * np.cos(y) * ((4 * u**2 - 3) * np.cos(x) + 4 * u * np.sin(x)),
        -bump * (np.sin(x) + 2 * u * np.cos(x)) * (np.sin(y) + 2 * v * np.cos(y)),
        -bump * np.cos(x) * ((4 * v**2 - 3) * np.cos(y) + 4 * v * np.sin(y)),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, 3.75)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Easom (1990), A Survey of Global Optimization Techniques, thesis, University of Louisville",
    gradient=_easom_gradient,
    hessian=_easom_hessian,
)
def easom(xp: Any, x: Any, y: Any) -> Any:
    """Easom's needle in a plain."""
    return -xp.cos(x) * xp.cos(y) * xp.exp(-((x - xp.pi) ** 2) - (y - xp.pi) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.8, -1.1)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: (np.cos(x + y) + 2 * (x - y) - 1.5, np.cos(x + y) - 2 * (x - y) + 2.5),
    hessian=lambda x, y: _symmetric(2 - np.sin(x + y), -2 - np.sin(x + y), 2 - np.sin(x + y)),
)
def mccormick(xp: Any, x: Any, y: Any) -> Any:
    """McCormick's function."""
    return xp.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1.0


def _branin_gradient(x: Array, y: Array) -> Any:
    b, c = 5.1 / (4 * np.pi**2), 5 / np.pi
    inner = y - b * x**2 + c * x - 6
    return 2 * inner * (c - 2 * b * x) - 10 * (1 - 1 / (8 * np.pi)) * np.sin(x), 2 * inner


def _branin_hessian(x: Array, y: Array) -> Any:
    b, c = 5.1 / (4 * np.pi**2), 5 / np.pi
    inner, slope = y - b * x**2 + c * x - 6, c - 2 * b * x
    return _symmetric(2 * slope**2 - 4 * b * inner - 10 * (1 - 1 / (8 * np.pi)) * np.cos(x), 2 * slope, 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-1.5, 4.0)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Branin (1972), IBM J. Res. Dev. 16, 504-522; " + _SZEGO,
    gradient=_branin_gradient,
    hessian=_branin_hessian,
)
def branin(xp: Any, x: Any, y: Any) -> Any:
    """Branin's function of three equal minima."""
    inner = y - 5.1 / (4.0 * xp.pi**2) * x**2 + 5.0 / xp.pi * x - 6.0
    return inner**2 + 10.0 * (1.0 - 1.0 / (8.0 * xp.pi)) * xp.cos(x) + 10.0


def _michalewicz_gradient(x: Array) -> Any:
    i = np.arange(1.0, x.size + 1)
    s, c = np.sin(i * x**2 / np.pi), np.cos(i * x**2 / np.pi)
    return -np.cos(x) * s**20 - np.sin(x) * 20 * s**19 * c * 2 * i * x / np.pi


def _michalewicz_hessian(x: Array) -> Any:
    rate = 2 * np.arange(1.0, x.size + 1) / np.pi
    s, c = np.sin(rate * x**2 / 2), np.cos(rate * x**2 / 2)
    ridge = 19 * (rate * x * c) ** 2 - (rate * x * s) ** 2 + rate * s * c
    return np.diag(np.sin(x) * s**20 - 40 * np.cos(x) * s**19 * c * rate * x - 20 * np.sin(x) * s**18 * ridge)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.0, 1.4]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Michalewicz (1992), Genetic Algorithms + Data Structures = Evolution Programs, Springer",
    gradient=_michalewicz_gradient,
    hessian=_michalewicz_hessian,
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


def _hartmann_gradient(scales: Array, offsets: Array) -> Any:
    wells = np.array(_HARTMANN_WEIGHTS) * np.exp(-np.sum(scales * offsets**2, axis=1))
    return 2 * wells @ (scales * offsets)


def _hartmann_hessian(scales: Array, offsets: Array) -> Any:
    wells = np.array(_HARTMANN_WEIGHTS) * np.exp(-np.sum(scales * offsets**2, axis=1))
    return _wells_hessian(wells, -wells, offsets, scales)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, 0.6, 0.7]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SZEGO,
    gradient=lambda x: _hartmann_gradient(np.array(_HARTMANN_SCALES), x - np.array(_HARTMANN_CENTRES)),
    hessian=lambda x: _hartmann_hessian(np.array(_HARTMANN_SCALES), x - np.array(_HARTMANN_CENTRES)),
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


def _shekel_hessian(x: Array) -> Any:
    offsets = x - np.array(_SHEKEL_CENTRES)
    heights = np.sum(offsets**2, axis=1) + np.array(_SHEKEL_DEPTHS)
    return _wells_hessian(heights**-2, -2 * heights**-3, offsets)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([3.5, 4.5, 3.8, 4.4]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Shekel (1971), Fifth Hawaii International Conference on System Sciences; " + _SZEGO,
    gradient=_shekel_gradient,
    hessian=_shekel_hessian,
)
def shekel(xp: Any, x: Any) -> Any:
    """Shekel's foxholes, m = 10."""
    squares = xp.sum((x - xp.asarray(_SHEKEL_CENTRES)) ** 2, axis=1)
    return -xp.sum(1.0 / (squares + xp.asarray(_SHEKEL_DEPTHS)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.35, -0.6)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Bohachevsky, Johnson & Stein (1986), Technometrics 28, 209-217",
    gradient=lambda x, y: (
        2 * x + 0.9 * np.pi * np.sin(3 * np.pi * x),
        4 * y + 1.6 * np.pi * np.sin(4 * np.pi * y),
    ),
    hessian=lambda x, y: _symmetric(
        2 + 2.7 * np.pi**2 * np.cos(3 * np.pi * x), 0, 4 + 6.4 * np.pi**2 * np.cos(4 * np.pi * y)
    ),
)
def bohachevsky(xp: Any, x: Any, y: Any) -> Any:
    """Bohachevsky's first function."""
    return x**2 + 2.0 * y**2 - 0.3 * xp.cos(3.0 * xp.pi * x) - 0.4 * xp.cos(4.0 * xp.pi * y) + 0.7


def _schwefel_gradient(x: Array) -> Any:
    root = np.sqrt(np.abs(x))
    return -np.sin(root) - 0.5 * root * np.cos(root)


def _schwefel_hessian(x: Array) -> Any:
    root = np.sqrt(np.abs(x))
    return np.diag(np.sign(x) * (np.sin(root) / 4 - 0.75 * np.cos(root) / root))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([5.2, -30.0, 121.0]),), "near zero": (np.array([0.05, 30.0, 121.0]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Schwefel (1981), Numerical Optimization of Computer Models, Wiley",
    gradient=_schwefel_gradient,
    hessian=_schwefel_hessian,
)
def schwefel(xp: Any, x: Any) -> Any:
    """Schwefel's function of sines of roots."""
    return 418.9829 * x.shape[0] - xp.sum(x * xp.sin(xp.sqrt(xp.abs(x))))


def _drop_wave_gradient(x: Array) -> Any:
    r = np.sqrt(np.sum(x**2))
    bowl = 0.5 * r**2 + 2
    return (12 * np.sin(12 * r) * x / r + (1 + np.cos(12 * r)) * x / bowl) / bowl


def _drop_wave_hessian(x: Array) -> Any:
    r = np.sqrt(np.sum(x**2))
    bowl, s, c = 0.5 * r**2 + 2, np.sin(12 * r), np.cos(12 * r)
    slope = (12 * s + (1 + c) * r / bowl) / bowl
    curvature = (144 * c - 24 * s * r / bowl + (1 + c) * (1 - 2 * r**2 / bowl) / bowl) / bowl
    return _radial_hessian(x, slope, curvature)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.7]),), "near the centre": (np.array([0.01, -0.02]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_LIBRARY,
    gradient=_drop_wave_gradient,
    hessian=_drop_wave_hessian,
)
def drop_wave(xp: Any, x: Any) -> Any:
    """The drop-wave function, away from its centre."""
    square = xp.sum(x**2)
    return -(1.0 + xp.cos(12.0 * xp.sqrt(square))) / (0.5 * square + 2.0)


def _schaffer_gradient(x: Array, y: Array, wave: Array, slope: Array, curvature: Array) -> Any:
    """Return the gradient of wave / scale**2, of the wave's derivatives by x**2 - y**2."""
    scale = 1 + 0.001 * (x**2 + y**2)
    turn, decay = 2 * slope / scale**2, 0.004 * wave / scale**3
    return x * (turn - decay), y * (-turn - decay)


def _schaffer_hessian(x: Array, y: Array, wave: Array, slope: Array, curvature: Array) -> Any:
    """Return the Hessian of wave / scale**2, of the wave's derivatives by x**2 - y**2."""
    scale = 1 + 0.001 * (x**2 + y**2)
    decay, bend = -0.002 * wave / scale**3, 6e-6 * wave / scale**4
    turn, steep, mixed = slope / scale**2, curvature / scale**2, -0.002 * slope / scale**3
    return _symmetric(
        2 * (decay + turn) + 4 * x**2 * (steep + bend + 2 * mixed),
        4 * x * y * (bend - steep),
        2 * (decay - turn) + 4 * y**2 * (steep + bend - 2 * mixed),
    )


def _schaffer_n2_wave(u: Array) -> tuple[Array, Array, Array]:
    """Return sin(u)**2 - 1/2 and its first two derivatives."""
    return -np.cos(2 * u) / 2, np.sin(2 * u), 2 * np.cos(2 * u)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, -0.9)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY,
    gradient=lambda x, y: _schaffer_gradient(x, y, *_schaffer_n2_wave(x**2 - y**2)),
    hessian=lambda x, y: _schaffer_hessian(x, y, *_schaffer_n2_wave(x**2 - y**2)),
)
def schaffer_n2(xp: Any, x: Any, y: Any) -> Any:
    """Schaffer's second function."""
    return 0.5 + (xp.sin(x**2 - y**2) ** 2 - 0.5) / (1.0 + 0.001 * (x**2 + y**2)) ** 2


def _bukin_gradient(x: Array, y: Array) -> Any:
    height = y - 0.01 * x**2
    slope = 50 * np.sign(height) / np.sqrt(np.abs(height))
    return 0.01 * np.sign(x + 10) - 0.02 * x * slope, slope


def _bukin_hessian(x: Array, y: Array) -> Any:
    steep = np.abs(y - 0.01 * x**2) ** -1.5
    return _symmetric(-y * steep, 0.5 * x * steep, -25 * steep)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-7.5, 1.2), "near the ridge": (-5.0, 0.251)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Bukin functions",
    gradient=_bukin_gradient,
    hessian=_bukin_hessian,
)
def bukin_n6(xp: Any, x: Any, y: Any) -> Any:
    """Bukin's sixth function, a kinked ridge."""
    return 100.0 * xp.sqrt(xp.abs(y - 0.01 * x**2)) + 0.01 * xp.abs(x + 10.0)


def _cross_in_tray_gradient(x: Array, y: Array) -> Any:
    r = np.hypot(x, y)
    height = np.abs(np.sin(x) * np.sin(y)) + np.exp(r / np.pi - 100)
    slope = -1e-5 * np.exp(10 - r / (10 * np.pi)) * height**-0.9 * np.abs(np.sin(x) * np.sin(y))
    return slope * (1 / np.tan(x) - x / (np.pi * r)), slope * (1 / np.tan(y) - y / (np.pi * r))


def _cross_in_tray_hessian(x: Array, y: Array) -> Any:
    r = np.hypot(x, y)
    product, floor = np.abs(np.sin(x) * np.sin(y)), np.exp(r / np.pi - 100)
    slope = -1e-5 * np.exp(10 - r / (10 * np.pi)) * (product + floor) ** -0.9 * product
    share = (0.1 * product + floor) / (product + floor)
    a, b, bend = 1 / np.tan(x) - x / (np.pi * r), 1 / np.tan(y) - y / (np.pi * r), 1 / (np.pi * r**3)
    return _symmetric(
        slope * (share * a**2 - np.sin(x) ** -2 - bend * y**2),
        slope * (share * a * b + bend * x * y),
        slope * (share * b**2 - np.sin(y) ** -2 - bend * x**2),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.1, -4.3)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Cross-in-tray function",
    gradient=_cross_in_tray_gradient,
    hessian=_cross_in_tray_hessian,
)
def cross_in_tray(xp: Any, x: Any, y: Any) -> Any:
    """The cross in a tray, a tenth root of a value about exp(100), which is divided out: float32 ends at exp(88)."""
    exponent = xp.abs(100.0 - xp.sqrt(x**2 + y**2) / xp.pi)
    return -1e-4 * xp.exp(exponent / 10.0) * (xp.abs(xp.sin(x) * xp.sin(y)) + xp.exp(-exponent)) ** 0.1


def _wave_of_root(u: Array) -> tuple[Array, Array, Array]:
    """Return sin(sqrt(abs(u))) and its first two derivatives."""
    root = np.sqrt(np.abs(u))
    s, c = np.sin(root), np.cos(root)
    return s, c * np.sign(u) / (2 * root), -(root * s + c) / (4 * root**3)


def _eggholder_gradient(x: Array, y: Array) -> Any:
    height = y + 47
    (first, turn, _), (second, swing, _) = _wave_of_root(x / 2 + y + 47), _wave_of_root(x - y - 47)
    return -height * turn / 2 - second - x * swing, -first - height * turn + x * swing


def _eggholder_hessian(x: Array, y: Array) -> Any:
    height = y + 47
    (_, turn, turned), (_, swing, swung) = _wave_of_root(x / 2 + y + 47), _wave_of_root(x - y - 47)
    return _symmetric(
        -height * turned / 4 - 2 * swing - x * swung,
        -(turn + height * turned) / 2 + swing + x * swung,
        -2 * turn - height * turned - x * swung,
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (120.0, -310.0), "near a kink": (100.0, 52.9)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Egg holder function",
    gradient=_eggholder_gradient,
    hessian=_eggholder_hessian,
)
def eggholder(xp: Any, x: Any, y: Any) -> Any:
    """The egg holder."""
    height = y + 47.0
    first = height * xp.sin(xp.sqrt(xp.abs(x / 2.0 + height)))
    return -first - x * xp.sin(xp.sqrt(xp.abs(x - height)))


def _holder_table_gradient(x: Array, y: Array) -> Any:
    r = np.hypot(x, y)
    side = np.sign(1 - r / np.pi)
    value = -np.abs(np.sin(x) * np.cos(y)) * np.exp(np.abs(1 - r / np.pi))
    return value * (1 / np.tan(x) - side * x / (np.pi * r)), value * (-np.tan(y) - side * y / (np.pi * r))


def _holder_table_hessian(x: Array, y: Array) -> Any:
    r = np.hypot(x, y)
    side = np.sign(1 - r / np.pi) / (np.pi * r)
    value = -np.abs(np.sin(x) * np.cos(y)) * np.exp(np.abs(1 - r / np.pi))
    a, b, p, q = 1 / np.tan(x), -np.tan(y), -side * x, -side * y
    return _symmetric(
        value * (p**2 + 2 * a * p - 1 - side * (y / r) ** 2),
        value * ((a + p) * (b + q) + side * x * y / r**2),
        value * (q**2 + 2 * b * q - 1 - side * (x / r) ** 2),
    )


@gradcheck.case(
    inputs=lambda rng: {"outside": (7.5, 9.2), "inside": (1.3, -0.8)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_LIBRARY + ", Holder table function",
    gradient=_holder_table_gradient,
    hessian=_holder_table_hessian,
)
def holder_table(xp: Any, x: Any, y: Any) -> Any:
    """The Holder table, outside and inside its kinked circle."""
    return -xp.abs(xp.sin(x) * xp.cos(y) * xp.exp(xp.abs(1.0 - xp.hypot(x, y) / xp.pi)))


_LANGERMANN_WEIGHTS = [1.0, 2.0, 5.0, 2.0, 3.0]
_LANGERMANN_CENTRES = [[3.0, 5.0], [5.0, 2.0], [2.0, 1.0], [1.0, 4.0], [7.0, 9.0]]


def _langermann_gradient(x: Array) -> Any:
    offsets = x - np.array(_LANGERMANN_CENTRES)
    d = np.sum(offsets**2, axis=1)
    slopes = np.exp(-d / np.pi) * (np.pi * np.sin(np.pi * d) + np.cos(np.pi * d) / np.pi)
    return 2 * (np.array(_LANGERMANN_WEIGHTS) * slopes) @ offsets


def _langermann_hessian(x: Array) -> Any:
    offsets = x - np.array(_LANGERMANN_CENTRES)
    d = np.sum(offsets**2, axis=1)
    decay, s, c = np.array(_LANGERMANN_WEIGHTS) * np.exp(-d / np.pi), np.sin(np.pi * d), np.cos(np.pi * d)
    return _wells_hessian(decay * (np.pi * s + c / np.pi), decay * ((np.pi**2 - np.pi**-2) * c - 2 * s), offsets)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.6, 1.7]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar", "broadcasting"],
    source=_SURVEY + ", Langermann-5 function; " + _LIBRARY,
    gradient=_langermann_gradient,
    hessian=_langermann_hessian,
)
def langermann(xp: Any, x: Any) -> Any:
    """Langermann's damped waves around five centres."""
    d = xp.sum((x - xp.asarray(_LANGERMANN_CENTRES)) ** 2, axis=1)
    return -xp.sum(xp.asarray(_LANGERMANN_WEIGHTS) * xp.exp(-d / xp.pi) * xp.cos(xp.pi * d))


def _levy_n13_gradient(x: Array, y: Array) -> Any:
    return (
        3 * np.pi * np.sin(6 * np.pi * x) + 2 * (x - 1) * (1 + np.sin(3 * np.pi * y) ** 2),
        (x - 1) ** 2 * 3 * np.pi * np.sin(6 * np.pi * y)
        + 2 * (y - 1) * (1 + np.sin(2 * np.pi * y) ** 2)
        + (y - 1) ** 2 * 2 * np.pi * np.sin(4 * np.pi * y),
    )


def _levy_n13_hessian(x: Array, y: Array) -> Any:
    wave = 18 * np.pi**2 * (x - 1) ** 2 * np.cos(6 * np.pi * y)
    return _symmetric(
        18 * np.pi**2 * np.cos(6 * np.pi * x) + 2 * (1 + np.sin(3 * np.pi * y) ** 2),
        6 * np.pi * (x - 1) * np.sin(6 * np.pi * y),
        wave + _wavy_square_curvature(y - 1, 2 * np.pi * y, 2 * np.pi),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-1.4, 2.3), "near the minimum": (1.001, 0.998)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_LIBRARY + ", Levy function N. 13",
    gradient=_levy_n13_gradient,
    hessian=_levy_n13_hessian,
)
def levy_n13(xp: Any, x: Any, y: Any) -> Any:
    """Levy's thirteenth function."""
    first = xp.sin(3.0 * xp.pi * x) ** 2 + (x - 1.0) ** 2 * (1.0 + xp.sin(3.0 * xp.pi * y) ** 2)
    return first + (y - 1.0) ** 2 * (1.0 + xp.sin(2.0 * xp.pi * y) ** 2)


def _schaffer_n4_wave(u: Array) -> tuple[Array, Array, Array]:
    """Return cos(sin(u))**2 - 1/2 and its first two derivatives."""
    s, c = np.sin(u), np.cos(u)
    return np.cos(2 * s) / 2, -c * np.sin(2 * s), s * np.sin(2 * s) - 2 * c**2 * np.cos(2 * s)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, -0.9), "on the diagonal": (1.5, -1.5)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_LIBRARY + ", Schaffer function N. 4",
    gradient=lambda x, y: _schaffer_gradient(x, y, *_schaffer_n4_wave(x**2 - y**2)),
    hessian=lambda x, y: _schaffer_hessian(x, y, *_schaffer_n4_wave(x**2 - y**2)),
)
def schaffer_n4(xp: Any, x: Any, y: Any) -> Any:
    """Schaffer's fourth function, smooth in spite of its absolute value."""
    wave = xp.cos(xp.sin(xp.abs(x**2 - y**2))) ** 2
    return 0.5 + (wave - 0.5) / (1.0 + 0.001 * (x**2 + y**2)) ** 2


def _shubert_gradient(x: Array) -> Any:
    i = np.arange(1.0, 6)[:, None]
    waves, slopes = i * np.cos((i + 1) * x + i), -i * (i + 1) * np.sin((i + 1) * x + i)
    return np.sum(slopes, axis=0) * np.sum(waves, axis=0)[::-1]


def _shubert_hessian(x: Array) -> Any:
    i = np.arange(1.0, 6)[:, None]
    s, c = np.sin((i + 1) * x + i), np.cos((i + 1) * x + i)
    waves, slopes, curvatures = (np.sum(terms, axis=0) for terms in (i * c, -i * (i + 1) * s, -i * (i + 1) ** 2 * c))
    return np.diag(curvatures * waves[::-1]) + np.prod(slopes) * np.eye(2)[::-1]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.2, 0.7]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar", "broadcasting"],
    source=_SURVEY + ", Shubert function",
    gradient=_shubert_gradient,
    hessian=_shubert_hessian,
)
def shubert(xp: Any, x: Any) -> Any:
    """Shubert's product of two sums of waves."""
    i = xp.arange(1.0, 6.0)
    return xp.prod(xp.sum(i * xp.cos((i + 1.0) * x[:, None] + i), axis=1))


_FOXHOLES = np.array([np.tile(np.arange(-32.0, 33, 16), 5), np.repeat(np.arange(-32.0, 33, 16), 5)])


def _de_jong_gradient(x: Array) -> Any:
    offsets = x[:, None] - _FOXHOLES
    wells = np.arange(1.0, 26) + np.sum(offsets**6, axis=0)
    return 6 * offsets**5 @ wells**-2 / (0.002 + np.sum(1 / wells)) ** 2


def _de_jong_hessian(x: Array) -> Any:
    offsets = x[:, None] - _FOXHOLES
    wells = np.arange(1.0, 26) + np.sum(offsets**6, axis=0)
    total, slopes = 0.002 + np.sum(1 / wells), 6 * offsets**5 / wells
    mean = slopes @ (1 / wells) / total
    spread = slopes - mean[:, None]
    scatter = spread / wells @ spread.T + 0.002 * np.outer(mean, mean)
    return (np.diag(30 * offsets**4 @ wells**-2) - 2 * scatter) / total**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-14.5, 17.0]),), "near the minimum": (np.array([-31.5, -32.4]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar", "broadcasting"],
    source="De Jong (1975), thesis, University of Michigan; " + _LIBRARY,
    gradient=_de_jong_gradient,
    hessian=_de_jong_hessian,
)
def de_jong_n5(xp: Any, x: Any) -> Any:
    """De Jong's fifth function, Shekel's 25 foxholes."""
    wells = xp.arange(1.0, 26.0) + xp.sum((x[:, None] - xp.asarray(_FOXHOLES)) ** 6, axis=0)
    return 1.0 / (0.002 + xp.sum(1.0 / wells))


_HARTMANN6_SCALES = [
    [10.0, 3.0, 17.0, 3.5, 1.7, 8.0], [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
    [3.0, 3.5, 1.7, 10.0, 17.0, 8.0], [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
]  # fmt: skip
_HARTMANN6_CENTRES = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]  # fmt: skip


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, 0.2, 0.4, 0.35, 0.25, 0.7]),)},
    operators=["gradient", "hessian"],
    domain={"x": (0, 1)},
    tags=["optimisation", "multimodal", "scalar", "broadcasting"],
    source=_SZEGO,
    gradient=lambda x: _hartmann_gradient(np.array(_HARTMANN6_SCALES), x - np.array(_HARTMANN6_CENTRES)),
    hessian=lambda x: _hartmann_hessian(np.array(_HARTMANN6_SCALES), x - np.array(_HARTMANN6_CENTRES)),
)
def hartmann6(xp: Any, x: Any) -> Any:
    """Hartmann's function of six variables, its weighted squares by a contraction."""
    offsets = x - xp.asarray(_HARTMANN6_CENTRES)
    exponents = xp.einsum("ij,ij,ij->i", xp.asarray(_HARTMANN6_SCALES), offsets, offsets)
    return -xp.dot(xp.asarray(_HARTMANN_WEIGHTS), xp.exp(-exponents))


def _salomon_gradient(x: Array) -> Any:
    r = np.sqrt(x @ x)
    return (2 * np.pi * np.sin(2 * np.pi * r) + 0.1) * x / r


def _salomon_hessian(x: Array) -> Any:
    angle = 2 * np.pi * np.sqrt(x @ x)
    return _radial_hessian(x, 2 * np.pi * np.sin(angle) + 0.1, 4 * np.pi**2 * np.cos(angle))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.3, -0.6, 0.4]),),
        "near the cusp": (np.array([1e-3, -2e-3, 0.5e-3]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Salomon (1996), BioSystems 39, 263-278",
    gradient=_salomon_gradient,
    hessian=_salomon_hessian,
)
def salomon(xp: Any, x: Any) -> Any:
    """Salomon's rings, a function of the norm."""
    r = xp.linalg.norm(x)
    return 1.0 - xp.cos(2.0 * xp.pi * r) + 0.1 * r


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.4, -2.3, 4.2]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Alpine 1 function",
    gradient=lambda x: np.sign(x * np.sin(x) + 0.1 * x) * (np.sin(x) + x * np.cos(x) + 0.1),
    hessian=lambda x: np.diag(np.sign(x * np.sin(x) + 0.1 * x) * (2 * np.cos(x) - x * np.sin(x))),
)
def alpine_n1(xp: Any, x: Any) -> Any:
    """The first Alpine function, between its kinks."""
    return xp.sum(xp.abs(x * xp.sin(x) + 0.1 * x))


def _alpine_n2_hessian(x: Array) -> Any:
    slopes, curvatures = 1 / (2 * x) + 1 / np.tan(x), 1 / (x * np.tan(x)) - 1 / (4 * x**2) - 1
    return _product_hessian(-np.prod(np.sqrt(x) * np.sin(x)), slopes, curvatures)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.4, 7.1, 4.2]),), "near zero": (np.array([0.001, 7.1, 4.2]),)},
    operators=["gradient", "hessian"],
    domain={"x": (0, 10)},
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Alpine 2 function",
    gradient=lambda x: -np.prod(np.sqrt(x) * np.sin(x)) * (1 / (2 * x) + 1 / np.tan(x)),
    hessian=_alpine_n2_hessian,
)
def alpine_n2(xp: Any, x: Any) -> Any:
    """The second Alpine function, a product of roots and waves, its sign turned."""
    return -xp.prod(xp.sqrt(x) * xp.sin(x))


def _hosaki_hessian(x: Array, y: Array) -> Any:
    return _symmetric(
        (14 - 14 * x + 3 * x**2) * y**2 * np.exp(-y),
        (-8 + 14 * x - 7 * x**2 + x**3) * (2 * y - y**2) * np.exp(-y),
        (1 - 8 * x + 7 * x**2 - 7 / 3 * x**3 + x**4 / 4) * (2 - 4 * y + y**2) * np.exp(-y),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.6, 3.4)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Hosaki function",
    gradient=lambda x, y: (
        (-8 + 14 * x - 7 * x**2 + x**3) * y**2 * np.exp(-y),
        (1 - 8 * x + 7 * x**2 - 7 / 3 * x**3 + x**4 / 4) * (2 * y - y**2) * np.exp(-y),
    ),
    hessian=_hosaki_hessian,
)
def hosaki(xp: Any, x: Any, y: Any) -> Any:
    """Hosaki's polynomial times a decay."""
    return (1.0 - 8.0 * x + 7.0 * x**2 - 7.0 / 3.0 * x**3 + x**4 / 4.0) * y**2 * xp.exp(-y)


def _bird_gradient(x: Array, y: Array) -> Any:
    first, second = np.exp((1 - np.cos(y)) ** 2), np.exp((1 - np.sin(x)) ** 2)
    return (
        np.cos(x) * first - 2 * np.cos(y) * second * (1 - np.sin(x)) * np.cos(x) + 2 * (x - y),
        2 * np.sin(x) * first * (1 - np.cos(y)) * np.sin(y) - np.sin(y) * second - 2 * (x - y),
    )


def _bird_hessian(x: Array, y: Array) -> Any:
    u, v = 1 - np.cos(y), 1 - np.sin(x)
    first, second = np.exp(u**2), np.exp(v**2)
    return _symmetric(
        2 * np.cos(y) * second * ((1 + 2 * v**2) * np.cos(x) ** 2 + v * np.sin(x)) - np.sin(x) * first + 2,
        2 * np.cos(x) * np.sin(y) * (u * first + v * second) - 2,
        2 * np.sin(x) * first * ((1 + 2 * u**2) * np.sin(y) ** 2 + u * np.cos(y)) - np.cos(y) * second + 2,
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.8, -2.4)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Bird function",
    gradient=_bird_gradient,
    hessian=_bird_hessian,
)
def mishra_bird(xp: Any, x: Any, y: Any) -> Any:
    """Mishra's bird."""
    first, second = xp.exp((1.0 - xp.cos(y)) ** 2), xp.exp((1.0 - xp.sin(x)) ** 2)
    return xp.sin(x) * first + xp.cos(y) * second + (x - y) ** 2


def _xin_she_yang_gradient(x: Array) -> Any:
    wide, narrow = np.exp(-np.sum((x / 15) ** 10)), np.exp(-np.sum(x**2)) * np.prod(np.cos(x) ** 2)
    return -wide * 10 / 15 * (x / 15) ** 9 + 4 * narrow * (x + np.tan(x))


def _xin_she_yang_hessian(x: Array) -> Any:
    wide, narrow = np.exp(-np.sum((x / 15) ** 10)), np.exp(-np.sum(x**2)) * np.prod(np.cos(x) ** 2)
    slopes, t = -10 / 15 * (x / 15) ** 9, np.tan(x)
    defect = _product_hessian(wide, slopes, slopes**2 - 0.4 * (x / 15) ** 8)
    return defect - _product_hessian(2 * narrow, -2 * (x + t), 4 * x**2 + 8 * x * t + 2 * t**2 - 4)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.6, -0.9]),), "far": (np.array([13.0, -14.5]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Xin-She Yang functions",
    gradient=_xin_she_yang_gradient,
    hessian=_xin_she_yang_hessian,
)
def xin_she_yang_n3(xp: Any, x: Any) -> Any:
    """Yang's standing wave with a defect (beta = 15, m = 5)."""
    waves = xp.exp(-xp.sum(x**2)) * xp.prod(xp.cos(x) ** 2)
    return xp.exp(-xp.sum((x / 15.0) ** 10)) - 2.0 * waves


def _whitley_gradient(x: Array) -> Any:
    squares = x[:, None] ** 2 - x
    pairs = 100 * squares**2 + (1 - x) ** 2
    slopes = pairs / 2000 + np.sin(pairs)
    columns = np.sum(slopes * (-200 * squares - 2 * (1 - x)), axis=0)
    return columns + 400 * x * np.sum(slopes * squares, axis=1)


def _whitley_hessian(x: Array) -> Any:
    squares = x[:, None] ** 2 - x
    pairs = 100 * squares**2 + (1 - x) ** 2
    slopes, curvatures = pairs / 2000 + np.sin(pairs), 1 / 2000 + np.cos(pairs)
    row, column = 400 * x[:, None] * squares, -200 * squares - 2 * (1 - x)
    rows = np.sum(curvatures * row**2 + 400 * slopes * (squares + 2 * x[:, None] ** 2), axis=1)
    columns = np.sum(curvatures * column**2 + 202 * slopes, axis=0)
    mixed = curvatures * row * column - 400 * x[:, None] * slopes
    return np.diag(rows + columns) + mixed + mixed.T


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, 1.2, 0.7]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar", "broadcasting"],
    source=_SURVEY + ", Whitley function",
    gradient=_whitley_gradient,
    hessian=_whitley_hessian,
)
def whitley(xp: Any, x: Any) -> Any:
    """Whitley's function of all pairs, Griewank's of Rosenbrock's."""
    pairs = 100.0 * (x[:, None] ** 2 - x) ** 2 + (1.0 - x) ** 2
    return xp.sum(pairs**2 / 4000.0 - xp.cos(pairs) + 1.0)


def _trefethen_gradient(x: Array, y: Array) -> Any:
    shared = -10 * np.cos(10 * (x + y))
    return (
        50 * np.cos(50 * x) * np.exp(np.sin(50 * x)) + 70 * np.cos(x) * np.cos(70 * np.sin(x)) + shared + x / 2,
        60 * np.exp(y) * np.cos(60 * np.exp(y)) + 80 * np.cos(80 * y) * np.cos(np.sin(80 * y)) + shared + y / 2,
    )


def _trefethen_hessian(x: Array, y: Array) -> Any:
    s, c, ripple = np.sin(50 * x), np.cos(50 * x), np.sin(80 * y)
    outer, growth, shared = 70 * np.sin(x), 60 * np.exp(y), 100 * np.sin(10 * (x + y))
    first = 2500 * (c**2 - s) * np.exp(s) - outer * np.cos(outer) - (70 * np.cos(x)) ** 2 * np.sin(outer)
    second = growth * np.cos(growth) - growth**2 * np.sin(growth)
    second -= 6400 * (ripple * np.cos(ripple) + np.cos(80 * y) ** 2 * np.sin(ripple))
    return _symmetric(first + shared + 0.5, shared, second + shared + 0.5)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.35, -0.6), "fast waves": (-0.4, 4.3)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Trefethen (2002), SIAM News 35, no. 1, problem 4",
    gradient=_trefethen_gradient,
    hessian=_trefethen_hessian,
)
def trefethen(xp: Any, x: Any, y: Any) -> Any:
    """The fourth problem of Trefethen's hundred digits."""
    waves = xp.exp(xp.sin(50.0 * x)) + xp.sin(60.0 * xp.exp(y)) + xp.sin(70.0 * xp.sin(x))
    return waves + xp.sin(xp.sin(80.0 * y)) - xp.sin(10.0 * (x + y)) + (x**2 + y**2) / 4.0


def _keane_gradient(x: Array, y: Array) -> Any:
    r, difference, total = np.hypot(x, y), np.sin(x - y) ** 2, np.sin(x + y) ** 2
    first, second = np.sin(2 * (x - y)) * total / r, difference * np.sin(2 * (x + y)) / r
    shrink = difference * total / r**3
    return -first - second + shrink * x, first - second + shrink * y


def _keane_hessian(x: Array, y: Array) -> Any:
    r, root = np.hypot(x, y), np.sin(x - y) * np.sin(x + y)
    a, b, p, q = np.sin(2 * x), -np.sin(2 * y), x / r**2, y / r**2
    return _symmetric(
        (root**2 * (r**-2 - 3 * p**2) + 4 * root * (a * p - np.cos(2 * x)) - 2 * a**2) / r,
        (2 * root * (a * q + b * p) - 3 * root**2 * p * q - 2 * a * b) / r,
        (root**2 * (r**-2 - 3 * q**2) + 4 * root * (b * q + np.cos(2 * y)) - 2 * b**2) / r,
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.7, 0.6)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Keane function",
    gradient=_keane_gradient,
    hessian=_keane_hessian,
)
def keane(xp: Any, x: Any, y: Any) -> Any:
    """Keane's bump, its sign turned."""
    return -(xp.sin(x - y) ** 2) * xp.sin(x + y) ** 2 / xp.sqrt(x**2 + y**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -0.3, 0.8]),)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Csendes function",
    gradient=lambda x: 6 * x**5 * (2 + np.sin(1 / x)) - x**4 * np.cos(1 / x),
    hessian=lambda x: np.diag(30 * x**4 * (2 + np.sin(1 / x)) - 10 * x**3 * np.cos(1 / x) - x**2 * np.sin(1 / x)),
)
def csendes(xp: Any, x: Any) -> Any:
    """Csendes's function, which oscillates without end towards its minimum."""
    return xp.sum(x**6 * (2.0 + xp.sin(1.0 / x)))


def _damavandi_gradient(x: Array, y: Array) -> Any:
    def slope(u: Array) -> Any:
        return -np.pi * spherical_jn(1, np.pi * u)

    a, b = np.sinc(x - 2), np.sinc(y - 2)
    fourth, bowl = np.sign(a * b) * (a * b) ** 4, 2 + (x - 7) ** 2 + 2 * (y - 7) ** 2
    core = 1 - np.abs(a * b) ** 5
    return (
        2 * (x - 7) * core - 5 * fourth * slope(x - 2) * b * bowl,
        4 * (y - 7) * core - 5 * fourth * a * slope(y - 2) * bowl,
    )


def _sinc_fifth(u: Array) -> tuple[Array, Array, Array]:
    """Return abs(sinc(u))**5 and its first two derivatives."""
    j0, j1, j2 = (spherical_jn(order, np.pi * u) for order in range(3))
    cube, slope, curvature = np.abs(j0) ** 3, -np.pi * j1, np.pi**2 * (2 * j2 - j0) / 3
    return cube * j0**2, 5 * cube * j0 * slope, 5 * cube * (4 * slope**2 + j0 * curvature)


def _damavandi_hessian(x: Array, y: Array) -> Any:
    (a, a_slope, a_curvature), (b, b_slope, b_curvature) = _sinc_fifth(x - 2), _sinc_fifth(y - 2)
    bowl, p, q = 2 + (x - 7) ** 2 + 2 * (y - 7) ** 2, 2 * (x - 7), 4 * (y - 7)
    return _symmetric(
        2 * (1 - a * b) - (2 * p * a_slope + bowl * a_curvature) * b,
        -p * a * b_slope - q * a_slope * b - bowl * a_slope * b_slope,
        4 * (1 - a * b) - a * (2 * q * b_slope + bowl * b_curvature),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.4, 1.7), "on the needle's axis": (2.0, 1.3)},
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source=_SURVEY + ", Damavandi function",
    gradient=_damavandi_gradient,
    hessian=_damavandi_hessian,
)
def damavandi(xp: Any, x: Any, y: Any) -> Any:
    """Damavandi's needle, a power of two removable singularities."""
    needle = xp.abs(xp.sinc(x - 2.0) * xp.sinc(y - 2.0)) ** 5
    return (1.0 - needle) * (2.0 + (x - 7.0) ** 2 + 2.0 * (y - 7.0) ** 2)


def _stretched_sine_gradient(x: Array) -> Any:
    squares = x[1:] ** 2 + x[:-1] ** 2
    wave = 50 * squares**0.1
    slopes = 0.25 * squares**-0.75 * (np.sin(wave) ** 2 + 0.1) + 5 * squares**-0.65 * np.sin(2 * wave)
    return 2 * x * (np.append(slopes, 0) + np.append(0, slopes))


def _stretched_sine_hessian(x: Array) -> Any:
    squares = x[1:] ** 2 + x[:-1] ** 2
    wave = 50 * squares**0.1
    s, c, level = np.sin(2 * wave), np.cos(2 * wave), np.sin(wave) ** 2 + 0.1
    slopes = 0.25 * squares**-0.75 * level + 5 * squares**-0.65 * s
    curvatures = 50 * squares**-1.55 * c - 2 * squares**-1.65 * s - 0.1875 * squares**-1.75 * level
    diagonal = 2 * np.append(slopes, 0) + 2 * np.append(0, slopes)
    diagonal += 4 * x**2 * (np.append(curvatures, 0) + np.append(0, curvatures))
    beside = 4 * x[1:] * x[:-1] * curvatures
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.2, -0.7, 2.3]),),
        "near the minimum": (np.array([0.02, -0.01, 0.03]),),
    },
    operators=["gradient", "hessian"],
    tags=["optimisation", "multimodal", "scalar"],
    source="Schaffer, Caruana, Eshelman & Das (1989), Third International Conference on Genetic Algorithms; " + _SURVEY,
    gradient=_stretched_sine_gradient,
    hessian=_stretched_sine_hessian,
)
def stretched_v_sine_wave(xp: Any, x: Any) -> Any:
    """Schaffer's stretched V sine wave, of fractional powers."""
    squares = x[1:] ** 2 + x[:-1] ** 2
    return xp.sum(squares**0.25 * (xp.sin(50.0 * squares**0.1) ** 2 + 0.1))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.3,), "near the edge": (0.52,)},
    operators=["gradient", "hessian"],
    domain={"x": (0.5, 2.5)},
    tags=["optimisation", "multimodal", "scalar"],
    source="Gramacy & Lee (2012), Stat. Comput. 22, 713-722",
    gradient=lambda x: 5 * np.pi * np.cos(10 * np.pi * x) / x - np.sin(10 * np.pi * x) / (2 * x**2) + 4 * (x - 1) ** 3,
    hessian=lambda x: (
        (1 / x**2 - 50 * np.pi**2) * np.sin(10 * np.pi * x) / x
        - 10 * np.pi * np.cos(10 * np.pi * x) / x**2
        + 12 * (x - 1) ** 2
    ),
)
def gramacy_lee(xp: Any, x: Any) -> Any:
    """Gramacy and Lee's wave of one variable."""
    return xp.sin(10.0 * xp.pi * x) / (2.0 * x) + (x - 1.0) ** 4
