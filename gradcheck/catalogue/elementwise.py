"""Elementwise functions, summed with unequal weights so that exchanged elements are seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import spherical_jn

import gradcheck
from gradcheck.functions import Array

_DLMF = "NIST Digital Library of Mathematical Functions, section "
_NUMPY = "NumPy Reference, numpy."


def _weights(shape: tuple[int, ...]) -> Any:
    """Unequal weights of both signs: 1, -1.5, 2, -2.5, ..."""
    count = np.arange(np.prod(shape, dtype=int))
    return ((-1.0) ** count * (1.0 + 0.5 * count)).reshape(shape)


def _weighted(xp: Any, y: Any) -> Any:
    """Sum of y, weighted."""
    return xp.sum(xp.asarray(_weights(tuple(y.shape))) * y)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.7,), "near zero": (1e-4,), "large": (-250.0,)},
    operators=["gradient", "hvp"],
    tags=["elementwise", "scalar"],
    source="Higham (2002), Accuracy and Stability of Numerical Algorithms, SIAM, section 5.1",
    gradient=lambda x: 8 * x**3 - 9 * x**2 + 0.5,
)
def polynomial(xp: Any, x: Any) -> Any:
    """A quartic by Horner's rule."""
    return (((2.0 * x - 3.0) * x) * x + 0.5) * x - 7.0


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.2, 2.0], [-0.3, 0.8, -2.5]]),)},
    tags=["elementwise", "scalar", "matrix"],
    source=_DLMF + "4.7",
    gradient=lambda x: _weights(x.shape) * (np.exp(x) - np.exp(2 * x) - np.log(2) * 2.0**-x),
)
def exponentials(xp: Any, x: Any) -> Any:
    """The exponentials exp, expm1 and exp2."""
    return _weighted(xp, xp.exp(x) - 0.5 * xp.expm1(2.0 * x) + xp.exp2(-x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.2, 1.7, 3.0, 25.0]),)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.7",
    gradient=lambda x: _weights(x.shape) * ((1 + 1 / np.log(2) - 0.5 / np.log(10)) / x - 2 / (1 + x)),
)
def logarithms(xp: Any, x: Any) -> Any:
    """The logarithms log, log1p, log2 and log10."""
    return _weighted(xp, xp.log(x) - 2.0 * xp.log1p(x) + xp.log2(x) - 0.5 * xp.log10(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -1.1, 2.3]),), "large": (np.array([31.0, -47.5, 80.2]),)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.20",
    gradient=lambda x: _weights(x.shape) * (np.cos(x) - 2 * np.sin(2 * x) + 0.25 / np.cos(0.5 * x) ** 2),
)
def circular(xp: Any, x: Any) -> Any:
    """The circular functions sin, cos and tan."""
    return _weighted(xp, xp.sin(x) + xp.cos(2.0 * x) + 0.5 * xp.tan(0.5 * x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, -0.6, 0.85]),)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.24",
    gradient=lambda x: _weights(x.shape) * (3 / np.sqrt(1 - x**2) - 2 / (1 + 4 * x**2)),
)
def inverse_circular(xp: Any, x: Any) -> Any:
    """The inverse circular functions arcsin, arccos and arctan."""
    return _weighted(xp, 2.0 * xp.arcsin(x) - xp.arccos(x) - xp.arctan(2.0 * x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.6, -1.4, 2.1]),)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.34",
    gradient=lambda x: _weights(x.shape) * (np.cosh(x) - 0.5 * np.sinh(0.5 * x) + 3 / np.cosh(x) ** 2),
)
def hyperbolic(xp: Any, x: Any) -> Any:
    """The hyperbolic functions sinh, cosh and tanh."""
    return _weighted(xp, xp.sinh(x) - xp.cosh(0.5 * x) + 3.0 * xp.tanh(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.25, -0.5, 0.8]),)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.38",
    gradient=lambda x: _weights(x.shape) * (1 / np.sqrt(1 + x**2) - 1 / np.sqrt((x + 3) ** 2 - 1) + 0.5 / (1 - x**2)),
)
def inverse_hyperbolic(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic functions arcsinh, arccosh and arctanh."""
    return _weighted(xp, xp.arcsinh(x) - xp.arccosh(x + 3.0) + 0.5 * xp.arctanh(x))


def _powers_gradient(base: Array, exponent: Array) -> Any:
    weights = _weights((2, 3))
    power = base**exponent
    return (
        np.sum(weights * exponent * power / base, axis=1, keepdims=True),
        np.sum(weights * power * np.log(base), axis=0),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.7], [2.3]]), np.array([1.5, -0.8, 3.0]))},
    operators=["gradient", "hvp"],
    tags=["elementwise", "scalar", "broadcasting"],
    source=_DLMF + "4.7",
    gradient=_powers_gradient,
)
def powers(xp: Any, base: Any, exponent: Any) -> Any:
    """Powers of positive bases, both broadcast."""
    return _weighted(xp, base**exponent)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[[0.3, 2.0, 5.5]], [[1.1, 40.0, 0.9]]]),)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "sqrt, numpy.cbrt, numpy.reciprocal",
    gradient=lambda x: _weights(x.shape) * (0.5 / np.sqrt(x) + 2 / 3 * x ** (-2 / 3) + 1 / x**2 - 1.5 * x**-2.5),
)
def roots(xp: Any, x: Any) -> Any:
    """Square, cube and reciprocal roots in three axes."""
    return _weighted(xp, xp.sqrt(x) + 2.0 * xp.cbrt(x) - xp.reciprocal(x) + x**-1.5)


def _angle_gradient(y: Array, x: Array) -> Any:
    weights, square = _weights((2, 2)), x**2 + y**2
    return np.sum(weights * x / square, axis=1, keepdims=True), np.sum(-weights * y / square, axis=0)


@gradcheck.case(
    inputs=lambda rng: {"four quadrants": (np.array([[1.2], [-0.7]]), np.array([0.9, -2.0]))},
    tags=["elementwise", "scalar", "broadcasting"],
    source=_NUMPY + "arctan2",
    gradient=_angle_gradient,
)
def angle(xp: Any, y: Any, x: Any) -> Any:
    """The angle of a point in each of the four quadrants."""
    return _weighted(xp, xp.arctan2(y, x))


def _hypotenuse_gradient(x: Array, y: Array) -> Any:
    weights = _weights((3,)) / np.sqrt(x**2 + y**2)
    return np.sum(weights * x, keepdims=True), weights * y


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5]), np.array([2.0, -0.4, 7.0]))},
    tags=["elementwise", "scalar", "broadcasting"],
    source=_NUMPY + "hypot",
    gradient=_hypotenuse_gradient,
)
def hypotenuse(xp: Any, x: Any, y: Any) -> Any:
    """Hypotenuses that share one side."""
    return _weighted(xp, xp.hypot(x, y))


def _log_add_exp_gradient(x: Array, y: Array) -> Any:
    weights, share = _weights((2, 3)), 1 / (1 + np.exp(y - x))
    return np.sum(weights * share), weights * (1 - share)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (0.3, np.array([[1.0, -2.0, 0.5], [3.0, -0.4, 1.6]])),
        "large": (750.0, np.array([[751.0, 748.5, 750.3], [749.2, 752.0, 750.9]])),
    },
    tags=["elementwise", "scalar", "broadcasting"],
    source=_NUMPY + "logaddexp",
    gradient=_log_add_exp_gradient,
)
def log_add_exp(xp: Any, x: Any, y: Any) -> Any:
    """Logarithm of a sum of exponentials, also where the exponentials would overflow."""
    return _weighted(xp, xp.logaddexp(x, y))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.6, 0.3, 0.8, 2.4]),)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "clip",
    gradient=lambda x: _weights(x.shape) * np.where(np.abs(x) < 1, 3 * x, np.sign(x)),
)
def clipped(xp: Any, x: Any) -> Any:
    """A number times itself clipped, plus the clipped square over two."""
    held = xp.clip(x, -1.0, 1.0)
    return _weighted(xp, held * x + 0.5 * held**2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[-1.5, 0.4], [2.2, -0.3]]),)},
    tags=["elementwise", "scalar", "matrix"],
    source=_NUMPY + "where",
    gradient=lambda x: _weights(x.shape) * np.where(x > 0, 3 * x**2, np.cos(x)),
)
def branches(xp: Any, x: Any) -> Any:
    """A choice between a cube and a sine."""
    return _weighted(xp, xp.where(x > 0.0, x**3, xp.sin(x)))


def _extremes_gradient(x: Array, y: Array) -> Any:
    weights, larger = _weights((2, 3)), x > y
    return (
        np.sum(weights * np.where(larger, 2 * x, -1.0), axis=1, keepdims=True),
        np.sum(weights * np.where(larger, -1.0, 2 * y), axis=0),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5], [1.7]]), np.array([-1.0, 1.2, 3.0]))},
    tags=["elementwise", "scalar", "broadcasting"],
    source=_NUMPY + "maximum, numpy.minimum",
    gradient=_extremes_gradient,
)
def extremes(xp: Any, x: Any, y: Any) -> Any:
    """The larger number squared, less the smaller."""
    return _weighted(xp, xp.maximum(x, y) ** 2 - xp.minimum(x, y))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -1.3, 2.6]),)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "sinc",
    gradient=lambda x: _weights(x.shape) * (np.cos(np.pi * x) - np.sin(np.pi * x) / (np.pi * x)) / x,
)
def cardinal_sine(xp: Any, x: Any) -> Any:
    """The normalised sinc, away from its centre."""
    return _weighted(xp, xp.sinc(x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.4, 0.6, 2.5]),)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "absolute, numpy.sign",
    gradient=lambda x: _weights(x.shape) * (2 * np.abs(x) + 3 * np.sign(x) * x**2),
)
def absolute_and_sign(xp: Any, x: Any) -> Any:
    """Odd and even powers by abs and sign, away from 0."""
    return _weighted(xp, x * xp.abs(x) + xp.sign(x) * x**3)


# -- one rule a case, with its trap ------------------------------------------------------------

_SMOOTH = ["gradient", "hvp"]


@gradcheck.case(
    inputs=lambda rng: {
        "near zero": (np.array([1e-12, -1e-6, 1e-3, 0.4]),),
        "very negative": (np.array([-40.0, -5.0, -20.0, 0.3]),),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "expm1",
    gradient=lambda x: _weights(x.shape) * np.exp(x),
)
def exponential_less_one(xp: Any, x: Any) -> Any:
    """The exponential less 1, whose slope must not be taken as its value plus 1."""
    return _weighted(xp, xp.expm1(x))


@gradcheck.case(
    inputs=lambda rng: {
        "near zero": (np.array([1e-12, -1e-6, 1e-3, 0.4]),),
        "near minus one": (np.array([-0.999, -0.99999, -0.9, 2.5]),),
    },
    operators=_SMOOTH,
    domain={"x": (-1, np.inf)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "log1p",
    gradient=lambda x: _weights(x.shape) / (1 + x),
)
def logarithm_of_one_plus(xp: Any, x: Any) -> Any:
    """The logarithm of 1 + x, at both ends of its digits."""
    return _weighted(xp, xp.log1p(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.6, -1.4, 2.1]),),
        "saturated": (np.array([20.0, -0.7, -15.0]),),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.34",
    gradient=lambda x: _weights(x.shape) / np.cosh(x) ** 2,
)
def hyperbolic_tangent(xp: Any, x: Any) -> Any:
    """The hyperbolic tangent, whose slope 1 - tanh(x)^2 cancels where it saturates."""
    return _weighted(xp, xp.tanh(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.25, -0.5, 0.8]),),
        "near the ends": (np.array([0.999999, -0.9999, 0.5]),),
        "near zero": (np.array([1e-10, -1e-4, 0.3]),),
    },
    operators=_SMOOTH,
    domain={"x": (-1, 1)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.38",
    gradient=lambda x: _weights(x.shape) / ((1 - x) * (1 + x)),
)
def inverse_hyperbolic_tangent(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic tangent, next to its poles and at 0."""
    return _weighted(xp, xp.arctanh(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.25, -1.5, 4.0]),),
        "tiny": (np.array([1e-10, -1e-6, 0.3]),),
        "large and negative": (np.array([-300.0, -50.0, 1.5]),),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.38",
    gradient=lambda x: _weights(x.shape) / np.sqrt(1 + x**2),
)
def inverse_hyperbolic_sine(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic sine, whose logarithmic form loses digits at small and negative arguments."""
    return _weighted(xp, xp.arcsinh(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.5, 3.0, 8.0]),),
        "just above one": (np.array([1.0001, 1.000001, 1.2]),),
        "large": (np.array([50.0, 1e3, 2.0]),),
    },
    operators=_SMOOTH,
    domain={"x": (1, np.inf)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.38",
    gradient=lambda x: _weights(x.shape) / np.sqrt((x - 1) * (x + 1)),
)
def inverse_hyperbolic_cosine(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic cosine, whose slope has a square root of x^2 - 1 below it."""
    return _weighted(xp, xp.arccosh(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -0.6, 0.85]), np.array([0.2, -0.4, 0.9])),
        "near the ends": (np.array([0.9999, -0.99999, 0.5]), np.array([-0.9999, 0.999, 0.1])),
    },
    operators=_SMOOTH,
    domain={"x": (-1, 1), "y": (-1, 1)},
    tags=["elementwise", "scalar"],
    source=_DLMF + "4.24",
    gradient=lambda x, y: (
        _weights(x.shape) / np.sqrt((1 - x) * (1 + x)),
        -2 * _weights(y.shape) / np.sqrt((1 - y) * (1 + y)),
    ),
)
def inverse_sine_and_cosine(xp: Any, x: Any, y: Any) -> Any:
    """The inverse sine and cosine, next to the ends of their domain."""
    return _weighted(xp, xp.arcsin(x) + 2.0 * xp.arccos(y))


