"""The edge points: kinks, ties, zeros and saturations at which frameworks differ or are wrong.

They are no part of the catalogue, since frameworks fail at some of them: a registry of their own keeps
them out of ``gradcheck run``. An expression can be tried by hand: ``gradcheck check "abs(x)" x=0``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.cases import Case
from gradcheck.errors import RegistrationError, UnknownNameError
from gradcheck.expressions import parse
from gradcheck.functions import Function

_DLMF = "NIST Digital Library of Mathematical Functions, section "
_CLARKE = "Clarke (1983), Optimization and Nonsmooth Analysis, section "
_HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, section "
_NUMPY = "NumPy Reference, numpy."
_TORCH = "PyTorch documentation, torch.nn."
_TRAP = "JAX documentation, Gradients contain NaN where using where"
_COMPLEX = "PyTorch documentation, Autograd for Complex Numbers"

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
    own : str
        The key of the frameworks' own functions, where theirs are compared; else empty.
    """

    formula: str
    function: Function
    point: Mapping[str, Any]
    kind: str
    why: str
    source: str
    own: str = ""

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

    def case(self, native: Mapping[str, Callable[..., Any]] | None = None) -> Case:
        """Return the case to check, with frameworks' own functions where they are given."""
        function = self.function
        named = Function(self.formula, function.parameters, portable=function.portable, native=dict(native or {}))
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


def _edge(formula: str, kind: str, why: str, source: str, /, **point: Any) -> None:
    """Declare an expression at a point."""
    edges.add(Edge(formula, parse(formula), point, kind, why, source))


def _own(
    key: str, formula: str, kind: str, why: str, source: str, portable: Callable[..., Any], /, **point: Any
) -> None:
    """Declare a function of which each framework has its own, beside a portable form."""
    edges.add(Edge(formula, Function.of(portable), point, kind, why, source, key))


def _portable(formula: str, kind: str, why: str, source: str, portable: Callable[..., Any], /, **point: Any) -> None:
    """Declare what expressions cannot say."""
    edges.add(Edge(formula, Function.of(portable), point, kind, why, source))


# -- kinks of one number ------------------------------------------------------------------------

_KINK = "a kink: any number between the slopes is a subgradient"
_edge("abs(x)", "kink", _KINK, _CLARKE + "2.1", x=0)
_edge("maximum(x, 0)", "kink", _KINK, _CLARKE + "2.3", x=0)
_edge("minimum(x, 1)", "kink", _KINK, _CLARKE + "2.3", x=1)
_edge("clip(x, -1, 1)", "kink", _KINK, _NUMPY + "clip", x=-1)
_edge("clip(x, -1, 1)", "kink", _KINK, _NUMPY + "clip", x=1)
_edge("where(x > 0, x, 0)", "kink", "a kink, written as a choice of branches", _CLARKE + "2.1", x=0)
_edge("maximum(1 - x, 0)", "kink", "the hinge loss at its kink", "Rosasco et al. (2004), Neural Computation 16", x=1)
_edge("abs(x) ** 0.5", "kink", "a cusp: the slopes are infinite, with both signs", _CLARKE + "2.1", x=0)
_edge("sqrt(x ** 2)", "kink", "abs(x) by way of an infinite slope", _TRAP, x=0)

# -- composed kinks ----------------------------------------------------------------------------

_SMOOTH = "smooth, though its parts have kinks here"
_COMPOSED = "Bolte & Pauwels (2021), Conservative set valued fields, Math. Programming 188, section 1"
_edge("maximum(x, 0) - maximum(-x, 0)", "composed", _SMOOTH, _COMPOSED, x=0)
_edge("x * abs(x)", "composed", _SMOOTH, _COMPOSED, x=0)
_edge("maximum(x, 0) ** 2", "composed", _SMOOTH, _COMPOSED, x=0)
_edge("maximum(x, -x)", "composed", "abs(x) as a maximum", _COMPOSED, x=0)
_edge("maximum(x, y) + minimum(x, y)", "composed", _SMOOTH, _COMPOSED, x=1, y=1)
_edge(
    "where(abs(x) <= 1, x ** 2 / 2, abs(x) - 0.5)",
    "composed",
    "the Huber loss where its pieces meet smoothly",
    "Huber (1964), Ann. Math. Statist. 35, 73-101",
    x=1,
)

# -- ties ---------------------------------------------------------------------------------------

_TIE = "a tie: shares of one in all"
_edge("maximum(x, y)", "tie", _TIE, _CLARKE + "2.3", x=1, y=1)
_edge("minimum(x, y)", "tie", _TIE, _CLARKE + "2.3", x=1, y=1)
_edge("max(x)", "tie", _TIE, _CLARKE + "2.3", x=[2, 1, 2])
_edge("min(x)", "tie", _TIE, _CLARKE + "2.3", x=[1, 2, 1, 1])
_edge("sort(x)[0]", "tie", _TIE, _NUMPY + "sort", x=[1, 1, 2])
_edge("median(x)", "tie", _TIE, _NUMPY + "median", x=[1, 1, 2])
_edge("median(x)", "tie", "an even count with a tie in the middle", _NUMPY + "median", x=[1, 2, 2, 3])
_edge("max(abs(x))", "tie", "the maximum norm at a tie", _CLARKE + "2.3", x=[-2, 2])
_edge("logaddexp(x, y)", "tie", "smooth at the tie", _NUMPY + "logaddexp", x=1, y=1)
_edge("logsumexp(x)", "tie", "smooth at the tie", "SciPy Reference, scipy.special.logsumexp", x=[3, 3])

