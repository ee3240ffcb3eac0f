"""Correct functions at points where checkers raise false alarms, and the checks that are made of them.

What is said of them must never be WRONG: they are right, in every framework, at every point here.
The dtypes are float64 and float32, with their complex counterparts, and those of half precision.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree

from gradcheck import discovery
from gradcheck.audit.bank import BANK, LARGE, Draw, Portable
from gradcheck.audit.subjects import Subject
from gradcheck.backend import Backend
from gradcheck.cases import Case
from gradcheck.functions import DTYPES, Array, Function, real_dtype
from gradcheck.judge.verdicts import Verdict
from gradcheck.operators import Operator
from gradcheck.options import Options
from gradcheck.verification import verify

ORDINARY = "ordinary"
"""The tag of the bank's own points."""
SECOND_ORDER = 6
"""The most input elements of which the Hessian is checked."""
FIRST_ORDER = "first-order"
"""The tag of functions whose second derivative some framework really has wrong."""

_GOLDBERG = "Goldberg (1991), ACM Computing Surveys 23, 5-48"
_HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM, "
_CLARKE = "Clarke (1990), Optimization and Nonsmooth Analysis, SIAM, section 2.5"
_DLMF = "NIST Digital Library of Mathematical Functions, section "
_HANDBOOK = "Muller et al. (2018), Handbook of Floating-Point Arithmetic, 2nd ed., Birkhauser, chapter 10"
_LEARNING = "Goodfellow, Bengio & Courville (2016), Deep Learning, MIT Press, section 4.1"

_WEIGHTS = (1.0, -2.0, 3.0, -1.5)


def _weighted(xp: Any, y: Any) -> Any:
    """Sum of four elements, weighted unequally and with both signs."""
    return xp.sum(xp.asarray(_WEIGHTS) * y)


def _signs(rng: np.random.Generator, *shape: int) -> Array:
    return rng.choice([-1.0, 1.0], shape)


def _magnitudes(low: float, high: float, n: int = 4) -> Draw:
    """Draw positive numbers of any magnitude between two powers of ten."""
    return lambda rng: (10.0 ** rng.uniform(low, high, n),)


def _signed_magnitudes(low: float, high: float, n: int = 4) -> Draw:
    """Draw numbers of any magnitude between two powers of ten, with random signs."""
    return lambda rng: (10.0 ** rng.uniform(low, high, n) * _signs(rng, n),)


def _pairs(low: float, high: float) -> Draw:
    """Draw two vectors of numbers of any magnitude."""
    draw = _signed_magnitudes(low, high)
    return lambda rng: (*draw(rng), *draw(rng))


def _around(centre: float, low: float, high: float, side: float = 0.0) -> Draw:
    """Draw four numbers at distances between two powers of ten from a centre, on both sides or on one."""
    return lambda rng: (centre + 10.0 ** rng.uniform(low, high, 4) * (side or _signs(rng, 4)),)


def _between(low: float, high: float, n: int = 4) -> Draw:
    """Draw numbers between two limits, with random signs."""
    return lambda rng: (rng.uniform(low, high, n) * _signs(rng, n),)


def _uniform(low: float, high: float, n: int = 4) -> Draw:
    """Draw numbers between two limits."""
    return lambda rng: (rng.uniform(low, high, n),)


# -- kinks: each function with its arguments at an offset of four numbers from the kink --------

_X = np.array([0.7, -1.2, 1.9, -0.4])

