"""Arithmetic, comparisons and constants by the namespace's own names, which the operators of Python hide."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_NUMPY = "NumPy Reference, numpy."


def _four_operations_gradient(x: Array, y: Array) -> Any:
    weights = np.array([[1.0, -2.0, 0.5], [-1.5, 3.0, 2.5]])
    return np.sum(weights * (2 * x + y**-1), axis=1, keepdims=True), np.sum(weights * (-2 * y - x / y**2), axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.7], [-1.2]]), np.array([1.5, -0.4, 2.0])),
        "of unlike sizes": (np.array([[1e3], [-0.2]]), np.array([0.6, -50.0, 0.7])),
    },
    operators=["gradient", "hvp"],
    tags=["arithmetic", "scalar", "broadcasting"],
    source=_NUMPY + "add, numpy.subtract, numpy.multiply, numpy.divide",
    gradient=_four_operations_gradient,
)
def four_operations(xp: Any, x: Any, y: Any) -> Any:
    """Weighted (x + y)(x - y) + x / y, broadcast in both arguments."""
    weights = xp.asarray([[1.0, -2.0, 0.5], [-1.5, 3.0, 2.5]])
    product = xp.multiply(xp.add(x, y), xp.subtract(x, y))
    return xp.sum(xp.multiply(weights, xp.add(product, xp.divide(x, y))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, -0.7, 2.5]),)},
    operators=["gradient", "hessian"],
    tags=["arithmetic", "scalar"],
    source=_NUMPY + "negative, numpy.positive, numpy.square, numpy.power",
    gradient=lambda x: np.array([1.0, -2.0, 0.5]) * (-1 + 2 * x + 9 * x**2),
    hessian=lambda x: np.diag(np.array([1.0, -2.0, 0.5]) * (2 + 18 * x)),
)
def signs_and_squares(xp: Any, x: Any) -> Any:
    """Weighted sum of -x, x squared and three times its cube."""
    cube = xp.multiply(xp.power(x, 3), 3.0)
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * (xp.negative(x) + xp.square(xp.positive(x)) + cube))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([-1.6, -0.4, 0.3, 0.9, 2.2]),)},
    operators=["gradient", "hessian"],
    tags=["arithmetic", "scalar"],
    source=_NUMPY + "greater, numpy.less_equal, numpy.logical_and, numpy.logical_not",
    gradient=lambda x: np.select([x < -1, np.abs(x) <= 0.5, x > 2], [2 * x, 3 * x**2, np.exp(x)], -1.0),
    hessian=lambda x: np.diag(np.select([x < -1, np.abs(x) <= 0.5, x > 2], [2.0, 6 * x, np.exp(x)], 0.0)),
)
def pieces_by_comparison(xp: Any, x: Any) -> Any:
    """Four pieces that comparisons and logic choose among, away from where they meet."""
    inside = xp.logical_and(xp.greater_equal(x, -0.5), xp.less_equal(x, 0.5))
    low, high = xp.less(x, -1.0), xp.greater(x, 2.0)
    rest = xp.logical_not(xp.logical_or(inside, xp.logical_or(low, high)))
    outer = xp.where(low, x**2, xp.where(rest, -x, 0.0))
    return xp.sum(outer + xp.where(inside, x**3, 0.0) + xp.where(high, xp.exp(x), 0.0))


def _of_the_chosen_gradient(x: Array) -> Array:
    gradient = np.array([0.5, -1.0, 2.0, 1.5]) * 2 * x
    gradient[np.argmax(x)] += 3 * x[np.argmin(x)]
    gradient[np.argmin(x)] += 3 * x[np.argmax(x)]
    return gradient


def _of_the_chosen_hessian(x: Array) -> Array:
    hessian = np.diag([1.0, -2.0, 4.0, 3.0])
    hessian[np.argmax(x), np.argmin(x)] += 3
    hessian[np.argmin(x), np.argmax(x)] += 3
    return hessian


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -1.7, 2.3, 0.9]),),
        "nearly tied": (np.array([1.0, 0.2, 0.21, 1.01]),),
    },
    operators=["gradient", "hessian"],
    tags=["arithmetic", "scalar"],
    source=_NUMPY + "argmax, numpy.argmin, numpy.not_equal, numpy.equal",
    gradient=_of_the_chosen_gradient,
    hessian=_of_the_chosen_hessian,
)
def of_the_chosen(xp: Any, x: Any) -> Any:
    """Three times the largest by the smallest, found by their indices, and weighted squares."""
    places = xp.arange(4)
    largest = xp.sum(xp.where(xp.equal(places, xp.argmax(x)), x, 0.0))
    smallest = xp.sum(xp.where(xp.not_equal(places, xp.argmin(x)), 0.0, x))
    return 3.0 * largest * smallest + xp.sum(xp.asarray([0.5, -1.0, 2.0, 1.5]) * x**2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.75, -2.4]),),
        "just below whole": (np.array([0.98, 2.97, -1.03]),),
    },
    tags=["arithmetic", "scalar"],
    source=_NUMPY + "floor, numpy.ceil",
    gradient=lambda x: np.array([1.0, -2.0, 0.5]) * (np.ceil(x) - x - (x - np.floor(x))),
)
def parts_of_whole_numbers(xp: Any, x: Any) -> Any:
    """Weighted products of the parts below and above: (x - floor(x)) (ceil(x) - x)."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * (x - xp.floor(x)) * (xp.ceil(x) - x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0, 2.0]),)},
    operators=["gradient", "hessian"],
    tags=["arithmetic", "scalar"],
    source=_NUMPY + "full, numpy.linspace, numpy.ones",
    gradient=lambda x: np.array([0.0, 0.5, 1.0]) * np.exp(np.array([0.0, 0.5, 1.0]) * x) + 2.5 * 2 * x,
    hessian=lambda x: np.diag(np.array([0.0, 0.25, 1.0]) * np.exp(np.array([0.0, 0.5, 1.0]) * x) + 5),
)
def made_of_constants(xp: Any, x: Any) -> Any:
    """Exponentials at evenly spaced rates, and a constant multiple of the squares."""
    rates = xp.linspace(0.0, 1.0, 3)
    return xp.sum(xp.exp(rates * x)) + xp.sum(xp.full((3,), 2.5) * x**2 * xp.ones((3,)))


def _inner_products_gradient(a: Array, b: Array) -> Any:
    twice = np.array([[1.0, -2.0], [0.5, 3.0]])
    contracted = np.tensordot(a, b)
    return twice @ b + 2 * contracted * b, twice.T @ a + 2 * contracted * a


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.7, -1.2, 0.4], [1.5, 0.3, -0.8]]), np.array([[0.2, 1.1, -0.6], [-0.9, 0.5, 1.3]]))
    },
    operators=["gradient", "hvp"],
    tags=["arithmetic", "scalar", "matrix"],
    source=_NUMPY + "inner, numpy.tensordot",
    gradient=_inner_products_gradient,
)
def inner_products(xp: Any, a: Any, b: Any) -> Any:
    """Weighted inner products of rows, and the square of the full contraction."""
    weights = xp.asarray([[1.0, -2.0], [0.5, 3.0]])
    return xp.sum(weights * xp.inner(a, b)) + xp.tensordot(a, b, 2) ** 2
