"""Derivatives as plain utilities: trees in, trees out, errors of ours."""

import numpy as np
import pytest

import gradcheck
from gradcheck.errors import (
    FunctionError,
    InputError,
    NotScalarError,
    UnknownNameError,
    UnsupportedError,
)

W, B = np.array([1.0, 2.0]), 3.0


def scaled(xp, w, b):
    return xp.sum(w**2) * b


def same(got, wanted):
    """Compare trees of dicts, lists, tuples, None and arrays."""
    assert type(got) is type(wanted) or isinstance(got, (np.ndarray, np.generic))
    if isinstance(wanted, dict):
        assert got.keys() == wanted.keys()
        for key in wanted:
            same(got[key], wanted[key])
    elif isinstance(wanted, (list, tuple)):
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            same(a, b)
    elif wanted is None:
        assert got is None
    else:
        assert np.shape(got) == np.shape(wanted)
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6)


# -- wrong use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "error", "message"),
    [
        (None, InputError, "backend is the name of one engine.*got None"),
        (["numerical"], InputError, r"got \['numerical'\]"),
        ("numercal", UnknownNameError, "unknown backend 'numercal'; did you mean 'numerical'"),
        ("numerical:*", UnknownNameError, r"unknown mode of numerical '\*'"),
        ("numerical@nobody", UnknownNameError, "unknown backend 'nobody'"),
        ("analytic@numerical", InputError, "only numerical differentiates another framework's forward"),
        ("numerical@numerical", InputError, "only numerical differentiates another framework's forward"),
        ("analytic", UnsupportedError, "analytic has no gradient"),
    ],
)
def test_engines_that_do_not_exist(backend, error, message):
    with pytest.raises(error, match=message):
        gradcheck.gradient(scaled, W, B, backend=backend)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda xp, w: w, NotScalarError, r"a scalar is needed: <lambda> returned shape \(2,\)"),
        (lambda xp, w: (xp.sum(w), xp.sum(w)), NotScalarError, "a scalar is needed"),
        (lambda xp, w: 1 / 0, FunctionError, "<lambda> failed under numerical: ZeroDivisionError"),
        (lambda xp, w: None, FunctionError, "<lambda> returned None"),
        (lambda xp: 1.0, FunctionError, "takes 1 positional argument but 2 were given"),
        (None, InputError, "wanted a function or a mapping"),
    ],
)
def test_functions_that_cannot_be_differentiated(f, error, message):
    for operator in (gradcheck.gradient, gradcheck.value_and_grad, gradcheck.hessian):
        with pytest.raises(error, match=message):
            operator(f, W)


def test_a_native_function_has_no_form_for_another_backend():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    with pytest.raises(UnsupportedError, match=r"not portable and has no function for sympy \(it has: numpy\)"):
        gradcheck.gradient(lambda w: np.sum(w), W, backend="sympy")


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        (None, r"tangents have shapes none; wanted \(2,\), \(\)"),
        ((W, W), r"tangents have shapes \(2,\), \(2,\); wanted \(2,\), \(\)"),
        ((W, "a"), r"tangents of shape \(\) have dtype <U1; wanted float64"),
        ((W, 1j), r"tangents of shape \(\) have dtype complex128; wanted float64"),
        ((W, object()), "have dtype object"),
    ],
)
@pytest.mark.parametrize("operator", [gradcheck.jvp, gradcheck.hvp])
def test_wrong_tangents(operator, tangents, message):
    with pytest.raises(InputError, match=message):
        operator(scaled, (W, B), tangents)


def test_wrong_cotangents_and_inputs():
    with pytest.raises(InputError, match=r"cotangents have shapes \(2,\); wanted \(\)"):
        gradcheck.vjp(scaled, (W, B), W)
    with pytest.raises(InputError, match=r"cotangents of shape .* have dtype complex128"):
        gradcheck.vjp(scaled, (W, B), 1j)
    with pytest.raises(InputError, match=r"inputs is a tuple of positional arguments, got ndarray; write \(x,\)"):
        gradcheck.jvp(scaled, W, W)


