"""Every function against mpmath: the true number is in the enclosure, and a wrong one is not."""

import numpy as np
import pytest

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
mpmath = pytest.importorskip("mpmath", reason="pip install mpmath")
mp = mpmath.mp


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def sinc(x):
    return mp.sincpi(x)


REAL = (-40.0, -3.7, -0.3, 1e-8, 0.4, 2.1, 20.0)
POSITIVE = (1e-300, 1e-8, 0.3, 1.0, 2.7, 1e8, 1e300)
INSIDE = (-0.999999, -0.7, -1e-9, 0.2, 0.6)
FUNCTIONS = {
    "exp": (mp.exp, (-700.0, *REAL)),
    "exp2": (lambda x: mp.mpf(2) ** x, REAL),
    "expm1": (mp.expm1, REAL),
    "log": (mp.log, POSITIVE),
    "log2": (lambda x: mp.log(x, 2), POSITIVE),
    "log10": (lambda x: mp.log(x, 10), POSITIVE),
    "log1p": (mp.log1p, (-0.999999, -1e-9, 1e-20, 0.5, 1e10)),
    "sqrt": (mp.sqrt, POSITIVE),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), (-8.1, -1e-200, 0.3, 2.7, 1e200)),
    "sin": (mp.sin, (*REAL, 1e6, 3.141592653589793)),
    "cos": (mp.cos, (*REAL, 1e6, 1.5707963267948966)),
    "tan": (mp.tan, (*REAL, 1.5707963267948966)),
    "arcsin": (mp.asin, INSIDE),
    "arccos": (mp.acos, INSIDE),
    "arctan": (mp.atan, (*REAL, 1e10)),
    "sinh": (mp.sinh, REAL),
    "cosh": (mp.cosh, REAL),
    "tanh": (mp.tanh, REAL),
    "arcsinh": (mp.asinh, (*REAL, -1e10)),
    "arccosh": (mp.acosh, (1.0000001, 1.2, 3.4, 1e10)),
    "arctanh": (mp.atanh, INSIDE),
    "sinc": (sinc, (-2.5, -1e-8, 1e-150, 1e-3, 0.4, 3.0)),
    "square": (lambda x: x * x, REAL),
    "reciprocal": (lambda x: 1 / x, REAL),
    "abs": (abs, REAL),
    "special.erf": (mp.erf, (-3.7, -0.3, 1e-8, 0.4, 2.1, 6.0)),
    "special.erfc": (mp.erfc, (-3.7, -0.3, 1e-8, 0.4, 2.1, 20.0)),
    "special.ndtr": (mp.ncdf, (-20.0, -3.7, 1e-8, 0.4, 2.1)),
    "special.gammaln": (mp.loggamma, (1e-8, 0.3, 1.0, 2.7, 1e8)),
    "special.digamma": (mp.digamma, (-2.3, 1e-8, 0.3, 1.4616321449683622, 1e8)),
    "special.expit": (sigmoid, REAL),
    "special.logit": (lambda x: mp.log(x) - mp.log1p(-x), (1e-300, 1e-8, 0.3, 0.999999)),
}


def derivative(f, x, order):
    """Differentiate by a factor of x, whatever the scale of x."""
    with mpmath.workdps(400 if abs(x) < 1e-100 else 80):
        x = mpmath.mpf(x)
        return mpmath.diff(lambda factor: f(factor * x), 1, order) / x**order


def call(name, xp, x):
    for part in name.split("."):
        xp = getattr(xp, part)
    return xp(x)


