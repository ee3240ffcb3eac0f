"""Elementwise operations by each framework's own kernel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jnp, lax, tf, torch

_VECTOR = ["jacobian", "jvp", "vjp"]
_TAGS = ["native", "elementwise", "vector"]
_NUMPY = "NumPy Reference, numpy."


@gradcheck.case(
    name="native.logaddexp",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]), np.array([1.1, -0.7, -0.4])),
        "equal": (np.array([0.3, -1.2, 0.0]), np.array([0.3, -1.2, 0.0])),
        "far apart": (np.array([900.0, -800.0, 40.0]), np.array([-900.0, -760.0, 1.0])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "logaddexp",
    native={
        "torch": lambda x, y: torch.logaddexp(x, y),
        "jax": lambda x, y: jnp.logaddexp(x, y),
        "tensorflow": lambda x, y: tf.experimental.numpy.logaddexp(x, y),
    },
)
def logaddexp(xp: Any, x: Any, y: Any) -> Any:
    """Logarithm of a sum of exponentials of two numbers."""
    return xp.logaddexp(x, y)


@gradcheck.case(
    name="native.logaddexp2",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]), np.array([1.1, -0.7, -0.4])),
        "equal": (np.array([0.3, -1.2, 0.0]), np.array([0.3, -1.2, 0.0])),
        "far apart": (np.array([1200.0, -1100.0, 60.0]), np.array([-1200.0, -1050.0, 1.0])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "logaddexp2",
    native={
        "torch": lambda x, y: torch.logaddexp2(x, y),
        "jax": lambda x, y: jnp.logaddexp2(x, y),
        "tensorflow": lambda x, y: tf.experimental.numpy.logaddexp2(x, y),
    },
)
def logaddexp2(xp: Any, x: Any, y: Any) -> Any:
    """Binary logarithm of a sum of powers of two."""
    return xp.logaddexp(x * math.log(2), y * math.log(2)) / math.log(2)


@gradcheck.case(
    name="native.sinc",
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -1.7, 2.6]),),
        "at zero and integers": (np.array([0.0, 1.0, -2.0]),),
        "near zero": (np.array([1e-8, -1e-4, 3e-6]),),
        "tiny": (np.array([1e-160, -3e-200]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    double_only=["tiny"],
    source=_NUMPY + "sinc",
    native={
        "torch": lambda x: torch.sinc(x),
        "jax": lambda x: jnp.sinc(x),
        "tensorflow": lambda x: tf.experimental.numpy.sinc(x),
    },
)
def sinc(xp: Any, x: Any) -> Any:
    """Normalised sine over its argument."""
    return xp.sinc(x)


@gradcheck.case(
    name="native.hypot",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]), np.array([1.1, -0.7, -0.4])),
        "one side zero": (np.array([0.0, -1.2]), np.array([1.5, 0.0])),
        "tiny": (np.array([3e-200, -1e-170]), np.array([4e-200, 2e-170])),
        "large": (np.array([3e200, -1e170]), np.array([4e200, 2e170])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    double_only=["tiny", "large"],
    source=_NUMPY + "hypot",
    native={
        "torch": lambda x, y: torch.hypot(x, y),
        "jax": lambda x, y: jnp.hypot(x, y),
        "tensorflow": lambda x, y: tf.experimental.numpy.hypot(x, y),
    },
)
def hypot(xp: Any, x: Any, y: Any) -> Any:
    """Length of the hypotenuse."""
    return xp.hypot(x, y)


@gradcheck.case(
    name="native.squared_difference",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]), np.array([1.1, -0.7, -0.4])),
        "close": (np.array([[1.0 + 1e-9, -0.7, 0.5]]), np.array([1.0, -0.7 - 1e-12, -0.5])),
    },
    operators=_VECTOR,
    tags=[*_TAGS, "broadcasting"],
    double_only=["close"],
    source="TensorFlow API documentation, tf.math.squared_difference",
    native={
        "torch": lambda x, y: F.mse_loss(x, y.expand_as(x), reduction="none"),
        "jax": lambda x, y: lax.square(lax.sub(*jnp.broadcast_arrays(x, y))),
        "tensorflow": lambda x, y: tf.math.squared_difference(x, y),
    },
)
def squared_difference(xp: Any, x: Any, y: Any) -> Any:
    """Squared differences, broadcast."""
    return (x - y) ** 2


@gradcheck.case(
    name="native.floor_modulo",
    inputs=lambda rng: {
        "ordinary": (np.array([7.3, -7.3, 7.3, -0.4]), np.array([2.0, 2.1, -1.9, -3.0])),
        "large quotient": (np.array([1e6, -12345.5]), np.array([0.3, 0.7])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "remainder",
    native={
        "torch": lambda x, y: torch.remainder(x, y),
        "jax": lambda x, y: jnp.remainder(x, y),
        "tensorflow": lambda x, y: tf.math.floormod(x, y),
    },
)
def floor_modulo(xp: Any, x: Any, y: Any) -> Any:
    """Remainder of a floored division, which has the divisor's sign."""
    return x - y * xp.floor(x / y)


