"""One or several calls of every function of the vocabulary, at points where it is smooth.

The expected value of a sample is what NumPy and SciPy give when they are called directly, without
any namespace of gradcheck. Inputs are of magnitude one, and stay at least 0.1 away from kinks,
ties, poles and the ends of domains, so that differences with steps below that are legal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import optree
import scipy.linalg
import scipy.special

from gradcheck.functions import Array

SYNTAX = ("getitem", "attributes", "constants")
"""What arrays and ``xp`` offer beside functions; it has samples too."""

SLICE = (
    "add", "multiply", "where", "tanh", "power", "sum", "var", "concatenate", "getitem", "matmul", "linalg.solve",
    "special.erf",
)  # fmt: skip
"""The functions that stand for all where running every one would take too long."""


class PlainAlgebra:
    """`numpy.linalg`, and two functions of `scipy.linalg`."""

    expm = staticmethod(scipy.linalg.expm)
    solve_triangular = staticmethod(scipy.linalg.solve_triangular)

    def __getattr__(self, name: str) -> Any:
        return getattr(np.linalg, name)


class PlainNumpy:
    """NumPy and SciPy, called directly under the names of the vocabulary."""

    linalg = PlainAlgebra()
    fft = np.fft
    special = scipy.special

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


PLAIN = PlainNumpy()
"""The namespace that expected values are computed with."""


@dataclass(frozen=True)
class Sample:
    """A call of one function of the vocabulary.

    Parameters
    ----------
    name : str
        The dotted name of the function, or one of `SYNTAX`.
    variant : str
        What this call shows: ``"axis"``, ``"0-d"``, ``"broadcast"``, ...
    function : callable
        The portable function ``f(xp, *inputs)``.
    inputs : tuple of pytrees
        Its arguments; floating leaves are float64, or complex128 in `COMPLEX_SAMPLES`.
    differentiable : bool
        False where only the value means something: the derivative of ``floor`` is zero or undefined.
    """

    name: str
    variant: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    differentiable: bool = True

    @property
    def id(self) -> str:
        """The name and the variant, as they stand in the identifiers of tests."""
        return f"{self.name}-{self.variant}"

    def expected(self, inputs: tuple[Any, ...] | None = None) -> list[Array]:
        """Return the output leaves that plain NumPy gives.

        Parameters
        ----------
        inputs : tuple of pytrees, optional
            Other inputs than the sample's own.
        """
        outputs = self.function(PLAIN, *(self.inputs if inputs is None else inputs))
        return [np.asarray(leaf) for leaf in optree.tree_leaves(outputs)]


# -- points -----------------------------------------------------------------------------------

REAL = np.array([-1.3, 0.4, 2.1])
OTHER = np.array([0.9, -0.6, 1.5])
POSITIVE = np.array([0.3, 1.2, 2.7])
INSIDE = np.array([-0.7, 0.2, 0.6])
ABOVE_ONE = np.array([1.2, 1.9, 3.4])
PROBABILITY = np.array([0.2, 0.45, 0.8])
TALL = np.array([[0.7], [-1.1]])
M22 = np.array([[1.3, -0.4], [0.6, 0.9]])
N22 = np.array([[0.5, 1.1], [-0.8, 1.6]])
M23 = np.array([[0.8, -1.3, 0.3], [1.9, 0.5, -0.6]])
M32 = np.array([[-0.9, 0.4], [1.2, 0.7], [0.2, -1.5]])
M33 = np.array([[2.1, -0.4, 0.7], [0.5, 1.6, -0.9], [-0.3, 0.8, 1.9]])
V2 = np.array([0.7, -1.2])
V4 = np.array([1.4, -0.5, 0.8, -1.7])
T213 = np.array([[[0.6, -1.4, 1.1]], [[-0.3, 0.9, 1.8]]])
B22 = np.stack([M22, N22])
"""Two matrices, a batch."""


def _batch(points: Array) -> Array:
    """Return an array of shape (2, 1, 3) inside the hull of three points."""
    return np.stack([points, 0.8 * points + 0.2 * points.mean()])[:, None, :]


def _named(name: str) -> Callable[..., Any]:
    """Return the portable function that does nothing but call ``xp.name(*args)``."""

    def call(xp: Any, *args: Any) -> Any:
        for part in name.split("."):
            xp = getattr(xp, part)
        return xp(*args)

    return call


# -- the tables -------------------------------------------------------------------------------

_UNARY = {
    "abs": REAL, "negative": REAL, "positive": REAL, "sqrt": POSITIVE, "cbrt": POSITIVE, "square": REAL,
    "reciprocal": REAL, "exp": REAL, "exp2": REAL, "expm1": REAL, "log": POSITIVE, "log2": POSITIVE,
    "log10": POSITIVE, "log1p": POSITIVE, "sin": REAL, "cos": REAL, "tan": INSIDE, "arcsin": INSIDE,
    "arccos": INSIDE, "arctan": REAL, "sinh": REAL, "cosh": REAL, "tanh": REAL, "arcsinh": REAL,
    "arccosh": ABOVE_ONE, "arctanh": INSIDE, "sinc": REAL, "real": REAL, "conj": REAL,
    "special.erf": REAL, "special.erfc": REAL, "special.gammaln": POSITIVE, "special.digamma": POSITIVE,
    "special.expit": REAL, "special.logit": PROBABILITY, "special.ndtr": REAL,
    "special.erfinv": INSIDE, "special.ndtri": PROBABILITY, "special.log_ndtr": REAL, "special.erfcx": REAL,
    "special.dawsn": REAL, "special.entr": POSITIVE, "special.gamma": POSITIVE, "special.i0": REAL,
    "special.i0e": REAL, "special.i1": REAL, "special.i1e": REAL, "special.j0": REAL, "special.j1": REAL,
    "special.exp1": POSITIVE, "special.expi": POSITIVE, "special.spence": POSITIVE,
}  # fmt: skip

_BINARY = {
    "add": (REAL, OTHER), "subtract": (REAL, OTHER), "multiply": (REAL, OTHER), "divide": (REAL, OTHER),
    "power": (POSITIVE, OTHER), "logaddexp": (REAL, OTHER), "arctan2": (REAL, OTHER), "hypot": (REAL, OTHER),
    "maximum": (REAL, OTHER), "minimum": (REAL, OTHER), "special.xlogy": (REAL, POSITIVE),
    "special.xlog1py": (REAL, POSITIVE), "special.rel_entr": (POSITIVE, ABOVE_ONE),
    "special.kl_div": (POSITIVE, ABOVE_ONE), "special.beta": (POSITIVE, ABOVE_ONE),
    "special.betaln": (POSITIVE, ABOVE_ONE),
}  # fmt: skip

_COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")


def _unary() -> Iterable[Sample]:
    for name, points in _UNARY.items():
        f = _named(name)
        yield Sample(name, "vector", f, (points,))
        yield Sample(name, "0-d", f, (points[1],))
        yield Sample(name, "batched", f, (_batch(points),))


def _binary() -> Iterable[Sample]:
    for name, (x, y) in _BINARY.items():
        f = _named(name)
        yield Sample(name, "vectors", f, (x, y))
        yield Sample(name, "0-d", f, (x[2], y[2]))
        yield Sample(name, "broadcast", f, (_batch(x), y[1:][:, None]))
        yield Sample(name, "0-d-first", f, (x[2], y))
        yield Sample(name, "number-second", partial(_number_second, name), (x,))
        yield Sample(name, "number-first", partial(_number_first, name), (y,))


def _number_second(name: str, xp: Any, x: Any) -> Any:
    return _named(name)(xp, x, 0.75)


def _number_first(name: str, xp: Any, y: Any) -> Any:
    return _named(name)(xp, 0.75, y)


def _comparisons() -> Iterable[Sample]:
    for name in _COMPARISONS:
        yield Sample(name, "vectors", partial(_choice, name), (REAL, OTHER))
        yield Sample(name, "number", partial(_choice_by_number, name), (M23,))


def _choice(name: str, xp: Any, x: Any, y: Any) -> Any:
    return xp.where(_named(name)(xp, x, y), x * y, y)


def _choice_by_number(name: str, xp: Any, x: Any) -> Any:
    return xp.where(_named(name)(xp, x, 0.4), x, x * x)


def _written() -> Iterable[Sample]:
    """Yield the samples whose calls are written out."""
    s = Sample
    three = np.array([2, 0, 1])

    yield s("asarray", "list", lambda xp, x: x * xp.asarray([1.5, -2.0, 0.5]), (REAL,))
    yield s("asarray", "nested", lambda xp, x: x * xp.asarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), (M23,))
    yield s("asarray", "number", lambda xp, x: x * xp.asarray(2.5), (REAL,))
    yield s("asarray", "array", lambda xp, x: xp.asarray(x) * 2.0, (REAL,))
    yield s("asarray", "booleans", lambda xp, x: xp.where(xp.asarray([True, False, True]), x, -x * x), (REAL,))
    yield s("asarray", "integers", lambda xp, x: xp.take(x, xp.asarray([2, 0])), (REAL,))
    yield s("zeros", "length", lambda xp, x: x + xp.zeros(3), (REAL,))
    yield s("zeros", "shape", lambda xp, x: x + xp.zeros((2, 1, 3)), (REAL,))
    yield s("zeros", "empty", lambda xp, x: xp.concatenate([xp.zeros((0,)), x]), (REAL,))
    yield s("ones", "length", lambda xp, x: x * xp.ones(3), (REAL,))
    yield s("ones", "shape", lambda xp, x: x * xp.ones((2, 3)), (REAL,))
    yield s("full", "length", lambda xp, x: x * xp.full(3, 1.5), (REAL,))
    yield s("full", "shape", lambda xp, x: x + xp.full((2, 3), -0.5), (REAL,))
    yield s("zeros_like", "vector", lambda xp, x: x * x + xp.zeros_like(x), (REAL,))
    yield s("zeros_like", "batched", lambda xp, x: x + xp.zeros_like(x), (T213,))
    yield s("ones_like", "vector", lambda xp, x: x * x + xp.ones_like(x), (REAL,))
    yield s("ones_like", "0-d", lambda xp, x: x + xp.ones_like(x), (REAL[0],))
    yield s("full_like", "vector", lambda xp, x: x * xp.full_like(x, 1.25), (REAL,))
    yield s("full_like", "matrix", lambda xp, x: x * xp.full_like(x, -0.5), (M23,))
    yield s("eye", "square", lambda xp, x: (xp.eye(2) * 2.0) @ x, (M22,))
    yield s("eye", "rectangle", lambda xp, x: xp.eye(3, 2) @ x, (M22,))
    yield s("eye", "diagonal", lambda xp, x: xp.eye(3, k=-1) @ x, (REAL,))
    yield s("arange", "floats", lambda xp, x: x * xp.arange(1.0, 2.5, 0.5), (REAL,))
    yield s("arange", "stop", lambda xp, x: x * xp.arange(3.0), (REAL,))
    yield s("arange", "integers", lambda xp, x: xp.take(x, xp.arange(1, 3)), (REAL,))
    yield s("linspace", "few", lambda xp, x: x * xp.linspace(0.0, 1.0, 3), (REAL,))
    yield s("linspace", "num", lambda xp, x: x * xp.linspace(-1.0, 2.0, num=3), (REAL,))

    yield s("sign", "value", lambda xp, x: xp.sign(x), (REAL,), False)
    yield s("sign", "product", lambda xp, x: x * x * xp.sign(x), (REAL,))
    yield s("floor", "value", lambda xp, x: xp.floor(x), (M23,), False)
    yield s("floor", "product", lambda xp, x: x * x * xp.floor(x), (REAL,))
    yield s("ceil", "value", lambda xp, x: xp.ceil(x), (M23,), False)
    yield s("ceil", "product", lambda xp, x: x * x * xp.ceil(x), (REAL,))
    yield s("imag", "of-real", lambda xp, x: x * x + xp.imag(x), (REAL,))
    yield s("cbrt", "negative", lambda xp, x: xp.cbrt(x), (REAL,))
    yield s("exp", "overflow-free", lambda xp, x: xp.log(1.0 + xp.exp(-xp.abs(x))), (REAL,))
    yield s("abs", "operator", lambda xp, x: abs(x), (REAL,))
    yield s("negative", "operator", lambda xp, x: -x * x, (REAL,))
    yield s("positive", "operator", lambda xp, x: +x * x, (REAL,))
    yield s("add", "operator", lambda xp, x, y: (x + y) + 0.5, (REAL, OTHER))
    yield s("add", "reflected", lambda xp, x: 0.5 + x, (T213,))
    yield s("subtract", "operator", lambda xp, x, y: (x - y) - 0.5, (REAL, TALL))
    yield s("subtract", "reflected", lambda xp, x: 0.5 - x, (REAL,))
    yield s("multiply", "operator", lambda xp, x, y: x * y * 2, (REAL, OTHER))
    yield s("multiply", "reflected", lambda xp, x: 3 * x, (M23,))
    yield s("multiply", "integers", lambda xp, x: x * xp.asarray([1, 2, 3]), (REAL,))
    yield s("divide", "operator", lambda xp, x, y: x / y / 2, (REAL, OTHER))
    yield s("divide", "reflected", lambda xp, x: 1 / x, (REAL,))
    yield s("power", "operator", lambda xp, x: x**3, (REAL,))
    yield s("power", "root", lambda xp, x: x**-0.5, (POSITIVE,))
    yield s("power", "arrays", lambda xp, x, y: x**y, (POSITIVE, OTHER))
    yield s("power", "reflected", lambda xp, x: 2**x, (REAL,))
    yield s("power", "negative-base", lambda xp, x: xp.power(x, 2), (-POSITIVE,))
    yield s("maximum", "zero", lambda xp, x: xp.maximum(x, 0), (REAL,))
    yield s("minimum", "zero", lambda xp, x: xp.minimum(0.0, x), (REAL,))
    yield s("special.xlogy", "zero", lambda xp, y: xp.special.xlogy(0.0, y) + y * y, (POSITIVE,))
    yield s("clip", "both", lambda xp, x: xp.clip(x, -0.5, 1.2), (REAL,))
    yield s("clip", "lower", lambda xp, x: xp.clip(x, 0.0, None), (REAL,))
    yield s("clip", "arrays", lambda xp, x, a: xp.clip(x, a, a + 1.0), (REAL, np.array([-1.0, -1.0, 0.5])))
    yield s("where", "arrays", lambda xp, x, y: xp.where(x > 0.0, x * y, y * y), (REAL, OTHER))
    yield s("where", "number", lambda xp, x: xp.where(x > 0.0, x * x, 0.0), (REAL,))
    yield s("where", "numbers", lambda xp, x: x * xp.where(x > 0.0, 1.0, 0.25), (REAL,))
    yield s("where", "broadcast", lambda xp, x, y: xp.where(y > 0.0, x, y), (REAL, TALL))
    yield s("logical_and", "masks", lambda xp, x, y: xp.where(xp.logical_and(x > 0, y > 0), x * y, y), (REAL, OTHER))
    yield s("logical_and", "operator", lambda xp, x: xp.where((x > 0.0) & (x < 1.0), x * x, x), (REAL,))
    yield s("logical_or", "masks", lambda xp, x, y: xp.where(xp.logical_or(x > 1, y > 0), x * y, y), (REAL, OTHER))
    yield s("logical_or", "operator", lambda xp, x: xp.where((x < 0.0) | (x > 1.0), x * x, x), (REAL,))
    yield s("logical_not", "mask", lambda xp, x: xp.where(xp.logical_not(x > 0.0), x * x, x), (REAL,))
    yield s("logical_not", "operator", lambda xp, x: xp.where(~(x > 0.0), x * x, x), (REAL,))

    yield s("sum", "all", lambda xp, x: xp.sum(x * x), (REAL,))
    yield s("mean", "all", lambda xp, x: xp.mean(x * x), (REAL,))
    yield s("prod", "all", lambda xp, x: xp.prod(x), (REAL,))
    yield s("var", "all", lambda xp, x: xp.var(x), (REAL,))
    yield s("std", "all", lambda xp, x: xp.std(x), (REAL,))
    yield s("max", "all", lambda xp, x: xp.max(x * x), (REAL,))
    yield s("min", "all", lambda xp, x: xp.min(x * x), (REAL,))
    for name in ("sum", "mean", "prod", "var", "std", "max", "min"):
        yield from _reduction(name)
    yield s("sum", "axes", lambda xp, x: xp.sum(x, axis=(0, 2)), (T213,))
    yield s("sum", "empty", lambda xp, x: xp.sum(x[:0]) + xp.sum(x), (REAL,))
    yield s("mean", "axes", lambda xp, x: xp.mean(x, axis=(0, -1), keepdims=True), (T213,))
    yield s("max", "axes", lambda xp, x: xp.max(x, axis=(0, 2)), (T213,))
    yield s("prod", "zero", lambda xp, x: xp.prod(x), (np.array([0.0, 1.5, -0.7]),))
    yield s("var", "ddof", lambda xp, x: xp.var(x, ddof=1), (REAL,))
    yield s("var", "ddof-axis", lambda xp, x: xp.var(x, axis=1, ddof=1, keepdims=True), (M23,))
    yield s("std", "ddof", lambda xp, x: xp.std(x, ddof=1), (REAL,))
    yield s("std", "ddof-axis", lambda xp, x: xp.std(x, axis=0, ddof=1), (M32,))
    yield s("cumsum", "vector", lambda xp, x: xp.cumsum(x * x), (REAL,))
    yield s("cumsum", "axis", lambda xp, x: xp.cumsum(x, axis=0), (M23,))
    yield s("cumsum", "flattened", lambda xp, x: xp.cumsum(x), (M23,))
    yield s("cumprod", "vector", lambda xp, x: xp.cumprod(x), (REAL,))
    yield s("cumprod", "axis", lambda xp, x: xp.cumprod(x, axis=-1), (M23,))
    yield s("cumprod", "zero", lambda xp, x: xp.cumprod(x), (np.array([1.5, 0.0, -0.7]),))
    yield s("median", "odd", lambda xp, x: xp.median(x), (REAL,))
    yield s("median", "even", lambda xp, x: xp.median(x), (V4,))
    yield s("median", "axis", lambda xp, x: xp.median(x, axis=1), (M23,))
    yield s("median", "keepdims", lambda xp, x: xp.median(x, axis=0, keepdims=True), (M23,))
    yield s("quantile", "vector", lambda xp, x: xp.quantile(x * x, 0.3), (REAL,))
    yield s("quantile", "axis", lambda xp, x: xp.quantile(x, 0.75, axis=1, keepdims=True), (M23,))
    yield s("quantile", "several", lambda xp, x: xp.quantile(x, [0.1, 0.5, 1.0], axis=0), (M32,))
    yield s("quantile", "keepdims", lambda xp, x: xp.quantile(x, 0.4, keepdims=True), (M23,))
    for name in ("argmax", "argmin"):
        yield s(name, "all", partial(_taken_at, name), (REAL,))
        yield s(name, "axis", partial(_found_at, name), (M23,))

    yield s("reshape", "shape", lambda xp, x: xp.reshape(x, (3, 2)), (M23,))
    yield s("reshape", "inferred", lambda xp, x: xp.reshape(x, (-1, 2)), (V4,))
    yield s("reshape", "to-0-d", lambda xp, x: xp.reshape(x, ()), (REAL[:1],))
    yield s("reshape", "flat", lambda xp, x: xp.reshape(x, -1), (T213,))
    yield s("ravel", "matrix", lambda xp, x: xp.ravel(x), (M23,))
    yield s("ravel", "0-d", lambda xp, x: xp.ravel(x), (REAL[0],))
    yield s("transpose", "matrix", lambda xp, x: xp.transpose(x), (M23,))
    yield s("transpose", "axes", lambda xp, x: xp.transpose(x, (2, 0, 1)), (T213,))
    yield s("swapaxes", "matrix", lambda xp, x: xp.swapaxes(x, 0, 1), (M23,))
    yield s("swapaxes", "negative", lambda xp, x: xp.swapaxes(x, 0, -1), (T213,))
    yield s("moveaxis", "last", lambda xp, x: xp.moveaxis(x, 0, -1), (T213,))
    yield s("moveaxis", "several", lambda xp, x: xp.moveaxis(x, (0, 1), (2, 0)), (T213,))
    yield s("concatenate", "vectors", lambda xp, x, y: xp.concatenate([x, y]), (REAL, V2))
    yield s("concatenate", "axis", lambda xp, x, y: xp.concatenate([x, y], axis=1), (M22, M23))
    yield s("concatenate", "negative", lambda xp, x, y: xp.concatenate((x, y, x), axis=-1), (M22, N22))
    yield s("stack", "vectors", lambda xp, x, y: xp.stack([x, y]), (REAL, OTHER))
    yield s("stack", "axis", lambda xp, x, y: xp.stack([x, y, x * y], axis=-1), (REAL, OTHER))
    yield s("stack", "0-d", lambda xp, x: xp.stack([x[0], x[1] * x[0]]), (V2,))
    yield s("expand_dims", "first", lambda xp, x: xp.expand_dims(x, 0), (REAL,))
    yield s("expand_dims", "last", lambda xp, x: xp.expand_dims(x, axis=-1), (M23,))
    yield s("squeeze", "all", lambda xp, x: xp.squeeze(x), (T213,))
    yield s("squeeze", "axis", lambda xp, x: xp.squeeze(x, axis=1), (T213,))
    yield s("broadcast_to", "matrix", lambda xp, x: xp.broadcast_to(x, (2, 3)), (REAL,))
    yield s("broadcast_to", "0-d", lambda xp, x: xp.broadcast_to(x, (2, 2)), (REAL[2],))
    yield s("flip", "all", lambda xp, x: xp.flip(x), (M23,))
    yield s("flip", "axis", lambda xp, x: xp.flip(x, axis=-1), (M23,))
    yield s("flip", "axes", lambda xp, x: xp.flip(x, axis=(0, 2)), (T213,))
    yield s("roll", "vector", lambda xp, x: xp.roll(x, 1), (REAL,))
    yield s("roll", "axis", lambda xp, x: xp.roll(x, -2, axis=1), (M23,))
    yield s("roll", "flattened", lambda xp, x: xp.roll(x, 2), (M23,))
    yield s("tile", "number", lambda xp, x: xp.tile(x, 2), (REAL,))
    yield s("tile", "tuple", lambda xp, x: xp.tile(x, (2, 1)), (M22,))
    yield s("tile", "more-axes", lambda xp, x: xp.tile(x, (2, 2)), (V2,))
    yield s("repeat", "vector", lambda xp, x: xp.repeat(x, 2), (REAL,))
    yield s("repeat", "axis", lambda xp, x: xp.repeat(x, 2, axis=0), (M22,))
    yield s("repeat", "flattened", lambda xp, x: xp.repeat(x, 2), (M22,))
    yield s("pad", "number", lambda xp, x: xp.pad(x, 1), (REAL,))
    yield s("pad", "widths", lambda xp, x: xp.pad(x, ((1, 0), (0, 2))), (M22,))
    yield s("pad", "value", lambda xp, x: xp.pad(x, (2, 1), constant_values=1.5), (REAL,))
    yield s("take", "list", lambda xp, x: xp.take(x, [2, 0, 2]), (REAL,))
    yield s("take", "flattened", lambda xp, x: xp.take(x, xp.asarray([4, 1])), (M23,))
    yield s("take", "axis", lambda xp, x: xp.take(x, [2, 0], axis=1), (M23,))
    yield s("take", "input", lambda xp, x, i: xp.take(x, i), (REAL, three))
    yield s("take_along_axis", "rows", lambda xp, x, i: xp.take_along_axis(x, i, axis=1), (M23, np.array([[2], [0]])))
    yield s("take_along_axis", "columns", lambda xp, x, i: xp.take_along_axis(x, i, 0), (M23, np.array([[1, 0, 1]])))
    yield s("sort", "vector", lambda xp, x: xp.sort(x), (OTHER,))
    yield s("sort", "axis", lambda xp, x: xp.sort(x, axis=0), (M23,))
    yield s("sort", "last", lambda xp, x: xp.sort(x), (M23,))
    yield s("argsort", "vector", lambda xp, x: xp.take(x, xp.argsort(x)), (OTHER,))
    yield s("argsort", "axis", lambda xp, x: xp.take_along_axis(x, xp.argsort(x, axis=0), axis=0), (M23,))
    yield s("diff", "vector", lambda xp, x: xp.diff(x * x), (REAL,))
    yield s("diff", "axis", lambda xp, x: xp.diff(x, axis=0), (M23,))
    yield s("diff", "twice", lambda xp, x: xp.diff(x, n=2), (V4,))
    yield s("diag", "vector", lambda xp, x: xp.diag(x), (REAL,))
    yield s("diag", "matrix", lambda xp, x: xp.diag(x), (M22,))
    yield s("diag", "above", lambda xp, x: xp.diag(x, k=1), (V2,))
    yield s("diag", "below", lambda xp, x: xp.diag(x, -1), (M33,))
    yield s("diagonal", "square", lambda xp, x: xp.diagonal(x), (M22,))
    yield s("diagonal", "offset", lambda xp, x: xp.diagonal(x, offset=1), (M23,))
    yield s("trace", "square", lambda xp, x: xp.trace(x @ x), (M22,))
    yield s("trace", "offset", lambda xp, x: xp.trace(x, offset=-1), (M33,))
    yield s("tril", "square", lambda xp, x: xp.tril(x), (M22,))
    yield s("tril", "offset", lambda xp, x: xp.tril(x, k=-1), (M33,))
    yield s("triu", "square", lambda xp, x: xp.triu(x), (M22,))
    yield s("triu", "rectangle", lambda xp, x: xp.triu(x, 1), (M23,))

    yield s("matmul", "matrices", lambda xp, a, b: xp.matmul(a, b), (M22, V2[:, None]))
    yield s("matmul", "matrix-vector", lambda xp, a, b: xp.matmul(a, b), (M23, REAL))
    yield s("matmul", "vector-matrix", lambda xp, a, b: a @ b, (V2, M23))
    yield s("matmul", "vectors", lambda xp, a, b: a @ b, (REAL, OTHER))
    yield s("matmul", "batched", lambda xp, a, b: a @ b, (B22, M22))
    yield s("matmul", "batch-vector", lambda xp, a, b: a @ b, (B22, V2))
    yield s("dot", "vectors", lambda xp, a, b: xp.dot(a, b), (REAL, OTHER))
    yield s("dot", "matrices", lambda xp, a, b: xp.dot(a, b), (M23, M32))
    yield s("dot", "matrix-vector", lambda xp, a, b: xp.dot(a, b), (M23, REAL))
    yield s("dot", "number", lambda xp, a: xp.dot(a, 2.5), (REAL,))
    yield s("vdot", "vectors", lambda xp, a, b: xp.vdot(a, b), (REAL, OTHER))
    yield s("vdot", "matrices", lambda xp, a, b: xp.vdot(a, b), (M22, N22))
    yield s("inner", "vectors", lambda xp, a, b: xp.inner(a, b), (REAL, OTHER))
    yield s("inner", "matrices", lambda xp, a, b: xp.inner(a, b), (M22, M32))
    yield s("outer", "vectors", lambda xp, a, b: xp.outer(a, b), (REAL, V2))
    yield s("outer", "flattened", lambda xp, a, b: xp.outer(a, b), (M22, V2))
    yield s("tensordot", "one", lambda xp, a, b: xp.tensordot(a, b, axes=1), (M22, V2))
    yield s("tensordot", "pairs", lambda xp, a, b: xp.tensordot(a, b, axes=([0, 1], [1, 0])), (M23, M32))
    yield s("tensordot", "none", lambda xp, a, b: xp.tensordot(a, b, axes=0), (V2, V2 * 2.0))
    yield s("einsum", "product", lambda xp, a, b: xp.einsum("ij,jk->ik", a, b), (M22, V2[:, None]))
    yield s("einsum", "trace", lambda xp, a: xp.einsum("ij,ji->", a, a), (M22,))
    yield s("einsum", "batched", lambda xp, a, b: xp.einsum("bij,j->bi", a, b), (B22, V2))
    yield s("einsum", "implicit", lambda xp, a, b: xp.einsum("ij,jk", a, b), (M23, M32))
    yield s("einsum", "three", lambda xp, a, b, c: xp.einsum("i,ij,j->", a, b, c), (V2, M23, REAL))
    yield s("kron", "matrices", lambda xp, a, b: xp.kron(a, b), (M22, V2[:, None]))
    yield s("kron", "vectors", lambda xp, a, b: xp.kron(a, b), (V2, REAL))
    yield s("cross", "vectors", lambda xp, a, b: xp.cross(a, b), (REAL, OTHER))
    yield s("cross", "rows", lambda xp, a, b: xp.cross(a, b), (M23, M23[::-1] * 1.5))

    yield s("linalg.solve", "vector", lambda xp, a, b: xp.linalg.solve(a, b), (M22, V2))
    yield s("linalg.solve", "matrix", lambda xp, a, b: xp.linalg.solve(a, b), (M22, M23))
    yield s("linalg.solve", "batched", lambda xp, a, b: xp.linalg.solve(a, b), (B22, M22))
    yield s("linalg.inv", "matrix", lambda xp, a: xp.linalg.inv(a), (M22,))
    yield s("linalg.inv", "batched", lambda xp, a: xp.linalg.inv(a), (B22,))
    yield s("linalg.det", "matrix", lambda xp, a: xp.linalg.det(a), (M22,))
    yield s("linalg.det", "three", lambda xp, a: xp.linalg.det(a), (M33,))
    yield s("linalg.det", "batched", lambda xp, a: xp.linalg.det(a), (B22,))
    yield s("linalg.slogdet", "logarithm", lambda xp, a: xp.linalg.slogdet(a)[1], (M22,))
    yield s("linalg.slogdet", "sign", lambda xp, a: xp.linalg.slogdet(a)[0] * a[0, 0], (M22[::-1],))
    yield s("linalg.slogdet", "unpacked", lambda xp, a: _signed_logarithm(*xp.linalg.slogdet(a)), (B22,))
    yield s("linalg.cholesky", "matrix", lambda xp, b: xp.linalg.cholesky(b @ xp.transpose(b) + xp.eye(2)), (M22,))
    yield s("linalg.cholesky", "three", lambda xp, b: xp.linalg.cholesky(b @ b.T + 2.0 * xp.eye(3)), (M33,))
    yield s("linalg.norm", "vector", lambda xp, x: xp.linalg.norm(x), (REAL,))
    yield s("linalg.norm", "matrix", lambda xp, x: xp.linalg.norm(x), (M22,))
    yield s("linalg.norm", "axis", lambda xp, x: xp.linalg.norm(x, axis=1), (M23,))
    yield s("linalg.norm", "keepdims", lambda xp, x: xp.linalg.norm(x, axis=-1, keepdims=True), (T213,))
    yield s("linalg.norm", "one", lambda xp, x: xp.linalg.norm(x, 1), (REAL,))
    yield s("linalg.norm", "maximum", lambda xp, x: xp.linalg.norm(x, ord=np.inf), (REAL,))
    yield s("linalg.matrix_power", "cube", lambda xp, a: xp.linalg.matrix_power(a, 3), (M22,))
    yield s("linalg.matrix_power", "zero", lambda xp, a: xp.linalg.matrix_power(a, 0) @ a, (M22,))
    yield s("linalg.matrix_power", "inverse", lambda xp, a: xp.linalg.matrix_power(a, -1), (M22,))

    yield s("linalg.norm", "nuclear", lambda xp, x: xp.linalg.norm(x, "nuc"), (M22,))
    yield s("linalg.norm", "spectral", lambda xp, x: xp.linalg.norm(x, 2), (M23,))
    yield s("linalg.eigh", "projectors", lambda xp, a: xp.linalg.eigh((a + a.T) / 2)[1] ** 2, (M22,))
    yield s("linalg.eigh", "values", lambda xp, a: xp.linalg.eigh((a + a.T) / 2)[0], (M33,))
    yield s("linalg.eigh", "function", lambda xp, a: _spectral(xp, *xp.linalg.eigh((a + a.T) / 2)), (M33,))
    yield s("linalg.eigh", "batched", lambda xp, a: xp.linalg.eigh(a + xp.swapaxes(a, 1, 2))[1] ** 2, (B22,))
    yield s("linalg.eigvalsh", "matrix", lambda xp, a: xp.linalg.eigvalsh((a + a.T) / 2), (M22,))
    yield s("linalg.eigvalsh", "batched", lambda xp, a: xp.linalg.eigvalsh(a + xp.swapaxes(a, 1, 2)), (B22,))
    yield s("linalg.svd", "values", lambda xp, a: xp.linalg.svd(a, compute_uv=False), (M22,))
    yield s("linalg.svd", "tall", lambda xp, a: _rotation(xp.linalg.svd(a, full_matrices=False)), (M32,))
    yield s("linalg.svd", "wide", lambda xp, a: _rotation(xp.linalg.svd(a, full_matrices=False)), (M23,))
    yield s("linalg.svd", "vectors", lambda xp, a: xp.linalg.svd(a, full_matrices=False)[0] ** 2, (M32,))
    yield s("linalg.svd", "square", lambda xp, a: xp.linalg.svd(a)[2] ** 2, (M22,))
    yield s("linalg.qr", "squares", lambda xp, a: xp.linalg.qr(a)[1] ** 2, (M22,))
    yield s("linalg.qr", "tall", lambda xp, a: _projector(xp.linalg.qr(a)[0]), (M32,))
    yield s("linalg.qr", "wide", lambda xp, a: xp.linalg.qr(a)[1] ** 2, (M23,))
    yield s("linalg.pinv", "square", lambda xp, a: xp.linalg.pinv(a), (M22,))
    yield s("linalg.pinv", "tall", lambda xp, a: xp.linalg.pinv(a), (M32,))
    yield s("linalg.pinv", "wide", lambda xp, a: xp.linalg.pinv(a), (M23,))
    yield s("linalg.lstsq", "vector", lambda xp, a, b: xp.linalg.lstsq(a, b)[0], (M22, V2))
    yield s("linalg.lstsq", "tall", lambda xp, a, b: xp.linalg.lstsq(a, b)[0], (M32, REAL))
    yield s("linalg.lstsq", "matrix", lambda xp, a, b: xp.linalg.lstsq(a, b)[0], (M32, M33[:, :2]))
    yield s("linalg.lstsq", "wide", lambda xp, a, b: xp.linalg.lstsq(a, b)[0], (M23, V2))
    yield s("linalg.expm", "matrix", lambda xp, a: xp.linalg.expm(a), (M22,))
    yield s("linalg.expm", "three", lambda xp, a: xp.linalg.expm(0.5 * a), (M33,))
    yield s("linalg.expm", "batched", lambda xp, a: xp.linalg.expm(a), (B22,))
    yield s("linalg.solve_triangular", "vector", lambda xp, a, b: xp.linalg.solve_triangular(a, b), (M22, V2))
    yield s(
        "linalg.solve_triangular", "lower", lambda xp, a, b: xp.linalg.solve_triangular(a, b, lower=True), (M33, REAL)
    )
    yield s("linalg.solve_triangular", "batched", lambda xp, a, b: xp.linalg.solve_triangular(a, b), (B22, N22[None]))

    yield s("fft.fft", "power", lambda xp, x: _power(xp, xp.fft.fft(x)), (REAL,))
    yield s("fft.fft", "axis", lambda xp, x: _power(xp, xp.fft.fft(x, axis=0)), (M32,))
    yield s("fft.fft", "padded", lambda xp, x: _power(xp, xp.fft.fft(x, 5)), (M23,))
    yield s("fft.ifft", "power", lambda xp, x: _power(xp, xp.fft.ifft(x)), (REAL,))
    yield s("fft.ifft", "cut", lambda xp, x: _power(xp, xp.fft.ifft(x, n=2)), (M23,))
    yield s("fft.rfft", "odd", lambda xp, x: _power(xp, xp.fft.rfft(x)), (REAL,))
    yield s("fft.rfft", "even", lambda xp, x: _power(xp, xp.fft.rfft(x)), (V4,))
    yield s("fft.rfft", "axis", lambda xp, x: xp.real(xp.fft.rfft(x, 4, axis=0)), (M32,))
    yield s("fft.irfft", "even", lambda xp, x: xp.fft.irfft(x) ** 2, (REAL,))
    yield s("fft.irfft", "odd", lambda xp, x: xp.fft.irfft(x, 5), (REAL,))
    yield s("fft.irfft", "axis", lambda xp, x: xp.fft.irfft(x, axis=0), (M32,))

    yield s("special.logsumexp", "all", lambda xp, x: xp.special.logsumexp(x), (REAL,))
    yield s("special.logsumexp", "axis", lambda xp, x: xp.special.logsumexp(x, axis=0), (M23,))
    yield s("special.logsumexp", "keepdims", lambda xp, x: xp.special.logsumexp(x, axis=-1, keepdims=True), (M23,))
    yield s("special.softmax", "vector", lambda xp, x: xp.special.softmax(x), (REAL,))
    yield s("special.softmax", "all", lambda xp, x: xp.special.softmax(x), (M22,))
    yield s("special.softmax", "axis", lambda xp, x: xp.special.softmax(x, axis=-1), (M23,))
    yield s("special.log_softmax", "vector", lambda xp, x: xp.special.log_softmax(x), (REAL,))
    yield s("special.log_softmax", "axis", lambda xp, x: xp.special.log_softmax(x, axis=0), (M23,))

    orders = np.array([1.7, 0.6, 3.2])
    yield s("special.polygamma", "two", lambda xp, x: xp.special.polygamma(2, x), (ABOVE_ONE,))
    yield s("special.polygamma", "one", lambda xp, x: xp.special.polygamma(1, x), (ABOVE_ONE,))
    yield s("special.polygamma", "none", lambda xp, x: xp.special.polygamma(0, x), (ABOVE_ONE,))
    yield s("special.zeta", "shift", lambda xp, q: xp.special.zeta(xp.asarray(ABOVE_ONE + 0.4), q), (POSITIVE,))
    yield s("special.zeta", "both", lambda xp, x, q: xp.special.zeta(x, q), (ABOVE_ONE + 0.4, POSITIVE))
    for name in ("gammainc", "gammaincc"):
        yield s(f"special.{name}", "end", partial(_up_to, name, orders), (POSITIVE,))
        yield s(f"special.{name}", "both", _named(f"special.{name}"), (orders, POSITIVE))
    yield s("special.betainc", "end", partial(_up_to, "betainc", orders, orders[::-1]), (PROBABILITY,))
    yield s("special.betainc", "number", lambda xp, x: xp.special.betainc(1.5, 0.75, x), (PROBABILITY,))
    yield s("special.betainc", "all", _named("special.betainc"), (orders, orders[::-1] + 0.2, PROBABILITY))

    yield s("getitem", "element", lambda xp, x: x[0] * x[-1], (REAL,))
    yield s("getitem", "slice", lambda xp, x: x[1:] * x[:-1], (REAL,))
    yield s("getitem", "column", lambda xp, x: x[:, 1], (M23,))
    yield s("getitem", "corner", lambda xp, x: x[1, 2], (M23,))
    yield s("getitem", "ellipsis", lambda xp, x: x[..., 0], (T213,))
    yield s("getitem", "new-axis", lambda xp, x: x[:, None] * x[xp.newaxis, :], (REAL,))
    yield s("getitem", "array", lambda xp, x: x[xp.asarray([1, 0])], (M23,))
    yield s("getitem", "input", lambda xp, x, i: x[i], (REAL, three))
    yield s("attributes", "shape", lambda xp, x: xp.reshape(x, (x.shape[1], x.shape[0])) * x.ndim, (M23,))
    yield s("attributes", "transposed", lambda xp, x: x.T @ x, (M23,))
    yield s("attributes", "length", lambda xp, x: x * len(x), (M23,))
    yield s("attributes", "iteration", lambda xp, x: sum(row * row for row in x), (M23,))
    yield s("attributes", "unpacking", lambda xp, x: _polar(xp, *x), (V2,))
    yield s("constants", "numbers", lambda xp, x: xp.sin(xp.pi * x) + xp.e * x, (INSIDE,))
    yield s("constants", "infinity", lambda xp, x: xp.where(x > -xp.inf, x * x, xp.nan), (REAL,))


def _reduction(name: str) -> Iterable[Sample]:
    calls: dict[str, Any] = {"axis": {"axis": 0}, "negative": {"axis": -1}, "keepdims": {"axis": 1, "keepdims": True}}
    for variant, options in calls.items():
        yield Sample(name, variant, partial(_reduced, name, options), (M23,))
    if name != "std":  # of one number it is a kink: sqrt at 0
        yield Sample(name, "0-d", partial(_reduced, name, {}), (REAL[2],))


def _reduced(name: str, options: dict[str, Any], xp: Any, x: Any) -> Any:
    return getattr(xp, name)(x, **options)


def _taken_at(name: str, xp: Any, x: Any) -> Any:
    return xp.take(x * x, getattr(xp, name)(x))


def _found_at(name: str, xp: Any, x: Any) -> Any:
    return xp.where(xp.equal(getattr(xp, name)(x, axis=0), 1), x, x * x)


def _up_to(name: str, *arguments: Any) -> Any:
    *parameters, xp, x = arguments
    return getattr(xp.special, name)(*(xp.asarray(p) for p in parameters), x)


def _signed_logarithm(sign: Any, logarithm: Any) -> Any:
    return sign * logarithm


def _spectral(xp: Any, values: Any, vectors: Any) -> Any:
    return vectors * xp.tanh(values) @ xp.transpose(vectors)


def _rotation(factors: Any) -> Any:
    left, _, right = factors
    return left @ right


def _projector(basis: Any) -> Any:
    return basis @ basis.T


def _power(xp: Any, z: Any) -> Any:
    return xp.real(z * xp.conj(z))


def _polar(xp: Any, x: Any, y: Any) -> Any:
    return xp.stack([xp.hypot(x, y), xp.arctan2(y, x)])


def _ordered() -> tuple[Sample, ...]:
    """Return all samples, those of one function together, the one for every operator first."""
    made = [*_unary(), *_binary(), *_comparisons(), *_written()]
    first = {name: i for i, name in enumerate(dict.fromkeys(s.name for s in made))}
    return tuple(sorted(made, key=lambda s: (first[s.name], not s.differentiable)))


SAMPLES = _ordered()
"""All samples of real functions; the first one of each function is checked with every operator."""

Z2 = np.array([0.6 - 1.1j, -0.4 + 0.7j])

COMPLEX_SAMPLES = (
    Sample("multiply", "complex", lambda xp, z: z * z * (0.5 - 1.5j), (Z2,)),
    Sample("conj", "complex", lambda xp, z: xp.conj(z) * (2.0 + 1.0j), (Z2,)),
    Sample("real", "complex", lambda xp, z: xp.real(z * z), (Z2,)),
    Sample("imag", "complex", lambda xp, z: xp.imag(z * z), (Z2,)),
    Sample("abs", "complex", lambda xp, z: xp.abs(z), (Z2,)),
    Sample("exp", "complex", lambda xp, z: xp.exp(z), (Z2,)),
    Sample("sum", "complex", lambda xp, z: xp.sum(z * xp.conj(z) * z), (Z2,)),
    Sample("vdot", "complex", lambda xp, z: xp.vdot(z * z, z), (Z2,)),
    Sample("fft.fft", "complex", lambda xp, z: xp.fft.fft(z, 3), (Z2,)),
    Sample("fft.ifft", "complex", lambda xp, z: xp.fft.ifft(z), (Z2,)),
    Sample("fft.irfft", "complex", lambda xp, z: xp.fft.irfft(z), (Z2,)),
)
"""Samples with complex inputs: holomorphic ones, others, and real functions of them."""


def main_samples() -> tuple[Sample, ...]:
    """Return the sample of each function that is checked with every operator."""
    chosen: dict[str, Sample] = {}
    for sample in SAMPLES:
        chosen.setdefault(sample.name, sample)
    return tuple(s for s in chosen.values() if s.differentiable)
