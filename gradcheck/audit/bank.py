"""The bank: correct functions at ordinary points, in which the audit plants wrong gradients.

Every gradient is finite and differs from element to element; no sum hides it (the sum of a softmax
has none). Points are signed, in general position, away from kinks, poles and saturation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.audit.subjects import Subject
from gradcheck.functions import Array

Portable = Callable[..., Any]
Draw = Callable[[np.random.Generator], tuple[Any, ...]]

LARGE = "large"
"""The tag of functions of a thousand inputs or more."""

_BANK: list[Subject] = []

_NUMPY = "NumPy Reference, numpy."
_SCIPY = "SciPy Reference, scipy.special."
_DLMF = "NIST Digital Library of Mathematical Functions, section "
_MATRICES = "Petersen & Pedersen (2012), The Matrix Cookbook, Technical University of Denmark, "
_LEARNING = "Goodfellow, Bengio & Courville (2016), Deep Learning, MIT Press, "
_BISHOP = "Bishop (2006), Pattern Recognition and Machine Learning, Springer, "


def _subject(source: str, inputs: Draw, *tags: str) -> Callable[[Portable], Portable]:
    """Put a function into the bank under its own name."""

    def add(function: Portable) -> Portable:
        _BANK.append(Subject(function.__name__, function, inputs, source, tags))
        return function

    return add


def _signed(rng: np.random.Generator, *shape: int, low: float = 0.3, high: float = 1.7) -> Array:
    """Draw magnitudes between two limits, with random signs."""
    drawn: Array = rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)
    return drawn


def _apart(rng: np.random.Generator, n: int) -> Array:
    """Draw signed numbers whose distances from each other and from zero are at least 0.1."""
    points: Array = (np.arange(n) - n // 2 + 0.5) * 0.37 + rng.uniform(-0.08, 0.08, n)
    return rng.permutation(points)


def _definite(rng: np.random.Generator, n: int) -> Array:
    """Draw a symmetric, well-conditioned positive definite matrix."""
    root = rng.normal(size=(n, n))
    return root @ root.T / n + np.eye(n)


def _regular(rng: np.random.Generator, n: int) -> Array:
    """Draw a well-conditioned matrix."""
    return rng.uniform(-0.5, 0.5, (n, n)) + 1.5 * np.diag(rng.choice([-1.0, 1.0], n))


def _complex(rng: np.random.Generator, *shape: int) -> Array:
    return _signed(rng, *shape) + 1j * _signed(rng, *shape)


def _weighted(xp: Any, y: Any) -> Any:
    """Add up a vector with unequal weights of both signs."""
    n = y.shape[0]
    return xp.sum(xp.asarray(np.cos(1.3 * np.arange(n)) + 0.4) * y)


# -- elementwise ------------------------------------------------------------------------------


@_subject("Kreyszig (2011), Advanced Engineering Mathematics, Wiley, section 2.4", lambda rng: (rng.uniform(0.3, 3.0),))
def damped_wave(xp: Any, t: Any) -> Any:
    """A damped oscillation of one variable."""
    return xp.exp(-0.4 * t) * xp.sin(3.0 * t + 0.5)


@_subject(_NUMPY + "power", lambda rng: (_signed(rng, 7),), "vector")
def cubic(xp: Any, x: Any) -> Any:
    """A cubic polynomial of each element."""
    return x**3 - 2.0 * x + 0.5


@_subject(_LEARNING + "section 6.3.2", lambda rng: (rng.normal(size=12),), "vector")
def hyperbolic_tangents(xp: Any, x: Any) -> Any:
    """The tanh of each element."""
    return xp.tanh(x)


@_subject("Dugas et al. (2001), NeurIPS 13, 472-478", lambda rng: (rng.normal(size=10),))
def softplus(xp: Any, x: Any) -> Any:
    """Weighted softplus units."""
    return _weighted(xp, xp.logaddexp(x, 0.0))


@_subject("Hendrycks & Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415", lambda rng: (_signed(rng, 9),))
def gelu(xp: Any, x: Any) -> Any:
    """Weighted Gaussian error linear units."""
    return _weighted(xp, 0.5 * x * (1.0 + xp.special.erf(x / math.sqrt(2.0))))


@_subject("Ramachandran, Zoph & Le (2017), arXiv:1710.05941", lambda rng: (rng.normal(size=20),), "vector")
def swish(xp: Any, x: Any) -> Any:
    """The swish of each element."""
    return x * xp.special.expit(1.5 * x)


@_subject(_NUMPY + "arctan2", lambda rng: (_signed(rng, 6), _signed(rng, 6)))
def bearings(xp: Any, y: Any, x: Any) -> Any:
    """Weighted angles of points in the plane."""
    return _weighted(xp, xp.arctan2(y, x))


@_subject(_NUMPY + "hypot", lambda rng: (_signed(rng, 5), _signed(rng, 5)), "vector")
def ranges(xp: Any, x: Any, y: Any) -> Any:
    """Distances of points in the plane from the origin."""
    return xp.hypot(x, y)


@_subject(_NUMPY + "divide", lambda rng: (_signed(rng, 8),), "vector")
def rational(xp: Any, x: Any) -> Any:
    """A ratio of polynomials of each element."""
    return (2.0 * x - 1.0) / (1.0 + x**2)


@_subject(_NUMPY + "power", lambda rng: (rng.uniform(0.4, 2.5, 5), _signed(rng, 5)), "vector")
def powers(xp: Any, a: Any, b: Any) -> Any:
    """Positive bases to signed powers."""
    return a**b


@_subject(_NUMPY + "sinc", lambda rng: (_signed(rng, 6, low=0.15),))
def cardinal_sines(xp: Any, x: Any) -> Any:
    """Weighted cardinal sines."""
    return _weighted(xp, xp.sinc(x))


@_subject(_NUMPY + "cbrt", lambda rng: (_signed(rng, 6),), "vector")
def cube_roots(xp: Any, x: Any) -> Any:
    """Signed cube roots."""
    return xp.cbrt(x)


@_subject(_NUMPY + "maximum", lambda rng: (_apart(rng, 10),))
def leaky_units(xp: Any, x: Any) -> Any:
    """Weighted squares of leaky rectifiers, away from their kink."""
    return _weighted(xp, xp.maximum(x, 0.1 * x) ** 2)


@_subject(_NUMPY + "where", lambda rng: (_apart(rng, 8), _signed(rng, 8)), "vector")
def piecewise(xp: Any, x: Any, y: Any) -> Any:
    """One of two products, chosen by sign."""
    return xp.where(x > 0.0, x * y**2, xp.exp(x) * y)


# -- reductions, products and ratios ----------------------------------------------------------


@_subject(_NUMPY + "var", lambda rng: (rng.normal(0.5, 1.0, 11),))
def signal_to_noise(xp: Any, x: Any) -> Any:
    """The square of the mean over the variance."""
    return xp.mean(x) ** 2 / xp.var(x)


@_subject(_NUMPY + "average", lambda rng: (_signed(rng, 7), rng.uniform(0.3, 2.0, 7)))
def weighted_mean(xp: Any, x: Any, w: Any) -> Any:
    """A mean with weights."""
    return xp.sum(w * x) / xp.sum(w)


@_subject(_NUMPY + "prod", lambda rng: (_signed(rng, 6),))
def product(xp: Any, x: Any) -> Any:
    """The product of all elements."""
    return xp.prod(x)


@_subject(_SCIPY + "logsumexp", lambda rng: (rng.normal(size=15),))
def free_energy(xp: Any, x: Any) -> Any:
    """The logarithm of a sum of exponentials."""
    return xp.special.logsumexp(2.0 * x) / 2.0


@_subject("Hardy, Littlewood & Polya (1952), Inequalities, section 2.5", lambda rng: (rng.uniform(0.3, 3.0, 8),))
def geometric_mean(xp: Any, x: Any) -> Any:
    """The geometric mean."""
    return xp.exp(xp.mean(xp.log(x)))


@_subject(_NUMPY + "linalg.norm", lambda rng: (rng.normal(size=(4, 5)),), "vector")
def row_norms(xp: Any, x: Any) -> Any:
    """Lengths of the rows of a matrix."""
    return xp.sqrt(xp.sum(x**2, axis=1))


@_subject("Hardy, Littlewood & Polya (1952), Inequalities, section 2.9", lambda rng: (rng.normal(size=9),))
def p_norm(xp: Any, x: Any) -> Any:
    """The norm of order three."""
    return xp.sum(xp.abs(x) ** 3) ** (1.0 / 3.0)


@_subject(
    "Salton & McGill (1983), Introduction to Modern Information Retrieval, McGraw-Hill, section 4.3",
    lambda rng: (rng.normal(size=6), rng.normal(size=6)),
)
def cosine_similarity(xp: Any, x: Any, y: Any) -> Any:
    """The cosine of the angle between two vectors."""
    return xp.sum(x * y) / (xp.linalg.norm(x) * xp.linalg.norm(y))


@_subject(
    "Golub & Van Loan (2013), Matrix Computations, 4th ed., section 8.2",
    lambda rng: (_definite(rng, 4), rng.normal(size=4)),
)
def rayleigh_quotient(xp: Any, a: Any, x: Any) -> Any:
    """The Rayleigh quotient of a matrix and a vector."""
    return xp.sum(x * (a @ x)) / xp.sum(x * x)


# -- several arguments and broadcasting -------------------------------------------------------


@_subject(
    _LEARNING + "section 6.1", lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)), "vector"
)
def layer(xp: Any, w: Any, b: Any, x: Any) -> Any:
    """One layer of a network."""
    return xp.tanh(w @ x + b)


@_subject(
    _LEARNING + "section 6.5.7",
    lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4), rng.normal(size=(5, 3))),
)
def perceptron(xp: Any, w: Any, b: Any, v: Any, x: Any) -> Any:
    """The squared error of a network of two layers."""
    predicted = xp.tanh(x @ w + b) @ v
    return xp.mean((predicted - xp.asarray([0.5, -1.0, 1.5, 0.2, -0.7])) ** 2)


@_subject("NumPy User Guide, Broadcasting", lambda rng: (_signed(rng, 4), _signed(rng, 3)), "vector")
def table_of_sines(xp: Any, x: Any, y: Any) -> Any:
    """Sines of all products of two vectors' elements."""
    return xp.sin(x[:, None] * y[None, :])


