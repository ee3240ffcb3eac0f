"""The built-in cases: what they declare, and whether their closed forms and values are right."""

from __future__ import annotations

import re
from dataclasses import replace
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
WIDEST = 2e-3
"""The widest step beside a point of at most 10."""

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
    """One array of the output's shape plus the leaf's for each differentiated leaf, by central differences.

    Of a complex leaf it is df/dRe + i df/dIm.
    """
    derivatives = []
    for leaf, array in enumerate(inputs.arrays):
        units = (1.0, 1j) if np.iscomplexobj(array) else (1.0,)
        columns = [
            sum(unit * _partial(case, inputs, leaf, index, unit) for unit in units) for index in np.ndindex(array.shape)
        ]
        stacked = np.stack(columns, axis=-1)
        derivatives.append(stacked.reshape(stacked.shape[:-1] + array.shape))
    return derivatives


def _partial(case, inputs, leaf, index, unit):
    """The estimate, among those of falling steps inside the domain, that the next step changes least."""
    x = inputs.arrays[leaf][index]
    room = min(abs(x - limit) for limit in case.function.limits(inputs.labels[leaf]))
    step = min(WIDEST * max(1.0, abs(x) / 10), room / 5 if room > 0 else np.inf)
    steps = [step / 8**k for k in range(4)]

    def moved(distance):
        arrays = [np.array(a) for a in inputs.arrays]
        arrays[leaf][index] += distance * unit
        return call(case, *arguments(inputs, arrays))

    estimates = [sum(c * (moved(k * h) - moved(-k * h)) for k, c in STENCIL.items()) / h for h in steps]
    noise = np.finfo(float).eps * np.abs(moved(0.0))
    errors = [np.abs(estimates[k + 1] - estimates[k]) + noise / h for k, h in enumerate(steps[1:])]
    return np.choose(np.argmin(np.nan_to_num(errors, nan=np.inf), axis=0), estimates[:-1])


def rule_of(case):
    return case.function.gradient or case.function.jacobian


def compare(rule, case, inputs, resolution=0.0):
    """Hold a closed form against differences, element by element; those see nothing below a resolution."""
    found = optree.tree_leaves(rule(*arguments(inputs, inputs.arrays)))
    for label, array, wanted in zip(inputs.labels, found, differences(case, inputs), strict=True):
        assert np.shape(array) == wanted.shape, label
        atol = max(1e-8 * np.max(np.abs(wanted)), resolution)
        np.testing.assert_allclose(array, wanted, rtol=1e-7, atol=atol, err_msg=label)


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
    root = Path(gradcheck.catalogue.__file__).parent
    files = {".".join(path.relative_to(root).with_suffix("").parts) for path in root.rglob("*.py")}
    chapters = {name for name in files if not name.rpartition(".")[2].startswith("_")}
    assert chapters == {case.field for case in CASES}
    assert set(gradcheck.catalogue.CHAPTERS) == {name for name in chapters if "." not in name} | {"native"}


@every_case
def test_declaration(case):
    assert re.fullmatch(r"(native\.)?[a-z][a-z0-9]*(_[a-z0-9]+)*", case.name)
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
    points = list(case.points().values())
    for inputs in points[:1] if "native" in case.tags else points:  # kernels are tried at extremes, too
        elements = np.concatenate([d.ravel().view(float) for d in differences(case, inputs)])
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


@pytest.mark.parametrize("case", [c for c in CASES if c.function.hessian], ids=lambda case: case.name)
def test_closed_form_of_the_hessian(case):
    for inputs in case.points().values():
        here = arguments(inputs, inputs.arrays)
        gradient, rows = optree.tree_leaves(case.function.gradient(*here)), case.function.hessian(*here)
        for k, row in enumerate([np.asarray(rows)] if len(inputs.arrays) == 1 else rows):

            def slope(xp, *args, k=k):
                with np.errstate(divide="ignore", invalid="ignore"):  # one of bukin_n6's steps ends on its kink
                    return np.asarray(optree.tree_leaves(case.function.gradient(*args))[k])

            slopes = replace(case, function=replace(case.function, portable=slope))
            ulp = np.finfo(float).eps * np.max(np.abs(gradient[k]))  # in tails the slope falls below it
            compare(lambda *args, row=row: row, slopes, inputs, resolution=ulp / WIDEST)


def test_most_cases_have_a_closed_form():
    portable = [case for case in CASES if "native" not in case.tags]
    assert sum(1 for case in portable if rule_of(case)) >= 0.9 * len(portable)