# -- trees --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argnums", "wanted"),
    [
        (None, (6 * W, 5.0)),
        (0, 6 * W),
        (-1, 5.0),
        (np.int64(1), 5.0),
        ((0,), (6 * W, None)),
        ([1, 0], (6 * W, 5.0)),
    ],
)
def test_the_tree_of_a_gradient_follows_argnums(argnums, wanted):
    same(gradcheck.gradient(scaled, W, B, argnums=argnums), wanted)


def test_one_argument_gives_its_own_tree():
    def f(xp, p):
        return xp.sum(p["w"] ** 2) + p["b"][0] * p["b"][1]

    point = {"w": W, "b": [3.0, 2]}
    same(gradcheck.gradient(f, point), {"w": 2 * W, "b": [2.0, None]})
    value, slope = gradcheck.value_and_grad(f, point)
    same(value, 11.0)
    same(slope, {"w": 2 * W, "b": [2.0, None]})
    assert point["w"] is W


def test_a_jacobian_has_a_tree_of_inputs_for_each_output():
    got = gradcheck.jacobian(lambda xp, x, y: {"xy": x * y, "s": [xp.sum(x)]}, W, B)
    same(got, {"xy": (B * np.eye(2), W), "s": [(np.ones(2), 0.0)]})
    same(gradcheck.jacobian(lambda xp, x: x**2, W), np.diag(2 * W))


def test_a_hessian_is_a_tree_of_trees():
    same(gradcheck.hessian(scaled, W, B), ((6 * np.eye(2), 2 * W), (2 * W, 0.0)))
    same(gradcheck.hessian(scaled, W, B, argnums=0), 6 * np.eye(2))


def test_pushforward_pullback_and_hessian_product():
    def f(xp, x, y):
        return [x * y, xp.sum(x)]

    same(gradcheck.jvp(f, (W, B), (np.ones(2), 1.0)), [B + W, 2.0])
    same(gradcheck.vjp(f, (W, B), [np.ones(2), 2]), (np.array([5.0, 5.0]), 3.0))
    same(gradcheck.hvp(scaled, (W, B), (W, 1.0)), (6 * W + 2 * W, 10.0))
    same(gradcheck.hvp(scaled, (W, B), (W, None), argnums=0), 6 * W)


def test_no_elements_and_no_axes():
    same(gradcheck.gradient(lambda xp, x: xp.sum(x), np.zeros((0, 2))), np.zeros((0, 2)))
    assert isinstance(gradcheck.gradient(lambda xp, x: x**2, 2.0), (np.ndarray, np.generic))


def test_inputs_are_rounded_to_the_dtype():
    slope = gradcheck.gradient(lambda xp, x: x**2, 0.1, dtype="float32")
    assert slope.dtype == np.float32


# -- engines ------------------------------------------------------------------------------------

ENGINES = [
    "numerical",
    "numerical:central",
    "numerical:complex-step",
    "sympy:backprop",
    "jax:eager",
    "tensorflow:function",
    "torch",
    "torch:forward",
    "numerical@torch",
]


@pytest.mark.parametrize("backend", ENGINES)
def test_every_kind_of_engine_gives_the_same_tree(backend):
    framework = backend.partition("@")[2] or backend.partition(":")[0]
    if framework != "numerical":
        pytest.importorskip(framework, reason=f"pip install 'gradcheck[{framework}]'")
    same(gradcheck.gradient(scaled, W, B, backend=backend), (6 * W, 5.0))


def test_numerics_take_the_forward_of_the_only_native_function():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    native = {"torch": lambda w: torch.sum(w**2)}
    for backend in ("numerical", "numerical@torch", "torch"):
        same(gradcheck.gradient(native, W, backend=backend), 2 * W)


def test_complex_gradients_have_one_convention():
    for backend in ("numerical", "torch", "jax"):
        if backend != "numerical":
            pytest.importorskip(backend, reason=f"pip install 'gradcheck[{backend}]'")
        slope = gradcheck.gradient(lambda xp, z: xp.real(z * xp.conj(z)) + xp.imag(z), 1 + 2j, backend=backend)
        same(slope, 2 * (1 + 2j) + 1j)
