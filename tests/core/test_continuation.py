import math

import numpy as np
import optree
import pytest
import scipy.special

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Inputs
from gradcheck.testing.samples import PLAIN, SAMPLES, SYNTAX
from gradcheck_numerical.continuation import ContinuationNamespace

H = 1e-30
xp = ContinuationNamespace(np.dtype("float64"))


def slope(f, x):
    """Return the value and the slope of f at a number."""
    result = f(xp.from_numpy(np.array(complex(x, H)))).data[()]
    return result.real, result.imag / H


def continued(name):
    """Whether a function has an analytic continuation."""
    module, _, plain = name.rpartition(".")
    return name in SYNTAX or hasattr(ContinuationNamespace, f"{module}_{plain}" if module else plain)


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if continued(s.name) and not s.name.startswith("fft.")], ids=lambda s: s.id
)
def test_real_parts_are_numpys_values(sample):
    inputs = Inputs.of(sample.inputs)
    mine = [xp.from_numpy(a + 1j * H) if i in inputs.active else a for i, a in enumerate(inputs.leaves)]
    got = optree.tree_leaves(sample.function(xp, *optree.tree_map(lambda i: mine[i], inputs.template)))
    wanted = optree.tree_leaves(sample.function(PLAIN, *optree.tree_map(lambda i: inputs.leaves[i], inputs.template)))
    for g, w in zip(got, wanted, strict=True):
        assert g.shape == np.shape(w)
        np.testing.assert_allclose(g.data.real, w, rtol=1e-13, atol=1e-13)


DERIVATIVES = [
    ("abs", -2.0, -1.0), ("abs", 3.0, 1.0), ("abs", 0.0, 0.0),
    ("sign", -2.0, 0.0), ("floor", 1.5, 0.0), ("ceil", 1.5, 0.0),
    ("sqrt", 1e-20, 0.5e10), ("sqrt", 0.0, math.inf),
    ("cbrt", -8.0, 1 / 12), ("cbrt", 0.0, math.inf), ("cbrt", 1e-9, 1e6 / 3),
    ("exp", -500.0, math.exp(-500.0)), ("exp2", 3.0, 8 * math.log(2)),
    ("expm1", 1e-20, 1.0), ("expm1", -40.0, math.exp(-40.0)),
    ("log", 1e-20, 1e20), ("log", 0.0, math.inf), ("log1p", 1e-20, 1.0), ("log1p", -1.0, math.inf),
    ("log2", 3.0, 1 / (3 * math.log(2))), ("log10", 3.0, 1 / (3 * math.log(10))),
    ("tan", 1.5, 1 / math.cos(1.5) ** 2), ("tanh", 20.0, 1 / math.cosh(20.0) ** 2), ("tanh", 400.0, 0.0),
    ("arcsin", -0.5, 1 / math.sqrt(0.75)), ("arcsin", -1.0, math.inf), ("arccos", 1.0, -math.inf),
    ("arccosh", 1.0, math.inf), ("arctanh", -0.5, 1 / 0.75), ("arctanh", 1.0, math.inf),
    ("sinc", 0.0, 0.0), ("sinc", 1e-9, -(math.pi**2) * 1e-9 / 3), ("sinc", 0.5, -4 / math.pi),
    ("reciprocal", -2.0, -0.25), ("square", -3.0, -6.0),
    ("special.erf", 0.3, 2 / math.sqrt(math.pi) * math.exp(-0.09)),
    ("special.erfc", 5.0, -2 / math.sqrt(math.pi) * math.exp(-25.0)),
    ("special.gammaln", -0.5, scipy.special.digamma(-0.5)), ("special.gammaln", 7.0, scipy.special.digamma(7.0)),
    ("special.gammaln", -3.3, scipy.special.digamma(-3.3)),
    ("special.digamma", 2.0, math.pi**2 / 6 - 1), ("special.digamma", -0.5, math.pi**2 / 2 + 4),
    ("special.expit", 40.0, math.exp(-40.0)), ("special.expit", -800.0, 0.0), ("special.expit", 800.0, 0.0),
    ("special.ndtr", 0.0, 1 / math.sqrt(2 * math.pi)),
    ("special.logit", 0.25, 1 / (0.25 * 0.75)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "wanted"), DERIVATIVES, ids=lambda v: str(v))
def test_slopes_are_exact(name, x, wanted):
    value, got = slope(xp.function(name), x)
    assert got == pytest.approx(wanted, rel=4e-15, abs=0)
    space, _, attribute = name.rpartition(".")
    with np.errstate(divide="ignore"):
        assert value == pytest.approx(float(getattr(PLAIN.special if space else np, attribute)(x)), rel=4e-15)


