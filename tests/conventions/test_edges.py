"""The edge points themselves."""

import numpy as np
import pytest

import gradcheck.catalogue
from gradcheck.conventions.edges import KINDS, Edge, Edges
from gradcheck.conventions.points import edges
from gradcheck.conventions.slopes import one_sided
from gradcheck.errors import RegistrationError, UnknownNameError
from gradcheck.expressions import parse

every_edge = pytest.mark.parametrize("edge", list(edges), ids=lambda edge: edge.name)


def edge_of(formula, /, **point):
    return Edge(formula, parse(formula), point, "kink", "why", "source")


# -- wrong use ------------------------------------------------------------------------------------


def test_an_edge_point_cannot_be_declared_twice():
    mine = Edges()
    mine.add(edge_of("abs(x)", x=0))
    mine.add(edge_of("abs(x)", x=1))
    with pytest.raises(RegistrationError, match=r"abs\(x\) at x = 0 is declared twice"):
        mine.add(edge_of("abs(x)", x=0))
    assert len(mine) == 2


def test_a_selection_that_names_nothing_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown edge point or tag 'ties'; did you mean 'tie'"):
        edges.select(["ties"])


# -- the points -----------------------------------------------------------------------------------


def test_there_are_enough_of_every_kind():
    assert len(edges) >= 120
    assert {edge.kind for edge in edges} == set(KINDS)


@every_edge
def test_declaration(edge):
    assert tuple(edge.point) == edge.function.parameters
    assert edge.why
    assert any(word in edge.source for word in ("section", "Reference", "documentation", "(19", "(20"))
    (inputs,) = edge.case().points().values()
    assert edge.kind == "range" or all(np.isfinite(array).all() for array in inputs.arrays)


def test_an_expression_is_what_its_formula_says():
    (edge,) = edges.select(["clip(x, -1, 1)"])[:1]
    assert edge.function.portable == parse(edge.formula).portable


def test_the_own_functions_of_the_backends_under_test_take_part():
    (edge,) = edges.select(["hardtanh(x)"])[:1]
    assert set(edge.case().function.native) == set()
    assert set(edge.case(["torch", "tensorflow"]).function.native) == {"torch"}


def test_selection_by_formula_and_kind():
    assert {edge.formula for edge in edges.select(["abs(x)"])} == {"abs(x)"}
    assert {edge.kind for edge in edges.select(["tie", "step"])} == {"tie", "step"}
    assert all(edge.own for edge in edges.select(["own"]))
    assert edges.select() == list(edges)


def test_a_run_of_the_catalogue_does_not_meet_them():
    names = {case.name for case in gradcheck.registry}
    assert len(names) > 100
    assert not names & {edge.name for edge in edges}
    assert not any("conventions" in case.module for case in gradcheck.registry)


# -- the slopes on both sides ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "point", "below", "above"),
    [
        ("abs(x)", 0, -1, 1),
        ("maximum(x, 2)", 2, 0, 1),
        ("x ** 2", 3, 6, 6),
        ("sqrt(x)", 0, np.nan, np.inf),
        ("cbrt(x)", 0, np.inf, np.inf),
        ("abs(x) ** 0.5", 0, -np.inf, np.inf),
        ("arccosh(x)", 1, np.nan, np.inf),
        ("arcsin(x)", 1, np.inf, np.nan),
        ("floor(x)", 2, np.inf, 0),
        ("x - floor(x)", 2, -np.inf, 1),
        ("log(x)", 0, np.nan, np.nan),
    ],
)
def test_slopes(formula, point, below, above):
    found = one_sided(edge_of(formula, x=point).case())
    np.testing.assert_allclose(np.ravel(found), [below, above], rtol=1e-6, atol=1e-9)


def test_slopes_along_every_element():
    below, above = one_sided(edge_of("max(x) + y", x=[2, 1, 2], y=0).case())
    np.testing.assert_allclose(below, [0, 0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(above, [1, 0, 1, 1], atol=1e-9)


def test_complex_numbers_have_no_sides():
    (edge, *_) = edges.select(["abs(z)"])
    assert one_sided(edge.case()) is None
