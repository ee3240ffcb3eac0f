"""Ways to move a point: along one coordinate, or along a tangent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradcheck.functions import Array, real_dtype

SPAN = 1e8
"""How unlike in scale, beside how fast they move, the elements of a tangent may be."""
NEGLIGIBLE = 1e-3
"""Elements smaller than this part of the largest one of their leaf do not set the scale of a tangent."""


class Direction(ABC):
    """A direction in the space of the leaves.

    Attributes
    ----------
    exact : bool
        Whether a representable step moves the leaves by exactly what it says.
    """

    exact: ClassVar[bool] = False

    @abstractmethod
    def shifted(self, leaves: Sequence[Array], t: float) -> list[Array]:
        """Return the leaves moved by `t` along the direction, in their own dtypes."""

    @abstractmethod
    def scale(self, leaves: Sequence[Array]) -> float:
        """Return how far one can go before the point has changed by about 100 %."""

    @abstractmethod
    def finest(self, leaves: Sequence[Array]) -> float:
        """Return how far one can go before any element, however small, has changed by about 100 %."""

    @abstractmethod
    def reach(self, leaves: Sequence[Array]) -> float:
        """Return how far a step can go before it leaves everything behind that is at the point."""

    @abstractmethod
    def representable(self, leaves: Sequence[Array], step: float) -> float:
        """Round a step so that what it moves is exact in the leaves' dtype, where that can be had; 0: nothing moves."""

    @abstractmethod
    def tangent(self, leaves: Sequence[Array]) -> list[Array]:
        """Return the direction as one array for each leaf."""


@dataclass(frozen=True)
class Coordinate(Direction):
    """One real coordinate: an element of a leaf, or its imaginary part.

    Parameters
    ----------
    leaf, element : int
        Which leaf, and which element of it when flattened.
    imaginary : bool
        Whether the imaginary part moves.
    """

    exact: ClassVar[bool] = True

    leaf: int
    element: int
    imaginary: bool = False

    def shifted(self, leaves: Sequence[Array], t: float) -> list[Array]:
        """Move one element; the other leaves are shared, not copied."""
        moved = list(leaves)
        copy = np.array(leaves[self.leaf], order="C")  # of any other order, flat would be a copy of the copy
        flat = copy.reshape(-1)
        flat[self.element] += 1j * t if self.imaginary else t
        moved[self.leaf] = copy
        return moved

    @contextmanager
    def moved(self, leaves: Sequence[Array], t: float) -> Iterator[None]:
        """Move one element of the leaves in place, for as long as the context lasts."""
        leaf = leaves[self.leaf]
        index = np.unravel_index(self.element, leaf.shape)
        before = leaf[index]
        leaf[index] = before + (1j * t if self.imaginary else t)
        try:
            yield
        finally:
            leaf[index] = before

    def value(self, leaves: Sequence[Array]) -> float:
        """Return where the coordinate is."""
        x = leaves[self.leaf].flat[self.element]
        return float(x.imag if self.imaginary else x.real)

    def scale(self, leaves: Sequence[Array]) -> float:
        """Return the element's size; for a zero, that of the largest element of its leaf, but no more than 1."""
        leaf = leaves[self.leaf]
        return float(_sizes(leaf).flat[self.element]) or min(float(_sizes(leaf).max()), 1.0) or 1.0

    def subnormal(self, leaves: Sequence[Array]) -> bool:
        """Whether no step is small beside the element, although it is not 0."""
        leaf = leaves[self.leaf]
        return bool(leaf.flat[self.element] != 0 and _sizes(leaf).flat[self.element] == 0)

    def finest(self, leaves: Sequence[Array]) -> float:
        """Return the scale: there is but one element."""
        return self.scale(leaves)

    def reach(self, leaves: Sequence[Array]) -> float:
        """Return the size of the largest element of the leaf, or 1."""
        return max(1.0, float(np.abs(leaves[self.leaf]).max()))

    def representable(self, leaves: Sequence[Array], step: float) -> float:
        """Return the difference that adding the step really makes, away from zero."""
        part = np.abs(np.asarray(self.value(leaves), real_dtype(leaves[self.leaf].dtype)))
        moved = part + np.asarray(step, part.dtype)
        return float(moved - part)

    def tangent(self, leaves: Sequence[Array]) -> list[Array]:
        """Return the unit tangent."""
        unit = [np.zeros(a.shape, a.dtype) for a in leaves]
        unit[self.leaf].flat[self.element] = 1j if self.imaginary else 1.0
        return unit


