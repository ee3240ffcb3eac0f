"""Wrong elements that are small beside the output or beside the largest element, and rules beside other rules."""

import numpy as np
import pytest

from gradcheck import Status, check

MATRIX = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize(
    ("f", "x", "wrong"),
    [
        (lambda x: np.sum(x**2), np.float32([30, 1e-3]), lambda x: 2 * x + np.float32([0, 0.5])),
        (lambda x: np.sum(x**2) + 1e6, np.float32([0.1, 0.2]), lambda x: -2 * x),
    ],
    ids=["factor", "offset"],
)
def test_a_small_input_or_a_large_offset_excuses_no_wrong_gradient(f, x, wrong):
    assert check(f, x, gradient=wrong).verdict("analytic").status is Status.WRONG


@pytest.mark.parametrize(
    ("f", "x", "wrong"),
    [
        (lambda x: np.sum(np.exp(x)), np.array([30.0, 1.0]), lambda x: np.exp(x) * np.array([1, -1])),
        (lambda x: np.sum(x), np.array([1e17, 1.0]), lambda x: np.array([1.0, -7.0])),
        (lambda x: np.sum(x**2), np.array([1000.0, 1e-6]), lambda x: 2 * x * np.array([1, -1])),
    ],
    ids=["exp", "sum", "sign"],
)
def test_an_element_that_numerics_cannot_resolve_does_not_pass(f, x, wrong):
    assert not check(f, x, gradient=wrong)


def test_such_an_element_passes_where_an_independent_engine_has_it():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    f, x = (lambda xp, x: xp.sum(xp.exp(x))), np.array([30.0, 1.0])
    assert check(f, x, gradient=np.exp, backends=["sympy"])
    assert not check(f, x, gradient=lambda x: np.exp(x) * np.array([1, -1]), backends=["sympy"])


@pytest.mark.parametrize(
    ("operator", "rules"),
    [
        ("jacobian", {"gradient": lambda x: 2 * x, "jacobian": lambda x: -2 * x}),
        ("vjp", {"gradient": lambda x: 2 * x, "vjp": lambda inputs, u: -2 * inputs[0] * u}),
        ("vjp", {"vjp": lambda inputs, u: 2 * inputs[0]}),
        ("hessian", {"gradient": lambda x: 2 * x, "hessian": lambda x: np.eye(3)}),
        ("hessian", {"hessian": lambda x: 2 * np.eye(3) + 1e-6 * np.eye(3)[::-1]}),
    ],
    ids=["jacobian", "vjp", "ignores its cotangent", "hessian", "hessian alone"],
)
def test_every_rule_that_is_handed_in_is_judged(operator, rules):
    report = check(lambda x: np.sum(x**2), np.array([1.0, -2.0, 0.5]), **rules)
    assert report.verdict("analytic", operator).status is Status.WRONG


def test_a_vjp_that_takes_the_size_of_its_cotangent_is_wrong():
    report = check(lambda x: MATRIX @ x, np.ones(4), vjp=lambda inputs, u: MATRIX.T @ np.abs(u), operator="vjp")
    assert report.verdict("analytic").status is Status.WRONG


def test_a_vjp_gives_the_jacobian_of_a_vector_function():
    f, x = (lambda x: x**2), np.array([1.0, 2.0])
    report = check(f, x, vjp=lambda inputs, u: 2 * inputs[0] * u)
    assert report
    assert not report.verdict("analytic", "jacobian").native
    assert not check(f, x, vjp=lambda inputs, u: 3 * inputs[0] * u)
