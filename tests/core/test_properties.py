"""The pure judgments of the probes, on arrays alone."""

import numpy as np
import pytest

from gradcheck.judge.properties import Claim, beyond, contraction, spread, transposed, unequal
from gradcheck.judge.verdicts import Status

EPS = float(np.finfo(float).eps)
ONE = np.array([1.0, -2.0, 3.0])


def claim(got, wanted, terms=None):
    return Claim("linear", "it is not linear", [got], [wanted], ["x"], [np.abs(wanted) if terms is None else terms])


def nothing():
    return [np.zeros(3)]


def unasked():
    pytest.fail("asked without a suspicion")


def test_equal_results_are_no_objection_and_nothing_more_is_asked():
    assert unequal(claim(ONE, ONE), EPS, unasked) is None
    assert unequal(claim(ONE * (1 + 8 * EPS), ONE), EPS, unasked) is None


def test_an_objection_names_the_worst_element():
    objection = unequal(claim(ONE * [1, 1 + 1e-9, 1 + 1e-6], ONE), EPS, nothing)
    assert (objection.status, objection.argument, objection.index) == (Status.WRONG, "x", (2,))
    assert objection.evidence.wrong == 2
    assert objection.evidence.elements == 3
    assert objection.evidence.difference == pytest.approx(3e-6)
    assert objection.evidence.tolerance < 1e-12
    assert "it is not linear: 3.000003 where it should be 3" in objection.evidence.reason


def test_what_rounding_explains_is_no_objection():
    got = ONE * (1 + 1e-9)
    assert unequal(claim(got, ONE), EPS, lambda: [np.full(3, 1e-8)]) is None
    assert unequal(claim(got, ONE), EPS, lambda: [np.full(3, 1e-10)]) is not None
    assert unequal(claim(got, ONE), EPS, lambda: None) is None


def test_the_terms_that_cancel_count():
    residue = np.array([1e-13, 0.0, 0.0])
    assert unequal(claim(residue, np.zeros(3), np.full(3, 100.0)), EPS, unasked) is None
    assert unequal(claim(residue, np.zeros(3), np.full(3, 1e-3)), EPS, nothing) is not None


def test_nan_is_an_objection_where_a_number_is_wanted_and_only_there():
    bad = np.array([1.0, np.nan, 3.0])
    assert unequal(claim(bad, ONE), EPS, nothing).index == (1,)
    assert unequal(claim(np.array([1.0, np.inf, 3.0]), ONE), EPS, nothing).index == (1,)
    assert unequal(claim(ONE, bad), EPS, nothing) is None


def test_what_underflows_is_no_objection():
    assert unequal(claim(np.zeros(3), np.full(3, 1e-40)), EPS, unasked, tiny=1e-38) is None


def test_beyond_takes_the_tolerances_as_they_are():
    assert beyond(claim(ONE + 0.5, ONE), [np.full(3, 0.6)]) is None
    assert beyond(claim(ONE + 0.5, ONE), [np.full(3, np.inf)]) is None
    objection = beyond(claim(ONE + 0.5, ONE), [np.array([0.6, 0.4, 0.3])], Status.NONDETERMINISTIC)
    assert (objection.status, objection.index) == (Status.NONDETERMINISTIC, (2,))


def test_results_without_elements_and_of_rank_0():
    empty = np.zeros((0, 2))
    assert unequal(claim(empty, empty), EPS, unasked) is None
    objection = unequal(claim(np.array(2.0), np.array(1.0)), EPS, lambda: [np.zeros(())])
    assert objection.index == ()


def test_spread_is_the_largest_movement_with_a_margin():
    moved = [[ONE + 1e-10], [ONE - 3e-10], [np.array([1.0, np.nan, 3.0])]]
    (found,) = spread([[ONE], *moved], 0.0)
    np.testing.assert_allclose(found, 8 * 3e-10, rtol=1e-6)
    (with_residue,) = spread([[ONE], *moved], 1e-6)
    np.testing.assert_allclose(with_residue, found + 64 * 3e-6)


def test_contraction_is_the_transposed_product():
    rng = np.random.default_rng(0)
    shapes, outputs = [(2, 3), (4,)], [(5,), ()]
    blocks = [rng.normal(size=o + s) for o in outputs for s in shapes]
    cotangents = [rng.normal(size=o) for o in outputs]
    products, sizes = contraction(blocks, cotangents)
    full = [np.tensordot(cotangents[0], blocks[i], 1) + cotangents[1] * blocks[2 + i] for i in range(2)]
    for product, size, wanted in zip(products, sizes, full, strict=True):
        np.testing.assert_allclose(product, wanted)
        assert (size >= np.abs(wanted)).all()


def test_transposed_swaps_the_arguments_of_every_block():
    rng = np.random.default_rng(0)
    shapes = [(2, 3), (4,), ()]
    sizes = [6, 4, 1]
    full = rng.normal(size=(11, 11))
    ends = np.cumsum([0, *sizes])

    def cut(matrix):
        return [
            matrix[ends[i] : ends[i + 1], ends[j] : ends[j + 1]].reshape(shapes[i] + shapes[j])
            for i in range(3)
            for j in range(3)
        ]

    for got, wanted in zip(transposed(cut(full), 3), cut(full.T), strict=True):
        np.testing.assert_array_equal(got, wanted)
