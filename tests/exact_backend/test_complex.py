"""Complex inputs: gradients are df/dRe + i df/dIm, the inner product is Re<u, v>."""

import numpy as np
import pytest

from gradcheck.errors import NotDifferentiableError, UnsupportedError

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
mpmath = pytest.importorskip("mpmath", reason="pip install mpmath")
mp = mpmath.mp

Z = 0.6 - 1.1j
HOLOMORPHIC = {
    "exp": (lambda xp, z: xp.exp(z), mp.exp),
    "log": (lambda xp, z: xp.log(z), mp.log),
    "sqrt": (lambda xp, z: xp.sqrt(z), mp.sqrt),
    "sin": (lambda xp, z: xp.sin(z), mp.sin),
    "cos": (lambda xp, z: xp.cos(z), mp.cos),
    "tan": (lambda xp, z: xp.tan(z), mp.tan),
    "sinh": (lambda xp, z: xp.sinh(z), mp.sinh),
    "cosh": (lambda xp, z: xp.cosh(z), mp.cosh),
    "tanh": (lambda xp, z: xp.tanh(z), mp.tanh),
    "expit": (lambda xp, z: xp.special.expit(z), lambda z: 1 / (1 + mp.exp(-z))),
    "cube": (lambda xp, z: z**3, lambda z: z**3),
    "inverse square": (lambda xp, z: z**-2, lambda z: z**-2),
    "principal power": (lambda xp, z: z**0.3, lambda z: z ** mp.mpf(0.3)),
    "rational": (lambda xp, z: (1 - z) / (z * z + 2j) - 3.0, lambda z: (1 - z) / (z * z + 2j) - 3),
    "quotient": (lambda xp, z: 2 / z + z / 3, lambda z: 2 / z + z / 3),
}


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_holomorphic_functions(estimate, digits, name):
    f, reference = HOLOMORPHIC[name]
    z = mpmath.mpc(Z)
    slope = mpmath.diff(reference, z)
    tangent, cotangent = 0.7 + 0.2j, -1.3 + 0.4j
    checks = [
        (estimate(f, np.array(Z), operator="value"), reference(z)),
        (estimate(f, np.array(Z), operator="jvp", seed=[np.array(tangent)]), slope * tangent),
        (estimate(f, np.array(Z), operator="vjp", seed=[np.array(cotangent)]), mpmath.conj(slope) * cotangent),
    ]
    for got, truth in checks:
        distance = abs(mpmath.mpc(complex(got.arrays[0])) - truth)
        assert distance <= mpmath.mpf(float(got.errors[0])) + mpmath.mpf(10) ** -50
        assert got.errors[0] <= 3e-16 * max(1.0, abs(complex(truth)))
        assert got.arrays[0].dtype == np.complex128


def test_gradient_convention(estimate):
    def f(xp, z):
        return xp.sum(xp.real(z) ** 2 + 3.0 * xp.imag(z) + xp.real(z * xp.conj(z)))

    got = estimate(f, np.array([Z, 2.0 + 0.0j]))
    assert got.arrays[0] == pytest.approx([4 * 0.6 + (3 - 2.2) * 1j, 8.0 + 3.0j], rel=1e-15)


def test_abs(estimate):
    got = estimate(lambda xp, z: xp.abs(z), np.array(3.0 - 4.0j))
    assert got.arrays[0] == pytest.approx(0.6 - 0.8j, rel=1e-15)
    with pytest.raises(NotDifferentiableError, match="length"):
        estimate(lambda xp, z: xp.abs(z), np.array(0.0j))
    assert estimate(lambda xp, z: xp.abs(z) ** 2, np.array(0.0j)).arrays[0] == 0


MATRIX = np.array([[1.0 + 2.0j, 3.0 - 1.0j], [0.5j, 2.0]])
OF_A_MATRIX = {
    "det": lambda xp, z: xp.linalg.det(z),
    "solve": lambda xp, z: xp.linalg.solve(z, xp.asarray([1.0, -2.0j])),
    "inv": lambda xp, z: xp.linalg.inv(z),
    "norm": lambda xp, z: xp.linalg.norm(z, axis=1),
    "var": lambda xp, z: xp.var(z, axis=0, ddof=1),
    "std": lambda xp, z: xp.std(z),
    "matmul": lambda xp, z: z @ xp.conj(z.T),
    "cumprod": lambda xp, z: xp.cumprod(z),
}


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_functions_of_a_matrix(estimate, name):
    f = OF_A_MATRIX[name]
    got = estimate(f, MATRIX, operator="value")
    assert got.arrays[0] == pytest.approx(f(np, MATRIX), rel=1e-14)
    tangent, h = MATRIX[::-1] * 1.5j - 1.0, 1e-5
    pushed = estimate(f, MATRIX, operator="jvp", seed=[tangent])
    slope = (f(np, MATRIX + h * tangent) - f(np, MATRIX - h * tangent)) / (2 * h)
    assert pushed.arrays[0] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_pivots_may_be_imaginary(estimate):
    z = np.array([[0.0j, 1.0], [2.0j, 0.0]])
    got = estimate(lambda xp, z: xp.linalg.inv(z), z, operator="value")
    assert np.array_equal(got.arrays[0], [[0.0, -0.5j], [1.0, 0.0]])


def test_cholesky_is_of_real_matrices(estimate):
    with pytest.raises(UnsupportedError, match=r"linalg\.cholesky of complex"):
        estimate(lambda xp, z: xp.real(xp.sum(xp.linalg.cholesky(z))), MATRIX)


def test_real_inputs_with_complex_numbers_inside(estimate):
    got = estimate(lambda xp, x: xp.abs(xp.exp(1j * x) - 2.0) ** 2, np.array(0.7))
    assert got.arrays[0] == pytest.approx(4.0 * np.sin(0.7), rel=1e-15)


def test_where(estimate):
    got = estimate(lambda xp, z: xp.real(xp.where(xp.imag(z) > 0, z, z * z)), np.array(Z))
    assert got.arrays[0] == pytest.approx(np.conj(2 * Z), rel=1e-15)


def test_the_branch_cut_is_seen(estimate):
    with pytest.raises(NotDifferentiableError, match="branch cut"):
        estimate(lambda xp, z: xp.real(xp.sqrt(z)), np.array(-1.0 + 0.0j))


@pytest.mark.parametrize("name", ["log1p", "arcsin", "floor", "sign"])
def test_functions_of_real_numbers_only(estimate, name):
    with pytest.raises(UnsupportedError, match=f"{name} of complex|needs a real number"):
        estimate(lambda xp, z: xp.real(getattr(xp, name)(z)), np.array(Z))


@pytest.mark.parametrize("name", ["maximum", "greater", "arctan2", "logaddexp"])
def test_complex_numbers_have_no_order(estimate, name):
    with pytest.raises(UnsupportedError, match="needs a real number"):
        estimate(lambda xp, z: xp.real(getattr(xp, name)(z, 2.0)), np.array(Z))


def test_single_precision(estimate):
    got = estimate(lambda xp, z: xp.exp(z), np.array(Z, np.complex64), operator="value")
    assert got.arrays[0].dtype == np.complex64
    assert 0 < got.errors[0] < 3e-7
