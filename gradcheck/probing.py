"""Asking an engine that runs somebody's own rule in other ways, to see what one cotangent does not show.

After the judge has compared the operators of a point, each engine under test that runs a native
function, or a VJP written by hand, is *probed*: the same engine is asked again, with other
cotangents, other memory layouts, one input at a time, and what must be equal is compared. Portable
functions are not probed: their rules are the frameworks' own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradcheck.backend import Backend, Prepared
from gradcheck.contraction import contracted
from gradcheck.errors import CrashedError, FunctionError, GradcheckError, UnsupportedError, first_line
from gradcheck.estimates import NO_GRADIENT, Engine, Estimate
from gradcheck.examinee import HALF, Examinee, Seeds, inner
from gradcheck.functions import DOUBLE, HALVES, Array, Function, is_real, real_dtype
from gradcheck.judge.comparison import REFEREE
from gradcheck.judge.properties import (
    Claim,
    Objection,
    beyond,
    contraction,
    spread,
    transposed,
    unequal,
)
from gradcheck.judge.testimony import Question
from gradcheck.judge.tolerances import TIGHT_ULPS
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.lineup import Participant
from gradcheck.operators import Operator
from gradcheck.preparation import plain
from gradcheck.session import SECOND_OPINION, Workshop

FACTORS = (-1.0, 2.0**10, -(2.0**10), 2.0**-10, -(2.0**-10))
"""What cotangents are multiplied with: powers of two, so that a linear rule gives the multiple exactly."""
SETTLED = 1e-2
"""The part of its value that rounding may move a function by, for its derivatives to be compared there."""
FIRST_ORDER = (Operator.GRADIENT, Operator.JACOBIAN, Operator.VJP, Operator.JVP)
SECOND_ORDER = (Operator.HESSIAN, Operator.HVP)
PRODUCTS = (Operator.VJP, Operator.JVP)
"""What each of an engine's two rules makes by itself."""


class Prober:
    """Probes the engines of a check at one point.

    Parameters
    ----------
    engines : sequence of Participant
        Who takes part.
    """

    def __init__(self, engines: Sequence[Participant]) -> None:
        self._engines = engines
        self._probed: set[Engine] = set()
        self._objections: dict[Engine, list[Objection]] = {}

    def examined(
        self, question: Question, verdicts: Sequence[Verdict], function: Function, workshop: Workshop
    ) -> list[Verdict]:
        """Return the verdicts, those of engines that a probe objects to replaced; none becomes better.

        An engine whose backend does not know that its rules are linear is probed once at first order,
        with the first operator that it passes, and each with every operator of second order. What is
        wrong at first order is held against every operator that it concerns, whichever are asked:
        what is wrong with the rule for one mode does not concern the product that the other makes.

        Parameters
        ----------
        question : Question
            What was judged.
        verdicts : sequence of Verdict
            One for each testimony.
        function : Function
            The function in question.
        workshop : Workshop
            Where its derivatives are prepared.
        """
        own = {p.engine: p for p in self._engines if not p.witness and _runs_own_rule(p, function)}
        examined = list(verdicts)
        for i, (verdict, testimony) in enumerate(zip(verdicts, question.testimonies, strict=True)):
            if verdict.engine in own and not verdict.witness and testimony.estimate is not None:
                engine = own[verdict.engine]
                partners = self._partners(engine, function)
                lost = (verdict.evidence.difference or 0.0) if verdict.status is Status.IMPRECISE else 0.0
                examinee = Examinee(engine, function, question, testimony.estimate, workshop, partners, lost)
                examined[i] = self._examined(examinee, _with_missing_gradients(verdict, testimony.estimate))
        return examined

    def _examined(self, examinee: Examinee, verdict: Verdict) -> Verdict:
        first = examinee.operator in FIRST_ORDER
        if first and verdict.engine in self._probed:
            return self._held(verdict)
        if not (first or examinee.operator in SECOND_ORDER):
            return verdict
        if not first and examinee.inputs.dtype.name in HALVES:
            return verdict  # its gradient is a staircase, of which difference quotients say nothing
        if not (verdict.status.passes or verdict.status is Status.INCONCLUSIVE):
            return verdict
        if first:
            self._probed.add(verdict.engine)
            if not examinee.by_hand:
                return verdict
        unable = []
        for probe in FIRST_ORDER_PROBES if first else SECOND_ORDER_PROBES:
            found = _run(probe, examinee)
            if isinstance(found, Objection) and not first:
                return _replaced(verdict, found)
            if isinstance(found, Objection):
                self._objections.setdefault(verdict.engine, []).append(_attributed(found, examinee))
            elif found:
                unable.append(found)
        noted = _with_note(verdict, unable)
        return self._held(noted) if first else noted

    def _held(self, verdict: Verdict) -> Verdict:
        """Return the verdict on an engine that was probed at first order: the first objection that concerns it."""
        if verdict.status.passes or verdict.status is Status.INCONCLUSIVE:
            for objection in self._objections.get(verdict.engine, ()):
                made_by_the_other = verdict.operator in PRODUCTS and objection.about in PRODUCTS
                if objection.about is verdict.operator or not made_by_the_other:
                    return _replaced(verdict, objection)
        return verdict

    def _partners(self, engine: Participant, function: Function) -> list[Participant]:
        """Return the engines whose pushforward an engine's pullback can be held against: its own, then others'."""
        others = [e for e in self._engines if not e.witness and e.engine.backend != engine.engine.backend]
        others.sort(key=lambda e: not e.backend.tapes)  # those that compile come last
        able = [e for e in (engine, *others) if e.backend.pushforward and e.engine.backend in function.native]
        return [e.in_mode(e.backend.pushforward) for e in able]


