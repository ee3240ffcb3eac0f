"""The judge on right answers at hard places, on excuses, and on what a report's truth means."""

import numpy as np
import pytest

from gradcheck import Report, Status, check
from gradcheck.backend import Engine, Estimate
from gradcheck.errors import FunctionError, UnsupportedError
from gradcheck.functions import Inputs
from gradcheck.judge import ladder, tolerances
from gradcheck.judge.diagnosis import diagnose, diagnose_swap
from gradcheck.operators import Operator

X = np.array([0.4, -1.3, 2.1])


# -- a judge that is handed what engines say --------------------------------------------------


def estimate(engine, values, errors=None):
    values = np.asarray(values, float)
    return Estimate(
        Engine.parse(engine), Operator.GRADIENT, (values,), None if errors is None else (np.full(values.shape, errors),)
    )


def says(engine, values, errors=None, **more):
    found = estimate(engine, values, errors)
    if found.engine.backend == "numerical":
        more.setdefault("second_opinion", lambda: found)
    return ladder.Testimony(found.engine, False, found, **more)


def judged(*testimonies, at=X, outputs=(1.0,), **imposed):
    question = ladder.Question(
        "case",
        "default",
        Operator.GRADIENT,
        Inputs.of((at,), parameters=("x",)),
        testimonies,
        tuple(map(np.asarray, outputs)),
        **imposed,
    )
    return ladder.judge(question)


def statuses(*testimonies, **more):
    return [v.status.value for v in judged(*testimonies, **more)]


G = np.array([1.0, -2.0, 3.0])


def test_nobody_to_compare_with_is_inconclusive():
    assert statuses(says("torch", G), says("torch:compile", G)) == ["INCONCLUSIVE"] * 2


def test_nan_is_never_agreement_even_with_nan():
    bad = [1.0, np.nan, 3.0]
    assert statuses(says("torch", bad), says("jax", bad)) == ["NONFINITE"] * 2
    found = judged(says("torch", bad), says("jax", G), says("numerical", G, 1e-12))
    assert [v.status for v in found] == [Status.NONFINITE, Status.AGREE, Status.AGREE]
    assert (found[0].argument, found[0].index) == ("x", (1,))


def test_an_infinity_that_two_engines_have_is_a_value():
    high = [1.0, np.inf, 3.0]
    unsettled = says("numerical", [1.0, 4.1, 3.0], 3.7)
    assert statuses(says("torch", high), says("jax", high), unsettled) == ["AGREE", "AGREE", "INCONCLUSIVE"]
    assert statuses(says("torch", high), says("jax", [1.0, -np.inf, 3.0])) == ["INCONCLUSIVE"] * 2


def test_an_infinity_where_numerics_is_sure_is_not_finite():
    settled = says("numerical", G, 1e-12)
    assert statuses(says("torch", [1.0, np.inf, 3.0]), settled)[0] == "NONFINITE"


def test_a_lone_infinity_that_nobody_can_contradict_is_inconclusive():
    unsettled = says("numerical", [1.0, 4.1, 3.0], 3.7)
    assert statuses(says("torch", [1.0, np.inf, 3.0]), unsettled)[0] == "INCONCLUSIVE"


def test_a_useless_error_estimate_verifies_nothing():
    vague = says("numerical", G * 1.5, 10.0)
    assert statuses(says("torch", G), vague) == ["INCONCLUSIVE"] * 2
    assert statuses(says("torch", -G), vague) == ["INCONCLUSIVE"] * 2


def test_a_useless_referee_leaves_it_to_the_others():
    vague = says("numerical", G * 1.5, 10.0)
    assert statuses(says("torch", G), says("jax", G), vague) == ["AGREE", "AGREE", "INCONCLUSIVE"]


def test_an_infinite_error_estimate_agrees_with_nothing():
    assert statuses(says("torch", G), says("numerical", G * 2, np.inf)) == ["INCONCLUSIVE"] * 2


def test_numerics_that_its_second_evaluation_does_not_confirm_accuses_nobody():
    unsure = says("numerical", G * 1.1, 1e-9, second_opinion=lambda: estimate("numerical", G, 1e-9))
    assert statuses(says("torch", G), unsure)[0] == "INCONCLUSIVE"
    mute = says("numerical", G * 1.1, 1e-9, second_opinion=lambda: None)
    assert statuses(says("torch", G), mute)[0] == "INCONCLUSIVE"


