"""Gradient descent on several engines in lockstep."""

import numpy as np
import pytest

import gradcheck
from gradcheck import discovery
from gradcheck.errors import InputError, UnknownNameError

pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")

TWO = ["sympy", "sympy:backprop"]


def squares(xp, w):
    return xp.sum(w**2)


def half_squares(xp, p):
    return 0.5 * xp.sum(p["w"][0] ** 2) + 0.5 * p["b"] ** 2 + xp.sum(p["none"])


def descend(f, parameters, *constants, **options):
    return gradcheck.descend(f, parameters, *constants, **{"steps": 5, "backends": ["sympy"], **options})


@pytest.fixture(scope="module")
def mlp():
    """Return the MLP of the catalogue, its gradient by hand and its initial parameters."""
    from gradcheck.cases import registry

    discovery.load_catalogue()
    case = registry["mlp"]
    return case.function.portable, case.function.gradient, case.inputs(None)["initial"][0]


# -- wrong gradients ----------------------------------------------------------------------------


def test_a_flipped_element_parts_at_the_first_step_and_is_blamed():
    signs = np.array([1.0, 1.0, -1.0])
    found = descend(squares, np.array([1.0, 2.0, 3.0]), gradient=lambda w: 2 * w * signs)
    assert not found
    (parting,) = found.partings
    assert (str(parting.engine), parting.step, parting.parameter, parting.index) == ("analytic", 1, "w", (2,))
    assert parting.difference == pytest.approx(1.2)
    assert parting.report.verdict("analytic", "gradient").status == "WRONG"
    assert parting.report.verdict("sympy", "gradient").status == "AGREE"
    text = str(found)
    assert "analytic parts from sympy at step 1, at w[2]: 1.2 apart" in text
    assert "WRONG analytic gradient at w[2]: -6" in text
    assert "WRONG sympy" not in text


def test_a_factor_of_one_millionth_in_one_element_parts(mlp):
    loss, slope, initial = mlp

    def off(parameters):
        found = slope(parameters)
        found["w1"][1, 2] *= 1 + 1e-6
        return found

    (parting,) = descend(loss, initial, gradient=off).partings
    assert parting.step <= 3
    assert (parting.parameter, parting.index) == ("parameters['w1']", (1, 2))
    assert parting.report.verdict("analytic", "gradient").element == "parameters['w1'][1, 2]"


def test_a_wrong_gradient_parts_in_float32(mlp):
    loss, slope, initial = mlp
    found = descend(
        loss, initial, gradient=lambda p: {k: 1.001 * v for k, v in slope(p).items()}, dtype="float32", steps=20
    )
    assert [p.step <= 5 for p in found.partings] == [True]


def test_a_gradient_that_is_wrong_elsewhere_parts_there():
    """The slope is wrong only where w < 0.5, which the descent reaches at its third step."""
    found = descend(squares, np.ones(1), gradient=lambda w: np.where(w < 0.5, 0.0, 2 * w), learning_rate=0.15, steps=10)
    assert [p.step for p in found.partings] == [3]
    assert found.partings[0].report.verdict("analytic", "gradient").status == "WRONG"


# -- right gradients ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_mlp_stays_together_on_numpy(mlp, dtype):
    loss, slope, initial = mlp
    found = descend(loss, initial, gradient=slope, backends=TWO, dtype=dtype, steps=50)
    assert found, str(found)
    assert list(found.losses) == [*TWO, "analytic"]
    assert found.losses["sympy"].shape == (51,)
    assert found.losses["sympy"][-1] < 0.05 * found.losses["sympy"][0]
    assert np.isnan(found.losses["analytic"]).all()
    assert "no loss of its own  together" in str(found)


def test_the_mlp_stays_together_on_all_frameworks(mlp):
    for framework in ("torch", "jax", "tensorflow"):
        pytest.importorskip(framework, reason=f"pip install 'gradcheck[{framework}]'")
    loss, slope, initial = mlp
    found = gradcheck.descend(loss, initial, steps=30, gradient=slope)
    assert found, str(found)
    assert {"analytic", "jax", "sympy", "tensorflow", "torch"} <= set(found.losses)


