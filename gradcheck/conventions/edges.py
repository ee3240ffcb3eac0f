"""The edge points: kinks, ties, zeros and saturations at which frameworks differ or are wrong.

They are no part of the catalogue, since frameworks fail at some of them: a registry of their own keeps
them out of ``gradcheck run``. An expression can be tried by hand: ``gradcheck check "abs(x)" x=0``. The points
are declared in `gradcheck.conventions.points` and, of frameworks' own functions, in `gradcheck.conventions.kernels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck.cases import Case
from gradcheck.errors import RegistrationError, UnknownNameError
from gradcheck.expressions import parse
from gradcheck.functions import Function

KINDS = {
    "kink": "Kinks",
    "composed": "Kinks in the parts of smooth functions",
    "tie": "Ties",
    "step": "Jumps",
    "zero": "Zeros: norms, spreads, roots, products and determinants",
    "power": "Powers and logarithms at zero",
    "where": "Branches that are not taken",
    "saturation": "Saturation, overflow and cancellation",
    "domain": "Edges of domains and poles",
    "range": "Subnormal, huge and infinite numbers",
    "spectrum": "Repeated and zero eigenvalues and singular values",
    "empty": "Empty arrays and arrays of one element",
    "complex": "Complex inputs",
}
"""The kinds of edge points and what people call them."""


@dataclass(frozen=True)
class Edge:
    """A function at a point where its derivative is a matter of choice or of care.

    Parameters
    ----------
    formula : str
        The function as people write it; it may be a name of which each framework has its own.
    function : Function
        The portable form.
    point : mapping of str to number or nested list
        The arguments by name, in order.
    kind : str
        One of `KINDS`.
    why : str
        What happens there, in a few words.
    source : str
        Where that is said.
    native : mapping of str to callable
        The frameworks' own functions, where theirs are compared; else empty.
    """

    formula: str
    function: Function
    point: Mapping[str, Any]
    kind: str
    why: str
    source: str
    native: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        """Whether frameworks' own functions are compared."""
        return bool(self.native)

    @property
    def tags(self) -> frozenset[str]:
        """What a selection can name: the kind, and ``own`` where frameworks' own functions are compared."""
        return frozenset({self.kind, "own"} if self.own else {self.kind})

    @property
    def where(self) -> str:
        """The point in words: ``x = 0``, ``y = 0, x = [1, 2]``."""
        return ", ".join(f"{name} = {_written(value)}" for name, value in self.point.items())

    @property
    def name(self) -> str:
        """What tells it from all others: the formula and the point."""
        return f"{self.formula} at {self.where}"

    def case(self, backends: Iterable[str] = ()) -> Case:
        """Return the case to check, with the own functions of these backends."""
        native = {name: self.native[name] for name in backends if name in self.native}
        named = Function(self.formula, self.function.parameters, portable=self.function.portable, native=native)
        arguments = tuple(np.asarray(value, complex if _is_complex(value) else float) for value in self.point.values())
        return Case(self.name, named, lambda rng: arguments, tags=self.tags, source=self.source)


def _is_complex(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "c"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return f"{value:g}"


class Edges:
    """The edge points, in the order in which they were added."""

    def __init__(self) -> None:
        self._edges: dict[str, Edge] = {}

    def add(self, edge: Edge) -> None:
        """Add an edge point.

        Raises
        ------
        RegistrationError
            If its function is there already, at that point.
        """
        if edge.name in self._edges:
            raise RegistrationError(f"{edge.name} is declared twice")
        self._edges[edge.name] = edge

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._edges.values())

    def __len__(self) -> int:
        return len(self._edges)

    def select(self, patterns: Iterable[str] = ()) -> list[Edge]:
        """Return the edge points with any of these formulas or tags; all of them without patterns.

        Raises
        ------
        UnknownNameError
            If a pattern names neither.
        """
        wanted = set(patterns)
        known = {label for edge in self for label in (edge.formula, *edge.tags)}
        for pattern in sorted(wanted - known):
            raise UnknownNameError("edge point or tag", pattern, known)
        return [edge for edge in self if not wanted or wanted & {edge.formula, *edge.tags}]


edges = Edges()
"""The edge points that ship with gradcheck."""


def expression(formula: str, kind: str, why: str, source: str, /, **point: Any) -> None:
    """Declare an expression at a point."""
    edges.add(Edge(formula, parse(formula), point, kind, why, source))


def own(
    formula: str,
    kind: str,
    why: str,
    source: str,
    definition: Callable[..., Any],
    native: Mapping[str, Callable[..., Any]],
    /,
    **point: Any,
) -> None:
    """Declare a function of which each framework has its own, beside a portable form."""
    edges.add(Edge(formula, Function.of(definition), point, kind, why, source, native))


def portable(formula: str, kind: str, why: str, source: str, function: Callable[..., Any], /, **point: Any) -> None:
    """Declare what expressions cannot say."""
    edges.add(Edge(formula, Function.of(function), point, kind, why, source))
