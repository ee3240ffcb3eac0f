"""The built-in cases: what they declare, and whether their closed forms and values are right."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import optree
import pytest

import gradcheck
import gradcheck.catalogue
from gradcheck.functions import Inputs
from gradcheck_numerical.namespace import NumpyNamespace

CASES = [case for case in gradcheck.registry if case.builtin]
KINDS = {"scalar", "vector", "matrix"}
STENCIL = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}  # central differences of order 8

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def call(case, *args):
    """The function's value by NumPy."""
    return np.asarray(case.function.portable(NumpyNamespace(np.dtype("float64")), *args))


def arguments(inputs, arrays):
    """The positional arguments with these arrays in the differentiated leaves."""
    leaves = [np.array(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in inputs.leaves]
    for leaf, array in zip(inputs.active, arrays, strict=True):
        leaves[leaf] = np.array(array)
    return optree.tree_unflatten(inputs.structure, leaves)


def differences(case, inputs):
    """One array of the output's shape plus the leaf's for each differentiated leaf, by central differences."""
    derivatives = []
    for leaf, array in enumerate(inputs.arrays):
        columns = [_partial(case, inputs, leaf, index) for index in np.ndindex(array.shape)]
        stacked = np.stack(columns, axis=-1)
        derivatives.append(stacked.reshape(stacked.shape[:-1] + array.shape))
    return derivatives


def _partial(case, inputs, leaf, index):
    step = 2e-3 * max(1.0, abs(inputs.arrays[leaf][index]) / 10)

    def moved(distance):
        arrays = [np.array(a) for a in inputs.arrays]
        arrays[leaf][index] += distance
        return call(case, *arguments(inputs, arrays))

    return sum(c * (moved(k * step) - moved(-k * step)) for k, c in STENCIL.items()) / step


def rule_of(case):
    return case.function.gradient or case.function.jacobian


def compare(rule, case, inputs):
    """Hold a closed form against differences, element by element."""
    found = optree.tree_leaves(rule(*arguments(inputs, inputs.arrays)))
    for label, array, wanted in zip(inputs.labels, found, differences(case, inputs), strict=True):
        assert np.shape(array) == wanted.shape, label
        np.testing.assert_allclose(array, wanted, rtol=1e-7, atol=1e-8 * np.max(np.abs(wanted)), err_msg=label)


# -- the tests' own comparison sees what is wrong ----------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [lambda x: -2 * x, lambda x: 2 * x[::-1], lambda x: 2 * x * np.array([1, 1, 1 + 1e-5]), lambda x: (2 * x)[None]],
    ids=["sign", "order", "one element", "shape"],
)
def test_a_wrong_closed_form_is_seen(wrong):
    case = gradcheck.Case("s", gradcheck.registry["booth"].function.of(lambda xp, x: xp.sum(x**2)), lambda rng: None)
    inputs = Inputs.of((np.array([0.5, -1.2, 2.0]),))
    compare(lambda x: 2 * x, case, inputs)
    with pytest.raises(AssertionError):
        compare(wrong, case, inputs)


# -- what a case declares ----------------------------------------------------------------------


