"""The graph evaluated by mpmath in two precisions: numbers that know their errors, or that they do not know."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import mpmath
import numpy as np
import sympy
from mpmath.libmp import NoConvergence
from sympy.codegen.cfunctions import expm1, hypot, log1p

from gradcheck.estimates import Measured
from gradcheck.functions import Array
from gradcheck_sympy import special
from gradcheck_sympy.graph import Graph, Term
from gradcheck_sympy.operations import OPERANDS, WHERE, Operation, cbrt, expit, logaddexp, power, sinc

DIGITS = ((40, 60), (120, 180))
"""The coarse and the fine precision, in decimal digits, and what they are raised to where they differ."""
MAX_EXPONENT = 8192
"""Numbers of more bits than this before the point are given up: their exponentials would take for ever."""
FAR_BELOW = 1e4
"""How far below 0 the gamma function and its kin are evaluated."""
_AGREE = 1e-20
"""The relative difference of the two precisions from which they are raised."""

Context = Any
"""An arithmetic of mpmath, with a precision of its own."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in two precisions; their difference estimates the error of both.

    Parameters
    ----------
    fine, coarse : mpmath number
        NaN where a decision that it rests on cannot be made.
    constant : bool
        Whether it stays the same near the point.
    """

    fine: Any
    coarse: Any
    constant: bool

    @property
    def known(self) -> bool:
        """Whether it is a finite number in both precisions."""
        return bool(mpmath.isfinite(self.fine) and mpmath.isfinite(self.coarse))

    @property
    def error(self) -> Any:
        """The difference of the two precisions."""
        return abs(self.fine - self.coarse)

    @property
    def sign(self) -> int | None:
        """-1, 0 or 1, or None where it cannot be told: what is 0 at the point only may have any sign beside it."""
        if not self.known:
            return None
        if 2 * self.error < abs(self.fine):
            return 1 if self.fine > 0 else -1
        return 0 if self.constant and self.fine == self.coarse == 0 else None


UNKNOWN = Number(mpmath.nan, mpmath.nan, False)


class Arithmetic:
    """SymPy's expressions on numbers in two precisions.

    Every result of the coarse precision is moved by up to a unit in its last place, so that what cancels
    in both precisions alike (1 - tanh(100)^2 is 0 in either) still shows in their difference.

    Parameters
    ----------
    coarse, fine : int
        The precisions, in decimal digits.

    References
    ----------
    J. Vignes, A stochastic arithmetic for reliable scientific computation, Math. Comput. Simulation 35 (1993), 233-261.
    """

    def __init__(self, coarse: int, fine: int) -> None:
        self.coarse, self.fine = _context(coarse), _context(fine)
        self._unit = self.coarse.mpf(10) ** -coarse
        self._random = random.Random(0)

    def exact(self, value: Any, *, constant: bool = True) -> Number:
        """Return a double or one of SymPy's numbers."""
        return Number(_converted(self.fine, value), _converted(self.coarse, value), constant)

    def evaluate(self, expression: Any, operands: Mapping[Any, Number]) -> Number:
        """Evaluate an expression, with numbers for its symbols."""
        if expression in operands:
            return operands[expression]
        if not expression.args:
            return self.exact(expression)
        if expression.func is sympy.Piecewise:
            return self._piece(expression, operands)
        arguments = [self.evaluate(a, operands) for a in expression.args]
        if not all(a.known for a in arguments):
            return UNKNOWN
        if expression.func in _SELECTIONS:
            return _SELECTIONS[expression.func](self, *arguments)
        return self._applied(_FUNCTIONS[expression.func], arguments)

    def _applied(self, function: Callable[..., Any], arguments: Sequence[Number]) -> Number:
        try:
            fine = function(self.fine, *[a.fine for a in arguments])
            coarse = function(self.coarse, *[a.coarse for a in arguments])
        except (ArithmeticError, ValueError, NoConvergence):  # a pole, or outside the domain
            return UNKNOWN
        if not (_manageable(fine) and _manageable(coarse)):
            return UNKNOWN
        coarse *= 1 + self._unit * self.coarse.mpf(self._random.uniform(-1, 1))
        return Number(fine, coarse, all(a.constant for a in arguments))

    def _piece(self, expression: Any, operands: Mapping[Any, Number]) -> Number:
        for value, condition in expression.args:
            holds = True if condition is sympy.true else self._holds(condition, operands)
            if holds is None:
                return UNKNOWN
            if holds:
                return self.evaluate(value, operands)
        return UNKNOWN

    def _holds(self, relation: Any, operands: Mapping[Any, Number]) -> bool | None:
        left, right = (self.evaluate(side, operands) for side in relation.args)
        sign = _difference(left, right).sign
        return None if sign is None else _RELATIONS[relation.func](sign)

    def sign(self, number: Number) -> Number:
        """Return -1, 0 or 1; at 0, unless it stays there, nothing."""
        return UNKNOWN if number.sign is None else self.exact(number.sign)

    def heaviside(self, number: Number, *_: Number) -> Number:
        """Return 0 or 1; at 0 nothing, whatever SymPy takes it for there."""
        return self.exact(int(number.sign > 0)) if number.sign else UNKNOWN

    def rounded(self, function: str, number: Number) -> Number:
        """Return the ``floor`` or ``ceil``; at a whole number, unless it stays there, nothing."""
        whole = self.exact(int(self.fine.nint(number.fine)))
        if not number.constant and _difference(number, whole).sign is None:
            return UNKNOWN
        return self.exact(int(getattr(self.fine, function)(number.fine)))


