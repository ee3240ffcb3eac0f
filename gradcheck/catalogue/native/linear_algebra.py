"""Linear algebra by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import jla, jnp, lax, tf, torch

_VECTOR = ["jacobian", "jvp", "vjp"]
_MATRIX = ["native", "linear_algebra", "matrix"]
_SCALAR = ["native", "linear_algebra", "scalar"]
_VALUES = ["native", "linear_algebra", "vector"]
_TORCH = "PyTorch documentation, torch."
_GILES = "Giles (2008), Collected matrix derivative results for forward and reverse mode algorithmic differentiation"

_SQUARE = np.array([[2.0, 0.3, -0.5], [0.1, 1.7, 0.4], [-0.6, 0.2, 2.4]])
_RIGHT = np.array([[0.7, -0.2], [1.1, 0.5], [-0.4, 0.9]])
_NEARLY_SINGULAR = np.array([[1.0, 1.0, 0.5], [1.0, 1.0 + 1e-5, 0.5], [0.2, -0.6, 0.9]])
_ILL_CONDITIONED = np.array([[1.0, 0.98, 0.95], [0.98, 1.0, 0.98], [0.95, 0.98, 1.0]])
_TALL = np.array([[1.2, 0.3], [-0.5, 0.9], [0.4, 1.6]])


def _symmetric(a: Any) -> Any:
    """The symmetric part of NumPy's, PyTorch's and JAX's square matrices."""
    return (a + a.T) / 2


def _symmetric_tensor(a: Any) -> Any:
    """The symmetric part of TensorFlow's square matrices."""
    return (a + tf.transpose(a)) / 2


def _symmetric_part(xp: Any, a: Any) -> Any:
    return (a + xp.transpose(a)) / 2


# -- systems of equations ----------------------------------------------------------------------