@_subject("NumPy User Guide, Broadcasting", lambda rng: (_signed(rng, 3, 4), _signed(rng, 4), _signed(rng, 3, 1), 0.7))
def stretched(xp: Any, x: Any, row: Any, column: Any, scale: Any) -> Any:
    """A matrix with a row, a column and a number, each stretched over it."""
    return xp.sum((x * row + column) ** 3 * scale**2)


@_subject(
    "Ioffe & Szegedy (2015), arXiv:1502.03167",
    lambda rng: (rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=3)),
    "vector",
)
def batch_norm(xp: Any, x: Any, gain: Any, shift: Any) -> Any:
    """Columns standardised, scaled and shifted."""
    return gain * (x - xp.mean(x, axis=0)) / xp.sqrt(xp.var(x, axis=0) + 1e-5) + shift


@_subject(
    "Ba, Kiros & Hinton (2016), Layer Normalization, arXiv:1607.06450",
    lambda rng: (rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=5)),
)
def layer_norm(xp: Any, x: Any, gain: Any, shift: Any) -> Any:
    """Rows standardised, scaled and shifted; cubes of the result."""
    centred = x - xp.mean(x, axis=1)[:, None]
    normal = centred / xp.sqrt(xp.mean(centred**2, axis=1)[:, None] + 1e-5)
    return xp.sum((gain * normal + shift) ** 3)