def _length_gradient(x: Array, y: Array) -> Any:
    largest = np.maximum(np.abs(x), np.abs(y))
    length = largest * np.sqrt((x / largest) ** 2 + (y / largest) ** 2)
    return _weights(x.shape) * x / length, _weights(y.shape) * y / length


@gradcheck.case(
    inputs=lambda rng: {
        "one side zero": (np.array([0.0, 1.5, -2.0]), np.array([0.7, 0.0, 1.2])),
        "far apart": (np.array([1e-6, 50.0, -2.0]), np.array([0.7, 1e-3, 1.2])),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "hypot",
    gradient=_length_gradient,
)
def hypotenuse_with_a_zero(xp: Any, x: Any, y: Any) -> Any:
    """Hypotenuses, one side of which vanishes."""
    return _weighted(xp, xp.hypot(x, y))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([3.0, -1.5]), np.array([4.0, 2.0]))},
    operators=["gradient"],
    tags=["elementwise", "scalar"],
    double_only=["ordinary"],
    source=_NUMPY + "hypot",
    gradient=lambda x, y: tuple(1.5 * side for side in _length_gradient(x, y)),
)
def hypotenuse_of_any_size(xp: Any, x: Any, y: Any) -> Any:
    """Hypotenuses whose squares overflow or vanish, though they themselves do not."""
    large = xp.hypot(1e200 * x, 1e200 * y) / 1e200
    return _weighted(xp, large + 0.5 * xp.hypot(1e-200 * x, 1e-200 * y) / 1e-200)


