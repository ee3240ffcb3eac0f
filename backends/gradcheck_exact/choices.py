"""What decides between elements: every decision is certain, or it is not made.

A comparison of balls that overlap raises `UndecidedError`, and more precision is tried. A comparison of two
elements that are exactly equal is decided, but on both sides of the point it may come out differently: what
depends on it carries a `Kink`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb

from gradcheck_exact import functions
from gradcheck_exact.tape import (
    MINUS_ONE,
    ONE,
    ZERO,
    Ball,
    Change,
    Element,
    Kink,
    UndecidedError,
    combined,
    kinked,
    lift,
    order,
    rough_kink,
    unary,
    unknown,
)

Truth = bool | Element
"""A condition: decided for all points nearby, or at its boundary, as the number 1 or 0 with a kink."""


def sign_of(x: Element, name: str) -> int:
    """Return the certain sign of an element that is not exactly 0."""
    if x.ball > 0:
        return 1
    if x.ball < 0:
        return -1
    raise UndecidedError(f"the comparison of the argument of {name} with 0")


def decided(answer: Element, *elements: Element) -> Element:
    """Return what was decided by elements; where one of them jumps, with its kink."""
    rough = rough_kink(*elements)
    return answer if rough is None else kinked(answer.ball, elements, rough)


def absolute(x: Any) -> Element:
    """Return the absolute value."""
    element = lift(x)
    if element.ball == 0:
        kink = Kink("a kink: abs at exactly 0", calm=True, along=lambda change: abs(change(element)))
        return kinked(ZERO, (element,), kink)
    if order() == 0:
        return unary(element, (abs(element.ball),))
    return element if sign_of(element, "abs") > 0 else -element


def sign(x: Any) -> Element:
    """Return 1, 0 or -1."""
    element = lift(x)
    if element.ball == 0:
        return kinked(ZERO, (element,), Kink("a jump: sign at exactly 0"))
    return decided(Element(ONE if sign_of(element, "sign") > 0 else MINUS_ONE), element)


def floor(x: Any) -> Element:
    """Return the largest integer that is not larger."""
    return _step(lift(x), "floor", lambda ball: ball.floor())


def ceil(x: Any) -> Element:
    """Return the smallest integer that is not smaller."""
    return _step(lift(x), "ceil", lambda ball: ball.ceil())


def _step(x: Element, name: str, rounded: Callable[[Ball], Ball]) -> Element:
    if x.ball.is_exact() and x.ball.is_integer():
        return kinked(x.ball, (x,), Kink(f"a jump: {name} at an exact integer"))
    if x.ball.contains_integer():
        raise UndecidedError(f"the comparison of the argument of {name} with an integer")
    return decided(Element(rounded(x.ball)), x)


def maximum(x: Any, y: Any) -> Element:
    """Return the larger one."""
    return _extreme(lift(x), lift(y), "maximum", 1)


def minimum(x: Any, y: Any) -> Element:
    """Return the smaller one."""
    return _extreme(lift(x), lift(y), "minimum", -1)


def _extreme(x: Element, y: Element, name: str, sense: int) -> Element:
    """Return the one that is larger in a sense; the same element twice is no tie."""
    if x is y:
        return x
    if x.ball > y.ball:
        return decided(x if sense > 0 else y, x, y)
    if x.ball < y.ball:
        return decided(y if sense > 0 else x, x, y)
    larger = arb.max if sense > 0 else arb.min
    if x.ball == y.ball:
        reason = f"a kink: {name} of two arguments that are exactly equal"
        return kinked(x.ball, (x, y), Kink(reason, calm=True, along=lambda change: larger(change(x), change(y))))
    if not (x.ball.is_finite() and y.ball.is_finite()):
        return unknown(x, y)
    if order() == 0:
        return Element(larger(x.ball, y.ball))
    raise UndecidedError(f"the comparison of the arguments of {name}")


def length(square: Element) -> Element:
    """Return the square root of a sum of squares, which changes no faster than what is squared."""
    if square.ball == 0:
        return kinked(ZERO, (square,), Kink("a kink: a length of exactly 0", calm=True))
    return unary(square, functions.sqrt(square.ball))


def arctan2(y: Any, x: Any) -> Element:
    """Return the angle of the point (x, y), which jumps where x <= 0 and y = 0."""
    a, b = lift(y), lift(x)
    if a.ball == 0 and (b.ball < 0 or b.ball == 0):
        where = "(0, 0)" if b.ball == 0 else "its branch cut"
        any_angle = arb.pi() * arb(0, 1)  # which one depends on the sign of a zero, which balls do not have
        return kinked(any_angle, (a, b), Kink(f"a jump: arctan2 at {where}"))
    if not (a.ball != 0 or b.ball > 0):
        raise UndecidedError("the comparison of the arguments of arctan2 with 0")
    s, t = a.ball, b.ball
    square = s * s + t * t
    mixed = 2 * s * t / square**2
    seconds = ((0, 0, -mixed), (0, 1, (s * s - t * t) / square**2), (1, 1, mixed)) if order() == 2 else ()
    return combined(arb.atan2(s, t), a, b, t / square, -s / square, seconds)


def compare(x: Any, y: Any, name: str, above: bool, below: bool, equal: bool) -> Truth:
    """Return one of three answers: what holds where x is above y, below it, or equal to it."""
    a, b = lift(x), lift(y)
    if a is b:
        return equal
    if a.ball > b.ball or a.ball < b.ball:
        answer, rough = above if a.ball > b.ball else below, rough_kink(a, b)
        return answer if rough is None else kinked(_number(answer), (a, b), rough)
    if a.ball == b.ball:
        if order() == 0 or (a.constant and b.constant):
            return equal
        return kinked(_number(equal), (a, b), _boundary(a, b, name, above, below))
    raise UndecidedError(f"the comparison {name}")


def _boundary(a: Element, b: Element, name: str, above: bool, below: bool) -> Kink:
    """Return the kink of a comparison of two elements that are exactly equal."""

    def holds(change: Change) -> bool | None:
        rise = change(a) - change(b)
        if above == below and rise != 0:
            return above
        return above if rise > 0 else below if rise < 0 else None

    return Kink(f"the boundary of a condition: {name} of two numbers that are exactly equal", holds=holds)


def _number(answer: bool) -> Ball:
    return ONE if answer else ZERO


def truth(x: Any) -> Truth:
    """Return whether an element is not 0; a condition as it is."""
    if isinstance(x, bool) or (isinstance(x, Element) and x.kink is not None and x.ball in (0, 1)):
        return x
    return compare(x, 0, "with 0", True, True, False)


def both(x: Any, y: Any) -> Truth:
    """Return whether two conditions hold."""
    a, b = truth(x), truth(y)
    if a is False or b is False:
        return False
    if a is True:
        return b
    return a if b is True else _joined(_and, a, b)


def either(x: Any, y: Any) -> Truth:
    """Return whether one of two conditions holds."""
    a, b = truth(x), truth(y)
    if a is True or b is True:
        return True
    if a is False:
        return b
    return a if b is False else _joined(_or, a, b)


def negated(x: Any) -> Truth:
    """Return whether a condition does not hold."""
    a = truth(x)
    return not a if isinstance(a, bool) else _joined(lambda held: None if held is None else not held, a)


def _and(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def _or(a: bool | None, b: bool | None) -> bool | None:
    return True if a is True or b is True else None if a is None or b is None else False


def _joined(join: Callable[..., bool | None], *conditions: Element) -> Element:
    """Join conditions at their boundaries."""

    def holds(change: Change) -> bool | None:
        return join(*(_side(condition, change) for condition in conditions))

    parents = tuple(p for condition in conditions for p in condition.parents)
    answer = join(*(bool(condition.ball == 1) for condition in conditions))
    return kinked(_number(answer is True), parents, Kink(_reason(conditions[0]), holds=holds))


def _side(condition: Element, change: Change) -> bool | None:
    """Return whether a condition at its boundary holds on one side; None if that is not known."""
    kink = condition.kink
    return None if kink is None or kink.holds is None else kink.holds(change)


def _reason(condition: Element) -> str:
    return "" if condition.kink is None else condition.kink.reason


def chosen(condition: Any, x: Any, y: Any) -> Element:
    """Return x where a condition holds, else y; the one that is not chosen has no part in it."""
    a, b = lift(x), lift(y)
    answer = truth(condition)
    if isinstance(answer, bool):
        return a if answer else b
    if a is b:
        return a

    def along(change: Change) -> Ball | None:
        holds = _side(answer, change)
        return None if holds is None else change(a if holds else b)

    calm = bool(a.ball == b.ball)  # it does not jump there
    kink = Kink(_reason(answer), calm, along if calm else None)
    return kinked(a.ball if answer.ball == 1 else b.ball, (*answer.parents, a, b), kink)