# -- steps --------------------------------------------------------------------------------------

_STEP = "a jump; the gradient on either side is 0"
_edge("sign(x)", "step", _STEP, _NUMPY + "sign", x=0)
_edge("floor(x)", "step", _STEP, _NUMPY + "floor", x=2)
_edge("ceil(x)", "step", _STEP, _NUMPY + "ceil", x=2)
_edge("x - floor(x)", "step", "x modulo 1: a jump; the gradient on either side is 1", _NUMPY + "mod", x=2)
_edge("where(x > 0, 1, 0) * x", "step", "a ramp made with a step", _CLARKE + "2.1", x=0)

# -- norms, spreads and roots at zero -----------------------------------------------------------

_CONE = "the tip of a cone: any vector of length up to 1 is a subgradient"
_edge("norm(x)", "zero", _CONE, _CLARKE + "2.1", x=[0, 0])
_edge("sqrt(sum(x ** 2))", "zero", _CONE, _TRAP, x=[0, 0])
_edge("norm(x, 1)", "zero", "the 1-norm with a zero element", _NUMPY + "linalg.norm", x=[0, 2])
_edge("hypot(x, y)", "zero", _CONE, _NUMPY + "hypot", x=0, y=0)
_edge("std(x)", "zero", "the spread of equal numbers: the tip of a cone", _NUMPY + "std", x=[2, 2, 2])
_edge("var(x)", "zero", "smooth, with slope 0", _NUMPY + "var", x=[2, 2, 2])
_edge("sqrt(x)", "zero", "the slope is infinite", _DLMF + "4.2", x=0)
_edge("cbrt(x)", "zero", "the slope is infinite", _NUMPY + "cbrt", x=0)
_edge("sinc(x)", "zero", "smooth, with slope 0; the formula divides by 0", _NUMPY + "sinc", x=0)
_edge("arctan2(y, x)", "zero", "no derivative in any sense", _NUMPY + "arctan2", y=0, x=0)
_edge("arctan2(y, x)", "zero", "a jump by 2 pi in y", _NUMPY + "arctan2", y=0, x=-1)
_edge("sum(cumprod(x))", "zero", "smooth; a rule that divides by x fails", _NUMPY + "cumprod", x=[2, 0, 3])
_edge("sum(cumprod(x))", "zero", "smooth; a rule that divides by x fails", _NUMPY + "cumprod", x=[0, 2, 0])
_edge("prod(x)", "zero", "smooth; a rule that divides by x fails", _NUMPY + "prod", x=[2, 0, 3])
_edge("prod(x)", "zero", "smooth, with slope 0", _NUMPY + "prod", x=[0, 2, 0])
_edge("det(a)", "zero", "smooth; a rule that inverts the matrix fails", _DLMF + "1.2", a=[[1, 2], [2, 4]])
_edge("det(a)", "zero", "smooth, with slope 0", _DLMF + "1.2", a=[[0, 0], [0, 0]])
_edge("slogdet(a)[1]", "zero", "minus infinity: no derivative", _NUMPY + "linalg.slogdet", a=[[1, 2], [2, 4]])

# -- powers and logarithms ----------------------------------------------------------------------

_edge("x ** 0", "power", "1 for every x", _DLMF + "4.2", x=0)
_edge("x ** y", "power", "1 for y = 0 and x > 0, 0 for x = 0 and y > 0", _DLMF + "4.2", x=0, y=0)
_edge("x ** y", "power", "smooth in x; 0 in y", _DLMF + "4.2", x=0, y=2)
_edge("x ** y", "power", "slope 1 in x; 0 in y", _DLMF + "4.2", x=0, y=1)
_edge("x ** y", "power", "real for whole y only", _DLMF + "4.2", x=-2, y=3)
_edge("0 ** x", "power", "0 for every x > 0", _DLMF + "4.2", x=2)
_edge("x ** 1.5", "power", "smooth from the right, with slope 0", _DLMF + "4.2", x=0)
_edge("x * log(x)", "power", "0 times minus infinity", _DLMF + "4.2", x=0)
_edge("xlogy(x, y)", "power", "0 by definition", "SciPy Reference, scipy.special.xlogy", x=0, y=0)
_edge("xlogy(x, y)", "power", "smooth", "SciPy Reference, scipy.special.xlogy", x=0, y=2)

# -- branches that are not taken ----------------------------------------------------------------