_KINKS: dict[str, tuple[Portable, Callable[[Array], tuple[Any, ...]]]] = {
    "rectifier": (lambda xp, x: _weighted(xp, xp.maximum(x, 0.0)), lambda d: (d,)),
    "leaky rectifier": (lambda xp, x: _weighted(xp, xp.maximum(x, 0.1 * x)), lambda d: (d,)),
    "rectifier by where": (lambda xp, x: _weighted(xp, xp.where(x > 0.0, x, 0.0 * x)), lambda d: (d,)),
    "rectifier of six": (lambda xp, x: _weighted(xp, xp.clip(x, 0.0, 6.0)), lambda d: (6.0 * (d > 0) + d,)),
    "absolute value": (lambda xp, x: _weighted(xp, xp.abs(x)), lambda d: (d,)),
    "absolute residual": (lambda xp, x, y: _weighted(xp, xp.abs(x - y)), lambda d: (_X + d, _X)),
    "maximum": (lambda xp, x, y: _weighted(xp, xp.maximum(x, y)), lambda d: (_X + d, _X)),
    "minimum": (lambda xp, x, y: _weighted(xp, xp.minimum(x, y)), lambda d: (_X, _X + d)),
    "largest element": (lambda xp, x: xp.max(x) ** 2, lambda d: (np.array([1.5, 0.3, 1.5, -2.0]) + d,)),
    "smallest element": (lambda xp, x: xp.exp(xp.min(x)), lambda d: (np.array([0.5, 0.5, 1.5, 0.5]) + d,)),
    "clip": (lambda xp, x: _weighted(xp, xp.clip(x, -1.0, 1.0)), lambda d: (np.array([1.0, -1.0, 1.0, -1.0]) + d,)),
    "hard sigmoid": (
        lambda xp, x: _weighted(xp, xp.clip(x / 6.0 + 0.5, 0.0, 1.0)),
        lambda d: (np.array([3.0, -3.0, 3.0, -3.0]) + d,),
    ),
    "hinge": (
        lambda xp, w: xp.sum(xp.maximum(0.0, 1.0 - w * xp.asarray([1.0, -1.0, 1.0, 1.0]))),
        lambda d: (np.array([1.0, -1.0, 1.0, 1.0]) + d,),
    ),
    "huber": (
        lambda xp, x: _weighted(xp, xp.where(xp.abs(x) < 1.0, 0.5 * x**2, xp.abs(x) - 0.5)),
        lambda d: (np.array([1.0, -1.0, 1.0, -1.0]) + d,),
    ),
    "pinball": (lambda xp, x: _weighted(xp, xp.maximum(0.9 * x, -0.1 * x)), lambda d: (d,)),
    "soft threshold": (
        lambda xp, x: _weighted(xp, xp.sign(x) * xp.maximum(xp.abs(x) - 0.5, 0.0)),
        lambda d: (np.array([0.5, -0.5, 0.5, -0.5]) + d,),
    ),
    "total variation": (
        lambda xp, x: xp.sum(xp.abs(x[1:] - x[:-1]) * xp.asarray([1.0, 2.0, 3.0])),
        lambda d: (0.8 + d,),
    ),
    "sorted": (
        lambda xp, x: _weighted(xp, xp.sort(x, axis=0) ** 2),
        lambda d: (np.array([1.5, 0.3, 1.5, 0.3]) + d,),
    ),
    "largest of rows": (
        lambda xp, x: xp.sum(xp.max(xp.reshape(x, (2, 2)), axis=1) * xp.asarray([1.0, -2.0])),
        lambda d: (np.array([1.5, 1.5, -0.3, -0.3]) + d,),
    ),
    "exponential unit": (
        lambda xp, x: _weighted(xp, xp.where(x > 0.0, x, 0.5 * xp.expm1(x))),
        lambda d: (d,),
    ),
    "network of rectifiers": (
        lambda xp, x: xp.sum(xp.maximum(xp.asarray([[1.0, -0.5, 0.2, 0.7], [0.3, 1.0, -1.0, 0.4]]) @ x, 0.0) ** 2)
        + xp.sum(xp.maximum(x, 0.0)),
        lambda d: (np.array([0.0, 1.0, 0.0, -1.0]) + d,),
    ),
}  # fmt: skip


def _near(place: Callable[[Array], tuple[Any, ...]]) -> Draw:
    return lambda rng: place(10.0 ** rng.uniform(-9, -2, 4) * _signs(rng, 4))


def _at(place: Callable[[Array], tuple[Any, ...]]) -> Draw:
    return lambda rng: place(np.zeros(4))


