"""Hand-written backward passes under torch.compile: the one that runs is the one that is checked."""

import numpy as np
import optree
import pytest

from gradcheck import Status, check, discovery, gradient, jacobian
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator

torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
LACK = discovery.load("torch").missing("compile")
pytestmark = pytest.mark.skipif(LACK is not None, reason=f"torch:compile needs {LACK}")

X = np.array([0.4, -1.3, 2.1])
COMPILE = "torch:compile"


def always():
    return True


def slope(x):
    return torch.sin(x) + x * torch.cos(x)


def ctx_rule(fault, when=always):
    """Return x sin x with a `forward` that takes the context and a backward multiplied by `fault`."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * torch.sin(x)

        @staticmethod
        def backward(ctx, u):
            g = u * slope(ctx.saved_tensors[0])
            return fault * g if when() else g

    return lambda x: Rule.apply(x)


def setup_rule(fault, when=always):
    """Return the same with a `setup_context`, kept as its `apply` alone."""

    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x * torch.sin(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, u):
            g = u * slope(ctx.saved_tensors[0])
            return fault * g if when() else g

    apply = Rule.apply
    return lambda x: apply(x)


@torch.library.custom_op("gradcheck_tests::x_sin_x", mutates_args=())
def library_rule(x: torch.Tensor, fault: float) -> torch.Tensor:
    return x * torch.sin(x)


def set_up(ctx, inputs, output):
    x, ctx.fault = inputs
    ctx.save_for_backward(x)


library_rule.register_fake(lambda x, fault: torch.empty_like(x))
library_rule.register_autograd(lambda ctx, u: (ctx.fault * u * slope(ctx.saved_tensors[0]), None), setup_context=set_up)


def summed(f):
    return lambda x: f(x).sum()


@pytest.mark.parametrize("fault", [1.0, 2.0, -1.0])
@pytest.mark.parametrize("rule", [ctx_rule, setup_rule])
def test_a_gradient_is_that_of_the_backward(rule, fault):
    report = check({"torch": summed(rule(fault))}, X, backends=[COMPILE])
    assert report.verdict(COMPILE, "gradient").status is (Status.AGREE if fault == 1.0 else Status.WRONG), str(report)


@pytest.mark.parametrize("fault", [1.0, 2.0])
def test_a_gradient_is_that_of_an_operator_of_torch_library(fault):
    got = gradient({"torch": lambda x: library_rule(x, fault).sum()}, X, backend=COMPILE)
    np.testing.assert_allclose(_leaves(got)[0], fault * (np.sin(X) + X * np.cos(X)))


@pytest.mark.parametrize("rule", [ctx_rule, setup_rule])
def test_a_backward_that_is_wrong_only_when_compiled(rule):
    f = summed(rule(1.01, torch.compiler.is_compiling))
    report = check({"torch": f}, X, backends=["torch", COMPILE], operator="gradient")
    assert report.verdict("torch", "gradient").status is Status.AGREE
    assert report.verdict(COMPILE, "gradient").status is Status.WRONG


@pytest.mark.parametrize("fault", [1.0, 2.0])
def test_jacobian_and_vjp_are_those_of_the_backward(fault):
    report = check({"torch": ctx_rule(fault)}, X, backends=[COMPILE], operator=["jacobian", "vjp"])
    wanted = Status.AGREE if fault == 1.0 else Status.WRONG
    assert {report.verdict(COMPILE, o).status for o in ("jacobian", "vjp")} == {wanted}, str(report)


@pytest.mark.parametrize("operator", ["jvp", "hessian", "hvp"])
@pytest.mark.parametrize("rule", [ctx_rule, setup_rule])
def test_what_would_not_run_the_backward_is_not_supported(rule, operator):
    f = rule(2.0) if operator == "jvp" else summed(rule(2.0))
    verdict = check({"torch": f}, X, backends=[COMPILE], operator=operator).verdict(COMPILE, operator)
    assert verdict.status is Status.UNSUPPORTED
    assert "its backward would not be run" in verdict.evidence.reason


@pytest.mark.parametrize("operator", ["jvp", "hessian", "hvp"])
def test_native_functions_without_a_rule_have_every_operator(operator):
    f = (lambda x: x * torch.sin(x)) if operator == "jvp" else (lambda x: torch.sum(x * torch.sin(x)))
    assert check({"torch": f}, X, backends=[COMPILE], operator=operator)


def test_what_was_refused_once_is_refused_again():
    function, inputs = Function.of({"torch": ctx_rule(2.0)}), Inputs.of((X,))
    prepared = discovery.load("torch").prepare(function, inputs, Operator.JVP, "compile")
    for _ in range(2):
        with pytest.raises(UnsupportedError, match="would not be run"):
            prepared.run([X], [np.ones(3)])


def test_an_argument_without_a_gradient_gets_zeros_and_is_noted():
    report = check({"torch": lambda x, y: (x * torch.sin(y).detach()).sum()}, X, X + 1, backends=[COMPILE])
    verdict = report.verdict(COMPILE, "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "y")
    assert "detached" in verdict.evidence.reason


def test_the_jacobian_of_several_outputs():
    def f(x, y):
        return {"outer": torch.outer(x, y**2), "constant": torch.ones(2, dtype=x.dtype), "x": x}

    rows = jacobian({"torch": f}, X[:2], X, backend=COMPILE)
    for got, wanted in zip(_leaves(rows), _leaves(jacobian({"torch": f}, X[:2], X, backend="torch")), strict=True):
        np.testing.assert_allclose(got, wanted)


def test_each_row_of_a_jacobian_draws_the_same_random_numbers():
    def f(x):
        return x * torch.rand_like(x).sum()

    diagonal = np.diag(_leaves(jacobian({"torch": f}, X, backend=COMPILE))[0])
    assert (diagonal == diagonal[0]).all()
    assert diagonal[0] != 0


def test_the_gradient_of_complex_numbers():
    z = X + 1j * X[::-1]
    f = {"torch": lambda z: (z * z * (0.5 - 1.5j)).real.sum()}
    np.testing.assert_allclose(_leaves(gradient(f, z, backend=COMPILE))[0], _leaves(gradient(f, z, backend="torch"))[0])


def test_numpy_constants_are_traced():
    def f(xp, x):
        return xp.sum(xp.asarray(np.cos(np.arange(3))) * xp.asarray(np.array([0.5, 1.0, 2.0])) * xp.logaddexp(x, 0.0))

    assert check(f, X, backends=[COMPILE], dtype="float32")
    assert check(f, X, backends=[COMPILE])


@pytest.mark.parametrize("fault", [1.0, 3.0])
def test_a_rule_of_several_outputs_that_the_backend_made(fault):
    def alter(xp, inputs, cotangents, gradients, context):
        return [fault * g if context.compiled else g for g in gradients]

    f = discovery.load("torch").with_rule(lambda xp, w: {"sine": xp.sin(w), "dot": w @ w}, alter)
    report = check({"torch": f}, X, backends=["torch", COMPILE], operator="jacobian")
    assert report.verdict("torch", "jacobian").status is Status.AGREE
    assert report.verdict(COMPILE, "jacobian").status is (Status.AGREE if fault == 1.0 else Status.WRONG)


def _leaves(tree):
    return optree.tree_leaves(tree)