@_subject(
    "Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, MIT Press, eq. 2.31",
    lambda rng: (rng.normal(size=(4, 2)), rng.uniform(0.7, 1.5)),
    "vector",
)
def kernel_matrix(xp: Any, x: Any, length: Any) -> Any:
    """A squared-exponential kernel between all pairs of points."""
    squares = xp.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=2)
    return xp.exp(-squares / (2.0 * length**2))


# -- linear algebra ---------------------------------------------------------------------------


@_subject(_MATRICES + "section 2.4", lambda rng: (rng.normal(size=4), rng.normal(size=(4, 3)), rng.normal(size=3)))
def bilinear_form(xp: Any, x: Any, a: Any, y: Any) -> Any:
    """A bilinear form."""
    return x @ (a @ y)


@_subject(_MATRICES + "section 2.4", lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=(4, 2))), "vector")
def matrix_product(xp: Any, a: Any, b: Any) -> Any:
    """A product of two matrices."""
    return a @ b


@_subject(
    "Kolda & Bader (2009), SIAM Review 51, 455-500",
    lambda rng: (rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(2, 2))),
)
def trilinear_form(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """Squares of a tensor of rank two."""
    return xp.sum(xp.einsum("ir,jr,kr->ijk", a, b, c) ** 2)


@_subject(_MATRICES + "section 2.2", lambda rng: (_regular(rng, 4), rng.normal(size=4)), "vector")
def linear_system(xp: Any, a: Any, b: Any) -> Any:
    """The solution of a linear system."""
    return xp.linalg.solve(a, b)


@_subject(_MATRICES + "section 2.1", lambda rng: (_definite(rng, 4),))
def log_determinant(xp: Any, a: Any) -> Any:
    """The logarithm of the determinant of a definite matrix."""
    return xp.linalg.slogdet(a)[1]


@_subject(_MATRICES + "section 2.1", lambda rng: (_regular(rng, 3),))
def determinant(xp: Any, a: Any) -> Any:
    """A determinant."""
    return xp.linalg.det(a)


@_subject(_MATRICES + "section 2.2", lambda rng: (_regular(rng, 3),), "vector")
def inverse(xp: Any, a: Any) -> Any:
    """The inverse of a matrix."""
    return xp.linalg.inv(a)


@_subject(
    "Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527",
    lambda rng: (rng.normal(size=(4, 4)),),
)
def cholesky_factor(xp: Any, root: Any) -> Any:
    """The weighted Cholesky factor of a definite matrix, made from any other."""
    factor = xp.linalg.cholesky(root @ xp.transpose(root) / 4.0 + xp.eye(4))
    return _weighted(xp, xp.reshape(factor, (16,)))


@_subject(_MATRICES + "section 2.4", lambda rng: (_regular(rng, 3),))
def matrix_cube(xp: Any, a: Any) -> Any:
    """The weighted cube of a matrix."""
    return _weighted(xp, xp.reshape(xp.linalg.matrix_power(a, 3), (9,)))


@_subject(
    "Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, MIT Press, eq. 2.30",
    lambda rng: (_definite(rng, 4), rng.normal(size=4)),
)
def marginal_likelihood(xp: Any, k: Any, y: Any) -> Any:
    """The negative logarithm of a Gaussian density with a covariance matrix."""
    return 0.5 * y @ xp.linalg.solve(k, y) + 0.5 * xp.linalg.slogdet(k)[1]


# -- special functions ------------------------------------------------------------------------


@_subject(_DLMF + "5.2", lambda rng: (rng.uniform(0.4, 1.2, 6),), "vector")
def log_gamma(xp: Any, x: Any) -> Any:
    """The logarithm of the gamma function."""
    return xp.special.gammaln(x)


@_subject(_DLMF + "5.12", lambda rng: (rng.uniform(0.5, 4.0, 6), rng.uniform(0.5, 4.0)))
def log_beta(xp: Any, a: Any, b: Any) -> Any:
    """Weighted logarithms of the beta function."""
    return _weighted(xp, xp.special.gammaln(a) + xp.special.gammaln(b) - xp.special.gammaln(a + b))


@_subject(_DLMF + "7.2", lambda rng: (rng.normal(size=8),), "vector")
def error_function(xp: Any, x: Any) -> Any:
    """The error function."""
    return xp.special.erf(x)


@_subject(_DLMF + "7.8", lambda rng: (_signed(rng, 5),))
def mills_ratio(xp: Any, x: Any) -> Any:
    """Weighted Mills' ratios."""
    return _weighted(xp, xp.exp(x**2) * xp.special.erfc(x))


@_subject(_SCIPY + "ndtr", lambda rng: (rng.normal(size=6),))
def probit(xp: Any, x: Any) -> Any:
    """The weighted logarithm of the normal distribution function."""
    return _weighted(xp, xp.log(xp.special.ndtr(x)))


@_subject("Shannon (1948), Bell System Technical Journal 27, 379-423", lambda rng: (rng.normal(size=7),))
def entropy(xp: Any, logits: Any) -> Any:
    """The entropy of a softmax."""
    p = xp.special.softmax(logits, axis=0)
    return -xp.sum(xp.special.xlogy(p, p))


# -- losses -----------------------------------------------------------------------------------


@_subject(_BISHOP + "eq. 4.108", lambda rng: (rng.normal(size=(4, 3)),))
def cross_entropy(xp: Any, logits: Any) -> Any:
    """The mean cross-entropy of four samples and three classes."""
    chosen = xp.asarray([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return -xp.mean(xp.sum(chosen * xp.special.log_softmax(logits, axis=1), axis=1))


@_subject(_BISHOP + "eq. 4.90", lambda rng: (rng.normal(size=3), rng.normal(), rng.normal(size=(6, 3))))
def logistic_regression(xp: Any, w: Any, b: Any, x: Any) -> Any:
    """The binary cross-entropy of a linear model."""
    logits = x @ w + b
    return xp.mean(xp.logaddexp(logits, 0.0) - xp.asarray([1.0, 0.0, 1.0, 1.0, 0.0, 0.0]) * logits)


@_subject(
    "Charbonnier et al. (1997), IEEE Transactions on Image Processing 6, 298-311",
    lambda rng: (rng.normal(size=8), rng.normal(size=8)),
    "vector",
)
def smooth_huber(xp: Any, x: Any, y: Any) -> Any:
    """The Charbonnier loss of each residual."""
    return xp.sqrt(1.0 + (x - y) ** 2) - 1.0


@_subject("Huber (1964), Annals of Mathematical Statistics 35, 73-101", lambda rng: (_apart(rng, 9) * 1.3,))
def huber(xp: Any, x: Any) -> Any:
    """Weighted Huber losses on both sides of the corner, whose slope is continuous."""
    size = xp.abs(x)
    return _weighted(xp, xp.where(size < 0.9, 0.5 * x**2, 0.9 * (size - 0.45)))


@_subject(
    "McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.3",
    lambda rng: (rng.normal(size=6) * 0.7,),
)
def poisson_loss(xp: Any, rates: Any) -> Any:
    """The negative Poisson likelihood of log rates."""
    return xp.sum(xp.exp(rates) - xp.asarray([3.0, 0.0, 1.0, 4.0, 1.0, 5.0]) * rates)


@_subject(
    "Kullback & Leibler (1951), Annals of Mathematical Statistics 22, 79-86",
    lambda rng: (rng.normal(size=3), rng.uniform(0.5, 2.0, 3), rng.normal(size=3), rng.uniform(0.5, 2.0, 3)),
    "vector",
)
def gaussian_divergence(xp: Any, mean: Any, width: Any, other: Any, its_width: Any) -> Any:
    """Divergences between pairs of normal laws."""
    return xp.log(its_width / width) + (width**2 + (mean - other) ** 2) / (2.0 * its_width**2) - 0.5


@_subject(
    "Lange, Little & Taylor (1989), J. American Statistical Association 84, 881-896",
    lambda rng: (rng.normal(size=9), rng.normal(), rng.uniform(0.6, 2.0)),
)
def student_loss(xp: Any, x: Any, centre: Any, width: Any) -> Any:
    """The negative likelihood of Student's law with four degrees of freedom."""
    return xp.sum(2.5 * xp.log1p(((x - centre) / width) ** 2 / 4.0)) + 9.0 * xp.log(width)


# -- softmax and attention --------------------------------------------------------------------


@_subject(_LEARNING + "section 6.2.2.3", lambda rng: (rng.normal(size=6),), "vector")
def softmax(xp: Any, x: Any) -> Any:
    """A softmax."""
    return xp.special.softmax(x, axis=0)


@_subject(_SCIPY + "log_softmax", lambda rng: (rng.normal(size=(3, 4)),), "vector")
def log_softmax(xp: Any, x: Any) -> Any:
    """The logarithm of a softmax over rows."""
    return xp.special.log_softmax(x, axis=1)


@_subject(
    "Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762",
    lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))),
)
def attention(xp: Any, q: Any, k: Any, v: Any) -> Any:
    """Squares of scaled dot-product attention."""
    scores = xp.special.softmax(q @ xp.transpose(k) / math.sqrt(3.0), axis=1)
    return _weighted(xp, xp.reshape(scores @ v, (8,)) ** 2)


