"""What a fault does to a derivative, and which faults count."""

import numpy as np
import pytest

from gradcheck import discovery
from gradcheck.audit.faults import Standing
from gradcheck.audit.implants import implant
from gradcheck.audit.mutations import MUTATIONS, select
from gradcheck.audit.points import draw
from gradcheck.audit.subjects import DECADES, Subject, spread
from gradcheck.errors import UnknownNameError, UnsupportedError

pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")


def weighted(xp, w, x):
    return xp.sum(xp.tanh(w @ x) ** 2) + xp.sum(x**3)


def waves(xp, x):
    return xp.sin(x) * x


def offset(xp, x):
    return 1e12 + xp.sum(x**2)


def points(rng):
    return (rng.normal(size=(3, 3)), rng.normal(size=3))


def line(rng):
    return (rng.uniform(-1.5, 1.5, 4),)


WEIGHTED, WAVES, OFFSET = (
    Subject(f.__name__, f, inputs) for f, inputs in ((weighted, points), (waves, line), (offset, line))
)


def mutant(kind, subject, **options):
    backend = discovery.load("torch")
    (mutation,) = select([kind])
    return implant(mutation, draw(subject, backend, order=mutation.order, **options), backend)


def test_an_unknown_kind_is_refused():
    with pytest.raises(UnknownNameError, match="sign flipped"):
        select(["sign fliped"])


def test_there_are_enough_kinds_and_no_two_of_one_name():
    families = {m.name.partition(", d")[0] for m in MUTATIONS}
    assert len(families) >= 25
    assert len({m.name for m in MUTATIONS}) == len(MUTATIONS)


def test_a_point_holds_the_derivative_of_the_scaled_function():
    point = draw(WAVES, discovery.load("torch"), scale=1e8)
    (x,) = point.arrays
    np.testing.assert_allclose(np.diag(point.jacobian[0][0]), 1e8 * (np.sin(x) + x * np.cos(x)), rtol=1e-14)
    np.testing.assert_allclose(point.pullback([np.ones(4)])[0], 1e8 * (np.sin(x) + x * np.cos(x)), rtol=1e-14)


def test_the_same_seed_draws_the_same_point_and_another_one_another():
    backend = discovery.load("torch")
    one, again, other = (draw(WAVES, backend, seed=seed).arrays[0] for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_function_too_large_for_its_jacobian_has_no_point():
    wide = Subject("wide", waves, lambda rng: (rng.normal(size=1000),))
    with pytest.raises(UnsupportedError, match="too large"):
        draw(wide, discovery.load("torch"))


@pytest.mark.parametrize("kind", ["sign flipped", "factor 2", "all times 1 + d, d = 1e-06"])
def test_a_fault_of_every_element_is_measured(kind):
    found = mutant(kind, WEIGHTED)
    size = {"sign flipped": 2.0, "factor 2": 1.0}.get(kind, 1e-6)
    # the change is a difference of two rounded numbers: about eps / 1e-6 of it is rounding
    np.testing.assert_allclose(found.fault.change, size * found.fault.right, rtol=1e-9)
    assert found.standing is Standing.COUNTED


@pytest.mark.parametrize("subject", [WEIGHTED, WAVES])
def test_one_element_is_one_element(subject):
    found = mutant("one element times 1 + d, d = 1e-01", subject)
    wrong = found.fault.change > 0
    assert wrong.sum() == 1
    np.testing.assert_allclose(found.fault.change[wrong], 0.1 * found.fault.right[wrong], rtol=1e-12)


def test_what_is_not_finite_is_an_infinite_fault():
    assert np.isinf(mutant("one element NaN", WEIGHTED).fault.change).sum() == 1


def test_a_fault_that_the_output_cannot_show_is_excluded():
    assert mutant("all times 1 + d, d = 1e-06", OFFSET).standing is Standing.EXCLUDED
    assert mutant("sign flipped", OFFSET).standing is Standing.COUNTED


def test_a_kind_that_changes_nothing_is_no_mutant():
    symmetric = Subject("symmetric", lambda xp, w: xp.sum(w**2), lambda rng: (np.ones((2, 2)),))
    assert mutant("transposed", symmetric).standing is Standing.ABSENT


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("transposed", WAVES),
        ("arguments swapped", WEIGHTED),
        ("last argument detached", WAVES),
        ("of another output", WEIGHTED),
        ("conjugated", WAVES),
        ("wrong in float32", WAVES),
        ("second order zero", WAVES),
    ],
)
def test_a_kind_that_makes_no_sense_is_not_implanted(kind, subject):
    assert mutant(kind, subject) is None


def test_faults_of_few_cotangents_are_measured_at_those():
    assert mutant("wrong for |u| > 100", WEIGHTED).standing is Standing.COUNTED
    assert mutant("u |u| in place of u", WAVES).standing is Standing.COUNTED


def test_half_of_the_second_derivative():
    found = mutant("second order half", WEIGHTED)
    np.testing.assert_allclose(found.fault.change, 0.5 * found.fault.right)


def test_a_spread_function_has_gradients_of_all_sizes():
    point = draw(spread(WAVES), discovery.load("torch"))
    units = np.logspace(0, -DECADES, 4)
    x = units * point.arrays[0]
    np.testing.assert_allclose(point.outputs[0], np.sin(x) * x, rtol=1e-12)
    np.testing.assert_allclose(np.diag(point.jacobian[0][0]), units * (np.sin(x) + x * np.cos(x)), rtol=1e-12)


def test_only_torch_has_arrays_that_can_be_written_to():
    backend = discovery.load("numerical")
    point = draw(WAVES, discovery.load("torch"))
    kinds = select(["input overwritten", "wrong when not contiguous"])
    assert [implant(kind, point, backend) for kind in kinds] == [None, None]
