"""Analytic continuations of the vocabulary, for the complex-step method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from gradcheck.functions import Array
from gradcheck.namespaces.elements import ElementArray, ElementNamespace, elementwise

Complex = NDArray[np.complex128]


def _complex(real: Any, imaginary: Any) -> Complex:
    """Join two parts; multiplying by 1j would make NaN of infinities."""
    joined = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imaginary)), complex)
    joined.real, joined.imag = real, imaginary
    return joined


def _sloped(value: Any, slope: float, z: Complex) -> Complex:
    """Return real values with a slope in the direction of the step; no step, no slope."""
    return _complex(value, np.where(z.imag == 0, 0.0, slope * np.sign(z.imag)))


def _within(function: Callable[..., Any], real: Callable[..., Any], low: float, high: float, slope: float) -> Any:
    """Restrict a function to the real parts between two limits, where its slope is infinite; it is NaN beyond."""

    def continued(z: Complex) -> Complex:
        inside = (z.real > low) & ((z.real < high) | np.isinf(high))
        ends = (z.real == low) | ((z.real == high) & np.isfinite(high))
        beyond = np.where(ends, _sloped(real(z.real), slope, z), complex(np.nan, np.nan))
        return np.where(inside, function(z), beyond)

    return continued


def _flip(z: Complex) -> Complex:
    return np.where(z.real < 0, -z, z)


def _abs(z: Complex) -> Complex:
    return np.where(z.real == 0, 0.0, _flip(z))


def _exp2(z: Complex) -> Complex:
    size, angle = np.exp2(z.real), z.imag * np.log(2.0)
    return _complex(size * np.cos(angle), size * np.sin(angle))


def _power(z: Complex, w: Complex) -> Complex:
    if z.dtype.kind != "c" and w.dtype.kind != "c":
        return np.asarray(np.power(z, w))
    z, w = np.broadcast_arrays(z, w)
    whole = (w.imag == 0) & (w.real == np.round(w.real))
    odd = np.where(whole & (z.real < 0) & (np.mod(w.real, 2) == 1), -1.0, 1.0)
    power = odd * np.power(np.where(whole, _flip(z), z).astype(complex), w)
    at_zero = np.where(w.real > 1, 0.0, _sloped(np.zeros(z.shape), np.inf, z))
    power = np.where((z.real == 0) & ~whole & (w.real > 0), at_zero, power)
    return np.where((z.real < 0) & ~whole, complex(np.nan, np.nan), power)


def _cbrt(z: Complex) -> Complex:
    root = _power(_flip(z), np.full(z.shape, 1 / 3, complex))
    return np.where(z.real < 0, -root, root)


_SINC_SERIES = [(-1.0) ** k / factorial(2 * k + 1) for k in range(12)]


def _sinc(z: Complex) -> Complex:
    y = np.pi * z
    near = np.abs(y) < 1  # sin(y) / y loses its slope to cancellation there
    series = np.polynomial.polynomial.polyval(np.where(near, y * y, 0), _SINC_SERIES)
    return np.where(near, series, np.sin(y) / np.where(near, 1, y))


def _arctan2(y: Complex, x: Complex) -> Complex:
    y, x = np.broadcast_arrays(y, x)
    flat = np.abs(x.real) > np.abs(y.real)
    steep = np.copysign(np.pi / 2, y.real) - np.arctan(x / np.where(flat, 1, y))
    turn = np.where(np.signbit(x.real), np.copysign(np.pi, y.real), 0.0)
    return np.where(flat, np.arctan(y / np.where(flat, x, 1)) + turn, steep)


def _hypot(x: Complex, y: Complex) -> Complex:
    a, b = _flip(x), _flip(y)
    high, low = np.where(a.real >= b.real, a, b), np.where(a.real >= b.real, b, a)
    length = high * np.sqrt(1 + (low / np.where(high == 0, 1, high)) ** 2)
    return np.where(np.real(high) == 0, _sloped(np.zeros(length.shape), np.nan, x + y), length)


def _logaddexp(x: Complex, y: Complex) -> Complex:
    high, low = np.where(x.real >= y.real, x, y), np.where(x.real >= y.real, y, x)
    both = np.isinf(np.real(high))
    return np.where(both, high, high + special.log1p(np.exp(np.where(both, 0, low - high)).astype(complex)))


def _expit(z: Complex) -> Complex:
    small = np.exp(-_flip(z))
    return np.where(z.real < 0, small / (1 + small), 1 / (1 + small))


def _maximum(x: Complex, y: Complex) -> Complex:
    tied = _complex(x.real, (x.imag + y.imag) / 2)  # the middle of the valid slopes
    return np.where(x.real > y.real, x, np.where(y.real > x.real, y, np.where(x.real == y.real, tied, np.nan)))


def _minimum(x: Complex, y: Complex) -> Complex:
    return -_maximum(-x, -y)


def _where(condition: Complex, x: Complex, y: Complex) -> Complex:
    return np.where(condition.real != 0, x, y)


def _gammaln(z: Complex) -> Complex:
    reflected = np.log(np.pi) - np.log(_flip(np.sin(np.pi * (z - np.round(z.real))))) - special.loggamma(1 - z)
    return np.asarray(np.where(z.real > 0, special.loggamma(z), reflected))


def _gamma(z: Complex) -> Complex:
    return np.asarray(special.gammasgn(z.real) * np.exp(_gammaln(z)), complex)


def _real_parts(function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a function to the real parts: what it returns does not change along the step."""
    return elementwise(lambda *arrays: function(*(a.real for a in arrays)))


