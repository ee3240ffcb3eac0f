"""Where there is no derivative, that is said; where there is one in spite of kinks, it is found."""

import numpy as np
import pytest

from gradcheck.errors import NotCertifiedError, NotDifferentiableError, UnsupportedError

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")

ZERO = np.array(0.0)

KINKS = {
    "abs": (lambda xp, x: xp.abs(x), 0.0, "kink: abs .* slope -1 before and 1 after"),
    "maximum": (lambda xp, x: xp.maximum(x, 2.0), 2.0, "kink: maximum .* slope 0 before and 1 after"),
    "minimum": (lambda xp, x: xp.minimum(3.0 * x, x), 0.0, "kink: minimum .* slope 3 before and 1 after"),
    "clip": (lambda xp, x: xp.clip(x, -1.0, 1.0), 1.0, "kink: minimum .* slope 1 before and 0 after"),
    "relu by where": (lambda xp, x: xp.where(x > 0, x, 0.0), 0.0, "boundary .* slope 0 before and 1 after"),
    "relu by mask": (lambda xp, x: x * xp.where(x > 0, 1.0, 0.0), 0.0, "boundary of a condition"),
    "jump by where": (lambda xp, x: xp.where(x >= 1, x, 0.0), 1.0, "boundary of a condition: x >= y"),
    "joined conditions": (lambda xp, x: xp.where((x > 0) & (x >= 0), x, -x), 0.0, "slope -1 before and 1 after"),
    "either condition": (lambda xp, x: xp.where((x > 0) | (x > 0), x, -x), 0.0, "slope -1 before and 1 after"),
    "negated condition": (lambda xp, x: xp.where(~(x > 0), -x, x), 0.0, "slope -1 before and 1 after"),
    "a condition on a mask": (
        lambda xp, x: xp.where(xp.where(x > 0, 2.0, 0.0) < 1.0, x, -x),
        0.0,
        "boundary of .* x > y of two numbers that are exactly equal$",
    ),
    "sign": (lambda xp, x: xp.sign(x), 0.0, "jump: sign"),
    "floor": (lambda xp, x: xp.floor(x), 3.0, "jump: floor"),
    "ceil": (lambda xp, x: xp.ceil(x), -2.0, "jump: ceil"),
    "a decision by a jump": (lambda xp, x: xp.where(xp.floor(x) > 2.5, x, x * x), 3.0, "jump: floor"),
    "a maximum by a jump": (lambda xp, x: x * xp.maximum(-xp.floor(x), -2.5), 3.0, "jump: floor"),
    "a step of a jump": (lambda xp, x: x * xp.floor(xp.floor(x) + 0.5), 3.0, "jump: floor"),
    "a sign of a jump": (lambda xp, x: x * xp.sign(xp.floor(x) - 2.5), 3.0, "jump: floor"),
    "sqrt": (lambda xp, x: xp.sqrt(x), 0.0, "edge of the domain: sqrt at exactly 0"),
    "a root as a power": (lambda xp, x: x**0.5, 0.0, "edge of the domain: a power"),
    "cbrt": (lambda xp, x: xp.cbrt(x), 0.0, "infinite slope: cbrt at exactly 0"),
    "arcsin": (lambda xp, x: xp.arcsin(x), 1.0, "edge of the domain: arcsin at exactly 1"),
    "arccos": (lambda xp, x: xp.arccos(x), -1.0, "edge of the domain: arccos at exactly -1"),
    "arccosh": (lambda xp, x: xp.arccosh(x), 1.0, "edge of the domain: arccosh at exactly 1"),
    "root of a square": (lambda xp, x: xp.sqrt(x * x), 0.0, "edge of the domain: sqrt"),
    "square of a root": (lambda xp, x: xp.abs(xp.sqrt(x)) ** 2, 0.0, "kink|edge"),
    "norm": (lambda xp, x: xp.linalg.norm(xp.stack([x, x])), 0.0, "kink: a length"),
    "power by itself": (lambda xp, x: xp.power(x, x + 2.0), 0.0, "edge of the domain: a power that varies"),
    "argmax": (lambda xp, x: xp.take(xp.stack([x, x * x]), xp.argmax(xp.stack([x, x * x]))), 1.0, "jump: argmax"),
    "a branch": (lambda xp, x: x * x if x > 1 else x, 1.0, "branches on a condition at its boundary"),
}


@pytest.mark.parametrize("name", KINKS)
def test_no_derivative(estimate, name):
    f, x, message = KINKS[name]
    with pytest.raises(NotDifferentiableError, match=message):
        estimate(f, np.array(x))
    assert np.isfinite(estimate(f, np.array(x), operator="value").arrays[0])