def _equal_gradient(x: Array, y: Array) -> Any:
    share = 1 / (1 + np.exp(y - x))
    return _weights(x.shape) * share, _weights(x.shape) * (1 - share)


@gradcheck.case(
    inputs=lambda rng: {
        "equal": (np.array([0.5, -1.2, 800.0]), np.array([0.5, -1.2, 800.0])),
        "far apart": (np.array([0.5, -30.0, 12.0]), np.array([-25.0, 4.0, 11.0])),
        "negative": (np.array([-900.0, -850.5, -700.0]), np.array([-901.0, -850.0, -702.0])),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "logaddexp",
    gradient=_equal_gradient,
)
def log_add_exp_of_equals(xp: Any, x: Any, y: Any) -> Any:
    """Logarithms of sums of exponentials that are equal, far apart, or vanish: smooth in every case."""
    return _weighted(xp, xp.logaddexp(x, y))


def _turn_gradient(y: Array, x: Array) -> Any:
    square = x**2 + y**2
    return _weights(y.shape) * x / square, -_weights(y.shape) * y / square


@gradcheck.case(
    inputs=lambda rng: {
        "beside the cut": (np.array([0.05, -0.05, 1e-1]), np.array([-1.5, -0.8, -3.0])),
        "on the axes": (np.array([0.0, 1.2, -0.7]), np.array([1.5, 0.0, 0.0])),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "arctan2",
    gradient=_turn_gradient,
)
def angle_edges(xp: Any, y: Any, x: Any) -> Any:
    """Angles beside the cut, and on the axes, where a quotient has no value."""
    return _weighted(xp, xp.arctan2(y, x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([-1.7, -0.6, 2.3]),),
        "zero": (np.array([0.0, -0.5, 1.5]),),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "power",
    gradient=lambda x: _weights(x.shape) * (3 * x**2 + 8 * x - 1),
)
def whole_powers(xp: Any, x: Any) -> Any:
    """Whole powers of negative numbers and of 0."""
    return _weighted(xp, x**3 + 4.0 * xp.power(x, 2) - xp.power(x, 1))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([-1.7, -0.6, 2.3]),),
        "very negative": (np.array([-1000.0, -27.0, 8.0]),),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "cbrt",
    gradient=lambda x: _weights(x.shape) / (3 * np.cbrt(x) ** 2),
)
def cube_roots(xp: Any, x: Any) -> Any:
    """Real cube roots, also of negative numbers."""
    return _weighted(xp, xp.cbrt(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.7, 0.6, 2.3]),),
        "small": (np.array([0.01, 0.002, 0.5]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "reciprocal, numpy.square",
    gradient=lambda x: _weights(x.shape) * (2 * x + 1 / x**2),
)
def squares_and_reciprocals(xp: Any, x: Any) -> Any:
    """Squares less reciprocals."""
    return _weighted(xp, xp.square(x) - xp.reciprocal(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.7, 5.5]),),
        "near one": (np.array([1.000001, 0.9999, 1.01]),),
    },
    operators=_SMOOTH,
    domain={"x": (0, np.inf)},
    tags=["elementwise", "scalar"],
    source=_NUMPY + "exp2, numpy.log2, numpy.log10",
    gradient=lambda x: _weights(x.shape) * (np.log(2) * 2.0**x + 1 / (x * np.log(2)) - 3 / (x * np.log(10))),
)
def other_bases(xp: Any, x: Any) -> Any:
    """Powers of 2 and logarithms to the bases 2 and 10."""
    return _weighted(xp, xp.exp2(x) + xp.log2(x) - 3.0 * xp.log10(x))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([7.3, -4.1, 2.6]), np.array([2.0, 1.5, -0.7])),
    },
    tags=["elementwise", "scalar"],
    source=_NUMPY + "remainder",
    gradient=lambda x, y: (2 * _weights(x.shape) * np.mod(x, y), -2 * _weights(x.shape) * np.mod(x, y) * (x // y)),
)
def remainders(xp: Any, x: Any, y: Any) -> Any:
    """Squares of remainders, whose slope by the divisor is the whole quotient."""
    return _weighted(xp, (x - y * xp.floor(x / y)) ** 2)


def _gated_gradient(x: Array, low: Array) -> Any:
    weights, above = _weights((2, 3)), x > low
    inside = above & (x < low + 2)
    held = np.clip(x, low, low + 2)
    return (
        np.sum(weights * np.where(inside, 2 * held, 0.0), axis=1, keepdims=True),
        np.sum(weights * np.where(inside, 0.0, 2 * held), axis=0),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5], [1.7]]), np.array([-1.8, 0.2, 1.1]))},
    operators=["gradient"],
    tags=["elementwise", "scalar", "broadcasting"],
    source=_NUMPY + "clip",
    gradient=_gated_gradient,
)
def clipped_between_arrays(xp: Any, x: Any, low: Any) -> Any:
    """Squares of numbers clipped between moving limits, all broadcast."""
    return _weighted(xp, xp.clip(x, low, low + 2.0) ** 2)


@gradcheck.case(
    inputs=lambda rng: {
        "near zero": (np.array([1e-4, -1e-2, 0.4]),),
        "zero": (np.array([0.0, 0.5, -0.3]),),
        "whole": (np.array([1.0, -2.0, 0.5]),),
    },
    operators=_SMOOTH,
    tags=["elementwise", "scalar"],
    source=_NUMPY + "sinc",
    gradient=lambda x: -np.pi * _weights(x.shape) * spherical_jn(1, np.pi * x),
)
def cardinal_sine_centre(xp: Any, x: Any) -> Any:
    """The normalised sinc at and near its centre, where the quotient rule divides by 0, and at its zeros."""
    return _weighted(xp, xp.sinc(x))