# -- smooth functions: each with the points that are hard --------------------------------------

_Table = dict[str, tuple[Portable, Draw]]

_BADLY_SCALED: _Table = {
    "squares": (lambda xp, x: _weighted(xp, x**2), _signed_magnitudes(-12, 12)),
    "cubes": (lambda xp, x: _weighted(xp, x**3), _signed_magnitudes(-9, 9)),
    "logarithms": (lambda xp, x: _weighted(xp, xp.log(x)), _magnitudes(-12, 12)),
    "square roots": (lambda xp, x: _weighted(xp, xp.sqrt(x)), _magnitudes(-12, 12)),
    "reciprocals": (lambda xp, x: _weighted(xp, 1.0 / x), _signed_magnitudes(-12, 12)),
    "powers of 2.5": (lambda xp, x: xp.sum(x**2.5), _magnitudes(-8, 8)),
    "products": (lambda xp, x, y: xp.sum(x * y), _pairs(-9, 9)),
    "ratios": (lambda xp, x, y: _weighted(xp, x / y), _pairs(-9, 9)),
    "norm": (lambda xp, x: xp.sqrt(xp.sum(x**2)), _signed_magnitudes(-9, 9)),
    "hypotenuses": (lambda xp, x, y: _weighted(xp, xp.hypot(x, y)), _pairs(-9, 9)),
    "angles": (lambda xp, x, y: _weighted(xp, xp.arctan2(y, x)), _pairs(-6, 6)),
    "tiny arguments": (lambda xp, x: _weighted(xp, xp.sin(x) * xp.exp(x)), _signed_magnitudes(-12, -3)),
    "scaled down": (lambda xp, x: 1e-8 * _weighted(xp, xp.tanh(x)), _between(0.2, 2.0)),
    "scaled up": (lambda xp, x: 1e8 * _weighted(xp, xp.tanh(x)), _between(0.2, 2.0)),
    "softmax scaled down": (
        lambda xp, x: 1e-8 * _weighted(xp, xp.special.softmax(x, axis=0) ** 2),
        _between(0.2, 2.0),
    ),
    "softmax scaled up": (lambda xp, x: 1e8 * _weighted(xp, xp.special.softmax(x, axis=0) ** 2), _between(0.2, 2.0)),
    "small unit": (lambda xp, x: _weighted(xp, xp.sin(x * 1e12)), _between(2e-13, 2e-12)),
    "large unit": (lambda xp, x: _weighted(xp, xp.sin(x * 1e-12)), _between(2e11, 2e12)),
    "one large weight": (
        lambda xp, x: xp.sum(xp.asarray([1e8, 1.0, 1e-4, 1e-8]) * xp.sin(x)),
        _between(0.2, 1.3),
    ),
    "units apart": (
        lambda xp, x: xp.sum(xp.sin(x / xp.asarray([1e-6, 1e-2, 1e2, 1e6]))),
        lambda rng: (rng.uniform(0.3, 1.2, 4) * np.array([1e-6, 1e-2, 1e2, 1e6]),),
    ),
}  # fmt: skip

_HILBERT = 1.0 / (np.arange(5)[:, None] + np.arange(5)[None, :] + 1.0)

