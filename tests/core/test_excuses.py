"""What excuses an error: a formula that loses digits is right elsewhere, a wrong rule is not."""

import numpy as np
import pytest

from gradcheck import Status, check

SINGLE = np.float32


def verdict(f, *inputs, gradient):
    return check(f, *inputs, gradient=gradient, backends=["numerical"]).verdict("analytic", "gradient")


@pytest.mark.parametrize(
    ("f", "inputs", "gradient"),
    [
        (lambda xp, p, t: xp.sum(p) - t, (np.array([0.1, 0.7]), 0.8), lambda p, t: (np.array([1.0, 0.0]), -1.0)),
        (lambda xp, p, t: xp.sum(p) - t, (np.array([0.1, 0.7]), 0.8), lambda p, t: (np.array([2.0, 2.0]), -2.0)),
        (lambda xp, x: x[0] * x[1] - x[2], (np.array([0.1, 0.3, 0.03]),), np.zeros_like),
        (
            lambda xp, u, t: 5e8 * u + 2 * xp.log(t),
            (SINGLE(1e-6), SINGLE(300)),
            lambda u, t: (SINGLE(5e8), SINGLE(-700)),
        ),
        (lambda xp, u, t: 5e8 * u + 2 * xp.log(t), (SINGLE(1e-6), SINGLE(300)), lambda u, t: (SINGLE(5e8), SINGLE(0))),
        (lambda xp, x: x[0] * 1e15 + xp.sin(x[1]), (np.array([1e-15, 1.0]),), lambda x: np.array([1e15, -3.0])),
        (lambda xp, x: xp.exp(x), (1e-17,), lambda x: 2 * np.exp(x)),
        (lambda xp, x: xp.log(1 + xp.exp(x)), (SINGLE(1e-7),), lambda x: SINGLE(0)),
        (lambda xp, x: 1e8 + xp.sum(xp.sin(x)), (np.array([0.3, 0.7], SINGLE),), lambda x: np.cos(x) * SINGLE(1.5)),
    ],
    ids=[
        "root-zero",
        "root-twice",
        "product",
        "units-sign",
        "units-zero",
        "scales",
        "tiny-twice",
        "tiny-zero",
        "offset",
    ],
)
def test_a_wrong_rule_has_no_excuse(f, inputs, gradient):
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    assert verdict(f, *inputs, gradient=gradient).status is Status.WRONG


def test_a_rule_that_is_off_in_single_precision_only_has_none():
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")

    def off(x):
        return np.cos(x) * (SINGLE(1 + 3e-4) if x.dtype == SINGLE else 1.0)

    assert verdict(lambda xp, x: xp.sum(xp.sin(x)), np.array([0.3, 0.7], SINGLE), gradient=off).status is Status.WRONG


def test_without_a_certified_bound_it_does_not_pass_either():
    assert not check(np.exp, 1e-17, gradient=lambda x: 2 * np.exp(x))


@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (lambda xp, x: xp.tanh(x), 20.0, lambda x: 1 - np.tanh(x) ** 2),
        (lambda xp, x: (xp.exp(x) - 1) / x, -1.34e-5, lambda x: (np.exp(x) * x - np.exp(x) + 1) / x**2),
        (lambda xp, x: (1 - xp.cos(x)) / x**2, 1e-8, lambda x: np.sin(x) / x**2 - 2 * (1 - np.cos(x)) / x**3),
    ],
    ids=["saturated", "cancelling", "all-lost"],
)
def test_a_formula_that_loses_digits_has_one(f, x, gradient):
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    assert verdict(f, x, gradient=gradient).status is Status.IMPRECISE


def test_a_rule_that_is_unstable_where_the_function_is_not_does_not_pass():
    """Its own rounding would explain any value: TensorFlow's pinv at equal singular values is such a rule."""
    report = check(
        lambda xp, x: xp.sum(x**2) / 2,
        np.array([0.3, 0.7, 1.1]),
        gradient=lambda x: x * (1 + np.sin(1e17 * x)),
        backends=["numerical"],
    )
    found = report.verdict("analytic", "gradient")
    assert not report
    assert found.status is Status.INCONCLUSIVE
    assert "its own rounding moves it by as much as it is off" in found.evidence.reason


def test_a_derivative_that_moves_with_the_last_digits_of_the_input_has_an_excuse():
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    found = verdict(
        lambda xp, x: xp.sum(xp.cos(3e16 * x)) / 3e16,
        np.array([0.3, 0.7, 1.1]),
        gradient=lambda x: -np.sin(2.9e16 * x + 0.1e16 * x),
    )
    assert found.status is Status.IMPRECISE
    assert "all digits are lost" in found.evidence.reason
