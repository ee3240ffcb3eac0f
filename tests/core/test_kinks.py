"""At kinks: what may be chosen, what may not, and what only looks like a kink."""

from itertools import product

import numpy as np
import pytest

from gradcheck import Status, check
from gradcheck.judge.kinks import choice


def largest(xp, x):
    return xp.max(x)


def norm(xp, x):
    return xp.sqrt(xp.sum(x * x))


def absolute(xp, x):
    return xp.sum(xp.abs(x))


def positive(xp, x):
    return xp.sum(xp.maximum(x, 0.0))


def sorted_sum(xp, x):
    return xp.sum(xp.sort(x) * xp.arange(5))


def mixed(xp, x):
    return xp.sum(xp.maximum(x, 0.0) * xp.asarray([1.0, -1.0, 2.0, -2.0]))


def hinge(xp, w):
    return xp.maximum(0.0, 1.0 - xp.sum(w))


TIE, ZERO = np.array([1.0, 1.0, 0.3]), np.zeros(2)


def told(f, x, gradient, portable=True):
    """Return the verdict on a gradient, with the certified engine beside numerics or with numerics alone."""
    function = f if portable else (lambda x: f(np, x))
    report = check(function, x, gradient=lambda x: np.asarray(gradient, float), backends=["numerical"])
    assert report.verdict("numerical", "gradient").status.passes
    return report.verdict("analytic", "gradient")


@pytest.mark.parametrize("portable", [True, False], ids=["exact", "numerics"])
@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (largest, TIE, [0, 0, 0]),
        (largest, TIE, [1, 1, 0]),
        (largest, TIE, [1.5, -0.5, 0]),
        (absolute, ZERO, [2, 0]),
        (absolute, ZERO, [0, -1.001]),
        (norm, ZERO, [1, 1]),
        (norm, ZERO, [0.8, -0.8]),
        (positive, np.zeros(10), -np.ones(10)),
        (positive, np.zeros(10), np.eye(10)[3] * 2),
        (mixed, np.zeros(4), [1, 1, 0, 0]),
        (hinge, np.array([0.5, 0.5]), [-1, 0]),
        (hinge, np.array([0.5, 0.5]), [0.5, 0.5]),
    ],
)
def test_outside_the_clarke_set_is_wrong(f, x, gradient, portable):
    verdict = told(f, x, gradient, portable)
    assert verdict.status is Status.WRONG, str(verdict)
    assert "outside all that the slopes nearby allow" in verdict.evidence.reason


@pytest.mark.parametrize("portable", [True, False], ids=["exact", "numerics"])
@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (largest, TIE, [1, 0, 0]),
        (largest, TIE, [0.5, 0.5, 0]),
        (largest, TIE, [0.25, 0.75, 0]),
        (absolute, ZERO, [1, -1]),
        (absolute, ZERO, [0, 0.3]),
        (norm, ZERO, [0, 0]),
        (norm, ZERO, [0.6, -0.6]),
        (positive, np.zeros(10), np.zeros(10)),
        (positive, np.zeros(10), np.arange(10) % 2),
        (mixed, np.zeros(4), [0, -1, 0, -2]),
        (hinge, np.array([0.5, 0.5]), [0, 0]),
        (hinge, np.array([0.5, 0.5]), [-0.5, -0.5]),
    ],
)
def test_inside_it_is_a_convention(f, x, gradient, portable):
    assert told(f, x, gradient, portable).status is Status.CONVENTION


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [2, 2, 2, 2, 2]])
def test_any_order_of_what_is_tied_is_a_convention(order):
    assert told(sorted_sum, np.ones(5), order).status is Status.CONVENTION


def test_no_order_of_what_is_tied_is_wrong():
    assert told(sorted_sum, np.ones(5), [4, 4, 0, 0, 2]).status is Status.WRONG


def test_the_other_elements_are_judged_as_ever():
    verdict = told(absolute, np.array([0.0, 3.0]), [0.0, 1.01])
    assert (verdict.status, verdict.index) == (Status.WRONG, (1,))


def test_what_is_not_a_number_at_a_kink_is_not_finite():
    verdict = told(norm, ZERO, [np.nan, np.nan])
    assert verdict.status is Status.NONFINITE
    assert "there is a slope on either side" in verdict.evidence.reason


def test_a_convention_passes_unless_strict():
    report = check(absolute, ZERO, gradient=np.sign, backends=["numerical"])
    assert report
    assert "CONVENTION" in str(report)
    assert not check(absolute, ZERO, gradient=np.sign, backends=["numerical"], strict=True)


def test_smooth_functions_of_kinked_parts_have_no_choice():
    def identity(x):
        return np.sum(np.maximum(x, 0.0) - np.maximum(-x, 0.0))

    report = check(identity, np.array([0.0, 1.0]), gradient=lambda x: (x > 0) - 0.0)
    verdict = report.verdict("analytic")
    assert (verdict.status, verdict.index) == (Status.WRONG, (0,))
    assert "right at points nearby" in verdict.evidence.reason
    assert check(identity, np.array([0.0, 1.0]), gradient=np.ones_like)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("sign", [-1, 1])
def test_near_a_kink_there_is_no_choice_either(distance, sign):
    x = np.array([sign * distance, 1.0, -2.0])
    report = check(lambda x: np.sum(np.maximum(x, 0.0)), x, gradient=lambda x: (x > 0) + 0.0)
    assert report, str(report)
    assert report.verdict("analytic").status is Status.AGREE
    other_side = check(lambda x: np.sum(np.maximum(x, 0.0)), x, gradient=lambda x: 1.0 * np.array([x[0] < 0, 1, 0]))
    assert not other_side


