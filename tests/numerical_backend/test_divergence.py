"""An infinite slope is a value; a steep one, a jump or a slow divergence is not taken for one."""

import numpy as np
import pytest
from scipy import special

import gradcheck
from gradcheck.functions import Function, Inputs
from gradcheck.judge.verdicts import Status
from gradcheck.operators import Operator
from gradcheck_numerical import NumericalBackend

INFINITE = [
    ("sqrt at 0", np.sqrt, 0.0, np.inf),
    ("minus sqrt at 0", lambda x: -np.sqrt(x), 0.0, -np.inf),
    ("sqrt(-x) at 0", lambda x: np.sqrt(-x), 0.0, -np.inf),
    ("sqrt beside 5", lambda x: 5 + np.sqrt(x), 0.0, np.inf),
    ("cbrt at 0", np.cbrt, 0.0, np.inf),
    ("x^0.5 at 0", lambda x: x**0.5, 0.0, np.inf),
    ("x^0.1 at 0", lambda x: x**0.1, 0.0, np.inf),
    ("x^0.9 at 0", lambda x: x**0.9, 0.0, np.inf),
    ("sqrt(x - 1) at 1", lambda x: np.sqrt(x - 1), 1.0, np.inf),
    ("sqrt(1 - x^2) at 1", lambda x: np.sqrt(1 - x * x), 1.0, -np.inf),
    ("arcsin at 1", np.arcsin, 1.0, np.inf),
    ("arccos at -1", np.arccos, -1.0, -np.inf),
    ("arccosh at 1", np.arccosh, 1.0, np.inf),
]
FINITE = [
    ("tanh 1e8 x", lambda x: np.tanh(1e8 * x), 0.0, 1e8),
    ("sqrt(x + 1e-12)", lambda x: np.sqrt(x + 1e-12), 0.0, 5e5),
    ("cbrt(x + 1e-9)", lambda x: np.cbrt(x + 1e-9), 0.0, 1e6 / 3),
    ("sqrt near its edge", lambda x: np.sqrt(x - 1), 1 + 2.0**-40, 2.0**19),
    ("near a pole", lambda x: 1 / (x - 1), 1 + 2.0**-30, -(2.0**60)),
    ("sqrt of tiny", np.sqrt, 1e-300, 5e149),
    ("log of tiny", np.log, 1e-300, 1e300),
    ("x^1.5 at 0", lambda x: x**1.5, 0.0, 0.0),
]
NOT_KNOWN = [
    ("too steep", lambda x: np.tanh(1e30 * x), 0.0),
    ("an edge too near", lambda x: np.sqrt(x + 1e-24), 0.0),
    ("x log x at 0", lambda x: special.xlogy(x, x), 0.0),
    ("1 / log x at 0", lambda x: np.where(x > 0, 1 / np.log(np.where(x > 0, x, 0.5)), 0.0), 0.0),
    ("sqrt of abs at 0", lambda x: np.sqrt(np.abs(x)), 0.0),
    ("sign at 0", np.sign, 0.0),
    ("a step at 1", lambda x: np.where(x >= 1, 1.0, 0.0), 1.0),
    ("infinite on one side only", lambda x: np.where(x > 0, np.sqrt(np.abs(x)), x), 0.0),
]
MODES = pytest.mark.parametrize("mode", ["adaptive", "ridders"])


def slope(f, x, mode="adaptive"):
    estimate = NumericalBackend().estimate(
        Function.of(lambda x: f(x) * 1.0), Inputs.of([x]), Operator.GRADIENT, mode=mode
    )
    return float(estimate.arrays[0]), float(estimate.errors[0]), estimate.notes


@MODES
@pytest.mark.parametrize(("f", "x", "sign"), [row[1:] for row in INFINITE], ids=[row[0] for row in INFINITE])
def test_an_infinite_slope_has_a_sign_and_no_error(f, x, sign, mode):
    value, error, notes = slope(f, x, mode)
    assert (value, error) == (sign, 0.0)
    assert any("infinite slope" in note for note in notes)


@MODES
@pytest.mark.parametrize(("f", "x", "true"), [row[1:] for row in FINITE], ids=[row[0] for row in FINITE])
def test_a_steep_slope_is_finite(f, x, true, mode):
    value, error, _ = slope(f, x, mode)
    assert abs(value - true) <= error <= 1e-4 * max(abs(true), 1e-2)


@MODES
@pytest.mark.parametrize(("f", "x"), [row[1:] for row in NOT_KNOWN], ids=[row[0] for row in NOT_KNOWN])
def test_what_is_neither_is_not_known(f, x, mode):
    value, error, _ = slope(f, x, mode)
    assert not np.isinf(value)
    assert error > 1e5


def test_one_infinite_element_among_others():
    x = np.array([0.0, 4.0, 0.0])
    estimate = NumericalBackend().estimate(Function.of(lambda x: np.sum(np.sqrt(x))), Inputs.of([x]), Operator.GRADIENT)
    np.testing.assert_allclose(estimate.arrays[0], [np.inf, 0.25, np.inf], rtol=1e-10)
    assert np.all(estimate.errors[0] < 1e-10)


def judged(gradient):
    x = np.array([0.0, 4.0])
    report = gradcheck.check(lambda x: np.sum(np.sqrt(x)), x, gradient=gradient, backends=["numerical"])
    return report.verdict("analytic", operator="gradient")


def test_an_engine_that_gives_the_infinity_agrees():
    def right(x):
        with np.errstate(divide="ignore"):
            return 0.5 / np.sqrt(x)

    assert judged(right).status is Status.AGREE


@pytest.mark.parametrize("wrong", [0.0, 1e300, -np.inf, np.nan])
def test_an_engine_that_gives_anything_else_does_not(wrong):
    verdict = judged(lambda x: np.array([wrong, 0.25]))
    assert verdict.status in (Status.WRONG, Status.NONFINITE)
    assert verdict.index == (0,)
