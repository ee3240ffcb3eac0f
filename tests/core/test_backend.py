"""The final methods of Backend, held with a toy whose kernels each test chooses."""

from contextlib import contextmanager, suppress

import numpy as np
import pytest

from gradcheck.backend import Backend, Engine, Measured
from gradcheck.errors import (
    FunctionError,
    MissingBackendError,
    NotScalarError,
    UnknownNameError,
    UnsupportedError,
)
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator
from gradcheck.preparation import block_label, expected_shapes


class Toy(Backend):
    """NumPy, with exactly the operators whose kernels it is given."""

    name = "toy"
    modes = {"plain": "as it is", "broken": "lacks a spanner"}
    dtypes = ("float32", "float64", "complex128")

    def __init__(self, **kernels):
        self.kernels = kernels
        self.depth = 0
        self.entered = 0

    def namespace(self, dtype):
        return np

    def asarray(self, array):
        assert self.depth == 1, "outside the scope"
        return np.array(array)

    def to_numpy(self, array):
        assert self.depth == 1, "outside the scope"
        return np.asarray(array)

    def is_array(self, leaf):
        return isinstance(leaf, (np.ndarray, np.floating))

    @contextmanager
    def scope(self):
        self.depth, self.entered = self.depth + 1, self.entered + 1
        try:
            yield
        finally:
            self.depth -= 1

    def unsupported(self, error, operator):
        return f"no rule for {operator}" if isinstance(error, ZeroDivisionError) else None

    def missing(self, mode):
        return "a spanner" if mode == "broken" else None

    def value(self, bound, mode):
        return lambda leaves: bound(leaves)

    def gradient(self, bound, mode):
        return self.kernels.get("gradient")

    def jacobian(self, bound, mode):
        return self.kernels.get("jacobian")

    def jvp(self, bound, mode):
        return self.kernels.get("jvp")

    def vjp(self, bound, mode):
        return self.kernels.get("vjp")

    def hessian(self, bound, mode):
        return self.kernels.get("hessian")

    def hvp(self, bound, mode):
        return self.kernels.get("hvp")


# F(x, y) = (x y, sum x^2) with x of shape (2,) and y 0-d; L(x, y) = y sum x^2. All derivatives by hand.

X, Y = np.array([1.5, -0.5]), np.array(2.0)
DX, DY = np.array([0.3, -1.1]), np.array(0.7)
UA, UB = np.array([-0.4, 0.9]), np.array(1.2)


def vector(xp, x, y):
    return x * y, xp.sum(x * x)


def scalar(xp, x, y):
    return y * xp.sum(x * x)


def jacobian_of_vector(leaves):
    x, y = leaves
    return [np.eye(2) * y, x, 2 * x, np.zeros(())]


def jvp_of_vector(leaves, tangents):
    (x, y), (dx, dy) = leaves, tangents
    return [dx * y + x * dy, np.asarray(2 * x @ dx)]


def vjp_of_vector(leaves, cotangents):
    (x, y), (a, b) = leaves, cotangents
    return [a * y + 2 * b * x, np.asarray(a @ x)]


def gradient_of_scalar(leaves):
    x, y = leaves
    return [2 * x * y, np.asarray(x @ x)]


def jvp_of_scalar(leaves, tangents):
    return [np.asarray(sum(np.sum(g * t) for g, t in zip(gradient_of_scalar(leaves), tangents, strict=True)))]


def vjp_of_scalar(leaves, cotangents):
    return [g * cotangents[0] for g in gradient_of_scalar(leaves)]


def hvp_of_scalar(leaves, tangents):
    (x, y), (dx, dy) = leaves, tangents
    return [2 * y * dx + 2 * x * dy, np.asarray(2 * x @ dx)]


def hessian_of_scalar(leaves):
    x, y = leaves
    return [2 * y * np.eye(2), 2 * x, 2 * x, np.zeros(())]


def estimate(backend, f, operator, seed=None, inputs=(X, Y), **options):
    return backend.estimate(Function.of(f), Inputs.of(inputs, parameters=("x", "y")), operator, seed=seed, **options)


def assert_arrays(got, wanted):
    assert [a.shape for a in got.arrays] == [np.shape(w) for w in wanted]
    for array, want in zip(got.arrays, wanted, strict=True):
        np.testing.assert_allclose(array, want, rtol=1e-15, atol=1e-15)


# -- derivations ------------------------------------------------------------------------------

