"""A function as a graph of elementary operations, in topological order and with shared nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from gradcheck.errors import UnsupportedError
from gradcheck_sympy.operations import (
    ADD,
    DIVIDE,
    MULTIPLY,
    NEGATIVE,
    OPERANDS,
    POWER,
    SUBTRACT,
    WHERE,
    Operation,
    operation,
)

MAX_STEPS = 30_000
"""The largest graph that is built; one with its derivatives takes about 50 microseconds a step."""

_MAX_BITS = 2000
"""Exact rational constants are folded up to this length."""


@dataclass(frozen=True, slots=True)
class Term:
    """A node of the graph that is being built, or an exact number; the element of SymPy's arrays.

    Parameters
    ----------
    index : int
        The node; -1 for a number.
    number : sympy.Number, optional
        The number.
    """

    index: int
    number: Any = None

    @classmethod
    def of(cls, value: Any) -> Term:
        """Return a number as a term; binary fractions are exact."""
        if isinstance(value, Term):
            return value
        if isinstance(value, (int, np.integer, np.bool_)):
            return cls(-1, sympy.Integer(int(value)))
        real = float(value)
        if np.isfinite(real):
            return cls(-1, sympy.Rational(real))
        return cls(-1, sympy.S.NaN if np.isnan(real) else sympy.oo if real > 0 else -sympy.oo)

    def __add__(self, other: Any) -> Term:
        return apply(ADD, self, other)

    def __radd__(self, other: Any) -> Term:
        return apply(ADD, other, self)

    def __sub__(self, other: Any) -> Term:
        return apply(SUBTRACT, self, other)

    def __rsub__(self, other: Any) -> Term:
        return apply(SUBTRACT, other, self)

    def __mul__(self, other: Any) -> Term:
        return apply(MULTIPLY, self, other)

    def __rmul__(self, other: Any) -> Term:
        return apply(MULTIPLY, other, self)

    def __truediv__(self, other: Any) -> Term:
        return apply(DIVIDE, self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return apply(DIVIDE, other, self)

    def __neg__(self) -> Term:
        return apply(NEGATIVE, self)

    def __pos__(self) -> Term:
        return self

    def __pow__(self, other: Any) -> Term:
        exponent = Term.of(other)
        if exponent.number is None or not exponent.number.is_Rational:
            return apply(POWER, self, exponent)
        simple = abs(exponent.number) <= 64  # SymPy would work out 2**(10**9)
        return apply(operation("power", OPERANDS[0] ** exponent.number, 1, simple), self)

    def __rpow__(self, other: Any) -> Term:
        return Term.of(other) ** self


@dataclass(frozen=True, slots=True)
class Step:
    """One node: an operation on earlier ones; an input has none."""

    operation: Operation | None
    operands: tuple[Term, ...] = ()


class Graph:
    """Elementary operations in topological order; the same operation on the same operands is one node.

    Parameters
    ----------
    sample : sequence of float
        The inputs' values at the first point; they serve to choose the pivots of eliminations only.
    """

    def __init__(self, sample: Sequence[float]) -> None:
        self.steps = [Step(None) for _ in sample]
        self.samples: list[Any] = [np.float64(x) for x in sample]
        self.inputs = len(self.steps)
        self._known: dict[tuple[Operation, tuple[Term, ...]], Term] = {}

    def apply(self, op: Operation, operands: tuple[Term, ...]) -> Term:
        """Return the node of an operation on operands.

        Raises
        ------
        UnsupportedError
            If the graph grows too large.
        """
        known = self._known.get((op, operands))
        if known is None:
            known = self._folded(op, operands) or self._new(op, operands)
            self._known[op, operands] = known
        return known

    def _new(self, op: Operation, operands: tuple[Term, ...]) -> Term:
        if len(self.steps) >= MAX_STEPS:
            raise UnsupportedError(
                f"the expressions are too large for SymPy: more than {MAX_STEPS} elementary operations; "
                "use smaller inputs"
            )
        self.steps.append(Step(op, operands))
        self.samples.append(op.evaluate(*(self.sample(o) for o in operands)))
        return Term(len(self.steps) - 1)

    def _folded(self, op: Operation, operands: tuple[Term, ...]) -> Term | None:
        """Return an operand or a number, where SymPy simplifies the operation to one."""
        expression = op.expression
        if op.algebraic and (len(set(operands)) < len(operands) or any(o.number is not None for o in operands)):
            first = {term: x for x, term in reversed(list(zip(OPERANDS, operands, strict=False)))}
            values = {
                x: first[term] if term.number is None else term.number
                for x, term in zip(OPERANDS, operands, strict=False)
            }
            if sympy.S.NaN in values.values():
                return None
            expression = expression.xreplace(values)
        if expression.is_Rational:
            short = expression.p.bit_length() + expression.q.bit_length() <= _MAX_BITS
            return Term(-1, expression) if short else None
        if expression in (sympy.oo, -sympy.oo, sympy.S.NaN):
            return Term(-1, expression)
        return operands[OPERANDS.index(expression)] if expression in OPERANDS else None

    def sample(self, term: Term) -> Any:
        """Return the value of a term at the first point."""
        return self.samples[term.index] if term.number is None else np.float64(float(term.number))

    def ancestors(self, terms: Iterable[Term]) -> list[int]:
        """Return the nodes that terms are computed from, in topological order."""
        seen: set[int] = set()
        stack = [t.index for t in terms if t.number is None]
        while stack:
            index = stack.pop()
            if index not in seen:
                seen.add(index)
                stack.extend(o.index for o in self.steps[index].operands if o.number is None)
        return sorted(seen)


_building: ContextVar[Graph] = ContextVar("gradcheck_sympy_graph")


@contextmanager
def building(graph: Graph) -> Iterator[Graph]:
    """Let operations on terms add nodes to a graph; NaN and infinities pass without warning."""
    token = _building.set(graph)
    try:
        with np.errstate(all="ignore"):
            yield graph
    finally:
        _building.reset(token)


def current() -> Graph:
    """Return the graph that is being built."""
    return _building.get()


def apply(op: Operation, *operands: Any) -> Term:
    """Apply an operation to terms and numbers in the graph that is being built."""
    return current().apply(op, tuple(Term.of(o) for o in operands))


ZERO, ONE = Term(-1, sympy.S.Zero), Term(-1, sympy.S.One)


def differentiate(graph: Graph, outputs: Sequence[Term]) -> list[list[Term]]:
    """Return the derivative of each output by each input, as further nodes of the graph.

    Each elementary operation is differentiated by SymPy, and the chain rule carries the
    derivatives from the inputs on: the symbolic derivative, with its common subexpressions shared.
    """
    nodes = graph.ancestors(outputs)
    with building(graph):
        columns = [_derivatives(graph, nodes, i) for i in range(graph.inputs)]
    return [[column.get(t.index, ZERO) if t.number is None else ZERO for column in columns] for t in outputs]


def _derivatives(graph: Graph, nodes: Sequence[int], wanted: int) -> dict[int, Term]:
    """Return the non-zero derivatives of nodes by one input."""
    found = {wanted: ONE}
    for index in nodes:
        step = graph.steps[index]
        inner = [found.get(o.index, ZERO) for o in step.operands]
        if step.operation is None or all(d is ZERO for d in inner):
            continue
        outer = _chain(step.operation, step.operands, inner)
        if outer != ZERO:
            found[index] = outer
    return found


def _chain(op: Operation, operands: tuple[Term, ...], inner: Sequence[Term]) -> Term:
    if op is WHERE:  # a branch that is not taken must not spoil the other with its NaN
        return apply(WHERE, operands[0], inner[1], inner[2])
    total = ZERO
    for partial, derivative in zip(op.partials, inner, strict=True):
        if derivative is not ZERO:
            slope = apply(partial, *operands)
            product = slope if derivative == ONE else apply(MULTIPLY, slope, derivative)
            total = product if total is ZERO else apply(ADD, total, product)
    return total


class Program:
    """The part of a graph that outputs need, ready to be evaluated in float64.

    Parameters
    ----------
    graph : Graph
        The graph.
    outputs : sequence of Term
        What is wanted.
    """

    def __init__(self, graph: Graph, outputs: Sequence[Term]) -> None:
        nodes = [i for i in graph.ancestors(outputs) if i >= graph.inputs]
        slot = {i: i for i in range(graph.inputs)} | {i: graph.inputs + k for k, i in enumerate(nodes)}
        self._constants: list[Any] = []
        self._first_constant = graph.inputs + len(nodes)
        self._outputs = [self._place(t, slot) for t in outputs]
        self._calls = []
        for index in nodes:
            op = graph.steps[index].operation
            assert op is not None  # inputs come first
            self._calls.append((slot[index], op.evaluate, [self._place(t, slot) for t in graph.steps[index].operands]))

    def _place(self, term: Term, slot: dict[int, int]) -> int:
        if term.number is None:
            return slot[term.index]
        self._constants.append(np.float64(float(term.number)))
        return self._first_constant + len(self._constants) - 1

    def __call__(self, inputs: Sequence[float]) -> list[Any]:
        """Return the outputs at numbers for the inputs."""
        values: list[Any] = [np.float64(x) for x in inputs]
        values += [None] * (self._first_constant - len(values)) + self._constants
        with np.errstate(all="ignore"):
            for place, function, operands in self._calls:
                values[place] = function(*[values[k] for k in operands])
        return [values[k] for k in self._outputs]
