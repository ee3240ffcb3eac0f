"""Zeros beside large elements, and elements that are barely more than zero."""

import numpy as np
import pytest

import gradcheck
from gradcheck.judge.verdicts import Status


def bell(x):
    return np.sum(x * np.exp(-x * x))


def relu_below_one(x):
    return np.sum(np.maximum(x, 0.0) * np.maximum(1 - x, 0.0))


@pytest.mark.parametrize("large", [5.0, 1e6, 1e8])
def test_a_zero_beside_a_large_element_is_looked_at_on_a_scale_of_its_own(large):
    x = np.array([0.0, large])
    np.testing.assert_allclose(gradcheck.gradient(bell, x, backend="numerical")[0], 1, rtol=1e-8)
    assert gradcheck.check(bell, x, gradient=lambda x: (1 - 2 * x * x) * np.exp(-x * x))
    wrong = gradcheck.check(bell, x, gradient=np.zeros_like).verdict("analytic", operator="gradient")
    assert (wrong.status, wrong.index) == (Status.WRONG, (0,))


def test_a_kink_beside_a_large_element_is_seen():
    x = np.array([0.0, 1e6])
    assert gradcheck.check(relu_below_one, x, gradient=lambda x: np.array([0.5, 0.0]))
    assert not gradcheck.check(relu_below_one, x, gradient=lambda x: np.array([-0.5, 0.0]))


@pytest.mark.parametrize("size", [1e-20, 1e8])
def test_a_zero_of_a_function_that_varies_with_the_size_of_its_leaf(size):
    x = np.array([0.0, size])
    gradient = gradcheck.gradient(lambda x: np.sum(np.sin(x / size)), x, backend="numerical")
    np.testing.assert_allclose(gradient * size, [1, np.cos(1)], rtol=1e-8)


@pytest.mark.parametrize("x", [[1e-320, 1.0], [1e-320], [1e-310, 3e-310], [5e-324, 0.0]])
def test_subnormal_elements(x):
    x = np.array(x)
    assert gradcheck.check(lambda x: np.sum(np.exp(x)), x, gradient=np.exp)
    assert not gradcheck.check(lambda x: np.sum(np.exp(x)), x, gradient=lambda x: -np.exp(x))


def test_a_slope_too_steep_for_any_step_beside_a_subnormal_element_is_not_called_infinite():
    x = np.array([1e-310, 1.0])
    verdict = gradcheck.check(lambda x: np.sum(np.sqrt(x)), x, gradient=lambda x: 0.5 / np.sqrt(x)).verdict("analytic")
    assert verdict.status is not Status.WRONG
