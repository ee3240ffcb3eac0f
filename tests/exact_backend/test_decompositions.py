"""Eigenvalues, the matrix exponential and Fourier transforms, against numbers known in closed form."""

from fractions import Fraction

import numpy as np
import pytest

from gradcheck.errors import UnsupportedError

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")

TWO = np.array([[2.0, 1.0], [1.0, 2.0]])


def within(estimate, truth):
    np.testing.assert_array_less(np.abs(estimate.arrays[0] - truth), estimate.errors[0] + 1e-300)
    assert np.all(estimate.errors[0] <= 2e-16 * np.maximum(np.abs(truth), 1e-3))


def test_repeated_eigenvalues_are_refused_with_the_reason(estimate):
    with pytest.raises(UnsupportedError, match="whether two eigenvalues differ"):
        estimate(lambda xp, a: xp.sum(xp.linalg.eigvalsh(a) ** 3), np.diag([1.0, 1.0, 2.0]))


@pytest.mark.parametrize("name", ["eigvalsh", "expm"])
def test_complex_matrices_are_refused(estimate, name):
    with pytest.raises(UnsupportedError, match="complex"):
        estimate(lambda xp, a: xp.sum(xp.real(getattr(xp.linalg, name)(a))), TWO * (1 + 1j))


def test_second_derivatives_of_expm_by_many_entries_are_refused(estimate):
    with pytest.raises(UnsupportedError, match="up to 25 entries, got 36"):
        estimate(lambda xp, a: xp.sum(xp.linalg.expm(a)), np.eye(6), operator="hessian")


def test_eigenvalues_and_their_derivatives(estimate):
    largest = lambda xp, a: xp.linalg.eigvalsh((a + a.T) / 2)[1]  # noqa: E731
    within(estimate(largest, TWO, operator="value"), 3.0)
    within(estimate(largest, TWO), np.full((2, 2), 0.5))
    curved = estimate(largest, TWO, operator="hessian").arrays[0]
    np.testing.assert_allclose(curved[0, 0], [[0.25, 0.0], [0.0, -0.25]], atol=1e-15)  # (v' E w)^2 twice over the gap


def test_close_eigenvalues_are_told_apart(estimate):
    a = np.diag([1.0, 1.0 + 2.0**-40, 2.0])
    got = estimate(lambda xp, a: xp.linalg.eigh(a)[1][0, 0] ** 2, a, operator="hessian")
    assert got.arrays[0][1, 0, 1, 0] == -(2.0**81)  # v = (1, e / gap) has 1 - e^2 / gap^2


def test_exponential_of_a_nilpotent_matrix(estimate):
    a = np.array([[0.0, 0.5, 2.0], [0.0, 0.0, -1.5], [0.0, 0.0, 0.0]])
    corner = lambda xp, a: xp.linalg.expm(a)[0, 2]  # noqa: E731
    within(estimate(corner, a, operator="value"), 2.0 - 0.375)
    x, y, z = 0.5, -1.5, 2.0
    both = x * y / 6
    wanted = [[z / 2 + both, y / 2, 1.0], [z * z / 6 + x * y * z / 12, 0, x / 2], [0, 0, z / 2 + both]]
    got = estimate(corner, a).arrays[0]
    np.testing.assert_allclose(
        got[[0, 0, 0, 1, 2], [0, 1, 2, 2, 2]], np.array(wanted)[[0, 0, 0, 1, 2], [0, 1, 2, 2, 2]]
    )


def test_exponential_of_a_constant_is_a_constant(estimate):
    got = estimate(lambda xp, x: x * xp.linalg.expm(xp.zeros((2, 2)))[0, 0], np.array(3.0))
    within(got, 1.0)


def test_transforms_have_exact_roots_of_unity(estimate):
    x = np.array([0.1, -0.7, 0.3])
    real = estimate(lambda xp, x: xp.real(xp.fft.fft(x))[1], x, operator="value")
    truth = Fraction(0.1) - (Fraction(-0.7) + Fraction(0.3)) / 2
    assert abs(Fraction(float(real.arrays[0])) - truth) <= Fraction(float(real.errors[0]))


@pytest.mark.parametrize("name", ["fft", "ifft"])
@pytest.mark.parametrize("options", [{}, {"n": 3}, {"n": 7}, {"axis": 0}])
def test_transforms_are_numpys(estimate, name, options):
    x = np.array([[0.5, -1.0, 1.5, 2.0], [0.3, 0.8, -0.6, 1.1]])
    got = estimate(lambda xp, x: xp.imag(getattr(xp.fft, name)(x, **options)), x, operator="value")
    wanted = np.imag(getattr(np.fft, name)(x, **options))
    np.testing.assert_allclose(got.arrays[0], wanted, atol=1e-15)  # NumPy's rounding: ours is certified


@pytest.mark.parametrize("n", [None, 4, 5, 8])
def test_real_transforms_are_numpys(estimate, n):
    x = np.array([0.5, -1.0, 1.5, 2.0, 0.7])
    got = estimate(lambda xp, x: xp.fft.irfft(x * (1 + 0.5j), n), x, operator="value")
    np.testing.assert_allclose(got.arrays[0], np.fft.irfft(x * (1 + 0.5j), n), atol=1e-15)
    got = estimate(lambda xp, x: xp.imag(xp.fft.rfft(x, n)), x, operator="value")
    np.testing.assert_allclose(got.arrays[0], np.imag(np.fft.rfft(x, n)), atol=1e-15)