def test_every_chapter_is_imported_and_fills_the_registry():
    files = {path.stem for path in Path(gradcheck.catalogue.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(gradcheck.catalogue.CHAPTERS) == files == {case.module.rpartition(".")[2] for case in CASES}
    assert len(CASES) >= 110


@every_case
def test_declaration(case):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", case.name)
    assert case.module.rpartition(".")[2] in case.tags, "the chapter is a tag"
    assert KINDS & case.tags, f"one of the tags {KINDS} says the kind"
    assert re.search(r"\(\d{4}[^)]*\)|section|Reference|documentation|Guide|notes|ISO", case.source)
    assert case.function.portable.__doc__
    assert case.function.portable.__doc__.count("\n") == 0


@every_case
def test_inputs_are_small_named_tuples_and_deterministic(case):
    made = case.inputs(np.random.default_rng(0))
    assert isinstance(made, dict)
    assert all(isinstance(args, tuple) for args in made.values())
    first, second = case.points(), case.points()
    for point, inputs in first.items():
        assert 1 <= inputs.size <= 30
        assert all(np.isfinite(array).all() for array in inputs.arrays)
        for one, other in zip(inputs.leaves, second[point].leaves, strict=True):
            np.testing.assert_array_equal(one, other)


@every_case
def test_a_scalar_case_is_scalar_and_a_vector_case_is_not(case):
    for inputs in case.points().values():
        output = call(case, *arguments(inputs, inputs.arrays))
        assert np.isfinite(output).all()
        assert (output.ndim == 0) == ("scalar" in case.tags)
        assert not any(operator.scalar for operator in case.operators) or output.ndim == 0


@every_case
def test_derivatives_are_neither_zero_nor_constant(case):
    for inputs in case.points().values():
        elements = np.concatenate([d.ravel() for d in differences(case, inputs)])
        assert np.max(np.abs(elements)) > 1e-9
        assert elements.size == 1 or np.ptp(elements) > 1e-3 * np.max(np.abs(elements))


@every_case
def test_the_function_leaves_its_inputs_alone(case):
    for inputs in case.points().values():
        args = arguments(inputs, inputs.arrays)
        call(case, *args)
        for after, before in zip(optree.tree_leaves(args), inputs.leaves, strict=True):
            np.testing.assert_array_equal(after, before)


# -- closed forms and published values ---------------------------------------------------------


@pytest.mark.parametrize("case", [c for c in CASES if rule_of(c)], ids=lambda case: case.name)
def test_closed_form(case):
    for inputs in case.points().values():
        compare(rule_of(case), case, inputs)


def test_most_cases_have_a_closed_form():
    assert sum(1 for case in CASES if rule_of(case)) >= 0.9 * len(CASES)


MINIMA = [
    ("ackley", ([1e-12, 0, 0],), 0, 1e-11),
    ("bard", ([0.0824106, 1.13304, 2.34370],), 8.21487e-3, 1e-8),
    ("beale", (3.0, 0.5), 0, 1e-15),
    ("bohachevsky", (0.0, 0.0), 0, 1e-15),
    ("booth", (1.0, 3.0), 0, 1e-15),
    ("box_three_dimensional", ([1, 10, 1],), 0, 1e-15),
    ("branin", (np.pi, 2.275), 0.397887, 1e-6),
    ("branin", (-np.pi, 12.275), 0.397887, 1e-6),
    ("brown_badly_scaled", ([1e6, 2e-6],), 0, 1e-15),
    ("brown_dennis", ([-11.5944, 13.2036, -0.403440, 0.236780],), 85822.2, 0.1),
    ("dixon_price", ([1, 2**-0.5, 2**-0.75, 2**-0.875],), 0, 1e-15),
    ("drop_wave", ([1e-9, 0],), -1, 1e-9),
    ("easom", (np.pi, np.pi), -1, 1e-15),
    ("freudenstein_roth", ([5, 4],), 0, 1e-15),
    ("freudenstein_roth", ([11.4128, -0.896805],), 48.9842, 1e-4),
    ("gaussian_fit", ([0.398956, 1.00002, 0],), 1.12793e-8, 1e-12),
    ("goldstein_price", ([0, -1],), 3, 1e-12),
    ("griewank", ([0, 0, 0],), 0, 1e-15),
    ("hartmann3", ([0.114614, 0.555649, 0.852547],), -3.86278, 1e-5),
    ("helical_valley", ([1, 0, 0],), 0, 1e-15),
    ("himmelblau", ([3, 2],), 0, 1e-15),
    ("himmelblau", ([-2.805118, 3.131312],), 0, 1e-9),
    ("jennrich_sampson", ([0.257825, 0.257825],), 124.362, 1e-3),
    ("kowalik_osborne", ([0.192807, 0.191282, 0.123056, 0.136062],), 3.07505e-4, 1e-8),
    ("levy", ([1, 1, 1],), 0, 1e-15),
    ("matyas", (0.0, 0.0), 0, 1e-15),
    ("mccormick", (-0.54719, -1.54719), -1.9133, 1e-4),
    ("michalewicz", ([2.20291, 1.570796],), -1.8013, 1e-4),
    ("penalty", ([0.250007, 0.250007, 0.250007, 0.250007],), 2.24997e-5, 1e-9),
    ("powell_singular", ([0, 0, 0, 0],), 0, 1e-15),
    ("rastrigin", ([0, 0, 0],), 0, 1e-15),
    ("rosenbrock", ([1, 1, 1, 1],), 0, 1e-15),
    ("schaffer_n2", (0.0, 0.0), 0, 1e-15),
    ("schwefel", ([420.9687, 420.9687, 420.9687],), 0, 1e-3),
    ("shekel", ([4, 4, 4, 4],), -10.5364, 2e-3),
    ("six_hump_camel", (0.0898, -0.7126), -1.0316, 1e-4),
    ("styblinski_tang", ([-2.903534, -2.903534],), 2 * -39.16617, 2e-5),
    ("sum_squares", ([0, 0, 0],), 0, 1e-15),
    ("three_hump_camel", (0.0, 0.0), 0, 1e-15),
    ("trid", ([4, 6, 6, 4],), -16, 1e-12),
    ("trigonometric", ([0, 0, 0],), 0, 1e-15),
    ("variably_dimensioned", ([1, 1, 1, 1],), 0, 1e-15),
    ("wood", ([1, 1, 1, 1],), 0, 1e-15),
    ("zakharov", ([0, 0, 0],), 0, 1e-15),
]


def floats(args):
    return tuple(np.asarray(arg, dtype=float) for arg in args)


@pytest.mark.parametrize(("name", "args", "minimum", "resolution"), MINIMA, ids=[row[0] for row in MINIMA])
def test_published_minimum(name, args, minimum, resolution):
    assert call(gradcheck.registry[name], *floats(args)) == pytest.approx(minimum, rel=0, abs=resolution)


def test_every_optimisation_case_with_a_published_minimum_is_held_to_it():
    cases = {case.name for case in CASES if "optimisation" in case.tags}
    assert cases - {row[0] for row in MINIMA} == {"broyden_tridiagonal"}  # a root without a closed form


@pytest.mark.parametrize(
    ("name", "args", "wanted"),
    [
        ("notebook", (-2.0, 5.0, -4.0), -12.0),
        ("max_gate", (3.0, -4.0, 2.0, -1.0), -20.0),
        ("sigmoid_neuron", ([2, -3, -3], [-1, -2]), 1 / (1 + np.exp(-1))),
        ("rosenbrock", ([-1.2, 1.0],), 24.2),
        ("beale", (1.0, 1.0), 14.203125),
        ("freudenstein_roth", ([0.5, -2.0],), 400.5),
        ("powell_singular", ([3, -1, 0, 1],), 215.0),
        ("wood", ([-3, -1, -3, -1],), 19192.0),
        ("helical_valley", ([-1, 1e-300, 0],), 2500.0),
        ("goldstein_price", ([1, 1],), 1876.0),
        ("himmelblau", ([0, 0],), 170.0),
        ("black_scholes", (42.0, 40.0, 0.1, 0.2, 0.5), 4.759422),
        ("error_function", ([1, 0, 0, 0],), 0.8427007929),
        ("log_gamma", ([5, 1, 1, 1],), np.log(24)),
        ("digamma", ([1, 1, 1, 1],), -0.5772156649 * 0.5),
        ("gelu", ([0, 0, 1, 0, 0],), 2 * 0.8413447461),
        ("normal_log_density", ([0, 0], 0.0, 1.0), -np.log(2 * np.pi)),
    ],
)
def test_published_value(name, args, wanted):
    assert call(gradcheck.registry[name], *floats(args)) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "args", "wanted"),
    [
        ("notebook", (-2.0, 5.0, -4.0), (-4, -4, 3)),
        ("max_gate", (3.0, -4.0, 2.0, -1.0), (-8, 6, 2, 0)),
        ("rosenbrock", ([-1.2, 1.0],), (-215.6, -88.0)),
        ("sigmoid_neuron", ([2, -3, -3], [-1, -2]), (-0.19661193, -0.39322387, 0.19661193, 0.39322387, -0.58983580)),
    ],
)
def test_published_gradient(name, args, wanted):
    found = gradcheck.registry[name].function.gradient(*floats(args))
    np.testing.assert_allclose(
        np.concatenate([np.ravel(leaf) for leaf in optree.tree_leaves(found)]), wanted, rtol=1e-7
    )


@pytest.mark.parametrize("case", [c for c in CASES if c.name in {row[0] for row in MINIMA}], ids=lambda case: case.name)
def test_points_are_not_stationary(case):
    for inputs in case.points().values():
        found = case.function.gradient(*arguments(inputs, inputs.arrays))
        assert any(np.any(np.abs(leaf) > 1e-3) for leaf in optree.tree_leaves(found))
