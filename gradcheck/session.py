"""All engines on one case at one point: asking them, and asking again where the judge wants to."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Any, TypeVar

import numpy as np

from gradcheck.backend import Backend, Engine, Estimate, Prepared, Projector
from gradcheck.cases import Case
from gradcheck.contraction import contracted
from gradcheck.errors import (
    BrokenBackendError,
    CrashedError,
    FunctionError,
    GradcheckError,
    UnsupportedError,
    first_line,
)
from gradcheck.functions import HALVES, Array, Function, Inputs, is_real, real_dtype
from gradcheck.judge.comparison import REFEREE
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.lineup import Lineup, Participant, called
from gradcheck.operators import Operator
from gradcheck.options import Options
from gradcheck.workers import doing

T = TypeVar("T")

SECOND_OPINION = "ridders"
"""The mode of the referee that confirms a suspicion."""
SMALL = 64
"""The number of input elements up to which a certified referee takes part without a dispute."""
SINGLE = 0.1
"""What single precision may change of an output, beside the largest, before it is another function in double."""
BESIDE = 1e-3
"""By what part of themselves inputs are moved to see the size of what the function adds up."""
LARGE = 256
"""The number of real coordinates up to which the numerical referee computes every element of a derivative."""
REMEMBERED = 1024
"""The number of input elements up to which what an engine said at other points is kept until the judge is done."""
_PROJECTED = (Operator.GRADIENT, Operator.JACOBIAN, Operator.VJP, Operator.HVP)
OTHER_PRECISION = {
    "bfloat16": "float32", "float16": "float32", "float32": "float64", "float64": "float32",
    "complex64": "complex128", "complex128": "complex64",
}  # fmt: skip
_DOUBLE = {**dict.fromkeys((*HALVES, "float32"), "float64"), "complex64": "complex128"}


class Workshop:
    """Prepares derivatives of one function, each once for all points of one signature.

    Parameters
    ----------
    function : Function
        The function.
    lost : mapping of str to str, optional
        Derivatives that ended a process, as ``"torch:compile hvp"``, and how; none of them is run again.
    """

    def __init__(self, function: Function, lost: Mapping[str, str] | None = None) -> None:
        self._function, self.lost = function, lost or {}
        self._prepared: dict[Any, Prepared] = {}

    def prepare(self, engine: Participant, inputs: Inputs, operator: Operator) -> Prepared:
        """Return a derivative on an engine, prepared at most once.

        Raises
        ------
        UnsupportedError, FunctionError
            As `Backend.prepare`.
        CrashedError
            For a derivative that is lost.
        """
        if how := self.lost.get(derivative(engine.engine, operator)):
            raise CrashedError(how)
        key = (engine.engine, operator, inputs.signature)
        if key not in self._prepared:
            host = engine.host
            forward = None if host is None else self.prepare(Participant(host.engine(), host), inputs, Operator.VALUE)
            self._prepared[key] = engine.backend.prepare(self._function, inputs, operator, engine.engine.mode, forward)
        return self._prepared[key]


def derivative(engine: Engine, operator: Operator) -> str:
    """Name what an engine computes, as ``"torch:compile hvp"``."""
    return f"{engine} {operator}"


class Session:
    """All engines on one case at one point."""

    def __init__(
        self, case: Case, point: str, inputs: Inputs, lineup: Lineup, options: Options, workshop: Workshop
    ) -> None:
        self._case, self._point, self._inputs = case, point, inputs
        self._lineup, self._options = lineup, options
        self.function, self.workshop = case.function, workshop
        self._heard: dict[tuple[Engine, Operator], Testimony] = {}
        self._widened: dict[str, bool] = {}

    @cached_property
    def _values(self) -> tuple[Testimony, ...]:
        return tuple(self._testimony(e, Operator.VALUE, None) for e in self._lineup.engines)

    @cached_property
    def _repeating(self) -> frozenset[Engine]:
        """The numerical witnesses on further forwards than the first."""
        numerical = [e.engine for e in self._lineup.engines if e.witness and e.engine.backend == REFEREE]
        return frozenset(numerical[1:])

    @cached_property
    def _outputs(self) -> tuple[Array, ...] | None:
        """The outputs as most engines have them; None if none could compute them."""
        found = [t.estimate.arrays for t in self._values if t.estimate is not None]
        if not found:
            return None
        shapes = [tuple(a.shape for a in arrays) for arrays in found]
        return found[shapes.index(max(shapes, key=shapes.count))]

    @property
    def _scalar(self) -> bool:
        """Whether there is one 0-d output, as far as is known."""
        outputs = self._outputs
        return outputs is None or (len(outputs) == 1 and outputs[0].shape == ())

    @property
    def _real(self) -> bool:
        """Whether there are outputs, and no complex numbers among inputs and outputs."""
        return self._outputs is not None and all(is_real(a.dtype) for a in (*self._outputs, *self._inputs.arrays))

    def default_operators(self) -> tuple[Operator, ...]:
        """Return the gradient for a scalar function, the Jacobian for any other, and what each rule by hand is for.

        Vector functions of complex numbers have JVP and VJP in place of the Jacobian.
        """
        outputs, scalar = self._outputs, self._scalar
        if outputs is not None and not scalar and any(a.dtype.kind == "c" for a in (*outputs, *self._inputs.arrays)):
            return (Operator.JVP, Operator.VJP)
        function = self.function
        if scalar and function.hessian is not None and not function.has_first_order_rule:
            return (Operator.HESSIAN,)
        operators = [Operator.GRADIENT if scalar else Operator.JACOBIAN]
        if scalar and function.jacobian is not None and function.gradient is not None:
            operators.append(Operator.JACOBIAN)
        if function.vjp is not None:
            operators.append(Operator.VJP)
        if scalar and function.hessian is not None:
            operators.append(Operator.HESSIAN)
        return tuple(operators)

    def operators(self, wanted: Sequence[Operator] | None) -> list[Operator]:
        """Return what to judge: the forward values, where two independent ones exist, and the operators."""
        chosen = list(wanted or self._options.operators or self._case.operators or self.default_operators())
        if self._options.order == 2 and Operator.HESSIAN not in chosen and (self._scalar or self._real):
            chosen.append(Operator.HESSIAN)
        computed = {t.engine.backend for t in self._values if t.estimate is not None and not t.engine.host}
        failed = any(not isinstance(t.failure, (UnsupportedError, type(None))) for t in self._values)
        if (len(computed) > 1 or failed) and Operator.VALUE not in chosen:
            chosen.insert(0, Operator.VALUE)
        return chosen

    def asked(self, operator: Operator) -> Session:
        """Return where an operator is asked for: order 2 of a vector function is the Hessian of <u, f>."""
        contracts = operator is Operator.HESSIAN and self._options.order == 2 and not self._scalar and self._real
        return self._contracted if contracts else self

    @cached_property
    def _contracted(self) -> Session:
        seed = self._seed(Operator.VJP) or []
        function = contracted(self.function, seed, real_dtype(self._inputs.dtype))
        case = replace(self._case, function=function)
        workshop = Workshop(function, self.workshop.lost)
        return Session(case, self._point, self._inputs, self._lineup, self._options, workshop)

    def spares(self, operator: Operator) -> bool:
        """Whether there are witnesses that need not be asked: of products and second order, one forward's is enough."""
        return (operator.order == 2 or operator.seed is not None) and bool(self._repeating)

    def question(self, operator: Operator, *, sparing: bool = False) -> Question:
        """Ask every engine, but those that `spares` speaks of only if not `sparing`; none is asked twice."""
        seed = self._seed(operator)
        if operator is Operator.VALUE:
            # a hosted engine's forward is its host's own: it says nothing new of the value
            testimonies = tuple(t for t in self._values if not t.engine.host)
            able = tuple(t for t in testimonies if not isinstance(t.failure, UnsupportedError))
            testimonies = able or testimonies
        else:
            spared = self._repeating if sparing else ()
            testimonies = tuple(
                self._heard_once(e, operator, seed) for e in self._lineup.engines if e.engine not in spared
            )
        testimonies += tuple(
            Testimony(Engine(a.backend), False, failure=BrokenBackendError(str(a)))
            for a in self._lineup.absences
            if a.state == "broken"
        )
        asked = [partial(self._refereed, referee, operator, seed) for referee in self._lineup.referees]
        if self._inputs.size <= SMALL:
            testimonies += tuple(t for t in (ask() for ask in asked[:1]) if _certified(t))
        options = self._options
        return Question(
            self._case.name,
            self._point,
            operator,
            self._inputs,
            testimonies,
            self._outputs or (),
            options.rtol,
            options.atol,
            seed,
            self._natives,
            lambda: (ask() for ask in asked),
            self._forward,
        )

    @property
    def _natives(self) -> frozenset[str]:
        """The backends that run a function of their own, where there is more than one."""
        function = self.function
        several = len(function.native) + (function.portable is not None) > 1
        return frozenset(function.native) - {"numpy"} if several else frozenset()

    def _forward(self, engine: Engine) -> Testimony | None:
        """Return what an engine, or a referee, says of the function's values."""
        for testimony in self._values:
            if testimony.engine == engine:
                return testimony
        return self._refereed(engine, Operator.VALUE, None) if engine in self._lineup.referees else None

    def _refereed(self, engine: Engine, operator: Operator, seed: Sequence[Array] | None) -> Testimony:
        try:
            return self._heard_once(called(engine), operator, seed)
        except GradcheckError as error:
            return Testimony(engine, True, failure=error)

    def _heard_once(self, engine: Participant, operator: Operator, seed: Sequence[Array] | None) -> Testimony:
        key = engine.engine, operator
        if key not in self._heard:
            self._heard[key] = self._testimony(engine, operator, seed)
        return self._heard[key]

    def _testimony(self, engine: Participant, operator: Operator, seed: Sequence[Array] | None) -> Testimony:
        with doing(derivative(engine.engine, operator)):
            return self._told(engine, operator, seed)

    def _told(self, engine: Participant, operator: Operator, seed: Sequence[Array] | None) -> Testimony:
        if operator.seed is not None and seed is None:
            return self._without_cotangent(engine)
        inputs, again = self._inputs_for(engine), None
        if inputs is not self._inputs and seed is not None:
            seed = [a.astype(_DOUBLE[a.dtype.name]) for a in seed]
        try:
            started = time.perf_counter()
            prepared = self.workshop.prepare(engine, inputs, operator)
            if operator is not Operator.VALUE:
                self._refuse_another_forward(engine.engine)
            again = _again(prepared, inputs, seed, self._inputs.dtype)
            projector = self._projector(engine, prepared, operator, seed)
            if projector is not None:
                return Testimony(engine.engine, engine.witness, projector=projector)
            estimate = prepared.estimate(inputs.arrays, seed, self._output_shapes(operator)).within(self._inputs.dtype)
        except GradcheckError as error:
            return Testimony(engine.engine, engine.witness, failure=error, again=again)
        except Exception as error:  # the function's own errors are translated: this is the adapter's
            return Testimony(
                engine.engine, engine.witness, failure=FunctionError(f"{engine.engine} broke: {first_line(error)}")
            )
        return Testimony(
            engine.engine,
            engine.witness,
            replace(estimate, seconds=time.perf_counter() - started),
            again=again,
            in_other_precision=lambda leaves: self._in_other_precision(engine, operator, leaves, seed),
            second_opinion=cache(lambda: self._second_opinion(engine, operator, seed)),
        )

    def _without_cotangent(self, engine: Participant) -> Testimony:
        """Say why an engine has no outputs that a cotangent could be drawn for, as no engine has."""
        failure = next((t.failure for t in self._values if t.engine == engine.engine), None)
        nobody = UnsupportedError("no engine under test computed outputs to draw a cotangent for")
        return Testimony(engine.engine, engine.witness, failure=failure or nobody)

    def _projector(
        self, engine: Participant, prepared: Prepared, operator: Operator, seed: Sequence[Array] | None
    ) -> Projector | None:
        """Return what stands for a large derivative of the numerical referee; None where it computes every element."""
        leaves = self._inputs_for(engine).arrays
        coordinates = sum(a.size * (2 if a.dtype.kind == "c" else 1) for a in leaves)
        default = engine.engine.backend == REFEREE and not engine.engine.mode
        if not default or operator not in _PROJECTED or coordinates <= LARGE:
            return None
        with engine.backend.translating(self.function.name, operator):
            return engine.backend.projector(prepared.bound, operator, leaves, seed)

    def _output_shapes(self, operator: Operator) -> list[tuple[int, ...]] | None:
        if operator is Operator.VALUE or self._outputs is None:
            return None
        return [o.shape for o in self._outputs]

    def _refuse_another_forward(self, engine: Engine) -> None:
        """Refuse to differentiate a function whose outputs have other shapes than those of most engines."""
        wanted = [o.shape for o in self._outputs or ()]
        for testimony in self._values:
            if testimony.engine == engine and testimony.estimate is not None:
                got = [o.shape for o in testimony.estimate.arrays]
                if got != wanted:
                    raise FunctionError(
                        f"the function of {engine} is another one: its output has shape {', '.join(map(str, got))} "
                        f"where the other engines have {', '.join(map(str, wanted))}"
                    )

    def _inputs_for(self, engine: Participant) -> Inputs:
        """Let numerics and referees evaluate in double precision, at exactly the rounded inputs, where that can be."""
        double = _DOUBLE.get(self._inputs.dtype.name)
        if double is None or not (engine.wide or (engine.host is not None and self._widens(engine.host, double))):
            return self._inputs
        return self._inputs.with_dtype(double)

    def _widens(self, host: Backend, double: str) -> bool:
        """Whether a framework's forward, given double precision, computes the same function in it."""
        if host.name not in self._widened:
            inputs, participant = self._inputs.with_dtype(double), Participant(host.engine(), host)
            beside = inputs.moved([a * (1 + BESIDE) for a in inputs.arrays])
            wide, narrow, moved = (
                _quietly(partial(self._value, participant, at)) for at in (inputs, self._inputs, beside)
            )
            if wide is None or narrow is None or moved is None:
                self._widened[host.name] = False
            else:
                self._widened[host.name] = _same(wide, narrow, moved)
        return self._widened[host.name]

    def _value(self, engine: Participant, inputs: Inputs) -> Estimate:
        return self.workshop.prepare(engine, inputs, Operator.VALUE).estimate(inputs.arrays)

    def _in_other_precision(
        self, engine: Participant, operator: Operator, leaves: Sequence[Array], seed: Sequence[Array] | None
    ) -> Sequence[Array] | None:
        if engine.engine.backend == REFEREE:
            return None

        def compute() -> Sequence[Array]:
            inputs = self._inputs.moved(leaves).with_dtype(OTHER_PRECISION[self._inputs.dtype.name])
            cast = None if seed is None else [a.astype(OTHER_PRECISION[a.dtype.name]) for a in seed]
            return self.workshop.prepare(engine, inputs, operator).estimate(inputs.arrays, cast).arrays

        return _quietly(compute)

    def _second_opinion(self, engine: Participant, operator: Operator, seed: Sequence[Array] | None) -> Estimate | None:
        if engine.engine.backend != REFEREE or operator is Operator.VALUE:
            return None
        other, inputs = engine.in_mode(SECOND_OPINION), self._inputs_for(engine)
        prepare = partial(self.workshop.prepare, other, inputs, operator)
        return _quietly(lambda: prepare().estimate(inputs.arrays, seed).within(self._inputs.dtype))

    def _seed(self, operator: Operator) -> list[Array] | None:
        """Draw signed, unequal tangents or cotangents, the same for every engine."""
        if operator.seed is None or (operator.seed == "cotangent" and self._outputs is None):
            return None
        like = self._inputs.arrays if operator.seed == "tangent" else self._outputs
        assert like is not None  # returned above
        rng = np.random.default_rng([zlib.crc32(f"{self._case.name} {operator}".encode()), self._options.seed])
        return [_signed(a, rng).astype(self._dtype_like(a)) for a in like]

    def _dtype_like(self, array: Array) -> np.dtype[Any]:
        """Return the dtype of the check, complex for a complex array: outputs may come from a wider engine."""
        own = real_dtype(self._inputs.dtype)
        return np.result_type(own, np.complex64) if array.dtype.kind == "c" else own


