"""Special functions by kernels of the frameworks that the portable namespace does not call."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jnp, jsp, tf, torch

_VECTOR = ["jacobian", "jvp", "vjp"]
_TAGS = ["native", "special", "vector"]
_DLMF = "NIST Digital Library of Mathematical Functions, section "

_ANGLES = np.pi * (np.arange(24) + 0.5) / 24
"""Nodes of the midpoint rule on half a circle, which for these integrands converges geometrically."""


@gradcheck.case(
    name="native.bessel_j0",
    inputs=lambda rng: {"ordinary": (np.array([0.7, 1.9, 5.3]),), "small": (np.array([1e-8, 1e-3, 0.1]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "10.9",
    native={
        "torch": lambda x: torch.special.bessel_j0(x),
        "jax": lambda x: jsp.bessel_jn(x, v=3)[0],
        "tensorflow": lambda x: tf.math.special.bessel_j0(x),
    },
)
def bessel_j0(xp: Any, x: Any) -> Any:
    """Bessel function of the first kind and order zero, by its integral."""
    return xp.mean(xp.cos(xp.expand_dims(x, 1) * xp.asarray(np.sin(_ANGLES))), axis=1)


@gradcheck.case(
    name="native.modified_bessel_i0",
    inputs=lambda rng: {"ordinary": (np.array([0.7, -1.9, 5.3]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "10.32",
    native={
        "torch": lambda x: torch.special.modified_bessel_i0(x),
        "jax": lambda x: jsp.i0e(x) * jnp.exp(jnp.abs(x)),
        "tensorflow": lambda x: tf.math.special.bessel_i0(x),
    },
)
def modified_bessel_i0(xp: Any, x: Any) -> Any:
    """Modified Bessel function of the first kind and order zero, by its integral."""
    return xp.mean(xp.exp(xp.expand_dims(x, 1) * xp.asarray(np.cos(_ANGLES))), axis=1)


_HALF_LINE = 0.1 * np.arange(80)
_HALF_LINE_WEIGHTS = np.where(_HALF_LINE == 0, 0.05, 0.1)


@gradcheck.case(
    name="native.modified_bessel_k0",
    inputs=lambda rng: {"ordinary": (np.array([0.7, 1.9, 5.3]),), "large": (np.array([15.0, 120.0, 600.0]),)},
    operators=_VECTOR,
    domain={"x": (0, np.inf)},
    tags=_TAGS,
    source=_DLMF + "10.32",
    native={
        "torch": lambda x: torch.special.modified_bessel_k0(x),
        "tensorflow": lambda x: tf.math.special.bessel_k0(x),
    },
)
def modified_bessel_k0(xp: Any, x: Any) -> Any:
    """Modified Bessel function of the second kind and order zero, by the trapezoidal rule."""
    decay = xp.exp(-xp.expand_dims(x, 1) * xp.asarray(np.cosh(_HALF_LINE)))
    return xp.matmul(decay, xp.asarray(_HALF_LINE_WEIGHTS))


@gradcheck.case(
    name="native.scaled_bessel_k1",
    inputs=lambda rng: {"ordinary": (np.array([0.7, 1.9, 5.3]),), "large": (np.array([30.0, 120.0, 600.0]),)},
    operators=_VECTOR,
    domain={"x": (0, np.inf)},
    tags=_TAGS,
    source=_DLMF + "10.32",
    native={
        "torch": lambda x: torch.special.scaled_modified_bessel_k1(x),
        "tensorflow": lambda x: tf.math.special.bessel_k1e(x),
    },
)
def scaled_bessel_k1(xp: Any, x: Any) -> Any:
    """Exponentially scaled modified Bessel function of the second kind and order one."""
    decay = xp.exp(-xp.expand_dims(x, 1) * xp.asarray(np.cosh(_HALF_LINE) - 1))
    return xp.matmul(decay, xp.asarray(_HALF_LINE_WEIGHTS * np.cosh(_HALF_LINE)))


@gradcheck.case(
    name="native.spherical_bessel_j0",
    inputs=lambda rng: {"ordinary": (np.array([0.7, -1.9, 5.3]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "10.49",
    native={
        "torch": lambda x: torch.special.spherical_bessel_j0(x),
        "jax": lambda x: jnp.sinc(x / np.pi),
        "tensorflow": lambda x: tf.experimental.numpy.sinc(x / np.pi),
    },
)
def spherical_bessel_j0(xp: Any, x: Any) -> Any:
    """Spherical Bessel function of order zero."""
    return xp.sin(x) / x


@gradcheck.case(
    name="native.chebyshev_polynomial",
    inputs=lambda rng: {"ordinary": (np.array([0.7, -0.3, 1.4]),), "ends": (np.array([1.0, -1.0, 0.0]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "18.5",
    native={
        "torch": lambda x: torch.special.chebyshev_polynomial_t(x, 3),
        "jax": lambda x: jnp.polyval(jnp.array([4.0, 0.0, -3.0, 0.0]), x),
        "tensorflow": lambda x: tf.math.polyval([tf.constant(c, x.dtype) for c in (4, 0, -3, 0)], x),
    },
)
def chebyshev_polynomial(xp: Any, x: Any) -> Any:
    """Chebyshev polynomial of the first kind and degree three."""
    return 4 * x**3 - 3 * x


@gradcheck.case(
    name="native.legendre_polynomial",
    inputs=lambda rng: {"ordinary": (np.array([0.7, -0.3, 0.1]),), "zero": (np.array([0.0, 1.0, 0.5]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "18.5",
    native={
        "torch": lambda x: torch.special.legendre_polynomial_p(x, 4),
        "jax": lambda x: jsp.hyp2f1(-4.0, 5.0, 1.0, (1 - x) / 2),
        "tensorflow": lambda x: tf.math.polyval([tf.constant(c / 8, x.dtype) for c in (35, 0, -30, 0, 3)], x),
    },
)
def legendre_polynomial(xp: Any, x: Any) -> Any:
    """Legendre polynomial of degree four."""
    return (35 * x**4 - 30 * x**2 + 3) / 8


@gradcheck.case(
    name="native.multivariate_log_gamma",
    inputs=lambda rng: {
        "ordinary": (np.array([1.7, 2.6, 9.4]),),
        "near the pole": (np.array([1.0 + 1e-6, 1.001, 1.03]),),
    },
    operators=_VECTOR,
    domain={"x": (1, np.inf)},
    tags=_TAGS,
    source=_DLMF + "35.3",
    native={
        "torch": lambda x: torch.special.multigammaln(x, 3),
        "jax": lambda x: jsp.multigammaln(x, 3),
    },
)
def multivariate_log_gamma(xp: Any, x: Any) -> Any:
    """Logarithm of the gamma function of three dimensions."""
    terms = xp.special.gammaln(x) + xp.special.gammaln(x - 0.5) + xp.special.gammaln(x - 1)
    return terms + 1.5 * math.log(math.pi)


@gradcheck.case(
    name="native.log_beta_of_rows",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.4, 1.7], [2.6, 0.9]]),),
        "large": (np.array([[300.5, 2.5], [40.0, 700.0]]),),
        "small": (np.array([[1e-8, 1.7], [1e-3, 1e-5]]),),
    },
    operators=_VECTOR,
    domain={"x": (0, np.inf)},
    tags=_TAGS,
    source="TensorFlow API documentation, tf.math.lbeta",
    native={
        "torch": lambda x: torch.lgamma(x).sum(1) - torch.lgamma(x.sum(1)),
        "jax": lambda x: jsp.betaln(x[:, 0], x[:, 1]),
        "tensorflow": lambda x: tf.math.lbeta(x),
    },
)
def log_beta_of_rows(xp: Any, x: Any) -> Any:
    """Logarithm of the beta function of each row."""
    return xp.sum(xp.special.gammaln(x), axis=1) - xp.special.gammaln(xp.sum(x, axis=1))


@gradcheck.case(
    name="native.pointwise_divergence",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.2, 2.0]), np.array([1.1, 0.7, 0.4])),
        "equal": (np.array([0.3, 1.2, 2.0]), np.array([0.3, 1.2, 2.0])),
    },
    operators=_VECTOR,
    domain={"x": (0, np.inf), "y": (0, np.inf)},
    tags=_TAGS,
    source="SciPy Reference, scipy.special.rel_entr",
    native={
        "torch": lambda x, y: F.kl_div(torch.log(y), x, reduction="none"),
        "jax": lambda x, y: jsp.rel_entr(x, y),
        "tensorflow": lambda x, y: tf.math.xlogy(x, x) - tf.math.xlogy(x, y),
    },
)
def pointwise_divergence(xp: Any, x: Any, y: Any) -> Any:
    """Terms of the Kullback-Leibler divergence."""
    return x * (xp.log(x) - xp.log(y))


@gradcheck.case(
    name="native.inverse_complementary_error_function",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.2, 1.9]),),
        "near one": (np.array([1.0, 1.0 + 1e-9, 1.0 - 1e-9]),),
        "tail": (np.array([1e-12, 1e-40, 1e-100]),),
    },
    operators=_VECTOR,
    domain={"x": (0, 2)},
    tags=_TAGS,
    double_only=["near one", "tail"],
    source=_DLMF + "7.17",
    native={
        "torch": lambda x: -torch.special.ndtri(x / 2) / math.sqrt(2),
        "jax": lambda x: -jsp.ndtri(x / 2) / math.sqrt(2),
        "tensorflow": lambda x: tf.math.erfcinv(x),
    },
)
def inverse_complementary_error_function(xp: Any, x: Any) -> Any:
    """Inverse of the complementary error function."""
    return -xp.special.ndtri(x / 2) / math.sqrt(2)


def _fresnel(xp: Any, x: Any, start: int) -> Any:
    """Power series of the Fresnel cosine (start 0) or sine (start 1) integral."""
    t = math.pi / 2 * x * x
    total, term = 0 * x, x * t**start
    for n in range(start, 60, 2):
        total = total + (-1) ** (n // 2) * term / (2 * n + 1)
        term = term * t * t / ((n + 1) * (n + 2))
    return total


@gradcheck.case(
    name="native.fresnel_sine",
    inputs=lambda rng: {"ordinary": (np.array([0.7, -1.2, 2.1]),), "small": (np.array([1e-6, -1e-2, 1e-4]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "7.6",
    native={
        "jax": lambda x: jsp.fresnel(x)[0],
        "tensorflow": lambda x: tf.math.special.fresnel_sin(x),
    },
)
def fresnel_sine(xp: Any, x: Any) -> Any:
    """Fresnel sine integral, by its power series."""
    return _fresnel(xp, x, 1)


@gradcheck.case(
    name="native.fresnel_cosine",
    inputs=lambda rng: {"ordinary": (np.array([0.7, -1.2, 2.1]),), "small": (np.array([1e-6, -1e-2, 1e-4]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_DLMF + "7.6",
    native={
        "jax": lambda x: jsp.fresnel(x)[1],
        "tensorflow": lambda x: tf.math.special.fresnel_cos(x),
    },
)
def fresnel_cosine(xp: Any, x: Any) -> Any:
    """Fresnel cosine integral, by its power series."""
    return _fresnel(xp, x, 0)


@gradcheck.case(
    name="native.log_rising_factorial",
    inputs=lambda rng: {"ordinary": (np.array([0.7, 1.9, 5.3]), np.array([0.4, 2.2, 3.1]))},
    operators=_VECTOR,
    domain={"x": (0, np.inf), "n": (0, np.inf)},
    tags=_TAGS,
    source=_DLMF + "5.2",
    native={
        "torch": lambda x, n: torch.lgamma(x + n) - torch.lgamma(x),
        "jax": lambda x, n: jnp.log(jsp.poch(x, n)),
        "tensorflow": lambda x, n: tf.math.lgamma(x + n) - tf.math.lgamma(x),
    },
)
def log_rising_factorial(xp: Any, x: Any, n: Any) -> Any:
    """Logarithm of Pochhammer's symbol, by both of its arguments."""
    return xp.special.gammaln(x + n) - xp.special.gammaln(x)