def _elements(function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a function after integers have become complex numbers too."""
    return elementwise(lambda *arrays: function(*(a.astype(complex) for a in arrays)))


class ContinuationNamespace(ElementNamespace):
    """The vocabulary over complex arrays, each function continued analytically off the real axis.

    With it ``imag(f(x + i h)) / h`` for h = 1e-30 is f'(x) to machine precision: no difference is taken,
    so nothing cancels. Comparisons, ``abs``, ``maximum``, ``sort`` and the like go by the real parts, and
    nothing is conjugated. Arithmetic is done in complex128 whatever `dtype` is; constants are
    rounded to `dtype` first. At a tie ``maximum`` takes the mean of the two slopes; where a real function is
    not defined its continuation is NaN, not complex.

    Parameters
    ----------
    dtype : numpy.dtype
        The real dtype that floating constants are rounded to.

    References
    ----------
    W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions,
    SIAM Review 40 (1998), 110-112.
    J. Martins, P. Sturdza and J. Alonso, The complex-step derivative approximation,
    ACM Transactions on Mathematical Software 29 (2003), 245-262.
    """

    system = "the complex-step method"

    def elements(self, array: Array) -> Array:
        """Make floating arrays complex."""
        return array.astype(complex) if array.dtype.kind in "fc" else array

    def pivot(self, column: Sequence[Any]) -> int:
        """Return the entry with the largest real part in absolute value."""
        return int(np.argmax([abs(entry.real) for entry in column]))

    power = elementwise(_power)
    abs = elementwise(_abs)
    sign = _real_parts(np.sign)
    floor = _real_parts(np.floor)
    ceil = _real_parts(np.ceil)
    sqrt = _elements(_within(np.sqrt, np.sqrt, 0.0, np.inf, np.inf))
    cbrt = _elements(_cbrt)
    exp = _elements(np.exp)
    exp2 = _elements(_exp2)
    expm1 = _elements(special.expm1)
    log = _elements(_within(np.log, np.log, 0.0, np.inf, np.inf))
    log1p = _elements(_within(special.log1p, np.log1p, -1.0, np.inf, np.inf))
    logaddexp = _elements(_logaddexp)
    sin = _elements(np.sin)
    cos = _elements(np.cos)
    tan = _elements(np.tan)
    arcsin = _elements(_within(np.arcsin, np.arcsin, -1.0, 1.0, np.inf))
    arccos = _elements(_within(np.arccos, np.arccos, -1.0, 1.0, -np.inf))
    arctan = _elements(np.arctan)
    arctan2 = _elements(_arctan2)
    sinh = _elements(np.sinh)
    cosh = _elements(np.cosh)
    tanh = _elements(np.tanh)
    arcsinh = _elements(np.arcsinh)
    arccosh = _elements(_within(np.arccosh, np.arccosh, 1.0, np.inf, np.inf))
    arctanh = _elements(_within(np.arctanh, np.arctanh, -1.0, 1.0, np.inf))
    sinc = _elements(_sinc)
    hypot = _elements(_hypot)
    maximum = elementwise(_maximum)
    minimum = elementwise(_minimum)
    where = elementwise(_where)
    greater = _real_parts(np.greater)
    greater_equal = _real_parts(np.greater_equal)
    less = _real_parts(np.less)
    less_equal = _real_parts(np.less_equal)
    equal = _real_parts(np.equal)
    not_equal = _real_parts(np.not_equal)
    logical_and = _real_parts(np.logical_and)
    logical_or = _real_parts(np.logical_or)
    logical_not = _real_parts(np.logical_not)
    special_erf = _elements(special.erf)
    special_erfc = _elements(special.erfc)
    special_gammaln = _elements(_gammaln)
    special_digamma = _elements(special.psi)
    special_expit = _elements(_expit)
    special_gamma = _elements(_gamma)
    special_erfcx = _elements(special.erfcx)
    special_dawsn = _elements(special.dawsn)
    special_exp1 = _elements(special.exp1)
    special_i0 = _elements(partial(special.iv, 0))
    special_i1 = _elements(partial(special.iv, 1))
    special_j0 = _elements(partial(special.jv, 0))

    linalg_expm = elementwise(linalg.expm)

    def eigenpairs(self, matrix: Array) -> tuple[Array, Array]:
        """Return eigenvalues and eigenvectors of the real part."""
        values, vectors = np.linalg.eigh(np.real(matrix))
        return values, vectors

    def argmax(self, a: Any, axis: int | None = None) -> ElementArray:
        """Return the index of the largest real part."""
        return self.wrap(np.argmax(np.real(self.unwrap(a)), axis))

    def argmin(self, a: Any, axis: int | None = None) -> ElementArray:
        """Return the index of the smallest real part."""
        return self.wrap(np.argmin(np.real(self.unwrap(a)), axis))

    def argsort(self, a: Any, axis: int = -1) -> ElementArray:
        """Return the order of the real parts."""
        return self.wrap(np.argsort(np.real(self.unwrap(a)), axis, kind="stable"))

    def sort(self, a: Any, axis: int = -1) -> Any:
        """Return the elements in the order of their real parts."""
        return self.take_along_axis(a, self.argsort(a, axis), axis)
