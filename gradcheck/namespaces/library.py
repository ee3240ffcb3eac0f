"""Namespaces for libraries that speak almost NumPy: autoray's translations, with a table of repairs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

import autoray
import numpy as np

from gradcheck.errors import UnknownNameError, UnsupportedError
from gradcheck.functions import Array, is_real
from gradcheck.namespaces.vocabulary import CONSTANTS, FUNCTIONS


class Submodule:
    """``xp.linalg``, ``xp.fft`` and ``xp.special``: attributes are looked up in the namespace under a dotted name."""

    def __init__(self, namespace: LibraryNamespace, prefix: str) -> None:
        self._namespace, self._prefix = namespace, prefix

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self._namespace.function(f"{self._prefix}.{name}")
        self.__dict__[name] = found
        return found


class LibraryNamespace:
    """The vocabulary of `gradcheck.namespaces.vocabulary` for one library.

    A function is, in this order: the method of a subclass of that name (dots become underscores:
    ``linalg_norm``), an entry of `renamed`, or autoray's translation.

    Parameters
    ----------
    dtype : numpy.dtype
        The dtype of floating constants: those made by ``asarray``, ``zeros``, ``linspace`` and so on.
    """

    library: str
    """The library's name for autoray."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Functions that the library has under another path: ``{"special.erf": "torch.special.erf"}``."""

    lacking: ClassVar[Collection[str]] = ()
    """Functions that the library does not have, or only without a derivative."""

    pi, e, inf, nan, newaxis = np.pi, np.e, np.inf, np.nan, None

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.linalg = Submodule(self, "linalg")
        self.fft = Submodule(self, "fft")
        self.special = Submodule(self, "special")

    def from_numpy(self, array: Array) -> Any:
        """Convert a constant to the library's array."""
        raise NotImplementedError

    def is_array(self, value: Any) -> bool:
        """Whether `value` is one of the library's arrays."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.function(name)

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function of a dotted name.

        Raises
        ------
        UnknownNameError
            If it is not in the vocabulary.
        UnsupportedError
            If this library lacks it.
        """
        if name not in FUNCTIONS:
            raise UnknownNameError("function of xp", name, FUNCTIONS + CONSTANTS)
        if name in self.lacking:
            raise UnsupportedError(f"{self.library} has no {name} with a derivative")
        found = self._find(name)
        if "." not in name:
            self.__dict__[name] = found
        return found

    def _find(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] | None = getattr(type(self), name.replace(".", "_"), None)
        if method is not None:
            return method.__get__(self)  # type: ignore[no-any-return]
        if name in self.renamed:
            module, _, attribute = self.renamed[name].rpartition(".")
            return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
        return autoray.get_lib_fn(self.library, name)  # type: ignore[no-any-return]

    # -- creation: NumPy makes the constant, so that every library gets the same numbers -------

    def asarray(self, value: Any, dtype: type | None = None) -> Any:
        """Convert a constant; floating ones get the namespace's dtype unless `dtype` is int or bool."""
        if self.is_array(value):
            return value
        if isinstance(value, (list, tuple)) and any(self.is_array(item) for item in flat(value)):
            raise TypeError("xp.asarray of a list that holds arrays would cut the derivative; use xp.stack")
        return self.from_numpy(self.constant(np.asarray(value, dtype)))

    def constant(self, array: Array) -> Array:
        """Give a floating or complex NumPy array the namespace's precision."""
        if is_real(array.dtype):
            return array.astype(self.dtype)
        return array.astype(np.result_type(self.dtype, np.complex64)) if array.dtype.kind == "c" else array

    def zeros(self, shape: Any, dtype: type | None = None) -> Any:
        """Zeros of a shape."""
        return self.asarray(np.zeros(shape, dtype or float))

    def ones(self, shape: Any, dtype: type | None = None) -> Any:
        """Ones of a shape."""
        return self.asarray(np.ones(shape, dtype or float))

    def full(self, shape: Any, fill_value: float, dtype: type | None = None) -> Any:
        """One number, repeated to a shape."""
        return self.asarray(np.full(shape, fill_value, dtype))

    def eye(self, n: int, m: int | None = None, k: int = 0) -> Any:
        """The identity, or ones on a diagonal."""
        return self.asarray(np.eye(n, m, k))

    def arange(self, *limits: float, dtype: type | None = None) -> Any:
        """Evenly spaced numbers from start to stop by step; of integers, integers."""
        return self.asarray(np.arange(*limits, dtype=dtype))

    def linspace(self, start: float, stop: float, num: int = 50) -> Any:
        """`num` evenly spaced numbers, both ends included."""
        return self.asarray(np.linspace(start, stop, num))


def flat(value: Any) -> list[Any]:
    """Return the items of nested lists and tuples, in order; of anything else, itself."""
    if not isinstance(value, (list, tuple)):
        return [value]
    return [item for part in value for item in flat(part)]