@dataclass(frozen=True, eq=False)
class Tangent(Direction):
    """Any direction.

    Parameters
    ----------
    arrays : tuple of numpy.ndarray
        One array for each leaf.
    """

    arrays: tuple[Array, ...]

    def shifted(self, leaves: Sequence[Array], t: float) -> list[Array]:
        """Move every leaf."""
        return [
            np.asarray(a + np.asarray(t, real_dtype(a.dtype)) * d, a.dtype)  # a sum of 0-d arrays is none
            for a, d in zip(leaves, self.arrays, strict=True)
        ]

    def scale(self, leaves: Sequence[Array]) -> float:
        """Return how far the element that changes fastest, beside its size, can go; tiny ones do not count."""
        return self._first(leaves, NEGLIGIBLE)

    def finest(self, leaves: Sequence[Array]) -> float:
        """Return how far the element that changes fastest, beside its size, can go; only zeros do not count."""
        return self._first(leaves, 0.0)

    def _first(self, leaves: Sequence[Array], negligible: float) -> float:
        times = [np.inf]
        for a, d in zip(leaves, self.arrays, strict=True):
            sizes = np.where(d != 0, _sizes(a), 0.0)
            moving = sizes > negligible * np.max(sizes, initial=0.0)
            times.append(float(np.min(sizes[moving] / np.abs(d[moving]), initial=np.inf)))
        fastest = max((float(np.max(np.abs(d), initial=0.0)) for d in self.arrays), default=0.0)
        return min(times) if np.isfinite(min(times)) else 1.0 / (fastest or 1.0)

    def reach(self, leaves: Sequence[Array]) -> float:
        """Return how far the largest element can go in the direction of the fastest, or 1."""
        fastest = max((float(np.max(np.abs(d), initial=0.0)) for d in self.arrays), default=0.0) or 1.0
        return max(1.0, *(float(np.max(np.abs(a), initial=0.0)) for a in leaves)) / fastest

    def representable(self, leaves: Sequence[Array], step: float) -> float:
        """Return the step itself, if it moves anything: no step is exact for all elements."""
        eps = max(float(np.finfo(a.dtype).eps) for a in leaves)
        return step if step > eps * self.finest(leaves) else 0.0

    def parts(self, leaves: Sequence[Array]) -> list[Tangent]:
        """Return tangents that add up to this one, none with elements too unlike in scale for any one step."""
        with np.errstate(divide="ignore", invalid="ignore"):
            times = [np.log(_sizes(a) / np.abs(d)) for a, d in zip(leaves, self.arrays, strict=True)]
        known = np.concatenate([t[np.isfinite(t)].reshape(-1) for t in times])
        if not known.size or np.ptp(known) <= np.log(SPAN):
            return [self]
        lowest = known.min()
        kinds = [np.floor(np.where(np.isfinite(t), t - lowest, 0.0) / np.log(SPAN)) for t in times]
        each = (
            tuple(np.where(k == kind, d, 0) for k, d in zip(kinds, self.arrays, strict=True))
            for kind in np.unique(np.concatenate([k.reshape(-1) for k in kinds]))
        )
        return [Tangent(arrays) for arrays in each if any(a.any() for a in arrays)]

    def tangent(self, leaves: Sequence[Array]) -> list[Array]:
        """Return the arrays."""
        return list(self.arrays)


def _sizes(leaf: Array) -> Array:
    """Return the size of each element; 0 for a subnormal one, beside which no step is small."""
    sizes = np.abs(leaf)
    return np.where(sizes < np.finfo(sizes.dtype).smallest_normal, 0.0, sizes)


def coordinates(leaves: Sequence[Array]) -> Iterator[Coordinate]:
    """Yield every real coordinate of the leaves, real before imaginary part."""
    for i, leaf in enumerate(leaves):
        for k in range(leaf.size):
            yield Coordinate(i, k)
            if leaf.dtype.kind == "c":
                yield Coordinate(i, k, imaginary=True)
