"""Backpropagation by hand: every step of the chain rule as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_sympy.graph import Graph, Term
from gradcheck_sympy.operations import WHERE, Operation


@dataclass
class Node:
    """One step of the forward and the backward pass.

    Parameters
    ----------
    name : str
        The input's name (``x``, ``w[0, 1]``) or that of an intermediate value (``t1``).
    operation : Operation or None
        What computes it; None for an input.
    operands : tuple of str
        What it is computed from: names of nodes, or numbers.
    value : float
        Its value in the forward pass.
    partials : tuple of float
        The local partial derivative by each operand, at the operands' values.
    adjoint : float
        The derivative of the output (of the sum of the outputs times their cotangents) by this node.
    """

    name: str
    operation: Operation | None
    operands: tuple[str, ...]
    value: float
    partials: tuple[float, ...]
    adjoint: float = 0.0

    @property
    def formula(self) -> str:
        """How it is computed, in the operands' names: ``t1*z``."""
        return self.name if self.operation is None else self.operation.formula(*self.operands)

    @property
    def partial_formulas(self) -> tuple[str, ...]:
        """The local partial derivatives in the operands' names: ``z``, ``t1``."""
        if self.operation is None:
            return ()
        return tuple(partial.formula(*self.operands) for partial in self.operation.partials)


def backpropagate(
    graph: Graph,
    outputs: Sequence[Term],
    cotangents: Sequence[float],
    inputs: Sequence[float],
    names: Sequence[str],
) -> list[Node]:
    """Run a forward pass with numbers, then the chain rule from the outputs back.

    Parameters
    ----------
    graph : Graph
        The function as elementary operations.
    outputs : sequence of Term
        Its outputs.
    cotangents : sequence of float
        What each output is weighted with; 1 for a gradient.
    inputs : sequence of float
        The values of the inputs.
    names : sequence of str
        The names of the inputs.

    Returns
    -------
    list of Node
        The inputs, then the operations in topological order, with their adjoints.

    References
    ----------
    D. Rumelhart, G. Hinton and R. Williams, Learning representations by back-propagating errors,
    Nature 323 (1986), 533-536.
    """
    order = [*range(graph.inputs), *(i for i in graph.ancestors(outputs) if i >= graph.inputs)]
    nodes: dict[int, Node] = {}
    with np.errstate(all="ignore"):
        for index in order:
            nodes[index] = _forward(graph, index, nodes, inputs, names)
        _backward(graph, order, nodes, outputs, cotangents)
    return list(nodes.values())


def _forward(graph: Graph, index: int, nodes: dict[int, Node], inputs: Sequence[float], names: Sequence[str]) -> Node:
    step = graph.steps[index]
    if step.operation is None:
        return Node(names[index], None, (), np.float64(inputs[index]), ())
    values = [_value(t, nodes) for t in step.operands]
    operands = tuple(nodes[t.index].name if t.number is None else f"{float(t.number):.12g}" for t in step.operands)
    partials = tuple(  # a number has no adjoint, so that its partial derivative is not needed
        np.float64(0.0 if t.number is not None else partial.evaluate(*values))
        for t, partial in zip(step.operands, step.operation.partials, strict=True)
    )
    name = f"t{len(nodes) - graph.inputs + 1}"
    return Node(name, step.operation, operands, np.float64(step.operation.evaluate(*values)), partials)


def _value(term: Term, nodes: dict[int, Node]) -> Any:
    return nodes[term.index].value if term.number is None else np.float64(float(term.number))


def _backward(
    graph: Graph, order: Sequence[int], nodes: dict[int, Node], outputs: Sequence[Term], cotangents: Sequence[float]
) -> None:
    reached = set()
    for term, cotangent in zip(outputs, cotangents, strict=True):
        if term.number is None:
            nodes[term.index].adjoint += cotangent
            reached.add(term.index)
    for index in reversed(order):
        node, step = nodes[index], graph.steps[index]
        if index not in reached:
            continue
        for operand, partial in zip(step.operands, node.partials, strict=True):
            # the branch that is not taken gets nothing, not 0 times its own slope, which may be infinite
            if operand.number is None and not (step.operation is WHERE and partial == 0):
                nodes[operand.index].adjoint += node.adjoint * partial
                reached.add(operand.index)