def _runs_own_rule(engine: Participant, function: Function) -> bool:
    name = engine.engine.backend
    return (name in function.native or (name == "analytic" and function.has_rule)) and name != REFEREE


def _run(probe: Callable[[Examinee], Objection | None], examinee: Examinee) -> Objection | str | None:
    """Return what a probe found, or why it could not look."""
    try:
        with np.errstate(all="ignore"):
            return probe(examinee)
    except (UnsupportedError, CrashedError) as error:
        return str(error)
    except FunctionError as error:
        return Objection(Status.ERROR, Evidence(f"it passes at one cotangent, but {error}"))
    except Exception as error:  # a fault of the probe or of an adapter must not become the rule's
        return f"it could not be probed: {first_line(error)}"


def _attributed(objection: Objection, examinee: Examinee) -> Objection:
    """Say of what the examinee was asked for that the objection is about that, unless it says what it is about."""
    with suppress(GradcheckError):
        return objection if objection.about else replace(objection, about=examinee.derivative.operator)
    return objection


def _replaced(verdict: Verdict, objection: Objection) -> Verdict:
    evidence = replace(objection.evidence, reference_engine=objection.evidence.reference_engine or str(verdict.engine))
    return replace(
        verdict, status=objection.status, evidence=evidence, argument=objection.argument, index=objection.index
    )


def _with_note(verdict: Verdict, unable: Sequence[str]) -> Verdict:
    """Say in the evidence what of the rule could not be looked at."""
    if not unable:
        return verdict
    told = "; ".join(dict.fromkeys(unable))
    reason = "; ".join(part for part in (verdict.evidence.reason, f"not probed in every way: {told}") if part)
    return replace(verdict, evidence=replace(verdict.evidence, reason=reason))


def _with_missing_gradients(verdict: Verdict, estimate: Estimate) -> Verdict:
    """Say of a derivative that is wrong that the framework returned none, where its adapter noted that."""
    if verdict.status is not Status.WRONG or NO_GRADIENT + verdict.argument not in estimate.notes:
        return verdict
    told = verdict.evidence.reason.partition("; it is zero throughout")[0]
    reason = f"{told}; there is {NO_GRADIENT}{verdict.argument}: it is detached or unused"
    return replace(verdict, evidence=replace(verdict.evidence, reason=reason))


