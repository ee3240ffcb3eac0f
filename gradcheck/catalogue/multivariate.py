"""Logarithms of densities and mass functions of several variables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import digamma as psi
from scipy.special import ndtri, softmax

import gradcheck
from gradcheck.functions import Array

_KOTZ = "Kotz, Balakrishnan & Johnson (2000), Continuous Multivariate Distributions, 2nd ed., Wiley, chapter "


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.2, 0.5, 0.3]), np.array([1.5, 0.8, 3.0])),
        "near a corner": (np.array([0.001, 0.996, 0.003]), np.array([0.1, 0.8, 0.3])),
    },
    operators=["gradient", "hvp"],
    domain={"p": (0, 1), "concentration": (0, np.inf)},
    tags=["probability", "multivariate", "scalar"],
    source=_KOTZ + "49",
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
    operators=["gradient", "hvp"],
    tags=["probability", "multivariate", "scalar", "matrix"],
    source=_KOTZ + "45",
    gradient=_multivariate_normal_gradient,
)
def multivariate_normal_log_density(xp: Any, x: Any, mean: Any, factor: Any) -> Any:
    """Log density of a point, its covariance given by a factor."""
    covariance = factor @ xp.transpose(factor)
    difference = xp.reshape(x - mean, (2, 1))
    square = xp.sum(difference * xp.linalg.solve(covariance, difference))
    return -0.5 * (square + xp.linalg.slogdet(covariance)[1]) - math.log(2.0 * math.pi)


_TALLIES = np.array([3.0, 0.0, 2.0])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.3, 1.1]),),
        "far apart": (np.array([30.0, -45.0, 12.0]),),
    },
    operators=["gradient", "hvp"],
    tags=["probability", "multivariate", "scalar"],
    source="Bishop (2006), Pattern Recognition and Machine Learning, Springer, section 2.2",
    gradient=lambda logits: _TALLIES - 5 * softmax(logits),
)
def categorical_log_mass(xp: Any, logits: Any) -> Any:
    """Log probability of five draws, taken from the logarithm of a softmax."""
    draws = xp.asarray([0, 2, 0, 0, 2], dtype=int)
    return xp.sum(xp.take(xp.special.log_softmax(logits, axis=0), draws, axis=0))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, 0.2, 0.3]),),
        "near a corner": (np.array([0.002, 0.997, 0.001]),),
    },
    operators=["gradient", "hvp"],
    domain={"weights": (0, np.inf)},
    tags=["probability", "multivariate", "scalar"],
    source="Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, Wiley, chapter 35",
    gradient=lambda p: _TALLIES / p - 5 / np.sum(p),
)
def multinomial_log_mass(xp: Any, weights: Any) -> Any:
    """Log probability of the counts 3, 0 and 2, in weights that need not sum to 1."""
    counts = xp.asarray(_TALLIES)
    constant = math.lgamma(6.0) - xp.sum(xp.special.gammaln(counts + 1.0))
    return constant + xp.sum(xp.special.xlogy(counts, weights / xp.sum(weights)))


def _dirichlet_multinomial_gradient(a: Array) -> Any:
    draws = np.arange(5.0)
    own = np.where(draws < _TALLIES[:, None], 1 / (a[:, None] + draws), 0)
    return np.sum(own, axis=1) - np.sum(1 / (np.sum(a) + draws))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.5, 0.8, 3.0]),),
        "sparse": (np.array([0.01, 0.02, 0.005]),),
        "nearly multinomial": (np.array([400.0, 150.0, 300.0]),),
    },
    operators=["gradient", "hvp"],
    domain={"concentration": (0, np.inf)},
    tags=["probability", "multivariate", "scalar"],
    source="Johnson, Kotz & Balakrishnan (1997), Discrete Multivariate Distributions, Wiley, chapter 35",
    gradient=_dirichlet_multinomial_gradient,
)
def dirichlet_multinomial_log_mass(xp: Any, concentration: Any) -> Any:
    """Log probability of the counts 3, 0 and 2, up to a constant."""
    counts, total = xp.asarray(_TALLIES), xp.sum(concentration)
    ratios = xp.special.gammaln(counts + concentration) - xp.special.gammaln(concentration)
    return xp.special.gammaln(total) - xp.special.gammaln(total + 5.0) + xp.sum(ratios)


def _multivariate_student_gradient(x: Array, mean: Array, factor: Array, freedom: Array) -> Any:
    precision = np.linalg.inv(factor @ factor.T)
    whitened = precision @ (x - mean)
    square = (x - mean) @ whitened
    weight = (freedom + 2) / (freedom + square)
    return (
        -weight * whitened,
        weight * whitened,
        (weight * np.outer(whitened, whitened) - precision) @ factor,
        (psi(freedom / 2 + 1) - psi(freedom / 2) - np.log1p(square / freedom) + weight * square / freedom - 2 / freedom)
        / 2,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2]), np.array([0.3, 0.1]), np.array([[1.5, 0.4], [-0.6, 0.9]]), 4.5),
        "far tail": (np.array([80.0, -120.0]), np.array([0.3, 0.1]), np.array([[1.5, 0.4], [-0.6, 0.9]]), 1.5),
    },
    operators=["gradient", "hvp"],
    domain={"freedom": (0, np.inf)},
    tags=["probability", "multivariate", "scalar", "matrix"],
    source="Kotz & Nadarajah (2004), Multivariate t Distributions and Their Applications, Cambridge, chapter 1",
    gradient=_multivariate_student_gradient,
)
def multivariate_student_log_density(xp: Any, x: Any, mean: Any, factor: Any, freedom: Any) -> Any:
    """Log density of a point under the multivariate t, whitened by its factor."""
    whitened = xp.linalg.solve(factor, xp.reshape(x - mean, (2, 1)))
    tail = (freedom + 2.0) / 2.0 * xp.log1p(xp.sum(whitened**2) / freedom)
    constant = xp.special.gammaln(freedom / 2.0 + 1.0) - xp.special.gammaln(freedom / 2.0) - xp.log(xp.pi * freedom)
    return constant - xp.linalg.slogdet(factor)[1] - tail


def _wishart_gradient(factor: Array, scale: Array, freedom: Array) -> Any:
    scatter, precision = factor @ factor.T, np.linalg.inv(scale @ scale.T)
    logs = np.log(np.linalg.det(scatter) * np.linalg.det(precision))
    return (
        (freedom - 3) * np.linalg.inv(factor).T - precision @ factor,
        (precision @ scatter @ precision - freedom * precision) @ scale,
        (logs - 2 * np.log(2) - psi(freedom / 2) - psi((freedom - 1) / 2)) / 2,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[1.5, 0.4], [-0.6, 0.9]]), np.array([[0.8, -0.3], [0.2, 1.1]]), 5.5),
        "nearly singular": (np.array([[1.5, 0.4], [1.4, 0.39]]), np.array([[0.8, -0.3], [0.2, 1.1]]), 3.2),
    },
    operators=["gradient", "hvp"],
    domain={"freedom": (1, np.inf)},
    tags=["probability", "multivariate", "scalar", "matrix"],
    source="Muirhead (1982), Aspects of Multivariate Statistical Theory, Wiley, section 3.2",
    gradient=_wishart_gradient,
)
def wishart_log_density(xp: Any, factor: Any, scale: Any, freedom: Any) -> Any:
    """Log density of a 2 x 2 scatter matrix, it and the scale given by factors."""
    scatter, covariance = factor @ xp.transpose(factor), scale @ xp.transpose(scale)
    constant = xp.special.gammaln(freedom / 2.0) + xp.special.gammaln((freedom - 1.0) / 2.0) + 0.5 * math.log(math.pi)
    logs = (freedom - 3.0) * xp.linalg.slogdet(scatter)[1] - freedom * xp.linalg.slogdet(covariance)[1]
    return 0.5 * (logs - xp.trace(xp.linalg.solve(covariance, scatter))) - freedom * math.log(2.0) - constant


_PAIRS = np.array([
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
])  # fmt: skip


def _lkj_gradient(correlations: Array, shape: Array) -> Any:
    a, b, c = correlations
    determinant = 1 - a**2 - b**2 - c**2 + 2 * a * b * c
    slopes = 2 * (shape - 1) / determinant * np.array([b * c - a, a * c - b, a * b - c])
    return slopes - np.array([a / (1 - a**2), 0, 0]), np.log(determinant)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.3, 0.2]), 1.7),
        "nearly singular": (np.array([0.95, 0.9, 0.93]), 0.6),
    },
    operators=["gradient"],
    domain={"correlations": (-1, 1), "shape": (0, np.inf)},
    tags=["probability", "multivariate", "scalar", "matrix"],
    source="Lewandowski, Kurowicka & Joe (2009), J. Multivar. Anal. 100, 1989-2001",
    gradient=_lkj_gradient,
)
def lkj_cholesky_log_density(xp: Any, correlations: Any, shape: Any) -> Any:
    """Log density of the Cholesky factor of a 3 x 3 correlation matrix, up to a constant."""
    matrix = xp.eye(3) + xp.einsum("k,kij->ij", correlations, xp.asarray(_PAIRS))
    logs = xp.log(xp.diagonal(xp.linalg.cholesky(matrix)))
    return (2.0 * shape - 1.0) * logs[1] + (2.0 * shape - 2.0) * logs[2]


def _matrix_normal_gradient(x: Array, rows: Array, columns: Array) -> Any:
    left, right = np.linalg.inv(rows @ rows.T), np.linalg.inv(columns @ columns.T)
    return (
        -left @ x @ right,
        (left @ x @ right @ x.T @ left - 3 * left) @ rows,
        (right @ x.T @ left @ x @ right - 2 * right) @ columns,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.2, 0.8], [2.0, 0.3, -0.7]]),
            np.array([[1.5, 0.4], [-0.6, 0.9]]),
            np.array([[1.1, 0.2, -0.3], [0.4, 0.8, 0.1], [-0.2, 0.5, 1.3]]),
        )
    },
    operators=["gradient"],
    tags=["probability", "multivariate", "scalar", "matrix"],
    source="Gupta & Nagar (2000), Matrix Variate Distributions, Chapman & Hall, chapter 2",
    gradient=_matrix_normal_gradient,
)
def matrix_normal_log_density(xp: Any, x: Any, rows: Any, columns: Any) -> Any:
    """Log density of a 2 x 3 matrix, both covariances given by factors."""
    whitened = xp.linalg.solve(columns, xp.transpose(xp.linalg.solve(rows, x)))
    logs = 3.0 * xp.linalg.slogdet(rows)[1] + 2.0 * xp.linalg.slogdet(columns)[1]
    return -0.5 * xp.sum(whitened**2) - logs - 3.0 * math.log(2.0 * math.pi)


_DIRECTIONS = np.array([[0.6, 0.0, 0.8], [0.0, -0.6, 0.8], [0.36, 0.48, 0.8]])


def _von_mises_fisher_gradient(axis: Array, concentration: Array) -> Any:
    length, total = np.sqrt(axis @ axis), _DIRECTIONS.sum(axis=0)
    along = total @ axis / length
    return (
        concentration * (total - along * axis / length) / length,
        along + 3 * (1 / concentration - 1 / np.tanh(concentration)),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -0.3, 1.2]), 2.5),
        "nearly uniform": (np.array([0.5, -0.3, 1.2]), 0.02),
        "concentrated": (np.array([0.5, -0.3, 1.2]), 80.0),
    },
    operators=["gradient", "hvp"],
    domain={"concentration": (0, np.inf)},
    tags=["probability", "multivariate", "scalar"],
    source="Mardia & Jupp (2000), Directional Statistics, Wiley, section 9.3",
    gradient=_von_mises_fisher_gradient,
)
def von_mises_fisher_log_density(xp: Any, axis: Any, concentration: Any) -> Any:
    """Log density of three directions in space about an axis of any length."""
    along = xp.sum(xp.matmul(xp.asarray(_DIRECTIONS), axis)) / xp.linalg.norm(axis)
    constant = xp.log(concentration) - concentration - xp.log(-xp.expm1(-2.0 * concentration)) - math.log(2.0 * math.pi)
    return concentration * along + 3.0 * constant


def _gaussian_copula_gradient(u: Array, r: Array) -> Any:
    z = ndtri(u)
    square, product, rest = z @ z, z[0] * z[1], 1 - r**2
    slopes = (r * z[::-1] - r**2 * z) / rest
    return (
        slopes * np.sqrt(2 * np.pi) * np.exp(z**2 / 2),
        r / rest + ((1 + r**2) * product - r * square) / rest**2,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 0.85]), -0.6),
        "in a corner": (np.array([0.001, 0.997]), -0.6),
        "nearly dependent": (np.array([0.3, 0.31]), 0.99),
    },
    operators=["gradient"],
    domain={"u": (0, 1), "correlation": (-1, 1)},
    tags=["probability", "multivariate", "scalar"],
    source="Nelsen (2006), An Introduction to Copulas, 2nd ed., Springer, section 2.3",
    gradient=_gaussian_copula_gradient,
)
def gaussian_copula_log_density(xp: Any, u: Any, correlation: Any) -> Any:
    """Log density of the Gaussian copula of two variables, by normal quantiles."""
    z = xp.special.ndtri(u)
    rest = 1.0 - correlation**2
    square = correlation**2 * xp.sum(z**2) - 2.0 * correlation * z[0] * z[1]
    return -0.5 * (xp.log(rest) + square / rest)