SMOOTH = {
    "x |x|": (lambda xp, x: x * xp.abs(x), 0.0, 0.0),
    "squared relu": (lambda xp, x: xp.maximum(x, 0.0) ** 2, 0.0, 0.0),
    "difference of relus": (lambda xp, x: xp.maximum(x, 0.0) - xp.maximum(-x, 0.0), 0.0, 1.0),
    "softsign": (lambda xp, x: x / (1.0 + xp.abs(x)), 0.0, 1.0),
    "elu": (lambda xp, x: xp.where(x > 0, x, xp.exp(x) - 1.0), 0.0, 1.0),
    "huber": (lambda xp, x: xp.where(xp.abs(x) <= 1, 0.5 * x * x, xp.abs(x) - 0.5), -1.0, -1.0),
    "cube of abs": (lambda xp, x: xp.abs(x) ** 3, 0.0, 0.0),
    "squared norm": (lambda xp, x: xp.linalg.norm(xp.stack([x, 2.0 * x])) ** 2, 0.0, 0.0),
    "squared deviation": (lambda xp, x: xp.std(xp.stack([x, x])) ** 2, 1.0, 0.0),
    "where by equality": (lambda xp, x: xp.where(x == 0, 0.0, xp.sin(x)), 0.0, 1.0),
    "the same on both sides": (lambda xp, x: xp.where(x > 0, x, x), 0.0, 1.0),
    "maximum of one": (lambda xp, x: xp.maximum(x, x), 1.0, 1.0),
    "maximum of equals": (lambda xp, x: xp.maximum(x, 1.0 * x), 1.0, 1.0),
    "a branch that is taken": (lambda xp, x: x * x if x > 1 else x, 2.0, 4.0),
    "a power of zero": (lambda xp, x: xp.power(0.0, x), 2.0, 0.0),
    "where-sqrt, guarded": (lambda xp, x: xp.where(x > 0, xp.sqrt(xp.where(x > 0, x, 1.0)), 0.0), -1.0, 0.0),
    "where-sqrt, not guarded": (lambda xp, x: xp.where(x > -1, x, xp.sqrt(x)), 0.0, 1.0),
    "where-log, not guarded": (lambda xp, x: xp.where(x < 1, x, xp.log(x)), 0.0, 1.0),
    "floor inside a step": (lambda xp, x: x * xp.floor(x), 2.5, 2.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_derivative_in_spite_of_kinks(estimate, name):
    f, x, slope = SMOOTH[name]
    got = estimate(f, np.array(x))
    assert got.arrays[0] == slope
    assert got.errors[0] == 0


def test_equal_slopes_along_the_axes_are_not_enough(estimate):
    def f(xp, x, y):
        return xp.maximum(0.0, xp.minimum(x, y))

    with pytest.raises(NotDifferentiableError, match="kink"):
        estimate(f, ZERO, ZERO)


def test_second_derivatives_do_not_go_through_kinks(estimate):
    with pytest.raises(NotDifferentiableError, match="kink: maximum"):
        estimate(lambda xp, x: xp.maximum(x, 0.0) ** 2, ZERO, operator="hessian")


@pytest.mark.parametrize("operator", ["gradient", "hessian"])
def test_only_the_inputs_that_feed_a_kink_lose_their_derivatives(estimate, operator):
    x = np.array([1.0, 0.0, -2.0])
    got = estimate(lambda xp, x: xp.sum(xp.abs(x) * x * x + xp.abs(x)), x, operator=operator)
    alive = np.array([True, False, True])
    alive = alive if operator == "gradient" else np.outer(alive, alive)
    assert np.array_equal(np.isfinite(got.arrays[0]), alive)
    assert np.array_equal(np.isfinite(got.errors[0]), alive)
    assert np.array_equal(got.kinks[0], ~alive)
    assert "kink: abs" in got.notes[0]


def test_rows_of_a_jacobian_and_pushforward(estimate):
    x = np.array([1.0, 0.0])
    got = estimate(lambda xp, x: xp.abs(x), x, operator="jacobian")
    assert np.array_equal(got.arrays[0], [[1.0, 0.0], [0.0, np.nan]], equal_nan=True)
    pushed = estimate(lambda xp, x: xp.abs(x), x, operator="jvp", seed=[np.array([2.0, 0.0])])
    assert np.array_equal(pushed.arrays[0], [2.0, 0.0])
    pushed = estimate(lambda xp, x: xp.abs(x), x, operator="jvp", seed=[np.array([2.0, 1.0])])
    assert np.array_equal(pushed.arrays[0], [2.0, np.nan], equal_nan=True)


def test_ties_of_a_sort(estimate):
    got = estimate(lambda xp, x: xp.sum(xp.sort(x) * xp.asarray([1.0, 2.0, 3.0])), np.array([1.0, 1.0, 0.0]))
    assert np.array_equal(got.arrays[0], [np.nan, np.nan, 1.0], equal_nan=True)
    even = estimate(lambda xp, x: xp.sum(xp.sort(x)), np.array([1.0, 2.0, 0.0]))
    assert np.array_equal(even.arrays[0], [1.0, 1.0, 1.0])


@pytest.mark.parametrize(("y", "x"), [(0.0, 0.0), (0.0, -1.0)])
def test_arctan2_jumps(estimate, y, x):
    with pytest.raises(NotDifferentiableError, match="jump: arctan2"):
        estimate(lambda xp, y, x: xp.arctan2(y, x), np.array(y), np.array(x))
    for zero in (y, -y):  # balls do not know the sign of a zero
        got = estimate(lambda xp, y, x: xp.arctan2(y, x), np.array(zero), np.array(x), operator="value")
        assert abs(got.arrays[0] - np.arctan2(zero, x)) <= got.errors[0] < 3.2


def test_an_angle_that_may_jump_is_not_decided(estimate):
    def f(xp, x):
        zero = xp.sin(x) ** 2 + xp.cos(x) ** 2 - 1.0
        return xp.arctan2(xp.asarray(0.0) * x, zero)

    with pytest.raises(NotCertifiedError, match="arctan2"):
        estimate(f, np.array(0.7))


def test_arctan2_on_the_positive_axis(estimate):
    got = estimate(lambda xp, y, x: xp.arctan2(y, x), ZERO, np.array(2.0))
    assert [float(a) for a in got.arrays] == [0.5, 0.0]


@pytest.mark.parametrize(("base", "exponent", "slope"), [(0.0, 2.0, 0.0), (-2.0, 3.0, 12.0), (0.0, 1.0, 1.0)])
def test_powers_that_vary_of_bases_that_are_not_positive(estimate, base, exponent, slope):
    got = estimate(lambda xp, x, y: xp.power(x, y), np.array(base), np.array(exponent))
    assert got.arrays[0] == slope
    assert np.isnan(got.arrays[1])
    assert np.isinf(got.errors[1])


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda xp, x: xp.log(x), -1.0),
        (lambda xp, x: xp.log(x), 0.0),
        (lambda xp, x: xp.maximum(xp.sqrt(x), 1.0), -1.0),
        (lambda xp, x: 1.0 / x, 0.0),
        (lambda xp, x: xp.special.gammaln(x), -2.0),
        (lambda xp, x: x**0.5, -1.0),
    ],
)
def test_outside_the_domain_there_is_no_enclosure(estimate, f, x):
    for operator in ("value", "gradient", "hessian"):
        got = estimate(f, np.array(x), operator=operator)
        assert np.isnan(got.arrays[0])
        assert np.isinf(got.errors[0])
        assert "no finite enclosure" in got.notes[0]


