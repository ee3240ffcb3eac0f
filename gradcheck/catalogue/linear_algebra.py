"""Forms, determinants, inverses, solves and decompositions of small matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

import gradcheck
from gradcheck.functions import Array

_COOKBOOK = "Petersen & Pedersen (2012), The Matrix Cookbook, section "
_GILES = "Giles (2008), Collected Matrix Derivative Results for Forward and Reverse Mode AD, Springer LNCSE 64, 35-44"
_GOLUB = "Golub & Van Loan (2013), Matrix Computations, 4th ed., Johns Hopkins University Press, section "
_NUMPY = "NumPy Reference, numpy."

_SQUARE = np.array([[2.0, -0.5, 0.3], [0.4, 1.5, -0.7], [-0.2, 0.6, 1.8]])
_VECTOR = np.array([0.5, -1.2, 2.0])
_OTHER = np.array([1.5, 0.8, -0.6])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_VECTOR, _SQUARE)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.4",
    gradient=lambda x, a: ((a + a.T) @ x, np.outer(x, x)),
)
def quadratic_form(xp: Any, x: Any, a: Any) -> Any:
    """The form x' A x with a matrix that is not symmetric."""
    return xp.dot(x, xp.matmul(a, x))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_OTHER[:2], np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0]]), _VECTOR)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.4",
    gradient=lambda x, a, y: (a @ y, np.outer(x, y), a.T @ x),
)
def bilinear_form(xp: Any, x: Any, a: Any, y: Any) -> Any:
    """The form x' A y with a matrix that is not square."""
    return xp.einsum("i,ij,j->", x, a, y)


def _rayleigh_gradient(x: Array) -> Any:
    a = (_SQUARE + _SQUARE.T) / 2
    return 2 * (a @ x - (x @ a @ x) / (x @ x) * x) / (x @ x)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_VECTOR,)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar"],
    source=_GOLUB + "8.2",
    gradient=_rayleigh_gradient,
)
def rayleigh_quotient(xp: Any, x: Any) -> Any:
    """Rayleigh quotient of a fixed matrix."""
    return xp.dot(x, xp.matmul(xp.asarray(_SQUARE), x)) / xp.dot(x, x)


def _cofactors(a: Array) -> Any:
    """Return the signed minors, which are the gradient of the determinant of singular matrices too."""
    n = len(a)
    minors = [[np.linalg.det(np.delete(np.delete(a, i, axis=0), j, axis=1)) for j in range(n)] for i in range(n)]
    return np.array(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "ill-conditioned": (1 / (np.arange(1.0, 5.0)[:, None] + np.arange(4.0)),),
        "singular": (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),),
        "with a row of zeros": (np.array([[2.0, -0.5, 0.3], [0.0, 0.0, 0.0], [-0.2, 0.6, 1.8]]),),
    },
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.1",
    gradient=_cofactors,
)
def determinant(xp: Any, a: Any) -> Any:
    """Determinant, a polynomial, of a singular matrix too."""
    return xp.linalg.det(a)


@gradcheck.case(
    inputs=lambda rng: {"positive": (_SQUARE,), "negative": (_SQUARE[[1, 0, 2]],)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.1",
    gradient=lambda a: np.linalg.inv(a).T,
)
def log_determinant(xp: Any, a: Any) -> Any:
    """Logarithm of the absolute value of a determinant of either sign."""
    return xp.linalg.slogdet(a)[1]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.2",
    gradient=lambda a: -np.outer(np.linalg.solve(a.T, _VECTOR), np.linalg.solve(a, _OTHER)),
)
def inverse_form(xp: Any, a: Any) -> Any:
    """The form x' inv(A) y with fixed vectors."""
    return xp.sum(xp.outer(xp.asarray(_VECTOR), xp.asarray(_OTHER)) * xp.linalg.inv(a))