def test_a_rerun_that_fails_or_explodes_explains_nothing():
    for again in (
        lambda leaves: None,
        lambda leaves: estimate("torch", np.full(3, np.inf)),
        lambda leaves: estimate("torch", np.full(3, np.nan)),
    ):
        at_first = iter([estimate("torch", 2 * G)])  # the same inputs give the same result

        def rerun(leaves, at_first=at_first, again=again):
            return next(at_first, None) or again(leaves)

        accused = says("torch", 2 * G, again=rerun)
        assert statuses(accused, says("numerical", G, 1e-12))[0] == "WRONG"


def test_an_engine_that_contradicts_itself_is_nondeterministic():
    rng = np.random.default_rng(1)
    noisy = says("torch", G + 1e-3, again=lambda leaves: estimate("torch", G + 1e-3 * rng.normal(size=3)))
    assert statuses(noisy, says("numerical", G, 1e-12))[0] == "NONDETERMINISTIC"
    assert statuses(noisy, says("jax", G))[0] == "NONDETERMINISTIC"


@pytest.mark.parametrize(("sensitive", "status"), [(1e-7, "AGREE"), (0.0, "NONDETERMINISTIC")])
def test_sums_in_another_order_are_not_nondeterminism_where_the_derivative_is_as_sensitive(sensitive, status):
    """Beside a referee whose derivative moves by as much with an ulp of the inputs."""
    rng = np.random.default_rng(1)

    def moving(scatter, engine):
        return lambda leaves: estimate(engine, G + scatter * rng.normal(size=3), np.full(3, 1e-12))

    scattering = says("torch", G + 1e-9, again=lambda leaves: estimate("torch", G + 1e-9 * rng.normal(size=3)))
    referee = says("numerical", G, 1e-12, again=moving(sensitive, "numerical"))
    assert statuses(scattering, referee)[0] == status


def test_sympy_and_another_outvote_numerics():
    numerics = says("numerical", G * 1.1, 1e-9)
    assert statuses(says("sympy", G), says("torch", G), says("jax", G), numerics) == [
        *["AGREE"] * 3,
        "WRONG",
    ]


def test_a_written_rule_and_frameworks_do_not_outvote_numerics():
    numerics = says("numerical", G * 1.1, 1e-9)
    assert statuses(says("analytic", G), says("torch", G), says("jax", G), numerics)[:3] == ["WRONG"] * 3


def test_an_error_below_what_the_output_shows_is_imprecise():
    at, tiny = np.array([20.0, 1.0, 1.0]), 1.699e-17  # 4 exp(-40), the derivative of tanh at 20
    zero, exact = np.array([0.0, 1.0, 1.0]), np.array([tiny, 1.0, 1.0])
    assert statuses(says("torch", zero), says("numerical", exact, 1e-25), at=at)[0] == "IMPRECISE"
    assert statuses(says("torch", zero + 1e-14), says("numerical", exact, 1e-25), at=at)[0] == "WRONG"


def test_one_imprecise_element_does_not_excuse_a_wrong_one():
    at = np.array([20.0, 1.0, 1.0])
    found = judged(says("torch", [0.0, 1.0, -1.0]), says("numerical", [1.699e-17, 1.0, 1.0], [1e-25]), at=at)[0]
    assert (found.status, found.index, found.evidence.wrong) == (Status.WRONG, (2,), 1)


@pytest.mark.parametrize(("off", "status"), [(1e-9, "IMPRECISE"), (1e-3, "WRONG")])
def test_the_other_precision_excuses_no_more_than_half_the_digits(off, status):
    accused = says("torch", G * (1 + off), in_other_precision=lambda leaves: [(G * (1 + 1.0)).astype(np.float32)])
    assert statuses(accused, says("numerical", G, 1e-14))[0] == status


def test_a_wrong_shape_is_an_error_that_names_both_shapes():
    found = judged(says("torch", np.ones((3, 1))), says("jax", G), says("numerical", G, 1e-12))
    assert found[0].status is Status.ERROR
    assert "(3, 1)" in found[0].evidence.reason
    assert "(3,)" in found[0].evidence.reason


def test_failures_are_verdicts_in_their_place():
    broken = ladder.Testimony(Engine("torch"), False, failure=FunctionError("it raised"))
    unable = ladder.Testimony(Engine("jax"), False, failure=UnsupportedError("no rule"))
    assert statuses(broken, says("sympy", G), unable, says("numerical", G, 1e-12)) == [
        "ERROR",
        "AGREE",
        "UNSUPPORTED",
        "AGREE",
    ]


