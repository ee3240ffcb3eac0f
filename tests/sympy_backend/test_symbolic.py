import warnings

import numpy as np
import pytest

from gradcheck.errors import FunctionError, NotScalarError, UnsupportedError
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator

pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")

from gradcheck_sympy import SympyBackend

backend = SympyBackend()
MODES = ["symbolic", "backprop"]


def compute(operator, f, *args, mode="symbolic", seed=None, dtype=None):
    function = Function.of(f)
    inputs = Inputs.of(args, parameters=function.parameters, dtype=dtype)
    arrays = backend.estimate(function, inputs, Operator(operator), mode=mode, seed=seed).arrays
    return arrays[0] if len(arrays) == 1 else arrays


def elementwise(name):
    return lambda xp, x: xp.function(name)(x)


def test_the_modes():
    assert list(backend.modes) == ["symbolic", "backprop", "precise"]


@pytest.mark.parametrize("mode", MODES)
def test_the_notebook_function(mode):
    def f(xp, x, y, z):
        return (x + y) * z

    point = (-2.0, 5.0, -4.0)
    assert compute("value", f, *point, mode=mode) == -12.0
    assert [float(g) for g in compute("gradient", f, *point, mode=mode)] == [-4.0, -4.0, 3.0]


def test_hessian_of_the_notebook_function():
    blocks = compute("hessian", lambda xp, x, y, z: (x + y) * z, -2.0, 5.0, -4.0)
    np.testing.assert_array_equal(np.reshape(blocks, (3, 3)), [[0, 0, 1], [0, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "x", "wanted"),
    [
        ("abs", 0.0, 0.0),
        ("abs", -2.0, -1.0),
        ("sign", 0.0, 0.0),
        ("floor", 1.0, 0.0),
        ("ceil", 1.5, 0.0),
        ("cbrt", -8.0, 1 / 12),
        ("cbrt", 0.0, np.inf),
        ("sqrt", 0.0, np.inf),
        ("sqrt", -1.0, np.nan),
        ("log", 0.0, np.inf),
        ("sinc", 0.0, 0.0),
        ("exp", 800.0, np.inf),
        ("special.expit", 800.0, 0.0),
        ("special.expit", -800.0, 0.0),
        ("special.gammaln", -0.5, 0.03648997397857652),
        ("special.digamma", 2.0, np.pi**2 / 6 - 1),
        ("special.erf", 0.0, 2 / np.sqrt(np.pi)),
        ("expm1", 1e-20, 1.0),
    ],
)
def test_slopes_at_awkward_points(mode, name, x, wanted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = compute("gradient", elementwise(name), x, mode=mode)
    np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (elementwise("sinc"), 0.0, -(np.pi**2) / 3),
        (elementwise("abs"), 0.0, 0.0),
        (lambda xp, x: xp.logaddexp(x, 1.0), 1.0, 0.25),
        (lambda xp, x: xp.logaddexp(x, 0.0), -800.0, 0.0),
        (lambda xp, x: x**2, 0.0, 2.0),
        (lambda xp, x: x**3.0, -2.0, -12.0),
        (lambda xp, x: 2.0**x, 1.0, 2 * np.log(2.0) ** 2),
        (lambda xp, x: x**x, 1.0, 2.0),
    ],
)
def test_second_derivatives_at_awkward_points(f, x, wanted):
    np.testing.assert_allclose(compute("hessian", f, x), wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_power_with_a_variable_exponent_at_zero(mode):
    got = compute("gradient", lambda xp, x, p: x**p, 0.0, 2.0, mode=mode)
    assert [float(g) for g in got] == [0.0, 0.0]


@pytest.mark.parametrize("mode", MODES)
def test_ties_get_a_valid_choice(mode):
    tie = np.array([1.0, 1.0])
    np.testing.assert_allclose(compute("gradient", lambda xp, x: xp.max(x), tie, mode=mode), [0.5, 0.5])
    three = compute("gradient", lambda xp, x: xp.max(x), np.ones(3), mode=mode)
    assert three.sum() == 1.0
    assert (three >= 0).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_branch_that_is_not_taken_does_not_spoil_the_other(mode):
    got = compute("gradient", lambda xp, x: xp.sum(xp.where(x > 0, xp.sqrt(x), 0.0)), np.array([0.0, -1.0, 4.0]),
                  mode=mode)  # fmt: skip
    np.testing.assert_array_equal(got, [0.0, 0.0, 0.25])


@pytest.mark.parametrize("mode", MODES)
def test_sort_and_median(mode):
    x = np.array([3.0, -1.0, 2.0, 0.5])
    got = compute("gradient", lambda xp, x: xp.sum(xp.sort(x) * xp.arange(4)) + xp.median(x), x, mode=mode)
    np.testing.assert_array_equal(got, [3.0, 0.0, 2.5, 1.5])


@pytest.mark.parametrize("mode", MODES)
def test_elimination_where_the_first_pivot_is_zero(mode):
    a = np.array([[0.0, 2.0], [3.0, 1.0]])
    value, got = (
        compute("value", lambda xp, a: xp.linalg.det(a), a),
        compute("gradient", lambda xp, a: xp.linalg.det(a), a, mode=mode),
    )
    assert value == -6.0
    np.testing.assert_allclose(got, [[1.0, -3.0], [-2.0, 0.0]])


@pytest.mark.parametrize("mode", MODES)
def test_logdet(mode):
    a = np.array([[4.0, 1.0, 0.5], [0.2, 3.0, -1.0], [-0.7, 0.1, 2.0]])
    got = compute("gradient", lambda xp, a: xp.linalg.slogdet(a)[1], a, mode=mode)
    np.testing.assert_allclose(got, np.linalg.inv(a).T, rtol=1e-14)


def test_rosenbrock_hessian():
    def rosenbrock(xp, x):
        return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    x = np.array([-1.2, 1.0, 0.7])
    wanted = [
        [1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0], 0],
        [-400 * x[0], 202 + 1200 * x[1] ** 2 - 400 * x[2], -400 * x[1]],
        [0, -400 * x[1], 200],
    ]
    np.testing.assert_allclose(compute("hessian", rosenbrock, x), wanted, rtol=1e-14)


