"""Digits that several frameworks lose by one formula are IMPRECISE; a mistake that several make is not."""

import numpy as np
import pytest

import gradcheck
from gradcheck.judge.verdicts import Status

torch = pytest.importorskip("torch", reason="needs: pip install 'gradcheck[torch]'")
jax = pytest.importorskip("jax", reason="needs: pip install 'gradcheck[jax]'")
pytest.importorskip("flint", reason="needs: pip install 'gradcheck[exact]'")

X = np.array([0.4, 15.0])
"""tanh' is 1 - y**2, of which four digits are left at 15."""


def total(xp, x):
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.tanh(x))


def in_torch(slope):
    """Weighted tanh in PyTorch with a slope of its own."""

    class Total(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.sum(torch.tensor([1.0, -2.0], dtype=x.dtype) * torch.tanh(x))

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return cotangent * torch.tensor([1.0, -2.0], dtype=x.dtype) * slope(x)

    return Total.apply


def in_jax(slope):
    """The same in JAX."""

    @jax.custom_vjp
    def f(x):
        return jax.numpy.sum(jax.numpy.asarray([1.0, -2.0]) * jax.numpy.tanh(x))

    f.defvjp(lambda x: (f(x), x), lambda x, u: (u * jax.numpy.asarray([1.0, -2.0]) * slope(x),))
    return f


def verdict_of(report, engine, operator="gradient"):
    return report.verdict(engine, operator)


@pytest.mark.parametrize("operator", ["hessian", "hvp"])
def test_a_formula_that_both_use_is_excused(operator):
    report = gradcheck.check(total, X, backends=["torch", "jax"], operator=operator)
    assert report
    assert {verdict_of(report, e, operator).status for e in ("torch", "jax")} <= {Status.AGREE, Status.IMPRECISE}
    assert "certified" in verdict_of(report, "torch", operator).evidence.reason


@pytest.mark.parametrize("slope", [lambda y: 0.5 * (1 - y**2), lambda y: 1.001 - y**2], ids=["half", "offset"])
def test_a_mistake_that_both_make_is_not(slope):
    functions = {
        "portable": total,
        "torch": in_torch(lambda x: slope(torch.tanh(x))),
        "jax": in_jax(lambda x: slope(jax.numpy.tanh(x))),
    }
    report = gradcheck.check(functions, X)
    assert {verdict_of(report, e).status for e in ("torch", "jax")} == {Status.WRONG}


def test_nor_one_that_only_one_of_them_makes():
    functions = {
        "portable": total,
        "torch": in_torch(lambda x: torch.where(x > 10, 0.5, 1.0) / torch.cosh(x) ** 2),
        "jax": in_jax(lambda x: 1 / jax.numpy.cosh(x) ** 2),
    }
    report = gradcheck.check(functions, np.array([15.0, 16.0]))
    assert verdict_of(report, "torch").status is Status.WRONG
    assert verdict_of(report, "jax").status is Status.AGREE


@pytest.mark.parametrize(("left", "status"), [(-1e-30, Status.IMPRECISE), (-1e-3, Status.WRONG)])
def test_what_no_output_shows_may_be_whatever_both_are_left_with(left, status):
    """tanh'(45) is 3e-39: engines that are left with something of the other sign have lost its digits."""
    functions = {
        "portable": total,
        "torch": in_torch(lambda x: torch.where(x > 40, left, 1 - torch.tanh(x) ** 2)),
        "jax": in_jax(lambda x: jax.numpy.where(x > 40, left, 1 - jax.numpy.tanh(x) ** 2)),
    }
    report = gradcheck.check(functions, np.array([45.0, 46.0]))
    assert {verdict_of(report, e).status for e in ("torch", "jax")} == {status}


# -- digits that the forward loses -----------------------------------------------------------------


def cancelling(xp, x):
    """(1 - cos x) / x**2, of which nothing is left at small x."""
    return xp.sum((1.0 - xp.cos(x)) / x**2)


def test_lost_digits_of_a_forward_are_no_fault_of_its_derivatives():
    """In float32 they are off by many times their size, and of first and second order alike."""
    x = np.array([0.0624, 0.0018, 0.0032, -0.2404], np.float32)
    for operator in ("gradient", "jvp", "hessian"):
        report = gradcheck.check({"torch": lambda x: cancelling(torch, x)}, x, operator=operator)
        assert report.verdict("torch").status in (Status.IMPRECISE, Status.AGREE), report


@pytest.mark.parametrize("x", [[0.9, -0.7, 1.3], [0.0624, 0.9, -0.2404]])
def test_a_fault_of_the_derivative_is_not_excused_by_a_forward_that_loses_digits_elsewhere(x):
    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return cancelling(torch, x)

        @staticmethod
        def backward(ctx, u):
            (x,) = ctx.saved_tensors
            return u * (torch.sin(x) / x**2 - 2 * (1 - torch.cos(x)) / x**3) * 1.01

    report = gradcheck.check({"torch": lambda x: Rule.apply(x)}, np.array(x, np.float32))
    assert report.verdict("torch").status is Status.WRONG, report


@pytest.mark.parametrize(
    ("x", "status"),
    [
        ([1e-4, 1e8, 3e-2, 40.0], Status.AGREE),
        ([1e-12, 1e12, 3e-6, 40.0], Status.INCONCLUSIVE),  # the sum has no digits left for the tiny ones
    ],
)
def test_a_pushforward_moves_tiny_elements_by_steps_of_their_own(x, status):
    """One step for all of them would leave the tiny ones behind, or not move the huge ones."""
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    report = gradcheck.check({"torch": lambda x: torch.sum(weights * torch.sqrt(x))}, np.array(x), operator="jvp")
    assert report.verdict("torch").status is status