def test_imposed_tolerances_replace_the_derived_ones_and_are_said():
    numerics = says("numerical", G, 1e-12)
    loose = judged(says("torch", G * 1.001), numerics, rtol=1e-2)[0]
    assert loose.status is Status.AGREE
    assert "imposed rtol=0.01, atol=0" in loose.evidence.reason
    tight = judged(says("torch", G * 1.001), numerics, rtol=1e-4)[0]
    assert tight.status is Status.WRONG
    assert "imposed rtol=0.0001" in tight.evidence.tolerance_source


def test_an_imposed_tolerance_finer_than_numerics_can_resolve_is_inconclusive():
    found = judged(says("torch", G * (1 + 1e-13)), says("numerical", G, 1e-12), rtol=1e-15)[0]
    assert found.status is Status.INCONCLUSIVE


# -- tolerances -------------------------------------------------------------------------------


def test_tolerances_do_not_grow_with_the_number_of_elements():
    few, many = np.ones(3), np.ones(3000)
    dtype = np.dtype(float)
    assert tolerances.tight(few, few, dtype)[0] == tolerances.tight(many, many, dtype)[0]


@pytest.mark.parametrize("operator", [Operator.GRADIENT, Operator.JACOBIAN, Operator.JVP, Operator.VJP, Operator.HVP])
def test_noise_has_one_element_for_each_of_the_operator(operator):
    leaves, outputs = (np.ones((2, 3)), np.array(2.0)), (np.ones(4), np.array(1e10))
    sizes = {Operator.JACOBIAN: 35, Operator.JVP: 5}
    assert tolerances.noise(operator, leaves, outputs, 1e-16).shape == (sizes.get(operator, 7),)


def test_noise_of_a_jacobian_is_that_of_its_own_output():
    noise = tolerances.noise(Operator.JACOBIAN, (np.array([2.0]),), (np.array([1.0, 1e10]),), 1e-16)
    np.testing.assert_allclose(noise, [5e-17, 5e-7])


def test_noise_is_finite_at_zero_and_for_outputs_that_are_not():
    noise = tolerances.noise(Operator.GRADIENT, (np.array([0.0, 4.0]),), (np.array(np.inf),), 1e-16)
    assert (noise == 0).all()
    assert tolerances.noise(Operator.GRADIENT, (np.zeros(2),), (np.array(3.0),), 1e-16) == pytest.approx(3e-16)


def test_lost_digits_in_a_wider_precision_are_the_error_itself():
    lost = tolerances.lost_digits(np.array([1.0]), np.array([1.0 + 1e-5]), 1.2e-7, 2.2e-16)
    assert lost == pytest.approx(1e-5)


def test_no_more_than_half_of_the_digits_are_an_excuse_by_themselves():
    assert tolerances.excusable_digits(np.array([2.0]), np.zeros(1), 1e-16) == pytest.approx(2e-8)


def test_what_underflows_is_no_fault():
    report = check(
        lambda xp, x: xp.sum(xp.exp(-(x**2))),
        np.array([12.0, 0.5]),
        gradient=lambda x: (-2 * x * np.exp(-(x**2))).astype(np.float32),
        backends=["numerical"],
        dtype="float32",
    )
    assert report, str(report)


# -- diagnosis --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda r: -r, "sign"),
        (lambda r: 3 * r, "3 times"),
        (lambda r: 0 * r, "detached"),
        (lambda r: r.T, "transposed"),
        (lambda r: np.roll(r.reshape(-1), 1).reshape(r.shape), "shifted"),
        (lambda r: r + 1, ""),
        (lambda r: r * np.nan, ""),
    ],
)
def test_the_shape_of_an_error_is_named(make, words):
    reference = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0], [-1.0, 0.5, 2.5]])
    found = diagnose(make(reference), reference)
    assert words in found
    assert bool(found) == bool(words)


def test_a_right_block_is_not_diagnosed():
    assert diagnose(G, G) == ""
    assert diagnose_swap(G, [G, G + 1], ["a", "b"], 0) == ""
    assert "respect to b" in diagnose_swap(G + 1, [G, G + 1], ["a", "b"], 0)


def test_a_conjugate_is_named():
    z = np.array([1 + 2j, 3 - 1j])
    assert "conjugate" in diagnose(z.conj(), z)


# -- right answers at hard places -------------------------------------------------------------

