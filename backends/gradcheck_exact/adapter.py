"""The adapter of python-flint."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, ClassVar

import flint
import numpy as np
from flint import arb

from gradcheck.backend import Bound, Kernel
from gradcheck.errors import UnsupportedError
from gradcheck.estimates import Measured
from gradcheck.functions import Array, real_dtype
from gradcheck.namespaces.elements import ElementArray
from gradcheck.recording import RecordingBackend
from gradcheck_exact.complexes import ComplexElement, parts
from gradcheck_exact.enclosure import Block, enclose
from gradcheck_exact.namespace import ExactNamespace
from gradcheck_exact.sweeps import Slope, curved, pulled, pushed
from gradcheck_exact.tape import ONE, ZERO, Ball, Element, Kink, Tape, recording

MAX_ELEMENTS = 200
"""How many elements the differentiated inputs may have."""
MAX_STEPS = 3_000_000
"""How many operations all sweeps together may pass over."""


@dataclass(frozen=True)
class Trace:
    """A function, recorded at a point.

    Parameters
    ----------
    tape : Tape
        Its operations; the elements of the inputs come first.
    outputs : list of Element
        The elements of all outputs, one after the other; real and imaginary parts of complex ones.
    leaf_blocks, output_blocks : list of Block
        The arrays that the differentiated leaves and the outputs are.
    """

    tape: Tape
    outputs: list[Element]
    leaf_blocks: list[Block]
    output_blocks: list[Block]

    @property
    def inputs(self) -> int:
        """How many real numbers the inputs are."""
        return sum(block.parts for block in self.leaf_blocks)

    def afford(self, sweeps: int) -> None:
        """Refuse more sweeps than there is time for."""
        self.tape.sweeps = sweeps
        cost = sweeps * len(self.tape.elements)
        if cost > MAX_STEPS:
            raise UnsupportedError(
                f"{sweeps} sweeps over {len(self.tape.elements)} operations: {cost:.1e} steps, "
                f"and the limit of the exact engine is {MAX_STEPS:.0e}"
            )

    def gradient(self) -> list[Slope]:
        """Return the derivative of the first output by each input."""
        return pulled(self.tape, self.inputs, {self.outputs[0]: ONE})

    def pullback(self, cotangents: Sequence[Array]) -> list[Slope]:
        """Return the derivative of the outputs, weighed by cotangents, by each input."""
        weights: dict[Element, Ball] = {}
        for element, weight in zip(self.outputs, _balls(cotangents, self.output_blocks), strict=True):
            weights[element] = weights.get(element, ZERO) + weight
        return pulled(self.tape, self.inputs, weights)

    def jacobian(self) -> list[list[Slope]]:
        """Return the derivatives of each output by each input, by whichever sweeps are fewer."""
        if not self.tape.kinked and self.inputs < len(self.outputs):
            self.afford(self.inputs)
            columns = [pushed(self.tape, unit) for unit in _units(self.inputs)]
            return [[_along(c, element) for c in columns] for element in self.outputs]
        self.afford(len(self.outputs))
        return [pulled(self.tape, self.inputs, {element: ONE}) for element in self.outputs]

    def pushforward(self, tangents: Sequence[Array]) -> list[Slope]:
        """Return the derivative of each output along tangents."""
        balls = _balls(tangents, self.leaf_blocks)
        if not self.tape.kinked:
            along = pushed(self.tape, balls)
            return [_along(along, element) for element in self.outputs]
        return [_dot(row, balls) for row in self.jacobian()]

    def hessian(self) -> list[list[Slope]]:
        """Return the second derivatives of the only output."""
        self.afford(3 * self.inputs)  # a sweep forward, and one back that costs two
        return list(curved(self.tape, self.inputs, self.outputs[0], _units(self.inputs)))

    def curvature(self, tangents: Sequence[Array]) -> list[Slope]:
        """Return the second derivatives of the only output along tangents."""
        balls = _balls(tangents, self.leaf_blocks)
        return next(curved(self.tape, self.inputs, self.outputs[0], [balls]))


def _units(count: int) -> list[list[Ball]]:
    return [[ONE if i == j else ZERO for j in range(count)] for i in range(count)]


def _along(along: Sequence[Ball | None], element: Element) -> Ball:
    change = None if element.constant else along[element.index]
    return ZERO if change is None else change


def _dot(row: Sequence[Slope], tangents: Sequence[Ball]) -> Slope:
    """Return the derivative along a tangent; inputs that do not move do not matter."""
    total = ZERO
    for slope, tangent in zip(row, tangents, strict=True):
        if not tangent.is_zero():
            if isinstance(slope, Kink):
                return slope
            total = total + slope * tangent
    return total


def record(bound: Bound, leaves: Sequence[Array], tape: Tape) -> Trace:
    """Run a function on a tape.

    Parameters
    ----------
    bound : Bound
        The function.
    leaves : sequence of numpy.ndarray
        The point; every double is taken for exactly what it is.
    tape : Tape
        An empty one.
    """
    namespace = ExactNamespace(real_dtype(bound.inputs.dtype))
    arrays = [ElementArray(namespace, _inputs(tape, leaf)) for leaf in leaves]
    outputs = [namespace.unwrap(output) for output in bound(arrays)]
    blocks = [Block(output.shape, any(isinstance(e, ComplexElement) for e in output.flat)) for output in outputs]
    elements = [
        part
        for output, block in zip(outputs, blocks, strict=True)
        for element in output.flat
        for part in (parts(element) if block.complex else (element,))
    ]
    return Trace(tape, elements, [Block(leaf.shape, leaf.dtype.kind == "c") for leaf in leaves], blocks)


def _inputs(tape: Tape, leaf: Array) -> Array:
    elements = np.empty(leaf.shape, object)
    for index in np.ndindex(leaf.shape):
        number = leaf[index].item()
        if isinstance(number, complex):
            elements[index] = ComplexElement(tape.input(number.real), tape.input(number.imag))
        else:
            elements[index] = tape.input(number)
    return elements


def _balls(arrays: Sequence[Array], blocks: Sequence[Block]) -> list[Ball]:
    """Return arrays as balls, one for each part of the blocks that they belong to."""
    numbers = [x for array in arrays for x in array.flat]
    whole = [block.complex for block in blocks for _ in range(math.prod(block.shape))]
    pairs = zip(numbers, whole, strict=True)
    return [arb(float(part)) for x, double in pairs for part in ((x.real, x.imag) if double else (x.real,))]


class ExactBackend(RecordingBackend):
    """Ball arithmetic: derivatives with bounds that are certain to hold the true number.

    The function is recorded once, operation by operation, in balls; the derivatives of each operation are
    the coefficients of its power series, and the chain rule over them is ball arithmetic too. Precision is raised
    until a double could not show the difference. The value returned is the midpoint rounded to the dtype
    of the inputs, and its error a bound. Constants are rounded to that dtype as in any backend, and
    nothing else is rounded out of sight.
    """

    name: ClassVar[str] = "exact"
    modes: ClassVar[Mapping[str, str]] = {"ball": "certified enclosures by ball arithmetic over power series"}
    frameworks: ClassVar[tuple[str, ...]] = ("python-flint",)
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float64", "complex64", "complex128")

    def namespace(self, dtype: np.dtype[Any]) -> ExactNamespace:
        """Return the namespace of elements."""
        return ExactNamespace(dtype)

    def flags(self) -> Mapping[str, str]:
        """Return python-flint's settings, as the caller has them."""
        return {"flint precision": f"{flint.ctx.prec} bits", "flint series length": str(flint.ctx.cap)}

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Enclose the outputs."""
        return _kernel(bound, 0, lambda trace: [e.ball for e in trace.outputs], lambda t: t.output_blocks)

    def gradient(self, bound: Bound, mode: str) -> Kernel:
        """Sweep back once from the output, or from its real part."""
        return _kernel(bound, 1, Trace.gradient, lambda t: t.leaf_blocks)

    def vjp(self, bound: Bound, mode: str) -> Kernel:
        """Sweep back once from all outputs, weighed by the cotangents."""
        return _kernel(bound, 1, Trace.pullback, lambda t: t.leaf_blocks)

    def jvp(self, bound: Bound, mode: str) -> Kernel:
        """Sweep forward once along the tangents."""
        return _kernel(bound, 1, Trace.pushforward, lambda t: t.output_blocks)

    def jacobian(self, bound: Bound, mode: str) -> Kernel:
        """Sweep back from each output, or forward along each input."""
        return _kernel(
            bound,
            1,
            lambda trace: _blocks(trace.jacobian(), trace.output_blocks, trace.leaf_blocks),
            lambda trace: _products(trace.output_blocks, trace.leaf_blocks),
        )

    def hessian(self, bound: Bound, mode: str) -> Kernel:
        """Sweep forward along each input and back, to second order."""
        return _kernel(
            bound,
            2,
            lambda trace: _blocks(trace.hessian(), trace.leaf_blocks, trace.leaf_blocks),
            lambda trace: _products(trace.leaf_blocks, trace.leaf_blocks),
        )

    def hvp(self, bound: Bound, mode: str) -> Kernel:
        """Sweep forward along the tangents and back, to second order."""
        return _kernel(bound, 2, Trace.curvature, lambda t: t.leaf_blocks)


def _kernel(
    bound: Bound,
    order: int,
    differentiate: Callable[..., Sequence[Slope]],
    blocks: Callable[[Trace], list[Block]],
) -> Kernel:
    """Return a kernel that records the function at its argument and differentiates the tape."""
    dtype = real_dtype(bound.inputs.dtype)

    def kernel(leaves: Sequence[Array], *seeds: Sequence[Array]) -> list[Measured]:
        _refuse_many(leaves)
        found: list[Block] = []

        def compute() -> tuple[Sequence[Slope], int]:
            with recording(order) as tape:
                trace = record(bound, leaves, tape)
                found[:] = blocks(trace)
                return differentiate(trace, *seeds), tape.sweeps * len(tape.elements)

        return enclose(compute, dtype).cut(found)

    return kernel


def _refuse_many(leaves: Sequence[Array]) -> None:
    count = sum(leaf.size for leaf in leaves)
    if count > MAX_ELEMENTS:
        raise UnsupportedError(
            f"the inputs have {count} elements; the exact engine differentiates by at most {MAX_ELEMENTS}"
        )


def _blocks(rows: Sequence[Sequence[Slope]], left: Sequence[Block], right: Sequence[Block]) -> list[Slope]:
    """Cut a matrix into a block for each pair of arrays, and return the blocks' elements one after the other."""
    slopes: list[Slope] = []
    for above, below in pairwise(accumulate((block.parts for block in left), initial=0)):
        for start, stop in pairwise(accumulate((block.parts for block in right), initial=0)):
            slopes += [slope for row in rows[above:below] for slope in row[start:stop]]
    return slopes


def _products(left: Sequence[Block], right: Sequence[Block]) -> list[Block]:
    if any(block.complex for block in (*left, *right)):
        raise UnsupportedError("the Jacobian of complex outputs is not defined here; use gradient, jvp or vjp")
    return [Block(a.shape + b.shape) for a in left for b in right]