# -- recurrences ------------------------------------------------------------------------------


@_subject(
    "Elman (1990), Cognitive Science 14, 179-211",
    lambda rng: (rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))),
)
def recurrent_network(xp: Any, u: Any, w: Any, x: Any) -> Any:
    """The last state of a recurrent network, squared and weighted."""
    state = xp.tanh(w @ x[0])
    for t in range(1, 4):
        state = xp.tanh(u @ state + w @ x[t])
    return _weighted(xp, state**2)


@_subject("May (1976), Nature 261, 459-467", lambda rng: (rng.uniform(0.15, 0.85), rng.uniform(2.6, 3.7)), "vector")
def logistic_map(xp: Any, x: Any, rate: Any) -> Any:
    """Four steps of the logistic map."""
    orbit = []
    for _ in range(4):
        x = rate * x * (1.0 - x)
        orbit.append(x)
    return xp.stack(orbit, axis=0)


@_subject(
    "Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, section II.1",
    lambda rng: (_signed(rng), _signed(rng)),
)
def pendulum_energy(xp: Any, angle: Any, speed: Any) -> Any:
    """The energy of a damped pendulum after three Runge-Kutta steps of order two."""
    for _ in range(3):
        half_angle, half_speed = angle + 0.1 * speed, speed - 0.1 * (xp.sin(angle) + 0.2 * speed)
        angle, speed = angle + 0.2 * half_speed, speed - 0.2 * (xp.sin(half_angle) + 0.2 * half_speed)
    return 0.5 * speed**2 - xp.cos(angle)


