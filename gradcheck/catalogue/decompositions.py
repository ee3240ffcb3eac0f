"""Eigenvalues, singular values, QR, least squares and matrix functions.

Signs of eigenvectors and singular vectors are free, so every case is a function that does not depend on them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

import gradcheck
from gradcheck.functions import Array

_COOKBOOK = "Petersen & Pedersen (2012), The Matrix Cookbook, section "
_GILES = "Giles (2008), Collected Matrix Derivative Results for Forward and Reverse Mode AD, Springer LNCSE 64, 35-44"
_GOLUB = "Golub & Van Loan (2013), Matrix Computations, 4th ed., Johns Hopkins University Press, section "
_HIGHAM = "Higham (2008), Functions of Matrices: Theory and Computation, SIAM, section "

_WATSON = "Watson (1992), Characterization of the subdifferential of some matrix norms, Linear Algebra Appl. 170, 33-45"

_SQUARE = np.array([[2.0, -0.5, 0.3], [0.4, 1.5, -0.7], [-0.2, 0.6, -0.8]])
_TURN = np.array([[2.0, -1.0, 2.0], [2.0, 2.0, -1.0], [-1.0, 2.0, 2.0]]) / 3  # a rotation
_TALL = np.array([[1.0, 0.5], [0.9, -0.4], [1.2, 2.0], [0.6, 1.5]])
_RIGHT = np.array([0.7, 1.9, -0.3, 1.1])


def _with_eigenvalues(*values: float) -> Any:
    """Return a symmetric matrix with these eigenvalues, in digits that a double holds."""
    return np.round(_TURN * values @ _TURN.T, 12)


def _with_singular_values(*values: float) -> Any:
    """Return a matrix of two columns with these singular values."""
    half = np.array([[0.8, -0.6], [0.6, 0.8]])
    return np.round(_TURN[:, :2] * values @ half, 12)


def _eigenvalue_squares_gradient(a: Array) -> Any:
    values, vectors = np.linalg.eigh((a + a.T) / 2)
    return vectors * (np.array([1.0, -2.0, 3.0]) * 2 * values) @ vectors.T


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "nearly repeated": (_with_eigenvalues(1.0, 1.001, 2.5),),
        "diagonal": (np.diag([3.0, -1.0, 0.5]),),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source="Magnus (1985), On differentiating eigenvalues and eigenvectors, Econometric Theory 1, 179-191",
    gradient=_eigenvalue_squares_gradient,
)
def eigenvalue_squares(xp: Any, a: Any) -> Any:
    """Squares of the eigenvalues of a symmetrised matrix, weighted in their order."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * xp.linalg.eigvalsh((a + a.T) / 2) ** 2)


