"""TensorFlow's operators against derivatives worked out by hand, in every mode."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from gradcheck.errors import FunctionError, MissingBackendError, NotScalarError, UnsupportedError
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator

pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")

import tensorflow as tf

from gradcheck_tensorflow import TensorflowBackend

MODES = ("eager", "function", "xla", "forward")
TAPE = MODES[:3]


@pytest.fixture(scope="session")
def compute():
    """Compute an operator of a function; returns the Estimate."""
    backend = TensorflowBackend()

    def compute(f, args, operator, mode="eager", seed=None, **options):
        seed = None if seed is None else [np.asarray(s) for s in seed]
        return backend.estimate(Function.of(f), Inputs.of(args, **options), Operator(operator), mode=mode, seed=seed)

    return compute


def quadratic(xp, p, x, rows):
    return xp.sum(p["a"] * x[rows] ** 2) + p["c"]


POINT = ({"a": np.array([2.0, 3.0, 5.0]), "c": np.array(7.0)}, np.array([1.0, -2.0]), np.array([0, 1, -1]))


@pytest.mark.parametrize("mode", MODES)
def test_gradient_of_a_pytree_with_an_integer_constant(compute, mode):
    e = compute(quadratic, POINT, "gradient", mode)
    a, c, x = e.arrays
    np.testing.assert_allclose(a, [1.0, 4.0, 4.0], rtol=1e-14)
    np.testing.assert_allclose(c, 1.0)
    np.testing.assert_allclose(x, [4.0, -32.0], rtol=1e-14)
    assert e.native == (mode != "forward")


@pytest.mark.parametrize("mode", MODES)
def test_second_order_of_a_pytree(compute, mode):
    tangent = [np.array([1.0, 0.0, -1.0]), np.array(3.0), np.array([0.5, 2.0])]
    hessian = compute(quadratic, POINT, "hessian", mode)
    hvp = compute(quadratic, POINT, "hvp", mode, tangent)
    rows = [[0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 0, -4], [0, 0, 0, 0, 0, -4], [0] * 6, [2, 0, 0, 0, 4, 0],
            [0, -4, -4, 0, 0, 16]]  # fmt: skip
    sizes = (3, 1, 2)
    blocks = [np.split(b, np.cumsum(sizes)[:-1], axis=1) for b in np.split(np.array(rows), np.cumsum(sizes)[:-1])]
    wanted = [block for row in blocks for block in row]
    for got, block in zip(hessian.arrays, wanted, strict=True):
        np.testing.assert_allclose(got.reshape(block.shape), block, atol=1e-13)
    product = np.array(rows) @ np.concatenate([t.ravel() for t in tangent])
    np.testing.assert_allclose(np.concatenate([a.ravel() for a in hvp.arrays]), product, atol=1e-13)
    assert hvp.native


def polar(xp, r, angle):
    return {"x": r * xp.cos(angle), "y": xp.stack([r * xp.sin(angle), r])}


@pytest.mark.parametrize("mode", MODES)
def test_first_order_of_several_outputs(compute, mode):
    point = (np.array(2.0), np.array(0.3))
    c, s = np.cos(0.3), np.sin(0.3)
    matrix = np.array([[c, -2 * s], [s, 2 * c], [1, 0]])
    jacobian = compute(polar, point, "jacobian", mode)
    np.testing.assert_allclose(jacobian.arrays[0], matrix[0, 0])
    np.testing.assert_allclose(jacobian.arrays[1], matrix[0, 1])
    np.testing.assert_allclose(np.stack(jacobian.arrays[2:], -1), matrix[1:], atol=1e-15)
    jvp = compute(polar, point, "jvp", mode, [0.5, -3.0])
    np.testing.assert_allclose(np.hstack([jvp.arrays[0], jvp.arrays[1]]), matrix @ [0.5, -3.0])
    vjp = compute(polar, point, "vjp", mode, [2.0, np.array([-1.0, 4.0])])
    np.testing.assert_allclose(np.hstack(vjp.arrays), [2.0, -1.0, 4.0] @ matrix)
    assert jvp.native
    assert vjp.native == jacobian.native == (mode != "forward")


@pytest.mark.parametrize("mode", TAPE)
def test_a_wide_jacobian_is_vectorised_and_right(compute, mode):
    x = np.linspace(0.0, 1.0, 70)
    (block,) = compute(lambda xp, x: xp.sin(x), (x,), "jacobian", mode).arrays
    np.testing.assert_allclose(block, np.diag(np.cos(x)), rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("f", "wanted"),
    [
        (lambda xp, z: xp.real(z * xp.conj(z)), lambda z: 2 * z),
        (lambda xp, z: xp.abs(z) ** 2, lambda z: 2 * z),
        (lambda xp, z: xp.real(z * z), lambda z: 2 * np.conj(z)),
        (lambda xp, z: xp.imag(z), lambda z: 1j),
    ],
)
def test_complex_gradient_is_d_re_plus_i_d_im(compute, mode, f, wanted):
    z = np.array(1.0 + 2.0j)
    (g,) = compute(f, (z,), "gradient", mode).arrays
    np.testing.assert_allclose(g, wanted(z), rtol=1e-14)
    step = 1e-6
    numpy_f = {h: (f(np, z + h) - f(np, z - h)) / (2 * step) for h in (step, 1j * step)}
    np.testing.assert_allclose(g, numpy_f[step] + 1j * numpy_f[1j * step], rtol=1e-8)


@pytest.mark.parametrize("mode", MODES)
def test_complex_pushforward_and_pullback_are_adjoint(compute, mode):
    z, w, v, u = 1 + 2j, 0.5 - 1.5j, np.array([0.3 + 0.7j, -1 + 0.2j]), 2 - 0.4j
    point = (np.array(z), np.array(w))

    def f(xp, z, w):
        return z * xp.conj(w)

    (jvp,) = compute(f, point, "jvp", mode, list(v)).arrays
    vjp = np.array(compute(f, point, "vjp", mode, [u]).arrays)
    np.testing.assert_allclose(jvp, v[0] * np.conj(w) + z * np.conj(v[1]), rtol=1e-14)
    np.testing.assert_allclose(np.vdot(u, jvp).real, np.vdot(vjp, v).real, rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_jacobian_of_a_complex_output(compute, mode):
    (block,) = compute(lambda xp, x: xp.exp(1j * x), (np.array([0.5]),), "jacobian", mode).arrays
    np.testing.assert_allclose(block, [[1j * np.exp(0.5j)]], rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_no_dependence_is_zero(compute, mode):
    point = (np.ones(2), np.ones((1, 3)))
    gradient = compute(lambda xp, x, y: xp.sum(x * x), point, "gradient", mode)
    np.testing.assert_array_equal(gradient.arrays[1], np.zeros((1, 3)))
    jacobian = compute(lambda xp, x, y: (xp.asarray([1.0, 2.0]), y), point, "jacobian", mode)
    np.testing.assert_array_equal(jacobian.arrays[0], np.zeros((2, 2)))
    np.testing.assert_array_equal(jacobian.arrays[1], np.zeros((2, 1, 3)))
    hessian = compute(lambda xp, x, y: xp.sum(x) + xp.floor(y[0, 0]), point, "hessian", mode)
    assert [a.shape for a in hessian.arrays] == [(2, 2), (2, 1, 3), (1, 3, 2), (1, 3, 1, 3)]
    assert not any(a.any() for a in hessian.arrays)


@pytest.mark.parametrize("mode", TAPE)
def test_size_zero(compute, mode):
    x = np.ones((0, 3))
    assert compute(lambda xp, x: xp.sum(x * x), (x,), "gradient", mode).arrays[0].shape == (0, 3)
    assert compute(lambda xp, x: xp.sum(x * x), (x,), "hessian", mode).arrays[0].shape == (0, 3, 0, 3)
    assert compute(lambda xp, x: 2 * x, (x,), "jacobian", mode).arrays[0].shape == (0, 3, 0, 3)
    assert compute(lambda xp, x: xp.sum(x, axis=0), (x,), "jacobian", mode).arrays[0].shape == (3, 0, 3)


@pytest.mark.parametrize("mode", MODES)
def test_float32_stays_float32(compute, mode):
    f, point = lambda xp, x: xp.mean(2.0 * x**2 + xp.asarray([1.0, 2.0])) + np.pi, (np.array([1.0, 3.0]),)
    for operator in ("value", "gradient", "hessian"):
        (got,) = compute(f, point, operator, mode, dtype="float32").arrays
        assert got.dtype == np.float32


@pytest.mark.parametrize("mode", MODES)
def test_native_functions_get_and_give_tensors(compute, mode):
    seen = []

    def f(x):
        seen.append(isinstance(x, tf.Tensor))
        return tf.reduce_sum(tf.gather(x, [0, 0, 1]) ** 2)

    e = compute({"tensorflow": f}, (np.array([1.0, 3.0]),), "gradient", mode)
    np.testing.assert_allclose(e.arrays[0], [4.0, 6.0])
    assert seen
    assert all(seen)
    decorated = compute({"tensorflow": tf.function(f)}, (np.array([1.0, 3.0]),), "gradient", mode)
    np.testing.assert_allclose(decorated.arrays[0], [4.0, 6.0])


def branching(x):
    if x > 0:
        return x * x
    return -x


@pytest.mark.parametrize("mode", MODES)
def test_autograph_converts_native_functions(compute, mode):
    for point, slope in ((3.0, 6.0), (-3.0, -1.0)):
        (g,) = compute({"tensorflow": branching}, (point,), "gradient", mode).arrays
        np.testing.assert_allclose(g, slope)


def test_python_branches_in_portable_functions_are_for_eager_modes(compute):
    def f(xp, x):
        return x * x if x > 0 else -x

    assert compute(f, (3.0,), "gradient").arrays[0] == 6.0
    with pytest.raises(UnsupportedError, match=r"^Using a symbolic `tf\.Tensor` as a Python `bool` is not allowed$"):
        compute(f, (3.0,), "gradient", "function")


@tf.custom_gradient
def wrong_sine(x):
    return tf.sin(x), lambda upstream: -upstream * tf.cos(x)


def calls_wrong_sine(x):
    return wrong_sine(x)


@pytest.mark.parametrize("mode", TAPE)
def test_a_wrong_custom_gradient_is_returned_as_it_is(compute, mode):
    (g,) = compute({"tensorflow": calls_wrong_sine}, (1.0,), "gradient", mode).arrays
    np.testing.assert_allclose(g, -np.cos(1.0))


def test_the_forward_accumulator_sees_through_a_custom_gradient(compute):
    (g,) = compute({"tensorflow": calls_wrong_sine}, (1.0,), "gradient", "forward").arrays
    np.testing.assert_allclose(g, np.cos(1.0))


def by_rank(xp, x, y):
    return xp.sum(xp.asarray([1.0, 2.0, 3.0]) * x[xp.argsort(x)] ** 2) + y[xp.argmax(x), xp.argmin(x)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operator", ["jvp", "hvp"])
def test_computed_indices_have_derivatives(compute, mode, operator):
    point, tangent = (
        (np.array([3.0, -1.0, 2.0]), np.eye(3)),
        [np.array([1.0, 10.0, 100.0]), np.arange(9.0).reshape(3, 3)],
    )
    first, *_ = compute(by_rank, point, operator, mode, tangent).arrays
    weights = np.array([3.0, 1.0, 2.0])
    wanted = 2 * weights @ (point[0] * tangent[0]) + 1.0 if operator == "jvp" else 2 * weights * tangent[0]
    np.testing.assert_allclose(first, wanted)


MATRIX = np.array([[2.0, 0.5], [0.1, 1.0]])


@pytest.mark.parametrize(
    ("f", "mode", "reason"),
    [
        (
            {"tensorflow": lambda x: tf.reduce_sum(tf.linalg.lu(x)[0])},
            "eager",
            "gradient registry has no entry for: Lu",
        ),
        ({"tensorflow": lambda x: tf.reduce_sum(tf.linalg.lu(x)[0])}, "function", "No gradient defined .*op type: Lu"),
        (lambda xp, x: xp.linalg.slogdet(x)[1], "xla", "No registered 'LogMatrixDeterminant' OpKernel for XLA"),
        (lambda xp, x: xp.linalg.det(x), "xla", "No registered 'MatrixDeterminant' OpKernel for XLA"),
        ({"tensorflow": lambda x: tf.linalg.trace(tf.linalg.expm(x))}, "xla", "fixed tensor list size"),
        ({"tensorflow": lambda x: tf.reduce_sum(tf.math.bessel_i0(x))}, "xla", "No registered 'BesselI.' OpKernel"),
    ],
)
def test_what_tensorflow_cannot_do_is_said_in_its_words(compute, f, mode, reason):
    with pytest.raises(UnsupportedError, match=reason) as raised:
        compute(f, (MATRIX,), "gradient", mode)
    assert "\n" not in str(raised.value)


def raising(x):
    raise ValueError("bad thing")


def not_implemented(x):
    raise NotImplementedError("to do")


def mutating(x):
    x._numpy()[0] = 5.0
    return tf.reduce_sum(x * x)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("f", "message"), [(raising, "ValueError: bad thing"), (not_implemented, "to do")])
def test_errors_of_the_function_are_the_functions(compute, mode, f, message):
    with pytest.raises(FunctionError, match=message):
        compute({"tensorflow": f}, (1.0,), "gradient", mode)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: None, FunctionError, "returned None"),
        (lambda x: 3, FunctionError, "returned an int"),
        (lambda x: tf.cast(x, tf.int32), FunctionError, "returned an EagerTensor"),
        (lambda x: x.numpy(), FunctionError, "ndarray"),
        (lambda x: [x, x], NotScalarError, "a scalar is needed"),
        (mutating, FunctionError, "changed its input argument 0|changed its input x"),
    ],
)
def test_odd_outputs_and_mutation_are_refused(compute, f, error, message):
    with pytest.raises(error, match=message):
        compute({"tensorflow": f}, (np.array([1.0, 2.0]),), "gradient")


def test_a_kernel_is_traced_once():
    traces = []

    def f(xp, x):
        traces.append(1)
        return xp.sum(x * x)

    inputs = Inputs.of((np.ones(3),))
    prepared = TensorflowBackend().prepare(Function.of(f), inputs, Operator.GRADIENT, "function")
    for k in range(4):
        (g,) = prepared.run([np.full(3, float(k))])
        np.testing.assert_array_equal(g, np.full(3, 2.0 * k))
    assert len(traces) == 1


def test_the_callers_settings_are_left_alone(compute):
    logger = tf.get_logger()
    before = logger.level, tf.keras.backend.floatx() if hasattr(tf, "keras") else "", dict(os.environ)
    compute(quadratic, POINT, "gradient", "function")
    with pytest.raises(FunctionError):
        compute({"tensorflow": raising}, (1.0,), "gradient")
    assert (logger.level, tf.keras.backend.floatx() if hasattr(tf, "keras") else "", dict(os.environ)) == before
    assert logger.level != logging.ERROR
    assert not tf.config.functions_run_eagerly()


def test_inside_a_graph_it_asks_for_eager_execution(compute):
    @tf.function(autograph=False)
    def outer(x):
        with pytest.raises(MissingBackendError, match="eager execution"):
            compute(quadratic, POINT, "gradient")
        return x

    outer(tf.constant(1.0))


def test_devices_and_flags():
    backend = TensorflowBackend()
    assert "CPU:0" in backend.devices()
    assert backend.flags()["op_determinism"] == "off"
    assert backend.flags()["tensor_float_32"] in ("on", "off")
    assert all(backend.missing(mode) is None for mode in backend.modes)


@pytest.mark.parametrize("first", ["", "import jax; "])
def test_importing_it_is_quiet_and_restores_the_environment(first):
    if first:
        pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    read = "print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))"
    code = f"import os; {first}{read}; import gradcheck_tensorflow; {read}"
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    before, after = done.stdout.split()
    assert before == after
    assert done.stderr == ""