class Evaluation:
    """The values of all nodes that some terms are computed from.

    Parameters
    ----------
    graph : Graph
        The graph.
    terms : sequence of Term
        What is wanted.
    inputs : sequence of float
        The point.
    digits : tuple of int
        The coarse and the fine precision.
    fixed : bool
        Whether only values at the point are wanted, and not what is beside it: then a step has a value at its jump.
    """

    def __init__(
        self, graph: Graph, terms: Sequence[Term], inputs: Sequence[float], digits: tuple[int, int], fixed: bool
    ) -> None:
        self._graph, self._arithmetic = graph, Arithmetic(*digits)
        self._values = {i: self._arithmetic.exact(x, constant=fixed) for i, x in enumerate(inputs)}
        for index in graph.ancestors(terms):
            if index >= graph.inputs:
                self._values[index] = self._node(index)

    def _node(self, index: int) -> Number:
        step = self._graph.steps[index]
        operands = [self.number(t) for t in step.operands]
        assert step.operation is not None  # inputs come first
        if step.operation is WHERE:
            taken = self._taken(index)
            return UNKNOWN if taken is None else self.number(taken)
        value = self._arithmetic.evaluate(step.operation.expression, dict(zip(OPERANDS, operands, strict=False)))
        return UNKNOWN if _on_a_branch_cut(step.operation, operands) and not value.constant else value

    def _taken(self, index: int) -> Term | None:
        condition, then, otherwise = self._graph.steps[index].operands
        sign = self.number(condition).sign
        return None if sign is None else then if sign else otherwise

    def number(self, term: Term) -> Number:
        """Return the value of a term."""
        return self._values[term.index] if term.number is None else self._arithmetic.exact(term.number)

    def undecided(self, terms: Sequence[Term]) -> Array:
        """Return, for each term and input, whether a jump, a kink or a pole lies on the way from one to the other.

        The derivatives of steps are 0, which does not tell a step at its jump from one beside it.

        Returns
        -------
        numpy.ndarray of bool, shape (terms, inputs)
        """
        if all(value.known for value in self._values.values()):
            return np.zeros((len(terms), self._graph.inputs), bool)
        rows = [[i in spoiled for i in range(self._graph.inputs)] for spoiled in map(self._spoiled_inputs, terms)]
        return np.array(rows, bool).reshape(len(terms), self._graph.inputs)

    def _spoiled_inputs(self, term: Term) -> set[int]:
        return {i for node in self._reached(term) if self._is_source(node) for i in self._reach(node)}

    def _is_source(self, node: int) -> bool:
        """Whether a node is unknown though all that it is computed from is known."""
        return not self._values[node].known and all(self.number(t).known for t in self._used(node))

    @cached_property
    def _reach(self) -> Callable[[int], frozenset[int]]:
        @cache
        def reach(node: int) -> frozenset[int]:
            return frozenset(i for i in self._graph.ancestors([Term(node)]) if i < self._graph.inputs)

        return reach

    def _reached(self, term: Term) -> set[int]:
        """Return the nodes that a term is computed from, but for the branches that are not taken."""
        seen: set[int] = set()
        stack = [] if term.number is not None else [term.index]
        while stack:
            index = stack.pop()
            if index not in seen:
                seen.add(index)
                stack.extend(t.index for t in self._used(index) if t.number is None)
        return seen

    def _used(self, index: int) -> Sequence[Term]:
        step = self._graph.steps[index]
        taken = self._taken(index) if step.operation is WHERE else None
        return step.operands if taken is None else (step.operands[0], taken)


