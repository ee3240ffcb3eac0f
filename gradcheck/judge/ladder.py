"""The ladder: tight comparison, rounding, referee; it climbs only as far as a dispute needs.

An engine's element is *settled* when it lies within the referee's error estimate and that
estimate is small enough to tell anything, or when it agrees tightly with an independent engine
and the referee does not contradict it. What is not settled is explained by rounding, or put
before the referee a second time, or left inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.backend import Engine, Estimate, block_label
from gradcheck.errors import GradcheckError, MissingBackendError, UnsupportedError, WrongShapeError
from gradcheck.functions import Array, Inputs
from gradcheck.judge import tolerances
from gradcheck.judge.diagnosis import diagnose, diagnose_shape
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator

REFEREE = "numerical"
"""The backend whose default engine settles disputes with its error estimate."""
INDEPENDENT_OF_RULES = frozenset({"sympy", "analytic"})
"""Backends that share no derivative rule with a framework; together with one more they outvote numerics."""


@dataclass(frozen=True)
class Testimony:
    """What one engine had to say, and how to ask it again.

    Parameters
    ----------
    engine : Engine
        Who.
    witness : bool
        Whether it was added as a witness.
    estimate : Estimate or None
        What it computed.
    failure : GradcheckError or None
        Why it did not.
    again : callable or None
        Computes the arrays at other leaves.
    second_opinion : callable or None
        For a referee: the same derivative from an evaluation with other steps.
    """

    engine: Engine
    witness: bool
    estimate: Estimate | None = None
    failure: GradcheckError | None = None
    again: Callable[[Sequence[Array]], Sequence[Array]] | None = None
    second_opinion: Callable[[], Estimate | None] | None = None


@dataclass(frozen=True)
class Question:
    """One operator of one case at one point, with the testimony of every engine.

    Parameters
    ----------
    case, point : str
        Names.
    operator : Operator
        What was computed.
    inputs : Inputs
        Where.
    testimonies : tuple of Testimony
        One for each engine.
    magnitude : float
        The largest absolute value of the function's outputs there.
    rtol, atol : float or None
        Tolerances that the user imposed in place of the derived ones.
    """

    case: str
    point: str
    operator: Operator
    inputs: Inputs
    testimonies: tuple[Testimony, ...]
    magnitude: float
    rtol: float | None = None
    atol: float | None = None

    @property
    def eps(self) -> float:
        """The machine epsilon of the check's dtype."""
        return tolerances.machine_eps(self.inputs.dtype)

    @property
    def imposed(self) -> bool:
        """Whether the user imposed a tolerance."""
        return self.rtol is not None or self.atol is not None


@dataclass(frozen=True)
class _Vector:
    """An engine's arrays as one flat vector."""

    testimony: Testimony
    value: Array
    error: Array | None

    @property
    def engine(self) -> Engine:
        return self.testimony.engine

    @property
    def referee(self) -> bool:
        return self.engine.backend == REFEREE and not self.engine.mode and self.error is not None


@dataclass(frozen=True)
class _Finding:
    """Where an engine stands, element by element, while the ladder is climbed."""

    status: Status
    bad: Array
    reference: Array
    reference_engine: str
    tolerance: Array
    source: str
    reason: str = ""


def judge(question: Question) -> list[Verdict]:
    """Return one verdict for each testimony, in their order."""
    verdicts: dict[int, Verdict] = {}
    vectors: dict[int, _Vector] = {}
    shapes = _shapes(question.testimonies)
    for i, testimony in enumerate(question.testimonies):
        if testimony.estimate is None:
            verdicts[i] = _failed(question, testimony)
        elif [a.shape for a in testimony.estimate.arrays] != shapes:
            verdicts[i] = _misshapen(question, testimony, shapes)
        else:
            vectors[i] = _vector(testimony)
    everyone = list(vectors.values())
    for i, vector in vectors.items():
        verdicts[i] = _verdict(question, vector, _judge_one(question, vector, everyone))
    for i, verdict in verdicts.items():
        error = question.testimonies[i].failure
        if isinstance(error, WrongShapeError) and question.operator is not Operator.VALUE:
            verdicts[i] = _wrong_shape(question, verdict, error, everyone)
    return [verdicts[i] for i in range(len(question.testimonies))]