def test_rows_of_a_jacobian_choose_for_themselves():
    def f(xp, x):
        return xp.stack([xp.max(x), xp.sum(xp.abs(x - 1.0))])

    def rows(first, second):
        report = check(f, np.ones(2), jacobian=lambda x: np.array([first, second]), backends=["numerical"])
        return report.verdict("analytic", "jacobian").status

    assert rows([1.0, 0.0], [0.0, 0.0]) is Status.CONVENTION
    assert rows([0.5, 0.5], [1.0, -1.0]) is Status.CONVENTION
    assert rows([1.0, 1.0], [0.0, 0.0]) is Status.WRONG
    assert rows([1.0, 0.0], [0.0, 1.5]) is Status.WRONG


WEIGHTS = np.array([1.0, -2.0, 3.0, -1.5])


def residuals(xp, x):
    return xp.sum(xp.asarray(WEIGHTS) * xp.abs(x[:4] - x[4:]))


@pytest.mark.parametrize("portable", [True, False], ids=["exact", "numerics"])
@pytest.mark.parametrize("signs", [(1, 1, 1, 1), (-1, 1, -1, -1), (1, -1, 1, 0), (1, 0.5, -1, -0.2)])
def test_each_pair_of_tied_inputs_chooses_for_itself(signs, portable):
    """Convex and concave kinks, each of two inputs at once: all their corners are in the Clarke set."""
    x, slopes = np.tile([0.7, -1.2, 1.9, -0.4], 2), WEIGHTS * signs
    assert told(residuals, x, [*slopes, *-slopes], portable).status is Status.CONVENTION
    assert told(residuals, x, [*slopes, *slopes], portable).status is Status.WRONG
    assert told(residuals, x, [*slopes, *(-slopes - [0, 0, 0.01, 0])], portable).status is Status.WRONG


def test_a_slope_along_a_tangent_may_be_that_of_any_corner():
    x = np.tile([0.7, -1.2, 1.9, -0.4], 2)

    def along(slopes):
        rule = np.concatenate([slopes, -slopes])
        report = check(lambda x: residuals(np, x), x, jacobian=lambda x: rule, operator="jvp")
        return report.verdict("analytic", "jvp")

    corners = [WEIGHTS * signs for signs in product([1, -1], repeat=4)]
    verdicts = [along(corner) for corner in corners]
    assert {verdict.status for verdict in verdicts} == {Status.CONVENTION}
    furthest = max(range(len(corners)), key=lambda i: verdicts[i].evidence.value)
    assert along(1.01 * corners[furthest]).status is Status.WRONG


def test_many_inputs_are_held_against_the_slopes_on_both_sides_alone():
    x = np.zeros(40)
    right = check(lambda x: np.sum(np.abs(x)), x, gradient=np.zeros_like)
    assert right.verdict("analytic").status is Status.CONVENTION
    assert "was not looked at" in right.verdict("analytic").evidence.reason
    assert not check(lambda x: np.sum(np.abs(x)), x, gradient=lambda x: x + 3.0)


@pytest.mark.parametrize(
    ("value", "words"),
    [(-1.0, "the lower"), (1.0, "the higher"), (0.0, "the middle"), (0.25, "0.25, between")],
)
def test_choices_have_names(value, words):
    assert choice(value, -1.0, 1.0, 1e-9).startswith(words)


# -- a curved set of subgradients: v v^T for every eigenvector v of a double eigenvalue ------------


def largest_eigenvalue(xp, a):
    return xp.linalg.eigvalsh(0.5 * (a + xp.transpose(a)))[1]


@pytest.mark.parametrize(
    ("slopes", "status"),
    [
        ([[0, 0], [0, 1]], Status.CONVENTION),
        ([[1, 0], [0, 0]], Status.CONVENTION),
        ([[0.5, 0], [0, 0.5]], Status.CONVENTION),
        ([[0.5, 0.5], [0.5, 0.5]], Status.CONVENTION),
        ([[1, 0], [0, 1]], Status.WRONG),
        ([[0, 0], [0, 0]], Status.WRONG),
        ([[0.5, 0.6], [0.6, 0.5]], Status.WRONG),
        ([[0.5, 0.3], [-0.3, 0.5]], Status.WRONG),
        ([[0, 0], [0, 1.01]], Status.WRONG),
    ],
)
def test_a_double_eigenvalue(slopes, status):
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    report = check(largest_eigenvalue, np.eye(2), gradient=lambda a: np.array(slopes, float), backends=["numerical"])
    assert report.verdict("analytic", "gradient").status is status


@pytest.mark.parametrize(
    ("slopes", "statuses"),
    [
        ([[0, 0], [0, 1]], {Status.CONVENTION, Status.INCONCLUSIVE}),
        ([[0.5, 0], [0, 0.5]], {Status.CONVENTION}),
        ([[1, 0], [0, 1]], {Status.WRONG}),
        ([[0, 0], [0, 1.01]], {Status.WRONG}),
    ],
)
def test_where_numerics_alone_look_around_the_edge_of_the_set_is_not_called_wrong(slopes, statuses):
    """Toward the edge the matrix is nearly diagonal, and from there numerics see the kink itself."""

    def f(a):
        return np.linalg.eigvalsh(0.5 * (a + a.T))[1]

    report = check(f, np.eye(2), gradient=lambda a: np.array(slopes, float))
    assert report.verdict("analytic", "gradient").status in statuses
