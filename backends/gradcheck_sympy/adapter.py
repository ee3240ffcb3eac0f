"""The adapter of SymPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcheck.backend import Bound, Kernel, Measured
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array, real_dtype
from gradcheck.recording import RecordingBackend
from gradcheck_sympy import precise
from gradcheck_sympy.backpropagation import Node, backpropagate
from gradcheck_sympy.graph import Graph, Program, Term, differentiate
from gradcheck_sympy.namespace import SympyNamespace
from gradcheck_sympy.tracing import Trace, flat, shaped, trace

PRECISE = "precise"
"""The mode that knows its errors."""


class SympyBackend(RecordingBackend):
    """SymPy: the function is traced with one real symbol for each element of its inputs.

    SymPy differentiates every elementary operation; constants are exact. Everything is evaluated in
    float64 by NumPy and SciPy, and the result is rounded to the dtype of the inputs. The mode
    ``precise`` evaluates by mpmath in two precisions, whose difference is its error estimate; where the
    point is a kink, a jump, a tie or a pole, the value is NaN and the error infinite, or it is
    unsupported. The steps of backpropagation can be had as data from `backpropagation`.
    """

    name: ClassVar[str] = "sympy"
    modes: ClassVar[Mapping[str, str]] = {
        "symbolic": "symbolic derivatives with common subexpressions, lambdified",
        "backprop": "backpropagation by hand through the graph of elementary operations",
        "precise": "symbolic derivatives evaluated by mpmath in two precisions, with an error estimate",
    }
    frameworks: ClassVar[tuple[str, ...]] = ("sympy", "mpmath")

    def namespace(self, dtype: np.dtype[Any]) -> SympyNamespace:
        """Return the namespace of terms."""
        return SympyNamespace(dtype)

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Evaluate the expressions."""
        if mode == PRECISE:
            return _kernel(bound, lambda traced, shapes: precise.value(traced, _dtype(bound)))
        return _kernel(bound, lambda traced, shapes: _evaluation(traced.graph, traced.terms, traced.output_shapes))

    def jacobian(self, bound: Bound, mode: str) -> Kernel | None:
        """Differentiate each output symbolically by each input, or propagate back from each output in turn."""
        if mode == PRECISE:
            return _kernel(bound, _blocks_in(precise.slopes, _dtype(bound)))
        return _kernel(bound, _pullbacks if mode == "backprop" else _jacobian)

    def gradient(self, bound: Bound, mode: str) -> Kernel | None:
        """Differentiate the output symbolically, or propagate 1 back from it."""
        if mode == "backprop":
            return _kernel(bound, lambda traced, shapes: lambda leaves: _pullback(traced, leaves, [np.ones(())]))
        return self.jacobian(bound, mode)  # of one 0-d output they have the same arrays

    def jvp(self, bound: Bound, mode: str) -> Kernel | None:
        """Leave it to be derived from the Jacobian, but for the errors of the precise one."""
        if mode != PRECISE:
            return None
        return _kernel(
            bound, lambda traced, shapes: precise.product(precise.slopes(traced), traced.output_shapes, _dtype(bound))
        )

    def vjp(self, bound: Bound, mode: str) -> Kernel | None:
        """Propagate cotangents back."""
        if mode == "backprop":
            return _kernel(bound, lambda traced, shapes: lambda leaves, seed: _pullback(traced, leaves, seed))
        if mode != PRECISE:
            return None
        return _kernel(
            bound,
            lambda traced, shapes: precise.product(precise.slopes(traced), shapes, _dtype(bound), transposed=True),
        )

    def hessian(self, bound: Bound, mode: str) -> Kernel | None:
        """Differentiate twice symbolically."""
        _refuse_second_order(mode)
        return _kernel(bound, _blocks_in(precise.curvatures, _dtype(bound)) if mode == PRECISE else _hessian)

    def hvp(self, bound: Bound, mode: str) -> Kernel | None:
        """Leave the symbolic one to be derived from the Hessian."""
        _refuse_second_order(mode)
        if mode != PRECISE:
            return None
        return _kernel(bound, lambda traced, shapes: precise.product(precise.curvatures(traced), shapes, _dtype(bound)))


def _refuse_second_order(mode: str) -> None:
    if mode == "backprop":
        raise UnsupportedError("backpropagation by hand gives first derivatives only; use the mode symbolic")


def backpropagation(bound: Bound, leaves: Sequence[Array], cotangents: Sequence[Array] | None = None) -> list[Node]:
    """Return every step of backpropagation by hand.

    Parameters
    ----------
    bound : Bound
        The function, bound by `SympyBackend.bind`.
    leaves : sequence of numpy.ndarray
        The point, one array for each differentiated leaf.
    cotangents : sequence of numpy.ndarray, optional
        One array like each output; by default ones.

    Returns
    -------
    list of Node
        The inputs, then the operations in topological order. Their adjoints are derivatives.
    """
    traced = trace(bound, leaves)
    seed = [np.ones(o.shape) for o in traced.outputs] if cotangents is None else cotangents
    names = [name for label, leaf in zip(bound.inputs.labels, leaves, strict=True) for name in _names(label, leaf)]
    return backpropagate(traced.graph, traced.terms, flat(seed), flat(leaves), names)