# -- testimonies that cannot be compared ------------------------------------------------------


def _base(question: Question, testimony: Testimony, status: Status, evidence: Evidence) -> Verdict:
    estimate = testimony.estimate
    return Verdict(
        question.case,
        question.point,
        testimony.engine,
        question.operator,
        status,
        evidence,
        witness=testimony.witness,
        native=estimate.native if estimate is not None else True,
        seconds=estimate.seconds if estimate is not None else 0.0,
    )


def _failed(question: Question, testimony: Testimony) -> Verdict:
    kind = isinstance(testimony.failure, (UnsupportedError, MissingBackendError))
    status = Status.UNSUPPORTED if kind else Status.ERROR
    return _base(question, testimony, status, Evidence(reason=str(testimony.failure)))


def _shapes(testimonies: Sequence[Testimony]) -> list[tuple[int, ...]]:
    """Return the shapes that most engines gave; of as many, those of the referee."""
    counts: dict[tuple[tuple[int, ...], ...], float] = {}
    for t in testimonies:
        if t.estimate is not None:
            key = tuple(tuple(a.shape) for a in t.estimate.arrays)
            counts[key] = counts.get(key, 0) + (1.5 if t.engine.backend == REFEREE else 1)
    return list(max(counts.items(), key=lambda item: item[1])[0]) if counts else []


def _misshapen(question: Question, testimony: Testimony, shapes: Sequence[tuple[int, ...]]) -> Verdict:
    assert testimony.estimate is not None  # held by the caller
    got = ", ".join(str(a.shape) for a in testimony.estimate.arrays)
    wanted = ", ".join(map(str, shapes))
    reason = f"{testimony.engine} returned shape {got} where the other engines have {wanted}"
    return _base(question, testimony, Status.ERROR, Evidence(reason=reason))


def _wrong_shape(question: Question, verdict: Verdict, error: WrongShapeError, everyone: Sequence[_Vector]) -> Verdict:
    """A derivative of the wrong shape is a wrong derivative: name an element where both have one."""
    guess = diagnose_shape(error.array, error.wanted)
    reason = f"{error}" + (f"; {guess}" if guess else "")
    evidence, index = Evidence(reason=reason), None
    blocks = [block_label(question.operator, k, question.inputs.labels) for k in range(_block_count(everyone))]
    if error.argument in blocks:
        referees = [v for v in everyone if v.referee] or list(everyone)
        estimate = referees[0].testimony.estimate
        assert estimate is not None  # vectors have estimates
        reference = estimate.arrays[blocks.index(error.argument)]
        index, value, expected = _first_difference(error.array, reference)
        evidence = Evidence(
            reason,
            value,
            expected,
            str(referees[0].engine),
            None if value is None else abs(value - expected),
            wrong=int(np.prod(error.wanted)),
            elements=int(np.prod(error.wanted)),
        )
    return replace(verdict, status=Status.WRONG, argument=error.argument, index=index, evidence=evidence)


def _block_count(everyone: Sequence[_Vector]) -> int:
    estimates = [v.testimony.estimate for v in everyone]
    return len(estimates[0].arrays) if estimates and estimates[0] is not None else 0


def _first_difference(got: Array, wanted: Array) -> tuple[tuple[int, ...] | None, complex | None, complex]:
    """Return the first index that both arrays have and at which they differ."""
    while got.ndim > wanted.ndim:
        got = got[0] if got.shape[0] else got.reshape(got.shape[1:])
    for index in np.ndindex(wanted.shape):
        if got.ndim == wanted.ndim and all(i < n for i, n in zip(index, got.shape, strict=True)):
            value, expected = got[index].item(), wanted[index].item()
            if not abs(value - expected) <= 1e-6 * abs(expected):
                return index, value, expected
    return tuple(0 for _ in wanted.shape), None, wanted.flat[0].item() if wanted.size else 0.0


