"""Custom rules that backends make of portable functions, and the frameworks' own checkers on them."""

import numpy as np
import pytest

from gradcheck import Status, check, discovery
from gradcheck.errors import InputError, UnsupportedError
from gradcheck.rules import unaltered

FRAMEWORKS = ("torch", "jax")
W, X = np.array([[0.5, -1.0], [1.5, 0.25]]), np.array([0.7, -1.1])


def backend(name):
    pytest.importorskip(name, reason=f"pip install 'gradcheck[{name}]'")
    return discovery.load(name)


def loss(xp, w, x):
    return xp.sum(xp.tanh(w @ x) ** 2)


def halves(xp, w, x):
    return {"sine": xp.sin(w), "dot": x @ x}


def doubled(xp, inputs, cotangents, gradients, context):
    return [2.0 * g for g in gradients]


def detached(xp, inputs, cotangents, gradients, context):
    return [context.detach(g) for g in gradients]


def status(report, engine, operator):
    return report.verdict(engine, operator).status


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("f", [loss, halves])
def test_a_rule_that_is_not_altered_agrees(name, f):
    assert check({name: backend(name).with_rule(f, unaltered)}, W, X)


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("f", [loss, halves])
def test_an_altered_rule_is_wrong_by_as_much(name, f):
    report = check({name: backend(name).with_rule(f, doubled)}, W, X)
    evidence = next(v.evidence for v in report.verdicts if v.status is Status.WRONG)
    assert evidence.value == pytest.approx(2 * evidence.reference)


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_forward_is_the_function_itself_in_the_dtype_of_its_inputs(name, dtype):
    native = backend(name).with_rule(loss, doubled)
    seen = []

    def alter(xp, inputs, cotangents, gradients, context):
        seen.append(context.dtype)
        return gradients

    check({name: backend(name).with_rule(loss, alter)}, W, X, dtype=dtype, witness=None)
    assert dtype in seen
    report = check({name: native, "portable": loss}, W, X, backends=[name], operator="value", dtype=dtype)
    assert status(report, name, "value") is Status.AGREE


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_rule_can_be_wrong_in_its_second_derivative_only(name):
    native = backend(name).with_rule(loss, detached)
    report = check({name: native, "portable": loss}, W, X, backends=[name], order=2)
    assert status(report, name, "gradient") is Status.AGREE
    assert status(report, name, "hessian") is Status.WRONG


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_cotangents_can_be_pulled_back_anew(name):
    made = backend(name)

    def negated(xp, inputs, cotangents, gradients, context):
        return context.pullback([-u for u in cotangents])

    report = check({name: made.with_rule(loss, negated)}, W, X)
    assert "sign" in report.verdict(name, "gradient").evidence.reason


def test_torch_tells_contiguous_inputs_from_others():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    seen = []

    def alter(xp, inputs, cotangents, gradients, context):
        seen.append(context.contiguous)
        return gradients

    native = backend("torch").with_rule(lambda xp, w: xp.sum(w**2), alter)
    matrix = torch.ones(2, 3, dtype=torch.float64)
    for leaf in (matrix, matrix.T):
        native(leaf.requires_grad_()).backward()
    assert seen == [True, False]


def test_jax_says_when_it_traces():
    jax = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    seen = []

    def alter(xp, inputs, cotangents, gradients, context):
        seen.append(context.compiled)
        return gradients

    native = backend("jax").with_rule(lambda xp, x: xp.sum(x**2), alter)
    jax.grad(native)(X)
    jax.jit(jax.grad(native))(X)
    assert seen == [False, True]


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("order", [1, 2])
def test_the_frameworks_checkers_accept_what_is_right_and_reject_what_is_not(name, order):
    made = backend(name)
    right, wrong = made.with_rule(loss, unaltered), made.with_rule(loss, doubled if order == 1 else detached)
    checkers = made.checkers(order)
    assert checkers
    for checker in checkers.values():
        assert checker(right, [W, X])
        assert rejects(checker, wrong)


def rejects(checker, native):
    try:
        return not checker(native, [W, X])
    except Exception:
        return True


def test_a_backend_without_custom_rules_says_so():
    numerical = discovery.load("numerical")
    assert numerical.checkers() == {}
    with pytest.raises(UnsupportedError, match="no custom rules"):
        numerical.with_rule(loss, unaltered)


def test_a_mapping_can_hold_the_portable_form_beside_a_native_one():
    native = backend("torch").with_rule(loss, doubled)
    report = check({"torch": native, "portable": loss}, W, X, backends=["torch", "numerical"])
    assert status(report, "torch", "gradient") is Status.WRONG
    assert status(report, "numerical", "gradient") is Status.AGREE
    assert report.verdict("torch", "gradient").argument in ("w", "x")


def test_a_portable_form_that_is_none_is_refused():
    with pytest.raises(InputError, match="xp"):
        check({"portable": lambda x: x}, X)