MINIMA = [
    ("ackley", ([1e-12, 0, 0],), 0, 1e-11),
    ("adjiman", (2.0, 0.10578), -2.02181, 1e-5),
    ("alpine_n1", ([0, 0, 0],), 0, 1e-15),
    ("alpine_n2", ([7.917, 7.917, 7.917],), -(2.808**3), 5e-3),
    ("arithmetic_geometric_mean", ([1.5, 1.5, 1.5],), 0, 1e-15),
    ("bard", ([0.0824106, 1.13304, 2.34370],), 8.21487e-3, 1e-8),
    ("beale", (3.0, 0.5), 0, 1e-15),
    ("biggs_exponential", ([1, 10, 1, 5, 4, 3],), 0, 1e-15),
    ("bohachevsky", (0.0, 0.0), 0, 1e-15),
    ("booth", (1.0, 3.0), 0, 1e-15),
    ("box_three_dimensional", ([1, 10, 1],), 0, 1e-15),
    ("branin", (np.pi, 2.275), 0.397887, 1e-6),
    ("branin", (-np.pi, 12.275), 0.397887, 1e-6),
    ("brown_almost_linear", ([1, 1, 1, 1, 1],), 0, 1e-15),
    ("brown_badly_scaled", ([1e6, 2e-6],), 0, 1e-15),
    ("brown_dennis", ([-11.5944, 13.2036, -0.403440, 0.236780],), 85822.2, 0.1),
    ("bukin_n6", (-10.0, 1.0), 0, 1e-15),
    ("chebyquad", ([0.102673, 0.406204, 0.593796, 0.897327],), 0, 1e-11),
    ("cross_in_tray", (1.349407, 1.349407), -2.06261, 1e-5),
    ("csendes", ([1e-9, 1e-9, 1e-9],), 0, 1e-15),
    ("damavandi", (2.0, 2.0), 0, 1e-15),
    ("de_jong_n5", ([-31.97833, -31.97833],), 0.998004, 1e-6),
    ("dekkers_aarts", (0.0, 14.9451), -24776.518, 1e-2),
    ("dixon_price", ([1, 2**-0.5, 2**-0.75, 2**-0.875],), 0, 1e-15),
    ("drop_wave", ([1e-9, 0],), -1, 1e-9),
    ("easom", (np.pi, np.pi), -1, 1e-15),
    ("eggholder", (512.0, 404.2319), -959.6407, 1e-4),
    ("freudenstein_roth", ([5, 4],), 0, 1e-15),
    ("freudenstein_roth", ([11.4128, -0.896805],), 48.9842, 1e-4),
    ("gaussian_fit", ([0.398956, 1.00002, 0],), 1.12793e-8, 1e-12),
    ("goldstein_price", ([0, -1],), 3, 1e-12),
    ("gramacy_lee", (0.548563,), -0.869011, 1e-6),
    ("griewank", ([0, 0, 0],), 0, 1e-15),
    ("gulf_research", ([50, 25, 1.5],), 0, 1e-15),
    ("happy_cat", ([-1, -1, -1],), 0, 1e-15),
    ("hartmann3", ([0.114614, 0.555649, 0.852547],), -3.86278, 1e-5),
    ("hartmann6", ([0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573],), -3.32237, 1e-5),
    ("helical_valley", ([1, 0, 0],), 0, 1e-15),
    ("himmelblau", ([3, 2],), 0, 1e-15),
    ("himmelblau", ([-2.805118, 3.131312],), 0, 1e-9),
    ("holder_table", (8.05502, 9.66459), -19.2085, 1e-4),
    ("hosaki", (4.0, 2.0), -2.3458, 1e-4),
    ("jennrich_sampson", ([0.257825, 0.257825],), 124.362, 1e-3),
    ("keane", (1e-9, 1.39325), -0.673668, 1e-6),
    ("kowalik_osborne", ([0.192807, 0.191282, 0.123056, 0.136062],), 3.07505e-4, 1e-8),
    ("langermann", ([2.00299219, 1.006096],), -5.1621259, 1e-6),
    ("levy", ([1, 1, 1],), 0, 1e-15),
    ("levy_n13", (1.0, 1.0), 0, 1e-15),
    ("linear_full_rank", ([-1, -1, -1],), 2, 1e-14),
    ("linear_rank_one", ([3 / 11, 0, 0, 0],), 5 * 4 / (2 * 11), 1e-14),
    ("matyas", (0.0, 0.0), 0, 1e-15),
    ("mccormick", (-0.54719, -1.54719), -1.9133, 1e-4),
    ("meyer", ([0.00560963666, 6181.346317, 345.2236336],), 87.9458, 1e-4),
    ("michalewicz", ([2.20291, 1.570796],), -1.8013, 1e-4),
    ("miele_cantrell", ([0, 1, 1, 1],), 0, 1e-15),
    ("mishra_bird", (4.70104, 3.15294), -106.764537, 1e-5),
    ("mishra_bird", (-1.58214, -3.13024), -106.764537, 1e-5),
    ("osborne_1", ([0.375410, 1.935847, -1.464687, 0.01286753, 0.02212270],), 5.46489e-5, 1e-10),
    (
        "osborne_2",
        ([1.30998, 0.431554, 0.633662, 0.599431, 0.754183, 0.904289, 1.36581, 4.82370, 2.39868, 4.56887, 5.67534],),
        4.01377e-2,
        1e-7,
    ),
    ("paviani", ([9.350266] * 10,), -45.7784, 1e-4),
    ("penalty", ([0.250007, 0.250007, 0.250007, 0.250007],), 2.24997e-5, 1e-9),
    ("perm", ([1, 1 / 2, 1 / 3],), 0, 1e-15),
    ("powell_badly_scaled", ([1.098159330e-5, 9.106146738],), 0, 1e-15),
    ("powell_singular", ([0, 0, 0, 0],), 0, 1e-15),
    ("powell_sum", ([0, 0, 0],), 0, 1e-15),
    ("power_sum", ([1, 2, 2, 3],), 0, 1e-15),
    ("qing", ([1, -(2**0.5), 3**0.5],), 0, 1e-15),
    ("rastrigin", ([0, 0, 0],), 0, 1e-15),
    ("rosenbrock", ([1, 1, 1, 1],), 0, 1e-15),
    ("salomon", ([0, 0, 0],), 0, 1e-15),
    ("schaffer_n2", (0.0, 0.0), 0, 1e-15),
    ("schaffer_n4", (0.0, 1.25313), 0.292579, 1e-6),
    ("schwefel", ([420.9687, 420.9687, 420.9687],), 0, 1e-3),
    ("schwefel_double_sum", ([0, 0, 0],), 0, 1e-15),
    ("second_penalty", ([0.199999, 0.191317, 0.480101, 0.518845],), 9.37629e-6, 1e-10),
    ("shekel", ([4, 4, 4, 4],), -10.5364, 2e-3),
    ("shubert", ([-7.0835, 4.8580],), -186.7309, 1e-3),
    ("six_hump_camel", (0.0898, -0.7126), -1.0316, 1e-4),
    ("stretched_v_sine_wave", ([0, 0, 0],), 0, 1e-15),
    ("styblinski_tang", ([-2.903534, -2.903534],), 2 * -39.16617, 2e-5),
    ("sum_squares", ([0, 0, 0],), 0, 1e-15),
    ("three_hump_camel", (0.0, 0.0), 0, 1e-15),
    ("trefethen", (-0.02440307923, 0.2106124261), -3.3068686474, 1e-9),
    ("trid", ([4, 6, 6, 4],), -16, 1e-12),
    ("trigonometric", ([0, 0, 0],), 0, 1e-15),
    ("variably_dimensioned", ([1, 1, 1, 1],), 0, 1e-15),
    ("watson", ([-0.0157251, 1.012435, -0.232992, 1.260430, -1.513729, 0.992996],), 2.28767e-3, 1e-8),
    ("whitley", ([1, 1, 1],), 0, 1e-15),
    ("wood", ([1, 1, 1, 1],), 0, 1e-15),
    ("xin_she_yang_n3", ([0, 0],), -1, 1e-15),
    ("zakharov", ([0, 0, 0],), 0, 1e-15),
]


def floats(args):
    return tuple(np.asarray(arg, dtype=float) for arg in args)


@pytest.mark.parametrize(("name", "args", "minimum", "resolution"), MINIMA, ids=[row[0] for row in MINIMA])
def test_published_minimum(name, args, minimum, resolution):
    assert call(gradcheck.registry[name], *floats(args)) == pytest.approx(minimum, rel=0, abs=resolution)


def test_every_optimisation_case_with_a_published_minimum_is_held_to_it():
    cases = {case.name for case in CASES if "optimisation" in case.tags}
    roots = {"broyden_banded", "broyden_tridiagonal", "discrete_boundary_value", "discrete_integral_equation"}
    assert cases - {row[0] for row in MINIMA} == roots, "all but roots without a closed form"


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