# -- comparison -------------------------------------------------------------------------------


def _vector(testimony: Testimony) -> _Vector:
    assert testimony.estimate is not None  # held by the caller
    error = None if testimony.estimate.errors is None else _flat(testimony.estimate.errors).astype(float)
    return _Vector(testimony, _flat(testimony.estimate.arrays), error)


def _flat(arrays: Sequence[Array]) -> Array:
    wide = [a.reshape(-1).astype(complex if a.dtype.kind == "c" else float) for a in arrays]
    return np.concatenate(wide) if wide else np.zeros(0)


def _judge_one(question: Question, vector: _Vector, everyone: Sequence[_Vector]) -> _Finding:
    others = [v for v in everyone if _independent(v.engine, vector.engine)]
    if not others:
        return _finding(vector, Status.INCONCLUSIVE, _ALONE)
    if vector.value.size == 0:
        return _finding(vector, Status.AGREE, "there are no elements")
    nonfinite = _nonfinite(vector, others)
    if nonfinite is not None:
        return nonfinite
    if question.imposed:
        return _by_imposed_tolerance(question, vector, others)
    if vector.engine.backend == REFEREE and vector.error is not None:
        return _judge_numerical(question, vector, others)
    referee = _referee(vector.engine, others)
    if referee is None:
        return _judge_without_referee(question, vector, others)
    return _judge_with_referee(question, vector, others, referee)


def _independent(a: Engine, b: Engine) -> bool:
    return a.backend != b.backend


def _finding(vector: _Vector, status: Status, reason: str) -> _Finding:
    nothing = np.zeros(vector.value.shape)
    return _Finding(status, np.zeros(vector.value.shape, bool), vector.value, "", nothing, "", reason)


def _nonfinite(vector: _Vector, others: Sequence[_Vector]) -> _Finding | None:
    """Judge NaN and infinity first, so that no comparison can let them pass."""
    bad = ~np.isfinite(vector.value)
    if not bad.any():
        return None
    same = np.array([bad & (vector.value == o.value) for o in others])
    if np.all(np.any(same, axis=0) | ~bad):
        return None  # infinite, and an independent engine says so too: the rest is compared
    alone = bad & ~np.any(same, axis=0)
    finite = [o for o in others if np.isfinite(o.value[alone]).any()]
    reference = finite[0] if finite else others[0]
    reason = (
        f"it is not finite where {reference.engine} is"
        if finite
        else "it is not finite, and no engine has a finite value"
    )
    return _Finding(
        Status.NONFINITE, bad, reference.value, str(reference.engine), np.zeros(bad.shape), "finiteness", reason
    )


def _difference(a: Array, b: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(a - b))  # equal infinities do not differ


def _agrees_tightly(vector: _Vector, other: _Vector, eps: float) -> Array:
    slack = np.zeros(vector.value.shape)
    for v in (vector, other):
        if v.error is not None:
            slack = slack + v.error
    return _difference(vector.value, other.value) <= tolerances.tight(vector.value, other.value, eps) + slack


def _by_imposed_tolerance(question: Question, vector: _Vector, others: Sequence[_Vector]) -> _Finding:
    reference = _referee(vector.engine, others) or others[0]
    tolerance = (question.atol or 0.0) + (question.rtol or 0.0) * np.abs(reference.value)
    bad = ~(_difference(vector.value, reference.value) <= tolerance)
    status = Status.WRONG if bad.any() else Status.AGREE
    source = f"imposed: rtol={question.rtol or 0:g}, atol={question.atol or 0:g}"
    return _Finding(status, bad, reference.value, str(reference.engine), tolerance, source)


