"""Special functions in ball arithmetic, of one number as in `functions`, or of several with their partial derivatives.

References
----------
NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, by section.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, islice
from typing import Any, NamedTuple, TypeAlias

from flint import arb, arb_series, ctx

from gradcheck_exact.functions import Function, Taylor, by_series, digamma
from gradcheck_exact.tape import NAN, ONE, ZERO, Ball, Second, order

Partials: TypeAlias = tuple[Ball, tuple[Ball, ...], tuple[Second, ...]]
"""A value, the derivative by each argument, and the second derivatives."""

MAX_TERMS = 20_000
"""How many terms of a series are summed."""

gamma = by_series(lambda s: s.gamma())
expi = by_series(lambda s: s.ei())


def erfinv(x: Ball) -> Taylor:
    """Return the inverse of the error function."""
    value = x.erfinv()
    slope = arb.const_sqrt_pi() / 2 * (value * value).exp()
    return value, slope, 2 * value * slope * slope


def ndtri(p: Ball) -> Taylor:
    """Return the inverse of the normal distribution function."""
    value = -arb(2).sqrt() * (2 * p).erfcinv()
    slope = (2 * arb.pi()).sqrt() * (value * value / 2).exp()
    return value, slope, value * slope * slope


def log_ndtr(x: Ball) -> Taylor:
    """Return the logarithm of the normal distribution function."""
    share = (-x / arb(2).sqrt()).erfc() / 2
    value = (-(x / arb(2).sqrt()).erfc() / 2).log1p() if x > 0 else share.log()
    slope = (-x * x / 2).exp() / (2 * arb.pi()).sqrt() / share
    return value, slope, -slope * (x + slope)


def erfcx(x: Ball) -> Taylor:
    """Return exp(x^2) erfc(x)."""
    value = (x * x).exp() * x.erfc()
    slope = 2 * x * value - 2 / arb.const_sqrt_pi()
    return value, slope, 2 * (value + x * slope)


def dawsn(x: Ball) -> Taylor:
    """Return Dawson's integral."""
    value = arb.const_sqrt_pi() / 2 * (-x * x).exp() * x.erfi()
    slope = ONE - 2 * x * value
    return value, slope, -2 * (value + x * slope)


def exp1(x: Ball) -> Taylor:
    """Return the exponential integral E1."""
    small = (-x).exp() / x
    return x.expint(ONE), -small, small * (ONE + ONE / x)


def spence(x: Ball) -> Taylor:
    """Return the dilogarithm of 1 - x; its slope, log(x) / (1 - x), is taken as 2F1, which is regular at 1."""
    z = ONE - x
    return z.polylog(2), -z.hypgeom_2f1(ONE, ONE, arb(2)), z.hypgeom_2f1(arb(2), arb(2), arb(3)) / 2


def i0(x: Ball) -> Taylor:
    """Return the modified Bessel function of the first kind and order 0 (10.29)."""
    zero, one, two = (x.bessel_i(n) for n in range(3))
    return zero, one, (zero + two) / 2


def i1(x: Ball) -> Taylor:
    """Return the modified Bessel function of the first kind and order 1 (10.29)."""
    zero, one, two, three = (x.bessel_i(n) for n in range(4))
    return one, (zero + two) / 2, (3 * one + three) / 4


def j0(x: Ball) -> Taylor:
    """Return the Bessel function of the first kind and order 0 (10.6)."""
    zero, one, two = (x.bessel_j(n) for n in range(3))
    return zero, -one, (two - zero) / 2


def j1(x: Ball) -> Taylor:
    """Return the Bessel function of the first kind and order 1 (10.6)."""
    zero, one, two, three = (x.bessel_j(n) for n in range(4))
    return one, (zero - two) / 2, (three - 3 * one) / 4


def polygamma(n: int) -> Function:
    """Return the n-th derivative of digamma (25.11.12)."""
    if n == 0:
        return digamma

    def taylor(x: Ball) -> Taylor:
        return tuple((-1) ** (k + 1) * arb(k).fac() * arb(k + 1).zeta(x) for k in range(n, n + 3))

    return taylor


def zeta(s: Ball, q: Ball) -> Partials:
    """Return Hurwitz's zeta function (25.11.17)."""
    value, by_s, bend = _coefficients(arb_series([s, 1], prec=3).zeta(q))
    after, after_by_s, _ = _coefficients(arb_series([s + 1, 1], prec=3).zeta(q))
    seconds = ((0, 0, 2 * bend), (0, 1, -after - s * after_by_s), (1, 1, s * (s + 1) * (s + 2).zeta(q)))
    return value, (by_s, -s * after), seconds