_ILL_CONDITIONED: _Table = {
    "(1 - cos x) / x^2": (lambda xp, x: _weighted(xp, (1.0 - xp.cos(x)) / x**2), _signed_magnitudes(-3, 0)),
    "(e^x - 1) / x": (lambda xp, x: _weighted(xp, (xp.exp(x) - 1.0) / x), _signed_magnitudes(-5, 0)),
    "log of near one": (lambda xp, x: _weighted(xp, xp.log(x)), _around(1.0, -6, -2)),
    "log(1 + x) naively": (lambda xp, x: _weighted(xp, xp.log(1.0 + x)), _magnitudes(-8, 0)),
    "difference of roots": (lambda xp, x: _weighted(xp, xp.sqrt(x + 1.0) - xp.sqrt(x)), _magnitudes(0, 7)),
    "x - sin x": (lambda xp, x: _weighted(xp, x - xp.sin(x)), _signed_magnitudes(-3, 0)),
    "difference of squares": (
        lambda xp, x, y: _weighted(xp, x**2 - y**2),
        lambda rng: (lambda x: (x, x + 1e-6 * _signs(rng, 4)))(rng.uniform(1.0, 3.0, 4)),
    ),
    "difference of large numbers": (
        lambda xp, x: xp.sum(x) ** 2,
        lambda rng: (np.array([1e6, -1e6 + rng.uniform(0.5, 2.0), rng.normal(), rng.normal()]),),
    ),
    "variance about a large mean": (lambda xp, x: xp.var(x), lambda rng: (1e4 + rng.normal(size=6),)),
    "variance by moments": (
        lambda xp, x: xp.mean(x**2) - xp.mean(x) ** 2,
        lambda rng: (100.0 + rng.normal(size=6),),
    ),
    "expanded (x - 1)^5": (
        lambda xp, x: _weighted(xp, x**5 - 5.0 * x**4 + 10.0 * x**3 - 10.0 * x**2 + 5.0 * x - 1.0),
        _around(1.0, -2, -0.3),
    ),
    "small root of a quadratic": (
        lambda xp, b: _weighted(xp, (b - xp.sqrt(b**2 - 4.0)) / 2.0),
        _magnitudes(1, 4),
    ),
    "area of a needle": (
        lambda xp, a, b, c: xp.sqrt((a + b + c) * (-a + b + c) * (a - b + c) * (a + b - c)) / 4.0,
        lambda rng: (5.0 + rng.uniform(0, 1), 5.0 + rng.uniform(0, 1), 1.0001 + rng.uniform(0, 0.01)),
    ),
    "Hilbert system": (lambda xp, b: xp.sum(xp.linalg.solve(xp.asarray(_HILBERT), b)), _between(0.3, 2.0, 5)),
    "Hilbert matrix": (
        lambda xp, a: xp.sum(xp.linalg.solve(a, xp.asarray([1.0, -2.0, 0.5]))),
        lambda rng: (_HILBERT[:3, :3] * (1.0 + 1e-3 * rng.normal(size=(3, 3))),),
    ),
    "nearly singular determinant": (
        lambda xp, a: xp.linalg.det(a),
        lambda rng: (np.array([[1.0, 2.0], [0.5, 1.0 + 1e-6]]) * rng.uniform(0.5, 2.0),),
    ),
    "nearly singular logarithm": (
        lambda xp, a: xp.linalg.slogdet(a)[1],
        lambda rng: (np.array([[1.0, 2.0], [0.5, 1.0 + 1e-3]]) * rng.uniform(0.5, 2.0),),
    ),
    "naive log-sum-exp of near-equals": (
        lambda xp, x: xp.log(xp.sum(xp.exp(x))),
        lambda rng: (20.0 + 1e-3 * rng.normal(size=4),),
    ),
    "squared error of near-equals": (
        lambda xp, x, y: xp.mean((x - y) ** 2),
        lambda rng: (lambda x: (x, x + 1e-5 * rng.normal(size=4)))(rng.normal(size=4)),
    ),
    "alternating sum": (
        lambda xp, x: xp.sum(xp.exp(x) * xp.asarray([1.0, -3.0, 3.0, -1.0])),
        lambda rng: (rng.uniform(0.5, 2.0) + 1e-2 * np.arange(4),),
    ),
}  # fmt: skip