@gradcheck.case(
    name="native.truncated_modulo",
    inputs=lambda rng: {
        "ordinary": (np.array([7.3, -7.3, 7.3, -0.4]), np.array([2.0, 2.1, -1.9, -3.0])),
        "large quotient": (np.array([1e6, -12345.5]), np.array([0.3, 0.7])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "fmod",
    native={
        "torch": lambda x, y: torch.fmod(x, y),
        "jax": lambda x, y: lax.rem(x, y),
        "tensorflow": lambda x, y: tf.truncatemod(x, y),
    },
)
def truncated_modulo(xp: Any, x: Any, y: Any) -> Any:
    """Remainder of a truncated division, which has the dividend's sign."""
    return x - y * xp.sign(x / y) * xp.floor(xp.abs(x / y))


@gradcheck.case(
    name="native.integer_power",
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -1.7, 2.6]),),
        "zero": (np.array([0.0, -1.7, 1e-200]),),
        "large": (np.array([1e100, -3e90, 1e5]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    double_only=["large"],
    source=_NUMPY + "power",
    native={
        "torch": lambda x: torch.pow(x, 3),
        "jax": lambda x: lax.integer_pow(x, 3),
        "tensorflow": lambda x: tf.pow(x, 3),
    },
)
def integer_power(xp: Any, x: Any) -> Any:
    """Third power with an integer exponent."""
    return x * x * x


@gradcheck.case(
    name="native.power_of_zero",
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, 1.7, 2.6]), np.array([2.0, -1.5, 0.3])),
        "base zero": (np.array([0.0, 0.7]), np.array([2.0, 1.5])),
        "base zero exponent one": (np.array([0.0, 0.7]), np.array([1.0, 1.0])),
    },
    operators=_VECTOR,
    domain={"x": (0, np.inf)},
    tags=_TAGS,
    source=_NUMPY + "float_power",
    native={
        "torch": lambda x, y: torch.float_power(x, y),
        "jax": lambda x, y: jnp.float_power(x, y),
        "tensorflow": lambda x, y: tf.experimental.numpy.float_power(x, y),
    },
)
def power_of_zero(xp: Any, x: Any, y: Any) -> Any:
    """Powers of numbers that may be zero, by base and exponent."""
    return x**y


@gradcheck.case(
    name="native.reciprocal_square_root",
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, 1.7, 9.0]),),
        "tiny": (np.array([1e-150, 1e-200]),),
        "large": (np.array([1e150, 1e200]),),
    },
    operators=_VECTOR,
    domain={"x": (0, np.inf)},
    tags=_TAGS,
    double_only=["tiny", "large"],
    source="TensorFlow API documentation, tf.math.rsqrt",
    native={
        "torch": lambda x: torch.rsqrt(x),
        "jax": lambda x: lax.rsqrt(x),
        "tensorflow": lambda x: tf.math.rsqrt(x),
    },
)
def reciprocal_square_root(xp: Any, x: Any) -> Any:
    """One over the square root."""
    return 1 / xp.sqrt(x)