def gammainc(a: Ball, x: Ball) -> Partials:
    """Return the regularised lower incomplete gamma function of positive arguments (8.11.4)."""
    if not (a > 0 and x > 0):
        return NAN, (NAN, NAN), ()
    moving = arb_series([a, 1], prec=order() + 1)
    term = (moving * x.log()).exp() * (-x).exp() * (moving + 1).rgamma()
    value, by_a, bend_a = _summed(term, (_Factor(x, ZERO, a + k, ONE, ZERO) for k in count(1)))
    density = x ** (a - 1) * (-x).exp() * a.rgamma()
    seconds = (
        (0, 0, 2 * bend_a),
        (0, 1, density * (x.log() - a.digamma())),
        (1, 1, density * ((a - 1) / x - ONE)),
    )
    return value, (by_a, density), seconds


def gammaincc(a: Ball, x: Ball) -> Partials:
    """Return the regularised upper incomplete gamma function of positive arguments."""
    value, firsts, seconds = gammainc(a, x)
    return ONE - value, tuple(-f for f in firsts), tuple((i, j, -s) for i, j, s in seconds)


def betainc(a: Ball, b: Ball, x: Ball) -> Partials:
    """Return the regularised incomplete beta function between 0 and 1 (8.17.8), from its smaller tail (8.17.4)."""
    if not (a > 0 and b > 0 and x > 0 and x < 1):
        return NAN, (NAN, NAN, NAN), ()
    rest, total = ONE - x, (a + b).digamma()
    if x > 0.5:
        along = [[-c for c in _beta_series(b, a, rest, j, i)] for i, j in _ALONG]
    else:
        along = [list(_beta_series(a, b, x, i, j)) for i, j in _ALONG]
    (value, by_a, bend_a), (_, by_b, bend_b), (_, _, bend_both) = along
    density = x ** (a - 1) * rest ** (b - 1) * (a + b).gamma() * a.rgamma() * b.rgamma()
    seconds = (
        (0, 0, 2 * bend_a),
        (0, 1, bend_both - bend_a - bend_b),
        (0, 2, density * (x.log() - a.digamma() + total)),
        (1, 1, 2 * bend_b),
        (1, 2, density * (rest.log() - b.digamma() + total)),
        (2, 2, density * ((a - 1) / x - (b - 1) / rest)),
    )
    return ONE + value if x > 0.5 else value, (by_a, by_b, density), seconds


_ALONG = ((1, 0), (0, 1), (1, 1))
"""The directions in (a, b) whose second derivatives make a Hessian, by polarisation."""


def _beta_series(a: Ball, b: Ball, x: Ball, by_a: int, by_b: int) -> tuple[Ball, Ball, Ball]:
    """Return the value of I_x, and its coefficients along a direction in (a, b)."""
    length = order() + 1
    first, second = arb_series([a, by_a], prec=length), arb_series([b, by_b], prec=length)
    term = (first * x.log() + second * (ONE - x).log()).exp()
    term = term * (first + second).gamma() * (first + 1).rgamma() * second.rgamma()
    step = arb(by_a + by_b)
    return _summed(term, (_Factor(x * (a + b + k), x * step, a + 1 + k, arb(by_a), x) for k in count()))


class _Factor(NamedTuple):
    """A factor (p + q h) / (c + d h) from one term of a series to the next, and the limit of p / c.

    From each factor on, p / c goes monotonically to its limit, q / c and d / c fall.
    """

    p: Ball
    q: Ball
    c: Ball
    d: Ball
    limit: Ball

    def of(self, length: int) -> Any:
        """Return it as a power series."""
        return arb_series([self.p, self.q], prec=length) / arb_series([self.c, self.d], prec=length)

    def dominant(self, length: int) -> Any:
        """Return a power series that is no smaller, in any coefficient, than this factor and all that follow."""
        largest = (self.p / self.c).abs_upper().max(self.limit.abs_upper())
        above = arb_series([largest, (self.q / self.c).abs_upper()], prec=length)
        return above / arb_series([ONE, -(self.d / self.c).abs_upper()], prec=length)


def _summed(term: Any, factors: Iterable[_Factor]) -> tuple[Ball, Ball, Ball]:
    """Return the sum of power series in h, whose rest a geometric series dominates."""
    length, total = order() + 1, term
    for factor in islice(factors, MAX_TERMS):
        ratio = factor.dominant(length)
        if ratio[0] < 1 and _negligible(term, total):
            size = arb_series([c.abs_upper() for c in _coefficients(term)], prec=length)
            rest = _coefficients(size * ratio / (1 - ratio))
            value, slope, bend = (c + arb(0, r.abs_upper()) for c, r in zip(_coefficients(total), rest, strict=True))
            return value, slope, bend
        term = term * factor.of(length)
        total = total + term
    return NAN, NAN, NAN


def _negligible(term: Any, total: Any) -> bool:
    """Whether a term is below the working precision of a sum."""
    largest = max(c.abs_upper() for c in _coefficients(total))
    return all(c.abs_upper() <= largest * arb(2) ** -ctx.prec for c in _coefficients(term))


def _coefficients(series: Any) -> tuple[Ball, Ball, Ball]:
    return series[0], series[1], series[2]
