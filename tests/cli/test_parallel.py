"""Cases in several processes: the same report, and a crash is one case's."""

import pytest

import gradcheck
import gradcheck.catalogue
from gradcheck import parallel
from gradcheck.cases import Case
from gradcheck.errors import InputError, MissingBackendError, UnknownNameError
from gradcheck.functions import Function
from gradcheck.judge.verdicts import Status
from gradcheck.options import Options
from gradcheck.verification import run, verify
from gradcheck.workers import Ended

NAMES = ["polynomial", "rosenbrock", "booth", "powers"]
OPTIONS = Options(backends=("numerical", "analytic"))


def chosen():
    return [gradcheck.registry[name] for name in NAMES]


def told(report):
    return [(v.case, v.point, str(v.engine), v.operator, v.status, v.evidence) for v in report.verdicts]


def test_the_report_is_that_of_one_process_in_the_order_of_the_cases():
    seen = []
    report = parallel.run(chosen(), OPTIONS, brief=False, jobs=2, progress=lambda case, _: seen.append(case.name))
    assert repr(told(report)) == repr(told(run(chosen(), OPTIONS)))
    assert sorted(seen) == sorted(NAMES)


def test_a_case_that_fails_stays_a_failure():
    impossible = Options(("numerical:forward",), rtol=1e-30)  # no rounding may be left
    report = parallel.run(chosen()[:1], impossible, brief=True, jobs=1, progress=lambda *_: None)
    assert not report
    assert Status.ERROR not in {v.status for v in report.verdicts}


def test_a_crash_that_nobody_is_blamed_for_is_an_error_of_its_case(monkeypatch):
    done = []
    monkeypatch.setattr(parallel, "persist", crashing)
    report = parallel.run(chosen(), OPTIONS, brief=True, jobs=1, progress=lambda case, _: done.append(case.name))
    (broken,) = [v for v in report.verdicts if v.status is Status.ERROR]
    assert (broken.case, str(broken.engine)) == ("booth", "worker")
    assert "crashed the process with signal 11" in broken.evidence.reason
    assert {v.case for v in report.verdicts} == set(NAMES)
    assert len(done) == len(NAMES)


def crashing(prepare, tasks, jobs, limit):
    """`persist`, but that one task's process is said to have crashed."""
    for position, name in enumerate(tasks):
        if name == "booth":
            yield Ended(position, failure="crashed the process with signal 11")
        else:
            yield Ended(position, result=run([name], OPTIONS, brief=True))


def test_a_derivative_that_is_lost_is_an_error_and_the_others_are_judged():
    how = "crashed the process with signal 11"
    report = verify(gradcheck.registry["booth"], OPTIONS, lost={"analytic gradient": how})
    broken = [v for v in report.verdicts if v.status is Status.ERROR]
    assert {(str(v.engine), v.operator.value, v.evidence.reason) for v in broken} == {("analytic", "gradient", how)}
    assert {"analytic", "numerical"} <= {str(v.engine) for v in report.verdicts if v.status is Status.AGREE}
    assert not report


def test_processes_are_for_many_cases_of_the_catalogue():
    assert parallel.jobs_for(chosen()) == 1
    assert parallel.jobs_for(chosen(), 3) == 3
    mine = Case("mine", Function.of(lambda xp, x: xp.sum(x)), lambda rng: (rng.normal(size=2),))
    assert parallel.jobs_for([mine]) == 1
    with pytest.raises(InputError, match="cases of the catalogue"):
        parallel.jobs_for([mine], 2)


@pytest.mark.parametrize(("name", "error"), [("torhc", UnknownNameError), ("numerical:no", UnknownNameError)])
def test_wrong_engines_are_refused_before_anything_runs(name, error):
    with pytest.raises((error, MissingBackendError)):
        parallel.run(chosen(), Options((name,)), brief=True, jobs=2, progress=lambda *_: None)
