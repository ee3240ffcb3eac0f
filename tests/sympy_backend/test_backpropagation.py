import numpy as np
import pytest

from gradcheck.functions import Function, Inputs

pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")

from gradcheck_sympy import SympyBackend, backpropagation


def steps(f, *args, cotangents=None):
    function = Function.of(f)
    inputs = Inputs.of(args, parameters=function.parameters)
    return backpropagation(SympyBackend().bind(function, inputs), inputs.arrays, cotangents)


def test_every_step_of_the_notebook_function():
    nodes = steps(lambda xp, x, y, z: (x + y) * z, -2.0, 5.0, -4.0)
    assert [n.name for n in nodes] == ["x", "y", "z", "t1", "t2"]
    x, y, z, q, f = nodes
    assert (q.formula, q.value, q.operands, q.operation.name) == ("x + y", 3.0, ("x", "y"), "add")
    assert (f.formula, f.value, f.operands, f.operation.name) == ("t1*z", -12.0, ("t1", "z"), "multiply")
    assert (q.partial_formulas, q.partials) == (("1", "1"), (1.0, 1.0))
    assert (f.partial_formulas, f.partials) == (("z", "t1"), (-4.0, 3.0))
    assert [n.adjoint for n in nodes] == [-4.0, -4.0, 3.0, -4.0, 1.0]
    assert x.operation is y.operation is z.operation is None
    assert (x.formula, x.partials, x.partial_formulas) == ("x", (), ())


def test_a_shared_node_collects_all_its_paths():
    nodes = steps(lambda xp, x: xp.exp(x) * xp.exp(x) + xp.exp(x), 0.5)
    assert [n.operation.name for n in nodes[1:]] == ["exp", "multiply", "add"]
    assert nodes[0].adjoint == pytest.approx(2 * np.exp(1.0) + np.exp(0.5))
    assert nodes[1].adjoint == pytest.approx(2 * np.exp(0.5) + 1.0)


def test_elements_are_named_by_their_index():
    nodes = steps(lambda xp, w: xp.sum(w["a"] * w["a"]), {"a": np.array([[1.0, 2.0]])})
    assert [n.name for n in nodes[:2]] == ["w['a'][0, 0]", "w['a'][0, 1]"]
    assert [n.adjoint for n in nodes[:2]] == [2.0, 4.0]


def test_numbers_are_operands_without_adjoint():
    node = steps(lambda xp, x: 0.25 - xp.tanh(x), 1.0)[-1]
    assert (node.operands, node.partials) == (("0.25", "t1"), (0.0, -1.0))


def test_cotangents_weigh_the_outputs():
    nodes = steps(lambda xp, x: (x * x, 3.0 * x), 2.0, cotangents=[np.array(10.0), np.array(-1.0)])
    assert nodes[0].adjoint == 10.0 * 4.0 - 3.0


def test_an_input_returned_as_output_and_an_input_without_influence():
    nodes = steps(lambda xp, x, y: x, 2.0, 3.0)
    assert [n.adjoint for n in nodes] == [1.0, 0.0]


def test_a_constant_output_reaches_nothing():
    nodes = steps(lambda xp, x: xp.asarray(3.5), 2.0)
    assert [n.adjoint for n in nodes] == [0.0]
