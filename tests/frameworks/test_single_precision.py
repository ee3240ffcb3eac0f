"""Right answers in float32 that lose digits: none is WRONG, and a fault of a thousandth still is."""

import numpy as np
import pytest

from gradcheck import Status, check

FRAMEWORKS = ["torch", "jax"]
RNG = np.random.default_rng(3)
NEAR = RNG.normal(size=20)


def log_sum_exp(xp, x):
    top = xp.max(x)
    return top + xp.log(xp.sum(xp.exp(x - top)))


def network(xp, x, w, v):
    return xp.sum((xp.tanh(x @ w) @ v) ** 2)


CASES = {
    "logsumexp of large numbers": (log_sum_exp, (1000 + RNG.normal(size=6),)),
    "library logsumexp of large numbers": (lambda xp, x: xp.special.logsumexp(x), (1000 + RNG.normal(size=6),)),
    "logaddexp of large numbers": (
        lambda xp, x, y: xp.sum(xp.logaddexp(x, y)),
        (np.array([800.0, 1000.0, -900.0]), np.array([801.0, 1000.25, -899.0])),
    ),
    "logaddexp, saturated": (lambda xp, x, y: xp.sum(xp.logaddexp(x, y)), (np.array([1000.0]), np.array([990.0]))),
    "squared error of near-equal numbers": (lambda xp, x, y: xp.mean((x - y) ** 2), (NEAR, NEAR + 1e-5)),
    "variance with a large mean": (lambda xp, x: xp.var(x), (1e4 + NEAR,)),
    "network": (network, (RNG.normal(size=(8, 4)), RNG.normal(size=(4, 5)), RNG.normal(size=5))),
    "saturation": (lambda xp, x: xp.sum(xp.tanh(x)), (np.array([8.0, 12.0, 20.0, 0.1]),)),
    "ill-conditioned sum": (lambda xp, x: xp.sum(x) ** 2, (np.array([1e4, -1e4 + 0.5, 0.25]),)),
    "small scale": (lambda xp, x: 1e-8 * xp.sum(xp.sin(x)), (NEAR,)),
    "large scale": (lambda xp, x: 1e8 * xp.sum(xp.sin(x)), (NEAR,)),
}


@pytest.mark.parametrize("name", CASES)
def test_lost_digits_are_not_wrong(name):
    for framework in FRAMEWORKS:
        pytest.importorskip(framework)
    f, inputs = CASES[name]
    report = check(f, *inputs, backends=FRAMEWORKS, dtype="float32")
    for framework in FRAMEWORKS:
        assert report.verdict(framework).status in (Status.AGREE, Status.IMPRECISE), str(report)


def test_a_fault_of_a_thousandth_that_only_single_precision_has():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.sin(x)

        @staticmethod
        def backward(ctx, u):
            (x,) = ctx.saved_tensors
            return u * torch.cos(x) * (1.001 if x.dtype == torch.float32 else 1.0)

    def f(x):
        return torch.sum(Sine.apply(x))

    portable = {"torch": f, "numpy": lambda x: np.sum(np.sin(x))}
    assert check(portable, NEAR, dtype="float64")
    assert check(portable, NEAR, dtype="float32").verdict("torch", "gradient").status is Status.WRONG


@pytest.mark.parametrize("operator", ["jvp", "vjp", "jacobian"])
def test_a_function_that_promotes_its_input_takes_cotangents_of_its_output(operator):
    jnp = pytest.importorskip("jax.numpy", reason="pip install 'gradcheck[jax]'")
    x = np.array([0.5, 1.5], np.float32)
    assert check({"jax": lambda x: x * jnp.array([1.0, 2.0])}, x, operator=operator, dtype="float32")