_SATURATED: _Table = {
    "tanh": (lambda xp, x: _weighted(xp, xp.tanh(x)), _between(5.0, 25.0)),
    "logistic": (lambda xp, x: _weighted(xp, xp.special.expit(x)), _between(10.0, 45.0)),
    "one over one plus exp": (lambda xp, x: _weighted(xp, 1.0 / (1.0 + xp.exp(-x))), _between(5.0, 40.0)),
    "erf": (lambda xp, x: _weighted(xp, xp.special.erf(x)), _between(3.0, 7.0)),
    "erfc": (lambda xp, x: _weighted(xp, xp.special.erfc(x)), _between(3.0, 8.0)),
    "normal distribution": (lambda xp, x: _weighted(xp, xp.special.ndtr(x)), _between(4.0, 9.0)),
    "expm1": (lambda xp, x: _weighted(xp, xp.expm1(x)), _uniform(-45.0, -5.0)),
    "softplus": (lambda xp, x: _weighted(xp, xp.logaddexp(x, 0.0)), _between(10.0, 60.0)),
    "softmax": (lambda xp, x: _weighted(xp, xp.special.softmax(x, axis=0) ** 2), _between(5.0, 60.0)),
    "log-softmax": (lambda xp, x: _weighted(xp, xp.special.log_softmax(x, axis=0)), _between(5.0, 60.0)),
    "logsumexp": (lambda xp, x: xp.special.logsumexp(x), _between(10.0, 300.0)),
    "arctan": (lambda xp, x: _weighted(xp, xp.arctan(x)), _signed_magnitudes(2, 9)),
    "gelu": (
        lambda xp, x: _weighted(xp, 0.5 * x * (1.0 + xp.special.erf(x / math.sqrt(2.0)))),
        _between(4.0, 10.0),
    ),
    "gaussian": (lambda xp, x: _weighted(xp, xp.exp(-(x**2))), _between(2.0, 7.0)),
    "squashed layer": (
        lambda xp, w, x: xp.sum(xp.tanh(w @ x) * xp.asarray([1.0, -2.0])),
        lambda rng: (4.0 * rng.normal(size=(2, 3)), 3.0 * rng.normal(size=3)),
    ),
    "confident cross-entropy": (
        lambda xp, x: -xp.special.log_softmax(x, axis=0)[0],
        lambda rng: (np.array([rng.uniform(15.0, 50.0), *rng.normal(size=3)]),),
    ),
    "attention to one": (
        lambda xp, q, k: xp.sum(
            xp.special.softmax(q @ xp.transpose(k), axis=1) @ xp.asarray([[1.0], [-2.0], [0.5]])
        ),
        lambda rng: (8.0 * rng.normal(size=(2, 2)), 4.0 * rng.normal(size=(3, 2))),
    ),
}  # fmt: skip

_HIGH_FREQUENCY: _Table = {
    "sin 1e3 x": (lambda xp, x: _weighted(xp, xp.sin(1e3 * x)), _between(0.3, 3.0)),
    "sin 1e4 x": (lambda xp, x: _weighted(xp, xp.sin(1e4 * x)), _between(0.3, 3.0)),
    "cos 30 x": (lambda xp, x: _weighted(xp, xp.cos(30.0 * x)), _between(0.3, 6.0)),
    "chirp": (lambda xp, x: _weighted(xp, xp.sin(x**2)), _between(10.0, 60.0)),
    "sin of exp": (lambda xp, x: _weighted(xp, xp.sin(xp.exp(x))), _uniform(2.0, 6.0)),
    "ripple": (lambda xp, x: _weighted(xp, x + 1e-2 * xp.sin(1e3 * x)), _between(0.5, 3.0)),
    "carrier": (lambda xp, x: _weighted(xp, xp.exp(-(x**2)) * xp.cos(200.0 * x)), _between(0.2, 2.0)),
    "whole periods": (
        lambda xp, x: _weighted(xp, xp.sin(2048.0 * math.pi * x)),
        lambda rng: (rng.choice([0.25, 0.5, 1.0, 2.0, -1.0], 4),),
    ),
    "Weierstrass": (
        lambda xp, x: _weighted(xp, sum(0.5**k * xp.cos(7.0**k * x) for k in range(5))),
        _between(0.3, 3.0),
    ),
    "plane wave": (
        lambda xp, k, x: xp.sin(xp.sum(k * x)),
        lambda rng: (rng.normal(size=3) * 50.0, rng.normal(size=3)),
    ),
    "random Fourier features": (
        lambda xp, x: xp.sum(xp.cos(xp.asarray(np.outer(np.arange(1, 9) * 11.0, [1.0, -0.7, 0.3])) @ x)),
        _between(0.2, 2.0, 3),
    ),
}  # fmt: skip