@gradcheck.case(
    name="native.regularised_gamma",
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 2.9, 5.3]), np.array([0.4, 2.2, 8.1])),
        "large parameter": (np.array([200.0, 150.5]), np.array([190.0, 160.0])),
    },
    operators=_VECTOR,
    domain={"a": (0, np.inf), "x": (0, np.inf)},
    tags=[*_TAGS, "parameters"],
    source=_DLMF + "8.2",
    native={
        "jax": lambda a, x: 1 - jsp.gammaincc(a, x),
        "tensorflow": lambda a, x: 1 - tf.math.igammac(a, x),
    },
)
def regularised_gamma(xp: Any, a: Any, x: Any) -> Any:
    """Regularised lower incomplete gamma function by its complement, in both arguments."""
    return xp.special.gammainc(a, x)


@gradcheck.case(
    name="native.binomial_coefficient",
    inputs=lambda rng: {"ordinary": (np.array([5.5, 7.2, 12.0]), np.array([2.3, 3.0, 4.6]))},
    operators=_VECTOR,
    domain={"n": (0, np.inf), "k": (0, np.inf)},
    tags=_TAGS,
    source="SciPy Reference, scipy.special.comb",
    native={
        "torch": lambda n, k: torch.exp(torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)),
        "jax": lambda n, k: jsp.comb(n, k),
        "tensorflow": lambda n, k: tf.exp(-tf.math.lbeta(tf.stack([k + 1, n - k + 1], -1))) / (n + 1),
    },
)
def binomial_coefficient(xp: Any, n: Any, k: Any) -> Any:
    """Binomial coefficients of real numbers."""
    logarithm = xp.special.gammaln(n + 1) - xp.special.gammaln(k + 1) - xp.special.gammaln(n - k + 1)
    return xp.exp(logarithm)