# -- the same twice ---------------------------------------------------------------------------


def _repeats(examinee: Examinee) -> Objection | None:
    """Two calls at the same inputs give the same, up to sums in another order."""
    if examinee.forward is not None:
        first, second = examinee.values(examinee.leaves), examinee.values(examinee.leaves)
        reason = "the forward is not deterministic: called again at the same inputs, it gives another value"
        objection = _unsteady(examinee, reason, second, first, [""] * len(first))
        if objection is not None:
            return replace(objection, about=Operator.VALUE)
    reason = "the backward is not deterministic: called again at the same inputs, it gives another derivative"
    return _unsteady(examinee, reason, examinee.apply(examinee.seeds[0]), examinee.image, examinee.labels)


def _unsteady(examinee: Examinee, reason: str, got: Seeds, wanted: Seeds, labels: Sequence[str]) -> Objection | None:
    """Hold two calls against each other; what is added up bounds what another order of sums does."""
    size = examinee.reach + max((float(np.max(np.abs(a), initial=0, where=np.isfinite(a))) for a in wanted), default=0)
    slack = TIGHT_ULPS * examinee.dtype_eps * size * np.sqrt(max(examinee.inputs.size, 1))
    claim = Claim("determinism", reason, got, wanted, labels, wanted)
    return beyond(claim, [np.full(a.shape, slack) for a in got], Status.NONDETERMINISTIC)


# -- linear in the cotangent ------------------------------------------------------------------


def _scales(examinee: Examinee) -> Objection | None:
    """The pullback of c u is c times that of u, exactly where c is a power of two."""
    for factor in FACTORS if examinee.seed else ():
        objection = _scale(examinee, factor)
        if objection is not None and (
            abs(factor) == 1 or not _gone_in_double(examinee, partial(_scale, factor=factor))
        ):
            return objection
    return None


def _scale(examinee: Examinee, factor: float) -> Objection | None:
    seed = [factor * s for s in examinee.seeds[0]]
    got, wanted = examinee.apply(seed), [factor * a for a in examinee.image]
    word = examinee.seed

    def explained() -> list[Array] | None:
        if examinee.eps >= HALF:
            return None  # half precision inside: such factors leave its range
        pairs = zip(examinee.rounding_at(seed), examinee.rounding_at(examinee.seeds[0]), strict=True)
        return [a + abs(factor) * b for a, b in pairs]

    reason = f"its rule is not linear in the {word}: of {factor:g} times the {word} it does not make {factor:g} times"
    claim = examinee.claim(f"linear in the {word}", reason, got, wanted)
    return unequal(claim, examinee.dtype_eps, explained, tiny=examinee.tiny * max(1.0, abs(factor)))


def _gone_in_double(examinee: Examinee, probe: Callable[[Examinee], Objection | None]) -> bool:
    """Whether a probe has nothing to object in double precision: then digits or range were missing, not a rule."""
    if examinee.inputs.dtype.name in DOUBLE:
        return False
    try:
        return probe(examinee.in_double()) is None
    except GradcheckError:
        return False


def _adds(examinee: Examinee) -> Objection | None:
    """The pullback of u + w is the sum of those of u and w."""
    if not examinee.seed:
        return None
    one, two = examinee.seeds
    both = [a + b for a, b in zip(one, two, strict=True)]
    first, second = examinee.image, examinee.apply(two)
    word = examinee.seed
    reason = f"its rule is not linear in the {word}: of the sum of two of them it does not make the sum"

    def explained() -> list[Array]:
        each = [examinee.rounding(seed) for seed in (one, two, both)]
        return [np.sum(blocks, axis=0) for blocks in zip(*each, strict=True)]

    wanted = [a + b for a, b in zip(first, second, strict=True)]
    claim = examinee.claim(f"linear in the {word}", reason, examinee.apply(both), wanted, first, second)
    objection = unequal(claim, examinee.dtype_eps, explained, tiny=examinee.tiny)
    return None if objection is not None and _gone_in_double(examinee, _adds) else objection


