"""Derivatives along a tape, by the chain rule in ball arithmetic: every result encloses the true number.

References
----------
A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, chapters 3 (forward and reverse
accumulation) and 5 (second-order adjoints).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from gradcheck_exact.tape import MINUS_ONE, ONE, ZERO, Ball, Change, Element, Kink, Tape, ancestors, rough_kink

Slope: TypeAlias = Ball | Kink
"""An enclosure of a derivative, or why there is none."""

MAX_DETOUR = 50_000
"""How many operations may be passed over to look at both sides of kinks."""


def pushed(tape: Tape, tangents: Sequence[Ball]) -> list[Ball | None]:
    """Return the derivative of every element along a tangent of the inputs; None stands for 0.

    No input that feeds a kink may move.
    """
    along: list[Ball | None] = [None] * len(tape.elements)
    _push(tape.elements[len(tangents) :], along, tangents)
    return along


def pulled(tape: Tape, inputs: int, seeds: Mapping[Element, Ball]) -> list[Slope]:
    """Return the derivative of a weighed sum of elements by each of the first `inputs` elements.

    Parameters
    ----------
    tape : Tape
        Recorded with order 1 or 2.
    inputs : int
        How many elements are inputs.
    seeds : mapping of Element to arb
        The weights; constants among the elements are passed over.
    """
    adjoints = _adjoints(tape, inputs, seeds)
    slopes = _filled(adjoints, inputs)
    if not tape.kinked:
        return slopes
    stops = [e for e, a in zip(tape.elements, adjoints, strict=False) if a is not None and _stops(e, a)]
    return _across(tape, _without(slopes, stops), seeds) if stops else slopes


def curved(tape: Tape, inputs: int, output: Element, tangents: Iterable[Sequence[Ball]]) -> Iterator[list[Slope]]:
    """Yield the Hessian of an element times each tangent of the inputs, from a tape of order 2."""
    kinks = [e for e in ancestors([output]) if e.kink is not None] if tape.kinked else []
    feeders = [(e.kink, _inputs_above([e], inputs)) for e in kinks]
    adjoints = _adjoints(tape, inputs, {output: ONE})
    reached = [(e, a) for e, a in zip(tape.elements, adjoints, strict=False) if a is not None and e.index >= inputs]
    for tangent in tangents:
        hit = [kink for kink, fed in feeders if kink is not None and any(not tangent[i].is_zero() for i in fed)]
        if hit:
            yield [hit[0]] * inputs
        else:
            along: list[Ball | None] = [None] * len(adjoints)
            _push((element for element, _ in reached), along, tangent)
            yield _without(_filled(_bends(reached, along), inputs), kinks)


def _push(elements: Iterable[Element], along: list[Ball | None], tangents: Sequence[Ball]) -> None:
    """Fill in the derivatives of elements along a tangent of the inputs."""
    along[: len(tangents)] = [None if t.is_zero() else t for t in tangents]
    for element in elements:
        total = None
        for parent, first in element.edges:
            change = along[parent.index]
            if change is not None:
                term = change if first is ONE else first * change
                total = term if total is None else total + term
        along[element.index] = total


def _adjoints(tape: Tape, inputs: int, seeds: Mapping[Element, Ball]) -> list[Ball | None]:
    """Return the derivative of a weighed sum of elements by all elements up to the last of them, not through kinks."""
    adjoints: list[Ball | None] = [None] * max(inputs, 1 + max((e.index for e in seeds), default=-1))
    for element, weight in seeds.items():
        if not element.constant:
            adjoints[element.index] = weight
    for index in range(len(adjoints) - 1, inputs - 1, -1):
        adjoint = adjoints[index]
        if adjoint is not None and tape.elements[index].kink is None:
            _pull(tape.elements[index], adjoints, adjoint)
    return adjoints


def _stops(element: Element, adjoint: Ball) -> bool:
    """Whether an element with this adjoint is a kink that the derivative does not go through."""
    return element.kink is not None and not (adjoint.is_zero() and rough_kink(element) is None)


def _across(tape: Tape, slopes: list[Slope], seeds: Mapping[Element, Ball]) -> list[Slope]:
    """Look at both sides of the kinks that inputs feed, where that is not too long a way."""
    kinks = [e for e in ancestors(seeds) if e.kink is not None]
    stopped = {i: s for i, s in enumerate(slopes) if isinstance(s, Kink)}
    if (len(kinks) + 2 * len(stopped)) * len(tape.elements) <= MAX_DETOUR:
        feeders = [_inputs_above([e], len(slopes)) for e in kinks]
        joint = {i for inputs in feeders if len(inputs) > 1 for i in inputs}
        for i, kink in stopped.items():
            slopes[i] = _joined(tape, len(slopes), seeds, i, kink, i not in joint)
    return slopes


def _joined(tape: Tape, inputs: int, seeds: Mapping[Element, Ball], index: int, kink: Kink, alone: bool) -> Slope:
    """Return the derivative by an input that feeds kinks, if the slopes on both sides of them are equal.

    Equal slopes make it the derivative only if the input alone feeds them: of max(0, min(x, y)) at the
    origin all slopes along the axes are 0, and there is no derivative.
    """
    after, back = (_one_sided(tape, inputs, seeds, index, unit) for unit in (ONE, MINUS_ONE))
    if after is None or back is None:
        return kink
    before = -back
    if before == after:
        return after if alone else kink
    if before != after:
        sides = f"with slope {float(before):.6g} before and {float(after):.6g} after"
        return replace(kink, reason=f"{kink.reason}, {sides}")
    return kink


def _one_sided(tape: Tape, inputs: int, seeds: Mapping[Element, Ball], index: int, unit: Ball) -> Ball | None:
    """Return the one-sided derivative of a weighed sum of elements as one input moves; None if it is not known."""
    changes: dict[int, Ball | None] = {index: unit}  # of the elements that move

    def change(element: Element) -> Ball:
        found = changes.get(element.index)
        return ZERO if found is None else found

    for element in tape.elements[inputs:]:
        moving = [p.index for p, _ in element.edges if p.index in changes]
        if moving:
            known = all(changes[i] is not None for i in moving)
            changes[element.index] = _moved(element, change) if known else None
    if any(changes.get(element.index, ZERO) is None for element in seeds):
        return None
    return sum((weight * change(element) for element, weight in seeds.items()), ZERO)


def _moved(element: Element, change: Change) -> Ball | None:
    """Return the one-sided derivative of an element along a line, from those of its parents."""
    if element.kink is not None:
        return None if element.kink.along is None else element.kink.along(change)
    return sum((first * change(parent) for parent, first in element.edges), ZERO)


def _pull(element: Element, adjoints: list[Ball | None], adjoint: Ball) -> None:
    """Hand an adjoint on to the parents."""
    for parent, first in element.edges:
        term, before = adjoint if first is ONE else first * adjoint, adjoints[parent.index]
        adjoints[parent.index] = term if before is None else before + term


def _bends(reached: Sequence[tuple[Element, Ball]], along: Sequence[Ball | None]) -> list[Ball | None]:
    """Return the derivatives of adjoints along a tangent, given those of the elements.

    `reached` has elements with their adjoints, in the order of the tape.
    """
    bends: list[Ball | None] = [None] * len(along)
    for element, adjoint in reversed(reached):
        bend = bends[element.index]
        if bend is not None and element.kink is None:
            _pull(element, bends, bend)
        for i, j, second in element.seconds:
            for target, moved in ((i, j), (j, i)) if i != j else ((i, i),):
                change = along[element.edges[moved][0].index]
                if change is not None:
                    index = element.edges[target][0].index
                    term, before = adjoint * second * change, bends[index]
                    bends[index] = term if before is None else before + term
    return bends


def _filled(adjoints: Sequence[Ball | None], inputs: int) -> list[Slope]:
    """Return the adjoints of the inputs, with 0 for None."""
    return [ZERO if a is None else a for a in adjoints[:inputs]]


def _without(slopes: list[Slope], stops: Iterable[Element]) -> list[Slope]:
    """Replace the derivatives by the inputs that feed a kink with its reason."""
    for element in stops:
        assert element.kink is not None  # that is why it is one
        for index in _inputs_above([element], len(slopes)):
            slopes[index] = element.kink
    return slopes


def _inputs_above(elements: Iterable[Element], inputs: int) -> set[int]:
    return {e.index for e in ancestors(elements) if e.index < inputs}