def _linear_solve_gradient(a: Array, b: Array) -> Any:
    x = np.linalg.solve(a, b)
    back = np.linalg.solve(a.T, np.array([[2.0, -1.0], [0.5, 1.5], [-3.0, 1.0]]) * 2 * x)
    return -back @ x.T, back


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE, np.array([[1.0, -0.5], [0.3, 2.0], [1.7, 0.9]]))},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_GILES,
    gradient=_linear_solve_gradient,
)
def linear_solve(xp: Any, a: Any, b: Any) -> Any:
    """Squares of the solution of A X = B, weighted."""
    return xp.sum(xp.asarray([[2.0, -1.0], [0.5, 1.5], [-3.0, 1.0]]) * xp.linalg.solve(a, b) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE, np.array([[0.5], [1.0], [-2.0]]))},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix", "broadcasting"],
    source=_GOLUB + "2.3",
    gradient=lambda a, b: (
        (a - b) / np.linalg.norm(a - b),
        -np.sum(a - b, axis=1, keepdims=True) / np.linalg.norm(a - b),
    ),
)
def frobenius_distance(xp: Any, a: Any, b: Any) -> Any:
    """Frobenius norm of a matrix less a column."""
    return xp.linalg.norm(a - b)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.5",
    gradient=lambda a: 3 * (a @ a).T,
)
def trace_of_power(xp: Any, a: Any) -> Any:
    """Trace of the third power of a matrix."""
    return xp.trace(xp.linalg.matrix_power(a, 3))


def _cholesky_gradient(a: Array) -> Any:
    factor = np.linalg.cholesky(a @ a.T + np.eye(3))
    up = np.tril(np.array([[1.0, 0, 0], [-2.0, 3.0, 0], [0.5, -1.0, 2.0]]))
    inner = np.tril(factor.T @ up)
    inner[np.diag_indices(3)] /= 2
    inverse = np.linalg.inv(factor)
    middle = inverse.T @ inner @ inverse
    return (middle + middle.T) @ a


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source="Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527",
    gradient=_cholesky_gradient,
)
def cholesky_factor(xp: Any, a: Any) -> Any:
    """Elements of the Cholesky factor of A A' + I, weighted."""
    factor = xp.linalg.cholesky(a @ xp.transpose(a) + xp.eye(3))
    return xp.sum(xp.asarray([[1.0, 0.0, 0.0], [-2.0, 3.0, 0.0], [0.5, -1.0, 2.0]]) * factor)


def _mahalanobis_gradient(x: Array, mean: Array) -> Any:
    covariance = _SQUARE @ _SQUARE.T
    whitened = np.linalg.solve(covariance, x - mean)
    slope = whitened / np.sqrt((x - mean) @ whitened)
    return slope, -slope


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_VECTOR, _OTHER)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar"],
    source="Mahalanobis (1936), Proc. Natl. Inst. Sci. India 2, 49-55",
    gradient=_mahalanobis_gradient,
)
def mahalanobis_distance(xp: Any, x: Any, mean: Any) -> Any:
    """Mahalanobis distance of two points."""
    difference = xp.reshape(x - mean, (3, 1))
    whitened = xp.linalg.solve(xp.asarray(_SQUARE @ _SQUARE.T), difference)
    return xp.sqrt(xp.sum(difference * whitened))