# -- against other derivatives ----------------------------------------------------------------


def _contracts(examinee: Examinee) -> Objection | None:
    """The pullback of u is J^T u for the Jacobian that was judged, and that of 1 the gradient."""
    real = all(is_real(a.dtype) for a in (*examinee.leaves, *examinee.outputs))
    if not (examinee.pulls_back and real and examinee.operator in (Operator.GRADIENT, Operator.JACOBIAN)):
        return None
    judged = list(examinee.estimate.arrays)
    wanted, terms = judged, judged
    if examinee.operator is Operator.JACOBIAN:
        wanted, terms = contraction(judged, examinee.seeds[0])
    size = np.sqrt(sum(o.size for o in examinee.outputs))

    def explained() -> list[Array]:
        again = examinee.rounding(examinee.seeds[0])
        lost = examinee.lost * sum(float(np.sum(np.abs(u))) for u in examinee.seeds[0])
        return [r + lost + TIGHT_ULPS * examinee.eps * size * np.abs(t) for r, t in zip(again, terms, strict=True)]

    reason = f"its pullback is not that of its own {examinee.operator}"
    claim = examinee.claim(f"pullback against {examinee.operator}", reason, examinee.image, wanted, terms)
    return unequal(claim, examinee.dtype_eps, explained, tiny=examinee.tiny)


def _is_adjoint(examinee: Examinee) -> Objection | None:
    """<J v, u> = <v, J^T u> for two v, with the pushforward of the rule's own forward mode, else of another framework.

    Where they differ, difference quotients along v say which of the two is wrong.
    """
    if not (examinee.pulls_back and examinee.witnessed and examinee.forward is not None):
        return None
    for partner in examinee.partners:
        try:
            pushforward = examinee.pushforward_of(partner)
            return _against(examinee, pushforward) or _against(examinee, pushforward)
        except GradcheckError:
            continue  # most rules are written for one direction only
    return None


def _against(examinee: Examinee, pushforward: Prepared) -> Objection | None:
    tangents, cotangents = examinee.drawn(examinee.leaves), examinee.seeds[0]
    pushed = list(pushforward.estimate(examinee.leaves, tangents).arrays)
    (ahead, terms), (back, more) = inner(cotangents, pushed), inner(tangents, examinee.image)
    tight = TIGHT_ULPS * examinee.dtype_eps * (terms + more)
    if not (np.isfinite(ahead) and np.isfinite(back)) or abs(ahead - back) <= tight:
        return None
    if not terms and pushforward.engine.backend == examinee.engine.engine.backend:
        raise UnsupportedError(
            "no forward rule at all: torch takes an operator of its library without one for constant"
        )
    slope, error = _slope(examinee, tangents)
    slack = error + tight + _adjoint_rounding(examinee, pushforward, tangents, pushed)
    if not abs(slope) > slack:
        return None  # too flat for the output to show who is right
    ahead_is_off, back_is_off = abs(ahead - slope) > slack, abs(back - slope) > slack
    if back_is_off and not ahead_is_off:
        reason = f"its pullback is not the adjoint of the pushforward of {pushforward.engine}"
        return _not_adjoint(Operator.VJP, reason, back, slope, slack, pushforward)
    if ahead_is_off and not back_is_off and pushforward.engine.backend == examinee.engine.engine.backend:
        reason = "its backward is right, but its forward-mode rule is not the adjoint of that"
        return _not_adjoint(Operator.JVP, reason, ahead, slope, slack, pushforward)
    return None


