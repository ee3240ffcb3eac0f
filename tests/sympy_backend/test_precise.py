"""SymPy evaluated by mpmath: right to the last digit, or silent."""

from functools import partial

import numpy as np
import pytest

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator

pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")

import mpmath

from gradcheck_sympy import SympyBackend
from gradcheck_sympy.operations import NAMED

backend = SympyBackend()


def estimate(operator, f, *args, seed=None, dtype=None):
    function = Function.of(f)
    inputs = Inputs.of(args, parameters=function.parameters, dtype=dtype)
    return backend.estimate(function, inputs, Operator(operator), mode="precise", seed=seed)


def gradient(f, *args):
    found = estimate("gradient", f, *args)
    return found.arrays[0], found.errors[0]


# -- where it must be silent --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda xp, x: xp.abs(x), 0.0),
        (lambda xp, x: xp.abs(x) * x, 0.0),
        (lambda xp, x: xp.sign(x), 0.0),
        (lambda xp, x: xp.floor(x), 2.0),
        (lambda xp, x: xp.ceil(x) * x, -1.0),
        (lambda xp, x: xp.maximum(x, 0.0) - xp.maximum(-x, 0.0), 0.0),
        (lambda xp, x: xp.maximum(x, 1.0), 1.0),
        (lambda xp, x: xp.where(x > 1.0, 2.0, 3.0), 1.0),
        (lambda xp, x: xp.where(x >= 1.0, x, 2.0 * x), 1.0),
        (lambda xp, x: xp.where(xp.sqrt(x) ** 2 > 2.0, x, 2.0 * x), 2.0),
        (lambda xp, x: xp.sqrt(x), 0.0),
        (lambda xp, x: xp.log(x), -1.0),
        (lambda xp, x: xp.arcsin(x), 1.0),
        (lambda xp, x: 1.0 / x, 0.0),
        (lambda xp, x: xp.exp(xp.exp(xp.exp(x))), 100.0),
        (lambda xp, x: xp.linalg.norm(xp.stack([x, x])), 0.0),
        (lambda xp, x: xp.special.gammaln(x), -3.0),
        (lambda xp, x: xp.special.gammaln(x), -1e300),
    ],
)
def test_what_cannot_be_decided_at_the_point_is_unsupported(f, x):
    with pytest.raises(UnsupportedError, match="not for SymPy to decide"):
        gradient(f, x)


def test_an_angle_on_its_branch_cut_is_not_decided():
    f = lambda xp, y, x: xp.arctan2(y, x)  # noqa: E731
    with pytest.raises(UnsupportedError):
        gradient(f, 0.0, -1.0)
    assert gradient(f, 0.0, 1.0)[0] == 1.0


def test_only_the_elements_that_depend_on_the_kink_are_unknown():
    value, error = gradient(lambda xp, x: xp.sum(xp.abs(x)) + x[2] ** 3, np.array([0.0, -1.5, 2.0]))
    np.testing.assert_array_equal(value, [np.nan, -1.0, 13.0])
    assert np.isinf(error[0])
    assert (error[1:] < 1e-14).all()


def test_a_step_at_its_jump_is_told_from_one_beside_it():
    value, error = gradient(lambda xp, x: xp.sum(xp.sign(x) + xp.floor(x)), np.array([0.0, 0.5, 3.0]))
    np.testing.assert_array_equal(value, [np.nan, 0.0, np.nan])
    np.testing.assert_array_equal(error, [np.inf, 0.0, np.inf])


def test_the_value_of_a_step_at_its_jump_is_known():
    found = estimate("value", lambda xp, x: xp.sign(x) + xp.floor(x) + xp.where(x >= 0.0, 4.0, 0.0), np.zeros(1))
    np.testing.assert_array_equal(found.arrays[0], [4.0])
    assert found.errors[0] < 1e-14


def test_the_branch_that_is_not_taken_spoils_nothing():
    value, _ = gradient(lambda xp, x: xp.sum(xp.where(x > 1.0, xp.sqrt(x), x)), np.array([-2.0, 0.0, 4.0, 1.0]))
    np.testing.assert_array_equal(value, [1.0, 1.0, 0.25, np.nan])


def test_second_derivatives_at_a_jump_of_the_first_are_not_decided():
    with pytest.raises(UnsupportedError):
        estimate("hessian", lambda xp, x: xp.abs(x) * x, 0.0)
    with pytest.raises(UnsupportedError):
        estimate("hessian", lambda xp, x: xp.sign(x), 0.0)
    assert estimate("hessian", lambda xp, x: xp.abs(x) * x, -2.0).arrays[0] == -2.0


def test_logic_of_decided_comparisons_is_decided():
    def f(xp, x):
        inside = xp.logical_and(x > 0.0, xp.logical_not(x > 5.0))
        return xp.where(xp.logical_or(inside, x < -9.0), x * x, x)

    assert gradient(f, 2.0)[0] == 4.0
    assert gradient(f, 6.0)[0] == 1.0


