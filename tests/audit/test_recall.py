"""Counting what is found: mutants through the judge and through checkers that are known to be good or bad."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck import Status, discovery
from gradcheck.audit.alarms import Alarms, Round
from gradcheck.audit.bank import BANK
from gradcheck.audit.hard import checks
from gradcheck.audit.implants import COMPILED, implant
from gradcheck.audit.recall import Cell, Outcome, Setting, accepted, by_name, examine, judged
from gradcheck.audit.running import Done, do_all
from gradcheck.audit.subjects import Subject
from gradcheck.audit.summary import Share, Summary
from gradcheck.audit.survey import survey, users_check
from gradcheck.errors import InputError

pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")


def loss(xp, w, x):
    return xp.sum(xp.tanh(w @ x) ** 2)


def offset(xp, x):
    return 1e12 + xp.sum(x**2)


def points(rng):
    return (rng.normal(size=(2, 2)), rng.normal(size=2))


LOSS = Subject("loss", loss, points)
OFFSET = Subject("offset", offset, lambda rng: (rng.normal(size=3),))
GRADED = "one element times 1 + d, d = 1e-06"


def cell(kind, **options):
    settings = {"scale": 1.0, "dtype": "float64", "setting": Setting.ALONE, "backend": "torch", **options}
    return Cell(kind, **settings)


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
@pytest.mark.parametrize("kind", ["sign flipped", GRADED])
def test_a_fault_is_found_named_and_located(kind, scale):
    (outcome,) = examine(cell(kind, scale=scale, peers=True), [LOSS])
    assert (outcome.caught, outcome.named, outcome.located, outcome.status) == (True, True, True, "WRONG")
    if scale == 1e-8 or kind == GRADED:
        assert not any(outcome.peers.values())  # absolute tolerances
    else:
        assert all(outcome.peers.values())


@pytest.mark.parametrize("setting", [Setting.SECOND, Setting.REFERENCE])
def test_beside_a_right_one_the_right_one_is_not_accused(setting):
    pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    (outcome,) = examine(cell(GRADED, setting=setting, partner="jax"), [LOSS])
    assert (outcome.named, outcome.innocent) == (True, True)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("one element NaN", "NONFINITE"), ("other at each call", "NONDETERMINISTIC"), ("input overwritten", "ERROR")],
)
def test_faults_have_names_of_their_own(kind, status):
    (outcome,) = examine(cell(kind), [LOSS])
    assert (outcome.named, outcome.status) == (True, status)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_what_is_wrong_only_when_compiled_is_found_where_it_is_compiled(name):
    pytest.importorskip(name, reason=f"pip install 'gradcheck[{name}]'")
    lack = discovery.load(name).missing(COMPILED[name])
    if lack:
        pytest.skip(f"{name}:{COMPILED[name]} needs {lack}")
    mutant = implant(by_name("wrong when compiled"), _point(), discovery.load(name))
    report = judged(mutant, Setting.ALONE)
    wrong = {str(v.engine) for v in report.verdicts if v.status is Status.WRONG}
    assert wrong == {f"{name}:{COMPILED[name]}".rstrip(":")}, str(report)


def test_single_precision_is_checked_in_single_precision():
    (outcome,) = examine(cell("wrong in float32", dtype="float32"), [LOSS])
    assert outcome.named
    assert examine(cell("wrong in float32"), [LOSS]) == []


def test_a_function_that_does_not_notice_its_scale_is_not_taken_for_coarse_arithmetic():
    """Where seed and inputs grow alike, what a ratio's rule makes of them keeps most of its bits."""
    ratio = [subject for subject in BANK if subject.name == "signal_to_noise"]
    assert examine(cell("wrong for |u| > 100", scale=1e8, dtype="float32"), ratio)[0].named


def test_points_that_do_not_fit_the_dtype_are_passed_over():
    far = Subject("far", loss, lambda rng: (1e6 * rng.normal(size=(2, 2)), rng.normal(size=2)))
    assert [o.subject for o in examine(cell("sign flipped", dtype="float16"), [far, LOSS])] == ["loss"]
    assert not examine(cell("sign flipped", dtype="float16"), [far])


def test_correct_functions_are_checked_once_at_each_point():
    one_point = Subject("one point", loss, lambda rng: (np.eye(2), np.ones(2)))
    made = checks(0, points=5, subjects=[one_point, LOSS], backends=[("torch",)], dtypes=["float64"])
    assert {(c.subject.name, len(c.inputs)) for c in made} == {("one point", 1), ("loss", 5)}


def test_a_mutant_below_the_resolution_is_excluded_and_not_examined():
    (outcome,) = examine(cell(GRADED), [OFFSET])
    assert outcome.excluded
    assert outcome.status == ""


def test_as_many_as_wanted_over_several_seeds_and_always_the_same():
    wanted = cell("factor 2", count=3)
    outcomes = examine(wanted, [LOSS])
    assert [o.seed for o in outcomes] == [0, 1, 2]
    assert outcomes == examine(wanted, [LOSS])


def test_a_checker_that_raises_rejects():
    def broken(function, arrays):
        raise ValueError("no")

    assert not accepted(broken, lambda x: x, _point())
    assert accepted(lambda function, arrays: True, lambda x: x, _point())


