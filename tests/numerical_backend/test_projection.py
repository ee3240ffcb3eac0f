"""Large inputs are verified along random directions, in a number of evaluations that does not grow with them."""

import numpy as np
import pytest

import gradcheck
from gradcheck.backend import Engine, Estimate
from gradcheck.functions import Function, Inputs
from gradcheck.judge import testimony
from gradcheck.judge.comparison import Vector
from gradcheck.judge.projection import by_projection
from gradcheck.judge.verdicts import Status
from gradcheck.operators import Operator
from gradcheck_numerical import NumericalBackend
from gradcheck_numerical.projection import Projection

N = 10**5


def wave(x):
    return np.sum(np.sin(x))


def points(n=N, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def judged(f, rule, x, *, kind="gradient", **options):
    report = gradcheck.check(f, x, **{kind: rule}, operator=kind, **options)
    return report.verdict("analytic", operator=kind)


def but(change):
    """Return the gradient of `wave` with a fault."""

    def gradient(x):
        right = np.cos(x)
        changed = change(right)
        return right if changed is None else changed

    return gradient


def at(index, fault):
    def change(right):
        right[index] = fault(right[index])

    return change


def pair(right):
    right[100] += 1e-6
    right[101] -= 1e-6


def test_a_right_gradient_of_many_elements_agrees_and_says_how_finely():
    verdict = judged(wave, np.cos, points())
    assert verdict.status is Status.AGREE
    assert "2 random signed directions" in verdict.evidence.reason
    assert "would have been seen" in verdict.evidence.reason


@pytest.mark.parametrize("index", [0, 77_777, N - 1])
@pytest.mark.parametrize(
    "fault",
    [lambda g: g * (1 + 1e-6), lambda g: 0.0, lambda g: -g, lambda g: g + 1.0],
    ids=["1e-6", "zero", "sign", "shifted"],
)
def test_one_wrong_element_among_many_is_found_and_named(index, fault):
    x = points()
    x[index] = 0.3  # a typical element, whatever was drawn
    verdict = judged(wave, but(at(index, fault)), x)
    assert (verdict.status, verdict.index) == (Status.WRONG, (index,))
    assert verdict.evidence.reference == pytest.approx(np.cos(0.3), abs=1e-8)
    assert verdict.evidence.difference > verdict.evidence.tolerance
    assert "bisection" in verdict.evidence.reason
    assert "no other wrong element" in verdict.evidence.reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda right: right * (1 + 1e-9), "there are other wrong elements"),
        (pair, "there are other wrong elements"),
        (lambda right: np.roll(right, 1), "shifted by one"),
        (np.negative, "the sign is flipped"),
        (lambda right: 2 * right, "it is 2 times the reference throughout"),
        (np.zeros_like, "zero throughout"),
    ],
    ids=["scaled by 1 + 1e-9", "compensating", "rolled", "negative", "doubled", "detached"],
)
def test_many_wrong_elements_are_seen(change, said):
    verdict = judged(wave, but(change), points())
    assert verdict.status is Status.WRONG
    assert said in verdict.evidence.reason


def test_faults_that_cancel_in_a_sum_of_equal_elements_are_seen():
    def rule(x):
        right = np.full(x.shape, 3.0)
        right[7:9] += [1e-6, -1e-6]
        return right

    verdict = judged(lambda x: 3 * np.sum(x), rule, np.ones(N))
    assert verdict.status is Status.WRONG
    assert verdict.index[0] in (7, 8)


def test_a_transposed_gradient_is_named():
    x = points(400).reshape(20, 20)
    verdict = judged(wave, lambda x: np.cos(x).T, x)
    assert verdict.status is Status.WRONG
    assert "transposed" in verdict.evidence.reason


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonfinite_elements_come_first(bad):
    verdict = judged(wave, but(at(3, lambda g: bad)), points())
    assert (verdict.status, verdict.index) == (Status.NONFINITE, (3,))


def test_single_precision_sees_a_thousandth():
    x = points().astype(np.float32)
    x[4242] = 0.3
    assert judged(wave, np.cos, x).status is Status.AGREE
    wrong = judged(wave, but(at(4242, lambda g: g * np.float32(1.001))), x)
    assert (wrong.status, wrong.index) == (Status.WRONG, (4242,))


def test_zeros_are_moved_as_well():
    x = points(1000)
    x[[5, 500]] = 0.0
    assert judged(wave, np.cos, x).status is Status.AGREE
    wrong = judged(wave, but(at(500, lambda g: 1 - 1e-6)), x)
    assert (wrong.status, wrong.index) == (Status.WRONG, (500,))