def _leading_eigenvector_gradient(a: Array) -> Any:
    values, vectors = np.linalg.eigh((a + a.T) / 2)
    leading, others = vectors[:, -1], vectors[:, :-1]
    pulls = others.T @ (np.array([1.0, -2.0, 0.5]) * 2 * leading) / (values[-1] - values[:-1])
    gradient = np.outer(others @ pulls, leading)
    return (gradient + gradient.T) / 2


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "nearly repeated": (_with_eigenvalues(0.5, 2.499, 2.5),),
        "others nearly repeated": (_with_eigenvalues(1.0, 1.0, 2.5),),
        "others repeated": (np.array([[1.0, 0.0, 0.0], [0.0, 1.75, 0.75], [0.0, 0.75, 1.75]]),),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source="Magnus (1985), On differentiating eigenvalues and eigenvectors, Econometric Theory 1, 179-191",
    gradient=_leading_eigenvector_gradient,
)
def leading_eigenvector(xp: Any, a: Any) -> Any:
    """Squares of the elements of the eigenvector of the largest eigenvalue, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.linalg.eigh((a + a.T) / 2)[1][:, 2] ** 2)


_MIXING = np.array([[1.0, 0.5, -0.3], [0.5, -2.0, 0.8], [-0.3, 0.8, 0.6]])


def _matrix_tanh_gradient(a: Array) -> Any:
    values, vectors = np.linalg.eigh((a + a.T) / 2)
    rises, runs = (np.subtract.outer(v, v) for v in (np.tanh(values), values))
    slopes = 1 - np.tanh((values[:, None] + values) / 2) ** 2
    divided = np.where(np.abs(runs) > 1e-6, rises / np.where(runs == 0, 1, runs), slopes)
    return vectors @ (divided * (vectors.T @ _MIXING @ vectors)) @ vectors.T


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "nearly repeated": (_with_eigenvalues(-0.5, 1.0, 1.001),),
        "repeated": (np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, -1.0]]),),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source=_HIGHAM + "3.2, theorem 3.11 (Daleckii & Krein)",
    gradient=_matrix_tanh_gradient,
)
def matrix_tanh(xp: Any, a: Any) -> Any:
    """Elements of tanh of a symmetrised matrix, weighted: smooth where eigenvalues are repeated too."""
    values, vectors = xp.linalg.eigh((a + a.T) / 2)
    return xp.sum(xp.asarray(_MIXING) * ((vectors * xp.tanh(values)) @ vectors.T))


def _von_neumann_entropy_gradient(a: Array) -> Any:
    weight = np.trace(a @ a.T)
    density = a @ a.T / weight
    slope = -scipy.linalg.logm(density) - np.eye(3)
    return 2 * (slope - np.trace(slope @ density) * np.eye(3)) @ a / weight


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE,), "nearly pure": (np.diag([1.0, 0.1, 0.08]) + 0.01 * _SQUARE,)},
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source="Nielsen & Chuang (2010), Quantum Computation and Quantum Information, Cambridge, section 11.3",
    gradient=_von_neumann_entropy_gradient,
)
def von_neumann_entropy(xp: Any, a: Any) -> Any:
    """Entropy of the eigenvalues of A A' divided by its trace."""
    gram = a @ a.T
    shares = xp.linalg.eigvalsh(gram / xp.trace(gram))
    return -xp.sum(shares * xp.log(shares))


def _singular_value_cubes_gradient(a: Array) -> Any:
    left, values, right = np.linalg.svd(a, full_matrices=False)
    return left * (np.array([1.0, -2.0]) * 3 * values**2) @ right


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_with_singular_values(2.5, 0.8),),
        "nearly repeated": (_with_singular_values(1.5, 1.499),),
        "nearly singular": (_with_singular_values(2.5, 1e-4),),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source=_GILES,
    gradient=_singular_value_cubes_gradient,
)
def singular_value_cubes(xp: Any, a: Any) -> Any:
    """Cubes of singular values, weighted in their order."""
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.linalg.svd(a, full_matrices=False, compute_uv=False) ** 3)


def _polar(a: Array) -> Array:
    left, _, right = np.linalg.svd(a, full_matrices=False)
    return np.asarray(left @ right)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_with_singular_values(2.5, 0.8),),
        "wide": (_with_singular_values(2.5, 0.8).T,),
        "repeated": (1.5 * np.array([[0.0, -1.0], [1.0, 0.0], [0.0, 0.0]]),),  # equal to the last digit by any LAPACK
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source=_WATSON,
    gradient=_polar,
)
def nuclear_norm(xp: Any, a: Any) -> Any:
    """Sum of the singular values, smooth wherever none is 0."""
    return xp.linalg.norm(a, "nuc")


def _spectral_norm_gradient(a: Array) -> Any:
    left, _, right = np.linalg.svd(a)
    return np.outer(left[:, 0], right[0])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "of rank one": (np.outer([1.0, -2.0, 0.5], [0.6, 0.3, -1.2]),),
    },
    tags=["decompositions", "scalar", "matrix"],
    source=_WATSON,
    gradient=_spectral_norm_gradient,
)
def spectral_norm(xp: Any, a: Any) -> Any:
    """Largest singular value, also where the others are all 0."""
    return xp.linalg.norm(a, 2)


def _condition_number_gradient(a: Array) -> Any:
    left, values, right = np.linalg.svd(a)
    largest, smallest = np.outer(left[:, 0], right[0]), np.outer(left[:, -1], right[-1])
    return largest / values[-1] - values[0] * smallest / values[-1] ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source=_GOLUB + "2.6",
    gradient=_condition_number_gradient,
)
def condition_number(xp: Any, a: Any) -> Any:
    """The largest singular value over the smallest."""
    values = xp.linalg.svd(a, compute_uv=False)
    return values[0] / values[2]