def _point():
    from gradcheck.audit.points import draw

    return draw(LOSS, discovery.load("torch"))


# -- a user's check ---------------------------------------------------------------------------


def surveyed(test, **options):
    return survey({"mine": users_check(test)}, [LOSS], discovery.load("torch"), **options)


def test_a_blind_check_misses_everything():
    found = surveyed(lambda f, w, x: True)
    assert len(found.missed("mine")) == len(found.faults) > 25
    assert found.rejected["mine"] == ()


def test_a_check_that_rejects_everything_misses_nothing_and_rejects_what_is_right():
    def never(f, w, x):
        raise AssertionError

    found = surveyed(never)
    assert found.missed("mine") == []
    assert found.rejected["mine"] == ("loss",)


def test_a_check_of_the_sign_alone():
    def signs(f, gradient, w, x):
        t = np.tanh(w @ x)
        right = 2 * t * (1 - t**2)
        ours = gradient(w, x)
        np.testing.assert_array_equal(np.sign(ours[0]), np.sign(np.outer(right, x)))
        assert f(w, x) == pytest.approx(np.sum(t**2))

    found = surveyed(signs, by_hand=True)
    missed = {f.kind for f in found.missed("mine")}
    assert {"factor 2", "last argument detached"} <= missed
    assert not {"sign flipped", "zero throughout", "one element NaN", "extra axis"} & missed
    assert found.rejected["mine"] == ()


def test_torchs_own_gradcheck_as_a_users_check():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    def checked(f, w, x):
        return torch.autograd.gradcheck(f, [torch.tensor(a, requires_grad=True) for a in (w, x)])

    missed = {f.kind for f in surveyed(checked).missed("mine")}
    assert {GRADED, "zero for u < 0"} <= missed
    assert not {"sign flipped", "factor 2", "arguments swapped"} & missed


def test_a_function_without_a_derivative_to_alter_is_refused():
    wide = Subject("wide", lambda xp, x: xp.sin(x), lambda rng: (rng.normal(size=1000),))
    with pytest.raises(InputError, match="derivative"):
        survey({}, [wide], discovery.load("torch"))


# -- what it comes to -------------------------------------------------------------------------


def summed(outcomes, alarms=(), **options):
    done = [Done(0, cell("factor 2"), outcomes=tuple(outcomes)), *(Done(1, a.played, alarms=a) for a in alarms)]
    return Summary(tuple(done), len(done), **options)


def outcome(kind="factor 2", **facts):
    settings = {"setting": facts.pop("setting", Setting.ALONE), "dtype": facts.pop("dtype", "float64")}
    return Outcome(cell(kind, **settings), "loss", 0, **{"excluded": False, **facts})


def promise(summary, start):
    return next(p for p in summary.promises() if p.what.startswith(start))


def test_recall_is_of_those_not_excluded_and_named_apart_from_caught():
    outcomes = [
        outcome(caught=True, named=True),
        outcome(caught=True),
        outcome(excluded=True),
        outcome(),
    ]
    (row,) = summed(outcomes).rows()
    assert (str(row.caught), str(row.named), str(row.excluded)) == ("66.67 %", "33.33 %", "25 %")
    assert not promise(summed(outcomes), "alone, faults >= 1e-6").kept
    assert promise(summed(outcomes[:1]), "alone, faults >= 1e-6").kept


def test_where_nothing_was_examined_that_is_said():
    assert promise(summed([]), "alone, faults >= 1e-6").got == "not examined"
    assert str(Share(0, 0)) == "-"


def test_a_peer_that_does_better_takes_the_row():
    row = outcome(caught=False, peers={"torch gradcheck": True}, telling={"torch gradcheck": True})
    assert "torch gradcheck" in summed([row]).lost()[0]
    assert not promise(summed([row]), "rows lost").kept
    assert summed([replace(row, caught=True)]).lost() == []


def test_a_peer_that_rejects_the_right_rule_as_well_takes_nothing():
    row = outcome(caught=False, peers={"torch gradcheck": True}, telling={"torch gradcheck": False})
    assert summed([row]).lost() == []


def test_an_innocent_engine_accused_breaks_a_promise():
    assert not promise(summed([outcome(caught=True, named=True, innocent=False)]), "right rules accused").kept


def test_false_alarms_are_counted_apart_from_inconclusive():
    alarms = Alarms(Round("loss", "ordinary", "float64", ("torch",)), {"AGREE": 97, "WRONG": 1, "INCONCLUSIVE": 2})
    summary = summed([], [alarms], quick=True)
    assert promise(summary, "correct functions called wrong").got == "1 of 100"
    assert promise(summary, "INCONCLUSIVE").got == "2 %"
    assert not promise(summary, "correct functions called wrong").kept
    assert not promise(summary, "INCONCLUSIVE").kept
    assert not promise(summed([], [alarms]), "checks of correct functions").kept


def test_a_task_that_fails_is_counted_and_does_not_end_the_audit():
    tasks = [cell("factor 2", backend="nonsense"), cell("factor 2")]
    done = list(do_all(tasks, jobs=1))
    assert "nonsense" in done[0].failure
    assert done[1].outcomes[0].named
    summary = Summary(tuple(done), len(tasks))
    assert not promise(summary, "tasks that could not be done").kept
