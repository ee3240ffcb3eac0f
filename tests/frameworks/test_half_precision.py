"""Checks in bfloat16 and float16: right rules pass, wrong ones do not, and what a framework lacks it says."""

import numpy as np
import pytest

import gradcheck
from gradcheck.functions import HALVES, Inputs
from gradcheck.judge.verdicts import Status

torch = pytest.importorskip("torch", reason="needs: pip install 'gradcheck[torch]'")

every_half = pytest.mark.parametrize("dtype", HALVES)
X = np.array([0.3, -1.25, 2.0])


def energy(xp, x):
    return xp.sum(xp.tanh(x) ** 2 * xp.asarray([1.0, -2.0, 0.5]))


def ruled(factor):
    """The same in PyTorch, with a backward of its own that is wrong by a factor in each element."""

    class Energy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.sum(torch.tanh(x) ** 2 * torch.tensor([1.0, -2.0, 0.5], dtype=x.dtype))

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            y = torch.tanh(x)
            slopes = 2 * y * (1 - y**2) * torch.tensor([1.0, -2.0, 0.5], dtype=x.dtype)
            return cotangent * slopes * torch.tensor(factor, dtype=x.dtype)

    return Energy.apply


# -- wrong rules ----------------------------------------------------------------------------------


@every_half
@pytest.mark.parametrize(
    "factor",
    [[-1.0, -1.0, -1.0], [1.0, 1.0, -1.0], [0.0, 1.0, 1.0], [1.0, 1.5, 1.0], [1.3, 1.3, 1.3]],
    ids=["sign", "one sign", "one zero", "one element", "factor"],
)
def test_a_wrong_rule_is_wrong(dtype, factor):
    report = gradcheck.check({"torch": ruled(factor)}, X, dtype=dtype)
    assert report.verdict("torch", "gradient").status is Status.WRONG


def test_float16_shows_smaller_faults():
    report = gradcheck.check({"torch": ruled([1.0, 1.06, 1.0])}, X, dtype="float16")
    verdict = report.verdict("torch", "gradient")
    assert (verdict.status, verdict.index) == (Status.WRONG, (1,))


# -- right ones -----------------------------------------------------------------------------------


@every_half
@pytest.mark.parametrize("operator", ["gradient", "hvp", "hessian"])
def test_a_right_function_passes(dtype, operator):
    assert gradcheck.check(energy, X, dtype=dtype, operator=operator, backends=["torch"])


@every_half
def test_a_right_rule_passes(dtype):
    assert gradcheck.check({"torch": ruled([1.0, 1.0, 1.0])}, X, dtype=dtype)


@every_half
@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_other_frameworks_pass(dtype, name):
    pytest.importorskip(name, reason=f"needs: pip install 'gradcheck[{name}]'")
    assert gradcheck.check(energy, X, dtype=dtype, backends=[name, "torch"])


@every_half
def test_a_vector_function_and_a_pullback_pass(dtype):
    def cubes(xp, x):
        return x**3 * x[0]

    assert gradcheck.check(cubes, X, dtype=dtype, backends=["torch"], operator=["jacobian", "jvp", "vjp"])


def test_a_kernel_that_a_framework_lacks_is_unsupported():
    report = gradcheck.check(
        lambda xp, a: xp.linalg.inv(a), np.array([[2.0, 0.5], [0.25, 1.5]]), dtype="bfloat16", backends=["torch"]
    )
    verdict = report.verdict("torch", "jacobian")
    assert verdict.status is Status.UNSUPPORTED
    assert "precision" in verdict.evidence.reason


def test_bfloat16_inputs_are_checked_in_bfloat16():
    inputs = Inputs.of((X.astype("bfloat16"),))
    assert inputs.dtype.name == "bfloat16"
    report = gradcheck.check(energy, X.astype("bfloat16"), backends=["torch"])
    assert report
    assert "gradient" in str(report)
