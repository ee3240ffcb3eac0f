"""Python's operators for arrays that wrap something without NumPy's semantics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PortableArray:
    """Base class of arrays that behave like NumPy's by calling their namespace.

    A subclass keeps its namespace in `xp` and has `shape`. Every operator is the namespace's
    function of the same meaning, so an adapter writes each piece of semantics once.
    """

    __slots__ = ()
    __array_ufunc__ = None  # NumPy scalars and arrays on the left leave the operation to us

    xp: Any
    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def T(self) -> Any:
        """The array with its axes reversed."""
        return self.xp.transpose(self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return self.xp.getitem(self, key)

    def __neg__(self) -> Any:
        return self.xp.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.xp.abs(self)

    def __add__(self, other: Any) -> Any:
        return self.xp.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return self.xp.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return self.xp.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.xp.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return self.xp.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.xp.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.xp.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.xp.divide(other, self)

    def __pow__(self, other: Any) -> Any:
        return self.xp.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.xp.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return self.xp.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self.xp.matmul(other, self)

    def __gt__(self, other: Any) -> Any:
        return self.xp.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return self.xp.greater_equal(self, other)

    def __lt__(self, other: Any) -> Any:
        return self.xp.less(self, other)

    def __le__(self, other: Any) -> Any:
        return self.xp.less_equal(self, other)

    def __eq__(self, other: object) -> Any:
        return self.xp.equal(self, other)

    def __ne__(self, other: object) -> Any:
        return self.xp.not_equal(self, other)

    __hash__ = None  # type: ignore[assignment]  # equality is elementwise, as with NumPy's arrays

    def __and__(self, other: Any) -> Any:
        return self.xp.logical_and(self, other)

    def __or__(self, other: Any) -> Any:
        return self.xp.logical_or(self, other)

    def __invert__(self) -> Any:
        return self.xp.logical_not(self)