def _not_adjoint(
    about: Operator, reason: str, value: float, slope: float, slack: float, pushforward: Prepared
) -> Objection:
    text = f"{reason}: {value:.10g} along a random direction where difference quotients have {slope:.10g}"
    source = f"adjoint identity <J v, u> = <v, J^T u> with {pushforward.engine}"
    evidence = Evidence(text, value, slope, REFEREE, abs(value - slope), slack, source, 1, 1)
    return Objection(Status.WRONG, evidence, about=about)


def _slope(examinee: Examinee, tangents: Seeds) -> tuple[float, float]:
    """Return <u, J v> by difference quotients, and what two evaluations leave open of it."""
    slopes, errors = [], []
    for mode in ("", SECOND_OPINION):
        found = examinee.pushed_by_numerics(tangents, mode)
        slopes.append(inner(examinee.seeds[0], found.arrays)[0])
        errors.append(np.inf if found.errors is None else inner(examinee.seeds[0], found.errors)[1])
    return slopes[0], sum(errors) + abs(slopes[0] - slopes[1])


def _adjoint_rounding(examinee: Examinee, pushforward: Prepared, tangents: Seeds, pushed: Seeds) -> float:
    def rerun() -> list[Array]:
        leaves, moved = examinee.moved(examinee.leaves, examinee.eps), examinee.moved(tangents, examinee.eps)
        return list(pushforward.estimate(leaves, moved).arrays)

    ahead = spread([pushed, *examinee.reruns(rerun)], examinee.eps)
    back = examinee.rounding(examinee.seeds[0])
    return inner(examinee.seeds[0], ahead)[1] + inner(tangents, back)[1]


# -- memory, and what needs a gradient --------------------------------------------------------


def _lies_anyhow(examinee: Examinee) -> Objection | None:
    """Equal elements give equal values and derivatives, however they lie in memory."""
    if not (_on_tape(examinee) or examinee.forward is None):
        return None  # a compiled derivative is compiled anew for each layout
    groups = [list(examinee.leaves)] + ([list(examinee.seeds[0])] if examinee.seed else [])
    for which, word in zip(range(len(groups)), ("inputs", examinee.seed), strict=False):
        seen: set[str] = set()
        for constant in (False, True):  # equal elements can lie at stride 0
            arrays = [np.full_like(a, a.flat[0]) if constant and a.size else a for a in groups[which]]
            if constant and which == 0 and not _settled(examinee, arrays):
                continue
            plainly = [arrays if k == which else group for k, group in enumerate(groups)]
            for layout, laid in _layouts(examinee.engine.backend, arrays).items():
                if layout not in seen:
                    seen.add(layout)
                    objection = _in_layout(examinee, f"{layout} {word}", plainly, which, laid)
                    if objection is not None:
                        return objection
    return None


def _settled(examinee: Examinee, leaves: Seeds) -> bool:
    """Whether the function is well-conditioned where all elements are equal: a variance, say, is singular there."""
    if examinee.forward is None:
        return True
    try:
        values, moved = examinee.values(leaves), examinee.value_rounding(leaves)
    except GradcheckError:
        return False  # no value at all
    return all((m <= SETTLED * np.abs(v)).all() for v, m in zip(values, moved, strict=True))  # False for NaN


def _layouts(backend: Backend, arrays: Seeds) -> dict[str, list[Any]]:
    """Return the arrays in each layout that any of them can have; the others lie plainly."""
    with backend.scope():
        found = [backend.layouts(a) for a in arrays]
        names = dict.fromkeys(name for layouts in found for name in layouts)
        return {
            name: [
                layouts[name] if name in layouts else backend.asarray(a)
                for layouts, a in zip(found, arrays, strict=True)
            ]
            for name in names
        }