@gradcheck.case(
    name="native.solve_from_the_right",
    inputs=lambda rng: {
        "ordinary": (_SQUARE, _RIGHT.T),
        "nearly singular": (_NEARLY_SINGULAR, _RIGHT.T),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "linalg.solve",
    native={
        "torch": lambda a, b: torch.linalg.solve(a, b, left=False),
        "jax": lambda a, b: jnp.linalg.solve(a.T, b.T).T,
        "tensorflow": lambda a, b: tf.transpose(tf.linalg.solve(a, tf.transpose(b), adjoint=True)),
    },
)
def solve_from_the_right(xp: Any, a: Any, b: Any) -> Any:
    """Solution X of X A = B."""
    return xp.matmul(b, xp.linalg.inv(a))


@gradcheck.case(
    name="native.cholesky_solve",
    inputs=lambda rng: {"ordinary": (_SQUARE, _RIGHT), "negative pivot": (_SQUARE * [1.0, -1.0, 1.0], _RIGHT)},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "cholesky_solve",
    native={
        "torch": lambda a, b: torch.cholesky_solve(b, torch.tril(a)),
        "jax": lambda a, b: jla.cho_solve((a, True), b),
        "tensorflow": lambda a, b: tf.linalg.cholesky_solve(tf.linalg.band_part(a, -1, 0), b),
    },
)
def cholesky_solve(xp: Any, a: Any, b: Any) -> Any:
    """Solution of L L^T X = B from the lower triangle L of A."""
    lower = xp.tril(a)
    return xp.linalg.solve(xp.matmul(lower, xp.transpose(lower)), b)


@gradcheck.case(
    name="native.solve_lower_triangular",
    inputs=lambda rng: {"ordinary": (_SQUARE, _RIGHT), "small pivot": (_SQUARE * [1.0, 1e-6, 1.0], _RIGHT)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="SciPy Reference, scipy.linalg.solve_triangular",
    native={
        "torch": lambda a, b: torch.linalg.solve_triangular(a, b, upper=False),
        "jax": lambda a, b: jla.solve_triangular(a, b, lower=True),
        "tensorflow": lambda a, b: tf.linalg.triangular_solve(a, b, lower=True),
    },
)
def solve_lower_triangular(xp: Any, a: Any, b: Any) -> Any:
    """Solution of a lower triangular system; what is above the diagonal is not read."""
    return xp.linalg.solve(xp.tril(a), b)


@gradcheck.case(
    name="native.solve_upper_transposed",
    inputs=lambda rng: {"ordinary": (_SQUARE, _RIGHT)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="SciPy Reference, scipy.linalg.solve_triangular",
    native={
        "torch": lambda a, b: torch.linalg.solve_triangular(a.mT, b, upper=False),
        "jax": lambda a, b: jla.solve_triangular(a, b, trans=1, lower=False),
        "tensorflow": lambda a, b: tf.linalg.triangular_solve(a, b, lower=False, adjoint=True),
    },
)
def solve_upper_transposed(xp: Any, a: Any, b: Any) -> Any:
    """Solution of the transposed upper triangular system."""
    return xp.linalg.solve(xp.transpose(xp.triu(a)), b)


@gradcheck.case(
    name="native.solve_unit_triangular",
    inputs=lambda rng: {"ordinary": (_SQUARE, _RIGHT), "diagonal zero": (_SQUARE - np.diag(np.diag(_SQUARE)), _RIGHT)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="SciPy Reference, scipy.linalg.solve_triangular",
    native={
        "torch": lambda a, b: torch.linalg.solve_triangular(a, b, upper=False, unitriangular=True),
        "jax": lambda a, b: jla.solve_triangular(a, b, lower=True, unit_diagonal=True),
    },
)
def solve_unit_triangular(xp: Any, a: Any, b: Any) -> Any:
    """Solution of a lower triangular system whose diagonal is taken to be ones."""
    return xp.linalg.solve(xp.tril(a, -1) + xp.eye(3), b)


@gradcheck.case(
    name="native.solve_by_lu",
    inputs=lambda rng: {
        "ordinary": (_SQUARE, _RIGHT),
        "rows exchanged": (np.array([[1e-9, 1.0, 0.3], [1.0, 0.5, -0.2], [0.4, -0.6, 0.9]]), _RIGHT),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="SciPy Reference, scipy.linalg.lu_solve",
    native={
        "torch": lambda a, b: torch.linalg.lu_solve(*torch.linalg.lu_factor(a), b, adjoint=True),
        "jax": lambda a, b: jla.lu_solve(jla.lu_factor(a), b, trans=1),
    },
)
def solve_by_lu(xp: Any, a: Any, b: Any) -> Any:
    """Solution of the transposed system by LU factors with exchanged rows."""
    return xp.linalg.solve(xp.transpose(a), b)


_LEAST_SQUARES = {
    "torch": lambda a, b: torch.linalg.lstsq(a, b).solution,
    "jax": lambda a, b: jnp.linalg.lstsq(a, b)[0],
    "tensorflow": lambda a, b: tf.linalg.lstsq(a, b),
}


@gradcheck.case(
    name="native.least_squares",
    inputs=lambda rng: {"ordinary": (_TALL, _RIGHT), "exact fit": (_TALL, _TALL @ np.array([[1.0], [-2.0]]))},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "linalg.lstsq",
    native=_LEAST_SQUARES,
)
def least_squares(xp: Any, a: Any, b: Any) -> Any:
    """Least-squares solution of an overdetermined system."""
    return xp.linalg.solve(xp.matmul(xp.transpose(a), a), xp.matmul(xp.transpose(a), b))


@gradcheck.case(
    name="native.minimum_norm_solution",
    inputs=lambda rng: {"ordinary": (_TALL.T, np.array([[0.7, -0.2], [1.1, 0.5]]))},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "linalg.lstsq",
    native=_LEAST_SQUARES,
)
def minimum_norm_solution(xp: Any, a: Any, b: Any) -> Any:
    """Shortest solution of an underdetermined system."""
    return xp.matmul(xp.transpose(a), xp.linalg.solve(xp.matmul(a, xp.transpose(a)), b))


@gradcheck.case(
    name="native.tridiagonal_solve",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -0.5]), np.array([2.0, 1.7, 2.4]), np.array([0.4, 0.9]), _RIGHT),
        "not dominant": (np.array([2.3, -1.5]), np.array([0.2, 0.7, -0.4]), np.array([1.4, 0.9]), _RIGHT),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="TensorFlow API documentation, tf.linalg.tridiagonal_solve",
    native={
        "jax": lambda low, main, high, b: lax.linalg.tridiagonal_solve(
            jnp.pad(low, (1, 0)), main, jnp.pad(high, (0, 1)), b
        ),
        "tensorflow": lambda low, main, high, b: tf.linalg.tridiagonal_solve(
            [tf.pad(high, [[0, 1]]), main, tf.pad(low, [[1, 0]])], b, diagonals_format="sequence"
        ),
    },
)
def tridiagonal_solve(xp: Any, low: Any, main: Any, high: Any, b: Any) -> Any:
    """Solution of a tridiagonal system, by its three diagonals."""
    return xp.linalg.solve(xp.diag(low, -1) + xp.diag(main) + xp.diag(high, 1), b)


@gradcheck.case(
    name="native.banded_triangular_solve",
    inputs=lambda rng: {"ordinary": (np.array([[2.0, 1.7, 2.4], [0.0, 0.3, -0.5]]), _RIGHT)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="TensorFlow API documentation, tf.linalg.banded_triangular_solve",
    native={
        "torch": lambda bands, b: torch.linalg.solve_triangular(
            torch.diag(bands[0]) + torch.diag(bands[1, 1:], -1), b, upper=False
        ),
        "jax": lambda bands, b: jla.solve_triangular(jnp.diag(bands[0]) + jnp.diag(bands[1, 1:], -1), b, lower=True),
        "tensorflow": lambda bands, b: tf.linalg.banded_triangular_solve(bands, b, lower=True),
    },
)
def banded_triangular_solve(xp: Any, bands: Any, b: Any) -> Any:
    """Solution of a lower bidiagonal system, by its bands; the padding of the second is not read."""
    return xp.linalg.solve(xp.diag(bands[0]) + xp.diag(bands[1, 1:], -1), b)


# -- inverses and determinants -----------------------------------------------------------------


@gradcheck.case(
    name="native.pseudo_inverse",
    inputs=lambda rng: {
        "ordinary": (_TALL,),
        "nearly dependent": (np.array([[1.0, 1.0], [1.0, 1.001], [0.5, 0.499]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Golub and Pereyra (1973), The differentiation of pseudo-inverses, SIAM J. Numer. Anal. 10(2)",
    native={
        "torch": lambda a: torch.linalg.pinv(a),
        "jax": lambda a: jnp.linalg.pinv(a),
        "tensorflow": lambda a: tf.linalg.pinv(a),
    },
)
def pseudo_inverse(xp: Any, a: Any) -> Any:
    """Pseudo-inverse of a tall matrix of full rank."""
    return xp.linalg.solve(xp.matmul(xp.transpose(a), a), xp.transpose(a))


@gradcheck.case(
    name="native.pseudo_inverse_of_equal_singular_values",
    inputs=lambda rng: {"ordinary": (np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0]]),)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="Golub and Pereyra (1973), The differentiation of pseudo-inverses, SIAM J. Numer. Anal. 10(2)",
    native={
        "torch": lambda a: torch.linalg.pinv(a),
        "jax": lambda a: jnp.linalg.pinv(a),
        "tensorflow": lambda a: tf.linalg.pinv(a),
    },
)
def pseudo_inverse_of_equal_singular_values(xp: Any, a: Any) -> Any:
    """Pseudo-inverse of a wide matrix with orthonormal rows."""
    return xp.matmul(xp.transpose(a), xp.linalg.inv(xp.matmul(a, xp.transpose(a))))


@gradcheck.case(
    name="native.symmetric_pseudo_inverse",
    inputs=lambda rng: {"ordinary": (_SQUARE,), "indefinite": (_SQUARE - 1.9 * np.eye(3),)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="NumPy Reference, numpy.linalg.pinv",
    native={
        "torch": lambda a: torch.linalg.pinv(_symmetric(a), hermitian=True),
        "jax": lambda a: jnp.linalg.pinv(_symmetric(a), hermitian=True),
    },
)
def symmetric_pseudo_inverse(xp: Any, a: Any) -> Any:
    """Pseudo-inverse of the symmetric part, by eigenvalues."""
    return xp.linalg.inv(_symmetric_part(xp, a))


@gradcheck.case(
    name="native.cholesky_inverse",
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "cholesky_inverse",
    native={
        "torch": lambda a: torch.cholesky_inverse(torch.tril(a)),
        "jax": lambda a: jla.cho_solve((a, True), jnp.eye(3)),
        "tensorflow": lambda a: tf.linalg.cholesky_solve(tf.linalg.band_part(a, -1, 0), tf.eye(3, dtype=a.dtype)),
    },
)
def cholesky_inverse(xp: Any, a: Any) -> Any:
    """Inverse of L L^T from the lower triangle L of A."""
    lower = xp.tril(a)
    return xp.linalg.inv(xp.matmul(lower, xp.transpose(lower)))


@gradcheck.case(
    name="native.cholesky_upper",
    inputs=lambda rng: {"ordinary": (_SQUARE,), "ill conditioned": (_ILL_CONDITIONED,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527",
    native={
        "torch": lambda a: torch.linalg.cholesky(_symmetric(a), upper=True),
        "jax": lambda a: jla.cholesky(_symmetric(a)),
        "tensorflow": lambda a: tf.linalg.adjoint(tf.linalg.cholesky(_symmetric_tensor(a))),
    },
)
def cholesky_upper(xp: Any, a: Any) -> Any:
    """Upper Cholesky factor of the symmetric part."""
    return xp.transpose(xp.linalg.cholesky(_symmetric_part(xp, a)))


@gradcheck.case(
    name="native.log_determinant",
    inputs=lambda rng: {"ordinary": (_SQUARE,), "nearly singular": (_ILL_CONDITIONED,)},
    operators=["gradient", "hvp"],
    tags=_SCALAR,
    source=_GILES,
    native={
        "torch": lambda a: torch.logdet(_symmetric(a)),
        "jax": lambda a: jnp.linalg.slogdet(_symmetric(a))[1],
        "tensorflow": lambda a: tf.linalg.logdet(_symmetric_tensor(a)),
    },
)
def log_determinant(xp: Any, a: Any) -> Any:
    """Logarithm of the determinant of a positive definite matrix."""
    return xp.log(xp.linalg.det(_symmetric_part(xp, a)))


@gradcheck.case(
    name="native.determinant",
    inputs=lambda rng: {
        "ordinary": (_SQUARE,),
        "singular": (np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, -1.0, 0.7]]),),
        "nearly singular": (np.array([[1.0, 1.0, 0.3], [1.0, 1.0 + 1e-9, 0.3], [0.5, -1.0, 0.7]]),),
    },
    operators=["gradient", "hvp"],
    tags=_SCALAR,
    double_only=["nearly singular"],
    source=_GILES,
    native={
        "torch": lambda a: torch.linalg.det(a),
        "jax": lambda a: jnp.linalg.det(a),
        "tensorflow": lambda a: tf.linalg.det(a),
    },
)
def determinant(xp: Any, a: Any) -> Any:
    """Determinant by cofactors, also of singular matrices."""
    minors = [a[1, i] * a[2, j] - a[1, j] * a[2, i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return a[0, 0] * minors[0] + a[0, 1] * minors[1] + a[0, 2] * minors[2]


@gradcheck.case(
    name="native.determinant_of_order_four",
    inputs=lambda rng: {
        "ordinary": (
            np.array([[2.0, 0.3, -0.5, 1.0], [0.1, 1.7, 0.4, -0.3], [-0.6, 0.2, 2.4, 0.8], [0.9, -1.1, 0.6, 1.3]]),
        ),
        "singular": (
            np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], [0.5, -1.0, 0.7, 0.2], [0.0, 0.3, 0.9, -1.0]]),
        ),
    },
    operators=["gradient"],
    tags=_SCALAR,
    source=_GILES,
    native={
        "torch": lambda a: torch.linalg.det(a),
        "jax": lambda a: jnp.linalg.det(a),
        "tensorflow": lambda a: tf.linalg.det(a),
    },
)
def determinant_of_order_four(xp: Any, a: Any) -> Any:
    """Determinant of a matrix beyond the sizes with rules of their own."""
    pairs = ((0, 1, 2, 3, 1), (0, 2, 1, 3, -1), (0, 3, 1, 2, 1), (1, 2, 0, 3, 1), (1, 3, 0, 2, -1), (2, 3, 0, 1, 1))
    return sum(
        sign * (a[0, i] * a[1, j] - a[0, j] * a[1, i]) * (a[2, k] * a[3, m] - a[2, m] * a[3, k])
        for i, j, k, m, sign in pairs
    )


@gradcheck.case(
    name="native.negative_matrix_power",
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="NumPy Reference, numpy.linalg.matrix_power",
    native={
        "torch": lambda a: torch.linalg.matrix_power(a, -3),
        "jax": lambda a: jnp.linalg.matrix_power(a, -3),
    },
)
def negative_matrix_power(xp: Any, a: Any) -> Any:
    """Third power of the inverse."""
    return xp.linalg.inv(xp.matmul(a, xp.matmul(a, a)))


# -- functions of matrices ---------------------------------------------------------------------


@gradcheck.case(
    name="native.matrix_exponential",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.2, 0.3], [0.1, -0.7]]),),
        "small": (np.array([[0.0, -0.04], [0.04, 0.0]]),),
        "rotation": (np.array([[0.0, -6.0], [6.0, 0.0]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Al-Mohy and Higham (2009), Computing the Frechet derivative of the matrix exponential, SIMAX 30(4)",
    native={
        "torch": lambda a: torch.linalg.matrix_exp(a),
        "jax": lambda a: jla.expm(a),
        "tensorflow": lambda a: tf.linalg.expm(a),
    },
)
def matrix_exponential(xp: Any, a: Any) -> Any:
    """Matrix exponential."""
    return xp.linalg.expm(a)


@gradcheck.case(
    name="native.matrix_square_root",
    inputs=lambda rng: {
        "ordinary": (np.array([[2.0, 0.3], [0.1, 1.7]]),),
        "equal eigenvalues": (np.array([[2.0, 0.0], [0.0, 2.0]]),),
        "nearly singular": (np.array([[1.0, 0.98], [0.98, 1.0]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Levinger (1980), The square root of a 2 x 2 matrix, Mathematics Magazine 53(4)",
    native={
        "jax": lambda a: jla.sqrtm(a).real,
        "tensorflow": lambda a: tf.linalg.sqrtm(a),
    },
)
def matrix_square_root(xp: Any, a: Any) -> Any:
    """Principal square root of a matrix of order two."""
    root = xp.sqrt(a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
    return (a + root * xp.eye(2)) / xp.sqrt(a[0, 0] + a[1, 1] + 2 * root)


# -- eigenvalues and singular values -----------------------------------------------------------


@gradcheck.case(
    name="native.symmetric_eigenvalues",
    inputs=lambda rng: {
        "ordinary": (np.array([[2.0, 0.5], [-0.3, 1.1]]),),
        "nearly equal": (np.array([[2.0, 1e-6], [3e-6, 2.0 + 2e-6]]),),
        "far apart": (np.array([[1e8, 0.5], [-0.3, 1e-8]]),),
        "diagonal": (np.array([[2.0, 0.0], [0.0, -1.1]]),),
    },
    operators=_VECTOR,
    tags=_VALUES,
    source="Magnus (1985), On differentiating eigenvalues and eigenvectors, Econometric Theory 1(2)",
    native={
        "torch": lambda a: torch.linalg.eigvalsh(_symmetric(a)),
        "jax": lambda a: jnp.linalg.eigvalsh(_symmetric(a)),
        "tensorflow": lambda a: tf.linalg.eigvalsh(_symmetric_tensor(a)),
    },
)
def symmetric_eigenvalues(xp: Any, a: Any) -> Any:
    """Eigenvalues of the symmetric part of order two, of positive trace, ascending."""
    off = (a[0, 1] + a[1, 0]) / 2
    largest = (a[0, 0] + a[1, 1]) / 2 + xp.hypot((a[0, 0] - a[1, 1]) / 2, off)
    return xp.stack([(a[0, 0] * a[1, 1] - off**2) / largest, largest])


@gradcheck.case(
    name="native.eigenvalues_of_one_triangle",
    inputs=lambda rng: {"ordinary": (np.array([[2.0, 0.5], [-0.3, 1.1]]),)},
    operators=_VECTOR,
    tags=_VALUES,
    source="NumPy Reference, numpy.linalg.eigvalsh",
    native={
        "torch": lambda a: torch.linalg.eigvalsh(a, UPLO="U"),
        "jax": lambda a: jla.eigh(a, lower=False, eigvals_only=True),
    },
)
def eigenvalues_of_one_triangle(xp: Any, a: Any) -> Any:
    """Eigenvalues of the symmetric matrix whose upper triangle is given; the lower one is not read."""
    middle, distance = (a[0, 0] + a[1, 1]) / 2, xp.hypot((a[0, 0] - a[1, 1]) / 2, a[0, 1])
    return xp.stack([middle - distance, middle + distance])


@gradcheck.case(
    name="native.trace_of_exponential",
    inputs=lambda rng: {
        "ordinary": (np.array([[2.0, 0.5], [-0.3, 1.1]]),),
        "equal eigenvalues": (np.array([[0.7, 0.0], [0.0, 0.7]]),),
    },
    operators=["gradient", "hvp"],
    tags=_SCALAR,
    source="Lewis (1996), Derivatives of spectral functions, Mathematics of Operations Research 21(3)",
    native={
        "torch": lambda a: torch.linalg.eigvalsh(_symmetric(a)).exp().sum(),
        "jax": lambda a: jnp.exp(jnp.linalg.eigvalsh(_symmetric(a))).sum(),
        "tensorflow": lambda a: tf.reduce_sum(tf.exp(tf.linalg.eigvalsh(_symmetric_tensor(a)))),
    },
)
def trace_of_exponential(xp: Any, a: Any) -> Any:
    """Sum of the exponentials of symmetric eigenvalues, which is smooth where they are equal."""
    return xp.trace(xp.linalg.expm(_symmetric_part(xp, a)))


@gradcheck.case(
    name="native.square_root_by_eigenvectors",
    inputs=lambda rng: {
        "ordinary": (np.array([[2.0, 0.5], [-0.3, 1.1]]),),
        "nearly equal": (np.array([[2.0, 1e-6], [3e-6, 2.0 + 2e-6]]),),
        "equal": (np.array([[2.0, 0.0], [0.0, 2.0]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Magnus (1985), On differentiating eigenvalues and eigenvectors, Econometric Theory 1(2)",
    native={
        "torch": lambda a: _rebuilt(*torch.linalg.eigh(_symmetric(a))),
        "jax": lambda a: _rebuilt(*jnp.linalg.eigh(_symmetric(a))),
        "tensorflow": lambda a: _rebuilt_tensor(*tf.linalg.eigh(_symmetric_tensor(a))),
    },
)
def square_root_by_eigenvectors(xp: Any, a: Any) -> Any:
    """Square root of the symmetric part of order two."""
    s = _symmetric_part(xp, a)
    root = xp.sqrt(s[0, 0] * s[1, 1] - s[0, 1] * s[1, 0])
    return (s + root * xp.eye(2)) / xp.sqrt(s[0, 0] + s[1, 1] + 2 * root)


def _rebuilt(values: Any, vectors: Any) -> Any:
    return (vectors * values**0.5) @ vectors.T


def _rebuilt_tensor(values: Any, vectors: Any) -> Any:
    return tf.linalg.matmul(vectors * tf.sqrt(values), vectors, transpose_b=True)


@gradcheck.case(
    name="native.spectral_moduli",
    inputs=lambda rng: {
        "ordinary": (np.array([[2.0, 0.5], [0.3, 1.1]]),),
        "complex pair": (np.array([[0.4, -1.5], [1.2, 0.9]]),),
        "nearly equal": (np.array([[1.0, 1e-4], [1e-5, 1.0]]),),
    },
    operators=["gradient"],
    tags=_SCALAR,
    source=_TORCH + "linalg.eigvals",
    native={
        "torch": lambda a: (torch.linalg.eigvals(a).abs() ** 3).sum(),
        "jax": lambda a: (jnp.abs(jnp.linalg.eigvals(a)) ** 3).sum(),
        "tensorflow": lambda a: tf.reduce_sum(tf.abs(tf.linalg.eigvals(a)) ** 3),
    },
)
def spectral_moduli(xp: Any, a: Any) -> Any:
    """Cubed moduli of the eigenvalues of a matrix of order two, summed."""
    middle, determinant = (a[0, 0] + a[1, 1]) / 2, a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    squared = middle**2 - determinant
    distance = xp.sqrt(xp.abs(squared))
    real = xp.abs(middle - distance) ** 3 + xp.abs(middle + distance) ** 3
    return xp.where(squared > 0, real, 2 * xp.abs(determinant) ** 1.5)


@gradcheck.case(
    name="native.exponential_by_eigenvectors",
    inputs=lambda rng: {
        "ordinary": (np.array([[2.0, 0.5, 0.1], [0.3, 1.1, -0.4], [0.2, 0.6, -0.7]]),),
        "complex pair": (np.array([[0.4, -1.5], [1.2, 0.9]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Boeddeker et al. (2017), On the computation of complex-valued gradients, arXiv:1701.00392",
    native={
        "torch": lambda a: _exponential(torch, *torch.linalg.eig(a)),
        "jax": lambda a: _exponential(jnp, *jnp.linalg.eig(a)),
        "tensorflow": lambda a: _exponential_tensor(*tf.linalg.eig(a)),
    },
)
def exponential_by_eigenvectors(xp: Any, a: Any) -> Any:
    """Matrix exponential by the eigenvectors of a matrix that is not symmetric."""
    return xp.linalg.expm(a)


def _exponential(library: Any, values: Any, vectors: Any) -> Any:
    return (vectors @ (library.exp(values)[:, None] * library.linalg.inv(vectors))).real


def _exponential_tensor(values: Any, vectors: Any) -> Any:
    return tf.math.real(tf.matmul(vectors, tf.exp(values)[:, None] * tf.linalg.inv(vectors)))


@gradcheck.case(
    name="native.singular_values",
    inputs=lambda rng: {
        "ordinary": (_TALL,),
        "nearly equal": (np.array([[1.0, 1e-6], [0.0, 1.0 + 2e-6]]),),
        "one nearly zero": (np.array([[1.0, 2.0], [0.5, 1.0 + 1e-7]]),),
    },
    operators=_VECTOR,
    tags=_VALUES,
    source=_GILES,
    native={
        "torch": lambda a: torch.linalg.svdvals(a),
        "jax": lambda a: jnp.linalg.svdvals(a),
        "tensorflow": lambda a: tf.linalg.svd(a, compute_uv=False),
    },
)
def singular_values(xp: Any, a: Any) -> Any:
    """Singular values of a matrix of two columns, descending."""
    p, q, r = xp.dot(a[:, 0], a[:, 0]), xp.dot(a[:, 1], a[:, 1]), xp.dot(a[:, 0], a[:, 1])
    largest = xp.sqrt((p + q) / 2 + xp.hypot((p - q) / 2, r))
    minors = [a[i, 0] * a[j, 1] - a[i, 1] * a[j, 0] for i in range(a.shape[0]) for j in range(i)]
    return xp.stack([largest, xp.sqrt(sum(minor**2 for minor in minors)) / largest])


@gradcheck.case(
    name="native.polar_factor",
    inputs=lambda rng: {
        "ordinary": (np.array([[1.2, 0.3], [-0.5, 0.9]]),),
        "rotation": (np.array([[0.6, -0.8], [0.8, 0.6]]),),
        "nearly singular": (np.array([[1.0, 2.0], [0.5, 1.001]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Higham (1986), Computing the polar decomposition with applications, SIAM J. Sci. Stat. Comput. 7(4)",
    native={
        "torch": lambda a: torch.matmul(*_outer_factors(torch, a)),
        "jax": lambda a: jla.polar(a, method="svd")[0],
        "tensorflow": lambda a: _polar_tensor(*tf.linalg.svd(a)),
    },
)
def polar_factor(xp: Any, a: Any) -> Any:
    """Rotation nearest to a matrix of order two with positive determinant."""
    cosine, sine = a[0, 0] + a[1, 1], a[1, 0] - a[0, 1]
    rows = [xp.stack([cosine, -sine]), xp.stack([sine, cosine])]
    return xp.stack(rows) / xp.hypot(cosine, sine)


def _outer_factors(library: Any, a: Any) -> tuple[Any, Any]:
    left, _, right = library.linalg.svd(a, full_matrices=False)
    return left, right


def _polar_tensor(values: Any, left: Any, right: Any) -> Any:
    return tf.linalg.matmul(left, right, adjoint_b=True)


@gradcheck.case(
    name="native.nuclear_norm",
    inputs=lambda rng: {
        "ordinary": (_TALL,),
        "equal singular values": (np.array([[0.6, -0.8], [0.8, 0.6]]),),
        "nearly singular": (np.array([[1.0, 2.0], [0.5, 1.0 + 1e-7]]),),
    },
    operators=["gradient"],
    tags=_SCALAR,
    source="NumPy Reference, numpy.linalg.norm",
    native={
        "torch": lambda a: torch.linalg.matrix_norm(a, "nuc"),
        "jax": lambda a: jnp.linalg.matrix_norm(a, ord="nuc"),
        "tensorflow": lambda a: tf.reduce_sum(tf.linalg.svd(a, compute_uv=False)),
    },
)
def nuclear_norm(xp: Any, a: Any) -> Any:
    """Sum of the singular values of a matrix of two columns."""
    minors = [a[i, 0] * a[j, 1] - a[i, 1] * a[j, 0] for i in range(a.shape[0]) for j in range(i)]
    return xp.sqrt(xp.sum(a**2) + 2 * xp.sqrt(sum(minor**2 for minor in minors)))


@gradcheck.case(
    name="native.condition_number",
    inputs=lambda rng: {
        "ordinary": (np.array([[1.2, 0.3], [-0.5, 0.9]]),),
        "large": (np.array([[1.0, 2.0], [0.5, 1.02]]),),
    },
    operators=["gradient"],
    tags=_SCALAR,
    source="NumPy Reference, numpy.linalg.cond",
    native={
        "torch": lambda a: torch.linalg.cond(a),
        "jax": lambda a: jnp.linalg.cond(a),
    },
)
def condition_number(xp: Any, a: Any) -> Any:
    """Largest over smallest singular value of a matrix of order two."""
    squares, determinant = xp.sum(a**2), xp.abs(a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
    return (squares + xp.sqrt(squares**2 - 4 * determinant**2)) / (2 * determinant)


@gradcheck.case(
    name="native.condition_number_of_columns",
    inputs=lambda rng: {"ordinary": (_SQUARE,)},
    operators=["gradient"],
    tags=_SCALAR,
    source="NumPy Reference, numpy.linalg.cond",
    native={
        "torch": lambda a: torch.linalg.cond(a, 1),
        "jax": lambda a: jnp.linalg.cond(a, 1),
    },
)
def condition_number_of_columns(xp: Any, a: Any) -> Any:
    """Condition number in the norm of the largest column sum."""
    return xp.max(xp.sum(xp.abs(a), axis=0)) * xp.max(xp.sum(xp.abs(xp.linalg.inv(a)), axis=0))


@gradcheck.case(
    name="native.spectral_norm",
    inputs=lambda rng: {"ordinary": (_TALL,), "rank one": (np.array([[1.0, 2.0], [0.5, 1.0], [-2.0, -4.0]]),)},
    operators=["gradient"],
    tags=_SCALAR,
    source="NumPy Reference, numpy.linalg.norm",
    native={
        "torch": lambda a: torch.linalg.matrix_norm(a, 2),
        "jax": lambda a: jnp.linalg.matrix_norm(a, ord=2),
        "tensorflow": lambda a: tf.norm(a, 2, axis=[-2, -1]),
    },
)
def spectral_norm(xp: Any, a: Any) -> Any:
    """Largest singular value of a matrix of two columns."""
    p, q, r = xp.dot(a[:, 0], a[:, 0]), xp.dot(a[:, 1], a[:, 1]), xp.dot(a[:, 0], a[:, 1])
    return xp.sqrt((p + q) / 2 + xp.hypot((p - q) / 2, r))


# -- factors -----------------------------------------------------------------------------------


@gradcheck.case(
    name="native.qr_factors",
    inputs=lambda rng: {
        "ordinary": (_TALL,),
        "square": (np.array([[1.2, 0.3], [-0.5, 0.9]]),),
        "nearly dependent": (np.array([[1.0, 1.0], [1.0, 1.001], [0.5, 0.499]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source="Walter and Lehmann (2013), Algorithmic differentiation of linear algebra functions, OMS 28",
    native={
        "torch": lambda a: torch.cat(_sign_free(torch, *torch.linalg.qr(a))),
        "jax": lambda a: jnp.concatenate(_sign_free(jnp, *jnp.linalg.qr(a))),
        "tensorflow": lambda a: tf.concat(_sign_free_tensors(*tf.linalg.qr(a)), 0),
    },
)
def qr_factors(xp: Any, a: Any) -> Any:
    """QR factors of a matrix of two columns, with a positive diagonal."""
    first = xp.sqrt(xp.dot(a[:, 0], a[:, 0]))
    q = a[:, 0] / first
    along = xp.dot(q, a[:, 1])
    rest = a[:, 1] - along * q
    second = xp.sqrt(xp.dot(rest, rest))
    r = xp.stack([xp.stack([first, along]), xp.stack([0 * first, second])])
    return xp.concatenate([xp.stack([q, rest / second], axis=1), r])


def _sign_free(library: Any, q: Any, r: Any) -> list[Any]:
    signs = library.sign(library.diagonal(r))
    return [q * signs, r * signs[:, None]]


def _sign_free_tensors(q: Any, r: Any) -> list[Any]:
    signs = tf.sign(tf.linalg.diag_part(r))
    return [q * signs, r * signs[:, None]]


@gradcheck.case(
    name="native.qr_of_a_wide_matrix",
    inputs=lambda rng: {"ordinary": (_TALL.T,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="Roberts and Roberts (2020), QR and LQ decomposition matrix backpropagation algorithms, arXiv:2009.10071",
    native={
        "torch": lambda a: torch.cat(_sign_free(torch, *torch.linalg.qr(a)), 1),
        "jax": lambda a: jnp.concatenate(_sign_free(jnp, *jnp.linalg.qr(a)), 1),
        "tensorflow": lambda a: tf.concat(_sign_free_tensors(*tf.linalg.qr(a)), 1),
    },
)
def qr_of_a_wide_matrix(xp: Any, a: Any) -> Any:
    """QR factors of a matrix of two rows and three columns, with a positive diagonal."""
    first = xp.hypot(a[0, 0], a[1, 0])
    c, s = a[0, 0] / first, a[1, 0] / first
    orientation = xp.sign(a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
    q = xp.stack([xp.stack([c, -s * orientation]), xp.stack([s, c * orientation])])
    return xp.concatenate([q, xp.matmul(xp.transpose(q), a)], axis=1)


@gradcheck.case(
    name="native.lu_factors",
    inputs=lambda rng: {
        "ordinary": (np.array([[3.0, 0.3, -0.5], [0.1, 2.7, 0.4], [-0.6, 0.2, 2.4]]),),
        "tall": (np.array([[3.0, 0.3], [0.1, 2.7], [-0.6, 0.2]]),),
        "wide": (np.array([[3.0, 0.3, -0.5], [0.1, 2.7, 0.4]]),),
    },
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "linalg.lu",
    native={
        "torch": lambda a: _packed(torch, *torch.linalg.lu(a)[1:]),
        "jax": lambda a: _packed(jnp, *jla.lu(a)[1:]),
    },
)
def lu_factors(xp: Any, a: Any) -> Any:
    """LU factors of a matrix whose rows need no exchange, in one."""
    rows = [a[i] for i in range(a.shape[0])]
    for k in range(min(a.shape)):
        for i in range(k + 1, a.shape[0]):
            factor = rows[i][k] / rows[k][k]
            reduced = rows[i][k + 1 :] - factor * rows[k][k + 1 :]
            rows[i] = xp.concatenate([rows[i][:k], xp.expand_dims(factor, 0), reduced])
    return xp.stack(rows)


def _packed(library: Any, lower: Any, upper: Any) -> Any:
    """Both factors in the shape of the matrix; the ones on the diagonal of the lower are left out."""
    (m, k), n = lower.shape, upper.shape[1]
    pad = library.zeros((max(m, k), max(n, k)), dtype=lower.dtype)
    below = library.concatenate([library.tril(lower, -1), pad[:m, : n - k]], -1)
    return below + library.concatenate([upper, pad[: m - k, :n]], 0)


@gradcheck.case(
    name="native.householder_product",
    inputs=lambda rng: {"ordinary": (np.array([[0.7, 0.3], [-0.5, 0.9], [0.4, 1.6]]), np.array([0.8, 1.3]))},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "linalg.householder_product",
    native={
        "torch": lambda a, t: torch.linalg.householder_product(a, t),
        "jax": lambda a, t: lax.linalg.householder_product(a, t),
    },
)
def householder_product(xp: Any, a: Any, t: Any) -> Any:
    """First columns of a product of elementary reflectors below a unit diagonal."""
    one, zero = xp.ones(1), xp.zeros(1)
    v = xp.concatenate([one, a[1:, 0]])
    w = xp.concatenate([zero, one, a[2:, 1]])
    reflectors = [xp.eye(3) - t[i] * xp.outer(u, u) for i, u in enumerate((v, w))]
    return xp.matmul(reflectors[0], reflectors[1])[:, :2]


# -- products ----------------------------------------------------------------------------------


@gradcheck.case(
    name="native.multi_dot",
    inputs=lambda rng: {"ordinary": (_TALL.T, _SQUARE, _RIGHT, np.array([0.4, -1.2]))},
    operators=_VECTOR,
    tags=_VALUES,
    source="NumPy Reference, numpy.linalg.multi_dot",
    native={
        "torch": lambda a, b, c, d: torch.linalg.multi_dot([a, b, c, d]),
        "jax": lambda a, b, c, d: jnp.linalg.multi_dot([a, b, c, d]),
        "tensorflow": lambda a, b, c, d: tf.linalg.matvec(a @ b @ c, d),
    },
)
def multi_dot(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Product of three matrices and a vector, in the cheapest order."""
    return xp.matmul(a, xp.matmul(b, xp.matmul(c, d)))


@gradcheck.case(
    name="native.scaled_product_added",
    inputs=lambda rng: {"ordinary": (np.array([0.4, -1.2]), _TALL.T, _RIGHT)},
    operators=_VECTOR,
    tags=[*_MATRIX, "broadcasting"],
    source=_TORCH + "addmm",
    native={
        "torch": lambda c, a, b: torch.addmm(c, a, b, beta=0.3, alpha=-2.0),
        "jax": lambda c, a, b: 0.3 * c - 2.0 * lax.dot_general(a, b, (((1,), (0,)), ((), ()))),
        "tensorflow": lambda c, a, b: 0.3 * c - 2.0 * tf.linalg.matmul(tf.transpose(a), b, transpose_a=True),
    },
)
def scaled_product_added(xp: Any, c: Any, a: Any, b: Any) -> Any:
    """Scaled matrix product added to a scaled row."""
    return 0.3 * c - 2.0 * xp.matmul(a, b)


@gradcheck.case(
    name="native.complex_dot_of_rows",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3 - 1.1j, -1.2 + 0.4j]]), np.array([[0.7 + 0.2j, -0.5 - 1.4j], [1.1j, 0.6 - 0.2j]])),
    },
    operators=["gradient"],
    tags=_SCALAR,
    source="Array API standard (2023.12), vecdot",
    native={
        "torch": lambda x, y: torch.linalg.vecdot(x, y).abs().square().sum(),
        "jax": lambda x, y: (jnp.abs(jnp.linalg.vecdot(x, y)) ** 2).sum(),
        "tensorflow": lambda x, y: tf.reduce_sum(tf.abs(tf.linalg.matvec(y, tf.math.conj(x[0]))) ** 2),
    },
)
def complex_dot_of_rows(xp: Any, x: Any, y: Any) -> Any:
    """Squared moduli of the inner products of complex rows, of which the first is conjugated."""
    products = xp.sum(xp.conj(x) * y, axis=1)
    return xp.sum(xp.real(products) ** 2 + xp.imag(products) ** 2)


@gradcheck.case(
    name="native.vandermonde",
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.0]),), "zero": (np.array([0.0, -1.2, 1e-100]),)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="NumPy Reference, numpy.vander",
    native={
        "torch": lambda x: torch.linalg.vander(x, N=4),
        "jax": lambda x: jnp.vander(x, 4, increasing=True),
        "tensorflow": lambda x: tf.experimental.numpy.vander(x, 4, increasing=True),
    },
)
def vandermonde(xp: Any, x: Any) -> Any:
    """Powers of numbers from zero to three."""
    return xp.stack([xp.ones_like(x), x, x * x, x * x * x], axis=1)


@gradcheck.case(
    name="native.hermitian_eigenvalues",
    inputs=lambda rng: {"ordinary": (np.array([[2.0 + 0.0j, 0.5 - 0.7j], [0.1 + 0.2j, 1.1 + 0.0j]]),)},
    operators=["gradient"],
    tags=_SCALAR,
    source=_TORCH + "linalg.eigvalsh",
    native={
        "torch": lambda a: _contrast(torch.linalg.eigvalsh((a + a.mH) / 2)),
        "jax": lambda a: _contrast(jnp.linalg.eigvalsh((a + a.conj().T) / 2)),
        "tensorflow": lambda a: _contrast(tf.math.real(tf.linalg.eigvalsh((a + tf.linalg.adjoint(a)) / 2))),
    },
)
def hermitian_eigenvalues(xp: Any, a: Any) -> Any:
    """Difference of cubes of the eigenvalues of the Hermitian part of order two."""
    p, q = xp.real(a[0, 0]), xp.real(a[1, 1])
    off = (a[0, 1] + xp.conj(a[1, 0])) / 2
    middle = (p + q) / 2
    distance = xp.sqrt(((p - q) / 2) ** 2 + xp.real(off) ** 2 + xp.imag(off) ** 2)
    return (middle + distance) ** 3 - 2 * (middle - distance) ** 3


def _contrast(values: Any) -> Any:
    return values[1] ** 3 - 2 * values[0] ** 3


@gradcheck.case(
    name="native.complex_determinant",
    inputs=lambda rng: {"ordinary": (np.array([[2.0 + 0.3j, 0.5 - 0.7j], [0.1 + 0.2j, 1.1 - 0.4j]]),)},
    operators=["gradient"],
    tags=_SCALAR,
    source=_TORCH + "linalg.slogdet",
    native={
        "torch": lambda a: _log_determinant_loss(torch, *torch.linalg.slogdet(a)),
        "jax": lambda a: _log_determinant_loss(jnp, *jnp.linalg.slogdet(a)),
        "tensorflow": lambda a: _log_determinant_loss(tf.math, *tf.linalg.slogdet(a)),
    },
)
def complex_determinant(xp: Any, a: Any) -> Any:
    """Logarithm of the modulus, and argument, of a complex determinant."""
    d = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return xp.log(xp.hypot(xp.real(d), xp.imag(d))) - 3 * xp.arctan2(xp.imag(d), xp.real(d))


def _log_determinant_loss(library: Any, sign: Any, logarithm: Any) -> Any:
    return library.real(logarithm) - 3 * library.angle(sign)