def _kronecker_gradient(a: Array, b: Array) -> Any:
    blocks = np.arange(1.0, 25.0).reshape(2, 3, 2, 2)  # row of a, row of b, column of a, column of b
    return 2 * a * np.einsum("ikjl,kl->ij", blocks, b**2), 2 * b * np.einsum("ikjl,ij->kl", blocks, a**2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.5], [2.5, 1.0]]), np.array([[1.2, 0.4], [-0.8, 2.0], [0.3, -1.1]]))
    },
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_GOLUB + "12.3",
    gradient=_kronecker_gradient,
)
def kronecker_product(xp: Any, a: Any, b: Any) -> Any:
    """Squares of a Kronecker product, weighted."""
    return xp.sum(xp.reshape(xp.arange(1.0, 25.0), (6, 4)) * xp.kron(a, b) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_VECTOR, _OTHER, np.array([0.3, 1.1, 0.9]))},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar"],
    source=_NUMPY + "cross",
    gradient=lambda a, b, c: (np.cross(b, c), np.cross(c, a), np.cross(a, b)),
)
def triple_product(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """Volume a . (b x c)."""
    return xp.dot(a, xp.cross(b, c))


def _least_squares_gradient(a: Array, b: Array) -> Any:
    residual = b - a @ np.linalg.solve(a.T @ a, a.T @ b)
    return -2 * np.outer(residual, np.linalg.solve(a.T @ a, a.T @ b)), 2 * residual


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[1.0, 0.5], [1.0, -0.4], [1.0, 2.0], [0.6, 1.5]]), np.array([0.7, 1.9, -0.3, 1.1]))
    },
    operators=["gradient"],
    tags=["linear_algebra", "scalar", "matrix"],
    source="Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432",
    gradient=_least_squares_gradient,
)
def least_squares_residual(xp: Any, a: Any, b: Any) -> Any:
    """Squared distance of a vector from the columns' space, by the normal equations."""
    transposed = xp.transpose(a)
    column = xp.reshape(b, (4, 1))
    solution = xp.linalg.solve(transposed @ a, transposed @ column)
    return xp.sum((column - a @ solution) ** 2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0]]),
            np.array([[[1.0, -0.5], [0.3, 2.0], [1.7, 0.9]]]),
        )
    },
    tags=["linear_algebra", "scalar", "matrix"],
    source=_NUMPY + "einsum",
    gradient=lambda a, b: (
        np.einsum("kjl,l->kj", b, [1.0, -2.0]).repeat(2, axis=0) * np.array([[1.0], [3.0]]),
        np.einsum("ij,i,l->jl", a, [1.0, 3.0], [1.0, -2.0])[None],
    ),
)
def contraction(xp: Any, a: Any, b: Any) -> Any:
    """A contraction of a matrix with an array of three axes."""
    product = xp.einsum("ij,kjl->kil", a, b)
    return xp.sum(xp.asarray([[[1.0, -2.0], [3.0, -6.0]]]) * product)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5], [3.0, 0.7, -2.0]]),)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.1",
    gradient=lambda a: 2 * np.linalg.det(a @ a.T) * np.linalg.inv(a @ a.T) @ a,
)
def gram_determinant(xp: Any, a: Any) -> Any:
    """Determinant of A A', the squared area that the rows span."""
    return xp.linalg.det(a @ xp.transpose(a))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.5], [2.5, 1.0]]),
            np.array([[1.2, 0.4], [-0.8, 2.0]]),
            np.array([[0.3, -1.1], [0.6, 0.9]]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.5",
    gradient=lambda a, b, c: ((b @ c).T, (c @ a).T, (a @ b).T),
)
def trace_of_product(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """Trace of a product of three matrices."""
    return xp.trace(a @ b @ c)


_PLAN = np.array([[1.0, -2.0, 0.5], [3.0, 0.7, -1.5], [-0.4, 2.0, 1.2]])


def _inverse_power_gradient(a: Array) -> Any:
    inverse = np.linalg.inv(a)
    square = inverse @ inverse
    return -inverse.T @ _PLAN @ square.T - square.T @ _PLAN @ inverse.T


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.2",
    gradient=_inverse_power_gradient,
)
def inverse_power(xp: Any, a: Any) -> Any:
    """Elements of the inverse square of a matrix, weighted."""
    return xp.sum(xp.asarray(_PLAN) * xp.linalg.matrix_power(a, -2))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "orthogonal": (np.array([[0.0, -1.0, 0.0], [0.6, 0.0, -0.8], [0.8, 0.0, 0.6]]),),
    },
    operators=["gradient"],
    tags=["linear_algebra", "scalar", "matrix"],
    source="Pukelsheim (2006), Optimal Design of Experiments, SIAM, section 6.5",
    gradient=lambda a: -2 * np.linalg.matrix_power(a @ a.T, -2) @ a,
)
def average_variance_criterion(xp: Any, a: Any) -> Any:
    """Trace of inv(A A'), the criterion of A-optimality."""
    return xp.trace(xp.linalg.inv(a @ a.T))