@pytest.mark.parametrize(("operator", "order"), [("value", 0), ("gradient", 1), ("hessian", 2)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_enclosed_to_an_ulp(estimate, holds, name, operator, order):
    reference, points = FUNCTIONS[name]
    for x in points:
        got = estimate(lambda xp, x: call(name, xp, x), np.array(x), operator=operator)
        value, error = got.arrays[0], got.errors[0]
        truth = derivative(reference, x, order)
        assert got.certified
        if abs(truth) < 1e308:
            assert error <= 0.51 * np.spacing(abs(value)), f"{name}({x})"
            assert holds(value, error, truth), f"{name}({x}): {mpmath.nstr(truth, 25)}"
            assert not holds(value, error, truth * (1 + mpmath.mpf(2) ** -51) + mpmath.mpf(2) ** -1072)


@pytest.mark.parametrize("x", [-1.5, -0.3, -2.7])
def test_gammaln_left_of_zero(estimate, holds, x):
    for order, operator in enumerate(("value", "gradient", "hessian")):
        got = estimate(lambda xp, x: xp.special.gammaln(x), np.array(x), operator=operator)
        truth = mpmath.diff(lambda x: mp.log(abs(mp.gamma(x))), mpmath.mpf(x), order)
        assert holds(got.arrays[0], got.errors[0], truth)


BIVARIATE = {
    "power": (lambda x, y: x**y, (2.5, -1.3)),
    "arctan2": (lambda x, y: mp.atan2(x, y), (-0.3, -1.7)),
    "hypot": (lambda x, y: mp.sqrt(x * x + y * y), (3e-200, -4e-200)),
    "logaddexp": (lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), (3.0, -41.0)),
    "divide": (lambda x, y: x / y, (1.3, -0.7)),
    "special.xlogy": (lambda x, y: x * mp.log(y), (1.3, 0.7)),
    "multiply": (lambda x, y: x * y, (1.3, 0.7)),
    "subtract": (lambda x, y: x - y, (1.3, 0.7)),
}


@pytest.mark.parametrize("name", BIVARIATE)
def test_function_of_two_numbers(estimate, holds, name):
    reference, point = BIVARIATE[name]

    def f(xp, x, y):
        for part in name.split("."):
            xp = getattr(xp, part)
        return xp(x, y)

    inputs = [np.array(v) for v in point]
    exact = [mpmath.mpf(v) for v in point]
    gradient = estimate(f, *inputs)
    hessian = estimate(f, *inputs, operator="hessian")
    with mpmath.workdps(700 if name == "hypot" else 80):
        slopes = [mpmath.diff(reference, exact, n) for n in ((1, 0), (0, 1))]
        bends = [mpmath.diff(reference, exact, n) for n in ((2, 0), (1, 1), (1, 1), (0, 2))]
    for got, truths in ((gradient, slopes), (hessian, bends)):
        for value, error, truth in zip(got.arrays, got.errors, truths, strict=True):
            assert holds(value, error, truth, noise=mpmath.mpf(10) ** -60), (got.operator, mpmath.nstr(truth, 20))
            assert error <= max(0.51 * np.spacing(abs(value)), 5e-324)


@pytest.mark.parametrize(
    ("exponent", "x"), [(0, 0.0), (1, 0.0), (2, 0.0), (3, -1.3), (-2, -1.3), (0.5, 2.7), (7, 1e-30)]
)
def test_constant_powers(estimate, holds, exponent, x):
    for order, operator in enumerate(("value", "gradient", "hessian")):
        got = estimate(lambda xp, x: x**exponent, np.array(x), operator=operator)
        factor = mpmath.ff(exponent, order)
        truth = factor * mpmath.mpf(x) ** (mpmath.mpf(exponent) - order) if factor else mpmath.mpf(0)
        assert holds(got.arrays[0], got.errors[0], truth)


@pytest.mark.parametrize("exponent", [1, 2, 3])
def test_power_of_what_is_0_but_for_rounding(estimate, holds, exponent):
    def f(xp, x):
        width = xp.sqrt(-2.0 * xp.log(x))
        return (xp.log(x) / width + 0.5 * width) ** exponent + x

    got = estimate(f, np.array(0.75))
    assert holds(got.arrays[0], got.errors[0], mpmath.mpf(1))


@pytest.mark.parametrize(
    ("f", "x", "truth"),
    [
        (lambda xp, x: xp.tanh(x), 20.0, "1.6993417021166355e-17"),
        (lambda xp, x: xp.special.expit(x), 40.0, "4.2483542552915890e-18"),
        (lambda xp, x: xp.expm1(x), -40.0, "4.2483542552915890e-18"),
        (lambda xp, x: 1.0 / (1.0 + xp.exp(-x)), 40.0, "4.2483542552915890e-18"),
        (lambda xp, x: xp.sinc(x), 0.0, "0"),
        (lambda xp, x: xp.prod(xp.stack([x, x - 1.0, x + 2.0])), 0.0, "-2"),
    ],
)
def test_derivatives_that_frameworks_lose(estimate, f, x, truth):
    got = estimate(f, np.array(x))
    assert got.arrays[0] == pytest.approx(float(truth), rel=1e-15, abs=0)
    assert got.errors[0] <= np.spacing(abs(got.arrays[0]))


def test_products_at_zeros(estimate):
    x = np.array([1.5, 0.0, -0.7, 0.0])
    assert np.array_equal(estimate(lambda xp, x: xp.prod(x), x).arrays[0], [0.0] * 4)
    cumulative = estimate(lambda xp, x: xp.cumprod(x), x, operator="jacobian")
    assert np.array_equal(cumulative.arrays[0][1], [0.0, 1.5, 0.0, 0.0])
    assert estimate(lambda xp, x: xp.prod(x), x, operator="hessian").arrays[0][1, 3] == 1.5 * -0.7
