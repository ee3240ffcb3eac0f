"""The kinds of fault that the audit implants into right gradients, each written once for all frameworks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from gradcheck.audit.points import Point
from gradcheck.errors import UnknownNameError
from gradcheck.functions import Array
from gradcheck.judge.verdicts import Status
from gradcheck.rules import Alter, Context

NAMED = frozenset({Status.WRONG, Status.NONFINITE, Status.NONDETERMINISTIC})
"""The verdicts that name a fault."""
GROSS = 1.0
"""The relative size of a fault that is as large as the gradient itself."""
STEPS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
"""The relative sizes of the graded kinds."""

Each = Callable[[Any, Any, Any], Any]
"""``change(xp, x, gradient)`` of one argument."""
Making = Callable[[Point, np.random.Generator], Alter | None]
"""Makes the alteration for a point; None where the kind makes no sense there."""


@dataclass(frozen=True)
class Mutation:
    """A kind of fault.

    Parameters
    ----------
    name : str
        What its row in the table is called.
    make : callable
        ``make(point, rng)`` returns the alteration for a point, or None where the kind makes no sense.
    size : float
        How large the fault is beside the gradient, at the elements that it changes.
    order : {1, 2}
        The first derivative that is wrong.
    lost : float
        For order 2: the share of the second derivative that is lost.
    cotangents : tuple of float
        The sizes of cotangents at which it can be seen, where unit ones do not show it.
    dtype, mode : str
        The only dtype, and the only kind of mode (``"compiled"``), in which the gradient is wrong; empty for any.
    contiguous : bool
        False if the gradient is wrong for non-contiguous inputs only.
    repeatable : bool
        False if the same call gives another result each time.
    mutable : bool
        Whether it needs arrays that can be written to.
    real : bool
        Whether it makes no sense for complex numbers.
    spread : bool
        Whether it needs gradients of very different sizes, as `gradcheck.audit.subjects.spread` makes them.
    expected : frozenset of Status
        The verdicts that name this fault.
    """

    name: str
    make: Making
    size: float = GROSS
    order: int = 1
    lost: float = 0.0
    cotangents: tuple[float, ...] = ()
    dtype: str = ""
    mode: str = ""
    contiguous: bool = True
    repeatable: bool = True
    mutable: bool = False
    real: bool = False
    spread: bool = False
    expected: frozenset[Status] = field(default=NAMED)


# -- what is done to gradients ----------------------------------------------------------------


def _each(change: Each, when: Callable[[Context], bool] = lambda context: True) -> Making:
    """Change the gradient of every argument."""

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        if not when(context):
            return list(gradients)
        return [change(xp, x, g) for x, g in zip(inputs, gradients, strict=True)]

    return lambda point, rng: alter


def _one(change: Each, choose: Callable[[Point, np.random.Generator], tuple[int, ...] | None]) -> Making:
    """Change one element, chosen at each point as (argument, flat index)."""

    def make(point: Point, rng: np.random.Generator) -> Alter | None:
        chosen = choose(point, rng)
        if chosen is None:
            return None
        argument, index = chosen

        def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
            altered = list(gradients)
            g = altered[argument]
            here = xp.reshape(xp.arange(point.arrays[argument].size), point.arrays[argument].shape) == index
            altered[argument] = xp.where(here, change(xp, inputs[argument], g), g)
            return altered

        return alter

    return make


def _pulled(change: Callable[[Any, Any], Any]) -> Making:
    """Change the cotangents before they are pulled back."""

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        return context.pullback([change(xp, u) for u in cotangents])

    return lambda point, rng: alter


def _any_element(point: Point, rng: np.random.Generator) -> tuple[int, ...] | None:
    """Choose an element whose derivative is not zero."""
    sizes = _sizes(point)
    candidates = [(k, int(i)) for k, size in enumerate(sizes) for i in np.flatnonzero(size)]
    return candidates[rng.integers(len(candidates))] if candidates else None


def _first_element(point: Point, rng: np.random.Generator) -> tuple[int, ...] | None:
    return (0, 0) if point.arrays[0].size > 1 else None


def _last_element(point: Point, rng: np.random.Generator) -> tuple[int, ...] | None:
    last = len(point.arrays) - 1
    return (last, point.arrays[last].size - 1) if point.arrays[last].size > 1 else None


def _sizes(point: Point) -> list[Array]:
    """Return, for each element of each argument, the largest absolute derivative."""
    return [np.max([np.max(np.abs(b), 0) for b in column], 0) for column in zip(*point.jacobian, strict=True)]


def _shaped(change: Each, fits: Callable[[Array], bool]) -> Making:
    """Change the gradients of the arguments that fit, and make no sense where none does."""

    def make(point: Point, rng: np.random.Generator) -> Alter | None:
        chosen = [fits(a) for a in point.arrays]

        def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
            triples = zip(inputs, gradients, chosen, strict=True)
            return [change(xp, x, g) if fitting else g for x, g, fitting in triples]

        return alter if any(chosen) else None

    return make


def _square(array: Array) -> bool:
    return array.ndim == 2 and array.shape[0] == array.shape[1] > 1


def _several(array: Array) -> bool:
    return array.size > 1


def _diagonal(factor: float, xp: Any, x: Any, g: Any) -> Any:
    return xp.where(xp.eye(g.shape[0]) > 0.5, factor * g, g)


def _rolled(xp: Any, x: Any, g: Any) -> Any:
    return xp.reshape(xp.roll(xp.reshape(g, (-1,)), 1), g.shape)


def _flipped(xp: Any, x: Any, g: Any) -> Any:
    return xp.reshape(xp.flip(xp.reshape(g, (-1,)), 0), g.shape)


def _rounded(bits: int, xp: Any, x: Any, g: Any) -> Any:
    """Keep all but so many of the last bits (Veltkamp 1968)."""
    shifted = (2.0**bits + 1.0) * g
    return shifted - (shifted - g)


def _clipped(xp: Any, x: Any, g: Any) -> Any:
    largest = 0.5 * xp.max(xp.abs(g))
    return xp.minimum(xp.maximum(g, -largest), largest)


def _small_flushed(xp: Any, x: Any, g: Any) -> Any:
    return xp.where(xp.abs(g) < 1e-4 * xp.max(xp.abs(g)), 0.0 * g, g)


def _drifted(xp: Any, x: Any, g: Any) -> Any:
    return g + 1e-3 * xp.max(xp.abs(g))


def _wrong_below_zero(xp: Any, x: Any, g: Any) -> Any:
    return xp.where(x < 0, 1.5 * g, g)


def _no_mean(xp: Any, x: Any, g: Any) -> Any:
    return g - xp.mean(g)


def _swapped(point: Point, rng: np.random.Generator) -> Alter | None:
    shapes = [a.shape for a in point.arrays]
    pairs = [(i, j) for j in range(len(shapes)) for i in range(j) if shapes[i] == shapes[j]]
    if not pairs:
        return None
    i, j = pairs[0]

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        altered = list(gradients)
        altered[i], altered[j] = altered[j], altered[i]
        return altered

    return alter


def _last_argument(change: Each) -> Making:
    """Change the gradient of the last of several arguments."""

    def make(point: Point, rng: np.random.Generator) -> Alter | None:
        def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
            return [*gradients[:-1], change(xp, inputs[-1], gradients[-1])]

        return alter if len(point.arrays) > 1 else None

    return make


def _broadcast(point: Point, rng: np.random.Generator) -> Alter | None:
    """Take the mean where the sum over a broadcast axis belongs."""
    largest = max(a.size for a in point.arrays)
    shares = [a.size / largest for a in point.arrays]

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        return [share * g for share, g in zip(shares, gradients, strict=True)]

    return alter if min(shares) < 1 else None


def _stacked(xp: Any, x: Any, g: Any) -> Any:
    return xp.stack([g, g])


def _another_output(point: Point, rng: np.random.Generator) -> Alter | None:
    if max(o.size for o in point.outputs) < 2:
        return None
    return _pulled(lambda xp, u: _rolled(xp, u, u))(point, rng)


def _noisy(point: Point, rng: np.random.Generator) -> Alter | None:
    """Move the gradient by 1e-3 of itself, otherwise at every call."""
    noise = np.random.default_rng(rng.integers(2**32))

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        return [(1.0 + 1e-3 * float(noise.normal())) * g for g in gradients]

    return alter


def _overwritten(point: Point, rng: np.random.Generator) -> Alter | None:
    """Give the right gradient, and write into the first input."""

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        if context.overwrite is not None:
            context.overwrite(inputs[0], 1.5 * inputs[0] + 0.5)
        return list(gradients)

    return alter


def _detached(share: float) -> Making:
    """Cut this share of the gradient off from further differentiation."""

    def alter(xp: Any, inputs: Any, cotangents: Any, gradients: Any, context: Context) -> Sequence[Any]:
        return [(1.0 - share) * g + share * context.detach(g) for g in gradients]

    return lambda point, rng: alter if point.hessian is not None else None


def _largest(xp: Any, cotangent: Any) -> Any:
    return xp.max(xp.abs(cotangent))


def _capped(xp: Any, u: Any) -> Any:
    return xp.where(_largest(xp, u) > 100.0, 0.5 * u, u)


def _flushed(xp: Any, u: Any) -> Any:
    return xp.where(_largest(xp, u) < 1e-2, 0.0 * u, u)


def _times(factor: float) -> Each:
    return lambda xp, x, g: factor * g


def _graded(family: str, make: Callable[[float], Making]) -> list[Mutation]:
    return [Mutation(f"{family}, d = {d:.0e}", make(d), size=d) for d in STEPS]


# -- the kinds --------------------------------------------------------------------------------

PROBES = (1e-3, 1.0, 1e3)

MUTATIONS: tuple[Mutation, ...] = (
    Mutation("sign flipped", _each(_times(-1.0))),
    Mutation("factor 2", _each(_times(2.0))),
    Mutation("zero throughout", _each(_times(0.0))),
    Mutation("absolute value", _each(lambda xp, x, g: xp.abs(g)), real=True),
    Mutation("mean subtracted", _shaped(_no_mean, _several), size=1e-2),
    Mutation("constant added", _each(_drifted), size=1e-3, real=True),
    Mutation("clipped", _shaped(_clipped, _several), size=1e-2, real=True),
    Mutation("rounded to half precision", _each(lambda xp, x, g: _rounded(42, xp, x, g)), size=1e-5, dtype="float64"),
    Mutation("rounded to single precision", _each(lambda xp, x, g: _rounded(29, xp, x, g)), size=1e-8, dtype="float64"),
    *_graded("all times 1 + d", lambda d: _each(_times(1 + d))),
    *_graded("one element times 1 + d", lambda d: _one(_times(1 + d), _any_element)),
    Mutation("one element zero", _one(_times(0.0), _any_element)),
    Mutation("one element NaN", _one(_times(np.nan), _any_element)),
    Mutation("one element infinite", _one(_times(np.inf), _any_element)),
    Mutation("first element times 1.5", _one(_times(1.5), _first_element), size=0.5),
    Mutation("last element times 1.5", _one(_times(1.5), _last_element), size=0.5),
    Mutation("tiny elements zero", _shaped(_small_flushed, _several), real=True, spread=True),
    Mutation("shifted by one", _shaped(_rolled, _several), size=1e-2),
    Mutation("reversed", _shaped(_flipped, _several), size=1e-2),
    Mutation("transposed", _shaped(lambda xp, x, g: xp.transpose(g), _square), size=1e-2),
    Mutation("symmetrised", _shaped(lambda xp, x, g: 0.5 * (g + xp.transpose(g)), _square), size=1e-2),
    Mutation("diagonal halved", _shaped(partial(_diagonal, 0.5), _square), size=0.5),
    Mutation("arguments swapped", _swapped, size=1e-2),
    Mutation("last argument detached", _last_argument(_times(0.0))),
    Mutation("last argument times 2", _last_argument(_times(2.0))),
    Mutation("mean over broadcast axis", _broadcast, size=1e-2),
    Mutation("extra axis", _each(_stacked), expected=NAMED | {Status.ERROR}),
    Mutation("of another output", _another_output, size=1e-2),
    Mutation("wrong for negative inputs", _each(_wrong_below_zero), size=0.5, real=True),
    Mutation("wrong in float32", _each(_times(1.01), lambda c: c.dtype == "float32"), size=1e-2, dtype="float32"),
    Mutation("wrong when compiled", _each(_times(1.01), lambda c: c.compiled), size=1e-2, mode="compiled"),
    Mutation("wrong when not contiguous", _each(_times(1.5), lambda c: not c.contiguous), size=0.5, contiguous=False),
    Mutation("wrong for |u| > 100", _pulled(_capped), cotangents=PROBES, size=0.5, real=True),
    Mutation("zero for |u| < 0.01", _pulled(_flushed), cotangents=PROBES, real=True),
    Mutation("zero for u < 0", _pulled(lambda xp, u: xp.maximum(u, 0.0)), cotangents=PROBES, real=True),
    Mutation("u |u| in place of u", _pulled(lambda xp, u: u * xp.abs(u)), cotangents=PROBES, real=True),
    Mutation("sign(u) in place of u", _pulled(lambda xp, u: xp.sign(u)), cotangents=PROBES, real=True),
    Mutation("conjugated", _shaped(lambda xp, x, g: xp.conj(g), np.iscomplexobj)),
    Mutation("other at each call", _noisy, size=1e-3, repeatable=False),
    Mutation("input overwritten", _overwritten, mutable=True, expected=NAMED | {Status.ERROR}),
    Mutation("second order zero", _detached(1.0), order=2, lost=1.0),
    Mutation("second order half", _detached(0.5), size=0.5, order=2, lost=0.5),
    Mutation("second order times 0.99", _detached(0.01), size=1e-2, order=2, lost=0.01),
)  # fmt: skip
"""Every kind."""


def select(names: Sequence[str]) -> tuple[Mutation, ...]:
    """Return the kinds of these names, all of them without any.

    Raises
    ------
    UnknownNameError
        For a name that no kind has.
    """
    known = {m.name: m for m in MUTATIONS}
    for name in names:
        if name not in known:
            raise UnknownNameError("kind of mutation", name, known)
    return tuple(known[name] for name in names) or MUTATIONS
