"""What can explain a difference: rounding, digits that a formula threw away, answers that change by themselves."""

from __future__ import annotations

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge import tolerances
from gradcheck.judge.comparison import Vector, difference, flat
from gradcheck.judge.findings import Finding
from gradcheck.judge.testimony import Question
from gradcheck.judge.verdicts import Status

IMPRECISE = "digits are lost, fewer than the function's own output can show, or than its other precision has"


def noise(question: Question) -> Array:
    """Return what an ulp of the output amounts to in each element."""
    return tolerances.noise(question.operator, question.inputs.arrays, question.outputs, question.eps)


def least_noise(question: Question) -> Array:
    """Return the same as if every input were as large as the largest: a small input by chance excuses nothing."""
    arrays = question.inputs.arrays
    largest = max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0) or 1.0
    level = [np.full(a.shape, largest) for a in arrays]
    return tolerances.noise(question.operator, level, question.outputs, question.eps)


def rounding(question: Question, vector: Vector) -> Array:
    """Return how far the engine's own rounding can move each element; a tolerance imposed leaves no room for it."""
    if question.imposed:
        return np.zeros(vector.value.shape)
    return tolerances.rounding(vector.value, vector.rerun, question.inputs.arrays, question.eps)


def lost_digits(question: Question, vector: Vector) -> Array:
    """Return how far the engine is from itself in the other precision, as far as that is an excuse."""
    ask = vector.testimony.in_other_precision
    arrays = None if ask is None or question.imposed else ask()
    if arrays is None or flat(arrays).shape != vector.value.shape:
        return np.zeros(vector.value.shape)
    other_eps = max(tolerances.machine_eps(a.dtype) for a in arrays)
    return tolerances.lost_digits(vector.value, flat(arrays), noise(question), question.eps, other_eps)


def lost_by_forward(question: Question, vector: Vector, referee: Vector) -> Array:
    """Return what digits that the function itself has lost, its value against the referee's, amount to in each element.

    A formula that cancels loses them in the value and in every derivative alike. An engine that
    runs a function of its own has no such excuse: its forward may be another one.
    """
    nothing = np.zeros(vector.value.shape)
    values, exact = question.forward(vector.engine), question.forward(referee.engine)
    if question.imposed or vector.engine.backend in question.natives or values is None or exact is None:
        return nothing
    if [v.shape for v in values] != [e.shape for e in exact]:
        return nothing
    lost = [difference(v, e) for v, e in zip(values, exact, strict=True)]
    factor = tolerances.ROUNDING_FACTOR
    return factor * tolerances.noise(question.operator, question.inputs.arrays, lost, 1.0)


def excused(question: Question, vector: Vector, finding: Finding) -> Array:
    """Where an error cannot be seen in the output, or is gone when the engine runs in the other precision."""
    assert finding.reference is not None  # it is held against somebody
    if question.imposed:
        return np.zeros(vector.value.shape, bool)
    gap = difference(vector.value, finding.reference.value)
    excusable = gap <= finding.tolerance + lost_digits(question, vector)
    if question.operator.order == 1:
        invisible = gap <= tolerances.OUTPUT_ULPS * least_noise(question)
        excusable |= invisible & _lost(vector.value, finding.reference.value)
    return excusable


def _lost(value: Array, reference: Array) -> Array:
    """Where a value can be what is left of the reference after digits were lost: 0, or of its sign and size."""
    same_side = np.real(value * np.conj(reference)) > 0
    lost: Array = (value == 0) | (same_side & (np.abs(value) <= 2 * np.abs(reference)))
    return lost


def nondeterministic(question: Question, vector: Vector, finding: Finding) -> Finding | None:
    """Judge an engine that, asked again at the same inputs, says something else."""
    again = vector.rerun(question.inputs.arrays)
    if again is None or again.shape != vector.value.shape:
        return None
    moved = difference(vector.value, again)
    largest = np.full(moved.shape, np.max(np.abs(vector.value)))  # sums in another order move what cancels
    bad = ~(moved <= tolerances.tight(largest, again, question.inputs.dtype))
    if not bad.any():
        return None
    reason = f"called again at the same inputs it differs by up to {np.max(moved[bad]):.3g}"
    return finding.but(Status.NONDETERMINISTIC, bad, reason)