_NEAR_POLE: _Table = {
    "1 / (x - 1)": (lambda xp, x: _weighted(xp, 1.0 / (x - 1.0)), _around(1.0, -5, -1)),
    "1 / (x - 1)^2": (lambda xp, x: _weighted(xp, (x - 1.0) ** -2), _around(1.0, -4, -1)),
    "1 / x": (lambda xp, x: _weighted(xp, 1.0 / x), _signed_magnitudes(-8, -2)),
    "tan": (lambda xp, x: _weighted(xp, xp.tan(x)), _around(math.pi / 2, -4, -1)),
    "log of small": (lambda xp, x: _weighted(xp, xp.log(x)), _magnitudes(-10, -2)),
    "square root of small": (lambda xp, x: _weighted(xp, xp.sqrt(x)), _magnitudes(-10, -2)),
    "arctanh": (lambda xp, x: _weighted(xp, xp.arctanh(x)), _around(1.0, -5, -1, -1.0)),
    "arcsin": (lambda xp, x: _weighted(xp, xp.arcsin(x)), _around(1.0, -5, -1, -1.0)),
    "arccosh": (lambda xp, x: _weighted(xp, xp.arccosh(x)), _around(1.0, -5, -1, 1.0)),
    "logit": (lambda xp, x: _weighted(xp, xp.special.logit(x)), _magnitudes(-7, -2)),
    "gammaln": (lambda xp, x: _weighted(xp, xp.special.gammaln(x)), _magnitudes(-7, -2)),
    "resonance": (lambda xp, x: _weighted(xp, 1.0 / (1.0 + 1e6 * (x - 1.0) ** 2)), _around(1.0, -4, -1)),
    "nearly singular inverse": (
        lambda xp, a: xp.sum(xp.linalg.inv(a)),
        lambda rng: (np.array([[1.0, 2.0], [0.5, 1.0 + 10.0 ** rng.uniform(-4, -1)]]),),
    ),
    "short vector": (lambda xp, x: xp.linalg.norm(x), _signed_magnitudes(-9, -3)),
    "x log x": (lambda xp, x: _weighted(xp, x * xp.log(x)), _magnitudes(-12, -1)),
}  # fmt: skip

_LARGE_VALUES: _Table = {
    "sum of squares": (lambda xp, x: xp.sum(x**2), _signed_magnitudes(5, 12)),
    "root of a sum of squares": (lambda xp, x: xp.linalg.norm(x), _signed_magnitudes(5, 12)),
    "logarithms": (lambda xp, x: _weighted(xp, xp.log(x)), _magnitudes(5, 12)),
    "sin of large": (lambda xp, x: _weighted(xp, xp.sin(x)), _between(1e4, 1e6)),
    "x / (1 + x)": (lambda xp, x: _weighted(xp, x / (1.0 + x)), _magnitudes(5, 8)),
    "logsumexp": (lambda xp, x: xp.special.logsumexp(x), lambda rng: (1e5 + rng.normal(size=4),)),
    "softmax": (
        lambda xp, x: _weighted(xp, xp.special.softmax(x, axis=0) ** 2),
        lambda rng: (1e5 + rng.normal(size=4),),
    ),
    "mean": (lambda xp, x: xp.mean(x) ** 2, _magnitudes(5, 12)),
    "ratio to the sum": (lambda xp, x: _weighted(xp, x / xp.sum(x)), _magnitudes(5, 8)),
    "softplus": (lambda xp, x: _weighted(xp, xp.logaddexp(x, 0.0)), _signed_magnitudes(5, 12)),
    "angles": (
        lambda xp, x, y: _weighted(xp, xp.arctan2(y, x)),
        lambda rng: (rng.uniform(1e5, 1e6, 4) * _signs(rng, 4), rng.uniform(1e5, 1e6, 4) * _signs(rng, 4)),
    ),
    "cumulative sums": (lambda xp, x: xp.sum(xp.sqrt(xp.cumsum(x, axis=0))), _magnitudes(5, 9)),
    "matrix product": (
        lambda xp, a, b: xp.sum((a @ b) * xp.asarray([[1.0, -2.0], [0.5, 3.0]])),
        lambda rng: (rng.normal(size=(2, 3)) * 1e6, rng.normal(size=(3, 2)) * 1e6),
    ),
    "standardised": (
        lambda xp, x: _weighted(xp, (x - xp.mean(x)) / xp.sqrt(xp.var(x))),
        lambda rng: (1e5 * rng.normal(size=4),),
    ),
    "gammaln": (lambda xp, x: _weighted(xp, xp.special.gammaln(x)), _magnitudes(3, 8)),
}  # fmt: skip


