"""One engine at one point, which can be asked again in every way that a probe needs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import optree

from gradcheck import discovery
from gradcheck.backend import Backend, Bound, Measured, Prepared
from gradcheck.errors import FunctionError, GradcheckError, UnsupportedError
from gradcheck.estimates import Estimate
from gradcheck.functions import DOUBLE, Array, Function, Inputs, finfo, moved_by_ulps
from gradcheck.judge.comparison import REFEREE
from gradcheck.judge.explanations import ORDINARY, elsewhere
from gradcheck.judge.properties import Claim, spread
from gradcheck.judge.testimony import Question
from gradcheck.judge.tolerances import OUTPUT_ULPS, RERUNS, THOROUGH_RERUNS, machine_eps, noise, sizes
from gradcheck.lineup import Participant
from gradcheck.operators import Operator
from gradcheck.preparation import block_label, plain
from gradcheck.session import OTHER_PRECISION, Workshop

Seeds = Sequence[Array]

SINGLE, HALF, BRAIN = 2.0**-23, 2.0**-10, 2.0**-7
"""The machine epsilons in which a rule may compute inside, whatever dtype it takes."""
FEW = 0.1
"""The part of the elements that move, at least, where a rule notices a movement: of a ratio's rule most may not."""
LOSSY = 2.0**12
"""How many ulps a gradient has lost, at least, for difference quotients of it to say nothing."""
DITHER = 2.0**-12
"""How far a seed is scaled to see the rounding of a rule that has been seen to be homogeneous."""