def _in_layout(
    examinee: Examinee, name: str, plainly: Sequence[Seeds], which: int, laid: Sequence[Any]
) -> Objection | None:
    """Compare value and derivative with those of plain arrays; a forward that refuses the layout is not wrong."""
    leaves, seeds = plainly[0], plainly[1] if len(plainly) > 1 else []
    try:
        if examinee.forward is not None and which == 0:
            objection = _same_value(examinee, name, leaves, laid)
            if objection is not None:
                return objection
        wanted = examinee.apply(seeds, leaves)
    except GradcheckError:
        return None
    try:
        got = _loaded(examinee.derivative, plainly, which, laid)
    except FunctionError as error:
        if examinee.forward is None:
            return None
        return Objection(Status.ERROR, Evidence(f"for {name} its backward raises, where the forward does not: {error}"))
    if [a.shape for a in got] != [a.shape for a in wanted]:
        return Objection(Status.ERROR, Evidence(f"for {name} its derivative has another shape"))
    reason = f"for {name} with the same elements it gives another derivative"
    claim = examinee.claim("memory layout", reason, got, wanted)

    def explained() -> list[Array]:
        return [
            r + 2 * lost
            for r, lost in zip(examinee.rounding(seeds, leaves), examinee.lost_at(seeds, leaves), strict=True)
        ]

    return unequal(claim, examinee.dtype_eps, explained, tiny=examinee.tiny)


def _same_value(examinee: Examinee, name: str, leaves: Seeds, laid: Sequence[Any]) -> Objection | None:
    assert examinee.forward is not None  # the caller's promise
    wanted, got = examinee.values(leaves), _loaded(examinee.forward, [leaves], 0, laid)
    reason = f"for {name} with the same elements the forward gives another value"
    sizes = [np.abs(a) + TIGHT_ULPS * examinee.reach for a in wanted]
    claim = Claim("memory layout", reason, got, wanted, [""] * len(wanted), sizes)
    objection = unequal(claim, examinee.dtype_eps, lambda: examinee.value_rounding(leaves), tiny=examinee.tiny)
    return None if objection is None else replace(objection, about=Operator.VALUE)


def _loaded(prepared: Prepared, plainly: Sequence[Seeds], which: int, laid: Sequence[Any]) -> list[Array]:
    """Run with one group of arrays laid out in another way."""
    return plain(prepared.run(*plainly, laid={which: laid}))


def _alone(examinee: Examinee) -> Objection | None:
    """Each derivative is the same where its input alone needs one."""
    inputs = examinee.inputs
    if not (_on_tape(examinee) and len(inputs.active) > 1):
        return None
    for k, (leaf, label) in enumerate(zip(inputs.active, inputs.labels, strict=True)):
        alone = replace(inputs, active=(leaf,), labels=(label,))
        try:
            got = examinee.prepared(Operator.VJP, alone).estimate(alone.arrays, examinee.seeds[0]).arrays
        except FunctionError as error:
            return Objection(Status.ERROR, Evidence(f"where {label} alone needs a gradient, {error}"), label)
        wanted, reason = examinee.image[k], f"where {label} alone needs a gradient it gets another one"
        claim = Claim("one input at a time", reason, got, [wanted], [label], [np.abs(wanted)])
        explained = partial(_rounding_of, examinee, k)
        objection = unequal(claim, examinee.dtype_eps, explained, tiny=examinee.tiny)
        if objection is not None:
            return objection
    return None


def _rounding_of(examinee: Examinee, block: int) -> list[Array]:
    return [examinee.rounding(examinee.seeds[0])[block]]