# -- indexing and cumulative operations -------------------------------------------------------


@_subject(_NUMPY + "take", lambda rng: (_signed(rng, 5),), "vector")
def gathered(xp: Any, x: Any) -> Any:
    """Elements taken by index, some twice and one never, against those before them."""
    return xp.take(x, xp.asarray([0, 2, 2, 3, 0, 4], dtype=int), axis=0) ** 2 * x[1]


@_subject("Mikolov et al. (2013), arXiv:1301.3781", lambda rng: (rng.normal(size=(6, 3)), rng.normal(size=3)))
def embedding(xp: Any, vectors: Any, w: Any) -> Any:
    """Rows of a table, chosen by index, before a squashed linear layer."""
    return _weighted(xp, xp.tanh(xp.take(vectors, xp.asarray([4, 1, 1, 5], dtype=int), axis=0) @ w))


@_subject(
    "Oppenheim & Schafer (2010), Discrete-Time Signal Processing, 3rd ed., section 8.6",
    lambda rng: (rng.normal(size=7),),
)
def autocorrelation(xp: Any, x: Any) -> Any:
    """Circular autocorrelation at three lags."""
    lags = [xp.sum(x * xp.roll(x, k, axis=0)) for k in (1, 2, 3)]
    return lags[0] - 3.0 * lags[1] + lags[2] ** 2


