"""The road from a case to a report: who takes part, what is asked, and that it repeats."""

import warnings

import numpy as np
import pytest

from gradcheck import Operator, Report, Status, check
from gradcheck.cases import Case
from gradcheck.errors import UnknownNameError
from gradcheck.functions import Function
from gradcheck.verification import Options, operators_of, run, verify

X = np.array([0.4, -1.3, 2.1])
NUMERICAL = Options(backends=("numerical",))


def f(xp, x):
    return xp.sum(xp.sin(x))


def case(name="case", function=f, gradient=np.cos, inputs=lambda rng: (X,), **more):
    return Case(name, Function.of(function, gradient=gradient), inputs, **more)


def engines(report, operator="gradient"):
    return [(str(v.engine), v.witness) for v in report.verdicts if v.operator == operator]


# -- who takes part ---------------------------------------------------------------------------


def test_a_rule_is_under_test_whatever_else_is_asked_for():
    found = engines(check(f, X, gradient=np.cos, backends=["numerical"], witness=None))
    assert found == [("numerical", False), ("analytic", False)]


def test_numerics_is_added_as_a_witness_once():
    found = engines(check(f, X, gradient=np.cos, backends=["analytic"], witness="numerical"))
    assert found == [("analytic", False), ("numerical", True)]
    assert engines(check(f, X, gradient=np.cos, backends=["analytic"], witness=None)) == [("analytic", False)]
    found = engines(check(f, X, gradient=np.cos, backends=["analytic", "numerical:*"]))
    assert [name for name, _ in found].count("numerical") == 1


def test_another_backend_can_be_the_witness():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    report = check(f, X, gradient=np.cos, backends=["analytic"], witness="sympy")
    assert report
    assert engines(report) == [("analytic", False), ("sympy", True)]


def test_a_mode_is_not_confirmed_by_another_of_its_backend():
    report = check(lambda x: np.sum(np.sin(x)), X, backends=["numerical", "numerical:central", "numerical:forward"])
    assert {v.status for v in report.verdicts} == {Status.INCONCLUSIVE}
    assert not report


@pytest.mark.parametrize("mode", ["forward", "central", "ridders", "complex-step"])
def test_every_numerical_mode_agrees_with_a_closed_form(mode):
    report = check(f, X, gradient=np.cos, backends=[f"numerical:{mode}"])
    assert report.verdict(f"numerical:{mode}", "gradient").status is Status.AGREE, str(report)


def test_a_lone_symbolic_engine_is_held_against_its_witness():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    report = check(f, X, backends=["sympy"])
    assert report
    assert report.verdict("numerical", "gradient").witness


# -- what is asked ----------------------------------------------------------------------------


def test_the_operator_follows_the_output():
    assert operators_of(case()) == (Operator.GRADIENT,)
    assert operators_of(case(function=lambda xp, x: xp.sin(x), gradient=None)) == (Operator.JACOBIAN,)
    assert operators_of(case(operators=(Operator.HVP,))) == (Operator.HVP,)


def test_the_operators_of_a_function_that_fails_are_those_of_a_scalar():
    assert operators_of(case(function=lambda xp, x: 1 / 0)) == (Operator.GRADIENT,)


def test_second_order_adds_the_hessian():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    scalar = check(f, X, backends=["sympy"], order=2)
    assert scalar
    assert {v.operator for v in scalar.verdicts} == {Operator.VALUE, Operator.GRADIENT, Operator.HESSIAN}
    vector = check(lambda xp, x: xp.sin(x), X, backends=["sympy"], order=2)
    assert vector
    assert {v.operator for v in vector.verdicts} == {Operator.VALUE, Operator.JACOBIAN, Operator.HESSIAN}


def test_only_the_arguments_of_argnums_are_differentiated():
    def g(xp, a, b):
        return xp.sum(a * b**2)

    report = check(g, X, X + 1, argnums=-1, gradient=lambda a, b: (None, 2 * a * b), backends=["numerical"])
    assert report
    wrong = check(g, X, X + 1, argnums=(1,), gradient=lambda a, b: (None, a * b), backends=["numerical"])
    assert wrong.verdict("analytic", "gradient").argument == "b"


def test_inputs_are_rounded_once_and_everybody_gets_the_same_numbers():
    seen = []

    def g(x):
        seen.append(x.copy())
        return np.cos(x)

    x = np.array([0.1, 0.7])
    assert check(f, x, gradient=g, backends=["numerical"], dtype="float32")
    assert seen[0].dtype == np.float32
    np.testing.assert_array_equal(seen[0], x.astype(np.float32))


# -- cases and points -------------------------------------------------------------------------


def test_every_point_is_checked_and_named():
    points = case(inputs=lambda rng: {"near": (X,), "far": (10 * X,)})
    report = verify(points, NUMERICAL)
    assert {v.point for v in report.verdicts} == {"near", "far"}
    assert {v.point for v in verify(points, NUMERICAL, points=["far"]).verdicts} == {"far"}
    with pytest.raises(UnknownNameError, match="'near'"):
        verify(points, NUMERICAL, points=["naer"])


