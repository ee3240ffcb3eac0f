"""What a function's own noise, its resolution and its flat parts do to the error estimate."""

import numpy as np
import pytest
from scipy import special

import gradcheck
from gradcheck.functions import Function, Inputs
from gradcheck.judge.verdicts import Status
from gradcheck.operators import Operator
from gradcheck_numerical import NumericalBackend

MODES = pytest.mark.parametrize("mode", ["adaptive", "ridders"])
POINT = np.array([0.3, -1.2, 0.8])


def gradient(f, x, mode="adaptive"):
    estimate = NumericalBackend().estimate(Function.of(f), Inputs.of([x]), Operator.GRADIENT, mode=mode)
    return estimate.arrays[0], estimate.errors[0], estimate.notes


def noisy(scale, seed=0):
    rng = np.random.default_rng(seed)
    return lambda x: np.sum(np.sin(x)) + scale * rng.normal()


@MODES
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [1e-15, 1e-12, 1e-8, 1e-4, 1.0])
def test_the_error_covers_a_random_forward_and_a_note_says_so(scale, seed, mode):
    value, error, notes = gradient(noisy(scale, seed), POINT, mode)
    assert np.all(np.abs(value - np.cos(POINT)) <= error)
    assert any("not deterministic" in note for note in notes)


def test_a_small_scatter_leaves_an_estimate_that_is_of_use():
    _, error, _ = gradient(noisy(1e-12), POINT)
    assert np.all(error < 1e-6)


def test_a_deterministic_function_has_no_such_note():
    assert gradient(noisy(0.0), POINT)[2] == ()


def test_dropout_is_not_called_wrong_and_a_sign_is_not_called_right():
    rng = np.random.default_rng(0)

    def dropout(x):
        return np.sum(np.sin(x) * (rng.random(x.shape) > 0.5)) * 2

    right = gradcheck.check(dropout, POINT, gradient=np.cos, backends=["numerical"])
    assert right.verdict("analytic", operator="gradient").status is Status.INCONCLUSIVE
    wrong = gradcheck.check(noisy(1e-9), POINT, gradient=lambda x: -np.cos(x), backends=["numerical"])
    assert wrong.verdict("analytic", operator="gradient").status is Status.WRONG


@MODES
@pytest.mark.parametrize("distance", [1e-9, 1e-6, 1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e4])
def test_the_flat_side_of_a_kink_is_flat(distance, offset, mode):
    value, error, _ = gradient(lambda x: np.sum(np.maximum(x, 0.0)) + offset, np.array([-distance, 1.0, -2.0]), mode)
    np.testing.assert_allclose(value, [0.0, 1.0, 0.0], atol=1e-9)
    assert np.all(np.abs(value - [0.0, 1.0, 0.0]) <= error)
    assert error[0] <= 1e-13 * (1 + offset) / distance


@MODES
def test_a_dead_zone_is_flat(mode):
    value, error, _ = gradient(lambda x: np.sum(np.sign(x) * np.maximum(np.abs(x) - 1e-3, 0.0)), POINT * 1e-3, mode)
    np.testing.assert_allclose(value, [0.0, 1.0, 0.0], atol=1e-9)
    assert np.all(error < 1e-8)


@MODES
@pytest.mark.parametrize("x", [0.3, 1e-3, 7.7])
def test_values_that_are_rounded_are_not_flat(x, mode):
    """A float32 kernel does not move at narrow steps either, but begins to with a jump."""
    value, error, _ = gradient(lambda x: np.float64(np.float32(np.sin(x[0]))), np.array([x]), mode)
    assert abs(value[0] - np.cos(x)) <= error[0]
    assert error[0] < 0.1


def test_what_rounding_hides_is_not_known_better_than_that():
    """The value is exactly 0 and does not move with x[3]; inside, there are numbers of the size of 43."""

    def loss(x):
        shifted = x - np.max(x)
        return np.log(np.sum(np.exp(shifted))) - shifted[0]

    x = np.array([43.0, 0.3, -0.7, 0.5])
    value, error, _ = gradient(loss, x)
    true = np.exp(x[3] - 43.0)
    assert value[3] == 0.0
    assert abs(value[3] - true) <= error[3]


def test_an_argument_that_is_not_used_has_a_derivative_of_exactly_zero():
    value, error, _ = gradient(lambda x: np.sin(x[0]), POINT)
    assert value[1] == 0.0
    assert error[1] < 1e-14
    value, error, _ = gradient(lambda x: 0.0 * np.sum(x), POINT)
    assert np.all(value == 0.0)
    assert np.all(error == 0.0)


@MODES
def test_a_pole_nearer_than_the_first_steps(mode):
    x = 1 + 2.0**-26
    value, error, _ = gradient(lambda x: 1 / (x[0] - 1) ** 2, np.array([x]), mode)
    assert abs(value[0] + 2 * 2.0**78) <= error[0] < 1e-6 * 2.0**79