def test_limits_are_named(estimate, monkeypatch):
    with pytest.raises(UnsupportedError, match="at most 200"):
        estimate(lambda xp, x: xp.sum(x), np.ones(201))
    with pytest.raises(UnsupportedError, match="up to 10 rows"):
        estimate(lambda xp, x: xp.linalg.det(xp.eye(11) * x), np.array(1.0))
    with pytest.raises(UnsupportedError, match="arrays of up to 200000 elements"):
        estimate(lambda xp, x: x * xp.sum(xp.zeros(200_001)), np.array(1.0))
    monkeypatch.setattr("gradcheck_exact.tape.MAX_OPERATIONS", 100)
    assert estimate(lambda xp, x: xp.sum(xp.ones(40) * x), np.array(1.0)).arrays[0] == 40.0
    with pytest.raises(UnsupportedError, match="100 elementary operations"):
        estimate(lambda xp, x: xp.sum(xp.ones(60) * x), np.array(1.0))
    with pytest.raises(UnsupportedError, match="100 elementary operations"):
        estimate(lambda xp, x: x * xp.sum(xp.ones((5, 5)) @ xp.ones((5, 5))), np.array(1.0))
    monkeypatch.setattr("gradcheck_exact.adapter.MAX_STEPS", 100)
    with pytest.raises(UnsupportedError, match="30 sweeps over 29 operations"):
        estimate(lambda xp, x: xp.sum(x * x), np.ones(10), operator="hessian")