@_subject("Dumoulin & Visin (2016), arXiv:1603.07285", lambda rng: (rng.normal(size=9), rng.normal(size=3)), "vector")
def convolution(xp: Any, x: Any, kernel: Any) -> Any:
    """A convolution without padding."""
    return kernel[0] * x[:-2] + kernel[1] * x[1:-1] + kernel[2] * x[2:]


@_subject("David & Nagaraja (2003), Order Statistics, 3rd ed., Wiley", lambda rng: (_apart(rng, 7),))
def order_statistics(xp: Any, x: Any) -> Any:
    """Squares of the sorted elements, weighted by rank."""
    return _weighted(xp, xp.sort(x, axis=0) ** 2)


@_subject(_NUMPY + "cumsum", lambda rng: (_signed(rng, 8),), "vector")
def cumulative_sums(xp: Any, x: Any) -> Any:
    """Sines of cumulative sums."""
    return xp.sin(xp.cumsum(x, axis=0))


@_subject(_NUMPY + "cumprod", lambda rng: (_signed(rng, 6),))
def cumulative_products(xp: Any, x: Any) -> Any:
    """Weighted cumulative products."""
    return _weighted(xp, xp.cumprod(x, axis=0))


# -- scales -----------------------------------------------------------------------------------


@_subject("Rosenbrock (1960), The Computer Journal 3, 175-184", lambda rng: (_signed(rng, 5),))
def rosenbrock(xp: Any, x: Any) -> Any:
    """Rosenbrock's valley in five dimensions."""
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@_subject(
    "Dennis & Schnabel (1996), Numerical Methods for Unconstrained Optimization, SIAM, section 7.1",
    lambda rng: (_signed(rng, 6) * 10.0 ** np.arange(-3, 3),),
)
def units_of_many_sizes(xp: Any, x: Any) -> Any:
    """Sines of parameters of sizes from a thousandth to a hundred, each in its own unit."""
    scales = xp.asarray(10.0 ** np.arange(-3, 3))
    return _weighted(xp, xp.sin(x / scales))