@gradcheck.case(
    name="native.cube_root",
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -1.7, 8.0]),),
        "tiny": (np.array([1e-150, -1e-12]),),
        "large": (np.array([1e150, -1e12]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    double_only=["tiny", "large"],
    source=_NUMPY + "cbrt",
    native={
        "jax": lambda x: lax.cbrt(x),
        "tensorflow": lambda x: tf.experimental.numpy.cbrt(x),
    },
)
def cube_root(xp: Any, x: Any) -> Any:
    """Real cube root."""
    return xp.cbrt(x)


@gradcheck.case(
    name="native.clamp_between_arrays",
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.3, -1.2, 2.0], [0.9, 3.4, -0.6]]),
            np.array([-0.5, -0.8, -0.1]),
            np.array([[0.7], [1.5]]),
        )
    },
    operators=_VECTOR,
    tags=[*_TAGS, "broadcasting"],
    source=_NUMPY + "clip",
    native={
        "torch": lambda x, low, high: torch.clamp(x, low, high),
        "jax": lambda x, low, high: lax.clamp(*jnp.broadcast_arrays(low, x, high)),
        "tensorflow": lambda x, low, high: tf.clip_by_value(x, low, high),
    },
)
def clamp_between_arrays(xp: Any, x: Any, low: Any, high: Any) -> Any:
    """Limits to an interval whose ends are broadcast and differentiated too."""
    return xp.minimum(xp.maximum(x, low), high)


@gradcheck.case(
    name="native.x_over_y_or_zero",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]), np.array([1.1, -0.7, 0.4])),
        "zero over y": (np.array([0.0, -1.2, 0.0]), np.array([1.1, 1e-9, -3.0])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source="TensorFlow API documentation, tf.math.divide_no_nan",
    native={
        "torch": lambda x, y: torch.nan_to_num(torch.div(x, y)),
        "jax": lambda x, y: jnp.nan_to_num(lax.div(x, y)),
        "tensorflow": lambda x, y: tf.math.divide_no_nan(x, y),
    },
)
def x_over_y_or_zero(xp: Any, x: Any, y: Any) -> Any:
    """Quotients that are zero instead of NaN."""
    return x / y


@gradcheck.case(
    name="native.complex_abs",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j, 2.0j]),),
        "tiny": (np.array([3e-200 + 4e-200j, -1e-170 + 2e-170j]),),
        "large": (np.array([3e200 + 4e200j, -1e170 + 2e170j]),),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    double_only=["tiny", "large"],
    source=_NUMPY + "abs",
    native={
        "torch": lambda z: torch.dot(_ramp(torch, z), torch.abs(z)),
        "jax": lambda z: jnp.dot(_ramp(jnp, z), lax.abs(z)),
        "tensorflow": lambda z: tf.tensordot(_ramp(tf, z), tf.abs(z), 1),
    },
)
def complex_abs(xp: Any, z: Any) -> Any:
    """Weighted moduli of complex numbers."""
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), xp.hypot(xp.real(z), xp.imag(z)))


_WEIGHTS = [1.0, -2.0, 0.5]


def _ramp(library: Any, z: Any) -> Any:
    """The weights of a loss of complex numbers, as a library's own array."""
    make = library.constant if library is tf else library.tensor if library is torch else library.asarray
    real = (tf.math if library is tf else library).real(z)
    return make(_WEIGHTS[: z.shape[0]], dtype=real.dtype)