def test_points_of_one_shape_are_prepared_once_and_each_judged_at_its_own_inputs():
    at = {"right": (np.ones(3),), "wrong": (3 * np.ones(3),), "longer": (np.ones(4),)}
    points = case(gradient=lambda x: np.cos(x) * (1.0 if x[0] == 1 else 2.0), inputs=lambda rng: at)
    report = verify(points, Options(backends=("numerical", "analytic")))
    statuses = {v.point: v.status for v in report.verdicts if str(v.engine) == "analytic"}
    assert statuses == {"right": Status.AGREE, "wrong": Status.WRONG, "longer": Status.AGREE}


def test_points_that_differ_in_a_constant_do_not_share_a_prepared_function():
    def power(xp, x, n):
        return xp.sum(x**n)

    points = Case(
        "power",
        Function.of(power, gradient=lambda x, n: (n * x ** (n - 1), None)),
        lambda rng: {"square": (np.abs(X), 2), "cube": (np.abs(X), 3)},
    )
    assert verify(points, Options(backends=("numerical", "analytic")))


def test_progress_is_told_of_each_case():
    told = []
    report = run([case("a"), case("b")], NUMERICAL, progress=lambda c, r: told.append((c.name, len(r.verdicts))))
    assert [name for name, _ in told] == ["a", "b"]
    assert sum(n for _, n in told) == len(report.verdicts)


# -- determinism and good manners -------------------------------------------------------------


def timeless(report):
    """Return what a report says, times apart."""
    found = report.to_dict()
    found.pop("seconds")
    for verdict in found["verdicts"]:
        verdict.pop("seconds")
    return found


def test_the_same_seed_gives_the_same_report():
    def g(xp, x):
        return xp.stack([xp.sum(xp.sin(x)), xp.prod(x)])

    def once(seed):
        return check(g, X, backends=["numerical", "numerical:central"], operator=["jvp", "vjp"], seed=seed)

    assert timeless(once(3)) == timeless(once(3))
    values = [[e.arrays[0].tolist() for e in once(seed).estimates] for seed in (3, 4)]
    assert values[0] != values[1]


def test_random_inputs_depend_on_the_seed_and_the_name():
    def draw(name, seed):
        seen = []
        random = case(name, inputs=lambda rng: seen.append(rng.normal()) or (X,))
        run([random], Options(backends=("numerical",), seed=seed))
        return seen[0]

    assert draw("a", 0) == draw("a", 0)
    assert len({draw("a", 0), draw("b", 0), draw("a", 1)}) == 3


def test_the_caller_is_not_hurt():
    mine = {"w": X.copy(), "b": [np.float32(0.5), 2]}
    before = (np.geterr(), np.random.get_state()[1].tolist(), warnings.filters[:])

    def g(xp, p):
        return xp.sum(xp.log(p["w"])) * p["b"][0]

    def failing(p):
        raise RuntimeError

    check(g, mine, gradient=failing, backends=["numerical"])
    assert (np.geterr(), np.random.get_state()[1].tolist(), warnings.filters[:]) == before
    np.testing.assert_array_equal(mine["w"], X)
    assert mine["w"].flags.writeable
    assert mine["b"] == [np.float32(0.5), 2]


def test_a_report_survives_json():
    report = check(f, X, gradient=lambda x: np.cos(x) * np.array([1.0, np.nan, 1.0]), backends=["numerical"])
    again = Report.from_json(report.to_json())
    assert timeless(again) == timeless(report)
    assert bool(again) is bool(report) is False


def test_a_nondeterministic_function_is_not_excused_by_its_own_noise():
    rng = np.random.default_rng(2)
    report = check(f, X, gradient=lambda x: np.cos(x) + 1e-3 * rng.normal(size=3), backends=["numerical"])
    assert report.verdict("analytic", "gradient").status is Status.NONDETERMINISTIC
    assert not report


def test_imposed_tolerances_are_said_in_the_evidence():
    report = check(f, X, gradient=lambda x: 1.001 * np.cos(x), backends=["numerical"], rtol=1e-2)
    assert report
    assert "imposed rtol=0.01" in report.verdict("analytic", "gradient").evidence.tolerance_source
    assert not check(f, X, gradient=lambda x: 1.001 * np.cos(x), backends=["numerical"], rtol=1e-4)
    assert not check(f, X, gradient=lambda x: -np.cos(x), backends=["numerical"], atol=1e-4)


@pytest.mark.parametrize("operator", ["vjp", "gradient"])
def test_a_function_that_raises_everywhere_is_an_error_and_no_traceback(operator):
    def broken(xp, x):
        raise ValueError("not today")

    report = check(broken, np.ones(2), operator=operator, backends=["numerical"])
    verdict = report.verdict("numerical", operator)
    assert verdict.status is Status.ERROR
    assert "not today" in verdict.evidence.reason
