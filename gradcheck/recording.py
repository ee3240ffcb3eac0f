"""What backends share that record a portable function as elements of their own, in arrays of objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck.backend import Backend
from gradcheck.functions import Array
from gradcheck.namespaces.elements import ElementArray


class RecordingBackend(Backend):
    """The part of a backend that brings arrays in and out, where elements take their place inside."""

    def asarray(self, array: Array) -> Array:
        """Return a copy: elements take its place when the function is recorded."""
        return np.array(array)

    def to_numpy(self, array: Any) -> Array:
        """Return the array itself."""
        return np.asarray(array)

    def is_array(self, leaf: Any) -> bool:
        """Whether it is an array of elements, or of constants of a kind that the backend computes in."""
        if isinstance(leaf, ElementArray):
            return leaf.data.dtype == object
        return isinstance(leaf, np.ndarray) and leaf.dtype.kind in {np.dtype(name).kind for name in self.dtypes}
