"""Native functions beside a definition: forwards that lost digits, forwards that are another function."""

import numpy as np
import pytest

import gradcheck
from gradcheck.judge.verdicts import Status

torch = pytest.importorskip("torch", reason="needs: pip install 'gradcheck[torch]'")
pytest.importorskip("flint", reason="needs: pip install 'gradcheck[exact]'")

TAIL = np.array([-9.5])
"""At -9.5 the lossy forward is 0: 1 + erf(x) has no digit left."""


def gelu(xp, x):
    return xp.sum(x * xp.special.ndtr(x))


def lossy(factor):
    """A function whose forward cancels in the tail, and whose backward is right up to a factor there."""

    class Gelu(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 0.5 * (1 + torch.erf(x / 2**0.5))

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            slope = 0.5 * torch.erfc(-x / 2**0.5) + x * torch.exp(-(x**2) / 2) / (2 * np.pi) ** 0.5
            return cotangent * slope * factor

    return lambda x: torch.sum(Gelu.apply(x))


def gradient_of(native):
    report = gradcheck.check({"portable": gelu, "torch": native}, TAIL, operator="gradient")
    return report.verdict("torch", "gradient")


def test_a_right_backward_of_a_forward_that_lost_its_digits_is_held_against_the_definition():
    assert gradient_of(lossy(1.0)).status is Status.AGREE


@pytest.mark.parametrize("factor", [-1.0, 1.001, 1 + 1e-6])
def test_a_wrong_one_is_not_excused_by_its_forward(factor):
    verdict = gradient_of(lossy(factor))
    assert verdict.status is Status.WRONG
    assert verdict.index == (0,)
    assert ("certified" in verdict.evidence.reason) == (factor > 0)  # the nearer reference is named


def test_of_another_function_the_value_is_wrong_and_the_backward_is_not():
    def approximate(x):
        return torch.sum(torch.nn.functional.gelu(x, approximate="tanh"))

    x = np.array([0.4, -1.3])
    report = gradcheck.check({"portable": gelu, "torch": approximate}, x, operator="gradient")
    assert report.verdict("torch", "value").status is Status.WRONG
    verdict = report.verdict("torch", "gradient")
    assert verdict.status is Status.AGREE
    assert "the forwards differ" in verdict.evidence.reason


def leaky(xp, x, w):
    return xp.sum(w * xp.where(x > 0, x, 0.05 * x))


def leaky_in_single_precision(factor, index):
    """The function with a slope that is rounded to single precision, its gradient wrong by a factor in one element."""

    class Leaky(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return torch.sum(w * torch.where(x > 0, x, float(np.float32(0.05)) * x))

        @staticmethod
        def backward(ctx, cotangent):
            x, w = ctx.saved_tensors
            slope, wrong = float(np.float32(0.05)), torch.ones_like(x)
            wrong[index] = factor
            return cotangent * w * torch.where(x > 0, 1.0, slope) * wrong, cotangent * torch.where(x > 0, x, slope * x)

    return Leaky.apply


@pytest.mark.parametrize(
    ("factor", "index", "passes"), [(1.0, 0, True), (2.0, 0, False), (2.0, 1, False), (-1, 2, False)]
)
def test_what_an_output_of_1e20_cannot_show_is_imprecise_whether_the_forwards_differ_or_not(factor, index, passes):
    x, w = np.array([1e20, -50.0, 75.0, -1e20]), np.array([0.5, -1.25, 2.0, -0.75])
    natives = {"portable": leaky, "torch": leaky_in_single_precision(factor, index)}
    verdict = gradcheck.check(natives, x, w, operator="hvp").verdict("torch", "hvp")
    assert verdict.status is Status.IMPRECISE if passes else not verdict.status.passes