def _same(wide: Estimate, narrow: Estimate, moved: Estimate) -> bool:
    """Whether values in double precision are really that, and no further from those in single than rounding goes.

    What is added up is as large as the values, or as their movement says, where they cancel.
    """
    for a, b, beside in zip(wide.arrays, narrow.arrays, moved.arrays, strict=True):
        if a.shape != b.shape or real_dtype(a.dtype) != np.dtype(float) or not np.isfinite(a).all():
            return False
        size = max(np.max(np.abs(a), initial=0.0), np.max(np.abs(beside - a), initial=0.0) / BESIDE)
        if not (np.abs(a - b) <= SINGLE * size).all():
            return False
    return True


def _certified(testimony: Testimony) -> bool:
    """Whether a referee has a rigorous bound for every element."""
    estimate = testimony.estimate
    return estimate is not None and estimate.certified and estimate.bounded


def _again(
    prepared: Prepared, inputs: Inputs, seed: Sequence[Array] | None, dtype: np.dtype[Any]
) -> Callable[[Sequence[Array]], Estimate | None]:
    known: dict[tuple[bytes, ...], Estimate | None] = {}  # the judge asks at the same points for several reasons

    def again(leaves: Sequence[Array]) -> Estimate | None:
        moved = [leaf.astype(own.dtype) for leaf, own in zip(leaves, inputs.arrays, strict=True)]
        if inputs.size > REMEMBERED:
            return _quietly(lambda: prepared.estimate(moved, seed).within(dtype))
        key = tuple(leaf.tobytes() for leaf in moved)
        if key not in known:
            known[key] = _quietly(lambda: prepared.estimate(moved, seed).within(dtype))
        return known[key]

    return again


def _quietly(compute: Callable[[], T]) -> T | None:
    """Compute what the judge would like to know besides; None if it cannot be had."""
    try:
        return compute()
    except Exception:
        return None


def _signed(like: Array, rng: np.random.Generator) -> Array:
    def draw() -> Array:
        drawn: Array = np.round(rng.uniform(0.5, 1.5, like.shape) * rng.choice([-1.0, 1.0], like.shape), 3)
        return drawn

    values = np.asarray(draw() + 1j * draw() if like.dtype.kind == "c" else draw())
    if values.size and (values.real > 0).all():  # a rule that takes absolute values must not go unseen
        values = values.copy()
        values.flat[0] *= -1
    return values