def _row(xp: Any, n: int) -> Any:
    return xp.asarray(np.cos(1.3 * np.arange(n)) + 0.4)


def _wide(n: int) -> _Table:
    """Functions of n elements."""
    side = math.isqrt(n)
    return {
        f"tanh of {n}": (lambda xp, x: xp.sum(_row(xp, n) * xp.tanh(x)), lambda rng: (rng.normal(size=n),)),
        f"softmax of {n}": (
            lambda xp, x: n * xp.sum(_row(xp, n) * xp.special.softmax(x, axis=0)),
            lambda rng: (rng.normal(size=n),),
        ),
        f"norm of {n}": (lambda xp, x: xp.sqrt(xp.sum(x**2)), lambda rng: (rng.normal(size=n),)),
        f"variance of {n}": (lambda xp, x: xp.var(x), lambda rng: (3.0 + rng.normal(size=n),)),
        f"rectifiers of {n}": (
            lambda xp, x: xp.sum(_row(xp, n) * xp.maximum(x, 0.0)),
            lambda rng: (rng.normal(size=n),),
        ),
        f"mean square of {n}": (lambda xp, x: xp.mean((x - _row(xp, n)) ** 2), lambda rng: (rng.normal(size=n),)),
        f"layer of {n}": (
            lambda xp, w, x: xp.sum(xp.tanh(w @ x / math.sqrt(side)) ** 2),
            lambda rng: (rng.normal(size=(side, side)), rng.normal(size=side)),
        ),
    }


# -- the groups -------------------------------------------------------------------------------


_FIRST_ORDER_ONLY = {
    "large-values: softplus",  # torch.logaddexp: NaN beyond 709, inf / inf in its double backward
}


def _subjects(tag: str, source: str, table: Mapping[str, tuple[Portable, Draw]]) -> tuple[Subject, ...]:
    names = {f"{tag}: {name}": pair for name, pair in table.items()}
    order = {name: (FIRST_ORDER,) if name in _FIRST_ORDER_ONLY else () for name in names}
    return tuple(Subject(name, f, draw, source, (tag, *order[name])) for name, (f, draw) in names.items())


HARD = (
    *_subjects("near-kink", _CLARKE, {name: (f, _near(place)) for name, (f, place) in _KINKS.items()}),
    *_subjects("at-kink", _CLARKE, {name: (f, _at(place)) for name, (f, place) in _KINKS.items()}),
    *_subjects("badly-scaled", _HIGHAM + "section 27.8", _BADLY_SCALED),
    *_subjects("ill-conditioned", _HIGHAM + "sections 1.7 to 1.14 and 28.1", _ILL_CONDITIONED),
    *_subjects("saturated", _LEARNING, _SATURATED),
    *_subjects("high-frequency", _HANDBOOK, _HIGH_FREQUENCY),
    *_subjects("near-pole", _DLMF + "1.9", _NEAR_POLE),
    *_subjects("large-values", _GOLDBERG, _LARGE_VALUES),
    *(s for n in (1_000, 10_000, 100_000) for s in _subjects(LARGE, _HIGHAM + "chapter 4", _wide(n))),
)
"""Correct functions at points that are hard to check; the tags say what makes them so."""


