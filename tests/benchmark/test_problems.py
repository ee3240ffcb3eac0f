"""The benchmark's problems: their values and gradients against closed forms."""

from math import isqrt

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from gradcheck.benchmark.problems import (
    PROBLEMS,
    logdet,
    logdet_gradient,
    mlp,
    mlp_gradient,
    notebook,
    rosenbrock,
    rosenbrock_gradient,
    select,
)
from gradcheck.errors import UnknownNameError


def inputs(name, size):
    return PROBLEMS[name].case(size).points()["default"]


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("size", [1, 10, 100, 1000])
def test_a_problem_comes_as_near_to_a_size_as_its_shape_allows(name, size):
    smallest = {"notebook": 3, "rosenbrock": 2, "mlp": 4, "logdet": 1}[name]
    elements = inputs(name, size).size
    assert max(smallest, size - 2 * isqrt(size) - 1) <= elements <= max(smallest, size)


def test_inputs_are_the_same_in_every_run_and_differ_between_sizes():
    first, again, other = inputs("rosenbrock", 10), inputs("rosenbrock", 10), inputs("rosenbrock", 11)
    assert np.array_equal(first.arrays[0], again.arrays[0])
    assert not np.array_equal(first.arrays[0], other.arrays[0][:10])


def test_the_notebook_function_at_its_point():
    x, y, z = (np.array([v]) for v in (-2.0, 5.0, -4.0))
    assert notebook(np, x, y, z) == -12.0
    assert [g.item() for g in PROBLEMS["notebook"].function.gradient(x, y, z)] == [-4.0, -4.0, 3.0]


@pytest.mark.parametrize("n", [2, 3, 17])
def test_rosenbrock_is_scipys(n):
    x = np.random.default_rng(n).normal(size=n)
    assert rosenbrock(np, x) == pytest.approx(rosen(x), rel=1e-14)
    np.testing.assert_allclose(rosenbrock_gradient(x), rosen_der(x), rtol=1e-13)


def test_logdet_of_a_diagonal_matrix():
    a = np.diag([2.0, -3.0])
    assert logdet(np, a) == pytest.approx(np.log(6.0))
    np.testing.assert_allclose(logdet_gradient(a), np.diag([1 / 2, -1 / 3]))


def test_the_gradient_of_logdet_is_transposed():
    np.testing.assert_allclose(logdet_gradient(np.array([[1.0, 2.0], [0.0, 1.0]])), [[1.0, 0.0], [-2.0, 1.0]])


def test_the_mlp_gradient_is_its_directional_slope():
    parameters, x, t = PROBLEMS["mlp"].inputs(np.random.default_rng(0), 25)
    gradient = mlp_gradient(parameters, x, t)
    for key, value in parameters.items():
        direction = np.cos(np.arange(value.size) + 1.0).reshape(value.shape)
        moved = [mlp(np, {**parameters, key: value + h * direction}, x, t) for h in (1e-5, -1e-5)]
        assert np.sum(gradient[key] * direction) == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-7)


def test_only_the_parameters_of_the_mlp_are_differentiated():
    assert {label[:10] for label in inputs("mlp", 100).labels} == {"parameters"}


def test_selection_keeps_the_reports_order_and_suggests_names():
    assert [p.name for p in select(["logdet", "notebook", "logdet"])] == ["notebook", "logdet"]
    with pytest.raises(UnknownNameError, match="did you mean 'rosenbrock'"):
        select(["rosenbrok"])