def _names(label: str, leaf: Array) -> list[str]:
    return [label + (f"[{', '.join(map(str, index))}]" if index else "") for index in np.ndindex(leaf.shape)]


def _kernel(bound: Bound, prepare: Callable[[Trace, list[tuple[int, ...]]], Kernel]) -> Kernel:
    """Return a kernel that traces and prepares at its first call, and once for each set of shapes."""
    prepared: dict[tuple[tuple[int, ...], ...], Kernel] = {}
    dtype = _dtype(bound)

    def rounded(result: Array | Measured) -> Array | Measured:
        return result if isinstance(result, Measured) else np.asarray(result).astype(dtype)

    def kernel(leaves: Sequence[Array], *seeds: Sequence[Array]) -> list[Array | Measured]:
        shapes = tuple(leaf.shape for leaf in leaves)
        if shapes not in prepared:
            prepared[shapes] = prepare(trace(bound, leaves), list(shapes))
        with np.errstate(over="ignore"):
            return [rounded(result) for result in prepared[shapes](leaves, *seeds)]

    return kernel


def _dtype(bound: Bound) -> np.dtype[Any]:
    return real_dtype(bound.inputs.dtype)


def _blocks_in(
    prepare: Callable[[Trace], precise.Matrix], dtype: np.dtype[Any]
) -> Callable[[Trace, list[tuple[int, ...]]], Kernel]:
    """Return what prepares a matrix of the precise mode, cut into blocks."""

    def blocks(traced: Trace, shapes: list[tuple[int, ...]]) -> Kernel:
        left = shapes if prepare is precise.curvatures else traced.output_shapes
        return precise.blocks(prepare(traced), left, shapes, dtype)

    return blocks


def _evaluation(graph: Graph, terms: Sequence[Term], shapes: Sequence[tuple[int, ...]]) -> Kernel:
    program = Program(graph, terms)
    return lambda leaves: shaped(np.array(program(flat(leaves)), np.float64), shapes)


def _jacobian(traced: Trace, shapes: Sequence[tuple[int, ...]]) -> Kernel:
    rows = differentiate(traced.graph, traced.terms)
    return _blocks(traced.graph, rows, traced.output_shapes, shapes)


def _hessian(traced: Trace, shapes: Sequence[tuple[int, ...]]) -> Kernel:
    (slopes,) = differentiate(traced.graph, traced.terms)
    return _blocks(traced.graph, differentiate(traced.graph, slopes), shapes, shapes)


def _blocks(
    graph: Graph, rows: Sequence[Sequence[Term]], left: Sequence[tuple[int, ...]], right: Sequence[tuple[int, ...]]
) -> Kernel:
    """Evaluate a matrix of terms and cut it into one block for each pair of shapes."""
    program = Program(graph, [term for row in rows for term in row])
    columns = sum(int(np.prod(s, dtype=int)) for s in right)

    def kernel(leaves: Sequence[Array]) -> list[Array]:
        matrix = np.array(program(flat(leaves)), np.float64).reshape(len(rows), columns)
        blocks, start = [], 0
        for shape in left:
            count = int(np.prod(shape, dtype=int))
            part, first = matrix[start : start + count], 0
            for other in right:
                width = int(np.prod(other, dtype=int))
                blocks.append(part[:, first : first + width].reshape(shape + other))
                first += width
            start += count
        return blocks

    return kernel


def _pullbacks(traced: Trace, shapes: Sequence[tuple[int, ...]]) -> Kernel:
    """Return the Jacobian row by row, each from one backward pass."""
    units = [shaped(unit, traced.output_shapes) for unit in np.eye(len(traced.terms))]

    def kernel(leaves: Sequence[Array]) -> list[Array]:
        rows = [_pullback(traced, leaves, unit) for unit in units]
        blocks, start = [], 0
        for output in traced.outputs:
            for k, shape in enumerate(shapes):
                part = [row[k] for row in rows[start : start + output.size]]
                blocks.append(np.array(part, np.float64).reshape(output.shape + shape))
            start += output.size
        return blocks

    return kernel


def _pullback(traced: Trace, leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
    names = [""] * traced.graph.inputs
    nodes = backpropagate(traced.graph, traced.terms, flat(cotangents), flat(leaves), names)
    adjoints = np.array([node.adjoint for node in nodes[: traced.graph.inputs]], np.float64)
    return shaped(adjoints, [leaf.shape for leaf in leaves])