DERIVED = [
    ("gradient", "vjp", vjp_of_scalar, scalar, None, gradient_of_scalar((X, Y))),
    ("gradient", "jvp", jvp_of_scalar, scalar, None, gradient_of_scalar((X, Y))),
    ("jacobian", "jvp", jvp_of_vector, vector, None, jacobian_of_vector((X, Y))),
    ("jvp", "jacobian", jacobian_of_vector, vector, (DX, DY), jvp_of_vector((X, Y), (DX, DY))),
    ("vjp", "jacobian", jacobian_of_vector, vector, (UA, UB), vjp_of_vector((X, Y), (UA, UB))),
    ("vjp", "jvp", jvp_of_vector, vector, (UA, UB), vjp_of_vector((X, Y), (UA, UB))),
    ("hessian", "hvp", hvp_of_scalar, scalar, None, hessian_of_scalar((X, Y))),
    ("hvp", "hessian", hessian_of_scalar, scalar, (DX, DY), hvp_of_scalar((X, Y), (DX, DY))),
]
DERIVED_IDS = [f"{operator}-from-{source}" for operator, source, *_ in DERIVED]


@pytest.mark.parametrize(("operator", "source", "kernel", "f", "seed", "wanted"), DERIVED, ids=DERIVED_IDS)
def test_derived_operator_is_right_and_marked(operator, source, kernel, f, seed, wanted):
    got = estimate(Toy(**{source: kernel}), f, Operator(operator), seed)
    assert_arrays(got, wanted)
    assert not got.native


@pytest.mark.parametrize(("operator", "source", "kernel", "f", "seed", "wanted"), DERIVED, ids=DERIVED_IDS)
def test_derived_operator_uses_its_source(operator, source, kernel, f, seed, wanted):
    """A wrong source gives a wrong result: the derivation does not get its numbers elsewhere."""
    got = estimate(Toy(**{source: lambda *groups: [2 * a for a in kernel(*groups)]}), f, Operator(operator), seed)
    assert_arrays(got, [2 * w for w in wanted])


@pytest.mark.parametrize("source", ["jvp", "vjp"])
def test_native_operator_is_preferred_to_a_derived_one(source):
    kernels = {"gradient": gradient_of_scalar, source: lambda *groups: pytest.fail("derived")}
    got = estimate(Toy(**kernels), scalar, Operator.GRADIENT)
    assert got.native
    assert_arrays(got, gradient_of_scalar((X, Y)))


def test_value_is_native_and_has_the_outputs_in_order():
    got = estimate(Toy(), vector, Operator.VALUE)
    assert_arrays(got, [X * Y, X @ X])
    assert got.native
    assert got.engine == Engine("toy")
    assert got.operator is Operator.VALUE
    assert got.errors is None


@pytest.mark.parametrize("operator", [o for o in Operator if o is not Operator.VALUE])
def test_operator_with_no_source_is_unsupported(operator):
    with pytest.raises(UnsupportedError, match=f"toy has no {operator}"):
        estimate(Toy(), scalar, operator, None if operator.seed is None else (DX, DY))


def test_first_order_never_gives_second_order():
    """A Hessian is not made from gradients behind the caller's back."""
    with pytest.raises(UnsupportedError, match="toy has no hessian"):
        estimate(Toy(gradient=gradient_of_scalar, jvp=jvp_of_scalar), scalar, Operator.HESSIAN)


def test_derived_gradient_of_complex_inputs_has_both_parts():
    """L(z) = |z|^2 has g = df/dRe + i df/dIm = 2 z."""
    z = np.array([1.0 + 2.0j, -0.5j])
    toy = Toy(jvp=lambda leaves, tangents: [np.asarray(2 * np.vdot(leaves[0], tangents[0]).real)])
    got = estimate(toy, lambda xp, z: xp.sum(xp.abs(z) ** 2), Operator.GRADIENT, inputs=(z,))
    assert_arrays(got, [2 * z])


@pytest.mark.parametrize("operator", [Operator.JACOBIAN, Operator.HESSIAN, Operator.HVP])
def test_operators_of_complex_inputs_that_mean_nothing_are_unsupported(operator):
    toy = Toy(jacobian=jacobian_of_vector, hessian=hessian_of_scalar, hvp=hvp_of_scalar)
    with pytest.raises(UnsupportedError, match="complex inputs"):
        estimate(toy, scalar, operator, inputs=(np.array([1j, 2.0]), Y))


def test_derivations_with_an_empty_leaf():
    inputs = (np.zeros((0, 3)), X)

    def f(xp, e, x):
        return xp.sum(x * x)

    def jvp(leaves, tangents):
        return [np.asarray(2 * leaves[1] @ tangents[1])]

    assert_arrays(estimate(Toy(jvp=jvp), f, Operator.GRADIENT, inputs=inputs), [np.zeros((0, 3)), 2 * X])
    assert_arrays(estimate(Toy(jvp=jvp), f, Operator.JACOBIAN, inputs=inputs), [np.zeros((0, 3)), 2 * X])
    got = estimate(Toy(jvp=jvp), f, Operator.VJP, [np.array(2.0)], inputs=inputs)
    assert_arrays(got, [np.zeros((0, 3)), 4 * X])