def test_growth_of_rounding_is_no_parting():
    """Each step is the chaotic map w <- -2.5 w (1 - w^2): after 120 steps an ulp has grown to the whole range."""
    found = descend(
        lambda xp, w: xp.sum(1.75 * w**2 - 0.625 * w**4),
        np.array([0.3, -0.7]),
        gradient=lambda w: w * (3.5 - 2.5 * w * w),
        learning_rate=1.0,
        steps=120,
    )
    assert np.max(np.abs(found.parameters["sympy"] - found.parameters["analytic"])) > 1e-3
    assert found, str(found)


def test_zeros_stay_zeros():
    assert descend(squares, np.zeros(3), gradient=lambda w: 2 * w)


def test_nested_empty_and_0d_parameters():
    initial = {"w": [np.ones(2)], "b": 1.0, "none": np.zeros((0, 2)), "n": 3}
    found = descend(half_squares, initial, backends=TWO, learning_rate=0.5, steps=2)
    assert found, str(found)
    final = found.parameters["sympy"]
    assert final["w"][0].tolist() == [0.25, 0.25]
    assert (float(final["b"]), final["none"].shape, final["n"]) == (0.25, (0, 2), 3)
    assert initial["w"][0].tolist() == [1.0, 1.0]


def test_constants_are_held_fixed():
    found = descend(lambda xp, w, x: xp.sum((w - x) ** 2), np.zeros(2), np.array([1.0, 2.0]), backends=TWO, steps=60)
    np.testing.assert_allclose(found.parameters["sympy"], [1.0, 2.0], atol=1e-5)


# -- trouble on the way -------------------------------------------------------------------------


def test_a_descent_that_diverges_says_so():
    found = descend(lambda xp, w: xp.sum(w**4), np.array([1.0, 2.0, 3.0]), backends=TWO, learning_rate=1.0, steps=50)
    assert not found
    assert found.partings == ()
    assert found.diverged == 6
    assert found.losses["sympy"].shape == (7,)
    assert "the descent diverged: parameters are not finite after step 6" in str(found)


def test_a_reference_that_becomes_nan_alone_is_a_parting():
    found = descend(
        lambda xp, w: xp.sum(xp.sqrt(w * w)), np.array([0.0, 1.0]), gradient=lambda w: np.array([0.0, 1.0]), steps=3
    )
    assert not found
    assert [str(p.engine) for p in found.partings] == ["analytic"]
    assert found.diverged == 1


def test_a_rule_that_raises_later_ends_its_own_trajectory():
    calls = []

    def slope(w):
        calls.append(w)
        if len(calls) > 3:
            raise ValueError("the sensor is off")
        return 2 * w

    found = descend(squares, np.ones(2), gradient=slope, backends=TWO)
    assert not found
    assert found.partings == ()
    assert found.losses["sympy"].shape == (6,)
    assert "the sensor is off" in found.errors["analytic"]
    assert "raised in step 3" in str(found)


def test_an_engine_that_cannot_take_part_is_named():
    found = descend(squares, np.ones(2), backends=[*TWO, "analytic"])
    assert list(found.failures) == ["analytic"]
    assert "analytic took no part: " in str(found)


# -- wrong use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"steps": 1.5}, "steps must be an integer >= 1, got 1.5"),
        ({"steps": True}, "steps must be an integer >= 1, got True"),
        ({"learning_rate": 0}, "learning_rate must be a finite number > 0, got 0"),
        ({"learning_rate": -0.1}, "learning_rate must be a finite number > 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number > 0, got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be a finite number > 0, got 'fast'"),
        ({"backends": "sympy"}, r"write backends=\['sympy'\]"),
        ({"backends": ["sympy"]}, "needs two that can run, got 1"),
        ({"backends": []}, "needs two that can run, got 0"),
        ({"dtype": "float8"}, "dtype must be one of"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(InputError, match=message):
        descend(squares, np.ones(2), **{"backends": TWO, **options})


def test_wrong_functions_and_parameters():
    with pytest.raises(UnknownNameError, match="did you mean 'sympy'"):
        descend(squares, np.ones(2), backends=["sympyy"])
    with pytest.raises(InputError, match="no floating-point leaf"):
        descend(squares, [1, 2], backends=TWO)
    with pytest.raises(InputError, match=r"needs two that can run, got 0 .*a scalar is needed"):
        descend(lambda xp, w: w, np.ones(2), backends=TWO)
    with pytest.raises(InputError, match="'numerical' in backends="):
        gradcheck.descend(lambda w: np.sum(w), np.ones(2), gradient=np.ones_like)
