"""Referees under a bound of their own: who is called when, what they settle, and what excuses an engine before them."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck import Status, check
from gradcheck.backend import Engine, Estimate
from gradcheck.errors import NotDifferentiableError
from gradcheck.functions import Inputs
from gradcheck.judge import ladder
from gradcheck.operators import Operator

X, G = np.array([0.4, -1.3, 2.1]), np.array([1.0, -2.0, 3.0])


def says(engine, values, errors=None, certified=False, operator=Operator.GRADIENT):
    values = np.asarray(values, float)
    errors = None if errors is None else (np.full(values.shape, errors),)
    found = Estimate(Engine.parse(engine), operator, (values,), errors, certified=certified)
    return ladder.Testimony(found.engine, False, found, second_opinion=lambda: found)


def certified(values, bound=1e-17):
    return says("exact", values, bound, certified=True)


def judged(*testimonies, **more):
    question = ladder.Question(
        "case",
        "default",
        Operator.GRADIENT,
        Inputs.of((X,), parameters=("x",)),
        testimonies,
        (np.asarray(1.0),),
        **more,
    )
    return ladder.judge(question)


def test_an_engine_outside_a_certified_bound_is_wrong_however_many_agree_with_it():
    off = G * [1, 1 + 1e-9, 1]
    verdicts = judged(says("torch", off), says("jax", off), says("numerical", off, 1e-8), certified(G))
    assert [v.status for v in verdicts[:2]] == [Status.WRONG] * 2
    low, high = verdicts[0].evidence.bound
    assert low < -2.0 < high
    assert "certified in [" in verdicts[0].evidence.reason
    assert "off by at least 2e-09" in verdicts[0].evidence.reason
    assert verdicts[0].index == (1,)


def test_an_engine_inside_it_agrees():
    verdicts = judged(says("torch", G * (1 + 4e-16)), says("numerical", G, 1e-8), certified(G))
    assert {v.status for v in verdicts} == {Status.AGREE}


def test_what_numerics_sees_too_coarsely_a_bound_settles():
    coarse = says("numerical", G * 1.01, 0.5)
    assert judged(says("torch", G), coarse)[0].status is Status.INCONCLUSIVE
    assert judged(says("torch", G), coarse, certified(G))[0].status is Status.AGREE


def test_a_bound_that_is_not_finite_settles_nothing():
    verdicts = judged(says("torch", 2 * G), says("numerical", G, 1e-12), certified(G, np.inf))
    assert verdicts[0].status is Status.WRONG
    assert verdicts[0].evidence.reference_engine == "numerical"


def test_a_referee_is_called_only_where_a_dispute_needs_it():
    calls = []

    def summon():
        calls.append(1)
        return iter([certified(G)])

    assert judged(says("torch", G), says("numerical", G, 1e-12), summon=summon)[0].status is Status.AGREE
    assert not calls
    wrong = judged(says("torch", 2 * G), says("numerical", 2.1 * G, 0.5), summon=summon)[0]
    assert (wrong.status, wrong.evidence.reference_engine) == (Status.WRONG, "exact")
    assert calls


def test_a_referee_that_refuses_leaves_the_verdict_as_it_was():
    refusal = ladder.Testimony(Engine("exact"), True, failure=NotDifferentiableError("a certified kink"))
    found = judged(says("torch", 2 * G), says("numerical", G, 1e-12), summon=lambda: iter([refusal]))[0]
    assert (found.status, found.evidence.reference_engine) == (Status.WRONG, "numerical")


def test_high_precision_settles_like_a_bound_but_certifies_nothing():
    verdict = judged(says("torch", 2 * G), says("sympy:precise", G, 1e-30))[0]
    assert verdict.status is Status.WRONG
    assert verdict.evidence.bound is None
    assert "certified" not in verdict.evidence.reason


def test_a_bound_that_all_others_contradict_says_so():
    verdict = judged(says("torch", 2 * G), certified(G))[1]
    assert "every other engine contradicts it" in verdict.evidence.reason


def test_two_that_differ_by_less_than_numerics_sees_are_not_both_right():
    numerics = says("numerical", G, 1e-8)
    off = says("jax", G * (1 + 1e-9))
    assert [v.status for v in judged(says("torch", G), off, numerics)[:2]] == [Status.INCONCLUSIVE] * 2
    verdicts = judged(says("torch", G), off, numerics, certified(G))
    assert [v.status for v in verdicts[:2]] == [Status.AGREE, Status.WRONG]


def test_a_peer_that_numerics_refutes_casts_no_doubt():
    verdicts = judged(says("torch", G), says("jax", 2 * G), says("numerical", G, 1e-8))
    assert [v.status for v in verdicts[:2]] == [Status.AGREE, Status.WRONG]


@pytest.mark.parametrize("far", [True, False])
def test_forwards_that_differ_are_not_a_wrong_backward(far):
    values = {"torch": 1.0, "jax": 1.5 if far else 1.0}

    def forward(engine):
        return replace(says("torch", 0.0), estimate=says(str(engine), values[engine.backend]).estimate)

    verdicts = judged(
        says("torch", G),
        says("jax", 2 * G),
        says("numerical@torch", G, 1e-10),
        says("numerical@jax", 2 * G, 1e-10),
        natives=frozenset({"torch", "jax"}),
        forward=forward,
    )
    expected = Status.AGREE if far else Status.INCONCLUSIVE  # far: the verdict on the value says it
    assert [v.status for v in verdicts[:2]] == [expected] * 2
    assert "the forwards differ" in verdicts[0].evidence.reason


# -- real engines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x", "lost"),
    [
        (lambda xp, x: xp.tanh(x), 20.0, lambda x: 1 - np.tanh(x) ** 2),
        (lambda xp, x: xp.expm1(x), -40.0, lambda x: np.expm1(x) + 1),
        (lambda xp, x: (xp.exp(x) - 1) / x, -1.34e-5, lambda x: (np.exp(x) * x - np.exp(x) + 1) / x**2),
    ],
    ids=["tanh", "expm1", "cancellation"],
)
def test_digits_that_a_formula_throws_away_are_imprecise_with_the_certified_value(f, x, lost):
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    report = check(f, np.float64(x), gradient=lost, backends=["numerical"])
    verdict = report.verdict("analytic", "gradient")
    assert report
    assert verdict.status is Status.IMPRECISE
    assert verdict.evidence.bound is not None
    flipped = check(f, np.float64(x), gradient=lambda x: -np.exp(-abs(x)) - 1.0, backends=["numerical"])
    assert flipped.verdict("analytic", "gradient").status is Status.WRONG


def test_one_part_in_a_billion_is_found_by_the_certified_engine():
    pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
    x = np.linspace(0.1, 1.0, 6)
    report = check(
        lambda xp, x: xp.sum(xp.sin(x) * x),
        x,
        gradient=lambda x: (np.cos(x) * x + np.sin(x)) * (1 + 1e-9 * (np.arange(6) == 4)),
    )
    verdict = report.verdict("analytic", "gradient")
    assert (verdict.status, verdict.index) == (Status.WRONG, (4,))


def test_no_witness_means_no_referee():
    x = np.array([0.5])
    report = check(lambda xp, x: xp.sum(x**2), x, gradient=lambda x: 2 * x, backends=["numerical"], witness=None)
    assert {str(v.engine) for v in report.verdicts} == {"numerical", "analytic"}
