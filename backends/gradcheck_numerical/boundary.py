"""What backends share whose arrays are NumPy's own."""

from __future__ import annotations

from collections.abc import Mapping
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

    def layouts(self, array: Array) -> Mapping[str, Array]:
        """Return the array as every other element of a longer one, transposed, and broadcast from one element."""
        if array.size < 2:
            return {}
        layouts = {"strided": np.stack([array, np.zeros_like(array)], -1)[..., 0]}
        if array.squeeze().ndim > 1:
            layouts["transposed"] = np.asfortranarray(array)
        if (array == array.flat[0]).all():
            layouts["broadcast (stride 0)"] = np.broadcast_to(array.flat[0], array.shape)
        return layouts

    def to_numpy(self, array: Any) -> Array:
        """Return the array itself."""
        return np.asarray(array)

    def is_array(self, leaf: Any) -> bool:
        """Whether `leaf` is a floating or complex NumPy array or scalar, or a Python float."""
        return isinstance(leaf, (float, complex, np.ndarray, np.generic)) and np.asarray(leaf).dtype.kind in "fc"
