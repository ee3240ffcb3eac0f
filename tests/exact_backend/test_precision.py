"""Precision is raised as far as it must be, and nothing global stays changed."""

import threading

import numpy as np
import pytest

from gradcheck.errors import FunctionError, NotCertifiedError

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
pytest.importorskip("mpmath", reason="pip install mpmath")

import flint
import mpmath
from mpmath import mp

from gradcheck_exact.precision import LADDER, arithmetic

CANCELLATION = {
    "one minus cosine": (lambda xp, x: (1 - xp.cos(x)) / x**2, lambda x: (1 - mp.cos(x)) / x**2, 1e-8, "gradient"),
    "exp minus one": (lambda xp, x: xp.exp(x) - 1, lambda x: mp.exp(x) - 1, 1e-300, "value"),
    "difference of roots": (
        lambda xp, x: xp.sqrt(x + 1) - xp.sqrt(x), lambda x: mp.sqrt(x + 1) - mp.sqrt(x), 1e30, "gradient",
    ),
    "sine of a large number": (lambda xp, x: xp.sin(x), mp.sin, 1e22, "gradient"),
    "a tower": (lambda xp, x: xp.log(xp.exp(xp.exp(x)) - 1) - xp.exp(x), None, 5.0, "gradient"),
}  # fmt: skip


@pytest.mark.parametrize("name", CANCELLATION)
def test_cancellation(estimate, holds, name):
    f, reference, x, operator = CANCELLATION[name]
    got = estimate(f, np.array(x), operator=operator)
    with mpmath.workdps(700):
        z = mpmath.mpf(x)
        if reference is None:
            inner = mp.exp(mp.exp(z))
            truth = mp.exp(z) * inner / (inner - 1) - mp.exp(z)
        else:
            truth = mpmath.diff(lambda t: reference(t * z), 1, int(operator == "gradient"))
            truth = truth / z if operator == "gradient" else truth
    assert holds(got.arrays[0], got.errors[0], truth)
    assert got.errors[0] <= max(0.51 * np.spacing(abs(got.arrays[0])), 5e-324)


@pytest.mark.parametrize("x", [1.0, 1.0001, 1.0 + 2.0**-52])
def test_expanded_power(estimate, holds, x):
    coefficients = [mpmath.binomial(20, k) * (-1) ** k for k in range(21)]

    def expanded(xp, x):
        return sum(float(c) * x ** (20 - k) for k, c in enumerate(coefficients))

    got = estimate(expanded, np.array(x))
    assert holds(got.arrays[0], got.errors[0], 20 * (mpmath.mpf(x) - 1) ** 19)
    assert got.errors[0] <= np.spacing(got.arrays[0])


def test_zero_that_is_not_seen_to_be_exact_is_bounded_tightly(estimate):
    got = estimate(lambda xp, x: xp.sin(x) ** 2 + xp.cos(x) ** 2, np.array(0.7))
    assert abs(got.arrays[0]) <= got.errors[0] < 1e-300


def test_derivatives_beyond_the_doubles(estimate):
    large, small = (estimate(lambda xp, x: xp.exp(x), np.array(x)) for x in (1000.0, -1000.0))
    assert np.isposinf(large.arrays[0])
    assert np.isposinf(large.errors[0])
    assert "range" in large.notes[0]
    assert small.arrays[0] == 0
    assert 0 < small.errors[0] <= 5e-324


def test_a_comparison_that_no_precision_decides(estimate):
    with pytest.raises(NotCertifiedError, match=f"maximum cannot be decided at {LADDER[-1]} bits"):
        estimate(lambda xp, x: xp.maximum(xp.sin(x) ** 2 + xp.cos(x) ** 2, 1.0), np.array(0.7))


@pytest.mark.parametrize("name", ["greater", "less_equal", "equal", "abs", "sign", "floor"])
def test_nothing_is_decided_by_luck(estimate, name):
    def f(xp, x):
        one = xp.sin(x) ** 2 + xp.cos(x) ** 2
        if name == "floor":
            return x * xp.floor(one)
        return x * (getattr(xp, name)(one - 1.0) if name in ("abs", "sign") else getattr(xp, name)(one, 1.0))

    with pytest.raises(NotCertifiedError, match="not certified"):
        estimate(f, np.array(0.7))


def test_a_comparison_that_more_precision_decides(estimate):
    tiny = 1e-200
    got = estimate(lambda xp, x: xp.where(xp.exp(tiny * x) > 1.0, 3.0 * x, x), np.array(1.0))
    assert got.arrays[0] == 3.0


def test_single_precision_is_rounded_with_its_error(estimate, holds):
    x = np.array(0.3, np.float32)
    got = estimate(lambda xp, x: xp.exp(x), x)
    assert got.arrays[0].dtype == np.float32
    assert holds(got.arrays[0], got.errors[0], mp.exp(mpmath.mpf(float(x))))
    assert 0 < got.errors[0] < 1e-7


def test_settings_are_restored(estimate):
    before = flint.ctx.prec, flint.ctx.cap
    seen = []

    def f(xp, x):
        seen.append((flint.ctx.prec, flint.ctx.cap))
        raise RuntimeError("the wheels came off")

    with pytest.raises(FunctionError, match="wheels"):
        estimate(f, np.array(0.5))
    assert seen
    assert before not in seen
    assert (flint.ctx.prec, flint.ctx.cap) == before
    estimate(lambda xp, x: x * x, np.array(0.5))
    assert (flint.ctx.prec, flint.ctx.cap) == before


def test_one_thread_at_a_time(estimate):
    inside, answers = [], []

    def f(xp, x):
        inside.append(threading.get_ident())
        y = xp.exp(x)
        for _ in range(30):
            y = xp.sin(y)
        assert inside[-1] == threading.get_ident()
        return y

    def work():
        answers.append(estimate(f, np.array(0.5)).arrays[0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(map(float, answers))) == 1


def test_precision_may_be_nested():
    before = flint.ctx.prec
    with arithmetic(200):
        with arithmetic(300):
            assert flint.ctx.prec == 300
        assert flint.ctx.prec == 200
    assert flint.ctx.prec == before


def test_a_function_may_ask_for_another_derivative(estimate):
    def f(xp, x):
        inner = estimate(lambda xp, y: xp.exp(y), np.array(0.0)).arrays[0]
        return x * x * float(inner)

    assert estimate(f, np.array(3.0)).arrays[0] == 6.0