def test_zeros_at_a_kink_do_not_hide_the_others():
    def relu(x):
        return np.sum(np.maximum(x, 0.0))

    x = points(1000)
    x[5] = 0.0
    right = judged(relu, lambda x: (x > 0) * 1.0, x)
    assert right.status is Status.AGREE
    assert "at 1 of 1 inputs that are or may be at kinks it was only held between the slopes" in right.evidence.reason
    largest = int(np.argmax(x))
    wrong = judged(relu, lambda x: (x > 0) * np.where(np.arange(1000) == largest, 1 + 1e-6, 1.0), x)
    assert (wrong.status, wrong.index) == (Status.WRONG, (largest,))


SIGNS = 3 * np.random.default_rng(1).choice([-1.0, 1.0], 300)
"""The slopes of what is added to sum|x|: at a zero the one-sided slopes are 2 and 4, or -4 and -2."""


def kinky(x):
    return np.sum(np.abs(x)) + np.sum(SIGNS * x)


def some_zeros(share):
    return np.where(np.random.default_rng(2).random(300) < share, 0.0, points(300))


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0], ids=["few", "many", "all"])
def test_a_gradient_between_the_slopes_at_zeros_agrees(share):
    assert judged(kinky, lambda x: np.sign(x) + SIGNS, some_zeros(share)).status is Status.AGREE


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0], ids=["few", "many", "all"])
@pytest.mark.parametrize("factor", [-1.0, 0.25], ids=["sign", "quarter"])
def test_a_gradient_outside_the_slopes_at_zeros_is_wrong(share, factor):
    x = some_zeros(share)
    wrong = judged(kinky, lambda x: (np.sign(x) + SIGNS) * np.where(x == 0, factor, 1.0), x)
    assert wrong.status is Status.WRONG
    assert x[wrong.index] == 0


def test_a_penalised_fit_with_its_sign_flipped_at_the_start_is_wrong():
    rng = np.random.default_rng(3)
    a, b, w = rng.normal(size=(50, 300)), rng.normal(size=50), np.zeros(300)

    def f(w):
        return 0.5 * np.sum((a @ w - b) ** 2) + 0.1 * np.sum(np.abs(w))

    assert judged(f, lambda w: a.T @ (a @ w - b) + 0.1 * np.sign(w), w).status is Status.AGREE
    assert judged(f, lambda w: -a.T @ (a @ w - b) + 0.1 * np.sign(w), w).status is Status.WRONG


def test_what_was_not_looked_at_is_said_and_no_resolution_is_claimed_for_it():
    reason = judged(kinky, lambda x: SIGNS, np.zeros(300)).evidence.reason
    assert "64 of 300 inputs" in reason
    assert "at the others nothing was looked at" in reason
    assert "would have been seen" not in reason


def highest_of_pairs(x):
    return np.sum(np.max(x.reshape(-1, 2), axis=1))


def first_of_the_highest(x):
    pairs = x.reshape(-1, 2)
    return (np.arange(2) == np.argmax(pairs, axis=1)[:, None]).astype(float).reshape(-1)


@pytest.mark.parametrize("tied", [0.0, 0.5, 1.0])
def test_ties_are_found_and_do_not_hide_the_others(tied):
    x = points(400)
    x[[10, 11, 100, 101]] = [0.5, 0.5, 1.0, 1.0]
    at_ties = np.isin(np.arange(400), [10, 11, 100, 101])
    right = judged(highest_of_pairs, lambda x: np.where(at_ties, tied, first_of_the_highest(x)), x)
    assert right.status is Status.AGREE
    assert "at 4 of 4 inputs" in right.evidence.reason
    elsewhere = judged(highest_of_pairs, lambda x: first_of_the_highest(x) + 1e-6 * (np.arange(400) == 200), x)
    assert (elsewhere.status, elsewhere.index) == (Status.WRONG, (200,))


@pytest.mark.parametrize("outside", [-0.5, 1.5])
def test_a_gradient_outside_the_slopes_at_ties_is_wrong(outside):
    x = points(400)
    x[[10, 11]] = 0.5
    at_ties = np.isin(np.arange(400), [10, 11])
    wrong = judged(highest_of_pairs, lambda x: np.where(at_ties, outside, first_of_the_highest(x)), x)
    assert wrong.status is Status.WRONG
    assert wrong.index[0] in (10, 11)