def _goes_back_twice(examinee: Examinee) -> Objection | None:
    """A second pass back through one graph gives the same: the backward left what was saved as it was."""
    if not _on_tape(examinee) or any(o.dtype.kind == "c" for o in examinee.outputs):
        return None
    once = contracted(examinee.function, examinee.seeds[0], real_dtype(examinee.inputs.dtype))
    name = examinee.engine.engine.backend
    scalar = once.native[name]
    twice = replace(once, native={name: lambda *args: [scalar(*args)] * 2})
    try:
        both = examinee.engine.backend.estimate(
            twice, examinee.inputs, Operator.JACOBIAN, mode=examinee.engine.engine.mode
        )
    except GradcheckError:
        return None  # it refuses a second pass, and says so
    count = len(examinee.leaves)
    reason = "a second pass back through the same graph gives another derivative: the backward changes what was saved"
    claim = examinee.claim("second pass", reason, both.arrays[count:], both.arrays[:count])
    return unequal(claim, examinee.dtype_eps, lambda: examinee.rounding(examinee.seeds[0]), tiny=examinee.tiny)


def _on_tape(examinee: Examinee) -> bool:
    """Whether the engine records a graph, in which a rule sees what needs a gradient."""
    backend = examinee.engine.backend
    return examinee.pulls_back and (examinee.engine.engine.mode or next(iter(backend.modes))) in backend.tapes


# -- second order -----------------------------------------------------------------------------


def _derives_its_gradient(examinee: Examinee) -> Objection | None:
    """The second derivative is that of the engine's own gradient, which difference quotients resolve far better.

    What is tiny beside the largest element may be what a gradient is left with that has lost its digits.
    """
    objection = _against_its_gradient(examinee)
    if objection is None or (objection.evidence.difference or 0.0) > _tiny_beside_largest(examinee):
        return objection
    anywhere = [_against_its_gradient(there) for there in examinee.far_away()]
    return objection if not anywhere or any(anywhere) else None


def _tiny_beside_largest(examinee: Examinee) -> float:
    return float(np.sqrt(examinee.dtype_eps)) * max(float(np.max(np.abs(a), initial=0.0)) for a in examinee.second)


def _against_its_gradient(examinee: Examinee) -> Objection | None:
    got, first = examinee.second, examinee.differenced("")
    reason = f"its {examinee.operator} is not the derivative of its own gradient, as difference quotients of that show"
    claim = examinee.second_claim("derivative of its own gradient", reason, [m.value for m in first])
    slack = [m.error + TIGHT_ULPS * examinee.dtype_eps * np.abs(a) for m, a in zip(first, got, strict=True)]
    if beyond(claim, slack) is None or examinee.eps >= HALF:  # half precision inside: its gradient is a staircase
        return None
    opinion, rounding, floor = examinee.differenced(SECOND_OPINION), examinee.second_rounding(), examinee.invisible()
    parts = zip(slack, first, opinion, rounding, floor, strict=True)
    slack = [s + np.abs(o.value - m.value) + o.error + r + unseen for s, m, o, r, unseen in parts]
    if beyond(claim, slack) is None or _gone_in_double(examinee, _against_its_gradient):
        return None
    return beyond(claim, [s + lossy for s, lossy in zip(slack, examinee.staircase(), strict=True)])


def _is_symmetric(examinee: Examinee) -> Objection | None:
    """A Hessian is symmetric where the gradient is smooth, up to what the output cannot show."""
    if examinee.operator is not Operator.HESSIAN:
        return None
    count = len(examinee.leaves)
    flipped = transposed(examinee.second, count)
    smooth = [np.isfinite(m.error) for m in examinee.differenced("")]
    wanted = [np.where(s, a, np.nan) for s, a in zip(smooth, flipped, strict=True)]

    def explained() -> list[Array]:
        own = examinee.second_rounding()
        both = zip(own, transposed(own, count), examinee.invisible(), strict=True)
        return [a + b + floor for a, b, floor in both]

    claim = examinee.second_claim("symmetry", "its Hessian is not symmetric", wanted)
    return unequal(claim, examinee.dtype_eps, explained, tiny=examinee.tiny)


FIRST_ORDER_PROBES = (_repeats, _scales, _adds, _contracts, _goes_back_twice, _alone, _lies_anyhow, _is_adjoint)
SECOND_ORDER_PROBES = (_derives_its_gradient, _is_symmetric)
