"""What the modes of the numerical backend do with awkward inputs and functions."""

import numpy as np
import pytest

from gradcheck.errors import FunctionError
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator
from gradcheck_numerical import NumericalBackend

EXTRAPOLATING = ["adaptive", "ridders"]
EVERY = [*EXTRAPOLATING, "forward", "central"]


def differentiate(f, *inputs, operator=Operator.GRADIENT, mode="", seed=None, dtype=None):
    inputs = Inputs.of(inputs, dtype=dtype)
    return NumericalBackend().estimate(Function.of(f), inputs, operator, mode=mode, seed=seed)


def assert_inside(estimate, *true):
    for value, error, wanted in zip(estimate.arrays, estimate.errors, true, strict=True):
        assert np.all((np.abs(value - wanted) <= error) | np.isinf(error)), (value, error, wanted)


# -- fixed steps --------------------------------------------------------------------------------


def test_forward_takes_one_step_of_a_millionth():
    estimate = differentiate(lambda x: x**2, np.array(1.0), mode="forward")
    np.testing.assert_allclose(estimate.arrays[0], 2.0 + 1e-6, rtol=1e-9)
    assert_inside(estimate, 2.0)
    assert estimate.errors[0] < 1e-5


def test_central_is_accurate_to_second_order():
    h = np.finfo(float).eps ** (1 / 3)
    estimate = differentiate(lambda x: x**3, np.array(1.0), mode="central")
    np.testing.assert_allclose(estimate.arrays[0] - 3.0, h**2, rtol=0.3)
    assert_inside(estimate, 3.0)


@pytest.mark.parametrize("mode", ["forward", "central"])
def test_fixed_steps_much_wider_than_the_point_say_so(mode):
    assert_inside(differentiate(np.log, np.array(1e-9), mode=mode), 1e9)


@pytest.mark.parametrize("mode", EVERY)
def test_textbook_function_is_inside_in_every_mode(mode):
    x = np.array([0.3, -1.2, 2.5])
    assert_inside(differentiate(lambda x: np.sum(np.sin(x) * x), x, mode=mode), np.sin(x) + x * np.cos(x))


# -- edges, kinks and steps ---------------------------------------------------------------------


@pytest.mark.parametrize("mode", EXTRAPOLATING)
@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: np.where(x <= 1, np.sin(x), np.nan), 1.0, np.cos(1.0)),
        (lambda x: np.where(x >= 0, np.exp(x), np.nan), 0.0, 1.0),
        (lambda x: np.where(x <= 2, x**2, np.inf), 2.0, 4.0),
    ],
)
def test_one_sided_at_the_edge_of_a_domain(mode, f, x, slope):
    estimate = differentiate(f, np.array(x), mode=mode)
    assert_inside(estimate, slope)
    assert estimate.errors[0] < 1e-3
    assert any("one-sided" in note for note in estimate.notes)


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_a_root_at_the_edge_of_a_domain_is_not_smooth_but_covered(mode):
    estimate = differentiate(lambda x: (1 - x) ** 1.5 + x, np.array(1.0), mode=mode)
    assert_inside(estimate, 1.0)
    assert estimate.errors[0] > 0


@pytest.mark.parametrize("mode", EXTRAPOLATING)
@pytest.mark.parametrize(
    ("f", "x", "slopes"),
    [
        (np.abs, 0.0, (-1.0, 1.0)),
        (lambda x: np.maximum(x, 0.0), 0.0, (0.0, 1.0)),
        (lambda x: np.abs(x - 3) + np.sin(x), 3.0, (np.cos(3) - 1, np.cos(3) + 1)),
        (lambda x: np.maximum(x**2, x), 1.0, (1.0, 2.0)),
    ],
)
def test_the_error_at_a_kink_covers_both_slopes_and_a_note_says_so(mode, f, x, slopes):
    estimate = differentiate(f, np.array(x), mode=mode)
    for slope in slopes:
        assert_inside(estimate, slope)
    assert estimate.errors[0] < 2 * (slopes[1] - slopes[0])
    assert any("kink" in note for note in estimate.notes)


def test_a_smooth_function_has_no_notes():
    assert differentiate(lambda x: np.sum(np.exp(x)), np.array([0.0, 1.0, -2.0])).notes == ()


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_a_jump_at_the_point_has_no_useful_estimate(mode):
    estimate = differentiate(np.floor, np.array(2.0), mode=mode)
    assert not estimate.errors[0] < 1.0


@pytest.mark.parametrize("mode", EVERY)
def test_not_finite_around_the_point(mode):
    estimate = differentiate(lambda x: np.where(x == 1.0, 1.0, np.nan), np.array(1.0), mode=mode)
    assert np.isnan(estimate.arrays[0])
    assert np.isinf(estimate.errors[0])


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_not_finite_at_the_point_only(mode):
    with np.errstate(invalid="ignore"):
        estimate = differentiate(lambda x: np.sin(x) / x, np.array(0.0), mode=mode)
    assert_inside(estimate, 0.0)
    assert estimate.errors[0] < 1e-9


# -- functions that misbehave -------------------------------------------------------------------


def test_a_function_that_raises_at_the_point_is_an_error():
    def f(x):
        raise ValueError("no such thing")

    with pytest.raises(FunctionError, match="no such thing"):
        differentiate(f, np.array(1.0))


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_a_function_that_raises_beyond_its_domain_is_differentiated_within(mode):
    def f(x):
        if x > 1.01:
            raise np.linalg.LinAlgError("not positive definite")
        return np.exp(x)

    estimate = differentiate(f, np.array(1.0), mode=mode)
    assert_inside(estimate, np.e)
    assert estimate.errors[0] < 1e-7