def _truncation_gradient(a: Array) -> Any:
    left, values, right = np.linalg.svd(a, full_matrices=False)
    return 2 * (a - values[0] * np.outer(left[:, 0], right[0]))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.5, 2.5, 0.4], [3.0, 0.7, -2.0, 1.2], [1.1, 1.9, 0.2, -0.8]]),)},
    tags=["decompositions", "scalar", "matrix"],
    source="Eckart & Young (1936), Psychometrika 1, 211-218",
    gradient=_truncation_gradient,
)
def rank_one_residual(xp: Any, a: Any) -> Any:
    """Squared distance of a matrix from the nearest one of rank one, by its singular vectors."""
    left, values, right = xp.linalg.svd(a, full_matrices=False)
    return xp.sum((a - values[0] * xp.outer(left[:, 0], right[0])) ** 2)


def _procrustes_gradient(a: Array, b: Array) -> Any:
    turn = _polar(b.T @ a)
    return 2 * (a - b @ turn), 2 * (b - a @ turn.T)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_TALL[:3], np.array([[0.4, -1.1], [1.5, 0.3], [-0.6, 0.9]])),
    },
    tags=["decompositions", "scalar", "matrix"],
    source="Schonemann (1966), A generalized solution of the orthogonal Procrustes problem, Psychometrika 31, 1-10",
    gradient=_procrustes_gradient,
)
def procrustes_distance(xp: Any, a: Any, b: Any) -> Any:
    """Squared distance of A from B after the best rotation, which a decomposition of B' A gives."""
    left, _, right = xp.linalg.svd(b.T @ a)
    return xp.sum((a - b @ (left @ right)) ** 2)


def _spanned_volume_gradient(a: Array) -> Any:
    return np.sqrt(np.linalg.det(a.T @ a)) * a @ np.linalg.inv(a.T @ a)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_TALL,),
        "square": (_SQUARE,),
        "nearly dependent": (np.array([[1.0, 1.001], [2.0, 2.0], [-1.0, -1.0], [0.5, 0.5]]),),
    },
    operators=["gradient"],
    tags=["decompositions", "scalar", "matrix"],
    source=_GOLUB + "5.2",
    gradient=_spanned_volume_gradient,
)
def spanned_volume(xp: Any, a: Any) -> Any:
    """Volume that columns span: the product of the diagonal of the triangle of QR, without its sign."""
    return xp.abs(xp.prod(xp.diagonal(xp.linalg.qr(a)[1])))


def _solution_gradients(a: Array, b: Array, slope: Array) -> tuple[Array, Array]:
    """Return the gradients of a function of the least squares solution with this slope there."""
    inverse, gram = np.linalg.pinv(a), np.linalg.inv(a.T @ a)
    solution = inverse @ b
    return np.outer(b - a @ solution, gram @ slope) - np.outer(inverse.T @ slope, solution), inverse.T @ slope


def _projection_gradient(a: Array, b: Array) -> Any:
    solution = np.linalg.pinv(a) @ b
    return 2 * np.outer(b - a @ solution, solution), 2 * a @ solution


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_TALL, _RIGHT)},
    operators=["gradient"],
    tags=["decompositions", "scalar", "matrix"],
    source="Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432",
    gradient=_projection_gradient,
)
def projection_length(xp: Any, a: Any, b: Any) -> Any:
    """Squared length of a vector's projection on columns, by their orthonormal basis."""
    return xp.sum(xp.matmul(xp.transpose(xp.linalg.qr(a)[0]), b) ** 2)


def _fitted_gradient(a: Array, b: Array) -> Any:
    return _solution_gradients(a, b, np.array([2.0, -3.0]) * 2 * (np.linalg.pinv(a) @ b))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_TALL, _RIGHT),
        "nearly dependent": (np.array([[1.0, 1.01], [2.0, 2.0], [-1.0, -1.02], [0.5, 0.5]]), _RIGHT),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source="Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432",
    gradient=_fitted_gradient,
)
def least_squares_solution(xp: Any, a: Any, b: Any) -> Any:
    """Squares of the solution of least squares, weighted."""
    return xp.sum(xp.asarray([2.0, -3.0]) * xp.linalg.lstsq(a, b)[0] ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_TALL, _RIGHT)},
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source=_GOLUB + "5.3",
    gradient=_fitted_gradient,
)
def least_squares_by_qr(xp: Any, a: Any, b: Any) -> Any:
    """The same solution by QR and back substitution."""
    basis, triangle = xp.linalg.qr(a)
    solution = xp.linalg.solve_triangular(triangle, xp.matmul(xp.transpose(basis), b))
    return xp.sum(xp.asarray([2.0, -3.0]) * solution**2)