# -- shapes and names -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("value", [(4,), ()]),
        ("gradient", [(2,), (3, 1)]),
        ("jacobian", [(4, 2), (4, 3, 1), (2,), (3, 1)]),
        ("jvp", [(4,), ()]),
        ("vjp", [(2,), (3, 1)]),
        ("hessian", [(2, 2), (2, 3, 1), (3, 1, 2), (3, 1, 3, 1)]),
        ("hvp", [(2,), (3, 1)]),
    ],
)
def test_expected_shapes(operator, wanted):
    assert expected_shapes(Operator(operator), [(2,), (3, 1)], [(4,), ()]) == wanted


@pytest.mark.parametrize("operator", ["value", "jacobian", "jvp"])
def test_shapes_are_unknown_where_the_outputs_are(operator):
    assert expected_shapes(Operator(operator), [(2,)], None) is None


def test_block_labels():
    labels = ("w", "b")
    assert [block_label(Operator.GRADIENT, i, labels) for i in range(2)] == ["w", "b"]
    assert [block_label(Operator.HESSIAN, i, labels) for i in range(4)] == ["w, w", "w, b", "b, w", "b, b"]
    assert [block_label(Operator.JACOBIAN, i, labels)[:1] for i in range(4)] == ["w", "b", "w", "b"]


def test_engine_names():
    assert str(Toy().engine()) == "toy"
    assert str(Toy().engine("plain")) == "toy"
    assert str(Toy().engine("broken")) == "toy:broken"
    assert str(Toy().engine("plain", "torch")) == "toy@torch"


def test_unknown_mode_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'plain'"):
        Toy().engine("plane")


# -- validation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([X], "returned 1 array"),
        ([X, Y, Y], "returned 3 array"),
        ([], "returned 0 array"),
        ([X[None], Y], r"returned shape \(1, 2\) for the gradient of x; wanted \(2,\)"),
        ([X, np.ones(1)], r"returned shape \(1,\) for the gradient of y; wanted \(\)"),
        ([Y, X], "of x"),
        ([X.astype(int), Y], "dtype int64"),
        ([X > 0, Y], "dtype bool"),
        ([X, np.array(None)], "dtype object"),
        (None, "TypeError"),
    ],
)
def test_wrong_result_of_a_hook_is_refused(returned, message):
    with pytest.raises(FunctionError, match=message):
        estimate(Toy(gradient=lambda leaves: returned), scalar, Operator.GRADIENT)


def test_wrong_shape_of_an_output_is_refused_where_it_is_known():
    shapes = [(2,), ()]
    assert_arrays(estimate(Toy(), vector, Operator.VALUE, output_shapes=shapes), [X * Y, X @ X])
    with pytest.raises(FunctionError, match="wanted"):
        estimate(Toy(), vector, Operator.VALUE, output_shapes=[(3,), ()])
    with pytest.raises(FunctionError, match="wanted"):
        estimate(Toy(jacobian=lambda leaves: jacobian_of_vector(leaves)[::-1]), vector, Operator.JACOBIAN,
                 output_shapes=shapes)  # fmt: skip


def test_non_finite_results_come_back_as_they_are():
    got = estimate(Toy(gradient=lambda leaves: [X * np.nan, Y * np.inf]), scalar, Operator.GRADIENT)
    assert np.isnan(got.arrays[0]).all()
    assert np.isinf(got.arrays[1])


def test_measured_arrays_bring_their_errors_and_notes():
    measured = [Measured(X, X * 0.1, ("noisy",)), Measured(Y, Y * 0.2, ("noisy", "odd"))]
    got = estimate(Toy(gradient=lambda leaves: measured), scalar, Operator.GRADIENT)
    assert_arrays(got, [X, Y])
    np.testing.assert_array_equal(got.errors[0], X * 0.1)
    np.testing.assert_array_equal(got.errors[1], Y * 0.2)
    assert got.notes == ("noisy", "odd")


def test_dtype_that_the_backend_lacks_is_unsupported():
    with pytest.raises(UnsupportedError, match="toy does not compute in complex64"):
        estimate(Toy(), scalar, Operator.VALUE, inputs=(X.astype("complex64"), Y.astype("float32")))


# -- error paths ------------------------------------------------------------------------------


def raising(error):
    def f(xp, x, y):
        raise error

    return f


def test_function_that_raises_is_quoted():
    with pytest.raises(FunctionError, match="f failed under toy: ValueError: no luck") as caught:
        estimate(Toy(), raising(ValueError("no luck")), Operator.VALUE)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("error", [MemoryError("full"), RecursionError("deep")])
