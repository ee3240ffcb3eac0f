"""Planted faults: each is WRONG, with the engine, the argument and the element named."""

import numpy as np
import pytest

from gradcheck import Status, check

SCALES = [1.0, 1e-8, 1e8]
X = np.array([0.4, -1.3, 2.1, 0.9, -0.2])
W = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
V = np.array([0.7, -1.1])


def wrong(report, argument, index, engine="analytic", operator="gradient"):
    """Assert that exactly this engine is WRONG, at this element, and say why it is."""
    verdict = report.verdict(engine, operator)
    assert not report
    assert (verdict.status, verdict.argument, verdict.index) == (Status.WRONG, argument, index), str(report)
    assert {str(v.engine) for v in report.verdicts if v.status is Status.WRONG} == {engine}
    assert engine in str(report)
    return verdict.evidence


def scaled(scale):
    """Return f(x) = c sum(x sin x) and its gradient."""
    return (
        lambda xp, x: scale * xp.sum(x * xp.sin(x)),
        lambda x: scale * (np.sin(x) + x * np.cos(x)),
    )


def replaced(gradient, index, factor):
    def rule(x):
        g = gradient(x)
        g[index] *= factor
        return g

    return rule


@pytest.mark.parametrize("scale", SCALES)
def test_the_right_gradient_is_no_fault(scale):
    f, g = scaled(scale)
    report = check(f, X, gradient=g, backends=["numerical"])
    assert report
    assert report.verdict("analytic", "gradient").evidence.wrong == 0


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_flipped_sign(scale, dtype):
    f, g = scaled(scale)
    report = check(f, X, gradient=lambda x: -g(x), backends=["numerical"], dtype=dtype)
    verdict = report.verdict("analytic", "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "x")
    assert "sign" in verdict.evidence.reason
    assert verdict.evidence.wrong == X.size


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("dtype", "factor"), [("float64", 2.0), ("float64", 1 + 1e-6), ("float32", 2.0), ("float32", 1.01)]
)
def test_a_factor_is_measured(scale, dtype, factor):
    f, g = scaled(scale)
    report = check(f, X, gradient=lambda x: factor * g(x), backends=["numerical"], dtype=dtype)
    evidence = report.verdict("analytic", "gradient").evidence
    assert report.verdict("analytic", "gradient").status is Status.WRONG
    assert evidence.value / evidence.reference == pytest.approx(factor, abs=3e-7 if dtype == "float32" else 1e-10)
    if factor > 1.001:
        assert f"{factor:.6g} times" in evidence.reason or dtype == "float32"


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("dtype", "factor"), [("float64", 1 + 1e-6), ("float64", 0.0), ("float32", 1.01), ("float32", -1.0)]
)
def test_one_wrong_element(scale, dtype, factor):
    f, g = scaled(scale)
    report = check(f, X, gradient=replaced(g, 3, factor), backends=["numerical"], dtype=dtype)
    assert wrong(report, "x", (3,)).wrong == 1


def test_one_wrong_element_in_a_thousand():
    f, g = scaled(1.0)
    x = np.random.default_rng(5).normal(size=(10, 100))
    report = check(f, x, gradient=replaced(g, (7, 31), 1.001), backends=["numerical"])
    evidence = wrong(report, "x", (7, 31))
    assert (evidence.wrong, evidence.elements) == (1, 1000)


@pytest.mark.parametrize("small", [1e-6, 1e-4])
def test_a_wrong_element_beside_much_larger_ones(small):
    scales = np.array([1.0, small, 1e3])
    report = check(
        lambda xp, x: xp.sum(xp.asarray(scales) * xp.exp(x)),
        np.array([0.1, 0.2, 0.3]),
        gradient=lambda x: scales * np.exp(x) * [1.0, 1.01, 1.0],
        backends=["numerical"],
    )
    wrong(report, "x", (1,))


def test_a_transposed_square_jacobian():
    a = np.array([[1.0, 2.0], [-3.0, 0.5]])
    report = check(lambda xp, x: xp.asarray(a) @ x, V, jacobian=lambda x: a.T, backends=["numerical"])
    verdict = report.verdict("analytic", "jacobian")
    assert verdict.status is Status.WRONG
    assert verdict.index in ((0, 1), (1, 0))
    assert "transposed" in verdict.evidence.reason
    assert verdict.evidence.value == a.T[verdict.index]
    assert verdict.evidence.reference == pytest.approx(a[verdict.index])