def _triangular_solve_gradient(a: Array, b: Array) -> Any:
    lower = np.tril(a)
    x = np.linalg.solve(lower, b)
    back = np.linalg.solve(lower.T, np.array([1.0, -2.0, 0.5]) * 2 * x)
    return -np.tril(np.outer(back, x)), back


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE, _VECTOR)},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_GOLUB + "3.1",
    gradient=_triangular_solve_gradient,
)
def triangular_solve(xp: Any, a: Any, b: Any) -> Any:
    """Squares of a forward substitution, weighted: what is above the diagonal has no part in it."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.linalg.solve_triangular(a, b, lower=True) ** 2)


def _lyapunov_gradient(a: Array, q: Array) -> Any:
    x = scipy.linalg.solve_continuous_lyapunov(a, q)
    back = scipy.linalg.solve_continuous_lyapunov(a.T, np.array([[1.0, -2.0], [0.5, 3.0]]))
    return -(back @ x.T + back.T @ x), back


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[2.0, -0.5], [0.4, 1.5]]), np.array([[1.0, 0.3], [-0.7, 2.0]]))},
    operators=["gradient", "hvp"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_GOLUB + "12.3",
    gradient=_lyapunov_gradient,
)
def lyapunov_equation(xp: Any, a: Any, q: Any) -> Any:
    """Elements of the solution of A X + X A' = Q, by Kronecker products and weighted."""
    one = xp.eye(2)
    system = xp.kron(a, one) + xp.kron(one, a)
    return xp.sum(xp.asarray([1.0, -2.0, 0.5, 3.0]) * xp.linalg.solve(system, xp.ravel(q)))


_BATCH = np.array([[[2.0, -0.5], [0.4, 1.5]], [[1.2, 0.7], [-0.9, 0.8]]])
_ROWS = np.array([[1.0, -0.5, 2.0], [0.3, 2.0, -1.0]])


def _batched_solve_gradient(a: Array, b: Array) -> Any:
    weights = np.array([[[1.0, -2.0, 0.5]], [[3.0, 0.7, -1.5]]])
    x = np.linalg.solve(a, b)
    back = np.linalg.solve(np.swapaxes(a, 1, 2), weights * 2 * x)
    return -back @ np.swapaxes(x, 1, 2), back.sum(axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_BATCH, _ROWS)},
    tags=["linear_algebra", "scalar", "matrix", "broadcasting"],
    source=_NUMPY + "linalg.solve",
    gradient=_batched_solve_gradient,
)
def batched_solve(xp: Any, a: Any, b: Any) -> Any:
    """Squares of the solutions of two systems with one right-hand side, weighted."""
    return xp.sum(xp.asarray([[[1.0, -2.0, 0.5]], [[3.0, 0.7, -1.5]]]) * xp.linalg.solve(a, b) ** 2)


def _batched_inverse_gradient(a: Array) -> Any:
    inverses, sizes = np.linalg.inv(a), np.linalg.det(a)
    weights = np.array([[[1.0, -2.0], [0.5, 3.0]]])
    back = -np.swapaxes(inverses, 1, 2) @ np.broadcast_to(weights, a.shape) @ np.swapaxes(inverses, 1, 2)
    return back + (np.array([2.0, -1.0]) * 2 * sizes**2)[:, None, None] * np.swapaxes(inverses, 1, 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_BATCH,)},
    operators=["gradient"],
    tags=["linear_algebra", "scalar", "matrix"],
    source=_COOKBOOK + "2.1",
    gradient=_batched_inverse_gradient,
)
def batched_inverse(xp: Any, a: Any) -> Any:
    """Elements of the inverses, and squares of the determinants, of two matrices, weighted."""
    inverses = xp.asarray([[1.0, -2.0], [0.5, 3.0]]) * xp.linalg.inv(a)
    return xp.sum(inverses) + xp.sum(xp.asarray([2.0, -1.0]) * xp.linalg.det(a) ** 2)


def _batched_cholesky_gradient(a: Array) -> Any:
    gram = a @ np.swapaxes(a, 1, 2) + np.eye(2)
    scales = np.array([2.0, -1.0])[:, None, None]
    return scales * np.linalg.inv(gram) @ a


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_BATCH,)},
    operators=["gradient"],
    tags=["linear_algebra", "scalar", "matrix"],
    source="Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527",
    gradient=_batched_cholesky_gradient,
)
def batched_cholesky(xp: Any, a: Any) -> Any:
    """Logarithms of the determinants of A A' + I for two matrices, by the diagonals of their factors."""
    factors = xp.linalg.cholesky(a @ xp.swapaxes(a, 1, 2) + xp.eye(2))
    logarithms = xp.log(xp.diagonal(factors, axis1=1, axis2=2))
    return xp.sum(xp.asarray([[2.0], [-1.0]]) * logarithms)