def _referee(engine: Engine, others: Sequence[_Vector]) -> _Vector | None:
    """Return the numerical engine on this framework's own forward, else on NumPy's, else on any."""
    referees = [o for o in others if o.referee]
    order = {engine.backend: 0, "": 1}
    return min(referees, key=lambda o: order.get(o.engine.host, 2), default=None)


def _judge_with_referee(question: Question, vector: _Vector, others: Sequence[_Vector], referee: _Vector) -> _Finding:
    assert referee.error is not None  # a referee has an error estimate
    noise = _noise(question, vector)
    tolerance = referee.error + tolerances.tight(vector.value, referee.value, question.eps)
    difference = _difference(vector.value, referee.value)
    backed = _backed(question, vector, [o for o in others if o.engine.backend != REFEREE])
    decisive = tolerances.useful(referee.error, referee.value, noise)
    within = difference <= tolerance
    finding = _Finding(
        Status.AGREE, ~within, referee.value, str(referee.engine), tolerance, f"error estimate of {referee.engine}"
    )
    if (within & (decisive | (backed > 0))).all():
        return replace(finding, bad=np.zeros(within.shape, bool))
    explained = _explained_by_rounding(question, vector)
    widened = tolerance + explained
    within = difference <= widened
    finding = replace(finding, bad=~within, tolerance=widened, source=finding.source + " and the engine's own rounding")
    outvoted = (backed >= 2) & _backed_by_rules_of_its_own(question, vector, others)
    if (within | outvoted).all():
        told = decisive | (backed > 0) | outvoted
        if told.all():
            return replace(finding, bad=np.zeros(within.shape, bool))
        reason = "the referee's error estimate is too wide to tell, and no independent engine agrees; " + _HELP
        return replace(finding, status=Status.INCONCLUSIVE, bad=~told, reason=reason)
    return _accused(question, vector, referee, finding, ~(within | outvoted))


_ALONE = (
    "no independent engine computed it, so there is nothing to hold it against; "
    "a hand-written gradient=, a portable definition (first parameter xp) or another framework's function would help"
)
_HELP = "a closed-form gradient=, a portable definition or a wider dtype would help"


def _accused(question: Question, vector: _Vector, referee: _Vector, finding: _Finding, bad: Array) -> _Finding:
    """Ask a referee that contradicts an engine a second time, with other steps, before saying so."""
    difference = _difference(vector.value, referee.value)
    invisible = difference <= tolerances.OUTPUT_ULPS * _noise(question, vector)
    if (invisible | ~bad).all() and question.operator.order == 1:
        reason = "digits are lost, fewer than the function's own output can show"
        return replace(finding, status=Status.IMPRECISE, bad=bad, reason=reason)
    opinion = referee.testimony.second_opinion() if referee.testimony.second_opinion is not None else None
    if opinion is None or opinion.errors is None:
        reason = f"{referee.engine} contradicts it, and could not confirm that by a second evaluation; " + _HELP
        return replace(finding, status=Status.INCONCLUSIVE, bad=bad, reason=reason)
    second, error = _flat(opinion.arrays), _flat(opinion.errors)
    tolerance = error + finding.tolerance - _error(referee)
    confirmed = bad & ~(_difference(vector.value, second) <= tolerance)
    if confirmed.any():
        return replace(finding, status=Status.WRONG, bad=confirmed)
    reason = f"{referee.engine} contradicts it, but its second evaluation with other steps does not; " + _HELP
    return replace(finding, status=Status.INCONCLUSIVE, bad=bad, reason=reason)


def _error(vector: _Vector) -> Array:
    return np.zeros(vector.value.shape) if vector.error is None else vector.error


def _noise(question: Question, vector: _Vector) -> Array:
    """Return what an ulp of the output amounts to in a derivative, element by element: ulp(f) / |x|."""
    output = question.eps * question.magnitude
    if question.operator.order != 1 or not question.operator.scalar:
        largest = max((float(np.max(np.abs(a), initial=0.0)) for a in question.inputs.arrays), default=0.0)
        return np.full(vector.value.shape, output / (largest or 1.0))
    x = np.abs(_flat(question.inputs.arrays))
    return output / np.where(x > 0, x, 1.0)