class Examinee:
    """One engine at one point, asked again and again.

    Parameters
    ----------
    engine : Participant
        Who is asked.
    function : Function
        The function with the rule.
    question : Question
        Operator and point.
    estimate : Estimate
        What the engine said before the judge.
    workshop : Workshop
        Where derivatives are prepared.
    partners : sequence of Participant
        Engines with a pushforward of the same function.
    lost : float
        What its derivative is off by for digits that its formula loses.

    Attributes
    ----------
    operator : Operator
        What was judged.
    inputs : Inputs
        Where.
    """

    def __init__(
        self,
        engine: Participant,
        function: Function,
        question: Question,
        estimate: Estimate,
        workshop: Workshop,
        partners: Sequence[Participant] = (),
        lost: float = 0.0,
    ) -> None:
        self.engine, self.function, self.estimate, self.partners = engine, function, estimate, partners
        self.operator, self.inputs, self._question, self._workshop = (
            question.operator,
            question.inputs,
            question,
            workshop,
        )
        self.lost = lost
        self._rng = np.random.default_rng([zlib.crc32(f"{question.case} probes".encode()), question.inputs.size])
        self._differenced: dict[str, list[Measured]] = {}

    # -- what it computes ---------------------------------------------------------------------

    def prepared(self, operator: Operator, inputs: Inputs | None = None) -> Prepared:
        """Return an operator of the function on this engine."""
        return self._workshop.prepare(self.engine, inputs or self.inputs, operator)

    @cached_property
    def forward(self) -> Prepared | None:
        """The function itself; None for a rule that has no forward of its own."""
        try:
            return self.prepared(Operator.VALUE)
        except UnsupportedError:
            return None

    @property
    def by_hand(self) -> bool:
        """Whether one cotangent may not show the whole of its rule."""
        if self.forward is None:
            return True
        with self.engine.backend.scope():
            return self.engine.backend.by_hand(self.forward.bound, self.leaves, self.engine.engine.mode)

    @cached_property
    def linear(self) -> Prepared:
        """The engine's own pullback or, where it has none, its pushforward.

        Raises
        ------
        UnsupportedError
            If it has neither: a gradient written by hand knows no cotangent.
        """
        for operator in (Operator.VJP, Operator.JVP):
            try:
                prepared = self.prepared(operator)
            except UnsupportedError:
                continue
            if prepared.native:
                return prepared
        raise UnsupportedError(f"{self.engine.engine} takes no cotangent")

    @cached_property
    def derivative(self) -> Prepared:
        """The linear map or, for a rule without a cotangent, what was judged."""
        try:
            return self.linear
        except UnsupportedError:
            return self.prepared(self.operator)

    def apply(self, seeds: Seeds, leaves: Seeds | None = None) -> list[Array]:
        """Return what the derivative makes of a seed; of none, for a rule that takes none."""
        leaves = self.leaves if leaves is None else leaves
        return list(self.derivative.estimate(leaves, seeds if self.derivative.operator.seed else None).arrays)

    @cached_property
    def image(self) -> list[Array]:
        """What the derivative makes of the first seed."""
        return self.apply(self.seeds[0])

    def values(self, leaves: Seeds) -> list[Array]:
        """Return the function's values."""
        assert self.forward is not None  # the caller's promise
        return plain(self.forward.run(leaves))

    # -- what it is asked with ----------------------------------------------------------------

    @property
    def leaves(self) -> tuple[Array, ...]:
        """The point."""
        return self.inputs.arrays

    @cached_property
    def outputs(self) -> tuple[Array, ...]:
        """The function's values, as this engine has them."""
        return self._question.outputs if self.forward is None else tuple(self.values(self.leaves))

    @property
    def pulls_back(self) -> bool:
        """Whether the derivative is a pullback."""
        return self.derivative.operator is Operator.VJP

    @property
    def seed(self) -> str:
        """What the derivative is linear in."""
        return self.derivative.operator.seed or ""

    @cached_property
    def seeds(self) -> tuple[list[Array], list[Array]]:
        """Two signed, unequal seeds whose sum is exact; for a scalar function the first one is 1."""
        like = self.outputs if self.pulls_back else self.leaves
        one, two = self.drawn(like), self.drawn(like)
        if self.pulls_back and len(like) == 1 and like[0].shape == ():
            one = [np.ones((), like[0].dtype)]
        return one, two

    def drawn(self, like: Seeds) -> list[Array]:
        """Draw arrays of signed, unequal multiples of 1/64 between 1/2 and 3/2."""
        return [_dyadic(a, self._rng) for a in like]

    def moved(self, arrays: Seeds, eps: float) -> list[Array]:
        """Move each element by `eps` of its size, up or down."""
        return [moved_by_ulps(a, self._rng, eps=eps) for a in arrays]

    @cached_property
    def labels(self) -> list[str]:
        """What each array of the derivative belongs to."""
        return self._labels_of(self.derivative.operator, len(self.image))

    def _labels_of(self, operator: Operator, count: int) -> list[str]:
        return [block_label(operator, k, self.inputs.labels) for k in range(count)]

    # -- how precise it is --------------------------------------------------------------------

    @cached_property
    def dtype_eps(self) -> float:
        """The machine epsilon of the coarsest dtype among inputs and outputs."""
        return max(machine_eps(a.dtype) for a in (*self.leaves, *self.outputs))

    @cached_property
    def eps(self) -> float:
        """The machine epsilon in which the rule computes: the finest movement of its arrays that it notices."""
        for eps in (self.dtype_eps, SINGLE, HALF, BRAIN):
            if eps >= self.dtype_eps and self._notices(8 * eps):
                return eps
        return self.dtype_eps  # it follows nothing at all: that is not rounding

    def _notices(self, eps: float) -> bool:
        groups = ([np.asarray(a * (1 + eps)).astype(a.dtype) for a in g] for g in (self.seeds[0], self.leaves))
        try:
            moved = self.apply(*groups)
        except FunctionError:
            return True  # it leaves its domain
        same = sum(int(((a == b) & (a != 0)).sum()) for a, b in zip(moved, self.image, strict=True))
        return same <= (1 - FEW) * sum(int(np.count_nonzero(a)) for a in self.image)

    @cached_property
    def tiny(self) -> float:
        """The size below which numbers underflow."""
        return max(float(finfo(a.dtype).smallest_normal) for a in (*self.leaves, *self.outputs))

    @cached_property
    def reach(self) -> float:
        """What is added up to the outputs, as the derivative shows it: the sum of abs(g x)."""
        fits = [a.shape for a in self.image] == [a.shape for a in self.leaves]
        finite = [np.nan_to_num(a, nan=0.0, posinf=0.0, neginf=0.0) for a in self.image]
        bounded = [np.nan_to_num(leaf, posinf=0.0, neginf=0.0) for leaf in self.leaves]  # 0 times infinity is nothing
        return inner(finite, bounded)[1] if fits else 0.0

    def rounding(self, seeds: Seeds, leaves: Seeds | None = None) -> list[Array]:
        """Estimate how far the rule's own rounding moves what it makes of a seed.

        The seed is multiplied with a number beside 1, and the result divided by it: products that
        cancel move together when all of them move by an ulp.
        """
        leaves = self.leaves if leaves is None else leaves

        def rerun() -> list[Array]:
            factor = self._rng.uniform(1, 1 + DITHER)
            scaled = [np.asarray(factor * s).astype(s.dtype) for s in self.moved(seeds, self.eps)]
            return [a / factor for a in self.apply(scaled, self.moved(leaves, self.eps))]

        return spread([self.apply(seeds, leaves), *self.reruns(rerun)], self.eps)

    def rounding_at(self, seeds: Seeds) -> list[Array]:
        """Estimate the same with the seed as it is: a threshold of the rule must not pass for rounding."""
        reruns = self.reruns(lambda: self.apply(seeds, self.moved(self.leaves, self.eps)))
        return spread([self.apply(seeds), *reruns], self.eps)

    def lost_at(self, seeds: Seeds, leaves: Seeds) -> list[Array]:
        """Return what its derivative is off by for digits that its formula loses: as judged, or told by double."""
        here = self.apply(seeds, leaves)
        known = [np.full(a.shape, self.lost) for a in here]
        if self.inputs.dtype.name in DOUBLE:
            return known
        groups = ([a.astype(np.result_type(a.dtype, np.float64)) for a in group] for group in (seeds, leaves))
        with suppress(GradcheckError):
            wide = self.in_double().apply(*groups)
            return [np.fmax(lost, np.abs(a - b)) for lost, a, b in zip(known, here, wide, strict=True)]
        return known

    def reruns(self, compute: Callable[[], list[Array]], times: int = RERUNS) -> list[list[Array]]:
        """Compute something a few times at inputs moved at random, where that stays in the domain.

        Raises
        ------
        UnsupportedError
            If it never does.
        """
        results = []
        for _ in range(times):
            with suppress(FunctionError):
                results.append(compute())
        if not results:
            raise UnsupportedError("its rounding is not known: it raises wherever its inputs are moved by an ulp")
        return results

    def value_rounding(self, leaves: Seeds) -> list[Array]:
        """Estimate how far the forward's own rounding moves its values."""
        reruns = self.reruns(lambda: self.values(self.moved(leaves, self.eps)))
        return spread([self.values(leaves), *reruns], self.eps)

    # -- beside others ------------------------------------------------------------------------

    def claim(self, probe: str, reason: str, got: Seeds, wanted: Seeds, *terms: Seeds) -> Claim:
        """Return the claim that two results of the derivative are equal; `terms` are added up in them."""
        sizes = [np.max([np.abs(part) for part in parts], axis=0) for parts in zip(got, wanted, *terms, strict=True)]
        return Claim(probe, reason, got, wanted, self.labels, sizes)

    def in_double(self) -> Examinee:
        """Return the same engine at the same inputs in double precision."""
        inputs = self.inputs.with_dtype("complex128" if self.inputs.dtype.kind == "c" else "float64")
        question, estimate = replace(self._question, inputs=inputs), self.estimate
        if self.operator is Operator.HESSIAN:
            estimate = self.prepared(self.operator, inputs).estimate(inputs.arrays)
        return Examinee(self.engine, self.function, question, estimate, self._workshop)

    @property
    def witnessed(self) -> bool:
        """Whether difference quotients take part in the check."""
        return any(t.engine.backend == REFEREE for t in self._question.testimonies)

    def pushforward_of(self, partner: Participant) -> Prepared:
        """Return another engine's pushforward of the same function."""
        return self._workshop.prepare(partner, self.inputs, Operator.JVP)

    def pushed_by_numerics(self, tangents: Seeds, mode: str) -> Estimate:
        """Return the pushforward of this engine's own forward by difference quotients."""
        numerics, host = discovery.load(REFEREE), self.engine.backend
        witness = Participant(numerics.engine(mode, host.name), numerics, host=host)
        return self._workshop.prepare(witness, self.inputs, Operator.JVP).estimate(self.leaves, tangents)

    # -- at second order ----------------------------------------------------------------------

    @cached_property
    def tangents(self) -> list[Array] | None:
        """What a Hessian is multiplied with, for a product."""
        return None if self.operator is Operator.HESSIAN else self.drawn(self.leaves)

    @cached_property
    def second(self) -> list[Array]:
        """The second derivative."""
        if self.tangents is None:
            return list(self.estimate.arrays)
        return list(self.prepared(self.operator).estimate(self.leaves, self.tangents).arrays)

    def differenced(self, mode: str) -> list[Measured]:
        """Return the same by difference quotients of the engine's own gradient."""
        if mode not in self._differenced:
            numerics = discovery.load(REFEREE)
            bound, groups = self._bound_gradient(numerics), [list(self.leaves)]
            hook = numerics.jacobian
            if self.tangents is not None:
                hook, groups = numerics.jvp, [*groups, self.tangents]
            kernel = hook(bound, mode or next(iter(numerics.modes)))
            assert kernel is not None  # the numerical backend has both
            self._differenced[mode] = list(kernel(*groups))
        return self._differenced[mode]

    def second_rounding(self) -> list[Array]:
        """Estimate how far the engine's own rounding moves the second derivative."""
        prepared = self.prepared(self.operator)

        def rerun() -> list[Array]:
            return list(prepared.estimate(self.moved(self.leaves, self.eps), self.tangents).arrays)

        return spread([self.second, *self.reruns(rerun, THOROUGH_RERUNS)], self.eps)

    def far_away(self) -> Iterator[Examinee]:
        """Yield the same engine at points of ordinary size, where it has a second derivative."""
        for leaves in elsewhere(self.leaves, ORDINARY):
            inputs = self.inputs.moved(leaves)
            with suppress(GradcheckError):
                estimate = self.prepared(self.operator, inputs).estimate(inputs.arrays, self.tangents)
                question = replace(self._question, inputs=inputs)
                yield Examinee(self.engine, self.function, question, estimate, self._workshop)

    def staircase(self) -> list[Array]:
        """Return infinity where the engine's own gradient has lost digits, as its other precision shows, else 0.

        There it is a staircase, and difference quotients of it may find the slope of a tread.
        """
        own = self.inputs.dtype.name
        narrow, wide = sorted((own, OTHER_PRECISION[own]), key=lambda dtype: np.dtype(dtype).itemsize)
        there = self.inputs.with_dtype(narrow)
        rough, fine = (
            self.prepared(Operator.GRADIENT, inputs).estimate(inputs.arrays).arrays
            for inputs in (there, there.with_dtype(wide))
        )
        most = LOSSY * machine_eps(np.dtype(narrow))
        lossy = [np.where(np.abs(a - b) <= most * np.abs(b), 0.0, np.inf) for a, b in zip(rough, fine, strict=True)]
        rows = [lossy[k * len(lossy) // len(self.second)] for k in range(len(self.second))]
        return [
            np.broadcast_to(row.reshape(row.shape + (1,) * (a.ndim - row.ndim)), a.shape)
            for row, a in zip(rows, self.second, strict=True)
        ]

    def invisible(self) -> list[Array]:
        """Return what an element of the second derivative can be off by without output or gradient showing it."""
        floor = OUTPUT_ULPS * noise(self.operator, self.leaves, self.outputs, self.dtype_eps, self.tangents)
        size = max((float(np.max(np.abs(a), initial=0.0)) for a in (*self.outputs, *self.image)), default=0.0)
        smallest = min((float(np.min(sizes(a), initial=np.inf)) for a in self.leaves), default=1.0)
        floor = (
            floor + OUTPUT_ULPS * self.dtype_eps * size / smallest
        )  # the gradient moves in ulps of what it is made of
        ends = np.cumsum([a.size for a in self.second])[:-1]
        return [part.reshape(a.shape) for part, a in zip(np.split(floor, ends), self.second, strict=True)]

    def second_claim(self, probe: str, reason: str, wanted: Seeds) -> Claim:
        """Return the claim that the second derivative is another one."""
        labels = self._labels_of(self.operator, len(self.second))
        return Claim(probe, reason, self.second, wanted, labels, [np.abs(a) for a in self.second])

    def _bound_gradient(self, backend: Backend) -> Bound:
        """Return this engine's gradient as a function for another backend to differentiate."""
        gradient = self.prepared(Operator.GRADIENT)

        def call(*args: Any) -> tuple[Array, ...]:
            arguments: Any = args
            leaves = optree.tree_leaves(arguments)
            return tuple(plain(gradient.run([leaves[i] for i in self.inputs.active])))

        return Bound(self.function, self.inputs, str(self.engine.engine), call, lambda a: a, backend.is_array)


def _dyadic(like: Array, rng: np.random.Generator) -> Array:
    def draw() -> Array:
        return np.asarray(rng.integers(32, 97, like.shape) * rng.choice([-1.0, 1.0], like.shape) / 64)

    return np.asarray(draw() + 1j * draw() if like.dtype.kind == "c" else draw()).astype(like.dtype)


def inner(a: Seeds, b: Seeds) -> tuple[float, float]:
    """Return Re<a, b> of two groups of arrays, and the sum of the sizes of its terms."""
    value = sum(np.vdot(x, y).real for x, y in zip(a, b, strict=True))
    return float(value), float(sum(np.sum(np.abs(x) * np.abs(y)) for x, y in zip(a, b, strict=True)))
