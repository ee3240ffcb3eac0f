"""What backends share whose arrays are NumPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck.backend import Backend
from gradcheck.functions import Array
from gradcheck_numerical.namespace import NumpyNamespace


class NumpyBoundary(Backend):
    """The part of a backend that brings arrays in and out, for NumPy's own arrays."""

    frameworks = ("numpy", "scipy")
    runs = "numpy"
    dtypes = ("float32", "float64", "complex64", "complex128")

    def namespace(self, dtype: np.dtype[Any]) -> NumpyNamespace:
        """Return NumPy's namespace."""
        return NumpyNamespace(dtype)

    def asarray(self, array: Array) -> Array:
        """Return a copy: what is called with it must not be able to change its caller's arrays."""
        return np.array(array)

    def to_numpy(self, array: Any) -> Array:
        """Return the array itself."""
        return np.asarray(array)

    def is_array(self, leaf: Any) -> bool:
        """Whether `leaf` is a floating or complex NumPy array or scalar, or a Python float."""
        return isinstance(leaf, (float, complex, np.ndarray, np.generic)) and np.asarray(leaf).dtype.kind in "fc"
