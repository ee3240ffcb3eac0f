"""A bound function as a map from leaves to one flat real vector of outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from gradcheck.backend import Bound
from gradcheck.errors import FunctionError
from gradcheck.functions import Array, moved_by_ulps, real_dtype
from gradcheck_numerical.directions import Coordinate, Direction

MOVES = 3
"""How often the inputs are moved by an ulp to see what rounding them does."""
REPEATS = 4
"""How often a function that is not deterministic is called again to see how far it scatters."""


class Evaluator:
    """Evaluates a function near a point.

    Parameters
    ----------
    bound : Bound
        The function, bound to NumPy or to a host's forward.
    leaves : sequence of numpy.ndarray
        The point.
    cotangents : sequence of numpy.ndarray, optional
        Contracts the outputs to one number, Re<u, f>.

    Raises
    ------
    FunctionError
        If the function writes into its inputs at the point; later evaluations are not looked at, for speed.

    Attributes
    ----------
    outputs : list of numpy.ndarray
        The function's outputs at the point.
    here : numpy.ndarray, shape (m,)
        The flat vector at the point.
    noise : numpy.ndarray, shape (m,)
        The least error of one evaluation: eps times the magnitude of what is added up, or what calling a
        function that is not deterministic again does.
    notes : tuple of str
        That it is not deterministic, if so.
    calls : int
        How often the function was called so far.
    """

    def __init__(self, bound: Bound, leaves: Sequence[Array], cotangents: Sequence[Array] | None = None) -> None:
        self._bound, self._cotangents = bound, cotangents
        self.calls = 0
        everywhere = (-np.inf, np.inf)
        limits = enumerate(bound.function.limits(label) for label in bound.inputs.labels)
        self._limits = [(i, *limit) for i, limit in limits if limit != everywhere]
        self.leaves = list(leaves)
        self._working = [np.array(a) for a in leaves]
        self.outputs = [np.array(o) for o in self._checked(self._working)]  # copies: an output may be an input
        self.here = self._flatten(self.outputs)
        self.noise, self.notes = self._rounding(self.outputs), tuple[str, ...]()
        self._repeat()
        self.eps = max((machine_eps(a) for a in leaves), default=np.finfo(float).eps)

    def along(self, direction: Direction, t: float) -> Array:
        """Return the flat vector, or the contraction, at the point moved by `t` along a direction."""
        if not isinstance(direction, Coordinate):
            return self(direction.shifted(self.leaves, t))
        with direction.moved(self._working, t):  # one element in place, since copying all of them takes longer
            return self(self._working)

    def __call__(self, leaves: Sequence[Array]) -> Array:
        """Return the flat vector of outputs, or their contraction; NaN where the function raises.

        It did not raise at the point, so it says in this way that a step left its domain, as does
        a declared one. The leaves are the function's to use up.
        """
        if self._outside(leaves):
            return np.full(self.here.shape, np.nan)
        try:
            return self._flatten(self._evaluate(leaves))
        except (ArithmeticError, ValueError, FunctionError):
            return np.full(self.here.shape, np.nan)

    def _outside(self, leaves: Sequence[Array]) -> bool:
        """Whether an element lies outside the domain that the function declares."""
        limited = ((leaves[i], low, high) for i, low, high in self._limits)
        return any(leaf.dtype.kind == "f" and bool(((leaf < low) | (leaf > high)).any()) for leaf, low, high in limited)

    def _evaluate(self, leaves: Sequence[Array]) -> list[Array]:
        self.calls += 1
        with np.errstate(all="ignore"):  # steps may leave the domain; non-finite values are dealt with
            return [np.asarray(o) for o in self._bound(leaves)]

    def _checked(self, leaves: Sequence[Array]) -> list[Array]:
        """Evaluate, and refuse a function that wrote into its inputs."""
        originals = [np.array(a) for a in leaves]
        outputs = self._evaluate(leaves)
        for label, leaf, original in zip(self._bound.inputs.labels, leaves, originals, strict=True):
            if not np.array_equal(leaf, original, equal_nan=True):
                raise FunctionError(f"{self._bound.function.name} changed its input {label} in place; work on a copy")
        return outputs

    def _flatten(self, outputs: Sequence[Array]) -> Array:
        if self._cotangents is None:
            return np.concatenate([real_coordinates(o) for o in outputs])
        with np.errstate(all="ignore"):
            terms = (np.vdot(u, o).real for u, o in zip(self._cotangents, outputs, strict=True))
            return np.array([sum(terms)], dtype=float)

    @cached_property
    def moved_noise(self) -> Array:
        """The error of one evaluation at inputs that had to be rounded: what moving them by an ulp does besides."""
        rng = np.random.default_rng(0)
        return np.fmax(self.noise, self._spread([moved_by_ulps(a, rng) for a in self.leaves] for _ in range(MOVES)))

    def _repeat(self) -> None:
        """Evaluate at the same point again; if that gives something else, more often, and count it as noise."""
        if not self._spread([self._copies()]).any():
            return
        spread = self._spread(self._copies() for _ in range(REPEATS))
        self.noise = np.fmax(self.noise, 2 * spread)
        self.notes = (
            "the function is not deterministic: called again at the same inputs it differs by up to "
            f"{np.max(spread, initial=0.0):.3g}",
        )

    def _copies(self) -> list[Array]:
        return [np.array(a) for a in self.leaves]

    def _spread(self, points: Iterable[Sequence[Array]]) -> Array:
        """Return how far the function's values at some points are from the one here."""
        spread = np.zeros(self.here.shape)
        for leaves in points:
            with np.errstate(all="ignore"):
                spread = np.fmax(spread, np.abs(self(leaves) - self.here))
        return np.where(np.isfinite(spread), spread, 0.0)

    def _rounding(self, outputs: Sequence[Array]) -> Array:
        with np.errstate(all="ignore"):
            if self._cotangents is None:
                return np.concatenate([np.abs(real_coordinates(o)) * machine_eps(o) for o in outputs])
            terms = (
                np.sum(np.abs(u) * np.abs(o)) * machine_eps(o) for u, o in zip(self._cotangents, outputs, strict=True)
            )
            return np.array([sum(terms)], dtype=float)


def machine_eps(array: Array) -> float:
    """Return the machine epsilon of an array's dtype."""
    return float(np.finfo(array.dtype).eps)


def real_coordinates(array: Array) -> Array:
    """Flatten; a complex array becomes its real and imaginary parts, interleaved."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(real_dtype(array.dtype)).astype(float) if array.dtype.kind == "c" else flat.astype(float)