@_subject(
    "Laidler (1984), Journal of Chemical Education 61, 494-498",
    lambda rng: (rng.uniform(1e9, 1e10, 3), rng.uniform(4e4, 6e4, 3), rng.uniform(290.0, 400.0)),
    "vector",
)
def arrhenius_rates(xp: Any, prefactor: Any, energy: Any, temperature: Any) -> Any:
    """Rates of three reactions in SI units."""
    return prefactor * xp.exp(-energy / (8.314462618 * temperature))


@_subject(
    "Michaelis & Menten (1913), Biochemische Zeitschrift 49, 333-369",
    lambda rng: (rng.uniform(1e-6, 1e-5), rng.uniform(1e-4, 1e-3), rng.uniform(1e-5, 1e-2, 5)),
)
def michaelis_menten(xp: Any, limit: Any, constant: Any, substrate: Any) -> Any:
    """Weighted enzyme kinetics in molar units."""
    return _weighted(xp, limit * substrate / (constant + substrate))


@_subject(
    "Robertson (1966), The solution of a set of reaction rate equations, in Walsh (ed.), Academic Press, 178-182",
    lambda rng: (rng.uniform(0.5, 1.0), rng.uniform(1e-5, 4e-5), rng.uniform(0.05, 0.5)),
    "vector",
)
def robertson(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """The right-hand side of Robertson's stiff kinetics."""
    slow, fast, middle = 0.04 * a, 3e7 * b**2, 1e4 * b * c
    return xp.stack([middle - slow, slow - middle - fast, fast], axis=0)


# -- complex numbers --------------------------------------------------------------------------


@_subject(
    "Kreutz-Delgado (2009), The Complex Gradient Operator and the CR-Calculus, arXiv:0906.4835",
    lambda rng: (_complex(rng, 4),),
    "complex",
)
def complex_loss(xp: Any, z: Any) -> Any:
    """A real function of complex numbers that is not holomorphic."""
    return xp.sum(xp.real(z**3) + xp.abs(z) ** 2 * xp.imag(z))


@_subject(
    "Ahlfors (1979), Complex Analysis, 3rd ed., McGraw-Hill, section 2.3",
    lambda rng: (_complex(rng, 3),),
    "complex",
    "vector",
)
def complex_exponentials(xp: Any, z: Any) -> Any:
    """A holomorphic function of each element."""
    return xp.exp(z) * z


@_subject(
    "Haykin (2002), Adaptive Filter Theory, 4th ed., Prentice Hall, section 5.2",
    lambda rng: (_complex(rng, 3), _complex(rng, 4, 3)),
    "complex",
)
def adaptive_filter(xp: Any, w: Any, x: Any) -> Any:
    """The squared error of a complex linear filter."""
    error = x @ xp.conj(w) - xp.asarray(np.array([1 + 1j, -0.5j, 0.7, -1 + 0.2j]))
    return xp.sum(xp.abs(error) ** 2)


# -- many elements ----------------------------------------------------------------------------


@_subject(_BISHOP + "section 4.3.2", lambda rng: (rng.normal(size=1000) / 30.0,), LARGE)
def large_regression(xp: Any, w: Any) -> Any:
    """The loss of a logistic regression with a thousand weights and eight samples."""
    data = xp.asarray(np.sin(np.outer(np.arange(1, 9), 0.7 * np.arange(1000) + 1.0)))
    logits = data @ w
    return xp.sum(xp.logaddexp(logits, 0.0) - 0.4 * logits) + 0.05 * xp.sum(w**2)


@_subject(
    "Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, 2nd ed., section 10.6",
    lambda rng: (rng.normal(size=100_000),),
    LARGE,
)
def large_loss(xp: Any, x: Any) -> Any:
    """A weighted robust loss of a hundred thousand residuals."""
    return _weighted(xp, xp.sqrt(1.0 + x**2)) / 1000.0


BANK = tuple(_BANK)
"""Correct functions, each with a source, at ordinary points."""
