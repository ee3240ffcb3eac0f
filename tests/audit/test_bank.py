"""The bank is well formed, and hard correct functions are not called wrong."""

import numpy as np
import pytest

import gradcheck
from gradcheck import Status, discovery
from gradcheck.audit.bank import BANK, LARGE
from gradcheck.audit.hard import HARD, Check, checks, operators_of
from gradcheck.functions import Function, Inputs
from gradcheck.operators import Operator

SMALL = [s for s in BANK if LARGE not in s.tags]
GUILTY = (Status.WRONG, Status.NONFINITE, Status.NONDETERMINISTIC, Status.ERROR)
TAGS = {"near-kink", "at-kink", "badly-scaled", "ill-conditioned", "saturated", "high-frequency", "near-pole",
        "large-values", LARGE}  # fmt: skip


def by_name(name):
    (found,) = (s for s in (*BANK, *HARD) if s.name == name)
    return found


def draw(subject, seed=0):
    return subject.inputs(np.random.default_rng(seed))


def derivative(subject, seed):
    """Return the blocks of a subject's derivative by differences, one for each argument, over all outputs."""
    operator = Operator.GRADIENT if "complex" in subject.tags else Operator.JACOBIAN
    if {"complex", "vector"} <= {*subject.tags}:
        operator = Operator.VJP
    inputs, function = Inputs.of(draw(subject, seed)), Function.of(subject.function)
    numerical = discovery.load("numerical")
    cotangents = None
    if operator is Operator.VJP:
        values = numerical.estimate(function, inputs, Operator.VALUE).arrays
        cotangents = [np.full(v.shape, 0.7 - 1.1j) for v in values]
    return numerical.estimate(function, inputs, operator, seed=cotangents).arrays


def test_the_bank_is_large_enough_and_its_names_are_unique():
    assert len(BANK) >= 45
    assert len({s.name for s in (*BANK, *HARD)}) == len(BANK) + len(HARD)
    assert {t for s in HARD for t in s.tags} >= TAGS


@pytest.mark.parametrize("subject", [*BANK, *HARD], ids=lambda s: s.name)
def test_each_subject_cites_a_source_and_draws_the_same_points_for_the_same_seed(subject):
    assert len(subject.source) > 10
    one, again, other = draw(subject, 3), draw(subject, 3), draw(subject, 4)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    if not {"at-kink", "high-frequency"} & {*subject.tags}:  # some of these have few points to choose from
        assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert all(np.asarray(a).dtype.kind in "fc" and np.isfinite(a).all() for a in one)


def test_the_bank_holds_small_and_large_functions_of_every_shape():
    sizes = {s.name: sum(np.size(a) for a in draw(s)) for s in BANK}
    assert {1, 1_000, 100_000} <= {*sizes.values()}
    assert all(sizes[s.name] >= 1000 for s in BANK if LARGE in s.tags)
    assert sum(len(draw(s)) > 1 for s in BANK) >= 15
    assert sum("vector" in s.tags for s in BANK) >= 15
    assert sum("complex" in s.tags for s in BANK) >= 3


@pytest.mark.parametrize("subject", SMALL, ids=lambda s: s.name)
def test_derivatives_are_finite_nonzero_and_not_constant(subject):
    blocks = derivative(subject, 0)
    elements = np.concatenate([b.reshape(-1) for b in blocks])
    assert np.isfinite(elements).all()
    assert all(b.any() for b in blocks)
    assert elements.size == 1 or not np.allclose(elements, elements[0])
    assert not all(np.allclose(a, b) for a, b in zip(blocks, derivative(subject, 1), strict=True))


@pytest.mark.parametrize("subject", [s for s in BANK if LARGE in s.tags], ids=lambda s: s.name)
def test_gradients_of_many_elements_are_finite_nonzero_and_not_constant(subject):
    pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    gradient = gradcheck.gradient(subject.function, *draw(subject), backend="torch")
    assert np.isfinite(gradient).all()
    assert np.count_nonzero(gradient) == gradient.size
    assert gradient.std() > 0.1 * np.abs(gradient).mean()


def test_operators_suit_the_subject():
    assert operators_of(by_name("large_loss"), draw(by_name("large_loss"))) == (Operator.GRADIENT,)
    assert Operator.JACOBIAN in operators_of(by_name("softmax"), draw(by_name("softmax")))
    assert Operator.HESSIAN in operators_of(by_name("product"), draw(by_name("product")))
    assert Operator.HESSIAN not in operators_of(by_name("complex_loss"), draw(by_name("complex_loss")))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("subject", [s for s in HARD if LARGE not in s.tags][::8], ids=lambda s: s.name)
def test_hard_correct_functions_are_not_called_wrong(subject, dtype):
    pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    for check in checks(0, subjects=[subject], backends=[("torch",)], dtypes=[dtype]):
        if check.operator is not Operator.HESSIAN:
            verdicts = check.verdicts()
            assert [v.engine.backend for v in verdicts] == ["torch"]
            assert verdicts[0].status not in GUILTY, verdicts[0]


def test_several_backends_are_judged_with_their_forward_values():
    pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    subject = by_name("saturated: tanh")
    check = Check(
        subject, "float64", ("torch", "jax"), Operator.GRADIENT, {"one": draw(subject), "two": draw(subject, 1)}
    )
    verdicts = check.verdicts()
    assert {(str(v.engine), v.operator.value, v.point) for v in verdicts} == {
        (engine, operator, point)
        for engine in ("torch", "jax")
        for operator in ("value", "gradient")
        for point in ("one", "two")
    }


PLANTED = {
    "near-kink: rectifier": lambda g: 1.0 - np.sign(np.abs(g)),
    "near-kink: absolute residual": lambda g: 0.5 * g,
    "badly-scaled: scaled down": lambda g: -g,
    "badly-scaled: scaled up": lambda g: g * (1 + 1e-4),
    "badly-scaled: logarithms": lambda g: g * (1 + 1e-4),
    "ill-conditioned: log of near one": lambda g: g * (1 + 1e-3),
    "saturated: softmax": lambda g: 0.9 * g,
    "high-frequency: sin 1e3 x": lambda g: g * (1 + 1e-5),
    "near-pole: tan": lambda g: g * (1 + 1e-4),
    "large-values: root of a sum of squares": lambda g: 2 * g,
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_gradient_at_a_hard_point_is_still_caught(name):
    pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    subject, alter = by_name(name), PLANTED[name]

    def wrong(*args):
        right = gradcheck.gradient(subject.function, *args, backend="torch")
        return tuple(alter(g) for g in right) if isinstance(right, tuple) else alter(right)

    report = gradcheck.check(subject.function, *draw(subject), gradient=wrong, backends=["analytic"])
    assert report.verdict("analytic").status is Status.WRONG, str(report)