def evaluate(graph: Graph, terms: Sequence[Term], inputs: Sequence[float], *, fixed: bool = False) -> Evaluation:
    """Evaluate terms in two precisions, which are raised once where they differ; see `Evaluation`."""
    found = Evaluation(graph, terms, inputs, DIGITS[0], fixed)
    numbers = [found.number(t) for t in terms]
    if any(n.known and not n.error <= _AGREE * abs(n.fine) for n in numbers):
        found = Evaluation(graph, terms, inputs, DIGITS[1], fixed)
    return found


def weighed(numbers: Sequence[Number], weights: Sequence[float]) -> Number:
    """Return the sum of numbers times doubles; what is weighed with 0 takes no part."""
    fine = coarse = mpmath.mpf(0)
    for number, weight in zip(numbers, weights, strict=True):
        if weight:  # the left operand's precision is the sum's
            fine, coarse = number.fine * weight + fine, number.coarse * weight + coarse
    return Number(fine, coarse, False)


def measured(numbers: Iterable[Number], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Measured:
    """Return numbers rounded to a dtype, with their errors: NaN and infinity for those that are not known.

    Parameters
    ----------
    numbers : iterable of Number
        In C order.
    shape : tuple of int
        The shape to give them.
    dtype : numpy.dtype
        The dtype of the value.
    """
    numbers = list(numbers)
    values = np.array([float(n.fine) if n.known else np.nan for n in numbers]).astype(dtype)
    errors = [_rounded_error(n, float(v)) for n, v in zip(numbers, values, strict=True)]
    notes = () if all(n.known for n in numbers) else (UNDECIDED,)
    return Measured(values.reshape(shape), np.array(errors, float).reshape(shape), notes)


UNDECIDED = "a kink, a jump, a tie or a pole at the point is not for SymPy to decide"


def _rounded_error(number: Number, value: float) -> float:
    """Return the difference of the precisions, the rounding of the value and an ulp for the vocabulary's constants."""
    if not (number.known and np.isfinite(value)):
        return float("inf")
    rounding = abs(number.fine - value)
    return float(number.error + rounding + abs(number.fine) * float(np.finfo(float).eps))


@cache
def _context(digits: int) -> Context:
    context = mpmath.MPContext()
    context.dps = digits
    return context


def _converted(context: Context, value: Any) -> Any:
    if isinstance(value, (int, float)):
        return context.mpf(value)
    if value.is_Rational:
        return context.mpf(value.p) / value.q
    if value.is_finite:
        return context.mpf(str(value.evalf(context.dps + 5)))
    return context.nan if value is sympy.S.NaN else context.inf if value > 0 else -context.inf


def _manageable(value: Any) -> bool:
    """Whether a result is a finite real number whose exponential can be computed."""
    return not hasattr(value, "_mpc_") and bool(mpmath.isfinite(value)) and mpmath.mag(value) <= MAX_EXPONENT


def _difference(left: Number, right: Number) -> Number:
    if not (left.known and right.known):
        return UNKNOWN
    return Number(left.fine - right.fine, left.coarse - right.coarse, left.constant and right.constant)


def _on_a_branch_cut(op: Operation, operands: Sequence[Number]) -> bool:
    """Whether an angle jumps here by a whole turn."""
    return op.name == "arctan2" and operands[0].fine == 0 and not operands[1].fine > 0


def _larger(_: Arithmetic, *numbers: Number) -> Number:
    return max(numbers, key=lambda n: n.fine)


def _smaller(_: Arithmetic, *numbers: Number) -> Number:
    return min(numbers, key=lambda n: n.fine)


_SELECTIONS: Mapping[Any, Callable[..., Number]] = {
    sympy.Abs: lambda a, x: Number(abs(x.fine), abs(x.coarse), x.constant),
    sympy.Max: _larger,
    sympy.Min: _smaller,
    sympy.sign: Arithmetic.sign,
    sympy.Heaviside: Arithmetic.heaviside,
    sympy.floor: lambda a, x: a.rounded("floor", x),
    sympy.ceiling: lambda a, x: a.rounded("ceil", x),
}

_RELATIONS: Mapping[Any, Callable[[int], bool]] = {
    sympy.Gt: lambda sign: sign > 0,
    sympy.Ge: lambda sign: sign >= 0,
    sympy.Lt: lambda sign: sign < 0,
    sympy.Le: lambda sign: sign <= 0,
    sympy.Eq: lambda sign: sign == 0,
    sympy.Ne: lambda sign: sign != 0,
}


def _logaddexp(m: Context, a: Any, b: Any) -> Any:
    return max(a, b) + m.log1p(m.exp(-abs(a - b)))


def _gamma_like(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a function away from the poles of the gamma function, and from far below 0, where mpmath takes for ever."""

    def guarded(m: Context, *arguments: Any) -> Any:
        a = arguments[-1]
        if a <= 0 and (m.isint(a) or a < -FAR_BELOW):
            raise ValueError(a)
        return function(m, *arguments)

    return guarded


_FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    **special.PRECISE,
    sympy.Add: lambda m, *terms: m.fsum(terms),
    sympy.Mul: lambda m, *factors: m.fprod(factors),
    sympy.Pow: lambda m, a, b: m.power(a, b),
    power: lambda m, a, b: m.power(a, b),
    sympy.exp: lambda m, a: m.exp(a),
    sympy.log: lambda m, a: m.log(a),
    expm1: lambda m, a: m.expm1(a),
    log1p: lambda m, a: m.log1p(a),
    sympy.sin: lambda m, a: m.sin(a),
    sympy.cos: lambda m, a: m.cos(a),
    sympy.tan: lambda m, a: m.tan(a),
    sympy.asin: lambda m, a: m.asin(a),
    sympy.acos: lambda m, a: m.acos(a),
    sympy.atan: lambda m, a: m.atan(a),
    sympy.atan2: lambda m, a, b: m.atan2(a, b),
    sympy.sinh: lambda m, a: m.sinh(a),
    sympy.cosh: lambda m, a: m.cosh(a),
    sympy.tanh: lambda m, a: m.tanh(a),
    sympy.asinh: lambda m, a: m.asinh(a),
    sympy.acosh: lambda m, a: m.acosh(a),
    sympy.atanh: lambda m, a: m.atanh(a),
    sympy.erf: lambda m, a: m.erf(a),
    sympy.erfc: lambda m, a: m.erfc(a),
    sympy.loggamma: _gamma_like(lambda m, a: m.log(abs(m.gamma(a))) if a < 0 else m.loggamma(a)),
    special.gamma: _gamma_like(lambda m, a: m.gamma(a)),
    sympy.digamma: _gamma_like(lambda m, a: m.digamma(a)),
    sympy.polygamma: _gamma_like(lambda m, n, a: m.psi(int(n), a)),
    hypot: lambda m, a, b: m.hypot(a, b),
    cbrt: lambda m, a: m.sign(a) * m.cbrt(abs(a)),
    sinc: lambda m, a: m.sincpi(a),
    expit: lambda m, a: 1 / (1 + m.exp(-a)),
    logaddexp: _logaddexp,
}