@gradcheck.case(
    name="native.complex_angle",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j, 2.0j]),),
        "near the cut": (np.array([-1.0 + 0.05j, -2.0 - 0.03j]),),
        "tiny": (np.array([3e-200 + 4e-200j, -1e-170 + 2e-170j]),),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    double_only=["tiny"],
    source=_NUMPY + "angle",
    native={
        "torch": lambda z: torch.dot(_ramp(torch, z), torch.angle(z)),
        "jax": lambda z: jnp.dot(_ramp(jnp, z), jnp.angle(z)),
        "tensorflow": lambda z: tf.tensordot(_ramp(tf, z), tf.math.angle(z), 1),
    },
)
def complex_angle(xp: Any, z: Any) -> Any:
    """Weighted arguments of complex numbers."""
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), xp.arctan2(xp.imag(z), xp.real(z)))


@gradcheck.case(
    name="native.complex_sign",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j, 2.0j]),),
        "tiny": (np.array([3e-100 + 4e-100j, -1e-70 + 2e-70j]),),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    double_only=["tiny"],
    source="PyTorch documentation, torch.sgn",
    native={
        "torch": lambda z: torch.dot(_ramp(torch, z), _both_parts(torch, torch.sgn(z))),
        "jax": lambda z: jnp.dot(_ramp(jnp, z), _both_parts(jnp, lax.sign(z))),
        "tensorflow": lambda z: tf.tensordot(_ramp(tf, z), _both_parts(tf.math, tf.sign(z)), 1),
    },
)
def complex_sign(xp: Any, z: Any) -> Any:
    """Weighted parts of complex numbers of modulus one."""
    modulus = xp.hypot(xp.real(z), xp.imag(z))
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), (xp.real(z) - 3 * xp.imag(z)) / modulus)


def _both_parts(library: Any, z: Any) -> Any:
    return library.real(z) - 3 * library.imag(z)


@gradcheck.case(
    name="native.complex_log",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j, 2.0j]),),
        "near the cut": (np.array([-1.0 + 0.05j, -2.0 - 0.03j]),),
        "tiny": (np.array([3e-200 + 4e-200j, -1e-170 + 2e-170j]),),
        "large": (np.array([3e200 + 4e200j, -1e170 + 2e170j]),),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    double_only=["tiny", "large"],
    source="NIST Digital Library of Mathematical Functions, section 4.2",
    native={
        "torch": lambda z: torch.dot(_ramp(torch, z), _both_parts(torch, torch.log(z))),
        "jax": lambda z: jnp.dot(_ramp(jnp, z), _both_parts(jnp, lax.log(z))),
        "tensorflow": lambda z: tf.tensordot(_ramp(tf, z), _both_parts(tf.math, tf.math.log(z)), 1),
    },
)
def complex_log(xp: Any, z: Any) -> Any:
    """Both parts of complex logarithms in a real loss."""
    re, im = xp.real(z), xp.imag(z)
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), xp.log(xp.hypot(re, im)) - 3 * xp.arctan2(im, re))


@gradcheck.case(
    name="native.complex_sqrt",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j, 2.0j]),),
        "near the cut": (np.array([-1.0 + 0.05j, -2.0 - 0.03j]),),
        "large": (np.array([3e200 + 4e200j, -1e170 + 2e170j]),),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    double_only=["large"],
    source="NIST Digital Library of Mathematical Functions, section 4.2",
    native={
        "torch": lambda z: torch.dot(_ramp(torch, z), _both_parts(torch, torch.sqrt(z))),
        "jax": lambda z: jnp.dot(_ramp(jnp, z), _both_parts(jnp, lax.sqrt(z))),
        "tensorflow": lambda z: tf.tensordot(_ramp(tf, z), _both_parts(tf.math, tf.sqrt(z)), 1),
    },
)
def complex_sqrt(xp: Any, z: Any) -> Any:
    """Both parts of complex square roots in a real loss."""
    re, im = xp.real(z), xp.imag(z)
    root, angle = xp.sqrt(xp.hypot(re, im)), xp.arctan2(im, re) / 2
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), root * (xp.cos(angle) - 3 * xp.sin(angle)))


