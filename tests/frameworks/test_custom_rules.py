"""Custom rules of the frameworks with a fault in the backward pass, alone and beside a right framework."""

import numpy as np
import pytest

from gradcheck import Status, check

X = np.array([0.4, -1.3, 2.1, 0.9, -0.2])
FAULTS = {"sign": -1.0, "factor": 2.0, "one in a million": 1 + 1e-6}


def derivative(x):
    return np.sin(x) + x * np.cos(x)


def torch_sum(fault, element=None, scale=1.0):
    """Return sum(x sin x) in PyTorch, whose backward multiplies one element, or all, by `fault`."""
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return scale * (x * torch.sin(x)).sum()

        @staticmethod
        def backward(ctx, u):
            (x,) = ctx.saved_tensors
            g = scale * u * (torch.sin(x) + x * torch.cos(x))
            factor = torch.ones_like(x)
            factor[slice(None) if element is None else element] = fault
            return g * factor

    return lambda x: Rule.apply(x)


def jax_sum(fault, kind="vjp", scale=1.0):
    """Return sum(x sin x) in JAX with a custom rule that multiplies the derivative by `fault`."""
    jax = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    jnp = jax.numpy

    def f(x):
        return scale * jnp.sum(x * jnp.sin(x))

    def slope(x):
        return scale * fault * (jnp.sin(x) + x * jnp.cos(x))

    if kind == "vjp":
        custom = jax.custom_vjp(f)
        custom.defvjp(lambda x: (f(x), x), lambda x, u: (u * slope(x),))
    else:
        custom = jax.custom_jvp(f)
        custom.defjvp(lambda primals, tangents: (f(*primals), jnp.sum(slope(*primals) * tangents[0])))
    return custom


def tensorflow_sum(fault, scale=1.0):
    """Return sum(x sin x) in TensorFlow with a custom gradient multiplied by `fault`."""
    tf = pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")

    @tf.custom_gradient
    def f(x):
        return scale * tf.reduce_sum(x * tf.sin(x)), lambda u: scale * fault * u * (tf.sin(x) + x * tf.cos(x))

    return f


def status(report, engine, operator="gradient"):
    return report.verdict(engine, operator).status


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_torch_function_with_a_wrong_backward(fault, scale):
    report = check({"torch": torch_sum(fault, 3, scale)}, X)
    verdict = report.verdict("torch", "gradient")
    assert (verdict.status, verdict.argument, verdict.index) == (Status.WRONG, "x", (3,)), str(report)
    assert verdict.evidence.reference_engine == "numerical@torch"