def _backed(question: Question, vector: _Vector, others: Sequence[_Vector]) -> Array:
    """Count, for each element, the independent backends that agree tightly."""
    by_backend: dict[str, Array] = {}
    for other in others:
        agrees = _agrees_tightly(vector, other, question.eps)
        by_backend[other.engine.backend] = by_backend.get(other.engine.backend, np.zeros_like(agrees)) | agrees
    return np.sum(list(by_backend.values()), axis=0) if by_backend else np.zeros(vector.value.shape, int)


def _backed_by_rules_of_its_own(question: Question, vector: _Vector, others: Sequence[_Vector]) -> Array:
    """Where at least one that agrees, or the engine itself, shares no rule with the frameworks."""
    if vector.engine.backend in INDEPENDENT_OF_RULES:
        return np.ones(vector.value.shape, bool)
    apart = [o for o in others if o.engine.backend in INDEPENDENT_OF_RULES]
    return _backed(question, vector, apart) > 0


def _explained_by_rounding(question: Question, vector: _Vector) -> Array:
    again = vector.testimony.again
    if again is None:
        return np.zeros(vector.value.shape)
    return tolerances.rounding(vector.value, lambda leaves: _flat(again(leaves)), question.inputs.arrays, question.eps)


def _judge_without_referee(question: Question, vector: _Vector, others: Sequence[_Vector]) -> _Finding:
    """Compare with each independent engine; the odd one out of three or more is wrong."""
    others = [o for o in others if o.engine.backend != REFEREE or o.error is not None]
    backed = _backed(question, vector, others)
    nearest = _nearest(vector, others)
    tolerance = tolerances.tight(vector.value, nearest.value, question.eps) + _error(nearest)
    finding = _Finding(
        Status.AGREE, backed == 0, nearest.value, str(nearest.engine), tolerance, f"{tolerances.TIGHT_ULPS} ulps"
    )
    if (backed > 0).all():
        return replace(finding, bad=np.zeros(backed.shape, bool))
    widened = tolerance + _explained_by_rounding(question, vector) + _explained_by_rounding(question, nearest)
    bad = (backed == 0) & ~(_difference(vector.value, nearest.value) <= widened)
    finding = replace(finding, bad=bad, tolerance=widened, source=finding.source + " and both engines' rounding")
    if not bad.any():
        return finding
    united = [
        o
        for o in others
        if (_backed(question, o, [p for p in others if _independent(p.engine, o.engine)]) > 0)[bad].all()
    ]
    if united:
        return replace(finding, status=Status.WRONG, reference=united[0].value, reference_engine=str(united[0].engine))
    if question.operator is Operator.VALUE:
        return replace(
            finding, status=Status.INCONCLUSIVE, reason=f"the forwards differ: {nearest.engine} has another value"
        )
    reason = f"{nearest.engine} has another value, and nothing says which is right; " + _HELP
    return replace(finding, status=Status.INCONCLUSIVE, reason=reason)


def _nearest(vector: _Vector, others: Sequence[_Vector]) -> _Vector:
    def distance(other: _Vector) -> float:
        gaps = _difference(vector.value, other.value)
        return float(np.max(np.where(np.isnan(gaps), np.inf, gaps), initial=0.0))

    return min(others, key=distance)