# -- where it must be right -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda xp, x: xp.tanh(x), 20.0, "4 / (exp(20) + exp(-20))**2"),
        (lambda xp, x: xp.tanh(x), 100.0, "4 / (exp(100) + exp(-100))**2"),
        (lambda xp, x: xp.special.expit(x), 40.0, "exp(-40) / (1 + exp(-40))**2"),
        (lambda xp, x: xp.expm1(x), -40.0, "exp(-40)"),
        (lambda xp, x: (1.0 - xp.cos(x)) / x**2, 2.0**-27, "-x / 12 + x**3 / 180"),
        (lambda xp, x: (1.0 - xp.cos(x)) / x**2, 2.0**-60, "-x / 12"),
        (lambda xp, x: xp.special.erf(x), 6.0, "2 / sqrt(pi) * exp(-36)"),
        (lambda xp, x: xp.special.gammaln(x), -0.5, "digamma(-0.5)"),
        (lambda xp, x: xp.log1p(x), -1.0 + 2.0**-53, "1 / (1 + x)"),
    ],
)
def test_digits_that_double_precision_loses(f, x, wanted):
    with mpmath.workdps(60):
        exact = float(eval(wanted, {name: getattr(mpmath, name) for name in dir(mpmath)} | {"x": mpmath.mpf(x)}))
    value, error = gradient(f, x)
    assert abs(value - exact) <= 1e-16 * abs(exact)
    assert abs(value - exact) <= error < 1e-15 * abs(exact)


def test_what_is_lost_in_both_precisions_is_in_the_error():
    value, error = gradient(lambda xp, x: xp.tanh(x), 400.0)  # 4 exp(-800) needs 350 digits
    assert value == 0.0
    assert 0 < error < 1e-100


SPECIAL = {
    "special.erfinv": mpmath.erfinv,
    "special.ndtri": lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1),
    "special.log_ndtr": lambda a: mpmath.log(mpmath.ncdf(a)),
    "special.erfcx": lambda a: mpmath.exp(a * a) * mpmath.erfc(a),
    "special.dawsn": lambda a: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-a * a) * mpmath.erfi(a),
    "special.gamma": mpmath.gamma,
    "special.exp1": mpmath.e1,
    "special.expi": mpmath.ei,
    "special.spence": lambda a: mpmath.polylog(2, 1 - a),
}


@pytest.mark.parametrize("name", [name for name, op in NAMED.items() if op.arity == 1])
def test_every_elementary_function_against_differences_of_80_digits(name):
    x = 1.3 if name in ("arccosh", "ceil", "floor") else 0.7
    op = NAMED[name]
    value, error = gradient(lambda xp, x: xp.function(name)(x), x)
    with mpmath.workdps(80):
        own = {"cbrt": mpmath.cbrt, "sinc": mpmath.sincpi, "special.expit": lambda a: 1 / (1 + mpmath.exp(-a))}
        special = {"special.erf": mpmath.erf, "special.erfc": mpmath.erfc, "special.gammaln": mpmath.loggamma}
        plain = {"special.digamma": mpmath.digamma, "square": lambda a: a * a, "exp2": lambda a: mpmath.mpf(2) ** a}
        bessel = {f"special.{k}{n}": partial(getattr(mpmath, f"bessel{k}"), n) for k in "ij" for n in (0, 1)}
        tails = {f"special.i{n}e": lambda a, n=n: mpmath.besseli(n, a) * mpmath.exp(-abs(a)) for n in (0, 1)}
        inverse = {f"arc{k}": getattr(mpmath, f"a{k}") for k in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
        known = own | special | SPECIAL | bessel | tails | plain | inverse | {"abs": abs}
        function = known.get(op.name) or getattr(mpmath, op.name)
        exact = mpmath.diff(function, mpmath.mpf(x))
    assert abs(float(exact) - value) <= error < 1e-15


def test_products_know_their_errors():
    f = lambda xp, x: xp.stack([xp.tanh(x[0]), x[0] * x[1]])  # noqa: E731
    x, v, u = np.array([20.0, 3.0]), np.array([2.0, -1.0]), np.array([1.0, 0.0])
    slope = 4 / (np.exp(20.0) + np.exp(-20.0)) ** 2
    pushed = estimate("jvp", f, x, seed=[v])
    np.testing.assert_allclose(pushed.arrays[0], [2 * slope, -14.0], rtol=1e-15)
    assert (pushed.errors[0] <= 1e-15 * np.abs(pushed.arrays[0])).all()
    pulled = estimate("vjp", f, x, seed=[u])
    np.testing.assert_allclose(pulled.arrays[0], [slope, 0.0], rtol=1e-15)
    curved = estimate("hvp", lambda xp, x: xp.sum(x**3), np.array([1.0, -2.0]), seed=[v])
    np.testing.assert_array_equal(curved.arrays[0], [12.0, 12.0])
    assert curved.errors is not None


def test_it_is_an_estimate_and_no_certificate():
    assert not estimate("gradient", lambda xp, x: x * x, 1.5).certified


def test_single_precision_is_rounded_and_its_rounding_is_in_the_error():
    found = estimate("gradient", lambda xp, x: xp.exp(x), 0.3, dtype="float32")
    exact = np.exp(float(np.float32(0.3)))
    assert found.arrays[0].dtype == np.float32
    assert abs(float(found.arrays[0]) - exact) <= found.errors[0] < 1e-7


def test_it_is_not_the_default_mode():
    assert str(backend.engine()) == "sympy"
    assert next(iter(backend.modes)) == "symbolic"