HARD = {
    "badly scaled": (lambda xp, x: xp.sum(xp.sin(x) * x), np.logspace(-6, 6, 7), lambda x: np.sin(x) + x * np.cos(x)),
    "ill-conditioned sum": (
        lambda xp, x: xp.sum(x) ** 2,
        np.array([1e8, -1e8 + 0.5, 0.25]),
        lambda x: np.full(3, 2 * np.sum(x)),
    ),
    "saturated": (lambda xp, x: xp.sum(xp.tanh(x)), np.array([20.0, 1.0]), lambda x: 1 - np.tanh(x) ** 2),
    "near the kink of maximum": (
        lambda xp, x: xp.sum(xp.maximum(x, 0.0)),
        np.array([1e-3, -1e-3, 2.0]),
        lambda x: (x > 0) * 1.0,
    ),
    "near the kink of abs": (lambda xp, x: xp.sum(xp.abs(x)), np.array([1e-3, -1e-3, 5.0]), np.sign),
    "log near 0": (lambda xp, x: xp.sum(xp.log(x)), np.array([1e-8, 2.0]), lambda x: 1 / x),
    "sqrt near 0": (lambda xp, x: xp.sum(xp.sqrt(x)), np.array([1e-10, 4.0]), lambda x: 0.5 / np.sqrt(x)),
    "arcsin near 1": (lambda xp, x: xp.sum(xp.arcsin(x)), np.array([0.9999999, 0.1]), lambda x: (1 - x**2) ** -0.5),
    "near a pole": (lambda xp, x: xp.sum(1 / (x - 1)), np.array([1.001, 0.98]), lambda x: -1 / (x - 1) ** 2),
    "high frequency": (
        lambda xp, x: xp.sum(xp.sin(1e3 * x)),
        np.array([0.3, 1.7, -2.2]),
        lambda x: 1e3 * np.cos(1e3 * x),
    ),
    "large dynamic range": (
        lambda xp, x: xp.sum(xp.exp(x)),
        np.array([-20.0, 0.0, 15.0]),
        np.exp,
    ),
    "zeros in the gradient": (lambda xp, x: x[0] * x[1] + 0.0 * x[2], X, lambda x: np.array([x[1], x[0], 0.0])),
    "constant": (lambda xp, x: xp.sum(0.0 * x) + 3.0, X, np.zeros_like),
    "stationary point": (lambda xp, x: xp.sum(x**4), np.zeros(3), np.zeros_like),
    "maximum of squares": (
        lambda xp, x: xp.max(x**2),
        np.array([1.0, -3.0, 2.9]),
        lambda x: np.array([0.0, -6.0, 0.0]),
    ),
    "large offset": (lambda xp, x: xp.sum(xp.sin(x)) + 1e6, X, np.cos),
    "small everything": (lambda xp, x: 1e-12 * xp.sum(x**3), 1e-4 * X, lambda x: 3e-12 * x**2),
    "huge everything": (lambda xp, x: 1e12 * xp.sum(x**3), 1e4 * X, lambda x: 3e12 * x**2),
    "size 0": (lambda xp, x: xp.sum(x * x), np.zeros((0, 3)), lambda x: 2 * x),
    "0-d": (lambda xp, x: xp.exp(x), np.array(0.3), np.exp),
}


@pytest.mark.parametrize("name", HARD)
def test_a_right_gradient_at_a_hard_place_is_not_flagged(name):
    f, x, gradient = HARD[name]
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    report = check(f, x, gradient=gradient, backends=["sympy", "sympy:backprop"])
    assert report, str(report)
    assert report.verdict("analytic", "gradient").status in (Status.AGREE, Status.IMPRECISE)


UNRESOLVED = {"high frequency", "maximum of squares", "near a pole", "badly scaled", "arcsin near 1"}
"""Where numerics alone may say that it cannot tell; it must never say AGREE."""


@pytest.mark.parametrize("name", sorted(set(HARD) - {"saturated", "constant", "stationary point", "size 0"}))
def test_the_hard_places_do_not_hide_a_fault(name):
    f, x, gradient = HARD[name]
    report = check(f, x, gradient=lambda x: 1.01 * gradient(x), backends=["numerical"])
    found = report.verdict("analytic", "gradient").status
    assert found is Status.WRONG or (name in UNRESOLVED and found is Status.INCONCLUSIVE), str(report)


def test_a_function_that_ignores_an_argument():
    report = check(lambda xp, x, y: xp.sum(x**2), X, X, gradient=lambda x, y: (2 * x, 0 * y), backends=["numerical"])
    assert report