# -- checks -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """One operator of one correct function, to be checked at some points.

    Parameters
    ----------
    subject : Subject
        The function.
    dtype : str
        The dtype of the check.
    backends : tuple of str
        The engines under test. A single one gets its own native function, against numerics alone;
        several are held against each other as well.
    operator : Operator
        What is checked.
    inputs : mapping of str to tuple
        The arguments at each named point.
    """

    subject: Subject
    dtype: str
    backends: tuple[str, ...]
    operator: Operator
    inputs: Mapping[str, tuple[Any, ...]]

    def verdicts(self) -> list[Verdict]:
        """Return what is said of each engine under test at each point, forward values included."""
        options = Options(backends=self.backends, operators=(self.operator,), dtype=self.dtype)
        case = Case(self.subject.name, self._function(), lambda rng: dict(self.inputs))
        return [v for v in verify(case, options).verdicts if not v.witness]

    def _function(self) -> Function:
        portable = self.subject.function
        engine, *others = self.backends
        if others:
            return Function.of(portable)
        name = engine.partition(":")[0]
        native = native_function(discovery.load(name), portable)
        return Function(self.subject.name, Function.of(portable).parameters, None, {name: native})


def native_function(backend: Backend, portable: Portable) -> Callable[..., Any]:
    """Return a portable function as a native one of a framework, which takes the dtype of its arguments."""
    forms = {name: backend.portable(portable, backend.namespace(real_dtype(np.dtype(name)))) for name in DTYPES}

    def native(*args: Any) -> Any:
        arguments: Any = args
        written = str(optree.tree_leaves(arguments)[0].dtype)  # as torch.float32 or <dtype: 'float32'>
        return next(form for name, form in forms.items() if re.search(rf"\b{name}\b", written))(*args)

    return native


def operators_of(subject: Subject, args: tuple[Any, ...]) -> tuple[Operator, ...]:
    """Return the operators that are checked of a subject: those that its size and dtype leave room for."""
    size = sum(np.size(a) for a in args)
    if size > 1000:
        return (Operator.GRADIENT,)
    if "vector" in subject.tags:
        return (Operator.JVP, Operator.VJP) if "complex" in subject.tags else (Operator.JACOBIAN, Operator.VJP)
    small = size <= SECOND_ORDER and not {"complex", "near-kink", "at-kink", FIRST_ORDER} & {*subject.tags}
    return (Operator.GRADIENT, Operator.JVP, *([Operator.HESSIAN] if small else []))


def checks(
    seed: int,
    *,
    points: int = 1,
    subjects: Sequence[Subject] = (*BANK, *HARD),
    backends: Sequence[tuple[str, ...]] = (("torch",), ("jax",), ("torch", "jax")),
    dtypes: Sequence[str] = ("float64", "float32"),
) -> Iterator[Check]:
    """Yield checks of correct functions.

    Parameters
    ----------
    seed : int
        Varies the points.
    points : int
        How many points of each subject are drawn for a check; those that are drawn twice count once.
    subjects : sequence of Subject
        Whose functions.
    backends : sequence of tuple of str
        What each check holds to account.
    dtypes : sequence of str
        In which dtypes.
    """
    for subject in subjects:
        drawn = _distinct({f"{seed}.{k}": subject.inputs(_rng(subject, seed, k)) for k in range(points)})
        for operator in operators_of(subject, next(iter(drawn.values()))):
            for dtype in dtypes:
                for engines in backends:
                    yield Check(subject, dtype, engines, operator, drawn)


def _distinct(points: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Return points without repetitions: some functions have one point only, and one check of it says all."""
    seen: dict[tuple[bytes, ...], tuple[str, tuple[Any, ...]]] = {}
    for name, args in points.items():
        leaves: list[Any] = optree.tree_leaves(args)  # type: ignore[arg-type]
        seen.setdefault(tuple(np.asarray(leaf).tobytes() for leaf in leaves), (name, args))
    return dict(seen.values())


def _rng(subject: Subject, seed: int, point: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(subject.name.encode()), seed, point])