_MASKED = "the branch that is not taken has an infinite or undefined slope"
_edge("where(x > 0, sqrt(x), 0)", "where", _MASKED, _TRAP, x=-1)
_edge("where(x > 0, sqrt(x), 0)", "where", _MASKED, _TRAP, x=0)
_edge("sqrt(where(x > 0, x, 0))", "where", "the mask stops the infinite slope", _TRAP, x=-1)
_edge("where(x == 0, 1, sin(x) / x)", "where", _MASKED, _TRAP, x=0)
_edge("where(x > 0, x * log(x), 0)", "where", _MASKED, _TRAP, x=-1)

# -- saturation and edges of domains ------------------------------------------------------------

_LOST = "1 - f(x)**2 and the like cancel"
_edge("tanh(x)", "saturation", _LOST, _HIGHAM + "1.7", x=20)
_edge("expit(x)", "saturation", _LOST, _HIGHAM + "1.7", x=40)
_edge("expm1(x)", "saturation", "f(x) + 1 cancels", _HIGHAM + "1.14", x=-40)
_edge("erf(x)", "saturation", "a small slope at a value of 1", _DLMF + "7.2", x=6)
_edge("log(1 + exp(x))", "saturation", "the exponential overflows; the slope is 1", _HIGHAM + "27.8", x=1000)
_edge("logaddexp(x, 0)", "saturation", "the same without overflow", _NUMPY + "logaddexp", x=1000)
_edge("log(expit(x))", "saturation", "the logistic function underflows; the slope is 1", _HIGHAM + "27.8", x=-800)
_edge("(1 - cos(x)) / x ** 2", "saturation", "1 - cos(x) cancels", _HIGHAM + "1.7", x=1e-9)
_edge("arcsin(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.24", x=1)
_edge("arccosh(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.38", x=1)
_edge("log1p(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.2", x=-1)
_edge("1 / x", "domain", "a pole", _DLMF + "4.2", x=0)

# -- frameworks' own functions -------------------------------------------------------------------

_own("relu", "relu(x)", "kink", _KINK, _TORCH + "ReLU", lambda xp, x: xp.maximum(x, 0.0), x=0)
_own("relu6", "relu6(x)", "kink", _KINK, _TORCH + "ReLU6", lambda xp, x: xp.clip(x, 0.0, 6.0), x=6)
_own(
    "leaky_relu", "leaky_relu(x)", "kink", _KINK, _TORCH + "LeakyReLU",
    lambda xp, x: xp.where(x > 0.0, x, 0.01 * x), x=0,
)  # fmt: skip
_own(
    "elu", "elu(x)", "composed", "smooth for alpha = 1", _TORCH + "ELU",
    lambda xp, x: xp.where(x > 0.0, x, xp.expm1(x)), x=0,
)  # fmt: skip
_own(
    "selu", "selu(x)", "kink", _KINK, _TORCH + "SELU",
    lambda xp, x: 1.0507009873554805 * xp.where(x > 0.0, x, 1.6732632423543772 * xp.expm1(x)), x=0,
)  # fmt: skip
_own(
    "hardtanh", "hardtanh(x)", "kink", _KINK, _TORCH + "Hardtanh", lambda xp, x: xp.clip(x, -1.0, 1.0), x=1
)  # fmt: skip
_own("round", "round(x)", "step", _STEP, _NUMPY + "round", lambda xp, x: xp.floor(x + 0.5), x=1.5)
_own(
    "softplus", "softplus(x)", "saturation", "the slope is 1", _TORCH + "Softplus",
    lambda xp, x: xp.logaddexp(x, 0.0), x=1000,
)  # fmt: skip
_own(
    "largest", "max(x, axis=0)", "tie", _TIE, _NUMPY + "max", lambda xp, x: xp.max(x, axis=0), x=[2, 1, 2]
)  # fmt: skip
_own(
    "cumulative_maximum", "cummax(x)[2]", "tie", _TIE, _NUMPY + "maximum",
    lambda xp, x: xp.maximum(xp.maximum(x[0], x[1]), x[2]), x=[1, 2, 2],
)  # fmt: skip
_own(
    "remainder", "mod(x, 3)", "step", "a jump; the gradient on either side is 1", _NUMPY + "mod",
    lambda xp, x: x - 3.0 * xp.floor(x / 3.0), x=6,
)  # fmt: skip

# -- complex numbers -----------------------------------------------------------------------------

_portable("abs(z)", "complex", "the tip of a cone", _COMPLEX, lambda xp, z: xp.abs(z), z=0j)
_portable("abs(z)", "complex", "g = df/dRe + i df/dIm = z / abs(z)", _COMPLEX, lambda xp, z: xp.abs(z), z=3 + 4j)
_portable("real(z ** 2)", "complex", "g = 2 conj(z)", _COMPLEX, lambda xp, z: xp.real(z * z), z=1 + 2j)
_portable(
    "real(z conj(z))", "complex", "g = 2 z: not holomorphic", _COMPLEX, lambda xp, z: xp.real(z * xp.conj(z)), z=1 + 2j
)
_portable("imag(z)", "complex", "g = i", _COMPLEX, lambda xp, z: xp.imag(z), z=1 + 2j)
