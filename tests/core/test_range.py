"""What is beyond the range of a check's dtype is infinite there."""

import numpy as np
import pytest

from gradcheck import Status, check
from gradcheck.estimates import Engine, Estimate
from gradcheck.operators import Operator


def steep(xp, x):
    return xp.sum(xp.exp(x))


def verdict(beyond):
    """Judge e^x in float32 at 1 and 95, where it is 1.8e41, with a rule that says something else there."""
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    report = check(
        steep,
        np.array([1.0, 95.0]),
        gradient=lambda x: np.array([np.e, beyond], x.dtype),
        backends=["numerical", "sympy"],
        dtype="float32",
    )
    return report.verdict("analytic", "gradient").status


def test_an_infinity_agrees_with_a_derivative_that_does_not_fit():
    assert verdict(np.inf).passes


@pytest.mark.parametrize("value", [-np.inf, np.nan, 3.0])
def test_another_value_does_not(value):
    assert verdict(value) in (Status.WRONG, Status.NONFINITE)


def test_an_estimate_within_a_dtype_keeps_what_fits():
    wide = Estimate(
        Engine("exact"), Operator.GRADIENT, (np.array([1.0, -1e39, np.nan]),), (np.array([0.1, 1e30, 0.0]),)
    )
    held = wide.within(np.dtype("float32"))
    np.testing.assert_array_equal(held.arrays[0], [1.0, -np.inf, np.nan])
    np.testing.assert_array_equal(held.errors[0], [0.1, 0.0, 0.0])
    assert wide.within(np.dtype("float64")) is wide
