"""NumPy and SciPy as the namespace of portable functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from gradcheck.functions import Array
from gradcheck.namespaces import LibraryNamespace
from gradcheck.namespaces.vocabulary import SPECIAL


class NumpyNamespace(LibraryNamespace):
    """The reference that every other namespace is held against."""

    library = "numpy"
    renamed: ClassVar[Mapping[str, str]] = {
        **{name: f"scipy.{name}" for name in (*SPECIAL, "linalg.expm", "linalg.solve_triangular")},
        "linalg.qr": "numpy.linalg.qr",  # autoray's own forms of these two have fewer options
        "linalg.svd": "numpy.linalg.svd",
    }

    def from_numpy(self, array: Array) -> Any:
        """Return the array itself."""
        return array

    def is_array(self, value: Any) -> bool:
        """Whether `value` is a NumPy array or scalar."""
        return isinstance(value, (np.ndarray, np.generic))
