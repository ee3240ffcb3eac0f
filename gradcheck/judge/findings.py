"""What was found of one engine, element by element, and the verdict that it comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge.comparison import Vector, difference
from gradcheck.judge.diagnosis import diagnose, diagnose_swap
from gradcheck.judge.failures import verdict_of
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator
from gradcheck.preparation import block_label


@dataclass(frozen=True)
class Finding:
    """Where an engine stands while the ladder is climbed.

    Parameters
    ----------
    status : Status
        So far.
    bad : numpy.ndarray of bool, shape (n,)
        The elements that it rests on; none for a status that passes.
    reference : Vector or None
        What the engine was held against.
    tolerance : numpy.ndarray, shape (n,)
        What is explained of the difference.
    source : str
        What explains it.
    reason : str
        One line for people, where the difference and its tolerance do not say it.
    hint : str
        What more there is to say of the cause.
    """

    status: Status
    bad: Array
    reference: Vector | None
    tolerance: Array
    source: str
    reason: str = ""
    hint: str = ""

    @classmethod
    def without_reference(cls, vector: Vector, status: Status, reason: str) -> Finding:
        """Return a finding that rests on no element."""
        shape = vector.value.shape
        return cls(status, np.zeros(shape, bool), None, np.zeros(shape), "", reason)

    def but(self, status: Status, bad: Array, reason: str = "") -> Finding:
        """Return the finding with another status, resting on these elements."""
        return replace(self, status=status, bad=bad, reason=reason)

    def agrees(self, reason: str = "") -> Finding:
        """Return the finding that nothing is bad."""
        return self.but(Status.AGREE, np.zeros(self.bad.shape, bool), reason)

    def worst(self, vector: Vector) -> int:
        """Return the element that is shown: of the bad ones, or else of all, the one furthest from the reference."""
        assert self.reference is not None  # nothing is shown without one
        gap = difference(vector.value, self.reference.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            severity = np.where(gap == 0, 0.0, gap / self.tolerance)
        severity = np.where(np.isnan(severity), np.inf, severity)
        return int(np.argmax(np.where(self.bad, severity, -1.0) if self.bad.any() else severity))

    def widened(self, explained: Array, by: str) -> Finding:
        """Return the finding with more of the difference explained."""
        return replace(self, tolerance=self.tolerance + explained, source=f"{self.source} and {by}")


def verdict(question: Question, vector: Vector, finding: Finding) -> Verdict:
    """Return the verdict, with its evidence at the worst element."""
    testimony = vector.testimony
    if finding.reference is None or vector.value.size == 0:
        evidence = Evidence(reason=finding.reason, elements=vector.value.size)
        return verdict_of(question, testimony, finding.status, evidence)
    gap = difference(vector.value, finding.reference.value)
    worst = finding.worst(vector)
    argument, index, block = _locate(question, testimony, worst)
    value, reference = vector.value[worst].item(), finding.reference.value[worst].item()
    bound = _bound(finding.reference, worst)
    reason = _reason(finding, value, reference, bound, float(finding.tolerance[worst]))
    guess = _diagnosis(question, testimony, finding, block) if finding.status is Status.WRONG else ""
    evidence = Evidence(
        "; ".join(part for part in (reason, finding.hint or guess) if part),
        value,
        reference,
        str(finding.reference.engine),
        float(gap[worst]),
        float(finding.tolerance[worst]),
        finding.source,
        int(finding.bad.sum()),
        vector.value.size,
        bound,
    )
    return replace(verdict_of(question, testimony, finding.status, evidence), argument=argument, index=index)


def _bound(reference: Vector, worst: int) -> tuple[float, float] | None:
    """Return the certified enclosure of a real element."""
    value, error = reference.value[worst], float(reference.error[worst])
    if not reference.certified or np.iscomplexobj(value):
        return None
    return float(np.nextafter(value - error, -np.inf)), float(np.nextafter(value + error, np.inf))


def _reason(
    finding: Finding, value: complex, reference: complex, bound: tuple[float, float] | None, explained: float
) -> str:
    if finding.status is Status.AGREE:
        return finding.reason or f"within the {finding.source}"
    if bound is not None:
        low, high = bound
        off = max(low - value.real, value.real - high, 0.0)
        certified = f"certified in [{low:.17g}, {high:.17g}], off by at least {off:.3g}"
        if finding.status is Status.WRONG and explained > 0:
            certified += f", {off / explained:.3g} times what rounding explains"
        return f"{value:.10g}, {certified}" + (f"; {finding.reason}" if finding.reason else "")
    against = f"{value:.10g} against {reference:.10g} of {finding.reference.engine if finding.reference else 'nobody'}"
    if finding.status is Status.IMPRECISE:
        return f"{against}; {finding.reason}"
    return finding.reason or against


def _locate(question: Question, testimony: Testimony, position: int) -> tuple[str, tuple[int, ...], int]:
    """Return the argument, the index and the block of an element of the flat vector."""
    assert testimony.estimate is not None  # only comparable testimonies are located
    for block, array in enumerate(testimony.estimate.arrays):
        if position < array.size:
            index = tuple(int(i) for i in np.unravel_index(position, array.shape))
            return block_label(question.operator, block, question.inputs.labels), index, block
        position -= array.size
    raise IndexError(position)


def _diagnosis(question: Question, testimony: Testimony, finding: Finding, block: int) -> str:
    """Name the pattern of the error in one block, if it has one."""
    assert testimony.estimate is not None  # only comparable testimonies are diagnosed
    assert finding.reference is not None  # ... and only those held against somebody
    if question.operator is Operator.VALUE:
        return ""
    arrays = testimony.estimate.arrays
    ends = np.cumsum([a.size for a in arrays])
    parts = np.split(finding.reference.value, ends[:-1])
    references = [part.reshape(a.shape) for part, a in zip(parts, arrays, strict=True)]
    labels = [block_label(question.operator, k, question.inputs.labels) for k in range(len(arrays))]
    return diagnose(arrays[block], references[block]) or diagnose_swap(arrays[block], references, labels, block)
