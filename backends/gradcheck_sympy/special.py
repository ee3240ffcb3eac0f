"""SciPy's special functions for SymPy, with their derivatives, and by mpmath in any precision.

References
----------
NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, chapters 5 to 10 and 25.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy

Context = Any
"""An arithmetic of mpmath, with a precision of its own."""


class SciPyFunction(sympy.Function):  # type: ignore[misc]
    """A function of `scipy.special`, under its name; its derivatives stand in `SLOPES`."""

    def __new__(cls, *arguments: Any) -> Any:
        """Return an expression; SymPy's metaclass hides that from type checkers."""
        return super().__new__(cls, *arguments)

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative by an argument."""
        slope = SLOPES[type(self)][argindex - 1]
        return NoDerivative(self) if slope is None else slope(*self.args)


class NoDerivative(sympy.Function):  # type: ignore[misc]
    """The derivative of a function by an argument where SymPy has none; it cannot be evaluated."""


class erfinv(SciPyFunction):  # noqa: N801 - functions have SciPy's names, here and below
    """The inverse of the error function."""


class ndtri(SciPyFunction):  # noqa: N801
    """The inverse of the normal distribution function."""


class log_ndtr(SciPyFunction):  # noqa: N801
    """The logarithm of the normal distribution function."""


class erfcx(SciPyFunction):  # noqa: N801
    """The complementary error function times exp(x^2)."""


class dawsn(SciPyFunction):  # noqa: N801
    """Dawson's integral."""


class hyp0f1(SciPyFunction):  # noqa: N801
    """The confluent hypergeometric limit function."""


class hyp1f1(SciPyFunction):  # noqa: N801
    """Kummer's confluent hypergeometric function."""


class hyperu(SciPyFunction):  # noqa: N801
    """Tricomi's confluent hypergeometric function."""


class gamma(SciPyFunction):  # noqa: N801
    """The gamma function."""


class beta(SciPyFunction):  # noqa: N801
    """The beta function."""


class betaln(SciPyFunction):  # noqa: N801
    """The logarithm of the beta function."""


class gammainc(SciPyFunction):  # noqa: N801
    """The regularised lower incomplete gamma function."""


class gammaincc(SciPyFunction):  # noqa: N801
    """The regularised upper incomplete gamma function."""


class betainc(SciPyFunction):  # noqa: N801
    """The regularised incomplete beta function."""


class zeta(SciPyFunction):  # noqa: N801
    """Hurwitz's zeta function."""


class ive(SciPyFunction):  # noqa: N801
    """The modified Bessel function of the first kind and whole order n, times exp(-|x|)."""


class exp1(SciPyFunction):  # noqa: N801
    """The exponential integral E1."""


class expi(SciPyFunction):  # noqa: N801
    """The exponential integral Ei."""


class spence(SciPyFunction):  # noqa: N801
    """The dilogarithm of 1 - x."""


def _shares(a: Any, b: Any) -> Any:
    return sympy.digamma(a) - sympy.digamma(a + b)


def _gamma_density(a: Any, x: Any) -> Any:
    return sympy.exp((a - 1) * sympy.log(x) - x - sympy.loggamma(a))


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    return sympy.exp((a - 1) * sympy.log(x) + (b - 1) * sympy.log(1 - x) - betaln(a, b))


def _erfcx_slope(x: Any) -> Any:
    """Return 2 x erfcx(x) - 2 / sqrt(pi); where that cancels, Tricomi's function."""
    near = 2 * x * erfcx(x) - 2 / sympy.sqrt(sympy.pi)
    return sympy.Piecewise((-hyperu(1, sympy.S.Half, x**2) / sympy.sqrt(sympy.pi), x > 8), (near, True))


def _spence_slope(x: Any) -> Any:
    """Return log(x) / (1 - x); at 1 the first terms of its series, so that the next derivative is right too."""
    return sympy.Piecewise((sympy.log(x) / (1 - x), sympy.Ne(x, 1)), ((x - 3) / 2, True))


