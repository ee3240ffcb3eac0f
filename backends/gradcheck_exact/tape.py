"""Elements: real numbers as balls that remember how they were computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from flint import arb, fmpq

from gradcheck.errors import UnsupportedError

Ball: TypeAlias = arb
"""An interval of real numbers, midpoint and radius, that is certain to hold the true value."""

Second: TypeAlias = tuple[int, int, Ball]
"""A second partial derivative: two positions among the parents, first <= second, and its ball."""

MAX_OPERATIONS = 200_000
"""How many elementary operations a function may take."""

ZERO, ONE, MINUS_ONE = arb(0), arb(1), arb(-1)
NAN = arb.nan()


class UndecidedError(Exception):
    """A comparison cannot be decided at the current precision."""


Change: TypeAlias = "Callable[[Element], Ball]"
"""The derivative of elements along a direction."""


@dataclass(frozen=True)
class Kink:
    """Why the chain rule does not go through an element.

    Parameters
    ----------
    reason : str
        What was certified: ``"a kink: abs at exactly 0"``.
    calm : bool
        Whether the element changes no faster than its parents do, up to a factor: true of ``abs`` at 0, not of
        ``sqrt`` at 0 or of a jump. What depends on it with the derivative exactly 0 is differentiable all the same.
    along : callable, optional
        Returns the one-sided derivative of the element along a line, from those of its parents; None where
        they do not tell.
    holds : callable, optional
        Of a condition at its boundary: returns whether it holds on one side, from the derivatives of its
        parents along a line; None where they do not tell.
    """

    reason: str
    calm: bool = False
    along: Callable[[Change], Ball | None] | None = None
    holds: Callable[[Change], bool | None] | None = None


class Tape:
    """The elements that depend on the inputs, in the order in which they were computed.

    Parameters
    ----------
    order : {0, 1, 2}
        How many derivatives every operation records.

    Attributes
    ----------
    kinked, rough : bool
        Whether there is an element with a kink, and with one that is not calm.
    clean : set of int
        Elements of which it is known that nothing in their history has a kink that is not calm.
    sweeps : int
        How often it is passed over for a derivative.
    operations : int
        How many operations were done, those on constants included.
    """

    def __init__(self, order: int) -> None:
        self.order = order
        self.elements: list[Element] = []
        self.kinked = self.rough = False
        self.clean: set[int] = set()
        self.sweeps, self.operations = 1, 0

    def input(self, number: float) -> Element:
        """Record an element to differentiate by; a double is an exact ball."""
        return self.record(Element(arb(number)))

    def record(self, element: Element) -> Element:
        """Append an element, which gets its index."""
        element.index = len(self.elements)
        self.elements.append(element)
        self._count()
        return element

    def constant(self, ball: Ball) -> Element:
        """Return what an operation on constants gave, which is no part of the tape but takes its time too."""
        self._count()
        return Element(ball)

    def _count(self) -> None:
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            raise UnsupportedError(
                f"the function takes more than {MAX_OPERATIONS} elementary operations, the limit of the exact engine"
            )


_tape = Tape(0)


@contextmanager
def recording(order: int) -> Iterator[Tape]:
    """Record what is computed on a new tape."""
    global _tape
    before, _tape = _tape, Tape(order)
    try:
        yield _tape
    finally:
        _tape = before


def order() -> int:
    """Return how many derivatives the current tape records."""
    return _tape.order


class Element:
    """One real number.

    Python's arithmetic on elements is ball arithmetic; an operation whose operands all are constants
    gives a constant.

    Attributes
    ----------
    ball : arb
        The enclosure of its value.
    edges : tuple of (Element, arb)
        The elements on the tape that it was computed from, its parents, and its derivatives by them.
    seconds : tuple of Second
        Its second derivatives by its parents, as far as they are not 0.
    kink : Kink or None
        Why there are no such derivatives, if there are none.
    index : int
        Its place on the tape, -1 for a constant.
    """

    __slots__ = ("ball", "edges", "index", "kink", "seconds")

    def __init__(
        self,
        ball: Ball,
        edges: tuple[tuple[Element, Ball], ...] = (),
        seconds: tuple[Second, ...] = (),
        kink: Kink | None = None,
    ) -> None:
        self.ball, self.edges, self.seconds, self.kink, self.index = ball, edges, seconds, kink, -1

    @property
    def parents(self) -> tuple[Element, ...]:
        """The elements on the tape that it was computed from."""
        return tuple(parent for parent, _ in self.edges)

    @property
    def constant(self) -> bool:
        """Whether it depends on no input."""
        return self.index < 0

    def __add__(self, other: Any) -> Any:
        if type(other) is not Element and (other := _operand(other)) is NotImplemented:
            return NotImplemented
        return combined(self.ball + other.ball, self, other, ONE, ONE)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is not Element and (other := _operand(other)) is NotImplemented:
            return NotImplemented
        return combined(self.ball - other.ball, self, other, ONE, MINUS_ONE)

    def __rsub__(self, other: Any) -> Any:
        other = _operand(other)
        return NotImplemented if other is NotImplemented else other - self

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Element and (other := _operand(other)) is NotImplemented:
            return NotImplemented
        a, b = self.ball, other.ball
        return combined(a * b, self, other, b, a, ((0, 1, ONE),))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if type(other) is not Element and (other := _operand(other)) is NotImplemented:
            return NotImplemented
        a, b = self.ball, other.ball
        quotient, inverse = a / b, ONE / b
        if other.index < 0:
            return combined(quotient, self, other, inverse, ZERO)
        slope = -quotient * inverse
        seconds = () if _tape.order < 2 else ((0, 1, -inverse * inverse), (1, 1, -2 * slope * inverse))
        return combined(quotient, self, other, inverse, slope, seconds)

    def __rtruediv__(self, other: Any) -> Any:
        other = _operand(other)
        return NotImplemented if other is NotImplemented else other / self

    def __neg__(self) -> Element:
        return unary(self, (-self.ball, MINUS_ONE, ZERO))

    def __pos__(self) -> Element:
        return self

    def __repr__(self) -> str:
        return f"Element({self.ball})"


def combined(
    ball: Ball, a: Element, b: Element, first: Ball, second: Ball, seconds: tuple[Second, ...] = ()
) -> Element:
    """Return an element computed from two others, with its derivatives by each; `seconds` may be of both only."""
    if a.index >= 0:
        if b.index >= 0:
            return _tape.record(Element(ball, ((a, first), (b, second)), seconds))
        return _tape.record(Element(ball, ((a, first),), _of_one(seconds, 0)))
    if b.index >= 0:
        return _tape.record(Element(ball, ((b, second),), _of_one(seconds, 1)))
    return _tape.constant(ball)


def _of_one(seconds: tuple[Second, ...], which: int) -> tuple[Second, ...]:
    """Keep the second derivatives by one of two parents, the other one being constant."""
    if _tape.order < 2:
        return ()
    return tuple((0, 0, ball) for i, j, ball in seconds if i == j == which)


def unary(x: Element, taylor: tuple[Ball, ...]) -> Element:
    """Return a function of one element, given its value and derivatives there, as many as the tape's order."""
    if x.index < 0:
        return _tape.constant(taylor[0])
    if _tape.order == 0:
        return _tape.record(Element(taylor[0]))
    seconds = ((0, 0, taylor[2]),) if _tape.order == 2 and not taylor[2].is_zero() else ()
    return _tape.record(Element(taylor[0], ((x, taylor[1]),), seconds))


