"""Functions of one real number in ball arithmetic, each with its first two derivatives.

A function takes a ball and returns its value and derivatives, as enclosures; not finite where it is
not defined. Where Arb has the power series of a function, its coefficients are the derivatives.

References
----------
F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic,
IEEE Transactions on Computers 66 (2017), 1281-1292.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flint import arb, arb_series

from gradcheck_exact.tape import NAN, ONE, ZERO, Ball, order

Taylor: TypeAlias = tuple[Ball, ...]
"""A value, the first and the second derivative."""
Function: TypeAlias = Callable[[Ball], Taylor]

HALF = arb(0.5)


def by_series(function: Callable[[Any], Any], slope: Callable[[], Ball] = lambda: ONE) -> Function:
    """Return a function of a ball, from one that Arb has of power series.

    Parameters
    ----------
    function : callable
        Takes an ``arb_series``, returns one.
    slope : callable
        Returns the factor that the argument is multiplied with first.
    """

    def taylor(x: Ball) -> Taylor:
        factor = slope()
        argument = x if factor is ONE else factor * x
        series = function(arb_series([argument, factor], prec=order() + 1))
        return series[0], series[1], 2 * series[2]

    return taylor


exp = by_series(lambda s: s.exp())
exp2 = by_series(lambda s: s.exp(), arb.const_log2)
log = by_series(lambda s: s.log())
log2 = by_series(lambda s: s.log() / arb.const_log2())
log10 = by_series(lambda s: s.log() / arb.const_log10())
sqrt = by_series(lambda s: s.sqrt())
sin = by_series(lambda s: s.sin())
cos = by_series(lambda s: s.cos())
tan = by_series(lambda s: s.tan())
arcsin = by_series(lambda s: s.asin())
arccos = by_series(lambda s: s.acos())
arctan = by_series(lambda s: s.atan())
erf = by_series(lambda s: s.erf())
erfc = by_series(lambda s: s.erfc())
ndtr = by_series(lambda s: s.erfc() * HALF, lambda: -HALF.sqrt())
"""The distribution function of the standard normal distribution, erfc(-x / sqrt(2)) / 2."""


def expm1(x: Ball) -> Taylor:
    """Return exp(x) - 1."""
    exp = x.exp()
    return x.expm1(), exp, exp


def log1p(x: Ball) -> Taylor:
    """Return log(1 + x)."""
    slope = ONE / (ONE + x)
    return x.log1p(), slope, -slope * slope


def sinh(x: Ball) -> Taylor:
    """Return the hyperbolic sine."""
    sine, cosine = x.sinh_cosh()
    return sine, cosine, sine


def cosh(x: Ball) -> Taylor:
    """Return the hyperbolic cosine."""
    sine, cosine = x.sinh_cosh()
    return cosine, sine, cosine


def tanh(x: Ball) -> Taylor:
    """Return the hyperbolic tangent; its slope, 1 / cosh(x)^2, does not cancel."""
    value, slope = x.tanh(), x.sech() ** 2
    return value, slope, -2 * value * slope


def arcsinh(x: Ball) -> Taylor:
    """Return the inverse of the hyperbolic sine."""
    slope = (ONE + x * x).rsqrt()
    return x.asinh(), slope, -x * slope**3


def arccosh(x: Ball) -> Taylor:
    """Return the inverse of the hyperbolic cosine."""
    slope = ((x - ONE) * (x + ONE)).rsqrt()
    return x.acosh(), slope, -x * slope**3


def arctanh(x: Ball) -> Taylor:
    """Return the inverse of the hyperbolic tangent."""
    slope = ONE / ((ONE - x) * (ONE + x))
    return x.atanh(), slope, 2 * x * slope * slope


def cbrt(x: Ball) -> Taylor:
    """Return the real cube root."""
    root = -(-x).root(3) if x < 0 else x.root(3)
    slope = root / (3 * x)
    return root, slope, -2 * slope / (3 * x)


def expit(x: Ball) -> Taylor:
    """Return the logistic function 1 / (1 + exp(-x)); its slope is the product of its two tails."""
    small = (-x).exp() if x > 0 else x.exp()
    near, far = ONE / (ONE + small), small / (ONE + small)
    upper, lower = (near, far) if x > 0 else (far, near)
    slope = upper * lower
    return upper, slope, slope * (lower - upper)


def softplus(x: Ball) -> Taylor:
    """Return log(1 + exp(x))."""
    value = x + (-x).exp().log1p() if x > 0 else x.exp().log1p()
    upper, slope, _ = expit(x)
    return value, upper, slope


def sinc(x: Ball) -> Taylor:
    """Return sin(pi x) / (pi x), as 0F1(3/2; -(pi x)^2 / 4), which does not cancel near 0.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 10.16.9 and 16.3.1.
    """
    square = arb.pi() ** 2
    w, inner = -square * x * x / 4, -square * x / 2
    if order() == 0:
        return (w.hypgeom_0f1(arb(3) / 2),)
    slope = w.hypgeom_0f1(arb(5) / 2) * 2 / 3
    bend = w.hypgeom_0f1(arb(7) / 2) * 4 / 15
    return w.hypgeom_0f1(arb(3) / 2), slope * inner, bend * inner * inner - slope * square / 2


def gammaln(x: Ball) -> Taylor:
    """Return the logarithm of the absolute value of the gamma function."""
    series = _gammaln_series(x, order() + 1)
    return series[0], series[1], 2 * series[2]


def digamma(x: Ball) -> Taylor:
    """Return the derivative of `gammaln`."""
    series = _gammaln_series(x, order() + 2)
    return series[1], 2 * series[2], 6 * series[3]


def _gammaln_series(x: Ball, length: int) -> Any:
    """Return the power series of log |gamma| at x, left of 0 by reflection (DLMF 5.5.3)."""
    series = arb_series([x, 1], prec=length)
    if not x < 0:
        return series.lgamma()
    sine = series.sin_pi()
    sign = 1 if sine[0] > 0 else -1
    return arb.pi().log() - (sign * sine).log() - (1 - series).lgamma()


def _whole_power(x: Ball, exponent: int) -> Ball:
    """Return a power, also of a ball centred on 0, for which python-flint 0.9 has NaN (its issue 426)."""
    if exponent > 0 and x.mid() == 0:
        return arb(0, x.rad() ** exponent)
    return x**exponent


def power(exponent: Ball) -> Function:
    """Return x to a constant power: a whole one for any x, another one for x > 0."""
    whole = exponent.unique_fmpz() if exponent.is_exact() else None

    def taylor(x: Ball) -> Taylor:
        if whole is None and not x > 0:
            return NAN, NAN, NAN
        factors = (ONE, exponent, exponent * (exponent - ONE))[: order() + 1]
        steps = enumerate(factors)
        if whole is None:
            return tuple(factor * x ** (exponent - k) for k, factor in steps)
        return tuple(ZERO if factor.is_zero() else factor * _whole_power(x, int(whole) - k) for k, factor in steps)

    return taylor