@pytest.mark.parametrize("kind", ["vjp", "jvp"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_jax_custom_rule_that_is_wrong(fault, kind):
    verdict = check({"jax": jax_sum(fault, kind)}, X).verdict("jax", "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "x")
    assert verdict.evidence.wrong == X.size


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_tensorflow_custom_gradient_that_is_wrong(fault):
    verdict = check({"tensorflow": tensorflow_sum(fault)}, X).verdict("tensorflow", "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "x")
    assert verdict.evidence.wrong == X.size


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_the_same_rules_without_a_fault(scale):
    assert check({"torch": torch_sum(1.0, None, scale), "jax": jax_sum(1.0, "vjp", scale)}, X)
    assert check({"jax": jax_sum(1.0, "jvp", scale), "tensorflow": tensorflow_sum(1.0, scale)}, X)


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
@pytest.mark.parametrize("fault", [-1.0, 1.01])
def test_in_single_precision(fault, scale):
    report = check({"torch": torch_sum(fault, 3, scale), "jax": jax_sum(1.0, "vjp", scale)}, X, dtype="float32")
    assert (status(report, "torch"), status(report, "jax")) == (Status.WRONG, Status.AGREE), str(report)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_of_two_frameworks_the_right_one_is_cleared(fault):
    report = check({"torch": torch_sum(fault, 2), "jax": jax_sum(1.0)}, X)
    assert (status(report, "torch"), status(report, "jax")) == (Status.WRONG, Status.AGREE)
    report = check({"torch": torch_sum(1.0), "jax": jax_sum(fault)}, X)
    assert (status(report, "torch"), status(report, "jax")) == (Status.AGREE, Status.WRONG)


def test_two_ports_of_one_wrong_formula_are_both_wrong():
    report = check(
        {"torch": torch_sum(-1.0), "jax": jax_sum(-1.0), "numpy": lambda x: np.sum(x * np.sin(x))},
        X,
        gradient=lambda x: -derivative(x),
    )
    assert {status(report, e) for e in ("torch", "jax", "analytic")} == {Status.WRONG}, str(report)


def test_without_a_witness_the_odd_one_of_three_is_wrong():
    report = check({"torch": torch_sum(1 + 1e-6, 2), "jax": jax_sum(1.0)}, X, gradient=derivative, witness=None)
    verdict = report.verdict("torch", "gradient")
    assert (verdict.status, verdict.index) == (Status.WRONG, (2,))
    assert {status(report, e) for e in ("jax", "analytic")} == {Status.AGREE}


def test_without_a_witness_nobody_can_say_which_of_two_is_wrong():
    report = check({"torch": torch_sum(2.0), "jax": jax_sum(1.0)}, X, witness=None)
    assert {status(report, e) for e in ("torch", "jax")} == {Status.INCONCLUSIVE}
    assert not report


def test_a_detached_branch():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    report = check({"torch": lambda x, y: (x * torch.sin(y).detach()).sum()}, X, X + 1)
    verdict = report.verdict("torch", "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "y")
    assert "detached" in verdict.evidence.reason


def test_a_double_backward_that_lost_a_term():
    """The first derivative is right; a second pass through a saved, detached slope is not."""
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x**3).sum()

        @staticmethod
        def backward(ctx, u):
            (x,) = ctx.saved_tensors
            return u * 3 * x * x.detach()

    report = check({"torch": lambda x: Cube.apply(x)}, X, order=2)
    assert status(report, "torch") is Status.AGREE
    verdict = report.verdict("torch", "hessian")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "x")
    assert verdict.index[0] == verdict.index[1]
    assert "0.5 times" in verdict.evidence.reason


def test_forwards_that_differ_are_not_a_wrong_gradient():
    torch, jax = (
        pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'"),
        pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'"),
    )
    report = check(
        {"torch": lambda x: torch.sum(torch.sin(x)), "jax": lambda x: 2 * jax.numpy.sum(jax.numpy.sin(x))}, X
    )
    assert not report
    assert {status(report, e, "value") for e in ("torch", "jax")} == {Status.INCONCLUSIVE}
    assert "forwards differ" in report.verdict("torch", "value").evidence.reason
    assert {status(report, e) for e in ("torch", "jax")} == {Status.AGREE}


def test_a_framework_that_returns_another_shape():
    torch, jax = (
        pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'"),
        pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'"),
    )
    report = check(
        {"torch": lambda x: torch.sin(x)[:, None], "jax": jax.numpy.sin, "numpy": np.sin}, X, operator="jacobian"
    )
    assert status(report, "torch", "value") is Status.ERROR
    assert status(report, "torch", "jacobian") is Status.ERROR
    assert status(report, "jax", "jacobian") is Status.AGREE


def test_a_framework_that_changes_its_input():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    def f(x):
        with torch.no_grad():
            x.mul_(2.0)
        return torch.sum(x * x)

    mine = X.copy()
    report = check({"torch": f}, mine)
    assert status(report, "torch") is Status.ERROR
    np.testing.assert_array_equal(mine, X)


def test_two_modes_of_one_framework_are_not_independent():
    pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    report = check(lambda xp, x: xp.sum(xp.sin(x)), X, backends=["jax", "jax:eager"], witness=None)
    assert {v.status for v in report.verdicts} == {Status.INCONCLUSIVE}
    assert "could not be verified" in str(report)


def test_global_flags_are_as_they_were():
    torch, jax = (
        pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'"),
        pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'"),
    )
    before = (torch.get_default_dtype(), torch.is_grad_enabled(), jax.config.jax_enable_x64)
    state = torch.get_rng_state()
    check({"torch": torch_sum(-1.0), "jax": jax_sum(1.0)}, X)
    assert (torch.get_default_dtype(), torch.is_grad_enabled(), jax.config.jax_enable_x64) == before
    assert torch.equal(torch.get_rng_state(), state)