def joined(parents: tuple[Element, ...], ball: Ball, firsts: tuple[Ball, ...], seconds: tuple[Second, ...]) -> Element:
    """Return a function of several elements, given its value and its derivatives by each; of constants, a constant."""
    kept = {i: place for place, i in enumerate(i for i, p in enumerate(parents) if p.index >= 0)}
    if not kept:
        return _tape.constant(ball)
    mine = tuple((kept[i], kept[j], s) for i, j, s in seconds if i in kept and j in kept) if _tape.order == 2 else ()
    return _tape.record(Element(ball, tuple((parents[i], firsts[i]) for i in kept), mine))


def unknown(x: Element, y: Element) -> Element:
    """Return an element of which nothing is known, computed from two others."""
    return combined(NAN, x, y, NAN, NAN, ((0, 0, NAN), (0, 1, NAN), (1, 1, NAN)))


def kinked(ball: Ball, parents: tuple[Element, ...], kink: Kink) -> Element:
    """Return an element through which the chain rule does not go; of constants, a constant."""
    edges = tuple((p, NAN) for p in parents if p.index >= 0)
    if not edges:
        return Element(ball)
    _tape.kinked, _tape.rough = True, _tape.rough or not kink.calm
    return _tape.record(Element(ball, edges, kink=kink))


def ancestors(elements: Iterable[Element]) -> list[Element]:
    """Return the elements on the tape among `elements`, and everything that they were computed from."""
    seen: dict[int, Element] = {}
    waiting = [e for e in elements if e.index >= 0]
    while waiting:
        element = waiting.pop()
        if element.index not in seen:
            seen[element.index] = element
            waiting.extend(parent for parent, _ in element.edges)
    return list(seen.values())


def rough_kink(*elements: Element) -> Kink | None:
    """Return a kink that is not calm in the history of elements: what they decide may turn where it is."""
    if not _tape.rough or _tape.order == 0:
        return None
    seen: set[int] = set()
    waiting = [e for e in elements if e.index >= 0]
    while waiting:
        element = waiting.pop()
        if element.kink is not None and not element.kink.calm:
            return Kink(element.kink.reason)  # what else it says is of that element only
        if element.index not in seen and element.index not in _tape.clean:
            seen.add(element.index)
            waiting.extend(parent for parent, _ in element.edges)
    _tape.clean |= seen
    return None


def _operand(value: Any) -> Any:
    """Return a number as a constant element; NotImplemented for what is none."""
    if isinstance(value, Element):
        return value
    if isinstance(value, (bool, int, float)):
        return Element(arb(value))
    if isinstance(value, np.generic):
        return _operand(value.item())
    if isinstance(value, Fraction):
        return Element(arb(fmpq(value.numerator, value.denominator)))
    return NotImplemented


def lift(value: Any) -> Element:
    """Return a number as a constant element, an element as it is.

    Raises
    ------
    UnsupportedError
        If it is no real number.
    """
    element = _operand(value)
    if element is NotImplemented:
        raise UnsupportedError(f"the exact engine needs a real number here, got a {type(value).__name__}")
    return element  # type: ignore[no-any-return]