def _ive_slope(n: Any, x: Any) -> Any:
    return (ive(abs(n - 1), x) + ive(n + 1, x)) / 2 - sympy.sign(x) * ive(n, x)


SLOPES: Mapping[Any, tuple[Callable[..., Any] | None, ...]] = {
    erfinv: (lambda x: sympy.sqrt(sympy.pi) / 2 * sympy.exp(erfinv(x) ** 2),),
    ndtri: (lambda p: sympy.sqrt(2 * sympy.pi) * sympy.exp(ndtri(p) ** 2 / 2),),
    log_ndtr: (lambda x: sympy.exp(-(x**2) / 2 - log_ndtr(x)) / sympy.sqrt(2 * sympy.pi),),
    erfcx: (_erfcx_slope,),
    dawsn: (lambda x: hyp1f1(1, sympy.S.Half, -(x**2)),),
    hyp0f1: (None, lambda b, z: hyp0f1(b + 1, z) / b),
    hyp1f1: (None, None, lambda a, b, z: a / b * hyp1f1(a + 1, b + 1, z)),
    hyperu: (None, None, lambda a, b, z: -a * hyperu(a + 1, b + 1, z)),
    gamma: (lambda x: gamma(x) * sympy.digamma(x),),
    beta: (lambda a, b: beta(a, b) * _shares(a, b), lambda a, b: beta(a, b) * _shares(b, a)),
    betaln: (_shares, lambda a, b: _shares(b, a)),
    gammainc: (None, _gamma_density),
    gammaincc: (None, lambda a, x: -_gamma_density(a, x)),
    betainc: (None, None, _beta_density),
    zeta: (None, lambda s, q: -s * zeta(s + 1, q)),
    ive: (None, _ive_slope),
    exp1: (lambda x: -sympy.exp(-x) / x,),
    expi: (lambda x: sympy.exp(x) / x,),
    spence: (_spence_slope,),
}
"""The derivative by each argument; None where SymPy has none."""


def _log_ndtr(m: Context, x: Any) -> Any:
    share = m.erfc(abs(x) / m.sqrt(2)) / 2
    return m.log1p(-share) if x > 0 else m.log(share)


def _betaln(m: Context, a: Any, b: Any) -> Any:
    return m.log(abs(m.gamma(a))) + m.log(abs(m.gamma(b))) - m.log(abs(m.gamma(a + b)))


PRECISE: Mapping[Any, Callable[..., Any]] = {
    erfinv: lambda m, x: m.erfinv(x),
    ndtri: lambda m, p: m.sqrt(2) * m.erfinv(2 * p - 1),
    log_ndtr: _log_ndtr,
    erfcx: lambda m, x: m.exp(x * x) * m.erfc(x),
    dawsn: lambda m, x: m.sqrt(m.pi) / 2 * m.exp(-x * x) * m.erfi(x),
    hyp0f1: lambda m, b, z: m.hyp0f1(b, z),
    hyp1f1: lambda m, a, b, z: m.hyp1f1(a, b, z),
    hyperu: lambda m, a, b, z: m.hyperu(a, b, z),
    beta: lambda m, a, b: m.beta(a, b),
    betaln: _betaln,
    gammainc: lambda m, a, x: m.gammainc(a, 0, x, regularized=True),
    gammaincc: lambda m, a, x: m.gammainc(a, x, m.inf, regularized=True),
    betainc: lambda m, a, b, x: m.betainc(a, b, 0, x, regularized=True),
    zeta: lambda m, s, q: m.zeta(s, q),
    ive: lambda m, n, x: m.besseli(n, x) * m.exp(-abs(x)),
    sympy.besseli: lambda m, n, x: m.besseli(n, x),
    sympy.besselj: lambda m, n, x: m.besselj(n, x),
    exp1: lambda m, x: m.e1(x),
    expi: lambda m, x: m.ei(x),
    spence: lambda m, x: m.re(m.polylog(2, 1 - x)) if x > 0 else m.nan,
}
"""The functions in an arithmetic of mpmath, but for gamma, whose poles `gradcheck_sympy.precision` knows."""
