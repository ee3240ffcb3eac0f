"""Engines at a kink, where there is no derivative: who chose what, and whether it may be chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck.errors import NotDifferentiableError
from gradcheck.functions import Array
from gradcheck.judge import tolerances
from gradcheck.judge.comparison import Vector, difference, flat
from gradcheck.judge.explanations import MUCH_LESS
from gradcheck.judge.findings import Finding
from gradcheck.judge.kinks import MOST, Neighbourhood, choice
from gradcheck.judge.testimony import Question
from gradcheck.judge.verdicts import Status
from gradcheck.judge.voting import HELP

UNSAMPLED = "at a kink, between the slopes on both sides; whether all coordinates fit together was not looked at"
UNKNOWN = "the slopes on both sides differ, and around the point they do not settle: a kink, or rounding; " + HELP
UNSEEN = "at a kink, beside the slopes nearby, of which not all that matter could be looked at; " + HELP
OUTSIDE = "at a kink, outside all that the slopes nearby allow"
NEARBY = "right at points nearby"


def kinked(referee: Vector) -> Array:
    """Return where a numerical referee saw the slopes on both sides differ."""
    estimate = referee.testimony.estimate
    if estimate is None or estimate.kinks is None:
        return np.zeros(referee.value.shape, bool)
    return flat(estimate.kinks).astype(bool)


def at_kink(question: Question, vector: Vector, referee: Vector, finding: Finding) -> Finding:
    """Judge the kinked elements of an engine whose other elements have passed.

    Parameters
    ----------
    question : Question
        What was computed.
    vector : Vector
        Who is judged.
    referee : Vector
        The numerical engine that saw the kink.
    finding : Finding
        What was found of the other elements.
    """
    at = kinked(referee)
    source = f"slopes of {referee.engine} around the point"
    finding = replace(finding, reference=referee, tolerance=referee.error, source=source)
    if not _sampled(question):
        return _between(vector, referee, finding, at)
    around = _around(question, referee)
    if not around.known:
        return finding.but(Status.INCONCLUSIVE, at, UNKNOWN)
    outside = at & ~around.valid(vector.value)
    if not outside.any() and not (at & (around.high - around.low > 2 * around.error)).any():
        return finding.agrees()  # the slopes are apart by no more than their errors
    if outside.any() and around.unseen[outside].all():
        return finding.but(Status.INCONCLUSIVE, outside, UNSEEN)
    chosen = finding.but(Status.WRONG, outside) if outside.any() else finding.but(Status.CONVENTION, at)
    shown = chosen.worst(vector)
    value, low, high, error = (float(v[shown]) for v in (vector.value, around.low, around.high, around.error))
    if outside.any():
        return replace(chosen, reason=f"{OUTSIDE}: {value:.6g} where they run from {low:.6g} to {high:.6g}")
    return replace(chosen, reason=f"at a kink it chose {choice(value, low, high, error)}")


def _between(vector: Vector, referee: Vector, finding: Finding, at: Array) -> Finding:
    """Judge each kinked element by the slopes on both sides of its own coordinate."""
    outside = at & ~(difference(vector.value, referee.value) <= referee.error)
    if outside.any():
        return finding.but(Status.WRONG, outside, OUTSIDE)
    return finding.but(Status.CONVENTION, at, UNSAMPLED)


def without_derivative(question: Question, vector: Vector, referee: Vector, finding: Finding) -> Finding:
    """Judge an engine at a certified point of no derivative, where the slopes do not settle on both sides either.

    A finite value is a choice there, and none is better than another: the slopes nearby have no bound.
    """
    unsettled = finding.bad & ~np.isfinite(referee.error) & np.isfinite(vector.value)
    certificate = next((t.failure for t in question.summon() if isinstance(t.failure, NotDifferentiableError)), None)
    if certificate is None or not finding.bad.any() or (finding.bad & ~unsettled).any():
        return finding
    reason = f"there is no derivative ({certificate}); it chose {vector.value[np.argmax(unsettled)]:.6g}"
    return finding.but(Status.CONVENTION, unsettled, reason)


def _sampled(question: Question) -> bool:
    """Whether the slopes around a kink are looked at: those of few and real inputs."""
    real = not any(a.dtype.kind == "c" for a in (*question.inputs.arrays, *question.outputs))
    return real and sum(a.size for a in question.inputs.arrays) <= MOST


def _around(question: Question, referee: Vector) -> Neighbourhood:
    """Return the slopes around the point, looked at once for all engines."""
    if referee.engine not in question.neighbourhoods:
        better = [] if question.natives else [t.again for t in question.summon()]
        sources = [again for again in (*better, referee.testimony.again) if again is not None]
        question.neighbourhoods[referee.engine] = Neighbourhood(question, sources, kinked(referee))
    around: Neighbourhood = question.neighbourhoods[referee.engine]
    return around


def only_here(question: Question, vector: Vector, finding: Finding) -> bool:
    """Whether an engine that is wrong at a point is right beside it.

    Parameters
    ----------
    question : Question
        What was computed.
    vector : Vector
        Who is wrong.
    finding : Finding
        At which elements it is wrong, and who is right.
    """
    assert finding.reference is not None  # the caller's promise
    referee = finding.reference
    rng = np.random.default_rng(0)
    leaves = question.inputs.arrays
    eps = question.eps ** (1 / 3)
    moved = [leaf + eps * tolerances.sizes(leaf) * rng.uniform(0.5, 1.0, leaf.shape) for leaf in leaves]
    value, known = vector.rerun(moved), referee.measured(moved)
    if value is None or known is None:
        return False
    there, error = known
    here = np.nan_to_num(difference(vector.value, referee.value), nan=np.inf)
    beside = difference(value, there)
    close: Array = (beside <= question.allowed(value, there) + 2 * error) | (beside <= here * MUCH_LESS)
    return bool(close[finding.bad].all()) and bool((error < here)[finding.bad].all())


def hint(question: Question, status: Status) -> str:
    """Say what can make an engine wrong at one point only."""
    if status is Status.NONFINITE:
        return f"{NEARBY}: 0 / 0, 0 * inf or a masked branch at this one"
    if any(isinstance(t.failure, NotDifferentiableError) for t in question.summon()):
        return f"{NEARBY}: composed kinks, whose choices do not add up to the derivative"
    return f"{NEARBY}: a kink of one of its parts, a branch or a special value is to blame"