def test_a_transposed_jacobian_of_another_shape():
    report = check(lambda xp, x: xp.asarray(W.T) @ x, V, jacobian=lambda x: W, backends=["numerical"])
    evidence = wrong(report, "x", (0, 1), operator="jacobian")
    assert "transposed" in evidence.reason
    assert "wanted (3, 2)" in evidence.reason


def broadcast(xp, x, b):
    return xp.sum((x + b) ** 2)


def test_a_lost_broadcast_sum_of_the_wrong_shape():
    report = check(broadcast, W, np.ones(3), gradient=lambda x, b: (2 * (x + b), 2 * (x + b)), backends=["numerical"])
    evidence = wrong(report, "b", (0,))
    assert "sum over broadcast axes is missing" in evidence.reason


def test_a_lost_broadcast_sum_of_the_right_shape():
    report = check(
        broadcast, W, np.ones(3), gradient=lambda x, b: (2 * (x + b), 2 * (x + b)[0]), backends=["numerical"]
    )
    verdict = report.verdict("analytic", "gradient")
    assert (verdict.status, verdict.argument, verdict.evidence.wrong) == (Status.WRONG, "b", 3)


def test_swapped_arguments_are_named():
    report = check(
        lambda xp, a, b: xp.sum(a**2 * b), X, X + 3, gradient=lambda a, b: (a**2, 2 * a * b), backends=["numerical"]
    )
    verdict = report.verdict("analytic", "gradient")
    assert verdict.status is Status.WRONG
    assert "arguments are swapped" in verdict.evidence.reason


def test_a_wrong_vjp():
    def rule(args, cotangent):
        (x,) = args
        return cotangent * np.cos(x) * np.array([1.0, 1.0, 1.0, 0.999, 1.0])

    report = check(lambda xp, x: xp.sin(x), X, vjp=rule, backends=["numerical"], operator="vjp")
    wrong(report, "x", (3,), operator="vjp")


def test_a_rule_that_drops_its_cotangent():
    report = check(
        lambda xp, x: xp.sin(x), X, vjp=lambda args, u: np.cos(args[0]), backends=["numerical"], operator="vjp"
    )
    assert report.verdict("analytic", "vjp").status is Status.WRONG


def test_a_detached_branch():
    report = check(
        lambda xp, x, y: xp.sum(x * y), X, X + 1, gradient=lambda x, y: (y, np.zeros(5)), backends=["numerical"]
    )
    verdict = report.verdict("analytic", "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "y")
    assert "detached" in verdict.evidence.reason


def test_a_leaf_of_a_dict_is_named():
    def f(xp, params):
        return xp.sum(xp.tanh(params["w"] @ params["v"]))

    def rule(params):
        slope = 1 - np.tanh(params["w"] @ params["v"]) ** 2
        return {"v": slope @ params["w"], "w": -np.outer(slope, params["v"])}

    report = check(f, {"w": W.T, "v": V}, gradient=rule, backends=["numerical"])
    verdict = report.verdict("analytic", "gradient")
    assert (verdict.status, verdict.argument) == (Status.WRONG, "params['w']")


def test_numerics_and_sympy_are_right_beside_a_wrong_rule():
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    f, g = scaled(1.0)
    report = check(f, X, gradient=lambda x: -g(x), backends=["numerical", "sympy"])
    assert [report.verdict(e, "gradient").status for e in ("numerical", "sympy")] == [Status.AGREE] * 2


def test_a_fault_in_single_precision_only_is_no_lost_digit():
    f, g = scaled(1.0)

    def rule(x):
        return g(x) * (1.001 if x.dtype == np.float32 else 1.0)

    assert check(f, X, gradient=rule, backends=["numerical"], dtype="float64")
    report = check(f, X, gradient=rule, backends=["numerical"], dtype="float32")
    assert report.verdict("analytic", "gradient").status is Status.WRONG


def test_a_small_output_does_not_hide_behind_a_large_one():
    report = check(
        lambda xp, x: xp.stack([1e10 * x[0], xp.sin(x[1])]),
        V,
        jacobian=lambda x: np.array([[1e10, 0.0], [0.0, np.cos(x[1]) * (1 + 1e-6)]]),
        backends=["numerical"],
    )
    wrong(report, "x", (1, 1), operator="jacobian")