def _judge_numerical(question: Question, vector: _Vector, others: Sequence[_Vector]) -> _Finding:
    """Hold a numerical engine against the others, within its own error estimate."""
    hosted = vector.engine.host
    others = [o for o in others if o.engine.backend == hosted] or list(others) if hosted else list(others)
    backed = _backed(question, vector, others)
    nearest = _nearest(vector, others)
    tolerance = tolerances.tight(vector.value, nearest.value, question.eps) + _error(vector)
    finding = _Finding(
        Status.AGREE, backed == 0, nearest.value, str(nearest.engine), tolerance, f"error estimate of {vector.engine}"
    )
    if (backed > 0).all():
        return replace(finding, bad=np.zeros(backed.shape, bool))
    bad = (backed == 0) & ~(
        _difference(vector.value, nearest.value) <= tolerance + _explained_by_rounding(question, nearest)
    )
    finding = replace(finding, bad=bad)
    if not bad.any():
        return finding
    united = [
        o
        for o in others
        if (_backed(question, o, [p for p in others if _independent(p.engine, o.engine)]) >= 1)[bad].all()
    ]
    if any(o.engine.backend in INDEPENDENT_OF_RULES for o in united):
        return replace(finding, status=Status.WRONG, reference=united[0].value, reference_engine=str(united[0].engine))
    opinion = vector.testimony.second_opinion() if vector.testimony.second_opinion is not None else None
    if opinion is not None and opinion.errors is not None:
        slack = tolerance + _flat(opinion.errors)
        if (_difference(vector.value, _flat(opinion.arrays)) <= slack)[bad].all():
            reason = "confirmed by a second evaluation with other steps; the other engines contradict it"
            return replace(finding, bad=np.zeros(bad.shape, bool), reason=reason)
    return replace(finding, status=Status.INCONCLUSIVE, reason="no independent engine agrees with it")


# -- from finding to verdict ------------------------------------------------------------------


def _verdict(question: Question, vector: _Vector, finding: _Finding) -> Verdict:
    testimony = vector.testimony
    if vector.value.size == 0 or not finding.reference_engine:
        return _base(question, testimony, finding.status, Evidence(reason=finding.reason, elements=vector.value.size))
    difference = _difference(vector.value, finding.reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        severity = np.where(difference == 0, 0.0, difference / finding.tolerance)
    severity = np.where(np.isnan(severity), np.inf, severity)
    candidates = np.where(finding.bad, severity, -1.0) if finding.bad.any() else severity
    worst = int(np.argmax(candidates))
    argument, index, block = _locate(question, testimony, worst)
    value, reference = vector.value[worst].item(), finding.reference[worst].item()
    evidence = Evidence(
        finding.reason or _reason(finding, value, reference),
        value,
        reference,
        finding.reference_engine,
        float(difference[worst]),
        float(finding.tolerance[worst]),
        finding.source,
        int(finding.bad.sum()),
        vector.value.size,
    )
    if finding.status is Status.WRONG:
        guess = _diagnosis(question, testimony, finding, block)
        evidence = replace(evidence, reason=evidence.reason + (f"; {guess}" if guess else ""))
    verdict = _base(question, testimony, finding.status, evidence)
    return replace(verdict, argument=argument, index=index)


def _reason(finding: _Finding, value: complex, reference: complex) -> str:
    if finding.status is Status.AGREE:
        return f"within the {finding.source}"
    return f"{value:.10g} against {reference:.10g} of {finding.reference_engine}"


def _locate(question: Question, testimony: Testimony, position: int) -> tuple[str, tuple[int, ...], int]:
    """Return the argument, the index and the block of an element of the flat vector."""
    assert testimony.estimate is not None  # only comparable testimonies are located
    for block, array in enumerate(testimony.estimate.arrays):
        if position < array.size:
            index = tuple(int(i) for i in np.unravel_index(position, array.shape))
            return block_label(question.operator, block, question.inputs.labels), index, block
        position -= array.size
    raise IndexError(position)


def _diagnosis(question: Question, testimony: Testimony, finding: _Finding, block: int) -> str:
    assert testimony.estimate is not None  # only comparable testimonies are diagnosed
    arrays = testimony.estimate.arrays
    start = sum(a.size for a in arrays[:block])
    shape = arrays[block].shape
    reference = finding.reference[start : start + arrays[block].size].reshape(shape)
    return diagnose(arrays[block], reference) if question.operator is not Operator.VALUE else ""