def test_products_of_derivatives_and_vectors():
    def polar(xp, p):
        return xp.stack([p[0] * xp.cos(p[1]), p[0] * xp.sin(p[1])])

    p, u = np.array([2.0, 0.3]), np.array([0.7, -1.1])
    wanted = np.array([[np.cos(0.3), -2 * np.sin(0.3)], [np.sin(0.3), 2 * np.cos(0.3)]])
    for mode in MODES:
        np.testing.assert_allclose(compute("jacobian", polar, p, mode=mode), wanted, rtol=1e-15)
        np.testing.assert_allclose(compute("jvp", polar, p, mode=mode, seed=[u]), wanted @ u, rtol=1e-15)
        np.testing.assert_allclose(compute("vjp", polar, p, mode=mode, seed=[u]), u @ wanted, rtol=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_pytrees_constants_and_empty_leaves(mode):
    labels = np.array([1, 0])

    def f(xp, parameters, labels):
        rows = parameters["w"][xp.asarray(labels)] + parameters["b"]
        return {"loss": xp.sum(rows**2), "constant": xp.ones(2), "none": xp.sum(parameters["empty"])}

    parameters = {"w": np.array([2.0, 3.0]), "b": np.array(0.5), "empty": np.zeros((0, 3))}
    blocks = compute("jacobian", f, parameters, labels, mode=mode)
    shapes = [(2,), (2, 0, 3), (2, 2), (), (0, 3), (2,), (), (0, 3), (2,)]  # by output: constant, loss, none
    assert [b.shape for b in blocks] == shapes
    assert not np.any(blocks[0])
    assert not np.any(blocks[8])
    np.testing.assert_array_equal(blocks[3], 12.0)
    np.testing.assert_array_equal(blocks[5], [5.0, 7.0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_are_rounded_to_the_dtype_of_the_inputs(mode, dtype):
    x = np.array([0.1, 0.7])
    got = compute("gradient", lambda xp, x: xp.sum(xp.exp(0.3 * x)), x, mode=mode, dtype=dtype)
    factor = float(np.dtype(dtype).type(0.3))
    exact = factor * np.exp(factor * x.astype(dtype).astype(float))
    assert got.dtype == dtype
    np.testing.assert_allclose(got, exact.astype(dtype), rtol=np.finfo(dtype).eps)


def test_constants_are_exact():
    assert compute("gradient", lambda xp, x: x * (1 / 3), 1.0) == 1 / 3
    assert compute("value", lambda xp, x: xp.exp(x - 1000.0), 1000.0) == 1.0


def test_constants_do_not_make_sympy_work_for_ever():
    assert compute("value", lambda xp, x: x + xp.special.gammaln(1e9), 0.0) == pytest.approx(1.9723265848226982e10)
    assert compute("value", lambda xp, x: x + xp.asarray(7.0) ** 1e9, 0.0) == np.inf


@pytest.mark.parametrize("mode", MODES)
def test_sums_and_products_over_nothing(mode):
    def f(xp, x, empty):
        return xp.stack(
            [x + xp.sum(empty), x * xp.prod(empty), x + xp.dot(empty[0], empty[0]), xp.max(empty @ empty.T)]
        )

    got = compute("jacobian", f, 2.0, np.zeros((3, 0)), mode=mode)
    np.testing.assert_array_equal(got[0], [1.0, 1.0, 1.0, 0.0])


def test_the_expressions_of_a_call_serve_other_points():
    function = Function.of(lambda xp, x: xp.sum(x**3))
    inputs = Inputs.of((np.array([1.0, 2.0]),))
    prepared = backend.prepare(function, inputs, Operator.GRADIENT)
    np.testing.assert_array_equal(prepared.run([np.array([1.0, 2.0])])[0], [3.0, 12.0])
    np.testing.assert_array_equal(prepared.run([np.array([-1.0, 3.0])])[0], [3.0, 27.0])


# -- wrong uses -------------------------------------------------------------------------------


def test_too_many_symbols_are_refused_with_the_numbers():
    with pytest.raises(UnsupportedError, match=r"the inputs have 129 elements; .* at most 128 symbols"):
        compute("gradient", lambda xp, x: xp.sum(x), np.ones(129))


def test_expressions_that_are_too_large_are_refused(monkeypatch):
    monkeypatch.setattr("gradcheck_sympy.graph.MAX_STEPS", 50)
    with pytest.raises(UnsupportedError, match="too large for SymPy: more than 50 elementary operations"):
        compute("hessian", lambda xp, x: xp.linalg.det(x), np.eye(4) + 1.0)


def test_second_order_by_hand_is_refused_with_the_mode_that_has_it():
    for operator in ("hessian", "hvp"):
        with pytest.raises(UnsupportedError, match="first derivatives only; use the mode symbolic"):
            compute(operator, lambda xp, x: x * x, 1.0, mode="backprop", seed=None if operator == "hessian" else [1.0])


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda xp, x: x[0] if x[0] > x[1] else x[1], r"branches on the value.*xp\.where"),
        (lambda xp, x: x[x > 0], "index or mask that depends"),
        (lambda xp, x: xp.argsort(x), r"argsort depends on the order.*SymPy"),
        (lambda xp, x: x * 1j, "complex numbers are not supported"),
        (lambda xp, x: x * float(x[0]), "cut the derivative"),
    ],
)
def test_what_symbols_cannot_decide_is_unsupported(f, reason):
    with pytest.raises(UnsupportedError, match=reason):
        compute("jacobian", f, np.array([1.0, 2.0]))


def test_complex_inputs_are_unsupported():
    with pytest.raises(UnsupportedError, match="complex128"):
        compute("gradient", lambda xp, x: xp.sum(x), np.array([1j]))


def test_what_is_not_an_array_is_an_error():
    with pytest.raises(FunctionError, match="returned"):
        compute("value", lambda xp, x: None, 1.0)
    with pytest.raises(FunctionError, match="returned an int"):
        compute("value", lambda xp, x: 3, 1.0)
    with pytest.raises(NotScalarError, match="a scalar is needed"):
        compute("gradient", lambda xp, x: x, np.ones(2))


def test_numpys_functions_are_an_error():
    with pytest.raises(FunctionError, match="failed under sympy"):
        compute("value", lambda xp, x: np.sin(x), 1.0)


def test_an_operation_outside_a_trace_does_not_leak_into_one():
    leaked = []
    compute("value", lambda xp, x: leaked.append(x) or x, 1.0)
    with pytest.raises(LookupError):
        leaked[0] + 1.0