def random_function(rng):
    """Return a smooth function of 3 numbers, sum_k a_k u_k(b_k . x + c_k), and its gradient."""
    names = rng.choice(["sin", "tanh", "exp", "square", "arctan"], size=4)
    slopes = {"sin": np.cos, "exp": np.exp, "square": lambda z: 2 * z, "arctan": lambda z: 1 / (1 + z * z)}
    slopes["tanh"] = lambda z: 1 - np.tanh(z) ** 2
    a, b, c = rng.normal(size=4) * 10.0 ** rng.integers(-3, 4, 4), rng.normal(size=(4, 3)), rng.normal(size=4)

    def f(xp, x):
        return sum(a[k] * getattr(xp, n)(xp.sum(b[k] * x) + c[k]) for k, n in enumerate(names))

    def gradient(x):
        return sum(a[k] * slopes[n](b[k] @ x + c[k]) * b[k] for k, n in enumerate(names))

    return f, gradient


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_random_functions_raise_no_false_alarm_and_hide_no_fault(dtype):
    rng = np.random.default_rng(11)
    fault = 1e-6 if dtype == "float64" else 1e-2
    for _ in range(50):
        f, gradient = random_function(rng)
        x = rng.normal(size=3) * 10.0 ** rng.integers(-2, 2)
        right = check(f, x, gradient=gradient, backends=["numerical"], dtype=dtype)
        assert right.verdict("analytic", "gradient").status in (Status.AGREE, Status.IMPRECISE), str(right)
        wrong = check(f, x, gradient=lambda x, g=gradient: (1 + fault) * g(x), backends=["numerical"], dtype=dtype)
        assert wrong.verdict("analytic", "gradient").status is Status.WRONG, str(wrong)


# -- when a report is true --------------------------------------------------------------------


def test_the_report_of_nothing_is_false():
    assert not Report(())
    assert not Report.merge([])


def test_a_function_that_nothing_can_confirm_is_not_verified():
    report = check(lambda x: np.sum(np.sin(x)), X)
    assert not report
    assert {v.status for v in report.verdicts} == {Status.INCONCLUSIVE}
    assert "could not be verified" in str(report)


def test_strict_refuses_imprecise():
    at, exact = np.array([20.0, 1.0, 1.0]), np.array([1.699e-17, 1.0, 1.0])
    verdicts = judged(says("torch", [0.0, 1.0, 1.0]), says("numerical", exact, 1e-25), at=at)
    assert [v.status for v in verdicts] == [Status.IMPRECISE, Status.AGREE]
    assert Report(tuple(verdicts))
    assert not Report(tuple(verdicts), settings={"strict": True})


def test_a_saturated_function_alone_is_not_flagged():
    for rule in (lambda x: 1 - np.tanh(x) ** 2, lambda x: 1 / np.cosh(x) ** 2):
        assert check(lambda xp, x: xp.tanh(x), np.float64(20.0), gradient=rule, backends=["numerical"])


def test_unsupported_alone_is_false():
    report = check(
        lambda xp, x: xp.sin(x), X, jacobian=lambda x: np.diag(np.cos(x)), backends=["analytic"], operator="jvp"
    )
    assert report  # jvp is derived from the Jacobian
    report = check(lambda xp, x: xp.sum(xp.sin(x)), X, gradient=np.cos, backends=["analytic"], operator="hessian")
    assert report.verdict("analytic", "hessian").status is Status.UNSUPPORTED
    assert not report
    assert "no engine under test supports it" in str(report)


def test_a_witness_counts_neither_for_nor_against():
    report = check(lambda xp, x: xp.sum(xp.sin(x)), X, gradient=np.cos, backends=["analytic"])
    assert report
    assert "numerical" in [str(v.engine) for v in report.verdicts if v.witness]
    wrong = check(lambda xp, x: xp.sum(xp.sin(x)), X, gradient=np.sin, backends=["analytic"])
    assert {str(v.engine) for v in wrong.failures} == {"analytic"}


def test_a_large_constant_does_not_let_a_fault_pass():
    x = np.array([0.4, 1.3, 2.1])
    for offset in (1e8, 1e10, 1e12):
        for factor in (-1.0, 1.1):
            report = check(
                lambda xp, x, c=offset: xp.sum(xp.sin(x)) + c,
                x,
                gradient=lambda x, k=factor: k * np.cos(x),
                backends=["numerical"],
            )
            assert not report, str(report)