@MODES
@pytest.mark.parametrize("distance", [1e-9, 1e-7, 1.2e-5, 5e-5, 1e-3])
def test_a_kink_among_the_first_steps(distance, mode):
    """The slope is 0 here and -1 or 1 / 4 beyond the kink; the other elements are not flat."""
    y = np.array([0.7, -1.2, 1.9])
    x = y - distance * np.array([-1.0, 1.0, -2.0])
    value, error, _ = gradient(lambda z: np.sum(np.maximum(x, z)), y, mode)
    np.testing.assert_allclose(value, [0.0, 1.0, 0.0], atol=1e-5)
    assert np.all(np.abs(value - [0.0, 1.0, 0.0]) <= error)
    assert np.all(error < 1e-13 / distance + 1e-6)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: np.sum(x + 1e-2 * np.sin(1e3 * x)), lambda x: 1 + 10 * np.cos(1e3 * x)),
        (lambda x: np.sum(1 / (x - 1) ** 2), lambda x: -2 / (x - 1) ** 3),
        (lambda x: np.log(np.sum(np.exp(1e5 * (x - 1)))) + 1e5, None),
    ],
    ids=["a ripple", "near a pole", "a fast log-sum-exp"],
)
def test_structure_at_the_first_steps_is_no_rounding(f, slope):
    x = np.array([0.99390296, 0.99980679, 1.00085298])
    weights = np.exp(1e5 * (x - np.max(x)))
    true = 1e5 * weights / weights.sum() if slope is None else slope(x)
    value, error, _ = gradient(f, x)
    assert np.all(np.abs(value - true) <= error)
    assert np.all(error <= 1e-7 * np.max(np.abs(true)))


def test_widening_does_not_make_a_tail_worse():
    x = np.array([3.08202857, -7.18212513, 4.94978889, 7.95200879])
    value, error, _ = gradient(lambda x: np.sum(special.erfc(x)), x)
    true = -2 / np.sqrt(np.pi) * np.exp(-(x**2))
    assert np.all(np.abs(value - true) <= error)
    assert np.all(error < 1e-12)


@MODES
def test_steps_at_0_end_where_rounding_begins(mode):
    """exp(x) - 1 is flat below an ulp of 1; at 0 there are much narrower steps, which tell nothing."""

    def selu(x):
        return np.sum(np.where(x > 0, x, 1.7 * (np.exp(x) - 1)))

    value, error, notes = gradient(selu, np.array([0.0, 1.0]), mode)
    assert value[0] - error[0] <= 1.0
    assert value[0] + error[0] >= 1.7
    assert error[0] < 2.0
    assert any("kink" in note for note in notes)


@pytest.mark.parametrize("first", [45.1, 40.9, 38.2, 30.5])
def test_a_second_derivative_of_a_staircase_is_not_sure_of_zero(first):
    """Nearby the loss of a confident classifier is 0, further off it moves in ulps of 1."""

    def loss(x):
        return np.log(np.sum(np.exp(x - x[0])))

    x = np.array([first, -0.65, -0.09, 1.41])
    estimate = NumericalBackend().estimate(Function.of(loss), Inputs.of([x]), Operator.HESSIAN, mode="adaptive")
    p = np.exp(x - x[0]) / np.sum(np.exp(x - x[0]))
    rest = p[1:].sum()
    right = np.diag(p) - np.outer(p, p)
    right[0, 0] = p[0] * rest
    assert np.all(np.abs(estimate.arrays[0] - right) <= estimate.errors[0])


def cancels(x):
    return np.sum((1 - np.cos(x)) / x**2)


@MODES
@pytest.mark.parametrize("x", [-1.0328155397564551e-07, 1.0379124270675453e-07, 3.3e-07])
def test_a_slope_between_jumps_that_undo_it_is_not_known(x, mode):
    """There are two digits left of 1 - cos x: between its steps the quotient has a slope of its own."""
    value, error, _ = gradient(cancels, np.array([x]), mode)
    assert not abs(value[0]) > error[0]


@MODES
@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: np.sum(np.abs(x - 1)) + 100, 1 + 1e-6, 1.0),
        (lambda x: np.sum(np.maximum(x, 1)) + 100, 1 + 1e-7, 1.0),
        (lambda x: np.sum(np.sin(1e6 * x)) + 100, 0.7, 1e6 * np.cos(0.7e6)),
        (lambda x: np.sum(np.tanh(1e5 * (x - 1))) + 100, 1.0, 1e5),
        (lambda x: np.sum(7 * x - np.floor(7 * x)), 2.4, 7.0),
    ],
    ids=["beside a kink", "on a ramp", "oscillation", "narrow step", "sawtooth"],
)
def test_a_slope_that_ends_nearby_is_known(f, x, slope, mode):
    value, error, _ = gradient(f, np.array([x]), mode)
    assert abs(value[0] - slope) <= error[0] < 1e-3 * abs(slope)