@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda x: x**2, 0.0, 0.0),
        (lambda x: x**3, -2.0, 12.0),
        (lambda x: x**101.0, -1.0, 101.0),
        (lambda x: x**-1, -4.0, -1 / 16),
        (lambda x: x**0.5, 4.0, 0.25),
        (lambda x: x**1.5, 0.0, 0.0),
        (lambda x: x**0.5, 0.0, math.inf),
        (lambda x: 2.0**x, 3.0, 8 * math.log(2.0)),
        (lambda x: x**x, 2.0, 4 * (math.log(2.0) + 1)),
    ],
)
def test_powers(f, x, wanted):
    value, got = slope(f, x)
    assert got == pytest.approx(wanted, rel=1e-14, abs=1e-14)
    assert value == pytest.approx(f(x), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "x"), [("sqrt", -1.0), ("log", -1.0), ("arcsin", 1.5), ("arccosh", 0.5), ("arctanh", 2.0), ("log1p", -2.0)]
)
def test_where_the_real_function_is_not_defined_the_continuation_is_nan(name, x):
    assert np.isnan(slope(xp.function(name), x)).all()


def test_a_negative_number_has_no_real_root():
    assert np.isnan(slope(lambda x: x**0.5, -2.0)).all()


@pytest.mark.parametrize("y", [1.0, -1.0, 0.2, -0.2])
@pytest.mark.parametrize("x", [0.5, -0.5])
def test_arctan2_in_every_quadrant(y, x):
    value, by_y = slope(lambda t: xp.arctan2(t, x), y)
    _, by_x = slope(lambda t: xp.arctan2(y, t), x)
    assert value == pytest.approx(math.atan2(y, x), rel=1e-15)
    assert (by_y, by_x) == pytest.approx((x / (x * x + y * y), -y / (x * x + y * y)), rel=1e-14)


def test_nothing_overflows_in_hypot_and_logaddexp():
    assert slope(lambda x: xp.hypot(x, 4e200), 3e200) == pytest.approx((5e200, 0.6))
    assert slope(lambda x: xp.logaddexp(x, 900.0), 900.0) == pytest.approx((900.0 + math.log(2.0), 0.5))
    assert slope(lambda x: xp.logaddexp(x, -np.inf), 2.0) == (2.0, 1.0)
    assert slope(lambda x: xp.special.logsumexp(xp.stack([x, x])), 1000.0)[1] == pytest.approx(1.0)


def test_a_tie_takes_the_mean_slope():
    assert slope(lambda x: xp.maximum(x, 1.0), 1.0) == (1.0, 0.5)
    assert slope(lambda x: xp.minimum(x, 1.0), 1.0) == (1.0, 0.5)
    assert slope(lambda x: xp.maximum(x, -np.inf), 1.0) == (1.0, 1.0)


def test_where_does_not_take_the_nan_of_the_other_branch():
    assert slope(lambda x: xp.where(x > 0, xp.sqrt(x), 2.0 * x), -1.0) == (-2.0, 2.0)


def test_a_branch_of_python_follows_the_real_part():
    assert slope(lambda x: x * x if x > 1.0 else 3.0 * x, 2.0) == (4.0, 4.0)
    assert slope(lambda x: x * x if x > 1.0 else 3.0 * x, 0.5) == (1.5, 3.0)


def test_sorting_goes_by_the_real_parts_and_carries_the_slopes():
    x = xp.from_numpy(np.array([3.0 + 1j * H, 1.0 + 2j * H, 2.0 + 3j * H]))
    np.testing.assert_allclose(xp.sort(x).data.imag / H, [2.0, 3.0, 1.0])
    np.testing.assert_array_equal(xp.argsort(x).data, [1, 2, 0])
    assert x[xp.argmax(x)].data == 3.0 + 1j * H
    assert xp.median(x).data.imag / H == pytest.approx(3.0)


def test_nothing_is_conjugated():
    x = xp.from_numpy(np.array([3.0 + 1j * H, 4.0]))
    assert xp.linalg.norm(x).data.imag / H == pytest.approx(0.6)
    assert xp.conj(x).data[0].imag == H
    a = xp.from_numpy(np.array([[4.0 + 1j * H, 2.0], [2.0, 3.0]]))
    lower = xp.linalg.cholesky(a).data
    np.testing.assert_allclose(lower.imag / H, [[0.25, 0.0], [-0.125, 0.125 / math.sqrt(2.0)]], atol=1e-16)


def test_slogdet_of_a_negative_determinant():
    a = xp.from_numpy(np.array([[0.0 + 1j * H, 2.0], [3.0, 1.0]]))
    sign, logarithm = xp.linalg.slogdet(a)
    assert sign.data == -1.0
    assert logarithm.data.real == pytest.approx(math.log(6.0))
    assert logarithm.data.imag / H == pytest.approx(-1 / 6)


def test_functions_without_a_continuation_are_refused():
    with pytest.raises(UnsupportedError, match=r"complex-step method has no fft\.fft"):
        xp.fft.fft(np.ones(2))
    with pytest.raises(UnsupportedError, match="float"):
        float(xp.asarray(1.0))


def test_constants_are_rounded_and_arithmetic_is_not():
    single = ContinuationNamespace(np.dtype("float32"))
    x = single.asarray(0.1)
    assert (x.data, x.data.dtype, x.dtype) == (np.float32(0.1), np.complex128, np.float32)
    assert single.exp(x).data.real == math.exp(np.float32(0.1))