@pytest.mark.parametrize("mode", EVERY)
def test_a_function_that_writes_into_its_inputs_is_caught_at_once(mode):
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        x += 1
        return np.sum(x**2)

    with pytest.raises(FunctionError, match="in place; work on a copy"):
        differentiate(f, np.array([1.0, 2.0]), mode=mode)
    assert calls == 1


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_outputs_that_share_the_inputs_memory(mode):
    x = np.array([1.0, -2.0, 3.0])
    assert_inside(differentiate(lambda x: x, x, operator=Operator.JACOBIAN, mode=mode), np.eye(3))
    assert_inside(differentiate(lambda x: x[::-1], x, operator=Operator.JACOBIAN, mode=mode), np.eye(3)[::-1])


@pytest.mark.parametrize("mode", EVERY)
def test_an_input_without_axes_stays_an_array(mode):
    def squared(x):
        assert isinstance(x, np.ndarray)
        return x**2

    seed = [np.array(1.0)]
    assert_inside(differentiate(squared, np.array(0.7), operator=Operator.JVP, mode=mode, seed=seed), 1.4)


def test_inputs_are_left_alone():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    before = x.copy()
    differentiate(lambda x: np.sum(x**2), x)
    np.testing.assert_array_equal(x, before)


# -- complex and single precision ---------------------------------------------------------------


@pytest.mark.parametrize("mode", EVERY)
def test_complex_inputs_get_both_partial_derivatives(mode):
    z = np.array([1.0 + 2.0j, -0.5 + 1e-6j, 3.0 + 0.0j])
    estimate = differentiate(lambda z: np.sum(np.abs(z) ** 2 + z.real * 3), z, mode=mode)
    assert_inside(estimate, 2 * z + 3)


@pytest.mark.parametrize("mode", EXTRAPOLATING)
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.sin, np.cos),
        (np.exp, np.exp),
        (lambda x: x**3 - x, lambda x: 3 * x**2 - 1),
        (lambda x: 1 / x, lambda x: -1 / x**2),
    ],
)
def test_float32_inputs_have_errors_of_their_own_precision(mode, f, slope):
    x = np.array([0.3, 1.7, -2.2, 0.01], np.float32)
    estimate = differentiate(lambda x: np.sum(f(x), dtype=np.float32), x, mode=mode, dtype="float32")
    assert estimate.arrays[0].dtype == np.float32
    true = slope(x.astype(float))
    tolerance = estimate.errors[0] + 2.0**-23 * np.abs(true)
    assert np.all(np.abs(estimate.arrays[0] - true) <= tolerance)


# -- several outputs, tangents, second order ----------------------------------------------------


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_outputs_of_very_different_size_are_judged_one_by_one(mode):
    x = np.array(0.7)
    estimate = differentiate(
        lambda x: np.stack([1e12 * np.sin(x), 1e-12 * np.cos(x), np.sin(1e3 * x), 0 * x, np.abs(x - 0.7)]),
        x,
        operator=Operator.JACOBIAN,
        mode=mode,
    )
    true = np.array([1e12 * np.cos(x), -1e-12 * np.sin(x), 1e3 * np.cos(1e3 * x), 0.0, 0.0])
    assert_inside(estimate, true)
    assert np.all(estimate.errors[0][:3] < 1e-6 * np.abs(true[:3]))
    assert estimate.errors[0][3] == 0
    assert estimate.errors[0][4] >= 1


@pytest.mark.parametrize("mode", EXTRAPOLATING)
@pytest.mark.parametrize(
    ("x", "v"),
    [
        ([1e-6, 1.0, 1e6], [1.0, 1.0, 1.0]),
        ([1e-6, 1.0, 1e6], [1e-6, -1.0, 1e6]),
        ([0.0, 2.0, 3.0], [5.0, 1e-3, 0.0]),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]),
    ],
)
def test_tangents_whose_elements_differ_in_scale(mode, x, v):
    x, v = np.array(x), np.array(v)
    estimate = differentiate(lambda x: np.sum(x**2) + np.sin(x[0]), x, operator=Operator.JVP, mode=mode, seed=[v])
    true = np.sum(2 * x * v) + np.cos(x[0]) * v[0]
    assert_inside(estimate, true)
    estimate = differentiate(lambda x: np.sum(x**3), x, operator=Operator.HVP, mode=mode, seed=[v])
    assert_inside(estimate, 6 * x * v)


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_structural_zeros_of_the_hessian(mode):
    x, y = np.array(0.8), np.array(-1.3)
    estimate = differentiate(lambda x, y: np.exp(x) + np.cos(y) * 3, x, y, operator=Operator.HESSIAN, mode=mode)
    assert_inside(estimate, np.exp(x), 0.0, 0.0, -3 * np.cos(y))
    assert np.all(np.array(estimate.errors) < 1e-7)


@pytest.mark.parametrize("mode", EVERY)
@pytest.mark.parametrize("operator", [Operator.GRADIENT, Operator.HESSIAN])
def test_memory_order_does_not_matter(mode, operator):
    x = np.array([[0.5, -1.2, 2.0], [1.5, 0.8, -0.6]])
    wanted, got = (
        differentiate(lambda x: np.sum(x**3), np.array(x, order=order), operator=operator, mode=mode) for order in "CF"
    )
    np.testing.assert_allclose(got.arrays[0], wanted.arrays[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("mode", EXTRAPOLATING)
def test_hessian_near_a_pole(mode):
    x, y = np.array(1.0), np.array(1.001)
    estimate = differentiate(lambda x, y: 1 / (x - y), x, y, operator=Operator.HESSIAN, mode=mode)
    curvature = 2 / (x - y) ** 3
    assert_inside(estimate, curvature, -curvature, -curvature, curvature)
    assert np.all(np.array(estimate.errors) < 1e-3 * abs(curvature))
