"""Hessians written by hand: of one argument, of several, wrong ones, and of the wrong form."""

import numpy as np
import pytest

from gradcheck import Status, check

X, Y = np.array([1.0, 2.0]), np.array([0.3, -0.4])


def f(xp, x, y):
    return xp.sum(x**2 * y[0]) + y[1] ** 3


def hessian(x, y):
    mixed = np.stack([2 * x, 0 * x], axis=1)
    return (2 * y[0] * np.eye(2), mixed), (mixed.T, np.diag([0, 6 * y[1]]))


def transposed(x, y):
    (xx, xy), (yx, yy) = hessian(x, y)
    return (xx, yx), (xy, yy)


def without_a_term(x, y):
    (xx, xy), (yx, _) = hessian(x, y)
    return (xx, xy), (yx, np.zeros((2, 2)))


def verdict(rule, operator, *inputs):
    return check(f, *inputs, hessian=rule, backends=["analytic"], operator=operator).verdict("analytic", operator)


@pytest.mark.parametrize("operator", ["hessian", "hvp"])
def test_of_several_arguments_there_is_a_block_for_each_pair(operator):
    assert verdict(hessian, operator, X, Y).status is Status.AGREE


@pytest.mark.parametrize("operator", ["hessian", "hvp"])
@pytest.mark.parametrize("rule", [transposed, without_a_term])
def test_a_wrong_block_is_found(rule, operator):
    assert verdict(rule, operator, X, Y).status is Status.WRONG


def test_the_element_is_named():
    wrong = verdict(without_a_term, "hessian", X, Y)
    assert wrong.index == (1, 1)
    assert wrong.evidence.value == 0


def test_one_array_for_two_arguments_is_refused():
    refused = verdict(lambda x, y: np.eye(4), "hessian", X, Y)
    assert refused.status is Status.ERROR
    assert "returned 1 array(s)" in refused.evidence.reason
    assert "wanted one for each pair of x, y" in refused.evidence.reason


def test_of_numbers_and_as_nested_lists():
    def product(xp, x, y):
        return x * x * y

    assert check(product, 3.0, 2.0, hessian=lambda x, y: ((2 * y, 2 * x), (2 * x, 0.0)))
    assert check(lambda x: x[0] * x[1], X, hessian=lambda x: [[0, 1], [1, 0]])


def test_alone_it_is_all_that_is_checked_and_beside_a_gradient_it_comes_too():
    alone = check(lambda x: np.sum(x**3), X, hessian=lambda x: np.diag(6 * x))
    assert alone
    assert {v.operator.value for v in alone.verdicts} == {"hessian"}
    both = check(lambda x: np.sum(x**3), X, gradient=lambda x: 3 * x**2, hessian=lambda x: np.diag(6 * x))
    assert {v.operator.value for v in both.verdicts} == {"gradient", "hessian"}


def test_of_a_triangle_the_other_half_is_missed():
    def bilinear(x):
        return x[0] * x[1] ** 2

    half = check(bilinear, X, hessian=lambda x: np.array([[0, 2 * x[1]], [0, 2 * x[0]]]))
    assert half.verdict("analytic").status is Status.WRONG
    assert half.verdict("analytic").index == (1, 0)
