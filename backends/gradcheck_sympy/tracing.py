"""A portable function as a graph of SymPy's operations, for inputs of certain shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.backend import Bound
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array, real_dtype
from gradcheck.namespaces.elements import ElementArray
from gradcheck_sympy.graph import Graph, Term, building
from gradcheck_sympy.namespace import SympyNamespace

MAX_SYMBOLS = 128
"""How many elements the differentiated inputs may have: each is a symbol that everything is differentiated by."""


@dataclass(frozen=True)
class Trace:
    """A function as a graph, for inputs of certain shapes.

    Parameters
    ----------
    graph : Graph
        Its elementary operations; the inputs' elements come first.
    outputs : tuple of numpy.ndarray
        The terms of each output, of dtype object.
    """

    graph: Graph
    outputs: tuple[Array, ...]

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        """The shape of each output."""
        return [output.shape for output in self.outputs]

    @property
    def terms(self) -> list[Term]:
        """The terms of all outputs, flat."""
        return [term for output in self.outputs for term in output.flat]


def trace(bound: Bound, leaves: Sequence[Array]) -> Trace:
    """Run a function on symbols shaped like its inputs.

    Parameters
    ----------
    bound : Bound
        The function.
    leaves : sequence of numpy.ndarray
        A point; its values only choose the pivots of eliminations.

    Raises
    ------
    UnsupportedError
        If the inputs have more than `MAX_SYMBOLS` elements, or the expressions become too large.
    """
    count = sum(leaf.size for leaf in leaves)
    if count > MAX_SYMBOLS:
        raise UnsupportedError(
            f"the inputs have {count} elements; SymPy differentiates by at most {MAX_SYMBOLS} symbols here"
        )
    namespace = SympyNamespace(real_dtype(bound.inputs.dtype))
    with building(Graph(flat(leaves))) as graph:
        terms = np.empty(count, object)
        terms[:] = [Term(i) for i in range(count)]
        symbols = [ElementArray(namespace, a) for a in shaped(terms, [leaf.shape for leaf in leaves])]
        outputs = [namespace.unwrap(output) for output in bound(symbols)]
    return Trace(graph, tuple(outputs))


def flat(arrays: Sequence[Array]) -> list[float]:
    """Return the elements of arrays, one after the other."""
    return [float(x) for array in arrays for x in array.flat]


def shaped(flat: Any, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Cut a flat array into arrays of shapes."""
    parts, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape, dtype=int))
        parts.append(flat[start : start + size].reshape(shape))
        start += size
    return parts