def test_exhaustion_is_an_error_of_the_function(error):
    with pytest.raises(FunctionError, match="gave up"):
        estimate(Toy(), raising(error), Operator.VALUE)


def test_interrupts_pass():
    with pytest.raises(KeyboardInterrupt):
        estimate(Toy(), raising(KeyboardInterrupt()), Operator.VALUE)


def test_the_frameworks_refusal_is_unsupported_with_its_reason():
    with pytest.raises(UnsupportedError, match="no rule for value"):
        estimate(Toy(), raising(ZeroDivisionError()), Operator.VALUE)


@pytest.mark.parametrize("result", [None, 3, "text", [], [1.0, None], {"a": 2}])
def test_function_that_returns_no_array(result):
    with pytest.raises(FunctionError, match="returned"):
        estimate(Toy(), lambda xp, x, y: result, Operator.VALUE)


@pytest.mark.parametrize("operator", [o for o in Operator if o.scalar])
def test_scalar_operators_refuse_other_outputs(operator):
    class Calling(Toy):
        def gradient(self, bound, mode):
            return lambda leaves: bound(leaves)

        def hvp(self, bound, mode):
            return lambda leaves, tangents: bound(leaves)

        hessian = gradient

    for f in (lambda xp, x, y: x, lambda xp, x, y: (y, y), lambda xp, x, y: xp.reshape(y, (1,))):
        with pytest.raises(NotScalarError, match="scalar"):
            estimate(Calling(), f, operator, (DX, DY) if operator.seed else None)


def test_derived_gradient_refuses_a_vector():
    class Calling(Toy):
        def vjp(self, bound, mode):
            return lambda leaves, cotangents: bound(leaves) and [X, Y]

    with pytest.raises(NotScalarError, match="scalar"):
        estimate(Calling(), lambda xp, x, y: x, Operator.GRADIENT)


def test_function_that_writes_into_its_input():
    x = X.copy()

    def f(xp, x, y):
        x[0] = 9.0
        return xp.sum(x) + y

    with pytest.raises(FunctionError, match="changed its input x in place"):
        estimate(Toy(), f, Operator.VALUE, inputs=(x, Y))
    np.testing.assert_array_equal(x, X)


def test_mode_that_lacks_something_is_missing():
    with pytest.raises(MissingBackendError, match="toy:broken needs a spanner"):
        estimate(Toy(), scalar, Operator.VALUE, mode="broken")


@pytest.mark.parametrize("f", [scalar, raising(ValueError()), raising(KeyboardInterrupt()), lambda xp, x, y: None])
def test_scope_is_left_whatever_happens(f):
    toy = Toy()
    with suppress(FunctionError, KeyboardInterrupt):
        estimate(toy, f, Operator.VALUE)
    assert toy.entered > 0
    assert toy.depth == 0


def test_function_without_a_form_for_the_backend_is_unsupported():
    with pytest.raises(UnsupportedError, match=r"no function for toy \(it has: torch\)"):
        estimate(Toy(), {"torch": lambda x, y: x}, Operator.VALUE)


def test_native_function_is_preferred_to_the_portable_form():
    function = Function("f", ("x", "y"), portable=scalar, native={"toy": lambda x, y: x * 100.0})
    got = Toy().estimate(function, Inputs.of((X, Y)), Operator.VALUE)
    assert_arrays(got, [X * 100.0])


def test_backend_can_run_the_functions_of_another_name():
    class Guest(Toy):
        runs = "numpy"

    got = estimate(Guest(), lambda x, y: x * y, Operator.VALUE)
    assert_arrays(got, [X * Y])


# -- preparation and hosts --------------------------------------------------------------------


def test_prepared_runs_again_at_another_point():
    toy, inputs = Toy(vjp=vjp_of_scalar), Inputs.of((X, Y))
    prepared = toy.prepare(Function.of(scalar), inputs, Operator.GRADIENT)
    for x in (X, 2 * X, X):
        got = prepared.run([x, Y])
        np.testing.assert_array_equal(got[0], 2 * x * Y)


def test_host_provides_the_forward():
    """The guest gets the values of the host, as NumPy arrays, under the host's own scope."""

    class Host(Toy):
        name = "host"

        def value(self, bound, mode):
            return lambda leaves: [10.0 * o for o in bound(leaves)]

    host, function, inputs = Host(), Function.of(vector), Inputs.of((X, Y))
    forward = host.prepare(function, inputs, Operator.VALUE)
    got = Toy().estimate(function, inputs, Operator.VALUE, forward=forward)
    assert_arrays(got, [10.0 * X * Y, np.asarray(10.0 * X @ X)])
    assert str(got.engine) == "toy@host"
    assert host.entered > 0
    assert host.depth == 0