def test_ties_everywhere():
    x, weights = np.round(2 * points(400)), np.sort(points(400, seed=1))

    def rule(x):
        to_x = np.zeros(400)
        to_x[np.argsort(x, kind="stable")] = weights
        return to_x

    assert judged(lambda x: np.sum(np.sort(x) * weights), rule, x).status is Status.AGREE
    assert judged(lambda x: np.sum(np.sort(x) * weights), lambda x: -rule(x), x).status is Status.WRONG


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_element_that_is_tiny_beside_the_others_is_seen(dtype):
    x = points(300).astype(dtype)
    x[7] = 1e-15
    detached = np.where(np.arange(300) == 7, 0, 1).astype(dtype)
    assert judged(wave, np.cos, x).status is Status.AGREE
    wrong = judged(wave, lambda x: np.cos(x) * detached, x)
    assert (wrong.status, wrong.index) == (Status.WRONG, (7,))


@pytest.mark.parametrize(("dtype", "tiny"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize("count", [2, 500])
def test_an_argument_that_is_tiny_beside_the_others_is_seen(dtype, tiny, count):
    w, s = points(400).astype(dtype), np.full(count, tiny, dtype)

    def f(w, s):
        return np.sum(w**2) + np.sum(np.exp(s))

    assert gradcheck.check(f, w, s, gradient=lambda w, s: (2 * w, np.exp(s)))
    wrong = gradcheck.check(f, w, s, gradient=lambda w, s: (2 * w, 0 * s)).verdict("analytic", operator="gradient")
    assert (wrong.status, wrong.argument) == (Status.WRONG, "s")


@pytest.mark.parametrize(("f", "slope"), [(np.log, lambda s: 1 / s), (np.sqrt, lambda s: 0.5 / np.sqrt(s))])
def test_a_tiny_argument_near_the_edge_of_its_domain(f, slope):
    w, s = points(400), np.array([1e-13, 2e-13])

    def loss(w, s):
        return np.sum(w**2) + np.sum(f(s))

    assert gradcheck.check(loss, w, s, gradient=lambda w, s: (2 * w, slope(s)))
    assert not gradcheck.check(loss, w, s, gradient=lambda w, s: (2 * w, 0 * s))


def test_elements_of_all_sizes_are_moved_by_their_own():
    x = 10.0 ** np.random.default_rng(0).uniform(-6, 6, 1000)
    assert judged(lambda x: np.sum(np.log(x)), lambda x: 1 / x, x).status is Status.AGREE
    wrong = judged(lambda x: np.sum(np.log(x)), lambda x: 1 / x * (1 + 1e-6 * (np.arange(1000) == 300)), x)
    assert (wrong.status, wrong.index) == (Status.WRONG, (300,))


def test_several_arguments():
    def f(w, b):
        return np.sum(np.tanh(w @ np.ones(30) / 30 + b))

    def rule(w, b):
        slope = 1 / np.cosh(w @ np.ones(30) / 30 + b) ** 2
        return np.repeat(slope[:, None] / 30, 30, axis=1), slope

    def swapped(w, b):
        to_w, to_b = rule(w, b)
        return to_w, np.where(np.arange(20) == 7, 1.0001, 1.0) * to_b

    w, b = points(600).reshape(20, 30), points(20, seed=1)
    assert gradcheck.check(f, w, b, gradient=rule)
    verdict = gradcheck.check(f, w, b, gradient=swapped).verdict("analytic", operator="gradient")
    assert (verdict.status, verdict.element) == (Status.WRONG, "b[7]")


def test_the_jacobian():
    a = np.random.default_rng(2).normal(size=(3, 300))

    def rule(x, fault=0.0):
        jacobian = a * np.cos(x)
        jacobian[1, 123] += fault
        return jacobian

    def f(x):
        return a @ np.sin(x)

    assert judged(f, rule, points(300), kind="jacobian").status is Status.AGREE
    wrong = judged(f, lambda x: rule(x, 1e-6), points(300), kind="jacobian")
    assert (wrong.status, wrong.index) == (Status.WRONG, (1, 123))


def test_the_jacobian_of_a_complex_output():
    a = np.random.default_rng(2).normal(size=(2, 300)) * (1 + 2j)

    def rule(x, fault=0.0):
        jacobian = a * np.cos(x)
        jacobian[1, 123] += fault
        return jacobian

    def f(x):
        return a @ np.sin(x)

    assert judged(f, rule, points(300), kind="jacobian").status is Status.AGREE
    wrong = judged(f, lambda x: rule(x, 1e-6j), points(300), kind="jacobian")
    assert (wrong.status, wrong.index) == (Status.WRONG, (1, 123))


def test_the_pullback():
    def rule(inputs, cotangent, fault=0.0):
        pulled = cotangent * np.cos(inputs[0])
        pulled[400] += fault
        return (pulled,)

    assert judged(np.sin, rule, points(1000), kind="vjp").status is Status.AGREE
    wrong = judged(np.sin, lambda i, u: rule(i, u, 1e-6), points(1000), kind="vjp")
    assert (wrong.status, wrong.index) == (Status.WRONG, (400,))


def test_a_complex_gradient():
    def f(z):
        return np.sum(np.abs(z) ** 2)

    z = points(400) + 1j * points(400, seed=1)
    assert judged(f, lambda z: 2 * z, z).status is Status.AGREE
    conjugated = judged(f, lambda z: 2 * np.conj(z), z)
    assert conjugated.status is Status.WRONG
    assert "conjugate" in conjugated.evidence.reason
    one = judged(f, lambda z: 2 * z + 1e-5j * (np.arange(400) == 9), z)
    assert (one.status, one.index) == (Status.WRONG, (9,))


def hvp_judged(product):
    """Judge a Hessian times a tangent of sum(x^4) by a projector alone."""
    inputs = Inputs.of([points(400)])
    function, tangent = Function.of(lambda x: np.sum(x**4)), points(400, seed=1)
    projector = Projection(NumericalBackend().bind(function, inputs), Operator.HVP, inputs.arrays, [tangent])
    estimate = Estimate(Engine("analytic"), Operator.HVP, (product(inputs.arrays[0], tangent),))
    accused = testimony.Testimony(Engine("analytic"), False, estimate)
    referee = testimony.Testimony(Engine("numerical"), True, projector=projector)
    outputs = (np.sum(inputs.arrays[0] ** 4),)
    question = testimony.Question("quartic", "", Operator.HVP, inputs, (accused, referee), outputs)
    return by_projection(question, Vector.of(accused), referee)


def test_the_hessian_times_a_tangent():
    assert hvp_judged(lambda x, w: 12 * x**2 * w).status is Status.AGREE
    wrong = hvp_judged(lambda x, w: 12 * x**2 * w * np.where(np.arange(400) == 50, 1.01, 1.0))
    assert wrong.status is Status.WRONG
    assert np.flatnonzero(wrong.bad).tolist() == [50]


def calls_for(n):
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return np.sum(np.sin(x))

    assert gradcheck.check(f, points(n), gradient=np.cos, operator="gradient")
    return calls


def test_the_number_of_evaluations_does_not_grow():
    assert calls_for(N) <= calls_for(1000) + 20 <= 120


def test_a_noisy_function_is_not_accused_and_says_what_is_seen():
    def f(x):
        return np.float64(np.sum(np.sin(x), dtype=np.float32))

    assert judged(f, np.cos, points(1000)).status in (Status.AGREE, Status.INCONCLUSIVE)


def test_a_discontinuous_function_is_not_verified():
    def f(x):
        return np.sum(np.floor(1e3 * x))

    assert judged(f, np.zeros_like, points(1000)).status is Status.INCONCLUSIVE


def test_the_witness_agrees_where_an_engine_does_and_says_that_it_computed_nothing_else():
    report = gradcheck.check(wave, points(1000), gradient=np.cos, operator="gradient")
    witness = report.verdict("numerical", operator="gradient")
    assert witness.status is Status.AGREE
    assert "no element by itself" in witness.evidence.reason
    wrong = gradcheck.check(wave, points(1000), gradient=np.sin, operator="gradient")
    assert wrong.verdict("numerical", operator="gradient").status is Status.INCONCLUSIVE


def test_asked_for_by_name_it_is_a_witness_all_the_same_and_gradient_computes_everything():
    x = points(300)
    report = gradcheck.check(wave, x, gradient=np.cos, backends=["numerical"], operator="gradient")
    assert report
    np.testing.assert_allclose(gradcheck.gradient(wave, x, backend="numerical"), np.cos(x), atol=1e-9)


def test_a_tolerance_that_is_imposed_holds_for_each_element():
    x = points(1000)
    x[10] = 0.3
    wrong = but(at(10, lambda g: g * (1 + 1e-4)))
    assert judged(wave, wrong, x, rtol=1e-3).status is Status.AGREE
    assert judged(wave, wrong, x, rtol=1e-5).status is Status.WRONG
    everywhere = but(lambda right: right * (1 + 1e-6))
    assert judged(wave, everywhere, x, rtol=1e-5).status is Status.AGREE
