"""Random piecewise polynomials at their kinks, against differences of exact rationals at a step of 2^-300.

What is said to be a derivative must fit in every direction; what is said to be a kink must be one.
"""

import math
import re
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck.errors import NotDifferentiableError

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")

STEP, NEAR = Fraction(1, 2**300), Fraction(1, 2**40)
NUMBERS = (0.0, 1.0, -1.0, 0.5, 2.0)
UNARY = ("abs", "square", "floor", "sign", "negative", "relu")
BINARY = ("add", "subtract", "multiply", "maximum", "minimum", "where", "where both")
RATIONAL = SimpleNamespace(
    asarray=Fraction,
    abs=abs,
    maximum=max,
    minimum=min,
    square=lambda x: x * x,
    negative=lambda x: -x,
    floor=lambda x: Fraction(math.floor(x)),
    sign=lambda x: Fraction((x > 0) - (x < 0)),
    add=lambda x, y: x + y,
    subtract=lambda x, y: x - y,
    multiply=lambda x, y: x * y,
    where=lambda condition, x, y: x if condition else y,
    logical_and=lambda a, b: a and b,
    logical_not=lambda a: not a,
)
"""The functions of the expressions for rational numbers."""


def expression(rng, depth, inputs):
    if depth == 0 or rng.random() < 0.12:
        return int(rng.integers(inputs)) if rng.random() < 0.8 else float(rng.choice(NUMBERS))
    if rng.random() < 0.35:
        return str(rng.choice(UNARY, p=[0.3, 0.25, 0.05, 0.05, 0.15, 0.2])), expression(rng, depth - 1, inputs)
    operands = [expression(rng, depth - 1, inputs) for _ in range(3)]
    return str(rng.choice(BINARY)), *operands, float(rng.choice(NUMBERS))


def evaluate(tree, xp, x):
    if not isinstance(tree, tuple):
        return x[tree] if isinstance(tree, int) else xp.asarray(tree)
    name, first, *rest = tree
    a = evaluate(first, xp, x)
    if name == "relu":
        return xp.maximum(a, xp.asarray(0.0))
    if not rest:
        return getattr(xp, name)(a)
    b, limit = evaluate(rest[0], xp, x), xp.asarray(rest[2])
    if name == "where":
        return xp.where(a > limit, b, evaluate(rest[1], xp, x))
    if name == "where both":
        condition = xp.logical_and(a >= limit, xp.logical_not(b < xp.asarray(0.0)))
        return xp.where(condition, b, evaluate(rest[1], xp, x))
    return getattr(xp, name)(a, b)


def asked(estimate, tree, x, operator):
    """Return derivatives, NaN where there are none, and the notes."""
    try:
        got = estimate(lambda xp, x: evaluate(tree, xp, x) + 0.0 * x[0], x, operator=operator)
    except NotDifferentiableError as error:
        return np.full((len(x),) * (2 if operator == "hessian" else 1), np.nan), (str(error),)
    return got.arrays[0], got.notes


class Differences:
    """One-sided differences of an expression at a point."""

    def __init__(self, tree, x):
        self.tree, self.point = tree, [Fraction(v) for v in x]

    def __call__(self, direction):
        moved = [a + STEP * w for a, w in zip(self.point, direction, strict=True)]
        return (evaluate(self.tree, RATIONAL, moved) - evaluate(self.tree, RATIONAL, self.point)) / STEP


def fits_along_the_axes(slope, gradient):
    units = np.eye(len(gradient), dtype=int)
    return all(
        abs(sign * slope([Fraction(int(sign * u)) for u in units[i]]) - Fraction(gradient[i])) < NEAR
        for i in np.flatnonzero(np.isfinite(gradient))
        for sign in (1, -1)
    )


def fits_everywhere(slope, gradient, hessian, rng):
    n = len(gradient)
    for v in [[Fraction(int(k)) for k in rng.integers(-3, 4, size=n)] for _ in range(5)]:
        rest = slope(v) - sum(Fraction(g) * w for g, w in zip(gradient, v, strict=True))
        bend = Fraction(0)
        if np.isfinite(hessian).all():
            bend = sum(Fraction(hessian[i, j]) * v[i] * v[j] for i in range(n) for j in range(n)) / 2
            rest = rest / STEP
        if abs(rest - bend) >= NEAR:
            return False
    return True


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_derivatives_fit_in_every_direction(estimate, inputs):
    smooth = 0
    for seed in range(150):
        rng = np.random.default_rng([seed, inputs])
        tree, x = expression(rng, int(rng.integers(1, 6)), inputs), rng.choice(NUMBERS, size=inputs)
        gradient, hessian = (asked(estimate, tree, x, operator)[0] for operator in ("gradient", "hessian"))
        assert fits_along_the_axes(Differences(tree, x), gradient), (tree, x)
        if np.isfinite(gradient).all():
            smooth += 1
            assert fits_everywhere(Differences(tree, x), gradient, hessian, rng), (tree, x)
    assert 75 < smooth < 150


def test_kinks_have_the_slopes_that_are_named(estimate):
    kinks = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        tree, x = expression(rng, int(rng.integers(1, 6)), 1), rng.choice(NUMBERS, size=1)
        notes = " ".join(asked(estimate, tree, x, "gradient")[1])
        for before, after in re.findall(r"slope (\S+) before and (\S+) after", notes):
            kinks += 1
            assert float(-Differences(tree, x)([-1])) == pytest.approx(float(before), rel=1e-5)
            assert float(Differences(tree, x)([1])) == pytest.approx(float(after), rel=1e-5)
    assert kinks > 5