@gradcheck.case(
    name="native.complex_tanh",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j, 2.0j]),),
        "saturated": (np.array([9.0 + 0.3j, -12.0 - 2.0j]),),
        "far": (np.array([400.0 + 0.3j, -800.0 - 2.0j, 0.1 + 1j]),),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    source="NIST Digital Library of Mathematical Functions, section 4.35",
    native={
        "torch": lambda z: torch.dot(_ramp(torch, z), _both_parts(torch, torch.tanh(z))),
        "jax": lambda z: jnp.dot(_ramp(jnp, z), _both_parts(jnp, lax.tanh(z))),
        "tensorflow": lambda z: tf.tensordot(_ramp(tf, z), _both_parts(tf.math, tf.tanh(z)), 1),
    },
)
def complex_tanh(xp: Any, z: Any) -> Any:
    """Both parts of complex hyperbolic tangents in a real loss."""
    decay = xp.exp(-2 * xp.abs(xp.real(z)))  # sinh and cosh of 2 Re z over its exponential do not overflow
    re, im = xp.sign(xp.real(z)) * (1 - decay**2), 2 * decay * xp.sin(2 * xp.imag(z))
    parts = (re - 3 * im) / (1 + decay**2 + 2 * decay * xp.cos(2 * xp.imag(z)))
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), parts)


@gradcheck.case(
    name="native.complex_division",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3 - 1.1j, -1.2 + 0.4j]), np.array([0.7 + 0.2j, -0.5 - 1.4j])),
        "tiny": (np.array([3e-170 - 1e-170j, 2e-200j]), np.array([3e-170 + 4e-170j, 1e-200 + 2e-200j])),
        "large": (np.array([3e170 - 1e170j, 2e200j]), np.array([3e170 + 4e170j, 1e200 + 2e200j])),
    },
    operators=["gradient"],
    tags=["native", "elementwise", "scalar"],
    double_only=["tiny", "large"],
    source="Smith (1962), Algorithm 116: Complex division, Communications of the ACM 5(8)",
    native={
        "torch": lambda z, w: torch.dot(_ramp(torch, z), _both_parts(torch, torch.div(z, w))),
        "jax": lambda z, w: jnp.dot(_ramp(jnp, z), _both_parts(jnp, lax.div(z, w))),
        "tensorflow": lambda z, w: tf.tensordot(_ramp(tf, z), _both_parts(tf.math, tf.divide(z, w)), 1),
    },
)
def complex_division(xp: Any, z: Any, w: Any) -> Any:
    """Both parts of complex quotients in a real loss."""
    modulus = xp.hypot(xp.real(w), xp.imag(w))
    c, d = xp.real(w) / modulus, xp.imag(w) / modulus
    a, b = xp.real(z) / modulus, xp.imag(z) / modulus
    return xp.dot(xp.asarray(_WEIGHTS[: z.shape[0]]), a * c + b * d - 3 * (b * c - a * d))


@gradcheck.case(
    name="native.polar_coordinates",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, 1.2, 2.0]), np.array([1.1, -0.7, 4.0])),
        "radius zero": (np.array([0.0, 1.2, 0.0]), np.array([1.1, 0.0, -2.0])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source="PyTorch documentation, torch.polar",
    native={
        "torch": lambda r, t: _both_parts(torch, torch.polar(r, t)),
        "jax": lambda r, t: _both_parts(jnp, r * jnp.exp(lax.complex(jnp.zeros_like(t), t))),
        "tensorflow": lambda r, t: _both_parts(
            tf.math, tf.complex(r, tf.zeros_like(r)) * tf.exp(tf.complex(tf.zeros_like(t), t))
        ),
    },
)
def polar_coordinates(xp: Any, r: Any, t: Any) -> Any:
    """Complex numbers from modulus and argument."""
    return r * xp.cos(t) - 3 * r * xp.sin(t)
