"""Random expressions against mpmath: no enclosure misses the truth, and none is wide."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
mpmath = pytest.importorskip("mpmath", reason="pip install mpmath")
mp = mpmath.mp

UNARY = ("sin", "cos", "tanh", "arctan", "arcsinh", "sinc", "square", "abs", "expm1", "special.erf", "special.expit")
BINARY = ("add", "subtract", "multiply", "ratio", "maximum", "minimum", "arctan2", "hypot", "logaddexp", "where")


HIGH = SimpleNamespace(
    **{name: getattr(mp, name) for name in ("sin", "cos", "tanh", "expm1", "erf")},
    add=mp.fadd,
    subtract=mp.fsub,
    multiply=mp.fmul,
    arctan=mp.atan,
    arctan2=mp.atan2,
    arcsinh=mp.asinh,
    sinc=mp.sincpi,
    abs=abs,
    maximum=max,
    minimum=min,
    square=lambda x: x * x,
    expit=lambda x: 1 / (1 + mp.exp(-x)),
    hypot=lambda x, y: mp.sqrt(x * x + y * y),
    logaddexp=lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    where=lambda condition, x, y: x if condition else y,
)
"""The functions of the expressions in mpmath."""
HIGH.special = HIGH


def expression(rng, depth):
    if depth == 0 or rng.random() < 0.1:
        return int(rng.integers(3))
    if rng.random() < 0.5:
        return str(rng.choice(UNARY)), expression(rng, depth - 1)
    first = second = expression(rng, depth - 1)
    while second == first:  # a difference of equals is 0, and abs of it a kink to ball arithmetic
        second = expression(rng, depth - 1)
    return str(rng.choice(BINARY)), first, second


def evaluate(tree, xp, x):
    if isinstance(tree, int):
        return x[tree]
    name, *operands = tree
    values = [evaluate(operand, xp, x) for operand in operands]
    if name == "ratio":
        return values[0] / (values[1] * values[1] + 1)
    if name == "where":
        return xp.where(values[0] > 0.25, values[1], values[0] * values[1])
    for part in name.split("."):
        xp = getattr(xp, part)
    return xp(*values)


@pytest.mark.parametrize("seed", range(40))
def test_random_expression(estimate, holds, seed):
    rng = np.random.default_rng(seed)
    tree = expression(rng, int(rng.integers(2, 7)))
    x = rng.normal(size=3) * 10.0 ** rng.integers(-4, 2)
    gradient = estimate(lambda xp, x: evaluate(tree, xp, x), x)
    hessian = estimate(lambda xp, x: evaluate(tree, xp, x), x, operator="hessian")
    point = [mpmath.mpf(float(v)) for v in x]

    def truth(*order):
        with mpmath.workdps(90):
            return mpmath.diff(lambda *z: evaluate(tree, HIGH, z), point, order)

    units = np.eye(3, dtype=int)
    checks = [(gradient, (i,), truth(*map(int, units[i]))) for i in range(3)]
    checks += [(hessian, (i, j), truth(*map(int, units[i] + units[j]))) for i in range(3) for j in range(i + 1)]
    for got, index, wanted in checks:
        value, error = got.arrays[0][index], got.errors[0][index]
        assert holds(value, error, wanted, noise=mpmath.mpf(10) ** -40 * (1 + abs(wanted)))
        assert error <= 0.51 * np.spacing(abs(value)) or error < 1e-300
        assert not holds(value, error, wanted + mpmath.mpf(10) ** -12 * (1 + abs(wanted)))
