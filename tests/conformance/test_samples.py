"""The samples cover the vocabulary, and the references they are held against are right."""

import numpy as np
import pytest

from gradcheck.functions import Inputs
from gradcheck.namespaces import FUNCTIONS
from gradcheck.testing import COMPLEX_SAMPLES, SAMPLES, SLICE, SYNTAX, conformance, reference
from gradcheck.testing.samples import main_samples

VALUES_ONLY = set()
"""Functions none of whose samples is differentiable: there is none, and a new one must say so here."""

SMOOTH = [sample for sample in SAMPLES if sample.differentiable]


def test_every_function_of_the_vocabulary_has_a_sample():
    assert {sample.name for sample in SAMPLES} == {*FUNCTIONS, *SYNTAX}


def test_every_function_has_a_sample_for_every_operator():
    assert {sample.name for sample in main_samples()} == {*FUNCTIONS, *SYNTAX} - VALUES_ONLY


def test_slice_names_functions():
    assert set(SLICE) <= {*FUNCTIONS, *SYNTAX}
    assert 10 <= len(SLICE) <= 15


def test_identifiers_are_unique():
    every = [sample.id for sample in (*SAMPLES, *COMPLEX_SAMPLES)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("sample", [*SAMPLES, *COMPLEX_SAMPLES], ids=lambda s: s.id)
def test_sample_is_small_and_of_magnitude_one(sample):
    inputs = Inputs.of(sample.inputs)
    assert 1 <= inputs.size <= 12
    (output,) = sample.expected()
    assert output.dtype.kind in "fc"
    assert np.isfinite(output).all()
    assert np.abs(output).max() < 50


def test_main_samples_are_small_enough_for_hessians():
    assert max(Inputs.of(sample.inputs).size for sample in main_samples()) <= 8


def _evaluated(f, sample):
    inputs = Inputs.of(sample.inputs)
    return conformance._evaluate(f, inputs), inputs.arrays


@pytest.mark.parametrize("sample", SMOOTH, ids=lambda s: s.id)
def test_reference_is_sure_of_its_jacobian(sample):
    """A sample too near to a kink or pole shows as a reference that does not converge."""
    blocks, error = reference.jacobian(*_evaluated(sample.function, sample))
    assert error <= 1e-11 * max(1.0, *(float(np.abs(b).max()) for b in blocks))


@pytest.mark.parametrize("sample", main_samples(), ids=lambda s: s.id)
def test_reference_is_sure_of_its_hessian(sample):
    blocks, error = reference.hessian(*_evaluated(conformance._scalarised(sample.id), sample))
    assert error <= 1e-8 * max(1.0, *(float(np.abs(b).max()) for b in blocks))
    assert max(float(np.abs(b).max()) for b in blocks) > 1e-3, "a Hessian of zeros shows nothing"


# -- the reference against derivatives by hand ------------------------------------------------

X, Y = np.array([0.5, -1.2]), np.array(0.8)
EXP_X = np.exp(X)


def _f(leaves):
    x, y = leaves
    return [np.exp(x) * y, np.asarray(np.sum(x * x) * y**3)]


def _loss(leaves):
    return [_f(leaves)[1]]


def test_reference_jacobian():
    blocks, error = reference.jacobian(_f, [X, Y])
    wanted = [np.diag(EXP_X) * Y, EXP_X, 2 * X * Y**3, 3 * Y**2 * (X @ X)]
    for block, want in zip(blocks, wanted, strict=True):
        np.testing.assert_allclose(block, want, rtol=1e-12, atol=1e-12)
    assert 0 < error < 1e-12


def test_reference_vjp():
    (to_x, to_y), _ = reference.vjp(_f, [X, Y], [np.array([1.0, -2.0]), np.array(3.0)])
    np.testing.assert_allclose(to_x, EXP_X * Y * [1.0, -2.0] + 6 * X * Y**3, rtol=1e-12)
    np.testing.assert_allclose(to_y, EXP_X @ [1.0, -2.0] + 9 * Y**2 * (X @ X), rtol=1e-12)


def test_reference_hessian():
    blocks, _ = reference.hessian(_loss, [X, Y])
    wanted = [2 * Y**3 * np.eye(2), 6 * X * Y**2, 6 * X * Y**2, 6 * Y * (X @ X)]
    for block, want in zip(blocks, wanted, strict=True):
        np.testing.assert_allclose(block, want, rtol=1e-9, atol=1e-9)


def test_reference_of_complex_inputs_is_the_real_gradient():
    """Of |z|^2 it is 2 z, of Re z^2 its conjugate convention 2 conj(z)."""
    z = np.array([0.6 - 1.1j])
    (modulus,), _ = reference.vjp(lambda a: [np.abs(a[0]) ** 2], [z], [np.ones(1)])
    (square,), _ = reference.vjp(lambda a: [np.real(a[0] ** 2)], [z], [np.ones(1)])
    np.testing.assert_allclose(modulus, 2 * z, rtol=1e-12)
    np.testing.assert_allclose(square, 2 * np.conj(z), rtol=1e-12)


def test_reference_is_unsure_at_a_kink():
    (_, error), *_ = reference.slope(lambda a: [np.abs(a[0]) ** 1.5], [np.array(0.0)], [np.ones(())])
    assert error == 0.0  # symmetric: differences cannot see it, samples must keep away
    (_, error), *_ = reference.slope(lambda a: [np.abs(a[0]) ** 1.5], [np.array(0.01)], [np.ones(())])
    assert error > 1e-5


# -- comparison -------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1.0 + 1e-6])
def test_comparison_names_the_worst_element(wrong):
    with pytest.raises(AssertionError, match=r"what: .* at \(1,\), wanted .*; 1 of 2 elements differ"):
        conformance._close("what", np.array([1.0, wrong]), np.array([1.0, 1.0]), 1e-9)


def test_comparison_passes_within_tolerance():
    conformance._close("what", np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-10]), 1e-9)
