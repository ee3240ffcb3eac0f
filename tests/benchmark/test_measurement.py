"""Trials, cut-offs and exclusions, with a backend that costs and fails on command."""

from typing import ClassVar

import numpy as np
import pytest

from gradcheck import discovery
from gradcheck.backend import Backend, Engine
from gradcheck.benchmark.measurement import Climb, CutOffError, Ladder, Plan, Subject, Trial
from gradcheck.benchmark.problems import PROBLEMS, rosenbrock_gradient
from gradcheck.errors import UnknownNameError, UnsupportedError
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator


class FakeBackend(Backend):
    name = "fake"
    modes: ClassVar = {"plain": "it works", "lame": "it fails above four elements"}

    def __init__(self):
        self.calls = 0

    def namespace(self, dtype):
        return np

    def asarray(self, array):
        return np.array(array)

    def to_numpy(self, array):
        return array

    def is_array(self, leaf):
        return isinstance(leaf, (np.ndarray, np.generic))

    def value(self, bound, mode):
        return bound

    def gradient(self, bound, mode):
        def kernel(leaves):
            self.calls += 1
            if mode == "lame" and leaves[0].size > 4:
                raise UnsupportedError("more than four elements")
            return [rosenbrock_gradient(leaves[0])]

        return kernel


def agree(problem, engines, status=Status.AGREE, reason=""):
    return {
        (e, o): Verdict(problem.name, "default", e, o, status, Evidence(reason))
        for e in engines
        for o in (Operator.VALUE, Operator.GRADIENT)
    }


@pytest.fixture
def fake(monkeypatch):
    backend = FakeBackend()
    monkeypatch.setattr(discovery, "load", lambda name: backend)
    return backend


def climb(*backends, verify=agree):
    return Climb(Plan(problems=("rosenbrock",), backends=backends, sizes=(1, 10, 100)), verify)


# -- cut-offs ---------------------------------------------------------------------------------


def test_the_first_size_is_always_tried():
    assert Ladder(limit=1.0).refusal(10**9) == ""


def test_a_size_that_took_too_long_ends_the_climb():
    ladder = Ladder(limit=1.0)
    ladder.add(100, preparation=0.9, execution=0.2)
    assert ladder.refusal(101) == "size 100 took 1.1 s, over the limit of 1 s"


def test_execution_is_extrapolated_at_least_linearly():
    ladder = Ladder(limit=1.0)
    ladder.add(100, preparation=0.0, execution=0.2)
    assert ladder.refusal(400) == ""
    assert "would take about 2 s" in ladder.refusal(1000)


def test_execution_is_extrapolated_by_its_own_growth():
    ladder = Ladder(limit=1.0)
    ladder.add(10, preparation=0.0, execution=1e-4)
    ladder.add(100, preparation=0.0, execution=1e-2)  # quadratic
    assert ladder.refusal(900) == ""
    assert "would take about 1.2 s" in ladder.refusal(1100)


def test_a_constant_preparation_is_not_extrapolated():
    ladder = Ladder(limit=1.0)
    ladder.add(10, preparation=0.5, execution=1e-6)
    assert ladder.refusal(100_000) == ""


def test_a_dip_in_preparation_is_not_taken_for_growth():
    ladder = Ladder(limit=1.0)
    for size, preparation in ((1, 0.4), (10, 0.004), (100, 0.4)):
        ladder.add(size, preparation, execution=1e-6)
    assert ladder.refusal(1000) == ""


def test_growth_beyond_the_cube_is_taken_for_noise():
    ladder = Ladder(limit=1.0)
    ladder.add(10, preparation=0.0, execution=1e-9)
    ladder.add(20, preparation=0.0, execution=1e-2)
    assert ladder.refusal(60) == ""


# -- trials -----------------------------------------------------------------------------------


def test_a_trial_is_warm_and_executes_on_loaded_arrays(fake):
    trial = Trial.start(fake, Subject("rosenbrock", Engine("fake"), Operator.GRADIENT), PROBLEMS["rosenbrock"], 5)
    before = fake.calls
    (gradient,) = trial.execute()
    assert before >= 2
    assert fake.calls == before + 1
    assert gradient.shape == (trial.size,) == (5,)
    assert trial.preparation >= 0.0


@pytest.mark.parametrize(
    ("execution", "iterations", "rounds"), [(1e-6, 100, 50), (1e-3, 1, 20), (0.015, 1, 3), (9.0, 1, 1)]
)
def test_short_kernels_are_repeated_and_long_ones_are_not(execution, iterations, rounds):
    trial = Trial(Subject("rosenbrock", Engine("fake"), Operator.VALUE), 1, True, 0.0, execution, lambda: None)
    assert trial.iterations == iterations
    assert trial.rounds(budget=0.0201) == rounds


def test_an_engine_that_stops_says_why_and_is_not_tried_again(fake):
    run = climb("fake:lame")
    run.start("rosenbrock", "fake:lame", "gradient", 2)
    with pytest.raises(CutOffError, match="size 10: more than four elements"):
        run.start("rosenbrock", "fake:lame", "gradient", 10)
    calls = fake.calls
    with pytest.raises(CutOffError, match="stopped at size 10: more than four elements"):
        run.start("rosenbrock", "fake:lame", "gradient", 100)
    assert fake.calls == calls
    assert run.facts()["cut_offs"] == [
        {
            "problem": "rosenbrock",
            "engine": "fake:lame",
            "operator": "gradient",
            "size": 10,
            "reason": "more than four elements",
        }
    ]


@pytest.mark.parametrize("status", [s for s in Status if s not in (Status.AGREE, Status.IMPRECISE)])
def test_only_agreeing_engines_are_timed(fake, status):
    run = climb("fake", verify=lambda problem, engines: agree(problem, engines, status, "because"))
    with pytest.raises(CutOffError, match=f"its verdict is {status}: because"):
        run.start("rosenbrock", "fake", "gradient", 10)
    assert fake.calls == 0
    assert [(e["verdict"], e["reason"]) for e in run.facts()["excluded"]] == [(status.value, "because")]


def test_a_wrong_engine_is_refuted_and_an_incapable_one_is_not(fake):
    for status, refuted in ((Status.WRONG, ["fake"]), (Status.UNSUPPORTED, [])):
        run = climb("fake", verify=lambda problem, engines, status=status: agree(problem, engines, status))
        with pytest.raises(CutOffError):
            run.start("rosenbrock", "fake", "value", 10)
        assert run.refuted() == refuted


def test_an_engine_without_a_verdict_is_not_timed(fake):
    run = climb("fake", verify=lambda problem, engines: {})
    with pytest.raises(CutOffError, match="it took no part in the verification"):
        run.start("rosenbrock", "fake", "gradient", 10)


def test_a_record_says_what_was_measured(fake):
    run = climb("fake")
    info = run.extra_info(run.start("rosenbrock", "fake", "gradient", 10))
    assert (info["problem"], info["size"], info["engine"], info["operator"]) == ("rosenbrock", 10, "fake", "gradient")
    assert (info["backend"], info["mode"], info["native"], info["verdict"]) == ("fake", "plain", True, "AGREE")
    assert {"gradcheck", "numpy"} <= set(info["versions"])


def test_an_unknown_engine_raises_before_anything_runs():
    with pytest.raises(UnknownNameError, match="numerical"):
        _ = Climb(Plan(backends=("numerica",))).engines


def test_the_closed_form_is_verified_against_the_numerical_engine():
    run = Climb(Plan(problems=("notebook",), backends=("analytic",)))
    assert run.extra_info(run.start("notebook", "analytic", "gradient", 3))["verdict"] == "AGREE"