_PLANES = np.array([[1.0, -2.0, 0.5], [3.0, 0.7, -1.5]])


def _pseudoinverse_gradient(a: Array) -> Any:
    inverse = np.linalg.pinv(a)
    outside = np.eye(len(a)) - a @ inverse
    return outside @ _PLANES.T @ np.linalg.inv(a.T @ a) - inverse.T @ _PLANES @ inverse.T


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_TALL[:3],),
        "badly scaled": (_TALL[:3] * np.array([1.0, 1e-3]),),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source="Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432",
    gradient=_pseudoinverse_gradient,
)
def pseudoinverse(xp: Any, a: Any) -> Any:
    """Elements of the pseudoinverse of a tall matrix, weighted."""
    return xp.sum(xp.asarray(_PLANES) * xp.linalg.pinv(a))


_WEIGHTS = np.array([[1.0, -2.0, 0.5], [3.0, 0.7, -1.5], [-0.4, 2.0, 1.2]])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (0.5 * _SQUARE,),
        "zero": (np.zeros((3, 3)),),
        "nilpotent": (np.array([[0.0, 1.0, 2.0], [0.0, 0.0, -3.0], [0.0, 0.0, 0.0]]),),
        "repeated": (np.array([[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [0.0, 0.0, 0.5]]),),
        "large": (np.array([[-6.0, 9.0, 2.0], [-9.0, -6.0, 1.0], [0.5, -2.0, -4.0]]),),
    },
    operators=["gradient", "hvp"],
    tags=["decompositions", "scalar", "matrix"],
    source=_HIGHAM + "10.6",
    gradient=lambda a: scipy.linalg.expm_frechet(a.T, _WEIGHTS, compute_expm=False),
)
def matrix_exponential(xp: Any, a: Any) -> Any:
    """Elements of exp(A), weighted."""
    return xp.sum(xp.asarray(_WEIGHTS) * xp.linalg.expm(a))


_CROSS = np.array(
    [[[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]], [[0, -1, 0], [1, 0, 0], [0, 0, 0]]]
)


def _rotated_gradient(w: Array) -> Any:
    weights = np.outer([1.0, -2.0, 0.5], [0.7, 0.4, -1.3])
    angle = np.linalg.norm(w)
    cross = np.einsum("k,kij->ij", w, _CROSS)
    turn = np.eye(3) + np.sinc(angle / np.pi) * cross + 0.5 * np.sinc(angle / 2 / np.pi) ** 2 * cross @ cross
    if angle == 0:
        return np.einsum("ij,kij->k", weights, _CROSS)
    spin = [(w[k] * w + np.cross(w, (np.eye(3) - turn)[:, k])) / angle**2 for k in range(3)]
    return np.array([np.sum(weights * (np.einsum("k,kij->ij", s, _CROSS) @ turn)) for s in spin])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.8, -0.5, 1.2]),),
        "no turn": (np.zeros(3),),
        "half a turn": (np.pi * np.array([2.0, -1.0, 2.0]) / 3,),
    },
    operators=["gradient"],
    tags=["decompositions", "scalar"],
    source="Gallego & Yezzi (2015), A Compact Formula for the Derivative of a 3-D Rotation, arXiv:1312.0788",
    gradient=_rotated_gradient,
)
def rotation_by_exponential(xp: Any, w: Any) -> Any:
    """The form x' exp([w]) y of a rotation vector, smooth at no turn where Rodrigues' formula is 0 / 0."""
    turn = xp.linalg.expm(xp.einsum("k,kij->ij", w, xp.asarray(_CROSS * 1.0)))
    return xp.sum(xp.asarray(np.outer([1.0, -2.0, 0.5], [0.7, 0.4, -1.3])) * turn)
